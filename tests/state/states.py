"""What the tests of the state share: declarations as text, tables as they stand, and a second way to count.

``recount`` counts a list of rows in plain Python, period by period and bin by bin, from nothing but the declaration
and the frozen thresholds. The SQL must come to the same numbers, exactly: the tests' values are multiples of 1/4, so
that no sum depends on its order.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from state.outcomes import NUMBERS, Model, Outcome, finite, outcome_of, rank
from support import Project

Row = dict[str, Any]
Key = tuple[Any, ...]

KEY = (
    "source, in_reference, period_start, model_version, segment, segment_value, column_name, column_role, bin, bin_kind"
)
OUTCOMES = (
    "prediction_sum, labelled_weight_sum, labelled_weight_sq_sum, label_sum, label_sq_sum, labelled_prediction_sum,"
    " loss_sum, loss_sq_sum"
)
SUMS = (
    "row_count, weight_sum, weight_sq_sum, value_sum, deviation_sq_sum, value_min, value_max, out_of_range_weight,"
    f" {OUTCOMES}"
)
# Squares around an interpolated centre: right to so many digits only.
SQUARES = ("deviation_sq_sum", "label_sq_sum")
# Measures whose values are no multiples of a power of two: logarithms, ratios.
INEXACT = ("log_loss", "percentage_error", "squared_log_error", "ndcg", "reciprocal_rank")
ALL_BUT_TIME = (
    "monitor, spec_hash, record, source, in_reference, period_start, period_index, model_version, segment,"
    f" segment_value, column_name, column_role, column_kind, bin, bin_kind, bin_label, bin_lower, bin_upper,"
    f" bin_group, {SUMS}"
)
# driftline_metrics is a view of the first three.
RESULTS = ("driftline_drift", "driftline_quality", "driftline_business", "driftline_int_judgements", "driftline_alerts")
UTC = dt.timezone.utc


class Jinja(str):
    """An argument that is Jinja itself, not a text."""

    def __repr__(self) -> str:
        return str(self)


def source(name: str) -> Jinja:
    return Jinja(f"source('raw', '{name}')")


def declare(relation: str = "log", **arguments: Any) -> str:
    """The text of a monitor's model."""
    return declare_with({"relation": source(relation), **arguments})


def declare_with(given: Mapping[str, Any]) -> str:
    return "{{ driftline.monitor(" + ", ".join(f"{name}={value!r}" for name, value in given.items()) + ") }}"


def columns_of(rows: Sequence[Row]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in rows[0]}


# ------------------------------------------------------------------------------------------------ tables as they stand


def number(name: str) -> Callable[[Row], float | None]:
    """Gives a row's value of a numeric column."""
    return lambda row: None if row[name] is None else float(row[name])


def comparable(value: Any) -> Any:
    return "NaN" if isinstance(value, float) and math.isnan(value) else value


def counts(project: Project, monitor: str) -> dict[Key, tuple[Any, ...]]:
    """The monitor's ``count`` rows: key to sums."""
    rows = project.sql(f"select {KEY}, {SUMS} from {project.relation(monitor)} where record = 'count'")
    width = KEY.count(",") + 1
    found = {row[:width]: row[width:] for row in rows}
    assert len(found) == len(rows), "the same grain twice"
    return found


def state_rows(project: Project, monitor: str, records: str = "'count', 'bin'") -> Counter[Key]:
    """The state as a bag of rows, without the time it was computed at."""
    query = f"select {ALL_BUT_TIME} from {project.relation(monitor)} where record in ({records})"
    rounded = {ALL_BUT_TIME.split(", ").index(name) for name in SQUARES}
    found: Counter[Key] = Counter()
    for row in project.sql(query):
        # Squares are taken around an interpolated quantile: to ten digits.
        found[
            tuple(
                float(f"{value:.9e}") if place in rounded and value else comparable(value)
                for place, value in enumerate(row)
            )
        ] += 1
    return found


