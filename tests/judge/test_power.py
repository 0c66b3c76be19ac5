"""What the judge finds of known changes, how soon and how often it says so: the table that `make power` prints.

With DRIFTLINE_POWER set to a number it takes so many series for each change.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from judge import power
from scipy import stats
from support import Engine

SERIES = int(os.environ.get("DRIFTLINE_POWER", "20"))


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
    """Of 100 series one alert a week, in as many as chance makes of it: now it is what is aimed at, not what is far off."""
    for (name, rows), (now, _) in table.items():
        if name.startswith("nothing"):
            allowed = now.series * now.metrics * now.days / 700
            assert len(now.alerts) <= stats.poisson.ppf(0.999, allowed), (name, rows, now.a_week)
    told = [now for (name, _), (now, _) in table.items() if name.startswith("nothing")]
    assert sum(len(now.alerts) for now in told) <= sum(now.series * now.metrics * now.days for now in told) / 700


# A change as large as its noise is met in every other window, so its alerts open and end more often.
AS_LARGE_AS_NOISE = {"+0.1 sigma", "-0.1 sigma", "NULL of 1% doubles"}


def test_a_lasting_change_is_one_alert_that_stays_open(table: power.Table) -> None:
    for (name, rows), (now, _) in table.items():
        if now.lasts and rows >= 1_000 and now.found >= 0.95:
            hovers = rows == 1_000 and name in AS_LARGE_AS_NOISE
            assert now.per_series <= (1.5 if hovers else 1.2), (name, rows, now.per_series)
            assert now.is_open >= (0.8 if hovers else 0.95), (name, rows, now.is_open)


def test_what_matters_is_found_soon(table: power.Table) -> None:
    for name in ("errors x 1.5", "class of 5% doubles"):
        assert table[name, 1_000][0].found_within(3) >= 0.95, name
    for name in ("+0.3 sigma", "-0.3 sigma"):
        assert table[name, 1_000][0].found_within(1) >= 0.95, name
    for name in ("spread x 1.2", "5% of the rows move class", "NULL of 5% halves", "NULL of 1% doubles"):
        assert table[name, 10_000][0].found_within(3) == 1, name


def test_more_rows_never_find_less(table: power.Table) -> None:
    for name in power.scenarios():
        found = [table[name, rows][0].found for rows in power.SIZES]
        few, more, many = found
        assert name.startswith("nothing") or (few <= more + 0.1 and more <= many + 0.1), (name, found)
