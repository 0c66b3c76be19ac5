"""What people are told of a year in which it is known what happened: `make scoreboard` prints the table.

Five made-up logs, one build. A year replayed day by day makes the same tables (tests/replay), so what would have been told
when follows from the times of alerts and incidents.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

import pytest
from scoreboard import score, worlds
from support import Engine, Project

# Facts that no incident tells within their days, and why. One that is found leaves the list.
KNOWN_MISSES = {
    "bookings: prices 15 % up, for good": "joins an incident that a chance breach of the same column began two days before",
}
# Facts that do not end as they should: told as open though they are over, or as over though they last.
KNOWN_ENDS: dict[str, str] = {}


@pytest.fixture(scope="module")
def project(duckdb_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    folder = tmp_path_factory.mktemp("scoreboard")
    made = Project(
        folder,
        duckdb_engine.workspace(folder),
        models={f"monitors/{name}": declaration for name, declaration in worlds.MONITORS.items()},
        tables=worlds.tables(),
        vars=worlds.VARS,
    )
    made.build("--select", "+driftline_alerts", "+driftline_incidents", "+driftline_comparisons")
    yield made
    made.close()


@pytest.fixture(scope="module")
def boards(project: Project) -> tuple[score.Board, score.Board]:
    """By incidents, and by each alert by itself."""
    incidents, alone = score.read(project)
    return score.board(incidents), score.board(alone)


def test_the_table(boards: tuple[score.Board, score.Board], figure: Callable[[str, object], None]) -> None:
    now, before = boards
    figure("a year of five made-up logs", "\n" + "\n".join(score.lines(now, before)))
    for name, reason in (KNOWN_MISSES | KNOWN_ENDS).items():
        figure("known", f"{name}: {reason}")
    for message in now.false:
        figure("false incident", f"{message.alerts[0].monitor}, day {message.told}: {message.headline}")


def test_facts_are_told(boards: tuple[score.Board, score.Board]) -> None:
    now, _ = boards
    assert {fact.name for fact in worlds.FACTS} >= KNOWN_MISSES.keys() | KNOWN_ENDS.keys()
    found = set(now.found)
    lost = [fact.name for fact in worlds.FACTS if fact.name not in found and fact.name not in KNOWN_MISSES]
    assert not lost, f"no longer told: {lost}"
    assert not found & KNOWN_MISSES.keys(), f"told now, take them off the list: {found & KNOWN_MISSES.keys()}"
    assert now.recall >= 14 / 15
    assert now.delay == 0
    late = {outcome.fact.name: outcome.late for outcome in now.outcomes if outcome.late is not None}
    assert late.keys() <= KNOWN_MISSES.keys() and max(late.values(), default=0) <= 50, late


def test_facts_end_when_they_are_over(boards: tuple[score.Board, score.Board]) -> None:
    now, _ = boards
    wrong = {outcome.fact.name for outcome in now.outcomes if outcome.ends_right is False}
    assert not wrong - KNOWN_ENDS.keys(), f"end wrongly: {wrong - KNOWN_ENDS.keys()}"
    assert not KNOWN_ENDS.keys() - wrong, f"end as they should, take them off the list: {KNOWN_ENDS.keys() - wrong}"


def test_one_fact_is_few_messages(boards: tuple[score.Board, score.Board]) -> None:
    now, before = boards
    for outcome in now.outcomes:
        assert outcome.messages <= 2, outcome
    # A third of what the alerts are by themselves, and of the 64 they once were.
    assert now.messages <= before.messages / 3 and now.messages <= 64 / 3


def test_little_is_told_of_nothing(boards: tuple[score.Board, score.Board]) -> None:
    now, _ = boards
    # Days that differ by 0.05 deviations are told now and then since shifts of 0.1 are judged (decision 31): before 0, 1, 0.94.
    assert len(now.false_of("quiet")) <= 1
    assert len(now.false) <= 3
    assert now.precision >= 0.83


def test_the_comparison_knows(project: Project, figure: Callable[[str, object], None]) -> None:
    """What is known of the experiment, and when, for those who look: an incident cannot say it before."""
    said = project.sql(
        "select verdict, min(window_end), max(reason) from driftline_comparisons where monitor = 'experiment'"
        " and metric = 'conversion' and span = 'cumulative' and segment = 'all' group by verdict, reason order by 2"
    )
    for verdict, first, reason in said:
        figure(
            "version B, by driftline_comparisons",
            f"{verdict} from {first:%Y-%m-%d} on{f' ({reason})' if reason else ''}",
        )
    worse = next(first for verdict, first, _ in said if verdict == "worse")
    split = next(first for _, first, reason in said if reason and "sample_ratio" in reason)
    begun = dt.datetime.combine(worlds.START, dt.time())
    assert worse <= begun + dt.timedelta(days=60 + 90)
    assert dt.timedelta(0) < split - (begun + dt.timedelta(days=260)) <= dt.timedelta(days=40)
