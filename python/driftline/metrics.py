"""`driftline metrics`: the latest complete values and the open alerts, for a scraper or a collector (otlp.py)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any
from zoneinfo import ZoneInfo

from driftline.alerts import SEVERITIES, Alert, known_monitors, must_be_known, read_alerts
from driftline.errors import MissingRelationError
from driftline.health import NO_RESULTS, Health, read_health
from driftline.incidents import Incident, read_incidents
from driftline.text import STEERING
from driftline.warehouse import Row, Warehouse

_SERIES = (
    "monitor",
    "model_version",
    "segment",
    "segment_value",
    "window_periods",
    "family",
    "metric",
    "column_name",
    "baseline",
)
_LATEST = ("monitor", "family", "window_periods")
_ALERT = ("alert_id", "severity", *_SERIES, "owner")
_IS_TOTAL = "model_version = 'all' and m.segment = 'all'"
DETAILS = {"judged": "is_judged", "total": "is_total", "all": None}
"""What is held against a threshold; all of the totals; all. Conditions on m, a relation like driftline_latest."""


@dataclass(frozen=True)
class Metrics:
    """``values``: of each monitor, family and window length, its latest complete window."""

    monitors: tuple[str, ...]
    values: tuple[Row, ...]
    zones: dict[str, str]
    alerts: tuple[Alert, ...]
    health: tuple[Health, ...] = ()
    incidents: tuple[Incident, ...] = ()


def read_metrics(
    warehouse: Warehouse, detail: str = "judged", monitors: Sequence[str] = (), families: Sequence[str] = ()
) -> Metrics:
    """Raises DriftlineError.

    detail              which values: judged, total or all (DETAILS)
    monitors, families  only theirs; empty means all
    """
    everywhere = read_health(warehouse)
    # An incident may reach beyond the monitors that are asked for.
    alerts = read_alerts(warehouse, health=everywhere)
    known = known_monitors(warehouse, alerts)
    must_be_known(monitors, known)
    rows = warehouse.query(_newest(warehouse, detail, monitors, families))
    zones = {}
    try:
        declared = warehouse.relation("driftline_monitors")
        for row in warehouse.query(f"select monitor, timezone, period from {declared}"):
            # Windows of hours are kept in UTC.
            zones[str(row["monitor"])] = "UTC" if row["period"] in ("hour", None) else str(row["timezone"] or "UTC")
    except MissingRelationError:
        pass
    asked = set(monitors or known)
    return Metrics(
        tuple(name for name in known if name in asked),
        tuple(rows),
        zones,
        tuple(a for a in alerts if a.is_open and a.monitor in asked and (not families or a.family in families)),
        tuple(one for one in everywhere if one.monitor in asked),
        tuple(
            one
            for one in read_incidents(warehouse, alerts)
            if one.is_open and not one.is_settled and one.monitor in asked
        ),
    )


def _newest(warehouse: Warehouse, detail: str, monitors: Sequence[str], families: Sequence[str]) -> str:
    """The values of the newest complete windows, as SQL.

    A value that could not be computed has no sample; a stale one would look like a fresh one, so only the newest
    complete window counts, and its end is given. Labels come late and the last period may not be over, so that is a
    matter of each family and window length.
    """
    where = [
        f"{name} in ({', '.join(map(warehouse.literal, values))})"
        for name, values in (("monitor", monitors), ("family", families))
        if values
    ]
    try:
        relation, asked = warehouse.relation("driftline_latest"), DETAILS[detail]
    except MissingRelationError:
        # What an earlier version of the package has built: of all windows, and without what is judged.
        relation, asked = warehouse.relation("driftline_metrics"), None if detail == "all" else _IS_TOTAL
    return newest(relation, [*where, asked] if asked else where)


def newest(relation: str, where: Sequence[str] = ()) -> str:
    """The same of a relation: driftline_latest, or driftline_metrics with all windows. ``where``: conditions on m."""
    conditions = "".join(f" and m.{condition}" for condition in where)
    return (
        f"select {', '.join(f'm.{name}' for name in _SERIES)}, m.window_end, m.value from {relation} as m "
        f"join (select monitor, family, window_periods, max(window_start) as latest from {relation} where is_complete "
        "group by monitor, family, window_periods) as l on l.monitor = m.monitor and l.family = m.family "
        "and l.window_periods = m.window_periods and l.latest = m.window_start "
        f"where m.is_complete and m.value is not null{conditions}"
    )


def exposition(metrics: Metrics) -> str:
    """Prometheus' text format."""
    from prometheus_client import CollectorRegistry, generate_latest

    class Families:
        def collect(self) -> Iterator[Any]:
            return gauges(metrics)

    registry = CollectorRegistry()
    registry.register(Families())
    text = generate_latest(registry).decode("utf-8")
    # The format has escapes for quotes, backslashes and line breaks alone; other characters that steer a terminal stand
    # there as \x1b does, with the backslash escaped.
    return STEERING.sub(lambda found: rf"\\x{ord(found[0]):02x}", text)


