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
