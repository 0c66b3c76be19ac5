"""A monitor under the ways dbt has of running: offline, as a unit test, with long names."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from state.states import declare
from support import Project

ARGUMENTS: dict[str, Any] = {
    "timestamp": "at",
    "reference": {"start": "2024-01-01", "end": "2024-01-03"},
    "business_metrics": {"all": {"sum": "1"}},
}
UNIT_TEST = """
unit_tests:
  - name: counts_a_row
    model: plain
    given:
      - input: source('raw', 'log')
        rows: [{at: '2024-01-01 10:00:00'}]
    expect:
      rows: [{record: count, row_count: 1}]
"""
# What Postgres keeps of a name: 63 bytes. The letters take two and three.
FITTING = ["x" * 63, "é" * 31]
TOO_LONG = ["x" * 64, "é" * 32, "日" * 21]


@pytest.fixture(scope="module")
def project(make_module_project: Any) -> Project:
    made: Project = make_module_project(
        models={f"monitors/{name}": declare(**ARGUMENTS) for name in ["plain", *FITTING, *TOO_LONG]},
        files={"models/unit_tests.yml": UNIT_TEST},
        tables={"log": {"at": [dt.datetime(2024, 1, day) for day in (1, 2, 3, 4)]}},
        vars={"driftline_monitors": ["plain"], "driftline_now": "2024-01-05 12:00:00"},
    )
    return made


def test_names_up_to_the_limit_of_the_engine(project: Project) -> None:
    """On the second run too, when dbt makes a temporary table of a longer name."""
    runs = [project.run(["run", "--select", "monitors"]) for _ in range(2)]
    refused = set(TOO_LONG) if project.workspace.engine == "postgres" else set()
    for run in runs:
        assert set(run.failures) == refused, str(run)
        for name in refused:
            bytes_ = len(name.encode())
            assert f'given "{name}", which is {bytes_} bytes long; allowed: a name of up to 62 bytes (63' in run.text
    for name in FITTING:
        assert project.sql(f"select sum(row_count) from {project.relation(name)} where column_role = 'row'") == [(4,)]


def test_a_monitor_and_its_results_alone(project: Project) -> None:
    """dbt's `monitor+` on a database without anything else of the package: no seed is needed."""
    assert "driftline_default_thresholds" not in project.relations()
    run = project.run(["run", "--select", "plain+"])
    assert run.success, str(run)
    assert project.sql("select warn from driftline_latest where metric = 'missing_periods'") == [(0.5,)]


def test_compiled_offline_after_the_first_run(project: Project) -> None:
    run = project.run(["compile", "--no-introspect", "--select", "plain"])
    assert run.success, str(run)
    assert "from records" in run.result.results[0].node.compiled_code


def test_a_unit_test_is_told_why_not(project: Project) -> None:
    run = project.run(["test", "--select", "test_type:unit"])
    assert "driftline: unit test 'counts_a_row': a monitor has no unit tests, because" in run.failures["counts_a_row"]
