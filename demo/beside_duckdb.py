#!/usr/bin/env python3
"""What the demo's monitors found on Spark, as a DuckDB file, and whether it is what they found on DuckDB.

    dbt build && dbt build --target spark && python beside_duckdb.py

The file is for findings.py: its tables are views of the Parquet files that Spark wrote, and Spark is asked for what is
a view there. What people are told, incidents and the alerts under them, has to be the same on both engines, numbers to
nine digits; where it is not, this says which rows differ and ends with 1.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from driftline.project import ProjectOptions
from driftline.scrub import Scrubber
from driftline.warehouse import Warehouse

DEMO = Path(__file__).parent
TARGET = DEMO / "target"
WAREHOUSE = TARGET / "spark" / "warehouse" / "driftline_demo.db"
DUCKDB = TARGET / "driftline_demo.duckdb"
SPARK = TARGET / "driftline_demo_spark.duckdb"
# What findings.py reads and is a view.
ASKED = ("driftline_comparisons", "driftline_monitors")
# What is told, by the key of a row.
TOLD = {"driftline_incidents": "incident_id", "driftline_alerts": "alert_id"}
# Said by the run and not by the rows.
LEFT_OUT = {"computed_at", "rules_hash"}


def copy_of_spark(database: Path) -> None:
    """Every table of Spark under its name."""
    database.unlink(missing_ok=True)
    options = ProjectOptions(project_dir=str(DEMO), profiles_dir=str(DEMO), target="spark")
    with duckdb.connect(str(database)) as made, Warehouse.open(options, Scrubber()) as spark:
        for folder in sorted(WAREHOUSE.iterdir()):
            if any(folder.rglob("*.parquet")):
                files = f"{folder}/**/*.parquet".replace("'", "''")
                made.execute(
                    f"create view \"{folder.name}\" as select * from read_parquet('{files}', hive_partitioning = true)"
                )
        for name in ASKED:
            asked = pa.Table.from_pylist(spark.query(f"select * from {spark.relation(name)}"))
            made.register("asked", asked)
            made.execute(f'create table "{name}" as select * from asked')


def rows(database: Path, table: str, key: str) -> dict[Any, dict[str, Any]]:
    with duckdb.connect(str(database), read_only=True) as opened:
        found = opened.execute(f"select * from {table}")
        names = [column[0] for column in found.description]
        listed = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    return {row[key]: row for row in listed}


def same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12) or (math.isnan(one) and math.isnan(other))
    return one == other


def differences(table: str, key: str) -> list[str]:
    """Rows of one engine alone, and what is different in those of both."""
    duck, spark = rows(DUCKDB, table, key), rows(SPARK, table, key)
    found = [f"{table}: {each} is on one engine alone" for each in sorted(duck.keys() ^ spark.keys())]
    for each in sorted(duck.keys() & spark.keys()):
        found += [
            f"{table}: {each}, {name}: {value!r} on DuckDB, {spark[each].get(name)!r} on Spark"
            for name, value in duck[each].items()
            if name not in LEFT_OUT and not same(value, spark[each].get(name))
        ]
    return found


def main() -> int:
    copy_of_spark(SPARK)
    found = [line for table, key in TOLD.items() for line in differences(table, key)]
    if found:
        print("\n".join(["Spark and DuckDB do not tell the same:", *found[:20]]), file=sys.stderr)
        return 1
    counts = " and ".join(f"{len(rows(SPARK, table, key))} {table.split('_')[1]}" for table, key in TOLD.items())
    print(f"The same as on DuckDB: {counts}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
