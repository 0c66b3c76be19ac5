"""The incidents of a monitor, each with the alerts that are its evidence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from .. import numbers as n
from ..warehouse import Row

OPEN = ("open", "acknowledged")
MOVES = ("drift", "trend")
ANSWERED = {"expected": "answered as expected", "false_alarm": "answered as a false alarm"}


def of_alerts(incidents: Iterable[Row], alerts: Sequence[Row]) -> list[Row]:
    """What people are told, in the order of its alerts: open before over, critical before warn, what says most first.

    ``alerts`` are those of the monitor that the page shows, with their words. One without an incident, as an earlier
    version of the package has them, is told as it is.
    """
    known = {n.as_text(incident["incident_id"]): incident for incident in incidents}
    members: dict[str, list[Row]] = defaultdict(list)
    for alert in alerts:
        members[n.as_text(alert.get("incident_id")) or n.as_text(alert["alert_id"])].append(alert)
    told = [_incident(known[key], found) if key in known else _alone(found[0]) for key, found in members.items()]
    # What only moves comes after what it may cost.
    return sorted(told, key=lambda i: (i["status"] != "open", i["severity"] != "critical", i["family"] in MOVES))


def _incident(incident: Row, alerts: list[Row]) -> Row:
    status = n.as_text(incident["status"])
    alerts.sort(key=lambda a: not a.get("is_headline"))
    count = n.as_int(incident["alerts"])
    moved = [
        f"{label}: {n.as_text(incident.get(column))}"
        for column, label in (
            ("stands_out", "Beyond the others"), ("also", "Moved"), ("cause", "Behind it"),
        )
        # What the headline has said is not said again.
        if incident.get(column) and n.as_text(incident[column]) not in n.as_text(incident["headline"])
    ]  # fmt: skip
    cost = n.as_float(incident.get("cost"))
    if cost is not None:
        moved.append(f"Cost: {n.number(cost)} {n.as_text(incident.get('cost_unit'))}".rstrip())
    event = n.as_text(incident.get("event"))
    notes = [f"expected: {event}"] if event else [ANSWERED[status]] if status in ANSWERED else []
    if status == "acknowledged":
        notes.append(f"acknowledged by {n.as_text(incident.get('answered_by')) or 'somebody'}")
    if n.as_text(incident.get("answer_note")):
        notes.append(n.as_text(incident["answer_note"]))
    return {
        "severity": "critical" if incident["severity"] == "critical" else "warn",
        "status": "open" if status in OPEN else "resolved",
        "family": n.as_text(incident.get("family")),
        "sentence": n.as_text(incident["headline"]),
        "evidence": n.as_text(incident["evidence"]),
        "since": n.moment(n.as_datetime(incident["first_window_start"])),
        "until": n.moment(n.as_datetime(incident["resolved_at"] or incident["last_window_end"])),
        "owner": n.as_text(incident["owner"]),
        "moved": moved,
        "notes": notes,
        "alerts": alerts,
        "more": f"{n.plural(count, 'alert')}" + (f", {len(alerts)} of them here" if len(alerts) < count else ""),
    }


def _alone(alert: Row) -> Row:
    return {"severity": alert["severity"], "status": alert["status"], "sentence": "", "family": "", "alerts": [alert]}
