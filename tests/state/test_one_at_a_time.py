"""Two runs at once on Postgres, which alone lets them: one goes on, the other says that it is not alone."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
from state.states import declare
from support import Engine, Project

NOW = "2024-01-05 12:00:00"
BUSY = "another build is running"


@pytest.fixture(scope="module")
def project(make_module_project: Any, postgres_engine: Engine) -> Iterator[Project]:
    moments = [dt.datetime(2024, 1, day, hour) for day in (1, 2, 3, 4) for hour in range(5)]
    arguments: dict[str, Any] = {
        "timestamp": "at",
        "reference": {"start": "2024-01-01", "end": "2024-01-03"},
        "business_metrics": {"all": {"sum": "1"}},
    }
    made: Project = make_module_project(
        on=postgres_engine,
        models={"monitors/one": declare(**arguments), "monitors/other": declare(**arguments)},
        tables={"log": {"at": moments}},
        vars={"driftline_monitors": ["one", "other"], "driftline_now": NOW},
    )
    run = made.run(["run", "--select", "monitors", "driftline_state"])
    assert run.success, str(run)
    yield made


@pytest.fixture(scope="module", params=["postgres"])
def engine(request: pytest.FixtureRequest) -> Engine:
    found: Engine = request.getfixturevalue(f"{request.param}_engine")
    return found


def session(project: Project) -> Any:
    output = project.workspace.output()
    return psycopg2.connect(host=output["host"], user=output["user"], dbname=output["dbname"])


def rows(project: Project) -> list[tuple[Any, ...]]:
    return project.sql(
        "select monitor, sum(row_count), count(distinct period_start) from driftline_state"
        " where column_role = 'row' and segment = 'all' group by 1 order by 1"
    )


def test_of_two_runs_of_a_monitor_one_goes_on(project: Project) -> None:
    """The first waits in the middle, before its rows are replaced; the second must not wait there too."""
    blocker = session(project)
    blocker.cursor().execute(f"lock table {project.relation('one')} in share row exclusive mode")
    command = ["run", "--select", "one", "--project-dir", str(project.path), "--profiles-dir", str(project.path)]
    first = subprocess.Popen(
        [sys.executable, "-c", "from dbt.cli.main import cli; cli()", *command, "--target-path", "target_of_first"],
        cwd=project.path,
        env={**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DBT_LOG_PATH": "logs_of_first"},
        stdout=subprocess.PIPE,
        text=True,
    )
    waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
    for _ in range(600):
        if project.sql(waiting) != [(0,)] or first.poll() is not None:
            break
        time.sleep(0.1)
    second = project.run(["run", "--select", "one", "driftline_state", "driftline_bins"])
    apart = project.run(["run", "--select", "other"])
    blocker.rollback()
    blocker.close()
    said, _ = first.communicate(timeout=120)
    assert first.returncode == 0, said
    assert set(second.failures) == {"one"}, str(second)
    assert BUSY in second.failures["one"] and '"one"' in second.failures["one"]
    assert second.statuses["driftline_bins"] == "skipped"
    assert apart.success, str(apart)
    assert rows(project) == [("one", 20, 4), ("other", 20, 4)]
    assert project.run(["run", "--select", "one"]).success


def test_results_are_built_by_one_at_a_time(project: Project) -> None:
    """Another run that is to write a table of results: told by its mark, whatever it does at the moment."""
    other = session(project)
    view = project.relation("driftline_state")
    other.cursor().execute(f"select pg_advisory_lock_shared(hashtext('{view}'), hashtext('another run'))")
    results = project.run(["run", "--select", "driftline_state"])
    whole = project.run(["run", "--select", "other", "driftline_state"])
    apart = project.run(["run", "--select", "other"])
    other.close()
    assert BUSY in results.failures["driftline_state"] and view in results.failures["driftline_state"]
    assert BUSY in whole.failures["other"], "a run stops before its first table, not half way"
    assert apart.success, str(apart)
    assert project.run(["run", "--select", "driftline_state"]).success, "a mark ends with the connection"
