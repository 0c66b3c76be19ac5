"""`driftline init` on relations of all kinds, on each engine; the package is a stub that builds nothing."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from driftline.declarations import read_declarations
from driftline.project import ProjectOptions
from driftline.scrub import Scrubber
from driftline.warehouse import Warehouse

DAYS, PER_DAY = 45, 120

SOURCES = """
sources:
  - name: raw
    database: "{database}"
    schema: "{schema}"
    tables: [{{name: log}}, {{name: missing}}]
"""


def rows(days: int = DAYS, per_day: int = PER_DAY) -> dict[str, list[Any]]:
    """A log as there are many: identifiers, features, a score, a label of which the last are not known."""
    chance = random.Random(1)
    found: dict[str, list[Any]] = {}
    for n in range(days * per_day):
        day = n // per_day
        row = {
            "id": n,
            "served_at": datetime(2026, 1, 1, 6) + timedelta(days=day, minutes=5 * (n % per_day)),
            "updated_at": datetime(2026, 3, 1) + timedelta(minutes=n),
            "price": round(chance.gauss(20, 4), 2),
            "visits": chance.randrange(12),
            "is_new": chance.randrange(2),
            "market": chance.choice(["north", "south", None]),
            "user_name": f"user {n}",
            "batch": f"batch {day}",
            "currency": "EUR",
            "model_version": "v1" if day < 30 else "v2",
            "score": round(chance.random(), 4),
            "bought": chance.random() < 0.2 if day < days - 4 else None,
            "revenue": round(chance.random(), 2),
        }
        for name, value in row.items():
            found.setdefault(name, []).append(value)
    return found


@pytest.fixture
def log(any_shop: Any) -> Any:
    workspace = any_shop.workspace
    (any_shop.folder / "models" / "sources.yml").write_text(
        SOURCES.format(database=workspace.database, schema=workspace.schema)
    )
    workspace.load("log", rows())
    return any_shop


def files_of(shop: Any) -> dict[str, str]:
    """All that belongs to the project, by name."""
    folder: Path = shop.folder
    paths = [*folder.glob("models/**/*"), folder / "dbt_project.yml"]
    return {str(path.relative_to(folder)): path.read_text() for path in paths if path.is_file()}


def declared(shop: Any, name: str) -> dict[str, Any]:
    """What dbt itself makes of the file."""
    folder = str(shop.folder)
    with Warehouse.open(ProjectOptions(folder, folder), Scrubber()) as warehouse:
        (found,) = (one for one in read_declarations(warehouse) if one.monitor == name)
        return {**found.arguments, "of": found.relation.relation if found.relation else None}


def test_a_source(log: Any) -> None:
    (log.folder / "dbt_project.yml").write_text(
        "name: shop\nversion: '1.0'\nprofile: shop\n# what is monitored\nvars: {driftline_monitors: []}  # none\n"
    )
    outcome = log.run("init", "raw.log")
    assert outcome.code == 0, outcome.err
    assert outcome.out.splitlines()[:3] == [
        "models/monitors/log_monitor.sql",
        "models/monitors/_log_monitor.yml",
        "dbt_project.yml: lists log_monitor",
    ]
    assert "rows of results a day" in outcome.out
    assert outcome.out.splitlines()[-2:] == [
        "    driftline preview log_monitor", "    dbt build --select log_monitor+",
    ]  # fmt: skip
    found = declared(log, "log_monitor")
    assert found["of"] == log.workspace.relation("log")
    assert {name: found[name] for name in ("timestamp", "period", "timezone", "prediction", "label", "task")} == {
        "timestamp": "served_at",
        "period": "day",
        "timezone": "UTC",
        "prediction": "score",
        "label": "bought",
        "task": "binary",
    }
    assert found["reference"] == {"start": "2026-01-01", "end": "2026-01-15"}
    assert found["numeric"] == ["price", "visits"] and found["categorical"] == ["is_new", "market"]
    assert (found["model_version"], found["segments"], found["label_delay"]) == ("model_version", ["market"], 4)
    assert found["business_metrics"] == {"revenue": {"sum": "revenue"}}
    files = files_of(log)
    text = files["models/monitors/log_monitor.sql"]
    for words in (
        "120 rows a day", "the first 14 days of 45", "updated_at", "by name; 5,400 values", "user_name", "EUR in every row",
        "no value is there on two days", "Makes ", "vars: {driftline_windows: {day: [1, 7]}}",
    ):  # fmt: skip
        assert words in " ".join(text.split()), words
    assert max(map(len, text.splitlines())) <= 120
    (model,) = yaml.safe_load(files["models/monitors/_log_monitor.yml"])["models"]
    assert model["name"] == "log_monitor" and "2026-01-01 to 2026-01-15" in model["description"]
    assert files["dbt_project.yml"].endswith("# what is monitored\nvars: {driftline_monitors: [log_monitor]}  # none\n")

    again = log.run("init", "raw.log")
    assert (again.code, again.out) == (2, "") and "already" in again.err and "--name" in again.err
    assert files_of(log) == files
    # Not even where dbt does not see it.
    (log.folder / "models/monitors/log_monitor.sql").rename(log.folder / "models/monitors/other_monitor.sql")
    log.variables(driftline_monitors=[])
    again = log.run("init", "raw.log")
    assert again.code == 2 and "_log_monitor.yml is there already" in again.err


def test_files_and_no_database_yet(shop: Any) -> None:
    """A source of files needs no table; a model that nothing has built still does."""
    shop.profile(path=str(shop.folder / "none.duckdb"))
    (shop.folder / "models" / "sources.yml").write_text(
        f"sources: [{{name: files, config: {{external_location: '{shop.folder}/{{name}}.csv'}}, tables: [{{name: log}}]}}]"
    )
    pd.DataFrame(rows()).to_csv(shop.folder / "log.csv", index=False)
    outcome = shop.run("init", "files.log")
    assert outcome.code == 0, outcome.err
    assert declared(shop, "log_monitor")["label"] == "bought"
    shop.model("recent", "select * from {{ source('files', 'log') }}")
    outcome = shop.run("init", "recent")
    assert outcome.code == 2 and "dbt build --select recent" in outcome.err


def test_only_printed(log: Any) -> None:
    before = files_of(log)
    for option in ("--print", "--dry-run"):
        outcome = log.run("init", "source('raw', 'log')", option, "--name", "mine")
        assert (
            outcome.code == 0 and "{{ driftline.monitor(" in outcome.out and "models/monitors/mine.sql" in outcome.out
        )
        assert "driftline_monitors: [..., mine]" in outcome.out
        assert files_of(log) == before


def test_a_table_the_project_does_not_know(log: Any) -> None:
    workspace = log.workspace
    workspace.execute(f"create table {workspace.relation('Odd table.1')} as select * from {workspace.relation('log')}")
    outcome = log.run("init", f'{workspace.schema}."Odd table.1"')
    assert outcome.code == 0, outcome.err
    found = declared(log, "odd_table_1_monitor")
    assert found["of"] == workspace.relation("Odd table.1") and found["label"] == "bought"
    (source,) = yaml.safe_load(files_of(log)["models/monitors/_odd_table_1_monitor.yml"])["sources"]
    assert source["schema"] == workspace.schema and source["tables"] == [{"name": "Odd table.1"}]
    # What the project knows by another name is named as the project does.
    assert "source('raw', 'log')" in log.run("init", f"{workspace.schema}.log", "--print").out


def test_a_model_a_view_and_what_there_is_not(log: Any) -> None:
    log.model("recent", "{{ config(materialized='view') }} select * from {{ source('raw', 'log') }}")
    log.model("passing", "{{ config(materialized='ephemeral') }} select 1 as x")
    outcome = log.run("init", "recent")
    assert outcome.code == 2 and "dbt build --select recent" in outcome.err
    log.workspace.execute(
        f"create view {log.workspace.relation('recent')} as select * from {log.workspace.relation('log')}"
    )
    assert "= ref('recent')," in log.run("init", "recent", "--print").out
    for given, said in {
        "passing": "ephemeral",
        "recnt": "ref('recent')",
        "raw.lgo": "source('raw', 'log')",
        "missing": "cannot be read",
        "nothing.like.this.here": "no relation",
        "ref('nobody')": "no relation",
        "": "no name",
    }.items():
        outcome = log.run("init", given)
        assert (outcome.code, outcome.out) == (2, ""), given
        assert said in outcome.err and "Traceback" not in outcome.err, given
    assert not (log.folder / "models" / "monitors").exists()


def test_an_empty_table(log: Any) -> None:
    log.workspace.execute(f"delete from {log.workspace.relation('log')}")
    log.variables(driftline_monitors=[], driftline_now="2026-05-01")
    outcome = log.run("init", "raw.log")
    # There is nothing in its reference, and validate says so.
    assert outcome.code == 1 and "no rows" in outcome.err
    found = declared(log, "log_monitor")
    assert found["timestamp"] == "served_at" and found["reference"] == {"start": "2026-05-01", "end": "2026-05-29"}
    assert (found["prediction"], found["label"], found["task"]) == ("score", "bought", "none")
    assert "names and types alone" in " ".join(files_of(log)["models/monitors/log_monitor.sql"].split())


def test_names_that_are_no_words(log: Any) -> None:
    names = ['we"ird; --', "it's", "{{ x }}", "#}", "größe", "select", "back\\slash", "with space", "%(s)s"]
    chance = random.Random(1)
    table: dict[str, list[Any]] = {"the time": [datetime(2026, 1, 1) + timedelta(hours=n) for n in range(960)]}
    table |= {name: [chance.randrange(9) for _ in range(960)] for name in names}
    table["Net Revenue"] = [chance.random() for _ in range(960)]
    log.workspace.load("log", table)
    outcome = log.run("init", "raw.log")
    assert outcome.code == 0, outcome.err
    found = declared(log, "log_monitor")
    assert (found["timestamp"], found["numeric"]) == ("the time", names)
    assert found["business_metrics"] == {"Net Revenue": {"sum": '"Net Revenue"'}}


def test_five_hundred_columns(log: Any, monkeypatch: Any) -> None:
    """A dozen chunks, two statements each: never one for a column."""
    chance = random.Random(1)
    table: dict[str, list[Any]] = {"at": [datetime(2026, 1, 1) + timedelta(hours=n) for n in range(400)]}
    table |= {f"f{n}": [chance.random() for _ in range(400)] for n in range(499)}
    log.workspace.load("log", table)
    asked: list[str] = []
    query = Warehouse.query
    monkeypatch.setattr(Warehouse, "query", lambda self, sql: asked.append(sql) or query(self, sql))
    outcome = log.run("init", "raw.log", "--print")
    assert outcome.code == 0 and "'f498'" in outcome.out
    assert len(asked) <= 2 * 13 + 6
    assert "499 columns are many" in outcome.out


def test_a_sample_reads_some_days_only(log: Any, monkeypatch: Any) -> None:
    from driftline.init import profile

    monkeypatch.setattr(profile, "MOST_ROWS", 2000)
    asked: list[str] = []
    query = Warehouse.query
    monkeypatch.setattr(Warehouse, "query", lambda self, sql: asked.append(sql) or query(self, sql))
    outcome = log.run("init", "raw.log", "--print")
    assert outcome.code == 0 and "5,400 rows, 2,000 of them column by column" in " ".join(outcome.out.split())
    assert "no value is there on two days" in " ".join(outcome.out.split())
    # By literals against the bare column.
    (whole, *_) = [sql for sql in asked if "union all" in sql]
    assert whole.count('where "served_at" >= cast(') == 20


def test_types_that_cannot_be_counted(log: Any) -> None:
    relation = log.workspace.relation("log")
    types = {"uid": "uuid", "payload": "json", "tags": "integer[]", "clock": "time"}
    if log.workspace.engine == "postgres":
        types |= {"cash": "money", "place": "point"}
    for name, kind in types.items():
        log.workspace.execute(f"alter table {relation} add column {name} {kind}")
    outcome = log.run("init", "raw.log", "--print")
    left = outcome.out.partition("Left out:")[2].partition("#}")[0]
    assert outcome.code == 0, outcome.err
    assert all(name in left for name in types), left
    assert "price" not in left


def test_midnights(log: Any) -> None:
    def told() -> str:
        return " ".join(log.run("init", "raw.log", "--print", "--timezone", "Asia/Tokyo").out.split())

    load = log.workspace.load
    load(
        "log",
        {
            "at": [datetime(2026, 1, 1) + timedelta(days=n // 150) for n in range(6000)],
            "x": [n % 7 for n in range(6000)],
        },
    )
    assert "timezone Asia/Tokyo: it holds midnights only" in told()
    load(
        "log",
        {
            "at": [datetime(2026, 1, 1, 15) + timedelta(days=n // 150) for n in range(6000)],
            "x": [n % 7 for n in range(6000)],
        },
    )
    assert "all times are 15:00 UTC" in told()
    load(
        "log",
        {"at": [date(2026, 1, 1) + timedelta(days=n // 150) for n in range(6000)], "x": [n % 7 for n in range(6000)]},
    )
    assert "the time is a date" in told()


def test_what_cannot_be_monitored(log: Any) -> None:
    log.workspace.load("log", {"x": [1, 2], "event_date": ["2026-01-01", "2026-01-02"]})
    outcome = log.run("init", "raw.log")
    assert outcome.code == 2 and "no column of type date or timestamp" in outcome.err and "event_date?" in outcome.err
    log.workspace.load("log", {"at": [datetime(2026, 1, n + 1) for n in range(9)], "id": list(range(9)), "c": [1] * 9})
    outcome = log.run("init", "raw.log")
    assert outcome.code == 2 and "no column that could be monitored" in outcome.err
    outcome = log.run("init", "raw.log", "--timestamp", "c")
    assert outcome.code == 2 and "Of type date or timestamp: at." in outcome.err


def test_names_that_are_taken(log: Any) -> None:
    log.model("recent", "select 1 as x")
    log.workspace.execute(f"create table {log.workspace.relation('kept')} (a integer)")
    for name, said in {
        "recent": "model recent already",
        "kept": "would take its place",
        "a b": "cannot be called",
    }.items():
        outcome = log.run("init", "raw.log", "--name", name)
        assert outcome.code == 2 and said in outcome.err, name


def test_a_list_that_cannot_be_changed_safely(log: Any) -> None:
    before = "name: shop\nversion: '1.0'\nprofile: shop\nall: &all []\nvars:\n  driftline_monitors: *all\n"
    before = before.replace("all: &all []", "on-run-end: &all []")
    (log.folder / "dbt_project.yml").write_text(before)
    outcome = log.run("init", "raw.log")
    assert outcome.code == 1 and "add:\n    vars:\n      driftline_monitors: [..., log_monitor]" in outcome.out
    assert files_of(log)["dbt_project.yml"] == before
