"""Data that stop: a log, a version, a segment; for a day, for good, for years; and what looks like it and is none.

One project has logs of every kind of period that end, or go on, under one clock.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from oracle import arrivals, raw
from support import Engine, Project

NOW = datetime(2024, 6, 12, 9)  # a Wednesday
START = datetime(2024, 3, 4)  # a Monday, a hundred days before
DAYS = 100
STOPPED = 95  # the days' total: after Friday the 7th of June nothing comes
REFERENCE = {"start": "2024-03-04", "end": "2024-04-01"}


def rows_of(counts: dict[str, list[int]], step: timedelta, start: datetime = START) -> dict[str, list[Any]]:
    """So many rows in each period, by shop."""
    at, shop = [], []
    for name, of in counts.items():
        for number, count in enumerate(of):
            at += [start + number * step + timedelta(minutes=1 + 40 * k / max(count, 1)) for k in range(count)]
            shop += [name] * count
    return {
        "at": at,
        "shop": shop,
        "x": [float(k % 7) for k in range(len(at))],
        "sold": [float(k % 3) for k in range(len(at))],
    }


def shops() -> dict[str, list[int]]:
    rng = np.random.default_rng(5)
    day = range(STOPPED + 1)
    return {
        "steady": [40 for _ in day],
        "weekdays": [30 if d % 7 < 5 else 0 for d in day],
        "irregular": [int(v) for v in rng.poisson(0.7, STOPPED + 1)],
        "monthly": [20 if d % 30 == 2 else 0 for d in day],
        # Closed on Monday for the first time, then for good.
        "gone": [25 if d < 84 else 0 for d in day],
        # So long ago that no window looks back to it.
        "retired": [25 if d < 40 else 0 for d in day],
        # An outage of nine days that is over, and a day of which most is lost.
        "hurt": [0 if 50 <= d < 59 else 5 if d == 90 else 300 for d in day],
    }


def monitor(table: str, period: str, **more: Any) -> str:
    given = {"timestamp": "at", "period": period, "reference": REFERENCE, "numeric": ["x"], "business_metrics": {
        "sales": {"sum": "sold"}, "each": {"numerator": "sold", "denominator": "1"}}} | more  # fmt: skip
    said = ", ".join(f"{k}={v!r}" for k, v in given.items())
    return f"{{{{ driftline.monitor(relation=source('raw', '{table}'), {said}) }}}}"


@pytest.fixture(scope="module")
def counts() -> dict[str, tuple[dict[str, list[int]], str, datetime]]:
    """By monitor: rows of each shop in each period, the kind of period, the first of them."""
    hours = (NOW - timedelta(hours=30) - START) // timedelta(hours=1)
    office = [8 if h % 24 in range(7, 19) and h // 24 % 7 < 5 else 0 for h in range(hours)]
    return {
        "days": (shops(), "day", START),
        # The last row is at three in the morning of Tuesday; office hours end with Monday, and Tuesday's are missing.
        "hours": ({"night": [2] * hours, "office": office}, "hour", START),
        # The newest whole week is there, and a year ago there was one without rows.
        "weeks": ({"one": [9] * 40 + [0] + [9] * 10}, "week", START - timedelta(weeks=37)),
        "late_weeks": ({"one": [9] * 50}, "week", START - timedelta(weeks=37)),
        "dead": ({"one": [30] * 30}, "day", START - timedelta(days=1200)),
    }


STEPS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}


@pytest.fixture(scope="module")
def project(make_module_project: Callable[..., Any], counts: dict[str, Any]) -> Project:
    tables = {f"{name}_log": rows_of(of, STEPS[period], start) for name, (of, period, start) in counts.items()}
    days = tables["days_log"]
    days["version"] = ["v1" if at < START + timedelta(days=75) else "v2" for at in days["at"]]
    # What is wrong on the last days stays wrong for as long as nothing comes.
    days["x"] = [x + 50 * (at >= START + timedelta(days=88)) for x, at in zip(days["x"], days["at"], strict=True)]
    reference = {"dead": {"start": "2020-11-20", "end": "2020-12-10"}}
    made: Project = make_module_project(
        models={
            f"monitors/{name}": monitor(
                f"{name}_log", period, reference=reference.get(name, REFERENCE),
                **({"model_version": "version", "segments": ["shop"]} if name == "days" else {"segments": ["shop"]}),
            )
            for name, (_, period, _) in counts.items()
        },
        tables=tables,
        vars={
            "driftline_monitors": list(counts),
            "driftline_now": NOW.strftime("%Y-%m-%d %H:%M:%S"),
            "driftline_windows": {"hour": [1], "day": [1], "week": [1, 2]},
            "driftline_thresholds": [
                {"monitor": "days", "family": "volume", "segments": "each"},
                {"monitor": "days", "family": "freshness", "versions": "each"},
            ],
        },
    )  # fmt: skip
    made.build("--select", "+driftline_alerts")
    return made


def alerts(project: Project, where: str) -> list[tuple[Any, ...]]:
    return project.sql(
        "select monitor, model_version, segment_value, status, severity, first_window_start, message, no_data_since"
        f" from driftline_alerts where {where} order by monitor, model_version, segment_value, first_window_start"
    )


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def test_silences_are_the_oracles(
    project: Project, counts: dict[str, Any], figure: Callable[[str, object], None]
) -> None:
    found = project.frame(
        "select monitor, model_version, segment, segment_value, window_start, silent_periods, missing_periods,"
        " missing_noise, row_count from driftline_arrivals where window_periods = 1 and model_version = 'all'"
    )
    compared = 0
    for name, (of, period, start) in counts.items():
        total = np.sum([np.pad(c, (0, max(map(len, of.values())) - len(c))) for c in of.values()], axis=0)
        for shop, mine in (*of.items(), ("all", total.tolist())):
            got = found[(found["monitor"] == name) & (found["segment_value"] == shop)].sort_values("window_start")
            first = next(i for i, n in enumerate(mine) if n)
            index = raw.period_index(start, period) + first
            places = [raw.period_index(at, period) - index for at in got["window_start"]]
            assert places == list(range(len(places))), (name, shop)
            there = [n > 0 for n in mine[first:]] + [False] * len(places)
            anything = [n > 0 for n in total[first:]] + [False] * len(places)
            want = arrivals.silences(
                there[: len(places)], [True] * len(places) if shop == "all" else anything[: len(places)],
                {"hour": 168, "day": 7}.get(period, 1), index,
            )  # fmt: skip
            for row, silence in zip(got.itertuples(), want, strict=True):
                assert row.silent_periods == silence.periods
                assert row.missing_periods == pytest.approx(silence.missing, rel=1e-9), (name, shop, row.window_start)
                assert row.missing_noise == pytest.approx(silence.noise, rel=1e-9), (name, shop, row.window_start)
                compared += 1
    figure("silences compared", compared)
    assert compared > 5000


def test_a_silence_is_told_once_and_its_usual_pauses_are_none(project: Project) -> None:
    told = {(a[0], a[1], a[2], a[5]): a[3:5] for a in alerts(project, "family = 'freshness'")}
    assert told == {
        # The first whole day without rows: a Saturday, which had always had some.
        ("days", "all", "all", day(96)): ("open", "critical"),
        # A version that another one replaced, because the project asked.
        ("days", "v1", "all", day(75)): ("open", "critical"),
        ("days", "all", "gone", day(84)): ("open", "critical"),
        ("days", "all", "retired", day(40)): ("resolved", "critical"),
        ("days", "all", "hurt", day(50)): ("resolved", "critical"),
        ("hours", "all", "all", datetime(2024, 6, 11, 3)): ("open", "critical"),
        ("weeks", "all", "all", datetime(2024, 3, 25)): ("resolved", "warn"),
        ("late_weeks", "all", "all", datetime(2024, 6, 3)): ("open", "warn"),
        ("dead", "all", "all", START - timedelta(days=1170)): ("open", "critical"),
    }


def test_windows_run_to_the_clock_and_no_further_than_one_looks_back(project: Project) -> None:
    ends = {
        (m, v, s): (last, n)
        for m, v, s, last, n in project.sql(
            "select monitor, model_version, segment_value, max(window_start), count(*) from driftline_quality"
            " where window_periods = 1 group by monitor, model_version, segment_value"
        )
    }
    assert ends["days", "all", "all"] == ends["days", "all", "steady"] == (day(99), DAYS)
    assert ends["days", "all", "gone"] == (day(99), DAYS)
    # 28 days of the trailing baseline before a window of one day.
    assert ends["days", "all", "retired"] == (day(39 + 29), 40 + 29)
    assert ends["days", "v1", "all"][0] == day(99)
    assert ends["dead", "all", "all"][1] == 30 + 29
    assert ends["hours", "all", "all"][0] == datetime(2024, 6, 12, 8)
    assert ends["weeks", "all", "all"][0] == ends["late_weeks", "all", "all"][0] == datetime(2024, 6, 3)


def test_a_sum_of_no_rows_is_zero_and_a_ratio_is_not_known(project: Project) -> None:
    found = project.sql(
        "select metric, value, seasonal_value, reason from driftline_business"
        " where monitor = 'days' and model_version = 'all' and segment_value in ('all', 'gone')"
        f" and window_start in (timestamp '{day(97)}', timestamp '{day(98)}') order by metric"
    )
    assert len(found) == 8
    for metric, value, seasonal, reason in found:
        if metric == "sales":
            assert (value, reason) == (0, None)
            assert seasonal is not None
        else:
            assert (value, reason) == (None, "no rows in the window")
    gone = project.sql(
        "select value, previous_value, seasonal_value, trailing_count from driftline_business where monitor = 'days'"
        f" and model_version = 'all' and segment_value = 'gone' and metric = 'sales' and window_start = timestamp '{day(93)}'"
    )
    assert gone == [(0, 0, 0, 28)]


def test_a_day_with_too_few_rows_is_told_and_one_without_any_is_not_told_again(project: Project) -> None:
    found = alerts(project, "family = 'volume' and model_version = 'all'")
    assert {(a[0], a[2], a[5]): a[4] for a in found} == {
        ("days", "hurt", day(90)): "critical",
        # Of all shops, the one with most rows.
        ("days", "all", day(50)): "critical",
        ("days", "all", day(90)): "critical",
    }
    assert next(a[6] for a in found if a[2] == "hurt").startswith("rows 5 against 300 in the windows before; ")
    empty = project.sql(
        "select count(*) from driftline_metrics where family = 'volume' and value is null and row_count > 0"
    )
    assert empty == [(0,)]


def test_what_was_open_says_that_nothing_comes_any_more(project: Project) -> None:
    drift = alerts(project, "monitor = 'days' and family = 'drift' and segment = 'all' and model_version = 'all'")
    assert drift
    for *_, status, _, _, message, since in (a[2:] for a in drift):
        assert status == "open"
        assert since == day(96)
        assert "; no new data since 2024-06-08" in message
    [retired] = alerts(project, "family = 'freshness' and segment_value = 'retired'")
    assert "no rows since 2024-04-13, longer than any window looks back: no longer watched" in retired[6]
    [over] = alerts(project, "family = 'freshness' and segment_value = 'hurt'")
    assert "no new data" not in over[6] and over[7] is None


# ---------------------------------------------------------------------------------------------------- false alarms

KINDS: dict[str, Callable[[Any, Any], Any]] = {
    "steady": lambda t, rng: 40 + 0 * t,
    "few": lambda t, rng: 15 + 0 * t,
    "with a week": lambda t, rng: 40 * (1 + 0.6 * np.sin(2 * np.pi * t / 7)),
    "varied": lambda t, rng: 40 * rng.gamma(10, 0.1, len(t)),
    "with a week, varied": lambda t, rng: 40 * (1 + 0.6 * np.sin(2 * np.pi * t / 7)) * rng.gamma(10, 0.1, len(t)),
    "growing": lambda t, rng: 20 * np.exp(t / 150),
    "shrinking": lambda t, rng: 100 * np.exp(-t / 150),
    "weekdays": lambda t, rng: np.where(t % 7 < 5, 40, 0),
    "half of the days": lambda t, rng: np.where(rng.random(len(t)) < 0.5, 20, 0),
    "a row a day": lambda t, rng: 1 + 0 * t,
    "a row in five days": lambda t, rng: 0.2 + 0 * t,
    "monthly": lambda t, rng: np.where(t % 30 == 3, 50, 0),
}


def test_false_alarms(duckdb_engine: Engine, tmp_path: Any, figure: Callable[[str, object], None]) -> None:
    """Series that are only what they always were, as segments of one monitor."""
    rng = np.random.default_rng(11)
    days, series = 250, 8
    t = np.arange(days)
    at, names = [np.asarray(t)], [np.full(days, "the total goes on")]
    for kind, rate in KINDS.items():
        for number in range(series):
            at.append(np.repeat(t, rng.poisson(rate(t, rng))))
            names.append(np.full(len(at[-1]), f"{kind} {number}"))
    rows = pd.DataFrame({"at": START + pd.to_timedelta(np.concatenate(at), unit="D"), "kind": np.concatenate(names)})
    project = Project(
        tmp_path,
        duckdb_engine.workspace(tmp_path),
        models={
            "monitors/quiet": "{{ driftline.monitor(relation=source('raw', 'log'), timestamp='at', segments=['kind'],"
            " reference={'start': '2024-03-04', 'end': '2024-04-01'}, business_metrics={'rows': {'sum': '1'}}) }}"
        },
        tables={"log": rows},
        vars={
            "driftline_monitors": ["quiet"],
            "driftline_now": str(START + timedelta(days=days)),
            "driftline_windows": {"day": [1]},
            "driftline_thresholds": [{"family": "volume", "segments": "each"}],
        },
    )
    project.build("--select", "+driftline_alerts")
    silent = project.sql("select count(*) from driftline_alerts where segment = 'kind' and family = 'freshness'")[0][0]
    judged = project.frame(
        "select value, expected, noise, is_breach from driftline_int_judgements"
        " where family = 'volume' and segment = 'kind' and not_judged is null"
    )
    project.close()
    years = len(KINDS) * series * days / 365
    figure("false alarms of freshness", f"{silent} in {years:.0f} series' years, {silent / years:.2f} a year")
    drops = judged["is_breach"].mean()
    # Why a rise is not judged by default: what is not told of days with more rows than half as many again would be.
    rises = (
        (judged["value"] - judged["expected"]).gt(judged["noise"]) & judged["value"].gt(1.5 * judged["expected"])
    ).mean()
    figure("false alarms of volume", f"{drops:.3%} of {len(judged)} days; were rises judged, {rises:.3%} more")
    assert len(judged) > 10_000
    assert silent / years <= 0.5
    assert drops <= 0.001
