"""driftline.yml: who is told of what, how, and what is started.

The shape of the file is a JSON Schema that is shipped beside this module, so that editors can check it too; what a
schema cannot say (names that refer to each other, zones, secrets that are missing) is checked here. Everything wrong
with a file is told at once, before anything is sent.
"""

from __future__ import annotations

import difflib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, timezone
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from driftline.alerting.mailboxes import mailboxes
from driftline.alerting.routing import Match, Mute, Route
from driftline.alerting.timing import WEEKDAYS, Digest, QuietHours
from driftline.errors import DriftlineError
from driftline.scrub import Scrubber

DEFAULT_NAME = "driftline.yml"
CHANNEL_TYPES = ("console", "slack", "pagerduty", "mail", "webhook", "apprise")

_SECRET_KEYS = {"url", "routing_key", "secret", "password"}
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LONGEST_WAIT = 30 * 86400
_LONGEST_SPAN = 36500 * 86400
_ENV = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)\Z")


class ConfigError(DriftlineError):
    """driftline.yml cannot be used. Nothing was sent."""


@dataclass(frozen=True)
class DeliverySettings:
    """How hard a run tries. ``lease``: for how long a message that is being sent is left alone by other runs."""

    attempts: int = 4
    back_off: float = 1.0
    timeout: float = 10.0
    give_up_after: float = 60.0
    lease: float = 60.0


@dataclass(frozen=True)
class ChannelConfig:
    """One channel. ``settings`` are those of its type, with the environment's values in place."""

    name: str
    type: str
    language: str = "en"
    group: str = "monitor"
    cool_down: timedelta | None = None
    remind_every: timedelta | None = None
    remind_at_most: int | None = None
    quiet_hours: QuietHours | None = None
    digest: Digest | None = None
    timeout: float = 10.0
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class ActionConfig:
    """Something to start: ``command`` or ``webhook``, never both."""

    name: str
    match: Match
    per: str = "alert"
    command: tuple[str, ...] = field(default=(), repr=False)
    webhook: Mapping[str, Any] | None = field(default=None, repr=False)
    limit_per_day: int | None = None
    timeout: float = 600.0
    dry_run: bool = False


@dataclass(frozen=True)
class Config:
    channels: tuple[ChannelConfig, ...]
    routes: tuple[Route, ...] = ()
    mutes: tuple[Mute, ...] = ()
    actions: tuple[ActionConfig, ...] = ()
    delivery: DeliverySettings = DeliverySettings()
    report_url: str | None = None

    def matches_of(self, channel: str) -> tuple[Match, ...] | None:
        """What is routed to a channel; None where there are no routes, which is everything."""
        if not self.routes:
            return None
        return tuple(route.match for route in self.routes if channel in route.channels)


WITHOUT_FILE = Config((ChannelConfig("console", "console"),))


