"""driftline.yml: who is told of what, how, and what is started.

Its keys are pydantic models (settings), each beside what it is for. What they cannot say, because names refer to each
other, is checked here. Everything wrong with a file is told at once, before anything is sent.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from driftline.alerting.channels import Channel, ChannelSettings, channel_types, load_channel
from driftline.alerting.explain import at, explain, meant
from driftline.alerting.routing import ANY, Match, Mute, Route
from driftline.alerting.settings import (
    Count,
    Language,
    Link,
    Part,
    Reading,
    Text,
    Wait,
    WaitOrNone,
    Webhook,
    WithSecrets,
    problem,
    whole,
)
from driftline.errors import DriftlineError
from driftline.scrub import Scrubber

DEFAULT_NAME = "driftline.yml"
P = TypeVar("P", bound=Part)


class ConfigError(DriftlineError):
    """driftline.yml cannot be used. Nothing was sent."""


class DeliverySettings(Part):
    """How hard a run tries."""

    attempts: Annotated[int, Field(ge=1, le=10), BeforeValidator(whole)] = Field(
        default=4, description="For one message in one run. Default 4."
    )
    back_off: WaitOrNone = Field(
        default=1.0, description="Before the second attempt; doubles from one to the next. Default 1s."
    )
    timeout: Wait = Field(default=10.0, description="For one attempt. Default 10s.")
    give_up_after: WaitOrNone = Field(default=60.0, description="For one message with all its attempts. Default 60s.")
    lease: Wait = Field(default=60.0, description="How long a dead run's claims are respected. Default 60s.")


class ActionWebhook(Webhook):
    body: dict[str, Any] | None = Field(
        None, description="In place of the notification; $message and the like are filled in."
    )


class Action(WithSecrets):
    """Something to start: a command or a webhook, never both."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["command"]}, {"required": ["webhook"]}]})

    match: Match = Field(ANY, description="Which alerts start it: all keys must fit. Without it any.")
    per: Literal["alert", "incident", "monitor"] = Field(
        "alert", description="alert (default), incident or monitor: what has one start."
    )
    command: list[str] | None = Field(
        None, min_length=1, repr=False, description="A program and its arguments; no shell."
    )
    webhook: ActionWebhook | None = Field(None, repr=False, description="Instead of a command.")
    limit_per_day: Count | None = Field(None, description="Starts in 24 hours, over all runs.")
    timeout: Wait = Field(600.0, description="Default 10m; of a webhook 30s.")
    dry_run: bool = Field(False, description="Record what would be started, and start nothing. Default false.")

    @model_validator(mode="before")
    @classmethod
    def _webhooks_are_quick(cls, given: Any) -> Any:
        return {"timeout": "30s", **given} if isinstance(given, Mapping) and "webhook" in given else given

    @model_validator(mode="after")
    def _starts_one_thing(self) -> Action:
        if (self.command is None) == (self.webhook is None):
            raise problem("give either 'command' or 'webhook'")
        return self


class _File(Part):
    """Who is told of alerts, how, and what is started. In texts under channels and actions env:NAME is a value of
    the environment."""

    version: Annotated[Literal[1], BeforeValidator(whole)] = Field(1, description="Of this file: 1.")
    language: Language = Field(
        "en", description="Of the messages: en, ja, or the name of a catalogue of your own. Default en."
    )
    report_url: Link | None = Field(None, description="Where the report is to be found: messages link to it.")
    delivery: DeliverySettings = Field(DeliverySettings(), description="How often and how long a message is tried.")
    channels: dict[str, dict[str, Any]] = Field(
        {}, description="Where messages go: a name of your own, and its type and keys."
    )
    routes: list[Route] = Field(
        [], description="Which channels are told of what. Without them every channel is told of everything."
    )
    mutes: list[Mute] = Field([], description="What is not told until a day, each with its reason.")
    actions: dict[str, Action] = Field(
        {}, description="What is started because of an alert: a name of your own, and a command or a webhook."
    )


@dataclass(frozen=True)
class ChannelConfig:
    """One channel: a name of the file's own, and what its type makes of the settings."""

    name: str
    kind: type[Channel]
    settings: ChannelSettings = field(repr=False)


class ActionConfig(Action):
    name: Text


@dataclass(frozen=True)
class Config:
    channels: tuple[ChannelConfig, ...]
    routes: tuple[Route, ...]
    mutes: tuple[Mute, ...]
    actions: tuple[ActionConfig, ...]
    delivery: DeliverySettings
    report_url: str | None

    def matches_of(self, channel: str) -> tuple[Match, ...] | None:
        """What is routed to a channel; None where there are no routes, which is everything."""
        if not self.routes:
            return None
        return tuple(route.match for route in self.routes if channel in route.channels)


def find_config(given: Path | None, project_dir: str | None) -> Path | None:
    """The file to use: the given one, else driftline.yml beside dbt_project.yml where there is one."""
    if given is not None:
        return given
    path = Path(project_dir or os.environ.get("DBT_PROJECT_DIR") or ".") / DEFAULT_NAME
    return path if path.is_file() else None


