"""A reference that excludes spans: the oracle finds the same from the raw rows, and what it is for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from state.states import declare

from measures import comparison as c

METRICS = {"conversion": {"numerator": "bought", "denominator": "1"}, "revenue": {"sum": "spent"}}
# Days without rows (an outage), half a day and a whole one, spans that overlap and one that reaches out.
DECLARATIONS: dict[str, dict[str, Any]] = {
    "daily": {
        "period": "day", "timezone": "Asia/Tokyo",
        "reference": {"start": "2024-03-02", "end": "2024-04-10", "exclude": [
            {"start": "2024-03-20 15:00:00", "end": "2024-03-22"}, {"start": "2024-03-12", "end": "2024-03-14"},
            {"start": "2024-03-13", "end": "2024-03-14"}, {"start": "2024-04-08", "end": "2024-05-01"},
        ]},
        "numeric": ["x"], "bins": 10, "business_metrics": METRICS,
    },
    "weekly": {
        "period": "week",
        "reference": {"start": "2024-03-04", "end": "2024-04-15", "exclude": [{"start": "2024-03-20", "end": "2024-03-22"}]},
        "numeric": ["x"], "categorical": ["market"], "bins": 10, "top_categories": 5, "segments": ["market"], "detail": "all",
        "business_metrics": METRICS,
    },
    "hourly": {
        "period": "hour", "timezone": "Europe/London", "windows": [1, 24],
        "reference": {"start": "2024-03-28", "end": "2024-04-06", "exclude": [
            {"start": "2024-03-30", "end": "2024-03-31"}, {"start": "2024-04-02", "end": "2024-04-03 12:30:00"},
        ]},
        "numeric": ["x"], "bins": 5, "business_metrics": METRICS,
    },
}  # fmt: skip
NOW = "2024-05-20 09:00:00"


def log(first: str, days: int, rows_a_day: int, seed: int) -> pd.DataFrame:
    """Rows at random; none on two days, others than usual for one and a half."""
    rng = np.random.default_rng(seed)
    start = datetime.fromisoformat(first)
    minute = np.sort(rng.integers(0, days * 1440, days * rows_a_day))
    at = pd.to_datetime([start + timedelta(minutes=int(m)) for m in minute])
    odd = (at >= "2024-03-20 06:00") & (at < "2024-03-21 15:00")
    frame = pd.DataFrame({
        "at": at, "x": rng.normal(0, 1, len(at)).round(3) + np.where(odd, 40, 0),
        "spent": rng.gamma(2, 10, len(at)).round(2) * np.where(odd, 20, 1),
        "bought": (rng.random(len(at)) < 0.4).astype(int), "market": rng.choice(["north", "south"], len(at)),
    })  # fmt: skip
    return frame[~((at >= "2024-03-11 15:00") & (at < "2024-03-13 15:00"))].reset_index(drop=True)


@pytest.fixture(scope="module")
def built(make_module_project: Callable[..., Any]) -> tuple[Any, dict[str, pd.DataFrame]]:
    tables = {
        "daily": log("2024-03-01", 75, 15, 1),
        "weekly": log("2024-03-04", 70, 12, 2),
        "hourly": log("2024-03-26", 16, 60, 3),
    }
    plain = {name: {k: v for k, v in d.items() if k != "windows"} for name, d in DECLARATIONS.items()}
    arguments = c.project_arguments({f"{name}_log": {name: plain[name]} for name in DECLARATIONS})
    arguments["vars"] |= {"driftline_now": NOW, "driftline_windows": {**c.WINDOWS, "hour": [1, 24]}}
    project = make_module_project(**arguments, tables={f"{name}_log": rows for name, rows in tables.items()})
    project.build("--select", *c.MEASURES)
    return project, tables


@pytest.mark.parametrize("name", DECLARATIONS)
def test_the_oracle_finds_the_same(built: tuple[Any, dict[str, pd.DataFrame]], name: str) -> None:
    project, tables = built
    declaration = {**c.for_oracle(name, DECLARATIONS[name]), "now": NOW}
    got = c.read(project, name)
    wrong = c.differences(tables[name], declaration, got) + c.wrong_bins(tables[name], declaration, got)
    assert not wrong, "\n".join(wrong)


def test_what_is_excluded_is_neither_usual_nor_noise(
    make_project: Callable[..., Any], figure: Callable[..., None]
) -> None:
    """Half of the reference's third week is an outage; a drop by a third comes a month later."""
    rng = np.random.default_rng(5)
    days, rows = 100, 200
    day = np.repeat(np.arange(days), rows)
    broken = (day >= 14) & (day < 18)
    frame = pd.DataFrame({
        "at": [datetime(2024, 1, 1) + timedelta(days=int(d), hours=9) for d in day],
        "x": rng.normal(0, 1, len(day)) + np.where(broken, 4, 0) + np.where(day == 90, 0.6, 0),
        "spent": rng.gamma(4, 5, len(day)) * np.where(broken, 0.1, 1),
    })  # fmt: skip
    span = {"start": "2024-01-01", "end": "2024-02-12"}
    arguments: dict[str, Any] = {"timestamp": "at", "numeric": ["x"], "business_metrics": {"revenue": {"sum": "spent"}}}
    without = [{"start": "2024-01-15", "end": "2024-01-19"}]
    project = make_project(
        models={
            "monitors/whole": declare(reference=span, **arguments),
            "monitors/part": declare(reference={**span, "exclude": without}, **arguments),
        },
        tables={"log": frame},
        vars={
            "driftline_monitors": ["whole", "part"],
            "driftline_now": "2024-04-10",
            "driftline_windows": {"day": [1, 7]},
        },
    )
    project.build("--select", "+driftline_alerts", "+driftline_monitors")
    noise = dict(project.sql(
        "select monitor, min(noise_floor) from driftline_drift where baseline = 'reference' and window_periods = 1 group by 1"
    ))  # fmt: skip
    figure(
        "noise floor of PSI, an outage in the reference and excluded", f"{noise['whole']:.2f} and {noise['part']:.2f}"
    )
    assert noise["part"] < 0.2 * noise["whole"]
    usual = dict(project.sql(
        "select monitor, max(reference_value) from driftline_business where window_periods = 1"
        " and window_start = timestamp '2024-03-01' group by 1"
    ))  # fmt: skip
    day_of_reference = frame["spent"][(day < 42) & ~broken].sum() / 38
    assert abs(usual["part"] / day_of_reference - 1) < 1e-9 and usual["whole"] < 0.93 * day_of_reference
    # A shift by 0.6 standard deviations on one day.
    told = project.sql(
        "select distinct monitor from driftline_alerts where family = 'drift' and first_window_start = timestamp '2024-03-31'"
    )
    assert told == [("part",)]
    # Windows that touch it are none of the reference; the others still are.
    rows_of = dict(project.sql(
        "select monitor, count(*) from driftline_int_maturity where is_reference and window_periods = 7 group by 1"
    ))  # fmt: skip
    assert rows_of == {"whole": 42 - 6, "part": 42 - 6 - 10}
    assert project.sql("select monitor, reference_exclude from driftline_monitors order by 1") == [
        ("part", "2024-01-15 00:00:00 to 2024-01-19 00:00:00"), ("whole", None)
    ]  # fmt: skip
