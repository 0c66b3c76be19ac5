"""What a relation holds, by aggregates: of all its rows in time, and of some whole days by column.

Statements are made of what all warehouses have. Columns are asked about in chunks, so that 500 of them are a dozen
statements, and each reads the days of the sample only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from driftline.errors import UnreachableError, WarehouseError
from driftline.kinds import Kind, kind_of
from driftline.warehouse import Column, Row, Warehouse

CHUNK = 40
# Of so many days at most, in pairs: what a value lives for shows in two days in a row.
DAYS = 20
CELLS, LEAST_ROWS, MOST_ROWS = 4_000_000, 10_000, 200_000


# Days with how many rows of each are looked at; None: all.
Days = list[tuple[date, int]] | None


@dataclass(frozen=True)
class TimeFacts:
    """A column of a time, over all rows."""

    column: Column
    filled: int = 0
    low: date | None = None
    high: date | None = None
    days: int = 0

    @property
    def has_hours(self) -> bool:
        return self.column.data_type.lower() != "date"


@dataclass(frozen=True)
class Facts:
    """A column, over the rows of the sample. ``by_day`` has (distinct, least, greatest) of each of its days.

    Of texts ``longest``, ``mean_length`` and ``spaced`` (how many hold a blank), of numbers ``broken`` (how many are
    not whole). ``refused`` where the warehouse cannot count it.
    """

    column: Column
    kind: Kind
    rows: int = 0
    filled: int = 0
    distinct: int = 0
    low: Any = None
    high: Any = None
    longest: int = 0
    mean_length: float = 0
    spaced: int = 0
    broken: int = 0
    by_day: tuple[tuple[int, Any, Any], ...] = field(default=())
    refused: bool = False

    @property
    def name(self) -> str:
        return self.column.name


class Profiler:
    """Asks about one relation."""

    def __init__(self, warehouse: Warehouse, relation: str, columns: Sequence[Column]) -> None:
        self._warehouse = warehouse
        self._relation = relation
        self._columns = columns

    def kind(self, column: Column) -> Kind:
        if column.data_type.lower().startswith("enum"):
            return Kind.TEXT
        return kind_of(column.data_type, self._warehouse.dialect)

    def times(self) -> tuple[int, list[TimeFacts]]:
        """How many rows there are, and the columns of a time."""
        columns = [column for column in self._columns if self.kind(column) is Kind.TIME]
        parts = ["count(*) as n"]
        for n, name in enumerate(self._warehouse.quote(column.name) for column in columns):
            parts += [f"count({name}) as filled_{n}", f"min({name}) as low_{n}", f"max({name}) as high_{n}"]
            parts += [f"count(distinct cast({name} as date)) as days_{n}"]
        (row,) = self._warehouse.query(f"select {', '.join(parts)} from {self._relation}")
        return int(row["n"]), [
            TimeFacts(
                column, int(row[f"filled_{n}"]), _day(row[f"low_{n}"]), _day(row[f"high_{n}"]), int(row[f"days_{n}"])
            )
            for n, column in enumerate(columns)
        ]  # fmt: skip

    def days(self, time: TimeFacts) -> list[tuple[date, int]]:
        """Rows by day."""
        name = self._warehouse.quote(time.column.name)
        rows = self._warehouse.query(
            f"select cast({name} as date) as day, count(*) as n from {self._relation} where {name} is not null "
            f"group by cast({name} as date)"
        )
        found = [(_day(row["day"]), int(row["n"])) for row in rows]
        return sorted((day, n) for day, n in found if day is not None)

    def known(self, time: TimeFacts, label: Column) -> list[tuple[date, int, int]]:
        """By day: rows, and how many of them have a label."""
        name, quoted = (self._warehouse.quote(column.name) for column in (time.column, label))
        rows = self._warehouse.query(
            f"select cast({name} as date) as day, count(*) as n, count({quoted}) as known from {self._relation} "
            f"where {name} is not null group by cast({name} as date)"
        )
        found = [(_day(row["day"]), int(row["n"]), int(row["known"])) for row in rows]
        return sorted((day, n, known) for day, n, known in found if day is not None)

    def values(self, column: Column, most: int = 40) -> list[tuple[str, int]] | None:
        """The values of a column, the most frequent first; None if there are more."""
        name = self._warehouse.quote(column.name)
        rows = self._warehouse.query(
            f"select {name} as v, count(*) as n from {self._relation} where {name} is not null "
            f"group by {name} order by count(*) desc limit {most + 1}"
        )
        return None if len(rows) > most else [(str(row["v"]), int(row["n"])) for row in rows]

    def facts(self, time: TimeFacts, days: Sequence[tuple[date, int]]) -> tuple[list[Facts], int]:
        """Of every column but that of the time, from some days; and how many rows these have."""
        others = [column for column in self._columns if column != time.column]
        countable = [
            column for column in others if self.kind(column) in (Kind.NUMBER, Kind.BOOLEAN, Kind.TEXT, Kind.TIME)
        ]
        sampled = sample_days(days, len(countable))
        found: dict[str, Facts] = {column.name: Facts(column, self.kind(column)) for column in others}
        looked_at = 0
        for start in range(0, len(countable) if days else 0, CHUNK):
            for facts in self._chunk(time, sampled, countable[start : start + CHUNK]):
                found[facts.name] = facts
                looked_at = max(looked_at, facts.rows)
        return [found[column.name] for column in others], looked_at

    def _chunk(self, time: TimeFacts, days: Days, columns: list[Column]) -> Iterator[Facts]:
        try:
            yield from self._ask(time, days, columns)
        except UnreachableError:
            raise
        except WarehouseError:
            # One of them has a type that cannot be counted: find out which.
            for column in columns:
                if len(columns) > 1:
                    yield from self._chunk(time, days, [column])
                else:
                    yield Facts(column, self.kind(column), refused=True)

    def _ask(self, time: TimeFacts, days: Days, columns: list[Column]) -> Iterator[Facts]:
        sample = self._sample(time, days, columns)
        terms = ", ".join(term for n, column in enumerate(columns) for term in self._terms(n, column))
        (whole,) = self._warehouse.query(f"select count(*) as n, {terms} from ({sample}) as t")
        ends = ", ".join(term for n, column in enumerate(columns) for term in self._terms(n, column, by_day=True))
        by_day = self._warehouse.query(f"select day, {ends} from ({sample}) as t group by day order by day")
        for n, column in enumerate(columns):
            yield _facts(column, self.kind(column), n, whole, by_day)

    def _sample(self, time: TimeFacts, days: Days, columns: list[Column]) -> str:
        """Rows of some days, each found by literals against the bare column: no partition is read that need not be."""
        name, literal = self._warehouse.quote(time.column.name), self._warehouse.literal
        listed = ", ".join(f"{self._value(column)} as c{n}" for n, column in enumerate(columns))
        if days is None:
            return f"select cast({name} as date) as day, {listed} from {self._relation} where {name} is not null"
        parts = []
        for number, (day, most) in enumerate(days):
            first, after = _bounds(day, time.has_hours)
            parts.append(
                f"select * from (select cast({name} as date) as day, {listed} from {self._relation} "
                f"where {name} >= {literal(first)} and {name} < {literal(after)} limit {most}) as d{number}"
            )
        return " union all ".join(parts)

    def _value(self, column: Column) -> str:
        name = self._warehouse.quote(column.name)
        if self.kind(column) is Kind.TEXT and column.data_type.lower().startswith("enum"):
            return f"cast({name} as {self._warehouse.text_type(256)})"
        return name

    def _terms(self, n: int, column: Column, by_day: bool = False) -> Iterator[str]:
        kind, value = self.kind(column), f"c{n}"
        yield f"count(distinct {value}) as d{n}"
        if kind is not Kind.BOOLEAN:
            yield from (f"min({value}) as l{n}", f"max({value}) as h{n}")
        if by_day:
            return
        yield f"count({value}) as f{n}"
        if kind is Kind.NUMBER:
            yield f"sum(case when {value} <> floor({value}) then 1 else 0 end) as b{n}"
        if kind is Kind.TEXT:
            length = self._warehouse.length(value)
            yield from (f"max({length}) as x{n}", f"avg({length}) as m{n}")
            yield f"sum(case when {value} like '% %' then 1 else 0 end) as s{n}"


def _bounds(day: date, has_hours: bool) -> tuple[date, date]:
    if not has_hours:
        return day, day + timedelta(days=1)
    first = datetime(day.year, day.month, day.day)
    return first, first + timedelta(days=1)


def _facts(column: Column, kind: Kind, n: int, whole: Row, by_day: list[Row]) -> Facts:
    def number(key: str) -> int:
        return int(whole.get(f"{key}{n}") or 0)

    return Facts(
        column, kind, int(whole["n"]), number("f"), number("d"), whole.get(f"l{n}"), whole.get(f"h{n}"),
        longest=number("x"), mean_length=float(whole.get(f"m{n}") or 0), spaced=number("s"), broken=number("b"),
        by_day=tuple((int(row[f"d{n}"]), row.get(f"l{n}"), row.get(f"h{n}")) for row in by_day),
    )  # fmt: skip


def sample_days(days: Sequence[tuple[date, int]], columns: int) -> list[tuple[date, int]] | None:
    """Days to look at, in pairs of neighbours spread over the history, and how many rows of each at most.

    None where there are so few rows that all are looked at.
    """
    rows = min(MOST_ROWS, max(LEAST_ROWS, CELLS // max(columns, 1)))
    if sum(n for _, n in days) <= rows:
        return None
    there = [day for day, _ in days]
    if len(there) > DAYS:
        pairs = DAYS // 2
        places = [round(n * (len(there) - 2) / (pairs - 1)) for n in range(pairs)]
        there = sorted({there[place + more] for place in places for more in (0, 1)})
    return [(day, max(rows // len(there), 1)) for day in there]


def _day(value: Any) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else None


def lives_a_day(facts: Facts) -> bool:
    """Whether no value of a column is there on two days."""
    days = [distinct for distinct, _, _ in facts.by_day if distinct]
    return len(days) >= 3 and sum(days) == facts.distinct


def grows(facts: Facts) -> bool:
    """Whether every day's numbers lie beyond those of the day before."""
    ends = [(low, high) for distinct, low, high in facts.by_day if distinct]
    return len(ends) >= 3 and all(before[1] < after[0] for before, after in pairwise(ends))
