"""What the measurements share: places, options, calls of dbt, ratios, lines of the table."""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

BENCH = Path(__file__).resolve().parent
REPOSITORY = BENCH.parent
PROJECT = BENCH / "project"
CACHE = BENCH / ".cache"


class Failed(RuntimeError):
    """A measurement that could not be made, with the reason for the table."""


@dataclass(frozen=True)
class Options:
    quick: bool
    large: bool
    threads: int
    rounds: int | None

    @property
    def rows(self) -> int:
        return 200_000 if self.quick else 2_000_000

    def times(self, usual: int) -> int:
        """How many rounds: what was asked for, two in a smoke test, else `usual`."""
        return self.rounds or (2 if self.quick else usual)


@dataclass(frozen=True)
class Line:
    """One line of the table. `values` are the rounds; a line without a target is there to be read beside another."""

    what: str
    values: tuple[float, ...] = ()
    fastest: float | None = None
    target: float | None = None
    strict: bool = False
    unit: str = ""
    note: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def met(self) -> bool | None:
        if self.target is None or not self.values:
            return None
        return self.median < self.target if self.strict else self.median <= self.target


def ratio_line(what: str, pairs: list[tuple[float, float]], **more: Any) -> Line:
    """The ratio first / second of every round, and of the fastest first to the fastest second."""
    fastest = min(a for a, _ in pairs) / min(b for _, b in pairs)
    return Line(what, tuple(a / b for a, b in pairs), fastest=fastest, **more)


def say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


def clock(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def processor_seconds(action: Callable[[], object]) -> float:
    """What the action takes of the processors, in this process with all its threads."""
    started = time.process_time()
    action()
    return time.process_time() - started


def alternate(
    rounds: int, first: Callable[[], float], second: Callable[[], float], warm: bool = True
) -> list[tuple[float, float]]:
    """Seconds of both, round by round, one after the other: what else the machine does hits both alike."""
    if warm:
        first(), second()
    return [(first(), second()) for _ in range(rounds)]


def million(rows: int) -> str:
    return f"{rows // 1_000_000}M rows" if rows >= 1_000_000 else f"{rows // 1000}k rows"


def text(value: object) -> str:
    """An SQL literal."""
    return "'" + str(value).replace("'", "''") + "'"


# ------------------------------------------------------------------------------------------------------------------ dbt


@dataclass(frozen=True)
class Dbt:
    """The benchmark's project on one database; each has a target folder of its own."""

    name: str
    environment: Mapping[str, str]
    variables: Mapping[str, Any]
    target: str = "duckdb"

    @property
    def folder(self) -> Path:
        return CACHE / "dbt" / self.name

    def run(self, *arguments: str, **variables: Any) -> float:
        """Runs the command line in a process of its own: seconds from its start to its end."""
        install_package()
        options = {
            "--project-dir": PROJECT,
            "--profiles-dir": PROJECT,
            "--target": self.target,
            "--target-path": self.folder,
            "--log-path": self.folder / "logs",
            "--vars": json.dumps({**self.variables, **variables}),
        }
        command = [_dbt(), *arguments, *(str(part) for pair in options.items() for part in pair)]
        started = time.perf_counter()
        result = subprocess.run(
            command, cwd=REPOSITORY, env=_environment(self.environment), capture_output=True, text=True
        )
        seconds = time.perf_counter() - started
        if result.returncode != 0:
            raise Failed(f"dbt {arguments[0]} failed:\n{result.stdout[-3000:]}{result.stderr[-1000:]}")
        return seconds

    def compiled(self, model: str, *arguments: str) -> str:
        self.run("compile", "--select", model, *arguments)
        return (self.folder / f"compiled/driftline_bench/models/monitors/{model}.sql").read_text(encoding="utf-8")

    def elapsed(self) -> float:
        """Seconds of the last run without dbt's start-up and parsing."""
        results = json.loads((self.folder / "run_results.json").read_text(encoding="utf-8"))
        return float(results["elapsed_time"])


def duckdb_project(name: str, options: Options, **variables: Any) -> tuple[Dbt, Path]:
    """A project on a new, empty DuckDB file."""
    database = CACHE / f"{name}.duckdb"
    remove_database(database)
    environment = {"DRIFTLINE_BENCH_DB": str(database), "DRIFTLINE_BENCH_THREADS": str(options.threads)}
    return Dbt(name, environment, variables), database


def remove_database(path: Path) -> None:
    for file in (path, path.with_name(path.name + ".wal")):
        file.unlink(missing_ok=True)


@contextlib.contextmanager
def connect(database: Path, threads: int) -> Any:
    connection = duckdb.connect(str(database))
    connection.execute(f"set threads = {threads}")
    try:
        yield connection
    finally:
        connection.close()


def install_package() -> None:
    if not (PROJECT / "dbt_packages" / "driftline").exists():
        command = [_dbt(), "deps", "--project-dir", PROJECT, "--profiles-dir", PROJECT]
        logs = ["--log-path", CACHE / "dbt" / "logs"]
        result = subprocess.run([*command, *logs], env=_environment({}), capture_output=True, text=True)
        if result.returncode != 0:
            raise Failed(f"dbt deps failed:\n{result.stdout}{result.stderr}")


def _dbt() -> Path:
    beside = Path(sys.executable).parent / "dbt"
    if not beside.exists():
        raise Failed(f"no dbt beside {sys.executable}: run it by `make bench`")
    return beside


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    quiet = {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DO_NOT_TRACK": "1", "NO_COLOR": "1"}
    return {**os.environ, **quiet, **more}
