"""What must hold of every measure on any data; so that a wrong oracle does not bless wrong SQL."""

from __future__ import annotations

import doctest
import math
from decimal import Decimal, getcontext
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial import distance

from oracle import judge_cases, raw, strategies
from oracle import oracle as o

calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
pairs = st.integers(1, 15).flatmap(
    lambda k: st.tuples(*[st.lists(st.integers(0, 300), min_size=k, max_size=k).filter(any) for _ in range(2)])
)
SYMMETRIC = (o.psi, o.js_distance, o.hellinger, o.total_variation, o.l_infinity)


@pytest.mark.parametrize("module", [o, raw, strategies, judge_cases])
def test_examples_in_the_docstrings(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]


@calm
@given(pairs)
def test_symmetric_bounded_and_zero_for_equal(pair: tuple[list[int], list[int]]) -> None:
    p, q = pair
    for measure in SYMMETRIC:
        assert measure(p, p) == 0.0
        assert measure(p, q) == pytest.approx(measure(q, p), rel=1e-12, abs=1e-15)
        assert measure(p, q) >= 0
    for measure in SYMMETRIC[1:]:
        assert measure(p, q) <= 1
    assert o.l_infinity(p, q) <= o.total_variation(p, q) + 1e-12
    assert o.hellinger(p, q) ** 2 <= o.total_variation(p, q) + 1e-12 <= math.sqrt(2) * o.hellinger(p, q) + 2e-12
    lower, upper = o.ks_bounds(p, q)
    assert 0 <= lower <= upper <= 1
    assert o.ks_bounds(q, p) == pytest.approx((lower, upper))
    assert lower <= o.total_variation(p, q) + 1e-12
    chi = o.chi_squared(p, q)
    assert chi.statistic == pytest.approx(o.chi_squared(q, p).statistic, abs=1e-9, nan_ok=True)
    assert math.isnan(chi.statistic) or (0 <= chi.p_value <= 1 and 0 <= chi.cramers_v <= 1 + 1e-12)


@calm
@given(pairs)
def test_against_scipy(pair: tuple[list[int], list[int]]) -> None:
    p, q = np.asarray(pair[0]), np.asarray(pair[1])
    assert o.js_distance(p, q) == pytest.approx(float(distance.jensenshannon(p, q, base=2)), abs=3e-8)
    a, b = p / p.sum(), q / q.sum()
    assert o.hellinger(p, q) == pytest.approx(math.sqrt(max(0.0, 1 - float(np.sqrt(a * b).sum()))), abs=3e-8)
    if (p > 0).all() and (q > 0).all():
        kl = float(stats.entropy(a, b) + stats.entropy(b, a))
        assert o.psi(p, q) == pytest.approx(kl, rel=1e-9, abs=1e-12)
    used = (p + q) > 0
    if used.sum() > 1:
        want = stats.chi2_contingency(np.vstack([p[used], q[used]]), correction=False)
        got = o.chi_squared(p, q, pool=False)
        assert (got.statistic, got.p_value, got.df) == pytest.approx((want.statistic, want.pvalue, want.dof))
        assert got.cramers_v == pytest.approx(
            stats.contingency.association(np.vstack([p[used], q[used]]).astype(int), method="cramer"), abs=1e-12
        )


@calm
@given(pairs, st.floats(0.1, 50))
def test_a_weight_for_all_changes_nothing(pair: tuple[list[int], list[int]], factor: float) -> None:
    """Shares and effective n are the same when every row weighs the same."""
    p, q = (np.asarray(side, dtype=float) for side in pair)
    n, m = float(p.sum()), float(q.sum())
    heavy = o.effective_n(n * factor, n * factor**2)
    assert heavy == pytest.approx(n)
    for plain, weighted in [
        (o.psi(p, q), o.psi(p * factor, q, heavy, m)),
        (o.js_distance(p, q), o.js_distance(p * factor, q)),
        (o.ks_bounds(p, q), o.ks_bounds(p * factor, q)),
    ]:
        assert weighted == pytest.approx(plain, rel=1e-9, abs=3e-8)
    if not o.on_pooling_border(p, q):
        assert o.chi_squared(p * factor, q, heavy, m) == pytest.approx(
            o.chi_squared(p, q), rel=1e-9, abs=1e-9, nan_ok=True
        )


