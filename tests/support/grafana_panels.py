"""What Grafana's dashboards show: two of them, their variables, panels and queries. The marks are explained in grafana.py.

Only tables that docs/tables.md promises are read. Each panel's description says what question it answers.
"""

from __future__ import annotations

from typing import Any

from support.grafana import Dashboard, Panel, Variable
from support.limits import ODDS, from_above, from_below

Json = dict[str, Any]

# ------------------------------------------------------------------------------------------------------------- looks


def _colors(**colors: str) -> Json:
    """Words of a column in their colours."""
    return {
        "type": "value",
        "options": {name: {"color": color, "index": i} for i, (name, color) in enumerate(colors.items())},
    }


def _steps(*steps: tuple[float | None, str]) -> Json:
    return {"mode": "absolute", "steps": [{"value": value, "color": color} for value, color in steps]}


def _word(*mappings: Json) -> Json:
    return {"mappings": list(mappings), "custom.cellOptions": {"type": "color-text"}, "custom.width": 100}


def _line(color: str, **more: Any) -> Json:
    return {"color": {"mode": "fixed", "fixedColor": color}, **{f"custom.{key}": value for key, value in more.items()}}


def _band(color: str, below: str) -> Json:
    """The upper end of a band: no line of its own, filled down to the series ``below``."""
    return _line(color, lineWidth=0, fillBelowTo=below, fillOpacity=15)


SEVERITY = _word(_colors(critical="red", warn="orange"))
STATUS = _word(_colors(ok="green", failed="red"))
TEXT: Json = {"custom.cellOptions": {"type": "auto", "wrapText": True}}
NARROW: Json = {"custom.width": 120}
DATE: Json = {"unit": "time:YYYY-MM-DD HH:mm", "custom.width": 150}
AGO: Json = {"unit": "dateTimeFromNow", "custom.width": 150}
DASHES: Json = {"lineStyle": {"fill": "dash", "dash": [6, 4]}}
NO_LINE = {"lineWidth": 0}
WIDE: Json = {"custom": {"filterable": True, "align": "left"}}
LINES: Json = {
    "custom": {"drawStyle": "line", "lineWidth": 2, "fillOpacity": 0, "showPoints": "auto", "spanNulls": False}
}
LEGEND: Json = {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []}
CHART: Json = {"legend": LEGEND, "tooltip": {"mode": "multi", "sort": "none"}}


def _one(text: str = "/.*/") -> Json:
    """Of a stat: the one row of its query, as it is."""
    return {
        "reduceOptions": {"values": False, "calcs": ["lastNotNull"], "fields": text},
        "colorMode": "value", "graphMode": "none", "textMode": "value", "justifyMode": "auto", "orientation": "auto",
    }  # fmt: skip


COUNT: Json = {"thresholds": _steps((None, "green"), (1, "orange"))}
CRITICAL: Json = {"thresholds": _steps((None, "green"), (1, "red"))}

# ----------------------------------------------------------------------------------------------------- what goes on

MONITORS = Variable("monitor", "Monitor", "select monitor from {driftline_monitors} order by monitor", several=True)

