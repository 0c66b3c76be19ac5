"""Monitors for the tests of this folder, and the comparison of what they measure with the oracle.

How close is close enough follows from the data, column by column: 1e-9 of the wanted value, or what rounding of 64-bit
sums can make of a share (``OF_ONE``) or of the column's largest value, whichever is more. Counts must be equal.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from oracle import oracle as o
from oracle import raw
from scipy import stats

Floats = npt.NDArray[np.float64]

WINDOWS = {"day": [1, 7], "week": [1, 2]}
# The clock of the projects: some days after the last row of `strategies.examples` and `strategies.walk`.
NOW = "2024-01-28 07:00:00"
METRICS = {
    "conversion": {"numerator": "bought", "denominator": "1"},
    "revenue": {"sum": "spent"},
    "sold": {"sum": "bought"},
    "price": {"numerator": "spent", "denominator": "bought"},
}
# So many times the examples, by hand: make examples.
TIMES = int(os.environ.get("DRIFTLINE_EXAMPLES", "1"))
# The columns of `strategies.examples`.
TYPES = {
    "at": "timestamp",
    "x": "double precision",
    "y": "double precision",
    "w": "double precision",
    "bought": "integer",
    "spent": "double precision",
    "category": "text",
    "version": "text",
    "market": "text",
}

# One table, looked at in three ways: by day; by week, split by version and segment, and weighted; with own edges, few
# categories and a reference that begins and ends within a day.
DECLARATIONS: dict[str, dict[str, Any]] = {
    "plain": {
        "period": "day",
        "reference": {"start": "2024-01-03", "end": "2024-01-10"},
        "numeric": ["x"],
        "categorical": ["category"],
        "bins": 20,
        "business_metrics": METRICS,
    },
    "split": {
        "period": "week",
        "reference": {"start": "2024-01-01", "end": "2024-01-15"},
        "numeric": ["y"],
        "model_version": "version",
        "segments": ["market"],
        "detail": "all",
        "weight": "w",
        "bins": 25,
        "business_metrics": METRICS,
    },
    "own": {
        "period": "day",
        "reference": {"start": "2024-01-01 12:00:00", "end": "2024-01-06 06:00:00"},
        "numeric": ["x"],
        "categorical": ["category"],
        "prediction": "y",
        "label": "bought",
        "task": "binary",
        "weight": "w",
        "bins": {"x": [-1, 0, 0.5, 1, 100]},
        "top_categories": 3,
        "business_metrics": {},
    },
}

# What is compared here, and what it is made of; all that others make of it is tested elsewhere.
MEASURES = ("+driftline_drift", "+driftline_quality", "+driftline_business")


def monitor_model(declaration: Mapping[str, Any], table: str) -> str:
    """The model file for a declaration in the oracle's terms."""
    arguments = {"timestamp": "at"} | {k: v for k, v in declaration.items() if k not in ("monitor", "windows", "now")}
    given = ", ".join(f"{k}={v!r}" for k, v in arguments.items())
    return f"{{{{ driftline.monitor(relation=source('raw', '{table}'), {given}) }}}}"


def for_oracle(name: str, declaration: Mapping[str, Any]) -> dict[str, Any]:
    windows = {"windows": WINDOWS[declaration["period"]]} if declaration["period"] in WINDOWS else {}
    return {"timestamp": "at", "now": NOW, **windows, **declaration, "monitor": name}


