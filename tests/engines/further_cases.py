"""A made-up project of several monitors that between them have what one plain monitor has not, and three runs of it.

Hours, days and weeks, in zones whose clocks change within the data (in spring and in autumn); weights; labels
that arrive late and in a relation of their own; a reference in a relation of its own; every task and a ranking; odd names;
NULL, NaN and what is infinite; a relation without rows. From run to run alerts open, go on and end, one of their incidents
is answered, rows and labels come late; in the third run one monitor is declared differently and another is gone.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from state.states import declare_with, source
from support import Project

NAME = 'It\'s an "odd" `name`; \\ 日本'
KEY = 'Order "No."; it\'s'
# Each run's clock.
CLOCKS = [datetime(2024, 11, 3), datetime(2024, 11, 5), datetime(2024, 11, 8)]
DAY = timedelta(days=1)
FIRST = datetime(2024, 10, 14)
REFERENCE = {"start": "2024-10-14", "end": "2024-10-26"}

MONITORS: dict[str, dict[str, Any]] = {
    # Clocks are put back on 27 October.
    "orders": {
        "relation": source("log_of_orders"), "timestamp": "At", "timezone": "Europe/London", "reference": REFERENCE,
        "numeric": [NAME, "z"], "categorical": ["Odd; Kind"], "prediction": "score", "task": "binary",
        "label": {"relation": source("outcomes"), "key": KEY, "label": "came back", "known_at": "seen"},
        "segments": ["Market; 1"], "model_version": "version", "bins": 6, "label_delay": 1, "min_labelled_share": 0.5,
        "ranking": {"request": "request", "position": "place", "k": 3},
        "business_metrics": {"Sum; it's": {"sum": "z"}, "share": {"numerator": "score", "denominator": "1"}},
        "owner": "it's \\ \"us\"",
    },
    # Two midnights on 3 November, and 25 hours.
    "kinds": {
        "relation": source("log_of_kinds"), "timestamp": "at", "timezone": "America/Havana",
        "reference": {"relation": source("trained")}, "numeric": ["x"], "categorical": ["kind"],
        "prediction": {"a": "p_a", "b": "p_b", "it's c": "p_c"}, "label": "kind", "task": "multiclass", "bins": 5,
        "top_categories": 2, "weight": "w",
    },
    "sensors": {
        "relation": source("log_of_sensors"), "timestamp": "at", "period": "hour", "weight": "w * 2",
        "reference": {"start": "2024-11-01", "end": "2024-11-02 06:00:00"}, "numeric": ["x"],
        "prediction": "guess", "label": {"label": "truth", "known_at": "known"}, "task": "regression", "bins": 5,
        "families": ["drift", "quality", "performance", "business"], "business_metrics": {"sum": {"sum": "x"}},
    },
    # A year's clock changes, both; weeks begin at local midnight.
    "weeks": {
        "relation": source("visits"), "timestamp": "at", "period": "week", "timezone": "Europe/Berlin",
        "reference": {"start": "2024-03-04", "end": "2024-06-03"}, "numeric": ["x"], "categorical": ["kind"],
        "bins": {"x": [0, 1, 2.5]}, "business_metrics": {"visits": {"sum": "1"}},
    },
    "nothing": {
        "relation": source("log_of_nothing"), "timestamp": "at", "reference": REFERENCE, "numeric": ["x"],
        "categorical": ["kind"], "families": ["drift", "quality", "business"], "business_metrics": {"sum": {"sum": "x"}},
    },
}  # fmt: skip
# Of the third run: one declared differently, one gone.
REDECLARED = MONITORS["kinds"] | {"numeric": ["x", "y"], "bins": 4, "weight": None}
GONE = "weeks"
VARS: dict[str, Any] = {
    "driftline_windows": {"day": [1], "hour": [1], "week": [1]},
    "driftline_trailing": {"day": 7, "hour": 24, "week": 4},
    "driftline_fairness_min_rows": 30,
    "driftline_comparison_min_rows": 30,
    "driftline_thresholds": [{"monitor": "sensors", "min_rows": 8}],
}


def models(run: int) -> dict[str, str]:
    declared = dict(MONITORS)
    if run == 2:
        declared["kinds"] = {name: value for name, value in REDECLARED.items() if value is not None}
        del declared[GONE]
    return {name: declare_with(arguments) for name, arguments in declared.items()}


def declare(projects: Iterable[Project], run: int) -> None:
    """The monitors of a run, in the files of projects that may have those of the run before."""
    declared = models(run)
    for project in projects:
        for name in set(project.vars["driftline_monitors"]) - set(declared):
            project.remove_model(name)
        for name, text in declared.items():
            project.model(name, text)
        project.set_vars(driftline_monitors=list(declared))


def rows_of_the_long_day(project: Project) -> int:
    """3 November has 25 hours in Havana: three rows in each."""
    day = "cast('2024-11-03' as timestamp)"
    if project.workspace.engine == "clickhouse":
        day = "toDateTime64('2024-11-03', 6, 'UTC')"
    ((rows,),) = project.sql(
        "select sum(row_count) from driftline_state where monitor = 'kinds' and record = 'count' and source = 'relation'"
        f" and column_name = 'x' and bin_kind <> 'moments' and period_start = {day}"
    )
    return int(rows)


def tables(run: int) -> dict[str, pd.DataFrame]:
    """What stands in the user's tables at the time of a run."""
    until = CLOCKS[run]
    orders, outcomes = _orders()
    return {
        "log_of_orders": _seen(orders, until, "At"),
        "outcomes": outcomes[outcomes["seen"] < until + DAY].reset_index(drop=True),
        "log_of_kinds": _seen(_kinds(FIRST, datetime(2024, 11, 9), 5), until),
        "trained": _kinds(datetime(2024, 9, 1), datetime(2024, 9, 15), 6).drop(columns="arrives"),
        "log_of_sensors": _seen(_sensors(), until),
        "visits": _seen(_visits(), until),
        "log_of_nothing": pd.DataFrame({
            "at": pd.Series([], dtype="datetime64[us]"), "x": pd.Series([], dtype=float), "kind": pd.Series([], dtype=str),
        }),
    }  # fmt: skip


