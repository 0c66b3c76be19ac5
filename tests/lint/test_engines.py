"""The engines' own files: what is inherited is meant to be, and the table at the top of each says what it answers."""

from __future__ import annotations

import re

import pytest
from support.project import REPOSITORY
from support.rendering import INHERITS

ADAPTERS = REPOSITORY / "macros" / "adapters"
TABLED = [
    "duckdb", "postgres", "spark", "clickhouse", "snowflake", "bigquery", "redshift", "databricks", "trino", "athena",
]  # fmt: skip
# Answers of the engine whose adapter another inherits that are meant for both, and why.
MEANT = {
    "redshift": {
        "_full_refresh": "views are bound to the table there too",
        "_drop_statements": "DROP … CASCADE is the same",
        "_matches": "~ matches a POSIX expression there too",
        "_period_start": "a cast to date and back",
        "_time_text": "to_char has the same patterns",
        "_whole_number": "to_char has the same patterns",
    },
    "databricks": {
        "_squared": "doubles overflow to infinity there too",
        "_summable": "doubles overflow to infinity there too",
        "_constant_rows": "the same VALUES",
        "_whole_number": "the same function",
        "_decimal_text": "the same function",
        "_stripped": "the same function",
    },
}


def answered(engine: str) -> set[str]:
    """The points that an engine's files answer."""
    found: set[str] = set()
    for path in (REPOSITORY / "macros").rglob("*.sql"):
        found |= set(re.findall(rf"macro {engine}__(\w+)\(", path.read_text(encoding="utf-8")))
    return found


@pytest.mark.parametrize("engine", INHERITS)
def test_nothing_is_inherited_by_accident(engine: str) -> None:
    of_other, own = answered(INHERITS[engine]), answered(engine)
    if not of_other:
        pytest.skip(f"{INHERITS[engine]} has no answers of its own")
    assert sorted(of_other - own - MEANT[engine].keys()) == [], f"{engine} has {INHERITS[engine]}'s answer"
    assert sorted(MEANT[engine].keys() - of_other) == [], f"{INHERITS[engine]} does not answer it (any more)"
    assert sorted(MEANT[engine].keys() & own) == [], f"{engine} answers it itself"


def test_athena_answers_what_trino_does() -> None:
    """Its adapter inherits nothing, and its engine is Trino's."""
    assert sorted(answered("trino") - answered("athena")) == []


@pytest.mark.parametrize("engine", TABLED)
def test_the_table_at_the_top_names_what_is_answered(engine: str) -> None:
    text = (ADAPTERS / f"{engine}.sql").read_text(encoding="utf-8")
    table = text[: text.index("#}")]
    named = set(re.findall(r"`(_\w+)`", "\n".join(line.split("|")[1] for line in table.splitlines() if "|" in line)))
    if engine == "athena":
        named |= answered("trino")
    assert sorted(named ^ answered(engine)) == []


@pytest.mark.parametrize("engine", TABLED)
def test_each_answer_says_where_it_is_documented(engine: str) -> None:
    text = (ADAPTERS / f"{engine}.sql").read_text(encoding="utf-8")
    lines = [line.strip() for line in text[: text.index("#}")].splitlines()]
    rows = [line for line in lines if line.startswith("|") and not line.startswith(("| point |", "|---|"))]
    assert rows
    assert [row for row in rows if "https://" not in row] == []
