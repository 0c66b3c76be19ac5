"""The alerts of the warehouse, as the judge left them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from driftline.errors import DriftlineError, MissingRelationError
from driftline.text import number, printable
from driftline.warehouse import Row, Warehouse

SEVERITIES = ("warn", "critical")
# What people should read first.
FAMILIES = (
    "performance", "business", "estimate", "concept", "fairness", "drift", "quality", "trend", "estimate_error",
)  # fmt: skip

_NEEDED = {"alert_id", "monitor", "severity", "status", "message"}


def rank(severity: str) -> int:
    """How bad a severity is: 0 warn, 1 critical."""
    return SEVERITIES.index(severity)


@dataclass(frozen=True)
class Alert:
    """One row of driftline_alerts: an unbroken run of breaching windows. Window times are the monitor's wall clock."""

    alert_id: str
    monitor: str
    severity: str
    status: str
    message: str
    model_version: str = "all"
    segment: str = "all"
    segment_value: str = "all"
    window_periods: int | None = None
    family: str = ""
    metric: str = ""
    column_name: str | None = None
    baseline: str = "none"
    first_window_start: datetime | None = None
    last_window_start: datetime | None = None
    last_window_end: datetime | None = None
    windows_breached: int | None = None
    value: float | None = None
    peak_value: float | None = None
    expected: float | None = None
    threshold: float | None = None
    noise: float | None = None
    owner: str | None = None

    @property
    def is_open(self) -> bool:
        return self.status == "open"

    def to_dict(self) -> dict[str, Any]:
        """Plain values under the table's column names."""
        return asdict(self)


def read_alerts(warehouse: Warehouse, monitors: Sequence[str] = ()) -> list[Alert]:
    """All alerts, or those of some monitors: open, critical, what matters most, newest first. Raises DriftlineError."""
    relation = warehouse.relation("driftline_alerts")
    where = f" where monitor in ({', '.join(warehouse.literal(name) for name in monitors)})" if monitors else ""
    alerts = [_alert(row, relation) for row in warehouse.query(f"select * from {relation}{where}")]
    alerts.sort(key=lambda a: (a.monitor, a.alert_id))
    alerts.sort(key=lambda a: (a.last_window_start or datetime.min, a.windows_breached or 0), reverse=True)
    alerts.sort(key=lambda a: (not a.is_open, -rank(a.severity), _matters(a), a.segment != "all"))
    return alerts


def _matters(alert: Alert) -> int:
    """Results before what may lead to them. By time alone a fallen model would come last: its labels come late."""
    return FAMILIES.index(alert.family) if alert.family in FAMILIES else len(FAMILIES)


def _alert(row: Row, relation: str) -> Alert:
    missing = sorted(_NEEDED - row.keys())
    if missing:
        raise DriftlineError(
            f"{relation} has no column {', '.join(missing)}.",
            "It was built by another version of the package: run 'dbt deps' and 'dbt build'.",
        )
    if row["severity"] not in SEVERITIES or row["status"] not in ("open", "resolved"):
        raise DriftlineError(
            f"{relation} holds an alert of severity {row['severity']!r} and status {row['status']!r}.",
            "This version of driftline knows warn and critical, open and resolved: update the Python package.",
        )
    known = {field.name for field in fields(Alert)}
    return Alert(**{name: value for name, value in row.items() if name in known})


def known_monitors(warehouse: Warehouse, alerts: Sequence[Alert] = ()) -> list[str]:
    """The monitors that have been built, from driftline_monitors where it is there, else from the alerts."""
    try:
        rows = warehouse.query(f"select distinct monitor from {warehouse.relation('driftline_monitors')}")
    except MissingRelationError:
        rows = []
    return sorted({str(row["monitor"]) for row in rows} | {alert.monitor for alert in alerts})


def describe(alert: Alert) -> str:
    """One line for people: the monitor, the judge's message, and what that leaves out."""
    notes = []
    if alert.window_periods is not None and alert.window_periods > 1:
        notes.append(f"windows of {alert.window_periods} periods")
    if alert.owner:
        notes.append(f"owner {alert.owner}")
    message = alert.message or f"{alert.column_name or ''} {alert.metric} {number(alert.value)}".strip()
    return printable(f"{alert.monitor}: {message}" + (f" ({'; '.join(notes)})" if notes else ""))
