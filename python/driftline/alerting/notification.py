"""What there is to tell: one notification per change of an alert, and the messages that carry them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from driftline.alerting.ledger import Entry
from driftline.alerts import Alert, describe, rank
from driftline.text import printable


@dataclass(frozen=True)
class Notification:
    """A change of an alert's state that a channel has not been told yet. ``alert`` is None if it was withdrawn."""

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
            text = f"{printable(self.entry.monitor)}: no longer in driftline_alerts: {printable(self.entry.message)}"
            return f"{label:<9}  {'':<8}  {text}"
        return f"{label:<9}  {self.alert.severity:<8}  {describe(self.alert)}"

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
            "alert": None if self.alert is None else self.alert.to_dict(),
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
    events = ("escalated", "opened", "reopened", "started", "reminder", "resolved", "withdrawn")
    return sorted(notifications, key=lambda n: (not n.is_open, -rank(n.severity), events.index(n.entry.event)))
