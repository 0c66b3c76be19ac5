"""What the state holds, against plain Python: types, bins, versions, segments, weights, references of their own."""

from __future__ import annotations

import datetime as dt
import math
import random
from collections import Counter
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from state.outcomes import Model
from state.states import (
    UTC,
    Column,
    Row,
    Spec,
    assert_counts,
    columns_of,
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


def make_rows() -> list[Row]:
    """Ten days, the fourth of January without any row; new categories and extreme values after the reference."""
    rng = random.Random(7)
    rows = []
    for day in range(1, 11):
        if day == 7:
            continue
        for place in range(60):
            at = dt.datetime(2024, 1, day) + dt.timedelta(seconds=rng.randrange(86_400))
            if place == 0:
                at = dt.datetime(2024, 1, day)
            if place == 1:
                at = dt.datetime(2024, 1, day, 23, 59, 59, 999999)
            late = day >= 5
            rare = ["delta", "epsilon", "zeta"] + (["eta", "theta"] if late else [])
            rows.append(
                {
                    "at": at,
                    "at_zoned": at.replace(tzinfo=UTC),
                    "day": at.date(),
                    "x": rng.choice(
                        [None, math.nan, math.inf, -math.inf, 1e301, -1e301, *[rng.randrange(-40, 400) / 4] * 14]
                    ),
                    "tied": 0.0 if rng.random() < 0.7 else rng.randrange(1, 200) / 4,
                    "constant": 5.0 + (0.25 if late and place % 5 == 0 else 0),
                    "empty": None,
                    "empty_at_first": rng.randrange(100) / 4 if late else None,
                    "small": rng.randrange(-5, 6),
                    "whole": rng.choice([None, *range(1000)]),
                    "big": rng.randrange(10**6) + 2**40,
                    "price": rng.choice([None, Decimal(rng.randrange(1, 4000)) / 4]),
                    "flag": rng.choice([True, False, None]),
                    "kind": rng.choice(
                        [None, "", *["alpha"] * 8, *["beta"] * 5, *["gamma"] * 4, *rare, "'); drop table log; --"]
                    ),
                    "version": rng.choice(["v1", "v2", "all", None]),
                    "country": rng.choice(["DE", "UK", None]),
                    "w": rng.choice([0.25, 1.0, 2.5]),
                    "score": rng.randrange(101) / 128,
                    "bought": rng.randrange(2),
                    "revenue": rng.choice([None, rng.randrange(400) / 4]),
                }
            )
    rng.shuffle(rows)
    return [*rows, {**rows[0], "at": None, "at_zoned": None, "day": None}]


ROWS = make_rows()
TYPES = {
    "at": pa.timestamp("us"),
    "at_zoned": pa.timestamp("us", "UTC"),
    "day": pa.date32(),
    "empty": pa.float64(),
    "small": pa.int16(),
    "whole": pa.int32(),
    "big": pa.int64(),
    "price": pa.decimal128(10, 2),
}


def as_table(rows: list[Row], without: tuple[str, ...] = ()) -> pa.Table:
    return pa.table(
        {
            name: pa.array([row[name] for row in rows], TYPES.get(name), from_pandas=False)
            for name in rows[0]
            if name not in without
        }
    )


def text(name: str) -> Any:
    """A value as a category: true, 1 (not 1.0), 0.5."""

    def value(row: Row) -> str | None:
        given = row[name]
        if given is None or isinstance(given, str):
            return given
        if isinstance(given, bool):
            return "true" if given else "false"
        if isinstance(given, (float, Decimal)) and given == int(given):
            return str(int(given))
        return str(given.normalize()) if isinstance(given, Decimal) else str(given)

    return value


NUMERIC = ["x", "tied", "constant", "empty", "empty_at_first", "small", "whole", "big", "price", "flag"]
CATEGORICAL = ["kind", "flag", "small", "price", "day", "empty", "score"]
TRAINING = [{**row, "x": row["tied"]} for row in ROWS if row["at"] is not None and row["at"].day in (3, 4)]


def numeric(names: list[str]) -> list[Column]:
    return [Column(name, number(name)) for name in names]


def categorical(names: list[str]) -> list[Column]:
    return [Column(name, text(name), kind="categorical") for name in names]


BINARY = Model("binary", number("bought"), number("score"))
CLASSES = Model("multiclass", text("kind"), {"a": number("score"), "b": number("tied")})
REVENUE = Model("regression", number("revenue"), number("score"))


def plain(**changes: Any) -> Spec:
    return Spec(**{"timestamp": "at", "columns": numeric(["x", "tied"]), "reference": REFERENCE, "now": NOW, **changes})


# name: (the declaration's arguments, what it says in Python)
CASES: dict[str, tuple[dict[str, Any], Spec]] = {
    "numbers": ({"numeric": NUMERIC}, plain(columns=numeric(NUMERIC))),
    "few_bins": ({"numeric": NUMERIC, "bins": 2}, plain(columns=numeric(NUMERIC))),
    "many_bins": ({"numeric": ["x", "whole"], "bins": 200}, plain(columns=numeric(["x", "whole"]))),
    "own_edges": (
        {"numeric": ["x", "tied", "price"], "bins": {"x": [-1, 0, 10.5, 60], "tied": [0], "price": [1e6]}},
        plain(columns=numeric(["x", "tied", "price"])),
    ),
    "categories": (
        {"categorical": CATEGORICAL, "top_categories": 3},
        plain(columns=categorical(CATEGORICAL)),
    ),
    "one_category": ({"categorical": ["kind"], "top_categories": 1}, plain(columns=categorical(["kind"]))),
    "versions": (
        {
            "numeric": ["tied"],
            "categorical": ["kind"],
            "model_version": "version",
            "segments": ["country", "flag"],
            "detail": "crosses",
        },
        plain(
            columns=[*numeric(["tied"]), *categorical(["kind"])],
            version=text("version"),
            segments={"country": text("country"), "flag": text("flag")},
        ),
    ),
    "weights": (
        {
            "numeric": ["x"],
            "categorical": ["kind"],
            "segments": ["country"],
            "weight": "w",
            "business_metrics": {
                "conversion": {"numerator": "bought", "denominator": "1"},
                "revenue": {"sum": "revenue"},
            },
        },
        plain(
            columns=[*numeric(["x"]), *categorical(["kind"])],
            segments={"country": text("country")},
            weight=number("w"),
            metrics={
                "conversion": (number("bought"), lambda row: 1.0),
                "revenue": (number("revenue"), None),
            },
        ),
    ),
    "business_alone": (
        {"business_metrics": {"per_sale": {"numerator": "coalesce(revenue, 0)", "denominator": "bought"}}},
        plain(columns=[], metrics={"per_sale": (lambda row: float(row["revenue"] or 0), number("bought"))}),
    ),
    "roles": (
        {"numeric": ["tied"], "prediction": "score", "label": "bought", "task": "binary", "model_version": "small"},
        plain(
            columns=[
                Column("score", number("score"), "prediction"),
                Column("bought", text("bought"), "label", "categorical"),
                Column("tied", number("tied")),
                *performance_columns(BINARY, "score", "bought"),
            ],
            model=BINARY,
            version=text("small"),
        ),
    ),
    "classes": (
        {"prediction": {"a": "score", "b": "tied"}, "label": "kind", "task": "multiclass"},
        plain(
            columns=[
                Column("score", number("score"), "prediction"),
                Column("tied", number("tied"), "prediction"),
                Column("kind", text("kind"), "label", "categorical"),
                *performance_columns(CLASSES, "score", "kind"),
            ],
            model=CLASSES,
        ),
    ),
    "regression": (
        {"prediction": "score", "label": "revenue", "task": "regression"},
        plain(
            columns=[Column("score", number("score"), "prediction"), Column("revenue", number("revenue"), "label")],
            model=REVENUE,
        ),
    ),
    "zoned": (
        {"numeric": ["x"], "timestamp": "at_zoned", "timezone": "America/New_York"},
        plain(timestamp="at_zoned", columns=numeric(["x"]), timezone="America/New_York"),
    ),
    "naive_elsewhere": (
        {"numeric": ["x"], "timezone": "Asia/Kolkata"},
        plain(columns=numeric(["x"]), timezone="Asia/Kolkata"),
    ),
    "dates": (
        {"numeric": ["x"], "timestamp": "day", "timezone": "Asia/Tokyo"},
        plain(timestamp="day", columns=numeric(["x"]), timezone="Asia/Tokyo"),
    ),
    "minute_bounds": (
        {"numeric": ["x"], "reference": {"start": "2024-01-02 06:30:00", "end": "2024-01-04T18:45:00"}},
        plain(columns=numeric(["x"]), reference=(dt.datetime(2024, 1, 2, 6, 30), dt.datetime(2024, 1, 4, 18, 45))),
    ),
}
MODELS = {name: declare(**{"timestamp": "at", "reference": SPAN, **case[0]}) for name, case in CASES.items()}
HALVES = {
    "whole": [row for row in ROWS if row["at"] is not None],
    "shuffled": random.Random(3).sample(ROWS[:-1], len(ROWS) - 1),
    "one_half": [row for row in ROWS[:-1] if row["at"].second % 2],
    "other_half": [row for row in ROWS[:-1] if not row["at"].second % 2],
    "a_region": [row for row in ROWS[:-1] if row["country"] == "DE"],
    "other_regions": [row for row in ROWS[:-1] if row["country"] != "DE"],
    "before": [row for row in ROWS[:-1] if row["at"] < dt.datetime(2024, 1, 6, 13, 7)],
    "after": [row for row in ROWS[:-1] if row["at"] >= dt.datetime(2024, 1, 6, 13, 7)],
    "none": [],
}
for half in HALVES:
    MODELS[half] = declare(
        f"rows_{half}", timestamp="at", reference={"relation": source("training")}, numeric=["x", "tied"],
        categorical=["kind"], model_version="version", segments=["country"], weight="w",
        business_metrics={"revenue": {"sum": "revenue"}, "share": {"numerator": "bought", "denominator": "1"}},
    )  # fmt: skip
MODELS["reference_relation"] = declare(
    timestamp="at", reference={"relation": source("training")}, numeric=["x"], categorical=["kind"],
    model_version="version", segments=["country"],
)  # fmt: skip
MODELS["reference_bare"] = declare(
    timestamp="at", reference={"relation": source("training_bare")}, numeric=["x"], categorical=["kind"],
    model_version="version", segments=["country"], business_metrics={"sales": {"sum": "bought"}},
)  # fmt: skip


@pytest.fixture(scope="module")
def project(make_module_project: Any) -> Project:
    project = make_module_project(
        models={f"monitors/{name}": text for name, text in MODELS.items()},
        tables={
            "log": as_table(ROWS),
            **{f"rows_{half}": as_table(rows or ROWS[:1]).slice(0, len(rows)) for half, rows in HALVES.items()},
            "training": as_table(TRAINING),
            "training_bare": as_table(TRAINING, without=("at", "version")),
        },
        vars={
            "driftline_now": str(NOW),
            "driftline_monitors": [name for name in MODELS if name not in HALVES],
            "driftline_windows": {"day": [1]},
        },
    )
    project.build("--select", "monitors", "+driftline_monitors", "+driftline_business", "driftline_bins")
    return project


@pytest.mark.parametrize("name", CASES)
def test_every_count(project: Project, name: str) -> None:
    spec = CASES[name][1]
    learn(project, name, spec.columns, spec.model)
    assert_counts(counts(project, name), recount(spec, ROWS))


@pytest.mark.parametrize(("name", "bare"), [("reference_relation", False), ("reference_bare", True)])
def test_a_reference_of_its_own(project: Project, name: str, bare: bool) -> None:
    columns = [*numeric(["x"]), *categorical(["kind"])]
    learn(project, name, columns)
    metrics = {"sales": (number("bought"), None)} if bare else {}
    common = {"reference": None, "columns": columns, "segments": {"country": text("country")}, "metrics": metrics}
    expected = recount(plain(version=text("version"), **common), ROWS)
    if bare:
        # Without a time column it is one period, that no row can be in; without a version it is the total's alone.
        training = [{**row, "at": dt.datetime(1900, 1, 1)} for row in TRAINING]
        timeless = dt.datetime(1900, 1, 1, 0, 0, 3)
        found = recount(plain(**common), training, source="reference")
        expected |= {(*key[:2], timeless, *key[3:]): sums for key, sums in found.items()}
    else:
        expected |= recount(plain(version=text("version"), **common), TRAINING, source="reference")
    assert_counts(counts(project, name), expected)


@pytest.mark.parametrize(
    "parts", [("shuffled",), ("one_half", "other_half"), ("a_region", "other_regions"), ("before", "after", "none")]
)
def test_the_states_of_the_parts_add_up_to_the_whole(project: Project, parts: tuple[str, ...]) -> None:
    whole = rows_of_the_relation(project, "whole")
    assert len(whole) > 500
    assert_counts(rows_of_the_relation(project, *parts), whole)
    bins = [
        project.sql(
            f"select column_name, bin, bin_kind, bin_label, bin_lower, bin_upper from {project.relation(monitor)}"
            " where record = 'bin' order by 1, 2, 4"
        )
        for monitor in ("whole", *parts)
    ]
    assert all(other == bins[0] for other in bins)


@pytest.mark.parametrize(("name", "bins"), [("numbers", 20), ("few_bins", 2), ("many_bins", 200)])
def test_edges_are_the_quantiles_of_the_reference(project: Project, name: str, bins: int) -> None:
    reference = [row for row in ROWS if row["at"] and REFERENCE[0] <= row["at"] < REFERENCE[1]]
    for column in [c.name for c in CASES[name][1].columns]:
        values = [float(row[column]) for row in reference if row[column] is not None]
        values = [value for value in values if abs(value) <= 1e300]
        got = thresholds(project, name, column)
        if not values:
            assert got == []
            continue
        expected = np.quantile(values, np.arange(1, bins) / bins)
        assert got == pytest.approx(expected.tolist(), rel=1e-12, abs=1e-299)
        assert got == sorted(got)


def test_a_value_that_is_most_of_the_rows_has_a_bin_of_its_own(project: Project) -> None:
    zeros = sum(row["tied"] == 0 for row in ROWS if row["at"] and row["at"] < NOW)
    found = project.sql(
        "select bin, bin_lower, bin_group from driftline_bins"
        " where monitor = 'numbers' and column_name = 'tied' and bin_kind = 'range' and bin_upper = 0"
    )
    [(own, lower, group)] = found
    assert -1e-299 < lower < 0
    held = [
        (sums[0], sums[3])
        for key, sums in counts(project, "numbers").items()
        if key[6] == "tied" and key[8:] == (own, "range")
    ]
    assert sum(rows for rows, _ in held) == zeros
    assert {value for _, value in held} == {0}
    assert project.sql(
        "select count(*) from driftline_bins where monitor = 'numbers' and column_name = 'tied'"
        f" and bin_kind = 'range' and bin_group = {group}"
    ) == [(1,)]


def test_a_constant_is_told_from_what_is_just_beside_it(project: Project) -> None:
    bins = {key[8] for key in counts(project, "numbers") if key[6] == "constant" and key[9] == "range"}
    assert len(bins) == 2


def test_empty_ranges_are_not_shown(project: Project) -> None:
    shown = project.sql(
        "select count(*), sum(case when bin_lower >= bin_upper then 1 else 0 end) from driftline_bins"
        " where monitor = 'numbers' and column_name = 'tied' and bin_kind = 'range'"
    )
    assert 5 < shown[0][0] < 12
    assert shown[0][1] == 0


def test_groups_of_ten_and_own_edges_as_they_are(project: Project) -> None:
    def groups(monitor: str, column: str) -> list[int]:
        return [
            row[0]
            for row in project.sql(
                f"select bin_group from driftline_bins where monitor = '{monitor}' and column_name = '{column}'"
                " and bin_kind = 'range' order by bin"
            )
        ]

    assert groups("numbers", "whole") == [number // 2 for number in range(20)]
    together = {group for group in groups("many_bins", "whole") if group < 1000}
    assert together == set(range(10))
    assert groups("own_edges", "x") == [0, 1, 2, 3, 4]


def test_top_categories_break_ties_by_their_bytes(project: Project) -> None:
    reference = [row for row in ROWS if row["at"] and REFERENCE[0] <= row["at"] < REFERENCE[1]]
    for column in CASES["categories"][1].columns:
        days: dict[str, set[dt.date]] = {}
        for row in reference:
            days.setdefault(column.value(row), set()).add(row["day"])
        # A value of one day alone is not the reference's.
        sizes = Counter(v for row in reference if (v := column.value(row)) is not None and len(days[v]) > 1)
        ranked = sorted(sizes, key=lambda v: (-sizes[v], v.encode()))
        rows = project.sql(
            "select bin_label, bin, bin_kind from driftline_bins where monitor = 'categories'"
            f" and column_name = '{column.name}' order by bin, bin_label"
        )
        assert {row[0]: (row[1], row[2]) for row in rows} == {
            value: (place, "category") if place < 3 else (10001, "beyond_top") for place, value in enumerate(ranked)
        }


def test_hostile_categories_are_counted_as_they_are(project: Project) -> None:
    hostile = sum(row["kind"] == "'); drop table log; --" for row in ROWS)
    assert project.sql("select count(*) from log where kind = '''); drop table log; --'") == [(hostile,)]
    labels = [row[0] for row in project.sql("select bin_label from driftline_bins where monitor = 'categories'")]
    assert "'); drop table log; --" in labels


def test_the_last_day_is_read_so_far_and_is_not_complete(project: Project) -> None:
    complete = project.sql(
        "select distinct window_start, is_complete from driftline_quality where monitor = 'numbers' order by 1"
    )
    assert complete == [(dt.datetime(2024, 1, day), day < 9) for day in range(1, 10)]


def test_a_day_without_rows_is_a_gap(project: Project) -> None:
    gap = "window_start = timestamp '2024-01-07 00:00:00' and segment = 'all' and model_version = 'all'"
    quality = project.sql(f"select row_count, mean, null_rate, reason from driftline_quality where monitor = 'numbers' and {gap}")  # fmt: skip
    assert quality == [(0, None, None, "no rows in the window")] * len(NUMERIC)
    drift = project.sql(f"select distinct row_count, psi, ks_lower, mean, reason from driftline_drift where monitor = 'numbers' and {gap}")  # fmt: skip
    assert drift == [(0, None, None, None, "no rows in the window")]
    business = project.sql(f"select metric, row_count, value, reason from driftline_business where monitor = 'weights' and {gap} order by 1")  # fmt: skip
    assert business == [
        ("conversion", 0, None, "no rows in the window"),
        ("revenue", 0, 0.0, None),
    ]


def test_versions_add_up_to_their_total(project: Project) -> None:
    where = "monitor = 'versions' and column_name = 'tied'"
    parts = project.sql(
        "select window_start, segment, segment_value, sum(row_count) from driftline_quality"
        f" where {where} and model_version <> 'all' group by 1, 2, 3 having sum(row_count) > 0 order by 1, 2, 3"
    )
    total = project.sql(
        "select window_start, segment, segment_value, row_count from driftline_quality"
        f" where {where} and model_version = 'all' and row_count > 0 order by 1, 2, 3"
    )
    assert parts == total
    names = {row[0] for row in project.sql("select distinct model_version from driftline_quality where monitor = 'versions'")}  # fmt: skip
    assert names == {"all", "v1", "v2", "(all)", "(null)"}
    segments = set(project.sql("select distinct segment, segment_value from driftline_quality where monitor = 'versions'"))  # fmt: skip
    assert segments == {
        ("all", "all"), ("country", "DE"), ("country", "UK"), ("country", "(null)"),
        ("flag", "true"), ("flag", "false"), ("flag", "(null)"),
    }  # fmt: skip


def test_the_reference_is_half_open(project: Project) -> None:
    found = project.sql(
        "select min(period_start), max(period_start), sum(row_count) from driftline_state"
        " where monitor = 'numbers' and in_reference and column_role = 'row'"
    )
    inside = sum(1 for row in ROWS if row["at"] and REFERENCE[0] <= row["at"] < REFERENCE[1])
    assert found == [(REFERENCE[0], dt.datetime(2024, 1, 4), inside)]


def test_a_period_is_split_where_the_reference_ends_in_it(project: Project) -> None:
    both = {key[1] for key in counts(project, "minute_bounds") if key[2] == dt.datetime(2024, 1, 4)}
    assert both == {True, False}


def test_a_reference_relation_is_no_window(project: Project) -> None:
    windows = project.sql("select min(window_start) from driftline_quality where monitor = 'reference_bare'")
    assert windows == [(dt.datetime(2024, 1, 1),)]
    baseline = project.sql(
        "select distinct baseline_row_count from driftline_drift where monitor = 'reference_bare'"
        " and baseline = 'reference' and segment = 'all' and model_version = 'all'"
    )
    assert baseline == [(len(TRAINING),)]


def test_a_column_that_is_nothing_but_null_has_a_reason(project: Project) -> None:
    rows = project.sql(
        "select distinct psi, psi_critical, ks_lower, wasserstein, reason from driftline_drift"
        " where monitor = 'numbers' and column_name = 'empty' and row_count > 0 and baseline = 'reference'"
    )
    assert rows == [(0, 0, None, None, "no values but NULL or NaN on one side")]


def test_monitors_know_their_settings(project: Project) -> None:
    rows = project.sql(
        "select period, timezone, task, decision_threshold, relation_name, reference_start, reference_end, as_of"
        " from driftline_monitors where monitor in ('zoned', 'roles', 'reference_bare') order by monitor"
    )
    bare, roles, zoned = (SimpleNamespace(**dict(zip("abcdefgh", row, strict=True))) for row in rows)
    assert (bare.f, bare.g) == (None, None)
    assert (roles.a, roles.b, roles.c, roles.d, roles.e) == ("day", "UTC", "binary", 0.5, "log")
    assert (roles.f, roles.g) == ("2024-01-02 00:00:00", "2024-01-05 00:00:00")
    assert (zoned.b, zoned.h) == ("America/New_York", dt.datetime(2024, 1, 9, 7))


def test_products_too_small_or_too_large_for_a_number(make_project: Any) -> None:
    """What underflows is 0, what overflows is left out; neither stops the monitor."""
    pairs = [(1e-200, 1e-200), (1e-200, 1e100), (2.0, 3.0), (1e200, 1e200), (-1e-160, 0.5), (None, 1.0)]
    rows = [{"at": dt.datetime(2024, 1, 2), "spent": spent, "items": items} for spent, items in pairs]
    project = make_project(
        models={
            "monitors/shop": declare(
                timestamp="at",
                reference={"start": "2024-01-02", "end": "2024-01-03"},
                business_metrics={"rate": {"numerator": "spent", "denominator": "items"}},
            )
        },
        tables={"log": columns_of(rows)},
        vars={"driftline_monitors": ["shop"]},
    )
    project.build("--select", "+driftline_business")
    [(found,)] = project.sql(
        f"select value_sum from {project.relation('shop')} where record = 'count' and bin_kind = 'product'"
    )
    assert found == pytest.approx(6.0 + 1e-100, abs=1e-149)
