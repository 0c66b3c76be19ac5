"""Settings that a project makes for all of its models and seeds: the package keeps what it needs."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from bad_input.messages import bad
from state.states import Jinja
from support import Project

LOG = {"at": [dt.datetime(2024, 1, 1 + number // 10) for number in range(60)], "x": [1.0, 2.0, None] * 20}
WRONG = {
    "a_column_nobody_has": ("bought + 1", "bought"),
    "an_aggregate_the_text_does_not_show": ("max_by(x, x)", "aggregates|max_by"),
    "a_function_nobody_has": ("no_such_function(x)", "no_such_function"),
    "a_sum_of_number_and_time": ('x + "at"', r"\+"),
    "half_an_expression": ("x +", "syntax error"),
}


@pytest.fixture(scope="module")
def project(make_module_project: Any) -> Project:
    project: Project = make_module_project(
        models={
            "good": bad(
                business_metrics={"share": {"numerator": "case when x > 1 then 1 else 0 end", "denominator": "1"}}
            ),
            **{
                f"bad/{name}": "{% if execute %}" + bad(business_metrics={"m'/*": {"sum": text}}) + "{% endif %}"
                for name, (text, _) in WRONG.items()
            },
        },
        tables={"log": LOG},
        vars={"driftline_now": "2024-01-07", "driftline_monitors": ["good"], "driftline_windows": {"day": [1]}},
        config={
            "models": {"consumer": {"+contract": {"enforced": True}, "+materialized": "view"}},
            "seeds": {"+quote_columns": True},
        },
    )
    project.build("--exclude", "path:models/bad")
    return project


def test_a_contract_for_every_model_of_the_project(project: Project) -> None:
    """The columns of a monitor are the package's: nobody can declare them in the project."""
    assert len(project.column_names("driftline_default_thresholds")) == 19
    assert project.sql("select warn from driftline_default_thresholds where metric = 'psi'") == [(0.1,)]
    assert project.sql("select sum(row_count) from driftline_state where column_role = 'row'") == [(60,)]
    assert project.relations()["good"] == "table"


def test_the_default_thresholds_of_an_earlier_version_stay(project: Project) -> None:
    """dbt fills only the columns that are there, so a seed with others has another name: nobody's view goes with it."""
    former = project.workspace.relation("driftline_thresholds")
    project.sql(f"create table {former} as select 'psi' as metric, 0.1 as warn")
    project.sql(f"create view former_view as select * from {former}")
    project.sql("create view own_view as select metric, or_warn from driftline_default_thresholds")
    for _ in range(2):
        project.build("--select", "driftline_default_thresholds")
    assert project.sql("select or_warn from own_view where metric = 'null_rate'") == [(0.5,)]
    assert project.sql("select * from former_view") == [("psi", 0.1)]
    project.sql("drop view former_view")
    project.sql(f"drop table {former}")


def test_an_expression_the_warehouse_refuses_is_told_by_its_argument(project: Project) -> None:
    failures = project.run(["run", "--select", "path:models/bad"]).failures
    assert set(failures) == set(WRONG)
    for name, (_, said) in WRONG.items():
        assert "argument business_metrics.m" in failures[name] and re.search(said, failures[name]), failures[name]


def test_a_delimiter_for_all_seeds_changes_no_judgement(project: Project) -> None:
    """It makes one column of the table of defaults. What is judged is not read there."""
    judged = "select monitor, metric, baseline, window_start, warn, critical, effect from driftline_int_judgements"
    before = sorted(project.sql(judged), key=repr)
    project.config["seeds"] = {"+delimiter": ";"}
    project.write_project_file()
    project.build("--select", "driftline_default_thresholds", "--full-refresh")
    assert len(project.column_names("driftline_default_thresholds")) == 1
    project.build("--select", "driftline_int_judgements")
    assert before and sorted(project.sql(judged), key=repr) == before
    project.config["seeds"] = {"+delimiter": ";", "driftline": {"+delimiter": ","}}
    project.write_project_file()
    project.build("--select", "driftline_default_thresholds", "--full-refresh")
    assert len(project.column_names("driftline_default_thresholds")) == 19


def test_a_compile_before_anything_is_built(project: Project) -> None:
    project.model("later", "select 1 as x, cast('2024-01-02' as timestamp) as at_time")
    arguments = {"relation": Jinja("ref('later')"), "timestamp": "at_time", "business_metrics": {"m": {"sum": "x"}}}
    project.model("early", bad(**arguments, timezone="Asia/Tokyo", weight="x"))
    assert project.run(["compile", "--select", "early"]).success
    assert project.run(["compile", "--select", "early", "--no-introspect"]).success
    project.remove_model("early")
    project.remove_model("later")
