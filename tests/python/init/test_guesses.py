"""What is guessed of names, values and times: no warehouse."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import jinja2
import pytest
import yaml
from driftline.init import names, schedule
from driftline.init.profile import Facts, TimeFacts, grows, lives_a_day, sample_days
from driftline.init.roles import Roles, assign
from driftline.init.text import in_comment, quoted
from driftline.kinds import Kind
from driftline.warehouse import Column
from hypothesis import given
from hypothesis import strategies as st
from support.project import REPOSITORY

TODAY = date(2026, 6, 1)
ANY_TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))


# --- texts -----------------------------------------------------------------------------------------------------------


@given(ANY_TEXT)
def test_a_name_is_what_jinja_and_yaml_read(text: str) -> None:
    environment = jinja2.Environment()
    assert environment.from_string("{{ [" + quoted(text) + "][0] }}").render() == text
    assert yaml.safe_load(f"name: {quoted(text)}") == {"name": text}


@given(st.text(st.sampled_from("{}#% a'\n")))
def test_a_comment_ends_where_it_should(text: str) -> None:
    rendered = jinja2.Environment().from_string("{# " + in_comment(text) + " #}after").render()
    assert rendered == "after"


def test_words() -> None:
    for name in ("served_at", "servedAt", "SERVED-AT", "Served At"):
        assert names.words_of(name) == ("served", "at")
    assert names.words_of("p_a1") == ("p", "a", "1")
    assert names.slug("Odd Näme!") == "odd_n_me" and names.slug("2026") == "t_2026" and names.slug("größe").isascii()


# --- the time --------------------------------------------------------------------------------------------------------


def time(
    name: str, filled: int = 100, days: int = 30, low: date = date(2026, 1, 1), kind: str = "timestamp"
) -> TimeFacts:
    return TimeFacts(Column(name, kind), filled, low, low + timedelta(days=days), days)


@pytest.mark.parametrize(
    ("columns", "chosen"),
    [
        (["updated_at", "created_at", "served_at"], "served_at"),
        (["created_at", "_loaded_at"], "created_at"),
        (["valid_from", "event_time", "valid_to"], "event_time"),
        (["birth_date", "day"], "day"),
        (["a", "b"], "a"),
    ],
)
def test_the_time_by_its_name(columns: list[str], chosen: str) -> None:
    found, why = schedule.choose_time([time(name) for name in columns], 100, TODAY)
    assert found.column.name == chosen
    assert all(name in why for name in columns if name != chosen)


def test_the_time_by_its_values() -> None:
    with_holes, one_day, future = (
        time("served_at", filled=60),
        time("served_at", days=1),
        time("event_at", low=date(2030, 1, 1)),
    )
    for odd in (with_holes, one_day, future):
        assert schedule.choose_time([odd, time("day", kind="date")], 100, TODAY)[0].column.name == "day"
    # Of an empty relation the name alone tells.
    assert schedule.choose_time([time("day", 0, 0), time("served_at", 0, 0)], 0, TODAY)[0].column.name == "served_at"


# --- the period and the reference ------------------------------------------------------------------------------------


def days(number: int, rows: int, every: int = 1, start: date = date(2026, 1, 1)) -> list[tuple[date, int]]:
    return [(start + timedelta(days=n * every), rows) for n in range(number)]


@pytest.mark.parametrize(
    ("history", "hours", "period"),
    [
        ([], True, "day"),
        (days(90, 500), True, "day"),
        (days(5, 5000), True, "hour"),
        (days(5, 5000), False, "day"),
        (days(200, 20), True, "week"),
        (days(30, 20), True, "day"),
        (days(500, 4), True, "month"),
        (days(90, 1), True, "week"),
        (days(20, 5000, every=7), True, "week"),
        (days(24, 5000, every=30), False, "month"),
    ],
)
def test_the_period(history: list[tuple[date, int]], hours: bool, period: str) -> None:
    choice = schedule.choose_period(history, hours)
    assert (choice.value, bool(choice.why)) == (period, True)


@pytest.mark.parametrize(
    ("history", "period", "start", "end"),
    [
        (days(90, 500), "day", date(2026, 1, 1), date(2026, 1, 29)),  # 30 of 90, whole weeks
        (days(400, 500), "day", date(2026, 1, 1), date(2026, 2, 26)),  # not more than 56
        (days(30, 500), "day", date(2026, 1, 1), date(2026, 1, 15)),  # 14, of which a noise can be learnt
        (days(9, 500), "day", date(2026, 1, 1), date(2026, 1, 4)),
        (days(1, 500), "day", date(2026, 1, 1), date(2026, 1, 2)),
        (days(7, 5000), "hour", date(2026, 1, 1), date(2026, 1, 3)),
        ([(date(2025, 1, 1), 1), *days(90, 500)], "day", date(2026, 1, 1), date(2026, 1, 29)),  # a test long before
        (days(365, 20), "week", date(2026, 1, 5), date(2026, 5, 4)),  # from a Monday on
        (days(365, 4, every=2, start=date(2025, 1, 15)), "month", date(2025, 2, 1), date(2025, 10, 1)),
        ([], "day", date(2026, 6, 1), date(2026, 6, 29)),
    ],
)
def test_the_reference(history: list[tuple[date, int]], period: str, start: date, end: date) -> None:
    span = schedule.choose_reference(history, period, TODAY)
    assert (span.start, span.end) == (start, end)
    inside = [n for day, n in history if span.start <= day < span.end]
    assert not history or inside
    after = [n for day, n in history if day >= span.end]
    assert len(history) == 1 or not history or len(after) >= len(inside) or period == "month"


@given(
    st.lists(st.tuples(st.dates(date(2020, 1, 1), date(2026, 6, 1)), st.integers(1, 10**7)), min_size=1, max_size=60),
    st.sampled_from(["hour", "day", "week", "month"]),
)
def test_a_reference_of_any_history_has_rows(history: list[tuple[date, int]], period: str) -> None:
    counts = sorted(dict(history).items())
    assert schedule.choose_period(counts, True).value in ("hour", "day", "week", "month")
    span = schedule.choose_reference(counts, period, TODAY)
    assert span.start < span.end and any(span.start <= day < span.end for day, _ in counts)


def test_days_that_have_not_come_do_not_count() -> None:
    assert schedule.until([*days(3, 5), (date(2999, 1, 1), 1)], TODAY) == days(3, 5)


def test_labels_that_come_late() -> None:
    def known(*shares: float) -> list[tuple[date, int, int]]:
        return [(day, n, round(n * share)) for (day, n), share in zip(days(len(shares), 100), shares, strict=True)]

    late = schedule.choose_delay(known(*[0.9] * 20, 0.5, 0.1, 0), "day")
    assert late is not None and late.value == "3"
    weeks = schedule.choose_delay(known(*[0.9] * 20, 0.5, 0.1, 0), "week")
    assert weeks is not None and weeks.value == "1"
    assert schedule.choose_delay(known(*[0.9] * 23), "day") is None
    assert schedule.choose_delay(known(*[1.0] * 23), "day") is None
    assert schedule.choose_delay(known(*[0.0] * 23), "day") is None
    assert schedule.choose_delay([], "day") is None


# --- columns ---------------------------------------------------------------------------------------------------------


def facts(name: str, distinct: int, low: Any = 0, high: Any = 100, kind: Kind = Kind.NUMBER, **more: Any) -> Facts:
    data_type = more.pop("data_type", kind.value)
    return Facts(
        Column(name, data_type), kind, more.pop("rows", 2000), more.pop("filled", 2000), distinct, low, high, **more
    )


def text(name: str, distinct: int, **more: Any) -> Facts:
    return facts(name, distinct, "a", "z", Kind.TEXT, **more)


def roles_of(
    *columns: Facts, values: dict[str, list[tuple[str, int]]] | None = None, times: Sequence[str] = ()
) -> Roles:
    return assign(columns, [time(name) for name in times], values or {})


def groups_of(*columns: Facts) -> dict[str, str]:
    return {one.name: one.group for one in roles_of(*columns).left}


def test_columns_are_sorted() -> None:
    found = roles_of(
        facts("price", 900, broken=1500), facts("visits", 12), facts("is_new", 2, 0, 1), facts("store_code", 40),
        text("colour", 7), facts("vip", 2, None, None, Kind.BOOLEAN), text("shop_id", 12),
    )  # fmt: skip
    assert found.numeric == ["price", "visits"]
    assert found.categorical == ["is_new", "store_code", "colour", "vip", "shop_id"]
    assert found.left == []


def test_columns_are_left_out() -> None:
    fresh = ((3, "a", "b"), (4, "c", "d"), (2, "e", "f"))
    growing = ((100, 0, 99), (100, 100, 199), (100, 200, 299))
    assert groups_of(
        facts("order_id", 1900), text("session", 1990), text("comment", 1900, spaced=1900, mean_length=80),
        text("page", 90, longest=2000), text("batch", 9, by_day=fresh), facts("loaded", 300, by_day=growing),
        facts("currency", 1, "EUR", "EUR", Kind.TEXT), facts("gone", 0, None, None, filled=0), facts("hash", 2000),
        facts("zip", 1500), facts("serial", 1999), facts("tags", 0, kind=Kind.NESTED, data_type="varchar[]"),
        facts("uid", 0, kind=Kind.OTHER, data_type="UUID"), facts("odd", 0, refused=True),
        facts("paid_at", 0, kind=Kind.TIME),
    ) == {
        "order_id": "identifiers", "session": "identifiers", "comment": "free text", "page": "free text",
        "batch": "new every day", "loaded": "grow with time", "currency": "constant", "gone": "empty",
        "hash": "identifiers", "zip": "identifiers", "serial": "identifiers", "tags": "of other types",
        "uid": "identifiers", "odd": "of other types", "paid_at": "other times",
    }  # fmt: skip


def test_of_an_empty_relation_names_and_types_tell() -> None:
    empty = [facts("price", 0, None, None, rows=0, filled=0), text("colour", 0, rows=0, filled=0)]
    found = roles_of(*empty, facts("order_id", 0, rows=0, filled=0), facts("score", 0, None, None, rows=0, filled=0),
                     facts("label", 0, None, None, rows=0, filled=0))  # fmt: skip
    assert (found.numeric, found.categorical) == (["price"], ["colour"])
    assert (found.prediction, found.label, found.task) == ("score", "label", "none")
    assert [one.name for one in found.left] == ["order_id"]


SCORE = facts("score", 1500, 0.01, 0.99, broken=1990)


def test_binary() -> None:
    found = roles_of(SCORE, facts("bought", 2, 0, 1), facts("price", 300))
    assert (found.prediction, found.label, found.task, found.positive_label) == ("score", "bought", "binary", None)
    assert found.numeric == ["price"]
    assert found.decision_threshold is None
    found = roles_of(facts("risk_score", 300, 0, 1000), facts("is_fraud", 2, None, None, Kind.BOOLEAN))
    assert (found.prediction, found.task, found.decision_threshold) == ("risk_score", "binary", 500)


def test_the_positive_label() -> None:
    outcome = facts("outcome", 2, "no", "yes", Kind.TEXT)
    found = roles_of(SCORE, outcome, values={"outcome": [("no", 1900), ("yes", 100)]})
    assert found.positive_label == "yes" and "its word" in found.why["positive_label"]
    found = roles_of(SCORE, facts("outcome", 2, "x", "z", Kind.TEXT), values={"outcome": [("z", 1900), ("x", 100)]})
    assert found.positive_label == "x" and "rarer" in found.why["positive_label"]


def test_multiclass() -> None:
    label = facts("label", 3, "blue", "red", Kind.TEXT)
    found = roles_of(facts("predicted_class", 3, "blue", "red", Kind.TEXT), label)
    assert (found.prediction, found.task, found.values["label"]) == ("predicted_class", "multiclass", 3)
    scores = [facts(f"p_{colour}", 900, 0.1, 0.9, broken=900) for colour in ("red", "green", "blue")]
    found = roles_of(*scores, label, values={"label": [("red", 5), ("green", 3), ("blue", 1)]})
    assert found.prediction == {"red": "p_red", "green": "p_green", "blue": "p_blue"}
    assert (found.task, found.numeric) == ("multiclass", [])


def test_regression_and_none() -> None:
    found = roles_of(facts("forecast", 900, 1, 5000), facts("actual", 900, 0, 4800))
    assert (found.prediction, found.label, found.task) == ("forecast", "actual", "regression")
    found = roles_of(facts("forecast", 900, 1, 5000), facts("price", 20))
    assert (found.prediction, found.task) == ("forecast", "none") and "without a label" in found.why["task"]


def test_a_score_that_is_none() -> None:
    """A home score is a result and a credit score a feature; what lies between 0 and 1 is an answer."""
    found = roles_of(facts("home_score", 9, 0, 8), facts("credit_score", 500, 300, 850))
    assert found.prediction is None and found.numeric == ["home_score", "credit_score"]
    assert roles_of(facts("home_prob", 900, 0.0, 1.0, broken=9)).prediction == "home_prob"


def test_a_score_goes_before_its_class() -> None:
    found = roles_of(facts("predicted", 2, 0, 1), SCORE, facts("label", 2, 0, 1))
    assert found.prediction == "score" and "predicted" in found.why["prediction"]
    # Also one of few grades.
    found = roles_of(facts("predicted", 2, 0, 1), facts("score", 11, 0, 10), facts("label", 2, 0, 1))
    assert found.prediction == "score"
    # And a class alone is one.
    found = roles_of(facts("predicted", 2, 0, 1), facts("label", 2, 0, 1))
    assert (found.prediction, found.task) == ("predicted", "binary")


def test_version_segments_business_and_known_at() -> None:
    found = roles_of(
        text("model_version", 3), text("app_version", 9), text("country", 30), text("market", 3), text("plan", 2),
        text("segment_tier", 4), facts("revenue", 700, broken=9), facts("target", 2, 0, 1),
        facts("label_at", 0, kind=Kind.TIME), times=("served_at", "label_at"),
    )  # fmt: skip
    assert (found.model_version, found.segments) == ("model_version", ["segment_tier", "market"])
    assert found.categorical == ["app_version", "country", "market", "plan", "segment_tier"]
    assert (found.business, found.label, found.known_at) == ({"revenue": "revenue"}, "target", "label_at")
    assert found.left == [] and found.values == {"model_version": 3, "segment_tier": 4, "market": 3}


def test_what_lives_a_day_and_what_grows() -> None:
    assert lives_a_day(text("x", 6, by_day=((2, "a", "b"), (2, "c", "d"), (2, "e", "f"))))
    assert not lives_a_day(text("x", 5, by_day=((2, "a", "b"), (2, "b", "d"), (2, "e", "f"))))
    assert not lives_a_day(text("x", 4, by_day=((2, "a", "b"), (2, "c", "d"))))
    assert grows(facts("x", 9, by_day=((3, 1, 3), (3, 4, 6), (3, 7, 9))))
    assert not grows(facts("x", 9, by_day=((3, 1, 3), (3, 3, 6), (3, 7, 9))))


def test_days_of_the_sample() -> None:
    assert sample_days(days(500, 10), 10) is None
    found = sample_days(days(500, 100_000), 20)
    assert found is not None and len(found) == 20 and {most for _, most in found} == {10_000}
    there = [day for day, _ in found]
    assert there[0] == date(2026, 1, 1) and there[-1] == date(2026, 1, 1) + timedelta(days=499)
    # Neighbours, so that what lives for one day shows.
    assert all(there[n + 1] - there[n] == timedelta(days=1) for n in range(0, 20, 2))
    assert sum(most for _, most in sample_days(days(500, 100_000), 500) or []) == 10_000


def test_the_lengths_of_windows_by_default_are_the_packages() -> None:
    text = (REPOSITORY / "macros" / "windows" / "_windows.sql").read_text(encoding="utf-8")
    (given,) = re.findall(r"set sizes = (\{.+?\]\})", text)
    assert {name: list(sizes) for name, sizes in schedule.DEFAULT_WINDOWS.items()} == yaml.safe_load(given)


@pytest.mark.parametrize(
    ("a_day", "period", "proposed", "said"),
    [
        (120, "day", "{day: [1, 7]}", "one day has the 100 rows"),
        (20, "day", "{day: [1, 7]}", "one day has too few rows to be judged, 7 days have 100"),
        (5, "day", "{day: [1, 28]}", "28 days have 100"),
        (1, "day", "{day: [1, 105]}", "105 days have"),
        (2400, "hour", "{hour: [1, 24]}", "one hour has the 100 rows"),
        (2, "week", "{week: [1, 13]}", "13 weeks have 100"),
        (4, "month", "{month: [1, 3]}", "one month has the 100 rows"),
    ],
)
def test_windows_are_those_that_have_rows_enough(a_day: int, period: str, proposed: str, said: str) -> None:
    days = [(TODAY - timedelta(days=300 - n), a_day) for n in range(300)]
    choice = schedule.choose_windows(days, period)
    assert choice.value == proposed and said in choice.why
    assert yaml.safe_load(choice.value).keys() == {period}


def test_windows_of_too_few_rows_stay_as_they_are() -> None:
    for days in ([], [(TODAY, 3)]):
        assert schedule.choose_windows(days, "day").value == "{day: [1, 7, 28]}"
