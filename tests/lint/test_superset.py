"""Superset's bundle: as it is described, whole, and over tables and columns that are promised, in SQL of every engine."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import sqlglot
import yaml
from sqlglot import exp
from support import superset, tables

ENGINES = ("duckdb", "postgres", "snowflake", "bigquery")
# Kinds of chart that Superset has today; those in its "deprecated" tier are not among them.
KINDS = {"big_number_total", "table", "echarts_timeseries_line", "echarts_timeseries_bar"}


def read(folder: str) -> list[Any]:
    return [
        yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted((superset.FOLDER / folder).rglob("*.yaml"))
    ]


DATASETS = {one["uuid"]: one for one in read("datasets")}
CHARTS = {one["uuid"]: one for one in read("charts")}
(DASHBOARD,) = read("dashboards")
of_each_dataset = pytest.mark.parametrize(
    "dataset", DATASETS.values(), ids=[d["table_name"] for d in DATASETS.values()]
)
of_each_chart = pytest.mark.parametrize("chart", CHARTS.values(), ids=[c["slice_name"] for c in CHARTS.values()])


def promised(table: str) -> set[str]:
    assert table in tables.RESULTS, table
    return {column["name"] for column in tables.described()[table]["columns"]}


def named(sql: str, dialect: str = "duckdb") -> set[str]:
    """The columns that an expression names."""
    return {column.name for column in sqlglot.parse_one(sql, dialect=dialect).find_all(exp.Column)}


def columns(dataset: Any) -> set[str]:
    return {column["column_name"] for column in dataset["columns"]}


def test_the_files_are_as_described() -> None:
    found = {path: path.read_text(encoding="utf-8") for path in superset.FOLDER.rglob("*") if path.is_file()}
    assert found == superset.files(), "run `make docs`"


def test_no_file_holds_an_address_that_leads_anywhere() -> None:
    (database,) = read("databases")
    assert database["sqlalchemy_uri"] == "postgresql://driftline.invalid/replace_me"
    assert not re.search(r"password|encrypted|@", Path(superset.FOLDER / "databases" / "driftline.yaml").read_text())
    assert {d["database_uuid"] for d in DATASETS.values()} == {database["uuid"]}
    # The database's address says which schema: a data set that named one would have to be changed.
    assert {d["schema"] for d in DATASETS.values()} == {None}
    for risky in ("allow_dml", "allow_ctas", "allow_cvas", "allow_csv_upload", "expose_in_sqllab"):
        assert database[risky] is False


@of_each_dataset
@pytest.mark.parametrize("engine", ENGINES)
def test_data_sets_read_what_is_promised(dataset: Any, engine: str) -> None:
    if dataset["sql"] is None:
        assert columns(dataset) == promised(dataset["table_name"])
        return
    (parsed,) = sqlglot.parse(dataset["sql"], dialect=engine)
    assert isinstance(parsed, exp.Select)
    steps = {one.alias for one in parsed.find_all(exp.CTE)}
    read_here = {one.name for one in parsed.find_all(exp.Table)} - steps
    assert read_here
    made = {one.alias for one in parsed.find_all(exp.Alias)}
    assert {one.name for one in parsed.find_all(exp.Column)} <= made.union(*map(promised, read_here))
    assert columns(dataset) == set(parsed.named_selects)
    # Whoever adds up what such a data set holds must not add totals to their parts.
    for select in parsed.find_all(exp.Select):
        if {one.name for one in select.find_all(exp.Table)} - steps and not select.args.get("with_"):
            assert "is_total" in {one.name for one in select.args["where"].find_all(exp.Column)}, select.sql()


@of_each_dataset
def test_metrics_are_of_columns_that_are_there(dataset: Any) -> None:
    for metric in dataset["metrics"]:
        for engine in ENGINES:
            assert named(metric["expression"], engine) <= columns(dataset), metric["metric_name"]
        # BigQuery takes a name in a condition for the metric of that name.
        assert metric["metric_name"] not in columns(dataset)
    assert dataset["main_dttm_col"] in {c["column_name"] for c in dataset["columns"] if c["is_dttm"]}
    assert all(column["description"] for column in dataset["columns"])


@of_each_chart
def test_charts_ask_for_what_their_data_set_has(chart: Any) -> None:
    dataset, params = DATASETS[chart["dataset_uuid"]], chart["params"]
    (query,) = json.loads(chart["query_context"])["queries"]
    assert params["viz_type"] == chart["viz_type"] and chart["viz_type"] in KINDS
    asked = set(params.get("all_columns", [])) | set(params.get("groupby", [])) | set(params.get("column_config", {}))
    asked |= {json.loads(order)[0] for order in params.get("order_by_cols", [])}
    asked |= {params["x_axis"]} if "x_axis" in params else set()
    for one in params["adhoc_filters"]:
        asked |= {one["subject"]} if one["expressionType"] == "SIMPLE" else named(one["sqlExpression"])
    metrics = set(params.get("metrics", [])) | ({params["metric"]} if "metric" in params else set())
    assert asked <= columns(dataset)
    assert metrics <= {metric["metric_name"] for metric in dataset["metrics"]}
    assert chart["description"] and (asked or metrics)
    # What it answers before anybody opened it is what its form would ask.
    axis = [column["sqlExpression"] for column in query["columns"] if isinstance(column, dict)]
    assert axis == ([params["x_axis"]] if "x_axis" in params else [])
    assert [column for column in query["columns"] if isinstance(column, str)] == (
        params.get("all_columns") or params.get("groupby") or []
    )
    assert set(query.get("metrics", [])) == metrics
    conditions = [one["sqlExpression"] for one in params["adhoc_filters"] if one["expressionType"] == "SQL"]
    assert query["extras"]["where"] == " and ".join(f"({one})" for one in conditions)


def test_the_dashboard_holds_together() -> None:
    position = {name: one for name, one in DASHBOARD["position"].items() if isinstance(one, dict)}
    shown = {one["meta"]["chartId"]: one["meta"] for one in position.values() if one["type"] == "CHART"}
    assert sorted(meta["uuid"] for meta in shown.values()) == sorted(CHARTS)
    assert all(CHARTS[meta["uuid"]]["slice_name"] == meta["sliceName"] for meta in shown.values())
    for name, one in position.items():
        assert one["id"] == name
        assert all(position[child]["parents"][-1] == name for child in one.get("children", []) if name != "ROOT_ID")
        if one["type"] == "ROW":
            assert sum(position[child]["meta"]["width"] for child in one["children"]) == 12
    filters = {one["id"]: one for one in DASHBOARD["metadata"]["native_filter_configuration"]}
    assert [one["name"] for one in filters.values()] == ["Monitor", "Span", "Series", "Periods of a window"]
    for one in filters.values():
        assert set(one["cascadeParentIds"]) <= set(filters)
        touched = [CHARTS[meta["uuid"]] for number, meta in shown.items() if number not in one["scope"]["excluded"]]
        assert touched
        for target in filter(None, one["targets"]):
            column = target["column"]["name"]
            assert column in columns(DATASETS[target["datasetUuid"]])
            assert all(column in columns(DATASETS[chart["dataset_uuid"]]) for chart in touched)
            sort = one.get("sortMetric")
            assert sort is None or sort in {m["metric_name"] for m in DATASETS[target["datasetUuid"]]["metrics"]}
        if one["filterType"] == "filter_time":
            assert all(
                any(f.get("operator") == "TEMPORAL_RANGE" for f in c["params"]["adhoc_filters"]) for c in touched
            )
    # A colour is of a metric, or of a severity.
    names = {metric["metric_name"] for dataset in DATASETS.values() for metric in dataset["metrics"]}
    assert set(DASHBOARD["metadata"]["label_colors"]) <= names | {"critical", "warn"}
