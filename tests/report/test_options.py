"""The options of the charts, made of data alone: options.test.mjs in node."""

from __future__ import annotations

from report import node


def test_options() -> None:
    done = node.run("options.test.mjs", "--test-reporter=spec")
    assert done.returncode == 0, f"{done.stdout[-6000:]}{done.stderr[-2000:]}"
    assert "✔ every section that is drawn registers itself" in done.stdout
