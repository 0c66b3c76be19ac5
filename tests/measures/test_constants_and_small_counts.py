"""Where there is next to nothing to measure: constants, which leave a variance of rounding alone, and a handful of rows.

All in one project. It is built once on each engine, and its SQL runs a second time on the same rows in another order:
sums then differ in their last digits, and no table may differ by more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from oracle import oracle as o
from scipy import stats
from support import Engine

START = np.datetime64("2024-01-01")
REFERENCE = "reference={'start': '2024-01-01', 'end': '2024-01-11'}"
DAYS = 16
MONITORS = {
    # Errors of a constant size, a constant label, a constant per row, weights no double holds exactly.
    "offset": "source('raw', 'log')|numeric=['x', 'still'], prediction='off', label='number', task='regression',"
    " weight='w', model_version='version', detail='all', business_metrics={'mean': {'numerator': 'tenth', 'denominator': '1'},"
    " 'sum': {'sum': 'tenth'}}",
    "constant": "source('raw', 'log')|numeric=['x'], prediction='number', label='still', task='regression', weight='w',"
    " model_version='version', detail='all', business_metrics={'per_x': {'numerator': 'tripled', 'denominator': 'x'}}",
    "certain": "source('raw', 'log')|numeric=['still'], prediction='x', label='one', task='binary', weight='w'",
    "rare": "source('raw', 'rare_rows')|numeric=['flag', 'rating', 'same'], categorical=['c'], segments=['reference_rows'], detail='all'",
    "young": "source('raw', 'young_rows')|numeric=['x'], model_version='version', detail='all', segments=['market']",
}
LEAST = 1e-9
# What runs leave behind, and not what rows do.
RUNS = ("driftline_int_attempts", "driftline_int_operation")


def _log() -> pd.DataFrame:
    r = np.random.default_rng(3)
    n = DAYS * 300
    number = r.normal(0, 1000, n)
    day = np.repeat(np.arange(DAYS), 300)
    return pd.DataFrame(
        {
            "at": START + day.astype("timedelta64[D]") + np.tile(np.arange(300), DAYS).astype("timedelta64[m]"),
            "x": r.random(n),
            "still": np.where(day < 10, 0.1, 3.3),
            "number": number,
            "off": number + 0.3,
            "tenth": 0.1,
            "tripled": np.nan,
            "one": 1,
            "w": r.choice([0.1, 0.3, 0.7], n),
            "version": r.choice(["v1", "v2"], n),
        }
    ).assign(tripled=lambda f: f["x"] * 0.3)


def _rare() -> pd.DataFrame:
    """Ten days of reference, of few rows and of many; then a day with one value nobody has seen, and one with NULLs."""
    parts = []
    for each in (100, 5000):
        for day, size in enumerate([*[each] * 10, 100, 1000]):
            place = np.arange(size)
            c = np.asarray([f"v{k % 4}" for k in place], dtype=object)
            if day == 10:
                c[50] = "odd"
            if day == 11:
                c[::50] = None
            at = START + np.timedelta64(day, "D") + place.astype("timedelta64[s]")
            parts.append(
                pd.DataFrame(
                    {"at": at, "c": c, "flag": place % 2, "rating": place % 5, "same": 7, "reference_rows": str(each)}
                )
            )
    return pd.concat(parts, ignore_index=True)


def _young() -> pd.DataFrame:
    """v2 comes with 5 rows on the last day of the reference; in the market `new` v1 has 5 too, but nothing else does."""
    day = np.repeat(np.arange(13), 100)
    version = np.where((day > 9) | ((day == 9) & (np.tile(np.arange(100), 13) >= 95)), "v2", "v1")
    market = np.where((day == 4) & (np.tile(np.arange(100), 13) < 5), "new", "old")
    x = np.random.default_rng(4).random(len(day))
    at = START + day.astype("timedelta64[D]") + np.tile(np.arange(100), 13).astype("timedelta64[s]")
    return pd.DataFrame({"at": at, "x": x, "version": version, "market": market})


@pytest.fixture(scope="module")
def chain(make_module_project: Callable[..., Any], engine: Engine) -> Iterator[Any]:
    models = {}
    for name, text in MONITORS.items():
        relation, arguments = text.split("|")
        models[f"monitors/{name}"] = (
            f"{{{{ driftline.monitor(relation={relation}, timestamp='at', {REFERENCE}, {arguments}) }}}}"
        )
    project = make_module_project(
        models=models,
        tables={"log": _log(), "rare_rows": _rare(), "young_rows": _young()},
        vars={
            "driftline_monitors": list(MONITORS),
            "driftline_windows": {"day": [1, 7]},
            "driftline_now": "2024-01-17",
            "driftline_thresholds": [{"segments": "each"}],
        },
    )
    project.build()
    chain = project.chain()
    yield chain
    chain.close()


def _tables(chain: Any) -> dict[str, pd.DataFrame]:
    names = [name for name in chain.compiled_sql() if name.startswith("driftline_") and name not in RUNS]
    return {name: chain.frame(f"select * from {name}") for name in names}


def _differences(name: str, one: pd.DataFrame, other: pd.DataFrame) -> list[str]:
    one, other = (f.drop(columns=[c for c in f if c.endswith("computed_at") or c == "message"]) for f in (one, other))
    if len(one) != len(other):
        return [f"{name}: {len(one)} and {len(other)} rows"]
    floats = [c for c in one if one[c].dtype == float or other[c].dtype == float]
    texts = [c for c in one if c not in floats]
    # NULL is a text of its own here.
    plain = [
        f.assign(**{c: f[c].astype(object).where(f[c].notna(), "(none)").astype(str) for c in texts})
        for f in (one, other)
    ]
    one, other = (f.sort_values(texts).reset_index(drop=True) if texts else f for f in plain)
    out = [f"{name}.{c}" for c in texts if (one[c] != other[c]).any()]
    if out:
        return out
    for c in floats:
        a, b = one[c].to_numpy(dtype=float), other[c].to_numpy(dtype=float)
        apart = (np.isnan(a) != np.isnan(b)) | (abs(a - b) > LEAST * np.maximum(1, abs(a)))
        if apart.any():
            k = int(np.flatnonzero(apart)[0])
            out.append(f"{name}.{c}: {a[k]!r} and {b[k]!r} ({apart.sum()} like this) {one.iloc[k][texts].to_dict()}")
    return out


def test_the_order_of_rows_changes_no_table(chain: Any, engine: Engine) -> None:
    if engine.name == "duckdb":
        chain.workspace.execute("set threads = 4")
    chain.run(*(name for name in chain.compiled_sql() if name not in RUNS))
    first = _tables(chain)
    rows = _log()
    chain.load("log", rows.sample(frac=1, random_state=1), {"at": "timestamp"})
    if engine.name == "duckdb":
        chain.workspace.execute("set threads = 1")
    chain.run(*(name for name in chain.compiled_sql() if name not in RUNS))
    wrong = [d for name, table in _tables(chain).items() for d in _differences(name, first[name], table)]
    assert not wrong, "\n".join(wrong)
    assert len(first["driftline_concept"]) > 50 and len(first["driftline_metrics"]) > 1000


def test_constant_errors_are_no_change_of_the_relation(chain: Any) -> None:
    """Whatever is left of the residuals' variance is rounding, and no p-value is made of it."""
    found = chain.frame(
        "select max(calibration_chi_squared) as most, min(calibration_p_value) as least, count(calibration_p_value) as n"
        " from driftline_concept where monitor = 'offset'"
    )
    assert found["n"][0] > 20 and found["most"][0] == 0 and found["least"][0] == 1
    # Neither a z-score of a mean that has never varied, nor a breach.
    assert chain.sql("select count(*) from driftline_business where metric = 'mean' and z_score is not null") == [(0,)]
    assert chain.sql("select count(*) from driftline_business where metric = 'per_x' and z_score is not null") == [(0,)]
    assert chain.sql(
        "select max(stddev) from driftline_quality where column_name = 'still' and window_periods = 1"
    ) == [(0,)]
    # All labels positive: no area, whatever the weights add up to.
    areas = chain.sql(
        "select count(value) from driftline_performance where monitor = 'certain' and metric = 'roc_auc' and basis = 'realized'"
    )
    assert areas == [(0,)]


