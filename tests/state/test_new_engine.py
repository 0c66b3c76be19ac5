"""The recipe for an engine in CONTRIBUTING.md, followed on DuckDB with nothing of the package's own for it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from state.states import declare_with, source
from support import Engine, Project
from support.project import REPOSITORY

OVERRIDE = re.compile(r"{%-? macro duckdb__\w+\(.*?{%-? endmacro -?%}\n?", re.DOTALL)
# The one file of the recipe's first step, with one point that this engine says in another way.
ADAPTER = "{% macro duckdb___type_double() %}{{- return('float8') -}}{% endmacro %}"
RESULTS = ["drift", "quality", "performance", "business", "concept", "arrivals", "alerts"]


def log() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    days, per_day = 20, 120
    n = days * per_day
    rows = pd.DataFrame({
        "at": [datetime(2024, 1, 1) + timedelta(days=i // per_day, hours=8) for i in range(n)],
        "x": rng.normal(size=n).round(3), "country": rng.choice(["JP", "FR", None], n),
        "market": rng.choice(["north", "south"], n), "score": rng.random(n).round(3),
    })  # fmt: skip
    rows["label"] = (rng.random(n) < rows["score"]).astype(int)
    rows.loc[rows["at"] >= datetime(2024, 1, 16), "x"] += 3
    rows.loc[rng.random(n) < 0.02, "x"] = np.nan
    rows.loc[rng.random(n) < 0.02, "x"] = np.inf
    rows["price"] = rng.choice([0.1, 1.5, 20000000.0], n)
    rows["sure"] = rng.random(n) < 0.3
    return rows


def contents(project: Project) -> dict[str, pd.DataFrame]:
    found = {}
    for name in RESULTS:
        rows = project.frame(f"select * from driftline_{name}").drop(
            columns=["computed_at", "rules_hash"], errors="ignore"
        )
        found[name] = rows.sort_values(list(rows.columns), ignore_index=True)
    return found


def package_without_overrides(folder: Path) -> Path:
    """A copy of the package that knows nothing of DuckDB."""
    for name in ("macros", "models", "seeds"):
        shutil.copytree(REPOSITORY / name, folder / name)
    shutil.copy(REPOSITORY / "dbt_project.yml", folder)
    left_out = 0
    for path in sorted((folder / "macros").rglob("*.sql")):
        text, count = OVERRIDE.subn("", path.read_text(encoding="utf-8"))
        path.write_text(text, encoding="utf-8")
        left_out += count
    assert left_out > 5
    return folder


def built(make: Callable[..., Project], package: Path | None = None) -> Project:
    declared: dict[str, Any] = {
        "relation": source("log"), "timestamp": "at", "reference": {"start": "2024-01-01", "end": "2024-01-11"},
        "numeric": ["x"], "categorical": ["country", "price", "sure"], "prediction": "score", "label": "label", "task": "binary",
        "segments": ["market"], "bins": 5, "business_metrics": {"sold": {"sum": "label"}},
    }  # fmt: skip
    project = make(
        models={"shop": declare_with(declared)},
        tables={"log": log()},
        vars={"driftline_now": "2024-01-21", "driftline_monitors": ["shop"], "driftline_windows": {"day": [1]}},
    )
    if package is not None:
        linked = project.path / "dbt_packages" / "driftline"
        linked.unlink()
        linked.symlink_to(package, target_is_directory=True)
    return project


def test_a_new_engine(make_project: Callable[..., Project], engine: Engine, tmp_path: Path) -> None:
    """The defaults are plain enough for it; a macro in a file of its own is all it takes to say something else."""
    if engine.name != "duckdb":
        pytest.skip("the new engine is DuckDB")
    package = package_without_overrides(tmp_path / "package")
    (package / "macros" / "adapters" / "new.sql").write_text(ADAPTER, encoding="utf-8")
    new = built(make_project, package)
    new.build()
    compiled = "\n".join(path.read_text(encoding="utf-8") for path in (new.path / "target" / "run").rglob("*.sql"))
    assert "as float8)" in compiled and "as double precision)" not in compiled
    expected = built(make_project)
    expected.build("--select", *(f"+driftline_{name}" for name in RESULTS))
    found = contents(new)
    for name, rows in contents(expected).items():
        assert len(rows) > 0, name
        pd.testing.assert_frame_equal(found[name], rows, check_dtype=False, obj=name)
