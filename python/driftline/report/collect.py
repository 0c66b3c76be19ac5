"""Turns what the warehouse answers into what the page shows: a view per monitor for the templates, and the numbers
that the browser draws, in columns."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from driftline.health import Health

from . import incidents, words
from . import numbers as n
from .model import Model, highest, rank
from .warehouse import TOTAL, Grain, Row, Warehouse, grain_of

Column = tuple[str, str]  # name, role
SCALE = 10_000  # distances travel as integers of a ten-thousandth


@dataclass(frozen=True)
class Limits:
    """What a page carries at most. What is left out is said on the page."""

    cells: int = 250_000  # of heat maps of the totals
    more_cells: int = 120_000  # up to which other heat maps are added
    windows: int = 400
    histogram_columns: int = 12
    histogram_numbers: int = 160_000
    quality_rows: int = 8_000
    business_rows: int = 40_000
    performance_rows: int = 100_000
    concept_rows: int = 8_000
    fairness_rows: int = 20_000
    comparison_rows: int = 4_000
    change_rows: int = 100
    change_charts: int = 6
    cause_alerts: int = 80
    causes: int = 3  # of each kind
    open_alerts: int = 200
    resolved_alerts: int = 100
    categories: int = 14
    reasons: int = 40


@dataclass
class Tile:
    label: str
    value: str
    details: list[str] = field(default_factory=list)
    state: str = ""
    wide: bool = False


@dataclass
class View:
    """One monitor, ready for the template."""

    index: int
    name: str
    period: str = "day"
    timezone: str = ""
    owner: str = ""
    source: str = ""
    reference: str = ""
    task: str = ""
    critical: int = 0
    warn: int = 0
    resolved: int = 0
    sentence: list[str] = field(default_factory=list)
    tiles: list[Tile] = field(default_factory=list)
    business_tiles: list[Tile] = field(default_factory=list)
    open_alerts: list[Row] = field(default_factory=list)
    resolved_alerts: list[Row] = field(default_factory=list)
    tells_incidents: bool = False
    open_incidents: list[Row] = field(default_factory=list)
    resolved_incidents: list[Row] = field(default_factory=list)
    all_alerts: Row = field(default_factory=dict)
    reasons: list[Row] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    latest: str = n.DASH
    rows: str = n.DASH
    worst: str = n.DASH
    has_drift: bool = False
    has_business: bool = False
    has_quality: bool = False
    has_causes: bool = False
    has_performance: bool = False
    has_estimates: bool = False
    has_concept: bool = False
    has_fairness: bool = False
    has_versions: bool = False
    has_changes: bool = False
    changes_note: str = ""
    performance_note: str = ""
    health: Health | None = None
    payload: Row = field(default_factory=dict)

    @property
    def told(self) -> str:
        """What people are told of: incidents, or each alert."""
        return "incident" if self.tells_incidents else "alert"

    @property
    def has_data(self) -> bool:
        return bool(self.parts)

    @property
    def parts(self) -> list[tuple[str, str]]:
        """The panels that the page has of this monitor: id and title."""
        there = (
            ("performance", "Performance", self.has_performance), ("estimate", "Estimates", self.has_estimates),
            ("versions", "Versions", self.has_versions), ("heat", "Drift", self.has_drift),
            ("concept", "Concept drift", self.has_concept), ("fairness", "Fairness", self.has_fairness),
            ("business", "Business metrics", self.has_business), ("changes", "Changes", self.has_changes),
            ("quality", "Data quality", self.has_quality),
        )  # fmt: skip
        return [(part, title) for part, title, shown in there if shown]

    @property
    def judged(self) -> str:
        """How much of it could be judged, and why not the rest."""
        one = self.health
        if one is None or not one.windows:
            return ""
        if not one.windows_not_judged:
            return f"All {n.plural(one.windows, 'window')} could be judged."
        return f"{one.windows_judged:,} of {n.plural(one.windows, 'window')} could be judged; {one.not_judged}."

    @property
    def is_blind(self) -> bool:
        """Whether having no alert says nothing."""
        return self.health is not None and not self.health.speaks

    @property
    def status(self) -> str:
        if self.critical or self.warn:
            return "critical" if self.critical else "warn"
        return "warn" if self.is_blind else "quiet" if self.has_data else "none"


@dataclass(frozen=True)
class Slice:
    grain: Grain
    size: int
    baseline: str
    columns: int
    windows: int

    @property
    def cells(self) -> int:
        return self.columns * self.windows

    @property
    def rank(self) -> tuple[Any, ...]:
        """What is worth its place first: the totals over all sizes, versions, other baselines, then segments."""
        version, segment, value = self.grain
        kind = (
            0 if self.grain == TOTAL and self.baseline == "reference"
            else 1 if segment == "all" and self.baseline == "reference"
            else 2 if self.grain == TOTAL
            else 3 if version == "all" and self.baseline == "reference"
            else 4 if self.baseline == "reference" else 5
        )  # fmt: skip
        return (kind, self.size, self.baseline != "reference", self.baseline, segment, value, version)


class Collector:
    def __init__(self, warehouse: Warehouse, limits: Limits) -> None:
        self.w = warehouse
        self.limits = limits

    def views(self, health: Sequence[Health] = ()) -> list[View]:
        known = self.w.monitors()
        fares = {one.monitor: one for one in health}
        slices: dict[str, list[Slice]] = defaultdict(list)
        for r in self.w.slices():
            slices[r["monitor"]].append(
                Slice(grain_of(r), n.as_int(r["window_periods"]), n.as_text(r["baseline"]),
                      n.as_int(r["columns_seen"]), n.as_int(r["windows_seen"]))
            )  # fmt: skip
        business: dict[str, dict[tuple[Grain, int], int]] = defaultdict(dict)
        for r in self.w.business_slices():
            business[r["monitor"]][grain_of(r), n.as_int(r["window_periods"])] = n.as_int(r["rows_seen"])
        performance: dict[str, dict[tuple[Grain, int], int]] = defaultdict(dict)
        for r in self.w.performance_slices():
            performance[r["monitor"]][grain_of(r), n.as_int(r["window_periods"])] = n.as_int(r["rows_seen"])
        alerts: dict[str, Counter[str]] = defaultdict(Counter)
        for r in self.w.alert_counts():
            key = "resolved" if r["status"] == "resolved" else n.as_text(r["severity"])
            alerts[r["monitor"]][key] += n.as_int(r["alerts"])
        told = alerts
        if self.w.tells_incidents:
            told = defaultdict(Counter)
            for r in self.w.incident_counts():
                key = n.as_text(r["severity"]) if r["status"] in incidents.OPEN else "resolved"
                told[r["monitor"]][key] += n.as_int(r["incidents"])
        described = {r["monitor"]: r for r in known}
        names = sorted({*described, *slices, *business, *performance, *alerts, *fares})
        thresholds = self.thresholds()
        views = []
        for name in names:
            about = described.get(name, {})
            view = View(
                index=0, name=name, period=n.as_text(about.get("period")) or "day",
                timezone=n.as_text(about.get("timezone")), owner=n.as_text(about.get("owner")),
                task=n.as_text(about.get("task")),
                source=n.as_text(about.get("relation_name")),
                reference=n.reference(about),
                critical=told[name]["critical"], warn=told[name]["warn"], resolved=told[name]["resolved"],
                tells_incidents=self.w.tells_incidents,
                all_alerts={
                    "open": alerts[name]["critical"] + alerts[name]["warn"], "resolved": alerts[name]["resolved"],
                },
            )  # fmt: skip
            if name in fares:
                view.health = fares[name]
            views.append(view)
        views.sort(key=lambda v: (-v.critical, -v.warn, v.name))
        for i, view in enumerate(views):
            view.index = i
            part = _Monitor(self.w, self.limits, view, names, sum(1 for v in views if slices.get(v.name)))
            as_of = n.as_datetime(described.get(view.name, {}).get("as_of"))
            part.collect(slices[view.name], business[view.name], performance[view.name], as_of)
            view.payload["thresholds"] = thresholds
            if view.health is not None and view.health.problem:
                view.sentence.insert(0, f"{view.health.problem[0].upper()}{view.health.problem[1:]}.")
        return views

    def thresholds(self) -> dict[str, list[float]]:
        """Warn and critical of the two distances on the heat map, as the seed has them."""
        out = {"psi": [0.1, 0.25], "ks": [0.1, 0.2]}
        for r in self.w.thresholds():
            metric = {"psi": "psi", "ks": "ks", "ks_lower": "ks"}.get(n.as_text(r["metric"]))
            warn, critical = n.as_float(r["warn"]), n.as_float(r["critical"])
            if (
                metric and r["baseline"] in ("*", "any", "reference") and warn is not None and critical is not None
                and 0 < warn < critical
            ):  # fmt: skip
                out[metric] = [warn, critical]
        return out


def scaled(value: float | None) -> int | None:
    return None if value is None else round(value * SCALE)


class _Monitor:
    """Collects one monitor."""

    def __init__(self, warehouse: Warehouse, limits: Limits, view: View, names: Iterable[str], monitors: int) -> None:
        self.w = warehouse
        self.limits = limits
        self.view = view
        self.names = list(names)
        self.share = 1 / max(1, monitors)
        self.columns: dict[Column, int] = {}
        self.kinds: list[str] = []
        self.slices: list[Row] = []
        self.base: Row | None = None
        self.model = Model(warehouse, limits, view, self.names, self.share)

    def collect(
        self,
        slices: list[Slice],
        business: dict[tuple[Grain, int], int],
        performance: dict[tuple[Grain, int], int],
        as_of: datetime | None,
    ) -> None:
        v = self.view
        v.open_alerts = self.alerts("open", self.limits.open_alerts)
        v.resolved_alerts = self.alerts("resolved", self.limits.resolved_alerts)
        for shown, all_of_them, word in (
            (v.open_alerts, v.all_alerts["open"], "open"),
            (v.resolved_alerts, v.all_alerts["resolved"], "resolved"),
        ):  # fmt: skip
            if len(shown) < all_of_them:
                v.left_out.append(
                    f"{n.plural(all_of_them - len(shown), f'{word} alert')} beyond the first {len(shown)}: "
                    "see driftline_alerts."
                )
        self.model.causes([*v.open_alerts, *v.resolved_alerts])
        known = self.w.incidents(v.name, self.names) if v.tells_incidents else []
        told = incidents.of_alerts(known, [*v.open_alerts, *v.resolved_alerts])
        v.open_incidents = [one for one in told if one["status"] == "open"]
        v.resolved_incidents = [one for one in told if one["status"] != "open"]
        v.reasons = self.reasons()
        self.drift(slices)
        self.histograms()
        self.quality()
        series = self.business(business)
        self.model.performance(performance)
        self.model.concept(list(dict.fromkeys(k[0] for k in sorted(performance, key=rank))), len(self.columns))
        self.model.fairness()
        self.model.versions()
        self.model.changes()
        v.payload |= {
            "name": v.name,
            "period": v.period,
            "task": v.task,
            "columns": [[name, role, self.kinds[i]] for (name, role), i in self.columns.items()],
            "slices": self.slices,
            "alerts": [self.mark(a) for a in (*v.open_alerts, *v.resolved_alerts)],
            "words": self.model.labels(),
        }
        self.glance(series, as_of)

    # -- alerts and reasons ------------------------------------------------------------------------------------------

    def alerts(self, status: str, limit: int) -> list[Row]:
        rows = self.w.alerts(self.view.name, self.names, status, limit)
        for r in rows:
            r["severity"] = "critical" if r["severity"] == "critical" else "warn"
            r["since"] = n.moment(n.as_datetime(r["first_window_start"]))
            r["until"] = n.moment(n.as_datetime(r["last_window_end"] or r["last_window_start"]))
            of = "" if r["column_name"] in (None, "all") else f" of {r['column_name']}"
            r["message"] = n.as_text(r["message"]) or (
                f"{r['metric']}{of} is {n.number(n.as_float(r['value']))}, "
                f"the threshold {n.number(n.as_float(r['threshold']))}."
            )
            size = n.as_int(r["window_periods"])
            scope = [f"version {r['model_version']}"] if r["model_version"] != "all" else []
            scope += [f"{r['segment']} = {r['segment_value']}"] if r["segment"] != "all" else []
            scope += [f"windows of {n.windows(size, self.view.period)}"] if size != 1 else []
            r["scope"] = scope
            r["causes"] = []
        return rows

    def mark(self, alert: Row) -> list[Any]:
        """An alert as the charts need it."""
        start = n.as_datetime(alert["first_window_start"])
        last = n.as_datetime(alert["last_window_start"])
        return [
            n.as_text(alert["family"]), n.as_text(alert["metric"]), n.as_text(alert["column_name"]),
            *grain_of(alert), n.as_int(alert["window_periods"]), n.minutes(start) if start else None,
            n.minutes(last) if last else None, alert["severity"], alert["status"], n.as_text(alert["baseline"]),
        ]  # fmt: skip

    def reasons(self) -> list[Row]:
        limit = self.limits.reasons
        rows = self.w.reasons(self.view.name, self.names, limit + 1)
        rows.sort(key=lambda r: (-n.as_int(r["windows"]), n.as_text(r["reason"])))
        if len(rows) > limit:
            self.view.left_out.append(f"Reasons beyond the {limit} most frequent ones: see the reason columns.")
        for r in rows[:limit]:
            things, windows = n.as_int(r["things"]), n.as_int(r["windows"])
            thing = "metric" if r["family"] in ("business", "performance", "fairness") else "column"
            more = f" and {n.plural(things - 1, f'other {thing}')}" if things > 1 else ""
            r["what"] = n.as_text(r["family"]).capitalize()
            r["baseline"] = "" if r["baseline"] in (None, "none") else n.as_text(r["baseline"])
            r["where"] = f"{n.as_text(r['example'])}{more}"
            r["count"] = n.whole(windows)
            first, last = n.as_datetime(r["first_start"]), n.as_datetime(r["last_start"])
            r["when"] = n.moment(first) if first == last else f"{n.moment(first)} to {n.moment(last)}"
        return rows[:limit]

    # -- drift -------------------------------------------------------------------------------------------------------

    def drift(self, slices: list[Slice]) -> None:
        v = self.view
        ordered = sorted(slices, key=lambda s: s.rank)
        if not ordered:
            return
        budget = self.limits.cells * self.share
        widest = max(s.columns for s in ordered)
        keep = int(min(self.limits.windows, max(30, budget // max(1, widest))))
        chosen: list[Slice] = []
        cells = 0
        for s in ordered:
            size = s.columns * min(keep, s.windows)
            room = budget if s.rank[0] == 0 else min(budget, self.limits.more_cells * self.share)
            if not chosen or cells + size <= room:
                chosen.append(s)
                cells += size
        if any(s.windows > keep for s in chosen):
            v.left_out.append(f"Heat maps and charts show the latest {keep} windows, driftline_drift has the rest.")
        dropped = [s for s in ordered if s not in chosen]
        if dropped:
            v.left_out.append(
                f"{n.plural(len(dropped), 'combination')} of version, segment, window size and baseline without a heat "
                f"map here ({len(chosen)} of {len(ordered)} are shown): see driftline_drift."
            )
        self.known = sorted({s.grain for s in ordered})
        groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
        wanted = {(s.grain, s.size, s.baseline) for s in chosen}
        rows = self.w.drift(
            v.name, self.names, sorted({s.grain for s in chosen}), self.known, sorted({s.size for s in chosen}),
            sorted({s.baseline for s in chosen}), keep,
        )  # fmt: skip
        for r in rows:
            if r["monitor"] != v.name:
                continue
            key = (grain_of(r), n.as_int(r["window_periods"]), n.as_text(r["baseline"]))
            if key in wanted:
                groups[key].append(r)
        kinds: dict[Column, str] = {}
        for group in groups.values():
            for r in group:
                kinds[n.as_text(r["column_name"]), n.as_text(r["column_role"])] = n.as_text(r["column_kind"])
        for i, column in enumerate(sorted(kinds)):
            self.columns[column] = i
            self.kinds.append(kinds[column])
        for s in chosen:
            group = groups.get((s.grain, s.size, s.baseline), [])
            if group:
                self.slices.append(self.encode(s, group))
        v.payload["dropped"] = [[*s.grain, s.size, s.baseline] for s in dropped]
        if self.slices:
            self.base = self.slices[0]
            v.has_drift = True

    def encode(self, s: Slice, rows: list[Row]) -> Row:
        """A slice in columns: per measure one array, column by column, window by window."""
        ends: dict[datetime, datetime] = {}
        counts: dict[datetime, int] = {}
        versions: Counter[str] = Counter()
        for r in rows:
            start, end = n.as_datetime(r["window_start"]), n.as_datetime(r["window_end"])
            if start is None:
                continue
            r["window_start"] = start
            ends[start] = end or start
            counts[start] = max(counts.get(start, 0), n.as_int(r["row_count"]))
            versions[n.as_text(r["baseline_model_version"])] += 1
        starts = sorted(ends)
        place = {t: i for i, t in enumerate(starts)}
        size = len(self.columns) * len(starts)
        out: dict[str, list[int | None]] = {k: [None] * size for k in ("psi", "pn", "ks", "kn")}
        base = 0
        for r in rows:
            if r["window_start"] not in place:
                continue
            at = self.columns[n.as_text(r["column_name"]), n.as_text(r["column_role"])] * len(starts)
            at += place[r["window_start"]]
            base = max(base, n.as_int(r["baseline_row_count"]))
            psi, ks = n.as_float(r["psi"]), n.as_float(r["ks_lower"])
            if psi is not None:
                out["psi"][at] = scaled(psi)
                out["pn"][at] = scaled(judged_noise(r, "psi_noise", "psi_critical", "noise_floor"))
            if ks is not None:
                out["ks"][at] = scaled(ks)
                out["kn"][at] = scaled(judged_noise(r, "ks_noise", "ks_critical", "ks_noise_floor"))
        return {
            "k": [*s.grain, s.size, s.baseline], "t0": [n.minutes(t) for t in starts],
            "t1": [n.minutes(ends[t]) for t in starts], "n": [counts[t] for t in starts], "m": base,
            "v": versions.most_common(1)[0][0] if versions else "all", **out,
        }  # fmt: skip

    def ranking(self) -> list[tuple[float, float, int, bool]]:
        """Columns by what they show in the latest window with rows: psi, noise, index, beyond its noise."""
        base = self.base
        if base is None:
            return []
        at = last_filled(base["n"])
        width = len(base["t0"])
        out = []
        for i in range(len(self.columns)):
            psi, noise = base["psi"][i * width + at], base["pn"][i * width + at]
            if psi is not None:
                out.append((psi / SCALE, (noise or 0) / SCALE, i, psi > (noise or 0)))
        return sorted(out, key=lambda x: (not x[3], -x[0], x[2]))

    def often(self) -> list[int]:
        """Columns by what they show over all windows."""
        base = self.base
        if base is None:
            return []
        width = len(base["t0"])
        total = []
        for i in range(len(self.columns)):
            cells = zip(base["psi"][i * width : (i + 1) * width], base["pn"][i * width : (i + 1) * width], strict=True)
            total.append((-sum(p for p, q in cells if p is not None and p > (q or 0)), i))
        return [i for _, i in sorted(total)]

    # -- histograms --------------------------------------------------------------------------------------------------

    def histograms(self) -> None:
        if self.base is None or not self.w.has("driftline_state"):
            return
        v, limits = self.view, self.limits
        bins: dict[int, list[list[Any]]] = defaultdict(list)
        for r in self.w.bins(v.name, self.names):
            c = self.columns.get((n.as_text(r["column_name"]), n.as_text(r["column_role"])))
            if c is not None and r["monitor"] == v.name:
                bins[c].append([n.as_int(r["bin"]), n.as_text(r["bin_kind"]), n.as_text(r["bin_label"]), *edges(r)])
        ranked = [x[2] for x in self.ranking()]
        wanted: list[int] = []
        alerting = [a["column_name"] for a in v.open_alerts if a["family"] == "drift"]
        by_name = {name: i for (name, _), i in reversed(self.columns.items())}
        for i in [*ranked[:6], *(by_name[a] for a in alerting if a in by_name), *self.often(), *ranked]:
            if i not in wanted and len(wanted) < limits.histogram_columns:
                wanted.append(i)
        grains = list(dict.fromkeys(tuple(s["k"][:3]) for s in self.slices if s["k"][4] == self.base["k"][4]))
        per_column = max(1, min(sum(min(len(bins[c]), limits.categories + 9) for c in wanted), 10_000))
        budget = limits.histogram_numbers * self.share
        periods = self.w.periods(v.name, self.names)
        depth = int(min(periods, limits.windows + 31, max(31, budget // per_column)))
        room = max(1, int(budget // max(1, per_column * depth)))
        deep = grains[:room]
        named = list(self.columns)
        latest: dict[tuple[Any, ...], dict[int, dict[int, float]]] = {}
        history: dict[Grain, dict[int, dict[tuple[int, int], float]]] = {}
        reference: dict[Grain, dict[int, dict[int, float]]] = {}
        base_grains = {(s["v"], s["k"][1], s["k"][2]) for s in self.slices} | set(grains)
        for r in self.w.reference(v.name, self.names, sorted(base_grains), self.known):
            c = self.index(r)
            if c is not None and grain_of(r) in base_grains:
                per = reference.setdefault(grain_of(r), {}).setdefault(c, defaultdict(float))
                per[n.as_int(r["bin"])] += n.as_float(r["weight"]) or 0
        for r in self.w.latest_counts(v.name, self.names, grains, self.known):
            c, start = self.index(r), n.as_datetime(r["window_start"])
            if c is not None and start is not None and grain_of(r) in grains:
                key = (*grain_of(r), n.as_int(r["window_periods"]), n.minutes(start))
                per = latest.setdefault(key, {}).setdefault(c, defaultdict(float))
                per[n.as_int(r["bin"])] += n.as_float(r["weight"]) or 0
        for r in self.w.history(
            v.name, self.names, {named[i][0] for i in wanted}, {name for name, _ in named}, deep, self.known, depth
        ):
            c, start = self.index(r), n.as_datetime(r["period_start"])
            if c in wanted and start is not None and grain_of(r) in deep:
                cell = history.setdefault(grain_of(r), {}).setdefault(c, defaultdict(float))
                cell[n.minutes(start), n.as_int(r["bin"])] += n.as_float(r["weight"]) or 0
        total = tuple(self.base["k"][:3])
        shown = {c: self.shown_bins(c, bins[c], reference.get(total, {}).get(c, {}), latest, total) for c in bins}
        v.payload["bins"] = [[c, layout[0]] for c, layout in shown.items()]
        v.payload["reference"] = [
            [list(g), [[c, fold(shown[c], per)] for c, per in sorted(cols.items()) if c in shown]]
            for g, cols in sorted(reference.items())
        ]
        v.payload["latest"] = [
            [list(k), [[c, fold(shown[c], per)] for c, per in sorted(cols.items()) if c in shown]]
            for k, cols in sorted(latest.items())
        ]
        v.payload["history"] = [
            self.lay_out(g, cols, shown, cut=depth < periods) for g, cols in sorted(history.items())
        ]
        if len(wanted) < len(self.columns):
            v.left_out.append(
                f"Histograms of earlier windows are here for {n.plural(len(wanted), 'column')}, those that moved most; "
                "of the latest complete window for all."
            )
        if len(deep) < len(grains):
            v.left_out.append(
                f"Histograms of earlier windows are here for {len(deep)} of {len(grains)} combinations of version and "
                "segment."
            )

    def index(self, row: Row) -> int | None:
        if row["monitor"] != self.view.name:
            return None
        return self.columns.get((n.as_text(row["column_name"]), n.as_text(row["column_role"])))

    def shown_bins(
        self,
        c: int,
        bins: list[list[Any]],
        reference: dict[int, float],
        latest: dict[tuple[Any, ...], dict[int, dict[int, float]]],
        total: tuple[Any, ...],
    ) -> tuple[list[list[Any]], dict[int, int]]:
        """The bins of a column as drawn (kind, label, lower, upper), and where each number of a bin goes."""
        seen: Counter[int] = Counter(reference)
        for key, cols in latest.items():
            if key[:3] == total:
                seen.update(cols.get(c, {}))
        described = {b[0]: b for b in bins}
        for number in seen:
            described.setdefault(number, [number, SPECIAL.get(number, "category"), str(number), None, None])
        inner = sorted((b for b in described.values() if b[1] in ("range", "category")), key=lambda b: b[0])
        special = sorted((b for b in described.values() if b[1] not in ("range", "category")), key=lambda b: b[0])
        places: dict[int, int] = {}
        layout: list[list[Any]] = []
        rest: list[list[Any]] = []
        if self.kinds[c] == "categorical":
            inner.sort(key=lambda b: (-seen[b[0]], b[0]))
            if len(inner) > self.limits.categories + 1:
                inner, rest = inner[: self.limits.categories], inner[self.limits.categories :]
        for i, b in enumerate(inner):
            places[b[0]] = len(layout)
            following = inner[i + 1] if i + 1 < len(inner) else None
            # Before a value that has a bin of its own, a range ends just below that value.
            if b[1] == "range" and following is not None and following[3] == following[4] and same(b[4], following[4]):
                layout.append(["under", "", b[3], following[4]])
            else:
                layout.append([b[1], b[2][:200], b[3], b[4]])
        if rest:
            for b in rest:
                places[b[0]] = len(layout)
            layout.append(["rest", str(len(rest)), None, None])
        for b in special:
            places[b[0]] = len(layout)
            layout.append([b[1], "", None, None])
        return layout, places

    def lay_out(
        self, grain: Grain, cols: dict[int, dict[tuple[int, int], float]], shown: dict[int, Any], cut: bool
    ) -> Row:
        starts = sorted({t for cells in cols.values() for t, _ in cells})
        place = {t: i for i, t in enumerate(starts)}
        data = []
        for c, cells in sorted(cols.items()):
            if c not in shown:
                continue
            layout, places = shown[c]
            flat: list[float] = [0.0] * (len(starts) * len(layout))
            for (t, number), weight in cells.items():
                if number in places:
                    flat[place[t] * len(layout) + places[number]] += weight
            data.append([c, [n.short(x) for x in flat]])
        return {"k": list(grain), "p": starts, "cut": cut, "d": data}

    # -- quality and business ----------------------------------------------------------------------------------------

    RATES = ("null_rate", "nan_rate", "infinite_rate", "unseen_rate", "out_of_range_rate")

    def quality(self) -> None:
        v = self.view
        grains = list(dict.fromkeys(tuple(s["k"][:3]) for s in self.slices)) or [TOTAL]
        room = max(1, int(self.limits.quality_rows * self.share // max(1, len(self.columns) * 3)))
        rows = self.w.quality(v.name, self.names, grains[:room], getattr(self, "known", [TOTAL]))
        groups: dict[tuple[Any, ...], Row] = {}
        for r in rows:
            start, end = n.as_datetime(r["window_start"]), n.as_datetime(r["window_end"])
            if r["monitor"] != v.name or start is None or grain_of(r) not in grains[:room]:
                continue
            key = (*grain_of(r), n.as_int(r["window_periods"]))
            group = groups.setdefault(
                key, {"k": list(key), "t0": n.minutes(start), "t1": n.minutes(end or start), "rows": []}
            )
            unseen = 0.0 if r["unseen_rate"] is not None else None  # the reference is where they would have been seen
            references = [n.as_float(r.get(f"reference_{x}")) if x != "unseen_rate" else unseen for x in self.RATES]
            group["rows"].append(
                [n.as_text(r["column_name"]), n.as_text(r["column_role"]), n.as_int(r["row_count"]),
                 [n.short(n.as_float(r[x])) for x in self.RATES], [n.short(x) for x in references],
                 [n.short(n.as_float(r[x])) for x in ("minimum", "mean", "maximum")]]
            )  # fmt: skip
        for group in groups.values():
            group["rows"].sort(key=lambda r: r[:2])
        v.payload["quality"] = [groups[k] for k in sorted(groups, key=lambda k: rank((k[:3], k[3])))]
        v.has_quality = bool(groups)

    def business(self, known: dict[tuple[Grain, int], int]) -> list[Row]:
        v = self.view
        ordered = sorted(known, key=lambda k: (k[0] != TOTAL, k[0][1] != "all", k[1], k[0]))
        budget = self.limits.business_rows * self.share
        chosen: list[tuple[Grain, int]] = []
        size = 0.0
        for key in ordered:
            if not chosen or size + known[key] <= budget:
                chosen.append(key)
                size += known[key]
        if len(chosen) < len(ordered):
            v.left_out.append(
                f"Business metrics of {len(ordered) - len(chosen)} combinations of version, segment and window size: "
                "see driftline_business."
            )
        if not chosen:
            return []
        grains = sorted({g for g, _ in chosen})
        groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
        for r in self.w.business(v.name, self.names, grains, sorted({g for g, _ in known}), self.limits.windows):
            key = (grain_of(r), n.as_int(r["window_periods"]))
            if r["monitor"] == v.name and key in chosen and n.as_datetime(r["window_start"]):
                groups[n.as_text(r["metric"]), key[0], key[1]].append(r)
        order = {key: i for i, key in enumerate(chosen)}
        shares = {m: all(is_share(r) for k, rows in groups.items() if k[0] == m for r in rows) for m, *_ in groups}
        out = []
        for metric, grain, periods in sorted(groups, key=lambda k: (k[0], order[k[1], k[2]])):
            rows = groups[metric, grain, periods]
            starts = [start for r in rows if (start := n.as_datetime(r["window_start"]))]
            ends = [n.as_datetime(r["window_end"]) or start for r, start in zip(rows, starts, strict=True)]
            series = {
                "metric": metric, "k": [*grain, periods], "share": shares[metric],
                "t0": [n.minutes(t) for t in starts], "t1": [n.minutes(t) for t in ends],
                "n": [n.as_int(r["row_count"]) for r in rows],
            }  # fmt: skip
            for short_name, name in (
                ("y", "value"), ("mean", "trailing_mean"), ("dev", "trailing_stddev"), ("ref", "reference_value"),
            ):  # fmt: skip
                series[short_name] = [n.short(n.as_float(r[name]), 5) for r in rows]
            out.append(series | {"last": rows[-1]})
        v.payload["business"] = [{k: x for k, x in s.items() if k != "last"} for s in out]
        v.has_business = bool(out)
        return out

    # -- at a glance -------------------------------------------------------------------------------------------------

    def glance(self, business: list[Row], as_of: datetime | None) -> None:
        v, base = self.view, self.base
        opened = v.critical + v.warn
        if not v.has_data:
            v.sentence = [
                f"{v.name} has no complete window yet: there were no rows to measure, or the first "
                f"{v.period} is not over. The report fills once a build has read a complete {v.period}."
            ]
            v.tiles = [Tile(f"Open {v.told}s", str(opened), state=v.status), Tile("Latest window", "none complete yet")]
            return
        critical, warn = n.plural(v.critical, f"critical {v.told}"), n.plural(v.warn, "warning")
        v.tiles.append(
            Tile(
                f"Open {v.told}s", str(opened),
                [f"{v.critical} critical", f"{v.warn} " + ("warning" if v.warn == 1 else "warnings")] if opened
                else [f"{n.whole(v.resolved)} resolved" if v.resolved else "none so far"],
                v.status,
            )
        )  # fmt: skip
        both = f"{critical if v.critical else ''}{' and ' if v.critical and v.warn else ''}{warn if v.warn else ''}"
        v.sentence.append(
            f"{both[0].upper() + both[1:] if both[0].isalpha() else both} {'is' if opened == 1 else 'are'} open."
            if opened
            else f"No {v.told} is open."
        )
        times = base or next((s for s in business if s["k"][:3] == list(TOTAL)), business[0] if business else None)
        if times is not None:
            self.latest_tiles(times, as_of)
        ranked = self.ranking()
        if ranked and base is not None:
            self.worst_tile(ranked)
        size = base["k"][3] if base is not None else min((s["k"][3] for s in business), default=1)
        self.performance_tile(size)
        told: list[str] = []
        for s in business:
            if tuple(s["k"][:3]) == TOTAL and s["k"][3] == size:
                self.business_tile(s, told)
        if told:
            v.sentence.append(f"In business terms: {n.listed(told)}.")

    def latest_tiles(self, times: Row, as_of: datetime | None) -> None:
        v = self.view
        at = last_filled(times["n"])
        start, end = n.from_minutes(times["t0"][at]), n.from_minutes(times["t1"][at])
        size = times["k"][3]
        v.latest = n.span(start, end, v.period)
        v.rows = n.whole(times["n"][at])
        length = n.windows(size, v.period)
        missing = len(times["n"]) - 1 - at
        details = [f"complete, {length}"]
        if missing:
            details = [f"no rows in the {n.plural(missing, 'window')} since"]
        v.tiles.append(Tile("Latest window", v.latest, details, "warn" if missing else "", wide=True))
        usual = sorted(x for x in times["n"][max(0, at - 28) : at] if x)
        rows = Tile("Rows in it", v.rows)
        if usual:
            middle = usual[len(usual) // 2]
            rows.details = [f"usually {n.whole(middle)}"]
        v.tiles.append(rows)
        v.sentence.append(
            f"The latest complete window with rows is {v.latest} ({length}): {n.plural(times['n'][at], 'row')}."
            + (f" The {n.plural(missing, 'window')} since then had none." if missing else "")
        )
        if as_of is not None and not missing and end is not None:
            behind = (as_of - end) / max((end - start) / size, n.ONE_MINUTE) if start else 0
            if behind > 3:
                v.sentence.append(
                    f"No complete {v.period} followed until the run of {n.moment(as_of)}: does data still arrive?"
                )

    def worst_tile(self, ranked: list[tuple[float, float, int, bool]]) -> None:
        v = self.view
        psi, noise, index, beyond = ranked[0]
        name = list(self.columns)[index][0]
        base = self.base or {}
        against = "the reference" if base["k"][4] == "reference" else f"the {base['k'][4]} window"
        moved = sum(1 for x in ranked if x[3])
        if not beyond and v.health is not None and v.health.status and not v.health.windows_judged:
            v.worst = "not judged"
            v.tiles.append(Tile("Worst column", "not judged", [v.health.not_judged or ""]))
            return
        if not beyond:
            v.worst = "none beyond noise"
            v.tiles.append(Tile("Worst column", "none", [f"all {len(ranked)} columns are within their noise"]))
            v.sentence.append(f"No column has moved away from {against} by more than its own noise.")
            return
        factor = f", {n.number(psi / noise)}× its noise" if noise > 0 else ""
        v.worst = f"{name} (PSI {n.number(psi)})"
        v.tiles.append(Tile("Worst column", name, [f"PSI {n.number(psi)}{factor}"], wide=True))
        v.sentence.append(
            f"{name} has moved most from {against} (PSI {n.number(psi)}{factor}); "
            f"{moved} of {len(ranked)} columns are beyond their noise."
        )
        self.over_time(index)

    def over_time(self, latest: int) -> None:
        """The column that moved most over all windows, where it is another than the latest window's."""
        base = self.base
        often = self.often()
        if base is None or not often or often[0] == latest:
            return
        width = len(base["t0"])
        at = slice(often[0] * width, (often[0] + 1) * width)
        pairs = [
            (p / SCALE, p > (q or 0)) for p, q in zip(base["psi"][at], base["pn"][at], strict=True) if p is not None
        ]
        beyond = sum(1 for _, b in pairs if b)
        if beyond * 4 >= len(pairs):
            middle = sorted(p for p, b in pairs if b)[beyond // 2]
            self.view.sentence.append(
                f"Over time {list(self.columns)[often[0]][0]} has moved most: beyond its noise in {beyond} of "
                f"{n.plural(len(pairs), 'window')}, with a median PSI of {n.number(middle)} in them."
            )

    def performance_tile(self, size: int) -> None:
        """Is the model still good?"""
        v = self.view
        h = self.model.headline(size)
        if h is None:
            return
        about = words.metric(h.metric)
        write = n.percent if about.share else n.number
        value = write(h.value) if h.lower == h.upper else f"between {write(h.lower)} and {write(h.upper)}"
        verdict = {
            "better": "better by more than its noise", "worse": "worse by more than its noise",
            "moved": "another by more than its noise", "within": "no difference beyond its noise",
        }.get(h.verdict, "")  # fmt: skip
        details = [h.window] + ([f"{write(h.reference)} in the reference"] if h.reference is not None else [])
        v.tiles.append(
            Tile(about.label, write(h.value), [*details, *([verdict] if verdict else [])],
                 {"worse": "warn", "better": "quiet"}.get(h.verdict, ""))
        )  # fmt: skip
        told = f"{about.label} was {value} in the latest window with final labels ({h.window})"
        if h.reference is not None:
            told += f", {write(h.reference)} in the reference" + (f": {verdict}" if verdict else "")
        v.sentence.append(f"{told}.")
        estimate = self.model.estimate(h.metric, size)
        if estimate is not None:
            middle, low, high, when = estimate
            v.sentence.append(
                f"For {when}, whose labels are still to come, it is estimated at {write(middle)} "
                f"({write(low)} to {write(high)})."
            )

    def business_tile(self, series: Row, told: list[str]) -> None:
        last: Row = series["last"]
        value = n.as_float(last["value"])
        write = n.percent if series["share"] else n.number
        previous, reference = n.as_float(last["change_previous"]), n.as_float(last["change_reference"])
        details = []
        if reference is not None:
            details.append(f"{n.change(reference)} vs reference")
        if previous is not None:
            details.append(f"{n.change(previous)} vs previous")
        z = n.as_float(last["z_score"])
        mark = "warn" if z is not None and abs(z) >= 3 else ""
        if mark and z is not None:
            details.append(f"{n.number(abs(z))} deviations {'above' if z > 0 else 'below'} usual")
        self.view.business_tiles.append(Tile(series["metric"], write(value), details, mark))
        if value is not None and len(told) < 3:
            tail = f" ({n.change(reference)} against the reference)" if reference is not None else ""
            told.append(f"{series['metric']} {write(value)}{tail}")


SPECIAL = {
    -3: "null", -2: "nan", -1: "negative_infinity", 10000: "positive_infinity", 10001: "beyond_top", 10002: "unseen"
}  # fmt: skip


def judged_noise(row: Row, name: str, *parts: str) -> float | None:
    """What the judge holds a distance against; of a table without it, the larger of its parts."""
    return n.as_float(row[name]) if name in row else highest(*(row[part] for part in parts))


def last_filled(counts: list[int]) -> int:
    """The latest window that has rows."""
    return next((i for i in range(len(counts) - 1, -1, -1) if counts[i]), len(counts) - 1)


def same(a: float | None, b: float | None) -> bool:
    """Equal but for the last digits: a value with a bin of its own has its lower edge just below it."""
    return a is not None and b is not None and abs(a - b) <= 1e-12 * max(1.0, abs(b))


def edges(row: Row) -> tuple[float | int | None, float | int | None]:
    """The edges of a bin; both the value where the bin is a single one."""
    lower, upper = n.as_float(row["bin_lower"]), n.as_float(row["bin_upper"])
    return (n.short(upper), n.short(upper)) if same(lower, upper) else (n.short(lower), n.short(upper))


def fold(shown: tuple[list[list[Any]], dict[int, int]], per: dict[int, float]) -> list[float | int | None]:
    layout, places = shown
    out = [0.0] * len(layout)
    for number, weight in per.items():
        if number in places:
            out[places[number]] += weight
    return [n.short(x) for x in out]


def is_share(row: Row) -> bool:
    """A part of whole rows, so that a percentage says what it is."""
    top, bottom = n.as_float(row["numerator"]), n.as_float(row["denominator"])
    if top is None or bottom is None:
        return row["value"] is None
    return 0 <= top <= bottom and top.is_integer() and bottom.is_integer()
