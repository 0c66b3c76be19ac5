"""`driftline incidents`: lists them, and records what people answer."""

from __future__ import annotations

import getpass
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from driftline.alerts import describe, known_monitors, read_alerts
from driftline.answers import ACK, EXPECTED, FALSE_ALARM, REVOKE, SNOOZE, Answers, make_answer, revocable
from driftline.errors import DriftlineError, LockedError
from driftline.health import read_health
from driftline.incidents import Incident, find_incident, read_incidents, short_ids
from driftline.text import COLUMNS, paint, printable, width, wrap
from driftline.warehouse import Warehouse

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)([smhd])\Z")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_POLL = 1.0
_STATUS = 16
_GAP = "  "


@dataclass(frozen=True)
class Listing:
    """Incidents as a table. ``now`` is UTC without a zone."""

    incidents: tuple[Incident, ...]
    ids: dict[str, str]
    now: datetime

    def to_dict(self) -> dict[str, Any]:
        return {
            "open": sum(incident.is_open for incident in self.incidents),
            "incidents": [
                {**incident.to_dict(), "id": self.ids[incident.incident_id], "standing": incident.standing(self.now)}
                for incident in self.incidents
            ],
        }

    def lines(self, colours: bool = False) -> list[str]:
        if not self.incidents:
            return ["No open incidents."]
        size = max(2, *(width(short) for short in self.ids.values()))
        rows = [self._row(incident) for incident in self.incidents]
        fixed = (size, 8, 10)
        # The status takes no more room than it needs: what happened is what people read.
        status = min(_STATUS, max(len("status"), *(width(row[4]) for row in rows)))
        sizes = (*fixed, COLUMNS - sum(fixed) - status - 4 * len(_GAP), status)
        found = _cells(("id", "severity", "since", "what", "status"), sizes)
        for incident, row in zip(self.incidents, rows, strict=True):
            lines = _cells(row, sizes)
            if colours:
                place = size + len(_GAP)
                mark = lines[0][place : place + 8]
                painted = paint(mark, incident.severity if incident.is_open else "resolved")
                lines[0] = lines[0][:place] + painted + lines[0][place + 8 :]
            found += lines
        return found

    def _row(self, incident: Incident) -> tuple[str, ...]:
        since = incident.since
        return (
            self.ids[incident.incident_id],
            incident.severity,
            f"{since:%Y-%m-%d}" if since else "",
            "; ".join((describe(incident.told()), *incident.behind))
            + (f" (owner: {printable(incident.owner)})" if incident.owner else ""),
            incident.standing(self.now),
        )


def _cells(row: Sequence[str], sizes: Sequence[int]) -> list[str]:
    """One row of a table, its texts wrapped."""
    wrapped = [wrap(text, size) for text, size in zip(row, sizes, strict=True)]
    lines = []
    for number in range(max(map(len, wrapped))):
        parts = [cell[number] if number < len(cell) else "" for cell in wrapped]
        padded = [part + " " * (size - width(part)) for part, size in zip(parts, sizes, strict=True)]
        lines.append(_GAP.join(padded).rstrip())
    return lines


def listing(warehouse: Warehouse, every: bool = False, monitors: Sequence[str] = ()) -> Listing:
    """Open incidents, or all. Raises DriftlineError, also for a monitor that there is not."""
    found, known = _read(warehouse)
    unknown = [name for name in monitors if name not in known]
    if unknown:
        raise DriftlineError(
            f"No monitor {', '.join(map(repr, unknown))} has been built; there is: {', '.join(known) or 'none'}.",
            "Check --monitor, and that 'dbt build' has run.",
        )
    shown = tuple(
        incident
        for incident in found
        if (every or incident.is_open) and (not monitors or not incident.is_known_by.isdisjoint(monitors))
    )
    return Listing(shown, short_ids(found), Answers(warehouse).now())


def _read(warehouse: Warehouse) -> tuple[list[Incident], list[str]]:
    health = read_health(warehouse)
    alerts = read_alerts(warehouse, health=health)
    return read_incidents(warehouse, alerts), known_monitors(warehouse, alerts)


