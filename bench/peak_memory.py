"""Runs the SQL on stdin against a DuckDB file and prints the most memory this process has held.

Arguments: the database file, the number of threads.
"""

from __future__ import annotations

import json
import resource
import sys

import duckdb


def main() -> None:
    database, threads = sys.argv[1:]
    connection = duckdb.connect(database)
    connection.execute(f"set threads = {int(threads)}")
    connection.execute(f"create temp table measured as {sys.stdin.read()}")
    unit = 1 if sys.platform == "darwin" else 1024
    print(json.dumps({"peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit}))


if __name__ == "__main__":
    main()
