"""The performance oracle against definitions written out by hand, so that a wrong oracle does not bless wrong SQL."""

from __future__ import annotations

import doctest
import itertools
import math
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from oracle import oracle as o
from oracle import performance as p

calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@st.composite
def samples(draw: Any, most: int = 40, weighted: bool = True) -> tuple[p.Floats, p.Floats, p.Floats]:
    """Labels, scores and weights; scores tied or not, sometimes one class only."""
    n = draw(st.integers(1, most))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    kind = draw(st.sampled_from(["continuous", "ties", "two", "constant"]))
    s = {
        "continuous": rng.beta(2, 3, n),
        "ties": rng.integers(0, 8, n) / 8,
        "two": rng.integers(0, 2, n).astype(float),
        "constant": np.full(n, 0.3),
    }[kind]
    y = (rng.random(n) < draw(st.sampled_from([0.0, 0.1, 0.5, 1.0]))).astype(float)
    w = rng.integers(1, 5, n).astype(float) if weighted and draw(st.booleans()) else np.ones(n)
    return y, s, w


def test_examples_in_the_docstrings() -> None:
    assert doctest.testmod(p).failed == 0


@calm
@given(samples())
def test_binary_by_hand(sample: tuple[p.Floats, p.Floats, p.Floats]) -> None:
    y, s, w = sample
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        got = {k: v.low for k, v in p.binary(y, s, w).items()}
    hit = s >= 0.5
    tp, fp, fn, tn = (float(w[a & b].sum()) for a, b in ((y == 1, hit), (y == 0, hit), (y == 1, ~hit), (y == 0, ~hit)))
    total, positives, negatives = float(w.sum()), tp + fn, fp + tn

    def share(top: float, bottom: float) -> float:
        return top / bottom if bottom > 0 else math.nan

    pairs = sum(
        w[i] * w[j] * ((s[i] > s[j]) + 0.5 * (s[i] == s[j]))
        for i, j in itertools.product(np.flatnonzero(y == 1), np.flatnonzero(y == 0))
    )
    area = share(float(pairs), positives * negatives)
    clipped = np.clip(s, 2.0**-52, 1 - 2.0**-52)
    want = {
        "accuracy": (tp + tn) / total,
        "precision": share(tp, tp + fp),
        "recall": share(tp, positives),
        "specificity": share(tn, negatives),
        "negative_predictive_value": share(tn, tn + fn),
        "f1": share(2 * tp, 2 * tp + fp + fn),
        "true_positive_share": tp / total,
        "false_positive_share": fp / total,
        "false_negative_share": fn / total,
        "true_negative_share": tn / total,
        "label_rate": positives / total,
        "roc_auc": area,
        "gini": 2 * area - 1,
        "log_loss": -float((w * (y * np.log(clipped) + (1 - y) * np.log1p(-clipped))).sum()) / total,
        "brier": float((w * (s - y) ** 2).sum()) / total,
    }
    assert {k: got[k] for k in want} == pytest.approx(want, rel=1e-9, abs=1e-12, nan_ok=True)
    if positives > 0:
        levels = np.unique(s)[::-1]
        hits = np.asarray([w[(s >= x) & (y == 1)].sum() for x in levels])
        drawn = np.asarray([w[s >= x].sum() for x in levels])
        steps = np.diff(np.concatenate([[0.0], hits])) / positives
        assert got["average_precision"] == pytest.approx(float((steps * hits / drawn).sum()), rel=1e-9)
    else:
        assert math.isnan(got["average_precision"]) and math.isnan(got["capture_top_10"])


@calm
@given(samples())
def test_a_weight_is_that_many_rows(sample: tuple[p.Floats, p.Floats, p.Floats]) -> None:
    y, s, w = sample
    many = w.astype(int)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        weighted = p.binary(y, s, w)
        repeated = p.binary(np.repeat(y, many), np.repeat(s, many), np.ones(many.sum()))
    for name, want in repeated.items():
        assert weighted[name][:2] == pytest.approx(want[:2], rel=1e-9, abs=1e-12, nan_ok=True), name


@calm
@given(samples(most=7))
def test_capture_over_all_orders(sample: tuple[p.Floats, p.Floats, p.Floats]) -> None:
    y, s, w = sample
    if not (y == 1).any():
        return
    share = 0.4
    found = []
    for order in itertools.permutations(range(len(s))):
        if any(s[a] < s[b] for a, b in itertools.pairwise(order)):
            continue
        room, taken = share * w.sum(), 0.0
        for i in order:
            part = min(w[i], room)
            taken, room = taken + part * y[i], room - part
        found.append(taken / w[y == 1].sum())
    assert p.capture_at_top(y, s, w, share) == pytest.approx((min(found), max(found)), abs=1e-12)


@calm
@given(samples(most=60), st.sampled_from([1, 2, 5, 20]), st.integers(0, 2**31))
def test_bins_imply_bounds_that_hold(sample: tuple[p.Floats, p.Floats, p.Floats], count: int, seed: int) -> None:
    y, s, w = sample
    reference = np.random.default_rng(seed).choice(s, 30)
    bins = o.learn_numeric_bins(reference, count)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exact = p.binary(y, s, w)
    found = p.Histogram.of(y, o.assign_numeric(s.tolist(), bins), w, bins).bounds()
    assert set(found) == {m for m in p.BOUNDED if m in exact and exact[m].low == exact[m].low}
    for name, bound in found.items():
        assert bound.low - 1e-12 <= exact[name].low <= exact[name].high <= bound.high + 1e-12, name


