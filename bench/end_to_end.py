"""`dbt build` from the raw log to all measures and alerts, against NannyML on the same file and question."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
from pathlib import Path
from typing import Any

from common import (
    BENCH,
    CACHE,
    Dbt,
    Failed,
    Line,
    Options,
    duckdb_project,
    million,
    peer_environment,
    ratio_line,
    remove_database,
    say,
)
from common import text as literal
from data import CATEGORICAL, NUMERIC, REFERENCE_DAYS, START, parquet

# No answer within this time counts as too slow.
PATIENCE_SECONDS = 1200


def measure(options: Options) -> list[Line]:
    file = parquet(CACHE, options.rows)
    log = f"read_parquet({literal(file)})"
    projects = {
        name: duckdb_project(name, options, bench_log=log, driftline_windows=windows)
        for name, windows in (("end_to_end", {"day": [1]}), ("end_to_end_default", {}))
    }
    try:
        python = peer_environment("nannyml")
        say("NannyML, to warm up")
        _nannyml(python, file)
    except (Failed, subprocess.TimeoutExpired) as problem:
        seconds = [_build(*projects["end_to_end"]) for _ in range(options.times(3))]
        why = "too slow" if isinstance(problem, subprocess.TimeoutExpired) else str(problem).splitlines()[0]
        note = f"NannyML: {why}; dbt build alone took {min(seconds):.1f} s"
        return [Line(f"dbt build / NannyML, {million(options.rows)}", note=note)]

    # As NannyML has run once, so has dbt: it then knows what it parsed.
    for warm in list(projects.values())[: 1 if options.quick else 2]:
        _build(*warm)
    same, usual, whole, times = [], [], [], []
    for number in range(options.times(3)):
        say(f"dbt build and NannyML, round {number + 1}")
        build = _build(*projects["end_to_end"])
        other = _nannyml(python, file)
        same.append((build, other["calculator"]))
        if not options.quick:
            usual.append((_build(*projects["end_to_end_default"]), other["calculator"]))
        whole.append((build, other["process"]))
        start = build - projects["end_to_end"][0].elapsed()
        times.append(f"{build:.1f} s (dbt's start {start:.1f} s) / {other['calculator']:.1f} s")
    what = f"dbt build / NannyML {other['version']}, {million(options.rows)}"
    note = f"{', '.join(times)}; {other['values']:.0f} values of NannyML's"
    lines = [
        ratio_line(what, same, target=0.25, strict=True, note=note),
        ratio_line("   the same, NannyML with start and reading", whole),
    ]
    if usual:
        lines.append(ratio_line("   the same, dbt build with the default windows 1, 7, 28", usual))
    return lines


def _build(project: Dbt, database: Path) -> float:
    remove_database(database)
    return project.run("build")


def _nannyml(python: Path, file: Path) -> dict[str, Any]:
    end = dt.date.fromisoformat(START) + dt.timedelta(days=REFERENCE_DAYS)
    command = [python, BENCH / "nannyml_drift.py", file, ",".join(NUMERIC), ",".join(CATEGORICAL), str(end)]
    environment = {**os.environ, "NML_DISABLE_USAGE_LOGGING": "1", "PYTHONWARNINGS": "ignore"}
    started = dt.datetime.now()
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    seconds = (dt.datetime.now() - started).total_seconds()
    if result.returncode != 0:
        raise Failed(f"does not run ({(result.stderr.strip().splitlines() or ['no message'])[-1]})")
    return {**json.loads(result.stdout.splitlines()[-1]), "process": seconds}