@calm
@given(pairs)
def test_pooling_keeps_every_row(pair: tuple[list[int], list[int]]) -> None:
    p, q = o.pooled_cells(*pair)
    assert (p.sum(), q.sum()) == (sum(pair[0]), sum(pair[1]))
    expected = min(p.sum(), q.sum()) * (p + q) / (p.sum() + q.sum())
    assert (expected < 5).sum() <= 1


def test_pooling_by_hand() -> None:
    p, q = o.pooled_cells([50, 30, 3, 2, 0], [40, 40, 1, 3, 2])
    assert p.tolist() == [50, 30, 5] and q.tolist() == [40, 40, 6]


def test_one_side_empty_is_unknown() -> None:
    for measure in SYMMETRIC:
        assert math.isnan(measure([1, 2], [0, 0]))
    assert math.isnan(o.ks_bounds([0], [1]).lower)
    assert math.isnan(o.chi_squared([0], [1]).statistic)


def test_one_cell_is_no_difference() -> None:
    assert o.psi([0, 7], [0, 3]) == 0.0
    assert o.psi_critical(7, 3, 1) == 0.0
    assert o.chi_squared([0, 7], [0, 8]) == (0.0, 0, 1.0, 0.0)
    assert math.isnan(o.chi_squared([0, 7], [0, 3]).statistic)


@pytest.mark.parametrize("d", [1e-8, 1e-5, 9.99e-3, 0.0101, 0.3, 1.0])
def test_js_keeps_its_digits(d: float) -> None:
    getcontext().prec = 50
    high, low = 1 + Decimal(d), 1 - Decimal(d)
    exact = high * high.ln() + (low * low.ln() if low else 0)
    assert o._js_term(d) == pytest.approx(float(exact), rel=1e-12)


@pytest.mark.parametrize("lam", [0.05, 0.3, 0.8, 1.2, 1.95, 4.0, 9.0, 40.0])
def test_kolmogorov_series(lam: float) -> None:
    series = 2 * math.fsum((-1) ** (k - 1) * math.exp(-2 * (k * lam) ** 2) for k in range(1, 400))
    assert o.kolmogorov_q(lam) == pytest.approx(series, abs=1e-12)
    assert 0 <= o.kolmogorov_q(lam) <= 1


@pytest.mark.parametrize(("n", "m"), [(50, 50), (1000, 50_000), (12.5, 3000.0)])
def test_ks_critical_has_its_p_value(n: float, m: float) -> None:
    assert o.ks_p_value(o.ks_critical(n, m, 0.001), n, m) == pytest.approx(0.001, rel=1e-9)


# ---------------------------------------------------------------------------------------------------------------- bins


@calm
@given(st.lists(st.floats(-1e9, 1e9) | st.sampled_from([0.0, 1.0]), min_size=1, max_size=80), st.integers(2, 30))
def test_quantiles_are_those_of_numpy(values: list[float], bins: int) -> None:
    want = np.quantile(values, np.arange(1, bins) / bins)
    assert o.exact_quantiles(values, bins) == pytest.approx(want, rel=1e-9, abs=1e-6)


@calm
@given(st.integers(1, 300).flatmap(strategies.numeric_values), st.sampled_from([1, 2, 4, 10, 20, 50]))
def test_numeric_bins_are_disjoint_and_complete(values: list[float | None], bins: int) -> None:
    learnt = o.learn_numeric_bins([math.nan if v is None else v for v in values], bins)
    ranges = [b for b in learnt if b.kind == "range"]
    assert ranges[0].lower is None and ranges[-1].upper is None
    for left, right in pairwise(ranges):
        assert left.upper == right.lower and left.number < right.number
        assert left.lower is None or left.upper is None or left.lower < left.upper
    assert len({b.group for b in ranges if not b.single_valued}) <= min(bins, 10)
    assert len(ranges) <= 2 * bins
    position = o.assign_numeric(values, learnt)
    for value, k in zip(values, position, strict=True):
        b = learnt[k]
        if value is None:
            assert b.kind == "null"
        elif math.isnan(value):
            assert b.kind == "nan"
        elif abs(value) > 1e300:
            assert b.kind == ("positive_infinity" if value > 0 else "negative_infinity")
        else:
            assert b.kind == "range"
            assert (b.lower is None or value > b.lower) and (b.upper is None or value <= b.upper)
            assert not b.single_valued or value == b.upper


