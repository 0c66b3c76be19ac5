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
been joined already; the kind of prediction and label may be stated (``prediction_kind``, ``label_kind``); ``now`` is the
clock (UTC), without which the last row tells the time.

NULL and NaN: in object columns ``None`` (or ``pandas.NA``) is NULL and a float nan is NaN; in float columns nan is NaN.
``to_arrow`` carries this difference into a database; pandas' own roads lose it.
"""

from __future__ import annotations

import bisect
import functools
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from oracle import oracle as o

Mask = npt.NDArray[np.bool_]
BASELINES = ("reference", "previous", "trailing", "seasonal")
DEFAULT_WINDOWS = {"hour": [1, 24, 168], "day": [1, 7, 28], "week": [1, 4, 13], "month": [1, 3, 12]}
DEFAULT_TRAILING = {"hour": 168, "day": 28, "week": 13, "month": 12}
DEFAULT_SEASON = {"hour": 168, "day": 7, "week": 52, "month": 12}
GRAIN = ["monitor", "model_version", "segment", "segment_value", "window_periods", "window_start", "window_end"]
TOTAL = "all"
# Fewer rows of a version's own are no reference for it where all versions' are more.
LEAST_REFERENCE_ROWS = 100
# Every measure that has a noise floor, and what the floor is called.
FLOORS = {"psi": "noise_floor", "ks_lower": "ks_noise_floor"} | {
    m: f"{m}_noise_floor"
    for m in ("js_distance", "hellinger", "total_variation", "l_infinity", "wasserstein", "cramers_v")
}
# Measures whose noise is judged, and the name it goes by.
NOISES = {"psi": "psi", "psi_seen": "psi_seen", "ks_lower": "ks", "mean": "mean"} | {
    m: m for m in ("js_distance", "hellinger", "total_variation", "l_infinity", "wasserstein", "cramers_v")
}
SQUARE_LIMIT = 1e145  # a deviation beyond this has no square that could be summed
SQUARE_ZERO = 1e-150  # and one within this has none that is not zero
NAN = float("nan")


@dataclass(frozen=True)
class Choices:
    """Where the contract leaves room, the reading is a switch here, so that a decision is one line to follow.

    partial_previous: the previous and the seasonal window may begin before the monitor's first period.
    null_name: what a NULL version or segment value is called.
    full_cross: also emit combinations of version and segment value that never occur in the data.
    reference_less_window: business reference values and reference rates leave the window's own rows out, too.
    min_noise_rows: reference windows with fewer rows are not used for a noise floor.
    min_noise_windows: with fewer reference windows there is no noise floor.
    borrowed_sums: a business sum of a version without reference rows has the reference value of all versions.
    """

    partial_previous: bool = False
    null_name: str = "(null)"
    full_cross: bool = False
    reference_less_window: bool = True
    min_noise_rows: int = 1
    min_noise_windows: int = 2
    borrowed_sums: bool = False


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


def _ends(span: Mapping[str, Any], zone: str, period: str) -> tuple[datetime, datetime]:
    """A declared span by the clock of the periods, which for hours is UTC."""
    moments = [pd.Timestamp(span[end]) for end in ("start", "end")]
    if period == "hour":
        moments = [m.tz_localize(ZoneInfo(zone)).tz_convert("UTC").tz_localize(None) for m in moments]
    return moments[0].to_pydatetime(warn=False), moments[1].to_pydatetime(warn=False)


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
    centre: float = 0.0  # deviations are taken from here
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
        default = "numeric" if task == "regression" else "categorical"
        out.append((declaration["label"], "label", declaration.get("label_kind", default)))
    return out


def bins_from_rows(rows: pd.DataFrame) -> list[o.Bin]:
    """The frozen bins of one column, from its rows of ``driftline_bins``, and the bins that need no learning.

    Where a numeric column had nothing to learn from, all its finite values share the last bin.
    """

    def number(value: Any) -> float | None:
        return None if value is None or pd.isna(value) else float(value)

    learnt = [
        o.Bin(
            int(r.bin),
            r.bin_kind,
            None if r.bin_kind != "category" else r.bin_label,
            number(r.bin_lower),
            number(r.bin_upper),
            int(r.bin) if pd.isna(r.bin_group) else int(r.bin_group),
        )
        for r in rows[rows["bin_kind"].isin(["range", "category"])].sort_values("bin").itertuples()
    ]
    if (rows["column_kind"] == "categorical").all():
        ends = o.learn_categorical_bins([])
        return [ends[0], *learnt, *ends[1:]]
    open_ended = [b for b in learnt if b.upper is None]
    learnt = [b for b in learnt if b.upper is not None] + open_ended[-1:]
    plain = o.learn_numeric_bins([])
    return [*plain[:3], *(learnt or [plain[3]]), plain[4]]


# ------------------------------------------------------------------------------------------------------------ the data


@dataclass(frozen=True)
class Grain:
    """One combination of version and segment value: its rows, and the version and the rows that are its reference."""

    version: str
    segment: str
    value: str
    rows: Mask
    base_version: str
    base: Mask


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
            self.excluded: list[tuple[datetime, datetime]] = []
        else:
            span = declaration["reference"]
            start, end = self.reference_span = _ends(span, zone, self.period)
            self.excluded = [_ends(without, zone, self.period) for without in span.get("exclude", [])]
            self.in_reference = np.asarray([
                t is not None and start <= t < end and not any(a <= t < b for a, b in self.excluded) for t in moments
            ], dtype=bool)  # fmt: skip
        self.frames = frames
        self.weight = self._floats(declaration["weight"]) if declaration.get("weight") else np.ones(len(moments))
        self.weighted = bool(declaration.get("weight"))
        self.keep: Mask = self.timed | self.from_reference
        live = self.timed & ~self.from_reference
        self.first = int(self.index[live].min()) if live.any() else 0
        self.last = int(self.index[live].max()) if live.any() else -1
        # Windows run to the newest period that has ended by the clock, but not further than one can still look back.
        clock = local(pd.Timestamp(declaration["now"]), zone, self.period) if declaration.get("now") else None
        ended = self.last if clock is None else period_index(clock, self.period) - 1
        self.newest = max(self.last, min(ended, self.last + self.reach))
        self._periods: dict[tuple[str, str, str], list[int]] = {}

    def values(self, name: str) -> list[Any]:
        return [v for f in self.frames for v in (cells(f[name]) if name in f else [None] * len(f))]

    def _floats(self, name: str) -> o.Floats:
        return np.asarray([NAN if v is None else float(v) for v in self.values(name)], dtype=float)

    def expression(self, expression: Any) -> list[float | None]:
        return [v for f in self.frames for v in _expression(f, expression)]

    def names(self, column: str) -> npt.NDArray[Any]:
        texts = [category_text(v) for v in self.values(column)]
        # What is really called as the total, or as NULL is, gets a pair of brackets more.
        taken = re.compile(rf"{TOTAL}|\(+({TOTAL}|null)\)+")
        named = [self.choices.null_name if t is None else f"({t})" if taken.fullmatch(t) else t for t in texts]
        return np.asarray(named, dtype=object)

    # windows -----------------------------------------------------------------------------------------------------

    @property
    def lengths(self) -> list[int]:
        found: list[int] = self.d.get("windows", DEFAULT_WINDOWS[self.period])
        return found

    @property
    def reach(self) -> int:
        """How many periods before its last one a window and its baselines look at, at most."""
        return max(n + max(n, self.trailing, self.season_shift(n)) for n in self.lengths)

    def is_detailed(self, grain: Grain) -> bool:
        """Totals get every window length and baseline, versions and segments where the monitor asks for it."""
        given = self.d.get("detail", "total")
        detail = {given} if isinstance(given, str) else set(given)
        whole_version, whole_segment = grain.version == TOTAL, grain.segment == TOTAL
        return (
            (whole_version and whole_segment)
            or "all" in detail
            or ("versions" in detail and whole_segment)
            or ("segments" in detail and whole_version)
        )

    def is_shown(self, version: str, segment: str) -> bool:
        """A version within a segment value has windows only where the monitor asks for them."""
        given = self.d.get("detail", "total")
        detail = {given} if isinstance(given, str) else set(given)
        return TOTAL in (version, segment) or bool(detail & {"crosses", "all"})

    def lengths_of(self, grain: Grain) -> list[int]:
        return self.lengths if self.is_detailed(grain) else self.judged_lengths

    def baselines_of(self, grain: Grain) -> Sequence[str]:
        return BASELINES if self.is_detailed(grain) else BASELINES[:1]

    @functools.cached_property
    def judged_lengths(self) -> list[int]:
        """The shortest windows that are judged: those whose windows have 100 rows more often than not, in the reference
        or else among the first 28; where none have, the longest. Likewise of labelled rows, where some length has them.
        """
        live = self.timed & ~self.from_reference
        found = {self._shortest(live) or max(self.lengths)}
        if self.d.get("label") and self.d.get("task", "none") != "none":
            labels = np.asarray([v is not None and v == v for v in self.values(self.d["label"])])
            found.add(self._shortest(live & labels) or min(found))
        return sorted(found)

    def _shortest(self, counted: Mask) -> int | None:
        clock = (
            local(pd.Timestamp(self.d["now"]), self.d.get("timezone", "UTC"), self.period) if "now" in self.d else None
        )
        ended = self.last if clock is None else period_index(clock, self.period) - 1
        usual: dict[int, list[int]] = {}
        of_reference: dict[int, list[int]] = {}
        for length in self.lengths:
            for end in range(self.first + length - 1, min(self.newest, ended) + 1):
                start = end - length + 1
                rows = int((counted & self.span(start, length)).sum())
                if not rows:
                    continue
                usual.setdefault(length, []).append(rows)
                span = self.reference_span
                if (
                    span
                    and span[0] <= period_start(start, self.period)
                    and period_start(end + 1, self.period) <= span[1]
                    and not self.touches_excluded(start, length)
                ):
                    of_reference.setdefault(length, []).append(rows)
        telling = {length: of_reference.get(length) or rows[:28] for length, rows in usual.items()}
        enough = [n for n, rows in telling.items() if 2 * sum(r >= 100 for r in rows) >= len(rows)]
        return min(enough) if enough else None

    def windows(self, grain: Grain) -> Iterator[tuple[int, int]]:
        """(first period, length) of every window: it begins in the monitor's time, and ends between the grain's first
        row and the monitor's newest period, but not where the last row before lies further back than one can look.
        """
        own = self.periods_of(grain)
        ends = sorted({e for i in own for e in range(i, min(self.newest, i + self.reach) + 1)})
        for length in self.lengths_of(grain):
            for end in ends:
                if end - length + 1 >= self.first:
                    yield end - length + 1, length

    def known_since(self, grain: Grain, end: int) -> int | None:
        """The first period from which on a grain's rows, or that it has none, are known without a silence longer than
        one can look back, up to the period ``end``. None where ``end`` itself lies before that, or in such a silence.
        """
        own = self.periods_of(grain)
        own = own[: bisect.bisect_right(own, end)]
        if not own or end - own[-1] > self.reach:
            return None
        since = own[-1]
        for before in reversed(own):
            if since - before > self.reach + 1:
                break
            since = before
        return int(since)

    def periods_of(self, grain: Grain) -> list[int]:
        """Those in which a grain has rows."""
        key = (grain.version, grain.segment, grain.value)
        if key not in self._periods:
            self._periods[key] = np.unique(self.index[grain.rows & self.timed & ~self.from_reference]).tolist()
        return self._periods[key]

    def span(self, start: int, length: int) -> Mask:
        inside: Mask = self.timed & ~self.from_reference & (self.index >= start) & (self.index < start + length)
        return inside

    def reference(self, grain: Grain, start: int, length: int) -> Mask:
        """The reference without the rows of the window."""
        return grain.base & self.in_reference & ~(grain.rows & self.span(start, length))

    def baseline(self, name: str, grain: Grain, start: int, length: int, column: str = "") -> Mask:
        """The rows of a baseline; none where there is no such window, or a quarter of its periods leaves."""
        if name == "reference":
            return self.reference(grain, start, length)
        if name == "trailing":
            t = self.trailing
            return grain.rows & self.span(start - t, t) & ~np.isin(self.index, self.leaving(column, start - t, t))
        begin = start - (length if name == "previous" else self.season_shift(length))
        if begin < self.first and not self.choices.partial_previous:
            return np.zeros(len(self.index), dtype=bool)
        if 4 * len(self.leaving(column, begin, length)) >= length:
            return np.zeros(len(self.index), dtype=bool)
        return grain.rows & self.span(begin, length)

    def leaving(self, column: str, start: int, length: int) -> list[int]:
        """The periods that an event keeps out of what drift of a column is held against."""
        calendar = _Calendar(
            self.period, [e for e in self.d.get("events", []) if e.get("moves") in (None, "drift", column)]
        )
        return [i for i in range(start, start + length) if calendar.leaves(i, 1)] if calendar.events else []

    @property
    def trailing(self) -> int:
        return int(self.d.get("trailing_periods", DEFAULT_TRAILING[self.period]))

    def season_shift(self, length: int) -> int:
        season = int(self.d.get("season", DEFAULT_SEASON[self.period]))
        return season * math.ceil(length / season)

    def touches_excluded(self, start: int, length: int) -> bool:
        begin, end = period_start(start, self.period), period_start(start + length, self.period)
        return any(a < end and begin < b for a, b in self.excluded)

    def noise_windows(self, base: Mask, length: int) -> Iterator[tuple[Mask, Mask]]:
        """Each window between the first and last reference row of ``base`` with reference rows only, and the rest.

        None of them touches what the reference excludes, with rows there or without.
        """
        live = base & self.timed & (self.from_reference if self.own_reference else ~self.from_reference)
        own = self.index[live & self.in_reference]
        if not len(own):
            return
        for start in range(int(own.min()), int(own.max()) - length + 2):
            inside = live & (self.index >= start) & (self.index < start + length)
            if inside.any() and not (inside & ~self.in_reference).any() and not self.touches_excluded(start, length):
                yield inside, base & self.in_reference & ~inside

    # grain -------------------------------------------------------------------------------------------------------

    def grains(self) -> Iterator[Grain]:
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
            for segment, value, segment_rows in segments:
                if not self.is_shown(version, segment):
                    continue
                mine = version_rows & segment_rows
                own, every = (
                    int((rows & segment_rows & self.in_reference).sum()) for rows in (version_rows, everything)
                )
                # A reference that could never carry a judgement gives way to one that can.
                has_own = own >= LEAST_REFERENCE_ROWS or (own > 0 and every < LEAST_REFERENCE_ROWS)
                base_version, base_rows = (version, version_rows) if has_own else (TOTAL, everything)
                if (mine & ~self.from_reference).any() or self.choices.full_cross or segment == version == TOTAL:
                    yield Grain(version, segment, value, mine, base_version, base_rows & segment_rows)

    def stamp(self, grain: Grain, start: int, length: int) -> dict[str, Any]:
        return {
            "monitor": self.d.get("monitor", "monitor"),
            "model_version": grain.version,
            "segment": grain.segment,
            "segment_value": grain.value,
            "window_periods": length,
            "window_start": pd.Timestamp(period_start(start, self.period)),
            "window_end": pd.Timestamp(period_start(start + length, self.period)),
        }

    # columns -----------------------------------------------------------------------------------------------------

    def column(self, name: str, role: str, kind: str, frozen: list[o.Bin] | None, centre: float | None) -> Column:
        values = self.values(name)
        if kind == "categorical":
            texts = [category_text(v) for v in values]
            reference = o.recurring(
                [t for t, r in zip(texts, self.in_reference, strict=True) if r], self.index[self.in_reference].tolist()
            )
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
            column.centre = float(np.median(finite))
        if centre is not None:
            column.centre = centre
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
    centres: dict[str, float] | None = None,
) -> Expected:
    """The three result tables.

    ``bins``: frozen bins by column name, in place of those learnt here; ``centres``: likewise the points deviations are
    taken from.
    """
    data = _Data(rows, declaration, reference_rows, choices or Choices())
    columns = [
        data.column(*c, (bins or {}).get(c[0]), (centres or {}).get(c[0])) for c in declared_columns(declaration)
    ]
    return Expected(
        pd.DataFrame(list(_drift(data, columns))),
        pd.DataFrame(list(_quality(data, columns))),
        pd.DataFrame(list(_business(data))),
        {c.name: c.bins for c in columns},
    )


def _drift(data: _Data, columns: list[Column]) -> Iterator[dict[str, Any]]:
    alpha = data.d.get("alpha", 0.001)
    for grain in data.grains():
        for column in columns:
            floors: dict[int, dict[str, float]] = {}
            whole = data.side(column, grain.base & data.in_reference)
            for start, length in data.windows(grain):
                if length not in floors:
                    floors[length] = noise_floors(data, column, grain.base, length, alpha)
                window = data.side(column, grain.rows & data.span(start, length))
                for name in data.baselines_of(grain):
                    other = data.side(column, data.baseline(name, grain, start, length, column.name))
                    if name == "reference":
                        # How far the rest of the reference reaches is not in the state; how far all of it does, is.
                        other.minimum, other.maximum = whole.minimum, whole.maximum
                    measures = o.compare(other, window, column.bins, alpha)
                    measured = measures["psi"] == measures["psi"]
                    if not measured:
                        measures["mean"] = measures["baseline_mean"] = NAN
                    floor = floors[length] if whole.rows else dict.fromkeys(floors[length], NAN)
                    own_version = grain.base_version if whole.rows else None
                    yield {
                        **data.stamp(grain, start, length),
                        "column_name": column.name,
                        "column_role": column.role,
                        "column_kind": column.kind,
                        "baseline": name,
                        "baseline_model_version": own_version if name == "reference" else grain.version,
                        **{
                            k: v
                            for k, v in measures.items()
                            if k in ("psi_critical", "ks_critical") or not k.endswith(("_expected", "_critical"))
                        },
                        **{f: floor[f] for f in FLOORS.values()},
                        **{f"{k}_noise": noise(measures, floor[f"{k}_excess"], k) for k in NOISES.values()},
                    }


def noise(measures: dict[str, float], excess: float, name: str) -> float:
    """The smallest effect that is more than noise: the critical value, or what the reference's own windows exceed
    chance by on top of what chance reaches here, where that is more."""
    critical, here = measures[f"{name}_critical"], measures[f"{name}_expected"]
    if critical != critical:
        return NAN
    return critical if excess != excess else max(critical, excess + here)


def noise_floors(data: _Data, column: Column, base: Mask, length: int, alpha: float = 0.001) -> dict[str, float]:
    """What the measures of the reference's own windows reach, each held against the rest of the reference.

    ``noise_floor`` and so on are the largest; ``psi_excess`` and so on the largest by which one is over what chance alone
    makes of it.
    """
    found = []
    for inside, rest in data.noise_windows(base, length):
        a, b = data.side(column, rest), data.side(column, inside)
        # How far the rest of the reference reaches is not in the state; how far all of it does, is.
        whole = data.side(column, base & data.in_reference)
        a.minimum, a.maximum = whole.minimum, whole.maximum
        if b.rows >= data.choices.min_noise_rows and a.rows > 0:
            found.append(o.compare(a, b, column.bins, alpha))
    if len(found) < data.choices.min_noise_windows:
        return dict.fromkeys([*FLOORS.values(), *(f"{k}_excess" for k in NOISES.values())], NAN)
    out = {floor: _largest([m[measure] for m in found]) for measure, floor in FLOORS.items()}
    for measure, name in NOISES.items():
        effects = [abs(m["mean"] - m["baseline_mean"]) if measure == "mean" else m[measure] for m in found]
        over = [effect - m[f"{name}_expected"] for effect, m in zip(effects, found, strict=True)]
        out[f"{name}_excess"] = max(0.0, _largest([0.0, *over]))
    return out


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
        out["out_of_range_rate"] = float(wx[outside].sum() / wx.sum()) if len(wx) else NAN
    elif len(x):  # nothing to be in or out of
        out["out_of_range_rate"] = 0.0
    if len(x):
        weight = math.fsum(wx)
        mean = math.fsum(wx / weight * x)
        out["mean"], out["minimum"], out["maximum"] = mean, float(x.min()), float(x.max())
        if weight > 1 and (data.weighted or len(x) > 1) and abs(x - column.centre).max() <= SQUARE_LIMIT:
            scale = float(abs(x - mean).max()) if abs(x - column.centre).max() > SQUARE_ZERO else 0.0
            squares = math.fsum(wx * ((x - mean) / scale) ** 2) if scale > 0 else 0.0
            out["stddev"] = scale * math.sqrt(squares / (weight - 1))
    return out


def _quality(data: _Data, columns: list[Column]) -> Iterator[dict[str, Any]]:
    for grain in data.grains():
        for column in columns:
            for start, length in data.windows(grain):
                rows = grain.rows & data.span(start, length)
                less = data.choices.reference_less_window
                baseline = data.reference(grain, start, length) if less else grain.base & data.in_reference
                reference = _rates(data, column, baseline)
                kept = ("null_rate", "nan_rate", "infinite_rate", "unseen_rate", "out_of_range_rate")
                yield {
                    **data.stamp(grain, start, length),
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
        return self._total(data, picked, self.numerator), self._total(data, self._known(picked), self.denominator)

    def _known(self, picked: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """A row whose numerator is not known belongs in no denominator."""
        return np.asarray([i for i in picked if self.numerator[i] is not None], dtype=np.int64)

    def squares(self, data: _Data, rows: Mask) -> tuple[float, float]:
        picked = self._known(np.flatnonzero(rows))
        tops, bottoms = self._squared
        return self._total(data, picked, tops), self._total(data, picked, bottoms)

    @functools.cached_property
    def _squared(self) -> list[list[float | None] | None]:
        return [
            None if values is None else [None if v is None else v * v for v in values]
            for values in (self.numerator, self.denominator)
        ]

    def known_rows(self, rows: Mask) -> int:
        return len(self._known(np.flatnonzero(rows)))

    @staticmethod
    def _total(data: _Data, picked: npt.NDArray[np.int64], values: list[float | None] | None) -> float:
        if values is None:
            return NAN
        return math.fsum(data.weight[i] * v for i in picked if (v := values[i]) is not None)

    def value(self, data: _Data, rows: Mask) -> float:
        """A sum of no rows is zero; of rows that have no value nothing is known, and a ratio is of some rows."""
        if self.denominator is None and not rows.any():
            return 0.0
        if all(self.numerator[i] is None for i in np.flatnonzero(rows)):
            return NAN
        top, bottom = self.parts(data, rows)
        if self.denominator is None:
            return top
        return top / bottom if bottom != 0 else NAN


def _metrics(data: _Data) -> list[_Metric]:
    out = []
    for name, spec in data.d.get("business_metrics", {}).items():
        if "sum" in spec:
            out.append(_Metric(name, data.expression(spec["sum"]), None))
        else:
            out.append(_Metric(name, data.expression(spec["numerator"]), data.expression(spec["denominator"])))
    return out


ALPHA = 0.001
USUAL_SEASONS = 8  # as many seasons back the same window is looked at
KNOWN_SEASONS = 3  # and fewer of them tell nothing


Z = float(stats.norm.isf(ALPHA / 2))


def _student(nu: float) -> float:
    """The two-sided quantile of Student's t by its expansion in 1/nu (Abramowitz & Stegun 26.7.5)."""
    z = Z
    return float(
        z
        + (z**3 + z) / (4 * nu)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * nu**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * nu**3)
    )


