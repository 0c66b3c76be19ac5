"""Which alerts and incidents a channel or an action is for, and which are muted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fnmatch import fnmatchcase

from driftline.alerts import Alert

_COLUMNS = {"column": "column_name"}


@dataclass(frozen=True)
class Match:
    """All keys must fit, each by one of its patterns (``*`` and ``?`` as in file names). Without keys: any alert.

    Of an incident they must fit one of its alerts, all of them the same one; the severity is the incident's.
    """

    keys: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def __call__(self, alert: Alert) -> bool:
        return any(self._fits(member) for member in parts(alert))

    def _fits(self, alert: Alert) -> bool:
        return all(
            any(fnmatchcase(str(getattr(alert, _COLUMNS.get(key, key)) or ""), pattern) for pattern in patterns)
            for key, patterns in self.keys
        )


@dataclass(frozen=True)
class Route:
    match: Match
    channels: tuple[str, ...]


@dataclass(frozen=True)
class Mute:
    """Alerts nobody is told of for a while. ``until`` is UTC and itself no longer muted."""

    match: Match
    reason: str
    until: datetime


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
