"""What people would have been told of the facts in ``worlds.py``, by incidents and by each alert by itself.

A message is an incident, or, for what was told before there were incidents, an alert. It belongs to the latest fact that
one of its alerts names (or follows from): in a monitor of the fact, with a first window in the fact's days, or in those
after its end in which windows still look back at it. A message that belongs to no fact is a false one. A fact is told if
a message that names it opens within its days; a message that was open already when the fact began does not tell it.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median

from scoreboard.worlds import DAYS, FACTS, START, Fact
from support import Project

# Windows look back at a fact that is over for as long as the trailing baseline is.
AFTERMATH = 28
OF_LABELS = ("performance", "concept", "fairness", "estimate_error")


@dataclass(frozen=True)
class Alert:
    """One alert; days are numbered as in ``worlds.py``."""

    monitor: str
    family: str
    metric: str
    column: str
    segment_value: str
    first: int
    """The last day of its first window."""
    opened: int
    is_open: bool
    delay: int

    def _is_among(self, names: Iterable[str]) -> bool:
        measured = self.metric
        for prefix in ("business_", "performance_", "volume_"):
            measured = measured.removeprefix(prefix) if self.family == "trend" else measured
        families = [self.family]
        if self.family == "trend" and self.metric.startswith("performance_"):
            families.append("performance")
        return bool({measured, self.column, *families} & set(names))

    def _lies_in(self, fact: Fact) -> bool:
        if self.monitor not in fact.monitors or self.first < fact.first:
            return False
        if fact.segment_value and self.segment_value not in (fact.segment_value, "all"):
            return False
        return fact.last is None or self.first <= fact.last + AFTERMATH

    def names(self, fact: Fact) -> bool:
        return self._lies_in(fact) and self._is_among(fact.names)

    def follows(self, fact: Fact) -> bool:
        return self._lies_in(fact) and self._is_among(fact.names | fact.effects)

    @property
    def told(self) -> int:
        """The day on which it can first be told: what needs labels waits for them."""
        return self.opened + self.delay


@dataclass
class Message:
    """What arrives as one: an incident with its alerts, or an alert by itself."""

    name: str
    alerts: list[Alert] = field(default_factory=list)
    headline: str = ""

    @property
    def told(self) -> int:
        return min(alert.told for alert in self.alerts)

    @property
    def is_open(self) -> bool:
        return any(alert.is_open for alert in self.alerts)

    @property
    def fact(self) -> Fact | None:
        fitting = [fact for fact in FACTS if any(alert.follows(fact) for alert in self.alerts)]
        # What had not happened when it was told is not what it is about.
        begun = [fact for fact in fitting if fact.first < self.told]
        return max(begun, key=lambda fact: (fact.first, any(alert.names(fact) for alert in self.alerts)), default=None)

    def tells(self, fact: Fact) -> bool:
        """Whether it came because of the fact, in time, and names it among the things that began in time."""
        return fact.first < self.told <= _deadline(fact) and any(
            alert.names(fact) and alert.told <= _deadline(fact) for alert in self.alerts
        )


def _deadline(fact: Fact) -> int:
    return fact.first + fact.within + fact.delay


@dataclass(frozen=True)
class Outcome:
    """What became of a fact."""

    fact: Fact
    after: int | None
    """Days from its first day's end to the message, less those in which labels are not known; None is not told."""
    messages: int
    alerts: int
    ends_right: bool | None
    """Still open if it lasts, over if it is over."""
    late: int | None
    """Not told in time, but after so many days."""
    joined: bool
    """Not told, but it stands in a message that was told of something else before."""


@dataclass(frozen=True)
class Board:
    outcomes: list[Outcome]
    false: list[Message]
    messages: int

    @property
    def found(self) -> list[str]:
        return [outcome.fact.name for outcome in self.outcomes if outcome.after is not None]

    @property
    def recall(self) -> float:
        return len(self.found) / len(self.outcomes)

    @property
    def precision(self) -> float:
        return 1 - len(self.false) / max(1, self.messages)

    @property
    def delay(self) -> float:
        return median(outcome.after for outcome in self.outcomes if outcome.after is not None)

    @property
    def a_week(self) -> float:
        return self.messages / DAYS * 7

    def false_of(self, monitor: str) -> list[Message]:
        return [message for message in self.false if message.alerts[0].monitor == monitor]


