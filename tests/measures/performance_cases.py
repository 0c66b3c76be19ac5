"""Raw tables and monitors whose performance is known: many cases as segments of a few monitors.

Each segment is one shape of data: one class only, ties, no scores, no labels, one row. Eleven days, the first five the
reference; ``expected(name)`` is what ``driftline_performance`` must say.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from oracle import oracle as o
from oracle import performance, raw

Rng = np.random.Generator
Values = list[Any]

START, DAYS, REFERENCE_DAYS = datetime(2024, 1, 1), 11, 5
WINDOWS = [1, 2]
NOW = "2024-01-11 23:59:30"  # the last day is not over
COMMON: dict[str, Any] = {
    "period": "day",
    "reference": {"start": "2024-01-01", "end": "2024-01-06"},
    "business_metrics": {},
}
SEGMENTED: dict[str, Any] = {**COMMON, "segments": ["shape"], "detail": "all"}


# --------------------------------------------------------------------------------------------------------------- binary


def _numbers(values: Any) -> Values:
    return [float(v) for v in values]


def _drawn(rng: Rng, s: Values) -> Values:
    """A label with the score as its probability; even odds where it is none."""
    chance = [v if v is not None and 0 <= v <= 1 else 0.5 for v in s]
    return [int(rng.random() < c) for c in chance]


def _some(rng: Rng, values: Values, share: float, others: Values) -> Values:
    return [others[int(rng.integers(len(others)))] if rng.random() < share else v for v in values]


@dataclass(frozen=True)
class Shape:
    """One kind of data: its scores, its labels, and how many rows a day has."""

    score: Callable[[Rng, int], Values] = lambda r, n: _numbers(r.beta(2, 3, n))
    label: Callable[[Rng, Values, int], Values] = lambda r, s, day: _drawn(r, s)
    rows: Callable[[int], int] = lambda day: 24


EDGES = [0.0, 1.0, 0.5, 0.3, 2.0**-53, 1 - 2.0**-53]

BINARY: dict[str, Shape] = {
    "continuous": Shape(rows=lambda day: 60),
    "ties": Shape(lambda r, n: _numbers(r.integers(0, 11, n) / 10)),
    "only_positives": Shape(label=lambda r, s, day: [1] * len(s)),
    "only_negatives": Shape(label=lambda r, s, day: [0] * len(s)),
    "constant_score": Shape(lambda r, n: [0.7] * n),
    "null_scores": Shape(lambda r, n: _some(r, _numbers(r.beta(2, 3, n)), 0.5, [None])),
    "odd_scores": Shape(
        lambda r, n: _some(r, _numbers(r.beta(2, 3, n)), 0.6, [None, math.nan, math.inf, -math.inf, 5e300])
    ),
    "no_scores": Shape(lambda r, n: [None] * n),
    "null_labels": Shape(label=lambda r, s, day: _some(r, _drawn(r, s), 0.5, [None])),
    "labels_end": Shape(label=lambda r, s, day: _drawn(r, s) if day < 8 else [None] * len(s)),
    "no_labels": Shape(label=lambda r, s, day: [None] * len(s)),
    "one_row": Shape(rows=lambda day: 1),
    "few_rows": Shape(rows=lambda day: 1 + day % 3),
    "edges": Shape(lambda r, n: [EDGES[k] for k in r.integers(0, len(EDGES), n)]),
    "gaps": Shape(rows=lambda day: 12 if day in (0, 3, 6, 7, 10) else 0),
    "no_reference": Shape(rows=lambda day: 20 if day >= 6 else 0),
    "perfect": Shape(label=lambda r, s, day: [int(v >= 0.5) for v in s]),
    "reversed": Shape(label=lambda r, s, day: [int(v < 0.5) for v in s]),
    "rare_positives": Shape(label=lambda r, s, day: [int(r.random() < 0.03) for _ in s]),
    "tiny_scores": Shape(lambda r, n: _numbers(10.0 ** -r.uniform(1, 18, n))),
}
# Different numbers, and nothing between them.
NEIGHBOURS = {
    "halves": Shape(
        lambda r, n: [(0.5, math.nextafter(0.5, 0), math.nextafter(0.5, 1))[k] for k in r.integers(0, 3, n)]
    ),
    "sums": Shape(lambda r, n: [(0.3, 0.1 + 0.2, 0.7, 0.8)[k] for k in r.integers(0, 4, n)]),
}
OUTSIDE = {
    "outside": Shape(lambda r, n: _some(r, _numbers(r.beta(2, 3, n)), 0.1, [-0.2, 1.3, 2.0]), rows=lambda day: 4),
    "inside": Shape(),
    "unlabelled": Shape(
        lambda r, n: _some(r, _numbers(r.beta(2, 3, n)), 0.3, [-0.2, 1.3]),
        lambda r, s, day: [None if v < 0 or v > 1 else int(r.random() < v) for v in s],
    ),
}
FEW = [0.1, 0.3, 0.5, 0.7, 0.9]


def _frame(columns: Mapping[str, Values], text: Sequence[str]) -> pd.DataFrame:
    rows = pd.DataFrame({k: pd.Series(v, dtype=object) for k, v in columns.items()})
    rows["at"] = pd.to_datetime(rows["at"])
    rows.attrs["text"] = list(text)
    return rows


def _moments(rng: Rng, day: int, n: int) -> list[datetime]:
    return [START + timedelta(days=day, minutes=int(m)) for m in rng.integers(0, 1440, n)]


def _binary_rows(shapes: Mapping[str, Shape], seed: int) -> pd.DataFrame:
    """The same outcome as number, boolean and text; the version is an old one, later a new one, or none."""
    rng = np.random.default_rng(seed)
    out: dict[str, Values] = {k: [] for k in ("at", "shape", "score", "label", "w", "version")}
    for name, shape in shapes.items():
        for day in range(DAYS):
            n = shape.rows(day)
            score = shape.score(rng, n)
            out["at"] += _moments(rng, day, n)
            out["shape"] += [name] * n
            out["score"] += score
            out["label"] += shape.label(rng, score, day)
            out["w"] += _numbers(rng.choice([0.25, 1.0, 1.0, 3.7], n))
            newer = 0.4 if day >= 6 else 0.0
            out["version"] += [None if r < 0.03 else "new" if r < 0.03 + newer else "old" for r in rng.random(n)]
    out["id"] = list(range(len(out["at"])))
    out["bought"] = [None if v is None else v == 1 for v in out["label"]]
    out["outcome"] = [None if v is None else ("good" if v == 1 else "bad") for v in out["label"]]
    return _frame(out, ["shape", "version", "outcome"])


def _few_rows() -> pd.DataFrame:
    """Scores of five values, and the decision that follows from them as a whole number."""
    shapes = {
        "few": Shape(lambda r, n: [FEW[k] for k in r.integers(0, 5, n)], rows=lambda day: 50),
        "two": Shape(lambda r, n: [FEW[1 + 2 * k] for k in r.integers(0, 2, n)], rows=lambda day: 9),
        "one_class": Shape(
            lambda r, n: [FEW[k] for k in r.integers(0, 5, n)], lambda r, s, day: [day % 2] * len(s), lambda day: 6
        ),
    }
    rows = _binary_rows(shapes, 21)
    decision = [int(v >= 0.5) for v in rows["score"]]
    rows["decision"] = pd.Series(decision, dtype=object)
    return rows


def _logits(seed: int, extremes: Sequence[float]) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    out: dict[str, Values] = {k: [] for k in ("at", "score", "label")}
    for day in range(DAYS):
        s = [*_numbers(rng.normal(-0.5, 3, 40)), *extremes]
        out["at"] += _moments(rng, day, len(s))
        out["score"] += s
        out["label"] += [int(rng.random() < 1 / (1 + math.exp(-min(max(v, -30), 30)))) for v in s]
    return _frame(out, [])


# ----------------------------------------------------------------------------------------------------------- multiclass

CLASSES = ["a", "b", "c"]


def _multiclass_rows(odd: bool) -> pd.DataFrame:
    """odd: with classes that the reference's labels do not have, as label and as prediction."""
    rng = np.random.default_rng(31 + odd)
    shapes = ["plain", "missing", "one_predicted", "one_actual", "one_row", "no_labels", "labels_end", "c_is_rare"]
    out: dict[str, Values] = {k: [] for k in ("at", "shape", "actual", "predicted", "p_a", "p_b", "p_c", "w")}
    for name in shapes:
        for day in range(DAYS):
            n = 1 if name == "one_row" else 25
            chances = rng.dirichlet([1.2, 1.2, 1.2], n)
            if name == "c_is_rare":
                chances = rng.dirichlet([2, 2, 0.05], n)
            actual: Values = [CLASSES[int((rng.random() > np.cumsum(q)[:2]).sum())] for q in chances]
            predicted: Values = [CLASSES[int(k)] for k in chances.argmax(axis=1)]
            table: list[Values] = [_numbers(chances[:, k]) for k in range(3)]
            if name == "missing":
                actual = _some(rng, actual, 0.2, [None])
                predicted = _some(rng, predicted, 0.2, [None])
                table = [_some(rng, q, 0.1, [None, math.nan]) for q in table]
            elif name == "one_predicted":
                predicted = ["a"] * n
                table = [[0.6] * n, [0.3] * n, [0.1] * n]
            elif name == "one_actual":
                actual = ["b"] * n
            elif name == "no_labels" or (name == "labels_end" and day >= 8):
                actual = [None] * n
            if odd and day >= REFERENCE_DAYS:
                actual = _some(rng, actual, 0.1, ["never seen"])
            if odd:
                predicted = _some(rng, predicted, 0.1, ["no such class"])
            out["at"] += _moments(rng, day, n)
            out["shape"] += [name] * n
            out["actual"] += actual
            out["predicted"] += predicted
            for k, q in zip(("p_a", "p_b", "p_c"), table, strict=True):
                out[k] += q
            out["w"] += _numbers(rng.choice([0.25, 1.0, 2.0], n))
    return _frame(out, ["shape", "actual", "predicted"])


