"""Makes DuckDB databases that look like what the dbt package builds, for the tests of the report.

The counts are drawn bin by bin from a shape that drifts, and the measures are computed from the counts, so that
histograms, distances, rates and alerts on the page agree with one another.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

TABLES: dict[str, str] = {
    "driftline_monitors": """monitor varchar, spec_hash varchar, period varchar, timezone varchar, task varchar,
        decision_threshold double, owner varchar, relation_name varchar, reference_start varchar,
        reference_end varchar, as_of timestamp, computed_at timestamp""",
    "driftline_drift": """monitor varchar, model_version varchar, segment varchar, segment_value varchar,
        window_periods integer, window_start timestamp, window_end timestamp, column_name varchar,
        column_role varchar, column_kind varchar, baseline varchar, baseline_model_version varchar,
        is_complete boolean, row_count bigint, baseline_row_count bigint, psi double, psi_critical double,
        ks_lower double, ks_upper double, ks_critical double, noise_floor double, ks_noise_floor double,
        reason varchar""",
    "driftline_quality": """monitor varchar, model_version varchar, segment varchar, segment_value varchar,
        window_periods integer, window_start timestamp, window_end timestamp, column_name varchar,
        column_role varchar, column_kind varchar, is_complete boolean, row_count bigint, null_rate double,
        nan_rate double, infinite_rate double, unseen_rate double, out_of_range_rate double, mean double,
        stddev double, minimum double, maximum double, reference_null_rate double, reference_nan_rate double,
        reference_infinite_rate double, reference_out_of_range_rate double, reference_row_count bigint,
        reason varchar""",
    "driftline_business": """monitor varchar, model_version varchar, segment varchar, segment_value varchar,
        window_periods integer, window_start timestamp, window_end timestamp, metric varchar, is_complete boolean,
        row_count bigint, value double, numerator double, denominator double, previous_value double,
        reference_value double, trailing_mean double, trailing_stddev double, trailing_count bigint,
        change_previous double, change_reference double, z_score double, seasonal_value double,
        change_seasonal double, reason varchar""",
    "driftline_performance": """monitor varchar, model_version varchar, segment varchar, segment_value varchar,
        window_periods integer, window_start timestamp, window_end timestamp, metric varchar, class_name varchar,
        basis varchar, value double, value_lower double, value_upper double, standard_error double,
        row_count bigint, labelled_row_count bigint, labelled_share double, is_complete boolean, is_mature boolean,
        reference_value double, reference_standard_error double, reference_row_count bigint, noise double,
        previous_value double, seasonal_value double, reason varchar""",
    "driftline_concept": """monitor varchar, model_version varchar, segment varchar, segment_value varchar,
        window_periods integer, window_start timestamp, window_end timestamp, column_name varchar,
        column_role varchar, column_kind varchar, is_complete boolean, is_mature boolean, row_count bigint,
        labelled_row_count bigint, label_mean double, reference_label_mean double, label_change double,
        label_shares_effect double, label_shares_noise double, label_rates_effect double, label_rates_noise double,
        label_shift double, label_shift_noise double, label_p_value double, calibration_mean double,
        reference_calibration_mean double, calibration_change double, calibration_shares_effect double,
        calibration_shares_noise double, calibration_rates_effect double, calibration_rates_noise double,
        calibration_shift double, calibration_shift_noise double, calibration_p_value double, loss_mean double,
        reference_loss_mean double, loss_change double, loss_shares_effect double, loss_shares_noise double,
        loss_rates_effect double, loss_rates_noise double, reason varchar""",
    "driftline_fairness": """monitor varchar, model_version varchar, segment varchar, segment_value varchar,
        window_periods integer, window_start timestamp, window_end timestamp, metric varchar, is_complete boolean,
        is_mature boolean, row_count bigint, value double, value_lower double, value_upper double,
        group_count bigint, excluded_group_count bigint, highest_group varchar, lowest_group varchar, noise double,
        reference_value double, reference_row_count bigint, reference_noise double, reason varchar""",
    "driftline_comparisons": """monitor varchar, model_version varchar, segment varchar, segment_value varchar,
        window_periods integer, window_start timestamp, window_end timestamp, champion_version varchar, span varchar,
        family varchar, metric varchar, is_complete boolean, is_mature boolean, higher_is_better boolean,
        value double, champion_value double, difference double, difference_lower double, difference_upper double,
        p_value double, anytime_lower double, anytime_upper double, anytime_p_value double, row_count bigint,
        champion_row_count bigint, common_periods integer, rows_needed bigint, verdict varchar, reason varchar""",
    "driftline_alerts": """monitor varchar, model_version varchar, segment varchar, segment_value varchar,
        window_periods integer, alert_id varchar, family varchar, metric varchar, column_name varchar,
        baseline varchar, severity varchar, status varchar, first_window_start timestamp,
        last_window_start timestamp, last_window_end timestamp, windows_breached bigint, value double,
        peak_value double, expected double, threshold double, noise double, message varchar, owner varchar""",
    "driftline_changes": """monitor varchar, model_version varchar, segment varchar, segment_value varchar,
        window_periods integer, window_start timestamp, window_end timestamp, family varchar, metric varchar,
        column_name varchar, column_role varchar, column_kind varchar, is_complete boolean, row_count bigint,
        value double, expected double, scale double, z_score double, trend double, trend_p_value double, cusum_up double,
        cusum_down double, cusum_limit double, direction varchar, change_start timestamp, change_windows integer,
        level_before double, level_after double, noise double, reason varchar""",
    "driftline_causes": """monitor varchar, model_version varchar, segment varchar, segment_value varchar,
        window_periods integer, window_start timestamp, window_end timestamp, alert_id varchar, family varchar,
        metric varchar, column_name varchar, cause_kind varchar, cause_rank integer, cause_name varchar,
        cause_value varchar, contribution double, share double, description varchar""",
    "driftline_latest": """family varchar, metric varchar, baseline varchar, is_judged boolean, warn double,
        critical double""",
    "driftline_state": """monitor varchar, spec_hash varchar, record varchar, source varchar, in_reference boolean,
        period_start timestamp, model_version varchar, segment varchar, segment_value varchar,
        column_name varchar, column_role varchar, column_kind varchar, bin integer, bin_kind varchar,
        bin_label varchar, row_count bigint, weight_sum double""",
    "driftline_bins": """monitor varchar, column_name varchar, column_role varchar, column_kind varchar,
        bin integer, bin_kind varchar, bin_label varchar, bin_lower double, bin_upper double, bin_group integer""",
}

Shape = Callable[[float], float]


def quiet(_: float) -> float:
    return 0.0


@dataclass
class Column:
    """A column: `strength` says how far its shape is bent at a share (0…1) of the history, `missing` its NULLs."""

    name: str
    kind: str = "numeric"
    role: str = "feature"
    categories: tuple[str, ...] = ()
    bins: int = 12
    strength: Shape = quiet
    missing: Shape = quiet
    unseen: Shape = quiet
    value_bin: bool = False

    def bin_rows(self) -> list[tuple[int, str, str | None, float | None, float | None]]:
        rows: list[tuple[int, str, str | None, float | None, float | None]] = [(-3, "null", None, None, None)]
        if self.kind == "categorical":
            rows += [(i, "category", name, None, None) for i, name in enumerate(self.categories)]
            rows += [(10001, "beyond_top", None, None, None), (10002, "unseen", None, None, None)]
        else:
            edges = [round(0.6 * 1.45**i, 3) for i in range(self.bins - 1)]
            rows += [(-2, "nan", None, None, None), (-1, "negative_infinity", None, None, None)]
            for i in range(self.bins):
                lower = edges[i - 1] if i else None
                upper = edges[i] if i < self.bins - 1 else None
                if self.value_bin and i == 1:
                    lower = math.nextafter(edges[1], 0)
                elif self.value_bin and i == 2:
                    lower = edges[1]
                rows.append((i, "range", None, lower, upper))
            rows.append((10000, "positive_infinity", None, None, None))
        return rows

    def shares(self, at: float, tilt: float = 0.0, rows: list[Any] | None = None) -> np.ndarray:
        rows = rows or self.bin_rows()
        n = len(rows)
        out = np.zeros(n)
        inner = [i for i, r in enumerate(rows) if r[1] in ("range", "category")]
        k = len(inner)
        base = np.ones(k) if self.kind == "numeric" else 1.0 / np.arange(1, k + 1)
        if self.value_bin:
            base[1] *= 6
        bend = np.exp(self.strength(at) * np.linspace(-1, 1, k) + tilt * np.linspace(1, -1, k))
        out[inner] = base * bend / (base * bend).sum()
        null = 0.01 + self.missing(at)
        out *= 1 - null
        out[0] = null
        if self.kind == "categorical":
            out[-1] = self.unseen(at)
            out[-2] = 0.02
        return out / out.sum()


@dataclass
class Monitor:
    name: str
    columns: list[Column]
    periods: int = 120
    period: str = "day"
    start: datetime = datetime(2011, 1, 1)
    reference: int = 45
    rows: int = 900
    versions: tuple[str, ...] = ()
    version_from: dict[str, int] = field(default_factory=dict)
    segment: str | None = None
    segment_values: tuple[str, ...] = ()
    windows: tuple[int, ...] = (1, 7)
    baselines: tuple[str, ...] = ("reference", "previous")
    business: tuple[str, ...] = ("conversion", "revenue")
    owner: str | None = None
    note: str = ""
    task: str = "none"  # of the model: binary, multiclass, regression; with a label
    classes: tuple[str, ...] = ()
    label_delay: int = 0

    def step(self) -> timedelta:
        return {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}[self.period]


def chi_squared_quantile(df: int, z: float = 3.0902) -> float:
    """Wilson and Hilferty's approximation; close enough to draw a plausible noise level."""
    if df <= 0:
        return 0.0
    return df * (1 - 2 / (9 * df) + z * math.sqrt(2 / (9 * df))) ** 3


