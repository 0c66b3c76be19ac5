"""What ``driftline_performance`` must hold, computed from the raw rows with scikit-learn.

``expected(rows, declaration)`` answers with a frame of one row per window, metric and class: the value, and where the
metric depends on how ties are broken, the least and the most it can be. Windows, grains and the reference are those of
``raw``; every window is cut out of the raw rows again.

>>> rows = pd.DataFrame({
...     "at": pd.to_datetime(["2024-01-01"] * 2 + ["2024-01-02"] * 4),
...     "score": [0.9, 0.2, 0.8, 0.7, 0.4, 0.1],
...     "bought": [1, 0, 1, 0, 1, 0],
... })
>>> declaration = {
...     "timestamp": "at", "period": "day", "windows": [1], "task": "binary", "prediction": "score", "label": "bought",
...     "reference": {"start": "2024-01-01", "end": "2024-01-02"},
... }
>>> found = expected(rows, declaration)
>>> found = found[found["window_start"] == "2024-01-02"].set_index("metric")
>>> found.loc[["accuracy", "precision", "roc_auc"], ["value", "reference_low"]].values.tolist()
[[0.5, 1.0], [0.5, 1.0], [0.75, 1.0]]

A metric that is not defined is nan here and NULL in the SQL: scikit-learn's ``zero_division`` and its values for data
with one class are not copied.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import sklearn
from scipy import stats
from sklearn import metrics as sk

from oracle import oracle as o
from oracle import raw

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
NAN = float("nan")
TOP = 0.1
ALL = "all"
EPSILON = 2.0**-52  # a probability is at least this for the log loss, as in scikit-learn
OF_ONE = 1e-13  # what rounding can make of a sum of shares
KEY = [*raw.GRAIN, "metric", "class_name"]

CONFUSION = ("true_positive_share", "false_positive_share", "false_negative_share", "true_negative_share")
BINARY = (
    *("accuracy", "precision", "recall", "specificity", "negative_predictive_value", "f1"),
    *(*CONFUSION, "selection_rate", "label_rate"),
    *("roc_auc", "average_precision", "ks", "gini", "log_loss", "brier", "expected_calibration_error"),
    *("lift_top_10", "capture_top_10"),
)
MULTICLASS = ("accuracy", "macro_precision", "macro_recall", "macro_f1", "macro_roc_auc", "log_loss")
PER_CLASS = ("precision", "recall", "f1", "roc_auc")
REGRESSION = ("mae", "rmse", "mape", "msle", "rmsle", "r2", "bias")
RANKING = ("hit_rate", "ndcg", "mrr")
# Known from bins only, so with bounds.
BOUNDED = frozenset(["roc_auc", "gini", "average_precision", "ks", "lift_top_10", "capture_top_10", "macro_roc_auc"])


@dataclass(frozen=True)
class Choices:
    """Where the definitions leave room, the reading is a switch here, so that a decision is one line to follow.

    macro_defined: average over the classes for which the metric is defined; else over all classes that occur, as actual
        or as predicted, an undefined one as 0 (scikit-learn's default).
    log_loss_of_all: one labelled score outside 0 to 1, or a label without a probability, is enough for there to be no
        log loss; else those rows are left out.
    unknown_prediction: a predicted class that is no class of the label is a wrong prediction; else the row is not
        labelled.
    """

    macro_defined: bool = True
    log_loss_of_all: bool = True
    unknown_prediction: bool = True


class Exact(NamedTuple):
    """A metric: the least and the most that breaking ties can make of it, and what rounding may add."""

    low: float
    high: float
    rounding: float = OF_ONE


UNKNOWN = Exact(NAN, NAN)
Metrics = dict[tuple[str, str], Exact]


def _range(low: float, high: float) -> Exact:
    return Exact(float(low), float(high))


def _exactly(value: float, rounding: float = OF_ONE) -> Exact:
    return Exact(float(value), float(value), rounding)


# -------------------------------------------------------------------------------------------------------------- binary


def confusion(y: Floats, predicted: Mask, w: Floats) -> dict[str, float]:
    """Everything that follows from the four cells.

    >>> found = confusion(np.array([1.0, 1.0, 0.0]), np.array([True, False, False]), np.ones(3))
    >>> round(found["recall"], 3), round(found["f1"], 3), round(found["specificity"], 3)
    (0.5, 0.667, 1.0)
    >>> confusion(np.array([0.0]), np.array([False]), np.ones(1))["precision"]
    nan
    """
    of_class = sk.precision_recall_fscore_support(y, predicted, labels=[0, 1], sample_weight=w, zero_division=np.nan)
    (npv, precision), (specificity, recall), (_, f1) = ([float(v) for v in found] for found in of_class[:3])
    tn, fp, fn, tp = sk.confusion_matrix(y, predicted, labels=[0, 1], sample_weight=w, normalize="all").ravel()
    return {
        "accuracy": float(sk.accuracy_score(y, predicted, sample_weight=w)),
        "precision": precision,
        "recall": recall,
        "specificity": specificity,
        "negative_predictive_value": npv,
        "f1": f1,
        **dict(zip(CONFUSION, (float(v) for v in (tp, fp, fn, tn)), strict=True)),
    }


def ks_of_scores(y: Floats, s: Floats, w: Floats) -> float:
    """Two-sample KS statistic of the scores of positives against those of negatives.

    >>> ks_of_scores(np.array([0.0, 0.0, 1.0, 1.0]), np.array([1.0, 3.0, 2.0, 4.0]), np.ones(4))
    0.5
    """
    if (w == 1.0).all():
        with np.errstate(divide="ignore"):  # in its p-value, where a side has one row
            return float(stats.ks_2samp(s[y == 1], s[y == 0], method="asymp").statistic)
    at = np.unique(s)
    gaps = [
        float(w[(y == 1) & (s <= x)].sum() / w[y == 1].sum() - w[(y == 0) & (s <= x)].sum() / w[y == 0].sum())
        for x in at
    ]
    return max(abs(g) for g in gaps)


def capture_at_top(y: Floats, s: Floats, w: Floats, share: float = TOP) -> tuple[float, float]:
    """The share of positive weight within the top share of all weight by score, with the last of tied rows cut.

    The least and the most, over all orders of rows with equal scores.

    >>> capture_at_top(np.array([1.0, 0.0, 0.0, 1.0]), np.array([3.0, 2.0, 2.0, 1.0]), np.ones(4), 0.25)
    (0.5, 0.5)
    >>> capture_at_top(np.array([1.0, 0.0]), np.array([1.0, 1.0]), np.ones(2), 0.5)
    (0.0, 1.0)
    """
    positives = math.fsum(w[y == 1])
    room, found = share * math.fsum(w), 0.0
    for x in np.unique(s)[::-1]:
        here = s == x
        p, n = math.fsum(w[here & (y == 1)]), math.fsum(w[here & (y == 0)])
        if p + n < room:
            room, found = room - p - n, found + p
        else:
            return (found + max(0.0, room - n)) / positives, (found + min(p, room)) / positives
    return found / positives, found / positives


def binary_log_loss(y: Floats, s: Floats, w: Floats, choices: Choices | None = None) -> float:
    """Scores outside 0 to 1 are no probabilities.

    >>> binary_log_loss(np.array([1.0, 1.0]), np.array([1.0, 1.5]), np.ones(2))
    nan
    """
    inside = (s >= 0) & (s <= 1)
    if not inside.any() or ((choices or Choices()).log_loss_of_all and not inside.all()):
        return NAN
    return float(sk.log_loss(y[inside], s[inside], labels=[0, 1], sample_weight=w[inside]))


def brier(y: Floats, s: Floats, w: Floats) -> float:
    """Mean squared distance of score and label: scikit-learn's, which takes nothing but probabilities."""
    if ((s >= 0) & (s <= 1)).all():
        return float(sk.brier_score_loss(y, s, pos_label=1, sample_weight=w))
    return NAN


def binary(y: Floats, s: Floats, w: Floats, threshold: float = 0.5, choices: Choices | None = None) -> dict[str, Exact]:
    """Everything that labelled rows tell. y is 0 or 1."""
    out = dict.fromkeys(BINARY, UNKNOWN)
    for name in ("selection_rate", "expected_calibration_error"):  # these take more than the labelled rows
        del out[name]
    if not len(y):
        return out
    out |= {k: _exactly(v) for k, v in confusion(y, s >= threshold, w).items()}
    out["label_rate"] = _exactly(np.average(y, weights=w))
    out["log_loss"] = _exactly(binary_log_loss(y, s, w, choices))
    out["brier"] = _exactly(brier(y, s, w))
    both = (y == 1).any() and (y == 0).any()
    if (y == 1).any():
        out["average_precision"] = _exactly(sk.average_precision_score(y, s, sample_weight=w))
        low, high = capture_at_top(y, s, w)
        out["capture_top_10"], out["lift_top_10"] = Exact(low, high), Exact(low / TOP, high / TOP)
    if both:
        auc = float(sk.roc_auc_score(y, s, sample_weight=w))
        out["roc_auc"], out["gini"] = _exactly(auc), _exactly(2 * auc - 1)
        out["ks"] = _exactly(ks_of_scores(y, s, w))
    return out


def calibration_error(y: Floats, s: Floats, w: Floats, groups: Sequence[Any] | npt.NDArray[Any]) -> float:
    """Weighted mean over groups of the distance between mean label and mean score.

    >>> calibration_error(np.array([1.0, 0.0, 1.0]), np.array([0.5, 0.5, 0.7]), np.ones(3), [1, 1, 2])
    0.1
    """
    key = np.asarray(groups)
    parts = [abs(math.fsum((w * (y - s))[key == g])) for g in np.unique(key)]
    return round(math.fsum(parts) / math.fsum(w), 15)


# ---------------------------------------------------------------------------------------------------------- multiclass


def multiclass(
    actual: npt.NDArray[Any],
    predicted: npt.NDArray[Any],
    w: Floats,
    classes: Sequence[str],
    probabilities: Mapping[str, Floats] | None = None,
    choices: Choices | None = None,
) -> Metrics:
    """classes: those of the label that have a row each. probabilities: by class, one per row.

    >>> a, p = np.array(["a", "a", "b"], dtype=object), np.array(["a", "b", "b"], dtype=object)
    >>> found = multiclass(a, p, np.ones(3), ["a", "b", "c"])
    >>> found["recall", "a"].low, found["precision", "b"].low, found["f1", "c"].low, found["macro_recall", "all"].low
    (0.5, 0.5, nan, 0.75)
    """
    choices = choices or Choices()
    names = [m for m in MULTICLASS if probabilities or m not in ("macro_roc_auc", "log_loss")]
    out: Metrics = {(m, ALL): UNKNOWN for m in names}
    for c in classes:
        out |= {(m, c): UNKNOWN for m in PER_CLASS if m != "roc_auc" or (probabilities and c in probabilities)}
    if not len(actual):
        return out
    out["accuracy", ALL] = _exactly(np.average(actual == predicted, weights=w))
    values = sk.precision_recall_fscore_support(
        [str(v) for v in actual],
        [str(v) for v in predicted],
        labels=list(classes),
        sample_weight=w,
        zero_division=np.nan,
    )
    for name, found in zip(("precision", "recall", "f1"), values, strict=False):
        out |= {(name, c): _exactly(v) for c, v in zip(classes, found, strict=True)}
        if choices.macro_defined:
            counted = [float(v) for v in found if v == v]
        else:
            occurs = [((actual == c) | (predicted == c)).any() for c in classes]
            counted = [0.0 if v != v else float(v) for v, o_ in zip(found, occurs, strict=True) if o_]
        out[f"macro_{name}", ALL] = _exactly(np.mean(counted) if counted else NAN)
    if probabilities:
        areas = []
        for c in classes:
            if c in probabilities and 0 < (actual == c).sum() < len(actual):
                area = float(sk.roc_auc_score(actual == c, probabilities[c], sample_weight=w))
                out["roc_auc", c] = _exactly(area)
                areas.append(area)
        out["macro_roc_auc", ALL] = _exactly(np.mean(areas) if areas else NAN)
        of_actual = np.asarray(
            [probabilities[a][i] if a in probabilities else NAN for i, a in enumerate(actual)], dtype=float
        )
        out["log_loss", ALL] = _exactly(binary_log_loss(np.ones(len(actual)), of_actual, w, choices))
    return out


# ---------------------------------------------------------------------------------------------------------- regression


def regression(y: Floats, s: Floats, w: Floats, centre: float = 0.0) -> dict[str, Exact]:
    """centre: the point that squares of labels are summed around, which decides what rounding does to r2.

    >>> found = regression(np.array([0.0, 2.0]), np.array([1.0, 2.0]), np.ones(2))
    >>> [found[m].low for m in ("mae", "mape", "bias", "r2")]
    [0.5, 0.0, 0.5, 0.5]
    """
    out = dict.fromkeys(REGRESSION, UNKNOWN)
    if not len(y):
        return out
    told: dict[str, Any] = {"sample_weight": w}
    unit = OF_ONE * float(max(abs(y).max(), abs(s).max()))
    out["mae"] = _exactly(sk.mean_absolute_error(y, s, **told), unit)
    out["rmse"] = _exactly(math.sqrt(sk.mean_squared_error(y, s, **told)), unit)
    out["bias"] = _exactly(np.average(s - y, weights=w), unit)
    some = y != 0
    if some.any():
        shares = abs(s[some] - y[some]) / abs(y[some])
        value = float(np.average(shares, weights=w[some]))
        if abs(y[some]).min() > EPSILON:  # scikit-learn divides by no less
            value = float(sk.mean_absolute_percentage_error(y[some], s[some], sample_weight=w[some]))
        out["mape"] = _exactly(value, OF_ONE * float(shares.max()))
    fit = (y > -1) & (s > -1)
    if fit.any():
        value = float(sk.mean_squared_log_error(y[fit], s[fit], sample_weight=w[fit]))
        logs = np.log1p(y[fit]), np.log1p(s[fit])
        far, size = float(abs(logs[0] - logs[1]).max()), float(max(abs(logs[0]).max(), abs(logs[1]).max()))
        rounding = 1e-15 * (1 + size) * far
        out["msle"] = _exactly(value, rounding)
        out["rmsle"] = _exactly(math.sqrt(value), rounding / (2 * math.sqrt(value)) if value > 0 else 1e-15)
    if len(np.unique(y)) > 1:
        value = float(sk.r2_score(y, s, sample_weight=w, force_finite=False))
        mean = np.average(y, weights=w)
        variance = np.average((y - mean) ** 2, weights=w)
        out["r2"] = _exactly(value, float(OF_ONE * (2 - value) * (1 + (mean - centre) ** 2 / variance)))
    return out


# ------------------------------------------------------------------------------------------------------------- ranking


def ranking(lists: Sequence[tuple[Floats, Floats]], k: int) -> dict[str, Exact]:
    """lists: positions (1 on top) and relevances of each request.

    >>> found = ranking([(np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0, 0.0]))], 2)
    >>> found["hit_rate"].low, found["mrr"].low, round(found["ndcg"].low, 4)
    (1.0, 0.5, 0.6309)
    """
    if not lists:
        return dict.fromkeys(RANKING, UNKNOWN)
    hits, gains, reciprocals = [], [], []
    for position, relevance in lists:
        ordered = relevance[np.argsort(position)]
        first = np.flatnonzero(ordered[:k] > 0)
        hits.append(float(len(first) > 0))
        reciprocals.append(1.0 / (first[0] + 1) if len(first) else 0.0)
        if len(relevance) > 1:
            gains.append(float(sk.ndcg_score([relevance], [-position], k=k)))
        else:  # scikit-learn wants two documents
            gains.append(float(relevance[0] > 0))
    return {
        "hit_rate": _exactly(np.mean(hits)),
        "ndcg": _exactly(np.mean(gains)),
        "mrr": _exactly(np.mean(reciprocals)),
    }


# ------------------------------------------------------------------------------------------------- what bins can know


def _single(one: o.Bin) -> bool:
    """A bin of one value: its lower edge is the next number below, or the one after that."""
    if one.lower is None or one.upper is None:
        return False
    return one.lower >= math.nextafter(math.nextafter(one.upper, -math.inf), -math.inf)


@dataclass
class Histogram:
    """Weights of positives and negatives by bin of the score, in ascending order."""

    positive: Floats
    negative: Floats
    single: Mask

    @classmethod
    def of(cls, y: Floats, position: npt.NDArray[np.int64], w: Floats, bins: Sequence[o.Bin]) -> Histogram:
        """position: of each row's bin in ``bins``."""
        ranges = [k for k, b in enumerate(bins) if b.kind == "range"]
        sums = [np.bincount(position[y == v], w[y == v], len(bins)) for v in (1, 0)]
        return cls(
            sums[0][ranges],
            sums[1][ranges],
            np.asarray([_single(bins[k]) for k in ranges]),
        )

    def roc_auc(self) -> Exact:
        """Pairs within a bin: none ordered right, or all.

        >>> Histogram(np.array([0.0, 2.0]), np.array([2.0, 2.0]), np.array([False, False])).roc_auc()[:2]
        (0.5, 1.0)
        """
        pairs = self.positive.sum() * self.negative.sum()
        below = np.concatenate([[0.0], np.cumsum(self.negative)[:-1]])
        certain = float((self.positive * below).sum())
        within = self.positive * self.negative
        tied = float(within[self.single].sum()) / 2
        return _range((certain + tied) / pairs, (certain + tied + within[~self.single].sum()) / pairs)

    def average_precision(self) -> Exact:
        """From the top bin down: within a bin negatives first (and positives one grain at a time), or positives first.

        >>> Histogram(np.array([1.0]), np.array([1.0]), np.array([True])).average_precision()[:2]
        (0.5, 0.5)
        """
        low = high = p = n = 0.0
        for more_p, more_n, tied in zip(self.positive[::-1], self.negative[::-1], self.single[::-1], strict=True):
            if more_p > 0:
                lump = more_p * (p + more_p) / (p + n + more_p + more_n)
                rest = n + more_n  # precision t / (t + rest) as t goes from p to p + more_p
                grains = more_p - (rest * math.log((p + more_p + rest) / (p + rest)) if rest > 0 else 0.0)
                low += lump if tied else grains
                high += lump if tied else more_p * (p + more_p) / (p + more_p + n)
            p, n = p + more_p, n + more_n
        return _range(low / p, high / p)

    def ks(self) -> Exact:
        return _range(*o.ks_bounds(self.positive, self.negative))

    def capture(self, share: float = TOP) -> Exact:
        room, found, total = share * (self.positive.sum() + self.negative.sum()), 0.0, self.positive.sum()
        for p, n in zip(self.positive[::-1], self.negative[::-1], strict=True):
            if p + n < room:
                room, found = room - p - n, found + p
            else:
                return _range((found + max(0.0, room - n)) / total, (found + min(p, room)) / total)
        return _range(found / total, found / total)

    def bounds(self) -> dict[str, Exact]:
        """The widest bounds that are needed, by metric: what no reading of the bins' counts can exclude."""
        out: dict[str, Exact] = {}
        if self.positive.sum() > 0:
            out["average_precision"] = self.average_precision()
            low, high, _ = out["capture_top_10"] = self.capture()
            out["lift_top_10"] = Exact(low / TOP, high / TOP)
            if self.negative.sum() > 0:
                low, high, _ = out["roc_auc"] = self.roc_auc()
                out["gini"] = Exact(2 * low - 1, 2 * high - 1)
                out["ks"] = self.ks()
        return out


# ------------------------------------------------------------------------------------------------------------ the rows


def _number(value: Any) -> float:
    if value is None:
        return NAN
    x = float(value)
    return x if abs(x) <= o.INFINITE_ABOVE else NAN  # also NaN


def _positive(value: Any, positive_label: Any) -> float:
    if value is None or (isinstance(value, float) and value != value):
        return NAN
    if positive_label is not None:
        return float(raw.category_text(value) == str(positive_label))
    return float(value)


class Performance:
    """The rows of a monitor with labels and predictions read as the task says; metrics of any set of them."""

    def __init__(
        self,
        rows: pd.DataFrame,
        declaration: Mapping[str, Any],
        reference_rows: pd.DataFrame | None = None,
        bins: Mapping[str, list[o.Bin]] | None = None,
        choices: Choices | None = None,
    ) -> None:
        self.d, self.choices = dict(declaration), choices or Choices()
        self.data = raw._Data(rows, self.d, reference_rows, raw.Choices())
        self.use_bins(bins or {})
        self.task: str = self.d.get("task", "none")
        self.threshold = float(self.d.get("decision_threshold", 0.5))
        self.w: Floats = self.data.weight
        labels = self.data.values(self.d["label"])
        prediction = self.d.get("prediction")
        everything: Mask = np.ones(len(self.w), dtype=bool)
        self.scores: dict[str, Floats] = {}
        if self.task == "multiclass":
            self.actual = np.asarray([raw.category_text(v) for v in labels], dtype=object)
            self.known: Mask = np.asarray([v is not None for v in self.actual], dtype=bool)
            if isinstance(prediction, dict):
                self.scores = {str(c): self._floats(name) for c, name in prediction.items()}
                table = np.stack(list(self.scores.values()), axis=1)
                self.predictable: Mask = np.isfinite(table).all(axis=1)
                best = np.argmax(np.where(np.isfinite(table), table, -np.inf), axis=1)
                self.predicted = np.asarray(list(self.scores), dtype=object)[best]
            else:
                self.predicted = np.asarray([raw.category_text(v) for v in self.data.values(prediction)], dtype=object)
                self.predictable = np.asarray([v is not None for v in self.predicted], dtype=bool)
            seen = self.actual[self.data.in_reference & self.known]
            self.classes = [
                b.label
                for b in o.learn_categorical_bins(seen.tolist(), self.d.get("top_categories", 50))
                if b.kind == "category" and b.label is not None
            ]
            if not self.choices.unknown_prediction:
                self.predictable &= np.isin(self.predicted, self.classes)
        else:
            read: Callable[[Any], float] = (
                (lambda v: _positive(v, self.d.get("positive_label"))) if self.task == "binary" else _number
            )
            self.y: Floats = np.asarray([read(v) for v in labels], dtype=float)
            self.known = np.isfinite(self.y)
            self.predictable = everything
            if prediction:
                self.s: Floats = self._floats(prediction)
                self.predictable = np.isfinite(self.s)
        self.labelled: Mask = self.known & self.predictable
        self._seen: dict[bytes, Metrics] = {}
        learnt = self.y[self.data.in_reference & self.known] if self.task != "multiclass" else np.zeros(0)
        self.centre = float(np.median(learnt)) if len(learnt) else 0.0

    def use_bins(self, bins: Mapping[str, list[o.Bin]]) -> None:
        """Go on with other bins of the scores: most metrics do not depend on them."""
        self.bins = dict(bins)
        self._implied: dict[bytes, Metrics] = {}
        self._position: dict[str, npt.NDArray[np.int64]] = {}

    def _floats(self, name: str) -> Floats:
        return np.asarray([_number(v) for v in self.data.values(name)], dtype=float)

    def position(self, name: str, s: Floats) -> npt.NDArray[np.int64]:
        """Of every row, the place of its score's bin among the bins of this name."""
        if name not in self._position:
            self._position[name] = o.assign_numeric(s.tolist(), self.bins[name])
        return self._position[name]

    def metrics(self, rows: Mask) -> Metrics:
        """Every metric of the task over these rows."""
        key = np.packbits(rows).tobytes()
        if key not in self._seen:
            calm = sklearn.config_context(skip_parameter_validation=True), np.errstate(all="ignore")
            with warnings.catch_warnings(), calm[0], calm[1]:
                warnings.simplefilter("ignore")  # scikit-learn's, of what is undefined
                self._seen[key] = self._metrics(rows)
        learnt = self.bins.get(self.d.get("prediction")) if self.task == "binary" else None
        if not learnt:
            return self._seen[key]
        told = rows & self.labelled
        found = NAN
        if told.any() and ((self.s[told] >= 0) & (self.s[told] <= 1)).all():
            groups = np.asarray([b.group for b in learnt])[self.position(self.d["prediction"], self.s)[told]]
            found = calibration_error(self.y[told], self.s[told], self.w[told], groups)
        return {**self._seen[key], ("expected_calibration_error", ALL): _exactly(found)}

    def _metrics(self, rows: Mask) -> Metrics:
        told = rows & self.labelled
        w = self.w[told]
        out: Metrics = {}
        if self.task == "multiclass":
            chances = {c: p[told] for c, p in self.scores.items()}
            out |= multiclass(self.actual[told], self.predicted[told], w, self.classes, chances or None, self.choices)
        elif self.task == "regression" and self.d.get("prediction"):
            out |= {(m, ALL): v for m, v in regression(self.y[told], self.s[told], w, self.centre).items()}
        elif self.task == "binary" and self.d.get("prediction"):
            y, s = self.y[told], self.s[told]
            out |= {(m, ALL): v for m, v in binary(y, s, w, self.threshold, self.choices).items()}
            scored = rows & self.predictable
            out["selection_rate", ALL] = UNKNOWN
            if scored.any():
                out["selection_rate", ALL] = _exactly(
                    np.average(self.s[scored] >= self.threshold, weights=self.w[scored])
                )
        if self.d.get("ranking"):
            out |= {(m, ALL): v for m, v in ranking(self.lists(rows), self.d["ranking"].get("k", 10)).items()}
        return out

    def counts(self, rows: Mask) -> dict[str, int]:
        """How many rows a metric is computed from, where that is not all the labelled ones; of lists, requests."""
        told = rows & self.labelled
        out: dict[str, int] = {}
        if self.task == "binary":
            out["selection_rate"] = int((rows & self.predictable).sum())
        elif self.task == "regression":
            out["mape"] = int((told & (self.y != 0)).sum())
            out["msle"] = out["rmsle"] = int((told & (self.y > -1) & (self.s > -1)).sum())
        if self.d.get("ranking"):
            out |= dict.fromkeys(RANKING, len(self.lists(rows)))
        return out

    def lists(self, rows: Mask) -> list[tuple[Floats, Floats]]:
        """Positions and relevances of each request all of whose rows have a label."""
        spec = self.d["ranking"]
        request, position = self.data.values(spec["request"]), self.data.values(spec["position"])
        found: dict[Any, list[int]] = {}
        for i in np.flatnonzero(rows):
            found.setdefault((int(self.data.index[i]), request[i]), []).append(int(i))
        return [
            (np.asarray([float(position[i]) for i in members]), self.y[members])
            for members in found.values()
            if self.known[members].all()
        ]

    def histograms(self, rows: Mask) -> dict[str, Histogram]:
        """By class (``all`` where binary), of the labelled rows, for the scores whose bins are known."""
        told = rows & self.labelled
        if self.task == "multiclass":
            return {
                c: Histogram.of(
                    (self.actual[told] == c).astype(float), self.position(c, p)[told], self.w[told], self.bins[c]
                )
                for c, p in self.scores.items()
                if c in self.bins
            }
        if self.task != "binary" or self.d.get("prediction") not in self.bins:
            return {}
        name = self.d["prediction"]
        return {ALL: Histogram.of(self.y[told], self.position(name, self.s)[told], self.w[told], self.bins[name])}

    def implied(self, rows: Mask) -> Metrics:
        """Bounds that follow from the counts of the bins alone."""
        key = np.packbits(rows).tobytes()
        if key in self._implied:
            return self._implied[key]
        out: Metrics = {}
        for name, histogram in self.histograms(rows).items():
            found = histogram.bounds()
            wanted = found if self.task == "binary" else {k: v for k, v in found.items() if k == "roc_auc"}
            out |= {(m, name): v for m, v in wanted.items()}
        if self.task == "multiclass" and out:
            lows, highs = zip(*((v.low, v.high) for v in out.values()), strict=True)
            out["macro_roc_auc", ALL] = _range(np.mean(lows), np.mean(highs))
        self._implied[key] = out
        return out

    def table(self) -> Iterator[dict[str, Any]]:
        data = self.data
        for grain in data.grains():

            def at(start: int, length: int, mine: Mask = grain.rows) -> Metrics:
                return self.metrics(mine & data.span(start, length)) if start >= data.first else {}

            for start, length in data.windows(grain):
                rows = grain.rows & data.span(start, length)
                reference_rows = data.reference(grain, start, length)
                reference, bounds, reference_bounds = (
                    self.metrics(reference_rows),
                    self.implied(rows),
                    self.implied(reference_rows),
                )
                previous, seasonal = at(start - length, length), at(start - data.season_shift(length), length)
                counts, reference_counts = self.counts(rows), self.counts(reference_rows)
                for key, exact in at(start, length).items():
                    metric, name = key
                    bound, reference_bound = bounds.get(key, UNKNOWN), reference_bounds.get(key, UNKNOWN)
                    yield {
                        **data.stamp(grain, start, length),
                        "metric": metric,
                        "class_name": name,
                        "value": exact.low if exact.low == exact.high else NAN,
                        "low": exact.low,
                        "high": exact.high,
                        "rounding": exact.rounding,
                        "bin_low": bound.low,
                        "bin_high": bound.high,
                        "row_count": int(rows.sum()),
                        "labelled_row_count": counts.get(metric, int((rows & self.labelled).sum())),
                        "known_share": float((rows & self.known).sum() / rows.sum()) if rows.any() else NAN,
                        "reference_low": reference.get(key, UNKNOWN).low,
                        "reference_high": reference.get(key, UNKNOWN).high,
                        "reference_rounding": reference.get(key, UNKNOWN).rounding,
                        "reference_bin_low": reference_bound.low,
                        "reference_bin_high": reference_bound.high,
                        "reference_row_count": reference_counts.get(
                            metric, int((reference_rows & self.labelled).sum())
                        ),
                        "previous_value": previous.get(key, UNKNOWN).low,
                        "seasonal_value": seasonal.get(key, UNKNOWN).low,
                    }


def expected(
    rows: pd.DataFrame,
    declaration: Mapping[str, Any],
    reference_rows: pd.DataFrame | None = None,
    bins: Mapping[str, list[o.Bin]] | None = None,
    choices: Choices | None = None,
) -> pd.DataFrame:
    """One row per window, metric and class (``KEY``).

    ``value`` is nan where the metric is not defined, or where ``low`` and ``high`` (over the orders of tied rows)
    differ. ``bins``: the frozen bins of the scores (by prediction column, or by class); with them the calibration error
    and what the bins' counts imply (``bin_low``, ``bin_high``) are known, too.
    """
    return pd.DataFrame(list(Performance(rows, declaration, reference_rows, bins, choices).table()))