# ----------------------------------------------------------------------------------------------------------- regression


def _regression_rows() -> pd.DataFrame:
    rng = np.random.default_rng(41)
    out: dict[str, Values] = {k: [] for k in ("at", "shape", "amount", "guess", "w")}
    shapes = [
        *("plain", "zeros", "constant", "perfect", "negative", "below_minus_one", "missing", "offset", "one_row"),
        *("no_labels", "labels_end", "mean_only", "tiny", "whole"),
    ]
    for name in shapes:
        for day in range(DAYS):
            n = 1 if name == "one_row" else 20
            y: Values = _numbers(rng.gamma(2, 10, n))
            s: Values = _numbers(np.asarray(y) * rng.normal(1, 0.2, n) + rng.normal(1, 2, n))
            if name == "zeros":
                y = _some(rng, y, 0.6, [0.0])
            elif name == "constant":
                y = [7.1] * n
            elif name == "perfect":
                s = list(y)
            elif name == "negative":
                y, s = _numbers(rng.normal(-0.5, 0.6, n)), _numbers(rng.normal(-0.5, 0.6, n))
            elif name == "below_minus_one":
                y, s = _numbers(-rng.uniform(1, 4, n)), _numbers(-rng.uniform(1, 4, n))
            elif name == "missing":
                y = _some(rng, y, 0.3, [None, math.nan, math.inf])
                s = _some(rng, s, 0.3, [None, math.nan, -math.inf])
            elif name == "offset":
                y = _numbers(1000 + rng.normal(0, 1, n))
                s = _numbers(np.asarray(y) + rng.normal(0.01, 0.5, n))
            elif name == "no_labels" or (name == "labels_end" and day >= 8):
                y = [None] * n
            elif name == "mean_only":
                s = [20.0] * n
            elif name == "tiny":
                y, s = _numbers(rng.gamma(2, 1e-6, n)), _numbers(rng.gamma(2, 1e-6, n))
            elif name == "whole":
                y, s = _numbers(rng.poisson(2, n)), _numbers(rng.poisson(2, n))
            out["at"] += _moments(rng, day, n)
            out["shape"] += [name] * n
            out["amount"] += y
            out["guess"] += s
            out["w"] += _numbers(rng.choice([0.25, 1.0, 3.7], n))
    return _frame(out, ["shape"])


