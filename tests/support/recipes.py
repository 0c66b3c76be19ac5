"""A copy of the Python package that a test may change as a recipe in CONTRIBUTING.md says, and run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from support.project import REPOSITORY


class Copy:
    def __init__(self, folder: Path) -> None:
        self.package = folder / "driftline"
        shutil.copytree(REPOSITORY / "python" / "driftline", self.package)

    def add(self, name: str, text: str) -> None:
        path = self.package / name
        assert not path.exists(), name
        path.write_text(text, encoding="utf-8")

    def insert(self, name: str, before: str, text: str) -> None:
        """Put ``text`` in front of what stands once in the file."""
        path = self.package / name
        content = path.read_text(encoding="utf-8")
        assert content.count(before) == 1, f"{name}: {before!r} stands there {content.count(before)} times"
        path.write_text(content.replace(before, text + before), encoding="utf-8")

    def run(self, *arguments: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Python in a process of its own that finds this copy first."""
        path = os.pathsep.join([str(self.package.parent), str(REPOSITORY / "tests")])
        return subprocess.run(
            [sys.executable, *arguments],
            env={**os.environ, "PYTHONPATH": path, **(environment or {})},
            capture_output=True,
            text=True,
            timeout=300,
        )
