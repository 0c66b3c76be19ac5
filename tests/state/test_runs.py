"""Runs one after another: replays, late rows, runs that died, changed declarations.

One project is led through a story once, each stage leaves a picture of all tables, and the tests compare the pictures.
"""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from state.states import (
    Column,
    Key,
    Row,
    Spec,
    Table,
    assert_counts,
    assert_same_results,
    columns_of,
    counts,
    declare,
    learn,
    recount,
    result_rows,
    source,
    state_rows,
)
from support import Project, Run

SPAN = {"start": "2024-01-01", "end": "2024-01-06"}
REFERENCE = (dt.datetime(2024, 1, 1), dt.datetime(2024, 1, 6))


def make_rows(seed: int) -> list[Row]:
    """Twelve days of forty rows; from the eighth to the tenth x and kind are elsewhere."""
    rng = random.Random(seed)
    rows = []
    for day in range(1, 13):
        moved = 8 <= day <= 10
        for _ in range(40):
            rows.append(
                {
                    "at": dt.datetime(2024, 1, day) + dt.timedelta(seconds=rng.randrange(86_400)),
                    "x": None if rng.random() < 0.05 else rng.randrange(400) / 4 + (80 if moved else 0),
                    "y": rng.choice([0.0, 0.0, rng.randrange(64) / 4]),
                    "kind": rng.choice(["a", "a", "b", "c", "d" if moved else "a"]),
                    "version": "v1" if day < 5 else rng.choice(["v1", "v2"]),
                    "country": rng.choice(["DE", "UK"]) if day != 7 else "FR",
                    "sold": rng.randrange(5),
                }
            )
    return rows


STEADY = make_rows(1)
LOG = make_rows(2)
# Rows that come late (the run of the tenth looks back to the seventh), and rows that are taken back.
LATE_INSIDE = [{**row, "at": row["at"].replace(day=8), "x": 1.25, "kind": "late"} for row in LOG[:9]]
LATE_OUTSIDE = [{**row, "at": row["at"].replace(day=day), "x": 7.5} for row in LOG[:3] for day in (2, 6)]
TAKEN_BACK = [row for row in LOG if row["at"].day == 7] + [
    row for row in LOG if row["at"].day == 9 and row["version"] == "v2"
]
AFTER = [row for row in LOG if row not in TAKEN_BACK] + LATE_INSIDE

# Nothing comes after the seventh, one version and one segment end before.
STOPPING = [row for row in STEADY if row["at"].day < 8 - 2 * (row["version"] == "v2") - 3 * (row["country"] == "UK")]

COMMON: dict[str, Any] = {"timestamp": "at", "reference": SPAN, "lookback": 2}
BUSINESS = {"sold": {"sum": "sold"}, "per_row": {"numerator": "sold", "denominator": "1"}}
# Two rows an hour, and later one more in the last hour of the reference, which is local: 04:30 of UTC.
HOURLY = [
    {"at": dt.datetime(2024, 1, 1) + dt.timedelta(minutes=30 * number), "kind": "aaaaabbbc"[number % 9]}
    for number in range(528)
]
DELAYED = [{"at": dt.datetime(2024, 1, 6, 4, 30), "kind": "a"}] * 5

MODELS = {
    "shifting": declare(
        **COMMON, numeric=["x", "y"], categorical=["kind"], model_version="version", segments=["country"],
        business_metrics=BUSINESS, detail="all",
    ),
    "bystander": declare(**COMMON, numeric=["x"]),
    "steady_all": declare(
        "steady", **COMMON, numeric=["x", "y"], categorical=["kind"], model_version="version", segments=["country"],
        business_metrics=BUSINESS, detail="all",
    ),
    "steady_tight": declare("steady", **{**COMMON, "lookback": 0}, numeric=["x"], label="sold", bins=7),
    "steady_trained": declare(
        "steady", timestamp="at", reference={"relation": source("training")}, numeric=["x"], categorical=["kind"],
        model_version="version", lookback=1,
    ),
    "steady_hours": declare("steady", **COMMON, period="hour", timezone="America/New_York", numeric=["x"], bins=3),
    # The run of the ninth looks back to three o'clock of the sixth, when the reference is not over yet in New York.
    "delayed": declare(
        "hourly", timestamp="at", reference=SPAN, lookback=56, period="hour", timezone="America/New_York",
        categorical=["kind"],
    ),
    "stopping": declare(
        "ending", **COMMON, numeric=["x"], categorical=["kind"], prediction="y", label="sold", task="regression",
        model_version="version", segments=["country"], business_metrics=BUSINESS, detail="all",
    ),
    # A business metric, a column and a label may share their names.
    "steady_names": declare("steady", **COMMON, numeric=["sold", "x"], business_metrics=BUSINESS),
}  # fmt: skip
CHANGED = declare(**{**COMMON, "lookback": 1}, numeric=["y"], categorical=["kind"], bins=4, segments=["version"])
STEADY_ONES = [name for name in MODELS if name.startswith("steady")]
# What the pictures show, and which windows are kept for the next run.
PICTURED = ("--select", "+driftline_alerts", "+driftline_int_kept")