def _huge_rows() -> pd.DataFrame:
    """Numbers whose squares, products and quotients leave the range of a double."""
    rng = np.random.default_rng(43)
    out: dict[str, Values] = {k: [] for k in ("at", "amount", "guess")}
    odd = [1e200, -1e200, 1e-200, -1e-200, 9e299, 5e300, 5e-324, 0.0]
    for day in range(DAYS):
        y = [*_numbers(rng.gamma(2, 10, 10)), *[odd[k] for k in rng.integers(0, len(odd), 10)]]
        out["at"] += _moments(rng, day, len(y))
        out["amount"] += y
        out["guess"] += [*_numbers(rng.gamma(2, 10, 10)), *[odd[k] for k in rng.integers(0, len(odd), 10)]]
    return _frame(out, [])


# -------------------------------------------------------------------------------------------------------------- ranking


def _ranking_rows() -> pd.DataFrame:
    rng = np.random.default_rng(51)
    out: dict[str, Values] = {k: [] for k in ("at", "shape", "request", "position", "score", "clicked", "grade", "w")}
    request = 0
    for name in ("plain", "no_clicks", "single", "missing", "all_relevant", "no_labels"):
        for day in range(DAYS):
            for _ in range(8):
                request += 1
                n = 1 if name == "single" else int(rng.integers(1, 12))
                grade: Values = [int(v) for v in rng.choice([0, 0, 0, 0, 1, 2, 3], n)]
                if name == "no_clicks":
                    grade = [0] * n
                elif name == "all_relevant":
                    grade = [1 + v for v in grade]
                elif name == "missing":
                    grade = _some(rng, grade, 0.08, [None])
                elif name == "no_labels":
                    grade = [None] * n
                out["at"] += [START + timedelta(days=day, minutes=int(rng.integers(0, 1440)))] * n
                out["shape"] += [name] * n
                out["request"] += [f"r{request:05d}"] * n
                out["position"] += [int(v) + 1 for v in rng.permutation(n)]
                out["score"] += _numbers(rng.beta(2, 3, n))
                out["grade"] += grade
                out["clicked"] += [None if v is None else int(v > 0) for v in grade]
                out["w"] += [2.5] * n
    return _frame(out, ["shape", "request"])


