"""`driftline doctor`: each thing that may be wrong is found, with what to do; what is well is said in a line."""

from __future__ import annotations

import json
import re
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from driftline import __version__
from driftline.cli import run
from driftline.doctor import engines, finding, tables
from support import Project
from support.project import REPOSITORY

MONITOR = "{{ driftline.monitor(relation=source('raw', 'log'), timestamp='at', reference={'start': '2026-01-01', 'end': '2026-01-08'}, numeric=['x']) }}"


def findings(shop: Any, *arguments: str) -> list[dict[str, str]]:
    outcome = shop.run("doctor", "--json", *arguments)
    told = outcome.json
    assert outcome.code == (1 if told["found"] else 0), outcome.err
    assert told["found"] == sum(one["state"] == "found" for one in told["findings"])
    assert all(one["what"] and (one["remedy"] or one["state"] != "found") for one in told["findings"])
    return list(told["findings"])


def of(shop: Any, about: str, *arguments: str) -> list[tuple[str, str, str]]:
    return [
        (one["state"], one["what"], one["remedy"]) for one in findings(shop, *arguments) if one["about"] == about
    ]  # fmt: skip


@pytest.fixture
def monitored(any_shop: Any) -> Any:
    """A project whose stub of the package has a version and the variables of the package itself."""
    package = any_shop.folder / "dbt_packages" / "driftline"
    project = yaml.safe_load((package / "dbt_project.yml").read_text())
    (package / "dbt_project.yml").write_text(yaml.safe_dump({**project, "version": __version__}))
    (package / "macros" / "_vars.sql").write_text(
        (REPOSITORY / "macros/monitor/_vars.sql").read_text(encoding="utf-8").partition("{% endmacro %}")[0]
        + "{% endmacro %}"
    )
    workspace = any_shop.workspace
    (any_shop.folder / "models" / "sources.yml").write_text(
        f"sources: [{{name: raw, database: '{workspace.database}', schema: '{workspace.schema}', tables: [{{name: log}}]}}]"
    )
    any_shop.model("shop", MONITOR)
    any_shop.variables(driftline_monitors=["shop"])
    return any_shop


def test_versions(monitored: Any) -> None:
    ((state, what, _),) = of(monitored, "versions")
    assert state == "ok" and f"driftline {__version__} (package and command line)" in what and "dbt 1." in what
    path = monitored.folder / "dbt_packages" / "driftline" / "dbt_project.yml"
    path.write_text(path.read_text().replace(__version__, "9.9.9"))
    ((state, what, remedy),) = of(monitored, "versions")
    assert (state, what) == ("found", f"the dbt package is 9.9.9, the command line {__version__}")
    assert "at v9.9.9" in remedy and f"v{__version__}" in remedy


def test_without_the_package(shop: Any) -> None:
    (shop.folder / "packages.yml").unlink()
    shutil.rmtree(shop.folder / "dbt_packages")
    assert ("found", "the dbt project has no package driftline", "add it to packages.yml and run 'dbt deps'") in of(
        shop, "versions"
    )


def test_variables(monitored: Any) -> None:
    assert of(monitored, "vars") == [("ok", "1 of driftline, all of them read", "")]
    monitored.variables(
        driftline_monitors=["shop"],
        driftline_alfa=0.01,
        driftline_now="2026-01-01",
        driftline={"driftline_confidence": 0.9, "driftline_windws": {}},
        shop={"driftline_confidence": 0.8},
        another={"driftline_alpha": 0.05, "mine": 1},
        mine={"x": 1},
    )
    told = {what.split(":")[0]: remedy for _, what, remedy in of(monitored, "vars")}
    assert told == {
        "driftline_alpha under vars": "put it at the top level of vars (or under driftline:)",
        "driftline_alfa is no variable of driftline": "call it driftline_alpha",
        "driftline_windws (under driftline) is no variable of driftline": "call it driftline_windows",
        "var 'driftline_confidence'": "one value, at the top level of vars in dbt_project.yml",
        "driftline_now is 2026-01-01": "take it out of the vars; it is for replays and tests",
    }
    monitored.variables(driftline_monitors=["shop"])
    assert "driftline_nothing" in str(of(monitored, "vars", "--vars", "{driftline_nothing: 1}"))


