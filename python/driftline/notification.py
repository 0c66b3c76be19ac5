"""One thing to tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from driftline.alerts import Alert, describe
from driftline.ledger import Entry
from driftline.text import printable


@dataclass(frozen=True)
class Notification:
    """A change of an alert's state that a channel has not been told yet. ``alert`` is None if it was withdrawn."""

    entry: Entry
    alert: Alert | None

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
            "channel": self.entry.channel,
            "alert_id": self.entry.alert_id,
            "monitor": self.entry.monitor,
            "message": self.entry.message,
            "alert": None if self.alert is None else self.alert.to_dict(),
        }
