"""`make replay`: runs one after another against one build of the same rows; exits with 1 where a table differs.

Without arguments a year on DuckDB, then fifty days on Postgres.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2] / "python")]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--length", choices=["short", "long"])
    parser.add_argument("--engine", choices=["duckdb", "postgres"])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, help="only the first so many; the last of them is compared")
    parser.add_argument("--private", action="store_true", help="name the private tables that differ as well")
    parser.add_argument("--keep", type=Path, help="leave databases and projects in this folder, which is emptied first")
    given = parser.parse_args()
    if given.length or given.engine:
        return replay(given.length or "short", given.engine or "duckdb", given)
    return replay("long", "duckdb", given) | replay("short", "postgres", given)


def replay(length: str, engine: str, given: argparse.Namespace) -> int:
    from replay import story
    from replay.replayer import Replay, Worker
    from replay.rows import all_tables
    from support.postgres_server import PostgresServer

    begun = time.monotonic()
    steps, days, hours_from = (
        (story.long(given.seed), story.LONG_DAYS, story.LONG_HOURS_FROM)
        if length == "long"
        else (story.short(), story.SHORT_DAYS, story.SHORT_HOURS_FROM)
    )
    if given.steps:
        steps = steps[: given.steps]
        steps[-1].compared = True
    if given.keep:
        shutil.rmtree(given.keep, ignore_errors=True)
    folder = given.keep or Path(tempfile.mkdtemp(prefix="driftline-replay-"))
    folder.mkdir(parents=True, exist_ok=True)
    server = PostgresServer() if engine == "postgres" else None
    worker = Worker(folder, None if server is None else server.host)
    data = all_tables(days, hours_from, given.seed)
    made = Replay(worker, data, given.seed, lambda line: print(line, flush=True), given.private)
    print(f"{length}, {engine}, seed {given.seed}", flush=True)
    try:
        if server is not None:
            for number in range(1 + sum(step.compared for step in steps)):
                server.create_database(f"once_{number}" if number else "replay")
        made.begin()
        made.lead(steps)
    finally:
        worker.close()
        if server is not None:
            server.stop()
        if not given.keep:
            shutil.rmtree(folder, ignore_errors=True)
    print(
        f"{len(steps)} steps, {made.killed} killed, {made.checkpoints} comparisons,"
        f" {len(made.problems)} differences, {time.monotonic() - begun:.0f} s",
        flush=True,
    )
    return 1 if made.problems else 0


if __name__ == "__main__":
    sys.exit(main())
