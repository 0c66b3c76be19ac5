"""The one module that touches dbt."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest
from driftline.errors import WarehouseError
from driftline.kinds import Kind, kind_of
from driftline.project import ProjectOptions
from driftline.scrub import Scrubber
from driftline.warehouse import Warehouse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


@pytest.fixture
def warehouse(any_shop: Any) -> Iterator[Warehouse]:
    folder = str(any_shop.folder)
    with Warehouse.open(ProjectOptions(folder, folder), Scrubber()) as opened:
        yield opened


def test_values_come_back_as_they_are(warehouse: Warehouse) -> None:
    (row,) = warehouse.query(
        "select '' as \"Empty\", 'null' as word, '007' as digits, 1.50 as price, cast(3 as decimal(10, 2)) as whole, "
        "cast(null as integer) as nothing, cast('2026-01-02 03:04:05' as timestamp) as moment, "
        "cast('2026-01-02' as date) as day, true as yes, cast('nan' as double precision) as nan, 'a%sb' as percent"
    )
    assert row.pop("nan") != 0
    assert row == {
        "empty": "",
        "word": "null",
        "digits": "007",
        "price": 1.5,
        "whole": 3,
        "nothing": None,
        "moment": datetime(2026, 1, 2, 3, 4, 5),
        "day": date(2026, 1, 2),
        "yes": True,
        "percent": "a%sb",
    }


def test_a_failed_statement_leaves_the_connection_usable(warehouse: Warehouse, any_shop: Any) -> None:
    with pytest.raises(WarehouseError):
        warehouse.query("select nothing_like_this")
    assert warehouse.query("select 1 as one") == [{"one": 1}]
    with pytest.raises(WarehouseError):
        warehouse.execute("insert into nothing_like_this values (1)")
    relation = any_shop.workspace.relation("t")
    warehouse.execute(f"create table {relation} (a integer)")
    warehouse.execute(f"insert into {relation} values (1)")
    # Committed: another connection sees it, and is not blocked.
    assert any_shop.workspace.sql(f"select a from {relation}") == [(1,)]
    warehouse.query(f"select * from {relation}")
    warehouse.release()
    any_shop.workspace.execute(f"drop table {relation}")


def test_columns(warehouse: Warehouse, any_shop: Any) -> None:
    relation = any_shop.workspace.relation("t")
    any_shop.workspace.execute(f'create table {relation} ("We""ird; --" integer, plain decimal(10, 2))')
    assert [column.name for column in warehouse.columns(relation)] == ['We"ird; --', "plain"]
    quoted = warehouse.quote('We"ird; --')
    assert warehouse.query(f"select {quoted} as a from {relation}") == []
    with pytest.raises(WarehouseError):
        warehouse.columns(any_shop.workspace.relation("none"))


def test_types_are_those_of_the_warehouse(warehouse: Warehouse, any_shop: Any) -> None:
    """The driver of Postgres has words of its own for some."""
    types = {
        "bigint": Kind.NUMBER, "integer": Kind.NUMBER, "double precision": Kind.NUMBER, "numeric(9, 2)": Kind.NUMBER,
        "timestamp": Kind.TIME, "timestamp with time zone": Kind.TIME, "date": Kind.TIME, "boolean": Kind.BOOLEAN,
        "varchar(9)": Kind.TEXT, "text": Kind.TEXT, "bigint[]": Kind.NESTED, "uuid": Kind.OTHER, "json": Kind.OTHER,
    }  # fmt: skip
    columns = ", ".join(f"c{n} {name}" for n, name in enumerate(types))
    relation = any_shop.workspace.relation("t")
    any_shop.workspace.execute(f"create table {relation} ({columns})")
    found = [kind_of(column.data_type, warehouse.dialect) for column in warehouse.columns(relation)]
    assert dict(zip(types, found, strict=True)) == types


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])))
def test_literals_round_trip(warehouse: Warehouse, value: str) -> None:
    assert warehouse.query(f"select {warehouse.literal(value)} as v") == [{"v": value}]


def test_other_literals(warehouse: Warehouse) -> None:
    for value in (0, -3, 1.5, True, None, datetime(2026, 1, 2, 3, 4, 5, 6), date(2026, 1, 2)):
        assert warehouse.query(f"select {warehouse.literal(value)} as v") == [{"v": value}]


def test_variables(shop: Any) -> None:
    shop.variables(one=1, driftline={"two": 2}, shop={"three": 3})
    folder = str(shop.folder)
    with Warehouse.open(ProjectOptions(folder, folder, vars="{one: 10}"), Scrubber()) as warehouse:
        assert [warehouse.variable(name) for name in ("one", "two", "three", "four")] == [10, 2, 3, None]
