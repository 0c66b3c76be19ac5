"""What the judge finds, and when: simulated columns of known changes, all measures of a column together.

Windows of a day are drawn from a known distribution and held against a drawn reference of 30 such days. Their measures are
computed as the package defines them, with the noise of their rows and of the reference's own windows, and the judge's SQL
judges them: no rows are read, so a year of a hundred columns takes seconds. What the rule of before (decision 15: the
thresholds of a fixed difference, PSI, KS and rates alone) makes of the same windows is worked out here, next to it.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from judge.metrics import DEFAULTS, START, TYPES, judge_table
from scipy import stats
from support import NOBODY, Chain, Engine, Project

Floats = npt.NDArray[np.float64]
What = dict[str, Any]
# metric → value, expected, noise; each a row per series and a column per window.
Measured = dict[str, tuple[Floats, Floats | None, Floats]]

ALPHA, REFERENCE_DAYS, BEFORE, AFTER, SIZES = 0.001, 30, 10, 60, (200, 1_000, 10_000)
Z_ONE, Z_TWO = stats.norm.ppf(1 - ALPHA), stats.norm.ppf(1 - ALPHA / 2)
MEAN_OF_ABSOLUTE = float(np.sqrt(2 / np.pi))
# Values are drawn into bins of 0.05: fine enough for means and spreads, and an edge of them is an edge of the 20.
GRID = np.round(np.arange(-12, 12.0001, 0.05), 2)
MIDDLES = np.concatenate([[-12.0], (GRID[1:] + GRID[:-1]) / 2, [12.0]])
QUANTILES = np.round(stats.norm.ppf(np.arange(1, 20) / 20) / 0.05) * 0.05
BIN_OF = np.searchsorted(QUANTILES, MIDDLES)
CLASSES = np.array([0.50, 0.20, 0.13, 0.10, 0.05, 0.01, 0.01])
ACCURACY, AUC, POSITIVES = 0.944, 0.90, 0.2


@dataclass(frozen=True)
class Scenario:
    """What happens to the series of one kind on each day; the days before are what the reference is."""

    kind: str
    happens: Callable[[int], What]
    usual: What = field(default_factory=dict)
    days: int = BEFORE + AFTER
    lasts: bool = True
    times: int = 1
    """Times as many series as of others: of nothing, that is half a year of as many."""


def _from(what: What) -> Callable[[int], What]:
    return lambda day: what if day >= BEFORE else {}


def _days(what: What, count: int) -> Callable[[int], What]:
    return lambda day: what if BEFORE <= day < BEFORE + count else {}


def _scaled(place: int, factor: float) -> What:
    """One class's share changed, at the cost of the others."""
    shares = CLASSES.copy()
    shares[place] *= factor
    others = np.arange(len(shares)) != place
    shares[others] *= (1 - shares[place]) / shares[others].sum()
    return {"shares": shares}


def _moved(share: float) -> What:
    shares = CLASSES.copy()
    shares[0] -= share
    shares[3] += share
    return {"shares": shares}


