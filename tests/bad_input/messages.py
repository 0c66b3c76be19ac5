"""The one shape of driftline's messages: monitor, argument, what was given, what is allowed."""

from __future__ import annotations

import re
from typing import Any

from state.states import declare_with, source
from support import Project

MESSAGE = re.compile(
    r"driftline: monitor '(?P<monitor>.*?)', argument '(?P<argument>.*?)': given (?P<given>.*?); allowed: (?P<allowed>.*)"
)
SPAN = {"start": "2024-01-02", "end": "2024-01-04"}
GOOD: dict[str, Any] = {"timestamp": "at", "reference": SPAN, "numeric": ["x"]}


def bad(**changes: Any) -> str:
    """A declaration that is good but for what is given; None takes an argument away."""
    arguments = {"relation": source("log"), **GOOD, **changes}
    return declare_with({name: value for name, value in arguments.items() if value is not None})


def assert_message(text: str, monitor: str, argument: str, given: str, allowed: str) -> None:
    found = MESSAGE.search(text)
    assert found, text
    assert (found["monitor"], found["argument"]) == (monitor, argument), found[0]
    assert given in found["given"], found[0]
    assert allowed in found["allowed"], found[0]


def everything(project: Project) -> dict[str, list[tuple[Any, ...]]]:
    """All tables as they stand, to see that none has changed."""
    return {
        name: sorted(project.sql(f"select * from {project.relation(name)}"), key=repr) for name in project.relations()
    }
