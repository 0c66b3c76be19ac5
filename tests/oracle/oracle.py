"""Every measure of the contract, in plain numpy and scipy.

Written from the definitions alone, so that it can be held against the SQL. Nothing here is fast or clever.

Conventions
-----------
* ``p`` is the baseline, ``q`` the window; both are sequences of (weighted) counts over the same bins in the same order.
* ``n`` and ``m`` are the two effective row counts. Without weights they are the sums of the counts; with weights they
  are ``effective_n(sum_w, sum_w_squared)`` and must be passed.
* A measure that cannot be computed (an empty side, say) is ``nan``; the SQL has NULL there.

>>> round(psi([50, 50], [40, 60]), 6)
0.040547
>>> round(js_distance([1, 0], [0, 1]), 6)
1.0
>>> tuple(ks_bounds([5, 5], [5, 5]))
(0.0, 0.5)
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special, stats

NAN = float("nan")
INFINITE_ABOVE = 1e300
PSI_GROUPS = 10

# The sortable bin numbers of the state table.
BIN_NULL, BIN_NAN, BIN_NEG_INF = -3, -2, -1
# Bins of values that are no quality rate's to tell.
SEEN = ("range", "category", "beyond_top")
BIN_POS_INF, BIN_BEYOND_TOP, BIN_UNSEEN = 10000, 10001, 10002

Counts = Sequence[float] | npt.NDArray[Any]
Floats = npt.NDArray[np.float64]


# Quantiles are asked for again and again, and scipy takes its time.
_normal_isf = functools.cache(lambda p: float(stats.norm.isf(p)))
_chi2_isf = functools.cache(lambda p, df: float(stats.chi2.isf(p, df)))


def effective_n(weight_sum: float, weight_sq_sum: float) -> float:
    """Kish's effective number of rows, (Σw)²/Σw²; 0 where there are none.

    >>> effective_n(10, 10)
    10.0
    >>> effective_n(20, 40)
    10.0
    """
    if weight_sum <= 0 or weight_sq_sum <= 0:
        return 0.0
    return float(weight_sum / weight_sq_sum * weight_sum)


def _pair(p: Counts, q: Counts) -> tuple[Floats, Floats]:
    a, b = np.asarray(p, dtype=float), np.asarray(q, dtype=float)
    if a.shape != b.shape or a.ndim != 1:
        raise ValueError("both sides need the same bins")
    if (a < 0).any() or (b < 0).any():
        raise ValueError("counts cannot be negative")
    return a, b


def _shares(p: Counts, q: Counts) -> tuple[Floats, Floats] | None:
    a, b = _pair(p, q)
    if a.sum() <= 0 or b.sum() <= 0:
        return None
    return a / a.sum(), b / b.sum()


def _sizes(p: Counts, q: Counts, n: float | None, m: float | None) -> tuple[float, float]:
    return float(np.sum(p)) if n is None else n, float(np.sum(q)) if m is None else m


def grouped(counts: Counts, groups: Sequence[Any]) -> Floats:
    """Sum counts over equal group keys, in order of the first appearance of each key."""
    order: dict[Any, int] = {}
    for key in groups:
        order.setdefault(key, len(order))
    out = np.zeros(len(order))
    for key, count in zip(groups, np.asarray(counts, dtype=float), strict=True):
        out[order[key]] += count
    return out


# ---------------------------------------------------------------------------------------------------------------- PSI


def psi(p: Counts, q: Counts, n: float | None = None, m: float | None = None) -> float:
    """Population stability index over groups; an empty share on one side counts as half a row of that side.

    >>> round(psi([90, 10], [100, 0]), 6)  # (0.005 - 0.1) * ln(0.005 / 0.1) + 0.1 * ln(1 / 0.9)
    0.295131
    """
    shares = _shares(p, q)
    if shares is None:
        return NAN
    n, m = _sizes(p, q, n, m)
    a, b = shares
    used = (a > 0) | (b > 0)
    a, b = a[used], b[used]
    a = np.where(a > 0, a, 0.5 / n)
    b = np.where(b > 0, b, 0.5 / m)
    return math.fsum((b - a) * np.log(b / a))


def _used(p: Counts, q: Counts) -> npt.NDArray[np.int64]:
    a, b = _pair(p, q)
    return np.flatnonzero((a > 0) | (b > 0))


def cells_in_use(p: Counts, q: Counts) -> int:
    """Bins that are non-empty on either side: the B of the contract."""
    return len(_used(p, q))


def psi_critical(n: float, m: float, cells: int, alpha: float = 0.001) -> float:
    """The PSI that two samples of one distribution exceed with probability alpha; 0 with a single cell.

    >>> round(psi_critical(100, float("inf"), 10, alpha=0.05), 3)
    0.169
    """
    if n <= 0 or m <= 0 or cells < 1:
        return NAN
    if cells == 1:
        return 0.0
    return float((1 / n + 1 / m) * _chi2_isf(alpha, cells - 1))


def psi_expected(n: float, m: float, cells: int) -> float:
    """Mean PSI of two samples of one distribution."""
    return (1 / n + 1 / m) * (cells - 1)


# ---------------------------------------------------------------------------------------------------------- distances


def _js_term(d: float) -> float:
    """(1+d)ln(1+d) + (1-d)ln(1-d), exact also where d is tiny."""
    if abs(d) < 1e-2:
        return math.fsum(d ** (2 * k) / (k * (2 * k - 1)) for k in range(1, 8))
    return float(special.xlogy(1 + d, 1 + d) + special.xlogy(1 - d, 1 - d))


def js_distance(p: Counts, q: Counts) -> float:
    """Square root of the Jensen-Shannon divergence in bits."""
    shares = _shares(p, q)
    if shares is None:
        return NAN
    a, b = shares
    total = a + b
    used = total > 0
    a, b, total = a[used], b[used], total[used]
    terms = [t / 4 * _js_term((y - x) / t) for x, y, t in zip(a, b, total, strict=True)]
    return math.sqrt(min(max(math.fsum(terms) / math.log(2), 0.0), 1.0))


def hellinger(p: Counts, q: Counts) -> float:
    """√(1 - Σ√(pq)), computed as √(½Σ(√p - √q)²), which is the same and loses no digits near 0."""
    shares = _shares(p, q)
    if shares is None:
        return NAN
    a, b = shares
    return math.sqrt(min(math.fsum((np.sqrt(a) - np.sqrt(b)) ** 2) / 2, 1.0))


def total_variation(p: Counts, q: Counts) -> float:
    shares = _shares(p, q)
    return NAN if shares is None else min(math.fsum(abs(shares[0] - shares[1])) / 2, 1.0)


def l_infinity(p: Counts, q: Counts) -> float:
    shares = _shares(p, q)
    return NAN if shares is None else float(abs(shares[0] - shares[1]).max())


# ----------------------------------------------------------------------------------------------------------------- KS


class KsBounds(NamedTuple):
    lower: float
    upper: float


def ks_bounds(p: Counts, q: Counts, single_valued: Sequence[bool] | None = None) -> KsBounds:
    """Bounds of the two-sample Kolmogorov-Smirnov statistic from counts of ordered bins.

    A bin that holds a single value leaves nothing unknown: between its edges both distributions are what they are at
    its end.

    >>> tuple(ks_bounds([5, 5], [5, 5], [True, True]))
    (0.0, 0.0)
    """
    shares = _shares(p, q)
    if shares is None:
        return KsBounds(NAN, NAN)
    f, g = np.cumsum(shares[0]), np.cumsum(shares[1])
    f[-1] = g[-1] = 1.0
    f_before, g_before = np.concatenate([[0.0], f[:-1]]), np.concatenate([[0.0], g[:-1]])
    lower = float(abs(f - g).max())
    one = np.zeros(len(f), dtype=bool) if single_valued is None else np.asarray(single_valued, dtype=bool)
    upper = float(np.where(one, abs(f - g), np.maximum(f - g_before, g - f_before)).max())
    if upper > 1 - 1e-12:
        upper = 1.0
    lower = min(lower, 1.0)
    return KsBounds(lower, max(upper, lower))


def kolmogorov_q(lam: float) -> float:
    """Kolmogorov's Q: the chance that the scaled statistic exceeds lam.

    >>> round(kolmogorov_q(0.8), 4)
    0.5441
    """
    return float(min(max(special.kolmogorov(lam), 0.0), 1.0))


def ks_p_value(statistic: float, n: float, m: float) -> float:
    if statistic != statistic or n <= 0 or m <= 0:
        return NAN
    return kolmogorov_q(statistic * math.sqrt(n * m / (n + m)))


def ks_critical(n: float, m: float, alpha: float = 0.001) -> float:
    """The statistic at which the p-value falls to alpha (first term of the series; good to 1e-9 at alpha = 0.001)."""
    if n <= 0 or m <= 0:
        return NAN
    return math.sqrt(-math.log(alpha / 2) / 2 * (n + m) / (n * m))


def ks_expected(n: float, m: float) -> float:
    """Mean of Kolmogorov's distribution, √(π/2)·ln 2, at these sizes.

    >>> round(ks_expected(1, float("inf")), 9)
    0.868731161
    """
    if n <= 0 or m <= 0:
        return NAN
    return math.sqrt(math.pi / 2) * math.log(2) * math.sqrt(1 / n + 1 / m)


# -------------------------------------------------------------------------------------------------------- Wasserstein


def wasserstein(p: Counts, q: Counts, p_means: Counts, q_means: Counts) -> float:
    """W1 between point masses, each side's bin share at that side's bin mean (ignored where the bin is empty)."""
    a, b = _pair(p, q)
    if a.sum() <= 0 or b.sum() <= 0:
        return NAN
    x, y = np.asarray(p_means, dtype=float), np.asarray(q_means, dtype=float)
    return wasserstein_points(x[a > 0], y[b > 0], a[a > 0], b[b > 0])


def wasserstein_points(x: Counts, y: Counts, v: Counts | None = None, w: Counts | None = None) -> float:
    """Exact W1 of two weighted samples: the area between their distribution functions.

    scipy's function gives the same; this one does not overflow where values come near 1e300.
    """
    xs, ys = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    vs = np.ones(len(xs)) if v is None else np.asarray(v, dtype=float)
    ws = np.ones(len(ys)) if w is None else np.asarray(w, dtype=float)
    if vs.sum() <= 0 or ws.sum() <= 0:
        return NAN
    at = np.concatenate([xs, ys])
    step = np.concatenate([vs / vs.sum(), -ws / ws.sum()])
    order = np.argsort(at, kind="stable")
    gap = abs(np.cumsum(step[order]))[:-1]
    gap[gap < 4e-16 * len(at)] = 0.0
    return math.fsum(gap * np.diff(at[order]))


def within_bin_error(counts: Counts, means: Counts, lows: Counts, highs: Counts) -> float:
    """Σ share · 2(max-m)(m-min)/(max-min): the furthest a side can be from its point masses, over any data."""
    c = np.asarray(counts, dtype=float)
    total, terms = c.sum(), []
    for count, mean, low, high in zip(c, means, lows, highs, strict=True):
        if count > 0 and high > low:
            inside = min(max(float(mean), float(low)), float(high))
            terms.append(count / total * 2 * (high - inside) * ((inside - low) / (high - low)))
    return math.fsum(terms)


class WassersteinBounds(NamedTuple):
    lower: float
    value: float
    upper: float


def wasserstein_bounds(
    p: Counts,
    q: Counts,
    p_means: Counts,
    q_means: Counts,
    p_range: tuple[Counts, Counts],
    q_range: tuple[Counts, Counts],
) -> WassersteinBounds:
    """Value with bounds; ``p_range`` and ``q_range`` are (lows, highs) of each bin's values, or anything wider.

    W1 is never less than the distance between the two means.
    """
    value = wasserstein(p, q, p_means, q_means)
    if value != value:
        return WassersteinBounds(NAN, NAN, NAN)
    error = within_bin_error(p, p_means, *p_range) + within_bin_error(q, q_means, *q_range)
    a, b = np.asarray(p, dtype=float), np.asarray(q, dtype=float)
    x, y = np.asarray(p_means, dtype=float), np.asarray(q_means, dtype=float)
    apart = abs(math.fsum(a / a.sum() * np.where(a > 0, x, 0)) - math.fsum(b / b.sum() * np.where(b > 0, y, 0)))
    return WassersteinBounds(min(max(apart, value - error), value), value, value + error)


# ----------------------------------------------------------------------------------------------------------------- χ²


class ChiSquared(NamedTuple):
    statistic: float
    df: int
    p_value: float
    cramers_v: float


def pooled_cells(
    p: Counts, q: Counts, n: float | None = None, m: float | None = None, minimum: float = 5.0
) -> tuple[Floats, Floats]:
    """The contingency table after all cells with an expected count under ``minimum`` on either side became one.

    The pool takes in the next smallest cells, equal ones in their order, until it reaches ``minimum`` itself. With
    weights the counts are first scaled to the effective n of their side.

    >>> [c.tolist() for c in pooled_cells([50, 40, 6, 1], [50, 42, 5, 0])]  # 0.5 and 5.5
    [[50.0, 40.0, 7.0], [50.0, 42.0, 5.0]]
    >>> [c.tolist() for c in pooled_cells([100, 1], [99, 0])]
    [[101.0], [99.0]]
    """
    a, b = _pair(p, q)
    n, m = _sizes(p, q, n, m)
    if a.sum() > 0 and n != a.sum():
        a = a * (n / a.sum())
    if b.sum() > 0 and m != b.sum():
        b = b * (m / b.sum())
    used = (a > 0) | (b > 0)
    a, b = a[used], b[used]
    expected = np.minimum(n, m) * (a + b) / (n + m)
    small = expected < minimum * (1 - 2e-10)
    if not small.any():
        return a, b
    for i in np.argsort(np.floor(expected * 1e6 + 0.5), kind="stable"):
        if math.fsum(expected[small]) < minimum * (1 - 2e-10):
            small[i] = True
    return np.append(a[~small], a[small].sum()), np.append(b[~small], b[small].sum())


def on_pooling_border(p: Counts, q: Counts, n: float | None = None, m: float | None = None, tol: float = 1e-9) -> bool:
    """True where rounding decides whether a cell is pooled; a comparison may then skip χ²."""
    a, b = _pair(p, q)
    n, m = _sizes(p, q, n, m)
    if a.sum() <= 0 or b.sum() <= 0:
        return False
    expected = min(n, m) * (a / a.sum() * n + b / b.sum() * m) / (n + m)
    sums = np.concatenate([expected, np.cumsum(np.sort(expected[expected > 0]))])
    return bool((abs(sums - 5.0) < 5.0 * tol).any())


def chi_squared(p: Counts, q: Counts, n: float | None = None, m: float | None = None, pool: bool = True) -> ChiSquared:
    """Two-sample χ² with its degrees of freedom, p-value and Cramér's V.

    A single bin that is large enough is no difference (0, 0, 1, 0); bins that are all pooled into one cell leave
    nothing to compare (nan).

    >>> chi_squared([70], [30])
    ChiSquared(statistic=0.0, df=0, p_value=1.0, cramers_v=0.0)
    >>> chi_squared([3, 2], [1, 3]).statistic
    nan
    """
    if np.sum(p) <= 0 or np.sum(q) <= 0:
        return ChiSquared(NAN, 0, NAN, NAN)
    n, m = _sizes(p, q, n, m)
    a, b = pooled_cells(p, q, n, m, minimum=5.0 if pool else 0.0)
    if len(a) < 2:
        everything_pooled = len(_used(p, q)) > 1 or (pool and min(n, m) < 5)
        return ChiSquared(NAN, 0, NAN, NAN) if everything_pooled else ChiSquared(0.0, 0, 1.0, 0.0)
    result = stats.chi2_contingency(np.vstack([a, b]), correction=False)
    statistic = max(float(result.statistic), 0.0)
    return ChiSquared(statistic, len(a) - 1, float(result.pvalue), math.sqrt(statistic / (n + m)))


# ------------------------------------------------------------------------------------------------------------- chance

# What chance makes of each measure where both sides are samples of one distribution: docs/measures.md, Noise.
MEAN_OF_ABSOLUTE = math.sqrt(2 / math.pi)


class Chance(NamedTuple):
    expected: float
    critical: float


NO_CHANCE = Chance(NAN, NAN)


def _wilson_hilferty(variation: float, z: float) -> float:
    """The quantile over the mean of chi-squared; ``variation`` is 2/9 over its degrees of freedom."""
    return float(max(1 - variation + z * math.sqrt(variation), 0.0) ** 3)


def _of_squares(mean: float, variance: float, alpha: float) -> Chance:
    """Mean and quantile of the root of a sum of squares that has this mean and variance."""
    if mean <= 0:
        return Chance(0.0, 0.0)
    ratio = variance / mean**2
    quantile = mean * _wilson_hilferty(ratio / 9, _normal_isf(alpha))
    return Chance(math.sqrt(mean) * max(1 - ratio / 8, 0.5), math.sqrt(quantile))


def _pooled(p: Counts, q: Counts, n: float, m: float) -> tuple[Floats, Floats]:
    """Shares of both sides together, of bins that are not empty, and the fewest rows to be expected in them."""
    a, b = _shares(p, q) or (np.zeros(0), np.zeros(0))
    share = (a * n + b * m) / (n + m)
    share = share[share > 0]
    return share, share * min(n, m)


def chance_of_divergence(p: Counts, q: Counts, n: float, m: float, name: str, alpha: float = 0.001) -> Chance:
    """js_distance and hellinger: to the second order their squares are chi-squared, which few rows in a bin make more;
    but no bin without rows is more than half its share."""
    share, rows = _pooled(p, q, n, m)
    if not len(share):
        return NO_CHANCE
    of_chi_squared, few = {"js_distance": (1 / (8 * math.log(2)), 0.4), "hellinger": (1 / 8, 0.8)}[name]
    unit, most = of_chi_squared * (1 / n + 1 / m), share / 2
    mean = np.minimum(unit * (1 + few / rows), most)
    variance = np.minimum(unit**2 * (2 + 1 / rows) + np.exp(-rows) * most**2, most**2)
    return _of_squares(math.fsum((1 - share) * mean), math.fsum((1 - share) * variance), alpha)


def _skewness(share: Floats, n: float, m: float, z: float) -> float:
    """What the skewness of the largest difference's bin adds to z standard deviations."""
    most = float((share * (1 - share)).max())
    return (z * z - 1) / 6 * math.sqrt(max(1 - 4 * most, 0.0)) * abs(1 / n - 1 / m)


