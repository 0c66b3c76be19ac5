"""Delivery to receivers that really listen, and that fail in every way they can."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support.receivers import Answer, closed_port

WEBHOOK_SECRET = "whsec_" + base64.b64encode(b"a secret of 24 bytes....").decode()


def keys(receiver: Any) -> list[str]:
    return [n["idempotency_key"] for body in receiver.bodies for n in body["notifications"]]


def outcomes(shop: Any) -> Counter[tuple[str, str]]:
    return Counter(shop.ledger("channel, outcome"))


def test_all_kinds_of_channels_at_once(any_shop: Any, tools: Any, http: Any, smtp: Any, monkeypatch: Any) -> None:
    shop, web, mail = any_shop, http(), smtp(password="mail-password")
    monkeypatch.setenv("HOOK_SECRET", WEBHOOK_SECRET)
    monkeypatch.setenv("MAIL_PASSWORD", "mail-password")
    tools.configure(
        shop,
        report_url="https://example.com/report.html",
        channels={
            "slack": {"type": "slack", "url": web.url("/slack"), "language": "ja"},
            "pager": {"type": "pagerduty", "routing_key": "the-routing-key", "url": web.url("/pager")},
            "hook": {
                "type": "webhook",
                "url": web.url("/hook"),
                "secret": "env:HOOK_SECRET",
                "headers": {"Authorization": "Bearer the-bearer"},
            },
            "apprise": {"type": "apprise", "url": f"json://127.0.0.1:{web.port}/apprise"},
            "mail": {
                "type": "mail",
                "host": "127.0.0.1",
                "port": mail.port,
                "security": "none",
                "user": "driftline",
                "password": "env:MAIL_PASSWORD",
                "from": "driftline@example.com",
                "to": ["a@example.com", "b@example.com"],
            },
        },
    )
    shop.build("shop")
    shop.alert("a1")
    shop.alert("a2", severity="critical", column_name="cost")
    outcome = shop.run("alert", "--json")
    assert (outcome.code, outcome.err) == (0, "")
    assert len(outcome.lines) == 10 and {line["outcome"] for line in outcome.lines} == {"sent"}
    by_path = Counter(request.path for request in web.requests)
    # One message per monitor; PagerDuty has an incident for each alert.
    assert by_path == {"/slack": 1, "/pager": 2, "/hook": 1, "/apprise": 1}
    assert len(mail.mails) == 1 and mail.recipients == [["a@example.com", "b@example.com"]]
    found = {request.path: request for request in web.requests}
    assert "重大 1 件" in found["/slack"].json["blocks"][0]["text"]["text"]
    hook = found["/hook"]
    assert hook.headers["authorization"] == "Bearer the-bearer"
    assert [n["alert_id"] for n in hook.json["notifications"]] == ["a2", "a1"]
    signed = f"{hook.headers['webhook-id']}.{hook.headers['webhook-timestamp']}.".encode() + hook.body
    digest = hmac.new(b"a secret of 24 bytes....", signed, hashlib.sha256).digest()
    assert hook.headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()
    assert hook.headers["idempotency-key"] == hook.headers["webhook-id"] == hook.json["idempotency_key"]
    assert found["/apprise"].json["title"] == "shop: 1 critical incident, 1 warning"
    assert outcomes(shop) == {(name, "sent"): 2 for name in ("slack", "pager", "hook", "apprise", "mail")}
    assert shop.run("alert").err == "driftline: nothing new to tell.\n"

    shop.alert("a1", status="resolved")
    assert shop.run("alert").code == 0
    pager = [request.json for request in web.requests if request.path == "/pager"]
    assert [event["event_action"] for event in pager] == ["trigger", "trigger", "resolve"]
    assert pager[2]["dedup_key"] == pager[1]["dedup_key"] != pager[0]["dedup_key"]


def test_a_picture_in_the_mail(shop: Any, tools: Any, smtp: Any) -> None:
    pytest.importorskip("matplotlib")
    mail = smtp()
    tools.configure(
        shop,
        channels={"m": {"type": "mail", "host": "127.0.0.1", "port": mail.port, "security": "none", "from": "d@e.f", "to": "a@b.c"}},
    )  # fmt: skip
    shop.build("shop")
    shop.workspace.execute("drop table driftline_metrics")
    shop.workspace.execute(
        "create table driftline_metrics as select 'shop' as monitor, 'all' as model_version, 'all' as segment, "
        "'all' as segment_value, 1 as window_periods, timestamp '2026-02-01' + n * interval 1 day as window_start, "
        "'drift' as family, 'psi' as metric, 'price' as column_name, 'reference' as baseline, true as is_complete, "
        "0.01 * n as value from generate_series(0, 29) as s(n)"
    )
    shop.alert("a1")
    assert shop.run("alert").code == 0
    assert [part.get_content_type() for part in mail.mails[0].walk()][-1] == "image/png"


def test_one_that_is_down_does_not_hold_up_the_others(any_shop: Any, tools: Any, http: Any) -> None:
    shop = any_shop
    fine, hanging, failing = http(), http(lambda r, n: Answer(delay=60)), http(lambda r, n: Answer(500))
    cutting = http(lambda r, n: Answer(cut=True))
    channels = {
        "fine": fine.url(),
        "hanging": hanging.url(),
        "failing": failing.url(),
        "cutting": cutting.url(),
        "away": f"http://127.0.0.1:{closed_port()}/",
    }
    tools.configure(
        shop,
        delivery={"timeout": "0.5s", "give_up_after": "3s"},
        channels={name: {"type": "webhook", "url": url} for name, url in channels.items()},
    )
    shop.build("shop")
    tools.many(shop, 20)
    started = time.monotonic()
    outcome = shop.run("alert")
    assert time.monotonic() - started < 20
    assert outcome.code == 1
    for name, why in {
        "hanging": "no answer within 0.5 s",
        "failing": "answered 500",
        "cutting": "the connection was cut",
        "away": "no connection",
    }.items():
        assert f"{name}: 20 notifications were not delivered: 127.0.0.1" in outcome.err and why in outcome.err
    assert outcomes(shop) == {("fine", "sent"): 20, **{(name, "failed"): 20 for name in channels if name != "fine"}}
    assert (len(fine.requests), len(failing.requests)) == (1, 3)
    first = failing.requests[0]
    # What was refused goes out again, to the channels that have not had it, under the same key.
    failing.answer = lambda r, n: Answer()
    again = shop.run("alert")
    assert again.code == 1 and "failing" not in again.err and len(fine.requests) == 1
    assert failing.requests[-1].headers["webhook-id"] == first.headers["webhook-id"]
    assert Counter(keys(failing))[first.json["notifications"][0]["idempotency_key"]] == 4


def test_retry_after_is_honoured_up_to_a_limit(shop: Any, tools: Any, http: Any) -> None:
    soon = http(lambda r, n: Answer(429, {"Retry-After": "1"}) if n == 1 else Answer())
    late = http(lambda r, n: Answer(429, {"Retry-After": "3600"}))
    tools.configure(
        shop,
        channels={
            "soon": {"type": "webhook", "url": soon.url(), "group": "alert"},
            "late": {"type": "webhook", "url": late.url(), "group": "alert"},
        },
    )
    shop.build("shop")
    tools.many(shop, 5)
    outcome = shop.run("alert")
    assert outcome.code == 1 and "late: 1 notifications were not delivered: 127.0.0.1 answered 429" in outcome.err
    assert soon.requests[1].at - soon.requests[0].at >= 1.0 and len(soon.requests) == 6
    # Who asks to be left alone for an hour is left alone by this run.
    assert len(late.requests) == 1
    assert outcomes(shop) == {("soon", "sent"): 5, ("late", "failed"): 5}


def test_one_wrong_message_does_not_stop_the_rest(shop: Any, tools: Any, http: Any) -> None:
    web = http(lambda r, n: Answer(400, body="bad column") if b'"column_name": "c3"' in r.body else Answer())
    tools.configure(shop, channels={"hook": {"type": "webhook", "url": web.url(), "group": "alert"}})
    shop.build("shop")
    tools.many(shop, 6)
    outcome = shop.run("alert")
    assert (
        outcome.code == 1
        and "hook: 1 notifications were not delivered: 127.0.0.1 answered 400: bad column" in outcome.err
    )
    assert outcomes(shop) == {("hook", "sent"): 5, ("hook", "failed"): 1}


def test_mail_that_is_refused_for_now_or_for_good(shop: Any, tools: Any, smtp: Any) -> None:
    grey, full, locked = (
        smtp(lambda n: "451 later" if n == 1 else None),
        smtp(lambda n: "552 too big"),
        smtp(password="p"),
    )
    mail = {"type": "mail", "host": "127.0.0.1", "security": "none", "from": "d@example.com", "to": "a@example.com"}
    tools.configure(
        shop,
        channels={
            "grey": {**mail, "port": grey.port},
            "full": {**mail, "port": full.port},
            "locked": {**mail, "port": locked.port, "user": "u", "password": "the-wrong-one"},
            "away": {**mail, "port": closed_port()},
        },
    )
    shop.build("shop")
    shop.alert("a1")
    outcome = shop.run("alert")
    assert outcome.code == 1
    assert (grey.attempts, len(grey.mails), full.attempts) == (2, 1, 1)
    assert "full: 1 notifications were not delivered: 127.0.0.1 answered 552: too big" in outcome.err
    assert "locked: 1 notifications were not delivered: 127.0.0.1 refused the user or the password (535)" in outcome.err
    assert "away: 1 notifications were not delivered: 127.0.0.1: no connection" in outcome.err


def test_two_runs_at_the_same_time(any_shop: Any, tools: Any, http: Any) -> None:
    """On Postgres they share the work; on DuckDB the second waits for the file. Each alert arrives once."""
    shop, web = any_shop, http(lambda r, n: Answer(delay=0.01))
    tools.configure(shop, channels={"hook": {"type": "webhook", "url": web.url(), "group": "alert"}})
    shop.build("shop")
    tools.many(shop, 100)
    shop.workspace.close()
    runs = [tools.start(shop, "alert", "--wait", "120") for _ in range(2)]
    ends = [(*run.communicate(timeout=120), run.returncode) for run in runs]
    assert [end[2] for end in ends] == [0, 0], ends
    assert len(keys(web)) == 100 == len(set(keys(web)))


def test_nobody_takes_the_file_from_a_run(shop: Any, tools: Any, http: Any) -> None:
    """A build that took it between a message and its record would have the message sent twice."""
    file, taken = str(shop.workspace.path), []

    def answer(request: Any, number: int) -> Answer:
        for _ in range(20):
            with suppress(duckdb.Error):
                duckdb.connect(file).close()
                taken.append(number)
            time.sleep(0.02)
        return Answer()

    web = http(answer)
    tools.configure(shop, channels={"hook": {"type": "webhook", "url": web.url(), "group": "alert"}})
    shop.build("shop")
    tools.many(shop, 3)
    shop.workspace.close()
    run = tools.start(shop, "alert")
    _, said = run.communicate(timeout=60)
    assert (run.returncode, taken) == (0, []), said
    assert len(keys(web)) == 3


def test_a_file_in_use_for_too_long_is_an_error(shop: Any, tools: Any, http: Any) -> None:
    web = http()
    tools.configure(shop, channels={"hook": {"type": "webhook", "url": web.url()}})
    shop.build("shop")
    shop.alert("a1")
    run = tools.start(shop, "alert", "--wait", "1")
    out, err = run.communicate(timeout=60)
    assert run.returncode == 2 and out == "" and web.requests == []
    assert "waiting up to 1 s" in err and "is in use by another process" in err


class Runs:
    """Runs in processes of their own; see runs.py."""

    def __init__(self, shop: Any, tools: Any) -> None:
        script = Path(__file__).with_name("runs.py")
        self.process = tools.start_python(shop, str(script), ".", stdin=subprocess.PIPE, stderr=None)
        assert self.process.stdout.readline() == "ready\n"

    def begin(self) -> int:
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def end(self) -> int:
        return int(self.process.stdout.readline())

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(10)


def test_kill_9_at_random_points(any_shop: Any, tools: Any, http: Any, smtp: Any, figure: Any) -> None:
    """Every alert arrives through every channel; twice only after a kill, and then under the same key."""
    shop, alerts = any_shop, 400
    chance = random.Random(5)
    single, grouped, mail = http(), http(), smtp()
    tools.configure(
        shop,
        delivery={"lease": "1s"},
        channels={
            "single": {"type": "webhook", "url": single.url(), "group": "alert"},
            "grouped": {"type": "webhook", "url": grouped.url()},
            "mail": {"type": "mail", "host": "127.0.0.1", "port": mail.port, "security": "none", "from": "d@e.f", "to": "a@b.c"},
        },
    )  # fmt: skip
    shop.build("shop")
    tools.many(shop, alerts)
    shop.workspace.close()
    runs = Runs(shop, tools)
    kills = 0
    while len(set(keys(single))) < alerts and kills < 12:
        seen = len(single.requests)
        pid = runs.begin()
        # Somewhere between the first statement and the last message.
        until = time.monotonic() + chance.uniform(0.0, 4.0)
        stop_at = seen + chance.randint(0, 60)
        while time.monotonic() < until and len(single.requests) <= stop_at:
            time.sleep(0.001)
        time.sleep(chance.random() * 0.02)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        kills += runs.end() == -signal.SIGKILL
    # Undisturbed at last: one run tells what is left, the next has nothing to tell.
    runs.begin()
    assert runs.end() == 0
    arrived = len(single.requests), len(grouped.requests), len(mail.mails)
    runs.begin()
    assert runs.end() == 0
    assert (len(single.requests), len(grouped.requests), len(mail.mails)) == arrived
    runs.close()
    assert kills >= 5

    for name, receiver in (("single", single), ("grouped", grouped)):
        by_alert: dict[str, set[str]] = {}
        contents: dict[str, set[frozenset[str]]] = {}
        for request in receiver.requests:
            notifications = request.json["notifications"]
            for notification in notifications:
                by_alert.setdefault(notification["alert_id"], set()).add(notification["idempotency_key"])
            about = frozenset(notification["alert_id"] for notification in notifications)
            contents.setdefault(request.headers["webhook-id"], set()).add(about)
        assert len(by_alert) == alerts, f"{name}: {alerts - len(by_alert)} alerts were lost"
        assert all(len(found) == 1 for found in by_alert.values()), "an alert came under two keys"
        # A receiver that drops what it has, by the message's key, loses nothing by it.
        assert all(len(found) == 1 for found in contents.values())
        repeated = len(receiver.requests) - len(contents)
        # What a run has sent and not recorded is one batch at most.
        assert repeated <= 20 * kills
        figure(f"{name}: of {len(contents)} messages, after {kills} kills, came twice", repeated)
    # A run that dies while it claims can split a message that was never sent, and nothing else can.
    assert len({found["Message-ID"] for found in mail.mails}) <= 1 + kills
    if shop.workspace.engine != "duckdb":
        return
    import duckdb

    with duckdb.connect(str(shop.workspace.path)) as connection:
        found = dict(
            connection.execute(
                "select channel, count(*) from driftline_notifications where outcome = 'sent' group by 1"
            ).fetchall()
        )
    assert found == {"single": alerts, "grouped": alerts, "mail": alerts}


def test_interrupted_run_lets_the_next_one_take_over_at_once(
    shop: Any, tools: Any, http: Any, monkeypatch: Any
) -> None:
    from driftline.alerting.ledger import Ledger

    web = http()
    tools.configure(shop, delivery={"lease": "1h"}, channels={"hook": {"type": "webhook", "url": web.url()}})
    shop.build("shop")
    shop.alert("a1")

    def interrupt(*arguments: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "settle", interrupt)
        assert shop.run("alert").code == 130
    assert shop.run("alert").code == 0
    assert len(web.requests) == 2 and len(set(keys(web))) == 1


def test_a_large_message_ends_at_once(shop: Any, tools: Any, http: Any, monkeypatch: Any) -> None:
    """A run that dies while it records leaves all of a message behind or nothing: its key stands for its contents."""
    from driftline.alerting import ledger
    from driftline.alerting.ledger import Ledger

    web, alerts = http(), 50
    tools.configure(shop, channels={"hook": {"type": "webhook", "url": web.url()}})
    shop.build("shop")
    for number in range(alerts):
        shop.alert(f"a{number:02}")
    execute, recorded = Ledger._execute, []

    def die_after_one(ledger: Ledger, statement: str) -> None:
        if "outcome = 'sent'" in statement or recorded:
            if recorded:
                raise KeyboardInterrupt
            recorded.append(statement)
        execute(ledger, statement)

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "_execute", die_after_one)
        patch.setattr(ledger, "_ROWS_PER_STATEMENT", 10)
        shop.run("alert")
    assert recorded
    assert shop.run("alert").code == 0
    assert [len(body["notifications"]) for body in web.bodies] == [alerts]


def test_a_long_delivery_keeps_its_lease(any_shop: Any, tools: Any, http: Any) -> None:
    """A second run must not take over what is only slow."""
    shop, web = any_shop, http(lambda r, n: Answer(delay=4))
    if shop.workspace.engine == "duckdb":
        pytest.skip("a second process cannot open the file")
    tools.configure(
        shop, delivery={"lease": "1s", "timeout": "8s"}, channels={"hook": {"type": "webhook", "url": web.url()}}
    )
    shop.build("shop")
    shop.alert("a1")
    first = tools.start(shop, "alert")
    while not web.requests and first.poll() is None:
        time.sleep(0.01)
    second = tools.start(shop, "alert")
    ends = [(*run.communicate(timeout=60), run.returncode) for run in (first, second)]
    assert [end[2] for end in ends] == [0, 0], ends
    assert len(web.requests) == 1


def test_many_channels_are_parallel(shop: Any, tools: Any, http: Any) -> None:
    slow = [http(lambda r, n: Answer(delay=1.0)) for _ in range(8)]
    tools.configure(shop, channels={f"c{n}": {"type": "webhook", "url": web.url()} for n, web in enumerate(slow)})
    shop.build("shop")
    shop.alert("a1")
    assert shop.run("alert").code == 0
    arrived = [web.requests[0].at for web in slow]
    assert max(arrived) - min(arrived) < 1.0
    assert threading.active_count() < 100