@pytest.fixture(scope="module")
def rare(chain: Any) -> pd.DataFrame:
    found: pd.DataFrame = chain.frame(
        "select d.*, m.judged_value, m.noise from driftline_drift as d join driftline_metrics as m on m.monitor = d.monitor"
        " and m.segment_value = d.segment_value and m.column_name = d.column_name and m.window_start = d.window_start"
        " and m.window_periods = d.window_periods and m.baseline = d.baseline and m.metric = 'psi' and m.family = 'drift'"
        " and m.model_version = d.model_version where d.monitor = 'rare' and d.window_periods = 1"
        " and d.baseline = 'reference' and d.segment <> 'all' and d.window_start >= '2024-01-11' and d.row_count > 0"
    )
    return found.set_index(["segment_value", "column_name", "window_start"])


def test_one_row_of_a_new_value_is_no_miracle(rare: pd.DataFrame) -> None:
    """One odd row among 1,100 is in the window of 100 once in eleven times, one among 50,100 once in 501 times."""
    for each in ("100", "5000"):
        day = rare.loc[each, "c", pd.Timestamp("2024-01-11")]
        baseline, window = [int(each) * 2.5] * 4 + [0], [25, 25, 24, 25, 1]
        pooled = np.vstack(o.pooled_cells(baseline, window))
        # The pool of the odd one takes the next smallest in, so each cell expects five.
        assert pooled.shape[1] == 4 and stats.contingency.expected_freq(pooled).min() >= 5
        want = stats.chi2_contingency(pooled, correction=False)
        assert day["chi_squared_df"] == 3
        assert day["chi_squared"] == pytest.approx(want.statistic, rel=1e-9)
        assert day["chi_squared_p_value"] == pytest.approx(want.pvalue, rel=1e-9) and day["chi_squared_p_value"] > 0.5