OVERVIEW = Dashboard(
    name="overview",
    title="driftline: what goes on",
    description="When the last build succeeded, how each monitor fares, what was not judged and why, and the incidents.",
    variables=(MONITORS,),
    rows=(
        (
            Panel(
                "Last build that succeeded", "When the rows of a chosen monitor were last read with success.", "stat",
                "select max(last_success_at) as \"Last build\" from {driftline_monitors} where monitor in ({monitor})",
                width=6, height=4, fields={"unit": "dateTimeFromNow"}, options=_one(),
            ),
            Panel(
                "Monitors with a problem", "Failed, not run lately, results older than what was read, or nothing judged.",
                "stat",
                "select count(*) as \"Monitors\" from {driftline_monitors} where monitor in ({monitor}) and status <> 'ok'",
                width=6, height=4, fields=COUNT, options=_one(),
            ),
            Panel(
                "Open incidents", "What has one cause is one incident. Acknowledged ones are open too.", "stat",
                """
select count(*) as "Incidents" from {driftline_incidents}
where monitor in ({monitor}) and status in ('open', 'acknowledged')
""",
                width=6, height=4, fields=COUNT, options=_one(),
            ),
            Panel(
                "Critical ones", "About money, the model, missing values, data that stop or a monitor that fails.", "stat",
                """
select count(*) as "Incidents" from {driftline_incidents}
where monitor in ({monitor}) and status in ('open', 'acknowledged') and severity = 'critical'
""",
                width=6, height=4, fields=CRITICAL, options=_one(),
            ),
        ),
        (
            Panel(
                "Open incidents, in sentences",
                "What is going on, how bad it is, since when, who owns it and what is likely behind it. Times are the wall "
                "clock of the monitor.", "table",
                """
select
    severity as "Severity", {at:first_window_start} as "Since", headline as "What", also as "Also", cause as "Cause",
    owner as "Owner", status as "Status", answered_by as "Answered by", cost as "Cost", cost_unit as "Unit",
    monitor as "Monitor"
from {driftline_incidents}
where monitor in ({monitor}) and status in ('open', 'acknowledged')
order by case severity when 'critical' then 0 else 1 end, first_window_start desc
""",
                width=24, height=9, fields=WIDE,
                named={"Severity": SEVERITY, "Since": DATE, "What": TEXT, "Also": TEXT, "Cause": TEXT},
            ),
        ),
        (
            Panel(
                "How the monitors fare",
                "Whether each monitor was read, whether its results are up to date, and how far its data reach. Reading "
                "is in UTC, the newest window in the wall clock of the monitor.", "table",
                """
select
    monitor as "Monitor", status as "Status", problem as "Problem", {at:last_success_at} as "Last success",
    {at:last_attempt_at} as "Last attempt", failed_runs as "Failed runs", {at:results_computed_at} as "Results built",
    {at:newest_window_end} as "Data until", {at:last_judged_window_end} as "Judged until", rows_read as "Rows read",
    owner as "Owner"
from {driftline_monitors}
where monitor in ({monitor})
order by case status when 'ok' then 1 else 0 end, monitor
""",
                width=24, height=7, fields=WIDE,
                named={
                    "Status": STATUS, "Problem": TEXT, "Last success": AGO, "Last attempt": AGO, "Results built": AGO,
                    "Data until": DATE, "Judged until": DATE,
                },
            ),
        ),
        (
            Panel(
                "Not judged, and why",
                "Series of the totals that have a threshold and were not held against it in their newest window.", "table",
                """
select monitor as "Monitor", family as "Family", not_judged as "Why", count(*) as "Series"
from {driftline_latest}
where monitor in ({monitor}) and is_total and not is_judged and not_judged <> 'no threshold'
group by monitor, family, not_judged
order by count(*) desc, monitor, family, not_judged
""",
                width=12, fields=WIDE, named={"Why": TEXT, "Series": NARROW, "Family": NARROW},
            ),
            Panel(
                "Over their threshold now",
                "The newest window of each series that is over its threshold and its noise. One such window need not be an "
                "alert yet.", "table",
                """
select
    monitor as "Monitor", metric as "Measure", column_name as "Column", model_version as "Version",
    segment_value as "Segment", judged_value as "Value", expected as "Expected", noise as "Noise",
    {at:window_start} as "Window"
from {driftline_latest}
where monitor in ({monitor}) and is_breach
order by case when is_critical then 0 else 1 end, monitor, family, metric, column_name
""",
                width=12, fields=WIDE, named={"Window": DATE},
            ),
        ),
        (
            Panel(
                "Alerts over time", "Alerts by the day on which they opened. Alerts of one cause are one incident.", "timeseries",
                """
select {day:opened_at} as "time", severity as "metric", count(*) as "alerts"
from {driftline_alerts}
where monitor in ({monitor}) and {within:opened_at}
group by {day:opened_at}, severity
order by 1, 2
""",
                width=12, form="time_series",
                fields={"custom": {"drawStyle": "bars", "fillOpacity": 80, "lineWidth": 0, "stacking": {"mode": "normal", "group": "A"}}},
                options=CHART, named={"critical": _line("red"), "warn": _line("orange")},
            ),
            Panel(
                "Incidents of the time shown", "Those that opened within it, whatever has become of them.", "table",
                """
select
    {at:opened_at} as "Opened", {at:resolved_at} as "Over", severity as "Severity", status as "Status",
    headline as "What", event as "Event", owner as "Owner"
from {driftline_incidents}
where monitor in ({monitor}) and {within:opened_at}
order by opened_at desc
""",
                width=12, fields=WIDE, named={"Opened": DATE, "Over": DATE, "Severity": SEVERITY, "What": TEXT},
            ),
        ),
    ),
)  # fmt: skip

# ------------------------------------------------------------------------------------------------------- one monitor

GROUP = "model_version = {version} and segment = {segment} and segment_value = {segment_value}"
WINDOW = f"monitor = {{monitor}} and {GROUP} and window_periods = {{number:window}}"
SERIES = (
    f"{WINDOW} and family = {{family}} and metric = {{metric}} and column_name = {{column}} and baseline = {{baseline}}"
)


def _chosen(column: str, above: str, order: str = "") -> str:
    """The values of a column of driftline_latest, given what is chosen before it. What is judged comes first."""
    first = order or "max(case when is_judged then 1 else 0 end) desc"
    return f"select {column} from {{driftline_latest}} where {above} group by {column} order by {first}, {column}"