def answer(
    warehouse: Warehouse,
    given: str,
    kind: str,
    by: str | None = None,
    note: str | None = None,
    until: str | None = None,
    patience: float = 60.0,
    say: Callable[[str], None] = lambda _: None,
) -> list[str]:
    """Record an answer. Returns what to print. Raises DriftlineError, and then nothing was recorded."""
    if note is not None and not note.strip():
        raise DriftlineError("The note is empty.", "Say why in a few words.")
    who = _who(by)
    deadline = time.monotonic() + patience
    said = False
    while True:
        try:
            return list(_answer(warehouse, given, kind, who, note, until))
        except LockedError:
            # A DuckDB file has one process at a time.
            if time.monotonic() >= deadline:
                raise
            if not said:
                say(f"another process has the warehouse's file; waiting up to {patience:.0f} s for it.")
                said = True
            time.sleep(_POLL)


def _answer(
    warehouse: Warehouse, given: str, kind: str, who: str, note: str | None, until: str | None
) -> Iterator[str]:
    answers = Answers(warehouse)
    incidents, _ = _read(warehouse)
    incident = find_incident(incidents, given)
    short = short_ids(incidents)[incident.incident_id]
    now = answers.now()
    if not incident.is_open and kind in (ACK, SNOOZE):
        raise DriftlineError(
            f"Incident {short} is over: {describe(incident.told())}",
            "There is nothing to wait for; nothing was recorded.",
        )
    more: dict[str, Any] = {"note": note, "severity": incident.severity, "data_until": incident.told().last_window_end}
    if kind == SNOOZE:
        more["until"] = _moment(until or "", now)
    # What counts may have been said to an incident that became part of this one.
    said = incident.answered if incident.answered and incident.answered.answer_id else None
    taken_back = said or revocable(answers.read(), incident.incident_id) if kind == REVOKE else None
    if taken_back is not None:
        more["revokes"] = taken_back.answer_id
    ids = [alert.table_id for alert in incident.members]
    made = make_answer(incident.incident_id, incident.monitor, kind, who, now, ids, **more)
    widened = answers.record(made, ids)
    yield f"{short}: {_done(kind, who, more.get('until'), taken_back.answer if taken_back else None)}"
    yield f"  {describe(incident.told())}"
    if widened:
        series = f"{widened} series of it alert" if widened > 1 else "its series alerts"
        yield f"  From the next build on {series} only beyond what was reached ('revoke {short}' takes that back)."


def _done(kind: str, who: str, until: datetime | None, taken_back: str | None) -> str:
    words = {ACK: "acknowledged", EXPECTED: "expected", FALSE_ALARM: "false alarm"}
    if kind == SNOOZE and until is not None:
        return printable(f"snoozed until {until:%Y-%m-%d %H:%M} UTC by {who}")
    if kind == REVOKE:
        return printable(f"the answer '{words.get(taken_back or '', 'snoozed')}' was taken back by {who}")
    return printable(f"{words[kind]}, says {who}" if kind != ACK else f"acknowledged by {who}")


def _who(by: str | None) -> str:
    name = (by or os.environ.get("DRIFTLINE_USER") or "").strip()
    if name:
        return name
    try:
        return getpass.getuser()
    except Exception:  # no name for this user's number: KeyError, OSError or ImportError by Python's version
        raise DriftlineError("It is not known who answers.", "Give --by NAME, or set DRIFTLINE_USER.") from None


def _moment(text: str, now: datetime) -> datetime:
    """When a snooze ends, UTC: a day is slept through to its end. Raises DriftlineError."""
    given = text.strip()
    try:
        if found := _DURATION.match(given):
            until = now + timedelta(seconds=float(found[1]) * _SECONDS[found[2]])
        else:
            until = datetime.fromisoformat(given.replace("Z", "+00:00"))
            if until.tzinfo is not None:
                until = (until - (until.utcoffset() or timedelta())).replace(tzinfo=None)
            if len(given) == 10:
                until += timedelta(days=1)
    except (ValueError, OverflowError):
        raise DriftlineError(
            f"--until: given {text!r}; allowed: a day such as 2026-12-31, a day and time such as '2026-12-31 18:00' "
            "(UTC), or a while such as 6h or 3d.",
            "Nothing was recorded.",
        ) from None
    if until <= now:
        raise DriftlineError(
            f"--until: given {text!r}, which is over ({now:%Y-%m-%d %H:%M} UTC).", "Nothing was recorded."
        )
    return until
