#!/usr/bin/env python3
"""What the demo's monitors found, in a few lines for the terminal.

    dbt build && python findings.py

Every number is read from the tables that `dbt build` made. The result tables answer nearly all of it; only the z
values need the log itself, because a sum per week does not tell how far single requests scatter.
"""

from __future__ import annotations

import argparse
import os
import sys
import textwrap
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb

DATABASE = Path(os.environ.get("DRIFTLINE_DEMO_DB", Path(__file__).parent / "target" / "driftline_demo.duckdb"))

# What the shop planned, not what it measured.
CANARY = (date(2011, 7, 1), date(2011, 9, 5))  # half-open
ROLL_OUT = date(2011, 10, 3)
YEAR = timedelta(weeks=52)  # so that the days of the week are the same
LOOKS_LIKE_DRIFT = 0.1  # the PSI from which people usually begin to worry

DRIFT = """
    with weeks as (
        select column_name, window_start, psi, psi_noise
        from driftline_drift
        where monitor = 'recommendations' and model_version = 'reco_v1' and segment = 'all'
            and column_role = 'feature' and baseline = 'reference' and window_periods = 1
            and is_complete and psi is not null
            and window_start >= (
                select cast(reference_end as timestamp) from driftline_monitors where monitor = 'recommendations'
            )
    )
    select
        column_name,
        median(psi) as psi,
        median(psi_noise) as noise,
        count(*) filter (where psi > psi_noise) as weeks_over_noise,
        count(*) filter (where psi > $limit) as weeks_over_limit,
        count(*) as weeks,
        min(window_start) as first_week,
        max(window_start) + interval 7 day as until
    from weeks
    group by column_name
    order by psi desc
"""

# The last four weeks in which v1 still had traffic in every one of them.
DECAY = """
    select window_start, window_end, value, seasonal_value
    from driftline_business
    where monitor = 'recommendations' and metric = 'conversion' and model_version = 'reco_v1' and segment = 'all'
        and window_periods = 4 and window_end <= (
            select max(window_end) from driftline_business
            where monitor = 'recommendations' and metric = 'conversion' and model_version = 'reco_v1'
                and segment = 'all' and window_periods = 1 and row_count > 0
        )
    order by window_end desc
    limit 1
"""

# The last complete month that has the same month a year earlier.
SHADOW_YEAR = """
    select metric, window_start, value, seasonal_value
    from driftline_business
    where monitor = 'shadow_models' and window_periods = 1 and is_complete
        and metric in ('conversion_v1', 'conversion_popular') and seasonal_value is not null
    qualify window_start = max(window_start) over ()
"""

SHADOW_SAME_REQUESTS = """
    with months as (
        select metric, window_start, numerator, denominator
        from driftline_business
        where monitor = 'shadow_models' and window_periods = 1 and is_complete
            and window_start >= date_trunc('month', cast($roll_out as timestamp))
    )
    select metric, min(window_start), max(window_start), sum(numerator) / sum(denominator)
    from months
    where metric in ('conversion_v1', 'conversion_v2')
    group by metric
    order by metric
"""

# The traffic as a whole, in all weeks since the roll-out and in as many before it.
HEADLINE = """
    with weeks as (
        select window_start >= cast($roll_out as timestamp) as is_after, window_start, numerator, denominator
        from driftline_business
        where monitor = 'recommendations' and metric = 'conversion' and model_version = 'all' and segment = 'all'
            and window_periods = 1 and is_complete
    ),
    numbered as (
        select *, row_number() over (partition by is_after order by window_start desc) as place,
            count(*) filter (where is_after) over () as weeks_after
        from weeks
    )
    select
        sum(numerator) filter (where not is_after) / sum(denominator) filter (where not is_after),
        sum(numerator) filter (where is_after) / sum(denominator) filter (where is_after),
        max(weeks_after)
    from numbered
    where place <= weeks_after
"""

# The same four weeks: the lists' quality, and what the label rate would have been taken for without labels.
QUALITY = """
    select basis, metric, value, value_lower, value_upper, seasonal_value
    from driftline_performance
    where monitor = 'recommendations' and model_version = 'reco_v1' and segment = 'all' and class_name = 'all'
        and window_periods = 4 and window_end = $window_end
"""

