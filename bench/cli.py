"""A call of the command line beside 2,000 models of which none has changed, against a start of Python."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from common import CACHE, REPOSITORY, Failed, Line, Options, _environment, remove_database, say, watch

MODELS = 2_000
FOLDER = CACHE / "large_project"
MONITOR = (
    "{{ driftline.monitor(relation=ref('shop_log'), timestamp='at', numeric=['price'],"
    " reference={'start': '2024-01-01', 'end': '2024-01-15'}) }}"
)
LOG = (
    "select timestamp '2024-01-01' + i * interval '1 hour' as at, cast(i % 24 as double) as price"
    " from range(1000) as hours(i)"
)


def measure(options: Options) -> list[Line]:
    environment = _environment({})
    places = [f"--project-dir={FOLDER}", f"--profiles-dir={FOLDER}"]
    _make(200 if options.quick else MODELS)
    beside = Path(sys.executable).parent
    say("building the monitor of a large project")
    where = [*places, f"--log-path={FOLDER / 'logs'}"]
    select = ["--select", "+shop", "package:driftline", "--exclude-resource-type", "test"]
    watch([str(beside / "dbt"), "build", *where, *select], environment)
    call = [str(beside / "driftline"), "incidents", *places, "--json"]
    start = [str(beside / "python"), "-c", "import click, duckdb, yaml"]
    version = [str(beside / "dbt"), "--version"]
    first = watch(call, environment).seconds
    calls, starts, versions = [], [], []
    for number in range(options.times(5)):
        say(f"a call, a start of Python, and dbt --version, round {number + 1}")
        calls.append(watch(call, environment).seconds)
        starts.append(watch(start, environment).seconds)
        versions.append(watch(version, environment).seconds)
    note = f"the first call, which asks dbt: {first:.1f} s"
    pairs = list(zip(calls, starts, strict=True))
    return [
        Line("cli: a call beside 2,000 models", tuple(calls), min(calls), target=2.0, strict=True, unit="s", note=note),
        _ratio("cli: a call / python -c 'import click, duckdb, yaml'", pairs),
        _ratio("cli: a call / dbt --version", list(zip(calls, versions, strict=True))),
    ]


def _ratio(what: str, pairs: list[tuple[float, float]]) -> Line:
    return Line(what, tuple(a / b for a, b in pairs), min(a for a, _ in pairs) / min(b for _, b in pairs))


def _make(models: int) -> None:
    """A project of models in forty folders, each on one of the folder before, with descriptions and tests."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    remove_database(CACHE / "large.duckdb")
    files = {
        "dbt_project.yml": {
            "name": "large", "profile": "large",
            "vars": {"driftline_monitors": ["shop"], "driftline_now": "2024-02-12"},
        },
        "profiles.yml": {
            "large": {"target": "dev", "outputs": {"dev": {"type": "duckdb", "path": str(CACHE / "large.duckdb")}}}
        },
        "packages.yml": {"packages": [{"local": str(REPOSITORY)}]},
    }  # fmt: skip
    for group in range(40):
        numbers = range(group, models, 40)
        described = [
            {
                "name": f"model_{number}",
                "description": f"Model {number} of a made project.",
                "columns": [{"name": "id", "description": "The key.", "data_tests": ["not_null"]}],
            }
            for number in numbers
        ]
        files[f"models/group_{group}/_models.yml"] = {"models": described}
        for number in numbers:
            query = f"select * from {{{{ ref('model_{number - 1}') }}}}" if group else f"select {number} as id"
            _write(f"models/group_{group}/model_{number}.sql", query)
    for name, content in files.items():
        _write(name, json.dumps(content))
    _write("models/shop_log.sql", LOG)
    _write("models/shop.sql", MONITOR)
    dbt = Path(sys.executable).parent / "dbt"
    command = [str(dbt), "deps", f"--project-dir={FOLDER}", f"--profiles-dir={FOLDER}", f"--log-path={FOLDER / 'logs'}"]
    result = subprocess.run(command, env=_environment({}), capture_output=True, text=True)
    if result.returncode != 0:
        raise Failed(f"dbt deps failed:\n{result.stdout}{result.stderr}")


def _write(name: str, content: str) -> None:
    path = FOLDER / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
