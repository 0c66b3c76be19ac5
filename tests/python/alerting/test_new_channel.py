"""The recipe for a channel in CONTRIBUTING.md, followed step by step in a copy of the package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import yaml
from support.receivers import Answer
from support.recipes import Copy

MODULE = '''"""Pagers that take plain text."""

from __future__ import annotations

from driftline.alerting.channels import Context, Receipt
from driftline.alerting.channels.http import Poster
from driftline.alerting.config import ChannelConfig
from driftline.alerting.notification import Message
from driftline.text import to_json


class BeeperChannel:
    largest: int | None = None
    facts = False
    picture = False

    def __init__(self, config: ChannelConfig) -> None:
        self.name = config.name
        self.group = config.group
        self._token = config.settings["token"]
        self._poster = Poster(config.settings["url"], config.timeout)

    def send(self, message: Message, context: Context) -> Receipt:
        body = to_json({"say": context.compose(message).title}).encode()
        self._poster.post(body, {"Authorization": f"Bearer {self._token}"})
        return Receipt()

    def close(self) -> None:
        self._poster.close()
'''
MAKER = """    def beeper() -> Channel:
        from driftline.alerting.channels.beeper import BeeperChannel

        return BeeperChannel(config)

"""
KEYS = """    "beeper": {
      "$ref": "#/$defs/channel",
      "unevaluatedProperties": false,
      "required": ["url", "token"],
      "properties": {"url": {"$ref": "#/$defs/text"}, "token": {"$ref": "#/$defs/text"}}
    },
"""


def with_beeper(folder: Path) -> Copy:
    copy = Copy(folder)
    copy.add("alerting/channels/beeper.py", MODULE)
    copy.insert("alerting/channels/__init__.py", "    makers: dict[str, Callable[[], Channel]] = {\n", MAKER)
    copy.insert("alerting/channels/__init__.py", '        "console": console,\n', '        "beeper": beeper,\n')
    copy.insert("alerting/config.py", '"console", "slack", "pagerduty"', '"beeper", ')
    copy.insert("alerting/config.py", '"url", "routing_key", "secret"', '"token", ')
    copy.insert("alerting/schema/config.v1.json", '    "console": {\n', KEYS)
    return copy


def test_a_new_channel(shop: Any, http: Any, tmp_path: Path) -> None:
    copy = with_beeper(tmp_path)
    web = http(lambda request, number: Answer(401 if number == 1 else 200))
    folder = ["--project-dir", str(shop.folder), "--profiles-dir", str(shop.folder)]

    def alert(**channel: str) -> tuple[int, str]:
        channels = {"desk": {"type": "beeper", **channel}}
        (shop.folder / "driftline.yml").write_text(yaml.safe_dump({"channels": channels}), encoding="utf-8")
        outcome = copy.run("-m", "driftline", "alert", *folder, environment={"TOKEN": "a-long-secret-token"})
        return outcome.returncode, outcome.stdout + outcome.stderr

    shop.build("shop")
    shop.alert("a1")
    shop.workspace.close()  # DuckDB's file is one process' at a time
    # What its keys are is checked, and what it is refused with names no secret.
    code, said = alert(url=web.url())
    assert code == 2 and "token" in said
    code, said = alert(url=web.url(), token="env:TOKEN", tokens="x")
    assert code == 2 and "tokens" in said
    code, said = alert(url=web.url("/secret-path"), token="env:TOKEN")
    assert code == 1 and "desk" in said and "a-long-secret-token" not in said and "secret-path" not in said
    # It is told at the next run, once.
    code, said = alert(url=web.url(), token="env:TOKEN")
    assert code == 0, said
    assert [request.json for request in web.requests[1:]] == [{"say": "shop: 1 warning"}]
    assert web.requests[-1].headers["authorization"] == "Bearer a-long-secret-token"
    assert alert(url=web.url(), token="env:TOKEN")[0] == 0 and len(web.requests) == 2
    with duckdb.connect(str(shop.workspace.path), read_only=True) as connection:
        told = connection.execute("select channel, outcome from driftline_notifications where state <> 'watching'")
        assert ("desk", "sent") in told.fetchall()
