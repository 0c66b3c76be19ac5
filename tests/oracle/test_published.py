"""Numbers that others have published, and properties that hold on any data, against the oracle."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from oracle import oracle as o

OPTBINNING_FICO = (
    [565, 803, 807, 729, 1015, 565, 417, 752, 823, 845],
    [236, 334, 331, 310, 416, 269, 185, 298, 407, 352],
)
OPTBINNING_CALIFORNIA = (
    [725, 1157, 1171, 2022, 2093, 1162, 1911, 1531, 1377, 1299],
    [318, 458, 527, 861, 907, 516, 830, 665, 586, 524],
)
DEEQU = (
    [428, 425, 414, 427, 440, 447, 380, 386, 444, 386],
    [426, 437, 429, 391, 469, 433, 360, 443, 371, 418],
)
EVIDENTLY = ([16, 16, 16, 16, 16, 8], [16, 18, 16, 14, 12, 12])


def test_psi_optbinning_fico() -> None:
    """optbinning, tutorial scorecard monitoring, FICO data."""
    assert o.psi(*OPTBINNING_FICO) == pytest.approx(0.004776, abs=5e-7)


def test_psi_optbinning_california() -> None:
    """optbinning, tutorial scorecard monitoring, California housing data."""
    assert o.psi(*OPTBINNING_CALIFORNIA) == pytest.approx(0.001206, abs=5e-7)


def test_psi_deequ() -> None:
    """Deequ, KLLDistanceTest."""
    assert o.psi(*DEEQU) == pytest.approx(0.007406694184014186, rel=1e-12)


def test_l_infinity_deequ() -> None:
    """Deequ, KLLDistanceTest, categories a to e, and with a new category f."""
    assert o.l_infinity([10, 20, 25, 10, 5], [11, 20, 25, 10, 10]) == pytest.approx(0.06015037593984962, rel=1e-12)
    base, window = {"a": 10, "b": 20, "c": 25, "d": 10, "e": 5}, {"f": 11, "a": 20, "c": 25, "d": 10, "e": 10}
    p, q = ([side.get(name, 0) for name in "abcdef"] for side in (base, window))
    assert o.l_infinity(p, q) == pytest.approx(0.2857142857142857, rel=1e-12)


def test_chi_squared_popmon() -> None:
    """popmon, test_comparisons: small cells, so without pooling."""
    result = o.chi_squared([3, 4, 0, 2], [1, 2, 0, 5], pool=False)
    assert result.statistic == pytest.approx(2.9036, abs=5e-5)
    assert result.p_value == pytest.approx(0.2341, abs=5e-5)
    assert result.df == 2


def test_psi_popmon_without_smoothing() -> None:
    """popmon, test_comparisons: no bin is empty, so nothing may be smoothed."""
    assert o.psi([5, 5, 5, 5], [17, 1, 1, 1]) == pytest.approx(1.699928, abs=5e-7)


def test_psi_and_hellinger_frouros() -> None:
    """frouros, test_data_drift: ten bins of equal width over both samples."""
    np.random.seed(31)
    first, second = np.random.normal(1, 1, 500), np.random.normal(1, 1, 500)
    edges = np.histogram_bin_edges(np.concatenate([first, second]), 10)
    p, q = np.histogram(first, edges)[0], np.histogram(second, edges)[0]
    assert o.psi(p, q) == pytest.approx(0.01840072, abs=1e-8)
    assert o.hellinger(p, q) == pytest.approx(0.04792538, abs=1e-8)


def test_js_tfdv() -> None:
    """TensorFlow Data Validation, metrics_test: disjoint buckets are one bit apart."""
    assert o.js_distance([3, 4, 0, 0], [0, 0, 1, 9]) == 1.0


def test_hellinger_total_variation_chi_squared_evidently() -> None:
    """Evidently, test_stattests: its Hellinger and TV; χ² as the two-sample test (its own is one-sample)."""
    assert o.hellinger(*EVIDENTLY) == pytest.approx(0.06812, abs=1e-5)
    assert o.total_variation(*EVIDENTLY) == pytest.approx(0.06818, abs=1e-5)
    assert o.chi_squared(*EVIDENTLY).p_value == pytest.approx(0.8985, abs=5e-5)


@pytest.mark.parametrize(("n", "critical"), [(100, 0.169), (200, 0.085), (400, 0.042), (1000, 0.017)])
def test_psi_critical_yurdakul(n: int, critical: float) -> None:
    """Yurdakul, dissertation 3208 (via scouter): ten bins, base fixed, 95 %."""
    assert o.psi_critical(n, math.inf, 10, alpha=0.05) == pytest.approx(critical, abs=5e-4)


def test_kolmogorov_q() -> None:
    """Kolmogorov's Q, tables."""
    assert o.kolmogorov_q(0.8) == pytest.approx(0.5441, abs=5e-5)


