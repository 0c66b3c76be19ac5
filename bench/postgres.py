"""The state model's SQL on Postgres against hand-written SQL for the same counts."""

from __future__ import annotations

import contextlib
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
from common import CACHE, REPOSITORY, Dbt, Failed, Line, Options, alternate, clock, million, ratio_line, say, text
from data import CATEGORICAL, NUMERIC, PARTS, parquet

LOG = "raw.log"


def measure(options: Options) -> list[Line]:
    with server() as running:
        return _measure(options, running)


@contextlib.contextmanager
def server() -> Iterator[Any]:
    sys.path.insert(0, str(REPOSITORY / "tests"))
    from support.postgres_server import PostgresServer, PostgresUnavailable

    try:
        server = PostgresServer()
    except PostgresUnavailable as problem:
        raise Failed(str(problem)) from problem
    try:
        yield server
    finally:
        server.stop()


def _measure(options: Options, server: Any) -> list[Line]:
    import psycopg2

    server.create_database("bench")
    connection = psycopg2.connect(host=server.host, user=server.user, dbname="bench")
    connection.autocommit = True
    cursor = connection.cursor()
    say(f"Postgres: loading {million(options.rows)}")
    _load(cursor, parquet(CACHE, options.rows))

    environment = {
        "DRIFTLINE_BENCH_PGHOST": server.host,
        "DRIFTLINE_BENCH_PGUSER": server.user,
        "DRIFTLINE_BENCH_PGDATABASE": "bench",
    }
    project = Dbt("postgres", environment, {"bench_log": LOG}, target="postgres")
    say("building the monitor")
    project.run("run", "--select", "prediction_log", "plain")
    later = project.compiled("plain")
    first = project.compiled("plain", "--full-refresh")
    cursor.execute("analyze bench.plain")

    thresholds = _thresholds(cursor)
    numeric = {"count filter": by_filter(thresholds), "width_bucket": by_width_bucket(thresholds)}
    categorical = {"group by": by_group(), "grouping sets": by_grouping_sets()}
    best: list[tuple[float, str, str]] = []
    for candidates in (numeric, categorical):
        timed = []
        for name, sql in candidates.items():
            say(f"hand-written: {name}")
            timed.append((min(_create(cursor, sql) for _ in range(2)), name, sql))
            if candidates is numeric:
                _compare(cursor, name)
        best.append(min(timed))

    say("the compiled SQL against the faster ones")
    rounds = options.times(3)
    pairs = alternate(
        rounds, lambda: _create(cursor, later), lambda: sum(_create(cursor, sql) for _, _, sql in best), warm=False
    )
    first_build = _create(cursor, first)
    first_pairs = [(first_build, hand) for _, hand in pairs]
    scan = ", ".join([f"sum({n})" for n in NUMERIC] + [f"max({n})" for n in [*CATEGORICAL, "ts"]])
    scanned = min(clock(lambda: cursor.execute(f"select {scan} from {LOG}")) for _ in range(3))
    connection.close()
    note = f"{min(a for a, _ in pairs):.1f} s / {min(b for _, b in pairs):.1f} s ({best[0][1]}, {best[1][1]})"
    return [
        ratio_line(
            f"Postgres: state SQL / hand-written, {million(options.rows)}",
            pairs,
            target=1.2,
            note=f"{note}, scan {scanned:.1f} s",
        ),
        ratio_line("   the same, first build (learns the bins)", first_pairs),
    ]


def _load(cursor: Any, file: Path) -> None:
    types = {**dict.fromkeys(NUMERIC, "double precision"), **dict.fromkeys(CATEGORICAL, "text")}
    types = {"ts": "timestamp", **types, "score": "double precision", "label": "integer", "segment": "text"}
    types |= {f"parts_{parts}": "text" for parts in PARTS.values()}
    columns = ", ".join(f"{name} {kind}" for name, kind in types.items())
    cursor.execute("create schema raw")
    cursor.execute(f"create unlogged table {LOG} ({columns})")
    written = CACHE / "postgres.csv"
    duckdb.connect().execute(f"copy (from read_parquet({text(file)})) to {text(written)} (format csv, header false)")
    with written.open("rb") as stream:
        cursor.copy_expert(f"copy {LOG} from stdin (format csv)", stream)
    written.unlink()
    cursor.execute(f"vacuum analyze {LOG}")


