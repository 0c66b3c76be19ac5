"""Redshift emulated: Postgres behind Redshift's client and dbt's adapter for it, with what Redshift lacks refused.

A proxy takes the logon of Redshift's client to Postgres' socket. Statements are turned on their way where Postgres calls
something else or has it not (sort keys, dateadd), and those that make tables are refused where they ask for what
Redshift has not: functions that are not in macros/adapters/functions/redshift.csv, frames by a range, syntax of Postgres
after 8. Its optimizer, limits and types of its own are not there.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import struct
import threading
from pathlib import Path
from typing import Any

from support.compiled import table_of_functions
from support.dialects import functions
from support.engines import PostgresEngine, PostgresWorkspace
from support.postgres_server import PostgresServer

# What Postgres takes at the logon.
KNOWN = {b"user", b"database", b"application_name", b"client_encoding"}
# What Redshift has and Postgres has not, as its documentation describes it; and what dbt's adapter reads.
STAND_INS = r"""
create function getdate() returns timestamp language sql as $$ select cast(now() at time zone 'UTC' as timestamp) $$;
create function dateadd(unit text, count bigint, moment timestamp) returns timestamp language sql immutable as
    $$ select moment + count * cast('1 ' || unit as interval) $$;
create function datediff(unit text, first timestamp, last timestamp) returns bigint language sql immutable as $$
    select cast(case lower(unit)
        when 'month' then (extract(year from last) - extract(year from first)) * 12
            + extract(month from last) - extract(month from first)
        else (extract(epoch from date_trunc(unit, last)) - extract(epoch from date_trunc(unit, first)))
            / extract(epoch from cast('1 ' || unit as interval))
    end as bigint) $$;
create function redshift_regexp_replace(of text, pattern text, by text) returns text language sql immutable as
    $$ select regexp_replace(of, pattern, regexp_replace(by, '\$(\d)', '\\\1', 'g'), 'g') $$;
create function pg_get_late_binding_view_cols() returns setof record language sql as
    $$ select ''::name, ''::name, ''::name, ''::varchar, 0::int where false $$;
create view svv_external_columns as select ''::varchar schemaname, ''::varchar tablename, ''::varchar columnname,
    ''::varchar external_type, 0 columnnum, 0 part_key, ''::varchar is_nullable where false;
"""
LACKING = {
    "frames by a range": r"range\s+between\s+\d",
    "filter": r"\bfilter\s*\(\s*where",
    "materialized": r"\bas\s+(not\s+)?materialized\b",
    "lateral": r"\blateral\b",
    "distinct on": r"\bdistinct\s+on\s*\(",
    "values in from": r"\bfrom\s*\(\s*values\b",
    "union distinct": r"\bunion\s+distinct\b",
    "collate": r"\bcollate\b",
    "is distinct from": r"\bis\s+(not\s+)?distinct\s+from\b",
    "arrays": r"\barray\s*\[|\bunnest\s*\(",
}


class Lacking(Exception):
    """The statement asks for what Redshift has not."""


def bare(statement: str) -> str:
    """Without comments."""
    return re.sub(r"/\*.*?\*/|--[^\n]*", "", statement, flags=re.DOTALL)


def check(statement: str) -> None:
    """Statements that make or fill tables: all others are dbt's own."""
    text = bare(statement)
    if not re.match(r"\s*(create|insert|delete|update|merge)\b", text, re.IGNORECASE):
        return
    plain = re.sub(r"'(?:[^'\\]|\\.|'')*'", "''", text.lower())
    lacking = [name for name, pattern in LACKING.items() if re.search(pattern, plain)]
    unknown = functions("redshift", re.sub(r"^[^(]*\(", "(", plain)) - table_of_functions("redshift").keys()
    if lacking or unknown:
        raise Lacking(f"Redshift has no {', '.join([*lacking, *sorted(unknown)])}: {text.strip()[:200]}")


