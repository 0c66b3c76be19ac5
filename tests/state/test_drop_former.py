"""`dbt run-operation driftline.drop_former`: what earlier versions have left goes, and nothing else."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import PurePosixPath

import pytest
from support import Engine, Project
from support.catalogue import Package
from support.project import REPOSITORY

DROP = ["run-operation", "driftline.drop_former", "--args", "{dry_run: false}"]


def test_every_model_that_once_was_is_listed() -> None:
    listed = Package()._former_relations()
    now = {path.stem for path in (REPOSITORY / "models").rglob("*.sql")}
    assert listed == sorted(set(listed)) and not now & set(listed)
    history = ["git", "log", "--diff-filter=DR", "--name-status", "--format=", "--", "models"]
    asked = subprocess.run(history, cwd=REPOSITORY, capture_output=True, text=True)
    if asked.returncode != 0:
        pytest.skip("not a git checkout")
    names = [line.split("\t")[1] for line in asked.stdout.splitlines() if line]
    gone = {PurePosixPath(name).stem for name in names if name.endswith(".sql")} - now
    assert gone - set(listed) == set(), "add them to _former_relations in macros/monitor/drop_former.sql"


@pytest.fixture
def project(make_project: Callable[..., Project]) -> Project:
    """A project of today beside relations of yesterday, one of which bears the name of a model of its own."""
    made = make_project(models={"driftline_cells": "select 1 as one"}, vars={"driftline_monitors": []})
    made.build("--select", "driftline_cells", "driftline_default_thresholds")
    for name in ("driftline_groups", "driftline_series", "driftline_mine", "groups"):
        made.sql(f"create table {name} as select 1 as one")
    made.sql("create view driftline_windows as select one from driftline_groups")
    made.sql("create view driftline_maturity as select one from driftline_windows")
    return made


def test_what_is_listed_is_what_is_dropped(project: Project) -> None:
    before = project.relations()
    former = ["driftline_groups", "driftline_maturity", "driftline_series", "driftline_windows"]

    listed = project.run(["run-operation", "driftline.drop_former"])
    assert listed.success, str(listed)
    said = [line for line in listed.messages if "would drop" in line]
    assert len(said) == len(former) and all(any(name in line for line in said) for name in former)
    assert any("nothing was dropped; with --args '{dry_run: false}' they are" in line for line in listed.messages)
    assert project.relations() == before

    dropped = project.run(DROP)
    assert dropped.success, str(dropped)
    assert project.relations() == {name: kind for name, kind in before.items() if name not in former}

    again = project.run(DROP)
    assert again.success and any("nothing is left of earlier versions" in line for line in again.messages)


def test_what_somebody_reads_is_not_dropped(project: Project, engine: Engine) -> None:
    """DuckDB does not know what reads a table."""
    if engine.name == "duckdb":
        pytest.skip("DuckDB drops it")
    project.sql("create view report as select one from driftline_series")
    before = project.relations()
    refused = project.run(DROP)
    assert not refused.success and any("report" in message for message in refused.messages)
    assert project.relations() == before