def chance_of_total_variation(p: Counts, q: Counts, n: float, m: float, alpha: float = 0.001) -> Chance:
    share, _ = _pooled(p, q, n, m)
    if not len(share):
        return NO_CHANCE
    z = _normal_isf(alpha)
    deviation = np.sqrt(share * (1 - share))
    # sd · sd · rho² of each pair of bins: rho is minus the root of their odds' product.
    odds = np.divide(share, 1 - share, out=np.zeros_like(share), where=share < 1)
    both = np.outer(deviation * odds, deviation * odds)
    mean = MEAN_OF_ABSOLUTE / 2 * math.sqrt(1 / n + 1 / m) * math.fsum(deviation)
    pairs = both.sum() - np.trace(both)
    variance = (1 - 2 / math.pi) / 4 * (1 / n + 1 / m) * (math.fsum(deviation**2) + pairs)
    skew = _skewness(share, n, m, z)
    if variance <= 0:
        return Chance(mean, mean + skew)
    spread = _wilson_hilferty(4 / (9 * (mean**2 / variance + 0.3)), z)
    return Chance(mean, math.sqrt((mean**2 + variance) * spread) + skew)


def chance_of_l_infinity(p: Counts, q: Counts, n: float, m: float, alpha: float = 0.001) -> Chance:
    share, _ = _pooled(p, q, n, m)
    if not len(share):
        return NO_CHANCE
    deviation = math.sqrt(float((share * (1 - share)).max()) * (1 / n + 1 / m))
    z = _normal_isf(alpha / 2 / len(share))
    typical = _normal_isf(math.log(2) / 2 / len(share))
    return Chance(typical * deviation, z * deviation + _skewness(share, n, m, z))


