"""Connections to the warehouse: by dbt's adapter (ask_dbt.py), or by the engine's driver alone, which saves seconds.

A driver connects as the adapter of the same engine does, with what the profile says. It is taken only where all of
that is understood here: where there is a setting that is not, a filter in a template, a plugin, dbt's adapter connects.
"""

from __future__ import annotations

import abc
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import yaml

from driftline.project import Project
from driftline.scrub import Scrubber

Rows = tuple[list[str], Sequence[Sequence[Any]]]


@dataclass(frozen=True)
class Table:
    """A table or view of the warehouse; ``relation`` is its quoted name."""

    database: str
    schema: str
    name: str
    relation: str


class Connection(Protocol):
    """A connection that is opened when it is first needed and stays open until it is released."""

    @property
    def is_open(self) -> bool: ...

    def setting(self, name: str) -> Any:
        """A setting of the profile's target; None where it has none of that name."""

    def connect(self) -> None:
        """Connect, unless that is done."""

    def rows(self, sql: str) -> Rows:
        """The names of the columns of a statement, and its rows."""

    def execute(self, sql: str) -> None:
        """Run and commit one statement."""

    def columns(self, sql: str) -> list[tuple[str, str]]:
        """Name and type of each column of a query, as the driver calls it."""

    def table(self, name: str, schema: str, database: str) -> Table | None:
        """A table or view; None if there is none."""

    def schemas(self, database: str) -> list[str]:
        """The names of all schemas."""

    def drop_schema(self, schema: str, database: str) -> None:
        """Drop a schema with all that is in it."""

    def text_type(self, size: int) -> str:
        """The type of a text of up to ``size`` bytes."""

    def type_named(self, name: str) -> str:
        """What the engine calls timestamp, integer or float."""

    def release(self) -> None:
        """Give the connection back, and with it any lock; a file stays open until it is closed."""

    def close(self) -> None:
        """Close what is open."""


def direct(project: Project, profiles_file: Path, scrub: Scrubber) -> Connection | None:
    """A connection without dbt, or None where the profile asks for more than is understood here."""
    settings = _settings(project, profiles_file)
    if settings is None:
        return None
    scrub.add_settings(settings)
    if project.adapter_type == "duckdb":
        return DuckDBConnection.of(settings)
    return PostgresConnection.of(settings) if project.adapter_type == "postgres" else None


