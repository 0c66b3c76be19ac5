"""Slack's incoming webhooks, as blocks.

Texts of the data stand in plain_text objects, in which Slack looks for no mark-up, mention or link. The one text that
Slack does parse, the notification's preview, is escaped.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator

from driftline.alerting.channels import Channel, ChannelSettings, Context, Receipt, Surroundings
from driftline.alerting.channels.http import Poster
from driftline.alerting.messages import Item, Words
from driftline.alerting.notification import Message
from driftline.alerting.settings import Secret, sound_url
from driftline.text import to_json

_SIGNS = {"critical": "\U0001f534", "warn": "\U0001f7e0", "resolved": "\U0001f7e2"}
# Slack refuses a message that has more, or longer ones.
_HEADER, _SECTION, _FIELD, _TEXT, _FIELDS = 150, 3000, 2000, 3000, 10
_ALERTS = 10


def escape(text: str) -> str:
    """Text that Slack's mark-up leaves alone."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def blocks(words: Words) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"type": "header", "text": _plain(f"{_SIGNS[words.severity]} {words.title}", _HEADER)}
    ]
    for item in words.items:
        found.append(_section(item))
    for line in (words.more, "\n".join((words.still_open, *words.open_lines)) if words.still_open else ""):
        if line:
            found.append({"type": "section", "text": _plain(line, _SECTION)})
    if words.link is not None:
        button = {"type": "button", "text": _plain(words.link_text, 75), "url": words.link, "action_id": "report"}
        found.append({"type": "actions", "elements": [button]})
    return found


def _section(item: Item) -> dict[str, Any]:
    sign = _SIGNS[item.severity if item.is_open else "resolved"]
    said = "\n".join(line for line in (f"{sign} {item.line}", item.evidence) if line)
    section: dict[str, Any] = {"type": "section", "text": _plain(said, _SECTION)}
    fields = [_plain(f"{label}\n{text}", _FIELD) for label, text in item.facts[:_FIELDS]]
    if fields:
        section["fields"] = fields
    return section


def _plain(text: str, most: int) -> dict[str, Any]:
    # Without emoji, so that :names: in the data stay what they are.
    return {"type": "plain_text", "text": text if len(text) <= most else text[: most - 1] + "…", "emoji": False}


class SlackSettings(ChannelSettings):
    type: Literal["slack"]
    url: Secret = Field(description="Incoming webhook: env:NAME.")

    _sound = field_validator("url")(sound_url)


class SlackChannel(Channel):
    Settings = SlackSettings

    def __init__(self, name: str, settings: SlackSettings, surroundings: Surroundings) -> None:
        super().__init__(name, settings, surroundings)
        self._poster = Poster(settings.url.get_secret_value(), settings.timeout)

    def send(self, message: Message, context: Context) -> Receipt:
        words = context.compose(message, _ALERTS)
        body = {"text": escape(words.title)[:_TEXT], "mrkdwn": False, "blocks": blocks(words)}
        self._poster.post(to_json(body).encode(), {"Idempotency-Key": message.key})
        return Receipt()

    def close(self) -> None:
        self._poster.close()
