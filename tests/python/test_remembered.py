"""What dbt said is taken again only while it would say the same: each thing that may change it has dbt asked anew."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from driftline import ask_dbt, remembered
from driftline.connection import DuckDBConnection, PostgresConnection
from driftline.kinds import kind_of
from driftline.project import ProjectOptions
from driftline.scrub import Scrubber
from driftline.warehouse import Warehouse

Asked = Callable[..., bool]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Opens the project; whether dbt was asked."""
    calls = []
    parse = ask_dbt.parse

    def counted(*arguments: Any) -> Any:
        calls.append(arguments)
        return parse(*arguments)

    monkeypatch.setattr(ask_dbt, "parse", counted)

    def opened(shop: Any, **options: Any) -> bool:
        before = len(calls)
        time.sleep(0.05)  # what was changed in the same moment is not trusted
        open_(shop, **options).close()
        return len(calls) > before

    return opened


def open_(shop: Any, **options: Any) -> Warehouse:
    folder = str(shop.folder)
    return Warehouse.open(ProjectOptions(**{"project_dir": folder, "profiles_dir": folder, **options}), Scrubber())


def kept(shop: Any) -> list[Path]:
    return sorted((shop.folder / "target" / "driftline").glob("project_*.json"))


def put_back_times(path: Path, text: str) -> None:
    """Other words of the same length, and the times of before."""
    before = path.stat()
    path.write_text(text)
    assert path.stat().st_size == before.st_size
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_every_change_has_dbt_asked_and_nothing_else_does(
    shop: Any, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.model("here", "select '{{ env_var('SHOP_KIND', 'none') }}' as kind")
    assert asked(shop) and not asked(shop) and not asked(shop)
    package = shop.folder / "dbt_packages" / "driftline"
    model = shop.folder / "models" / "here.sql"

    def other_profile() -> None:
        output = {**shop.workspace.output(), "schema": "{{ env_var('SHOP_SCHEMA', 'elsewhere') }}"}
        profiles = {"shop": {"target": "test", "outputs": {"test": output, "prod": shop.workspace.output()}}}
        (shop.folder / "profiles.yml").write_text(yaml.safe_dump(profiles))

    changes: dict[str, Callable[[], Any]] = {
        "dbt_project.yml": lambda: shop.variables(driftline_monitors=[], driftline_now="2026-01-01"),
        "a date in it": lambda: (shop.folder / "dbt_project.yml").write_text(
            "{name: shop, profile: shop, vars: {driftline_now: 2026-01-02}}"
        ),
        "a monitor more": lambda: shop.model("more", "select 1 as a"),
        "a model changed, its times put back": lambda: put_back_times(model, model.read_text().replace("none", "some")),
        "a model moved": lambda: (shop.folder / "models" / "more.sql").rename(shop.folder / "models" / "moved.sql"),
        "a model gone": lambda: (shop.folder / "models" / "moved.sql").unlink(),
        "a folder more": lambda: (shop.folder / "macros").mkdir(),
        "a macro": lambda: (shop.folder / "macros" / "m.sql").write_text("{% macro m() %}{% endmacro %}"),
        "settings in a file of their own": lambda: (shop.folder / "selectors.yml").write_text("selectors: []"),
        "the package": lambda: os.utime(next((package / "models").rglob("*.sql"))),
        "a variable of the environment that a model reads": lambda: monkeypatch.setenv("SHOP_KIND", "big"),
        "one that dbt takes settings from": lambda: monkeypatch.setenv("DBT_QUOTE_ME", "1"),
        "the profile": other_profile,
        "a variable of the environment that the profile reads": lambda: monkeypatch.setenv("SHOP_SCHEMA", "third"),
        "what was kept is gone": lambda: shutil.rmtree(shop.folder / "target"),
        "it was cut off": lambda: kept(shop)[0].write_text(kept(shop)[0].read_text()[:-200]),
        "it is something else": lambda: kept(shop)[0].write_text('{"question": [1]}'),
    }
    for what, change in changes.items():
        change()
        assert asked(shop), what
        assert not asked(shop), f"again after {what}"
    # None of these says anything to dbt.
    (shop.folder / "README.md").write_text("read me")
    (shop.folder / "target" / "manifest.json").write_text("{}")
    monkeypatch.setenv("DBT_CLOUD_RUN_ID", "7")
    assert not asked(shop)


def test_other_arguments_are_another_question(shop: Any, asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    output = shop.workspace.output()
    targets = {"test": output, "prod": {**output, "schema": "prod"}}
    (shop.folder / "profiles.yml").write_text(
        yaml.safe_dump(
            {"shop": {"target": "test", "outputs": targets}, "other": {"target": "prod", "outputs": targets}}
        )
    )
    questions: list[dict[str, str]] = [
        {}, {"target": "prod"}, {"vars": "{driftline_now: '2026-01-01'}"}, {"vars": "{driftline_now: '2026-01-02'}"},
        {"profile": "other"},
    ]  # fmt: skip
    for question in questions:
        assert asked(shop, **question), question
    for question in questions:
        assert not asked(shop, **question), question
    with open_(shop, target="prod") as there, open_(shop) as here:
        assert (there.schema, here.schema) == ("prod", output["schema"])
    with open_(shop, vars="{driftline_now: '2026-01-02'}") as there:
        assert there.variable("driftline_now") == "2026-01-02"
    # Where dbt writes somewhere else nothing of this is current.
    assert asked(shop, target_path="elsewhere") and not asked(shop, target_path="elsewhere")
    # The oldest answers go.
    monkeypatch.setattr(remembered, "KEPT", 3)
    assert asked(shop, vars="{day: 1}") and len(kept(shop)) == 3 and not asked(shop, vars="{day: 1}")


def test_versions_count(shop: Any, asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(shop) and not asked(shop)
    versions = remembered._versions
    monkeypatch.setattr(remembered, "_versions", lambda names: {**versions(names), "dbt-core": "9.9"})
    assert asked(shop) and not asked(shop)
    monkeypatch.setattr(remembered, "__version__", "9.9")
    assert asked(shop)


def test_what_changes_while_dbt_reads_is_not_kept(shop: Any, asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    parse = ask_dbt.parse

    def disturbed(*arguments: Any) -> Any:
        found = parse(*arguments)
        shop.model("late", "select 1 as a")
        return found

    with monkeypatch.context() as patch:
        patch.setattr(ask_dbt, "parse", disturbed)
        open_(shop).close()
    assert not kept(shop)
    assert asked(shop) and not asked(shop)


def test_what_comes_back_is_what_dbt_said(any_shop: Any, asked: Asked) -> None:
    any_shop.variables(driftline_monitors=["a"], driftline={"two": 2}, spans=[{"on": "2026-01-01", "off": None}])
    any_shop.model("a", "{{ config(meta={'driftline': {'period': 'day', 'edges': [1, 2.5]}}) }} select 1 as a")
    any_shop.model("b", "{{ config(materialized='ephemeral') }} select * from {{ ref('a') }}")
    (any_shop.folder / "models" / "all.yml").write_text(
        "exposures: [{name: board, type: dashboard, owner: {name: me}, url: 'https://x', depends_on: [ref('b')]}]"
    )
    assert asked(any_shop)
    with open_(any_shop, vars="{three: 3}") as first, open_(any_shop, vars="{three: 3}") as second:
        assert first._parsed is not None and second._parsed is None
        assert first.about == second.about
        assert second.variable("three") == 3 and second.variable("two") == 2


def test_the_driver_answers_as_the_adapter(any_shop: Any) -> None:
    any_shop.build("shop")
    relation = any_shop.workspace.relation("t")
    any_shop.workspace.execute(
        f'create table {relation} ("Attend." integer, price decimal(10, 2), moment timestamp, t text)'
    )
    folder = str(any_shop.folder)
    with (
        open_(any_shop) as direct,
        Warehouse.open(ProjectOptions(folder, folder), Scrubber(), ask=True) as adapter,
    ):
        assert isinstance(direct._connection, (DuckDBConnection, PostgresConnection))
        assert isinstance(adapter._connection, ask_dbt.AdapterConnection)
        told = []
        for one in (adapter, direct):
            told.append(
                [
                    [(column.name, kind_of(column.data_type, one.dialect)) for column in one.columns(relation)],
                    one.relations(), one.relation("driftline_alerts"), one.has_schema("none"),
                    one.sibling("driftline_alerts", "x"), one.sibling_exists("driftline_alerts", "driftline_metrics"),
                    one.sibling_exists("driftline_alerts", "x"), one.table("t"), one.table("nothing"),
                    one.has_schema(one.schema), one.text_type(20), one.timestamp_type, one.integer_type,
                    one.number_type, one.setting("schema"), one.type_of("price", relation),
                    one.query(f'select count(*) as n, max("Attend.") as most from {relation}'),
                ]
            )  # fmt: skip
            one.close()
        assert told[0] == told[1]


def test_a_profile_that_is_not_understood_is_dbts(shop: Any, asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PATH", str(shop.workspace.output()["path"]))
    understood = [
        {"path": "{{ env_var('SHOP_PATH') }}"}, {"path": "{{env_var(\"SHOP_PATH\", 'x')}}", "threads": 2},
        {"settings": {"preserve_insertion_order": False}}, {"threads": "{{ env_var('N', '2') | as_number }}"},
    ]  # fmt: skip
    other = [
        {"retries": {"connect_attempts": 2}}, {"path": "{{ env_var('SHOP_PATH') | trim }}"},
        {"attach": [{"path": ":memory:", "alias": "more"}]}, {"path": "{{ 'none.duckdb' if false else env_var('SHOP_PATH') }}"},
    ]  # fmt: skip
    for changes in understood:
        shop.profile(**changes)
        assert asked(shop) and not asked(shop), changes
    with open_(shop) as warehouse:
        assert warehouse.query("select 1 as one") == [{"one": 1}]
    for changes in other:
        shop.profile(**changes)
        assert asked(shop) and asked(shop), changes
    with open_(shop) as warehouse:
        assert isinstance(warehouse._connection, ask_dbt.AdapterConnection)
        assert warehouse.query("select 1 as one") == [{"one": 1}]


def test_settings_of_the_profile_hold(shop: Any, asked: Asked) -> None:
    shop.profile(settings={"threads": 1, "TimeZone": "Asia/Tokyo"})
    assert asked(shop)
    with open_(shop) as warehouse:
        assert warehouse._parsed is None
        said = warehouse.query("select current_setting('threads') as threads, current_setting('TimeZone') as zone")
    assert said == [{"threads": 1, "zone": "Asia/Tokyo"}]


def test_no_secret_is_written_down(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "hidden-in-the-environment")
    shop.model("here", "select '{{ env_var('SHOP_TOKEN') }}' is null as a")
    time.sleep(0.05)
    open_(shop, vars="{token: hidden-in-the-arguments}").close()
    (path,) = kept(shop)
    assert json.loads(path.read_text())["variables"] == ["SHOP_TOKEN"]
    assert "hidden-in" not in path.read_text()
