"""Where tables of ours lie: a default by engine, one point; what a project says stands."""

from __future__ import annotations

from typing import Any

from state.states import declare
from support import Engine, Project

MONITOR = declare(
    timestamp="at", reference={"start": "2024-01-01", "end": "2024-01-03"}, business_metrics={"all": {"sum": "1"}}
)
# As an engine's own file in macros/adapters would say it.
ENGINE = """
{% macro default___placement(kind) %}
    {{- return({'partition_by': 'of ' ~ kind, 'cluster_by': ['engine']}) -}}
{% endmacro %}
"""
MODELS = {
    "state": "plain",
    "results": "driftline_drift",
    "results, a table": "driftline_alerts",
    "steps": "driftline_int_windows",
    "steps of drift": "driftline_int_pairs",
    "noise": "driftline_int_drift_noise",
}


def placements(engine: Engine, tmp_path: Any, config: dict[str, Any], monitor: str = MONITOR) -> dict[str, Any]:
    project = Project(
        tmp_path,
        engine.workspace(tmp_path),
        models={"plain": monitor},
        files={"macros/engine.sql": ENGINE},
        tables={"log": {"at": ["2024-01-01"]}},
        vars={"driftline_monitors": ["plain"]},
        config={"dispatch": [{"macro_namespace": "driftline", "search_order": ["consumer", "driftline"]}], **config},
    )
    run = project.run(["parse"])
    project.close()
    assert run.success, str(run)
    found = {node.name: node.config for node in run.result.nodes.values()}
    return {kind: (found[name].get("partition_by"), found[name].get("cluster_by")) for kind, name in MODELS.items()}


def test_every_table_asks_its_engine(duckdb_engine: Engine, tmp_path: Any) -> None:
    assert placements(duckdb_engine, tmp_path, {}) == {
        "state": ("of state", ["engine"]),
        "results": ("of results", ["engine"]),
        "results, a table": ("of results", ["engine"]),
        "steps": ("of steps", ["engine"]),
        "steps of drift": ("of steps", ["engine"]),
        "noise": ("of steps", ["engine"]),
    }


def test_the_projects_own_config_stands(duckdb_engine: Engine, tmp_path: Any) -> None:
    own = {
        "consumer": {"+cluster_by": ["mine"]},
        "driftline": {"judge": {"+partition_by": "mine"}, "internal": {"+partition_by": "ours"}},
    }
    assert placements(duckdb_engine, tmp_path, {"models": own}) == {
        "state": ("of state", ["mine"]),
        "results": ("of results", ["engine"]),
        "results, a table": ("mine", ["engine"]),
        "steps": ("ours", ["engine"]),
        "steps of drift": ("ours", ["engine"]),
        "noise": ("ours", ["engine"]),
    }


def test_what_a_monitors_file_says_after_it_stands(duckdb_engine: Engine, tmp_path: Any) -> None:
    own = MONITOR + "{{ config(partition_by='mine') }}"
    assert placements(duckdb_engine, tmp_path, {}, own)["state"] == ("mine", ["engine"])
