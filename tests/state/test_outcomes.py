"""Labels, predictions and losses in the state, against plain Python: every sum of every bin, and every measure."""

from __future__ import annotations

import datetime as dt
import math
import random
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import ndcg_score
from state.outcomes import Model, Outcome, Ranking, Row, outcome_of, rank
from state.states import (
    Column,
    Key,
    Spec,
    assert_counts,
    counts,
    declare,
    learn,
    number,
    performance_columns,
    recount,
    rows_of_the_relation,
    source,
    thresholds,
)
from support import Project

NOW = dt.datetime(2024, 1, 9, 12)
REFERENCE = (dt.datetime(2024, 1, 2), dt.datetime(2024, 1, 5))
SPAN = {"start": "2024-01-02", "end": "2024-01-05"}
# What a number must not be to be a label or a score; the last is too large to be added up.
NO_NUMBERS = [math.nan, math.inf, -math.inf, 1e301]


def make_rows() -> list[Row]:
    rng = random.Random(11)
    rows: list[Row] = []
    for day in range(1, 11):
        for _ in range(60):
            score = rng.choice([None, *NO_NUMBERS, *[0.5] * 5, 0.0, 1.0, 1.25, -0.25, *[rng.randrange(129) / 128] * 22])
            likely = score is not None and 0.5 <= score <= 2
            rows.append(
                {
                    "at": dt.datetime(2024, 1, day) + dt.timedelta(seconds=rng.randrange(86_400)),
                    "id": len(rows),
                    "x": rng.choice([None, math.nan, *[rng.randrange(80) / 4] * 6]),
                    "score": score,
                    "hard": rng.choice([None, 0, 1]),
                    "near": rng.choice([0.5, math.nextafter(0.5, 0), math.nextafter(0.5, 1), rng.random()]),
                    "low": rng.randrange(100) / 1024,
                    "guessed": rng.choice([True, False, None]),
                    "guess": rng.choice(["it's", "it's", "no", "it", None]),
                    "bought": rng.choice([None, 2, -1, *[int(likely)] * 6, 0, 1]),
                    "bought_float": rng.choice([None, *NO_NUMBERS, 0.5, 0.0, 0.0, 1.0, 1.0, 1.0]),
                    "sold": rng.choice([True, False, None]),
                    "outcome": rng.choice(["it's", "it's", "no", "it", "", None]),
                    "amount": rng.choice([None, *NO_NUMBERS, 0.0, -3.0, *[rng.randrange(1, 200) / 4] * 9]),
                    "forecast": rng.choice([None, *NO_NUMBERS, -2.0, *[rng.randrange(200) / 4] * 9]),
                    "kind": rng.choice(["a", "a", "a", "b", "c", "it's", None]),
                    "kind_guess": rng.choice(["a", "a", "b", "c", "z", None]),
                    "kind_number": rng.choice([1.0, 1.0, 2.0, 2.5, math.nan, math.inf, None]),
                    "kind_guess_number": rng.choice([1, 1, 2, 3, None]),
                    **{f"p_{name}": rng.choice([None, math.nan, 1.25, *[rng.randrange(5) / 4] * 12]) for name in "abc"},
                    "w": rng.choice([0.25, 1.0, 2.5]),
                    "country": rng.choice(["DE", "UK", None]),
                    "version": rng.choice(["v1", "v2"]),
                }
            )
        # Lists of one to eight places, in a market as a whole and with items of several kinds.
        for place, row in enumerate(rng.sample(rows[-60:], 60)):
            row["request"] = None if place >= 56 else f"{day}-{place // 8 if place < 48 else place}"
            row["position"] = place % 8 + 1 if place < 48 else 1
            row["market"] = "north" if place < 30 else "south"
            row["grade"] = None if place == 5 else float(rng.choice([0, 0, 0, 1, 2, 3]))
            row["clicked"] = None if place == 13 else int(rng.random() < 0.25)
            if place // 8 == 2:
                row["grade"], row["clicked"] = 0.0, 0
            if place // 8 == 3:
                row["position"] = rng.choice([None, 0, row["position"] + 2])
    rng.shuffle(rows)
    return rows


ROWS = make_rows()
TYPES = {"hard": pa.int32(), "position": pa.int32(), "clicked": pa.int16(), "bought": pa.int64()}
TRAINING = [row for row in ROWS if row["at"].day in (3, 4)]