def rows_of_the_relation(project: Project, *monitors: str) -> dict[Key, tuple[Any, ...]]:
    """The ``count`` rows of several monitors added up, the reference left out."""
    added: dict[Key, list[list[Any]]] = {}
    for monitor in monitors:
        for key, sums in counts(project, monitor).items():
            if key[0] == "relation":
                places = added.setdefault(key, [[] for _ in sums])
                for place, value in zip(places, sums, strict=True):
                    place.extend([] if value is None else [value])
    add = [{"value_min": min, "value_max": max}.get(name, sum) for name in SUMS.split(", ")]
    return {
        key: tuple(how(place) if place else None for how, place in zip(add, places, strict=True))
        for key, places in added.items()
    }


Table = dict[Key, tuple[Any, ...]]


def result_rows(project: Project, relations: Iterable[str] = RESULTS) -> dict[str, Table]:
    """The result tables, all but what tells when a row was computed: what is not a float, to the floats."""
    return {relation: _keyed(project, relation) for relation in relations}


def _keyed(project: Project, relation: str) -> Table:
    # By which alert an incident is told depends on the other monitors of the same relation.
    left_out = ["computed_at", "rules_hash", "is_headline"]
    frame = project.frame(f"select * from {relation}").drop(columns=left_out, errors="ignore")
    figures = [name for name in frame.columns if any(isinstance(value, float) for value in frame[name].dropna())]
    rest = [name for name in frame.columns if name not in figures]
    found = {}
    for row in frame.astype(object).where(frame.notna(), None).to_dict("records"):
        key = tuple(row[name] for name in rest)
        assert key not in found, f"{relation}: {key} twice"
        found[key] = tuple(row[name] for name in figures)
    return found


def assert_same_results(got: Mapping[str, Table], expected: Mapping[str, Table]) -> None:
    """The same rows, and figures to 1e-9: engines add up in any order."""
    for relation, table in expected.items():
        missing, extra = table.keys() - got[relation].keys(), got[relation].keys() - table.keys()
        assert not missing and not extra, (
            f"{relation}: {len(missing)} missing, {len(extra)} too many: "
            f"{sorted(map(str, missing))[:3]}, {sorted(map(str, extra))[:3]}"
        )
        wrong = [
            (key, have, figures)
            for key, figures in table.items()
            for have in [got[relation][key]]
            if not all(map(_close, have, figures))
        ]
        assert not wrong, f"{relation}: {len(wrong)} rows differ, among them {wrong[:3]}"


def _close(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is None and other is None
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)


def thresholds(project: Project, monitor: str, column: str, role: str = "feature") -> list[float]:
    """The frozen thresholds: bin b holds what is over threshold b - 1 and not over threshold b."""
    rows = project.sql(
        f"select bin_upper from {project.relation(monitor)} where record = 'bin' and bin_kind = 'range'"
        f" and column_name = '{column}' and column_role = '{role}' and bin_upper is not null order by bin"
    )
    return [row[0] for row in rows]


# ----------------------------------------------------------------------------------------------- a second way to count


def period_start(moment: dt.datetime, period: str, timezone: str) -> dt.datetime:
    """The local start of the period an instant lies in; a naive instant is UTC, and hours are counted in UTC."""
    zone = ZoneInfo("UTC" if period == "hour" else timezone)
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    local = aware.astimezone(zone).replace(tzinfo=None, minute=0, second=0, microsecond=0)
    if period == "hour":
        return local
    day = local.replace(hour=0)
    if period == "week":
        return day - dt.timedelta(days=day.weekday())
    return day if period == "day" else day.replace(day=1)


def instant(local: dt.datetime, timezone: str) -> dt.datetime:
    """A local wall clock as an instant."""
    return local.replace(tzinfo=ZoneInfo(timezone)).astimezone(UTC)


@dataclass
class Column:
    """``value`` gives the number (or the category's text) of a row; of roles that only performance has, of its outcome."""

    name: str
    value: Callable[[Any], Any]
    role: str = "feature"
    kind: str = "numeric"
    edges: Sequence[float] = ()
    centre: float = 0.0
    support: tuple[float, float] | None = None
    categories: Mapping[str, int] = field(default_factory=dict)
    label: Callable[[Outcome], float] | None = None
    """Where the column has a label of its own: this class, or another."""


