"""Words: two catalogues with one set of keys, and texts of the data that stay texts in every kind of message."""

from __future__ import annotations

import email
import email.policy
import json
import re
import string
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
import yaml
from driftline.alerting.catalogue import catalogue, languages
from driftline.alerting.channels import Context, Surroundings
from driftline.alerting.channels.apprise_ import _harmless
from driftline.alerting.channels.mail import MailChannel, MailSettings
from driftline.alerting.channels.pagerduty import event
from driftline.alerting.channels.slack import blocks, escape
from driftline.alerting.channels.webhook import payload
from driftline.alerting.chart import draw
from driftline.alerting.facts import BusinessValue, Cause, Facts
from driftline.alerting.messages import compose, headline, report_link
from driftline.alerting.notification import Message, Notification
from driftline.alerting.planning import Policy, messages, plan
from driftline.alerts import Alert
from driftline.scrub import Scrubber
from jsonschema import Draft202012Validator
from support.project import REPOSITORY

FOLDER = REPOSITORY / "python" / "driftline" / "alerting"

ALERT = Alert(
    "a1", "shop", "critical", "open", "price: psi 0.31", model_version="v2", segment="market", segment_value="JP",
    window_periods=7, family="drift", metric="psi", column_name="price", baseline="reference",
    first_window_start=datetime(2026, 3, 1), last_window_start=datetime(2026, 3, 2),
    last_window_end=datetime(2026, 3, 9), windows_breached=2, value=0.31, peak_value=0.4, threshold=0.25, noise=0.01,
    owner="ann@example.com",
)  # fmt: skip
BUSINESS = replace(
    ALERT, alert_id="a2", severity="warn", family="business", metric="conversion", column_name="all", expected=0.021,
    value=0.018, peak_value=0.011, segment="all", segment_value="all", model_version="all", baseline="trailing", window_periods=1,
)  # fmt: skip
FACTS = Facts(
    {"a1": (Cause("price", "market", "JP", 0.8), Cause(None, "market", "NO", 0.1))},
    {"a1": (BusinessValue("conversion", 0.018, -0.14), BusinessValue("revenue", 1234567.0, None))},
)


def message_of(*alerts: Alert) -> Message:
    (found,) = messages(plan(alerts, [], ["shop"], Policy("c")), [], Policy("c"))
    return found


def context(language: str = "en", **pictures: bytes) -> Context:
    return Context(catalogue(language), FACTS, "https://example.com/report.html", pictures)


# --- catalogues --------------------------------------------------------------------------------------------------


