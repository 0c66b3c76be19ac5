"""What Superset's dashboard shows: its data sets, charts and filters. How they become files is in superset.py.

Only tables that docs/tables.md promises are read. What may be added up is added up in a data set's own metrics; the habits of
docs/queries.md (totals, complete windows) are part of its SQL, so that no chart made of it by hand can do without.
"""

from __future__ import annotations

from typing import Any

from support.limits import ODDS, from_above, from_below
from support.superset import Chart, Dashboard, Dataset, Filter, Metric

Json = dict[str, Any]
RED, ORANGE, BLUE, GRAY, DARK = "#d43f3a", "#f0a30a", "#1f77b4", "#c0c0c0", "#505050"

# --------------------------------------------------------------------------------------------------------- data sets

INCIDENTS = Dataset(
    name="driftline_incidents",
    description="What people are told: alerts that have one cause, as one incident. One row per incident.",
    time="opened_at",
    metrics=(Metric("incidents", "Incidents", "count(*)", "How many.", ",d"),),
    labels={
        "severity": "Severity", "first_window_start": "Since", "headline": "What", "also": "Also", "cause": "Cause",
        "owner": "Owner", "status": "Status", "answered_by": "Answered by", "cost": "Cost", "cost_unit": "Unit",
        "monitor": "Monitor", "opened_at": "Opened", "resolved_at": "Over",
    },
)  # fmt: skip

MONITORS = Dataset(
    name="driftline_monitors",
    description="How each monitor fares: whether its rows were read, and how far its data and its results reach.",
    time="last_success_at",
    metrics=(
        Metric("monitors", "Monitors", "count(*)", "How many.", ",d"),
        Metric("last_success", "Last success", "max(last_success_at)", "When rows were last read with success, UTC."),
    ),
    labels={
        "monitor": "Monitor", "status": "Status", "problem": "Problem", "last_success_at": "Last success (UTC)",
        "failed_runs": "Failed runs", "results_computed_at": "Results built (UTC)", "newest_window_end": "Data until",
        "last_judged_window_end": "Judged until", "rows_read": "Rows read", "owner": "Owner",
    },
)  # fmt: skip

NOW = Dataset(
    name="driftline_now",
    description="What stands now of the totals: each series in its newest complete window, whether it was judged, if not why.",
    time="window_start",
    reads="driftline_latest",
    metrics=(Metric("series", "Series", "count(*)", "How many series.", ",d"),),
    labels={
        "monitor": "Monitor", "family": "Family", "metric": "Measure", "column_name": "Column", "not_judged": "Why",
        "baseline": "Held against", "judged_value": "Value", "expected": "Expected", "noise": "Noise", "warn": "Threshold",
        "window_periods": "Periods", "window_start": "Window",
    },
    sql="""\
select
    monitor, family, metric, column_name, baseline, window_periods, window_start, window_end, judged_value, expected, noise,
    effect, warn, critical, is_judged, is_breach, is_critical, not_judged, alert_id, reason
from driftline_latest
where is_total and not is_retired
""",
)  # fmt: skip

# A series is named in one word, so that one choice is enough.
_NAME = """\
monitor || ': ' || family || ' ' || metric || case when column_name = 'all' then '' else ' of ' || column_name end
            || case when segment = 'all' then '' else ' over ' || segment end
            || case when baseline = 'none' then '' else ' against ' || baseline end"""
_KEY = (
    "monitor", "model_version", "segment", "segment_value", "window_periods", "family", "metric", "column_name", "baseline",
)  # fmt: skip


def _of_one(name: str, label: str, column: str, description: str) -> Metric:
    is_one = "min(series) = max(series) and min(window_periods) = max(window_periods)"
    return Metric(name, label, f"case when {is_one} then avg({column}) end", description)


