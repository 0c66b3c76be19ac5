"""Labels that come after their rows: what is known at the run's clock, what is read again, and when it is final."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from collections.abc import Callable, Iterable
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from state.outcomes import Model, Row
from state.states import (
    UTC,
    Column,
    Key,
    Spec,
    assert_counts,
    columns_of,
    counts,
    declare_with,
    learn,
    performance_columns,
    recount,
    source,
)
from support import Project

# The clocks of the runs, one after another; at the second a day has just ended.
MIDNIGHT = dt.datetime(2024, 1, 9)
CLOCKS = [
    dt.datetime(2024, 1, 6, 12),
    MIDNIGHT,
    dt.datetime(2024, 1, 12, 12),
    dt.datetime(2024, 1, 16, 12),
]
SPAN = {"start": "2024-01-01", "end": "2024-01-04"}
REFERENCE = (dt.datetime(2024, 1, 1), dt.datetime(2024, 1, 4))
LATEST = 96
"""Hours after its row until a label is known, at most."""


def make_rows() -> list[Row]:
    rng = random.Random(4)
    rows = []
    for day in range(1, 13):
        for number in range(24):
            at = dt.datetime(2024, 1, day, number) + dt.timedelta(minutes=rng.randrange(60))
            known = at + dt.timedelta(minutes=rng.randrange(LATEST * 60))
            # At the very moment of a run, and a microsecond before.
            if number == 3 and at < MIDNIGHT:
                known = max(at, MIDNIGHT) if day % 2 else MIDNIGHT - dt.timedelta(microseconds=1)
                known = min(known, at + dt.timedelta(hours=LATEST))
            rows.append(
                {
                    "id": None if number == 7 else 1000 * day + number,
                    "at": at,
                    "score": rng.randrange(129) / 128,
                    "truth": rng.choice([0, 1, 1, None]),
                    "known": None if number == 11 else known,
                    "country": rng.choice(["DE", "UK"]),
                }
            )
    return rows


ROWS = make_rows()


def make_labels() -> list[Row]:
    """As they come: taken back, repeated, at once, for rows that are not there, of rows that nobody knows."""
    rng = random.Random(5)
    labels: list[Row] = [
        {"id": None, "truth": 1, "known": dt.datetime(2024, 1, 2)},
        {"id": -1, "truth": 1, "known": dt.datetime(2024, 1, 2)},
    ]
    for row in ROWS:
        if row["known"] is None or row["truth"] is None or row["id"] is None:
            continue
        labels.append({"id": row["id"], "truth": row["truth"], "known": row["known"]})
        before = row["at"] + (row["known"] - row["at"]) / 2
        if rng.random() < 0.2:
            labels.append({"id": row["id"], "truth": 1 - row["truth"], "known": before})
        if rng.random() < 0.1:
            labels.append({"id": row["id"], "truth": 1 - row["truth"], "known": row["known"]})
        if rng.random() < 0.1:
            labels.append({"id": row["id"], "truth": None, "known": row["known"] + dt.timedelta(minutes=1)})
        if rng.random() < 0.1:
            labels.append({"id": row["id"], "truth": 1 - row["truth"], "known": None})
        if rng.random() < 0.1:
            labels.append({"id": row["id"], "truth": 1 - row["truth"], "known": dt.datetime(2030, 1, 1)})
    rng.shuffle(labels)
    return labels


LABELS = make_labels()
PRESENT = [label for label in LABELS if label["known"] is not None and label["known"].year == 2024]


def local_time(moment: dt.datetime, timezone: str) -> dt.datetime:
    return moment.replace(tzinfo=UTC).astimezone(ZoneInfo(timezone)).replace(tzinfo=None)


def local_day(moment: dt.datetime) -> dt.date:
    return local_time(moment, "America/New_York").date()


def label_table(labels: list[Row]) -> pa.Table:
    return pa.table(
        {
            "id": pa.array([label["id"] for label in labels], pa.int64()),
            "truth": pa.array([label["truth"] for label in labels], pa.int32()),
            "known": pa.array([label["known"] for label in labels], pa.timestamp("us")),
            "known_zoned": pa.array(
                [label["known"] and label["known"].replace(tzinfo=UTC) for label in labels], pa.timestamp("us", "UTC")
            ),
            "known_day": pa.array([label["known"] and local_day(label["known"]) for label in labels], pa.date32()),
        }
    )


# ------------------------------------------------------------------------------------------------- what is known when


def last_known(labels: list[Row], is_known: Callable[[Row], bool], when: Callable[[Row], Any]) -> Callable[[Row], Any]:
    """The label of a row: of those that are known the one that became so last; of several at once the largest text."""
    best: dict[Any, tuple[Any, str, int]] = {}
    for label in labels:
        if label["id"] is not None and label["truth"] is not None and is_known(label):
            rank = (when(label), str(label["truth"]), label["truth"])
            if label["id"] not in best or rank > best[label["id"]]:
                best[label["id"]] = rank
    return lambda row: float(best[row["id"]][2]) if row["id"] in best else None


def by_time(clock: dt.datetime) -> Callable[[Row], Any]:
    return last_known(LABELS, lambda x: x["known"] is not None and x["known"] < clock, lambda x: x["known"])


def by_day(clock: dt.datetime) -> Callable[[Row], Any]:
    """A date is the local day from its midnight on."""
    local = local_time(clock, "America/New_York")

    def is_known(label: Row) -> bool:
        return label["known"] is not None and dt.datetime.combine(local_day(label["known"]), dt.time()) < local

    return last_known(LABELS, is_known, lambda label: local_day(label["known"]))


def without_time(clock: dt.datetime) -> Callable[[Row], Any]:
    """Nothing says when a label became known: what stands in the table is."""
    return last_known(PRESENT, lambda label: label["known"] < clock, lambda _: 0)


def in_the_log(clock: dt.datetime) -> Callable[[Row], Any]:
    return lambda row: None if row["truth"] is None or row["known"] is None or row["known"] >= clock else row["truth"]


OWN = {"relation": source("labels"), "key": "id", "label": "truth", "known_at": "known"}
IN_LOG = {"label": "truth", "known_at": "known"}
COMMON = {"timestamp": "at", "reference": SPAN, "prediction": "score", "task": "binary"}
FINAL = {"label_delay": 4, "lookback": 0}

# name: (arguments, what is known at a clock, periods that are read again, time zone)
CASES: dict[str, tuple[dict[str, Any], Callable[[dt.datetime], Callable[[Row], Any]], int, str]] = {
    "own": ({"label": OWN, **FINAL, "segments": ["country"]}, by_time, 5, "UTC"),
    "zoned": (
        {"label": {**OWN, "known_at": "known_zoned"}, **FINAL, "timezone": "America/New_York"},
        by_time,
        5,
        "America/New_York",
    ),
    "dated": (
        {"label": {**OWN, "known_at": "known_day"}, **FINAL, "timezone": "America/New_York"},
        by_day,
        5,
        "America/New_York",
    ),
    "without_time": (
        {"label": {"relation": source("present"), "key": "id", "label": "truth"}, **FINAL},
        without_time,
        5,
        "UTC",
    ),
    "in_log": ({"label": IN_LOG, **FINAL, "weight": "1"}, in_the_log, 5, "UTC"),
    "delayed_by_one": ({"label": OWN, "label_delay": 1, "lookback": 0}, by_time, 2, "UTC"),
    "looking_back": ({"label": OWN, "label_lookback": 3, "label_delay": 1, "lookback": 1}, by_time, 3, "UTC"),
    "lookback_alone": ({"label": OWN, "label_lookback": 0, "lookback": 1}, by_time, 1, "UTC"),
}
# All labels of these are known within the delay, so that in the end nothing is missing.
COMPLETE = ["own", "zoned", "dated", "without_time", "in_log"]
PERIODS = {
    "hours": {"period": "hour", "label_delay": 30},
    "weeks": {"period": "week", "label_delay": 1},
    "months": {"period": "month", "label_delay": 1},
    "no_delay": {"period": "day", "timezone": "America/New_York"},
}
# A loan that fails is known to after two days, one that does not only after ten.
LOANS = [
    {
        "at": dt.datetime(2024, 1, day, number % 24),
        "score": number / 64,
        "failed": int(number < 8),
        "known": dt.datetime(2024, 1, day, number % 24) + dt.timedelta(days=2 if number < 8 else 10),
    }
    for day in range(1, 15)
    for number in range(40)
]
MODELS = {name: declare_with({"relation": source("log"), **COMMON, **case[0]}) for name, case in CASES.items()}
MODELS |= {
    name: declare_with({"relation": source("log"), **COMMON, "label": IN_LOG, **it}) for name, it in PERIODS.items()
}
MODELS["credit"] = declare_with(
    {
        "relation": source("loans"), **COMMON, "label": {"label": "failed", "known_at": "known"}, "label_delay": 10,
        "lookback": 0,
    }
)  # fmt: skip
WINDOWS = {"hour": [1, 24], "day": [1, 3], "week": [1], "month": [1]}
Window = tuple[int, dt.datetime, dt.datetime, bool, bool]


class Story:
    """A run at each clock, and one over everything at the last."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.states: list[dict[str, dict[Key, tuple[Any, ...]]]] = []
        self.windows: list[dict[str, list[Window]]] = []
        for clock in CLOCKS:
            project.load("present", label_table([label for label in PRESENT if label["known"] < clock]))
            project.build("--select", "monitors", "+driftline_int_windows", vars={"driftline_now": str(clock)})
            self.states.append({name: counts(project, name) for name in MODELS})
            found: dict[str, list[Window]] = {}
            for monitor, *window in project.sql(
                "select monitor, window_periods, window_start, window_end, is_complete, is_mature from driftline_int_windows"
                " where segment = 'all' order by 1, 2, 3"
            ):
                found.setdefault(monitor, []).append(tuple(window))  # type: ignore[arg-type]
            self.windows.append(found)
        self.settings = project.sql("select monitor, label_delay, has_label from driftline_int_monitors")
        project.build("--select", "monitors", "--full-refresh", vars={"driftline_now": str(CLOCKS[-1])})
        self.built = {name: counts(project, name) for name in MODELS}
        self.back: list[dict[str, dict[Key, tuple[Any, ...]]]] = []
        for arguments in ([], ["--full-refresh"]):
            project.build("--select", "monitors", *arguments, vars={"driftline_now": str(CLOCKS[1])})
            self.back.append({name: counts(project, name) for name in MODELS})


