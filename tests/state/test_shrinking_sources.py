"""What a source no longer shows: emptied, thinned out, cut off by retention, and `dbt --empty`.

All monitors of a project are led through a few runs, each on a log of its own; pictures of their periods are compared.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import pytest
from state.states import (
    Column,
    Counter,
    Row,
    Spec,
    assert_counts,
    columns_of,
    counts,
    declare,
    learn,
    number,
    recount,
    source,
    state_rows,
)
from support import Project, Run

SPAN = {"start": "2024-01-01", "end": "2024-01-06"}
REFERENCE = (dt.datetime(2024, 1, 1), dt.datetime(2024, 1, 6))
COMMON: dict[str, Any] = {"timestamp": "at", "reference": SPAN, "numeric": ["x"], "bins": 3, "lookback": 2}
NOW = "2024-01-13 12:00:00"


def rows_of(first: int, last: int, each: int = 10) -> list[Row]:
    return [
        {"at": dt.datetime(2024, 1, day) + dt.timedelta(hours=hour), "x": (day * 7 + hour * 5) % 11 / 4}
        for day in range(first, last + 1)
        for hour in range(each)
    ]


LOG = rows_of(1, 12)
# Days that stand for "unknown" in many systems; our own records must not be among them.
ODD_DAYS = [
    {"at": dt.datetime(year, month, day, 5), "x": 0.5}
    for year, month, day in [(1899, 12, 30), (1900, 1, 1), (1900, 1, 2), (1900, 1, 3), (1900, 1, 4)]
]
ANCIENT = [row for row in ODD_DAYS for _ in range(3)]
TRAINING = {"x": [row["x"] for row in LOG]}


def monitor(name: str, **changes: Any) -> str:
    """A monitor's text. Each reads a log of its own."""
    return declare(f"log_of_{name}", **{**COMMON, **changes})


# The monitors. Those in CHANGED get another declaration before the last run.
MODELS = {
    **{
        name: monitor(name)
        for name in (
            "emptied", "taken_back", "retained", "odd_days", "older_whole",
            "whole", "without_reference", "half_reference", "cut", "thinned",
        )
    },
    "older_short": monitor("older_short", categorical=["since"]),
    "ancient": monitor("ancient", reference={"start": "1900-01-01", "end": "1900-01-03"}),
    "trained": monitor("trained", reference={"relation": source("training")}),
    "former": monitor("former", reference={"relation": source("training")}),
    "lost_training": monitor("lost_training", reference={"relation": source("small")}),
    "waiting": monitor("waiting", reference={"start": "2024-02-01", "end": "2024-02-02"}),
}  # fmt: skip
CHANGED = ("whole", "without_reference", "half_reference", "cut", "thinned", "lost_training")
# Those that run once more with nothing new, and those that run with --empty.
AGAIN = ("emptied", "taken_back", "odd_days", "ancient", "former")
EMPTY = ("retained", "cut")
REFUSED = {"without_reference", "half_reference", "cut", "thinned", "lost_training"}
# A category of a type whose text has changed with version 3 of the state.
SINCE = [{**row, "since": dt.datetime(2020, 1, 1 + row["at"].hour % 2)} for row in rows_of(1, 13)]
LOGS = dict.fromkeys(MODELS, LOG) | {
    "odd_days": LOG + ODD_DAYS,
    "ancient": ANCIENT,
    "former": LOG + ODD_DAYS,
    "older_short": [row for row in SINCE if row["at"].day <= 12],
}
# The hashes that an earlier version of the package would have written, as this one knows them.
HASHES = """
{% if execute %}
{% for name in ['older_short', 'older_whole'] %}
{% set arguments = graph.nodes['model.consumer.' ~ name].config.meta.driftline %}
{% set declaration = {'arguments': arguments, 'relation': source('raw', 'log_of_' ~ name), 'label': none} %}
select '{{ name }}' as monitor, '{{ driftline._spec_hash(declaration) }}' as this_version,
    '{{ driftline._spec_hash(declaration, driftline._state_version() - 1) }}' as version_before,
    '{{ driftline._spec_hash(declaration, 2) }}' as version_2
{{ 'union all' if not loop.last }}
{% endfor %}
{% else %}
select 1 as parsed
{% endif %}
"""


