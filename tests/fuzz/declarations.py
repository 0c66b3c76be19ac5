"""Declarations by the thousand, from a seed: right ones, slightly wrong ones and absurd ones, over every argument."""

from __future__ import annotations

import datetime as dt
from random import Random
from typing import Any

from state.states import Jinja, declare_with, source

ROWS = 240
START = dt.datetime(2024, 1, 1)
NOW = "2024-01-13 05:00:00"


def log() -> dict[str, list[Any]]:
    """240 rows over twelve days, with everything in them that a column may hold."""
    rng = Random(7)
    numbers = range(ROWS)
    odd = [None, float("nan"), float("inf"), -1e308, 0.0, 1e-320]
    times = [START + dt.timedelta(minutes=72 * number) for number in numbers]
    return {
        "at": [None if number == 17 else time for number, time in enumerate(times)],
        "day": [time.date() for time in times],
        "zoned": [time.replace(tzinfo=dt.timezone.utc) for time in times],
        "x": [rng.gauss(0, 1) if number % 11 else odd[number % len(odd)] for number in numbers],
        "n": [None if number % 13 == 0 else rng.randrange(-3, 4) for number in numbers],
        "two words": [float(rng.randrange(5)) for _ in numbers],
        "it's": [rng.random() for _ in numbers],
        "SELECT": [
            rng.choice(["a", "A", "", " ", "null", "(null)", "all", "ü", "日本", "it's", None]) for _ in numbers
        ],
        "kind": [rng.choice(["a", "b", "c"]) for _ in numbers],
        "flag": [rng.choice([True, False, None]) for _ in numbers],
        "only": [1.5] * ROWS,
        "nothing": [None] * (ROWS - 1) + ["x"],
        "id": list(numbers),
        "score": [None if number % 19 == 0 else rng.random() for number in numbers],
        "p_a": [rng.random() for _ in numbers],
        "p_b": [rng.random() for _ in numbers],
        "bought": [rng.choice([0, 1, None]) for _ in numbers],
        "request": [f"r{number // 5}" for number in numbers],
        "position": [number % 5 + 1 for number in numbers],
        "version": [f"v{1 + number // 150}" for number in numbers],
        "seen": [
            None if number % 7 == 0 else time + dt.timedelta(days=number % 3) for number, time in enumerate(times)
        ],
    }


def outcomes() -> dict[str, list[Any]]:
    rng = Random(8)
    return {
        "id": [*range(ROWS - 40), 5, 6],
        "bought": [rng.choice([0, 1]) for _ in range(ROWS - 38)],
        "kind": [rng.choice(["a", "b", None]) for _ in range(ROWS - 38)],
        "seen": [START + dt.timedelta(minutes=80 * number) for number in range(ROWS - 38)],
    }


NUMBERS = ["x", "n", "two words", "it's", "only", "score", "flag", "p_a", "position"]
CATEGORIES = ["SELECT", "kind", "flag", "nothing", "n", "request", "day", "version"]
EXPRESSIONS = [
    "x", "n", "1", "n * 2.5", "case when n > 0 then 1 else 0 end", "coalesce(x, 0)", "abs(n)", '"two words" + 1', "n > 0",
    "flag", "n / 2", "-n", "cast(n as decimal(10, 2))", "case when kind = 'a' then 1 end", "n % 2", "round(score, 1)",
    "length(kind)", "case when kind in ('a', 'it''s') then n end",
]  # fmt: skip
TIMEZONES = ["UTC", "Europe/London", "Asia/Kolkata", "America/St_Johns", "Etc/GMT+9", "Japan", "Pacific/Apia"]


def some(rng: Random, names: list[str], most: int = 4) -> list[str]:
    return rng.sample(names, rng.randint(0, min(most, len(names))))


