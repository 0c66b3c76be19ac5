"""The user's warehouse, reached through the dbt project's own profile and adapter.

The only module that touches dbt. It relies on what dbt Core 1.10 to 1.12 have in common: ``dbtRunner`` parses the
project and registers the adapter, which then stays usable in this process.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace, TracebackType
from typing import Any

from driftline.errors import (
    DriftlineError,
    LockedError,
    MissingRelationError,
    ProjectError,
    UnknownMonitorError,
    UnreachableError,
    WarehouseError,
)
from driftline.scrub import Scrubber

Row = dict[str, Any]

PACKAGE = "driftline"
LIST_VARIABLE = "driftline_monitors"

_NO_SUCH_MODEL = re.compile(r"'model\.driftline\.\S+'.*?depends on a node named '(?P<monitor>[^']+)'")

# Adapters whose SQL sqlglot knows under another name.
_DIALECTS = {"sqlserver": "tsql", "synapse": "tsql", "fabric": "fabric", "glue": "spark"}

# What psycopg2 calls the types of Postgres, where that is not what Postgres does; 2950 it has no name for.
_DRIVER_TYPES = {
    "LONGINTEGER": "bigint", "DATETIME": "timestamp", "DATETIMETZ": "timestamp with time zone", "STRING": "text",
    "FLOAT": "double precision", "BINARY": "bytea", "unknown type_code 2950": "uuid",
}  # fmt: skip

# What DuckDB says of a file that is something else, or was cut off or written over.
_DAMAGED = (
    "not a valid duckdb database file",
    "corrupt database file",
    "could not read enough bytes",
    "failed to deserialize",
    "serialization error",
    "sqlite_scanner",
)

# What needs no file of this machine: memory, MotherDuck, an object store, another catalogue. C: is a drive.
_NO_FILE = re.compile(r":memory:|[A-Za-z][\w+.-]+:")

_QUIET = (
    "--quiet",
    "--no-print",
    "--no-use-colors",
    "--no-write-json",
    "--no-send-anonymous-usage-stats",
    "--log-level=none",
    "--log-level-file=none",
)


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
class Column:
    """A column as the warehouse has it; ``data_type`` in the warehouse's own words."""

    name: str
    data_type: str