_MONITOR = "monitor = {monitor}"
_FAMILY = f"{_MONITOR} and family = {{family}}"
_METRIC = f"{_FAMILY} and metric = {{metric}}"
_COLUMN = f"{_METRIC} and column_name = {{column}}"


def _all_first(column: str) -> str:
    return f"max(case when {column} = 'all' then 0 else 1 end)"


MONITOR = Dashboard(
    name="monitor",
    title="driftline: one monitor",
    description="The measures of one monitor over time: drift, performance, business, rows; for a version and a segment.",
    variables=(
        Variable("monitor", "Monitor", "select monitor from {driftline_monitors} order by monitor"),
        Variable("version", "Version", _chosen("model_version", _MONITOR, _all_first("model_version"))),
        Variable("segment", "Segment", _chosen("segment", _MONITOR, _all_first("segment"))),
        Variable("segment_value", "Value of it", _chosen("segment_value", f"{_MONITOR} and segment = {{segment}}", _all_first("segment_value"))),
        Variable("window", "Periods of a window", _chosen("window_periods", _MONITOR, "1")),
        Variable("family", "Family", _chosen("family", _MONITOR), first="drift"),
        Variable("metric", "Measure", _chosen("metric", _FAMILY), first="psi"),
        Variable("column", "Column", _chosen("column_name", _METRIC)),
        Variable("baseline", "Held against", _chosen("baseline", _COLUMN), first="reference"),
        Variable(
            "performance", "Performance",
            "select metric from {driftline_performance} where monitor = {monitor} and class_name = 'all' group by metric order by metric",
        ),
        Variable(
            "business", "Business",
            "select metric from {driftline_business} where monitor = {monitor} group by metric order by metric", several=True,
        ),
    ),
    rows=(
        (
            Panel(
                "$metric of $column, against $baseline",
                "The value that is judged, what it is held against, the band that is noise, and from where on it would be "
                "over the threshold of today (a breach is over both). What is not judged has no threshold.", "timeseries",
                f"""
with measured as (
    select
        window_start, coalesce(judged_value, value) as value, expected, noise, row_count,
        {ODDS} as odds
    from {{driftline_metrics}}
    where {SERIES} and is_complete and {{within:window_start}}
),

rule as (
    select direction, compare, warn from {{driftline_latest}} where {SERIES} and warn is not null
),

limits as (
    select
        m.window_start, m.value, m.expected, m.noise, r.direction,
        {from_above("warn")} as from_above,
        {from_below("warn")} as from_below
    from measured as m
    left join rule as r on 1 = 1
)

select
    {{at:window_start}} as "time", value as "Value", expected as "Expected",
    coalesce(expected, 0) + noise as "Noise up to", case when expected is not null then expected - noise end as "Noise from",
    case when direction <> 'below' then from_above end as "Threshold above",
    case when direction <> 'above' then from_below end as "Threshold below"
from limits
order by window_start
""",
                width=24, height=10, form="time_series", fields=LINES, options=CHART,
                named={
                    "Value": _line("blue"), "Expected": _line("text", lineWidth=1, **DASHES),
                    "Noise up to": _band("gray", "Noise from"), "Noise from": _line("gray", **NO_LINE),
                    "Threshold above": _line("orange", lineWidth=1, **DASHES),
                    "Threshold below": _line("orange", lineWidth=1, **DASHES),
                },
            ),
        ),
        (
            Panel(
                "PSI of each column, against the reference",
                "Which columns drifted, and when. Orange from 0.1, red from 0.25, as is the custom; at few rows chance alone "
                "reaches that, which the noise in the panel above shows.", "status-history",
                f"""
select {{at:window_start}} as "time", column_name as "metric", max(psi) as "psi"
from {{driftline_drift}}
where {WINDOW} and baseline = 'reference' and is_complete and {{within:window_start}}
group by window_start, column_name
order by window_start, column_name
""",
                width=14, height=10, form="time_series",
                fields={
                    "decimals": 2, "color": {"mode": "thresholds"},
                    "thresholds": _steps((None, "green"), (0.1, "orange"), (0.25, "red")),
                    "custom": {"fillOpacity": 80, "lineWidth": 0},
                },
                options={"rowHeight": 0.9, "colWidth": 0.9, "showValue": "never", "legend": LEGEND, "tooltip": {"mode": "single", "sort": "none"}},
            ),
            Panel(
                "$column, bin by bin",
                "The newest window of the chosen column beside the reference: shares of the rows.", "barchart",
                f"""
select label as "Bin", share as "Now", reference_share as "Reference"
from {{driftline_histograms}}
where {WINDOW} and column_name = {{column}}
order by bin
""",
                width=10, height=10, fields={"unit": "percentunit", "custom": {"fillOpacity": 80, "lineWidth": 0}},
                options={
                    "xField": "Bin", "orientation": "auto", "showValue": "never", "stacking": "none", "groupWidth": 0.8,
                    "barWidth": 0.9, "xTickLabelRotation": -45, **CHART,
                },
            ),
        ),
        (
            Panel(
                "$performance, realized and estimated",
                "How good the model is, by labels that are known (with 1.96 standard errors either way) and, before they are, "
                "as estimated (with its interval).", "timeseries",
                f"""
select
    {{at:window_start}} as "time",
    max(case when basis = 'realized' and is_mature then value end) as "Realized",
    max(case when basis = 'realized' and is_mature then value + 1.96 * standard_error end) as "Realized, upper",
    max(case when basis = 'realized' and is_mature then value - 1.96 * standard_error end) as "Realized, lower",
    max(case when basis = 'estimated' then value end) as "Estimated",
    max(case when basis = 'estimated' then value_upper end) as "Estimated, upper",
    max(case when basis = 'estimated' then value_lower end) as "Estimated, lower",
    max(case when basis = 'realized' then reference_value end) as "Reference"
from {{driftline_performance}}
where {WINDOW} and metric = {{performance}} and class_name = 'all' and is_complete and {{within:window_start}}
group by window_start
order by window_start
""",
                width=14, height=9, form="time_series", fields=LINES, options=CHART,
                named={
                    "Realized": _line("blue"), "Realized, upper": _band("blue", "Realized, lower"),
                    "Realized, lower": _line("blue", **NO_LINE), "Estimated": _line("purple", **DASHES),
                    "Estimated, upper": _band("purple", "Estimated, lower"), "Estimated, lower": _line("purple", **NO_LINE),
                    "Reference": _line("text", lineWidth=1, **DASHES),
                },
            ),
            Panel(
                "Rows that came", "Rows of each window beside what such a window usually has.", "timeseries",
                """
select
    {at:window_start} as "time", row_count as "Rows", expected_row_count as "Usual",
    expected_row_count + row_count_noise as "Usual, up to", expected_row_count - row_count_noise as "Usual, from"
from {driftline_arrivals}
where monitor = {monitor} and is_total and window_periods = {number:window} and is_complete and {within:window_start}
order by window_start
""",
                width=10, height=9, form="time_series", fields=LINES, options=CHART,
                named={
                    "Rows": _line("blue"), "Usual": _line("text", lineWidth=1, **DASHES),
                    "Usual, up to": _band("gray", "Usual, from"), "Usual, from": _line("gray", **NO_LINE),
                },
            ),
        ),
        (
            Panel(
                "$business", "A business metric beside what was expected of it, and what chance makes of that.", "timeseries",
                f"""
select
    {{at:window_start}} as "time", value as "Value", expected as "Expected",
    expected + noise as "Usual, up to", expected - noise as "Usual, from"
from {{driftline_business}}
where {WINDOW} and metric in ({{business}}) and is_complete and is_mature and {{within:window_start}}
order by window_start
""",
                width=12, height=8, form="time_series", fields=LINES, options=CHART, repeat="business",
                named={
                    "Value": _line("blue"), "Expected": _line("text", lineWidth=1, **DASHES),
                    "Usual, up to": _band("gray", "Usual, from"), "Usual, from": _line("gray", **NO_LINE),
                },
            ),
        ),
        (
            Panel(
                "Open alerts", "The single series behind the incidents of this monitor.", "table",
                """
select
    severity as "Severity", {at:first_window_start} as "Since", sentence as "What", message as "Evidence",
    windows_breached as "Windows"
from {driftline_alerts}
where monitor = {monitor} and status = 'open'
order by case severity when 'critical' then 0 else 1 end, first_window_start desc
""",
                width=14, fields=WIDE,
                named={"Severity": SEVERITY, "Since": DATE, "What": TEXT, "Evidence": TEXT, "Windows": NARROW},
            ),
            Panel(
                "What is behind them", "Columns, segments, versions and bins by their part of the change, in its last window.",
                "table",
                """
select
    c.metric as "Measure", c.column_name as "Column", c.cause_kind as "Kind", c.share as "Part", c.description as "Cause"
from {driftline_causes} as c
join {driftline_alerts} as a on a.alert_id = c.alert_id
where a.monitor = {monitor} and a.status = 'open' and c.is_last_window and c.cause_rank <= 3
order by c.alert_id, c.cause_kind, c.cause_rank
""",
                width=10, fields=WIDE, named={"Cause": TEXT, "Part": {"unit": "percentunit", "custom.width": 80}},
            ),
        ),
    ),
)  # fmt: skip

DASHBOARDS = (OVERVIEW, MONITOR)
