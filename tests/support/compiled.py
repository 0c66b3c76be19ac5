"""Engines that are not there: what dbt's adapters make of the package for them, without a connection."""

from __future__ import annotations

import contextlib
import csv
import io
import math
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from support.project import QUIET, REPOSITORY

# Targets that nobody answers at.
OUTPUTS: dict[str, dict[str, Any]] = {
    "snowflake": {"account": "a", "user": "u", "password": "p", "database": "D", "schema": "S", "warehouse": "W"},
    "bigquery": {"method": "oauth-secrets", "token": "t", "project": "p", "dataset": "d"},
    "redshift": {"host": "127.0.0.1", "port": 5439, "user": "u", "password": "p", "dbname": "d", "schema": "s"},
    "databricks": {
        "host": "example.invalid", "http_path": "/sql/1.0/warehouses/x", "token": "t", "schema": "s", "catalog": "main",
    },
    "trino": {"method": "none", "host": "127.0.0.1", "port": 8081, "user": "u", "database": "memory", "schema": "s"},
    "athena": {
        "s3_staging_dir": "s3://a/b", "region_name": "us-east-1", "database": "awsdatacatalog", "schema": "s",
        "aws_access_key_id": "k", "aws_secret_access_key": "s",
    },
}  # fmt: skip
# Whether a table is there cannot be asked: dbt's own macro would connect to find out.
NEVER_INCREMENTAL = "{% macro is_incremental() %}{{ return(false) }}{% endmacro %}"


class Compiled:
    name = "compiled"

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._found: dict[str, dict[str, str]] = {}

    def models(self, engine: str, monitors: dict[str, str], variables: dict[str, Any]) -> dict[str, str]:
        """Each model's SQL for an engine; compiled once."""
        if engine not in self._found:
            self._found[engine] = self._compile(engine, monitors, variables)
        return self._found[engine]

    def _compile(self, engine: str, monitors: dict[str, str], variables: dict[str, Any]) -> dict[str, str]:
        from dbt.cli.main import dbtRunner

        path = Path(self._folder.name) / engine
        outputs = {"x": {"type": engine, "threads": 1, **OUTPUTS[engine]}}
        source = {"name": "raw", "schema": "raw", "tables": [{"name": "log"}]}
        content: dict[str, Any] = {
            "profiles.yml": {"consumer": {"target": "x", "outputs": outputs}},
            "dbt_project.yml": {"name": "consumer", "version": "1.0.0", "profile": "consumer", "vars": variables},
            "packages.yml": {"packages": [{"local": str(REPOSITORY)}]},
            "models/sources.yml": {"version": 2, "sources": [source]},
        }
        files = {name: yaml.safe_dump(text) for name, text in content.items()}
        files["macros/never.sql"] = NEVER_INCREMENTAL
        files |= {f"models/{name}.sql": text for name, text in monitors.items()}
        for name, text in files.items():
            target = path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        (path / "dbt_packages").mkdir()
        (path / "dbt_packages" / "driftline").symlink_to(REPOSITORY, target_is_directory=True)
        command = ["compile", "--no-introspect", "--no-populate-cache", "--project-dir", str(path)]
        os.environ.update(QUIET)
        with contextlib.redirect_stdout(io.StringIO()), contextlib.chdir(path):
            result = dbtRunner().invoke([*command, "--profiles-dir", str(path)])
        assert result.success, f"{engine}: {result.exception}\n" + "\n".join(
            f"{r.node.name}: {r.message}" for r in result.result or [] if str(r.status) != "success"
        )
        nodes = [r.node for r in result.result if r.node.resource_type == "model"]  # type: ignore[union-attr]
        return {node.name: node.compiled_code for node in nodes}

    def close(self) -> None:
        self._folder.cleanup()


@dataclass(frozen=True)
class Documented:
    """What an engine's documentation says of a function; None where it was not looked up, or does not say."""

    least: int | None
    """Arguments, counted by their commas: `cast(x as bigint)` has one."""
    most: float | None
    nulls: str
    errors: str
    source: str


def table_of_functions(engine: str) -> dict[str, Documented]:
    path = REPOSITORY / "macros" / "adapters" / "functions" / f"{engine}.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        return {
            row["function"]: Documented(
                int(row["least"]) if row["least"] else None,
                float(row["most"]) if row["most"] else (math.inf if row["least"] else None),
                row["NULL gives"],
                row["error gives"],
                row["documented at"],
            )
            for row in csv.DictReader(stream)
        }
