"""Monitors that break: the others have the day's results, and what is broken is told, once, until it works again.

Four are broken in four ways: a table that was never there, a column that is gone, a relation that may not be read, and a
data test that fails before the monitor's turn. Decision 14.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from driftline.cli import run as command_line
from support import Project

FIRST, THEN = "2024-01-12", "2024-01-13"
BROKEN = {"never": "late_log", "column": "column_log", "denied": "denied_log", "skipped": "tested_log"}
SECOND = ["build", "--select", "package:driftline"]
MONITORS = ["good", "few", *BROKEN]
STATUS = "select monitor, status, failed_runs from driftline_monitors order by monitor"
ALERTS = "select monitor, status, alert_id from driftline_alerts where family = 'operation' order by monitor"
NEWEST = "select monitor, max(window_end) from driftline_metrics where is_complete group by monitor"


def log(days: int) -> dict[str, list[Any]]:
    rows = [(day, number) for day in range(days) for number in range(120)]
    return {
        "at": [dt.datetime(2024, 1, 1 + day, number % 24) for day, number in rows],
        "price": [float(number % 40) for _, number in rows],
    }


def monitor(relation: str) -> str:
    return (
        f"{{{{ driftline.monitor(relation={relation}, timestamp='at', numeric=['price'], owner='shop team',"
        " reference={'start': '2024-01-01', 'end': '2024-01-05'}) }}"
    )


MODELS = {
    "good": monitor("source('raw', 'good_log')"),
    "few": monitor("source('raw', 'few_log')"),
    "tested_log": "select * from {{ source('raw', 'tested') }}",
    **{
        name: monitor(f"ref('{table}')" if name == "skipped" else f"source('raw', '{table}')")
        for name, table in BROKEN.items()
    },
}
PROPERTIES = """
version: 2
models:
  - {name: tested_log, columns: [{name: price, data_tests: [not_null]}]}