def _seen(rows: pd.DataFrame, until: datetime, time: str = "at") -> pd.DataFrame:
    """Rows that have arrived; a few lie after the run's clock."""
    return rows[rows["arrives"] < until + timedelta(hours=2)].drop(columns="arrives").reset_index(drop=True)


def _late(at: pd.Series, rng: np.random.Generator) -> pd.Series:
    """When a row arrives: one in twenty two days late."""
    return at + pd.to_timedelta(np.where(rng.random(len(at)) < 0.05, 49, 0), unit="h")


def _ugly(values: np.ndarray, rng: np.random.Generator, share: float = 0.02) -> pd.Series:
    """Numbers with NULL, NaN and infinite ones among them."""
    found = pd.Series(values, dtype=object)
    for value in (None, np.nan, np.inf, -np.inf):
        found[rng.random(len(values)) < share] = value
    return found


def _orders() -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(1)
    days, per_day = 25, 120
    n = days * per_day
    at = pd.Series([FIRST + i // per_day * DAY + timedelta(minutes=12 * (i % per_day)) for i in range(n)])
    moved = at.between("2024-10-31", "2024-11-02 23:59:59")
    score = rng.beta(2, 2, n).round(3)
    worse = at >= datetime(2024, 10, 31)
    label = (rng.random(n) < np.where(worse, 0.5, score)).astype(int)
    rows = pd.DataFrame({
        "At": at,
        NAME: _ugly((rng.normal(size=n) + 3 * moved).round(3), rng),
        "z": rng.exponential(size=n).round(4),
        "Odd; Kind": rng.choice(["JP", "it's a \\ and a \"", "日本", None], n),
        "score": score,
        "version": np.where(rng.random(n) < 0.5, "V; 1", "v'2"),
        "Market; 1": rng.choice(["North", "north", "it's \"south\"; \\"], n),
        KEY: [f"no. {i}'" for i in range(n)],
        "request": np.arange(n) // 4,
        "place": np.arange(n) % 4 + 1,
        "arrives": _late(at, rng),
    })  # fmt: skip
    # From 30 October on every third is missing.
    rows.loc[(at >= datetime(2024, 10, 30)) & (np.arange(n) % 3 == 0), "z"] = np.nan
    rows["z"] = rows["z"].astype(object).where(rows["z"].notna(), None)
    known = rng.random(n) < 0.9
    outcomes = pd.DataFrame({
        KEY: rows[KEY], "came back": label, "seen": at + pd.to_timedelta(rng.choice([2, 20, 30, 60], n), unit="h"),
    })[known]  # fmt: skip
    # Of some orders the first answer was wrong.
    again = outcomes.iloc[::17].assign(seen=lambda rows: rows["seen"] + DAY)
    again["came back"] = 1 - again["came back"]
    return rows, pd.concat([outcomes, again], ignore_index=True)


def _kinds(first: datetime, last: datetime, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    n = (last - first).days * 72
    at = pd.Series([first + i * timedelta(minutes=20) for i in range(n)])
    shares = rng.dirichlet([3, 2, 1], n).round(3)
    kind = pd.Series(rng.choice(["a", "b", "it's c", "d"], n, p=[0.5, 0.3, 0.18, 0.02]), dtype=object)
    kind[rng.random(n) < 0.1] = None
    late = at >= datetime(2024, 11, 2)
    return pd.DataFrame({
        "at": at, "x": _ugly(rng.normal(size=n).round(3) * np.where(late, 3, 1), rng), "y": rng.integers(0, 4, n),
        "kind": kind, "p_a": shares[:, 0], "p_b": shares[:, 1], "p_c": shares[:, 2],
        "w": rng.choice([0.0, 0.5, 1.0, 2.0], n), "arrives": _late(at, rng),
    })  # fmt: skip


def _sensors() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    first = datetime(2024, 11, 1)
    n = 7 * 24 * 12
    at = pd.Series([first + i * timedelta(minutes=5) for i in range(n)])
    truth = rng.gamma(3, 2, n).round(3)
    broken = at.between("2024-11-02 12:00", "2024-11-03 06:00")
    # Silent for some hours.
    silent = at.between("2024-11-04 03:00", "2024-11-04 09:00")
    return pd.DataFrame({
        "at": at, "x": _ugly(rng.normal(size=n).round(3) + 4 * broken, rng),
        "guess": _ugly(truth + rng.normal(size=n).round(3), rng, 0.005), "truth": _ugly(truth, rng, 0.005),
        "known": at + pd.to_timedelta(rng.choice([0, 1, 5], n), unit="h"),
        "w": pd.Series(rng.choice([0.5, 1.0, None, -1.0, float("nan")], n, p=[0.5, 0.4, 0.04, 0.03, 0.03]), dtype=object),
        "arrives": _late(at, rng),
    })[~silent].reset_index(drop=True)  # fmt: skip


def _visits() -> pd.DataFrame:
    rng = np.random.default_rng(8)
    first = datetime(2024, 3, 1)
    n = 252 * 12
    at = pd.Series([first + i * timedelta(hours=2) for i in range(n)])
    kind = pd.Series(rng.choice(["A", "a", " "], n), dtype=object)
    kind[at >= datetime(2024, 10, 7)] = "new"
    return pd.DataFrame({
        "at": at.dt.tz_localize("UTC"), "x": rng.gamma(2, 1, n).round(2), "kind": kind, "arrives": _late(at, rng),
    })  # fmt: skip
