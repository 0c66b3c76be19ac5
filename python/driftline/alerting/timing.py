"""Quiet hours and digests: wall clocks of a time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class QuietHours:
    """From ``start`` to ``end`` of the zone's clock, over midnight where ``end`` is not after ``start``.

    ``days`` are the days on which they begin, 0 is Monday.
    """

    start: time
    end: time
    zone: ZoneInfo
    days: frozenset[int] = frozenset(range(7))
    critical_passes: bool = False

    def active(self, now: datetime) -> bool:
        local = now.astimezone(self.zone)
        clock = local.time()
        if self.start < self.end:
            return self.start <= clock < self.end and local.weekday() in self.days
        if clock >= self.start:
            return local.weekday() in self.days
        return clock < self.end and (local.weekday() - 1) % 7 in self.days


@dataclass(frozen=True)
class Digest:
    """One message at ``at`` of the zone's clock, every day, or every week on ``weekday``."""

    at: time
    zone: ZoneInfo
    weekday: int | None = None
    critical_passes: bool = True

    def slot(self, now: datetime) -> datetime:
        """The latest time of a digest that is not after ``now``."""
        local = now.astimezone(self.zone)
        slot = datetime.combine(local.date(), self.at, self.zone)
        while slot > local or (self.weekday is not None and slot.weekday() != self.weekday):
            slot = datetime.combine(slot.date() - timedelta(days=1), self.at, self.zone)
        return slot
