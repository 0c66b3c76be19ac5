"""Which alerts and incidents a channel or an action is for, and which are muted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone
from fnmatch import fnmatchcase
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field, ValidationInfo, field_validator, model_validator

from driftline.alerting.settings import End, Part, Pattern, Several, Text, Zone, problem
from driftline.alerts import Alert

_COLUMNS = {"column": "column_name"}


class Match(Part):
    """All keys must fit, each by one of its patterns (* and ? as in file names): of an incident all of them one and the
    same of its alerts, and the severity is the incident's."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    monitor: Several[Pattern] | None = Field(None, description="Name of a monitor; * and ? stand for any text.")
    severity: Several[Literal["warn", "critical"]] | None = Field(
        None, description="warn or critical: the incident's, of an action the alert's."
    )
    family: Several[Pattern] | None = Field(None, description="drift, quality, performance, business, trend …")
    metric: Several[Pattern] | None = Field(None, description="Name of a measure, psi for example.")
    column: Several[Pattern] | None = Field(None, description="Name of a column.")
    baseline: Several[Pattern] | None = Field(None, description="reference, previous, trailing or seasonal.")
    model_version: Several[Pattern] | None = Field(None, description="A version, or all for the total.")
    segment: Several[Pattern] | None = Field(None, description="Name of a segment, or all for the total.")
    segment_value: Several[Pattern] | None = Field(None, description="A value of a segment, or all.")
    owner: Several[Pattern] | None = Field(None, description="Who the monitor says it belongs to.")

    @model_validator(mode="before")
    @classmethod
    def _says_something(cls, given: Any) -> Any:
        if given == {}:
            raise problem("must not be empty")
        return given

    def __call__(self, alert: Alert) -> bool:
        return any(self._fits(member) for member in parts(alert))

    def _fits(self, alert: Alert) -> bool:
        return all(
            any(fnmatchcase(str(getattr(alert, _COLUMNS.get(key, key)) or ""), pattern) for pattern in patterns)
            for key, patterns in self
            if patterns is not None
        )


ANY = Match.model_construct()


class Route(Part):
    """Which channels are told of what."""

    match: Match = Field(ANY, description="What of: all keys must fit. Without it everything.")
    channels: Several[Text] = Field(description="Names of channels.")


class Mute(Part):
    """What nobody is told of until a day, which by then is UTC and itself no longer muted."""

    match: Match = Field(description="What is muted: all keys must fit.")
    reason: Text = Field(description="Recorded with what is not told.")
    timezone: Zone = Field(ZoneInfo("UTC"), description="Of until. Default UTC.")
    until: End = Field(description="A day, to its end, or a day and time.")

    @field_validator("until")
    @classmethod
    def _by_its_clock(cls, until: datetime, info: ValidationInfo) -> datetime:
        try:
            return until.replace(tzinfo=info.data.get("timezone", timezone.utc)).astimezone(timezone.utc)
        except OverflowError:  # the calendar's last day, by which people mean for ever, or its first
            return (datetime.max if until.year > 1 else datetime.min).replace(tzinfo=timezone.utc)


def parts(alert: Alert, still_open: bool = False) -> tuple[Alert, ...]:
    """What an incident consists of, each with the incident's severity; of an alert that is alone itself."""
    if alert.incident is None:
        return (alert,)
    members = (still_open and alert.incident.open_members) or alert.incident.members or (alert,)
    return tuple(replace(member, severity=alert.severity) for member in members)


def muted_by(mutes: Sequence[Mute], alert: Alert, now: datetime) -> Mute | None:
    """Why nobody is told. An incident is muted where all of it that is open is; the first of the reasons is given."""
    active = [mute for mute in mutes if now < mute.until]
    if not active:
        return None
    found = [next((mute for mute in active if mute.match(member)), None) for member in parts(alert, still_open=True)]
    return found[0] if all(mute is not None for mute in found) else None
