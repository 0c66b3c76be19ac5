"""Concept drift against an implementation of its own in numpy and scipy, on data with everything that can be odd in it;
then what must hold on any data; then how often the tests cry wolf.

Where a value falls is taken from the frozen bins; everything after that is computed from the rows.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy import stats
from support import Engine, Project

Floats = npt.NDArray[np.float64]

ALPHA = 0.001
ENOUGH = 5.0
DAY = dt.timedelta(days=1)
START = dt.datetime(2024, 1, 1)
DAYS = 18
NOW = START + DAYS * DAY
WINDOWS = [1, 3]
GRAIN = ["monitor", "model_version", "segment", "segment_value", "window_periods", "window_start", "column_name"]
TESTED = ("label", "calibration")
TARGETS = (*TESTED, "loss")

# ------------------------------------------------------------------------------------------------------------ the data


def log(rng: np.random.Generator, days: int, first: int = 0) -> pd.DataFrame:
    """Rows with ties, NULL, NaN, infinities, unseen categories, missing labels and scores; days of one row and of none."""
    per_day = {day: int(rng.integers(40, 90)) for day in range(first, first + days)}
    per_day.update({day: n for day, n in {9: 1, 11: 0, 12: 5}.items() if day in per_day})
    day = np.repeat(list(per_day), list(per_day.values()))
    n = len(day)
    later = day >= 8
    x = np.round(rng.normal(np.where(later, 0.4, 0.0), 1.0, n), 1).astype(object)
    odd = rng.random(n)
    for value, (low, high) in {None: (0, 0.05), math.nan: (0.05, 0.08), math.inf: (0.08, 0.09)}.items():
        x[(odd >= low) & (odd < high)] = value
    category = rng.choice(["a", "b", "c", "d"], n, p=[0.5, 0.3, 0.19, 0.01]).astype(object)
    category[rng.random(n) < 0.05] = None
    category[later & (rng.random(n) < 0.1)] = "new"
    base = np.where(category == "a", 0.4, 0.15) + np.where(later & (category == "b"), 0.3, 0.0)
    bought = (rng.random(n) < base).astype(object)
    score: Any = np.round(np.clip(base + rng.normal(0, 0.15, n), 0, 1), 3).astype(object)
    score[rng.random(n) < 0.03] = None
    score[rng.random(n) < 0.02] = math.nan
    spent = np.round(rng.gamma(2.0, np.where(later, 12.0, 10.0)), 2).astype(object)
    classes = rng.choice(["red", "green", "blue"], n)
    guess = np.where(rng.random(n) < np.where(later, 0.5, 0.7), classes, "red").astype(object)
    guess[rng.random(n) < 0.04] = None
    known = rng.random(n) >= np.where(day == first + days - 1, 0.5, 0.1)
    return pd.DataFrame(
        {
            "at": [
                START + int(d) * DAY + dt.timedelta(seconds=int(s))
                for d, s in zip(day, rng.integers(0, 86400, n), strict=True)
            ],
            "x": x,
            "category": category,
            "score": score,
            "bought": [int(b) if k and d != 13 else None for b, k, d in zip(bought, known, day, strict=True)],
            "spent": [float(v) if k else None for v, k in zip(spent, known, strict=True)],
            "forecast": [None if f is None else float(f) * 60 for f in score],
            "class": [str(v) if k else None for v, k in zip(classes, known, strict=True)],
            "guess": guess,
            "w": rng.choice([0.5, 1.0, 2.25], n),
            "version": np.where(day < 10, "v1", np.where(rng.random(n) < 0.5, "v1", "v2")),
            "market": rng.choice(["north", "south"], n, p=[0.8, 0.2]).astype(object),
        }
    )


TYPES = {
    **dict.fromkeys(["x", "score", "spent", "forecast", "w"], "double precision"),
    **dict.fromkeys(["category", "class", "guess", "version", "market"], "text"),
    "bought": "integer",
    "at": "timestamp",
}


@dataclass
class Monitor:
    """A declaration, and what of it the computation below needs."""

    task: str
    label: str
    prediction: str | None = None
    weight: str | None = None
    segments: bool = False
    versions: bool = False
    training: bool = False
    delay: int = 0
    more: dict[str, Any] = field(default_factory=dict)

    def model(self) -> str:
        arguments: dict[str, Any] = {
            "timestamp": "at", "numeric": ["x"], "categorical": ["category"], "task": self.task, "label": self.label, **self.more,
        }  # fmt: skip
        reference = (
            "{'relation': source('raw', 'training')}"
            if self.training
            else "{'start': '2024-01-01', 'end': '2024-01-08 12:00:00'}"
        )
        for name in ("prediction", "weight"):
            if getattr(self, name):
                arguments[name] = getattr(self, name)
        if self.segments:
            arguments["segments"] = ["market"]
        arguments["detail"] = "all"
        if self.versions:
            arguments["model_version"] = "version"
        if self.delay:
            arguments["label_delay"] = self.delay
        given = ", ".join(f"{k}={v!r}" for k, v in arguments.items())
        return f"{{{{ driftline.monitor(relation=source('raw', 'log'), reference={reference}, {given}) }}}}"


MONITORS = {
    "plain": Monitor("binary", "bought", "score", segments=True, versions=True, delay=2),
    "weighted": Monitor("binary", "bought", "score", weight="w", segments=True),
    "number": Monitor("regression", "spent", "forecast", training=True, more={"bins": 5}),
    "weighted_number": Monitor("regression", "spent", "forecast", weight="w"),
    "classes": Monitor("multiclass", "class", "guess"),
    "label_only": Monitor("binary", "bought"),
}


# ----------------------------------------------------------------------------------------------------- the computation


@dataclass
class Rows:
    """The labelled rows of one side: their bin of the column, weight, and what is looked at (label, residual, loss)."""

    bin: npt.NDArray[np.int64]
    w: Floats
    values: dict[str, Floats]


def mean_and_variance(values: Floats, w: Floats) -> tuple[float, float, float]:
    """Weighted mean, weighted variance, effective number."""
    mean = float(np.average(values, weights=w))
    return mean, float(np.average((values - mean) ** 2, weights=w)), float(w.sum() ** 2 / (w**2).sum())


@dataclass
class Bin:
    number: int
    q: float  # shares
    p: float
    q_mean: float
    p_mean: float
    rows: float = 0.0  # of the difference
    variance: float = 0.0  # pooled
    kurtosis: float = 0.0
    information: float = 0.0

    @property
    def compared(self) -> bool:
        return self.rows > 0


def bins_of(window: Rows, reference: Rows, target: str, task: str) -> list[Bin]:
    bins = []
    for number in sorted(set(window.bin) | set(reference.bin)):
        of_q, of_p = window.bin == number, reference.bin == number
        found = Bin(
            int(number),
            window.w[of_q].sum() / window.w.sum(),
            reference.w[of_p].sum() / reference.w.sum(),
            math.nan,
            math.nan,
        )
        if of_q.any():
            found.q_mean, q_variance, n = mean_and_variance(window.values[target][of_q], window.w[of_q])
        if of_p.any():
            found.p_mean, p_variance, m = mean_and_variance(reference.values[target][of_p], reference.w[of_p])
        if of_q.any() and of_p.any():
            found.rows = n * m / (n + m)
            pooled = n * q_variance + m * p_variance + found.rows * (found.q_mean - found.p_mean) ** 2
            found.variance = pooled / max(n + m - 1, 1)
            counted = task == "binary" or (task == "multiclass" and target == "loss")
            found.information = found.rows * (found.variance if counted else 0.25)
            if task == "binary" and found.variance > 0:
                found.kurtosis = (1 - 6 * found.variance) / found.variance * (n**-3 + m**-3) * found.rows**2
        else:
            found.q_mean = found.p_mean if not of_q.any() else found.q_mean
            found.p_mean = found.q_mean if not of_p.any() else found.p_mean
        bins.append(found)
    return bins


def cells_of(bins: list[Bin]) -> list[list[Bin]]:
    """Bins that are tested: alone from ENOUGH on, the smaller ones in groups of twice that, in order."""
    cells = [[b] for b in bins if b.information >= ENOUGH - 1e-9]
    small = [b for b in bins if 0 < b.information < ENOUGH - 1e-9]
    total = sum(b.information for b in small)
    last = max(math.floor(total / (2 * ENOUGH) + 1e-9) - 1, 0)
    groups: dict[int, list[Bin]] = {}
    before = 0.0
    for b in small:
        groups.setdefault(min(math.floor(before / (2 * ENOUGH) + 1e-9), last), []).append(b)
        before += b.information
    return cells + [g for g in groups.values() if sum(b.information for b in g) >= ENOUGH - 1e-9]


def measure(window: Rows, reference: Rows, target: str, task: str) -> dict[str, float]:
    """Everything of one target but the noise; NaN where it cannot be computed."""
    found: dict[str, float] = {}
    found["mean"] = mean_and_variance(window.values[target], window.w)[0] if len(window.w) else math.nan
    found["reference_mean"] = (
        mean_and_variance(reference.values[target], reference.w)[0] if len(reference.w) else math.nan
    )
    if not len(window.w) or not len(reference.w):
        return found
    found["change"] = found["mean"] - found["reference_mean"]
    bins = bins_of(window, reference, target, task)
    compared = [b for b in bins if b.compared]
    found["compared_bins"] = len(compared)
    found["unmatched_share"] = sum(b.q for b in bins if b.p == 0)
    if not compared:
        return found
    found["shares_effect"] = sum((b.q - b.p) * (b.q_mean + b.p_mean) / 2 for b in bins)
    found["rates_effect"] = sum((b.q_mean - b.p_mean) * (b.q + b.p) / 2 for b in bins)
    found["rates_standard_error"] = math.sqrt(sum(((b.q + b.p) / 2) ** 2 * b.variance / b.rows for b in compared))
    between = np.array([(b.q_mean + b.p_mean) / 2 for b in bins])
    share = np.array([(b.q + b.p) / 2 for b in bins])
    n, m = (s.w.sum() ** 2 / (s.w**2).sum() for s in (window, reference))
    spread = float((share * (between - (share * between).sum()) ** 2).sum())
    found["shares_standard_error"] = math.sqrt(spread * (1 / n + 1 / m))
    found["mean_standardized"] = found["reference_mean"] + found["rates_effect"]
    found["information"] = sum(b.information for b in bins)
    if target == "loss":
        if task == "binary":
            found["information"] = sum(b.information for b in bins_of(window, reference, "calibration", task))
        return found

    found["shift"] = math.sqrt(sum((b.q + b.p) / 2 * (b.q_mean - b.p_mean) ** 2 for b in bins))
    parts = np.array([(b.q + b.p) / 2 * b.variance / b.rows for b in compared])
    found["shift_expected"] = math.sqrt(parts.sum())
    spreads = (parts**2 * [1 + max(b.kurtosis, -2) / 2 for b in compared]).sum()
    degrees = parts.sum() ** 2 / spreads if spreads > 0 else math.nan
    cube = 1 - 2 / (9 * degrees) + stats.norm.isf(ALPHA) * math.sqrt(2 / (9 * degrees))
    found["shift_critical"] = 0.0 if math.isnan(degrees) else found["shift_expected"] * math.sqrt(max(cube, 0) ** 3)

    cells = cells_of(bins)
    found["pooled_bins"] = sum(1 for b in compared if 0 < b.information < ENOUGH - 1e-9)
    if cells:
        statistic = 0.0
        for cell in cells:
            variance = sum(b.rows * b.variance for b in cell)
            difference = sum(b.rows * (b.q_mean - b.p_mean) for b in cell)
            statistic += difference**2 / variance if variance > 0 else 0.0
        found["chi_squared"], found["chi_squared_df"] = statistic, len(cells)
        found["p_value"] = float(stats.chi2.sf(statistic, len(cells)))
    return found


class Side:
    """All rows of a source with what is needed of each: its place, its bins, its labelled values."""

    def __init__(self, rows: pd.DataFrame, monitor: Monitor, bins: pd.DataFrame, is_reference: bool) -> None:
        self.day = np.array([(t.to_pydatetime() - START) // DAY for t in rows["at"]])
        self.reference = np.full(len(rows), is_reference)
        if not monitor.training:
            self.reference = (rows["at"] < START + 7.5 * DAY).to_numpy()
        self.version = rows["version"].to_numpy() if monitor.versions else np.full(len(rows), "all", dtype=object)
        self.market = rows["market"].to_numpy()
        self.w = rows[monitor.weight].to_numpy(float) if monitor.weight else np.ones(len(rows))
        self.known = rows[monitor.label].notna().to_numpy()
        self.labelled = self.known.copy()
        self.values: dict[str, Floats] = {}
        if monitor.task == "multiclass":
            self.labelled &= rows[monitor.prediction].notna().to_numpy()
            wrong = rows[monitor.prediction].to_numpy() != rows[monitor.label].to_numpy()
            self.values["loss"] = wrong.astype(float)
        else:
            y = pd.to_numeric(rows[monitor.label]).to_numpy(float)
            self.values["label"] = y
            if monitor.prediction:
                s = pd.to_numeric(rows[monitor.prediction]).to_numpy(float)
                self.labelled &= np.isfinite(s)
                self.values["calibration"] = s - y
                self.values["loss"] = (s - y) ** 2 if monitor.task == "binary" else np.abs(s - y)
        self.columns = {
            name: np.array([bin_of(value, of) for value in rows[name].to_numpy()])
            for name, of in bins.groupby("column_name")
        }

    def rows(self, which: npt.NDArray[np.bool_], column: str) -> Rows:
        which = which & self.labelled
        return Rows(self.columns[column][which], self.w[which], {t: v[which] for t, v in self.values.items()})


def bin_of(value: Any, bins: pd.DataFrame) -> int:
    """Where a value falls, by the frozen bins of its column."""
    if bins["column_kind"].iloc[0] == "categorical":
        if pd.isna(value):
            return -3
        known = bins[bins["bin_label"] == value]
        return int(known["bin"].iloc[0]) if len(known) else 10002
    if value is None or value is pd.NA:
        return -3
    if math.isnan(value):
        return -2
    if math.isinf(value):
        return -1 if value < 0 else 10000
    ranges = bins[bins["bin_kind"] == "range"]
    inside = (ranges["bin_lower"].isna() | (ranges["bin_lower"] < value)) & (
        ranges["bin_upper"].isna() | (value <= ranges["bin_upper"])
    )
    return int(ranges.loc[inside, "bin"].iloc[0])


class Wanted:
    """What the table must hold for one monitor."""

    def __init__(self, monitor: Monitor, sides: dict[str, Side], columns: list[str]) -> None:
        self.monitor, self.sides, self.columns = monitor, sides, columns
        self.versions = {v for side in sides.values() for v in side.version[side.reference]}
        self._floors: dict[tuple[str, str, str, str, int], dict[str, float]] = {}

    def group(self, side: Side, version: str, segment: str, value: str) -> npt.NDArray[np.bool_]:
        which = np.ones(len(side.w), dtype=bool)
        if version != "all":
            which &= side.version == version
        if segment != "all":
            which &= side.market == value
        return which

    def baseline(self, version: str) -> str:
        """A version without reference rows is held against the reference of all versions."""
        return version if version in self.versions else "all"

    def pair(
        self, source: str, version: str, segment: str, value: str, column: str, first: int, size: int
    ) -> tuple[Rows, Rows, bool]:
        """Window, the reference without what the window shares with it, and whether the window is all reference."""
        side = self.sides[source]
        window = self.group(side, version, segment, value) & (side.day >= first) & (side.day < first + size)
        held_against = self.baseline(version)
        parts = []
        for other in self.sides.values():
            which = self.group(other, held_against, segment, value) & other.reference
            if other is side and held_against == version:
                which &= ~window
            parts.append(other.rows(which, column))
        reference = Rows(
            np.concatenate([p.bin for p in parts]),
            np.concatenate([p.w for p in parts]),
            {t: np.concatenate([p.values[t] for p in parts]) for t in parts[0].values},
        )
        labelled = window & side.labelled
        return side.rows(window, column), reference, bool(labelled.any() and side.reference[labelled].all())

    def floors(self, version: str, segment: str, value: str, column: str, size: int) -> dict[str, float]:
        """What the reference's own windows exceed chance by; nothing with fewer than two of them."""
        key = (version, segment, value, column, size)
        if key not in self._floors:
            found: list[dict[str, float]] = []
            for source, side in self.sides.items():
                days = side.day[self.group(side, version, segment, value) & side.reference]
                if version not in (*self.versions, "all") or not len(days):
                    continue
                for first in range(days.min(), days.max() - size + 2):
                    window, reference, is_reference = self.pair(source, version, segment, value, column, first, size)
                    if is_reference and len(reference.w):
                        found.append(self.excess(window, reference))
            floors: dict[str, float] = {}
            if len(found) > 1:
                floors = {name: max(f[name] for f in found) for name in found[0]}
            self._floors[key] = floors
        return self._floors[key]

    def excess(self, window: Rows, reference: Rows) -> dict[str, float]:
        found = {}
        for target in window.values:
            m = measure(window, reference, target, self.monitor.task)
            for effect in ("shares", "rates"):
                by_chance = math.sqrt(2 / math.pi) * m[f"{effect}_standard_error"]
                found[f"{target}_{effect}"] = max(abs(m[f"{effect}_effect"]) - by_chance, 0)
            if target in TESTED:
                found[f"{target}_shift"] = max(m["shift"] - m["shift_expected"], 0)
        return found

    def row(self, seen: Any) -> dict[str, float]:
        first = (seen.window_start.to_pydatetime() - START) // DAY
        place = (seen.model_version, seen.segment, seen.segment_value, seen.column_name)
        window, reference, _ = self.pair("relation", *place, first, seen.window_periods)
        floors = self.floors(self.baseline(seen.model_version), *place[1:], seen.window_periods)
        wanted: dict[str, float] = {}
        for target in window.values:
            m = measure(window, reference, target, self.monitor.task)
            for name in ("compared_bins", "unmatched_share"):
                wanted[name] = m.get(name, math.nan)
            if target == "label":
                wanted["pooled_bins"] = m.get("pooled_bins", math.nan)
            wanted[f"{target}_mean"], wanted[f"reference_{target}_mean"] = m["mean"], m["reference_mean"]
            names = [
                "change",
                "shares_effect",
                "rates_effect",
                "shares_standard_error",
                "rates_standard_error",
                "mean_standardized",
            ]
            if target in TESTED:
                names += ["shift", "chi_squared", "chi_squared_df", "p_value"]
            wanted.update({f"{target}_{name}": m.get(name, math.nan) for name in names})
            informed = m.get("information", 0.0) >= ENOUGH - 1e-9
            for effect in ("shares", "rates"):
                error = m.get(f"{effect}_standard_error", math.nan)
                noise = stats.norm.isf(ALPHA / 2) * error
                noise = max(noise, floors.get(f"{target}_{effect}", -math.inf) + math.sqrt(2 / math.pi) * error)
                wanted[f"{target}_{effect}_noise"] = noise if informed else math.nan
            if target in TESTED:
                noise = m.get("shift_critical", math.nan)
                noise = max(noise, floors.get(f"{target}_shift", -math.inf) + m.get("shift_expected", math.nan))
                wanted[f"{target}_shift_noise"] = noise if informed else math.nan
        side = self.sides["relation"]
        rows = self.group(side, *place[:3]) & (side.day >= first) & (side.day < first + seen.window_periods)
        wanted["row_count"] = rows.sum()
        wanted["labelled_row_count"] = len(window.w)
        wanted["reference_labelled_row_count"] = len(reference.w)
        wanted["labelled_share"] = side.known[rows].mean() if rows.any() else math.nan
        old_enough = seen.window_end.to_pydatetime() + self.monitor.delay * DAY <= NOW
        wanted["is_mature"] = float(old_enough and bool(rows.any()) and side.known[rows].mean() >= 0.8)
        return wanted


