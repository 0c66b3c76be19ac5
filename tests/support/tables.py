"""The lists of columns in docs/tables.md, out of the models' own descriptions: ``make docs``.

The text before the first mark is written by hand; what is between the marks is written here.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = REPOSITORY / "docs" / "tables.md"
BEGIN = "<!-- From the .yml files of models and seeds: change them there and run `make docs`. -->\n"
GRAIN = (
    *("monitor", "model_version", "segment", "segment_value", "window_periods", "window_start", "window_end"),
    "is_total",
)
RESULTS = (
    *("driftline_drift", "driftline_quality", "driftline_performance", "driftline_business", "driftline_arrivals"),
    *("driftline_changes", "driftline_fairness", "driftline_comparisons", "driftline_concept", "driftline_metrics"),
    *("driftline_latest", "driftline_histograms", "driftline_incidents", "driftline_alerts", "driftline_causes"),
    "driftline_monitors",
)
HELPERS = (
    "driftline_default_thresholds",
    "driftline_importances",
    "driftline_measured",
    "driftline_bins",
    "driftline_state",
)


@cache
def described() -> dict[str, dict[str, Any]]:
    """Every model and seed by name, as its .yml describes it."""
    found: dict[str, dict[str, Any]] = {}
    for folder in ("models", "seeds"):
        for path in sorted((REPOSITORY / folder).rglob("*.yml")):
            content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
            for entry in [*(content.get("models") or []), *(content.get("seeds") or [])]:
                found[entry["name"]] = entry
    return found


def grain_of(entry: dict[str, Any]) -> list[str]:
    """The columns that tell a row of it from every other."""
    return [str(name) for name in entry["config"]["meta"]["grain"]]


def _cell(text: object) -> str:
    return " ".join(str(text).split()).replace("|", "\\|")


def _section(entry: dict[str, Any]) -> str:
    columns = entry["columns"]
    names = {column["name"] for column in columns}
    # What every table has is said once, at the top of the page.
    left_out = [name for name in GRAIN if name in names] if "is_total" in names else []
    lines = [f"### {entry['name']}", "", _cell(entry["description"]), ""]
    if entry["name"] in RESULTS:
        lines += ["One row for each: " + ", ".join(f"`{name}`" for name in grain_of(entry)) + ".", ""]
    lines += ["| column | type | |", "|---|---|---|"]
    for column in columns:
        if column["name"] not in left_out:
            words = _cell(column["description"])
            lines.append(f"| `{column['name']}` | {column.get('data_type', '')} | {words} |")
    return "\n".join(lines) + "\n"


def page() -> str:
    """docs/tables.md as it should be."""
    entries = described()
    by_hand = PAGE.read_text(encoding="utf-8").split(BEGIN)[0]
    parts = ["## Result tables\n", *(_section(entries[name]) for name in RESULTS)]
    parts += ["## Helpers that people may query too\n", *(_section(entries[name]) for name in HELPERS)]
    return by_hand + BEGIN + "\n" + "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
