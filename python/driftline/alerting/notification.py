"""What there is to tell: one notification per change of an incident, and the messages that carry them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from driftline.alerting.ledger import Entry
from driftline.alerts import Alert, describe, rank
from driftline.text import paint, printable, wrap


@dataclass(frozen=True)
class Notification:
    """A change of an incident's state that a channel has not been told yet. ``alert`` is None if it was withdrawn.

    ``alert`` stands for the incident (Incident.told); what is started because of an alert has the alert itself.
    """

    entry: Entry
    alert: Alert | None

    @property
    def is_open(self) -> bool:
        return self.alert is not None and self.alert.is_open

    @property
    def severity(self) -> str:
        """warn or critical; of a withdrawn alert what was told last is not known here, so the lesser."""
        return "warn" if self.alert is None else self.alert.severity

    @property
    def table_id(self) -> str:
        """The alert's id in the tables of the warehouse."""
        return self.entry.alert_id if self.alert is None else self.alert.table_id

    def line(self) -> str:
        """One line for people."""
        label = self.entry.event.upper()
        if self.alert is None:
            why = "part of another incident now" if self.entry.event == "folded" else "no longer in driftline_alerts"
            text = f"{printable(self.entry.monitor)}: {why}: {printable(self.entry.message)}"
            return f"{label:<9}  {'':<8}  {text}"
        return f"{label:<9}  {self.alert.severity:<8}  {describe(self.alert)}"

    def lines(self, columns: int, colours: bool = False) -> list[str]:
        """The same for a console: the sentence, and under it what it rests on, in so many columns."""
        incident = self.alert.incident if self.alert is not None else None
        if incident is None or not incident.headline:
            return [self.line()]
        assert self.alert is not None
        mark = f"{self.entry.event.upper():<9}  {self.alert.severity:<8}  "
        said = wrap(incident.sentence, columns - len(mark))
        notes = [incident.basis, f"owner {incident.owner}" if incident.owner else ""]
        under = [line for note in notes if note for line in wrap(note, columns - len(mark))]
        first = paint(mark, self.alert.severity if self.is_open else "resolved") if colours else mark
        rest = [f"{'':<{len(mark)}}{line}" for line in (*said[1:], *under)]
        return [first + said[0], *rest]

    def to_dict(self) -> dict[str, Any]:
        return {
            "idempotency_key": self.entry.key,
            "event": self.entry.event,
            "state": self.entry.state,
            "occurrence": self.entry.occurrence,
            "reminder": self.entry.reminder,
            "channel": self.entry.channel,
            "alert_id": self.entry.alert_id,
            "monitor": self.entry.monitor,
            "message": self.entry.message,
            "alert": None if self.alert is None else self.alert.in_the_table.to_dict(),
            "incident": None if self.alert is None or self.alert.incident is None else self.alert.incident.to_dict(),
        }


@dataclass(frozen=True)
class Message:
    """One thing to send. ``key`` is the same whenever it is sent again.

    kind        alerts, digest or action
    monitor     None where it is about several
    entries     the ledger's rows it settles; a digest has one of its own among them
    still_open  of a digest: what is open and was told before
    again       an earlier run may have sent it
    """

    key: str
    channel: str
    kind: str
    monitor: str | None
    notifications: tuple[Notification, ...]
    entries: tuple[Entry, ...]
    still_open: tuple[Alert, ...] = ()
    again: bool = False

    @property
    def worst(self) -> Notification | None:
        return self.notifications[0] if self.notifications else None


def message_key(entries: Sequence[Entry]) -> str:
    return hashlib.sha256("\x1f".join(sorted(entry.key for entry in entries)).encode()).hexdigest()


def worst_first(notifications: Sequence[Notification]) -> list[Notification]:
    """Open before ended, critical before warn, new before old; otherwise as they were."""
    events = ("escalated", "opened", "reopened", "started", "reminder", "resolved", "withdrawn", "folded")
    return sorted(notifications, key=lambda n: (not n.is_open, -rank(n.severity), events.index(n.entry.event)))
