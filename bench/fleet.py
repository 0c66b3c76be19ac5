"""Many small monitors on one log: what each costs, and whether a run's memory grows with their number."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import duckdb
from common import BENCH, CACHE, MEMORY, PROJECT, Dbt, Line, Options, Process, say

ROWS_A_DAY, DAYS, REFERENCE_DAYS = 60, 80, 28
START = dt.date(2026, 1, 1)
MONITOR = """{{ driftline.monitor(
    relation         = ref('prediction_log'),
    timestamp        = 'ts',
    reference        = var('bench_reference'),
    numeric          = ['amount', 'age'],
    categorical      = ['country'],
    prediction       = 'score',
    label            = 'label',
    task             = 'binary',
    model_version    = 'version',
    segments         = ['shop'],
    business_metrics = {'conversion': {'numerator': 'label', 'denominator': '1'}, 'revenue': {'sum': 'amount'}}
) }}
"""


def measure(options: Options) -> list[Line]:
    few, many = (2, 6) if options.quick else (5, 100 if options.large else 20)
    few_build, _, _ = _fleet(options, few, next_day=False)
    build, next_day, megabytes = _fleet(options, many, next_day=True)
    what = f"{many} small monitors"
    note = f"{build.seconds:.0f} s in all, {build.processor:.0f} of the processors"
    memory = f"{few_build.gigabytes:.2f} GB with {few} monitors"
    beyond = build.seconds - few_build.seconds
    return [
        Line(
            f"{what}: first build, each beyond the first {few}",
            (beyond / (many - few),),
            target=0.9,
            unit="s",
            note=note,
        ),
        Line(f"   memory with a memory_limit of {MEMORY}", (build.gigabytes,), target=2, unit="GB", note=memory),
        Line("   database, each", (megabytes / many,), target=3, unit="MB"),
        Line(
            "   the next day, each",
            (next_day.seconds / many,),
            target=30 / many,
            unit="s",
            note=f"{next_day.seconds:.0f} s in all, {next_day.processor:.0f} of the processors, with dbt's start: 30 s"
            " are wanted",
        ),
    ]


def _fleet(options: Options, count: int, next_day: bool) -> tuple[Process, Process, float]:
    """A first build of so many monitors on an empty database, the next day's, and the database's size in MB between."""
    project, database = _project(options, count)
    say(f"{count} monitors: first build")
    _insert(database, START, DAYS)
    today = START + dt.timedelta(days=DAYS)
    build = project.watched("build", driftline_now=str(today))
    megabytes = database.stat().st_size / 1e6
    if not next_day:
        return build, build, megabytes
    say(f"{count} monitors: the next day")
    _insert(database, today, 1)
    later = project.watched("build", driftline_now=str(today + dt.timedelta(days=1)))
    return build, later, megabytes


def _project(options: Options, count: int) -> tuple[Dbt, Path]:
    """The benchmark's project with monitors of its own, on a new database."""
    folder = CACHE / f"fleet_{count}"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns("dbt_packages", "monitors", "target", "logs"))
    (folder / "packages.yml").write_text(f"packages:\n  - local: {BENCH.parent}\n", encoding="utf-8")
    monitors = folder / "models" / "monitors"
    monitors.mkdir()
    names = [f"small_{number}" for number in range(count)]
    for name in names:
        (monitors / f"{name}.sql").write_text(MONITOR, encoding="utf-8")
    database = folder / "fleet.duckdb"
    environment = {
        "DRIFTLINE_BENCH_DB": str(database),
        "DRIFTLINE_BENCH_THREADS": str(options.threads),
        "DRIFTLINE_BENCH_MEMORY": MEMORY,
    }
    reference = {"start": str(START), "end": str(START + dt.timedelta(days=REFERENCE_DAYS))}
    variables = {"bench_log": "raw_log", "bench_reference": reference, "driftline_monitors": names}
    return Dbt(f"fleet_{count}", environment, variables, project=folder), database


def _insert(database: Path, first: dt.date, days: int) -> None:
    connection = duckdb.connect(str(database))
    select = f"""
        select
            timestamp '{first}' + to_microseconds((i::double * {86400 * 1_000_000 / ROWS_A_DAY})::bigint) as ts,
            u * 50 + 1 as amount, 18 + (hash(i + 1) % 60)::double as age,
            'country ' || (hash(i + 2) % 8) as country, u as score,
            ((hash(i + 3) % 1000) / 1000.0 < u * 0.4)::integer as label,
            case when hash(i + 4) % 2 = 0 then 'one' else 'two' end as version, 'shop ' || (hash(i + 5) % 3) as shop
        from (
            select i, (hash(i + {first.toordinal()}) % 100000) / 100000.0 as u
            from range({ROWS_A_DAY * days}) as t (i)
        ) as numbered
    """
    connection.execute(f"create table if not exists raw_log as {select} limit 0")
    connection.execute(f"insert into raw_log {select}")
    connection.close()