def chance_of_wasserstein(
    p: Counts,
    q: Counts,
    n: float,
    m: float,
    means: tuple[Floats, Floats],
    ranges: tuple[tuple[Counts, Counts], tuple[Counts, Counts]],
    alpha: float = 0.001,
) -> Chance:
    """From the integral of the root of F(1-F), and what the means of a bin's values differ by."""
    shares = _shares(p, q)
    if shares is None or n <= 0 or m <= 0:
        return NO_CHANCE
    a, b = shares
    pooled = (a * n + b * m) / (n + m)
    here = [i for i in range(len(a)) if a[i] > 0 or b[i] > 0]
    at = [min(x[i] for x, s in zip(means, shares, strict=True) if s[i] > 0) for i in here]
    cdf = np.cumsum(pooled)
    between = math.fsum(
        math.sqrt(max(cdf[i] * (1 - cdf[i]), 0.0)) * (following - x)
        for i, x, following in zip(here, at, at[1:], strict=False)
    )
    within = 0.0
    for i in here:
        apart = 0.0
        for x, (low, high), s in zip(means, ranges, shares, strict=True):
            if s[i] > 0:
                apart = max(apart, within_bin_error([1], [x[i]], [low[i]], [high[i]]))
        within += math.sqrt(pooled[i]) * apart
    unit = math.sqrt(1 / n + 1 / m) * (between + within)
    return Chance(MEAN_OF_ABSOLUTE * unit, _normal_isf(alpha / 2) * unit)


