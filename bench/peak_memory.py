"""Runs the SQL on stdin against a DuckDB file and prints the most memory this process has held.

Arguments: the database file, the number of threads and, where the result is to be kept, the table's name.
"""

from __future__ import annotations

import json
import re
import resource
import sys
from pathlib import Path

import duckdb


def peak_bytes() -> int:
    """On Linux from the process's own status: what getrusage says begins with the memory of the process that forked."""
    status = Path("/proc/self/status")
    if status.exists() and (found := re.search(r"^VmHWM:\s+(\d+) kB", status.read_text(), re.MULTILINE)):
        return int(found[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def main() -> None:
    database, threads, *table = sys.argv[1:]
    connection = duckdb.connect(database)
    connection.execute(f"set threads = {int(threads)}")
    target = f"or replace table {table[0]}" if table else "temp table measured"
    connection.execute(f"create {target} as {sys.stdin.read()}")
    print(json.dumps({"peak_bytes": peak_bytes()}))


if __name__ == "__main__":
    main()