def right(rng: Random) -> dict[str, Any]:
    """A declaration that hangs together; one or the other may still be refused, for its columns' types."""
    task = rng.choice(["none", "binary", "multiclass", "regression"])
    numeric = some(rng, NUMBERS)
    categorical = [name for name in some(rng, CATEGORIES) if name not in numeric]
    span = rng.choice(
        [("2024-01-01", "2024-01-06"), ("2024-01-02 06:00:00", "2024-01-04"), ("2023-01-01", "2023-02-01")]
    )
    given: dict[str, Any] = {
        "relation": source("log"),
        "timestamp": rng.choice(["at", "at", "day", "zoned", "AT"]),
        "period": rng.choice(["hour", "day", "day", "day", "week", "month"]),
        "timezone": rng.choice(TIMEZONES),
        "reference": rng.choice([{"start": span[0], "end": span[1]}] * 4 + [{"relation": source("training")}]),
        "numeric": numeric,
        "categorical": categorical,
        "task": task,
        "label_delay": rng.choice([0, 0, 1, 3]),
        "lookback": rng.choice([0, 3, 10]),
        "min_labelled_share": rng.choice([0.8, 1, 0.001]),
        "decision_threshold": rng.choice([0.5, 0, 1, 0.25, 7, -1]),
        "label_lookback": rng.choice([None, 0, 5]),
        "top_categories": rng.choice([1, 2, 50, 10000]),
        "bins": rng.choice([20, 2, 10, 100]),
        "owner": rng.choice([None, "team", "O'Brien; -- \n", "数据"]),
        "model_version": rng.choice([None, None, "version", "kind"]),
        "segments": some(rng, ["kind", "SELECT", "flag", "version", "nothing", "n"], 2),
        "weight": rng.choice([None, None, None, "1", "abs(n)", "score", "2.5"]),
        "business_metrics": {
            name: rng.choice(
                [
                    {"sum": rng.choice(EXPRESSIONS)},
                    {"numerator": rng.choice(EXPRESSIONS), "denominator": rng.choice(["1", "n", "score"])},
                ]
            )
            for name in some(rng, ["conversion", "revenue", "Um'satz", "*"], 2)
        },
    }
    labels = {
        "binary": ["bought", "flag", "kind"], "multiclass": ["kind", "bought"], "regression": ["x", "n", "score"],
        "none": ["bought"],
    }  # fmt: skip
    own = {"relation": source("outcomes"), "key": "id", "label": rng.choice(["bought", "kind"])}
    given["label"] = rng.choice(
        [None, rng.choice(labels[task]), rng.choice(labels[task]), own, {**own, "known_at": "seen"},
         {"label": rng.choice(labels[task]), "known_at": "seen"}]
    )  # fmt: skip
    given["prediction"] = rng.choice(
        [
            None,
            "score",
            {"a": "p_a", "b": "p_b"} if task == "multiclass" else "score",
            "kind" if task == "multiclass" else "x",
        ]
    )
    if task == "binary" and given["label"] == "kind":
        given["positive_label"] = "a"
    if task in ("binary", "regression") and given["label"] is not None and rng.random() < 0.3:
        given["ranking"] = {"request": "request", "position": "position", "k": rng.choice([1, 3, 10])}
    features = [name for name in numeric + categorical if name != given["prediction"] and name != given["label"]]
    given["importances"] = {name: rng.choice([0, 1, 2.5]) for name in some(rng, features)}
    given["labels"] = {name: rng.choice(["words", "日本語", "it's; --", "two\nlines"]) for name in some(rng, features)}
    given["units"] = {name: rng.choice(["£", "ms", "%", "';"]) for name in some(rng, features)}
    if numeric and rng.random() < 0.2:
        given["bins"] = {numeric[0]: rng.choice([[0], [0, 1], [-1.5, 0, 2, 1e9]])}
    return {name: value for name, value in given.items() if rng.random() < 0.9 or name in NEEDED}