def scenarios() -> dict[str, Scenario]:
    numeric: dict[str, Scenario] = {}
    for size in (0.1, -0.1, 0.2, -0.2, 0.3, -0.3, 0.5, -0.5):
        numeric[f"{size:+.1f} sigma"] = Scenario("numeric", _from({"mean": size}))
    numeric["creep to 0.3 sigma in 60 days"] = Scenario(
        "numeric", lambda d: {"mean": 0.3 * min(max(d - BEFORE + 1, 0) / 60, 1)}, days=BEFORE + 90
    )
    for factor in (1.2, 1.5):
        numeric[f"spread x {factor}"] = Scenario("numeric", _from({"sd": factor}))
    for count, days in ((1, "one day"), (2, "two days")):
        numeric[f"all NULL for {days}"] = Scenario("numeric", _days({"nulls": 1.0}, count), lasts=False)
        numeric[f"5 sigma for {days}"] = Scenario("numeric", _days({"mean": 5.0}, count), lasts=False)
    numeric["1 sigma every other day"] = Scenario("numeric", lambda d: {"mean": float(d >= BEFORE and d % 2 == 0)})
    numeric["1 sigma on 4 days of 7"] = Scenario(
        "numeric", lambda d: {"mean": float(d >= BEFORE and (d - BEFORE) % 7 in (0, 2, 4, 5))}
    )
    for rate in (0.01, 0.05, 0.2):
        for factor, word in ((2.0, "doubles"), (0.5, "halves")):
            numeric[f"NULL of {rate:.0%} {word}"] = Scenario(
                "numeric", _from({"nulls": rate * factor}), {"nulls": rate}
            )
    classes: dict[str, Scenario] = {}
    for share in (0.02, 0.05, 0.1, 0.2):
        classes[f"{share:.0%} of the rows move class"] = Scenario("categorical", _from(_moved(share)))
    for place in (5, 4, 1):
        for factor, word in ((2.0, "doubles"), (0.5, "halves")):
            classes[f"class of {CLASSES[place]:.0%} {word}"] = Scenario("categorical", _from(_scaled(place, factor)))
    worse = {"accuracy": 1 - 1.5 * (1 - ACCURACY), "auc": 1 - 1.5 * (1 - AUC)}
    return {
        "nothing": Scenario("numeric", lambda d: {}, lasts=False, times=3),
        "nothing, classes": Scenario("categorical", lambda d: {}, lasts=False, times=3),
        "nothing, model": Scenario("model", lambda d: {}, lasts=False, times=3),
        "nothing, but the days differ by 0.05 sigma": Scenario(
            "numeric", lambda d: {"wander": 0.05}, {"wander": 0.05}, lasts=False, times=3
        ),
        **numeric,
        **classes,
        "errors x 1.5": Scenario("model", _from(worse)),
    }


# ---------------------------------------------------------------------------------------------------- the measures


def _counts(rng: np.random.Generator, series: int, rows: int, days: list[What]) -> tuple[Floats, Floats]:
    """Rows by bin of the grid and rows that are NULL: series × days (× bins)."""
    counts, nulls = [], []
    for what in days:
        missing = rng.binomial(rows, what.get("nulls", 0.0), size=series)
        centres = what.get("mean", 0.0) + rng.normal(0, what.get("wander", 0.0), size=series)
        if what.get("wander"):
            below = stats.norm.cdf((GRID[None, :] - centres[:, None]) / what.get("sd", 1.0))
            below = np.concatenate([np.zeros((series, 1)), below, np.ones((series, 1))], axis=1)
        else:
            below = stats.norm.cdf((GRID - what.get("mean", 0.0)) / what.get("sd", 1.0))[None, :]
            below = np.concatenate([[[0.0]], below, [[1.0]]], axis=1)
        counts.append(rng.multinomial(rows - missing, np.diff(below)))
        nulls.append(missing)
    return np.stack(counts, axis=1).astype(float), np.stack(nulls, axis=1).astype(float)


def _psi(q: Floats, p: Floats, n: Floats, m: Floats, own: bool) -> tuple[Floats, Floats, Floats]:
    """PSI among seen values, its mean by chance and what chance exceeds with probability α."""
    with np.errstate(all="ignore"):
        share_q, share_p = (
            np.maximum(c / np.where(k > 0, k, np.nan)[..., None], np.maximum(0.5 / k, 1e-3)[..., None])
            for c, k in ((q, n), (p, m))
        )
        value = ((share_q - share_p) * np.log(share_q / share_p)).sum(axis=-1)
        h = 1 / n + 1 / m
    df = q.shape[-1] - 1
    return value, h * df, h * stats.chi2.ppf(1 - ALPHA, df)


def _moments(counts: Floats) -> tuple[Floats, Floats]:
    n = counts.sum(axis=-1)
    mean = counts @ MIDDLES / n
    square = (counts @ MIDDLES**2) / n - mean**2
    return mean, np.sqrt(square * n / (n - 1))


