"""cron's script and GitHub's workflow as they stand: what they call after which exit code, and a real run of the script.

More of real runs, and the other tools: `make orchestration`.
"""

from __future__ import annotations

import fcntl
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from orchestration import shop
from orchestration.stand_ins import StandIns

SCRIPT = shop.EXAMPLES / "cron" / "monitoring.sh"
WORKFLOW = yaml.safe_load((shop.EXAMPLES / "github" / "monitoring.yml").read_text(encoding="utf-8"))
SELECT = "--select +tag:hourly package:driftline"
RESCUE = "dbt build --select package:driftline"
LOOK = "driftline check --severity critical"
AFTERWARDS = ["driftline alert", LOOK]


@pytest.fixture
def stand_ins(tmp_path: Path) -> StandIns:
    return StandIns(tmp_path / "bin")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project of nothing but what is called when it is quiet, and what an earlier run has left."""
    folder = tmp_path / "shop"
    shop.put(folder / "publish.sh", "#!/bin/sh\necho published >> published.txt\n")
    (folder / "publish.sh").chmod(0o755)
    shop.put(folder / "target" / "run_results.json", "{}")
    return folder


def cron(folder: Path, mode: str, stand_ins: StandIns, **more: str) -> int:
    """As cron calls it: with hardly any environment, but for the file."""
    lines = {"DBT_PROJECT_DIR": str(folder), **stand_ins.environment, **more}
    file = folder.parent / "monitoring.env"
    shop.put(file, "".join(f"{name}='{value}'\n" for name, value in lines.items()))
    bare = {"PATH": "/usr/bin:/bin", "MONITORING_ENV": str(file)}
    return subprocess.run([str(SCRIPT), mode], env=bare, cwd="/", check=False).returncode


def published(folder: Path) -> bool:
    return (folder / "published.txt").exists()


@pytest.mark.parametrize(
    ("answers", "calls", "code", "publishes"),
    [
        ({}, ["dbt build", *AFTERWARDS], 0, True),
        ({"dbt build": [1]}, ["dbt build", "sleep 60", "dbt retry", *AFTERWARDS], 0, True),
        ({"dbt build": [1], "dbt retry": [1]}, ["dbt build", "sleep 60", "dbt retry", RESCUE, *AFTERWARDS], 1, False),
        ({"driftline alert": [1]}, ["dbt build", *AFTERWARDS], 1, False),
        ({"driftline check": [1]}, ["dbt build", *AFTERWARDS], 0, False),
        ({"driftline check": [2]}, ["dbt build", *AFTERWARDS], 1, False),
    ],
    ids=["well", "once more", "broken", "not told", "incidents", "blind"],
)
@pytest.mark.parametrize("caller", ["cron", "github"])
def test_what_is_called_after_which_exit_code(
    stand_ins: StandIns, folder: Path, caller: str,
    answers: dict[str, list[int]], calls: list[str], code: int, publishes: bool,
) -> None:  # fmt: skip
    for program, codes in answers.items():
        stand_ins.answer(program, *codes)

    if caller == "cron":
        assert cron(folder, "daily", stand_ins) == code
    else:
        assert workflow(folder, stand_ins, "17 2 * * *") == code

    assert [call.strip() for call in stand_ins.calls() if call != "dbt deps"] == calls
    assert published(folder) is publishes


@pytest.mark.parametrize("caller", ["cron", "github"])
def test_an_hour_is_what_hourly_monitors_need(stand_ins: StandIns, folder: Path, caller: str) -> None:
    if caller == "cron":
        assert cron(folder, "hourly", stand_ins) == 0
    else:
        assert workflow(folder, stand_ins, "17 0-1,3-23 * * *") == 0

    assert f"dbt build {SELECT}" in stand_ins.calls()


def test_what_an_earlier_run_left_is_not_retried(stand_ins: StandIns, folder: Path) -> None:
    cron(folder, "daily", stand_ins)

    assert not (folder / "target" / "run_results.json").exists()


def test_telling_builds_nothing(stand_ins: StandIns, folder: Path) -> None:
    stand_ins.answer("driftline alert", 1)

    assert cron(folder, "tell", stand_ins) == 1
    assert stand_ins.calls() == ["driftline alert"]


def test_one_run_at_a_time(stand_ins: StandIns, folder: Path) -> None:
    held = os.open(folder, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)

    assert cron(folder, "hourly", stand_ins, MONITORING_WAIT="0") == 75
    assert cron(folder, "tell", stand_ins) == 0
    assert stand_ins.calls() == []
    os.close(held)
    assert cron(folder, "hourly", stand_ins, MONITORING_WAIT="0") == 0


def test_a_wrong_call_does_nothing(stand_ins: StandIns, folder: Path) -> None:
    assert cron(folder, "weekly", stand_ins) == 2
    assert stand_ins.calls() == []


def test_cron_knows_the_script(folder: Path) -> None:
    text = (shop.EXAMPLES / "cron" / "crontab").read_text(encoding="utf-8")
    entries = re.findall(r"^\d\S* \S+ \* \* \*|^\*/10 \* \* \* \*", text, re.MULTILINE)

    assert entries == ["17 0-1,3-23 * * *", "17 2 * * *", "*/10 * * * *"]
    assert re.findall(r"\$RUN (\w+) ", text) == ["hourly", "daily", "tell"]


def test_every_tool_keeps_the_same_hours() -> None:
    entries = [entry["cron"] for entry in WORKFLOW[True]["schedule"]]

    for tool, name in (("airflow", "monitoring.py"), ("dagster", "definitions.py"), ("prefect", "monitoring.py")):
        text = (shop.EXAMPLES / tool / name).read_text(encoding="utf-8")
        assert re.findall(r'"(\d[\d,\s*-]+\*)"', text) == entries, tool


def test_a_real_day(tmp_path: Path) -> None:
    """From an empty warehouse to a message; the warehouse is named by the file of the environment alone."""
    project = tmp_path / "shop"
    project.mkdir()
    shop.write(project)
    file = tmp_path / "monitoring.env"
    programs = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    shop.put(file, f"PATH={programs}\nDBT_PROJECT_DIR={project}\nWAREHOUSE={tmp_path}/shop.duckdb\n")

    run = subprocess.run(
        [str(SCRIPT), "daily"], env={"PATH": "/usr/bin:/bin", "MONITORING_ENV": str(file)},
        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip

    assert run.returncode == 0, run.stdout
    assert "OPENED     warn" in run.stdout and "No open incidents of severity critical (2 monitors" in run.stdout
    assert published(project)


def workflow(folder: Path, stand_ins: StandIns, schedule: str) -> int:
    """The job's steps one after the other, as a runner does it: 1 where a step has failed."""
    job: dict[str, Any] = WORKFLOW["jobs"]["monitoring"]
    output = folder.parent / "output"
    select = job["env"]["SELECT"]
    assert select == f"${{{{ github.event.schedule == '17 0-1,3-23 * * *' && '{SELECT}' || '' }}}}"
    environment = {
        **os.environ, **stand_ins.environment, "GITHUB_OUTPUT": str(output),
        "SELECT": SELECT if schedule == "17 0-1,3-23 * * *" else "",
    }  # fmt: skip
    failed = False
    for step in job["steps"]:
        if "run" not in step or step["run"].startswith("pip install"):
            continue
        said = output.read_text(encoding="utf-8") if output.exists() else ""
        conditions = {
            None: not failed,
            "${{ !cancelled() && steps.build.outcome != 'skipped' }}": True,
            "${{ success() && steps.look.outputs.code == '0' }}": not failed and "code=0\n" in said,
        }
        if conditions[step.get("if")]:
            # As GitHub starts a step that names no shell.
            failed |= subprocess.run(["bash", "-e", "-c", step["run"]], cwd=folder, env=environment).returncode != 0
    return int(failed)


def test_the_page_quotes_the_files() -> None:
    page = (shop.REPOSITORY / "docs" / "orchestration.md").read_text(encoding="utf-8")
    quoted = re.findall(r'^```\w+ title="([^"]+)"\n(.*?)^```$', page, re.MULTILINE | re.DOTALL)

    assert quoted
    for name, text in quoted:
        assert text in (shop.EXAMPLES / name).read_text(encoding="utf-8"), name
    for path in shop.EXAMPLES.rglob("*.*"):
        assert path.name in page, path
