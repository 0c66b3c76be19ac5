"""What several monitors count in three runs (further_cases.py), on an engine that takes long for all that is made of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support import Engine

from engines import further_cases
from engines.beside_duckdb import Beside

TABLES = ["driftline_state", "driftline_bins"]


@pytest.fixture(scope="module")
def built(further_engine: Engine, duckdb_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beside]:
    both = Beside.on([duckdb_engine, further_engine], tmp_path_factory, further_cases.models(0), **further_cases.VARS)
    for run, clock in enumerate(further_cases.CLOCKS):
        further_cases.declare(both.projects, run)
        both.build(str(clock), further_cases.tables(run), "--select", *(f"+{table}" for table in TABLES))
        both.keep(TABLES)
    yield both
    both.close()


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("run", range(len(further_cases.CLOCKS)))
def test_tables_are_those_of_duckdb(built: Beside, run: int, table: str) -> None:
    wrong = built.differences(run, table)
    assert not wrong, "\n".join(wrong)


def test_each_run_has_its_monitors(built: Beside) -> None:
    """The cases arise: all monitors but the one without rows have some, until one is gone."""
    for run, (_, state) in enumerate(built.frames["driftline_state"]):
        assert set(state["monitor"]) == set(further_cases.models(run)) - {"nothing"}


def test_midnight_comes_twice(built: Beside) -> None:
    for project in built.projects:
        assert further_cases.rows_of_the_long_day(project) == 75
