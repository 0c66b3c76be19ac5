"""No file one is afraid of: how long models, macros, their files and their lines may be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.project import REPOSITORY

MODEL_LINES, MODEL_CTES, MACRO_LINES, FILE_LINES, LINE_LENGTH = 200, 10, 60, 250, 120

# What is larger, by name. These lists only shrink: what has become small enough is taken out, and the test says so.
EXCEPTIONS: dict[str, set[str]] = {
    "models by lines": set(),
    "models by CTEs": {
        "driftline_int_silences",
        "driftline_int_spans",
        "driftline_int_version_splits",
    },
    "macros": {
        "postgres___count_numeric",
    },
    "files of macros": set(),
    "files with long lines": set(),
}

# A name and `as (`; between the two an engine may say that it is to be computed once.
CTE = re.compile(r"^\s*(?:with\s+)?(?:\w|{{.*?}})+ as (?:(?:not )?materialized |{{[^}]*}} ?)?\(\s*$", re.MULTILINE)
MACRO = re.compile(r"^{%-? (?:macro|test) (\w+).*?{%-? end(?:macro|test) -?%}", re.MULTILINE | re.DOTALL)


def texts(folder: str) -> Iterator[tuple[Path, str]]:
    for path in sorted((REPOSITORY / folder).rglob("*.sql")):
        yield path, path.read_text(encoding="utf-8")


def lines(text: str) -> int:
    return len(text.splitlines())


def larger(what: str) -> dict[str, int]:
    """Name to size of all that is larger than it should be."""
    sizes = {
        "models by lines": lambda: ({p.stem: lines(t) for p, t in texts("models")}, MODEL_LINES),
        "models by CTEs": lambda: ({p.stem: len(CTE.findall(t)) for p, t in texts("models")}, MODEL_CTES),
        "macros": lambda: ({m[1]: lines(m[0]) for _, t in texts("macros") for m in MACRO.finditer(t)}, MACRO_LINES),
        "files of macros": lambda: (
            {str(p.relative_to(REPOSITORY / "macros")): lines(t) for p, t in texts("macros")},
            FILE_LINES,
        ),
        "files with long lines": lambda: (
            {
                str(p.relative_to(REPOSITORY)): max(
                    (len(line) for line in t.splitlines() if "https://" not in line), default=0
                )
                for folder in ("macros", "models")
                for p, t in texts(folder)
            },
            LINE_LENGTH,
        ),
    }
    found, limit = sizes[what]()
    return {name: size for name, size in found.items() if size > limit}


@pytest.mark.parametrize("what", EXCEPTIONS)
def test_nothing_is_larger_than_it_should_be(what: str) -> None:
    found = larger(what)
    new = {name: size for name, size in found.items() if name not in EXCEPTIONS[what]}
    assert new == {}, f"{what}: cut what is too large"
    assert EXCEPTIONS[what] <= found.keys(), f"{what}: these need no exception any more, take them out of the list"


def test_ctes_and_macros_are_counted() -> None:
    """Of a pattern that finds nothing, nothing would ever be too large."""
    assert len(CTE.findall("with one as (\n    select 1\n),\n\n{{ period }}_two as {{ in_place() }}(\n")) == 2
    assert len(CTE.findall("select * from (\n    select 1 as (x)\n) as three\n")) == 0
    found = {m[1]: lines(m[0]) for _, text in texts("macros") for m in MACRO.finditer(text)}
    assert len(found) > 100 and found["_fail"] == 5