def test_monitors(monitored: Any) -> None:
    assert of(monitored, "monitors") == [("ok", "shop: listed and declared", "")]
    monitored.variables(driftline_monitors=["gone"])
    ((_, missing, _), (_, unlisted, remedy)) = of(monitored, "monitors")
    assert "gone" in missing and "shop" in unlisted and "[gone, shop]" in remedy
    monitored.variables(driftline_monitors="shop")
    assert [state for state, *_ in of(monitored, "monitors")] == ["found"]
    monitored.variables(shop={"driftline_monitors": ["shop"]})
    assert of(monitored, "monitors") == []
    assert any("do not see" in what for _, what, _ in of(monitored, "vars"))
    monitored.variables()
    (monitored.folder / "models" / "shop.sql").unlink()
    ((_, what, remedy),) = of(monitored, "monitors")
    assert what == "there is none" and "driftline init" in remedy


def test_a_project_that_dbt_cannot_read(monitored: Any) -> None:
    monitored.model("shop", MONITOR.replace("numeric", "period='fortnight', numeric"))
    told = findings(monitored)
    assert [one["state"] for one in told] == ["found", "not checked"] and "fortnight" in told[0]["what"]
    monitored.model("shop", "{{ nothing( }}")
    outcome = monitored.run("doctor")
    assert (outcome.code, outcome.out) == (2, "") and "dbt parse" in outcome.err


def test_the_projects_own_settings(monitored: Any) -> None:
    assert [state for state, *_ in of(monitored, "settings")] == ["ok"]
    package = monitored.folder / "dbt_packages" / "driftline"
    (package / "seeds").mkdir()
    (package / "seeds" / "driftline_default_thresholds.csv").write_text("metric,warn\npsi,0.1\n")
    project = yaml.safe_load((monitored.folder / "dbt_project.yml").read_text())
    project |= {"seeds": {"+delimiter": ";"}, "models": {"driftline": {"driftline_incidents": {"+enabled": False}}}}
    (monitored.folder / "dbt_project.yml").write_text(yaml.safe_dump(project))
    ((_, cut, _), (_, off, _)) = of(monitored, "settings")
    assert "driftline_default_thresholds" in cut and off == "switched off: driftline_incidents"


def test_alerting(monitored: Any) -> None:
    assert [state for state, *_ in of(monitored, "alerting")] == ["ok"]
    (monitored.folder / "driftline.yml").write_text("channels: {here: {type: pigeon}}\n")
    ((state, _, remedy),) = of(monitored, "alerting")
    assert state == "found" and remedy
    (monitored.folder / "driftline.yml").write_text(
        "version: 1\nchannels: {here: {type: console}}\nroutes: [{channels: [here]}]\n"
    )
    ((state, what, _),) = of(monitored, "alerting")
    assert (state, what) == ("ok", "driftline.yml: channels here")


def test_thresholds(monitored: Any) -> None:
    package = monitored.folder / "dbt_packages" / "driftline"
    (package / "seeds").mkdir()
    (package / "seeds" / "driftline_default_thresholds.csv").write_text("metric,warn,rows\npsi,0.10,100\nks,,50\n")
    assert [state for state, *_ in of(monitored, "seeds")] == ["ok"]
    workspace = monitored.workspace
    relation = workspace.relation("driftline_default_thresholds")
    workspace.execute(f"create table {relation} (metric varchar(20), warn double precision, rows integer)")
    workspace.execute(f"insert into {relation} values ('psi', 0.1, 100), ('ks', null, 50)")
    assert of(monitored, "seeds") == [("ok", "driftline_default_thresholds: 2 rows, the package's own", "")]
    workspace.execute(f"update {relation} set warn = 0.2 where metric = 'ks'")
    ((_, what, remedy),) = of(monitored, "seeds")
    assert "is not the package's: 2 rows differ" in what and "--full-refresh" in remedy
    workspace.execute(f"alter table {relation} add column more integer")
    ((_, what, _),) = of(monitored, "seeds")
    assert "other columns" in what


