"""The engines the tests run on. An ``Engine`` lives for the test session; a ``Workspace`` is one project's place in it.

The driver's connection and dbt's share one process. What makes that work:

* DuckDB allows one process to open a file several times as long as every ``connect`` uses the same configuration, and
  gives all of them one database instance. dbt-duckdb keeps its connection open until a profile with another path comes
  along, so the workspace simply keeps its own beside it, without any configuration, like dbt-duckdb's. Each sees what
  the other has committed.
* On Postgres both are ordinary sessions. The driver's runs in autocommit, so that it never holds a lock dbt waits for.
"""

from __future__ import annotations

import io
import itertools
import tempfile
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar

import duckdb
import pandas as pd
import pyarrow as pa

from support.data import plain, to_arrow
from support.postgres_server import PostgresServer


def quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


class Workspace(ABC):
    """One database (or schema) and one driver connection; ``output`` is the dbt profile's target."""

    engine: str
    database: str
    schema: str

    @abstractmethod
    def output(self) -> dict[str, Any]: ...

    @abstractmethod
    def execute(self, statement: str) -> None: ...

    @abstractmethod
    def sql(self, query: str) -> list[tuple[Any, ...]]: ...

    @abstractmethod
    def columns(self, query: str) -> tuple[list[str], list[tuple[Any, ...]]]: ...

    def frame(self, query: str) -> pd.DataFrame:
        names, rows = self.columns(query)
        return pd.DataFrame(rows, columns=names)

    def relation(self, name: str) -> str:
        return f"{quote(self.database)}.{quote(self.schema)}.{quote(name)}"

    def load(self, name: str, data: Any, types: dict[str, str] | None = None) -> None:
        """Create or replace the table ``name`` from a DataFrame, an Arrow table or a mapping of lists.

        ``types`` gives a column's SQL type where the one derived from the data is not the one wanted.
        """
        table = to_arrow(data)
        for field in table.schema:
            if pa.types.is_dictionary(field.type) or pa.types.is_null(field.type):
                target = field.type.value_type if pa.types.is_dictionary(field.type) else pa.float64()
                index = table.schema.get_field_index(field.name)
                table = table.set_column(index, field.name, table.column(field.name).cast(target))
        self._load(name, table, types or {})

    @abstractmethod
    def _load(self, name: str, table: pa.Table, types: dict[str, str]) -> None: ...

    @abstractmethod
    def close(self) -> None: ...


class Engine(ABC):
    name: ClassVar[str]

    @abstractmethod
    def workspace(self, folder: Path) -> Workspace: ...

    @abstractmethod
    def close(self) -> None: ...


# ---------------------------------------------------------------------------------------------------------- DuckDB


