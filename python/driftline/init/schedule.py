"""When rows come: the column of the time, the period, the reference, the delay of labels. Each with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from statistics import median

from driftline.init.names import time_rank
from driftline.init.profile import TimeFacts
from driftline.init.text import count

# What a window must have to be judged (seeds/driftline_default_thresholds.csv).
MIN_ROWS = 100
# Periods of the reference: as many at most, and as many as make a noise of its own.
MOST = {"day": 56, "week": 26, "month": 12}
ENOUGH = 14
FEW_DAYS = 14

# The lengths by default (macros/windows/_windows.sql): one period, what hides its own rhythm, a long look.
DEFAULT_WINDOWS = {"hour": (1, 24, 168), "day": (1, 7, 28), "week": (1, 4, 13), "month": (1, 3, 12)}
_DAYS = {"hour": 1 / 24, "day": 1, "week": 7, "month": 30}

Days = Sequence[tuple[date, int]]


@dataclass(frozen=True)
class Choice:
    value: str
    why: str


@dataclass(frozen=True)
class Span:
    """The reference: half-open."""

    start: date
    end: date
    why: str


def choose_time(times: Sequence[TimeFacts], rows: int, today: date) -> tuple[TimeFacts, str]:
    """The column with the time of the row: by name, and by its values."""

    def rank(place: int) -> tuple[int, int, int]:
        one = times[place]
        holes = rows > 0 and one.filled < 0.95 * rows
        odd = rows > 0 and (one.days < 2 or one.low is None or one.low > today)
        return 10 * (holes + odd) + time_rank(one.column.name), one.has_hours is False, place

    best = times[min(range(len(times)), key=rank)]
    if len(times) == 1:
        why = "the only column of a time"
    else:
        others = ", ".join(one.column.name for one in times if one is not best)
        why = f"of {len(times)} columns of a time, by its name and values (the others: {others})"
    if rows:
        why += f"; {best.low} to {best.high}, {count(best.days, 'day')} with rows"
        missing = rows - best.filled
        why += f"; {count(missing, 'row')} without a time not counted" if missing else ", no NULL"
    return best, why


def until(days: Days, today: date) -> Days:
    """Without days that have not come: a wrong time must not stretch the history."""
    return [(day, n) for day, n in days if day <= today + timedelta(days=1)]


def choose_period(days: Days, has_hours: bool) -> Choice:
    """From how many rows come a day."""
    if not days:
        return Choice("day", "there are no rows yet to tell by")
    regular = days[_begin([n for _, n in days]) :]
    first, last = regular[0][0], regular[-1][0]
    length = (last - first).days + 1
    pauses = [(after[0] - before[0]).days for before, after in pairwise(regular)]
    usual = median(pauses) if pauses else 1
    per_day = sum(n for _, n in regular) / length
    if usual >= 21:
        return Choice("month", f"rows come every {usual:.0f} days")
    if usual >= 5:
        return Choice("week", f"rows come every {usual:.0f} days")
    rate = count(round(per_day), "row") if per_day >= 1.5 else f"{per_day:.1g} rows"
    if has_hours and length < FEW_DAYS and per_day >= 24 * MIN_ROWS:
        return Choice("hour", f"{rate} a day, for {count(length, 'day')} only")
    if per_day >= MIN_ROWS:
        return Choice("day", f"{rate} a day, and a window is judged from {MIN_ROWS} on")
    if 7 * per_day >= MIN_ROWS:
        if length >= 7 * 12:
            return Choice("week", f"{rate} a day: a week has the {MIN_ROWS} that a window is judged from")
        return Choice("day", f"{rate} a day: windows of 7 or 28 days are judged, which have {MIN_ROWS}")
    if 30 * per_day >= MIN_ROWS and length >= 365:
        return Choice("month", f"{rate} a day: a month has the {MIN_ROWS} that a window is judged from")
    return Choice("week", f"{rate} a day: windows of several weeks are judged, which have {MIN_ROWS}")


def choose_reference(days: Days, period: str, today: date) -> Span:
    """A first part of the history that leaves most of it to be monitored."""
    unit = "day" if period == "hour" else period
    if not days:
        start = _start(today, unit)
        end = _later(start, unit, {"day": 28, "week": 8, "month": 6}[unit])
        return Span(start, end, "there are no rows yet: the first that will come. Set it once they are there")
    counts: dict[date, int] = {}
    for day, n in days:
        counts[_start(day, unit)] = counts.get(_start(day, unit), 0) + n
    starts = sorted(counts)
    first = starts[_begin([counts[one] for one in starts])]
    if unit != "day" and first < days[0][0] and len(starts) > 3:
        first = _later(first, unit, 1)  # the first is no whole one
        first = next(one for one in starts if one >= first)
    there = _between(first, starts[-1], unit)
    length = max(1, min(MOST[unit], there // 3))
    if there // 2 >= ENOUGH:
        length = max(length, ENOUGH)
    if unit == "day" and length >= 14:
        length -= length % 7
    end = _later(first, unit, length)
    if there == 1:
        why = f"the one {unit} there is: what comes is held against it. Make it longer as the log grows"
    else:
        why = f"the first {count(length, unit)} of {there}, which leaves {there - length} to be monitored"
    skipped = sum(n for day, n in days if day < first)
    if skipped:
        why += f"; {count(skipped, 'row')} before, when the log had not begun for good, left out"
    return Span(first, end, why + ". Choose days on which the model was known to be well")


def choose_windows(days: Days, period: str) -> Choice:
    """The lengths of windows that this log needs, as the variable driftline_windows has them for its period."""
    lengths = DEFAULT_WINDOWS[period]
    every = f"{lengths[0]}, {lengths[1]} and {lengths[2]}"
    if not days:
        return Choice(_lengths(period, *lengths), "the default, while there are no rows to tell by")
    regular = days[_begin([n for _, n in days]) :]
    span = (regular[-1][0] - regular[0][0]).days + 1
    rows = sum(n for _, n in regular) / span * _DAYS[period]
    least = next((size for size in lengths if size * rows >= MIN_ROWS), None)
    if least == 1:
        why = f"one {period} has the {MIN_ROWS} rows that are judged, {count(lengths[1], period)} hide its rhythm"
        return Choice(_lengths(period, *lengths[:2]), f"{why}; the default, {every}, makes half as many results again")
    if least is not None:
        why = f"one {period} has too few rows to be judged, {count(least, period)} have {MIN_ROWS}"
        return Choice(_lengths(period, 1, least), f"{why}; the default is {every}")
    # Whole multiples of the rhythm, so that no window has more Sundays than another.
    longest = -(-MIN_ROWS // max(int(rows * lengths[1]), 1)) * lengths[1]
    if longest > span / _DAYS[period]:
        return Choice(_lengths(period, *lengths), f"the default: all rows there are would hardly make {MIN_ROWS}")
    return Choice(
        _lengths(period, 1, longest),
        f"no length of the default ({every}) has the {MIN_ROWS} rows that are judged, {count(longest, period)} have",
    )


def _lengths(period: str, *sizes: int) -> str:
    return f"{{{period}: {list(sizes)}}}"


def choose_delay(known: Sequence[tuple[date, int, int]], period: str) -> Choice | None:
    """How many periods it takes until most labels are there; None if there is no telling, or none."""
    rows, filled = sum(n for _, n, _ in known), sum(k for _, _, k in known)
    if not rows or filled == rows or not filled or period == "hour":
        return None
    first_half = known[: max(len(known) // 2, 1)]
    usual = sum(k for _, _, k in first_half) / max(sum(n for _, n, _ in first_half), 1)
    last = known[-1][0]
    late = next((place for place, (_, n, k) in enumerate(reversed(known)) if k >= 0.8 * usual * n), 0)
    if not late or usual == 0:
        return None
    days = (last - known[-late][0]).days + 1
    length = {"day": 1, "week": 7, "month": 30}[period]
    delay = -(-days // length)
    return Choice(str(delay), f"of the last {count(days, 'day')} fewer labels are known than the usual {usual:.0%}")


def _begin(counts: Sequence[int]) -> int:
    """The place from which on counts are what they usually are: a log often begins with tests."""
    usual = median(counts)
    pairs = zip(range(len(counts)), counts, (*counts[1:], counts[-1]), strict=True)
    return next((place for place, one, then in pairs if min(one, then) >= 0.2 * usual), 0)


def _start(day: date, unit: str) -> date:
    if unit == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if unit == "month" else day


def _later(start: date, unit: str, number: int) -> date:
    if unit == "month":
        months = start.year * 12 + start.month - 1 + number
        return date(months // 12, months % 12 + 1, 1)
    return start + timedelta(days=number * (7 if unit == "week" else 1))


def _between(first: date, last: date, unit: str) -> int:
    """Periods from one to another, both included."""
    if unit == "month":
        return (last.year - first.year) * 12 + last.month - first.month + 1
    return (last - first).days // (7 if unit == "week" else 1) + 1
