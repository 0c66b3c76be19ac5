"""Periods in a named time zone over a whole year, against Python's own zone data."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from state.states import UTC, Row, declare, instant, period_start
from support import Project

NOW = dt.datetime(2024, 12, 20, 5, 30)
ZONES = ["Europe/London", "America/New_York"]
PERIODS = ["hour", "day", "week", "month"]
# Both changes of the clock in both zones, the ends of months, and a year in between.
CHANGES = [dt.datetime(2024, 3, 9), dt.datetime(2024, 3, 30), dt.datetime(2024, 10, 26), dt.datetime(2024, 11, 2)]
REFERENCE = (dt.datetime(2024, 3, 10), dt.datetime(2024, 11, 3))
SPAN = {"start": "2024-03-10", "end": "2024-11-03"}


def make_rows() -> list[Row]:
    moments = [start + dt.timedelta(minutes=20 * step) for start in CHANGES for step in range(3 * 72)]
    moments += [dt.datetime(2024, 1, 1) + dt.timedelta(hours=37 * step, seconds=step) for step in range(240)]
    # The last and the first microsecond of local days, and of the reference.
    for zone in ZONES:
        for local in [*REFERENCE, dt.datetime(2024, 3, 31), dt.datetime(2024, 7, 1), dt.datetime(2024, 12, 20)]:
            exact = instant(local, zone).replace(tzinfo=None)
            moments += [exact - dt.timedelta(microseconds=1), exact]
    moments += [NOW, NOW - dt.timedelta(microseconds=1), NOW + dt.timedelta(microseconds=1)]
    return [{"naive": moment, "zoned": moment.replace(tzinfo=UTC), "x": 1.0} for moment in moments]


ROWS = make_rows()
# One row for every hour around both changes of the clock in London.
HOURS = [
    start + dt.timedelta(hours=number)
    for start in (dt.datetime(2024, 3, 29), dt.datetime(2024, 10, 25))
    for number in range(4 * 24)
]
CASES = [(column, zone, period) for column in ("naive", "zoned") for zone in ZONES for period in PERIODS]


def name_of(column: str, zone: str, period: str) -> str:
    return f"{column}_{zone.rsplit('/', 1)[-1].lower()}_{period}"


@pytest.fixture(scope="module")
def project(make_module_project: Any) -> Project:
    table = pa.table(
        {
            "naive": pa.array([row["naive"] for row in ROWS], pa.timestamp("us")),
            "zoned": pa.array([row["zoned"] for row in ROWS], pa.timestamp("us", "UTC")),
            "x": [row["x"] for row in ROWS],
        }
    )
    models = {
        f"monitors/{name_of(*case)}": declare(
            timestamp=case[0], timezone=case[1], period=case[2], reference=SPAN, numeric=["x"], bins=2
        )
        for case in CASES
    }
    for period in ("day", "hour"):
        models[f"monitors/clock_{period}"] = declare(
            "hours", timestamp="naive", timezone="Europe/London", period=period, reference=SPAN, numeric=["x"], bins=2
        )
    project: Project = make_module_project(
        models=models,
        tables={"log": table, "hours": {"naive": HOURS, "x": [1.0] * len(HOURS)}},
        vars={
            "driftline_now": str(NOW),
            "driftline_monitors": ["zoned_new_york_day", "naive_london_week", "naive_new_york_month"],
            "driftline_windows": {"day": [1, 7], "week": [1], "month": [1]},
        },
    )
    # Only the state of all; the windows of a few, because hours over a year are many.
    project.build("--select", "monitors", "+driftline_int_windows")
    return project


def local_now(zone: str) -> dt.datetime:
    return NOW.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)


@pytest.mark.parametrize(("column", "zone", "period"), CASES)
def test_every_period_of_the_year(project: Project, column: str, zone: str, period: str) -> None:
    expected: Counter[tuple[Any, ...]] = Counter()
    for row in ROWS:
        if row["zoned"] < NOW.replace(tzinfo=UTC):
            inside = instant(REFERENCE[0], zone) <= row["zoned"] < instant(REFERENCE[1], zone)
            expected[period_start(row[column], period, zone), inside] += 1
    got = project.sql(
        f"select period_start, in_reference, row_count from {project.relation(name_of(column, zone, period))}"
        " where record = 'count' and column_role = 'row'"
    )
    assert len(got) == len(expected)
    assert {(start, inside): rows for start, inside, rows in got} == expected


@pytest.mark.parametrize(("column", "zone", "period"), CASES)
def test_periods_are_numbered_without_gaps(project: Project, column: str, zone: str, period: str) -> None:
    relation = project.relation(name_of(column, zone, period))
    numbered = project.sql(f"select distinct period_start, period_index from {relation} where record = 'count'")
    first = dt.datetime(1970, 1, 5) if period == "week" else dt.datetime(1970, 1, 1)
    for start, index in numbered:
        if period == "month":
            assert index == (start.year - 1970) * 12 + start.month - 1
        else:
            length = {"hour": dt.timedelta(hours=1), "day": dt.timedelta(days=1), "week": dt.timedelta(weeks=1)}
            assert start - first == index * length[period]


def test_days_of_23_and_25_hours_and_hours_that_stay(project: Project) -> None:
    def rows_by(monitor: str, where: str) -> dict[dt.datetime, int]:
        return dict(
            project.sql(
                f"select period_start, row_count from {project.relation(monitor)}"
                f" where record = 'count' and column_role = 'row' and period_start >= timestamp '{where}'"
            )
        )

    days = rows_by("clock_day", "2024-03-29 00:00:00")
    assert days.pop(dt.datetime(2024, 3, 31)) == 23
    assert days.pop(dt.datetime(2024, 10, 27)) == 25
    # The second half of the table starts at midnight of UTC, which is one o'clock in London.
    assert days.pop(dt.datetime(2024, 10, 25)) == 23
    assert days.pop(dt.datetime(2024, 4, 2)) == 1
    assert set(days.values()) == {24}
    assert set(rows_by("clock_hour", "2024-03-29 00:00:00").values()) == {1}


def test_windows_are_local_and_complete_by_the_local_clock(project: Project) -> None:
    found = project.sql(
        "select monitor, window_start, window_end, is_complete from driftline_int_windows where window_periods = 1"
        " and window_start >= timestamp '2024-12-01 00:00:00' order by 1, 2"
    )
    by_monitor = {name: [row[1:] for row in found if row[0] == name] for name in {row[0] for row in found}}
    days = by_monitor["zoned_new_york_day"]
    # It is half past midnight in New York: yesterday is over, today has begun.
    assert days[-2:] == [
        (dt.datetime(2024, 12, 19), dt.datetime(2024, 12, 20), True),
        (dt.datetime(2024, 12, 20), dt.datetime(2024, 12, 21), False),
    ]
    assert by_monitor["naive_london_week"][-1] == (dt.datetime(2024, 12, 16), dt.datetime(2024, 12, 23), False)
    assert by_monitor["naive_london_week"][-2][2] is True
    assert by_monitor["naive_new_york_month"][-1] == (dt.datetime(2024, 12, 1), dt.datetime(2025, 1, 1), False)


def test_every_day_of_the_year_is_a_window(project: Project) -> None:
    starts = [
        row[0]
        for row in project.sql(
            "select window_start from driftline_int_windows where monitor = 'zoned_new_york_day' and window_periods = 1"
            " and segment = 'all' and model_version = 'all' order by 1"
        )
    ]
    first = dt.datetime(2023, 12, 31)
    assert starts == [
        first + dt.timedelta(days=number) for number in range((dt.datetime(2024, 12, 20) - first).days + 1)
    ]
    week = project.sql(
        "select window_start, window_end from driftline_int_windows where monitor = 'zoned_new_york_day'"
        " and window_periods = 7 order by 1 limit 1"
    )
    assert week == [(first, first + dt.timedelta(days=7))]
