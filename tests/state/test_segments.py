"""Several segments: whether they are counted crossed with each other or apart, the state says the same."""

from __future__ import annotations

import datetime as dt
import random
import re
from operator import itemgetter
from typing import Any

from state.states import Column, Spec, assert_counts, columns_of, counts, declare, learn, recount

DAYS, ROWS_A_DAY = 2, 13_000
FIRST = dt.datetime(2024, 1, 1)
REFERENCE = (FIRST, FIRST + dt.timedelta(days=1))
SEGMENTS = {"small": ["a", "b"], "gaps": ["(null)", None], "wide": ["((null))", "it's", "all"]}


def _rows() -> list[dict[str, Any]]:
    chance = random.Random(3)
    rows = []
    for place in range(DAYS * ROWS_A_DAY):
        rows.append(
            {
                "at": FIRST + dt.timedelta(days=place // ROWS_A_DAY, seconds=place % ROWS_A_DAY),
                "x": chance.choice([None, *map(float, range(40))]),
                "kind": chance.choice(["one", "two", None]),
                **{name: chance.choice(values) for name, values in SEGMENTS.items()},
            }
        )
    return rows


def _sets(sql: str) -> set[frozenset[frozenset[str]]]:
    """Which segments are counted together: the sets of every GROUPING SETS that has segments."""
    return {
        frozenset(frozenset(re.findall(r"segment_\d", part)) for part in text.split("), ("))
        for text in re.findall(r"grouping sets\s*\((\(.*?\))\)", sql)
    }


def test_crossed_or_apart(make_project: Any) -> None:
    rows = _rows()
    spec = Spec(
        timestamp="at",
        columns=[Column("x", itemgetter("x")), Column("kind", itemgetter("kind"), kind="categorical")],
        reference=REFERENCE,
        segments={name: itemgetter(name) for name in SEGMENTS},
    )
    project = make_project(
        models={
            "monitors/shop": declare(
                timestamp="at", reference={"start": "2024-01-01", "end": "2024-01-02"}, numeric=["x"],
                categorical=["kind"], segments=list(SEGMENTS), lookback=0,
            )
        },
        tables={"log": columns_of(rows)},
        vars={"driftline_monitors": ["shop"]},
    )  # fmt: skip
    apart = {frozenset({"segment_1"}), frozenset({"segment_2"}), frozenset({"segment_3"})}
    crossed = {frozenset({"segment_1", "segment_2"}), frozenset({"segment_3"})}
    # A first run knows nothing of the segments. 13,000 rows a day are enough for four combinations, not for twelve.
    for day, sets in ((1, apart), (2, crossed)):
        run = project.build("--select", "shop", vars={"driftline_now": f"2024-01-0{day + 1}"})
        learn(project, "shop", spec.columns)
        assert_counts(counts(project, "shop"), recount(spec, rows[: day * ROWS_A_DAY]))
        if project.workspace.engine == "duckdb":
            assert _sets(run.result.results[0].node.compiled_code) == {frozenset(sets)}
