"""Every number in the worked examples of docs/measures is what the package makes of the rows that stand there."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from support import Engine, Project
from support.project import REPOSITORY

from measures import worked_example

PAGES = REPOSITORY / "docs" / "measures"
# | `psi` | price | 0.2282 |
LINE = re.compile(r"^\| `(\w+)` \| ([\w ]+) \| (-?[\d.]+) \|$", re.MULTILINE)
DAY = "window_start = timestamp '2025-01-03'"
# Rows by what the pages call them: the tables of the other families have several numbers in a row.
OF = {
    "driftline_drift": f"select *, column_name as of from driftline_drift where {DAY} and baseline = 'reference'",
    "driftline_quality": f"select *, column_name as of from driftline_quality where {DAY}",
    "driftline_concept": f"select *, column_name as of from driftline_concept where {DAY}",
    "driftline_business": f"""
        select *, metric as of from driftline_business where {DAY} and monitor = 'example_sales' and is_total
    """,
    "driftline_changes": """
        select *, replace(metric, '_', ' ') as of from driftline_changes
        where window_start = timestamp '2024-12-23' and monitor = 'example_weeks'
    """,
    "driftline_arrivals": f"""
        select *, case when is_total then 'all shops' else segment_value end as of from driftline_arrivals
        where {DAY} and monitor = 'example_sales'
    """,
    "driftline_comparisons": f"""
        select *, metric || ' ' || span as of from driftline_comparisons where {DAY} and segment = 'all'
    """,
}
# And rows of one number, with what there is of it: the name of the row is that of the metric.
METRICS = {
    "driftline_performance": f"""
        select *, case basis when 'realized' then replace(monitor, 'example_', '') else basis end as of
        from driftline_performance where {DAY} and class_name = 'all'
    """,
    "driftline_fairness": f"""
        select *, case segment_value when 'all' then 'value' else segment_value end as of from driftline_fairness
        where {DAY}
    """,
}
PARTS = ("value_lower", "value_upper", "noise", "reference_value", "reference_noise")


@pytest.fixture(scope="module")
def project(duckdb_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    folder = tmp_path_factory.mktemp("example")
    project = Project(
        folder, duckdb_engine.workspace(folder), models=worked_example.models(),
        tables={
            "inputs": worked_example.rows(), "lists": worked_example.lists(), "sales": worked_example.sales(),
            "weeks": worked_example.weeks(),
        },
        vars={
            "driftline_monitors": list(worked_example.MONITORS), "driftline_now": "2025-01-04",
            "driftline_windows": {"day": [1]},
            # Few rows, so that they can be worked out.
            "driftline_fairness_min_rows": 10, "driftline_comparison_min_rows": 50,
        },
    )  # fmt: skip
    project.build("--select", *(f"+{table}" for table in (*OF, *METRICS)))
    yield project
    project.close()


@pytest.fixture(scope="module")
def values(project: Project) -> dict[tuple[str, str], float]:
    """By name and, of a distance, column; of a metric, task; of the others as above."""
    found: dict[tuple[str, str], Any] = {}

    def add(name: str, of: str, value: Any) -> None:
        if isinstance(value, (int, float)) and not math.isnan(value):
            assert found.setdefault((name, of), value) == value, f"two numbers are called {name} of {of}"

    for query in OF.values():
        for row in project.frame(query).to_dict("records"):
            for name, value in row.items():
                add(str(name), row["of"], value)
    for query in METRICS.values():
        for row in project.frame(query).to_dict("records"):
            add(row["metric"], row["of"], row["value"])
            for part in PARTS:
                if row["of"] == "value":
                    add(row["metric"], part.replace("_", " "), row.get(part))
                elif row["of"] in ("estimated", "estimate_error"):
                    add(row["metric"], f"{row['of']} {part.replace('value_', '')}", row.get(part))
    return found


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda page: page.stem)
def test_the_numbers_are_the_packages(values: dict[tuple[str, str], Any], page: Path) -> None:
    text = page.read_text(encoding="utf-8").partition("## What a value means")[2]
    lines = LINE.findall(text)
    assert len(lines) == len(re.findall(r"^\| `", text, re.MULTILINE)), "a line that nothing holds"
    for name, of, number in lines:
        decimals = len(number.partition(".")[2])
        # A negative zero is what rounding leaves.
        assert f"{round(values[name, of], decimals) + 0.0:.{decimals}f}" == number, (name, of)


def test_the_verdicts_are_the_packages(project: Project) -> None:
    """In words: a single look tells what all looks together do not."""
    found = dict(project.sql(f"select of, verdict from ({OF['driftline_comparisons']}) as c"))
    assert (found["conversion window"], found["conversion cumulative"]) == ("worse", "not yet known")


def test_a_change_is_told_once_the_sum_is_over_its_limit(project: Project) -> None:
    """As the page of time series has it: four weeks are not enough, five are. And where it began."""
    found = project.sql("""
        select cast(window_start as date), cusum_down > cusum_limit, abs(level_after - level_before) > noise,
            cast(change_start as date)
        from driftline_changes where monitor = 'example_weeks' and window_start >= timestamp '2024-12-09'
        order by window_start
    """)
    began = dt.date(2024, 11, 18)
    assert found == [
        (dt.date(2024, 12, 9), False, False, began),
        (dt.date(2024, 12, 16), True, True, began),
        (dt.date(2024, 12, 23), True, True, began),
    ]


def test_the_rows_are_those_that_are_built() -> None:
    """The tables of the example's page, number by number."""
    w = worked_example
    rows = w.rows()
    kinds: list[list[int]] = []
    for day in (dt.date(2025, 1, 1), dt.date(2025, 1, 3)):
        of_day = Counter(
            (k, b) for at, k, b in zip(rows["at"], rows["kind"], rows["bought"], strict=True) if at.date() == day
        )
        kinds.append([of_day[kind, label] for kind in w.KINDS for label in (1, 0)])
    tables: list[list[list[int]]] = [
        _both(counts) for counts in (w.PRICES, w.KINDS, w.SCORES, w.CLASSES, w.AMOUNTS, w.LISTS, w.STOCKS, w.CHANNELS)
    ]
    tables += [
        _both({pair: of_pair[value] for pair, of_pair in of.items()})
        for of, both in ((w.REGIONS, ("north", "south")), (w.VERSIONS, ("old", "new"))) for value in both
    ]  # fmt: skip
    tables.append(kinds)
    tables.append([[w.VISITS, bought] for bought in w.BOUGHT.values()])
    tables[-1] += [[visits, min(visits, w.WINDOW_BOUGHT)] for visits in w.WINDOW_VISITS.values()]
    tables.append([
        [count, *w.BY_TURNS[name]] for name, count in (("before", w.WEEKS_BEFORE), ("since", w.WEEKS_SINCE))
    ])  # fmt: skip
    found: list[list[list[int]]] = []
    for table in re.findall(r"(?:^\|.*\n)+", (PAGES / "example.md").read_text(encoding="utf-8"), re.MULTILINE):
        found.append([[int(n) for n in re.findall(r"(?<=\| )\d+(?= \|)", line)] for line in table.splitlines()[2:]])
    assert found == tables


def _both(counts: Mapping[Any, tuple[int, int]]) -> list[list[int]]:
    return [[of[0] for of in counts.values()], [of[1] for of in counts.values()]]
