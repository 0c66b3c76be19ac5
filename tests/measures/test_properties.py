"""What holds of the measures on any data: zero for equal states, symmetry, bounds, and no regard for the order of rows.

Each example is two samples, A and B, as the days A, B, A, A: held against the day before, the second day is B against
A, the third A against B, and the fourth A against itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from oracle import raw, strategies

from measures import comparison as c

EXAMPLES = 10
START = datetime(2024, 1, 1)
TYPES = {"at": "timestamp", "x": "double precision", "category": "text", "w": "double precision"}
REFERENCE = {"reference": {"start": "2024-01-01", "end": "2024-01-02"}, "period": "day", "business_metrics": {}}
COLUMNS = {"numeric": ["x"], "categorical": ["category"], "bins": 20}
MONITORS = {
    "plain": {**REFERENCE, **COLUMNS},
    "weighted": {**REFERENCE, **COLUMNS, "weight": "w"},
    "few": {**REFERENCE, "numeric": ["x"], "bins": {"x": [-1, 0, 1]}},
}
# So many samples are drawn for one run of the chain; beside each stand the same rows in another order.
TABLES = {"log_1": "shuffled_1", "log_2": "shuffled_2"}
LOGS = {table: {f"{name}_of_{table}": d for name, d in MONITORS.items()} for both in TABLES.items() for table in both}
SYMMETRIC = [
    *("psi", "psi_critical", "js_distance", "hellinger", "total_variation", "l_infinity", "ks_lower", "ks_upper"),
    *("ks_p_value", "ks_critical", "wasserstein", "wasserstein_lower", "wasserstein_upper"),
    *("chi_squared", "chi_squared_df", "chi_squared_p_value", "cramers_v"),
]
ZERO = ["psi", "js_distance", "hellinger", "total_variation", "l_infinity", "ks_lower", "wasserstein", "chi_squared"]
WITHIN_ONE = [
    *("js_distance", "hellinger", "total_variation", "l_infinity", "ks_lower", "ks_upper", "ks_p_value"),
    *("chi_squared_p_value", "cramers_v"),
]


@st.composite
def samples(draw: Any) -> pd.DataFrame:
    """The days A, B, A, A."""
    sides = []
    for _ in range(2):
        n = draw(st.one_of(st.integers(1, 12), st.integers(13, 150)))
        side = {"x": draw(strategies.numeric_values(n)), "category": draw(strategies.categories(n))}
        sides.append(pd.DataFrame({**side, "w": draw(strategies.weights(n))}, dtype=object))
    if draw(st.booleans()):  # the same shape on both sides
        both = pd.concat(sides, ignore_index=True)
        order = np.random.default_rng(draw(st.integers(0, 2**31))).permutation(len(both))
        sides = [both.iloc[order[: len(sides[0])]], both.iloc[order[len(sides[0]) :]]]
    days = [sides[k].assign(at=START + timedelta(days=day, hours=6)) for day, k in enumerate((0, 1, 0, 0))]
    rows = pd.concat(days, ignore_index=True)
    rows["at"] = pd.to_datetime(rows["at"])
    rows.attrs["text"] = ["category"]
    return rows


@pytest.fixture(scope="module")
def chain(make_module_project: Callable[..., Any]) -> Iterator[Any]:
    project = make_module_project(**c.project_arguments(LOGS))
    project.set_vars(driftline_windows={"day": [1]})
    for table in LOGS:
        project.load(table, {"at": [START], "x": [1.0], "category": ["a"], "w": [1.0]}, TYPES)
    project.build("--select", "+driftline_drift")
    chain = project.chain(select="+driftline_drift")
    chain.workspace.execute("set threads = 1")
    yield chain
    chain.close()


def drift(chain: Any, table: str) -> pd.DataFrame:
    """What is measured of a table, by the names that monitors have without it."""
    found: pd.DataFrame = chain.frame(f"select * from driftline_drift where monitor like '%_of_{table}'")
    return found.assign(monitor=found["monitor"].str.removesuffix(f"_of_{table}"))


def renamed(rows: pd.DataFrame) -> pd.DataFrame:
    """The same rows without what tells one day from another."""
    return rows[["monitor", "column_name", *SYMMETRIC]]


def test_zero_symmetric_bounded_and_the_order_does_not_matter(chain: Any) -> None:
    @settings(
        max_examples=EXAMPLES * c.TIMES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.tuples(*[samples() for _ in TABLES]), st.integers(0, 2**31))
    def holds(drawn: tuple[pd.DataFrame, ...], seed: int) -> None:
        for (table, other), rows in zip(TABLES.items(), drawn, strict=True):
            shuffled = rows.sample(frac=1, random_state=seed)
            shuffled.attrs.update(rows.attrs)
            chain.load(table, raw.to_arrow(rows), TYPES)
            chain.load(other, raw.to_arrow(shuffled), TYPES)
        chain.run()
        for (table, other), rows in zip(TABLES.items(), drawn, strict=True):
            found = drift(chain, table)
            check(rows, found)
            # Another table is another declaration.
            measured = found.drop(columns=["computed_at", "spec_hash", "rules_hash"])
            wrong = c.compare(measured, drift(chain, other), raw.DRIFT_KEY, raw.scales(rows, ["x"]))
            assert not wrong, "the order of rows matters:\n" + "\n".join(wrong)

    holds()


def check(rows: pd.DataFrame, found: pd.DataFrame) -> None:
    """Zero, symmetric and bounded."""
    key = ["monitor", "column_name"]
    sizes = raw.scales(rows, ["x"])
    unit = sizes["x"] or 1.0
    day = {d: found[found["window_start"] == START + timedelta(days=d)] for d in range(4)}
    before = {d: day[d][day[d]["baseline"] == "previous"] for d in day}

    wrong = c.compare(renamed(before[1]), renamed(before[2]), key, sizes)
    assert not wrong, "not symmetric:\n" + "\n".join(wrong)

    # A against itself: the day before, and the reference, which is the first day.
    for same in (before[3], day[2][day[2]["baseline"] == "reference"], day[3][day[3]["baseline"] == "reference"]):
        assert len(same) == 5
        for measure in ZERO:
            values = same[measure].astype(float).dropna() / (unit if measure == "wasserstein" else 1.0)
            assert (abs(values) <= c.OF_ONE).all(), f"{measure} of equal states: {values.tolist()}"
        assert (same["psi"].astype(float) >= 0).all() and same["psi"].notna().all()
        for p_value in ("ks_p_value", "chi_squared_p_value"):
            assert (same[p_value].astype(float).dropna() == 1.0).all()

    for measure in WITHIN_ONE:
        assert found[measure].astype(float).dropna().between(0.0, 1.0).all(), measure
    every = {name: found[name].astype(float) for name in SYMMETRIC}
    assert (every["psi"].dropna() >= 0).all() and np.isfinite(every["psi"].dropna()).all()
    for low, high in (
        ("ks_lower", "ks_upper"),
        ("ks_lower", "total_variation"),
        ("l_infinity", "total_variation"),
        ("wasserstein_lower", "wasserstein"),
        ("wasserstein", "wasserstein_upper"),
    ):
        if high == "total_variation" and low == "ks_lower":
            # NULL and NaN count for the one and not for the other.
            whole = (found["column_name"] == "x") & rows["x"].map(lambda v: v is not None and v == v).all()
        else:
            whole = pd.Series(True, index=found.index)
        slack = c.OF_ONE * (unit if "wasserstein" in low else 1.0)
        over = (every[low] - every[high] > slack) & whole
        assert not over.any(), f"{low} over {high}: {found[over].iloc[0].to_dict()}"