@dataclass(frozen=True)
class Table:
    """A table or view of the warehouse; ``relation`` is its quoted name."""

    database: str
    schema: str
    name: str
    relation: str


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
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What dbt itself is told of it: delimiter, contract, tags …"""


@dataclass(frozen=True)
class Exposure:
    """A dashboard, report or application that the project says depends on some of its nodes."""

    unique_id: str
    label: str
    url: str | None
    upstream: tuple[str, ...]


class Warehouse:
    """A parsed dbt project and a connection to its warehouse. A context manager; not for use by several threads."""

    def __init__(self, manifest: Any, adapter: Any, scrub: Scrubber, create: bool = False) -> None:
        self._create = create
        self._manifest = manifest
        self._adapter = adapter
        self._scrub = scrub
        self._connection: contextlib.ExitStack | None = None

    @classmethod
    def open(cls, options: ProjectOptions, scrub: Scrubber, create: bool = False) -> Warehouse:
        """Parse the project. Does not connect yet. Raises ProjectError.

        create  a DuckDB file that is missing may be made: before a project's first run, not by what only looks
        """
        scrub.add_profiles_file(options.profiles_file())
        with _no_stdout():
            from dbt.adapters.factory import get_adapter_by_type
            from dbt.cli.main import dbtRunner

            outcome = dbtRunner().invoke([*_QUIET, "parse", *options.arguments()])
            if not outcome.success or outcome.result is None:
                options.check_folder()
                raise _project_error(outcome.exception, scrub, options)
            adapter: Any = get_adapter_by_type(outcome.result.metadata.adapter_type)
        scrub.add_settings(adapter.config.credentials)
        return cls(outcome.result, adapter, scrub, create)

    @staticmethod
    def build(options: ProjectOptions, scrub: Scrubber, arguments: Sequence[str]) -> None:
        """`dbt build`, quietly. Raises ProjectError with the first thing that failed."""
        with _no_stdout():
            from dbt.cli.main import dbtRunner

            outcome = dbtRunner().invoke([*_QUIET, "build", *options.arguments(), *arguments])
        if outcome.success:
            return
        results = getattr(outcome.result, "results", None) or ()
        failed = next((r for r in results if str(getattr(r.status, "value", r.status)) == "error"), None)
        if failed is None:
            raise _project_error(outcome.exception, scrub, options)
        said = scrub(" ".join(str(failed.message).split()))
        raise ProjectError(f"{failed.node.name} cannot be built: {said}", "'dbt build' shows the same.")

    def __enter__(self) -> Warehouse:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection. The object can still be asked about the project."""
        self.release()
        with _no_stdout():
            self._adapter.cleanup_connections()

    def release(self) -> None:
        """Give the connection back, and with it any lock; the next statement takes another."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            with _no_stdout():
                connection.close()

    # --- the project ---------------------------------------------------------------------------------------------

    @property
    def dialect(self) -> str:
        """The name sqlglot has for the SQL of this warehouse."""
        adapter_type = str(self._adapter.type())
        return _DIALECTS.get(adapter_type, adapter_type)

    @property
    def target(self) -> str:
        """Where this is, for messages: profile and target."""
        return f"{self._adapter.config.profile_name}.{self._adapter.config.target_name}"

    @property
    def adapter_type(self) -> str:
        return str(self._adapter.type())

    @property
    def project(self) -> str:
        """The name of the project."""
        return str(self._adapter.config.project_name)

    @property
    def folder(self) -> Path:
        """Where dbt_project.yml is."""
        return Path(self._adapter.config.project_root)

    @property
    def model_folder(self) -> Path:
        """The first folder of models, in that of the project."""
        return Path(next(iter(self._adapter.config.model_paths), "models"))

    @property
    def database(self) -> str:
        """The database of the profile's target."""
        return str(self._adapter.config.credentials.database or "")

    @property
    def schema(self) -> str:
        """The schema of the profile's target."""
        return str(self._adapter.config.credentials.schema)

    def packages(self) -> dict[str, Package]:
        """The project and what it has installed, by name."""
        found = self._adapter.config.load_dependencies()
        return {str(name): Package(str(one.version or ""), Path(one.project_root)) for name, one in found.items()}

    def setting(self, name: str) -> Any:
        """A setting of the profile's target; None where it has none of that name."""
        return getattr(self._adapter.config.credentials, name, None)

    def write_manifest(self, path: Path) -> None:
        """The project as dbt has parsed it, for its `--state`."""
        self._manifest.write(str(path))

    def disabled(self) -> list[str]:
        """Names of what the package has and the project has switched off."""
        names = {name.rsplit(".", 1)[-1] for name in self._manifest.disabled if name.split(".")[1] == PACKAGE}
        return sorted(names)

    def known_variables(self) -> list[str]:
        """The names of the variables that the package reads; none where the package is not there to say."""
        macro = self._manifest.macros.get(f"macro.{PACKAGE}._var_names")
        return re.findall(r"'(\w+)'", macro.macro_sql) if macro is not None else []

    def scopes(self) -> dict[str, dict[str, Any]]:
        """The variables of dbt_project.yml by where they stand: "" is the top level; and those of the command line."""
        given = self._adapter.config.vars.to_dict()
        found: dict[str, dict[str, Any]] = {"": {}, "--vars": dict(self._adapter.config.cli_vars)}
        for name, value in given.items():
            is_variable = name in self.known_variables() or name.startswith(f"{PACKAGE}_")
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
        config = self._adapter.config
        if name in config.cli_vars:
            return config.cli_vars[name]
        kind, project = self._adapter.type(), config.project_name
        ours = config.vars.vars_for(SimpleNamespace(package_name=PACKAGE), kind)
        theirs = config.vars.vars_for(SimpleNamespace(package_name=project), kind)
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

    def nodes(self) -> Iterator[Node]:
        """All enabled models, seeds, snapshots and sources."""
        for node in [*self._manifest.nodes.values(), *self._manifest.sources.values()]:
            kind = str(getattr(node.resource_type, "value", node.resource_type))
            if kind in ("model", "seed", "snapshot", "source"):
                yield self._node(node, kind)

    def exposures(self) -> Iterator[Exposure]:
        """All enabled exposures."""
        for one in self._manifest.exposures.values():
            if one.config.enabled:
                yield Exposure(one.unique_id, one.label or one.name, one.url or None, tuple(one.depends_on.nodes))

    def _node(self, node: Any, kind: str) -> Node:
        depends_on = getattr(node, "depends_on", None)
        ephemeral = kind == "model" and node.config.materialized == "ephemeral"
        version = getattr(node, "version", None)
        return Node(
            unique_id=node.unique_id,
            name=node.name,
            package=node.package_name,
            resource_type=kind,
            source_name=getattr(node, "source_name", None),
            version=None if version is None else str(version),
            path=node.original_file_path,
            relation=None if ephemeral else str(self._create_relation(node)),
            meta=dict(getattr(node.config, "meta", None) or {}),
            raw_code=str(getattr(node, "raw_code", "") or ""),
            upstream=tuple(getattr(depends_on, "nodes", ()) or ()),
            macros=tuple(getattr(depends_on, "macros", ()) or ()),
            database=str(node.database or ""),
            schema=str(node.schema),
            settings=node.config.to_dict(),
        )

    def _create_relation(self, node: Any) -> Any:
        return self._adapter.Relation.create_from(self._adapter.config, node)

    def _result_node(self, name: str) -> Any:
        found = [
            node
            for node in self._manifest.nodes.values()
            if node.name == name and str(getattr(node.resource_type, "value", node.resource_type)) in ("model", "seed")
        ]
        return next((node for node in found if node.package_name == PACKAGE), found[0] if found else None)

    def relation(self, name: str) -> str:
        """The quoted name of one of driftline's tables. Raises MissingRelationError if it is not there to be read."""
        node = self._result_node(name)
        if node is None:
            raise MissingRelationError(
                f"The dbt project has no model '{name}'.",
                "Add the driftline package to packages.yml and run 'dbt deps'; its models must not be disabled.",
            )
        relation = self._create_relation(node)
        if not self._exists(relation):
            raise MissingRelationError(
                f"{relation} is not in the warehouse ({self.target}).",
                "Run 'dbt build' with the same profile and target first.",
            )
        return str(relation)

    def relations(self) -> dict[str, str]:
        """Name to quoted name of those of driftline's tables that are in the warehouse (`driftline_...`)."""
        names = {node.name for node in self._manifest.nodes.values() if node.name.startswith(f"{PACKAGE}_")}
        found = {}
        for name in sorted(names):
            node = self._result_node(name)
            if node is not None and self._exists(self._create_relation(node)):
                found[name] = str(self._create_relation(node))
        return found

    def sibling(self, of: str, name: str) -> str:
        """The quoted name of a table of that name in the schema of one of driftline's models."""
        node = self._result_node(of)
        if node is None:
            self.relation(of)
        return str(self._create_relation(node).incorporate(path={"identifier": name}))

    def sibling_exists(self, of: str, name: str) -> bool:
        """Whether that table is in the warehouse."""
        return self._exists(self._create_relation(self._result_node(of)).incorporate(path={"identifier": name}))

    def table(self, name: str, schema: str | None = None, database: str | None = None) -> Table | None:
        """A table or view of the warehouse, whether the project knows it or not; None if there is none."""
        found_in = (database or self.database or None, schema or self.schema)
        with self._connected():
            found = self._adapter.get_relation(*found_in, name)
        if found is None:
            return None
        return Table(str(found.database or ""), str(found.schema), str(found.identifier), str(found))

    def has_schema(self, schema: str, database: str = "") -> bool:
        """Whether a schema is there."""
        with self._connected():
            found = self._adapter.list_schemas(database or self.database or None)
        return schema.lower() in {str(name).lower() for name in found}

    def drop_schema(self, schema: str, database: str = "") -> None:
        """Drop a schema with all that is in it."""
        relation = self._adapter.Relation.create(database=database or self.database or None, schema=schema)
        with self._connected():
            self._adapter.drop_schema(relation)
            self._commit()

    # --- statements ----------------------------------------------------------------------------------------------

    def query(self, sql: str) -> list[Row]:
        """Rows as dicts with lower-case names; decimals as int or float. Raises WarehouseError."""
        with self._connected():
            manager = self._adapter.connections
            if hasattr(manager, "add_query"):
                # Not adapter.execute: its table guesses a type for every column anew, cell by cell.
                _, cursor = manager.add_query(sql, auto_begin=False)
                names = [str(column[0]) for column in cursor.description or ()]
                rows: Sequence[Sequence[Any]] = cursor.fetchall() if names else []
            else:
                _, table = self._adapter.execute(sql, fetch=True)
                names, rows = list(table.column_names), [tuple(row.values()) for row in table.rows]
        keys = [name.lower() for name in names]
        return [dict(zip(keys, map(_plain, row), strict=True)) for row in rows]

    def execute(self, sql: str) -> None:
        """Run and commit one statement. Raises WarehouseError."""
        with self._connected():
            self._adapter.execute(sql, auto_begin=True, fetch=False)
            self._commit()

    def _commit(self) -> None:
        connection = self._adapter.connections.get_if_exists()
        if connection is not None and connection.transaction_open:
            self._adapter.connections.commit_if_has_connection()

    def columns(self, relation: str) -> list[Column]:
        """The columns of anything that can stand after FROM. Raises WarehouseError if it cannot be read."""
        return self._columns_of_query(f"select * from {relation} where 1 = 0")

    def type_of(self, expression: str, relation: str) -> str:
        """The type of a row expression, as the warehouse has it. Raises WarehouseError if it refuses it."""
        return self._columns_of_query(f"select ({expression}) as value from {relation} where 1 = 0")[0].data_type

    def _columns_of_query(self, sql: str) -> list[Column]:
        with self._connected():
            found = self._adapter.get_column_schema_from_query(sql)
            return [Column(str(column.name), self._sql_type(str(column.data_type))) for column in found]

    def _sql_type(self, name: str) -> str:
        """A type as the warehouse calls it, where the driver has a word of its own."""
        if self.adapter_type != "postgres":
            return name
        if name.endswith("ARRAY"):
            return f"{self._sql_type(name.removesuffix('ARRAY'))}[]"
        return _DRIVER_TYPES.get(name, name)

    def literal(self, value: str | int | float | bool | datetime | date | None) -> str:
        """A value as SQL. Texts are escaped in the warehouse's own dialect; times carry no zone."""
        from sqlglot import exp

        if value is None:
            return "null"
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, (int, float)):
            return repr(value)
        if isinstance(value, datetime):
            text = value.replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
            return f"cast('{text}' as {self.timestamp_type})"
        if isinstance(value, date):
            return f"cast('{value.isoformat()}' as date)"
        return exp.Literal.string(value).sql(dialect=self.dialect)

    def quote(self, name: str) -> str:
        """A column's name as SQL, with quotes in it doubled."""
        from sqlglot import exp

        return exp.to_identifier(name, quoted=True).sql(dialect=self.dialect)

    def length(self, expression: str) -> str:
        """The length of a text, as SQL."""
        from sqlglot import exp, parse_one

        return exp.Length(this=parse_one(expression, dialect=self.dialect)).sql(dialect=self.dialect)

    def text_type(self, size: int) -> str:
        """The type of a text of up to ``size`` bytes."""
        return str(self._adapter.Column.string_type(size))

    @property
    def timestamp_type(self) -> str:
        return str(self._adapter.Column.translate_type("timestamp"))

    @property
    def integer_type(self) -> str:
        return str(self._adapter.Column.translate_type("integer"))

    @property
    def number_type(self) -> str:
        """The type of a number of eight bytes."""
        if self.dialect in ("duckdb", "postgres", "redshift", "snowflake"):
            return "double precision"
        return str(self._adapter.Column.translate_type("float"))

    # --- the connection ------------------------------------------------------------------------------------------

    def _exists(self, relation: Any) -> bool:
        with self._connected():
            return self._adapter.get_relation(relation.database, relation.schema, relation.identifier) is not None

    @contextlib.contextmanager
    def _connected(self) -> Iterator[None]:
        """A connection that is kept from one statement to the next; a failure gives it up, with its transaction."""
        try:
            with _no_stdout():
                if self._connection is None:
                    self._check_file()
                    self._connection = contextlib.ExitStack()
                    self._connection.enter_context(self._adapter.connection_named(PACKAGE))
                yield
        except DriftlineError:
            raise
        except Exception as error:
            try:
                self.release()
            except Exception:
                self._connection = None
            raise self._error(error) from error

    def _check_file(self) -> None:
        """DuckDB makes a file that is missing; whoever only looks must not, and an empty one says that all is well."""
        path = str(getattr(self._adapter.config.credentials, "path", ""))
        if self._create or str(self._adapter.type()) != "duckdb" or not path or _NO_FILE.match(path):
            return
        if not Path(path).expanduser().exists():
            raise MissingRelationError(
                f"There is no DuckDB file {path} ({self.target}).",
                "Run 'dbt build' with the same profile and target first; a relative path is one of this folder.",
            )

    def _error(self, error: Exception) -> WarehouseError:
        text = self._scrub(error_text(error))
        names = {kind.__name__ for kind in type(error).__mro__}
        lowered = text.lower()
        if str(self._adapter.type()) == "duckdb" and any(sign in lowered for sign in _DAMAGED):
            return WarehouseError(
                f"The warehouse's file ({self.target}) is no DuckDB database, or it is damaged: {text}",
                "Check 'path' in the profile. Put a copy in the file's place; without one, move it away and run 'dbt "
                "build', which starts anew without the history.",
                text,
            )
        if "could not set lock on file" in lowered:
            return LockedError(
                f"The warehouse ({self.target}) is in use by another process: {text}",
                "A DuckDB file has one writer at a time: wait until the other process has ended, then run this again.",
                text,
            )
        if "FailedToConnectError" in names or "could not connect" in lowered or "connection refused" in lowered:
            return UnreachableError(
                f"No connection to the warehouse ({self.target}): {text}",
                "Check that it is running and that 'dbt debug' succeeds with the same profile and target.",
                text,
            )
        return WarehouseError(
            f"The warehouse ({self.target}) refused a statement: {text}",
            "If a column or table is missing, run 'dbt build'; otherwise check this user's permissions.",
            text,
        )


