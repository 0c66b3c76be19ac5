"""Many small monitors: how the time and the memory of one model grow with their number.

    .venv/bin/python bench/many.py --monitors 10 40 --model driftline_drift --model driftline_concept

One log of 4,800 rows (80 days, 2 versions, 3 segment values, a label, 2 business metrics) that each monitor looks at.
What the models stand on is built once; then each model's first build runs in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import duckdb
from common import CACHE, REPOSITORY, clock, say

MONITOR = """{{{{ driftline.monitor(
    relation=source('raw', 'log'), timestamp='ts', period='day',
    reference={{'start': '2026-01-01', 'end': '2026-01-31'}},
    numeric=['x', 'y'], categorical=['c'], prediction='score', label='label', task='binary',
    model_version='version', segments=['segment'],
    business_metrics={{'sales': {{'sum': 'x'}}, 'rate': {{'numerator': 'label', 'denominator': '1'}}}}
) }}}}
"""
LOG = """
create schema if not exists raw;
create or replace table raw.log as
select
    timestamp '2026-01-01' + to_seconds(i * 1440) as ts,
    hash(i * 8) % 1000 / 10.0 as x, hash(i * 8 + 1) % 977 / 7.0 as y, 'c' || hash(i * 8 + 2) % 7 as c,
    (hash(i * 8 + 3) % 10007) / 10007.0 as score, (hash(i * 8 + 4) % 10 < 3)::int as label,
    'v' || hash(i * 8 + 5) % 2 as version, 's' || hash(i * 8 + 6) % 3 as segment
from range(4800) as t (i);
"""


def project(folder: Path, monitors: int, threads: int) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "models").mkdir(parents=True)
    (folder / "dbt_packages").mkdir()
    (folder / "dbt_packages" / "driftline").symlink_to(REPOSITORY, target_is_directory=True)
    names = [f"monitor_{n:03}" for n in range(monitors)]
    for name in names:
        (folder / "models" / f"{name}.sql").write_text(MONITOR.format())
    database = folder / "many.duckdb"
    files = {
        "dbt_project.yml": {
            "name": "many",
            "version": "1.0.0",
            "profile": "many",
            "vars": {"driftline_monitors": names, "driftline_now": "2026-03-22"},
        },
        "profiles.yml": {
            "many": {
                "target": "d",
                "outputs": {"d": {"type": "duckdb", "path": str(database), "threads": threads}},
            }
        },
        "packages.yml": {"packages": [{"local": str(REPOSITORY)}]},
        "models/sources.yml": {"version": 2, "sources": [{"name": "raw", "tables": [{"name": "log"}]}]},
    }
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content))
    with duckdb.connect(str(database)) as connection:
        connection.execute(LOG)
    return database


def dbt(folder: Path, *arguments: str) -> float:
    command = [str(Path(sys.executable).parent / "dbt"), *arguments, "--project-dir", folder, "--profiles-dir", folder]
    return clock(lambda: subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True))


def steps(folder: Path, models: list[str]) -> list[str]:
    """The relations of which a model is made beside what it stands on, in their order."""
    compiled = folder / "target/compiled/driftline/models"
    return [name for name in models if list(compiled.rglob(f"{name}.sql"))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--monitors", type=int, nargs="+", default=[10, 40])
    parser.add_argument("--model", action="append", help="steps to be measured, in their order")
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    models = given.model or ["driftline_drift", "driftline_concept"]
    for count in given.monitors:
        folder = CACHE / f"many_{count}"
        database = project(folder, count, given.threads)
        # What stands before the first of them.
        seconds = dbt(folder, "run", "--select", *(f"+{name}" for name in models), "--exclude", *models)
        dbt(folder, "compile", "--select", *models)
        say(f"{count} monitors: what stands before in {seconds:.0f} s")
        for name in steps(folder, models):
            sql = next((folder / "target/compiled/driftline/models").rglob(f"{name}.sql")).read_text(encoding="utf-8")
            started = time.perf_counter()
            run = subprocess.run(
                [sys.executable, Path(__file__).parent / "peak_memory.py", database, str(given.threads), name],
                input=sql,
                capture_output=True,
                text=True,
            )
            if run.returncode:
                print(f"{count} monitors  {name}: {run.stderr.strip().splitlines()[-1]}")
                continue
            peak = json.loads(run.stdout)["peak_bytes"] / 1e6
            print(f"{count} monitors  {name:32} {time.perf_counter() - started:6.1f} s  {peak:7.0f} MB")


if __name__ == "__main__":
    main()
