#!/usr/bin/env python3
"""Load the demo's two Parquet files into PostgreSQL, for `dbt build --target postgres`.

    python load_postgres.py

The server comes from PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE, the schema from DRIFTLINE_DEMO_SCHEMA, as in
profiles.yml. Tables that are there already are replaced. DuckDB needs none of this: it reads the files.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import duckdb
import psycopg2
from psycopg2 import sql

DATA = Path(__file__).parent / "data"
SCHEMA = os.environ.get("DRIFTLINE_DEMO_SCHEMA", "driftline_demo") + "_shop"
TYPES = {"VARCHAR": "text", "TINYINT": "smallint", "FLOAT": "real", "DOUBLE": "double precision"}


def load(cursor: psycopg2.extensions.cursor, name: str, folder: Path) -> int:
    """Replace one table by the file of the same name; the rows go through a csv file, which COPY reads fastest."""
    rows = duckdb.read_parquet(str(DATA / f"{name}.parquet"))
    csv = folder / f"{name}.csv"
    rows.write_csv(str(csv), header=False)
    table = sql.Identifier(SCHEMA, name)
    columns = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(column), sql.SQL(TYPES.get(str(kind), str(kind))))
        for column, kind in zip(rows.columns, rows.types, strict=True)
    )
    cursor.execute(sql.SQL("drop table if exists {} cascade").format(table))
    cursor.execute(sql.SQL("create table {} ({})").format(table, columns))
    with csv.open() as lines:
        cursor.copy_expert(sql.SQL("copy {} from stdin (format csv)").format(table), lines)
    return cursor.rowcount


def main() -> None:
    connection = psycopg2.connect(
        host=os.environ.get("PGHOST", "localhost"),
        port=os.environ.get("PGPORT", "5432"),
        user=os.environ.get("PGUSER", "postgres"),
        password=os.environ.get("PGPASSWORD", ""),
        dbname=os.environ.get("PGDATABASE", "postgres"),
    )
    # Leaving the block commits: either both tables are new or none is.
    with tempfile.TemporaryDirectory() as folder, connection, connection.cursor() as cursor:
        cursor.execute(sql.SQL("create schema if not exists {}").format(sql.Identifier(SCHEMA)))
        for name in ("reco_log", "shadow_log"):
            print(f"{SCHEMA}.{name}: {load(cursor, name, Path(folder)):,} rows")
    connection.close()


if __name__ == "__main__":
    main()