def as_table(rows: list[Row], without: tuple[str, ...] = ()) -> pa.Table:
    names = [name for name in ROWS[0] if name not in without]
    types = {name: TYPES.get(name) or pa.array([row[name] for row in ROWS]).type for name in names}
    return pa.table({name: pa.array([row[name] for row in rows], types[name], from_pandas=False) for name in names})


# ---------------------------------------------------------------------------------------------------- what rows mean


def text(name: str) -> Any:
    return lambda row: row[name]


def zero_or_one(name: str) -> Any:
    """1 and true are positive, 0 and false negative, and anything else is no label."""
    return lambda row: float(row[name]) if row[name] in (0, 1) else None


def is_one(name: str, value: Any) -> Any:
    """A positive label: this value and no other; what is not there (or no number) is no label."""

    def positive(row: Row) -> float | None:
        given = row[name]
        unknown = given is None or (isinstance(given, float) and (not math.isfinite(given) or abs(given) > 1e300))
        return None if unknown else float(given == value)

    return positive


def amount(name: str) -> Any:
    return lambda row: None if row[name] is None or row[name] in NO_NUMBERS or math.isnan(row[name]) else row[name]


def as_class(name: str) -> Any:
    """A number as a class: 1 (not 1.0), 2.5; what is no number is none."""

    def spelled(row: Row) -> str | None:
        given = row[name]
        return None if given is None or not math.isfinite(given) else f"{given:g}"

    return spelled


def label_category(name: str) -> Any:
    """The label as a category, as drift looks at it."""

    def spelled(row: Row) -> str | None:
        given = row[name]
        if given is None or isinstance(given, str):
            return given
        return str(given).lower() if isinstance(given, bool) else f"{given:g}"

    return spelled


PROBABILITIES = {name: number(f"p_{name}") for name in "abc"}
SEGMENTS = {"country": text("country"), "kind": text("kind")}

SCORE = Column("score", number("score"), "prediction")
BOUGHT = Column("bought", label_category("bought"), "label", "categorical")
X = Column("x", number("x"))


def spec(model: Model, columns: list[Column], label: str, score: str = "score", **more: Any) -> Spec:
    columns = [*columns, *(performance_columns(model, score, label) if model.prediction and model.label else [])]
    return Spec(**{"timestamp": "at", "columns": columns, "reference": REFERENCE, "now": NOW, "model": model, **more})


def binary(label: Any, prediction: Any, **more: Any) -> Model:
    return Model("binary", label, prediction, **more)


def classes(**more: Any) -> Spec:
    model = Model("multiclass", text("kind"), PROBABILITIES)
    columns = [Column(f"p_{name}", get, "prediction") for name, get in PROBABILITIES.items()]
    return spec(model, [*columns, Column("kind", text("kind"), "label", "categorical"), X], "kind", **more)


def hard(threshold: float) -> Spec:
    model = binary(zero_or_one("bought"), number("score"), threshold=threshold)
    return spec(model, [Column("score", number("score"), "prediction"), BOUGHT], "bought")


BOUGHT_BY_SCORE = {"prediction": "score", "label": "bought", "task": "binary"}
AMOUNTS = {"prediction": "forecast", "label": "amount", "task": "regression"}
CLASSES = {"prediction": {name: f"p_{name}" for name in "abc"}, "label": "kind", "task": "multiclass", "numeric": ["x"]}