def test_the_reference_s_size_does_not_decide_what_psi_is_judged_by(rare: pd.DataFrame) -> None:
    """2 % NULL: the defined PSI grows with the reference, the judged one is that of the values there are."""
    small, large = (rare.loc[each, "c", pd.Timestamp("2024-01-12")] for each in ("100", "5000"))
    assert large["psi"] > 1.3 * small["psi"] > 0.05
    for day in (small, large):
        shares = np.asarray([day["row_count"] * 0.25] * 4)
        assert day["judged_value"] == day["psi_seen"] < 0.001 < day["psi"]
        assert day["psi_seen"] < day["noise"] < 0.05 and len(shares) == 4


def test_bins_of_one_value_leave_ks_no_room(rare: pd.DataFrame) -> None:
    for name in ("flag", "rating", "same"):
        days = rare.loc[(slice(None), name), :]
        assert len(days) == 4
        assert (days["ks_upper"] == days["ks_lower"]).all() and (days["ks_upper"] < 0.01).all(), name


def test_a_version_of_five_reference_rows_is_held_against_all(chain: Any) -> None:
    found = chain.frame(
        "select distinct model_version, segment_value, baseline_model_version, min(baseline_row_count) as least"
        " from driftline_drift where monitor = 'young' and baseline = 'reference' and window_periods = 1"
        " and window_start >= '2024-01-11' and row_count > 0 group by 1, 2, 3"
    )
    got = {(r.model_version, r.segment_value): (r.baseline_model_version, r.least) for r in found.itertuples()}
    assert got["v2", "all"] == ("all", 1000) and got["v2", "old"] == ("all", 995)
    assert got["all", "all"] == ("all", 1000)
    chosen = chain.sql(
        "select distinct g.model_version, r.reference_model_version from driftline_int_reference as r"
        " join driftline_int_slices as g on g.slice_no = r.slice_no where g.monitor = 'young' and g.segment_value = 'new'"
    )
    # Five rows of five in all: there is nothing better to give way to.
    assert set(chosen) == {("all", "all"), ("v1", "v1")}
