"""`driftline check`: exit codes, and results apart from messages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import driftline
import pytest
from driftline.cli import run


def test_quiet(any_shop: Any) -> None:
    any_shop.build("shop")
    any_shop.alert("a1", status="resolved")
    outcome = any_shop.run("check")
    assert outcome.code == 0
    assert outcome.out == "No open alerts (1 monitor).\n"
    assert outcome.err == ""


def test_open_alerts_worst_first(any_shop: Any) -> None:
    any_shop.build("shop")
    any_shop.alert("a1")
    any_shop.alert("a2", severity="critical", message="gone", owner="ann", window_periods=7)
    outcome = any_shop.run("check")
    assert outcome.code == 1
    assert outcome.out.splitlines() == [
        "2 open alerts (1 monitor):",
        "  critical  shop: gone (windows of 7 periods; owner ann)",
        "  warn      shop: psi of price is 0.31, over 0.25",
    ]


def test_severity_and_monitor(shop: Any) -> None:
    shop.build("shop", "other")
    shop.alert("a1")
    assert shop.run("check", "--severity", "critical").code == 0
    assert shop.run("check", "--monitor", "other").code == 0
    assert shop.run("check", "--monitor", "shop", "--monitor", "other").code == 1
    shop.alert("a1", severity="critical")
    assert shop.run("check", "--severity", "critical").code == 1


def test_unknown_monitor_is_no_calm(shop: Any) -> None:
    shop.build("shop")
    outcome = shop.run("check", "--monitor", "shpo")
    assert outcome.code == 2
    assert "'shpo'" in outcome.err and "there is: shop" in outcome.err
    assert outcome.out == ""


def test_json(any_shop: Any) -> None:
    any_shop.build("shop")
    any_shop.alert("a1", value=None)
    outcome = any_shop.run("check", "--json")
    assert outcome.code == 1
    result = outcome.json
    assert (result["open"], result["warn"], result["critical"]) == (1, 1, 0)
    assert result["monitors"] == ["shop"]
    alert = result["alerts"][0]
    assert alert["alert_id"] == "a1" and alert["value"] is None and alert["windows_breached"] == 2
    assert alert["first_window_start"] == "2026-03-01T00:00:00"


def test_nan_is_null_in_json(shop: Any) -> None:
    shop.build("shop")
    shop.alert("a1", value="nan", peak_value="inf")
    alert = shop.run("check", "--json").json["alerts"][0]
    assert alert["value"] is None and alert["peak_value"] is None


def test_no_monitor_is_no_calm(shop: Any) -> None:
    shop.build()
    outcome = shop.run("check")
    assert (outcome.code, outcome.out) == (2, "") and "driftline_monitors lists none" in outcome.err


def test_a_listed_monitor_without_results_is_no_calm(shop: Any) -> None:
    """It was listed after the tables were built, and no build has come so far since."""
    shop.build("shop")
    shop.variables(driftline_monitors=["shop", "later"])
    outcome = shop.run("check")
    assert outcome.code == 2 and "nothing can be said of later" in outcome.err
    assert "unknown   later: no results of it have been built" in outcome.out
    assert shop.run("check", "--monitor", "shop").code == 0
    shop.alert("a1")
    assert shop.run("check").code == 1


def test_a_list_that_the_package_does_not_see_is_refused(shop: Any) -> None:
    shop.build("shop")
    shop.variables(shop={"driftline_monitors": ["shop"]})
    for command in ("check", "alert", "metrics", "validate"):
        outcome = shop.run(command)
        assert outcome.code == (1 if command == "validate" else 2)
        assert "driftline_monitors" in outcome.out + outcome.err and "top level" in outcome.out + outcome.err
    shop.variables(driftline={"driftline_monitors": ["shop"]}, shop={"driftline_alpha": 0.1})
    assert shop.run("check").code == 0
    shop.variables(driftline={"driftline_monitors": ["shop"]}, driftline_monitors=["shop", "other"])
    outcome = shop.run("check")
    assert outcome.code == 2 and '["shop"]' in outcome.err and '["shop", "other"]' in outcome.err


def test_a_name_is_never_sql(any_shop: Any) -> None:
    any_shop.build("shop")
    any_shop.alert("a1")
    for name in ("x' or '1'='1", "x'; drop table driftline_alerts; --", "x\\' or 1=1 --", 'x"; --', "x%s"):
        outcome = any_shop.run("check", "--monitor", name)
        assert outcome.code == 2 and "has been built" in outcome.err
    hostile = 'it\'s; drop "table" \\ x -- 日本'
    any_shop.alert("a2", monitor=hostile)
    outcome = any_shop.run("check", "--json", "--monitor", hostile)
    assert [alert["alert_id"] for alert in outcome.json["alerts"]] == ["a2"]


def test_control_characters_do_not_reach_the_terminal(shop: Any) -> None:
    shop.build("shop")
    shop.alert("a1", message="\x1b[2Jgone\nnext")
    out = shop.run("check").out
    assert "\x1b" not in out and "\\x1b[2Jgone next" in out


def test_not_built(shop: Any) -> None:
    outcome = shop.run("check")
    assert outcome.code == 2
    assert "driftline_alerts" in outcome.err and "dbt build" in outcome.err


def test_project_without_the_package(shop: Any) -> None:
    for model in (shop.folder / "dbt_packages" / "driftline" / "models").iterdir():
        model.unlink()
    outcome = shop.run("check")
    assert outcome.code == 2 and "dbt deps" in outcome.err


def test_table_of_another_version(shop: Any) -> None:
    shop.workspace.execute("create table driftline_alerts (alert_id varchar)")
    shop.workspace.execute("insert into driftline_alerts values ('a')")
    outcome = shop.run("check")
    assert outcome.code == 2 and "has no column message, monitor, severity, status" in outcome.err


def test_no_project(shop: Any, tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "empty", tmp_path / "missing"):
        code = driftline_run(["check", "--project-dir", str(folder), "--profiles-dir", str(shop.folder)])
        captured = capsys.readouterr()
        assert code == 2 and captured.out == ""
        assert "--project-dir" in captured.err and "Traceback" not in captured.err


def driftline_run(arguments: list[str]) -> int:
    from driftline.cli import run

    return run(arguments)


def test_wrong_target_and_profile(shop: Any) -> None:
    assert shop.run("check", "--target", "nowhere").code == 2
    outcome = shop.run("check", "--profile", "nobody")
    assert outcome.code == 2 and "--profiles-dir" in outcome.err


def test_usage_error_is_no_alert(shop: Any) -> None:
    assert shop.run("check", "--severity", "terrible").code == 2


def test_unreachable_database_and_its_password(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("dbt.adapters.postgres")
    monkeypatch.setenv("SHOP_ENTRY", "hush-hush-1")
    output = {
        "type": "postgres",
        "host": "127.0.0.1",
        "port": 1,
        "user": "u",
        "password": "{{ env_var('SHOP_ENTRY') }}",
        # libpq repeats the database's name in its messages: a place for a secret to show.
        "dbname": "hush-hush-1",
        "schema": "s",
        "retries": 0,
    }
    shop.profile(**output)
    for command in ("check", "alert", "report"):
        outcome = shop.run(command, "--verbose")
        assert outcome.code == 2
        assert "No connection to the warehouse" in outcome.err and "dbt debug" in outcome.err
        assert "hush-hush-1" not in outcome.err + outcome.out


def test_broken_profile_does_not_print_its_password(shop: Any) -> None:
    profiles = {
        "shop": {"target": "test", "outputs": {"test": {"type": "duckdb", "path": ["hush-2"], "token": "hush-2"}}}
    }
    (shop.folder / "profiles.yml").write_text(json.dumps(profiles))
    outcome = shop.run("check", "--verbose")
    assert outcome.code == 2 and "hush-2" not in outcome.err


def test_stdout_is_the_result_alone(shop: Any) -> None:
    """In a process of its own, with a project that prints and logs while dbt reads it."""
    shop.model("chatty", "{{ log('loud', info=True) }}{{ print('louder') }}select 1 as one")
    shop.build("shop")
    shop.alert("a1")
    shop.workspace.close()
    environment = {**os.environ, "PYTHONPATH": str(Path(driftline.__file__).parents[1]), "DBT_LOG_LEVEL": "debug"}
    done = subprocess.run(
        [sys.executable, "-m", "driftline", "check", "--json", "--project-dir", ".", "--profiles-dir", "."],
        cwd=shop.folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["open"] == 1


def test_a_folder_without_a_project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """dbt would complain of a folder for profiles.yml that nobody asked for."""
    assert run(["check", "--project-dir", str(tmp_path)]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith(f"driftline: There is no dbt_project.yml in {tmp_path}.\n") and captured.out == ""


def test_a_file_that_is_missing_is_not_made(shop: Any) -> None:
    path = shop.folder / "nothing" / "here.duckdb"
    for given in (path, path.with_name("there.duckdb")):
        given.parent.mkdir(exist_ok=True)
        shop.profile(path=str(given))
        for command in ("check", "alert", "report", "metrics"):
            outcome = shop.run(command)
            assert (
                outcome.code == 2 and f"There is no DuckDB file {given}" in outcome.err and "dbt build" in outcome.err
            )
        assert list(given.parent.iterdir()) == []


@pytest.mark.parametrize("damage", ["text", "cut", "middle", "sqlite"])
def test_a_file_that_is_no_database(damage: str, shop: Any) -> None:
    import duckdb

    path = shop.folder / f"damaged_{damage}.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table t as select range as i, random() as r from range(100000)")
    whole = path.read_bytes()
    parts = {
        "text": b"name,value\n" * 1000,
        "cut": whole[:5000],
        "middle": whole[:4096] + b"\xff" * 4096 + whole[8192:],
        "sqlite": b"SQLite format 3\x00" + bytes(8000),
    }
    path.write_bytes(parts[damage])
    shop.profile(path=str(path))
    outcome = shop.run("check")
    assert outcome.code == 2 and outcome.out == ""
    assert "is no DuckDB database, or it is damaged" in outcome.err and "Check 'path' in the profile." in outcome.err
    assert path.read_bytes() == parts[damage]