# name: (the declaration's arguments, what it says in Python)
CASES: dict[str, tuple[dict[str, Any], Spec]] = {
    "numbers": (
        {**BOUGHT_BY_SCORE, "numeric": ["x"], "categorical": ["kind"]},
        spec(
            binary(zero_or_one("bought"), number("score")),
            [SCORE, BOUGHT, X, Column("kind", text("kind"), kind="categorical")],
            "bought",
        ),
    ),
    "split": (
        {
            **BOUGHT_BY_SCORE,
            "numeric": ["x"],
            "weight": "w",
            "segments": ["country", "kind"],
            "model_version": "version",
            "bins": {"x": [3, 7.5]},
        },
        spec(
            binary(zero_or_one("bought"), number("score")),
            [SCORE, BOUGHT, X],
            "bought",
            weight=number("w"),
            segments=SEGMENTS,
            version=text("version"),
        ),
    ),
    "truths": (
        {"prediction": "guessed", "label": "sold", "task": "binary"},
        spec(
            binary(zero_or_one("sold"), number("guessed")),
            [
                Column("guessed", label_category("guessed"), "prediction", "categorical"),
                Column("sold", label_category("sold"), "label", "categorical"),
            ],
            "sold",
            "guessed",
        ),
    ),
    "texts": (
        {"prediction": "guess", "label": "outcome", "task": "binary", "positive_label": "it's"},
        spec(
            binary(is_one("outcome", "it's"), is_one("guess", "it's")),
            [
                Column("guess", text("guess"), "prediction", "categorical"),
                Column("outcome", text("outcome"), "label", "categorical"),
            ],
            "outcome",
            "guess",
        ),
    ),
    "hard": (
        {"prediction": "hard", "label": "bought", "task": "binary", "decision_threshold": 1},
        spec(
            binary(zero_or_one("bought"), number("hard"), threshold=1.0),
            [Column("hard", number("hard"), "prediction"), BOUGHT],
            "bought",
            "hard",
        ),
    ),
    **{
        name: ({**BOUGHT_BY_SCORE, "decision_threshold": threshold}, hard(threshold))
        for name, threshold in {"tied": 1.0, "above_all": 2.5, "below_all": -7}.items()
    },
    "amounts": (
        {**AMOUNTS, "weight": "w", "segments": ["country", "kind"]},
        spec(
            Model("regression", amount("amount"), number("forecast")),
            [Column("forecast", number("forecast"), "prediction"), Column("amount", number("amount"), "label")],
            "amount",
            weight=number("w"),
            segments=SEGMENTS,
        ),
    ),
    "classes": (CLASSES, classes()),
    "classes_split": (
        {**CLASSES, "weight": "w", "segments": ["country"], "model_version": "version", "top_categories": 2},
        classes(weight=number("w"), segments={"country": text("country")}, version=text("version")),
    ),
    "classes_guessed": (
        {"prediction": "kind_guess", "label": "kind", "task": "multiclass"},
        spec(
            Model("multiclass", text("kind"), text("kind_guess")),
            [
                Column("kind_guess", text("kind_guess"), "prediction", "categorical"),
                Column("kind", text("kind"), "label", "categorical"),
            ],
            "kind",
        ),
    ),
    "label_alone": (
        {"label": "bought", "task": "binary", "numeric": ["x"], "weight": "w"},
        spec(Model("binary", zero_or_one("bought")), [BOUGHT, X], "bought", weight=number("w")),
    ),
    "class_alone": (
        {"label": "kind", "task": "multiclass", "numeric": ["x"]},
        spec(
            Model("multiclass", text("kind")),
            [Column("kind", text("kind"), "label", "categorical"), X],
            "kind",
        ),
    ),
    "prediction_alone": (
        {"prediction": "score", "task": "binary", "numeric": ["x"]},
        spec(Model("none", None, number("score")), [SCORE, X], ""),
    ),
    "lists": (
        {
            **BOUGHT_BY_SCORE,
            "label": "clicked",
            "ranking": {"request": "request", "position": "position", "k": 3},
            "segments": ["market", "kind"],
            "weight": "w",
        },
        spec(
            binary(zero_or_one("clicked"), number("score"), ranking=Ranking(text("request"), number("position"), 3)),
            [SCORE, Column("clicked", label_category("clicked"), "label", "categorical")],
            "clicked",
            segments={"market": text("market"), "kind": text("kind")},
            weight=number("w"),
        ),
    ),
    "graded_lists": (
        {"label": "grade", "task": "regression", "ranking": {"request": "request", "position": "position"}},
        spec(
            Model("regression", amount("grade"), ranking=Ranking(text("request"), number("position"))),
            [Column("grade", number("grade"), "label")],
            "grade",
        ),
    ),
}  # fmt: skip
# Labels that are numbers of a kind that some warehouses know more of than texts do: what is no number is no label.
NUMBERED: dict[str, tuple[dict[str, Any], Spec]] = {
    "floats": (
        {"prediction": "score", "label": "bought_float", "task": "binary"},
        spec(binary(is_one("bought_float", 1.0), number("score")), [SCORE], "bought_float"),
    ),
    "floats_named": (
        {"prediction": "score", "label": "bought_float", "task": "binary", "positive_label": 1.0},
        spec(binary(is_one("bought_float", 1.0), number("score")), [SCORE], "bought_float"),
    ),
    "classes_numbered": (
        {"prediction": "kind_guess_number", "label": "kind_number", "task": "multiclass"},
        spec(
            Model("multiclass", as_class("kind_number"), as_class("kind_guess_number")),
            [Column("kind_guess_number", number("kind_guess_number"), "prediction")],
            "kind_number",
        ),
    ),
}
NUMBERED["floats"][1].model = binary(zero_or_one("bought_float"), number("score"))
# name: (what it is like, what its reference relation lacks)
TRAINED = {
    "trained": ("numbers", ""),
    "trained_without_label": ("numbers", "bought"),
    "trained_classes": ("classes", ""),
    "trained_classes_without_label": ("classes", "kind"),
    "trained_amounts": ("amounts", ""),
}
HALVES = {
    "whole": ROWS,
    "one_half": [row for row in ROWS if row["at"].second % 2],
    "other_half": [row for row in ROWS if not row["at"].second % 2],
    "none": [],
}
MODELS = {
    name: declare(**{"timestamp": "at", "reference": SPAN, **case[0]}) for name, case in (CASES | NUMBERED).items()
}
MODELS["near"] = declare(
    timestamp="at", reference=SPAN, prediction="near", label="bought", task="binary", decision_threshold=0.5
)
MODELS["low"] = declare(timestamp="at", reference=SPAN, prediction="low", label="bought", task="binary")
for trained, (like, without) in TRAINED.items():
    training = {"relation": source(f"training_without_{without}" if without else "training")}
    MODELS[trained] = declare(**{"timestamp": "at", **CASES[like][0], "reference": training})
