"""docs/tutorial.md, word for word: its files are written, its commands run, and what they print is what stands there.

Left out is the first block alone, which needs a package index: the environment of the tests stands for it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)


def test_the_tutorial_is_what_happens(tmp_path: Path) -> None:
    blocks = BLOCK.findall((REPOSITORY / "docs" / "tutorial.md").read_text(encoding="utf-8"))
    install, *steps = blocks
    assert install[2].startswith("git clone"), "the first block installs"
    assert install[2].endswith("mkdir -p shop/models\ncd shop\n")
    shop = tmp_path / "shop"
    (shop / "models").mkdir(parents=True)
    (tmp_path / "driftline").symlink_to(REPOSITORY)
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("DBT_", "DRIFTLINE_"))}
    environment.update(
        PATH=f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}",
        DBT_SEND_ANONYMOUS_USAGE_STATS="false",
    )

    for number, (kind, title, body) in enumerate(steps):
        if title:
            (shop / title).write_text(body, encoding="utf-8")
        elif kind == "sh":
            run = subprocess.run(
                ["bash", "-ec", body],
                cwd=shop,
                env=environment,
                text=True,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            assert run.returncode == 0, f"{body}\n{run.stdout}"
            says = steps[number + 1][2] if number + 1 < len(steps) and steps[number + 1][0] == "text" else ""
            assert _trimmed(run.stdout) == _trimmed(says), body
    assert (shop / "report.html").stat().st_size > 100_000


def _trimmed(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]
