"""ClickHouse in this process: the engine itself, embedded by chDB, behind the client that dbt's adapter uses.

A process has one such engine with one folder, which is the test session's; each project has a database in it. The client
library knows the embedded engine as one of its interfaces; the adapter asks for a server's, so that is what is turned.
"""

from __future__ import annotations

import itertools
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa

from support.data import plain
from support.engines import Engine, Workspace, quote

# What a profile has to set (README.md), and what a test of two processors may use.
SETTINGS = {
    "cast_keep_nullable": 1,
    "join_use_nulls": 1,
    "group_by_use_nulls": 1,
    "aggregate_functions_null_for_empty": 1,
    "prefer_column_name_to_alias": 1,
    "allow_lossy_numeric_supertype": 1,
    "enable_materialized_cte": 1,
    "date_time_64_output_format_cut_trailing_zeros_align_to_groups_of_thousands": 1,
}
FOR_TESTS = {"max_threads": 2, "use_variant_as_common_type": 0}

# What the tests call types, as ClickHouse calls them where it has another one by that name, or none.
TYPES = {
    "timestamp": "DateTime64(6)",
    "timestamptz": "DateTime64(6, 'UTC')",
    "timestamp with time zone": "DateTime64(6, 'UTC')",
    "date": "Date32",
}


def _clickhouse_type(field: pa.Field) -> str:
    kind = field.type
    if pa.types.is_boolean(kind):
        return "Bool"
    if pa.types.is_integer(kind):
        return f"{'U' if pa.types.is_unsigned_integer(kind) else ''}Int{kind.bit_width}"
    if pa.types.is_floating(kind):
        return f"Float{kind.bit_width}"
    if pa.types.is_decimal(kind):
        return f"Decimal({kind.precision}, {kind.scale})"
    if pa.types.is_date(kind):
        return "Date32"
    if pa.types.is_timestamp(kind):
        return "DateTime64(6)" if kind.tz is None else f"DateTime64(6, '{kind.tz}')"
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return "String"
    raise TypeError(f"column {field.name!r}: give the SQL type of {kind} in `types`")


class ClickHouseWorkspace(Workspace):
    engine = "clickhouse"
    # dbt's adapter has no databases above the schemas.
    database = ""

    def __init__(self, schema: str) -> None:
        import clickhouse_connect

        self.schema = schema
        self.client = clickhouse_connect.get_client(settings=SETTINGS | FOR_TESTS, tz_mode="naive_utc")
        self.execute(f"create database {quote(schema)}")
        self.execute(f"use {quote(schema)}")

    def output(self) -> dict[str, Any]:
        return {
            "type": "clickhouse",
            "driver": "http",
            "schema": self.schema,
            "threads": 1,
            "check_exchange": False,
            "custom_settings": SETTINGS | FOR_TESTS,
        }

    def relation(self, name: str) -> str:
        return f"{quote(self.schema)}.{quote(name)}"

    def execute(self, statement: str) -> None:
        self.client.command(statement)

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        return self.columns(query)[1]

    def columns(self, query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        found = self.client.query(query)
        if not found.column_names:  # the embedded engine names no columns where there are no rows
            return [name for name, *_ in self.client.query(f"describe table ({query})").result_rows], []
        return list(found.column_names), [tuple(plain(value) for value in row) for row in found.result_rows]

    def _load(self, name: str, table: pa.Table, types: dict[str, str]) -> None:
        from pyarrow import parquet

        columns = []
        for field in table.schema:
            given = types.get(field.name)
            columns.append((field.name, TYPES.get(given, given) if given else _clickhouse_type(field)))
        self.execute(f"drop table if exists {self.relation(name)}")
        listed = ", ".join(
            f"{quote(n)} {kind if re.search('nullable', kind, re.I) else f'Nullable({kind})'}" for n, kind in columns
        )
        self.execute(f"create table {self.relation(name)} ({listed}) engine = MergeTree order by tuple()")
        with tempfile.NamedTemporaryFile(suffix=".parquet") as file:
            parquet.write_table(table, file.name)
            names = ", ".join(quote(n) for n, _ in columns)
            self.execute(f"insert into {self.relation(name)} ({names}) select {names} from file('{file.name}')")

    def close(self) -> None:
        self.client.close()


class ClickHouseEngine(Engine):
    name = "clickhouse"

    def __init__(self) -> None:
        import clickhouse_connect

        self.folder = Path(tempfile.mkdtemp(prefix="clickhouse_"))
        self._numbers = itertools.count(1)
        self._get_client = connect = clickhouse_connect.get_client

        def embedded(**named: Any) -> Any:
            kept = {n: named[n] for n in ("database", "settings", "tz_mode") if n in named}
            return connect(interface="chdb", path=str(self.folder), **kept)

        clickhouse_connect.get_client = embedded
        # As long as one client is open the engine stays up.
        self._first = embedded()

    def workspace(self, folder: Path) -> ClickHouseWorkspace:
        return ClickHouseWorkspace(f"project_{next(self._numbers)}")

    def close(self) -> None:
        import clickhouse_connect

        clickhouse_connect.get_client = self._get_client
        self._first.close()
        shutil.rmtree(self.folder, ignore_errors=True)
