"""A merge from run to run, what is made of it, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from state.states import declare_with, source
from support import Project

from sites.sites import merge, ref, unlike

DECLARED: dict[str, Any] = {
    "relation": source("log_tokyo"), "timestamp": "at", "reference": {"start": "2024-01-01", "end": "2024-01-11"},
    "numeric": ["price"], "categorical": ["country"], "prediction": "score", "label": "bought", "task": "binary",
    "segments": ["area"], "business_metrics": {"revenue": {"sum": "price"}}, "baselines": ["reference"],
    "families": ["drift", "performance", "business"],
}  # fmt: skip
MODELS = {
    "tokyo": declare_with(DECLARED),
    "paris": declare_with({**DECLARED, "relation": source("log_paris"), "bins": {"relation": ref("tokyo")}}),
    "whole": declare_with({**DECLARED, "relation": source("log_whole"), "bins": {"relation": ref("tokyo")}}),
    "merged": merge(DECLARED, {"tokyo": ref("tokyo"), "paris": ref("paris")}),
}
RESULTS = ("driftline_drift", "driftline_performance", "driftline_business")
SELECTION = ["--select", *(f"+{name}" for name in RESULTS), "+driftline_int_kept", "tokyo", "paris"]


def log(n: int = 1600) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    rows = pd.DataFrame({
        "at": pd.Timestamp("2024-01-01") + pd.to_timedelta(np.sort(rng.integers(0, 16 * 24, n)), unit="h"),
        "price": rng.gamma(4, 3, n).round(2), "country": rng.choice(["at", "de", "fr"], n),
        "score": rng.beta(2, 3, n).round(4), "area": rng.choice(["north", "south"], n), "site": rng.choice(["tokyo", "paris"], n),
    })  # fmt: skip
    return rows.assign(bought=(rng.uniform(size=n) < rows["score"]).astype(int))


def load(project: Project, rows: pd.DataFrame) -> None:
    for name in ("tokyo", "paris", "whole"):
        project.load(f"log_{name}", rows if name == "whole" else rows[rows["site"] == name])


@pytest.fixture(scope="module")
def project(make_module_project: Callable[..., Project]) -> Project:
    made = make_module_project(
        models=MODELS,
        vars={
            "driftline_monitors": ["whole", "merged"],
            "driftline_windows": {"day": [1]},
            "driftline_now": "2024-01-14",
        },
    )
    rows = log()
    late = (rows["site"] == "paris") & (rows["at"] >= "2024-01-13") & (rows.index % 3 == 0)
    load(made, rows[(rows["at"] < "2024-01-14") & ~late])
    made.build(*SELECTION)
    return made


def test_a_monitor_that_is_merged_need_not_be_listed(project: Project) -> None:
    run = project.run(["run", "--select", "driftline_int_attempts"])
    assert run.success and [text for text in run.warnings if "nothing is measured" in text] == []


def test_a_later_run_merges_what_has_changed_and_comes_to_the_same(project: Project) -> None:
    before = dict(project.sql("select period_start, max(computed_at) from merged where record = 'count' group by 1"))
    load(project, log()[lambda rows: rows["at"] < "2024-01-15"])
    project.set_vars(driftline_now="2024-01-15")
    project.build(*SELECTION)
    for table in RESULTS:
        assert unlike(project, table, "whole", "merged") == [], table
    after = dict(project.sql("select period_start, max(computed_at) from merged where record = 'count' group by 1"))
    # A site reads its lookback again, and what it has read again is merged again: four periods of fourteen.
    assert sum(before.get(period) != when for period, when in after.items()) == 4 + 1
    assert len(after) == 14
    # Nothing has changed since.
    project.run(["run", "--select", "merged"])
    assert after == dict(
        project.sql("select period_start, max(computed_at) from merged where record = 'count' group by 1")
    )


def refused(project: Project, text: str, *named: str) -> None:
    project.model("refused", text)
    run = project.run(["run", "--select", "refused"])
    project.remove_model("refused")
    assert not run.success
    for words in ("driftline: monitor 'refused'", *named):
        assert words in run.text, f"{words!r} is not in: {run.text}"


STATES = {"tokyo": ref("tokyo"), "paris": ref("paris")}


@pytest.mark.parametrize(
    ("declared", "named"),
    [
        ({"numeric": ["price", "age"]}, ("argument 'numeric': given [\"price\"] at the site \"tokyo\"", '["price", "age"]')),
        ({"task": "none"}, ("argument 'task': given \"binary\" at the site \"tokyo\"",)),
        ({"weight": "price"}, ("argument 'weight': given null at the site \"tokyo\"",)),
        ({"timezone": "Asia/Tokyo"}, ("argument 'timezone': given \"UTC\" at the site \"tokyo\"",)),
        ({"period": "week"}, ("argument 'period': given \"day\" at the site \"tokyo\"",)),
        ({"reference": {"start": "2024-01-01", "end": "2024-01-12"}}, ("argument 'reference'", "2024-01-11 00:00:00")),
        ({"relation": source("log_tokyo")}, ("argument 'relation'", "'states' are what a merge reads")),
        ({"decision_threshold": 0.7}, ("argument 'decision_threshold': given 0.5 at the site \"tokyo\"",)),
    ],
)  # fmt: skip
def test_another_declaration_is_refused(project: Project, declared: dict[str, Any], named: tuple[str, ...]) -> None:
    text = merge({**DECLARED, **declared}, STATES)
    if "relation" in declared:
        text = text.replace("merge_states(", f"merge_states(relation={declared['relation']}, ")
    refused(project, text, *named)


def test_states_that_cannot_be_added_up_are_refused(project: Project) -> None:
    project.model("own_bins", declare_with({**DECLARED, "relation": source("log_paris"), "bins": 7}))
    project.model("none_yet", "select * from {{ ref('tokyo') }} where 1 = 0")
    project.model("older", "select {% for name in driftline._state_columns() %}{{ \"replace(bin_label, '3', '2') as bin_label\""
                  " if name == 'bin_label' else name }}{{ ', ' if not loop.last }}{% endfor %} from {{ ref('paris') }}")  # fmt: skip
    project.model("copy", "select * from {{ ref('tokyo') }}")
    project.model("two", "select * from {{ ref('tokyo') }} union all select * from {{ ref('paris') }}")
    run = project.run(["run", "--select", "own_bins", "none_yet", "older", "copy", "two"])
    assert run.success, str(run)
    for state, named in {
        "own_bins": ("argument 'bins'", 'at the site "paris"', "the first column is"),
        "none_yet": ('for the site "paris", which holds no state',),
        "older": ('for the site "paris", a state of version 2', "states of version 3"),
        "copy": ("one state, of the monitor tokyo", '"tokyo" and "paris"'),
        "two": ("which holds the states of paris, tokyo",),
    }.items():
        refused(project, merge(DECLARED, {"tokyo": ref("tokyo"), "paris": ref(state)}), *named)
    refused(project, merge(DECLARED, {"tokyo": ref("tokyo"), "Tokyo ": ref("paris")}), 'the site "Tokyo " twice')
    refused(
        project, merge(DECLARED, {"tokyo": ref("tokyo"), "paris": ref("tokyo")}), "argument 'states': given the state"
    )
    refused(project, merge(DECLARED, {"tokyo": source("log_tokyo")}), "which has no column monitor, spec_hash")
    refused(project, merge(DECLARED, {}), "argument 'states': given", "a list with a site of its own each")
    for name in ("own_bins", "none_yet", "older", "copy", "two"):
        project.remove_model(name)


def test_bins_that_do_not_fit_are_refused(project: Project) -> None:
    given = {**DECLARED, "bins": {"relation": ref("tokyo")}}
    project.model("with_n", "select *, 1 as n from {{ source('raw', 'log_tokyo') }}")
    assert project.run(["run", "--select", "with_n"]).success
    wider = declare_with({**given, "numeric": ["price", "n"], "relation": ref("with_n")})
    refused(project, wider, "argument 'bins.relation'", 'no bins for the feature "n"')
    otherwise = declare_with({**given, "numeric": [], "categorical": ["price", "country"]})
    refused(project, otherwise, "argument 'bins.relation'", 'bins of kind numeric for the feature "price"')
    project.remove_model("with_n")


def test_a_site_that_is_behind_holds_the_merge_back(project: Project) -> None:
    project.set_vars(driftline_now="2024-01-15")
    assert project.run(["run", "--select", "paris"]).success
    project.set_vars(driftline_now="2024-01-16")
    run = project.run(["run", "--select", "tokyo", "merged"])
    project.set_vars(driftline_now="2024-01-15")
    assert run.success, str(run)
    (said,) = [text for text in run.warnings if "reaches to" in text]
    assert '"paris"' in said and "2024-01-15" in said
    (as_of,) = project.sql("select bin_label from merged where record = 'setting' and column_name = 'as_of'")
    assert as_of[0].startswith("2024-01-15")
