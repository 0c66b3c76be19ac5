"""Alerts are episodes: random histories against a few lines of Python, and histories that grow."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from typing import Any

import pytest
from driftline.text import number as readable
from judge.metrics import ALERTS, Row, day, judge, make_chain, row
from support import Chain

DAYS = 70
SILENCE = 28
NAMES = ["plain", 'it\'s "odd"; drop table x; --', "日本", "by the day", "two of four", "never at once"]
# Breaches, among how many windows, quiet ones that end it, and whether one window may be enough.
RULES: dict[str, tuple[int, int, int, bool]] = {
    NAMES[0]: (1, 1, 1, True),
    NAMES[1]: (2, 2, 2, True),
    NAMES[2]: (3, 3, 3, True),
    NAMES[3]: (2, 3, 3, True),
    NAMES[4]: (2, 4, 3, True),
    NAMES[5]: (2, 2, 2, False),
}
OVERRIDES: list[Row] = [
    *({"monitor": name, "metric": "psi", "consecutive": RULES[name][0], "min_rows": 100} for name in NAMES[:3]),
    {"monitor": "two of four", "metric": "psi", "within": 4},
    {"monitor": "never at once", "metric": "psi", "consecutive": 2, "at_once": False},
    {"metric": "psi", "segments": "each"},
    {"metric": "anything", "warn": 0.0, "compare": "value", "direction": "both", "consecutive": 1},
    {"metric": "level", "warn": 0.0, "compare": "difference"},
]
# Quiet, hovering under the threshold, a breach, critical, and far out but within one and a half times its noise.
VALUES = {"Q": 0.05, "H": 0.08, "B": 0.125, "C": 0.5, "N": 0.5, "U": 0.5}


def histories() -> dict[tuple[str, str], str]:
    """One letter a day; U could not be judged (too few rows), _ is incomplete, - is no row at all."""
    rng = random.Random(11)
    found = {}
    for name in NAMES:
        for number in range(30):
            letters = rng.choice(["QBCU_-", "QB", "BCNU", "QBBBBBU_", "U_", "QQQQB", "BU", "QQHB", "QHBN", "HC"])
            found[name, f"s{number}"] = "".join(rng.choice(letters) for _ in range(DAYS))
        for number, fixed in enumerate(
            [
                *("B" * DAYS, "Q" * DAYS, "BBB" + "Q" * 67, "Q" * 67 + "BBB", "BUBUB" + "U" * 65, "QB" * 35),
                *("Q" * 10 + "C" + "Q" * 59, "BBB" + "U" * 28 + "BQQQ" * 9 + "QQQ", "CB" + "-" * 27 + "BCQ" + "Q" * 38),
                *("BBBC" + "-" * 28 + "Q" * 38, "CC" + "-" * 68),
            ]
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
                noise=0.4 if letter == "N" else 0.0,
                row_count=10 if letter == "U" else 1000,
                is_complete=letter != "_" and not (incomplete and number == days - 1),
            )


def episodes(letters: str, breaches: int, within: int, quiet: int, at_once: bool) -> list[dict[str, Any]]:
    """What the alerts of one history must say. The newest window of the monitor is that of the last letter."""
    judged = [(number, letter) for number, letter in enumerate(letters) if letter in "QHBCN"]
    found: list[dict[str, Any]] = []
    recent: list[tuple[int, str]] = []  # since the last end: windows that may open an alert
    alert: list[tuple[int, str]] = []
    opened, calm, before = 0, 0, -1

    def end(at: int | None) -> None:
        if alert:
            critical = any(mark in "CN" for _, mark in alert)
            values = [VALUES[mark] + place / 1024 * (mark in "BC") for place, mark in alert]
            found.append(
                {
                    "first_window_start": day(alert[0][0]),
                    "last_window_start": day(alert[-1][0]),
                    "last_window_end": day(alert[-1][0] + 1),
                    "windows_breached": len(alert),
                    "severity": "critical" if critical else "warn",
                    "status": "open" if at is None else "resolved",
                    "value": values[-1],
                    "peak_value": max(values),
                    "threshold": 0.25 if critical else 0.1,
                    "opened_at": day(opened + 1),
                    "resolved_at": None if at is None else day(at + 1),
                }
            )
        recent.clear()
        alert.clear()

    for number, letter in judged:
        if number - before > SILENCE and before >= 0:
            end(before)
            calm = 0
        before = number
        calm = calm + 1 if letter == "Q" else 0
        recent.append((number, letter))
        if alert:
            if letter in "BCN":
                alert.append((number, letter))
        else:
            counted = [window for window in recent[-within:] if window[1] in "BCN"]
            if letter in "BCN" and len(counted) >= breaches:
                alert.extend(counted)
                opened = number
            elif letter == "C" and at_once:
                alert.append((number, letter))
                opened = number
        if calm == quiet:
            end(number)
        elif calm > quiet:
            recent.clear()
    # A segment that is gone for long is over.
    end(before if judged and len(letters) - 1 - before > SILENCE else None)
    return found


@pytest.fixture(scope="module")
def chain(make_module_project: Any) -> Chain:
    return make_chain(make_module_project, OVERRIDES)


FIELDS = list(episodes("B", 1, 1, 1, True)[0])


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
    for days, incomplete in [(3, False), (17, True), (17, False), (17, False), (45, False), (DAYS, False)]:
        judge(chain, list(rows_until(days, incomplete)), owners={NAMES[1]: "o'owner"}, then=ALERTS)
        found = alerts(chain)
        seen = days - incomplete
        for (monitor, segment_value), letters in HISTORIES.items():
            expected = episodes(letters[:seen], *RULES[monitor])
            series = found.get((monitor, segment_value), {})
            got = [fields for _, fields in sorted(series.values(), key=lambda alert: alert[1]["first_window_start"])]
            assert got == expected, (monitor, segment_value, letters[:seen])
            for start, (alert_id, _) in series.items():
                # An alert keeps its name while it goes on, and after.
                assert ids.setdefault((monitor, segment_value, start), alert_id) == alert_id
    assert len(ids) > 200


def test_an_alert_says_what_it_is_about(chain: Chain) -> None:
    judge(chain, list(rows_until(DAYS)), owners={NAMES[1]: "o'owner"}, then=ALERTS)
    found = chain.sql(
        "select monitor, owner, message, family, metric, column_name, baseline, segment, segment_value, window_periods,"
        " model_version from driftline_alerts where segment_value = 'fixed 0' order by monitor"
    )
    assert {alert[:2] for alert in found} == {(name, "o'owner" if name == NAMES[1] else None) for name in NAMES}
    for alert in found:
        assert alert[3:] == ("drift", "psi", "price", "reference", "s", "fixed 0", 1, "all")
        for part in ("price", "psi", "70 windows", "2024-03-01", "s = fixed 0"):
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
    judge(chain, rows, then=ALERTS)
    found = chain.sql("select column_name, segment, segment_value, metric, windows_breached from driftline_alerts")
    assert sorted(found) == sorted(
        [
            ("price", "s", "x", "psi", 3),
            ("other", "s", "x", "psi", 3),
            ("price", "t", "x", "psi", 3),
            ("price", "s", "y", "psi", 3),
        ]
    )


NUMBERS = {
    0.0: "0", 2e-5: "0.00002", 2.19e-5: "0.0000219", 6.0004e-5: "0.00006", 0.1: "0.1", 0.09633: "0.09633", 0.28491966: "0.2849",
    0.99999: "1", 0.099996: "0.1", -0.25: "-0.25", 1.0: "1", 12.3456: "12.35", 999.94: "999.9", 999.96: "1,000",
    1000.0: "1,000", -12345.67: "-12,346", 1234567.0: "1,234,567", 9.99e14: "999,000,000,000,000", 1.2346e15: "1.235e15",
    1e200: "1e200", 1.2346e-7: "1.235e-7", -3e-9: "-3e-9", -1e-300: "0",
}  # fmt: skip


def test_numbers_read_the_same_in_sql_and_in_python(chain: Chain) -> None:
    """Rates of 2e-5 are not 0.0000, thousands are separated, and next to nothing is nothing."""
    rng = random.Random(4)
    values = [*NUMBERS, *(rng.choice((-1, 1)) * 10 ** rng.uniform(-12, 17) for _ in range(200))]
    judge(
        chain,
        [
            row(metric="anything", column_name=f"c{n}", value=1e250, expected=value, baseline="reference")
            for n, value in enumerate(values)
        ],
        then=ALERTS,
    )
    found = dict(chain.sql("select column_name, message from driftline_alerts"))
    assert len(found) == len(values)
    for n, value in enumerate(values):
        text = readable(value)
        assert NUMBERS.get(value, text) == text
        assert f" against {text} (reference);" in found[f"c{n}"], value


def test_a_breach_is_more_than_rounding(chain: Chain) -> None:
    """Where a reference window sets its own noise, value and noise are one number, up to the order of a sum."""
    shares = [0.3, 0.3 * (1 + 1e-15), 0.3 * (1 + 1e-10), 0.3 * (1 + 1e-8)]
    judge(chain, [row(column_name=f"c{n}", value=value, noise=0.3) for n, value in enumerate(shares)], then=())
    found = dict(chain.sql("select column_name, is_breach from driftline_int_judgements"))
    assert [found[f"c{n}"] for n in range(4)] == [False, False, False, True]
    # Of two large numbers the difference is what rounding leaves of it.
    judge(
        chain,
        [
            row(column_name=f"c{n}", family="quality", metric="level", value=1e6 + more, expected=1e6, noise=1e-7)
            for n, more in enumerate([2e-7, 2e-5])
        ],
        then=(),
    )
    assert sorted(chain.sql("select column_name, is_breach from driftline_int_judgements")) == [
        ("c0", False),
        ("c1", True),
    ]


def test_few_rows_are_judged_by_longer_windows(chain: Chain) -> None:
    """The shortest windows that gather enough rows more often than not, by the reference's own: psi takes 100 rows."""
    usual = {
        "many": (500, 1), "58 a day": (58, 7), "5 a day": (5, 7), "just enough": (100, 1), "one too few": (99, 7),
        "grew later": (58, 7), "shrank later": (500, 1),
    }  # fmt: skip
    rows = []
    for monitor, (count, _) in usual.items():
        for number in range(60):
            later = {"grew later": 900, "shrank later": 3}.get(monitor, count) if number >= 40 else count
            # Every third day is empty: that is no sign of small days.
            for periods in (1, 7):
                n = 0 if periods == 1 and number % 3 == 0 else later * periods
                rows.append(row(number, monitor=monitor, window_periods=periods, row_count=n, value=0.01))
    for reference in (None, ("2024-03-01", "2024-04-01")):
        judge(chain, rows, reference=reference, then=())
        judged = chain.sql("select distinct monitor, window_periods, chosen_because from driftline_int_judgements")
        assert {name: length for name, length, _ in judged} == {name: length for name, (_, length) in usual.items()}
        assert {why for _, length, why in judged if length == 1} == {"shortest"}
        assert {why for _, length, why in judged if length == 7} == {"shorter windows have fewer than 100 rows"}
    # Where it was asked for, every length is judged, and says so.
    reasons = chain.sql("select count(*) from driftline_int_judgements where not_judged = 'fewer than 100 rows'")
    assert reasons[0][0] > 60
