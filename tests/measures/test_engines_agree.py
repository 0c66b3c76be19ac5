"""The same rows through the same project on DuckDB and on another engine: equal counts, measures equal to 1e-9."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from oracle import raw, strategies
from support import Engine, Project

from measures import comparison as c

MONITORS = {"log": c.DECLARATIONS, "shapes": {"walk": {**strategies.walk(10).declaration, "weight": "w"}}}
# What a row of each table is known by.
KEYS = {
    "driftline_state": [
        *("monitor", "source", "in_reference", "period_start", "model_version", "segment", "segment_value"),
        *("column_name", "column_role", "bin", "bin_kind"),
    ],
    "driftline_bins": ["monitor", "column_name", "column_role", "bin_kind", "bin", "bin_label"],
    "driftline_drift": raw.DRIFT_KEY,
    "driftline_quality": raw.QUALITY_KEY,
    "driftline_business": raw.BUSINESS_KEY,
    "driftline_int_judgements": [*raw.GRAIN, "family", "metric", "column_name", "column_role", "baseline"],
    "driftline_alerts": ["alert_id"],
}
# Said by the run and not by the rows.
LEFT_OUT = ("computed_at",)


def example() -> pd.DataFrame:
    """One table of strategies.py with a few hundred rows."""
    found: list[pd.DataFrame] = []

    @settings(
        max_examples=200,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategies.examples(period="day", weighted=True))
    def look(candidate: strategies.Example) -> None:
        if (
            len(candidate.rows) >= 100
            and candidate.rows["x"].nunique() > 20
            and candidate.rows["category"].nunique() > 3
        ):
            found.append(candidate.rows)

    look()
    return found[0]


@pytest.fixture(scope="module")
def both(
    duckdb_engine: Engine, other_engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[dict[str, Project], dict[str, float]]]:
    rows, shapes = example(), strategies.walk().rows
    projects: dict[str, Project] = {}
    for name, engine in {"duckdb": duckdb_engine, "other": other_engine}.items():
        folder: Path = tmp_path_factory.mktemp(engine.name)
        project = Project(folder, engine.workspace(folder), **c.project_arguments(MONITORS))
        project.set_vars(driftline_now="2024-03-01")
        project.load("log", raw.to_arrow(rows), c.TYPES)
        project.load("shapes", raw.to_arrow(shapes))
        project.build("--select", "+driftline_alerts")
        projects[name] = project
    sizes = c.sizes_of(rows, c.DECLARATIONS["plain"]) | c.sizes_of(rows, c.DECLARATIONS["split"])
    yield projects, sizes | c.sizes_of(shapes, MONITORS["shapes"]["walk"])
    for project in projects.values():
        project.close()


def per_row(state: pd.DataFrame, sizes: dict[str, float]) -> pd.DataFrame:
    """Sums as means in units of the column, which is what their rounding is measured by.

    A square that is too large to add up is infinite on one engine and left out on the other; such a column has no
    standard deviation on either.
    """
    size = state["column_name"].map(sizes).fillna(1.0).replace(0.0, 1.0)
    unit = size * state["row_count"].clip(lower=1)
    return state.assign(
        value_sum=state["value_sum"].astype(float) / unit,
        deviation_sq_sum=(state["deviation_sq_sum"].astype(float) / unit / size).where(size < raw.SQUARE_LIMIT / 2),
    )


@pytest.mark.parametrize("table", KEYS)
def test_tables_agree(both: tuple[dict[str, Project], dict[str, float]], table: str) -> None:
    projects, sizes = both
    rows: dict[str, Any] = {}
    for name, project in projects.items():
        found = project.frame(f"select * from {table}").drop(columns=list(LEFT_OUT), errors="ignore")
        rows[name] = per_row(found, sizes) if table == "driftline_state" else found
        if table == "driftline_int_judgements":
            # In driftline_drift it is held to the rounding of its unit, which the long form does not know.
            in_deviations = found["metric"].isin(["mean_shift", "spread_ratio"])
            rows[name] = found[~(in_deviations & (found["column_name"] == "n_large_offset"))]
        if table == "driftline_bins":
            rows[name] = found.fillna({"bin_label": ""})
    assert len(rows["duckdb"]) > 0 or table == "driftline_alerts"
    wrong = c.compare(rows["duckdb"], rows["other"], KEYS[table], sizes)
    assert not wrong, "\n".join(wrong)
