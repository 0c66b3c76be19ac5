"""driftline_performance against what scikit-learn makes of the raw rows: all cases in one build on each engine.

Exact metrics are scikit-learn's. What comes from bins has bounds: scikit-learn's value on the raw scores lies between
them, always, and they are no wider than the bins' counts leave room for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from oracle import oracle as o
from oracle import performance, raw

from measures import performance_cases as cases

RELATIVE = 1e-9
SLACK = 1e-12
NUMBERS = [
    *("value", "value_lower", "value_upper", "standard_error", "row_count", "labelled_row_count", "labelled_share"),
    *("reference_value", "reference_standard_error", "reference_row_count", "noise"),
    *("previous_value", "seasonal_value"),
]
# Squares and quotients of numbers near the end of a double's range need not be there, with a reason.
MAY_OVERFLOW = frozenset(["brier", "rmse", "r2", "mape", "expected_calibration_error"])
# Its bounds may be somewhat wider than the counts of the bins imply: the best are an integral.
WIDER = {"average_precision": (1.25, 0.01)}

Mask = npt.NDArray[np.bool_]


@dataclass
class Found:
    """The rows of one monitor with what was expected of them: columns of the oracle end in ``__want``."""

    got: pd.DataFrame
    want: pd.DataFrame
    both: pd.DataFrame
    bins: dict[str, list[o.Bin]]

    def floats(self, column: str) -> npt.NDArray[np.float64]:
        values: npt.NDArray[np.float64] = self.both[column].to_numpy(dtype=float)
        return values

    @property
    def bounded(self) -> Mask:
        """Metrics that are known from the bins of a score."""
        of_bins: Mask = self.both["metric"].isin(performance.BOUNDED).to_numpy()
        return of_bins

    def lines(self, wrong: Mask, what: str, *columns: str) -> list[str]:
        """Up to three places for each metric."""
        out: list[str] = []
        for (metric, name), rows in self.both[wrong].groupby(["metric", "class_name"]):
            for _, r in rows.head(3).iterrows():
                grain = f"{r['model_version']} {r['segment_value']} {r['window_start']:%m-%d} +{r['window_periods']}"
                told = ", ".join(f"{c} {r[c]}" for c in columns)
                out.append(f"{what}: {metric} of {name}, {grain}: {told} ({len(rows)} like this)")
        return out


@dataclass
class Built:
    """Two builds: the monitors whose numbers are near the ends of a double's range cannot spoil those of the others."""

    make: Callable[..., Any]
    projects: dict[bool, Any] = field(default_factory=dict)
    found: dict[str, Found] = field(default_factory=dict)

    def project(self, huge: bool = False) -> Any:
        if huge not in self.projects:
            names = [name for name in cases.MONITORS if (name in cases.HUGE) == huge]
            self.projects[huge] = self.make(**cases.project_arguments(names))
            # What huge numbers do to the other tables must be seen, too.
            self.projects[huge].build(*([] if huge else ["--select", "+driftline_performance", "driftline_bins"]))
        return self.projects[huge]

    def __getitem__(self, monitor: str) -> Found:
        if monitor not in self.found:
            self.found[monitor] = self._read(monitor)
        return self.found[monitor]

    def _read(self, monitor: str) -> Found:
        project = self.project(monitor in cases.HUGE)
        got = project.frame(f"select * from driftline_performance where monitor = '{monitor}' and basis = 'realized'")
        got = got.assign(**{c: got[c].astype(float) for c in NUMBERS})
        rows = project.frame(
            f"select * from driftline_bins where monitor = '{monitor}' and column_role = 'performance'"
        )
        bins = {
            name: raw.bins_from_rows(mine)
            for name, mine in rows[rows["column_kind"] == "numeric"].groupby("column_name")
        }
        want = cases.expected(monitor, bins)
        both = want.rename(columns={c: f"{c}__want" for c in want.columns if c not in performance.KEY}).merge(
            got, on=performance.KEY, how="inner"
        )
        return Found(got, want, both, bins)


@pytest.fixture(scope="module")
def built(make_module_project: Callable[..., Any]) -> Built:
    return Built(make_module_project)