@pytest.fixture(scope="module")
def story(make_module_project: Any) -> Story:
    log = columns_of(ROWS)
    log["known"] = pa.array(log["known"], pa.timestamp("us"))
    project = make_module_project(
        models={f"monitors/{name}": text for name, text in MODELS.items()},
        tables={
            "log": log,
            "labels": label_table(LABELS),
            "present": label_table([]),
            "loans": columns_of(LOANS),
        },
        vars={"driftline_monitors": list(MODELS), "driftline_windows": WINDOWS},
    )
    return Story(project)


def expected(project: Project, name: str, run: int) -> dict[Key, tuple[Any, ...]]:
    """The state after a run: each day as the last run that read it could know it."""
    arguments, known, back, timezone = CASES[name]
    model = Model("binary", None, lambda row: row["score"])
    columns = [
        Column("score", lambda row: row["score"], "prediction"),
        Column("truth", lambda row: model.label and (None if model.label(row) is None else f"{model.label(row):g}"), "label", "categorical"),
    ]  # fmt: skip
    model.label = known(CLOCKS[0])
    spec = Spec("at", [*columns, *performance_columns(model, "score", "truth")], model=model, timezone=timezone)
    spec.reference = REFERENCE
    spec.segments = {"country": lambda row: row["country"]} if "segments" in arguments else {}
    learn(project, name, spec.columns, model)
    found: dict[Key, tuple[Any, ...]] = {}
    for number, clock in enumerate(CLOCKS[: run + 1]):
        spec.now, model.label = clock, known(clock)
        before = max((key[2] for key in found), default=dt.datetime(1900, 1, 1))
        first = before - dt.timedelta(days=back) if number else before
        new = recount(spec, ROWS)
        found = {key: sums for key, sums in found.items() if key[2] < first}
        found |= {key: sums for key, sums in new.items() if key[2] >= first}
    return found


