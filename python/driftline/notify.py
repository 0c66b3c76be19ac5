"""`driftline alert`: tells each change of an alert once.

What is still to be told follows from driftline_alerts and the ledger alone, and an entry is recorded after the channel
has taken the message. So a crash in between repeats a message, with the same idempotency key, and never loses one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from driftline.alerts import Alert, known_monitors, rank, read_alerts
from driftline.channels import Channel
from driftline.errors import DeliveryError
from driftline.ledger import Entry, Ledger
from driftline.notification import Notification
from driftline.warehouse import Warehouse


@dataclass(frozen=True)
class Plan:
    """``skip`` and ``watch`` are recorded without a message, ``tell`` is sent."""

    tell: tuple[Notification, ...]
    skip: tuple[Entry, ...]
    watch: tuple[Entry, ...]


@dataclass(frozen=True)
class Delivery:
    """How many notifications were sent, how many were not, and why not."""

    sent: int
    undelivered: int
    skipped: int
    problem: str = ""


def plan(alerts: Sequence[Alert], told: Sequence[Entry], monitors: Sequence[str], channel: str) -> Plan:
    """What a channel has yet to be told.

    An open alert is told when it opens, when it becomes critical, and when it opens again after having been told as
    resolved. A resolved one is told once, also if it opened and ended between two runs. Only what was already over
    when the channel first saw the monitor is left out: the history of a new monitor is no news.
    """
    by_alert: dict[str, list[Entry]] = defaultdict(list)
    watched = set()
    for entry in told:
        if entry.state == "watching":
            watched.add(entry.monitor)
        else:
            by_alert[entry.alert_id].append(entry)

    tell: list[Notification] = []
    skip: list[Entry] = []
    for alert in alerts:
        earlier = by_alert.pop(alert.alert_id, [])
        occurrence = max((entry.occurrence for entry in earlier), default=0)
        states = {entry.state for entry in earlier if entry.occurrence == occurrence}
        if alert.is_open:
            if not states or "resolved" in states:
                was_told = any(entry.outcome == "sent" for entry in earlier)
                tell.append(_tell(alert, channel, alert.severity, occurrence + 1, "reopened" if was_told else "opened"))
            elif rank(alert.severity) > max(rank(state) for state in states):
                tell.append(_tell(alert, channel, alert.severity, occurrence, "escalated"))
        elif "resolved" not in states:
            notification = _tell(alert, channel, "resolved", max(occurrence, 1), "resolved")
            if not states and alert.monitor not in watched:
                skip.append(_entry(alert, channel, "resolved", 1, "resolved", "skipped"))
            else:
                tell.append(notification)

    for alert_id, earlier in sorted(by_alert.items()):
        last = max(earlier, key=lambda entry: (entry.occurrence, entry.state == "resolved"))
        if last.state != "resolved":
            gone = Entry(
                alert_id, last.monitor, channel, "resolved", last.occurrence, "withdrawn", "sent", last.message
            )
            tell.append(Notification(gone, None))

    watch = [
        Entry("", monitor, channel, "watching", 1, "watching", "skipped", "")
        for monitor in monitors
        if monitor not in watched
    ]
    return Plan(tuple(tell), tuple(skip), tuple(watch))


def _entry(alert: Alert, channel: str, state: str, occurrence: int, event: str, outcome: str) -> Entry:
    return Entry(alert.alert_id, alert.monitor, channel, state, occurrence, event, outcome, alert.message or "")


def _tell(alert: Alert, channel: str, state: str, occurrence: int, event: str) -> Notification:
    return Notification(_entry(alert, channel, state, occurrence, event, "sent"), alert)


def notify(warehouse: Warehouse, channel: Channel, progress: Callable[[str], None] = lambda _: None) -> Delivery:
    """Send and record what is due. Raises DriftlineError if alerts or ledger cannot be read or written."""
    alerts = read_alerts(warehouse)
    ledger = Ledger(warehouse)
    ledger.create()
    due = plan(alerts, ledger.read(channel.name), known_monitors(warehouse, alerts), channel.name)
    # Skipped alerts before the monitors: a crash between the two must not turn history into news.
    ledger.record(due.skip)
    ledger.record(due.watch)

    sent = 0
    for start in range(0, len(due.tell), channel.batch):
        batch = due.tell[start : start + channel.batch]
        progress(f"Sending {start + 1} to {start + len(batch)} of {len(due.tell)}")
        # No transaction stays open while a channel takes its time.
        warehouse.release()
        try:
            channel.send(batch)
        except DeliveryError as error:
            return Delivery(sent, len(due.tell) - sent, len(due.skip), error.message)
        ledger.record([notification.entry for notification in batch])
        sent += len(batch)
    return Delivery(sent, 0, len(due.skip))
