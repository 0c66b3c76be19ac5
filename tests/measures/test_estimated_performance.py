"""Performance estimated before the labels are there: the interval holds what the labels show as often as it says.

Three monitors: a calibrated score; one whose odds are another (the square of the score), which the reference must
repair; and the same with windows whose scores are distributed differently from the reference's. The realized values
are scikit-learn's, on the raw rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest
import sklearn
from oracle import performance
from support import Engine, Project

START = datetime(2023, 1, 1)
REFERENCE_DAYS, REFERENCE_ROWS = 20, 1500
WINDOW_ROWS, LABELLED, UNLABELLED = 200, 260, 5
COVERED = ("accuracy", "precision", "recall", "f1", "roc_auc")
BETWEEN = (0.90, 0.999)
# reference's and windows' distribution of scores, and the power of the score that is the odds
CASES: dict[str, tuple[tuple[float, float], tuple[float, float], float]] = {
    "calibrated": ((2, 3), (2, 3), 1.0),
    "miscalibrated": ((2, 2), (2, 2), 2.0),
    "shifted": ((2, 2), (3, 2), 2.0),
}


def make_rows(name: str) -> pd.DataFrame:
    """The reference, windows of one day each, and at the end some days without labels."""
    reference, later, power = CASES[name]
    rng = np.random.default_rng(list(CASES).index(name) + 71)
    days = REFERENCE_DAYS + LABELLED + UNLABELLED
    sizes = [REFERENCE_ROWS if d < REFERENCE_DAYS else WINDOW_ROWS for d in range(days)]
    day = np.repeat(np.arange(days), sizes)
    s = np.where(day < REFERENCE_DAYS, rng.beta(*reference, len(day)), rng.beta(*later, len(day)))
    label = pd.Series((rng.random(len(day)) < s**power).astype(int), dtype="Int64")
    label[day >= REFERENCE_DAYS + LABELLED] = pd.NA
    at = (
        pd.to_datetime(START)
        + pd.to_timedelta(day, unit="D")
        + pd.to_timedelta(rng.integers(0, 1440, len(day)), unit="m")
    )
    return pd.DataFrame({"at": at, "score": s, "label": label})


@pytest.fixture(scope="module")
def built(
    duckdb_engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Project, dict[str, pd.DataFrame]]]:
    """On one engine: the numbers are the same on both, and it is the number of windows that counts here."""
    rows = {name: make_rows(name) for name in CASES}
    end = (START + timedelta(days=REFERENCE_DAYS)).strftime("%Y-%m-%d")
    folder = tmp_path_factory.mktemp("estimated")
    project = Project(
        folder,
        duckdb_engine.workspace(folder),
        models={
            f"monitors/{name}": f"{{{{ driftline.monitor(relation=source('raw', '{name}_log'), timestamp='at',"
            " period='day', prediction='score', label='label', task='binary',"
            f" reference={{'start': '{START:%Y-%m-%d}', 'end': '{end}'}}) }}}}"
            for name in CASES
        },
        tables={f"{name}_log": r for name, r in rows.items()},
        vars={
            "driftline_monitors": list(CASES),
            "driftline_windows": {"day": [1]},
            "driftline_now": (START + timedelta(days=400)).strftime("%Y-%m-%d"),
        },
    )
    project.build("--select", "+driftline_performance")
    yield project, rows
    project.close()


def realized(rows: pd.DataFrame) -> pd.DataFrame:
    """The metrics of each day after the reference, while there are labels."""
    day = (rows["at"] - pd.Timestamp(START)).dt.days
    out = []
    with sklearn.config_context(skip_parameter_validation=True):
        for d in range(REFERENCE_DAYS, REFERENCE_DAYS + LABELLED):
            mine = rows[day == d]
            found = performance.binary(
                mine["label"].to_numpy(dtype=float), mine["score"].to_numpy(dtype=float), np.ones(len(mine))
            )
            out.append({"window_start": START + timedelta(days=d), **{m: found[m].low for m in COVERED}})
    return pd.DataFrame(out).set_index("window_start")


def by_basis(project: Project, monitor: str, basis: str) -> pd.DataFrame:
    found = project.frame(
        f"select * from driftline_performance where monitor = '{monitor}' and basis = '{basis}'"
        f" and segment = 'all' and model_version = 'all' and window_start >= timestamp '{START + timedelta(days=REFERENCE_DAYS)}'"
    )
    numbers = {c: found[c].astype(float) for c in ("value", "value_lower", "value_upper")}
    return found.assign(**numbers).set_index(["metric", "window_start"]).sort_index()


@pytest.mark.parametrize("name", CASES)
def test_intervals_hold_what_the_labels_show(
    built: tuple[Project, dict[str, pd.DataFrame]], name: str, figure: Callable[[str, object], None]
) -> None:
    project, rows = built
    truth, estimated = realized(rows[name]), by_basis(project, name, "estimated")
    assert len(truth) >= 200
    shares = {}
    for metric in COVERED:
        mine = estimated.loc[metric].reindex(truth.index)
        assert mine["value"].notna().all(), metric
        low, high = mine["value_lower"].to_numpy(), mine["value_upper"].to_numpy()
        assert ((low <= mine["value"]) & (mine["value"] <= high)).all(), metric
        known = truth[metric].notna().to_numpy()
        shares[metric] = float(((low <= truth[metric]) & (truth[metric] <= high))[known].mean())
        # On average it is right, and the interval is about as wide as what it has to hold.
        error = (mine["value"] - truth[metric]).to_numpy()[known]
        width = float(np.mean(high - low)) / (2 * 1.96)
        figure(
            f"{name}, estimated {metric}",
            f"covered {shares[metric]:.1%}, error {error.mean():+.4f} of {error.std():.4f}",
        )
        assert abs(error.mean()) <= 0.5 * error.std(), metric
        assert 0.7 * error.std() <= width <= 1.6 * error.std(), metric
    assert all(BETWEEN[0] <= share <= BETWEEN[1] for share in shares.values()), shares


@pytest.mark.parametrize("name", CASES)
def test_the_error_of_an_estimate(built: tuple[Project, dict[str, pd.DataFrame]], name: str) -> None:
    project, _ = built
    estimated, shown, error = (by_basis(project, name, b) for b in ("estimated", "realized", "estimate_error"))
    assert set(COVERED) <= set(error.index.get_level_values("metric"))
    for metric in sorted(set(error.index.get_level_values("metric"))):
        both = pd.concat(
            [f.loc[metric]["value"].rename(k) for k, f in (("e", estimated), ("r", shown), ("d", error))], axis=1
        )
        labelled = both[both.index < pd.Timestamp(START + timedelta(days=REFERENCE_DAYS + LABELLED))].dropna(
            subset=["r"]
        )
        assert labelled["d"].notna().all() and len(labelled) >= 200
        assert np.allclose(labelled["d"], labelled["e"] - labelled["r"], rtol=1e-9, atol=1e-12), metric


@pytest.mark.parametrize("name", CASES)
def test_without_labels_there_is_an_estimate_and_nothing_else(
    built: tuple[Project, dict[str, pd.DataFrame]], name: str
) -> None:
    project, _ = built
    last = pd.Timestamp(START + timedelta(days=REFERENCE_DAYS + LABELLED + UNLABELLED - 1))
    for basis, there in (("estimated", True), ("realized", False), ("estimate_error", False)):
        found = by_basis(project, name, basis)
        for metric in COVERED:
            if (metric, last) in found.index or basis != "estimate_error":
                row = found.loc[(metric, last)]
                assert (not math.isnan(row["value"])) == there, (basis, metric)
                assert there or row["reason"], (basis, metric)


@pytest.mark.parametrize("name", ["calibrated"])
def test_standard_errors_are_the_spread_of_the_values(
    built: tuple[Project, dict[str, pd.DataFrame]], name: str, figure: Callable[[str, object], None]
) -> None:
    """Windows of one distribution: their values vary as much as the standard error of each says."""
    project, _ = built
    shown = by_basis(project, name, "realized")
    wrong = []
    for metric in sorted(set(shown.index.get_level_values("metric"))):
        mine = shown.loc[metric].dropna(subset=["value"])
        told = mine["standard_error"].astype(float)
        if told.isna().all():
            continue
        ratio = float(np.sqrt((told**2).mean()) / mine["value"].std())
        figure(f"standard error of {metric} over its spread", f"{ratio:.2f}")
        if not 0.75 <= ratio <= 1.35:
            wrong.append(f"{metric}: {ratio:.2f}")
    assert not wrong, wrong


def test_area_under_the_curve_within_a_fiftieth(built: tuple[Project, dict[str, pd.DataFrame]]) -> None:
    """Scores without ties, distributed like the reference's: fifty bins leave about a fiftieth open."""
    project, rows = built
    truth, shown = realized(rows["calibrated"]), by_basis(project, "calibrated", "realized").loc["roc_auc"]
    mine = shown.reindex(truth.index)
    assert (mine["value_lower"] <= truth["roc_auc"] + 1e-12).all()
    assert (truth["roc_auc"] <= mine["value_upper"] + 1e-12).all()
    gap = mine["value_upper"] - mine["value_lower"]
    assert gap.mean() <= 1.1 / 50 and gap.max() <= 2 / 50
    assert (abs(mine["value"] - truth["roc_auc"]) <= 0.01).all()
