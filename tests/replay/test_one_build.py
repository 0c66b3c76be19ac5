"""Fifty days in thirteen runs, two of them killed, against one build of the same rows; `make replay` is a year.

While models are worked on:  .venv/bin/python tests/replay/run.py --length short --steps 6 --private --keep /tmp/replay
"""

from __future__ import annotations

from typing import Any

import pytest
from replay import comparison, story
from replay.replayer import Replay, Worker
from replay.rows import all_tables

SEED = 1


@pytest.fixture(scope="module")
def replay(tmp_path_factory: pytest.TempPathFactory) -> Any:
    worker = Worker(tmp_path_factory.mktemp("replay"))
    made = Replay(worker, all_tables(story.SHORT_DAYS, story.SHORT_HOURS_FROM, SEED), SEED, print)
    try:
        made.begin()
        made.lead(story.short())
        yield made
    finally:
        worker.close()


def test_every_table_is_what_one_build_makes_it(replay: Replay) -> None:
    assert replay.checkpoints == 2
    assert replay.problems == [], "\n".join(replay.problems)


def test_runs_were_killed(replay: Replay) -> None:
    assert replay.killed == 2


def test_there_was_something_to_compare(replay: Replay) -> None:
    """A table without rows, or an alert that never ended, would be equal too."""
    for name in comparison.public():
        assert replay.values(f"select count(*) from {name}") != [0], name
    wanted = {
        "select distinct status from driftline_alerts": {"open", "resolved"},
        "select distinct cause_kind from driftline_causes": {"column", "segment", "version", "bin"},
        "select distinct verdict from driftline_comparisons where family <> 'traffic'": {"better", "worse"},
        "select distinct basis from driftline_performance where value is not null": {"realized", "estimated"},
        "select distinct family from driftline_alerts": {
            *("drift", "quality", "business", "performance", "concept", "trend", "freshness", "estimate_error")
        },
        "select distinct monitor from driftline_metrics": {
            *("shop", "weighed", "trained", "letters", "shipments", "clicks")
        },
    }
    for query, values in wanted.items():
        assert set(replay.values(query)) >= values, query


def test_a_renamed_monitor_has_its_alerts_under_their_ids(replay: Replay) -> None:
    assert set(replay.values("select known_as from driftline_alerts where monitor = 'letters'")) == {"tickets"}


def test_the_comparison_finds_what_is_different(replay: Replay) -> None:
    def altered(query: str) -> Any:
        table = replay.table(query)
        if "driftline_business" not in query:
            return table
        return replay.table(
            f"select * replace (value * (1 + 1e-8) as value) from ({query}) as t"
            " where not (monitor = 'weighed' and window_periods = 7)"
        )

    found = comparison.differences(replay.table, altered, ["driftline_business", "driftline_alerts"])
    assert len(found) == 2, found
    assert "rows that one build has not" in found[0] and "value differs" in found[1]