# ------------------------------------------------------------------------------------------------------------- monitors


@functools.cache
def tables() -> dict[str, pd.DataFrame]:
    log = _binary_rows(BINARY, 11)
    shuffled = log.sample(frac=1, random_state=5)
    shuffled.attrs.update(log.attrs)
    outcomes = log.loc[log["label"].notna() | (log["id"] % 2 == 0), ["id", "label"]].rename(
        columns={"label": "happened"}
    )
    return {
        "log": log,
        "shuffled": shuffled,
        "outcomes": outcomes,
        "neighbours": _binary_rows(NEIGHBOURS, 12),
        "outside": _binary_rows(OUTSIDE, 13),
        "few": _few_rows(),
        "logits": _logits(22, []),
        "huge_logits": _logits(23, [1e200, -1e200, 1e-200, -1e-200, 9e299, 5e300, 1e10]),
        "classes": _multiclass_rows(odd=False),
        "odd_classes": _multiclass_rows(odd=True),
        "amounts": _regression_rows(),
        "huge": _huge_rows(),
        "lists": _ranking_rows(),
    }


@dataclass(frozen=True)
class Monitor:
    """The declaration, and the monitor that has the same rows and outcomes in other words (and segments as well)."""

    table: str
    declaration: Mapping[str, Any]
    like: str | None = None


_SCORE = {"prediction": "score", "task": "binary"}
_CHANCES = {"a": "p_a", "b": "p_b", "c": "p_c"}
_JOINED = "{'relation': source('raw', 'raw_outcomes'), 'key': 'id', 'label': 'happened'}"
_LISTS = {"request": "request", "position": "position", "k": 5}

