"""How good the model is, by its labels and by estimates without them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .. import numbers as n
from .. import words
from ..section import Section
from ..shapes import Key, Tile, Told, choose, counted_by_key, rank
from ..warehouse import GRAIN, TOTAL, Grain, Row, Warehouse, any_grain, grain_of


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


class Performance(Section):
    id = "performance"
    title = "Performance"
    heading = "Model performance"
    told_at = 2
    panel = """
<section class="panel" data-part="performance" aria-labelledby="performance-{{ v.index }}">
  <div class="panel-head">
    <h3 id="performance-{{ v.index }}">Model performance</h3>
    <div class="inline-controls">
      <label>Metric <select data-control="model-metric"></select></label>
      <label>Class <select data-control="model-class"></select></label>
    </div>
  </div>
  <p class="notice" data-slot="performance-note" hidden></p>
  <div data-with>
    <p class="facts" data-slot="performance-facts" aria-live="polite"></p>
    <p class="keys" data-slot="performance-keys"></p>
    <div class="chart tall" data-slot="performance" role="img"></div>
    <details data-slot="performance-numbers"><summary>All windows as a table</summary>
    <div class="scroll high" tabindex="0" role="region" aria-label="All windows of the chosen metric"></div></details>
    <h4 class="after-chart">All metrics</h4>
    <p class="hint" data-slot="performance-hint"></p>
    <div class="scroll" tabindex="0" role="region" aria-labelledby="performance-{{ v.index }}"
      data-slot="performance-table"></div>
    <button type="button" class="more" data-slot="performance-more" hidden></button>
    <p class="hint" data-slot="performance-why"></p>
  </div>
</section>
"""

    @classmethod
    def survey(cls, warehouse: Warehouse) -> dict[str, Any]:
        if not warehouse.columns("driftline_performance") >= {"metric", "basis", "value", *GRAIN}:
            return {}
        keys = ", ".join(("monitor", *GRAIN, "window_periods"))
        return counted_by_key(
            warehouse.rows(
                "driftline_performance",
                f"select {keys}, count(*) as rows_seen from {{table}} where is_complete group by {keys}",
            )
        )

    def read(self, known: Any) -> bool:
        v, known = self.view, known or {}
        v.labelled = list(dict.fromkeys(k[0] for k in sorted(known, key=rank)))
        chosen = choose(known, self.limits.performance_rows * self.share)
        if not chosen:
            return False
        dropped = sorted(set(known) - set(chosen), key=rank)
        if dropped:
            self.left_out(
                f"Model performance of {n.plural(len(dropped), 'combination')} of version, segment and window size: "
                "see driftline_performance."
            )
        v.payload["performance_dropped"] = [[*g, size] for g, size in dropped]
        rows: dict[Key, list[Row]] = defaultdict(list)
        for r in self.values(chosen, sorted({g for g, _ in known})):
            key = (grain_of(r), n.as_int(r["window_periods"]))
            r["window_start"] = n.as_datetime(r["window_start"])
            if r["window_start"] is not None and key in chosen:
                rows[key].append(r)
        groups = [self.group(key, rows[key]) for key in chosen if key in rows]
        groups = [g for g in groups if g["metrics"]]
        v.payload["performance"] = groups
        shown = {m["x"] for g in groups for m in g["metrics"] if any(y is not None for y in m["y"])}
        v.payload["lead"] = next((x for x in words.FIRST if x in shown), None)
        if not groups and rows:
            reasons = Counter(n.as_text(r.get("reason")) for rs in rows.values() for r in rs if r.get("reason"))
            self.note = f"Nothing yet: {reasons.most_common(1)[0][0]}." if reasons else ""
        return bool(groups)

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
                self.view.metrics.add(name)
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

    def values(self, chosen: Sequence[Key], known: Sequence[Grain]) -> list[Row]:
        """Every metric of the latest windows: what was realized, what was estimated."""
        table, keys = "driftline_performance", ", ".join((*GRAIN, "window_periods"))
        sizes = ", ".join(map(str, sorted({size for _, size in chosen})))
        wanted = self.w.pick(
            table, "class_name", "is_mature", "row_count", "labelled_share", "value", "value_lower", "value_upper",
            "reference_value", "noise", "reason",
        )  # fmt: skip
        return self.rows(
            table,
            f"select monitor, {keys}, metric, basis, window_start, window_end, {', '.join(wanted)} from ("
            f"select t.*, dense_rank() over (partition by {keys} order by window_start desc) as recency "
            f"from {{table}} t where is_complete and {self.mine} and window_periods in ({sizes}) "
            f"and {any_grain(sorted({g for g, _ in chosen}), GRAIN, known)}) p "
            f"where recency <= {self.limits.windows}",
        )

    # -- at a glance -------------------------------------------------------------------------------------------------

    def tell(self, size: int) -> Told:
        """Is the model still good?"""
        h = self.headline(size)
        if h is None:
            return Told()
        about = words.metric(h.metric)
        write = n.percent if about.share else n.number
        value = write(h.value) if h.lower == h.upper else f"between {write(h.lower)} and {write(h.upper)}"
        verdict = {
            "better": "better by more than its noise", "worse": "worse by more than its noise",
            "moved": "another by more than its noise", "within": "no difference beyond its noise",
        }.get(h.verdict, "")  # fmt: skip
        details = [h.window] + ([f"{write(h.reference)} in the reference"] if h.reference is not None else [])
        state = {"worse": "warn", "better": "quiet"}.get(h.verdict, "")
        tile = Tile(about.label, write(h.value), [*details, *([verdict] if verdict else [])], state)
        told = f"{about.label} was {value} in the latest window with final labels ({h.window})"
        if h.reference is not None:
            told += f", {write(h.reference)} in the reference" + (f": {verdict}" if verdict else "")
        sentences = [f"{told}."]
        estimate = self.estimate(h.metric, size)
        if estimate is not None:
            middle, low, high, when = estimate
            sentences.append(
                f"For {when}, whose labels are still to come, it is estimated at {write(middle)} "
                f"({write(low)} to {write(high)})."
            )
        return Told([tile], sentences=sentences)


def one_or_all(values: list[Any]) -> Any:
    """A list whose known values are all the same travels as that value."""
    known = {v for v in values if v is not None}
    return values if len(known) > 1 else known.pop() if known else None
