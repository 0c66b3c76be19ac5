"""Every declaration of docs/uses.md counts the rows it is given."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support import Project
from support.project import REPOSITORY

ROWS = 600
# What each relation of the page has, by kind.
TIMES = {
    "credit_applications": "decided_at", "credit_outcomes": "observed_at", "payments_scored": "authorised_at",
    "recommendation_log": "served_at", "demand_forecasts": "sold_on", "price_decisions": "priced_at",
    "image_predictions": "taken_at", "image_training_set": "taken_at",
}  # fmt: skip
TEXTS = {
    "credit_applications": "employment channel scorecard age_group",
    "payments_scored": "merchant_category country device model",
    "recommendation_log": "category model_version market",
    "demand_forecasts": "promotion forecast_model store",
    "price_decisions": "product_group policy",
    "image_predictions": "camera model_version",
    "image_training_set": "camera model_version",
}
NUMBERS = {
    "credit_applications": "income debt_ratio age_of_account default_probability amount",
    "payments_scored": "amount velocity_1h distance_km fraud_score",
    "recommendation_log": "item_price days_since_own score",
    "demand_forecasts": "price stock forecast sold",
    "price_decisions": "cost competitor_price stock_days price revenue cost_of_goods",
    "image_predictions": "brightness sharpness width embedding_norm embedding_distance projection_1 projection_2 p_cat p_dog p_other",
    "image_training_set": "brightness sharpness width embedding_norm embedding_distance projection_1 projection_2 p_cat p_dog p_other",
}
FLAGS = {
    "credit_applications": "approved",
    "credit_outcomes": "defaulted",
    "payments_scored": "is_fraud",
    "recommendation_log": "bought",
}


def declarations() -> dict[str, str]:
    text = (REPOSITORY / "docs" / "uses.md").read_text(encoding="utf-8")
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    found = {}
    for title, body in zip(parts[1::2], parts[2::2], strict=True):
        (sql,) = re.findall(r"```sql\n(.+?)```", body, flags=re.DOTALL)
        found["use_" + title.split(",")[0].lower()] = sql
    return found


def rows_of(relation: str, start: str) -> pd.DataFrame:
    rng = np.random.default_rng(11)
    at = pd.Timestamp(start) + pd.to_timedelta(rng.integers(0, 80 * 24, ROWS), unit="h")
    found: dict[str, Any] = {TIMES[relation]: at, "application_id": np.arange(ROWS)}
    found |= {name: rng.choice(["a", "b"], ROWS) for name in TEXTS.get(relation, "").split()}
    found |= {name: rng.uniform(0, 1, ROWS) for name in NUMBERS.get(relation, "").split()}
    found |= {name: rng.integers(0, 2, ROWS) for name in FLAGS.get(relation, "").split()}
    found |= {"request_id": np.arange(ROWS) // 5, "place": np.arange(ROWS) % 5 + 1, "horizon_days": np.arange(ROWS) % 3}
    return pd.DataFrame({**found, "reviewed_class": rng.choice(["cat", "dog", "other"], ROWS)})


@pytest.fixture(scope="module")
def project(make_module_project: Callable[..., Any]) -> Project:
    given: dict[str, Any] = {}
    models = {}
    for name, sql in declarations().items():
        start = (re.findall(r"'start': '([^']+)'", sql) or ["2025-01-01"])[0]
        for relation in re.findall(r"ref\('(\w+)'\)", sql):
            given[f"{name}_{relation}"] = rows_of(relation, start)
            sql = sql.replace(f"ref('{relation}')", f"source('raw', '{name}_{relation}')")
        models[f"monitors/{name}"] = sql
    made: Project = make_module_project(
        models=models,
        tables=given,
        vars={"driftline_monitors": list(declarations()), "driftline_now": "2026-01-01 00:00:00"},
    )
    return made


def test_every_use_counts_its_rows(project: Project) -> None:
    names = list(declarations())
    assert len(names) == 6
    run = project.run(["run", "--select", *names])
    assert run.success, str(run)
    for name in names:
        relation = project.relation(name)
        counted = project.sql(
            f"select sum(row_count) from {relation} where record = 'count' and column_role = 'row' "
            "and segment = 'all' and source = 'relation'"
        )
        assert counted == [(ROWS,)], name
