"""One monitor of many columns: what its state and a whole first build cost, as the columns grow."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path

import duckdb
from common import CACHE, MEMORY, Dbt, Line, Options, duckdb_project, ratio_line, remove_database, say, text

ROWS, DAYS, REFERENCE_DAYS = 12_000, 60, 20
START = dt.date(2026, 1, 1)
FEW, MANY, WHOLE = 100, 400, 550


def measure(options: Options) -> list[Line]:
    projects = {columns: _project(options, columns) for columns in (FEW, 2 * FEW, MANY, WHOLE)}
    shown = (FEW, MANY) if options.quick else (FEW, 2 * FEW, MANY)
    seconds: dict[int, list[float]] = {columns: [] for columns in shown}
    for number in range(options.times(3)):
        for columns in shown:
            say(f"the state of {columns} columns, round {number + 1}")
            seconds[columns].append(_state_seconds(*projects[columns]))
    pairs = list(zip(seconds[MANY], seconds[FEW], strict=True))
    note = ", ".join(f"{columns} columns {min(seconds[columns]):.1f} s" for columns in shown)
    lines = [ratio_line(f"first state, {MANY} / {FEW} columns", pairs, target=5, note=note)]
    say(f"a whole first build of {WHOLE} columns")
    project, database = projects[WHOLE]
    project = dataclasses.replace(project, environment={**project.environment, "DRIFTLINE_BENCH_MEMORY": MEMORY})
    remove_database(database)
    build = project.watched("build")
    what = f"first `dbt build`, {WHOLE} columns × {ROWS:,} rows"
    return [
        *lines,
        Line(
            what,
            (build.seconds,),
            target=20,
            unit="s",
            note=f"without dbt's start {project.elapsed():.1f} s; {build.processor:.0f} s of the processors",
        ),
        Line(f"   its peak memory with a memory_limit of {MEMORY}", (build.gigabytes,), target=2, unit="GB"),
    ]


def _project(options: Options, columns: int) -> tuple[Dbt, Path]:
    start, end = START + dt.timedelta(days=REFERENCE_DAYS), START + dt.timedelta(days=DAYS)
    return duckdb_project(
        f"wide_{columns}",
        options,
        bench_log=f"read_parquet({text(_parquet(columns))})",
        bench_columns=columns,
        bench_reference={"start": str(START), "end": str(start)},
        driftline_monitors=["wide"],
        driftline_now=str(end),
    )


def _state_seconds(project: Dbt, database: Path) -> float:
    """Seconds of the monitor's model alone, without dbt's start-up and parsing."""
    remove_database(database)
    project.run("run", "--select", "prediction_log", "wide")
    return project.elapsed()


def _parquet(columns: int) -> Path:
    path = CACHE / f"wide_{columns}.parquet"
    if path.exists():
        return path
    CACHE.mkdir(parents=True, exist_ok=True)
    values = []
    for number in range(columns):
        uniform = f"((hash(i * 4096 + {number}) >> 11)::double / 9007199254740992.0)"
        if number % 5 == 4:
            values.append(f"'c' || (floor(pow({uniform}, 3) * 20))::int as c{number}")
        else:
            values.append(f"ln({uniform} + 1e-9) * {number + 1} as n{number}")
    microseconds = DAYS * 86400 * 1_000_000 / ROWS
    moment = f"timestamp '{START}' + to_microseconds((i::double * {microseconds})::bigint) as ts"
    duckdb.connect().execute(
        f"copy (select {moment}, {', '.join(values)} from range({ROWS}) as t (i)) to {text(path)} (format parquet)"
    )
    return path
