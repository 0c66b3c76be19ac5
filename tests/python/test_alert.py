"""`driftline alert` and its ledger."""

from __future__ import annotations

from typing import Any

import pytest
from driftline.alerting.channels.console import ConsoleChannel
from driftline.alerting.ledger import Ledger, idempotency_key
from driftline.errors import DeliveryError, WarehouseError


def test_told_once(any_shop: Any) -> None:
    any_shop.build("shop")
    any_shop.alert("a1")
    any_shop.alert("a2", severity="critical")
    outcome = any_shop.run("alert")
    assert outcome.code == 0
    assert [line.split()[:2] for line in outcome.out.splitlines()] == [["OPENED", "critical"], ["OPENED", "warn"]]
    again = any_shop.run("alert")
    assert (again.code, again.out) == (0, "") and "nothing new" in again.err
    assert sorted(any_shop.ledger()) == [
        ("a1", "warn", 1, "opened", "sent"),
        ("a2", "critical", 1, "opened", "sent"),
    ]


def test_escalation_and_resolution(any_shop: Any) -> None:
    any_shop.build("shop")
    any_shop.alert("a1")
    any_shop.run("alert")
    any_shop.alert("a1", severity="critical")
    assert any_shop.run("alert").out.startswith("ESCALATED  critical")
    any_shop.alert("a1", severity="critical", status="resolved")
    assert any_shop.run("alert").out.startswith("RESOLVED")
    assert any_shop.run("alert").out == ""
    any_shop.alert("a1")
    assert any_shop.run("alert").out.startswith("REOPENED")
    any_shop.drop("a1")
    assert "no longer in driftline_alerts" in any_shop.run("alert").out
    assert [row[3] for row in any_shop.ledger()] == ["opened", "escalated", "resolved", "reopened", "withdrawn"]


def test_history_is_recorded_and_not_sent(shop: Any) -> None:
    shop.build("shop")
    for number in range(250):
        shop.alert(f"a{number:03}", status="resolved")
    outcome = shop.run("alert")
    assert (outcome.code, outcome.out) == (0, "") and "250 incidents" in outcome.err
    assert {row[1:] for row in shop.ledger()} == {("resolved", 1, "resolved", "skipped")}
    assert len(shop.ledger()) == 250


def test_json_lines_with_a_stable_key(any_shop: Any) -> None:
    any_shop.build("shop")
    any_shop.alert("a1")
    (line,) = any_shop.run("alert", "--json").lines
    assert line["idempotency_key"] == idempotency_key("a1", 1, "warn", "console")
    assert (line["event"], line["state"], line["alert"]["metric"]) == ("opened", "warn", "psi")
    assert any_shop.ledger("idempotency_key, channel") == [(line["idempotency_key"], "console")]


def test_a_crash_between_sending_and_recording_sends_again(any_shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    any_shop.build("shop")
    any_shop.alert("a1")

    def crash(*arguments: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "settle", crash)
        first = any_shop.run("alert", "--json")
    assert first.code == 130
    second = any_shop.run("alert", "--json")
    assert second.code == 0
    assert first.lines[0]["idempotency_key"] == second.lines[0]["idempotency_key"]
    assert any_shop.run("alert", "--json").out == ""


def test_a_refused_insert_is_not_silent(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.build("shop")
    shop.alert("a1")

    def refuse(*arguments: Any) -> None:
        raise WarehouseError("disk full", "make room")

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "settle", refuse)
        outcome = shop.run("alert")
    assert outcome.code == 2 and "disk full" in outcome.err
    assert shop.run("alert").out.startswith("OPENED")


def test_what_a_channel_refuses_is_not_recorded(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.build("shop")
    for number in range(3):
        shop.alert(f"a{number}")
    send = ConsoleChannel.send

    def fail_on_the_second(self: ConsoleChannel, message: Any, context: Any) -> Any:
        if any(notification.entry.alert_id == "a1" for notification in message.notifications):
            raise DeliveryError("no answer", broken=True)
        return send(self, message, context)

    with monkeypatch.context() as patch:
        patch.setattr(ConsoleChannel, "largest", 1)
        patch.setattr(ConsoleChannel, "send", fail_on_the_second)
        outcome = shop.run("alert")
    assert outcome.code == 1 and "console: 1 notifications were not delivered: no answer" in outcome.err
    assert sorted((row[0], row[4]) for row in shop.ledger()) == [("a0", "sent"), ("a1", "failed"), ("a2", "failed")]
    assert len(shop.run("alert").out.splitlines()) == 2


def test_texts_of_the_data_stay_texts(any_shop: Any) -> None:
    hostile = "it's '); drop table driftline_alerts; -- \\ \x1b[31m 日本 %s {{ x }}"
    any_shop.build("shop")
    any_shop.alert("a'1", message=hostile, column_name='we"ird; --', owner="o'neil")
    (line,) = any_shop.run("alert", "--json").lines
    assert line["alert"]["message"] == hostile and line["alert"]["column_name"] == 'we"ird; --'
    assert any_shop.ledger("alert_id, message") == [("a'1", hostile)]
    assert any_shop.run("alert").out == ""


def test_a_long_message_is_cut_in_the_ledger_only(any_shop: Any) -> None:
    any_shop.build("shop")
    any_shop.workspace.execute(f"alter table {any_shop.workspace.relation('driftline_alerts')} alter message type text")
    any_shop.alert("a1", message="日" * 3000)
    (line,) = any_shop.run("alert", "--json").lines
    assert line["alert"]["message"] == "日" * 3000
    ((message,),) = any_shop.ledger("message")
    assert message == "日" * 1333


def test_a_thousand_alerts(any_shop: Any) -> None:
    any_shop.build("shop")
    relation = any_shop.workspace.relation("driftline_alerts")
    any_shop.alert("seed")
    columns = [name for name in any_shop.workspace.columns(f"select * from {relation}")[0] if name != "alert_id"]
    any_shop.workspace.execute(
        f"insert into {relation} (alert_id, {', '.join(columns)}) "
        f"select cast(n as varchar(20)), {', '.join(columns)} from {relation}, generate_series(1, 999) as s(n)"
    )
    lines = any_shop.run("alert", "--json").lines
    assert len({line["idempotency_key"] for line in lines}) == 1000
    assert len(any_shop.ledger()) == 1000
    assert any_shop.run("alert", "--json").out == ""


def test_no_right_to_create_the_ledger(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from driftline.warehouse import Warehouse

    shop.build("shop")
    shop.alert("a1")

    def refuse(self: Warehouse, sql: str) -> None:
        raise WarehouseError("permission denied")

    monkeypatch.setattr(Warehouse, "execute", refuse)
    outcome = shop.run("alert")
    assert outcome.code == 2 and outcome.out == ""
    assert "cannot be created" in outcome.err and "Nothing was sent" in outcome.err
