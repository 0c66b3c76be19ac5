"""The alerts of the warehouse, as the judge left them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from driftline.errors import DriftlineError, MissingRelationError
from driftline.health import NO_RESULTS, NOT_RUN, Health, alert_id, read_health
from driftline.text import number, printable
from driftline.warehouse import Row, Warehouse

if TYPE_CHECKING:
    from driftline.incidents import Incident

OPERATION = "operation"
SEVERITIES = ("warn", "critical")
# What people should read first.
FAMILIES = (
    "operation", "freshness", "volume", "performance", "business", "comparison", "estimate", "concept", "fairness",
    "drift", "quality", "trend", "estimate_error",
)  # fmt: skip

_NEEDED = {"alert_id", "monitor", "severity", "status", "message"}


def rank(severity: str) -> int:
    """How bad a severity is: 0 warn, 1 critical."""
    return SEVERITIES.index(severity)


@dataclass(frozen=True)
class Alert:
    """One row of driftline_alerts: an episode of one series. Window times are the monitor's wall clock.

    ``row_id`` is its id in the table where it goes on, for those who are told, under an earlier one. With ``incident``
    it stands for all of that: it is the incident's headline under the incident's id.
    """

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
    opened_at: datetime | None = None
    resolved_at: datetime | None = None
    known_as: str | None = None
    earlier_ids: str | None = None
    found_late: bool | None = None
    no_data_since: datetime | None = None
    incident_id: str | None = None
    is_headline: bool | None = None
    sentence: str | None = None
    row_id: str = ""
    incident: Incident | None = None

    @property
    def is_open(self) -> bool:
        return self.status == "open"

    @property
    def table_id(self) -> str:
        """Its id in the tables of the warehouse."""
        return self.row_id or self.alert_id

    @property
    def in_the_table(self) -> Alert:
        """What stands in driftline_alerts of it: of an incident its headline."""
        return self.incident.lead if self.incident is not None and self.incident.headline else self

    @property
    def names(self) -> tuple[str, ...]:
        """The monitor's name, and the one under which its alerts are kept."""
        return (self.monitor, self.known_as) if self.known_as else (self.monitor,)

    @property
    def is_worse_before(self) -> bool:
        """Whether the worst value reads worse than the last one: on its side of what was expected."""
        if self.peak_value is None or self.value is None or number(self.peak_value) == number(self.value):
            return False
        if self.expected is not None and self.value < self.expected:
            return self.peak_value < self.value
        return self.peak_value > self.value

    def to_dict(self) -> dict[str, Any]:
        """Plain values under the table's column names."""
        return {name: getattr(self, name) for name in _COLUMNS}


_COLUMNS = tuple(field.name for field in fields(Alert) if field.name not in ("row_id", "incident"))


def read_alerts(
    warehouse: Warehouse, monitors: Sequence[str] = (), health: Sequence[Health] | None = None
) -> list[Alert]:
    """All alerts, or those of some monitors: open, critical, what matters most, newest first. Raises DriftlineError.

    What befalls the monitors themselves is told as it is now, whether or not the tables could be built since.
    """
    if health is None:
        health = read_health(warehouse, monitors)
    where = f" where monitor in ({', '.join(warehouse.literal(name) for name in monitors)})" if monitors else ""
    try:
        relation = warehouse.relation("driftline_alerts")
        alerts = [_alert(row, relation) for row in warehouse.query(f"select * from {relation}{where}")]
    except MissingRelationError:
        # A first build that did not come so far has something to tell all the same.
        if not any(one.status == NO_RESULTS and one.attempted for one in health):
            raise
        alerts = []
    alerts = with_operation(alerts, health)
    alerts.sort(key=lambda a: (a.monitor, a.alert_id))
    alerts.sort(key=lambda a: (a.last_window_start or datetime.min, a.windows_breached or 0), reverse=True)
    alerts.sort(key=lambda a: (not a.is_open, -rank(a.severity), matters(a.family), a.segment != "all"))
    return alerts


