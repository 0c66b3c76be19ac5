"""Two projects as people have them: a shop that names its schemas itself, a league whose files have odd names."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from support import Project

# As a template in wide use has it: in production the schema that is asked for, elsewhere one for all.
GENERATE_SCHEMA_NAME = """
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- if target.name == 'prod' and custom_schema_name is not none -%}{{ custom_schema_name | trim }}
    {%- else -%}{{ target.schema }}{%- endif -%}
{%- endmacro %}
"""
SHOP_MONITOR = """
{{ driftline.monitor(
    relation=ref('orders'), timestamp='ordered_at', reference={'start': '2026-01-01', 'end': '2026-01-11'},
    numeric=['amount'], categorical=['kind']
) }}
"""
ORDERS = """
{{ config(schema='marts', materialized='table') }}
select "Order ID" as order_id, ordered_at, amount, kind from {{ source('till', 'Order Lines') }}
"""
SOURCES = """
sources:
  - name: till
    schema: raw
    quoting: {schema: true, identifier: true}
    tables: [{name: Order Lines}]
"""
NOW = "2026-01-21"


def orders(days: int = 20, shift_from: int = 15, a_day: int = 120) -> list[tuple[Any, ...]]:
    """So many rows a day; from one day on the amount is another."""
    chance = random.Random(3)
    return [
        (
            day * a_day + row,
            dt.datetime(2026, 1, 1) + dt.timedelta(days=day, minutes=10 * row),
            round(chance.gauss(30.0 if day >= shift_from else 10.0, 2.0), 2),
            chance.choice(["card", "cash"]),
        )
        for day in range(days)
        for row in range(a_day)
    ]


def shop(make: Callable[..., Project]) -> Project:
    """On DuckDB: targets dev and prod in one database, schemas named by the project, the package's set by `+schema`."""
    project = make(
        models={"orders": ORDERS, "monitors/order_log": SHOP_MONITOR},
        files={"models/sources.yml": SOURCES, "macros/generate_schema_name.sql": GENERATE_SCHEMA_NAME},
        vars={"driftline_monitors": ["order_log"], "driftline_now": NOW, "driftline_windows": {"day": [1]}},
        config={
            "models": {
                "consumer": {"monitors": {"+schema": "monitoring"}},
                "driftline": {"+schema": "monitoring", "internal": {"+schema": "monitoring_internal"}},
            },
            "seeds": {"driftline": {"+schema": "monitoring_seeds"}},
        },
    )
    targets = {name: {**project.workspace.output(), "schema": f"{name}_schema"} for name in ("dev", "prod", "ci")}
    profiles = {"consumer": {"target": "dev", "outputs": targets}}
    project.write("profiles.yml", yaml.safe_dump(profiles))
    load(project, orders())
    return project


LEAGUE_MONITOR = """
{{ driftline.monitor(
    relation=ref('games'), timestamp='Played on', reference={'start': '2026-01-01', 'end': '2026-01-07'},
    numeric=['Attend.'], categorical=['W/L', "Pitcher's hand"], labels={'Attend.': 'attendance'}
) }}
"""


class League(Project):
    """A project of another name; its data are a file."""

    name = "league"


def league(folder: Path, beside: Project) -> Project:
    """In the database of another project, with dbt's own names of schemas."""
    chance = random.Random(5)
    rows = [
        f"2026-01-{day:02} 19:{game % 60:02}:00,{round(chance.gauss(9000 if day >= 10 else 30000, 500))},"
        f"{chance.choice(['W', 'L', 'L-wo'])},{chance.choice(['R', 'L'])}"
        for day in range(1, 13)
        for game in range(110)
    ]
    project = League(
        folder,
        beside.workspace,
        models={"monitors/gate": LEAGUE_MONITOR},
        files={"seeds/games.csv": "\n".join(["Played on,Attend.,W/L,Pitcher's hand", *rows, ""])},
        vars={"driftline_monitors": ["gate"], "driftline_now": "2026-01-13", "driftline_windows": {"day": [1]}},
        config={
            "models": {"driftline": {"+schema": "monitoring"}},
            "seeds": {"league": {"+quote_columns": True, "+column_types": {"Played on": "timestamp"}}},
        },
    )
    output = {**beside.workspace.output(), "schema": "league"}
    project.write("profiles.yml", yaml.safe_dump({"league": {"target": "dev", "outputs": {"dev": output}}}))
    return project


def load(project: Project, rows: list[tuple[Any, ...]]) -> None:
    connection = project.workspace
    connection.execute("create schema if not exists raw")
    connection.execute(
        'create or replace table raw."Order Lines" ("Order ID" integer, ordered_at timestamp, amount double, kind text)'
    )
    values = ", ".join(f"({i}, timestamp '{at}', {amount}, '{kind}')" for i, at, amount, kind in rows)
    connection.execute(f'insert into raw."Order Lines" values {values}')


def places(project: Project) -> dict[str, set[str]]:
    """What stands in which schema."""
    found: dict[str, set[str]] = {}
    rows = project.sql("select table_schema, table_name from information_schema.tables where table_schema <> 'raw'")
    for schema, name in rows:
        found.setdefault(schema, set()).add(name)
    return found
