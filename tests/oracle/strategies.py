"""Hypothesis strategies for raw data: the shapes that break monitors.

``examples()`` draws an ``Example``: rows (object columns, None is NULL, nan is NaN) and a declaration for
``raw.expected``. Load the rows with ``raw.to_arrow`` (DuckDB) or as parameters of an insert; a DataFrame given to a
database directly would merge NaN and NULL. ``numeric_values(n)``, ``categories(n)`` and ``weights(n)`` draw one column;
``number_shapes()`` and ``category_shapes()`` name every shape, for tests that want to walk through all of them.

``walk()`` puts every shape into one table, a column each, so that a single build checks all of them.

>>> example = examples().example()  # doctest: +SKIP
>>> sorted(example.rows.columns)  # doctest: +SKIP
['at', 'bought', 'category', 'market', 'spent', 'version', 'w', 'x', 'y']
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st

START = datetime(2024, 1, 1)  # a Monday
ODD_NAMES = [
    "",
    " ",
    "a",
    "A",
    "b",
    "all",
    "null",
    "NULL",
    "None",
    "nan",
    "O'Brien",
    'say "hi"',
    "semi;colon",
    "--comment",
    "/* c */",
    "back\\slash",
    "{{ jinja }}",
    "{% raw %}",
    "%s",
    "$1",
    "tab\there",
    "line\nbreak",
    "Zürich",
    "東京",
    "😀",
    "e\u0301",
    "\u00e9",
    "x" * 300,
    "unseen",
    "beyond_top",
]

Number = float | None
Rng = np.random.Generator


def _floats(values: Any) -> list[Number]:
    return [float(v) for v in values]


def _with(rng: Rng, values: list[Number], share: float, others: list[Number]) -> list[Number]:
    hit = rng.random(len(values)) < share
    pick = rng.integers(0, len(others), len(values))
    return [others[k] if h else v for v, h, k in zip(values, hit, pick, strict=True)]


NUMBER_SHAPES: dict[str, Callable[[Rng, int], list[Number]]] = {
    "normal": lambda r, n: _floats(r.normal(0, 1, n)),
    "lognormal": lambda r, n: _floats(r.lognormal(0, 2, n)),
    "constant": lambda r, n: [7.25] * n,
    "zero": lambda r, n: [0.0] * n,
    "signed_zeros": lambda r, n: _floats(r.choice([0.0, -0.0, 1.0], n)),
    "all_null": lambda r, n: [None] * n,
    "all_nan": lambda r, n: [math.nan] * n,
    "null_heavy": lambda r, n: _with(r, _floats(r.normal(0, 1, n)), 0.9, [None]),
    "nan_and_null": lambda r, n: _with(r, _floats(r.normal(0, 1, n)), 0.4, [None, math.nan]),
    "infinities": lambda r, n: _with(r, _floats(r.normal(0, 1, n)), 0.3, [math.inf, -math.inf]),
    "everything": lambda r, n: _with(r, _floats(r.normal(0, 1, n)), 0.5, [None, math.nan, math.inf, -math.inf, 0.0]),
    "ties": lambda r, n: _floats(r.poisson(1.5, n)),
    "two_values": lambda r, n: _floats(r.integers(0, 2, n)),
    "rare_one": lambda r, n: _floats(r.random(n) < 0.02),
    "zeros_70": lambda r, n: _with(r, _floats(r.lognormal(0, 1, n)), 0.7, [0.0]),
    "huge": lambda r, n: _floats(r.choice([-1.0, 1.0], n) * 10.0 ** r.uniform(280, 299, n)),
    "over_the_cap": lambda r, n: _with(r, _floats(r.normal(0, 1, n)), 0.2, [5e300, -5e300, 1e300, -1e300]),
    "tiny": lambda r, n: _floats(r.choice([-1.0, 1.0], n) * 10.0 ** r.uniform(-300, -280, n)),
    "all_magnitudes": lambda r, n: _floats(r.choice([-1.0, 1.0], n) * 10.0 ** r.uniform(-300, 299, n)),
    "large_offset": lambda r, n: _floats(1e9 + r.uniform(-1, 1, n)),
    "neighbours": lambda r, n: _floats(np.nextafter(1.0, 2.0) * r.integers(0, 2, n) + r.integers(0, 2, n)),
    "one_outlier": lambda r, n: [1e6, *_floats(r.normal(0, 1, max(n - 1, 0)))][:n],
    "increasing": lambda r, n: _floats(range(n)),
}

CATEGORY_SHAPES: dict[str, Callable[[Rng, int], list[str | None]]] = {
    "few": lambda r, n: [str(v) for v in r.choice(["a", "b", "c"], n, p=[0.6, 0.3, 0.1])],
    "one": lambda r, n: ["only"] * n,
    "all_null": lambda r, n: [None] * n,
    "null_heavy": lambda r, n: [None if r.random() < 0.9 else "a" for _ in range(n)],
    "odd_names": lambda r, n: [ODD_NAMES[k] for k in r.integers(0, len(ODD_NAMES), n)],
    "empty_and_null": lambda r, n: [["", None, " "][k] for k in r.integers(0, 3, n)],
    "long_tail": lambda r, n: [f"c{min(k, 400):03d}" for k in r.zipf(1.3, n)],
    "all_different": lambda r, n: [f"id{k:05d}" for k in range(n)],
    "drifting": lambda r, n: [f"c{int(4 * k / max(n, 1))}" for k in range(n)],
}


def number_shapes() -> list[str]:
    return list(NUMBER_SHAPES)


def category_shapes() -> list[str]:
    return list(CATEGORY_SHAPES)


def _rng(draw: Any) -> Rng:
    return np.random.default_rng(draw(st.integers(0, 2**32 - 1)))


single_number: st.SearchStrategy[Number] = st.one_of(
    st.none(),
    st.sampled_from([0.0, -0.0, 1.0, -1.0, math.nan, math.inf, -math.inf, 1e300, 1e-300, 1e9 + 0.5]),
    st.floats(-1e299, 1e299),
    st.integers(-3, 3).map(float),
)
single_category: st.SearchStrategy[str | None] = st.one_of(
    st.none(),
    st.sampled_from(ODD_NAMES),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=5),
)


@st.composite
def numeric_values(draw: Any, n: int) -> list[Number]:
    """n numbers of one shape; small n sometimes value by value, which shrinks well."""
    if n <= 12 and draw(st.booleans()):
        return draw(st.lists(single_number, min_size=n, max_size=n))
    return NUMBER_SHAPES[draw(st.sampled_from(number_shapes()))](_rng(draw), n)


@st.composite
def categories(draw: Any, n: int) -> list[str | None]:
    if n <= 12 and draw(st.booleans()):
        return draw(st.lists(single_category, min_size=n, max_size=n))
    return CATEGORY_SHAPES[draw(st.sampled_from(category_shapes()))](_rng(draw), n)


@st.composite
def weights(draw: Any, n: int) -> list[float]:
    """Positive weights: all one, whole numbers, fractions under one, or far apart."""
    rng = _rng(draw)
    kind = draw(st.sampled_from(["one", "same", "whole", "fraction", "skewed"]))
    if kind == "one":
        return [1.0] * n
    if kind == "same":
        return [2.5] * n
    if kind == "whole":
        return [float(v) for v in rng.integers(1, 5, n)]
    if kind == "fraction":
        return [float(v) for v in rng.uniform(0.05, 0.95, n)]
    return [float(v) for v in rng.lognormal(0, 1.5, n)]


@dataclass
class Example:
    """Raw rows with the declaration they are to be monitored by."""

    rows: pd.DataFrame
    declaration: dict[str, Any]

    def __repr__(self) -> str:
        return f"Example({len(self.rows)} rows, {self.declaration})\n{self.rows.head(12)}"


def sizes() -> st.SearchStrategy[int]:
    return st.one_of(st.integers(1, 12), st.integers(13, 120), st.sampled_from([1, 2, 200, 600]))


@st.composite
def examples(draw: Any, max_days: int = 24, period: str | None = None, weighted: bool | None = None) -> Example:
    """A small monitored table: gaps in time, two versions, segments, one or two columns of every role."""
    n, days = draw(sizes()), draw(st.integers(2, max_days))
    rng = _rng(draw)
    gaps = draw(st.sets(st.integers(0, days - 1), max_size=days // 2))
    alive = [d for d in range(days) if d not in gaps]
    if not alive:
        alive = [0]
    day = np.sort(rng.choice(alive, n))
    minutes = rng.integers(0, 24 * 60, n)
    edge = rng.random(n) < 0.1  # a tenth falls on midnight
    at = [
        START + timedelta(days=int(d), minutes=0 if e else int(m)) for d, m, e in zip(day, minutes, edge, strict=True)
    ]
    period = period or draw(st.sampled_from(["day", "day", "week", "month"]))
    start = draw(st.integers(0, max(0, days - 2)))
    end = draw(st.integers(start + 1, days))
    has_weight = draw(st.booleans()) if weighted is None else weighted
    null_share = draw(st.sampled_from([0.0, 0.3]))
    bought = [None if rng.random() < null_share else int(rng.random() < 0.3) for _ in range(n)]
    columns: dict[str, list[Any]] = {
        "at": at,
        "x": draw(numeric_values(n)),
        "y": draw(numeric_values(n)),
        "category": draw(categories(n)),
        "version": ["v1" if d < days / 2 or rng.random() < 0.3 else "v2" for d in day],
        "market": [str(v) for v in rng.choice(["north", "south", "O'Malley's"], n)],
        "bought": bought,
        "spent": [round(float(v), 2) for v in rng.gamma(2, 10, n)],
        "w": draw(weights(n)),
    }
    rows = pd.DataFrame({k: pd.Series(v, dtype=object) for k, v in columns.items()})
    rows["at"] = pd.to_datetime(rows["at"])
    rows.attrs["text"] = ["category", "version", "market"]
    declaration: dict[str, Any] = {
        "monitor": "example",
        "timestamp": "at",
        "period": period,
        "timezone": "UTC",
        "reference": {
            "start": (START + timedelta(days=start)).strftime("%Y-%m-%d"),
            "end": (START + timedelta(days=end)).strftime("%Y-%m-%d"),
        },
        "numeric": ["x", "y"],
        "categorical": ["category"],
        "bins": draw(st.sampled_from([4, 10, 20, 25])),
        "top_categories": draw(st.sampled_from([1, 3, 50])),
        "windows": draw(st.sampled_from([[1], [1, 7]] if period == "day" else [[1], [1, 2]])),
        "business_metrics": {
            "conversion": {"numerator": "bought", "denominator": 1},
            "revenue": {"sum": "spent"},
        },
        "weight": "w" if has_weight else None,
    }
    if draw(st.booleans()):
        declaration["model_version"] = "version"
    if draw(st.booleans()):
        declaration["segments"] = ["market"]
    details = ["total", "versions", "segments", ["versions", "segments"], "crosses", "all"]
    declaration["detail"] = draw(st.sampled_from(details))
    return Example(rows, declaration)


def walk(n: int = 300, days: int = 20, seed: int = 0) -> Example:
    """One table with a column for every shape at once: one build checks them all, without hypothesis.

    >>> len(walk(50).rows.columns) == 2 + len(NUMBER_SHAPES) + len(CATEGORY_SHAPES)
    True
    """
    rng = np.random.default_rng(seed)
    day = np.sort(rng.integers(0, days, n))
    columns: dict[str, list[Any]] = {
        "at": [
            START + timedelta(days=int(d), minutes=int(m)) for d, m in zip(day, rng.integers(0, 1440, n), strict=True)
        ],
        "w": [float(v) for v in rng.uniform(0.2, 3, n)],
    }
    columns |= {f"n_{name}": make(rng, n) for name, make in NUMBER_SHAPES.items()}
    columns |= {f"c_{name}": list(make(rng, n)) for name, make in CATEGORY_SHAPES.items()}
    rows = pd.DataFrame({k: pd.Series(v, dtype=object) for k, v in columns.items()})
    rows["at"] = pd.to_datetime(rows["at"])
    rows.attrs["text"] = [f"c_{name}" for name in CATEGORY_SHAPES]
    declaration = {
        "monitor": "walk",
        "timestamp": "at",
        "period": "day",
        "reference": {"start": "2024-01-01", "end": "2024-01-09"},
        "numeric": [f"n_{name}" for name in NUMBER_SHAPES],
        "categorical": [f"c_{name}" for name in CATEGORY_SHAPES],
        "bins": 20,
        "top_categories": 50,
        "windows": [1, 7],
        "business_metrics": {},
    }
    return Example(rows, declaration)
