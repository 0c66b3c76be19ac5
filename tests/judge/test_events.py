"""The calendar through the real build: as a seed or model of the project, and what its events do to what is told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support import Project

START, DAYS, ROWS = dt.datetime(2024, 1, 1), 50, 300
MONITOR = """
{{ driftline.monitor(relation=source('raw', 'log'), timestamp='at', period='day', numeric=['price'],
    reference={'start': '2024-01-01', 'end': '2024-01-31'}) }}
"""
CALENDAR = """
select 'sale' as event, cast('2024-02-05' as date) as first_day, cast('2024-02-07' as date) as last_day,
    '' as monitor, 'price' as moves
union all
select 'nothing', cast('2024-02-15' as date), null, 'another', null
"""


def test_a_model_as_the_calendar(make_project: Any) -> None:
    rng = np.random.default_rng(3)
    days = np.repeat(np.arange(DAYS), ROWS)
    price = rng.normal(10, 1, len(days)) + np.where((days >= 35) & (days <= 37), 3, 0)  # the sale's three days
    project: Project = make_project(
        models={"shop": MONITOR, "calendar": CALENDAR},
        vars={"driftline_monitors": ["shop"], "driftline_events": "calendar", "driftline_now": "2024-02-20"},
    )
    project.load("log", {"at": [START + dt.timedelta(days=int(d), hours=9) for d in days], "price": price})
    project.build("--select", "+driftline_incidents")
    found = project.workspace.sql(
        f"select status, event, open_alerts from {project.workspace.relation('driftline_incidents')}"
    )
    assert found == [("resolved", "sale", 0)]
    later = project.run(["build", "--select", "driftline_int_expected+"], vars={
        "driftline_monitors": ["shop"], "driftline_events": "wrong", "driftline_now": "2024-02-20",
    })  # fmt: skip
    assert not later.success and "'wrong'" in str(later)


# ----------------------------------------------------------------------- what is usual, and the same event a year earlier

BEGAN = dt.date(2024, 10, 1)
LONG = (dt.date(2026, 1, 10) - BEGAN).days
EACH = 12  # series of each kind
EVENTS = [
    {"event": "Christmas", "first_day": "2024-12-20", "last_day": "2024-12-26", "kind": "holiday"},
    {"event": "Christmas", "first_day": "2025-12-21", "last_day": "2025-12-27", "kind": "holiday"},
    {"event": "outage", "first_day": "2025-05-05", "last_day": "2025-05-11", "kind": "incident"},
    {"event": "sale", "first_day": "2025-08-01", "last_day": "2025-08-07", "kind": "campaign"},
    {"event": "release", "first_day": "2025-10-01", "last_day": "2025-10-07", "kind": "deploy", "moves": "deploy"},
]


def between(first: str, last: str) -> Any:
    days = pd.date_range(BEGAN, periods=LONG)
    return np.asarray((days >= first) & (days <= last))


christmas = between("2024-12-20", "2024-12-26") | between("2025-12-21", "2025-12-27")
KINDS: dict[str, Any] = {
    # What a Christmas does, in both years.
    "as_ever": np.where(christmas, 2.0, 1.0),
    # The second one sells half of what the first one did.
    "half": np.where(between("2024-12-20", "2024-12-26"), 2.0, 1.0),
    # The shop has doubled, and so has Christmas.
    "doubled": np.where(christmas, 2.0, 1.0) * np.where(between("2025-06-01", "2026-01-10"), 2.0, 1.0),
    # In the week after an outage something else breaks.
    "after": np.where(between("2025-05-05", "2025-05-11"), 0.1, 1.0)
    * np.where(between("2025-05-14", "2025-05-14"), 0.6, 1.0),
    # A sale without one a year earlier.
    "sale": np.where(between("2025-08-01", "2025-08-07"), 3.0, 1.0),
    "nothing": np.ones(LONG),
}


@pytest.fixture(scope="module")
def years(make_module_project: Callable[..., Any]) -> Any:
    rng = np.random.default_rng(12)
    columns = {
        f"{kind}_{number}": level * (1 + 0.15 * (np.arange(LONG) % 7 >= 5)) * rng.normal(1, 0.05, LONG)
        for kind, level in KINDS.items()
        for number in range(EACH)
    }
    metrics = {name: {"sum": name} for name in columns}
    monitor = (
        "{{ driftline.monitor(relation=source('raw', 'sold'), timestamp='at', reference={'start': '2024-10-01',"
        f" 'end': '2024-12-01'}}, business_metrics={metrics}) }}}}"
    )
    project = make_module_project(
        models={"monitors/years": monitor},
        tables={"sold": pd.DataFrame({"at": pd.date_range(BEGAN, periods=LONG), **columns})},
        vars={
            "driftline_monitors": ["years"], "driftline_now": "2026-01-10", "driftline_events": EVENTS,
            "driftline_windows": {"day": [1]}, "driftline_thresholds": [{"family": "business", "min_rows": 1}],
        },
    )  # fmt: skip
    project.build("--select", "monitors", "+driftline_alerts", "+driftline_incidents")
    return project


def told_of(project: Any, kind: str, first: str, last: str) -> dict[str, set[str | None]]:
    """Metrics with alerts that began in these days, each with what the calendar says of them."""
    found: dict[str, set[str | None]] = {}
    for metric, event in project.sql(
        "select a.metric, e.event from driftline_alerts a left join driftline_int_expected e on e.alert_id = a.alert_id"
        f" where a.family = 'business' and a.metric like '{kind}%' and a.first_window_start >= timestamp '{first}'"
        f" and a.first_window_start <= timestamp '{last}'"
    ):
        found.setdefault(metric, set()).add(event)
    return found


def test_an_event_is_held_against_that_of_a_year_earlier(years: Any, figure: Callable[..., None]) -> None:
    season = ("2025-12-21", "2025-12-27")
    half = told_of(years, "half", *season)
    assert len(half) == EACH and all(events == {None} for events in half.values()), half
    quiet = {kind: told_of(years, kind, *season) for kind in ("as_ever", "doubled")}
    figure("Christmas that sells half of the last one: told of", f"{len(half)} of {EACH} series")
    figure("Christmas as ever, and in a shop that has doubled: told of",
           f"{len(quiet['as_ever'])} and {len(quiet['doubled'])} of {EACH} series")  # fmt: skip
    assert sum(map(len, quiet.values())) <= 1
    # The first one had none before it.
    first = told_of(years, "as_ever", "2024-12-20", "2024-12-26")
    assert len(first) == EACH and all(events == {"Christmas"} for events in first.values())
    sale = told_of(years, "sale", "2025-08-01", "2025-08-07")
    assert len(sale) == EACH and all(events == {"sale"} for events in sale.values())


def test_the_week_after_an_event_is_judged_as_any_other(years: Any, figure: Callable[..., None]) -> None:
    after = told_of(years, "after", "2025-05-12", "2025-05-18")
    figure("a drop by 40 % three days after an outage of a week: told of", f"{len(after)} of {EACH} series")
    assert len(after) == EACH and all(events == {None} for events in after.values())
    # No window of an event is in what is usual.
    rows = years.sql(
        "select max(abs(b.noise / a.noise - 1)), max(abs(b.expected / a.expected - 1)), min(a.trailing_count)"
        " from driftline_business a join driftline_business b on b.metric = a.metric"
        " and a.window_start = timestamp '2025-05-04' and b.window_start = timestamp '2025-05-12'"
        " where a.metric like 'after%'"
    )
    noise, expected, count = rows[0]
    assert noise < 0.5 and expected < 0.25 and count == 28


def test_events_make_no_false_alarms(years: Any, figure: Callable[..., None]) -> None:
    judged = years.sql(
        "select count(*), sum(case when j.is_breach then 1 else 0 end) from driftline_int_judgements j"
        " where j.family = 'business' and j.baseline = 'trailing' and j.not_judged is null"
        " and (j.metric like 'nothing%' or j.metric like 'sale%' and not (j.window_start >= timestamp '2025-08-01'"
        " and j.window_start <= timestamp '2025-08-07'))"
    )[0]
    figure("beyond expectation and noise in 1,000 windows around events", f"{1000 * judged[1] / judged[0]:.2f}")
    assert 1000 * judged[1] / judged[0] <= 3
