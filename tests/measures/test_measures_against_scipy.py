"""driftline_drift, driftline_quality and driftline_business against what numpy and scipy make of the raw rows.

Hypothesis draws small monitored tables in the shapes that break monitors; one more table has every shape as a column.
On each of them: all measures of all baselines are the oracle's, the edges are numpy's quantiles, and scipy's
Kolmogorov-Smirnov statistic and Wasserstein distance of the raw values lie between their bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from oracle import raw, strategies
from support import Engine

from measures import comparison as c

# So many tables are drawn for one run of the chain, most of whose time goes into planning its statements.
TABLES = [f"log_{number}" for number in range(1, 5)]
MONITORS = {table: {f"{name}_of_{table}": d for name, d in c.DECLARATIONS.items()} for table in TABLES}
EXAMPLES = {"duckdb": 7, "postgres": 4}
# Every shape of strategies.py as a column; by day, and the same with weights.
WALK = {k: v for k, v in strategies.walk(10).declaration.items() if k not in ("monitor", "windows", "timestamp")}
WALKS = {"walk": WALK, "walk_weighted": {**WALK, "weight": "w", "bins": 10, "top_categories": 5}}


@st.composite
def logs(draw: Any) -> pd.DataFrame:
    """The rows of an example; now and then without a version or a segment, or with a version that is called all."""
    rows: pd.DataFrame = draw(strategies.examples(period="day", weighted=True)).rows
    for column, other in (("version", None), ("version", "all"), ("market", None), ("at", None)):
        if draw(st.booleans()):
            step = draw(st.integers(2, 9))
            values = rows[column].astype(object)
            values.iloc[1::step] = other
            rows[column] = pd.to_datetime(values) if column == "at" else values
    return rows


@pytest.fixture(scope="module")
def chain(make_module_project: Callable[..., Any], engine: Engine) -> Iterator[Any]:
    project = make_module_project(**c.project_arguments(MONITORS))
    rows = strategies.walk(40).rows.assign(**dict.fromkeys(c.TYPES))[list(c.TYPES)]
    for table in TABLES:
        project.load(table, raw.to_arrow(rows), c.TYPES)
    project.build("--select", *c.MEASURES)
    chain = project.chain(select=" ".join(c.MEASURES))
    if engine.name == "duckdb":
        chain.workspace.execute("set threads = 1")  # the tables are too small to share out
    yield chain
    chain.close()


def test_examples(chain: Any, engine: Engine) -> None:
    @settings(
        max_examples=EXAMPLES[engine.name] * c.TIMES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],  # a smaller example would cost minutes to find
        suppress_health_check=list(HealthCheck),
    )
    @given(st.tuples(*[logs() for _ in TABLES]))
    def holds(drawn: tuple[pd.DataFrame, ...]) -> None:
        for table, rows in zip(TABLES, drawn, strict=True):
            chain.load(table, raw.to_arrow(rows), c.TYPES)
        chain.run()
        for table, rows in zip(TABLES, drawn, strict=True):
            wrong = [line for name, d in MONITORS[table].items() for line in c.everything_wrong(rows, name, d, chain)]
            assert not wrong, "\n".join(wrong)

    holds()


@pytest.fixture(scope="module")
def walk(make_module_project: Callable[..., Any]) -> tuple[Any, pd.DataFrame]:
    rows = strategies.walk().rows
    project = make_module_project(**c.project_arguments({"log": WALKS}), tables={"log": raw.to_arrow(rows)})
    # All tables: whatever follows from these values, none of it may stop a run.
    project.build()
    return project, rows


@pytest.mark.parametrize("name", WALKS)
def test_every_shape(walk: tuple[Any, pd.DataFrame], name: str) -> None:
    project, rows = walk
    wrong = c.everything_wrong(rows, name, WALKS[name], project)
    assert not wrong, "\n".join(wrong)
