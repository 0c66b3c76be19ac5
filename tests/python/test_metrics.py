"""`driftline metrics`: what a scraper reads, by Prometheus' own parser."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from prometheus_client.parser import text_string_to_metric_families

HOSTILE = 'a"b\\c\nd{e="f"} 日本 \' 1 # HELP x'


def tables(shop: Any) -> None:
    from_dict = {
        "model_version": "'all'", "segment": "'all'", "segment_value": "'all'", "window_periods": "1",
        "family": "'drift'", "baseline": "'reference'",
    }  # fmt: skip
    workspace = shop.workspace
    workspace.execute(f"drop table {workspace.relation('driftline_metrics')}")
    workspace.execute(f"drop table {workspace.relation('driftline_monitors')}")
    workspace.execute(
        f"create table {workspace.relation('driftline_monitors')} as select 'shop' as monitor, "
        "'Asia/Tokyo' as timezone, 'day' as period union all select 'quiet', 'UTC', 'hour'"
    )
    common = ", ".join(f"{value} as {name}" for name, value in from_dict.items())
    rows = [
        ("shop", "psi", "price", "2026-03-02", 0.31, True),
        ("shop", "psi", "price", "2026-03-01", 0.11, True),
        ("shop", "psi", "price", "2026-03-03", 0.99, False),
        ("shop", "psi", HOSTILE, "2026-03-02", 1e-9, True),
        ("shop", "ks", "price", "2026-03-02", None, True),
    ]
    selects = [
        f"select '{monitor}' as monitor, {common}, '{metric}' as metric, '{column.replace(chr(39), chr(39) * 2)}' as column_name, "
        f"cast('{start}' as timestamp) as window_start, cast('{start}' as timestamp) + interval '1 day' as window_end, "
        f"cast({'null' if value is None else value} as double precision) as value, {str(complete).lower()} as is_complete"
        for monitor, metric, column, start, value, complete in rows
    ]
    workspace.execute(f"create table {workspace.relation('driftline_metrics')} as {' union all '.join(selects)}")


def test_prometheus(any_shop: Any) -> None:
    shop = any_shop
    shop.build("shop")
    tables(shop)
    shop.alert("a1", column_name=HOSTILE, owner='o"\n')
    shop.alert("a2", severity="critical", value=None)
    shop.alert("a3", status="resolved")
    outcome = shop.run("metrics", "--format", "prometheus")
    assert (outcome.code, outcome.err) == (0, "")
    families = {family.name: family for family in text_string_to_metric_families(outcome.out)}
    assert {family.type for family in families.values()} == {"gauge"}
    values = {s.labels["column_name"]: s.value for s in families["driftline_metric_value"].samples}
    # Of the latest complete window alone, with every text as it is.
    assert values == {"price": 0.31, HOSTILE: 1e-9}
    (end,) = families["driftline_latest_window_end_timestamp_seconds"].samples
    assert end.value == datetime(2026, 3, 3, tzinfo=ZoneInfo("Asia/Tokyo")).timestamp()
    counts = {(s.labels["monitor"], s.labels["severity"]): s.value for s in families["driftline_open_alerts"].samples}
    assert counts == {("shop", "warn"): 1, ("shop", "critical"): 1, ("quiet", "warn"): 0, ("quiet", "critical"): 0}
    alerts = {s.labels["alert_id"]: s for s in families["driftline_alert_value"].samples}
    assert set(alerts) == {"a1", "a2"} and alerts["a1"].value == 0.31 and alerts["a2"].value != alerts["a2"].value
    assert alerts["a1"].labels["owner"] == 'o"\n' and alerts["a1"].labels["column_name"] == HOSTILE


def test_no_character_steers_the_terminal(shop: Any) -> None:
    """Colours, a bell, a C1 sequence and a turn of direction, in every place that is printed."""
    shop.build("shop")
    tables(shop)
    steering = "\x1b[31m\x07\r\x9b2J\u202e\x7f"
    shop.alert("a1", column_name=steering, owner=steering, segment_value=steering, message=f"psi of {steering} is 1")
    for command, *arguments in (
        ["metrics"],
        ["check"],
        ["check", "--json"],
        ["alert", "--dry-run"],
        ["alert", "--json"],
    ):
        outcome = shop.run(command, *arguments)
        assert not set(steering) - set("[31m2J") & set(outcome.out + outcome.err), command
    shop.alert("a1", column_name=steering)
    families = {f.name: f for f in text_string_to_metric_families(shop.run("metrics").out)}
    (sample,) = families["driftline_alert_value"].samples
    assert sample.labels["column_name"] == r"\x1b[31m\x07\x0d\x9b2J\x202e\x7f"
    assert json.loads(shop.run("check", "--json").out)["alerts"][0]["column_name"] == steering


def test_nothing_built(shop: Any) -> None:
    outcome = shop.run("metrics")
    assert outcome.code == 2 and outcome.out == "" and "dbt build" in outcome.err


def test_what_is_asked_for_is_printed(shop: Any) -> None:
    """Judged values, those of all totals, or all; each family's newest complete window, however late its labels are."""
    shop.build("shop", "other")
    for column in ("timezone", "period"):
        shop.workspace.execute(f"alter table driftline_monitors add column {column} varchar(20)")
    series = "'all' as model_version, '{0}' as segment, '{0}' as segment_value, 1 as window_periods"
    rows = [
        ("shop", "drift", "psi", "all", "2026-03-09", True, True, 0.3),
        ("shop", "drift", "ks", "all", "2026-03-09", True, False, 0.1),
        ("shop", "drift", "psi", "store", "2026-03-09", True, False, 0.2),
        ("shop", "performance", "accuracy", "all", "2026-03-02", True, True, 0.9),
        ("shop", "performance", "recall", "all", "2026-02-01", True, True, 0.8),  # no longer computed: stale
        ("shop", "volume", "row_count", "all", "2026-03-10", False, True, 9.0),  # not over yet
        ("other", "drift", "psi", "all", "2026-03-01", True, True, 0.5),
    ]
    selects = [
        f"select '{monitor}' as monitor, {series.format(segment)}, '{family}' as family, '{metric}' as metric, 'c' as column_name, "
        f"'reference' as baseline, timestamp '{start}' as window_start, timestamp '{start}' + interval 1 day as window_end, "
        f"{complete} as is_complete, {segment == 'all'} as is_total, {judged} as is_judged, {value}::double as value"
        for monitor, family, metric, segment, start, complete, judged, value in rows
    ]
    shop.workspace.execute(f"create table driftline_latest as {' union all '.join(selects)}")
    shop.alert("a1", monitor="shop")
    shop.alert("a2", monitor="other")

    def printed(*arguments: str) -> dict[str, Any]:
        outcome = shop.run("metrics", *arguments)
        assert outcome.code == 0, outcome.err
        return {family.name: family.samples for family in text_string_to_metric_families(outcome.out)}

    def values(*arguments: str) -> list[float]:
        return sorted(sample.value for sample in printed(*arguments)["driftline_metric_value"])

    assert values() == [0.3, 0.5, 0.9]
    assert values("--detail", "total") == [0.1, 0.3, 0.5, 0.9]
    assert values("--detail", "all") == [0.1, 0.2, 0.3, 0.5, 0.9]
    assert values("--family", "performance") == [0.9]
    assert values("--select", "shop", "--family", "drift", "--detail", "all") == [0.1, 0.2, 0.3]
    found = printed("--select", "shop")
    ends = {
        s.labels["family"]: datetime.fromtimestamp(s.value, tz=ZoneInfo("UTC"))
        for s in found["driftline_latest_window_end_timestamp_seconds"]
    }
    assert {family: end.date().isoformat() for family, end in ends.items()} == {
        "drift": "2026-03-10",
        "performance": "2026-03-03",
    }
    assert {s.labels["monitor"] for samples in found.values() for s in samples} == {"shop"}
    assert {s.labels["alert_id"] for s in found["driftline_alert_value"]} == {"a1"}

    outcome = shop.run("metrics", "--select", "shopp")
    assert outcome.code == 2 and "'shopp'" in outcome.err and "other, shop" in outcome.err
