"""Standard output."""

from __future__ import annotations

from typing import Literal

from driftline.alerting.channels import Channel, ChannelSettings, Context, Receipt, Surroundings
from driftline.alerting.notification import Message
from driftline.errors import DeliveryError
from driftline.text import COLUMNS, has_colours, to_json


class ConsoleSettings(ChannelSettings):
    type: Literal["console"]


class ConsoleChannel(Channel):
    """One sentence each with what it rests on, or one JSON object a line."""

    Settings = ConsoleSettings
    group = "run"
    # What a crash right after it can send twice.
    largest = 100
    facts = False
    prints = True

    def __init__(self, name: str, settings: ConsoleSettings, surroundings: Surroundings) -> None:
        super().__init__(name, settings, surroundings)
        self._stream = surroundings.stream
        self._as_json = surroundings.as_json

    def send(self, message: Message, context: Context) -> Receipt:
        colours = has_colours(self._stream)
        try:
            for notification in message.notifications:
                as_json, told = self._as_json, notification
                lines = [to_json(told.to_dict())] if as_json else told.lines(COLUMNS, colours)
                self._stream.write("\n".join(lines) + "\n")
            self._stream.flush()
        except OSError as error:
            raise DeliveryError(f"Standard output is closed: {error}", broken=True) from error
        return Receipt()
