"""Incidents in messages, routes, mutes and digests."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from driftline.alerting.catalogue import catalogue
from driftline.alerting.channels import Context
from driftline.alerting.channels.pagerduty import event
from driftline.alerting.channels.slack import blocks
from driftline.alerting.channels.webhook import payload
from driftline.alerting.config import ActionConfig
from driftline.alerting.facts import Cause, Facts, read_facts
from driftline.alerting.ledger import Entry
from driftline.alerting.messages import compose
from driftline.alerting.notification import Message
from driftline.alerting.planning import Policy, messages, plan, plan_action
from driftline.alerting.routing import ANY, Match, Mute
from driftline.alerts import Alert, read_alerts
from driftline.answers import Answer
from driftline.incidents import Incident, answered, read_incidents
from driftline.project import ProjectOptions
from driftline.scrub import Scrubber
from driftline.text import to_json
from driftline.warehouse import Warehouse
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from support.project import REPOSITORY

NOW = datetime(2026, 3, 10, tzinfo=timezone.utc)
PRICE = Alert(
    "b", "shop", "warn", "open", "price: psi 0.31", family="drift", metric="psi", column_name="price",
    baseline="reference", first_window_start=datetime(2026, 3, 1), last_window_start=datetime(2026, 3, 2),
    last_window_end=datetime(2026, 3, 3), windows_breached=2, value=0.31, threshold=0.25, noise=0.01, owner="ann",
)  # fmt: skip
AMOUNT = replace(PRICE, alert_id="a", column_name="amount", severity="critical", segment="market", segment_value="JP")
INCIDENT = Incident(
    "a", "shop", "critical", "open", "The price rose from 25 € to 31 €, since 2026-03-01", "price: psi 0.31", "b",
    family="drift", metric="psi", column_name="price", alerts=2, open_alerts=2, also="amount",
    stands_out="amount where market is JP", cause="market JP: 80 % of it", cost=1234.5, cost_unit="€",
    first_window_start=datetime(2026, 3, 1), last_window_end=datetime(2026, 3, 3), owner="ann", members=(PRICE, AMOUNT),
)  # fmt: skip
FACTS = Facts(
    {"b": (Cause("price", None, None, 0.4),)}, sentences={("a", "ja"): "価格が 25 € から 31 € に上がりました"}
)  # fmt: skip


def message_of(*incidents: Incident, recorded: list[Entry] | None = None) -> Message:
    told = recorded or []
    due = plan([one.told() for one in incidents], told, ["shop"], Policy("c"), NOW)
    (found,) = messages(due, told, Policy("c"))
    return found


def test_a_message_is_a_sentence_with_what_it_rests_on() -> None:
    assert compose(message_of(INCIDENT), catalogue("en"), FACTS).plain() == (
        "shop: 1 critical incident\n\n"
        "New, critical: The price rose from 25 € to 31 €, since 2026-03-01\n"
        "  price: psi 0.31\n"
        "  Since: 2026-03-01\n"
        "  Also: amount\n"
        "  Stands out: amount where market is JP\n"
        "  Driven by: market JP: 80 % of it\n"
        "  Cost: 1,234 €\n"
        "  Owner: ann\n"
    )


def test_another_language_has_its_own_sentence_or_the_catalogues() -> None:
    words = compose(message_of(INCIDENT), catalogue("ja"), FACTS)
    assert words.items[0].headline == "価格が 25 € から 31 € に上がりました"
    # The table's cause is in another language.
    assert ("主な要因", "price：全体の 40 %") in words.items[0].facts
    without = compose(message_of(INCIDENT), catalogue("ja"), Facts())
    assert without.items[0].headline == "price：psi が 0.31（基準期間との比較）"
    own = compose(message_of(INCIDENT), catalogue("ja"), Facts(language="ja"))
    assert own.items[0].headline == INCIDENT.headline


def test_the_ids_are_the_incidents() -> None:
    context = Context(catalogue("en"), FACTS, None, {})
    found = event(message_of(INCIDENT), "key", context)
    assert found["dedup_key"] == "driftline/a" and found["payload"]["severity"] == "critical"
    assert found["payload"]["summary"] == f"shop: {INCIDENT.headline}"
    assert found["payload"]["custom_details"]["evidence"] == "price: psi 0.31"
    section = blocks(compose(message_of(INCIDENT), catalogue("en"), FACTS))[1]
    assert section["text"]["text"].endswith("since 2026-03-01\nprice: psi 0.31")
    body = json.loads(to_json(payload(message_of(INCIDENT), FACTS, None)))
    told = body["notifications"][0]
    assert (told["alert_id"], told["alert"]["alert_id"], told["incident"]["alert_ids"]) == ("a", "b", ["b", "a"])
    assert told["causes"]  # those of the headline
    path = REPOSITORY / "python" / "driftline" / "alerting" / "schema" / "notification.v1.json"
    schema = json.loads(path.read_text(encoding="utf-8"))
    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(body)


def test_what_an_event_explains_starts_nothing() -> None:
    expected = answered(replace(INCIDENT, event="summer sale"), None)
    assert expected.status == "expected" and expected.is_settled
    assert plan([expected.told()], [], ["shop"], Policy("c"), NOW).tell == ()
    of = dict.fromkeys(("a", "b"), expected)
    found = plan_action(ActionConfig.model_construct(name="retrain"), [PRICE, AMOUNT], [], (), NOW, of)
    assert found.start == () and {held.alert_id for held in found.held} == {"a", "b"}
    # Who acknowledges it does not call it unexpected; who says more is heard.
    at = NOW.replace(tzinfo=None)
    for kind, status in (("ack", "expected"), ("snooze", "expected"), ("false_alarm", "false_alarm")):
        said = Answer("1", "a", "shop", kind, answered_at=at)
        assert answered(replace(INCIDENT, event="summer sale"), {"a": [said]}).status == status


def test_sentences_of_incidents_are_read_in_all_languages(shop: Any) -> None:
    shop.build("shop")
    shop.upgrade()
    shop.incident("a", ["b", "a"])
    shop.incident("c", [{"alert_id": "c", "column_name": "c"}], is_common=True)
    execute, relation = shop.workspace.execute, shop.workspace.relation
    execute(f"create table {relation('driftline_int_sentences')} as select * from (values ('b', 'ja', '価格'), "
            "('c', 'ja', '一つ')) as s(alert_id, language, sentence)")  # fmt: skip
    shop.model("driftline_int_incident_sentences", "select 1 as stub")
    execute(f"create table {relation('driftline_int_incident_sentences')} as select * from (values ('c', 'ja', '全部')) "
            "as s(incident_id, language, headline)")  # fmt: skip
    folder = str(shop.folder)
    with Warehouse.open(ProjectOptions(folder, folder), Scrubber()) as warehouse:
        told = [incident.told() for incident in read_incidents(warehouse, read_alerts(warehouse))]
        found = read_facts(warehouse, told, lambda text: pytest.fail(text))
    assert found.sentences == {("a", "ja"): "価格", ("c", "ja"): "全部"}


def test_a_hostile_headline_stays_text() -> None:
    nasty = replace(INCIDENT, headline="<b>&@everyone\x1b[2J\nnext</b>", evidence="\x1b[31m <i>")
    context = Context(catalogue("en"), Facts(), None, {})
    for text in (
        compose(message_of(nasty), catalogue("en"), Facts()).plain(),
        to_json(event(message_of(nasty), "key", context)),
        "\n".join(line for n in message_of(nasty).notifications for line in n.lines(80)),
    ):
        assert "\x1b" not in text
    assert len(message_of(nasty).notifications[0].lines(80)) == 3


@pytest.mark.parametrize(
    ("keys", "wanted"),
    [
        ({"column": "price"}, True),
        ({"column": "amount"}, True),
        ({"column": "amount", "segment_value": "JP"}, True),
        ({"column": "price", "segment_value": "JP"}, False),  # no alert is both
        ({"column": "price", "severity": "critical"}, True),  # the severity is the incident's
        ({"severity": "warn"}, False),
        ({"column": "other"}, False),
        ({}, True),
    ],
)
def test_an_incident_goes_where_one_of_its_alerts_goes(keys: dict[str, str], wanted: bool) -> None:
    match = Match(**keys) if keys else ANY
    due = plan([INCIDENT.told()], [], ["shop"], Policy("c", (match,)), NOW)
    assert bool(due.tell) == wanted


def test_pagerduty_closes_what_became_part_of_another() -> None:
    """Everywhere else nothing is said of it; there it would stay open for ever."""
    told: list[Entry] = []
    due = plan([PRICE, AMOUNT], told, ["shop"], Policy("c"), NOW)
    told += [replace(n.entry, sent_at=NOW.replace(tzinfo=None)) for n in due.tell]
    policy = Policy("c", group="alert", largest=1, keeps_each=True)
    due = plan([INCIDENT.told()], told, ["shop"], policy, NOW)
    (message,) = messages(due, told, policy)
    found = event(message, "key", Context(catalogue("en"), Facts(), None, {}))
    assert (found["event_action"], found["dedup_key"]) == ("resolve", "driftline/b")
    told += [replace(n.entry, sent_at=NOW.replace(tzinfo=None)) for n in due.tell]
    assert plan([INCIDENT.told()], told, ["shop"], policy, NOW).tell == ()


def mute(column: str) -> Mute:
    return Mute(match=Match(column=column), reason=f"{column} sale", until=str(NOW + timedelta(days=1))[:16])


def test_a_mute_of_a_part_mutes_no_incident() -> None:
    def told(incident: Incident, *mutes: Mute) -> int:
        return len(plan([incident.told()], [], ["shop"], Policy("c", mutes=mutes), NOW).tell)

    assert told(INCIDENT, mute("price")) == 1
    assert told(INCIDENT, mute("price"), mute("amount")) == 0
    # What is over does not keep it loud.
    calm = replace(INCIDENT, members=(PRICE, replace(AMOUNT, status="resolved")))
    assert told(calm, mute("price")) == 0
    assert told(calm, mute("amount")) == 1


def test_a_digest_repeats_incidents_that_nobody_has_settled() -> None:
    told: list[Entry] = []
    first = plan([INCIDENT.told()], told, ["shop"], Policy("c"), NOW)
    told += [replace(n.entry, outcome="sent", sent_at=NOW.replace(tzinfo=None)) for n in first.tell]
    answer = Answer("1", "a", "shop", "expected", answered_by="ann", answered_at=NOW.replace(tzinfo=None))
    again = plan([INCIDENT.told()], told, ["shop"], Policy("c"), NOW)
    assert [alert.alert_id for alert in again.still_open] == ["a"]
    settled = replace(INCIDENT, status="expected", answer="expected", answered=answer)
    assert plan([settled.told()], told, ["shop"], Policy("c"), NOW).still_open == ()


STATES = st.sampled_from(["gone", "warn", "critical", "resolved"])
ANSWERS = st.sampled_from([None, "ack", "snooze", "expected", "false_alarm"])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(STATES, ANSWERS), max_size=10), st.booleans())
def test_whatever_is_answered_nothing_is_told_twice(history: list[tuple[str, Any]], upgraded: bool) -> None:
    """Runs after every change, from a ledger of alerts or of nothing."""
    told: list[Entry] = []
    if upgraded:
        due = plan([PRICE, AMOUNT], told, ["shop"], Policy("c"), NOW)
        told += [*due.watch, *(replace(n.entry, sent_at=NOW.replace(tzinfo=None)) for n in due.tell)]
    at = NOW
    for state, kind in history:
        at += timedelta(hours=1)
        naive = at.replace(tzinfo=None)
        answer = kind and Answer("1", "a", "shop", kind, until=naive + timedelta(days=9), answered_at=naive,
                                 answered_by="ann", severity="warn")  # fmt: skip
        incident = replace(
            INCIDENT, severity="warn" if state == "warn" else "critical", answer=kind, answered=answer or None,
            status="resolved" if state == "resolved" else "open",
        )  # fmt: skip
        units = [] if state == "gone" else [incident.told()]
        answers = {"a": answer} if answer else {}
        due = plan(units, told, ["shop"], Policy("c"), at, answers)
        if kind in ("expected", "false_alarm") and state != "gone":
            assert due.tell == ()
        told += [
            *due.watch,
            *(replace(e, sent_at=naive) for e in due.skip),
            *(replace(n.entry, sent_at=naive) for n in due.tell),
        ]
        assert len({entry.key for entry in told}) == len(told)
        again = plan(units, told, ["shop"], Policy("c"), at, answers)
        assert (again.tell, again.skip) == ((), ())
    if history and history[0][0] != "gone":
        assert not any(entry.event == "withdrawn" and entry.alert_id == "b" for entry in told)
