"""Monte-Carlo of the default judge: how often it alarms without cause, and how often it finds a shift.

A window breaches by PSI or, for numeric columns, by KS: the effect is over its threshold and over its own noise. What
"its own noise" means next to a reference whose own periods are of another size is the open question, so four readings
are run side by side:

``critical``  the critical value of the two sample sizes alone
``floor``     the larger of the critical value and the noise floor (largest measure of the reference's own periods)
``scaled``    as ``floor``, but each reference period's measure first has the noise of its own size taken off and that
              of the window's size put on (never below zero): what the reference's periods show beyond chance
``excess``    the critical value plus what the reference's periods exceed their own critical values by

Run it: ``python -m oracle.judge_simulation`` in ``tests`` (some minutes on one core).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from oracle import judge_cases
from oracle import oracle as o

Floats = npt.NDArray[np.float64]
READINGS = ("critical", "floor", "scaled", "excess")


@dataclass(frozen=True)
class Judge:
    psi: float = 0.1
    ks: float = 0.08
    alpha: float = 0.001
    min_rows: int = 100


def _numbers(column: str, rng: np.random.Generator, n: int, shift: float) -> Any:
    if column in judge_cases.NUMERIC:
        return judge_cases.NUMERIC[column](rng, n, shift)
    return judge_cases.CATEGORICAL[column](rng, n)


class Counter:
    """Bins learnt once on a reference, then counts of many equally long windows at once."""

    def __init__(self, column: str, reference: Any, bins: int = 20) -> None:
        self.numeric = column in judge_cases.NUMERIC
        if self.numeric:
            self.bins = o.learn_numeric_bins(reference, bins)
            self.ranges = [i for i, b in enumerate(self.bins) if b.kind == "range"]
            self.uppers = np.asarray(
                [np.inf if self.bins[i].upper is None else self.bins[i].upper for i in self.ranges]
            )
        else:
            self.bins = o.learn_categorical_bins(reference.tolist())
            self.names = {b.label: i for i, b in enumerate(self.bins) if b.kind == "category"}
            self.ranges = []
        self.ordered = np.asarray([b.kind in ("negative_infinity", "range", "positive_infinity") for b in self.bins])
        groups = sorted({b.group for b in self.bins if b.group is not None})
        self.to_groups = np.asarray([[float(b.group == g) for g in groups] for b in self.bins])

    def counts(self, values: Any, windows: int) -> Floats:
        """windows x bins."""
        if self.numeric:
            at = np.asarray(self.ranges)[np.minimum(np.searchsorted(self.uppers, values), len(self.uppers) - 1)]
            at = np.where(np.isnan(values), 0, at)
        else:
            names, inverse = np.unique(values, return_inverse=True)
            at = np.asarray([self.names.get(n, len(self.bins) - 1) for n in names])[inverse]
        row = np.repeat(np.arange(windows), len(values) // windows)
        flat = np.bincount(row * len(self.bins) + at, minlength=windows * len(self.bins))
        return flat.reshape(windows, -1).astype(float)


@dataclass
class Measured:
    """Per window: effects, critical values, and what is left to chance."""

    psi: Floats
    psi_critical: Floats
    psi_expected: Floats
    ks: Floats
    ks_critical: Floats
    ks_expected: Floats
    rows: Floats


def measure(counter: Counter, base: Floats, window: Floats, alpha: float) -> Measured:
    """Baseline (one row, or one per window) against windows, row by row."""
    base = np.broadcast_to(base, window.shape)
    p, q = base @ counter.to_groups, window @ counter.to_groups
    n, m = p.sum(1), q.sum(1)
    used = (p > 0) | (q > 0)
    a = np.where(p > 0, p, 0.5) / n[:, None]
    b = np.where(q > 0, q, 0.5) / m[:, None]
    psi = np.where(used, (b - a) * np.log(b / a), 0.0).sum(1)
    df = np.maximum(used.sum(1) - 1, 1)
    psi_critical = (1 / n + 1 / m) * stats.chi2.isf(alpha, df)
    if not counter.numeric:
        none = np.full(len(window), np.nan)
        return Measured(psi, psi_critical, (1 / n + 1 / m) * df, none, none, none, m)
    f, g = base[:, counter.ordered], window[:, counter.ordered]
    kn, km = f.sum(1), g.sum(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        ks = abs(np.cumsum(f, 1) / kn[:, None] - np.cumsum(g, 1) / km[:, None]).max(1)
        unit = np.sqrt((kn + km) / (kn * km))
    critical = np.sqrt(-np.log(alpha / 2) / 2) * unit
    return Measured(psi, psi_critical, (1 / n + 1 / m) * df, ks, critical, 0.8687 * unit, m)


def breaches(window: Measured, own: Measured | None, judge: Judge) -> dict[str, Floats]:
    """For each reading whether each window breaches; ``own`` are the reference's periods against its rest."""
    out = {}
    for reading in READINGS:
        needs = {}
        for name in ("psi", "ks"):
            critical = getattr(window, f"{name}_critical")
            need = critical
            if own is not None and reading != "critical":
                effect, their = getattr(own, name), getattr(own, f"{name}_critical")
                chance, here = getattr(own, f"{name}_expected"), getattr(window, f"{name}_expected")
                if reading == "floor":
                    need = np.fmax(critical, _largest(effect))
                elif reading == "scaled":
                    need = np.fmax(critical, np.fmax(_largest(effect - chance), 0.0) + here)
                else:
                    need = critical + np.fmax(_largest(effect - their), 0.0)
            needs[name] = need
        psi = (window.psi > judge.psi) & (window.psi > needs["psi"])
        with np.errstate(invalid="ignore"):
            ks = (window.ks > judge.ks) & (window.ks > needs["ks"])
        enough = window.rows >= judge.min_rows
        out[reading] = np.asarray([psi & enough, ks & enough])
    return out


