"""What was not computed, and why; and what the page leaves out. Last, for the sections before it say so."""

from __future__ import annotations

from typing import Any

from .. import numbers as n
from ..section import Section
from ..warehouse import Row

# What is counted, and what it is held against; tables of an older package may lack the columns.
TABLES = (
    ("driftline_drift", "column_name", "baseline"),
    ("driftline_quality", "column_name", "'none'"),
    ("driftline_business", "metric", "'none'"),
    ("driftline_performance", "metric", "'none'"),
    ("driftline_concept", "column_name", "'none'"),
    ("driftline_fairness", "metric", "'none'"),
)


COLUMNS = ("family", "reason", "baseline", "windows", "things", "example", "first_start", "last_start")


class Reasons(Section):
    id = "reasons"
    panel = """
{% if v.has_data %}
<section class="panel" aria-labelledby="reasons-{{ v.index }}">
  <h3 id="reasons-{{ v.index }}">What was not computed, and why</h3>
  {% if s.found %}
  <p class="hint">Counted over all versions, segments, window sizes and baselines.</p>
  <div class="scroll" tabindex="0" role="region" aria-labelledby="reasons-{{ v.index }}">
  <table>
    <thead><tr><th scope="col">Reason</th><th scope="col">Measures</th><th scope="col" class="num">Values</th>
      <th scope="col">Where</th><th scope="col">Windows</th></tr></thead>
    <tbody>
    {% for r in s.found %}
    <tr><td class="text">{{ r.reason }}</td>
      <td>{{ r.what }}{% if r.baseline %}, against {{ r.baseline }}{% endif %}</td><td class="num">{{ r.count }}</td>
      <td>{{ r.where }}</td><td>{{ r.when }}</td></tr>
    {% endfor %}
    </tbody>
  </table>
  </div>
  {% else %}
  <p class="muted">Every measure of every complete window was computed.</p>
  {% endif %}
  {% if v.health and v.health.not_judged or s.unjudged %}
  <h4 class="after-chart" id="not-judged-{{ v.index }}">What was not judged, and why</h4>
  {% if v.health and v.health.not_judged %}
  <p class="hint">Windows in which nothing was: {{ v.health.not_judged }}.</p>
  {% endif %}
  {% endif %}
  {% if s.unjudged %}
  <p class="hint">Series that have a threshold and were not held against it in their newest window:</p>
  <div class="scroll" tabindex="0" role="region" aria-label="What was not judged, and why">
  <table>
    <thead><tr><th scope="col">Reason</th><th scope="col" class="num">Series</th>
      <th scope="col">Measures</th></tr></thead>
    <tbody>
    {% for r in s.unjudged %}
    <tr><td class="text">{{ r.not_judged }}</td><td class="num">{{ r.count }}</td><td>{{ r.where }}</td></tr>
    {% endfor %}
    </tbody>
  </table>
  </div>
  {% endif %}
  {% if v.left_out %}
  <details><summary>What this page leaves out to stay small</summary>
  <ul class="plain">{% for x in v.left_out %}<li>{{ x }}</li>{% endfor %}</ul></details>
  {% endif %}
</section>
{% endif %}
"""

    def read(self, known: Any) -> bool:
        limit = self.limits.reasons
        rows = [r for table, thing, baseline in TABLES for r in self.counted(table, thing, baseline, limit + 1)]
        rows.sort(key=lambda r: (-n.as_int(r["windows"]), n.as_text(r["reason"])))
        if len(rows) > limit:
            self.left_out(f"Reasons beyond the {limit} most frequent ones: see the reason columns.")
        self.found = rows[:limit]
        self.tabulate("reasons", self.found, COLUMNS)
        for r in self.found:
            things, windows = n.as_int(r["things"]), n.as_int(r["windows"])
            thing = "metric" if r["family"] in ("business", "performance", "fairness") else "column"
            more = f" and {n.plural(things - 1, f'other {thing}')}" if things > 1 else ""
            r["what"] = n.as_text(r["family"]).capitalize()
            r["baseline"] = "" if r["baseline"] in (None, "none") else n.as_text(r["baseline"])
            r["where"] = f"{n.as_text(r['example'])}{more}"
            r["count"] = n.whole(windows)
            first, last = n.as_datetime(r["first_start"]), n.as_datetime(r["last_start"])
            r["when"] = n.moment(first) if first == last else f"{n.moment(first)} to {n.moment(last)}"
        self.unjudged = self.not_judged()[:limit]
        self.tabulate("not judged", self.unjudged, ("not_judged", "series", "metrics", "example"))
        for r in self.unjudged:
            others = n.as_int(r["metrics"]) - 1
            r["where"] = f"{n.as_text(r['example'])}" + (f" and {n.plural(others, 'other measure')}" if others else "")
            r["count"] = n.whole(n.as_int(r["series"]))
        return True

    def not_judged(self) -> list[Row]:
        """Why series were not judged in their newest window, the most frequent reason first."""
        table = "driftline_latest"
        if not self.w.columns(table) >= {"is_judged", "not_judged", "warn", "metric"}:
            return []
        lasting = "and not is_retired " if "is_retired" in self.w.columns(table) else ""
        return self.rows(
            table,
            "select monitor, not_judged, count(*) as series, count(distinct metric) as metrics, min(metric) as "
            "example from {table} where not is_judged and warn is not null and not_judged is not null "
            f"{lasting}and {self.mine} group by monitor, not_judged order by count(*) desc, not_judged",
        )

    def counted(self, table: str, thing: str, baseline: str, limit: int) -> list[Row]:
        """Why measures are missing, the most frequent first."""
        if not self.w.columns(table) >= {thing, "reason"}:
            return []
        rows = self.rows(
            table,
            f"select monitor, reason, {baseline} as baseline, count(*) as windows, "
            f"count(distinct {thing}) as things, min({thing}) as example, min(window_start) as first_start, "
            "max(window_start) as last_start from {table} "
            f"where is_complete and reason is not null and {self.mine} "
            f"group by monitor, reason{'' if baseline.startswith(chr(39)) else ', ' + baseline} "
            f"order by count(*) desc, reason limit {limit}",
        )
        return [r | {"family": table.removeprefix("driftline_")} for r in rows]
