"""How the monitors fare: whether they were read, whether their results are up to date, and what could be judged."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from driftline.errors import MissingRelationError
from driftline.text import printable
from driftline.warehouse import Row, Warehouse

NO_RESULTS, NOT_RUN = "no results", "not run lately"
# What operation alerts are called by; all others are hashes alone.
ALERT_PREFIX = "operation-"


@dataclass(frozen=True)
class Health:
    """One row of driftline_monitors, or a listed monitor that it does not know. Times are UTC, windows local.

    ``status`` is empty where the package in the warehouse is too old to say.
    """

    monitor: str
    status: str = ""
    problem: str | None = None
    owner: str | None = None
    last_attempt_at: datetime | None = None
    last_success_at: datetime | None = None
    failed_runs: int = 0
    operation_alert_id: str | None = None
    rows_read: int | None = None
    results_computed_at: datetime | None = None
    results_older_than_state: bool = False
    newest_window_end: datetime | None = None
    last_judged_window_end: datetime | None = None
    windows_judged: int = 0
    windows_not_judged: int = 0
    not_judged: str | None = None
    attempted: bool = True
    """Whether any run of dbt has set out to read it."""

    @property
    def speaks(self) -> bool:
        """Whether the results of this monitor mean something today, alerts or none."""
        if not self.status:
            return True
        return (
            self.status in ("ok", "failed") and not self.results_older_than_state and self.windows_judged > 0
        )  # fmt: skip

    @property
    def windows(self) -> int:
        return self.windows_judged + self.windows_not_judged

    @property
    def line(self) -> str:
        """One line for people: what is wrong, or why windows were not judged."""
        return printable(f"{self.monitor}: {self.problem or self.not_judged or 'all is well'}")

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def alert_id(monitor: str, what: str, since: datetime | None) -> str:
    """The identity of something that has befallen a monitor, as long as it lasts."""
    text = "|".join((monitor, what, "never" if since is None else since.isoformat(sep=" ")))
    return ALERT_PREFIX + hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def read_health(warehouse: Warehouse, monitors: Sequence[str] = ()) -> tuple[Health, ...]:
    """Of all listed monitors, or of some, by name. Raises DriftlineError."""
    try:
        rows = warehouse.query(f"select * from {warehouse.relation('driftline_monitors')}")
        why = "no results of it have been built since it was listed: the last 'dbt build' did not come so far"
    except MissingRelationError:
        rows = []
        why = "its results were not built to the end by the last 'dbt build', so they may be older than its state"
    found = {health.monitor: health for health in map(_health, rows)}
    unknown = [name for name in warehouse.listed_monitors() if name not in found]
    if unknown:
        attempted = _attempted(warehouse)
        for name in unknown:
            found[name] = Health(name, NO_RESULTS, why, attempted=name in attempted)
    return tuple(found[name] for name in sorted(found) if not monitors or name in monitors)


def _health(row: Row) -> Health:
    known = {field.name for field in fields(Health)}
    return Health(**{name: value for name, value in row.items() if name in known and value is not None})


def _attempted(warehouse: Warehouse) -> set[str]:
    try:
        relation = warehouse.relation("driftline_int_attempts")
    except MissingRelationError:
        return set()
    return {str(row["monitor"]) for row in warehouse.query(f"select distinct monitor from {relation}")}


def judged_share(health: Sequence[Health]) -> str:
    """`500 of 527 windows judged`, or nothing where that is not known."""
    windows = sum(one.windows for one in health)
    return f"{sum(one.windows_judged for one in health):,} of {windows:,} windows judged" if windows else ""
