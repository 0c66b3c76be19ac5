"""The gates of `dbt build`: what each lets pass and what it holds back, what it says, what it refuses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from support import Project
from support.project import Run

NOW = "2024-01-13"
ALERTING = "recommendations"
QUIET = "fraud"
STOPPED = "prices"


def log(shift: float, days: int = 12) -> dict[str, list[Any]]:
    """Days of 200 rows; from the seventh on values are moved, if at all, and half as many are sold.

    Of the labels 75 % are as predicted, or 50 % where values are moved. Two segments are alike.
    """
    rows = [(day, number) for day in range(days) for number in range(200)]
    moved = [day >= 6 and shift > 0 for day, _ in rows]
    return {
        "at": [dt.datetime(2024, 1, 1 + day, number % 24) for day, number in rows],
        "price": [number % 100 + (shift if day >= 6 else 0.0) for day, number in rows],
        'the "odd" col\'umn': [number % 100 + (shift if day >= 6 else 0.0) for day, number in rows],
        "score": [0.9 if number % 2 else 0.1 for _, number in rows],
        "label": [
            number % 2 if number % 4 < (2 if bad else 3) else 1 - number % 2
            for bad, (_, number) in zip(moved, rows, strict=True)
        ],
        "sold": [float(number % 10 < (2 if bad else 4)) for bad, (_, number) in zip(moved, rows, strict=True)],
        "shop": ["one" if number % 3 else "two" for _, number in rows],
    }


def monitor(table: str) -> str:
    return (
        f"{{{{ driftline.monitor(relation=source('raw', '{table}'), timestamp='at',"
        " reference={'start': '2024-01-01', 'end': '2024-01-05'}, numeric=['price', 'the \"odd\" col\\'umn'],"
        " prediction='score', label='label', task='binary', segments=['shop'],"
        " business_metrics={'conversion': {'numerator': 'sold', 'denominator': '1'}, 'sales': {'sum': 'sold'}}) }}"
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
    "another_family": (ALERTING, {"family": ["fairness", "freshness"]}, True),
    "metric": (ALERTING, {"metric": "psi", "segment": "all", "version": "all"}, False),
    "another_version": (ALERTING, {"version": "v2"}, True),
}


# The other gates: name: (test, model it is on, arguments, what its sentences say; none where it must hold).
OTHERS: dict[str, tuple[str, str, dict[str, Any], list[str]]] = {
    "drift": ("drift_below", ALERTING, {"below": 0.2}, [
        f"{ALERTING}: price psi is ", f'{ALERTING}: the "odd" col\'umn psi is ', "in the window from 2024-01-12, not below 0.2"]),
    "no_drift": ("drift_below", QUIET, {"below": 0.2}, []),
    "drift_of_a_column": ("drift_below", "everything", {
        "below": 0.5, "metric": "mean_shift", "column": "price", "monitor": [ALERTING, QUIET]}, ["price mean_shift is 2.0"]),
    "drift_of_a_segment": ("drift_below", ALERTING, {"below": 0.3, "metric": "ks_lower", "column": "price", "segment": "shop"}, [
        "price ks_lower, shop one is ", "price ks_lower, shop two is "]),
    "drift_far_off": ("drift_below", ALERTING, {"below": 9.0, "metric": "mean_shift"}, []),
    "drift_within_chance": ("drift_below", QUIET, {"below": 0.0}, []),
    "drift_without_chance": ("drift_below", QUIET, {"below": 0.0, "beyond_noise": False, "column": "price"}, ["price psi is 0"]),
    "performance": ("performance_above", ALERTING, {"above": 0.7, "metric": "accuracy"}, ["accuracy is 0.5 ", "under 0.7"]),
    "performance_holds": ("performance_above", QUIET, {"above": 0.7, "metric": "accuracy"}, []),
    "performance_of_losses": ("performance_above", ALERTING, {"above": 0.25, "metric": "brier"}, ["brier is 0.41", "over 0.25"]),
    "business": ("business_change_within", ALERTING, {"within": 0.25, "against": "reference"}, [
        "conversion is 0.2 instead of 0.4 ", "sales is 40 instead of 80 ", "a change of over 25 %"]),
    "business_holds": ("business_change_within", ALERTING, {"within": 0.6, "metric": "conversion", "against": "reference"}, []),
    "fresh": ("fresh_within", STOPPED, {"periods": 3}, [f"{STOPPED}: rows have not come for 4 periods", "3 are allowed"]),
    "fresh_holds": ("fresh_within", STOPPED, {"periods": 4}, []),
    "nothing_there": ("drift_below", ALERTING, {"below": 0.2, "column": "x'; drop table driftline_alerts; --"}, [
        f"{ALERTING}: there is nothing of what this test looks at"]),
    "nothing_there_passes": ("drift_below", ALERTING, {"below": 0.2, "column": "nobody", "unknown": "pass"}, []),
    "not_known": ("drift_below", STOPPED, {"below": 0.2, "column": "price"}, ["price psi is not known", "no rows in the window"]),
    "not_known_passes": ("drift_below", STOPPED, {"below": 0.2, "column": "price", "unknown": "pass"}, []),
    "weeks": ("drift_below", ALERTING, {"below": 0.2, "column": "price", "windows": [7]}, ["window from 2024-01-06"]),
}  # fmt: skip


def properties(gates: dict[str, tuple[str, dict[str, Any], bool]]) -> str:
    models: dict[str, list[dict[str, Any]]] = {}
    for name, (model, arguments, _) in gates.items():
        test = {"name": name, **({"arguments": arguments} if arguments else {})}
        models.setdefault(model, []).append({"driftline.no_open_alerts": test})
    for name, (gate, model, arguments, _) in OTHERS.items():
        models.setdefault(model, []).append({f"driftline.{gate}": {"name": name, "arguments": arguments}})
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
            f"monitors/{STOPPED}": monitor("stopped"),
            "everything": "select 1 as one",
            "publish_recommendations": needs_alerts + f"select monitor from {{{{ ref('{ALERTING}') }}}}",
            "publish_prices": needs_alerts.replace("alerts", "latest")
            + f"select monitor from {{{{ ref('{STOPPED}') }}}}",
            "publish_fraud": needs_alerts + f"select monitor from {{{{ ref('{QUIET}') }}}}",
        },
        tables={"moved": log(60.0), "still": log(0.0), "stopped": log(0.0, days=8)},
        vars={"driftline_monitors": [ALERTING, QUIET, STOPPED], "driftline_now": NOW},
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
    assert statuses["publish_recommendations"] == statuses["publish_prices"] == "skipped"
    # The alerts are one table, which needs every monitor: so a gate on any of them stands before it.
    assert statuses["publish_fraud"] == "skipped"
    assert statuses["everything"] == "success"
    # What is behind an alert is known although the gate does not hold.
    assert statuses["driftline_causes"] == "success"
    assert project.sql("select count(*) from driftline_causes") != [(0,)]
    assert not run.warnings and not run.deprecations
    for name, (_, _, _, words) in OTHERS.items():
        said = sentences(project, run, name)
        assert (held[name] == "pass") == (not words) and bool(said) == bool(words), (name, said)
        assert all(any(word in sentence for sentence in said) for word in words), (name, said)


def sentences(project: Project, run: Run, name: str) -> list[str]:
    """What a test's failing rows say."""
    (node,) = (one.node for one in run.result.results if one.node.name == name)
    return [str(row) for row in project.frame(node.compiled_code)["sentence"]]


