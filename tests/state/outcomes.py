"""What a label and a prediction make of a row, in plain Python: its loss, and every measure the state sums up."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]
Getter = Callable[[Row], Any]

# The numbers of the measures, which states hold for good.
NUMBERS = {
    name: number
    for number, name in enumerate(
        [
            "known", "labelled", "true_positive", "false_positive", "false_negative", "true_negative",
            "predicted_positive", "log_loss", "squared_error", "label", "correct", "absolute_error", "error",
            "percentage_error", "squared_log_error", "hit", "ndcg", "reciprocal_rank",
        ]
    )
}  # fmt: skip
CLIP = 2.0**-52


@dataclass
class Ranking:
    request: Getter
    position: Getter
    k: int = 10


@dataclass
class Model:
    """A declared task. ``label`` gives what is known of the label: 0.0 or 1.0, a number, or a class; None: nothing.

    ``prediction`` gives a number or a class; of a multiclass model also a mapping of getters by class.
    """

    task: str
    label: Getter | None = None
    prediction: Getter | Mapping[str, Getter] | None = None
    threshold: float = 0.5
    centre: float = 0.0
    ranking: Ranking | None = None


@dataclass
class Outcome:
    """Of one row; ``measures`` maps a name to the value that is summed, and the square that is."""

    s: float | None = None
    known: bool | None = None
    labelled: bool | None = None
    y: float | None = None
    z: float | None = None
    e: float | None = None
    actual: str | None = None
    predicted: str | None = None
    relevance: float | None = None
    measures: dict[str, tuple[float, float]] = field(default_factory=dict)


def finite(value: Any) -> float | None:
    if value is None or not math.isfinite(value) or abs(value) > 1e300:
        return None
    return float(value)


def outcome_of(model: Model, row: Row) -> Outcome:
    o = Outcome()
    probabilities: dict[str, float | None] = {}
    if isinstance(model.prediction, Mapping):
        probabilities = {name: finite(get(row)) for name, get in model.prediction.items()}
        if None not in probabilities.values():
            o.predicted = max(probabilities, key=lambda name: probabilities[name] or 0.0)
    elif model.prediction is not None and model.task == "multiclass":
        o.predicted = model.prediction(row)
    elif model.prediction is not None:
        o.s = finite(model.prediction(row))
    if model.label is None or model.task == "none":
        return o

    label = model.label(row)
    o.known = label is not None
    has_prediction = model.prediction is not None
    prediction = o.predicted if model.task == "multiclass" else o.s
    o.labelled = o.known and (prediction is not None or not has_prediction)
    if model.task == "multiclass":
        o.actual = label
        if o.labelled and has_prediction:
            o.e = float(o.predicted != label)
            o.measures["correct"] = (1 - o.e, 1 - o.e)
            chosen = probabilities.get(label)
            if chosen is not None and 0 <= chosen <= 1:
                _add(o, "log_loss", -math.log(min(max(chosen, CLIP), 1 - CLIP)))
        return o

    o.relevance = None if label is None else float(label)
    if o.labelled and label is not None:
        o.y = float(label)
        o.z = o.y if model.task == "binary" else (o.y - model.centre) ** 2
    if model.task == "binary":
        _binary(o, model.threshold, has_prediction)
    elif has_prediction:
        _regression(o)
    return o


def _add(o: Outcome, name: str, value: float, square: float | None = None) -> None:
    o.measures[name] = (value, value * value if square is None else square)


def _binary(o: Outcome, threshold: float, has_prediction: bool) -> None:
    if not has_prediction or o.s is None:
        return
    positive = o.s >= threshold
    _add(o, "predicted_positive", float(positive))
    if o.y is None:
        return
    o.e = (o.s - o.y) ** 2
    _add(o, "squared_error", o.e)
    _add(o, "label", o.y)
    names = {(True, 1): "true_positive", (True, 0): "false_positive", (False, 1): "false_negative", (False, 0): "true_negative"}  # fmt: skip
    for cell, name in names.items():
        _add(o, name, float(cell == (positive, o.y)))
    if 0 <= o.s <= 1:
        p = min(max(o.s, CLIP), 1 - CLIP)
        _add(o, "log_loss", -math.log(p if o.y else 1 - p))


def _regression(o: Outcome) -> None:
    if o.y is None or o.s is None:
        return
    error = o.s - o.y
    o.e = abs(error)
    _add(o, "absolute_error", o.e)
    _add(o, "error", error)
    _add(o, "label", o.y, o.z)
    if o.y != 0:
        _add(o, "percentage_error", abs(error) / abs(o.y))
    if o.s > -1 and o.y > -1:
        _add(o, "squared_log_error", (math.log1p(o.s) - math.log1p(o.y)) ** 2)


def rank(items: Sequence[tuple[float | None, float]], k: int) -> dict[str, float]:
    """Hit, NDCG and reciprocal rank at k of one list of (position, relevance).

    Rows that share a place share the discounts of the places they take up: no list is better than the ideal one. Where a
    relevance is below 0 there is no NDCG.
    """
    shown = [(place, relevance) for place, relevance in items if place is not None and 1 <= place <= k]
    hits = [place for place, relevance in shown if relevance > 0]
    gains: dict[float, list[tuple[float, float]]] = {}
    placed = sorted((place, relevance) for place, relevance in items if place is not None and place >= 1)
    for number, (place, relevance) in enumerate(placed, start=1):
        taken = max(place, number)
        gains.setdefault(place, []).append((relevance, 1 / math.log2(taken + 1) if taken <= k else 0.0))
    gain = sum(
        sum(relevance for relevance, _ in tied) * sum(discount for _, discount in tied) / len(tied)
        for tied in gains.values()
    )
    best = sorted((relevance for _, relevance in items), reverse=True)[:k]
    ideal = sum(relevance / math.log2(place + 1) for place, relevance in enumerate(best, start=1))
    found = {"hit": float(bool(hits)), "reciprocal_rank": 1 / min(hits) if hits else 0.0}
    if min(relevance for _, relevance in items) >= 0:
        found["ndcg"] = min(gain / ideal, 1.0) if ideal else 0.0
    return found
