"""What dbt last said of a project, kept beside its artefacts and taken again while it is current.

It is current while everything that dbt made it of is as it was: the files of the project and of its packages,
profiles.yml, the environment variables that dbt looked up or takes settings from, the arguments, and the versions of
dbt, of the adapter and of this package. Files are held against each other by name, size and times, as `make` does, and
by the time of their last change of any kind, which nobody can set back. Wherever that cannot be told dbt is asked
again: a folder that cannot be listed, a file that changed while dbt read, a value that does not come back from the file
as it was.

What dbt cannot see either is not looked at: the clock, and what a macro asks of the world while dbt parses.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import re
import secrets
import stat
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import yaml

from driftline import __version__
from driftline.ask_dbt import Parsed
from driftline.project import Exposure, Node, Package, Project, ProjectOptions, Variables

# To be raised when what is kept means something else.
FORMAT = 1
FOLDER = "driftline"
# So many different questions are remembered: targets, sets of variables.
KEPT = 8
# A file system's clock may be behind the processor's by one tick.
TICK_NS = 20_000_000

# What an orchestrator calls its runs by. A project that looks one up has it among the variables that are looked at.
_UNREAD = ("DBT_ENV_", "DBT_CLOUD_")


_PLACES = ("folders", "packages", "trees", "files")


class _UnknownError(Exception):
    """It cannot be told whether something has changed."""


def recall(options: ProjectOptions) -> Project | None:
    """What dbt said of this project, if it would say the same now."""
    try:
        path, question = _place(options)
        kept = json.loads(path.read_text(encoding="utf-8"), object_hook=_revived)
        if kept["question"] != question or kept["versions"] != _versions(kept["versions"]):
            return None
        if kept["environment"] != _environment(kept["variables"], kept["salt"]):
            return None
        places = [kept[name] for name in _PLACES]
        if kept["inputs"] != _inputs(places[0], places[1], places[2], places[3], Path(kept["target"]))[0]:
            return None
        return _project(kept["project"], options.command_line_variables())
    except (_UnknownError, OSError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError, RecursionError):
        return None


@contextlib.contextmanager
def watched(options: ProjectOptions) -> Iterator[Callable[[Parsed], None]]:
    """Within it dbt is asked; what it says is given to what this yields, to be kept."""
    started = time.time_ns()

    def keep(parsed: Parsed) -> None:
        with contextlib.suppress(_UnknownError, OSError, ValueError, TypeError, yaml.YAMLError, RecursionError):
            _keep(options, parsed, started)

    yield keep


def _keep(options: ProjectOptions, parsed: Parsed, started: int) -> None:
    path, question = _place(options)
    root, profiles, target = parsed.read_from()
    same = (options.root(), options.profiles_file().absolute(), path.parent.parent)
    if [_real(one) for one in (root, profiles, target)] != [_real(one) for one in same if one is not None]:
        return
    names = sorted(parsed.environment_variables() | _named_in(profiles) | _named_in(root / "dbt_project.yml"))
    folders, trees, files = ([str(one) for one in some] for some in (parsed.folders(), parsed.trees(), (profiles,)))
    places = (folders, str(parsed.packages_folder()), trees, files)
    inputs, newest = _inputs(*places, target)
    if newest > started - TICK_NS:
        return
    salt = secrets.token_hex(16)
    kept = {
        "question": question,
        "versions": _versions(("dbt-core", "dbt-adapters", "dbt-common", f"dbt-{parsed.project.adapter_type}")),
        "variables": names,
        "salt": salt,
        "environment": _environment(names, salt),
        **dict(zip(_PLACES, places, strict=True)),
        "target": str(target),
        "inputs": inputs,
        "project": _said(parsed.project),
    }
    text = json.dumps(kept, default=_tagged)
    back = json.loads(text, object_hook=_revived)["project"]
    if _project(back, parsed.project.variables.command_line) != parsed.project:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(f".{os.getpid()}")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)
    older = sorted(path.parent.glob("project_*.json"), key=lambda one: one.stat().st_mtime_ns, reverse=True)
    for one in older[KEPT:]:
        one.unlink(missing_ok=True)


def _real(path: Path) -> str:
    return os.path.realpath(path)


# --- what it depends on --------------------------------------------------------------------------------------------


def _place(options: ProjectOptions) -> tuple[Path, str]:
    """Where the answer to this question is kept, and the question. What --vars says is not written down."""
    root = options.root()
    if root is None:
        raise _UnknownError
    said = yaml.safe_load((root / "dbt_project.yml").read_text(encoding="utf-8"))
    target = options.target_path or os.environ.get("DBT_TARGET_PATH") or said.get("target-path") or "target"
    if not isinstance(target, str) or "{" in target:
        raise _UnknownError
    variables = json.dumps(options.command_line_variables(), sort_keys=True, default=repr)
    asked = [_real(root), _real(options.profiles_file()), options.profile, options.target, target, variables]
    question = hashlib.sha256(json.dumps([FORMAT, __version__, sys.version, *asked]).encode()).hexdigest()
    return root / target / FOLDER / f"project_{question[:16]}.json", question


def _versions(names: Sequence[str] | Mapping[str, Any]) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


def _environment(names: Sequence[str], salt: str) -> str:
    """The values of these variables, and of those from which dbt takes settings, none of them readable."""
    settings = (name for name in os.environ if name.startswith("DBT_") and not name.startswith(_UNREAD))
    values = {name: os.environ.get(name) for name in {*names, *settings}}
    return hashlib.sha256((salt + json.dumps(values, sort_keys=True)).encode()).hexdigest()


def _named_in(path: Path) -> set[str]:
    text = path.read_text(encoding="utf-8")
    return set(re.findall(r"""env_var\(\s*['"]([^'"]+)""", text))


