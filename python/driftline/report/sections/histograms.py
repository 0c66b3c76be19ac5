"""One column in detail: its bins in a window over the reference, its distance over time, and the others that moved."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .. import numbers as n
from ..section import Section
from ..warehouse import GRAIN, Grain, Row, any_grain, grain_of, literal, one_of

SPECIAL = {
    -3: "null", -2: "nan", -1: "negative_infinity", 10000: "positive_infinity", 10001: "beyond_top", 10002: "unseen"
}  # fmt: skip


def binned(prefix: str = "") -> str:
    """The state rows that count the values of a column into its bins."""
    return f"{prefix}column_role in ('feature', 'prediction', 'label') and {prefix}bin >= -3 and {prefix}bin <= 10002"


def counted(prefix: str = "") -> str:
    """The same, without the rows of a reference relation, which are in no window."""
    return f"{prefix}source = 'relation' and {binned(prefix)}"


class Histograms(Section):
    id = "detail"
    panel = """
<section class="panel" data-part="detail" aria-labelledby="detail-{{ v.index }}">
  <div class="panel-head">
    <h3 id="detail-{{ v.index }}">One column in detail</h3>
    <div class="inline-controls">
      <label>Column <select data-control="column"></select></label>
      <label>Window <select data-control="window"></select></label>
      <label>Beside <select data-control="second"></select></label>
    </div>
  </div>
  <p class="facts" data-slot="detail-facts" aria-live="polite"></p>
  <p class="facts" data-slot="second-facts" aria-live="polite" hidden></p>
  <div class="pair">
    {% for which in ("detail", "second") %}
    <figure{{ " data-second hidden" if which == "second" else "" }}>
      <figcaption><span data-slot="{{ which }}-name">Share of rows per bin</span>
      <span class="keys"><span class="key reference">reference</span>
        <span class="key current">this window</span></span></figcaption>
      <p class="notice" data-slot="{{ which }}-note" hidden></p>
      <div class="chart tall" data-slot="{{ which }}-histogram" role="img"
        aria-label="Bins of the {{ "second" if which == "second" else "chosen" }} column"></div>
      <details data-slot="{{ which }}-numbers"><summary>All bins as a table</summary>
      <div class="scroll high" tabindex="0" role="region"
        aria-label="Bins of the {{ "second" if which == "second" else "chosen" }} column"></div></details></figure>
    {% endfor %}
    {% for which in ("detail", "second") %}
    <figure{{ " data-second hidden" if which == "second" else "" }}>
      <figcaption><span data-slot="{{ which }}-trend-name">PSI over time</span>
      <span class="keys"><span class="key current line">value</span>
        <span class="key noise line">noise</span></span></figcaption>
      <div class="chart tall" data-slot="{{ which }}-trend" role="img"
        aria-label="Course of the {{ "second" if which == "second" else "chosen" }} column"></div></figure>
    {% endfor %}
  </div>
</section>

<section class="panel" data-part="worst" aria-labelledby="worst-{{ v.index }}">
  <div class="panel-head">
    <h3 id="worst-{{ v.index }}">Other columns that moved most</h3>
    <span class="keys"><span class="key reference">reference</span>
      <span class="key current">latest complete window</span></span>
  </div>
  <div class="cards" data-slot="worst"></div>
