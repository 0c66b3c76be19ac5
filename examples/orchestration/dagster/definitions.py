"""The dbt project as assets, built every hour and every day; what was built is told, whichever way the run has ended.

The environment has DBT_PROJECT_DIR, PATH with dbt and driftline, and what profiles.yml and driftline.yml ask for.
dagster.yaml lets one build or alert run at a time.
"""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
from dagster_dbt import DbtCliResource, DbtProject, build_dbt_asset_selection, dbt_assets

PROJECT = Path(os.environ["DBT_PROJECT_DIR"])
project = DbtProject(PROJECT, profiles_dir=PROJECT)
project.prepare_if_dev()


@dbt_assets(manifest=project.manifest_path, project=project, pool="driftline")
def models(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[object]:
    build = dbt.cli(["build"], context=context, raise_on_error=False)
    yield from build.stream()
    if not build.is_successful():
        # One that fails holds up no other: the results of the monitors that work.
        dbt.cli(["build", "--select", "package:driftline"], raise_on_error=False, target_path=build.target_path).wait()
        raise dg.Failure("dbt build failed: its log says why")


def run(*command: str) -> int:
    return subprocess.run(command, cwd=PROJECT, check=False).returncode


@dg.op(out=dg.Out(dg.Nothing), pool="driftline")
def alert() -> None:
    if code := run("driftline", "alert"):
        raise dg.Failure(f"driftline alert ended with {code}")


@dg.op(ins={"told": dg.In(dg.Nothing)}, out={"quiet": dg.Out(dg.Nothing, is_required=False)}, pool="driftline")
def check() -> Iterator[dg.Output[None]]:
    """Exit code 1, open incidents, is no failure: what comes after it is left out."""
    code = run("driftline", "check", "--severity", "critical")
    if code > 1:
        raise dg.Failure(f"driftline check ended with {code}: nothing can be said")
    if code == 0:
        yield dg.Output(None, "quiet")


@dg.op(ins={"quiet": dg.In(dg.Nothing)})
def publish() -> None:
    subprocess.run(["./publish.sh"], cwd=PROJECT, check=True)


@dg.job
def tell() -> None:
    alert()


@dg.job
def tell_and_act() -> None:
    publish(check(alert()))


hourly = dg.define_asset_job("hourly", build_dbt_asset_selection([models], dbt_select="+tag:hourly package:driftline"))
daily = dg.define_asset_job("daily", dg.AssetSelection.assets(models))
ON = dg.DefaultSensorStatus.RUNNING


@dg.run_status_sensor(
    dg.DagsterRunStatus.SUCCESS, monitored_jobs=[hourly, daily], request_job=tell_and_act, default_status=ON
)
def built(context: dg.RunStatusSensorContext) -> dg.RunRequest:
    return dg.RunRequest(run_key=context.dagster_run.run_id)


@dg.run_status_sensor(dg.DagsterRunStatus.FAILURE, monitored_jobs=[hourly, daily], request_job=tell, default_status=ON)
def failed(context: dg.RunStatusSensorContext) -> dg.RunRequest:
    return dg.RunRequest(run_key=context.dagster_run.run_id)


definitions = dg.Definitions(
    assets=[models],
    jobs=[hourly, daily, tell, tell_and_act],
    schedules=[
        dg.ScheduleDefinition(job=hourly, cron_schedule="17 0-1,3-23 * * *", execution_timezone="UTC"),
        dg.ScheduleDefinition(job=daily, cron_schedule="17 2 * * *", execution_timezone="UTC"),
    ],
    sensors=[built, failed],
    resources={"dbt": DbtCliResource(project_dir=project, profiles_dir=str(PROJECT))},
)
