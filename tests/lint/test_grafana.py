"""Grafana's dashboards: as they are described, in the form Grafana publishes, their SQL that of each source's engine."""

from __future__ import annotations

import json
import sys
import types
import typing
from datetime import datetime
from enum import Enum
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from support import grafana, grafana_frontend, tables

START, END = datetime(2024, 1, 1), datetime(2024, 2, 4)
DIALECTS = {"postgres": "postgres", "snowflake": "snowflake", "bigquery": "bigquery"}
FILES = [(source, path) for source in grafana.SOURCES for path in sorted((grafana.FOLDER / source.name).glob("*.json"))]
NAMES = [f"{source.name}-{path.stem}" for source, path in FILES]
of_each_file = pytest.mark.parametrize(("source", "path"), FILES, ids=NAMES)


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_the_files_are_as_described() -> None:
    found = {path: path.read_text(encoding="utf-8") for path in grafana.FOLDER.rglob("*.json")}
    assert found == grafana.files(), "run `make docs`"


def test_there_is_a_dashboard_of_each_for_each_source() -> None:
    assert [f"{name}-{file}" for name in DIALECTS for file in ("monitor", "overview")] == NAMES


# --------------------------------------------------------------------------------------------------- Grafana's form


def fits(value: Any, kind: Any, scope: dict[str, Any], place: str) -> list[str]:
    """Where a value is not of the type that Grafana's schema, as Grafana's own library has it in Python, says."""
    if isinstance(kind, (str, typing.ForwardRef)):
        kind = eval(kind if isinstance(kind, str) else kind.__forward_arg__, scope)
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if value is None and type(None) in inner:
        return []
    if kind in (Any, object):
        return whole(value, place)
    if origin in (typing.Union, types.UnionType):
        found = [fits(value, one, scope, place) for one in inner if one is not type(None)]
        return [] if [] in found else min(found, key=len)
    if origin is typing.Literal:
        return [] if value in inner else [f"{place}: {value!r} is none of {inner}"]
    if origin is list:
        if not isinstance(value, list):
            return [f"{place}: {value!r} is no list"]
        return [wrong for i, one in enumerate(value) for wrong in fits(one, inner[0], scope, f"{place}[{i}]")]
    if origin is dict:
        return [] if isinstance(value, dict) else [f"{place}: {value!r} is no object"]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return [] if value in [one.value for one in kind] else [f"{place}: {value!r} is no {kind.__name__}"]
    if kind is float:
        return (
            []
            if isinstance(value, (int, float)) and not isinstance(value, bool)
            else [f"{place}: {value!r} is no number"]
        )
    if kind in (int, str, bool):
        return [] if type(value) is kind else [f"{place}: {value!r} is no {kind.__name__}"]
    return whole(value, place)


def whole(value: Any, place: str) -> list[str]:
    made_by_grafana = type(value).__module__.startswith("grafana_foundation_sdk.models")
    if not made_by_grafana:
        return []
    scope = vars(sys.modules[type(value).__module__])
    kinds = {
        name: kind
        for one in reversed(type(value).__mro__)
        for name, kind in getattr(one, "__annotations__", {}).items()
    }
    return [
        wrong
        for name, kind in kinds.items()
        if hasattr(value, name)
        for wrong in fits(getattr(value, name), kind, scope, f"{place}.{name}")
    ]