def _far(counts: Floats, mean: Floats) -> Floats:
    """How far the value farthest from a mean is from it."""
    some = counts > 0
    high = MIDDLES[counts.shape[-1] - 1 - np.argmax(some[..., ::-1], axis=-1)]
    return np.maximum(np.abs(high - mean), np.abs(MIDDLES[np.argmax(some, axis=-1)] - mean))


def _numeric(counts: Floats, nulls: Floats, base: Floats, base_nulls: Floats) -> dict[str, Any]:
    """metric → value, expected, what chance makes of it on average, what chance exceeds."""
    quantiles = np.zeros((counts.shape[-1], 20))
    quantiles[np.arange(counts.shape[-1]), BIN_OF] = 1
    q, p = counts @ quantiles, base @ quantiles
    n, m = counts.sum(axis=-1), base.sum(axis=-1)
    found: dict[str, Any] = {}
    groups = np.kron(np.eye(10), np.ones((2, 1)))
    value, average, critical = _psi(q @ groups, p @ groups, n, m, True)
    found["psi"] = (value, None, average, critical)
    with np.errstate(all="ignore"):
        h = 1 / n + 1 / m
        ks = np.abs(np.cumsum(q, axis=-1) / n[..., None] - np.cumsum(p, axis=-1) / m[..., None]).max(axis=-1)
        ks_critical = np.sqrt(-np.log(ALPHA / 2) / 2 * h)
        found["ks_lower"] = (ks, None, 0.868731160635 * np.sqrt(h), ks_critical)
        mean, sd = _moments(counts)
        base_mean, base_sd = _moments(base)
        far = _far(counts, base_mean) / base_sd
        found["mean_shift"] = (
            (mean - base_mean) / base_sd, None, MEAN_OF_ABSOLUTE * np.sqrt(h), Z_TWO * np.sqrt(h) + far / n,
        )  # fmt: skip
        away = ((base * MIDDLES) @ quantiles / p - base_mean[..., None]) / base_sd[..., None]
        tail = 4 * (_far(base, base_mean) / base_sd) ** 4 / m
        fourth = np.maximum((p / m[..., None] * away**4).sum(axis=-1) + tail, 3)
        error = np.sqrt((fourth - 1) / 4 * h)
        found["spread_ratio"] = (
            sd / base_sd,
            np.ones_like(sd),
            MEAN_OF_ABSOLUTE * error,
            Z_TWO * error + far**2 / n / 2,
        )
    rows, base_rows = n + nulls, m + base_nulls
    rate, expected = nulls / rows, base_nulls / base_rows
    found["null_rate"] = (rate, expected, *_rate_noise(rate, expected, rows, base_rows, Z_ONE))
    return found


def _rate_noise(rate: Floats, expected: Floats, n: Any, m: Any, z: float) -> tuple[Floats, Floats]:
    pooled = (rate * n + expected * m) / (n + m)
    error = np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    skew = (z * z - 1) / 6 * np.abs(1 - 2 * pooled) * np.abs(1 / n - 1 / m)
    return MEAN_OF_ABSOLUTE * error, z * error + skew


def _categorical(counts: Floats, base: Floats) -> dict[str, Any]:
    n, m = counts.sum(axis=-1), base.sum(axis=-1)
    value, average, critical = _psi(counts, base, n, m, False)
    share_q, share_p = counts / n[..., None], base / m[..., None]
    # A share that falls counts as two rows more.
    less = np.minimum(share_q + 2 / n[..., None], share_p)
    apart = 2 * np.abs(np.arcsin(np.sqrt(np.where(share_q >= share_p, share_q, less))) - np.arcsin(np.sqrt(share_p)))
    error, classes = np.sqrt(1 / n + 1 / m), counts.shape[-1]
    change = apart.max(axis=-1)
    typical, most = stats.norm.isf(np.log(2) / 2 / classes), stats.norm.isf(ALPHA / 2 / classes)
    return {"psi": (value, None, average, critical), "class_change": (change, None, typical * error, most * error)}


