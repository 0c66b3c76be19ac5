"""The monitors of a dbt project, as the `monitor` macro recorded them while dbt parsed the project.

The macro leaves its arguments in the model's meta. What it cannot leave there is which relation is which: while dbt
parses, every ref() renders as the model itself. So that is read from the model's own text, and looked up among the
nodes the model depends on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, TemplateSyntaxError
from jinja2 import nodes as jinja

from driftline.project import MACRO, PACKAGE, Node
from driftline.warehouse import Warehouse

META_KEY = "driftline"


@dataclass(frozen=True)
class Label:
    """Where a monitor's labels are. ``relation`` is None where that is the log, or cannot be told from the text."""

    column: str
    known_at: str | None = None
    key: str | None = None
    is_elsewhere: bool = False
    relation: Node | None = None


@dataclass(frozen=True)
class Declaration:
    """One monitor. A relation is None where it is not declared, or cannot be told from the model's text."""

    monitor: str
    path: str
    arguments: Mapping[str, Any]
    relation: Node | None
    reference_relation: Node | None
    label: Label | None


def read_declarations(warehouse: Warehouse) -> list[Declaration]:
    """Every model that uses the macro, by name."""
    nodes = {node.unique_id: node for node in warehouse.nodes()}
    found = []
    for node in nodes.values():
        recorded = node.meta.get(META_KEY)
        if node.resource_type != "model" or node.package == PACKAGE:
            continue
        if MACRO not in node.macros and not isinstance(recorded, Mapping):
            continue
        upstream = [nodes[name] for name in node.upstream if name in nodes]
        found.append(_declaration(node, recorded if isinstance(recorded, Mapping) else {}, upstream))
    return sorted(found, key=lambda declaration: declaration.monitor)


def _declaration(node: Node, arguments: Mapping[str, Any], upstream: list[Node]) -> Declaration:
    call = _Call.read(node.raw_code)
    own_reference = "relation" in (arguments.get("reference") or {})
    relation = call.relation("relation", upstream)
    reference = call.relation("reference", upstream) if own_reference else None
    label = _label(arguments.get("label"), call, upstream)
    own_label = label is not None and label.is_elsewhere
    if relation is None and len(upstream) == 1 and not own_reference and not own_label:
        relation = upstream[0]
    return Declaration(node.name, node.path, arguments, relation, reference, label)


def _label(given: Any, call: _Call, upstream: list[Node]) -> Label | None:
    if not isinstance(given, Mapping):
        return None if given is None else Label(str(given))
    parts = {part: None if given.get(part) is None else str(given[part]) for part in ("known_at", "key")}
    column = str(given.get("label"))
    if "relation" not in given:
        return Label(column, parts["known_at"])
    return Label(column, parts["known_at"], parts["key"], True, call.relation("label", upstream))


class _Call:
    """The call of driftline.monitor in a model's text."""

    def __init__(self, arguments: dict[str, jinja.Node], assigned: dict[str, jinja.Node]) -> None:
        self._arguments = arguments
        self._assigned = assigned

    @classmethod
    def read(cls, text: str) -> _Call:
        try:
            # Only parsed, never rendered.
            tree = Environment(extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"]).parse(text)
        except TemplateSyntaxError:  # a tag of dbt's own
            return cls({}, {})
        assigned: dict[str, jinja.Node] = {
            assign.target.name: assign.node
            for assign in tree.find_all(jinja.Assign)
            if isinstance(assign.target, jinja.Name)
        }
        for call in tree.find_all(jinja.Call):
            callee = call.node
            if (
                isinstance(callee, jinja.Getattr)
                and callee.attr == "monitor"
                and isinstance(callee.node, jinja.Name)
                and callee.node.name == PACKAGE
            ):
                arguments: dict[str, jinja.Node] = {keyword.key: keyword.value for keyword in call.kwargs}
                arguments.update(zip(("relation",), call.args, strict=False))
                return cls(arguments, assigned)
        return cls({}, assigned)

    def relation(self, argument: str, upstream: list[Node]) -> Node | None:
        """The node an argument names, directly or as {'relation': ...}."""
        value = self._value(self._arguments.get(argument))
        if isinstance(value, jinja.Dict):
            value = next(
                (
                    self._value(pair.value)
                    for pair in value.items
                    if isinstance(pair.key, jinja.Const) and pair.key.value == "relation"
                ),
                None,
            )
        if not isinstance(value, jinja.Call) or not isinstance(value.node, jinja.Name):
            return None
        names = [argument.value for argument in value.args if isinstance(argument, jinja.Const)]
        version = next(
            (
                str(keyword.value.value)
                for keyword in value.kwargs
                if keyword.key in ("v", "version") and isinstance(keyword.value, jinja.Const)
            ),
            None,
        )
        if len(names) != len(value.args) or not 1 <= len(names) <= 2:
            return None
        found = [node for node in upstream if _matches(node, value.node.name, names, version)]
        return found[0] if len(found) == 1 else None

    def _value(self, expression: jinja.Node | None) -> jinja.Node | None:
        seen: set[str] = set()
        while isinstance(expression, jinja.Name) and expression.name not in seen:
            seen.add(expression.name)
            expression = self._assigned.get(expression.name)
        return expression


def _matches(node: Node, function: str, names: list[str], version: str | None) -> bool:
    if function == "source":
        return node.resource_type == "source" and [node.source_name, node.name] == names
    if function != "ref" or node.resource_type == "source" or node.name != names[-1]:
        return False
    return (len(names) == 1 or node.package == names[0]) and (version is None or node.version == version)
