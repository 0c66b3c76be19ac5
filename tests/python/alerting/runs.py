"""Runs of `driftline alert` in a process of their own each, that start at once: the project is read only once.

Reads a line, starts a run, prints its process id, and its exit code when it has ended. Started with the project's folder.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from driftline.alerting.config import load_config
from driftline.alerting.run import Run
from driftline.project import ProjectOptions
from driftline.scrub import Scrubber
from driftline.warehouse import Warehouse


def main(folder: Path) -> None:
    scrub = Scrubber()
    warehouse = Warehouse.open(ProjectOptions(str(folder), str(folder)), scrub)
    print("ready", flush=True)
    for _ in sys.stdin:
        # Nothing has been connected yet, so the copy starts clean.
        pid = os.fork()
        if pid == 0:
            code = 3
            try:
                config = load_config(folder / "driftline.yml", scrub)
                code = 0 if Run(warehouse, config, folder, scrub, sys.stderr).deliver().all_well else 1
            finally:
                os._exit(code)
        print(pid, flush=True)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
