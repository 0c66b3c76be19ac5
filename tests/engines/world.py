"""Monitors that between them give every table of the package rows: of few rows, because it is built twice."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from state.states import declare_with, source

DAYS = 44
REFERENCE = {"start": "2024-01-01", "end": "2024-01-15"}
NOW = "2024-02-13 12:00:00"
LOG = {"relation": source("log"), "timestamp": "at", "reference": REFERENCE}
MONITORS: dict[str, dict[str, Any]] = {
    "shop": {
        **LOG, "timezone": "Europe/London", "numeric": ["price"], "categorical": ["country"],
        "prediction": "score", "label": "bought", "task": "binary", "model_version": "version", "segments": ["area"],
        "ranking": {"request": "session", "position": "place", "k": 3}, "bins": 8, "min_labelled_share": 0.5, "detail": ["versions"],
        "business_metrics": {
            "conversion": {"numerator": "bought", "denominator": "1"}, "revenue": {"sum": "revenue"},
            # Nothing in every second window: a ratio of nothing.
            "refunds": {"numerator": "refund", "denominator": "refundable"},
        },
    },
    "prices": {
        **LOG, "numeric": ["price"], "prediction": "estimate", "label": "revenue", "task": "regression", "weight": "w",
        "model_version": "version", "bins": 6,
    },
    "kinds": {
        **LOG, "prediction": {"a": "p_a", "b": "p_b", "c": "p_c"}, "label": "kind", "task": "multiclass",
        "segments": ["area"], "bins": 5, "model_version": "version",
    },
    "visits": {**LOG, "period": "hour", "business_metrics": {"sold": {"sum": "revenue"}}},
}  # fmt: skip
VARS = {
    "driftline_monitors": list(MONITORS),
    "driftline_now": NOW,
    "driftline_windows": {"day": [1, 3], "hour": [1, 24]},
    "driftline_trailing": {"day": 7},
    "driftline_fairness_min_rows": 30,
    "driftline_comparison_min_rows": 30,
    "driftline_events": [{"event": "sale", "first_day": "2024-01-24", "last_day": "2024-01-26"}],
    "driftline_unit_values": {"shop": {"revenue": {"value": 1, "unit": "GBP"}}},
}
TYPES = {"bought": "integer", "revenue": "double precision", "price": "double precision"}


def models() -> dict[str, str]:
    return {f"monitors/{name}": declare_with(declared) for name, declared in MONITORS.items()}


def log() -> pd.DataFrame:
    rng = np.random.default_rng(20240213)
    n = 80 * DAYS
    day = np.sort(rng.integers(0, DAYS, n))
    hour = rng.integers(0, 24, n)
    version = np.where(day < 6, "v0", "v1")
    version = np.where((day >= 16) & (rng.uniform(size=n) < 0.45), "v2", version)
    area = rng.choice(["north", "south"], n, p=[0.6, 0.4])
    price = rng.gamma(4, 3, n).round(2) + np.where(day >= 36, 9.0, 0.0)
    score = rng.beta(2, 3, n).round(4)
    bought = (rng.uniform(size=n) < 0.1 + 0.6 * score + 0.2 * (version == "v2") * (area == "north")).astype(int)
    known = (day < DAYS - 3) & (rng.uniform(size=n) > 0.05)
    probabilities = rng.dirichlet([3, 2, 1], n).round(3)
    rows = pd.DataFrame(
        {
            "at": pd.Timestamp("2024-01-01") + pd.to_timedelta(day, unit="D") + pd.to_timedelta(hour, unit="h"),
            "price": pd.Series(price, dtype=object),
            "country": pd.Series(rng.choice(["at", "de", "fr"], n)).where(rng.uniform(size=n) > 0.03),
            "score": score,
            "bought": pd.Series(bought).astype("Int64").where(known),
            "revenue": np.where(bought == 1, price, 0.0),
            "refund": np.where(day % 2 == 0, rng.integers(0, 2, n), 0),
            "refundable": np.where(day % 2 == 0, 1, 0),
            "estimate": (price * rng.normal(1, 0.1, n)).round(2),
            "w": rng.choice([0.5, 1.0, 2.0], n),
            "session": np.arange(n) // 5,
            "place": np.arange(n) % 5 + 1,
            "kind": pd.Series(rng.choice(["a", "b", "c"], n, p=[0.5, 0.3, 0.2])).where(known),
            "p_a": probabilities[:, 0],
            "p_b": probabilities[:, 1],
            "p_c": 1 - probabilities[:, 0] - probabilities[:, 1],
            "area": np.where(rng.uniform(size=n) < 0.01, None, area),
            "version": version,
        }
    )
    rows.loc[rng.uniform(size=n) < 0.02, "price"] = None
    rows.loc[rng.uniform(size=n) < 0.01, "price"] = float("nan")
    rows.loc[rng.uniform(size=n) < 0.005, "price"] = float("inf")
    # A whole day of nothing but NULL, and a day without rows.
    rows.loc[day == 30, "price"] = None
    return rows[(day != 33)].reset_index(drop=True)
