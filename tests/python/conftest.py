"""A dbt project in a folder of its own, its result tables made by hand, the command line run inside this process."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from driftline.cli import run
from support import Engine, Workspace

STUB = Path(__file__).parent / "stub"

ALERT_COLUMNS = {
    "alert_id": "varchar(200)",
    "monitor": "varchar(200)",
    "model_version": "varchar(200)",
    "segment": "varchar(200)",
    "segment_value": "varchar(200)",
    "window_periods": "integer",
    "family": "varchar(200)",
    "metric": "varchar(200)",
    "column_name": "varchar(200)",
    "baseline": "varchar(200)",
    "severity": "varchar(200)",
    "status": "varchar(200)",
    "first_window_start": "timestamp",
    "last_window_start": "timestamp",
    "last_window_end": "timestamp",
    "windows_breached": "bigint",
    "value": "double precision",
    "peak_value": "double precision",
    "expected": "double precision",
    "threshold": "double precision",
    "noise": "double precision",
    "message": "varchar(2000)",
    "owner": "varchar(200)",
}

# What an alert has besides where there are incidents.
MEMBER_COLUMNS = {
    "known_as": "varchar(200)",
    "earlier_ids": "varchar(200)",
    "incident_id": "varchar(200)",
    "is_headline": "boolean",
    "sentence": "varchar(2000)",
}

INCIDENT_COLUMNS = {
    "incident_id": "varchar(200)",
    "monitor": "varchar(200)",
    "monitors": "integer",
    "severity": "varchar(200)",
    "status": "varchar(200)",
    "headline": "varchar(2000)",
    "evidence": "varchar(2000)",
    "headline_alert_id": "varchar(200)",
    "family": "varchar(200)",
    "metric": "varchar(200)",
    "column_name": "varchar(200)",
    "is_common": "boolean",
    "alerts": "integer",
    "open_alerts": "integer",
    "columns_moved": "integer",
    "also": "varchar(2000)",
    "stands_out": "varchar(2000)",
    "cause": "varchar(2000)",
    "cost": "double precision",
    "cost_unit": "varchar(200)",
    "opened_at": "timestamp",
    "resolved_at": "timestamp",
    "first_window_start": "timestamp",
    "last_window_end": "timestamp",
    "owner": "varchar(200)",
    "known_as": "varchar(200)",
    "earlier_ids": "varchar(200)",
    "found_late": "boolean",
    "no_data_since": "timestamp",
    "answer": "varchar(200)",
    "answered_by": "varchar(200)",
    "answered_at": "timestamp",
    "answer_note": "varchar(2000)",
    "snoozed_until": "timestamp",
    "event": "varchar(200)",
}

INCIDENT = {
    "monitor": "shop",
    "monitors": 1,
    "severity": "warn",
    "status": "open",
    "headline": "Price is distributed differently: on average 31 instead of 25, since 2026-03-01",
    "evidence": "psi of price is 0.31, over 0.25",
    "family": "drift",
    "metric": "psi",
    "column_name": "price",
    "is_common": False,
    "opened_at": "2026-03-03 00:00:00",
    "first_window_start": "2026-03-01 00:00:00",
    "last_window_end": "2026-03-03 00:00:00",
    "known_as": "shop",
    "found_late": False,
}

ALERT = {
    "monitor": "shop",
    "model_version": "all",
    "segment": "all",
    "segment_value": "all",
    "window_periods": 1,
    "family": "drift",
    "metric": "psi",
    "column_name": "price",
    "baseline": "reference",
    "severity": "warn",
    "status": "open",
    "first_window_start": "2026-03-01 00:00:00",
    "last_window_start": "2026-03-02 00:00:00",
    "last_window_end": "2026-03-03 00:00:00",
    "windows_breached": 2,
    "value": 0.31,
    "peak_value": 0.4,
    "expected": None,
    "threshold": 0.25,
    "noise": 0.01,
    "message": "psi of price is 0.31, over 0.25",
    "owner": None,
}


def text(value: Any) -> str:
    """A value as an SQL literal; the tests' own, so that the code under test is not checked by itself."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, float)) else "'" + str(value).replace("'", "''") + "'"


