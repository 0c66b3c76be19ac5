"""Quality of the data: missing, odd and unseen values, and the range of the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import numbers as n
from ..section import Section
from ..shapes import rank
from ..warehouse import GRAIN, TOTAL, Grain, Row, any_grain, grain_of

RATES = ("null_rate", "nan_rate", "infinite_rate", "unseen_rate", "out_of_range_rate")
NUMBERS = ("minimum", "mean", "maximum")


class Quality(Section):
    id = "quality"
    title = "Data quality"
    panel = """
<section class="panel" data-part="quality" aria-labelledby="quality-{{ v.index }}">
  <h3 id="quality-{{ v.index }}">Data quality</h3>
  <p class="hint" data-slot="quality-hint"></p>
  <div class="scroll" tabindex="0" role="region" aria-labelledby="quality-{{ v.index }}" data-slot="quality"></div>
  <button type="button" class="more" data-slot="quality-more" hidden></button>
</section>
"""

    def read(self, known: Any) -> bool:
        grid = self.view.grid
        grains: list[Grain] = list(dict.fromkeys(tuple(s["k"][:3]) for s in grid.slices)) or [TOTAL]
        room = max(1, int(self.limits.quality_rows * self.share // max(1, len(grid.columns) * 3)))
        groups: dict[tuple[Any, ...], Row] = {}
        for r in self.latest_rows(grains[:room]):
            start, end = n.as_datetime(r["window_start"]), n.as_datetime(r["window_end"])
            if start is None or grain_of(r) not in grains[:room]:
                continue
            key = (*grain_of(r), n.as_int(r["window_periods"]))
            group = groups.setdefault(
                key, {"k": list(key), "t0": n.minutes(start), "t1": n.minutes(end or start), "rows": []}
            )
            unseen = 0.0 if r["unseen_rate"] is not None else None  # the reference is where they would have been seen
            references = [n.as_float(r.get(f"reference_{x}")) if x != "unseen_rate" else unseen for x in RATES]
            group["rows"].append(
                [n.as_text(r["column_name"]), n.as_text(r["column_role"]), n.as_int(r["row_count"]),
                 [n.short(n.as_float(r[x])) for x in RATES], [n.short(x) for x in references],
                 [n.short(n.as_float(r[x])) for x in NUMBERS]]
            )  # fmt: skip
        for group in groups.values():
            group["rows"].sort(key=lambda r: r[:2])
        self.view.payload["quality"] = [groups[k] for k in sorted(groups, key=lambda k: rank((k[:3], k[3])))]
        return bool(groups)

    def latest_rows(self, grains: Sequence[Grain]) -> list[Row]:
        """The latest complete window with rows, of each window size."""
        keys = ", ".join(("monitor", *GRAIN, "window_periods"))
        wanted = ("row_count", *(f"reference_{r}" for r in RATES if r != "unseen_rate"))
        waits = self.w.waits("driftline_quality", "is_final")
        waiting = ", ".join(f"case when waits = 1 then null else {r} end as {r}" for r in (*RATES, *NUMBERS))
        return self.rows(
            "driftline_quality",
            f"select {keys}, column_name, column_role, window_start, window_end, {', '.join(wanted)}, {waiting} from ("
            f"select t.*, case when {waits} then 1 else 0 end as waits, "
            f"dense_rank() over (partition by {keys} order by window_start desc) as recency "
            f"from {{table}} t where is_complete and row_count > 0 and {self.mine} "
            f"and {any_grain(grains, GRAIN, self.view.grid.grains or [TOTAL])}) q where recency = 1",
        )
