"""Two sets of result tables held against each other: what a replay left, and what one build makes of the same rows.

Same columns, same rows, texts and counts equal, figures to 1e-9. What may differ stands in ``HISTORY``, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import duckdb
import pyarrow as pa
from support import tables

# Relative; beside it what rounding leaves of a difference of equal numbers (nothing here is over a few thousand).
RELATIVE, ABSOLUTE = 1e-9, 1e-12

# Columns that tell of the runs themselves, of which one build has had one.
HISTORY = {
    # The warehouse's clock at the run that read the rows, or built the table.
    "computed_at": ("driftline_drift", "driftline_concept", "driftline_state", "driftline_monitors"),
    "results_computed_at": ("driftline_monitors",),
    # Runs of dbt that set out to read the monitor, and how they ended; what the last of them counted.
    "last_attempt_at": ("driftline_monitors",),
    "last_success_at": ("driftline_monitors",),
    "rows_read": ("driftline_monitors",),
    # Of the alert that would be about the runs: made of the last success.
    "operation_alert_id": ("driftline_monitors",),
    # Made of the first window an episode had when it was found, which late rows move (docs/thresholds.md, Identity). In
    # the place of an id stands its series and the first window it has now, so that what it points to is compared.
    "earlier_ids": ("driftline_alerts",),
    # Whether the run that found it could have told it in time.
    "found_late": ("driftline_alerts", "driftline_incidents"),
}
# What stands in the place of an id.
IDS = {"alert_id": "episode", "incident_id": "incident", "headline_alert_id": "headline_episode"}
# Whole numbers that are no counts but worked out from figures: held to as many digits as those (seen: 16376685409 and
# 16376685410 rows needed).
WORKED_OUT = ("rows_needed",)
# An alert of the runs, not of the rows: its row stays for good (decision 14), and one build has seen no failure.
OPERATION = "family is distinct from 'operation'"

SERIES = "monitor, model_version, segment, segment_value, window_periods, family, metric, column_name, baseline"
# Private tables are not promised; they tell where a difference begins.
UNSTABLE = (
    "computed_at",
    "built_at",
    "run_id",
    "invocation_id",
    "started_at",
    "alert_id",
    "earlier_ids",
    "found_late",
    "incident_id",
)

Fetch = Callable[[str], pa.Table]


def public() -> tuple[str, ...]:
    """All of docs/tables.md; driftline_metrics holds what is in driftline_measured."""
    return tuple(name for name in (*tables.RESULTS, *tables.HELPERS) if name != "driftline_measured")


def grain_of(name: str, columns: Iterable[str]) -> list[str]:
    """The columns that tell a row from every other: as described, else all that are no figures or counts."""
    entry = tables.described()[name]
    if (entry.get("config", {}).get("meta") or {}).get("grain"):
        return [*tables.grain_of(entry)]
    figures = {"double precision", "bigint", "boolean"}
    types = {column["name"]: column.get("data_type") for column in entry["columns"]}
    ignored = {"reason", "computed_at", "warn", "critical"}
    return [column for column in columns if types.get(column) not in figures and column not in ignored]


def query_of(name: str) -> str:
    """The table as it is compared; an alert's id is its series and first window."""
    series = ", ".join(f"a.{column}" for column in SERIES.split(", "))
    episode = f"concat_ws('|', {series}, a.first_window_start)"
    # An incident's id is one of its alerts': in its place stands the first of the alerts that it is made of.
    incident = f"min({episode}) over (partition by a.incident_id)"
    if name == "driftline_alerts":
        return (
            f"select a.*, {episode} as episode, {incident} as incident from driftline_alerts as a where a.{OPERATION}"
        )
    if name == "driftline_incidents":
        return (
            f"select i.*, n.incident, h.headline_episode from driftline_incidents as i"
            f" join (select distinct a.incident_id, {incident} as incident from driftline_alerts as a) as n"
            f" using (incident_id) join (select a.alert_id as headline_alert_id, {episode} as headline_episode"
            f" from driftline_alerts as a) as h using (headline_alert_id) where i.{OPERATION}"
        )
    if name in ("driftline_causes", "driftline_latest"):
        return f"select t.*, {episode} as episode from {name} as t left join driftline_alerts as a using (alert_id)"
    return f"select * from {name}"


