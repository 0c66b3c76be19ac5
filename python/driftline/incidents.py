"""What people are told: incidents, each of alerts that have one cause, with what was answered to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from driftline.alerts import OPERATION, SEVERITIES, Alert, describe, matters, rank
from driftline.answers import ACK, EXPECTED, FALSE_ALARM, SNOOZE, Answer, Answers, kept
from driftline.errors import DriftlineError, MissingRelationError
from driftline.health import ALERT_PREFIX
from driftline.text import number, printable
from driftline.warehouse import Row, Warehouse

RESOLVED = "resolved"
STATUSES = ("open", RESOLVED, "acknowledged", EXPECTED, FALSE_ALARM)
_NEEDED = {"incident_id", "monitor", "severity", "status", "headline"}
_STATUS_OF = {ACK: "acknowledged", EXPECTED: EXPECTED, FALSE_ALARM: FALSE_ALARM}
_SHORTEST = 6
# Of the monitors that an incident is about, as many are named.
_NAMED = 5


@dataclass(frozen=True)
class Incident:
    """One row of driftline_incidents, as it stands now. Window times are the monitor's wall clock, all others UTC.

    incident_id      the id of the alert that began it
    headline         one sentence; empty where the package in the warehouse is too old to have any
    evidence         the same in the judge's terms
    status           open, resolved, acknowledged, expected, false_alarm
    event            what was declared to happen in that time: it was to be expected
    members          its alerts, worst first
    answered         what counts of people's answers: the last that was not taken back
    """

    incident_id: str
    monitor: str
    severity: str
    status: str
    headline: str = ""
    evidence: str | None = None
    headline_alert_id: str | None = None
    monitors: int = 1
    upstream: str | None = None
    family: str = ""
    metric: str = ""
    column_name: str | None = None
    is_common: bool = False
    alerts: int = 1
    open_alerts: int = 1
    columns_moved: int | None = None
    also: str | None = None
    stands_out: str | None = None
    cause: str | None = None
    cost: float | None = None
    cost_unit: str | None = None
    opened_at: datetime | None = None
    resolved_at: datetime | None = None
    first_window_start: datetime | None = None
    last_window_end: datetime | None = None
    owner: str | None = None
    known_as: str | None = None
    earlier_ids: str | None = None
    found_late: bool | None = None
    no_data_since: datetime | None = None
    answer: str | None = None
    answered_by: str | None = None
    answered_at: datetime | None = None
    answer_note: str | None = None
    snoozed_until: datetime | None = None
    event: str | None = None
    members: tuple[Alert, ...] = ()
    answered: Answer | None = field(default=None, repr=False)

    @property
    def is_open(self) -> bool:
        return self.status != RESOLVED

    @property
    def is_settled(self) -> bool:
        """Whether nothing is to be done about it: by what somebody has said, or by an event of the calendar."""
        return self.answer in (EXPECTED, FALSE_ALARM) or self.event is not None

    @property
    def sentence(self) -> str:
        """What is told of it: whose it is, and what happened."""
        names = list(dict.fromkeys((self.monitor, *sorted({alert.monitor for alert in self.members}))))
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        return printable(f"{', '.join(names[:_NAMED])}{more}: {self.headline}")

    @property
    def basis(self) -> str:
        """What it rests on, where that says more than the headline."""
        return printable(self.evidence) if self.evidence and self.evidence != self.headline else ""

    @property
    def behind(self) -> list[str]:
        """Its first cause, where the headline has not said it, and what it has cost."""
        cause = printable(self.cause) if self.cause and self.cause not in self.headline else ""
        cost = "" if self.cost is None else printable(f"cost {number(self.cost)} {self.cost_unit or ''}").rstrip()
        return [note for note in (cause, cost) if note]

    @property
    def hash(self) -> str:
        """The part of its id that tells it apart."""
        return self.incident_id.removeprefix(ALERT_PREFIX)

    @property
    def lead(self) -> Alert:
        """The alert that speaks for it."""
        for alert in self.members:
            if alert.alert_id == self.headline_alert_id:
                return alert
        if self.members:
            return self.members[0]
        return Alert(
            self.headline_alert_id or self.incident_id, self.monitor, self.severity,
            "open" if self.is_open else RESOLVED, self.evidence or self.headline, family=self.family,
            metric=self.metric, column_name=self.column_name, first_window_start=self.first_window_start,
            last_window_end=self.last_window_end, owner=self.owner,
        )  # fmt: skip

    @property
    def open_members(self) -> tuple[Alert, ...]:
        return tuple(alert for alert in self.members if alert.is_open)

    @property
    def since(self) -> datetime | None:
        """Since when, as its sentence has it: of many columns since the first, else since what it is told by."""
        began = self.first_window_start if self.is_common else self.lead.first_window_start
        return began or self.first_window_start or self.opened_at

    @property
    def ids(self) -> tuple[str, ...]:
        """All under which it may have been told: its own, those that became part of it, and its alerts'."""
        found = [self.incident_id, *_listed(self.earlier_ids)]
        for alert in self.members:
            found += [alert.alert_id, *_listed(alert.earlier_ids)]
        return tuple(dict.fromkeys(found))

    @property
    def is_known_by(self) -> frozenset[str]:
        """The names of all monitors it is about."""
        return frozenset(name for alert in (self.lead, *self.members) for name in alert.names) | {self.monitor}

    def told(self) -> Alert:
        """It as an alert, for all who tell: under its id, with its state and its time, led by its headline."""
        lead = self.lead
        return replace(
            lead,
            alert_id=self.incident_id,
            row_id="" if lead.table_id == self.incident_id else lead.table_id,
            monitor=self.monitor,
            severity=self.severity,
            status="open" if self.is_open else RESOLVED,
            message=self.headline or lead.message,
            first_window_start=self.first_window_start or lead.first_window_start,
            last_window_end=self.last_window_end or lead.last_window_end,
            owner=self.owner or lead.owner,
            opened_at=self.opened_at or lead.opened_at,
            resolved_at=self.resolved_at,
            known_as=self.known_as or lead.known_as,
            earlier_ids=self.earlier_ids,
            found_late=self.found_late,
            no_data_since=self.no_data_since,
            incident=self,
        )

    def standing(self, now: datetime) -> str:
        """Its status in words, with who said so; ``now`` is UTC without a zone."""
        by = f" by {self.answered_by}" if self.answered_by else ""
        note = f": {self.answer_note}" if self.answer_note else ""
        if self.answer == SNOOZE and self.snoozed_until is not None and self.is_open:
            if now < self.snoozed_until:
                return printable(f"snoozed until {self.snoozed_until:%Y-%m-%d %H:%M} UTC{by}{note}")
            return "open"
        if self.event is not None and self.answer not in (EXPECTED, FALSE_ALARM):
            return printable(f"{'' if self.is_open else 'resolved; '}expected: {self.event}")
        words = {ACK: "acknowledged", EXPECTED: "expected", FALSE_ALARM: "false alarm"}
        if self.answer not in words:
            return self.status
        over = "resolved; " if not self.is_open else ""
        return printable(f"{over}{words[self.answer]}{by}{note}")

    def to_dict(self) -> dict[str, Any]:
        """Plain values under the table's column names, and the ids of its alerts."""
        values = {name: getattr(self, name) for name in _COLUMNS}
        values["alert_ids"] = [alert.alert_id for alert in self.members]
        return values


