"""Programs that stand in for others: each writes down how it was called, and ends with the exit code it was given."""

from __future__ import annotations

import os
from pathlib import Path

from orchestration import shop

PROGRAM = """#!/bin/sh
echo "${0##*/} $*" >> "$STAND_INS/calls"
codes="$STAND_INS/${0##*/} $1"
[ -f "$codes" ] || exit 0
code=$(head -n 1 "$codes")
sed -i 1d "$codes"
exit "${code:-0}"
"""


class StandIns:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("dbt", "driftline", "sleep"):
            shop.put(folder / name, PROGRAM)
            (folder / name).chmod(0o755)

    def answer(self, program: str, *codes: int) -> None:
        """``answer("dbt build", 1, 0)``: its next call ends with 1, the one after it with 0, all others with 0."""
        shop.put(self.folder / program, "".join(f"{code}\n" for code in codes))

    def calls(self) -> list[str]:
        file = self.folder / "calls"
        return file.read_text(encoding="utf-8").splitlines() if file.exists() else []

    @property
    def environment(self) -> dict[str, str]:
        return {"PATH": f"{self.folder}{os.pathsep}{os.environ['PATH']}", "STAND_INS": str(self.folder)}