class _Driver(abc.ABC):
    """What the engines have in common whose driver is used: every statement commits itself."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = settings
        self._handle: Any = None

    @property
    def is_open(self) -> bool:
        return self._handle is not None

    def setting(self, name: str) -> Any:
        return self._settings.get(name)

    def connect(self) -> None:
        if self._handle is None:
            self._handle = self._connected()

    @abc.abstractmethod
    def _connected(self) -> Any:
        """A new connection of the driver."""

    @abc.abstractmethod
    def _cursor(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """Runs a statement; what the driver then reads rows from."""

    def rows(self, sql: str) -> Rows:
        cursor = self._cursor(sql)
        names = [str(column[0]) for column in cursor.description or ()]
        return names, cursor.fetchall() if names else []

    def execute(self, sql: str) -> None:
        self._cursor(sql)

    def drop_schema(self, schema: str, database: str) -> None:
        place = ".".join(_quoted(name) for name in (database, schema))
        self._cursor(f"drop schema if exists {place} cascade")

    def text_type(self, size: int) -> str:
        return f"character varying({size})"

    def type_named(self, name: str) -> str:
        return name

    def release(self) -> None:
        if self._handle is not None:
            handle, self._handle = self._handle, None
            handle.close()

    def close(self) -> None:
        self.release()


class DuckDBConnection(_Driver):
    """A file of DuckDB, opened as dbt-duckdb opens it."""

    # The last three say nothing to who connects.
    UNDERSTOOD = frozenset(
        ("type", "path", "database", "schema", "config_options", "settings", "extensions", "threads", "external_root",
         "keep_open")
    )  # fmt: skip

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> DuckDBConnection | None:
        path = settings.get("path")
        is_file = isinstance(path, str) and not re.match(r":memory:|[A-Za-z][\w+.-]+:", path)
        mappings = (settings.get(name) or {} for name in ("config_options", "settings"))
        plain = all(isinstance(one, Mapping) for one in mappings)
        named = all(isinstance(one, str) for one in settings.get("extensions") or ())
        return cls(settings) if is_file and plain and named and settings.keys() <= cls.UNDERSTOOD else None

    def _connected(self) -> Any:
        import duckdb

        handle = duckdb.connect(self._settings["path"], config=dict(self._settings.get("config_options") or {}))
        try:
            for extension in self._settings.get("extensions") or ():
                handle.install_extension(extension)
                handle.load_extension(extension)
            for name, value in (self._settings.get("settings") or {}).items():
                handle.execute(f"SET {name} = '{str(value).replace(chr(39), chr(39) * 2)}'")
        except BaseException:
            handle.close()
            raise
        return handle

    def release(self) -> None:
        """Nothing: no transaction is open, and a build that took the file now would come between message and record."""

    def close(self) -> None:
        super().release()

    def _cursor(self, sql: str, values: Sequence[Any] = ()) -> Any:
        return self._handle.execute(sql, values) if values else self._handle.execute(sql)

    def columns(self, sql: str) -> list[tuple[str, str]]:
        return [(str(row[0]), str(row[1])) for row in self._cursor(f"DESCRIBE ({sql})").fetchall()]

    def table(self, name: str, schema: str, database: str) -> Table | None:
        found = self._cursor(
            "select table_catalog, table_schema, table_name from system.information_schema.tables where "
            "lower(table_name) = lower(?) and lower(table_schema) = lower(?) and lower(table_catalog) = lower(?)",
            [name, schema, database],
        ).fetchall()
        return _table(*found[0]) if found else None

    def schemas(self, database: str) -> list[str]:
        sql = "select schema_name from system.information_schema.schemata where lower(catalog_name) = lower(?)"
        return [str(name) for (name,) in self._cursor(sql, [database]).fetchall()]


class PostgresConnection(_Driver):
    """A Postgres server, by psycopg2, with the parameters that dbt-postgres gives it."""

    GIVEN = ("user", "host", "port", "sslmode", "sslcert", "sslkey", "sslrootcert", "application_name")
    UNDERSTOOD = frozenset(
        (*GIVEN, "type", "pass", "password", "dbname", "database", "schema", "search_path", "role", "connect_timeout",
         "keepalives_idle", "threads")
    )  # fmt: skip

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> PostgresConnection | None:
        return cls(settings) if find_spec("psycopg2") and settings.keys() <= cls.UNDERSTOOD else None

    def _connected(self) -> Any:
        import psycopg2

        given = self._settings
        options = {name: given[name] for name in self.GIVEN if given.get(name)}
        options.setdefault("application_name", "dbt")
        if given.get("keepalives_idle"):
            options["keepalives_idle"] = given["keepalives_idle"]
        if given.get("search_path"):
            options["options"] = "-c search_path={}".format(str(given["search_path"]).replace(" ", "\\ "))
        handle = psycopg2.connect(
            dbname=given.get("dbname", given.get("database")),
            password=given.get("password", given.get("pass")),
            connect_timeout=given.get("connect_timeout", 10),
            **options,
        )
        try:
            handle.autocommit = True
            if given.get("role"):
                handle.cursor().execute(f"set role {given['role']}")
        except BaseException:
            handle.close()
            raise
        return handle

    def _cursor(self, sql: str, values: Sequence[Any] = ()) -> Any:
        cursor = self._handle.cursor()
        cursor.execute(sql, values or None)
        return cursor

    def columns(self, sql: str) -> list[tuple[str, str]]:
        from psycopg2.extensions import string_types

        found = self._cursor(sql).description or ()
        return [
            (str(name), string_types[code].name if code in string_types else f"unknown type_code {code}")
            for name, code, *_ in found
        ]

    def table(self, name: str, schema: str, database: str) -> Table | None:
        found = self._cursor(
            "select current_database(), n.nspname, c.relname from pg_catalog.pg_class as c "
            "join pg_catalog.pg_namespace as n on n.oid = c.relnamespace "
            "where c.relkind in ('r', 'p', 'v', 'm') and c.relname = %s and n.nspname = %s",
            [name, schema],
        ).fetchall()
        return _table(*found[0]) if found else None

    def schemas(self, database: str) -> list[str]:
        return [str(name) for (name,) in self._cursor("select nspname from pg_catalog.pg_namespace").fetchall()]


def _table(database: str, schema: str, name: str) -> Table:
    return Table(database, schema, name, ".".join(_quoted(part) for part in (database, schema, name)))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


# --- the profile ---------------------------------------------------------------------------------------------------

_CALL = re.compile(
    r"""\{\{-?\s*env_var\(\s*(['"])(?P<name>[^'"]+)\1\s*(?:,\s*(?P<quote>['"])(?P<default>[^'"]*)(?P=quote)\s*)?\)"""
    r"""\s*(?:\|\s*(?P<filter>int|as_number)\s*)?-?\}\}"""
)


class _NotUnderstoodError(Exception):
    pass


def _settings(project: Project, profiles_file: Path) -> dict[str, Any] | None:
    """The target's settings, environment variables put in; None where only dbt can render them."""
    try:
        profiles = yaml.safe_load(profiles_file.read_text(encoding="utf-8"))
        rendered = _rendered(profiles[project.profile]["outputs"][project.target])
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError, _NotUnderstoodError):
        return None
    return rendered if isinstance(rendered, dict) and rendered.get("type") == project.adapter_type else None


def _rendered(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rendered(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_rendered(one) for one in value]
    if not isinstance(value, str) or not re.search(r"\{[{%#]", value):
        return value
    whole = _CALL.fullmatch(value.strip())
    if whole is not None and whole["filter"]:
        text = _of_the_environment(whole)
        if not re.fullmatch(r"\d+", text):
            raise _NotUnderstoodError
        return int(text)
    put_in = _CALL.sub(lambda call: "" if call["filter"] else _of_the_environment(call), value)
    if any(call["filter"] for call in _CALL.finditer(value)) or re.search(r"\{[{%#]", _CALL.sub("", value)):
        raise _NotUnderstoodError
    return put_in


def _of_the_environment(call: re.Match[str]) -> str:
    found = os.environ.get(call["name"], call["default"])
    if found is None:
        raise _NotUnderstoodError
    return found