@pytest.mark.parametrize(
    ("m", "published", "published_over", "ours", "over"),
    [
        (50, 0.164, 0.76, 0.202, 0.865),
        (100, 0.087, 0.32, 0.0956, 0.389),
        (200, 0.044, 0.017, 0.0462, 0.023),
        (500, 0.018, 0.0, 0.0183, 0.0),
    ],
)
def test_mean_psi_of_one_distribution(
    m: int, published: float, published_over: float, ours: float, over: float
) -> None:
    """Two samples of one distribution: the listed means come out with half a row added to every bin.

    The contract smooths empty bins only, so its means are a little higher, nearer to and above (1/n+1/m)(B-1).
    """
    rng = np.random.default_rng(m)
    n, tries = 50_000, 8000
    base, window = rng.multinomial(n, [0.1] * 10, tries), rng.multinomial(m, [0.1] * 10, tries)
    p, q = base / n, (window + 0.5) / (m + 5)
    everywhere = ((q - p) * np.log(q / p)).sum(1)
    assert everywhere.mean() == pytest.approx(published, abs=0.002)
    assert (everywhere > 0.1).mean() == pytest.approx(published_over, abs=0.02)
    values = np.asarray([o.psi(b, w) for b, w in zip(base, window, strict=True)])
    assert values.mean() == pytest.approx(ours, abs=0.003)
    assert values.mean() == pytest.approx(o.psi_expected(n, m, 10), rel=0.13)
    assert (values > 0.1).mean() == pytest.approx(over, abs=0.02)
    # χ² is only nearly the distribution of PSI on small windows: at most 0.5 % where the nominal rate is 0.1 %.
    assert (values > np.maximum(0.1, o.psi_critical(n, m, 10))).mean() <= 0.0065


@pytest.mark.parametrize("seed", range(60))
def test_ks_of_scipy_lies_within_the_bounds(seed: int) -> None:
    """The exact two-sample statistic lies between the bounds, whatever the shape; close where no quantile is tied."""
    rng = np.random.default_rng(seed)
    n, m, bins = int(rng.integers(1, 3000)), int(rng.integers(1, 800)), int(rng.integers(2, 50))
    shapes = [
        lambda k: rng.normal(0.1 * (seed % 5), 1, k),
        lambda k: rng.lognormal(0, 1, k),
        lambda k: np.where(rng.random(k) < 0.7, 0.0, rng.normal(0, 1, k)),
        lambda k: rng.poisson(2 + seed % 3, k).astype(float),
        lambda k: rng.choice([-np.inf, 0, 1, np.inf], k),
        lambda k: rng.uniform(0, 1 + seed / 60, k),
    ]
    shape = shapes[seed % len(shapes)]
    a, b = shape(n), shape(m)
    learnt = o.learn_numeric_bins(a, bins)
    p = o.side_from_rows(o.assign_numeric(a.tolist(), learnt), learnt).weight
    q = o.side_from_rows(o.assign_numeric(b.tolist(), learnt), learnt).weight
    ordered = [i for i, x in enumerate(learnt) if x.kind not in ("null", "nan")]
    bounds = o.ks_bounds(p[ordered], q[ordered])
    exact = stats.ks_2samp(a, b).statistic
    assert bounds.lower - 1e-12 <= exact <= bounds.upper + 1e-12
    tight = o.ks_bounds(p[ordered], q[ordered], [learnt[i].single_valued for i in ordered])
    assert tight.lower - 1e-12 <= exact <= tight.upper + 1e-12 <= bounds.upper + 2e-12
    if seed % len(shapes) in (0, 1, 5) and n >= bins:
        assert exact - bounds.lower <= 1 / bins + 1 / n + 1e-12