"""


class Shop:
    """A project whose monitors break and heal; what the tables said after each build is kept."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.engine = project.workspace.engine

    def deny(self) -> None:
        """Put a view in the log's place that may not be read: its owner has no right to what is behind it."""
        work = self.project.workspace
        table, behind = work.relation("denied_log"), work.relation("behind")
        work.execute(f"drop table {table}")
        if self.engine == "duckdb":
            refusal = "cast(error('permission denied for table behind') as double)"
            work.execute(
                f"create view {table} as select * replace ({refusal} as price) from {work.relation('good_log')}"
            )
            return
        work.execute(f"create table {behind} as select * from {work.relation('good_log')}")
        work.execute(f"create view {table} as select * from {behind}")
        work.execute("do $$ begin create role nobody_at_all; exception when duplicate_object then null; end $$")
        work.execute(f"grant usage on schema {work.schema} to nobody_at_all")
        work.execute(f"alter view {table} owner to nobody_at_all")

    def allow(self) -> None:
        self.project.workspace.execute(f"drop view {self.project.workspace.relation('denied_log')}")

    def command(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, results and messages of the command line."""
        out, err = io.StringIO(), io.StringIO()
        folder = str(self.project.path)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = command_line([*arguments, "--project-dir", folder, "--profiles-dir", folder])
        # What is wrapped to fit a terminal is one line again.
        return code, re.sub(r"\n {12,}", " ", out.getvalue()), err.getvalue()

    def look(self) -> dict[str, Any]:
        return {
            "status": {row[0]: row[1:] for row in self.project.sql(STATUS)},
            "alerts": {row[0]: row[1:] for row in self.project.sql(ALERTS)},
            "newest": dict(self.project.sql(NEWEST)),
        }


@pytest.fixture(scope="module")
def shop(make_module_project: Callable[..., Project]) -> Shop:
    few = {"at": [dt.datetime(2024, 1, 1 + day) for day in range(12)], "price": [1.0] * 12}
    logs = ("good_log", "tested", *(table for table in BROKEN.values() if table != "tested_log"))
    project = make_module_project(
        models=MODELS,
        files={"models/properties.yml": PROPERTIES},
        tables={"few_log": few, **{name: log(11) for name in logs}},
        vars={
            "driftline_monitors": ["good", "few", *BROKEN],
            "driftline_windows": {"day": [1]},
            "driftline_now": FIRST,
        },
    )
    project.workspace.execute(f"drop table {project.workspace.relation('late_log')}")
    return Shop(project)


@pytest.fixture(scope="module")
def course(shop: Shop) -> dict[str, Any]:
    """The first day, a day on which all four are broken, and one on which all work; what was seen after each."""
    project = shop.project
    seen: dict[str, Any] = {}
    first = project.run(["build"])
    seen["first statuses"] = first.statuses
    assert not first.success and set(first.failures) == {"never"}, str(first)
    assert project.run(SECOND).success
    seen["first"] = shop.look()

    project.set_vars(driftline_now=THEN)
    for table in ("good_log", "tested"):
        project.load(table, log(12))
    project.workspace.execute(
        f"insert into {project.workspace.relation('tested')} values (timestamp '2024-01-12 12:00:00', null)"
    )
    project.load("column_log", {"at": log(12)["at"]})
    shop.deny()
    second = project.run(["build"])
    assert not second.success
    assert {"never", "column", "denied"} <= set(second.failures), str(second)
    assert second.statuses["skipped"] == "skipped" and second.statuses["good"] == "success"
    seen["between"] = {row[0]: row[1] for row in project.sql(STATUS)}
    seen["check between"] = shop.command("check")
    seen["alert between"] = shop.command("alert")
    assert project.run(SECOND).success
    seen["broken"] = shop.look()
    seen["alert broken"] = shop.command("alert")
    seen["check broken"] = shop.command("check")
    seen["metrics broken"] = shop.command("metrics")
    page = project.path / "report.html"
    seen["report broken"] = (*shop.command("report", "--output", str(page)), page.read_text(encoding="utf-8"))
    seen["rows"] = dict(project.sql("select monitor, count(*) from driftline_state group by monitor"))

    shop.allow()
    for table in ("late_log", "column_log", "denied_log", "tested"):
        project.load(table, log(12))
    assert project.run(["build"]).success
    seen["healed"] = shop.look()
    seen["alert healed"] = shop.command("alert")
    seen["again"] = shop.command("alert")
    seen["check healed"] = shop.command("check")
    seen["check good"] = shop.command("check", "--monitor", "good")
    return seen


def test_the_others_have_the_day_s_results(course: dict[str, Any]) -> None:
    day = dt.datetime(2024, 1, 12)
    assert course["first"]["newest"]["good"] == day
    newest = course["broken"]["newest"]
    assert newest["good"] == day + dt.timedelta(days=1)
    assert {newest[name] for name in ("column", "denied", "skipped")} == {day} and "never" not in newest
    assert set(course["rows"]) == {"good", "few", "column", "denied", "skipped"}
    assert course["healed"]["newest"] == dict.fromkeys(MONITORS, day + dt.timedelta(days=1))


def test_every_listed_monitor_says_how_it_fares(course: dict[str, Any]) -> None:
    assert course["first"]["status"] == {
        "good": ("ok", 0), "few": ("nothing judged", 0), "never": ("never read", 1), "column": ("ok", 0),
        "denied": ("ok", 0), "skipped": ("ok", 0),
    }  # fmt: skip
    # The view speaks before the results are built: they are older than the state of what was read again.
    assert course["between"] == {
        "good": "results older than state", "few": "results older than state", "never": "never read",
        "column": "failed", "denied": "failed", "skipped": "failed",
    }  # fmt: skip
    assert course["broken"]["status"] == {
        "good": ("ok", 0), "few": ("nothing judged", 0), "never": ("never read", 2), "column": ("failed", 1),
        "denied": ("failed", 1), "skipped": ("failed", 1),
    }  # fmt: skip
    healed = course["healed"]["status"]
    assert {name: found for name, found in healed.items() if name != "few"} == {
        name: ("ok", 0) for name in MONITORS if name != "few"
    }


def test_a_broken_monitor_is_one_alert_until_it_works(course: dict[str, Any]) -> None:
    assert set(course["first"]["alerts"]) == {"never"}
    broken, healed = course["broken"]["alerts"], course["healed"]["alerts"]
    assert {name: found[0] for name, found in broken.items()} == dict.fromkeys(BROKEN, "open")
    assert broken["never"] == course["first"]["alerts"]["never"]
    assert healed == {name: ("resolved", found[1]) for name, found in broken.items()}
    assert len({found[1] for found in broken.values()}) == len(BROKEN)


def test_what_was_judged_is_counted(shop: Shop, course: dict[str, Any]) -> None:
    [few] = shop.project.sql(
        "select windows_judged, windows_not_judged, not_judged, problem from driftline_monitors where monitor = 'few'"
    )
    windows = few[1]
    assert few[0] == 0 and windows > 0
    assert few[2] == f"fewer than 100 rows in {windows} of {windows} windows"
    assert few[3] == "nothing could be judged: " + few[2]
    [(judged, last)] = shop.project.sql(
        "select windows_judged, last_judged_window_end from driftline_monitors where monitor = 'good'"
    )
    assert judged > 0 and last == dt.datetime(2024, 1, 13)


def test_the_command_line_tells_it_once_and_that_it_is_over(course: dict[str, Any]) -> None:
    def told(moment: str) -> dict[str, str]:
        """Monitor to what happened to it."""
        code, out, _ = course[moment]
        assert code == 0
        found = [re.match(r"(\w+) +critical +([^:]+):", line) for line in out.splitlines() if "failed or w" in line]
        return {name: match[1] for match in found if match for name in match[2].split(", ")}

    # Before the results are built, and not again after.
    assert told("alert between") == dict.fromkeys(BROKEN, "OPENED")
    assert "OPENED     critical  good: its results are older than its state" in course["alert between"][1]
    assert told("alert broken") == {}
    assert "RESOLVED" in course["alert broken"][1] and "good: over: its results are older" in course["alert broken"][1]
    assert told("alert healed") == dict.fromkeys(BROKEN, "RESOLVED")
    assert course["again"][1] == ""


def test_no_alert_is_no_all_clear_where_nothing_can_be_said(course: dict[str, Any]) -> None:
    code, out, _ = course["check between"]
    assert code == 1 and "critical  good: its results are older than its state: they were computed 20" in out
    code, out, _ = course["check broken"]
    assert code == 1
    # What breaks at once is one incident.
    assert "critical  never, column, denied, skipped: its last 2 runs failed or were skipped (the first 20" in out
    assert "never been read" in out
    assert "unknown   few: nothing could be judged: fewer than 100 rows in " in out
    code, out, err = course["check healed"]
    assert code == 2 and out.startswith("No open incidents, but nothing can be said of 1 of 6 monitors (")
    assert err.strip() == "driftline: this is no all-clear: nothing can be said of few."
    code, out, _ = course["check good"]
    assert code == 0 and out.startswith("No open incidents (1 monitor; ") and "windows judged)" in out


def test_scrapers_and_readers_see_it(course: dict[str, Any]) -> None:
    code, out, _ = course["metrics broken"]
    assert code == 0
    assert 'driftline_monitor_healthy{monitor="good",status="ok"} 1.0' in out
    assert 'driftline_monitor_healthy{monitor="column",status="failed"} 0.0' in out
    assert 'driftline_monitor_failed_runs{monitor="never"} 2.0' in out
    assert 'driftline_open_alerts{monitor="skipped",severity="critical"} 1.0' in out
    assert 'driftline_windows{judged="true",monitor="few"} 0.0' in out
    code, _, err, page = course["report broken"]
    assert code == 0 and "nothing can be said of few" in err
    banner = page[page.index("What this page cannot vouch for") :]
    banner = banner[: banner.index("</section>")]
    assert [name for name in MONITORS if f">{name}</a>" in banner] == ["few", *BROKEN]
    few = page[page.index('id="monitor-few"') :]
    assert "No incident is open, and that says nothing: nothing could be judged" in few
    few = few[: few.index('<section class="monitor"')] if '<section class="monitor"' in few else few
    assert "nothing has been beyond" not in few and "No column has moved" not in few


def test_a_monitor_that_nobody_runs_any_more(shop: Shop, course: dict[str, Any]) -> None:
    """The scheduler has died, or a job no longer selects it: nothing fails, so nothing but the clock can tell."""
    del course
    work = shop.project.workspace
    days = [dt.datetime.now(dt.timezone.utc) - dt.timedelta(days=4 + day, hours=day % 2) for day in range(12)]
    times = [f"{at:%Y-%m-%d %H:%M:%S.%f}" for at in days]
    attempts, good = work.relation("driftline_int_attempts"), work.relation("good")
    work.execute(f"delete from {attempts} where monitor = 'good'")
    rows = ", ".join(f"('good', '{number}', '{at}')" for number, at in enumerate(times))
    work.execute(f"insert into {attempts} (monitor, invocation_id, started_at) values {rows}")
    work.execute(f"update {good} set bin_label = '{times[0]}' where column_name = 'run_started_at'")
    query = "select status, problem from driftline_monitors where monitor = 'good'"
    [(status, problem)] = shop.project.sql(query)
    assert status == "not run lately"
    assert problem == f"its rows have not been read since {times[0][:16]} UTC; the longest pause before was 25 hours"
    code, out, err = shop.command("check", "--monitor", "good")
    assert code == 2 and f"critical  good: {problem}" in out and "nothing can be said of good" in err
    # A weekend is no outage where there was one before; nor is a quiet day of a project that hardly runs.
    work.execute(f"delete from {attempts} where monitor = 'good' and invocation_id in ('4', '5')")
    assert shop.project.sql(query) == [("ok", None)]
