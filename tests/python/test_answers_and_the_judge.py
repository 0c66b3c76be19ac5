"""What people call expected is usual from then on, for the series it was about; taken back it alerts again."""

from __future__ import annotations

import contextlib
import io
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from driftline.cli import run
from support import Project

MONITOR = """{{ driftline.monitor(
    relation = source('raw', 'log_of_%s'),
    timestamp = 'at',
    reference = {'start': '2026-01-01', 'end': '2026-01-11'},
    numeric = ['price', 'amount']
) }}"""


def rows(seed: int, price: Callable[[int], float], amount: Callable[[int], float]) -> dict[str, list[Any]]:
    """Thirty days of 300 rows, by the means of each day."""
    chance = random.Random(seed)
    made: dict[str, list[Any]] = {"at": [], "price": [], "amount": []}
    for day in range(30):
        for row in range(300):
            made["at"].append(datetime(2026, 1, 1) + timedelta(days=day, minutes=4 * row))
            made["price"].append(chance.gauss(price(day), 2.0))
            made["amount"].append(chance.gauss(amount(day), 1.0))
    return made


LOGS = {
    # On the 16th day the price jumps for good, on the 25th again, and the amount with it.
    "jumps": rows(1, lambda day: 10.0 + 0.8 * (day >= 15) + 4.0 * (day >= 24), lambda day: 5.0 + 2.0 * (day >= 24)),
    # On the 15th day the mean of the price rises by 0.45 deviations, on the 24th it falls by twice as much.
    "turns": rows(3, lambda day: 9.1 if day >= 23 else 10.9 if day >= 14 else 10.0, lambda day: 5.0),
}


@dataclass
class Course:
    """Both monitors are built, answered and built again; what was seen after each build is kept."""

    project: Project
    alerts: dict[str, list[Any]] = field(default_factory=dict)
    accepted: dict[str, list[Any]] = field(default_factory=dict)
    answers: dict[str, list[Any]] = field(default_factory=dict)
    ways: list[Any] = field(default_factory=list)
    """Of what was accepted, before that was left out as in a table of an earlier version."""

    def build(self, stage: str, now: str) -> None:
        project = self.project
        project.set_vars(driftline_now=now)
        project.build()
        self.alerts[stage] = project.sql(
            "select monitor, column_name, metric, status, first_window_start, last_window_end, alert_id"
            " from driftline_alerts order by alert_id"
        )
        self.accepted[stage] = project.sql("select monitor, metric, accepted_from from driftline_int_accepted")
        self.answers[stage] = project.sql("select monitor, answer, incident_id from driftline_int_answers")

    def command(self, *arguments: str) -> str:
        options = ["--project-dir", str(self.project.path), "--profiles-dir", str(self.project.path)]
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            assert run([*arguments, *options]) == 0, said.getvalue()
        return said.getvalue()

    def of(self, monitor: str, stage: str) -> list[Any]:
        """Column, metric, status, first and last window of a monitor's alerts."""
        return [alert[1:6] for alert in self.alerts[stage] if alert[0] == monitor]

    def open(self, monitor: str, stage: str, column: str = "price") -> set[str]:
        """Metrics of a column with an open alert."""
        return {alert[1] for alert in self.of(monitor, stage) if alert[0] == column and alert[2] == "open"}


@pytest.fixture(scope="module")
def course(make_module_project: Callable[..., Project]) -> Course:
    made = Course(
        make_module_project(
            models={f"monitors/{name}": MONITOR % name for name in LOGS},
            tables={f"log_of_{name}": log for name, log in LOGS.items()},
            vars={"driftline_monitors": list(LOGS)},
        )
    )
    made.build("moved", "2026-01-18")
    for name in LOGS:
        alert = min(alert[6] for alert in made.alerts["moved"] if alert[0] == name and alert[3] == "open")
        said = made.command("incidents", "resolve", alert, "--expected", "sale", "--by", "ann")
        assert "only beyond what was reached" in said
    made.ways = made.project.sql("select distinct monitor, way from driftline_accepted where metric = 'mean_shift'")
    made.build("answered", "2026-01-24")
    made.build("moved again", "2026-01-30")
    [incident] = [found[2] for found in made.answers["moved again"] if found[0] == "jumps"]
    made.command("incidents", "revoke", incident)
    # Rows of before ways were recorded count for both.
    made.project.execute(f"alter table {made.project.relation('driftline_accepted')} drop column way")
    made.build("taken back", "2026-01-30")
    return made


