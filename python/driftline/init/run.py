"""From the name of a relation to the files of a monitor."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timezone
from pathlib import Path

import yaml

from driftline import __version__
from driftline.errors import DriftlineError, UnreachableError, WarehouseError
from driftline.init.monitor_file import Proposal
from driftline.init.names import label_rank, slug
from driftline.init.profile import Profiler, TimeFacts
from driftline.init.project_file import lines_to_add, lists, with_monitor
from driftline.init.relation import Target, find_target
from driftline.init.roles import Roles, assign
from driftline.init.schedule import (
    Choice,
    choose_delay,
    choose_period,
    choose_reference,
    choose_time,
    choose_windows,
    until,
)
from driftline.init.text import count
from driftline.kinds import Kind
from driftline.midnights import clock_of, first_of_midnights
from driftline.project import PACKAGE
from driftline.result_rows import counted_columns, result_rows
from driftline.warehouse import Column, Warehouse

PROJECT_FILE = "dbt_project.yml"
# Of the package: what all monitors' tables have.
STATE = Path("models", "state", "_state.yml")
# Postgres cuts what is longer, and dbt needs some for its own.
LONGEST = 50
MANY = 200


@dataclass(frozen=True)
class Files:
    """What is to be written: path in the project and text; the project's file only where a name can be added safely."""

    monitor: str
    folder: Path
    model: tuple[Path, str]
    schema: tuple[Path, str]
    project: str | None
    is_listed: bool
    """Whether the monitor is listed once all is written."""
    rows_of_results: str

    def lines(self) -> list[str]:
        """All of it, to be read."""
        found = []
        for path, text in (self.model, self.schema):
            found += [f"-- {path}", *text.splitlines(), ""]
        return [*found, f"-- {PROJECT_FILE}", *lines_to_add(self.monitor).splitlines()]

    def written(self) -> list[str]:
        """What has been written, for people."""
        found = [str(self.model[0]), str(self.schema[0])]
        if self.project is not None:
            found.append(f"{PROJECT_FILE}: lists {self.monitor}")
        elif not self.is_listed:
            found.append(f"{PROJECT_FILE} could not be changed safely; add:")
            found += [f"    {line}" for line in lines_to_add(self.monitor).splitlines()]
        return found

    def next_steps(self) -> list[str]:
        return [
            self.rows_of_results,
            "Read the reasons in the file. Then see what it would have told so far, and build it with its results:",
            f"    driftline preview {self.monitor}",
            f"    dbt build --select {self.monitor}+",
        ]


def propose(
    warehouse: Warehouse,
    given: str,
    name: str | None = None,
    timestamp: str | None = None,
    zone: str = "UTC",
    progress: Callable[[str], None] = lambda _: None,
    today: date | None = None,
) -> Files:
    """Look at a relation, and say what its monitor would be. Writes nothing. Raises DriftlineError."""
    target = find_target(warehouse, given)
    monitor = _free_name(warehouse, name or f"{slug(target.name)[:LONGEST]}_monitor")
    folder = warehouse.model_folder / "monitors"
    model, schema = folder / f"{monitor}.sql", folder / f"_{monitor}.yml"
    for path in (model, schema):
        if (warehouse.folder / path).exists():
            raise DriftlineError(
                f"{path} is there already, and nothing is overwritten.",
                "Delete it first, or give the monitor another name with --name.",
            )
    proposal = _propose(warehouse, target, monitor, timestamp, zone, progress, today or _today(warehouse))
    project, is_listed = _registered(warehouse.folder / PROJECT_FILE, monitor)
    return Files(
        monitor, warehouse.folder, (model, proposal.model()),
        (schema, proposal.schema(warehouse.database, _columns_of_states(warehouse))), project, is_listed,
        proposal.rows_of_results,
    )  # fmt: skip