# At the ends of a double's range squares and quotients do not fit: docs/measures.md says what becomes of them. That such
# numbers stop no build, and leave no value without a reason, is tested below.
@pytest.fixture(params=[name for name, m in cases.MONITORS.items() if not m.like and name not in cases.HUGE])
def monitor(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def _fail(lines: list[str]) -> None:
    assert not lines, "\n".join(lines)


def _far(want: npt.NDArray[np.float64], got: npt.NDArray[np.float64], rounding: npt.NDArray[np.float64]) -> Mask:
    """Other than wanted; where neither is known there is nothing to differ."""
    known = np.isfinite(want) & ~np.isnan(got)
    with np.errstate(invalid="ignore"):
        apart: Mask = abs(want - got) > np.maximum(RELATIVE * abs(want), rounding)
    return (np.isfinite(want) != ~np.isnan(got)) | (known & apart)


def _excused(monitor: str, found: Found, column: str) -> Mask:
    """Not there, and need not be: too large, or no digit of it left in the sums."""
    may = found.floats("rounding__want") > 0.01
    if monitor in cases.HUGE:
        may |= found.both["metric"].isin(MAY_OVERFLOW).to_numpy()
    excused: Mask = may & np.isnan(found.floats(column))
    return excused


# ------------------------------------------------------------------------------------------------------ realized values


def test_every_window_has_every_metric_once(built: Built, monitor: str) -> None:
    found = built[monitor]
    key = [k for k in performance.KEY if k != "monitor"]
    got = set(found.got[key].itertuples(index=False, name=None))
    assert len(got) == len(found.got)
    # A class that no row has, and none was said to have, may be left out.
    wanted = found.want[found.want["row_count"] > 0]
    grain = [*raw.GRAIN, "class_name"]
    known = wanted.groupby(grain)["value"].transform("count") > 0
    needed = set(wanted[known | (wanted["class_name"] == "all")][key].itertuples(index=False, name=None))
    windows = {k[:-2] for k in found.want[key].itertuples(index=False, name=None)}
    names = {k[-2:] for k in found.want[key].itertuples(index=False, name=None)}
    metrics = {m for m, _ in names}
    odd = [k for k in got if k[:-2] not in windows or (k[-2] in metrics and k[-2:] not in names)]
    _fail([f"missing: {k}" for k in sorted(needed - got, key=str)[:10]] + [f"unexpected: {k}" for k in odd[:10]])


def test_exact_metrics(built: Built, monitor: str) -> None:
    found = built[monitor]
    want, value = found.floats("value__want"), found.floats("value")
    wrong = _far(want, value, found.floats("rounding__want")) & ~found.bounded & ~_excused(monitor, found, "value")
    inexact = ~found.bounded & ~np.isnan(value)
    inexact &= (value != found.floats("value_lower")) | (value != found.floats("value_upper"))
    _fail(
        found.lines(wrong, "wrong", "value__want", "value", "reason")
        + found.lines(inexact, "exact, so without bounds", "value", "value_lower", "value_upper")
    )


def test_bounds_hold(built: Built, monitor: str) -> None:
    found = built[monitor]
    low, high = found.floats("low__want"), found.floats("high__want")
    value, lower, upper = (found.floats(c) for c in ("value", "value_lower", "value_upper"))
    missing = found.bounded & (np.isnan(low) != np.isnan(value))
    with np.errstate(invalid="ignore"):
        slack = SLACK * np.maximum(1.0, abs(high))
        outside = found.bounded & ~np.isnan(low) & ~((lower <= low + slack) & (high <= upper + slack))
        between = ~np.isnan(value) & ~((lower <= value + slack) & (value <= upper + slack))
        wide = np.ones(len(low)), np.zeros(len(low))
        for metric, (factor, more) in WIDER.items():
            wide[0][found.both["metric"] == metric] = factor
            wide[1][found.both["metric"] == metric] = more
        room = found.floats("bin_high__want") - found.floats("bin_low__want")
        too_wide = found.bounded & (upper - lower > wide[0] * room + wide[1] + RELATIVE)
    columns = ("value_lower", "low__want", "value", "high__want", "value_upper")
    _fail(
        found.lines(missing & ~_excused(monitor, found, "value"), "known or not", *columns, "reason")
        + found.lines(outside & ~missing, "outside", *columns)
        + found.lines(between, "value not between", *columns)
        + found.lines(too_wide, "wider than needed", *columns, "bin_low__want", "bin_high__want")
    )


def test_scores_of_few_values_leave_no_doubt(built: Built) -> None:
    for monitor in ("few", "hard"):
        found = built[monitor]
        area = found.both["metric"].isin(["roc_auc", "gini"]).to_numpy()
        known = area & ~np.isnan(found.floats("low__want"))
        assert known.sum() > 50
        for column in ("value_lower", "value", "value_upper"):
            far = known & (abs(found.floats(column) - found.floats("low__want")) > SLACK)
            _fail(found.lines(far, f"{monitor}, {column}", column, "low__want"))


def test_the_bins_of_a_score(built: Built) -> None:
    """Fiftieths of the reference are edges, and so is the decision threshold; there are not many more."""
    bins = [b for b in built["logits"].bins["score"] if b.kind == "range"]
    assert 50 <= len(bins) <= 80
    rows, declaration = cases.for_oracle("logits")
    reference = rows.loc[rows["at"] < pd.Timestamp(declaration["reference"]["end"]), "score"].to_numpy(dtype=float)
    edges = np.asarray([b.upper for b in bins[:-1]], dtype=float)
    wanted = np.quantile(reference, np.arange(1, 50) / 50)
    # The edge nearest to the threshold may have moved there.
    assert (abs(edges[:, None] - wanted[None, :]).min(axis=0) > 1e-9).sum() <= 1
    assert abs(edges - declaration["decision_threshold"]).min() <= 1e-12
    assert len({b.group for b in bins}) <= 12


def test_reference_values(built: Built, monitor: str) -> None:
    found = built[monitor]
    filled = found.floats("row_count__want") > 0
    value = found.floats("reference_value")
    want, rounding = found.floats("reference_low__want"), found.floats("reference_rounding__want")
    wrong = filled & ~found.bounded & _far(want, value, rounding) & ~_excused(monitor, found, "reference_value")
    columns = ("reference_low__want", "reference_high__want", "reference_value", "reference_row_count__want")
    out = found.lines(wrong, "reference", *columns)
    bounded = filled & found.bounded
    missing = bounded & (np.isnan(want) != np.isnan(value))
    out += found.lines(missing, "reference, known or not", *columns)
    low, high = found.floats("reference_bin_low__want"), found.floats("reference_bin_high__want")
    with np.errstate(invalid="ignore"):
        slack = SLACK * np.maximum(1.0, abs(high))
        outside = bounded & ((value < low - slack) | (value > high + slack))
    out += found.lines(outside, "reference, by its bins", "reference_bin_low__want", *columns[2:])
    _fail(out)


@pytest.mark.parametrize("when", ["previous", "seasonal"])
def test_earlier_values(built: Built, monitor: str, when: str) -> None:
    found = built[monitor]
    filled = (found.floats("row_count__want") > 0) & ~found.bounded
    column = f"{when}_value"
    # What rounding does depends on the earlier window's rows, which are much like these.
    rounding = 10 * np.nan_to_num(found.floats("rounding__want"), nan=performance.OF_ONE)
    wrong = filled & _far(found.floats(f"{column}__want"), found.floats(column), rounding)
    _fail(found.lines(wrong & ~_excused(monitor, found, column), when, f"{column}__want", column))


@pytest.mark.parametrize("huge", [False, True])
def test_no_value_has_a_reason(built: Built, huge: bool) -> None:
    found = built.project(huge).frame("select * from driftline_performance")
    silent = found[found["value"].isna() & found["reason"].isna()]
    assert silent.empty, silent.groupby(["monitor", "metric", "class_name", "basis"]).size().to_string()
    assert (found["reason"].dropna().str.len() > 5).all()
    halves = found[found["value_lower"].isna() != found["value_upper"].isna()]
    assert halves.empty, halves.iloc[0].to_string()


def test_counts(built: Built, monitor: str) -> None:
    """Rows, rows that tell something, and the share whose label is known. Lists are counted by request."""
    found = built[monitor]
    filled = found.floats("row_count__want") > 0
    out = []
    for column, wanted in (
        ("row_count", "row_count"),
        ("labelled_row_count", "labelled_row_count"),
        ("labelled_share", "known_share"),
        ("reference_row_count", "reference_row_count"),
    ):
        rounding = np.full(len(filled), 1e-12)
        got = found.floats(column)
        if column == "reference_row_count":  # no reference at all
            got = np.nan_to_num(got, nan=0.0)
        far = filled & _far(found.floats(f"{wanted}__want"), got, rounding)
        out += found.lines(far, column, f"{wanted}__want", column, "labelled_row_count__want")
    _fail(out)


@pytest.mark.parametrize(("name", "delay"), [("binary", 2), ("binary_weighted", 0)])
def test_mature(built: Built, name: str, delay: int) -> None:
    """After the delay, with labels for enough rows."""
    both = built[name].both
    both = both[both["row_count__want"] > 0]
    now = pd.Timestamp(cases.NOW)
    over = both["window_end"] <= now
    mature = (both["window_end"] + pd.Timedelta(days=delay) <= now) & (both["known_share__want"] >= 0.8)
    assert over.any() and (~over).any() and mature.any() and (over & ~mature).any()
    assert (both["is_complete"].astype(bool) == over).all()
    odd = both[both["is_mature"].astype(bool) != mature]
    assert odd.empty, odd[["segment_value", "window_start", "window_periods", "known_share__want"]].to_string()


# ------------------------------------------------------------------------------------------------------------ properties


def _wide(built: Built, monitor: str, column: str = "value") -> pd.DataFrame:
    key = [*raw.GRAIN, "class_name"]
    return built[monitor].got.pivot(index=key, columns="metric", values=column)


@pytest.mark.parametrize(("first", "second"), [(m.like, n) for n, m in cases.MONITORS.items() if m.like])
def test_the_same_rows_in_other_words_or_order(built: Built, first: str, second: str) -> None:
    key = [k for k in performance.KEY if k != "monitor"]
    both = [built[name].got for name in (first, second)]
    a, b = (got[got["segment"] == "all"].set_index(key).sort_index() for got in both)
    assert len(a) > 300 and a.index.equals(b.index)
    for column in ("value", "value_lower", "value_upper", "reference_value", "previous_value"):
        x, y = a[column].to_numpy(dtype=float), b[column].to_numpy(dtype=float)
        assert np.allclose(x, y, rtol=1e-11, atol=1e-12, equal_nan=True), column


def test_gini_is_twice_the_area_less_one(built: Built) -> None:
    for monitor in ("binary", "binary_weighted", "few", "logits"):
        for column in ("value", "value_lower", "value_upper", "reference_value"):
            wide = _wide(built, monitor, column).dropna(subset=["roc_auc"])
            assert len(wide) > 10
            assert np.allclose(wide["gini"], 2 * wide["roc_auc"] - 1, rtol=0, atol=1e-12)


def test_shares_and_rates_fit_together(built: Built) -> None:
    for monitor in ("binary", "binary_weighted", "binary_versions"):
        wide = _wide(built, monitor).dropna(subset=["accuracy"])
        tp, fp, fn, tn = (wide[c] for c in performance.CONFUSION)
        assert np.allclose(tp + fp + fn + tn, 1, rtol=0, atol=1e-12)
        assert np.allclose(tp + tn, wide["accuracy"], rtol=0, atol=1e-12)
        assert np.allclose(tp + fn, wide["label_rate"], rtol=0, atol=1e-12)
        assert np.allclose(wide["lift_top_10"].dropna(), 10 * wide["capture_top_10"].dropna(), rtol=1e-12)
        both = wide.dropna(subset=["precision", "recall"])
        both = both[both["precision"] + both["recall"] > 0]
        harmonic = 2 * both["precision"] * both["recall"] / (both["precision"] + both["recall"])
        assert np.allclose(both["f1"], harmonic, rtol=1e-9)


def test_losses_decompose(built: Built) -> None:
    """With scores of few values, Brier score and log loss are calibration plus refinement, group by group."""
    rows, declaration = cases.for_oracle("few")
    model = performance.Performance(rows, declaration)
    wide = _wide(built, "few")
    for grain in model.data.grains():
        for start, length in model.data.windows(grain):
            mine = grain.rows & model.data.span(start, length) & model.labelled
            if not mine.any():
                continue
            brier = log_loss = 0.0
            for score in np.unique(model.s[mine]):
                y = model.y[mine & (model.s == score)]
                share, rate = len(y) / mine.sum(), y.mean()
                brier += share * ((score - rate) ** 2 + rate * (1 - rate))
                log_loss -= share * (rate * np.log(score) + (1 - rate) * np.log1p(-score))
            stamp = model.data.stamp(grain, start, length)
            found = wide.loc[(*(stamp[k] for k in raw.GRAIN), "all")]
            assert found["brier"] == pytest.approx(brier, rel=1e-9)
            assert found["log_loss"] == pytest.approx(log_loss, rel=1e-9)
            # The calibration part alone is never more, and the error by groups never more than its root.
            assert found["expected_calibration_error"] ** 2 <= brier + 1e-12


def test_two_periods_are_the_mean_of_two(built: Built) -> None:
    """What is a mean over labelled rows merges by their number."""
    got = built["binary"].got
    got = got[got["metric"].isin(["accuracy", "brier", "label_rate", "true_positive_share"])]
    key = ["segment_value", "metric", "window_start"]
    days = got[got["window_periods"] == 1][[*key, "value", "labelled_row_count"]].dropna()
    twice = pd.concat([days, days.assign(window_start=days["window_start"] - pd.Timedelta(days=1))])
    twice["sum"] = twice["value"] * twice["labelled_row_count"]
    sums = twice.groupby(key)[["sum", "labelled_row_count"]].sum()
    two = got[got["window_periods"] == 2].dropna(subset=["value"]).set_index(key)
    wanted = (sums["sum"] / sums["labelled_row_count"]).reindex(two.index)
    assert len(two) > 500 and wanted.notna().all()
    assert np.allclose(two["value"], wanted, rtol=RELATIVE, atol=SLACK)
