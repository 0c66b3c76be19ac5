"""Standard output."""

from __future__ import annotations

from typing import TextIO

from driftline.alerting.channels import Context, Receipt
from driftline.alerting.notification import Message
from driftline.errors import DeliveryError
from driftline.text import COLUMNS, has_colours, to_json


class ConsoleChannel:
    """One sentence each with what it rests on, or one JSON object a line."""

    group = "run"
    # What a crash right after it can send twice.
    largest: int | None = 100
    facts = False
    picture = False

    def __init__(self, stream: TextIO, as_json: bool = False, name: str = "console") -> None:
        self.name = name
        self._stream = stream
        self._as_json = as_json

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

    def close(self) -> None:
        pass
