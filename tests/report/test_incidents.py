"""The page tells incidents: one card each, what else moved, its alerts as evidence; and each alert where there are none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from driftline.report import build_report
from report import synthetic
from report.test_page import Outline, section

MONITOR = "recommendations"


@pytest.fixture(scope="module")
def con() -> Iterator[Any]:
    """The small warehouse, in which each monitor's alerts on a column are one incident."""
    con = synthetic.small()
    con.execute("alter table driftline_alerts add column incident_id varchar")
    con.execute("alter table driftline_alerts add column is_headline boolean")
    con.execute(
        "update driftline_alerts set incident_id = monitor || column_name, is_headline = alert_id = (select min(b.alert_id)"
        " from driftline_alerts as b where b.monitor = driftline_alerts.monitor"
        " and b.column_name = driftline_alerts.column_name)"
    )
    con.execute(
        """
        create table driftline_incidents as
        select
            incident_id, any_value(monitor) as monitor, max(severity) as severity, min(status) as status,
            any_value(column_name) || ' <b>has moved</b>' as headline, any_value(message) as evidence,
            count(*) as alerts, 'revenue, other_column' as also,
            case when column_name like 'item%' then 'item_pop_28d' end as stands_out,
            'segment_market = UK: 80 %' as cause, 1234.5 as cost, 'GBP' as cost_unit,
            min(first_window_start) as first_window_start, max(last_window_end) as last_window_end,
            cast(null as timestamp) as resolved_at, any_value(owner) as owner,
            cast(null as varchar) as answered_by, cast(null as varchar) as answer_note
        from driftline_alerts
        group by incident_id, column_name
        """
    )
    yield con
    con.close()


def words_of(con: Any) -> tuple[str, str]:
    relations = {**synthetic.relations(), "driftline_incidents": "driftline_incidents"}
    html = section(build_report(synthetic.query(con, []), relations), MONITOR)
    return html, " ".join(Outline(html).words.split()).replace("_ ", "_")


def test_one_card_for_each_incident(con: Any) -> None:
    html, words = words_of(con)
    count = con.execute("select count(*) from driftline_incidents where monitor = ?", [MONITOR]).fetchone()[0]
    assert count > 1 and html.count('class="alert incident') == count
    alerts = con.execute("select count(*) from driftline_alerts where monitor = ?", [MONITOR]).fetchone()[0]
    assert html.count('<li class="alert ') == count + alerts, "every alert stands in its incident"
    for part in ("Moved: revenue, other_column", "Beyond the others: item_pop_28d", "Cost: 1,235 GBP",
                 "Behind it: segment_market = UK: 80 %", "<b>has moved</b>", "Open incidents", "incident"):  # fmt: skip
        assert part in words, part
    assert "<b>has moved" not in html, "texts of the data stay texts"


def test_answers_are_shown(con: Any) -> None:
    [[first]] = con.execute(
        "select min(incident_id) from driftline_incidents where monitor = ? and status = 'open'", [MONITOR]
    ).fetchall()
    for status, shown in {
        "acknowledged": "acknowledged by ann",
        "expected": "answered as expected",
        "false_alarm": "answered as a false alarm",
    }.items():
        con.execute(
            "update driftline_incidents set status = ?, answered_by = 'ann', answer_note = 'spring sale' "
            "where incident_id = ?",
            [status, first],
        )
        _, words = words_of(con)
        assert shown in words and "spring sale" in words
    con.execute("update driftline_incidents set status = 'open' where incident_id = ?", [first])


def test_incidents_that_are_over_are_not_counted_as_open(con: Any) -> None:
    con.execute("update driftline_incidents set status = 'expected' where monitor = ?", [MONITOR])
    _, words = words_of(con)
    assert "No incident is open" in words and "resolved" in words


@pytest.mark.parametrize(("count", "folded"), [(5, None), (6, "1 more open")])
def test_five_open_incidents_are_seen_at_once(con: Any, count: int, folded: str | None) -> None:
    """As many as a shop's facts come to; more are behind a click."""
    tables = ("driftline_alerts", "driftline_incidents")
    kept = {table: con.execute(f"select * from {table}").to_arrow_table() for table in tables}
    try:
        for table in tables:
            con.execute(f"update {table} set status = 'resolved' where monitor = ?", [MONITOR])
        one = con.execute("select min(incident_id) from driftline_incidents where monitor = ?", [MONITOR]).fetchone()[0]
        for number in range(count):
            for table in tables:
                own = "" if table.endswith("incidents") else f", alert_id || '{number}' as alert_id"
                con.execute(
                    f"insert into {table} select * replace (incident_id || '{number}' as incident_id, 'open' as status{own})"
                    f" from {table} where incident_id = ?",
                    [one],
                )
        html, words = words_of(con)
        assert ("more open" in words) == (folded is not None) and (folded or "") in words
        before, _, _ = html.partition("<details><summary>1 more open")
        assert before.split('id="alerts-')[1].count('class="alert incident') >= 5
    finally:
        for table, rows in kept.items():
            con.execute(f"delete from {table}")
            con.register("kept", rows)
            con.execute(f"insert into {table} select * from kept")
            con.unregister("kept")
