"""Names, texts and tables that look wrong and are not: they are counted as they are, and nothing else happens."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from bad_input.messages import SPAN
from state.outcomes import Model, Ranking
from state.states import (
    Column,
    Row,
    Spec,
    assert_counts,
    counts,
    declare,
    learn,
    performance_columns,
    recount,
    source,
)
from support import Project

NOW = dt.datetime(2024, 1, 8)
REFERENCE = (dt.datetime(2024, 1, 2), dt.datetime(2024, 1, 4))
HOSTILE = [
    "'); drop table log; --",
    '"; drop table log; --',
    "\\'; drop table log; --",
    "{{ 1 / 0 }}",
    "{% raw %}",
    "%s %(x)s :x $1 ?",
    "NULL",
    "all",
    "(null)",
    "",
    " ",
    "a\nb\tc",
    "日本 é ß İ",
    "x" * 5000,
]
# Names that need quoting, that SQL means something by, and that the package itself uses for something.
NAMES = [
    "with space", 'quo"te', "apo'strophe", "semi;colon", "'; drop table log; --", "per%cent", "Grün", "日本",
    "select", "order", "group", "from", "user", "table", "end", "null", "timestamp",
    "w", "v", "x", "category", "source", "in_reference", "period_start", "model_version", "segment_1", "bin", "code",
    "column_no", "row_count", "record", "centre", "t0", "v0", "x0", "w0", "place", "edge", "moment", "n", "size",
    "driftline_label", "outcome_key", "outcome_s", "outcome_y", "outcome_e", "outcome_z", "request", "relevance", "known",
]  # fmt: skip
MONITORS = ["select", "order", "group", "semi;colon", "日本", "Mixed_Case", "dash-ed", "dot.ted", "x" * 63]


def make_rows() -> list[Row]:
    rng = random.Random(9)
    rows = []
    for number in range(240):
        row: Row = {"at": dt.datetime(2024, 1, 1) + dt.timedelta(minutes=40 * number)}
        for name in NAMES:
            row[name] = rng.choice([None, rng.randrange(40) / 4])
        row["text"] = rng.choice([None, *HOSTILE])
        row["Price"] = rng.randrange(40) / 4
        row["weight"] = rng.choice([0.25, 1.0])
        rows.append(row)
    return rows


ROWS = make_rows()
# Labels in a relation of their own, by a key that many rows share; some become known after the run.
KEY, LABEL, KNOWN_AT = "semi;colon", "'; drop table log; --", 'quo"te'
LABELS = {
    KEY: [number / 4 for number in range(40)],
    LABEL: [None if number % 9 == 0 else (number % 7) / 4 for number in range(40)],
    KNOWN_AT: [NOW + dt.timedelta(hours=number - 35) for number in range(40)],
}
FOUND = {
    key: label
    for key, label, known in zip(*LABELS.values(), strict=True)
    if known < NOW and label is not None  # type: ignore[operator]
}
LABELLED = Model(
    "regression",
    lambda row: FOUND.get(row[KEY]),
    lambda row: row["with space"],
    ranking=Ranking(lambda row: label("select")(row), lambda row: row["order"], 3),
)


def value(name: str) -> Any:
    return lambda row: row[name]


def label(name: str) -> Any:
    def text(row: Row) -> str | None:
        given = row[name]
        return None if given is None else f"{given:g}"

    return text


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


# SQL's own words for what the names hold; quotes double, and a text may hold anything.
EXPRESSION = f"""coalesce({quoted("with space")}, 0) + case when "text" = '''); drop table log; --' then 1 else 0 end"""
METRICS = {
    "conv'; drop table log; --": {"sum": EXPRESSION},
    'rate "x"': {"numerator": quoted('quo"te'), "denominator": "case when (1 in (1, 2)) then 1e0 end"},
}

TEXT = Model(
    "binary",
    lambda row: None if row["text"] is None else float(row["text"] == HOSTILE[0]),
    value("with space"),
    threshold=5.0,
)

CASES: dict[str, tuple[dict[str, Any], Spec]] = {
    "odd_columns": ({"numeric": NAMES}, Spec("at", [Column(name, value(name)) for name in NAMES])),
    "odd_categories": (
        {"categorical": NAMES, "top_categories": 5},
        Spec("at", [Column(name, label(name), kind="categorical") for name in NAMES]),
    ),
    "odd_segments": (
        {"numeric": ["x"], "segments": NAMES[:8], "model_version": "group", "weight": '"weight"'},
        Spec(
            "at",
            [Column("x", value("x"))],
            segments={name: label(name) for name in NAMES[:8]},
            version=label("group"),
            weight=value("weight"),
        ),
    ),
    "odd_texts": (
        {
            "categorical": ["text"],
            "prediction": "with space",
            "label": 'quo"te',
            "task": "regression",
            "owner": HOSTILE[0],
        },
        Spec(
            "at",
            [
                Column("with space", value("with space"), "prediction"),
                Column('quo"te', value('quo"te'), "label"),
                Column("text", value("text"), kind="categorical"),
            ],
            model=Model("regression", value('quo"te'), value("with space")),
        ),
    ),
    "odd_labels": (
        {
            "label": {"relation": source("labels"), "key": KEY, "label": LABEL, "known_at": KNOWN_AT},
            "prediction": "with space",
            "task": "regression",
            "ranking": {"request": "select", "position": "order", "k": 3},
            "numeric": [name for name in NAMES if name != "with space"],
            "importances": {LABEL: 0.5, KNOWN_AT: 2},
        },
        Spec(
            "at",
            [
                Column("with space", value("with space"), "prediction"),
                Column(LABEL, lambda row: FOUND.get(row[KEY]), "label"),
                *(Column(name, value(name)) for name in NAMES if name != "with space"),
            ],
            model=LABELLED,
        ),
    ),
    "odd_positive_label": (
        {
            "label": "text",
            "prediction": "with space",
            "task": "binary",
            "positive_label": HOSTILE[0],
            "decision_threshold": 5,
        },
        Spec(
            "at",
            [
                Column("with space", value("with space"), "prediction"),
                Column("text", value("text"), "label", "categorical"),
                *performance_columns(TEXT, "with space", "text"),
            ],
            model=TEXT,
        ),
    ),
    "odd_metrics": (
        {"business_metrics": METRICS},
        Spec(
            "at",
            [],
            metrics={
                "conv'; drop table log; --": (lambda row: (row["with space"] or 0) + (row["text"] == HOSTILE[0]), None),
                'rate "x"': (value('quo"te'), lambda row: 1.0),
            },
        ),
    ),
    "other_case": (
        {"timestamp": "AT", "numeric": ["PRICE", "X"], "categorical": ["TEXT"]},
        Spec(
            "at",
            [
                Column("PRICE", value("Price")),
                Column("X", value("x")),
                Column("TEXT", value("text"), kind="categorical"),
            ],
        ),
    ),
    "overlapping": (
        {"numeric": ["x"], "reference": {"start": "2024-01-02", "end": "2024-06-01"}},
        Spec("at", [Column("x", value("x"))], reference=(dt.datetime(2024, 1, 2), dt.datetime(2024, 6, 1))),
    ),
    "empty_reference": (
        {"numeric": ["x"], "categorical": ["text"], "reference": {"start": "2023-01-02", "end": "2023-01-04"}},
        Spec(
            "at",
            [Column("x", value("x")), Column("text", value("text"), kind="categorical")],
            reference=(dt.datetime(2023, 1, 2), dt.datetime(2023, 1, 4)),
        ),
    ),
    "column_twice": (
        {"numeric": ["x", "x", "w"], "prediction": "x", "segments": ["select", "select"]},
        Spec(
            "at",
            [Column("x", value("x"), "prediction"), Column("w", value("w"))],
            segments={"select": label("select")},
            model=Model("none", None, value("x")),
        ),
    ),
}
# A text of a type whose name has a number's in it, and rows of long ago and of the far future.
KINDS = {"duckdb": "enum('mint', 'point', 'double')", "postgres": "character varying(20)"}
TYPED = {"at": [row["at"] for row in ROWS], "kind": ["mint", "point", "double", None] * (len(ROWS) // 4)}
AGES = [*ROWS[:200], {**ROWS[0], "at": dt.datetime(1970, 1, 1)}, {**ROWS[0], "at": dt.datetime(2999, 1, 1)}]
EMPTY = {
    "typed": declare("kinds", timestamp="at", reference=SPAN, prediction="kind"),
    "all_ages": declare("ages", timestamp="at", reference=SPAN, numeric=["x"], business_metrics={"m": {"sum": "x"}}),
    "one_age": declare("age", timestamp="at", reference=SPAN, numeric=["x"], business_metrics={"m": {"sum": "x"}}),
    "no_rows": declare("empty", timestamp="at", reference=SPAN, numeric=["x"], categorical=["kind"], segments=["kind"]),
    "no_rows_no_reference": declare(
        "empty", timestamp="at", reference={"relation": source("empty")}, numeric=["x"], categorical=["kind"],
        business_metrics={"m": {"sum": "x"}},
    ),
    "only_the_future": declare("future", timestamp="at", reference=SPAN, numeric=["x"], categorical=["kind"]),
    "a_reference_without_rows": declare(
        timestamp="at", reference={"relation": source("empty")}, numeric=["x"], categorical=["text"]
    ),
    "a_reference_without_the_columns": declare(
        timestamp="at", reference={"relation": source("other")}, numeric=["x"], categorical=["text"], segments=["select"]
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def project(make_module_project: Any) -> Project:
    models = {
        name: declare(**{"timestamp": "at", "reference": SPAN, **case[0]}) for name, case in CASES.items()
    } | EMPTY
    models |= {name: declare(timestamp="at", reference=SPAN, numeric=["x"]) for name in MONITORS}
    types = {"at": pa.timestamp("us"), "text": pa.string()}
    log = pa.table({name: pa.array([row[name] for row in ROWS], types.get(name, pa.float64())) for name in ROWS[0]})
    empty = pa.table(
        {"at": pa.array([], pa.timestamp("us")), "x": pa.array([], pa.float64()), "kind": pa.array([], "string")}
    )
    project: Project = make_module_project(
        models=models,
        tables={
            "log": log,
            "empty": empty,
            "labels": LABELS,
            "ages": {name: [row[name] for row in AGES] for name in ("at", "x")},
            "age": {name: [row[name] for row in AGES[:-2]] for name in ("at", "x")},
            "future": {"at": [dt.datetime(2024, 2, 1)], "x": [1.0], "kind": ["a"]},
            "other": {"at": [dt.datetime(2024, 1, 2)], "something": ["else"]},
        },
        vars={"driftline_now": str(NOW), "driftline_monitors": list(models), "driftline_windows": {"day": [1]}},
    )
    project.load("kinds", TYPED, types={"kind": KINDS[project.workspace.engine]})
    looked_at = ("bins", "importances", "drift", "quality", "business", "alerts", "monitors")
    project.build("--select", "path:models", *(f"+driftline_{name}" for name in looked_at))
    # And as later runs are, from the frozen bins.
    project.build("--select", "path:models")
    return project


@pytest.mark.parametrize("name", CASES)
def test_every_count(project: Project, name: str) -> None:
    spec = CASES[name][1]
    spec.now = NOW
    spec.reference = spec.reference or REFERENCE
    learn(project, name, spec.columns, spec.model)
    assert_counts(counts(project, name), recount(spec, ROWS))


def test_odd_names_of_monitors(project: Project) -> None:
    found = project.sql(
        "select monitor, count(*) from driftline_drift where baseline = 'reference' and psi is not null group by 1"
    )
    assert {name: rows for name, rows in found if name in MONITORS} == dict.fromkeys(MONITORS, 7)


def test_hostile_texts_arrive_as_they_are(project: Project) -> None:
    assert project.sql("select owner from driftline_monitors where monitor = 'odd_texts'") == [(HOSTILE[0],)]
    metrics = {row[0] for row in project.sql("select metric from driftline_business where monitor = 'odd_metrics'")}
    assert metrics == set(METRICS)
    columns = {row[0] for row in project.sql("select column_name from driftline_quality where monitor = 'odd_columns'")}
    assert columns == set(NAMES)
    assert set(project.sql("select * from driftline_importances")) == {
        ("odd_labels", LABEL, 0.5),
        ("odd_labels", KNOWN_AT, 2),
    }
    segments = {row[0] for row in project.sql("select segment from driftline_quality where monitor = 'odd_segments'")}
    assert segments == {"all", *NAMES[:8]}
    assert project.sql("select count(*) from log") == [(len(ROWS),)]


@pytest.mark.parametrize("name", ["no_rows", "no_rows_no_reference", "only_the_future"])
def test_nothing_to_count_is_no_error(project: Project, name: str) -> None:
    assert counts(project, name) == {}
    for relation in ("drift", "quality", "business", "alerts"):
        assert project.sql(f"select count(*) from driftline_{relation} where monitor = '{name}'") == [(0,)]
    assert project.sql(f"select count(*) from driftline_monitors where monitor = '{name}'") == [(1,)]


def test_a_type_is_not_known_by_a_part_of_its_name(project: Project) -> None:
    kinds = project.sql("select distinct column_kind, bin_label from driftline_bins where monitor = 'typed' order by 2")
    assert kinds == [("categorical", "double"), ("categorical", "mint"), ("categorical", "point")]


def test_a_date_of_long_ago_costs_one_window(project: Project) -> None:
    starts = [row[0] for row in project.sql("select window_start from driftline_quality where monitor = 'all_ages'")]
    assert min(starts) == dt.datetime(1970, 1, 1)
    # The last rows are of the 6th, the clock says that the 7th is over.
    assert max(starts) == dt.datetime(2024, 1, 7)
    assert len(starts) < 100
    for relation in ("drift", "quality", "business"):
        both = [
            project.frame(
                f"select * from driftline_{relation} where monitor = '{name}' and window_start >= timestamp '2024-01-01'"
            )
            .drop(columns=["monitor", "spec_hash", "rules_hash", "computed_at"], errors="ignore")
            .sort_values(["window_start", *(["baseline"] if relation == "drift" else [])], ignore_index=True)
            for name in ("all_ages", "one_age")
        ]
        assert len(both[0]) > 0
        pd.testing.assert_frame_equal(both[0], both[1], rtol=1e-9)


@pytest.mark.parametrize("name", ["empty_reference", "a_reference_without_rows"])
def test_an_empty_reference_has_a_reason(project: Project, name: str) -> None:
    rows = project.sql(
        "select distinct psi, ks_lower, wasserstein, chi_squared, baseline_row_count, reason from driftline_drift"
        f" where monitor = '{name}' and baseline = 'reference'"
    )
    assert rows == [(None, None, None, None, 0, "no rows in the baseline")]
    quality = project.sql(
        f"select sum(row_count), max(reference_row_count) from driftline_quality where monitor = '{name}'"
    )
    assert quality == [(2 * sum(row["at"] < NOW for row in ROWS), 0)]


def test_a_reference_without_the_columns_has_a_reason(project: Project) -> None:
    rows = project.sql(
        "select distinct psi, ks_lower, wasserstein, chi_squared from driftline_drift"
        " where monitor = 'a_reference_without_the_columns' and baseline = 'reference'"
    )
    assert rows == [(None, None, None, None)]


def test_a_reference_that_fills_later_is_learnt_then(project: Project) -> None:
    assert project.sql(
        "select count(*) from driftline_bins where monitor = 'empty_reference' and bin_kind = 'category'"
    ) == [(0,)]
    late = [{**row, "at": row["at"].replace(year=2023)} for row in ROWS]
    types = {"at": pa.timestamp("us"), "text": pa.string()}
    both = [*ROWS, *late]
    project.load("log", pa.table({n: pa.array([row[n] for row in both], types.get(n, pa.float64())) for n in ROWS[0]}))
    project.build("--select", "empty_reference")
    spec = CASES["empty_reference"][1]
    spec.now = NOW
    learn(project, "empty_reference", spec.columns)
    assert len(spec.columns[0].edges) == 19
    assert_counts(counts(project, "empty_reference"), recount(spec, both))
