"""Where a monitor's results are looked at and who uses what it watches: dbt's exposures downstream of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from driftline.project import PACKAGE, Exposure
from driftline.warehouse import Warehouse


@dataclass(frozen=True)
class Downstream:
    """Exposures of one monitor, each in one of the two.

    seen_on  of its results: dashboards and reports on them
    used_by  of what it watches, by another way: what its incidents may have spoiled
    """

    seen_on: tuple[Exposure, ...] = ()
    used_by: tuple[Exposure, ...] = ()


def read_exposures(warehouse: Warehouse, monitors: Collection[str]) -> dict[str, Downstream]:
    """By monitor; asks the project alone, not the warehouse."""
    exposures = {one.unique_id: one for one in warehouse.exposures()}
    if not exposures:
        return {}
    nodes = {one.unique_id: one for one in warehouse.nodes()}
    children: dict[str, set[str]] = defaultdict(set)
    upstream = {one: node.upstream for one, node in nodes.items()} | {one: e.upstream for one, e in exposures.items()}
    for unique_id, parents in upstream.items():
        for parent in parents:
            children[parent].add(unique_id)
    listed = set(warehouse.listed_monitors())
    ours = {one for one, node in nodes.items() if node.package == PACKAGE or node.name in listed}
    found = {}
    for unique_id, node in nodes.items():
        if node.name in monitors and node.name in listed and node.package != PACKAGE and node.resource_type == "model":
            seen_on = _reached(children, [unique_id]) & exposures.keys()
            watched = [parent for parent in node.upstream if parent not in ours]
            used_by = _reached(children, watched, without=ours) & exposures.keys() - seen_on
            found[node.name] = Downstream(_sorted(exposures, seen_on), _sorted(exposures, used_by))
    return found


def _reached(children: Mapping[str, set[str]], start: Iterable[str], without: Collection[str] = ()) -> set[str]:
    """All that is downstream, by ways that lead through none of some nodes."""
    found: set[str] = set()
    left = list(start)
    while left:
        fresh = {child for child in children.get(left.pop(), ()) if child not in found and child not in without}
        found |= fresh
        left.extend(fresh)
    return found


def _sorted(exposures: Mapping[str, Exposure], ids: Iterable[str]) -> tuple[Exposure, ...]:
    return tuple(sorted((exposures[one] for one in ids), key=lambda one: (one.label, one.unique_id)))
