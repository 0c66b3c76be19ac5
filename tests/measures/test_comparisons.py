"""driftline_comparisons against an oracle from raw rows, and how honest its intervals are however often one looks."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from driftline.cli import run
from oracle import raw
from oracle import versions as o
from scipy import stats
from support import Project

START = pd.Timestamp("2024-01-01")
DAYS = 16
SETTINGS = o.Settings(planned_rows=2000, minimal_effect={"conversion": 0.05})
TYPES = {
    **dict.fromkeys(("version", "area", "tier", "true_class", "guess"), "text"),
    **dict.fromkeys(("bought", "position", "is_request", "request_hit", "label"), "integer"),
    **dict.fromkeys(("spent", "weight", "score", "actual", "forecast", "p_red", "p_blue"), "double precision"),
    "at": "timestamp",
    "request": "integer",
}
BUSINESS = """business_metrics={
    'conversion': {'numerator': 'bought', 'denominator': '1'},
    'hits': {'numerator': 'request_hit', 'denominator': 'is_request'},
    'revenue': {'sum': 'spent'},
    'price': {'numerator': 'spent', 'denominator': 'bought'},
    'nothing': {'numerator': 'bought', 'denominator': '0'},
    'constant': {'sum': '2'}
}"""
MONITORS = {
    "plain": f"prediction='score', label='label', task='binary', segments=['area', 'tier'], min_labelled_share=0.7, label_delay=1, {BUSINESS}",
    "weighted": f"prediction='score', label='label', task='binary', segments=['area'], weight='weight', {BUSINESS}",
    "numbers": "prediction='forecast', label='actual', task='regression'",
    "classes": "prediction={'red': 'p_red', 'blue': 'p_blue'}, label='true_class', task='multiclass'",
    "skewed": "segments=['area', 'tier'], business_metrics={'conversion': {'numerator': 'bought', 'denominator': '1'}}",
    "extreme": """business_metrics={
        'huge': {'sum': 'huge'}, 'tiny': {'sum': 'tiny'}, 'of_tiny': {'numerator': 'usual', 'denominator': 'tiny'},
        'of_huge': {'numerator': 'usual', 'denominator': 'huge'}, 'of_both': {'numerator': 'huge', 'denominator': 'tiny'},
        'large': {'sum': '1e12 * usual'}, 'cancelled': {'numerator': 'usual', 'denominator': 'cancelled'}
    }""",
    "lists": "prediction='score', label='label', task='binary', ranking={'request': 'request', 'position': 'position', 'k': 3}",
}
NUMBERS = (
    *("value", "champion_value", "difference", "difference_lower", "difference_upper", "p_value"),
    *("anytime_lower", "anytime_upper", "anytime_p_value", "design_effect"),
    *("row_count", "champion_row_count", "common_periods"),
)


def log() -> pd.DataFrame:
    """Requests of four rows each. v2 is let in on day 3 with a tenth of the requests, which grows to half; what is
    bought falls from day to day meanwhile. v3 comes on day 12 beside it; v0 has its last rows on day 5.
    """
    rng = np.random.default_rng(77)
    requests = 4500
    day = np.sort(rng.integers(0, DAYS, requests))
    ramp = np.interp(day, [3, 10], [0.1, 0.5]) * (day >= 3)
    draw = rng.uniform(size=requests)
    version = np.where(draw < ramp, "v2", np.where(draw > 0.94, "v0", "v1"))
    version[(version == "v0") & (day > 5)] = "v1"
    version[(rng.uniform(size=requests) < 0.15) & (day >= 12)] = "v3"
    taste = rng.normal(size=requests)
    k = 4
    rows = pd.DataFrame(
        {
            "request": np.repeat(np.arange(requests), k),
            "day": np.repeat(day, k),
            "version": np.repeat(version, k),
            "area": np.repeat(rng.choice(["north", "south"], requests, p=[0.6, 0.4]), k),
            "tier": np.repeat(rng.choice(["a", "b", "c"], requests, p=[0.5, 0.45, 0.05]), k),
            "position": np.tile(np.arange(1, k + 1), requests),
        }
    )
    n = len(rows)
    chance = 1 / (1 + np.exp(1.2 + 0.1 * rows["day"] - np.repeat(taste, k) - 0.5 * (rows["version"] == "v2")))
    rows["bought"] = (rng.uniform(size=n) < chance).astype(int)
    rows["is_request"] = (rows["position"] == 1).astype(int)
    hit = rows.groupby("request")["bought"].transform("max")
    rows["request_hit"] = (hit * rows["is_request"]).astype(int)
    rows["spent"] = pd.Series(np.round(rows["bought"] * rng.lognormal(2, 0.8, n), 2)).where(rng.uniform(size=n) > 0.03)
    rows["weight"] = rng.choice([0.5, 1.0, 2.0], n)
    rows["score"] = pd.Series((chance + rng.normal(0, 0.2, n)).clip(0.001, 0.999))
    rows["label"] = (
        rows["bought"]
        .astype("Int64")
        .where((rng.uniform(size=n) > 0.1) & (rows["day"] != 7) & (rows["day"] < DAYS - 1))
    )
    rows["actual"] = rng.gamma(2, 5, n)
    rows["forecast"] = rows["actual"] * np.exp(rng.normal(0, np.where(rows["version"] == "v2", 0.2, 0.3), n))
    rows["true_class"] = np.where(rng.uniform(size=n) < 0.5, "red", "blue")
    rows["p_red"] = (0.5 + 0.3 * (2 * (rows["true_class"] == "red") - 1) * rng.uniform(-0.5, 1, n)).clip(0.01, 0.99)
    rows["p_blue"] = 1 - rows["p_red"]
    rows["at"] = (
        START + pd.to_timedelta(rows.pop("day"), unit="D") + pd.to_timedelta(rng.integers(0, 86_000, n), unit="s")
    )
    return rows


def extremes() -> pd.DataFrame:
    """Numbers near the ends of what a double can hold."""
    rng = np.random.default_rng(5)
    n = 4000
    return pd.DataFrame(
        {
            "at": START + pd.to_timedelta(np.arange(n) % 10, unit="D"),
            "version": rng.choice(["v1", "v2"], n),
            "usual": rng.gamma(2, 5, n),
            "huge": rng.choice([1e200, 1e299, 1.0, -1e299], n),
            "tiny": rng.choice([1e-200, 1e-300], n),
            "cancelled": np.tile([1e9, -1e9], n // 2) + 1e-9 * rng.uniform(size=n),
        }
    )


def period(rows: pd.DataFrame) -> pd.Series:
    return (rows["at"] - START).dt.days


ONE = 1.0


def _all(rows: pd.DataFrame) -> pd.Series:
    return pd.Series(ONE, index=rows.index)


def _labelled(rows: pd.DataFrame) -> pd.Series:
    return rows["label"].notna()


def _chosen(rows: pd.DataFrame) -> pd.Series:
    return rows["score"] >= 0.5


def _y(rows: pd.DataFrame) -> pd.Series:
    return rows["label"].astype(float)


def _log_loss(rows: pd.DataFrame) -> pd.Series:
    return -np.log(np.where(_y(rows) == 1, rows["score"], 1 - rows["score"]))


def _f1(rows: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    hit = (_chosen(rows) & (_y(rows) == 1)).astype(float)
    return 2 * hit, _chosen(rows).astype(float) + _y(rows)


def _mean(name: str, value: Callable[[pd.DataFrame], Any], applies: Any = None, **more: Any) -> o.Metric:
    return o.Metric(name, lambda rows: (pd.Series(value(rows), index=rows.index), _all(rows)), applies, **more)


def _share(name: str, of: Callable[[pd.DataFrame], Any], among: Callable[[pd.DataFrame], Any]) -> o.Metric:
    return o.Metric(
        name, lambda rows: ((of(rows) & among(rows)).astype(float), among(rows).astype(float)), _labelled, zero_one=True
    )


BUSINESS_METRICS = {
    "conversion": _mean("conversion", lambda r: r["bought"]),
    "hits": o.Metric("hits", lambda r: (r["request_hit"], r["is_request"])),
    "revenue": _mean("revenue", lambda r: r["spent"], higher=False),
    # A row whose numerator is not known belongs in no denominator.
    "price": o.Metric("price", lambda r: (r["spent"], r["bought"].where(r["spent"].notna(), 0))),
}
BINARY = {
    "accuracy": _mean("accuracy", lambda r: _chosen(r) == (_y(r) == 1), _labelled, zero_one=True),
    "precision": _share("precision", lambda r: _y(r) == 1, _chosen),
    "recall": _share("recall", _chosen, lambda r: _y(r) == 1),
    "specificity": _share("specificity", lambda r: ~_chosen(r), lambda r: _y(r) == 0),
    "negative_predictive_value": _share("negative_predictive_value", lambda r: _y(r) == 0, lambda r: ~_chosen(r)),
    "f1": o.Metric("f1", _f1, _labelled, zero_one=False),
    "brier": _mean("brier", lambda r: (r["score"] - _y(r)) ** 2, _labelled, higher=False, zero_one=False),
    "log_loss": _mean("log_loss", _log_loss, _labelled, higher=False, zero_one=False),
}
REGRESSION = {
    "mae": _mean("mae", lambda r: (r["forecast"] - r["actual"]).abs(), higher=False, zero_one=False),
    "mape": _mean("mape", lambda r: (r["forecast"] / r["actual"] - 1).abs(), higher=False, zero_one=False),
    "msle": _mean("msle", lambda r: (np.log1p(r["forecast"]) - np.log1p(r["actual"])) ** 2, higher=False, zero_one=False),
}  # fmt: skip
CLASSES = {
    "accuracy": _mean("accuracy", lambda r: (r["p_red"] >= r["p_blue"]) == (r["true_class"] == "red"), zero_one=True),
    "log_loss": _mean(
        "log_loss",
        lambda r: -np.log(np.where(r["true_class"] == "red", r["p_red"], r["p_blue"])),
        higher=False,
        zero_one=False,
    ),
}
METRICS: dict[str, dict[tuple[str, str], o.Metric]] = {
    monitor: {(family, name): metric for family, of in families.items() for name, metric in of.items()}
    for monitor, families in {
        "plain": {"business": BUSINESS_METRICS, "performance": BINARY},
        "weighted": {"business": BUSINESS_METRICS, "performance": BINARY},
        "numbers": {"performance": REGRESSION},
        "classes": {"performance": CLASSES},
    }.items()
}
SEGMENTS = {"plain": ["area", "tier"], "weighted": ["area"], "numbers": [], "classes": [], "lists": []}
PAIRS = {("v1", "v0"), ("v2", "v1"), ("v2", "v0"), ("v3", "v2"), ("v3", "v1")}
OWN_LOGS = {"skewed": "skewed_log", "extreme": "extreme_log"}
ROWS_PER_UNIT = {"weighted": 4.0}
TRAFFIC = {"numbers": {"v1": 0.8, "v2": 0.1, "v3": 0.1}}


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return log()


@pytest.fixture(scope="module")
def project(make_module_project: Callable[..., Any], rows: pd.DataFrame) -> Project:
    made: Project = make_module_project(
        models={
            f"monitors/{name}": f"{{{{ driftline.monitor(relation=source('raw', '{OWN_LOGS.get(name, 'log')}'), timestamp='at',"
            f" reference={{'start': '2024-01-01', 'end': '2024-01-04'}}, model_version='version', detail='all', {arguments}) }}}}"
            for name, arguments in MONITORS.items()
        },
        vars={
            "driftline_monitors": list(MONITORS),
            "driftline_windows": {"day": [1, 5]},
            "driftline_now": "2024-01-16 12:00:00",
            "driftline_lower_is_better": ["revenue"],
            "driftline_minimal_effect": {"conversion": 0.05},
            "driftline_planned_rows": 2000,
            "driftline_traffic": TRAFFIC,
            "driftline_rows_per_unit": ROWS_PER_UNIT,
        },
    )
    made.load("log", rows, TYPES)
    # Half of what the challenger should have had of the north goes astray.
    astray = (rows["version"] == "v2") & (rows["area"] == "north") & (rows["request"] % 2 == 0)
    made.load("skewed_log", rows[~astray], TYPES)
    made.load("extreme_log", extremes(), {"version": "text"})
    made.build("--select", "+driftline_comparisons", "+driftline_performance", "+driftline_int_version_series")
    return made


@pytest.fixture(scope="module")
def found(project: Project) -> pd.DataFrame:
    return project.frame("select * from driftline_comparisons")


def read(rows: pd.DataFrame, monitor: str) -> pd.DataFrame:
    """The rows the run has read, with their period."""
    read = rows[rows["at"] < "2024-01-16 12:00:00"]
    return read.assign(period=period(read), weight=read["weight"] if monitor == "weighted" else 1.0)


def window_of(row: Any) -> tuple[int, int]:
    return (row.window_start - START).days, (row.window_end - START).days


@pytest.mark.parametrize("monitor", list(METRICS))
def test_against_the_oracle(found: pd.DataFrame, rows: pd.DataFrame, monitor: str) -> None:
    here = read(rows, monitor)
    table = found[(found["monitor"] == monitor) & found["family"].isin(["business", "performance"])]
    others = {"nothing", "constant", "roc_auc", "average_precision"} if monitor in ("plain", "weighted") else set()
    assert set(table["metric"]) == {name for _, name in METRICS[monitor]} | others
    # Segments one by one for one pair only: the sums are the same.
    table = table[(table["segment"] == "all") | (table["model_version"] == "v2") & (table["champion_version"] == "v1")]
    parts: dict[Any, o.Rows] = {}
    designs: dict[Any, float] = {}
    verdicts = set()
    for row in table.itertuples():
        metric = METRICS[monitor].get((row.family, row.metric))
        if metric is None:
            continue
        first, end = window_of(row)
        key = (row.model_version, row.champion_version, row.segment, row.segment_value, row.family, row.metric)
        if key not in parts:
            mine = here if row.segment == "all" else here[here[row.segment] == row.segment_value]
            parts[key] = o.Rows(metric, mine, row.model_version, row.champion_version)
        if (key, end) not in designs:
            designs[key, end] = o.design_effect(parts[key], end)
        want = o.compared(parts[key], first, end, designs[key, end], row.span == "cumulative", SETTINGS)
        assert want is not None, row
        for column in NUMBERS:
            value = getattr(row, column)
            # Values of the versions are alike, so their difference keeps a rounding of them.
            scale = 1e-12 * max(abs(want["value"]), 1) if not math.isnan(want["value"]) else 0
            # The exponent of a p-value multiplies what rounding leaves in the score.
            rel = 1e-7 if column.endswith("p_value") else 1e-8 if column == "design_effect" else 1e-9
            assert (math.nan if value is None else value) == pytest.approx(
                want[column], rel=rel, abs=scale, nan_ok=True
            ), (row, column)
        needed = math.nan if row.rows_needed is None else row.rows_needed
        if row.verdict != "not yet known":
            assert needed == 0
        elif not math.isnan(needed):
            assert needed - 1.001 <= want["more_rows"] * (1 + 1e-9) and want["more_rows"] * (1 - 1e-9) <= needed
        else:
            assert math.isnan(want["more_rows"]) or want["more_rows"] >= 1e14, row
        if row.verdict != "not yet known":
            assert want["is_decided"] and row.verdict == ("better" if want["better"] else "worse")
            verdicts.add(row.verdict)
        elif row.reason == "the difference may be chance":
            assert not want["is_decided"]
    if monitor == "plain":
        assert verdicts == {"better", "worse"}


def test_which_versions_are_compared(found: pd.DataFrame) -> None:
    assert set(zip(found["model_version"], found["champion_version"], strict=True)) == PAIRS


def test_one_row_per_grain(found: pd.DataFrame) -> None:
    key = [*raw.GRAIN, "champion_version", "span", "family", "metric"]
    assert not found.duplicated(key).any()
    cumulative = found[found["span"] == "cumulative"]
    assert (
        cumulative.groupby(["monitor", "model_version", "champion_version", "segment", "segment_value"])["window_start"]
        .nunique()
        .max()
        == 1
    )


@pytest.mark.parametrize("monitor", ["plain", "weighted", "numbers", "classes"])
def test_sample_ratio_against_scipy(found: pd.DataFrame, rows: pd.DataFrame, monitor: str) -> None:
    here = read(rows, monitor)
    table = found[(found["monitor"] == monitor) & (found["metric"] == "sample_ratio")]
    assert (table["segment"] == "all").all() and len(table) > 20
    for row in table.itertuples():
        first, end = window_of(row)
        history = here[here["period"] < end]
        declared = TRAFFIC.get(monitor, {})
        share = None
        if {row.model_version, row.champion_version} <= set(declared):
            share = declared[row.model_version] / (declared[row.model_version] + declared[row.champion_version])
        window = history[history["period"] >= first]
        once, anytime = o.split_p_values(
            window, history, row.model_version, row.champion_version, SEGMENTS[monitor], share, 0.001, 2000,
            ROWS_PER_UNIT.get(monitor, 1.0),
        )  # fmt: skip
        if math.isnan(once):
            assert row.verdict == "not yet known" and row.reason.startswith("there is neither")
            continue
        assert row.p_value == pytest.approx(once, rel=1e-9, abs=1e-300)
        mismatch = (anytime if row.span == "cumulative" else once) < 0.001
        if row.span == "cumulative":
            assert row.anytime_p_value == pytest.approx(anytime, rel=1e-9, abs=1e-300)
        assert row.verdict == ("mismatch" if mismatch else "as expected")
        of = window[window["version"].isin([row.model_version, row.champion_version])]
        both = of.groupby("period")["version"].nunique()
        of = of[of["period"].isin(both.index[both == 2])]
        assert row.value == pytest.approx((of["version"] == row.model_version).mean(), rel=1e-12)
        assert (row.row_count, row.champion_row_count) == (
            (of["version"] == row.model_version).sum(),
            (of["version"] == row.champion_version).sum(),
        )


def last_of(found: pd.DataFrame, monitor: str, metric: str, end: str) -> pd.DataFrame:
    """The cumulative rows up to ``end`` by pair and segment value."""
    of = found[
        (found["span"] == "cumulative") & (found["monitor"] == monitor) & (found["metric"] == metric)
        & (found["window_end"] == end)
    ]  # fmt: skip
    return of.set_index(["model_version", "champion_version", "segment", "segment_value"]).sort_index()


def test_a_ramped_split_is_no_mismatch_of_segments_but_of_the_declared_share(found: pd.DataFrame) -> None:
    total = ("v2", "v1", "all", "all")
    assert last_of(found, "plain", "sample_ratio", "2024-01-16")["verdict"][total] == "as expected"
    split = last_of(found, "numbers", "sample_ratio", "2024-01-15").loc[total]
    assert (split["verdict"], split["reason"]) == ("mismatch", "the split is not the one declared in driftline_traffic")
    assert split["champion_value"] == pytest.approx(0.1 / 0.9)
    blocked = last_of(found, "numbers", "mae", "2024-01-15").loc[total]
    assert blocked["verdict"] == "not yet known" and blocked["anytime_p_value"] < 0.001
    assert blocked["reason"] == "the split of the rows is not what it should be (sample_ratio)"


def test_an_uneven_segment_speaks_against_all_but_its_own_values(found: pd.DataFrame) -> None:
    split = last_of(found, "skewed", "sample_ratio", "2024-01-15").loc[("v2", "v1", "all", "all")]
    assert split["verdict"] == "mismatch"
    assert split["reason"] in ("the split is another where area = north", "the split is another where area = south")
    reasons = last_of(found, "skewed", "conversion", "2024-01-15").loc[("v2", "v1")]["reason"]
    off = "the split of the rows is not what it should be (sample_ratio)"
    assert reasons["all", "all"] == reasons["tier", "a"] == reasons["tier", "b"] == off
    assert reasons["area", "north"] != off and reasons["area", "south"] != off


def test_areas_under_the_curve_are_those_of_performance(project: Project, found: pd.DataFrame) -> None:
    """Only where both versions have rows in every period of the window that either has rows in."""
    performance = project.frame(
        "select * from driftline_performance where monitor = 'plain' and basis = 'realized' and segment = 'all'"
        " and metric in ('roc_auc', 'average_precision')"
    ).set_index(["model_version", "window_periods", "window_start", "metric"])
    of = found[
        (found["monitor"] == "plain")
        & (found["segment"] == "all")
        & found["metric"].isin(["roc_auc", "average_precision"])
    ]
    assert len(of) > 40
    assert set(of["span"]) == {"window"}
    for row in of.itertuples():
        a, b = (
            performance.loc[(v, row.window_periods, row.window_start, row.metric)]
            for v in (row.model_version, row.champion_version)
        )
        deviation = math.hypot(a["standard_error"], b["standard_error"])
        assert (row.value, row.champion_value) == pytest.approx((a["value"], b["value"]), rel=1e-12)
        assert row.difference_lower == pytest.approx(
            row.difference - stats.norm.isf(0.025) * deviation, rel=1e-9, abs=1e-12
        )
        assert row.p_value == pytest.approx(2 * stats.norm.sf(abs(row.difference) / deviation), rel=1e-7)
    # v2 came on day 4: no window of five days begins before that.
    assert of[(of["model_version"] == "v2") & (of["window_periods"] == 5)]["window_start"].min() == pd.Timestamp(
        "2024-01-04"
    )


def test_reasons(found: pd.DataFrame) -> None:
    plain = found[
        (found["monitor"] == "plain")
        & (found["segment"] == "all")
        & (found["model_version"] == "v2")
        & (found["champion_version"] == "v1")
    ]
    one = plain[(plain["span"] == "window") & (plain["window_periods"] == 1)].set_index(["window_start", "metric"])
    day = pd.Timestamp("2024-01-13")
    assert one["reason"][day, "nothing"] == "the denominator is zero"
    assert one["reason"][day, "constant"] == "the values do not vary"
    # The last day has not ended, the one before is younger than label_delay; on day 8 no label is known.
    assert one["reason"][pd.Timestamp("2024-01-16"), "conversion"] == "the window has not ended"
    assert not one["is_complete"][pd.Timestamp("2024-01-16"), "conversion"]
    assert one["reason"][pd.Timestamp("2024-01-15"), "accuracy"] == "labels are still missing"
    assert one["is_mature"][pd.Timestamp("2024-01-15"), "conversion"]
    assert (pd.Timestamp("2024-01-08"), "accuracy") not in one.index
    assert one["reason"][pd.Timestamp("2024-01-04"), "precision"] == "fewer than 100 rows of a version"
    assert set(one["verdict"]) <= {"better", "worse", "not yet known", "as expected", "mismatch"}
    assert (found["reason"].isna() == found["verdict"].isin(["better", "worse", "as expected"])).all()


def test_extreme_numbers(found: pd.DataFrame) -> None:
    of = found[
        (found["monitor"] == "extreme") & (found["window_end"] == "2024-01-11") & (found["span"] == "cumulative")
    ]
    of = of.set_index("metric")
    for metric in ("huge", "of_huge", "of_both"):
        assert of["reason"][metric] == "values too large to compare" and math.isnan(of["value"][metric])
    assert of["reason"]["of_tiny"] == "the denominator is zero"
    # As good as 0 in every row.
    assert (of["value"]["tiny"], of["reason"]["tiny"]) == (0, "the difference may be chance")
    rows = extremes()
    means = rows.groupby("version")["usual"].mean() * 1e12
    assert of["difference"]["large"] == pytest.approx(means["v2"] - means["v1"], rel=1e-2, abs=1e11)
    assert np.isfinite(
        of.loc[["large", "cancelled"], ["value", "anytime_lower", "anytime_upper"]].to_numpy(float)
    ).all()


def test_rankings(found: pd.DataFrame, rows: pd.DataFrame) -> None:
    """One request is one row: compared with the means over requests, without any weights where the split is even."""
    of = found[(found["monitor"] == "lists") & (found["span"] == "window") & (found["window_periods"] == 1)
               & (found["model_version"] == "v2") & (found["champion_version"] == "v1") & (found["window_start"] == "2024-01-11")]  # fmt: skip
    of = of.set_index("metric")
    here = read(rows, "lists")
    here = here[here["period"] == 10]
    lists = here.groupby(["version", "request"])
    known = lists["label"].transform(lambda y: y.notna().all())
    here = here[known]
    for version, column in (("v2", "value"), ("v1", "champion_value")):
        mine = here[here["version"] == version]
        top = mine[(mine["position"] <= 3) & (mine["label"] == 1)]
        n = mine["request"].nunique()
        assert of[column]["hit_rate"] == pytest.approx(top["request"].nunique() / n, rel=1e-12)
        assert of[column]["mrr"] == pytest.approx((1 / top.groupby("request")["position"].min()).sum() / n, rel=1e-12)
    assert of["row_count"]["ndcg"] == here[here["version"] == "v2"]["request"].nunique()


def test_the_command_says_what_the_table_says(project: Project, found: pd.DataFrame, capsys: Any) -> None:
    def check(*arguments: str) -> tuple[int, dict[str, Any]]:
        capsys.readouterr()
        options = ["--project-dir", str(project.path), "--profiles-dir", str(project.path), "--json"]
        code = run(["check", "--compare", *arguments, *options])
        captured = capsys.readouterr()
        return code, json.loads(captured.out) if captured.out else {"err": captured.err}

    row = last_of(found, "weighted", "conversion", "2024-01-16").loc[("v2", "v1", "all", "all")]
    arguments = ("--monitor", "weighted", "--metric", "conversion")
    code, result = check("v2", "v1", *arguments)
    assert code != 2, result
    assert (code, result["verdict"]) == (0 if row["verdict"] == "better" else 1, row["verdict"])
    metric = result["monitors"][0]["metrics"][0]
    assert (metric["value"], metric["lower"]) == pytest.approx((row["value"], row["anytime_lower"]), rel=1e-12)
    code, turned = check("v1", "v2", *arguments)
    assert code == 1
    assert turned["monitors"][0]["metrics"][0]["upper"] == pytest.approx(-row["anytime_lower"], rel=1e-12)
    code, result = check("v1", "v9", *arguments)
    assert code == 2 and "there is: weighted: v0, v1, v2, v3" in result["err"]
    # v0 was gone before v3 came.
    code, result = check("v3", "v0", *arguments)
    assert code == 2 and "are not compared in weighted" in result["err"]


# --------------------------------------------------------------------------------------------- looking every day

EXPERIMENTS, LOOKS = 400, 30


def experiments() -> pd.DataFrame:
    """A segment value is an experiment of its own, without any difference between the versions. The level falls while
    the challenger's share grows, so that everything pooled would show one.
    """
    rng = np.random.default_rng(4)
    parts = []
    for day in range(LOOKS):
        share = np.interp(day, [0, LOOKS - 1], [0.15, 0.6])
        n = rng.poisson(45, EXPERIMENTS)
        parts.append(pd.DataFrame({"experiment": np.repeat(np.arange(EXPERIMENTS), n), "day": day, "share": share}))
    rows = pd.concat(parts, ignore_index=True)
    n = len(rows)
    rows["version"] = np.where(rng.uniform(size=n) < rows.pop("share"), "v2", "v1")
    level = 0.4 - 0.01 * rows["day"]
    rows["bought"] = (rng.uniform(size=n) < level).astype(int)
    rows["spent"] = rows["bought"] * rng.lognormal(0, 0.7, n)
    rows["items"] = 1 + rng.poisson(1.5, n)
    rows["at"] = START + pd.to_timedelta(rows.pop("day"), unit="D")
    rows["experiment"] = "e" + rows["experiment"].astype(str)
    return rows


def test_looking_every_day_is_honest(duckdb_engine: Any, tmp_path: Any, figure: Callable[[str, object], None]) -> None:
    project = Project(
        tmp_path,
        duckdb_engine.workspace(tmp_path),
        models={
            "monitors/quiet": """{{ driftline.monitor(
                relation=source('raw', 'log'), timestamp='at', reference={'start': '2024-01-01', 'end': '2024-01-02'},
                model_version='version', segments=['experiment'], detail='all', business_metrics={
                    'conversion': {'numerator': 'bought', 'denominator': '1'},
                    'revenue': {'sum': 'spent'},
                    'spent_per_item': {'numerator': 'spent', 'denominator': 'items'}
                }
            ) }}"""
        },
        vars={
            "driftline_monitors": ["quiet"], "driftline_windows": {"day": [1]}, "driftline_now": "2025-01-01",
            "driftline_planned_rows": 500,
        },
    )  # fmt: skip
    rows = experiments()
    project.load("log", rows, {"version": "text", "experiment": "text"})
    project.build("--select", "+driftline_comparisons")
    table = project.frame(
        "select segment_value, metric, window_end, anytime_lower, anytime_upper, difference_lower, difference_upper, verdict, design_effect"
        " from driftline_comparisons where span = 'cumulative' and family = 'business' and segment = 'experiment'"
    )
    project.close()
    # What pooling everything would have found, at the last look.
    pooled = rows.groupby(["experiment", "version"])["bought"].agg(["mean", "size"]).unstack()
    deviation = np.sqrt((pooled["mean"] * (1 - pooled["mean"]) / pooled["size"]).sum(axis=1))
    fooled = (abs(pooled["mean"]["v2"] - pooled["mean"]["v1"]) > 1.96 * deviation).mean()
    figure("a growing share, everything pooled, last look: missed (0.05 allowed)", f"{fooled:.3f}")
    assert fooled > 0.3
    for metric, of in table.groupby("metric"):
        assert len(of) == EXPERIMENTS * LOOKS
        ever = ((of["anytime_lower"] > 0) | (of["anytime_upper"] < 0)).groupby(of["segment_value"]).any().mean()
        once = (of["difference_lower"] > 0) | (of["difference_upper"] < 0)
        peeking = once.groupby(of["segment_value"]).any().mean()
        last = once[of["window_end"] == of["window_end"].max()].mean()
        figure(
            f"{metric}: 0 outside the interval at any of {LOOKS} looks (0.05 allowed)",
            f"{ever:.3f}; with that of a single look {peeking:.3f}",
        )
        figure(f"{metric}: 0 outside the interval of a single look at the end (0.05)", f"{last:.3f}")
        margin = 3 * math.sqrt(0.05 * 0.95 / EXPERIMENTS)
        assert ever <= 0.05 + margin
        assert last <= 0.05 + margin
        assert peeking > 0.1


def test_rows_needed_gives_the_power_it_says() -> None:
    """The oracle's own: with so many times the rows a normal estimate passes the bound in 80 % of cases."""
    metric = BUSINESS_METRICS["conversion"]
    rng = np.random.default_rng(3)
    n = 2000
    rows = pd.DataFrame({"version": np.repeat(["v2", "v1"], n), "period": 0, "weight": 1.0})
    rows["bought"] = np.concatenate([rng.uniform(size=n) < 0.30, rng.uniform(size=n) < 0.28]).astype(int)
    for cumulative in (False, True):
        want = o.compared(o.Rows(metric, rows, "v2", "v1"), 0, 1, math.nan, cumulative, o.Settings())
        assert want is not None and not want["is_decided"]
        times = 1 + want["more_rows"] / n
        deviation = (
            (want["difference_upper"] - want["difference_lower"]) / (2 * stats.norm.isf(0.025)) / math.sqrt(times)
        )
        known = n / 2 * times * o.information_per_row(0.05, 2500)
        bound = o.anytime_bound(known, 0.05) if cumulative else stats.norm.isf(0.025)
        power = stats.norm.sf(bound - abs(want["difference"]) / deviation)
        assert power == pytest.approx(0.8, abs=0.01)