@dataclass
class Picture:
    """The monitors' tables after a run."""

    days: dict[str, list[Any]]
    state: dict[str, Counter[Any]]
    settings: dict[str, dict[str, str]]


@dataclass
class Story:
    project: Project
    pictures: dict[str, Picture] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)

    def step(self, name: str, *arguments: str, now: str = NOW, look: tuple[str, ...] = ()) -> None:
        self.runs[name] = self.project.run(["run", *arguments], vars={"driftline_now": now})
        picture = Picture({}, {}, {})
        for monitor in look or MODELS:
            relation = self.project.relation(monitor)
            picture.state[monitor] = state_rows(self.project, monitor)
            counted = {row[5] for row in picture.state[monitor] if row[2:4] == ("count", "relation")}
            picture.days[monitor] = sorted(counted)
            picture.settings[monitor] = dict(
                self.project.sql(f"select column_name, bin_label from {relation} where record = 'setting'")
            )
        self.pictures[name] = picture

    def keep(self, monitor: str, rows: list[Row]) -> None:
        """The log of a monitor shows these rows, and no other."""
        name = f"log_of_{monitor}"
        if rows:
            self.project.load(name, columns_of(rows))
        else:
            self.project.execute(f"delete from {self.project.relation(name)}")


@pytest.fixture(scope="module")
def story(make_module_project: Any) -> Story:
    project = make_module_project(
        models={**{f"monitors/{name}": text for name, text in MODELS.items()}, "hashes": HASHES},
        tables={
            **{f"log_of_{name}": columns_of(rows) for name, rows in LOGS.items()},
            "training": TRAINING,
            "small": {"x": TRAINING["x"][:20]},
        },
        vars={"driftline_monitors": list(MODELS)},
    )
    story = Story(project)
    story.step("empty_first", "--empty", "--select", "emptied", look=("emptied",))
    story.step("first", "--select", "monitors", "hashes", "driftline_state", "driftline_bins")
    as_an_earlier_version_left_it(project)
    for name in ("emptied", "waiting"):
        story.keep(name, [])
    story.keep("taken_back", rows_of(1, 10))
    story.keep("retained", rows_of(12, 12))
    story.keep("older_short", [row for row in SINCE if row["at"].day >= 4])
    story.step("second", "--select", "monitors", now="2024-01-14 12:00:00")
    story.keep("taken_back", rows_of(1, 8))
    story.step("third", "--select", *AGAIN, now="2024-01-15 12:00:00", look=AGAIN)
    for name in CHANGED:
        project.model(f"monitors/{name}", MODELS[name].replace("bins=3", "bins=4"))
    story.keep("without_reference", rows_of(6, 12))
    story.keep("half_reference", [row for row in LOG if row["at"].day not in (2, 4)])
    story.keep("cut", rows_of(6, 12))
    project.model("monitors/cut", monitor("cut", reference={"start": "2024-01-07", "end": "2024-01-09"}))
    story.keep("thinned", [row for row in LOG if row["at"].day > 3 or row["at"].hour < 4])
    project.execute(f"delete from {project.relation('small')}")
    story.keep("waiting", [{"at": dt.datetime(2024, 2, 1, 3), "x": 1.0}])
    story.step("empty_later", "--empty", "--select", *EMPTY, now="2024-02-03 12:00:00", look=EMPTY)
    story.step("changed", "--select", *AGAIN, *CHANGED, "waiting", now="2024-02-03 12:00:00")
    forced = ("cut", "waiting")
    story.step("forced", "--full-refresh", "--select", *forced, now="2024-02-03 12:00:00", look=forced)
    return story


