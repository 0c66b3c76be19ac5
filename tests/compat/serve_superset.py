"""A Superset with our bundle, in Superset's own environment: it, and the standard library, nothing else.

Arguments: the bundle as a zip, and the address of the database. By the commands that docs/dashboards.md tells people, in one
process. Prints {"port": …} when it serves, and serves until its standard input ends. SUPERSET_HOME, SUPERSET_SECRET_KEY and
ADMIN_PASSWORD are in the environment.
"""

import json
import os
import sys
import threading


def main() -> None:
    bundle, address = sys.argv[1:]
    # What Superset says while it begins is no answer.
    answers, sys.stdout = sys.stdout, sys.stderr
    from click.testing import CliRunner
    from flask.cli import ScriptInfo
    from superset.app import create_app
    from superset.cli.main import superset
    from werkzeug.serving import make_server

    app = create_app()
    admin = ["--username", "admin", "--firstname", "A", "--lastname", "B", "--email", "admin@example.com", "--password"]
    for command in (
        ["db", "upgrade"],
        ["init"],
        ["fab", "create-admin", *admin, os.environ["ADMIN_PASSWORD"]],
        ["import-dashboards", "--path", bundle, "--username", "admin"],
        ["set-database-uri", "--database-name", "driftline", "--uri", address],
    ):
        done = CliRunner().invoke(superset, command, obj=ScriptInfo(create_app=lambda: app))
        if done.exit_code:
            sys.exit(f"superset {command[0]} failed: {done.output[-3000:]} {done.exception!r}")
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    answers.write(json.dumps({"port": server.port}) + "\n")
    answers.flush()
    sys.stdin.read()
    server.shutdown()


main()
