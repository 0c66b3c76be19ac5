"""docs/queries.md runs as it stands, and the tables for people who query say what the long ones do."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from driftline import metrics
from support import Project, grafana, grafana_frontend, superset_charts, tables
from support.project import REPOSITORY

from queries.shop import NOW, log, shop

GROUP = ["monitor", "model_version", "segment", "segment_value"]
SERIES = [*GROUP, "window_periods", "family", "metric", "column_name", "baseline"]
WINDOW = [*GROUP, "window_periods", "window_start"]
TOTALS = (
    *("drift", "quality", "performance", "business", "arrivals", "changes", "concept", "fairness"),
    *("metrics", "latest", "histograms", "alerts"),
)
# What the shop has nothing of: that is its good luck.
MAY_BE_EMPTY: set[str] = {"Monitors that failed, are late, or judge nothing"}


def queries() -> dict[str, str]:
    text = (REPOSITORY / "docs" / "queries.md").read_text(encoding="utf-8")
    parts = re.split(r"^### (.+)$", text, flags=re.MULTILINE)
    return {
        title: re.findall(r"```sql\n(.+?)```", body, flags=re.DOTALL)[0]
        for title, body in zip(parts[1::2], parts[2::2], strict=True)
    }


@pytest.fixture(scope="module")
def project(make_module_project: Callable[..., Any]) -> Project:
    return shop(make_module_project)


def test_the_page_has_twenty_short_queries() -> None:
    found = queries()
    assert len(found) >= 20
    assert [title for title, sql in found.items() if len(sql.splitlines()) > 15] == []


def test_every_query_runs_and_answers(project: Project) -> None:
    empty = []
    for title, sql in queries().items():
        rows = project.sql(sql.replace("$monitor", "recommendations").replace("$column", "price"))
        if not rows and title not in MAY_BE_EMPTY:
            empty.append(title)
    assert empty == []


GRAFANA = grafana.SOURCES[0]
SHOWN = datetime(2024, 1, 1), datetime(2024, 2, 4)


def dashboard(project: Project, name: str, **chosen: list[str]) -> tuple[Any, dict[str, list[str]]]:
    """A dashboard for PostgreSQL, and what is chosen in it as it opens."""
    made = json.loads((grafana.FOLDER / GRAFANA.name / f"{name}.json").read_text(encoding="utf-8"))
    given = {"schema": [project.workspace.schema], **chosen}
    return made, grafana_frontend.choose(made, GRAFANA.plugin, project.sql, given, *SHOWN)


@pytest.mark.parametrize("name", ["overview", "monitor"])
def test_every_panel_of_grafana_answers(project: Project, name: str) -> None:
    made, chosen = dashboard(project, name, **({"monitor": ["recommendations"]} if name == "monitor" else {}))
    empty = []
    for title, sql in grafana_frontend.panels(made, GRAFANA.plugin, chosen, *SHOWN):
        rows = project.sql(sql)
        if not rows or all(value is None for row in rows for value in row[1:] or row):
            empty.append(title)
    assert empty == []


def superset_dataset(project: Project, name: str) -> str:
    """A data set of Superset as the part of a query that comes after from."""
    found = {chart.dataset.name: chart.dataset for chart in superset_charts.DASHBOARD.charts}[name]
    sql = re.sub(
        r"(from|join) (driftline_\w+)",
        lambda m: f"{m[1]} {project.relation(m[2])}",
        found.sql or f"select * from {name}",
    )
    return f"({sql}) as data_set"


def test_every_chart_of_superset_answers(project: Project) -> None:
    charts = superset_charts.DASHBOARD.charts
    empty = set()
    for chart in charts:
        metrics = {metric.name: metric.sql for metric in chart.dataset.metrics}
        grouped = [*chart.by, *([chart.over] if chart.over else [])]
        asked = [*chart.rows, *grouped, *(metrics[name] for name in chart.metrics)]
        sql = f"select {', '.join(asked)} from {superset_dataset(project, chart.dataset.name)}"
        sql += f" where {chart.where}" if chart.where else ""
        rows = project.sql(sql + (f" group by {', '.join(grouped)}" if grouped else ""))
        if not rows:
            empty.add(chart.title)
    assert empty == set()
    # Every column that Superset is told of is there.
    for dataset in {chart.dataset.name: chart.dataset for chart in charts}.values():
        project.sql(f"select {', '.join(dataset.columns())} from {superset_dataset(project, dataset.name)} limit 1")


def test_superset_draws_one_value_for_each_window_of_a_series(project: Project) -> None:
    data_set = superset_dataset(project, "driftline_series")
    rows, windows = project.sql(
        "select count(*), count(distinct series || cast(window_periods as varchar) || cast(window_start as varchar)) "
        f"from {data_set}"
    )[0]
    assert rows == windows > 1000


def test_superset_draws_a_breach_beyond_its_threshold(project: Project) -> None:
    data_set = superset_dataset(project, "driftline_series")
    drawn = {
        tuple(row[:3]): row[3:]
        for row in project.sql(
            "select series, window_periods, window_start, value, warn_above, warn_below, critical_above, critical_below, "
            f"attention from {data_set}"
        )
    }
    breaches = project.sql(
        "select monitor, family, metric, column_name, segment, baseline, window_periods, window_start, is_critical "
        f"from {project.relation('driftline_latest')} where is_total and is_breach"
    )
    for monitor, family, metric, column, segment, baseline, periods, start, is_critical in breaches:
        name = f"{monitor}: {family} {metric}" + (f" of {column}" if column != "all" else "")
        name += f" over {segment}" if segment != "all" else ""
        name += f" against {baseline}" if baseline != "none" else ""
        value, *limits, attention = drawn[(name, periods, start)]
        above, below = limits[2:] if is_critical else limits[:2]
        assert (above is not None and value > above) or (below is not None and value < below), name
        assert attention >= (3 if is_critical else 2)
    assert len(breaches) > 3


def test_grafana_finds_the_schema(project: Project) -> None:
    schemas = project.sql(grafana.CATALOGUE)
    assert (project.workspace.schema,) in schemas


def test_grafana_opens_with_the_totals(project: Project) -> None:
    _, chosen = dashboard(project, "monitor", monitor=["recommendations"])
    assert [chosen[name] for name in ("version", "segment", "segment_value")] == [["all"]] * 3
    assert chosen["window"] == ["1"]
    assert chosen["business"] == ["conversion", "revenue"]


def test_grafana_shows_the_time_that_is_asked_for(project: Project) -> None:
    made, chosen = dashboard(project, "monitor", monitor=["recommendations"])
    shown = datetime(2024, 1, 20), datetime(2024, 1, 22)
    of_time = [p["title"] for p in made["panels"] if p["targets"][0]["format"] == "time_series"]
    assert len(of_time) == 5
    for title, sql in grafana_frontend.panels(made, GRAFANA.plugin, chosen, *shown):
        if title in of_time:
            assert {row[0].day for row in project.sql(sql)} == {20, 21, 22}, title


def lines(project: Project, **chosen: list[str]) -> dict[Any, tuple[Any, ...]]:
    """The first panel about one monitor: of each window its value, expectation, noise and thresholds."""
    made, found = dashboard(project, "monitor", monitor=["recommendations"])
    sql = next(grafana_frontend.panels(made, GRAFANA.plugin, {**found, **chosen}, *SHOWN))[1]
    return {row[0]: row[1:] for row in project.sql(sql)}


def test_the_threshold_that_grafana_draws_is_the_one_that_is_judged_by(project: Project) -> None:
    """Of each judged series the newest window: it is over the line just where its effect is over the threshold."""
    latest = project.sql(
        "select family, metric, column_name, baseline, segment, compare, window_start, effect, warn from driftline_latest "
        "where monitor = 'recommendations' and is_total and window_periods = 1 and is_judged and effect is not null "
        "and warn is not null"
    )
    kinds, over = set(), 0
    for family, metric, column, baseline, segment, compare, start, effect, warn in latest:
        series = {
            "family": [family],
            "metric": [metric],
            "column": [column],
            "baseline": [baseline],
            "segment": [segment],
        }
        value, _, _, _, above, below = lines(project, **series)[start]
        is_over = (above is not None and value >= above) or (below is not None and value <= below)
        assert is_over == (effect >= warn), (series, compare, value, above, below, effect, warn)
        kinds.add(compare)
        over += is_over
    assert kinds >= {"value", "difference", "relative", "errors"}
    assert over > 2


@pytest.mark.parametrize("compare", ["difference", "relative", "errors", "odds"])
@pytest.mark.parametrize("direction", ["above", "below", "both"])
def test_a_value_on_the_line_has_the_effect_of_the_threshold(project: Project, compare: str, direction: str) -> None:
    """docs/thresholds.md says what is compared; a rate of missing values is held against it each way."""
    warn, key = 0.25, ", ".join(SERIES)
    rates = (
        f"from {project.workspace.schema}.driftline_metrics where monitor = 'recommendations' and family = 'quality' "
        "and metric = 'null_rate' and column_name = 'country' and is_total and window_periods = 1"
    )
    project.execute("create schema thresholds_of_grafana")
    try:
        project.execute(f"create table thresholds_of_grafana.driftline_metrics as select * {rates}")
        project.execute(
            f"create table thresholds_of_grafana.driftline_latest as select distinct {key}, '{direction}' as direction, "
            f"'{compare}' as compare, {warn} as warn {rates}"
        )
        series = {"family": ["quality"], "metric": ["null_rate"], "column": ["country"], "baseline": ["reference"]}
        found = lines(project, schema=["thresholds_of_grafana"], **series)
        rows = {
            start: (n, m) for start, n, m in project.sql(f"select window_start, row_count, baseline_row_count {rates}")
        }
    finally:
        project.execute("drop schema thresholds_of_grafana cascade")
    assert len(found) > 20

    def odds(rate: float, n: float) -> float:
        return (rate * n + 0.5) / ((1 - rate) * n + 0.5)

    for start, (_, expected, _, _, above, below) in found.items():
        assert (above is None) == (direction == "below") and (below is None) == (direction == "above")
        n, m = rows[start]
        for line in [one for one in (above, below) if one is not None]:
            effect = {
                "difference": line - expected,
                "relative": (line - expected) / expected,
                "errors": (line - expected) / (expected if direction == "above" else 1 - expected),
                "odds": max(odds(line, n) / odds(expected, m), odds(expected, m) / odds(line, n)) - 1,
            }[compare]
            assert math.isclose(abs(effect), warn, rel_tol=1e-9), (start, expected, line)


def test_a_total_is_all_versions_and_all_segment_values(project: Project) -> None:
    for table in TOTALS:
        rows = project.frame(f"select * from driftline_{table}")
        assert len(rows) > 0, table
        whole = (rows["model_version"] == "all") & (rows["segment_value"] == "all")
        assert (rows["is_total"] == whole).all(), table
        assert whole.any(), table
    days = project.frame(
        "select max(row_count) as n from driftline_quality where is_total and window_periods = 1"
        " and monitor = 'recommendations' group by window_start"
    )
    assert days["n"].sum() == len(log())


def test_every_table_has_the_grain_it_is_described_with(project: Project) -> None:
    entries = tables.described()
    for name in tables.RESULTS:
        grain = ", ".join(tables.grain_of(entries[name]))
        rows = f"select count(*) from {name} group by {grain} having count(*) > 1"
        assert project.sql(f"select count(*) from {name}") != [(0,)], name
        assert project.sql(rows) == [], name
        missing = " or ".join(f"{column} is null" for column in tables.grain_of(entries[name]))
        assert project.sql(f"select count(*) from {name} where {missing}") == [(0,)], name


def test_the_latest_is_the_newest_window_of_every_series(project: Project) -> None:
    metrics = project.frame("select * from driftline_metrics")
    metrics = metrics[metrics["window_end"] <= pd.Timestamp(NOW)]
    expected = metrics.sort_values(["is_complete", "window_start"]).groupby(SERIES).tail(1)
    latest = project.frame("select * from driftline_latest")
    assert not latest.duplicated(SERIES).any()
    both = expected.merge(latest, on=SERIES, how="outer", suffixes=("", "_latest"), indicator=True)
    assert set(both["_merge"]) == {"both"}
    for column in ("window_start", "window_end", "is_complete", "row_count", "column_role"):
        assert (both[column] == both[f"{column}_latest"]).all(), column
    for column in ("value", "expected", "baseline_row_count"):
        same = (both[column] == both[f"{column}_latest"]) | (both[column].isna() & both[f"{column}_latest"].isna())
        assert same.all(), column
    assert set(both["family"]) >= {"drift", "quality", "performance", "estimate", "fairness", "concept", "freshness"}
    # Of a value that could be judged in another's place, that one.
    judged = both["judged_value"].fillna(both["value"])
    assert np.allclose(judged.astype(float), both["judged_value_latest"].astype(float), equal_nan=True)


def test_the_latest_says_what_is_judged_and_why_the_rest_is_not(project: Project) -> None:
    latest = project.frame("select * from driftline_latest")
    judgements = project.frame("select * from driftline_int_judgements")
    found = latest.merge(judgements, on=[*SERIES, "window_start"], how="left", suffixes=("", "_judge"), indicator=True)
    is_judged = (found["_merge"] == "both") & found["not_judged_judge"].isna()
    assert (found["is_judged"] == is_judged).all()
    assert is_judged.any()
    assert (found["not_judged"].isna() == is_judged).all()
    for column in ("warn", "critical"):
        of = found[is_judged]
        assert np.allclose(of[column].astype(float), of[f"{column}_judge"].astype(float), equal_nan=True)
    assert (found["is_breach"] == found["is_breach_judge"].fillna(False).astype(bool)).all()

    def why(**where: Any) -> set[str]:
        rows = latest
        for column, value in where.items():
            rows = rows[rows[column] == value]
        return set(rows["not_judged"].fillna("it is"))

    psi = {"monitor": "recommendations", "family": "drift", "metric": "psi", "column_name": "price"}
    reference = {**psi, "baseline": "reference", "segment": "all", "model_version": "all"}
    assert why(**{**psi, "metric": "l_infinity"}) == {"no threshold"}
    assert why(**{**reference, "segment": "area"}) == {"its threshold is for the total of all segments"}
    assert why(**{**reference, "model_version": "v2"}) == {"its threshold is for the total of all versions"}
    assert why(**reference, window_periods=3) == {"windows of 1 day are judged"}
    assert why(**reference, window_periods=1) == {"it is"}
    assert why(**{**reference, "metric": "ks_lower"}) == {"switched off"}


def test_the_latest_names_the_open_alerts(project: Project) -> None:
    alerts = project.frame("select * from driftline_alerts where status = 'open' and family <> 'operation'")
    latest = project.frame("select * from driftline_latest where alert_id is not null")
    assert set(alerts["alert_id"]) == set(latest["alert_id"])
    assert not alerts.empty
    both = alerts.merge(latest, on="alert_id", suffixes=("", "_latest"))
    assert (both[SERIES].to_numpy() == both[[f"{name}_latest" for name in SERIES]].to_numpy()).all()


def test_what_is_gone_shows_its_own_newest_window(project: Project) -> None:
    latest = project.frame("select * from driftline_latest where monitor = 'recommendations' and family = 'drift'")
    gone = latest[latest["is_retired"]]
    assert set(gone["model_version"]) >= {"v0"}
    assert set(gone["segment_value"]) >= {"east"}
    assert "v2" not in set(gone["model_version"])
    here = latest[(latest["model_version"] == "all") & (latest["segment"] == "all")]
    newest = pd.Timestamp(NOW)
    of_inputs = latest[latest["column_role"] != "label"]
    behind = (newest - of_inputs["window_end"]).dt.days
    assert (of_inputs["periods_behind"] == behind).all()
    assert (here[here["column_role"] == "feature"]["periods_behind"] == 0).all()
    assert (gone["periods_behind"] > 3).all()


def test_a_scraper_gets_from_the_latest_what_all_windows_say(project: Project) -> None:
    quick = project.frame(metrics.newest("driftline_latest")).sort_values(SERIES, ignore_index=True)
    slow = project.frame(metrics.newest("driftline_metrics")).sort_values(SERIES, ignore_index=True)
    assert len(slow) > 100
    pd.testing.assert_frame_equal(quick, slow)


def psi(bins: pd.DataFrame) -> float:
    """Population stability index of one histogram, by the package's definition, from its counts."""
    groups = bins.groupby("bin_group")[["row_count", "reference_row_count"]].sum()
    n, m = groups["row_count"].sum(), groups["reference_row_count"].sum()
    q = groups["row_count"].where(groups["row_count"] > 0, 0.5) / n
    p = groups["reference_row_count"].where(groups["reference_row_count"] > 0, 0.5) / m
    return float(((q - p) * np.log(q / p)).sum())