_COLUMNS = tuple(item.name for item in fields(Incident) if item.name not in ("members", "answered"))


def read_incidents(warehouse: Warehouse, alerts: Sequence[Alert]) -> list[Incident]:
    """All incidents of these alerts: open, critical, what matters most, newest first. Raises DriftlineError.

    Where the table is missing, because the package in the warehouse is older, and where an alert is in none, each alert
    is an incident of its own. What was answered since the table was built counts already.
    """
    try:
        relation = warehouse.relation("driftline_incidents")
        rows = warehouse.query(f"select * from {relation}")
    except MissingRelationError:
        relation, rows = "", []
    answers = Answers(warehouse)
    given = kept(answers.read()) if answers.exists() else None
    found = [answered(incident, given) for incident in _incidents(rows, alerts, relation)]
    found.sort(key=lambda i: (i.monitor, i.incident_id))
    found.sort(key=lambda i: i.lead.windows_breached or 0, reverse=True)
    found.sort(key=lambda i: i.lead.last_window_start or i.last_window_end or datetime.min, reverse=True)
    found.sort(key=lambda i: (not i.is_open, -rank(i.severity), matters(i.lead.family), i.lead.segment != "all"))
    return found


def has_incidents(warehouse: Warehouse) -> bool:
    """Whether the package in the warehouse knows of them."""
    try:
        return bool(warehouse.relation("driftline_incidents"))
    except MissingRelationError:
        return False


def _incidents(rows: Iterable[Row], alerts: Sequence[Alert], relation: str) -> list[Incident]:
    members: dict[str, list[Alert]] = defaultdict(list)
    for alert in alerts:
        members[alert.incident_id or alert.alert_id].append(alert)
    found = []
    for row in rows:
        incident = _incident(row, relation)
        mine = members.pop(incident.incident_id, [])
        found.append(_brought_up_to_date(replace(incident, members=tuple(mine))))
    return found + [_alone(alert, has_words=bool(relation)) for mine in members.values() for alert in mine]


def _incident(row: Row, relation: str) -> Incident:
    missing = sorted(_NEEDED - row.keys())
    if missing:
        raise DriftlineError(
            f"{relation} has no column {', '.join(missing)}.",
            "It was built by another version of the package: run 'dbt deps' and 'dbt build'.",
        )
    if row["severity"] not in SEVERITIES or row["status"] not in STATUSES:
        raise DriftlineError(
            f"{relation} holds an incident of severity {row['severity']!r} and status {row['status']!r}.",
            f"This version of driftline knows warn and critical, {', '.join(STATUSES)}: update the Python package.",
        )
    known = set(_COLUMNS)
    return Incident(**{name: value for name, value in row.items() if name in known and value is not None})


