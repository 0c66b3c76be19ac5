"""`driftline alert`, from reading the alerts to recording what came of them."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TextIO, TypeVar

from driftline.alerting.actions import make_action
from driftline.alerting.catalogue import catalogue
from driftline.alerting.channels import Channel, Context, Surroundings
from driftline.alerting.chart import draw
from driftline.alerting.config import ActionConfig, ChannelConfig, Config
from driftline.alerting.delivery import Deliverer, Job, Result
from driftline.alerting.facts import Facts, read_course, read_facts
from driftline.alerting.ledger import Entry, Ledger
from driftline.alerting.notification import Message
from driftline.alerting.planning import (
    ACTION_PREFIX,
    Held,
    Plan,
    Policy,
    messages,
    plan,
    plan_action,
    starts_since,
    superseded,
)
from driftline.alerts import Alert, describe, known_monitors, read_alerts
from driftline.answers import Answer, Answers, standing
from driftline.errors import DriftlineError, LockedError, reason_of
from driftline.health import Health, judged_share, read_health
from driftline.incidents import Incident, read_incidents
from driftline.scrub import Scrubber
from driftline.text import printable, to_json
from driftline.warehouse import Warehouse

Say = Callable[[str], None]
T = TypeVar("T")

# Beyond its own limits a channel gets this much longer before it is given up.
_GRACE = 15.0
_LOCK_POLL = 1.0
# How often a run looks again at what another run had in hand.
_PASSES = 5
# Of what a digest repeats, as many are put into words.
_SHOWN_OPEN = 20


@dataclass(frozen=True)
class _Found:
    """What there is to tell and to act on.

    incidents  as alerts (Incident.told): what people are told
    alerts     what actions are started for
    of         the incident of each alert
    answers    what counts of people's answers, by incident
    """

    incidents: list[Alert]
    alerts: list[Alert]
    of: dict[str, Incident]
    answers: dict[str, Answer]
    monitors: list[str]


@dataclass
class Summary:
    """What came of a run, counted in incidents; of actions in alerts."""

    sent: Counter[str] = field(default_factory=Counter)
    undelivered: dict[str, Counter[str]] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)
    held: dict[str, Counter[str]] = field(default_factory=dict)
    elsewhere: int = 0
    unrouted: int = 0
    interrupted: Counter[str] = field(default_factory=Counter)
    missed: dict[str, Counter[str]] = field(default_factory=dict)
    """Sent, but not to everybody it was meant for."""
    broken: dict[str, str] = field(default_factory=dict)
    """Channels and actions that could not even be planned; the others go on."""
    health: tuple[Health, ...] = ()

    @property
    def all_well(self) -> bool:
        return not (self.undelivered or self.interrupted or self.missed or self.broken)

    def add(self, result: Result) -> None:
        channel, count = result.message.channel, max(1, len(result.message.notifications))
        if result.outcome in ("failed", "error"):
            self.undelivered.setdefault(channel, Counter())[result.detail] += count
        elif result.outcome == "held":
            self.held.setdefault(channel, Counter())[result.detail] += count
        else:
            self.sent[channel] += count
            if result.outcome == "sent" and result.detail:
                self.missed.setdefault(channel, Counter())[result.detail] += count

    def lines(self) -> list[str]:
        """What a person should know, for standard error."""
        found = []
        for channel, count in sorted(self.skipped.items()):
            found.append(
                f"{channel}: {count} incidents that were over before this channel first saw their monitor were "
                "recorded and not sent."
            )
        for channel, reasons in sorted(self.held.items()):
            text = "; ".join(f"{count} ({reason})" for reason, count in sorted(reasons.items()))
            found.append(f"{channel}: waiting: {text}.")
        if self.elsewhere:
            found.append(f"{self.elsewhere} notifications are being sent by another run.")
        if self.unrouted:
            found.append(f"{self.unrouted} open incidents match no route, so nobody is told of them.")
        for channel, count in sorted(self.interrupted.items()):
            found.append(
                f"{channel}: {count} starts were begun by a run that died; they may have happened and are not repeated."
            )
        for channel, problems in sorted(self.undelivered.items()):
            for problem, count in sorted(problems.items()):
                if channel.startswith(ACTION_PREFIX):
                    found.append(f"{channel}: failed for {count} alerts: {problem or 'no output'}")
                else:
                    found.append(f"{channel}: {count} notifications were not delivered: {problem}")
        for channel, problems in sorted(self.missed.items()):
            for problem, count in sorted(problems.items()):
                found.append(f"{channel}: {count} notifications did not reach everybody: {problem}")
        for channel, problem in sorted(self.broken.items()):
            found.append(f"{channel}: nothing could be told or started: {problem}")
        if any(not channel.startswith(ACTION_PREFIX) for channel in self.undelivered):
            found.append("What was not delivered is recorded as failed; the next run sends it.")
        if not found and not self.sent:
            found.append("nothing new to tell.")
        return found + self._silence()

    def _silence(self) -> list[str]:
        """Where having nothing to tell means nothing."""
        found = []
        if (share := judged_share(self.health)) and any(one.windows_not_judged for one in self.health):
            reasons = "; ".join(one.line for one in self.health if one.speaks and one.not_judged and not one.problem)
            found.append(f"{share}{f' ({reasons})' if reasons else ''}.")
        found += [f"nothing can be said of {one.line}." for one in self.health if not one.speaks]
        return found


class Run:
    """One run over all channels and actions."""

    def __init__(
        self,
        warehouse: Warehouse,
        config: Config,
        folder: Path,
        scrub: Scrubber,
        stream: TextIO,
        as_json: bool = False,
        progress: Say = lambda _: None,
        say: Say = lambda _: None,
        clock: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
        patience: float = 60.0,
    ) -> None:
        self._warehouse = warehouse
        self._config = config
        self._folder = folder
        self._scrub = scrub
        self._stream = stream
        self._as_json = as_json
        self._surroundings = Surroundings(stream, as_json, scrub)
        self._progress = progress
        self._say = say
        self._clock = clock
        self._patience = patience
        self._channels = [(c, self._make(c)) for c in config.channels]
        self._policies = {c.name: self._policy(c, channel) for c, channel in self._channels}
        self.summary = Summary()

    def _make(self, config: ChannelConfig) -> Channel:
        try:
            return config.kind(config.name, config.settings, self._surroundings)
        except DriftlineError:
            raise
        except Exception as error:
            raise DriftlineError(
                f"channels.{config.name}: cannot be used: {reason_of(error)}.",
                "Nothing was sent. Correct driftline.yml.",
            ) from None

    def _policy(self, config: ChannelConfig, channel: Channel) -> Policy:
        settings = config.settings
        return Policy(
            channel.name,
            self._config.matches_of(config.name),
            self._config.mutes,
            channel.group,
            channel.largest,
            settings.cool_down,
            settings.remind_every,
            settings.remind_at_most,
            settings.quiet_hours,
            settings.digest,
            channel.keeps_each,
        )

    # --- the run -------------------------------------------------------------------------------------------------

    def deliver(self) -> Summary:
        """Tell and start what is due. Raises DriftlineError if alerts or ledger cannot be read or written."""
        run_id = uuid.uuid4().hex
        found = self._patiently(self._read)
        ledger = Ledger(self._warehouse)
        ledger.create()
        deadline = time.monotonic() + self._config.delivery.lease + 1.0
        try:
            for _ in range(_PASSES):
                deliverer = Deliverer(
                    self._warehouse, ledger, self._config.delivery, run_id, self._scrub, self._on_result
                )
                deliverer.deliver(self._jobs(ledger, found))
                if not deliverer.elsewhere:
                    break
                # Another run has it in hand, or has died over it: then its lease ends, and it is ours.
                self._progress(f"{len(deliverer.elsewhere)} notifications are being sent by another run; waiting")
                if not self._settled(ledger, deliverer.elsewhere, deadline):
                    self.summary.elsewhere = len(deliverer.elsewhere)
                    break
        except BaseException:
            # Best effort: without it the next run waits for the lease to end.
            try:
                ledger.release(run_id)
            except Exception as error:
                self._progress(f"The claims could not be given up: {type(error).__name__}")
            raise
        return self.summary

    def preview(self) -> list[str]:
        """What a run would tell and start now. Sends nothing and records nothing."""
        found = self._patiently(self._read)
        self.summary.unrouted = self._unrouted(found.incidents)
        texts = {alert.alert_id: describe(alert) for alert in (*found.alerts, *found.incidents)}

        def waits(name: str, held: Held) -> str:
            return f"{name}  waits: {texts.get(held.alert_id, f'{held.monitor} {held.alert_id}')}: {held.reason}"

        ledger = Ledger(self._warehouse)
        recorded = self._recorded(ledger) if ledger.exists() else []
        lines = []
        for _, channel in self._channels:
            policy = self._policies[channel.name]
            mine = [entry for entry in recorded if entry.channel == channel.name]
            with self._alone(channel.name):
                due = plan(found.incidents, mine, found.monitors, policy, self._clock(), found.answers)
                for message in messages(due, mine, policy):
                    lines += [f"{channel.name}  {notification.line()}" for notification in message.notifications]
                lines += [waits(channel.name, held) for held in due.held]
        for action in self._config.actions:
            name = ACTION_PREFIX + action.name
            mine = [entry for entry in recorded if entry.channel == name]
            with self._alone(name):
                starts = plan_action(action, found.alerts, mine, self._config.mutes, self._clock(), found.of)
                for message in starts.start:
                    lines += [f"{name}  {notification.line()}" for notification in message.notifications]
                lines += [waits(name, held) for held in starts.held]
        lines += [f"{name}  nothing could be told or started: {why}" for name, why in self.summary.broken.items()]
        return [self._scrub(printable(line)) for line in lines]

    def _read(self) -> _Found:
        health = read_health(self._warehouse)
        alerts = read_alerts(self._warehouse, health=health)
        self.summary.health = health
        incidents = read_incidents(self._warehouse, alerts)
        return _Found(
            [incident.told() for incident in incidents],
            alerts,
            {alert.alert_id: incident for incident in incidents for alert in incident.members},
            standing(Answers(self._warehouse).read()),
            known_monitors(self._warehouse, alerts),
        )

    def _unrouted(self, alerts: Sequence[Alert]) -> int:
        """Open incidents that nobody is told of."""
        routes = self._config.routes
        return (
            sum(alert.is_open and not any(route.match(alert) for route in routes) for alert in alerts) if routes else 0
        )

    def _recorded(self, ledger: Ledger) -> list[Entry]:
        names = [c.name for c in self._config.channels] + [ACTION_PREFIX + a.name for a in self._config.actions]
        return ledger.read(names)

    def _patiently(self, do: Callable[[], T]) -> T:
        """A DuckDB file has one process at a time: wait for the other one, and say so."""
        deadline = time.monotonic() + self._patience
        said = False
        while True:
            try:
                return do()
            except LockedError:
                if time.monotonic() >= deadline:
                    raise
                if not said:
                    self._say(f"another process has the warehouse's file; waiting up to {self._patience:.0f} s for it.")
                    said = True
                time.sleep(_LOCK_POLL)

    def _settled(self, ledger: Ledger, keys: set[str], deadline: float) -> bool:
        """Wait until no other run holds these keys any more."""
        while True:
            now = ledger.now()
            held = [
                entry
                for entry in self._recorded(ledger)
                if entry.key in keys and entry.outcome == "claimed" and entry.lease_until and entry.lease_until > now
            ]
            if not held:
                return True
            if time.monotonic() > deadline:
                return False
            self._warehouse.release()
            time.sleep(min(1.0, max(0.05, self._config.delivery.lease / 10)))

    # --- what is to be done --------------------------------------------------------------------------------------

    def _jobs(self, ledger: Ledger, found: _Found) -> list[Job]:
        recorded = self._recorded(ledger)
        now = self._clock()
        planned: list[tuple[ChannelConfig, Channel, list[Message]]] = []
        self.summary.held.clear()
        self.summary.broken.clear()
        for config, channel in self._channels:
            policy = self._policies[config.name]
            mine = [entry for entry in recorded if entry.channel == config.name]
            with self._alone(config.name):
                due = plan(found.incidents, mine, found.monitors, policy, now, found.answers)
                to_send = messages(due, mine, policy)
                self._note(ledger, config.name, due, superseded(due, mine))
                planned.append((config, channel, to_send))
        self.summary.unrouted = self._unrouted(found.incidents)
        starts = self._starts(ledger, found, recorded, now)
        told = {
            alert.table_id: alert
            for group in [*(m for _, c, m in planned if c.facts), [s for _, due in starts for s in due]]
            for message in group
            for alert in (*(n.alert for n in message.notifications), *message.still_open[:_SHOWN_OPEN])
            if alert is not None
        }
        facts = read_facts(self._warehouse, list(told.values()), self._progress) if told else Facts()
        jobs = [self._job(config, channel, to_send, facts) for config, channel, to_send in planned]
        context = Context(catalogue("en"), facts, self._config.report_url, {})
        for action, due_starts in starts:
            jobs.append(
                Job(
                    make_action(action, self._folder, self._scrub),
                    context,
                    due_starts,
                    action.timeout * (1 if action.command else self._config.delivery.attempts)
                    + self._config.delivery.give_up_after
                    + _GRACE,
                    ("failed", "held", "dry_run"),
                    self._limit(ledger, action.name, action.limit_per_day) if action.limit_per_day else None,
                )
            )
        self._warehouse.release()
        return jobs

    def _note(self, ledger: Ledger, channel: str, due: Plan, overtaken: Sequence[Entry]) -> None:
        """Record what needs no message. Skipped alerts before the monitors: a crash between the two must not turn
        history into news."""
        ledger.record(due.skip)
        ledger.record(due.watch)
        if overtaken:
            ledger.close(overtaken, "superseded", "overtaken by a later state of it")
        over = sum(entry.detail.startswith("over before") for entry in due.skip)
        if over:
            self.summary.skipped[channel] += over
        for held in due.held:
            self.summary.held.setdefault(channel, Counter())[held.reason] += 1

    def _starts(
        self, ledger: Ledger, found: _Found, recorded: Sequence[Entry], now: datetime
    ) -> list[tuple[ActionConfig, tuple[Message, ...]]]:
        starts = []
        for action in self._config.actions:
            name = ACTION_PREFIX + action.name
            mine = [entry for entry in recorded if entry.channel == name]
            with self._alone(name):
                due = plan_action(action, found.alerts, mine, self._config.mutes, now, found.of)
                if due.interrupted:
                    ledger.close(
                        due.interrupted, "interrupted", "the run that started it died before it could record the end"
                    )
                    self.summary.interrupted[name] += len(due.interrupted)
                for held in due.held:
                    self.summary.held.setdefault(name, Counter())[held.reason] += 1
                if due.start:
                    starts.append((action, due.start))
        return starts

    @contextmanager
    def _alone(self, channel: str) -> Iterator[None]:
        """What is wrong with one channel or action must not keep the others from telling."""
        try:
            yield
        except DriftlineError:
            raise  # the warehouse, which all of them need
        except Exception as error:
            self.summary.broken[channel] = self._scrub(printable(reason_of(error)))

    def _limit(self, ledger: Ledger, action: str, most: int) -> Callable[[Message], str]:
        """Counts after the claim, so that two runs at the same time stay below the limit together."""

        def guard(message: Message) -> str:
            rows = ledger.read([ACTION_PREFIX + action])
            since = ledger.now().replace(tzinfo=timezone.utc) - timedelta(days=1)
            return f"limit of {most} a day reached" if starts_since(rows, since) > most else ""

        return guard

    def _job(self, config: ChannelConfig, channel: Channel, found: list[Message], facts: Facts) -> Job:
        pictures = {}
        if channel.picture:
            for message in found:
                try:
                    picture = self._picture(message)
                except DriftlineError:
                    raise
                except Exception as error:  # a message without its picture is better than none
                    self._progress(f"{config.name}: no picture: {reason_of(error)}")
                    continue
                if picture is not None:
                    pictures[message.key] = picture
        settings = self._config.delivery
        context = Context(catalogue(config.settings.language), facts, self._config.report_url, pictures)
        return Job(
            channel, context, found, settings.give_up_after + settings.attempts * config.settings.timeout + _GRACE
        )

    def _picture(self, message: Message) -> bytes | None:
        worst = message.worst
        if worst is None or worst.alert is None:
            return None
        alert = worst.alert
        points = read_course(self._warehouse, alert, self._progress)
        level = alert.threshold if alert.expected is None else alert.expected
        return draw(points, level, alert.first_window_start)

    def _on_result(self, result: Result) -> None:
        self.summary.add(result)
        channel = result.message.channel
        self._progress(f"{channel}: {len(result.message.notifications)} {result.outcome}")
        if self._as_json and not any(one.prints for _, one in self._channels if one.name == channel):
            for notification in result.message.notifications:
                line = {**notification.to_dict(), "outcome": result.outcome, "detail": result.detail}
                self._stream.write(to_json(line) + "\n")
            self._stream.flush()


def select_channels(config: Config, names: Sequence[str]) -> Config:
    """The configuration with some of its channels alone, and no action. Raises DriftlineError for an unknown name."""
    if not names:
        return config
    known = {channel.name: channel for channel in config.channels}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise DriftlineError(
            f"There is no channel {', '.join(map(repr, unknown))}; declared: {', '.join(known)}.",
            "Check --channel and driftline.yml.",
        )
    return replace(config, channels=tuple(known[name] for name in dict.fromkeys(names)), actions=())