def _create(cursor: Any, sql: str) -> float:
    cursor.execute("drop table if exists measured")
    return clock(lambda: cursor.execute(f"create table measured as {sql}"))


def _thresholds(cursor: Any) -> dict[str, list[float]]:
    cursor.execute(
        "select column_name, array_agg(bin_upper order by bin) from bench.plain"
        " where record = 'bin' and bin_kind = 'range' and bin_upper is not null group by 1"
    )
    return dict(cursor.fetchall())


def _compare(cursor: Any, name: str) -> None:
    """The hand-written counts must be the monitor's."""
    cursor.execute(
        """
        select count(*) from (
            select column_name, period_start as day, bin, row_count from bench.plain
            where record = 'count' and column_kind = 'numeric' and bin < 10000 and row_count > 0
        ) as state
        full join (select * from measured where row_count > 0) as hand using (column_name, day, bin)
        where state.row_count is distinct from hand.row_count
        """
    )
    different = cursor.fetchone()[0]
    if different:
        raise Failed(f"the hand-written SQL ({name}) counts {different} bins otherwise than the state does")


# -------------------------------------------------------------------------------------------------------- hand-written


def _rows(**values: str) -> str:
    """The log with its day and these values ("sql :: type"), behind a UNION ALL with nothing.

    Of a grouping by expressions the planner expects as many groups as rows, so it sorts and stays in one process. Of
    the columns of a union it knows nothing, expects few groups, and hashes in parallel: twice as fast.
    """
    values = {"day": "date_trunc('day', ts) :: timestamp", **values}
    parts = [(name, *value.rsplit(" :: ", 1)) for name, value in values.items()]
    selected = ", ".join(f"{sql} as {name}" for name, sql, _ in parts)
    nothing = ", ".join(f"null::{kind}" for _, _, kind in parts)
    return f"(select {selected} from {LOG} union all select {nothing} where false) as r"


def by_filter(thresholds: dict[str, list[float]]) -> str:
    """One pass, all bins as filtered aggregates in arrays, unnested afterwards."""
    arrays = []
    for name, uppers in thresholds.items():
        bounds = [None, *(f"{upper!r}::float8" for upper in uppers), None]
        conditions = [f"{name} is null"]
        for lower, upper in itertools.pairwise(bounds):
            sides = [f"{name} > {lower}"] if lower else []
            conditions.append(" and ".join([*sides, f"{name} <= {upper}"] if upper else sides))
        arrays.append(f"array[{', '.join(f'count(*) filter (where {c})' for c in conditions)}] as rows_{name}")
        arrays.append(f"array[{', '.join(f'sum({name}) filter (where {c})' for c in conditions)}] as sums_{name}")
    unnested = [
        f"select '{name}' as column_name, day, case when place = 1 then -3 else place - 2 end as bin, row_count,"
        f" value_sum from counted, unnest(rows_{name}, sums_{name}) with ordinality as u (row_count, value_sum, place)"
        for name in thresholds
    ]
    rows = _rows(**{name: f"{name} :: float8" for name in thresholds})
    counted = f"select day, {', '.join(arrays)} from {rows} group by day"
    return f"with counted as materialized ({counted}) {' union all '.join(unnested)}"


def by_width_bucket(thresholds: dict[str, list[float]]) -> str:
    """A GROUP BY per column. Buckets contain their lower end and bins their upper one: hence the signs."""
    selects = []
    for name, uppers in thresholds.items():
        bucket = f"width_bucket(-{name}, array{[-upper for upper in reversed(uppers)]}::float8[])"
        rows = _rows(value=f"{name} :: float8", bin=f"coalesce({len(uppers)} - {bucket}, -3) :: integer")
        selects.append(
            f"select '{name}' as column_name, day, bin, count(*) as row_count, sum(value) as value_sum"
            f" from {rows} group by day, bin"
        )
    return " union all ".join(selects)


def by_group() -> str:
    return " union all ".join(
        f"select '{name}' as column_name, day, category, count(*) as row_count"
        f" from {_rows(category=f'{name} :: text')} group by day, category"
        for name in CATEGORICAL
    )


def by_grouping_sets() -> str:
    sets = ", ".join(f"(day, {name})" for name in CATEGORICAL)
    names = ", ".join(CATEGORICAL)
    rows = _rows(**{name: f"{name} :: text" for name in CATEGORICAL})
    counts = f"select day, {names}, grouping({names}) as place, count(*) as row_count"
    return f"{counts} from {rows} group by grouping sets ({sets})"
