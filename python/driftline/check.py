"""`driftline check`: are there open alerts?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from driftline.alerts import Alert, describe, known_monitors, rank, read_alerts
from driftline.errors import DriftlineError
from driftline.warehouse import Warehouse


@dataclass(frozen=True)
class CheckResult:
    """The open alerts of at least ``severity``, worst first."""

    severity: str
    monitors: tuple[str, ...]
    alerts: tuple[Alert, ...]

    def to_dict(self) -> dict[str, Any]:
        return {
            "severity": self.severity,
            "monitors": list(self.monitors),
            "open": len(self.alerts),
            "critical": sum(alert.severity == "critical" for alert in self.alerts),
            "warn": sum(alert.severity == "warn" for alert in self.alerts),
            "alerts": [alert.to_dict() for alert in self.alerts],
        }

    def lines(self) -> list[str]:
        watched = f"{len(self.monitors)} monitor{'' if len(self.monitors) == 1 else 's'}"
        above = "" if self.severity == "warn" else f" of severity {self.severity}"
        if not self.alerts:
            return [f"No open alerts{above} ({watched})."]
        alerting = len({alert.monitor for alert in self.alerts})
        where = watched if alerting == len(self.monitors) else f"in {alerting} of {watched}"
        head = f"{len(self.alerts)} open alert{'' if len(self.alerts) == 1 else 's'}{above} ({where}):"
        return [head, *(f"  {alert.severity:<8}  {describe(alert)}" for alert in self.alerts)]


def check(warehouse: Warehouse, severity: str = "warn", monitors: Sequence[str] = ()) -> CheckResult:
    """Look for open alerts.

    Raises DriftlineError, also for a monitor nobody has built: silence would look like calm.
    """
    alerts = read_alerts(warehouse, monitors)
    known = known_monitors(warehouse, alerts)
    unknown = [name for name in monitors if name not in known]
    if unknown:
        raise DriftlineError(
            f"No monitor {', '.join(map(repr, unknown))} has been built; there is: {', '.join(known) or 'none'}.",
            "Check the name, the variable driftline_monitors, and that 'dbt build' has run.",
        )
    found = tuple(a for a in alerts if a.is_open and rank(a.severity) >= rank(severity))
    return CheckResult(severity, tuple(sorted(set(monitors)) or known), found)
