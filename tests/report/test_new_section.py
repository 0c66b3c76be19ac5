"""The recipe for a section of the report in CONTRIBUTING.md, followed step by step in a copy of the package."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.recipes import Copy

SECTION = '''"""How many rows came, and how many usually do."""

from __future__ import annotations

from typing import Any

from .. import numbers as n
from ..section import Section

WINDOWS = 3


class Arrivals(Section):
    id = "arrivals"
    title = "Rows that came"
    panel = """
<section class="panel" data-part="arrivals" aria-labelledby="arrivals-{{ v.index }}">
  <h3 id="arrivals-{{ v.index }}">Rows that came</h3>
  <table>
    {% for start, came, usual in s.found %}
    <tr><th scope="row">{{ start }}</th><td class="num">{{ came }}</td><td class="num">of {{ usual }}</td></tr>
    {% endfor %}
  </table>
  <p data-slot="arrivals-told"></p>
</section>
"""

    def read(self, known: Any) -> bool:
        rows = self.rows(
            "driftline_arrivals",
            "select monitor, window_start, row_count, expected_row_count from {table} where is_total and is_complete "
            f"and window_periods = 1 and {self.mine} order by window_start desc limit {WINDOWS}",
        )
        self.found = [
            (n.moment(n.as_datetime(r["window_start"])), n.as_int(r["row_count"]), n.as_int(r["expected_row_count"]))
            for r in rows
        ]
        self.view.payload["arrivals"] = [came for _, came, _ in self.found]
        return bool(rows)
'''
COMPONENT = """
driftline.section("arrivals", ({ Component, plural }) => {
  class Arrivals extends Component {
    show() { this.slot("arrivals-told").textContent = `Most: ${plural(Math.max(...this.m.arrivals), "row")} a ${this.period}`; }
  }
  return { mount: (...given) => new Arrivals(...given) };
});
"""
PAGE = """
import json
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
    copy.add("report/sections/arrivals.py", SECTION)
    copy.insert("report/sections/__init__.py", "from .business import Business\n", "from .arrivals import Arrivals\n")
    copy.insert("report/sections/__init__.py", "    Changes,\n", "    Arrivals,\n")
    copy.add("report/static/sections/arrivals.js", COMPONENT)
    return copy


@pytest.mark.browser
def test_a_new_section(tmp_path: Path, browser: Any) -> None:
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
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    browser.open((tmp_path / "page.html").as_uri())
    assert (
        browser.js("return document.querySelector('[data-slot=arrivals-told]').textContent") == "Most: 109 rows a day"
    )
    assert browser.errors() == []