SERIES = Dataset(
    name="driftline_series",
    description="The totals that have a threshold, in complete windows, beside what they are held against, what is noise, and "
    "the values that would reach the thresholds of today. Without a value where several series would be mixed.",
    time="window_start",
    reads="driftline_metrics",
    metrics=(
        _of_one("measured", "Value", "value", "What is judged. Nothing where several series would be mixed."),
        _of_one("held_against", "Expected", "expected", "What it is held against; nothing for a distance."),
        _of_one("noise_to", "Noise up to", "noise_above", "Below this and above 'Noise from' it may be chance."),
        _of_one("noise_from", "Noise from", "noise_below", "See 'Noise up to'."),
        _of_one("warn_from_above", "Warning above", "warn_above", "The value that would be a warning by today's threshold."),
        _of_one("warn_from_below", "Warning below", "warn_below", "The same of a value that falls."),
        _of_one("critical_from_above", "Critical above", "critical_above", "The value that would be critical by today's threshold."),
        _of_one("critical_from_below", "Critical below", "critical_below", "The same of a value that falls."),
        Metric(
            "most_attention", "Needs a look", "max(attention)",
            "Critical before warning before judged, what is nearest its threshold first.",
        ),
    ),
    labels={"monitor": "Monitor", "series": "Series", "window_periods": "Periods of a window", "window_start": "Window"},
    made={
        "series": ("string", "Monitor, family, measure, column and what it is held against, in one name."),
        "value": ("double precision", "The value that is judged."),
        "noise_above": ("double precision", "Up to here chance alone reaches."),
        "noise_below": ("double precision", "Down to here chance alone reaches."),
        "warn_above": ("double precision", "The value that would just be a warning, growing."),
        "warn_below": ("double precision", "The value that would just be a warning, falling."),
        "critical_above": ("double precision", "The value that would just be critical, growing."),
        "critical_below": ("double precision", "The value that would just be critical, falling."),
        "attention": ("double precision", "The larger, the sooner the series wants to be looked at: what it opens with."),
    },
    sql=f"""\
with measured as (
    select
        {", ".join(_KEY[:5])},
        {", ".join(_KEY[5:])}, window_start,
        {_NAME} as series,
        coalesce(judged_value, value) as value, expected, noise, row_count,
        {ODDS} as odds
    from driftline_metrics
    where is_total and is_complete
),

rules as (
    select
        {", ".join(_KEY[:5])},
        {", ".join(_KEY[5:])}, direction, compare, warn, critical,
        case when is_critical then 3 when is_breach then 2 when is_judged then 1 else 0 end
            + case when is_judged and effect > 0 then effect / (effect + abs(coalesce(warn, critical))) else 0 end as attention
    from driftline_latest
    where is_total and not is_retired and coalesce(warn, critical) is not null
),

limits as (
    select
        m.monitor, m.series, m.window_periods, m.window_start, m.value, m.expected, m.noise, r.direction, r.attention,
        {from_above("warn")} as warn_from_above,
        {from_below("warn")} as warn_from_below,
        {from_above("critical")} as critical_from_above,
        {from_below("critical")} as critical_from_below
    from measured as m
    join rules as r on {" and ".join(f"r.{name} = m.{name}" for name in _KEY[:4])}
        and {" and ".join(f"r.{name} = m.{name}" for name in _KEY[4:7])}
        and {" and ".join(f"r.{name} = m.{name}" for name in _KEY[7:])}
)

select
    monitor, series, window_periods, window_start, value, expected,
    coalesce(expected, 0) + noise as noise_above,
    case when expected is not null then expected - noise end as noise_below,
    case when direction <> 'below' then warn_from_above end as warn_above,
    case when direction <> 'above' then warn_from_below end as warn_below,
    case when direction <> 'below' then critical_from_above end as critical_above,
    case when direction <> 'above' then critical_from_below end as critical_below,
    attention
from limits
""",
)  # fmt: skip

# ------------------------------------------------------------------------------------------------------------ charts

OPEN = "status in ('open', 'acknowledged')"


def _number(
    title: str, description: str, dataset: Dataset, metric: str, where: str | None = None, **form: Any
) -> Chart:
    looks = {"header_font_size": 0.4, "subheader_font_size": 0.15, "y_axis_format": ",d", **form}
    return Chart(
        title, description, "big_number_total", dataset, width=3, height=18, metrics=(metric,), where=where, form=looks
    )


def _columns(**looks: Json) -> Json:
    return {"column_config": looks}


def _from_one(metric: str, color: str) -> Json:
    return {"conditional_formatting": [{"column": metric, "operator": ">", "targetValue": 0, "colorScheme": color}]}


THE_SERIES = Chart(
    "A series against its thresholds",
    "The series that is chosen beside the dashboard: what is judged, what it is held against, the band that is noise, and the "
    "values that would reach today's thresholds. A window breaches where it is beyond a threshold and beyond the noise.",
    "echarts_timeseries_line", SERIES, width=12, height=58, over="window_start",
    metrics=(
        "measured", "held_against", "noise_to", "noise_from", "warn_from_above", "warn_from_below", "critical_from_above",
        "critical_from_below",
    ),
    of_span=True, of_series=True, limit=50000,
    form={"markerEnabled": False, "connectNulls": False, "y_axis_format": "SMART_NUMBER", "truncateYAxis": False},
)  # fmt: skip

