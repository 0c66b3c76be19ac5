"""Alerts are unbroken runs of breaches: random histories against a few lines of Python, and histories that grow."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from typing import Any

import pytest
from judge.metrics import Row, day, judge, make_chain, row
from support import Chain

DAYS = 40
NAMES = ["plain", 'it\'s "odd"; drop table x; --', "日本"]
OVERRIDES: list[Row] = [
    {"monitor": name, "metric": "psi", "consecutive": consecutive, "min_rows": 100, "segments": "each"}
    for consecutive, name in enumerate(NAMES, 1)
]
VALUES = {"Q": 0.05, "B": 0.125, "C": 0.5, "U": 0.5}


def histories() -> dict[tuple[str, str], str]:
    """One letter a day: Quiet, Breach, Critical, Unjudged (too few rows), incomplete, or no row at all."""
    rng = random.Random(11)
    found = {}
    for name in NAMES:
        for number in range(40):
            letters = rng.choice(["QBCU_-", "QB", "BCU", "QBBBBBU_", "U_", "QQQQB", "BU"])
            found[name, f"s{number}"] = "".join(rng.choice(letters) for _ in range(DAYS))
        for number, fixed in enumerate(
            ["B" * DAYS, "Q" * DAYS, "BBB" + "Q" * 37, "Q" * 37 + "BBB", "BUBUB" + "U" * 35]
        ):
            found[name, f"fixed {number}"] = fixed
    return found


HISTORIES = histories()


def rows_until(days: int, incomplete: bool = False) -> Iterator[Row]:
    for (monitor, segment_value), letters in HISTORIES.items():
        for number, letter in enumerate(letters[:days]):
            if letter == "-":
                continue
            yield row(
                number,
                monitor=monitor,
                segment="s",
                segment_value=segment_value,
                value=VALUES.get(letter, 9.0) + number / 1024 * (letter in "BC"),
                row_count=10 if letter == "U" else 1000,
                is_complete=letter != "_" and not (incomplete and number == days - 1),
            )


def episodes(letters: str, consecutive: int) -> list[dict[str, Any]]:
    """What the alerts of one history must say."""
    judged = [(number, letter) for number, letter in enumerate(letters) if letter in "QBC"]
    found: list[dict[str, Any]] = []
    run: list[tuple[int, str]] = []
    for number, letter in [*judged, (-1, "Q")]:
        if letter != "Q":
            run.append((number, letter))
            continue
        if len(run) >= consecutive:
            critical = any(mark == "C" for _, mark in run)
            values = [VALUES[mark] + place / 1024 for place, mark in run]
            found.append(
                {
                    "first_window_start": day(run[0][0]),
                    "last_window_start": day(run[-1][0]),
                    "last_window_end": day(run[-1][0] + 1),
                    "windows_breached": len(run),
                    "severity": "critical" if critical else "warn",
                    "status": "open" if run[-1] == judged[-1] else "resolved",
                    "value": values[-1],
                    "peak_value": max(values),
                    "threshold": 0.25 if critical else 0.1,
                }
            )
        run = []
    return found


@pytest.fixture(scope="module")
def chain(make_module_project: Any) -> Chain:
    return make_chain(make_module_project, OVERRIDES)


FIELDS = list(episodes("B", 1)[0])


def alerts(chain: Chain) -> dict[tuple[str, str], dict[dt.datetime, tuple[str, dict[str, Any]]]]:
    found: dict[tuple[str, str], dict[dt.datetime, tuple[str, dict[str, Any]]]] = {}
    query = f"select monitor, segment_value, alert_id, {', '.join(FIELDS)} from driftline_alerts"
    ids = []
    for monitor, segment_value, alert_id, *values in chain.sql(query):
        fields = dict(zip(FIELDS, values, strict=True))
        series = found.setdefault((monitor, segment_value), {})
        assert fields["first_window_start"] not in series
        series[fields["first_window_start"]] = (alert_id, fields)
        ids.append(alert_id)
    assert len(set(ids)) == len(ids)
    return found


def test_random_histories_as_they_grow(chain: Chain) -> None:
    ids: dict[tuple[Any, ...], str] = {}
    for days, incomplete in [(3, False), (17, True), (17, False), (17, False), (30, False), (DAYS, False)]:
        judge(chain, list(rows_until(days, incomplete)), owners={NAMES[1]: "o'owner"})
        found = alerts(chain)
        seen = days - incomplete
        for (monitor, segment_value), letters in HISTORIES.items():
            expected = episodes(letters[:seen], NAMES.index(monitor) + 1)
            series = found.get((monitor, segment_value), {})
            got = [fields for _, fields in sorted(series.values(), key=lambda alert: alert[1]["first_window_start"])]
            assert got == expected, (monitor, segment_value, letters[:seen])
            for start, (alert_id, _) in series.items():
                # An alert keeps its name while it goes on, and after.
                assert ids.setdefault((monitor, segment_value, start), alert_id) == alert_id
    assert len(ids) > 200


def test_an_alert_says_what_it_is_about(chain: Chain) -> None:
    judge(chain, list(rows_until(DAYS)), owners={NAMES[1]: "o'owner"})
    found = chain.sql(
        "select monitor, owner, message, family, metric, column_name, baseline, segment, segment_value, window_periods,"
        " model_version from driftline_alerts where segment_value = 'fixed 0' order by monitor"
    )
    assert [alert[:2] for alert in found] == [(NAMES[1], "o'owner"), (NAMES[0], None), (NAMES[2], None)]
    for alert in found:
        assert alert[3:] == ("drift", "psi", "price", "reference", "s", "fixed 0", 1, "all")
        for part in ("price", "psi", "40 windows", "2024-03-01", "s = fixed 0"):
            assert part in alert[2]


def test_two_series_do_not_mix(chain: Chain) -> None:
    """The same days in another column, version, segment, measure or length are another series."""
    variants: list[Row] = [
        {},
        {"column_name": "other"},
        {"segment": "t"},
        {"segment_value": "y"},
        {"metric": "ks_lower"},
        {"model_version": "v1"},
        {"window_periods": 7},
    ]
    rows = [
        row(number, **{"monitor": "plain", "segment": "s", "segment_value": "x", **variant}, value=0.5)
        for variant in variants
        for number in range(3)
    ]
    judge(chain, rows)
    found = chain.sql("select column_name, segment, segment_value, metric, windows_breached from driftline_alerts")
    assert sorted(found) == sorted(
        [
            ("price", "s", "x", "psi", 3),
            ("other", "s", "x", "psi", 3),
            ("price", "t", "x", "psi", 3),
            ("price", "s", "y", "psi", 3),
        ]
    )