def differences(ours: Fetch, theirs: Fetch, names: Iterable[str] | None = None) -> list[str]:
    """What is different in the public tables, a line for each column or kind; empty where they are equal."""
    found = []
    for name in names or public():
        found += [f"{name}: {line}" for line in _compared(name, ours(query_of(name)), theirs(query_of(name)))]
    return found


def _compared(name: str, ours: pa.Table, theirs: pa.Table) -> list[str]:
    if ours.column_names != theirs.column_names:
        return [f"columns {sorted(set(ours.column_names) ^ set(theirs.column_names))} or their order"]
    if [field.type for field in ours.schema] != [field.type for field in theirs.schema]:
        return ["types of columns"]
    columns = [column for column in ours.column_names if name not in HISTORY.get(column, ()) and column not in IDS]
    keys = [IDS.get(key, key) for key in grain_of(name, columns)]
    with duckdb.connect() as connection:
        connection.register("arrow_a", ours)
        connection.register("arrow_b", theirs)
        for side in "ab":
            connection.execute(f"create table {side} as select *, true as there from arrow_{side}")
        lines = [
            f"{number} rows share their key with another ({'replay' if side == 'a' else 'one build'})"
            for side in "ab"
            for number in _column(connection, f"select count(*) - count(distinct ({', '.join(keys)})) from {side}")
            if number
        ]
        if lines:
            return lines
        joined = " and ".join(f"a.{key} is not distinct from b.{key}" for key in keys)
        connection.execute(
            "create table both_sides as select "
            + ", ".join(f"a.{c} as a_{c}, b.{c} as b_{c}" for c in [*columns, "there"])
            + f" from a full join b on {joined}"
        )
        for missing, where in (("a", "the replay has not"), ("b", "one build has not")):
            other = "b" if missing == "a" else "a"
            shown = ", ".join(f"{other}_{key}" for key in keys)
            rows = connection.execute(
                f"select {shown} from both_sides where {missing}_there is null order by all limit 3"
            ).fetchall()
            [number] = _column(connection, f"select count(*) from both_sides where {missing}_there is null")
            if number:
                lines.append(f"{number} rows that {where}, among them {_said(rows)}")
        for column in columns:
            if column in keys:
                continue
            kind = ours.schema.field(column).type
            differs = f"a_{column} is distinct from b_{column}"
            if pa.types.is_floating(kind) or column in WORKED_OUT:
                # NaN and the infinities are equal to themselves.
                differs += (
                    f" and not coalesce(abs(a_{column} - b_{column})"
                    f" <= {RELATIVE} * greatest(abs(a_{column}), abs(b_{column})) + {ABSOLUTE}, false)"
                )
            where = f"a_there and b_there and {differs}"
            [number] = _column(connection, f"select count(*) from both_sides where {where}")
            if number:
                shown = ", ".join(f"a_{key}" for key in keys)
                rows = connection.execute(
                    f"select {shown}, a_{column}, b_{column} from both_sides where {where} order by all limit 3"
                ).fetchall()
                lines.append(f"{column} differs in {number} of {ours.num_rows} rows (replay, one build): {_said(rows)}")
    return lines


def private_differences(ours: Fetch, theirs: Fetch, relations: Iterable[str]) -> list[str]:
    """Of what nobody is promised: relations whose rows differ as bags, figures and times of runs left out."""
    found = []
    for name in relations:
        a, b = ours(f"select * from {name}"), theirs(f"select * from {name}")
        kept = [
            column
            for column in a.column_names
            if column in b.column_names
            and column not in UNSTABLE
            and not pa.types.is_floating(a.schema.field(column).type)
        ]
        with duckdb.connect() as connection:
            connection.register("a", a)
            connection.register("b", b)
            chosen = ", ".join(kept)
            [more] = _column(
                connection, f"select count(*) from (select {chosen} from a except all select {chosen} from b)"
            )
            [less] = _column(
                connection, f"select count(*) from (select {chosen} from b except all select {chosen} from a)"
            )
        if more or less or set(a.column_names) != set(b.column_names):
            found.append(
                f"{name}: {a.num_rows} and {b.num_rows} rows; {more} only in the replay, {less} only in one build"
            )
    return found


def _column(connection: duckdb.DuckDBPyConnection, query: str) -> list[int]:
    return [row[0] for row in connection.execute(query).fetchall()]


def _said(rows: list[tuple[object, ...]]) -> str:
    return "; ".join(" | ".join(str(value) for value in row) for row in rows)