@dataclass
class _Calendar:
    """The events that may move a metric: {event, first_day, last_day, kind, moves}, days as text."""

    period: str
    events: list[dict[str, Any]]

    @staticmethod
    def of(data: _Data, metric: str) -> _Calendar:
        meant = [e for e in data.d.get("events", []) if e.get("moves") in (None, "business", metric)]
        return _Calendar(data.period, meant)

    @staticmethod
    def days(event: Mapping[str, Any]) -> tuple[datetime, datetime]:
        first = datetime.fromisoformat(event["first_day"])
        return first, datetime.fromisoformat(event.get("last_day") or event["first_day"]) + timedelta(days=1)

    def fills(self, event: Mapping[str, Any], start: int, length: int) -> bool:
        """A quarter of the window or more."""
        (begin, end), opens = self.days(event), period_start(start, self.period)
        closes = period_start(start + length, self.period)
        return min(end, closes) > max(begin, opens) and 4 * (min(end, closes) - max(begin, opens)) >= closes - opens

    def leaves(self, start: int, length: int) -> bool:
        """Whether the window is no part of what is usual."""
        return any(e.get("kind") != "deploy" and self.fills(e, start, length) for e in self.events)

    def earlier(self, start: int, length: int) -> tuple[str | None, int]:
        """The event whose like of a year earlier lies so many periods before; no name where there is none."""
        for event in self.events:
            if not self.fills(event, start, length):
                continue
            first = self.days(event)[0]
            before = [
                b for b in self.events
                if b["event"] == event["event"] and 300 <= (first - self.days(b)[0]).days <= 430
            ]  # fmt: skip
            if before:
                last = max(before, key=lambda b: self.days(b)[0])
                back = period_index(first, self.period) - period_index(self.days(last)[0], self.period)
                if any(b["event"] == event["event"] and self.fills(b, start - back, length) for b in self.events):
                    return event["event"], back
        return None, 0


