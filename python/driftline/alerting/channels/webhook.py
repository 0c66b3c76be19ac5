"""JSON over HTTP, signed: for machines. The signature is that of Standard Webhooks, which has libraries."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from datetime import datetime, timezone
from typing import Any, Literal

from driftline.alerting.channels import Channel, ChannelSettings, Context, Receipt, Surroundings
from driftline.alerting.channels.http import Poster
from driftline.alerting.facts import Facts
from driftline.alerting.messages import report_link
from driftline.alerting.notification import Message
from driftline.alerting.settings import Webhook
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


class SignedPoster:
    """Posts to a webhook of driftline.yml: a channel's, or an action's."""

    def __init__(self, webhook: Webhook, timeout: float) -> None:
        self._secret = None if webhook.secret is None else webhook.secret.get_secret_value()
        self._headers = {name: value.get_secret_value() for name, value in webhook.headers.items()}
        self._poster = Poster(webhook.url.get_secret_value(), timeout)
        self.close = self._poster.close

    def post(self, key: str, body: bytes) -> str:
        # Signed anew at each attempt: a receiver may refuse an old timestamp.
        signed = signed_headers(self._secret, key, body, int(time.time()))
        return self._poster.post(body, {**self._headers, **signed})


class WebhookSettings(ChannelSettings, Webhook):
    type: Literal["webhook"]


class WebhookChannel(Channel):
    Settings = WebhookSettings
    largest = 100

    def __init__(self, name: str, settings: WebhookSettings, surroundings: Surroundings) -> None:
        super().__init__(name, settings, surroundings)
        self._poster = SignedPoster(settings, settings.timeout)

    def send(self, message: Message, context: Context) -> Receipt:
        self._poster.post(message.key, to_json(payload(message, context.facts, context.report_url)).encode())
        return Receipt()

    def close(self) -> None:
        self._poster.close()