def chance_of_cramers_v(p: Counts, q: Counts, n: float, m: float, df: float, alpha: float = 0.001) -> Chance:
    """``df``: of the test, nan where there is none. A cell of about five expected rows is pooled or not by the very rows
    it is tested by, so all from 4.5 on count."""
    if df != df:
        return NO_CHANCE
    _, rows = _pooled(p, q, n, m)
    near = rows[rows >= 4.5]
    freedom = max(df, len(near) - 1)
    expected, critical = _of_squares(freedom, 2 * freedom + math.fsum(1 / near), alpha)
    return Chance(expected / math.sqrt(n + m), critical / math.sqrt(n + m))


def psi_of_seen(
    p: Counts, q: Counts, p_sq: Counts, q_sq: Counts, seen: Sequence[bool]
) -> tuple[float, float, float, int]:
    """The PSI among the groups of values the reference could have, the effective rows of both sides among them, and
    how many groups there are. A share counts as half a row, or one in a thousand, where it is less.

    >>> found = psi_of_seen([99, 1, 0], [90, 0, 10], [99, 1, 0], [90, 0, 10], [True, True, False])
    >>> round(found[0], 6), found[1:]
    (0.002713, (100.0, 90.0, 2))
    """
    use = np.asarray(seen, dtype=bool)
    a, b = (np.asarray(c, dtype=float)[use] for c in (p, q))
    n, m = (effective_n(c.sum(), np.asarray(sq, dtype=float)[use].sum()) for c, sq in ((a, p_sq), (b, q_sq)))
    if n <= 0 or m <= 0:
        return NAN, n, m, 0
    used = (a > 0) | (b > 0)
    x = np.maximum(a[used] / a.sum(), max(0.5 / n, 1e-3))
    y = np.maximum(b[used] / b.sum(), max(0.5 / m, 1e-3))
    return math.fsum((y - x) * np.log(y / x)), n, m, int(used.sum())