def test_a_column_of_70_percent_zeros_keeps_its_zeros_apart() -> None:
    values = [0.0] * 70 + [float(v) for v in range(1, 31)]
    learnt = o.learn_numeric_bins(values, 10)
    zero = [b for b in learnt if b.single_valued and b.kind == "range"]
    assert len(zero) == 1 and zero[0].upper == 0.0
    side = o.side_from_rows(o.assign_numeric(values, learnt), learnt)
    assert side.weight[learnt.index(zero[0])] == 70


@calm
@given(
    st.integers(1, 120).flatmap(strategies.numeric_values),
    st.integers(1, 120).flatmap(strategies.numeric_values),
    st.booleans(),
    st.integers(0, 2**31),
)
def test_wasserstein_bounds_hold(a: list[float | None], b: list[float | None], shuffled: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = np.asarray([v for v in a if v is not None and math.isfinite(v) and abs(v) <= 1e300])
    y = np.asarray([v for v in b if v is not None and math.isfinite(v) and abs(v) <= 1e300])
    assume(len(x) and len(y))
    if shuffled:
        x, y = np.concatenate([x, y])[: len(x)], np.concatenate([y, x])[: len(y)]
    u, v = rng.uniform(0.1, 3, len(x)), rng.uniform(0.1, 3, len(y))
    learnt = o.learn_numeric_bins(x, 10)
    sides = [o.side_from_rows(o.assign_numeric(z.tolist(), learnt), learnt, w, z) for z, w in ((x, u), (y, v))]
    got = o.compare(sides[0], sides[1], learnt)
    exact = o.wasserstein_points(x, y, u, v)
    size = max(abs(x).max(), abs(y).max())
    if size < 1e150:
        assert exact == pytest.approx(stats.wasserstein_distance(x, y, u, v), rel=1e-9, abs=1e-12 * size)
    slack = 1e-12 * size
    assert got["wasserstein_lower"] - slack <= exact <= got["wasserstein_upper"] + slack
    assert got["wasserstein_lower"] <= got["wasserstein"] <= got["wasserstein_upper"]
    assert abs(got["mean"] - got["baseline_mean"]) <= exact + slack
    assert got["mean"] == pytest.approx(float(np.sum(y * (v / v.sum()))), rel=1e-9, abs=slack)


@calm
@given(st.integers(2, 100).flatmap(strategies.numeric_values), st.integers(0, 2**31))
def test_merging_sides_is_adding_rows(values: list[float | None], seed: int) -> None:
    """Order and splits of the rows change nothing."""
    rng = np.random.default_rng(seed)
    x = np.asarray([math.nan if v is None else v for v in values])
    learnt = o.learn_numeric_bins(x, 7)
    position, w = o.assign_numeric(values, learnt), rng.uniform(0.1, 2, len(x))
    whole = o.side_from_rows(position, learnt, w, x)
    order = rng.permutation(len(x))
    cut = int(rng.integers(0, len(x) + 1))
    parts = [o.side_from_rows(position[i], learnt, w[i], x[i]) for i in (order[:cut], order[cut:])]
    merged = parts[0] + parts[1]
    assert merged.row_count.tolist() == whole.row_count.tolist()
    for name in ("weight", "weight_sq", "value_sum"):
        size = max(1.0, float(abs(getattr(whole, name)).max()))
        finite = abs(x[np.isfinite(x) & (abs(x) <= 1e300)])
        size = max(size, float((finite * 2).sum())) if name == "value_sum" and len(finite) else size
        assert getattr(merged, name) == pytest.approx(getattr(whole, name), rel=1e-12, abs=1e-13 * size)
    assert (merged.minimum, merged.maximum) == (whole.minimum, whole.maximum)


def test_categories_ties_by_name_and_the_three_ends() -> None:
    learnt = o.learn_categorical_bins(["b", "a", "c", "c", "", None], 2)
    assert [b.label for b in learnt if b.kind == "category"] == ["c", ""]
    position = o.assign_categorical(["c", "a", "z", None, ""], learnt, {"a", "b", "c", ""})
    assert [learnt[k].kind for k in position] == ["category", "beyond_top", "unseen", "null", "category"]


# ------------------------------------------------------------------------------------------------------ whole tables


@settings(calm, max_examples=60)
@given(strategies.examples())
def test_tables_have_one_row_per_key_and_sane_values(example: strategies.Example) -> None:
    got = raw.expected(example.rows, example.declaration)
    for table, key in ((got.drift, raw.DRIFT_KEY), (got.quality, raw.QUALITY_KEY), (got.business, raw.BUSINESS_KEY)):
        assert not table.duplicated(key).any()
    d = got.drift
    for c in ("js_distance", "hellinger", "total_variation", "l_infinity", "ks_lower", "ks_upper", "ks_p_value"):
        assert d[c].dropna().between(0, 1).all()
    both = (d["row_count"] > 0) & (d["baseline_row_count"] > 0)
    assert d.loc[both, "psi"].notna().all() and d.loc[~both, "psi"].isna().all()
    assert np.isfinite(d["psi"].dropna()).all()
    for c in [c for c in got.quality.columns if c.endswith("_rate")]:
        assert got.quality[c].dropna().between(0, 1 + 1e-12).all()
    q = got.quality.query("column_kind == 'numeric'").dropna(subset=["mean"])
    slack = 1e-12 * q[["minimum", "maximum"]].abs().max(axis=1)
    assert (q["mean"] >= q["minimum"] - slack).all() and (q["mean"] <= q["maximum"] + slack).all()


@settings(calm, max_examples=25)
@given(strategies.examples(max_days=10), st.integers(0, 2**31))
def test_order_of_rows_does_not_matter(example: strategies.Example, seed: int) -> None:
    shuffled = example.rows.sample(frac=1, random_state=seed % 2**32)
    want = raw.expected(example.rows, example.declaration)
    got = raw.expected(shuffled, example.declaration)
    scale = raw.scales(example.rows, ["x", "y"])
    assert raw.differences(want.drift, got.drift, raw.DRIFT_KEY, scale=scale) == []
    assert raw.differences(want.quality, got.quality, raw.QUALITY_KEY, scale=scale) == []
    assert raw.differences(want.business, got.business, raw.BUSINESS_KEY, scale=scale) == []


def _days(values: list[list[float]]) -> pd.DataFrame:
    at = [pd.Timestamp("2024-01-01") + pd.Timedelta(days=d) for d, v in enumerate(values) for _ in v]
    return pd.DataFrame({"at": at, "x": [x for v in values for x in v]})


def test_a_window_is_never_in_its_own_baseline() -> None:
    rows = _days([[1, 2], [3, 4], [5, 6], [7, 8]])
    declaration = {
        "timestamp": "at",
        "numeric": ["x"],
        "windows": [1, 2],
        "reference": {"start": "2024-01-01", "end": "2024-01-04"},
        "business_metrics": {"total": {"sum": "x"}, "average": {"numerator": "x", "denominator": 1}},
    }
    got = raw.expected(rows, declaration)
    d = got.drift.query("baseline == 'reference' and window_periods == 1")
    assert d["baseline_row_count"].tolist() == [4, 4, 4, 6]
    assert d["baseline_mean"].tolist() == pytest.approx([4.5, 3.5, 2.5, 3.5])
    previous = got.drift.query("baseline == 'previous' and window_periods == 2")
    assert previous["baseline_row_count"].tolist() == [0, 0, 4]
    b = got.business.query("metric == 'total' and window_periods == 1")
    assert b["value"].tolist() == [3, 7, 11, 15]
    assert b["reference_value"].tolist() == pytest.approx([9, 7, 5, 7])
    assert b["previous_value"].tolist()[1:] == [3, 7, 11]
    assert b["trailing_mean"].tolist()[1:] == pytest.approx([3, 5, 7])
    two = got.business.query("metric == 'total' and window_periods == 2")
    assert two["value"].tolist() == [10, 18, 26]
    assert two["trailing_mean"].tolist()[2] == 10
    floors = got.drift.query("baseline == 'reference'").groupby("window_periods")["noise_floor"].nunique()
    assert floors.tolist() == [1, 1]


def test_gaps_are_gaps_in_ratios_and_zeros_in_counts_and_sums() -> None:
    rows = _days([[1], [1], [], [2], [2], [3], [3]])
    declaration = {
        "timestamp": "at",
        "windows": [1],
        "reference": {"start": "2024-01-01", "end": "2024-01-05"},
        "business_metrics": {"total": {"sum": "x"}, "mean": {"numerator": "x", "denominator": 1}},
        "now": "2024-01-10 12:00:00",
    }
    b = raw.expected(rows, declaration).business
    assert b["row_count"].tolist() == 2 * [1, 1, 0, 1, 1, 1, 1, 0, 0]
    total, mean = (b[b["metric"] == name].reset_index(drop=True) for name in ("total", "mean"))
    assert total["value"].tolist() == [1, 1, 0, 2, 2, 3, 3, 0, 0]
    assert total["previous_value"].tolist()[1:] == [1, 1, 0, 2, 2, 3, 3, 0]
    last = total.iloc[6]
    assert last["trailing_count"] == 6
    assert last["trailing_mean"] == pytest.approx(9 / 6)
    assert last["trailing_stddev"] == pytest.approx(np.std([3, 2, 2, 0, 1, 1], ddof=1))
    assert last["reference_value"] == pytest.approx(4 / 3)
    assert mean["value"].isna().tolist() == [False, False, True, False, False, False, False, True, True]
    last = mean.iloc[6]
    assert last["trailing_count"] == 5
    assert last["trailing_mean"] == pytest.approx(9 / 5)
    assert last["trailing_stddev"] == pytest.approx(np.std([3, 2, 2, 1, 1], ddof=1))
    assert math.isnan(mean.iloc[5]["trailing_stddev"])


def test_weeks_start_on_monday_and_zones_move_the_day() -> None:
    sunday = raw.period_index(pd.Timestamp("2024-02-25 23:59"), "week")
    assert raw.period_start(sunday, "week") == pd.Timestamp("2024-02-19")
    assert raw.local("2024-03-31 22:30", "Europe/Berlin", "day") == pd.Timestamp("2024-04-01 00:30")
    assert raw.local("2024-03-31 22:30", "Europe/Berlin", "hour") == pd.Timestamp("2024-03-31 22:30")


def test_a_version_without_reference_uses_that_of_all() -> None:
    rows = _days([[1, 2, 3], [1, 2, 3], [1, 2, 9]])
    rows["v"] = ["old"] * 6 + ["new"] * 3
    declaration = {
        "timestamp": "at",
        "numeric": ["x"],
        "windows": [1],
        "model_version": "v",
        "reference": {"start": "2024-01-01", "end": "2024-01-03"},
    }
    d = raw.expected(rows, declaration).drift.query("baseline == 'reference'")
    d = d.set_index(["model_version", "window_start"])
    assert d.loc[("new", "2024-01-03"), "baseline_model_version"] == "all"
    assert d.loc[("new", "2024-01-03"), "baseline_row_count"] == 6
    assert d.loc[("old", "2024-01-01"), "baseline_model_version"] == "old"
    assert d.loc[("old", "2024-01-01"), "baseline_row_count"] == 3


def test_a_reference_relation_is_never_a_window() -> None:
    rows = _days([[1, 2], [3, 4]])
    reference = pd.DataFrame({"x": [1.0, 2.0, 3.0]})
    declaration = {"timestamp": "at", "numeric": ["x"], "windows": [1]}
    d = raw.expected(rows, declaration, reference).drift.query("baseline == 'reference'")
    assert d["baseline_row_count"].tolist() == [3, 3]
    assert d["noise_floor"].isna().all()


def test_weighted_spread() -> None:
    rows = _days([[1, 3]])
    rows["w"] = [1.0, 3.0]
    declaration = {
        "timestamp": "at",
        "numeric": ["x"],
        "windows": [1],
        "weight": "w",
        "reference": {"start": "2024-01-01", "end": "2024-01-02"},
    }
    q = raw.expected(rows, declaration).quality.iloc[0]
    assert (q["mean"], q["stddev"]) == pytest.approx((2.5, 1.0))
