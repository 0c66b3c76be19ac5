"""What the result tables must hold, computed from the raw rows.

``expected(rows, declaration)`` answers with the content of ``driftline_drift``, ``driftline_quality`` and
``driftline_business`` as pandas frames. There is no state here and no increment: every window and every baseline is cut
out of the raw rows again, which is slow, and easy to believe.

The declaration is a dict that looks like the arguments of the monitor macro:

>>> rows = pd.DataFrame({
...     "at": pd.to_datetime(["2024-01-01", "2024-01-01", "2024-01-02", "2024-01-02"]),
...     "x": [1.0, 2.0, 2.0, 3.0],
... })
>>> declaration = {
...     "monitor": "m", "timestamp": "at", "period": "day", "numeric": ["x"], "windows": [1],
...     "reference": {"start": "2024-01-01", "end": "2024-01-02"},
...     "business_metrics": {"total": {"sum": "x"}, "average": {"numerator": "x", "denominator": 1}},
... }
>>> result = expected(rows, declaration)
>>> drift = result.drift.query("baseline == 'reference'")
>>> drift[["window_start", "row_count", "baseline_row_count", "mean", "baseline_mean"]].values.tolist()[1]
[Timestamp('2024-01-02 00:00:00'), 2, 2, 2.5, 1.5]
>>> result.business.query("metric == 'average'")["value"].tolist()
[1.5, 2.5]

Differences from the macro: ``relation`` is the frame itself; a reference relation is passed as ``reference_rows``; the
expressions of business metrics are a column name, a number or a function from the frame to a column; labels must have
been joined already; the kind of prediction and label may be stated (``prediction_kind``, ``label_kind``).

NULL and NaN: in object columns ``None`` (or ``pandas.NA``) is NULL and a float nan is NaN; in float columns nan is NaN.
``to_arrow`` carries this difference into a database; pandas' own roads lose it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from oracle import oracle as o

Mask = npt.NDArray[np.bool_]
BASELINES = ("reference", "previous", "trailing", "seasonal")
DEFAULT_WINDOWS = {"hour": [1, 24], "day": [1, 7, 28], "week": [1, 4], "month": [1, 3]}
DEFAULT_TRAILING = {"hour": 168, "day": 28, "week": 4, "month": 3}
DEFAULT_SEASON = {"hour": 168, "day": 7, "week": 52, "month": 12}
GRAIN = ["monitor", "model_version", "segment", "segment_value", "window_periods", "window_start", "window_end"]
TOTAL = "all"
NAN = float("nan")


@dataclass(frozen=True)
class Choices:
    """Where the contract leaves room, the reading is a switch here, so that a decision is one line to follow.

    partial_previous: the previous and the seasonal window may begin before the monitor's first period.
    null_name: what a NULL version or segment value is called.
    full_cross: also emit combinations of version and segment value that never occur in the data.
    reference_less_window: business reference values and reference rates leave the window's own rows out, too.
    min_noise_rows: reference windows with fewer rows are not used for a noise floor.
    """

    partial_previous: bool = False
    null_name: str = "null"
    full_cross: bool = False
    reference_less_window: bool = True
    min_noise_rows: int = 1


@dataclass
class Expected:
    drift: pd.DataFrame
    quality: pd.DataFrame
    business: pd.DataFrame
    bins: dict[str, list[o.Bin]] = field(default_factory=dict)


# ------------------------------------------------------------------------------------------------------------ calendar


def period_index(moment: datetime, period: str) -> int:
    """Running number of the period that holds a (local) moment. Weeks start on Monday.

    >>> [period_index(datetime(1970, 1, d), "week") for d in (4, 5, 11, 12)]
    [-1, 0, 0, 1]
    """
    if period == "hour":
        return (moment - datetime(1970, 1, 1)) // timedelta(hours=1)
    if period == "day":
        return (moment - datetime(1970, 1, 1)).days
    if period == "week":
        return (moment - datetime(1970, 1, 5)).days // 7
    if period == "month":
        return (moment.year - 1970) * 12 + moment.month - 1
    raise ValueError(f"no such period: {period}")


def period_start(index: int, period: str) -> datetime:
    """The inverse of ``period_index``.

    >>> period_start(-1, "month")
    datetime.datetime(1969, 12, 1, 0, 0)
    """
    if period == "hour":
        return datetime(1970, 1, 1) + timedelta(hours=index)
    if period == "day":
        return datetime(1970, 1, 1) + timedelta(days=index)
    if period == "week":
        return datetime(1970, 1, 5) + timedelta(weeks=index)
    return datetime(1970 + index // 12, index % 12 + 1, 1)


def local(moment: Any, timezone: str, period: str) -> datetime | None:
    """A timestamp as local wall clock. One without a zone is taken as UTC; hours always stay UTC."""
    if moment is None or pd.isna(moment):
        return None
    stamp = pd.Timestamp(moment)
    zone = "UTC" if period == "hour" else timezone
    if stamp.tzinfo is None:
        stamp = stamp.tz_localize("UTC")
    return stamp.tz_convert(ZoneInfo(zone)).tz_localize(None).to_pydatetime(warn=False)


# --------------------------------------------------------------------------------------------------------------- cells


def cells(column: pd.Series) -> list[Any]:
    """Plain Python values; NULL is None, NaN stays a float nan."""
    if column.dtype == object:
        return [None if v is None or v is pd.NA or v is pd.NaT else v for v in column.tolist()]
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "fiub":
        return column.tolist()
    return [None if pd.isna(v) else v for v in column.tolist()]


def category_text(value: Any) -> str | None:
    """How a category reads as text: true and false for booleans, digits for whole numbers."""
    if value is None:
        return None
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    return str(value)


def to_arrow(rows: pd.DataFrame) -> Any:
    """An Arrow table in which None is NULL and nan is NaN, whatever the column's dtype."""
    import pyarrow as pa

    arrays = {}
    for name in rows.columns:
        values = cells(rows[name])
        if any(isinstance(v, pd.Timestamp) for v in values):
            values = [None if v is None else v.to_pydatetime(warn=False) for v in values]
            arrays[name] = pa.array(values, type=pa.timestamp("us"))
        elif any(isinstance(v, float) for v in values):
            arrays[name] = pa.array([None if v is None else float(v) for v in values], type=pa.float64())
        elif all(v is None for v in values):
            kind = pa.string() if rows.attrs.get("text") and name in rows.attrs["text"] else pa.float64()
            arrays[name] = pa.nulls(len(values), kind)
        else:
            arrays[name] = pa.array(values, from_pandas=False)
    return pa.table(arrays)


