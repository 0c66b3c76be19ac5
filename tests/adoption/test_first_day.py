"""From a project that has never heard of driftline to the first alert, by the commands of README.md alone.

`dbt deps`, `driftline init`, the build that its last line names, `driftline alert`: in the shop of the other tests, whose
orders were there before, in a project whose sources are csv files and that has no database yet, and in such a one of 2,000
models. Each takes less than two minutes of the processor, and what is told of is what was made to happen.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from adoption import projects
from support import Engine
from support.project import QUIET, REPOSITORY

PROGRAMS = Path(sys.executable).parent
LIMIT = 120.0


@pytest.fixture(scope="module")
def engine(duckdb_engine: Engine) -> Engine:
    return duckdb_engine


def shop(make: Callable[..., Any], folder: Path) -> tuple[Path, str]:
    project = projects.shop(make)
    shutil.rmtree(project.path / "models" / "monitors")
    shutil.rmtree(project.path / "dbt_packages")
    project.set_vars(driftline_monitors=None, driftline_windows=None)
    # A file of DuckDB has one process.
    project.close()
    _run_without_the_package(project.path, "orders")
    return project.path, "orders"


def files(make: Callable[..., Any], folder: Path) -> tuple[Path, str]:
    lines = [",".join(map(str, row)) for row in projects.orders()]
    output = {"type": "duckdb", "path": "files.duckdb"}
    written = {
        "data/orders.csv": "\n".join(["order_id,ordered_at,amount,kind", *lines, ""]),
        "models/sources.yml": "sources: [{name: till, config: {external_location: 'data/{name}.csv'}, tables: [{name: orders}]}]",
        "dbt_project.yml": yaml.safe_dump(
            {"name": "files", "profile": "files", "vars": {"driftline_now": projects.NOW}}
        ),
        "profiles.yml": yaml.safe_dump({"files": {"target": "dev", "outputs": {"dev": output}}}),
        "packages.yml": yaml.safe_dump({"packages": [{"local": str(REPOSITORY)}]}),
    }
    return _written(folder, written), "till.orders"


def large(make: Callable[..., Any], folder: Path) -> tuple[Path, str]:
    """Beside 2,000 models in forty folders, each on one of the folder before, described and tested."""
    written = {}
    for group in range(40):
        numbers = range(group, 2000, 40)
        described = [
            {"name": f"model_{n}", "description": f"No. {n}.", "columns": [{"name": "id", "data_tests": ["not_null"]}]}
            for n in numbers
        ]
        written[f"models/group_{group}/_models.yml"] = json.dumps({"models": described})
        for n in numbers:
            read = f"select * from {{{{ ref('model_{n - 1}') }}}}" if group else f"select {n} as id"
            written[f"models/group_{group}/model_{n}.sql"] = read
    return files(make, _written(folder, written))


def _run_without_the_package(folder: Path, model: str) -> None:
    """What the project did before it had the package; what dbt kept of that is no help afterwards."""
    packages = (folder / "packages.yml").rename(folder / "packages.later")
    settings = (folder / "dbt_project.yml").read_text(encoding="utf-8")
    own = yaml.safe_load(settings)
    for kind in ("models", "seeds"):
        own.get(kind, {}).pop("driftline", None)
    (folder / "dbt_project.yml").write_text(yaml.safe_dump(own), encoding="utf-8")
    run(folder, f"dbt run --select {model}")
    (folder / "dbt_project.yml").write_text(settings, encoding="utf-8")
    packages.rename(folder / "packages.yml")


def _written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def run(folder: Path, command: str) -> str:
    environment = {name: text for name, text in os.environ.items() if not name.startswith(("DBT_", "DRIFTLINE_"))}
    program, *arguments = command.split()
    done = subprocess.run(
        [PROGRAMS / program, *arguments], cwd=folder, env=environment | QUIET, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("make", [shop, files, pytest.param(large, marks=pytest.mark.weekly)])
def test_the_first_alert_comes_within_two_minutes(
    make: Callable[..., Any], make_project: Any, tmp_path: Path, figure: Any
) -> None:
    folder, relation = make(make_project, tmp_path)
    spent = {}

    def timed(command: str) -> str:
        at = resource.getrusage(resource.RUSAGE_CHILDREN)
        said = run(folder, command)
        now = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent[" ".join(command.split()[:2])] = now.ru_utime - at.ru_utime + now.ru_stime - at.ru_stime
        return said

    timed("dbt deps")
    *_, preview, build = timed(f"driftline init {relation}").splitlines()
    assert preview.split()[:2] == ["driftline", "preview"] and build.split()[:3] == ["dbt", "build", "--select"]
    timed(build.strip())
    told = timed("driftline alert")

    assert "OPENED" in told and "Amount is higher" in told, told
    assert run(folder, "driftline alert") == ""
    figure(f"seconds of the processor, {make.__name__}", {name: round(took, 1) for name, took in spent.items()})
    assert sum(spent.values()) < LIMIT, spent
