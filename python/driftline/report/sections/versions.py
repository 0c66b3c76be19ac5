"""Versions of the model against each other."""

from __future__ import annotations

from typing import Any

from driftline.compare import counted_in

from .. import numbers as n
from .. import words
from ..section import Section
from ..warehouse import GRAIN, Row, grain_of


class Versions(Section):
    id = "versions"
    title = "Versions"
    panel = """
<section class="panel" data-part="versions" aria-labelledby="versions-{{ v.index }}">
  <div class="panel-head">
    <h3 id="versions-{{ v.index }}">Versions compared</h3>
    <div class="inline-controls">
      <label>Versions <select data-control="versions-pair"></select></label>
      <label>Over <select data-control="versions-span"></select></label>
    </div>
  </div>
  <p class="notice" data-slot="versions-note" hidden></p>
  <div data-with>
    <p class="facts" data-slot="versions-facts" aria-live="polite"></p>
    <p class="hint">Each bar is on its own scale around no difference: clear of the middle line, the difference is
      more than chance. The interval over all rows so far holds however often one looks.</p>
    <div class="scroll" tabindex="0" role="region" aria-labelledby="versions-{{ v.index }}"
      data-slot="versions-table"></div>
    <figure data-slot="versions-over-time" class="after-chart">
      <figcaption><span>Difference over all rows so far, and its interval</span>
        <label>Metric <select data-control="versions-metric"></select></label></figcaption>
      <div class="chart" data-slot="versions-history" role="img"></div>
      <details data-slot="versions-numbers"><summary>All of it as a table</summary>
      <div class="scroll high" tabindex="0" role="region"
        aria-label="Difference so far, at the end of each period"></div></details></figure>
  </div>
</section>
"""

    def read(self, known: Any) -> bool:
        """Pairs of versions: how their metrics differ, over all rows so far and in the latest windows."""
        groups: dict[tuple[Any, ...], Row] = {}
        for r in self.comparisons():
            start, end = n.as_datetime(r["window_start"]), n.as_datetime(r["window_end"])
            if start is None or end is None:
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
                self.view.metrics.add(metric)
        ordered = sorted(groups, key=lambda k: (k[2] != "all", k[4], k))
        room = int(self.limits.comparison_rows * self.share)
        chosen: list[tuple[Any, ...]] = []
        for key in ordered:
            room -= len(groups[key]["rows"])
            if room >= 0 or not chosen:
                chosen.append(key)
        if len(chosen) < len(ordered):
            self.left_out("Comparisons of versions in some segments and windows: see driftline_comparisons.")
        for key in chosen:
            groups[key]["rows"].sort(key=lambda r: (r[0] == "business", *words.place(r[1])))
        self.view.payload["versions"] = [groups[key] for key in chosen]
        if not chosen:
            return False
        for r in sorted(self.history(), key=lambda r: str(r["window_end"])):
            end, grain = n.as_datetime(r["window_end"]), grain_of(r)
            pair = groups.get((grain[0], n.as_text(r["champion_version"]), *grain[1:], 0))
            if end is None or pair is None:
                continue
            line = pair["history"].setdefault(f"{r['family']} {r['metric']}", {"t0": [], "y": [], "lo": [], "hi": []})
            line["t0"].append(n.minutes(end))
            for name, column in (("y", "difference"), ("lo", "anytime_lower"), ("hi", "anytime_upper")):
                line[name].append(n.short(n.as_float(r.get(column)), 4))
        return True

    def comparisons(self) -> list[Row]:
        """How versions compare at last: per pair, segment, span and metric the latest window with final labels."""
        table = "driftline_comparisons"
        if not self.w.columns(table) >= {"champion_version", "span", "family", "metric", "difference", *GRAIN}:
            return []
        wanted = self.w.pick(
            table, "value", "champion_value", "difference_lower", "difference_upper", "anytime_lower",
            "anytime_upper", "row_count", "champion_row_count", "common_periods", "rows_needed", "verdict", "reason",
            "higher_is_better",
        )  # fmt: skip
        final = "case when is_mature then 0 else 1 end, " if "is_mature" in self.w.columns(table) else ""
        return self.rows(
            table,
            f"select monitor, {', '.join(GRAIN)}, window_periods, champion_version, span, family, metric, "
            f"window_start, window_end, difference, {', '.join(wanted)} from (select t.*, row_number() over ("
            f"partition by {', '.join(GRAIN)}, champion_version, span, family, metric, "
            f"case when span = 'cumulative' then 0 else window_periods end order by {final}window_end desc) as place "
            f"from {{table}} t where is_complete and {self.mine}) c where place = 1",
        )

    def history(self) -> list[Row]:
        """What was known of the difference of two versions at the end of each period, over all rows."""
        table = "driftline_comparisons"
        wanted = self.w.pick(table, "anytime_lower", "anytime_upper")
        final = "and is_mature " if "is_mature" in self.w.columns(table) else ""
        columns = ("monitor", *GRAIN, "champion_version", "family", "metric", "window_end", "difference", *wanted)
        return self.rows(
            table,
            f"select {', '.join(columns)} from (select t.*, dense_rank() over (partition by model_version, "
            f"champion_version order by window_end desc) as recency from {{table}} t where is_complete {final}"
            f"and span = 'cumulative' and segment = 'all' and difference is not null "
            f"and {self.mine}) c where recency <= {self.limits.windows}",
        )