def load_config(path: Path | None, scrub: Scrubber, environment: Mapping[str, str] | None = None) -> Config:
    """Read and check a file; its secrets are made known to ``scrub``. Raises ConfigError with all that is wrong.

    Without a file the console is told of everything.
    """
    data = None if path is None else read(path)
    reader = Reader(Reading(scrub, os.environ if environment is None else environment))
    config = reader.read({} if data is None else data)
    if config is None or reader.problems:
        listed = scrub("; ".join(dict.fromkeys(reader.problems)))
        raise ConfigError(f"{path}: {listed}.", "Nothing was sent. What the file may say: docs/alerting.md.")
    return config


def read(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}", "Give the file with --config.") from error
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark is not None else ""
        # Not the error's own text: it quotes the line, and with it a secret that is written there.
        reason = getattr(error, "problem", None) or "not YAML"
        raise ConfigError(f"{path}{where}: {reason}.", "Nothing was sent. Correct the file.") from None


class _Loader(yaml.SafeLoader):
    """YAML as people mean it: NO is a country, 22:00 is a text, a date is a text, a key stands once."""

    yaml_implicit_resolvers = {}  # noqa: RUF012


_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"), None)
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"(?:~|null|Null|NULL|)\Z"), None)
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"[-+]?(?:0|[1-9][0-9]*)\Z"), None)
_Loader.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9]+\.[0-9]+\Z"), None)


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            raise yaml.constructor.ConstructorError(None, None, "a key must be a text", key_node.start_mark)
        key = str(key_node.value)
        if key in found:
            raise yaml.constructor.ConstructorError(None, None, f"the key '{key}' stands twice", key_node.start_mark)
        found[key] = loader.construct_object(value_node, deep=True)
    return found


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


class Reader:
    """Turns the file's data into a Config, and gathers what is wrong with it."""

    def __init__(self, reading: Reading) -> None:
        self.problems: list[str] = []
        self._reading = reading
        self._types = channel_types()

    def read(self, data: Any) -> Config | None:
        file = self._part(_File, data)
        given = data.get("channels") if isinstance(data, Mapping) else None
        # What a channel does not say itself.
        standard = (
            {"language": file.language, "timeout": data.get("delivery", {}).get("timeout", "10s")} if file else {}
        )
        named = given if isinstance(given, Mapping) and given else {"console": {"type": "console"}}
        channels = [found for name, value in named.items() if (found := self._channel(str(name), value, standard))]
        if file is None or self.problems:
            return None
        for number, route in enumerate(file.routes, 1):
            self.problems += [
                f"routes, entry {number}: there is no channel '{name}'; declared: {', '.join(named)}"
                for name in route.channels
                if name not in named
            ]
        return Config(
            tuple(channels),
            tuple(file.routes),
            tuple(file.mutes),
            tuple(ActionConfig.model_construct(name=name, **dict(action)) for name, action in file.actions.items()),
            file.delivery,
            file.report_url,
        )

    def _part(self, model: type[P], data: Any, *path: str) -> P | None:
        try:
            return model.model_validate(data, context=self._reading)
        except ValidationError as error:
            self.problems += explain(error, model, path)
            return None

    def _channel(self, name: str, value: Any, standard: Mapping[str, Any]) -> ChannelConfig | None:
        if not isinstance(value, Mapping):
            return None
        if not re.fullmatch(r"[\w. -]{1,100}", name):
            self.problems.append(f"channels: {name!r} is not a name of letters, digits, '.', '_' and '-'")
        types, given = self._types, value.get("type")
        if not isinstance(given, str) or given not in types:
            said = "'type' is missing" if given is None else f"unknown type {given!r}"
            self.problems.append(
                f"{at(('channels', name))}{said}{meant(str(given), types)}; allowed: {', '.join(types)}"
            )
            return None
        try:
            kind = load_channel(types[given])
        except DriftlineError as error:
            self.problems.append(f"{at(('channels', name))}{error.message}")
            return None
        settings = self._part(kind.Settings, {**standard, **value}, "channels", name)
        return None if settings is None else ChannelConfig(name, kind, settings)


class _Schema(GenerateJsonSchema):
    """Names as the file has them, and nothing that nobody wrote: titles made of names, null, defaults as Python."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def nullable_schema(self, schema: Any) -> dict[str, Any]:
        return self.generate_inner(schema["schema"])

    default_schema = nullable_schema

    def normalize_name(self, name: str) -> str:
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().removesuffix("_settings")


def schema() -> dict[str, Any]:
    """The JSON Schema of driftline.yml, with the types of channels that are installed."""
    channels = [load_channel(point).Settings for point in channel_types().values()]
    models: list[Any] = [(model, "validation") for model in (_File, *channels)]
    names, found = models_json_schema(models, schema_generator=_Schema)
    parts = found["$defs"]
    for part in parts.values():
        part.pop("title", None)
        if "description" in part:
            part["description"] = " ".join(part["description"].split())
    whole = parts.pop("_file")
    whole["properties"]["channels"]["additionalProperties"] = {
        "oneOf": [names[model, "validation"] for model in channels]
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://github.com/driftline/driftline/schema/config.v1.json",
        "title": DEFAULT_NAME,
        **whole,
        "$defs": parts,
    }
