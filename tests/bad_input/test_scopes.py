"""A variable means the same wherever in `vars` it stands, or is refused by its name (decision 14)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from bad_input.messages import bad
from support import Project

LOG = {"at": [dt.datetime(2024, 1, 1 + number // 10) for number in range(90)], "x": [1.0, 2.0, None] * 30}
COMPILE = ["compile", "--select", "watched", "driftline_int_attempts", "driftline_int_critical_values"]


@pytest.fixture(scope="module")
def project(make_module_project: Callable[..., Project]) -> Project:
    gate = (
        "version: 2\nmodels:\n  - name: watched\n    data_tests:\n"
        "      - driftline.no_open_alerts: {arguments: {monitor: watched}}\n"
    )
    return make_module_project(
        models={"watched": bad(), "forgotten": bad()}, files={"models/gate.yml": gate}, tables={"log": LOG}
    )


def compiled(project: Project, vars: dict[str, Any]) -> tuple[Any, dict[str, str]]:
    project.vars = vars
    project.write_project_file()
    run = project.run(COMPILE)
    return run, {r.node.name: str(r.node.compiled_code) for r in run.result.results} if run.success else {}


def test_every_place_that_a_variable_can_stand_in(project: Project) -> None:
    names = {"driftline_monitors": ["watched"], "driftline_now": dt.date(2024, 1, 7), "driftline_alpha": 0.04321}
    run, at_the_top = compiled(project, names)
    assert run.success, str(run)
    assert "2024-01-07" in at_the_top["watched"] and "0.04321" in at_the_top["driftline_int_critical_values"]
    listed = {"driftline_monitors": names.pop("driftline_monitors")}
    for vars in (
        {"driftline": {**listed, **names}},
        {"driftline": listed, "consumer": {**listed, **names}},
    ):
        run, elsewhere = compiled(project, vars)
        assert run.success, str(run)
        for name in ("watched", "driftline_int_critical_values"):
            assert stripped(elsewhere[name]) == stripped(at_the_top[name]), (vars, name)
    said = [message for message in run.warnings if "forgotten" in message]
    assert len(said) == 1 and "driftline_monitors" in said[0] and '["watched"]' in said[0]


def stripped(sql: str) -> list[str]:
    """Without the two settings that name the run of dbt."""
    return [line for line in sql.splitlines() if "invocation_id" not in line and "run_started_at" not in line]


@pytest.mark.parametrize(
    ("vars", "variable", "said"),
    [
        ({"consumer": {"driftline_monitors": ["watched"]}}, "driftline_monitors", ["consumer: …", "top level"]),
        (
            {"driftline_monitors": ["watched"], "driftline": {"driftline_alpha": 0.1}, "consumer": {"driftline_alpha": 0.2}},
            "driftline_alpha",
            ["0.1 as the models of driftline", "0.2 as those of consumer", "one value"],
        ),
        (
            {"driftline": {"driftline_monitors": ["watched"]}, "driftline_monitors": ["watched", "forgotten"]},
            "driftline_monitors",
            ['["watched"]', '["watched", "forgotten"]'],
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_by_name(
    project: Project, vars: dict[str, Any], variable: str, said: list[str]
) -> None:
    run, _ = compiled(project, vars)
    assert not run.success
    [line] = {line.strip() for line in run.text.splitlines() if "driftline: var " in line}
    assert f"driftline: var '{variable}': given " in line and "; allowed: " in line
    assert all(text in line for text in said), line
