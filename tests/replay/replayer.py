"""Leads a project through a story, run after run, and holds its tables against one build of the same rows.

To try a change of the models by hand, with what differs named down to the private tables:

    .venv/bin/python tests/replay/run.py --length short --private --keep /tmp/replay
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from replay import comparison
from replay.rows import Table, clock
from replay.story import Declared, Step
from support.data import to_arrow
from support.engines import quote

# What only the replay knows: when a row comes.
ARRIVAL = {"arrives"}
# Labels come after their row, by an update of the log.
LABEL = ("bought", "known_at")
SECOND_HALF = ("--select", "package:driftline")


class Worker:
    """The process that runs dbt: see ``worker.py``. One that was killed is followed by a new one."""

    def __init__(self, folder: Path, server: str | None = None) -> None:
        self.folder, self.server = folder, server
        self.process: subprocess.Popen[bytes] | None = None

    def _start(self) -> None:
        orders, self.orders = os.pipe()
        self.answers, answers = os.pipe()
        script = Path(__file__).with_name("worker.py")
        self.process = subprocess.Popen(
            [sys.executable, script, str(orders), str(answers), str(self.folder), self.server or ""],
            pass_fds=(orders, answers),
            # A process that was killed leaves what Python warns of.
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
        )
        os.close(orders)
        os.close(answers)
        self.to, self.back = Connection(self.orders, readable=False), Connection(self.answers, writable=False)

    def ask(self, database: str, method: str, *arguments: Any) -> Any:
        """What the worker answers; None where the run that was asked for killed it."""
        if self.process is None:
            self._start()
        try:
            self.to.send((database, method, arguments))
            how, what = self.back.recv()
        except (EOFError, BrokenPipeError):
            self.close()
            assert method == "run", f"{method}: the process that runs dbt is gone"
            return None
        assert how == "done", f"{method}: {what}"
        return what

    def close(self) -> None:
        if self.process is not None:
            self.to.close()
            self.back.close()
            self.process.wait()
            self.process = None


@dataclass
class Replay:
    worker: Worker
    data: dict[str, Table]
    seed: int
    say: Callable[[str], None]
    private: bool = False
    declared: Declared = field(default_factory=Declared)
    before: float = -100.0
    nodes: int = 60
    checkpoints: int = 0
    killed: int = 0
    problems: list[str] = field(default_factory=list)

    def begin(self) -> None:
        """The sources stand there, empty; what will come lies beside them."""
        for name, table in self.data.items():
            arrow = to_arrow(table)
            if "arrives" not in table:
                self.worker.ask("replay", "load", name, arrow)
                continue
            self.worker.ask("replay", "load", f"future_{name}", arrow)
            columns = ", ".join(quote(column) for column in table if column not in ARRIVAL)
            self.worker.ask(
                "replay", "execute", f"create table {name} as select {columns} from future_{name} where 1 = 0"
            )

    def lead(self, steps: Iterable[Step]) -> None:
        for step in steps:
            self.take(step)

    def take(self, step: Step) -> None:
        begun = time.monotonic()
        rng = random.Random(f"{self.seed} {step.day}")
        if step.change is not None:
            step.change(self.declared)
        self._rows(step)
        self.worker.ask("replay", "execute", *step.tables)
        self._declare("replay")
        for _ in range(step.runs):
            run = self._run("replay", step, rng)
        ended = "killed" if run is None else "well" if run["success"] else "fails"
        if ended == "killed":
            self.killed += 1
        # A run that should have died may have been through before.
        expected = {"killed": ("killed", "well")}.get(step.ends, (step.ends,))
        assert ended in expected, f"day {step.day}, {step.what}: {ended}\n{run and run['text'][-3000:]}"
        if ended == "fails":
            second = self.worker.ask("replay", "run", ["build", *SECOND_HALF], self._vars(step), None)
            assert second["success"], second["text"][-3000:]
        self.before = max(self.before, step.day)
        self.say(f"day {step.day:6.2f}  {time.monotonic() - begun:5.1f} s  {ended:6}  {step.what}")
        if step.compared:
            self.compare(step)

    # ------------------------------------------------------------------------------------------------------- a step

    def _rows(self, step: Step) -> None:
        """What has come since the step before."""
        come = "{0} >= timestamp '{1}' and {0} < timestamp '{2}'"
        # A clock that is put back finds what has come since, too.
        since, now = clock(self.before), clock(max(self.before, step.day))
        statements = []
        for name, table in self.data.items():
            if "arrives" not in table:
                continue
            labels = tuple(map(quote, LABEL)) if name == "log" else ()
            columns = [quote(column) for column in table if column not in ARRIVAL]
            # No label yet: the columns keep their types, and it comes with the update.
            chosen = [f"case when 1 = 0 then {c} end as {c}" if c in labels else c for c in columns]
            statements.append(
                f"insert into {name} select {', '.join(chosen)} from future_{name}"
                f" where {come.format('arrives', since, now)}"
            )
            if labels:
                statements.append(
                    f"update {name} set bought = f.bought, known_at = f.known_at from future_{name} as f"
                    f" where f.id = {name}.id and {come.format('f.known_at', since, now)}"
                )
        if step.erases:
            erased = f"\"at\" >= timestamp '{clock(self.before - 2)}' and \"at\" < timestamp '{now}'"
            statements.append(f"delete from log where id % 41 = 3 and {erased}")
            statements.append(f"delete from log where market = 'east' and id % 2 = 0 and {erased}")
        self.worker.ask("replay", "execute", *statements)

    def _declare(self, database: str) -> None:
        self.worker.ask(database, "declare", self.declared.models, self.declared.vars, list(self.data))

    def _vars(self, step: Step) -> dict[str, Any]:
        return {"driftline_now": str(clock(step.day))}

    def _run(self, database: str, step: Step, rng: random.Random) -> dict[str, Any] | None:
        burns = None
        if step.ends == "killed" and database == "replay":
            burns = (rng.randrange(1, self.nodes), rng.random() * 0.15)
        arguments = step.arguments if database == "replay" else ()
        run: dict[str, Any] | None = self.worker.ask(database, "run", ["build", *arguments], self._vars(step), burns)
        if run is not None and not step.arguments:
            self.nodes = max(2, run["nodes"])
        return run

    # ------------------------------------------------------------------------------------------------- a checkpoint

    def compare(self, step: Step) -> None:
        """One build of what the sources hold now."""
        begun = time.monotonic()
        self.checkpoints += 1
        other = f"once_{self.checkpoints}"
        for name in self.data:
            # In another order: a table has none.
            rows = self.worker.ask("replay", "table", f"select * from {name} order by 1 desc")
            self.worker.ask(other, "load", name, rows)
        self._declare(other)
        run = self._run(other, step, random.Random(0))
        assert run is not None and run["success"], run and run["text"][-3000:]

        def ours(query: str) -> Any:
            return self.worker.ask("replay", "table", query)

        def theirs(query: str) -> Any:
            return self.worker.ask(other, "table", query)

        found = comparison.differences(ours, theirs)
        if found and self.private:
            there = set(self.worker.ask("replay", "relations")) & set(self.worker.ask(other, "relations"))
            names = sorted(name for name in there if name.startswith("driftline_int_"))
            found += comparison.private_differences(ours, theirs, names)
        self.problems += [f"day {step.day}, after {step.what!r}: {line}" for line in found]
        self.say(
            f"            {time.monotonic() - begun:5.1f} s  {'EQUAL' if not found else 'DIFFERENT'}: one build of the same rows"
        )
        for line in found:
            self.say(f"    {line}")

    def table(self, query: str) -> Any:
        return self.worker.ask("replay", "table", query)

    def values(self, query: str) -> list[Any]:
        """The first column."""
        found: list[Any] = self.table(query).column(0).to_pylist()
        return found