def test_expected_is_usual_from_then_on(course: Course) -> None:
    before = course.of("jumps", "moved")
    assert {alert[0] for alert in before} == {"price"} and {alert[2] for alert in before} == {"open"}
    assert course.accepted["moved"] == []
    # Nothing was added to what it reached, and what was open is over. The past stays as it was judged.
    accepted = [row[1:] for row in course.accepted["answered"] if row[0] == "jumps"]
    assert accepted and {since for _, since in accepted} == {datetime(2026, 1, 18)}
    named = {metric for metric, _ in accepted}
    over = {(alert[2], alert[4]) for alert in course.of("jumps", "answered") if alert[1] in named}
    assert over == {("resolved", datetime(2026, 1, 18))}
    assert [found[1] for found in course.answers["answered"] if found[0] == "jumps"] == ["expected"]


def test_what_goes_beyond_what_was_expected_is_told(course: Course) -> None:
    """And so is what nobody spoke of."""
    assert {alert[0] for alert in course.of("jumps", "moved again") if alert[2] == "open"} == {"price", "amount"}


def test_what_is_taken_back_alerts_again(course: Course) -> None:
    assert [row for row in course.accepted["taken back"] if row[0] == "jumps"] == []
    named = {row[1] for row in course.accepted["answered"] if row[0] == "jumps"}
    # A finer measure that was accepted with them had no alert of its own, and has none now.
    assert course.open("jumps", "taken back") >= named - {"mean_shift"}
    first = min(alert[3] for alert in course.of("jumps", "taken back") if alert[2] == "open")
    assert first == datetime(2026, 1, 16)


def test_what_was_expected_up_is_not_expected_down(course: Course) -> None:
    assert course.open("turns", "moved")
    assert [way for monitor, way in course.ways if monitor == "turns"] == ["up"]
    assert course.open("turns", "answered") == set()
    assert "mean_shift" in course.open("turns", "moved again")
    # Then the rows are as they were before ways were recorded.
    assert "mean_shift" not in course.open("turns", "taken back")


BUSINESS = """{{ driftline.monitor(
    relation = source('raw', 'log'),
    timestamp = 'at',
    reference = {'start': '2026-01-01', 'end': '2026-01-29'},
    business_metrics = {'basket': {'numerator': 'basket', 'denominator': '1'}}
) }}"""


def test_what_was_expected_is_not_told_by_the_reference_that_takes_over(make_project: Any) -> None:
    chance = random.Random(2)
    days = [datetime(2026, 1, 1) + timedelta(days=day) for day in range(100)]
    basket = [chance.gauss(1.0, 0.05) * (0.5 if day >= datetime(2026, 2, 15) else 1.0) for day in days]
    project: Project = make_project(
        models={"monitors/shop": BUSINESS},
        tables={"log": {"at": days, "basket": basket}},
        vars={
            "driftline_monitors": ["shop"], "driftline_now": "2026-02-20", "driftline_windows": {"day": [1]},
            "driftline_thresholds": [{"family": "business", "min_rows": 1}, {"family": "trend", "enabled": False}],
        },
    )  # fmt: skip

    def at_last() -> list[Any]:
        project.set_vars(driftline_now="2026-04-10")
        project.build()
        return project.sql(
            f"select baseline, status from {project.relation('driftline_alerts')}"
            " where family = 'business' order by first_window_start, baseline"
        )

    project.build()
    [(alert,)] = project.sql("select min(alert_id) from driftline_alerts where status = 'open'")
    code = run(["incidents", "resolve", alert, "--expected", "smaller baskets", "--by", "ann",
                "--project-dir", str(project.path), "--profiles-dir", str(project.path)])  # fmt: skip
    assert code == 0
    assert at_last() == [("trailing", "resolved")]
    code = run(["incidents", "revoke", alert, "--project-dir", str(project.path), "--profiles-dir", str(project.path)])
    assert code == 0
    # Nobody has accepted it: the reference tells it, months later.
    told = at_last()
    assert told[-1] == ("reference", "open")
    assert [row[1] for row in told if row[0] == "trailing"] == ["resolved"]
