"""Runs that build some of the results, or under other settings, leave nothing behind that one build would not make."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from state.states import declare
from support import Project

START, DAYS, ROWS_A_DAY = datetime(2024, 1, 1), 40, 60
RESULTS = ["drift", "quality", "performance", "concept", "fairness", "comparisons", "metrics", "latest"]
# What is looked at, and all that it follows from.
WHOLE = ("--select", *(f"+driftline_{name}" for name in RESULTS), "+driftline_int_kept")
OTHER = {"driftline_alpha": 0.2}
CALENDAR = {
    "driftline_events": [
        {"event": "outage", "first_day": "2024-01-20", "last_day": "2024-01-22", "kind": "incident"},
        {"event": "of one column", "first_day": "2024-02-01", "moves": "x"},
        {"event": "to come", "first_day": "2024-03-01"},
        {"event": "release", "first_day": "2024-01-14", "kind": "deploy"},
    ]
}
# Selections of a run on the way, with its variables; what is whole is built after each of them.
DETOURS: dict[str, list[tuple[list[str], dict[str, Any]]]] = {
    "one result under other settings": [(["--select", "+driftline_quality"], OTHER)],
    "one anew, another on top of its steps": [
        (["--select", "+driftline_quality"], OTHER),
        (["--select", "driftline_drift"], OTHER),
    ],
    "all but one under other settings": [(["--exclude", "driftline_performance"], OTHER)],
    "one in full": [(["--full-refresh", "--select", "+driftline_concept"], {})],
    "one result under another calendar": [(["--select", "+driftline_drift"], CALENDAR)],
    "the windows of a run alone": [(["--select", "driftline_int_scopes"], OTHER)],
}


def log() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    rows = DAYS * ROWS_A_DAY
    frame = pd.DataFrame({
        "at": [START + timedelta(days=row // ROWS_A_DAY, hours=8) for row in range(rows)],
        "x": rng.normal(size=rows).round(3),
        "market": rng.choice(["north", "south"], rows),
        "version": rng.choice(["v1", "v2"], rows),
        "score": rng.random(rows).round(3),
    })  # fmt: skip
    frame["label"] = (rng.random(rows) < frame["score"]).astype(int)
    frame.loc[rng.random(rows) < 0.05, "x"] = None
    frame.attrs["text"] = ["market", "version"]
    return frame


def contents(project: Project) -> dict[str, pd.DataFrame]:
    tables = {}
    for name in RESULTS:
        rows = project.frame(f"select * from driftline_{name}")
        rows = rows.drop(columns=[column for column in ("computed_at", "rules_hash") if column in rows])
        tables[name] = rows.sort_values(list(rows.columns), ignore_index=True)
    return tables


@pytest.fixture(scope="module")
def project(make_module_project: Callable[..., Project]) -> Project:
    made = make_module_project(
        models={
            "monitors/shop": declare(
                timestamp="at", reference={"start": "2024-01-03", "end": "2024-01-13"}, numeric=["x"], bins=4,
                prediction="score", label="label", task="binary", segments=["market"], model_version="version",
                business_metrics={"sold": {"sum": "label"}},
            )
        },
        tables={"log": log()},
        vars={"driftline_now": "2024-02-10", "driftline_monitors": ["shop"], "driftline_windows": {"day": [1, 7]}},
    )  # fmt: skip
    made.build(*WHOLE)
    return made


@pytest.fixture(scope="module")
def whole(project: Project) -> dict[str, pd.DataFrame]:
    return contents(project)


@pytest.mark.parametrize("detour", DETOURS)
def test_what_a_run_on_the_way_has_left_is_gone(project: Project, whole: dict[str, pd.DataFrame], detour: str) -> None:
    for selection, variables in DETOURS[detour]:
        project.run(["build", *selection], vars=variables)
    project.build(*WHOLE)
    for name, expected in contents(project).items():
        assert len(expected) > 0, name
        pd.testing.assert_frame_equal(expected, whole[name], check_dtype=False, rtol=1e-9, obj=name)


def test_what_is_only_told_computes_no_window_anew(project: Project, whole: dict[str, pd.DataFrame]) -> None:
    """What is computed anew in each build takes no kept window with it; drift begins where the calendar differs."""
    told = {
        "driftline_events": [{"event": "sale", "first_day": "2024-01-20", "last_day": "2024-01-22"}],
        "driftline_unit_values": {"shop": {"sold": {"value": 25, "unit": "GBP"}}},
    }
    for name, value in told.items():
        project.build("--select", "driftline_int_scopes", vars={name: value})
        assert project.sql("select distinct is_anew from driftline_int_scopes") == [(False,)], name


def test_another_calendar_computes_what_it_changes(project: Project, whole: dict[str, pd.DataFrame]) -> None:
    """Baselines of drift leave events out: windows from the first other event on are computed again, and no others."""
    project.build(*WHOLE, vars=CALENDAR)
    since = project.sql("select distinct is_anew, changed_from from driftline_int_scopes")
    assert since == [(False, datetime(2024, 1, 20))]
    found = contents(project)
    assert not found["drift"].equals(whole["drift"])
    project.build("--full-refresh", *WHOLE, vars=CALENDAR)
    for name, rows in contents(project).items():
        pd.testing.assert_frame_equal(found[name], rows, check_dtype=False, rtol=1e-9, obj=name)
    project.build(*WHOLE)
    for name, rows in contents(project).items():
        pd.testing.assert_frame_equal(rows, whole[name], check_dtype=False, rtol=1e-9, obj=name)


def test_other_settings_do_change_something(project: Project, whole: dict[str, pd.DataFrame]) -> None:
    """Else the detours would be none. It comes last, so that nobody has to take it back."""
    project.build(*WHOLE, vars=OTHER)
    changed = contents(project)
    for name in ("drift", "quality", "performance", "concept"):
        assert not changed[name].equals(whole[name]), name