MONITORS: dict[str, Monitor] = {
    "binary": Monitor("log", {**SEGMENTED, **_SCORE, "label": "label", "label_delay": 2}),
    "binary_weighted": Monitor("log", {**SEGMENTED, **_SCORE, "label": "label", "weight": "w"}),
    "binary_boolean": Monitor("log", {**COMMON, **_SCORE, "label": "bought"}, "binary"),
    "binary_text": Monitor("log", {**COMMON, **_SCORE, "label": "outcome", "positive_label": "good"}, "binary"),
    "binary_joined": Monitor("log", {**COMMON, **_SCORE, "label": _JOINED}, "binary"),
    "binary_shuffled": Monitor("shuffled", {**COMMON, **_SCORE, "label": "label"}, "binary"),
    "binary_versions": Monitor(
        "log",
        {**COMMON, **_SCORE, "label": "label", "model_version": "version", "detail": "all", "decision_threshold": 0.35},
    ),
    "neighbours": Monitor("neighbours", {**SEGMENTED, **_SCORE, "label": "label"}),
    "outside": Monitor("outside", {**SEGMENTED, **_SCORE, "label": "label"}),
    "few": Monitor("few", {**SEGMENTED, **_SCORE, "label": "label"}),
    "hard": Monitor("few", {**SEGMENTED, "prediction": "decision", "task": "binary", "label": "label"}),
    "logits": Monitor("logits", {**COMMON, **_SCORE, "label": "label", "decision_threshold": 0.3}),
    "huge_logits": Monitor("huge_logits", {**COMMON, **_SCORE, "label": "label", "decision_threshold": 0}),
    "chances": Monitor("classes", {**SEGMENTED, "prediction": _CHANCES, "task": "multiclass", "label": "actual"}),
    "chances_weighted": Monitor(
        "classes", {**SEGMENTED, "prediction": _CHANCES, "task": "multiclass", "label": "actual", "weight": "w"}
    ),
    "choices": Monitor("classes", {**SEGMENTED, "prediction": "predicted", "task": "multiclass", "label": "actual"}),
    "odd_chances": Monitor(
        "odd_classes", {**SEGMENTED, "prediction": _CHANCES, "task": "multiclass", "label": "actual"}
    ),
    "odd_choices": Monitor(
        "odd_classes", {**SEGMENTED, "prediction": "predicted", "task": "multiclass", "label": "actual"}
    ),
    "amounts": Monitor("amounts", {**SEGMENTED, "prediction": "guess", "task": "regression", "label": "amount"}),
    "amounts_weighted": Monitor(
        "amounts", {**SEGMENTED, "prediction": "guess", "task": "regression", "label": "amount", "weight": "w"}
    ),
    "huge": Monitor("huge", {**COMMON, "prediction": "guess", "task": "regression", "label": "amount"}),
    "lists": Monitor("lists", {**SEGMENTED, **_SCORE, "label": "clicked", "ranking": _LISTS, "weight": "w"}),
    "graded_lists": Monitor(
        "lists", {**SEGMENTED, "prediction": "score", "task": "regression", "label": "grade", "ranking": _LISTS}
    ),
}
HUGE = ["huge", "huge_logits"]  # these are built by themselves


def model(monitor: Monitor) -> str:
    """The model file."""
    given = {"timestamp": "at", **monitor.declaration}
    said = ", ".join(f"{k}={v if v is _JOINED else repr(v)}" for k, v in given.items())
    return f"{{{{ driftline.monitor(relation=source('raw', 'raw_{monitor.table}'), {said}) }}}}"


def project_arguments(names: Collection[str]) -> dict[str, Any]:
    """A project with these monitors."""
    needed = {MONITORS[name].table for name in names} | {"outcomes"}
    return {
        "models": {f"monitors/{name}": model(MONITORS[name]) for name in names},
        "tables": {f"raw_{name}": raw.to_arrow(rows) for name, rows in tables().items() if name in needed},
        "vars": {"driftline_monitors": list(names), "driftline_windows": {"day": WINDOWS}, "driftline_now": NOW},
    }


def for_oracle(name: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The rows of a monitor and its declaration in the oracle's terms."""
    one = MONITORS[MONITORS[name].like or name]
    return tables()[one.table], {"timestamp": "at", "now": NOW, "windows": WINDOWS, **one.declaration, "monitor": name}


_oracles: dict[str, performance.Performance] = {}
_known: dict[tuple[str, str], pd.DataFrame] = {}


def expected(name: str, bins: Mapping[str, list[o.Bin]]) -> pd.DataFrame:
    """What the monitor must have in ``driftline_performance``, given the frozen bins of its scores.

    Nearly all of it is the same for both engines, and is worked out once.
    """
    same = MONITORS[name].like or name
    if (same, repr(bins)) not in _known:
        if same not in _oracles:
            _oracles[same] = performance.Performance(*for_oracle(same))
        _oracles[same].use_bins(bins)
        _known[same, repr(bins)] = pd.DataFrame(list(_oracles[same].table()))
    return _known[same, repr(bins)].assign(monitor=name)