@dataclass
class _Usual:
    """What the windows before one make expect of it (decision 19), for the windows of one length of one grain."""

    data: _Data
    metric: _Metric
    grain: Grain
    length: int
    value_at: Callable[[int, int], float]
    calendar: _Calendar
    memo: dict[tuple[str, int], tuple[float, int]] = field(default_factory=dict)
    left: dict[int, bool] = field(default_factory=dict)

    @property
    def mine(self) -> Mask:
        return self.grain.rows

    @property
    def many(self) -> int:
        return max(8, math.ceil(self.data.trailing / self.length))

    @property
    def has_season(self) -> bool:
        return self.data.period in ("hour", "day") and self.length == 1

    def before(self, start: int, many: int) -> list[int]:
        """So many windows, those that an event keeps out stepped over; none from before the first row, where nothing is known."""
        found: list[int] = []
        while len(found) < many and (start - self.length >= self.data.first or self.data.choices.partial_previous):
            start -= self.length
            if not (start >= self.data.first and self.leaves(start)):
                found.append(start)
        return found

    def leaves(self, start: int) -> bool:
        if start not in self.left:
            self.left[start] = self.calendar.leaves(start, self.length) and (
                self.data.known_since(self.grain, start + self.length - 1) is not None
            )
        return self.left[start]

    def level(self, kind: str, start: int) -> tuple[float, int]:
        """The median of the windows before, or of the same window of the seasons before; and of how many."""
        if (kind, start) not in self.memo:
            if kind == "trailing":
                starts = self.before(start, self.many)
            else:
                season = self.data.season_shift(1)
                starts = [start - k * season for k in range(1, USUAL_SEASONS + 1)] if self.has_season else []
            past = [v for s in starts if not self.leaves(s) and (v := self.value_at(s, self.length)) == v]
            self.memo[kind, start] = (float(np.median(past)) if past else NAN, len(past))
        return self.memo[kind, start]

    def error(self, kind: str, start: int) -> tuple[float, int]:
        """The median of how far such a median was off, over twice as many windows; and of how many."""
        if (f"{kind} error", start) in self.memo:
            return self.memo[f"{kind} error", start]
        off = []
        for s in self.before(start, 2 * self.many):
            if (v := self.value_at(s, self.length)) == v and (of_before := self.level(kind, s))[1] >= KNOWN_SEASONS:
                off.append(abs(v - of_before[0]))
        self.memo[f"{kind} error", start] = (float(np.median(off)) if off else NAN, len(off))
        return self.memo[f"{kind} error", start]

    def is_seasonal(self, start: int) -> bool:
        (plain, _), (seasonal, errors) = self.error("trailing", start), self.error("seasonal", start)
        if errors < 7 or self.level("seasonal", start)[1] < KNOWN_SEASONS:
            return False
        # Equal up to rounding is equal. Where the windows just before are empty, the season alone tells.
        usual, known = self.level("trailing", start)
        return seasonal <= 1.000001 * plain + 1e-12 * (abs(usual) if known else 0.0)

    def expected_of_event(self, start: int) -> tuple[str | None, float, float]:
        """What an event makes expect, by what it made of the usual a year earlier: its name, the value and its noise."""
        event, back = self.calendar.earlier(start, self.length)
        known = event is not None and self.data.known_since(self.grain, start - back + self.length - 1) is not None
        then = self.value_at(start - back, self.length) if known else NAN
        now, noise = self.expected(start), self.noise(start)
        if then != then:
            return None, *(self.of_month(start) or (now, noise))
        usual, noise_then = self.expected(start - back), self.noise(start - back)
        of_both = math.sqrt(noise**2 + noise_then**2)
        if not now * usual > 0:
            return event, then, of_both
        share = then / usual
        if share == 0:
            return event, 0.0, of_both
        relative = math.hypot(noise / now, noise_then / usual)
        return event, share * now, abs(share * now) * relative * math.sqrt(max(1.0, 1 / abs(share)))

    def expected(self, start: int) -> float:
        return self.level("seasonal" if self.is_seasonal(start) else "trailing", start)[0]

    def noise(self, start: int) -> float:
        past = [v for s in self.before(start, self.many) if (v := self.value_at(s, self.length)) == v]
        if len(past) < 5:
            return NAN
        plain = float(np.std(past, ddof=1)) * math.sqrt(1 + 1 / len(past)) * _student(len(past) - 1)
        error, count = self.error("seasonal" if self.is_seasonal(start) else "trailing", start)
        robust = 1.4826 * error * _student(2 + count / 6) if count >= 5 else NAN
        is_early = self.has_season and self.error("seasonal", start)[1] < 7
        known = [plain, robust] if is_early or robust != robust else [robust]
        return max(v for v in [*known, self.count_noise(start, len(past))] if v == v)

    @functools.cached_property
    def sides(self) -> dict[int, int | None]:
        return {}

    def side(self, start: int) -> int | None:
        """1 and -1 beyond the noise, 0 within it; None where nobody can say."""
        if start not in self.sides:
            value, usual, noise = self.value_at(start, self.length), self.expected(start), self.noise(start)
            known = self.knows(start) and not self.leaves(start) and noise == noise and usual == usual and usual != 0
            self.sides[start] = (1 if value - usual > noise else -1 if usual - value > noise else 0) if known else None
        return self.sides[start]

    @staticmethod
    def same_days(start: int, from_end: bool) -> list[int]:
        """The days of the six months before with the same number, or as far from the end of theirs."""
        day, found = period_start(start, "day"), []
        this = period_index(day, "month")
        left = period_index(period_start(this + 1, "month"), "day") - start
        for month in range(this - 6, this):
            first, after = (period_index(period_start(m, "month"), "day") for m in (month, month + 1))
            same = after - left if from_end else first + day.day - 1
            found += [same] if first <= same < after else []
        return found

    def of_month(self, start: int) -> tuple[float, float] | None:
        """What such a day of the month has made of the usual (decision 38), and its noise; None: nothing."""
        if self.data.period != "day" or self.length != 1:
            return None
        kinds = []
        for from_end in (False, True):
            sides = {d: side for d in self.same_days(start, from_end) if (side := self.side(d)) is not None}
            off = [d for d, side in sides.items() if side]
            lean = abs(sum(sides.values()))
            if len(sides) >= 3:
                differs = lean >= 3 and 3 * lean >= 2 * len(sides)
                kinds.append((max(lean, len(sides) - len(off)) / len(sides), differs, not from_end, off, len(sides)))
        best = max(kinds, key=lambda kind: kind[:3], default=None)
        if best is None or not best[1]:
            return None
        shares = [self.value_at(d, 1) / self.expected(d) for d in best[3]]
        share, now = float(np.median(shares)), self.expected(start)
        spread = min(max(shares) - min(shares), abs(share - 1) / 2)
        of_usual = max(abs(share), 1) * self.noise(start) * math.sqrt(1 + 1.57 / best[4])
        return share * now, math.hypot(of_usual, now * spread)

    def counts(self, start: int) -> float:
        return self.count_noise(start, sum(1 for s in self.before(start, self.many) if self.knows(s)))

    def knows(self, start: int) -> bool:
        value = self.value_at(start, self.length)
        return value == value

    def count_noise(self, start: int, windows: int) -> float:
        """That of rows that come by chance: for sums of 0 and 1, and where nothing is usual."""
        data, metric, z = self.data, self.metric, Z
        now = self.mine & data.span(start, self.length)
        past = self.mine & data.span(start - self.many * self.length, self.many * self.length)
        # Whole windows only.
        whole = [self.mine & data.span(s, self.length) for s in self.before(start, self.many) if s >= data.first]
        past = np.logical_or.reduce([np.zeros_like(now), *whole])
        expected = self.expected(start)
        (top, bottom), (top_before, bottom_before) = metric.parts(data, now), metric.parts(data, past)
        (top2, bottom2), (top2_before, bottom2_before) = metric.squares(data, now), metric.squares(data, past)
        total, total2 = top + top_before, top2 + top2_before
        weights = data.weight[now | past]
        per_row = float((weights**2).sum() / weights.sum()) if weights.sum() > 0 else 1.0
        counts = 0.999999999 * total <= total2 <= 1.000000001 * total and total > 0
        of_one = total2 / abs(total) if total else 0.0
        if metric.denominator is None:
            if expected > 0 and counts:
                variance = (expected * windows + top) / (windows + 1)
            elif expected == 0:
                variance = total2 / (windows + 1)
            else:
                return NAN
            offset = abs(top_before / windows) if expected == 0 else 0.0
            return z * math.sqrt(variance * per_row) + (z * z - 1) / 6 * of_one * per_row + offset
        both, both2 = bottom + bottom_before, bottom2 + bottom2_before
        counts = counts and 0.999999999 * both <= both2 <= 1.000000001 * both
        if not bottom > 0:
            return NAN
        if counts:
            rate = (expected * bottom_before + top) / both if expected > 0 else total / both
            rate = min(max(rate, 0.0), 1.0)
            variance, of_one = bottom * rate * (1 - rate), of_one * abs(1 - 2 * rate)
        elif expected == 0:
            variance = bottom * total2 / both
        else:
            return NAN
        offset = abs(top_before / bottom_before) if expected == 0 and bottom_before else 0.0
        return (z * math.sqrt(variance * per_row) + (z * z - 1) / 6 * of_one * per_row) / bottom + offset