@dataclass
class Picture:
    """All tables after a run."""

    state: dict[str, Counter[Key]]
    results: dict[str, Table]
    computed: dict[str, dict[tuple[Any, ...], set[Any]]]


@dataclass
class Story:
    project: Project
    stages: dict[str, Picture] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)

    def step(self, name: str, now: str, *arguments: str, monitors: list[str]) -> None:
        run = self.project.run(["build", *arguments], vars={"driftline_now": now, "driftline_monitors": monitors})
        self.runs[name] = run
        assert run.success == (name != "died"), f"{name}: {run}"
        self.look(name, monitors)

    def look(self, name: str, monitors: list[str]) -> None:
        computed: dict[str, dict[tuple[Any, ...], set[Any]]] = {}
        for monitor in monitors:
            periods: dict[tuple[Any, ...], set[Any]] = {}
            for record, start, at in self.project.sql(
                f"select distinct record, period_start, computed_at from {self.project.relation(monitor)}"
            ):
                periods.setdefault((record, start), set()).add(at)
            computed[monitor] = periods
        self.stages[name] = Picture(
            {monitor: state_rows(self.project, monitor) for monitor in monitors},
            result_rows(self.project),
            computed,
        )


@pytest.fixture(scope="module")
def story(make_module_project: Any) -> Story:
    project = make_module_project(
        models={f"monitors/{name}": text for name, text in MODELS.items()},
        tables={
            "log": columns_of(LOG),
            "steady": columns_of(STEADY),
            "hourly": columns_of(HOURLY),
            "ending": columns_of(STOPPING),
            "training": columns_of([row for row in STEADY if row["at"].day < 6]),
        },
        vars={
            "driftline_windows": {"day": [1, 3], "hour": [24]},
            "driftline_season": {"day": 3, "hour": 24},
            "driftline_trailing": {"day": 4, "hour": 24},
            # A budget over all monitors is another one without those that are no longer listed.
            "driftline_false_alarms_per_week": "none",
            "driftline_thresholds": [
                {"metric": "psi", "warn": 0.05, "critical": 1.0, "min_rows": 10, "consecutive": 1},
                {"metric": "per_row", "warn": 0.05, "min_rows": 10, "consecutive": 1, "baseline": "previous"},
            ],
        },
    )
    story = Story(project)
    every = list(MODELS)
    story.step("first", "2024-01-07 12:00:00", *PICTURED, monitors=every)
    story.step("second", "2024-01-08 12:00:00", *PICTURED, monitors=every)
    project.load("hourly", columns_of([*HOURLY, *DELAYED]))
    # Only the states are built, then a run in which a table after them cannot be.
    story.step("states_only", "2024-01-09 12:00:00", "--select", "monitors", monitors=every)
    project.load("log", columns_of([*AFTER, *LATE_OUTSIDE]))
    project.execute(f"drop table {project.relation('driftline_int_critical_values')} cascade")
    story.step("died", "2024-01-10 12:00:00", *PICTURED, "--exclude", "driftline_int_critical_values", monitors=every)
    story.step("third", "2024-01-10 12:00:00", *PICTURED, monitors=every)
    rng = random.Random(5)
    project.load("log", columns_of(rng.sample([*AFTER, *LATE_OUTSIDE], len(AFTER) + len(LATE_OUTSIDE))))
    project.load("steady", columns_of(rng.sample(STEADY, len(STEADY))))
    story.step("again", "2024-01-10 12:00:00", *PICTURED, monitors=every)
    project.load("log", columns_of(AFTER))
    story.step("full", "2024-01-10 12:00:00", "--full-refresh", *PICTURED, monitors=every)
    # A changed declaration, and a twin that has never been anything else; new owner and lookback for another.
    project.model("monitors/shifting", CHANGED)
    project.model("monitors/twin", CHANGED)
    project.model("monitors/bystander", declare(**{**COMMON, "lookback": 1}, numeric=["x"], owner='it\'s "me"; --'))
    # What was the reference is no longer what it was when the edges were learnt.
    project.load("steady", columns_of([{**row, "x": 999.0} if row["at"].day < 6 else row for row in STEADY]))
    story.step("changed", "2024-01-11 12:00:00", *PICTURED, "+driftline_monitors", monitors=[*every, "twin"])
    others = [name for name in every if name != "shifting"]
    # On Postgres a view goes with those that it is made of: what is looked at afterwards is built again.
    story.step("without", "2024-01-11 12:00:00", *PICTURED, "+driftline_monitors", monitors=others)
    return story


