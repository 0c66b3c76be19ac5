"""Business metrics held against the reference once a change has lasted: what stays told, and what is never told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

FIRST = pd.Timestamp("2024-01-01")  # a Monday
DAYS, CHANGE, REFERENCE = 150, 70, 42
WEEK = np.array([1.0, 1.0, 1.1, 1.0, 1.2, 0.6, 0.5])
MONITOR = """
{{{{ driftline.monitor(relation=source('raw', 'log'), timestamp='at', segments=['series'],
    reference={{'start': '{first:%Y-%m-%d}', 'end': '{end:%Y-%m-%d}'}}, business_metrics={metrics}) }}}}
"""
day = np.arange(DAYS)
after = day >= CHANGE
# What is done to the level of each metric; whether it has to be open at the end.
WORLDS: dict[str, tuple[Any, bool]] = {
    "halved": (np.where(after, 0.5, 1.0), True),
    "halved_in_the_week": (np.where(after, 0.5, 1.0) * WEEK[day % 7], True),
    "half_as_much_again": (np.where(after, 1.5, 1.0), True),
    "two_months_then_back": (np.where(after & (day < CHANGE + 60), 0.5, 1.0), False),
    "a_week": (np.where(after & (day < CHANGE + 7), 0.5, 1.0), False),
    "one_day": (np.where(day == CHANGE, 5.0, 1.0), False),
    "growth": (1.3 ** (day / 100), False),
    "a_week_while_it_grows": (1.3 ** (day / 100) * np.where(after & (day < CHANGE + 7), 0.5, 1.0), False),
    "season": (1 + 0.4 * np.sin(2 * np.pi * (day - REFERENCE) / 365) * (day > REFERENCE), False),
    "nothing": (np.ones(DAYS), False),
    "nothing_in_the_week": (WEEK[day % 7], False),
}
SERIES = 8


@pytest.fixture(scope="module")
def built(make_module_project: Callable[..., Any]) -> Any:
    rng = np.random.default_rng(5)
    series, every = (part.ravel() for part in np.meshgrid(np.arange(SERIES), day, indexing="ij"))
    columns = {name: np.asarray(level)[every] * rng.normal(1, 0.06, len(every)) for name, (level, _) in WORLDS.items()}
    log = pd.DataFrame({"at": FIRST + pd.to_timedelta(every, unit="D"), "series": series.astype(str), **columns})
    metrics = {name: {"numerator": name, "denominator": "1"} for name in WORLDS}
    end = FIRST + pd.Timedelta(days=REFERENCE)
    project = make_module_project(
        models={"monitors/shops": MONITOR.format(metrics=metrics, first=FIRST, end=end)},
        tables={"log": log},
        vars={
            "driftline_monitors": ["shops"], "driftline_now": str(FIRST + pd.Timedelta(days=DAYS)),
            "driftline_windows": {"day": [1]},
            "driftline_thresholds": [{"family": "business", "segments": "each", "min_rows": 1}],
        },
    )  # fmt: skip
    project.build("--select", "monitors", "+driftline_alerts", "+driftline_incidents")
    return project


@pytest.mark.parametrize("world", WORLDS)
def test_what_lasts_stays_told_and_nothing_else_does(built: Any, world: str, figure: Callable[..., None]) -> None:
    rows = built.sql(
        "select segment_value, baseline, status, first_window_start, incident_id from driftline_alerts"
        f" where family = 'business' and metric = '{world}' and segment = 'series' order by 1, 4"
    )
    is_told = WORLDS[world][1]
    held = [row for row in rows if row[1] == "reference"]
    still = {row[0] for row in rows if row[2] == "open"}
    late = [row for row in rows if (row[3] - FIRST).days >= CHANGE]
    figure(
        f"held against the reference, {world}",
        f"{len(still)} of {SERIES} open at the end, {len(late) / SERIES:.1f} alerts and"
        f" {len({row[4] for row in late})} incidents since, {len(held)} by the reference",
    )
    if is_told:
        assert len(still) == SERIES
        assert {row[0] for row in held if row[2] == "open"} == still
        # The windows before tell it first, and hand it over.
        assert {row[0] for row in late if row[1] == "trailing" and (row[3] - FIRST).days == CHANGE} == still
        assert len(late) <= 2.2 * SERIES and len({row[4] for row in late}) == 1
    else:
        assert not [row for row in held if row[2] == "open"]
        if world != "two_months_then_back":
            assert not held
