"""The recipe for a channel in CONTRIBUTING.md and docs/alerting.md, followed by another package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from driftline.alerting.channels import channel_types
from driftline.alerting.config import ConfigError, load_config, schema
from driftline.scrub import Scrubber
from jsonschema import Draft202012Validator
from support.project import REPOSITORY
from support.receivers import Answer

TOKEN = "a-long-secret-token"
# As docs/alerting.md shows it.
MODULE = (
    (REPOSITORY / "docs" / "alerting.md")
    .read_text(encoding="utf-8")
    .split("```python\n# driftline_beeper.py\n")[1]
    .split("```")[0]
)


def install(folder: Path, types: dict[str, str], module: str = MODULE, name: str = "driftline-beeper") -> None:
    """What pip leaves of a package with one module."""
    stem = name.replace("-", "_")
    (folder / f"{stem}.py").write_text(module, encoding="utf-8")
    about = folder / f"{stem}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
    lines = [f"{key} = {value}" for key, value in types.items()]
    (about / "entry_points.txt").write_text("\n".join(["[driftline.channels]", *lines, ""]), encoding="utf-8")


@pytest.fixture
def beeper(tmp_path: Path, monkeypatch: Any) -> None:
    install(tmp_path, {"beeper": "driftline_beeper:BeeperChannel"})
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("BEEPER_ENTRY", TOKEN)


def test_another_package_brings_a_channel(beeper: None, shop: Any, tools: Any, http: Any, caplog: Any) -> None:
    def answer(request: Any, number: int) -> Answer:
        # The worst a receiver can do is to repeat what it was given.
        return Answer(401 if number == 1 else 200, body=f"{request.headers}")

    web = http(answer)

    def alert(**channel: str) -> tuple[int, str]:
        tools.configure(shop, channels={"desk": {"type": "beeper", **channel}})
        with caplog.at_level("DEBUG"):
            outcome = shop.run("alert", "--verbose", "--json")
        ledger = shop.workspace.relation("driftline_notifications")
        kept = shop.workspace.sql(f"select * from {ledger}") if outcome.code < 2 else ""
        said = f"{outcome.out}{outcome.err}{caplog.text}{kept}"
        assert TOKEN not in said and "secret-path" not in said
        return outcome.code, said

    shop.build("shop")
    shop.alert("a1")
    # What its keys are is checked by its own model, in the words of the others.
    for channel, wanted in (
        ({"url": web.url()}, "channels.desk: 'token' is missing"),
        ({"url": web.url(), "token": TOKEN, "tokn": "x"}, "channels.desk: unknown key 'tokn' (did you mean 'token'?)"),
        ({"url": web.url(), "token": TOKEN, "volume": 11}, "channels.desk.volume: 11 is not at most 10"),
        ({"url": web.url(), "token": "env:NOT_THERE"}, "channels.desk.token: the environment variable NOT_THERE is"),
        ({"url": TOKEN, "token": "env:BEEPER_ENTRY"}, "channels.desk.url: not a URL"),
        ({"url": web.url(), "token": "env:BEEPER_ENTRY", "digest": {}}, "channels.desk.digest: 'every' and 'at' and"),
    ):
        code, said = alert(**channel)
        assert code == 2 and wanted in said, said
    assert web.requests == []
    code, said = alert(url=web.url("/secret-path"), token="env:BEEPER_ENTRY")
    assert code == 1 and "desk: 1 notifications were not delivered" in said
    # It is told at the next run, once.
    assert alert(url=web.url(), token="env:BEEPER_ENTRY", volume=7)[0] == 0
    assert [request.json for request in web.requests[1:]] == [{"say": "shop: 1 warning", "volume": 7}]
    assert web.requests[-1].headers["authorization"] == f"Bearer {TOKEN}"
    assert alert(url=web.url(), token="env:BEEPER_ENTRY")[0] == 0 and len(web.requests) == 2
    assert ("desk", "sent") in shop.ledger("channel, outcome")


def test_the_schema_has_its_keys(beeper: None) -> None:
    whole = schema()
    assert whole["$defs"]["beeper"]["properties"]["volume"]["description"] == "1 to 10."
    checks = Draft202012Validator(whole)
    assert checks.is_valid({"channels": {"a": {"type": "beeper", "url": "https://x", "token": "env:T"}}})
    assert not checks.is_valid({"channels": {"a": {"type": "beeper", "url": "https://x"}}})


def test_a_package_that_is_broken_is_named_where_it_is_used(tmp_path: Path, monkeypatch: Any) -> None:
    types = {"broken": "driftline_broken:Gone", "odd": "driftline_broken:Odd", "slack": "driftline_broken:Odd"}
    install(tmp_path, types, "class Odd:\n    pass\n", "driftline-broken")
    monkeypatch.syspath_prepend(str(tmp_path))
    file = tmp_path / "driftline.yml"
    file.write_text("channels: {a: {type: broken}, b: {type: odd}, c: {type: console}}", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(file, Scrubber({}))
    for part in (
        "channels.a: the type 'broken' of the package driftline-broken cannot be used: AttributeError",
        "channels.b: the type 'odd' of the package driftline-broken cannot be used: driftline_broken:Odd is no Channel",
    ):
        assert part in caught.value.message
    file.write_text("channels: {c: {type: console}}", encoding="utf-8")
    assert load_config(file, Scrubber({})).channels
    # Nor does another package get the secrets of a type of ours.
    assert channel_types()["slack"].value == "driftline.alerting.channels.slack:SlackChannel"