def _expression(rows: pd.DataFrame, expression: Any) -> list[float | None]:
    if callable(expression):
        values = cells(pd.Series(expression(rows)))
    elif isinstance(expression, str) and expression in rows.columns:
        values = cells(rows[expression])
    else:
        values = [float(expression)] * len(rows)
    return [None if v is None else float(v) for v in values]


# ------------------------------------------------------------------------------------------------------------ columns


@dataclass
class Column:
    name: str
    role: str
    kind: str
    bins: list[o.Bin]
    position: npt.NDArray[np.int64]
    x: o.Floats | None  # numeric: values, NULL as nan
    reference_min: float = math.inf
    reference_max: float = -math.inf


def declared_columns(declaration: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(name, role, kind) of every column of the declaration."""
    out = [(c, "feature", "numeric") for c in declaration.get("numeric", [])]
    out += [(c, "feature", "categorical") for c in declaration.get("categorical", [])]
    task = declaration.get("task", "none")
    prediction = declaration.get("prediction")
    if isinstance(prediction, dict):
        out += [(c, "prediction", "numeric") for c in prediction.values()]
    elif prediction:
        default = "categorical" if task == "multiclass" else "numeric"
        out.append((prediction, "prediction", declaration.get("prediction_kind", default)))
    if declaration.get("label"):
        default = "numeric" if task in ("binary", "regression") else "categorical"
        out.append((declaration["label"], "label", declaration.get("label_kind", default)))
    return out


def bins_from_rows(rows: pd.DataFrame) -> list[o.Bin]:
    """The frozen bins of one column, from its rows of ``driftline_bins`` (moments left out), in order."""

    def number(value: Any) -> float | None:
        return None if value is None or pd.isna(value) else float(value)

    rows = rows[rows["bin_kind"] != "moments"].sort_values("bin")
    return [
        o.Bin(
            int(r.bin),
            r.bin_kind,
            None if r.bin_kind != "category" else r.bin_label,
            number(r.bin_lower),
            number(r.bin_upper),
            int(r.bin) if pd.isna(r.bin_group) else int(r.bin_group),
        )
        for r in rows.itertuples()
    ]


# ------------------------------------------------------------------------------------------------------------ the data


class _Data:
    """The rows of the relation and of the reference, with everything that windows are cut by."""

    def __init__(
        self, rows: pd.DataFrame, declaration: dict[str, Any], reference_rows: pd.DataFrame | None, choices: Choices
    ) -> None:
        self.d, self.choices = declaration, choices
        self.period: str = declaration.get("period", "day")
        zone: str = declaration.get("timezone", "UTC")
        self.own_reference = reference_rows is not None
        frames = [rows] if reference_rows is None else [rows, reference_rows]
        count = [len(f) for f in frames]
        self.from_reference = np.repeat([False, True], [count[0], count[1] if self.own_reference else 0])
        stamp = declaration["timestamp"]
        moments = [
            local(v, zone, self.period) for f in frames for v in (cells(f[stamp]) if stamp in f else [None] * len(f))
        ]
        self.index = np.asarray([-(10**9) if t is None else period_index(t, self.period) for t in moments], dtype=int)
        self.timed: Mask = np.asarray([t is not None for t in moments], dtype=bool)
        if self.own_reference:
            self.in_reference: Mask = self.from_reference.copy()
            self.reference_span: tuple[datetime, datetime] | None = None
        else:
            span = declaration["reference"]
            start, end = pd.Timestamp(span["start"]).to_pydatetime(), pd.Timestamp(span["end"]).to_pydatetime()
            self.reference_span = (start, end)
            self.in_reference = np.asarray([t is not None and start <= t < end for t in moments], dtype=bool)
        self.frames = frames
        self.weight = self._floats(declaration["weight"]) if declaration.get("weight") else np.ones(len(moments))
        self.weighted = bool(declaration.get("weight"))
        self.keep: Mask = self.timed | self.from_reference
        live = self.timed & ~self.from_reference
        self.first = int(self.index[live].min()) if live.any() else 0
        self.last = int(self.index[live].max()) if live.any() else -1

    def values(self, name: str) -> list[Any]:
        return [v for f in self.frames for v in (cells(f[name]) if name in f else [None] * len(f))]

    def _floats(self, name: str) -> o.Floats:
        return np.asarray([NAN if v is None else float(v) for v in self.values(name)], dtype=float)

    def expression(self, expression: Any) -> list[float | None]:
        return [v for f in self.frames for v in _expression(f, expression)]

    def names(self, column: str) -> npt.NDArray[Any]:
        texts = [category_text(v) for v in self.values(column)]
        return np.asarray([self.choices.null_name if t is None else t for t in texts], dtype=object)

    # windows -----------------------------------------------------------------------------------------------------

    def windows(self) -> Iterator[tuple[int, int]]:
        """(first period, length) of every window."""
        for length in self.d.get("windows", DEFAULT_WINDOWS[self.period]):
            for end in range(self.first + length - 1, self.last + 1):
                yield end - length + 1, length

    def span(self, start: int, length: int) -> Mask:
        inside: Mask = self.timed & ~self.from_reference & (self.index >= start) & (self.index < start + length)
        return inside

    def reference(self, start: int, length: int) -> Mask:
        """The reference without the rows of the window."""
        return self.in_reference & ~self.span(start, length)

    def baseline(self, name: str, start: int, length: int) -> Mask | None:
        """Rows of a baseline, over all versions and segments; None where there is no such window."""
        if name == "reference":
            return self.reference(start, length)
        if name == "trailing":
            t = self.trailing
            return self.span(start - t, t)
        begin = start - (length if name == "previous" else self.season_shift(length))
        if begin < self.first and not self.choices.partial_previous:
            return None
        return self.span(begin, length)

    @property
    def trailing(self) -> int:
        return int(self.d.get("trailing_periods", DEFAULT_TRAILING[self.period]))

    def season_shift(self, length: int) -> int:
        season = int(self.d.get("season", DEFAULT_SEASON[self.period]))
        return season * math.ceil(length / season)

    def noise_windows(self, length: int) -> Iterator[tuple[Mask, Mask]]:
        """Each window that lies fully in the reference, with the rest of the reference."""
        if self.own_reference:
            own = self.from_reference & self.timed
            if not own.any():
                return
            first, last = int(self.index[own].min()), int(self.index[own].max())
            for start in range(first, last - length + 2):
                inside = own & (self.index >= start) & (self.index < start + length)
                yield inside, self.in_reference & ~inside
            return
        assert self.reference_span is not None
        low, high = self.reference_span
        for start in range(self.first, self.last - length + 2):
            if period_start(start, self.period) >= low and period_start(start + length, self.period) <= high:
                yield self.span(start, length), self.reference(start, length)

    # grain -------------------------------------------------------------------------------------------------------

    def grains(self) -> Iterator[tuple[str, str, str, Mask, str, Mask]]:
        """version, segment, segment value, rows; and version and rows that serve as reference."""
        everything: Mask = self.keep
        version_of = self.names(self.d["model_version"]) if self.d.get("model_version") else None
        versions: list[tuple[str, Mask]] = [(TOTAL, everything)]
        if version_of is not None:
            versions += [(v, everything & (version_of == v)) for v in sorted(set(version_of[everything]))]
        segments: list[tuple[str, str, Mask]] = [(TOTAL, TOTAL, everything)]
        for name in self.d.get("segments", []):
            value_of = self.names(name)
            segments += [(name, v, everything & (value_of == v)) for v in sorted(set(value_of[everything]))]
        for version, version_rows in versions:
            has_own = bool((version_rows & self.in_reference).any())
            base_version, base_rows = (version, version_rows) if has_own else (TOTAL, everything)
            for segment, value, segment_rows in segments:
                mine = version_rows & segment_rows
                if (mine & ~self.from_reference).any() or self.choices.full_cross or segment == version == TOTAL:
                    yield version, segment, value, mine, base_version, base_rows & segment_rows

    def stamp(self, version: str, segment: str, value: str, start: int, length: int) -> dict[str, Any]:
        return {
            "monitor": self.d.get("monitor", "monitor"),
            "model_version": version,
            "segment": segment,
            "segment_value": value,
            "window_periods": length,
            "window_start": pd.Timestamp(period_start(start, self.period)),
            "window_end": pd.Timestamp(period_start(start + length, self.period)),
        }

    # columns -----------------------------------------------------------------------------------------------------

    def column(self, name: str, role: str, kind: str, frozen: list[o.Bin] | None) -> Column:
        values = self.values(name)
        if kind == "categorical":
            texts = [category_text(v) for v in values]
            reference = [t for t, r in zip(texts, self.in_reference, strict=True) if r]
            bins = frozen or o.learn_categorical_bins(reference, self.d.get("top_categories", 50))
            known = {t for t in reference if t is not None}
            return Column(name, role, kind, bins, o.assign_categorical(texts, bins, known), None)
        numbers = [None if v is None else float(v) for v in values]
        x = np.asarray([NAN if v is None else v for v in numbers], dtype=float)
        declared = self.d.get("bins", 20)
        own = declared.get(name) if isinstance(declared, dict) else None
        if frozen:
            bins = frozen
        elif own is not None:
            bins = o.own_numeric_bins(own)
        else:
            bins = o.learn_numeric_bins(x[self.in_reference], 20 if isinstance(declared, dict) else declared)
        column = Column(name, role, kind, bins, o.assign_numeric(numbers, bins), x)
        finite = x[self.in_reference & (abs(x) <= o.INFINITE_ABOVE)]
        if len(finite):
            column.reference_min, column.reference_max = float(finite.min()), float(finite.max())
        return column

    def side(self, column: Column, rows: Mask) -> o.Side:
        x = None if column.x is None else column.x[rows]
        return o.side_from_rows(column.position[rows], column.bins, self.weight[rows], x)


# ------------------------------------------------------------------------------------------------------------- tables


def expected(
    rows: pd.DataFrame,
    declaration: dict[str, Any],
    reference_rows: pd.DataFrame | None = None,
    bins: dict[str, list[o.Bin]] | None = None,
    choices: Choices | None = None,
) -> Expected:
    """The three result tables. ``bins``: frozen bins by column name, in place of those learnt here."""
    data = _Data(rows, declaration, reference_rows, choices or Choices())
    columns = [data.column(*c, (bins or {}).get(c[0])) for c in declared_columns(declaration)]
    return Expected(
        pd.DataFrame(list(_drift(data, columns))),
        pd.DataFrame(list(_quality(data, columns))),
        pd.DataFrame(list(_business(data))),
        {c.name: c.bins for c in columns},
    )


def _drift(data: _Data, columns: list[Column]) -> Iterator[dict[str, Any]]:
    alpha = data.d.get("alpha", 0.001)
    for version, segment, value, mine, base_version, base in data.grains():
        for column in columns:
            floors: dict[int, tuple[float, float]] = {}
            for start, length in data.windows():
                if length not in floors:
                    floors[length] = noise_floors(data, column, base, length, alpha)
                window = data.side(column, mine & data.span(start, length))
                for name in BASELINES:
                    rows = data.baseline(name, start, length)
                    scope = base if name == "reference" else mine
                    nothing = np.zeros(len(mine), dtype=bool)
                    other = data.side(column, nothing if rows is None else scope & rows)
                    measures = o.compare(other, window, column.bins, alpha)
                    yield {
                        **data.stamp(version, segment, value, start, length),
                        "column_name": column.name,
                        "column_role": column.role,
                        "column_kind": column.kind,
                        "baseline": name,
                        "baseline_model_version": base_version if name == "reference" else version,
                        **measures,
                        "noise_floor": floors[length][0],
                        "ks_noise_floor": floors[length][1],
                    }


def noise_floors(data: _Data, column: Column, base: Mask, length: int, alpha: float = 0.001) -> tuple[float, float]:
    """Largest psi and ks_lower of the reference's own windows, each against the rest of the reference."""
    psi, ks = [], []
    for inside, rest in data.noise_windows(length):
        a, b = data.side(column, base & rest), data.side(column, base & inside)
        if b.rows < data.choices.min_noise_rows or a.rows == 0:
            continue
        measures = o.compare(a, b, column.bins, alpha)
        psi.append(measures["psi"])
        ks.append(measures["ks_lower"])
    return _largest(psi), _largest(ks)


def _largest(values: list[float]) -> float:
    known = [v for v in values if v == v]
    return max(known) if known else NAN


def _rates(data: _Data, column: Column, rows: Mask) -> dict[str, float]:
    w = data.weight[rows]
    total = float(w.sum())
    kinds = np.asarray([b.kind for b in column.bins], dtype=object)[column.position[rows]]

    def rate(*wanted: str) -> float:
        return float(w[np.isin(kinds, wanted)].sum() / total) if total > 0 else NAN

    numeric = column.kind == "numeric"
    out = {
        "null_rate": rate("null"),
        "nan_rate": rate("nan") if numeric else NAN,
        "infinite_rate": rate("negative_infinity", "positive_infinity") if numeric else NAN,
        "unseen_rate": NAN if numeric else rate("unseen"),
        "out_of_range_rate": NAN,
        "mean": NAN,
        "stddev": NAN,
        "minimum": NAN,
        "maximum": NAN,
    }
    if not numeric or total <= 0:
        return out
    assert column.x is not None
    finite = kinds == "range"
    x, wx = column.x[rows][finite], w[finite]
    if column.reference_min <= column.reference_max:
        outside = (x < column.reference_min) | (x > column.reference_max)
        out["out_of_range_rate"] = float(wx[outside].sum() / total)
    if len(x):
        weight = math.fsum(wx)
        mean = math.fsum(wx / weight * x)
        out["mean"], out["minimum"], out["maximum"] = mean, float(x.min()), float(x.max())
        if weight > 1 and (data.weighted or len(x) > 1):
            scale = float(abs(x - mean).max())
            squares = math.fsum(wx * ((x - mean) / scale) ** 2) if scale > 0 else 0.0
            out["stddev"] = scale * math.sqrt(squares / (weight - 1))
    return out


def _quality(data: _Data, columns: list[Column]) -> Iterator[dict[str, Any]]:
    for version, segment, value, mine, _, base in data.grains():
        for column in columns:
            for start, length in data.windows():
                rows = mine & data.span(start, length)
                less = data.choices.reference_less_window
                baseline = base & (data.reference(start, length) if less else data.in_reference)
                reference = _rates(data, column, baseline)
                kept = ("null_rate", "nan_rate", "infinite_rate", "out_of_range_rate")
                yield {
                    **data.stamp(version, segment, value, start, length),
                    "column_name": column.name,
                    "column_role": column.role,
                    "column_kind": column.kind,
                    "row_count": int(rows.sum()),
                    **_rates(data, column, rows),
                    **{f"reference_{k}": reference[k] for k in kept},
                    "reference_row_count": int(baseline.sum()),
                }


@dataclass
class _Metric:
    name: str
    numerator: list[float | None]
    denominator: list[float | None] | None

    def parts(self, data: _Data, rows: Mask) -> tuple[float, float]:
        picked = np.flatnonzero(rows)
        return self._total(data, picked, self.numerator), self._total(data, picked, self.denominator)

    @staticmethod
    def _total(data: _Data, picked: npt.NDArray[np.int64], values: list[float | None] | None) -> float:
        if values is None:
            return NAN
        terms = [data.weight[i] * v for i in picked if (v := values[i]) is not None]
        return math.fsum(terms) if terms else NAN

    def value(self, data: _Data, rows: Mask) -> float:
        top, bottom = self.parts(data, rows)
        if self.denominator is None:
            return top
        return top / bottom if bottom == bottom and bottom != 0 else NAN


def _metrics(data: _Data) -> list[_Metric]:
    out = []
    for name, spec in data.d.get("business_metrics", {}).items():
        if "sum" in spec:
            out.append(_Metric(name, data.expression(spec["sum"]), None))
        else:
            out.append(_Metric(name, data.expression(spec["numerator"]), data.expression(spec["denominator"])))
    return out


def _change(value: float, other: float) -> float:
    return value / other - 1 if other == other and other != 0 else NAN


def _business(data: _Data) -> Iterator[dict[str, Any]]:
    for version, segment, name_of, mine, _, base in data.grains():
        for metric in _metrics(data):
            seen: dict[tuple[int, int], float] = {}

            def value_at(
                start: int,
                length: int,
                mine: Mask = mine,
                metric: _Metric = metric,
                seen: dict[tuple[int, int], float] = seen,
            ) -> float:
                if start < data.first and not data.choices.partial_previous:
                    return NAN
                if (start, length) not in seen:
                    seen[start, length] = metric.value(data, mine & data.span(start, length))
                return seen[start, length]

            for start, length in data.windows():
                rows = mine & data.span(start, length)
                value = value_at(start, length)
                numerator, denominator = metric.parts(data, rows)
                previous, seasonal = (
                    value_at(start - length, length),
                    value_at(start - data.season_shift(length), length),
                )
                less = data.choices.reference_less_window
                reference_rows = base & (data.reference(start, length) if less else data.in_reference)
                reference = metric.value(data, reference_rows)
                if metric.denominator is None:
                    periods = len(set(data.index[reference_rows & data.timed].tolist()))
                    reference = reference / periods * length if periods else NAN
                many = max(8, math.ceil(data.trailing / length))
                past = [value_at(start - k * length, length) for k in range(1, many + 1)]
                past = [v for v in past if v == v]
                mean = math.fsum(past) / len(past) if past else NAN
                stddev = float(np.std(past, ddof=1)) if len(past) >= 5 else NAN
                yield {
                    **data.stamp(version, segment, name_of, start, length),
                    "metric": metric.name,
                    "row_count": int(rows.sum()),
                    "value": value,
                    "numerator": numerator,
                    "denominator": denominator,
                    "previous_value": previous,
                    "reference_value": reference,
                    "trailing_mean": mean,
                    "trailing_stddev": stddev,
                    "trailing_count": len(past),
                    "change_previous": _change(value, previous),
                    "change_reference": _change(value, reference),
                    "z_score": (value - mean) / stddev if stddev == stddev and stddev > 0 else NAN,
                    "seasonal_value": seasonal,
                    "change_seasonal": _change(value, seasonal),
                }


# --------------------------------------------------------------------------------------------------------- comparison

DRIFT_KEY = [*GRAIN, "column_name", "column_role", "baseline"]
QUALITY_KEY = [*GRAIN, "column_name", "column_role"]
BUSINESS_KEY = [*GRAIN, "metric"]
# Columns in the unit of the values: rounding is measured against the largest value, not against the result.
VALUE_UNIT = frozenset(
    ["mean", "baseline_mean", "wasserstein", "wasserstein_lower", "wasserstein_upper", "stddev", "minimum", "maximum"]
)
# Square roots of small differences: near zero half of the digits are gone.
ROOTS = frozenset(["js_distance", "hellinger", "cramers_v"])


def differences(
    want: pd.DataFrame,
    got: pd.DataFrame,
    key: Sequence[str],
    *,
    relative: float = 1e-9,
    absolute: float = 1e-12,
    scale: dict[str, float] | None = None,
    skip: Sequence[str] = (),
    only: Callable[[pd.Series], bool] | None = None,
) -> list[str]:
    """Every place where two result tables differ, as readable lines; none means equal.

    ``scale``: largest absolute value by column name. Columns that ``got`` does not have are reported.

    >>> a = pd.DataFrame({"k": [1, 2], "v": [1.0, None]})
    >>> differences(a, pd.DataFrame({"k": [1, 2], "v": [1.5, None]}), ["k"])
    ['v at k=1: wanted 1.0, got 1.5']
    """
    out = [f"no column {c}" for c in want.columns if c not in got.columns and c not in skip]
    shared = [c for c in want.columns if c in got.columns and c not in key and c not in skip]
    left = {tuple(r[k] for k in key): r for r in want.to_dict("records")}
    right = {tuple(r[k] for k in key): r for r in got.to_dict("records")}
    if len(right) != len(got):
        out.append("the key is not unique")

    def name(at: tuple[Any, ...]) -> str:
        return ", ".join(f"{k}={v}" for k, v in zip(key, at, strict=True))

    out += [f"missing row {name(at)}" for at in left if at not in right]
    out += [f"unexpected row {name(at)}" for at in right if at not in left]
    for at, row in left.items():
        if at not in right or (only is not None and not only(pd.Series(row))):
            continue
        size = (scale or {}).get(row.get("column_name", ""), 0.0)
        for c in shared:
            a, b = row[c], right[at][c]
            if isinstance(a, str) or isinstance(b, str):
                same = a == b
            elif pd.isna(a) or pd.isna(b):
                same = bool(pd.isna(a) and pd.isna(b))
            else:
                allowed = 3e-8 if c in ROOTS else absolute
                if c in VALUE_UNIT:
                    allowed = max(absolute if size == 0 else 0.0, 1e-13 * size)
                same = abs(float(a) - float(b)) <= max(relative * abs(float(a)), allowed)
            if not same:
                out.append(f"{c} at {name(at)}: wanted {a}, got {b}")
    return out


def scales(rows: pd.DataFrame, columns: Sequence[str]) -> dict[str, float]:
    """The largest finite absolute value of each numeric column."""
    out = {}
    for c in columns:
        x = np.asarray([NAN if v is None else float(v) for v in cells(rows[c])], dtype=float)
        x = abs(x[np.isfinite(x) & (abs(x) <= o.INFINITE_ABOVE)])
        out[c] = float(x.max()) if len(x) else 0.0
    return out
