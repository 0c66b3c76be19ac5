"""Labels that are not final, lists without scores, scores that are no probabilities, and names that look like others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

FIRST = pd.Timestamp("2024-01-01")
DAYS, ROWS = 12, 120
CLOCK = FIRST + pd.Timedelta(days=DAYS)
TEN_DAYS = "reference={'start': '2024-01-01', 'end': '2024-01-11'}"


def monitor(table: str, arguments: str) -> str:
    return f"{{{{ driftline.monitor(relation=source('raw', '{table}'), timestamp='at', {TEN_DAYS}, {arguments}) }}}}"


LABELS = "label={'relation': source('raw', 'outcomes'), 'key': 'id', 'label': 'won'}"
MODELS = {
    "lists": monitor("log", "label='relevance', task='regression', ranking={'request': 'request', 'position': 'place', 'k': 3}"),
    "shelves": monitor("log", "label='hit', task='binary', ranking={'request': 'request', 'position': 'shelf_place', 'k': 3}"),
    "percent": monitor("log", "prediction='percent', label='hit', task='binary', decision_threshold=50"),
    "narrow": monitor("log", "prediction='narrow', label='hit', task='binary', decision_threshold=0.7, numeric=['edge'], bins={'edge': [0.1, 0.5]}"),
    "groups": monitor("log", "segments=['who'], detail='all', model_version='who', business_metrics={'hits': {'numerator': 'hit', 'denominator': '1'}}"),
    "keys": monitor("log", f"prediction='score', {LABELS}, task='binary'"),
    # Every label that is known by now is a yes: a no takes 90 days.
    "young": monitor("log", "prediction='score', label={'label': 'late', 'known_at': 'known'}, label_delay=90, task='binary'"),
    "young_no_delay": monitor("log", "prediction='score', label={'label': 'late', 'known_at': 'known'}, task='binary'"),
    "grown": monitor("log", "prediction='score', label='late', task='binary', business_metrics={'yes': {'numerator': 'late', 'denominator': '1'}}"),
    "fine": monitor("moments", "business_metrics={'rows': {'sum': '1'}}"),
}  # fmt: skip
WHO = ["(null)", None, "all", "(all)", "((null))", "null"]
NAMES = {"((null))", "(null)", "(all)", "((all))", "(((null)))", "null"}
BIG = 2**53


def log() -> pa.Table:
    rng = np.random.default_rng(3)
    n = DAYS * ROWS
    place = np.arange(n)
    at = FIRST + pd.to_timedelta(place // ROWS, unit="D") + pd.to_timedelta((place % ROWS) * 600, unit="s")
    score = rng.random(n)
    late = (rng.random(n) < score).astype(int)
    known = at + pd.to_timedelta(np.where(late == 1, 0.01, 90.0), unit="D")
    in_list = place % 6
    relevance = np.array([3.0, 2.0, 3.0, 0.0, 1.0, 2.0])[in_list]
    # On the last day one list has an item that is worse than irrelevant.
    relevance[n - 1] = -1.0
    return pa.table(
        {
            "at": pa.array(at, pa.timestamp("us")),
            "id": pa.array([BIG + int(i) for i in place], pa.int64()),
            "request": pa.array(place // 6, pa.int64()),
            "place": pa.array(in_list + 1, pa.int32()),
            "shelf_place": pa.array(in_list % 3 + 1, pa.int32()),
            "relevance": relevance,
            "hit": pa.array((in_list % 3 == 0).astype(int), pa.int32()),
            "percent": score * 100,
            "score": score,
            "narrow": pa.array(np.where(place % 2 == 0, 0.7, 0.2), pa.float32()),
            "edge": pa.array(np.where(place % 2 == 0, 0.1, 0.9), pa.float32()),
            "who": pa.array([WHO[i % len(WHO)] for i in place], pa.string()),
            "late": pa.array(late, pa.int32()),
            "known": pa.array(known, pa.timestamp("us")),
        }
    )


@pytest.fixture(scope="module")
def built(make_module_project: Callable[..., Any], engine: Any) -> Any:
    table = log()
    # Keys as a spreadsheet keeps them: two of three share their double with a neighbour.
    outcomes = pa.table(
        {"id": pa.array([float(BIG + i) for i in range(0, DAYS * ROWS, 3)]), "won": pa.array([1] * (DAYS * ROWS // 3))}
    )
    last_moment = (FIRST + pd.Timedelta(days=1)).value - 1
    unit = "ns" if engine.name == "duckdb" else "us"
    moments = [FIRST.value, last_moment, (FIRST + pd.Timedelta(days=5)).value]
    fine = pa.table({"at": pa.array([m if unit == "ns" else m // 1000 for m in moments], pa.timestamp(unit))})
    project = make_module_project(
        models={f"monitors/{name}": text for name, text in MODELS.items()},
        tables={"log": table, "outcomes": outcomes, "moments": fine},
        vars={"driftline_monitors": list(MODELS), "driftline_now": str(CLOCK), "driftline_windows": {"day": [1]}},
    )
    project.build("--select", "monitors", "+driftline_performance", "+driftline_quality", "+driftline_business")
    return project


def values(project: Any, monitor: str, metric: str, basis: str = "realized") -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = project.sql(
        "select value, labelled_row_count, reason from driftline_performance"
        f" where monitor = '{monitor}' and metric = '{metric}' and basis = '{basis}'"
        " and segment = 'all' and model_version = 'all' order by window_start"
    )
    return found


def dcg(relevance: list[float]) -> float:
    return sum(r / np.log2(p + 1) for p, r in enumerate(relevance[:3], start=1))


def test_a_list_needs_no_score(built: Any) -> None:
    wanted = dcg([3, 2, 3]) / dcg([3, 3, 2])
    *rows, last = values(built, "lists", "ndcg")
    assert len(rows) == DAYS - 1
    assert all(value == pytest.approx(wanted, abs=1e-12) and reason is None for value, _, reason in rows)
    # A label below 0 is no gain; what hits is known all the same.
    assert last[0] is None and last[2] == "a label below 0 is no relevance"
    assert [value for value, *_ in values(built, "lists", "hit_rate")] == [1.0] * DAYS
    assert [value for value, *_ in values(built, "lists", "mrr")] == [1.0] * DAYS
    assert not values(built, "lists", "mae")


def test_rows_that_share_a_place_share_its_discount(built: Any) -> None:
    """Two shelves, each with a hit on top: as good as a list can be, and not better."""
    assert [value for value, *_ in values(built, "shelves", "ndcg")] == pytest.approx([1.0] * DAYS, abs=1e-12)
    assert max(value for value, *_ in values(built, "shelves", "ndcg")) <= 1.0


def test_what_is_no_probability_has_no_brier_score(built: Any) -> None:
    for metric in ("log_loss", "brier", "expected_calibration_error"):
        for value, _, reason in values(built, "percent", metric):
            assert (value, reason) == (None, "a label without a probability from 0 to 1")
    assert all(value is not None for value, *_ in values(built, "percent", "roc_auc"))


def test_a_narrow_score_reaches_its_threshold(built: Any) -> None:
    assert [value for value, *_ in values(built, "narrow", "selection_rate")] == [0.5] * DAYS
    # The estimate cuts the scores at the same place as the count does.
    (row,) = built.sql("select count(*) from driftline_int_calibration where is_positive and label_sum > 0")
    assert row[0] > 0
    shares = dict(
        built.sql(
            "select bin_upper, sum(row_count) from driftline_state where monitor = 'narrow' and column_name = 'edge'"
            " and bin_kind = 'range' and segment = 'all' group by bin_upper"
        )
    )
    (lowest,) = [count for upper, count in shares.items() if upper is not None and upper < 0.2]
    assert lowest == DAYS * ROWS / 2


def test_null_and_all_are_told_from_their_names(built: Any) -> None:
    for column in ("segment_value", "model_version"):
        found = built.sql(
            f"select {column}, sum(row_count) from driftline_business where monitor = 'groups' and"
            f" {'segment' if column == 'segment_value' else 'model_version'} <> 'all'"
            f" and {'model_version' if column == 'segment_value' else 'segment'} = 'all' group by 1"
        )
        assert dict(found) == dict.fromkeys(NAMES, DAYS * ROWS / len(WHO))


def test_keys_that_share_a_double_are_not_joined(built: Any) -> None:
    assert {labelled for _, labelled, _ in values(built, "keys", "accuracy")} == {0}


def test_no_estimate_from_labels_that_are_not_final(built: Any) -> None:
    for metric in ("accuracy", "label_rate"):
        rows = values(built, "young", metric, "estimated")
        assert len(rows) == DAYS
        assert {(value, reason) for value, _, reason in rows} == {(None, "the labels of the reference are not final")}
        assert all(value is not None for value, *_ in values(built, "grown", metric, "estimated"))
    # Without a delay enough labels must be known.
    assert {value for value, *_ in values(built, "young_no_delay", "accuracy", "estimated")} == {None}


def test_young_labels_are_not_missing(built: Any) -> None:
    rows = built.sql(
        "select monitor, null_rate, reference_null_rate, reason from driftline_quality where column_role = 'label'"
        " and monitor in ('young', 'young_no_delay', 'grown')"
    )
    for name, rate, reference, reason in rows:
        if name == "grown":
            assert (rate, reference) == (0, 0)
        else:
            assert (rate, reference, reason) == (None, None, "labels that are not final yet are not missing")


def test_the_last_nanosecond_of_a_day_is_of_that_day(built: Any) -> None:
    found = built.sql(
        "select window_start, row_count from driftline_business where monitor = 'fine' and row_count > 0 order by 1"
    )
    assert [(at, count) for at, count in found] == [
        (FIRST.to_pydatetime(), 2),
        ((FIRST + pd.Timedelta(days=5)).to_pydatetime(), 1),
    ]
