"""Causes of alerts against sums over the rows themselves, in pandas: contributions of segments, versions, bins and columns
for every kind of alert and baseline.

A shop whose traffic moves from one market to another, whose model is rolled out anew and whose one feature drifts; every
measure has a threshold of next to nothing, so that there is an alert of each kind.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from oracle import raw
from support import Project

START = pd.Timestamp("2024-01-01")
DAYS = 20
REFERENCE_DAYS = 8
DAY = pd.Timedelta(days=1)
SIZES = [1, 2]
TRAILING = 6
SEASON = 4
MOST = 10
SALE = 16


def shop(rng: np.random.Generator) -> pd.DataFrame:
    blocks = []
    for day in range(DAYS):
        later = day >= REFERENCE_DAYS
        n = int(rng.integers(300, 400))
        market = rng.choice(["north", "south", "east"], n, p=[0.2, 0.5, 0.3] if later else [0.6, 0.4, 0.0])
        version = np.where(rng.random(n) < (0.5 if day >= 12 else 0.0), "v2", "v1")
        age = rng.integers(0, 10, n) + np.where(later & (market == "south"), 4, 0)
        kind = rng.choice(["book", "toy", "tool"], n, p=[0.2, 0.3, 0.5] if later else [0.5, 0.3, 0.2])
        score = np.clip(0.2 + 0.04 * age + np.where(kind == "toy", 0.1, 0) + rng.normal(0, 0.05, n), 0.01, 0.99)
        # One day of sale, and customers of the south who are scored too high.
        bought = rng.random(n) < np.clip(
            score - np.where(later & (market == "south"), 0.15, 0) + (0.4 if day == SALE else 0), 0, 1
        )
        spent = bought * rng.gamma(3, np.where(market == "south", 6, 10), n)
        blocks.append(
            pd.DataFrame(
                {
                    "at": START + day * DAY,
                    "market": market,
                    "tier": rng.choice(["new", "old"], n),
                    "version": version,
                    "age": np.where(rng.random(n) < (0.2 if later else 0.02), np.nan, age.astype(float)),
                    "kind": kind,
                    "noise": rng.normal(0, 1, n),
                    "score": np.round(score, 3),
                    "bought": bought.astype(int),
                    "spent": np.round(spent, 2),
                    # Too much for the south, later: by more than the chance of so few amounts.
                    "forecast": np.round(score * 25 * np.where(later & (market == "south"), 2, 1), 2),
                }
            )
        )
    return pd.concat(blocks, ignore_index=True)


METRICS = {
    "conversion": {"numerator": "bought", "denominator": "1"},
    "price": {"numerator": "spent", "denominator": "bought"},
    "revenue": {"sum": "spent"},
}
COMMON = (
    "relation=source('raw', 'log'), timestamp='at', reference={'start': '2024-01-01', 'end': '2024-01-09'}, numeric=['age', 'noise'],"
    " categorical=['kind'], bins=10"
)
MONITORS = {
    "shop": f"{{{{ driftline.monitor({COMMON}, prediction='score', label='bought', task='binary', decision_threshold=0.4,"
    f" model_version='version', segments=['market', 'tier'], detail='all', business_metrics={METRICS}) }}}}",
    "amounts": f"{{{{ driftline.monitor({COMMON}, prediction='forecast', label='spent', task='regression', segments=['market'], detail='all',"
    " importances={'age': 3, 'kind': 1}) }}",
}
PERFORMANCE = [
    "accuracy",
    "precision",
    "recall",
    "specificity",
    "negative_predictive_value",
    "f1",
    "label_rate",
    "selection_rate",
    "brier",
    "false_positive_share",
    "mae",
    "rmse",
    "bias",
    "roc_auc",
]
OTHERS = [
    "psi",
    "null_rate",
    "conversion",
    "price",
    "revenue",
    "label_mean_standardized",
    "calibration_shift",
    "loss_mean_standardized",
]
NOTHING = 1e-9


def thresholds() -> list[dict[str, Any]]:
    given = []
    for metric in [*PERFORMANCE, *OTHERS]:
        baselines = ["previous", "seasonal", "trailing", "reference"] if metric in METRICS else [None]
        for baseline in baselines:
            rule = {
                "metric": metric,
                "warn": NOTHING,
                "min_rows": 1,
                "consecutive": 1,
                "direction": "both",
                "compare": "difference",
                "windows": "each",
            }
            if metric in ("psi", "calibration_shift"):
                rule["compare"] = "value"
            given.append(rule | ({"baseline": baseline} if baseline else {}))
    return given


@pytest.fixture(scope="module")
def built(make_module_project: Callable[..., Project]) -> tuple[Project, pd.DataFrame]:
    rows = shop(np.random.default_rng(3))
    project = make_module_project(
        models={f"monitors/{name}": text for name, text in MONITORS.items()},
        tables={"log": rows.assign(age=rows["age"].astype("Float64"))},
        vars={
            "driftline_monitors": list(MONITORS),
            "driftline_windows": {"day": SIZES},
            "driftline_trailing": {"day": TRAILING},
            "driftline_season": {"day": SEASON},
            "driftline_now": str((START + DAYS * DAY).to_pydatetime()),
            "driftline_thresholds": thresholds(),
        },
    )
    project.build("--select", "+driftline_causes", "+driftline_alerts")
    return project, rows


Places = dict[tuple[str, str], dict[str, pd.Series]]


@pytest.fixture(scope="module")
def places(built: tuple[Project, pd.DataFrame]) -> Places:
    """The bin, and the group of bins, of every row in each column of each monitor."""
    project, rows = built
    bins = project.frame("select * from driftline_bins where column_role in ('feature', 'prediction', 'label')")
    return {
        key: {name: bin_numbers(rows[key[1]], of, name) for name in ("bin", "bin_group")}
        for key, of in bins.groupby(["monitor", "column_name"])
    }


@pytest.fixture(scope="module")
def causes(built: tuple[Project, pd.DataFrame]) -> pd.DataFrame:
    return built[0].frame("select * from driftline_causes")


# ----------------------------------------------------------------------------------------------------- the computation


def sides(
    rows: pd.DataFrame, first: pd.Timestamp, size: int, family: str, baseline: str
) -> tuple[pd.DataFrame, pd.DataFrame, float]:
    """The window's rows, the baseline's, and how many windows' worth the baseline is."""
    at = (rows["at"] - first) // DAY
    window = rows[(at >= 0) & (at < size)]
    if baseline == "reference":
        reference = rows[(rows["at"] < START + REFERENCE_DAYS * DAY) & ~rows.index.isin(window.index)]
        return window, reference, reference["at"].nunique() / size
    if baseline == "previous":
        nearest, days = 1, size
    elif baseline == "seasonal":
        nearest, days = SEASON * math.ceil(size / SEASON) - size + 1, size
    else:
        nearest, days = 1, size * max(8, math.ceil(TRAILING / size)) if family == "business" else TRAILING
    before = rows[(at <= -nearest) & (at > -nearest - days)]
    if family == "business" and baseline == "trailing":
        # Whole windows only.
        whole = (first - START) // DAY // size * size
        before = before[(before["at"] - first) // DAY >= -whole]
    return window, before, max(((first - before["at"]) // DAY - 1).floordiv(size).nunique(), 1) * 1.0


def parts_of(metric: str, rows: pd.DataFrame, monitor: str, column: str) -> tuple[float, float]:
    """The two sums a metric is the ratio of."""
    y = rows["bought" if monitor == "shop" else "spent"]
    s = rows["score" if monitor == "shop" else "forecast"]
    positive = s >= 0.4
    n = float(len(rows))
    tp, fp = float((positive & (y == 1)).sum()), float((positive & (y == 0)).sum())
    fn, tn = float((~positive & (y == 1)).sum()), float((~positive & (y == 0)).sum())
    squared = float(((s - y) ** 2).sum())
    return {
        "conversion": (float(rows["bought"].sum()), n),
        "price": (float(rows["spent"].sum()), float(rows["bought"].sum())),
        "revenue": (float(rows["spent"].sum()), n),
        "null_rate": (float(rows[column].isna().sum()) if column in rows else 0.0, n),
        "accuracy": (tp + tn, n), "precision": (tp, tp + fp), "recall": (tp, tp + fn), "specificity": (tn, tn + fp),
        "negative_predictive_value": (tn, tn + fn),
        "f1": (tp, tp + (fp + fn) / 2), "label_rate": (tp + fn, n), "selection_rate": (tp + fp, n), "false_positive_share": (fp, n),
        "brier": (squared, n), "roc_auc": (squared, n), "expected_calibration_error": (squared, n), "mae": (float((s - y).abs().sum()), n), "rmse": (squared, n), "bias": (float((s - y).sum()), n),
        "label_mean_standardized": (float(y.sum()), n), "calibration_shift": (float((s - y).sum()), n),
        "loss_mean_standardized": (squared if monitor == "shop" else float((s - y).abs().sum()), n),
    }[metric]  # fmt: skip


def split(
    values: dict[str, tuple[tuple[float, float], tuple[float, float]]], metric: str, windows: float
) -> dict[str, dict[str, float]]:
    """Kitagawa's decomposition of the change of a ratio (or a sum) over the parts of the rows."""
    if metric == "revenue":
        values = {k: (q, (p[0] / windows, p[1] / windows)) for k, (q, p) in values.items()}
    q_top, q_bottom, p_top, p_bottom = (sum(v[i][j] for v in values.values()) for i in (0, 1) for j in (0, 1))
    if not q_bottom or not p_bottom:
        return {}
    mean = (q_top / q_bottom + p_top / p_bottom) / 2
    found = {}
    for name, ((qt, qb), (pt, pb)) in values.items():
        q_rate, p_rate = qt / qb if qb else math.nan, pt / pb if pb else math.nan
        there = [r for r in (q_rate, p_rate) if not math.isnan(r)]
        if not there:
            continue
        of_sides = ((q_rate if qb else p_rate) + (p_rate if pb else q_rate)) / 2
        rates = q_rate - p_rate if len(there) == 2 else 0.0
        if metric == "revenue":
            shares_effect, rates_effect = (qb - pb) * of_sides, rates * (qb + pb) / 2
        else:
            shares_effect = (qb / q_bottom - pb / p_bottom) * (of_sides - mean)
            rates_effect = rates * (qb / q_bottom + pb / p_bottom) / 2
        if metric == "rmse":
            scale = 1 / (math.sqrt(q_top / q_bottom) + math.sqrt(p_top / p_bottom))
            shares_effect, rates_effect = shares_effect * scale, rates_effect * scale
        found[name] = {
            "contribution": shares_effect + rates_effect, "shares_effect": shares_effect, "rates_effect": rates_effect,
            "row_share": qb / q_bottom, "expected_row_share": pb / p_bottom,
            "value": (qt if metric == "revenue" else math.sqrt(q_rate) if metric == "rmse" else q_rate),
            "expected": (pt if metric == "revenue" else math.sqrt(p_rate) if metric == "rmse" else p_rate),
        }  # fmt: skip
    return found


def bin_numbers(values: pd.Series, bins: pd.DataFrame, name: str) -> pd.Series:
    """The number of each row's bin, or of its group of bins."""
    if bins["column_kind"].iloc[0] == "categorical":
        known = dict(zip(bins["bin_label"], bins[name], strict=True))
        return values.map(lambda v: -3 if pd.isna(v) else int(known.get(str(v), 10002)))
    ranges = bins[bins["bin_kind"] == "range"].sort_values("bin")
    place = np.searchsorted(ranges["bin_upper"].to_numpy(float)[:-1], values.to_numpy(float), side="left")
    return pd.Series(np.where(values.isna(), -3, ranges[name].to_numpy()[place]), index=values.index)


def psi_of(window: pd.Series, before: pd.Series) -> tuple[dict[int, float], dict[int, float]]:
    """The PSI's terms by group of bins, and what one unit of difference of the shares counts for in each."""
    terms, weights = {}, {}
    for group in set(window) | set(before):
        q, p = (window == group).mean(), (before == group).mean()
        q_smooth, p_smooth = q or 0.5 / len(window), p or 0.5 / len(before)
        terms[group] = (q_smooth - p_smooth) * math.log(q_smooth / p_smooth)
        weights[group] = terms[group] / (q - p) if q != p else 0.0
    return terms, weights


def psi_split(window: pd.DataFrame, before: pd.DataFrame, by: str) -> dict[str, dict[str, float]]:
    _, weights = psi_of(window["group"], before["group"])
    found = {}
    for value in set(window[by]) | set(before[by]):
        q, p = window[window[by] == value], before[before[by] == value]
        q_share, p_share = len(q) / len(window), len(p) / len(before)
        shares_effect = rates_effect = 0.0
        for group, weight in weights.items():
            middle = ((window["group"] == group).mean() + (before["group"] == group).mean()) / 2
            of_q = (q["group"] == group).mean() if len(q) else (p["group"] == group).mean()
            of_p = (p["group"] == group).mean() if len(p) else of_q
            shares_effect += weight * (q_share - p_share) * ((of_q + of_p) / 2 - middle)
            rates_effect += weight * (of_q - of_p) * (q_share + p_share) / 2
        found[value] = {
            "contribution": shares_effect + rates_effect, "shares_effect": shares_effect, "rates_effect": rates_effect,
            "row_share": q_share, "expected_row_share": p_share,
        }  # fmt: skip
    return found


# ----------------------------------------------------------------------------------------------------------- the tests


def compare(seen: pd.DataFrame, wanted: dict[str, dict[str, float]], key: str, place: str) -> list[str]:
    """The largest contributions, in order, and every number of theirs."""
    wrong = []
    wanted = {k: v for k, v in wanted.items() if abs(v["contribution"]) > 1e-12}
    size = max((abs(v["contribution"]) for v in wanted.values()), default=1.0)
    seen = seen[seen["contribution"].abs() > 1e-12]
    if len(seen) != min(len(wanted), MOST):
        return [f"{place}: {len(seen)} causes, should be {sorted(wanted)}"]
    ordered = sorted((abs(v["contribution"]) for v in wanted.values()), reverse=True)
    for row, largest in zip(seen.sort_values("cause_rank").to_dict("records"), ordered, strict=False):
        if abs(abs(row["contribution"]) - largest) > 1e-9 * size:
            wrong.append(f"{place} {row[key]}: rank {row['cause_rank']} has {row['contribution']}, should be {largest}")
        for name, want in wanted.get(row[key], {"contribution": math.nan}).items():
            found = math.nan if row[name] is None else float(row[name])
            if math.isnan(found) != math.isnan(want) or abs(found - want) > 1e-9 * max(size, abs(want)):
                wrong.append(f"{place} {row[key]}: {name} is {found}, should be {want}")
    return wrong


def windows_of(causes: pd.DataFrame, families: list[str]) -> Any:
    key = [
        "monitor",
        "model_version",
        "segment",
        "family",
        "metric",
        "column_name",
        "baseline",
        "window_periods",
        "window_start",
        "alert_id",
    ]
    return causes[causes["family"].isin(families)].groupby(key)


def test_every_kind_of_alert_is_explained(built: tuple[Project, pd.DataFrame], causes: pd.DataFrame) -> None:
    project, _ = built
    seen = {
        tuple(row)
        for row in causes[["monitor", "family", "metric", "baseline", "cause_kind"]].drop_duplicates().to_numpy()
    }
    for baseline in ("reference", "previous", "trailing", "seasonal"):
        for metric in ("conversion", "revenue"):
            assert {("shop", "business", metric, baseline, kind) for kind in ("segment", "version")} <= seen
    for metric in ("accuracy", "brier", "expected_calibration_error"):
        assert {("shop", "performance", metric, "reference", kind) for kind in ("column", "segment", "version")} <= seen
    for metric in ("label_mean_standardized", "loss_mean_standardized", "calibration_shift"):
        assert {("shop", "concept", metric, "reference", kind) for kind in ("bin", "segment", "version")} <= seen
    assert {("shop", "drift", "psi", "reference", kind) for kind in ("bin", "segment", "version", "column")} <= seen
    assert ("amounts", "performance", "rmse", "reference", "segment") in seen
    assert ("shop", "quality", "null_rate", "reference", "segment") in seen
    # The windows are those of the alert: its first, its worst and its last.
    alerts = project.frame("select * from driftline_alerts")
    known = alerts.set_index("alert_id")
    assert set(causes["alert_id"]) <= set(known.index)
    for alert_id, of in causes.groupby("alert_id"):
        alert = known.loc[alert_id]
        assert set(of.loc[of["is_first_window"], "window_start"]) <= {alert["first_window_start"]}
        assert set(of.loc[of["is_last_window"], "window_start"]) <= {alert["last_window_start"]}
        assert of["window_start"].nunique() <= 3
    assert causes["description"].notna().all()
    assert (causes["cause_rank"] <= MOST).all()


@pytest.mark.parametrize("by", ["market", "tier", "version"])
def test_parts_of_ratio_metrics(built: tuple[Project, pd.DataFrame], causes: pd.DataFrame, by: str) -> None:
    """Business metrics, performance, missing values and concept drift by segment and version."""
    _, rows = built
    wrong, count = [], 0
    chosen = causes[causes["cause_name"] == {"version": "model_version"}.get(by, by)]
    for key, seen in windows_of(chosen, ["business", "performance", "quality", "concept"]):
        monitor, version, segment, family, metric, column, baseline, size, first, _ = key
        if metric == "out_of_range_rate":
            continue
        assert version == "all" and segment == "all"
        window, before, windows = sides(rows, first, size, family, baseline)
        values = {
            str(value): tuple(parts_of(metric, side[side[by] == value], monitor, column) for side in (window, before))
            for value in set(window[by]) | set(before[by])
        }
        wanted = split(values, metric, windows)  # type: ignore[arg-type]
        wrong += compare(seen, wanted, "cause_value", f"{monitor} {metric} {column} {baseline} {size} {first:%d}")
        change = sum(w["contribution"] for w in wanted.values())
        if abs(change) > 1e-9:
            assert (seen["share"] - seen["contribution"] / change).abs().max() < 1e-6
        count += 1
    assert count > 60
    assert not wrong, f"{len(wrong)}: " + "\n".join(wrong[:20])


def test_contributions_add_up_to_the_change(built: tuple[Project, pd.DataFrame], causes: pd.DataFrame) -> None:
    """The parts of a metric make the difference that the table of the metric shows."""
    project, _ = built
    shown = project.frame(
        "select * from driftline_metrics where family in ('business', 'performance') and baseline <> 'trailing'"
    )
    key = [*raw.GRAIN, "family", "metric", "column_name", "baseline"]
    # What is expected of a business metric is robust; parts add up to the difference from the reference as a whole.
    wholes = project.frame(f"select {', '.join(raw.GRAIN)}, metric, reference_value from driftline_business")
    shown = shown.merge(wholes.assign(family="business", baseline="reference"), how="left")
    shown["change"] = shown["value"] - shown["reference_value"].fillna(shown["expected"])
    parts = causes[
        causes["cause_kind"].isin(["segment", "version"]) & (causes["contribution_unit"] == causes["metric"])
    ]
    # A part that did nothing is no cause; ten parts there never are.
    sums = parts.groupby([*key, "cause_name"], as_index=False)[["contribution", "share"]].sum()
    both = sums.merge(shown, on=key)
    assert len(both) > 100
    assert (both["contribution"] - both["change"]).abs().max() < 1e-9 * shown["value"].abs().max()
    assert (both["share"] - 1).abs().max() < 1e-6


@pytest.mark.parametrize("by", ["market", "tier", "version", "bin"])
def test_parts_of_the_psi(built: tuple[Project, pd.DataFrame], causes: pd.DataFrame, places: Places, by: str) -> None:
    project, rows = built
    drift = project.frame(
        "select * from driftline_drift where baseline = 'reference' and segment = 'all' and model_version = 'all'"
    )
    psi = drift.set_index(["monitor", "window_periods", "window_start", "column_name"])["psi"]
    chosen = (
        causes[causes["cause_kind"] == "bin"]
        if by == "bin"
        else causes[causes["cause_name"] == {"version": "model_version"}.get(by, by)]
    )
    wrong, count = [], 0
    for key, seen in windows_of(chosen, ["drift"]):
        monitor, _, _, _, _, column, baseline, size, first, _ = key
        window, before, _ = sides(
            rows.assign(group=places[(monitor, column)]["bin_group"]), first, size, "drift", baseline
        )
        terms, _ = psi_of(window["group"], before["group"])
        whole = psi[(monitor, size, first, column)]
        assert sum(terms.values()) == pytest.approx(whole, rel=1e-9)
        place = f"{monitor} {column} {size} {first:%d}"
        if by == "bin":
            wanted = sorted((t for t in terms.values() if abs(t) > 1e-12), reverse=True)[:MOST]
            found = seen[seen["contribution"].abs() > 1e-12].sort_values("cause_rank")["contribution"]
            if len(found) != len(wanted) or not np.allclose(found, wanted, rtol=1e-9):
                wrong.append(f"{place}: {list(found)}, should be {wanted}")
            assert np.allclose(seen["share"] * whole, seen["contribution"], rtol=1e-9)
            assert np.allclose(seen["shares_effect"], seen["row_share"] - seen["expected_row_share"])
        else:
            wrong += compare(seen, psi_split(window, before, by), "cause_value", place)
        count += 1
    assert count >= 9
    assert not wrong, f"{len(wrong)}: " + "\n".join(wrong[:20])


def test_bins_of_concept_drift(built: tuple[Project, pd.DataFrame], causes: pd.DataFrame, places: Places) -> None:
    _, rows = built
    wrong, count = [], 0
    for key, seen in windows_of(causes[causes["cause_kind"] == "bin"], ["concept"]):
        monitor, _, _, _, metric, column, baseline, size, first, _ = key
        window, before, _ = sides(rows.assign(group=places[(monitor, column)]["bin"]), first, size, "concept", baseline)
        values = {
            str(group): tuple(
                parts_of(metric, side[side["group"] == group], monitor, column) for side in (window, before)
            )
            for group in set(window["group"]) | set(before["group"])
        }
        wanted = split(values, metric, 1.0)  # type: ignore[arg-type]
        contributions = sorted(
            (w["contribution"] for w in wanted.values() if abs(w["contribution"]) > 1e-12), key=abs, reverse=True
        )[:MOST]
        found = seen[seen["contribution"].abs() > 1e-12].sort_values("cause_rank")["contribution"]
        if len(found) != len(contributions) or not np.allclose(np.abs(found), np.abs(contributions), rtol=1e-9):
            wrong.append(f"{monitor} {metric} {column} {first:%d}: {list(found)}, should be {contributions}")
        count += 1
    assert count > 10
    assert not wrong, "\n".join(wrong[:10])


def weights(rows: pd.DataFrame, places: Places) -> dict[str, float]:
    """How much of the variance of the reference's scores lies between a feature's bins, less chance; as parts of 1."""
    reference = rows[rows["at"] < START + REFERENCE_DAYS * DAY]
    found = {}
    for column in ("age", "noise", "kind"):
        bin_no = places[("shop", column)]["bin"][reference.index]
        means = reference["score"].groupby(bin_no).transform("mean")
        between = means.var(ddof=0) / reference["score"].var(ddof=0)
        n, k = len(reference), bin_no.nunique()
        found[column] = max(1 - (1 - between) * (n - 1) / (n - k), 0.0)
    return {column: value / sum(found.values()) for column, value in found.items()}


def test_columns(built: tuple[Project, pd.DataFrame], causes: pd.DataFrame, places: Places) -> None:
    """Features over their noise, by PSI times weight; importances where they are given."""
    project, rows = built
    wanted = {"shop": weights(rows, places), "amounts": {"age": 0.75, "kind": 0.25, "noise": 0.0}}
    drift = project.frame(
        "select * from driftline_drift where column_role = 'feature' and segment = 'all' and model_version = 'all'"
    )
    concept = project.frame("select * from driftline_concept where segment = 'all' and model_version = 'all'")
    place = ["monitor", "window_periods", "window_start", "column_name"]
    concept = concept.set_index(place)
    wrong, count = [], 0
    for key, seen in windows_of(
        causes[causes["cause_kind"] == "column"], ["business", "performance", "concept", "drift"]
    ):
        monitor, _, _, family, metric, _, baseline, size, first, _ = key
        of = drift[
            (drift["monitor"] == monitor)
            & (drift["window_periods"] == size)
            & (drift["window_start"] == first)
            & (drift["baseline"] == baseline)
        ]
        over = of[of["psi"] > of["psi_noise"]]
        contributions = {
            r.column_name: {
                "contribution": r.psi * wanted[monitor][r.column_name],
                "value": r.psi,
                "weight": wanted[monitor][r.column_name],
            }
            for r in over.itertuples()
        }
        wrong += compare(seen, contributions, "cause_name", f"{monitor} {family} {metric} {baseline} {size} {first:%d}")
        for row in seen.itertuples():
            if family == "concept" or family == "performance":
                name = (
                    "calibration"
                    if metric in ("calibration_shift", "bias")
                    else "label"
                    if metric in ("label_mean_standardized", "label_rate")
                    else "loss"
                )
                assert row.effect_unit == name
                assert row.shares_effect == pytest.approx(
                    concept.loc[(monitor, size, first, row.cause_name), f"{name}_shares_effect"], rel=1e-9
                )
            else:
                binned = rows.assign(group=places[(monitor, row.cause_name)]["bin"])
                window, before, _ = sides(binned, first, size, family, baseline)
                groups = [
                    side.groupby("group")["score" if monitor == "shop" else "forecast"] for side in (window, before)
                ]
                q, p = groups[0].size() / len(window), groups[1].size() / len(before)
                means = pd.DataFrame({"q": groups[0].mean(), "p": groups[1].mean()})
                shares = pd.DataFrame({"q": q, "p": p}).fillna(0)
                effect = (
                    (shares["q"] - shares["p"]) * (means["q"].fillna(means["p"]) + means["p"].fillna(means["q"])) / 2
                ).sum()
                assert row.effect_unit == "prediction"
                assert row.shares_effect == pytest.approx(effect, rel=1e-9, abs=1e-12)
        count += 1
    assert count > 60
    assert not wrong, f"{len(wrong)}: " + "\n".join(wrong[:20])
    # What drifts and matters comes before what only drifts.
    first = causes[(causes["cause_kind"] == "column") & (causes["metric"] == "accuracy") & (causes["cause_rank"] == 1)]
    assert set(first["cause_name"]) == {"age"}


def test_what_was_planted_is_found(causes: pd.DataFrame) -> None:
    """Conversion falls in the south, and the age of its customers moves there; missing ages come from everywhere alike."""
    first, last = START + REFERENCE_DAYS * DAY, START + (SALE - 2) * DAY
    late = causes[causes["window_start"].between(first, last) & (causes["window_periods"] == 2)]
    drift = late[
        (late["column_name"] == "age")
        & (late["metric"] == "psi")
        & (late["cause_name"] == "market")
        & (late["cause_rank"] == 1)
    ]
    assert set(drift["cause_value"]) == {"south"}
    assert (drift["rates_effect"] > drift["shares_effect"]).all()
    rates = late[(late["metric"] == "calibration_shift") & (late["cause_name"] == "market")]
    largest = rates.loc[rates.groupby(["alert_id", "window_start"])["rates_effect"].idxmax()]
    assert set(largest["cause_value"]) == {"south"}


def test_texts(causes: pd.DataFrame) -> None:
    """Descriptions are short, in words, and without what a reader would trip over."""
    assert causes["description"].str.len().max() < 250
    assert not causes["description"].str.contains("None|nan|NaN|e-0|e-1").any()
    bins = causes[(causes["cause_kind"] == "bin") & (causes["column_name"] == "kind")]
    assert set(bins["cause_value"]) <= {"book", "toy", "tool"}
    assert causes.loc[causes["description"].str.contains("none in the baseline"), "expected_row_share"].eq(0).all()
    one = causes[(causes["metric"] == "conversion") & (causes["cause_kind"] == "segment")].iloc[0]
    assert one["description"].startswith(f"{one['cause_name']} = {one['cause_value']}: conversion ")
