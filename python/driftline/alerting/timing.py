"""Quiet hours and digests: wall clocks of a time zone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from driftline.alerting.settings import Clock, WithSecrets, Zone, problem

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _each_once(days: list[Weekday]) -> list[Weekday]:
    if len(set(days)) < len(days):
        raise problem("a day stands twice")
    return days


class QuietHours(WithSecrets):
    """When nothing is told. Over midnight where the end is not after the start; days are those on which they begin."""

    start: Clock = Field(alias="from", description="HH:MM.")
    end: Clock = Field(alias="to", description="HH:MM; before from: of the next day.")
    timezone: Zone = Field(description="Area/City.")
    days: Annotated[list[Weekday], AfterValidator(_each_once)] = Field(
        list(WEEKDAYS),
        min_length=1,
        json_schema_extra={"uniqueItems": True},
        description="On which they begin. Default all.",
    )
    critical: Literal["pass", "hold"] = Field("hold", description="hold (default) or pass.")

    def active(self, now: datetime) -> bool:
        local = now.astimezone(self.timezone)
        clock = local.time()
        if self.start < self.end:
            return self.start <= clock < self.end and self._begins(local)
        if clock >= self.start:
            return self._begins(local)
        return clock < self.end and self._begins(local - timedelta(days=1))

    def _begins(self, day: datetime) -> bool:
        return WEEKDAYS[day.weekday()] in self.days


class Digest(WithSecrets):
    """One message at a time of the zone's clock, every day or every week."""

    every: Literal["day", "week"] = Field(description="day or week.")
    weekday: Weekday = Field("monday", description="Of a weekly one.")
    at: Clock = Field(description="HH:MM: sent by the first run after it.")
    timezone: Zone = Field(description="Area/City.")
    critical: Literal["pass", "hold"] = Field("pass", description="pass (default: told at once) or hold.")

    def slot(self, now: datetime) -> datetime:
        """The latest time of a digest that is not after ``now``."""
        local = now.astimezone(self.timezone)
        slot = datetime.combine(local.date(), self.at, self.timezone)
        while slot > local or (self.every == "week" and WEEKDAYS[slot.weekday()] != self.weekday):
            slot = datetime.combine(slot.date() - timedelta(days=1), self.at, self.timezone)
        return slot
