"""A flow for hourly and daily runs: build, tell, look, act. `python monitoring.py` serves both.

The environment has DBT_PROJECT_DIR, PATH with dbt and driftline, and what profiles.yml and driftline.yml ask for. Once:

    prefect gcl create driftline --limit 1      # one build at a time, hourly and daily together
"""

from __future__ import annotations

import os
import subprocess

from prefect import flow, serve, task
from prefect.concurrency.sync import concurrency
from prefect.deployments.runner import RunnerDeployment
from prefect.schedules import Cron
from prefect.states import State

HOURLY = ["--select", "+tag:hourly", "package:driftline"]


def run(*command: str) -> int:
    return subprocess.run(command, cwd=os.environ["DBT_PROJECT_DIR"], check=False).returncode


@task(retries=1, retry_delay_seconds=60)
def build(select: list[str]) -> None:
    if code := run("dbt", "build", *select):
        raise RuntimeError(f"dbt build ended with {code}")


@task
def rescue() -> None:
    """One that fails holds up no other: the results of the monitors that work."""
    run("dbt", "build", "--select", "package:driftline")


@task
def alert() -> None:
    """No retries: it makes several attempts itself, and a second call no longer says that an action has failed."""
    if code := run("driftline", "alert"):
        raise RuntimeError(f"driftline alert ended with {code}")


@task
def check() -> bool:
    """Whether it is quiet. Exit code 1, open incidents, is no failure."""
    code = run("driftline", "check", "--severity", "critical")
    if code > 1:
        raise RuntimeError(f"driftline check ended with {code}: nothing can be said")
    return code == 0


@task
def publish() -> None:
    if code := run("./publish.sh"):
        raise RuntimeError(f"publish.sh ended with {code}")


@flow
def monitoring(select: list[str] | None = None) -> list[State]:
    """Everything, or what is selected. Fails where one of the states that it returns has."""
    with concurrency("driftline", strict=True):
        built = build(select or [], return_state=True)
        if not built.is_completed():
            rescue()
        told = alert(return_state=True)
        looked = check(return_state=True)
    states = [built, told, looked]
    if all(state.is_completed() for state in states) and looked.result():
        states.append(publish(return_state=True))
    return states


def deployments() -> list[RunnerDeployment]:
    return [
        monitoring.to_deployment(name, parameters={"select": select}, schedule=Cron(times, timezone="UTC"))
        for name, select, times in (("hourly", HOURLY, "17 0-1,3-23 * * *"), ("daily", None, "17 2 * * *"))
    ]


if __name__ == "__main__":
    serve(*deployments())