# --------------------------------------------------------------------------------------------------------------- bins


@dataclass(frozen=True)
class Bin:
    """One bin of a column. A range bin is (lower, upper]; None is open. ``group`` is what PSI counts as one."""

    number: int
    kind: str
    label: str | None = None
    lower: float | None = None
    upper: float | None = None
    group: int | None = None

    @property
    def single_valued(self) -> bool:
        """No double lies between its edges; around 0 none that anybody measures."""
        if self.kind in ("negative_infinity", "positive_infinity"):
            return True
        return (
            self.kind == "range"
            and self.lower is not None
            and self.upper is not None
            and (self.upper - 1e-300 if abs(self.upper) < 9e-285 else math.nextafter(self.upper, -math.inf))
            <= self.lower
        )


def exact_quantiles(values: Counts, bins: int) -> Floats:
    """Interpolated quantiles i/bins, i = 1…bins-1, their positions worked out in whole numbers.

    The same as ``numpy.quantile`` up to the last digit; but where a position falls on a value, exactly that value.

    >>> exact_quantiles([1, 2, 3, 4, 5], 4).tolist()
    [2.0, 3.0, 4.0]
    """
    x = np.sort(np.asarray(values, dtype=float))
    out = []
    for i in range(1, bins):
        k, rest = divmod((len(x) - 1) * i, bins)
        out.append(x[k] if rest == 0 else x[k] + (x[k + 1] - x[k]) * (rest / bins))
    return np.asarray(out)