def write(files: Files) -> None:
    """Write the files. None of a monitor's own is overwritten, also not one that has come meanwhile."""
    for path, text in (files.model, files.schema):
        whole = files.folder / path
        try:
            whole.parent.mkdir(parents=True, exist_ok=True)
            with whole.open("x", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise DriftlineError(
                f"{path} cannot be written: {error.strerror}.", "Check the folder and its permissions."
            ) from error
    if files.project is not None:
        _replace(files.folder / PROJECT_FILE, files.project)


def _replace(path: Path, text: str) -> None:
    """Whole or not at all, and with the permissions it has."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_bytes(text.encode("utf-8"))
        temporary.chmod(path.stat().st_mode & 0o777)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise DriftlineError(
            f"{path.name} cannot be written: {error.strerror}.", f"List the monitor in it yourself: {error.filename}."
        ) from error


def _today(warehouse: Warehouse) -> date:
    """By the clock that builds go by."""
    given = re.match(r"\d{4}-\d\d-\d\d", str(warehouse.variable("driftline_now") or ""))
    return date.fromisoformat(given[0]) if given else datetime.now(timezone.utc).date()


def _free_name(warehouse: Warehouse, name: str) -> str:
    """The name, if a model can have it and nothing else does: dbt would put the monitor in the place of a table."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) or len(name) > LONGEST + 10:
        raise DriftlineError(
            f"A monitor cannot be called {name!r}.", f"Letters, digits and underscores, at most {LONGEST + 10} of them."
        )
    taken = next((n for n in warehouse.nodes() if n.name == name and n.resource_type != "source"), None)
    if taken is not None:
        raise DriftlineError(
            f"There is a {taken.resource_type} {name} already: {taken.path}. Nothing is overwritten.",
            "Give the monitor another name with --name.",
        )
    if (table := warehouse.table(name)) is not None:
        raise DriftlineError(
            f"{table.relation} is in the warehouse already, and the monitor's table would take its place.",
            "Give the monitor another name with --name.",
        )
    return name


def _registered(path: Path, monitor: str) -> tuple[str | None, bool]:
    """The project's file with the monitor listed, if it can be changed safely; and whether it then lists it."""
    if lists(path, monitor):
        return None, True
    try:
        # As it is: read_text would make one kind of line ends of all.
        text = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None, False
    found = with_monitor(text, monitor)
    return found, found is not None


def _columns_of_states(warehouse: Warehouse) -> list[tuple[str, str]]:
    """Name and description of the columns of a monitor's table, as the package has them; none where it cannot say."""
    package = warehouse.packages().get(PACKAGE)
    try:
        text = (package.folder / STATE).read_text(encoding="utf-8") if package is not None else ""
        models = (yaml.safe_load(text) or {}).get("models") or []
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return []
    state = [model["columns"] for model in models if model["name"] == f"{PACKAGE}_state"]
    found = {column["name"]: str(column["description"]) for columns in state for column in columns}
    # There it is one of them.
    return list((found | {"record": "What the row is: count, bin, setting or read."}).items()) if found else []


# --- looking ---------------------------------------------------------------------------------------------------------


def _propose(
    warehouse: Warehouse, target: Target, monitor: str, timestamp: str | None, zone: str,
    progress: Callable[[str], None], today: date,
) -> Proposal:  # fmt: skip
    columns = _columns(warehouse, target)
    profiler = Profiler(warehouse, target.relation, columns)
    progress(f"Reading the times of {target.relation}")
    rows, times = profiler.times()
    time, why = _time(profiler, target, columns, times, rows, timestamp, today)
    days = until(profiler.days(time) if rows else [], today)
    progress(f"Reading {count(len(columns), 'column')} of {target.relation}")
    facts, looked_at = profiler.facts(time, days)
    candidates = [one for one in facts if label_rank(one.name) is not None and 2 <= one.distinct <= 40]
    values = {one.name: found for one in candidates if (found := profiler.values(one.column)) is not None}
    roles = assign(facts, times, values)
    period = choose_period(days, time.has_hours)
    label = next((one for one in facts if one.name == roles.label), None)
    delay = choose_delay(profiler.known(time, label.column), period.value) if label is not None and days else None
    proposal = Proposal(
        monitor, target, rows, looked_at, len(columns), Choice(time.column.name, why),
        _zone(warehouse, target, time, zone, bool(rows)), period, choose_reference(days, period.value, today), roles,
        delay, tuple(_notes(profiler, roles, columns, days, rows, time, today)), version=__version__,
        made_on=str(datetime.now(timezone.utc).date()), windows=choose_windows(days, period.value),
    )  # fmt: skip
    _check_something_is_monitored(target, roles)
    _quote_expressions(warehouse, roles)
    return replace(proposal, rows_of_results=_rows_of_results(warehouse, proposal))


def _columns(warehouse: Warehouse, target: Target) -> list[Column]:
    try:
        columns = warehouse.columns(target.relation)
    except UnreachableError:
        raise
    except WarehouseError as error:
        build = f"Run 'dbt build --select {target.upstream}' first." if target.upstream else "Check its name."
        raise DriftlineError(f"{target.relation} cannot be read: {error.detail}", build) from error
    if not columns:
        raise DriftlineError(f"{target.relation} has no columns.", "Name another relation.")
    return columns


def _time(
    profiler: Profiler, target: Target, columns: list[Column], times: list[TimeFacts], rows: int,
    given: str | None, today: date,
) -> tuple[TimeFacts, str]:  # fmt: skip
    if given is not None:
        found = next((one for one in times if one.column.name.lower() == given.lower()), None)
        if found is not None:
            return found, "as given"
        kinds = {column.name.lower(): column.data_type for column in columns}
        what = f"of type {kinds[given.lower()]}" if given.lower() in kinds else f"no column of {target.relation}"
        raise DriftlineError(f'--timestamp "{given}" is {what}.', _no_time(times))
    if not times:
        texts = [
            c.name for c in columns if profiler.kind(c) is Kind.TEXT and re.search("(?i)time|date|_at$|day", c.name)
        ]
        more = f": {', '.join(texts[:5])}?" if texts else "."
        raise DriftlineError(
            f"{target.relation} has no column of type date or timestamp, which a monitor needs.",
            f"Cast the time of the row to one in a model, and monitor that{more}",
        )
    return choose_time(times, rows, today)


def _no_time(times: list[TimeFacts]) -> str:
    return f"Of type date or timestamp: {', '.join(one.column.name for one in times) or 'none'}."


def _zone(warehouse: Warehouse, target: Target, time: TimeFacts, zone: str, has_rows: bool) -> Choice:
    if not time.has_hours:
        return Choice(zone, "the time is a date, and a date is a day of any zone")
    midnight = first_of_midnights(warehouse, target.relation, time.column) if has_rows else None
    if midnight is not None:
        why = "it holds midnights only: taken as UTC, a day of another zone would begin within the day before or after"
        return Choice(zone, why)
    clock = clock_of(warehouse, target.relation, time.column) if has_rows else None
    if clock is not None:
        return Choice(
            zone,
            f"all times are {clock} UTC, perhaps midnights of another zone: then name it (Area/City), or cast to date",
        )
    if zone != "UTC":
        return Choice(zone, "as given")
    return Choice(zone, "nothing tells whose days are meant: name your zone (Area/City) if they are not those of UTC")


def _notes(
    profiler: Profiler, roles: Roles, columns: list[Column], days: object, rows: int, time: TimeFacts, today: date
) -> list[str]:  # fmt: skip
    found = []
    if time.high is not None and (time.high - today).days > 1:
        found.append(f"Some rows are of the future, up to {time.high}: they are counted when their time has come.")
    monitored = len(roles.numeric) + len(roles.categorical)
    if monitored > MANY:
        found.append(
            f"{monitored} columns are many: take out what the model does not use, or leave out what nobody looks at "
            "(baselines=['reference'], families=['drift', 'quality'])."
        )
    return found


def _check_something_is_monitored(target: Target, roles: Roles) -> None:
    if not (roles.numeric or roles.categorical or roles.prediction or roles.label or roles.business):
        why = "; ".join(f"{one.name}: {one.group}" for one in roles.left[:5]) or "it has no other column than the time"
        raise DriftlineError(
            f"{target.relation} has no column that could be monitored ({why}).", "Name a relation with features."
        )


def _quote_expressions(warehouse: Warehouse, roles: Roles) -> None:
    """Expressions are SQL: a name that is no plain word is quoted there."""
    for metric, column in roles.business.items():
        if not re.fullmatch(r"[a-z_][a-z0-9_]*", column):
            roles.business[metric] = warehouse.quote(column)


def _rows_of_results(warehouse: Warehouse, proposal: Proposal) -> str:
    windows, champions = (warehouse.variable(f"{PACKAGE}_{name}") for name in ("windows", "champions"))
    declaration = proposal.declaration()
    values = {name: proposal.roles.values.get(name) for name in counted_columns(declaration)}
    rows = result_rows(declaration, values, windows or {}, champions)
    largest = sorted(rows.tables.items(), key=lambda table: -table[1])[:3]
    tables = ", ".join(f"{table.removeprefix('driftline_')} {number:,}" for table, number in largest)
    per_day = {"hour": 24, "day": 1, "week": 1 / 7, "month": 1 / 30}[rows.period] * rows.total
    daily = "" if rows.period == "day" else f", {per_day:,.0f} a day"
    return f"Makes {rows.total:,} rows of results a {rows.period}{daily} (most in {tables})."
