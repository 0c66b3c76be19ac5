"""What docs/alerting.md shows works as it stands there."""

from __future__ import annotations

import base64
import json
import re
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from driftline.alerting.channels.webhook import signed_headers
from driftline.alerting.config import DeliverySettings, load_config, schema
from driftline.alerting.ledger import _NAMES
from driftline.scrub import Scrubber
from support.project import REPOSITORY

TEXT = (REPOSITORY / "docs" / "alerting.md").read_text(encoding="utf-8")


def code(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def test_the_configurations_load(tmp_path: Path) -> None:
    examples = [one for one in code("yaml") if not one.startswith("exposures:")]
    assert len(examples) == 3
    for number, example in enumerate(examples):
        path = tmp_path / f"{number}.yml"
        path.write_text(example, encoding="utf-8")
        wanted = dict.fromkeys(re.findall(r"env:(\w+)", example), "https://example.com/a/b")
        config = load_config(path, Scrubber({}), wanted)
        assert config.channels
    # The defaults are the defaults.
    path.write_text(examples[1], encoding="utf-8")
    assert load_config(path, Scrubber({}), {}).delivery == DeliverySettings()


@pytest.mark.parametrize("secret", ["a plain secret", "whsec_" + base64.b64encode(b"bytes of a secret").decode()])
def test_the_verification_verifies(secret: str) -> None:
    found: dict[str, Any] = {}
    exec(next(one for one in code("python") if "is_genuine" in one), found)
    body = '{"a": "日本"}'.encode()
    headers = signed_headers(secret, "key", body, int(time.time()))
    assert found["is_genuine"](headers, body, secret)
    assert not found["is_genuine"](headers, body + b" ", secret)
    assert not found["is_genuine"](headers, body, secret[:6] + "QUFB" + secret[6:])
    assert not found["is_genuine"]({**headers, "webhook-id": "other"}, body, secret)
    old = signed_headers(secret, "key", body, int(time.time()) - 1000)
    assert not found["is_genuine"](old, body, secret)


def test_the_body_is_one() -> None:
    path = REPOSITORY / "python" / "driftline" / "alerting" / "schema" / "notification.v1.json"
    jsonschema.validate(json.loads(code("json")[0]), json.loads(path.read_text(encoding="utf-8")))


def test_every_setting_and_column_is_described() -> None:
    whole = schema()
    names = set(whole["properties"]) | set(_NAMES)
    for part in whole["$defs"].values():
        names |= set(part["properties"])
        assert all(key["description"] for key in part["properties"].values())
    assert len(names) > 70 and {name for name in names if not re.search(rf"\b{name}\b", TEXT)} == set()
