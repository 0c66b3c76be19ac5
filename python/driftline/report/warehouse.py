"""How the report reads: plain SQL that every engine takes. What it reads stands in its sections.

No text of the data is ever written into a statement unless it is made of harmless characters. Engines do not agree on
how a quote or a backslash inside a literal is escaped, so a value that holds one is left out of the statement: the
statement then returns a little more, and the rows are picked here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from .numbers import as_text

Row = dict[str, Any]
Query = Callable[[str], list[Row]]

PLAIN = re.compile(r"[\w .,:/+()&-]*\Z")
QUOTED = re.compile(r"""('(?:[^']|'')*'|"[^"]*"|`[^`]*`)""")
CLAUSE = re.compile(r" (?=(?:from|where|join|group by|having|limit)\b|or \()|(?<!\)) (?=order by\b)")
GRAIN = ("model_version", "segment", "segment_value")
Grain = tuple[str, str, str]
TOTAL: Grain = ("all", "all", "all")


def grain_of(row: Row) -> Grain:
    return as_text(row["model_version"]), as_text(row["segment"]), as_text(row["segment_value"])


def literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def one_of(column: str, wanted: Iterable[str], known: Iterable[str]) -> str:
    """A condition that keeps every wanted value, and as few others as plain literals allow."""
    wanted = set(wanted)
    known = set(known) | wanted
    if wanted == known:
        return "1 = 1"
    if all(PLAIN.match(v) for v in wanted):
        return f"{column} in ({', '.join(literal(v) for v in sorted(wanted))})" if wanted else "1 = 0"
    others = sorted(v for v in known - wanted if PLAIN.match(v))
    return f"{column} not in ({', '.join(literal(v) for v in others)})" if others else "1 = 1"


def equals(column: str, value: str) -> str:
    return f"{column} = {literal(value)}" if PLAIN.match(value) else "1 = 1"


def any_grain(grains: Sequence[tuple[str, ...]], columns: Sequence[str], known: Sequence[tuple[str, ...]]) -> str:
    if set(grains) >= set(known):
        return "1 = 1"
    parts = {
        " and ".join(p for p in map(equals, columns, grain) if p != "1 = 1") or "1 = 1" for grain in grains
    }  # fmt: skip
    return "1 = 1" if "1 = 1" in parts else "(" + " or ".join(f"({p})" for p in sorted(parts)) + ")"


def laid_out(sql: str) -> str:
    """A statement in lines, as people read it; what stands in quotes stays as it is."""
    parts = QUOTED.split(sql)
    return "".join(part if i % 2 else CLAUSE.sub("\n", part) for i, part in enumerate(parts))


class Warehouse:
    """The tables of one project, asked for no more than the page shows."""

    def __init__(self, query: Query, relations: Mapping[str, str]) -> None:
        self.query = query
        self.relations = relations
        self.known_columns: dict[str, set[str]] = {}

    def has(self, name: str) -> bool:
        return bool(self.relations.get(name))

    def rows(self, table: str, sql: str) -> list[Row]:
        """Run a statement in which {table} stands for the relation; a relation that is not there is empty."""
        return self.query(self.statement(table, sql)) if self.has(table) else []

    def statement(self, table: str, sql: str) -> str:
        return sql.replace("{table}", self.relations[table])

    def columns(self, table: str) -> set[str]:
        """The columns of a table, as far as it has rows: the project may have been built by an older package."""
        if table not in self.known_columns:
            rows = self.rows(table, "select * from {table} limit 1")
            self.known_columns[table] = set(rows[0]) if rows else set()
        return self.known_columns[table]

    def pick(self, table: str, *names: str) -> list[str]:
        """Those of the columns that the table has."""
        return [name for name in names if name in self.columns(table)]

    def monitors(self) -> list[Row]:
        more = "".join(f", {name}" for name in self.pick("driftline_monitors", "task", "reference_exclude"))
        return self.rows(
            "driftline_monitors",
            "select monitor, period, timezone, owner, relation_name, reference_start, reference_end, "
            f"as_of{more} from {{table}} order by monitor",
        )

    def labels(self) -> dict[str, dict[str, str]]:
        """The words that people use for columns and business metrics, by monitor and name."""
        found: dict[str, dict[str, str]] = {}
        for r in self.rows("driftline_int_labels", "select monitor, name, label from {table} where label is not null"):
            found.setdefault(r["monitor"], {})[as_text(r["name"])] = as_text(r["label"])
        return found

    @property
    def tells_incidents(self) -> bool:
        """Whether the package in the warehouse tells incidents, and not each alert."""
        alerts = self.columns("driftline_alerts")
        return "driftline_incidents" in self.relations and (not alerts or "incident_id" in alerts)

    def waits(self, table: str, state: str) -> str:
        """A condition on rows `t` of a table: they are about a label whose window is not yet `state` (is_mature: enough
        labels are known, is_final: they had their time). What they would show is labels that have not come."""
        if state not in self.columns("driftline_int_maturity") or "column_role" not in self.columns(table):
            return "1 = 0"
        same = " and ".join(f"w.{key} = t.{key}" for key in ("monitor", *GRAIN, "window_periods", "window_start"))
        return (
            f"t.column_role = 'label' and not exists (select 1 from {self.relations['driftline_int_maturity']} w "
            f"where w.{state} and {same})"
        )