# Of the change in the bought share since the reference: through other inputs, and at the same inputs. Every column
# splits it for itself; the one in the middle stands for all.
RELATION = """
    select median(label_change), median(label_shares_effect), median(label_rates_effect)
    from driftline_concept
    where monitor = 'recommendations' and model_version = 'reco_v1' and segment = 'all' and column_role = 'feature'
        and window_periods = 4 and window_end = $window_end
"""

# All weeks in which both versions had traffic; the interval holds however often somebody looks.
COMPARISON = """
    select value, champion_value, anytime_lower, anytime_upper, verdict
    from driftline_comparisons
    where monitor = 'recommendations' and model_version = 'reco_v2' and champion_version = 'reco_v1' and segment = 'all'
        and span = 'cumulative' and metric = 'conversion' and window_end = $window_end
"""

ALERTS = """
    select
        count(*) filter (where status = 'open'),
        count(*) filter (where status = 'open' and severity = 'critical'),
        count(*) filter (where status = 'resolved'),
        count(*) filter (where column_name in (select unnest(cast($columns as varchar[]))))
    from driftline_alerts
"""

INCIDENTS = """
    select
        headline, severity, status,
        case when also is null then '' else 'Moved: ' || also || '.' end as also
    from driftline_incidents
    order by status, severity, first_window_start desc
"""


@dataclass
class Share:
    """A share of bought recommendations with its standard error; rows of one unit are not independent."""

    value: float
    error: float

    def z(self, other: Share) -> float:
        return (self.value - other.value) / (self.error**2 + other.error**2) ** 0.5


def share(database: duckdb.DuckDBPyConnection, version: str, start: date, end: date, unit: str) -> Share:
    """Conversion of a model version in a span; the error is that of a ratio of sums over independent units."""
    query = f"""
        with units as (
            select {unit}, sum(label) as bought, count(*) as shown
            from recommendation_log
            where model_version = $version
                and served_at >= cast($start as timestamp) and served_at < cast($end as timestamp)
            group by {unit}
        ),
        total as (select sum(bought) / sum(shown) as p, sum(shown) as shown from units)
        select max(t.p), sqrt(sum(pow(u.bought - t.p * u.shown, 2))) / max(t.shown)
        from units as u cross join total as t
    """
    return Share(*database.execute(query, {"version": version, "start": start, "end": end}).fetchone())


def percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def findings(database: duckdb.DuckDBPyConnection) -> list[str]:
    """The summary, line by line."""
    columns = database.execute(DRIFT, {"limit": LOOKS_LIKE_DRIFT}).fetchall()
    drifting = [row for row in columns if row[3] > row[5] / 2]
    # Columns that worry by the usual limit in many weeks and yet hardly ever leave their own noise.
    harmless = [row for row in columns if row[4] > row[5] / 3 and row[3] <= row[5] / 10]
    harmless_names = [row[0] for row in harmless]
    weeks, first_week, until = columns[0][5:]
    lines = [
        f"Drift of reco_v1's features, {weeks} weeks from {first_week:%Y-%m-%d} to {until:%Y-%m-%d}, "
        "against Sep-Oct 2010",
        f"  {'column':<19}  typical weekly PSI  its own noise  weeks beyond noise",
    ]
    for name, psi, noise, over, worrying, total, *_ in [*drifting, *harmless]:
        remark = "  <- drifts most" if name == columns[0][0] else ""
        if name in harmless_names:
            remark = f"  <- over {LOOKS_LIKE_DRIFT} in {worrying} weeks, yet noise"
        lines.append(f"  {name:<19}  {psi:>18.2f}  {noise:>13.2f}  {over:>9} of {total:<5}{remark}".rstrip())

    start, end, now, year_ago = database.execute(DECAY).fetchone()
    earlier = share(database, "reco_v1", start - YEAR, end - YEAR, "request_id")
    decay = share(database, "reco_v1", start, end, "request_id")
    shadow = {row[0]: row[1:] for row in database.execute(SHADOW_YEAR).fetchall()}
    month, v1_now, v1_year_ago = shadow["conversion_v1"]
    _, popular_now, popular_year_ago = shadow["conversion_popular"]
    lines += [
        "",
        "The champion, reco_v1, wears out (bought share of its recommendations, same season a year apart)",
        f"  in the log, 4 weeks to {end:%Y-%m-%d}   {percent(year_ago)} -> {percent(now)}  "
        f"(z = {decay.z(earlier):.1f})",
        f"  in shadow, all requests, {month:%b %Y}  {percent(v1_year_ago)} -> {percent(v1_now)}; "
        f"the best-seller list held: {percent(popular_year_ago)} -> {percent(popular_now)}",
    ]
    lines += quality(database, end)

    v1, v2 = (share(database, version, *CANARY, "request_id") for version in ("reco_v1", "reco_v2"))
    v1_customers, v2_customers = (
        share(database, version, *CANARY, "customer_id") for version in ("reco_v1", "reco_v2")
    )
    versions = database.execute(COMPARISON, {"window_end": ROLL_OUT}).fetchone()
    before, after, span = database.execute(HEADLINE, {"roll_out": ROLL_OUT}).fetchone()
    (_, since, to, same_v1), (*_, same_v2) = database.execute(SHADOW_SAME_REQUESTS, {"roll_out": ROLL_OUT}).fetchall()
    lines += [
        "",
        f"Canary of {CANARY[0]} to {CANARY[1] - timedelta(days=1)}: reco_v2 {percent(v2.value)}, "
        f"reco_v1 {percent(v1.value)}  "
        f"(z = {v2.z(v1):.1f} by request, {v2_customers.z(v1_customers):.1f} by customer)",
        f"By the roll-out: {percent(versions[0])} against {percent(versions[1])}, difference {100 * versions[2]:+.1f} "
        f"to {100 * versions[3]:+.1f} points however often one looks: {versions[4]}.",
        f"The trap: conversion fell from {percent(before)} to {percent(after)} in the {span} weeks after "
        f"the roll-out of {ROLL_OUT}.",
        f"  It was not reco_v2: on the same requests ({since:%b} to {to:%b %Y}, shadow) it gets {percent(same_v2)}, "
        f"reco_v1 {percent(same_v1)}.",
    ]

    open_, critical, resolved, on_noise = database.execute(ALERTS, {"columns": harmless_names}).fetchone()
    spared = f", {on_noise} of all on noise ({', '.join(harmless_names)})" if harmless_names else ""
    incidents = database.execute(INCIDENTS).fetchall()
    now = [incident for incident in incidents if incident[2] == "open"]
    lines += [
        "",
        f"Incidents: {len(now)} open, {len(incidents) - len(now)} over. Their evidence, alerts: {open_} open "
        f"({critical} critical), {resolved} resolved{spared}",
    ]
    for headline, severity, _, also in now:
        name = "critical" if severity == "critical" else "warning"
        lines += textwrap.wrap(f"{name:<9} {headline.rstrip('.')}. {also}", 100, initial_indent="  ",
                               subsequent_indent=" " * 12)  # fmt: skip
    lines += [
        "Real invoices (Online Retail II, Daqing Chen, CC BY 4.0), replayed offline: nobody saw a recommendation.",
    ]
    return lines


def quality(database: duckdb.DuckDBPyConnection, end: datetime) -> list[str]:
    """How good the champion's lists were in the four weeks to ``end``, and why."""
    of = {tuple(row[:2]): row[2:] for row in database.execute(QUALITY, {"window_end": end}).fetchall()}
    ndcg, hits = of["realized", "ndcg"], of["realized", "hit_rate"]
    estimate, truth = of["estimated", "label_rate"], of["realized", "label_rate"]
    change, inputs, relation = database.execute(RELATION, {"window_end": end}).fetchone()
    return [
        f"  its lists, same weeks and a year before: NDCG at 5 {ndcg[3]:.2f} -> {ndcg[0]:.2f}, "
        f"with a hit {percent(hits[3])} -> {percent(hits[0])}",
        f"  without labels one would have expected {percent(estimate[1])} to {percent(estimate[2])} bought; "
        f"it was {percent(truth[0])}",
        f"  since the reference {100 * change:+.1f} points: {100 * inputs:+.1f} by other inputs, "
        f"{100 * relation:+.1f} at the same inputs",
    ]


def main() -> int:
    options = argparse.ArgumentParser(description="Print what the demo's monitors found.")
    options.add_argument("--database", type=Path, default=DATABASE, help="DuckDB file that dbt build wrote")
    path = options.parse_args().database
    if not path.exists():
        print(f"{path} is not there; run `dbt build` in the demo's folder first.", file=sys.stderr)
        return 2
    try:
        with duckdb.connect(str(path), read_only=True) as database:
            lines = findings(database)
    except duckdb.CatalogException as error:
        print(f"{path} is not complete, run `dbt build` again: {str(error).splitlines()[0]}", file=sys.stderr)
        return 2
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