def placeholders(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


@pytest.mark.parametrize("language", languages())
def test_catalogues_have_the_same_keys_and_placeholders(language: str) -> None:
    texts = {
        name: yaml.safe_load((FOLDER / "catalogues" / f"{name}.yml").read_text(encoding="utf-8"))
        for name in ("en", language)
    }
    assert set(texts[language]) == set(texts["en"])
    for key, text in texts[language].items():
        assert isinstance(text, str) and text.strip(), key
        assert placeholders(text) == placeholders(texts["en"][key]), key


def test_every_key_is_used_and_every_used_key_is_there() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.py"))
    for key in yaml.safe_load((FOLDER / "catalogues" / "en.yml").read_text(encoding="utf-8")):
        stem = re.sub(r"\.(one|other)$", "", key)
        prefix = re.escape(stem.rpartition(".")[0])
        used = f'"{stem}"' in source or re.search(rf"""["']{prefix}\.\{{""", source)
        assert key == "language" or used, f"nobody uses {key}"


# --- what is said ------------------------------------------------------------------------------------------------


def test_english() -> None:
    text = compose(message_of(ALERT, BUSINESS), catalogue("en"), FACTS, "https://example.com/r.html").plain()
    assert text == (
        "shop: 1 critical incident, 1 warning\n\n"
        "New, critical: price: psi 0.31, held against the reference\n"
        "  Since: 2026-03-01, 2 windows of 7 periods\n"
        "  Beyond the usual: up to 0.01 is chance; it is critical from 0.25\n"
        "  Worst: 0.4\n"
        "  Where: market = JP, version v2\n"
        "  Driven by: price: 80 % of it, market = NO: 10 % of it\n"
        "  Business metrics: conversion 0.018 (-14 % against the reference), revenue 1,234,567\n"
        "  Owner: ann@example.com\n\n"
        "New, warning: conversion is 0.018, usual is 0.021 (the windows before)\n"
        "  Since: 2026-03-01, 2 windows of 1 period\n"
        "  Beyond the usual: a difference of up to 0.01 is chance\n"
        "  Worst: 0.011\n"
        "  Owner: ann@example.com\n\n"
        "Open the report: https://example.com/r.html#monitor-shop\n"
    )


def test_the_threshold_is_that_of_the_severity() -> None:
    for alert, words in (
        (replace(ALERT, severity="warn", threshold=0.1), "up to 0.01 is chance; it alerts from 0.1\n"),
        (replace(ALERT, noise=None), "Beyond the usual: it is critical from 0.25\n"),
        (replace(ALERT, noise=None, severity="warn", threshold=0.1), "Beyond the usual: it alerts from 0.1\n"),
    ):
        assert words in compose(message_of(alert), catalogue("en"), FACTS).plain()


def test_japanese() -> None:
    text = compose(message_of(ALERT, BUSINESS), catalogue("ja"), FACTS).plain()
    assert text.startswith("shop：重大 1 件、警告 1 件\n\n発生、重大: price：psi が 0.31（基準期間との比較）")
    assert "market = NO：全体の 10 %" in text and "基準期間比 -14 %" in text


def test_only_the_worst_are_shown_and_the_rest_is_counted() -> None:
    alerts = [replace(BUSINESS, alert_id=f"b{n}") for n in range(20)] + [ALERT]
    words = compose(message_of(*alerts), catalogue("en"), FACTS, at_most=3)
    assert len(words.items) == 3 and words.items[0].severity == "critical" and words.more == "18 more are not shown."
    assert words.title == "shop: 1 critical incident, 20 warnings"


def test_link() -> None:
    assert report_link(None, "shop") is None
    assert report_link("https://x/r.html#old", "shop") == "https://x/r.html#monitor-shop"
    assert report_link("https://x/r.html", None) == "https://x/r.html"
    # As it stands the id of an element and the end of a link.
    assert report_link("https://x/r.html", 'a "b".é') == "https://x/r.html#monitor-a.20..22.b.22..2e..e9."


# --- texts of the data -------------------------------------------------------------------------------------------

HOSTILE = (
    "<script>alert(1)</script> <!channel> <@U123> <https://evil.example|click> *bold* _it_ `code` :fire: & {value} "
    "\"quoted\" 'x' @everyone\r\nBcc: victim@example.com\r\n\r\n<b>body</b> \x1b[31m %s {{ 7*7 }} 日本 </pre>"
)
NASTY = replace(
    ALERT, monitor=HOSTILE, column_name=HOSTILE, segment=HOSTILE, segment_value=HOSTILE, owner=HOSTILE, message=HOSTILE
)


@pytest.mark.parametrize("language", languages())
def test_slack_has_the_data_in_plain_text_only(language: str) -> None:
    words = context(language).compose(message_of(NASTY), 10)

    def texts(value: Any) -> Any:
        if isinstance(value, dict):
            if "type" in value and "text" in value and isinstance(value["text"], str):
                yield value
            for inner in value.values():
                yield from texts(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from texts(inner)

    found = list(texts(blocks(words)))
    assert found and all(text["type"] == "plain_text" and text["emoji"] is False for text in found)
    assert "<!channel>" not in escape(words.title) and "&lt;!channel&gt;" in escape(words.title)
    json.dumps(blocks(words))


def test_slack_stays_within_its_limits() -> None:
    long = "x" * 5000
    alerts = [replace(ALERT, alert_id=f"a{n}", column_name=long, owner=long) for n in range(100)]
    found = blocks(context().compose(message_of(*alerts), 10))
    assert len(found) <= 50
    for block in found:
        assert len(block.get("fields", [])) <= 10
        assert all(len(field["text"]) <= 2000 for field in block.get("fields", []))
        if "text" in block:
            assert len(block["text"]["text"]) <= (150 if block["type"] == "header" else 3000)


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def mail_of(message: Message, **pictures: bytes) -> Any:
    settings = MailSettings.model_validate(
        {"type": "mail", "host": "h", "from": "d@example.com", "to": "a@example.com"}
    )
    channel = MailChannel("c", settings, Surroundings(sys.stdout, False, Scrubber({})))
    raw = channel.build(message, context(**pictures)).as_bytes()
    return email.message_from_bytes(raw, policy=email.policy.default)


def test_mail_headers_and_html_cannot_be_broken_out_of() -> None:
    mail = mail_of(message_of(NASTY))
    assert mail["Bcc"] is None and "Bcc: victim" in mail["Subject"] and "\n" not in str(mail["Subject"])
    assert mail["To"] == "a@example.com"
    html = Tags()
    html.feed(mail.get_body(("html",)).get_content())
    assert not {"script", "b", "iframe"} & set(html.tags)
    assert html.links == ["https://example.com/report.html#monitor-" + html.links[0].partition("#monitor-")[2]]
    assert "<script>alert(1)</script>" in "".join(html.texts)
    assert "<script>" in mail.get_body(("plain",)).get_content()


def test_mail_has_a_picture_between_text_and_html() -> None:
    points = [(datetime(2026, 3, 1) + timedelta(days=n), 0.1 * n) for n in range(5)]
    picture = draw(points, 0.25, datetime(2026, 3, 3))
    assert picture is not None and picture.startswith(b"\x89PNG")
    message = message_of(ALERT)
    mail = mail_of(message, **{message.key: picture})
    kinds = [part.get_content_type() for part in mail.walk()]
    assert kinds == ["multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"]
    image = list(mail.walk())[-1]
    cid = image["Content-ID"].strip("<>")
    assert f'src="cid:{cid}"' in mail.get_body(("html",)).get_content()
    assert image.get_content() == picture and image.get_content_disposition() == "inline"
    assert mail["Message-ID"] == f"<{message.key[:40]}@driftline>"
    assert draw(points[:1], None, None) is None


def test_pagerduty_triggers_and_resolves_one_incident() -> None:
    key = "routing-key"
    opened = event(message_of(NASTY), key, context())
    assert opened["event_action"] == "trigger" and opened["payload"]["severity"] == "critical"
    assert len(opened["payload"]["summary"]) <= 1024 and "\n" not in opened["payload"]["summary"]
    policy = Policy("c", group="alert")
    told = [replace(n.entry, outcome="sent") for n in plan([NASTY], [], ["shop"], policy).tell]
    (ended,) = messages(plan([replace(NASTY, status="resolved")], told, ["shop"], policy), told, policy)
    resolved = event(ended, key, context())
    assert resolved == {"routing_key": key, "event_action": "resolve", "dedup_key": opened["dedup_key"]}
    assert event(message_of(BUSINESS), key, context())["dedup_key"] != opened["dedup_key"]


def test_the_payload_follows_its_schema() -> None:
    schema = json.loads((FOLDER / "schema" / "notification.v1.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    from driftline.text import to_json

    told = [replace(n.entry, outcome="sent") for n in plan([ALERT], [], ["shop"], Policy("c")).tell]
    gone = messages(plan([], told, ["shop"], Policy("c")), told, Policy("c"))
    for message in [message_of(ALERT, BUSINESS), message_of(NASTY), *gone]:
        body = json.loads(to_json(payload(message, FACTS, "https://example.com/r.html")))
        validator.validate(body)
        assert body["schema_version"] == 1 and body["idempotency_key"] == message.key
    digest = replace(message_of(ALERT), kind="digest", monitor=None, still_open=(BUSINESS,))
    validator.validate(json.loads(to_json(payload(digest, FACTS, None))))
    broken = {**body, "notifications": [{"event": "opened"}]}
    assert list(validator.iter_errors(broken))


def test_mentions_are_made_harmless_for_apprise() -> None:
    assert "@everyone" not in _harmless("@everyone <@123> a@b <!here>")
    assert _harmless("a < b @ c") == "a < b @ c"


def test_a_withdrawn_alert_has_words_too() -> None:
    told = [replace(n.entry, outcome="sent") for n in plan([ALERT], [], ["shop"], Policy("c")).tell]
    (gone,) = messages(plan([], told, ["shop"], Policy("c")), told, Policy("c"))
    assert isinstance(gone.notifications[0], Notification)
    for language in languages():
        assert "price: psi 0.31" in compose(gone, catalogue(language), FACTS).plain()


BROKEN = Alert(
    "operation-1", "shop", "critical", "open", "its last 2 runs failed or were skipped (the first 2026-03-01 06:00 UTC)",
    window_periods=1, family="operation", metric="failed_runs", column_name="all", windows_breached=2, value=2.0,
    first_window_start=datetime(2026, 3, 1, 6), threshold=0.0, owner="ann",
)  # fmt: skip


def test_a_broken_monitor_is_told_as_what_it_is() -> None:
    def told(alert: Alert) -> str:
        return compose(message_of(alert), catalogue("en"), Facts()).plain()

    assert told(BROKEN) == (
        "shop: 1 critical incident\n\n"
        "New, critical: the monitor's last 2 runs failed or were skipped\n"
        "  Since: 2026-03-01 06:00 UTC\n"
        "  In full: its last 2 runs failed or were skipped (the first 2026-03-01 06:00 UTC)\n"
        "  Owner: ann\n"
    )
    assert "results are older than what it has read" in told(replace(BROKEN, metric="results"))


def test_what_befell_a_monitor_ends_as_resolved_though_its_row_is_gone() -> None:
    policy = Policy("chat")
    [opened] = plan([BROKEN], [], ["shop"], policy).tell
    [ended] = plan([], [opened.entry], ["shop"], policy).tell
    assert (ended.entry.event, ended.entry.state) == ("resolved", "resolved")
    assert ended.alert is not None and ended.alert.message == f"over: {BROKEN.message}"
    assert plan([], [opened.entry, ended.entry], ["shop"], policy).tell == ()
    assert headline(ended.alert, catalogue("en")) == "the monitor works again"


def test_what_is_over_says_since_when_and_worst_is_never_better() -> None:
    over = replace(ALERT, status="resolved", value=0.31, peak_value=0.31)
    told = [n.entry for n in plan([ALERT], [], ["shop"], Policy("c")).tell]
    for language, line in (("en", "Over since: 2026-03-09"), ("ja", "終了: 2026-03-09")):
        (ended,) = messages(plan([over], told, ["shop"], Policy("c")), told, Policy("c"))
        plain = compose(ended, catalogue(language), FACTS).plain()
        assert line in plain
        assert "Worst" not in plain and "最悪値" not in plain
    assert "2026-03-09" not in compose(message_of(ALERT), catalogue("en"), FACTS).plain()
    dead = replace(ALERT, no_data_since=datetime(2026, 3, 11))
    assert "No new data since: 2026-03-11" in compose(message_of(dead), catalogue("en"), FACTS).plain()
    assert "新しいデータなし: 2026-03-11" in compose(message_of(dead), catalogue("ja"), FACTS).plain()
    # A value that fell is not worse where it stood higher, and one that rose not where it stood lower.
    assert not replace(BUSINESS, peak_value=0.03).is_worse_before and replace(BUSINESS, peak_value=0.01).is_worse_before
    assert not replace(BUSINESS, value=0.03, peak_value=0.025).is_worse_before
