"""driftline_notifications: what was sent, in the schema of driftline_alerts. Rows are only ever added."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

from driftline.errors import WarehouseError
from driftline.warehouse import Warehouse

TABLE = "driftline_notifications"

_MESSAGE_BYTES = 4000
_ROWS_PER_INSERT = 100


def idempotency_key(alert_id: str, occurrence: int, state: str, channel: str) -> str:
    """The same for the same alert, state and channel, whichever run sends it: receivers can tell repeats by it."""
    return hashlib.sha256("\x1f".join((alert_id, str(occurrence), state, channel)).encode()).hexdigest()


@dataclass(frozen=True)
class Entry:
    """One row of the ledger.

    alert_id    empty where the state is watching
    state       warn, critical, resolved; or watching: the channel has seen this monitor for the first time
    occurrence  1, and one more each time an alert that was told as resolved opens again
    event       opened, reopened, escalated, resolved, withdrawn (the alert is gone from the table), watching
    outcome     sent, or skipped: over before the channel first saw the monitor
    """

    alert_id: str
    monitor: str
    channel: str
    state: str
    occurrence: int
    event: str
    outcome: str
    message: str

    @property
    def key(self) -> str:
        return idempotency_key(self.alert_id or self.monitor, self.occurrence, self.state, self.channel)


class Ledger:
    """Reads and writes driftline_notifications."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self.relation = warehouse.sibling("driftline_alerts", TABLE)

    def create(self) -> None:
        """Create the table if it is missing. Raises WarehouseError."""
        warehouse = self._warehouse
        if warehouse.sibling_exists("driftline_alerts", TABLE):
            return
        text, message = warehouse.text_type(1000), warehouse.text_type(_MESSAGE_BYTES)
        try:
            warehouse.execute(
                f"create table if not exists {self.relation} ("
                f"idempotency_key {text}, alert_id {text}, monitor {text}, channel {text}, state {text}, "
                f"occurrence {warehouse.integer_type}, event {text}, outcome {text}, message {message}, "
                f"sent_at {warehouse.timestamp_type})"
            )
        except WarehouseError as error:
            raise WarehouseError(
                f"{self.relation} cannot be created: {error.detail}",
                "Nothing was sent. Let this user create tables in that schema.",
            ) from error

    def read(self, channel: str) -> list[Entry]:
        """Everything recorded for a channel."""
        rows = self._warehouse.query(
            "select alert_id, monitor, channel, state, occurrence, event, outcome, message "
            f"from {self.relation} where channel = {self._warehouse.literal(channel)}"
        )
        return [Entry(**{**row, "occurrence": int(row["occurrence"])}) for row in rows]

    def record(self, entries: Sequence[Entry]) -> None:
        """Add entries; those that share an insert are written together or not at all. Raises WarehouseError."""
        literal = self._warehouse.literal
        now = literal(datetime.now(timezone.utc))
        for start in range(0, len(entries), _ROWS_PER_INSERT):
            rows = [
                f"({literal(e.key)}, {literal(e.alert_id)}, {literal(e.monitor)}, {literal(e.channel)}, "
                f"{literal(e.state)}, {e.occurrence:d}, {literal(e.event)}, {literal(e.outcome)}, "
                f"{literal(_cut(e.message))}, {now})"
                for e in entries[start : start + _ROWS_PER_INSERT]
            ]
            self._warehouse.execute(
                f"insert into {self.relation} (idempotency_key, alert_id, monitor, channel, state, occurrence, event, "
                f"outcome, message, sent_at) values {', '.join(rows)}"
            )


def _cut(message: str) -> str:
    return message.encode("utf-8", "replace")[:_MESSAGE_BYTES].decode("utf-8", "ignore").replace("\x00", "")
