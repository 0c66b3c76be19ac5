"""What each column is to a monitor: guessed from its name and its values, with the reason."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from driftline.init.names import (
    POSITIVE,
    is_code,
    is_identifier,
    is_known_at,
    is_money_earned,
    is_version,
    label_rank,
    prediction_rank,
    segment_rank,
    words_of,
)
from driftline.init.profile import Facts, TimeFacts, grows, lives_a_day
from driftline.init.text import count
from driftline.kinds import Kind

# A text of more values than this is no category, one of more than the other may still be one where it repeats.
MANY_VALUES, SOME_VALUES = 1000, 50
SEGMENTS, SEGMENT_VALUES, VERSIONS, CLASSES = 2, 12, 30, 40


@dataclass(frozen=True)
class Left:
    """A column that is not monitored."""

    name: str
    group: str
    why: str = ""


@dataclass
class Roles:
    """What a monitor declares of the columns; ``why`` has the reason by argument."""

    numeric: list[str] = field(default_factory=list)
    categorical: list[str] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    prediction: str | Mapping[str, str] | None = None
    label: str | None = None
    known_at: str | None = None
    task: str = "none"
    positive_label: str | None = None
    decision_threshold: float | None = None
    model_version: str | None = None
    segments: list[str] = field(default_factory=list)
    business: dict[str, str] = field(default_factory=dict)
    values: dict[str, int | None] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)


def assign(facts: Sequence[Facts], times: Sequence[TimeFacts], values: Mapping[str, list[tuple[str, int]]]) -> Roles:
    """Sort the columns.

    values  the values of what may be a label, with their numbers, where there are few
    """
    roles = Roles()
    left = {one.name: found for one in facts if (found := _left(one)) is not None}
    usable = [one for one in facts if one.name not in left]
    by_name = {one.name: one for one in usable}
    _version(roles, [one for one in facts if one.name not in left or left[one.name].group in ("identifiers", _FRESH)])
    _label(roles, [one for one in usable if one.name != roles.model_version])
    others = [one for one in usable if one.name not in (roles.model_version, roles.label)]
    label = by_name.get(roles.label or "")
    if not _probabilities(roles, others, label, values):
        _prediction(roles, others, label)
    _task(roles, by_name, label, values)
    if roles.label is not None:
        known = [one.column.name for one in times if is_known_at(one.column.name)]
        roles.known_at = known[0] if known else None
    taken = {roles.model_version, roles.label, *_predicted(roles)}
    for one in (one for one in usable if one.name not in taken):
        _feature(roles, one)
    _segments(roles, [one for one in usable if one.name not in taken])
    roles.left = [found for name, found in left.items() if name not in taken and name != roles.known_at]
    return roles


def _predicted(roles: Roles) -> set[str]:
    if isinstance(roles.prediction, Mapping):
        return set(roles.prediction.values())
    return {roles.prediction} if roles.prediction is not None else set()


# --- what is not monitored -------------------------------------------------------------------------------------------

_FRESH = "new every day"


def _left(one: Facts) -> Left | None:
    """Why a column is not monitored; None if it is."""
    if one.kind is Kind.TIME:
        return Left(one.name, "other times", "an age is a number that can be monitored: make one in a model")
    if "uuid" in one.column.data_type.lower():
        return Left(one.name, "identifiers", "by type")
    if one.refused or one.kind not in (Kind.NUMBER, Kind.BOOLEAN, Kind.TEXT):
        told = one.column.data_type
        return Left(one.name, "of other types", "cast it in a model" if told.startswith("unknown") else told)
    if not one.rows:
        return Left(one.name, "identifiers", "by name") if is_identifier(one.name) else None
    if not one.filled:
        return Left(one.name, "empty", f"NULL in {count(one.rows, 'row')}")
    if one.distinct == 1 and one.kind is not Kind.BOOLEAN:
        return Left(one.name, "constant", f"{_shown(one.low)} in every row" + _nulls(one))
    if one.kind is Kind.NUMBER:
        return _left_number(one)
    return _left_text(one) if one.kind is Kind.TEXT else None


def _left_number(one: Facts) -> Left | None:
    few = one.distinct <= SOME_VALUES
    seen = f"{count(one.distinct, 'value')} in {count(one.filled, 'row')}"
    if is_identifier(one.name) and not few:
        return Left(one.name, "identifiers", f"by name; {seen}")
    if not one.broken and grows(one):
        return Left(one.name, "grow with time", "every day's values lie beyond those of the day before")
    if not one.broken and not few and one.distinct >= 0.99 * one.filled and one.filled >= 1000:
        return Left(one.name, "identifiers", f"whole numbers, {seen}")
    if is_code(one.name) and one.distinct > MANY_VALUES:
        return Left(one.name, "identifiers", f"a code by its name; {seen}")
    return None


def _left_text(one: Facts) -> Left | None:
    seen = f"{count(one.distinct, 'value')} in {count(one.filled, 'row')}"
    repeats = one.distinct <= SOME_VALUES or (one.distinct <= MANY_VALUES and one.distinct < 0.5 * one.filled)
    if not repeats and one.spaced > 0.5 * one.filled and one.mean_length > 20:
        return Left(one.name, "free text", f"{seen}, {one.mean_length:.0f} characters on average")
    if one.longest > 200 and one.distinct > SOME_VALUES:
        return Left(one.name, "free text", f"up to {one.longest:,} characters")
    if is_identifier(one.name) and one.distinct > SOME_VALUES:
        return Left(one.name, "identifiers", f"by name; {seen}")
    if lives_a_day(one):
        return Left(one.name, _FRESH, "no value is there on two days")
    if not repeats:
        return Left(one.name, "identifiers", f"text, {seen}")
    return None


def _nulls(one: Facts) -> str:
    return "" if one.filled == one.rows else f", or NULL ({1 - one.filled / one.rows:.0%})"


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 30 else text[:29] + "…"


# --- version, label, prediction --------------------------------------------------------------------------------------


def _version(roles: Roles, facts: Iterable[Facts]) -> None:
    for one in facts:
        if is_version(one.name) and one.distinct <= VERSIONS and not one.broken and one.kind is not Kind.BOOLEAN:
            roles.model_version = one.name
            roles.values[one.name] = one.distinct + (one.filled < one.rows) or None
            roles.why["model_version"] = f"by its name; {count(one.distinct, 'value')}"
            return
    roles.why["model_version"] = "none: no column with few values is called version, model or variant"


def _label(roles: Roles, facts: Iterable[Facts]) -> None:
    ranked = sorted(
        (rank, place, one)
        for place, one in enumerate(facts)
        if (rank := label_rank(one.name)) is not None and prediction_rank(one.name) is None
        # An event is a label where it has happened or not; what says so itself may be anything.
        and (rank == 0 or one.kind is Kind.BOOLEAN or one.distinct <= 2)
        and (one.kind is not Kind.TEXT or one.distinct <= CLASSES)
    )  # fmt: skip
    if ranked:
        one = ranked[0][2]
        roles.label = one.name
        known = f"; known of {one.filled / one.rows:.0%} of the rows" if one.rows and one.filled < one.rows else ""
        roles.why["label"] = f"by its name; {count(one.distinct, 'value')}{known}"
    else:
        roles.why["label"] = "none: no column is called label, target, actual, outcome, or a thing that happens or not"


def _prediction(roles: Roles, facts: Iterable[Facts], label: Facts | None) -> None:
    ranked = sorted(
        (rank, place, one)
        for place, one in enumerate(facts)
        if (rank := prediction_rank(one.name, _is_probability(one))) is not None
    )
    if not ranked:
        roles.why["prediction"] = "none: no column is called prediction, score, probability or forecast"
        return
    # A score says more than the class that was made of it.
    scores = [one for _, _, one in ranked if one.kind is Kind.NUMBER and not _is_class_of(one, label)]
    one = scores[0] if scores else ranked[0][2]
    roles.prediction = one.name
    why = f"by its name; {count(one.distinct, 'value')}"
    if one.kind is Kind.NUMBER and one.filled:
        why += " between 0 and 1" if _is_probability(one) else f" from {_shown(one.low)} to {_shown(one.high)}"
    others = ", ".join(other.name for _, _, other in ranked if other is not one)
    roles.why["prediction"] = why + (f". Also called so: {others}" if others else "")


def _probabilities(
    roles: Roles, facts: Sequence[Facts], label: Facts | None, values: Mapping[str, list[tuple[str, int]]]
) -> bool:
    """A column of probability for each class of the label: p_red, p_green, p_blue."""
    classes = [value for value, _ in values.get(label.name, ())] if label is not None else []
    if len(classes) < 3:
        return False
    found: dict[str, str] = {}
    for value in classes:
        ending = words_of(value) or (value.lower(),)
        for one in facts:
            words = words_of(one.name)
            is_of_it = words[: -len(ending)] in (("p",), ("prob",), ("proba",), ("probability",), ("score",))
            if is_of_it and words[-len(ending) :] == ending and _is_probability(one):
                found[value] = one.name
    if len(found) != len(classes):
        return False
    roles.prediction = found
    roles.why["prediction"] = f"a column of numbers between 0 and 1 for each of the {len(found)} values of the label"
    return True


def _is_probability(one: Facts) -> bool:
    return one.kind is Kind.NUMBER and one.filled > 0 and one.low >= 0 and one.high <= 1 and one.distinct > 2


def _is_class_of(one: Facts, label: Facts | None) -> bool:
    if label is None or one.kind is not label.kind or one.distinct > CLASSES:
        return False
    return one.broken == 0 and label.broken == 0 and one.distinct <= label.distinct + 1


# --- the task --------------------------------------------------------------------------------------------------------


def _task(
    roles: Roles, facts: Mapping[str, Facts], label: Facts | None, values: Mapping[str, list[tuple[str, int]]]
) -> None:
    if label is None or roles.prediction is None:
        missing = "a label" if label is None else "a prediction"
        roles.why["task"] = f"none: without {missing} there is no performance to measure, only how values change"
        return
    if isinstance(roles.prediction, Mapping):
        roles.task, roles.why["task"] = "multiclass", f"the label has {len(roles.prediction)} values"
        return
    prediction = facts[roles.prediction]
    if not label.filled or not prediction.filled:
        roles.why["task"] = "none: there are no values yet that tell; one of binary, multiclass and regression"
    elif label.distinct <= 2 and (prediction.kind is Kind.NUMBER or _is_class_of(prediction, label)):
        _binary(roles, prediction, label, values)
    elif _is_class_of(prediction, label) and (label.kind is Kind.TEXT or label.distinct <= SOME_VALUES // 2):
        roles.task, roles.why["task"] = (
            "multiclass",
            f"label and prediction are {count(label.distinct, 'class', 'classes')}",
        )
        roles.values[label.name] = label.distinct
    elif label.kind is Kind.NUMBER and prediction.kind is Kind.NUMBER:
        roles.task = "regression"
        roles.why["task"] = f"the label is a number, {_shown(label.low)} to {_shown(label.high)}"
    else:
        roles.why["task"] = "none: label and prediction are neither classes nor numbers alike"


def _binary(roles: Roles, prediction: Facts, label: Facts, values: Mapping[str, list[tuple[str, int]]]) -> None:
    roles.task, roles.why["task"] = "binary", f"the label has {count(label.distinct, 'value')}"
    plain = label.kind is Kind.BOOLEAN or (label.kind is Kind.NUMBER and {label.low, label.high} <= {0, 1})
    if not plain:
        there = values.get(label.name) or [(str(label.high), 0), (str(label.low), 1)]
        named = [value for word in POSITIVE for value, _ in there if value.lower() == word]
        roles.positive_label = named[0] if named else there[-1][0]
        how = "by its word" if named else "the rarer one"
        roles.why["positive_label"] = f"{how} of {', '.join(_shown(value) for value, _ in there)}: see whether it is"
    ends = (float(prediction.low), float(prediction.high)) if prediction.kind is Kind.NUMBER else (0.0, 1.0)
    if all(map(math.isfinite, ends)) and not (ends[0] >= 0 and ends[1] <= 1):
        roles.decision_threshold = float(f"{sum(ends) / 2:.4g}")
        roles.why["decision_threshold"] = (
            "the middle of the scores, which are no probabilities: put the one that the model is used with"
        )


# --- features, segments, the business --------------------------------------------------------------------------------


def _feature(roles: Roles, one: Facts) -> None:
    if one.kind is Kind.NUMBER and is_money_earned(one.name):
        roles.business[one.name] = one.name
    elif (
        one.kind is not Kind.NUMBER
        or (one.rows and one.distinct <= 2)
        or (is_code(one.name) and one.distinct <= MANY_VALUES)
    ):
        roles.categorical.append(one.name)
    else:
        roles.numeric.append(one.name)


def _segments(roles: Roles, facts: Sequence[Facts]) -> None:
    ranked = sorted(
        (rank, place, one)
        for place, one in enumerate(facts)
        if (rank := segment_rank(one.name)) is not None
        and one.name in roles.categorical and 2 <= one.distinct <= SEGMENT_VALUES and one.name.lower() != "all"
    )  # fmt: skip
    for _, _, one in ranked[:SEGMENTS]:
        roles.segments.append(one.name)
        roles.values[one.name] = one.distinct + (one.filled < one.rows)
    if roles.segments:
        listed = ", ".join(f"{one.name} ({count(one.distinct, 'value')})" for _, _, one in ranked[:SEGMENTS])
        more = [one.name for _, _, one in ranked[SEGMENTS:]]
        roles.why["segments"] = f"by name, with few values: {listed}" + (f". Also: {', '.join(more)}" if more else "")
    else:
        few = [one.name for one in facts if one.name in roles.categorical and 2 <= one.distinct <= SEGMENT_VALUES]
        roles.why["segments"] = "none: no category is called segment, market, channel, plan or the like" + (
            f"; of few values are {', '.join(few[:8])}" if few else ""
        )


def groups(left: Iterable[Left]) -> Iterator[tuple[str, list[Left]]]:
    """What is left out, by why."""
    found: dict[str, list[Left]] = {}
    for one in left:
        found.setdefault(one.group, []).append(one)
    yield from found.items()
