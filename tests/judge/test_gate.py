"""The generic test `driftline.no_open_alerts`: which alerts it counts, what it holds back, what it refuses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from support import Project

NOW = "2024-01-13"
ALERTING = "recommendations"
QUIET = "fraud"


def log(shift: float) -> dict[str, list[Any]]:
    """Twelve days of 200 rows; the values of the last six are moved by a shift."""
    rows = [(day, number) for day in range(12) for number in range(200)]
    return {
        "at": [dt.datetime(2024, 1, 1 + day, number % 24) for day, number in rows],
        "price": [number % 100 + (shift if day >= 6 else 0.0) for day, number in rows],
        'the "odd" col\'umn': [number % 100 + (shift if day >= 6 else 0.0) for day, number in rows],
    }


def monitor(table: str) -> str:
    return (
        f"{{{{ driftline.monitor(relation=source('raw', '{table}'), timestamp='at',"
        " reference={'start': '2024-01-01', 'end': '2024-01-05'}, numeric=['price', 'the \"odd\" col\\'umn']) }}"
    )


GATES: dict[str, tuple[str, dict[str, Any], bool]] = {
    # name: (model it is on, arguments, whether it must hold)
    "own_monitor": (ALERTING, {}, False),
    "quiet_monitor": (QUIET, {}, True),
    "other_model": ("everything", {}, False),
    "named_monitor": ("everything", {"monitor": QUIET}, True),
    "two_monitors": ("everything", {"monitor": [QUIET, ALERTING]}, False),
    "critical_only": (ALERTING, {"alert_severity": "critical"}, False),
    "column": (ALERTING, {"column": "price"}, False),
    "odd_column": (ALERTING, {"column": 'the "odd" col\'umn'}, False),
    "no_such_column": (ALERTING, {"column": "x'; drop table driftline_alerts; --"}, True),
    "family": (ALERTING, {"family": ["drift"]}, False),
    "another_family": (ALERTING, {"family": ["business", "performance"]}, True),
    "metric": (ALERTING, {"metric": "psi", "segment": "all", "version": "all"}, False),
    "another_version": (ALERTING, {"version": "v2"}, True),
}


def properties(gates: dict[str, tuple[str, dict[str, Any], bool]]) -> str:
    models: dict[str, list[dict[str, Any]]] = {}
    for name, (model, arguments, _) in gates.items():
        test = {"name": name, **({"arguments": arguments} if arguments else {})}
        models.setdefault(model, []).append({"driftline.no_open_alerts": test})
    return yaml.safe_dump(
        {"version": 2, "models": [{"name": name, "data_tests": tests} for name, tests in models.items()]},
        allow_unicode=True,
    )


def project_with(make: Callable[..., Project], gates: dict[str, tuple[str, dict[str, Any], bool]]) -> Project:
    needs_alerts = "-- depends_on: {{ ref('driftline', 'driftline_alerts') }}\n"
    return make(
        models={
            f"monitors/{ALERTING}": monitor("moved"),
            f"monitors/{QUIET}": monitor("still"),
            "everything": "select 1 as one",
            "publish_recommendations": needs_alerts + f"select monitor from {{{{ ref('{ALERTING}') }}}}",
            "publish_fraud": needs_alerts + f"select monitor from {{{{ ref('{QUIET}') }}}}",
        },
        tables={"moved": log(60.0), "still": log(0.0)},
        vars={"driftline_monitors": [ALERTING, QUIET], "driftline_now": NOW},
        files={"models/gates.yml": properties(gates)},
    )


def test_open_alerts_fail_the_gate_and_hold_back_what_needs_it(make_project: Callable[..., Project]) -> None:
    project = project_with(make_project, GATES)
    run = project.run(["build"])
    held = {name.split(".")[2] if name.startswith("test.") else name: status for name, status in run.statuses.items()}
    assert project.sql("select count(*) from driftline_alerts where status = 'open' and severity = 'critical'") != [
        (0,)
    ]
    found = {name: held[name] == "pass" for name in GATES}
    assert found == {name: must_hold for name, (_, _, must_hold) in GATES.items()}
    statuses = {name.split(".")[-1]: status for name, status in run.statuses.items()}
    assert statuses["publish_recommendations"] == "skipped"
    # The alerts are one table, which needs every monitor: so a gate on any of them stands before it.
    assert statuses["publish_fraud"] == "skipped"
    assert statuses["everything"] == "success"
    # What is behind an alert is known although the gate does not hold.
    assert statuses["driftline_causes"] == "success"
    assert project.sql("select count(*) from driftline_causes") != [(0,)]
    assert not run.warnings and not run.deprecations


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"alert_severity": "loud"}, ["no_open_alerts.alert_severity", "loud", "warn, critical"]),
        ({"monitor": "nobody"}, ["no_open_alerts.monitor", "nobody", f"{ALERTING}, {QUIET}"]),
        ({"family": {"a": 1}}, ["no_open_alerts.family", "a text or a list of texts"]),
        ({"column": []}, ["no_open_alerts.column", "a text or a list of texts"]),
    ],
    ids=["severity", "monitor", "family", "column"],
)
def test_a_wrong_argument_is_named(
    make_project: Callable[..., Project], arguments: dict[str, Any], words: list[str]
) -> None:
    project = project_with(make_project, {"gate": ("everything", arguments, False)})
    run = project.run(["parse"]) if "monitor" not in arguments else project.run(["build", "--select", "everything"])
    assert not run.success
    assert all(word in run.text for word in words), run.text
