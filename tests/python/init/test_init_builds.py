"""What `driftline init` writes is built by dbt as it stands: a log, an empty one, many columns, odd names, a date."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import yaml
from driftline.cli import run
from support import Project

DAYS, PER_DAY = 45, 60


def log() -> dict[str, list[Any]]:
    chance = random.Random(1)
    number = range(DAYS * PER_DAY)
    found: dict[str, list[Any]] = {
        "id": list(number),
        "served_at": [datetime(2026, 1, 1) + timedelta(days=n // PER_DAY, minutes=9 * (n % PER_DAY)) for n in number],
        # From the 31st day on it is another.
        "price": [round(chance.gauss(20 if n // PER_DAY < 30 else 40, 4), 2) for n in number],
        "market": [chance.choice(["north", "south", None]) for _ in number],
        "model_version": ["v1" if n // PER_DAY < 30 else "v2" for n in number],
        "score": [round(chance.random(), 4) for _ in number],
        "Net Revenue": [round(chance.random(), 2) for _ in number],
    }
    found["bought"] = [chance.random() < score for score in found["score"]]
    return found


TABLES: dict[str, dict[str, list[Any]]] = {
    "log": log(),
    "odd": {
        "the time": [date(2026, 1, 1) + timedelta(days=n // 20) for n in range(800)],
        **{name: [n % 7 for n in range(800)] for name in ('we"ird; --', "it's", "{{ x }}", "#}", "back\\slash")},
        "outcome": [("no", "yes", "no")[n % 3] for n in range(800)],
        "risk score": [n % 500 for n in range(800)],
    },
    "wide": {
        "at": [datetime(2026, 1, 1) + timedelta(hours=4 * n) for n in range(180)],
        **{f"f{n}": [(k * (n + 3)) % 101 / 7 for k in range(180)] for n in range(60)},
    },
}


@pytest.fixture(scope="module")
def project(make_module_project: Callable[..., Project]) -> Project:
    made = make_module_project(tables=TABLES, vars={"driftline_now": "2026-02-15"})
    made.execute(f"create table {made.relation('nothing')} as select * from {made.relation('log')} where 1 = 0")
    options = ["--project-dir", str(made.path), "--profiles-dir", str(made.path)]
    for name in ("log", "odd", "wide"):
        assert run(["init", f"raw.{name}", *options]) == 0
    # The one relation that the project does not know, in which there is nothing to hold anything against yet.
    assert run(["init", f"{made.workspace.schema}.nothing", *options]) == 1
    made.build()
    return made


def test_all_of_it_is_built(project: Project) -> None:
    assert project.sql("select monitor, rows_read, status from driftline_monitors order by 1") == [
        ("log_monitor", DAYS * PER_DAY, "ok"),
        ("nothing_monitor", 0, "nothing judged"),
        ("odd_monitor", 800, "ok"),
        ("wide_monitor", 180, "nothing judged"),
    ]


def test_the_schema_lines_have_the_columns_of_the_table(project: Project) -> None:
    (model,) = yaml.safe_load((project.path / "models/monitors/_log_monitor.yml").read_text(encoding="utf-8"))["models"]
    described = {column["name"]: column["description"] for column in model["columns"]}
    assert list(described) == project.column_names("log_monitor")
    assert all(described.values()) and "setting" in described["record"]


def test_the_change_is_found(project: Project) -> None:
    found = project.sql(
        "select distinct column_name from driftline_alerts where monitor = 'log_monitor' and family = 'drift'"
    )
    assert ("price",) in found and ("market",) not in found
    families = {
        name for (name,) in project.sql("select distinct family from driftline_metrics where monitor = 'log_monitor'")
    }
    assert {"drift", "quality", "performance", "business"} <= families


def test_the_rows_of_results_are_those_that_validate_tells(project: Project, capsys: Any) -> None:
    text = (project.path / "models/monitors/wide_monitor.sql").read_text(encoding="utf-8")
    options = ["--project-dir", str(project.path), "--profiles-dir", str(project.path)]
    capsys.readouterr()
    assert run(["validate", "--json", "--select", "wide_monitor", *options]) == 0
    (rows,) = json.loads(capsys.readouterr().out)["rows"]
    assert f"Makes {rows['rows']:,} rows of results a {rows['period']}" in text


def test_a_preview_tells_what_the_build_has_told(project: Project, capsys: Any) -> None:
    options = ["--project-dir", str(project.path), "--profiles-dir", str(project.path)]
    relations = project.relations()

    def told(command: str, *arguments: str) -> Any:
        capsys.readouterr()
        assert run([command, *arguments, "--json", *options]) == 0
        found = json.loads(capsys.readouterr().out)
        return [
            {name: one[name] for name in ("incident_id", "headline", "severity", "status")}
            for one in found["incidents"] if one["family"] != "operation"
        ]  # fmt: skip

    found = told("preview", "log_monitor")
    assert found and found == told("incidents", "--all", "--monitor", "log_monitor")
    assert project.relations() == relations
    left = project.sql("select schema_name from information_schema.schemata where schema_name like '%preview%'")
    assert left == []
