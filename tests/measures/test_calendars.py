"""Every kind of period with its own windows, baselines and seasons, over gaps short and long and on to the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from oracle import raw

from measures import comparison as c

METRICS = {"revenue": {"sum": "spent"}, "price": {"numerator": "spent", "denominator": "1"}}
# Some weeks after the last row of a year's log, more than a year after that of the hours and the days.
NOW = "2025-06-20 09:00:00"
COMMON = {"now": NOW, "numeric": ["x"], "bins": 10, "business_metrics": METRICS}
# Windows are those of the package, and so are the trailing baseline and the season: the oracle has its own defaults.
HOUR, DAY, WEEK, MONTH = ({"windows": raw.DEFAULT_WINDOWS[p]} for p in ("hour", "day", "week", "month"))
DECLARATIONS: dict[str, dict[str, Any]] = {
    "hourly": {
        "period": "hour",
        "reference": {"start": "2024-03-25", "end": "2024-03-28 12:00:00"},
        **HOUR,
        **COMMON,
    },
    # The clock goes forward on the 31st.
    "daily": {
        "period": "day",
        "timezone": "Europe/Berlin",
        "reference": {"start": "2024-03-01", "end": "2024-04-01"},
        **DAY,
        **COMMON,
    },
    "weekly": {"period": "week", "reference": {"start": "2024-01-03", "end": "2024-04-01"}, **WEEK, **COMMON},
    "monthly": {
        "period": "month",
        "timezone": "America/New_York",
        "reference": {"start": "2023-01-01", "end": "2023-07-01"},
        "segments": ["shop"],
        "detail": "all",
        **MONTH,
        **COMMON,
    },
}
TABLES = {"hourly": "hours", "daily": "days", "weekly": "years", "monthly": "years"}


def rows_between(start: datetime, spans: list[tuple[float, float]], n: int, seed: int) -> pd.DataFrame:
    """n rows at random within the spans, which are days since the start."""
    rng = np.random.default_rng(seed)
    first, last = (np.asarray(side) for side in zip(*spans, strict=True))
    span = rng.choice(len(spans), n, p=(last - first) / (last - first).sum())
    days = np.sort(rng.uniform(first[span], last[span]))
    return pd.DataFrame(
        {
            "at": pd.to_datetime([start + timedelta(minutes=int(1440 * d)) for d in days]),
            "x": rng.normal(days / days.max(), 1.0),
            "spent": rng.gamma(2, 10, n).round(2),
            "shop": rng.choice(["first", "second"], n, p=[0.9, 0.1]),
        }
    )


@pytest.fixture(scope="module")
def built(make_module_project: Callable[..., Any]) -> tuple[Any, dict[str, pd.DataFrame]]:
    tables = {
        "hours": rows_between(datetime(2024, 3, 24, 20), [(0, 2), (2.4, 5), (14.5, 16)], 300, 1),
        # A silence longer than any window or baseline reaches back, and then a short one.
        "days": rows_between(datetime(2024, 2, 25), [(0, 45), (300, 310), (318, 330)], 400, 2),
        "years": rows_between(datetime(2022, 11, 20), [(0, 500), (560, 900)], 500, 3),
    }
    arguments = c.project_arguments({t: {n: d for n, d in DECLARATIONS.items() if TABLES[n] == t} for t in tables})
    arguments["vars"].pop("driftline_windows")
    arguments["vars"]["driftline_now"] = NOW
    project = make_module_project(**arguments, tables=tables)
    project.build("--select", *c.MEASURES)
    return project, tables


@pytest.mark.parametrize("name", DECLARATIONS)
def test_periods(built: tuple[Any, dict[str, pd.DataFrame]], name: str) -> None:
    project, tables = built
    wrong = c.everything_wrong(tables[TABLES[name]], name, DECLARATIONS[name], project)
    assert not wrong, "\n".join(wrong)
