"""The process that runs dbt for a replay, one run after another; a run that is to die takes this process with it.

Every database stands in a folder of its own, ``<folder>/<name>``, with its dbt project; on Postgres in a database of its
own. The other end is ``replayer.Worker``.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2] / "python")]

import pyarrow as pa  # noqa: E402
import yaml  # noqa: E402
from support import quick_dbt  # noqa: E402
from support.engines import DuckDBWorkspace, PostgresWorkspace, Workspace  # noqa: E402
from support.project import Project  # noqa: E402

ARROW = {
    "double precision": pa.float64(),
    "real": pa.float64(),
    "numeric": pa.float64(),
    "integer": pa.int64(),
    "bigint": pa.int64(),
    "boolean": pa.bool_(),
    "timestamp without time zone": pa.timestamp("us"),
    "text": pa.string(),
    "character varying": pa.string(),
}


class Fuse:
    """Kills this process some milliseconds after so many nodes of a run have begun."""

    nodes = 0
    burns: tuple[int, float] | None = None
    timer: threading.Timer | None = None

    def __call__(self, event: Any) -> None:
        if event.info.name != "NodeStart":
            return
        self.nodes += 1
        if self.burns is not None and self.nodes == self.burns[0]:
            self.timer = threading.Timer(self.burns[1], os.kill, (os.getpid(), signal.SIGKILL))
            self.timer.start()

    def put_out(self) -> None:
        if self.timer is not None:
            self.timer.cancel()


FUSE = Fuse()


def _listen_to_nodes() -> None:
    from dbt.cli import main

    class Runner(main.dbtRunner):  # type: ignore[misc]
        def __init__(self, callbacks: list[Any]) -> None:
            super().__init__(callbacks=[*callbacks, FUSE])

    main.dbtRunner = Runner


class Database:
    def __init__(self, folder: Path, server: str | None) -> None:
        folder.mkdir(exist_ok=True)
        # The package stands there from the process before.
        (folder / "dbt_packages" / "driftline").unlink(missing_ok=True)
        self.project = Project(folder, self._workspace(folder, server))

    @staticmethod
    def _workspace(folder: Path, server: str | None) -> Workspace:
        if server is None:
            return DuckDBWorkspace(folder / "warehouse.duckdb")
        import psycopg2

        connection = psycopg2.connect(host=server, user="postgres", dbname=folder.name)
        with connection, connection.cursor() as cursor:
            cursor.execute('create schema if not exists "main"')
            # dbt is dead, what it asked for may not be: the session ends with its statement.
            while True:
                cursor.execute(
                    "select count(*) from pg_stat_activity where datname = current_database()"
                    " and pid <> pg_backend_pid() and backend_type = 'client backend'"
                )
                if cursor.fetchone() == (0,):
                    break
                time.sleep(0.1)
        connection.close()

        class Here(PostgresWorkspace):
            def execute(self, statement: str) -> None:
                super().execute(statement.replace("create schema ", "create schema if not exists "))

        return Here(SimpleNamespace(host=server, user="postgres"), folder.name, "main")  # type: ignore[arg-type]

    def execute(self, *statements: str) -> None:
        for statement in statements:
            self.project.execute(statement)

    def load(self, name: str, table: Any) -> None:
        self.project.load(name, table)

    def declare(self, models: dict[str, str], vars: dict[str, Any], sources: list[str]) -> None:
        """These models, no others."""
        for path in (self.project.path / "models").glob("*.sql"):
            path.unlink()
        for name, text in models.items():
            self.project.model(name, text)
        workspace = self.project.workspace
        source = {"name": "raw", "database": workspace.database, "schema": workspace.schema}
        tables = {"tables": [{"name": name} for name in sources]}
        self.project.write("models/_raw_sources.yml", yaml.safe_dump({"version": 2, "sources": [{**source, **tables}]}))
        self.project.vars = vars
        self.project.write_project_file()

    def run(self, arguments: list[str], vars: dict[str, Any], burns: tuple[int, float] | None) -> dict[str, Any]:
        FUSE.nodes, FUSE.burns = 0, burns
        begun = time.monotonic()
        run = self.project.run(arguments, vars=vars)
        # What came through lives on.
        FUSE.put_out()
        return {
            "success": run.success,
            "nodes": FUSE.nodes,
            "failures": run.failures,
            "text": str(run),
            "seconds": time.monotonic() - begun,
        }

    def relations(self) -> list[str]:
        return sorted(self.project.relations())

    def table(self, query: str) -> pa.Table:
        workspace = self.project.workspace
        if isinstance(workspace, DuckDBWorkspace):
            return workspace.connection.sql(query).to_arrow_table()
        workspace.execute(f"create or replace temporary view looked_at as {query}")
        types = workspace.sql(
            "select column_name, data_type from information_schema.columns where table_name = 'looked_at'"
            " order by ordinal_position"
        )
        rows = workspace.sql("select * from looked_at")
        workspace.execute("drop view looked_at")
        columns = zip(*rows, strict=True) if rows else [[] for _ in types]
        return pa.table(
            {
                name: pa.array(column, ARROW[kind], from_pandas=False)
                for (name, kind), column in zip(types, columns, strict=True)
            }
        )


def main() -> None:
    orders, answers = Connection(int(sys.argv[1])), Connection(int(sys.argv[2]))
    folder, server = Path(sys.argv[3]), sys.argv[4] or None
    quick_dbt.install()
    _listen_to_nodes()
    databases: dict[str, Database] = {}
    while True:
        try:
            name, method, arguments = orders.recv()
        except EOFError:
            return
        try:
            if name not in databases:
                databases[name] = Database(folder / name, server)
            answers.send(("done", getattr(databases[name], method)(*arguments)))
        except Exception as problem:
            answers.send(("failed", f"{type(problem).__name__}: {problem}"))


if __name__ == "__main__":
    main()
