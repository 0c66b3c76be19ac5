"""What a channel is told: from the alerts and the ledger alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from driftline.alerting.ledger import Entry
from driftline.alerting.planning import Policy, plan
from driftline.alerts import Alert
from hypothesis import given, settings
from hypothesis import strategies as st

OPEN = Alert("a", "shop", "warn", "open", "m")


def run_once(alerts: list[Alert], told: list[Entry]) -> list[tuple[str, str, str, int]]:
    """One undisturbed run; adds to the ledger, returns (alert, event, state, occurrence) of what was sent."""
    due = plan(alerts, told, ["shop"], Policy("console"))
    told.extend([*due.skip, *due.watch, *(notification.entry for notification in due.tell)])
    return [(n.entry.alert_id, n.entry.event, n.entry.state, n.entry.occurrence) for n in due.tell]


def test_life_of_an_alert() -> None:
    told: list[Entry] = []
    critical = replace(OPEN, severity="critical")
    resolved = replace(critical, status="resolved")
    assert run_once([OPEN], told) == [("a", "opened", "warn", 1)]
    assert run_once([OPEN], told) == []
    assert run_once([critical], told) == [("a", "escalated", "critical", 1)]
    assert run_once([OPEN], told) == []  # less bad is no news
    assert run_once([critical], told) == []
    assert run_once([resolved], told) == [("a", "resolved", "resolved", 1)]
    assert run_once([resolved], told) == []
    assert run_once([OPEN], told) == [("a", "reopened", "warn", 2)]
    assert run_once([resolved], told) == [("a", "resolved", "resolved", 2)]
    assert len({entry.key for entry in told}) == len(told)


def test_critical_from_the_start_is_told_once() -> None:
    told: list[Entry] = []
    assert run_once([replace(OPEN, severity="critical")], told) == [("a", "opened", "critical", 1)]
    assert run_once([OPEN], told) == []


def test_history_of_a_new_monitor_is_no_news_but_later_short_episodes_are() -> None:
    told: list[Entry] = []
    old = replace(OPEN, alert_id="old", status="resolved")
    assert run_once([old], told) == []
    short = replace(OPEN, alert_id="short", status="resolved")
    assert run_once([old, short], told) == [("short", "resolved", "resolved", 1)]
    assert run_once([old, short], told) == []
    assert run_once([replace(old, status="open")], told) == [("old", "opened", "warn", 2)]


def test_a_monitor_without_alerts_is_watched_too() -> None:
    told: list[Entry] = []
    assert run_once([], told) == []
    assert run_once([replace(OPEN, status="resolved")], told) == [("a", "resolved", "resolved", 1)]


def test_an_alert_that_vanishes_is_withdrawn_once() -> None:
    told: list[Entry] = []
    run_once([OPEN], told)
    assert run_once([], told) == [("a", "withdrawn", "resolved", 1)]
    assert run_once([], told) == []
    assert run_once([OPEN], told) == [("a", "reopened", "warn", 2)]


def test_channels_are_told_apart() -> None:
    told: list[Entry] = []
    run_once([OPEN], told)
    due = plan([OPEN], [], ["shop"], Policy("other"))
    assert due.tell[0].entry.key not in {entry.key for entry in told}


JUNE = datetime(2026, 6, 1)


def spanning(alert_id: str, first: int, last: int, status: str = "open", **more: Any) -> Alert:
    """An alert whose windows are days of June."""
    return replace(
        OPEN, alert_id=alert_id, status=status, metric="psi", first_window_start=JUNE + timedelta(days=first),
        last_window_start=JUNE + timedelta(days=last), last_window_end=JUNE + timedelta(days=last + 1), **more,
    )  # fmt: skip


def test_an_alert_under_another_id_is_told_once() -> None:
    """A full refresh gives ids anew: series and windows say which alert it is, and it ends under the id people know."""
    told: list[Entry] = []
    run_once([spanning("old", 3, 5)], told)
    assert run_once([spanning("new", 2, 6)], told) == []
    assert run_once([spanning("new", 2, 6, "resolved")], told) == [("old", "resolved", "resolved", 1)]
    assert run_once([spanning("new", 2, 6, "resolved")], told) == []
    # What does not overlap is another one, and so is another series.
    assert run_once([spanning("newer", 9, 9)], told) == [("newer", "opened", "warn", 1)]
    run_once([spanning("newer", 9, 9, "resolved")], told)
    assert run_once([replace(spanning("x", 9, 9), column_name="other")], told) == [("x", "opened", "warn", 1)]


def test_the_same_from_a_ledger_that_knows_no_windows() -> None:
    told: list[Entry] = []
    run_once([spanning("old", 3, 5)], told)
    told[:] = [
        replace(e, first_window_start=None, last_window_end=None, sent_at=JUNE + timedelta(days=6)) for e in told
    ]
    assert run_once([spanning("new", 2, 6)], told) == []
    assert run_once([spanning("new", 2, 6, "resolved")], told) == [("old", "resolved", "resolved", 1)]


def test_alerts_that_merge_tell_nothing_twice() -> None:
    told: list[Entry] = []
    first = spanning("a", 1, 3)
    run_once([first], told)
    first = replace(first, status="resolved")
    assert run_once([first, spanning("b", 6, 8)], told) == [
        ("a", "resolved", "resolved", 1),
        ("b", "opened", "warn", 1),
    ]
    merged = spanning("a", 1, 8, earlier_ids="b")
    assert run_once([merged], told) == []
    assert run_once([replace(merged, severity="critical")], told) == [("b", "escalated", "critical", 1)]
    assert run_once([replace(merged, status="resolved")], told) == [("b", "resolved", "resolved", 1)]
    assert run_once([replace(merged, status="resolved")], told) == []


def test_a_renamed_monitor_goes_on() -> None:
    told: list[Entry] = []
    run_once([spanning("a", 1, 3)], told)
    renamed = spanning("a", 1, 3, monitor="store", known_as="shop")
    assert run_once([renamed], told) == []
    over = replace(renamed, status="resolved")
    short = spanning("short", 8, 8, "resolved", monitor="store", known_as="shop")
    assert sorted(run_once([over, short], told)) == [
        ("a", "resolved", "resolved", 1),
        ("short", "resolved", "resolved", 1),
    ]
    # Also where the id was given anew.
    run_once([spanning("c", 12, 13, monitor="store", known_as="shop")], told)
    assert run_once([spanning("d", 11, 13, monitor="store", known_as="shop")], told) == []


def test_what_was_found_late_is_no_news_unless_it_is_open() -> None:
    told: list[Entry] = []
    run_once([], told)
    late = spanning("a", 1, 1, "resolved", found_late=True)
    assert run_once([late, spanning("b", 5, 5)], told) == [("b", "opened", "warn", 1)]
    assert [entry.alert_id for entry in told if entry.outcome == "skipped" and entry.state == "resolved"] == ["a"]


STATES = st.sampled_from([None, OPEN, replace(OPEN, severity="critical"), replace(OPEN, status="resolved")])


@settings(max_examples=500, deadline=None)
@given(st.lists(st.tuples(STATES, st.booleans()), max_size=12))
def test_no_state_is_lost_and_none_is_told_twice(history: list[tuple[Alert | None, bool]]) -> None:
    """Runs after every change, some of which die between sending and recording."""
    told: list[Entry] = []
    sent: list[str] = []
    recorded: list[str] = []
    for state, crash in history:
        alerts = [state] if state else []
        due = plan(alerts, told, ["shop"], Policy("console"))
        keys = [notification.entry.key for notification in due.tell]
        sent += keys
        told.extend([*due.skip, *due.watch])
        if not crash:
            told.extend(notification.entry for notification in due.tell)
            recorded += keys
            # A second run has nothing to add.
            assert plan(alerts, told, ["shop"], Policy("console")).tell == ()
    assert len(recorded) == len(set(recorded))
    assert set(recorded) <= set(sent)