def schema() -> dict[str, Any]:
    """The JSON Schema of driftline.yml."""
    text = resources.files("driftline.alerting").joinpath("schema/config.v1.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def find_config(given: Path | None, project_dir: str | None) -> Path | None:
    """The file to use: the given one, else driftline.yml beside dbt_project.yml where there is one."""
    if given is not None:
        return given
    path = Path(project_dir or os.environ.get("DBT_PROJECT_DIR") or ".") / DEFAULT_NAME
    return path if path.is_file() else None


def load_config(path: Path, scrub: Scrubber, environment: Mapping[str, str] | None = None) -> Config:
    """Read and check a file; its secrets are made known to ``scrub``. Raises ConfigError with all that is wrong."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}", "Give the file with --config.") from error
    try:
        data = yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark is not None else ""
        # Not the error's own text: it quotes the line, and with it a secret that is written there.
        reason = getattr(error, "problem", None) or "not YAML"
        raise ConfigError(f"{path}{where}: {reason}.", "Nothing was sent. Correct the file.") from None
    reader = _Reader(os.environ if environment is None else environment, scrub)
    config = reader.read({} if data is None else data)
    if reader.problems:
        listed = "; ".join(dict.fromkeys(reader.problems))
        raise ConfigError(f"{path}: {listed}.", "Nothing was sent. What the file may say: docs/alerting.md.")
    return config


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


class _Reader:
    """Turns the file's data into a Config, and gathers what is wrong with it."""

    def __init__(self, environment: Mapping[str, str], scrub: Scrubber) -> None:
        self.problems: list[str] = []
        self._environment = environment
        self._scrub = scrub
        self._schema = schema()

    def read(self, data: Any) -> Config:
        self._check(self._schema, data, ())
        data = data if isinstance(data, Mapping) else {}
        channels = {name: self._channel_data(name, value) for name, value in _items(data, "channels")}
        actions = {
            name: self._resolve(value, ("actions", name))
            for name, value in _items(data, "actions")
            if value is not None
        }
        if self.problems:
            return Config(())
        language = data.get("language", "en")
        given = data.get("delivery", {})
        standard = DeliverySettings()
        delivery = DeliverySettings(
            attempts=given.get("attempts", standard.attempts),
            **{
                name: self._wait(given, name, getattr(standard, name), ("delivery",))
                for name in ("back_off", "timeout", "give_up_after", "lease")
            },
        )
        config = Config(
            tuple(self._channel(name, value, language, delivery) for name, value in channels.items())
            or WITHOUT_FILE.channels,
            tuple(Route(_match(r.get("match")), _listed(r["channels"])) for r in data.get("routes", ())),
            tuple(self._mute(number, value) for number, value in enumerate(data.get("mutes", ()), 1)),
            tuple(self._action(name, value) for name, value in actions.items()),
            delivery,
            data.get("report_url"),
        )
        self._check_names(config)
        return config

    # --- what is wrong with it -----------------------------------------------------------------------------------

    def _check(self, part: Mapping[str, Any], data: Any, path: tuple[str | int, ...]) -> None:
        whole = {**part, "$defs": self._schema["$defs"]}
        for error in sorted(Draft202012Validator(whole).iter_errors(data), key=lambda e: [str(p) for p in e.path]):
            self.problems += [f"{_where((*path, *where))}{what}" for where, what in self._explain(error, whole)]

    def _explain(self, error: ValidationError, whole: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
        where = tuple(error.absolute_path)
        part: Any = error.schema
        limit: Any = error.validator_value
        given: Any = error.instance
        if error.validator in ("additionalProperties", "unevaluatedProperties"):
            allowed = sorted(_properties(part, whole))
            for key in sorted(set(map(str, given)) - set(allowed)):
                near = difflib.get_close_matches(key, allowed, 1)
                meant = f" (did you mean '{near[0]}'?)" if near else ""
                yield where, f"unknown key '{key}'{meant}; allowed: {', '.join(allowed)}"
        elif error.validator == "required":
            missing = [key for key in limit if key not in given]
            yield where, f"{' and '.join(map(repr, missing))} {'is' if len(missing) == 1 else 'are'} missing"
        elif error.validator in ("enum", "const"):
            allowed = limit if error.validator == "enum" else [limit]
            yield where, f"{_shown(where, given)} is not one of {', '.join(map(str, allowed))}"
        elif error.validator == "oneOf" and where[:1] == ("actions",) and len(where) == 2:
            yield where, "give either 'command' or 'webhook'"
        elif error.validator == "oneOf":
            yield where, f"{_shown(where, given)} is neither a value nor a list of values that is allowed here"
        elif error.validator == "pattern":
            yield (
                where,
                f"{_shown(where, given)} is not of the form {_FORMS.get(limit, 'wanted')}",
            )
        elif error.validator == "type":
            wanted = limit
            kinds = [wanted] if isinstance(wanted, str) else list(wanted)
            yield where, f"{_shown(where, given)} is not {' or '.join(_KINDS.get(k, k) for k in kinds)}"
        elif error.validator in ("minItems", "minLength", "minProperties"):
            yield where, "must not be empty"
        elif error.validator in ("minimum", "maximum"):
            bound = "at least" if error.validator == "minimum" else "at most"
            yield where, f"{given} is not {bound} {limit}"
        else:
            yield where, f"{_shown(where, given)} is not allowed here ({error.validator})"

    def _check_names(self, config: Config) -> None:
        known = [channel.name for channel in config.channels]
        for number, route in enumerate(config.routes, 1):
            for name in route.channels:
                if name not in known:
                    self.problems.append(
                        f"routes, entry {number}: there is no channel '{name}'; declared: {', '.join(known)}"
                    )
        from driftline.alerting.catalogue import languages

        for channel in config.channels:
            if channel.language not in languages():
                self.problems.append(
                    f"channels.{channel.name}.language: there is no catalogue for '{channel.language}'; "
                    f"there is: {', '.join(languages())}"
                )
            if channel.digest and channel.remind_every:
                self.problems.append(
                    f"channels.{channel.name}: a digest lists what is still open; 'remind_every' does not go with it"
                )
            if channel.digest and channel.type == "pagerduty":
                self.problems.append(f"channels.{channel.name}: PagerDuty takes one alert at a time, not a 'digest'")
            if channel.remind_at_most and not channel.remind_every:
                self.problems.append(f"channels.{channel.name}: 'remind_at_most' needs 'remind_every'")

    # --- its parts -----------------------------------------------------------------------------------------------

    def _channel_data(self, name: str, value: Any) -> Any:
        path = ("channels", name)
        if not isinstance(value, Mapping):
            return {}
        if not re.fullmatch(r"[\w. -]{1,100}", name):
            self.problems.append(f"channels: {name!r} is not a name of letters, digits, '.', '_' and '-'")
        kind = value.get("type")
        if kind not in CHANNEL_TYPES:
            said = "'type' is missing" if kind is None else f"unknown type {kind!r}"
            near = difflib.get_close_matches(str(kind), CHANNEL_TYPES, 1)
            meant = f" (did you mean '{near[0]}'?)" if near else ""
            self.problems.append(f"{_where(path)}{said}{meant}; allowed: {', '.join(CHANNEL_TYPES)}")
            return {}
        self._check({"$ref": f"#/$defs/{kind}"}, value, path)
        return self._resolve(value, path)

    def _resolve(self, value: Any, path: tuple[str | int, ...], secret: bool = False) -> Any:
        """Put the environment's values in place of their names, and remember every secret."""
        if isinstance(value, Mapping):
            return {
                key: self._resolve(inner, (*path, key), secret or key in _SECRET_KEYS or path[-1] == "headers")
                for key, inner in value.items()
                if not (path[0] == "actions" and key == "match")
            } | ({"match": value["match"]} if path[0] == "actions" and "match" in value else {})
        if isinstance(value, list):
            return [self._resolve(inner, (*path, number), secret) for number, inner in enumerate(value, 1)]
        if not isinstance(value, str):
            return value
        if value.startswith("env:"):
            found = _ENV.match(value)
            if found is None:
                self.problems.append(f"{_where(path)}'env:' is not followed by the name of an environment variable")
                return value
            given = self._environment.get(found.group(1))
            if not given:
                state = "is not set" if given is None else "is empty"
                self.problems.append(f"{_where(path)}the environment variable {found.group(1)} {state}")
                return value
            value, secret = given.strip(), True
            if {"to", "cc", "from"} & set(path):
                for part in re.split(r"[,;\s<>]+", value):
                    if len(part) >= 8:
                        self._scrub.add(part)
        if secret:
            remember(self._scrub, value)
        return value

    def _channel(self, name: str, value: Mapping[str, Any], language: str, delivery: DeliverySettings) -> ChannelConfig:
        path = ("channels", name)
        quiet, digest = value.get("quiet_hours"), value.get("digest")
        general = set(self._schema["$defs"]["channel"]["properties"])
        settings = {key: inner for key, inner in value.items() if key not in general}
        self._check_settings(path, settings)
        return ChannelConfig(
            name=name,
            type=value["type"],
            language=value.get("language", language),
            group=value.get("group", "monitor"),
            cool_down=self._span(value, "cool_down", path),
            remind_every=self._span(value, "remind_every", path),
            remind_at_most=value.get("remind_at_most"),
            quiet_hours=None
            if quiet is None
            else QuietHours(
                _clock(quiet["from"]),
                _clock(quiet["to"]),
                self._zone(quiet["timezone"], (*path, "quiet_hours", "timezone")),
                frozenset(WEEKDAYS.index(day) for day in quiet.get("days", WEEKDAYS)),
                quiet.get("critical", "hold") == "pass",
            ),
            digest=None
            if digest is None
            else Digest(
                _clock(digest["at"]),
                self._zone(digest["timezone"], (*path, "digest", "timezone")),
                WEEKDAYS.index(digest.get("weekday", "monday")) if digest["every"] == "week" else None,
                digest.get("critical", "pass") == "pass",
            ),
            timeout=self._wait(value, "timeout", delivery.timeout, path),
            settings=settings,
        )

    def _wait(self, value: Mapping[str, Any], key: str, standard: float, path: tuple[str, ...]) -> float:
        """Seconds that something may take: over 0 and no more than a timer can count."""
        if key not in value:
            return standard
        seconds = _seconds(value[key])
        least = 0.0 if key in ("back_off", "give_up_after") else 0.001
        if not least <= seconds <= _LONGEST_WAIT:
            self.problems.append(f"{_where((*path, key))}{value[key]!r} is not over 0s and at most 30d")
            return standard
        return seconds

    def _span(self, value: Mapping[str, Any], key: str, path: tuple[str, ...]) -> timedelta | None:
        if value.get(key) is None:
            return None
        seconds = _seconds(value[key])
        if seconds > _LONGEST_SPAN:
            self.problems.append(f"{_where((*path, key))}{value[key]!r} is more than 36500d")
            return None
        return timedelta(seconds=seconds)

    def _check_settings(self, path: tuple[str, ...], settings: dict[str, Any]) -> None:
        """What can only be checked once the environment's values are in place. Never shows a value."""
        url = settings.get("url")
        if url is not None and path[0] == "channels":
            self._check_url(url, (*path, "url"), apprise="routing_key" not in settings and "://" in url)
        if "port" in settings:
            try:
                settings["port"] = int(settings["port"])
            except ValueError:
                self.problems.append(f"{_where((*path, 'port'))}not a number")
            else:
                if not 1 <= settings["port"] <= 65535:
                    self.problems.append(f"{_where((*path, 'port'))}not a port: 1 to 65535")
        for key in ("from", "to", "cc"):
            if key in settings:
                try:
                    found = mailboxes(settings[key])
                except ValueError as error:
                    self.problems.append(f"{_where((*path, key))}{error}")
                else:
                    if key == "from" and len(found) > 1:
                        self.problems.append(f"{_where((*path, key))}more than one address")
        for key, text in settings.get("headers", {}).items():
            if not re.fullmatch(r"[A-Za-z0-9-]+", key) or re.search(r"[\r\n\x00]", text):
                self.problems.append(f"{_where((*path, 'headers', key))}not a header")

    def _check_url(self, url: str, path: tuple[str, ...], apprise: bool = False) -> None:
        pattern = r"[a-z][a-z0-9+.-]*://\S+" if apprise else r"https?://[^\s/]+\S*"
        try:
            sound = bool(re.fullmatch(pattern, url, re.IGNORECASE))
            if sound and url.lower().startswith("http"):
                # Both raise where the host is no address or the port no number.
                urlsplit(url).hostname, urlsplit(url).port
        except ValueError:
            sound = False
        if not sound:
            self.problems.append(f"{_where(path)}not a URL that starts with https:// or http://")

    def _zone(self, name: str, path: tuple[str, ...]) -> ZoneInfo:
        try:
            return ZoneInfo(name)
        except Exception:
            self.problems.append(f"{_where(path)}there is no time zone '{name}'; an example: Asia/Tokyo")
            return ZoneInfo("UTC")

    def _mute(self, number: int, value: Mapping[str, Any]) -> Mute:
        zone = self._zone(value.get("timezone", "UTC"), ("mutes", f"entry {number}", "timezone"))
        text = value["until"]
        try:
            until = datetime.fromisoformat(text.replace("T", " "))
        except ValueError:
            self.problems.append(f"mutes, entry {number}: {text!r} is not a date")
            until = datetime.now()
        try:
            if len(text) == 10:  # a date is muted to its end
                until += timedelta(days=1)
            until = until.replace(tzinfo=zone).astimezone(timezone.utc)
        except OverflowError:  # the calendar's last day, by which people mean for ever, or its first
            until = (datetime.max if until.year > 1 else datetime.min).replace(tzinfo=timezone.utc)
        return Mute(_match(value["match"]), value["reason"], until)

    def _action(self, name: str, value: Mapping[str, Any]) -> ActionConfig:
        webhook = value.get("webhook")
        if webhook is not None:
            self._check_url(webhook["url"], ("actions", name, "webhook", "url"))
            self._check_settings(("actions", name, "webhook"), dict(webhook))
        standard = 600.0 if webhook is None else 30.0
        return ActionConfig(
            name,
            _match(value.get("match")),
            value.get("per", "alert"),
            tuple(value.get("command", ())),
            webhook,
            value.get("limit_per_day"),
            self._wait(value, "timeout", standard, ("actions", name)),
            value.get("dry_run", False),
        )


def remember(scrub: Scrubber, secret: str) -> None:
    """Tell the scrubber of a secret, and of the parts of a URL by which an error may quote it."""
    scrub.add(secret)
    if "://" not in secret:
        return
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


_KINDS = {
    "string": "a text",
    "object": "a mapping",
    "array": "a list",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
}

_FORMS = {
    "^[0-9]+(\\.[0-9]+)?[smhd]$": "30s, 15m, 6h or 7d",
    "^([01]?[0-9]|2[0-3]):[0-5][0-9]$": "22:00",
    "^(https?|file)://": "https://…",
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?)?$": "2026-12-31 or 2026-12-31 18:00",
}


def _properties(part: Mapping[str, Any], whole: Mapping[str, Any]) -> set[str]:
    names = set(part.get("properties", {}))
    if "$ref" in part:
        names |= _properties(whole["$defs"][part["$ref"].rpartition("/")[2]], whole)
    return names


def _where(path: Sequence[str | int]) -> str:
    return ".".join(map(str, path)) + ": " if path else ""


def _shown(path: Sequence[str | int], value: Any) -> str:
    """A wrong value as a message may show it: never one that may be a secret."""
    if isinstance(value, (Mapping, list)):
        return "this"
    if any(part in _SECRET_KEYS or part == "headers" for part in path):
        return "the value"
    return repr(value)


def _items(data: Mapping[str, Any], key: str) -> Iterator[tuple[str, Any]]:
    found = data.get(key)
    if isinstance(found, Mapping):
        yield from ((str(name), value) for name, value in found.items())


def _listed(value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    return tuple(str(v).lower() if isinstance(v, bool) else str(v) for v in values)


def _match(value: Mapping[str, Any] | None) -> Match:
    return Match(tuple((key, _listed(patterns)) for key, patterns in (value or {}).items()))


def _seconds(text: str) -> float:
    return float(text[:-1]) * _SECONDS[text[-1]]


def _clock(text: str) -> time:
    hour, minute = text.split(":")
    return time(int(hour), int(minute))
