"""What ``driftline_fairness`` must hold, computed from the raw rows of each window with scikit-learn and numpy.

The disparities are those of fairlearn (demographic_parity_difference and _ratio, equal_opportunity_…, equalized_odds_…
with the worst case). Wilson's limits are the roots of (p̂ − p)² = z² p(1 − p)/n.

>>> low, high = wilson(0.3, 10, 1.959963984540054)
>>> round(low, 4), round(high, 4)
(0.1078, 0.6032)
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from sklearn import metrics as sk

RATES = ("selection_rate", "true_positive_rate", "false_positive_rate", "precision")
DISPARITIES = {
    "demographic_parity": ("selection_rate",),
    "equal_opportunity": ("true_positive_rate",),
    "predictive_parity": ("precision",),
    "equalized_odds": ("true_positive_rate", "false_positive_rate"),
}


@functools.cache
def wilson(share: float, n: float, z: float) -> tuple[float, float]:
    """The interval for a share of n rows."""
    low, high = np.sort(np.roots([1 + z * z / n, -(2 * share + z * z / n), share * share]).real)
    return (0.0 if share == 0 else float(low)), (1.0 if share == 1 else float(high))


@dataclass(frozen=True)
class Rate:
    """A rate of one group: NaN where nothing can be said."""

    value: float
    rows: int
    effective: float


def rates(rows: pd.DataFrame, threshold: float = 0.5) -> dict[str, Rate]:
    """The rates of one group from its rows: ``score``, ``label`` (None where unknown), ``weight``."""
    scored = rows[rows["score"].notna()]
    labelled = scored[scored["label"].notna()]
    chosen, y = labelled["score"] >= threshold, labelled["label"].astype(float)
    w = labelled["weight"]

    (tn, fp), (fn, tp) = sk.confusion_matrix(y, chosen, labels=[0, 1], sample_weight=w) if len(y) else np.zeros((2, 2))
    found = {
        "selection_rate": (_mean(scored["score"] >= threshold, scored["weight"]), scored),
        "true_positive_rate": (_share(tp, tp + fn), labelled[y == 1]),
        "false_positive_rate": (_share(fp, fp + tn), labelled[y == 0]),
        "precision": (_share(tp, tp + fp), labelled[chosen]),
    }
    # Rows of a denominator weigh as those it is taken from do on average.
    base = {name: (scored if name == "selection_rate" else labelled)["weight"] for name in RATES}
    made = {}
    for name, (value, of) in found.items():
        total = float(of["weight"].sum())
        kish = float(base[name].sum() / (base[name] ** 2).sum()) if len(base[name]) else math.nan
        rows_of = total / float(base[name].sum()) * len(base[name]) if len(base[name]) else 0
        made[name] = Rate(value, math.floor(rows_of + 0.5), total * kish)
    return made


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else math.nan


def _mean(values: pd.Series, weights: pd.Series) -> float:
    return float(np.average(values, weights=weights)) if len(values) else math.nan


@dataclass
class Disparity:
    value: float = math.nan
    lower: float = math.nan
    upper: float = math.nan
    strict_lower: float = math.nan
    strict_upper: float = math.nan
    rows: int = 0
    groups: int = 0
    highest: set[str] = field(default_factory=set)
    lowest: set[str] = field(default_factory=set)


def disparity(
    groups: Mapping[str, Mapping[str, Rate]], name: str, kind: str, min_rows: int, level: float, strict: float
) -> Disparity:
    """How far the groups are apart, with bounds that hold for all pairs at once (Bonferroni): at ``level`` (error 0.05)
    and at ``strict``.
    """
    taking_part = {
        rate: {g: r[rate] for g, r in groups.items() if r[rate].rows >= min_rows} for rate in DISPARITIES[name]
    }
    found = Disparity(groups=min(len(of) for of in taking_part.values()))
    found.rows = min((r.rows for of in taking_part.values() for r in of.values()), default=0)
    if found.groups < 2:
        return found
    pairs = sum(len(of) * (len(of) - 1) // 2 for of in taking_part.values())
    z, strict_z = stats.norm.isf(level / (2 * pairs)), stats.norm.isf(strict / (2 * pairs))
    values, lowers, uppers, strict_lowers, strict_uppers, ends = [], [], [], [], [], []
    for of in taking_part.values():
        for a, b in itertools.permutations(of, 2):
            bound = _difference if kind == "difference" else _ratio
            value, lower, upper = bound(of[a], of[b], z)
            values.append(value)
            lowers.append(lower)
            uppers.append(upper)
            _, lower, upper = bound(of[a], of[b], strict_z)
            strict_lowers.append(lower)
            strict_uppers.append(upper)
            ends.append((a, b))
    pick = np.nanmax if kind == "difference" else np.nanmin
    if np.isnan(values).all():
        return found
    found.value, found.lower, found.upper = float(pick(values)), float(pick(lowers)), float(pick(uppers))
    found.strict_lower, found.strict_upper = float(pick(strict_lowers)), float(pick(strict_uppers))
    found.lower = max(found.lower, 0.0)
    if kind == "ratio":
        found.upper = min(found.upper, 1.0)
    for value, (a, b) in zip(values, ends, strict=True):
        if math.isclose(value, found.value, rel_tol=1e-12, abs_tol=1e-15):
            found.highest.add(a if kind == "difference" else b)
            found.lowest.add(b if kind == "difference" else a)
    return found


def _difference(a: Rate, b: Rate, z: float) -> tuple[float, float, float]:
    (la, ua), (lb, ub) = wilson(a.value, a.effective, z), wilson(b.value, b.effective, z)
    value = a.value - b.value
    return (
        value,
        value - math.hypot(a.value - la, ub - b.value),
        value + math.hypot(ua - a.value, b.value - lb),
    )


def _ratio(a: Rate, b: Rate, z: float) -> tuple[float, float, float]:
    (la, ua), (lb, ub) = wilson(a.value, a.effective, z), wilson(b.value, b.effective, z)
    if b.value == 0:
        return math.nan, (0.0 if a.value == 0 else la / ub), math.nan
    if a.value == 0:
        return 0.0, 0.0, ua / lb
    value = a.value / b.value
    return (
        value,
        value * math.exp(-math.hypot(math.log(a.value / la), math.log(ub / b.value))),
        value * math.exp(math.hypot(math.log(ua / a.value), math.log(b.value / lb))),
    )


def expected(
    rows: pd.DataFrame, segment: str, min_rows: int, level: float, strict: float, reference: pd.DataFrame
) -> dict[str, dict[str, Any]]:
    """What the table says of one window and segment: {segment_value and metric: row}. ``reference`` holds the rows of
    the reference that are not in the window.
    """
    made: dict[str, dict[str, Any]] = {}
    groups = {str(g): rates(of) for g, of in rows.groupby(segment)}
    before = {str(g): rates(of) for g, of in reference.groupby(segment)}
    z = stats.norm.isf(level / 2)
    for group, of in groups.items():
        for name in RATES:
            rate = of[name]
            low, high = wilson(rate.value, rate.effective, z) if not math.isnan(rate.value) else (math.nan, math.nan)
            was = before.get(group, {}).get(name, Rate(math.nan, 0, 0))
            made[f"{group} {name}"] = {
                "value": rate.value, "value_lower": low, "value_upper": high, "row_count": rate.rows,
                "reference_value": was.value, "noise": math.nan, "reference_noise": math.nan,
                "group_count": math.nan, "excluded_group_count": math.nan,
            }  # fmt: skip
    for name in DISPARITIES:
        for kind in ("difference", "ratio"):
            now = disparity(groups, name, kind, min_rows, level, strict)
            was_ = disparity(before, name, kind, min_rows, level, strict)
            noise = now.value - now.strict_lower if kind == "difference" else now.strict_upper - now.value
            of_reference = was_.strict_upper - was_.value if kind == "difference" else was_.value - was_.strict_lower
            made[f"all {name}_{kind}"] = {
                "value": now.value, "value_lower": now.lower, "value_upper": now.upper, "row_count": now.rows,
                "reference_value": was_.value, "noise": noise, "reference_noise": math.hypot(noise, of_reference),
                "group_count": now.groups, "excluded_group_count": len(groups) - now.groups,
                "highest": now.highest, "lowest": now.lowest,
            }  # fmt: skip
    return made
