"""What the calendar does to business metrics: the oracle finds the same from the raw rows, and what it is for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from oracle import raw

from measures import comparison as c

METRICS = {"revenue": {"sum": "spent"}, "price": {"numerator": "spent", "denominator": "1"}, "sold": {"sum": "bought"}}
# A year later it is a day earlier and a day longer.
EVENTS: list[dict[str, Any]] = [
    {"event": "sale", "first_day": "2023-03-06", "last_day": "2023-03-10", "kind": "campaign"},
    {"event": "sale", "first_day": "2024-03-05", "last_day": "2024-03-10", "kind": "campaign"},
    {"event": "outage", "first_day": "2023-02-14", "kind": "incident", "moves": "business"},
    {"event": "outage of the price", "first_day": "2023-05-01", "last_day": "2023-05-20", "moves": "price"},
    {"event": "release", "first_day": "2023-03-21", "last_day": "2023-04-01", "kind": "deploy"},
    # The same name, too long ago for the same event.
    {"event": "release", "first_day": "2024-08-01", "last_day": "2024-08-20", "kind": "deploy"},
]
END = "2024-04-01"
COMMON = {"now": f"{END} 09:00:00", "numeric": ["x"], "bins": 10, "business_metrics": METRICS, "events": EVENTS}
DECLARATIONS: dict[str, dict[str, Any]] = {
    "daily": {
        "period": "day", "reference": {"start": "2023-01-01", "end": "2023-02-01"},
        "windows": [1, 7], **COMMON,
    },
    "weekly": {
        "period": "week", "reference": {"start": "2023-01-02", "end": "2023-02-06"},
        "windows": [1, 2], **COMMON,
    },
    "hourly": {
        "period": "hour", "reference": {"start": "2023-02-12", "end": "2023-02-14"},
        "windows": [1, 24], **COMMON,
    },
}  # fmt: skip


def sold(days: int, start: datetime, n: int, seed: int, gap: tuple[float, float], change: float) -> pd.DataFrame:
    """Rows at random, none in the gap; from the change on what is spent is a tenth."""
    rng = np.random.default_rng(seed)
    day = np.sort(rng.uniform(0, days, n))
    day = day[(day < gap[0]) | (day > gap[1])]
    at = pd.to_datetime([start + timedelta(minutes=int(1440 * d)) for d in day])
    return pd.DataFrame({
        "at": at, "x": rng.normal(0, 1, len(day)), "spent": (rng.gamma(2, 10, len(day)) * np.where(day < change, 1, 0.1)).round(2),
        "bought": (rng.random(len(day)) < 0.4).astype(int),
    })  # fmt: skip


def project_of(make: Callable[..., Any], declarations: dict[str, Any], tables: dict[str, Any]) -> Any:
    plain = {n: {k: v for k, v in d.items() if k != "events"} for n, d in declarations.items()}
    arguments = c.project_arguments({f"{name}_log": {name: plain[name]} for name in declarations})
    lengths = {d["period"]: d["windows"] for d in declarations.values()}
    arguments["vars"] |= {"driftline_now": COMMON["now"], "driftline_events": EVENTS, "driftline_windows": lengths}
    return make(**arguments, tables={f"{name}_log": rows for name, rows in tables.items()})


@pytest.fixture(scope="module")
def built(make_module_project: Callable[..., Any]) -> tuple[Any, dict[str, pd.DataFrame]]:
    tables = {
        # A silence longer than any window looks back, and a short one.
        "daily": sold(455, datetime(2023, 1, 1), 2600, 1, (150, 350), 412),
        "weekly": sold(455, datetime(2023, 1, 1), 1500, 2, (200, 210), 250),
        "hourly": sold(28, datetime(2023, 2, 10), 1500, 3, (15, 15.5), 16),
    }
    project = project_of(make_module_project, DECLARATIONS, tables)
    project.build("--select", "+driftline_business")
    return project, tables


@pytest.mark.parametrize("name", DECLARATIONS)
def test_the_oracle_expects_the_same(built: tuple[Any, dict[str, pd.DataFrame]], name: str) -> None:
    project, tables = built
    declaration = c.for_oracle(name, DECLARATIONS[name])
    want = raw.expected(tables[name], declaration).business
    got = project.frame(f"select * from driftline_business where monitor = '{name}'")
    wrong = c.compare(want, got, raw.BUSINESS_KEY)
    assert not wrong, "\n".join(wrong)
    by_event = got["event"].notna()
    # By day and by week there are too few windows, and too wide a noise, for that.
    assert got["is_held_against_reference"].any() == (name == "hourly")
    assert by_event.any() == (name != "hourly")
    assert set(got["event"][by_event]) <= {"sale"}
