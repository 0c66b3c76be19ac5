"""Snowflake emulated: fakesnow, which turns Snowflake's SQL into DuckDB's, in this process behind Snowflake's client.

What fakesnow gets wrong is put right here, as far as the package and dbt's adapter meet it; each with what Snowflake's
documentation says. It knows neither Snowflake's limits nor its speed, and names differ by case alone in Snowflake only.
"""

from __future__ import annotations

import itertools
import sys
import warnings
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from support.data import plain
from support.engines import Engine, Workspace, quote

DATABASE = "WAREHOUSE"


class _Passes:
    """What fakesnow would do to a statement in seventy passes, of which each takes seconds for a monitor's."""

    def __init__(self, expression: Any) -> None:
        self.expression = expression
        self.functions: list[Any] = []

    def transform(self, function: Any, copy: bool = False, **named: Any) -> _Passes:
        self.functions.append(partial(function, **named) if named else function)
        return self


def _passed(passes: _Passes) -> Any:
    """The same in three: names; all that is done to single nodes, the inner ones first; what needs the whole statement."""
    names, nodes, whole = passes.functions[:2], passes.functions[2:-1], passes.functions[-1]
    root = passes.expression
    for functions in (names, nodes):
        for node in reversed(list(root.dfs())):
            parent, key, index = node.parent, node.arg_key, node.index
            new = node
            for function in functions:
                new = function(new)
                if new is None:
                    break
            if node is root:
                root = new
            elif new is not node:
                parent.set(key, new, index)
    return root.transform(whole, copy=False)


def _mended() -> None:
    """Puts right what fakesnow does otherwise than Snowflake."""
    from fakesnow import cursor, transforms
    from sqlglot import exp

    made = cursor.FakeSnowflakeCursor
    transform, explode = made._transform, made._transform_explode

    def _transform(self: Any, expression: Any, params: Any) -> Any:
        # A temporary table is named with its schema by dbt, which DuckDB refuses; as a table it is dropped all the same.
        properties = expression.args.get("properties") if isinstance(expression, exp.Create) else None
        if properties is not None:
            kept = [e for e in properties.expressions if not isinstance(e, exp.TemporaryProperty)]
            properties.set("expressions", kept)
        return _passed(transform(self, _Passes(expression), params))

    def _transform_explode(self: Any, expression: Any) -> Any:
        # Within a transaction fakesnow writes its own records into a second database, which DuckDB refuses.
        if isinstance(expression, (exp.Transaction, exp.Commit, exp.Rollback)):
            return [transforms.SUCCESS_NOP.copy()]
        return explode(self, expression)

    def trim(expression: Any) -> Any:
        # fakesnow takes off spaces, whatever is asked for: https://docs.snowflake.com/en/sql-reference/functions/rtrim
        if isinstance(expression, exp.Trim) and not isinstance(expression.this, exp.Cast):
            expression.set("this", exp.cast(expression.this, exp.DataType.Type.TEXT))
        return expression

    def to_char(expression: Any) -> Any:
        # It leaves a number's format away: https://docs.snowflake.com/en/sql-reference/functions/to_char
        form = expression.args.get("format") if isinstance(expression, exp.ToChar) else None
        if form is None or not form.name.startswith("999,"):
            return expression
        whole = exp.cast(expression.this, exp.DataType.Type.BIGINT)
        return exp.Anonymous(this="format", expressions=[exp.Literal.string("{:,}"), whole])

    transforms.trim_cast_varchar = lambda expression: to_char(trim(expression))
    made._transform, made._transform_explode = _transform, _transform_explode


class SnowflakeWorkspace(Workspace):
    engine = "snowflake"
    database = DATABASE

    def __init__(self, fake: Any, schema: str) -> None:
        import snowflake.connector

        self.schema = schema
        self.fake = fake
        self.connection = snowflake.connector.connect(account="fake", user="fake", database=DATABASE, schema=schema)

    def output(self) -> dict[str, Any]:
        return {
            "type": "snowflake",
            "account": "fake",
            "user": "fake",
            "password": "fake",
            "database": DATABASE,
            "schema": self.schema,
            "warehouse": "fake",
            "threads": 1,
            "connect_retries": 0,
        }

    def relation(self, name: str) -> str:
        return f"{DATABASE}.{self.schema}.{name.upper()}"

    def execute(self, statement: str) -> None:
        self.connection.cursor().execute(statement)

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        return self.columns(query)[1]

    def columns(self, query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        cursor = self.connection.cursor()
        cursor.execute(query)
        names = [column.name.lower() for column in cursor.description]
        return names, [tuple(plain(value) for value in row) for row in cursor.fetchall()]

    def _load(self, name: str, table: pa.Table, types: dict[str, str]) -> None:
        """By way of DuckDB below, with names as Snowflake writes those that nobody quoted."""
        duckdb = self.fake.duck_conn.cursor()
        duckdb.register("_incoming", table)
        columns = ", ".join(
            f"cast({quote(c)} as {types[c]}) as {quote(c.upper())}"
            if c in types
            else f"{quote(c)} as {quote(c.upper())}"
            for c in table.column_names
        )
        duckdb.execute(f"create or replace table {self.relation(name)} as select {columns} from _incoming")
        duckdb.close()

    def close(self) -> None:
        self.connection.close()


class SnowflakeEngine(Engine):
    name = "snowflake"

    def __init__(self) -> None:
        from unittest import mock

        if sys.version_info < (3, 11):
            pytest.skip("fakesnow needs Python 3.11")
        from fakesnow.instance import FakeSnow

        warnings.filterwarnings("ignore", module="fakesnow")
        _mended()
        self.fake = FakeSnow()
        self._patches = ExitStack()
        self._patches.enter_context(mock.patch("snowflake.connector.connect", side_effect=self.fake.connect))
        self._numbers = itertools.count(1)

    def workspace(self, folder: Path) -> SnowflakeWorkspace:
        return SnowflakeWorkspace(self.fake, f"PROJECT_{next(self._numbers)}")

    def close(self) -> None:
        self._patches.close()
        self.fake.duck_conn.close()
