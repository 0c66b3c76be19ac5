"""What the measurements share: places, options, calls of dbt, ratios, lines of the table."""

from __future__ import annotations

import contextlib
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
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
# What DuckDB may hold where a benchmark bounds it: the rest goes to the disk, however many monitors or columns.
MEMORY = "1500MB"


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
    def is_sound(self) -> bool:
        """Times, sizes and their ratios are over 0. A difference of two times on a busy machine may not be."""
        return all(math.isfinite(value) and value > 0 for value in self.values)

    @property
    def met(self) -> bool | None:
        if self.target is None or not self.values or not self.is_sound:
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
    project: Path = PROJECT

    @property
    def folder(self) -> Path:
        return CACHE / "dbt" / self.name

    def run(self, *arguments: str, **variables: Any) -> float:
        """Runs the command line in a process of its own: seconds from its start to its end."""
        return self.watched(*arguments, **variables).seconds

    def watched(self, *arguments: str, **variables: Any) -> Process:
        """The same, with the most memory that the process held."""
        install_package(self.project)
        options = {
            "--project-dir": self.project,
            "--profiles-dir": self.project,
            "--target": self.target,
            "--target-path": self.folder,
            "--log-path": self.folder / "logs",
            "--vars": json.dumps({**self.variables, **variables}),
        }
        command = [str(_dbt()), *arguments, *(str(part) for pair in options.items() for part in pair)]
        try:
            return watch(command, _environment(self.environment))
        except Failed as problem:
            raise Failed(f"dbt {arguments[0]} failed:\n{problem}") from None

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


@dataclass(frozen=True)
class Process:
    """What a process took: seconds from start to end, of the processors, and the most memory it held, in GB."""

    seconds: float
    processor: float
    gigabytes: float
    output: str


def watch(command: list[str], environment: Mapping[str, str] | None = None) -> Process:
    """Runs a command in the repository and waits for it."""
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        said = output.read().decode("utf-8", "replace")
    if process.returncode != 0:
        raise Failed(said[-4000:] or f"exit code {process.returncode}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Process(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit / 1e9, said)


def install_package(project: Path = PROJECT) -> None:
    if not (project / "dbt_packages" / "driftline").exists():
        command = [_dbt(), "deps", "--project-dir", project, "--profiles-dir", project]
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


# ---------------------------------------------------------------------------------------------------------------- peers


def peer_environment(peer: str) -> Path:
    """The interpreter that has what `<peer>.txt` names; made on the first call."""
    folder = CACHE / peer
    python = folder / "bin" / "python"
    done = folder / ".done"
    if done.exists():
        return python
    say(f"installing {peer} into bench/.cache/{peer}")
    shutil.rmtree(folder, ignore_errors=True)
    uv = Path(sys.executable).parent / "uv"
    by_uv = [
        [uv, "venv", "--quiet", "--python", sys.executable, folder],
        [uv, "pip", "install", "--quiet", "--python", python, "-r", BENCH / f"{peer}.txt"],
    ]
    by_pip = [
        [sys.executable, "-m", "venv", "--clear", folder],
        [python, "-m", "pip", "install", "--quiet", "-r", BENCH / f"{peer}.txt"],
    ]
    for commands in [by_uv, by_pip] if uv.exists() else [by_pip]:
        results = [subprocess.run(command, capture_output=True, text=True, timeout=900) for command in commands]
        if all(result.returncode == 0 for result in results):
            done.touch()
            return python
    raise Failed(f"could not be installed ({results[-1].stderr.strip().splitlines()[-1:]})")
