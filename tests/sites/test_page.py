"""docs/sites.md, followed: Tokyo on DuckDB, Paris on Postgres, their states carried as Parquet and merged on DuckDB."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support import Engine, Project
from support.project import REPOSITORY

from sites.sites import unlike
from sites.test_merges import RESULTS, log

VARS = {"driftline_now": "2025-09-15", "driftline_windows": {"day": [1]}}


def blocks() -> dict[str, dict[str, str]]:
    """Project to file to text; what names no project is in all of them."""
    text = (REPOSITORY / "docs" / "sites.md").read_text(encoding="utf-8")
    found: dict[str, dict[str, str]] = {"tokyo": {}, "paris": {}, "merge": {}}
    for place, body in re.findall(r"```(?:sql|yaml)\n(?:--|#) (.+?)\n(.+?)```", text, flags=re.DOTALL):
        owner, _, name = place.rpartition(": ")
        for project in [owner] if owner else found:
            found[project][name] = body
    return found


def shown(state: Project, name: str) -> pa.Table:
    """A table as pandas would carry it: whole numbers with NULL as such, times as wall clocks."""
    types = {"bin": pa.int64(), "bin_group": pa.int64(), "row_count": pa.int64(), "period_index": pa.int64()}
    frame = state.frame(f"select * from {name}")
    arrays = {
        column: pa.array(list(frame[column].astype(object).where(frame[column].notna(), None)), types.get(column))
        for column in frame
    }
    return pa.table(
        {
            column: values.cast(pa.string()) if pa.types.is_null(values.type) else values
            for column, values in arrays.items()
        }
    )


def test_the_page(
    duckdb_engine: Engine, postgres_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HANDED_OVER", str(tmp_path))
    given = blocks()
    rows = log().rename(columns={"at": "served_at", "price": "item_price", "area": "market"})
    rows["served_at"] += (
        rows["served_at"].iloc[0].replace(year=2025, month=9, day=1, hour=0) - rows["served_at"].iloc[0].normalize()
    )
    rows["revenue"] = rows["item_price"] * rows["bought"]
    rows.loc[rows["site"].eq("paris") & (rows.index % 40 == 0), "country"] = "jp"
    rows.loc[rows.index % 97 == 0, "item_price"] = float("nan")
    rows.loc[rows.index % 89 == 0, "item_price"] = float("inf")
    projects = {}
    for name, engine in {"tokyo": duckdb_engine, "paris": postgres_engine, "merge": duckdb_engine}.items():
        folder = tmp_path / f"project_{name}"
        folder.mkdir()
        files = {place: text.replace("source('shop', ", "source('raw', ").replace("'sites', 'tokyo_state'", "'raw', 'tokyo_state'")
                 for place, text in given[name].items()}  # fmt: skip
        monitors = ["recommendations", "whole"] if name == "merge" else [f"recommendations_{name}"]
        projects[name] = Project(
            folder, engine.workspace(folder), files=files, vars={**VARS, "driftline_monitors": monitors}
        )
    tokyo, paris, merge = projects.values()
    for name in ("tokyo", "paris"):
        projects[name].load("recommendation_log", rows[rows["site"] == name])
    run = tokyo.run(["run", "--select", "recommendations_tokyo", "tokyo_state", "tokyo_shared"])
    assert run.success, str(run)
    paris.load("tokyo_state", pq.read_table(tmp_path / "tokyo.parquet"))
    run = paris.run(["run", "--select", "recommendations_paris", "paris_state"])
    assert run.success, str(run)
    pq.write_table(shown(paris, "paris_state"), tmp_path / "paris.parquet")
    merge.load("recommendation_log", rows)
    merge.model("whole", given["paris"]["models/monitors/recommendations_paris.sql"].replace("'shop', ", "'raw', ").replace(
        "source('sites', 'tokyo_state')", "source('sites', 'tokyo')"))  # fmt: skip
    merge.build("--select", *(f"+{name}" for name in RESULTS), "+recommendations_bounds")
    assert unlike(merge, "", "whole", "recommendations", "record in ('count', 'bin')") == []
    for table in RESULTS:
        assert unlike(merge, table, "whole", "recommendations") == [], table
    assert merge.sql("select count(*) > 50, sum(coalesce(suppressed_rows, 0)) from recommendations_bounds") == [
        (True, 0)
    ]
    unseen = merge.sql(
        "select sum(row_count) > 10 from recommendations where bin_kind = 'unseen' and column_name = 'country'"
    )
    assert unseen == [(True,)]
    for project in projects.values():
        project.close()
