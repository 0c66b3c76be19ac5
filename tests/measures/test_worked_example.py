"""Every number in the worked examples of docs/measures is what the package makes of the rows that stand there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from support import Engine, Project
from support.project import REPOSITORY

from measures import worked_example

PAGES = REPOSITORY / "docs" / "measures"
# | `psi` | price | 0.2282 |
LINE = re.compile(r"^\| `(\w+)` \| (\w+) \| (-?[\d.]+) \|", re.MULTILINE)


@pytest.fixture(scope="module")
def values(duckdb_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], float]:
    """By name and, of a distance, column; of a metric, task."""
    folder = tmp_path_factory.mktemp("example")
    project = Project(
        folder, duckdb_engine.workspace(folder),
        models=worked_example.models(), tables={"inputs": worked_example.rows(), "lists": worked_example.lists()},
        vars={
            "driftline_monitors": list(worked_example.MONITORS), "driftline_now": "2025-01-04",
            "driftline_windows": {"day": [1]},
        },
    )  # fmt: skip
    project.build("--select", "+driftline_drift", "+driftline_performance")
    found: dict[tuple[str, str], Any] = {}
    day = "window_start = timestamp '2025-01-03'"
    drift = project.frame(f"select * from driftline_drift where {day} and baseline = 'reference'")
    for row in drift.to_dict("records"):
        found.update({(name, row["column_name"]): value for name, value in row.items()})
    for monitor, metric, value in project.sql(
        f"select monitor, metric, value from driftline_performance where {day} and basis = 'realized'"
    ):
        found[metric, monitor.removeprefix("example_")] = value
    project.close()
    return found


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda page: page.stem)
def test_the_numbers_are_the_packages(values: dict[tuple[str, str], Any], page: Path) -> None:
    for name, of, number in LINE.findall(page.read_text(encoding="utf-8")):
        decimals = len(number.partition(".")[2])
        assert f"{values[name, of]:.{decimals}f}" == number, (name, of)