def _auc_variance(a: Floats, pos: Any, neg: Any) -> Floats:
    more = (pos - 1) * (a / (2 - a) - a * a) + (neg - 1) * (2 * a * a / (1 + a) - a * a)
    return np.asarray((a * (1 - a) + more) / (pos * neg))


def _model(rng: np.random.Generator, series: int, rows: int, days: list[What]) -> dict[str, Floats]:
    right = np.stack([rng.binomial(rows, w.get("accuracy", ACCURACY), size=series) for w in days], axis=1)
    areas = []
    for what in days:
        a = np.asarray(what.get("auc", AUC))
        sd = np.sqrt(_auc_variance(a, POSITIVES * rows, (1 - POSITIVES) * rows))
        areas.append(rng.normal(a, sd, size=series))
    return {"accuracy": right / rows, "roc_auc": np.minimum(np.stack(areas, axis=1), 1.0)}


def _noise_of(own: dict[str, Any], found: dict[str, Any]) -> Measured:
    """What chance exceeds here, or what the reference's windows exceed chance by plus its mean here (decision 16)."""
    out: Measured = {}
    for metric, (value, expected, average, critical) in found.items():
        was, was_expected, was_average, _ = own[metric]
        effect = was if was_expected is None else was - was_expected
        if metric in ("accuracy", "roc_auc", "mean_shift", "spread_ratio"):
            effect = np.abs(effect)
        excess = np.maximum(effect - was_average, 0).max(axis=1, keepdims=True)
        out[metric] = (value, expected, np.maximum(critical, excess + average))
    return out


def measured(rng: np.random.Generator, scenario: Scenario, series: int, rows: int) -> tuple[Measured, Measured]:
    """Of the days, and of the reference's own, each against the rest of it."""
    days = [{**scenario.usual, **scenario.happens(day)} for day in range(scenario.days)]
    reference = [scenario.usual] * REFERENCE_DAYS
    if scenario.kind == "model":
        own, found = (_model(rng, series, rows, of) for of in (reference, days))
        m = REFERENCE_DAYS * rows
        out = []
        for of, count in ((own, m - rows), (found, m)):
            of_all: dict[str, Any] = {}
            for metric, value in of.items():
                base = own[metric].mean(axis=1, keepdims=True)
                expected = (base * m - value * rows) / count if of is own else np.broadcast_to(base, value.shape)
                if metric == "accuracy":
                    noise = _rate_noise(value, expected, rows, count, Z_TWO)
                else:
                    pooled = (value * rows + expected * count) / (rows + count)
                    variance = sum(_auc_variance(pooled, POSITIVES * k, (1 - POSITIVES) * k) for k in (rows, count))
                    noise = (MEAN_OF_ABSOLUTE * np.sqrt(variance), Z_TWO * np.sqrt(variance))
                of_all[metric] = (value, expected, *noise)
            out.append(of_all)
        return _noise_of(out[0], out[1]), _noise_of(out[0], out[0])
    if scenario.kind == "categorical":
        own, found = (
            np.stack([rng.multinomial(rows, w.get("shares", CLASSES), size=series) for w in of], axis=1).astype(float)
            for of in (reference, days)
        )
        whole = own.sum(axis=1, keepdims=True)
        inside = _categorical(own, whole - own)
        return _noise_of(inside, _categorical(found, whole)), _noise_of(inside, inside)
    own, own_nulls = _counts(rng, series, rows, reference)
    found, nulls = _counts(rng, series, rows, days)
    whole, whole_nulls = own.sum(axis=1, keepdims=True), own_nulls.sum(axis=1, keepdims=True)
    inside = _numeric(own, own_nulls, whole - own, whole_nulls - own_nulls)
    return _noise_of(inside, _numeric(found, nulls, whole, whole_nulls)), _noise_of(inside, inside)


# ---------------------------------------------------------------------------------------------------------- the judge

