"""What moved between the inputs and the label: concept drift, column by column."""

from __future__ import annotations

from typing import Any

from .. import numbers as n
from ..section import Section
from ..shapes import Key, choose
from ..warehouse import GRAIN, TOTAL, Row, any_grain, grain_of

TARGETS = ("label", "calibration", "loss")
EFFECTS = ("change", "shares_effect", "shares_noise", "rates_effect", "rates_noise", "shift", "shift_noise", "p_value")


class Concept(Section):
    id = "concept"
    title = "Concept drift"
    panel = """
<section class="panel" data-part="concept" aria-labelledby="concept-{{ v.index }}">
  <div class="panel-head">
    <h3 id="concept-{{ v.index }}">Concept drift</h3>
    <div class="inline-controls">
      <label>Change of the <select data-control="concept-target"></select></label>
    </div>
  </div>
  <p class="notice" data-slot="concept-note" hidden></p>
  <div data-with>
    <p class="facts" data-slot="concept-facts" aria-live="polite"></p>
    <p class="hint">Each column splits the same change in two: what follows from its values being
      distributed otherwise (inputs moved), and what changed at equal values (relation moved).</p>
    <p class="keys"><span class="key inputs">inputs moved</span><span class="key relation">relation moved</span>
      <span>to the left lower, to the right higher than the reference</span></p>
    <div class="scroll" tabindex="0" role="region" aria-labelledby="concept-{{ v.index }}"
      data-slot="concept-table"></div>
    <button type="button" class="more" data-slot="concept-more" hidden></button>
  </div>
</section>
"""

    def read(self, known: Any) -> bool:
        """The latest window whose labels are final, of as many grains as there is room for."""
        grains = self.view.labelled
        room = max(1, int(self.limits.concept_rows * self.share // max(1, len(self.view.grid.columns))))
        names = [f"{t}_{e}" for t in TARGETS for e in EFFECTS]
        means = [f"{p}{t}_mean" for t in TARGETS for p in ("", "reference_")]
        rows = self.latest(
            "driftline_concept",
            ("column_name", "column_role", "row_count", "labelled_row_count", "reason", *names, *means),
            [f"{t}_change" for t in TARGETS],
            among=any_grain(grains[:room] or [TOTAL], GRAIN, grains or [TOTAL]),
        )
        groups: dict[Key, Row] = {}
        for r in rows:
            key, start = (grain_of(r), n.as_int(r["window_periods"])), n.as_datetime(r["window_start"])
            if start is None:
                continue
            group = groups.setdefault(
                key,
                {"k": [*key[0], key[1]], "t0": n.minutes(start),
                 "t1": n.minutes(n.as_datetime(r["window_end"]) or start), "n": 0, "means": {}, "rows": []},
            )  # fmt: skip
            group["n"] = max(group["n"], n.as_int(r.get("labelled_row_count")))
            effects: Row = {}
            for t in TARGETS:
                found = [n.short(n.as_float(r.get(f"{t}_{e}")), 4) for e in EFFECTS]
                if found[0] is not None:
                    effects[t] = found
                    mean = [n.short(n.as_float(r.get(f"{p}{t}_mean")), 5) for p in ("", "reference_")]
                    group["means"].setdefault(t, mean)
            group["rows"].append([n.as_text(r.get("column_name")), n.as_text(r.get("column_role")), effects,
                                  n.as_text(r.get("reason"))])  # fmt: skip
        budget = self.limits.concept_rows * self.share
        chosen = choose({k: len(g["rows"]) for k, g in groups.items() if g["means"]}, budget)
        if chosen and (len(chosen) < len(groups) or room < len(grains)):
            self.left_out("Concept drift of some versions, segments or window sizes: see driftline_concept.")
        for key in chosen:
            groups[key]["rows"].sort()
        self.view.payload["concept"] = [groups[key] for key in chosen]
        return bool(chosen)
