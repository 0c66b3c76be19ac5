"""cron's script on a monitor that breaks, and the lines of GitHub's workflow: make orchestration."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from orchestration import shop


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cron") / "shop"
    folder.mkdir()
    shop.write(folder, moves=False)
    return folder


@pytest.fixture(scope="module")
def environment(folder: Path) -> dict[str, str]:
    return {
        **os.environ, "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "WAREHOUSE": str(folder / "shop.duckdb"),
        "DBT_PROJECT_DIR": str(folder), "MONITORING_PAUSE": "0", "MONITORING_ENV": "/nowhere",
    }  # fmt: skip


def cron(mode: str, environment: dict[str, str]) -> int:
    return subprocess.run(
        [str(shop.EXAMPLES / "cron" / "monitoring.sh"), mode], env=environment, check=False
    ).returncode


def test_days_and_hours_and_one_that_breaks(folder: Path, environment: dict[str, str]) -> None:
    assert cron("daily", environment) == 0
    assert cron("hourly", environment) == 0
    assert "order_watch" in shop.last_build(folder) and "order_log" not in shop.last_build(folder)
    assert (folder / "published.txt").read_text() == "published\n" * 2

    shop.declare(folder, "order_log", [], column="gone")
    assert cron("daily", environment) == 1
    # The last command was the one that builds the results of the others.
    assert set(shop.last_build(folder).values()) == {"success"} and "driftline_drift" in shop.last_build(folder)
    assert [message for message in shop.told(folder / "shop.duckdb") if "its last run failed" in message]
    assert (folder / "published.txt").read_text() == "published\n" * 2

    shop.declare(folder, "order_log", [])
    assert cron("daily", environment) == 0
    assert cron("tell", environment) == 0


def test_a_warehouse_that_is_away_is_no_success(folder: Path, environment: dict[str, str]) -> None:
    """The run before it succeeded; dbt retry alone finds nothing to do then, and ends with 0."""
    assert cron("daily", {**environment, "WAREHOUSE": "/nowhere/shop.duckdb"}) == 1


def test_the_lines_of_the_workflow(folder: Path, environment: dict[str, str]) -> None:
    steps = yaml.safe_load((shop.EXAMPLES / "github" / "monitoring.yml").read_text())["jobs"]["monitoring"]["steps"]
    output = folder / "output"
    lines = [step["run"] for step in steps if "run" in step and "pip install" not in step["run"]]
    assert len(lines) == 5
    for line in lines:
        subprocess.run(
            ["bash", "-e", "-c", line], cwd=folder, check=True,
            env={**environment, "SELECT": "", "GITHUB_OUTPUT": str(output)},
        )  # fmt: skip
    assert output.read_text() == "code=0\n"
