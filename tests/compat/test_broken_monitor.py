"""The one documented line on every dbt version: a monitor that breaks, or is skipped, holds up no other (decision 14)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import duckdb
import pytest
from environments import HERE, _write, empty_project, interpreter
from support.project import QUIET, REPOSITORY

pytestmark = pytest.mark.compat

LOG = "select timestamp '2024-01-01' + i * interval '1 hour' as at, cast(i % 24 as double) as price from range(288) as r(i)"
MONITOR = (
    "{{{{ driftline.monitor(relation=ref('{log}'), timestamp='at', numeric=['{column}'],"
    " reference={{'start': '2024-01-01', 'end': '2024-01-05'}}) }}}}"
)
SECOND = "dbt build || { dbt build --select package:driftline; false; }"


def invoke(python: Path, path: Path, *commands: list[str]) -> list[dict[str, Any]]:
    done = subprocess.run(
        [python, HERE / "run_dbt.py", path, json.dumps(commands)],
        capture_output=True,
        text=True,
        env={**os.environ, **QUIET},
    )
    assert done.returncode == 0, done.stderr
    runs: list[dict[str, Any]] = json.loads(done.stdout)["runs"]
    return runs


@pytest.mark.parametrize("version", ["1.10", "1.12"])
def test_the_others_have_their_results(version: str, tmp_path: Path) -> None:
    """dbt 1.12 goes on by itself where the monitor fails, but nowhere where it is skipped."""
    python, path = interpreter(version), empty_project(tmp_path / "project")
    shutil.rmtree(path / "models")
    for name in ("good_log", "tested_log"):
        _write(path / "models" / f"{name}.sql", LOG)
    _write(path / "models" / "good.sql", MONITOR.format(log="good_log", column="price"))
    _write(path / "models" / "broken.sql", MONITOR.format(log="good_log", column="gone"))
    _write(path / "models" / "skipped.sql", MONITOR.format(log="tested_log", column="price"))
    test = {"accepted_values": {"arguments": {"values": [0], "quote": False}, "config": {"enabled": version != "1.12"}}}
    columns = [{"name": "price", "data_tests": [test]}]
    _write(path / "models" / "models.yml", {"version": 2, "models": [{"name": "tested_log", "columns": columns}]})
    output = {"type": "duckdb", "path": str(tmp_path / "warehouse.duckdb"), "schema": "main", "threads": 2}
    _write(path / "profiles.yml", {"consumer": {"target": "duckdb", "outputs": {"duckdb": output}}})
    project = {
        "name": "consumer",
        "profile": "consumer",
        "vars": {
            "driftline_monitors": ["good", "broken", "skipped"],
            "driftline_now": "2024-01-13",
            "driftline_windows": {"day": [1]},
        },
    }
    _write(path / "dbt_project.yml", project)

    _, build = invoke(python, path, ["deps"], ["build"])
    assert not build["success"] and build["nodes"]["model.consumer.broken"] == "error"
    assert not [event for event in build["events"] if "Deprecat" in event["name"]]
    assert build["nodes"]["model.driftline.driftline_alerts"] == ("success" if version == "1.12" else "skipped")
    expected = [("broken", "never read"), ("good", "ok"), ("skipped", "ok")]
    if version != "1.12":
        assert build["nodes"]["model.consumer.skipped"] == "skipped"
        expected[2] = ("skipped", "never read")
        [second] = invoke(python, path, ["build", "--select", "package:driftline"])
        assert second["success"], second
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        status = connection.sql("select monitor, status from driftline_monitors order by monitor").fetchall()
        told = connection.sql("select monitor from driftline_alerts where family = 'operation' order by 1").fetchall()
    # Twelve days of 24 rows: too few to judge, which the status says.
    assert [(name, "ok" if said == "nothing judged" else said) for name, said in status] == expected
    assert [name for (name,) in told] == [name for name, said in expected if said == "never read"]


def test_the_line_is_documented() -> None:
    for name in ("README.md", "docs/command-line.md"):
        assert SECOND in (REPOSITORY / name).read_text(encoding="utf-8"), name
