"""Where messages go: one module per kind of receiver."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TextIO

from driftline.alerting.catalogue import Catalogue
from driftline.alerting.config import ChannelConfig
from driftline.alerting.facts import Facts
from driftline.alerting.messages import Words, compose
from driftline.alerting.notification import Message
from driftline.scrub import Scrubber


@dataclass(frozen=True)
class Receipt:
    """What came of a message. An action's exit code and the end of its output are recorded."""

    outcome: str = "sent"
    detail: str = ""
    """Of what was sent: whom it did not reach, which the run then says. Nothing where it reached all."""
    exit_code: int | None = None


class Channel(Protocol):
    """Takes messages, one at a time, in a thread of its own.

    ``send`` returns once the message is delivered, and raises DeliveryError if it is not. It must come back: every
    wait in it has an end.
    """

    name: str
    group: str
    """What shares a message: monitor, alert, or run."""
    largest: int | None
    """How many alerts one message has at most; None is any number."""
    facts: bool
    """Whether its messages say what drove an alert and what it did."""
    picture: bool
    """Whether its messages show the course of the worst value."""

    def send(self, message: Message, context: Context) -> Receipt: ...

    def close(self) -> None:
        """Give up connections, and end what is still running."""


@dataclass(frozen=True)
class Context:
    """What all messages of a channel have in common. ``pictures`` is by message key."""

    words: Catalogue
    facts: Facts
    report_url: str | None
    pictures: dict[str, bytes]

    def compose(self, message: Message, at_most: int | None = None) -> Words:
        return compose(message, self.words, self.facts, self.report_url, at_most)


def make_channel(config: ChannelConfig, stream: TextIO, as_json: bool, scrub: Scrubber) -> Channel:
    """The channel that a part of driftline.yml describes. Imports what it needs and no more."""

    def console() -> Channel:
        from driftline.alerting.channels.console import ConsoleChannel

        return ConsoleChannel(stream, as_json, config.name)

    def slack() -> Channel:
        from driftline.alerting.channels.slack import SlackChannel

        return SlackChannel(config)

    def pagerduty() -> Channel:
        from driftline.alerting.channels.pagerduty import PagerDutyChannel

        return PagerDutyChannel(config)

    def mail() -> Channel:
        from driftline.alerting.channels.mail import MailChannel

        return MailChannel(config)

    def webhook() -> Channel:
        from driftline.alerting.channels.webhook import WebhookChannel

        return WebhookChannel(config)

    def apprise() -> Channel:
        from driftline.alerting.channels.apprise_ import AppriseChannel

        return AppriseChannel(config, scrub)

    makers: dict[str, Callable[[], Channel]] = {
        "console": console,
        "slack": slack,
        "pagerduty": pagerduty,
        "mail": mail,
        "webhook": webhook,
        "apprise": apprise,
    }
    return makers[config.type]()
