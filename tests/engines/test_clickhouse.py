"""One monitor, and all that is made of it, on ClickHouse and on DuckDB: first run, a second one, late rows, all types."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from driftline.doctor.engines import engine
from driftline.doctor.finding import Finding
from driftline.project import ProjectOptions
from driftline.scrub import Scrubber
from driftline.warehouse import Warehouse
from state.states import declare_with
from support import Engine, Project

from engines import beside_duckdb
from engines.beside_duckdb import (
    DECLARED,
    TABLES,
    WINDOWS,
    Beside,
    assert_named,
    days_and_late_rows,
    refused,
    rows_read,
)

# What people are told, in every language: numbers and times in words.
SAID = ["driftline_int_sentences", "driftline_int_incident_sentences"]
# Columns of every type, and values whose texts engines spell differently.
OF_TYPES: dict[str, Any] = {
    "of_doubles": np.array([
        0.5, 1, -0.0, 1e-7, -1.5e-7, 1e21, 2.0**60, 1.5e300, 123456789.25, 9.1e18, np.nan, np.inf, -np.inf,
    ]),
    "of_reals": np.array([0.1, 1, 1e-7, 1e21, 3e38, 16777216], dtype="float32"),
    "of_truths": np.array([True, False, None], dtype=object),
    "of_days": np.array([date(2024, 1, 31), date(1955, 2, 3), None], dtype=object),
    "of_times": pd.to_datetime(
        ["2024-01-31", "2024-01-31 08:00:00", "2024-01-31 08:00:00.12", "2024-01-31 10:20:30.000001", "1950-06-01 00:00:10"],
        format="mixed",
    ).to_numpy(),
    "of_decimals": np.array([Decimal(x) for x in ("1.50", "0.00", "-20.00", "100.25")], dtype=object),
}  # fmt: skip
# What a killed run may have left beside the monitor.
LEFT_BEHIND = ["shop__dbt_tmp", "shop__dbt_new_data", "shop__dbt_backup"]


def log(days: int, first: int, seed: int) -> pd.DataFrame:
    rows = beside_duckdb.log(days, first, seed)
    rng = np.random.default_rng(seed + 100)
    for name, values in OF_TYPES.items():
        rows[name] = rng.choice(values, len(rows))
    rows["of_moments"] = rows["of_times"].dt.tz_localize("Europe/Berlin")
    return rows


@pytest.fixture(scope="module")
def built(further_engine: Engine, duckdb_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beside]:
    if further_engine.name != "clickhouse":
        pytest.skip("asked of ClickHouse")
    categories = [*DECLARED["categorical"], *OF_TYPES, "of_moments"]
    models = {"shop": declare_with(DECLARED | {"categorical": categories})}
    both = Beside.on([duckdb_engine, further_engine], tmp_path_factory, models, **WINDOWS)
    for clock, seen in days_and_late_rows(log):
        both.build(clock, {"log": seen})
        both.keep([*TABLES, *SAID])
        if clock == "2024-01-21":
            for name in LEFT_BEHIND:
                both.other.execute(f"create table {name} (nothing Int8) engine = MergeTree order by tuple()")
    yield both
    both.close()


@pytest.mark.parametrize("table", [*TABLES, *SAID])
@pytest.mark.parametrize("run", [0, 1])
def test_tables_are_those_of_duckdb(built: Beside, run: int, table: str) -> None:
    wrong = built.differences(run, table)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("column", "labels"),
    [
        ("of_doubles", {
            "0.5", "1", "0", "0.0000001", "-0.00000015", "1000000000000000000000", "1152921504606846976",
            "15" + "0" * 299, "123456789.25", "9100000000000000000", "Infinity", "-Infinity", "NaN",
        }),
        ("of_truths", {"true", "false"}),
        ("of_days", {"2024-01-31", "1955-02-03"}),
        ("of_times", {
            "2024-01-31", "2024-01-31 08:00:00", "2024-01-31 08:00:00.12", "2024-01-31 10:20:30.000001",
            "1950-06-01 00:00:10",
        }),
        ("of_decimals", {"1.5", "0", "-20", "100.25"}),
    ],
)  # fmt: skip
def test_a_value_has_the_text_it_has_everywhere(built: Beside, column: str, labels: set[str]) -> None:
    bins = built.frames["driftline_bins"][1][1]
    assert set(bins.loc[(bins["column_name"] == column) & (bins["bin_kind"] == "category"), "bin_label"]) == labels


def test_nothing_is_left_beside_the_monitor(built: Beside) -> None:
    names = set(built.other.relations())
    assert "shop" in names
    assert not {name for name in names if name.startswith("shop__")}


def test_the_state_lies_in_the_order_of_its_periods(built: Beside) -> None:
    keys = built.other.sql("select sorting_key from system.tables where database = currentDatabase() and name = 'shop'")
    assert keys == [("(period_start)",)]


def test_a_run_reads_no_more_of_the_log_than_it_needs(built: Beside) -> None:
    """Its time column stands bare against constants: partitions and parts are passed over."""
    project = built.other
    condition = rows_read(project, "shop", "log")
    project.execute(
        "create table log_by_day engine = MergeTree partition by toDate(at) order by at as"
        " select assumeNotNull(at) as at, x from log"
    )
    plan = "\n".join(
        row[0] for row in project.sql(f"explain indexes = 1 select sum(x) from log_by_day where {condition}")
    )
    parts = re.search(r"Min-?Max[\s\S]*?Parts: (\d+)/(\d+)", plan)
    assert parts, plan
    assert int(parts[1]) < int(parts[2]) / 2, plan


def test_what_is_wrong_is_said_and_nothing_is_lost(built: Beside) -> None:
    project = built.other
    counted = "select count(*), sum(row_count), max(period_start) from shop"
    before = project.sql(counted)
    assert_named(refused(project))
    assert project.sql(counted) == before


def test_a_profile_without_a_setting_is_refused(built: Beside) -> None:
    """Last: the profile is another one."""
    project = built.other
    assert [one.state for one in doctor(project)] == ["ok"]
    output = project.workspace.output()
    del output["custom_settings"]["join_use_nulls"], output["custom_settings"]["cast_keep_nullable"]
    project.write("profiles.yml", yaml.safe_dump({project.name: {"target": "test", "outputs": {"test": output}}}))
    run = project.run(["run", "--select", "shop"])
    assert not run.success
    assert (
        "lacks settings; needed in profiles.yml, under custom_settings: cast_keep_nullable: 1, join_use_nulls: 1"
        in run.text
    )
    (found,) = doctor(project)
    assert found.state == "found" and "custom_settings: {cast_keep_nullable: 1, join_use_nulls: 1}" in found.remedy


def doctor(project: Project) -> list[Finding]:
    folder = str(project.path)
    with Warehouse.open(ProjectOptions(folder, folder), Scrubber()) as warehouse:
        return list(engine(warehouse))
