"""The demo's results: their size against the log they come from, and how long what people look up takes."""

from __future__ import annotations

import statistics
from collections.abc import Callable

import duckdb
from common import CACHE, REPOSITORY, Dbt, Line, Options, clock, remove_database, say

DEMO = REPOSITORY / "demo"
LOOKUPS = {
    "a series": """
        select window_start, value from driftline_metrics
        where monitor = 'recommendations' and model_version = 'all' and segment = 'all' and family = 'drift'
            and metric = 'psi' and column_name = 'item_price' and baseline = 'reference' and window_periods = 1
        order by window_start
    """,
    "an alert": "select * from driftline_alerts where alert_id = (select max(alert_id) from driftline_alerts)",
    "the latest values": "select * from driftline_latest where monitor = 'recommendations'",
}


def measure(options: Options) -> list[Line]:
    database = CACHE / "demo.duckdb"
    remove_database(database)
    say("building the demo")
    environment = {"DRIFTLINE_DEMO_DB": str(database)}
    Dbt("demo", environment, {"demo_data": str(DEMO / "data")}, project=DEMO).run("build")
    log = sum(file.stat().st_size for file in (DEMO / "data").glob("*.parquet"))
    connection = duckdb.connect(str(database), read_only=True)
    size, rows = _size(connection), connection.execute("select count(*) from driftline_metrics").fetchall()[0][0]
    note = f"{size / 1e6:.1f} MB / {log / 1e6:.1f} MB; driftline_metrics has {rows:,} rows"
    lines = [Line("demo: results / log, bytes", (size / log,), target=4.3, note=note)]
    present = {name for (name,) in connection.execute("select table_name from information_schema.tables").fetchall()}
    for what, sql in LOOKUPS.items():
        table = sql.split(" from ")[1].split()[0]
        if table not in present:
            lines.append(Line(f"demo: {what}", note=f"there is no {table}"))
            continue
        times = tuple(1000 * clock(_reader(connection, sql)) for _ in range(options.times(9)))
        note = f"at best {min(times):.0f} ms, median {statistics.median(times):.0f} ms"
        lines.append(Line(f"demo: {what}", times, target=50, unit="ms", note=note))
    connection.close()
    return lines


def _reader(connection: duckdb.DuckDBPyConnection, sql: str) -> Callable[[], object]:
    return lambda: connection.execute(sql).fetchall()


def _size(connection: duckdb.DuckDBPyConnection) -> int:
    """Bytes of the blocks that driftline's own tables hold."""
    tables = connection.execute(
        "select table_name from duckdb_tables() where starts_with(table_name, 'driftline_')"
    ).fetchall()
    size = connection.execute("select block_size from pragma_database_size()").fetchall()[0][0]
    blocks: set[int] = set()
    for (table,) in tables:
        found = connection.execute(
            f"select distinct block_id, additional_block_ids from pragma_storage_info('{table}') where persistent"
        ).fetchall()
        for block, more in found:
            blocks.update([block, *(more or [])])
    return len(blocks - {None, -1}) * int(size)