@dataclass
class Outcome:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass
class Shop:
    """The project under test."""

    folder: Path
    workspace: Workspace
    capture: Any
    columns: dict[str, str] = field(default_factory=lambda: dict(ALERT_COLUMNS))

    def run(self, command: str, *arguments: str) -> Outcome:
        options = ["--project-dir", str(self.folder), "--profiles-dir", str(self.folder)]
        self.capture.readouterr()
        code = run([command, *options, *arguments])
        captured = self.capture.readouterr()
        return Outcome(code, captured.out, captured.err)

    def profile(self, **changes: Any) -> None:
        output = {**self.workspace.output(), **changes}
        profiles = {"shop": {"target": "test", "outputs": {"test": output}}}
        (self.folder / "profiles.yml").write_text(yaml.safe_dump(profiles))

    def model(self, name: str, text: str) -> None:
        (self.folder / "models" / f"{name}.sql").write_text(text)

    def variables(self, **variables: Any) -> None:
        project = {"name": "shop", "version": "1.0", "profile": "shop", "vars": variables}
        (self.folder / "dbt_project.yml").write_text(yaml.safe_dump(project))

    def build(self, *monitors: str) -> None:
        """Make the result tables, with no alerts."""
        relation = self.workspace.relation
        self.workspace.execute(f"create table {relation('driftline_monitors')} (monitor varchar(200))")
        for monitor in monitors:
            self.workspace.execute(f"insert into {relation('driftline_monitors')} values ({text(monitor)})")
        columns = ", ".join(f"{name} {kind}" for name, kind in self.columns.items())
        self.workspace.execute(f"create table {relation('driftline_alerts')} ({columns})")
        self.workspace.execute(f"create table {relation('driftline_metrics')} (monitor varchar(200))")

    def alert(self, alert_id: str, **changes: Any) -> None:
        """Add an alert, or change one that is there."""
        row = {"alert_id": alert_id, **ALERT, **changes}
        self.drop(alert_id)
        values = ", ".join(text(row.get(name)) for name in self.columns)
        self.workspace.execute(f"insert into {self.workspace.relation('driftline_alerts')} values ({values})")

    def drop(self, alert_id: str) -> None:
        self.workspace.execute(
            f"delete from {self.workspace.relation('driftline_alerts')} where alert_id = {text(alert_id)}"
        )

    def upgrade(self) -> None:
        """The tables of a package that knows incidents; alerts that are there are each one of its own."""
        execute, relation = self.workspace.execute, self.workspace.relation
        for name, kind in MEMBER_COLUMNS.items():
            execute(f"alter table {relation('driftline_alerts')} add column {name} {kind}")
        self.columns.update(MEMBER_COLUMNS)
        columns = ", ".join(f"{name} {kind}" for name, kind in INCIDENT_COLUMNS.items())
        execute(f"create table {relation('driftline_incidents')} ({columns})")

    def incident(self, incident_id: str, members: Iterable[str | dict[str, Any]] = (), **changes: Any) -> None:
        """Add an incident, or change it, with its alerts; the first is its headline. An alert is its id, or more of it."""
        relation = self.workspace.relation("driftline_incidents")
        self.workspace.execute(f"delete from {relation} where incident_id = {text(incident_id)}")
        given = [{"alert_id": member} if isinstance(member, str) else member for member in members]
        given = given or [{"alert_id": incident_id}]
        row = {
            "incident_id": incident_id, **INCIDENT, "headline_alert_id": given[0]["alert_id"], "alerts": len(given),
            **changes,
        }  # fmt: skip
        status = "resolved" if row["status"] == "resolved" else "open"
        for place, member in enumerate(given):
            own = {"severity": row["severity"], "status": status, "monitor": row["monitor"], **member}
            self.alert(**own, incident_id=incident_id, is_headline=place == 0)
        row.setdefault("open_alerts", sum(member.get("status", status) == "open" for member in given))
        values = ", ".join(text(row.get(name)) for name in INCIDENT_COLUMNS)
        self.workspace.execute(f"insert into {relation} values ({values})")

    def answers(self, columns: str = "incident_id, answer, answered_by") -> list[tuple[Any, ...]]:
        relation = self.workspace.relation("driftline_answers")
        return self.workspace.sql(f"select {columns} from {relation} order by answered_at, answer_id")

    def told(self) -> list[tuple[str, str]]:
        """Runs `driftline alert`; the id and the event of what it printed."""
        outcome = self.run("alert", "--json")
        assert outcome.code == 0, outcome.err
        return [(line["alert_id"], line["event"]) for line in outcome.lines]

    def ledger(self, columns: str = "alert_id, state, occurrence, event, outcome") -> list[tuple[Any, ...]]:
        return self.workspace.sql(
            f"select {columns} from {self.workspace.relation('driftline_notifications')} "
            "where state <> 'watching' order by sent_at, alert_id"
        )


_numbers = itertools.count(1)


def _shop(engine: Engine, folder: Path, capture: Any) -> Iterator[Shop]:
    # Every project has a name of its own, and with it every DuckDB file: dbt keeps one open until the next.
    project = folder / f"shop_{next(_numbers)}"
    (project / "models").mkdir(parents=True)
    shutil.copytree(STUB, project / "dbt_packages" / "driftline")
    (project / "packages.yml").write_text(yaml.safe_dump({"packages": [{"local": str(STUB)}]}))
    made = Shop(project, engine.workspace(project), capture)
    made.variables(driftline_monitors=[])
    made.profile()
    yield made
    made.workspace.close()


@pytest.fixture
def shop(duckdb_engine: Engine, tmp_path: Path, capsys: Any) -> Iterator[Shop]:
    """A project on DuckDB."""
    yield from _shop(duckdb_engine, tmp_path, capsys)


@pytest.fixture
def any_shop(engine: Engine, tmp_path: Path, capsys: Any) -> Iterator[Shop]:
    """A project on each engine in turn."""
    yield from _shop(engine, tmp_path, capsys)


MakeShop = Callable[[], Shop]
