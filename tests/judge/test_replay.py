"""From rows to alerts, day by day: an alert opens once its windows are over, goes on, ends, and comes again."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pytest
from state.states import Row, columns_of, declare
from support import Project

# x is moved on these days of March; the reference is the first week.
MOVED = (9, 10, 11, 12, 16, 17, 18)
STAGES = {
    "one window": "2024-03-10 12:00:00",
    "two windows": "2024-03-11 00:00:00",
    "one quiet window": "2024-03-14 12:00:00",
    "over": "2024-03-16 12:00:00",
    "once more": "2024-03-19 00:00:00",
}


def make_rows(moved: tuple[int, ...] = MOVED) -> list[Row]:
    rng = random.Random(3)
    return [
        {
            "at": dt.datetime(2024, 3, day) + dt.timedelta(seconds=rng.randrange(86_400)),
            "x": rng.gauss(0, 1) + (2 if day in moved else 0),
            "calm": rng.gauss(0, 1),
            "sold": 1.0 if rng.random() < (0.2 if day < 16 else 0.9) else 0.0,
        }
        for day in range(1, 20)
        for _ in range(300)
    ]


def declaration(**more: Any) -> str:
    return declare(
        timestamp="at", reference={"start": "2024-03-01", "end": "2024-03-08"}, numeric=["x", "calm"], lookback=1,
        business_metrics={"conversion": {"numerator": "sold", "denominator": "1"}}, owner="the team", **more,
    )  # fmt: skip


@pytest.fixture(scope="module")
def stages(make_module_project: Any) -> dict[str, list[tuple[Any, ...]]]:
    project: Project = make_module_project(
        models={"watched": declaration()},
        tables={"log": columns_of(make_rows())},
        vars={
            "driftline_monitors": ["watched"],
            "driftline_windows": {"day": [1, 7]},
            "driftline_thresholds": [
                {"metric": "conversion", "consecutive": 1},
                {"metric": "out_of_range_rate", "at_once": False},
            ],
        },
    )  # fmt: skip
    found = {}
    for name, now in STAGES.items():
        project.build("--select", "+driftline_alerts", vars={"driftline_now": now})
        found[name] = alerts_of(project)
    # All in one stage: the table is one of the version before, rows have come late (the eighth day was
    # moved too, and so were the days in between), the monitor has another name, and the log has stopped.
    for column in ("known_as", "earlier_ids", "found_late", "no_data_since", "opened_at", "resolved_at"):
        project.execute(f"alter table {project.relation('driftline_int_episodes')} drop column {column}")
    project.load("log", columns_of(make_rows((8, *MOVED, 13, 14, 15))))
    project.remove_model("watched")
    project.model("seen", declaration(formerly="watched"))
    project.set_vars(driftline_monitors=["seen"], driftline_now="2024-03-25")
    project.build("--full-refresh", "--select", "seen")
    project.build("--select", "+driftline_alerts")
    found["upgraded"] = alerts_of(project)
    found["messages"] = project.sql("select message from driftline_alerts where metric = 'psi'")
    return found


def alerts_of(project: Project) -> list[tuple[Any, ...]]:
    return project.sql(
        "select metric, column_name, alert_id, status, severity, first_window_start, last_window_start,"
        " windows_breached, owner, earlier_ids, monitor from driftline_alerts order by metric, first_window_start"
    )


def march(day: int) -> dt.datetime:
    return dt.datetime(2024, 3, day)


def psi(stage: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [alert for alert in stage if alert[0] == "psi"]


def test_what_is_certain_is_told_by_the_first_window_that_is_over(stages: dict[str, Any]) -> None:
    [alert] = psi(stages["one window"])
    assert alert[1] == "x"
    assert alert[3:] == ("open", "critical", march(9), march(9), 1, "the team", None, "watched")


def test_a_warning_takes_two_windows_of_three(stages: dict[str, Any]) -> None:
    # A rate that is over its warning threshold, and not to speak at once.
    assert "out_of_range_rate" not in {alert[0] for alert in stages["one window"]}
    [alert] = [alert for alert in stages["two windows"] if alert[0] == "out_of_range_rate"]
    assert alert[3:] == ("open", "warn", march(9), march(10), 2, "the team", None, "watched")


def test_a_window_counts_from_the_moment_it_ends(stages: dict[str, Any]) -> None:
    [alert] = psi(stages["two windows"])
    assert alert[3:] == ("open", "critical", march(9), march(10), 2, "the team", None, "watched")


def test_it_keeps_its_name_while_it_goes_on_and_after(stages: dict[str, Any]) -> None:
    [first] = psi(stages["one window"])
    [on] = psi(stages["one quiet window"])
    assert on[2] == first[2]
    assert on[3:] == ("open", "critical", march(9), march(12), 4, "the team", None, "watched")
    [over] = psi(stages["over"])
    assert over[2] == first[2]
    assert over[3:] == ("resolved", "critical", march(9), march(12), 4, "the team", None, "watched")


def test_a_later_run_of_breaches_is_another_alert(stages: dict[str, Any]) -> None:
    old, new = psi(stages["once more"])
    assert [old] == psi(stages["over"])
    assert new[2] != old[2]
    assert new[3:] == ("open", "critical", march(16), march(18), 3, "the team", None, "watched")


def test_late_rows_an_upgrade_and_another_name_leave_an_alert_the_same(stages: dict[str, Any]) -> None:
    """Late rows move its first window and close the gap to the next: the older of the two goes on."""
    old, new = psi(stages["once more"])
    [alert] = psi(stages["upgraded"])
    assert alert[2:] == (old[2], "open", "critical", march(8), march(18), 11, "the team", new[2], "seen")


def test_an_alert_on_a_feed_that_stopped_says_so(stages: dict[str, Any]) -> None:
    [(message,)] = stages["messages"]
    assert "; 11 windows since 2024-03-08; no new data since 2024-03-20" in message


def test_business_is_held_against_the_windows_before(stages: dict[str, Any]) -> None:
    assert not [alert for alert in stages["over"] if alert[0] == "conversion"]
    [alert] = [alert for alert in stages["once more"] if alert[0] == "conversion"]
    assert alert[4:6] == ("critical", march(16))


def test_nothing_else_alerts(stages: dict[str, Any]) -> None:
    assert {alert[1] for name, stage in stages.items() for alert in stage if name != "messages"} <= {"x", "all"}
