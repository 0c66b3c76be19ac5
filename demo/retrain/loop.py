#!/usr/bin/env python3
"""The closed loop, step by step in plain words: drift found, retrained, compared, promoted.

Run after `make demo`. Works on a copy of the demo's database, so that the demo stays as it is and the loop can be seen
again: its memory, the ledger, is in the copy.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb

HERE = Path(__file__).resolve().parent
DEMO = HERE.parent
TARGET = HERE / "target"
LEDGER = """
    select event, outcome, exit_code, detail
    from driftline_notifications
    where channel = 'action:retrain'
    order by sent_at, alert_id
"""


def alert(database: Path, config: Path) -> tuple[int, str]:
    """`driftline alert` in the demo's folder."""
    programs = Path(sys.executable).parent
    found = subprocess.run(
        [str(programs / "driftline"), "alert", "--project-dir", str(DEMO), "--profiles-dir", str(DEMO),
         "--config", str(config)],
        # The action's command starts `python`: this one.
        env={**os.environ, "DRIFTLINE_DEMO_DB": str(database), "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True, text=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return found.returncode, (found.stdout + found.stderr).strip()


def ledger(database: Path) -> list[tuple[str, str, int | None, str | None]]:
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(LEDGER).fetchall()


def champion() -> str:
    """Which version serves."""
    path = TARGET / "champion.json"
    return json.loads(path.read_text(encoding="utf-8"))["model_version"] if path.exists() else "reco_v1"


def show(title: str, text: str = "") -> None:
    print(f"\n{title}", *(f"  {line}" for line in text.splitlines()), sep="\n", flush=True)


def main() -> int:
    options = argparse.ArgumentParser(description="Run the loop once and say what happens.")
    options.add_argument("--config", type=Path, default=HERE / "driftline.yml", help="for driftline alert")
    config = options.parse_args().config
    demo = Path(os.environ.get("DRIFTLINE_DEMO_DB", DEMO / "target" / "driftline_demo.duckdb"))
    if not demo.exists():
        print(f"{demo} is not there: run `make demo` first.", file=sys.stderr)
        return 2
    shutil.rmtree(TARGET, ignore_errors=True)
    TARGET.mkdir()
    database = TARGET / "shop.duckdb"
    shutil.copyfile(demo, database)

    print(f"{champion()} serves. An offline replay of the demo shop: see demo/retrain/README.md.")
    code, said = alert(database, config)
    show("1. driftline alert tells of the drift, and starts the command", said)
    starts = ledger(database)
    if code == 2 or not starts:
        show("Nothing was started.")
        return 1
    # One start may settle several alerts; what the command printed stands at each of them.
    event, outcome, exit_code, detail = starts[0]
    show("2. The command: retrained, compared, promoted or not", detail or "")
    show(
        "3. What is recorded, in driftline_notifications",
        f"action:retrain, {event} once for {len(starts)} alerts: {outcome}, exit code {exit_code}\n"
        "what it printed is in the column detail",
    )
    _, said = alert(database, config)
    again = ledger(database)
    show(
        "4. driftline alert once more",
        "nothing is started: the episodes have had their retraining"
        if again == starts
        else f"it started again: {said}",
    )
    show(f"{champion()} serves.")
    return 0 if outcome == "succeeded" and again == starts else 1


if __name__ == "__main__":
    sys.exit(main())