def test_bins_of_single_values_leave_no_doubt() -> None:
    rng = np.random.default_rng(3)
    s = rng.integers(1, 6, 400) / 10
    y = (rng.random(400) < s).astype(float)
    bins = o.learn_numeric_bins(s, 50)
    found = p.Histogram.of(y, o.assign_numeric(s.tolist(), bins), np.ones(400), bins).bounds()
    for name in ("roc_auc", "gini", "average_precision"):
        assert found[name].low == pytest.approx(p.binary(y, s, np.ones(400))[name].low, abs=1e-12)
        assert found[name].high == pytest.approx(found[name].low, abs=1e-12)


def test_what_is_not_defined() -> None:
    one = np.ones(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        positive, negative = p.binary(one, 0.3 * one, one), p.binary(0 * one, 0.3 * one, one)
        nothing = p.binary(one[:0], one[:0], one[:0])
    unknown = {k for k, v in positive.items() if v.low != v.low}
    assert unknown == {"precision", "specificity", "roc_auc", "ks", "gini"}
    unknown = {k for k, v in negative.items() if v.low != v.low}
    assert unknown == {
        *("precision", "recall", "f1", "roc_auc", "ks", "gini", "average_precision"),
        *("lift_top_10", "capture_top_10"),
    }
    assert all(v.low != v.low for v in nothing.values())
    same = p.regression(np.full(3, 7.1), np.array([7.0, 7.1, 7.2]), np.array([1.0, 2.0, 3.0]))
    assert math.isnan(same["r2"].low) and same["mae"].low == pytest.approx((0.1 + 0.3) / 6)
    assert math.isnan(p.regression(np.zeros(1), one, one)["mape"].low)
    assert math.isnan(p.regression(-one, one, one)["msle"].low)
    assert math.isnan(p.ranking([], 3)["ndcg"].low)


@calm
@given(st.integers(1, 60), st.integers(0, 2**31), st.booleans())
def test_multiclass_against_scikit_learn(n: int, seed: int, weighted: bool) -> None:
    """Where scikit-learn averages for itself: probabilities that add up to one, and classes that all occur."""
    rng = np.random.default_rng(seed)
    classes = ["a", "b", "c"]
    chances = rng.dirichlet([1, 1, 1], n + 3)
    actual = np.asarray([*classes, *rng.choice(classes, n)], dtype=object)
    predicted = np.asarray(classes, dtype=object)[chances.argmax(axis=1)]
    w = rng.uniform(0.1, 3, n + 3) if weighted else np.ones(n + 3)
    found = p.multiclass(actual, predicted, w, classes, dict(zip(classes, chances.T, strict=True)))
    told: dict[str, Any] = {"average": "macro", "sample_weight": w, "zero_division": np.nan}
    want = {
        "accuracy": sk.accuracy_score(actual.tolist(), predicted.tolist(), sample_weight=w),
        "macro_recall": sk.balanced_accuracy_score(actual.tolist(), predicted.tolist(), sample_weight=w),
        "macro_precision": sk.precision_score(actual.tolist(), predicted.tolist(), **told),
        "macro_f1": sk.f1_score(actual.tolist(), predicted.tolist(), **told),
        "log_loss": sk.log_loss(actual.tolist(), chances, sample_weight=w),
        "macro_roc_auc": np.mean(
            [sk.roc_auc_score(actual == c, q, sample_weight=w) for c, q in zip(classes, chances.T, strict=True)]
        ),
    }
    assert {k: found[k, "all"].low for k in want} == pytest.approx({k: float(v) for k, v in want.items()}, rel=1e-9)


def test_ranking_by_hand() -> None:
    lists = [
        (np.array([2.0, 1.0, 3.0]), np.array([1.0, 0.0, 1.0])),
        (np.array([1.0]), np.array([1.0])),
        (np.array([1.0]), np.array([0.0])),
        (np.array([1.0, 2.0, 3.0]), np.array([0.0, 0.0, 1.0])),
    ]
    found = p.ranking(lists, 2)
    gain = (1 / math.log2(3)) / (1 + 1 / math.log2(3))
    assert found["hit_rate"].low == 0.5
    assert found["mrr"].low == pytest.approx((0.5 + 1 + 0 + 0) / 4)
    assert found["ndcg"].low == pytest.approx((gain + 1 + 0 + 0) / 4)


def test_windows_and_the_reference() -> None:
    """Each day by itself and two together, the reference less the window, and a version without one of its own."""
    rows = pd.DataFrame(
        {
            "at": pd.to_datetime(["2024-01-01"] * 2 + ["2024-01-02"] * 2 + ["2024-01-03"] * 4),
            "score": pd.Series([0.9, 0.9, 0.1, 0.9, 0.2, None, 0.7, math.nan], dtype=object),
            "label": pd.Series([True, False, False, True, False, True, None, True], dtype=object),
            "version": ["old"] * 4 + ["new"] * 4,
        }
    )
    declaration = {
        "timestamp": "at",
        "windows": [1, 2],
        "task": "binary",
        "prediction": "score",
        "label": "label",
        "model_version": "version",
        "detail": "versions",
        "reference": {"start": "2024-01-01", "end": "2024-01-03"},
    }
    found = p.expected(rows, declaration)
    found = found[found["metric"] == "accuracy"].set_index(["model_version", "window_periods", "window_start"])
    row = found.loc[("all", 1, "2024-01-01")]
    assert (row["value"], row["reference_low"], row["reference_row_count"]) == (0.5, 1.0, 2)
    row = found.loc[("old", 2, "2024-01-01")]
    assert row["value"] == 0.75 and math.isnan(row["reference_low"])
    row = found.loc[("new", 1, "2024-01-03")]
    assert (row["row_count"], row["labelled_row_count"], row["known_share"]) == (4, 1, 0.75)
    assert (row["value"], row["reference_low"]) == (1.0, 0.75)
    assert found.loc[("all", 1, "2024-01-02"), "previous_value"] == 0.5
