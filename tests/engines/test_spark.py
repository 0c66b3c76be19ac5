"""One monitor, and all that is made of it, on Spark and on DuckDB: first run, later runs, late rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from state.states import declare_with, source
from support import Engine, Project

DECLARED: dict[str, Any] = {
    "relation": source("log"), "timestamp": "at", "reference": {"start": "2024-01-01", "end": "2024-01-11"},
    "numeric": ["x", "z"], "categorical": ["odd name"], "prediction": "score", "label": "label", "task": "binary",
    "segments": ["market"], "model_version": "version", "bins": 6, "business_metrics": {"sold": {"sum": "label"}},
}  # fmt: skip
# Said by the run and not by the rows.
LEFT_OUT = ["computed_at", "results_computed_at", "run_id", "invocation_id", "spec_hash"]
TABLES = [
    "driftline_state", "driftline_bins", "driftline_drift", "driftline_quality", "driftline_performance",
    "driftline_business", "driftline_concept", "driftline_fairness", "driftline_arrivals", "driftline_comparisons",
    "driftline_changes", "driftline_metrics", "driftline_int_judgements", "driftline_causes", "driftline_alerts",
    "driftline_incidents", "driftline_latest", "driftline_histograms",
]  # fmt: skip
LATER = ["+driftline_drift", "+driftline_quality"]
LATER_TABLES = ["driftline_state", "driftline_bins", "driftline_drift", "driftline_quality"]


def log(days: int, first: int, seed: int, per_day: int = 120) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    n = days * per_day
    start = datetime(2024, 1, 1) + timedelta(days=first, hours=8)
    rows = pd.DataFrame({
        "at": [start + timedelta(days=i // per_day, minutes=i % per_day) for i in range(n)],
        "x": rng.normal(size=n).round(3), "z": rng.exponential(size=n), "score": rng.random(n).round(3),
        "odd name": rng.choice(["JP", "it's a \\ and a \"", "日本", None], n),
        "market": rng.choice(["north", "south"], n), "version": rng.choice(["a", "b"], n),
    })  # fmt: skip
    rows["label"] = (rng.random(n) < rows["score"]).astype(int)
    rows.loc[rows["at"] >= datetime(2024, 1, 16), "x"] += 3
    for value in (np.nan, np.inf, -np.inf):
        rows.loc[rng.random(n) < 0.02, "x"] = value
    return rows


@dataclass
class Built:
    duckdb: Project
    spark: Project
    frames: dict[str, list[tuple[pd.DataFrame, pd.DataFrame]]] = field(default_factory=dict)
    jobs: list[int] = field(default_factory=list)

    def build(self, *selection: str) -> None:
        before = jobs(self.spark)
        for project in (self.duckdb, self.spark):
            project.build(*selection)
        self.jobs.append(jobs(self.spark) - before)

    def keep(self, table: str) -> None:
        both = [
            p.frame(f"select * from {table}").drop(columns=LEFT_OUT, errors="ignore") for p in (self.duckdb, self.spark)
        ]
        self.frames.setdefault(table, []).append((both[0], both[1]))


def jobs(project: Project) -> int:
    """How many jobs Spark has run so far."""
    tracker: Any = project.workspace
    return len(tracker.session.sparkContext.statusTracker().getJobIdsForGroup(None))


@pytest.fixture(scope="module")
def built(further_engine: Engine, duckdb_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    if further_engine.name != "spark":
        pytest.skip("asked of Spark")
    projects = []
    for engine in (duckdb_engine, further_engine):
        folder = tmp_path_factory.mktemp(engine.name)
        projects.append(
            Project(
                folder,
                engine.workspace(folder),
                models={"shop": declare_with(DECLARED)},
                vars={"driftline_monitors": ["shop"], "driftline_windows": {"day": [1]}},
            )
        )
    both = Built(*projects)
    rows = log(20, 0, seed=1)
    # The first days; then two more days and rows that are two days late.
    for clock, seen in (
        ("2024-01-21", rows),
        ("2024-01-23", pd.concat([rows, log(1, 18, seed=2), log(2, 20, seed=3)], ignore_index=True)),
    ):
        for project in projects:
            project.load("log", seen)
            project.set_vars(driftline_now=clock)
        # Later runs go on from what they find in the state, and in tables that keep their windows: this far they cost a
        # third of the first.
        is_later = bool(both.jobs)
        both.build(*(["--select", *LATER] if is_later else []))
        for table in LATER_TABLES if is_later else TABLES:
            both.keep(table)
    yield both
    for project in projects:
        project.close()


def exact(value: Any) -> str:
    """What is no double, in one spelling of all engines and of pandas."""
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    return str(int(value)) if isinstance(value, (int, float, np.number)) else str(value)


def differences(project: Project, table: str, one: pd.DataFrame, other: pd.DataFrame) -> list[str]:
    types = project.workspace.sql(
        f"select column_name, data_type from information_schema.columns where table_name = '{table}'"
    )
    doubles = [name for name, kind in types if kind == "DOUBLE" and name in one]
    keys = [name for name in one.columns if name not in doubles]
    assert sorted(one.columns) == sorted(other.columns)
    sides = [side.assign(**{key: side[key].map(exact) for key in keys}) for side in (one, other)]
    order = [side.groupby(keys, dropna=False).cumcount() for side in sides]
    assert all((number == 0).all() for number in order), "the same row twice"
    merged = sides[0].merge(sides[1], on=keys, how="outer", suffixes=("", "_other"), indicator=True)
    alone = merged[merged["_merge"] != "both"]
    found = [f"only on one side: {row}" for row in alone[["_merge", *keys]].head(4).to_dict("records")]
    merged = merged[merged["_merge"] == "both"]
    for name in doubles:
        left, right = (merged[column].astype(float) for column in (name, f"{name}_other"))
        wrong = ~np.isclose(left, right, rtol=1e-9, atol=1e-12, equal_nan=True)
        if wrong.any():
            found.append(
                f"{name}: {int(wrong.sum())} of {len(merged)}, such as {left[wrong].iloc[0]!r} and {right[wrong].iloc[0]!r}"
            )
    return found


@pytest.mark.parametrize(("run", "table"), [(0, table) for table in TABLES] + [(1, table) for table in LATER_TABLES])
def test_tables_are_those_of_duckdb(built: Built, run: int, table: str) -> None:
    one, other = built.frames[table][run]
    assert len(one) > 0
    wrong = differences(built.duckdb, table, one, other)
    assert not wrong, "\n".join(wrong)


def test_jobs_are_bounded(built: Built, figure: Any) -> None:
    """A CTE that Spark computes at each use would make several times as many."""
    figure("Spark's jobs of the first and the second build", built.jobs)
    assert max(built.jobs) <= 650


def test_no_step_is_left(built: Built) -> None:
    names = set(built.spark.frame("show tables")["tableName"])
    assert "shop" in names
    assert not {name for name in names if "__driftline_" in name}


def test_what_asks_for_some_periods_reads_no_others(built: Built) -> None:
    """The state is partitioned by its periods: Spark's plan leaves the folders of the others alone."""
    asked = "select count(*) from shop where period_start >= cast('2024-01-20' as timestamp)"
    plan = built.spark.sql(f"explain {asked}")[0][0]
    assert re.search(r"PartitionFilters: \[\(period_start#\d+ >= 2024-01-20 00:00:00\)\]", plan), plan


def test_a_session_in_another_zone_is_refused(built: Built) -> None:
    workspace: Any = built.spark.workspace
    workspace.session.conf.set("spark.sql.session.timeZone", "Europe/Paris")
    try:
        run = built.spark.run(["run", "--select", "shop"])
    finally:
        workspace.session.conf.set("spark.sql.session.timeZone", "UTC")
    assert not run.success
    assert "the session of Spark is in the time zone 'Europe/Paris'; needed: 'UTC'" in run.text
