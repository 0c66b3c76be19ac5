"""Prefect's flow, run in this process beside a server of its own: make orchestration."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from orchestration import shop
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate
from prefect.testing.utilities import prefect_test_harness


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prefect") / "shop"
    folder.mkdir()
    shop.write(folder, moves=False)
    return folder


@pytest.fixture(scope="module")
def example(folder: Path) -> Iterator[ModuleType]:
    os.environ.update(
        DBT_PROJECT_DIR=str(folder), WAREHOUSE=str(folder / "shop.duckdb"), PREFECT_SERVER_ANALYTICS_ENABLED="false",
        PATH=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    )  # fmt: skip
    spec = importlib.util.spec_from_file_location("monitoring", shop.EXAMPLES / "prefect" / "monitoring.py")
    assert spec and spec.loader
    found = sys.modules["monitoring"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    found.build = found.build.with_options(retries=0)
    with prefect_test_harness(server_startup_timeout=120):
        yield found


def states(example: ModuleType, select: list[str] | None = None) -> tuple[str, list[str]]:
    """Of the flow, and of what it returns."""
    state = example.monitoring(select, return_state=True)
    found = state.result(raise_on_failure=False)
    return state.name, [one.name for one in found] if isinstance(found, list) else [str(found)]


def test_without_the_limit_nothing_runs(example: ModuleType, folder: Path) -> None:
    name, why = states(example)

    assert name == "Failed" and "must be created" in why[0]
    assert not (folder / "shop.duckdb").exists()


def test_a_quiet_day(example: ModuleType, folder: Path) -> None:
    with get_client(sync_client=True) as client:
        client.create_global_concurrency_limit(GlobalConcurrencyLimitCreate(name="driftline", limit=1))

    assert states(example) == ("Completed", ["Completed"] * 4)
    assert (folder / "published.txt").exists()


def test_an_hour_leaves_the_daily_monitor_alone(example: ModuleType, folder: Path) -> None:
    assert states(example, example.HOURLY)[0] == "Completed"
    assert "order_watch" in shop.last_build(folder) and "order_log" not in shop.last_build(folder)


def test_one_that_breaks_holds_up_no_other_and_is_told(example: ModuleType, folder: Path) -> None:
    (folder / "published.txt").unlink()
    shop.declare(folder, "order_log", [], column="gone")

    assert states(example) == ("Failed", ["Failed", "Completed", "Completed"])
    assert set(shop.last_build(folder).values()) == {"success"}
    assert [message for message in shop.told(folder / "shop.duckdb") if "its last run failed" in message]
    assert not (folder / "published.txt").exists()


def test_both_times_are_served(example: ModuleType) -> None:
    found = {one.name: (one.parameters["select"], one.schedules[0].schedule.cron) for one in example.deployments()}

    assert found == {"hourly": (example.HOURLY, "17 0-1,3-23 * * *"), "daily": (None, "17 2 * * *")}
    assert example.HOURLY == ["--select", "+tag:hourly", "package:driftline"]