for half in HALVES:
    MODELS[half] = declare(
        f"rows_{half}", timestamp="at", reference={"relation": source("training")}, **CLASSES, weight="w",
        segments=["country"],
    )  # fmt: skip


class Story:
    """Two runs one after another, and one over everything: the states after both ways."""

    def __init__(self, project: Project) -> None:
        self.project = project
        for now in ("2024-01-06 06:00:00", str(NOW)):
            project.build("--select", "monitors", vars={"driftline_now": now})
        self.resumed = {name: counts(project, name) for name in MODELS}
        project.build("--select", "monitors", "--full-refresh")
        self.built = {name: counts(project, name) for name in MODELS}


@pytest.fixture(scope="module")
def story(make_module_project: Any) -> Story:
    project = make_module_project(
        models={f"monitors/{name}": text for name, text in MODELS.items()},
        tables={
            "log": as_table(ROWS),
            **{f"rows_{half}": as_table(rows) for half, rows in HALVES.items()},
            "training": as_table(TRAINING),
            "training_without_bought": as_table(TRAINING, without=("bought",)),
            "training_without_kind": as_table(TRAINING, without=("kind",)),
        },
        vars={"driftline_now": str(NOW), "driftline_monitors": list(MODELS), "driftline_windows": {"day": [1]}},
    )
    return Story(project)


@pytest.fixture(scope="module")
def project(story: Story) -> Project:
    return story.project


@pytest.mark.parametrize("name", CASES)
def test_every_sum(story: Story, name: str) -> None:
    its = CASES[name][1]
    learn(story.project, name, its.columns, its.model)
    assert_counts(story.built[name], recount(its, ROWS))


def without_label_column(found: Mapping[Key, tuple[Any, ...]]) -> dict[Key, tuple[Any, ...]]:
    """How a category that is no number is spelled is the engine's own."""
    return {key: sums for key, sums in found.items() if key[7] != "label"}


@pytest.mark.parametrize("name", NUMBERED)
def test_what_is_no_number_is_no_label(story: Story, name: str) -> None:
    its = NUMBERED[name][1]
    learn(story.project, name, its.columns, its.model)
    assert_counts(without_label_column(story.built[name]), recount(its, ROWS))


@pytest.mark.parametrize("name", MODELS)
def test_day_by_day_is_the_same_as_all_at_once(story: Story, name: str) -> None:
    assert story.built[name] or name.startswith("none")
    assert_counts(story.resumed[name], story.built[name], exactly=name not in ("near", "low"))


@pytest.mark.parametrize("name", TRAINED)
def test_a_reference_of_its_own(story: Story, name: str) -> None:
    """Where it lacks the label its rows have predictions all the same."""
    like, without = TRAINED[name]
    whole = CASES[like][1]
    assert whole.model is not None
    here = replace(whole, reference=None)
    there = replace(here, weight=None)
    if without:
        known = [column for column in here.columns if column.name != without or column.role == "confidence"]
        there.columns = [replace(column, label=None) for column in known]
        there.model = Model("binary", None, whole.model.prediction)
    expected = {}
    for each, rows, origin in [(here, ROWS, "relation"), (there, TRAINING, "reference")]:
        learn(story.project, name, each.columns, each.model)
        expected |= recount(each, rows, origin)
    assert_counts(story.built[name], expected)


