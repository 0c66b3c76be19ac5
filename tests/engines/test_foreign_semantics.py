"""Every model on DuckDB as other engines would have it: greatest and least that know no value beside NULL, division by
zero poison, no medians over frames, no frames by a range, no contracts, columns named in capitals.
Results are the ordinary ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import Engine, Project

from engines import world

# What stands in for what an engine has not: medians over a frame, frames by a range with a number, contracts.
# And the plain SQL of what DuckDB has its own of, but for quantiles, where the last bit of an edge is the engine's own.
WITHOUT = """
{% macro duckdb___count_categories(columns, rows, keys) %}
    {{- driftline.default___count_categories(columns, rows, keys) -}}
{% endmacro %}
{% macro duckdb___segment_sets(segments, names, resume) %}
    {{- return(driftline.default___segment_sets(segments, names, resume)) -}}
{% endmacro %}
{% macro duckdb___constant_rows(names, rows) %}
    {{- driftline.default___constant_rows(names, rows) -}}
{% endmacro %}
{% macro duckdb___columns_per_pass() %}
    {{- return(2) -}}
{% endmacro %}
{% macro default___with_medians(relation, medians) %}
    {{- driftline._medians_by_join(relation, medians) -}}
{% endmacro %}
{% macro default___knows_ranges() %}
    {{- return(false) -}}
{% endmacro %}
{% macro default___enforce_contract() %}
    {{- return(false) -}}
{% endmacro %}
"""
OURS_FIRST = {"dispatch": [{"macro_namespace": "driftline", "search_order": ["consumer", "driftline"]}]}
# Said by the run and not by the rows.
OF_THE_RUN = {"computed_at", "results_computed_at", "run_id", "rules_hash", "last_attempt", "last_success"}
OF_THE_RUN |= {"last_attempt_at", "last_success_at", "state_computed_at", "run_started_at", "operation_alert_id"}
NEVER_FILLED = {
    *("driftline_importances", "driftline_int_accepted", "driftline_int_answers", "driftline_int_expected"),
    *("driftline_int_incident_costs", "driftline_int_labels", "driftline_int_operation", "driftline_int_standing_out"),
}
# What is said by the run, and views of other tables in long form: a quarter of a million rows more.
OF_RUNS = {
    "driftline_measured",
    "driftline_metrics",
    "driftline_int_attempts",
    "driftline_int_runs",
    "driftline_int_kept",
}


def propagating(name: str, sign: str) -> str:
    """A macro of DuckDB in the place of its function."""
    overloads = []
    for count in range(1, 9):
        names = ", ".join("abcdefgh"[:count])
        chosen = f"case when x is null or y is null then null when x {sign} y then x else y end"
        overloads.append(f"({names}) as list_reduce([{names}], lambda x, y: {chosen})")
    return f"create macro {name}{', '.join(overloads)}"


FOREIGN = (
    propagating("greatest", ">"),
    propagating("least", "<"),
    # No number that a result has. (An error would be one where DuckDB works a value out that nobody uses; Postgres, which
    # all of this runs on too, has it so.)
    """create macro "/"(a, b) as case when b = 0 then 12345e300 else system.main."/"(a, b) end""",
)


def built(engine: Engine, folder: Path, foreign: bool) -> Project:
    folder.mkdir()
    more: dict[str, Any] = {"files": {"macros/engine.sql": WITHOUT}, "config": OURS_FIRST} if foreign else {}
    project = Project(folder, engine.workspace(folder), models=world.models(), vars=world.VARS, **more)
    rows = world.log()
    if foreign:
        # What an engine makes of a table that nobody quoted the columns of. Declarations are in small letters.
        rows.columns = [name.upper() for name in rows.columns]
        for macro in FOREIGN:
            project.execute(macro)
    types = {name.upper() if foreign else name: of for name, of in world.TYPES.items()}
    project.load("log", rows, types)
    project.build()
    return project


@pytest.fixture(scope="module")
def both(duckdb_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Project, Project]]:
    folder = tmp_path_factory.mktemp("foreign")
    ordinary, foreign = (built(duckdb_engine, folder / name, name == "foreign") for name in ("ordinary", "foreign"))
    yield ordinary, foreign
    ordinary.close()
    foreign.close()


def test_the_semantics_are_foreign(both: tuple[Project, Project]) -> None:
    _, foreign = both
    assert foreign.sql("select greatest(1, null), least('a', null), greatest(2, 3.5, 1)") == [(None, None, 3.5)]
    assert foreign.sql("select 1e0 / 0e0, 1e0 / 4e0") == [(12345e300, 0.25)]
    assert "PRICE" in foreign.column_names("log")


def text(value: Any) -> str:
    return "" if isinstance(value, float) else repr(value)


def test_results_are_the_ordinary_ones(both: tuple[Project, Project]) -> None:
    ordinary, foreign = both
    relations = ordinary.relations()
    assert foreign.relations() == relations
    wrong, empty = [], []
    for name in sorted(relations.keys() - OF_RUNS - {"log"}):
        columns = [column for column in ordinary.column_names(name) if column not in OF_THE_RUN]
        chosen = ", ".join(f'"{column}"' for column in columns)
        condition = " where record <> 'setting'" if name in world.MONITORS else ""
        found = []
        for project in both:
            rows = project.sql(f"select {chosen} from {project.relation(name)}{condition}")
            found.append(sorted(rows, key=lambda row: [(text(value), -1 if value is None else 0) for value in row]))
        if not found[0]:
            empty.append(name)
        if len(found[0]) != len(found[1]):
            wrong.append(f"{name}: {len(found[0])} rows, {len(found[1])} of them foreign")
            continue
        for one, other in zip(*found, strict=True):
            for column, a, b in zip(columns, one, other, strict=True):
                same = (
                    math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12) or (math.isnan(a) and math.isnan(b))
                    if isinstance(a, float) and isinstance(b, float)
                    else a == b
                )
                if not same:
                    wrong.append(f"{name}.{column}: {a!r}, foreign {b!r}")
    assert not wrong, f"{len(wrong)} differ:\n" + "\n".join(wrong[:40])
    # What has no rows is not compared: nobody has answered anything.
    assert set(empty) <= NEVER_FILLED, empty


def test_types_without_a_contract_are_those_it_promises(both: tuple[Project, Project]) -> None:
    """Where an engine knows no contracts, or not these types, the columns have the types all the same."""
    contracts = [name for name in both[0].relations() if name.startswith("driftline_") and "_int_" not in name]
    query = "select table_name, column_name, data_type from information_schema.columns where table_schema = 'main'"
    enforced, free = (
        {(table, column): kind for table, column, kind in project.sql(query) if table in contracts} for project in both
    )
    assert len(enforced) > 300
    assert free == enforced
