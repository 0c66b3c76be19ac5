"""The DAGs of Airflow, imported and run task by task in this process: make orchestration."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from orchestration import shop


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("airflow") / "shop"
    folder.mkdir()
    shop.write(folder, moves=False)
    return folder


@pytest.fixture(scope="module")
def example(folder: Path) -> ModuleType:
    os.environ.update(
        AIRFLOW_HOME=str(folder.parent / "home"), AIRFLOW__CORE__LOAD_EXAMPLES="false",
        AIRFLOW__CORE__DAGS_FOLDER=str(shop.EXAMPLES / "airflow"), AIRFLOW__LOGGING__LOGGING_LEVEL="WARNING",
        DBT_PROJECT_DIR=str(folder), WAREHOUSE=str(folder / "shop.duckdb"),
        PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    )  # fmt: skip
    for command in (["db", "migrate"], ["pools", "set", "driftline", "1", "one build or alert at a time"]):
        subprocess.run([sys.executable, "-m", "airflow", *command], check=True)
    # Cosmos reads what dbt makes of the project.
    subprocess.run(["dbt", "parse", "--profiles-dir", "."], cwd=folder, check=True)
    spec = importlib.util.spec_from_file_location("monitoring", shop.EXAMPLES / "airflow" / "monitoring.py")
    assert spec and spec.loader
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def run(dag: Any) -> tuple[str, dict[str, str]]:
    for task in dag.tasks:
        task.retries = 0
    done = dag.test()
    return str(done.state), {one.task_id: str(one.state) for one in done.get_task_instances()}


def test_the_hourly_one_leaves_the_daily_monitor_alone(example: ModuleType) -> None:
    commands = {dag.dag_id: dag.get_task("build").bash_command for dag in (example.hourly, example.daily)}

    assert commands == {
        "monitoring_hourly": "dbt build --select tag:hourly package:driftline",
        "monitoring_daily": "dbt build --select path:models/monitors package:driftline",
    }
    for dag in (example.hourly, example.daily):
        assert [task.task_id for task in dag.tasks if "models." in task.task_id] == ["models.orders_run"]
        own = [task for task in dag.tasks if hasattr(task, "bash_command") and task.task_id in
               ("build", "rescue", "alert", "check", "publish")]  # fmt: skip
        assert len(own) == 5 and {task.pool for task in own} == {"driftline"}


def test_a_quiet_day(example: ModuleType, folder: Path) -> None:
    state, tasks = run(example.daily)

    assert state == "success" and tasks.pop("rescue") == "skipped"
    assert set(tasks.values()) == {"success"}
    assert (folder / "published.txt").exists()


def test_one_that_breaks_holds_up_no_other_and_is_told(example: ModuleType, folder: Path) -> None:
    (folder / "published.txt").unlink()
    shop.declare(folder, "order_log", [], column="gone")

    state, tasks = run(example.daily)

    assert state == "failed"
    assert [name for name, one in tasks.items() if one == "failed"] == ["build"]
    assert {tasks["rescue"], tasks["alert"]} == {"success"} and tasks["check"] == "skipped"
    assert set(shop.last_build(folder).values()) == {"success"}
    assert [message for message in shop.told(folder / "shop.duckdb") if "its last run failed" in message]
    assert not (folder / "published.txt").exists()


def test_incidents_are_no_failure(example: ModuleType, folder: Path) -> None:
    """What is broken stays an incident until it works: here it is not run, so only it is left to look at."""
    state, tasks = run(example.hourly)

    assert state == "success"
    assert tasks["check"] == tasks["publish"] == "skipped" and tasks["over"] == "success"