def day(number: int) -> dt.datetime:
    return dt.datetime(2024, 1, number)


def counted(picture: Picture, monitor: str) -> Counter[Key]:
    return picture.state[monitor]


def test_the_runs_went_as_they_should(story: Story) -> None:
    # The steps that need the table; what stands on them is not built.
    # Concept's steps are a part of its statement where the engine holds such a part better than a table.
    concept = "driftline_concept" if story.project.workspace.engine == "duckdb" else "driftline_int_concept_tests"
    steps = {"driftline_int_psi", "driftline_int_chi_squared", concept}
    assert set(story.runs["died"].failures) == steps
    assert story.stages["third"].results["driftline_alerts"], "nothing to compare"


@pytest.mark.parametrize("monitor", STEADY_ONES)
def test_day_by_day_is_the_same_as_all_at_once(story: Story, monitor: str) -> None:
    assert counted(story.stages["third"], monitor) == counted(story.stages["full"], monitor)


def test_late_and_vanished_rows_inside_the_lookback(story: Story) -> None:
    """The full build has never seen the rows that came too late, and what was taken back."""
    for monitor in ("shifting", "bystander", "delayed"):
        assert counted(story.stages["third"], monitor) == counted(story.stages["full"], monitor)


@pytest.mark.parametrize("monitor", MODELS)
def test_results_are_the_same_however_they_came_about(story: Story, monitor: str) -> None:
    third, full = (
        {
            relation: {key: figures for key, figures in table.items() if key[0] == monitor}
            for relation, table in story.stages[stage].results.items()
        }
        for stage in ("third", "full")
    )
    assert full["driftline_drift"] and full["driftline_quality"]
    assert_same_results(third, full)


@pytest.mark.parametrize(("stage", "newest"), [("second", 7), ("third", 9), ("full", 9)])
def test_where_nothing_comes_any_more_windows_run_on_to_the_clock(story: Story, stage: str, newest: int) -> None:
    for relation in ("driftline_quality", "driftline_drift", "driftline_business"):
        found: dict[tuple[Any, ...], Any] = {}
        for key in story.stages[stage].results[relation]:
            if key[0] == "stopping" and key[4] == 1:
                found[key[1:4]] = max(key[5], found.get(key[1:4], key[5]))
        assert len(found) == 10, found
        assert set(found.values()) == {day(newest)}, relation


def test_a_second_run_changes_nothing(story: Story) -> None:
    """Neither does another order of the rows."""
    assert story.stages["again"].state == story.stages["third"].state
    assert_same_results(story.stages["again"].results, story.stages["third"].results)


def test_a_run_that_died_left_the_results_as_they_were(story: Story) -> None:
    assert story.stages["died"].results["driftline_alerts"] == story.stages["second"].results["driftline_alerts"]
    # The states had been read up to the tenth already; the run after had nothing to repair.
    assert story.stages["died"].state == story.stages["third"].state


