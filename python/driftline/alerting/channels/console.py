"""Standard output."""

from __future__ import annotations

from typing import TextIO

from driftline.alerting.channels import Context, Receipt
from driftline.alerting.notification import Message
from driftline.errors import DeliveryError
from driftline.text import to_json


class ConsoleChannel:
    """One line each, or one JSON object a line."""

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
        try:
            for notification in message.notifications:
                line = to_json(notification.to_dict()) if self._as_json else notification.line()
                self._stream.write(line + "\n")
            self._stream.flush()
        except OSError as error:
            raise DeliveryError(f"Standard output is closed: {error}", broken=True) from error
        return Receipt()

    def close(self) -> None:
        pass
