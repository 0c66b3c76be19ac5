"""Dagster's definitions, loaded and run in this process: make orchestration."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import dagster as dg
import pytest
from orchestration import shop


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dagster") / "shop"
    folder.mkdir()
    shop.write(folder, moves=False)
    return folder


@pytest.fixture(scope="module")
def example(folder: Path) -> ModuleType:
    os.environ.update(
        DBT_PROJECT_DIR=str(folder), WAREHOUSE=str(folder / "shop.duckdb"), DAGSTER_DISABLE_TELEMETRY="1",
        PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    )  # fmt: skip
    subprocess.run(["dbt", "parse", "--profiles-dir", "."], cwd=folder, check=True)
    spec = importlib.util.spec_from_file_location("definitions", shop.EXAMPLES / "dagster" / "definitions.py")
    assert spec and spec.loader
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@pytest.fixture(scope="module")
def instance(folder: Path) -> Iterator[dg.DagsterInstance]:
    home = folder.parent / "home"
    home.mkdir()
    shutil.copy(shop.EXAMPLES / "dagster" / "dagster.yaml", home)
    os.environ["DAGSTER_HOME"] = str(home)
    with dg.DagsterInstance.get() as found:
        yield found


def run(example: ModuleType, instance: dg.DagsterInstance, job: str) -> dg.ExecuteInProcessResult:
    found = example.definitions.resolve_job_def(job)
    return found.execute_in_process(instance=instance, raise_on_error=False)


def asked(example: ModuleType, instance: dg.DagsterInstance, sensor: str, result: Any) -> str:
    """Which job a sensor asks for after a run."""
    kind = "RUN_SUCCESS" if result.success else "RUN_FAILURE"
    event = next(one for one in result.all_events if one.event_type_value == "PIPELINE_" + kind.removeprefix("RUN_"))
    context = dg.build_run_status_sensor_context(
        sensor_name=sensor, dagster_instance=instance, dagster_run=result.dagster_run, dagster_event=event
    )
    request = getattr(example, sensor)(context)
    assert request.run_key == result.run_id
    return str(getattr(example, sensor).job.name)


def test_what_is_there(example: ModuleType, instance: dg.DagsterInstance) -> None:
    dg.Definitions.validate_loadable(example.definitions)
    hourly = {key.path[-1] for key in example.definitions.resolve_job_def("hourly").asset_layer.selected_asset_keys}
    daily = {key.path[-1] for key in example.definitions.resolve_job_def("daily").asset_layer.selected_asset_keys}

    assert {"orders", "order_watch", "driftline_drift", "driftline_int_attempts"} <= hourly
    assert daily - hourly == {"order_log"}
    assert instance.event_log_storage.supports_global_concurrency_limits
    assert instance.global_op_concurrency_default_limit == 1
    ops = {op.name: op.pool for op in (example.alert, example.check, example.models.op)}
    assert set(ops.values()) == {"driftline"}


def test_a_quiet_day(example: ModuleType, instance: dg.DagsterInstance, folder: Path) -> None:
    day = run(example, instance, "daily")

    assert day.success
    built = {event.asset_key.path[-1] for event in day.get_asset_materialization_events() if event.asset_key}
    assert {"orders", "order_log", "driftline_incidents"} <= built
    assert asked(example, instance, "built", day) == "tell_and_act"
    assert run(example, instance, "tell_and_act").success
    assert (folder / "published.txt").exists()


def test_one_that_breaks_holds_up_no_other_and_is_told(
    example: ModuleType, instance: dg.DagsterInstance, folder: Path
) -> None:
    (folder / "published.txt").unlink()
    shop.declare(folder, "order_log", [], column="gone")

    day = run(example, instance, "daily")

    assert not day.success
    assert asked(example, instance, "failed", day) == "tell"
    assert run(example, instance, "tell").success
    assert [message for message in shop.told(folder / "shop.duckdb") if "its last run failed" in message]
    assert not (folder / "published.txt").exists()


def test_incidents_are_no_failure(example: ModuleType, instance: dg.DagsterInstance, folder: Path) -> None:
    looked = run(example, instance, "tell_and_act")

    assert looked.success and not (folder / "published.txt").exists()
    assert [event.step_key for event in looked.all_events if event.event_type_value == "STEP_SKIPPED"] == ["publish"]
