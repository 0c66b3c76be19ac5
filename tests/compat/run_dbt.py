"""Runs dbt commands in one process of another environment and prints, as JSON, what they did.

Only dbt and the standard library: it runs under each of the dbt versions that the package supports.
"""

import importlib.metadata
import json
import os
import sys


def main() -> None:
    project, commands = sys.argv[1], json.loads(sys.argv[2])
    os.chdir(project)
    from dbt.cli.main import dbtRunner

    runs = []
    for command in commands:
        events = []

        def listen(event, events=events):
            level = str(event.info.level).rsplit(".", 1)[-1].lower()
            if level in ("info", "warn", "error"):
                events.append({"name": event.info.name, "level": level, "message": event.info.msg})

        result = dbtRunner(callbacks=[listen]).invoke([*command, "--profiles-dir", "."])
        nodes = getattr(result.result, "results", None) or []
        runs.append(
            {
                "command": command,
                "success": bool(result.success),
                "exception": None if result.exception is None else str(result.exception),
                "events": events,
                "nodes": {n.node.unique_id: str(getattr(n.status, "value", n.status)) for n in nodes},
                "messages": [str(n.message) for n in nodes if str(n.status) in ("error", "fail", "warn")],
            }
        )
        if not result.success:
            break
    sys.stdout.write(
        json.dumps({**{name: importlib.metadata.version(name) for name in ("dbt-core", "duckdb")}, "runs": runs})
    )


main()
