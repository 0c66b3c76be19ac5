"""A split that breaks after months is told by the windows of a week; how often chance alone does it.

The formula is that of the oracle, for many series at once; that the package computes the same: test_comparisons.py.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from oracle import versions as o
from scipy import stats

Floats = npt.NDArray[np.float64]
SERIES, DAYS, BROKEN_AT, WEEK, ALPHA = 400, 365, 200, 7, 0.001
MOST_FALSE_ALARMS = 0.001


def drawn(rng: np.random.Generator, kind: str, rows: int, share: Floats) -> tuple[Floats, Floats]:
    """The later version's rows and all rows, of 50/50 where nothing is broken."""
    if kind == "customers of three rows":
        # One row and two more on average: Σm²/Σm = 11/3 rows go to a version together.
        ours, theirs = rng.poisson(rows / 3 * share), rng.poisson(rows / 3 * (1 - share))
        ours, theirs = ours + rng.poisson(2 * ours), theirs + rng.poisson(2 * theirs)
        return ours.astype(float), (ours + theirs).astype(float)
    of_days = rng.normal(0, 0.02, share.shape) if kind == "days that differ by 2 points" else 0.0
    usual = np.where(np.arange(DAYS) % 7 < 5, 1.3, 0.25) if kind == "quiet weekends" else 1.0
    counts = rng.poisson(rows * usual * np.ones(share.shape))
    return rng.binomial(counts, np.clip(share + of_days, 0, 1)).astype(float), counts.astype(float)


def dispersion(ours: Floats, counts: Floats) -> Floats:
    """By day, from all days so far."""
    excess, variance = ours - 0.5 * counts, 0.25 * counts
    tells = 1 / (1 / variance[:, 1:] + 1 / variance[:, :-1])
    squares = np.diff(excess / variance, axis=1) ** 2 * tells**2
    found = np.cumsum(squares, axis=1) / np.cumsum(tells, axis=1)
    found = np.concatenate([np.ones((len(ours), 1)), found], axis=1)
    found[:, : o.LEAST_PERIODS - 1] = 1
    return np.maximum(found, 1)


def breaches(ours: Floats, counts: Floats, pairs: int = 1) -> npt.NDArray[np.bool_]:
    """Where the last week's split is off by a point and more than chance, as the judge is told."""

    def of_weeks(values: Floats) -> Floats:
        return np.lib.stride_tricks.sliding_window_view(values, WEEK, axis=1).sum(axis=2)

    excess, variance = of_weeks(ours - 0.5 * counts), of_weeks(0.25 * counts)
    z = excess / np.sqrt(variance * dispersion(ours, counts)[:, WEEK - 1 :])
    off = np.abs(excess / of_weeks(counts)) >= 0.01
    return np.asarray((np.abs(z) > stats.norm.isf(ALPHA / 2 / (2 * pairs))) & off)


def test_the_formula_is_the_oracle_s() -> None:
    ours, counts = drawn(np.random.default_rng(1), "customers of three rows", 200, np.full((3, DAYS), 0.5))
    for k in range(3):
        assert dispersion(ours, counts)[k, -1] == pytest.approx(
            o.split_dispersion((ours - 0.5 * counts)[k].tolist(), (0.25 * counts)[k].tolist()), rel=1e-9
        )


@pytest.mark.parametrize("rows", [100, 300, 2000])
@pytest.mark.parametrize(
    "kind", ["rows alone", "customers of three rows", "days that differ by 2 points", "quiet weekends"]
)
def test_how_often_and_how_soon(kind: str, rows: int, figure: Callable[[str, object], None]) -> None:
    rng = np.random.default_rng(12)
    even = np.full((SERIES, DAYS), 0.5)
    quiet = breaches(*drawn(rng, kind, rows, even))
    alarms = int((quiet[:, 1:] & ~quiet[:, :-1]).sum() + quiet[:, 0].sum())
    broken = np.where(np.arange(DAYS) < BROKEN_AT, 0.5, 0.55) * np.ones((SERIES, 1))
    ours, counts = drawn(rng, kind, rows, broken)
    found = breaches(ours, counts)[:, BROKEN_AT - WEEK + 1 :]
    days = np.where(found.any(axis=1), found.argmax(axis=1) + 1, DAYS)
    figure(
        f"a week's split, {rows} rows a day, {kind}",
        f"{1000 * alarms / quiet.size:.2f} false alarms in 1,000 days; 55/45 found in two weeks: {(days <= 14).mean():.0%},"
        f" half within {np.median(days):.0f} days",
    )
    assert alarms <= MOST_FALSE_ALARMS * quiet.size
    if rows == 300 and kind in ("rows alone", "quiet weekends"):
        assert np.median(days) <= 7 and (days <= 14).mean() >= 0.95
    if rows == 2000:
        assert np.median(days) <= 5 and (days <= 14).mean() >= 0.99
    # What the break adds to how much days differ is next to nothing: it is no clustering.
    before, after = dispersion(ours, counts)[:, BROKEN_AT - 1].mean(), dispersion(ours, counts)[:, -1].mean()
    assert after <= 1.1 * before
