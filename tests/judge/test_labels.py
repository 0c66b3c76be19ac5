"""The words of a declaration in a real build: odd ones, others that rebuild nothing, and the language of a project."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support import Project

DAYS, REFERENCE, ROWS = 24, 12, 1000
START = dt.datetime(2024, 1, 1)
ODD = "O'Brien's \"price\"; drop table log; -- <b>&amp;</b> \\ {{ x }} {% raw %} %s $1 😀"
LABELS = {
    "item_price": ODD,
    "country": " two\n lines\tand  a tab ",
    "conversion": "orders per visit",
    "bought": "outcome",
}
UNITS = {"item_price": "'; --", "takings": "£"}
# Alerts and causes, and which windows are kept for the next build.
TOLD = ("--select", "+driftline_alerts", "+driftline_causes", "+driftline_int_kept")


def log() -> pd.DataFrame:
    rng = np.random.default_rng(29)
    day = np.repeat(np.arange(DAYS), ROWS)
    later = day >= REFERENCE
    place = np.tile(np.arange(ROWS), DAYS)
    country = np.where(place < np.where(later, 495, 499), "DE", "UK")
    for number, rare in enumerate(("Malta", "Åland")):
        few = np.where(later, 9, 1)
        country = np.where((place >= ROWS - few * (number + 1)) & (place < ROWS - few * number), rare, country)
    return pd.DataFrame(
        {
            "at": [START + dt.timedelta(days=int(d)) for d in day],
            "item_price": np.round(rng.gamma(9, 1.0, len(day)) * np.where(later, 1.5, 1.0), 2),
            "country": country,
            "bought": (rng.random(len(day)) < np.where(later, 0.1, 0.3)).astype(int),
        }
    )


def monitor(**more: Any) -> str:
    given = "".join(f", {name}={json.dumps(value, ensure_ascii=False)}" for name, value in more.items())
    return (
        "{{ driftline.monitor(relation=source('raw', 'log'), timestamp='at', numeric=['item_price'], label='bought',"
        f" reference={{'start': '2024-01-01', 'end': '2024-01-{REFERENCE + 1}'}}, categorical=['country'],"
        " task='binary', business_metrics={'conversion': {'numerator': 'bought', 'denominator': '1'},"
        f" 'takings': {{'sum': 'item_price * bought'}}}}{given}) }}}}"
    )


@pytest.fixture(scope="module")
def project(make_module_project: Callable[..., Project]) -> Project:
    nothing = {"warn": 1e-9, "critical": 1e-9, "min_rows": 1, "consecutive": 1}
    project = make_module_project(
        models={"monitors/shop": monitor(labels=LABELS, units=UNITS)},
        tables={"log": log()},
        vars={
            "driftline_monitors": ["shop"],
            "driftline_now": "2024-01-25",
            "driftline_windows": {"day": [1]},
            "driftline_thresholds": [{"metric": "psi", "column_name": "country", **nothing}],
        },
    )
    project.build(*TOLD)
    return project


def told(project: Project) -> dict[str, str]:
    found = "select coalesce(nullif(column_name, 'all'), metric), sentence from driftline_alerts"
    return dict(project.sql(f"{found} where family in ('drift', 'business')"))


def test_odd_words_are_words(project: Project) -> None:
    assert set(project.sql("select name, label, unit from driftline_int_labels")) == {
        ("item_price", ODD, "'; --"),
        ("country", "two lines and a tab", None),
        ("conversion", "orders per visit", None),
        ("bought", "outcome", None),
        ("takings", None, "£"),
    }
    sentences = told(project)
    assert sentences["item_price"].startswith(f"{ODD} is higher on average: 13")
    assert " '; -- instead of " in sentences["item_price"]
    assert sentences["country"].startswith("Two lines and a tab is distributed differently from the reference")
    assert sentences["conversion"].startswith("Orders per visit fell from ") and " % to " in sentences["conversion"]


def test_bins_with_next_to_no_rows_do_not_lead(project: Project) -> None:
    """Two values of less than one row in a hundred each make most of the PSI of the country."""
    found = project.sql(
        "select c.cause_value, c.cause_rank, c.share, greatest(c.row_share, c.expected_row_share)"
        " from driftline_causes c join driftline_alerts a on a.alert_id = c.alert_id"
        " where c.cause_kind = 'bin' and a.column_name = 'country' and a.metric = 'psi' and c.is_peak_window order by c.cause_rank"
    )
    few = [value for value, _, _, share in found if share < 0.01]
    assert len(few) == 2 and [value for value, *_ in found][-len(few) :] == few
    assert found[0][0] in ("DE", "UK")


def test_other_words_rebuild_nothing(project: Project) -> None:
    def state() -> tuple[list[Any], ...]:
        return (
            project.sql("select spec_hash from driftline_int_monitors"),
            project.sql("select period_start, max(computed_at) from shop where record = 'count' and period_start < '2024-01-15' group by 1 order by 1"),
            project.sql("select window_start, max(computed_at) from driftline_drift where window_start < '2024-01-15' group by 1 order by 1"),
            project.sql("select alert_id, message from driftline_alerts order by 1"),
        )  # fmt: skip

    before = state()
    (project.path / "models" / "monitors" / "shop.sql").write_text(
        monitor(labels={"item_price": "価格", "conversion": "購入率"}, units={"takings": "円"}), encoding="utf-8"
    )
    project.build(*TOLD, vars={"driftline_language": "ja"})
    assert state() == before
    sentences = told(project)
    assert "価格の平均が9" in sentences["item_price"]
    assert (
        "から、countryの分布" not in sentences["country"]
        and "countryの分布が基準期間と異なっています" in sentences["country"]
    )
    assert "購入率が" in sentences["conversion"] and "に下がって" in sentences["conversion"]
    assert set(project.sql("select name, label, unit from driftline_int_labels")) == {
        ("item_price", "価格", None), ("conversion", "購入率", None), ("takings", None, "円"),
    }  # fmt: skip