class DuckDBWorkspace(Workspace):
    engine = "duckdb"
    schema = "main"

    def __init__(self, path: Path | None, database: str = "warehouse") -> None:
        self.database = database
        self.path = path
        if path is None:
            self.connection = duckdb.connect()
            self.connection.execute(f"attach ':memory:' as {quote(database)}")
            self.connection.execute(f"use {quote(database)}")
        else:
            self.connection = duckdb.connect(str(path))

    def output(self) -> dict[str, Any]:
        return {"type": "duckdb", "path": str(self.path), "schema": self.schema, "threads": 2}

    def execute(self, statement: str) -> None:
        self.connection.execute(statement)

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        return [tuple(plain(value) for value in row) for row in self.connection.execute(query).fetchall()]

    def columns(self, query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        rows = self.sql(query)
        return [column[0] for column in self.connection.description or []], rows

    def _load(self, name: str, table: pa.Table, types: dict[str, str]) -> None:
        self.connection.register("_incoming", table)
        columns = ", ".join(
            f"cast({quote(c)} as {types[c]}) as {quote(c)}" if c in types else quote(c) for c in table.column_names
        )
        self.connection.execute(f"create or replace table {self.relation(name)} as select {columns} from _incoming")
        self.connection.unregister("_incoming")

    def copy_into_memory(self) -> DuckDBWorkspace:
        """The same database name and tables, in memory: for running compiled SQL many times."""
        copy = DuckDBWorkspace(None, self.database)
        tables = self.sql(
            "select table_schema, table_name from information_schema.tables "
            f"where table_catalog = '{self.database}' and table_type = 'BASE TABLE'"
        )
        # Two instances cannot open one file, and only DuckDB itself keeps every type as it is: so by way of a file.
        with tempfile.TemporaryDirectory() as folder:
            attach = f"attach '{folder}/snapshot.duckdb' as snapshot"
            self.execute(attach)
            for schema, name in tables:
                self.execute(f"create schema if not exists snapshot.{quote(schema)}")
                self.execute(
                    f"create table snapshot.{quote(schema)}.{quote(name)} as "
                    f"select * from {quote(self.database)}.{quote(schema)}.{quote(name)}"
                )
            self.execute("detach snapshot")
            copy.execute(attach)
            for schema, name in tables:
                copy.execute(f"create schema if not exists {quote(self.database)}.{quote(schema)}")
                copy.execute(
                    f"create table {quote(self.database)}.{quote(schema)}.{quote(name)} as "
                    f"select * from snapshot.{quote(schema)}.{quote(name)}"
                )
            copy.execute("detach snapshot")
        return copy

    def close(self) -> None:
        self.connection.close()


class DuckDBEngine(Engine):
    name = "duckdb"

    def workspace(self, folder: Path) -> DuckDBWorkspace:
        return DuckDBWorkspace(folder / "warehouse.duckdb")

    def close(self) -> None:
        """Each workspace's file goes with its folder."""


# -------------------------------------------------------------------------------------------------------- Postgres


def _postgres_type(field: pa.Field) -> str:
    kind = field.type
    if pa.types.is_boolean(kind):
        return "boolean"
    if pa.types.is_integer(kind):
        return "integer" if kind.bit_width <= 32 else "bigint"
    if pa.types.is_floating(kind):
        return "real" if kind.bit_width == 32 else "double precision"
    if pa.types.is_decimal(kind):
        return f"numeric({kind.precision}, {kind.scale})"
    if pa.types.is_date(kind):
        return "date"
    if pa.types.is_timestamp(kind):
        return "timestamp" if kind.tz is None else "timestamptz"
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return "text"
    raise TypeError(f"column {field.name!r}: give the SQL type of {kind} in `types`")


class PostgresWorkspace(Workspace):
    engine = "postgres"

    def __init__(self, server: PostgresServer, database: str, schema: str) -> None:
        import psycopg2

        self.server = server
        self.database = database
        self.schema = schema
        self.connection = psycopg2.connect(host=server.host, user=server.user, dbname=database)
        self.connection.autocommit = True
        self.execute(f"create schema {quote(schema)}")
        self.execute(f"set search_path to {quote(schema)}")

    def output(self) -> dict[str, Any]:
        return {
            "type": "postgres",
            "host": self.server.host,
            "port": 5432,
            "user": self.server.user,
            "password": "unused",
            "dbname": self.database,
            "schema": self.schema,
            "threads": 2,
        }

    def execute(self, statement: str) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute(statement)

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        return self.columns(query)[1]

    def columns(self, query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        with self.connection.cursor() as cursor:
            cursor.execute(query)
            if cursor.description is None:
                return [], []
            names = [column[0] for column in cursor.description]
            return names, [tuple(plain(value) for value in row) for row in cursor.fetchall()]

    def _load(self, name: str, table: pa.Table, types: dict[str, str]) -> None:
        from pyarrow import csv

        relation = self.relation(name)
        columns = ", ".join(
            f"{quote(field.name)} {types.get(field.name) or _postgres_type(field)}" for field in table.schema
        )
        self.execute(f"drop table if exists {relation} cascade")
        self.execute(f"create table {relation} ({columns})")
        # Arrow writes a NULL as nothing at all and an empty string as "", which is how COPY reads them; nan and inf
        # are spelt as Postgres spells them.
        buffer = io.BytesIO()
        csv.write_csv(table, buffer, csv.WriteOptions(include_header=False))
        buffer.seek(0)
        with self.connection.cursor() as cursor:
            cursor.copy_expert(f"copy {relation} from stdin with (format csv, null '')", buffer)

    def close(self) -> None:
        self.connection.close()


class PostgresEngine(Engine):
    name = "postgres"

    def __init__(self) -> None:
        self.server = PostgresServer()
        self.database = "warehouse"
        self.server.create_database(self.database)
        self._numbers = itertools.count(1)

    def workspace(self, folder: Path) -> PostgresWorkspace:
        return PostgresWorkspace(self.server, self.database, f"project_{next(self._numbers)}")

    def close(self) -> None:
        self.server.stop()
