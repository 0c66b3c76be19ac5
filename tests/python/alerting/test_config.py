"""driftline.yml: what it may say, and that everything wrong with it is told at once, without a secret in it."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from driftline.alerting.config import ConfigError, find_config, load_config, schema
from driftline.scrub import Scrubber
from jsonschema import Draft202012Validator

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
    assert (team.language, pager.language, screen.type) == ("ja", "en", "console")
    assert team.settings["url"] == ENVIRONMENT["SLACK_URL"] and hook.settings["headers"]["Authorization"].startswith(
        "B"
    )
    assert team.cool_down.total_seconds() == 6 * 3600 and team.remind_at_most == 3
    assert (team.quiet_hours.start.hour, team.quiet_hours.end.hour, team.quiet_hours.critical_passes) == (22, 7, True)
    assert post.settings["port"] == 2525 and post.digest.weekday == 4
    assert config.routes[1].match.keys[2] == ("segment_value", ("NO", "1"))
    # A date is muted to its end, in its zone; a time is itself the end.
    assert config.mutes[0].until == datetime(2026, 12, 1, 15, tzinfo=timezone.utc)
    assert config.mutes[1].until == datetime(2026, 12, 1, 18, 30, tzinfo=timezone.utc)
    assert config.actions[0].command == ("python", "retrain.py") and config.actions[0].timeout == 3600
    assert config.delivery.lease == 120 and config.matches_of("team") == ()


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("chanels: {}", "unknown key 'chanels' (did you mean 'channels'?); allowed: actions, channels"),
        ("channels: {a: {type: slak, url: x}}", "channels.a: unknown type 'slak' (did you mean 'slack'?); allowed: console"),
        ("channels: {a: {url: x}}", "channels.a: 'type' is missing; allowed: console"),
        ("channels: {a: {type: slack}}", "channels.a: 'url' is missing"),
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
