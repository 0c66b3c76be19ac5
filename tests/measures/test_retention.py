"""Old windows that the result tables let go: which ones, that nothing else changes by it, and that they come back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from state.states import declare_with, source
from support import Project

START, DAYS, KEPT = datetime(2024, 1, 1), 70, 20
SHORT = START + timedelta(days=DAYS - KEPT)
# The reference lies in what is let go, and so does an alert that is over: many rows of x are NULL on three days.
REFERENCE = (START + timedelta(days=4), START + timedelta(days=16))
BROKEN = [START + timedelta(days=day) for day in (25, 26, 27)]
SCORED = {"prediction": "score", "label": "label", "task": "binary"}
MONITORS: dict[str, dict[str, Any]] = {
    "spans": {
        **SCORED,
        "reference": {"start": "2024-01-05", "end": "2024-01-17"},
        "segments": ["market"],
        "model_version": "version",
    },
    "timeless": {**SCORED, "reference": {"relation": source("training")}},
    # An alert that began in what is let go and is still open.
    "lasting": {"reference": {"start": "2024-01-05", "end": "2024-01-17"}, "numeric": ["y"]},
}
VARS = {
    "driftline_now": "2024-03-11",
    "driftline_monitors": list(MONITORS),
    "driftline_windows": {"day": [1, 7]},
    "driftline_trailing": {"day": 7},
}
# What looks at the windows before: the history of a measure, and how far its estimates were off, are those that are kept.
RESULTS = ["drift", "quality", "business", "performance", "concept", "fairness", "arrivals", "comparisons"]
MEASURES = ["--select", *(f"+driftline_{name}" for name in RESULTS)]
ALERTS = [*MEASURES, "+driftline_alerts"]


def log(start: datetime, days: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = 130 * days
    frame = pd.DataFrame({
        "at": [start + timedelta(days=row // 130, hours=8) for row in range(rows)],
        "x": rng.normal(size=rows).round(3),
        "market": rng.choice(["north", "south"], rows),
        "version": rng.choice(["v1", "v2"], rows),
        "score": rng.random(rows).round(3),
    })  # fmt: skip
    frame["label"] = (rng.random(rows) < frame["score"]).astype(int)
    day = frame["at"].dt.normalize()
    frame.loc[day.isin(BROKEN) & (rng.random(rows) < 0.6), "x"] = None
    frame["y"] = np.where((day >= START + timedelta(days=30)) & (rng.random(rows) < 0.5), None, frame["x"] + 1)
    frame["y"] = frame["y"].astype(float)
    frame.attrs["text"] = ["market", "version"]
    return frame


def contents(project: Project) -> dict[str, pd.DataFrame]:
    tables = {}
    for name in RESULTS:
        rows = project.frame(f"select * from driftline_{name}")
        dropped = [column for column in ("computed_at", "rules_hash") if column in rows]
        rows = rows.drop(columns=dropped)
        tables[name] = rows.sort_values(list(rows.columns), ignore_index=True)
    return tables


def is_kept(rows: pd.DataFrame) -> pd.Series:
    """By the rule as the documentation says it, in words of one monitor's windows."""
    in_reference = (rows["window_end"] > REFERENCE[0]) & (rows["window_start"] < REFERENCE[1])
    # 28 windows from the first period on where the reference has no time.
    early = rows["window_start"] < START + timedelta(days=28)
    of_reference = np.where(rows["monitor"] == "timeless", early, in_reference)
    newest = rows["window_end"] > SHORT
    return (rows["window_periods"] != 1) | newest | of_reference


@pytest.fixture(scope="module")
def project(make_module_project: Callable[..., Project]) -> Project:
    common = {
        "timestamp": "at",
        "period": "day",
        "numeric": ["x"],
        "bins": 4,
        "business_metrics": {"sold": {"sum": "label"}},
    }
    made = make_module_project(
        models={
            f"monitors/{name}": declare_with({"relation": source("log"), **common, **given})
            for name, given in MONITORS.items()
        },
        tables={"log": log(START, DAYS, 1), "training": log(START, 12, 2)},
        vars=VARS,
    )
    made.build(*ALERTS)
    return made


def test_what_is_let_go_and_what_stays(project: Project) -> None:
    whole = contents(project)
    states = project.sql("select period_start, count(*) from spans group by 1 order by 1")
    alerts = project.frame("select * from driftline_alerts order by alert_id")
    over = alerts[(alerts["last_window_end"] <= SHORT) & (alerts["window_periods"] == 1)]
    lasting = alerts[(alerts["monitor"] == "lasting") & (alerts["family"] == "quality") & (alerts["status"] == "open")]
    assert len(over) > 0 and len(lasting) > 0 and (lasting["first_window_start"] < SHORT).all()

    project.build(*ALERTS, vars={"driftline_retention": {"day": {1: KEPT}}})

    short = contents(project)
    for name in RESULTS:
        kept = is_kept(whole[name])
        assert 0 < kept.sum() < len(kept), name
        expected = whole[name][kept].reset_index(drop=True)
        # Where no text is left, pandas does not know that it was one: None and NaN are two things to it.
        nothing = [column for column in expected if expected[column].isna().all()]
        assert short[name][nothing].isna().all(axis=None), name
        pd.testing.assert_frame_equal(
            short[name].drop(columns=nothing), expected.drop(columns=nothing), check_dtype=False, obj=name
        )
    assert project.sql("select period_start, count(*) from spans group by 1 order by 1") == states
    # What was told of windows that are gone stays told, word for word.
    now = project.frame("select * from driftline_alerts order by alert_id")
    pd.testing.assert_frame_equal(now, alerts, check_dtype=False)

    # A day later, too: which breaches are gone is not counted again.
    later_on = {"driftline_retention": {"day": {1: KEPT}}, "driftline_now": "2024-03-12"}
    project.build("--select", "+driftline_alerts", vars=later_on)
    later = project.frame("select * from driftline_alerts order by alert_id")
    began = alerts[(alerts["first_window_start"] < SHORT) & (alerts["window_periods"] == 1)]
    same = ["alert_id", "first_window_start", "opened_at", "windows_breached"]
    found = later[later["alert_id"].isin(began["alert_id"])]
    pd.testing.assert_frame_equal(
        found[same].reset_index(drop=True), began[same].reset_index(drop=True), check_dtype=False
    )

    # Nothing of it has to be kept in mind: without the variable all is there again.
    project.build(*MEASURES)
    for name, expected in whole.items():
        pd.testing.assert_frame_equal(contents(project)[name], expected, check_dtype=False, obj=name)
