"""The ground of the report: what its sections share of shapes, order and room. Nothing here reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from . import numbers as n
from .warehouse import TOTAL, Grain, Row, grain_of

Column = tuple[str, str]  # name, role
Key = tuple[Grain, int]  # a grain and a window size
SCALE = 10_000  # distances travel as integers of a ten-thousandth


@dataclass(frozen=True)
class Limits:
    """What a page carries at most. What is left out is said on the page."""

    cells: int = 250_000  # of heat maps of the totals
    more_cells: int = 120_000  # up to which other heat maps are added
    windows: int = 400
    histogram_columns: int = 12
    histogram_numbers: int = 160_000
    quality_rows: int = 8_000
    business_rows: int = 40_000
    performance_rows: int = 100_000
    concept_rows: int = 8_000
    fairness_rows: int = 20_000
    comparison_rows: int = 4_000
    change_rows: int = 100
    change_charts: int = 6
    cause_alerts: int = 80
    causes: int = 3  # of each kind
    open_alerts: int = 200
    resolved_alerts: int = 100
    categories: int = 14
    reasons: int = 40


@dataclass
class Tile:
    label: str
    value: str
    details: list[str] = field(default_factory=list)
    state: str = ""
    wide: bool = False
    link: tuple[str, str] | None = None  # where it leads to and what it says: the last of the details


@dataclass
class Told:
    """What a section has to say at a glance: in tiles, in a second row of them, in sentences."""

    tiles: list[Tile] = field(default_factory=list)
    figures: list[Tile] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)


@dataclass
class Grid:
    """Which columns and windows drift is shown of. All that is drawn per column is laid out by its numbers."""

    columns: dict[Column, int] = field(default_factory=dict)
    kinds: list[str] = field(default_factory=list)
    slices: list[Row] = field(default_factory=list)
    grains: list[Grain] = field(default_factory=list)  # all there are, shown or not

    @property
    def base(self) -> Row | None:
        """The slice that the page opens with."""
        return self.slices[0] if self.slices else None

    def index(self, row: Row) -> int | None:
        return self.columns.get((n.as_text(row["column_name"]), n.as_text(row["column_role"])))

    def ranking(self) -> list[tuple[float, float, int, bool]]:
        """Columns by what they show in the latest window with rows: psi, noise, index, beyond its noise."""
        base = self.base
        if base is None:
            return []
        at = last_filled(base["n"])
        width = len(base["t0"])
        out = []
        for i in range(len(self.columns)):
            psi, noise = base["psi"][i * width + at], base["pn"][i * width + at]
            if psi is not None:
                out.append((psi / SCALE, (noise or 0) / SCALE, i, psi > (noise or 0)))
        return sorted(out, key=lambda x: (not x[3], -x[0], x[2]))

    def often(self) -> list[int]:
        """Columns by what they show over all windows."""
        base = self.base
        if base is None:
            return []
        width = len(base["t0"])
        total = []
        for i in range(len(self.columns)):
            cells = zip(base["psi"][i * width : (i + 1) * width], base["pn"][i * width : (i + 1) * width], strict=True)
            total.append((-sum(p for p, q in cells if p is not None and p > (q or 0)), i))
        return [i for _, i in sorted(total)]


def scaled(value: float | None) -> int | None:
    return None if value is None else round(value * SCALE)


def highest(*values: Any) -> float | None:
    known = [v for v in map(n.as_float, values) if v is not None]
    return max(known) if known else None


def last_filled(counts: list[int]) -> int:
    """The latest window that has rows."""
    return next((i for i in range(len(counts) - 1, -1, -1) if counts[i]), len(counts) - 1)


def rank(key: Key) -> tuple[Any, ...]:
    """What is worth its place first: the totals over all sizes, the versions, the segments, what is both."""
    (version, segment, value), size = key
    kind = 0 if key[0] == TOTAL else 1 if segment == "all" else 2 if version == "all" else 3
    return kind, size, segment, value, version


def choose(known: dict[Key, int], budget: float) -> list[Key]:
    chosen: list[Key] = []
    used = 0
    for key in sorted(known, key=rank):
        if not chosen or used + known[key] <= budget:
            chosen.append(key)
            used += known[key]
    return chosen


def counted_by_key(rows: list[Row]) -> dict[str, dict[Key, int]]:
    """How many rows there are of each monitor, by grain and window size."""
    out: dict[str, dict[Key, int]] = {}
    for r in rows:
        key = (grain_of(r), n.as_int(r["window_periods"]))
        out.setdefault(r["monitor"], {})[key] = n.as_int(r["rows_seen"])
    return out
