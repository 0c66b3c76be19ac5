"""What the doctor says: one line what, one line what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from driftline.text import COLUMNS, paint, printable, wrap

OK, FOUND, UNCHECKED = "ok", "found", "not checked"
_SHOWN = {OK: "ok", FOUND: "FOUND", UNCHECKED: "?"}
_COLOURS = {OK: "resolved", FOUND: "critical", UNCHECKED: "warn"}
_MARK, _ABOUT = 7, 13


@dataclass(frozen=True)
class Finding:
    """About one thing: whether it is well, what was seen, and the remedy where it is not."""

    about: str
    state: str
    what: str
    remedy: str = ""

    def lines(self, colours: bool = False) -> Iterator[str]:
        mark = f"{_SHOWN[self.state]:<{_MARK}}"
        blank = " " * (_MARK + _ABOUT)
        first, *rest = wrap(printable(self.what), COLUMNS - len(blank))
        yield f"{paint(mark, _COLOURS[self.state]) if colours else mark}{self.about:<{_ABOUT}}{first}"
        yield from (blank + line for line in rest)
        if self.remedy:
            first, *rest = wrap(printable(self.remedy), COLUMNS - len(blank) - 3)
            yield f"{blank}-> {first}"
            yield from (f"{blank}   {line}" for line in rest)


@dataclass(frozen=True)
class Diagnosis:
    findings: tuple[Finding, ...]

    @property
    def found(self) -> int:
        return sum(finding.state == FOUND for finding in self.findings)

    @property
    def unchecked(self) -> int:
        return sum(finding.state == UNCHECKED for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        return {
            "found": self.found,
            "not_checked": self.unchecked,
            "findings": [asdict(finding) for finding in self.findings],
        }

    def lines(self, colours: bool = False) -> list[str]:
        lines = [line for finding in self.findings for line in finding.lines(colours)]
        outcome = f"{self.found} thing{'' if self.found == 1 else 's'} found" if self.found else "Nothing found"
        more = f", {self.unchecked} not checked" if self.unchecked else ""
        return [*lines, f"{outcome}{more}."]


def ok(about: str, what: str) -> Finding:
    return Finding(about, OK, what)


def found(about: str, what: str, remedy: str) -> Finding:
    return Finding(about, FOUND, what, remedy)


def unchecked(about: str, what: str, remedy: str = "") -> Finding:
    return Finding(about, UNCHECKED, what, remedy)


def some(names: Sequence[str], most: int = 5) -> str:
    """Some names, and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
