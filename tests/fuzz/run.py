"""`make fuzz`: declarations from a seed in batches, until their number or the time is reached; exits with 1 for a failure."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2] / "python")]


def main() -> int:
    from fuzz.fuzzing import Outcome, fuzz
    from support.engines import DuckDBEngine, PostgresEngine

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0, help="the first seed; `make test` has those from 0 to 59")
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--minutes", type=float, default=25.0)
    parser.add_argument("--engine", choices=["duckdb", "postgres"], default="duckdb")
    given = parser.parse_args()
    engine = PostgresEngine() if given.engine == "postgres" else DuckDBEngine()
    end = time.monotonic() + 60 * given.minutes
    whole = Outcome()
    for first in range(given.first, given.first + given.count, given.batch):
        if time.monotonic() > end:
            print(f"{given.minutes:g} minutes are over before all {given.count} declarations were tried.")
            break
        folder = Path(tempfile.mkdtemp(prefix="driftline-fuzz-"))
        workspace = engine.workspace(folder)
        found = fuzz(workspace, folder / "project", range(first, min(first + given.batch, given.first + given.count)))
        workspace.close()
        shutil.rmtree(folder, ignore_errors=True)
        whole.add(found)
        for name, message in found.failures.items():
            print(f"\n{name}\n{message[:1500]}\n", flush=True)
        print(whole, flush=True)
    if isinstance(engine, PostgresEngine):
        engine.close()
    return 1 if whole.failures else 0


if __name__ == "__main__":
    sys.exit(main())
