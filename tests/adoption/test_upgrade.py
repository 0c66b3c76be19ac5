"""A database that an earlier state of the package built (earlier.zip), taken on by today's with `dbt build`.

It was built on DuckDB by commit 9086628, before there were incidents: a monitor of twenty days whose amounts rise on the
sixteenth, built twice, its three alerts told one by one on the console. Tables as text, with their definitions.

earlier_labelled.zip is the same of a monitor with a label, versions and a segment, whose score says nothing any more in one
market from the sixteenth on; tables that a build makes anew have no rows in it.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from driftline.cli import run as driftline
from support import Engine, Project

EARLIER = Path(__file__).parent / "earlier.zip"
EARLIER_LABELLED = Path(__file__).parent / "earlier_labelled.zip"
MONITOR = """{{ driftline.monitor(
    relation=source('raw', 'log'), timestamp='at', reference={'start': '2026-01-01', 'end': '2026-01-11'},
    numeric=['amount'], categorical=['kind']
) }}"""

LABELLED = """{{ driftline.monitor(
    relation=source('raw', 'log'), timestamp='at', reference={'start': '2026-01-01', 'end': '2026-01-11'},
    numeric=['amount'], prediction='score', label='bought', task='binary', model_version='version', segments=['market']
) }}"""


@pytest.fixture
def engine(duckdb_engine: Engine) -> Engine:
    return duckdb_engine


def restore(project: Project, folder: Path, earlier: Path = EARLIER) -> None:
    folder.mkdir()
    with zipfile.ZipFile(earlier) as packed:
        packed.extractall(folder)
    for file in ("schema.sql", "load.sql"):
        for line in (folder / file).read_text(encoding="utf-8").split(";\n"):
            if line.strip():
                project.execute(line.replace(" FROM '", f" FROM '{folder}/", 1) if file == "load.sql" else line)


def test_an_earlier_database_goes_on(make_project: Any, tmp_path: Path, capsys: Any) -> None:
    project: Project = make_project(
        models={"monitors/orders": MONITOR},
        vars={"driftline_monitors": ["orders"], "driftline_now": "2026-01-21", "driftline_windows": {"day": [1]}},
    )
    restore(project, tmp_path / "earlier")
    project.write("models/sources.yml", "sources: [{name: raw, schema: main, tables: [{name: log}]}]")
    state = (
        "select sum(row_count), count(distinct period_start) from orders where column_role = 'row' and segment = 'all'"
    )
    told = "select * from driftline_notifications where state <> 'watching' order by all"
    psi = "select window_start, psi from driftline_drift where column_name = 'amount' and baseline = 'reference' order by 1"
    before = {query: project.sql(query) for query in (state, told, psi)}
    open_before = {row[0] for row in project.sql("select alert_id from driftline_alerts where status = 'open'")}
    assert before[state] == [(2400, 20)] and len(before[told]) == len(open_before) == 3
    # What the source no longer shows is in the state alone.
    project.execute("delete from log where \"at\" < timestamp '2026-01-04'")

    project.build()
    assert project.sql(state) == before[state]
    assert [(at, pytest.approx(value)) for at, value in before[psi]] == project.sql(psi)
    assert project.sql(told) == before[told]
    after = project.sql("select alert_id, earlier_ids, incident_id from driftline_alerts where status = 'open'")
    assert open_before <= {name for row in after for name in (row[0], *(row[1] or "").split(",")) if name}

    folder = str(project.path)
    capsys.readouterr()
    assert driftline(["alert", "--json", "--project-dir", folder, "--profiles-dir", folder]) == 0
    assert [json.loads(line)["event"] for line in capsys.readouterr().out.splitlines()] == []
    kept = "select alert_id, state from driftline_notifications where outcome = 'sent' and event = 'opened'"
    assert {row[0] for row in project.sql(kept)} == open_before
    # The next day is built on what there is now.
    project.set_vars(driftline_now="2026-01-22")
    assert project.build("--select", "orders", "+driftline_int_kept").success


def test_labels_versions_and_segments_go_on(make_project: Any, tmp_path: Path, capsys: Any) -> None:
    project: Project = make_project(
        models={"monitors/decisions": LABELLED},
        vars={"driftline_monitors": ["decisions"], "driftline_now": "2026-01-21", "driftline_windows": {"day": [1]}},
    )
    restore(project, tmp_path / "earlier", EARLIER_LABELLED)
    project.write("models/sources.yml", "sources: [{name: raw, schema: main, tables: [{name: log}]}]")
    state = (
        "select model_version, segment, segment_value, sum(row_count), "
        "count(distinct period_start) from decisions where column_role = 'row' group by all order by all"
    )
    figures = (
        "select window_start, model_version, segment_value, metric, value from driftline_performance "
        "where basis = 'realized' and metric in ('accuracy', 'precision', 'recall', 'log_loss') "
        "and (model_version = 'all' or segment_value = 'all') order by all"
    )
    told = "select * from driftline_notifications where state <> 'watching' order by all"
    before = {query: project.sql(query) for query in (state, figures, told)}
    open_before = {row[0] for row in project.sql("select alert_id from driftline_alerts where status = 'open'")}
    assert len(open_before) == len(before[told]) == 6
    assert {row[2] for row in before[figures]} == {"all", "north", "south"}
    # What the source no longer shows is in the state alone.
    project.execute("delete from log where \"at\" < timestamp '2026-01-04'")

    assert project.build().success

    assert project.sql(state) == before[state]
    after = {row[:4]: row[4] for row in project.sql(figures)}
    for *place, value in before[figures]:
        assert after[tuple(place)] == (None if value is None else pytest.approx(value, rel=1e-9)), place
    assert project.sql(told) == before[told]
    rows = project.sql("select alert_id, earlier_ids from driftline_alerts where status = 'open'")
    assert open_before <= {name for row in rows for name in (row[0], *(row[1] or "").split(",")) if name}
    # One market is what is behind it, which its segment says.
    ((behind,),) = project.sql(
        "select max(value) filter (where segment_value = 'south') - max(value) filter (where segment_value = 'north') "
        "from driftline_performance where metric = 'roc_auc' and basis = 'realized' and segment = 'market' "
        "and window_start = timestamp '2026-01-18' and model_version = 'all'"
    )
    assert behind > 0.1
    folder = str(project.path)
    capsys.readouterr()
    assert driftline(["alert", "--json", "--project-dir", folder, "--profiles-dir", folder]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["event"] for one in events if one["event"] == "opened"] == []
