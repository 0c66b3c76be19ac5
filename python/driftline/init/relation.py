"""Which relation is meant, and how a model of the project names it."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from driftline.connection import Table
from driftline.errors import DriftlineError
from driftline.init.names import slug
from driftline.init.text import quoted
from driftline.project import PACKAGE, Node
from driftline.warehouse import Warehouse

_CALL = re.compile(r"\s*(ref|source)\s*\(\s*(.*?)\s*\)\s*", re.DOTALL)


@dataclass(frozen=True)
class Source:
    """A source that the project does not have yet."""

    name: str
    table: Table

    def lines(self, database: str) -> list[str]:
        """As a project declares it; without the database where that is the profile's own."""
        lines = ["sources:", f"  - name: {self.name}"]
        if self.table.database and self.table.database != database:
            lines.append(f"    database: {quoted(self.table.database)}")
        return [
            *lines,
            f"    schema: {quoted(self.table.schema)}",
            "    tables:",
            f"      - name: {quoted(self.table.name)}",
        ]


@dataclass(frozen=True)
class Target:
    """What is to be monitored.

    name      what it is called
    relation  its quoted name in the warehouse
    call      the same as a model writes it: ref('...') or source('...', '...')
    source    what has to be declared for that, if it is not a model or source yet
    upstream  what builds it, for a hint where it is not there
    """

    name: str
    relation: str
    call: str
    source: Source | None = None
    upstream: str | None = None


def find_target(warehouse: Warehouse, given: str) -> Target:
    """The relation of that name: a model, a seed, a snapshot, a source, or a table of the warehouse.

    given  name, source.table, schema.table, database.schema.table, or the call of ref() or source()
    """
    nodes = [node for node in warehouse.nodes() if node.package != PACKAGE]
    call = _CALL.fullmatch(given)
    parts = re.findall(r"['\"]([^'\"]*)['\"]", call[2]) if call else _parts(given)
    if not parts or not all(parts):
        raise DriftlineError(f"{given!r} is no name of a relation.", "Name a model, source.table or schema.table.")
    found = _nodes_called(nodes, call[1] if call else None, parts)
    if len(found) > 1:
        raise DriftlineError(
            f"{given!r} may be any of {', '.join(_call(node, warehouse) for node in found)}.",
            "Write one of these, in quotes, in its place.",
        )
    if found:
        return _target(found[0], warehouse)
    table = None if call or len(parts) > 3 else warehouse.table(*parts[::-1])
    if table is None:
        raise _missing(given, nodes, warehouse)
    same = next((node for node in nodes if node.relation == table.relation), None)
    if same is not None:
        return _target(same, warehouse)
    source = Source(_source_name(table, nodes), table)
    return Target(table.name, table.relation, f"source({quoted(source.name)}, {quoted(table.name)})", source)


def _parts(given: str) -> list[str]:
    """The parts of a dotted name; what stands in quotes may hold dots, and a quote that is doubled."""
    found = re.findall(r'"((?:[^"]|"")*)"|([^.]+)|(?<=\.)(?=\.|$)', given)
    return [quoted.replace('""', '"') if quoted else plain.strip() for quoted, plain in found]


def _nodes_called(nodes: list[Node], function: str | None, parts: list[str]) -> list[Node]:
    name, above = parts[-1], parts[-2] if len(parts) == 2 else None
    if len(parts) > 2:
        return []
    sources = [node for node in nodes if node.resource_type == "source" and node.name == name]
    others = [node for node in nodes if node.resource_type != "source" and node.name == name]
    if above is not None:
        sources = [node for node in sources if node.source_name == above]
        versioned = [node for node in nodes if node.name == above and node.version and f"v{node.version}" == name]
        others = [node for node in others if node.package == above] or versioned
    elif len(others) > 1 and all(node.version for node in others):
        others.sort(key=lambda node: (len(node.version or ""), node.version))
    if function == "ref":
        return others
    if function == "source":
        return sources
    # What ref() finds goes before a source of the same name.
    return others or sources


def _call(node: Node, warehouse: Warehouse) -> str:
    if node.resource_type == "source":
        return f"source({quoted(str(node.source_name))}, {quoted(node.name)})"
    package = "" if node.package == warehouse.project else f"{quoted(node.package)}, "
    version = "" if node.version is None else f", v={node.version if node.version.isdigit() else quoted(node.version)}"
    return f"ref({package}{quoted(node.name)}{version})"


def _target(node: Node, warehouse: Warehouse) -> Target:
    if node.relation is None:
        raise DriftlineError(
            f"The model {node.name} is ephemeral: there is no relation to look at.",
            "Give it materialized='view' or 'table', build it, and run this again.",
        )
    upstream = None if node.resource_type == "source" else node.name
    return Target(node.name, node.relation, _call(node, warehouse), None, upstream)


def _source_name(table: Table, nodes: list[Node]) -> str:
    """The name of the schema, or the first like it under which there is no other table of that name."""
    base = slug(table.schema)
    taken = {node.source_name for node in nodes if node.resource_type == "source" and node.name == table.name}
    return next(name for name in (base, *(f"{base}_{n}" for n in range(2, 999))) if name not in taken)


def _missing(given: str, nodes: list[Node], warehouse: Warehouse) -> DriftlineError:
    known = {node.name: _call(node, warehouse) for node in nodes}
    known |= {f"{node.source_name}.{node.name}": _call(node, warehouse) for node in nodes if node.source_name}
    near = difflib.get_close_matches(given, known, n=3, cutoff=0.6)
    hint = f"Did you mean {' or '.join(dict.fromkeys(known[name] for name in near))}?" if near else (
        "Name a model, seed or source of the project, or a table of the warehouse as schema.table."
    )  # fmt: skip
    return DriftlineError(
        f"There is no relation {given!r}, in the project or the warehouse ({warehouse.target}).", hint
    )