def test_the_histograms_give_the_psi_of_their_windows(project: Project) -> None:
    bins = project.frame("select * from driftline_histograms")
    drift = project.frame("select * from driftline_drift where baseline = 'reference' and is_complete")
    keys = [*WINDOW, "column_name", "column_role"]
    values = drift.set_index(keys)["psi"]
    seen = 0
    for key, of in bins.groupby(keys):
        n, m = of["row_count"].sum(), of["reference_row_count"].sum()
        value = values.loc[key]
        if n == 0 or m == 0:
            assert value is None or math.isnan(value)
            continue
        assert value == pytest.approx(psi(of), rel=1e-9, abs=1e-12), key
        assert of["share"].sum() == pytest.approx(1.0) and of["reference_share"].sum() == pytest.approx(1.0)
        assert np.allclose(of["share"], of["row_count"] / n)
        seen += 1
    # All that exist in the newest complete window of each length, and nothing else.
    assert seen > 0 and not bins.duplicated([*keys, "bin"]).any()
    inputs = drift[drift["column_role"] != "label"]
    newest = inputs.groupby([*GROUP, "window_periods", "column_name"])["window_start"].max().reset_index()
    shown = bins[bins["column_role"] != "label"][[*WINDOW, "column_name"]].drop_duplicates()
    assert len(newest.merge(shown)) == len(newest) == len(shown)
    # Of the label the newest window that has its values.
    label = bins[(bins["column_role"] == "label") & bins["is_total"] & (bins["window_periods"] == 1)]
    assert set(label["window_end"]) == {pd.Timestamp(NOW) - pd.Timedelta(days=3)}


