"""The same project on a further engine and on DuckDB, and one monitor for it: first run, later run, late rows."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from state.states import Jinja, declare_with, source
from support import Engine, Project

WINDOWS = {"driftline_windows": {"day": [1]}}
DECLARED: dict[str, Any] = {
    "relation": source("log"), "timestamp": "at", "reference": {"start": "2024-01-01", "end": "2024-01-11"},
    "numeric": ["x", "z"], "categorical": ["odd name"], "prediction": "score", "label": "label", "task": "binary",
    "segments": ["market"], "model_version": "version", "bins": 6, "business_metrics": {"sold": {"sum": "label"}},
}  # fmt: skip
# Said by the run and not by the rows.
LEFT_OUT = [
    "computed_at", "results_computed_at", "run_id", "invocation_id", "spec_hash", "last_attempt_at", "last_success_at",
    "operation_alert_id",
]  # fmt: skip
TABLES = [
    "driftline_state", "driftline_bins", "driftline_drift", "driftline_quality", "driftline_performance",
    "driftline_business", "driftline_concept", "driftline_fairness", "driftline_arrivals", "driftline_comparisons",
    "driftline_changes", "driftline_metrics", "driftline_int_judgements", "driftline_causes", "driftline_alerts",
    "driftline_incidents", "driftline_latest", "driftline_histograms",
]  # fmt: skip


def log(days: int, first: int, seed: int, per_day: int = 120) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    n = days * per_day
    start = datetime(2024, 1, 1) + timedelta(days=first, hours=8)
    rows = pd.DataFrame({
        "at": [start + timedelta(days=i // per_day, minutes=i % per_day) for i in range(n)],
        "x": rng.normal(size=n).round(3), "z": rng.exponential(size=n), "score": rng.random(n).round(3),
        "odd name": rng.choice(["JP", "it's a \\ and a \"", "日本", None], n),
        "market": rng.choice(["north", "south"], n), "version": rng.choice(["a", "b"], n),
    })  # fmt: skip
    rows["label"] = (rng.random(n) < rows["score"]).astype(int)
    rows.loc[rows["at"] >= datetime(2024, 1, 16), "x"] += 3
    for value in (np.nan, np.inf, -np.inf):
        rows.loc[rng.random(n) < 0.02, "x"] = value
    return rows


def days_and_late_rows(log: Callable[..., pd.DataFrame] = log) -> list[tuple[str, pd.DataFrame]]:
    """What stands in the log at which time: the first days; then two more days and rows that are two days late."""
    rows = log(20, 0, seed=1)
    later = pd.concat([rows, log(1, 18, seed=2), log(2, 20, seed=3)], ignore_index=True)
    return [("2024-01-21", rows), ("2024-01-23", later)]


@dataclass
class Beside:
    """The same project on DuckDB and on another engine, and its tables after each run."""

    duckdb: Project
    other: Project
    frames: dict[str, list[tuple[pd.DataFrame, pd.DataFrame]]] = field(default_factory=dict)

    @classmethod
    def on(
        cls, engines: list[Engine], folders: pytest.TempPathFactory, models: dict[str, str], **variables: Any
    ) -> Beside:
        projects = []
        for engine in engines:
            folder = folders.mktemp(engine.name)
            variables = {"driftline_monitors": list(models), **variables}
            projects.append(Project(folder, engine.workspace(folder), models=models, vars=variables))
        return cls(*projects)

    @property
    def projects(self) -> tuple[Project, Project]:
        return (self.duckdb, self.other)

    def build(
        self, clock: str, tables: dict[str, pd.DataFrame], *selection: str, types: dict[str, str] | None = None
    ) -> None:
        for project in self.projects:
            for name, rows in tables.items():
                project.load(name, rows, types)
            project.set_vars(driftline_now=clock)
            project.build(*selection)

    def keep(self, tables: list[str]) -> None:
        for table in tables:
            both = [p.frame(f"select * from {table}").drop(columns=LEFT_OUT, errors="ignore") for p in self.projects]
            self.frames.setdefault(table, []).append((both[0], both[1]))

    def differences(self, run: int, table: str) -> list[str]:
        one, other = self.frames[table][run]
        assert len(one) > 0
        return differences(self.duckdb, table, one, other)

    def close(self) -> None:
        self.duckdb.close()
        self.other.close()


def rows_read(project: Project, monitor: str, table: str) -> str:
    """The condition by which a monitor's next run reads the rows of a table, as SQL."""
    (sql,) = project.compiled_sql(select=monitor, full_refresh=False).values()
    found = re.search(rf"from \S*\b{table}\b\S*\s+where ([\s\S]+? >= [\s\S]+?)\n\s*\) as ", sql)
    assert found, sql
    return found[1]