_NUMERIC_ENDS = (
    Bin(BIN_NULL, "null", group=BIN_NULL),
    Bin(BIN_NAN, "nan", group=BIN_NAN),
    Bin(BIN_NEG_INF, "negative_infinity", group=BIN_NEG_INF),
)
_POSITIVE_INFINITY = Bin(BIN_POS_INF, "positive_infinity", group=BIN_POS_INF)


def learn_numeric_bins(reference: Counts, bins: int = 20) -> list[Bin]:
    """The bins of a numeric column, learnt on the finite values of its reference.

    Bin k lies between quantiles k and k+1. A run of equal quantiles leaves bins that hold nothing; the first of them
    becomes the bin of that value and the others go, so numbers may have gaps.

    >>> [(b.number, b.lower, b.upper, b.group) for b in learn_numeric_bins(range(1, 6), 4) if b.kind == "range"]
    [(0, None, 2.0, 0), (1, 2.0, 3.0, 1), (2, 3.0, 4.0, 2), (3, 4.0, None, 3)]
    >>> [(b.number, b.single_valued) for b in learn_numeric_bins([0] * 7 + [1, 2, 3], 4) if b.kind == "range"]
    [(0, False), (1, True), (2, False), (3, False)]
    """
    x = np.asarray(reference, dtype=float)
    x = x[np.isfinite(x) & (abs(x) <= INFINITE_ABOVE)]
    if len(x) == 0:
        return [*_NUMERIC_ENDS, Bin(0, "range", group=0), _POSITIVE_INFINITY]
    cuts = exact_quantiles(x, bins) + 0.0  # + 0.0 makes -0.0 a plain zero
    out: list[Bin] = []
    lower: float | None = None
    i = 0
    while i < len(cuts):
        value, last = float(cuts[i]), i
        while last + 1 < len(cuts) and cuts[last + 1] == cuts[i]:
            last += 1
        if last == i:
            out.append(Bin(i, "range", None, lower, value, _psi_group(i, bins)))
        else:
            below = math.nextafter(value, -math.inf)
            if lower is None or lower < below:
                out.append(Bin(i, "range", None, lower, below, _psi_group(i, bins)))
            out.append(Bin(i + 1, "range", None, below, value, 100_000 + i + 1))
        lower, i = value, last + 1
    out.append(Bin(bins - 1, "range", None, lower, None, _psi_group(bins - 1, bins)))
    return [*_NUMERIC_ENDS, *out, _POSITIVE_INFINITY]


def _psi_group(k: int, bins: int) -> int:
    return k * PSI_GROUPS // bins if bins > PSI_GROUPS else k


def own_numeric_bins(edges: Sequence[float]) -> list[Bin]:
    """Bins of a numeric column from the user's own edges: k edges give k+1 bins, the ends open.

    >>> [(b.lower, b.upper) for b in own_numeric_bins([0, 1]) if b.kind == "range"]
    [(None, 0.0), (0.0, 1.0), (1.0, None)]
    """
    cuts: list[float | None] = [None, *[float(e) for e in edges], None]
    ranges = [Bin(k, "range", None, cuts[k], cuts[k + 1], k) for k in range(len(cuts) - 1)]
    return [*_NUMERIC_ENDS, *ranges, _POSITIVE_INFINITY]


def learn_categorical_bins(reference: Sequence[str | None], top: int = 50) -> list[Bin]:
    """The bins of a categorical column: the most frequent categories of the reference, ties by name.

    >>> [b.label for b in learn_categorical_bins(["b", "a", "c", "c", None], 2) if b.kind == "category"]
    ['c', 'a']
    """
    tally: dict[str, int] = {}
    for value in reference:
        if value is not None:
            tally[value] = tally.get(value, 0) + 1
    names = sorted(tally, key=lambda name: (-tally[name], name))[:top]
    return [
        Bin(BIN_NULL, "null", group=BIN_NULL),
        *[Bin(k, "category", name, group=k) for k, name in enumerate(names)],
        Bin(BIN_BEYOND_TOP, "beyond_top", group=BIN_BEYOND_TOP),
        Bin(BIN_UNSEEN, "unseen", group=BIN_UNSEEN),
    ]


