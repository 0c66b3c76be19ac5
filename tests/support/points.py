"""The points where an engine may say something differently, as macros/adapters/README.md lists them. Run it to write."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "macros" / "adapters" / "README.md"
HEAD = """# What an engine may say differently

Each point is a macro that asks `adapter.dispatch`; beside it stands `default__<point>`, the plain SQL that most engines
understand. An engine's own files in this folder, `<engine>.sql` and `<engine>_<what>.sql`, hold its overrides together:
`<engine>__<point>`, for what it must say otherwise. Nothing else in the package asks which engine it is on.

This table is written by `make docs` from the macros; `make lint` holds it.

| point | what it answers | in | overridden by |
|---|---|---|---|
"""
DISPATCH = re.compile(
    r"(?:{#((?:(?!#}).)*)#}\n)?{% macro (\w+)\([^)]*\) %}\n(?:(?!endmacro).)*?adapter\.dispatch\('\2'", re.S
)


def page() -> str:
    texts = {
        path.relative_to(ROOT / "macros").as_posix(): path.read_text(encoding="utf-8")
        for path in sorted((ROOT / "macros").rglob("*.sql"))
    }
    overrides: dict[str, list[str]] = {}
    for text in texts.values():
        for engine, point in re.findall(r"macro ([a-z]+?)__(\w+)\(", text):
            if engine != "default":
                overrides.setdefault(point, []).append(engine)
    rows = []
    for name, text in texts.items():
        for words, point in DISPATCH.findall(text):
            paragraph = re.split(r"\n *\n", words.strip())[0]
            said = re.split(r"(?<=\w)[.:;] ", re.sub(r"\s+", " ", paragraph) + " ")[0].strip().rstrip(".:")
            engines = ", ".join(sorted(overrides.get(point, []))) or "none"
            rows.append((not name.startswith("adapters/"), name, f"| `{point}` | {said} | {name} | {engines} |"))
    return HEAD + "\n".join(row for *_, row in sorted(rows)) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
