"""States that leave the house: nothing in them is made of few rows, and bounds say what that can have changed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from state.states import declare_with, source
from support import Project

from sites.sites import merge, ref
from sites.test_merges import DECLARED, log

K = 8
METRICS = ("js_distance", "hellinger", "total_variation", "l_infinity")
PLACE = ["segment", "segment_value", "window_start", "column_name", "column_role"]
NO_LABELS = {
    **{name: value for name, value in DECLARED.items() if name not in ("label", "task")},
    "families": ["drift", "quality", "business"], "bins": 6,
}  # fmt: skip


def rows_of_sites() -> pd.DataFrame:
    """A country that hardly anybody comes from, a market with few rows a day, and some that are not known."""
    rows = log(8000)
    rng = np.random.default_rng(3)
    rows["country"] = rows["country"].where(rng.uniform(size=len(rows)) > 0.02, "is")
    rows.loc[rng.uniform(size=len(rows)) < 0.02, "country"] = None
    rows["area"] = rows["area"].where(rng.uniform(size=len(rows)) > 0.03, "islands")
    return rows


@pytest.fixture(scope="module")
def project(make_module_project: Callable[..., Project]) -> Project:
    given = {"relation": ref("tokyo")}
    shared = {site: ref(f"{site}_shared") for site in ("tokyo", "paris")}
    rows = rows_of_sites()
    made = make_module_project(
        models={
            "tokyo": declare_with({**NO_LABELS, "relation": source("log_tokyo")}),
            "paris": declare_with({**NO_LABELS, "relation": source("log_paris"), "bins": given}),
            "whole": declare_with({**NO_LABELS, "relation": source("log_whole"), "bins": given}),
            **{f"{site}_shared": f"{{{{ driftline.shared_state({ref(site)}, suppress_below={K}) }}}}" for site in shared},
            "all_shared": f"{{{{ driftline.shared_state({ref('tokyo')}) }}}}",
            "merged": merge(NO_LABELS, shared),
            "mixed": merge(NO_LABELS, {"tokyo": ref("tokyo_shared"), "paris": ref("paris")}),
            **{
                f"{name}_bounds": f"{{{{ driftline.suppression_bounds('{name}') }}}}"
                for name in ("whole", "merged", "mixed")
            },
        },
        tables={
            "log_tokyo": rows[rows["site"] == "tokyo"], "log_paris": rows[rows["site"] == "paris"], "log_whole": rows,
        },
        vars={
            "driftline_monitors": ["whole", "merged", "mixed"], "driftline_windows": {"day": [1, 3]},
            "driftline_now": "2024-01-17",
        },
    )  # fmt: skip
    made.build("--select", "+driftline_quality", "+whole_bounds", "+merged_bounds", "+mixed_bounds", "all_shared")
    return made


def test_without_a_limit_all_is_shared(project: Project) -> None:
    assert project.sql("select count(*) from all_shared") == project.sql("select count(*) from tokyo")


@pytest.mark.parametrize("site", ["tokyo", "paris"])
def test_nothing_is_made_of_few_rows(project: Project, site: str) -> None:
    state, shared = (project.frame(f"select * from {name}") for name in (site, f"{site}_shared"))
    counts = shared[shared["record"] == "count"]
    assert counts["row_count"].min() >= K and len(counts) > 100
    assert not (counts["bin"] == 20000).any() and counts[["value_min", "value_max"]].isna().all(axis=None)
    # What is left out of a column, or of a bin over the values of a segment, cannot be had as a difference either.
    slices = ["in_reference", "period_start", "segment", "segment_value"]
    is_bin = (state["record"] == "count") & (state["bin"] != 20000) & (state["column_kind"] != "measure")
    before, after = (
        side.groupby([*slices, "column_name", "column_role"])["row_count"].sum()
        for side in (state[is_bin], counts[counts["column_kind"] != "measure"])
    )
    missing = before.sub(after, fill_value=0)
    shown = set(counts[counts["column_role"] == "row"].set_index(slices).index)
    of_column = missing[(missing > 0).to_numpy() & np.array([index[:4] in shown for index in missing.index])]
    assert len(of_column) > 20 and of_column.min() >= K
    of_value = project.sql(
        f"""
        with cells as (
            select s.in_reference, s.period_start, s.segment, s.column_name, s.column_role, s.bin,
                sum(s.row_count) - sum(coalesce(t.row_count, 0)) as missing, max(a.row_count) as of_all
            from {site} as s
            left join {site}_shared as t on t.record = 'count' and t.in_reference = s.in_reference
                and t.period_start = s.period_start and t.segment = s.segment and t.segment_value = s.segment_value
                and t.column_name = s.column_name and t.column_role = s.column_role and t.bin = s.bin
            join {site}_shared as a on a.record = 'count' and a.in_reference = s.in_reference
                and a.period_start = s.period_start and a.segment = 'all' and a.column_name = s.column_name
                and a.column_role = s.column_role and a.bin = s.bin
            where s.record = 'count' and s.bin <> 20000 and s.segment = 'area'
            group by 1, 2, 3, 4, 5, 6
        )
        select count(*), min(missing) from cells where missing > 0
        """
    )
    assert of_value[0][0] > 10 and of_value[0][1] >= K


def test_what_is_left_out_is_said(project: Project) -> None:
    said = project.frame("select * from tokyo_shared where record = 'suppressed' and segment = 'all'")
    cells = project.frame(
        "select t.period_start, t.column_name, t.column_role, count(*) as bins, sum(t.row_count) as rows from tokyo as t "
        "left join tokyo_shared as s on s.record = 'count' and s.period_start = t.period_start and s.segment = t.segment "
        "and s.segment_value = t.segment_value and s.column_name = t.column_name and s.column_role = t.column_role "
        "and s.bin = t.bin and s.in_reference = t.in_reference "
        "where t.record = 'count' and t.segment = 'all' and t.column_kind <> 'measure' and t.bin <> 20000 "
        "and s.monitor is null group by 1, 2, 3"
    )
    key = ["period_start", "column_name", "column_role"]
    both = said.merge(cells, on=key, how="outer")
    assert len(both) > 10 and (both["bin"] == both["bins"]).all() and (both["row_count"] == both["rows"]).all()
    # Of what is left out whole, no more than that it is less than the limit.
    small = project.frame(
        "select distinct s.row_count from tokyo_shared as s where s.record = 'suppressed' and s.segment_value = 'islands'"
    )
    assert small["row_count"].min() == K - 1
    assert project.sql("select count(*) from tokyo_shared where record = 'setting' and column_name = 'rows_read'") == [
        (0,)
    ]


def distances(project: Project, monitor: str) -> pd.DataFrame:
    names = [*METRICS, "psi", "wasserstein", "chi_squared", "ks_lower", "ks_upper"]
    return project.frame(
        f"select {', '.join([*PLACE, 'window_periods', *names])} from driftline_drift "
        f"where monitor = '{monitor}' and baseline = 'reference' and model_version = 'all'"
    )


@pytest.mark.parametrize("monitor", ["merged", "mixed"])
def test_the_distance_of_all_rows_lies_between_the_bounds(
    project: Project, monitor: str, figure: Callable[..., None]
) -> None:
    bounds = project.frame(f"select * from {monitor}_bounds")
    true = distances(project, "whole")
    both = bounds.merge(true, on=[*PLACE, "window_periods"], suffixes=("_bound", ""))
    suppressed = both["suppressed_share"] > 0
    assert len(both) > 100 and suppressed.mean() > 0.5
    for name in METRICS:
        known = both[both[f"{name}_lower"].notna() & both[name].notna()].astype({name: float})
        assert len(known) > 100
        outside = known[(known[name] < known[f"{name}_lower"] - 1e-9) | (known[name] > known[f"{name}_upper"] + 1e-9)]
        assert outside.empty, outside[[*PLACE, name, f"{name}_lower", f"{name}_upper"]].head().to_string()
        width = (known[f"{name}_upper"] - known[f"{name}_lower"]).astype(float)
        figure(f"width of the bounds of {name}, {monitor}", f"{width.median():.3f}")
        assert width.min() < 0.5
    # The exact statistic lies between the two that the bins give, of all rows and so of those that are shown.
    ordered = both[both["column_kind"] == "numeric"].dropna(subset=["ks_lower_bound", "ks_lower"])
    assert len(ordered) > 50
    assert (ordered["ks_lower_bound"] <= ordered["ks_upper"] + 1e-9).all()
    assert (ordered["ks_upper_bound"] >= ordered["ks_lower"] - 1e-9).all()
    without = bounds[(bounds["suppressed_share"] > 0) | (bounds["baseline_suppressed_share"] > 0)]
    assert without[["psi_lower", "psi_upper", "wasserstein_lower", "chi_squared_upper"]].isna().all(axis=None)
    assert without["reason"].str.contains("no bounds").all()


def test_what_is_not_suppressed_is_its_own_bound(project: Project) -> None:
    both = project.frame("select * from whole_bounds").merge(
        distances(project, "whole"), on=[*PLACE, "window_periods"], suffixes=("_bound", "")
    )
    assert len(both) > 100 and (both["suppressed_rows"].fillna(0) == 0).all()
    for name in (*METRICS, "psi"):
        shown = both.dropna(subset=[name])
        for end in ("lower", "upper"):
            np.testing.assert_allclose(shown[f"{name}_{end}"].astype(float), shown[name].astype(float), atol=1e-12)


def test_moments_of_some_sites_are_moments_of_nobody(project: Project) -> None:
    assert project.sql("select count(*) from mixed where record = 'count' and bin = 20000") == [(0,)]
    assert project.sql("select count(*) from driftline_quality where monitor = 'mixed' and mean is not null") == [(0,)]
    assert project.sql("select count(*) > 50 from driftline_quality where monitor = 'mixed'") == [(True,)]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("driftline.shared_state('tokyo')", "argument 'monitor': given \"tokyo\""),
        ("driftline.shared_state(ref('tokyo'), suppress_below=1)", "argument 'suppress_below': given \"1\""),
        (
            "driftline.suppression_bounds('tokyo')",
            "argument 'monitor': given \"tokyo\"; allowed: a monitor of driftline_monitors",
        ),
    ],
)
def test_wrong_arguments_are_refused(project: Project, text: str, named: str) -> None:
    project.model("refused", "{{ " + text + " }}")
    run = project.run(["run", "--select", "refused"])
    project.remove_model("refused")
    assert not run.success and "monitor 'refused'" in run.text and named in run.text, run.text
