"""`driftline check`: are there open incidents, and does it mean something if there are none?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from driftline.alerts import OPERATION, Alert, describe, known_monitors, must_be_known, rank, read_alerts
from driftline.answers import Answers
from driftline.errors import DriftlineError
from driftline.health import Health, judged_share, read_health
from driftline.incidents import Incident, has_incidents, read_incidents
from driftline.text import COLUMNS, paint, printable, wrap
from driftline.warehouse import Warehouse


@dataclass(frozen=True)
class CheckResult:
    """The open incidents of at least ``severity``, worst first, and how the monitors fare.

    incidents  those that count: not what somebody has called expected or a false alarm
    alerts     the open alerts of those, of at least that severity themselves
    settled    open, and answered so
    """

    severity: str
    monitors: tuple[str, ...]
    alerts: tuple[Alert, ...]
    health: tuple[Health, ...] = ()
    incidents: tuple[Incident, ...] = ()
    settled: tuple[Incident, ...] = ()
    now: datetime = datetime.max
    knows_incidents: bool = False
    """Whether the package in the warehouse does; where it is older, alerts are what there is."""

    @property
    def unknown(self) -> tuple[Health, ...]:
        """The monitors that nothing can be said of."""
        return tuple(one for one in self.health if not one.speaks)

    @property
    def is_blind(self) -> bool:
        """Nothing can be said: of no monitor at all, or without an incident not of every one."""
        return bool(self.unknown) and (not self.incidents or len(self.unknown) == len(self.monitors))

    def to_dict(self) -> dict[str, Any]:
        return {
            "severity": self.severity,
            "monitors": list(self.monitors),
            "open": len(self.alerts),
            "critical": sum(alert.severity == "critical" for alert in self.alerts),
            "warn": sum(alert.severity == "warn" for alert in self.alerts),
            "windows_judged": sum(one.windows_judged for one in self.health),
            "windows_not_judged": sum(one.windows_not_judged for one in self.health),
            "unknown": [one.monitor for one in self.unknown],
            "alerts": [alert.to_dict() for alert in self.alerts],
            "incidents": [incident.to_dict() for incident in self.incidents],
            "health": [one.to_dict() for one in self.health],
        }

    def lines(self, colours: bool = False) -> list[str]:
        count = len(self.monitors)
        watched = f"{count} monitor{'' if count == 1 else 's'}"
        above = "" if self.severity == "warn" else f" of severity {self.severity}"
        share = judged_share(self.health)
        thing = "incident" if self.knows_incidents else "alert"
        if self.incidents:
            alerting = len({incident.monitor for incident in self.incidents})
            where = watched if alerting == count else f"in {alerting} of {watched}"
            head = f"{len(self.incidents)} open {thing}{'' if len(self.incidents) == 1 else 's'}{above}"
        else:
            where = watched
            head = f"No open {thing}s{above}"
            if self.unknown:
                head += f", but nothing can be said of {len(self.unknown)} of {watched}"
                where = ""
        answered = f"{len(self.settled)} expected or a false alarm" if self.settled else ""
        notes = "; ".join(part for part in (where, share, answered) if part)
        # A broken monitor stands among the incidents already.
        told = {incident.monitor for incident in self.incidents if incident.lead.family == OPERATION}
        details = [line for incident in self.incidents for line in self._lines(incident, colours)]
        for one in self.unknown:
            details += _wrapped("  unknown   ", one.line) if one.monitor not in told else []
        for one in self.health:
            details += _wrapped("  partly    ", one.line) if one.speaks and one.not_judged and not one.problem else []
        return [head + (f" ({notes})" if notes else "") + (":" if details else "."), *details]

    def _lines(self, incident: Incident, colours: bool) -> list[str]:
        """An incident: its sentence, and under it what is behind it, what it rests on and what was answered."""
        mark = f"  {incident.severity:<8}  "
        standing = incident.standing(self.now)
        said = "" if standing == "open" else standing
        if not incident.headline:
            return [f"{mark}{describe(incident.told())}" + (f" ({said})" if said else "")]
        notes = [*incident.behind, incident.basis, f"owner {incident.owner}" if incident.owner else "", said]
        lines = wrap(incident.sentence, COLUMNS - len(mark))
        under = [line for note in notes if note for line in wrap(printable(note), COLUMNS - len(mark) - 2)]
        first = paint(mark, incident.severity) if colours else mark
        blank = " " * len(mark)
        return [first + lines[0], *(blank + line for line in lines[1:]), *(f"{blank}  {line}" for line in under)]


def _wrapped(mark: str, text: str) -> list[str]:
    first, *rest = wrap(text, COLUMNS - len(mark))
    return [mark + first, *(" " * len(mark) + line for line in rest)]


def check(warehouse: Warehouse, severity: str = "warn", monitors: Sequence[str] = ()) -> CheckResult:
    """Look for open incidents.

    Raises DriftlineError, also where there is no monitor, or one was asked for that there is not: silence would look
    like calm.
    """
    everywhere = read_health(warehouse)
    health = tuple(one for one in everywhere if not monitors or one.monitor in monitors)
    # An incident may reach beyond the monitors that are asked for.
    alerts = read_alerts(warehouse, health=everywhere)
    known = known_monitors(warehouse, alerts)
    must_be_known(monitors, known)
    if not known:
        raise DriftlineError(
            "There is no monitor to speak for: the variable driftline_monitors lists none.",
            "List the models that call driftline.monitor in dbt_project.yml, vars: {driftline_monitors: [...]}, and "
            "run 'dbt build'.",
        )
    found = [
        incident
        for incident in read_incidents(warehouse, alerts)
        if incident.is_open
        and rank(incident.severity) >= rank(severity)
        and (not monitors or not incident.is_known_by.isdisjoint(monitors))
    ]
    counting = tuple(incident for incident in found if not incident.is_settled)
    in_them = {alert.alert_id for incident in counting for alert in incident.members}
    open_alerts = tuple(a for a in alerts if a.is_open and a.alert_id in in_them and rank(a.severity) >= rank(severity))
    return CheckResult(
        severity,
        tuple(sorted(set(monitors)) or known),
        open_alerts,
        health,
        counting,
        tuple(incident for incident in found if incident.is_settled),
        Answers(warehouse).now(),
        has_incidents(warehouse),
    )