def recurring(values: Sequence[str | None], periods: Sequence[int]) -> list[str | None]:
    """A reference's values without those that occur in one period only (in one row only, where there is one period).

    >>> recurring(["a", "b", "a", "c", "c", None], [1, 1, 2, 2, 2, 2])
    ['a', 'a', None]
    >>> recurring(["a", "b", "a"], [1, 1, 1])
    ['a', 'a']
    """
    single = len(set(periods)) <= 1
    found: dict[str, list[int]] = {}
    for value, period in zip(values, periods, strict=True):
        if value is not None:
            found.setdefault(value, []).append(period)
    kept = {v for v, its in found.items() if (len(its) if single else len(set(its))) > 1}
    return [v for v in values if v is None or v in kept]


def assign_numeric(values: Sequence[float | None], bins: Sequence[Bin]) -> npt.NDArray[np.int64]:
    """For each raw value (None is NULL) the position of its bin in ``bins``."""
    where = {b.kind: i for i, b in enumerate(bins)}
    ranges = [(i, b) for i, b in enumerate(bins) if b.kind == "range"]
    uppers = np.asarray([math.inf if b.upper is None else b.upper for _, b in ranges])
    out = np.empty(len(values), dtype=np.int64)
    for row, value in enumerate(values):
        if value is None:
            out[row] = where["null"]
        elif math.isnan(value):
            out[row] = where["nan"]
        elif value > INFINITE_ABOVE:
            out[row] = where["positive_infinity"]
        elif value < -INFINITE_ABOVE:
            out[row] = where["negative_infinity"]
        else:
            out[row] = ranges[int(np.searchsorted(uppers, value, side="left"))][0]
    return out


def assign_categorical(values: Sequence[str | None], bins: Sequence[Bin], known: set[str]) -> npt.NDArray[np.int64]:
    """For each category the position of its bin; ``known`` are all categories of the reference."""
    where = {b.kind: i for i, b in enumerate(bins)}
    names = {b.label: i for i, b in enumerate(bins) if b.kind == "category"}
    return np.asarray(
        [
            where["null"] if v is None else names[v] if v in names else where["beyond_top" if v in known else "unseen"]
            for v in values
        ],
        dtype=np.int64,
    )


# --------------------------------------------------------------------------------------------- all measures of a column


@dataclass
class Side:
    """One side of a comparison: for each bin its rows, weights and sums. Merging two sides adds them."""

    row_count: Floats
    weight: Floats
    weight_sq: Floats
    value_sum: Floats
    minimum: float = math.inf
    maximum: float = -math.inf

    @property
    def rows(self) -> int:
        return int(self.row_count.sum())

    def n(self, use: npt.NDArray[np.bool_] | None = None) -> float:
        pick = slice(None) if use is None else use
        return effective_n(float(self.weight[pick].sum()), float(self.weight_sq[pick].sum()))

    def __add__(self, other: Side) -> Side:
        return Side(
            self.row_count + other.row_count,
            self.weight + other.weight,
            self.weight_sq + other.weight_sq,
            self.value_sum + other.value_sum,
            min(self.minimum, other.minimum),
            max(self.maximum, other.maximum),
        )


def side_from_rows(
    position: npt.NDArray[np.int64], bins: Sequence[Bin], weights: Counts | None = None, values: Counts | None = None
) -> Side:
    """Count rows into bins; ``values`` (numeric columns only, NULL as nan) gives the sums of the range bins."""
    size = len(bins)
    w = np.ones(len(position)) if weights is None else np.asarray(weights, dtype=float)
    value_sum = np.zeros(size)
    low, high = math.inf, -math.inf
    if values is not None:
        x = np.asarray(values, dtype=float)
        for k in np.unique(position):
            if bins[k].kind == "range":
                mine = position == k
                value_sum[k] = math.fsum(w[mine] * x[mine])
                low, high = min(low, float(x[mine].min())), max(high, float(x[mine].max()))
    return Side(
        np.bincount(position, minlength=size).astype(float),
        np.bincount(position, weights=w, minlength=size).astype(float),
        np.bincount(position, weights=w * w, minlength=size).astype(float),
        value_sum,
        low,
        high,
    )


def _bin_range(bins: Sequence[Bin], side: Side, use: npt.NDArray[np.bool_]) -> tuple[list[float], list[float]]:
    """What is known of each range bin's extremes: its edges, cut to the side's own minimum and maximum."""
    lows, highs = [], []
    for i in np.flatnonzero(use):
        b = bins[int(i)]
        lows.append(max(side.minimum, -math.inf if b.lower is None else b.lower))
        highs.append(min(side.maximum, math.inf if b.upper is None else b.upper))
        if b.single_valued:
            lows[-1] = highs[-1]
    return lows, highs


