"""Numbers and dates as people read them.

`static/numbers.js` carries the same rules. There are two because the head of the page, its alerts and its reasons are
made here, so that they can be read without a script, while what a reader chooses in the browser cannot be written
beforehand: every number that could be chosen would be in the page twice. tests/report/test_numbers.py holds the two
together.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

DASH = "–"
MINUS = "−"
EXACT = Context(prec=1100)  # a float may have so many digits
ONE_MINUTE = timedelta(minutes=1)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def as_float(value: Any) -> float | None:
    """A finite float, or None: engines hand out Decimal, strings, NaN."""
    if type(value) is float:
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, (int, float, Decimal)):
        number = float(value)
    else:
        try:
            number = float(str(value))
        except ValueError:
            return None
    return number if math.isfinite(number) else None


def as_int(value: Any) -> int:
    number = as_float(value)
    return 0 if number is None else round(number)


def as_bool(value: Any) -> bool:
    """Some drivers hand out 1 or a text."""
    return value in (True, 1) or str(value).lower() in ("true", "t")


def as_text(value: Any) -> str:
    return "" if value is None else str(value)


def as_datetime(value: Any) -> datetime | None:
    """A naive datetime in the wall clock of the monitor."""
    if value is None:
        return None
    if isinstance(value, datetime):
        plain = value
    elif isinstance(value, date):
        plain = datetime(value.year, value.month, value.day)
    elif hasattr(value, "to_pydatetime"):
        plain = value.to_pydatetime()
    else:
        try:
            plain = datetime.fromisoformat(str(value).strip().replace("Z", "+00:00"))
        except ValueError:
            return None
    if plain.tzinfo is not None:
        plain = plain.astimezone(timezone.utc).replace(tzinfo=None)
    return plain


def plain(name: str, value: Any) -> Any:
    """The value of a column as a file has it, whatever the driver hands out: a text, a number, a truth or nothing."""
    if isinstance(value, (datetime, date)):
        return value.isoformat(sep=" ") if isinstance(value, datetime) else value.isoformat()
    if name.startswith("is_"):
        return None if value is None else as_bool(value)
    if isinstance(value, (int, float, Decimal)):
        number = as_float(value)
        return int(number) if number is not None and number.is_integer() else number
    return None if value is None else str(value)


def minutes(value: datetime) -> int:
    return round((value - datetime(1970, 1, 1)) / ONE_MINUTE)


def from_minutes(value: int) -> datetime:
    return datetime(1970, 1, 1) + value * ONE_MINUTE


def short(value: float | None, digits: int = 6) -> float | int | None:
    """As many telling digits as a chart can show."""
    if value is None:
        return None
    rounded = float(f"{value:.{digits}g}")
    return int(rounded) if rounded.is_integer() and abs(rounded) < 1e15 else rounded


def number(value: float | None) -> str:
    """Three telling digits: 0.0123, 4.56, 123, 12,345, 123k, 1.23M."""
    if value is None or not math.isfinite(value):
        return DASH
    sign = MINUS if value < 0 else ""
    size = abs(value)
    if size == 0:
        return "0"
    if size < 1e-6 or size >= 1e15:
        mantissa, exponent = Decimal(size).scaleb(-decade(size), EXACT), decade(size)
        rounded = fixed(mantissa, 1)
        if rounded == "10.0":
            rounded, exponent = "1.0", exponent + 1
        return f"{sign}{rounded}e{MINUS if exponent < 0 else ''}{abs(exponent)}"
    if size >= 99_999.5:
        for limit, unit in ((999.5e9, "T"), (999.5e6, "B"), (999.5e3, "M"), (0.0, "k")):
            if size >= limit:
                return sign + digits(size / {"T": 1e12, "B": 1e9, "M": 1e6, "k": 1e3}[unit]) + unit
    return sign + digits(size)


def fixed(size: float | Decimal, places: int) -> str:
    """So many places after the point, a half upwards, as browsers do: Python's formats take it to the even digit."""
    return f"{Decimal(size).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, EXACT):,f}"


def decade(size: float) -> int:
    """The power of ten of the first digit; a logarithm may miss it by one."""
    return Decimal(size).adjusted()


def trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def digits(size: float) -> str:
    """A number of 1e-6 … 99,999 with three significant digits and no idle zeros."""
    if size >= 99.95:
        return fixed(size, 0)
    if size < 0.01:
        return trimmed(fixed(size, 2 - decade(size)))
    places = 1 if size >= 9.995 else 2 if size >= 0.9995 else 3 if size >= 0.09995 else 4
    return trimmed(fixed(size, places))


def whole(value: float | None) -> str:
    """Counts: exact as long as that can be read."""
    if value is None or not math.isfinite(value):
        return DASH
    if abs(value) >= 1e6:
        return number(value)
    text = fixed(abs(value), 0)
    return f"{MINUS}{text}" if value < 0 and text != "0" else text


def percent(share: float | None) -> str:
    if share is None or not math.isfinite(share * 100):
        return DASH
    sign = MINUS if share < 0 else ""
    size = abs(share) * 100
    if size == 0:
        return "0%"
    if size < 0.0001:
        return "<0.0001%" if share > 0 else f">{sign}0.0001%"
    if size < 0.01:
        return f"{sign}{trimmed(fixed(size, 1 - decade(size)))}%"
    if size >= 1e6:
        return f"{sign}{number(size)}%"
    text = trimmed(fixed(size, 2 if size < 1 else 1 if size < 99.95 else 0))
    return f"{sign}{text}%"


def change(share: float | None) -> str:
    """A relative change with its sign; from a factor of ten on, as a factor."""
    if share is None or not math.isfinite(share):
        return DASH
    if share >= 9:
        return f"×{number(share + 1)}"
    if abs(share) < 0.0005:
        return "±0%"
    size = abs(share) * 100
    text = f"{size:.1f}".removesuffix(".0") if size < 9.95 else f"{size:.0f}"
    return f"{'+' if share > 0 else MINUS}{text}%"


def day(value: datetime, year: bool = True) -> str:
    return f"{value.day} {MONTHS[value.month - 1]}" + (f" {value.year}" if year else "")


def moment(value: datetime | None) -> str:
    if value is None:
        return DASH
    return day(value) if (value.hour, value.minute) == (0, 0) else f"{day(value)}, {value:%H:%M}"


def utc(value: datetime) -> str:
    return f"{day(value)}, {value:%H:%M} UTC"


def ago(passed: timedelta) -> str:
    """How long, in the largest unit of which there is more than one."""
    passed_minutes = int(passed / ONE_MINUTE)
    for unit, size in (("day", 1440), ("hour", 60)):
        if passed_minutes >= 2 * size:
            return plural(passed_minutes // size, unit)
    return plural(passed_minutes, "minute")


def reference(about: Mapping[str, Any]) -> str:
    """The span of the log that is the reference, and what it excludes; nothing where it is a relation of its own."""
    start, end = (as_datetime(about.get(name)) for name in ("reference_start", "reference_end"))
    if start is None or end is None:
        return ""
    excluded = as_text(about.get("reference_exclude"))
    spans = [text.partition(" to ") for text in excluded.split(", ") if text]
    without = " and ".join(span(as_datetime(first), as_datetime(last)) for first, _, last in spans)
    return span(start, end) + (f" without {without}" if without else "")


def span(start: datetime | None, end: datetime | None, period: str = "day") -> str:
    """A half-open window in words: its last day is the day before its end."""
    if start is None:
        return DASH
    if end is None or end <= start:
        return moment(start)
    if period == "hour" or any((start.hour, start.minute, end.hour, end.minute)):
        if end - start == timedelta(hours=1):
            return moment(start) if start.hour or start.minute else f"{day(start)}, 00:00"
        return f"{day(start)}, {start:%H:%M} – {day(end)}, {end:%H:%M}"
    last = end - timedelta(days=1)
    if last <= start:
        return day(start)
    if start.day == 1 and end.day == 1:
        first = f"{MONTHS[start.month - 1]} {start.year}"
        final = f"{MONTHS[last.month - 1]} {last.year}"
        return first if first == final else f"{first} – {final}"
    return f"{day(start, start.year != last.year)} – {day(last)}"


def windows(count: int, period: str) -> str:
    return f"{count} {period}" + ("" if count == 1 else "s")


def plural(count: int, one: str, many: str | None = None) -> str:
    return f"{whole(count)} {one if count == 1 else many or one + 's'}"


def listed(parts: list[str]) -> str:
    """a, b and c"""
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1] if parts else ""
