"""A first `dbt build` of the demo on Postgres."""

from __future__ import annotations

import os
import sys

from common import REPOSITORY, Dbt, Line, Options, say, watch
from postgres import server

DEMO = REPOSITORY / "demo"


def measure(options: Options) -> list[Line]:
    with server() as postgres:
        postgres.create_database("demo")
        environment = {"PGHOST": postgres.host, "PGUSER": postgres.user, "PGDATABASE": "demo"}
        say("Postgres: loading the demo")
        watch([sys.executable, str(DEMO / "load_postgres.py")], {**os.environ, **environment})
        say("Postgres: building the demo")
        project = Dbt("demo_postgres", environment, {}, target="postgres", project=DEMO)
        build = project.watched("build")
    note = f"without dbt's start {project.elapsed():.1f} s"
    return [Line("Postgres: first `dbt build` of the demo", (build.seconds,), target=25, unit="s", note=note)]
