"""The false-alarm experiment: one table, one monitor, a thousand quiet windows and some hundred shifted ones.

Layout: every day is a window. The first days are the reference, and every later day of a segment is one window of that
segment's size. Segments ``quiet_50`` to ``quiet_50000`` never drift; ``shift_5000_00`` and so on have a reference of
that many rows in all, and then days of 1,000 rows shifted by 0.3 standard deviations. Every column is a shape of its
own: ten sizes, eight columns and thirteen days are 1,040 quiet windows, judged by a single build.

All segments have the same distributions, so bins that are learnt on the pooled reference suit each of them. Judge the
segments, not the total (the total mixes shifted rows in). To judge totals instead, give each segment a monitor of its
own: a relation that filters ``cases`` by ``segment``.

>>> cases = build_cases(sizes=[50, 100], reference_days=3, quiet_days=2, shift_segments=1, shift_references=[300])
>>> sorted(cases.rows["segment"].unique().tolist())
['quiet_100', 'quiet_50', 'shift_300_00']
>>> len(cases.truth.query("kind == 'quiet'"))
32
>>> cases.declaration["reference"]
{'start': '2024-01-01', 'end': '2024-01-04'}

``cases.truth`` has one row per segment, day and column: ``kind`` (quiet, shift), ``size`` and ``reference_rows``. Join
it to ``driftline_drift`` on ``segment_value``, ``window_start``, ``column_name`` (``baseline = 'reference'``,
``window_periods = 1``) and to the alerts by their span of windows; ``rates`` does the sums.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

SIZES = (50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000)
START = pd.Timestamp("2024-01-01")
Rng = np.random.Generator
_FIFTY = (1 / np.arange(1, 51) ** 1.1) / (1 / np.arange(1, 51) ** 1.1).sum()
_LABELS = np.asarray([f"c{k:02d}" for k in range(50)])


def _null_heavy(rng: Rng, n: int, shift: float) -> Any:
    return np.where(rng.random(n) < 0.9, np.nan, rng.normal(shift, 1, n))


# Numeric shapes take a shift in standard deviations (of the underlying normal, where there is one).
NUMERIC: dict[str, Callable[[Rng, int, float], Any]] = {
    "normal": lambda r, n, s: r.normal(s, 1, n),
    "lognormal": lambda r, n, s: np.exp(r.normal(s, 1, n)),
    "zeros_70": lambda r, n, s: np.where(r.random(n) < 0.7, 0.0, np.exp(r.normal(s, 1, n))),
    "integers": lambda r, n, s: np.round(r.normal(3 + 1.5 * s, 1.5, n)),
    "uniform": lambda r, n, s: r.uniform(0, 1, n) + s / np.sqrt(12),
    "null_heavy": _null_heavy,
}
CATEGORICAL: dict[str, Callable[[Rng, int], Any]] = {
    "category_5": lambda r, n: _LABELS[r.choice(5, n, p=[0.4, 0.3, 0.15, 0.1, 0.05])],
    "category_50": lambda r, n: _LABELS[r.choice(50, n, p=_FIFTY)],
}
# Where a shift reaches every row; the other two hide it in a tenth or a third of the rows.
FULL_SHIFT = ("normal", "lognormal", "uniform", "integers")


@dataclass
class Cases:
    """``rows``: the table to be monitored. ``truth``: what each window is. ``declaration``: the monitor's arguments."""

    rows: pd.DataFrame
    truth: pd.DataFrame
    declaration: dict[str, Any]

    def write(self, folder: Path) -> None:
        """``cases.parquet`` and ``truth.parquet``; NaN of null_heavy is written as NULL."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        folder.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pandas(self.rows, preserve_index=False), folder / "cases.parquet")
        pq.write_table(pa.Table.from_pandas(self.truth, preserve_index=False), folder / "truth.parquet")


def _block(rng: Rng, segment: str, day: int, n: int, shift: float) -> dict[str, Any]:
    seconds = np.sort(rng.integers(0, 86_400, n))
    return {
        "at": (START + pd.Timedelta(days=day)).to_datetime64() + seconds.astype("timedelta64[s]"),
        "segment": np.full(n, segment, dtype=object),
        **{name: make(rng, n, shift) for name, make in NUMERIC.items()},
        **{name: make(rng, n) for name, make in CATEGORICAL.items()},
    }


def build_cases(
    sizes: Sequence[int] = SIZES,
    reference_days: int = 20,
    quiet_days: int = 13,
    shift_segments: int = 10,
    shift_references: Sequence[int] = (5000, 50000),
    shift_rows: int = 1000,
    shift: float = 0.3,
    seed: int = 20240101,
) -> Cases:
    """The whole experiment; about 3.8 million rows with the defaults, fewer days or sizes give a small one."""
    rng = np.random.default_rng(seed)
    plan: list[tuple[str, str, int, int]] = [(f"quiet_{n}", "quiet", n, n) for n in sizes]
    plan += [
        (f"shift_{total}_{k:02d}", "shift", max(1, total // reference_days), shift_rows)
        for total in shift_references
        for k in range(shift_segments)
    ]
    blocks, truth = [], []
    for segment, kind, reference_size, size in plan:
        for day in range(reference_days):
            blocks.append(_block(rng, segment, day, reference_size, 0.0))
        for day in range(reference_days, reference_days + quiet_days):
            blocks.append(_block(rng, segment, day, size, shift if kind == "shift" else 0.0))
            for column in [*NUMERIC, *(CATEGORICAL if kind == "quiet" else ())]:
                truth.append(
                    (segment, START + pd.Timedelta(days=day), column, kind, size, reference_size * reference_days)
                )
    rows = pd.DataFrame({name: np.concatenate([b[name] for b in blocks]) for name in blocks[0]})
    for name in ("segment", *CATEGORICAL):
        rows[name] = rows[name].astype("category")
    end = START + pd.Timedelta(days=reference_days)
    declaration = {
        "monitor": "judge_cases",
        "timestamp": "at",
        "period": "day",
        "reference": {"start": f"{START:%Y-%m-%d}", "end": f"{end:%Y-%m-%d}"},
        "numeric": list(NUMERIC),
        "categorical": list(CATEGORICAL),
        "segments": ["segment"],
        "windows": [1],
    }
    names = ["segment_value", "window_start", "column_name", "kind", "size", "reference_rows"]
    return Cases(rows, pd.DataFrame(truth, columns=names), declaration)


def rates(truth: pd.DataFrame, breached: pd.DataFrame) -> dict[str, float]:
    """False alarms per quiet window, and the share of shifted windows found (normal, and every full shift).

    ``breached``: one row per breaching window, with segment_value, window_start and column_name (more are ignored).

    >>> cases = build_cases(sizes=[50], reference_days=2, quiet_days=1, shift_segments=1, shift_references=[100])
    >>> rates(cases.truth, cases.truth.query("kind == 'shift'"))
    {'quiet_windows': 8, 'false_alarms': 0.0, 'found_normal': 1.0, 'found_full_shift': 1.0}
    """
    key = ["segment_value", "window_start", "column_name"]
    hit = set(breached[key].itertuples(index=False, name=None))
    alarm = pd.Series([row in hit for row in truth[key].itertuples(index=False, name=None)], index=truth.index)
    quiet = truth["kind"] == "quiet"

    def share(pick: pd.Series) -> float:
        return float(alarm[pick].mean()) if pick.any() else float("nan")

    return {
        "quiet_windows": int(quiet.sum()),
        "false_alarms": share(quiet),
        "found_normal": share(~quiet & (truth["column_name"] == "normal")),
        "found_full_shift": share(~quiet & truth["column_name"].isin(FULL_SHIFT)),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write the tables of the false-alarm experiment as Parquet.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--reference-days", type=int, default=20)
    parser.add_argument("--quiet-days", type=int, default=13)
    args = parser.parse_args()
    build_cases(reference_days=args.reference_days, quiet_days=args.quiet_days).write(args.folder)
