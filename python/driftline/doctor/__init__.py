"""`driftline doctor`: what is wrong with an installation, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from driftline.doctor import engines, project, tables
from driftline.doctor.finding import OK, Diagnosis, Finding, found, unchecked
from driftline.errors import DriftlineError, ProjectError
from driftline.validate import finding_of_parse_error
from driftline.warehouse import Warehouse

_OF_THE_PROJECT = (project.versions, project.variables, project.monitors, project.settings, project.alerting)
_OF_THE_WAREHOUSE = (
    ("schemas", tables.schemas),
    ("seeds", tables.seeds),
    ("results", tables.results),
    ("engine", engines.engine),
)


def diagnose(warehouse: Warehouse, progress: Callable[[str], None] = lambda _: None) -> Diagnosis:
    """Look at everything. What is wrong with one thing keeps nobody from looking at the next."""
    progress("Looking at the project")
    findings: list[Finding] = [one for look in _OF_THE_PROJECT for one in _looked(look.__name__, look(warehouse))]
    progress("Connecting")
    reached = tables.reach(warehouse)
    findings.append(reached)
    for about, look in _OF_THE_WAREHOUSE:
        if reached.state == OK:
            progress(f"Looking at {about}")
            findings += _looked(about, look(warehouse))
        else:
            findings.append(unchecked(about, "the warehouse was not reached"))
    return Diagnosis(tuple(findings))


def _looked(about: str, findings: Iterable[Finding]) -> list[Finding]:
    seen: list[Finding] = []
    try:
        seen.extend(findings)
    except DriftlineError as error:
        seen.append(unchecked(about, error.message, error.hint))
    return seen


def diagnosis_of(error: ProjectError) -> Diagnosis | None:
    """What keeps dbt from reading the project, where it is something of driftline; None if it is not."""
    one = finding_of_parse_error(error)
    if one is None:
        return None
    about = "vars" if one.argument.startswith("var ") else "monitors"
    return Diagnosis(
        (
            found(about, f"{one.monitor}, {one.argument}: {one.given}", f"allowed: {one.allowed}"),
            unchecked("the rest", "dbt cannot read the project until then"),
        )
    )
