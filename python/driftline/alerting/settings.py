"""What the parts of driftline.yml are made of: pydantic models, in which each key has its type and its description.

A model stands beside what it is for (QuietHours in timing, a channel's settings in its module), config reads the file
with them, and `make docs` writes the JSON Schema of them that editors check by.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any, TypeVar
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    SecretStr,
    Tag,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from driftline.alerting.catalogue import languages
from driftline.scrub import Scrubber, is_secret_name

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LONGEST_WAIT = 30 * 86400
_LONGEST_SPAN = 36500 * 86400
_ENV = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)\Z")
_URL = re.compile(r"https?://[^\s/]+\S*", re.IGNORECASE)
T = TypeVar("T")


@dataclass(frozen=True)
class Reading:
    """What a file is read with: where ``env:NAME`` is looked up, and who must know the secrets that are found."""

    scrub: Scrubber
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)


def problem(text: str, *path: str | int) -> PydanticCustomError:
    """What is wrong, in words that are shown as they are; ``path`` is where within the key's value."""
    return PydanticCustomError("problem", text, {"path": path})


def wrong(text: str) -> PydanticCustomError:
    """The same, to be said of the value, which is shown in front of it unless it may be a secret."""
    return PydanticCustomError("wrong", text)


class Part(BaseModel):
    """A mapping of the file: keys that it does not know are refused, and values of another type are not bent to fit."""

    # Before pydantic 2.10 a key that begins with model_ is warned of.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, protected_namespaces=())

    @field_validator("*", mode="before")
    @classmethod
    def _not_empty(cls, value: Any) -> Any:
        # What may be left out has None for that, which is no value in the file.
        if value is None:
            raise problem("has no value")
        return value


class WithSecrets(Part):
    """A mapping in whose texts ``env:NAME`` is a value of the environment.

    Those values are secrets, and so is whatever stands in a SecretStr or under a secret's name: the scrubber knows them
    before anything is done with them.
    """

    @field_validator("*", mode="after")
    @classmethod
    def _from_environment(cls, value: Any, info: ValidationInfo) -> Any:
        return value if info.context is None else in_place(value, info.context, names_secret(info.field_name or ""))


def in_place(value: Any, reading: Reading, secret: bool = False, path: tuple[str | int, ...] = ()) -> Any:
    """A value with those of the environment in it, and its secrets made known."""
    if isinstance(value, dict):
        return {k: in_place(inner, reading, secret or names_secret(k), (*path, k)) for k, inner in value.items()}
    if isinstance(value, list):
        return [in_place(inner, reading, secret, (*path, number)) for number, inner in enumerate(value)]
    if isinstance(value, SecretStr):
        return SecretStr(in_place(value.get_secret_value(), reading, True, path))
    if not isinstance(value, str):
        return value
    if value.startswith("env:"):
        name = _ENV.match(value)
        if name is None:
            raise problem("'env:' is not followed by the name of an environment variable", *path)
        value, secret = reading.environment.get(name[1], "").strip(), True
        if not value:
            state = "empty" if name[1] in reading.environment else "not set"
            raise problem(f"the environment variable {name[1]} is {state}", *path)
    if secret:
        remember(reading.scrub, value)
    return value


def names_secret(key: str) -> bool:
    """Whether what stands under a key is a secret, whatever its type: an action's body has no types."""
    return is_secret_name(key) or key in ("url", "headers", "routing_key")


def remember(scrub: Scrubber, secret: str) -> None:
    """Tell the scrubber of a secret, and of the parts by which an error may quote it: of a URL, or of addresses."""
    scrub.add(secret)
    if "://" not in secret:
        words = {word for word in re.split(r"[,;\s<>]+", secret) if "@" in word}
    else:
        try:
            parts = urlsplit(secret)
        except ValueError:
            return
        rest = f"{parts.path}?{parts.query}" if parts.query else parts.path
        words = {rest, *re.split(r"[/?&=,;]", rest), *re.split(r"[:@]", parts.netloc.rpartition("@")[0])}
        if parts.scheme.lower() not in ("http", "https", "mailto", "mailtos"):
            # Apprise puts tokens where others have the host.
            words.add(parts.netloc)
    for word in words:
        for form in (word, unquote(word)):
            if len(form) >= 8:
                scrub.add(form)


# --- types of values -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Form:
    """A text of a form, and what is made of it."""

    title: str
    pattern: str
    example: str
    make: Callable[[str], Any]

    def _read(self, value: Any) -> Any:
        if not isinstance(value, str) or not re.search(self.pattern, value):
            raise wrong(f"is not of the form {self.example}")
        return self.make(value)

    def __get_pydantic_core_schema__(self, made: Any, handler: Any) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self._read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: Any) -> dict[str, Any]:
        return {"title": self.title, "type": "string", "pattern": self.pattern}