def test_the_states_of_the_parts_add_up_to_the_whole(project: Project) -> None:
    whole = rows_of_the_relation(project, "whole")
    assert len(whole) > 500
    assert_counts(rows_of_the_relation(project, "one_half", "other_half", "none"), whole)


# ----------------------------------------------------------------------------------------------- the score's own bins


def decisions(project: Project, monitor: str, score: str, threshold: float) -> dict[int, set[bool]]:
    """Which decisions the rows of each of the score's bins got, by the frozen thresholds."""
    edges = thresholds(project, monitor, score, "performance")
    assert edges == sorted(edges)
    found: dict[int, set[bool]] = {}
    for row in ROWS:
        if row["at"] < NOW and row[score] is not None and abs(row[score]) < 1e300:
            found.setdefault(bisect_left(edges, row[score]), set()).add(row[score] >= threshold)
    return found


SCORES = {
    "numbers": ("score", 0.5), "tied": ("score", 1.0), "above_all": ("score", 2.5), "below_all": ("score", -7.0),
    "hard": ("hard", 1.0), "near": ("near", 0.5), "low": ("low", 0.5), "trained_without_label": ("score", 0.5),
}  # fmt: skip


@pytest.mark.parametrize("name", SCORES)
def test_no_bin_holds_rows_of_both_decisions(project: Project, name: str) -> None:
    column, threshold = SCORES[name]
    found = decisions(project, name, column, threshold)
    assert all(len(both) == 1 for both in found.values()), found
    # And the engine's bins are these.
    got = dict(
        project.sql(
            f"select bin, sum(row_count) from {project.relation(name)} where record = 'count' and source = 'relation'"
            " and column_role = 'performance' and bin_kind = 'range' group by 1"
        )
    )
    edges = thresholds(project, name, column, "performance")
    values = [row[column] for row in ROWS if row["at"] < NOW and row[column] is not None and abs(row[column]) < 1e300]
    wanted: dict[int, int] = {}
    for value in values:
        wanted[bisect_left(edges, value)] = wanted.get(bisect_left(edges, value), 0) + 1
    assert got == wanted


def test_the_score_s_edges_are_quantiles_a_grid_and_the_threshold(project: Project) -> None:
    """49 quantiles of the reference; 25 points, for probabilities even in their log-odds; one makes way for the threshold."""
    for name, column, threshold in [("near", "near", 0.5), ("low", "low", 0.5), ("above_all", "score", 2.5)]:
        reference = [r[column] for r in ROWS if REFERENCE[0] <= r["at"] < REFERENCE[1] and is_number(r[column])]
        if max(reference) <= 1 and min(reference) >= 0:
            grid = 1 / (1 + np.exp(6 - 12 * np.arange(25) / 24))
        else:
            grid = min(reference) + (max(reference) - min(reference)) * np.arange(1, 26) / 26
        edges = sorted([*np.quantile(reference, np.arange(1, 50) / 50), *grid])
        below = math.nextafter(threshold, -math.inf)
        edges[min(sum(edge < below for edge in edges), len(edges) - 1)] = below
        got = thresholds(project, name, column, "performance")
        assert got == pytest.approx(edges, rel=1e-12, abs=1e-299)
        assert below in got


def test_without_a_label_there_are_no_measures_of_the_model(story: Story) -> None:
    assert not [key for key in story.built["prediction_alone"] if key[7] in ("performance", "label")]


def test_scores_out_of_the_reference_s_range_are_counted_as_such(story: Story) -> None:
    """Also where the decision threshold lies out of that range, between them and the last bin."""
    for name in ("above_all", "below_all", "low", "numbers"):
        score = SCORES[name][0]
        reference = [row[score] for row in ROWS if REFERENCE[0] <= row["at"] < REFERENCE[1] and is_number(row[score])]
        wanted = sum(
            1
            for row in ROWS
            if row["at"] < NOW and is_number(row[score]) and not min(reference) <= row[score] <= max(reference)
        )
        got = {
            role: sum(
                sums[7] for key, sums in story.built[name].items() if key[6:8] == (score, role) and key[9] == "moments"
            )
            for role in ("performance", "prediction")
        }
        assert got == {"performance": wanted, "prediction": wanted}


