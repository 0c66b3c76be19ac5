"""Odd rules, addresses and secrets: each works or is refused by its name, and none keeps the others from telling."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from driftline.alerting import run as running
from driftline.alerting.config import ConfigError, load_config
from driftline.alerting.mailboxes import address_of, mailboxes
from driftline.errors import DeliveryError, reason_of
from driftline.scrub import Scrubber
from support.receivers import closed_port


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("a@example.com", ["a@example.com"]),
        ("a@example.com, b@example.com", ["a@example.com", "b@example.com"]),
        ("a@example.com;b@example.com,", ["a@example.com", "b@example.com"]),
        ("a@example.com\nb@example.com\n", ["a@example.com", "b@example.com"]),
        (["a@example.com, b@example.com", "c@example.com"], ["a@example.com", "b@example.com", "c@example.com"]),
        ('"Doe, Jane" <j@example.com>, A <a@example.com>', ['"Doe, Jane" <j@example.com>', '"A" <a@example.com>']),
        (r'"a \"b\", \\ c" <x@example.com>', [r'"a \"b\", \\ c" <x@example.com>']),
        ("Zoë Müller <z@exämple.com>, <b@localhost>", ['"Zoë Müller" <z@exämple.com>', "b@localhost"]),
        ("a@example.com, a@example.com", ["a@example.com"]),
    ],
)
def test_addresses(given: Any, expected: list[str]) -> None:
    assert mailboxes(given) == expected
    assert [address_of(mailbox) for mailbox in expected] == [e.rpartition("<")[2].strip(">") for e in expected]


@pytest.mark.parametrize(
    "given",
    [
        "", ",", "a", "a@", "@b", "a@b@c", "a b@example.com", "a@example.com b@example.com", "Doe, Jane <j@example.com>",
        '"Doe, Jane <j@example.com>', "team: a@example.com;", "a@example.com\x00", "A <a@example.com", "a@exam\u2028ple.com",
        'x"y"z <a@example.com>',
    ],
)  # fmt: skip
def test_what_is_no_address(given: str) -> None:
    with pytest.raises(ValueError, match="address"):
        mailboxes(given)


def mail(port: int, **more: Any) -> dict[str, Any]:
    return {
        "type": "mail", "host": "127.0.0.1", "port": port, "security": "none", "from": "w@example.com", "chart": False,
        "to": "a@example.com", **more,
    }  # fmt: skip


def test_one_text_of_addresses_reaches_all(shop: Any, tools: Any, smtp: Any, monkeypatch: Any) -> None:
    first, second = smtp(), smtp()
    monkeypatch.setenv("ON_CALL", "x@example.com, Y <y@example.com>")
    tools.configure(
        shop,
        channels={
            "one": mail(first.port, to='a@example.com, "Doe, J" <b@example.com>', cc=["c@example.com; d@example.com"]),
            "two": mail(second.port, to="env:ON_CALL"),
        },
    )
    shop.build("shop")
    shop.alert("a1")
    assert shop.run("alert").code == 0
    assert first.recipients == [["a@example.com", "b@example.com", "c@example.com", "d@example.com"]]
    assert [a.addr_spec for a in first.mails[0]["To"].addresses] == ["a@example.com", "b@example.com"]
    assert second.recipients == [["x@example.com", "y@example.com"]]


def test_a_recipient_that_is_refused_is_told(shop: Any, tools: Any, smtp: Any) -> None:
    receiver = smtp()

    async def handle(self: Any, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address.startswith("gone"):
            return "550 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 ok"

    type(receiver._controller.handler).handle_RCPT = handle
    tools.configure(shop, channels={"post": mail(receiver.port, to="a@example.com, gone@example.com")})
    shop.build("shop")
    shop.alert("a1")
    outcome = shop.run("alert")
    assert receiver.recipients == [["a@example.com"]] and outcome.code == 1
    assert "post: 1 notifications did not reach everybody: refused: gone@example.com (550)" in outcome.err
    assert shop.ledger("outcome, detail") == [("sent", "refused: gone@example.com (550)")]


@pytest.mark.parametrize(
    ("until", "zone", "muted"),
    [
        ("9999-12-31", "UTC", True),
        ("9999-12-31", "America/Los_Angeles", True),
        ("9999-12-31 23:59:59", "Pacific/Honolulu", True),
        ("9999-12-30", "Etc/GMT+12", True),
        ("0001-01-01", "Asia/Tokyo", False),
        ("0001-01-01 00:00", "UTC", False),
        ("2400-02-29", "Europe/London", True),
        ("1970-01-01", "UTC", False),
    ],
)
def test_mutes_at_the_ends_of_the_calendar(until: str, zone: str, muted: bool, tmp_path: Path) -> None:
    path = tmp_path / "driftline.yml"
    path.write_text(f"mutes: [{{match: {{monitor: x}}, reason: r, until: {until}, timezone: {zone}}}]")
    mute = load_config(path, Scrubber({}), {}).mutes[0]
    assert (datetime.now(timezone.utc) < mute.until) == muted


MAIL = "{type: mail, host: h, from: w@example.com, to: "
ODD = [
    ("mutes: [{match: {monitor: x}, reason: r, until: 0000-01-01}]", "mutes.0.until: '0000-01-01' is not a date"),
    ("mutes: [{match: {monitor: x}, reason: r, until: 2026-02-30}]", "mutes.0.until: '2026-02-30' is not a date"),
    (
        "mutes: [{match: {monitor: x}, reason: r, until: 99999-01-01}]",
        "mutes.0.until: '99999-01-01' is not of the form",
    ),
    ("channels: {a: " + MAIL + "nobody}}", "channels.a.to: address 1 is not of the form a@example.com"),
    ("channels: {a: " + MAIL + "[a@example.com, 'b@x, c']}}", "channels.a.to: address 3 is not of the form"),
    ("channels: {a: " + MAIL + "'a@x', cc: ','}}", "channels.a.cc: no address"),
    ("channels: {a: {type: mail, host: h, from: 'a@x, b@x', to: c@x}}", "channels.a.from: more than one address"),
    ("channels: {a: " + MAIL + "a@x, port: 99999}}", "channels.a.port: not a port: 1 to 65535"),
    ("channels: {a: {type: console, cool_down: 999999999999d}}", "channels.a.cool_down: '999999999999d' is more than"),
    ("channels: {a: {type: console, remind_every: 36501d}}", "channels.a.remind_every: '36501d' is more than"),
    ("channels: {a: {type: slack, url: 'https://x/y', timeout: 0s}}", "channels.a.timeout: '0s' is not over 0s"),
    ("delivery: {lease: 999999999999d}", "delivery.lease: '999999999999d' is not over 0s"),
    ("actions: {a: {command: [x], timeout: 31d}}", "actions.a.timeout: '31d' is not over 0s"),
    ("channels: {a: {type: slack, url: 'https://[::1/y'}}", "channels.a.url: not a URL"),
    ("channels: {a: {type: webhook, url: 'https://x:99999/y'}}", "channels.a.url: not a URL"),
]


@pytest.mark.parametrize(("text", "expected"), ODD)
def test_what_is_odd_is_named(text: str, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "driftline.yml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_config(path, Scrubber({}), {})
    assert expected in caught.value.message


def test_a_channel_that_cannot_be_planned_leaves_the_others(shop: Any, tools: Any, http: Any, monkeypatch: Any) -> None:
    fine, odd = http(), http()
    real = running.plan

    def plan(alerts: Any, recorded: Any, monitors: Any, policy: Any, *more: Any) -> Any:
        if policy.channel == "odd":
            raise OverflowError(f"date value out of range near {odd.url('/hush-hush-1')}")
        return real(alerts, recorded, monitors, policy, *more)

    monkeypatch.setattr(running, "plan", plan)
    channels = {"odd": {"type": "webhook", "url": odd.url("/hush-hush-1")}, "z": {"type": "webhook", "url": fine.url()}}
    tools.configure(shop, channels=channels)
    shop.build("shop")
    shop.alert("a1")
    assert "odd  nothing could be told or started: OverflowError" in shop.run("alert", "--dry-run").out
    outcome = shop.run("alert")
    assert outcome.code == 1 and len(fine.requests) == 1 and odd.requests == []
    assert "odd: nothing could be told or started: OverflowError: date value" in outcome.err
    assert "hush-hush-1" not in outcome.err


PASSWORD = "pässwörd-日本-\U0001f511"


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2"])
def test_a_password_outside_ascii(mechanism: str, shop: Any, tools: Any, smtp: Any, monkeypatch: Any) -> None:
    right, wrong = smtp(password=PASSWORD), smtp(password="another")
    monkeypatch.setenv("POST_ENTRY", PASSWORD)
    tools.configure(
        shop,
        delivery={"attempts": 1},
        channels={n: mail(r.port, user="zoë", password="env:POST_ENTRY") for n, r in {"a": right, "b": wrong}.items()},
    )
    import smtplib

    ehlo = smtplib.SMTP.ehlo

    def only(self: Any, name: str = "") -> Any:
        answer = ehlo(self, name)
        self.esmtp_features["auth"] = f" {mechanism}"
        return answer

    monkeypatch.setattr(smtplib.SMTP, "ehlo", only)
    shop.build("shop")
    shop.alert("a1")
    outcome = shop.run("alert", "--verbose")
    assert outcome.code == 1 and len(right.mails) == (mechanism in ("PLAIN", "LOGIN")) and not wrong.mails
    ledger = str(shop.workspace.sql(f"select * from {shop.workspace.relation('driftline_notifications')}"))
    for text in (outcome.out, outcome.err, ledger):
        assert not set(text) & set(PASSWORD) - set(map(chr, range(128)))
        assert "\\xe4" not in text and "position" not in text
    if mechanism in ("PLAIN", "LOGIN"):
        assert "b: 1 notifications were not delivered: 127.0.0.1 refused the user or the password (535)" in outcome.err
    if mechanism == "XOAUTH2":
        assert "does not support what 'security' and 'user' ask for" in outcome.err


def test_headers_outside_ascii_arrive(shop: Any, tools: Any, http: Any) -> None:
    web = http()
    tools.configure(
        shop, channels={"a": {"type": "webhook", "url": web.url(), "headers": {"Authorization": f"Bearer {PASSWORD}"}}}
    )
    shop.build("shop")
    shop.alert("a1")
    assert shop.run("alert").code == 0
    assert web.requests[0].headers["authorization"].encode("latin-1").decode() == f"Bearer {PASSWORD}"


def test_an_error_never_quotes_what_it_could_not_encode() -> None:
    with pytest.raises(UnicodeEncodeError) as caught:
        PASSWORD.encode("ascii")
    assert reason_of(caught.value) == "a text that ascii cannot carry (UnicodeEncodeError)"
    assert reason_of(KeyError()) == "KeyError" and reason_of(ValueError("a\nb")) == "ValueError: a b"
    assert reason_of(DeliveryError("why")) == "DeliveryError: why"


def test_what_apprise_says_is_kept_by_channel(shop: Any, tools: Any, http: Any) -> None:
    from support.receivers import Answer

    web = http(lambda request, number: Answer(418))
    tools.configure(
        shop,
        delivery={"attempts": 1, "timeout": "2s"},
        channels={
            "away": {"type": "apprise", "url": f"json://127.0.0.1:{closed_port()}/s3cretpathpart"},
            "rude": {"type": "apprise", "url": f"json://127.0.0.1:{web.port}/s3cretpathpart"},
        },
    )
    shop.build("shop")
    shop.alert("a1")
    outcome = shop.run("alert")
    assert outcome.code == 1 and "no reason given" not in outcome.err and "s3cretpathpart" not in outcome.err
    said = {line.split(": ")[1]: line for line in outcome.err.splitlines() if "not delivered" in line}
    assert "onnection" in said["away"] and "418" not in said["away"] and "418" in said["rude"]
    assert all("Apprise could not deliver it: " in row[0] for row in shop.ledger("detail"))


def test_timers_hold_what_they_are_given(tmp_path: Path) -> None:
    path = tmp_path / "driftline.yml"
    path.write_text("channels: {a: {type: console, cool_down: 36500d, remind_every: 0s, timeout: 30d}}")
    channel = load_config(path, Scrubber({}), {}).channels[0].settings
    assert channel.cool_down == timedelta(days=36500) and channel.timeout == 30 * 86400
