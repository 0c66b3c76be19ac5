"""What a message says beyond the alert's own row: causes, business metrics, and the course of the worst value.

None of it is worth losing a message for: what cannot be read is left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from driftline.alerting.exposures import Downstream, read_exposures
from driftline.alerts import Alert
from driftline.errors import DriftlineError
from driftline.warehouse import Row, Warehouse

T = TypeVar("T")

_POINTS = 60
_CAUSES = 3
_BUSINESS = 3
_GRAIN = ("monitor", "model_version", "segment", "segment_value", "window_periods")


@dataclass(frozen=True)
class Cause:
    """A column, a bin of one, a version or a value of a segment, and the share of the movement that is its."""

    column_name: str | None
    segment: str | None
    segment_value: str | None
    share: float | None
    kind: str = "column"
    """column, bin, version or segment; the share of a bin is one of its column's drift."""
    bin: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "column_name": self.column_name,
            "bin": self.bin,
            "segment": self.segment,
            "segment_value": self.segment_value,
            "share": self.share,
        }


@dataclass(frozen=True)
class BusinessValue:
    metric: str
    value: float | None
    change_reference: float | None

    def to_dict(self) -> dict[str, Any]:
        return {"metric": self.metric, "value": self.value, "change_reference": self.change_reference}


@dataclass(frozen=True)
class Facts:
    """By the alert's id in the tables; words by that and language. ``language`` is that of the tables' own texts.

    ``sentences`` are incidents', by their id; ``exposures`` stand by monitor.
    """

    causes: dict[str, tuple[Cause, ...]] = field(default_factory=dict)
    business: dict[str, tuple[BusinessValue, ...]] = field(default_factory=dict)
    sentences: dict[tuple[str, str], str] = field(default_factory=dict)
    cause_words: dict[tuple[str, str], str] = field(default_factory=dict)
    language: str = "en"
    exposures: dict[str, Downstream] = field(default_factory=dict)


def read_facts(warehouse: Warehouse, alerts: Sequence[Alert], say: Callable[[str], None]) -> Facts:
    """Causes and business metrics of some alerts."""
    if not alerts:
        return Facts()
    nothing: dict[str, str] = {}
    relations = _attempt(warehouse.relations, nothing, say)
    return Facts(
        _attempt(lambda: read_causes(warehouse, relations.get("driftline_causes"), alerts), {}, say),
        _attempt(lambda: _read_business(warehouse, relations.get("driftline_business"), alerts), {}, say),
        _attempt(lambda: _read_sentences(warehouse, relations, alerts), {}, say),
        _attempt(lambda: _read_cause_words(warehouse, relations, alerts), {}, say),
        _attempt(lambda: str(warehouse.variable("driftline_language") or "en"), "en", say),
        _attempt(lambda: read_exposures(warehouse, {alert.monitor for alert in alerts}), {}, say),
    )


def _read_sentences(
    warehouse: Warehouse, relations: Mapping[str, str], alerts: Sequence[Alert]
) -> dict[tuple[str, str], str]:
    """The sentence of each incident; where it is told by one alert alone and has none, that alert's."""
    incidents = [alert.incident for alert in alerts if alert.incident is not None and alert.incident.headline]
    by_alert = {one.lead.alert_id: one.incident_id for one in incidents if not one.is_common}
    sentences = read_words(
        warehouse, relations.get("driftline_int_sentences"), "alert_id", "sentence", sorted(by_alert)
    )  # fmt: skip
    found = {(by_alert[alert_id], language): text for (alert_id, language), text in sentences.items()}
    ids = sorted(one.incident_id for one in incidents)
    whole = relations.get("driftline_int_incident_sentences")
    return {**found, **read_words(warehouse, whole, "incident_id", "headline", ids)}


def _read_cause_words(
    warehouse: Warehouse, relations: Mapping[str, str], alerts: Sequence[Alert]
) -> dict[tuple[str, str], str]:
    ids = sorted({alert.table_id for alert in alerts})
    found = read_words(warehouse, relations.get("driftline_int_cause_words"), "alert_id", "cause", ids)
    # Of an incident whose cause has been told of another one, that.
    whole = relations.get("driftline_int_incident_sentences")
    if whole is None or "cause" not in {column.name.lower() for column in warehouse.columns(whole)}:
        return found
    incidents = {alert.incident.incident_id: alert.table_id for alert in alerts if alert.incident is not None}
    told = read_words(warehouse, whole, "incident_id", "cause", sorted(incidents))
    return {**found, **{(incidents[incident_id], language): text for (incident_id, language), text in told.items()}}