</section>
"""

    def read(self, known: Any) -> bool:
        v, limits, grid, base = self.view, self.limits, self.view.grid, self.view.grid.base
        if base is None:
            return False
        if not self.w.has("driftline_state"):
            return True
        bins: dict[int, list[list[Any]]] = defaultdict(list)
        for r in self.bins():
            c = grid.index(r)
            if c is not None:
                bins[c].append([n.as_int(r["bin"]), n.as_text(r["bin_kind"]), n.as_text(r["bin_label"]), *edges(r)])
        ranked = [x[2] for x in grid.ranking()]
        wanted: list[int] = []
        alerting = [a["column_name"] for a in v.alerts if a["status"] == "open" and a["family"] == "drift"]
        by_name = {name: i for (name, _), i in reversed(grid.columns.items())}
        for i in [*ranked[:6], *(by_name[a] for a in alerting if a in by_name), *grid.often(), *ranked]:
            if i not in wanted and len(wanted) < limits.histogram_columns:
                wanted.append(i)
        grains = list(dict.fromkeys(tuple(s["k"][:3]) for s in grid.slices if s["k"][4] == base["k"][4]))
        per_column = max(1, min(sum(min(len(bins[c]), limits.categories + 9) for c in wanted), 10_000))
        budget = limits.histogram_numbers * self.share
        periods = self.periods()
        depth = int(min(periods, limits.windows + 31, max(31, budget // per_column)))
        room = max(1, int(budget // max(1, per_column * depth)))
        deep = grains[:room]
        named = list(grid.columns)
        latest: dict[tuple[Any, ...], dict[int, dict[int, float]]] = {}
        history: dict[Grain, dict[int, dict[tuple[int, int], float]]] = {}
        reference: dict[Grain, dict[int, dict[int, float]]] = {}
        base_grains = {(s["v"], s["k"][1], s["k"][2]) for s in grid.slices} | set(grains)
        for r in self.reference(sorted(base_grains)):
            c = grid.index(r)
            if c is not None and grain_of(r) in base_grains:
                per = reference.setdefault(grain_of(r), {}).setdefault(c, defaultdict(float))
                per[n.as_int(r["bin"])] += n.as_float(r["weight"]) or 0
        for r in self.latest_counts(grains):
            c, start = grid.index(r), n.as_datetime(r["window_start"])
            if c is not None and start is not None and grain_of(r) in grains:
                key = (*grain_of(r), n.as_int(r["window_periods"]), n.minutes(start))
                per = latest.setdefault(key, {}).setdefault(c, defaultdict(float))
                per[n.as_int(r["bin"])] += n.as_float(r["weight"]) or 0
        for r in self.history({named[i][0] for i in wanted}, {name for name, _ in named}, deep, depth):
            c, start = grid.index(r), n.as_datetime(r["period_start"])
            if c in wanted and start is not None and grain_of(r) in deep:
                cell = history.setdefault(grain_of(r), {}).setdefault(c, defaultdict(float))
                cell[n.minutes(start), n.as_int(r["bin"])] += n.as_float(r["weight"]) or 0
        total = tuple(base["k"][:3])
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
        if len(wanted) < len(grid.columns):
            self.left_out(
                f"Histograms of earlier windows are here for {n.plural(len(wanted), 'column')}, those that moved most; "
                "of the latest complete window for all."
            )
        if len(deep) < len(grains):
            self.left_out(
                f"Histograms of earlier windows are here for {len(deep)} of {len(grains)} combinations of version and "
                "segment."
            )
        return True

    def shown_bins(
        self,
        c: int,
        bins: list[list[Any]],
        reference: dict[int, float],
        latest: dict[tuple[Any, ...], dict[int, dict[int, float]]],
        total: tuple[Any, ...],
    ) -> tuple[list[list[Any]], dict[int, int]]:
        """The bins of a column as drawn (kind, label, lower, upper, number), and where each number of a bin goes."""
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
        if self.view.grid.kinds[c] == "categorical":
            inner.sort(key=lambda b: (-seen[b[0]], b[0]))
            if len(inner) > self.limits.categories + 1:
                inner, rest = inner[: self.limits.categories], inner[self.limits.categories :]
        for i, b in enumerate(inner):
            places[b[0]] = len(layout)
            following = inner[i + 1] if i + 1 < len(inner) else None
            # Before a value that has a bin of its own, a range ends just below that value.
            if b[1] == "range" and following is not None and following[3] == following[4] and same(b[4], following[4]):
                layout.append(["under", "", b[3], following[4], b[0]])
            else:
                layout.append([b[1], b[2][:200], b[3], b[4], b[0]])
        if rest:
            for b in rest:
                places[b[0]] = len(layout)
            layout.append(["rest", str(len(rest)), None, None, None])
        for b in special:
            places[b[0]] = len(layout)
            layout.append([b[1], "", None, None, b[0]])
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

    # -- what it reads -----------------------------------------------------------------------------------------------

    def bins(self) -> list[Row]:
        return self.rows(
            "driftline_bins",
            "select monitor, column_name, column_role, column_kind, bin, bin_kind, bin_label, bin_lower, bin_upper "
            f"from {{table}} where {self.mine} and {binned()} order by column_name, column_role, bin",
        )

    def periods(self) -> int:
        rows = self.rows(
            "driftline_state",
            "select monitor, count(distinct period_start) as periods from {table} "
            f"where {self.mine} and {counted()} group by monitor",
        )
        return max((int(r["periods"]) for r in rows), default=0)

    def history(
        self, columns: Iterable[str], all_columns: Iterable[str], grains: Sequence[Grain], periods: int
    ) -> list[Row]:
        """Counts per period and bin of a few columns; the browser adds up the periods of a window."""
        where = f"{self.mine} and {counted()}"
        return self.binned_rows(
            grains,
            lambda version, condition: (
                f"select monitor, {version} as model_version, segment, segment_value, column_name, column_role, bin, "
                f"period_start, sum(weight_sum) as weight from {{table}} where {where} "
                f"and {one_of('column_name', columns, all_columns)} and {condition} "
                f"and period_start >= (select min(period_start) from (select distinct period_start from {{table}} "
                f"where {where} order by period_start desc limit {periods}) p) "
                "group by monitor, {versions}segment, segment_value, column_name, column_role, bin, period_start"
            ),
        )

    def reference(self, grains: Sequence[Grain]) -> list[Row]:
        return self.binned_rows(
            grains,
            lambda version, condition: (
                f"select monitor, {version} as model_version, segment, segment_value, column_name, column_role, bin, "
                "sum(weight_sum) as weight from {table} where in_reference "
                f"and {self.mine} and {binned()} and {condition} "
                "group by monitor, {versions}segment, segment_value, column_name, column_role, bin"
            ),
        )

    def latest_counts(self, grains: Sequence[Grain]) -> list[Row]:
        """The bins of every column in the latest complete window with rows, for each window size."""
        if not self.w.has("driftline_drift"):
            return []
        keys = ", ".join(("monitor", *GRAIN, "window_periods"))
        drift = self.w.relations["driftline_drift"]

        def statement(version: str, condition: str) -> str:
            total = version != "model_version"
            return (
                f"select s.monitor, {version if total else 's.model_version'} as model_version, s.segment, "
                "s.segment_value, w.window_periods, w.window_start, s.column_name, s.column_role, s.bin, "
                f"sum(s.weight_sum) as weight from {{table}} s join (select {keys}, "
                f"max(window_start) as window_start, max(window_end) as window_end from {drift} where is_complete "
                f"and row_count > 0 and {self.mine} and {condition} "
                f"and {'model_version = ' + literal('all') if total else '1 = 1'} group by {keys}) w "
                "on s.monitor = w.monitor and s.segment = w.segment and s.segment_value = w.segment_value "
                f"{'' if total else 'and s.model_version = w.model_version '}"
                "and s.period_start >= w.window_start and s.period_start < w.window_end "
                f"where {counted('s.')} and {one_of('s.monitor', [self.view.name], self.names)} "
                f"group by s.monitor, {'' if total else 's.model_version, '}s.segment, s.segment_value, "
                "w.window_periods, w.window_start, s.column_name, s.column_role, s.bin"
            )

        return self.binned_rows(grains, statement)

    def binned_rows(self, grains: Sequence[Grain], statement: Callable[[str, str], str]) -> list[Row]:
        """State is kept per version; the total is the sum over all of them, so it takes a statement of its own."""
        found: list[Row] = []
        known = self.view.grid.grains
        totals = [g for g in grains if g[0] == "all"]
        if totals:
            condition = any_grain(
                [g[1:] for g in totals], GRAIN[1:], list({g[1:]: None for g in known})
            )  # fmt: skip
            found += self.rows("driftline_state", statement("'all'", condition).replace("{versions}", ""))
        single = [g for g in grains if g[0] != "all"]
        if single:
            sql = statement("model_version", any_grain(single, GRAIN, known))
            rows = self.rows("driftline_state", sql.replace("{versions}", "model_version, "))
            found += [r for r in rows if r["model_version"] != "all"]
        return found


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
