"""What ``driftline_comparisons`` must hold, computed row by row from the rows of the two versions.

A metric is two numbers of each row, numerator and denominator, over the rows it applies to (``Metric``). Every period
counts for n₁n₀/(n₁+n₀): a row of one version weighs the other's share of the period's rows.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import optimize, stats

LEAST_PERIODS = 8
Columns = Callable[[pd.DataFrame], "tuple[pd.Series, pd.Series]"]


@dataclass(frozen=True)
class Metric:
    """``applies`` picks the rows, ``parts`` gives numerator and denominator of each; ``zero_one`` says that every row is
    0 or 1 of its denominator, None that it has to be found out.
    """

    name: str
    parts: Columns
    applies: Callable[[pd.DataFrame], pd.Series] | None = None
    higher: bool = True
    zero_one: bool | None = None


@dataclass(frozen=True)
class Settings:
    level: float = 0.05
    planned_rows: int = 5000
    min_rows: int = 100
    minimal_effect: Mapping[str, float] | None = None


def anytime_bound(information: float, level: float) -> float:
    """The z at which the mixture of likelihood ratios over N(0, κ) is 1/level."""

    def excess(z: float) -> float:
        return -0.5 * math.log1p(information) + z * z * information / (2 * (1 + information)) + math.log(level)

    return float(optimize.brentq(excess, 0, 1e4))


def information_per_row(level: float, rows: float) -> float:
    return (-2 * math.log(level) + math.log(1 - 2 * math.log(level))) / rows


@dataclass
class Side:
    rows: int
    value: float
    centre: float
    variance: float
    spread: float
    enough: float
    by_period: npt.NDArray[np.float64]


class Rows:
    """The rows of two versions that a metric applies to, as arrays. ``period`` counts from 0."""

    def __init__(self, metric: Metric, rows: pd.DataFrame, challenger: str, champion: str) -> None:
        of = rows[rows["version"].isin([challenger, champion])]
        if metric.applies is not None:
            of = of[metric.applies(of)]
        numerator, denominator = metric.parts(of)
        self.metric = metric
        self.n = numerator.astype(float).fillna(0).to_numpy()
        self.d = denominator.astype(float).fillna(0).to_numpy()
        self.w = of["weight"].to_numpy(float)
        self.period = of["period"].to_numpy(int)
        self.side = (of["version"] == challenger).to_numpy(int)

    def sides(self, first: int, end: int) -> tuple[Side, Side, float, int, bool] | None:
        """Challenger and champion over the periods first … end−1 that have rows of both; how much these tell, how many
        they are, and whether every row is 0 or 1.
        """
        here = (self.period >= first) & (self.period < end)
        counts = [np.bincount(self.period[here & (self.side == side)], minlength=end).astype(float) for side in (0, 1)]
        both = (counts[0] > 0) & (counts[1] > 0)
        if not both.any():
            return None
        here &= both[np.minimum(self.period, end - 1)]
        zero_one = self.metric.zero_one
        if zero_one is None:
            n, d = self.n[here], self.d[here]
            zero_one = bool(np.isin(n, [0, 1]).all() and np.isin(d, [0, 1]).all() and (n <= d).all())
        total_rows = np.where(both, counts[0] + counts[1], 1)
        made = []
        for side in (1, 0):
            mine = here & (self.side == side)
            n, d, w, period = self.n[mine], self.d[mine], self.w[mine], self.period[mine]
            share = (counts[1 - side] / total_rows)[period]
            weights, squares = (np.bincount(period, w**k, minlength=end) for k in (1, 2))
            each = (squares / np.where(weights > 0, weights, 1))[period]
            total = float((share * w * d).sum())
            value = float((share * w * n).sum()) / total if total else math.nan
            residual = n - value * d
            count = len(n)
            spread = math.nan
            if total and count > 1:
                spread = float((share**2 * each * w * residual**2).sum()) / total**2 * count / (count - 1)
            squared = float((share**2 * each * w * d**2).sum())
            effective = total**2 / squared if squared else math.nan
            centre, variance, enough = value, spread, float(count)
            if zero_one:
                centre = (value * effective + 1) / (effective + 2)
                variance, enough = centre * (1 - centre) / (effective + 2), effective
            moved = np.bincount(period, share * w * residual, minlength=end) / total if total else np.zeros(end)
            made.append(Side(count, value, centre, variance, spread, enough, moved))
        information = float((counts[0] * counts[1] / total_rows)[both].sum())
        return made[0], made[1], information, int(both.sum()), zero_one


def design_effect(rows: Rows, end: int) -> float:
    """Of everything before the period ``end``; NaN with too few periods."""
    both = rows.sides(0, end)
    if both is None:
        return math.nan
    a, b, _, periods, _ = both
    spread = a.spread + b.spread
    if periods < LEAST_PERIODS or not spread > 0:
        return math.nan
    between = float(((a.by_period - b.by_period) ** 2).sum()) * periods / (periods - 1)
    return max(between / spread, 1.0)


def compared(
    rows: Rows, first: int, end: int, effect_of_design: float, cumulative: bool, settings: Settings
) -> dict[str, Any] | None:
    """The numbers of one row of the table, but for what time and the split decide."""
    both = rows.sides(first, end)
    if both is None:
        return None
    metric = rows.metric
    a, b, information, periods, zero_one = both
    level = settings.level
    deviation = math.sqrt((a.variance + b.variance) * (1.0 if math.isnan(effect_of_design) else effect_of_design))
    deviation = deviation or math.nan  # what does not vary tells nothing
    difference, centre = a.value - b.value, a.centre - b.centre
    known = information * information_per_row(level, settings.planned_rows / 2)
    z = float(stats.norm.isf(level / 2))
    bound = anytime_bound(known, level) if cumulative else z
    score = abs(centre) / deviation

    def clipped(value: float) -> float:
        return float(np.clip(value, -1, 1)) if zero_one else value

    effect = (settings.minimal_effect or {}).get(metric.name, abs(difference))
    power = float(stats.norm.isf(0.2))
    times = ((bound + power) * deviation / effect) ** 2 if effect else math.nan
    if cumulative and effect:
        for _ in range(2):
            times = ((anytime_bound(known * max(times, 1), level) + power) * deviation / effect) ** 2
    enough = min(a.enough, b.enough)
    is_decided = bool(score > bound) and enough >= settings.min_rows
    more = max(a.rows * (times - 1), settings.min_rows - enough, 0.0)
    return {
        "value": a.value, "champion_value": b.value, "difference": difference,
        "difference_lower": clipped(centre - z * deviation), "difference_upper": clipped(centre + z * deviation),
        "p_value": float(2 * stats.norm.sf(score)),
        "anytime_lower": clipped(centre - bound * deviation) if cumulative else math.nan,
        "anytime_upper": clipped(centre + bound * deviation) if cumulative else math.nan,
        "anytime_p_value": min(1.0, math.sqrt(1 + known) * math.exp(-score**2 * known / (2 * (1 + known)))) if cumulative else math.nan,
        "design_effect": effect_of_design, "row_count": a.rows, "champion_row_count": b.rows, "common_periods": periods,
        "more_rows": more,
        "is_decided": is_decided, "enough": enough,
        "better": (centre > 0) == metric.higher,
    }  # fmt: skip


@functools.cache
def _drawn(rows: int, marked: int, drawn: int) -> tuple[float, float]:
    law = stats.hypergeom(rows, marked, drawn)
    return float(law.mean()), float(law.var())


def split_dispersion(excess: Sequence[float], variance: Sequence[float]) -> float:
    """How much more shares of periods that follow each other differ than chance makes them, weighted by what each pair
    tells (von Neumann's successive differences).
    """
    top = bottom = 0.0
    for (e0, v0), (e1, v1) in itertools.pairwise(zip(excess, variance, strict=True)):
        if v0 > 0 and v1 > 0:
            by_chance = 1 / v0 + 1 / v1
            top += (e1 / v1 - e0 / v0) ** 2 / by_chance**2
            bottom += 1 / by_chance
    return top / bottom if bottom else 1.0


def split_p_values(
    rows: pd.DataFrame, history: pd.DataFrame, challenger: str, champion: str, segments: list[str], share: float | None,
    level: float, planned_rows: int, rows_per_unit: float = 1.0,
) -> tuple[float, float]:  # fmt: skip
    """(p-value of a single look at ``rows``, p-value that holds at all looks), both over all tests together.

    ``history`` is everything up to the last period: what the split varies by from period to period is seen there.
    ``rows_per_unit`` rows go to one version together.
    """

    def excesses(of: pd.DataFrame) -> dict[tuple[str, str], pd.DataFrame]:
        of = of[of["version"].isin([challenger, champion])]
        made: dict[tuple[str, str], list[tuple[float, float]]] = {}
        for _, period in of.groupby("period"):
            ours = period["version"] == challenger
            if not 0 < ours.sum() < len(period):
                continue
            if share is not None:
                made.setdefault(("all", "all"), []).append(
                    (ours.sum() - share * len(period), stats.binom(len(period), share).var())
                )
                continue
            for segment in segments:
                for value in history[segment].unique():
                    has = period[segment] == value
                    mean, variance = _drawn(len(period), int(has.sum()), int(ours.sum()))
                    made.setdefault((segment, value), []).append(((has & ours).sum() - mean, variance))
        return {key: pd.DataFrame(values, columns=["excess", "variance"]) for key, values in made.items()}

    past, here = excesses(history), excesses(rows)
    squares = {}
    for key, of in here.items():
        before = past[key]
        moving = rows_per_unit
        if len(before) >= LEAST_PERIODS and before["variance"].sum() > 0:
            moving = max(split_dispersion(before["excess"].tolist(), before["variance"].tolist()), rows_per_unit)
        if of["variance"].sum() > 0:
            squares[key] = float(of["excess"].sum() ** 2 / of["variance"].sum() / moving)
    if not squares:
        return math.nan, math.nan
    tests = 0
    for segment in {segment for segment, _ in squares}:
        values = sum(s == segment for s, _ in squares)
        tests += 1 if values == 2 else values
    greatest = max(squares.values())
    counts = (
        history[history["version"].isin([challenger, champion])]
        .groupby(["period", "version"])
        .size()
        .unstack(fill_value=0)
    )
    information = float((counts[challenger] * counts[champion] / counts.sum(axis=1)).sum())
    known = information * information_per_row(level, planned_rows / 2)
    anytime = min(1.0, math.sqrt(1 + known) * math.exp(-greatest * known / (2 * (1 + known))))
    return min(tests * float(stats.chi2.sf(greatest, 1)), 1.0), min(tests * anytime, 1.0)