@pytest.mark.parametrize("name", CASES)
def test_every_sum_after_every_run(story: Story, name: str) -> None:
    for run in range(len(CLOCKS)):
        # Categories are learnt once, with what was known then; the full build has learnt them anew.
        without = {key: sums for key, sums in story.states[run][name].items() if key[7] != "label"}
        wanted = {key: sums for key, sums in expected(story.project, name, run).items() if key[7] != "label"}
        assert_counts(without, wanted)


@pytest.mark.parametrize("name", COMPLETE)
def test_in_the_end_it_is_as_if_all_had_been_read_at_once(story: Story, name: str) -> None:
    assert_counts(story.states[-1][name], story.built[name])


@pytest.mark.parametrize("name", MODELS)
def test_a_clock_that_is_put_back_knows_nothing_of_the_future(story: Story, name: str) -> None:
    replayed, built = ({key: sums for key, sums in state[name].items() if key[7] != "label"} for state in story.back)
    assert built
    assert built != {key: sums for key, sums in story.built[name].items() if key[7] != "label"}
    assert_counts(replayed, built)


def known_by_day(state: dict[Key, tuple[Any, ...]]) -> dict[dt.datetime, int]:
    found: dict[dt.datetime, int] = {}
    for key, sums in state.items():
        if key[4] == "all" and key[9] == "known":
            found[key[2]] = found.get(key[2], 0) + sums[0]
    return found


