"""What the calendar does to the windows that drift is held against: the oracle finds the same from the raw rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from measures import comparison as c

EVENTS: list[dict[str, Any]] = [
    {"event": "sale", "first_day": "2024-02-06", "last_day": "2024-02-09", "kind": "campaign"},
    {"event": "outage of x", "first_day": "2024-02-20", "kind": "incident", "moves": "x"},
    {"event": "of another family", "first_day": "2024-02-26", "moves": "business"},
    {"event": "release", "first_day": "2024-02-15", "last_day": "2024-02-18", "kind": "deploy"},
    {"event": "all of drift", "first_day": "2024-03-01", "last_day": "2024-03-02", "moves": "drift"},
]
COMMON = {"numeric": ["x"], "categorical": ["kind"], "bins": 10, "top_categories": 5, "events": EVENTS}
DECLARATIONS: dict[str, dict[str, Any]] = {
    "daily": {"period": "day", "reference": {"start": "2024-01-01", "end": "2024-01-20"}, **COMMON},
    "weekly": {"period": "week", "reference": {"start": "2024-01-01", "end": "2024-01-22"}, **COMMON},
}
NOW = "2024-03-20 09:00:00"


@pytest.fixture(scope="module")
def built(make_module_project: Callable[..., Any]) -> tuple[Any, pd.DataFrame]:
    rng = np.random.default_rng(4)
    minute = np.sort(rng.integers(0, 78 * 1440, 1600))
    rows = pd.DataFrame({
        "at": [datetime(2024, 1, 1) + timedelta(minutes=int(m)) for m in minute],
        "x": rng.normal(0, 1, len(minute)).round(3), "kind": rng.choice(["a", "b", "c"], len(minute)),
    })  # fmt: skip
    sale = (rows["at"] >= "2024-02-06") & (rows["at"] < "2024-02-10")
    rows.loc[sale, "x"] += 5
    plain = {name: {k: v for k, v in d.items() if k != "events"} for name, d in DECLARATIONS.items()}
    arguments = c.project_arguments({"log": plain})
    arguments["vars"] |= {"driftline_now": NOW, "driftline_events": EVENTS}
    project = make_module_project(**arguments, tables={"log": rows})
    project.build("--select", *c.MEASURES)
    return project, rows


@pytest.mark.parametrize("name", DECLARATIONS)
def test_the_oracle_finds_the_same(built: tuple[Any, pd.DataFrame], name: str) -> None:
    project, rows = built
    wrong = c.differences(rows, {**c.for_oracle(name, DECLARATIONS[name]), "now": NOW}, c.read(project, name))
    assert not wrong, "\n".join(wrong)


def test_the_days_after_an_event_are_as_before_it(built: tuple[Any, pd.DataFrame]) -> None:
    found = dict(built[0].sql(
        "select baseline, max(baseline_mean) from driftline_drift where monitor = 'daily' and column_name = 'x'"
        " and window_periods = 1 and window_start > timestamp '2024-02-10' and baseline <> 'reference' group by baseline"
    ))  # fmt: skip
    assert found.keys() == {"previous", "trailing", "seasonal"} and max(found.values()) < 1
    # The first day after it has no day before.
    reason = built[0].sql(
        "select distinct reason from driftline_drift where monitor = 'daily' and baseline = 'previous'"
        " and window_periods = 1 and window_start = timestamp '2024-02-10'"
    )
    assert reason == [("no rows in the baseline",)]
