"""What holds of every section of the report."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path
from typing import Any

import driftline.report.sections as package
import pytest
from driftline.report import scripts
from driftline.report.section import Section
from driftline.report.sections import SECTIONS

FOLDER = Path(package.__file__).parent
# What a section needs that is none itself.
PARTS = {"alerts": {"incidents"}}


def test_every_section_has_its_place() -> None:
    found: set[Any] = set()
    for file in FOLDER.glob("*.py"):
        module = import_module(f"driftline.report.sections.{file.stem}")
        mine = [x for x in vars(module).values() if isinstance(x, type) and x.__module__ == module.__name__]
        found |= {x for x in mine if issubclass(x, Section)}
    assert found == set(SECTIONS)
    assert len({s.id for s in SECTIONS}) == len(SECTIONS)


def test_every_component_is_in_the_script() -> None:
    there = (FOLDER.parent / "static").rglob("*.js")
    assert sorted(scripts()) == sorted(
        file.relative_to(FOLDER.parent / "static").as_posix() for file in there if file.name != "echarts.min.js"
    )


@pytest.mark.parametrize("file", sorted(FOLDER.glob("[!_]*.py")), ids=lambda file: file.stem)
def test_no_section_leans_on_another(file: Path) -> None:
    """Each can be read, changed and taken away alone: what several need is on the ground."""
    imported = {
        name
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.level == 1
        for name in ([node.module] if node.module else [alias.name for alias in node.names])
    }
    assert imported <= PARTS.get(file.stem, set())
