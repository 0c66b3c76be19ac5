"""What is due now. It follows from the alerts, the ledger and the clock alone, so that any run can be repeated."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone

from driftline.alerting.config import ActionConfig
from driftline.alerting.ledger import TOLD, Entry
from driftline.alerting.notification import Message, Notification, message_key, worst_first
from driftline.alerting.routing import Match, Mute, muted_by
from driftline.alerting.timing import Digest, QuietHours
from driftline.alerts import OPERATION, SEVERITIES, Alert, rank
from driftline.answers import ACK, SNOOZE, Answer
from driftline.health import ALERT_PREFIX
from driftline.incidents import Incident

ACTION_PREFIX = "action:"
_NOT_ALERTS = ("watching", "digest")


@dataclass(frozen=True)
class Policy:
    """How one channel wants to be told. ``matches`` None: of everything.

    ``keeps_each``: the receiver has a thing of its own for each id, which stays open until it hears of its end.
    """

    channel: str
    matches: tuple[Match, ...] | None = None
    mutes: tuple[Mute, ...] = ()
    group: str = "monitor"
    largest: int | None = None
    cool_down: timedelta | None = None
    remind_every: timedelta | None = None
    remind_at_most: int | None = None
    quiet_hours: QuietHours | None = None
    digest: Digest | None = None
    keeps_each: bool = False

    def wants(self, alert: Alert) -> bool:
        return self.matches is None or any(match(alert) for match in self.matches)


@dataclass(frozen=True)
class Held:
    """Due, but not now."""

    alert_id: str
    monitor: str
    reason: str


@dataclass(frozen=True)
class Plan:
    """``tell`` is sent, ``skip`` and ``watch`` are recorded without a message, ``held`` waits.

    ``digest`` is the ledger's row of the digest that carries all of ``tell`` but what is in ``at_once``.
    """

    tell: tuple[Notification, ...] = ()
    skip: tuple[Entry, ...] = ()
    watch: tuple[Entry, ...] = ()
    held: tuple[Held, ...] = ()
    digest: Entry | None = None
    at_once: frozenset[str] = frozenset()
    still_open: tuple[Alert, ...] = ()


def series_of(alert: Alert) -> str:
    """What breached, whenever it did."""
    parts = (
        alert.known_as or alert.monitor, alert.model_version, alert.segment, alert.segment_value,
        str(alert.window_periods), alert.family, alert.metric, alert.column_name or "", alert.baseline,
    )  # fmt: skip
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]


def as_told(alerts: Sequence[Alert], recorded: Sequence[Entry]) -> list[Alert]:
    """The alerts, or incidents, under the ids they were told under."""
    return _identified(alerts, recorded)[0]


def _identified(alerts: Sequence[Alert], recorded: Sequence[Entry]) -> tuple[list[Alert], dict[str, Alert]]:
    """The alerts under the ids they were told under, and the other ids that were told and are part of one of them.

    Usually that is their own. An alert into which others were merged, and an incident of several that were told one by
    one, goes on under the one that is told as open: the worst of them, then its own, then the last. And where the table
    was built anew, an alert may have another id than it had: it is then the one of the same series whose windows
    overlap and whose id is gone.
    """
    told: dict[str, list[Entry]] = defaultdict(list)
    for entry in recorded:
        if entry.state not in _NOT_ALERTS:
            told[entry.alert_id].append(entry)
    own = {alert.alert_id: _ids(alert) for alert in alerts}
    here = {one for ids in own.values() for one in ids}
    gone: dict[str, list[str]] = defaultdict(list)
    for alert_id, entries in told.items():
        if alert_id not in here:
            for series in {entry.series for entry in entries if entry.series}:
                gone[series].append(alert_id)
    for ids in gone.values():
        ids.sort(key=lambda alert_id: (min(map(_told_at, told[alert_id])), alert_id))
    found, parts_of = [], {}
    # What is an incident's own id is not another's part.
    taken = {alert.alert_id for alert in alerts}
    for alert in sorted(alerts, key=lambda a: (a.first_window_start or datetime.min, a.alert_id)):
        known = [old for old in own[alert.alert_id] if old in told and (old == alert.alert_id or old not in taken)]
        for member in _members(alert) if alert.incident is not None or not known else ():
            if any(old in told for old in _ids(member)):
                continue
            same = [old for old in gone.get(series_of(member), ()) if old not in taken and _overlaps(member, told[old])]
            if same:
                known.append(same[0])
                taken.add(same[0])
        if not known:
            found.append(alert)
            continue
        goes_on_as = max(known, key=lambda old: _prominence(old, alert, told[old]))
        if alert.alert_id in known and not _is_told_open(told[goes_on_as]):
            goes_on_as = alert.alert_id
        taken |= set(known)
        parts_of.update({old: alert for old in known if old != goes_on_as})
        found.append(
            alert if goes_on_as == alert.alert_id else replace(alert, alert_id=goes_on_as, row_id=alert.table_id)
        )
    places = {alert.alert_id: place for place, alert in enumerate(alerts)}
    found.sort(key=lambda alert: places.get(alert.incident.incident_id if alert.incident else alert.table_id, 0))
    return found, parts_of


def _members(alert: Alert) -> tuple[Alert, ...]:
    return (alert.incident and alert.incident.members) or (alert,)


def _ids(alert: Alert) -> tuple[str, ...]:
    """All ids under which it may have been told, its own first."""
    if alert.incident is not None:
        return alert.incident.ids
    return (alert.alert_id, *_earlier_ids(alert))


def _prominence(alert_id: str, alert: Alert, entries: Sequence[Entry]) -> tuple[bool, int, bool, datetime]:
    """Of several ids under which something was told, the one it goes on under."""
    is_own, last_told = alert_id == alert.alert_id, max(map(_told_at, entries))
    if not _is_told_open(entries):
        return (False, -1, is_own, last_told)
    last = max(entry.occurrence for entry in entries)
    return (True, max(_rank(entry.state) for entry in entries if entry.occurrence == last), is_own, last_told)


def _earlier_ids(alert: Alert) -> list[str]:
    return [old for old in (alert.earlier_ids or "").split(",") if old]


def _rank(state: str) -> int:
    return rank(state) if state in SEVERITIES else -1


def _told_at(entry: Entry) -> datetime:
    return entry.sent_at or entry.claimed_at or datetime.min


def _is_told_open(entries: Sequence[Entry]) -> bool:
    last = max(entry.occurrence for entry in entries)
    states = {entry.state for entry in entries if entry.occurrence == last}
    return "resolved" not in states


def _overlaps(alert: Alert, entries: Sequence[Entry]) -> bool:
    """Whether an alert's windows and those of one that was told overlap."""
    starts = [entry.first_window_start for entry in entries if entry.first_window_start is not None]
    ends = [entry.last_window_end for entry in entries if entry.last_window_end is not None]
    if alert.first_window_start is None:
        return _is_told_open(entries)
    if not starts or not ends or alert.last_window_end is None:
        # An earlier version did not record the windows: what was told after the alert began may be about it.
        return max(map(_told_at, entries)) >= alert.first_window_start
    return alert.first_window_start < max(ends) and min(starts) < alert.last_window_end


