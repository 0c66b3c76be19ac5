"""The harness itself, on a small project without the package."""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

LOG = {
    "id": [1, 2, 3, 4, 5, 6],
    "price": [1.5, None, float("nan"), float("inf"), float("-inf"), -0.25],
    "country": ["DE", None, "", 'O"Brien, \\ NULL', "日本", "two\nlines"],
    "served_at": [dt.datetime(2010, 9, 1, 12, 30, 15, 250000)] * 5 + [None],
    "bought": [True, False, None, True, False, True],
}
MODELS = {
    "staging": "select * from {{ source('raw', 'log') }} where id >= {{ var('first', 1) }}",
    "counts": "{{ config(materialized='table') }} select count(*) as n, max(id) as top from {{ ref('staging') }}",
    "history": """
        {{ config(materialized='incremental', unique_key='id', incremental_strategy='delete+insert') }}
        select id, price from {{ ref('staging') }}
        {% if is_incremental() %} where id > (select max(id) from {{ this }}) {% endif %}""",
    "last": "select n + {{ seed_offset() }} as n from {{ ref('counts') }}, {{ ref('steps') }}",
}
FILES = {
    "seeds/steps.csv": "step,name\n1,one\n",
    "macros/seed_offset.sql": "{% macro seed_offset() %}step{% endmacro %}",
}


@pytest.fixture(scope="module")
def project(make_module_project):
    project = make_module_project(models=MODELS, files=FILES, tables={"log": LOG}, package=False)
    project.build()
    return project


def test_build_and_query(project):
    assert project.sql("select n, top from counts") == [(6, 6)]
    assert project.relations() == {
        "counts": "table",
        "history": "table",
        "last": "view",
        "log": "table",
        "staging": "view",
        "steps": "table",
    }
    assert project.column_names("history") == ["id", "price"]


def test_values_survive_loading(project):
    rows = project.sql("select price, country, served_at, bought from log order by id")
    prices = [row[0] for row in rows]
    assert prices[:2] == [1.5, None]
    assert math.isnan(prices[2])
    assert prices[3:] == [math.inf, -math.inf, -0.25]
    assert [row[1] for row in rows] == LOG["country"]
    assert [row[2] for row in rows] == LOG["served_at"]
    assert [row[3] for row in rows] == LOG["bought"]


def test_pandas_and_arrow(project):
    frame = pd.DataFrame(
        {
            "id": pd.array([1, None], dtype="Int64"),
            "price": [float("nan"), 2.0],
            "mixed": pd.Series([None, float("nan")], dtype=object),
            "when": pd.to_datetime(["2011-01-01", None]),
            "name": ["a", None],
            "kind": pd.Categorical(["x", None]),
        }
    )
    project.workspace.load("pandas_table", frame, types={"name": "varchar(10)"})
    first, second = project.sql("select * from pandas_table order by id")
    assert first[0] == 1 and math.isnan(first[1]) and first[2] is None and first[3] == dt.datetime(2011, 1, 1)
    assert first[4:] == ("a", "x")
    assert second[0] is None and second[1] == 2.0 and math.isnan(second[2]) and second[3:] == (None, None, None)

    empty = pa.table({"id": pa.array([], pa.int32()), "price": pa.array([], pa.float64())})
    project.workspace.load("arrow_table", empty)
    assert project.sql("select count(*), max(price) from arrow_table") == [(0, None)]


def test_runs_do_not_disturb_each_other(make_project):
    here = Path.cwd()
    one = make_project(models=MODELS, files=FILES, tables={"log": LOG}, package=False)
    two = make_project(models=MODELS, files=FILES, tables={"log": LOG}, package=False, vars={"first": 3})
    one.build()
    two.build()
    one.build()
    assert one.sql("select n from counts") == [(6,)]
    assert two.sql("select n from counts") == [(4,)]
    two.build(vars={"first": 5})
    assert two.sql("select n from counts") == [(2,)]
    assert Path.cwd() == here


def test_failure_is_reported_not_raised(make_project):
    project = make_project(
        models={"broken": "select nothing_here from {{ source('raw', 'log') }}"}, tables={"log": LOG}, package=False
    )
    run = project.run(["build"])
    assert not run.success
    assert "nothing_here" in run.failures["broken"]
    project.model("broken", "{{ exceptions.raise_compiler_error('say what is wrong') }}")
    run = project.run(["build"])
    assert not run.success
    assert "say what is wrong" in run.text
    project.model("broken", "select 1 as one")
    assert project.build().statuses == {"broken": "success"}


def test_incremental_run(make_project):
    project = make_project(models=MODELS, files=FILES, tables={"log": LOG}, package=False)
    project.build()
    project.load("log", {"id": [7], "price": [1.0]})
    project.build("--select", "staging", "history")
    assert project.sql("select count(*) from history") == [(7,)]


def test_chain(project):
    chain = project.chain()
    names = list(chain.compiled_sql())
    assert sorted(names) == ["counts", "history", "last", "staging"]
    assert names.index("staging") < names.index("counts") < names.index("last")
    for size in (0, 3, 6):
        chain.load("log", pd.DataFrame(LOG).head(size))
        chain.run()
        assert chain.sql("select n from counts") == [(size,)]
        assert chain.sql("select n from last") == [(size + 1,)]
        assert chain.sql("select count(*) from history") == [(size,)]
    chain.close()


def test_contract_types_reach_the_chain(make_project):
    schema = """
version: 2
models:
  - name: fixed
    config: {materialized: table, contract: {enforced: true}}
    columns:
      - {name: small, data_type: smallint}
      - {name: label, data_type: varchar}
"""
    project = make_project(
        models={
            "fixed": """
                select cast('a' as varchar) as label, cast(id as smallint) as small from {{ source('raw', 'log') }}"""
        },
        files={"models/fixed.yml": schema},
        tables={"log": LOG},
        package=False,
    )
    project.build()
    chain = project.chain()
    chain.run()
    assert chain.sql("select small, label from fixed order by small")[0] == (1, "a")
    chain.close()


def test_what_is_kept_between_invocations_follows_from_the_text(make_project: Any, monkeypatch: Any) -> None:
    project = make_project(
        models={"one": "select {{ number() }} as n"},
        files={"macros/number.sql": "{% macro number() %}1{% endmacro %}"},
        package=False,
    )
    assert project.build("--select", "one").success and project.sql("select n from one") == [(1,)]
    project.write("macros/number.sql", "{% macro number() %}2{% endmacro %}")
    assert project.build("--select", "one").success and project.sql("select n from one") == [(2,)]
    monkeypatch.setenv("DBT_ENV_SECRET_WORD", "hush-hush")
    project.model("one", "{{ exceptions.raise_compiler_error('said: hush-hush') }}")
    run = project.run(["build"])
    assert not run.success
    assert "said: *****" in run.text and "hush-hush" not in run.text
