"""A throw-away dbt project on one of the engines, driven in this process.

What dbt keeps between two invocations in one process, and what is done about it:

* Adapters: dbt resets them at the start of each invocation, nothing to do. DuckDB's connection stays open until dbt
  is given another path; see ``engines.py`` for why that does no harm.
* The working folder: dbt changes into the project; it is put back.
* Environment variables that dbt reads on import or on each call: set for the call and put back.
* Event callbacks: they belong to the runner, and each call makes a new runner.

An invocation is not safe beside another one in the same process (several processes are fine).
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from support.chain import Chain
from support.engines import Workspace

REPOSITORY = Path(__file__).resolve().parents[2]

# A listed monitor that has no rows: without any, the package's models are empty selects, and nothing could be put into
# their places.
NOBODY = {
    "monitors/nobody": "select {% for name, type in driftline._state_columns().items() %}cast(null as {{ type }}) as"
    " {{ name }}{{ ', ' if not loop.last }}{% endfor %} from (select 1 as nothing) as no_rows where 1 = 0"
}

# dbt's own switches: nothing is sent, nothing is looked up, nothing is written to the terminal.
QUIET = {
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "DO_NOT_TRACK": "1",
    "DBT_VERSION_CHECK": "false",
    "DBT_USE_COLORS": "false",
    "DBT_LOG_LEVEL": "none",
    "DBT_LOG_LEVEL_FILE": "none",
    "DBT_PRINT": "false",
}
# What a run did is taken from its result, so it need not be on the disk too.
NO_ARTIFACTS = {"DBT_WRITE_JSON": "false"}


@dataclass
class Run:
    """What one dbt invocation did."""

    success: bool
    exception: BaseException | None
    result: Any
    messages: list[str] = field(default_factory=list)
    """Every message from level info up, as dbt words it."""
    warnings: list[str] = field(default_factory=list)
    deprecations: list[str] = field(default_factory=list)
    """Names of the deprecation events, one for each occurrence."""

    @property
    def statuses(self) -> dict[str, str]:
        """Node name to status (success, pass, error, skipped ...)."""
        if not hasattr(self.result, "results"):
            return {}
        return {r.node.name: str(getattr(r.status, "value", r.status)) for r in self.result.results}

    @property
    def failures(self) -> dict[str, str]:
        """Node name to message, for every node that failed."""
        if not hasattr(self.result, "results"):
            return {}
        bad = {"error", "fail", "runtime error", "partial success"}
        return {
            r.node.name: str(r.message) for r in self.result.results if str(getattr(r.status, "value", r.status)) in bad
        }

    @property
    def text(self) -> str:
        """All that was said, for tests that look for a message."""
        parts = list(self.messages)
        if self.exception is not None:
            parts.append(str(self.exception))
        parts += self.failures.values()
        return "\n".join(parts)

    def __str__(self) -> str:
        return f"{'success' if self.success else 'FAILURE'}\n{self.text}"


class Project:
    """A dbt project in ``path`` on ``workspace``.

    ``models`` maps a name (``orders`` or ``monitors/orders``) to SQL; ``files`` maps any path to its text. ``tables``
    maps names to data: each is loaded and declared as ``source('raw', name)``. ``package=False`` leaves driftline out.
    ``config`` is merged into dbt_project.yml.
    """

    name = "consumer"

    def __init__(
        self,
        path: Path,
        workspace: Workspace,
        *,
        models: Mapping[str, str] | None = None,
        files: Mapping[str, str] | None = None,
        tables: Mapping[str, Any] | None = None,
        vars: Mapping[str, Any] | None = None,
        config: Mapping[str, Any] | None = None,
        package: bool = True,
    ) -> None:
        self.path = path
        self.workspace = workspace
        self.vars = dict(vars or {})
        self.config = dict(config or {})
        self.package = package
        self._sources: set[str] = set()
        self.path.mkdir(parents=True, exist_ok=True)
        self._write("profiles.yml", _yaml({self.name: {"target": "test", "outputs": {"test": workspace.output()}}}))
        self.write_project_file()
        if package:
            self._write("packages.yml", _yaml({"packages": [{"local": str(REPOSITORY)}]}))
            # What `dbt deps` does with a local package, without starting dbt for it.
            packages = self.path / "dbt_packages"
            packages.mkdir(exist_ok=True)
            (packages / "driftline").symlink_to(REPOSITORY, target_is_directory=True)
        for name, sql in (models or {}).items():
            self.model(name, sql)
        for name, text in (files or {}).items():
            self._write(name, text)
        for name, data in (tables or {}).items():
            self.load(name, data)

    # ------------------------------------------------------------------------------------------------------- files

    def write_project_file(self) -> None:
        content: dict[str, Any] = {
            "name": self.name,
            "version": "1.0.0",
            "profile": self.name,
            "flags": {"send_anonymous_usage_stats": False},
            "vars": self.vars,
        }
        self._write("dbt_project.yml", _yaml({**content, **self.config}))

    def set_vars(self, **changes: Any) -> None:
        """Change the vars of dbt_project.yml; a var set to None is removed."""
        for name, value in changes.items():
            if value is None:
                self.vars.pop(name, None)
            else:
                self.vars[name] = value
        self.write_project_file()

    def model(self, name: str, sql: str) -> None:
        """Write (or replace) a model."""
        self._write(f"models/{name.removesuffix('.sql')}.sql", sql)

    def remove_model(self, name: str) -> None:
        (self.path / "models" / f"{name.removesuffix('.sql')}.sql").unlink()

    def write(self, name: str, text: str) -> None:
        self._write(name, text)

    def _write(self, name: str, text: str) -> None:
        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    # --------------------------------------------------------------------------------------------------------- dbt

    def run(self, arguments: list[str], *, vars: Mapping[str, Any] | None = None) -> Run:
        """Run dbt, for example ``run(["build", "--select", "recommendations+"])``. Never raises for a failed run."""
        from dbt.cli.main import dbtRunner

        outcome = Run(success=False, exception=None, result=None)

        def listen(event: Any) -> None:
            level = str(event.info.level).rsplit(".", 1)[-1].lower()
            if level in ("info", "warn", "error"):
                outcome.messages.append(event.info.msg)
            if level == "warn":
                outcome.warnings.append(event.info.msg)
            if "Deprecat" in event.info.name:
                outcome.deprecations.append(event.info.name)

        command = [*arguments, "--project-dir", str(self.path), "--profiles-dir", str(self.path)]
        if vars:
            command += ["--vars", json.dumps(vars, default=str)]
        with _put_back(self.path):
            result = dbtRunner(callbacks=[listen]).invoke(command)
        outcome.success = bool(result.success)
        outcome.exception = result.exception
        outcome.result = result.result
        return outcome

    def build(self, *arguments: str, vars: Mapping[str, Any] | None = None) -> Run:
        """``dbt build``; fails the test when it fails."""
        outcome = self.run(["build", *arguments], vars=vars)
        assert outcome.success, str(outcome)
        return outcome

    def compiled_sql(self, *, select: str | None = None, full_refresh: bool = True) -> dict[str, str]:
        """Model name to compiled SQL in the order of the DAG."""
        return self.chain(select=select, full_refresh=full_refresh, copy=False).compiled_sql()

    def chain(
        self,
        *,
        select: str | None = None,
        full_refresh: bool = True,
        vars: Mapping[str, Any] | None = None,
        copy: bool = True,
    ) -> Chain:
        """Compile once, then run the models' SQL as often as wanted: see ``Chain``.

        Needs one ``build`` before, so that seeds and sources exist. With ``full_refresh=False`` incremental models are
        compiled as in a later run.
        """
        arguments = ["compile"]
        if full_refresh:
            arguments.append("--full-refresh")
        if select:
            arguments += ["--select", select]
        outcome = self.run(arguments, vars=vars)
        assert outcome.success, str(outcome)
        return Chain([r.node for r in outcome.result.results], self.workspace, copy=copy)

    # -------------------------------------------------------------------------------------------------------- data

    def load(self, name: str, data: Any, types: dict[str, str] | None = None) -> None:
        """Create or replace a table and declare it as ``source('raw', name)``."""
        self.workspace.load(name, data, types)
        if name not in self._sources:
            self._sources.add(name)
            source = {
                "name": "raw",
                "database": self.workspace.database,
                "schema": self.workspace.schema,
                "tables": [{"name": table} for table in sorted(self._sources)],
            }
            self._write("models/_raw_sources.yml", _yaml({"version": 2, "sources": [source]}))

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        """Rows as tuples of int, float, str, bool, datetime and None, the same on every engine."""
        return self.workspace.sql(query)

    def frame(self, query: str) -> pd.DataFrame:
        return self.workspace.frame(query)

    def execute(self, statement: str) -> None:
        self.workspace.execute(statement)

    def relation(self, name: str) -> str:
        return self.workspace.relation(name)

    def relations(self) -> dict[str, str]:
        """Name to ``table`` or ``view`` of all that stands in the project's schema."""
        rows = self.sql(
            "select table_name, table_type from information_schema.tables "
            f"where table_schema = '{self.workspace.schema}' order by 1"
        )
        return {name: "view" if kind == "VIEW" else "table" for name, kind in rows}

    def column_names(self, name: str) -> list[str]:
        return self.workspace.columns(f"select * from {self.relation(name)} where 1 = 0")[0]

    def close(self) -> None:
        self.workspace.close()


def _yaml(content: Any) -> str:
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)


@contextlib.contextmanager
def _put_back(folder: Path) -> Iterator[None]:
    here = Path.cwd()
    settings = QUIET | NO_ARTIFACTS
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(here)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
