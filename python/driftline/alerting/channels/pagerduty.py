"""PagerDuty's Events API v2: an incident there is an incident here, found again by its dedup_key."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, SecretStr, field_validator

from driftline.alerting.channels import Channel, ChannelSettings, Context, Receipt, Surroundings
from driftline.alerting.channels.http import Poster
from driftline.alerting.channels.webhook import payload
from driftline.alerting.notification import Message
from driftline.alerting.settings import Secret, sound_url
from driftline.text import printable, to_json

URL = "https://events.pagerduty.com/v2/enqueue"
_SUMMARY, _DEDUP = 1024, 255


def event(message: Message, routing_key: str, context: Context) -> dict[str, Any]:
    """The event of a message, which is about one alert."""
    notification = message.notifications[0]
    entry, alert = notification.entry, notification.alert
    found: dict[str, Any] = {
        "routing_key": routing_key,
        "event_action": "trigger" if notification.is_open else "resolve",
        # The incident's own, not that of its state: what triggered is what is resolved.
        "dedup_key": f"driftline/{entry.alert_id}"[:_DEDUP],
    }
    if not notification.is_open or alert is None:
        return found
    words = context.compose(message)
    (item,) = words.items
    found["client"] = "driftline"
    if words.link is not None:
        found["client_url"] = words.link
        found["links"] = [{"href": words.link, "text": words.link_text}]
    found["payload"] = {
        "summary": f"{printable(alert.monitor)}: {item.headline}"[:_SUMMARY],
        "source": printable(alert.monitor),
        "severity": "critical" if alert.severity == "critical" else "warning",
        "component": alert.column_name,
        "group": alert.family,
        "class": alert.metric,
        "custom_details": {
            **({"evidence": item.evidence} if item.evidence else {}),
            **dict(item.facts),
            "driftline": payload(message, context.facts, context.report_url)["notifications"][0],
        },
    }
    found["payload"] = {name: value for name, value in found["payload"].items() if value is not None}
    return found


class PagerdutySettings(ChannelSettings):
    why_no_digest = "PagerDuty takes one alert at a time"

    type: Literal["pagerduty"]
    routing_key: Secret = Field(description="Of the Events API v2: env:NAME.")
    url: Secret = Field(SecretStr(URL), description="Another address of the Events API.")

    _sound = field_validator("url")(sound_url)


class PagerDutyChannel(Channel):
    Settings = PagerdutySettings
    group = "alert"
    largest = 1
    keeps_each = True

    def __init__(self, name: str, settings: PagerdutySettings, surroundings: Surroundings) -> None:
        super().__init__(name, settings, surroundings)
        self._routing_key = settings.routing_key.get_secret_value()
        self._poster = Poster(settings.url.get_secret_value(), settings.timeout)

    def send(self, message: Message, context: Context) -> Receipt:
        self._poster.post(to_json(event(message, self._routing_key, context)).encode(), {})
        return Receipt()

    def close(self) -> None:
        self._poster.close()
