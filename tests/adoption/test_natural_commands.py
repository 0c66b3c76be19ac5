"""What people do with any dbt project, done with one that has a monitor: docs/dbt-commands.md says the same."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from adoption import projects
from driftline.cli import run as driftline
from support import Engine, Project, Run
from support.project import REPOSITORY

PROD = ("--target", "prod")
PAGE = REPOSITORY / "docs" / "dbt-commands.md"
Tell = Callable[..., tuple[int, list[dict[str, Any]]]]


@pytest.fixture(scope="module")
def engine(duckdb_engine: Engine) -> Engine:
    return duckdb_engine


@pytest.fixture(scope="module")
def shop(make_module_project: Any) -> Project:
    return projects.shop(make_module_project)


def succeeded(run: Run) -> Run:
    assert run.success, str(run)
    return run


def results(project: Project, schema: str) -> list[list[tuple[Any, ...]]]:
    """To nine digits: sums differ in the last with the order of their rows."""
    return [
        [
            tuple(round(value, 9) if isinstance(value, float) else value for value in row)
            for row in project.sql(f"select {columns} from {schema}.{table} order by all")
        ]
        for table, columns in (
            ("driftline_drift", "monitor, window_start, column_name, baseline, psi, ks_lower, row_count"),
            ("driftline_metrics", "monitor, family, metric, column_name, baseline, window_start, value"),
            ("driftline_alerts", "alert_id, monitor, metric, status, value, message, opened_at"),
        )
    ]


@pytest.fixture
def tell(capsys: Any) -> Tell:
    """Runs a command on a project: exit code, and what it says as JSON."""

    def told(project: Project, *command: str) -> tuple[int, list[dict[str, Any]]]:
        capsys.readouterr()
        folder = str(project.path)
        code = driftline([*command, "--json", "--project-dir", folder, "--profiles-dir", folder])
        said = capsys.readouterr().out
        # One object over several lines, or one in each.
        return code, [json.loads(said)] if said.startswith("{\n") else [json.loads(line) for line in said.splitlines()]

    return told


@pytest.fixture(scope="module")
def alone(shop: Project) -> Run:
    """Without the package's models, on an empty database."""
    return succeeded(shop.run(["build", "--exclude", "package:driftline", *PROD]))


def test_a_monitor_builds_without_the_package(shop: Project, alone: Run) -> None:
    assert alone.statuses == {"orders": "success", "order_log": "success"}
    assert shop.sql("select sum(row_count) from monitoring.order_log where column_role = 'row'") == [(2400,)]


@pytest.fixture(scope="module")
def retried(shop: Project, alone: Run) -> Run:
    """The first whole build finds a broken monitor; it is mended, and dbt goes on from there."""
    shop.model("monitors/order_log", projects.SHOP_MONITOR.replace("'amount'", "'gone'"))
    broken = shop.run(["build", "--write-json", *PROD])
    assert set(broken.failures) == {"order_log"} and "'numeric': given \"gone\"" in broken.failures["order_log"]
    shop.model("monitors/order_log", projects.SHOP_MONITOR)
    run = succeeded(shop.run(["retry", "--write-json", *PROD]))
    shutil.copytree(shop.path / "target", shop.path / "production")
    return run


def test_retry_builds_what_was_held_up(shop: Project, retried: Run) -> None:
    assert retried.statuses["order_log"] == "success" and retried.statuses["driftline_incidents"] == "success"
    assert "orders" not in retried.statuses
    assert shop.sql("select status from monitoring.driftline_monitors") == [("ok",)]
    assert len(shop.sql("select 1 from monitoring.driftline_alerts where status = 'open'")) == 3


def test_results_internals_and_seeds_go_where_schema_says(shop: Project, retried: Run) -> None:
    found = projects.places(shop)
    assert set(found) == {"marts", "monitoring", "monitoring_internal", "monitoring_seeds"}
    assert found["marts"] == {"orders"} and found["monitoring_seeds"] == {"driftline_default_thresholds"}
    private = {path.stem for path in (REPOSITORY / "models" / "internal").rglob("*.sql")}
    assert found["monitoring_internal"] <= private and not found["monitoring"] & private
    assert {"order_log", "driftline_incidents", "driftline_state"} <= found["monitoring"]


@pytest.fixture(scope="module")
def deferred(shop: Project, retried: Run) -> Iterator[tuple[Any, Any]]:
    """A developer builds the monitor alone, on production's orders. What production has before and after."""
    before = results(shop, "monitoring")
    succeeded(shop.run(["build", "--select", "order_log+", "--defer", "--state", "production"]))
    yield before, results(shop, "monitoring")
    shop.execute("drop schema dev_schema cascade")


