"""The package in a project that has not declared anything: empty tables with the right columns, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from support import Project
from support.project import REPOSITORY


def described() -> dict[str, dict[str, Any]]:
    found = {}
    for folder, kind in [("models", "models"), ("seeds", "seeds")]:
        for path in sorted(Path(REPOSITORY, folder).rglob("*.yml")):
            for entry in yaml.safe_load(path.read_text(encoding="utf-8")).get(kind) or []:
                step = path.parent.name == "windows" or entry["name"].startswith("driftline_int_")
                found[entry["name"]] = {**entry, "internal": step}
    return found


RELATIONS = described()
# dbt's names of types, as the engines' catalogues call them.
TYPES = {
    "string": {"character varying", "varchar", "text"},
    "double precision": {"double precision", "double"},
    "timestamp": {"timestamp", "timestamp without time zone"},
    "integer": {"integer"},
    "bigint": {"bigint"},
    "boolean": {"boolean"},
}


@pytest.fixture(scope="module", params=[None, []], ids=["no_variable", "empty_list"])
def project(make_module_project: Any, request: pytest.FixtureRequest) -> Project:
    vars = {} if request.param is None else {"driftline_monitors": request.param}
    project: Project = make_module_project(vars=vars)
    run = project.build("--warn-error")
    assert not run.deprecations
    return project


@pytest.fixture(scope="module")
def parts(project: Project) -> set[str]:
    """Models that are a part of the statements that read them, on this engine, and so no relation."""
    return set(project.run(["ls", "--select", "config.materialized:ephemeral", "--output", "name"]).result)


def test_the_build_leaves_the_described_relations_and_no_other(project: Project, parts: set[str]) -> None:
    assert set(project.relations()) == set(RELATIONS) - parts
    promised = {name for name, entry in RELATIONS.items() if (entry.get("config") or {}).get("contract")}
    assert not parts & (promised | {"driftline_metrics", "driftline_monitors", "driftline_default_thresholds"})


@pytest.mark.parametrize("name", RELATIONS)
def test_empty_with_the_described_columns(project: Project, parts: set[str], name: str) -> None:
    if name in parts:
        return
    entry = RELATIONS[name]
    named = [column["name"] for column in entry["columns"]]
    # Of the steps in between only the keys are described.
    have = project.column_names(name)
    assert set(named) <= set(have) if entry["internal"] else named == have
    if name != "driftline_default_thresholds":
        rows = project.sql(f"select count(*) from {name}")[0][0]
        assert rows == 0 or name == "driftline_int_critical_values"


def test_columns_have_the_described_types(project: Project, parts: set[str]) -> None:
    found = {
        (table, column): kind.lower()
        for table, column, kind in project.sql(
            "select table_name, column_name, data_type from information_schema.columns"
            f" where table_schema = '{project.workspace.schema}'"
        )
    }
    wrong = {
        (name, column["name"]): found[name, column["name"]]
        for name, entry in RELATIONS.items()
        if name not in parts
        for column in entry["columns"]
        if "data_type" in column and found[name, column["name"]] not in TYPES[column["data_type"]]
    }
    assert not wrong
