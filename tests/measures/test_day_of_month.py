"""Business metrics that follow the day of the month: the oracle expects the same, and who is told of what."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from oracle import raw

from measures import comparison as c

BEGAN, NOW = dt.date(2023, 9, 4), "2024-12-10 06:00:00"
LONG = (dt.date(2024, 12, 10) - BEGAN).days
EACH = 6  # series of each kind
DAYS = pd.date_range(BEGAN, periods=LONG)
of_month, last = np.asarray(DAYS.day), np.asarray(DAYS.is_month_end)
lately = np.asarray(DAYS >= "2024-10-15")
KINDS: dict[str, Any] = {
    # A pay day in the middle, at the end, and a first of the month on which half is closed.
    "paid": np.where(of_month == 25, 2.0, 1.0),
    "last": np.where(last, 2.0, 1.0),
    "first": np.where(of_month == 1, 0.5, 1.0),
    # It fails to come in October and comes again in November.
    "fails": np.where((of_month == 25) & ~((DAYS.month == 10) & (DAYS.year == 2024)), 2.0, 1.0),
    # It is moved to the 20th in the last two months.
    "moves": np.where(of_month == np.where(lately, 20, 25), 2.0, 1.0),
    "nothing": np.ones(LONG),
}


@pytest.fixture(scope="module")
def built(make_module_project: Callable[..., Any]) -> tuple[Any, pd.DataFrame, dict[str, Any]]:
    rng = np.random.default_rng(7)
    columns = {
        f"{kind}_{number}": (level * (1 + 0.15 * (np.arange(LONG) % 7 >= 5)) * rng.normal(1, 0.06, LONG)).round(4)
        for kind, level in KINDS.items()
        for number in range(EACH)
    }
    rows = pd.DataFrame({"at": DAYS, "one": 1, **columns})
    declaration = {
        "period": "day", "reference": {"start": "2023-09-04", "end": "2023-11-01"},
        "business_metrics": {name: {"sum": name} for name in columns},
    }  # fmt: skip
    arguments = c.project_arguments({"sold": {"shop": declaration}})
    arguments["vars"] |= {
        "driftline_now": NOW, "driftline_windows": {"day": [1]},
        "driftline_thresholds": [{"family": "business", "min_rows": 1}],
    }  # fmt: skip
    project = make_module_project(**arguments, tables={"sold": rows})
    project.build("--select", "+driftline_alerts")
    return project, rows, declaration


def test_the_oracle_expects_the_same(built: tuple[Any, pd.DataFrame, dict[str, Any]]) -> None:
    project, rows, declaration = built
    some = {name: m for name, m in declaration["business_metrics"].items() if name.endswith(("_0", "_1"))}
    mine = {**c.for_oracle("shop", declaration), "business_metrics": some, "windows": [1], "now": NOW}
    want = raw.expected(rows, mine).business
    got = project.frame("select * from driftline_business where metric like '%_0' or metric like '%_1'")
    wrong = c.compare(want, got, raw.BUSINESS_KEY)
    assert not wrong, "\n".join(wrong)


def told(project: Any, kind: str, since: str) -> dict[tuple[int, int], int]:
    """By month and day: how many series of a kind are beyond what was expected and its noise by 20 % or more."""
    found: dict[tuple[int, int], int] = {}
    for start, count in project.sql(
        "select window_start, count(*) from driftline_int_judgements where family = 'business' and baseline = 'trailing'"
        f" and is_breach and metric like '{kind}%' and window_start >= timestamp '{since}' group by 1"
    ):
        found[start.month, start.day] = found.get((start.month, start.day), 0) + count
    return found


def test_a_pay_day_is_usual_once_it_is_known(built: Any, figure: Callable[..., None]) -> None:
    """Three months tell; then it is told no more: of 8 months and 6 series each."""
    project = built[0]
    for kind, days in {"paid": [25], "last": [28, 29, 30, 31], "first": [1]}.items():
        before = {d: n for d, n in told(project, kind, "2023-10-01").items() if d[1] in days}
        since = told(project, kind, "2024-04-01")
        peaks = sum(n for d, n in since.items() if d[1] in days)
        figure(
            f"{kind}: told before it is known, and in eight months since", f"{sum(before.values()) - peaks} and {peaks}"
        )
        assert sum(before.values()) - peaks >= 2 * EACH and peaks <= 1
        assert sum(since.values()) - peaks <= 2, since
    marked = project.sql(
        "select count(*), sum(case when extract(day from window_start) = 25 then 1 else 0 end) from driftline_business"
        " where metric like 'paid%' and is_monthly and window_start >= timestamp '2024-04-01'"
    )[0]
    assert marked[1] == 8 * EACH and marked[0] - marked[1] <= 1


def test_a_pay_day_that_fails_to_come_is_told(built: Any, figure: Callable[..., None]) -> None:
    project = built[0]
    fails = told(project, "fails", "2024-04-01")
    figure("a pay day that fails to come once: told of", f"{fails.get((10, 25), 0)} of {EACH} series")
    assert fails.pop((10, 25)) == EACH and fails.pop((11, 25), 0) == 0 and sum(fails.values()) <= 1
    # Moved: both days are told until the new one is known.
    moves = told(project, "moves", "2024-10-15")
    figure(
        "a pay day that is moved: told of", {day: moves.get(day, 0) for day in [(10, 20), (10, 25), (11, 20), (11, 25)]}
    )
    assert all(moves.get(day, 0) >= EACH - 1 for day in [(10, 20), (10, 25), (11, 20), (11, 25)]), moves


def test_no_day_of_the_month_is_made_up(built: Any, figure: Callable[..., None]) -> None:
    project = built[0]
    count, breaches = project.sql(
        "select count(*), sum(case when is_breach then 1 else 0 end) from driftline_int_judgements"
        " where family = 'business' and baseline = 'trailing' and metric like 'nothing%' and not_judged is null"
    )[0]
    monthly = project.sql("select count(*) from driftline_business where metric like 'nothing%' and is_monthly")[0][0]
    figure("no pay day: windows told, of", f"{breaches} of {count}")
    assert monthly == 0 and breaches <= 2
