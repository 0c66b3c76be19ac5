"""Where notifications go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TextIO

from driftline.errors import DeliveryError
from driftline.notification import Notification
from driftline.text import to_json


class Channel(Protocol):
    """Takes notifications. ``send`` returns once they are delivered, and raises DeliveryError if they are not."""

    name: str
    batch: int
    """How many notifications one call of ``send`` gets at most: what a crash right after it can send twice."""

    def send(self, notifications: Sequence[Notification]) -> None: ...


class ConsoleChannel:
    """Standard output: one line each, or one JSON object a line."""

    name = "console"
    batch = 100

    def __init__(self, stream: TextIO, as_json: bool = False) -> None:
        self._stream = stream
        self._as_json = as_json

    def send(self, notifications: Sequence[Notification]) -> None:
        try:
            for notification in notifications:
                line = to_json(notification.to_dict()) if self._as_json else notification.line()
                self._stream.write(line + "\n")
            self._stream.flush()
        except OSError as error:
            raise DeliveryError(f"Standard output is closed: {error}") from error
