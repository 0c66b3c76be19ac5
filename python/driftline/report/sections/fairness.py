"""Groups of a segment against each other: their rates, and how the farthest apart compare."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from .. import numbers as n
from .. import words
from ..section import Section
from ..shapes import choose
from ..warehouse import Row, grain_of, literal


class Fairness(Section):
    id = "fairness"
    title = "Fairness"
    panel = """
<section class="panel" data-part="fairness" aria-labelledby="fairness-{{ v.index }}">
  <div class="panel-head">
    <h3 id="fairness-{{ v.index }}">Fairness</h3>
    <div class="inline-controls">
      <label>Groups by <select data-control="fair-segment"></select></label>
      <label>Measure <select data-control="fair-rate"></select></label>
    </div>
  </div>
  <p class="notice" data-slot="fairness-note" hidden></p>
  <div data-with>
    <p class="facts" data-slot="fairness-facts" aria-live="polite"></p>
    <p class="keys" data-slot="fairness-keys"></p>
    <div class="scroll" tabindex="0" role="region" aria-labelledby="fairness-{{ v.index }}"
      data-slot="fairness-table"></div>
    <figure data-slot="fairness-over-time" class="after-chart">
      <figcaption data-slot="fairness-ratio-title"></figcaption>
      <div class="chart" data-slot="fairness-ratio" role="img"></div>
      <details data-slot="fairness-numbers"><summary>All windows as a table</summary>
      <div class="scroll high" tabindex="0" role="region"
        aria-label="Lowest rate as a share of the highest, of all windows"></div></details></figure>
  </div>
</section>
"""

    def read(self, known: Any) -> bool:
        rows = self.latest(
            "driftline_fairness",
            ("metric", "row_count", "value", "value_lower", "value_upper", "group_count", "excluded_group_count",
             "highest_group", "lowest_group", "noise", "reference_value", "reference_noise", "reason"),
            ["value"], by=("model_version", "segment", "window_periods", "metric"), mature=False,
        )  # fmt: skip
        found: dict[tuple[str, str, int], dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
        for r in rows:
            version, segment, _ = grain_of(r)
            if n.as_datetime(r["window_start"]) is not None and segment != "all":
                found[version, segment, n.as_int(r["window_periods"])][n.as_text(r["metric"])].append(r)
        sizes = {((k[0], k[1], "all"), k[2]): sum(map(len, by.values())) for k, by in found.items()}
        chosen = [(k[0][0], k[0][1], k[1]) for k in choose(sizes, self.limits.fairness_rows * self.share)]
        if len(chosen) < len(found):
            self.left_out(
                f"Fairness of {n.plural(len(found) - len(chosen), 'combination')} of version, segment and window size: "
                "see driftline_fairness."
            )
        groups = {k: self.segment(k, found[k]) for k in chosen}
        windows = max(30, min(self.limits.windows, int(self.limits.fairness_rows * self.share // max(1, len(groups)))))
        history = self.history(windows) if groups else []
        for r in sorted(history, key=lambda r: str(r["window_start"])):
            version, segment, _ = grain_of(r)
            found_group = groups.get((version, segment, n.as_int(r["window_periods"])))
            start = n.as_datetime(r["window_start"])
            if found_group is None or start is None:
                continue
            line = found_group["history"].setdefault(n.as_text(r["metric"]), {"t0": [], "y": [], "lo": [], "hi": []})
            line["t0"].append(n.minutes(start))
            for name, column in (("y", "value"), ("lo", "value_lower"), ("hi", "value_upper")):
                line[name].append(n.short(n.as_float(r.get(column)), 4))
        shown = [g for g in groups.values() if g["rates"]]
        self.view.payload["fairness"] = shown
        return bool(shown)

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
                self.view.metrics.add(metric)
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

    def history(self, windows: int) -> list[Row]:
        """How the groups of a segment compare as a whole, over time."""
        table, keys = "driftline_fairness", "model_version, segment, window_periods"
        wanted = self.w.pick(table, "value_lower", "value_upper")
        ratios = ", ".join(literal(f"{d}_ratio") for d in words.DISPARITIES.values())
        return self.rows(
            table,
            f"select {', '.join(('monitor', keys, 'segment_value', 'metric', 'window_start', 'value', *wanted))} "
            f"from (select t.*, dense_rank() over (partition by {keys} order by window_start desc) as recency "
            f"from {{table}} t where is_complete and value is not null and segment_value = 'all' "
            f"and metric in ({ratios}) and {self.mine}) f "
            f"where recency <= {windows}",
        )