def test_rows_of_the_future_wait_for_their_time(story: Story) -> None:
    def last(stage: str) -> list[tuple[Any, ...]]:
        windows = {
            row[5:7]: row for row in story.stages[stage].results["driftline_quality"] if row[0] == "steady_tight"
        }
        return sorted(start for start, _ in windows)[-1:]

    assert [last(stage) for stage in ("first", "second", "third")] == [[day(7)], [day(8)], [day(10)]]
    steady = story.project.sql(
        "select period_start, sum(row_count) from driftline_state where monitor = 'steady_tight'"
        " and column_role = 'row' and period_start = timestamp '2024-01-11 00:00:00' group by 1"
    )
    assert steady == [
        (day(11), sum(row["at"] < dt.datetime(2024, 1, 11, 12) and row["at"].day == 11 for row in STEADY))
    ]


def test_the_last_period_is_not_judged_before_it_is_over(story: Story) -> None:
    for stage, now in [("second", 8), ("third", 10), ("changed", 11)]:
        judged = story.stages[stage].results["driftline_int_judgements"]
        ends = {row[6] for row in judged if row[0].startswith("steady_t")}
        assert max(ends) == day(now)


def test_only_the_lookback_is_read_again(story: Story) -> None:
    first, second = (story.stages[stage].computed["steady_all"] for stage in ("first", "second"))
    for number in range(1, 8):
        same = first["count", day(number)] == second["count", day(number)]
        assert same == (number < 5), number
    tight = [story.stages[stage].computed["steady_tight"] for stage in ("first", "second")]
    assert [n for n in range(1, 8) if tight[0]["count", day(n)] != tight[1]["count", day(n)]] == [7]


def test_a_changed_declaration_rebuilds_its_monitor(story: Story) -> None:
    changed, twin = (story.stages["changed"].state[name] for name in ("shifting", "twin"))
    assert Counter({row[1:]: number for row, number in changed.items()}) == Counter(
        {row[1:]: number for row, number in twin.items()}
    )
    before = {row[1] for row in story.stages["full"].state["shifting"]}
    after = {row[1] for row in changed}
    assert len(before) == len(after) == 1
    assert before != after
    columns = {row[10] for row in changed if row[2] == "count"}
    assert columns == {"y", "kind", "*"}
    spec = Spec(
        "at",
        [Column("y", lambda row: row["y"]), Column("kind", lambda row: row["kind"], kind="categorical")],
        reference=REFERENCE,
        segments={"version": lambda row: row["version"]},
        now=dt.datetime(2024, 1, 11, 12),
    )
    learn(story.project, "shifting", spec.columns)
    assert_counts(counts(story.project, "shifting"), recount(spec, AFTER))


def test_and_no_other(story: Story) -> None:
    before, after = story.stages["full"], story.stages["changed"]
    kept = [name for name in MODELS if name not in ("shifting", "steady_hours", "delayed", "stopping")]
    for monitor in kept:
        assert {row[1] for row in before.state[monitor]} == {row[1] for row in after.state[monitor]}
        for number in range(1, 7):
            assert before.computed[monitor]["count", day(number)] == after.computed[monitor]["count", day(number)]
    for number in range(1, 11):
        assert before.computed["shifting"].get(("count", day(number))) != after.computed["shifting"].get(
            ("count", day(number)), "none"
        )


def test_an_owner_and_a_lookback_are_taken_up_without_a_rebuild(story: Story) -> None:
    owners = story.project.sql("select owner from driftline_monitors where monitor = 'bystander'")
    assert owners == [('it\'s "me"; --',)]


def test_edges_stay_when_the_source_changes(story: Story) -> None:
    before, after = story.stages["full"], story.stages["changed"]
    for monitor in STEADY_ONES:
        bins = [{row for row in stage.state[monitor] if row[2] == "bin"} for stage in (before, after)]
        assert bins[0] == bins[1]
        frozen = [
            {row for row in stage.state[monitor] if row[2] == "count" and row[5] < day(6)} for stage in (before, after)
        ]
        assert frozen[0] == frozen[1]


def test_a_monitor_that_is_no_longer_listed_has_no_rows(story: Story) -> None:
    for relation, table in story.stages["changed"].results.items():
        without = story.stages["without"].results[relation]
        assert {row[0] for row in table} - {row[0] for row in without} <= {"shifting", "twin"}
        assert not any(row[0] in ("shifting", "twin") for row in without)
        rest = {key: figures for key, figures in table.items() if key[0] not in ("shifting", "twin")}
        assert_same_results({relation: without}, {relation: rest})