def plan(
    alerts: Sequence[Alert],
    recorded: Sequence[Entry],
    monitors: Sequence[str],
    policy: Policy,
    now: datetime | None = None,
    answers: Mapping[str, Answer] | None = None,
) -> Plan:
    """What a channel has yet to be told of alerts, or of incidents (Incident.told).

    An open alert is told when it opens, when it becomes critical, and when it opens again after having been told as
    resolved. A resolved one is told once, also if it opened and ended between two runs. Only what was already over
    when the channel first saw the monitor is left out: the history of a new monitor is no news. What was told is also
    told as ended, whatever routes and mutes say by then. ``answers`` are those that count, by incident, also of
    incidents that are gone.
    """
    now = now or datetime.now(timezone.utc)
    return _Planner(recorded, policy, now, answers or {}).plan(*_identified(alerts, recorded), monitors)


class _Planner:
    def __init__(self, recorded: Sequence[Entry], policy: Policy, now: datetime, answers: Mapping[str, Answer]) -> None:
        self.policy = policy
        self.now = now
        self.answers = answers
        self.told: dict[str, list[Entry]] = defaultdict(list)
        self.perhaps_told: dict[str, list[Entry]] = defaultdict(list)
        self.series: dict[str, list[Entry]] = defaultdict(list)
        self.watched: set[str] = set()
        self.digests: set[int] = set()
        self.is_new = True
        for entry in recorded:
            if entry.state == "watching":
                self.watched.add(entry.monitor)
                self.is_new = False
            elif entry.state == "digest":
                if entry.outcome in TOLD:
                    self.digests.add(entry.occurrence)
            elif entry.outcome in TOLD:
                self.told[entry.alert_id].append(entry)
                if entry.outcome == "sent" and entry.series:
                    self.series[entry.series].append(entry)
            elif entry.outcome in ("claimed", "failed"):
                # A run that died may have sent it.
                self.perhaps_told[entry.alert_id].append(entry)
        self.due: list[Notification] = []
        self.skip: list[Entry] = []
        self.held: list[Held] = []

    def plan(self, alerts: Sequence[Alert], parts_of: Mapping[str, Alert], monitors: Sequence[str]) -> Plan:
        for alert in alerts:
            self._consider(alert)
        for alert_id, whole in sorted(parts_of.items()):
            self._fold(alert_id, whole)
        present = {alert.alert_id for alert in alerts} | set(parts_of)
        for alert_id in sorted({*self.told, *self.perhaps_told} - present):
            self._vanished(alert_id)
        watch = [
            Entry("", monitor, self.policy.channel, "watching", 1, "watching", "skipped", "")
            for monitor in monitors
            if monitor not in self.watched
        ]
        return self._when(alerts, watch)

    # --- what has changed ----------------------------------------------------------------------------------------

    def _consider(self, alert: Alert) -> None:
        earlier = self.told.get(alert.alert_id, [])
        occurrence = max((entry.occurrence for entry in earlier), default=0)
        current = [entry for entry in earlier if entry.occurrence == occurrence]
        states = {entry.state for entry in current}
        answer = self._answer(alert, earlier)
        if answer is not None and answer.silences:
            self._silenced(alert, answer, states, occurrence)
        elif alert.is_open and answer is not None and self._asleep(alert, answer, states):
            self._hold(alert, f"snoozed until {answer.until:%Y-%m-%d %H:%M} UTC")
        elif alert.is_open:
            if not states or "resolved" in states:
                was_told = any(entry.outcome == "sent" for entry in earlier)
                self._offer(alert, alert.severity, occurrence + 1, "reopened" if was_told else "opened")
            elif rank(alert.severity) > max(rank(state) for state in states):
                self._offer(alert, alert.severity, occurrence, "escalated")
            else:
                self._remind(alert, current, answer)
        elif "resolved" not in states:
            if states:
                self.due.append(self._tell(alert, "resolved", occurrence, "resolved"))
            else:
                self._ended_untold(alert)

    # --- what people answered ------------------------------------------------------------------------------------

    def _answer(self, alert: Alert, earlier: Sequence[Entry]) -> Answer | None:
        """What was answered to an incident. Once it has been over it is another matter if it opens again."""
        answer = alert.incident.answered if alert.incident is not None else None
        ends = [entry for entry in earlier if entry.state == "resolved" and entry.event != "folded"]
        if answer is not None and alert.is_open and any(_told_at(entry) > answer.answered_at for entry in ends):
            return None
        return answer

    def _silenced(self, alert: Alert, answer: Answer, states: set[str], occurrence: int) -> None:
        """Expected, or a false alarm: nobody is told, and that it is over is only recorded."""
        reason = f"answered as {answer.answer.replace('_', ' ')} by {answer.answered_by}"
        if alert.is_open:
            if not states or "resolved" in states or rank(alert.severity) > max(map(_rank, states)):
                self._hold(alert, reason)
        elif "resolved" not in states:
            entry = self._tell(alert, "resolved", occurrence or 1, "resolved").entry
            self.skip.append(replace(entry, outcome="skipped", detail=reason))

    def _asleep(self, alert: Alert, answer: Answer, states: set[str]) -> bool:
        """Whether a snooze keeps it quiet: unless it has become critical since."""
        if not answer.snoozes(self._naive_now):
            return False
        worse = alert.severity == "critical" and answer.severity == "warn"
        return not worse or ("critical" in states and "resolved" not in states)

    def _fold(self, alert_id: str, whole: Alert) -> None:
        """What was told by itself and is part of an incident now is over as a thing of its own; nobody need be told."""
        known = [*self.told.get(alert_id, []), *self.perhaps_told.get(alert_id, [])]
        if not known:
            return
        last = max(known, key=lambda entry: entry.occurrence)
        of_last = [entry for entry in self.told.get(alert_id, []) if entry.occurrence == last.occurrence]
        if any(entry.state == "resolved" for entry in of_last):
            return
        entry = Entry(
            alert_id, last.monitor, self.policy.channel, "resolved", last.occurrence, "folded", "sent", last.message,
            series=last.series, first_window_start=last.first_window_start, last_window_end=last.last_window_end,
        )  # fmt: skip
        if self.policy.keeps_each and any(one.outcome == "sent" for one in of_last):
            self.due.append(Notification(entry, None))
        else:
            self.skip.append(replace(entry, outcome="skipped", detail=f"part of incident {whole.alert_id}"))

    def _is_answered(self, alert: Alert) -> bool:
        """Whether people have said that they do not want to hear of it, for now or at all."""
        answer = self._answer(alert, self.told.get(alert.alert_id, []))
        return answer is not None and (answer.silences or answer.snoozes(self._naive_now))

    @property
    def _naive_now(self) -> datetime:
        return self.now.astimezone(timezone.utc).replace(tzinfo=None)

    # --- open, escalated, still open -----------------------------------------------------------------------------

    def _offer(self, alert: Alert, state: str, occurrence: int, event: str) -> None:
        """Something to tell of an open alert, unless it is not for this channel or not for now."""
        if not self.policy.wants(alert):
            return
        mute = muted_by(self.policy.mutes, alert, self.now)
        if mute is not None:
            self._hold(alert, f"muted: {mute.reason}")
        elif event in ("opened", "reopened") and self._cooling(alert):
            self._hold(alert, "cool-down")
        else:
            self.due.append(self._tell(alert, state, occurrence, event))

    def _remind(self, alert: Alert, current: Sequence[Entry], answer: Answer | None) -> None:
        policy = self.policy
        number = 1 + max(entry.reminder for entry in current)
        last = max((self._at(entry) for entry in current), default=self.now)
        awake = (
            answer is not None and answer.answer == SNOOZE and answer.until is not None
            and last < answer.until.replace(tzinfo=timezone.utc)
        )  # fmt: skip
        if answer is not None and answer.answer == ACK:
            return
        # A snooze that has ended is followed by a reminder, whether or not the channel has any.
        if not awake and (
            policy.remind_every is None
            or self.now - last < policy.remind_every
            or number > (policy.remind_at_most or number)
        ):
            return
        if policy.wants(alert) and muted_by(policy.mutes, alert, self.now) is None:
            occurrence = current[0].occurrence
            self.due.append(self._tell(alert, alert.severity, occurrence, "reminder", number))

    def _ended_untold(self, alert: Alert) -> None:
        mute = muted_by(self.policy.mutes, alert, self.now)
        answer = alert.incident.answered if alert.incident is not None else None
        if alert.alert_id in self.perhaps_told:
            reason = ""
        elif answer is not None and answer.answer == SNOOZE:
            reason = "over before its snooze was"
        elif self.watched.isdisjoint(alert.names):
            reason = "over before this channel first saw the monitor"
        elif alert.found_late:
            reason = "over before this version of the judge first looked at it"
        elif not self.policy.wants(alert):
            reason = "not routed to this channel"
        elif mute is not None:
            reason = f"muted: {mute.reason}"
        elif self._cooling(alert):
            reason = "opened and ended within the cool-down"
        else:
            reason = ""
        if reason:
            entry = self._tell(alert, "resolved", 1, "resolved").entry
            self.skip.append(replace(entry, outcome="skipped", detail=reason))
        else:
            self.due.append(self._tell(alert, "resolved", 1, "resolved"))

    def _vanished(self, alert_id: str) -> None:
        """A row that is gone was withdrawn: somebody rebuilt the past. What was told has to be told as ended."""
        known = [*self.told.get(alert_id, []), *self.perhaps_told.get(alert_id, [])]
        last = max(known, key=lambda entry: (entry.occurrence, entry.state == "resolved" and entry.outcome in TOLD))
        if last.state == "resolved" and last.outcome in TOLD:
            return
        answer = self.answers.get(alert_id)
        if answer is not None and answer.silences and _told_at(last) <= answer.answered_at:
            reason = f"answered as {answer.answer.replace('_', ' ')} by {answer.answered_by}"
            gone = Entry(
                alert_id, last.monitor, self.policy.channel, "resolved", last.occurrence, "withdrawn", "skipped",
                last.message, series=last.series, detail=reason,
            )  # fmt: skip
            self.skip.append(gone)
            return
        if alert_id.startswith(ALERT_PREFIX):
            # What befell a monitor leaves no row where the results could not be built at the time: it is over.
            over = Alert(
                alert_id,
                last.monitor,
                "critical",
                "resolved",
                f"over: {last.message}",
                window_periods=1,
                family=OPERATION,
            )
            entry = self._tell(over, "resolved", last.occurrence, "resolved").entry
            self.due.append(Notification(replace(entry, series=last.series), over))
            return
        gone = Entry(
            alert_id, last.monitor, self.policy.channel, "resolved", last.occurrence, "withdrawn", "sent", last.message,
            series=last.series,
        )  # fmt: skip
        self.due.append(Notification(gone, None))

    # --- whether now ---------------------------------------------------------------------------------------------

    def _when(self, alerts: Sequence[Alert], watch: list[Entry]) -> Plan:
        policy = self.policy
        quiet = policy.quiet_hours is not None and policy.quiet_hours.active(self.now)
        digest = self._digest(watch) if policy.digest is not None and not quiet else None
        tell: list[Notification] = []
        at_once: set[str] = set()
        for notification in self.due:
            critical = notification.severity == "critical"
            if quiet and not (critical and policy.quiet_hours is not None and policy.quiet_hours.critical == "pass"):
                self._hold(notification.entry, "quiet hours")
            elif policy.digest is not None and critical and policy.digest.critical == "pass":
                at_once.add(notification.entry.key)
                tell.append(notification)
            elif policy.digest is not None and digest is None:
                self._hold(notification.entry, "waits for the digest")
            else:
                tell.append(notification)
        new = {notification.entry.alert_id for notification in self.due}
        still_open = tuple(
            alert
            for alert in alerts
            if alert.is_open
            and alert.alert_id not in new
            and alert.alert_id in self.told
            and not self._is_answered(alert)
            and muted_by(policy.mutes, alert, self.now) is None
        )
        if digest is not None and not still_open and all(n.entry.key in at_once for n in tell):
            watch.append(replace(digest, outcome="skipped", detail="nothing to tell"))
            digest = None
        return Plan(
            tuple(tell), tuple(self.skip), tuple(watch), tuple(self.held), digest, frozenset(at_once), still_open
        )

    def _digest(self, watch: list[Entry]) -> Entry | None:
        """The ledger's row of the digest that is due."""
        assert self.policy.digest is not None
        slot = self.policy.digest.slot(self.now)
        day = int(slot.strftime("%Y%m%d"))
        entry = Entry("", "", self.policy.channel, "digest", day, "digest", "sent", "")
        if day in self.digests:
            return None
        if self.is_new:
            watch.append(replace(entry, outcome="skipped", detail="before this channel was first used"))
            return None
        return entry

    def _cooling(self, alert: Alert) -> bool:
        """Whether the channel has been told of the same thing a short while ago, and it is no worse now."""
        if self.policy.cool_down is None:
            return False
        since = self.now - self.policy.cool_down
        recent = [entry for entry in self.series.get(series_of(alert), []) if self._at(entry) > since]
        if alert.severity == "critical":
            alarming = [entry for entry in self.series.get(series_of(alert), []) if entry.state in ("warn", "critical")]
            worst_last = max(alarming, key=self._at, default=None)
            if worst_last is not None and worst_last.state == "warn":
                return False
        return bool(recent)

    def _at(self, entry: Entry) -> datetime:
        return self.now if entry.sent_at is None else entry.sent_at.replace(tzinfo=timezone.utc)

    def _hold(self, what: Alert | Entry, reason: str) -> None:
        self.held.append(Held(what.alert_id, what.monitor, reason))

    def _tell(self, alert: Alert, state: str, occurrence: int, event: str, reminder: int = 0) -> Notification:
        entry = Entry(
            alert.alert_id, alert.monitor, self.policy.channel, state, occurrence, event, "sent", alert.message or "",
            reminder=reminder, series=series_of(alert), first_window_start=alert.first_window_start,
            last_window_end=alert.last_window_end,
        )  # fmt: skip
        return Notification(entry, alert)


