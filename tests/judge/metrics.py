"""Made-up measures for the judge: a few words make the rows that ``driftline_metrics`` would have."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa
from support import NOBODY, Chain, Project

START = dt.datetime(2024, 3, 1)
DEFAULTS: dict[str, Any] = {
    "monitor": "plain",
    "model_version": "all",
    "segment": "all",
    "segment_value": "all",
    "window_periods": 1,
    "window_start": START,
    "window_end": START + dt.timedelta(days=1),
    "family": "drift",
    "metric": "psi",
    "column_name": "price",
    "column_role": "feature",
    "column_kind": "numeric",
    "baseline": "reference",
    "is_complete": True,
    "value": 0.0,
    "expected": None,
    "noise": 0.0,
    "row_count": 1000,
    "baseline_row_count": 5000,
    "reason": None,
    "judged_value": None,
}
TYPES = {
    "window_periods": pa.int32(),
    "window_start": pa.timestamp("us"),
    "window_end": pa.timestamp("us"),
    "is_complete": pa.bool_(),
    "value": pa.float64(),
    "expected": pa.float64(),
    "noise": pa.float64(),
    "row_count": pa.int64(),
    "baseline_row_count": pa.int64(),
    "judged_value": pa.float64(),
}
Row = dict[str, Any]
JUDGE = ("driftline_int_judgements", "driftline_int_spans", "driftline_int_episodes")
# What is made of the episodes: alerts, incidents without the words of today, and all of it.
ALERTS = ("driftline_int_alerts", "driftline_int_incident_members", "driftline_alerts")
INCIDENTS = (
    *ALERTS,
    "driftline_int_standing_out",
    "driftline_int_expected",
    "driftline_int_incidents",
    "driftline_incidents",
)
AFTER = (
    "driftline_int_alerts",
    "driftline_int_incident_members",
    "driftline_int_standing_out",
    "driftline_int_expected",
    "driftline_int_statements",
    "driftline_int_sentences",
    "driftline_alerts",
    "driftline_int_incidents",
    "driftline_int_incident_sentences",
    "driftline_incidents",
)


def day(number: int) -> dt.datetime:
    return START + dt.timedelta(days=number)


def row(number: int = 0, **fields: Any) -> Row:
    """The measure of the window that starts on a day."""
    periods = fields.get("window_periods", 1)
    return {**DEFAULTS, "window_start": day(number), "window_end": day(number + periods), **fields}


def judge(
    chain: Chain,
    rows: list[Row],
    owners: dict[str, str] | None = None,
    periods: dict[str, str] | None = None,
    reference: tuple[str, str] | None = None,
    relations: dict[str, str] | None = None,
    then: tuple[str, ...] = AFTER,
) -> None:
    """Puts the rows where the measures would be and judges them. ``then``: what is built of the episodes."""
    judge_table(chain, as_table(rows), owners, periods, reference, relations, then)


def as_table(rows: list[Row]) -> pa.Table:
    return pa.table({name: pa.array([r[name] for r in rows], TYPES.get(name, pa.string())) for name in DEFAULTS})


def judge_table(
    chain: Chain,
    table: pa.Table,
    owners: dict[str, str] | None = None,
    periods: dict[str, str] | None = None,
    reference: tuple[str, str] | None = None,
    relations: dict[str, str] | None = None,
    then: tuple[str, ...] = AFTER,
) -> None:
    """``then``: what is built of the episodes."""
    workspace = chain.workspace
    for view in ("driftline_metrics", "driftline_int_monitors"):
        if workspace.sql(
            f"select 1 from information_schema.views where table_schema = '{workspace.schema}' and table_name = '{view}'"
        ):
            workspace.execute(f"drop view {workspace.relation(view)} cascade")
    # That the monitor without rows has never worked is not looked at here.
    workspace.execute(f"delete from {workspace.relation('driftline_int_operation')}")
    chain.load("driftline_metrics", table)
    last = table.group_by("monitor").aggregate([("window_start", "max")]).sort_by("monitor")
    monitors = last["monitor"].to_pylist()
    chain.load(
        "driftline_int_monitors",
        {
            "monitor": monitors,
            "owner": pa.array([(owners or {}).get(name) for name in monitors], pa.string()),
            "formerly": pa.array([None] * len(monitors), pa.string()),
            "relation_name": [(relations or {}).get(name, name) for name in monitors],
            "period": [(periods or {}).get(name, "day") for name in monitors],
            "reference_start": pa.array([reference[0] if reference else None] * len(monitors), pa.string()),
            "reference_end": pa.array([reference[1] if reference else None] * len(monitors), pa.string()),
        },
    )
    # The windows of a length go on to the monitor's newest.
    newest = list(zip(monitors, last["window_start_max"].to_pylist(), strict=True))
    chain.load(
        "driftline_int_windows",
        {
            "monitor": monitors * 2,
            "window_periods": [1] * len(monitors) + [7] * len(monitors),
            "window_start": pa.array([start for _, start in newest * 2], pa.timestamp("us")),
            "window_end": pa.array([start + dt.timedelta(days=1) for _, start in newest * 2], pa.timestamp("us")),
            "is_complete": [True] * 2 * len(monitors),
        },
    )
    chain.load(
        "driftline_int_last_rows",
        {
            **{name: pa.array([], pa.string()) for name in ("monitor", "model_version", "segment", "segment_value")},
            "no_rows_since": pa.array([], pa.timestamp("us")),
            "is_retired": pa.array([], pa.int32()),
        },
    )
    chain.run(*JUDGE, *then)


def make_chain(
    make_module_project: Any,
    thresholds: list[Row],
    *,
    full_refresh: bool = True,
    events: list[Row] | None = None,
    a_week: float | str = "none",
) -> Chain:
    """``full_refresh=False``: each run knows what the one before has left. ``a_week``: the budget of false alarms; without
    one a series is judged alike whatever others there are."""
    project: Project = make_module_project(
        models=NOBODY,
        vars={
            "driftline_monitors": ["nobody"],
            "driftline_thresholds": thresholds,
            "driftline_events": events or [],
            "driftline_false_alarms_per_week": a_week,
        },
    )
    project.build("--select", "+driftline_alerts", "+driftline_incidents")
    return project.chain(
        select=" ".join((*JUDGE, *AFTER)),
        full_refresh=full_refresh,
    )