# Monitors that an engine refuses: what is wrong with each, by the argument that is named.
LONG = "w" * 240
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    LONG: ({}, "name of the file"),
    "typed": ({"numeric": ["market"]}, "numeric"),
    "timed": ({"timestamp": "market"}, "timestamp"),
    "summed": ({"business_metrics": {"sold": {"sum": "market"}}}, "business_metrics"),
}
ELSEWHERE = {"relation": Jinja("source('elsewhere', 'log')")}


def refused(project: Project) -> dict[str, str]:
    """What is said of each of them, and of `shop`, which is declared wrongly too."""
    place = {"name": "elsewhere", "schema": "of_another_catalogue", "tables": [{"name": "log"}]}
    project.write("models/_elsewhere.yml", json.dumps({"version": 2, "sources": [place]}))
    declared = {name: DECLARED | changes for name, (changes, _) in WRONG.items()}
    declared |= {"shop": declared["typed"], "elsewhere": DECLARED | ELSEWHERE}
    for name, arguments in declared.items():
        project.model(name, declare_with(arguments))
    run = project.run(["run", "--select", *declared], vars={"driftline_monitors": list(declared)})
    assert not run.success
    return run.failures


def assert_named(failures: dict[str, str]) -> None:
    """One message each, with the monitor and the argument."""
    assert "of_another_catalogue.log" in failures["elsewhere"]
    named = {"shop": "numeric", "elsewhere": "relation"} | {name: argument for name, (_, argument) in WRONG.items()}
    for name, argument in named.items():
        said = failures[name]
        assert f"driftline: monitor '{name}', argument '{argument}" in said, said
        assert said.count("driftline: monitor") == 1 and "; allowed: " in said, said


def exact(value: Any) -> str:
    """What is no double, in one spelling of all engines and of pandas."""
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    return str(int(value)) if isinstance(value, (int, float, np.number)) else str(value)


def truth(value: Any) -> str:
    """A truth where DuckDB has one: 0 and 1 on engines on which a comparison is a number."""
    said = exact(value)
    assert said in ("", "0", "1", "False", "True")
    return {"0": "False", "1": "True"}.get(said, said)


def differences(project: Project, table: str, one: pd.DataFrame, other: pd.DataFrame) -> list[str]:
    types = dict(
        project.workspace.sql(
            f"select column_name, data_type from information_schema.columns where table_name = '{table}'"
        )
    )
    doubles = [name for name in one.columns if types[name].lower() in ("double", "double precision")]
    keys = [name for name in one.columns if name not in doubles]
    assert sorted(one.columns) == sorted(other.columns)
    sides = [
        side.assign(**{key: side[key].map(truth if types[key].lower() == "boolean" else exact) for key in keys})
        for side in (one, other)
    ]
    order = [side.groupby(keys, dropna=False).cumcount() for side in sides]
    assert all((number == 0).all() for number in order), "the same row twice"
    merged = sides[0].merge(sides[1], on=keys, how="outer", suffixes=("", "_other"), indicator=True)
    alone = merged[merged["_merge"] != "both"]
    found = [f"only on one side: {row}" for row in alone[["_merge", *keys]].head(4).to_dict("records")]
    merged = merged[merged["_merge"] == "both"]
    for name in doubles:
        left, right = (merged[column].astype(float) for column in (name, f"{name}_other"))
        wrong = ~np.isclose(left, right, rtol=1e-9, atol=1e-12, equal_nan=True)
        if wrong.any():
            found.append(
                f"{name}: {int(wrong.sum())} of {len(merged)}, such as {left[wrong].iloc[0]!r} and {right[wrong].iloc[0]!r}"
            )
    return found