def read(project: Project) -> tuple[list[Message], list[Message]]:
    """Incidents, and alerts by themselves."""
    rows = project.sql(
        "select a.alert_id, a.incident_id, a.monitor, a.family, a.metric, a.column_name, a.segment_value,"
        " a.first_window_start, a.window_periods, a.opened_at, a.status, a.sentence, i.headline"
        " from driftline_alerts a left join driftline_incidents i on i.incident_id = a.incident_id order by a.opened_at, 1"
    )
    incidents: dict[str, Message] = {}
    alone: list[Message] = []
    for key, incident, monitor, family, metric, column, value, first, length, opened, status, *texts in rows:
        of_labels = family in OF_LABELS or metric.startswith("performance_") or column == "cancelled"
        alert = Alert(
            monitor, family, metric, column, value, _day(first) + length - 1, _day(opened),
            status == "open", 30 if monitor == "bookings" and of_labels else 0,
        )  # fmt: skip
        alone.append(Message(key, [alert], texts[0]))
        incidents.setdefault(incident, Message(incident, [], texts[1])).alerts.append(alert)
    return list(incidents.values()), alone


def _day(moment: dt.datetime) -> int:
    return (moment - dt.datetime.combine(START, dt.time())).days


def board(messages: Sequence[Message]) -> Board:
    belonging: dict[str, list[Message]] = defaultdict(list)
    false = []
    for message in messages:
        fact = message.fact
        if fact is None:
            false.append(message)
        else:
            belonging[fact.name].append(message)
    every = [alert for message in messages for alert in message.alerts]
    outcomes = []
    for fact in FACTS:
        telling = [message for message in messages if message.tells(fact)]
        about = belonging[fact.name]
        late = [message.told for message in about if any(alert.names(fact) for alert in message.alerts)]
        naming = [alert for alert in every if alert.names(fact) and Message("", [alert]).fact == fact]
        outcomes.append(Outcome(
            fact,
            max(0, min(message.told for message in telling) - fact.first - 1 - fact.delay) if telling else None,
            len(about), sum(len(message.alerts) for message in about),
            any(alert.is_open for alert in naming) == (fact.last is None) if naming else None,
            None if telling or not late else min(late) - fact.first - 1 - fact.delay, bool(naming),
        ))  # fmt: skip
    return Board(outcomes, false, len(messages))


def lines(now: Board, before: Board) -> list[str]:
    head = ("fact", "told after", "incidents", "alerts", "ends right", "alone: after", "messages")
    found = [_line(*head)]
    for outcome, alone in zip(now.outcomes, before.outcomes, strict=True):
        ends = {True: "yes", False: "NO", None: "-"}[outcome.ends_right]
        found.append(_line(
            outcome.fact.name, _after(outcome), outcome.messages, outcome.alerts, ends, _after(alone), alone.messages
        ))  # fmt: skip
    for name, one, other in (
        ("recall", f"{now.recall:.2f}", f"{before.recall:.2f}"),
        ("precision", f"{now.precision:.2f}", f"{before.precision:.2f}"),
        ("median delay in days", f"{now.delay:g}", f"{before.delay:g}"),
        ("messages a week", f"{now.a_week:.2f}", f"{before.a_week:.2f}"),
        ("messages in the year", now.messages, before.messages),
        ("false ones", len(now.false), len(before.false)),
        ("false ones of the quiet log", len(now.false_of("quiet")), len(before.false_of("quiet"))),
    ):
        found.append(f"{name:<30} incidents {one:>6}   each alert by itself {other:>6}")
    return found


def _line(
    fact: str, after: str, messages: object, alerts: object, ends: str, alone: str, alone_messages: object
) -> str:
    return f"{fact:<60} {after:>12} {messages:>9} {alerts:>6} {ends:>10} | {alone:>12} {alone_messages:>8}"


def _after(outcome: Outcome) -> str:
    if outcome.after is None:
        if outcome.late is not None:
            return f"LATE: {outcome.late}"
        return "joined older" if outcome.joined else "MISSED"
    return f"{outcome.after} days"
