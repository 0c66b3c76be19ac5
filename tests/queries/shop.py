"""A small shop for the questions people put to the tables: two monitors, versions and segments that come and go, a shift
that passed and one that lasts, labels that come late, and payments whose rows have stopped.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from support import Project

START = pd.Timestamp("2024-01-01")
DAYS = 34
NOW = "2024-02-04"
MONITORS = ["recommendations", "payments"]
TYPES = {
    "at": "timestamp",
    "price": "double precision",
    "country": "text",
    "score": "double precision",
    "bought": "integer",
    "revenue": "double precision",
    "area": "text",
    "version": "text",
}

RECOMMENDATIONS = """{{ driftline.monitor(
    relation=source('raw', 'log'), timestamp='at', reference={'start': '2024-01-01', 'end': '2024-01-11'},
    numeric=['price'], categorical=['country'], prediction='score', label='bought', task='binary',
    model_version='version', segments=['area'], min_labelled_share=0.5, owner='shop team', bins=12,
    business_metrics={
        'conversion': {'numerator': 'bought', 'denominator': '1'},
        'revenue': {'sum': 'revenue'},
    }
) }}"""
PAYMENTS = """{{ driftline.monitor(
    relation=source('raw', 'payment_log'), timestamp='at', reference={'start': '2024-01-01', 'end': '2024-01-11'},
    numeric=['amount'], owner='payments team'
) }}"""


def log() -> pd.DataFrame:
    rng = np.random.default_rng(20240204)
    n = 450 * DAYS
    day = np.sort(rng.integers(0, DAYS, n))
    area = rng.choice(["north", "south"], n, p=[0.6, 0.4])
    # Areas and versions that are gone, for longer than any window looks back.
    area = np.where((day < 8) & (rng.uniform(size=n) < 0.3), "east", area)
    version = np.where((day < 6) & (rng.uniform(size=n) < 0.3), "v0", "v1")
    version = np.where((day >= 18) & (rng.uniform(size=n) < 0.45), "v2", version)
    shift = np.where((day >= 15) & (day < 18), 3.0, 0.0) + np.where(day >= 29, 6.0, 0.0)
    score = rng.beta(2, 3, n)
    bought = (rng.uniform(size=n) < 0.1 + 0.6 * score + 0.15 * (version == "v2") * (area == "north")).astype(int)
    country = pd.Series(rng.choice(["at", "de", "fr"], n)).where(rng.uniform(size=n) > np.where(day >= 30, 0.12, 0.01))
    return pd.DataFrame(
        {
            "at": START + pd.to_timedelta(day, unit="D") + pd.to_timedelta(rng.integers(0, 86_400, n), unit="s"),
            # Some values have a bin of their own.
            "price": pd.Series(np.where(rng.uniform(size=n) < 0.2, 5.0, rng.gamma(4, 3, n).round(2) + shift)),
            "country": country.where((day < 30) | (rng.uniform(size=n) > 0.05), "uk"),
            "score": score,
            "bought": pd.Series(bought).astype("Int64").where((day < DAYS - 3) & (rng.uniform(size=n) > 0.05)),
            "revenue": np.where(bought == 1, rng.gamma(3, 4, n).round(2), 0.0),
            "area": area,
            "version": version,
        }
    )


def payments() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    day = np.repeat(np.arange(DAYS - 5), 200)
    at = START + pd.to_timedelta(day, unit="D") + pd.to_timedelta(rng.integers(0, 86_400, len(day)), unit="s")
    return pd.DataFrame({"at": at, "amount": rng.gamma(2, 20, len(day)).round(2)})


def shop(make: Callable[..., Any]) -> Project:
    made: Project = make(
        models={"monitors/recommendations": RECOMMENDATIONS, "monitors/payments": PAYMENTS},
        vars={
            "driftline_monitors": MONITORS,
            "driftline_windows": {"day": [1, 3]},
            "driftline_trailing": {"day": 7},
            "driftline_fairness_min_rows": 60,
            "driftline_comparison_min_rows": 60,
            "driftline_thresholds": [{"metric": "ks_lower", "enabled": False}],
            "driftline_now": NOW,
        },
    )
    made.load("log", log(), TYPES)
    made.load("payment_log", payments(), {"at": "timestamp", "amount": "double precision"})
    made.build()
    return made
