"""One monitor of a thousand columns, on a further engine and on DuckDB: no statement is longer than the engine takes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from state.states import declare_with, source
from support import Engine

from engines.beside_duckdb import WINDOWS, Beside

NUMBERS, TEXTS = [f"x{i}" for i in range(900)], [f"t{i}" for i in range(100)]
DECLARED = {
    "relation": source("log"), "timestamp": "at", "reference": {"start": "2024-01-01", "end": "2024-01-04"},
    "numeric": NUMBERS, "categorical": TEXTS, "bins": 5,
}  # fmt: skip


def log(days: int, per_day: int = 20) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    n = days * per_day
    at = [datetime(2024, 1, 1, 8) + timedelta(days=i // per_day, minutes=i % per_day) for i in range(n)]
    columns = {name: rng.normal(size=n).round(3) for name in NUMBERS}
    columns |= {name: rng.choice(["a", "b", "c", None], n) for name in TEXTS}
    return pd.DataFrame({"at": at, **columns})


@pytest.fixture(scope="module")
def built(further_engine: Engine, duckdb_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beside]:
    both = Beside.on([duckdb_engine, further_engine], tmp_path_factory, {"wide": declare_with(DECLARED)}, **WINDOWS)
    for days in (5, 6):
        both.build(f"2024-01-0{days + 1}", {"log": log(6).head(days * 20)}, "--select", "wide", "driftline_state")
        both.keep(["driftline_state"])
    yield both
    both.close()


@pytest.mark.parametrize("run", [0, 1])
def test_the_state_is_that_of_duckdb(built: Beside, run: int) -> None:
    wrong = built.differences(run, "driftline_state")
    assert not wrong, "\n".join(wrong)
    (state, _) = built.frames["driftline_state"][run]
    assert set(state["column_name"]) >= {*NUMBERS, *TEXTS}
    assert len(set(state["period_start"])) == 5 + run


def test_nothing_is_left_beside_the_monitor(built: Beside) -> None:
    assert not {name for name in built.other.relations() if name.startswith("wide__")}
