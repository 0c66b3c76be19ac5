"""Secrets appear nowhere but where they are sent: not in output, errors, logs, the ledger, or what a program prints."""

from __future__ import annotations

import logging
import sys
from typing import Any

import pytest
from support.receivers import Answer, closed_port

SECRETS = {
    "SLACK_WEBHOOK": "/services/T0SECRET1/B0SECRET2/s3cretslackpart",
    "PAGER_ENTRY": "s3cretroutingkey0123456789",
    "HOOK_SIGN": "s3cret-signing-key",
    "HOOK_AUTH": "Bearer s3cret-bearer-value",
    "POST_ENTRY": "s3cret mail passphrase",
    "APPRISE_A": "s3cretapprisetoken",
    "DB_ENTRY": "s3cretofthewarehouse",
}
PARTS = [
    "T0SECRET1", "B0SECRET2", "s3cretslackpart", "s3cretroutingkey", "s3cret-signing-key", "s3cret-bearer",
    "s3cret mail", "s3cretapprisetoken", "s3cretuserpart", "s3cretquery",
]  # fmt: skip


def channels(port: int, mail_port: int) -> dict[str, Any]:
    return {
        "slack": {"type": "slack", "url": "env:SLACK_URL"},
        "pager": {"type": "pagerduty", "routing_key": "env:PAGER_ENTRY", "url": f"http://127.0.0.1:{port}/pager"},
        "hook": {
            "type": "webhook",
            "url": f"http://127.0.0.1:{port}/hook?key=s3cretquery",
            "secret": "env:HOOK_SIGN",
            "headers": {"Authorization": "env:HOOK_AUTH"},
        },
        "mail": {
            "type": "mail", "host": "127.0.0.1", "port": mail_port, "security": "none", "user": "u",
            "password": "env:POST_ENTRY", "from": "d@example.com", "to": "a@example.com",
        },
        "json": {"type": "apprise", "url": f"json://s3cretuserpart:s3cretapprisetoken@127.0.0.1:{port}/s3cretquery"},
        "slack-by-apprise": {"type": "apprise", "url": "env:APPRISE_URL"},
    }  # fmt: skip


@pytest.mark.parametrize("behaviour", ["echo", "cut", "away", "redirect", "taken"])
def test_nowhere(behaviour: str, shop: Any, tools: Any, http: Any, smtp: Any, monkeypatch: Any, caplog: Any) -> None:
    def answer(request: Any, number: int) -> Answer:
        if behaviour == "cut":
            return Answer(cut=True)
        if behaviour == "redirect":
            return Answer(302, {"Location": "http://127.0.0.1:1" + request.path})
        # The worst a receiver can do is to repeat all it was given.
        everything = f"{request.path} {request.headers} {request.body[:300]!r}"
        return Answer(400 if behaviour == "echo" else 200, body=everything)

    web = http(answer)
    port = closed_port() if behaviour == "away" else web.port
    mail = smtp(lambda n: "552 refused", password=SECRETS["POST_ENTRY"] if behaviour != "away" else "another")
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SLACK_URL", f"http://127.0.0.1:{port}{SECRETS['SLACK_WEBHOOK']}")
    monkeypatch.setenv(
        "APPRISE_URL", f"jsons://s3cretuserpart:s3cretapprisetoken@127.0.0.1:{port}/B0SECRET2/?x=s3cretquery"
    )
    printing = "import os, sys, json; print(dict(os.environ)); print(sys.stdin.read()); sys.exit(1)"
    tools.configure(
        shop,
        delivery={"attempts": 2, "back_off": "0.01s", "timeout": "1s"},
        channels=channels(port, mail.port),
        actions={
            "print": {"command": [sys.executable, "-c", printing]},
            "call": {"webhook": {"url": f"http://127.0.0.1:{port}/s3cretquery", "headers": {"X-Key": "env:HOOK_AUTH"}}},
        },
    )
    shop.build("shop")
    shop.alert("a1")
    root = logging.getLogger()
    with caplog.at_level(logging.DEBUG):
        caplog.handler.setLevel(logging.DEBUG)
        outcome = shop.run("alert", "--verbose", "--json")
    assert outcome.code == 1 and root is not None
    if behaviour in ("echo", "taken"):
        assert len(web.requests) >= 4
    ledger = str(shop.workspace.sql(f"select * from {shop.workspace.relation('driftline_notifications')}"))
    logged = "\n".join(record.getMessage() for record in caplog.records)
    for place, text in {"out": outcome.out, "err": outcome.err, "ledger": ledger, "log": logged}.items():
        for part in PARTS:
            assert part not in text, f"{part} in {place}: {text[max(0, text.find(part) - 200) : text.find(part) + 60]}"


def test_not_in_an_unexpected_error_either(shop: Any, tools: Any, monkeypatch: Any) -> None:
    from driftline.alerting.channels.http import Poster

    def burst(self: Any, *arguments: Any) -> str:
        raise RuntimeError(f"cannot post to {self._url}")

    monkeypatch.setattr(Poster, "post", burst)
    monkeypatch.setenv("SLACK_URL", "https://hooks.example.com/services/s3cretslackpart")
    tools.configure(shop, channels={"slack": {"type": "slack", "url": "env:SLACK_URL"}})
    shop.build("shop")
    shop.alert("a1")
    outcome = shop.run("alert", "--verbose")
    assert outcome.code == 1 and "unexpected error (RuntimeError): cannot post to ***" in outcome.err


def test_a_missing_secret_stops_before_anything_is_sent(shop: Any, tools: Any, http: Any) -> None:
    web = http()
    tools.configure(
        shop,
        channels={"fine": {"type": "webhook", "url": web.url()}, "team": {"type": "slack", "url": "env:NO_SUCH_URL"}},
    )
    shop.build("shop")
    shop.alert("a1")
    outcome = shop.run("alert")
    assert outcome.code == 2 and outcome.out == "" and web.requests == []
    assert "channels.team.url: the environment variable NO_SUCH_URL is not set" in outcome.err
    assert not shop.workspace.sql(
        "select 1 from information_schema.tables where table_name = 'driftline_notifications'"
    )


def test_a_url_apprise_does_not_know(shop: Any, tools: Any, http: Any) -> None:
    web = http()
    tools.configure(
        shop,
        channels={
            "a": {"type": "webhook", "url": web.url()},
            "b": {"type": "apprise", "url": "nosuch://s3cretslackpart"},
        },
    )
    shop.build("shop")
    shop.alert("a1")
    outcome = shop.run("alert", "--verbose")
    assert outcome.code == 2 and web.requests == [] and "s3cretslackpart" not in outcome.err
    assert "channels.b.url: Apprise does not understand this URL" in outcome.err
