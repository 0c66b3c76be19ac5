"""`driftline check`: are there open alerts, and does it mean something if there are none?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from driftline.alerts import Alert, describe, known_monitors, rank, read_alerts
from driftline.errors import DriftlineError
from driftline.health import Health, judged_share, read_health
from driftline.warehouse import Warehouse


@dataclass(frozen=True)
class CheckResult:
    """The open alerts of at least ``severity``, worst first, and how the monitors fare."""

    severity: str
    monitors: tuple[str, ...]
    alerts: tuple[Alert, ...]
    health: tuple[Health, ...] = ()

    @property
    def unknown(self) -> tuple[Health, ...]:
        """The monitors that nothing can be said of."""
        return tuple(one for one in self.health if not one.speaks)

    @property
    def is_blind(self) -> bool:
        """Nothing can be said: of no monitor at all, or without an alert not of every one."""
        return bool(self.unknown) and (not self.alerts or len(self.unknown) == len(self.monitors))

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
            "health": [one.to_dict() for one in self.health],
        }

    def lines(self) -> list[str]:
        count = len(self.monitors)
        watched = f"{count} monitor{'' if count == 1 else 's'}"
        above = "" if self.severity == "warn" else f" of severity {self.severity}"
        share = judged_share(self.health)
        if self.alerts:
            alerting = len({alert.monitor for alert in self.alerts})
            where = watched if alerting == count else f"in {alerting} of {watched}"
            head = f"{len(self.alerts)} open alert{'' if len(self.alerts) == 1 else 's'}{above}"
        else:
            where = watched
            head = f"No open alerts{above}"
            if self.unknown:
                head += f", but nothing can be said of {len(self.unknown)} of {watched}"
                where = ""
        notes = "; ".join(part for part in (where, share) if part)
        # A broken monitor stands among the alerts already.
        told = {alert.monitor for alert in self.alerts if alert.family == "operation"}
        details = [f"  {alert.severity:<8}  {describe(alert)}" for alert in self.alerts]
        details += [f"  unknown   {one.line}" for one in self.unknown if one.monitor not in told]
        details += [
            f"  partly    {one.line}" for one in self.health if one.speaks and one.not_judged and not one.problem
        ]
        return [head + (f" ({notes})" if notes else "") + (":" if details else "."), *details]


def check(warehouse: Warehouse, severity: str = "warn", monitors: Sequence[str] = ()) -> CheckResult:
    """Look for open alerts.

    Raises DriftlineError, also where there is no monitor, or one was asked for that there is not: silence would look
    like calm.
    """
    health = read_health(warehouse, monitors)
    alerts = read_alerts(warehouse, monitors, health)
    known = known_monitors(warehouse, alerts)
    unknown = [name for name in monitors if name not in known]
    if unknown:
        raise DriftlineError(
            f"No monitor {', '.join(map(repr, unknown))} has been built; there is: {', '.join(known) or 'none'}.",
            "Check the name, the variable driftline_monitors, and that 'dbt build' has run.",
        )
    if not known:
        raise DriftlineError(
            "There is no monitor to speak for: the variable driftline_monitors lists none.",
            "List the models that call driftline.monitor in dbt_project.yml, vars: {driftline_monitors: [...]}, and "
            "run 'dbt build'.",
        )
    found = tuple(a for a in alerts if a.is_open and rank(a.severity) >= rank(severity))
    return CheckResult(severity, tuple(sorted(set(monitors)) or known), found, health)