def with_operation(alerts: Sequence[Alert], health: Sequence[Health]) -> list[Alert]:
    """The alerts, those of the family operation brought up to date."""
    now = {alert.alert_id: alert for one in health for alert in _operation(one)}
    known = {one.monitor for one in health if one.status}
    found = []
    for alert in alerts:
        if alert.family == OPERATION and alert.is_open and alert.monitor in known and alert.alert_id not in now:
            # It works again; the tables do not know yet.
            alert = replace(alert, status="resolved")
        elif alert.family == OPERATION and alert.alert_id in now:
            alert = replace(
                now[alert.alert_id], first_window_start=alert.first_window_start, incident_id=alert.incident_id
            )
        found.append(alert)
    present = {alert.alert_id for alert in found}
    return found + [alert for alert in now.values() if alert.alert_id not in present]


def _operation(health: Health) -> list[Alert]:
    """What is wrong with a monitor, as alerts."""
    found: list[tuple[str, str, float | None, int]] = []
    if health.failed_runs and health.operation_alert_id:
        found.append((health.operation_alert_id, "failed_runs", float(health.failed_runs), health.failed_runs))
    elif health.status == NOT_RUN:
        found.append((alert_id(health.monitor, "not_run", health.last_success_at), "not_run", None, 1))
    elif health.results_older_than_state or (health.status == NO_RESULTS and health.attempted):
        found.append((alert_id(health.monitor, "results", health.results_computed_at), "results", None, 1))
    at = health.last_attempt_at
    return [
        Alert(
            identity, health.monitor, "critical", "open", health.problem or "", window_periods=1, family=OPERATION,
            metric=metric, column_name="all", first_window_start=at, last_window_start=at, last_window_end=at,
            windows_breached=runs, value=value, peak_value=value, threshold=0.0, owner=health.owner,
        )
        for identity, metric, value, runs in found
    ]  # fmt: skip


def matters(family: str) -> int:
    """Results before what may lead to them. By time alone a fallen model would come last: its labels come late."""
    return FAMILIES.index(family) if family in FAMILIES else len(FAMILIES)


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
    known = set(_COLUMNS)
    return Alert(**{name: value for name, value in row.items() if name in known})


def known_monitors(warehouse: Warehouse, alerts: Sequence[Alert] = ()) -> list[str]:
    """The monitors that are listed or have been built, from driftline_monitors where it is there, and the alerts."""
    try:
        rows = warehouse.query(f"select distinct monitor from {warehouse.relation('driftline_monitors')}")
    except MissingRelationError:
        rows = []
    built = {str(row["monitor"]) for row in rows} | {alert.monitor for alert in alerts}
    return sorted(built | set(warehouse.listed_monitors()))


def must_be_known(names: Iterable[str], known: Sequence[str]) -> None:
    """Raises DriftlineError where one was asked for that there is not: silence would look like calm."""
    unknown = [name for name in names if name not in known]
    if unknown:
        raise DriftlineError(
            f"No monitor {', '.join(map(repr, unknown))} has been built; there is: {', '.join(known) or 'none'}.",
            "Check the name, the variable driftline_monitors, and that 'dbt build' has run.",
        )


def describe(alert: Alert) -> str:
    """One line for people: the incident's sentence; else the monitor, the judge's message, and what that leaves out."""
    if alert.incident is not None and alert.incident.headline:
        return alert.incident.sentence
    notes = []
    if alert.window_periods is not None and alert.window_periods > 1:
        notes.append(f"windows of {alert.window_periods} periods")
    if alert.owner:
        notes.append(f"owner {alert.owner}")
    message = alert.message or f"{alert.column_name or ''} {alert.metric} {number(alert.value)}".strip()
    return printable(f"{alert.monitor}: {message}" + (f" ({'; '.join(notes)})" if notes else ""))
