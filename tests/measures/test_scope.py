"""Who gets which windows and baselines: totals all of them, versions and segments what is judged, or what is asked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support import Project

from measures import comparison as c

TYPES = {
    "at": "timestamp", "x": "double precision", "version": "text", "market": "text", "label": "integer",
    "score": "double precision",
}  # fmt: skip
COMMON = {
    "period": "day", "reference": {"start": "2024-01-01", "end": "2024-01-13"}, "numeric": ["x"], "bins": 4,
    "model_version": "version", "segments": ["market"],
    "business_metrics": {"sold": {"sum": "label"}},
}  # fmt: skip
SCORED = {"prediction": "score", "label": "label", "task": "binary"}
# Table → its rows per day, and the monitors that read it.
TABLES: dict[str, tuple[int, dict[str, dict[str, Any]]]] = {
    # 40 rows a day: windows of a week have enough.
    "thin": (
        40,
        {
            "by_default": COMMON,
            "of_versions": {**COMMON, "detail": "versions"},
            "of_segments": {**COMMON, "detail": ["segments"]},
            "of_both": {**COMMON, "detail": ["segments", "versions"]},
            "of_crosses": {**COMMON, "detail": "crosses"},
            "of_all": {**COMMON, "detail": "all"},
        },
    ),
    # 130 a day, of which half have a label.
    "dense": (130, {"dense_rows": COMMON, "dense_labels": {**COMMON, **SCORED, "min_labelled_share": 0.1}}),
    # No length has enough.
    "rare": (3, {"rare_rows": COMMON}),
}
LENGTHS = {"by_default": {7}, "dense_rows": {1}, "dense_labels": {1, 7}, "rare_rows": {7}}


def log(per_day: int) -> pd.DataFrame:
    rng = np.random.default_rng(per_day)
    n = 22 * per_day
    rows = pd.DataFrame({
        "at": [datetime(2024, 1, 1) + timedelta(days=i // per_day, hours=8) for i in range(n)],
        "x": rng.normal(size=n).round(3),
        "version": rng.choice(["v1", "v2"], n),
        "market": rng.choice(["north", "south"], n, p=[0.7, 0.3]),
        "label": rng.integers(0, 2, n).astype(object),
        "score": rng.random(n).round(3),
    })  # fmt: skip
    rows.loc[rng.random(n) < 0.5, "label"] = None
    rows.attrs["text"] = ["version", "market"]
    return rows


def frames(project: Project, table: str, monitor: str, where: str = "true") -> set[tuple[str, str, int, str]]:
    baseline = "baseline" if table == "driftline_drift" else "''"
    found = project.sql(
        f"select distinct case when model_version = 'all' then 'all' else 'v' end,"
        f" case when segment = 'all' then 'all' else 's' end, window_periods, {baseline}"
        f" from {table} where monitor = '{monitor}' and {where}"
    )
    return {(r[0], r[1], int(r[2]), r[3]) for r in found}


@pytest.fixture(scope="module")
def logs() -> dict[str, pd.DataFrame]:
    return {table: log(per_day) for table, (per_day, _) in TABLES.items()}


@pytest.fixture(scope="module")
def project(make_module_project: Callable[..., Any], logs: dict[str, pd.DataFrame]) -> Project:
    made: Project = make_module_project(**c.project_arguments({table: of for table, (_, of) in TABLES.items()}))
    for table, rows in logs.items():
        made.load(table, c.raw.to_arrow(rows), TYPES)
    made.build("--select", *c.MEASURES, "+driftline_concept", "+driftline_fairness")
    return made


@pytest.mark.parametrize("monitor", [name for _, of in TABLES.values() for name in of])
def test_all_tables_hold_what_the_oracle_expects(project: Project, logs: dict[str, pd.DataFrame], monitor: str) -> None:
    table, declaration = next((t, of[monitor]) for t, (_, of) in TABLES.items() if monitor in of)
    wanted = {k: v for k, v in declaration.items() if k != "business_metrics"}
    wanted["business_metrics"] = {"sold": {"sum": "label"}}
    assert c.differences(logs[table], c.for_oracle(monitor, wanted), c.read(project, monitor)) == []


@pytest.mark.parametrize("monitor", LENGTHS)
def test_versions_and_segments_have_what_is_judged(project: Project, monitor: str) -> None:
    every = {("all", "all", n, b) for n in (1, 7) for b in ("reference", "previous", "trailing", "seasonal")}
    few = {(v, s, n, "reference") for v, s in (("v", "all"), ("all", "s")) for n in LENGTHS[monitor]}
    assert frames(project, "driftline_drift", monitor) == every | few
    for table in ("driftline_quality", "driftline_business"):
        assert {f[:3] for f in frames(project, table, monitor)} == {f[:3] for f in every | few}


@pytest.mark.parametrize(
    ("monitor", "detailed"),
    {
        "of_versions": {("v", "all")},
        "of_segments": {("all", "s")},
        "of_both": {("v", "all"), ("all", "s")},
        "of_crosses": set(),
        "of_all": {("v", "all"), ("all", "s"), ("v", "s")},
    }.items(),
)
def test_more_for_whom_the_monitor_asks(project: Project, monitor: str, detailed: set[tuple[str, str]]) -> None:
    found = frames(project, "driftline_drift", monitor)
    for who in (("v", "all"), ("all", "s"), ("v", "s")):
        few = 0 if who == ("v", "s") and monitor not in ("of_crosses", "of_all") else 1
        assert len({f for f in found if f[:2] == who}) == (8 if who in detailed else few)


def test_concept_has_the_lengths_of_drift(project: Project) -> None:
    assert {f[:3] for f in frames(project, "driftline_concept", "dense_labels")} == {
        f[:3] for f in frames(project, "driftline_drift", "dense_labels")
    }


def test_what_thresholds_ask_of_segments_is_there(
    make_project: Callable[..., Any], logs: dict[str, pd.DataFrame]
) -> None:
    """Whatever the judge would look at in a version or segment is computed."""
    asked = ["each_length", "more_rows", "previous_window", "others", "trends", "counted"]
    project: Project = make_project(**c.project_arguments({"thin": dict.fromkeys(asked, COMMON)}))
    project.load("thin", c.raw.to_arrow(logs["thin"]), TYPES)
    project.set_vars(driftline_thresholds=[
        {"monitor": "each_length", "family": "drift", "segments": "each", "windows": "each"},
        {"monitor": "more_rows", "family": "drift", "versions": "each", "min_rows": 20},
        {"monitor": "previous_window", "family": "drift", "metric": "psi", "baseline": "previous", "segments": "each",
         "warn": 0.1},
        {"monitor": "trends", "segment": "market"},
        {"monitor": "counted", "family": "volume", "segments": "each", "versions": "each"},
    ])  # fmt: skip
    project.build("--select", "+driftline_int_judgements")
    of = {name: {f[2:] for f in frames(project, "driftline_drift", name, "segment <> 'all'")} for name in asked}
    assert of["others"] == {(7, "reference")}
    assert {(1, "reference"), (7, "reference")} <= of["each_length"]
    assert {(1, "reference"), (7, "reference")} <= of["more_rows"]
    assert {(7, "reference"), (7, "previous")} <= of["previous_window"]
    assert {(1, "reference"), (7, "reference")} <= of["trends"]
    # What is behind an alert on a segment may be one version of it.
    crossed = "model_version <> 'all' and segment <> 'all'"
    assert {name for name in asked if frames(project, "driftline_drift", name, crossed)} == {
        "each_length", "more_rows", "previous_window", "trends",
    }  # fmt: skip
    judged = project.sql(
        "select distinct monitor, window_periods, baseline from driftline_int_judgements"
        " where family = 'drift' and segment <> 'all' and metric = 'psi'"
    )
    assert {(m, int(n), b) for m, n, b in judged} == {
        ("each_length", 1, "reference"), ("each_length", 7, "reference"), ("trends", 7, "reference"),
        ("previous_window", 7, "previous"),
    }  # fmt: skip


def test_a_thin_segment_is_judged_by_its_own_next_length(make_project: Callable[..., Any]) -> None:
    """South has 19 of 130 rows a day and moves by two deviations from the 30th day on."""
    rng = np.random.default_rng(4)
    n = 40 * 130
    day = np.arange(n) // 130
    market = rng.choice(["north", "south"], n, p=[0.85, 0.15])
    rows = pd.DataFrame({
        "at": [datetime(2024, 1, 1, 8) + timedelta(days=int(number)) for number in day],
        "x": rng.normal(size=n) + 2 * ((market == "south") & (day >= 30)), "version": "v1", "market": market,
        "label": rng.integers(0, 2, n), "score": rng.random(n),
    })  # fmt: skip
    project: Project = make_project(**c.project_arguments({"log": {"asked": COMMON, "not_asked": COMMON}}))
    project.load("log", rows, TYPES)
    project.set_vars(
        driftline_now="2024-02-10",
        driftline_thresholds=[{"monitor": "asked", "family": "drift", "segment": "market"}],
    )
    project.build("--select", "+driftline_alerts")
    assert {f[2] for f in frames(project, "driftline_drift", "asked", "segment <> 'all'")} == {1, 7}
    assert {f[2] for f in frames(project, "driftline_drift", "not_asked", "segment <> 'all'")} == {1}
    judged = project.sql(
        "select distinct segment_value, window_periods, chosen_because from driftline_int_judgements"
        " where monitor = 'asked' and metric = 'mean_shift' and segment_value in ('all', 'north', 'south')"
    )
    assert sorted(judged) == [
        ("all", 1, "shortest"), ("north", 1, "shortest"), ("south", 7, "shorter windows have fewer than 100 rows"),
    ]  # fmt: skip
    alerts = project.sql(
        "select distinct monitor, column_name from driftline_alerts"
        " where segment_value = 'south' and family = 'drift' and status = 'open'"
        " and first_window_start between timestamp '2024-01-24' and timestamp '2024-01-31'"
    )
    assert alerts == [("asked", "x")]


def test_a_changed_detail_rebuilds_no_state(make_project: Callable[..., Any], logs: dict[str, pd.DataFrame]) -> None:
    project: Project = make_project(**c.project_arguments({"thin": {"thin_log": COMMON}}))
    project.load("thin", c.raw.to_arrow(logs["thin"]), TYPES)
    select = ("--select", "+driftline_drift")
    project.build(*select)
    before = project.sql("select min(computed_at) from thin_log where record = 'bin'")
    few = project.frame("select * from driftline_drift")
    project.model("monitors/thin_log", c.monitor_model({**COMMON, "detail": "all"}, "thin"))
    project.build(*select)
    assert project.sql("select min(computed_at) from thin_log where record = 'bin'") == before
    assert len(frames(project, "driftline_drift", "thin_log")) == 32
    # A state that has no such setting is one by default.
    project.execute("delete from thin_log where column_name = 'detail'")
    project.build("--select", "+driftline_drift", "--exclude", "thin_log")
    again = project.frame("select * from driftline_drift")
    assert c.compare(few.drop(columns="computed_at"), again, c.raw.DRIFT_KEY) == []


FAMILIES = {
    "drift": "driftline_drift", "quality": "driftline_quality", "business": "driftline_business",
    "performance": "driftline_performance", "concept": "driftline_concept", "fairness": "driftline_fairness",
    "comparisons": "driftline_comparisons",
}  # fmt: skip


def test_baselines_and_families_can_be_left_out(
    make_project: Callable[..., Any], logs: dict[str, pd.DataFrame]
) -> None:
    """In one project with a monitor that leaves nothing out; then alone, where the others' models have nothing to do."""
    scored = {**COMMON, **SCORED, "min_labelled_share": 0.1}
    of = {"whole": scored} | {f"only_{family}": {**scored, "families": [family]} for family in FAMILIES}
    of["near"] = {**COMMON, "baselines": ["previous"], "families": "drift"}
    project: Project = make_project(**c.project_arguments({"dense": of}))
    project.load("dense", c.raw.to_arrow(logs["dense"]), TYPES)
    project.build("--select", "+driftline_changes", *(f"+{table}" for table in FAMILIES.values()))
    for family, table in FAMILIES.items():
        found = dict(project.sql(f"select monitor, count(*) from {table} group by monitor"))
        assert set(found) - {"near"} == {"whole", f"only_{family}"}
        assert found["whole"] == found[f"only_{family}"]
    assert project.sql("select distinct baseline from driftline_drift where monitor = 'near' order by 1") == [
        ("previous",), ("reference",),
    ]  # fmt: skip
    assert project.sql("select distinct monitor from driftline_changes") == [("whole",)]
    project.set_vars(driftline_monitors=["only_drift"])
    project.build("--select", "package:driftline")
    for family, table in FAMILIES.items():
        assert (project.sql(f"select count(*) from {table}")[0][0] > 0) == (family == "drift")
