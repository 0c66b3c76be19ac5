"""`driftline check --compare`: verdicts and exit codes from a table made by hand."""

from __future__ import annotations

from typing import Any

import pytest

COLUMNS = {
    "monitor": "varchar(200)",
    "model_version": "varchar(200)",
    "segment": "varchar(200)",
    "segment_value": "varchar(200)",
    "window_start": "timestamp",
    "window_end": "timestamp",
    "champion_version": "varchar(200)",
    "span": "varchar(200)",
    "family": "varchar(200)",
    "metric": "varchar(200)",
    "is_complete": "boolean",
    "is_mature": "boolean",
    "higher_is_better": "boolean",
    "value": "double precision",
    "champion_value": "double precision",
    "difference": "double precision",
    "difference_lower": "double precision",
    "difference_upper": "double precision",
    "p_value": "double precision",
    "anytime_lower": "double precision",
    "anytime_upper": "double precision",
    "anytime_p_value": "double precision",
    "row_count": "bigint",
    "champion_row_count": "bigint",
    "rows_needed": "bigint",
    "verdict": "varchar(200)",
    "reason": "varchar(200)",
}
CHANCE = "the difference may be chance"
ROW = {
    "monitor": "shop",
    "model_version": "v2",
    "segment": "all",
    "segment_value": "all",
    "window_start": "2026-03-01 00:00:00",
    "window_end": "2026-03-15 00:00:00",
    "champion_version": "v1",
    "span": "cumulative",
    "family": "business",
    "metric": "conversion",
    "is_complete": True,
    "is_mature": True,
    "higher_is_better": True,
    "value": 0.25,
    "champion_value": 0.2,
    "difference": 0.05,
    "difference_lower": 0.02,
    "difference_upper": 0.08,
    "p_value": 0.001,
    "anytime_lower": 0.01,
    "anytime_upper": 0.09,
    "anytime_p_value": 0.01,
    "row_count": 1000,
    "champion_row_count": 4000,
    "rows_needed": 0,
    "verdict": "better",
    "reason": None,
}
UNKNOWN = {
    "difference_lower": -0.01,
    "difference_upper": 0.11,
    "p_value": 0.1,
    "anytime_lower": -0.03,
    "anytime_upper": 0.13,
    "anytime_p_value": 0.6,
    "rows_needed": 2500,
    "verdict": "not yet known",
    "reason": CHANCE,
}


class Versions:
    """The shop with a table of comparisons."""

    def __init__(self, shop: Any) -> None:
        self.shop = shop
        for name in ("driftline_comparisons", "driftline_int_version_rows"):
            shop.model(name, "select 1 as stub")
        shop.build("shop", "other")
        relation = shop.workspace.relation
        columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
        shop.workspace.execute(f"create table {relation('driftline_comparisons')} ({columns})")
        shop.workspace.execute(
            f"create table {relation('driftline_int_version_rows')} (monitor varchar(200), model_version varchar(200))"
        )
        for monitor, version in (("shop", "v1"), ("shop", "v2"), ("shop", "v0"), ("other", "v1")):
            self._insert("driftline_int_version_rows", {"monitor": monitor, "model_version": version})

    def row(self, **changes: Any) -> None:
        self._insert("driftline_comparisons", {**ROW, **changes})

    def _insert(self, table: str, row: dict[str, Any]) -> None:
        values = ", ".join(
            "null" if v is None else str(v).lower() if isinstance(v, (bool, int, float)) else f"'{v}'"
            for v in row.values()
        )
        self.shop.workspace.execute(
            f"insert into {self.shop.workspace.relation(table)} ({', '.join(row)}) values ({values})"
        )

    def compare(self, *arguments: str, versions: tuple[str, str] = ("v2", "v1")) -> Any:
        return self.shop.run("check", "--compare", *versions, *arguments)


@pytest.fixture
def versions(shop: Any) -> Versions:
    return Versions(shop)


@pytest.fixture
def any_versions(any_shop: Any) -> Versions:
    return Versions(any_shop)


def test_better_promotes(any_versions: Versions) -> None:
    any_versions.row()
    any_versions.row(
        family="traffic",
        metric="sample_ratio",
        value=0.2,
        champion_value=None,
        higher_is_better=None,
        verdict="as expected",
    )
    outcome = any_versions.compare()
    assert outcome.code == 0
    assert outcome.out.splitlines() == [
        "shop: v2 against v1, 2026-03-01 to 2026-03-15, 20.0% of the rows (split: as expected)",
        "  better         conversion  0.25 against 0.2, difference +0.05 (0.01 to 0.09)",
        "  better: better in conversion, worse in none",
        "v2 against v1: better",
    ]
    assert outcome.err == ""


