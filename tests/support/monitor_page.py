"""docs/monitor.md, the arguments of a monitor, out of their descriptions in macros/monitor/_monitor.yml: ``make docs``."""

from __future__ import annotations

from pathlib import Path

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = REPOSITORY / "docs" / "monitor.md"
DESCRIPTIONS = REPOSITORY / "macros" / "monitor" / "_monitor.yml"
BEGIN = "<!-- From macros/monitor/_monitor.yml: change it there and run `make docs`. -->\n"


def page() -> str:
    """The page as it should be: what stands before the mark is written by hand."""
    by_hand = PAGE.read_text(encoding="utf-8").split(BEGIN)[0]
    macros = yaml.safe_load(DESCRIPTIONS.read_text(encoding="utf-8"))["macros"]
    (arguments,) = [macro["arguments"] for macro in macros if macro["name"] == "monitor"]
    lines = ["| argument | type | |", "|---|---|---|"]
    for one in arguments:
        words = " ".join(one["description"].split()).replace("|", "\\|")
        lines.append(f"| `{one['name']}` | {one['type']} | {words} |")
    return by_hand + BEGIN + "\n" + "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
