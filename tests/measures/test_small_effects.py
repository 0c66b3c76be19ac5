"""Shifts of the mean and of the spread, and the largest change of a class: against numpy on the raw values, on odd data.

The values are taken from the rows again for every pair of window and baseline; what a bin has to say (its mean) comes from
the edges that the package has learnt. Heavy tails are tried on their own: a column of them must not alert by one row.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy import stats
from support import Project

ALPHA, START, DAYS, REFERENCE_DAYS = 0.001, dt.datetime(2024, 1, 1), 40, 20
ROWS = 150
NOW = "2024-02-20"


def _log() -> dict[str, list[Any]]:
    """By day: usual ones, then NULL, NaN and infinite values, ties, a constant, one row, none, a shift, an outlier."""
    rng = np.random.default_rng(7)
    columns: dict[str, list[Any]] = {name: [] for name in ("at", "x", "kind", "same", "w", "heavy", "flag", "large")}
    for day in range(DAYS):
        n = {26: 1, 27: 0, 28: 2}.get(day, ROWS + 10 * (day % 7))
        x = rng.normal(10, 2, n)
        heavy = rng.lognormal(0, 1.5, n)
        flag = (rng.random(n) < 0.02).astype(float)
        kind: list[Any] = rng.choice(list("abcdefg"), n, p=[0.4, 0.3, 0.15, 0.08, 0.04, 0.02, 0.01]).tolist()
        large = rng.normal(1e9, 1.0, n)
        values: list[float | None] = x.tolist()
        if day == 21:
            values = [None if k % 3 == 0 else v for k, v in enumerate(values)]
            kind = [None if k % 2 == 0 else v for k, v in enumerate(kind)]
        elif day == 22:
            values = [math.nan if k % 3 == 0 else math.inf if k % 5 == 0 else v for k, v in enumerate(values)]
        elif day == 23:
            values = np.round(x).tolist()
        elif day == 24:
            values, kind = [10.0] * n, ["a"] * n
        elif day == 25:
            values, kind = [None] * n, [None] * n
        elif day == 29:
            values = (x + 1).tolist()
        elif day == 30:
            values = (10 + (x - 10) * 1.5).tolist()
        elif day == 31:
            values = [1e6, *x[1:].tolist()]
        elif day == 32:
            values = [1e299, -1e299, *x[2:].tolist()]
        elif day == 33:
            kind = rng.choice(["a", "b", "new"], n, p=[0.2, 0.5, 0.3]).tolist()
        elif day == 34:
            kind = ["a" if v == "g" else v for v in kind]
        columns["at"] += [START + dt.timedelta(days=day, seconds=k) for k in range(n)]
        columns["x"] += [None if v is None else float(v) for v in values]
        columns["kind"] += kind
        columns["same"] += [3.0] * n
        columns["w"] += rng.choice([0.5, 1.0, 3.0], n).tolist()
        for name, of in (("heavy", heavy), ("flag", flag), ("large", large)):
            columns[name] += of.tolist()
    return columns


LOG = _log()
TYPES = {"at": pa.timestamp("us"), "kind": pa.string()}
NUMERIC = ["x", "heavy", "flag", "large", "same"]
HEAD = (
    "relation=source('raw', 'log'), timestamp='at', numeric=['x', 'heavy', 'flag', 'large', 'same'],"
    f" categorical=['kind'], reference={{'start': '2024-01-01', 'end': '2024-01-{REFERENCE_DAYS + 1}'}}"
)


@pytest.fixture(scope="module")
def project(make_module_project: Callable[..., Any]) -> Project:
    made: Project = make_module_project(
        models={
            "monitors/plain": f"{{{{ driftline.monitor({HEAD}) }}}}",
            "monitors/weighted": f"{{{{ driftline.monitor({HEAD}, weight='w') }}}}",
        },
        tables={"log": pa.table({name: pa.array(of, TYPES.get(name, pa.float64())) for name, of in LOG.items()})},
        vars={
            "driftline_monitors": ["plain", "weighted"],
            "driftline_windows": {"day": [1, 7]},
            "driftline_false_alarms_per_week": "none",
            "driftline_now": NOW,
        },
    )
    made.build("--select", "+driftline_alerts")
    return made


class Column:
    """A column's rows with their day and weight, and the bins that the package has learnt."""

    def __init__(self, project: Project, monitor: str, name: str) -> None:
        self.day = np.array([(at - START).days for at in LOG["at"]])
        self.w = np.array(LOG["w"]) if monitor == "weighted" else np.ones(len(self.day))
        self.values = np.array(LOG[name], dtype=object)
        bins = project.frame(
            "select bin_kind, bin_label, bin_lower, bin_upper from driftline_bins"
            f" where monitor = '{monitor}' and column_name = '{name}' order by bin"
        )
        ranges = bins[bins["bin_kind"] == "range"]
        self.edges = ranges["bin_upper"].dropna().to_numpy(dtype=float)
        self.classes = bins.loc[bins["bin_kind"] == "category", "bin_label"].tolist()
        if name in NUMERIC:
            x = np.array([math.nan if v is None else float(v) for v in self.values])
            self.x = np.where(np.abs(x) > 1e300, math.nan, x)

    def numbers(self, rows: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        use = rows & np.isfinite(self.x)
        return self.x[use], self.w[use]


def _moments(x: Any, w: Any) -> tuple[float, float]:
    """Mean and standard deviation, with Bessel's correction."""
    if not len(x):
        return math.nan, math.nan
    mean = float(np.average(x, weights=w))
    total = float(w.sum())
    if total <= 1 or len(x) < 1 or np.abs(x).max() > 1e145:
        return mean, math.nan
    return mean, math.sqrt(float(np.average((x - mean) ** 2, weights=w)) * total / (total - 1))


def _n(w: Any) -> float:
    return float(w.sum() ** 2 / (w**2).sum()) if len(w) else 0.0


Found = dict[str, tuple[float, float, float]]  # measure → what it says, its mean by chance, what chance exceeds


def _numeric(column: Column, window: Any, baseline: Any, whole: Any) -> Found:
    (x, w), (y, v), (ends, _) = (column.numbers(rows) for rows in (window, baseline, whole))
    (mean, sd), (base_mean, base_sd) = _moments(x, w), _moments(y, v)
    # No square of such values could be summed, and what rounding leaves of a constant is no spread.
    if (
        not len(x)
        or not len(y)
        or not base_sd > 1e-13 * np.abs(y).max()
        or max(np.abs(x).max(), np.abs(y).max()) > 1e145
    ):
        return {}
    h = 1 / _n(w) + 1 / _n(v)
    far = float(np.abs(x - base_mean).max()) / base_sd
    bins = np.searchsorted(column.edges, y, side="left")
    fourth = sum(
        v[bins == k].sum() / v.sum() * ((np.average(y[bins == k], weights=v[bins == k]) - base_mean) / base_sd) ** 4
        for k in np.unique(bins)
    )
    z, half = stats.norm.isf(ALPHA / 2), math.sqrt(2 / math.pi)
    # Of the whole reference, with what the window shares with it: that is what is known of its ends.
    tail = min(float(np.abs(ends - base_mean).max()) / base_sd, 1e30) ** 4
    unit = math.sqrt((max(fourth + 4 * tail / _n(v), 3) - 1) / 4 * h)
    return {
        "mean_shift": ((mean - base_mean) / base_sd, half * math.sqrt(h), z * math.sqrt(h) + far / _n(w)),
        "spread_ratio": (sd / base_sd, half * unit, z * unit + far**2 / _n(w) / 2),
    }


def _categorical(column: Column, window: Any, baseline: Any, _: Any) -> Found:
    known = np.array([v in column.classes for v in column.values])
    sides = []
    for rows in (window & known, baseline & known):
        w = column.w[rows]
        by_class = pd.Series(w).groupby(column.values[rows].astype(str)).sum()
        sides.append((by_class, _n(w)))
    (q, n), (p, m) = sides
    if n <= 0 or m <= 0:
        return {}
    names = sorted({*q.index, *p.index})
    share_q, share_p = (s.reindex(names, fill_value=0.0) / s.sum() for s in (q, p))
    counted = np.where(share_q >= share_p, share_q, np.minimum(share_q + 2 / n, share_p))
    # The angles' difference has the same standard deviation for every share.
    apart = 2 * np.abs(np.arcsin(np.sqrt(counted)) - np.arcsin(np.sqrt(share_p)))
    error = math.sqrt(1 / n + 1 / m)
    typical, most = stats.norm.isf(math.log(2) / 2 / len(names)), stats.norm.isf(ALPHA / 2 / len(names))
    return {"class_change": (float(apart.max()), typical * error, most * error)}


def _effect(measure: str, value: float) -> float:
    return abs(value - 1) if measure == "spread_ratio" else abs(value)


def _expected(column: Column, name: str, length: int) -> dict[tuple[int, str], dict[str, tuple[float, float]]]:
    """(last day, baseline) → measure → value and noise."""
    of = _numeric if name in NUMERIC else _categorical
    reference = column.day < REFERENCE_DAYS
    excess: dict[str, float] = {}
    for last in range(length - 1, REFERENCE_DAYS):
        window = (column.day <= last) & (column.day > last - length)
        for measure, (value, average, _) in of(column, window, reference & ~window, reference).items():
            if not math.isnan(value):
                excess[measure] = max(excess.get(measure, 0.0), _effect(measure, value) - average)
    out = {}
    for last in range(DAYS):
        window = (column.day <= last) & (column.day > last - length)
        baselines = {"reference": reference & ~window}
        if last - 2 * length + 1 >= 0:
            baselines["previous"] = (column.day <= last - length) & (column.day > last - 2 * length)
        for baseline, rows in baselines.items():
            out[last, baseline] = {
                measure: (value, max(critical, excess.get(measure, -math.inf) + average))
                for measure, (value, average, critical) in of(
                    column, window, rows, reference if baseline == "reference" else rows
                ).items()
            }
    return out


def _wrong(project: Project, monitor: str, name: str) -> Iterator[str]:
    column = Column(project, monitor, name)
    measures = ["mean_shift", "spread_ratio"] if name in NUMERIC else ["class_change"]
    columns = ", ".join(f"{m}, {m}_noise" for m in ("mean_shift", "spread_ratio", "class_change"))
    found = project.frame(
        f"select window_periods, window_start, baseline, {columns} from driftline_drift"
        f" where monitor = '{monitor}' and column_name = '{name}' and is_total and baseline in ('reference', 'previous')"
    )
    for length in (1, 7):
        wanted = _expected(column, name, length)
        rows = found[found["window_periods"] == length]
        assert len(rows) > 2 * DAYS - 2 * length
        for row in rows.itertuples():
            last = (row.window_start - pd.Timestamp(START)).days + length - 1
            if last >= DAYS or last - length + 1 < 0:
                continue
            want = wanted.get((last, row.baseline), {})
            for measure in ("mean_shift", "spread_ratio", "class_change"):
                value, noise = want.get(measure, (math.nan, math.nan)) if measure in measures else (math.nan, math.nan)
                got, got_noise = getattr(row, measure), getattr(row, f"{measure}_noise")
                place = f"{monitor} {name} {measure} {row.baseline} {length} days to {last}"
                if math.isnan(value) != pd.isna(got):
                    yield f"{place}: wanted {value}, got {got}"
                elif not math.isnan(value):
                    # A spread is the root of a difference of squares about a frozen centre.
                    slack = 1e-6 if name in ("large", "x") else 1e-9
                    if not math.isclose(value, got, rel_tol=slack, abs_tol=slack):
                        yield f"{place}: wanted {value}, got {got}"
                    if not math.isclose(noise, got_noise, rel_tol=slack, abs_tol=slack):
                        yield f"{place}: wanted noise {noise}, got {got_noise}"


@pytest.mark.parametrize("monitor", ["plain", "weighted"])
@pytest.mark.parametrize("name", [*NUMERIC, "kind"])
def test_as_numpy_has_it(project: Project, monitor: str, name: str) -> None:
    wrong = list(_wrong(project, monitor, name))
    assert not wrong, "\n".join(wrong[:20])


def test_what_the_judge_makes_of_it(project: Project) -> None:
    told = {
        (metric, column, (start - START).days)
        for metric, column, start in project.sql(
            "select metric, column_name, window_start from driftline_int_judgements where monitor = 'plain' and is_breach"
            " and window_periods = 1 and metric in ('mean_shift', 'spread_ratio', 'class_change')"
        )
    }
    assert {("mean_shift", "x", 29), ("spread_ratio", "x", 30), ("class_change", "kind", 33)} <= told
    # One row far off, however far, moves nothing by itself.
    assert not {day for _, column, day in told if column == "x"} & {31, 32}
    alerts = project.sql(
        "select monitor, metric, column_name from driftline_alerts where window_periods = 1 and metric in"
        " ('mean_shift', 'spread_ratio', 'class_change')"
    )
    # Heavy tails and rare flags are quiet.
    assert {column for _, _, column in alerts} <= {"x", "kind"}


def test_what_does_not_vary_has_no_unit(project: Project) -> None:
    of_constant = (
        "select count(*), count(mean_shift), count(spread_ratio) from driftline_drift where column_name = 'same'"
    )
    [(rows, shifts, spreads)] = project.sql(of_constant)
    assert rows and not shifts and not spreads