def _as_text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def error_text(error: BaseException | None) -> str:
    """What an error of dbt or of a driver says, without dbt's headings, on one line."""
    if error is None:
        return "no reason given"
    lines = [line.strip() for line in str(error).splitlines()]
    if len(lines) > 1 and lines[0] in ("Runtime Error", "Database Error", "Compilation Error"):
        lines = lines[1:]
    text = " ".join(line for line in lines if line)
    return text or type(error).__name__


def _project_error(error: BaseException | None, scrub: Scrubber, options: ProjectOptions) -> ProjectError:
    text = scrub(error_text(error))
    if found := _NO_SUCH_MODEL.search(text):
        return UnknownMonitorError(found["monitor"], _listed_before_parsing(options))
    lowered = text.lower()
    if "dbt deps" in lowered:
        hint = "Run 'dbt deps' in the project."
    elif "profile" in lowered or "credentials" in lowered or "does not have a target" in lowered:
        hint = "Check --profiles-dir, --profile and --target; 'dbt debug' shows what dbt finds."
    elif "dbt_project.yml" in lowered or "does not exist" in lowered:
        hint = "Give the folder of the dbt project with --project-dir, and that of profiles.yml with --profiles-dir."
    else:
        hint = "'dbt parse' shows the same; it must succeed first."
    return ProjectError(f"The dbt project cannot be read: {text}", hint)


def _listed_before_parsing(options: ProjectOptions) -> list[str]:
    """The variable driftline_monitors of a project that dbt could not parse: its settings are read before."""
    from dbt.adapters.factory import FACTORY

    folder = options.folder().resolve()
    for adapter in FACTORY.adapters.values():
        if Path(adapter.config.project_root).resolve() in (folder, *folder.parents):
            with contextlib.suppress(DriftlineError):
                return Warehouse(None, adapter, Scrubber()).listed_monitors()
    return []


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        if not value.is_finite():
            return float(value)
        return int(value) if value == value.to_integral_value() else float(value)
    return value


@contextlib.contextmanager
def _no_stdout() -> Iterator[None]:
    """Standard output carries results alone: what dbt or a project's macros print goes to standard error."""
    with contextlib.redirect_stdout(sys.stderr):
        yield