FAMILY = {"null_rate": "quality", "accuracy": "performance", "roc_auc": "performance"}
Alert = tuple[str, str, int, bool]  # column, metric, the day it was told on, whether it is open at the end
# Of before: family's thresholds of a fixed difference; accuracy and AUC fall.
BEFORE_RULE = {
    "psi": (0.1, 0.25), "ks_lower": (0.08, 0.2), "null_rate": (0.02, 0.1), "accuracy": (0.05, 0.1),
    "roc_auc": (0.05, 0.1),
}  # fmt: skip


def rule_of_before(found: Measured) -> list[Alert]:
    """Decision 15 on these measures: at once over critical and 1.5 times the noise, else two of three; two quiet end it."""
    alerts: list[Alert] = []
    for metric, (warn, critical) in BEFORE_RULE.items():
        if metric not in found:
            continue
        value, expected, noise = found[metric]
        effects = value if expected is None else value - expected
        if FAMILY.get(metric) == "performance":
            effects = -effects
        for number, (effect, own) in enumerate(zip(effects, noise, strict=True)):
            breaches: list[bool] = []
            opened, quiet = None, 0
            for day, (e, o) in enumerate(zip(effect, own, strict=True)):
                if not np.isfinite(e):
                    continue
                breach = e > o and e > warn
                breaches.append(breach)
                at_once = e > 1.5 * o and e > critical
                is_quiet = not breach and (e <= 2 / 3 * o or e <= 2 / 3 * warn)
                quiet = quiet + 1 if is_quiet else 0
                if opened is None and (at_once or (breach and sum(breaches[-3:]) >= 2)):
                    opened = day
                if quiet >= 2:
                    if opened is not None:
                        alerts.append((f"c{number}", metric, opened, False))
                        opened = None
                    breaches = []
            if opened is not None:
                alerts.append((f"c{number}", metric, opened, True))
    return alerts


def _table(monitor: str, kind: str, rows: int, found: Measured, first_day: int = 0) -> pa.Table:
    parts = []
    for metric, (value, expected, noise) in found.items():
        series, days = value.shape
        at = np.datetime64(START, "us") + (first_day + np.arange(days)).astype("timedelta64[D]")
        family = FAMILY.get(metric, "drift")
        columns: dict[str, Any] = {
            "monitor": [monitor] * value.size,
            "window_start": np.tile(at, series),
            "window_end": np.tile(at + np.timedelta64(1, "D"), series),
            "family": [family] * value.size,
            "metric": [metric] * value.size,
            "column_name": np.repeat([f"c{k}" for k in range(series)], days),
            "column_role": ["performance" if family == "performance" else "feature"] * value.size,
            "column_kind": ["performance" if family == "performance" else kind] * value.size,
            "value": value.ravel(),
            "expected": None if expected is None else np.broadcast_to(expected, value.shape).ravel(),
            "noise": np.broadcast_to(noise, value.shape).ravel(),
            "row_count": np.full(value.size, rows),
            "baseline_row_count": np.full(value.size, rows * REFERENCE_DAYS),
        }
        arrays = []
        for name, default in DEFAULTS.items():
            given = columns.get(name)
            if given is None:
                arrays.append(
                    pa.array([default if name not in columns else None] * value.size, TYPES.get(name, pa.string()))
                )
            else:
                arrays.append(pa.array(given, TYPES.get(name, pa.string()), from_pandas=True))
        parts.append(pa.table(arrays, names=list(DEFAULTS)))
    return pa.concat_tables(parts)


@dataclass(frozen=True)
class Told:
    """What one rule made of one scenario at one number of rows."""

    series: int
    days: int
    lasts: bool
    metrics: int
    alerts: tuple[Alert, ...]

    @property
    def of_change(self) -> list[Alert]:
        return [alert for alert in self.alerts if alert[2] >= BEFORE]

    def found_within(self, windows: int) -> float:
        return len({alert[0] for alert in self.of_change if alert[2] < BEFORE + windows}) / self.series

    @property
    def found(self) -> float:
        return self.found_within(self.days)

    @property
    def delay(self) -> float:
        """Windows until half of those that were found are told of; 1 is the first window of the change."""
        first: dict[str, int] = {}
        for column, _, day, _ in self.of_change:
            first[column] = min(day, first.get(column, day))
        return float(np.median([day - BEFORE + 1 for day in first.values()])) if first else np.nan

    @property
    def per_series(self) -> float:
        each = {(column, metric) for column, metric, _, _ in self.of_change}
        return len(self.of_change) / len(each) if each else np.nan

    @property
    def is_open(self) -> float:
        told = {alert[0] for alert in self.of_change}
        return len({alert[0] for alert in self.of_change if alert[3]}) / len(told) if told else np.nan

    @property
    def a_week(self) -> float:
        """Alerts a week in an installation of 100 series (of a measure each)."""
        return len(self.alerts) / (self.series * self.metrics * self.days / 7) * 100