def test_defer_reads_production_and_leaves_it_alone(shop: Project, deferred: tuple[Any, Any]) -> None:
    before, after = deferred
    assert before == after and all(before)
    assert "orders" not in projects.places(shop)["dev_schema"]
    assert results(shop, "dev_schema") == before


@pytest.fixture(scope="module")
def cloned(shop: Project, deferred: Any) -> tuple[Any, Any]:
    """As a pipeline does: production cloned, then a build of empty relations. Production before and after."""
    before = results(shop, "monitoring")
    succeeded(shop.run(["clone", "--state", "production", "--exclude-resource-type", "seed", "--target", "ci"]))
    assert results(shop, "ci_schema") == before
    run = succeeded(shop.run(["build", "--empty", "--target", "ci"]))
    assert set(run.statuses.values()) == {"success"}
    return before, results(shop, "monitoring")


def test_clone_and_empty(shop: Project, cloned: tuple[Any, Any]) -> None:
    assert cloned[0] == cloned[1]
    assert results(shop, "ci_schema") == [[], [], []]
    columns = "select table_name, column_name, data_type from information_schema.columns where table_schema = '{}'"
    empty, full = (set(shop.sql(columns.format(name))) for name in ("ci_schema", "monitoring"))
    assert {row for row in full if row[0] != "driftline_notifications"} <= empty


@pytest.fixture(scope="module")
def league(shop: Project, cloned: Any, tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = projects.league(tmp_path_factory.mktemp("league"), shop)
    project.build()
    return project


def test_two_projects_in_one_database(shop: Project, league: Project, tell: Tell) -> None:
    """Each sees its own; names as a spreadsheet has them are read as they are."""
    assert {"league", "league_monitoring"} <= set(projects.places(league))
    code, (theirs,) = tell(league, "incidents")
    assert code == 0 and {one["monitor"] for one in theirs["incidents"]} == {"gate"}
    assert any("Attendance" in one["headline"] for one in theirs["incidents"])
    code, (ours,) = tell(shop, "incidents", *PROD)
    assert code == 0 and {one["monitor"] for one in ours["incidents"]} == {"order_log"}


RENAME = (
    "alter table monitoring.order_log rename to order_watch;",
    "update monitoring.order_watch set monitor = 'order_watch';",
)
DROP = "drop table monitoring.order_watch;"


def test_a_renamed_monitor_keeps_its_state_and_is_told_of_once_when_it_goes(
    shop: Project, league: Project, tell: Tell
) -> None:
    before = results(shop, "monitoring")[2]
    assert [line["event"] for line in tell(shop, "alert", *PROD)[1]] == ["opened"]
    # The first four days are in the state alone.
    shop.execute("delete from raw.\"Order Lines\" where ordered_at < timestamp '2026-01-05'")
    shop.remove_model("monitors/order_log")
    shop.model("monitors/order_watch", projects.SHOP_MONITOR.replace("numeric=", "formerly='order_log', numeric="))
    shop.set_vars(driftline_monitors=["order_watch"])
    for statement in RENAME:
        shop.execute(statement)
    shop.build(*PROD)
    assert shop.sql("select sum(row_count) from monitoring.order_watch where column_role = 'row'") == [(2400,)]
    after = results(shop, "monitoring")[2]
    assert [row[:1] + row[2:] for row in before] == [row[:1] + row[2:] for row in after]
    assert {row[1] for row in after} == {"order_watch"}
    assert tell(shop, "alert", *PROD) == (0, [])

    shop.remove_model("monitors/order_watch")
    shop.set_vars(driftline_monitors=[])
    succeeded(shop.run(["build", *PROD]))
    assert shop.sql("select count(*) from monitoring.driftline_alerts") == [(0,)]
    assert [line["event"] for line in tell(shop, "alert", *PROD)[1]] == ["withdrawn"]
    assert tell(shop, "alert", *PROD) == (0, [])
    # The state stays until it is dropped, and nothing reads it.
    assert "order_watch" in projects.places(shop)["monitoring"]
    shop.execute(DROP)
    assert shop.sql("select count(*) from monitoring.driftline_state") == [(0,)]


def test_what_is_done_here_is_documented() -> None:
    page = Path(PAGE).read_text(encoding="utf-8")
    for statement in (*RENAME, DROP):
        assert statement in page
    for command in (
        "dbt build --exclude package:driftline", "dbt retry", "dbt clone --state production --exclude-resource-type seed",
        "dbt build --empty", "--select order_log+ --defer --state production",
    ):  # fmt: skip
        assert command in page, command
