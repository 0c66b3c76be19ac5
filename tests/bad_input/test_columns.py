"""Declarations that are well-formed, but not what the relation has: found when the monitor runs, one by one."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from bad_input.messages import assert_message, bad, everything
from state.states import Jinja, source
from support import Project

TIMES = [dt.datetime(2024, 1, 1 + number // 10, number % 10) for number in range(60)]
LOG: dict[str, list[Any]] = {
    "at": list(TIMES),
    "day": [time.date() for time in TIMES],
    "day_text": [str(time) for time in TIMES],
    "epoch": [int(time.timestamp()) for time in TIMES],
    "x": [float(number % 7) for number in range(60)],
    "kind": ["a", "b", None] * 20,
    "flag": [True, False, None] * 20,
    "id": list(range(60)),
    "x_or_text": [1.0, 2.0, None] * 20,
}
OUTCOMES: dict[str, list[Any]] = {
    "id": list(range(60)),
    "text_id": [str(number) for number in range(60)],
    "bought": [0, 1, None] * 20,
    "outcome": ["yes", "no", None] * 20,
    "known": list(TIMES),
    "x_or_text": ["1", "2", None] * 20,
}
ALL = "at, day, day_text, epoch, x, kind, flag, id, x_or_text"
HOSTILE = 'x" from log; drop table log; --'
OWN = {"relation": source("outcomes"), "key": "id", "label": "bought", "known_at": "known"}
RANKED = {"label": "flag", "task": "binary"}
TIME = "a column of type date or timestamp"
NUMBER = "a column of a numeric type"

# name: (changes to a good declaration, argument, given, allowed)
CASES: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "timestamp is missing": ({"timestamp": "nope"}, "timestamp", '"nope"', ALL),
    "numeric is missing": ({"numeric": ["x", "nope"]}, "numeric", '"nope"', ALL),
    "categorical is missing": ({"categorical": ["nope"]}, "categorical", '"nope"', ALL),
    "prediction is missing": ({"prediction": "nope"}, "prediction", '"nope"', ALL),
    "a class is missing": ({"prediction": {"a": "x", "b": "nope"}, "task": "multiclass"}, "prediction", '"nope"', ALL),
    "label is missing": ({"label": "nope"}, "label", '"nope"', ALL),
    "model_version is missing": ({"model_version": "nope"}, "model_version", '"nope"', ALL),
    "a segment is missing": ({"segments": ["kind", "nope"]}, "segments", '"nope"', ALL),
    "a name with SQL": ({"numeric": ['x" from log; drop table log; --']}, "numeric", "drop table log; --", ALL),
    "numeric is text": ({"numeric": ["kind"]}, "numeric", '"kind" of type', NUMBER),
    "numeric is a date": ({"numeric": ["day"]}, "numeric", '"day" of type', NUMBER),
    "numeric is a time": ({"numeric": ["at"]}, "numeric", '"at" of type', NUMBER),
    "a class is text": ({"prediction": {"a": "kind"}, "task": "multiclass"}, "prediction", '"kind" of type', NUMBER),
    "a number is text": ({"label": "kind", "task": "regression"}, "label", '"kind" of type', NUMBER),
    "timestamp is text": ({"timestamp": "day_text"}, "timestamp", '"day_text" of type', TIME),
    "timestamp is a number": ({"timestamp": "epoch"}, "timestamp", '"epoch" of type', TIME),
    "timestamp is a truth": ({"timestamp": "flag"}, "timestamp", '"flag" of type', TIME),
    "edges of a category": ({"categorical": ["kind"], "bins": {"kind": [1]}}, "bins.kind", "edges", "numeric columns only"),
    "edges of a class": ({"prediction": "kind", "bins": {"kind": [1]}}, "bins.kind", "edges", "numeric columns only"),
    "edges of a label": ({"label": "x", "task": "binary", "numeric": None, "bins": {"x": [1]}}, "bins.x", "edges", "numeric"),
    "the reference's timestamp is text": (
        {"reference": {"relation": source("training")}}, "timestamp", '"at" of type', TIME,
    ),
    "the reference's column is text": (
        {"reference": {"relation": source("texts")}}, "numeric", '"x" of type', NUMBER,
    ),
}  # fmt: skip

LABELLED = {"task": "binary", "prediction": "x"}
CASES |= {
    "a label's column is missing": (
        {"label": {**OWN, "label": "nope"}, **LABELLED}, "label.label", '"nope"', "id, text_id, bought, outcome, known",
    ),
    "a label's key is missing in the log": (
        {"label": {**OWN, "key": "text_id"}, **LABELLED}, "label.key", '"text_id", which is not a column of', ALL,
    ),
    "a label's key is missing beside the labels": (
        {"label": {**OWN, "key": "kind"}, **LABELLED}, "label.key", '"kind", which is not a column of', "id, text_id",
    ),
    "a key with SQL": ({"label": {**OWN, "key": HOSTILE}, **LABELLED}, "label.key", "drop table log; --", ALL),
    "a key is a text here and a number there": (
        {"label": {**OWN, "key": "x_or_text"}, **LABELLED}, "label.key", '"x_or_text" of type', "the same type in both",
    ),
    "a label's time is missing": (
        {"label": {**OWN, "known_at": "nope"}, **LABELLED}, "label.known_at", '"nope"', "id, text_id, bought",
    ),
    "a label's time is text": (
        {"label": {**OWN, "known_at": "outcome"}, **LABELLED}, "label.known_at", '"outcome" of type', TIME,
    ),
    "a label's time is a number": ({"label": {**OWN, "known_at": "id"}, **LABELLED}, "label.known_at", '"id" of type', TIME),
    "a label's time in the log is missing": (
        {"label": {"label": "flag", "known_at": "nope"}, **LABELLED}, "label.known_at", '"nope"', ALL,
    ),
    "a label's time in the log is text": (
        {"label": {"label": "flag", "known_at": "day_text"}, **LABELLED}, "label.known_at", '"day_text" of type', TIME,
    ),
    "a label in brackets is missing": (
        {"label": {"label": "nope", "known_at": "day"}, **LABELLED}, "label", '"nope"', ALL,
    ),
    "a text is the label and none is positive": (
        {"label": "kind", **LABELLED}, "positive_label", "none, for a label of type", "counts as positive",
    ),
    "a text elsewhere is the label and none is positive": (
        {"label": {**OWN, "label": "outcome"}, **LABELLED}, "positive_label", "none, for a label of type", "positive",
    ),
    "a date is the label": ({"label": "day", **LABELLED}, "positive_label", "none, for a label of type", "positive"),
    "a text is the prediction and none is positive": (
        {"label": "flag", "prediction": "kind", "task": "binary"}, "positive_label", "none, for a prediction of type",
        "the value of the prediction and the label",
    ),
    "a number elsewhere is text": (
        {"label": {**OWN, "label": "outcome"}, "task": "regression"}, "label", '"outcome" of type', NUMBER,
    ),
    "a predicted number is text": (
        {"label": "x", "prediction": "kind", "task": "regression", "numeric": None}, "prediction", '"kind" of type', "numeric",
    ),
    "a request is missing": ({**RANKED, "ranking": {"request": "nope", "position": "x"}}, "ranking.request", '"nope"', ALL),
    "a position is missing": ({**RANKED, "ranking": {"request": "kind", "position": "nope"}}, "ranking.position", '"nope"', ALL),
    "a position is text": (
        {**RANKED, "ranking": {"request": "id", "position": "kind"}}, "ranking.position", '"kind" of type', "a numeric type",
    ),
    "a position is a time": (
        {**RANKED, "ranking": {"request": "id", "position": "at"}}, "ranking.position", '"at" of type', "a numeric type",
    ),
}  # fmt: skip

TRUTH, CLASSES = {"label": "flag", "prediction": "x", "task": "binary"}, {"label": "id", "task": "multiclass"}
CASES |= {
    "a truth is positive as a number": ({**TRUTH, "positive_label": 2}, "positive_label", '"2", for a column of type', "true or false"),
    "a truth is positive as a text": ({**TRUTH, "positive_label": "yes"}, "positive_label", '"yes", for a column', "true or false"),
    "a number is positive as a text": (
        {**TRUTH, "label": "id", "positive_label": "yes"}, "positive_label", '"yes", for a column of type', "a whole number",
    ),
    "a whole number is positive as a fraction": (
        {**TRUTH, "label": "id", "positive_label": 0.5}, "positive_label", '"0.5", for a column of type', "a whole number",
    ),
    "classes of numbers are texts": ({**CLASSES, "prediction": {"cat": "x"}}, "prediction", '"cat", for a column', "a whole number"),
    "a class twice": ({**CLASSES, "prediction": {"1": "x", "1.0": "epoch"}}, "prediction", '"1.0", which reads "1"', "each class once"),
    "classes are truths here and numbers there": (
        {**CLASSES, "prediction": "flag"}, "prediction", '"flag" of type', "of the same kind as those of the label",
    ),
    "a category is a truth here and a number there": (
        {"numeric": None, "categorical": ["flag"], "reference": {"relation": source("truths")}}, "categorical", '"flag" of type',
        "a column of the same kind in both",
    ),
    "a segment is a time here and a number there": (
        {"segments": ["day"], "reference": {"relation": source("truths")}}, "segments", '"day" of type', "the same kind in both",
    ),
}  # fmt: skip

GONE = Jinja("source('raw', 'log').incorporate(path={'identifier': 'gone'})")
ELSEWHERE = Jinja("source('raw', 'log').incorporate(path={'database': 'elsewhere', 'schema': 'of_nobody'})")
THERE = "a relation that is there and that"
CASES |= {
    "a relation that is not there": ({"relation": GONE}, "relation", 'gone", ', THERE),
    "a relation of another catalogue": ({"relation": ELSEWHERE}, "relation", '"elsewhere.of_nobody.log", ', THERE),
    "a relation with labels that is not there": (
        {"relation": GONE, "label": "flag", "task": "binary", "ranking": {"request": "id", "position": "x"}},
        "relation", 'gone", ', THERE,
    ),
    "a relation with metrics that is not there": (
        {"relation": GONE, "business_metrics": {"m": {"sum": "x"}}}, "relation", 'gone", ', THERE,
    ),
    "a relation of labels that is not there": (
        {"label": {**OWN, "relation": GONE}, "task": "regression"}, "label.relation", 'gone", ', THERE,
    ),
    "a reference that is not there": ({"reference": {"relation": GONE}}, "reference.relation", 'gone", ', THERE),
}  # fmt: skip

# What only the warehouse can tell: its own message, which must name what is wrong.
FOREIGN: dict[str, tuple[dict[str, Any], str]] = {
    "no such zone": ({"timezone": "Europe/Lodnon"}, "europe/lodnon"),
    "a zone with SQL": ({"timezone": "Europe/'; drop table log; --"}, "drop table log"),
    "no such zone for hours": ({"timezone": "Europe/Lodnon", "period": "hour"}, "europe/lodnon"),
    "a weight over a missing column": ({"weight": "nope + 1"}, "nope"),
    "a metric over a missing column": ({"business_metrics": {"m": {"sum": "nope"}}}, "nope"),
    "a metric with something after it": ({"business_metrics": {"m": {"sum": "x x x"}}}, "syntax error"),
    "a metric that is a condition": ({"business_metrics": {"m": {"sum": "x where x > 1"}}}, "syntax error"),
}  # fmt: skip


@pytest.fixture(scope="module")
def project(make_module_project: Any) -> Project:
    models = {f"bad/case_{number}": bad(**case[0]) for number, case in enumerate(CASES.values())}
    models |= {f"bad/foreign_{number}": bad(**case[0]) for number, case in enumerate(FOREIGN.values())}
    project: Project = make_module_project(
        models={"good": bad(categorical=["kind"]), **models},
        tables={
            "log": LOG,
            "outcomes": OUTCOMES,
            "training": {"at": ["2024-01-01"], "x": [1.0]},
            "texts": {"at": [TIMES[0]], "x": ["1.0"]},
            "truths": {"at": [TIMES[0]], "x": [1.0], "flag": [1], "day": [1]},
        },
        vars={"driftline_now": "2024-01-07", "driftline_monitors": ["good"], "driftline_windows": {"day": [1]}},
    )
    return project


@pytest.fixture(scope="module")
def failures(project: Project) -> dict[str, str]:
    """One build: the good monitor is not held up by the others."""
    run = project.run(["build"])
    assert not run.success
    expected = {f"case_{n}" for n in range(len(CASES))} | {f"foreign_{n}" for n in range(len(FOREIGN))}
    assert set(run.failures) == expected
    left = set(project.relations()) - {"log", "outcomes", "training", "texts", "truths", "good"}
    assert all(name.startswith("driftline_") for name in left)
    assert project.sql("select count(*) from driftline_quality")[0][0] > 0
    return run.failures


@pytest.mark.parametrize("name", CASES)
def test_what_the_relation_does_not_have(failures: dict[str, str], name: str) -> None:
    _, argument, given, allowed = CASES[name]
    monitor = f"case_{list(CASES).index(name)}"
    assert_message(failures[monitor], monitor, argument, given, allowed)


@pytest.mark.parametrize("name", FOREIGN)
def test_what_only_the_warehouse_can_tell(failures: dict[str, str], name: str) -> None:
    monitor = f"foreign_{list(FOREIGN).index(name)}"
    message = failures[monitor].lower()
    assert monitor in message
    assert FOREIGN[name][1] in message


def test_all_tables_stand(project: Project, failures: dict[str, str]) -> None:
    assert project.sql("select count(*) from log") == [(60,)]
    assert project.sql("select count(*) from outcomes") == [(60,)]
    assert "training" in project.relations()


@pytest.mark.parametrize("arguments", [["build"], ["build", "--full-refresh"]], ids=" ".join)
@pytest.mark.parametrize(
    "broken",
    [{"numeric": ["nope"]}, {"timezone": "Europe/Lodnon"}, {"weight": "nope"}],
    ids=["column", "zone", "weight"],
)
def test_a_monitor_that_breaks_keeps_its_tables(
    project: Project, failures: dict[str, str], arguments: list[str], broken: dict[str, Any]
) -> None:
    before = everything(project)
    project.model("good", bad(**{"categorical": ["kind"], **broken}))
    run = project.run([*arguments, "--exclude", "path:models/bad"])
    project.model("good", bad(categorical=["kind"]))
    assert list(run.failures) == ["good"]
    after = everything(project)
    # That it broke is recorded, and the seed loaded again.
    moved = {"driftline_default_thresholds", "driftline_int_attempts", "driftline_int_runs", "driftline_monitors"}
    assert {name: rows for name, rows in after.items() if name not in moved} == {
        name: rows for name, rows in before.items() if name not in moved
    }