def test_bins_read_like_what_they_hold(project: Project) -> None:
    bins = project.frame(
        "select * from driftline_histograms where is_total and window_periods = 1 and monitor = 'recommendations'"
    )
    labels = {name: of.sort_values("bin")["label"].tolist() for name, of in bins.groupby("column_name")}
    assert set(labels["country"]) == {"at", "de", "fr", "NULL", "not in the reference"}
    assert labels["price"][0].startswith("up to ") and labels["price"][-1].startswith("over ")
    assert "5" in labels["price"]
    assert all(re.fullmatch(r"[\d.]+ to [\d.]+|5", label) for label in labels["price"][1:-1])


def test_what_is_to_be_said_of_two_versions_now(project: Project) -> None:
    rows = project.frame("select * from driftline_comparisons")
    subject = [*GROUP, "champion_version", "family", "metric"]
    now = rows[rows["is_newest"]]
    assert len(now) == len(rows[subject].drop_duplicates()) == len(now[subject].drop_duplicates())
    assert (rows["is_total"] == (rows["segment"] == "all")).all()
    settled = rows[rows["is_complete"] & rows["is_mature"] & (rows["span"] == "cumulative")]
    expected = settled.groupby(subject)["window_end"].max()
    assert len(expected) > 0
    for key, end in expected.items():
        of = now.set_index(subject).loc[[key]].iloc[0]
        assert of["window_end"] == end and of["span"] == "cumulative"


