"""What people call expected is usual from then on, for the series it was about; taken back it alerts again."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from driftline.cli import run
from support import Project

MONITOR = """{{ driftline.monitor(
    relation = source('raw', 'log'),
    timestamp = 'at',
    reference = {'start': '2026-01-01', 'end': '2026-01-11'},
    numeric = ['price', 'amount']
) }}"""


def rows(days: int) -> dict[str, list[Any]]:
    """300 rows a day; on the 16th day the price jumps for good, on the 25th again, and the amount with it."""
    chance = random.Random(1)
    made: dict[str, list[Any]] = {"at": [], "price": [], "amount": []}
    for day in range(days):
        for row in range(300):
            made["at"].append(datetime(2026, 1, 1) + timedelta(days=day, minutes=4 * row))
            made["price"].append(chance.gauss(10.0 + 0.8 * (day >= 15) + 4.0 * (day >= 24), 2.0))
            made["amount"].append(chance.gauss(5.0 + 2.0 * (day >= 24), 1.0))
    return made


def test_expected_is_usual_from_then_on(make_project: Any, capsys: Any) -> None:
    project: Project = make_project(
        models={"monitors/shop": MONITOR},
        tables={"log": rows(28)},
        vars={"driftline_monitors": ["shop"], "driftline_now": "2026-01-18"},
    )

    def command(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        code = run([*arguments, "--project-dir", str(project.path), "--profiles-dir", str(project.path)])
        captured = capsys.readouterr()
        return code, captured.out + captured.err

    def build(now: str) -> None:
        project.set_vars(driftline_now=now)
        project.build()

    def episodes() -> list[Any]:
        return project.sql(
            "select column_name, metric, status, last_window_end from "
            f"{project.relation('driftline_alerts')} order by metric, first_window_start, column_name"
        )

    build("2026-01-18")
    assert {row[0] for row in episodes()} == {"price"} and {row[2] for row in episodes()} == {"open"}
    assert project.sql(f"select * from {project.relation('driftline_int_accepted')}") == []
    code, out = command("incidents", "resolve", episodes_id(project), "--expected", "sale", "--by", "ann")
    assert code == 0 and "only beyond what was reached" in out

    build("2026-01-24")
    # Nothing was added to what it reached, and what was open is over. The past stays as it was judged.
    accepted = project.sql(f"select metric, accepted_from from {project.relation('driftline_int_accepted')}")
    assert accepted and {row[1] for row in accepted} == {datetime(2026, 1, 18)}
    named = {row[0] for row in accepted}
    assert {(row[2], row[3]) for row in episodes() if row[1] in named} == {("resolved", datetime(2026, 1, 18))}
    assert project.sql(f"select answer from {project.relation('driftline_int_answers')}") == [("expected",)]

    build("2026-01-29")
    # What goes beyond it is told, and so is what nobody spoke of.
    assert {"price", "amount"} == {row[0] for row in episodes() if row[2] == "open"}

    code, out = command("incidents", "revoke", project.sql(
        f"select incident_id from {project.relation('driftline_int_answers')}")[0][0])  # fmt: skip
    assert code == 0
    build("2026-01-29")
    assert project.sql(f"select * from {project.relation('driftline_int_accepted')}") == []
    # A finer measure that was accepted with them had no alert of its own, and has none now.
    assert {row[1] for row in episodes() if row[2] == "open" and row[0] == "price"} >= named - {"mean_shift"}
    first = project.sql(
        f"select min(first_window_start) from {project.relation('driftline_alerts')} where status = 'open'"
    )
    assert first == [(datetime(2026, 1, 16),)]


def test_what_was_expected_up_is_not_expected_down(make_project: Any, capsys: Any) -> None:
    """The mean of price rises by 0.5 deviations, which is called expected, and then falls by as much."""
    chance = random.Random(3)
    made: dict[str, list[Any]] = {"at": [], "price": [], "amount": []}
    for day in range(30):
        for row in range(300):
            made["at"].append(datetime(2026, 1, 1) + timedelta(days=day, minutes=4 * row))
            made["price"].append(chance.gauss({15: 10.9, 24: 9.1}.get((day >= 15) * 15 + (day >= 24) * 9, 10.0), 2.0))
            made["amount"].append(chance.gauss(5.0, 1.0))
    project: Project = make_project(
        models={"monitors/shop": MONITOR},
        tables={"log": made},
        vars={"driftline_monitors": ["shop"], "driftline_now": "2026-01-18"},
    )

    def open_metrics(now: str) -> set[str]:
        project.set_vars(driftline_now=now)
        project.build()
        return {
            row[0]
            for row in project.sql(
                f"select metric from {project.relation('driftline_alerts')} where status = 'open' and column_name = 'price'"
            )
        }

    arguments = ["--project-dir", str(project.path), "--profiles-dir", str(project.path)]
    assert open_metrics("2026-01-18")
    assert run(["incidents", "resolve", episodes_id(project), "--expected", "sale", "--by", "ann", *arguments]) == 0
    accepted = project.relation("driftline_accepted")
    assert set(project.sql(f"select distinct way from {accepted} where metric = 'mean_shift'")) == {("up",)}
    assert open_metrics("2026-01-24") == set()
    assert "mean_shift" in open_metrics("2026-01-30")
    # A row of before ways were recorded counts for both.
    project.sql(f"alter table {accepted} drop column way")
    assert "mean_shift" not in open_metrics("2026-01-30")


def episodes_id(project: Project) -> str:
    found = project.sql(
        f"select alert_id from {project.relation('driftline_alerts')} where status = 'open' order by alert_id"
    )
    return str(found[0][0])


BUSINESS = """{{ driftline.monitor(
    relation = source('raw', 'log'),
    timestamp = 'at',
    reference = {'start': '2026-01-01', 'end': '2026-01-29'},
    business_metrics = {'basket': {'numerator': 'basket', 'denominator': '1'}}
) }}"""


def test_what_was_expected_is_not_told_by_the_reference_that_takes_over(make_project: Any, capsys: Any) -> None:
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
    alert = episodes_id(project)
    code = run(["incidents", "resolve", alert, "--expected", "smaller baskets", "--by", "ann",
                "--project-dir", str(project.path), "--profiles-dir", str(project.path)])  # fmt: skip
    assert code == 0
    assert at_last() == [("trailing", "resolved")]
    code = run(["incidents", "revoke", alert, "--project-dir", str(project.path), "--profiles-dir", str(project.path)])
    assert code == 0
    # Nobody has accepted it: the reference tells it, months later.
    assert at_last()[-1] == ("reference", "open")
    assert [row[1] for row in at_last() if row[0] == "trailing"] == ["resolved"]
