"""What a section of the report is, and the monitor that it is about."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from driftline.health import Health

from . import numbers as n
from .shapes import Grid, Limits, Tile, Told
from .warehouse import GRAIN, Grain, Row, Warehouse, laid_out, one_of


@dataclass(frozen=True)
class Source:
    """Where sections read, and how much of the page's room is one monitor's."""

    warehouse: Warehouse
    limits: Limits
    names: Sequence[str]  # of all monitors
    share: float


@dataclass
class View:
    """One monitor, ready for the template. Sections fill it in the order of the page."""

    name: str
    index: int = 0
    period: str = "day"
    timezone: str = ""
    owner: str = ""
    source: str = ""
    reference: str = ""
    task: str = ""
    labels: dict[str, str] = field(default_factory=dict)  # what people call a name, where they have said it
    health: Health | None = None
    tells_incidents: bool = False
    critical: int = 0
    warn: int = 0
    resolved: int = 0
    # What later sections build on.
    alerts: list[Row] = field(default_factory=list)
    labelled: list[Grain] = field(default_factory=list)  # of which performance is known, the first first
    grid: Grid = field(default_factory=Grid)
    # At a glance.
    sentence: list[str] = field(default_factory=list)
    tiles: list[Tile] = field(default_factory=list)
    figures: list[Tile] = field(default_factory=list)
    operation: list[Tile] = field(default_factory=list)  # whether it runs, how fresh it is, how much was judged
    latest: str = n.DASH
    rows: str = n.DASH
    worst: str = n.DASH
    # For the page and for the browser.
    sections: list[Section] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    metrics: set[str] = field(default_factory=set)  # whose words the browser needs
    payload: Row = field(default_factory=dict)
    origins: Row = field(default_factory=dict)  # where the numbers of a section come from, by its id

    @property
    def told(self) -> str:
        """What people are told of: incidents, or each alert."""
        return "incident" if self.tells_incidents else "alert"

    @property
    def parts(self) -> list[Section]:
        """The sections that a reader may jump to."""
        return [s for s in self.sections if s.shown and s.title]

    @property
    def has_data(self) -> bool:
        return bool(self.parts)

    @property
    def is_blind(self) -> bool:
        """Whether having no alert says nothing."""
        return self.health is not None and not self.health.speaks

    @property
    def status(self) -> str:
        if self.critical or self.warn:
            return "critical" if self.critical else "warn"
        # Fine is what was judged: where nothing is known of that, no alert is no more than no alert.
        judged = self.has_data and self.health is not None and self.health.windows_judged > 0
        return "warn" if self.is_blind else "quiet" if judged else "none"


class Section(ABC):
    """One subject of the report, of one monitor: what it reads, what it says, what it looks like.

    A section is drawn, if it is, by the component in static/sections/ whose file has the name of the section's module.
    """

    id: ClassVar[str]  # of its panel
    title: ClassVar[str] = ""  # in the list of parts to jump to: what has one is data of the monitor
    heading: ClassVar[str] = ""  # over the note
    panel: ClassVar[str]  # Jinja, with the section as `s` and its monitor as `v`
    # Where it stands in what is said at a glance, if it says something there.
    told_at: ClassVar[int] = 0

    shown = False
    note = ""  # stands under the heading where there is nothing to show

    def __init__(self, source: Source, view: View) -> None:
        self.w = source.warehouse
        self.limits = source.limits
        self.share = source.share
        self.names = source.names
        self.view = view
        self.statements: list[tuple[str, str]] = []  # what it has asked, and of which table
        self.tables: list[Row] = []  # its numbers, where no component has them
        # A condition that keeps the rows of this monitor, as far as plain SQL can say it: see `rows`.
        self.mine = one_of("monitor", [view.name], source.names)

    @classmethod
    def survey(cls, warehouse: Warehouse) -> dict[str, Any]:
        """What there is of each monitor, asked in one statement for all of them; `read` is given its own."""
        return {}

    @abstractmethod
    def read(self, known: Any) -> bool:
        """Fill the view and what the panel needs; whether there is something to show."""

    @property
    def source(self) -> Row:
        """The statements that give what it shows, and its numbers if no component has them."""
        found: Row = {"sql": [list(one) for one in dict.fromkeys(map(tuple, self.statements))]}
        return found if self.shown and not self.tables else found | {"rows": self.tables}

    def windows(self) -> tuple[Row, int] | None:
        """Windows of which the latest is the monitor's (t0, t1, n, k), and the size to speak of."""
        return None

    def tell(self, size: int) -> Told:
        """What it has to say at a glance, about windows of a size."""
        return Told()

    def rows(self, table: str, sql: str) -> list[Row]:
        """What a statement finds of this monitor; {table} stands for the relation."""
        return [r for r in self.asked(table, sql) if r["monitor"] == self.view.name]

    def asked(self, table: str, sql: str) -> list[Row]:
        """What a statement finds, which the page then shows."""
        if self.w.has(table):
            self.statements.append((table, laid_out(self.w.statement(table, sql))))
        return self.w.rows(table, sql)

    def tabulate(self, name: str, rows: Sequence[Row], columns: Sequence[str]) -> None:
        """Rows that a reader may save. A section that the browser draws gives them there: `tables` of its component."""
        head = [c for c in columns if rows and c in rows[0]]
        self.tables.append({"name": name, "head": head, "rows": [[n.plain(c, r[c]) for c in head] for r in rows]})

    def left_out(self, text: str) -> None:
        self.view.left_out.append(text)

    def latest(
        self,
        table: str,
        wanted: Sequence[str],
        holding: Sequence[str],
        among: str = "1 = 1",
        by: Sequence[str] = (*GRAIN, "window_periods"),
        mature: bool = True,
    ) -> list[Row]:
        """The rows of the latest complete window in which one of the `holding` columns is known, per combination of
        `by`."""
        holding = self.w.pick(table, *holding)
        if not holding:
            return []
        told = " or ".join(f"{c} is not null" for c in holding)
        final = "and is_mature " if mature and "is_mature" in self.w.columns(table) else ""
        keys = list(dict.fromkeys(("monitor", *GRAIN, "window_periods", "window_start", "window_end", *by)))
        columns = [*keys, *(c for c in self.w.pick(table, *wanted) if c not in keys)]
        return self.rows(
            table,
            f"select {', '.join(columns)} from (select t.*, max(case when {told} then window_start end) over "
            f"(partition by {', '.join(by)}) as latest_start from {{table}} t where is_complete {final}"
            f"and {self.mine} and {among}) l where window_start = latest_start",
        )
