"""Where the dbt versions are, the two projects they are tried on, and how they are called."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.project import QUIET, REPOSITORY

HERE = Path(__file__).parent
VERSIONS = {"1.10": "1.10.23", "1.11": "1.11.16", "1.12": "1.12.0"}
# Loaded by the v2 alpha when it builds on DuckDB; a package of npm (Makefile).
V2_DUCKDB = REPOSITORY / ".venv-compat" / "v2-duckdb" / "node_modules" / "@duckdb" / "node-bindings-linux-x64"
V2_BINARY = REPOSITORY / ".venv-compat" / "1.12" / "bin" / "dbt-core-experimental-parser"
V2_TARGETS: dict[str, dict[str, Any]] = {
    "duckdb": {"type": "duckdb", "path": "nothing.duckdb", "schema": "main"},
    "snowflake": {
        "type": "snowflake",
        "account": "nowhere",
        "user": "nobody",
        "password": "none",
        "database": "ANALYTICS",
        "schema": "MONITORING",
        "warehouse": "SMALL",
    },
    "bigquery": {
        "type": "bigquery",
        "method": "oauth-secrets",
        "token": "none",
        "project": "nothing",
        "dataset": "monitoring",
    },
    "redshift": {
        "type": "redshift",
        "host": "nowhere.invalid",
        "port": 5439,
        "user": "nobody",
        "password": "none",
        "dbname": "analytics",
        "schema": "monitoring",
    },
    "databricks": {
        "type": "databricks",
        "host": "nowhere.invalid",
        "http_path": "/sql/1.0/warehouses/none",
        "token": "none",
        "catalog": "main",
        "schema": "monitoring",
    },
    "postgres": {
        "type": "postgres",
        "host": "nowhere.invalid",
        "port": 5432,
        "user": "nobody",
        "password": "none",
        "dbname": "analytics",
        "schema": "monitoring",
    },
    "clickhouse": {
        "type": "clickhouse",
        "host": "nowhere.invalid",
        "port": 8123,
        "user": "nobody",
        "password": "none",
        "schema": "monitoring",
    },
}


def missing(what: str) -> None:
    """Skip, but not where everything is meant to be there."""
    message = f"{what} is not there: `make test` installs it"
    if os.environ.get("DRIFTLINE_TEST_ALL"):
        pytest.fail(message)
    pytest.skip(message)


def interpreter(version: str) -> Path:
    if version == "1.11":
        return Path(sys.executable)
    python = REPOSITORY / ".venv-compat" / version / "bin" / "python"
    if not python.exists():
        missing(f"the environment of dbt Core {version}")
    return python


def _write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False))


def empty_project(folder: Path) -> Path:
    """A project that has installed the package and lists no monitor."""
    _write(
        folder / "dbt_project.yml",
        {"name": "consumer", "version": "1.0.0", "profile": "consumer", "model-paths": ["models"]},
    )
    _write(folder / "packages.yml", {"packages": [{"local": str(REPOSITORY)}]})
    _write(folder / "models" / "orders.sql", "select 1 as order_id")
    return folder


def demo_project(folder: Path) -> Path:
    """A copy of the demo, so that tests neither disturb `make demo` nor each other."""
    shutil.copytree(
        REPOSITORY / "demo",
        folder,
        ignore=shutil.ignore_patterns("target", "logs", "dbt_packages", "package-lock.yml", "__pycache__"),
    )
    _write(folder / "packages.yml", {"packages": [{"local": str(REPOSITORY)}]})
    return folder


def add_semantics(path: Path) -> None:
    """What docs/dashboards.md tells a project to copy for MetricFlow."""
    shutil.copy(REPOSITORY / "integrations" / "metricflow" / "driftline.yml", path / "models")
    page = (REPOSITORY / "docs" / "dashboards.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```\w+\n(?:--|#) (models/time_spine_daily\.\w+)\n(.+?)^```", page, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 2
    for name, text in blocks:
        _write(path / name, text)


PROJECTS = {"empty": empty_project, "demo": demo_project}


@dataclass
class Outcome:
    version: str
    duckdb: str
    runs: list[dict[str, Any]]
    database: Path

    def problems(self) -> list[str]:
        """Everything that a user would see as a warning, a deprecation or an error."""
        found = []
        for run in self.runs:
            command = " ".join(run["command"])
            if not run["success"]:
                found.append(f"{command}: failed: {run['exception']}")
            found += [f"{command}: {message}" for message in run["messages"]]
            for event in run["events"]:
                if event["level"] in ("warn", "error") or "Deprecat" in event["name"]:
                    found.append(f"{command}: {event['name']}: {event['message']}")
        return found


def run_everything(version: str, project: str, folder: Path) -> Outcome:
    """deps, then parse and build with --warn-error, all in one process; the demo twice, for the incremental path."""
    python = interpreter(version)
    path = PROJECTS[project](folder / "project")
    if project == "demo":
        add_semantics(path)
    database = folder / "warehouse.duckdb"
    name = yaml.safe_load((path / "dbt_project.yml").read_text())["profile"]
    output = {"type": "duckdb", "path": str(database), "schema": "main", "threads": 2}
    _write(path / "profiles.yml", {name: {"target": "duckdb", "outputs": {"duckdb": output}}})
    commands = [
        ["deps"],
        ["parse", "--no-partial-parse", "--warn-error", "--show-all-deprecations"],
        ["build", "--warn-error", "--show-all-deprecations"],
    ]
    if project == "demo":
        commands.append(commands[-1])
    done = subprocess.run(
        [python, HERE / "run_dbt.py", path, json.dumps(commands)],
        capture_output=True,
        text=True,
        env={**os.environ, **QUIET},
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["dbt-core"] == VERSIONS[version]
    return Outcome(said["dbt-core"], said["duckdb"], said["runs"], database)


def ask_metricflow(outcome: Outcome, queries: list[dict[str, Any]]) -> Any:
    """MetricFlow's answers about a project that is built, and what it finds wrong with its semantic models."""
    python = REPOSITORY / ".venv-compat" / "metricflow" / "bin" / "python"
    if not python.exists():
        missing("MetricFlow's environment")
    done = subprocess.run(
        [python, HERE / "ask_metricflow.py", outcome.database.parent / "project", json.dumps(queries)],
        capture_output=True,
        text=True,
        env={**os.environ, **QUIET},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


def ask_v2(path: Path, home: Path, *commands: list[str]) -> subprocess.CompletedProcess[str]:
    """Commands of the dbt v2 alpha, its warnings in the output, until one fails."""
    if not V2_BINARY.exists():
        missing("the dbt v2-alpha binary (Linux on x86-64)")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DBT_")}
    environment |= {"NO_COLOR": "1", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DO_NOT_TRACK": "1", "HOME": str(home)}
    # Postgres and ClickHouse are asked for by name.
    environment |= {"DBT_ALLOW_EXPERIMENTAL_ADAPTERS": "true", "LD_LIBRARY_PATH": str(V2_DUCKDB)}
    for command in commands:
        done = subprocess.run(
            [V2_BINARY, *command, "--project-dir", path, "--profiles-dir", path],
            capture_output=True,
            text=True,
            env=environment,
            cwd=path,
        )
        if done.returncode != 0:
            break
    return done


def parse_with_v2(project: str, target: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """No warehouse is asked anything."""
    path = PROJECTS[project](folder / "project")
    name = yaml.safe_load((path / "dbt_project.yml").read_text())["profile"]
    _write(path / "profiles.yml", {name: {"target": target, "outputs": {target: V2_TARGETS[target]}}})
    return ask_v2(path, folder, ["deps"], ["parse", "--show-all-deprecations"])


def build_demo_with_v2(folder: Path) -> tuple[subprocess.CompletedProcess[str], Path]:
    """The demo built twice on DuckDB, and where its tables are."""
    if not (V2_DUCKDB / "libduckdb.so").exists():
        if V2_BINARY.exists() and shutil.which("npm") is None:
            pytest.skip("the DuckDB that dbt v2 loads is a package of npm, and there is no npm")
        missing("the DuckDB that dbt v2 loads")
    path = demo_project(folder / "project")
    name = yaml.safe_load((path / "dbt_project.yml").read_text())["profile"]
    database = folder / "warehouse.duckdb"
    output = {"type": "duckdb", "path": str(database), "schema": "main", "threads": 2}
    _write(path / "profiles.yml", {name: {"target": "duckdb", "outputs": {"duckdb": output}}})
    package = path / "dbt_packages" / "driftline"
    for part in ("macros", "models", "seeds"):
        shutil.copytree(REPOSITORY / part, package / part)
    shutil.copy(REPOSITORY / "dbt_project.yml", package)
    # The alpha looks for a package's seed at the package's folder within the package.
    (package / "dbt_packages").mkdir()
    (package / "dbt_packages" / "driftline").symlink_to(package, target_is_directory=True)
    return ask_v2(path, folder, ["build"], ["build"]), database
