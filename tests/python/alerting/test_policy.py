"""Routing and quiet: what is due, when, and why not."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from driftline.alerting.config import ActionConfig
from driftline.alerting.ledger import Entry
from driftline.alerting.planning import Policy, messages, plan, plan_action, starts_since, superseded
from driftline.alerting.routing import ANY, Match, Mute
from driftline.alerting.timing import Digest, QuietHours
from driftline.alerts import Alert

NOON = datetime(2026, 3, 2, 12, tzinfo=timezone.utc)  # a Monday
A = Alert("a", "shop", "warn", "open", "m", family="drift", metric="psi", column_name="price", baseline="reference")
CRITICAL = replace(A, severity="critical")
RESOLVED = replace(A, status="resolved")
HOUR = timedelta(hours=1)


class Story:
    """Undisturbed runs of one channel, one after the other."""

    def __init__(self, **policy: Any) -> None:
        self.policy = Policy("c", **policy)
        self.ledger: list[Entry] = []
        self.held: list[str] = []
        self.sent: list[Any] = []

    def run(self, at: datetime, *alerts: Alert) -> list[tuple[str, str]]:
        due = plan(alerts, self.ledger, ["shop"], self.policy, at)
        self.held = [held.reason for held in due.held]
        self.sent = messages(due, self.ledger, self.policy)
        naive = at.astimezone(timezone.utc).replace(tzinfo=None)
        entries = [entry for message in self.sent for entry in message.entries]
        self.ledger += [replace(e, sent_at=naive) for e in (*due.skip, *due.watch, *entries)]
        assert len({entry.key for entry in self.ledger}) == len(self.ledger)
        return [(n.entry.alert_id, n.entry.event) for message in self.sent for n in message.notifications]


@pytest.mark.parametrize(
    ("keys", "fits"),
    [
        ({}, True),
        ({"monitor": ["shop"]}, True),
        ({"monitor": ["s?op", "x"]}, True),
        ({"monitor": ["Shop"]}, False),
        ({"severity": ["critical"]}, False),
        ({"family": ["drift"], "column": ["pri*"], "metric": ["psi"], "baseline": ["reference"]}, True),
        ({"family": ["drift"], "column": ["cost"]}, False),
        ({"segment": ["market"], "segment_value": ["NO"]}, True),
        ({"segment_value": ["JP"]}, False),
        ({"owner": ["ann*"]}, True),
        ({"model_version": ["all"]}, True),
    ],
)
def test_match(keys: dict[str, list[str]], fits: bool) -> None:
    alert = replace(A, segment="market", segment_value="NO", owner="ann@example.com")
    assert (Match(**keys) if keys else ANY)(alert) is fits


def test_routes_and_what_was_told_is_told_as_ended() -> None:
    story = Story(matches=(Match(severity="critical"),))
    assert story.run(NOON, A) == []
    assert story.run(NOON, CRITICAL) == [("a", "opened")]
    # The route no longer fits; the end is told all the same.
    assert story.run(NOON, RESOLVED) == [("a", "resolved")]
    other = replace(A, alert_id="b", status="resolved")
    assert story.run(NOON, RESOLVED, other) == []
    # A route that is added later makes no news of what is over.
    story.policy = Policy("c")
    assert story.run(NOON, RESOLVED, other) == []


def test_mute_ends_and_hides_what_ended_meanwhile() -> None:
    mute = Mute(match=Match(monitor="shop"), reason="promotion", until=str(NOON + HOUR)[:16])
    story = Story(mutes=(mute,))
    story.run(NOON - HOUR)
    short = replace(A, alert_id="short")
    assert story.run(NOON, A, short) == [] and story.held == ["muted: promotion"] * 2
    assert story.run(NOON, A, replace(short, status="resolved")) == []
    assert story.ledger[-1].detail == "muted: promotion"
    assert story.run(NOON + HOUR, A, replace(short, status="resolved")) == [("a", "opened")]


def test_a_mute_does_not_keep_back_the_end_of_what_was_told() -> None:
    story = Story()
    assert story.run(NOON, A) == [("a", "opened")]
    story.policy = Policy("c", mutes=(Mute(match=ANY, reason="r", until=str(NOON + 9 * HOUR)[:16]),))
    assert story.run(NOON + HOUR, CRITICAL) == []
    assert story.run(NOON + HOUR, RESOLVED) == [("a", "resolved")]


def test_cool_down_is_by_series_and_worse_goes_through() -> None:
    story = Story(cool_down=6 * HOUR)
    assert story.run(NOON, A) == [("a", "opened")]
    assert story.run(NOON + HOUR, RESOLVED) == [("a", "resolved")]
    again, elsewhere = replace(A, alert_id="a2"), replace(A, alert_id="b", column_name="cost")
    assert story.run(NOON + 2 * HOUR, RESOLVED, again, elsewhere) == [("b", "opened")]
    assert story.held == ["cool-down"]
    worse = replace(again, severity="critical")
    assert story.run(NOON + 3 * HOUR, RESOLVED, worse, elsewhere) == [("a2", "opened")]
    third = replace(CRITICAL, alert_id="a3")
    ended = replace(worse, status="resolved")
    assert story.run(NOON + 4 * HOUR, RESOLVED, ended, third, elsewhere) == [("a2", "resolved")]
    assert story.run(NOON + 9.5 * HOUR, RESOLVED, ended, third, elsewhere) == []
    assert story.run(NOON + 10 * HOUR, RESOLVED, ended, third, elsewhere) == [("a3", "opened")]


def test_escalation_is_at_once() -> None:
    story = Story(cool_down=24 * HOUR, remind_every=24 * HOUR)
    assert story.run(NOON, A) == [("a", "opened")]
    assert story.run(NOON + HOUR, CRITICAL) == [("a", "escalated")]


def test_reminders() -> None:
    story = Story(remind_every=24 * HOUR, remind_at_most=2)
    assert story.run(NOON, A) == [("a", "opened")]
    assert story.run(NOON + 23 * HOUR, A) == []
    assert story.run(NOON + 24 * HOUR, A) == [("a", "reminder")]
    assert story.run(NOON + 25 * HOUR, A) == []
    assert story.run(NOON + 48 * HOUR, A) == [("a", "reminder")]
    assert story.run(NOON + 99 * HOUR, A) == []
    assert story.run(NOON + 99 * HOUR, RESOLVED) == [("a", "resolved")]
    assert story.run(NOON + 199 * HOUR, RESOLVED) == []


TOKYO = ZoneInfo("Asia/Tokyo")


def at_night(**more: Any) -> QuietHours:
    return QuietHours.model_validate({"from": "22:00", "to": "7:00", "timezone": "Asia/Tokyo", **more})


@pytest.mark.parametrize(
    ("at", "quiet"),
    [
        ("2026-03-02 21:59", False),
        ("2026-03-02 22:00", True),
        ("2026-03-03 06:59", True),
        ("2026-03-03 07:00", False),
        ("2026-03-06 23:00", False),  # a Friday evening
        ("2026-03-07 06:00", False),
        ("2026-03-02 06:00", False),  # the night began on Sunday
    ],
)
def test_quiet_hours_over_midnight(at: str, quiet: bool) -> None:
    hours = at_night(days=["monday", "tuesday", "wednesday", "thursday"])
    assert hours.active(datetime.fromisoformat(at).replace(tzinfo=TOKYO)) is quiet


def test_quiet_hours_hold_and_critical_may_pass() -> None:
    night = datetime(2026, 3, 2, 23, tzinfo=TOKYO)
    for passes in (False, True):
        story = Story(quiet_hours=at_night(critical="pass" if passes else "hold"))
        b = replace(CRITICAL, alert_id="b", column_name="cost")
        story.run(night - 3 * HOUR)
        assert story.run(night, A, b) == ([("b", "opened")] if passes else [])
        assert set(story.held) == {"quiet hours"}
        assert ("a", "opened") in story.run(night + 8 * HOUR, A, b)


def test_opened_and_ended_in_quiet_hours_is_told_once_as_ended() -> None:
    night = datetime(2026, 3, 2, 23, tzinfo=TOKYO)
    story = Story(quiet_hours=at_night())
    story.run(night - 3 * HOUR)
    assert story.run(night, A) == [] and story.run(night + HOUR, RESOLVED) == []
    assert story.run(night + 9 * HOUR, RESOLVED) == [("a", "resolved")]
    assert story.run(night + 10 * HOUR, RESOLVED) == []


def test_daily_digest() -> None:
    story = Story(digest=Digest(every="day", at="08:00", timezone="UTC"))
    b = replace(A, alert_id="b", column_name="cost")
    # The first run of a channel sends no digest of a morning it was not there for.
    assert story.run(NOON, A) == []
    assert story.run(NOON + HOUR, A, b) == [] and story.held == ["waits for the digest"] * 2
    other = replace(A, alert_id="x", monitor="other")
    morning = NOON + 20 * HOUR
    assert sorted(story.run(morning, A, b, other)) == [("a", "opened"), ("b", "opened"), ("x", "opened")]
    (message,) = story.sent
    assert (message.kind, message.monitor) == ("digest", None)
    assert story.run(morning + HOUR, A, b, other) == []
    # The next one lists what is still open; critical alerts do not wait for it.
    worse = replace(b, severity="critical")
    assert story.run(morning + 2 * HOUR, A, worse, other) == [("b", "escalated")]
    assert story.run(morning + 24 * HOUR, RESOLVED, worse, other) == [("a", "resolved")]
    assert [alert.alert_id for alert in story.sent[0].still_open] == ["b", "x"]
    # Without anything to tell there is none, and that is recorded.
    ended = [replace(alert, status="resolved") for alert in (A, worse, other)]
    story.run(morning + 48 * HOUR, *ended)
    assert story.run(morning + 72 * HOUR, *ended) == [] and story.sent == []
    assert story.ledger[-1].detail == "nothing to tell"


def test_weekly_digest_and_summer_time() -> None:
    london = ZoneInfo("Europe/London")
    digest = Digest(every="week", at="08:00", timezone="Europe/London", weekday="friday")
    assert digest.slot(datetime(2026, 3, 28, tzinfo=london)) == datetime(2026, 3, 27, 8, tzinfo=london)
    assert digest.slot(datetime(2026, 4, 3, 7, 59, tzinfo=london)) == datetime(2026, 3, 27, 8, tzinfo=london)
    assert digest.slot(datetime(2026, 4, 3, 8, tzinfo=london)).utcoffset() == HOUR


def test_one_message_per_monitor_worst_first() -> None:
    story = Story()
    story.run(NOON)
    alerts = [
        A,
        replace(A, alert_id="b", column_name="b", status="resolved"),
        replace(CRITICAL, alert_id="c", column_name="c"),
        replace(CRITICAL, alert_id="d", column_name="d", monitor="other"),
    ]
    story.run(NOON, *alerts)
    found = [(m.monitor, [n.entry.alert_id for n in m.notifications]) for m in story.sent]
    assert found == [("shop", ["c", "a", "b"]), ("other", ["d"])]
    single = Story(group="alert")
    single.run(NOON, *alerts)
    assert [len(m.notifications) for m in single.sent] == [1, 1, 1]


def test_what_a_dead_run_left_goes_out_again_as_it_was() -> None:
    story = Story()
    b = replace(A, alert_id="b", column_name="b")
    due = plan([A, b], [], ["shop"], story.policy, NOON)
    (first,) = messages(due, [], story.policy)
    left = [replace(e, outcome="claimed", attempts=1) for e in first.entries]
    c = replace(A, alert_id="c", column_name="c")
    due = plan([A, b, c], left, ["shop"], story.policy, NOON)
    again, fresh = messages(due, left, story.policy)
    assert again.key == first.key and {e.alert_id for e in again.entries} == {"a", "b"}
    assert fresh.key != first.key and [e.alert_id for e in fresh.entries] == ["c"]
    # Ended before it could be told for certain: the end is told, what it was before is not any more.
    due = plan([RESOLVED, b], left, ["shop"], story.policy, NOON)
    assert [(n.entry.alert_id, n.entry.event) for n in due.tell] == [("a", "resolved"), ("b", "opened")]
    assert [e.alert_id for e in superseded(due, left)] == ["a"]
    # Gone before it could be told for certain: somebody may have been told.
    due = plan([b], left, ["shop"], story.policy, NOON)
    assert ("a", "withdrawn") in [(n.entry.alert_id, n.entry.event) for n in due.tell]


def test_an_action_starts_once_per_episode() -> None:
    action = ActionConfig(name="retrain", match=Match(severity="critical"), per="monitor", command=["x"])
    b = replace(CRITICAL, alert_id="b", column_name="b")
    (start,) = plan_action(action, [A, CRITICAL, b], [], (), NOON).start
    assert [n.entry.alert_id for n in start.notifications] == ["a", "b"] and start.channel == "action:retrain"
    for outcome in ("succeeded", "error", "interrupted", "dry_run", "claimed"):
        done = [replace(e, outcome=outcome, lease_until=datetime(2026, 3, 2, 13)) for e in start.entries]
        due = plan_action(action, [CRITICAL, b], done, (), NOON)
        assert bool(due.start) is (outcome == "dry_run") and not due.interrupted
    dead = [replace(e, outcome="claimed", lease_until=datetime(2026, 3, 2, 11)) for e in start.entries]
    due = plan_action(action, [CRITICAL, b], dead, (), NOON)
    assert due.start == () and len(due.interrupted) == 2
    failed = [replace(e, outcome="failed") for e in start.entries]
    assert plan_action(action, [CRITICAL, b], failed, (), NOON).start[0].key == start.key
    muted = plan_action(action, [CRITICAL], [], (Mute(match=ANY, reason="r", until=str(NOON + HOUR)[:16]),), NOON)
    assert muted.start == () and [held.reason for held in muted.held] == ["muted: r"]
    assert len(plan_action(action.model_copy(update={"per": "alert"}), [CRITICAL, b], [], (), NOON).start) == 2


def test_starts_of_a_day_are_counted_by_start() -> None:
    at = datetime(2026, 3, 2, 11)
    rows = [
        Entry("a", "shop", "action:x", "action", 1, "started", "succeeded", "", message_key="1", claimed_at=at),
        Entry("b", "shop", "action:x", "action", 1, "started", "succeeded", "", message_key="1", claimed_at=at),
        Entry("c", "shop", "action:x", "action", 1, "started", "error", "", message_key="2", claimed_at=at),
        Entry("d", "shop", "action:x", "action", 1, "started", "failed", "", message_key="3", claimed_at=at),
        Entry(
            "e", "shop", "action:x", "action", 1, "started", "succeeded", "", message_key="4", claimed_at=at - 9 * HOUR
        ),
    ]
    assert starts_since(rows, NOON - 2 * HOUR) == 2