NEEDED = ("relation", "timestamp", "reference")
# Not as constants: Jinja compiles those to names that Python does not know.
NAN, INF = Jinja("(('nan' ~ model.name[:0]) | float)"), Jinja("(('inf' ~ model.name[:0]) | float)")
HOSTILE = [
    "", " ", "'", '"', "it's; drop table log; --", 'x" from log; --', "{{ x }}", "{% raw %}", "%s %d", "\\", "a\nb", "a\x01b",
    Jinja("'a\\x00b'"), "日本語" * 30, "x" * 5000, "\U0001f642", "*", "X", "x ", "null", "None", "log.x", "1", "-- x", "/* x */",
    "\u202eabc", "$1", ":x", "@x",
]  # fmt: skip
ABSURD: list[Any] = [
    None, True, False, 0, 1, -1, 2.0, 2.5, 10**30, -(10**30), 10**400, 1e300, 5e-324, NAN, INF, [], {}, [[]], [None], [1],
    [True], [["x"]], {"a": 1}, {1: "x", "b": "y"}, {None: None}, {"start": "2024-01-01", "end": "2024-01-06"}, {"sum": "x"},
    {"relation": source("log")}, {"identifier": "log"}, {"label": "kind"}, ["x", "x"], ["x", 1], source("log"),
    [source("log")], Jinja("range(3)"), Jinja("modules.datetime.date(2024, 1, 2)"), Jinja("no_such_thing"),
    Jinja("['x', no_such_thing]"), Jinja("('x', 'n')"), Jinja("model"), Jinja("this"), Jinja("driftline"),
    Jinja("{'x': [1, 2]}.items()"), Jinja("{'x': 1}.keys()"), Jinja("modules.datetime.datetime(2024, 1, 2, 3)"), *HOSTILE,
]  # fmt: skip
NEAR: dict[str, list[Any]] = {
    "relation": ["log", source("log"), Jinja("source('raw', 'outcomes')")],
    "timestamp": ["day", "AT", "kind", "id", "n", "at ", "nope"],
    "period": ["Day", "days", "minute", "quarter", "hour "],
    "timezone": ["UTC+9", "+09:00", "utc", "Europe/Lodnon", "europe/london", "EST", "CET", "EST5EDT", "Asia/", "/Tokyo", "Etc/GMT+99",
                 "SystemV/EST5", "posix/UTC", "Europe/London "],
    "reference": [{"start": a, "end": b} for a, b in [
        ("2024-01-06", "2024-01-01"), ("2024-01-01", "2024-01-01"), ("2024-1-1", "2024-01-06"), ("0001-01-01", "9999-12-31"),
        ("2024-01-01T00:00:00Z", "2024-01-06"), ("2024-02-30", "2024-03-01"), ("2024-01-01 00:00:00.0", "2024-01-06 12:30"),
        (Jinja("modules.datetime.date(2024, 1, 1)"), Jinja("modules.datetime.datetime(2024, 1, 6)")), (None, "2024-01-06"),
        (20240101, 20240106), ("-2024-01-01", "2024-01-06"), ("9999-12-30", "9999-12-31"),
    ]] + [{"start": "2024-01-01"}, {"relation": "training"}, {"relation": source("outcomes")}, {"Start": "2024-01-01", "end": "x"}],
    "numeric": ["x", ["kind"], ["nope"], ["X", "x"], ["day"], ["at"], ["nothing"], ["x", "kind"], ("x",), ["id"] * 5],
    "categorical": ["kind", ["x"], ["nope"], ["x", "n"], ["at"], ["zoned"], ["score"], ["id"]],
    "prediction": ["nope", ["score"], {"a": "kind"}, {"a": "p_a", "b": "p_a"}, {0: "p_a", "b": "p_b"}, {1.0: "p_a", 2: "p_b"},
                   {True: "p_a", False: "p_b"}, {"": "p_a"}, {"it's": "p_a"}, "at", "flag"],
    "decision_threshold": ["0.5", NAN, INF, 1e300, 10**400, -0.0, True, None],
    "label": ["nope", "x", "at", {"label": "bought"}, {"relation": source("outcomes"), "label": "bought"}, {"key": "id"},
              {"relation": source("outcomes"), "key": "nope", "label": "bought"}, {"relation": source("outcomes"), "key": "id",
              "label": "bought", "known_at": "kind"}, {"relation": source("log"), "key": "id", "label": "bought"},
              {"relation": source("outcomes"), "key": "kind", "label": "bought"}, {"label": "bought", "known_at": "nope"}],
    "positive_label": ["a", 1, True, 1.0, "True", NAN, ["a"], "nope"],
    "label_delay": [-1, 1.0, "1", 50000, 50001, True, None],
    "label_lookback": [-1, 2.0, "1", 50000, 10**18],
    "min_labelled_share": [0, 1.0001, "0.8", NAN, -1, True, 5e-324],
    "task": ["Binary", "ranking", "classification", None],
    "ranking": [{"request": "request", "position": "position"}, {"request": "request", "position": "kind", "k": 3},
                {"request": "request", "position": "position", "k": 0}, {"request": "nope", "position": "position"},
                {"request": "request", "position": "position", "k": 10**12}, ["request", "position"]],
    "model_version": ["nope", ["version"], "at", "score"],
    "segments": ["kind", ["all"], ["ALL"], ["nope"], ["kind", "kind"], ["x"], ["at"], ["id"], ["score"]],
    "business_metrics": [{"m": {"sum": text}} for text in [
        "bought +", "nope", "kind", "'1'", "sum(x)", "max_by(x, n)", "count(*)", "x; drop table log", "x -- y", "(select 1)", "*",
        "x, n", "x as y", "null", "at", '"at"', "interval '1 day'", "row_number() over ()", "random()", "1/0", "x is", "now()",
        "case when x then 1 end", "cast(kind as integer)", "1e400", "power(10, 400)", "array[1]", "[1]", "x::text", "not flag",
        "exists (select 1)", "x between 1", "distinct x", "unnest([1, 2])", "filter", "0x10", "'\u2028'", "(x)", "((x", "x))", "log",
        "log.x", "r.x", "w", "moment", "1 = 1 or 1", "nextval('s')", "generate_series(1, 2)", "current_setting('x')", "x collate nocase",
    ]] + [{"m": {"numerator": "x"}}, {"m": {"Sum": "x"}}, {1: {"sum": "x"}}, {"": {"sum": "x"}}, {"m": "x"}, ["x"], {"m": {"sum": 1}},
          {"m": {"sum": "x", "denominator": "1"}}, {"a" * 300: {"sum": "x"}}, {"m": None}],
    "weight": ["kind", "nope", "-1", "0", "null", "x", "flag", "sum(x)", "1e308", "1, 2", 2, "case when n = 0 then x end"],
    "bins": [1, 0, 1001, 1000, 2.0, "20", {"x": []}, {"x": [1, 1]}, {"x": [2, 1]}, {"x": [NAN]}, {"x": [1, INF]}, {"kind": [1]},
             {"x": ["1"]}, {"nope": [1]}, {"x": 5}, {"x": [10**400]}, {"x": [1e300]}, {"x": [-1e300, 1e300]}, {"x": [5e-324]}, {"X": [1]},
             {"x": [0.1, 0.1 + 1e-17]}, {"x": [0.1, 0.10000000000000002]}, None],
    "top_categories": [0, 10001, 1.0, "5", True],
    "lookback": [-1, 3.0, "3", 50000, 50001, None],
    "importances": [{"x": -1}, {"x": NAN}, {"x": "1"}, {"nope": 1}, {"x": None}, {"x": 1e300}, {"x": 10**400}, ["x"], None],
    "labels": [{"x": ""}, {"x": "y" * 101}, {"x": 5}, {"nope": "y"}, {"X": "y"}, {"x": None}, ["x"], "x", None, *({"x": h} for h in HOSTILE)],
    "units": [{"x": ""}, {"x": "y" * 21}, {"x": 5}, {"nope": "y"}, {"x": ["ms"]}, None, *({"x": h} for h in HOSTILE)],
    "owner": [5, ["team"], True, "", Jinja("modules.datetime.date(2024, 1, 2)")],
    "colour": ["red"], "segment": [["kind"]], "Timestamp": ["at"], "reference_start": ["2024-01-01"],
}  # fmt: skip


def declaration(seed: int) -> str:
    """The text of a model. Half are right, a third slightly wrong in one argument or two, the others absurd."""
    rng = Random(seed)
    given = right(rng)
    share = rng.random()
    if 0.5 <= share < 0.85:
        for name in rng.sample(list(NEAR), rng.choice([1, 1, 2])):
            given[name] = rng.choice(NEAR[name])
    elif share >= 0.85:
        for name in rng.sample(list(NEAR), rng.randint(1, 3)):
            given[name] = rng.choice(ABSURD)
        if rng.random() < 0.2:
            given.pop(rng.choice(list(given)))
    # What is wrong stops dbt when it parses; so that one run shows all of them, they wait for the run here.
    return (
        "{{ config(materialized='table') }}{% if execute %}"
        + declare_with(given)
        + "{% else %}select 1 as parsed{% endif %}"
    )