def _alone(alert: Alert, has_words: bool) -> Incident:
    """An alert that is an incident of its own."""
    sentence = (alert.sentence or alert.message) if has_words else ""
    return Incident(
        alert.alert_id, alert.monitor, alert.severity, alert.status, sentence,
        alert.message if has_words and alert.sentence else None, alert.alert_id, family=alert.family,
        metric=alert.metric, column_name=alert.column_name, open_alerts=int(alert.is_open),
        opened_at=alert.opened_at, resolved_at=alert.resolved_at, first_window_start=alert.first_window_start,
        last_window_end=alert.last_window_end, owner=alert.owner, known_as=alert.known_as,
        earlier_ids=alert.earlier_ids, found_late=alert.found_late, no_data_since=alert.no_data_since,
        members=(alert,),
    )  # fmt: skip


def _brought_up_to_date(incident: Incident) -> Incident:
    """What befalls the monitors themselves is told as it is now; the table is as old as the last build."""
    if not any(alert.family == OPERATION for alert in incident.members):
        return incident
    still = incident.open_members
    if not still:
        return replace(incident, status=RESOLVED, open_alerts=0)
    lead = incident.lead
    headline = incident.headline
    if lead.family == OPERATION:
        # The number of runs that failed is another by now.
        headline = lead.sentence or lead.message
    return replace(
        incident,
        status=incident.status if incident.is_open else "open",
        headline=headline,
        evidence=incident.evidence if lead.family != OPERATION or lead.sentence else None,
        severity="critical" if any(a.severity == "critical" for a in still) else incident.severity,
        open_alerts=len(still),
    )


def answered(incident: Incident, given: Mapping[str, Sequence[Answer]] | None) -> Incident:
    """The incident with what counts of the answers to it; None: there is no ledger of answers, the table is right.

    An answer to an incident that became part of this one counts where it was about all that is open now. What an event
    of the calendar explains is expected, unless somebody has said so himself, or that it is a false alarm.
    """
    if given is None and incident.event is None:
        return incident
    given = given or {}
    mine = list(given.get(incident.incident_id, ()))
    still = {alert.alert_id for alert in incident.open_members or incident.members}
    for earlier in incident.ids[1:]:
        mine += [answer for answer in given.get(earlier, ()) if still and still <= answer.members]
    last = max(mine, key=lambda answer: (answer.answered_at, answer.answer_id), default=None)
    counts = last
    if incident.event is not None and not (last is not None and last.silences):
        counts = Answer(
            "", incident.incident_id, incident.monitor, EXPECTED, answered_at=datetime.max,
            answered_by=f"the calendar ({incident.event})",
        )  # fmt: skip
    status = _STATUS_OF.get(counts.answer, "open") if counts is not None else "open"
    status = status if incident.is_open else RESOLVED
    return replace(
        incident,
        status=status,
        answered=counts,
        answer=last.answer if last else None,
        answered_by=last.answered_by if last else None,
        answered_at=last.answered_at if last else None,
        answer_note=last.note if last else None,
        snoozed_until=last.until if last else None,
    )


def short_ids(incidents: Sequence[Incident]) -> dict[str, str]:
    """By id: the shortest beginning that tells each from all others, and not shorter than people can use."""
    found = {}
    hashes = sorted(incident.hash for incident in incidents)
    for place, text in enumerate(hashes):
        beside = [hashes[other] for other in (place - 1, place + 1) if 0 <= other < len(hashes)]
        found[text] = text[: max([_SHORTEST, *(_in_common(text, other) + 1 for other in beside)])]
    return {incident.incident_id: found[incident.hash] for incident in incidents}


def _in_common(one: str, other: str) -> int:
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def find_incident(incidents: Sequence[Incident], given: str) -> Incident:
    """The incident whose id begins so; one that is open before one that is over. Raises DriftlineError."""
    wanted = given.strip()
    found = [incident for incident in incidents if wanted in (incident.incident_id, incident.hash)]
    if not found and wanted:
        found = [i for i in incidents if i.hash.startswith(wanted) or i.incident_id.startswith(wanted)]
        found = [incident for incident in found if incident.is_open] or found
    if len(found) == 1:
        return found[0]
    candidates = found or [incident for incident in incidents if incident.is_open]
    shorts = short_ids(incidents)
    listed = "; ".join(f"{shorts[i.incident_id]} {describe(i.told())}" for i in candidates[:5])
    more = f"; and {len(candidates) - 5} more" if len(candidates) > 5 else ""
    if found:
        raise DriftlineError(f"{len(found)} incidents begin with {given!r}: {listed}{more}.", "Give more of the id.")
    raise DriftlineError(
        f"No incident begins with {given!r}; open: {listed + more if candidates else 'none'}.",
        "'driftline incidents --all' lists them all.",
    )


def _listed(ids: str | None) -> list[str]:
    return [part for part in (ids or "").split(",") if part]
