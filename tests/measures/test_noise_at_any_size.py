"""No measure that a threshold can be named for cries wolf because its windows are of another size than the reference's.

Unchanged data in windows of a tenth, once and ten times the rows of a reference window, for every kind of model, each
measure under a threshold of next to nothing: what is left to keep it quiet is its noise. The last windows, of every
size, hold a real shift, and there each measure has to see it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

REFERENCE = (10, 1000)  # windows, rows of each
SMALL, SAME, LARGE = (25, 100), (8, 1000), (4, 10_000)
SHIFTED = (SMALL[1], SAME[1], LARGE[1])
QUIET_SIZES = [rows for days, rows in (REFERENCE, SMALL, SAME, LARGE) for _ in range(days)]
START = np.datetime64("2024-01-01")
CLASSES = ("a", "b", "c", "d")
# One in a thousand is the level; some measures of one window say the same, and some are on the safe side.
MOST_BREACHES = 0.004

DRIFT = ("psi", "ks_lower", "ks_upper", "js_distance", "hellinger", "total_variation", "l_infinity", "wasserstein")
DRIFT_OF_BOTH = (*DRIFT, "cramers_v", "chi_squared")
QUALITY = ("null_rate", "unseen_rate", "out_of_range_rate")
PERFORMANCE = {
    "binary": (
        *("accuracy", "precision", "recall", "specificity", "f1", "selection_rate", "label_rate", "roc_auc", "gini"),
        "negative_predictive_value",
        *(
            "average_precision",
            "ks",
            "log_loss",
            "brier",
            "expected_calibration_error",
            "lift_top_10",
            "capture_top_10",
        ),
        *("true_positive_share", "false_positive_share", "false_negative_share", "true_negative_share"),
    ),
    "classes": ("accuracy", "macro_precision", "macro_recall", "macro_f1", "macro_roc_auc", "log_loss"),
    "number": ("mae", "rmse", "bias", "mape", "msle", "rmsle", "r2"),
    "lists": ("hit_rate", "ndcg", "mrr"),
}
THRESHOLDS = [
    *[{"family": "drift", "metric": m, "warn": 1e-9, "min_rows": 1} for m in DRIFT_OF_BOTH],
    {"family": "drift", "metric": "mean", "warn": 1e-9, "min_rows": 1, "compare": "difference", "direction": "both"},
    *[{"family": "quality", "metric": m, "warn": 1e-9, "min_rows": 1} for m in QUALITY],
    *[
        {
            "family": family,
            "metric": m,
            "warn": 1e-9,
            "min_rows": 1,
            "compare": "difference",
            "direction": "both",
            "over_noise": 1,
        }
        for family in ("performance", "estimate")
        for m in sorted({m for of in PERFORMANCE.values() for m in of})
    ],
]


def _rows(sizes: list[int], seed: int, shifted: bool = False) -> pd.DataFrame:
    """One row per served prediction, of all four kinds of model."""
    r = np.random.default_rng(seed)
    n = sum(sizes)
    day = np.repeat(np.arange(len(sizes)), sizes)
    place = np.concatenate([np.arange(k) for k in sizes])
    seconds = place * (80_000 // max(sizes))
    at = START + day.astype("timedelta64[D]") + seconds.astype("timedelta64[s]")
    x = r.lognormal(0.5 if shifted else 0, 1, n)
    few = np.where(
        r.random(n) < (0.3 if shifted else 0.03), "rare", r.choice(list("pqrs"), n, p=[0.5, 0.3, 0.15, 0.05])
    )
    score = np.clip(r.beta(2, 3, n), 0.01, 0.99)
    chance = np.clip(1 - score if shifted else score, 0.02, 0.98)
    label = (r.random(n) < chance).astype(int)
    # Of four classes the last is rare.
    actual = r.choice(len(CLASSES), n, p=[0.5, 0.3, 0.17, 0.03])
    push = np.zeros((n, len(CLASSES)))
    push[np.arange(n), actual] = 0.2 if shifted else 2.0
    odds = np.exp(push + r.normal(0, 1, (n, len(CLASSES))))
    odds /= odds.sum(axis=1, keepdims=True)
    truth = 1 + r.lognormal(1, 0.6, n)
    error = r.laplace(0.6 if shifted else 0, 1.5 if shifted else 0.5, n)
    gain = r.random(n) < 0.3
    frame = pd.DataFrame(
        {
            "at": at,
            "x": np.where(r.random(n) < (0.2 if shifted else 0.01), np.nan, x),
            "few": few,
            "score": score,
            "label": label,
            "actual": np.asarray(CLASSES)[actual],
            **{f"p_{c}": odds[:, k] for k, c in enumerate(CLASSES)},
            "truth": truth,
            "forecast": truth + error,
            "request": [f"{d}_{p // 5}" for d, p in zip(day, place, strict=True)],
            "place": r.random(n) * 0.6 + (0 if shifted else 0.4 * gain),
            "gain": gain.astype(int),
        }
    )
    frame["position"] = frame.groupby("request")["place"].rank(ascending=False, method="first").astype(int)
    frame["x"] = frame["x"].astype("Float64").where(frame["x"].notna(), None)
    return frame


def _monitors() -> dict[str, str]:
    head = "relation=source('raw', 'log'), timestamp='at', reference={'start': '2024-01-01', 'end': '2024-01-11'}"
    of = {
        "binary": "numeric=['x'], categorical=['few'], prediction='score', label='label', task='binary'",
        "classes": f"prediction={ {c: f'p_{c}' for c in CLASSES} }, label='actual', task='multiclass'",
        "number": "prediction='forecast', label='truth', task='regression'",
        "lists": "prediction='place', label='gain', task='binary', ranking={'request': 'request', 'position': 'position', 'k': 3}",
    }
    return {f"monitors/{name}": f"{{{{ driftline.monitor({head}, {text}) }}}}" for name, text in of.items()}


@pytest.fixture(scope="module")
def project(make_module_project: Callable[..., Any]) -> Any:
    quiet = _rows(QUIET_SIZES, 11)
    shifted = _rows(list(SHIFTED), 6, shifted=True)
    shifted["at"] += np.timedelta64(len(QUIET_SIZES), "D")
    shifted["request"] = "shifted_" + shifted["request"]
    made = make_module_project(
        models=_monitors(),
        tables={"log": pd.concat([quiet, shifted], ignore_index=True)},
        vars={
            "driftline_monitors": [name.split("/")[1] for name in _monitors()],
            "driftline_windows": {"day": [1]},
            "driftline_now": str(START + np.timedelta64(len(QUIET_SIZES) + len(SHIFTED), "D")),
            "driftline_thresholds": THRESHOLDS,
            "driftline_false_alarms_per_week": "none",
        },
    )
    made.build("--select", "+driftline_int_judgements")
    return made


@pytest.fixture(scope="module")
def judged(project: Any) -> pd.DataFrame:
    """Every verdict on a window after the reference, with how many rows its day has."""
    found = project.frame(
        "select monitor, family, metric, column_name, window_start, value, expected, noise, is_breach, not_judged"
        " from driftline_int_judgements where baseline = 'reference' and family in ('drift', 'quality', 'performance',"
        " 'estimate') and segment = 'all' and model_version = 'all'"
    )
    sizes = [*QUIET_SIZES, *SHIFTED]
    day = (found["window_start"] - pd.Timestamp(START)).dt.days
    return found.assign(day=day, rows=[sizes[d] for d in day])[lambda f: f["day"] >= REFERENCE[0]]


def test_every_measure_is_judged_at_every_size(judged: pd.DataFrame) -> None:
    odd = judged[judged["not_judged"].notna()]
    assert odd.empty, odd[["monitor", "metric", "column_name", "rows", "not_judged"]].value_counts().to_string()
    seen = set(judged[["monitor", "metric", "rows"]].itertuples(index=False, name=None))
    wanted = {("binary", m) for m in (*DRIFT_OF_BOTH, "mean", "null_rate", "unseen_rate", "out_of_range_rate")}
    wanted |= {(monitor, m) for monitor, of in PERFORMANCE.items() for m in of}
    missing = {(*w, rows) for w in wanted for rows in SHIFTED} - seen
    assert not missing, sorted(missing)


def test_unchanged_data_is_quiet(judged: pd.DataFrame, figure: Callable[[str, object], None]) -> None:
    quiet = judged[judged["day"] < len(QUIET_SIZES)]
    breaches = quiet[quiet["is_breach"]]
    for rows, of in quiet.groupby("rows"):
        figure(f"breaches of unchanged data in windows of {rows} rows, all measures", f"{of['is_breach'].mean():.2%}")
    told = breaches[["monitor", "metric", "column_name", "rows", "day", "value", "expected", "noise"]].to_string()
    assert len(breaches) <= MOST_BREACHES * len(quiet), told
    for _, of in quiet.groupby("rows"):
        assert of["is_breach"].sum() <= max(MOST_BREACHES * len(of), 3), told
    # What chance does, it does to one window here and one there.
    series = breaches.groupby(["monitor", "family", "metric", "column_name"])["day"]
    assert (series.nunique() <= 1).all() and not breaches.groupby("metric").size().gt(2).any(), told


# What these hold on to does not change in the shifted rows, or not by enough for a hundred of them.
BLIND = {
    "ks": "scores in the opposite order tell positives from negatives as well",
    "selection_rate": "the scores are the same",
    "label_rate": "for a score around its middle the share of positives stays",
    "true_positive_share": "as the label's rate",
    "false_positive_share": "as the label's rate",
    "true_negative_share": "as the label's rate",
    "false_negative_share": "as the label's rate",
}


def test_a_real_shift_is_seen(judged: pd.DataFrame) -> None:
    shifted = judged[(judged["day"] >= len(QUIET_SIZES)) & ~judged["metric"].isin(BLIND)]
    shifted = shifted[(shifted["family"] != "drift") | shifted["column_name"].isin(["x", "few"])]
    shifted = shifted[(shifted["family"] != "quality") | (shifted["metric"] + shifted["column_name"] == "null_ratex")]
    shifted = shifted[(shifted["monitor"] != "lists") | shifted["metric"].isin(PERFORMANCE["lists"])]
    shifted = shifted[(shifted["family"] != "estimate") & (shifted["column_name"].isin(["x", "few", "all"]))]
    # The spread of 1,000 lognormal rows has a standard error of a quarter: what is two thirds more is not seen in them.
    shifted = shifted[(shifted["metric"] != "spread_ratio") | (shifted["rows"] == LARGE[1])]
    for rows in SHIFTED[1:]:
        unseen = shifted[(shifted["rows"] == rows) & ~shifted["is_breach"]]
        assert unseen.empty, unseen[
            ["monitor", "metric", "column_name", "rows", "value", "expected", "noise"]
        ].to_string()
    small = shifted[shifted["rows"] == SHIFTED[0]]
    assert small["is_breach"].mean() > 0.6, small[~small["is_breach"]][
        ["metric", "value", "expected", "noise"]
    ].to_string()