def max_known(noise: float, of_counts: float) -> float:
    return max(noise, of_counts) if of_counts == of_counts and noise == noise else noise


@dataclass
class _Held:
    """What the reference's own windows make expect, and from when on windows are held against it (decision 33)."""

    usual: _Usual
    windows: list[int]
    """The first period of every window of this length, in order."""

    def __post_init__(self) -> None:
        data, length = self.usual.data, self.usual.length
        own = data.index[self.usual.mine & data.timed & data.in_reference & ~data.from_reference]
        self.first, self.last = (int(own.min()), int(own.max())) if len(own) else (0, -1)
        inside = [
            s for s in self.windows
            if self.first <= s and s + length - 1 <= self.last and not self.usual.leaves(s)
            and not data.touches_excluded(s, length)
        ]  # fmt: skip
        self.values = {s: v for s in inside if (v := self.usual.value_at(s, length)) == v}

    def phase(self, start: int) -> int:
        return start % self.usual.data.season_shift(1) if self.usual.has_season else -1

    @functools.cached_property
    def plain(self) -> tuple[float, list[float]]:
        x = list(self.values.values())
        return float(np.median(x)), [abs(v - float(np.median(x[:i] + x[i + 1 :]))) for i, v in enumerate(x)]

    @functools.cached_property
    def seasonal(self) -> tuple[dict[int, float], list[float]] | None:
        """The median of each phase and how far each window is from the others of its phase; None if that is not known."""
        by_phase: dict[int, list[float]] = {}
        for start, value in self.values.items():
            by_phase.setdefault(self.phase(start), []).append(value)
        if not self.usual.has_season or len(self.values) < 7 or min(map(len, by_phase.values())) < 2:
            return None
        off = [abs(v - float(np.median(x[:i] + x[i + 1 :]))) for x in by_phase.values() for i, v in enumerate(x)]
        return {phase: float(np.median(x)) for phase, x in by_phase.items()}, off

    def expected(self, start: int) -> tuple[float, float]:
        """Value and noise."""
        n, length = len(self.values), self.usual.length
        if n < 5 or not (start + length - 1 < self.first or start > self.last):
            return NAN, NAN
        if self.phase(start) not in {self.phase(s) for s in self.values}:
            return NAN, NAN
        level, off = self.plain
        if self.seasonal is not None and np.mean(self.seasonal[1]) <= np.mean(off):
            level, off = self.seasonal[0][self.phase(start)], self.seasonal[1]
        noise = 1.4826 * float(np.median(off)) * _student(2 + n / (6 * length))
        if self.usual.has_season and self.seasonal is None:
            noise = max(
                noise, float(np.std(list(self.values.values()), ddof=1)) * math.sqrt(1 + 1 / n) * _student(n - 1)
            )
        return level, noise

    def near(self, start: int, value: float) -> bool:
        expected, noise = self.expected(start)
        return abs(value - expected) <= max(0.5 * noise, 0.1 * abs(expected))

    @functools.cached_property
    def held(self) -> set[int]:
        """Windows of each phase that follow each other, one after the other."""
        out: set[int] = set()
        usual, length, many = self.usual, self.usual.length, self.usual.many
        for phase in range(length):
            mine = [s for s in self.windows if (s + length - 1) % length == phase]
            sides: dict[int, int | None] = {}
            near: dict[int, bool] = {}
            has_left = is_learned = False
            learned: dict[int, bool] = {}
            for start in mine:
                value = usual.value_at(start, length)
                off, noise_then = NAN if usual.leaves(start) else value - usual.expected(start), usual.noise(start)
                side = None if off != off or noise_then != noise_then else int(np.sign(off)) * (abs(off) > noise_then)
                sides[start], near[start] = side, not usual.leaves(start) and self.near(start, value)
                half, quarter = ([s for s in self.lately(start, n) if s in sides] for n in (many / 2, many / 4))
                if 6 * sum(near[s] for s in quarter) >= many:
                    has_left = is_learned = False
                wanted, noise = self.expected(start)
                lasting = 3 * sum(sides[s] == side for s in half) >= many
                in_line = noise == noise and self.near(start, usual.expected(start))
                has_left = has_left or bool(side and lasting and in_line and side * (value - wanted) > 0)
                is_learned = is_learned or (has_left and side == 0)
                learned[start] = is_learned
                if any(learned[s] for s in half):
                    out.add(start)
        return out

    def lately(self, start: int, many: float) -> list[int]:
        """The window and those before it, so many of those that no event keeps out."""
        found, seen = [start], 0
        while seen < math.floor(many + 1e-6):
            start -= self.usual.length
            found.append(start)
            seen += not self.usual.leaves(start)
        return found