def as_an_earlier_version_left_it(project: Project) -> None:
    """Our own records at the start of days, where a source's rows could be as well, and the hash of the state before."""
    former = project.relation("former")
    for record, day in (("setting", 1), ("bin", 2), ("count", 3)):
        project.execute(
            f"update {former} set period_start = timestamp '1900-01-0{day} 00:00:00'"
            f" where record = '{record}' and period_start < timestamp '1900-01-01 00:01:00'"
            " and period_start > timestamp '1900-01-01 00:00:00'"
        )
    project.execute(f"delete from {former} where column_name in ('furthest_period', 'rows_read', 'reference_relation')")
    project.execute(
        f"update {project.relation('older_short')} set bin_label = bin_label || ' 00:00:00' where column_name = 'since'"
        " and bin_kind = 'category'"
    )
    for monitor, now, before in project.sql(
        f"select monitor, this_version, version_before from {project.relation('hashes')}"
    ):
        relation = project.relation(monitor)
        assert project.sql(f"select distinct spec_hash from {relation}") == [(now,)]
        project.execute(f"update {relation} set spec_hash = '{before}'")


def days(*numbers: int) -> list[dt.datetime]:
    return [dt.datetime(2024, 1, number) for number in numbers]


def test_the_runs_went_as_they_should(story: Story) -> None:
    for name, run in story.runs.items():
        assert set(run.failures) == (REFUSED | {"waiting"} if name == "changed" else set()), f"{name}: {run}"
    for monitor in MODELS:
        assert story.pictures["first"].days[monitor], monitor


def test_empty_leaves_everything_as_it_is(story: Story) -> None:
    """On a first run there is a table, and nothing in it."""
    assert not any(story.pictures["empty_first"].state.values())
    for monitor in EMPTY:
        for picture in ("state", "settings"):
            before, after = (getattr(story.pictures[stage], picture) for stage in ("second", "empty_later"))
            assert after[monitor] == before[monitor]


def test_an_emptied_source_costs_nothing_however_often(story: Story) -> None:
    for stage in ("second", "third", "changed"):
        assert story.pictures[stage].days["emptied"] == days(*range(1, 13))
        assert story.pictures[stage].state["emptied"] == story.pictures["first"].state["emptied"]
    settings = [story.pictures[stage].settings["emptied"] for stage in ("first", "second", "third")]
    assert [s["rows_read"] for s in settings] == ["120", "0", "0"]
    assert [s["as_of"][:10] for s in settings] == ["2024-01-13", "2024-01-14", "2024-01-15"]


def test_what_was_taken_back_vanishes_once(story: Story) -> None:
    """The run after goes on from the furthest period ever read, not from what is left: the tenth was in its reach."""
    assert story.pictures["second"].days["taken_back"] == days(*range(1, 11))
    assert story.pictures["third"].days["taken_back"] == days(*range(1, 11))
    assert story.pictures["third"].settings["taken_back"]["furthest_period"][:10] == "2024-01-12"


def test_what_lies_before_the_first_row_of_the_source_stays(story: Story) -> None:
    """Two days are read again, of which retention has left the last."""
    assert story.pictures["second"].days["retained"] == days(*range(1, 13))
    assert story.pictures["second"].settings["retained"]["rows_read"] == "10"


@pytest.mark.parametrize("monitor", ["odd_days", "ancient", "former"])
def test_no_row_is_dated_where_our_own_records_are(story: Story, monitor: str) -> None:
    span = (dt.datetime(1900, 1, 1), dt.datetime(1900, 1, 3)) if monitor == "ancient" else REFERENCE
    spec = Spec(
        "at",
        [Column("x", number("x"))],
        reference=None if monitor == "former" else span,
        now=dt.datetime(2024, 1, 15, 12),
    )
    learn(story.project, monitor, spec.columns)
    got = {key: sums for key, sums in counts(story.project, monitor).items() if key[0] == "relation"}
    assert_counts(got, recount(spec, LOGS[monitor]))
    # The ancient one has nothing but these days in reach of its runs.
    first = story.pictures["first"].state[monitor]
    assert story.pictures["changed"].state[monitor] == first
    assert any(row[2] == "bin" for row in first)