def is_number(value: Any) -> bool:
    return value is not None and abs(value) <= 1e300


# ------------------------------------------------------------------------------------------------------------ ranking


def test_the_second_way_to_rank_is_scikit_learn_s() -> None:
    rng = random.Random(2)
    for _ in range(200):
        size = rng.randrange(2, 12)
        relevance = [float(rng.choice([0, 0, 1, 2, 5])) for _ in range(size)]
        k = rng.randrange(1, 12)
        wanted = ndcg_score([relevance], [[-place for place in range(size)]], k=k, ignore_ties=True)
        assert rank(list(enumerate(relevance, start=1)), k)["ndcg"] == pytest.approx(wanted, abs=1e-12)


def test_a_list_counts_once_in_the_total_whatever_its_items_are(project: Project) -> None:
    """A segment that items of one list do not share splits the list in that segment alone."""
    found = dict(
        project.sql(
            f"select segment, sum(row_count) from {project.relation('lists')} where record = 'count'"
            " and column_role = 'performance' and bin_kind = 'ndcg' group by 1"
        )
    )
    requests: dict[str, list[Row]] = {}
    for row in ROWS:
        if row["at"] < NOW and row["request"] is not None:
            requests.setdefault(row["request"], []).append(row)
    assert found["all"] == sum(all(row["clicked"] is not None for row in rows) for rows in requests.values())
    assert found["kind"] > found["all"]


# ------------------------------------------------------------------------------------------------------- changed later


@pytest.fixture(scope="module")
def changed(story: Story) -> dict[str, dict[Any, set[Any]]]:
    """Two monitors declared anew; when each period of theirs was computed, before and after."""
    project = story.project
    arguments = {name: {"timestamp": "at", "reference": SPAN, **CASES[name][0]} for name in ("numbers", "split")}
    project.model("monitors/numbers", declare(**{**arguments["numbers"], "decision_threshold": 0.75}))
    steering = {
        "label_delay": 2,
        "label_lookback": 1,
        "min_labelled_share": 0.5,
        "importances": {"x": 0.25},
        "owner": "me",
    }
    project.model("monitors/split", declare(**{**arguments["split"], **steering}))

    def computed(name: str) -> dict[Any, set[Any]]:
        found: dict[Any, set[Any]] = {}
        query = f"select period_start, computed_at from {project.relation(name)} where record = 'count'"
        for start, at in project.sql(query):
            found.setdefault(start, set()).add(at)
        return found

    before = {name: computed(name) for name in arguments}
    project.build("--select", "numbers", "split", "driftline_int_monitors", "driftline_importances")
    return {name: {start for start, at in computed(name).items() if at == before[name][start]} for name in arguments}  # type: ignore[return-value]


def test_another_threshold_builds_the_monitor_anew(story: Story, changed: dict[str, set[Any]]) -> None:
    assert changed["numbers"] == set()
    its = CASES["numbers"][1]
    model = binary(zero_or_one("bought"), number("score"), threshold=0.75)
    its = spec(model, its.columns[:4], "bought")
    learn(story.project, "numbers", its.columns, its.model)
    assert_counts(counts(story.project, "numbers"), recount(its, ROWS))


def test_what_only_steers_builds_nothing_anew(story: Story, changed: dict[str, set[Any]]) -> None:
    # The last run of all read four days again: those of `lookback`.
    assert changed["split"] == {dt.datetime(2024, 1, day) for day in range(1, 6)}
    settings = story.project.sql(
        "select label_delay, min_labelled_share, has_label, has_prediction, ranking_k from driftline_int_monitors"
        " where monitor in ('split', 'lists', 'prediction_alone') order by monitor"
    )
    assert settings == [(0, 0.8, 1, 1, 3), (0, 0.8, 0, 1, None), (2, 0.5, 1, 1, None)]
    assert story.project.sql("select * from driftline_importances") == [("split", "x", 0.25)]
    assert_counts(counts(story.project, "split"), story.built["split"])


def test_outcomes_of_extreme_rows() -> None:
    """The second way to count itself."""
    model = Model("regression", lambda row: row["y"], lambda row: row["s"])
    assert outcome_of(model, {"y": None, "s": 1.0}) == Outcome(s=1.0, known=False, labelled=False)
    assert outcome_of(model, {"y": 1.0, "s": math.nan}).labelled is False
    assert outcome_of(model, {"y": 1.0, "s": 1e301}).labelled is False
