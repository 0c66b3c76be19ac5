"""Where messages go: one module per kind of receiver, found by the entry point group ``driftline.channels``.

An entry's name is the type of a channel in driftline.yml, and it leads to a class that is a Channel; another package
brings its own the same way.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any, ClassVar, Literal, TextIO

from pydantic import ConfigDict, Field, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema

from driftline.alerting.catalogue import Catalogue
from driftline.alerting.facts import Facts
from driftline.alerting.messages import Words, compose
from driftline.alerting.notification import Message
from driftline.alerting.settings import Count, Language, Span, Wait, WithSecrets, problem
from driftline.alerting.timing import Digest, QuietHours
from driftline.errors import DriftlineError, reason_of
from driftline.scrub import Scrubber

GROUP = "driftline.channels"


class ChannelSettings(WithSecrets):
    """What every channel may say. Those of a type add their own keys, and `type` with its one value."""

    model_config = ConfigDict(
        json_schema_extra={
            "dependentRequired": {"remind_at_most": ["remind_every"]},
            "not": {"required": ["digest", "remind_every"]},
        }
    )
    why_no_digest: ClassVar[str] = ""
    """Why one message cannot stand for a day; nothing where it can."""

    type: str
    language: Language = Field("en", description="Default: that of the file.")
    group: Literal["monitor", "alert"] = Field(
        "monitor", description="monitor (default): one message per monitor and run; alert: one for each incident."
    )
    cool_down: Span | None = Field(
        None,
        description="After a message about a series no new incident that it leads is told for so long. "
        "Critical goes through.",
    )
    remind_every: Span | None = Field(None, description="Says again that an incident is open.")
    remind_at_most: Count | None = Field(None, description="So many reminders at most.")
    quiet_hours: QuietHours | None = Field(None, description="When nothing is told; the first run afterwards does.")
    digest: Digest | None = Field(None, description="One message a day or week instead of one for each.")
    timeout: Wait = Field(10.0, description="For one attempt. Default: that of delivery.")

    @model_validator(mode="after")
    def _goes_together(self) -> ChannelSettings:
        if self.digest is not None and self.why_no_digest:
            raise problem(f"{self.why_no_digest}, not a 'digest'")
        if self.digest is not None and self.remind_every is not None:
            raise problem("a digest lists what is still open; 'remind_every' does not go with it")
        if self.remind_at_most is not None and self.remind_every is None:
            raise problem("'remind_at_most' needs 'remind_every'")
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        found = handler.resolve_ref_schema(handler(schema))
        found["properties"]["type"]["description"] = "Which kind of channel this is."
        if cls.why_no_digest:
            found["properties"].pop("digest")
            found.pop("not")
        return found


@dataclass(frozen=True)
class Receipt:
    """What came of a message. An action's exit code and the end of its output are recorded."""

    outcome: str = "sent"
    detail: str = ""
    """Of what was sent: whom it did not reach, which the run then says. Nothing where it reached all."""
    exit_code: int | None = None


@dataclass(frozen=True)
class Context:
    """What all messages of a channel have in common. ``pictures`` is by message key."""

    words: Catalogue
    facts: Facts
    report_url: str | None
    pictures: dict[str, bytes]

    def compose(self, message: Message, at_most: int | None = None) -> Words:
        return compose(message, self.words, self.facts, self.report_url, at_most)


@dataclass(frozen=True)
class Surroundings:
    """What a run gives a channel beside its settings."""

    stream: TextIO
    """Standard output, and whether it is to have JSON."""
    as_json: bool
    scrub: Scrubber


class Channel(ABC):
    """Takes messages, one at a time, in a thread of its own."""

    Settings: ClassVar[type[ChannelSettings]]
    group: str = ""
    """What shares a message: monitor, alert, or run. Nothing where its settings say so."""
    largest: int | None = None
    """How many alerts one message has at most; None is any number."""
    facts: bool = True
    """Whether its messages say what drove an alert and what it did."""
    picture: bool = False
    """Whether its messages show the course of the worst value."""
    keeps_each: bool = False
    """Whether each incident is one there too, which has to be ended there."""
    prints: bool = False
    """Whether it has written to standard output what it was given."""

    def __init__(self, name: str, settings: Any, surroundings: Surroundings) -> None:
        self.name = name
        self.group = self.group or settings.group

    @abstractmethod
    def send(self, message: Message, context: Context) -> Receipt:
        """Return once the message is delivered, and raise DeliveryError if it is not.

        It must come back: every wait in it has an end.
        """

    def close(self) -> None:  # noqa: B027
        """Give up connections, and end what is still running."""


def channel_types() -> dict[str, EntryPoint]:
    """The types there are. No other package's takes the place of one of ours, and gets its secrets."""
    found = sorted(entry_points(group=GROUP), key=lambda point: (point.name, _package(point) == "driftline"))
    return {point.name: point for point in found}


def load_channel(point: EntryPoint) -> type[Channel]:
    """The class of a type. Imports what it needs and no more."""
    try:
        found: type[Channel] = point.load()
        if issubclass(found, Channel) and issubclass(found.Settings, ChannelSettings):
            return found
        reason = f"{point.value} is no Channel with Settings"
    except Exception as error:
        reason = reason_of(error)
    raise DriftlineError(f"the type '{point.name}' of the package {_package(point)} cannot be used: {reason}")


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else ""
