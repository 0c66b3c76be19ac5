"""driftline.yml: what it may say, and that everything wrong with it is told at once, without a secret in it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from driftline.alerting.channels import channel_types
from driftline.alerting.config import ConfigError, Reader, find_config, load_config, read, schema
from driftline.alerting.settings import Reading
from driftline.scrub import Scrubber
from jsonschema import Draft202012Validator
from support.project import REPOSITORY

GOOD = """
version: 1
language: ja
report_url: https://example.com/report.html
delivery: {attempts: 2, back_off: 1s, timeout: 5s, give_up_after: 1m, lease: 2m}
channels:
  team:
    type: slack
    url: env:SLACK_URL
    cool_down: 6h
    remind_every: 1d
    remind_at_most: 3
    quiet_hours: {from: 22:00, to: 7:00, timezone: Asia/Tokyo, critical: pass}
  pager: {type: pagerduty, routing_key: env:PAGER_KEY, language: en}
  post:
    type: mail
    host: mail.example.com
    port: env:MAIL_PORT
    from: driftline@example.com
    to: [a@example.com, b@example.com]
    digest: {every: week, weekday: friday, at: 08:00, timezone: Europe/London}
  hook: {type: webhook, url: https://example.com/h, secret: env:HOOK_SECRET, headers: {Authorization: env:HOOK_AUTH}}
  teams: {type: apprise, url: env:TEAMS_URL}
  screen: {type: console}
routes:
  - {channels: [post, screen]}
  - {match: {monitor: [shop, reco*], severity: critical, segment_value: [NO, 1]}, channels: pager}
mutes:
  - {match: {monitor: shop}, reason: known promotion, until: 2026-12-01, timezone: Asia/Tokyo}
  - {match: {column: price}, reason: moved, until: 2026-12-01 18:30}
actions:
  retrain: {match: {severity: critical}, per: monitor, command: [python, retrain.py], limit_per_day: 2, timeout: 1h}
  flow: {webhook: {url: https://example.com/dispatch, body: {event_type: drift, client_payload: {it: $message}}}}
"""

ENVIRONMENT = {
    "SLACK_URL": "https://hooks.example.com/services/T0001/B0001/secretsecret",
    "PAGER_KEY": "pager-secret-key",
    "MAIL_PORT": "2525",
    "HOOK_SECRET": "hook-secret-value",
    "HOOK_AUTH": "Bearer bearer-secret",
    "TEAMS_URL": "workflows://host.example.com/workflow-secret/signature-secret",
}


def load(text: str, tmp_path: Path, scrub: Scrubber | None = None, **environment: str) -> Any:
    path = tmp_path / "driftline.yml"
    path.write_text(text, encoding="utf-8")
    return load_config(path, scrub or Scrubber({}), {**ENVIRONMENT, **environment})


def test_a_whole_file(tmp_path: Path) -> None:
    config = load(GOOD, tmp_path)
    team, pager, post, hook, _, screen = config.channels
    slack, mail, headers = team.settings, post.settings, hook.settings.headers
    assert (team.settings.language, pager.settings.language, screen.settings.type) == ("ja", "en", "console")
    assert slack.url.get_secret_value() == ENVIRONMENT["SLACK_URL"]
    assert headers["Authorization"].get_secret_value() == ENVIRONMENT["HOOK_AUTH"]
    assert slack.cool_down.total_seconds() == 6 * 3600 and slack.remind_at_most == 3
    hours = slack.quiet_hours
    assert (hours.start.hour, hours.end.hour, hours.critical, slack.timeout) == (22, 7, "pass", 5)
    assert mail.port == 2525 and mail.digest.weekday == "friday" and mail.to == ["a@example.com", "b@example.com"]
    assert config.routes[1].match.segment_value == ["NO", "1"]
    # A date is muted to its end, in its zone; a time is itself the end.
    assert config.mutes[0].until == datetime(2026, 12, 1, 15, tzinfo=timezone.utc)
    assert config.mutes[1].until == datetime(2026, 12, 1, 18, 30, tzinfo=timezone.utc)
    assert config.actions[0].command == ["python", "retrain.py"] and config.actions[0].timeout == 3600
    assert config.delivery.lease == 120 and config.matches_of("team") == ()


def test_the_schema_is_one() -> None:
    whole = schema()
    Draft202012Validator.check_schema(whole)
    # A channel's type is called as its entry is.
    assert all(whole["$defs"][name]["properties"]["type"]["const"] == name for name in channel_types())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("chanels: {}", "unknown key 'chanels' (did you mean 'channels'?); allowed: actions, channels"),
        ("channels: {a: {type: slak, url: x}}", "channels.a: unknown type 'slak' (did you mean 'slack'?); allowed: apprise, console"),
        ("channels: {a: {url: x}}", "channels.a: 'type' is missing; allowed: apprise, console"),
        ("channels: {a: {type: slack}}", "channels.a: 'url' is missing"),
        ("channels: {a: {type: [slack], url: x}}", "channels.a: unknown type ['slack']"),
        ("channels: {a: {type: slack, url: 'ftp://x/y'}}", "channels.a.url: not a URL"),
        ("channels: {a: {type: console, cool_down: }}", "channels.a.cool_down: has no value"),
        (
            "channels: {a: {type: webhook, url: 'https://x/y', headers: {A: env:NOWHERE}}}",
            "channels.a.headers.A: the environment variable NOWHERE is not set",
        ),
        ("routes: [{match: {severity: [bad]}, channels: a}]", "routes.0.match.severity.0: 'bad' is not one of warn, critical"),
        ("routes: [{match: {}, channels: a}]", "routes.0.match: must not be empty"),
        ("channels: {a: {type: console, digest: {every: day}}}", "channels.a.digest: 'at' and 'timezone' are missing"),
        ("channels: {a: {type: slack, url: 'https://x/y', ur: 1}}", "channels.a: unknown key 'ur' (did you mean 'url'?)"),
        ("channels: {a: {type: slack, url: nonsense}}", "channels.a.url: not a URL"),
        ("channels: {a: {type: slack, url: env:NOWHERE}}", "channels.a.url: the environment variable NOWHERE is not set"),
        ("channels: {a: {type: slack, url: env:EMPTY}}", "channels.a.url: the environment variable EMPTY is empty"),
        ("channels: {a: {type: slack, url: 'env:'}}", "channels.a.url: 'env:' is not followed by the name"),
        ("channels: {a: {type: console, cool_down: 6 hours}}", "channels.a.cool_down: '6 hours' is not of the form 30s"),
        ("channels: {a: {type: console, language: xx}}", "there is no catalogue for 'xx'; there is: en, ja"),
        ("channels: {a: {type: console, group: all}}", "channels.a.group: 'all' is not one of monitor, alert"),
        (
            "channels: {a: {type: console, quiet_hours: {from: '25:00', to: '07:00', timezone: UTC}}}",
            "channels.a.quiet_hours.from: '25:00' is not of the form 22:00",
        ),
        (
            "channels: {a: {type: console, quiet_hours: {from: 22:00, to: 07:00, timezone: Asia/Tokio}}}",
            "channels.a.quiet_hours.timezone: there is no time zone 'Asia/Tokio'",
        ),
        ("channels: {a: {type: console}}\nroutes: [{channels: [b]}]", "routes, entry 1: there is no channel 'b'; declared: a"),
        ("routes: [{match: {severity: bad}, channels: [a]}]", "severity"),
        ("routes: [{match: {colum: x}, channels: [a]}]", "routes.0.match: unknown key 'colum' (did you mean 'column'?)"),
        ("mutes: [{match: {monitor: x}, until: 2026-12-01}]", "mutes.0: 'reason' is missing"),
        ("mutes: [{match: {monitor: x}, reason: r, until: 2026-13-01}]", "'2026-13-01' is not a date"),
        ("mutes: [{match: {monitor: x}, reason: r, until: soon}]", "mutes.0.until: 'soon' is not of the form 2026-12-31"),
        ("actions: {a: {command: python x}}", "actions.a.command: 'python x' is not a list"),
        ("actions: {a: {limit_per_day: 1}}", "actions.a: give either 'command' or 'webhook'"),
        ("actions: {a: {command: [x], webhook: {url: 'https://x'}}}", "actions.a: give either 'command' or 'webhook'"),
        ("delivery: {attempts: 0}", "delivery.attempts: 0 is not at least 1"),
        ("channels: {a: {type: console}, a: {type: console}}", "the key 'a' stands twice"),
        ("channels: [", "line 1"),
        ("[]", "this is not a mapping"),
        (
            "channels: {a: {type: pagerduty, routing_key: k, digest: {every: day, at: 08:00, timezone: UTC}}}",
            "PagerDuty takes one alert at a time",
        ),
        (
            "channels: {a: {type: console, remind_every: 1d, digest: {every: day, at: 08:00, timezone: UTC}}}",
            "'remind_every' does not go with it",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(text: str, expected: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(text, tmp_path, EMPTY="")
    assert expected in caught.value.message and "Nothing was sent" in caught.value.hint


def test_everything_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load("channels: {a: {type: slack, url: env:NO1}, b: {type: pagerduty, routing_key: env:NO2, x: 1}}", tmp_path)
    for part in ("channels.a.url", "NO1", "channels.b.routing_key", "NO2", "unknown key 'x'"):
        assert part in caught.value.message


def test_secrets_are_known_to_the_scrubber_and_never_in_a_message(tmp_path: Path) -> None:
    scrub = Scrubber({})
    config = load(GOOD, tmp_path, scrub)
    said = (
        "POST /services/T0001/B0001/secretsecret failed; pager-secret-key; Bearer bearer-secret; hook-secret-value; "
        "workflow-secret at host.example.com; signature-secret"
    )
    cleaned = scrub(said)
    for secret in (
        "secretsecret",
        "pager-secret",
        "bearer-secret",
        "hook-secret",
        "workflow-secret",
        "signature-secret",
    ):
        assert secret not in cleaned
    body = "{webhook: {url: 'https://x/y', body: {routing_key: body-secret-1, more: [{password: body-secret-2}], n: env:PAGER_KEY}}}"
    load(f"actions: {{a: {body}}}", tmp_path, scrub)
    assert scrub("body-secret-1 body-secret-2") == "*** ***"
    assert not any(value in repr(config) for value in ENVIRONMENT.values() if value != "2525")
    for text in (
        "channels: {a: {type: slack, url: plain-secret}}",
        "channels: {a: {type: webhook, url: 'https://x/y', secret: [plain-secret]}}",
        "channels: {a: {type: webhook, url: 'https://x/y', headers: {Authorization: \"plain-secret\\nX: y\"}}}",
        "channels: {a: {type: slack, url: plain-secret",
    ):
        with pytest.raises(ConfigError) as caught:
            load(text, tmp_path)
        assert "plain-secret" not in str(caught.value)


def test_where_the_file_is(tmp_path: Path) -> None:
    assert find_config(None, str(tmp_path)) is None
    (tmp_path / "driftline.yml").write_text("version: 1")
    assert find_config(None, str(tmp_path)) == tmp_path / "driftline.yml"
    assert find_config(Path("other.yml"), str(tmp_path)) == Path("other.yml")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path / "none.yml", Scrubber({}))


def test_an_empty_file_is_the_console_alone(tmp_path: Path) -> None:
    assert [channel.name for channel in load("", tmp_path).channels] == ["console"]


# What a schema cannot say: that names are there, and what a text means.
BEYOND = re.compile(
    r"environment variable|is not followed by the name|not a URL|no time zone|no catalogue|is not a date|is not over 0s"
    r"|is more than 36500d|there is no channel|address|not a number|not a port|not a header|is not a name of letters"
)
ODD = (
    None,
    True,
    0,
    -1,
    1.0,
    2.5,
    11,
    "",
    "x",
    "2",
    "env:SLACK_URL",
    "6h",
    "8:30",
    [],
    ["x", "x"],
    [1],
    {},
    {"x": "y"},
)


def changed(value: Any) -> Iterator[Any]:
    """A value with one of its parts odd, left out or not known, in every way."""
    if isinstance(value, dict):
        yield {**value, "odd": "1"}
        for key, inner in value.items():
            rest = {name: other for name, other in value.items() if name != key}
            yield rest
            yield from ({**rest, key: one} for one in (*ODD, *changed(inner)))
    if isinstance(value, list):
        yield from ([one, *value[1:]] for one in (*ODD, *changed(value[0])))


def test_editors_and_the_command_refuse_the_same(tmp_path: Path) -> None:
    path = REPOSITORY / "python" / "driftline" / "alerting" / "schema" / "config.v1.json"
    by_schema = Draft202012Validator(json.loads(path.read_text(encoding="utf-8")))
    (tmp_path / "driftline.yml").write_text(GOOD, encoding="utf-8")
    whole = read(tmp_path / "driftline.yml")
    pieces: list[dict[str, Any]] = [{key: value} for key, value in whole.items() if not isinstance(value, (dict, list))]
    for key in ("channels", "actions"):
        pieces += [{key: {name: one}} for name, one in whole[key].items()]
    for key in ("routes", "mutes"):
        pieces += [{key: [one]} for one in whole[key]]
    pieces.append({"delivery": whole["delivery"]})
    post, retrain = whole["channels"]["post"], whole["actions"]["retrain"]
    pieces += [{"channels": {"a": {**post, "chart": False}}}, {"actions": {"a": {**retrain, "dry_run": True}}}]
    # Keys that do not go together, which is said once each of them is right.
    at_odds = ({**whole["channels"]["pager"], "digest": post["digest"]}, {**post, "remind_every": "1d"})
    reader = Reader(Reading(Scrubber({}), ENVIRONMENT))
    seen = Counter[bool]()
    for piece in pieces:
        for data in (piece, *changed(piece), *({"channels": {"a": one}} for one in at_odds)):
            reader.problems.clear()
            reader.read(data)
            refused = [said for said in reader.problems if not BEYOND.search(said)]
            assert by_schema.is_valid(data) is not bool(refused), (data, reader.problems)
            seen[bool(refused)] += 1
    assert min(seen[True], seen[False]) > 100
