"""The recipe for a section of the report in CONTRIBUTING.md, followed step by step in a copy of the package."""

from __future__ import annotations

import json
from pathlib import Path

from support.recipes import Copy

QUERY = '''    def arrivals(self, monitor: str, names: Iterable[str], windows: int) -> list[Row]:
        """The newest windows of the total: how many rows came, and how many usually do."""
        if not self.columns("driftline_arrivals") >= {"row_count", "expected_row_count"}:
            return []
        return self.rows(
            "driftline_arrivals",
            "select monitor, window_start, row_count, expected_row_count from {table} where is_total and is_complete "
            f"and window_periods = 1 and {one_of('monitor', [monitor], names)} order by window_start desc "
            f"limit {windows}",
        )

'''
MODEL = """    def arrivals(self) -> None:
        rows = self.w.arrivals(self.view.name, self.names, self.limits.arrival_windows)
        found = [r for r in rows if r["monitor"] == self.view.name]
        self.view.has_arrivals = bool(found)
        self.view.payload["arrivals"] = [
            [n.moment(n.as_datetime(r["window_start"])), n.as_int(r["row_count"]), n.as_int(r["expected_row_count"])]
            for r in found
        ]

"""
PANEL = """  {% if v.has_arrivals %}
  <section class="panel" data-part="arrivals" aria-labelledby="arrivals-{{ v.index }}">
    <h3 id="arrivals-{{ v.index }}">Rows that came</h3>
    <table>
      {% for start, came, usual in v.payload.arrivals %}
      <tr><th scope="row">{{ start }}</th><td class="num">{{ came }}</td><td class="num">of {{ usual }}</td></tr>
      {% endfor %}
    </table>
  </section>
  {% endif %}
"""
PAGE = """
import json, sys
from report import synthetic
from driftline.report import build_report

con = synthetic.tiny()
relations = synthetic.relations()
con.execute(
    "create table driftline_arrivals as select 'recommendations' as monitor, true as is_total, true as is_complete, "
    "1 as window_periods, timestamp '2026-03-01' + n * interval 1 day as window_start, 100 + n as row_count, "
    "120 as expected_row_count from generate_series(0, 9) as s(n)"
)
empty = build_report(synthetic.query(con), relations)
relations["driftline_arrivals"] = '"main"."driftline_arrivals"'
print(json.dumps([empty, build_report(synthetic.query(con), relations)]))
"""


def with_arrivals(folder: Path) -> Copy:
    copy = Copy(folder)
    copy.insert("report/warehouse.py", "    def changes(self, monitor", QUERY)
    copy.insert("report/model.py", "    def changes(self) -> None:", MODEL)
    copy.insert("report/collect.py", "    changes_note: str = ", "    has_arrivals: bool = False\n")
    copy.insert("report/collect.py", "    cause_alerts: int = ", "    arrival_windows: int = 3\n")
    copy.insert(
        "report/collect.py", '("quality", "Data quality", ', '("arrivals", "Rows that came", self.has_arrivals), '
    )
    copy.insert("report/collect.py", "        self.model.changes()\n", "        self.model.arrivals()\n")
    copy.insert("report/templates/monitor.html.j2", "  {% if v.has_changes %}\n", PANEL)
    return copy


def test_a_new_section(tmp_path: Path) -> None:
    outcome = with_arrivals(tmp_path).run("-c", PAGE)
    assert outcome.returncode == 0, outcome.stderr
    without, page = json.loads(outcome.stdout)
    assert "Rows that came" not in without
    assert page.count('<section class="panel" data-part="arrivals"') == 1
    assert '<a href="#arrivals-0">Rows that came</a>' in page
    # As many windows as the limit allows, the newest first.
    assert [f'<td class="num">{came}</td><td class="num">of 120</td>' in page for came in (109, 108, 107, 106)] == [
        True,
        True,
        True,
        False,
    ]
