"""What the head of a monitor says to whoever runs it: whether it runs, how fresh it is, how much was judged."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import sqlglot
from driftline.health import Health
from driftline.report import build_report, numbers
from report import synthetic
from report.test_page import Outline

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=timezone.utc)
FINE = Health(
    "recommendations", "ok", last_success_at=datetime(2026, 11, 2, 6, 10), results_computed_at=datetime(2026, 11, 2, 6, 12),
    windows_judged=90,
)  # fmt: skip


@pytest.fixture(scope="module")
def con() -> Iterator[Any]:
    made = synthetic.tiny()
    made.execute(
        "create or replace table driftline_latest as select 'recommendations' as monitor, 'drift' as family, "
        "'psi' as metric, 'reference' as baseline, 0.5 as critical, not_judged is null as "
        "is_judged, not_judged, warn, false as is_retired from (values (null, 0.1), ('its noise is not known yet', 0.1), "
        "('its noise is not known yet', 0.2), ('fewer than 100 rows', 0.1), ('no threshold', null)) as t(not_judged, warn)"
    )
    yield made
    made.close()


def page(con: Any, *health: Health, **more: str) -> str:
    relations = synthetic.relations() | {"driftline_latest": '"main"."driftline_latest"'} | more
    return build_report(synthetic.query(con), relations, health=health, generated_at=NOW)


def tiles(html: str) -> dict[str, tuple[str, str, list[str]]]:
    """Of the last row: label, state, value, details."""
    found = re.search(r'<dl class="tiles operation">(.*?)</dl>', html, re.DOTALL)
    parts = re.findall(
        r'<div class="tile ([^"]*)">\s*<dt>(.*?)</dt>\s*<dd>(.*?)</dd>', found[1] if found else "", re.DOTALL
    )
    return {
        label: (state.strip(), value, details)
        for state, label, rest in parts
        for value, *details in [[re.sub("<.*?>", "", x) for x in re.split(r"(?<=</span>)(?=<)", rest)]]
    }


def last_rows(con: Any) -> datetime:
    [[end]] = con.execute(
        "select max(window_end) from driftline_drift where row_count > 0 and is_complete and window_periods = 1 and "
        "baseline = 'reference' and monitor = 'recommendations'"
    ).fetchall()
    assert isinstance(end, datetime)
    return end


def as_of(con: Any, moment: datetime) -> None:
    con.execute("update driftline_monitors set as_of = ? where monitor = 'recommendations'", [moment])


def test_all_is_well_is_said_too(con: Any) -> None:
    as_of(con, last_rows(con) + timedelta(hours=5))
    found = tiles(page(con, FINE))
    day = numbers.day(last_rows(con) - timedelta(days=1))
    run = numbers.moment(last_rows(con) + timedelta(hours=5))
    assert found == {
        "Last read without an error": (
            "quiet wide", "2 Nov 2026, 06:10 UTC", ["3 hours before this page", "results of 2 Nov 2026, 06:12 UTC"]
        ),
        "Rows until the end of": ("quiet", day, [f"no day was missing at the run of {run}"]),
        "Windows judged": ("quiet", "90 of 90", []),
    }  # fmt: skip


def test_what_is_late_or_broken_is_marked(con: Any) -> None:
    as_of(con, last_rows(con) + timedelta(days=3, hours=5))
    broken = replace(FINE, status="failed", failed_runs=2, results_older_than_state=True, windows_judged=0, windows_not_judged=4,
                     not_judged="no noise in 4 of 4 windows")  # fmt: skip
    found = tiles(page(con, broken))
    assert {label: state.split()[0] for label, (state, *_) in found.items()} == dict.fromkeys(found, "warn") and len(
        found
    ) == 3
    assert found["Last read without an error"][2][1:] == [
        "results of 2 Nov 2026, 06:12 UTC, older than that",
        "2 runs failed since",
    ]
    assert found["Rows until the end of"][2][0].startswith("3 days without rows at the run of")
    never = tiles(page(con, replace(broken, last_success_at=None)))
    assert never["Last read without an error"][:2] == ("warn", "never")


def test_what_was_not_judged_leads_to_why(con: Any) -> None:
    html = page(con, replace(FINE, windows_not_judged=5, not_judged="fewer than 100 rows in 5 of 95 windows"))
    state, value, details = tiles(html)["Windows judged"]
    assert (state, value, details) == ("", "90 of 95", ["5 windows not: why"])
    link = re.search(r'<a class="detail" href="#([^"]+)">5 windows not: why</a>', html)
    assert link and html.count(f'id="{link[1]}"') == 1
    told = Outline(html[html.index(f'id="{link[1]}"') :]).words
    assert "Windows in which nothing was: fewer than 100 rows in 5 of 95 windows." in told
    assert "its noise is not known yet 2 psi fewer than 100 rows 1 psi" in told and "no threshold" not in told


@pytest.mark.parametrize("dialect", ["postgres", "snowflake", "bigquery", "databricks", "clickhouse", "spark"])
def test_what_it_asks_parses_everywhere(dialect: str, con: Any) -> None:
    asked: list[str] = []
    latest = {"driftline_latest": "driftline_latest"}
    build_report(synthetic.query(con, asked), synthetic.relations() | latest, health=[FINE], generated_at=NOW)
    mine = [sql for sql in asked if "not_judged" in sql]
    assert mine
    for statement in mine:
        parsed = sqlglot.parse_one(statement, dialect=dialect)
        assert not list(parsed.find_all(sqlglot.exp.Command, sqlglot.exp.Anonymous))


def test_nothing_is_green_that_was_not_judged(con: Any) -> None:
    """Of a monitor without an open alert: the number of alerts, and the badge of the overview."""
    con.execute("update driftline_alerts set status = 'resolved'")
    for health, state in (
        ([], "none"),
        ([Health("recommendations")], "none"),  # a package that is too old to say
        ([replace(FINE, windows_judged=0, problem="nothing could be judged")], "warn"),
        ([FINE], "quiet"),
    ):
        html = page(con, *health)
        assert re.search(r'<div class="tile (\w+)">\s*<dt>Open alerts</dt>', html)[1] == state, health  # type: ignore[index]


def test_without_the_health_of_monitors_nothing_is_said_of_it(con: Any) -> None:
    html = page(con, driftline_latest="")
    assert tiles(html) == {} and "What was not judged" not in html


def test_an_overview_says_it_of_each(con: Any) -> None:
    other = Health("another", "failed", problem="its last run failed", failed_runs=1, windows_judged=3)
    words = Outline(page(con, FINE, other)).words
    assert "Last read without an error Windows judged" in words and "2 Nov 2026, 06:10 UTC 90 of 90" in words
    assert "never 3 of 3" in words


@pytest.mark.parametrize(
    ("minutes", "text"), [(0, "0 minutes"), (1, "1 minute"), (119, "119 minutes"), (120, "2 hours"), (2879, "47 hours"), (2880, "2 days")]
)  # fmt: skip
def test_how_long_ago(minutes: int, text: str) -> None:
    assert numbers.ago(timedelta(minutes=minutes, seconds=30)) == text
