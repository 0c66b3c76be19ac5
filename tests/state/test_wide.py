"""How many columns a monitor has changes nothing of any of them: more passes and blocks, the same counts."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pytest
from state.states import columns_of, counts, declare

ROWS, DAYS = 400, 4
FIRST = dt.datetime(2024, 1, 1)
# Many: more than one pass of numbers, and after 32 texts another of texts.
SIZES = {"few": 5, "many": 180}


def _names(columns: int) -> tuple[list[str], list[str]]:
    """Numbers and texts: every fifth column is a text."""
    places = range(columns)
    return [f"n{place}" for place in places if place % 5 != 4], [f"c{place}" for place in places if place % 5 == 4]


@pytest.fixture(scope="module")
def project(make_module_project: Any) -> Any:
    chance = random.Random(5)
    numbers, texts = _names(SIZES["many"])
    rows = [
        {
            "at": FIRST + dt.timedelta(days=DAYS * place / ROWS),
            # Quarters: their sums are exact in whatever order they are added.
            **{name: chance.choice([None, *(k / 4 for k in range(60))]) for name in numbers},
            **{name: chance.choice([None, "a", "b", "c"]) for name in texts},
        }
        for place in range(ROWS)
    ]
    models = {}
    for name, columns in SIZES.items():
        numeric, categorical = _names(columns)
        models[f"monitors/{name}"] = declare(
            timestamp="at", reference={"start": "2024-01-01", "end": "2024-01-03"}, numeric=numeric,
            categorical=categorical, bins=8,
        )  # fmt: skip
    project = make_module_project(
        models=models,
        tables={"log": columns_of(rows)},
        vars={"driftline_monitors": list(SIZES), "driftline_now": "2024-01-05"},
    )
    project.build("--select", *SIZES)
    return project


def test_a_column_is_counted_as_if_it_were_alone(project: Any) -> None:
    few, many = counts(project, "few"), counts(project, "many")
    assert few
    assert few.items() <= many.items()
    assert len(many) > 20 * len(few)