def performance_columns(model: Model, prediction: str, label: str) -> list[Column]:
    """What is counted for performance alone: the score in finer bins, the classes of a label."""
    if model.task == "binary":
        return [Column(prediction, lambda row: outcome_of(model, row).s, "performance")]
    if model.task != "multiclass":
        return []
    given = model.prediction if isinstance(model.prediction, Mapping) else {}
    columns = [
        Column(name, get, "performance", label=lambda o, name=name: float(o.actual == name))
        for name, get in given.items()
    ]
    if given:
        # The probability of the chosen class; its label is whether the choice was right.
        def chosen(row: Row) -> float | None:
            values = [finite(get(row)) for get in given.values()]
            return None if None in values else max(value for value in values if value is not None)

        columns.append(Column(label, chosen, "confidence", label=lambda o: float(o.actual == o.predicted)))
    roles: dict[str, Callable[[Outcome], Any]] = {
        "class_support": lambda o: o.actual if o.labelled else None,
        "class_predicted": lambda o: o.predicted if o.labelled else None,
        "class_hit": lambda o: o.actual if o.labelled and o.actual == o.predicted else None,
    }
    return [*columns, *(Column(label, get, role, "categorical") for role, get in roles.items())]


@dataclass
class Spec:
    """What ``recount`` needs to know of a declaration."""

    timestamp: str
    columns: Sequence[Column]
    period: str = "day"
    timezone: str = "UTC"
    reference: tuple[dt.datetime, dt.datetime] | None = None
    version: Callable[[Row], str | None] | None = None
    segments: Mapping[str, Callable[[Row], str | None]] = field(default_factory=dict)
    weight: Callable[[Row], float] | None = None
    metrics: Mapping[str, tuple[Callable[[Row], Any], Callable[[Row], Any] | None]] = field(default_factory=dict)
    model: Model | None = None
    now: dt.datetime = dt.datetime(9999, 1, 1)


@dataclass
class Sums:
    row_count: int = 0
    weight_sum: float = 0
    weight_sq_sum: float = 0
    value_sum: float | None = None
    deviation_sq_sum: float | None = None
    value_min: float | None = None
    value_max: float | None = None
    out_of_range_weight: float | None = None
    prediction_sum: float | None = None
    labelled_weight_sum: float | None = None
    labelled_weight_sq_sum: float | None = None
    label_sum: float | None = None
    label_sq_sum: float | None = None
    labelled_prediction_sum: float | None = None
    loss_sum: float | None = None
    loss_sq_sum: float | None = None

    def as_tuple(self) -> tuple[Any, ...]:
        return tuple(vars(self).values())

    def add(self, **sums: float) -> None:
        for name, value in sums.items():
            before = getattr(self, name)
            setattr(self, name, value if before is None else before + value)

    def add_outcome(self, o: Outcome, weight: float, label: float | None = None) -> None:
        """The row's prediction, and where it is labelled its label (or the column's own) and loss."""
        if o.s is not None:
            self.add(prediction_sum=weight * o.s)
        if o.labelled is None:
            return
        self.add(labelled_weight_sum=weight * o.labelled, labelled_weight_sq_sum=weight**2 * o.labelled)
        if not o.labelled:
            return
        y, z = (o.y, o.z) if label is None else (label, label)
        if y is not None and z is not None:
            self.add(label_sum=weight * y, label_sq_sum=weight * z)
        if o.e is not None:
            self.add(loss_sum=weight * o.e, loss_sq_sum=weight * o.e**2)
            if o.s is not None:
                self.add(labelled_prediction_sum=weight * o.s)


def number_bin(value: float | None, column: Column) -> int:
    if value is None:
        return -3
    if math.isnan(value):
        return -2
    if value > 1e300:
        return 10000
    if value < -1e300:
        return -1
    # Where nothing was learnt all values share the first bin.
    return bisect_left(column.edges, value)


NUMBER_KINDS = {-3: "null", -2: "nan", -1: "negative_infinity", 10000: "positive_infinity"}
CATEGORY_KINDS = {-3: "null", 10001: "beyond_top", 10002: "unseen"}


def group_name(value: str | None) -> str:
    """A version or segment value as the tables call it: never `all`, and NULL as nothing else is called."""
    if value is None:
        return "(null)"
    return f"({value})" if value == "all" or re.fullmatch(r"\(+(all|null)\)+", value) else value


