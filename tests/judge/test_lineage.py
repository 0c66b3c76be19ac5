"""Monitors that read different relations are one incident where one upstream of dbt's lineage is what happened."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
from judge.metrics import AFTER, INCIDENTS, JUDGE, Row, day, judge, row
from support import NOBODY, Chain, Project

NOTHING = NOBODY["monitors/nobody"]
# What each monitor reads. Clicks and views come from the events (through a model of their own), orders and returns
# straight from another source; customers are in all of them.
READS = {"clicks": "stg_clicks", "views": "stg_views", "orders": "stg_orders", "returns": "stg_returns"}
LATE = {"searches": "stg_searches", "likes": "stg_likes"}
ALONE = {"weather": "stg_weather"}


def staging(*parents: str) -> str:
    joined = " cross join ".join(f"(select 1 as x from {{{{ {parent} }}}}) as t{n}" for n, parent in enumerate(parents))
    return f"select count(*) as n from {joined}"


MODELS = {
    "base_events": staging("source('raw', 'events')"),
    **{
        name: staging("ref('base_events')", "ref('customers')")
        for name in ("stg_clicks", "stg_views", "stg_searches", "stg_likes")
    },
    **{name: staging("source('raw', 'orders')", "ref('customers')") for name in ("stg_orders", "stg_returns")},
    "customers": staging("source('raw', 'people')"),
    "stg_weather": staging("source('raw', 'weather')"),
    **{
        f"monitors/{monitor}": f"-- depends_on: {{{{ ref('{relation}') }}}}\n{NOTHING}"
        for monitor, relation in {**READS, **LATE, **ALONE}.items()
    },
}


@pytest.fixture(scope="module")
def chain(make_module_project: Any) -> Chain:
    project: Project = make_module_project(
        models=MODELS,
        tables={name: {"id": [1]} for name in ("events", "orders", "people", "weather")},
        vars={
            "driftline_monitors": [*READS, *LATE, *ALONE],
            "driftline_thresholds": [{"family": "business", "baseline": "trailing"}],
            "driftline_false_alarms_per_week": "none",
        },
    )
    project.build("--select", "+driftline_alerts", "+driftline_incidents")
    # Only some of the package's models are compiled: the lineage is that of the whole project.
    return project.chain(select=" ".join((*JUDGE, *AFTER)), full_refresh=False)


def missing(number: int, monitor: str, since: int | None, column: str = "price") -> Row:
    broken = since is not None and number >= since
    return row(
        number, monitor=monitor, column_name=column, family="quality", metric="null_rate",
        value=0.3 if broken else 0.0, expected=0.0, noise=0.01,
    )  # fmt: skip


def told(
    chain: Chain, forget: bool = True, days: int = 40, then: tuple[str, ...] = INCIDENTS, **since: int | None
) -> list[tuple[Any, ...]]:
    """Incidents when values go missing in each monitor since some day: the day, how many monitors, the upstream."""
    if forget:
        for table in ("driftline_int_episodes", "driftline_int_incident_members"):
            chain.workspace.execute(f"delete from {chain.workspace.relation(table)}")
    monitors = {name: since.get(name) for name in {**dict.fromkeys(READS), **since}}
    rows = [missing(d, name, first) for d in range(days) for name, first in monitors.items()]
    judge(chain, rows, relations={**READS, **LATE, **ALONE}, then=then)
    return chain.sql(
        "select first_window_start, monitors, upstream from driftline_incidents order by first_window_start, monitor"
    )


def test_one_source_is_one_incident_and_is_named(chain: Chain) -> None:
    """By the nearest that feeds both, though the source and the customers do so, too."""
    assert told(chain, then=AFTER, clicks=20, views=21) == [(day(20), 2, "model base_events")]
    headlines = dict(chain.sql("select language, headline from driftline_int_incident_sentences"))
    assert headlines["en"].startswith("Price is missing in 30 % of the rows, usually in none, since 2024-03-21")
    assert headlines["en"].endswith("; 2 monitors fed by model base_events are affected")
    assert headlines["ja"].endswith("。model base_eventsを使う2件のモニターが影響を受けています")
    assert told(chain, orders=20, returns=20) == [(day(20), 2, "source raw.orders")]


def test_separate_sources_are_separate(chain: Chain) -> None:
    """Also where they begin on one day and share a table that everything is joined with."""
    assert told(chain, clicks=20, orders=20) == [(day(20), 1, None)] * 2
    assert told(chain, clicks=20, weather=20) == [(day(20), 1, None)] * 2


def test_what_begins_at_other_times_is_separate(chain: Chain) -> None:
    assert told(chain, clicks=20, views=30) == [(day(20), 1, None), (day(30), 1, None)]
    apart = {"clicks": 10, "orders": 15, "views": 20, "returns": 25}
    assert [found[1:] for found in told(chain, **apart)] == [(1, None)] * 4


def test_a_table_that_all_share_is_named_where_most_of_all_moves(chain: Chain) -> None:
    assert told(chain, clicks=20, orders=20, returns=21) == [(day(20), 3, "model customers")]
    assert told(chain, clicks=20, orders=20, returns=20, views=20) == [(day(20), 4, "model customers")]
    # Three of four began; what begins later in one of them is news of its own.
    found = told(chain, clicks=20, orders=20, returns=20, views=30)
    assert found == [(day(20), 3, "model customers"), (day(30), 1, None)]


def test_what_was_told_as_one_stays_one(chain: Chain) -> None:
    """Whatever else is fed by then; and the incident goes by the alert that began it."""
    assert told(chain, clicks=20, views=21) == [(day(20), 2, "model base_events")]
    ids = chain.sql("select alert_id, incident_id from driftline_alerts order by alert_id")
    assert len({incident for _, incident in ids}) == 1
    quiet: dict[str, int | None] = dict.fromkeys(LATE)
    assert told(chain, forget=False, clicks=20, views=21, **quiet) == [(day(20), 2, "model base_events")]
    assert chain.sql("select alert_id, incident_id from driftline_alerts order by alert_id") == ids
    # Of a table that was made anew the lineage of today decides: two of four are not most.
    assert told(chain, clicks=20, views=21, **quiet) == [(day(20), 1, None), (day(21), 1, None)]


def test_alerts_stay_where_they_are_while_histories_grow(chain: Chain) -> None:
    """The second monitor follows into the incident that was told of the first, which keeps its id."""
    before: dict[str, str] = {}
    for days in (21, 22, 24, 30, 30, 40):
        found = told(chain, forget=days == 21, days=days, clicks=20, views=21, orders=28)
        now = dict(chain.sql("select alert_id, incident_id from driftline_alerts"))
        assert {alert: now.get(alert) for alert in before} == before
        before = now
    assert found == [(day(20), 2, "model base_events"), (day(28), 1, None)]
    monitors: dict[str, set[str]] = defaultdict(set)
    for monitor, incident in chain.sql("select monitor, incident_id from driftline_alerts"):
        monitors[incident].add(monitor)
    assert sorted(map(sorted, monitors.values())) == [["clicks", "views"], ["orders"]]
