"""The user's warehouse, reached through the dbt project's own profile.

dbt is asked about the project only where what it said last is not current any more (remembered.py), and its adapter
connects where this package does not know the engine or the profile well enough (connection.py): it takes dbt seconds.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any

from driftline import ask_dbt, connection, remembered
from driftline.ask_dbt import error_text, no_stdout
from driftline.connection import Connection, Table
from driftline.errors import (
    DriftlineError,
    LockedError,
    MissingRelationError,
    UnreachableError,
    WarehouseError,
)
from driftline.project import PACKAGE, SIBLING, Exposure, Node, Package, Project, ProjectOptions
from driftline.scrub import Scrubber

Row = dict[str, Any]

# Adapters whose SQL sqlglot knows under another name.
_DIALECTS = {"sqlserver": "tsql", "synapse": "tsql", "fabric": "fabric", "glue": "spark"}

# Engines in which a text or a name needs nothing but its quotes doubled. For others sqlglot is asked, which takes time.
_PLAIN_QUOTES = ("duckdb", "postgres")

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


@dataclass(frozen=True)
class Column:
    """A column as the warehouse has it; ``data_type`` in the warehouse's own words."""

    name: str
    data_type: str


class Warehouse:
    """A parsed dbt project and a connection to its warehouse. A context manager; not for use by several threads."""

    def __init__(self, project: Project, connection: Connection, scrub: Scrubber, create: bool = False) -> None:
        self.about = project
        self._connection = connection
        self._scrub = scrub
        self._create = create
        self._parsed: ask_dbt.Parsed | None = None

    @classmethod
    def open(cls, options: ProjectOptions, scrub: Scrubber, create: bool = False, ask: bool = False) -> Warehouse:
        """Read the project. Does not connect yet. Raises ProjectError.

        create  a DuckDB file that is missing may be made: before a project's first run, not by what only looks
        ask     dbt is asked, even where what it said last is current, and its adapter connects
        """
        scrub.add_profiles_file(options.profiles_file())
        known = None if ask else remembered.recall(options)
        if known is not None:
            direct = connection.direct(known, options.profiles_file(), scrub)
            if direct is not None:
                return cls(known, direct, scrub, create)
        with remembered.watched(options) as keep:
            parsed = ask_dbt.parse(options, scrub)
            keep(parsed)
        direct = None if ask else connection.direct(parsed.project, options.profiles_file(), scrub)
        opened = cls(parsed.project, direct or parsed.connection, scrub, create)
        opened._parsed = parsed
        return opened

    def __enter__(self) -> Warehouse:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection. The object can still be asked about the project."""
        with no_stdout():
            self._connection.close()

    def release(self) -> None:
        """Give the connection back, and with it any lock but that on a file; the next statement takes another."""
        with no_stdout():
            self._connection.release()

    # --- the project ---------------------------------------------------------------------------------------------

    @property
    def dialect(self) -> str:
        """The name sqlglot has for the SQL of this warehouse."""
        return _DIALECTS.get(self.adapter_type, self.adapter_type)

    @property
    def target(self) -> str:
        """Where this is, for messages: profile and target."""
        return self.about.place

    @property
    def adapter_type(self) -> str:
        return self.about.adapter_type

    @property
    def project(self) -> str:
        """The name of the project."""
        return self.about.name

    @property
    def folder(self) -> Path:
        """Where dbt_project.yml is."""
        return self.about.folder

    @property
    def model_folder(self) -> Path:
        """The first folder of models, in that of the project."""
        return self.about.model_folder

    @property
    def database(self) -> str:
        """The database of the profile's target."""
        return self.about.database

    @property
    def schema(self) -> str:
        """The schema of the profile's target."""
        return self.about.schema

    def packages(self) -> Mapping[str, Package]:
        """The project and what it has installed, by name."""
        return self.about.packages

    def setting(self, name: str) -> Any:
        """A setting of the profile's target; None where it has none of that name."""
        return self._connection.setting(name)

    def write_manifest(self, path: Path) -> None:
        """The project as dbt has parsed it, for its `--state`: where dbt was asked."""
        assert self._parsed is not None
        self._parsed.write_manifest(path)

    def disabled(self) -> list[str]:
        """Names of what the package has and the project has switched off."""
        return list(self.about.disabled)

    def known_variables(self) -> list[str]:
        """The names of the variables that the package reads; none where the package is not there to say."""
        return list(self.about.known_variables)

    def scopes(self) -> dict[str, dict[str, Any]]:
        """The variables of dbt_project.yml by where they stand: "" is the top level; and those of the command line."""
        return self.about.variables.scopes(self.about.known_variables)

    def variable(self, name: str) -> Any:
        """A variable of the project as a build takes it; None where it is not set. Raises ProjectError."""
        return self.about.variables.variable(name)

    def listed_monitors(self) -> list[str]:
        """The variable driftline_monitors. Raises ProjectError where it is no list or stands where it is not seen."""
        return self.about.variables.listed_monitors()

    def nodes(self) -> Iterator[Node]:
        """All enabled models, seeds, snapshots and sources."""
        return iter(self.about.nodes)

    def exposures(self) -> Iterator[Exposure]:
        """All enabled exposures."""
        return iter(self.about.exposures)

    def relation(self, name: str) -> str:
        """The quoted name of one of driftline's tables. Raises MissingRelationError if it is not there to be read."""
        node = self._result_node(name)
        if not self._exists(node):
            raise MissingRelationError(
                f"{node.relation} is not in the warehouse ({self.target}).",
                "Run 'dbt build' with the same profile and target first.",
            )
        return str(node.relation)

    def relations(self) -> dict[str, str]:
        """Name to quoted name of those of driftline's tables that are in the warehouse (`driftline_...`)."""
        names = {node.name for node in self.about.nodes if node.name.startswith(f"{PACKAGE}_")}
        found = {}
        for name in sorted(names):
            node = self.about.result_node(name)
            if node is not None and self._exists(node):
                found[name] = str(node.relation)
        return found

    def _result_node(self, name: str) -> Node:
        node = self.about.result_node(name)
        if node is None:
            raise MissingRelationError(
                f"The dbt project has no model '{name}'.",
                "Add the driftline package to packages.yml and run 'dbt deps'; its models must not be disabled.",
            )
        return node

    def sibling(self, of: str, name: str) -> str:
        """The quoted name of a table of that name in the schema of one of driftline's models."""
        return self._result_node(of).sibling.replace(SIBLING, name)

    def sibling_exists(self, of: str, name: str) -> bool:
        """Whether that table is in the warehouse."""
        node = self._result_node(of)
        return self.table(name, node.schema, node.database) is not None

    def table(self, name: str, schema: str | None = None, database: str | None = None) -> Table | None:
        """A table or view of the warehouse, whether the project knows it or not; None if there is none."""
        with self._connected():
            return self._connection.table(name, schema or self.schema, database or self.database)

    def has_schema(self, schema: str, database: str = "") -> bool:
        """Whether a schema is there."""
        with self._connected():
            found = self._connection.schemas(database or self.database)
        return schema.lower() in {name.lower() for name in found}

    def drop_schema(self, schema: str, database: str = "") -> None:
        """Drop a schema with all that is in it."""
        with self._connected():
            self._connection.drop_schema(schema, database or self.database)

    def _exists(self, node: Node) -> bool:
        return node.relation is not None and self.table(node.identifier, node.schema, node.database) is not None

    # --- statements ----------------------------------------------------------------------------------------------

    def query(self, sql: str) -> list[Row]:
        """Rows as dicts with lower-case names; decimals as int or float. Raises WarehouseError."""
        with self._connected():
            names, rows = self._connection.rows(sql)
        keys = [name.lower() for name in names]
        return [dict(zip(keys, map(_plain, row), strict=True)) for row in rows]

    def execute(self, sql: str) -> None:
        """Run and commit one statement. Raises WarehouseError."""
        with self._connected():
            self._connection.execute(sql)

    def columns(self, relation: str) -> list[Column]:
        """The columns of anything that can stand after FROM. Raises WarehouseError if it cannot be read."""
        return self._columns_of_query(f"select * from {relation} where 1 = 0")

    def type_of(self, expression: str, relation: str) -> str:
        """The type of a row expression, as the warehouse has it. Raises WarehouseError if it refuses it."""
        return self._columns_of_query(f"select ({expression}) as value from {relation} where 1 = 0")[0].data_type

    def _columns_of_query(self, sql: str) -> list[Column]:
        with self._connected():
            return [Column(name, self._sql_type(kind)) for name, kind in self._connection.columns(sql)]

    def _sql_type(self, name: str) -> str:
        """A type as the warehouse calls it, where the driver has a word of its own."""
        if self.adapter_type != "postgres":
            return name
        if name.endswith("ARRAY"):
            return f"{self._sql_type(name.removesuffix('ARRAY'))}[]"
        return _DRIVER_TYPES.get(name, name)

    def literal(self, value: str | int | float | bool | datetime | date | None) -> str:
        """A value as SQL. Texts are escaped in the warehouse's own dialect; times carry no zone."""
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
        if self.dialect in _PLAIN_QUOTES:
            return "'" + value.replace("'", "''") + "'"
        from sqlglot import exp

        return exp.Literal.string(value).sql(dialect=self.dialect)

    def quote(self, name: str) -> str:
        """A column's name as SQL, with quotes in it doubled."""
        if self.dialect in _PLAIN_QUOTES:
            return '"' + name.replace('"', '""') + '"'
        from sqlglot import exp

        return exp.to_identifier(name, quoted=True).sql(dialect=self.dialect)

    def length(self, expression: str) -> str:
        """The length of a text, as SQL."""
        from sqlglot import exp, parse_one

        return exp.Length(this=parse_one(expression, dialect=self.dialect)).sql(dialect=self.dialect)

    def text_type(self, size: int) -> str:
        """The type of a text of up to ``size`` bytes."""
        return self._connection.text_type(size)

    @property
    def timestamp_type(self) -> str:
        return self._connection.type_named("timestamp")

    @property
    def integer_type(self) -> str:
        return self._connection.type_named("integer")

    @property
    def number_type(self) -> str:
        """The type of a number of eight bytes."""
        if self.dialect in ("duckdb", "postgres", "redshift", "snowflake"):
            return "double precision"
        return self._connection.type_named("float")

    # --- the connection ------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _connected(self) -> Iterator[None]:
        """A connection that is kept from one statement to the next; a failure gives it up, with its transaction."""
        try:
            with no_stdout():
                if not self._connection.is_open:
                    self._check_file()
                    self._connection.connect()
                yield
        except DriftlineError:
            raise
        except Exception as error:
            with contextlib.suppress(Exception):
                self.release()
            raise self._error(error) from error

    def _check_file(self) -> None:
        """DuckDB makes a file that is missing; whoever only looks must not, and an empty one says that all is well."""
        path = str(self.setting("path") or "")
        if self._create or self.adapter_type != "duckdb" or not path or _NO_FILE.match(path):
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
        if self.adapter_type == "duckdb" and any(sign in lowered for sign in _DAMAGED):
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


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        if not value.is_finite():
            return float(value)
        return int(value) if value == value.to_integral_value() else float(value)
    return value