def turned(statement: str) -> str:
    """As Postgres says it."""
    statement = statement.replace("pg_catalog.svv_", "public.svv_")
    statement = re.sub(r"\b(dateadd|datediff)\(\s*(\w+)\s*,", r"\1('\2',", statement, flags=re.IGNORECASE)
    statement = re.sub(r"\bregexp_replace\(", "redshift_regexp_replace(", statement, flags=re.IGNORECASE)
    return re.sub(
        r"\b(compound|interleaved)?\s*sortkey\s*\([^)]*\)|\bbackup\s+no\b", "", statement, flags=re.IGNORECASE
    )


class Proxy:
    """From a port of this machine's own to Postgres' socket."""

    def __init__(self, socket: str) -> None:
        self.socket = socket
        self.loop = asyncio.new_event_loop()
        self.port = 0
        ready = threading.Event()
        self.thread = threading.Thread(target=self._serve, args=(ready,), daemon=True)
        self.thread.start()
        ready.wait(30)

    def _serve(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(asyncio.start_server(self._client, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        self.loop.run_forever()
        server.close()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        other_reader, other_writer = await asyncio.open_unix_connection(self.socket)
        while True:
            (length,) = struct.unpack("!i", await reader.readexactly(4))
            body = await reader.readexactly(length - 4)
            if struct.unpack("!i", body[:4])[0] != 80877103:
                break
            writer.write(b"N")  # no SSL
            await writer.drain()
        parts = body[4:].split(b"\0")
        kept = b"".join(k + b"\0" + v + b"\0" for k, v in zip(parts[::2], parts[1::2], strict=False) if k in KNOWN)
        start = struct.pack("!i", 196608) + kept + b"\0"
        other_writer.write(struct.pack("!i", len(start) + 4) + start)
        await asyncio.gather(self._pipe(reader, other_writer), self._pipe(other_reader, writer))

    @staticmethod
    async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)


class RedshiftWorkspace(PostgresWorkspace):
    """The driver of the tests is Postgres' own: what it does is not checked."""

    engine = "redshift"

    def __init__(self, server: PostgresServer, database: str, schema: str, port: int) -> None:
        super().__init__(server, database, schema)
        self.port = port

    def output(self) -> dict[str, Any]:
        return {
            "type": "redshift",
            "host": "127.0.0.1",
            "port": self.port,
            "user": self.server.user,
            "password": "unused",
            "dbname": self.database,
            "schema": self.schema,
            "sslmode": "disable",
            "threads": 1,
            "retries": 0,
        }


class RedshiftEngine(PostgresEngine):
    name = "redshift"

    def __init__(self) -> None:
        import psycopg2
        import redshift_connector

        super().__init__()
        with psycopg2.connect(host=self.server.host, user=self.server.user, dbname=self.database) as connection:
            connection.cursor().execute(STAND_INS)
            # Of joins of steps without statistics Postgres makes loops within loops, which Redshift has hardly any of.
            connection.cursor().execute(f"alter database {self.database} set enable_nestloop = off")
        connection.close()
        self.proxy = Proxy(f"{self.server.host}/.s.PGSQL.5432")
        self._cursor, self._execute = redshift_connector.Cursor, redshift_connector.Cursor.execute
        execute = self._execute

        def checked(cursor: Any, operation: str, *arguments: Any, **named: Any) -> Any:
            check(operation)
            found = execute(cursor, turned(operation), *arguments, **named)
            if made := re.search(r"^\s*create\s+(?:temporary\s+)?table\s+(\S+)", bare(operation), re.IGNORECASE):
                execute(cursor, f"analyze {made[1]}")
            return found

        self._cursor.execute = checked
        self._numbers = itertools.count(1)

    def workspace(self, folder: Path) -> RedshiftWorkspace:
        return RedshiftWorkspace(self.server, self.database, f"project_{next(self._numbers)}", self.proxy.port)

    def close(self) -> None:
        self._cursor.execute = self._execute
        self.proxy.close()
        super().close()