def test_records_of_an_earlier_version_move_to_where_they_belong(story: Story) -> None:
    """Twice the same log and reference: what went on from an earlier version's table, and what is of this one."""
    places = {
        monitor: sorted(
            story.project.sql(
                "select distinct record, source, period_start, column_name"
                f" from {story.project.relation(monitor)} where record in ('setting', 'bin')"
                " or record = 'count' and source = 'reference'"
            )
        )
        for monitor in ("former", "trained")
    }
    assert places["former"] == places["trained"]
    assert {start.second for *_, start, _ in places["former"]} == {1, 2, 3}


def message(story: Story, monitor: str, stage: str = "changed") -> str:
    return story.runs[stage].failures[monitor]


@pytest.mark.parametrize(
    ("monitor", "lost"),
    [
        ("without_reference", ["5 of 12 periods", "2024-01-01", "2024-01-05", "the source at 2024-01-06", "50 rows in the state, 0 in"]),
        ("half_reference", ["2 of 12 periods", "2024-01-02", "2024-01-04", "50 rows in the state, 30 in"]),
        ("cut", ["5 of 12 periods, 2024-01-01", "2024-01-05", "the source at 2024-01-06"]),
        ("thinned", ["3 of 12 periods", "2024-01-03", "50 rows in the state, 32 in"]),
        ("lost_training", ["the reference (20 rows in the state, 0 in its source)"]),
        ("waiting", ["the reference has rows at last", "12 of 12 periods"]),
    ],
)  # fmt: skip
def test_a_rebuild_that_would_lose_is_refused(story: Story, monitor: str, lost: list[str]) -> None:
    text = message(story, monitor)
    assert f"driftline: monitor '{monitor}'" in text
    assert f"dbt build --full-refresh --select {monitor}+" in text
    assert [part for part in lost if part not in text] == [], text
    assert story.pictures["changed"].state[monitor] == story.pictures["first"].state[monitor]


def test_and_built_where_nothing_is_lost_or_where_it_is_forced(story: Story) -> None:
    bins = {
        stage: {row[13] for row in story.pictures[stage].state["whole"] if row[2] == "bin" and row[14] == "range"}
        for stage in ("second", "changed")
    }
    assert [len(found) for found in bins.values()] == [3, 4]
    assert story.pictures["changed"].days["whole"] == days(*range(1, 13))
    assert story.pictures["forced"].days["cut"] == days(*range(6, 13))
    assert story.pictures["forced"].days["waiting"] == [dt.datetime(2024, 2, 1)]


def test_a_forced_rebuild_leaves_the_views_over_it(story: Story) -> None:
    found = story.project.sql("select count(distinct period_start) from driftline_state where monitor = 'cut'")
    assert found == [(7,)]
    assert story.project.sql("select count(*) from driftline_bins where monitor = 'cut'")[0][0] > 0


def test_a_new_version_of_the_state_never_loses_the_old_one(story: Story) -> None:
    """Built anew where the source shows all that the state holds, otherwise continued as it is."""
    hashes = {
        monitor: (now, before)
        for monitor, now, before in story.project.sql("select monitor, this_version, version_before from hashes")
    }
    after = story.pictures["second"]

    def written(monitor: str) -> set[str]:
        return {row[1] for row in after.state[monitor]}

    assert written("older_whole") == {hashes["older_whole"][0]}
    assert written("older_short") == {hashes["older_short"][1]}
    assert after.days["older_short"] == days(*range(1, 14))
    spelled = {row[15] for row in after.state["older_short"] if row[10] == "since" and row[2] == "count"}
    assert spelled == {"2020-01-01 00:00:00", "2020-01-02 00:00:00"}, (
        "in the spelling of its dictionary, and none unseen"
    )
    assert any("'older_short' stays on its state of version" in text for text in story.runs["second"].messages)


def test_a_new_argument_changes_no_hash(story: Story) -> None:
    """What version 2 wrote in November 2026: a hash that nobody knows any more would pass for a changed declaration."""
    found = story.project.sql("select version_2 from hashes where monitor = 'older_whole'")
    assert found == [("b98d50ecb736af7250e48c5aa9748207",)]