DASHBOARD = Dashboard(
    title="driftline: what goes on",
    slug="driftline",
    description="Open incidents in sentences, how each monitor fares, what was not judged and why, and one series over time.",
    filters=(
        Filter("Monitor", "All, or those that are chosen.", "monitor", MONITORS),
        Filter("Span", "Of what is drawn over time.", of=lambda chart: chart.of_span),
        Filter(
            "Series", "One series. It opens with the one that most wants a look.", "series", SERIES, one=True,
            first="most_attention", within=("Monitor",), of=lambda chart: chart.of_series,
        ),
        Filter(
            "Periods of a window", "One length, since windows of several overlap.", "window_periods", SERIES, one=True,
            within=("Series",), of=lambda chart: chart.of_series,
        ),
    ),
    rows=(
        (
            _number(
                "Last build that succeeded", "When the rows of a monitor were last read with success, UTC.", MONITORS,
                "last_success", header_font_size=0.3, time_format="%Y-%m-%d %H:%M", force_timestamp_formatting=True,
            ),
            _number(
                "Monitors with a problem", "Failed, not run lately, results older than what was read, or nothing judged.",
                MONITORS, "monitors", "status <> 'ok'", **_from_one("monitors", ORANGE),
            ),
            _number(
                "Open incidents", "What has one cause is one incident. Acknowledged ones are open too.", INCIDENTS, "incidents",
                OPEN, **_from_one("incidents", ORANGE),
            ),
            _number(
                "Critical ones", "About money, the model, missing values, data that stop or a monitor that fails.", INCIDENTS,
                "incidents", f"{OPEN} and severity = 'critical'", **_from_one("incidents", RED),
            ),
        ),
        (
            Chart(
                "Open incidents, in sentences",
                "What is going on, how bad it is, since when, who owns it and what is likely behind it. Times are the wall "
                "clock of the monitor.", "table", INCIDENTS, width=12, height=66,
                rows=(
                    "severity", "first_window_start", "headline", "also", "cause", "owner", "status", "cost", "cost_unit",
                    "monitor",
                ),
                where=OPEN, order=(("severity", True), ("first_window_start", False)),
                form=_columns(headline={"columnWidth": 330}, also={"columnWidth": 170}, cause={"columnWidth": 230}),
            ),
        ),
        (
            Chart(
                "How the monitors fare",
                "Whether each monitor was read, whether its results are up to date, and how far its data reach. Windows are in "
                "the wall clock of the monitor.", "table", MONITORS, width=12, height=36,
                rows=(
                    "monitor", "status", "problem", "last_success_at", "failed_runs", "results_computed_at",
                    "newest_window_end", "last_judged_window_end", "rows_read", "owner",
                ),
                order=(("monitor", True),),
            ),
        ),
        (
            Chart(
                "Not judged, and why",
                "Series of the totals that have a threshold and were not held against it in their newest window.", "table",
                NOW, width=5, height=44, by=("monitor", "family", "not_judged"), metrics=("series",),
                where="not is_judged and not_judged <> 'no threshold'",
            ),
            Chart(
                "Over their threshold now",
                "Series of the totals that are over their threshold and their noise in their newest window. One such window need "
                "not be an alert yet.", "table", NOW, width=7, height=44,
                rows=("monitor", "metric", "column_name", "baseline", "judged_value", "expected", "noise", "window_start"),
                where="is_breach", order=(("is_critical", False), ("monitor", True), ("metric", True), ("column_name", True)),
                form=_columns(**{name: {"d3NumberFormat": ".3~g"} for name in ("judged_value", "expected", "noise")}),
            ),
        ),
        (THE_SERIES,),
        (
            Chart(
                "Incidents over time", "By the week in which they opened.", "echarts_timeseries_bar", INCIDENTS, width=12,
                height=36, over="opened_at", grain="P1W", metrics=("incidents",), by=("severity",), of_span=True, limit=10000,
                form={"stack": "Stack", "y_axis_format": "~g"},
            ),
        ),
    ),
    colors={
        "critical": RED, "warn": ORANGE, "measured": BLUE, "held_against": DARK, "noise_to": GRAY, "noise_from": GRAY,
        "warn_from_above": ORANGE, "warn_from_below": ORANGE, "critical_from_above": RED, "critical_from_below": RED,
    },
)  # fmt: skip
