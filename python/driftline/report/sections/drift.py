"""Drift of each column in each window: the heat map, and what it says at a glance."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .. import numbers as n
from ..section import Section
from ..shapes import SCALE, Column, Tile, Told, highest, scaled
from ..warehouse import GRAIN, TOTAL, Grain, Row, Warehouse, any_grain, grain_of, one_of


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


@dataclass(frozen=True)
class Known:
    slices: list[Slice]
    thresholds: dict[str, list[float]]  # of the two distances: warn and critical


class Drift(Section):
    id = "heat"
    title = "Drift"
    told_at = 1
    panel = """
<section class="panel" data-part="heat" aria-labelledby="heat-{{ v.index }}">
  <div class="panel-head">
    <h3 id="heat-{{ v.index }}">Drift by column and window</h3>
    <div class="inline-controls">
      <label>Measure <select data-control="metric"><option value="psi">PSI</option>
        <option value="ratio">PSI over its noise</option><option value="ks">KS</option></select></label>
      <label>Columns <select data-control="rows"></select></label>
      <label>Order <select data-control="order"><option value="latest">worst in the latest window</option>
        <option value="often">worst over time</option><option value="name">by name</option></select></label>
      <label>Span <select data-control="span"></select></label>
    </div>
  </div>
  <div class="legend" data-slot="legend"></div>
  <p class="notice" data-slot="heat-note" hidden></p>
  <div class="heat-box" data-slot="heat-box" tabindex="0" role="application" aria-roledescription="heat map"
    aria-label="Cells by column and window. Left and right choose a window, up and down a column, Home and End the first
      and the last window, Enter goes to the details."><div class="chart" data-slot="heat" role="img"></div>
    <div class="heat-mark" data-slot="heat-mark" aria-hidden="true" hidden></div></div>
  <p class="unseen" data-slot="heat-told" aria-live="polite"></p>
  <p class="hint">Select a cell to see that window below, with the mouse or the arrow keys.</p>
