"""JSON over HTTP, signed: for machines. The signature is that of Standard Webhooks, which has libraries."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from datetime import datetime, timezone
from typing import Any

from driftline.alerting.channels import Context, Receipt
from driftline.alerting.channels.http import Poster
from driftline.alerting.config import ChannelConfig
from driftline.alerting.facts import Facts
from driftline.alerting.messages import report_link
from driftline.alerting.notification import Message
from driftline.text import to_json

SCHEMA_VERSION = 1


def payload(message: Message, facts: Facts, report_url: str | None) -> dict[str, Any]:
    """A message as machines read it: schema/notification.v1.json."""
    return {
        "schema_version": SCHEMA_VERSION,
        "idempotency_key": message.key,
        "kind": message.kind,
        "channel": message.channel,
        "monitor": message.monitor,
        "created_at": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "report_url": report_link(report_url, message.monitor),
        "notifications": [
            {
                **notification.to_dict(),
                "causes": [cause.to_dict() for cause in facts.causes.get(notification.table_id, ())],
                "business": [value.to_dict() for value in facts.business.get(notification.table_id, ())],
            }
            for notification in message.notifications
        ],
        "still_open": [alert.in_the_table.to_dict() for alert in message.still_open],
    }


def signing_key(secret: str) -> bytes:
    """``whsec_`` and base64, as Standard Webhooks has it; any other text is used as it is."""
    if secret.startswith("whsec_"):
        try:
            return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            pass
    return secret.encode()


def signed_headers(secret: str | None, key: str, body: bytes, at: int) -> dict[str, str]:
    """The headers by which a receiver knows who sent a body, when, and whether it has it already."""
    headers = {"webhook-id": key, "webhook-timestamp": str(at), "Idempotency-Key": key}
    if secret is not None:
        signed = hmac.new(signing_key(secret), f"{key}.{at}.".encode() + body, hashlib.sha256).digest()
        headers["webhook-signature"] = f"v1,{base64.b64encode(signed).decode()}"
    return headers


class WebhookChannel:
    largest: int | None = 100
    facts = True
    picture = False

    def __init__(self, config: ChannelConfig) -> None:
        self.name = config.name
        self.group = config.group
        self._secret: str | None = config.settings.get("secret")
        self._headers: dict[str, str] = dict(config.settings.get("headers", {}))
        self._poster = Poster(config.settings["url"], config.timeout)

    def send(self, message: Message, context: Context) -> Receipt:
        body = to_json(payload(message, context.facts, context.report_url)).encode()
        # Signed anew at each attempt: a receiver may refuse an old timestamp.
        self._poster.post(body, {**self._headers, **signed_headers(self._secret, message.key, body, int(time.time()))})
        return Receipt()

    def close(self) -> None:
        self._poster.close()
