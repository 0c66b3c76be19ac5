"""driftline_fairness against an oracle from raw rows, and how honest its intervals and its noise are."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from oracle import fairness as o
from support import Project

MIN_ROWS = 60
START = pd.Timestamp("2024-01-01")
REFERENCE_DAYS = 4
WINDOWS = [1, 3]
TYPES = {
    "at": "timestamp",
    "score": "double precision",
    "label": "integer",
    "weight": "double precision",
    "sex": "text",
    "area": "text",
    "tiny": "text",
    "version": "text",
}
LOOKS = ("plain", "weighted")
NUMBERS = (
    *("value", "value_lower", "value_upper", "row_count", "reference_value"),
    *("noise", "reference_noise", "group_count", "excluded_group_count"),
)


def log() -> pd.DataFrame:
    """Ten days of two versions. `x` is a small group, `tiny` has one group and a handful of others, and in area `none`
    nobody is ever selected.
    """
    rng = np.random.default_rng(20240607)
    n = 14_000
    day = rng.integers(0, 10, n)
    sex = rng.choice(["f", "m", "x"], n, p=[0.47, 0.48, 0.05])
    area = rng.choice(["north", "south", "none"], n, p=[0.5, 0.3, 0.2])
    score = rng.beta(2, 2, n) - 0.08 * (sex == "f") - 0.03 * (day - 4).clip(0) * (sex == "f")
    score[area == "none"] = 0.49 * rng.uniform(0, 1, (area == "none").sum())
    rows = pd.DataFrame(
        {
            "at": START + pd.to_timedelta(day, unit="D") + pd.to_timedelta(rng.integers(0, 86_400, n), unit="s"),
            "score": pd.Series(score.clip(0, 1)).where(rng.uniform(size=n) > 0.02),
            "weight": rng.choice([0.5, 1.0, 3.0], n),
            "sex": sex,
            "area": area,
            "tiny": np.where(rng.uniform(size=n) < 0.004, "few", "many"),
            "version": np.where((day >= 5) & (rng.uniform(size=n) < 0.4), "v2", "v1"),
        }
    )
    label = (rng.uniform(size=n) < 0.1 + 0.8 * score.clip(0, 1)).astype(int)
    rows["label"] = pd.Series(label).astype("Int64").where((rng.uniform(size=n) > 0.05) & (day < 9))
    return rows


def monitor(look: str) -> str:
    weight = ", weight='weight'" if look == "weighted" else ""
    return f"""{{{{ driftline.monitor(
        relation=source('raw', 'log'), timestamp='at', reference={{'start': '2024-01-01', 'end': '2024-01-05'}},
        prediction='score', label='label', task='binary', model_version='version', segments=['sex', 'area', 'tiny'], detail='all',
        min_labelled_share=0.7{weight}
    ) }}}}"""


REGRESSION = """{{ driftline.monitor(
    relation=source('raw', 'log'), timestamp='at', reference={'start': '2024-01-01', 'end': '2024-01-05'},
    prediction='score', label='label', task='regression', segments=['sex']
) }}"""


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return log()


@pytest.fixture(scope="module")
def project(make_module_project: Callable[..., Any], rows: pd.DataFrame) -> Project:
    names = [f"{look}_groups" for look in LOOKS]
    made: Project = make_module_project(
        models={**{f"monitors/{look}_groups": monitor(look) for look in LOOKS}, "monitors/no_classes": REGRESSION},
        vars={
            "driftline_monitors": [*names, "no_classes"],
            "driftline_windows": {"day": WINDOWS},
            "driftline_fairness_min_rows": MIN_ROWS,
            "driftline_now": "2024-01-11",
        },
    )
    made.load("log", rows, TYPES)
    made.build("--select", "+driftline_fairness")
    return made


@pytest.fixture(scope="module")
def found(project: Project) -> pd.DataFrame:
    return project.frame("select * from driftline_fairness")


@pytest.mark.parametrize("look", LOOKS)
def test_against_the_oracle(found: pd.DataFrame, rows: pd.DataFrame, look: str) -> None:
    here = rows.assign(weight=rows["weight"] if look == "weighted" else 1.0)
    day = (here["at"] - START).dt.days
    table = found[found["monitor"] == f"{look}_groups"]
    compared = 0
    for (version, segment, periods, start), of in table.groupby(
        ["model_version", "segment", "window_periods", "window_start"]
    ):
        first = (start - START).days
        mine = here if version == "all" else here[here["version"] == version]
        of_day = day[mine.index]
        window = mine[(of_day >= first) & (of_day < first + periods)]
        # A version without rows in the reference is held against that of all.
        reference = (
            here[day < REFERENCE_DAYS]
            if version == "v2"
            else mine[mine["at"] < START + pd.Timedelta(days=REFERENCE_DAYS)]
        )
        rest = reference.drop(reference.index.intersection(window.index))
        wanted = o.expected(window, segment, MIN_ROWS, 0.05, 0.001, rest)
        got = {f"{row['segment_value']} {row['metric']}": row for row in of.to_dict("records")}
        # A group without rows in this window has rows that say so.
        assert set(wanted) <= set(got)
        assert all(got[key]["row_count"] == 0 for key in set(got) - set(wanted))
        for key, want in wanted.items():
            for column in NUMBERS:
                value = got[key][column]
                value = math.nan if value is None else value
                # A difference of two nearly equal numbers keeps the rounding of both.
                assert value == pytest.approx(want[column], rel=1e-9, abs=1e-11, nan_ok=True), (start, key, column)
                compared += not math.isnan(value)
            assert pd.isna(got[key]["reason"]) == (not math.isnan(want["value"])), key
            if want.get("highest"):
                assert got[key]["highest_group"] in want["highest"]
                assert got[key]["lowest_group"] in want["lowest"]
    assert compared > 5_000


def test_reasons(found: pd.DataFrame) -> None:
    of = found[
        (found["monitor"] == "plain_groups") & (found["model_version"] == "all") & (found["window_periods"] == 1)
    ]
    last = of[of["window_start"] == "2024-01-10"].set_index(["segment", "segment_value", "metric"])["reason"]
    # No label is known on the last day.
    assert last["sex", "f", "true_positive_rate"] == "no labelled positives"
    assert last["sex", "f", "false_positive_rate"] == "no labelled negatives"
    assert last["sex", "f", "precision"] == "no labelled rows that are predicted positive"
    assert pd.isna(last["sex", "f", "selection_rate"])
    assert last["sex", "all", "equal_opportunity_ratio"] == "fewer than two groups of at least 60 rows"
    assert last["tiny", "all", "demographic_parity_ratio"] == "fewer than two groups of at least 60 rows"
    before = of[of["window_start"] == "2024-01-03"].set_index(["segment", "segment_value", "metric"])
    assert before["value"]["area", "none", "selection_rate"] == 0
    assert before["value"]["area", "all", "demographic_parity_ratio"] == 0
    assert pd.isna(before["reason"]["area", "all", "demographic_parity_ratio"])


def test_small_groups_take_no_part_and_are_counted(found: pd.DataFrame) -> None:
    of = found[
        (found["monitor"] == "plain_groups") & (found["segment"] == "sex") & (found["model_version"] == "all")
        & (found["metric"] == "equal_opportunity_difference") & (found["window_start"] == "2024-01-02")
    ].set_index("window_periods")  # fmt: skip
    assert (of["group_count"][1], of["excluded_group_count"][1]) == (2, 1)
    assert (of["group_count"][3], of["excluded_group_count"][3]) == (3, 0)
    assert set(of.loc[1, ["highest_group", "lowest_group"]]) == {"f", "m"}


def test_labels_decide_what_is_mature(found: pd.DataFrame) -> None:
    of = found[(found["monitor"] == "plain_groups") & (found["window_periods"] == 1) & (found["segment"] == "sex")]
    last = of[(of["window_start"] == "2024-01-10") & (of["model_version"] == "all")].set_index("metric")
    assert last["is_mature"]["demographic_parity_difference"]
    assert last.loc["selection_rate", "is_mature"].all()
    assert not last.loc["true_positive_rate", "is_mature"].any()
    assert of[(of["window_start"] < "2024-01-10") & (of["row_count"] > 0)]["is_mature"].all()


def test_only_binary_models_select(found: pd.DataFrame) -> None:
    assert set(found["monitor"]) == {f"{look}_groups" for look in LOOKS}


# ------------------------------------------------------------------------------------------------- many quiet days

GROUPS = {"a": (150, 0.3), "b": (150, 0.3), "c": (400, 0.3), "d": (120, 0.3)}
APART = {"a": (150, 0.2), "b": (200, 0.35), "c": (400, 0.28)}
DAYS = 260


def many_days(groups: dict[str, tuple[int, float]]) -> pd.DataFrame:
    """Every day a new draw."""
    rng = np.random.default_rng(99)
    group = np.concatenate([np.full(n, g) for g, (n, _) in groups.items()])
    rate = np.concatenate([np.full(n, p) for n, p in groups.values()])
    return pd.DataFrame(
        {
            "at": np.repeat(pd.date_range(START, periods=DAYS, freq="D"), len(group)),
            "cohort": np.tile(group, DAYS),
            "score": (rng.uniform(size=DAYS * len(group)) < np.tile(rate, DAYS)).astype(float),
            "label": 1,
        }
    )


def test_intervals_cover_and_noise_is_seldom_exceeded(
    duckdb_engine: Any, tmp_path: Any, figure: Callable[[str, object], None]
) -> None:
    """The extremes are picked anew every day, and the intervals hold all the same: at least as often as they say."""
    truth = {"even": GROUPS, "apart": APART}
    monitor = """{{ driftline.monitor(
        relation=source('raw', '%s_log'), timestamp='at', reference={'start': '2024-01-01', 'end': '2024-01-11'},
        prediction='score', label='label', task='binary', segments=['cohort']
    ) }}"""
    project = Project(
        tmp_path,
        duckdb_engine.workspace(tmp_path),
        models={f"monitors/{name}": monitor % name for name in truth},
        tables={f"{name}_log": many_days(groups) for name, groups in truth.items()},
        vars={"driftline_monitors": list(truth), "driftline_windows": {"day": [1]}, "driftline_now": "2024-09-17"},
    )
    project.build("--select", "+driftline_fairness")
    table = project.frame("select * from driftline_fairness where segment_value <> 'all' and metric = 'selection_rate'")
    of_group = [
        row.value_lower <= truth[row.monitor][row.segment_value][1] <= row.value_upper for row in table.itertuples()
    ]
    figure("coverage of a group's rate (0.95)", f"{np.mean(of_group):.3f} of {len(of_group)}")
    assert 0.93 <= np.mean(of_group) <= 0.97

    disparities = project.frame(
        "select * from driftline_fairness where segment_value = 'all' and metric like 'demographic_parity%'"
    )
    project.close()
    exact = {
        ("even", "difference"): 0.0, ("even", "ratio"): 1.0,
        ("apart", "difference"): 0.15, ("apart", "ratio"): 0.2 / 0.35,
    }  # fmt: skip
    for (name, kind), value in exact.items():
        of = disparities[(disparities["monitor"] == name) & (disparities["metric"] == f"demographic_parity_{kind}")]
        assert len(of) == DAYS
        covered = ((of["value_lower"] <= value + 1e-12) & (of["value_upper"] >= value - 1e-12)).mean()
        figure(f"coverage of the {kind} of groups, {name} (0.95 or more)", f"{covered:.3f}")
        # 260 days: three standard errors under 0.95.
        assert covered >= 0.95 - 3 * math.sqrt(0.05 * 0.95 / DAYS)
    quiet = disparities[(disparities["monitor"] == "even") & (disparities["metric"].str.endswith("difference"))]
    exceeded = int((quiet["value"] > quiet["noise"]).sum())
    figure("quiet days over the noise", f"{exceeded} of {DAYS} at 0.001")
    assert exceeded <= 1
    # What has not changed since the reference is no change.
    for name in truth:
        of = disparities[(disparities["monitor"] == name) & (disparities["metric"] == "demographic_parity_difference")]
        assert int((of["value"] - of["reference_value"] > of["reference_noise"]).sum()) <= 1
