"""What the page shows of a model's quality: performance, estimates, concept drift, fairness, versions and changes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from driftline.compare import counted_in

from . import numbers as n
from . import words
from .warehouse import TOTAL, Grain, Row, Warehouse, grain_of

Key = tuple[Grain, int]  # a grain and a window size


def one_or_all(values: list[Any]) -> Any:
    """A list whose known values are all the same travels as that value."""
    known = {v for v in values if v is not None}
    return values if len(known) > 1 else known.pop() if known else None


def rank(key: Key) -> tuple[Any, ...]:
    """What is worth its place first: the totals over all sizes, the versions, the segments, what is both."""
    (version, segment, value), size = key
    kind = 0 if key[0] == TOTAL else 1 if segment == "all" else 2 if version == "all" else 3
    return kind, size, segment, value, version


def choose(known: dict[Key, int], budget: float) -> list[Key]:
    chosen: list[Key] = []
    used = 0
    for key in sorted(known, key=rank):
        if not chosen or used + known[key] <= budget:
            chosen.append(key)
            used += known[key]
    return chosen


KINDS = {"column": "Columns", "segment": "Segments", "version": "Versions", "bin": "Values"}


def bars(kind: str, rows: list[Row]) -> list[Row]:
    """The rows of one kind of cause: a name, what it says, and the length of its bar."""
    sizes = [n.as_float(r.get("contribution")) for r in rows]
    shares = [n.as_float(r.get("share")) for r in rows]
    # A bar is as long as the share of the whole; without shares, as the contribution next to the largest.
    largest = max((abs(s) for s in sizes if s is not None), default=0.0) or 1.0
    out = []
    for r, size, share in zip(rows, sizes, shares, strict=True):
        name, value = n.as_text(r.get("cause_name")), n.as_text(r.get("cause_value"))
        if kind == "segment":
            name = f"{name} = {value}"
        elif kind != "column":
            name = value or "(empty)"
        length = abs(share) if share is not None else abs(size or 0) / largest
        out.append({
            "name": name, "length": f"{min(1.0, length) * 100:.0f}", "against": (share if share is not None else 1) < 0,
            "share": f"{share:.0%}".replace("-", n.MINUS) if share is not None else n.number(size),
            "description": n.as_text(r.get("description")),
        })  # fmt: skip
    return out


@dataclass
class Headline:
    """The performance that the page names first."""

    metric: str
    value: float
    lower: float
    upper: float
    reference: float | None
    noise: float | None
    window: str

    @property
    def moved(self) -> float:
        """How far the value is from the reference at least, whatever it is between its bounds; signed."""
        if self.reference is None or self.lower <= self.reference <= self.upper:
            return 0.0
        return self.lower - self.reference if self.lower > self.reference else self.upper - self.reference

    @property
    def verdict(self) -> str:
        """better, worse, moved, within, or nothing where there is no telling."""
        if self.reference is None or self.noise is None:
            return ""
        if abs(self.moved) <= self.noise:
            return "within"
        better = words.metric(self.metric).better * self.moved
        return "better" if better > 0 else "worse" if better < 0 else "moved"


class Model:
    """Collects for one monitor. `view` is filled, the numbers for the browser go into its payload."""

    def __init__(self, warehouse: Warehouse, limits: Any, view: Any, names: Iterable[str], share: float) -> None:
        self.w = warehouse
        self.limits = limits
        self.view = view
        self.names = list(names)
        self.share = share
        self.metrics: set[str] = set()

    def labels(self) -> dict[str, list[Any]]:
        """The metrics that the page shows: label, which way is better, whether it is a share."""
        found = {name: words.metric(name) for name in sorted(self.metrics)}
        return {name: [m.label, m.better, int(m.share)] for name, m in found.items()}

    # -- performance -------------------------------------------------------------------------------------------------

    def performance(self, known: dict[Key, int]) -> None:
        v = self.view
        chosen = choose(known, self.limits.performance_rows * self.share)
        if not chosen:
            return
        dropped = sorted(set(known) - set(chosen), key=rank)
        if dropped:
            v.left_out.append(
                f"Model performance of {n.plural(len(dropped), 'combination')} of version, segment and window size: "
                "see driftline_performance."
            )
        v.payload["performance_dropped"] = [[*g, size] for g, size in dropped]
        rows: dict[Key, list[Row]] = defaultdict(list)
        for r in self.w.performance(
            v.name, self.names, sorted({g for g, _ in chosen}), sorted({g for g, _ in known}),
            sorted({size for _, size in chosen}), self.limits.windows,
        ):  # fmt: skip
            key = (grain_of(r), n.as_int(r["window_periods"]))
            r["window_start"] = n.as_datetime(r["window_start"])
            if r["monitor"] == v.name and r["window_start"] is not None and key in chosen:
                rows[key].append(r)
        groups = [self.group(key, rows[key]) for key in chosen if key in rows]
        groups = [g for g in groups if g["metrics"]]
        v.payload["performance"] = groups
        shown = {m["x"] for g in groups for m in g["metrics"] if any(y is not None for y in m["y"])}
        v.payload["lead"] = next((x for x in words.FIRST if x in shown), None)
        v.has_performance = bool(groups)
        v.has_estimates = any("e" in m and any(y is not None for y in m["y"]) for g in groups for m in g["metrics"])
        if not groups and rows:
            reasons = Counter(n.as_text(r.get("reason")) for rs in rows.values() for r in rs if r.get("reason"))
            v.performance_note = f"Nothing yet: {reasons.most_common(1)[0][0]}." if reasons else ""

    def group(self, key: Key, rows: list[Row]) -> Row:
        """One version, segment and window size: its windows, and per metric arrays over them."""
        windows: dict[datetime, list[Any]] = {}
        series: dict[tuple[str, str], dict[str, dict[datetime, Row]]] = defaultdict(lambda: defaultdict(dict))
        for r in rows:
            start, basis = r["window_start"], n.as_text(r["basis"])
            series[n.as_text(r["metric"]), n.as_text(r.get("class_name")) or "all"][basis][start] = r
            window = windows.setdefault(start, [n.as_datetime(r["window_end"]) or start, 0, None, False])
            if basis == "realized":
                window[1] = max(window[1], n.as_int(r.get("row_count")))
                labelled = n.as_float(r.get("labelled_share"))
                window[2] = labelled if window[2] is None else max(window[2], labelled or 0)
                window[3] = window[3] or n.as_bool(r.get("is_mature", True))
        starts = sorted(windows)
        mature = [bool(windows[t][3]) for t in starts]
        metrics = []
        for name, label in sorted(series, key=lambda s: (words.place(s[0]), s[1] != "all", s[1])):
            made = self.series(name, label, series[name, label], starts, mature)
            if made:
                metrics.append(made)
                self.metrics.add(name)
        return {
            "k": [*key[0], key[1]], "t0": [n.minutes(t) for t in starts],
            "t1": [n.minutes(windows[t][0]) for t in starts],
            "n": [windows[t][1] for t in starts], "l": [n.short(windows[t][2], 4) for t in starts],
            "m": [int(m) for m in mature], "metrics": metrics,
        }  # fmt: skip

    def series(
        self, name: str, label: str, bases: dict[str, dict[datetime, Row]], starts: list[datetime], mature: list[bool]
    ) -> Row | None:
        realized, estimated = bases["realized"], bases["estimated"]

        def column(rows: dict[datetime, Row], field: str) -> list[float | int | None]:
            return [n.short(n.as_float(rows[t].get(field)), 5) if t in rows else None for t in starts]

        y, e = column(realized, "value"), column(estimated, "value")
        if not any(x is not None for x in (*y, *e)):
            return None
        out: Row = {"x": name, "c": label, "y": y}
        for short_name, field in (("lo", "value_lower"), ("hi", "value_upper")):
            bound = [b if b is not None else x for b, x in zip(column(realized, field), y, strict=True)]
            if bound != y:
                out[short_name] = bound
        if any(x is not None for x in e):
            out |= {"e": e, "el": column(estimated, "value_lower"), "eh": column(estimated, "value_upper")}
        out["ref"] = one_or_all(column(realized or estimated, "reference_value"))
        at = next((i for i in reversed(range(len(starts))) if mature[i] and y[i] is not None), None)
        out["at"] = at
        if at is not None:
            out["noise"] = n.short(n.as_float(realized[starts[at]].get("noise")), 5)
        last = next((i for i in reversed(range(len(starts))) if mature[i] and starts[i] in realized), None)
        if last is not None and y[last] is None:
            out["why"] = n.as_text(realized[starts[last]].get("reason"))
        return out

    def headline(self, size: int) -> Headline | None:
        """The metric that the page starts with, in the latest window whose labels are final."""
        group = self.total(size)
        if group is None:
            return None
        for m in group["metrics"]:
            at = m["at"]
            if at is None or m["c"] != "all" or m["x"] not in words.FIRST:
                continue
            value = m["y"][at]
            ref = m["ref"][at] if isinstance(m["ref"], list) else m["ref"]
            lower, upper = m.get("lo", m["y"])[at], m.get("hi", m["y"])[at]
            return Headline(m["x"], value, lower, upper, ref, m.get("noise"), self.window(group, at))
        return None

    def window(self, group: Row, at: int) -> str:
        return n.span(n.from_minutes(group["t0"][at]), n.from_minutes(group["t1"][at]), self.view.period)

    def total(self, size: int) -> Row | None:
        groups = [g for g in self.view.payload.get("performance", []) if tuple(g["k"][:3]) == TOTAL]
        return next((g for g in groups if g["k"][3] == size), groups[0] if groups else None)

    def estimate(self, metric: str, size: int) -> tuple[float, float, float, str] | None:
        """The estimate for the latest window that has one, if its labels are not final yet."""
        group = self.total(size)
        if group is None:
            return None
        m = next((m for m in group["metrics"] if m["x"] == metric and m["c"] == "all" and "e" in m), None)
        if m is None:
            return None
        at = next((i for i in reversed(range(len(m["e"]))) if m["e"][i] is not None), None)
        if at is None or group["m"][at] or m["el"][at] is None or m["eh"][at] is None:
            return None
        return m["e"][at], m["el"][at], m["eh"][at], self.window(group, at)

    # -- causes ------------------------------------------------------------------------------------------------------

    def causes(self, alerts: list[Row]) -> None:
        """Give each alert the columns, segments and values that moved it most, with bars."""
        wanted = {n.as_text(a["alert_id"]): a for a in alerts[: self.limits.cause_alerts]}
        if not wanted:
            return
        found: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
        for r in self.w.causes(self.view.name, self.names, sorted(wanted), self.limits.causes):
            if r["monitor"] == self.view.name and r["alert_id"] in wanted:
                found[r["alert_id"]][n.as_text(r["cause_kind"])].append(r)
        self.view.has_causes = bool(found)
        for alert, kinds in found.items():
            wanted[alert]["causes"] = [
                {"title": KINDS.get(kind, kind), "bars": bars(kind, kinds[kind])}
                for kind in (*KINDS, *sorted(set(kinds) - set(KINDS))) if kind in kinds
            ]  # fmt: skip

    # -- concept drift -----------------------------------------------------------------------------------------------

    TARGETS = ("label", "calibration", "loss")
    EFFECTS = ("change", "shares_effect", "shares_noise", "rates_effect", "rates_noise", "shift", "shift_noise",
               "p_value")  # fmt: skip

    def concept(self, grains: list[Grain], columns: int) -> None:
        """The latest window whose labels are final, of as many grains as there is room for."""
        v = self.view
        room = max(1, int(self.limits.concept_rows * self.share // max(1, columns)))
        names = [f"{t}_{e}" for t in self.TARGETS for e in self.EFFECTS]
        means = [f"{p}{t}_mean" for t in self.TARGETS for p in ("", "reference_")]
        rows = self.w.latest(
            "driftline_concept", v.name, self.names, grains[:room] or [TOTAL], grains or [TOTAL],
            ("column_name", "column_role", "row_count", "labelled_row_count", "reason", *names, *means),
            [f"{t}_change" for t in self.TARGETS],
        )  # fmt: skip
        groups: dict[Key, Row] = {}
        for r in rows:
            key, start = (grain_of(r), n.as_int(r["window_periods"])), n.as_datetime(r["window_start"])
            if r["monitor"] != v.name or start is None:
                continue
            group = groups.setdefault(
                key,
                {"k": [*key[0], key[1]], "t0": n.minutes(start),
                 "t1": n.minutes(n.as_datetime(r["window_end"]) or start), "n": 0, "means": {}, "rows": []},
            )  # fmt: skip
            group["n"] = max(group["n"], n.as_int(r.get("labelled_row_count")))
            effects: Row = {}
            for t in self.TARGETS:
                found = [n.short(n.as_float(r.get(f"{t}_{e}")), 4) for e in self.EFFECTS]
                if found[0] is not None:
                    effects[t] = found
                    mean = [n.short(n.as_float(r.get(f"{p}{t}_mean")), 5) for p in ("", "reference_")]
                    group["means"].setdefault(t, mean)
            group["rows"].append([n.as_text(r.get("column_name")), n.as_text(r.get("column_role")), effects,
                                  n.as_text(r.get("reason"))])  # fmt: skip
        budget = self.limits.concept_rows * self.share
        chosen = choose({k: len(g["rows"]) for k, g in groups.items() if g["means"]}, budget)
        if chosen and (len(chosen) < len(groups) or room < len(grains)):
            v.left_out.append("Concept drift of some versions, segments or window sizes: see driftline_concept.")
        for key in chosen:
            groups[key]["rows"].sort()
        v.payload["concept"] = [groups[key] for key in chosen]
        v.has_concept = bool(chosen)

    # -- fairness ----------------------------------------------------------------------------------------------------

    def fairness(self) -> None:
        v = self.view
        rows = self.w.latest(
            "driftline_fairness", v.name, self.names, [], [],
            ("metric", "row_count", "value", "value_lower", "value_upper", "group_count", "excluded_group_count",
             "highest_group", "lowest_group", "noise", "reference_value", "reference_noise", "reason"),
            ["value"], by=("model_version", "segment", "window_periods", "metric"), mature=False,
        )  # fmt: skip
        found: dict[tuple[str, str, int], dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
        for r in rows:
            version, segment, _ = grain_of(r)
            if r["monitor"] == v.name and n.as_datetime(r["window_start"]) is not None and segment != "all":
                found[version, segment, n.as_int(r["window_periods"])][n.as_text(r["metric"])].append(r)
        sizes = {((k[0], k[1], "all"), k[2]): sum(map(len, by.values())) for k, by in found.items()}
        chosen = [(k[0][0], k[0][1], k[1]) for k in choose(sizes, self.limits.fairness_rows * self.share)]
        if len(chosen) < len(found):
            v.left_out.append(
                f"Fairness of {n.plural(len(found) - len(chosen), 'combination')} of version, segment and window size: "
                "see driftline_fairness."
            )
        groups = {k: self.segment(k, found[k]) for k in chosen}
        windows = max(30, min(self.limits.windows, int(self.limits.fairness_rows * self.share // max(1, len(groups)))))
        history = self.w.fairness_history(
            v.name, self.names, [f"{d}_ratio" for d in words.DISPARITIES.values()], windows
        ) if groups else []  # fmt: skip
        for r in sorted(history, key=lambda r: str(r["window_start"])):
            version, segment, _ = grain_of(r)
            found_group = groups.get((version, segment, n.as_int(r["window_periods"])))
            start = n.as_datetime(r["window_start"])
            if r["monitor"] != v.name or found_group is None or start is None:
                continue
            line = found_group["history"].setdefault(n.as_text(r["metric"]), {"t0": [], "y": [], "lo": [], "hi": []})
            line["t0"].append(n.minutes(start))
            for name, column in (("y", "value"), ("lo", "value_lower"), ("hi", "value_upper")):
                line[name].append(n.short(n.as_float(r.get(column)), 4))
        v.payload["fairness"] = [g for g in groups.values() if g["rates"]]
        v.has_fairness = bool(v.payload["fairness"])

    def segment(self, key: tuple[str, str, int], by_metric: dict[str, list[Row]]) -> Row:
        """The groups of one segment: their rates, and how the farthest apart compare."""
        out: Row = {"k": list(key), "rates": [], "whole": {}, "history": {}}
        order = [m for m in (*words.DISPARITIES, *sorted(by_metric)) if m in by_metric]
        columns = ("value", "value_lower", "value_upper", "reference_value")
        for metric in dict.fromkeys(order):
            rows = by_metric[metric]
            start = n.as_datetime(rows[0]["window_start"])
            end = n.as_datetime(rows[0]["window_end"]) or start
            times = {"t0": n.minutes(start), "t1": n.minutes(end)} if start and end else {}
            groups = [
                [grain_of(r)[2], n.as_int(r.get("row_count")),
                 *(n.short(n.as_float(r.get(x)), 5) for x in columns), n.as_text(r.get("reason"))]
                for r in rows if grain_of(r)[2] != "all"
            ]  # fmt: skip
            if groups:
                self.metrics.add(metric)
                out["rates"].append({"x": metric, **times, "groups": sorted(groups)})
            for r in rows:
                if grain_of(r)[2] == "all":
                    told = [n.short(n.as_float(r.get(x)), 5) for x in columns]
                    out["whole"][metric] = {
                        **times, **dict(zip(("y", "lo", "hi", "ref"), told, strict=True)),
                        "high": n.as_text(r.get("highest_group")), "low": n.as_text(r.get("lowest_group")),
                        "excluded": n.as_int(r.get("excluded_group_count")),
                    }  # fmt: skip
        return out

    # -- versions ----------------------------------------------------------------------------------------------------

    def versions(self) -> None:
        """Pairs of versions: how their metrics differ, over all rows so far and in the latest windows."""
        v = self.view
        groups: dict[tuple[Any, ...], Row] = {}
        for r in self.w.comparisons(v.name, self.names):
            start, end = n.as_datetime(r["window_start"]), n.as_datetime(r["window_end"])
            if r["monitor"] != v.name or start is None or end is None:
                continue
            version, segment, value = grain_of(r)
            size = 0 if r["span"] == "cumulative" else n.as_int(r["window_periods"])
            key = (version, n.as_text(r["champion_version"]), segment, value, size)
            group = groups.setdefault(key, {"k": list(key), "rows": [], "history": {}})
            family, metric = n.as_text(r["family"]), n.as_text(r["metric"])
            lower, upper = ("anytime_lower", "anytime_upper") if size == 0 else ("difference_lower", "difference_upper")
            numbers = [
                n.short(n.as_float(r.get(x)), 5)
                for x in ("value", "champion_value", "difference", lower, upper, "row_count", "champion_row_count",
                          "rows_needed")
            ]  # fmt: skip
            group["rows"].append(
                [family, metric, n.minutes(start), n.minutes(end), *numbers, n.as_text(r.get("verdict")),
                 n.as_text(r.get("reason")), counted_in(family, metric)]
            )  # fmt: skip
            if family != "business":
                self.metrics.add(metric)
        ordered = sorted(groups, key=lambda k: (k[2] != "all", k[4], k))
        room = int(self.limits.comparison_rows * self.share)
        chosen: list[tuple[Any, ...]] = []
        for key in ordered:
            room -= len(groups[key]["rows"])
            if room >= 0 or not chosen:
                chosen.append(key)
        if len(chosen) < len(ordered):
            v.left_out.append("Comparisons of versions in some segments and windows: see driftline_comparisons.")
        for key in chosen:
            groups[key]["rows"].sort(key=lambda r: (r[0] == "business", *words.place(r[1])))
        v.payload["versions"] = [groups[key] for key in chosen]
        v.has_versions = bool(chosen)
        if not chosen:
            return
        history = self.w.comparison_history(v.name, self.names, self.limits.windows)
        for r in sorted(history, key=lambda r: str(r["window_end"])):
            end, grain = n.as_datetime(r["window_end"]), grain_of(r)
            pair = groups.get((grain[0], n.as_text(r["champion_version"]), *grain[1:], 0))
            if r["monitor"] != v.name or end is None or pair is None:
                continue
            line = pair["history"].setdefault(f"{r['family']} {r['metric']}", {"t0": [], "y": [], "lo": [], "hi": []})
            line["t0"].append(n.minutes(end))
            for name, column in (("y", "difference"), ("lo", "anytime_lower"), ("hi", "anytime_upper")):
                line[name].append(n.short(n.as_float(r.get(column)), 4))

    # -- changes -----------------------------------------------------------------------------------------------------

    def changes(self) -> None:
        """The series that have left what their own past lets expect: charts of the clearest, the others in a table."""
        v = self.view
        standing = [r for r in self.w.changes(v.name, self.names) if r["monitor"] == v.name]
        found = []
        for r in standing:
            up, down, limit = (n.as_float(r[x]) for x in ("cusum_up", "cusum_down", "cusum_limit"))
            height = max(up or 0.0, down or 0.0)
            if limit is not None and height > limit > 0 and n.as_datetime(r["change_start"]) is not None:
                found.append((r, height / limit))
        if not found:
            many = n.plural(len(standing), "series", "series")
            v.changes_note = f"None of {many} has left what its own past lets expect." if standing else ""
            return
        weight = {"performance": 0, "business": 1}
        found.sort(key=lambda x: (rank((grain_of(x[0]), 0)), weight.get(x[0]["family"], 2), -x[1], series_of(x[0])))
        shown = found[: max(1, int(self.limits.change_rows * self.share))]
        if len(shown) < len(found):
            v.left_out.append(f"{n.plural(len(found) - len(shown), 'change')} beyond the first: see driftline_changes.")
        drawn: Counter[Grain] = Counter()
        out: dict[tuple[str, ...], Row] = {}
        for r, _ in shown:
            grain = grain_of(r)
            drawn[grain] += 1
            family, metric, column = (n.as_text(r[x]) for x in ("family", "metric", "column_name"))
            out[series_of(r)] = {
                "k": [*grain, n.as_int(r["window_periods"])], "family": family, "metric": metric,
                "name": words.series(family, metric, column),
                "share": family != "business" and words.metric(metric).share,
                "since": n.minutes(n.as_datetime(r["change_start"]) or datetime(1970, 1, 1)),
                "up": (n.as_float(r["cusum_up"]) or 0) >= (n.as_float(r["cusum_down"]) or 0),
                "before": n.short(n.as_float(r.get("level_before")), 5),
                "after": n.short(n.as_float(r.get("level_after")), 5),
                "trend": n.short(n.as_float(r.get("trend")), 4), "p": n.short(n.as_float(r.get("trend_p_value")), 3),
                "limit": n.short(n.as_float(r["cusum_limit"]), 4),
                "drawn": drawn[grain] <= self.limits.change_charts,
            }  # fmt: skip
        lines = {k: c | {"t0": [], "t1": [], "y": [], "x": [], "s": [], "c": []} for k, c in out.items() if c["drawn"]}
        history = self.w.change_history(
            v.name, self.names, sorted({k[-2] for k in lines}), sorted({k[-1] for k in lines}), self.limits.windows
        )  # fmt: skip
        for r in sorted(history, key=lambda r: str(r["window_start"])):
            start, end = n.as_datetime(r["window_start"]), n.as_datetime(r["window_end"])
            line = lines.get(series_of(r))
            if line is None or start is None:
                continue
            line["t0"].append(n.minutes(start))
            line["t1"].append(n.minutes(end or start))
            line["y"].append(n.short(n.as_float(r.get("value")), 5))
            line["x"].append(n.short(n.as_float(r.get("expected")), 5))
            line["s"].append(n.short(n.as_float(r.get("scale")), 3))
            line["c"].append(n.short(highest(r.get("cusum_up"), r.get("cusum_down")), 3))
        v.payload["changes"] = list((out | lines).values())
        v.has_changes = True


def series_of(row: Row) -> tuple[str, ...]:
    return tuple(n.as_text(row[x]) for x in Warehouse.SERIES)


def highest(*values: Any) -> float | None:
    known = [v for v in map(n.as_float, values) if v is not None]
    return max(known) if known else None
