"""What can be said of a project without its warehouse: versions, variables, monitors, settings."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from driftline import UNKNOWN, __version__
from driftline.declarations import read_declarations
from driftline.doctor.finding import Finding, found, ok, some, unchecked
from driftline.errors import DriftlineError, ProjectError
from driftline.project import LIST_VARIABLE, PACKAGE
from driftline.scrub import Scrubber
from driftline.warehouse import Warehouse


def versions(warehouse: Warehouse) -> Iterator[Finding]:
    """dbt, its adapter, and the two halves of driftline, which are made for each other."""
    package = warehouse.packages().get(PACKAGE)
    parts = [f"dbt {_version('dbt-core')}", f"dbt-{warehouse.adapter_type} {_version(f'dbt-{warehouse.adapter_type}')}"]
    if package is None:
        yield found(
            "versions", "the dbt project has no package driftline", "add it to packages.yml and run 'dbt deps'"
        )  # fmt: skip
    elif __version__ == UNKNOWN:
        yield unchecked("versions", f"the command line is not installed, so has no version; package: {package.version}")
    elif package.version.removeprefix("=") != __version__:
        there = package.version.removeprefix("=")
        yield found(
            "versions",
            f"the dbt package is {there}, the command line {__version__}",
            f"pip install ./driftline of a clone at v{there}, or v{__version__} in packages.yml and 'dbt deps'",
        )
    else:
        yield ok("versions", ", ".join([*parts, f"driftline {__version__} (package and command line)"]))


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(version not known)"


def variables(warehouse: Warehouse) -> Iterator[Finding]:
    """Names that nobody reads, places that nobody reads, two values for one variable, a clock that stands still."""
    problems = [*_unread_places(warehouse), *_unknown_names(warehouse)]
    for name in warehouse.known_variables():
        try:
            warehouse.variable(name)
        except ProjectError as error:
            what, _, allowed = error.message.removeprefix("driftline: ").partition("; allowed: ")
            problems.append(found("vars", what, allowed or "give it one value, at the top level of vars"))
    now = next((values["driftline_now"] for values in warehouse.scopes().values() if values.get("driftline_now")), None)
    if now is not None:
        problems.append(
            found(
                "vars",
                f"driftline_now is {now}: no window that ends later is ever judged",
                "take it out of the vars; it is for replays and tests",
            )
        )
    yield from problems
    if not problems:
        given = [name for values in warehouse.scopes().values() for name in values if name.startswith(f"{PACKAGE}_")]
        yield ok("vars", f"{len(set(given))} of driftline, all of them read")


def _unread_places(warehouse: Warehouse) -> Iterator[Finding]:
    read = {"", "--vars", PACKAGE, warehouse.project}
    for place, values in warehouse.scopes().items():
        lost = [name for name in values if name.startswith(f"{PACKAGE}_")]
        if lost and place not in read:
            yield found(
                "vars",
                f"{some(lost)} under vars: {{{place}: …}}, where driftline does not look",
                f"put it at the top level of vars (or under {PACKAGE}:)",
            )


def _unknown_names(warehouse: Warehouse) -> Iterator[Finding]:
    known = warehouse.known_variables()
    for place, values in warehouse.scopes().items() if known else ():
        for name in values:
            if name.startswith(f"{PACKAGE}_") and name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                where = f" (under {place})" if place else ""
                yield found(
                    "vars",
                    f"{name}{where} is no variable of driftline",
                    f"call it {near[0]}" if near else "take it out; docs/thresholds.md lists them all",
                )


def monitors(warehouse: Warehouse) -> Iterator[Finding]:
    """Declared and listed must be the same."""
    try:
        listed = warehouse.listed_monitors()
    except ProjectError as error:
        if not error.message.startswith("driftline: var"):  # else said of the variables
            yield found("monitors", error.message, error.hint)
        return
    declared = [declaration.monitor for declaration in read_declarations(warehouse)]
    missing = [name for name in listed if name not in declared]
    unlisted = [name for name in declared if name not in listed]
    if missing:
        yield found(
            "monitors",
            f"listed, but no model that calls driftline.monitor: {some(missing)}",
            f"correct the name in the var {LIST_VARIABLE}, or write the model",
        )
    if unlisted:
        yield found(
            "monitors",
            f"not listed, so nothing is measured of it: {some(unlisted)}",
            f"add to dbt_project.yml, vars: {{{LIST_VARIABLE}: [{', '.join([*listed, *unlisted])}]}}",
        )
    if not listed and not unlisted:
        yield found("monitors", "there is none", "driftline init <model or table> writes one")
    elif not missing and not unlisted:
        yield ok("monitors", f"{some(listed)}: listed and declared")


def settings(warehouse: Warehouse) -> Iterator[Finding]:
    """What a project sets for all of its nodes and meets the package's too."""
    problems = []
    nodes = [node for node in warehouse.nodes() if node.package == PACKAGE]
    cut = [
        node.name
        for node in nodes
        if node.resource_type == "seed" and node.settings.get("delimiter") not in (None, ",")
    ]
    if cut:
        problems.append(
            found(
                "settings",
                f"the project's delimiter of seeds makes one column of {some(cut)}",
                "dbt_project.yml: seeds: {driftline: {+delimiter: ','}}, then dbt seed --full-refresh",
            )
        )
    off = warehouse.disabled()
    if off:
        problems.append(
            found("settings", f"switched off: {some(off)}", "take +enabled: false away from the package driftline")
        )
    yield from problems
    if not problems and nodes:
        yield ok("settings", "none of the project's changes what the package needs")


def alerting(warehouse: Warehouse) -> Iterator[Finding]:
    """driftline.yml, where there is one."""
    from driftline.alerting.config import find_config, load_config

    path = find_config(None, str(warehouse.folder))
    if path is None:
        yield ok("alerting", "no driftline.yml: alerts are printed, and sent nowhere")
        return
    try:
        config = load_config(Path(path), Scrubber())
    except DriftlineError as error:
        yield found("alerting", error.message, error.hint or "docs/alerting.md")
        return
    yield ok("alerting", f"driftline.yml: channels {some([channel.name for channel in config.channels])}")
