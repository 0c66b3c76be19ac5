"""driftline_notifications: claims, leases, tables of an earlier version, and what a message adds from other tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from driftline.alerting import ledger as module
from driftline.alerting.facts import BusinessValue, Cause, read_course, read_facts
from driftline.alerting.ledger import Entry, Ledger
from driftline.alerts import read_alerts
from driftline.errors import WarehouseError
from driftline.project import ProjectOptions
from driftline.scrub import Scrubber
from driftline.warehouse import Warehouse

MINUTE = timedelta(minutes=1)
ENTRIES = [Entry(f"a{n}", "shop", "c", "warn", 1, "opened", "sent", "it's\n'", message_key=f"m{n}") for n in range(3)]


@pytest.fixture
def warehouse(any_shop: Any) -> Iterator[Warehouse]:
    any_shop.build("shop")
    with Warehouse.open(ProjectOptions(str(any_shop.folder), str(any_shop.folder)), Scrubber({})) as opened:
        yield opened


@pytest.mark.parametrize("statement", ["insert", "merge"])
def test_claims(warehouse: Warehouse, statement: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also by the statement for warehouses that have no unique keys."""
    if statement == "merge":
        monkeypatch.setattr(module, "_UPSERTS", ())
    ledger = Ledger(warehouse)
    ledger.create()
    ledger.create()
    keys = {entry.key for entry in ENTRIES}
    assert ledger.claim(ENTRIES, "one", MINUTE) == keys
    # Nobody else gets them while the lease lasts.
    assert ledger.claim(ENTRIES, "two", MINUTE) == set()
    ledger.settle([ENTRIES[0].message_key], "one", "sent", "fine")
    ledger.settle([ENTRIES[1].message_key], "one", "failed", "no answer")
    # What was sent stays sent, what failed is free, what is in hand is not.
    assert ledger.claim(ENTRIES, "two", MINUTE) == {ENTRIES[1].key}
    # The lease has ended: the run is taken for dead, and what it says later no longer counts.
    ledger.release("one")
    assert ledger.claim(ENTRIES, "two", MINUTE) == {ENTRIES[2].key, ENTRIES[1].key}
    ledger.settle([ENTRIES[2].message_key], "one", "sent")
    rows = {entry.alert_id: entry for entry in ledger.read(["c"])}
    assert {name: (row.outcome, row.attempts) for name, row in rows.items()} == {
        "a0": ("sent", 1),
        "a1": ("claimed", 2),
        "a2": ("claimed", 2),
    }
    assert rows["a0"].detail == "fine" and rows["a0"].message == "it's\n'" and rows["a0"].message_key == "m0"
    # Recording adds what is missing and changes nothing else.
    ledger.record([replace(entry, outcome="skipped") for entry in [*ENTRIES, replace(ENTRIES[0], alert_id="a3")]])
    assert sorted(entry.outcome for entry in ledger.read(["c"])) == ["claimed", "claimed", "sent", "skipped"]
    assert ledger.read(["other"]) == []


def test_a_lease_of_nothing_is_over_at_once(warehouse: Warehouse) -> None:
    ledger = Ledger(warehouse)
    ledger.create()
    assert ledger.claim(ENTRIES, "one", timedelta(0)) and ledger.claim(ENTRIES, "two", MINUTE)
    ledger.give_back([ENTRIES[0].key], "two")
    assert ledger.claim(ENTRIES, "three", MINUTE) == {ENTRIES[0].key}
    ledger.renew("two", 10 * MINUTE)
    ledger.renew("three", 10 * MINUTE)
    for entry in ledger.read(["c"]):
        assert entry.lease_until is not None and entry.lease_until - ledger.now() > 9 * MINUTE
    assert abs(ledger.now() - datetime.now(timezone.utc).replace(tzinfo=None)) < MINUTE


def test_another_run_creates_the_table_first(any_shop: Any, warehouse: Warehouse, monkeypatch: Any) -> None:
    """Between looking and creating; dbt still believes that it is missing."""
    ledger, execute, refused = Ledger(warehouse), warehouse.execute, []

    def create_twice(statement: str) -> None:
        execute(statement)
        if statement.startswith(("create table", "alter table")):
            refused.append(statement)
            raise WarehouseError("duplicate key value violates unique constraint", "")

    monkeypatch.setattr(warehouse, "execute", create_twice)
    ledger.create()
    assert len(refused) == 1
    assert ledger.claim(ENTRIES, "one", MINUTE) == {entry.key for entry in ENTRIES}


def test_a_table_of_an_earlier_version(any_shop: Any) -> None:
    shop = any_shop
    shop.build("shop")
    shop.alert("a1")
    text = "varchar(200)"
    shop.workspace.execute(
        f"create table {shop.workspace.relation('driftline_notifications')} (idempotency_key {text}, alert_id {text}, "
        f"monitor {text}, channel {text}, state {text}, occurrence integer, event {text}, outcome {text}, message {text}, "
        "sent_at timestamp)"
    )
    key = module.idempotency_key("a1", 1, "warn", "console")
    shop.workspace.execute(
        f"insert into {shop.workspace.relation('driftline_notifications')} values ('{key}', 'a1', 'shop', 'console', "
        "'warn', 1, 'opened', 'sent', 'm', timestamp '2026-03-01')"
    )
    assert shop.run("alert").out == ""
    shop.alert("a1", severity="critical")
    assert shop.run("alert").out.startswith("ESCALATED")
    assert shop.run("alert").out == ""


def test_facts(any_shop: Any, warehouse: Warehouse) -> None:
    shop = any_shop
    shop.alert("a1")
    shop.alert("a2", last_window_start="2026-03-05 00:00:00")
    said: list[str] = []
    assert read_facts(warehouse, read_alerts(warehouse), said.append).business == {} and said == []
    warehouse.release()
    relation = shop.workspace.relation
    for name in ("driftline_business", "driftline_causes"):
        shop.model(name, "select 1 as stub")
    shop.workspace.execute(
        f"create table {relation('driftline_business')} as select 'shop' as monitor, 'all' as model_version, "
        "'all' as segment, 'all' as segment_value, 1 as window_periods, timestamp '2026-03-02' as window_start, "
        "'revenue' as metric, cast(100 as double precision) as value, cast(-0.2 as double precision) as change_reference"
    )
    shop.workspace.execute(f"create table {relation('driftline_causes')} (something integer)")
    alerts = read_alerts(warehouse)
    warehouse.release()
    with Warehouse.open(ProjectOptions(str(shop.folder), str(shop.folder)), Scrubber({})) as again:
        facts = read_facts(again, alerts, said.append)
        assert facts.business["a1"] == (BusinessValue("revenue", 100.0, -0.2),) and facts.business["a2"] == ()
        # A table that looks otherwise than expected costs the message nothing but what would be in it.
        assert facts.causes == {}
        again.release()
        shop.workspace.execute(f"drop table {relation('driftline_business')}")
        shop.workspace.execute(f"create table {relation('driftline_business')} (something integer)")
        facts = read_facts(again, alerts, said.append)
        assert facts.business == {} and "Left out of the messages" in said[0]
        assert read_course(again, alerts[0], said.append) == []
    assert Cause("price", None, None, 0.5).to_dict()["share"] == 0.5
