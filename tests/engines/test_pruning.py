"""A run leaves alone what its time condition rules out: seen in Postgres' plan of a log that is partitioned by time."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd
import pytest
from state.states import declare
from support import Engine, Project

from engines.beside_duckdb import rows_read

DAYS = pd.date_range("2024-01-01", periods=30)
# The type of a log's time column, the zone that its monitor counts in, and the first partition that a run has to read: the
# newest period and three before it are read again, and a day of Paris begins in London's day before.
LOGS = {"plain": ("timestamp", "UTC", 26), "moments": ("timestamptz", "Europe/Paris", 25)}


@pytest.fixture(scope="module")
def built(postgres_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Monitors that have read all 30 days but the last; a partition for each day."""
    folder = tmp_path_factory.mktemp("pruning")
    workspace = postgres_engine.workspace(folder)
    workspace.execute("set time zone 'UTC'")
    reference = {"start": "2024-01-01", "end": "2024-01-08"}
    project = Project(
        folder,
        workspace,
        models={
            name: declare(f"log_{name}", timestamp="at", timezone=zone, reference=reference, numeric=["x"], lookback=3)
            for name, (_, zone, _) in LOGS.items()
        },
        tables={f"log_{name}": {"at": DAYS[:1], "x": [1.0]} for name in LOGS},
        vars={"driftline_monitors": list(LOGS), "driftline_now": "2024-01-30"},
    )
    for name, (kind, _, _) in LOGS.items():
        log = f"log_{name}"
        project.execute(f"drop table {log}")
        project.execute(f"create table {log} (at {kind}, x double precision) partition by range (at)")
        for day in DAYS:
            until = day + pd.Timedelta(days=1)
            project.execute(f"create table {log}_{day:%d} partition of {log} for values from ('{day}') to ('{until}')")
        project.execute(
            f"insert into {log} select at, extract(hour from at) from generate_series("
            "timestamp '2024-01-01 00:30', timestamp '2024-01-29 22:30', interval '1 hour') as hours (at)"
        )
    project.build("--select", *LOGS)
    for name in LOGS:
        project.execute(f"insert into log_{name} values ('2024-01-30 12:00', 1)")
    project.set_vars(driftline_now="2024-01-31")
    yield project
    project.close()


def partitions(project: Project, sql: str) -> list[int]:
    """The days whose partitions a statement's plan reads."""
    plan = "\n".join(row[0] for row in project.sql(f"explain {sql}"))
    return sorted(int(day) for day in re.findall(r"Scan on log_[a-z]+_(\d+)\b", plan))


@pytest.mark.parametrize("name", LOGS)
def test_a_run_reads_no_more_of_the_log_than_it_needs(built: Project, name: str) -> None:
    """Its time column stands bare against constants: the planner passes over partitions."""
    first, log = LOGS[name][2], f"log_{name}"
    condition = rows_read(built, name, log)
    assert partitions(built, f"select count(*) from {log}") == list(range(1, 31))
    assert partitions(built, f"select count(*) from {log} where {condition}") == list(range(first, 31))
    # No partition for an hour of it, and none that holds what is to be read is passed over.
    ((read, newest),) = built.sql(f"select count(*), max(at) from {log} where {condition}")
    # Both logs end at half past ten in the evening of the 29th, and have one row more on the 30th.
    assert read == 4 * 24 - 1 + 1 + (first == 25) and str(newest).startswith("2024-01-30 12:00")
