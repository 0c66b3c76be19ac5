"""What dbt knows of a project, in a form that can be kept: its nodes, variables and packages, no connection."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from driftline.errors import ProjectError

PACKAGE = "driftline"
LIST_VARIABLE = "driftline_monitors"
MACRO = f"macro.{PACKAGE}.monitor"

SIBLING = "__driftline_sibling__"


@dataclass(frozen=True)
class ProjectOptions:
    """Where the dbt project is; what is None is found as dbt finds it. ``vars`` is YAML, as for dbt's ``--vars``."""

    project_dir: str | None = None
    profiles_dir: str | None = None
    profile: str | None = None
    target: str | None = None
    vars: str | None = None
    target_path: str | None = None

    def arguments(self) -> list[str]:
        given = {
            "--project-dir": self.project_dir,
            "--profiles-dir": self.profiles_dir,
            "--profile": self.profile,
            "--target": self.target,
            "--vars": self.vars,
            "--target-path": self.target_path,
        }
        return [f"{name}={value}" for name, value in given.items() if value is not None]

    def folder(self) -> Path:
        """Where the project is looked for."""
        return Path(self.project_dir or os.environ.get("DBT_PROJECT_DIR") or ".").absolute()

    def root(self) -> Path | None:
        """The folder of dbt_project.yml, found as dbt finds it; None where there is none."""
        given = self.project_dir or os.environ.get("DBT_PROJECT_DIR")
        places = [Path(given).absolute()] if given else [Path.cwd(), *Path.cwd().parents]
        return next((place for place in places if (place / "dbt_project.yml").exists()), None)

    def command_line_variables(self) -> dict[str, Any]:
        """What --vars says, as dbt reads it. Raises yaml.YAMLError or ValueError where it is no mapping."""
        given = yaml.safe_load(self.vars) if self.vars else {}
        if not isinstance(given, dict):
            raise ValueError("--vars is no mapping")
        return given

    def check_folder(self) -> None:
        """Raise ProjectError where there is no project: dbt then complains of whatever else it misses first."""
        folder = self.folder()
        if not any((place / "dbt_project.yml").exists() for place in (folder, *folder.parents)):
            raise ProjectError(
                f"There is no dbt_project.yml in {folder}.", "Run it in the dbt project, or give --project-dir."
            )

    def profiles_file(self) -> Path:
        folder = self.profiles_dir or os.environ.get("DBT_PROFILES_DIR")
        if folder is not None:
            return Path(folder) / "profiles.yml"
        here = Path.cwd() / "profiles.yml"
        return here if here.exists() else Path.home() / ".dbt" / "profiles.yml"


@dataclass(frozen=True)
class Package:
    """A dbt package of the project, or the project itself."""

    version: str
    folder: Path


@dataclass(frozen=True)
class Node:
    """A model, seed, snapshot or source of the project. ``relation`` is its quoted name, None for ephemeral models."""

    unique_id: str
    name: str
    package: str
    resource_type: str
    source_name: str | None
    version: str | None
    path: str
    relation: str | None
    meta: Mapping[str, Any]
    raw_code: str
    upstream: tuple[str, ...]
    macros: tuple[str, ...]
    database: str = ""
    schema: str = ""
    identifier: str = ""
    sibling: str = ""
    """``relation`` with `SIBLING` in the place of the table's name: of the package's own models alone."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What dbt itself is told of it: delimiter, contract, tags …"""


@dataclass(frozen=True)
class Exposure:
    """A dashboard, report or application that the project says depends on some of its nodes."""

    unique_id: str
    label: str
    url: str | None
    upstream: tuple[str, ...]


@dataclass(frozen=True)
class Variables:
    """The variables of a project, as dbt_project.yml and the command line give them."""

    project: str
    given: Mapping[str, Any]
    """Those of dbt_project.yml, as they stand there: those of a scope under its name."""
    command_line: Mapping[str, Any]

    def scopes(self, known: Sequence[str]) -> dict[str, dict[str, Any]]:
        """The variables of dbt_project.yml by where they stand: "" is the top level; and those of the command line."""
        found: dict[str, dict[str, Any]] = {"": {}, "--vars": dict(self.command_line)}
        for name, value in self.given.items():
            is_variable = name in known or name.startswith(f"{PACKAGE}_")
            if isinstance(value, Mapping) and not is_variable:
                found[name] = dict(value)
            else:
                found[""][name] = value
        return found

    def variable(self, name: str) -> Any:
        """A variable of the project as a build takes it; None where it is not set. Raises ProjectError.

        Monitors see what stands under the project's name, the package's models what stands under `driftline`, both what
        stands at the top level. What one side sees alone counts for both, but for the list of the monitors.
        """
        if name in self.command_line:
            return self.command_line[name]
        project = self.project
        ours, theirs = (self._seen_by(scope) for scope in (PACKAGE, project))
        if name in ours and name in theirs and _as_text(ours[name]) != _as_text(theirs[name]):
            raise ProjectError(
                f"driftline: var '{name}': given {_as_text(ours[name])} as the models of {PACKAGE} see it, and "
                f"{_as_text(theirs[name])} as those of {project} see it; allowed: one value, at the top level of vars "
                "in dbt_project.yml"
            )
        if name == LIST_VARIABLE and name not in ours and theirs.get(name):
            raise ProjectError(
                f"driftline: var '{name}': given {_as_text(theirs[name])} under vars: {{{project}: …}}, which the "
                "models of the package do not see; allowed: the list at the top level of vars in dbt_project.yml "
                f"(vars: {{{name}: [...]}}) or under vars: {{{PACKAGE}: …}}"
            )
        return ours[name] if name in ours else theirs.get(name)

    def listed_monitors(self) -> list[str]:
        """The variable driftline_monitors. Raises ProjectError where it is no list or stands where it is not seen."""
        listed = self.variable(LIST_VARIABLE) or []
        if isinstance(listed, str) or not isinstance(listed, (list, tuple)):
            raise ProjectError(
                f"The variable {LIST_VARIABLE} is {listed!r}.", "Write it as a list: [first_monitor, second_monitor]."
            )
        return list(dict.fromkeys(str(name) for name in listed))

    def _seen_by(self, package: str) -> dict[str, Any]:
        own = self.given.get(package)
        return {**self.given, **(own if isinstance(own, Mapping) else {})}


@dataclass(frozen=True)
class Project:
    """A project as dbt has parsed it with one profile, one target and one set of variables."""

    name: str
    profile: str
    target: str
    adapter_type: str
    folder: Path
    model_folder: Path
    database: str
    schema: str
    variables: Variables
    packages: Mapping[str, Package]
    known_variables: tuple[str, ...]
    """The variables that the package reads; none where the package is not there to say."""
    disabled: tuple[str, ...]
    nodes: tuple[Node, ...]
    exposures: tuple[Exposure, ...]

    @property
    def place(self) -> str:
        """Where this is, for messages: profile and target."""
        return f"{self.profile}.{self.target}"

    def result_node(self, name: str) -> Node | None:
        """The model or seed of that name, of the package where it has one."""
        found = [node for node in self.nodes if node.name == name and node.resource_type in ("model", "seed")]
        return next((node for node in found if node.package == PACKAGE), found[0] if found else None)


def _as_text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
