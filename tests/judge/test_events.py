"""The calendar as a seed or model of the project: through the real build."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
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
    project.build()
    found = project.workspace.sql(
        f"select status, event, open_alerts from {project.workspace.relation('driftline_incidents')}"
    )
    assert found == [("resolved", "sale", 0)]
    later = project.run(["build", "--select", "driftline_int_expected+"], vars={
        "driftline_monitors": ["shop"], "driftline_events": "wrong", "driftline_now": "2024-02-20",
    })  # fmt: skip
    assert not later.success and "'wrong'" in str(later)
