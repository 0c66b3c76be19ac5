"""Numbers that others have published, out of the tables: one build, one segment for each source.

The first day of a segment is the baseline, the second the window. Counts become rows: the k-th count is that many rows
of the value k, and the bins are the monitor's own edges 0.5, 1.5 and so on, or categories.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

BASELINE, WINDOW = datetime(2024, 1, 1, 12), datetime(2024, 1, 2, 12)
ALPHA = 0.05  # the level of the dissertation; nothing else here depends on it

# segment: baseline counts, window counts
COUNTS = {
    "optbinning_fico": (
        [565, 803, 807, 729, 1015, 565, 417, 752, 823, 845],
        [236, 334, 331, 310, 416, 269, 185, 298, 407, 352],
    ),
    "optbinning_california": (
        [725, 1157, 1171, 2022, 2093, 1162, 1911, 1531, 1377, 1299],
        [318, 458, 527, 861, 907, 516, 830, 665, 586, 524],
    ),
    "deequ": (
        [428, 425, 414, 427, 440, 447, 380, 386, 444, 386],
        [426, 437, 429, 391, 469, 433, 360, 443, 371, 418],
    ),
    # Ten times the published counts, which are so small that all cells would be pooled.
    "popmon": ([30, 40, 0, 20], [10, 20, 0, 50]),
    "popmon_shares": ([5, 5, 5, 5], [17, 1, 1, 1]),
    "tfdv": ([3, 4, 0, 0], [0, 0, 1, 9]),
    "evidently": ([16, 16, 16, 16, 16, 8], [16, 18, 16, 14, 12, 12]),
    "yurdakul": ([500] * 10, [10] * 10),
    "kolmogorov": ([25, 25], [33, 17]),
}
CATEGORIES = {
    "deequ_categories": ({"a": 10, "b": 20, "c": 25, "d": 10, "e": 5}, {"a": 11, "b": 20, "c": 25, "d": 10, "e": 10}),
    "deequ_new_category": (
        {"a": 10, "b": 20, "c": 25, "d": 10, "e": 5},
        {"f": 11, "a": 20, "c": 25, "d": 10, "e": 10},
    ),
}


def frouros() -> tuple[list[float], list[float], list[float]]:
    """frouros, test_data_drift: two samples and the inner edges of ten equal bins over both."""
    random = np.random.RandomState(31)
    first, second = random.normal(1, 1, 500), random.normal(1, 1, 500)
    edges = np.histogram_bin_edges(np.concatenate([first, second]), 10)
    return first.tolist(), second.tolist(), edges[1:-1].tolist()


def log() -> pd.DataFrame:
    blocks = []
    for name, sides in COUNTS.items():
        for at, counts in zip((BASELINE, WINDOW), sides, strict=True):
            blocks.append({"at": at, "source": name, "value": np.repeat(np.arange(len(counts)), counts).astype(float)})
    for name, kinds in CATEGORIES.items():
        for at, kind in zip((BASELINE, WINDOW), kinds, strict=True):
            blocks.append({"at": at, "source": name, "category": np.repeat(list(kind), list(kind.values()))})
    for at, values in zip((BASELINE, WINDOW), frouros(), strict=False):
        blocks.append({"at": at, "source": "frouros", "sample": np.asarray(values)})
    rows = pd.concat([pd.DataFrame(block) for block in blocks], ignore_index=True)
    return rows.astype({"value": object, "sample": object, "category": object}).where(rows.notna(), None)


@pytest.fixture(scope="module")
def measured(make_module_project: Callable[..., Any]) -> Mapping[tuple[str, str], Any]:
    """Rows of driftline_drift by segment value and column."""
    edges = [k + 0.5 for k in range(9)]
    monitor = f"""{{{{ driftline.monitor(
        relation=source('raw', 'log'), timestamp='at', reference={{'start': '2024-01-01', 'end': '2024-01-02'}},
        numeric=['value', 'sample'], categorical=['category'], segments=['source'], detail='all',
        bins={{'value': {edges}, 'sample': {frouros()[2]!r}}}
    ) }}}}"""
    project = make_module_project(
        models={"monitors/published": monitor},
        vars={"driftline_monitors": ["published"], "driftline_windows": {"day": [1]}, "driftline_alpha": ALPHA},
    )
    types = {"at": "timestamp", "value": "double precision", "sample": "double precision", "category": "text"}
    project.load("log", log(), types)
    project.build("--select", "+driftline_drift")
    rows = project.frame(
        "select * from driftline_drift where baseline = 'reference' and segment = 'source'"
        " and window_start = cast('2024-01-02' as timestamp)"
    )
    return {(r.segment_value, r.column_name): r for r in rows.itertuples()}


def test_the_counts_are_those_published(measured: Mapping[tuple[str, str], Any]) -> None:
    for name, (baseline, window) in COUNTS.items():
        row = measured[name, "value"]
        assert (row.baseline_row_count, row.row_count) == (sum(baseline), sum(window))


@pytest.mark.parametrize(
    ("source", "psi", "tolerance"),
    [
        ("optbinning_fico", 0.004776, 5e-7),  # optbinning, tutorial scorecard monitoring, FICO data
        ("optbinning_california", 0.001206, 5e-7),  # optbinning, same tutorial, California housing data
        ("deequ", 0.007406694184014186, 1e-14),  # Deequ, KLLDistanceTest
        ("popmon_shares", 1.699928, 5e-7),  # popmon, test_comparisons, without smoothing
    ],
)
def test_psi(measured: Mapping[tuple[str, str], Any], source: str, psi: float, tolerance: float) -> None:
    assert measured[source, "value"].psi == pytest.approx(psi, abs=tolerance)


@pytest.mark.parametrize(
    ("source", "l_infinity"), [("deequ_categories", 0.06015037593984962), ("deequ_new_category", 0.2857142857142857)]
)
def test_l_infinity(measured: Mapping[tuple[str, str], Any], source: str, l_infinity: float) -> None:
    """Deequ, KLLDistanceTest, categories a to e; and with a new category f, which is unseen here."""
    assert measured[source, "category"].l_infinity == pytest.approx(l_infinity, rel=1e-14)


def test_popmon_chi_squared(measured: Mapping[tuple[str, str], Any]) -> None:
    """popmon, test_comparisons: the statistic grows as the counts do, so that of a tenth of them is a tenth."""
    row = measured["popmon", "value"]
    assert row.chi_squared / 10 == pytest.approx(2.9036, abs=5e-5)
    assert row.chi_squared_df == 2
    assert stats.chi2.sf(row.chi_squared / 10, row.chi_squared_df) == pytest.approx(0.2341, abs=5e-5)
    assert row.chi_squared_p_value == pytest.approx(stats.chi2.sf(row.chi_squared, 2), rel=1e-9)


def test_frouros(measured: Mapping[tuple[str, str], Any]) -> None:
    """frouros, test_data_drift: numpy seed 31."""
    row = measured["frouros", "sample"]
    assert row.psi == pytest.approx(0.01840072, abs=1e-8)
    assert row.hellinger == pytest.approx(0.04792538, abs=1e-8)


def test_tfdv(measured: Mapping[tuple[str, str], Any]) -> None:
    """TensorFlow Data Validation, metrics_test: disjoint buckets are one bit apart."""
    assert measured["tfdv", "value"].js_distance ** 2 == pytest.approx(1.0, rel=1e-15)


def test_evidently(measured: Mapping[tuple[str, str], Any]) -> None:
    """Evidently, test_stattests; the p-value is that of the two-sample test (its own is one-sample)."""
    row = measured["evidently", "value"]
    assert row.hellinger == pytest.approx(0.06812, abs=1e-5)
    assert row.total_variation == pytest.approx(0.06818, abs=1e-5)
    assert row.chi_squared_p_value == pytest.approx(0.8985, abs=5e-5)


@pytest.mark.parametrize(("n", "critical"), [(100, 0.169), (200, 0.085), (400, 0.042), (1000, 0.017)])
def test_yurdakul(measured: Mapping[tuple[str, str], Any], n: int, critical: float) -> None:
    """Yurdakul, dissertation 3208 (via scouter): ten bins at 95 %, the base fixed, so that its size says nothing."""
    row = measured["yurdakul", "value"]
    assert (row.baseline_row_count, row.row_count) == (5000, 100)
    quantile = row.psi_critical / (1 / 5000 + 1 / 100)
    assert quantile / n == pytest.approx(critical, abs=5e-4)
    assert quantile == pytest.approx(stats.chi2.isf(ALPHA, 9), rel=1e-9)


def test_kolmogorov(measured: Mapping[tuple[str, str], Any]) -> None:
    """Kolmogorov's Q, tables: 0.5441 at 0.8."""
    row = measured["kolmogorov", "value"]
    assert row.ks_lower * math.sqrt(50 * 50 / 100) == pytest.approx(0.8, rel=1e-12)
    assert row.ks_p_value == pytest.approx(0.5441, abs=5e-5)
