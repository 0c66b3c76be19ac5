"""How a column is distributed is one fact: a finer measure alerts by itself only for what no measure of the whole tells."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pytest
from judge.metrics import ALERTS, Row, day, judge, make_chain, row
from support import Chain

DAYS, COLUMNS, BREACHES, WITHIN, QUIET = 36, 60, 2, 3, 3
# Quiet, hovering, a breach, one that opens at once: value and noise.
WHOLE = {"Q": (0.05, 0.0), "H": (0.08, 0.0), "B": (0.125, 0.0), "C": (0.5, 0.0)}
FINER = {"Q": (0.01, 0.05), "H": (0.08, 0.05), "B": (0.12, 0.09), "C": (0.3, 0.05)}
FIXED = [
    ("BQQQ" * 9, "C" * 36),  # what the whole tells goes on as long as the finer one sees it
    ("Q" * 6 + "B" * 30, "Q" * 5 + "C" * 31),  # the finer one was first, and goes on
    ("Q" * 5 + "B" * 31, "Q" * 5 + "C" * 31),  # both at the same time: at once, and once
    ("C" + "Q" * 35, "Q" * 8 + "C" * 28),  # the whole is over before the finer one begins
    ("CQQQ" + "Q" * 32, "QBQQ" + "QBBQQQ" * 5 + "QQ"),
    ("BBBB" + "Q" * 32, "BBBB" + "HHHHHHB" + "H" * 25),
]


def histories() -> list[tuple[str, str]]:
    rng = random.Random(34)
    found = list(FIXED)
    while len(found) < COLUMNS:
        both = rng.choice([("QQBC", "QQBC"), ("QHB", "QBC"), ("QQQQQQB", "QHBC"), ("QQQQC", "QQQB"), ("QB", "HHQQQB")])
        found.append(tuple("".join(rng.choice(of) for _ in range(DAYS)) for of in both))  # type: ignore[arg-type]
    return found


HISTORIES = histories()
Found = dict[tuple[str, dt.datetime], tuple[str, dt.datetime, dt.datetime | None]]


def walk(letters: str, at_once: list[bool], quiet: list[bool]) -> list[dict[str, Any]]:
    """The alerts of one measure by its own rule: first breach, opening, the breaches from then on, end."""
    alerts: list[dict[str, Any]] = []
    current: dict[str, Any] | None = None
    since, calm = 0, 0
    for n, letter in enumerate(letters):
        breach = letter in "BC"
        calm = calm + 1 if quiet[n] else 0
        if current is None and breach:
            near = [k for k in range(max(since, n - WITHIN + 1), n + 1) if letters[k] in "BC"]
            if at_once[n] or len(near) >= BREACHES:
                first = near[-BREACHES] if len(near) >= BREACHES else n
                current = {"first": first, "opened": n, "breaches": [n], "over": None}
        elif current is not None and breach:
            current["breaches"].append(n)
        if calm == QUIET:
            if current is not None:
                alerts.append({**current, "over": n})
            current, since, calm = None, n + 1, 0
    return alerts + ([current] if current is not None else [])


def expected(whole: str, finer: str) -> Found:
    w = walk(
        whole,
        [a == "C" or (a == "B" and b == "C") for a, b in zip(whole, finer, strict=True)],
        [a == "Q" and b not in "BC" for a, b in zip(whole, finer, strict=True)],
    )
    f = walk(finer, [b == "C" for b in finer], [b == "Q" for b in finer])
    found: Found = {}
    for alert in w:
        over = None if alert["over"] is None else day(alert["over"] + 1)
        found["psi", day(alert["first"])] = (str(over), day(alert["opened"] + 1), over)
    for alert in f:
        seen_alone = [
            n
            for n in alert["breaches"]
            if not any(o["opened"] <= n and (o["over"] is None or o["over"] > n) for o in w)
        ]
        if seen_alone:
            over = None if alert["over"] is None else day(alert["over"] + 1)
            found["mean_shift", day(alert["first"])] = (str(over), day(seen_alone[0] + 1), over)
    return found


@pytest.fixture(scope="module")
def chain(make_module_project: Any) -> Chain:
    return make_chain(make_module_project, [])


def rows_until(days: int) -> list[Row]:
    return [
        row(n, column_name=f"c{number}", metric=metric, value=how[letters[n]][0], noise=how[letters[n]][1])
        for number, both in enumerate(HISTORIES)
        for metric, how, letters in (("psi", WHOLE, both[0]), ("mean_shift", FINER, both[1]))
        for n in range(days)
    ]


def test_as_the_days_go_by(chain: Chain) -> None:
    known: dict[str, tuple[str, str, dt.datetime]] = {}
    for days in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 17, 21, 28, DAYS):
        judge(chain, rows_until(days), then=ALERTS)
        alerts = chain.sql(
            "select column_name, metric, first_window_start, opened_at, resolved_at, alert_id from driftline_alerts"
        )
        by_column: dict[str, Found] = {}
        for column, metric, first, opened, over, _ in alerts:
            by_column.setdefault(column, {})[metric, first] = (str(over), opened, over)
        for number, (whole, finer) in enumerate(HISTORIES):
            wanted = expected(whole[:days], finer[:days])
            assert by_column.get(f"c{number}", {}) == wanted, (days, whole[:days], finer[:days])
        # What was told once is there for good, under its id, as it was told.
        now = {alert_id: (column, metric, opened) for column, metric, _, opened, _, alert_id in alerts}
        assert known.items() <= now.items(), days
        known = now
    both = {
        number for number, (w, f) in enumerate(HISTORIES) if {m for m, _ in expected(w, f)} == {"psi", "mean_shift"}
    }
    assert 5 < len(both) < COLUMNS - 5
