"""`driftline validate`: holds every declaration against the warehouse, before a run."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from driftline.declarations import Declaration, read_declarations
from driftline.errors import DriftlineError, ProjectError, UnknownMonitorError, UnreachableError, WarehouseError
from driftline.expressions import can_end_in_null, names, problem_of
from driftline.kinds import Kind, kind_of
from driftline.midnights import first_of_midnights
from driftline.project import LIST_VARIABLE, Node
from driftline.result_rows import ResultRows, counted_columns, result_rows
from driftline.text import printable
from driftline.warehouse import Column, Warehouse

_MACRO_MESSAGE = re.compile(
    r"driftline: monitor '(?P<monitor>.*?)', argument '(?P<argument>.*?)': "
    r"given (?P<given>.*); allowed: (?P<allowed>.*)"
)
_VARIABLE_MESSAGE = re.compile(
    r"driftline: var '(?P<variable>.*?)': given (?P<given>.*?); allowed: (?P<allowed>.*?)(?= > in macro|$)"
)

_TIME = "a column of type date or timestamp"
_NUMERIC = "a column of a numeric type (others belong in categorical)"
_EXPRESSION = "one scalar SQL expression over the columns of a row"
_FOLLOWED = "ref('...') or source('...', '...'), written in the call itself"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong (``error``), may be or was not checked (``warning``), or is good to know (``note``)."""

    monitor: str
    argument: str
    given: str
    allowed: str
    level: str = "error"

    def line(self) -> str:
        prefix = "" if self.level == "error" else f"{self.level}: "
        return printable(
            f"{prefix}monitor '{self.monitor}', argument '{self.argument}': given {self.given}; allowed: {self.allowed}"
        )

    def to_dict(self) -> dict[str, str]:
        return asdict(self)


def finding_of_parse_error(error: ProjectError) -> Finding | None:
    """What the macro itself stopped at while dbt parsed the project; None if something else is wrong."""
    if found := _MACRO_MESSAGE.search(error.message):
        allowed = re.split(r"\s+(?:>|\(?in (?:model|macro)\b|called by\b)", found["allowed"])[0]
        return Finding(found["monitor"], found["argument"], found["given"], allowed)
    if found := _VARIABLE_MESSAGE.search(error.message):
        return Finding("(all)", f"var {found['variable']}", found["given"], found["allowed"])
    if isinstance(error, UnknownMonitorError):
        return _listed_without_model(error.monitor, error.listed)
    return None


def _listed_without_model(monitor: str, listed: Sequence[str]) -> Finding:
    return Finding(
        monitor,
        LIST_VARIABLE,
        f"'{monitor}', which no enabled model declares" + (f", in [{', '.join(listed)}]" if listed else ""),
        "names of models that call driftline.monitor",
    )


