"""One monitor, and all that is made of it, on Spark and on DuckDB: first run, later runs, late rows."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from driftline.project import ProjectOptions
from driftline.scrub import Scrubber
from driftline.warehouse import Warehouse
from state.states import declare_with
from support import Engine, Project

from engines.beside_duckdb import (
    DECLARED,
    LEFT_OUT,
    TABLES,
    WINDOWS,
    Beside,
    assert_named,
    days_and_late_rows,
    differences,
    refused,
    rows_read,
)

LATER = ["+driftline_drift", "+driftline_quality"]
LATER_TABLES = ["driftline_state", "driftline_bins", "driftline_drift", "driftline_quality"]


def jobs(project: Project) -> int:
    """How many jobs Spark has run so far."""
    tracker: Any = project.workspace
    return len(tracker.session.sparkContext.statusTracker().getJobIdsForGroup(None))


@pytest.fixture(scope="module")
def ran() -> list[int]:
    """How many jobs each build was."""
    return []


@pytest.fixture(scope="module")
def built(
    further_engine: Engine, duckdb_engine: Engine, tmp_path_factory: pytest.TempPathFactory, ran: list[int]
) -> Iterator[Beside]:
    if further_engine.name != "spark":
        pytest.skip("asked of Spark")
    both = Beside.on([duckdb_engine, further_engine], tmp_path_factory, {"shop": declare_with(DECLARED)}, **WINDOWS)
    # Later runs go on from what they find in the state, and in tables that keep their windows: this far they cost a
    # third of the first.
    for (clock, seen), selection, tables in zip(
        days_and_late_rows(), ([], ["--select", *LATER]), (TABLES, LATER_TABLES), strict=True
    ):
        before = jobs(both.other)
        both.build(clock, {"log": seen}, *selection)
        ran.append(jobs(both.other) - before)
        both.keep(tables)
    yield both
    both.close()


@pytest.mark.parametrize(("run", "table"), [(0, table) for table in TABLES] + [(1, table) for table in LATER_TABLES])
def test_tables_are_those_of_duckdb(built: Beside, run: int, table: str) -> None:
    wrong = built.differences(run, table)
    assert not wrong, "\n".join(wrong)


def test_jobs_are_bounded(built: Beside, ran: list[int], figure: Any) -> None:
    """A CTE that Spark computes at each use would make several times as many."""
    figure("Spark's jobs of the first and the second build", ran)
    assert max(ran) <= 650


def test_no_step_is_left(built: Beside) -> None:
    names = set(built.other.frame("show tables")["tableName"])
    assert "shop" in names
    assert not {name for name in names if "__driftline_" in name}


def test_what_asks_for_some_periods_reads_no_others(built: Beside) -> None:
    """The state is partitioned by its periods: Spark's plan leaves the folders of the others alone."""
    asked = "select count(*) from shop where period_start >= cast('2024-01-20' as timestamp)"
    plan = built.other.sql(f"explain {asked}")[0][0]
    assert re.search(r"PartitionFilters: \[\(period_start#\d+ >= 2024-01-20 00:00:00\)\]", plan), plan


def test_a_run_reads_no_more_of_the_log_than_it_needs(built: Beside) -> None:
    """Its time column stands bare against constants: files are passed over by their statistics, partitions by their names."""
    project = built.other
    condition = rows_read(project, "shop", "log")
    plan = project.sql(f"explain select count(*) from log where {condition}")[0][0]
    assert re.search(r"PushedFilters: \[[^\]]*GreaterThanOrEqual\(at,2024-01-1", plan), plan
    project.execute(
        "create table log_by_day using parquet partitioned by (at) as select x, cast(at as date) as at from log"
    )
    plan = project.sql(f"explain select count(*) from log_by_day where {condition}")[0][0]
    assert re.search(r"PartitionFilters: \[[^\]]*at#\d+[^\]]* >= 2024-01-1", plan), plan


def test_a_run_that_dies_while_tables_change_places_loses_nothing(
    built: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dbt.adapters.spark import SparkAdapter

    project, rename = built.other, SparkAdapter.rename_relation
    dead = RuntimeError("the machine is gone")

    def renames(self: Any, source: Any, target: Any) -> None:
        if source.identifier == "driftline_quality__driftline_new":
            raise dead
        rename(self, source, target)

    before = project.frame("select * from driftline_quality").drop(columns=LEFT_OUT, errors="ignore")
    with monkeypatch.context() as patched:
        patched.setattr(SparkAdapter, "rename_relation", renames)
        run = project.run(["run", "--select", "driftline_quality"])
    assert not run.success
    names = set(project.frame("show tables")["tableName"])
    assert "driftline_quality" not in names
    assert {"driftline_quality__driftline_old", "driftline_quality__driftline_new"} <= names
    run = project.run(["run", "--select", "driftline_quality"])
    assert run.success, str(run)
    after = project.frame("select * from driftline_quality").drop(columns=LEFT_OUT, errors="ignore")
    assert len(before) > 0
    assert not differences(built.duckdb, "driftline_quality", before, after)
    assert not {name for name in project.frame("show tables")["tableName"] if "__driftline_" in name}


def test_what_is_wrong_is_said_and_nothing_is_lost(built: Beside) -> None:
    project = built.other
    counted = "select count(*), sum(row_count), max(period_start) from shop"
    before = project.sql(counted)
    assert_named(refused(project))
    assert project.sql(counted) == before


def test_the_command_line_reads_times_in_utc(built: Beside, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the machine's zone: in this one both are half past midnight."""
    place = str(built.other.path)
    moments = "select timestamp '2024-11-03 04:30:00.25' as one, timestamp '2024-11-03 05:30:00' as other, cast(null as timestamp) as none"
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "America/Havana")
        time.tzset()
        with Warehouse.open(ProjectOptions(project_dir=place, profiles_dir=place), Scrubber()) as warehouse:
            rows = warehouse.query(moments)
    time.tzset()
    assert rows == [
        {"one": datetime(2024, 11, 3, 4, 30, 0, 250000), "other": datetime(2024, 11, 3, 5, 30), "none": None}
    ]


def test_a_session_in_another_zone_is_refused(built: Beside) -> None:
    workspace: Any = built.other.workspace
    workspace.session.conf.set("spark.sql.session.timeZone", "Europe/Paris")
    try:
        run = built.other.run(["run", "--select", "shop"])
    finally:
        workspace.session.conf.set("spark.sql.session.timeZone", "UTC")
    assert not run.success
    assert "the session of Spark is in the time zone 'Europe/Paris'; needed: 'UTC'" in run.text