def project_arguments(tables: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """Arguments of ``make_project`` for monitors by the table they read: {table: {monitor: declaration}}."""
    monitors = {name: monitor_model(d, table) for table, all_of in tables.items() for name, d in all_of.items()}
    return {
        "models": {f"monitors/{name}": text for name, text in monitors.items()},
        "vars": {"driftline_monitors": list(monitors), "driftline_windows": WINDOWS, "driftline_now": NOW},
    }


# ------------------------------------------------------------------------------------------------------------- reading


@dataclass
class Result:
    """What the SQL says of one monitor."""

    drift: pd.DataFrame
    quality: pd.DataFrame
    business: pd.DataFrame
    bins: dict[str, list[o.Bin]]
    centres: dict[str, float]


def read(source: Any, monitor: str) -> Result:
    """The result tables of one monitor, from a project or a chain."""

    def table(name: str) -> pd.DataFrame:
        rows: pd.DataFrame = source.frame(f"select * from {name} where monitor = '{monitor}'")
        return rows

    drift, bins = table("driftline_drift"), table("driftline_bins")
    # The score has other bins too, which performance alone looks at.
    bins = bins[bins["column_role"].isin(["feature", "prediction", "label"])]
    learnt = {}
    for name, kind in set(zip(drift["column_name"], drift["column_kind"], strict=True)):
        mine = bins[bins["column_name"] == name]
        if mine.empty:  # there was nothing to learn from
            mine = pd.DataFrame({"column_kind": [kind], "bin_kind": [""], "bin": [0]})
        learnt[name] = raw.bins_from_rows(mine)
    centres = bins[bins["bin_kind"] == "centre"].dropna(subset=["bin_lower"])
    return Result(
        drift,
        table("driftline_quality"),
        table("driftline_business"),
        learnt,
        dict(zip(centres["column_name"], centres["bin_lower"].astype(float), strict=True)),
    )


# ---------------------------------------------------------------------------------------------------------- comparison

RELATIVE = 1e-9
# A sum of some hundred shares that add up to one, each right to half a unit in the last place.
OF_ONE = 1e-13
# In the unit of the column, where rounding is that of the largest value.
UNIT = frozenset(
    ["mean", "baseline_mean", "mean_noise", "minimum", "maximum", "stddev"]
    + [f"wasserstein{end}" for end in ("", "_lower", "_upper", "_noise_floor", "_noise")]
)
# Square roots: the digits are under the root, so that is what is compared.
ROOTS = frozenset(
    ["stddev"] + [m + end for m in ("js_distance", "hellinger", "cramers_v") for end in ("", "_noise_floor", "_noise")]
)


# In standard deviations of the baseline: a sum's rounding is that of the largest value, however many of them that is.
IN_DEVIATIONS = frozenset(m + end for m in ("mean_shift", "spread_ratio") for end in ("", "_noise"))


def _far(
    column: str, want: Floats, got: Floats, size: Floats, deviations: Floats | float = 0.0
) -> npt.NDArray[np.bool_]:
    unit = np.where(size > 0, size, 1.0) if column in UNIT else np.ones(len(want))
    a, b = want / unit, got / unit
    if column.endswith("_count") or column == "chi_squared_df":
        return a != b
    if column in ROOTS:
        return abs(a * a - b * b) > np.maximum(2 * RELATIVE * a * a, OF_ONE)
    if column in IN_DEVIATIONS:
        return abs(a - b) > np.maximum(RELATIVE, OF_ONE * deviations) * np.maximum(abs(a), 1.0)
    return abs(a - b) > np.maximum(RELATIVE * abs(a), OF_ONE)


def _in_deviations(rows: pd.DataFrame, size: Floats) -> Floats:
    """The largest value of each row's column in standard deviations of its baseline, which follow from the shift."""
    if not {"mean", "baseline_mean", "mean_shift"} <= set(rows.columns):
        return np.zeros(len(rows))
    difference = abs(pd.to_numeric(rows["mean"]) - pd.to_numeric(rows["baseline_mean"])).to_numpy(dtype=float)
    shift = abs(pd.to_numeric(rows["mean_shift"])).to_numpy(dtype=float)
    with np.errstate(all="ignore"):
        return np.nan_to_num(size * shift / difference, nan=0.0, posinf=np.inf)


def compare(
    want: pd.DataFrame, got: pd.DataFrame, key: Sequence[str], sizes: Mapping[str, float] | None = None
) -> list[str]:
    """Every column in which ``got`` says something else than ``want``, with up to three places each.

    sizes: the largest absolute value of each numeric column. Columns that only ``got`` has are not looked at.
    """
    if want.empty or got.empty:
        return [] if len(want) == len(got) else [f"{len(want)} rows wanted, got {len(got)}"]
    out = [f"no column {c}" for c in want.columns if c not in got.columns]
    both = want.merge(got, on=list(key), how="outer", suffixes=("", "__got"), indicator=True)
    odd = both[both["_merge"] != "both"]
    if len(odd) or len(both) != len(want):
        out.append(f"{len(want)} rows wanted, got {len(got)}")
        out += [f"{r['_merge']}: {[r[k] for k in key]}" for _, r in odd.head(5).iterrows()]
    both = both[both["_merge"] == "both"]
    if both.empty:
        return out
    size = np.zeros(len(both))
    if "column_name" in both:
        size = both["column_name"].map(dict(sizes or {})).fillna(0.0).to_numpy(dtype=float)
    deviations = _in_deviations(both, size)
    for column in [c for c in want.columns if c in got.columns and c not in key]:
        a, b = both[column], both[f"{column}__got"]
        if any(isinstance(v, str) for v in (*a, *b)):
            wrong = ~((a == b) | (a.isna() & b.isna())).to_numpy(dtype=bool)
        else:
            x, y = (pd.to_numeric(v).to_numpy(dtype=float) for v in (a, b))
            known = ~np.isnan(x) & ~np.isnan(y)
            wrong = (np.isnan(x) != np.isnan(y)) | (known & _far(column, x, y, size, deviations))
        for i in np.flatnonzero(wrong)[:3]:
            at = " ".join(str(both.iloc[i][k]) for k in key if k not in ("monitor", "window_end"))
            out.append(f"{column} of {at}: wanted {a.iloc[i]}, got {b.iloc[i]} ({int(wrong.sum())} like this)")
    return out


def sizes_of(rows: pd.DataFrame, declaration: Mapping[str, Any]) -> dict[str, float]:
    """The largest absolute value of each numeric column."""
    return raw.scales(rows, [n for n, _, kind in raw.declared_columns(dict(declaration)) if kind == "numeric"])


def differences(rows: pd.DataFrame, declaration: Mapping[str, Any], got: Result) -> list[str]:
    """Everything in the three result tables of a monitor that the oracle does not find in the raw rows."""
    want = raw.expected(rows, dict(declaration), bins=got.bins, centres=got.centres)
    sizes = sizes_of(rows, declaration)
    out = []
    for name, key in (("drift", raw.DRIFT_KEY), ("quality", raw.QUALITY_KEY), ("business", raw.BUSINESS_KEY)):
        out += [f"{name}: {d}" for d in compare(getattr(want, name), getattr(got, name), key, sizes)]
    return out


def unexplained(got: Result) -> list[str]:
    """Rows that miss a measure and do not say why, or say why and miss nothing."""
    numeric = (got.drift["column_kind"] == "numeric").to_numpy()
    missing = got.drift["chi_squared"].isna() | (numeric & got.drift["wasserstein"].isna())
    odd = got.drift[missing != got.drift["reason"].notna()]
    out = [f"drift: reason {r.reason!r}, psi {r.psi}, chi_squared {r.chi_squared}" for r in odd.head(3).itertuples()]
    if not got.business.empty:
        missing = got.business["value"].isna() | got.business["z_score"].isna()
        odd = got.business[missing != got.business["reason"].notna()]
        out += [f"business: reason {r.reason!r}, value {r.value}, z {r.z_score}" for r in odd.head(3).itertuples()]
    return out


# ----------------------------------------------------------------------------------------------------------- the bins


def wrong_bins(rows: pd.DataFrame, declaration: Mapping[str, Any], got: Result) -> list[str]:
    """Where the learnt bins are not numpy's quantiles (one value a bin of its own), or not the commonest categories."""
    data = raw._Data(rows, dict(declaration), None, raw.Choices())
    out = []
    for name, _, kind in raw.declared_columns(dict(declaration)):
        reference = [v for v, r in zip(data.values(name), data.in_reference, strict=True) if r]
        if kind == "categorical":
            known = o.recurring([raw.category_text(v) for v in reference], data.index[data.in_reference].tolist())
            learnt = o.learn_categorical_bins(known, declaration["top_categories"])
            if [b.label for b in learnt] != [b.label for b in got.bins[name]]:
                out.append(f"{name}: {[b.label for b in got.bins[name]]}, wanted {[b.label for b in learnt]}")
            continue
        declared = declaration["bins"]
        if isinstance(declared, dict) and name in declared:
            continue
        count = 20 if isinstance(declared, dict) else declared
        x = np.asarray([math.nan if v is None else float(v) for v in reference], dtype=float)
        x = np.unique(x[abs(x) <= o.INFINITE_ABOVE], return_counts=True)
        ranges = [b for b in got.bins[name] if b.kind == "range"]
        if len(x[0]) < 2 or _nearly_tied(x[0]):
            continue
        values = np.repeat(*x)
        edges = np.quantile(values, np.arange(1, count) / count)
        # What an edge is interpolated between is what its rounding is measured by.
        slack = 1e-12 * np.maximum(
            abs(np.quantile(values, np.arange(1, count) / count, method="lower")),
            abs(np.quantile(values, np.arange(1, count) / count, method="higher")),
        )
        if len(values) == len(x[0]):
            uppers = np.asarray([b.upper for b in ranges[:-1]], dtype=float)
            if len(uppers) != len(edges) or (abs(uppers - edges) > slack).any():
                out.append(f"{name}: edges {uppers.tolist()}, wanted {edges.tolist()}")
        want = [b for b in o.learn_numeric_bins(values, count) if b.kind == "range"]
        if [b.number for b in want] != [b.number for b in ranges]:
            out.append(f"{name}: bins {[b.number for b in ranges]}, wanted {[b.number for b in want]}")
        elif [_place(b, want) for b in want] != [_place(b, ranges) for b in ranges]:
            out.append(f"{name}: groups {[b.group for b in ranges]}, wanted {[b.group for b in want]}")
        elif any(
            abs((a.upper or 0.0) - (b.upper or 0.0)) > 1e-12 * abs(a.upper or 0.0) + 1e-300
            and abs((a.upper or 0.0) - (b.upper or 0.0)) > slack.max()
            for a, b in zip(want, ranges, strict=True)
        ):
            out.append(f"{name}: edges {[b.upper for b in ranges]}, wanted {[b.upper for b in want]}")
    return out


def _nearly_tied(distinct: Floats) -> bool:
    """Two values so close that rounding decides whether two quantiles between them are one."""
    gaps = np.diff(distinct)
    return bool((gaps <= 1e-13 * np.maximum(abs(distinct[1:]), abs(distinct[:-1]))).any())


def _place(one: o.Bin, bins: Sequence[o.Bin]) -> int:
    """The first bin of the same group."""
    return next(i for i, b in enumerate(bins) if b.group == one.group)


# --------------------------------------------------------------------------------------------------------- raw values


@dataclass
class Pair:
    """One row of driftline_drift of a numeric column, and the raw values behind it."""

    row: Any
    values: Floats
    weights: Floats
    baseline_values: Floats
    baseline_weights: Floats


def pairs(rows: pd.DataFrame, declaration: Mapping[str, Any], drift: pd.DataFrame) -> Iterator[Pair]:
    """Every comparison of numeric values: NULL and NaN left out, what is over the cap infinite."""
    data = raw._Data(rows, dict(declaration), None, raw.Choices())
    grains = {(g.version, g.segment, g.value): g for g in data.grains()}
    numbers: dict[str, Floats] = {}
    for name in drift.loc[drift["column_kind"] == "numeric", "column_name"].unique():
        x = np.asarray([math.nan if v is None else float(v) for v in data.values(name)], dtype=float)
        numbers[name] = np.where(abs(x) > o.INFINITE_ABOVE, np.copysign(np.inf, x), x)
    for row in drift[(drift["column_kind"] == "numeric") & drift["ks_lower"].notna()].itertuples():
        grain = grains[row.model_version, row.segment, row.segment_value]
        start = raw.period_index(row.window_start.to_pydatetime(), data.period)
        x = numbers[row.column_name]
        window, other = (
            np.flatnonzero(side & ~np.isnan(x))
            for side in (
                grain.rows & data.span(start, row.window_periods),
                data.baseline(row.baseline, grain, start, row.window_periods),
            )
        )
        yield Pair(row, x[window], data.weight[window], x[other], data.weight[other])


def exact_ks(pair: Pair, weighted: bool) -> float:
    """The two-sample statistic on the raw values: scipy's, or the same over weighted shares."""
    if not weighted:
        with np.errstate(divide="ignore"):  # in its p-value, where a side has one row
            return float(stats.ks_2samp(pair.values, pair.baseline_values, method="asymp").statistic)
    at = np.unique(np.concatenate([pair.values, pair.baseline_values]))

    def shares(values: Floats, weights: Floats) -> Floats:
        order = np.argsort(values)
        total = np.concatenate([[0.0], np.cumsum(weights[order])])
        found: Floats = total[np.searchsorted(values[order], at, side="right")] / total[-1]
        return found

    gap = shares(pair.values, pair.weights) - shares(pair.baseline_values, pair.baseline_weights)
    return float(abs(gap).max())


def exact_wasserstein(pair: Pair) -> float | None:
    """W1 of the finite values, None where there are none: scipy's, which would overflow where values near 1e300."""
    a, b = np.isfinite(pair.values), np.isfinite(pair.baseline_values)
    if not a.any() or not b.any():
        return None
    x, y = pair.values[a], pair.baseline_values[b]
    small = max(abs(x).max(), abs(y).max()) < 1e150
    use: Callable[..., float] = stats.wasserstein_distance if small else o.wasserstein_points
    return float(use(x, y, pair.weights[a], pair.baseline_weights[b]))


def outside_bounds(rows: pd.DataFrame, declaration: Mapping[str, Any], got: Result) -> list[str]:
    """Where a bound of driftline_drift does not hold for the raw values."""
    sizes, weighted, out = sizes_of(rows, declaration), bool(declaration.get("weight")), []
    for pair in pairs(rows, declaration, got.drift):
        row = pair.row
        name = (
            f"{row.column_name}, {row.baseline}, {row.window_start:%Y-%m-%d} {row.window_periods} {row.segment_value}"
        )
        ks = exact_ks(pair, weighted)
        if not row.ks_lower - OF_ONE <= ks <= row.ks_upper + OF_ONE:
            out.append(f"{name}: KS {row.ks_lower} <= {ks} <= {row.ks_upper} does not hold")
        w1 = exact_wasserstein(pair)
        if (w1 is None) != (row.wasserstein is None or math.isnan(row.wasserstein)):
            out.append(f"{name}: Wasserstein {row.wasserstein}, on the values {w1}")
        elif w1 is not None:
            slack = max(RELATIVE * w1, OF_ONE * sizes[row.column_name])
            if not row.wasserstein_lower - slack <= w1 <= row.wasserstein_upper + slack:
                out.append(f"{name}: W1 {row.wasserstein_lower} <= {w1} <= {row.wasserstein_upper} does not hold")
    return out


def everything_wrong(rows: pd.DataFrame, name: str, declaration: Mapping[str, Any], source: Any) -> list[str]:
    """All of the above for one monitor, as lines that begin with its name."""
    told = for_oracle(name, declaration)
    got = read(source, name)
    return [
        f"{name}: {line}"
        for line in (
            *differences(rows, told, got),
            *unexplained(got),
            *wrong_bins(rows, {"top_categories": 50, **told}, got),
            *outside_bounds(rows, told, got),
        )
    ]
