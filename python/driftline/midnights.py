"""Times that hold no hours: days that were written as timestamps."""

from __future__ import annotations

from datetime import datetime, timezone

from driftline.warehouse import Column, Warehouse


def first_of_midnights(warehouse: Warehouse, relation: str, column: Column) -> datetime | None:
    """One of a column's times, if all that are looked at are midnights of UTC; None if not, or if there is none."""
    moments = _moments(warehouse, relation, column)
    return moments[0] if moments and _clocks(moments) == {"00:00:00"} else None


def clock_of(warehouse: Warehouse, relation: str, column: Column) -> str | None:
    """The time of day that all of several days have, or the two of them an hour apart that summer makes."""
    moments = _moments(warehouse, relation, column)
    clocks = sorted(_clocks(moments))
    if len({moment.date() for moment in moments}) < 3 or len(clocks) > 2 or any(not c.endswith("0:00") for c in clocks):
        return None
    hours = [int(clock[:2]) for clock in clocks]
    if len(hours) == 2 and ((hours[1] - hours[0]) not in (1, 23) or clocks[0][2:] != clocks[1][2:]):
        return None
    return " or ".join(clock[:5] for clock in clocks)


def _clocks(moments: list[datetime]) -> set[str]:
    return {f"{moment:%H:%M:%S}" + (f".{moment.microsecond}" if moment.microsecond else "") for moment in moments}


def _moments(warehouse: Warehouse, relation: str, column: Column) -> list[datetime]:
    """Some of a column's times, in UTC. A time without a zone is one of UTC."""
    time = warehouse.quote(column.name)
    found = warehouse.query(f"select distinct {time} as moment from {relation} where {time} is not null limit 500")
    moments = [row["moment"] for row in found if isinstance(row["moment"], datetime)]
    return [m.astimezone(timezone.utc) if m.tzinfo else m.replace(tzinfo=timezone.utc) for m in moments]
