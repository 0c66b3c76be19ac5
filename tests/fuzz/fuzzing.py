"""Runs declarations and says what came of each: built, refused by the name of its argument, or neither."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from fuzz.declarations import NOW, declaration, log, outcomes
from support import Project, Workspace

MESSAGE = re.compile(r"driftline: monitor '(.*?)', argument '(.+?)': given (?:.|\n)*?; allowed: .")
# An expression that the warehouse refuses is told by the line its error quotes: there the argument stands.
QUOTED = re.compile(r"LINE \d+:.*\b(?:argument )?(?:business_metrics\.|weight\b)")


@dataclass
class Outcome:
    """Seeds by what came of them; ``failures`` has messages, also those of the tables that follow from the monitors."""

    built: list[int] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)

    def add(self, other: Outcome) -> None:
        self.built += other.built
        self.refused += other.refused
        self.failures |= other.failures

    @property
    def count(self) -> int:
        return len(self.built) + len(self.refused) + len(self.failures)

    def __str__(self) -> str:
        return (
            f"{self.count} declarations: {len(self.built)} accepted and built, {len(self.refused)} refused by their "
            f"argument's name, {len(self.failures)} anything else"
        )


def fuzz(workspace: Workspace, path: Path, seeds: Iterable[int]) -> Outcome:
    """Builds the monitors, then all that follows from those that were accepted."""
    seeds = list(seeds)
    training = {name: values[:120] for name, values in log().items()}
    project = Project(
        path,
        workspace,
        models={f"fuzz/fuzz_{seed}": declaration(seed) for seed in seeds},
        tables={"log": log(), "outcomes": outcomes(), "training": training},
        vars={"driftline_now": NOW, "driftline_monitors": [], "driftline_windows": {"hour": [24], "day": [1]}},
    )
    run = project.run(["run", "--select", "path:models/fuzz"])
    outcome = Outcome()
    for seed in seeds:
        name = f"fuzz_{seed}"
        message = run.failures.get(name)
        if message is None and run.statuses.get(name) == "success":
            outcome.built.append(seed)
            continue
        found = MESSAGE.search(message or "")
        named = found is not None and found[1] == name
        if named or QUOTED.search(message or ""):
            outcome.refused.append(seed)
        else:
            outcome.failures[name] = message or f"not run: {run.text[-2000:]}"
    if outcome.built:
        names = [f"fuzz_{seed}" for seed in outcome.built]
        after = project.run(["build", "--exclude", "path:models/fuzz"], vars={"driftline_monitors": names})
        for name, message in after.failures.items():
            outcome.failures[f"{name} of {names[0]} to {names[-1]}"] = message
        if not after.success and not after.failures:
            outcome.failures[f"the build of {names[0]} to {names[-1]}"] = after.text[-2000:]
    return outcome