def read_words(
    warehouse: Warehouse, relation: str | None, key: str, text: str, ids: Sequence[str]
) -> dict[tuple[str, str], str]:
    """A text of each alert or incident in each language that the package has; nothing where the table is not built."""
    if relation is None or not ids:
        return {}
    found = {}
    for chunk in _chunks(ids):
        listed = ", ".join(map(warehouse.literal, chunk))
        for row in warehouse.query(
            f"select {key}, language, {text} from {relation} where {key} in ({listed}) and {text} is not null"
        ):
            found[str(row[key]), str(row["language"])] = str(row[text])
    return found


def read_causes(warehouse: Warehouse, relation: str | None, alerts: Sequence[Alert]) -> dict[str, tuple[Cause, ...]]:
    """What drives each alert, the most important first; nothing where the table is not built."""
    if relation is None:
        return {}
    there = {column.name.lower() for column in warehouse.columns(relation)}
    if not {"alert_id", "window_start", "cause_kind", "cause_rank", "cause_name", "cause_value", "share"} <= there:
        return {}
    found: dict[str, list[Row]] = defaultdict(list)
    for chunk in _chunks([alert.table_id for alert in alerts]):
        ids = ", ".join(map(warehouse.literal, chunk))
        for row in warehouse.query(
            f"select alert_id, window_start, cause_kind, cause_rank, cause_name, cause_value, share from {relation} "
            f"where alert_id in ({ids}) and share is not null"
        ):
            found[str(row["alert_id"])].append(row)
    causes = {}
    for alert_id, rows in found.items():
        last = max(row["window_start"] for row in rows)
        # The first of each kind before the second of any.
        latest = [row for row in rows if row["window_start"] == last]
        latest.sort(key=lambda row: (row["cause_rank"], -abs(row["share"])))
        causes[alert_id] = tuple(_cause(row) for row in latest[:_CAUSES])
    return causes


def _cause(row: Row) -> Cause:
    """A column is named alone, everything else with its value."""
    kind, name, value = str(row["cause_kind"]), str(row["cause_name"]), row["cause_value"]
    text = None if value is None else str(value)
    if kind == "column":
        return Cause(name, None, None, row["share"])
    if kind == "bin":
        return Cause(name, None, None, row["share"], kind, text)
    return Cause(None, name, text, row["share"], kind)


def _read_business(
    warehouse: Warehouse, relation: str | None, alerts: Sequence[Alert]
) -> dict[str, tuple[BusinessValue, ...]]:
    """What the business metrics were in the last window of each alert."""
    if relation is None:
        return {}
    literal = warehouse.literal
    monitors = ", ".join(map(literal, sorted({alert.monitor for alert in alerts})))
    starts = sorted({alert.last_window_start for alert in alerts if alert.last_window_start is not None})
    if not starts:
        return {}
    rows: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in warehouse.query(
        f"select {', '.join(_GRAIN)}, window_start, metric, value, change_reference from {relation} "
        f"where monitor in ({monitors}) and window_start >= {literal(starts[0])} "
        f"and window_start <= {literal(starts[-1])} and value is not null order by metric"
    ):
        rows[(*(row[name] for name in _GRAIN), row["window_start"])].append(row)
    found = {}
    for alert in alerts:
        key = (*(getattr(alert, name) for name in _GRAIN), alert.last_window_start)
        values = [row for row in rows.get(key, ()) if row["metric"] != alert.metric or alert.family != "business"]
        values.sort(key=lambda row: -abs(row["change_reference"] or 0.0))
        found[alert.table_id] = tuple(
            BusinessValue(str(row["metric"]), row["value"], row["change_reference"]) for row in values[:_BUSINESS]
        )
    return found


def read_course(warehouse: Warehouse, alert: Alert, say: Callable[[str], None]) -> list[tuple[datetime, float]]:
    """The values of an alert's metric, window by window, up to its last one."""

    def read() -> list[tuple[datetime, float]]:
        literal = warehouse.literal
        same = " and ".join(
            f"{name} = {literal(getattr(alert, name))}"
            for name in (*_GRAIN, "family", "metric", "column_name", "baseline")
        )
        rows = warehouse.query(
            f"select window_start, value from {warehouse.relation('driftline_metrics')} where {same} "
            f"and is_complete and value is not null order by window_start desc limit {_POINTS}"
        )
        return [(row["window_start"], float(row["value"])) for row in reversed(rows)]

    return _attempt(read, [], say)


def _attempt(read: Callable[[], T], otherwise: T, say: Callable[[str], None]) -> T:
    try:
        return read()
    except DriftlineError as error:
        say(f"Left out of the messages: {error.message}")
        return otherwise


def _chunks(items: Sequence[str], size: int = 500) -> list[Sequence[str]]:
    return [items[start : start + size] for start in range(0, len(items), size)]
