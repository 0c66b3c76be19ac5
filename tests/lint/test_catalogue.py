"""The catalogue of metrics (macros/catalogue): every entry says all that is needed, and whatever speaks of metrics agrees."""

from __future__ import annotations

import csv
import re
from typing import Any

import pytest
from driftline.report import words
from support import catalogue

METRICS = catalogue.metrics()
NAMES = [f"{entry['task']}-{entry['name']}" for entry in METRICS]
PACKAGE = catalogue.package()


def thresholds(*families: str) -> list[dict[str, str]]:
    with catalogue.THRESHOLDS.open(encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["family"] in families and row["metric"] != "any"]


def test_the_columns_of_the_default_thresholds_belong_to_their_name() -> None:
    """dbt fills only the columns a seed's table has, and making the table anew drops what a project reads it by."""
    with catalogue.THRESHOLDS.open(encoding="utf-8") as file:
        columns = next(csv.reader(file))
    assert columns == [
        *("family", "metric", "baseline", "column_kind", "compare", "direction", "warn", "critical", "or_compare"),
        *("or_direction", "or_warn", "or_critical", "least_difference", "over_noise", "min_rows", "consecutive"),
        *("windows", "segments", "versions"),
    ], "give the seed another name, and add this one to _former_relations in macros/monitor/drop_former.sql"


@pytest.mark.parametrize("entry", METRICS, ids=NAMES)
def test_an_entry_says_what_is_needed(entry: dict[str, Any]) -> None:
    assert entry["label"] and entry["description"]
    assert entry["better"] in ("higher", "lower", "none")
    least, greatest = entry["bounds"]
    assert least is None or greatest is None or least < greatest
    assert ("top" in entry) != ("value" in entry)
    known = PACKAGE._measure_numbers()
    for measure in [
        *entry.get("top", {}),
        *entry.get("bottom", {}),
        *entry.get("uses", {}),
        entry["rows"],
        entry["base"],
    ]:
        assert measure in known, measure


@pytest.mark.parametrize("entry", METRICS, ids=NAMES)
def test_an_entry_says_what_chance_makes_of_it(entry: dict[str, Any]) -> None:
    """Without that it cannot be judged."""
    chance = entry.get("chance")
    if chance == "share":
        # Each row is 0 or 1 of the denominator.
        assert {*entry["top"].values(), *entry.get("bottom", {}).values()} == {1}
        assert set(entry["top"]) <= set(entry.get("bottom", entry["top"]))
        assert entry["bounds"] == [0, 1]
    elif chance == "outcomes":
        assert set(entry["top"]) <= set(entry["bottom"])
    elif chance == "mean":
        assert "top" in entry and "bottom" not in entry
    else:
        assert isinstance(chance, dict)
        assert chance.get("variance") or chance.get("chance")
    sql = PACKAGE._metric_sql(entry)
    assert sql["value"] and sql["n"] and (sql.get("variance") or sql.get("chance")) and sql["reason"]


@pytest.mark.parametrize("entry", METRICS, ids=NAMES)
def test_an_entry_can_be_explained(entry: dict[str, Any]) -> None:
    explained = entry.get("explained", entry["name"])
    of_task = {other["name"]: other for other in METRICS if other["task"] == entry["task"]}
    assert "top" in (explained if isinstance(explained, dict) else of_task[explained])


@pytest.mark.parametrize(
    "row", thresholds("performance", "estimate"), ids=lambda row: f"{row['family']}-{row['metric']}"
)
def test_thresholds_are_of_metrics_and_look_to_the_worse_side(row: dict[str, str]) -> None:
    entries = [entry for entry in METRICS if entry["name"] == row["metric"]]
    assert entries, f"{row['metric']} is not in the catalogue"
    for entry in entries:
        assert row["direction"] == {"higher": "below", "lower": "above", "none": "both"}[entry["better"]]
    assert row["family"] == "performance" or any("estimate" in entry for entry in entries)


def test_trends_are_of_metrics() -> None:
    judged = [
        row["metric"].removeprefix("performance_") for row in thresholds("trend") if "performance_" in row["metric"]
    ]
    assert judged and set(judged) <= {entry["name"] for entry in METRICS}


def test_a_name_means_the_same_in_every_task() -> None:
    for entry in METRICS:
        for other in METRICS:
            if other["name"] == entry["name"]:
                assert [other[key] for key in ("label", "better", "bounds")] == [
                    entry[key] for key in ("label", "better", "bounds")
                ]


@pytest.mark.parametrize("path", sorted(catalogue.WRITTEN), ids=lambda path: path.name)
def test_words_and_docs_are_those_of_the_catalogue(path: Any) -> None:
    assert path.read_text(encoding="utf-8") == catalogue.written(path), "make docs"


def test_every_page_of_measures_says_when_and_when_not() -> None:
    known = {path for path in catalogue.WRITTEN if path.parent == catalogue.PAGES}
    assert known | {catalogue.PAGES / "example.md"} == set(catalogue.PAGES.glob("*.md"))
    heads = ["## When to use it", "## When not", "## What a value means"]
    for path in known:
        text = path.read_text(encoding="utf-8")
        # The entry of a distance or metric has its formula and source; a family has several.
        first = ["## Formulas and sources"] if path.stem in catalogue.FAMILIES else []
        assert re.findall("^## .*", text, re.MULTILINE) == first + heads, path.name
        assert re.search(r"^\| `\w+` \| [\w ]+ \| -?[\d.]+ \|$", text, re.MULTILINE), f"{path.name}: no worked example"


def test_every_family_of_measures_has_a_page() -> None:
    # Distances and metrics of a task have a page each.
    families = set(PACKAGE._families()) - {"drift", "performance"}
    assert {{"trend": "changes"}.get(family, family) for family in families} <= set(catalogue.FAMILIES)


def test_the_page_leads_with_metrics_of_the_catalogue() -> None:
    names = {entry["name"] for entry in METRICS}
    assert set(words.FIRST) <= names
    assert set(words.DISPARITIES) == set(PACKAGE._fairness_rates())


def test_metrics_are_named_in_the_catalogue_alone() -> None:
    """A metric's name in a model or macro is a second place to keep in step with the first."""
    # A class' area comes from the curve of its score.
    curve = {"roc_auc", "average_precision", "expected_calibration_error"}
    allowed = {
        "driftline_int_realized.sql": {"roc_auc"},
        "driftline_int_score_curves.sql": curve,
    }
    # Names of something else, too: a measure of the state, a rate of fairness, a distance, a part of the noise.
    others = {*PACKAGE._measure_numbers(), *PACKAGE._fairness_rates(), "ks", "bias"}
    names = {entry["name"] for entry in METRICS} - others
    found = []
    for folder in ("models", "macros"):
        for path in sorted((catalogue.REPOSITORY / folder).rglob("*.sql")):
            if path.parent.name != "catalogue":
                text = path.read_text(encoding="utf-8")
                found += [(path.name, n) for n in names - allowed.get(path.name, set()) if f"'{n}'" in text]
    assert found == []
