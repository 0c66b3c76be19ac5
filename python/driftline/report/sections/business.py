"""The metrics of the business, as the monitor declares them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from .. import numbers as n
from ..section import Section
from ..shapes import Key, Tile, Told, counted_by_key
from ..warehouse import GRAIN, TOTAL, Grain, Row, Warehouse, any_grain, grain_of


class Business(Section):
    id = "business"
    title = "Business metrics"
    told_at = 3
    panel = """
<section class="panel" data-part="business" aria-labelledby="business-{{ v.index }}">
  <h3 id="business-{{ v.index }}">Business metrics</h3>
  <p class="hint">The band is the trailing mean, two standard deviations to each side; the dashed line is the reference.
    Windows in alert are marked.</p>
  <div class="cards two" data-slot="business"></div>
</section>
"""

    @classmethod
    def survey(cls, warehouse: Warehouse) -> dict[str, Any]:
        keys = ", ".join(("monitor", *GRAIN, "window_periods"))
        return counted_by_key(
            warehouse.rows(
                "driftline_business",
                f"select {keys}, count(*) as rows_seen from {{table}} where is_complete group by {keys}",
            )
        )

    def read(self, known: Any) -> bool:
        self.series: list[Row] = []
        known = known or {}
        ordered = sorted(known, key=lambda k: (k[0] != TOTAL, k[0][1] != "all", k[1], k[0]))
        budget = self.limits.business_rows * self.share
        chosen: list[Key] = []
        size = 0.0
        for key in ordered:
            if not chosen or size + known[key] <= budget:
                chosen.append(key)
                size += known[key]
        if len(chosen) < len(ordered):
            self.left_out(
                f"Business metrics of {len(ordered) - len(chosen)} combinations of version, segment and window size: "
                "see driftline_business."
            )
        if not chosen:
            return False
        grains = sorted({g for g, _ in chosen})
        groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
        for r in self.values(grains, sorted({g for g, _ in known})):
            key = (grain_of(r), n.as_int(r["window_periods"]))
            if key in chosen and n.as_datetime(r["window_start"]):
                groups[n.as_text(r["metric"]), key[0], key[1]].append(r)
        order = {key: i for i, key in enumerate(chosen)}
        shares = {m: all(is_share(r) for k, rows in groups.items() if k[0] == m for r in rows) for m, *_ in groups}
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
            self.series.append(series | {"last": rows[-1]})
        self.view.payload["business"] = [{k: x for k, x in s.items() if k != "last"} for s in self.series]
        return bool(self.series)

    def values(self, grains: Sequence[Grain], known: Sequence[Grain]) -> list[Row]:
        keys = ", ".join((*GRAIN, "window_periods"))
        return self.rows(
            "driftline_business",
            f"select monitor, {keys}, metric, window_start, window_end, row_count, value, numerator, denominator, "
            "reference_value, previous_value, trailing_mean, trailing_stddev, change_previous, change_reference, "
            f"z_score from (select t.*, dense_rank() over (partition by {keys}, metric order by window_start desc) "
            f"as recency from {{table}} t where is_complete and {self.mine} "
            f"and {any_grain(grains, GRAIN, known)}) b where recency <= {self.limits.windows} order by window_start",
        )

    # -- at a glance -------------------------------------------------------------------------------------------------

    def windows(self) -> tuple[Row, int] | None:
        if not self.series:
            return None
        first = next((s for s in self.series if s["k"][:3] == list(TOTAL)), self.series[0])
        return first, min(s["k"][3] for s in self.series)

    def tell(self, size: int) -> Told:
        told = Told()
        said: list[str] = []
        for s in self.series:
            if tuple(s["k"][:3]) != TOTAL or s["k"][3] != size:
                continue
            write = n.percent if s["share"] else n.number
            value, previous, reference, z = (
                n.as_float(s["last"][x]) for x in ("value", "change_previous", "change_reference", "z_score")
            )
            details = [f"{n.change(reference)} vs reference"] if reference is not None else []
            details += [f"{n.change(previous)} vs previous"] if previous is not None else []
            unusual = z is not None and abs(z) >= 3
            if unusual and z is not None:
                details.append(f"{n.number(abs(z))} deviations {'above' if z > 0 else 'below'} usual")
            metric: str = s["metric"]
            name = self.view.labels.get(metric, metric)
            told.figures.append(Tile(name, write(value), details, "warn" if unusual else ""))
            if value is not None and len(said) < 3:
                tail = f" ({n.change(reference)} against the reference)" if reference is not None else ""
                said.append(f"{name} {write(value)}{tail}")
        if said:
            told.sentences.append(f"In business terms: {n.listed(said)}.")
        return told


def is_share(row: Row) -> bool:
    """A part of whole rows, so that a percentage says what it is."""
    top, bottom = n.as_float(row["numerator"]), n.as_float(row["denominator"])
    if top is None or bottom is None:
        return row["value"] is None
    return 0 <= top <= bottom and top.is_integer() and bottom.is_integer()
