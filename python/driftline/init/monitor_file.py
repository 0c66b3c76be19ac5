"""The files of a monitor, as a person would write them: the declaration, why it is so, and its schema lines."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from driftline.declarations import Declaration, Label
from driftline.init.relation import Target
from driftline.init.roles import Roles, groups
from driftline.init.schedule import Choice, Span
from driftline.init.text import count, in_comment, quoted

WIDTH = 116
_NAME = 18


@dataclass(frozen=True)
class Proposal:
    """A monitor as it is proposed."""

    monitor: str
    target: Target
    rows: int
    looked_at: int
    columns: int
    timestamp: Choice
    timezone: Choice
    period: Choice
    reference: Span
    roles: Roles
    delay: Choice | None = None
    notes: tuple[str, ...] = ()
    rows_of_results: str = ""
    version: str = ""
    made_on: str = ""
    also: Mapping[str, Any] = field(default_factory=dict)
    windows: Choice | None = None

    def declaration(self) -> Declaration:
        """As the macro would record it, for what is reckoned of declarations."""
        roles = self.roles
        arguments = {
            "timestamp": self.timestamp.value, "period": self.period.value, "timezone": self.timezone.value,
            "reference": {"start": str(self.reference.start), "end": str(self.reference.end)},
            "numeric": roles.numeric, "categorical": roles.categorical, "prediction": roles.prediction,
            "label": roles.label, "task": roles.task, "model_version": roles.model_version, "segments": roles.segments,
            "business_metrics": roles.business,
        }  # fmt: skip
        label = None if roles.label is None else Label(roles.label, roles.known_at)
        return Declaration(self.monitor, "", arguments, None, None, label)

    # --- the model -----------------------------------------------------------------------------------------------

    def model(self) -> str:
        """The text of the model's file."""
        return "\n".join([*self._comment(), *self._call(), ""])

    def _call(self) -> Iterator[str]:
        arguments = list(self._arguments())
        size = max(len(name) for name, _ in arguments)
        yield "{{ driftline.monitor("
        for place, (name, value) in enumerate(arguments):
            comma = "," if place < len(arguments) - 1 else ""
            first, *rest = value
            yield f"    {name:<{size}} = {first}" + ("" if rest else comma)
            for number, line in enumerate(rest):
                yield f"    {line}" + (comma if number == len(rest) - 1 else "")
        yield ") }}"

    def _arguments(self) -> Iterator[tuple[str, list[str]]]:
        roles = self.roles
        yield "relation", [self.target.call]
        yield "timestamp", [quoted(self.timestamp.value)]
        yield "period", [quoted(self.period.value)]
        yield "timezone", [quoted(self.timezone.value)]
        yield "reference", [f"{{'start': '{self.reference.start}', 'end': '{self.reference.end}'}}"]
        if roles.numeric:
            yield "numeric", _listed(roles.numeric)
        if roles.categorical:
            yield "categorical", _listed(roles.categorical)
        if isinstance(roles.prediction, Mapping):
            yield "prediction", _mapping({quoted(name): quoted(column) for name, column in roles.prediction.items()})
        elif roles.prediction is not None:
            yield "prediction", [quoted(roles.prediction)]
        if roles.decision_threshold is not None:
            yield "decision_threshold", [f"{roles.decision_threshold:g}"]
        if roles.label is not None and roles.known_at is not None:
            yield "label", [f"{{'label': {quoted(roles.label)}, 'known_at': {quoted(roles.known_at)}}}"]
        elif roles.label is not None:
            yield "label", [quoted(roles.label)]
        if roles.positive_label is not None:
            yield "positive_label", [quoted(roles.positive_label)]
        if self.delay is not None:
            yield "label_delay", [self.delay.value]
        if roles.task != "none":
            yield "task", [quoted(roles.task)]
        if roles.model_version is not None:
            yield "model_version", [quoted(roles.model_version)]
        if roles.segments:
            yield "segments", _listed(roles.segments)
        if roles.business:
            yield (
                "business_metrics",
                _mapping(
                    {quoted(name): f"{{'sum': {quoted(expression)}}}" for name, expression in roles.business.items()}
                ),
            )

    # --- why -----------------------------------------------------------------------------------------------------

    def _comment(self) -> Iterator[str]:
        yield "{#"
        part = "" if self.looked_at >= self.rows else f", {self.looked_at:,} of them column by column"
        seen = count(self.rows, "row") + part if self.rows else "no rows: names and types alone"
        yield from _filled(
            f"Proposed by `driftline init` {self.version} on {self.made_on} from {in_comment(self.target.relation)} "
            f"({seen}). It is yours: change what is wrong, then `driftline validate --select {self.monitor}`. All "
            "arguments: docs/monitor.md in the package.",
            "    ",
        )
        yield ""
        for name, why in self._reasons():
            yield from _filled(in_comment(why), f"    {name:<{_NAME}}", " " * (4 + _NAME))
        left = list(groups(self.roles.left))
        if left:
            yield ""
            yield "    Left out:"
            for group, ones in left:
                yield from _filled(in_comment(_told(ones)), f"    {group:<{_NAME}}", " " * (4 + _NAME))
        for note in (*self.notes, self.rows_of_results):
            if note:
                yield ""
                yield from _filled(in_comment(note), "    ")
        yield "#}"

    def _reasons(self) -> Iterator[tuple[str, str]]:
        roles = self.roles
        yield "timestamp", f"{self.timestamp.value}: {self.timestamp.why}"
        yield "period", f"{self.period.value}: {self.period.why}"
        yield "timezone", f"{self.timezone.value}: {self.timezone.why}"
        yield "reference", self.reference.why
        if roles.numeric:
            yield "numeric", f"{count(len(roles.numeric), 'column')} of numbers with more than two values"
        if roles.categorical:
            what = (
                "text that repeats, yes and no, codes, numbers of two values"
                if self.rows
                else "text, yes and no, codes"
            )
            yield "categorical", f"{count(len(roles.categorical), 'column')}: {what}"
        shown: dict[str, Any] = {
            "prediction": "" if isinstance(roles.prediction, Mapping) else roles.prediction,
            "decision_threshold": roles.decision_threshold,
            "label": roles.label,
            "positive_label": roles.positive_label,
            "task": roles.task if roles.task != "none" else None,
            "model_version": roles.model_version,
            "segments": None,
        }
        for name, value in shown.items():
            if name in roles.why:
                yield name, (f"{value}: " if value not in (None, "") else "") + roles.why[name]
        if roles.known_at is not None:
            yield "known_at", f"{roles.known_at}: the time of a label, by its name"
        if self.delay is not None:
            yield "label_delay", self.delay.why
        elif roles.label is not None and self.rows:
            yield (
                "label_delay",
                "0: set it to the periods it takes until labels are final, if they change after a while",
            )
        if roles.business:
            yield "business_metrics", "sums of what is earned, by name: " + ", ".join(roles.business)
        else:
            yield "business_metrics", "none: name what the rows are for, such as {'revenue': {'sum': 'price'}}"
        if self.windows is not None:
            where = "for all monitors of this period, in dbt_project.yml"
            yield "windows", f"vars: {{driftline_windows: {self.windows.value}}}, {where}: {self.windows.why}"

    # --- the schema lines ----------------------------------------------------------------------------------------

    def schema(self, database: str, columns: Sequence[tuple[str, str]] = ()) -> str:
        """The text of the yml file beside it.

        columns  name and description of each column of the monitor's table
        """
        roles = self.roles
        what = f"{len(roles.numeric) + len(roles.categorical)} columns"
        what += ", the prediction" if roles.prediction is not None else ""
        what += ", the label" if roles.label is not None else ""
        lines = ["version: 2", ""]
        if self.target.source is not None:
            lines += [*self.target.source.lines(database), ""]
        text = f"Monitor of {self.target.name} by {self.period.value}: {what}, held against "
        text += f"{self.reference.start} to {self.reference.end}. Its rows are counts (state), not results."
        lines += ["models:", f"  - name: {self.monitor}", *_description(text, 4)]
        if columns:
            lines += ["    # What the table of any monitor has: dbt docs shows it.", "    columns:"]
        for name, description in columns:
            lines += [f"      - name: {name}", *_description(description, 8)]
        return "\n".join([*lines, ""])


