"""States of Spark and of Postgres, handed over as Parquet and merged on DuckDB: one monitor (docs/sites.md)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
from sites.sites import merge, unlike
from sites.test_page import shown
from state.states import Jinja, declare_with, source
from support import Engine, Project

from engines.beside_duckdb import DECLARED, WINDOWS, days_and_late_rows, log

MERGED = ["driftline_drift", "driftline_quality", "driftline_performance", "driftline_business"]


def test_they_are_what_one_duckdb_counts_of_all_rows(
    further_engine: Engine, duckdb_engine: Engine, postgres_engine: Engine, tmp_path: Path
) -> None:
    spark = Project(
        tmp_path / "spark",
        further_engine.workspace(tmp_path),
        models={"shop": declare_with(DECLARED)},
        vars={**WINDOWS, "driftline_monitors": ["shop"]},
    )
    # Its second run has read late rows.
    for clock, here in days_and_late_rows():
        spark.load("log", here)
        spark.set_vars(driftline_now=clock)
        spark.build("--select", "shop")
    spark.execute(f"insert overwrite directory '{tmp_path}/handed' using parquet select * from shop")
    spark.close()
    there = log(22, 0, seed=9)
    variables: dict[str, Any] = {**WINDOWS, "driftline_now": clock}
    of_spark = {"bins": {"relation": source("spark_state")}}
    postgres = Project(
        tmp_path / "postgres",
        postgres_engine.workspace(tmp_path),
        models={"elsewhere": declare_with(DECLARED | of_spark)},
        tables={"log": there, "spark_state": pq.read_table(tmp_path / "handed")},
        vars={**variables, "driftline_monitors": ["elsewhere"]},
    )
    postgres.build("--select", "elsewhere")
    pq.write_table(shown(postgres, "elsewhere"), tmp_path / "postgres.parquet")
    postgres.close()
    handed = {"spark": f"{tmp_path}/handed/*.parquet", "postgres": f"{tmp_path}/postgres.parquet"}
    tables = [
        {"name": f"{site}_state", "config": {"meta": {"external_location": f"read_parquet('{path}')"}}}
        for site, path in handed.items()
    ]
    states = {site: Jinja(f"source('sites', '{site}_state')") for site in handed}
    folder = tmp_path / "merge"
    folder.mkdir()
    whole = {"bins": {"relation": states["spark"]}}
    merging = Project(
        folder,
        duckdb_engine.workspace(folder),
        models={"merged": merge(DECLARED, states), "whole": declare_with(DECLARED | whole)},
        tables={"log": pd.concat([here, there], ignore_index=True)},
        files={"models/_sites.yml": json.dumps({"version": 2, "sources": [{"name": "sites", "tables": tables}]})},
        vars={**variables, "driftline_monitors": ["merged", "whole"]},
    )
    merging.build("--select", *(f"+{table}" for table in MERGED))
    found = unlike(merging, "", "whole", "merged", "record in ('count', 'bin')")
    for table in MERGED:
        found += [f"{table}: {line}" for line in unlike(merging, table, "whole", "merged")]
    counted = (
        "select sum(row_count) from merged where record = 'count' and source = 'relation' and column_name = 'x'"
        " and segment = 'all' and bin_kind <> 'moments'"
    )
    rows = merging.sql(counted)
    merging.close()
    assert rows == [(len(here) + len(there),)]
    assert not found, "\n".join(found)
