"""Compiled models that run again and again through the driver, without dbt.

Starting dbt costs a second or more; running the SQL it compiled costs milliseconds. So a property test builds its
project once, asks for the chain, and for each example replaces the input tables and runs the chain.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from typing import Any

import pandas as pd

from support.engines import DuckDBWorkspace, Workspace, quote


class Chain:
    """The compiled models in the order of the DAG, and a place to run them.

    On DuckDB that place is a copy of the database in memory (the project's own file stays as it was); on Postgres it
    is the project's own schema. Seeds and sources are not part of the chain: they stay, or are replaced with ``load``.
    Hooks, grants and tests do not run. Models with an enforced contract keep the types that the build gave them.
    """

    def __init__(self, nodes: Iterable[Any], workspace: Workspace, *, copy: bool = True) -> None:
        models = [n for n in nodes if n.resource_type == "model" and n.config.materialized != "ephemeral"]
        self.nodes = _sorted(models)
        self.workspace = workspace
        self._own = copy and isinstance(workspace, DuckDBWorkspace)
        if copy and isinstance(workspace, DuckDBWorkspace):
            self.workspace = workspace.copy_into_memory()
        self._plan = [(node.name, _statements(node, self.workspace)) for node in self.nodes]

    def compiled_sql(self) -> dict[str, str]:
        return {node.name: node.compiled_code for node in self.nodes}

    def run(self, *names: str) -> None:
        """Create or replace each relation from its compiled SQL; all of them, or the named ones."""
        for name, statements in self._plan:
            if names and name not in names:
                continue
            for statement in statements:
                try:
                    self.workspace.execute(statement)
                except Exception as problem:
                    raise RuntimeError(f"{name}: {problem}\n{statement}") from problem

    def load(self, name: str, data: Any, types: dict[str, str] | None = None) -> None:
        self.workspace.load(name, data, types)

    def sql(self, query: str) -> list[tuple[Any, ...]]:
        return self.workspace.sql(query)

    def frame(self, query: str) -> pd.DataFrame:
        return self.workspace.frame(query)

    def close(self) -> None:
        if self._own:
            self.workspace.close()


def _sorted(nodes: list[Any]) -> list[Any]:
    """Parents before children; the order by name where the DAG leaves it open, so that runs repeat exactly."""
    by_id = {node.unique_id: node for node in nodes}
    waiting = {i: {p for p in n.depends_on.nodes if p in by_id} for i, n in by_id.items()}
    # What an ephemeral model reads has to be there before the model that it is a part of.
    for i, node in by_id.items():
        for part in node.extra_ctes:
            waiting[i] |= {p for p, other in by_id.items() if p != i and other.relation_name in part.sql}
    ready = [i for i, parents in waiting.items() if not parents]
    heapq.heapify(ready)
    done: list[Any] = []
    while ready:
        current = heapq.heappop(ready)
        done.append(by_id[current])
        for i, parents in waiting.items():
            if current in parents:
                parents.remove(current)
                if not parents:
                    heapq.heappush(ready, i)
    assert len(done) == len(nodes)
    return done


def _statements(node: Any, workspace: Workspace) -> list[str]:
    relation = node.relation_name
    sql = node.compiled_code
    if node.config.contract.enforced and node.config.materialized != "view":
        # The build has made the table with the contract's types, which dbt spells differently on each engine: kept.
        names = ", ".join(quote(column.name) for column in node.columns.values())
        return [
            f"truncate table {relation}",
            f"insert into {relation} ({names})\nselect {names} from (\n{sql}\n) as contracted",
        ]
    kind = "view" if node.config.materialized == "view" else "table"
    if workspace.engine == "clickhouse":
        # It asks how a table is to be kept.
        how = "engine = MergeTree order by tuple() " if kind == "table" else ""
        return [f"create or replace {kind} {relation} {how}as\n{sql}"]
    if workspace.engine == "duckdb":
        return [f"create or replace {kind} {relation} as\n{sql}"]
    if kind == "table":
        # Some tables keep rows of what they were: the old one goes when the new one is there.
        name = quote(f"{node.name}__next")
        new = f"{relation.rpartition('.')[0]}.{name}"
        return [
            f"drop table if exists {new}",
            f"create table {new} as\n{sql}",
            f"drop table if exists {relation} cascade",
            f"alter table {new} rename to {quote(node.name)}",
        ]
    return [f"drop {kind} if exists {relation} cascade", f"create {kind} {relation} as\n{sql}"]
