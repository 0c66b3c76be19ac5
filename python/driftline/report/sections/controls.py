"""What is chosen for all sections below at once."""

from __future__ import annotations

from typing import Any

from ..section import Section


class Controls(Section):
    id = "controls"
    panel = """
{% if v.has_data %}
<form class="controls" aria-label="What to show of {{ v.name }}" hidden>
  <label>Window <select data-control="size"></select></label>
  <label>Version <select data-control="version"></select></label>
  <label>Segment <select data-control="segment"></select></label>
  <label>Held against <select data-control="baseline"></select></label>
</form>
{% endif %}
"""

    def read(self, known: Any) -> bool:
        return True
