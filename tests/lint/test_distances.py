"""Every distance of the catalogue is whole: its chance, its columns, its line in docs/measures.md."""

from __future__ import annotations

import re

import yaml
from support.project import REPOSITORY

NEEDED = (
    "name",
    "label",
    "description",
    "source",
    "kinds",
    "bounds",
    "rows",
    "sums",
    "measure",
    "expected",
    "critical",
)


def entries() -> dict[str, str]:
    """Name → text of the macro that holds the entry."""
    folder = REPOSITORY / "macros" / "catalogue"
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("_distances*.sql")))
    found = {m[1]: m[0] for m in re.finditer(r"{% macro (_distance_\w+)\(\) %}.*?{% endmacro %}", text, re.DOTALL)}
    listed = re.findall(r"driftline\.(_distance_\w+)\(\)", text[: text.index("{% endmacro %}")])
    assert sorted(found) == sorted(listed)
    return {re.findall(r"'name': '(\w+)'", body)[0]: body for body in found.values()}


def test_every_distance_is_whole() -> None:
    described = yaml.safe_load((REPOSITORY / "models/measures/_measures.yml").read_text(encoding="utf-8"))["models"]
    columns = {c["name"] for model in described if model["name"] == "driftline_drift" for c in model["columns"]}
    measures = (REPOSITORY / "docs" / "measures.md").read_text(encoding="utf-8")
    problems = []
    for name, body in entries().items():
        problems += [f"{name}: no {part}" for part in NEEDED if f"'{part}'" not in body]
        noise = re.findall(r"'noise': '(\w+)'", body) or [f"{name}_noise"]
        floor = re.findall(r"'floor': '(\w+)'", body)
        made = [*re.findall(r"'columns': {\s*'(\w+)'", body), *noise, *floor]
        metrics = re.findall(r"'metrics': {([^}]*)}", body)
        problems += [f"{name}: {column} is no column of driftline_drift" for column in made if column not in columns]
        told = {name, *re.findall(r"'(\w+)':", "".join(metrics))}
        if not any(f"`{one}`" in measures for one in told):
            problems.append(f"{name}: docs/measures.md does not say what it is")
    assert not problems, "\n".join(problems)