def _inputs(
    folders: Sequence[str], packages: str, trees: Sequence[str], files: Sequence[str], target: Path
) -> tuple[str, int]:
    """All files that dbt reads, as one number, and when the last of them was changed in any way (ns)."""
    seen: dict[str, tuple[int, ...] | None] = {}
    # Settings stand beside dbt_project.yml in files of several names, packages in one folder. What else is there comes
    # and goes without a meaning, and may be gone before it is looked at: logs, databases.
    for folder in folders:
        for name in _names(folder):
            if name in (".dbtignore", ".env") or (name.endswith((".yml", ".yaml")) and not name.startswith(".")):
                seen[f"{folder}/{name}"] = _of(Path(folder, name).stat())
    seen.update({f"{packages}/{name}": None for name in _names(packages)})
    output = _real(target)
    for tree in trees:
        _walk(tree, output, seen, ())
    for file in files:
        seen[file] = _of(Path(file).stat())
    newest = max((one[-1] for one in seen.values() if one), default=0)
    return hashlib.sha256(json.dumps(seen, sort_keys=True).encode()).hexdigest(), newest


def _walk(folder: str, output: str, seen: dict[str, tuple[int, ...] | None], above: tuple[str, ...]) -> None:
    real = _real(Path(folder))
    if real == output:
        return
    if real in above:
        raise _UnknownError
    if not os.path.lexists(folder):
        seen[folder] = None
        return
    status = Path(folder).stat()
    if not stat.S_ISDIR(status.st_mode):
        seen[folder] = _of(status)
        return
    # Of a folder only when it changed counts, for the newest: its entries are all seen.
    seen[f"{folder}/"] = (status.st_ino, status.st_ctime_ns)
    with os.scandir(folder) as entries:
        for entry in entries:
            path = f"{folder}/{entry.name}"
            if not entry.is_dir():
                seen[path] = _of(entry.stat())
            elif entry.name not in (".git", "__pycache__"):
                _walk(path, output, seen, (*above, real))


def _names(folder: str) -> list[str]:
    return sorted(one.name for one in Path(folder).iterdir()) if os.path.lexists(folder) else []


def _of(status: os.stat_result) -> tuple[int, ...]:
    # Windows has the time of creation for the last of them: there the last write must do.
    changed = status.st_mtime_ns if os.name == "nt" else status.st_ctime_ns
    return (status.st_ino, status.st_size, status.st_mtime_ns, changed)


# --- the project as text -------------------------------------------------------------------------------------------


def _said(project: Project) -> dict[str, Any]:
    said = dataclasses.asdict(
        dataclasses.replace(project, variables=Variables(project.name, project.variables.given, {}))
    )
    return {**said, "nodes": said["nodes"], "folder": str(project.folder), "model_folder": str(project.model_folder)}


def _project(said: Mapping[str, Any], command_line: Mapping[str, Any]) -> Project:
    return Project(
        **{
            **said,
            "folder": Path(said["folder"]),
            "model_folder": Path(said["model_folder"]),
            "variables": Variables(said["name"], said["variables"]["given"], dict(command_line)),
            "packages": {name: Package(one["version"], Path(one["folder"])) for name, one in said["packages"].items()},
            "known_variables": tuple(said["known_variables"]),
            "disabled": tuple(said["disabled"]),
            "nodes": tuple(_with_tuples(Node, one) for one in said["nodes"]),
            "exposures": tuple(_with_tuples(Exposure, one) for one in said["exposures"]),
        }
    )


def _with_tuples(kind: Callable[..., Any], said: dict[str, Any]) -> Any:
    lists = {name: tuple(said[name]) for name in ("upstream", "macros") if name in said}
    return kind(**{**said, **lists})


def _tagged(value: Any) -> Any:
    """What YAML has and JSON has not; whatever else there is fails, and is not kept."""
    if isinstance(value, datetime):
        return {"$datetime": value.isoformat()}
    if isinstance(value, date):
        return {"$date": value.isoformat()}
    if isinstance(value, Path):
        return str(value)
    raise TypeError(type(value).__name__)


def _revived(said: dict[str, Any]) -> Any:
    if said.keys() == {"$datetime"}:
        return datetime.fromisoformat(said["$datetime"])
    if said.keys() == {"$date"}:
        return date.fromisoformat(said["$date"])
    return said