def recount(spec: Spec, rows: Iterable[Row], source: str = "relation") -> dict[Key, tuple[Any, ...]]:
    """The ``count`` rows that these rows make, in the shape of ``counts``."""
    found: dict[Key, Sums] = {}
    lists: dict[Key, list[tuple[Any, float | None]]] = {}
    for row in rows:
        moment = row[spec.timestamp]
        if moment is None:
            continue
        if not isinstance(moment, dt.datetime):
            # A date is the local day.
            start = moment.replace(day=1) if spec.period == "month" else moment
            start = dt.datetime(start.year, start.month, start.day)
            local_now = spec.now.replace(tzinfo=UTC).astimezone(ZoneInfo(spec.timezone)).replace(tzinfo=None)
            if dt.datetime(moment.year, moment.month, moment.day) >= local_now:
                continue
            inside = spec.reference is not None and spec.reference[0] <= start < spec.reference[1]
        else:
            aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
            if aware >= spec.now.replace(tzinfo=UTC):
                continue
            start = period_start(moment, spec.period, spec.timezone)
            inside = spec.reference is not None and (
                instant(spec.reference[0], spec.timezone) <= aware < instant(spec.reference[1], spec.timezone)
            )
        version = "all"
        if spec.version is not None:
            version = group_name(spec.version(row))
        weight = spec.weight(row) if spec.weight is not None else 1
        for segment, value in [
            ("all", "all"),
            *((name, group_name(get(row))) for name, get in spec.segments.items()),
        ]:
            grain = (source, inside or source == "reference", start, version, segment, value)
            outcome = outcome_of(spec.model, row) if spec.model is not None else Outcome()
            _add_row(found, grain, spec, row, outcome, weight, source)
            ranking = spec.model.ranking if spec.model is not None else None
            if ranking is not None and ranking.request(row) is not None:
                place = (ranking.position(row), outcome.relevance)
                lists.setdefault((*grain, ranking.request(row)), []).append(place)
    for key, items in lists.items():
        assert spec.model is not None and spec.model.ranking is not None
        known = [(place, relevance) for place, relevance in items if relevance is not None]
        if len(known) == len(items):
            for name, value in rank(known, spec.model.ranking.k).items():
                sums = found.setdefault((*key[:-1], "*", "performance", NUMBERS[name], name), Sums())
                sums.add(row_count=1, weight_sum=1, weight_sq_sum=1, value_sum=value, deviation_sq_sum=value**2)
    return {key: sums.as_tuple() for key, sums in found.items()}


def _add_row(
    found: dict[Key, Sums], grain: Key, spec: Spec, row: Row, outcome: Outcome, weight: float, source: str
) -> None:
    def at(name: str, role: str, bin_: int, kind: str) -> Sums:
        sums = found.setdefault((*grain, name, role, bin_, kind), Sums())
        sums.row_count += 1
        sums.weight_sum += weight
        sums.weight_sq_sum += weight * weight
        return sums

    at("*", "row", 0, "rows")
    _add_measures(found, grain, spec, outcome, weight)
    for column in spec.columns:
        value = column.value(outcome if column.role.startswith("class_") else row)
        own_label = column.label(outcome) if column.label is not None else None
        if column.kind == "categorical":
            place = -3 if value is None else column.categories.get(value, 10002)
            sums = at(column.name, column.role, place, CATEGORY_KINDS.get(place, "category"))
            sums.add_outcome(outcome, weight)
            continue
        place = number_bin(value, column)
        kind = NUMBER_KINDS.get(place, "range")
        sums = at(column.name, column.role, place, kind)
        sums.add_outcome(outcome, weight, own_label)
        moments = found.setdefault((*grain, column.name, column.role, 20000, "moments"), Sums(out_of_range_weight=0))
        moments.row_count += 1
        if kind == "range":
            sums.value_sum = (sums.value_sum or 0) + weight * value
            moments.weight_sum += weight
            moments.weight_sq_sum += weight * weight
            moments.add_outcome(outcome, weight, own_label)
            moments.value_sum = (moments.value_sum or 0) + weight * value
            moments.deviation_sq_sum = (moments.deviation_sq_sum or 0) + weight * (value - column.centre) ** 2
            moments.value_min = value if moments.value_min is None else min(moments.value_min, value)
            moments.value_max = value if moments.value_max is None else max(moments.value_max, value)
            if column.support and not column.support[0] <= value <= column.support[1]:
                moments.out_of_range_weight = (moments.out_of_range_weight or 0) + weight
    for name, (numerator, denominator) in spec.metrics.items():
        top = numerator(row) if source == "relation" else None
        sums = at(name, "business", 0, "numerator")
        sums.row_count -= top is None
        if top is not None:
            sums.value_sum = (sums.value_sum or 0) + weight * top
            sums.deviation_sq_sum = (sums.deviation_sq_sum or 0) + weight * top * top
        if denominator is not None:
            bottom = denominator(row) if source == "relation" else None
            sums = at(name, "business", 1, "denominator")
            if top is None:  # a row whose numerator is not known belongs in no denominator
                bottom = None
            if bottom is not None:
                sums.add(value_sum=weight * bottom, deviation_sq_sum=weight * bottom**2)
            sums = at(name, "business", 2, "product")
            if top is not None and bottom is not None:
                sums.add(value_sum=weight * top * bottom)


