"""Several monitors and three runs of them (further_cases.py) on a further engine and on DuckDB: the same tables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from driftline.answers import ACK, EXPECTED, Answer, Answers
from driftline.project import ProjectOptions
from driftline.scrub import Scrubber
from driftline.warehouse import Warehouse
from support import Engine, Project

from engines import further_cases
from engines.beside_duckdb import TABLES, Beside

# What people are told and how monitors fare, beside the tables that one monitor has.
ALL = [
    *TABLES, "driftline_monitors", "driftline_int_sentences", "driftline_int_incident_sentences",
    "driftline_int_incident_members", "driftline_int_accepted",
]  # fmt: skip
# Nobody has answered yet.
EMPTY = {(0, "driftline_int_accepted")}


def answer(project: Project) -> None:
    """One incident is seen, another one expected: as `driftline incidents` records it, through dbt's own adapter."""
    found = project.sql(
        "select incident_id, monitor, last_window_end from driftline_incidents where status = 'open' order by monitor"
    )
    with Warehouse.open(
        ProjectOptions(project_dir=str(project.path), profiles_dir=str(project.path)), Scrubber()
    ) as warehouse:
        answers = Answers(warehouse)
        for kind, (incident, monitor, until) in zip((EXPECTED, ACK), found, strict=False):
            members = [
                row[0] for row in project.sql(f"select alert_id from driftline_alerts where incident_id = '{incident}'")
            ]
            answers.record(
                Answer(
                    kind, incident, monitor, kind, answered_by="it's \\ me", answered_at=datetime(2024, 11, 3, 9),
                    note="a 'note';\nof two lines", alert_ids=",".join(sorted(members)), data_until=until,
                ),
                members,
            )  # fmt: skip


@pytest.fixture(scope="module")
def built(further_engine: Engine, duckdb_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beside]:
    both = Beside.on([duckdb_engine, further_engine], tmp_path_factory, further_cases.models(0), **further_cases.VARS)
    for run, clock in enumerate(further_cases.CLOCKS):
        further_cases.declare(both.projects, run)
        both.build(str(clock), further_cases.tables(run))
        both.keep(ALL)
        if run == 0:
            for project in both.projects:
                answer(project)
    yield both
    both.close()


@pytest.mark.parametrize("table", ALL)
@pytest.mark.parametrize("run", [0, 1, 2])
def test_tables_are_those_of_duckdb(built: Beside, run: int, table: str) -> None:
    if (run, table) in EMPTY:
        assert all(frame.empty for frame in built.frames[table][run])
        return
    wrong = built.differences(run, table)
    assert not wrong, "\n".join(wrong)


def test_alerts_open_go_on_and_end(built: Beside) -> None:
    """The cases arise: what is compared above has a history."""
    alerts = [set(map(tuple, one[["alert_id", "status"]].to_numpy())) for one, _ in built.frames["driftline_alerts"]]
    opened = {alert for alert, status in alerts[0] if status == "open"}
    assert opened & {alert for alert, status in alerts[1] if status == "open"}
    assert opened & {alert for alert, status in alerts[2] if status == "resolved"}
    incidents = [other for _, other in built.frames["driftline_incidents"]]
    assert {"expected", "resolved"} <= set(incidents[1]["status"])
    states = [other for _, other in built.frames["driftline_state"]]
    assert [further_cases.GONE in set(state["monitor"]) for state in states] == [True, True, False]


def test_midnight_comes_twice(built: Beside) -> None:
    for project in built.projects:
        assert further_cases.rows_of_the_long_day(project) == 75
