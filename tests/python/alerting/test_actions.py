"""What is started on an alert: once, within a limit, and on record."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from support.project import REPOSITORY
from support.receivers import Answer, closed_port

SCHEMA = REPOSITORY / "python" / "driftline" / "alerting" / "schema" / "notification.v1.json"

RETRAIN = """
import json, os, sys
alert = json.load(sys.stdin)
with open(sys.argv[1], "a") as log:
    log.write(json.dumps({**alert, "key": os.environ["DRIFTLINE_IDEMPOTENCY_KEY"]}) + "\\n")
print("retrained with", os.environ.get("MODEL_TOKEN"))
sys.exit(int(sys.argv[2]))
"""


def command(shop: Any, code: int = 0) -> tuple[list[str], Path]:
    (shop.folder / "retrain.py").write_text(RETRAIN)
    return [sys.executable, "retrain.py", "starts.jsonl", str(code)], shop.folder / "starts.jsonl"


def starts(log: Path) -> list[Any]:
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def rows(shop: Any, name: str) -> list[tuple[Any, ...]]:
    found = shop.ledger("alert_id, outcome, exit_code, detail, channel")
    return sorted(row[:4] for row in found if row[4] == f"action:{name}")


def test_a_command_once_per_episode(any_shop: Any, tools: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = any_shop
    monkeypatch.setenv("MODEL_TOKEN", "token-of-the-model")
    words, log = command(shop)
    tools.configure(shop, actions={"retrain": {"match": {"severity": "critical"}, "command": words}})
    shop.build("shop")
    shop.alert("a1")
    assert shop.run("alert").code == 0 and starts(log) == []
    shop.alert("a1", severity="critical", column_name='"; rm -rf / #')
    for _ in range(3):
        outcome = shop.run("alert")
        assert outcome.code == 0
    (start,) = starts(log)
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(start)
    assert (start["kind"], start["action"], start["key"]) == ("action", "retrain", start["idempotency_key"])
    assert start["notifications"][0]["alert"]["column_name"] == '"; rm -rf / #'
    # Its output is on record, without the secret it printed.
    assert rows(shop, "retrain") == [("a1", "succeeded", 0, "retrained with ***")]
    # The same episode that opens again is the same episode.
    shop.alert("a1", severity="critical", status="resolved")
    shop.run("alert")
    shop.alert("a1", severity="critical")
    shop.run("alert")
    assert len(starts(log)) == 1


def test_a_command_that_fails_is_on_record_and_not_repeated(shop: Any, tools: Any) -> None:
    words, log = command(shop, code=7)
    tools.configure(shop, actions={"retrain": {"command": words}})
    shop.build("shop")
    shop.alert("a1")
    outcome = shop.run("alert")
    assert outcome.code == 1 and "action:retrain: failed for 1 alerts: retrained with" in outcome.err
    assert shop.run("alert").code == 0 and len(starts(log)) == 1
    assert rows(shop, "retrain")[0][1:3] == ("error", 7)


def test_together_by_monitor_and_limited_by_day(shop: Any, tools: Any) -> None:
    words, log = command(shop)
    tools.configure(shop, actions={"retrain": {"command": words, "per": "monitor", "limit_per_day": 1}})
    shop.build("shop", "other")
    for number in range(3):
        shop.alert(f"a{number}", severity="critical" if number == 2 else "warn")
    shop.run("alert")
    (start,) = starts(log)
    assert [n["alert_id"] for n in start["notifications"]] == ["a2", "a0", "a1"]
    shop.alert("b", monitor="other")
    outcome = shop.run("alert")
    assert outcome.code == 0 and "action:retrain: waiting: 1 (limit of 1 a day reached)" in outcome.err
    assert len(starts(log)) == 1
    shop.workspace.execute(
        f"update {shop.workspace.relation('driftline_notifications')} set claimed_at = claimed_at - interval '25 hours'"
    )
    assert shop.run("alert").code == 0 and len(starts(log)) == 2


def test_a_preview_says_what_waits_and_what_nobody_is_told_of(shop: Any, tools: Any) -> None:
    mute = {"match": {"monitor": "shop"}, "reason": "sale", "until": "2099-01-01"}
    tools.configure(shop, channels={"screen": {"type": "console"}}, mutes=[mute])
    shop.build("shop")
    shop.alert("a1")
    outcome = shop.run("alert", "--dry-run")
    assert outcome.out == "screen  waits: shop: psi of price is 0.31, over 0.25: muted: sale\n" and outcome.err == ""
    routes = [{"match": {"monitor": "another"}, "channels": "screen"}]
    tools.configure(shop, channels={"screen": {"type": "console"}}, routes=routes)
    outcome = shop.run("alert", "--dry-run")
    assert outcome.code == 0 and outcome.out == "" and "1 open incidents match no route" in outcome.err
    tools.configure(shop, channels={"screen": {"type": "console"}})
    assert shop.run("alert").code == 0
    assert "nothing new to tell" in shop.run("alert", "--dry-run").err


def test_dry_runs_start_nothing(shop: Any, tools: Any) -> None:
    words, log = command(shop)
    tools.configure(shop, actions={"retrain": {"command": words, "dry_run": True}})
    shop.build("shop")
    shop.alert("a1")
    outcome = shop.run("alert", "--dry-run")
    assert outcome.code == 0 and "console  OPENED" in outcome.out and "action:retrain  STARTED" in outcome.out
    assert shop.run("alert", "--dry-run").out == outcome.out
    for _ in range(2):
        assert shop.run("alert").code == 0
    assert rows(shop, "retrain") == [("a1", "dry_run", None, "dry run: not started")] and starts(log) == []
    # Once it is meant, what is still open is started.
    tools.configure(shop, actions={"retrain": {"command": words}})
    shop.run("alert")
    assert len(starts(log)) == 1 and rows(shop, "retrain")[0][1] == "succeeded"


def test_a_command_that_does_not_end_is_ended(shop: Any, tools: Any) -> None:
    script = "import subprocess, sys, time; print('begun', flush=True); subprocess.run([sys.executable, '-c', 'import time; time.sleep(99)'])"
    tools.configure(shop, actions={"slow": {"command": [sys.executable, "-c", script], "timeout": "1s"}})
    shop.build("shop")
    shop.alert("a1")
    started = time.monotonic()
    outcome = shop.run("alert")
    assert outcome.code == 1 and time.monotonic() - started < 15
    assert rows(shop, "slow") == [("a1", "error", None, "ended after 1 s. begun")]


def test_a_lot_of_output_leaves_its_end(shop: Any, tools: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_SECRET", "s3cret-" * 10)
    script = "import os\nfor n in range(200000): print('line', n)\nprint('x' * 1950, os.environ['SOME_SECRET'], 'end')"
    tools.configure(shop, actions={"loud": {"command": [sys.executable, "-c", script]}})
    shop.build("shop")
    shop.alert("a1")
    assert shop.run("alert").code == 0
    detail = rows(shop, "loud")[0][3]
    assert detail.endswith("*** end") and len(detail) <= 2001 and "s3cret" not in detail


def test_what_cannot_be_started_is_tried_again(shop: Any, tools: Any) -> None:
    tools.configure(shop, actions={"retrain": {"command": ["./no-such-program"]}})
    shop.build("shop")
    shop.alert("a1")
    outcome = shop.run("alert")
    assert outcome.code == 1 and "./no-such-program cannot be started" in outcome.err
    words, log = command(shop)
    tools.configure(shop, actions={"retrain": {"command": words}})
    assert shop.run("alert").code == 0 and len(starts(log)) == 1


def test_a_run_that_died_over_a_command_does_not_start_it_again(any_shop: Any, tools: Any) -> None:
    shop = any_shop
    script = "import time; open('began', 'a').write('x'); time.sleep(5)"
    tools.configure(shop, delivery={"lease": "1s"}, actions={"slow": {"command": [sys.executable, "-c", script]}})
    shop.build("shop")
    shop.alert("a1")
    shop.workspace.close()
    run = tools.start(shop, "alert")
    while not (shop.folder / "began").exists() and run.poll() is None:
        time.sleep(0.01)
    run.kill()
    run.communicate()
    time.sleep(1.1)
    second = tools.start(shop, "alert")
    _, err = second.communicate(timeout=60)
    assert second.returncode == 1
    assert "action:slow: 1 starts were begun by a run that died; they may have happened and are not repeated" in err
    third = tools.start(shop, "alert")
    third.communicate(timeout=60)
    assert third.returncode == 0 and (shop.folder / "began").read_text() == "x"


def test_a_webhook_with_a_body_of_ones_own(shop: Any, tools: Any, http: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORGE_AUTH", "Bearer forge-bearer")
    web = http(lambda r, n: Answer(204, body=""))
    tools.configure(
        shop,
        actions={
            "flow": {
                "webhook": {
                    "url": web.url("/repos/o/r/dispatches"),
                    "headers": {"Authorization": "env:FORGE_AUTH"},
                    "body": {
                        "event_type": "drift",
                        "client_payload": {"id": "$idempotency_key", "monitor": "$monitor", "all": ["$message"], "x": "$x"},
                    },
                }
            }
        },
    )  # fmt: skip
    shop.build("shop")
    shop.alert("a1")
    assert shop.run("alert").code == 0 and shop.run("alert").code == 0
    (request,) = web.requests
    assert request.headers["authorization"] == "Bearer forge-bearer"
    body = request.json
    assert (body["event_type"], body["client_payload"]["monitor"], body["client_payload"]["x"]) == (
        "drift",
        "shop",
        "$x",
    )
    assert body["client_payload"]["all"][0]["notifications"][0]["alert_id"] == "a1"
    assert body["client_payload"]["id"] == request.headers["webhook-id"]


def test_a_webhook_that_may_have_started_something_is_not_repeated(shop: Any, tools: Any, http: Any) -> None:
    hanging, busy = http(lambda r, n: Answer(delay=60)), http(lambda r, n: Answer(503) if n < 3 else Answer())
    wrong = http(lambda r, n: Answer(401))
    tools.configure(
        shop,
        actions={
            "hanging": {"webhook": {"url": hanging.url()}, "timeout": "0.5s"},
            "busy": {"webhook": {"url": busy.url()}},
            "wrong": {"webhook": {"url": wrong.url()}},
            "away": {"webhook": {"url": f"http://127.0.0.1:{closed_port()}/"}},
        },
    )
    shop.build("shop")
    shop.alert("a1")
    assert shop.run("alert").code == 1
    assert (len(hanging.requests), len(busy.requests), len(wrong.requests)) == (1, 3, 1)
    assert rows(shop, "hanging")[0][1] == "error" and "may have been started" in rows(shop, "hanging")[0][3]
    assert rows(shop, "busy")[0][1] == "succeeded"
    assert rows(shop, "wrong")[0][1] == "failed" and rows(shop, "away")[0][1] == "failed"
    shop.run("alert")
    assert (len(hanging.requests), len(busy.requests), len(wrong.requests)) == (1, 3, 2)


def test_the_limit_holds_for_two_runs_at_the_same_time(any_shop: Any, tools: Any) -> None:
    shop = any_shop
    words, log = command(shop)
    tools.configure(shop, actions={"retrain": {"command": words, "limit_per_day": 2}})
    shop.build("shop")
    tools.many(shop, 6)
    shop.workspace.close()
    runs = [tools.start(shop, "alert") for _ in range(2)]
    assert [run.communicate(timeout=90) and run.returncode for run in runs] == [0, 0]
    assert 1 <= len(starts(log)) <= 2