def test_not_yet_known_says_how_many_rows_it_would_take(versions: Versions) -> None:
    versions.row(**UNKNOWN)
    outcome = versions.compare()
    assert outcome.code == 1
    assert "the difference may be chance; about 2,500 more rows of v2 would tell" in outcome.out
    assert outcome.out.splitlines()[-1] == "v2 against v1: not yet known"


def test_worse_in_one_metric_is_worse(versions: Versions) -> None:
    versions.row()
    versions.row(family="performance", metric="log_loss", higher_is_better=False, verdict="worse")
    outcome = versions.compare()
    assert outcome.code == 1
    assert outcome.out.splitlines()[-2:] == ["  worse: worse in log_loss", "v2 against v1: worse"]
    assert versions.compare("--metric", "conversion").code == 0


def test_json(any_versions: Versions) -> None:
    any_versions.row(**UNKNOWN)
    any_versions.row(metric="revenue", anytime_p_value=1e-6)
    outcome = any_versions.compare("--json")
    assert outcome.code == 0
    result = outcome.json
    assert (result["challenger"], result["champion"], result["verdict"]) == ("v2", "v1", "better")
    monitor = result["monitors"][0]
    assert (monitor["monitor"], monitor["split"], monitor["sample_ratio"]) == ("shop", "not yet known", None)
    conversion, revenue = monitor["metrics"]
    assert (conversion["metric"], conversion["verdict"], conversion["rows_needed"]) == (
        "conversion",
        "not yet known",
        2500,
    )
    assert (revenue["lower"], revenue["upper"], revenue["rows"], revenue["champion_rows"]) == (0.01, 0.09, 1000, 4000)
    assert revenue["window_end"] == "2026-03-15T00:00:00"


def test_the_best_of_several_metrics_must_be_clearer(versions: Versions) -> None:
    """0.01 is enough for one metric of five at 0.05, and not for one of six."""
    versions.row(anytime_p_value=0.0099)
    for number in range(4):
        versions.row(metric=f"m{number}", **UNKNOWN)
    assert versions.compare().code == 0
    versions.row(metric="m4", **UNKNOWN)
    outcome = versions.compare()
    assert outcome.code == 1 and "name the metric that decides with --metric" in outcome.out
    assert versions.compare("--metric", "conversion").code == 0


def test_the_confidence_of_the_project_counts(versions: Versions) -> None:
    versions.row(anytime_p_value=0.01)
    versions.row(metric="m", **UNKNOWN)
    assert versions.compare().code == 0
    assert versions.compare("--vars", "{driftline_confidence: 0.99}").code == 1


def test_exchanged_versions(versions: Versions) -> None:
    versions.row()
    outcome = versions.compare("--json", versions=("v1", "v2"))
    assert outcome.code == 1
    metric = outcome.json["monitors"][0]["metrics"][0]
    assert (metric["verdict"], metric["value"], metric["champion_value"], metric["difference"]) == (
        "worse",
        0.2,
        0.25,
        -0.05,
    )
    assert (metric["lower"], metric["upper"], metric["rows"], metric["champion_rows"]) == (-0.09, -0.01, 4000, 1000)
    versions.row(metric="slow", **UNKNOWN)
    metric = versions.compare("--json", "--metric", "slow", versions=("v1", "v2")).json["monitors"][0]["metrics"][0]
    assert (metric["verdict"], metric["rows_needed"]) == ("not yet known", 10000)


def test_a_single_look(versions: Versions) -> None:
    versions.row(**{**UNKNOWN, "difference_lower": 0.001, "p_value": 0.045})
    assert versions.compare().code == 1
    outcome = versions.compare("--once")
    assert outcome.code == 0 and "(0.001 to 0.11)" in outcome.out
    assert versions.compare("--once", versions=("v1", "v2")).out.splitlines()[-1] == "v1 against v2: worse"
    # What is missing or wrong is so at a single look as well.
    versions.row(metric="early", **{**UNKNOWN, "p_value": 1e-9, "reason": "labels are still missing"})
    assert versions.compare("--once", "--metric", "early").code == 1


