"""The semantic models and metrics as an OSI document (Open Semantic Interchange 0.1.1): ``make docs``.

They are written once, for MetricFlow (integrations/metricflow/driftline.yml). OSI knows no filter of a metric, so what a
metric counts is a field of its dataset, which holds the filter, and the metric adds that field up.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
METRICFLOW = REPOSITORY / "integrations" / "metricflow" / "driftline.yml"
OSI = REPOSITORY / "integrations" / "osi" / "driftline.json"
VERSION = "0.1.1"
# Where the tables are: to be replaced by those of a project.
PLACE = "analytics.monitoring"
# What a row of each is known by. dbt 1.12 takes a key of one field, so several columns are put together in one.
WINDOW = ["monitor", "model_version", "segment", "segment_value", "window_periods", "window_start"]
KEYS = {
    "driftline_monitors": ["monitor"],
    "driftline_latest": [*WINDOW, "family", "metric", "column_name", "baseline"],
    "driftline_drift": [*WINDOW, "column_name", "column_role", "baseline"],
    "driftline_performance": [*WINDOW, "metric", "class_name", "basis"],
    "driftline_business": [*WINDOW, "metric"],
    "driftline_arrivals": WINDOW,
    "driftline_incidents": ["incident_id"],
    "driftline_alerts": ["alert_id"],
}
AGGREGATES = {"sum": "SUM", "max": "MAX", "average": "AVG"}


def _sql(expression: str) -> dict[str, Any]:
    return {"dialects": [{"dialect": "ANSI_SQL", "expression": expression}]}


def _table(model: dict[str, Any]) -> str:
    return re.findall(r"ref\('driftline', '(\w+)'\)", model["model"])[0]


def _filtered(metric: dict[str, Any], expression: str) -> str:
    """What a metric adds up, NULL where its filter does not hold."""
    if "filter" not in metric:
        return expression
    condition = re.sub(r"{{ Dimension\('\w+?__(\w+)'\) }}", r"\1", " ".join(metric["filter"].split()))
    return f"case when {condition} then {expression} end"


def document() -> dict[str, Any]:
    file = yaml.safe_load(METRICFLOW.read_text(encoding="utf-8"))
    measures = {
        measure["name"]: (model["name"], measure) for model in file["semantic_models"] for measure in model["measures"]
    }
    fields: dict[str, list[dict[str, Any]]] = {model["name"]: [] for model in file["semantic_models"]}
    sums: dict[str, str] = {}
    for metric in file["metrics"]:
        if metric["type"] == "simple":
            dataset, measure = measures[metric["type_params"]["measure"]]
            counted = f"of_{metric['name']}"
            fields[dataset].append({"name": counted, "expression": _sql(_filtered(metric, measure["expr"]))})
            sums[metric["name"]] = f"{AGGREGATES[measure['agg']]}({dataset}.{counted})"
    datasets, relationships = [], []
    for model in file["semantic_models"]:
        times = {one["name"]: one["type"] == "time" for one in model["dimensions"]}
        times = {"monitor": False} | times
        key = KEYS[model["name"]]
        if len(key) > 1:
            texts = [f"cast({name} as varchar)" if name.startswith("window_") else name for name in key]
            fields[model["name"]].append(
                {"name": f"{model['name']}_row", "expression": _sql(" || '|' || ".join(texts))}
            )
            key = [f"{model['name']}_row"]
        elif key != ["monitor"]:
            fields[model["name"]].append({"name": key[0], "expression": _sql(key[0])})
        columns = [
            {"name": name, "expression": _sql(name), "dimension": {"is_time": is_time}}
            for name, is_time in times.items()
        ]
        datasets.append({
            "name": model["name"], "source": f"{PLACE}.{_table(model)}", "primary_key": key,
            "description": model["description"], "fields": [*columns, *fields[model["name"]]],
        })  # fmt: skip
        if model["name"] != "driftline_monitors":
            relationships.append({
                "name": f"{model['name']}_of_monitor", "from": model["name"], "to": "driftline_monitors",
                "from_columns": ["monitor"], "to_columns": ["monitor"],
            })  # fmt: skip
    metrics = []
    for metric in file["metrics"]:
        of = metric["type_params"]
        expression = sums.get(metric["name"]) or f"({sums[of['numerator']]}) / ({sums[of['denominator']]})"
        metrics.append({"name": metric["name"], "description": metric["description"], "expression": _sql(expression)})
    model = {"name": "driftline", "datasets": datasets, "relationships": relationships, "metrics": metrics}
    return {"version": VERSION, "semantic_model": [model]}


def text() -> str:
    return json.dumps(document(), indent=2) + "\n"


if __name__ == "__main__":
    OSI.parent.mkdir(exist_ok=True)
    OSI.write_text(text(), encoding="utf-8")
    print(OSI.relative_to(REPOSITORY), file=sys.stderr)