def psi(ref: np.ndarray, cur: np.ndarray) -> np.ndarray:
    """PSI of every row of `cur` (a row per window) against `ref` (bins, or the same)."""
    n = ref.sum(axis=-1, keepdims=True)
    m = cur.sum(axis=-1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = np.where(ref > 0, ref, 0.5) / n
        q = np.where(cur > 0, cur, 0.5) / m
        terms = np.where((ref > 0) | (cur > 0), (q - p) * np.log(q / p), 0.0)
    return terms.sum(axis=-1)


def ks(ref: np.ndarray, cur: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        f = np.cumsum(ref, axis=-1) / ref.sum(axis=-1, keepdims=True)
        g = np.cumsum(cur, axis=-1) / cur.sum(axis=-1, keepdims=True)
    return np.abs(f - g).max(axis=-1)


def rolling(counts: np.ndarray, size: int) -> np.ndarray:
    total = np.cumsum(np.concatenate([np.zeros((1, *counts.shape[1:])), counts]), axis=0)
    return total[size:] - total[:-size]


class Builder:
    def __init__(self, con: duckdb.DuckDBPyConnection, seed: int = 7) -> None:
        self.con = con
        self.rng = np.random.default_rng(seed)
        self.rows: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
        self.batches: dict[tuple[str, tuple[str, ...]], list[dict[str, np.ndarray]]] = {}
        for name, columns in TABLES.items():
            con.execute(f'create table "{name}" ({columns})')

    def add(self, table: str, **row: Any) -> None:
        self.rows[table].append(row)

    def insert(self, table: str, columns: dict[str, Any]) -> None:
        """Insert columns (arrays, lists or scalars that are repeated)."""
        size = max(len(v) for v in columns.values() if isinstance(v, (list, np.ndarray)))
        if size == 0:
            return
        batch: dict[str, np.ndarray] = {}
        for name, value in columns.items():
            if isinstance(value, np.ndarray):
                batch[name] = value
            elif isinstance(value, list):
                batch[name] = np.array(value, dtype=object if isinstance(value[0], (str, type(None))) else None)
            else:
                batch[name] = np.full(size, value, dtype=object if isinstance(value, str) else None)
        self.batches.setdefault((table, tuple(batch)), []).append(batch)

    def flush(self) -> None:
        for (table, columns), batches in self.batches.items():
            whole = {name: np.concatenate([b[name] for b in batches]) for name in columns}
            names = ", ".join(f'"{n}"' for n in columns)
            self.con.register("batch", whole)
            self.con.execute(f'insert into "{table}" ({names}) select {names} from batch')
            self.con.unregister("batch")
        self.batches.clear()
        for table, rows in self.rows.items():
            if rows:
                names = list(dict.fromkeys(name for row in rows for name in row))
                batch = pa.table({name: pa.array([row.get(name) for row in rows]) for name in names})
                self.con.register("batch", batch)
                quoted = ", ".join(f'"{n}"' for n in names)
                self.con.execute(f'insert into "{table}" ({quoted}) select {quoted} from batch')
                self.con.unregister("batch")
                rows.clear()

    def monitor(self, m: Monitor) -> None:
        t = m.periods
        end = m.start + t * m.step()
        self.add(
            "driftline_monitors", monitor=m.name, spec_hash="0", period=m.period, timezone="UTC", task="binary",
            decision_threshold=0.5, owner=m.owner, relation_name="shop.log", reference_start=str(m.start.date()),
            reference_end=str((m.start + m.reference * m.step()).date()), as_of=end, computed_at=end,
        )  # fmt: skip
        if not m.columns:
            return
        starts = np.array([m.start + i * m.step() for i in range(t)], dtype="datetime64[us]")
        weekday = np.array([1.0 if (i % 7) < 5 or m.period != "day" else 0.55 for i in range(t)])
        leaves = [(v, s) for v in (m.versions or ("all",)) for s in (m.segment_values or ("all",))]
        sizes: dict[tuple[str, str], np.ndarray] = {}
        for j, (v, s) in enumerate(leaves):
            share = 1.0 / (1 + j) / sum(1.0 / (1 + k) for k in range(len(leaves)))
            n = self.rng.poisson(m.rows * share * weekday)
            n[: m.version_from.get(v, 0)] = 0
            sizes[v, s] = n
        for c in m.columns:
            bins = c.bin_rows()
            for number, kind, label, lower, upper in bins:
                self.add(
                    "driftline_bins", monitor=m.name, column_name=c.name, column_role=c.role, column_kind=c.kind,
                    bin=number, bin_kind=kind, bin_label=label, bin_lower=lower, bin_upper=upper, bin_group=number,
                )  # fmt: skip
            counts: dict[tuple[str, str], np.ndarray] = {}
            for j, (v, s) in enumerate(leaves):
                counts[v, s] = np.stack(
                    [
                        self.rng.multinomial(
                            sizes[v, s][i], c.shares(i / t, 0.15 * (j % 2 if len(leaves) > 1 else 0), bins)
                        )
                        for i in range(t)
                    ]
                ).astype(float)
            for grain, data in self.grains(m, counts).items():
                self.column(m, c, bins, starts, grain, data)
        if m.task != "none" and len(m.versions) > 1:
            for segment, value in [("all", "all"), *((m.segment or "", x) for x in m.segment_values)]:
                self.comparison(m, starts, segment, value)
        self.changes(m, starts)
        for grain, data in self.grains(m, {k: v[:, None].astype(float) for k, v in sizes.items()}).items():
            self.business(m, starts, grain, data[:, 0])
            if m.task != "none":
                self.performance(m, starts, grain, data[:, 0])
                self.concept(m, starts, grain, data[:, 0])
                if m.task == "binary" and grain[1] != "all":
                    self.fairness(m, starts, grain, data[:, 0])

    def grains(self, m: Monitor, leaves: dict[tuple[str, str], np.ndarray]) -> dict[tuple[str, str, str], np.ndarray]:
        out: dict[tuple[str, str, str], np.ndarray] = {}

        def put(key: tuple[str, str, str], value: np.ndarray) -> None:
            out[key] = out[key] + value if key in out else value

        for (v, s), data in leaves.items():
            put(("all", "all", "all"), data)
            if v != "all":
                put((v, "all", "all"), data)
            if s != "all" and m.segment:
                put(("all", m.segment, s), data)
                if v != "all":
                    put((v, m.segment, s), data)
        return out

    def column(
        self, m: Monitor, c: Column, bins: list[Any], starts: np.ndarray, grain: tuple[str, str, str], data: np.ndarray
    ) -> None:
        version, segment, value = grain
        b = data.shape[1]
        keys = {"monitor": m.name, "model_version": version, "segment": segment, "segment_value": value}
        named = {"column_name": c.name, "column_role": c.role, "column_kind": c.kind}
        period, which = np.nonzero(data if version != "all" or not m.versions else data * 0)  # totals are not kept
        self.insert(
            "driftline_state",
            {
                **keys, **named, "spec_hash": "0", "record": "count", "source": "relation",
                "in_reference": period < m.reference, "period_start": starts[period],
                "bin": np.array([r[0] for r in bins], dtype=np.int32)[which],
                "bin_kind": np.array([r[1] for r in bins], dtype=object)[which],
                "row_count": data[period, which].astype(np.int64), "weight_sum": data[period, which],
            },
        )  # fmt: skip
        step = np.timedelta64(m.step())
        ref = data[: m.reference].sum(axis=0)
        base_version = version
        if ref.sum() == 0:  # a version that came later is held against all versions
            base_version = "all"
            ref = np.maximum(data.sum(axis=0), 1)
        specials = [i for i, r in enumerate(bins) if r[1] in ("null", "nan", "negative_infinity", "positive_infinity")]
        inner = [i for i in range(b) if i not in specials]
        alive = np.nonzero(data.sum(axis=1))[0]
        for size in m.windows:
            cur = rolling(data, size)
            ws = starts[: len(cur)]
            n, rows = ref.sum(), cur.sum(axis=1)
            filled = int(((ref > 0) | (cur.sum(axis=0) > 0)).sum())
            with np.errstate(divide="ignore"):
                critical = (1 / n + 1 / rows) * chi_squared_quantile(filled - 1)
                ks_critical = 1.95 * np.sqrt(1 / n + 1 / rows)
            inside = psi(ref, cur[: max(1, m.reference - size)])
            floor = float(np.nanmax(inside[np.isfinite(inside)], initial=0.0))
            for baseline in m.baselines:
                if baseline != "reference" and grain != ("all", "all", "all"):
                    continue
                if baseline == "reference":
                    value_psi, value_ks = psi(ref, cur), ks(ref[inner], cur[:, inner])
                else:
                    before = np.roll(cur, size, axis=0)
                    value_psi, value_ks = psi(before, cur), ks(before[:, inner], cur[:, inner])
                    value_psi[:size] = np.nan
                reason = np.full(len(cur), None, dtype=object)
                reason[~np.isfinite(value_psi)] = "the baseline has no rows"
                reason[rows == 0] = "no rows in the window"
                keep = np.arange(len(cur)) >= (alive[0] if len(alive) else 0)
                is_numeric = c.kind == "numeric"
                self.insert(
                    "driftline_drift",
                    {
                        **keys, **named, "window_periods": size, "window_start": ws[keep],
                        "window_end": (ws + size * step)[keep], "baseline": baseline,
                        "baseline_model_version": base_version,
                        "is_complete": np.arange(len(cur))[keep] < len(cur) - 1,
                        "row_count": rows[keep].astype(np.int64), "baseline_row_count": int(n),
                        "psi": value_psi[keep], "psi_critical": np.nan_to_num(critical, posinf=9.0)[keep],
                        "ks_lower": (value_ks if is_numeric else value_ks * np.nan)[keep],
                        "ks_critical": np.nan_to_num(ks_critical, posinf=1.0)[keep],
                        "noise_floor": floor, "ks_noise_floor": 0.02, "reason": reason[keep],
                    },
                )  # fmt: skip
                if baseline == "reference" and grain[1] == "all":
                    self.episodes(m, c, grain, size, ws, value_psi, np.maximum(critical, floor))
            self.quality(m, c, bins, keys | named, ws, ws + size * step, size, cur, ref)

    def quality(self, m: Monitor, c: Column, bins: list[Any], keys: dict[str, Any], ws: Any, we: Any, size: int,
                cur: np.ndarray, ref: np.ndarray) -> None:  # fmt: skip
        rows = cur.sum(axis=1)
        index = {r[1]: i for i, r in enumerate(bins)}
        last = slice(max(0, len(cur) - 3), None)

        def rate(kind: str, of: np.ndarray) -> Any:
            with np.errstate(invalid="ignore"):
                return of[..., index[kind]] / of.sum(axis=-1) if kind in index else np.nan * of.sum(axis=-1)

        self.insert(
            "driftline_quality",
            {
                **keys, "window_periods": size, "window_start": ws[last], "window_end": we[last],
                "is_complete": np.arange(len(cur))[last] < len(cur) - 1, "row_count": rows[last].astype(np.int64),
                "null_rate": rate("null", cur)[last], "nan_rate": rate("nan", cur)[last],
                "infinite_rate": rate("positive_infinity", cur)[last], "unseen_rate": rate("unseen", cur)[last],
                "out_of_range_rate": (rate("null", cur) * 0.1 if c.kind == "numeric" else np.nan * rows)[last],
                "reference_null_rate": float(rate("null", ref)), "reference_nan_rate": float(rate("nan", ref)),
                "reference_infinite_rate": float(rate("positive_infinity", ref)),
                "minimum": 0.0 if c.kind == "numeric" else np.nan, "maximum": 812.5 if c.kind == "numeric" else np.nan,
                "mean": (rate("null", cur) * 40 + 31.4 if c.kind == "numeric" else np.nan * rows)[last],
                "reference_out_of_range_rate": 0.0, "reference_row_count": int(ref.sum()),
            },
        )  # fmt: skip
        grain = (keys["model_version"], keys["segment"], keys["segment_value"])
        now = float(np.nan_to_num(rate("null", cur)[-2]))
        if grain == ("all", "all", "all") and size == m.windows[0] and now > 0.05:
            self.alert(m, c.name, grain, size, "quality", "null_rate", "reference", "critical", "open",
                       ws[-9], ws[-2], we[-2], 8, now, 0.01, 0.05,
                       f"{c.name}: {now:.0%} of the values are missing, 1% in the reference.{m.note}")  # fmt: skip

    def episodes(self, m: Monitor, c: Column, grain: Any, size: int, ws: Any, value: Any, noise: Any) -> None:
        with np.errstate(invalid="ignore"):
            breach = (value > 0.1) & (value > noise)
        breach[-1] = False
        i, n = 0, len(breach)
        while i < n:
            if not breach[i]:
                i += 1
                continue
            j = i
            while j + 1 < n and breach[j + 1]:
                j += 1
            if j - i >= 2:
                peak = float(np.nanmax(value[i : j + 1]))
                severity = "critical" if peak > 0.25 else "warn"
                status = "open" if j == n - 2 else "resolved"
                self.alert(m, c.name, grain, size, "drift", "psi", "reference", severity, status, ws[i], ws[j],
                           ws[j] + np.timedelta64(size * m.step()), j - i + 1, float(value[j]), None,
                           0.25 if severity == "critical" else 0.1,
                           f"{c.name} moved away from the reference: PSI {value[j]:.2f}, its noise reaches "
                           f"{float(noise[j]):.2f}.{m.note}", peak)  # fmt: skip
            i = j + 1

    def alert(self, m: Monitor, column: str, grain: Any, size: int, family: str, metric: str, baseline: str,
              severity: str, status: str, first: Any, last: Any, end: Any, windows: int, value: float,
              expected: float | None, threshold: float, message: str, peak: float | None = None) -> None:  # fmt: skip
        self.add(
            "driftline_alerts", monitor=m.name, model_version=grain[0], segment=grain[1], segment_value=grain[2],
            window_periods=size, alert_id=f"{m.name}{column}{family}{metric}{first}{size}{grain}", family=family,
            metric=metric, column_name=column, baseline=baseline, severity=severity, status=status,
            first_window_start=as_datetime(first), last_window_start=as_datetime(last),
            last_window_end=as_datetime(end), windows_breached=windows, value=value,
            peak_value=value if peak is None else peak, expected=expected, threshold=threshold, noise=0.03,
            message=message, owner=m.owner,
        )  # fmt: skip
        if family not in ("performance", "business", "drift") or m.task == "none":
            return
        named = self.rows["driftline_alerts"][-1]
        for kind, name, found in (
            ("column", "", [c.name for c in m.columns][:4]), ("segment", m.segment or "", m.segment_values),
            ("version", "model_version", m.versions), ("bin", column, ("10 – 20", "NULL", "> 99")),
        ):  # fmt: skip
            for i, x in enumerate(() if family == "drift" and kind == "column" else found):
                self.add(
                    "driftline_causes", monitor=m.name, model_version=grain[0], segment=grain[1],
                    segment_value=grain[2], window_periods=size, window_start=named["last_window_start"],
                    window_end=named["last_window_end"], alert_id=named["alert_id"], family=family, metric=metric,
                    column_name=column, cause_kind=kind, cause_rank=i + 1, cause_name=name or x,
                    cause_value=None if kind == "column" else x, contribution=-0.04 / (i + 1),
                    share=0.7 / (i + 1) - 0.3 * (i == 2), description=f"{x} moved{m.note}",
                )  # fmt: skip

    def business(self, m: Monitor, starts: Any, grain: tuple[str, str, str], n: np.ndarray) -> None:
        t = len(n)
        bonus = 0.03 if m.versions and grain[0] == m.versions[-1] else 0.0
        rate = 0.215 + bonus - 0.05 * np.clip((np.arange(t) - 0.6 * t) / (0.4 * t), 0, 1)
        bought = self.rng.binomial(n.astype(int), rate).astype(float)
        revenue = bought * self.rng.normal(8.4, 0.5, t)
        everything: dict[str, tuple[np.ndarray, np.ndarray | None]] = {
            "conversion": (bought, n), "revenue": (revenue, None)}  # fmt: skip
        for metric in m.business:
            top, bottom = everything.get(metric, (bought, n))
            for size in m.windows:
                num = rolling(top[:, None], size)[:, 0]
                den = rolling(bottom[:, None], size)[:, 0] if bottom is not None else None
                with np.errstate(invalid="ignore", divide="ignore"):
                    value = num / den if den is not None else num.copy()
                rows = rolling(n[:, None], size)[:, 0]
                value[rows == 0] = np.nan
                k = len(value)
                mean, dev = np.full(k, np.nan), np.full(k, np.nan)
                for i in range(14, k):
                    past = value[i - 14 : i]
                    past = past[np.isfinite(past)]
                    if len(past) > 2:
                        mean[i], dev[i] = past.mean(), past.std()
                previous = np.concatenate([np.full(size, np.nan), value[:-size]])
                within = value[: m.reference]
                within = within[np.isfinite(within)]
                reference = float(within.mean()) if len(within) else float("nan")
                keep = rows > 0
                if not keep.any():
                    continue
                with np.errstate(invalid="ignore", divide="ignore"):
                    self.insert(
                        "driftline_business",
                        {
                            "monitor": m.name, "model_version": grain[0], "segment": grain[1],
                            "segment_value": grain[2], "window_periods": size, "window_start": starts[:k][keep],
                            "window_end": (starts[:k] + size * np.timedelta64(m.step()))[keep], "metric": metric,
                            "is_complete": (np.arange(k) < k - 1)[keep], "row_count": rows.astype(np.int64)[keep],
                            "value": value[keep], "numerator": num[keep],
                            "denominator": (den if den is not None else np.full(k, np.nan))[keep],
                            "previous_value": previous[keep], "reference_value": reference,
                            "trailing_mean": mean[keep], "trailing_stddev": dev[keep],
                            "change_previous": (value / previous - 1)[keep],
                            "change_reference": (value / reference - 1)[keep], "z_score": ((value - mean) / dev)[keep],
                        },
                    )  # fmt: skip
                if metric == m.business[0] and grain == ("all", "all", "all") and size == m.windows[0] and m.owner:
                    self.alert(m, metric, grain, size, "business", "change_reference", "reference", "warn", "open",
                               starts[k - 16], starts[k - 2], starts[k - 1], 15, float(value[-2] / reference - 1),
                               reference, -0.15, f"{metric} is {value[-2]:.1%}, it was {reference:.1%} in the "
                               f"reference.{m.note}")  # fmt: skip
                    self.alert(m, metric, grain, size, "business", "z_score", "trailing", "critical", "resolved",
                               starts[k // 2], starts[k // 2 + 3], starts[k // 2 + 4], 4, -3.4, 0.0, -3.0,
                               f"{metric} was far under its usual level for four windows.{m.note}")  # fmt: skip

    def performance(self, m: Monitor, starts: Any, grain: tuple[str, str, str], n: np.ndarray) -> None:
        """Metrics around a level that sinks from the middle of the history on; the estimate sees most of it."""
        t = len(n)
        sunk = np.clip((np.arange(t) - 0.55 * t) / (0.45 * t), 0, 1)
        bonus = 0.02 if m.versions and grain[0] == m.versions[-1] else 0.0
        for size in m.windows:
            rows = rolling(n[:, None], size)[:, 0]
            k = len(rows)
            keep = rows > 0
            if not keep.any():
                continue
            age = t - (np.arange(k) + size)  # periods since the window's end
            mature = age >= m.label_delay
            labelled = np.where(mature, 0.97, np.clip(0.2 + 0.7 * age / max(1, m.label_delay), 0, 0.9))
            low = sunk[:k] if size == 1 else rolling(sunk[:, None], size)[:, 0] / size
            keys = {
                "monitor": m.name, "model_version": grain[0], "segment": grain[1], "segment_value": grain[2],
                "window_periods": size, "window_start": starts[:k][keep],
                "window_end": (starts[:k] + size * np.timedelta64(m.step()))[keep],
                "is_complete": (np.arange(k) < k - 1)[keep], "is_mature": mature[keep],
                "row_count": rows.astype(np.int64)[keep], "labelled_share": labelled[keep],
                "labelled_row_count": (rows * labelled).astype(np.int64)[keep], "reference_row_count": 5000,
            }  # fmt: skip
            for metric, name, level, effect, unit, bound in model_metrics(m):
                error = unit / np.sqrt(np.maximum(rows * labelled, 1))
                value = level + effect * (low - bonus * 12) + self.rng.normal(0, 1, k) * error
                guess = level + 0.8 * effect * (low - bonus * 12) + self.rng.normal(0, 0.5, k) * error
                reason = np.where(mature, None, "labels are not final")
                some = np.where(rows < 30, np.nan, value)
                self.insert(
                    "driftline_performance",
                    {
                        **keys, "metric": metric, "class_name": name, "basis": "realized", "value": some[keep],
                        "value_lower": (some - bound)[keep], "value_upper": (some + bound)[keep],
                        "standard_error": error[keep], "reference_value": level, "reference_standard_error": unit / 70,
                        "noise": (3.3 * np.hypot(error, unit / 70))[keep], "reason": reason[keep].astype(object),
                    },
                )  # fmt: skip
                if name == "all":
                    self.insert(
                        "driftline_performance",
                        {
                            **keys, "metric": metric, "class_name": name, "basis": "estimated", "value": guess[keep],
                            "value_lower": (guess - 2 * error)[keep], "value_upper": (guess + 2 * error)[keep],
                            "reference_value": level, "reason": np.full(k, None, dtype=object)[keep],
                        },
                    )  # fmt: skip
            if grain == ("all", "all", "all") and size == m.windows[0] and m.owner:
                end = k - 2 - m.label_delay
                metric = "roc_auc"
                self.alert(m, "all", grain, size, "performance", metric, "reference", "critical", "open",
                           starts[end - 20], starts[end], starts[end + 1], 21, 0.69, 0.75, 0.05,
                           f"{metric} is 0.69, it was 0.75 in the reference.{m.note}")  # fmt: skip
                self.alert(m, "all", grain, size, "estimate_error", metric, "reference", "warn", "resolved",
                           starts[end - 20], starts[end - 15], starts[end - 14], 6, 0.06, 0.0, 0.05,
                           f"The estimate of {metric} was off by 0.06.{m.note}")  # fmt: skip

    def concept(self, m: Monitor, starts: Any, grain: tuple[str, str, str], n: np.ndarray) -> None:
        """The last windows only: every column explains a part of a fall of the label rate."""
        for size in m.windows:
            rows = rolling(n[:, None], size)[:, 0]
            k = len(rows)
            last = [i for i in range(max(0, k - m.label_delay - 4), k) if rows[i] > 0]
            for i in last:
                mature = k - 1 - i >= m.label_delay
                for j, c in enumerate(m.columns):
                    if c.role == "label":
                        continue
                    now = c.strength(1.0)
                    row: dict[str, Any] = {}
                    for target, mean, change in (
                        ("label", 0.215, -0.05),
                        ("calibration", 0.001, 0.048),
                        ("loss", 0.15, 0.012),
                    ):
                        if target == "calibration" and m.task == "multiclass":
                            continue
                        shares = change * (0.2 * now - 0.1 * (j % 3)) + 0.0007 * self.rng.normal()
                        p = 10.0 ** (-8 * now) if now else 0.4
                        row |= {
                            f"{target}_mean": mean + change, f"reference_{target}_mean": mean, f"{target}_change": change,
                            f"{target}_shares_effect": shares, f"{target}_shares_noise": 0.004 / math.sqrt(size),
                            f"{target}_rates_effect": change - shares, f"{target}_rates_noise": 0.05 / math.sqrt(size),
                        }  # fmt: skip
                        if target != "loss":
                            row |= {f"{target}_shift": abs(change) * (0.5 + now), f"{target}_shift_noise": 0.05,
                                    f"{target}_p_value": p}  # fmt: skip
                    if i % 2:  # no window without final labels is shown, whether it has numbers or not
                        row = row if mature else dict.fromkeys(row)
                    self.add(
                        "driftline_concept", monitor=m.name, model_version=grain[0], segment=grain[1],
                        segment_value=grain[2], window_periods=size, window_start=as_datetime(starts[i]),
                        window_end=as_datetime(starts[i] + size * np.timedelta64(m.step())), column_name=c.name,
                        column_role=c.role, column_kind=c.kind, is_complete=i < k - 1, is_mature=mature,
                        row_count=int(rows[i]), labelled_row_count=int(rows[i] * 0.97), **row,
                        reason=None if mature else "labels are not final",
                    )  # fmt: skip

    def fairness(self, m: Monitor, starts: Any, grain: tuple[str, str, str], n: np.ndarray) -> None:
        """Rates of the groups of a segment; the last group falls behind the others."""
        t, step = len(n), np.timedelta64(m.step())
        number = m.segment_values.index(grain[2])
        behind = number == len(m.segment_values) - 1
        levels = {"selection_rate": 0.2, "true_positive_rate": 0.4, "false_positive_rate": 0.1, "precision": 0.45}
        disparities = {"demographic_parity": "selection_rate", "equal_opportunity": "true_positive_rate",
                       "predictive_parity": "precision", "equalized_odds": "false_positive_rate"}  # fmt: skip
        for size in m.windows:
            rows = rolling(n[:, None], size)[:, 0]
            k = len(rows)
            keep = rows > 0
            if not keep.any():
                continue
            keys = {
                "monitor": m.name, "model_version": grain[0], "segment": grain[1], "window_periods": size,
                "window_start": starts[:k][keep], "window_end": (starts[:k] + size * step)[keep],
                "is_complete": (np.arange(k) < k - 1)[keep], "row_count": rows.astype(np.int64)[keep],
            }  # fmt: skip
            mature = t - (np.arange(k) + size) >= m.label_delay
            fall = 0.45 * np.clip(np.arange(k) / k - 0.4, 0, 1) if behind else np.zeros(k)
            for metric, level in levels.items():
                known = mature | (metric == "selection_rate")
                error = np.sqrt(level * (1 - level) / np.maximum(rows, 1))
                value = np.where(known, np.clip(level * (1 - fall) + error * self.rng.normal(0, 1, k), 0, 1), np.nan)
                self.insert(
                    "driftline_fairness",
                    {
                        **keys, "segment_value": grain[2], "metric": metric, "is_mature": known[keep],
                        "value": value[keep], "value_lower": np.clip(value - 2 * error, 0, 1)[keep],
                        "value_upper": np.clip(value + 2 * error, 0, 1)[keep], "reference_value": level,
                        "reason": np.where(known, None, "labels are not final")[keep].astype(object),
                    },
                )  # fmt: skip
            if not behind:
                continue
            for disparity, metric in disparities.items():
                for kind, middle, error in (
                    ("ratio", 1 - fall, 0.5 / np.sqrt(np.maximum(rows, 1))),
                    ("difference", levels[metric] * fall, 0.2 / np.sqrt(np.maximum(rows, 1))),
                ):
                    value = np.where(mature | (metric == "selection_rate"), middle, np.nan)
                    self.insert(
                        "driftline_fairness",
                        {
                            **keys, "segment_value": "all", "metric": f"{disparity}_{kind}",
                            "is_mature": np.isfinite(value)[keep], "value": value[keep],
                            "value_lower": np.clip(value - 2 * error, 0, 1)[keep],
                            "value_upper": np.clip(value + 2 * error, 0, 1)[keep], "group_count": len(m.segment_values),
                            "excluded_group_count": 1, "highest_group": m.segment_values[0], "lowest_group": grain[2],
                            "reference_value": float(kind == "ratio"), "noise": 0.05,
                        },
                    )  # fmt: skip

    def comparison(self, m: Monitor, starts: Any, segment: str, value: str) -> None:
        """The last version against the first: a difference that becomes known as rows come in."""
        first = max([1, *m.version_from.values()])
        step = np.timedelta64(m.step())
        ends = range(first + 1, m.periods)
        for metric, family, level, true, unit, higher in (
            ("accuracy", "performance", 0.81, 0.02, 0.4, True), ("precision", "performance", 0.42, 0.05, 0.9, True),
            ("log_loss", "performance", 0.44, 0.03, 0.5, False), (m.business[0], "business", 0.2, 0.002, 0.4, True),
            ("sample_ratio", "traffic", 0.33, None, 0.0, None),
        ):  # fmt: skip
            for size in (0, *m.windows):
                for i in ends:
                    periods = i - first + 1 if size == 0 else size
                    rows = max(2, int(m.rows * periods / 2))
                    mature = family == "business" or m.periods - i - 1 >= m.label_delay
                    error = unit / math.sqrt(rows)
                    row: dict[str, Any] = {}
                    if true is None:
                        row = {"value": 0.334, "champion_value": 0.333, "difference": 0.001, "verdict": "as expected"}
                    else:
                        difference = true + 0.5 * error * self.rng.normal()
                        width = error * (3.2 if size == 0 else 2.0)
                        decided = abs(difference) > width and mature
                        name = "better" if (difference > 0) == higher else "worse"
                        row = {
                            "value": level + difference, "champion_value": level, "difference": difference,
                            "difference_lower": difference - 2 * error, "difference_upper": difference + 2 * error,
                            "anytime_lower": difference - width if size == 0 else None,
                            "anytime_upper": difference + width if size == 0 else None,
                            "verdict": name if decided else "not yet known", "rows_needed": 0 if decided else 8 * rows,
                            "reason": None if decided else "the difference may be chance" if mature
                            else "labels are still missing",
                        }  # fmt: skip
                    self.add(
                        "driftline_comparisons", monitor=m.name, model_version=m.versions[-1], segment=segment,
                        segment_value=value, window_periods=periods, window_start=as_datetime(starts[i - periods + 1]),
                        window_end=as_datetime(starts[i] + step), champion_version=m.versions[0],
                        span="cumulative" if size == 0 else "window", family=family, metric=metric,
                        is_complete=i < m.periods - 1, is_mature=mature, higher_is_better=higher, row_count=rows,
                        champion_row_count=2 * rows, common_periods=periods, **row,
                    )  # fmt: skip

    def changes(self, m: Monitor, starts: Any) -> None:
        """Series of the totals; business metrics and the missing values of drifting columns step down for good."""
        size, k = m.windows[0], m.periods - m.windows[0]
        found = [("business", x, "all", "business", True) for x in m.business]
        found += [("quality", "null_rate", c.name, c.role, c.missing(0.95) > 0) for c in m.columns]
        found += [("performance", x[0], "all", "performance", True) for x in model_metrics(m)[:1] if m.task != "none"]
        for family, metric, column, role, changed in found:
            level = 0.02 if family == "quality" else 0.2
            begun = int(k * 0.7) if changed and m.owner else k
            at = np.arange(k)
            expected = np.where(at < 10, np.nan, level * (1 + 0.05 * np.sin(at * 2 * np.pi / 7)))
            value = level + level * 0.05 * self.rng.normal(size=k) - 0.3 * level * (at >= begun)
            down = np.where(at >= begun, 1.5 * (at - begun + 1), 0.2)
            self.insert(
                "driftline_changes",
                {
                    "monitor": m.name, "model_version": "all", "segment": "all", "segment_value": "all",
                    "window_periods": size, "window_start": starts[:k],
                    "window_end": starts[:k] + size * np.timedelta64(m.step()), "family": family, "metric": metric,
                    "column_name": column, "column_role": role, "column_kind": "measure", "is_complete": True,
                    "row_count": m.rows, "value": value, "expected": expected, "scale": level * 0.06,
                    "trend": -0.002 * (at >= begun),
                    "trend_p_value": np.where(at >= begun, 1e-5, 0.4), "cusum_up": 0.1, "cusum_down": down,
                    "cusum_limit": 7.0, "direction": "down", "change_start": np.where(
                        at >= begun, starts[min(begun, k - 1)], np.datetime64("NaT")).astype("datetime64[us]"),
                    "level_before": level, "level_after": level * 0.7,
                },
            )  # fmt: skip


def model_metrics(m: Monitor) -> list[tuple[str, str, float, float, float, float]]:
    """Metric, class, level, how far it moves, its unit of error, half the distance of its bounds."""
    per_class = [(x, c, 0.8 - 0.07 * i, -0.06, 0.8, 0.0) for x in ("precision", "recall", "f1")
                 for i, c in enumerate(m.classes)]  # fmt: skip
    if m.task == "binary":
        return [
            *per_class, ("roc_auc", "all", 0.76, -0.08, 0.6, 0.004), ("accuracy", "all", 0.81, -0.04, 0.4, 0),
            ("precision", "all", 0.42, -0.07, 0.9, 0), ("recall", "all", 0.35, -0.02, 0.9, 0),
            ("f1", "all", 0.38, -0.04, 0.8, 0), ("log_loss", "all", 0.44, 0.05, 0.4, 0),
            ("brier", "all", 0.14, 0.02, 0.2, 0), ("expected_calibration_error", "all", 0.011, 0.03, 0.1, 0.001),
            ("selection_rate", "all", 0.13, 0.04, 0.4, 0), ("label_rate", "all", 0.21, -0.05, 0.4, 0),
            ("lift_top_10", "all", 2.6, -0.4, 3, 0.05),
        ]  # fmt: skip
    if m.task == "regression":
        return [
            ("mae", "all", 14.2, 3.1, 12, 0), ("rmse", "all", 19.5, 4.4, 19, 0), ("r2", "all", 0.62, -0.1, 0.7, 0),
            ("bias", "all", 0.3, 2.2, 20, 0), ("mape", "all", 0.21, 0.05, 0.3, 0),
        ]  # fmt: skip
    return [("accuracy", "all", 0.83, -0.05, 0.4, 0), ("macro_f1", "all", 0.74, -0.05, 0.6, 0), *per_class]


def as_datetime(value: Any) -> Any:
    return value.astype("datetime64[us]").item() if isinstance(value, np.datetime64) else value


def ramp(top: float, start: float = 0.4) -> Shape:
    return lambda at: top * min(1.0, max(0.0, (at - start) / (1 - start)))


def burst(top: float, start: float, end: float) -> Shape:
    return lambda at: top if start <= at < end else 0.0


def database(monitors: Iterable[Monitor], seed: int = 7) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(":memory:")
    builder = Builder(con, seed)
    builder.add(
        "driftline_latest", family="drift", metric="psi", baseline="reference", is_judged=True, warn=0.1, critical=0.25
    )
    for monitor in monitors:
        builder.monitor(monitor)
    builder.flush()
    for table in TABLES:  # a database hands out NULL, never NaN, where nothing was computed
        for name, kind in con.execute(
            "select column_name, data_type from information_schema.columns where table_name = ?", [table]
        ).fetchall():
            if kind == "DOUBLE":
                con.execute(f'update "{table}" set "{name}" = null where isnan("{name}")')
    return con


def shop(note: str = "") -> Monitor:
    markets = ("United Kingdom", "EU", "Rest of world")
    return Monitor(
        "recommendations",
        [
            Column("item_pop_28d", strength=ramp(1.7), bins=20),
            Column("cust_orders", strength=ramp(0.7, 0.55), value_bin=True),
            Column("days_since_own", strength=burst(0.9, 0.55, 0.68)),
            Column("item_price", missing=burst(0.09, 0.9, 1.1), bins=20),
            Column("item_age_days"),
            Column("basket_size", value_bin=True, bins=8),
            Column("country", "categorical", categories=("United Kingdom", "Germany", "France", "EIRE", "Spain",
                   "Netherlands", "Belgium", "Switzerland", "Portugal", "Australia", "Norway", "Italy", "Sweden",
                   "Cyprus", "Finland", "Austria", "Denmark", "Japan", "Poland"), strength=ramp(0.35, 0.7),
                   unseen=burst(0.03, 0.85, 1.1)),
            Column("segment_tier", "categorical", categories=("new", "regular", "vip"), strength=burst(0.6, 0.3, 0.45)),
            Column("score", role="prediction", strength=ramp(0.3, 0.8), bins=20),
            Column("bought", "categorical", role="label", categories=("0", "1")),
        ],
        periods=150, versions=("reco_v1", "reco_v2"), version_from={"reco_v2": 90}, segment="segment_market",
        segment_values=markets, owner="recommendations team", note=note, windows=(1, 7, 28),
        task="binary", label_delay=7,
    )  # fmt: skip


def calm() -> Monitor:
    return Monitor(
        "fraud_score", [Column("amount"), Column("hour"), Column("score", role="prediction")], periods=60,
        period="week", start=datetime(2010, 10, 4), reference=20, windows=(1, 4), business=("conversion",),
    )  # fmt: skip


def small() -> duckdb.DuckDBPyConnection:
    return database([shop(), calm(), Monitor("nothing_yet", [])])


def tiny() -> duckdb.DuckDBPyConnection:
    """A little of everything."""
    return database(
        [
            Monitor(
                "recommendations", [Column("item_price", strength=ramp(1.0), missing=burst(0.09, 0.9, 1.1))],
                periods=40, reference=15, versions=("reco_v1", "reco_v2"), version_from={"reco_v2": 20},
                segment="market", segment_values=("UK", "EU"), owner="the team", windows=(1,), baselines=("reference",),
                task="binary", label_delay=3,
            )
        ]
    )  # fmt: skip


def models() -> duckdb.DuckDBPyConnection:
    """Other tasks than binary, each without something: versions, segments, estimates, final labels."""
    con = database(
        [
            Monitor("delivery_time", [Column("distance", strength=ramp(0.8))], periods=60, period="week", reference=20,
                    windows=(1, 4), task="regression", label_delay=2, business=()),
            Monitor("ticket_topic", [Column("length")], periods=90, task="multiclass", windows=(1, 7), rows=300,
                    classes=("billing", "delivery", "something else"), business=()),
            Monitor("too_early", [Column("length")], periods=20, reference=10, task="binary", label_delay=40),
        ]
    )  # fmt: skip
    con.execute("delete from driftline_performance where monitor = 'ticket_topic' and basis = 'estimated'")
    con.execute(
        "update driftline_performance set value = null, value_lower = null, value_upper = null "
        "where monitor = 'too_early'"
    )
    return con


def empty() -> duckdb.DuckDBPyConnection:
    return database([])


def large(columns: int = 200, periods: int = 365) -> duckdb.DuckDBPyConnection:
    shapes: list[Shape] = [quiet, quiet, quiet, ramp(0.5), burst(0.8, 0.3, 0.5), quiet, ramp(1.2, 0.7), quiet]
    made = [Column(f"feature_{i:03d}", strength=shapes[i % 8], bins=20) for i in range(columns)]
    return database(
        [
            Monitor(
                "wide_table",
                made,
                periods=periods,
                windows=(1, 7, 28),
                baselines=("reference",),
                rows=4000,
                task="binary",
                label_delay=7,
            )
        ]
    )


def hostile() -> duckdb.DuckDBPyConnection:
    """Every text that a database may hand out tries to become markup or script."""
    bad = "</script><script>window.pwned=1</script><img src=x onerror=window.pwned=1>"
    quote = 'it\'s "quoted" \\ {{7*7}} ${pwned} {b} {a|x} \u2028 --'
    return database(
        [
            Monitor(
                f"m{bad}{quote}",
                [
                    Column(f"a{bad}", strength=ramp(1.5)),
                    Column(f"b{quote}", strength=ramp(1.0), missing=burst(0.1, 0.9, 1.1)),
                    Column("__proto__", strength=ramp(0.8)),
                    Column("constructor", strength=ramp(0.6)),
                    Column("plain", "categorical", strength=ramp(1),
                           categories=(bad, quote, "</style><!--", "", "日本語", "toString", "__proto__")),
                ],
                periods=40, reference=15, versions=(f"v1{bad}", f"v2{quote}"), segment=f"s{bad}",
                segment_values=(f"x{bad}", f"y{quote}"), owner=bad, note=f" {bad} {quote}",
                business=(f"k{bad}{quote}",), rows=2000, task="binary", classes=(bad, quote, "__proto__"),
                label_delay=3,
            )
        ]
    )  # fmt: skip


def relations() -> dict[str, str]:
    return {name: f'"main"."{name}"' for name in TABLES}


def query(con: duckdb.DuckDBPyConnection, log: list[str] | None = None) -> Callable[[str], list[dict[str, Any]]]:
    def run(sql: str) -> list[dict[str, Any]]:
        if log is not None:
            log.append(sql)
        cursor = con.cursor()
        cursor.execute(sql)
        names = [d[0].lower() for d in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    return run
