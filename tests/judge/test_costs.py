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
    project.build(vars={"driftline_unit_values": {}})
    assert project.sql("select cost, cost_unit from driftline_incidents") == [(None, None)]