Table = dict[tuple[str, int], tuple[Told, Told]]  # scenario and rows → now, before


def run(engine: Engine, folder: Any, series: int, seed: int = 31) -> Table:
    """The budget is what it would be in an installation of 100 series: one false alarm a week."""
    rng = np.random.default_rng(seed)
    tables, before, shape, held = [], {}, {}, 0
    for name, scenario in scenarios().items():
        for rows in SIZES:
            found, inside = measured(rng, scenario, series * scenario.times, rows)
            before[name, rows] = rule_of_before(found)
            shape[name, rows] = (scenario, len(found))
            held += sum(int((noise[:, 0] > 0).sum()) for _, _, noise in found.values())
            monitor = f"{name}|{rows}"
            tables.append(_table(monitor, scenario.kind, rows, inside, -REFERENCE_DAYS))
            tables.append(_table(monitor, scenario.kind, rows, found))
    project = Project(
        folder, engine.workspace(folder), models=NOBODY,
        vars={
            "driftline_monitors": ["nobody"], "driftline_windows": {"day": [1]},
            "driftline_false_alarms_per_week": held / 100,
        },
    )  # fmt: skip
    project.build("--select", "+driftline_int_alerts")
    chain: Chain = project.chain(
        select="driftline_int_judgements driftline_int_spans driftline_int_episodes driftline_int_alerts"
    )
    began = START - dt.timedelta(days=REFERENCE_DAYS)
    judge_table(
        chain, pa.concat_tables(tables), then=("driftline_int_alerts",),
        reference=(f"{began:%Y-%m-%d}", f"{START:%Y-%m-%d}"),
    )  # fmt: skip
    now: dict[tuple[str, int], list[Alert]] = defaultdict(list)
    for monitor, column, metric, opened, status in chain.sql(
        "select monitor, column_name, metric, opened_at, status from driftline_int_alerts"
        f" where opened_at > '{START:%Y-%m-%d}'"
    ):
        name, rows = monitor.rsplit("|", 1)
        now[name, int(rows)].append((column, metric, (opened - START) // dt.timedelta(days=1) - 1, status == "open"))
    project.close()
    out: Table = {}
    for key, (scenario, metrics) in shape.items():
        out[key] = tuple(  # type: ignore[assignment]
            Told(series * scenario.times, scenario.days, scenario.lasts, metrics, tuple(alerts))
            for alerts in (now[key], before[key])
        )
    return out


def lines(table: Table) -> Iterator[str]:
    head = "found  delay  alerts  open"
    yield f"{'':44}{'rows':>7}   {'now: ' + head:34}{'before: ' + head}"
    for (name, rows), (now, before) in table.items():
        cells = []
        for told in (now, before):
            if name.startswith("nothing"):
                cells.append(f"{told.a_week:.2f} a week in 100 series")
            else:
                cells.append(
                    f"{told.found:>10.0%}{_shown(told.delay, '.0f'):>7}{_shown(told.per_series, '.1f'):>8}"
                    f"{_shown(told.is_open if told.lasts else np.nan, '.0%'):>7}"
                )
        yield f"{name if rows == SIZES[0] else '':44}{rows:>7,}   {cells[0]:34}{cells[1]:34}".rstrip()


def _shown(number: float, form: str) -> str:
    return "-" if np.isnan(number) else format(number, form)
