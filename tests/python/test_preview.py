"""`driftline preview`: what it refuses, and that nothing of it stays. That it tells what a build tells: init/test_init_builds.py."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from driftline import preview
from driftline.project import ProjectOptions
from driftline.scrub import Scrubber
from driftline.warehouse import Warehouse

MONITOR = "{{ driftline.monitor(relation=ref('log'), timestamp='at', numeric=['x']) }}"


@pytest.fixture
def monitored(any_shop: Any) -> Any:
    any_shop.model("log", "select 1 as x")
    any_shop.model("shop", MONITOR)
    any_shop.variables(driftline_monitors=["shop"])
    return any_shop


def tables(shop: Any) -> list[tuple[Any, ...]]:
    return shop.workspace.sql(
        "select table_schema, table_name from information_schema.tables where table_schema not in "
        "('information_schema', 'pg_catalog') and (table_schema like '%preview%' or "
        f"table_schema = '{shop.workspace.schema}') order by 1, 2"
    )


def schemas(shop: Any) -> set[str]:
    return {str(name) for (name,) in shop.workspace.sql("select schema_name from information_schema.schemata")}


def test_a_failure_leaves_nothing(monitored: Any, monkeypatch: Any) -> None:
    """The stub's tables are there during the preview, and cannot be read as the package's: it fails, and cleans up."""
    before, there = tables(monitored), schemas(monitored)
    seen: list[str] = []
    read = preview.listing

    def listing(warehouse: Warehouse, *arguments: Any, **named: Any) -> Any:
        seen.append(warehouse.relation("driftline_incidents"))
        return read(warehouse, *arguments, **named)

    monkeypatch.setattr(preview, "listing", listing)
    outcome = monitored.run("preview", "shop")
    assert outcome.code == 2 and outcome.err
    assert seen == [
        f'"{monitored.workspace.database}"."{monitored.workspace.schema}_driftline_preview"."driftline_incidents"'
    ]
    assert tables(monitored) == before and schemas(monitored) == there
    # So does one that cannot be built.
    (monitored.folder / "dbt_packages/driftline/models/driftline_metrics.sql").write_text("select nothing_there")
    outcome = monitored.run("preview", "shop")
    assert outcome.code == 2 and "driftline_metrics cannot be built" in outcome.err
    assert tables(monitored) == before and schemas(monitored) == there


def test_what_is_there_is_never_touched(monitored: Any) -> None:
    """A project that names schemas without regard to the profile would have its tables replaced."""
    macro = "{% macro generate_schema_name(custom_schema_name, node) %}" + monitored.workspace.schema + "{% endmacro %}"
    (monitored.folder / "macros").mkdir()
    (monitored.folder / "macros" / "schemas.sql").write_text(macro)
    before = tables(monitored)
    outcome = monitored.run("preview", "shop")
    assert outcome.code == 2 and "take the place of what is there" in outcome.err
    assert tables(monitored) == before


def test_one_that_was_killed(monitored: Any) -> None:
    schema = f"{monitored.workspace.schema}_driftline_preview"
    monitored.workspace.execute(f'create schema "{schema}"')
    outcome = monitored.run("preview", "shop")
    assert outcome.code == 2 and f"a schema {schema} already" in outcome.err
    assert schema in schemas(monitored)
    monitored.workspace.execute(f'drop schema "{schema}"')


def test_a_source_that_goes_with_the_target(monitored: Any) -> None:
    source = "{name: raw, schema: '{{ target.schema }}', tables: [{name: log}]}"
    (monitored.folder / "models" / "sources.yml").write_text(f"sources: [{source}]")
    monitored.model("shop", MONITOR.replace("ref('log')", "source('raw', 'log')"))
    outcome = monitored.run("preview", "shop")
    assert outcome.code == 2 and "source log is in another schema" in outcome.err


def test_no_such_monitor(monitored: Any) -> None:
    outcome = monitored.run("preview", "shpo")
    assert outcome.code == 2 and "there is: shop" in outcome.err


def test_the_profile_is_for_this_user_alone(monitored: Any, tmp_path: Any) -> None:
    folder = str(monitored.folder)
    options = ProjectOptions(folder, folder)
    with Warehouse.open(options, Scrubber()) as warehouse:
        preview._write_profile(warehouse, options, tmp_path)
    path = tmp_path / "profiles.yml"
    assert path.stat().st_mode & 0o777 == 0o600
    (output,) = yaml.safe_load(path.read_text())["shop"]["outputs"].values()
    original = monitored.workspace.output()
    assert output == {**original, "schema": f"{original['schema']}_driftline_preview"}