def lost(ours: Any, theirs: Any, place: str = "") -> list[str]:
    """What of ours the schema does not know, or knows otherwise."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        missing = [f"{place}.{key}" for key in ours.keys() - theirs.keys()]
        return missing + [
            one for key in ours.keys() & theirs.keys() for one in lost(ours[key], theirs[key], f"{place}.{key}")
        ]
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        return [one for i, (a, b) in enumerate(zip(ours, theirs, strict=True)) for one in lost(a, b, f"{place}[{i}]")]
    return [] if ours == theirs else [f"{place}: {ours!r} became {theirs!r}"]


def against_the_schema(dashboard: Any) -> list[str]:
    models = pytest.importorskip(
        "grafana_foundation_sdk.models.dashboard", reason="Grafana's library needs Python 3.11"
    )
    from grafana_foundation_sdk.cog import plugins
    from grafana_foundation_sdk.cog.encoder import JSONEncoder

    plugins.register_default_plugins()
    parsed = models.Dashboard.from_json(dashboard)
    again = json.loads(json.dumps(parsed, cls=JSONEncoder))
    return whole(parsed, "dashboard") + lost(dashboard, again)


@of_each_file
def test_it_is_a_dashboard_of_grafana(source: grafana.Source, path: Path) -> None:
    assert against_the_schema(read(path)) == []


def test_what_grafana_does_not_know_is_found() -> None:
    dashboard = read(FILES[0][1])
    for change in (
        lambda d: d["panels"][0].update(gridPosition={}),
        lambda d: d["panels"][0]["gridPos"].update(w="24"),
        lambda d: d["panels"][1]["options"].update(showValue="sometimes"),
        lambda d: d["panels"][0]["fieldConfig"]["defaults"]["custom"].update(line_width=2),
        lambda d: d["templating"]["list"][0].update(type="list"),
    ):
        changed = json.loads(json.dumps(dashboard))
        change(changed)
        assert against_the_schema(changed) != []


@of_each_file
def test_its_parts_fit_together(source: grafana.Source, path: Path) -> None:
    dashboard = read(path)
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels) >= 8
    assert len({panel["title"] for panel in panels}) == len(panels)
    places = [panel["gridPos"] for panel in panels]
    assert all(p["x"] >= 0 and p["x"] + p["w"] <= 24 for p in places)
    for a, b in combinations(places, 2):
        aside = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
        assert aside or a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"], (a, b)
    variables = {one["name"]: one for one in dashboard["templating"]["list"]}
    assert len(variables) == len(dashboard["templating"]["list"])
    assert variables["datasource"]["query"] == source.plugin
    reference = {"type": source.plugin, "uid": "${datasource}"}
    for panel in panels:
        assert panel["description"]
        assert panel["datasource"] == reference
        assert panel.get("repeat", "business") in variables or "repeat" not in panel
        # What a panel says of one of its columns names a column that its query has.
        quote = source.quote
        shown = [override["matcher"]["options"] for override in panel["fieldConfig"]["overrides"]]
        (target,) = panel["targets"]
        if "metric" not in target["rawSql"].split(" from ")[0]:
            assert [name for name in shown if f"as {quote}{name}{quote}" not in target["rawSql"]] == []
        assert target["refId"] and target["datasource"] == reference


@of_each_file
def test_its_queries_are_sql_of_the_engine(source: grafana.Source, path: Path) -> None:
    """With what Grafana puts in, apostrophes among it; and they read tables and columns that are promised."""
    import sqlglot
    from sqlglot import exp

    promised = {name: {column["name"] for column in entry["columns"]} for name, entry in tables.described().items()}
    dashboard = read(path)
    chosen = {one["name"]: ["o'clock"] for one in dashboard["templating"]["list"]} | {"schema": ["s"], "window": ["7"]}
    queries = [
        grafana_frontend.text_of(one["query"]) for one in dashboard["templating"]["list"] if one["type"] == "query"
    ]
    queries += [target["rawSql"] for panel in dashboard["panels"] for target in panel["targets"]]
    for query in queries:
        sql = grafana_frontend.put_in(query, source.plugin, chosen, START, END)
        (parsed,) = sqlglot.parse(sql, dialect=DIALECTS[source.name])
        assert parsed is not None
        names = {one.alias for one in parsed.find_all(exp.CTE)}
        read_here = {one.name for one in parsed.find_all(exp.Table)} - names
        if read_here == {"tables"}:
            continue
        assert read_here <= set(tables.RESULTS), sql
        known = set().union(*(promised[name] for name in read_here)) | {one.alias for one in parsed.find_all(exp.Alias)}
        assert {column.name for column in parsed.find_all(exp.Column)} <= known, sql
