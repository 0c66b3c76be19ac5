"""Two DAGs, hourly and daily: models by Cosmos, then the monitors and all results; tell, look, act.

The environment has DBT_PROJECT_DIR, PATH with dbt and driftline, and what profiles.yml and driftline.yml ask for. Once:

    airflow pools set driftline 1 "one build or alert at a time"
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, TriggerRule
from cosmos import DbtTaskGroup, ExecutionConfig, LoadMode, ProfileConfig, ProjectConfig, RenderConfig
from cosmos.constants import InvocationMode

PROJECT = Path(os.environ["DBT_PROJECT_DIR"])
# The monitors are the models of this folder.
MONITORS = "path:models/monitors"


def monitoring(name: str, schedule: str, monitors: str) -> DAG:
    # A run reads all that it has not read, so a time that was missed need not be made up for: no catchup.
    with DAG(
        name, schedule=schedule, start_date=datetime(2026, 1, 1), catchup=False, max_active_runs=1,
        default_args={"retries": 1, "retry_delay": timedelta(minutes=1)},
    ) as dag:  # fmt: skip
        models = DbtTaskGroup(
            group_id="models",
            project_config=ProjectConfig(PROJECT, manifest_path=PROJECT / "target" / "manifest.json"),
            profile_config=ProfileConfig("shop", "dev", profiles_yml_filepath=PROJECT / "profiles.yml"),
            execution_config=ExecutionConfig(dbt_executable_path="dbt", invocation_mode=InvocationMode.SUBPROCESS),
            render_config=RenderConfig(
                load_method=LoadMode.DBT_MANIFEST, select=[f"+{monitors}"], exclude=[MONITORS, "package:driftline"]
            ),
        )

        def run(task: str, command: str, rule: TriggerRule = TriggerRule.ALL_SUCCESS, **more: object) -> BashOperator:
            return BashOperator(
                task_id=task, bash_command=command, cwd=str(PROJECT), append_env=True, env={},
                pool="driftline", trigger_rule=rule, **more,
            )  # fmt: skip

        # One process for all of them: the package's models are many and small, and it notes who was to run.
        build = run("build", f"dbt build --select {monitors} package:driftline")
        # One that fails holds up no other: the results of the monitors that work.
        rescue = run("rescue", "dbt build --select package:driftline", TriggerRule.ONE_FAILED)
        # No retries: it makes several attempts itself, and a second call no longer says that an action has failed.
        alert = run("alert", "driftline alert", TriggerRule.ALL_DONE, retries=0)
        # Exit code 1, open incidents, is no failure: what comes after it is left out.
        check = run(
            "check", "driftline check --severity critical", TriggerRule.ALL_DONE, retries=0, skip_on_exit_code=1
        )
        publish = run("publish", "./publish.sh ")
        # A run is as good as its last tasks: without this one a build that failed would be a success.
        over = EmptyOperator(task_id="over", trigger_rule=TriggerRule.NONE_FAILED)

        models >> build >> rescue >> alert >> check
        [build, alert, check] >> publish
        [build, alert, check, publish] >> over
    return dag


hourly = monitoring("monitoring_hourly", "17 0-1,3-23 * * *", "tag:hourly")
daily = monitoring("monitoring_daily", "17 2 * * *", MONITORS)
