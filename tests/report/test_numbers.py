"""Numbers are written twice, in Python and in the browser's script: both write thousands of them alike."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from driftline.report import numbers
from report import node

EDGES = (
    0.0001, 0.0005, 0.01, 0.0995, 0.09995, 0.9995, 1, 9.95, 9.995, 99.95, 999.5, 99_999.5, 999.5e3, 999.5e6, 999.5e9, 1e6, 1e15, 1e-6
)  # fmt: skip


def some(chance: random.Random) -> Iterator[float]:
    """Of every size and sign; halves of the last digit; powers of ten; and the neighbours of where a rule ends."""
    yield from (
        0.0,
        -0.0,
        math.nan,
        math.inf,
        -math.inf,
        5e-324,
        1.7976931348623157e308,
        2.5,
        0.125,
        0.5,
        100.5,
        1.25e16,
    )
    for _ in range(4000):
        yield chance.choice((-1, 1)) * 10 ** chance.uniform(-12, 18)
    for _ in range(2000):
        # Exact in binary, and often just between two numbers of few digits.
        yield (
            chance.choice((-1, 1)) * chance.randint(1, 4000) / 2 ** chance.randint(0, 12) * 10 ** chance.randint(0, 12)
        )
    for _ in range(2000):
        yield float(f"{chance.randint(1, 99_999)}5e{chance.randint(-14, 10)}")
    for exponent in range(-9, 19):
        for edge in (float(f"1e{exponent}"), *EDGES):
            for near in (edge, math.nextafter(edge, 0), math.nextafter(edge, math.inf)):
                yield from (near, -near, near / 100, near * 1000)
    for count in range(0, 2000, 7):
        yield from (count, -count, count + 0.5, -count - 0.5)


def spans(chance: random.Random) -> Iterator[tuple[datetime, datetime, str]]:
    for _ in range(3000):
        start = datetime(2011, 1, 1) + timedelta(days=chance.randint(0, 1200))
        if chance.random() < 0.4:
            start = start.replace(day=1)
        if chance.random() < 0.4:
            start += timedelta(minutes=chance.choice((30, 60, 60 * chance.randint(1, 23))))
        length = chance.choice(
            (timedelta(), timedelta(hours=1), timedelta(hours=chance.randint(2, 60)), timedelta(days=1), timedelta(days=7),
             timedelta(days=chance.randint(2, 400)), timedelta(days=-3))
        )  # fmt: skip
        end = start + length
        if chance.random() < 0.3:
            end = (start.replace(day=1) + timedelta(days=32 * chance.randint(1, 14))).replace(day=1)
        yield start, end, chance.choice(("hour", "day", "week", "month"))


def test_python_and_the_browser_write_alike() -> None:
    chance = random.Random(20_111)
    values: list[float | None] = [None, *some(chance)]
    moments = list(spans(chance))
    assert len(values) > 10_000
    given = {
        "values": [x if x is None or math.isfinite(x) else str(x).replace("inf", "Infinity").replace("nan", "NaN") for x in values],
        "spans": [[numbers.minutes(start), numbers.minutes(end), period] for start, end, period in moments],
    }  # fmt: skip
    done = node.run("numbers.mjs", given=json.dumps(given))
    assert done.returncode == 0, done.stderr[-2000:]
    browser = json.loads(done.stdout)
    for kind, write in {
        "number": numbers.number, "percent": numbers.percent, "whole": numbers.whole,
        "plural": lambda x: numbers.plural(x, "row"),
    }.items():  # fmt: skip
        unlike = [(x, write(x), shown) for x, shown in zip(values, browser[kind], strict=True) if write(x) != shown]
        assert unlike == [], (kind, len(unlike), unlike[:10])
    unlike_spans = [
        (*given_span, numbers.span(*given_span), shown)
        for given_span, shown in zip(moments, browser["span"], strict=True) if numbers.span(*given_span) != shown
    ]  # fmt: skip
    assert unlike_spans == [], (len(unlike_spans), unlike_spans[:10])


def test_they_write_the_nearest_number() -> None:
    """What is written is as near to the value as three digits, or the places of a percentage, come."""
    units = {"k": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}
    for value in some(random.Random(7)):
        if not math.isfinite(value) or not 1e-6 <= abs(value) < 1e14:
            continue
        text = numbers.number(value).replace("−", "-").replace(",", "")
        shown = Fraction(Decimal(text.rstrip("kMBT"))) * units.get(text[-1], 1)
        # Under 100 three digits, from there on whole numbers, or whole numbers of the unit.
        place = Fraction(10) ** (numbers.decade(abs(value)) - 2)
        if 99.95 <= abs(value) < 99_999.5:
            place = Fraction(1)
        assert abs(shown - Fraction(value)) <= place / 2 * Fraction(101, 100) * 10 ** (abs(value) >= 99_999.5), (
            value,
            text,
        )