@pytest.mark.parametrize(
    ("gate", "arguments", "words"),
    [
        ("no_open_alerts", {"alert_severity": "loud"}, ["alert_severity", "loud", "warn, critical"]),
        ("no_open_alerts", {"monitor": "nobody"}, ["monitor", "nobody", f"{ALERTING}, {QUIET}, {STOPPED}"]),
        ("no_open_alerts", {"family": {"a": 1}}, ["family", "a text or a list of texts"]),
        ("no_open_alerts", {"column": []}, ["column", "a text or a list of texts"]),
        ("drift_below", {"below": "much"}, ["below", "much", "a number of 0 or more"]),
        ("performance_above", {"above": 1, "metric": "luck"}, ["metric", "luck", "roc_auc"]),
        ("business_change_within", {"within": 0.1, "against": "before"}, ["against", "before", "seasonal"]),
        ("fresh_within", {"periods": 1.5}, ["periods", "1.5", "a whole number"]),
        ("drift_below", {"below": 1, "unknown": "ok"}, ["unknown", "ok", "fail, pass"]),
    ],
    ids=lambda given: given if isinstance(given, str) else "-".join(given),
)
def test_a_wrong_argument_is_named(
    make_project: Callable[..., Project], gate: str, arguments: dict[str, Any], words: list[str]
) -> None:
    project = project_with(make_project, {})
    gates = [{f"driftline.{gate}": {"name": "wrong", "arguments": arguments}}]
    project.write("models/gates.yml", yaml.safe_dump({"models": [{"name": "everything", "data_tests": gates}]}))
    run = project.run(["parse"]) if "monitor" not in arguments else project.run(["build", "--select", "everything"])
    assert not run.success
    assert f"{gate}.{words[0]}" in run.text and all(word in run.text for word in words), run.text
