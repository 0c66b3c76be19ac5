"""What is compiled for engines that are not there: it is SQL of their dialect, and calls what their documentation has."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest
from support.compiled import OUTPUTS, Compiled, table_of_functions
from support.dialects import calls, functions
from support.rendering import Macros, Stopped

from engines import world

MONITORS = {name: text for name, text in world.models().items() if name.endswith(("shop", "prices"))}
# What a monitor of many columns is, on engines that take no statement of any length.
MANY = 300
NUMERIC, CATEGORICAL = [f"c{i}" for i in range(MANY)], [f"k{i}" for i in range(MANY // 10)]
MONITORS["monitors/wide"] = f"""{{{{ driftline.monitor(
    relation=source('raw', 'log'), timestamp='at', reference={{'start': '2024-01-01', 'end': '2024-01-15'}},
    numeric={NUMERIC}, categorical={CATEGORICAL}, prediction='score', label='bought', task='binary', segments=['area']
) }}}}"""
VARIABLES = {**world.VARS, "driftline_monitors": ["shop", "prices"]}


@pytest.fixture(params=OUTPUTS)
def compiled(request: pytest.FixtureRequest, further_engine: Compiled) -> tuple[str, dict[str, str]]:
    return request.param, further_engine.models(request.param, MONITORS, VARIABLES)


def missing(engine: str, models: dict[str, str]) -> dict[str, list[str]]:
    known = table_of_functions(engine)
    found: dict[str, list[str]] = {}
    for name, sql in models.items():
        for function in functions(engine, sql) - known.keys():
            found.setdefault(function, []).append(name)
    return found


def test_it_parses_in_its_dialect(compiled: tuple[str, dict[str, str]]) -> None:
    import sqlglot

    engine, models = compiled
    assert len(models) > 90
    for name, sql in models.items():
        try:
            assert len(sqlglot.parse(sql, dialect=engine)) == 1, name
        except sqlglot.errors.ParseError as problem:
            pytest.fail(f"{engine}: {name}: {problem}")


def test_the_functions_are_the_documented_ones(compiled: tuple[str, dict[str, str]]) -> None:
    engine, models = compiled
    assert missing(engine, models) == {}


def miscalled(engine: str, models: dict[str, str]) -> dict[str, list[str]]:
    """Functions that are called with fewer or more arguments than they have, and where."""
    known = table_of_functions(engine)
    found: dict[str, list[str]] = {}
    for name, sql in models.items():
        for function, count in sorted(set(calls(engine, sql))):
            documented = known.get(function)
            if documented is None or documented.least is None or documented.most is None:
                continue
            if not documented.least <= count <= documented.most:
                found.setdefault(f"{function} of {count}", []).append(name)
    return found


def test_functions_have_the_arguments_that_are_documented(compiled: tuple[str, dict[str, str]]) -> None:
    engine, models = compiled
    assert miscalled(engine, models) == {}


@pytest.mark.parametrize("engine", ["trino", "redshift"])
def test_arguments_are_counted(engine: str) -> None:
    sql = "select power(x), round(f(a, b)), mod(a, b, c), greatest(a, (select max(b) from t)), row_number() over () as power from t"
    assert miscalled(engine, {"a": sql}) == {"power of 1": ["a"], "mod of 3": ["a"]}
    assert {("round", 1), ("f", 2), ("greatest", 2), ("max", 1), ("row_number", 0)} <= set(calls(engine, sql))


def test_what_an_engine_has_not_is_refused(compiled: tuple[str, dict[str, str]]) -> None:
    engine, _ = compiled
    assert missing(engine, {"a": "select arg_quantile(x), coalesce(x, 1) from t"}) == {"arg_quantile": ["a"]}


def test_no_type_or_operator_of_others(compiled: tuple[str, dict[str, str]]) -> None:
    """What a parser takes from everybody."""
    engine, models = compiled
    refused = {
        "at time zone": engine not in ("redshift",),
        "double precision": engine not in ("snowflake", "redshift"),
        "::": True,
        'collate "c"': True,
        "materialized": True,
        "width_bucket": True,
    }
    for name, sql in models.items():
        plain = re.sub(r"'(?:[^'\\]|\\.|'')*'|--[^\n]*", "", sql.lower())
        wrong = [text for text, is_refused in refused.items() if is_refused and text in plain]
        assert wrong == [], f"{engine}: {name}"


def test_many_columns_are_a_statement_that_the_engine_takes(compiled: tuple[str, dict[str, str]]) -> None:
    """And 1,000 are on those that take a million bytes: what a column adds is the same for each."""
    engine, models = compiled
    sizes = {name: len(sql.encode()) for name, sql in models.items()}
    most = Macros(engine)("_most_bytes")
    assert most is None or sizes["wide"] + 4000 < most
    assert sizes.pop("wide") < 60_000 + 600 * len(NUMERIC + CATEGORICAL)
    assert max(sizes.values()) < 100_000


@pytest.mark.parametrize("engine", ["athena", "bigquery", "redshift", "snowflake", "trino"])
def test_a_statement_that_is_too_long_is_refused_by_name(engine: str) -> None:
    declaration = SimpleNamespace(monitor="wide", arguments=SimpleNamespace(numeric=["a", "b"], categorical=["c"]))
    most = int(Macros(engine)("_most_bytes"))
    Macros(engine)("_check_length", declaration, "x" * (most - 4000))
    with pytest.raises(Stopped, match=rf"'wide', argument 'numeric, categorical': given 3 columns.*{most:,} that"):
        Macros(engine)("_check_length", declaration, "é" * (most // 2))


def test_redshift_has_no_frames_by_a_range(further_engine: Any) -> None:
    models = further_engine.models("redshift", MONITORS, VARIABLES)
    assert [name for name, sql in models.items() if re.search(r"range\s+between\s+\d", sql.lower())] == []