@dataclass(frozen=True)
class ValidateResult:
    monitors: tuple[str, ...]
    findings: tuple[Finding, ...]
    rows: tuple[ResultRows, ...] = ()
    """Of the monitors that nothing is wrong with."""

    @property
    def errors(self) -> int:
        return sum(finding.level == "error" for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        return {
            "monitors": list(self.monitors),
            "errors": self.errors,
            "warnings": sum(finding.level == "warning" for finding in self.findings),
            "findings": [finding.to_dict() for finding in self.findings],
            "rows": [rows.to_dict() for rows in self.rows],
        }

    def lines(self) -> list[str]:
        checked = f"{len(self.monitors)} monitor{'' if len(self.monitors) == 1 else 's'} checked"
        count = self.errors
        outcome = f"{count} error{'' if count == 1 else 's'}" if count else "no errors"
        found = [finding.line() for finding in self.findings]
        return [*found, *(printable(rows.line()) for rows in self.rows), f"{checked}, {outcome}."]


def validate(
    warehouse: Warehouse, select: Sequence[str] = (), progress: Callable[[str], None] = lambda _: None
) -> ValidateResult:
    """Check all declarations, or those selected. Raises DriftlineError if that is not possible at all."""
    declarations = read_declarations(warehouse)
    names = [declaration.monitor for declaration in declarations]
    listed = warehouse.listed_monitors()
    unknown = [name for name in select if name not in names and name not in listed]
    if unknown:
        raise DriftlineError(
            f"No monitor {', '.join(map(repr, unknown))}; there is: {', '.join(names) or 'none'}.",
            "A monitor is a model that calls driftline.monitor; its name is the model's name.",
        )

    findings: list[Finding] = []
    rows: list[ResultRows] = []
    for name in listed:
        if name not in names and (not select or name in select):
            findings.append(_listed_without_model(name, listed))
    for declaration in declarations:
        if select and declaration.monitor not in select:
            continue
        if declaration.monitor not in listed:
            findings.append(
                Finding(
                    declaration.monitor,
                    LIST_VARIABLE,
                    f"a list without '{declaration.monitor}', so nothing is measured of it",
                    f"the names of all monitors, in dbt_project.yml: vars: {{{LIST_VARIABLE}: [...]}}",
                )
            )
        progress(f"Checking {declaration.monitor}")
        check = _Check(warehouse, declaration)
        found = list(check.findings())
        findings.extend(found)
        if not any(finding.level == "error" for finding in found):
            rows.append(check.result_rows())
    checked = tuple(name for name in names if not select or name in select)
    return ValidateResult(checked, tuple(findings), tuple(rows))


class _Check:
    """The checks of one declaration."""

    def __init__(self, warehouse: Warehouse, declaration: Declaration) -> None:
        self._warehouse = warehouse
        self._declaration = declaration
        self._arguments = declaration.arguments

    def _finding(self, argument: str, given: str, allowed: str, level: str = "error") -> Finding:
        return Finding(self._declaration.monitor, argument, given, allowed, level)

    def findings(self) -> Iterator[Finding]:
        yield from self._timezone()
        yield from self._reference_span()
        if "states" in self._arguments:
            # A merge reads states; what they have to agree about it looks at itself, when it runs.
            return
        relation = self._declaration.relation
        if relation is None:
            yield self._finding(
                "relation",
                "an expression this command cannot follow, so columns and types are not checked",
                _FOLLOWED,
                "warning",
            )
            return
        columns = yield from self._columns_of("relation", relation)
        if columns is None:
            return
        yield from self._columns(relation, columns, self._declared())
        yield from self._midnights(relation, columns)
        yield from self._positive_prediction(columns)
        yield from self._label(relation, columns)
        yield from self._expressions(relation, columns)
        if (reference := self._declaration.reference_relation) is not None:
            yield from self._reference_relation(reference)
        else:
            yield from self._reference_rows(relation, columns)

    def result_rows(self) -> ResultRows:
        """What the results of one period will hold, with as many versions and segment values as the reference has."""
        windows, champions = (self._warehouse.variable(f"driftline_{name}") for name in ("windows", "champions"))
        return result_rows(self._declaration, self._values(), windows or {}, champions)

    def _values(self) -> dict[str, int | None]:
        names = counted_columns(self._declaration)
        node = self._declaration.reference_relation or self._declaration.relation
        unknown: dict[str, int | None] = dict.fromkeys(names)
        if not names or node is None or node.relation is None:
            return unknown
        try:
            there = self._warehouse.columns(node.relation)
            columns = {name: column for name in names if (column := _find(there, name)) is not None}
            if not columns:
                return unknown
            # A missing value is a value of its own.
            counts = ", ".join(
                f"count(distinct {column}) + max(case when {column} is null then 1 else 0 end) as n_{number}"
                for number, column in enumerate(self._warehouse.quote(column.name) for column in columns.values())
            )
            found = self._warehouse.query(f"select {counts} from {node.relation}{self._in_reference(there)}")
        except UnreachableError:
            raise
        except (WarehouseError, ValueError):
            return unknown
        return {**unknown, **{name: int(found[0][f"n_{n}"] or 0) or None for n, name in enumerate(columns)}}

    def _in_reference(self, columns: list[Column]) -> str:
        span, time = self._span(), _find(columns, str(self._arguments.get("timestamp")))
        if span is None or time is None or self._declaration.reference_relation is not None:
            return ""
        return " where " + self._within(time, span) + self._not_excluded(time)

    def _within(self, time: Column, span: tuple[datetime, datetime]) -> str:
        first, last = (self._warehouse.literal(moment) for moment in span)
        name = self._warehouse.quote(time.name)
        return f"{name} >= {first} and {name} < {last}"

    def _not_excluded(self, time: Column) -> str:
        spans = self._arguments["reference"].get("exclude") or []
        moments = [(datetime.fromisoformat(str(s["start"])), datetime.fromisoformat(str(s["end"]))) for s in spans]
        return "".join(f" and not ({self._within(time, span)})" for span in moments)

    # --- what needs no warehouse ---------------------------------------------------------------------------------

    def _timezone(self) -> Iterator[Finding]:
        name = self._arguments.get("timezone", "UTC")
        try:
            ZoneInfo(str(name))
        except (OSError, ValueError):  # ZoneInfoNotFoundError is a KeyError on some, an OSError on other systems
            pass
        except KeyError:
            pass
        else:
            return
        yield self._finding("timezone", repr(name), "the IANA name of a time zone such as 'Europe/London'")

    def _span(self) -> tuple[datetime, datetime] | None:
        reference = self._arguments.get("reference")
        if not isinstance(reference, Mapping) or not {"start", "end"} <= reference.keys():
            return None
        return datetime.fromisoformat(str(reference["start"])), datetime.fromisoformat(str(reference["end"]))

    def _reference_span(self) -> Iterator[Finding]:
        try:
            span = self._span()
        except ValueError:
            reference = self._arguments["reference"]
            yield self._finding(
                "reference", f"{reference['start']} to {reference['end']}", "dates that are in the calendar"
            )
            return
        if span is not None and not span[0] < span[1]:
            yield self._finding(
                "reference", f"{span[0]} to {span[1]}", "a start before the end (the end is not included)"
            )

    # --- relations and columns -----------------------------------------------------------------------------------

    def _midnights(self, node: Node, columns: list[Column]) -> Iterator[Finding]:
        """Days written as the timestamps of their midnights: taken as UTC, they are the day before west of it."""
        zone, name = str(self._arguments.get("timezone", "UTC")), str(self._arguments.get("timestamp"))
        column = _find(columns, name)
        if zone == "UTC" or column is None or self._arguments.get("period") == "hour":
            return
        kind = column.data_type.lower()
        if kind_of(column.data_type, self._warehouse.dialect) is not Kind.TIME or kind == "date":
            return
        midnight = first_of_midnights(self._warehouse, str(node.relation), column)
        if midnight is None:
            return
        try:
            there = midnight.astimezone(ZoneInfo(zone))
        except Exception:  # said already
            return
        yield self._finding(
            "timezone",
            f'{zone!r} with "{column.name}", which holds midnights only: taken as UTC, {midnight:%Y-%m-%d %H:%M} is '
            f"{there:%Y-%m-%d %H:%M} there",
            "times with their hours, or for days a column of type date (cast it in a view)",
            "warning",
        )

    def _columns_of(self, argument: str, node: Node) -> Generator[Finding, None, list[Column] | None]:
        if node.relation is None:
            yield self._finding(
                argument,
                f"{node.name}, an ephemeral model, which is no relation to look at",
                "a table or view, for its columns to be checked",
                "warning",
            )
            return None
        try:
            return self._warehouse.columns(node.relation)
        except UnreachableError:
            raise
        except WarehouseError as error:
            build = "" if node.resource_type == "source" else f" (dbt build --select {node.name})"
            yield self._finding(
                argument, f"{node.relation}, which cannot be read: {error.detail}", f"a relation that exists{build}"
            )
            return None

    def _declared(self) -> Iterator[tuple[str, str, Kind | None]]:
        """(argument, column, needed kind) of every column that is named."""
        given = self._arguments
        yield "timestamp", str(given.get("timestamp")), Kind.TIME
        for name in given.get("numeric") or ():
            yield "numeric", str(name), Kind.NUMBER
        for name in given.get("categorical") or ():
            yield "categorical", str(name), None
        prediction = given.get("prediction")
        if isinstance(prediction, Mapping):
            for name, column in prediction.items():
                yield f"prediction.{name}", str(column), Kind.NUMBER
        elif prediction is not None:
            yield "prediction", str(prediction), Kind.NUMBER if given.get("task") == "regression" else None
        label = self._declaration.label
        if label is not None and not label.is_elsewhere:
            yield "label", label.column, self._label_kind
            if label.known_at is not None:
                yield "label.known_at", label.known_at, Kind.TIME
        ranking = given.get("ranking")
        if isinstance(ranking, Mapping):
            yield "ranking.request", str(ranking.get("request")), None
            yield "ranking.position", str(ranking.get("position")), Kind.NUMBER
        if given.get("model_version") is not None:
            yield "model_version", str(given["model_version"]), None
        for name in given.get("segments") or ():
            yield "segments", str(name), None
        bins = given.get("bins")
        # {"relation": its name} says whose bins are used, and names no column.
        if isinstance(bins, Mapping) and not isinstance(bins.get("relation"), str):
            for name in bins:
                yield "bins", str(name), Kind.NUMBER

    @property
    def _label_kind(self) -> Kind | None:
        return Kind.NUMBER if self._arguments.get("task") == "regression" else None

    def _columns(
        self, node: Node, columns: list[Column], declared: Iterable[tuple[str, str, Kind | None]]
    ) -> Iterator[Finding]:
        for argument, name, needed in declared:
            column = _find(columns, name)
            if column is None:
                yield self._finding(
                    argument,
                    f'"{name}", which is not a column of {node.relation}',
                    ", ".join(column.name for column in columns),
                )
                continue
            kind = kind_of(column.data_type, self._warehouse.dialect)
            if kind is Kind.NESTED or (needed is not None and kind not in (needed, Kind.UNKNOWN)):
                if needed is Kind.NUMBER and kind is Kind.BOOLEAN:
                    continue
                allowed = {Kind.TIME: _TIME, Kind.NUMBER: _NUMERIC}.get(
                    needed or Kind.UNKNOWN, "a column of a plain type"
                )
                yield self._finding(argument, f'"{name}" of type {column.data_type}', allowed)

    # --- labels --------------------------------------------------------------------------------------------------

    def _label(self, log: Node, columns: list[Column]) -> Iterator[Finding]:
        label = self._declaration.label
        if label is None:
            return
        if not label.is_elsewhere:
            yield from self._positive_label(log, _find(columns, label.column))
            return
        key = str(label.key)
        yield from self._columns(log, columns, [("label.key", key, None)])
        if label.relation is None:
            yield self._finding(
                "label.relation",
                "an expression this command cannot follow, so the columns and types of the labels are not checked",
                _FOLLOWED,
                "warning",
            )
            return
        theirs = yield from self._columns_of("label.relation", label.relation)
        if theirs is None:
            return
        declared: list[tuple[str, str, Kind | None]] = [
            ("label.key", key, None),
            ("label.label", label.column, self._label_kind),
        ]
        if label.known_at is not None:
            declared.append(("label.known_at", label.known_at, Kind.TIME))
        yield from self._columns(label.relation, theirs, declared)
        here, there = _find(columns, key), _find(theirs, key)
        if here is not None and there is not None:
            kinds = {kind_of(column.data_type, self._warehouse.dialect) for column in (here, there)}
            if len(kinds) > 1 and not kinds & {Kind.UNKNOWN, Kind.OTHER}:
                yield self._finding(
                    "label.key",
                    f'"{key}" of type {here.data_type} in {log.relation} and of type {there.data_type} in '
                    f"{label.relation.relation}",
                    "a column of the same type in both",
                )
        yield from self._positive_label(label.relation, _find(theirs, label.column))

    def _is_text(self, column: Column | None) -> bool:
        """Not a number, nor a boolean: somebody must say what counts as positive."""
        plain = (Kind.NUMBER, Kind.BOOLEAN, Kind.UNKNOWN, Kind.NESTED)
        return column is not None and kind_of(column.data_type, self._warehouse.dialect) not in plain

    def _positive_prediction(self, columns: list[Column]) -> Iterator[Finding]:
        given = self._arguments
        if given.get("task") != "binary" or given.get("positive_label") is not None or self._declaration.label is None:
            return
        column = _find(columns, str(given.get("prediction")))
        if column is not None and self._is_text(column):
            yield self._finding(
                "positive_label",
                f"none, for a prediction of type {column.data_type}",
                "the value of the prediction and the label that counts as positive",
            )

    def _positive_label(self, node: Node, column: Column | None) -> Iterator[Finding]:
        if self._arguments.get("task") != "binary" or column is None or not self._is_text(column):
            return
        positive = self._arguments.get("positive_label")
        if positive is None:
            yield self._finding(
                "positive_label",
                f"none, for a label of type {column.data_type}",
                "the value of the label that counts as positive",
            )
            return
        quoted = self._warehouse.quote(column.name)
        found = self._warehouse.query(
            f"select {quoted} as value, count(*) as n from {node.relation} where {quoted} is not null "
            f"group by {quoted} order by count(*) desc limit 20"
        )
        values = [str(row["value"]) for row in found]
        if values and len(values) < 20 and str(positive) not in values:
            yield self._finding(
                "positive_label",
                f'"{positive}", which no label is',
                ", ".join(values),
                "warning",
            )

    # --- expressions ---------------------------------------------------------------------------------------------

    def _expressions(self, node: Node, columns: list[Column]) -> Iterator[Finding]:
        expressions: list[tuple[str, Any]] = []
        metrics = self._arguments.get("business_metrics")
        for name, metric in metrics.items() if isinstance(metrics, Mapping) else ():
            for part, expression in metric.items() if isinstance(metric, Mapping) else ():
                expressions.append((f"business_metrics.{name}.{part}", expression))
        if self._arguments.get("weight") is not None:
            expressions.append(("weight", self._arguments["weight"]))
        for argument, expression in expressions:
            problem = problem_of(str(expression), (column.name for column in columns), self._warehouse.dialect)
            if problem is not None:
                yield self._finding(argument, f'"{expression}", which has {problem}', _EXPRESSION)
                continue
            assert node.relation is not None
            try:
                data_type = self._warehouse.type_of(str(expression), node.relation)
            except UnreachableError:
                raise
            except WarehouseError as error:
                yield self._finding(
                    argument, f'"{expression}", which the warehouse refuses: {error.detail}', _EXPRESSION
                )
                continue
            if kind_of(data_type, self._warehouse.dialect) not in (Kind.NUMBER, Kind.BOOLEAN, Kind.UNKNOWN):
                yield self._finding(
                    argument, f'"{expression}" of type {data_type}', f"{_EXPRESSION}, of a numeric type"
                )
                continue
            yield from self._what_it_counts(argument, str(expression))

    def _what_it_counts(self, argument: str, expression: str) -> Iterator[Finding]:
        """A row whose numerator is not known is in no denominator, and a metric of the label waits for it."""
        label = self._declaration.label
        if not argument.startswith("business_metrics."):
            return
        if label is not None and not label.is_elsewhere and names(expression, label.column, self._warehouse.dialect):
            yield self._finding(
                argument,
                f'"{expression}", which names the label',
                "this; the metric counts the rows whose label is known, and is judged once the labels are final "
                "(label_delay, min_labelled_share)",
                "note",
            )
        if argument.endswith(".numerator") and can_end_in_null(expression, self._warehouse.dialect):
            yield self._finding(
                argument,
                f'"{expression}", a CASE without ELSE',
                "this, but a row whose numerator is NULL is in no denominator: write ELSE 0 where it is to count",
                "warning",
            )

    # --- the reference -------------------------------------------------------------------------------------------

    def _reference_relation(self, node: Node) -> Iterator[Finding]:
        columns = yield from self._columns_of("reference", node)
        if columns is None:
            return
        label = self._declaration.label
        if (
            label is not None
            and label.is_elsewhere
            and not any(_find(columns, str(n)) for n in (label.column, label.key))
        ):
            yield self._finding(
                "reference",
                f'{node.relation}, which has neither the label "{label.column}" nor its key "{label.key}", so its rows '
                "have no labels",
                "a relation with the label, or with the key that finds it",
                "warning",
            )
        for argument, name, _ in self._declared():
            counted = argument in ("numeric", "categorical", "prediction", "label") or argument.startswith(
                "prediction."
            )
            if counted and _find(columns, name) is None:
                yield self._finding(
                    "reference",
                    f'{node.relation}, which has no column "{name}", so that column has no reference',
                    "a relation with the monitor's columns",
                    "warning",
                )
        if not self._warehouse.query(f"select 1 as found from {node.relation} limit 1"):
            yield self._finding("reference", f"{node.relation}, which has no rows", "a relation with rows")

    def _reference_rows(self, node: Node, columns: list[Column]) -> Iterator[Finding]:
        try:
            span = self._span()
        except ValueError:
            return
        column = _find(columns, str(self._arguments.get("timestamp")))
        if span is None or column is None or not span[0] < span[1]:
            return
        if kind_of(column.data_type, self._warehouse.dialect) is not Kind.TIME:
            return
        # A day of room on both sides: the span is a wall clock of the monitor's time zone. Literals against the bare
        # column, so that the warehouse reads only these partitions.
        day, literal = timedelta(days=1), self._warehouse.literal
        time = self._warehouse.quote(column.name)
        rows = self._warehouse.query(
            f"select 1 as found from {node.relation} "
            f"where {time} >= {literal(span[0] - day)} and {time} < {literal(span[1] + day)} limit 1"
        )
        if not rows:
            yield self._finding(
                "reference", f"{span[0]} to {span[1]}, in which {node.relation} has no rows", "a span with rows"
            )


def _find(columns: Sequence[Column], name: str) -> Column | None:
    exact = next((column for column in columns if column.name == name), None)
    return exact or next((column for column in columns if column.name.lower() == name.lower()), None)
