"""`driftline validate` says how many rows of results a declaration makes: held against those that a build has made."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from driftline import result_rows
from driftline.cli import run
from state.states import declare_with, source
from support import Project
from support.catalogue import Package

DAYS, PER_DAY = 40, 2400
LAST = datetime(2024, 1, 1) + timedelta(days=DAYS)
PLAIN = {
    "timestamp": "at", "period": "day", "reference": {"start": "2024-01-01", "end": "2024-01-15"},
    "numeric": ["x", "y"], "categorical": ["c"], "bins": 4,
}  # fmt: skip
SCORED = {"prediction": "score", "label": "label", "task": "binary"}
BUSINESS = {"business_metrics": {"sold": {"sum": "label"}, "rate": {"numerator": "label", "denominator": "1"}}}
SPLIT = {"segments": ["market", "tier"], "model_version": "version"}
WHOLE = {**PLAIN, **SCORED, **BUSINESS, **SPLIT}
PROBABILITIES = {"a": "p_a", "b": "p_b", "c": "p_c"}
MONITORS: dict[str, dict[str, Any]] = {
    "plain": PLAIN,
    "whole": WHOLE,
    "crossed": {**WHOLE, "detail": "crosses"},
    "in_detail": {**WHOLE, "detail": "all"},
    "versions_in_detail": {**WHOLE, "detail": ["versions"], "baselines": ["reference", "previous"]},
    "left_out": {**WHOLE, "families": ["drift", "quality"], "baselines": ["reference"]},
    "unlabelled": {**PLAIN, "prediction": "score", "task": "binary", "segments": ["market"]},
    "by_class": {**PLAIN, "prediction": "c", "categorical": [], "label": "kind", "task": "multiclass"},
    "probabilities": {**PLAIN, "prediction": PROBABILITIES, "label": "kind", "task": "multiclass", "model_version": "version"},
    "numbers": {**PLAIN, "prediction": "y", "numeric": ["x"], "label": "x2", "task": "regression", "model_version": "version"},
    "lists": {**PLAIN, **SCORED, "ranking": {"request": "request", "position": "position", "k": 3}},
}  # fmt: skip
# What a trend is made of must vary.
AT_MOST = {"driftline_changes"}


def log() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    n = PER_DAY * DAYS
    rows = pd.DataFrame({
        "at": [datetime(2024, 1, 1) + timedelta(days=i // PER_DAY, hours=8) for i in range(n)],
        "x": rng.normal(size=n).round(3), "x2": rng.normal(size=n).round(3), "y": rng.normal(size=n).round(3),
        "c": rng.choice(["a", "b", "c"], n), "kind": rng.choice(["a", "b", "c"], n),
        "market": rng.choice(["north", "south", "west"], n), "tier": rng.choice(["gold", None], n),
        "version": rng.choice(["v1", "v2"], n), "score": rng.random(n).round(3),
        "p_a": rng.random(n) / 3, "p_b": rng.random(n) / 3, "p_c": rng.random(n) / 3,
        "request": np.arange(n) // 5, "position": np.arange(n) % 5 + 1,
    })  # fmt: skip
    rows["label"] = (rng.random(n) < rows["score"]).astype(int)
    return rows


@pytest.fixture(scope="module")
def project(make_module_project: Callable[..., Project]) -> Project:
    made = make_module_project(
        models={
            f"monitors/{name}": declare_with({"relation": source("log"), **given}) for name, given in MONITORS.items()
        },
        tables={"log": log()},
        vars={
            "driftline_now": str(LAST.date()),
            "driftline_monitors": list(MONITORS),
            "driftline_windows": {"day": [1, 7]},
        },
    )
    made.build("--exclude", "driftline_int_judgements+")
    return made


def test_the_rule_knows_the_numbers_of_the_package() -> None:
    package = Package()
    assert len(package._baselines()) == result_rows.BASELINES
    of_fairness = {rule.rows for rule in result_rows.RULES if rule.family == "fairness"}
    assert of_fairness == {f"{len(package._fairness_rates())} × D", f"{2 * len(package._disparities())} × D"}
    families = {rule.family for rule in result_rows.RULES} - {""}
    assert families == set(package._families())


def validated(project: Project, capsys: Any, *arguments: str) -> str:
    capsys.readouterr()
    code = run(["validate", *arguments, "--project-dir", str(project.path), "--profiles-dir", str(project.path)])
    told = capsys.readouterr().out
    assert code == 0, told
    return str(told)


def test_as_many_rows_as_a_build_makes(project: Project, capsys: Any) -> None:
    said = {entry["monitor"]: entry for entry in json.loads(validated(project, capsys, "--json"))["rows"]}
    assert set(said) == set(MONITORS)
    made: dict[str, dict[str, int]] = {name: {} for name in MONITORS}
    for table in sorted({rule.table for rule in result_rows.RULES}):
        for monitor, rows in project.sql(
            f"select monitor, count(*) from {table} where window_end = timestamp '{LAST}' group by monitor"
        ):
            made[monitor][table] = int(rows)
    for monitor, tables in made.items():
        expected = {name: rows for name, rows in said[monitor]["tables"].items() if name not in AT_MOST}
        assert {name: rows for name, rows in tables.items() if name not in AT_MOST} == expected, monitor
        for name in AT_MOST & set(tables):
            assert tables[name] <= said[monitor]["tables"][name], (monitor, name)
        assert said[monitor]["rows"] == sum(said[monitor]["tables"].values())
        assert said[monitor]["period"] == "day"
    assert said["whole"]["values"] == {"version": 2, "market": 3, "tier": 2}


def test_in_words(project: Project, capsys: Any) -> None:
    *_, line, end = validated(project, capsys, "--select", "left_out").splitlines()
    assert line == (
        "monitor 'left_out': 97 rows of results per day (drift 45, quality 45, arrivals 7); "
        "values: 2 of version, 3 of market, 2 of tier"
    )
    assert end == "1 monitor checked, no errors."
