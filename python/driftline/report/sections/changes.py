"""Measures that have left what their own past lets expect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from .. import numbers as n
from .. import words
from ..section import Section
from ..shapes import highest, rank
from ..warehouse import GRAIN, PLAIN, Grain, Row, grain_of, literal

SERIES = ("monitor", *GRAIN, "window_periods", "family", "metric", "column_name")


class Changes(Section):
    id = "changes"
    title = "Changes"
    heading = "Changes over time"
    panel = """
<section class="panel" data-part="changes" aria-labelledby="changes-{{ v.index }}">
  <h3 id="changes-{{ v.index }}">Changes over time</h3>
  <p class="hint">Measures that have left what their own past, season and all, lets expect: by little in every
    window, or for good.</p>
  <p class="keys" data-slot="changes-keys"><span class="key current line">value</span>
    <span class="key noise line">expected</span><span class="key band noise">two deviations to each side</span>
    <span class="key since">since the change began</span></p>
  <p class="notice" data-slot="changes-note" hidden></p>
  <div class="cards two" data-slot="changes"></div>
  <details data-slot="changes-more" hidden><summary></summary>
  <div class="scroll high" tabindex="0" role="region" aria-label="More changes"></div></details>
</section>
"""

    def read(self, known: Any) -> bool:
        """The series that have left what their own past lets expect: charts of the clearest, the others in a table."""
        standing = self.standing()
        found = []
        for r in standing:
            up, down, limit = (n.as_float(r[x]) for x in ("cusum_up", "cusum_down", "cusum_limit"))
            height = max(up or 0.0, down or 0.0)
            if limit is not None and height > limit > 0 and n.as_datetime(r["change_start"]) is not None:
                found.append((r, height / limit))
        if not found:
            many = n.plural(len(standing), "series", "series")
            self.note = f"None of {many} has left what its own past lets expect." if standing else ""
            return False
        weight = {"performance": 0, "business": 1}
        found.sort(key=lambda x: (rank((grain_of(x[0]), 0)), weight.get(x[0]["family"], 2), -x[1], series_of(x[0])))
        shown = found[: max(1, int(self.limits.change_rows * self.share))]
        if len(shown) < len(found):
            self.left_out(f"{n.plural(len(found) - len(shown), 'change')} beyond the first: see driftline_changes.")
        drawn: Counter[Grain] = Counter()
        out: dict[tuple[str, ...], Row] = {}
        for r, _ in shown:
            grain = grain_of(r)
            drawn[grain] += 1
            family, metric, column = (n.as_text(r[x]) for x in ("family", "metric", "column_name"))
            out[series_of(r)] = {
                "k": [*grain, n.as_int(r["window_periods"])], "family": family, "metric": metric, "column": column,
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
        history = self.history(sorted({k[-2] for k in lines}), sorted({k[-1] for k in lines}))
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
        self.view.payload["changes"] = list((out | lines).values())
        return True

    def standing(self) -> list[Row]:
        """Where every series stands: its latest window that could be held against what was expected."""
        table = "driftline_changes"
        if not self.w.columns(table) >= {*SERIES, "cusum_up", "cusum_down", "cusum_limit", "change_start"}:
            return []
        wanted = self.w.pick(table, "direction", "level_before", "level_after", "trend", "trend_p_value")
        return self.rows(
            table,
            f"select {', '.join((*SERIES, 'window_start', 'window_end', 'change_start'))}, "
            f"cusum_up, cusum_down, cusum_limit, {', '.join(wanted) or '1 as nothing'} from (select t.*, row_number() "
            f"over (partition by {', '.join(SERIES)} order by window_start desc) as place from {{table}} t "
            f"where is_complete and cusum_limit is not null and {self.mine}) c "
            "where place = 1",
        )

    def history(self, metrics: Sequence[str], columns: Sequence[str]) -> list[Row]:
        keys = ", ".join(SERIES)
        plain = all(PLAIN.match(m) for m in metrics), all(PLAIN.match(c) for c in columns)
        some = f"metric in ({', '.join(map(literal, metrics))})" if plain[0] else "1 = 1"
        some += f" and column_name in ({', '.join(map(literal, columns))})" if plain[1] else ""
        scale = ", scale" if "scale" in self.w.columns("driftline_changes") else ""
        return self.rows(
            "driftline_changes",
            f"select {keys}, window_start, window_end, value, expected, cusum_up, cusum_down{scale} from (select t.*, "
            f"row_number() over (partition by {keys} order by window_start desc) as place from {{table}} t "
            f"where is_complete and {some} and {self.mine}) c where place <= {self.limits.windows}",
        )


def series_of(row: Row) -> tuple[str, ...]:
    return tuple(n.as_text(row[x]) for x in SERIES)
