"""What an incident has cost, through the real build, against a few lines of pandas."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest
from support import Project

START, DAYS, ROWS = dt.datetime(2024, 1, 1), 60, 400
MONITOR = """
{{ driftline.monitor(relation=source('raw', 'log'), timestamp='at', period='day',
    reference={'start': '2024-01-01', 'end': '2024-01-31'},
    business_metrics={'conversion': {'numerator': 'bought', 'denominator': '1'}, 'revenue': {'sum': 'bought * 20'}}) }}
"""
VALUES = {"shop": {"conversion": {"value": 25, "unit": "GBP"}, "revenue": {"value": 1, "unit": "GBP"}}}
VARS = {"driftline_monitors": ["shop"], "driftline_now": "2024-03-01", "driftline_unit_values": VALUES}


def test_what_is_missing_by_what_it_is_worth(make_project: Any) -> None:
    rng = np.random.default_rng(5)
    days = np.repeat(np.arange(DAYS), ROWS)
    bought = rng.random(len(days)) < np.where((days >= 50) & (days < 54), 0.1, 0.3)
    project: Project = make_project(models={"shop": MONITOR}, vars=VARS)
    project.load(
        "log", {"at": [START + dt.timedelta(days=int(d), hours=9) for d in days], "bought": bought.astype(int).tolist()}
    )
    project.build()
    incidents = project.frame("select * from driftline_incidents")
    [incident] = incidents.to_dict("records")
    alerts = project.frame("select * from driftline_alerts where family = 'business'")
    business = project.frame("select * from driftline_business where is_total and window_periods = 1")
    costs = []
    for alert in alerts.to_dict("records"):
        rows = business[
            (business["metric"] == alert["metric"])
            & business["window_start"].between(alert["first_window_start"], alert["last_window_start"])
        ]
        units = rows["denominator"].fillna(1.0) * VALUES["shop"][alert["metric"]]["value"]
        costs.append(float(((rows["expected"] - rows["value"]) * units).sum()))
    assert len(costs) == 2, "both, and their trends"
    assert incident["cost"] == pytest.approx(max(costs, key=abs), rel=1e-9)
    # Four days of 80 sales fewer, at 25 each.
    assert incident["cost_unit"] == "GBP" and 6500 < incident["cost"] < 9500
    # What it is worth decides how bad it is.
    cost = incident["cost"]
    assert incident["severity"] == "critical"
    for limits, severity in [
        ({"warn": cost + 1}, "warn"),
        ({"critical": cost + 1}, "warn"),
        ({"warn": cost - 1, "critical": cost + 1}, "critical"),
        ({"warn": 1, "critical": cost - 1}, "critical"),
    ]:
        project.build("--select", "driftline_int_incidents+", vars={"driftline_costs": {"GBP": limits}})
        assert project.sql("select severity from driftline_incidents") == [(severity,)], limits
    # A loss that looks small, and is not.
    small = [{"family": family, "critical": 1e6} for family in ("business", "trend")]
    more = {"driftline_thresholds": small, "driftline_costs": {"EUR": {"critical": 1}}}
    project.build("--select", "driftline_int_judgements+", vars=more)
    assert project.sql("select severity from driftline_incidents") == [("warn",)], "another currency"
    more["driftline_costs"] = {"GBP": {"critical": cost - 1}}
    project.build("--select", "driftline_int_incidents+", vars=more)
    assert project.sql("select severity from driftline_incidents") == [("critical",)]
    # Nothing said, nothing known.
    project.build("--select", "driftline_int_incident_costs+", vars={"driftline_unit_values": {}})
    assert project.sql("select cost, cost_unit from driftline_incidents") == [(None, None)]


def test_what_lasts_costs_as_long_as_it_lasts(make_project: Any) -> None:
    """The windows before learn a lasting fall after two weeks; it is missing against the reference from then on."""
    days_in_all, falls = 110, 60
    rng = np.random.default_rng(6)
    days = np.repeat(np.arange(days_in_all), ROWS)
    bought = rng.random(len(days)) < np.where(days >= falls, 0.15, 0.3)
    end = START + dt.timedelta(days=days_in_all)
    values = {"shop": {"conversion": {"value": 25, "unit": "GBP"}}}
    project: Project = make_project(
        models={"shop": MONITOR}, vars={**VARS, "driftline_now": str(end), "driftline_unit_values": values}
    )
    project.load(
        "log", {"at": [START + dt.timedelta(days=int(d), hours=9) for d in days], "bought": bought.astype(int).tolist()}
    )
    project.build("--select", "+driftline_incidents", "+driftline_alerts")
    incidents = project.frame("select * from driftline_incidents where cost is not null")
    [incident] = incidents.to_dict("records")
    alerts = project.frame(
        "select * from driftline_alerts where family = 'business' and metric = 'conversion' and is_total"
    )
    assert set(alerts["baseline"]) == {"trailing", "reference"} and incident["status"] == "open"
    rows = project.frame(
        "select * from driftline_business where is_total and window_periods = 1 and metric = 'conversion'"
    )
    told: dict[str, set[Any]] = {
        baseline: {
            start
            for alert in alerts[alerts["baseline"] == baseline].to_dict("records")
            for start in rows["window_start"]
            if alert["first_window_start"] <= start <= alert["last_window_start"]
        }
        for baseline in ("trailing", "reference")
    }
    cost = before = 0.0
    for row in rows.to_dict("records"):
        start = row["window_start"]
        if start not in told["trailing"] | told["reference"]:
            continue
        usual = row["expected"]
        before += (usual - row["value"]) * row["denominator"] * 25 if start in told["trailing"] else 0.0
        if row["is_held_against_reference"] or start not in told["trailing"]:
            usual = row["reference_value"] if np.isnan(row["reference_expected"]) else row["reference_expected"]
        cost += (usual - row["value"]) * row["denominator"] * 25
    assert incident["cost"] == pytest.approx(cost, rel=1e-9)
    # Fifty days of 60 sales fewer, at 25 each; the windows before have seen the first of them.
    assert 0.85 < incident["cost"] / (50 * 60 * 25) < 1.1
    assert before < 0.6 * incident["cost"]