def _duration(make: Callable[[float], Any]) -> _Form:
    return _Form(
        "duration: 30s, 15m, 6h, 7d",
        r"^[0-9]+(\.[0-9]+)?[smhd]$",
        "30s, 15m, 6h or 7d",
        lambda text: make(float(text[:-1]) * _SECONDS[text[-1]]),
    )


def _wait(least: float) -> Callable[[float], float]:
    def wait(seconds: float) -> float:
        # No more than a timer can count.
        if not least <= seconds <= _LONGEST_WAIT:
            raise wrong("is not over 0s and at most 30d")
        return seconds

    return wait


def _span(seconds: float) -> timedelta:
    if seconds > _LONGEST_SPAN:
        raise wrong("is more than 36500d")
    return timedelta(seconds=seconds)


def _end_of(text: str) -> datetime:
    try:
        end = datetime.fromisoformat(text.replace("T", " "))
    except ValueError:
        raise wrong("is not a date") from None
    if len(text) > 10:
        return end
    # The calendar's last day is how people say for ever.
    return end + timedelta(days=1) if end.date() < date.max else datetime.max


def _text(value: Any, info: ValidationInfo) -> str:
    if not isinstance(value, str) or not value:
        raise wrong("is not a text")
    return value if info.context is None else str(in_place(value, info.context))


def _zone(value: Any, info: ValidationInfo) -> ZoneInfo:
    name = _text(value, info)
    try:
        return ZoneInfo(name)
    except Exception:
        raise problem(f"there is no time zone '{name}'; an example: Asia/Tokyo") from None


def _language(value: Any, info: ValidationInfo) -> str:
    name = _text(value, info)
    if name not in languages():
        raise problem(f"there is no catalogue for '{name}'; there is: {', '.join(languages())}")
    return name


def _pattern(value: Any) -> str:
    if not isinstance(value, (str, int, float)):
        raise wrong("is not a text, a number, or true or false")
    return str(value).lower() if isinstance(value, bool) else str(value)


def whole(value: Any) -> Any:
    """JSON has one kind of number, 2.0 is a whole one; Python has true for a number."""
    if isinstance(value, bool):
        raise wrong("is not a whole number")
    return int(value) if isinstance(value, float) and value.is_integer() else value


_NAME = WithJsonSchema({"title": "text", "type": "string", "minLength": 1})
Text = Annotated[str, Field(min_length=1, title="text")]
Secret = Annotated[SecretStr, Field(min_length=1, title="text")]
Count = Annotated[int, Field(ge=1), BeforeValidator(whole)]
Language = Annotated[str, PlainValidator(_language), _NAME]
Zone = Annotated[ZoneInfo, PlainValidator(_zone), _NAME]
Pattern = Annotated[str, PlainValidator(_pattern), WithJsonSchema({"type": ["string", "number", "boolean"]})]
Wait = Annotated[float, _duration(_wait(0.001))]
WaitOrNone = Annotated[float, _duration(_wait(0.0))]
Span = Annotated[timedelta, _duration(_span)]
Clock = Annotated[
    time,
    _Form("HH:MM", "^([01]?[0-9]|2[0-3]):[0-5][0-9]$", "22:00", lambda text: time(*map(int, text.split(":")))),
]
End = Annotated[
    datetime,
    _Form(
        "date or time",
        "^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?)?$",
        "2026-12-31 or 2026-12-31 18:00",
        _end_of,
    ),
]
Link = Annotated[str, _Form("URL", "^(https?|file)://", "https://…", str)]

if TYPE_CHECKING:
    Several = list
else:
    # Told apart by tags, so that what is wrong is said of one of the two; explain leaves the tags out.
    Several = Annotated[
        Annotated[T, Tag("=one")] | Annotated[list[T], Field(min_length=1), Tag("=list")],
        Discriminator(lambda value: "=list" if isinstance(value, list) else "=one"),
        AfterValidator(lambda value: value if isinstance(value, list) else [value]),
    ]


def sound_url(url: SecretStr) -> SecretStr:
    """For a field_validator: it sees what the environment has put in place."""
    text = url.get_secret_value()
    try:
        if _URL.fullmatch(text):
            # Both raise where the host is no address or the port no number.
            urlsplit(text).hostname, urlsplit(text).port
            return url
    except ValueError:
        pass
    raise problem("not a URL that starts with https:// or http://")


class Webhook(WithSecrets):
    """Where JSON is posted, of a channel or an action."""

    url: Secret = Field(description="Where the JSON is posted: env:NAME.")
    secret: Secret | None = Field(None, description="What it is signed with: env:NAME.")
    headers: dict[str, SecretStr] = Field({}, description="Sent with each; values may be env:NAME.")

    _sound = field_validator("url")(sound_url)

    @field_validator("headers")
    @classmethod
    def _are_headers(cls, headers: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, value in headers.items():
            if not re.fullmatch(r"[A-Za-z0-9-]+", name) or re.search(r"[\r\n\x00]", value.get_secret_value()):
                raise problem("not a header", name)
        return headers