def test_not_worse_by_more_than_a_share(versions: Versions) -> None:
    versions.row(**{**UNKNOWN, "anytime_lower": -0.01})
    assert versions.compare("--not-worse", "0.04").code == 1
    outcome = versions.compare("--not-worse", "0.06")
    assert outcome.code == 0 and outcome.out.splitlines()[-1] == "v2 against v1: not worse"
    # It has to hold for every metric; for a loss it is the upper end that counts.
    versions.row(metric="loss", **{**UNKNOWN, "higher_is_better": False, "anytime_upper": 0.011, "anytime_lower": -0.5})
    assert versions.compare("--not-worse", "0.06").code == 0
    versions.row(metric="other_loss", **{**UNKNOWN, "higher_is_better": False, "anytime_upper": 0.02})
    assert versions.compare("--not-worse", "0.06").code == 1
    versions.row(
        metric="blind", **{**UNKNOWN, "anytime_lower": None, "anytime_upper": None, "reason": "the values do not vary"}
    )
    assert versions.compare("--not-worse", "0.06", "--metric", "blind").code == 1
    assert versions.compare("--not-worse", "-1").code == 2


def test_the_last_window_that_has_a_say(versions: Versions) -> None:
    versions.row()
    versions.row(
        **{**UNKNOWN, "window_end": "2026-03-16 00:00:00", "is_mature": False, "reason": "labels are still missing"}
    )
    versions.row(
        **{**UNKNOWN, "window_end": "2026-03-17 00:00:00", "is_complete": False, "reason": "the window has not ended"}
    )
    versions.row(span="window", verdict="worse", window_end="2026-03-16 00:00:00")
    versions.row(segment="area", segment_value="north", verdict="worse")
    assert versions.compare().code == 0
    versions.row(**{**UNKNOWN, "window_end": "2026-03-18 00:00:00"})
    assert versions.compare().code == 1
    assert versions.compare("--until", "2026-03-17").code == 0
    outcome = versions.compare("--until", "2026-03-01")
    assert outcome.code == 2 and "--until" in outcome.err


def test_every_monitor_has_to_agree(versions: Versions) -> None:
    versions.row()
    versions.row(monitor="other", **UNKNOWN)
    outcome = versions.compare()
    assert outcome.code == 1 and outcome.out.splitlines()[-1] == "v2 against v1: not yet known"
    assert versions.compare("--monitor", "shop").code == 0


def test_unknown_names_say_what_there_is(versions: Versions) -> None:
    versions.row()
    outcome = versions.compare(versions=("v3", "v1"))
    assert outcome.code == 2 and outcome.out == ""
    assert "No version 'v3' has rows; there is: other: v1; shop: v0, v1, v2." in outcome.err
    outcome = versions.compare("--monitor", "shpo")
    assert outcome.code == 2 and "No monitor 'shpo' has been built; there is: other, shop." in outcome.err
    outcome = versions.compare("--metric", "conversoin")
    assert outcome.code == 2 and "No metric 'conversoin'" in outcome.err and "there is: conversion" in outcome.err
    outcome = versions.compare(versions=("v2", "v0"))
    assert outcome.code == 2 and "'v2' and 'v0' are not compared in other, shop" in outcome.err
    outcome = versions.compare("--monitor", "other")
    assert outcome.code == 2 and "No version 'v2' has rows; there is: other: v1." in outcome.err


def test_a_name_is_never_sql(any_versions: Versions) -> None:
    any_versions.row()
    for name in ("x' or '1'='1", "x'; drop table driftline_alerts; --", "x\\' or 1=1 --", 'x"; --', "x%s"):
        outcome = any_versions.compare(versions=(name, "v1"))
        assert outcome.code == 2 and "has rows; there is" in outcome.err
    assert any_versions.compare().code == 0


def test_not_built(shop: Any) -> None:
    shop.build("shop")
    outcome = shop.run("check", "--compare", "v2", "v1")
    assert outcome.code == 2 and "driftline_comparisons" in outcome.err


def test_table_of_another_version(versions: Versions) -> None:
    versions.row()
    relation = versions.shop.workspace.relation("driftline_comparisons")
    versions.shop.workspace.execute(f"alter table {relation} drop column anytime_lower")
    outcome = versions.compare()
    assert outcome.code == 2 and "has no column anytime_lower" in outcome.err


def test_options_that_go_with_compare(shop: Any) -> None:
    for option in (("--metric", "m"), ("--once",), ("--not-worse", "0.1"), ("--until", "2026-01-01")):
        outcome = shop.run("check", *option)
        assert outcome.code == 2 and "go with --compare" in outcome.err
    assert shop.run("check", "--compare", "v2").code == 2