def test_schemas_and_permissions(monitored: Any) -> None:
    schema = monitored.workspace.schema
    assert of(monitored, "schemas") == [("ok", schema, "")]
    assert [state for state, *_ in of(monitored, "permissions")] == ["ok"]
    if monitored.workspace.engine == "duckdb":
        return
    execute = monitored.workspace.execute
    execute("drop role if exists looker")
    execute(f"create role looker login password 'unused'; grant usage on schema {schema} to looker")
    monitored.profile(user="looker")
    ((state, what, _),) = of(monitored, "permissions")
    assert (state, what) == ("found", f"this user may not create a table in {schema}")
    monitored.profile(user="looker", schema="elsewhere")
    assert of(monitored, "schemas") == [("ok", "elsewhere (the first build makes it)", "")]
    ((state, what, _),) = of(monitored, "permissions")
    assert (state, what) == ("found", "this user may not create the schema elsewhere")


def test_a_warehouse_that_is_not_there(monitored: Any) -> None:
    if monitored.workspace.engine == "duckdb":
        monitored.profile(path=str(monitored.folder / "none.duckdb"))
    else:
        monitored.profile(host="/nowhere")
    told = {one["about"]: one["state"] for one in findings(monitored)}
    assert told["profile"] == "found" and told["versions"] == "ok"
    assert {told[about] for about in ("schemas", "seeds", "results", "engine")} == {"not checked"}


HEALTH = """create table {relation} (monitor varchar(200), status varchar(200), problem varchar(200),
    results_older_than_state boolean, windows_judged integer, windows_not_judged integer, not_judged varchar(200))"""


def test_results(monitored: Any) -> None:
    assert [(state, remedy) for state, _, remedy in of(monitored, "results")] == [("found", "dbt build")]
    relation = monitored.workspace.relation("driftline_monitors")
    monitored.workspace.execute(HEALTH.format(relation=relation))

    def becomes(status: str, older: str = "false", judged: int = 5) -> tuple[str, str, str]:
        monitored.workspace.execute(f"delete from {relation}")
        monitored.workspace.execute(
            f"insert into {relation} values ('shop', '{status}', "
            f"{'null' if status == 'ok' else repr(status + ' indeed')}, {older}, {judged}, 1, null)"
        )
        ((found),) = of(monitored, "results")
        return found

    assert becomes("ok") == ("ok", "shop: up to date, 5 of 6 windows judged", "")
    for status, remedy in {
        "failed": "dbt build --select shop",
        "results older than state": "package:driftline",
        "nothing judged": "docs/thresholds.md",
        "not run lately": "job",
        "never read": "dbt build",
    }.items():
        state, what, told = becomes(status, "true" if "older" in status else "false", 0 if "nothing" in status else 5)
        assert (state, what) == ("found", f"shop: {status} indeed") and remedy in told


def test_the_memory_of_duckdb(shop: Any, monkeypatch: Any, tmp_path: Path) -> None:
    (shop.folder / "models" / "sources.yml").unlink(missing_ok=True)
    container = tmp_path / "memory.max"
    monkeypatch.setattr(engines, "CONTAINER", (container,))

    def told(settings: dict[str, str], container_has: str = "max") -> tuple[str, str, str]:
        container.write_text(container_has + "\n", encoding="utf-8")
        shop.profile(settings=settings)
        ((state, what, remedy),) = of(shop, "engine")
        return state, what, remedy

    # What the machine says of itself is not the test's to know: the container has less.
    state, what, _ = told({"memory_limit": "1500MB"}, str(4 * 2**30))
    assert state == "ok" and "of 4.0 GiB" in what
    state, what, remedy = told({"memory_limit": "4GB"}, str(4 * 2**30))
    assert state == "found" and "container has 4.0 GiB" in what and "memory_limit: 2576MB" in remedy
    state, what, remedy = told({"memory_limit": "200MB"})
    assert state == "found" and "do not fit" in what and "1500MB" in remedy
    assert told({"memory_limit": "900MB"})[0] == "ok"
    state, what, _ = told({"memory_limit": "900MB", "temp_directory": ""})
    assert state == "found" and "no folder" in what


