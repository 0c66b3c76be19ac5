"""The site of the documentation: built without the network, every link leads somewhere, and the reference is the code's."""

from __future__ import annotations

import html.parser
import os
import posixpath
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
# Whatever is asked of the network goes to a port that nobody listens on.
NOWHERE = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy"), "http://127.0.0.1:9")


class _Page(html.parser.HTMLParser):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.ids: set[str] = set()
        self.text = ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids.update(value for name, value in attrs if name in ("id", "name") and value)
        if tag == "a" and given.get("href"):
            self.links.append(given["href"] or "")
        if tag in ("script", "img", "iframe") and given.get("src"):
            self.loads.append(given["src"] or "")
        if tag == "link" and given.get("rel") in ("stylesheet", "preconnect", "icon"):
            self.loads.append(given["href"] or "")

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[str, _Page]:
    """Every page by its path."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    run = subprocess.run(command, cwd=REPOSITORY, env={**os.environ, **NOWHERE}, text=True, capture_output=True)
    assert run.returncode == 0, run.stdout + run.stderr
    pages = {
        path.relative_to(folder).as_posix(): _Page(path) for path in folder.rglob("*.html") if path.name != "404.html"
    }
    for page in pages.values():
        page.loads = [load for load in page.loads if urlsplit(load).scheme or load.startswith("//")]
    return pages


def test_every_document_is_a_page(site: dict[str, _Page]) -> None:
    documents = {path.relative_to(REPOSITORY / "docs").with_suffix(".html").as_posix()
                 for path in (REPOSITORY / "docs").rglob("*.md")}  # fmt: skip

    assert documents < set(site)


def test_links_lead_to_pages_and_headings_that_are_there(site: dict[str, _Page]) -> None:
    lost = []
    for name, page in site.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or not (parts.path or parts.fragment):
                continue
            target = (
                posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(parts.path))) if parts.path else name
            )
            if target != "." and target.endswith(".html"):
                known = site.get(target)
                if known is None or (parts.fragment and unquote(parts.fragment) not in known.ids):
                    lost.append((name, link))

    assert not lost


def test_nothing_is_loaded_from_elsewhere(site: dict[str, _Page]) -> None:
    assert {name: page.loads for name, page in site.items() if page.loads} == {}


def _text(page: _Page) -> str:
    return re.sub(r"\s+", " ", page.text)


def test_the_reference_has_every_argument_of_every_macro(site: dict[str, _Page]) -> None:
    text = _text(site["reference/macros.html"])
    described: list[dict[str, Any]] = []
    for path in REPOSITORY.glob("macros/**/*.yml"):
        described += yaml.safe_load(path.read_text(encoding="utf-8"))["macros"]
    monitor = next(macro for macro in described if macro["name"] == "monitor")

    assert len(monitor["arguments"]) > 20
    assert [argument["name"] for argument in monitor["arguments"] if argument["name"] not in text] == []
    assert "get_incremental_" not in text


def test_the_reference_has_every_command_and_key(site: dict[str, _Page]) -> None:
    commands, keys = _text(site["reference/commands.html"]), _text(site["reference/configuration.html"])

    for name in ("init", "preview", "doctor", "validate", "check", "alert", "incidents ack", "report", "metrics"):
        assert f"driftline {name}" in commands
    assert "--not-worse" in commands
    for key in ("quiet_hours", "cool_down", "routing_key", "limit_per_day", "until"):
        assert key in keys
