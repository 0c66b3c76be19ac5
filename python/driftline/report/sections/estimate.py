"""The estimates without labels beside what the labels said later."""

from __future__ import annotations

from typing import Any

from ..section import Section


class Estimate(Section):
    id = "estimate"
    title = "Estimates"
    panel = """
<section class="panel" data-part="estimate" aria-labelledby="estimate-{{ v.index }}">
  <h3 id="estimate-{{ v.index }}">How far the estimate can be trusted</h3>
  <p class="facts" data-slot="estimate-facts"></p>
  <p class="keys" data-slot="estimate-keys"></p>
  <div class="chart" data-slot="estimate" role="img"></div>
  <details data-slot="estimate-numbers"><summary>All windows as a table</summary>
  <div class="scroll high" tabindex="0" role="region" aria-label="Estimate and truth of all windows"></div></details>
</section>
"""

    def read(self, known: Any) -> bool:
        """Estimates stand beside the labels, in what is shown of performance."""
        self.statements = self.view.origins.get("performance", {}).get("sql", [])
        groups = self.view.payload.get("performance", [])
        return any("e" in m and any(y is not None for y in m["y"]) for g in groups for m in g["metrics"])