def test_sizes_as_duckdb_prints_them() -> None:
    assert [engines.bytes_of(text) for text in ("1.5 GiB", "900MB", "12 bytes", "much")] == [
        1.5 * 2**30, 900e6, 12.0, None,
    ]  # fmt: skip


class ClickHouse:
    """A warehouse that has these settings."""

    adapter_type = "clickhouse"

    def __init__(self, has: dict[str, str]) -> None:
        self.has = has

    def literal(self, text: str) -> str:
        return f"'{text}'"

    def query(self, sql: str) -> list[dict[str, str]]:
        return [
            {"name": name, "value": value, "version": "26.9.1"}
            for name, value in self.has.items() if f"'{name}'" in sql
        ]  # fmt: skip


def test_the_settings_of_clickhouse() -> None:
    def told(**changes: str | None) -> list[finding.Finding]:
        given = {**engines.CLICKHOUSE, **changes}
        has: Any = ClickHouse({name: value for name, value in given.items() if value is not None})
        return list(engines.engine(has))

    (well,) = told(join_use_nulls="true")
    assert well.state == "ok" and "26.9.1" in well.what
    (lacks,) = told(join_use_nulls="0", cast_keep_nullable="0")
    assert lacks.state == "found" and lacks.remedy.endswith("{cast_keep_nullable: 1, join_use_nulls: 1}")
    old, lacks = told(enable_materialized_cte=None, join_use_nulls="0")
    assert "enable_materialized_cte" in old.what and "26.9" in old.remedy and "join_use_nulls" in lacks.remedy
    assert told(**dict.fromkeys(engines.CLICKHOUSE))[0].state == "found"


def test_they_are_the_settings_that_a_build_asks_for() -> None:
    text = (REPOSITORY / "macros/adapters/clickhouse_settings.sql").read_text(encoding="utf-8")
    asked = text.partition("macro _clickhouse_settings()")[2].partition("endmacro")[0]
    assert dict(re.findall(r"'(\w+)': '(\w+)'", asked)) == engines.CLICKHOUSE
    assert f"({engines.TRIED} was tried)" in text


def test_a_line_fits_a_terminal() -> None:
    one = finding.found("permissions", "word " * 40 + "x" * 100, "a long remedy, " * 20)
    told = finding.Diagnosis((one, finding.ok("engine", "fine"), finding.unchecked("seeds", "not")))
    lines = told.lines()
    assert max(map(len, lines)) <= 80 and lines[0].startswith("FOUND  permissions  word")
    assert lines[-1] == "1 thing found, 1 not checked." and any("-> a long" in line for line in lines)
    assert "\x1b[" in "".join(told.lines(colours=True)) and "\x1b[" not in "".join(lines)


def test_cells() -> None:
    assert [tables._cell(value) for value in (None, "", "0.10", 0.1, True, "true", 100, "any")] == [
        "", "", "0.1", "0.1", "true", "true", "100", "any",
    ]  # fmt: skip


def test_the_package_itself(make_project: Any, capsys: Any) -> None:
    """With the real package, built: all is well but the clock, which stands still for the test."""
    at = [datetime(2026, 1, 1) + timedelta(minutes=10 * n) for n in range(3000)]
    project: Project = make_project(
        models={"monitors/shop": MONITOR},
        tables={"log": {"at": at, "x": [n % 17 for n in range(3000)]}},
        vars={"driftline_monitors": ["shop"], "driftline_now": str(at[-1] + timedelta(days=1))},
    )
    options = ["--project-dir", str(project.path), "--profiles-dir", str(project.path)]

    def doctor() -> dict[str, list[str]]:
        capsys.readouterr()
        assert run(["doctor", "--json", *options]) == 1
        found: dict[str, list[str]] = {}
        for one in json.loads(capsys.readouterr().out)["findings"]:
            found.setdefault(one["about"], []).append(one["state"])
        return found

    before = doctor()
    assert (before["seeds"], before["results"]) == (["ok"], ["found"])
    project.build()
    assert doctor() == {
        name: ["found" if name == "vars" else "ok"]
        for name in (
            "versions", "vars", "monitors", "settings", "alerting", "profile", "schemas", "permissions", "seeds",
            "results", "engine",
        )
    }  # fmt: skip
