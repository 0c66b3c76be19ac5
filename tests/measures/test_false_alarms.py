"""How often the default judge cries wolf, and how often it sees a shift of 0.3 standard deviations.

Many quiet windows of many sizes and shapes, and some shifted ones of 1,000 rows, as segments of one monitor, judged by
the thresholds of the seed; only that segments are judged one by one is asked for. The windows begin after the
reference, and those of a segment follow each other, so that an alert takes as many breaches in a row as by default.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pandas as pd
import pytest
from oracle import judge_cases
from support import Engine, Project

from measures import comparison as c

MOST_FALSE_ALARMS = 0.005
LEAST_FOUND = 0.95


@pytest.fixture(scope="module")
def judged(
    duckdb_engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Project, judge_cases.Cases]]:
    cases = judge_cases.build_cases(
        sizes=(100, 150, 200, 300, 500, 1000, 2000, 5000), quiet_days=20, shift_segments=4, seed=7
    )
    declaration = {k: v for k, v in cases.declaration.items() if k != "windows"}
    folder = tmp_path_factory.mktemp("judged")
    project = Project(
        folder,
        duckdb_engine.workspace(folder),
        models={"monitors/judge_cases": c.monitor_model(declaration, "cases")},
        vars={
            "driftline_monitors": ["judge_cases"],
            "driftline_windows": {"day": [1]},
            "driftline_false_alarms_per_week": "none",
            "driftline_thresholds": [{"family": "drift", "segments": "each"}],
        },
    )
    # NaN of a column that is mostly empty stands for NULL here.
    rows = cases.rows.assign(null_heavy=cases.rows["null_heavy"].astype("Float64"))
    project.load("cases", rows, dict.fromkeys(("segment", "category_5", "category_50"), "text"))
    project.build("--select", "+driftline_alerts")
    yield project, cases
    project.close()


def breaches(project: Project) -> pd.DataFrame:
    return project.frame(
        "select segment_value, window_start, column_name, metric from driftline_int_judgements"
        " where is_breach and family = 'drift' and segment = 'segment' and baseline = 'reference'"
    )


def alerts(project: Project) -> pd.DataFrame:
    """A row for each window of each alert."""
    found = project.frame(
        "select segment_value, column_name, metric, first_window_start, last_window_start from driftline_alerts"
        " where family = 'drift' and segment = 'segment' and baseline = 'reference'"
    )
    spans = [
        pd.date_range(first, last, freq="D")
        for first, last in zip(found["first_window_start"], found["last_window_start"], strict=True)
    ]
    return found.assign(window_start=spans).explode("window_start")


def test_few_false_alarms_and_few_shifts_missed(
    judged: tuple[Project, judge_cases.Cases], figure: Callable[[str, object], None]
) -> None:
    project, cases = judged
    # A window that is not judged cannot raise a false alarm.
    not_judged = project.sql(
        "select distinct segment_value, not_judged from driftline_int_judgements"
        " where family = 'drift' and segment = 'segment' and not_judged is not null"
    )
    assert not_judged == []
    found = {"breaches": breaches(project), "alerts": alerts(project)}
    rates = {name: judge_cases.rates(cases.truth, windows) for name, windows in found.items()}
    for name, rate in rates.items():
        figure(f"false alarms ({name})", f"{rate['false_alarms']:.3%} of {rate['quiet_windows']} quiet windows")
        figure(
            f"shift of 0.3 standard deviations found ({name})",
            f"{rate['found_normal']:.1%} of normal columns' windows, {rate['found_full_shift']:.1%} of all shapes'",
        )
    for name, rate in rates.items():
        assert rate["quiet_windows"] >= 1000
        assert rate["false_alarms"] <= MOST_FALSE_ALARMS, name
        assert rate["found_normal"] >= LEAST_FOUND, name
        assert rate["found_full_shift"] >= LEAST_FOUND, name


def test_a_shift_that_stays_is_an_alert(
    judged: tuple[Project, judge_cases.Cases], figure: Callable[[str, object], None]
) -> None:
    """Where every row is shifted and stays so, the alert is open to the last window."""
    project, cases = judged
    shifted = cases.truth[(cases.truth["kind"] == "shift") & cases.truth["column_name"].isin(judge_cases.FULL_SHIFT)]
    key = ["segment_value", "column_name"]
    last = shifted.groupby(key)["window_start"].max()
    seen = alerts(project).groupby(key)["window_start"].max().reindex(last.index)
    figure("shifts that stay and became an alert", f"{seen.notna().mean():.1%} of {len(seen)}")
    assert seen.notna().mean() >= LEAST_FOUND
    assert (seen == last).mean() >= LEAST_FOUND
    still_open = project.sql(
        "select distinct segment_value, column_name from driftline_alerts where status = 'open' and family = 'drift'"
    )
    assert set(seen.index[seen == last]) <= set(still_open)


def test_psi_of_quiet_windows_is_what_chance_makes_of_it(judged: tuple[Project, judge_cases.Cases]) -> None:
    """Two samples of one distribution: (1/n + 1/m)(B - 1) on average, ten groups for a continuous column."""
    project, _ = judged
    found = project.frame(
        "select row_count, avg(psi) as psi, avg((1e0 / row_count + 1e0 / baseline_row_count) * 9) as chance"
        " from driftline_drift where baseline = 'reference' and segment_value like 'quiet_%'"
        " and column_name in ('normal', 'lognormal', 'uniform') and window_start >= '2024-01-21' and row_count >= 200"
        " group by row_count"
    )
    assert len(found) == 6
    # Sixty windows of each size: the mean of χ² over them is known to a sixteenth.
    assert (found["psi"] / found["chance"] - 1).abs().max() < 0.25, found