# Quantiles in the SQL are good to 4.5e-4; the noise is where they are used.
def tolerance(name: str) -> float:
    return 1e-3 if name.endswith("_noise") else 1e-9


def differences(seen: pd.DataFrame, wanted: Wanted) -> list[str]:
    wrong = []
    for row in seen.itertuples():
        place = f"{row.monitor} {row.model_version} {row.segment_value} {row.window_periods} {row.window_start:%m-%d} {row.column_name}"
        wants = wanted.row(row)
        for name in seen.columns:
            if name in wants:
                found, want = getattr(row, name), wants[name]
                found = math.nan if found is None or pd.isna(found) else float(found)
                if name in ("compared_bins", "pooled_bins") and math.isnan(want):
                    want = 0.0
                size = max(abs(want), 1.0 if name.startswith(("label", "calibration", "loss", "reference")) else 0.0)
                if math.isnan(found) != math.isnan(want) or abs(found - want) > tolerance(name) * size:
                    wrong.append(f"{place}: {name} is {found}, should be {want}")
            elif name.startswith(TARGETS) and not pd.isna(getattr(row, name)):
                wrong.append(f"{place}: {name} is {getattr(row, name)}, should be NULL")
    return wrong


@pytest.fixture(scope="module")
def built(make_module_project: Callable[..., Project]) -> tuple[Project, dict[str, pd.DataFrame]]:
    rng = np.random.default_rng(20240105)
    tables = {"log": log(rng, DAYS), "training": log(rng, 8)}
    project = make_module_project(
        models={f"monitors/{name}": monitor.model() for name, monitor in MONITORS.items()},
        vars={
            "driftline_monitors": list(MONITORS),
            "driftline_windows": {"day": WINDOWS},
            "driftline_now": str(START + 15 * DAY),
        },
    )
    # Half of the labels of the last days before the first run come later.
    early = tables["log"].copy()
    late = np.array([(t.to_pydatetime() - START) // DAY >= 13 for t in early["at"]]) & (rng.random(len(early)) < 0.5)
    for name in ("bought", "spent", "class"):
        early[name] = pd.Series(
            [None if is_late else v for v, is_late in zip(early[name], late, strict=True)], dtype=object
        )
    for name, table in {"log": early, "training": tables["training"]}.items():
        project.load(name, as_lists(table), TYPES)
    project.build("--select", "+driftline_concept")
    project.load("log", as_lists(tables["log"]), TYPES)
    project.set_vars(driftline_now=str(NOW))
    # The second run keeps the windows of which nothing was read again.
    project.build("--select", "+driftline_concept")
    return project, tables


def as_lists(table: pd.DataFrame) -> dict[str, list[Any]]:
    """NaN stays one in x and score, and is NULL elsewhere."""
    kept = ("x", "score")
    return {
        name: [None if v is None or (name not in kept and pd.isna(v)) else v for v in table[name].tolist()]
        for name in table
    }


@pytest.mark.parametrize("name", MONITORS)
def test_against_numpy(built: tuple[Project, dict[str, pd.DataFrame]], name: str) -> None:
    project, tables = built
    monitor = MONITORS[name]
    seen = project.frame(f"select * from driftline_concept where monitor = '{name}'")
    bins = project.frame(
        f"select * from driftline_bins where monitor = '{name}' and column_role in ('feature', 'prediction')"
    )
    sides = {"relation": Side(tables["log"], monitor, bins, is_reference=False)}
    if monitor.training:
        sides["reference"] = Side(tables["training"], monitor, bins, is_reference=True)
    columns = sorted(bins["column_name"].unique())
    assert set(seen["column_name"]) == set(columns)
    assert not seen.duplicated(GRAIN).any()
    expected = project.sql(
        f"select count(*) from driftline_int_windows where monitor = '{name}' and source = 'relation'"
    )
    assert len(seen) == expected[0][0] * len(columns)
    wrong = differences(seen, Wanted(monitor, sides, columns))
    assert not wrong, f"{len(wrong)}: " + "\n".join(wrong[:30])


def test_reasons(built: tuple[Project, dict[str, pd.DataFrame]]) -> None:
    """Whatever is missing says why, and nothing else does."""
    project, _ = built
    missing = "label_p_value is null and loss_rates_effect is null"
    unexplained = project.sql(f"select * from driftline_concept where reason is null and {missing}")
    assert unexplained == []
    reasons = dict(
        project.sql("select reason, count(*) from driftline_concept where reason is not null group by reason")
    )
    assert {"no rows in the window", "no labelled rows in the window"} <= set(reasons)


# ---------------------------------------------------------------------------------------------------------- properties


def test_effects_add_up(built: tuple[Project, dict[str, pd.DataFrame]]) -> None:
    project, _ = built
    seen = project.frame("select * from driftline_concept")
    for target in TARGETS:
        both = seen[f"{target}_shares_effect"] + seen[f"{target}_rates_effect"]
        there = both.notna()
        assert there.sum() > 500
        assert (both - seen[f"{target}_change"])[there].abs().max() < 1e-9 * seen[f"{target}_mean"].abs().max()
    for target in TESTED:
        # A mean is never more than the root of the mean of squares.
        assert (seen[f"{target}_rates_effect"].abs() <= seen[f"{target}_shift"] * (1 + 1e-9) + 1e-12)[
            seen[f"{target}_shift"].notna()
        ].all()
        p_values = seen[f"{target}_p_value"].dropna()
        assert p_values.between(0, 1).all()


def scenario(rng: np.random.Generator, kind: str, n: int = 1500) -> pd.DataFrame:
    """Eight days of reference and four of the scenario. x has ten values, so that a bin is a value and nothing else."""
    blocks = []
    for day in range(12):
        later = day >= 8
        shares = np.full(10, 0.1)
        if later and kind == "inputs":
            shares = np.arange(1, 11) / 55
        x = rng.choice(10, n, p=shares)
        p = 0.1 + 0.05 * x
        if later and kind == "turned":
            p = 0.1 + 0.05 * (9 - x)
        elif later and kind == "raised":
            p = p + 0.1
        y = rng.random(n) < p
        blocks.append(
            pd.DataFrame(
                {
                    "at": START + day * DAY,
                    "kind": kind,
                    "x": x.astype(float),
                    "other": rng.normal(0, 1, n),
                    "score": 0.1 + 0.05 * x,
                    "bought": y.astype(int),
                    "spent": 100 * p + rng.gamma(4, 5, n),
                    "forecast": 100 * (0.1 + 0.05 * x) + 20,
                }
            )
        )
    return pd.concat(blocks)


SCENARIOS = ("quiet", "inputs", "turned", "raised")


@pytest.fixture(scope="module")
def scenarios(make_module_project: Callable[..., Project]) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    call = (
        "{{{{ driftline.monitor(relation=source('raw', 'scenarios'), timestamp='at', reference={{'start': '2024-01-01', 'end': '2024-01-09'}},"
        " numeric=['x', 'other'], segments=['kind'], detail='all', prediction={0!r}, label={1!r}, task={2!r}) }}}}"
    )
    project = make_module_project(
        models={
            "monitors/bought": call.format("score", "bought", "binary"),
            "monitors/spent": call.format("forecast", "spent", "regression"),
        },
        tables={"scenarios": pd.concat([scenario(rng, kind) for kind in SCENARIOS])},
        vars={
            "driftline_monitors": ["bought", "spent"],
            "driftline_windows": {"day": [1]},
            "driftline_now": "2024-01-13",
        },
    )
    project.build("--select", "+driftline_concept")
    return project.frame("select * from driftline_concept where segment = 'kind' and window_start >= '2024-01-09'")


def over_noise(seen: pd.DataFrame, name: str) -> pd.Series:
    effect = f"{name}_effect" if name.endswith(("shares", "rates")) else name
    return seen[effect].abs() > seen[f"{name}_noise"]


@pytest.mark.parametrize("monitor", ["bought", "spent"])
def test_shift_of_the_inputs_is_no_change_of_the_relation(scenarios: pd.DataFrame, monitor: str) -> None:
    seen = scenarios[(scenarios["segment_value"] == "inputs") & (scenarios["monitor"] == monitor)]
    x = seen[seen["column_name"].isin(["x", {"bought": "score", "spent": "forecast"}[monitor]])]
    assert len(x) == 8
    assert over_noise(x, "label_shares").all()
    for name in ("label_rates", "calibration_rates", "loss_rates", "label_shift", "calibration_shift"):
        assert not over_noise(x, name).any(), name
    assert (x["label_p_value"] > 0.001).all()
    # Shares of 1 … 10 of 55 instead of tenths: the mean of 0.1 + 0.05 x goes from 0.325 to 0.4.
    unit = {"bought": 1, "spent": 100}[monitor]
    assert (x["label_shares_effect"] / unit - 0.075).abs().max() < 0.015
    assert (x["label_rates_effect"].abs() <= 3.5 * x["label_rates_standard_error"]).all()
    # Seen through a column that did not move, it is the relation that did.
    other = seen[seen["column_name"] == "other"]
    assert not over_noise(other, "label_shares").any()
    assert over_noise(other, "label_rates").all()


@pytest.mark.parametrize("monitor", ["bought", "spent"])
def test_change_of_the_relation_is_no_shift_of_the_inputs(scenarios: pd.DataFrame, monitor: str) -> None:
    unit = {"bought": 1, "spent": 100}[monitor]
    seen = scenarios[scenarios["monitor"] == monitor]
    raised = seen[seen["segment_value"] == "raised"]
    assert not over_noise(raised, "label_shares").any()
    assert over_noise(raised, "label_rates").all()
    assert (raised["label_rates_effect"] / unit - 0.1).abs().max() < 0.04
    assert (raised["label_p_value"] < 1e-6).all()
    # Predictions that stayed as they were are too low now.
    assert (raised["calibration_rates_effect"] / unit + 0.1).abs().max() < 0.04

    # Turned round: the label rate as a whole stays, and every bin's moves. Its mean square is 0.05²·(9² + 7² + …)/5.
    turned = seen[(seen["segment_value"] == "turned") & (seen["column_name"] == "x")]
    assert not over_noise(turned, "label_rates").any()
    assert over_noise(turned, "label_shift").all()
    assert (turned["label_shift"] / unit - 0.05 * math.sqrt(33)).abs().max() < 0.05
    assert (turned["label_p_value"] < 1e-12).all()
    blind = seen[(seen["segment_value"] == "turned") & (seen["column_name"] == "other")]
    assert not over_noise(blind, "label_shift").any()

    quiet = seen[seen["segment_value"] == "quiet"]
    for name in ("label_shares", "label_rates", "loss_rates", "label_shift", "calibration_shift"):
        assert not over_noise(quiet, name).any(), name


# -------------------------------------------------------------------------------------------------------- false alarms

SIZES = (100, 200, 300, 500, 1000)
RATES = (0.05, 0.2, 0.5)
RARE = (100, 0.01)
QUIET_DAYS = 50
REFERENCE_DAYS = 20


@pytest.fixture(scope="module")
def quiet(duckdb_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[pd.DataFrame]:
    """Windows of 100 to 1,000 labelled rows in 20 bins, held against 20 times as many; nothing moves."""
    rng = np.random.default_rng(11)
    blocks = []
    for size, rate in [*((size, rate) for size in SIZES for rate in RATES), RARE]:
        n = size * (QUIET_DAYS + REFERENCE_DAYS)
        x = rng.normal(0, 1, n)
        odds = rate / (1 - rate) * np.exp(x)
        p = odds / (1 + odds)
        blocks.append(
            pd.DataFrame(
                {
                    "at": START + np.repeat(np.arange(n // size), size) * DAY,
                    "kind": f"{size} rows, {rate}",
                    "x": x,
                    "z": rng.normal(0, 1, n),
                    "category": rng.choice(list("abcdefghijklmnopqrst"), n),
                    "score": p,
                    "bought": (rng.random(n) < p).astype(int),
                    "spent": np.exp(rng.normal(0, 1, n)),
                    "forecast": np.exp(rng.normal(0, 0.3, n)),
                }
            )
        )
    folder = tmp_path_factory.mktemp("quiet")
    call = (
        "{{{{ driftline.monitor(relation=source('raw', 'quiet'), timestamp='at', reference={{'start': '2024-01-01', 'end': '2024-01-21'}},"
        " numeric=['x', 'z'], categorical=['category'], segments=['kind'], detail='all', prediction={0!r}, label={1!r}, task={2!r}) }}}}"
    )
    project = Project(
        folder,
        duckdb_engine.workspace(folder),
        models={
            "monitors/bought": call.format("score", "bought", "binary"),
            "monitors/spent": call.format("forecast", "spent", "regression"),
        },
        tables={"quiet": pd.concat(blocks)},
        vars={
            "driftline_monitors": ["bought", "spent"],
            "driftline_windows": {"day": [1]},
            "driftline_now": "2024-03-11",
        },
    )
    project.build("--select", "+driftline_concept")
    yield project.frame("select * from driftline_concept where segment = 'kind' and window_start >= '2024-01-21'")
    project.close()


def test_p_values_of_quiet_windows(quiet: pd.DataFrame, figure: Callable[[str, object], None]) -> None:
    for monitor, least in (("bought", 5000), ("spent", 5000)):
        seen = quiet[quiet["monitor"] == monitor]
        p_values = pd.concat([seen["label_p_value"], seen["calibration_p_value"]]).dropna()
        assert len(p_values) >= least
        for level, most in ((0.05, 0.06), (0.01, 0.015), (0.001, 0.0025)):
            share = float((p_values < level).mean())
            what = "lognormal amounts" if monitor == "spent" else "rates of 5, 20 and 50 %"
            figure(f"p < {level} of {len(p_values)} quiet tests, {what}", f"{share:.2%}")
            if monitor == "bought":
                assert share < most, level
                assert share > level / 3, level
            else:
                # Amounts with a heavy tail: a mean of twenty is not normal yet.
                assert share < 2.5 * most, level


def test_noise_of_quiet_windows(quiet: pd.DataFrame, figure: Callable[[str, object], None]) -> None:
    """What the judge holds the effects against: α = 0.001, or more where the reference's own windows reach it."""
    for name in ("label_rates", "label_shares", "calibration_rates", "loss_rates", "label_shift", "calibration_shift"):
        for monitor, most in (("bought", 0.003), ("spent", 0.03)):
            seen = quiet[(quiet["monitor"] == monitor) & quiet[f"{name}_noise"].notna()]
            assert len(seen) > 2000
            share = float(over_noise(seen, name).mean())
            what = "lognormal amounts" if monitor == "spent" else "rates"
            figure(f"{name} over its noise in {len(seen)} quiet windows, {what}", f"{share:.2%}")
            assert share < most, name


def test_few_labels_are_not_tested(quiet: pd.DataFrame) -> None:
    """One or two positives in 100 rows are too few for any test: no p-value, and no noise to be over."""
    rare = quiet[(quiet["monitor"] == "bought") & (quiet["segment_value"] == f"{RARE[0]} rows, {RARE[1]}")]
    assert len(rare) == 4 * QUIET_DAYS
    assert rare["label_p_value"].isna().all()
    assert rare["label_rates_noise"].isna().all()
    assert rare["reason"].notna().all()
    assert rare["label_rates_effect"].notna().all()
