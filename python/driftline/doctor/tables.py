"""What the warehouse says: reached, writable, the thresholds that are shown, what was built, and whether it speaks."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from driftline.doctor.finding import Finding, found, ok, some, unchecked
from driftline.errors import DriftlineError, MissingRelationError, UnreachableError, WarehouseError
from driftline.health import NO_RESULTS, NOT_RUN, Health, judged_share, read_health
from driftline.project import PACKAGE
from driftline.warehouse import Warehouse

SEED = "driftline_default_thresholds"

_MAY_CREATE = {
    "schema": "select has_schema_privilege({schema}, 'CREATE') as may",
    "database": "select has_database_privilege(current_database(), 'CREATE') as may",
}
_LIKE_POSTGRES = ("postgres", "redshift")


def reach(warehouse: Warehouse) -> Finding:
    """Whether the profile leads anywhere."""
    try:
        warehouse.query("select 1 as one")
    except (UnreachableError, MissingRelationError, WarehouseError) as error:
        return found("profile", error.message, error.hint)
    return ok("profile", f"{warehouse.target} on {warehouse.adapter_type}, reached")


def schemas(warehouse: Warehouse) -> Iterator[Finding]:
    """Where things go, and whether a table can be made there. Nothing is made to find out."""
    places: dict[tuple[str, str], None] = {}
    for node in warehouse.nodes():
        is_monitor = f"macro.{PACKAGE}.monitor" in node.macros
        if node.resource_type in ("model", "seed") and (node.package == PACKAGE or is_monitor):
            places[(node.database, node.schema)] = None
    there = {place: warehouse.has_schema(place[1], place[0]) for place in places}
    shown = [
        schema if there[database, schema] else f"{schema} (the first build makes it)" for database, schema in places
    ]
    if not places:
        return
    yield ok("schemas", some(shown))
    yield from _permissions(warehouse, there)


def _permissions(warehouse: Warehouse, there: dict[tuple[str, str], bool]) -> Iterator[Finding]:
    kind = warehouse.adapter_type
    remedy = f"let the user of {warehouse.target} create there, or name another schema in the profile"
    if kind == "duckdb":
        yield from _file(warehouse)
        return
    if kind not in _LIKE_POSTGRES:
        yield unchecked(
            "permissions", f"whether tables can be made is not looked up on {kind}", "'dbt build' will tell"
        )  # fmt: skip
        return
    denied = []
    for (_, schema), exists in there.items():
        sql = _MAY_CREATE["schema" if exists else "database"].format(schema=warehouse.literal(schema))
        if not warehouse.query(sql)[0]["may"]:
            denied.append(f"a table in {schema}" if exists else f"the schema {schema}")
    if denied:
        yield found("permissions", f"this user may not create {some(denied)}", remedy)
        return
    if warehouse.query("select current_setting('default_transaction_read_only') as value")[0]["value"] == "on":
        yield found("permissions", "the connection is read-only", "default_transaction_read_only must be off")
        return
    yield ok("permissions", "tables can be created (by the privileges; none was made)")


def _file(warehouse: Warehouse) -> Iterator[Finding]:
    path = Path(str(warehouse.setting("path") or ":memory:")).expanduser()
    options = {**(warehouse.setting("config_options") or {}), **(warehouse.setting("settings") or {})}
    if str(options.get("access_mode", "")).lower() == "read_only":
        yield found("permissions", "the profile opens the DuckDB file read-only", "take access_mode out of the profile")
    elif str(path) == ":memory:":
        yield found(
            "permissions", "the DuckDB of the profile is in memory: each run forgets the last", "give it a path"
        )
    elif path.exists() and not (os.access(path, os.W_OK) and os.access(path.resolve().parent, os.W_OK)):
        yield found("permissions", f"{path} cannot be written by this user", "change its owner or mode, or the path")
    elif path.exists():
        yield ok("permissions", "the DuckDB file can be written")
    else:
        yield unchecked("permissions", f"{path} is no file of this machine: 'dbt build' will tell")


# --- the thresholds --------------------------------------------------------------------------------------------------


def seeds(warehouse: Warehouse) -> Iterator[Finding]:
    """The table of default thresholds, where there is one, is that of the package: what is judged is not read there."""
    remedy = f"dbt seed --full-refresh --select {SEED}"
    package = warehouse.packages().get(PACKAGE)
    if package is None:
        return
    try:
        relation = warehouse.relation(SEED)
    except MissingRelationError:
        yield ok("seeds", f"{SEED} is not in the warehouse, and needed only to be looked at")
        return
    try:
        text = (package.folder / "seeds" / f"{SEED}.csv").read_text(encoding="utf-8")
    except OSError:
        yield unchecked("seeds", f"the package in {package.folder} has no {SEED}.csv to compare with")
        return
    lines = list(csv.DictReader(text.splitlines()))
    rows = warehouse.query(f"select * from {relation}")
    columns = [column.name.lower() for column in warehouse.columns(relation)]
    if set(columns) != set(lines[0]):
        yield found("seeds", f"{SEED} has other columns than the package's", remedy)
        return
    here, there = (
        sorted(tuple(_cell(row[name]) for name in sorted(columns)) for row in table) for table in (lines, rows)
    )
    if here != there:
        changed = len(set(here) ^ set(there))
        yield found("seeds", f"{SEED} is not the package's: {changed} rows differ", remedy)
    else:
        yield ok("seeds", f"{SEED}: {len(rows)} rows, the package's own")


def _cell(value: Any) -> str:
    """A value of the table and of the file in one spelling."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    try:
        return f"{float(value):.12g}"
    except ValueError:
        return str(value)


# --- what was built --------------------------------------------------------------------------------------------------

_REMEDIES = {
    "never read": "dbt build",
    NO_RESULTS: "dbt build",
    "failed": "dbt build --select {monitor}, and read its error",
    "results older than state": "dbt build to its end (or: dbt build --select package:driftline)",
    NOT_RUN: "see whether the job that builds it still runs",
    "nothing judged": "docs/thresholds.md, Few rows: longer windows, or a reference with rows",
    "nothing judged lately": "docs/thresholds.md, Few rows; see whether rows or labels still come",
}


def results(warehouse: Warehouse) -> Iterator[Finding]:
    """Whether the last build came to its end, and each monitor's results mean something."""
    try:
        health = read_health(warehouse)
    except DriftlineError as error:
        yield found("results", error.message, error.hint or "dbt build")
        return
    well = [one for one in health if one.status and one.status == "ok" and one.speaks]
    for one in health:
        if one not in well:
            yield _of(one)
    if well:
        share = judged_share(well)
        yield ok("results", f"{some([one.monitor for one in well])}: up to date" + (f", {share}" if share else ""))


def _of(one: Health) -> Finding:
    if not one.status:
        return unchecked("results", f"{one.monitor}: the tables are of a package too old to say", "dbt build")
    remedy = _REMEDIES.get(one.status, "dbt build").format(monitor=one.monitor)
    return found("results", one.line, remedy)
