"""What the judge finds of known changes, how soon and how often it says so: the table that `make power` prints.

With DRIFTLINE_POWER set to a number it takes so many series for each change.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from judge import power
from support import Engine

SERIES = int(os.environ.get("DRIFTLINE_POWER", "20"))
Told = power.Told


@pytest.fixture(scope="module")
def table(duckdb_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[power.Table]:
    found = power.run(duckdb_engine, tmp_path_factory.mktemp("power"), SERIES)
    yield found


def test_the_table(table: power.Table, figure: Callable[[str, object], None]) -> None:
    figure(f"what the judge finds, {SERIES} series each", "\n" + "\n".join(power.lines(table)))


def test_one_day_outages_are_told_on_the_day(table: power.Table) -> None:
    for name in ("all NULL for one day", "all NULL for two days", "5 sigma for one day", "5 sigma for two days"):
        for rows in power.SIZES:
            assert table[name, rows][0].found_within(1) == 1, (name, rows)


def test_nothing_is_within_the_budget(table: power.Table) -> None:
    for (name, rows), (now, _) in table.items():
        assert not name.startswith("nothing") or now.a_week <= 1, (name, rows, now.a_week)
