"""The package and the demo on every dbt version that is supported."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from environments import (
    V2_TARGETS,
    VERSIONS,
    Outcome,
    ask_metricflow,
    build_demo_with_v2,
    interpreter,
    parse_with_v2,
    run_everything,
)
from replay.comparison import differences
from superset_server import ASKED as SUPERSET_ASKED
from superset_server import THE_SERIES, Page, Superset, same
from support import osi, tables
from support.project import QUIET, REPOSITORY

pytestmark = pytest.mark.compat

GRAIN = ["monitor", "model_version", "segment", "segment_value", "window_periods", "window_start", "window_end"]
# What is promised to those who query the tables; more columns may come, none of these may go.
PROMISED = {
    "driftline_drift": """column_name column_role column_kind baseline row_count baseline_row_count psi psi_critical
        js_distance hellinger total_variation l_infinity ks_lower ks_upper ks_p_value wasserstein chi_squared
        chi_squared_df chi_squared_p_value cramers_v mean baseline_mean noise_floor""",
    "driftline_quality": """column_name row_count null_rate nan_rate infinite_rate unseen_rate out_of_range_rate mean
        stddev minimum maximum""",
    "driftline_business": """metric value numerator denominator previous_value reference_value trailing_mean
        trailing_stddev change_previous change_reference z_score""",
    "driftline_arrivals": "row_count",
    "driftline_performance": """metric class_name basis value value_lower value_upper row_count labelled_row_count
        labelled_share is_mature reference_value noise""",
    "driftline_concept": "column_name label_change label_shares_effect label_rates_effect label_shift label_p_value",
    "driftline_fairness": "metric value value_lower value_upper row_count",
    "driftline_comparisons": """champion_version span metric is_newest difference difference_lower difference_upper
        verdict rows_needed""",
    "driftline_changes": """family metric column_name value expected residual scale z_score trend trend_p_value cusum_up
        cusum_down cusum_limit change_start level_before level_after noise""",
    "driftline_causes": """alert_id family metric cause_kind cause_rank cause_name cause_value contribution share
        description""",
    "driftline_metrics": "family metric column_name baseline value row_count",
    "driftline_latest": """is_total family metric column_name baseline value row_count expected judged_value noise warn
        critical is_judged is_breach not_judged alert_id is_retired periods_behind""",
    "driftline_histograms": """is_total column_name column_role column_kind bin label bin_lower bin_upper row_count share
        reference_row_count reference_share""",
    "driftline_alerts": """is_total alert_id family metric column_name baseline severity status first_window_start
        last_window_start windows_breached value threshold message owner opened_at resolved_at""",
}


@pytest.fixture(scope="module", params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def empty(version: str, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return run_everything(version, "empty", tmp_path_factory.mktemp("empty"))


@pytest.fixture(scope="module")
def demos(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Outcome]:
    """The demo as a version of dbt builds it: half a minute and more, once."""
    return cache(lambda version: run_everything(version, "demo", tmp_path_factory.mktemp("demo")))


@pytest.fixture(scope="module")
def demo(version: str, demos: Callable[[str], Outcome]) -> Outcome:
    """Not on the version of all other tests, which build each of its parts."""
    if version == "1.11":
        pytest.skip("all other tests run on it")
    return demos(version)


@pytest.fixture
def empty_database(empty: Outcome) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(empty.database), read_only=True) as connection:
        yield connection


def columns(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    connection.execute(f'select * from "{table}" where false')
    return [column[0] for column in connection.description]


def test_without_monitors_parse_and_build_are_silent(empty: Outcome) -> None:
    assert empty.problems() == []


def test_demo_parse_and_build_are_silent(demo: Outcome) -> None:
    assert demo.problems() == []


def test_demo_fills_the_tables(demo: Outcome) -> None:
    with duckdb.connect(str(demo.database), read_only=True) as connection:
        for table in ("driftline_drift", "driftline_quality", "driftline_business", "driftline_metrics"):
            rows = connection.execute(f"select count(*) from {table}").fetchall()[0][0]
            assert rows > 0, table


def test_demo_says_what_was_found(demo: Outcome) -> None:
    """The last step of `make demo`."""
    command = [sys.executable, str(REPOSITORY / "demo" / "findings.py"), "--database", str(demo.database)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    for part in (
        "Drift of reco_v1's features",
        "reco_v1, wears out",
        "Canary of 2011",
        "Incidents: 5 open",
        "alerts: 25 open",
    ):
        assert part in told.stdout


# What is asked of MetricFlow, and the same in SQL: rows of the group and the metrics.
HABITS = "is_total and is_complete and window_periods = 1"
ASKED: list[tuple[dict[str, Any], str]] = [
    (
        {"metrics": ["driftline_psi"], "group_by": ["driftline_drift__column_name", "metric_time__month"]},
        "select column_name, date_trunc('month', window_start), max(psi) from driftline_drift "
        f"where {HABITS} and baseline = 'reference' group by all",
    ),
    (
        {
            "metrics": ["driftline_business_rate", "driftline_business_total"],
            "group_by": ["driftline_business__metric", "driftline_monitor__owner"],
        },
        "select metric, owner, sum(numerator) / nullif(sum(denominator), 0), sum(numerator) from driftline_business "
        f"join driftline_monitors using (monitor) where {HABITS} and is_mature group by all",
    ),
    (
        {"metrics": ["driftline_performance_realized"], "group_by": ["driftline_performance__metric"]},
        f"select metric, avg(value) from driftline_performance where {HABITS} and is_mature and class_name = 'all' "
        "and basis = 'realized' group by all",
    ),
    (
        {"metrics": ["driftline_rows_share_of_usual"], "group_by": ["driftline_monitor"]},
        "select monitor, sum(case when expected_row_count is not null then row_count end) / sum(expected_row_count) "
        f"from driftline_arrivals where {HABITS} group by all",
    ),
    (
        {"metrics": ["driftline_judged_share", "driftline_series_breaching"], "group_by": ["driftline_monitor"]},
        "select monitor, count(*) filter (is_total and is_judged) "
        "/ count(*) filter (is_total and not_judged is distinct from 'no threshold'), count(*) filter (is_breach) "
        "from driftline_latest group by all",
    ),
    (
        {"metrics": ["driftline_incidents", "driftline_alerts"], "group_by": ["metric_time__year"]},
        "select year, incidents, alerts from (select date_trunc('year', opened_at) as year, count(*) as incidents "
        "from driftline_incidents group by all) full join (select date_trunc('year', opened_at) as year, "
        "count(*) as alerts from driftline_alerts group by all) using (year)",
    ),
    (
        {"metrics": ["driftline_incidents_open"], "group_by": ["driftline_incidents__severity"]},
        "select severity, count(*) from driftline_incidents where status in ('open', 'acknowledged') group by all",
    ),
    (
        {"metrics": ["driftline_monitors_with_a_problem"], "group_by": ["driftline_monitor__task"]},
        "select task, count(*) filter (status <> 'ok') from driftline_monitors group by all",
    ),
]


def test_metricflow_answers_as_sql_does(demo: Outcome) -> None:
    # One version's semantic manifest is enough; MetricFlow's environment, with dbt 1.11, reads the older one too.
    if demo.version != VERSIONS["1.10"]:
        pytest.skip("asked of the demo on dbt 1.10")
    answer = ask_metricflow(demo, [query for query, _ in ASKED])
    assert answer["problems"] == []
    with duckdb.connect(str(demo.database), read_only=True) as connection:
        expected = [connection.execute(sql).fetchall() for _, sql in ASKED]

    for (query, _), found, rows in zip(ASKED, answer["found"], expected, strict=True):
        groups = len(query["group_by"])
        wanted = {tuple(map(str, row[:groups])): list(row[groups:]) for row in rows}
        got = {
            tuple(str(one[name]) for name in query["group_by"]): [one[name] for name in query["metrics"]]
            for one in found
        }
        assert got.keys() == wanted.keys() and len(got) == len(found), query
        for name, values in wanted.items():
            for answered, value in zip(got[name], values, strict=True):
                assert answered == (value if value is None else pytest.approx(value, rel=1e-9)), (query, name)
        # Of the healthy demo no monitor has a problem.
        told = {value for values in got.values() for value in values} - {None, 0}
        assert told or query["metrics"] == ["driftline_monitors_with_a_problem"], query


def test_osi_counts_as_sql_does(demo: Outcome) -> None:
    """Each expression of the document, put together and run, beside the SQL that MetricFlow is held against."""
    if demo.version != VERSIONS["1.12"]:
        pytest.skip("asked of the demo on dbt 1.12")
    (model,) = osi.document()["semantic_model"]
    datasets = {one["name"]: one for one in model["datasets"]}
    expressions = {
        (name, field["name"]): field["expression"]["dialects"][0]["expression"]
        for name, one in datasets.items()
        for field in one["fields"]
    }
    metrics = {one["name"]: one["expression"]["dialects"][0]["expression"] for one in model["metrics"]}
    compared = 0
    with duckdb.connect(str(demo.database), read_only=True) as connection:
        for query, sql in ASKED:
            tables = {dataset for name in query["metrics"] for dataset in re.findall(r"(\w+)\.\w+", metrics[name])}
            groups = [
                "monitor" if name == "driftline_monitor" else name.split("__")[1]
                for name in query["group_by"]
                if name == "driftline_monitor" or name.split("__")[0] in (*tables, "driftline_monitor")
            ]
            (table,) = tables if len(tables) == 1 else ("",)
            if len(groups) < len(query["group_by"]) or any((table, name) not in expressions for name in groups):
                continue
            values = [
                re.sub(r"(\w+)\.(\w+)", lambda found: f"({expressions[found[1], found[2]]})", metrics[name])
                for name in query["metrics"]
            ]
            said = (
                f"select {', '.join([*groups, *values])} from {datasets[table]['source'].split('.')[-1]} group by all"
            )
            found, expected = (
                {
                    row[: len(groups)]: row[len(groups) :]
                    for row in connection.execute(text).fetchall()
                    if row[-1] is not None
                }
                for text in (said, sql)
            )
            assert found and found.keys() == expected.keys(), said
            for key, row in found.items():
                assert row == pytest.approx(expected[key], rel=1e-9), (said, key)
            compared += 1
    assert compared == 5


def test_dbt_reads_the_osi_document(demo: Outcome, tmp_path: Path) -> None:
    """As docs/dashboards.md says: under OSI/, with the place of the project's own tables."""
    if demo.version != VERSIONS["1.12"]:
        pytest.skip("dbt 1.12 is the first that reads it")
    project = tmp_path / "project"
    shutil.copytree(demo.database.parent / "project", project, ignore=shutil.ignore_patterns("target", "logs"))
    (project / "models" / "driftline.yml").unlink()
    (project / "OSI").mkdir()
    placed = osi.OSI.read_text(encoding="utf-8").replace(osi.PLACE, f"{demo.database.stem}.main")
    (project / "OSI" / "driftline.json").write_text(placed, encoding="utf-8")
    dbt = interpreter("1.12").with_name("dbt")
    done = subprocess.run(
        [dbt, "parse", "--no-partial-parse", "--warn-error"], cwd=project, capture_output=True, text=True,
        env={**os.environ, **QUIET}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    read = json.loads((project / "target" / "semantic_manifest.json").read_text(encoding="utf-8"))
    assert {model["name"] for model in read["semantic_models"]} == {
        dataset["name"] for dataset in osi.document()["semantic_model"][0]["datasets"]
    }
    assert {metric["name"] for metric in read["metrics"]} >= {
        metric["name"] for metric in osi.document()["semantic_model"][0]["metrics"]
    }


@pytest.fixture(scope="module")
def superset(demo: Outcome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Superset]:
    # The tables of every version are alike, and a Superset takes half a minute to begin.
    if demo.version != VERSIONS["1.10"]:
        pytest.skip("asked of the demo on dbt 1.10")
    served = Superset(tmp_path_factory.mktemp("superset"), demo.database)
    yield served
    served.close()


def test_supersets_charts_answer_as_sql_does(superset: Superset) -> None:
    assert set(superset.charts) == {*SUPERSET_ASKED, THE_SERIES}
    for title, sql in SUPERSET_ASKED.items():
        expected = superset.sql(sql)
        same([list(row.values()) for row in superset.rows(title)], expected)
        assert expected


def test_superset_holds_a_series_against_todays_thresholds(superset: Superset) -> None:
    """One that is judged by how far it is from 1, relatively and both ways."""
    series = (
        "monitor = 'recommendations' and is_total and window_periods = 1 and metric = 'spread_ratio' "
        "and column_name = 'cust_orders' and baseline = 'reference'"
    )
    ((warn, critical),) = superset.sql(
        f"select warn, critical from driftline_latest where {series} and compare = 'relative' and direction = 'both'"
    )
    limits = ", ".join(f"expected * (1 {sign} {share!r})" for share in (warn, critical) for sign in "+-")
    expected = superset.sql(
        f"select window_start, value, expected, expected + noise, expected - noise, {limits} from driftline_metrics "
        f"where {series} and is_complete"
    )
    name = "recommendations: drift spread_ratio of cust_orders against reference"
    found = superset.rows(
        THE_SERIES, {"col": "series", "op": "==", "val": name}, {"col": "window_periods", "op": "==", "val": 1}
    )
    same([list(row.values()) for row in found], expected)
    assert len(expected) > 50


def test_superset_says_nothing_where_series_would_be_mixed(superset: Superset) -> None:
    """Outside of the dashboard nobody chooses the series of that chart, or the length of its windows."""
    for chosen in ([], [{"col": "window_periods", "op": "==", "val": 1}]):
        rows = superset.rows(THE_SERIES, *chosen)
        assert len(rows) > 50
        assert {value for row in rows for name, value in row.items() if name != "window_start"} == {None}


def test_superset_shows_the_dashboard(superset: Superset) -> None:
    """For the picture in the docs: DRIFTLINE_PICTURE=docs/images/superset.png."""
    page = Page(superset)
    try:
        assert page.drawn() == dict.fromkeys(superset.charts, True)
        # It opens with the series that most wants a look, and draws it.
        page.wait("return document.body.innerHTML.includes('spread_ratio of cust_orders against reference')")
        page.wait_for_line()
        assert "Score no longer means what it did" in page.js("return document.body.innerText")
        local = (superset.url, "data:", "blob:", "about:")
        assert [url for url in page.asked() if not url.startswith(local)] == []
        if os.environ.get("DRIFTLINE_PICTURE"):
            time.sleep(2)  # lines grow
            page.driver.save_screenshot(os.environ["DRIFTLINE_PICTURE"])
    finally:
        page.close()


def test_metricflow_is_asked_by_names_that_are_told() -> None:
    """Each metric of the file is on its page, and each query there names metrics of the file."""
    file = yaml.safe_load((REPOSITORY / "integrations" / "metricflow" / "driftline.yml").read_text(encoding="utf-8"))
    metrics = {metric["name"] for metric in file["metrics"]}
    page = (REPOSITORY / "docs" / "dashboards.md").read_text(encoding="utf-8")
    asked = set(",".join(re.findall(r"mf query --metrics (\S+)", page)).split(","))
    assert asked and asked <= metrics
    read = {re.findall(r"ref\('driftline', '(\w+)'\)", model["model"])[0]: model for model in file["semantic_models"]}
    assert len(read) == 8 and set(read) <= set(tables.RESULTS)
    for table, model in read.items():
        known = {column["name"] for column in tables.described()[table]["columns"]}
        assert {dimension["name"] for dimension in model["dimensions"]} <= known, table


def manifest(outcome: Outcome) -> Any:
    path = outcome.database.parent / "project" / "target" / "manifest.json"
    return json.loads(path.read_text(encoding="utf-8"))


def test_only_the_package_arrives(empty: Outcome, empty_database: duckdb.DuckDBPyConnection) -> None:
    """No demo model, no demo seed, nothing of the tests; and all of it is named driftline_."""
    brought = {
        path.stem
        for folder, kind in [("models", "sql"), ("seeds", "csv")]
        for path in (REPOSITORY / folder).rglob(f"*.{kind}")
    }
    # A step may be a part of the statement that reads it.
    brought -= {
        node["name"] for node in manifest(empty)["nodes"].values() if node["config"]["materialized"] == "ephemeral"
    }
    assert all(name.startswith("driftline_") for name in brought)
    built = {node.split(".")[-1] for node in empty.runs[-1]["nodes"] if node.startswith(("model.driftline.", "seed."))}
    assert built == brought
    listed = empty_database.execute("select table_name from information_schema.tables").fetchall()
    assert {name for (name,) in listed} == brought | {"orders"}


def test_without_monitors_the_tables_are_there_and_empty(empty_database: duckdb.DuckDBPyConnection) -> None:
    for table, promised in PROMISED.items():
        expected = {*GRAIN, *promised.split()}
        if table == "driftline_alerts":
            expected -= {"window_start", "window_end"}
        assert expected <= set(columns(empty_database, table)), table
        assert empty_database.execute(f"select count(*) from {table}").fetchall() == [(0,)], table


@cache
def documented() -> dict[str, list[str]]:
    """The columns of each table in docs/tables.md; those that every table has are listed once, at the top."""
    found = {}
    for section in re.split(r"^### ", tables.PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        name, rows = section.splitlines()[0], re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE)
        described = {column["name"] for column in tables.described()[name]["columns"]}
        found[name] = [*(column for column in tables.GRAIN if column in described and column not in rows), *rows]
    return found


def test_tables_are_as_documented(empty_database: duckdb.DuckDBPyConnection) -> None:
    listed = documented()
    assert set(PROMISED) <= set(listed)
    differences = []
    for table, names in listed.items():
        there, expected = set(columns(empty_database, table)), set(names)
        if there != expected:
            differences.append(f"{table}: missing {sorted(expected - there)}, undocumented {sorted(there - expected)}")
    assert not differences, "\n".join(differences)


def test_types_do_not_depend_on_there_being_monitors(empty: Outcome, demo: Outcome) -> None:
    """A BI tool's model made on the empty tables still fits when the first monitor comes."""
    query = (
        "select table_name, column_name, data_type from information_schema.columns where table_name like 'driftline%'"
    )
    with duckdb.connect(str(empty.database), read_only=True) as connection:
        before = set(connection.execute(query).fetchall())
    with duckdb.connect(str(demo.database), read_only=True) as connection:
        after = set(connection.execute(query).fetchall())
    before, after = ({row for row in rows if row[0] in PROMISED} for rows in (before, after))
    assert before == after
    assert {table for table, _, _ in after} == set(PROMISED)


def test_every_column_is_described(empty: Outcome, empty_database: duckdb.DuckDBPyConnection) -> None:
    """Of the tables that people query; in the package's own yml files, which dbt docs and the BI tools show."""
    problems = []
    for node in manifest(empty)["nodes"].values():
        if node["package_name"] != "driftline" or node["name"] not in documented():
            continue
        described = {name for name, column in node["columns"].items() if column["description"].strip()}
        there = set(columns(empty_database, node["name"]))
        if described != there:
            differ = f"without description {sorted(there - described)}, not there {sorted(described - there)}"
            problems.append(f"{node['name']}: {differ}")
    assert not problems, "\n".join(problems)


def test_default_thresholds_arrive(empty_database: duckdb.DuckDBPyConnection) -> None:
    with Path(REPOSITORY, "seeds", "driftline_default_thresholds.csv").open(newline="", encoding="utf-8") as stream:
        rows = sum(1 for _ in csv.DictReader(stream))
    assert empty_database.execute("select count(*) from driftline_default_thresholds").fetchall() == [(rows,)]


def differences_of(one: Path, other: Path) -> list[str]:
    """Of the tables that are promised: rows, texts and counts equal, figures to 1e-9."""
    with duckdb.connect(str(one), read_only=True) as ours, duckdb.connect(str(other), read_only=True) as theirs:
        return differences(lambda sql: ours.sql(sql).to_arrow_table(), lambda sql: theirs.sql(sql).to_arrow_table())


def test_duckdb_1_5_makes_the_tables_of_2_0(demos: Callable[[str], Outcome]) -> None:
    """State, measures, judge and incidents of the demo; the versions of dbt differ too."""
    old, new = demos("1.10"), demos("1.12")
    if sys.version_info < (3, 11):
        pytest.skip("DuckDB 2.0 needs Python 3.11: here all tests run on 1.5")
    assert (old.duckdb[:4], new.duckdb[:2]) == ("1.5.", "2.")
    assert differences_of(old.database, new.database) == []


def problems_of_v2(done: subprocess.CompletedProcess[str]) -> list[str]:
    said = (done.stdout + done.stderr).replace("0 errors", "")
    return re.findall(r"^.*(?:warning|deprecat|error).*$", said, re.IGNORECASE | re.MULTILINE)


@pytest.mark.parametrize("target", V2_TARGETS)
@pytest.mark.parametrize("project", ["empty", "demo"])
def test_v2_alpha_parses_clean(project: str, target: str, tmp_path: Path) -> None:
    done = parse_with_v2(project, target, tmp_path)
    if (project, target) == ("demo", "clickhouse"):
        # The alpha does not know what dbt-clickhouse lets a table of the state be configured with.
        unknown = re.findall(
            r"^\[\w+\] \[(.+) \(.+: Ignored unexpected key `\"(\w+)\"`", done.stdout + done.stderr, re.MULTILINE
        )
        assert sorted(unknown) == [("UnusedConfigKey", key) for key in ("order_by", "order_by", "settings", "settings")]
        assert f"'parse' with {len(unknown)} errors" in done.stdout
        return
    assert done.returncode == 0 and problems_of_v2(done) == [], done.stdout + done.stderr


def test_v2_alpha_builds_the_demo(demos: Callable[[str], Outcome], tmp_path: Path) -> None:
    """And then what a later run does; with the seed, and the tables are those of dbt 1."""
    done, database = build_demo_with_v2(tmp_path)
    assert done.returncode == 0 and problems_of_v2(done) == [], done.stdout + done.stderr
    assert differences_of(database, demos("1.12").database) == []