def _description(text: str, indent: int) -> list[str]:
    folded = textwrap.wrap(" ".join(text.split()), 100, break_long_words=False, break_on_hyphens=False)
    return [" " * indent + "description: >-", *(" " * (indent + 2) + line for line in folded)]


def _told(ones: Sequence[Any]) -> str:
    """Names with why, or names alone where they are many or say the same."""
    reasons = {one.why for one in ones}
    if len(reasons) == 1 and len(ones) > 1:
        why = next(iter(reasons))
        return ", ".join(one.name for one in ones) + (f": {why}" if why else "")
    return "; ".join(f"{one.name} ({one.why})" if one.why else one.name for one in ones)


def _filled(text: str, first: str, rest: str | None = None) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=first if rest is None else rest,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def _listed(names: Sequence[str]) -> list[str]:
    """A list on one line, or on several."""
    inline = f"[{', '.join(map(quoted, names))}]"
    if len(inline) <= 80:
        return [inline]
    lines = textwrap.wrap(", ".join(_tied(quoted(name)) for name in names), 100, break_long_words=False)
    return [
        "[",
        *(f"    {line.replace(_TIE, ' ')}" for line in lines[:-1]),
        f"    {lines[-1].replace(_TIE, ' ')},",
        "]",
    ]


def _mapping(items: Mapping[str, str]) -> list[str]:
    inline = "{" + ", ".join(f"{name}: {value}" for name, value in items.items()) + "}"
    if len(inline) <= 80:
        return [inline]
    return ["{", *(f"    {name}: {value}," for name, value in items.items()), "}"]


_TIE = "\ue000"


def _tied(text: str) -> str:
    """A text that is not broken at its blanks, nor at its hyphens."""
    return text.replace(" ", _TIE)
