"""`dbt build` from the raw log to all measures and alerts, against the drift alone written by hand in polars."""

from __future__ import annotations

import datetime as dt
import json
import subprocess

from common import (
    BENCH,
    CACHE,
    Failed,
    Line,
    Options,
    duckdb_project,
    million,
    peer_environment,
    ratio_line,
    remove_database,
    say,
    text,
    watch,
)
from data import CATEGORICAL, NUMERIC, REFERENCE_DAYS, START, parquet

TARGETS = {2_000_000: 2.0, 20_000_000: 0.8}


def measure(options: Options) -> list[Line]:
    try:
        python = peer_environment("polars")
    except (Failed, subprocess.TimeoutExpired) as problem:
        return [Line("dbt build / polars by hand", note=f"polars: {str(problem).splitlines()[0]}")]
    lines = []
    for rows in [options.rows, *([20_000_000] if options.large else [])]:
        lines += _measure(options, rows, str(python))
    return lines


def _measure(options: Options, rows: int, python: str) -> list[Line]:
    file = parquet(CACHE, rows)
    project, database = duckdb_project(
        "by_hand", options, bench_log=f"read_parquet({text(file)})", driftline_windows={"day": [1]}
    )
    end = dt.date.fromisoformat(START) + dt.timedelta(days=REFERENCE_DAYS)
    command = [python, "-W", "ignore", str(BENCH / "polars_drift.py"), str(file)]
    command += [",".join(NUMERIC), ",".join(CATEGORICAL), str(end)]
    say("dbt build and polars, to warm up")
    project.run("build"), watch(command)
    pairs, memory, times, version = [], [], [], ""
    for number in range(options.times(3)):
        say(f"dbt build and polars, {million(rows)}, round {number + 1}")
        remove_database(database)
        build, hand = project.watched("build"), watch(command)
        pairs.append((build.seconds, hand.seconds))
        memory.append((build.gigabytes, hand.gigabytes))
        times.append(f"{build.seconds:.1f} s / {hand.seconds:.1f} s")
        version = json.loads(hand.output.splitlines()[-1])["version"]
    what = f"whole dbt build / polars {version} by hand, {million(rows)}"
    peak = f"{memory[-1][0]:.2f} GB / {memory[-1][1]:.2f} GB"
    return [
        ratio_line(what, pairs, target=TARGETS.get(rows), note=", ".join(times)),
        ratio_line("   peak memory of both", memory, note=peak),
    ]