</section>
"""

    @classmethod
    def survey(cls, warehouse: Warehouse) -> dict[str, Any]:
        """How much drift there is to show: per version, segment, window size and baseline."""
        keys = ", ".join(("monitor", *GRAIN, "window_periods", "baseline"))
        found: dict[str, list[Slice]] = defaultdict(list)
        for r in warehouse.rows(
            "driftline_drift",
            f"select {keys}, count(distinct column_name) as columns_seen, count(distinct window_start) as windows_seen "
            f"from {{table}} where is_complete group by {keys}",
        ):
            found[r["monitor"]].append(
                Slice(grain_of(r), n.as_int(r["window_periods"]), n.as_text(r["baseline"]),
                      n.as_int(r["columns_seen"]), n.as_int(r["windows_seen"]))
            )  # fmt: skip
        levels = thresholds(warehouse)
        return {name: Known(slices, levels) for name, slices in found.items()}

    def read(self, known: Any) -> bool:
        v, grid = self.view, self.view.grid
        v.payload |= {"columns": [], "slices": grid.slices}
        if not known:
            return False
        v.payload["thresholds"] = known.thresholds
        ordered = sorted(known.slices, key=lambda s: s.rank)
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
            self.left_out(f"Heat maps and charts show the latest {keep} windows, driftline_drift has the rest.")
        dropped = [s for s in ordered if s not in chosen]
        if dropped:
            self.left_out(
                f"{n.plural(len(dropped), 'combination')} of version, segment, window size and baseline without a heat "
                f"map here ({len(chosen)} of {len(ordered)} are shown): see driftline_drift."
            )
        grid.grains = sorted({s.grain for s in ordered})
        groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
        wanted = {(s.grain, s.size, s.baseline) for s in chosen}
        for r in self.cells(chosen, keep):
            key = (grain_of(r), n.as_int(r["window_periods"]), n.as_text(r["baseline"]))
            if key in wanted:
                groups[key].append(r)
        kinds: dict[Column, str] = {}
        for group in groups.values():
            for r in group:
                kinds[n.as_text(r["column_name"]), n.as_text(r["column_role"])] = n.as_text(r["column_kind"])
        for i, column in enumerate(sorted(kinds)):
            grid.columns[column] = i
            grid.kinds.append(kinds[column])
        for s in chosen:
            group = groups.get((s.grain, s.size, s.baseline), [])
            if group:
                grid.slices.append(self.encode(s, group))
        v.payload["columns"] = [[name, role, grid.kinds[i]] for (name, role), i in grid.columns.items()]
        v.payload["dropped"] = [[*s.grain, s.size, s.baseline] for s in dropped]
        return bool(grid.slices)

    def cells(self, chosen: Sequence[Slice], windows: int) -> list[Row]:
        keys = ", ".join((*GRAIN, "window_periods", "baseline"))
        sizes = ", ".join(map(str, sorted({s.size for s in chosen})))
        among = any_grain(sorted({s.grain for s in chosen}), GRAIN, self.view.grid.grains)
        # What the judge holds an effect against; tables of an older package have its parts alone.
        noise = self.w.pick("driftline_drift", "psi_noise", "ks_noise")
        waits = self.w.waits("driftline_drift", "is_mature")
        return self.rows(
            "driftline_drift",
            f"select monitor, {keys}, column_name, column_role, column_kind, window_start, window_end, row_count, "
            f"baseline_row_count, baseline_model_version, {', '.join((*noise, 'psi_critical', 'noise_floor'))}, "
            "ks_critical, ks_noise_floor, case when waits = 1 then null else psi end as psi, "
            "case when waits = 1 then null else ks_lower end as ks_lower "
            f"from (select t.*, case when {waits} then 1 else 0 end as waits, "
            f"dense_rank() over (partition by {keys} order by window_start desc) as recency "
            f"from {{table}} t where is_complete and {self.mine} and window_periods in ({sizes}) "
            f"and {one_of('baseline', {s.baseline for s in chosen}, [])} and {among}) d where recency <= {windows}",
        )

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
        size = len(self.view.grid.columns) * len(starts)
        out: dict[str, list[int | None]] = {k: [None] * size for k in ("psi", "pn", "ks", "kn")}
        base = 0
        for r in rows:
            if r["window_start"] not in place:
                continue
            at = self.view.grid.columns[n.as_text(r["column_name"]), n.as_text(r["column_role"])] * len(starts)
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

    # -- at a glance -------------------------------------------------------------------------------------------------

    def windows(self) -> tuple[Row, int] | None:
        base = self.view.grid.base
        return None if base is None else (base, base["k"][3])

    def tell(self, size: int) -> Told:
        v, base, ranked = self.view, self.view.grid.base, self.view.grid.ranking()
        if base is None or not ranked:
            return Told()
        psi, noise, index, beyond = ranked[0]
        name = list(v.grid.columns)[index][0]
        against = "the reference" if base["k"][4] == "reference" else f"the {base['k'][4]} window"
        moved = sum(1 for x in ranked if x[3])
        if not beyond and v.health is not None and v.health.status and not v.health.windows_judged:
            v.worst = "not judged"
            return Told([Tile("Worst column", "not judged", [v.health.not_judged or ""])])
        if not beyond:
            v.worst = "none beyond noise"
            return Told(
                [Tile("Worst column", "none", [f"all {len(ranked)} columns are within their noise"])],
                sentences=[f"No column has moved away from {against} by more than its own noise."],
            )
        factor = f", {n.number(psi / noise)}× its noise" if noise > 0 else ""
        v.worst = f"{name} (PSI {n.number(psi)})"
        sentence = (
            f"{name} has moved most from {against} (PSI {n.number(psi)}{factor}); "
            f"{moved} of {len(ranked)} columns are beyond their noise."
        )
        return Told(
            [Tile("Worst column", name, [f"PSI {n.number(psi)}{factor}"], wide=True)],
            sentences=[sentence, *self.over_time(base, index)],
        )

    def over_time(self, base: Row, latest: int) -> list[str]:
        """The column that moved most over all windows, where it is another than the latest window's."""
        often = self.view.grid.often()
        if not often or often[0] == latest:
            return []
        width = len(base["t0"])
        at = slice(often[0] * width, (often[0] + 1) * width)
        pairs = [
            (p / SCALE, p > (q or 0)) for p, q in zip(base["psi"][at], base["pn"][at], strict=True) if p is not None
        ]
        beyond = sum(1 for _, b in pairs if b)
        if beyond * 4 < len(pairs):
            return []
        middle = sorted(p for p, b in pairs if b)[beyond // 2]
        return [
            f"Over time {list(self.view.grid.columns)[often[0]][0]} has moved most: beyond its noise in {beyond} of "
            f"{n.plural(len(pairs), 'window')}, with a median PSI of {n.number(middle)} in them."
        ]


def thresholds(warehouse: Warehouse) -> dict[str, list[float]]:
    """Warn and critical of the two distances on the heat map: those by which most of what is judged is judged."""
    out = {"psi": [0.1, 0.25], "ks": [0.08, 0.2]}
    for r in warehouse.rows(
        "driftline_latest",
        "select metric, warn, critical, count(*) as judged from {table}"
        " where family = 'drift' and baseline = 'reference' and is_judged and metric in ('psi', 'ks_lower')"
        " group by metric, warn, critical order by judged, warn desc",
    ):
        warn, critical = n.as_float(r["warn"]), n.as_float(r["critical"])
        if warn is not None and critical is not None and 0 < warn < critical:
            out["psi" if r["metric"] == "psi" else "ks"] = [warn, critical]
    return out


def judged_noise(row: Row, name: str, *parts: str) -> float | None:
    """What the judge holds a distance against; of a table without it, the larger of its parts."""
    return n.as_float(row[name]) if name in row else highest(*(row[part] for part in parts))