def messages(due: Plan, recorded: Sequence[Entry], policy: Policy) -> list[Message]:
    """The messages that carry what is due, worst first.

    What an earlier run tried and did not finish goes out again as it was put together then, under the same key, so
    that a receiver can tell that it has it already.
    """
    pending = {e.key: e.message_key for e in recorded if e.outcome in ("claimed", "failed") and e.message_key}
    again: dict[str, list[Notification]] = defaultdict(list)
    fresh: dict[str, list[Notification]] = defaultdict(list)
    in_digest: list[Notification] = []
    for notification in due.tell:
        key = notification.entry.key
        if due.digest is not None and key not in due.at_once:
            in_digest.append(notification)
        elif key in pending and policy.group != "alert":
            again[pending[key]].append(notification)
        elif policy.group == "monitor":
            fresh[notification.entry.monitor].append(notification)
        else:
            fresh[key if policy.group == "alert" else ""].append(notification)
    made = []
    for key, group in again.items():
        made.append(replace(_message(policy.channel, "alerts", worst_first(group), key=key), again=True))
    for group in fresh.values():
        # The console's order is the alerts' own; people's messages begin with the worst.
        ordered = group if policy.group == "run" else worst_first(group)
        size = policy.largest or len(ordered)
        for start in range(0, len(ordered), size):
            made.append(_message(policy.channel, "alerts", ordered[start : start + size]))
    if policy.group != "run":
        made.sort(key=lambda m: (not m.notifications[0].is_open, -rank(m.notifications[0].severity)))
    if due.digest is not None:
        # A digest's key is that of its day: it is one message, whatever has changed since it was first tried.
        ordered = worst_first(in_digest)
        made.append(
            Message(
                due.digest.key,
                policy.channel,
                "digest",
                None,
                tuple(ordered),
                (due.digest, *(n.entry for n in ordered)),
                due.still_open,
                again=True,
            )
        )
    return [replace(m, entries=tuple(replace(e, message_key=m.key) for e in m.entries)) for m in made]


