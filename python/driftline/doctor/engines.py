"""What an engine is given: its version, and settings without which a build fails or the machine runs out of memory."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from driftline.doctor.finding import Finding, found, ok, unchecked
from driftline.warehouse import Warehouse

# Of DuckDB's limit dbt itself, and what else runs, have the rest. DuckDB's own default is 0.8.
LARGEST_SHARE = 0.85
# As docs/sizes.md has it: with this a build's memory does not grow with the monitors.
SMALLEST = 500_000_000
_UNITS = {"KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "KIB": 2.0**10, "MIB": 2.0**20, "GIB": 2.0**30, "TIB": 2.0**40}
# Where a container says how much it may have: of the second version of control groups, and of the first.
CONTAINER = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))

# As macros/adapters/clickhouse_settings.sql asks for them; why, stands in docs/clickhouse.md.
CLICKHOUSE = {
    "aggregate_functions_null_for_empty": "1",
    "allow_lossy_numeric_supertype": "1",
    "cast_keep_nullable": "1",
    "date_time_64_output_format_cut_trailing_zeros_align_to_groups_of_thousands": "1",
    "enable_materialized_cte": "1",
    "group_by_use_nulls": "1",
    "join_use_nulls": "1",
    "prefer_column_name_to_alias": "1",
}
TRIED = "26.9"


def engine(warehouse: Warehouse) -> Iterator[Finding]:
    """What runs there, with what it may use."""
    look = _ENGINES.get(warehouse.adapter_type)
    if look is None:
        yield unchecked("engine", f"{warehouse.adapter_type}: no settings are looked at")
    else:
        yield from look(warehouse)


def _duckdb(warehouse: Warehouse) -> Iterator[Finding]:
    (row,) = warehouse.query(
        "select version() as version, current_setting('threads') as threads, "
        "current_setting('memory_limit') as memory, current_setting('temp_directory') as folder"
    )  # fmt: skip
    limit, machine = bytes_of(str(row["memory"])), memory()
    what = f"DuckDB {row['version']}, {row['threads']} threads, up to {row['memory']} of memory"
    if limit is not None and machine is not None and limit > LARGEST_SHARE * machine:
        yield found(
            "engine",
            f"{what}, and this machine or its container has {_shown(machine)}: it is killed before it uses the disk",
            f"profiles.yml, settings: {{memory_limit: {max(int(machine * 0.6 / 1e6), 1)}MB}}; docs/sizes.md",
        )
    elif limit is not None and limit < SMALLEST:
        yield found(
            "engine",
            f"{what}: larger monitors do not fit into it",
            "profiles.yml, settings: {memory_limit: 1500MB}; docs/sizes.md",
        )
    elif not row["folder"]:
        yield found(
            "engine",
            f"{what}, and no folder for what is more",
            "profiles.yml, settings: {temp_directory: a folder with room}",
        )
    else:
        of = f" of {_shown(machine)}" if machine is not None else ""
        yield ok("engine", what + of)


def bytes_of(text: str) -> float | None:
    """A size as DuckDB prints it; None where it is none."""
    match = re.fullmatch(r"\s*([\d.]+)\s*([KMGT]i?B|bytes?)\s*", text, re.IGNORECASE)
    return None if match is None else float(match[1]) * _UNITS.get(match[2].upper(), 1.0)


def memory() -> float | None:
    """What this machine has, or its container may have; None where it does not say."""
    sizes = []
    with contextlib.suppress(ValueError, OSError, AttributeError):
        sizes.append(float(os.sysconf("SC_PHYS_PAGES")) * os.sysconf("SC_PAGE_SIZE"))
    for path in CONTAINER:
        try:
            sizes.append(float(path.read_text(encoding="utf-8")))
        except (OSError, ValueError):
            continue
    return min((size for size in sizes if size > 0), default=None)


def _shown(size: float) -> str:
    return f"{size / 2**30:.1f} GiB" if size >= 2**30 else f"{size / 2**20:.0f} MiB"


def _postgres(warehouse: Warehouse) -> Iterator[Finding]:
    (row,) = warehouse.query(
        "select current_setting('server_version') as version, current_setting('work_mem') as memory, "
        "current_setting('max_parallel_workers_per_gather') as workers"
    )
    yield ok("engine", f"Postgres {row['version']}, work_mem {row['memory']}, {row['workers']} parallel workers")


def _clickhouse(warehouse: Warehouse) -> Iterator[Finding]:
    names = ", ".join(warehouse.literal(name) for name in CLICKHOUSE)
    rows = warehouse.query(
        f"select name, value, version() as version from system.settings where name in ({names}) order by name"
    )
    there = {str(row["name"]): str(row["value"]) for row in rows}
    version = next((f"ClickHouse {row['version']}" for row in rows), "this ClickHouse")
    unknown = [name for name in CLICKHOUSE if name not in there]
    missing = [name for name in CLICKHOUSE if name in there and there[name].lower() not in (CLICKHOUSE[name], "true")]
    if unknown:
        yield found("engine", f"{version} does not know {', '.join(unknown)}", f"a newer one: {TRIED} was tried")
    if missing:
        yield found(
            "engine",
            f"the connection to {version} lacks settings, without which a build stops",
            "profiles.yml, custom_settings: {" + ", ".join(f"{name}: {CLICKHOUSE[name]}" for name in missing) + "}",
        )
    if not unknown and not missing:
        yield ok("engine", f"{version}, with the {len(CLICKHOUSE)} settings that the package needs")


_ENGINES: dict[str, Callable[[Warehouse], Iterator[Finding]]] = {
    "duckdb": _duckdb,
    "postgres": _postgres,
    "clickhouse": _clickhouse,
}