def _largest(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(known.max()) if len(known) else 0.0


def run(
    column: str,
    window_rows: int,
    reference_rows: int,
    periods: int,
    shift: float,
    windows: int,
    judge: Judge,
    seed: int,
) -> Iterator[dict[str, Any]]:
    """Rates for one setting, over references drawn anew with at most 50 windows each."""
    rng = np.random.default_rng(seed)
    size = max(1, reference_rows // periods)
    each = min(50, windows)
    hits: dict[str, list[Floats]] = {}
    for _ in range(max(1, windows // each)):
        reference = _numbers(column, rng, size * periods, 0.0)
        counter = Counter(column, reference)
        own = counter.counts(reference, periods)
        total = own.sum(0)
        window = counter.counts(_numbers(column, rng, window_rows * each, shift), each)
        noise = measure(counter, total - own, own, judge.alpha)
        against_reference = breaches(measure(counter, total, window, judge.alpha), noise, judge)
        for reading, hit in against_reference.items():
            hits.setdefault(reading, []).append(hit)
        previous = measure(counter, window[:-1], window[1:], judge.alpha)
        hits.setdefault("previous", []).append(breaches(previous, None, judge)["critical"])
        trailing = np.cumsum(window, 0)
        past = trailing[28:-1] - trailing[:-29] if each > 29 else window[:0]
        if len(past):
            found = measure(counter, past, window[29:], judge.alpha)
            hits.setdefault("trailing", []).append(breaches(found, None, judge)["critical"])
    for reading, parts in hits.items():
        both = np.concatenate(parts, axis=1)
        yield {
            "column": column,
            "window_rows": window_rows,
            "reference_rows": reference_rows,
            "periods": periods,
            "shift": shift,
            "reading": reading,
            "psi": both[0].mean(),
            "ks": both[1].mean(),
            "any": both.any(0).mean(),
            "windows": both.shape[1],
        }


def quiet(judge: Judge, windows: int, references: tuple[int, ...] | None = None) -> pd.DataFrame:
    """False alarms per shape and size. Without ``references`` the reference is 20 periods of the window's size."""
    out: list[dict[str, Any]] = []
    for column in (*judge_cases.NUMERIC, *judge_cases.CATEGORICAL):
        for size in (100, 200, 500, 1000, 2000, 5000, 20000):
            count = max(100, min(windows, 8_000_000 // size))
            for total in references or (20 * size,):
                out += run(column, size, total, 20, 0.0, count, judge, size)
    return pd.DataFrame(out)


def detection(judge: Judge, windows: int, shift: float = 0.3) -> pd.DataFrame:
    out: list[dict[str, Any]] = []
    for column in judge_cases.FULL_SHIFT:
        for total in (5000, 50000):
            for periods in (10, 20, 30):
                out += run(column, 1000, total, periods, shift, windows, judge, periods)
    return pd.DataFrame(out)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--windows", type=int, default=10_000)
    parser.add_argument("--ks", type=float, default=0.08)
    parser.add_argument("--psi", type=float, default=0.1)
    parser.add_argument("--alpha", type=float, default=0.001)
    args = parser.parse_args()
    chosen = replace(Judge(), psi=args.psi, ks=args.ks, alpha=args.alpha)
    pd.set_option("display.width", 200, "display.max_rows", 500, "display.float_format", "{:.4f}".format)
    for title, references in (("20 periods of the window's size", None), ("50,000 reference rows", (50_000,))):
        calm = quiet(chosen, args.windows, references)
        print(f"\nfalse alarms per window, reference: {title}")
        print(calm.pivot_table(index=["column", "window_rows"], columns="reading", values="any"))
        print("psi and ks apart, mean over all")
        print(calm.groupby("reading")[["psi", "ks", "any"]].mean())
    found = detection(chosen, args.windows // 5)
    print("\nshift found")
    print(found.pivot_table(index=["column", "reference_rows", "periods"], columns="reading", values="any"))