def _message(channel: str, kind: str, group: Sequence[Notification], key: str | None = None) -> Message:
    entries = tuple(notification.entry for notification in group)
    monitors = {entry.monitor for entry in entries}
    return Message(
        key or message_key(entries),
        channel,
        kind,
        monitors.pop() if len(monitors) == 1 else None,
        tuple(group),
        entries,
    )


def superseded(due: Plan, recorded: Sequence[Entry]) -> list[Entry]:
    """What an earlier run left unfinished and has been overtaken: the alert is in another state by now."""
    held = {held.alert_id for held in due.held}
    wanted = {notification.entry.key for notification in due.tell} | ({due.digest.key} if due.digest else set())
    return [
        entry
        for entry in recorded
        if entry.outcome in ("claimed", "failed", "held") and entry.key not in wanted and entry.alert_id not in held
        and entry.state not in _NOT_ALERTS
    ]  # fmt: skip


# --- actions ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ActionPlan:
    start: tuple[Message, ...] = ()
    held: tuple[Held, ...] = ()
    interrupted: tuple[Entry, ...] = ()


def plan_action(
    action: ActionConfig,
    alerts: Sequence[Alert],
    recorded: Sequence[Entry],
    mutes: Sequence[Mute],
    now: datetime,
    incidents: Mapping[str, Incident] | None = None,
) -> ActionPlan:
    """What an action is to be started for: open alerts that match and for which it has not been started yet.

    ``incidents`` by the id of the alert. Nothing is started for one that was answered as expected or as a false alarm,
    or that is snoozed. Per incident it is started once, also where alerts join it later.

    A start that a run began and did not live to record may have happened; it is not repeated, but recorded as
    interrupted.
    """
    channel = ACTION_PREFIX + action.name
    mine = [entry for entry in recorded if entry.channel == channel]
    rows = {entry.alert_id: entry for entry in mine}
    alerts = as_told(alerts, mine)
    naive_now = now.astimezone(timezone.utc).replace(tzinfo=None)
    interrupted = tuple(
        e for e in rows.values() if e.outcome == "claimed" and (e.lease_until is None or e.lease_until <= naive_now)
    )
    again = ("failed", "held") if action.dry_run else ("failed", "held", "dry_run")
    due: dict[str, list[Notification]] = defaultdict(list)
    held = []
    of = incidents or {}
    begun = {
        of[alert.table_id].incident_id
        for alert in alerts
        if alert.table_id in of and alert.alert_id in rows and rows[alert.alert_id].outcome not in again
    }
    for alert in alerts:
        earlier = rows.get(alert.alert_id)
        if not alert.is_open or not action.match(alert) or (earlier is not None and earlier.outcome not in again):
            continue
        incident = of.get(alert.table_id)
        if action.per == "incident" and incident is not None and incident.incident_id in begun:
            continue
        answer = incident.answered if incident is not None else None
        if answer is not None and (answer.silences or answer.snoozes(naive_now)):
            held.append(Held(alert.alert_id, alert.monitor, f"answered as {answer.answer.replace('_', ' ')}"))
            continue
        mute = muted_by(mutes, alert, now)
        if mute is not None:
            held.append(Held(alert.alert_id, alert.monitor, f"muted: {mute.reason}"))
            continue
        entry = Entry(
            alert.alert_id, alert.monitor, channel, "action", 1, "started", "succeeded", alert.message or "",
            series=series_of(alert), first_window_start=alert.first_window_start,
            last_window_end=alert.last_window_end,
        )  # fmt: skip
        together = {"monitor": alert.monitor, "incident": incident.incident_id if incident else alert.alert_id}
        due[together.get(action.per, alert.alert_id)].append(Notification(entry, alert))
    start = []
    for group in due.values():
        made = _message(channel, "action", worst_first(group))
        start.append(replace(made, entries=tuple(replace(e, message_key=made.key) for e in made.entries)))
    return ActionPlan(tuple(start), tuple(held), interrupted)


def starts_since(recorded: Sequence[Entry], since: datetime) -> int:
    """How many times an action was started: alerts that were handed over together count once."""
    naive = since.astimezone(timezone.utc).replace(tzinfo=None)
    return len(
        {
            e.message_key
            for e in recorded
            if e.outcome in ("claimed", "succeeded", "error", "interrupted")
            and e.claimed_at is not None
            and e.claimed_at > naive
        }
    )
