"""Every declaration of docs/uses/ and docs/moving.md counts the rows it is given, and what they name is there."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
import yaml
from support import Project
from support.project import REPOSITORY

ROWS = 600
# What each relation of the page has, by kind.
TIMES = {
    "credit_applications": "decided_at", "credit_outcomes": "observed_at", "payments_scored": "authorised_at",
    "recommendation_log": "served_at", "demand_forecasts": "sold_on", "price_decisions": "priced_at",
    "image_predictions": "taken_at", "image_training_set": "taken_at",
    "ticket_predictions": "received_at", "ticket_training_set": "received_at",
    "orders": "ordered_at", "dim_customer": "purchase_date",
}  # fmt: skip
TEXTS = {
    "credit_applications": "employment channel scorecard age_group",
    "payments_scored": "merchant_category country device model",
    "recommendation_log": "category model_version market",
    "demand_forecasts": "promotion forecast_model store",
    "price_decisions": "product_group policy",
    "image_predictions": "camera model_version",
    "image_training_set": "camera model_version",
    "ticket_predictions": "language product model_version",
    "ticket_training_set": "language product model_version",
    "orders": "country",
    "dim_customer": "region",
}
NUMBERS = {
    "credit_applications": "income debt_ratio age_of_account default_probability amount",
    "payments_scored": "amount velocity_1h distance_km fraud_score",
    "recommendation_log": "item_price days_since_own score",
    "demand_forecasts": "price stock forecast sold",
    "price_decisions": "cost competitor_price stock_days price revenue cost_of_goods",
    "image_predictions": "brightness sharpness width embedding_norm embedding_distance projection_1 projection_2 p_cat p_dog p_other",
    "image_training_set": "brightness sharpness width embedding_norm embedding_distance projection_1 projection_2 p_cat p_dog p_other",
    "ticket_predictions": "characters unknown_word_share embedding_distance projection_1 projection_2 p_billing p_fault p_other",
    "ticket_training_set": "characters unknown_word_share embedding_distance projection_1 projection_2 p_billing p_fault p_other",
    "orders": "amount",
    "dim_customer": "number_cars_owned",
}
FLAGS = {
    "credit_applications": "approved",
    "credit_outcomes": "defaulted",
    "payments_scored": "is_fraud",
    "recommendation_log": "bought",
}


def declarations() -> dict[str, str]:
    found = {}
    for path in sorted((REPOSITORY / "docs" / "uses").glob("*.md")):
        (sql,) = re.findall(r"```sql\n(.+?)```", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        found[f"use_{path.stem}"] = sql
    moving = (REPOSITORY / "docs" / "moving.md").read_text(encoding="utf-8")
    for number, sql in enumerate(re.findall(r"```sql\n(.+?)```", moving, flags=re.DOTALL), 1):
        found[f"moving_{number}"] = sql
    return found


def rows_of(relation: str, start: str) -> pd.DataFrame:
    rng = np.random.default_rng(11)
    at = pd.Timestamp(start) + pd.to_timedelta(rng.integers(0, 80 * 24, ROWS), unit="h")
    found: dict[str, Any] = {TIMES[relation]: at, "application_id": np.arange(ROWS)}
    found |= {name: rng.choice(["a", "b"], ROWS) for name in TEXTS.get(relation, "").split()}
    found |= {name: rng.uniform(0, 1, ROWS) for name in NUMBERS.get(relation, "").split()}
    found |= {name: rng.integers(0, 2, ROWS) for name in FLAGS.get(relation, "").split()}
    found |= {"request_id": np.arange(ROWS) // 5, "place": np.arange(ROWS) % 5 + 1, "horizon_days": np.arange(ROWS) % 3}
    found |= {"was_moved": rng.uniform(0, 1, ROWS) < 0.1, "closed_as": rng.choice(["billing", "fault", "other"], ROWS)}
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
    assert len(names) == 9
    run = project.run(["run", "--select", *names])
    assert run.success, str(run)
    for name in names:
        relation = project.relation(name)
        counted = project.sql(
            f"select sum(row_count) from {relation} where record = 'count' and column_role = 'row' "
            "and segment = 'all' and source = 'relation'"
        )
        assert counted == [(ROWS,)], name


def test_what_the_pages_name_is_there() -> None:
    """Measures and columns by their names in the reference, or in the page's own declaration; relations; gates."""
    docs = REPOSITORY / "docs"
    pages = [docs / "tables.md", docs / "measures.md", *(docs / "measures").glob("*.md")]
    known = set(re.findall(r"\w+", " ".join(path.read_text(encoding="utf-8") for path in pages)))
    for path in (docs / "uses").glob("*.md"):
        text = path.read_text(encoding="utf-8")
        before, look = text.split("## What to look at")
        named = set(re.findall(r"`([a-z_0-9]+)`", look))
        assert named and named <= known | set(re.findall(r"\w+", before)), (path.name, named - known)
    text = (docs / "moving.md").read_text(encoding="utf-8")
    models = {path.stem for path in REPOSITORY.glob("models/**/*.sql")}
    variables = (REPOSITORY / "macros/monitor/_vars.sql").read_text(encoding="utf-8")
    named = set(re.findall(r"\bdriftline_\w+", text))
    assert len(named) > 8 and [name for name in named if name not in models and f"'{name}'" not in variables] == []
    (gates,) = re.findall(r"```yaml\n(.+?)```", text, flags=re.DOTALL)
    ((name, given),) = yaml.safe_load(gates)["models"][0]["data_tests"][0].items()
    tests = "".join(path.read_text(encoding="utf-8") for path in REPOSITORY.glob("macros/**/*.sql"))
    (takes,) = re.findall(rf"test {name.removeprefix('driftline.')}\((.+?)\) %}}", tests, flags=re.DOTALL)
    assert set(given["arguments"]) <= set(re.findall(r"\w+", takes))


def test_the_query_by_hand_is_the_psi() -> None:
    text = (REPOSITORY / "docs" / "choosing.md").read_text(encoding="utf-8")
    (sql,) = re.findall(r"```sql\n(.+?)```", text, flags=re.DOTALL)
    rng = np.random.default_rng(3)
    reference, window = rng.normal(20, 4, 5000), rng.normal(22, 4, 1000)
    at = pd.to_datetime(["2026-01-05"] * 5000 + ["2026-02-05"] * 1000)
    log = pd.DataFrame({"served_at": at, "price": np.concatenate([reference, window])})
    with duckdb.connect() as connection:
        connection.register("log", log)
        ((found,),) = connection.execute(sql).fetchall()
    edges = [-np.inf, *np.quantile(reference, np.arange(1, 10) / 10), np.inf]
    p, q = (np.histogram(values, edges)[0] / len(values) for values in (reference, window))
    assert found == pytest.approx(float(((q - p) * np.log(q / p)).sum()), rel=1e-9)