def test_the_judge_sees_the_split_of_both_lengths(project: Project, found: pd.DataFrame) -> None:
    """What is furthest over its noise, whose level is shared by all pairs and both lengths."""
    series = project.frame("select * from driftline_int_version_series where metric = 'sample_ratio'")
    assert set(series["monitor"]) == {"numbers"}
    table = found[(found["monitor"] == "numbers") & (found["metric"] == "sample_ratio")]
    table = table[table["champion_value"].notna() & ((table["span"] == "cumulative") | (table["window_periods"] == 5))]
    spans = set()
    for end, looks in table.groupby("window_end"):
        of = [
            max((row for row in rows.itertuples()), key=lambda row: row.champion_row_count)
            for _, rows in looks.groupby(["model_version", "span"])
        ]
        for version in {row.model_version for row in of}:
            seen = series[(series["model_version"] == version) & (series["window_end"] == end)]
            assert len(seen) == 1
            got = seen.iloc[0]
            over = {}
            for row in of:
                if row.model_version == version:
                    p = row.anytime_p_value if row.span == "cumulative" else row.p_value
                    p = min(max(p, 1e-300), 0.999)
                    noise = abs(row.difference) * stats.norm.isf(0.0005 / len(of)) / stats.norm.isf(p / 2)
                    over[row.span] = (abs(row.difference) / noise if noise > 0 else -1.0, noise, row)
            span = max(over, key=lambda name: over[name][0])
            ratio, noise, row = over[span]
            if len(over) == 2 and abs(ratio - min(over.values(), key=lambda found: found[0])[0]) < 1e-6:
                continue
            assert (got["value"], got["expected"]) == pytest.approx((row.value, row.champion_value), rel=1e-12)
            assert got["noise"] == pytest.approx(noise, rel=1e-6)
            assert got["row_count"] == min(row.row_count, row.champion_row_count)
            spans.add(span)
    assert spans == {"cumulative", "window"}
