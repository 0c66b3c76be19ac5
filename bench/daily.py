"""The next day's `dbt build` after a month and after a year of history, or ten years."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from common import Dbt, Line, Options, connect, duckdb_project, ratio_line, say
from data import REFERENCE_DAYS, insert_days

# Both histories end here, so that the next days are the same rows.
FIRST_NEXT_DAY = dt.date(2026, 1, 31)


def measure(options: Options) -> list[Line]:
    lines = _compare(options, 90 if options.quick else 365)
    return lines + (_compare(options, 3650) if options.large else [])


def _compare(options: Options, days: int) -> list[Line]:
    short, long = _history(options, 30), _history(options, days)
    whole, without_start = [], []
    # The first next day warms both up.
    for number in range(2 if options.quick else options.times(5) + 1):
        day = FIRST_NEXT_DAY + dt.timedelta(days=number)
        say(f"the build after {day}")
        seconds, elapsed = zip(*(_next_day(options, history, day) for history in (long, short)), strict=True)
        if number:
            whole.append(seconds)
            without_start.append(elapsed)
    note = f"{_median(whole, 0):.1f} s / {_median(whole, 1):.1f} s"
    return [
        ratio_line(f"daily `dbt build`, after {days} / after 30 days", whole, target=1.3, strict=True, note=note),
        ratio_line("   the same without dbt's start-up and parsing", without_start, target=1.1),
    ]


def _median(pairs: list[tuple[float, ...]], place: int) -> float:
    return sorted(pair[place] for pair in pairs)[len(pairs) // 2]


def _history(options: Options, days: int) -> tuple[Dbt, Path]:
    start = FIRST_NEXT_DAY - dt.timedelta(days=days)
    reference = {"start": str(start), "end": str(start + dt.timedelta(days=REFERENCE_DAYS))}
    project, database = duckdb_project(
        f"daily_{days}", options, bench_log="raw_log", bench_reference=reference, driftline_monitors=["daily"]
    )
    with connect(database, options.threads) as connection:
        rows = insert_days(connection, "raw_log", str(start), days)
    say(f"building {days} days of history ({rows:,} rows)")
    project.run("build", driftline_now=str(FIRST_NEXT_DAY))
    return project, database


def _next_day(options: Options, history: tuple[Dbt, Path], day: dt.date) -> tuple[float, float]:
    project, database = history
    with connect(database, options.threads) as connection:
        insert_days(connection, "raw_log", str(day), 1)
    seconds = project.run("build", driftline_now=str(day + dt.timedelta(days=1)))
    return seconds, project.elapsed()