def _change(value: float, other: float) -> float:
    return (value - other) / abs(other) if other == other and other != 0 else NAN


def _business(data: _Data) -> Iterator[dict[str, Any]]:
    for grain in data.grains():
        for metric in _metrics(data):
            seen: dict[tuple[int, int], float] = {}
            usual: dict[int, _Usual] = {}
            held: dict[int, _Held] = {}
            calendar = _Calendar.of(data, metric.name)

            def value_at(
                start: int,
                length: int,
                grain: Grain = grain,
                metric: _Metric = metric,
                seen: dict[tuple[int, int], float] = seen,
            ) -> float:
                if start < data.first and not data.choices.partial_previous:
                    return NAN
                if (start, length) not in seen:
                    # Of a time before the first row, or within a long silence, nothing is known.
                    known = data.known_since(grain, start + length - 1) is not None
                    seen[start, length] = metric.value(data, grain.rows & data.span(start, length)) if known else NAN
                return seen[start, length]

            for start, length in data.windows(grain):
                rows = grain.rows & data.span(start, length)
                value = value_at(start, length)
                numerator, denominator = metric.parts(data, rows)
                since = data.known_since(grain, start + length - 1)
                previous, seasonal = (
                    value_at(start - shift, length)
                    if since is not None and start - shift + length - 1 >= since
                    else NAN
                    for shift in (length, data.season_shift(length))
                )
                less = data.choices.reference_less_window
                reference_rows = data.reference(grain, start, length) if less else grain.base & data.in_reference
                reference = metric.value(data, reference_rows)
                if (
                    metric.denominator is None
                    and grain.base_version != grain.version
                    and not data.choices.borrowed_sums
                ):
                    reference = NAN
                elif metric.denominator is None:
                    periods = len(set(data.index[reference_rows & data.timed].tolist()))
                    reference = reference / periods * length if periods else NAN
                if length not in usual:
                    usual[length] = _Usual(data, metric, grain, length, value_at, calendar)
                    every = [s for s, one in data.windows(grain) if one == length]
                    held[length] = _Held(usual[length], sorted(every))
                past = [value_at(s, length) for s in usual[length].before(start, usual[length].many)]
                past = [v for v in past if v == v]
                if calendar.leaves(start - length, length):
                    previous = NAN
                if calendar.leaves(start - data.season_shift(length), length):
                    seasonal = NAN
                event, expected, noise = usual[length].expected_of_event(start)
                mean = math.fsum(past) / len(past) if past else NAN
                stddev = float(np.std(past, ddof=1)) if len(past) >= 5 else NAN
                yield {
                    **data.stamp(grain, start, length),
                    "metric": metric.name,
                    "row_count": int(rows.sum()),
                    "valued_row_count": metric.known_rows(rows),
                    "value": value,
                    "expected": expected,
                    "noise": noise,
                    "event": event,
                    "is_monthly": event is None and usual[length].of_month(start) is not None,
                    "reference_expected": held[length].expected(start)[0],
                    "reference_noise": max_known(held[length].expected(start)[1], usual[length].counts(start)),
                    "is_held_against_reference": start in held[length].held,
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
