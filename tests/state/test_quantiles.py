"""Edges are quantiles of the reference, exact or within 0.3 % in rank, on every distribution, and the same ones again."""

from __future__ import annotations

from typing import Any

import pytest
from support import Project

BINS = 20
MOST = 0.003
# Above 800,000 rows DuckDB looks at a sample, where that can be trusted.
ROWS = {"duckdb": 1_000_000, "postgres": 20_000}
SECOND = "timestamp '2024-01-01' + interval '1 second' * {i}"
DAY = "timestamp '2024-01-01' + interval '1 day' * ({i} % 30)"
# A number in 0 … 1 that looks like chance, from a whole one.
CHANCE = "((({x} + 11) * 48271.0 % 2147483647) * 48271.0 % 2147483647) / 2147483647.0"


def chance(x: str) -> str:
    return CHANCE.replace("{x}", f"({x})")


# name: the row's time and value; {i} is its number, {n} how many there are.
SHAPES: dict[str, tuple[str, str]] = {
    "even": (SECOND, chance("{i}")),
    "heavy tail": (SECOND, f"1 / ({chance('{i}')} + 0.000001)"),
    "sorted": (SECOND, "{i}"),
    "a flag": ("null", "{i} % 2"),
    "a rare flag": ("null", "case when {i} % 1000 = 0 then 1 else 0 end"),
    "a flag by days": (DAY, "{i} % 2"),
    "ages": ("null", f"floor(80 * {chance('{i}')})"),
    "dates alone": (DAY, "{i} % 30"),
    "half of them nothing": (SECOND, f"case when {{i}} % 2 = 0 then 0 else {chance('{i}')} end"),
    "half of them one row": (
        "case when {i} % 2 = 0 then timestamp '2024-01-01' else " + SECOND + " end",
        f"case when {{i}} % 2 = 0 then 0.5 else {chance('{i}')} end",
    ),
    "a hundredth one row": (
        "case when {i} % 100 = 0 then timestamp '2024-01-01' else " + SECOND + " end",
        f"case when {{i}} % 100 = 0 then 0.5 else {chance('{i}')} end",
    ),
    "every row a hundred times": (SECOND.replace("{i}", "({i} % ({n} / 100))"), chance("{i} % ({n} / 100)")),
    "twenty values": ("null", f"floor(20 * {chance('{i} % 20')} * 1000)"),
    "nearly all missing": (SECOND, f"case when {{i}} % 2000 = 7 then {chance('{i}')} end"),
    "all missing": (SECOND, "null"),
    "one value": ("null", "5"),
}
NAMES = list(SHAPES)


@pytest.fixture(scope="module")
def project(make_module_project: Any) -> Project:
    """One model: the quantiles of the column v0 of a table that each test fills anew."""
    column = "[{{'no': 0, 'bins': {0}}}, {{'no': 1, 'bins': {0}}}]".replace("{0}", str(BINS))
    rows = "'select moment, v0, v0 as v1 from ' ~ source('raw', 'shape')"
    model = "{{ driftline._reference_quantiles(" + column.replace("{{", "{").replace("}}", "}") + ", " + rows + ") }}"
    project: Project = make_module_project(
        models={"quantiles": model}, tables={"shape": {"moment": [None], "v0": [0.5]}}
    )
    project.run(["run", "--select", "quantiles"])
    return project


@pytest.fixture(scope="module")
def chain(project: Project) -> Any:
    return project.chain(select="quantiles")


def fill(chain: Any, name: str, order: str) -> int:
    moment, value = SHAPES[name]
    count = ROWS[chain.workspace.engine]
    numbers = (
        f"range({count}) as t(i)" if chain.workspace.engine == "duckdb" else f"generate_series(0, {count - 1}) as t(i)"
    )
    fields = {"i": "i", "n": str(count)}
    for key, text in fields.items():
        moment, value = moment.replace("{" + key + "}", text), value.replace("{" + key + "}", text)
    chain.workspace.execute(f"drop table if exists {chain.workspace.relation('shape')} cascade")
    chain.workspace.execute(
        f"create table {chain.workspace.relation('shape')} as select cast({moment} as timestamp) as moment,"
        f" cast({value} as double precision) as v0 from {numbers} order by {order}"
    )
    return count


def edges_of(chain: Any) -> list[float]:
    chain.run()
    return [
        row[0]
        for row in chain.sql("select edge from quantiles where column_no = 0 and edge is not null order by edge_no")
    ]


@pytest.mark.parametrize("name", NAMES)
def test_ranks_are_within_three_in_a_thousand(chain: Any, name: str) -> None:
    fill(chain, name, "i")
    edges = edges_of(chain)
    [(count,)] = chain.sql("select count(v0) from shape")
    if not count:
        assert edges == []
        return
    assert len(edges) == BINS + 1
    below = ", ".join(f"sum(case when v0 < {edge!r} then 1 else 0 end)" for edge in edges)
    upto = ", ".join(f"sum(case when v0 <= {edge!r} then 1 else 0 end)" for edge in edges)
    [ranks] = chain.sql(f"select {below}, {upto} from shape")
    for place in range(BINS + 1):
        rank = place / BINS
        assert ranks[place] / count - MOST - 1 / count <= rank <= ranks[BINS + 1 + place] / count + MOST + 1 / count, (
            rank,
            edges[place],
        )
    assert [(edges[0], edges[-1])] == chain.sql("select min(v0), max(v0) from shape")


@pytest.mark.parametrize("name", ["even", "half of them nothing", "a hundredth one row"])
def test_neither_order_nor_threads_move_an_edge(chain: Any, name: str) -> None:
    fill(chain, name, "i")
    edges = edges_of(chain)
    fill(chain, name, "i % 997, i desc")
    if chain.workspace.engine == "duckdb":
        chain.workspace.execute("set threads = 1")
    assert edges_of(chain) == edges
    if chain.workspace.engine == "duckdb":
        chain.workspace.execute("reset threads")