def gauges(metrics: Metrics) -> Iterator[Any]:
    """All gauges, as Prometheus' client has them."""
    from prometheus_client.core import GaugeMetricFamily

    values = GaugeMetricFamily(
        "driftline_metric_value", "Value of a metric in the latest complete window.", labels=_SERIES
    )
    ends: dict[tuple[str, str, str], float] = {}
    for row in sorted(metrics.values, key=lambda row: [str(row[name]) for name in _SERIES]):
        values.add_metric([_label(row[name]) for name in _SERIES], float(row["value"]))
        zone = metrics.zones.get(row["monitor"], "UTC")
        ends[row["monitor"], row["family"], _label(row["window_periods"])] = _seconds(row["window_end"], zone)
    yield values
    latest = GaugeMetricFamily(
        "driftline_latest_window_end_timestamp_seconds", "End of the latest complete window.", labels=_LATEST
    )
    for labels, at in sorted(ends.items()):
        latest.add_metric(list(labels), at)
    yield latest
    # A monitor without an alert has a zero: a series that comes and goes makes rules that miss.
    monitors = sorted(
        {*metrics.monitors, *(one.monitor for one in metrics.alerts), *(one.monitor for one in metrics.incidents)}
    )
    kinds: tuple[tuple[str, str, Sequence[Alert | Incident]], ...] = (
        ("driftline_open_alerts", "Open alerts.", metrics.alerts),
        (
            "driftline_open_incidents",
            "Open incidents that nobody has answered as expected or a false alarm.",
            metrics.incidents,
        ),
    )
    for name, text, each_of in kinds:
        count = GaugeMetricFamily(name, text, labels=("monitor", "severity"))
        counted = Counter((one.monitor, one.severity) for one in each_of)
        for monitor in monitors:
            for severity in SEVERITIES:
                count.add_metric([monitor, severity], counted[monitor, severity])
        yield count
    each = GaugeMetricFamily("driftline_alert_value", "Value of each open alert in its last window.", labels=_ALERT)
    for alert in sorted(metrics.alerts, key=lambda alert: alert.alert_id):
        value = float("nan") if alert.value is None else float(alert.value)
        each.add_metric([_label(getattr(alert, name)) for name in _ALERT], value)
    yield each
    yield from _health_families(metrics.health)


def _health_families(health: Sequence[Health]) -> Iterator[Any]:
    """How the monitors themselves fare: what a rule needs to tell quiet from blind."""
    from prometheus_client.core import GaugeMetricFamily

    def gauge(name: str, text: str, values: Iterable[tuple[Sequence[str], float]], *labels: str) -> Any:
        family = GaugeMetricFamily(f"driftline_{name}", text, labels=("monitor", *labels))
        for of, value in values:
            family.add_metric(list(of), value)
        return family

    told = [one for one in health if one.status]
    yield gauge(
        "monitor_healthy",
        "1 where the results are of today's state and windows could be judged; status says which it is.",
        (((one.monitor, one.status), float(one.speaks and one.status == "ok")) for one in told),
        "status",
    )
    yield gauge("monitor_failed_runs", "Runs since the last success.", (((h.monitor,), h.failed_runs) for h in told))
    for name, text, times in (
        ("monitor_last_attempt", "Start of the last run that was to read the rows.", "last_attempt_at"),
        ("monitor_last_success", "Start of the last run that read the rows.", "last_success_at"),
        ("results_computed", "When the result tables were built.", "results_computed_at"),
    ):
        known = [(one.monitor, getattr(one, times)) for one in told]
        yield gauge(
            f"{name}_timestamp_seconds", text, (((monitor,), _seconds(at, "UTC")) for monitor, at in known if at)
        )
    yield gauge(
        "results_older_than_state",
        "1 where the rows have been read again since the result tables were built.",
        (((one.monitor,), float(one.results_older_than_state or one.status == NO_RESULTS)) for one in told),
    )
    yield gauge(
        "windows",
        "Windows in which something could be judged, and in which nothing could.",
        (
            ((one.monitor, judged), float(count))
            for one in told
            for judged, count in (("true", one.windows_judged), ("false", one.windows_not_judged))
        ),
        "judged",
    )


def _label(value: object) -> str:
    return "" if value is None else str(value)


def _seconds(wall_clock: datetime, zone: str) -> float:
    try:
        at = wall_clock.replace(tzinfo=ZoneInfo(zone))
    except Exception:  # a zone this machine does not know
        at = wall_clock.replace(tzinfo=timezone.utc)
    return at.timestamp()