def _add_measures(found: dict[Key, Sums], grain: Key, spec: Spec, outcome: Outcome, weight: float) -> None:
    def at(name: str) -> Sums:
        return found.setdefault((*grain, "*", "performance", NUMBERS[name], name), Sums())

    if spec.model is None or spec.model.task == "none":
        return
    if outcome.known is None:
        # A reference relation without the label: what every row of the monitor's own relation has, as nothing.
        for name in ("known", "labelled"):
            at(name).__dict__.update(weight_sum=None, weight_sq_sum=None)
        return
    for name, holds in (("known", outcome.known), ("labelled", outcome.labelled)):
        w = weight if holds else 0
        at(name).add(row_count=int(bool(holds)), weight_sum=w, weight_sq_sum=w * w, value_sum=w, deviation_sq_sum=w)
    for name, (value, square) in outcome.measures.items():
        at(name).add(
            row_count=1,
            weight_sum=weight,
            weight_sq_sum=weight**2,
            value_sum=weight * value,
            deviation_sq_sum=weight * square,
        )


def assert_counts(
    got: Mapping[Key, tuple[Any, ...]], expected: Mapping[Key, tuple[Any, ...]], exactly: bool = True
) -> None:
    """Equal, every sum exactly, but for squares around an interpolated centre and logarithms and ratios: to 1e-12."""
    missing = sorted(map(str, expected.keys() - got.keys()))
    extra = sorted(map(str, got.keys() - expected.keys()))
    assert not missing and not extra, f"missing {missing[:5]}, too many {extra[:5]}"
    wrong = {}
    for key, sums in expected.items():
        inexact = {*SQUARES, "value_sum"} if key[-1] in INEXACT else SQUARES
        differ = {
            name: (have, wanted)
            for name, have, wanted in zip(SUMS.split(", "), got[key], sums, strict=True)
            if have != wanted
            and (
                (exactly and name not in inexact)
                or None in (have, wanted)
                or not math.isclose(have, wanted, rel_tol=1e-12, abs_tol=1e-12)
            )
        }
        if differ:
            wrong[key] = differ
    assert not wrong, f"{len(wrong)} differ, among them {list(wrong.items())[:3]}"


def learn(project: Project, monitor: str, columns: Iterable[Column], model: Model | None = None) -> list[Column]:
    """Fills in what was frozen: thresholds, centre (of a label that is a number too), support and categories."""
    rows = project.sql(
        "select column_name, column_role, bin, bin_kind, bin_label, bin_lower, bin_upper"
        f" from {project.relation(monitor)} where record = 'bin'"
    )
    filled = []
    for column in columns:
        own = [row[2:] for row in rows if row[:2] == (column.name, column.role)]
        column.centre, column.support = 0.0, None
        ranges = sorted((row[0], row[4]) for row in own if row[1] == "range" and row[4] is not None)
        column.edges = [upper for _, upper in ranges]
        column.categories = {row[2]: row[0] for row in own if row[1] in ("category", "beyond_top")}
        for row in own:
            if row[1] == "centre":
                column.centre = row[3] if row[3] is not None else 0.0
            if row[1] == "support":
                column.support = (row[3], row[4]) if row[3] is not None else None
        if model is not None and model.task == "regression" and column.role == "label":
            model.centre = column.centre
        filled.append(column)
    return filled