@pytest.mark.parametrize("name", COMPLETE)
def test_the_known_labels_of_a_day_grow_until_it_is_final(story: Story, name: str) -> None:
    runs = [known_by_day(state[name]) for state in story.states]
    for one, next_one in itertools.pairwise(runs):
        assert all(rows <= next_one[day] for day, rows in one.items())
        assert any(rows < next_one[day] for day, rows in one.items())
    # From the day on which the labels are final nothing changes any more.
    for run, clock in enumerate(CLOCKS):
        local = local_time(clock, CASES[name][3])
        for day, rows in runs[run].items():
            if day + dt.timedelta(days=5) <= local:
                assert all(rows == after[day] for after in runs[run:])


@pytest.mark.parametrize("name", ["delayed_by_one", "looking_back", "lookback_alone"])
def test_what_comes_too_late_is_not_counted(story: Story, name: str) -> None:
    """But a build over everything has it."""
    resumed, built = (sum(known_by_day(state[name]).values()) for state in (story.states[-1], story.built))
    assert resumed < built


# ------------------------------------------------------------------------------------------------------------ maturity


def later(moment: dt.datetime, period: str, number: int) -> dt.datetime:
    if period != "month":
        return (
            moment + number * {"hour": dt.timedelta(hours=1), "day": dt.timedelta(1), "week": dt.timedelta(7)}[period]
        )
    months = moment.year * 12 + moment.month - 1 + number
    return moment.replace(year=months // 12, month=months % 12 + 1)


def delays() -> Iterable[tuple[str, str, int, str]]:
    for name, case in CASES.items():
        yield name, "day", case[0].get("label_delay", 0), case[3]
    for name, given in PERIODS.items():
        yield name, str(given["period"]), int(given.get("label_delay", 0)), str(given.get("timezone", "UTC"))


@pytest.mark.parametrize(("name", "period", "delay", "timezone"), list(delays()), ids=lambda value: str(value))
def test_a_window_is_mature_when_its_labels_have_had_their_time(
    story: Story, name: str, period: str, delay: int, timezone: str
) -> None:
    seen = set()
    for clock, windows in zip(CLOCKS, story.windows, strict=True):
        local = local_time(clock, timezone)
        assert windows[name]
        for size, start, end, is_complete, is_mature in windows[name]:
            assert end == later(start, period, size)
            assert is_complete == (end <= local)
            assert is_mature == (later(end, period, delay) <= local), (start, end, clock)
            seen.add(is_mature)
    assert period == "month" or seen == {True, False}


def test_until_then_the_rate_of_the_labels_is_wrong_by_a_factor(story: Story) -> None:
    """What fails is known early, and what does not fail late: of the labels known all are failures."""
    rates: list[tuple[float, bool]] = []
    for state, windows in zip(story.states, story.windows, strict=True):
        mature = {start: is_mature for size, start, _, _, is_mature in windows["credit"] if size == 1}
        label = {key[2]: sums for key, sums in state["credit"].items() if key[9] == "label"}
        rates += [(sums[3] / sums[1], mature[day]) for day, sums in label.items()]
    assert {is_mature for _, is_mature in rates} == {True, False}
    # The truth is eight of forty.
    assert {rate for rate, is_mature in rates if is_mature} == {0.2}
    wrong = [rate for rate, is_mature in rates if not is_mature]
    assert max(wrong) == 1.0
    assert sum(rate == 1.0 for rate in wrong) > 10


def test_the_tables_say_what_was_declared(story: Story) -> None:
    assert set(story.settings) == {(name, delay, 1) for name, _, delay, _ in delays()} | {("credit", 10, 1)}
