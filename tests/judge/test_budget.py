"""The budget of false alarms: the judge's SQL against the rule in numpy, and what that rule makes of many years."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from judge import budget
from judge.budget import Kind
from judge.metrics import DEFAULTS, JUDGE, START, TYPES, judge_table
from scipy import stats
from support import NOBODY, Chain, Project

ANY_DIFFERENCE = {"warn": 0, "critical": 0, "over_noise": 0}
THRESHOLDS: list[dict[str, Any]] = [
    {"metric": "mean_shift", **ANY_DIFFERENCE},
    {"metric": "accuracy", **ANY_DIFFERENCE},
    {"metric": "roc_auc", "consecutive": 2, "within": 5, **ANY_DIFFERENCE},
    {"metric": "mae", "compare": "difference", "consecutive": 4, **ANY_DIFFERENCE},
]
# monitor → period, metric, how it is judged, windows from and to, number of series.
HOURS, DAYS = 24 * 40, 365
MONITORS: dict[str, tuple[str, Kind, int, int, int]] = {
    "shifts": ("mean_shift", Kind(opening=(2, 3, 3)), -30, DAYS, 90),
    "models": ("accuracy", Kind(sides=1), -30, DAYS, 60),
    "named": ("roc_auc", Kind(sides=1, opening=(2, 5, 2)), -30, DAYS, 10),
    "rows": ("mae", Kind(sides=1, opening=(4, 4, 4)), -30, DAYS, 10),
    "unknown": ("accuracy", Kind(sides=1), 0, DAYS, 10),
    "few": ("accuracy", Kind(sides=1), -13, DAYS, 10),
    "weeks": ("accuracy", Kind("week", sides=1), -30, 52, 30),
    "hours": ("accuracy", Kind("hour", sides=1), 24 * 100, 24 * 100 + HOURS, 80),
}  # fmt: skip
REFERENCE = (START - dt.timedelta(days=210), START)
LENGTH = {"hour": dt.timedelta(hours=1), "day": dt.timedelta(days=1), "week": dt.timedelta(days=7)}
NOISE = stats.norm.isf(budget.ALPHA / 2)


def _drawn(rng: np.random.Generator, monitor: str) -> budget.Floats:
    _, _, first, last, series = MONITORS[monitor]
    x = rng.standard_normal((series, last - first))
    # Days of every third series differ by more than chance makes them, and every seventh breaks for a while.
    x[::3] *= 1.6
    x[::7, -80:-60] += 2.5
    x[::7, -20] += 12.0
    return x


def _as_table(monitor: str, x: budget.Floats) -> pa.Table:
    metric, kind, first, last, series = MONITORS[monitor]
    step = LENGTH[kind.period]
    starts = [START + number * step for number in range(first, last)]
    signed = x if metric in ("mean_shift", "mae") else -x
    columns: dict[str, Any] = {
        "monitor": [monitor] * x.size,
        "window_start": starts * series,
        "window_end": [start + step for start in starts] * series,
        "family": ["drift" if metric == "mean_shift" else "performance"] * x.size,
        "metric": [metric] * x.size,
        "column_name": np.repeat([f"c{number}" for number in range(series)], len(starts)),
        "column_kind": ["numeric" if metric == "mean_shift" else "performance"] * x.size,
        "value": signed.ravel(),
        "expected": [None if metric == "mean_shift" else 0.0] * x.size,
        "noise": np.full(x.size, NOISE),
    }
    return pa.table(
        {name: pa.array(columns.get(name, [default] * x.size), TYPES.get(name, pa.string())) for name, default in DEFAULTS.items()}
    )  # fmt: skip


@pytest.fixture(scope="module")
def drawn() -> dict[str, budget.Floats]:
    rng = np.random.default_rng(32)
    return {monitor: _drawn(rng, monitor) for monitor in MONITORS}


@pytest.fixture(scope="module")
def chain(make_module_project: Any, drawn: dict[str, budget.Floats]) -> Iterator[Chain]:
    project: Project = make_module_project(
        models=NOBODY, vars={"driftline_monitors": ["nobody"], "driftline_thresholds": THRESHOLDS}
    )
    project.build("--select", "+driftline_int_alerts")
    chain = project.chain(select=" ".join(JUDGE))
    judge_table(
        chain, pa.concat_tables(_as_table(monitor, x) for monitor, x in drawn.items()),
        periods={monitor: MONITORS[monitor][1].period for monitor in MONITORS},
        reference=(f"{REFERENCE[0]:%Y-%m-%d}", f"{REFERENCE[1]:%Y-%m-%d}"), then=(),
    )  # fmt: skip
    yield chain


def _series(monitor: str) -> budget.Floats:
    """How many series the installation had up to the day of each window's end, by kind of period their most in 35 days."""
    _, kind, first, last, _ = MONITORS[monitor]
    step = LENGTH[kind.period]
    found = np.zeros(last - first)
    for place, number in enumerate(range(first, last)):
        end = START + (number + 1) * step
        day = dt.datetime(end.year, end.month, end.day)
        for period in ("hour", "day", "week"):
            ends: dict[dt.datetime, int] = {}
            for _, other, begin, stop, series in MONITORS.values():
                if other.period != period:
                    continue
                # The windows that can lie in the 35 days up to this one.
                of = LENGTH[period]
                low = max(begin, (day - dt.timedelta(days=35) - START) // of - 2)
                for at in range(low, min(stop, (day + dt.timedelta(days=1) - START) // of + 1)):
                    when = START + (at + 1) * of
                    if day - dt.timedelta(days=35) < when < day + dt.timedelta(days=1):
                        ends[when] = ends.get(when, 0) + series
            found[place] += max(ends.values(), default=0)
    return found


def _by_the_rule(monitor: str, x: budget.Floats) -> tuple[budget.Floats, budget.Floats]:
    """The factors of every window: to breach, and to open alone."""
    _, kind, first, _, _ = MONITORS[monitor]
    step = LENGTH[kind.period]
    begins = np.array([START + (first + number) * step for number in range(x.shape[1])])
    inside = (begins >= REFERENCE[0]) & (begins + step <= REFERENCE[1])
    series = _series(monitor)[None, :]
    after = budget.factors(kind, series, x[:, None, inside])
    # The reference's own windows are not judged by what they themselves say.
    of_reference = budget.factors(kind, series, x[:, None, :0])
    return np.where(inside, of_reference[0], after[0]), np.where(inside, of_reference[1], after[1])


@pytest.mark.parametrize("monitor", MONITORS)
def test_every_window_is_judged_by_the_rule(chain: Chain, drawn: dict[str, budget.Floats], monitor: str) -> None:
    x = drawn[monitor]
    _, kind, *_ = MONITORS[monitor]
    factor, alone = _by_the_rule(monitor, x)
    breach, far, quiet = budget.judged(kind, x, factor, alone)
    rows = chain.sql(
        "select cast(substr(column_name, 2) as integer), window_start, is_breach, opens_at_once, is_quiet"
        f" from driftline_int_judgements where monitor = '{monitor}' order by 1, 2"
    )
    assert len(rows) == x.size
    found = [np.array([row[place] for row in rows]).reshape(x.shape) for place in (2, 3, 4)]
    assert breach.any() and not breach.all() and len({bool(value) for value in far.ravel()}) == 2
    # Student's t is an expansion in the SQL: what lies next to a limit may lie on either side of it.
    effect = (np.abs(x) if kind.sides == 2 else x) / NOISE
    for name, ours, theirs, limit in (
        ("breach", breach, found[0], factor),
        ("at once", far, found[1], np.maximum(1.5 * np.maximum(factor, 1), alone)),
        ("quiet", quiet, found[2], 0.5 * np.minimum(factor, 1) * factor),
    ):
        clear = np.abs(effect - limit) > 0.002 * limit
        assert clear.mean() > 0.99
        assert (ours == theirs)[clear].all(), (name, np.argwhere((ours != theirs) & clear)[:5])
    opened = {
        (int(column[1:]), when)
        for column, when in chain.sql(
            f"select column_name, opened_at from driftline_int_spans where monitor = '{monitor}'"
        )
    }
    step = LENGTH[kind.period]
    marks = budget.alarms(kind, *found)
    ends = [START + (MONITORS[monitor][2] + at + 1) * step for at in range(x.shape[1])]
    assert opened == {(int(number), ends[at]) for number, at in np.argwhere(marks)}


OWN = [(2, 2, 2), (3, 3, 3), (2, 5, 2), (4, 7, 7), (5, 5, 5)]


@pytest.mark.parametrize("opening", [*dict.fromkeys(budget.OPENING.values()), (1, 1, 2), *OWN])
@pytest.mark.parametrize("series", [20, 200, 2_000])
def test_the_closed_form_is_the_chain(opening: tuple[int, int, int], series: int) -> None:
    """What the chance of a breach is made of gives the rate that it is made for; of a project's own rules, about."""
    for period in ("hour", "day"):
        kind = Kind(period, opening=opening)
        rate = kind.rate(series)
        p = float(kind.chance(rate))
        if p < 0.1:
            near = pytest.approx(rate, rel=0.16 if opening in OWN else 0.06)
            assert budget.openings(kind, p, 0.9 - p) == near, (period, p)


CASES = {
    "days, both directions": Kind(),
    "days, one direction": Kind(sides=1),
    "hours": Kind("hour"),
    "weeks": Kind("week", sides=1),
}
# Of so many installations of a year each: so many alarms that their mean is known to a few per cent. Series that move
# together alarm together, so their years differ by far more.
YEARS = {20: (20, 40), 200: (8, 40), 2_000: (4, 60)}


@pytest.mark.parametrize("series", YEARS)
@pytest.mark.parametrize("name", CASES)
def test_the_stated_rate_holds(name: str, series: int, figure: Callable[[str, object], None]) -> None:
    kind = CASES[name]
    rng = np.random.default_rng([series, len(name)])
    apart, together = YEARS[series]
    if kind.period == "week":
        apart, together = apart * 4, together * 4
    if kind.period == "hour":
        apart, together = max(4, apart // 8), 0 if series == 2_000 else together // 4
    for words, correlation, count in (("independent", 0.0, apart), ("correlated by 0.6", 0.6, together)):
        if not count:
            continue
        found = budget.years(rng, kind, series, count, correlation)
        error = found.std(ddof=1) / np.sqrt(count)
        low, high = np.percentile(found, [5, 95])
        figure(
            f"false alarms a week, {name}, {series:,} series, {words}",
            f"{found.mean():.2f} ± {error:.2f} in {count} years, a year {low:.2f} to {high:.2f}",
        )
        assert 0.7 <= found.mean() <= 1.3
        assert error <= 0.15


def test_days_that_differ_more_than_chance(figure: Callable[[str, object], None]) -> None:
    """The reference's own days tell how far days differ; where it has none, no series is told from less than its noise."""
    rng = np.random.default_rng(7)
    for wander in (0.3, 0.6, 1.0, 1.6):
        known, not_known = (
            budget.years(rng, Kind(), 100, 8, wander=wander, known=known).mean() for known in (True, False)
        )
        figure(
            f"false alarms a week, 100 series whose days differ by {wander} of their chance more",
            f"{known:.2f}; where it is not known {not_known:.2f}",
        )
        assert known <= 2.5


def test_business_metrics_stay_below(figure: Callable[[str, object], None]) -> None:
    """The noise of medians is that of few degrees of freedom; of normal days it is larger than it need be."""
    rng = np.random.default_rng(9)
    for series, count in ((20, 20), (200, 6), (2_000, 2)):
        found = budget.business_years(rng, series, count).mean()
        figure(f"false alarms a week, {series:,} business metrics", f"{found:.2f}")
        assert found <= 1.0