def compare(baseline: Side, window: Side, bins: Sequence[Bin], alpha: float = 0.001) -> dict[str, float]:
    """All drift measures of one column, by the names of ``driftline_drift``; numeric if the bins have ranges."""
    numeric = any(b.kind == "range" for b in bins)
    n, m = baseline.n(), window.n()
    groups = [b.group for b in bins]
    p_groups, q_groups = grouped(baseline.weight, groups), grouped(window.weight, groups)
    chi = chi_squared(baseline.weight, window.weight, n, m)
    seen_groups = [all(b.kind in SEEN for b in bins if b.group == g) for g in dict.fromkeys(groups)]
    psi_seen, seen_n, seen_m, seen_cells = psi_of_seen(
        p_groups, q_groups, grouped(baseline.weight_sq, groups), grouped(window.weight_sq, groups), seen_groups
    )
    sides = (baseline.weight, window.weight, n, m)
    chances = {
        "psi_seen": NO_CHANCE
        if psi_seen != psi_seen
        else Chance(psi_expected(seen_n, seen_m, seen_cells), psi_critical(seen_n, seen_m, seen_cells, alpha)),
        "js_distance": chance_of_divergence(*sides, "js_distance", alpha),
        "hellinger": chance_of_divergence(*sides, "hellinger", alpha),
        "total_variation": chance_of_total_variation(*sides, alpha),
        "l_infinity": chance_of_l_infinity(*sides, alpha),
        "wasserstein": NO_CHANCE,
        "mean": NO_CHANCE,
        "cramers_v": chance_of_cramers_v(*sides, chi.df if chi.statistic == chi.statistic else NAN, alpha),
    }
    out: dict[str, float] = {
        "row_count": window.rows,
        "baseline_row_count": baseline.rows,
        "psi": psi(p_groups, q_groups, n, m),
        "psi_critical": psi_critical(n, m, cells_in_use(p_groups, q_groups), alpha),
        "psi_expected": psi_expected(n, m, cells_in_use(p_groups, q_groups)) if n > 0 and m > 0 else NAN,
        "js_distance": js_distance(baseline.weight, window.weight),
        "hellinger": hellinger(baseline.weight, window.weight),
        "total_variation": total_variation(baseline.weight, window.weight),
        "l_infinity": l_infinity(baseline.weight, window.weight),
        "ks_lower": NAN,
        "ks_upper": NAN,
        "ks_p_value": NAN,
        "ks_critical": NAN,
        "ks_expected": NAN,
        "wasserstein": NAN,
        "wasserstein_lower": NAN,
        "wasserstein_upper": NAN,
        "chi_squared": chi.statistic,
        "chi_squared_df": chi.df if chi.statistic == chi.statistic else NAN,
        "chi_squared_p_value": chi.p_value,
        "cramers_v": chi.cramers_v,
        "mean": NAN,
        "baseline_mean": NAN,
        "psi_seen": psi_seen,
    }
    for name, chance in chances.items():
        out[f"{name}_expected"], out[f"{name}_critical"] = chance
    if not numeric:
        return out
    ordered = np.asarray([b.kind in ("negative_infinity", "range", "positive_infinity") for b in bins])
    finite = np.asarray([b.kind == "range" for b in bins])
    single = [b.single_valued for b, use in zip(bins, ordered, strict=True) if use]
    ks = ks_bounds(baseline.weight[ordered], window.weight[ordered], single)
    ks_n, ks_m = baseline.n(ordered), window.n(ordered)
    out["ks_lower"], out["ks_upper"] = ks
    out["ks_p_value"] = ks_p_value(ks.lower, ks_n, ks_m)
    out["ks_critical"] = ks_critical(ks_n, ks_m, alpha)
    out["ks_expected"] = ks_expected(ks_n, ks_m)
    means = []
    for name, side in (("baseline_mean", baseline), ("mean", window)):
        weight, sums = side.weight[finite], side.value_sum[finite]
        means.append(np.divide(sums, weight, out=np.zeros_like(sums), where=weight > 0))
        if weight.sum() > 0:
            out[name] = math.fsum(sums / weight.sum())
    bounds = wasserstein_bounds(
        baseline.weight[finite],
        window.weight[finite],
        means[0],
        means[1],
        _bin_range(bins, baseline, finite),
        _bin_range(bins, window, finite),
    )
    out["wasserstein_lower"], out["wasserstein"], out["wasserstein_upper"] = bounds
    if bounds.value == bounds.value:
        chance = chance_of_wasserstein(
            baseline.weight[finite],
            window.weight[finite],
            baseline.n(finite),
            window.n(finite),
            (means[0], means[1]),
            (_bin_range(bins, baseline, finite), _bin_range(bins, window, finite)),
            alpha,
        )
        for name in ("wasserstein", "mean"):
            out[f"{name}_expected"], out[f"{name}_critical"] = chance
    return out
