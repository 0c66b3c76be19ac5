"""Superset's bundle under integrations/superset/, in the form that Superset exports: ``make docs``.

A folder of YAML files: a database whose address is not filled in, data sets, charts, one dashboard. What they show is in
superset_charts.py. Ids are made of names, so that a bundle imported again takes the place of the one before.

Tables are named without a schema: the database's address says where they are, once, and no file has to be changed. The SQL
of data sets is read alike by DuckDB, PostgreSQL, Snowflake and BigQuery; times are DATETIME, which Superset's engines all
take for a wall clock without zone.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDER = REPOSITORY / "integrations" / "superset"
VERSION = "1.0.0"
WIDTH = 12
DATABASE = "driftline"
# Leads nowhere: whoever imports the bundle says where their tables are.
ADDRESS = "postgresql://driftline.invalid/replace_me"
TYPES = {
    "string": "VARCHAR", "timestamp": "DATETIME", "boolean": "BOOLEAN", "integer": "INTEGER", "bigint": "BIGINT",
    "double precision": "DOUBLE PRECISION",
}  # fmt: skip

Json = dict[str, Any]


def identity(kind: str, name: str) -> str:
    return str(uuid5(UUID("6f1d5c7e-6a0c-5f0a-9f43-0b0f6c1a3a52"), f"{kind}/{name}"))


def slug(name: str) -> str:
    return re.sub(r"\W+", "_", name).strip("_").lower()


@dataclass(frozen=True)
class Metric:
    """A sum or the like that a data set brings with it: the only ones that its charts use."""

    name: str
    label: str
    sql: str
    description: str
    format: str | None = None


@dataclass(frozen=True)
class Dataset:
    """A table as it is, or with ``sql`` what is right to add up of it. ``labels``: columns as people read them."""

    name: str
    description: str
    time: str
    metrics: tuple[Metric, ...]
    labels: dict[str, str]
    sql: str | None = None
    # Of columns that the SQL makes: type and description. The others are those of the table that is read.
    made: dict[str, tuple[str, str]] = field(default_factory=dict)
    reads: str | None = None

    @property
    def uuid(self) -> str:
        return identity("dataset", self.name)

    @property
    def file(self) -> str:
        return f"datasets/{DATABASE}/{self.name}.yaml"

    def columns(self) -> dict[str, tuple[str, str]]:
        """Type and description by name."""
        from support import tables

        table = {
            column["name"]: (column["data_type"], " ".join(column["description"].split()))
            for column in tables.described()[self.reads or self.name]["columns"]
        }
        if self.sql is None:
            return table
        names = re.findall(r"(\w+)(?:,|$)", self.sql[self.sql.rindex("select") : self.sql.rindex("from")].strip())
        return {name: self.made.get(name) or table[name] for name in names}

    def yaml(self) -> Json:
        columns = [
            {
                "column_name": name, "verbose_name": self.labels.get(name), "description": description, "type": TYPES[kind],
                "is_dttm": kind == "timestamp", "is_active": True, "filterable": True, "groupby": True,
            }
            for name, (kind, description) in self.columns().items()
        ]  # fmt: skip
        metrics = [
            {
                "metric_name": one.name, "verbose_name": one.label, "expression": one.sql, "d3format": one.format,
                "description": one.description,
            }
            for one in self.metrics
        ]  # fmt: skip
        return {
            "table_name": self.name, "description": self.description, "main_dttm_col": self.time, "schema": None,
            "sql": self.sql, "filter_select_enabled": True, "columns": columns, "metrics": metrics, "uuid": self.uuid,
            "database_uuid": identity("database", DATABASE), "version": VERSION,
        }  # fmt: skip


@dataclass(frozen=True)
class Chart:
    """``kind``: Superset's type of chart. ``rows``: columns as they are; else ``metrics`` by ``by``. ``where``: SQL.

    ``over``: its time axis. ``of_span``: whether the dashboard's time range is about it. ``of_series``: whether the choice
    of a series is. ``form``: what else Superset's form of this type holds.
    """

    title: str
    description: str
    kind: str
    dataset: Dataset
    width: int
    height: int
    rows: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    over: str | None = None
    grain: str | None = None
    where: str | None = None
    order: tuple[tuple[str, bool], ...] = ()
    of_span: bool = False
    of_series: bool = False
    form: Json = field(default_factory=dict)
    limit: int = 1000

    @property
    def uuid(self) -> str:
        return identity("chart", self.title)

    @property
    def file(self) -> str:
        return f"charts/{slug(self.title)}.yaml"

    def params(self) -> Json:
        """The form as a person would have filled it in."""
        filters: list[Json] = []
        if self.where:
            filters.append({"clause": "WHERE", "expressionType": "SQL", "sqlExpression": self.where})
        time = self.over or (self.dataset.time if self.of_span else None)
        if time:
            filters.append(
                {
                    "clause": "WHERE", "expressionType": "SIMPLE", "subject": time, "operator": "TEMPORAL_RANGE",
                    "comparator": "No filter",
                }
            )  # fmt: skip
        form: Json = {"viz_type": self.kind, "adhoc_filters": filters}
        if self.kind == "big_number_total":
            (form["metric"],) = self.metrics
        elif self.kind == "table":
            order = [json.dumps([name, ascending]) for name, ascending in self.order]
            form |= {"row_limit": self.limit, "include_search": True, "show_cell_bars": False}
            form |= {"table_timestamp_format": "%Y-%m-%d %H:%M"}
            if self.rows:
                form |= {"query_mode": "raw", "all_columns": list(self.rows), "order_by_cols": order}
            else:
                form |= {"query_mode": "aggregate", "groupby": list(self.by), "metrics": list(self.metrics)}
                form |= {"order_desc": True, "timeseries_limit_metric": self.metrics[0]}
        else:
            form |= {"x_axis": self.over, "time_grain_sqla": self.grain, "metrics": list(self.metrics)}
            form |= {"groupby": list(self.by), "row_limit": self.limit, "order_desc": True, "truncate_metric": True}
            form |= {"rich_tooltip": True, "show_legend": True, "legendType": "scroll", "legendOrientation": "top"}
            form |= {"x_axis_time_format": "smart_date", "tooltipTimeFormat": "%Y-%m-%d %H:%M"}
        return form | self.form

    def query(self) -> Json:
        """What Superset makes of that form: by it the chart answers its API, and reports by mail, before anybody opened it."""
        axis = {
            "columnType": "BASE_AXIS", "expressionType": "SQL", "sqlExpression": self.over, "label": self.over,
            "timeGrain": self.grain,
        }  # fmt: skip
        order: list[Any] = [[name, ascending] for name, ascending in self.order]
        query = {
            "columns": [*([axis] if self.over else []), *self.rows, *self.by],
            # Rows as they are have no metrics: an empty list would group them.
            **({} if self.rows else {"metrics": list(self.metrics)}),
            "orderby": order or ([[self.metrics[0], False]] if self.by and not self.over else []),
            "row_limit": self.limit,
            "filters": [],
            "extras": {"having": "", "where": f"({self.where})" if self.where else ""},
        }
        return {
            "datasource": {"id": 0, "type": "table"}, "force": False, "queries": [query], "result_format": "json",
            "result_type": "full",
        }  # fmt: skip

    def yaml(self) -> Json:
        return {
            "slice_name": self.title, "description": self.description, "viz_type": self.kind, "params": self.params(),
            "query_context": json.dumps(self.query(), indent=2), "uuid": self.uuid, "dataset_uuid": self.dataset.uuid,
            "version": VERSION,
        }  # fmt: skip


@dataclass(frozen=True)
class Filter:
    """What a person chooses beside the dashboard. ``one``: exactly one value, at first the one that ``first`` is largest of."""

    name: str
    description: str
    column: str | None = None
    dataset: Dataset | None = None
    one: bool = False
    first: str | None = None
    within: tuple[str, ...] = ()
    of: Callable[[Chart], bool] = lambda chart: True

    @property
    def id(self) -> str:
        return f"NATIVE_FILTER-{slug(self.name)}"

    def json(self, charts: list[Chart]) -> Json:
        controls: Json = {"enableEmptyFilter": self.one}
        target: Json = {}
        if self.column and self.dataset:
            target = {"column": {"name": self.column}, "datasetUuid": self.dataset.uuid}
            controls |= {"multiSelect": not self.one, "defaultToFirstItem": self.one, "inverseSelection": False}
            controls |= {"searchAllOptions": True, "sortAscending": not self.first}
        excluded = [number for number, chart in enumerate(charts, 1) if not self.of(chart)]
        return {
            "id": self.id, "name": self.name, "description": self.description, "type": "NATIVE_FILTER",
            "filterType": "filter_select" if self.column else "filter_time", "targets": [target], "controlValues": controls,
            # Charts wait until the first value is there.
            "requiredFirst": self.one, **({"sortMetric": self.first} if self.first else {}),
            "cascadeParentIds": [f"NATIVE_FILTER-{slug(name)}" for name in self.within],
            "defaultDataMask": {"extraFormData": {}, "filterState": {}, "ownState": {}},
            "scope": {"rootPath": ["ROOT_ID"], "excluded": excluded},
        }  # fmt: skip


@dataclass(frozen=True)
class Dashboard:
    title: str
    slug: str
    description: str
    filters: tuple[Filter, ...]
    rows: tuple[tuple[Chart, ...], ...]
    colors: dict[str, str]

    @property
    def charts(self) -> list[Chart]:
        return [chart for row in self.rows for chart in row]

    def yaml(self) -> Json:
        position: Json = {
            "DASHBOARD_VERSION_KEY": "v2",
            "ROOT_ID": {"id": "ROOT_ID", "type": "ROOT", "children": ["GRID_ID"]},
            "GRID_ID": {"id": "GRID_ID", "type": "GRID", "children": [], "parents": ["ROOT_ID"]},
            "HEADER_ID": {"id": "HEADER_ID", "type": "HEADER", "meta": {"text": self.title}},
        }
        number = 0
        for place, row in enumerate(self.rows, 1):
            within = f"ROW-{place}"
            position["GRID_ID"]["children"].append(within)
            position[within] = {
                "id": within, "type": "ROW", "children": [], "parents": ["ROOT_ID", "GRID_ID"],
                "meta": {"background": "BACKGROUND_TRANSPARENT"},
            }  # fmt: skip
            for chart in row:
                number += 1
                name = f"CHART-{slug(chart.title)}"
                position[within]["children"].append(name)
                position[name] = {
                    "id": name, "type": "CHART", "children": [], "parents": ["ROOT_ID", "GRID_ID", within],
                    "meta": {
                        "chartId": number, "uuid": chart.uuid, "sliceName": chart.title, "width": chart.width,
                        "height": chart.height,
                    },
                }  # fmt: skip
        metadata = {
            "native_filter_configuration": [one.json(self.charts) for one in self.filters],
            "label_colors": self.colors,
            "cross_filters_enabled": False,
        }
        return {
            "dashboard_title": self.title, "slug": self.slug, "description": self.description, "position": position,
            "metadata": metadata, "uuid": identity("dashboard", self.slug), "version": VERSION,
        }  # fmt: skip


class _Dumper(yaml.SafeDumper):
    """YAML in the order of the description, with texts of several lines as they are."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def files() -> dict[Path, str]:
    """Every file of integrations/superset/ as it should be."""
    from support import superset_charts

    dashboard = superset_charts.DASHBOARD
    database = {
        "database_name": DATABASE, "sqlalchemy_uri": ADDRESS, "expose_in_sqllab": False, "allow_run_async": False,
        "allow_ctas": False, "allow_cvas": False, "allow_dml": False, "allow_csv_upload": False, "extra": {},
        "uuid": identity("database", DATABASE), "version": VERSION,
    }  # fmt: skip
    found: dict[str, Json] = {
        "metadata.yaml": {"version": VERSION, "type": "Dashboard"},
        f"databases/{DATABASE}.yaml": database,
        f"dashboards/{dashboard.slug}.yaml": dashboard.yaml(),
    }
    found |= {chart.file: chart.yaml() for chart in dashboard.charts}
    found |= {
        dataset.file: dataset.yaml()
        for dataset in {chart.dataset.name: chart.dataset for chart in dashboard.charts}.values()
    }
    return {
        FOLDER / name: yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
        for name, content in found.items()
    }


def write(say: Callable[[str], object] = lambda text: print(text, file=sys.stderr)) -> None:
    wanted = files()
    for path in set(FOLDER.rglob("*.yaml")) - set(wanted):
        path.unlink()
    for path, text in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        say(str(path.relative_to(REPOSITORY)))


if __name__ == "__main__":
    sys.path.insert(0, str(REPOSITORY / "tests"))
    write()