def test_alerts_say_when_they_were_opened_and_resolved(project: Project) -> None:
    alerts = project.frame("select * from driftline_alerts")
    assert (alerts["resolved_at"].isna() == (alerts["status"] == "open")).all()
    assert (alerts["opened_at"] > alerts["first_window_start"]).all()
    ended = alerts[alerts["status"] == "resolved"]
    assert not ended.empty and (ended["resolved_at"] >= ended["opened_at"]).all()
    project.build("--full-refresh", "--select", "driftline_int_spans+")
    again = project.frame("select * from driftline_alerts")
    columns = ["alert_id", "opened_at", "resolved_at"]
    pd.testing.assert_frame_equal(
        alerts[columns].sort_values("alert_id", ignore_index=True),
        again[columns].sort_values("alert_id", ignore_index=True),
    )


def test_an_upgrade_adds_the_columns_without_a_full_refresh(project: Project) -> None:
    tables = ("drift", "concept", "business", "quality", "performance", "alerts", "latest", "histograms")
    before = {name: project.frame(f"select * from driftline_{name}") for name in tables}
    for name in ("drift", "concept"):
        project.sql(f"alter table driftline_{name} drop column is_total cascade")
    project.sql("drop table driftline_latest")
    project.build()
    volatile = ["computed_at", "results_computed_at"]
    for name, rows in before.items():
        again = project.frame(f"select * from driftline_{name}")
        assert sorted(again.columns) == sorted(rows.columns), name
        order = [c for c in [*WINDOW, "alert_id", "family", "metric", "column_name", "baseline", "bin"] if c in rows]
        order += [c for c in ("basis", "class_name", "column_role") if c in rows]
        pd.testing.assert_frame_equal(
            rows.sort_values(order, ignore_index=True).drop(columns=volatile, errors="ignore"),
            again[rows.columns].sort_values(order, ignore_index=True).drop(columns=volatile, errors="ignore"),
            check_exact=False,
            rtol=1e-9,
        )
    if project.workspace.engine == "postgres":
        # A second build has neither lost it nor made another.
        found = project.sql(
            "select indexdef from pg_indexes where tablename = 'driftline_performance'"
            f" and schemaname = '{project.workspace.schema}'"
        )
        assert len(found) == 1 and "(monitor, metric)" in found[0][0]
