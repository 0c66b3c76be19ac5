"""The special functions that SQL lacks, as SQL of a column and of a number, against scipy's."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest
from scipy import special, stats
from support.rendering import Macros

SAY = Macros("duckdb")
TAILS = [0.5, 0.25, 0.0751, 0.075, 0.025, 0.0005, 1e-6, 1.4e-11, 1.3e-11, 1e-40, 1e-290]


def _of(sql: str, name: str, values: np.ndarray) -> np.ndarray:
    """What the SQL of a column gives for each value."""
    connection = duckdb.connect()
    connection.execute(f"create table given as select unnest(?::double[]) as {name}", [values.tolist()])
    return np.array([row[0] for row in connection.execute(f"select {sql} from given").fetchall()], dtype=float)


def test_the_normal_tail_of_a_column() -> None:
    tails = np.concatenate([TAILS, np.random.default_rng(1).uniform(0, 0.5, 2_000)])

    np.testing.assert_allclose(_of(SAY("_normal_tail", "tail"), "tail", tails), stats.norm.isf(tails), 1e-13, 1e-13)


@pytest.mark.parametrize("tail", TAILS)
def test_the_normal_tail_of_a_number_is_a_number(tail: float) -> None:
    sql = SAY("_normal_tail", tail)

    assert (len(sql) < 50) == (tail > 1e-30)
    assert duckdb.sql(f"select {sql}").fetchall()[0][0] == pytest.approx(stats.norm.isf(tail), rel=1e-13, abs=1e-13)


def test_erfc_of_a_column() -> None:
    values = np.concatenate([[0, 0.46875, 4, 26, 26.1], np.random.default_rng(2).uniform(0, 27, 2_000)])  # 0 from 26 on

    np.testing.assert_allclose(_of(SAY("_erfc", "x"), "x", values), special.erfc(values), 1e-13, 1e-295)
