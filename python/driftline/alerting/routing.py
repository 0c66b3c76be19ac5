"""Which alerts a channel or an action is for, and which are muted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

from driftline.alerts import Alert

_COLUMNS = {"column": "column_name"}


@dataclass(frozen=True)
class Match:
    """All keys must fit, each by one of its patterns (``*`` and ``?`` as in file names). Without keys: any alert."""

    keys: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def __call__(self, alert: Alert) -> bool:
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


def muted_by(mutes: Sequence[Mute], alert: Alert, now: datetime) -> Mute | None:
    return next((mute for mute in mutes if now < mute.until and mute.match(alert)), None)
