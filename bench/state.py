"""The state model's SQL on DuckDB against one scan of the columns it reads; its peak memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import duckdb
from common import (
    BENCH,
    CACHE,
    Failed,
    Line,
    Options,
    alternate,
    clock,
    connect,
    duckdb_project,
    million,
    processor_seconds,
    ratio_line,
    say,
    text,
)
from data import CATEGORICAL, NUMERIC, parquet

# Numbers and texts each monitor reads beside the time.
COLUMNS = {
    "plain": (NUMERIC, CATEGORICAL),
    "rich": ([*NUMERIC, "score", "label"], [*CATEGORICAL, "segment"]),
    "split": ([*NUMERIC, "score", "label"], [*CATEGORICAL, "parts_3", "parts_5", "parts_8"]),
}
TARGETS = {"plain": 3.0, "rich": 4.5, "split": 6.0}


def measure(options: Options) -> list[Line]:
    lines = _measure(options, options.rows)
    if options.large:
        lines += _measure(options, 20_000_000)
    return lines


def _measure(options: Options, rows: int) -> list[Line]:
    say(f"state on DuckDB, {million(rows)}: data")
    file = parquet(CACHE, rows)
    project, database = duckdb_project(
        f"state_{rows}", options, bench_log=f"read_parquet({text(file)})", driftline_monitors=list(TARGETS)
    )
    say("building the monitors")
    project.run("run", "--select", "prediction_log", *TARGETS)
    lines = []
    queries: dict[str, str] = {}
    for monitor, target in TARGETS.items():
        later = project.compiled(monitor)
        first = project.compiled(monitor, "--full-refresh")
        numbers, texts = COLUMNS[monitor]
        scan = ", ".join([f"sum({n})" for n in numbers] + [f"max({n})" for n in [*texts, "ts"]])
        scan = f"select {scan} from read_parquet({text(file)})"
        with connect(database, options.threads) as connection:
            for name, sql, aim in (("later run", later, target), ("first build", first, None)):
                say(f"{monitor}, {name}")
                rounds = options.times(7 if aim or rows < 10_000_000 else 3)
                pairs, processors = _against(connection, sql, scan, rounds)
                first_build = "   the same, first build (learns the bins)"
                what = f"state SQL / scan, {monitor}, {million(rows)}" if aim else first_build
                lines.append(ratio_line(what, pairs, target=aim, note=f"processor time {processors:.2f}"))
        queries |= {f"{monitor}, later run": later, f"{monitor}, first build": first, f"scan for {monitor}": scan}
    say("peak memory")
    peaks = {name: _peak_memory(database, sql, options.threads) for name, sql in queries.items()}
    scan_peak = max(peak for name, peak in peaks.items() if name.startswith("scan"))
    name, peak = max(((n, p) for n, p in peaks.items() if not n.startswith("scan")), key=lambda item: item[1])
    note = f"the highest of {len(peaks) - len(TARGETS)}: {name}; the scan alone {scan_peak:.2f}"
    what = f"peak memory of the state SQL, {million(rows)}"
    return [*lines, Line(what, (peak,), target=1.0, strict=True, unit="GB", note=note)]


def _against(
    connection: duckdb.DuckDBPyConnection, sql: str, scan: str, rounds: int
) -> tuple[list[tuple[float, float]], float]:
    """Seconds of both in every round, and the ratio of the processor time that the cheapest of each took."""

    def create() -> object:
        return connection.execute(f"create or replace temp table measured as {sql}")

    def read() -> object:
        return connection.execute(scan).fetchall()

    pairs = alternate(rounds, lambda: clock(create), lambda: clock(read))
    spent = alternate(min(rounds, 3), lambda: processor_seconds(create), lambda: processor_seconds(read), warm=False)
    return pairs, min(a for a, _ in spent) / min(b for _, b in spent)


def _peak_memory(database: Path, sql: str, threads: int) -> float:
    """Gigabytes, of a process that runs this one statement."""
    result = subprocess.run(
        [sys.executable, BENCH / "peak_memory.py", database, str(threads)], input=sql, capture_output=True, text=True
    )
    if result.returncode != 0:
        raise Failed(result.stderr[-1000:])
    return float(json.loads(result.stdout)["peak_bytes"]) / 1e9
