"""Wrong variables of the project. The project is parsed once; each case compiles the models that read the variable."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any

import pytest
import yaml
from bad_input.messages import GOOD, bad, everything
from state.states import Jinja, declare_with, source
from support import Project, Run
from support.project import _put_back

VARIABLE = re.compile(r"driftline: var '(?P<variable>.*?)': given (?P<given>.*?); allowed: (?P<allowed>.*)")
LOG = {"at": [dt.datetime(2024, 1, 1 + number // 10) for number in range(60)], "x": [1.0, 2.0, None] * 20}

NAN, INF = float("nan"), float("inf")

VARIABLES: dict[str, tuple[str, Any, str, str]] = {
    "monitors as text": ("driftline_monitors", "good", '"good"', "a list of the monitors' names"),
    "monitors as mapping": ("driftline_monitors", {"good": 1}, "good", "a list of the monitors' names"),
    "monitors as number": ("driftline_monitors", 5, "5", "a list of the monitors' names"),
    "a number in monitors": ("driftline_monitors", ["good", 5], "5", "a list of the monitors' names"),
    "thresholds as text": ("driftline_thresholds", "psi", '"psi"', "a list of {monitor"),
    "thresholds as mapping": ("driftline_thresholds", {"metric": "psi"}, "psi", "a list of {monitor"),
    "a threshold as text": ("driftline_thresholds", ["psi"], '"psi"', "a list of {monitor"),
    "alpha as text": ("driftline_alpha", "small", '"small"', "under 0.5"),
    "alpha too large": ("driftline_alpha", 0.5, "0.5", "under 0.5"),
    "no alpha": ("driftline_alpha", 0, "0", "over 0"),
    "alpha that is no number": ("driftline_alpha", NAN, "nan", "over 0"),
    "no false alarm at all": ("driftline_false_alarms_per_week", 0, "0", "a number over 0, or none"),
    "false alarms as text": ("driftline_false_alarms_per_week", "few", '"few"', "a number over 0, or none"),
    "another language": ("driftline_language", "xx", '"xx"', "en, ja"),
    "languages": ("driftline_language", ["en", "ja"], "ja", "en, ja"),
    "confidence without end": ("driftline_confidence", INF, "inf", "under 1"),
    "planned rows without end": ("driftline_planned_rows", INF, "inf", "a whole number from 1"),
    "traffic that is no number": (
        "driftline_traffic",
        {"good": {"v1": NAN}},
        "v1",
        "{monitor: {version: share over 0}}",
    ),
    "a number of rows without end": ("driftline_fairness_min_rows", INF, "inf", "a whole number of rows"),
    "windows of no period": ("driftline_windows", {"minute": [1]}, "minute", "hour, day, week or month"),
    "windows of no length": ("driftline_windows", {"day": [0]}, "[0]", "whole numbers"),
    "windows as number": ("driftline_windows", {"day": 7}, "7", "whole numbers"),
    "windows as texts": ("driftline_windows", {"day": ["7"]}, "7", "whole numbers"),
    "no windows": ("driftline_windows", {"day": []}, "[]", "whole numbers"),
    "windows as list": ("driftline_windows", [1, 7], "[1, 7]", "hour, day, week or month"),
    "half a window": ("driftline_windows", {"day": [1.5]}, "1.5", "whole numbers"),
    "season as list": ("driftline_season", {"day": [7]}, "[7]", "a whole number"),
    "traffic as list": ("driftline_traffic", ["v1"], "v1", "{monitor: {version: share over 0}}"),
    "traffic without a monitor": ("driftline_traffic", {"v1": 0.5}, "v1", "{monitor: {version: share over 0}}"),
    "no traffic": ("driftline_traffic", {"good": {"v1": 0}}, "v1", "{monitor: {version: share over 0}}"),
    "lower is better as text": ("driftline_lower_is_better", "loss", "loss", "a list of business metrics' names"),
    "a number is better": ("driftline_lower_is_better", [1], "[1]", "a list of business metrics' names"),
    "a minimal effect of nothing": ("driftline_minimal_effect", {"conversion": 0}, "conversion", "a difference over 0"),
    "rows per unit as number": ("driftline_rows_per_unit", 5, "5", "{monitor: a number of rows over 0}"),
    "half a planned row": ("driftline_planned_rows", 0.5, "0.5", "a whole number from 1"),
    "unit values as list": ("driftline_unit_values", ["conversion"], "conversion", "{monitor: {business metric"),
    "unit values without a metric": ("driftline_unit_values", {"good": 5}, "good", "{monitor: {business metric"),
    "a unit value of nothing": ("driftline_unit_values", {"good": {"sold": {"value": 0}}}, "sold", "a number over 0"),
    "a unit value with more": (
        "driftline_unit_values",
        {"good": {"sold": {"value": 1, "x": 2}}},
        "sold",
        "a number over 0",
    ),
    "costs as number": ("driftline_costs", 5, "5", "{unit of driftline_unit_values"),
    "costs of no unit": ("driftline_costs", {"warn": 5}, "warn", "{unit of driftline_unit_values"),
    "a cost as text": ("driftline_costs", {"GBP": {"warn": "5"}}, "GBP", "{warn: a number, critical: a number"),
    "a cost of another kind": ("driftline_costs", {"GBP": {"warn": 5, "error": 6}}, "GBP", "{warn: a number"),
    "a warning that costs more": ("driftline_costs", {"GBP": {"warn": 5, "critical": 4}}, "GBP", "that is no less"),
    "events as number": ("driftline_events", 5, "5", "the name of a seed or model"),
    "events as mapping": ("driftline_events", {"event": "sale"}, "sale", "the name of a seed or model"),
    "an event without a day": ("driftline_events", [{"event": "sale"}], "sale", "first_day"),
    "an event without a name": ("driftline_events", [{"first_day": "2026-04-01"}], "2026-04-01", "event"),
    "an event on no day": ("driftline_events", [{"event": "sale", "first_day": "2026-4-1'"}], "2026-4-1", "first_day"),
    "an event that ends before it begins": (
        "driftline_events",
        [{"event": "a", "first_day": "2026-04-02", "last_day": "2026-04-01"}],
        "2026-04-02",
        "first_day",
    ),
    "an event with more": (
        "driftline_events",
        [{"event": "a", "first_day": "2026-04-02", "kind": "x"}],
        "kind",
        "last_day, monitor",
    ),
    "no champions": ("driftline_champions", 0, "0", "a whole number from 1"),
    "rows of a comparison as text": ("driftline_comparison_min_rows", "100", "100", "a whole number from 1"),
    "rows of a group as text": ("driftline_fairness_min_rows", "100", "100", "a whole number of rows"),
    "retention as a number": ("driftline_retention", 400, "400", "a length of driftline_windows"),
    "retention of no period": ("driftline_retention", {"minute": {1: 400}}, "minute", "hour, day, week or month"),
    "retention of no length": ("driftline_retention", {"day": 400}, "400", "a length of driftline_windows"),
    "retention of another length": ("driftline_retention", {"day": {2: 400}}, "2", "a length of driftline_windows"),
    "retention as text": ("driftline_retention", {"day": {1: "400"}}, "400", "a whole number"),
    "half a window to keep": ("driftline_retention", {"day": {1: 60.5}}, "60.5", "a whole number"),
    "retention without end": ("driftline_retention", {"day": {1: INF}}, "inf", "a whole number"),
    "retention that is no number": ("driftline_retention", {"day": {1: NAN}}, "nan", "a whole number"),
    "less than what windows are held against": ("driftline_retention", {"day": {1: 27}}, "27", "driftline_trailing"),
    "trailing as text": ("driftline_trailing", {"day": "28"}, "28", "a whole number"),
}
# Which model says it first; all that are no list of monitors or thresholds are read there, needed or not.
READERS = {"driftline_monitors": "driftline_state", "driftline_thresholds": "driftline_int_judgements"}
OVERRIDES: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "an unknown field": ({"monitor": "good", "treshold": 1}, "", '"treshold"', "warn, critical"),
    "a threshold as text": ({"monitor": "good", "metric": "psi", "warn": "0.1"}, ", warn", '"0.1"', "a number"),
    "no rows": ({"monitor": "good", "min_rows": 0}, ", min_rows", '"0"', "a number"),
    "a direction": ({"monitor": "good", "direction": "sideways"}, ", direction", '"sideways"', "above, below, both"),
    "a threshold that is no number": ({"monitor": "good", "metric": "psi", "warn": NAN}, ", warn", '"nan"', "a number"),
    "a threshold without end": (
        {"monitor": "good", "metric": "psi", "critical": INF},
        ", critical",
        '"inf"',
        "a number",
    ),
    "rows without end": ({"monitor": "good", "min_rows": INF}, ", min_rows", '"inf"', "a number"),
    "a way to compare": ({"monitor": "good", "or_compare": "odd"}, ", or_compare", '"odd"', "errors, odds"),
    "less than no noise": ({"monitor": "good", "over_noise": -1}, ", over_noise", '"-1"', "a number, at least 0"),
    "a least difference as text": (
        {"monitor": "good", "least_difference": "1"},
        ", least_difference",
        '"1"',
        "a number, at least 0",
    ),
    "enabled as text": ({"monitor": "good", "enabled": "no"}, ", enabled", '"no"', "true or false"),
}
MOMENTS = {
    "2024-01-31": "2024-01-31 00:00:00",
    "2024-01-31 10:11": "2024-01-31 10:11:00",
    "2024-01-31T10:11:12": "2024-01-31 10:11:12",
    "2024-01-31t10:11:12z": "2024-01-31 10:11:12",
    " 2024-01-31 10:11:12.999999 ": "2024-01-31 10:11:12",
    "2024-01-31T10:11:12.5Z": "2024-01-31 10:11:12",
    "2024-01-31 10:11:12 UTC": "2024-01-31 10:11:12",
    "2024-03-01T08:30:00+09:00": "2024-02-29 23:30:00",
    "2023-03-01 00:00:00+0100": "2023-02-28 23:00:00",
    "2023-12-31 23:30:59-01": "2024-01-01 00:30:59",
    "2024-01-01T00:00+05:45": "2023-12-31 18:15:00",
    "2024-02-28 23:59:59.1-00:01": "2024-02-29 00:00:59",
    "9999-12-31 23:59:59": "9999-12-31 23:59:59",
    "0001-01-01": "0001-01-01 00:00:00",
}
NO_MOMENTS = [
    "2024-01-31Z", "2024-01-31+09:00", "2024-01-31 10:11:12+9", "2024-01-31 10:11:12+24:00", "2024-01-31 10:11:12+09:60",
    "2024-01-31 10:11:12 Europe/London", "2024-01-31 10", "2024-01-31 10:11:12.", "2024-01-31 10:11:12.1234567890",
    "2024-01-31 10:11:12.x", "2024-01-31 24:00", "2024-01-31  10:11:12", "2024-01-3110:11", "9999-12-31 23:59:59-01:00",
    "0001-01-01 00:00:00+01:00", "0000-01-01", "24-01-31", "\u0662\u0660\u0662\u0664-01-31", "now", "", "2024-01-31 -10:00",
]  # fmt: skip
CLOCKS = ["yesterday", "2024-02-30", "2024-01-01 25:00:00", 5, "'; drop table log; --"]


class Parsed:
    """A project that is parsed once and compiled often."""

    def __init__(self, project: Project) -> None:
        self.project = project
        parsed = project.run(["parse"])
        assert parsed.success, str(parsed)
        self.manifest = parsed.result

    def compile(self, select: str, **vars: Any) -> Run:
        from dbt.cli.main import dbtRunner

        path = str(self.project.path)
        command = ["compile", "--select", select, "--project-dir", path, "--profiles-dir", path]
        with _put_back(self.project.path):
            result = dbtRunner(manifest=self.manifest).invoke([*command, "--vars", yaml.safe_dump(vars)])
        return Run(success=bool(result.success), exception=result.exception, result=result.result)


@pytest.fixture(scope="module")
def project(make_module_project: Any) -> Project:
    project: Project = make_module_project(
        models={
            "good": bad(),
            "other": "select 1 as one",
            "moments": "{% for given in var('moments', []) %}{{ driftline._moment('m', 'clock', given, clock=true) }}|{% endfor %}",
            **{
                f"bad/moment_{number}": "{% if execute %}{{ driftline._moment('m', 'clock', "
                + json.dumps(text)
                + ", clock=true) }}{% endif %}"
                for number, text in enumerate(NO_MOMENTS)
            },
        },
        tables={"log": LOG},
        vars={"driftline_now": "2024-01-07", "driftline_monitors": ["good"], "driftline_windows": {"day": [1]}},
    )
    project.build("--exclude", "path:models/bad", "moments")
    return project


@pytest.fixture(scope="module")
def parsed(project: Project) -> Parsed:
    return Parsed(project)


@pytest.mark.parametrize("name", VARIABLES)
def test_wrong_variables(parsed: Parsed, name: str) -> None:
    variable, value, given, allowed = VARIABLES[name]
    run = parsed.compile(READERS.get(variable, "driftline_int_monitors"), **{variable: value})
    assert not run.success
    found = VARIABLE.search(run.text)
    assert found, run.text
    assert found["variable"] == variable
    assert given in found["given"]
    assert allowed in found["allowed"]


@pytest.mark.parametrize("name", OVERRIDES)
def test_wrong_thresholds(parsed: Parsed, name: str) -> None:
    override, field, given, allowed = OVERRIDES[name]
    run = parsed.compile("driftline_int_judgements", driftline_thresholds=[override])
    assert not run.success
    expected = f"driftline: monitor 'good', argument 'var 'driftline_thresholds'{field}': given {given}; allowed: "
    [line] = {line for line in run.text.splitlines() if expected in line}
    assert allowed in line.split(expected)[1]


@pytest.mark.parametrize("now", CLOCKS)
def test_a_clock_that_is_none(parsed: Parsed, now: Any) -> None:
    run = parsed.compile("good", driftline_now=now)
    assert not run.success
    assert f"argument 'var 'driftline_now'': given \"{now}\"; allowed: 'YYYY-MM-DD'" in run.text


def compiled(run: Run) -> str:
    assert run.success, str(run)
    return str(run.result.results[0].node.compiled_code)


def test_moments_that_mean_something(parsed: Parsed) -> None:
    found = compiled(parsed.compile("moments", moments=list(MOMENTS))).strip().split("|")[:-1]
    assert dict(zip(MOMENTS, found, strict=True)) == MOMENTS


def test_moments_that_mean_nothing(project: Project) -> None:
    failures = project.run(["run", "--select", "path:models/bad"]).failures
    for number, text in enumerate(NO_MOMENTS):
        expected = f"monitor 'm', argument 'clock': given {json.dumps(text)}; allowed: 'YYYY-MM-DD' or"
        assert expected in failures[f"moment_{number}"], text


def test_a_clock_and_a_reference_that_yaml_made_dates(project: Project) -> None:
    """YAML reads 2024-01-07 as a date, and a time with an offset as that time in UTC."""
    arguments = {**GOOD, "reference": Jinja("{'start': var('from_day'), 'end': modules.datetime.datetime(2024, 1, 4)}")}
    project.model("dated", declare_with({"relation": source("log"), **arguments}))
    for clock, expected in {
        "2024-01-07": "2024-01-07 00:00:00",
        "2024-01-06T20:00:00.5-04:00": "2024-01-07 00:00:00",
        "'2024-01-07T09:00+09:00'": "2024-01-07 00:00:00",
    }.items():
        run = project.run(
            ["compile", "--select", "dated", "--vars", f"{{driftline_now: {clock}, from_day: 2024-01-02}}"]
        )
        text = compiled(run)
        assert f"< cast('{expected}' as timestamp)" in text and ">= cast('2024-01-02 00:00:00' as timestamp)" in text
    project.remove_model("dated")


def test_a_monitor_that_does_not_exist_is_named(project: Project) -> None:
    before = everything(project)
    run = project.run(["build"], vars={"driftline_monitors": ["good", "missing_one"]})
    assert not run.success
    assert "missing_one" in run.text
    assert everything(project) == before


def test_a_model_that_is_no_monitor(project: Project) -> None:
    run = project.run(["build"], vars={"driftline_monitors": ["good", "other"]})
    assert not run.success
    tables = [name for name, kind in project.relations().items() if kind == "table"]
    assert {"good", "driftline_drift", "driftline_alerts"} <= set(tables)


def test_a_monitor_that_is_listed_twice_counts_once(project: Project) -> None:
    project.build("--select", "+driftline_state", vars={"driftline_monitors": ["good", "good"]})
    rows = project.sql("select sum(row_count) from driftline_state where column_role = 'row'")
    assert rows == [(60,)]
