"""`driftline report`: the command around the page."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Stands in for the page's builder; collects what it was given."""
    given: list[Any] = []
    module = ModuleType("driftline.report")

    def build_report(
        query: Any,
        relations: dict[str, str],
        *,
        title: Any = None,
        generated_at: Any = None,
        notes: Any = (),
        health: Any = (),
    ) -> str:
        given.append((query(f"select count(*) as n from {relations['driftline_metrics']}"), relations, title))
        assert generated_at.tzinfo is not None
        return "<html>日本</html>"

    module.build_report = build_report  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "driftline.report", module)
    return given


def test_writes_the_page_and_prints_its_path(any_shop: Any, tmp_path: Path, pages: list[Any]) -> None:
    any_shop.build("shop")
    output = tmp_path / "page.html"
    outcome = any_shop.run("report", "--output", str(output), "--title", "My shop")
    assert (outcome.code, outcome.out, outcome.err) == (0, f"{output}\n", "")
    assert output.read_text(encoding="utf-8") == "<html>日本</html>"
    rows, relations, title = pages[0]
    assert rows == [{"n": 0}] and title == "My shop"
    # Only what is in the warehouse.
    assert set(relations) == {"driftline_alerts", "driftline_metrics", "driftline_monitors"}
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["page.html"]


def test_nothing_built(shop: Any, tmp_path: Path, pages: list[Any]) -> None:
    output = tmp_path / "page.html"
    outcome = shop.run("report", "--output", str(output))
    assert outcome.code == 2 and "dbt build" in outcome.err and not output.exists() and not pages


def test_a_folder_that_is_not_there(shop: Any, tmp_path: Path, pages: list[Any]) -> None:
    shop.build("shop")
    outcome = shop.run("report", "--output", str(tmp_path / "none" / "page.html"))
    assert outcome.code == 2 and "--output" in outcome.err


def test_progress_when_asked_for(shop: Any, tmp_path: Path, pages: list[Any]) -> None:
    shop.build("shop")
    outcome = shop.run("report", "--verbose", "--output", str(tmp_path / "page.html"))
    assert "Reading the dbt project" in outcome.err and "Reading: select" in outcome.err
