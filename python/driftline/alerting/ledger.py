"""driftline_notifications: what was told, what is being told and what could not be, in the schema of driftline_alerts.

One row per alert state and channel, found by its idempotency key. A run claims rows before it sends: one statement
inserts what is new and takes over what an earlier run left behind, and the unique key lets one of two runs win.
"""

from __future__ import annotations

import hashlib
import random
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TypeVar

from driftline.errors import WarehouseError
from driftline.warehouse import Warehouse

TABLE = "driftline_notifications"

# Outcomes that end the matter, and those a later run may take over.
TOLD = ("sent", "skipped")
OPEN_ENDED = ("claimed", "failed", "held", "superseded")

_MESSAGE_BYTES = 4000
_ROWS_PER_STATEMENT = 200
_UPSERTS = ("duckdb", "postgres", "sqlite")
_TRIES = 8
# What warehouses say when two transactions want the same rows.
_IN_THE_WAY = re.compile(r"deadlock|serializ|concurrent|conflict|lock (?:wait )?timeout", re.IGNORECASE)

T = TypeVar("T")


def idempotency_key(alert_id: str, occurrence: int, state: str, channel: str, reminder: int = 0) -> str:
    """The same for the same alert, state and channel, whichever run sends it: receivers can tell repeats by it."""
    parts = [alert_id, str(occurrence), state, channel] + ([str(reminder)] if reminder else [])
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


@dataclass(frozen=True)
class Entry:
    """One row of the ledger.

    alert_id     of the incident, of an action that of the alert; empty where the state is watching or digest
    state        warn, critical, resolved; watching: the channel has seen this monitor for the first time; digest;
                 action
    occurrence   1, and one more each time an alert that was told as resolved opens again; of a digest its day
    reminder     0, or the number of the reminder
    event        opened, reopened, escalated, reminder, resolved, withdrawn (it is gone from the table), folded (it is
                 part of an incident now), watching, digest, started
    outcome      sent, skipped, claimed, failed, held, superseded; of an action: succeeded, error,
                 interrupted, dry_run, failed, held
    series       what breached, whenever it did: alerts of one series follow each other
    message_key  of the message that carried it: the same if it is sent again
    first_window_start, last_window_end  of the alert as it was told: an alert that comes back under another id is
                 found by its series and by overlapping windows
    """

    alert_id: str
    monitor: str
    channel: str
    state: str
    occurrence: int
    event: str
    outcome: str
    message: str
    reminder: int = 0
    series: str = ""
    message_key: str = ""
    attempts: int = 0
    detail: str = ""
    exit_code: int | None = None
    run_id: str = ""
    lease_until: datetime | None = None
    claimed_at: datetime | None = None
    sent_at: datetime | None = None
    first_window_start: datetime | None = None
    last_window_end: datetime | None = None

    @property
    def key(self) -> str:
        return idempotency_key(self.alert_id or self.monitor, self.occurrence, self.state, self.channel, self.reminder)


# Name, type, and whether a table of an earlier version lacks it.
_COLUMNS: tuple[tuple[str, str, bool], ...] = (
    ("idempotency_key", "text", False),
    ("alert_id", "text", False),
    ("monitor", "text", False),
    ("channel", "text", False),
    ("state", "text", False),
    ("occurrence", "integer", False),
    ("event", "text", False),
    ("outcome", "text", False),
    ("message", "message", False),
    ("sent_at", "timestamp", False),
    ("reminder", "integer", True),
    ("series", "text", True),
    ("message_key", "text", True),
    ("attempts", "integer", True),
    ("detail", "message", True),
    ("exit_code", "integer", True),
    ("run_id", "text", True),
    ("lease_until", "timestamp", True),
    ("claimed_at", "timestamp", True),
    ("first_window_start", "timestamp", True),
    ("last_window_end", "timestamp", True),
)
_NAMES = tuple(name for name, _, _ in _COLUMNS)


class Ledger:
    """Reads and writes driftline_notifications. Times are UTC by the warehouse's clock."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._ahead: timedelta | None = None
        self.relation = warehouse.sibling("driftline_alerts", TABLE)

    def now(self) -> datetime:
        """The warehouse's clock, UTC without a zone: machines that share a ledger need not agree on the time."""
        here = datetime.now(timezone.utc)
        if self._ahead is None:
            (row,) = self._warehouse.query("select current_timestamp as at")
            there = row["at"]
            if there.tzinfo is None:
                there = there.replace(tzinfo=timezone.utc)
            here = datetime.now(timezone.utc)
            self._ahead = there - here
        return (here + self._ahead).astimezone(timezone.utc).replace(tzinfo=None)

    def create(self) -> None:
        """Create the table if it is missing; add what a table of an earlier version lacks. Raises WarehouseError."""
        warehouse = self._warehouse
        types = {
            "text": warehouse.text_type(1000),
            "message": warehouse.text_type(_MESSAGE_BYTES),
            "integer": warehouse.integer_type,
            "timestamp": warehouse.timestamp_type,
        }
        try:
            if not warehouse.sibling_exists("driftline_alerts", TABLE):
                unique = ", primary key (idempotency_key)" if warehouse.dialect in _UPSERTS else ""
                columns = ", ".join(f"{name} {types[kind]}" for name, kind, _ in _COLUMNS)
                try:
                    warehouse.execute(f"create table if not exists {self.relation} ({columns}{unique})")
                except WarehouseError as error:
                    # Another run may have created it just now. The table itself is asked: dbt's list of them is older.
                    try:
                        warehouse.columns(self.relation)
                    except WarehouseError:
                        raise error from None
            there = self._columns()
            for name, kind, later in _COLUMNS:
                if later and name not in there:
                    try:
                        warehouse.execute(f"alter table {self.relation} add column {name} {types[kind]}")
                    except WarehouseError:
                        if name not in self._columns():
                            raise
            if "message_key" not in there and warehouse.dialect in _UPSERTS:
                warehouse.execute(f"create unique index if not exists {TABLE}_key on {self.relation} (idempotency_key)")
        except WarehouseError as error:
            raise WarehouseError(
                f"{self.relation} cannot be created: {error.detail}",
                "Nothing was sent. Let this user create tables in that schema.",
            ) from error

    def _columns(self) -> set[str]:
        return {column.name.lower() for column in self._warehouse.columns(self.relation)}

    def exists(self) -> bool:
        return self._warehouse.sibling_exists("driftline_alerts", TABLE)

    def read(self, channels: Sequence[str]) -> list[Entry]:
        """Everything recorded for some channels."""
        literal = self._warehouse.literal
        # A table of an earlier version lacks some until a run that may write has added them.
        there = self._columns()
        names = [name for name, _, later in _COLUMNS if name != "idempotency_key" and (not later or name in there)]
        rows = self._warehouse.query(
            f"select {', '.join(names)} from {self.relation} "
            f"where channel in ({', '.join(literal(channel) for channel in channels)})"
        )
        texts = ("series", "message_key", "detail", "run_id", "message")
        return [
            Entry(
                **{
                    **row,
                    **{name: row.get(name) or "" for name in texts},
                    "occurrence": int(row["occurrence"]),
                    "reminder": int(row.get("reminder") or 0),
                    "attempts": int(row.get("attempts") or 0),
                }
            )
            for row in rows
        ]

    def claim(
        self,
        entries: Sequence[Entry],
        run_id: str,
        lease: timedelta,
        take_over: Sequence[str] = OPEN_ENDED,
    ) -> set[str]:
        """Try to make entries this run's own until the lease ends. Returns the keys it has got."""
        if not entries:
            return set()
        now = self.now()
        until = now + lease
        literal = self._warehouse.literal
        # Always in the same order, so that two runs wait for each other instead of blocking each other.
        for chunk in _chunks(sorted(entries, key=lambda e: e.key)):
            rows = [
                self._row(
                    e, outcome="claimed", run_id=run_id, lease_until=until, claimed_at=now, attempts=1, sent_at=None
                )
                for e in chunk
            ]
            free = (
                f"old.outcome in ({', '.join(literal(o) for o in take_over)}) "
                f"and (old.lease_until is null or old.lease_until <= {literal(now)})"
            )
            self._upsert(
                rows,
                {
                    "outcome": "new.outcome",
                    "run_id": "new.run_id",
                    "lease_until": "new.lease_until",
                    "claimed_at": "new.claimed_at",
                    "message_key": "new.message_key",
                    "attempts": "coalesce(old.attempts, 0) + 1",
                },
                free,
            )
        rows_found = self._warehouse.query(
            f"select idempotency_key from {self.relation} "
            f"where run_id = {literal(run_id)} and outcome = 'claimed' and {self._keys(e.key for e in entries)}"
        )
        return {str(row["idempotency_key"]) for row in rows_found}

    def settle(
        self, message_keys: Sequence[str], run_id: str, outcome: str, detail: str = "", exit_code: int | None = None
    ) -> None:
        """Record how it ended for the messages this run holds.

        A message ends in one statement, however many entries it carries: a run that dies in between must not leave a
        part of it to be sent again under the key of the whole.
        """
        literal = self._warehouse.literal
        for chunk in _chunks(sorted(message_keys)):
            self._execute(
                f"update {self.relation} set outcome = {literal(outcome)}, detail = {literal(_cut(detail))}, "
                f"exit_code = {'null' if exit_code is None else int(exit_code)}, lease_until = null, "
                f"sent_at = {literal(self.now())} "
                f"where run_id = {literal(run_id)} and outcome = 'claimed' "
                f"and message_key in ({', '.join(map(literal, chunk))})"
            )

    def rekey(self, keys: Sequence[str], run_id: str, message_key: str) -> None:
        """Note that entries this run holds go out in another message than was planned."""
        literal = self._warehouse.literal
        for chunk in _chunks(sorted(keys)):
            self._execute(
                f"update {self.relation} set message_key = {literal(message_key)} "
                f"where run_id = {literal(run_id)} and outcome = 'claimed' and {self._keys(chunk)}"
            )

    def give_back(self, keys: Sequence[str], run_id: str) -> None:
        """Let any run take over entries this one has claimed."""
        literal = self._warehouse.literal
        for chunk in _chunks(sorted(keys)):
            self._execute(
                f"update {self.relation} set run_id = '', lease_until = {literal(self.now())} "
                f"where run_id = {literal(run_id)} and outcome = 'claimed' and {self._keys(chunk)}"
            )

    def renew(self, run_id: str, lease: timedelta) -> None:
        """Keep this run's claims for longer."""
        literal = self._warehouse.literal
        self._execute(
            f"update {self.relation} set lease_until = {literal(self.now() + lease)} "
            f"where run_id = {literal(run_id)} and outcome = 'claimed'"
        )

    def release(self, run_id: str) -> None:
        """Let the next run take over at once what this one has claimed and not settled."""
        literal = self._warehouse.literal
        self._execute(
            f"update {self.relation} set lease_until = {literal(self.now())} "
            f"where run_id = {literal(run_id)} and outcome = 'claimed'"
        )

    def close(self, entries: Sequence[Entry], outcome: str, detail: str) -> None:
        """End what earlier runs left behind and nobody is to take over."""
        literal = self._warehouse.literal
        now = literal(self.now())
        for chunk in _chunks(sorted(entry.key for entry in entries)):
            self._execute(
                f"update {self.relation} set outcome = {literal(outcome)}, detail = {literal(_cut(detail))}, "
                f"lease_until = null, sent_at = {now} where outcome in ('claimed', 'failed', 'held') "
                f"and (lease_until is null or lease_until <= {now}) and {self._keys(chunk)}"
            )

    def record(self, entries: Sequence[Entry]) -> None:
        """Add entries that need no claim; what is there already stays. Raises WarehouseError."""
        now = self.now()
        for chunk in _chunks(sorted(entries, key=lambda e: e.key)):
            self._upsert([self._row(e, sent_at=now) for e in chunk], {}, "")

    # --- statements ----------------------------------------------------------------------------------------------

    def _row(self, entry: Entry, **changes: object) -> str:
        literal = self._warehouse.literal
        kinds = {name: kind for name, kind, _ in _COLUMNS}
        values = {name: entry.key if name == "idempotency_key" else getattr(entry, name) for name in _NAMES}
        values.update(changes)
        values["message"], values["detail"] = _cut(entry.message), _cut(entry.detail)
        types = {"timestamp": self._warehouse.timestamp_type, "integer": self._warehouse.integer_type}
        return ", ".join(
            # A column of nothing but NULLs has no type of its own.
            f"cast(null as {types[kinds[name]]})" if value is None else literal(value)
            for name, value in values.items()
        )

    def _upsert(self, rows: Sequence[str], changes: dict[str, str], where: str) -> None:
        """Insert rows; of those whose key is there, change the ones that ``where`` lets (``old`` and ``new``)."""
        assignments = ", ".join(f"{name} = {value}" for name, value in changes.items())
        if self._warehouse.dialect in _UPSERTS:
            then = (
                f"do update set {assignments} where {where}".replace("new.", "excluded.") if changes else "do nothing"
            )
            statement = (
                f"insert into {self.relation} as old ({', '.join(_NAMES)}) values "
                f"{', '.join(f'({row})' for row in rows)} on conflict (idempotency_key) {then}"
            )
        else:
            columns = ", ".join(_NAMES)
            selects = " union all ".join(f"select {row}" for row in rows)
            update = f"when matched and {where} then update set {assignments} " if changes else ""
            statement = (
                f"merge into {self.relation} as old using (with given ({columns}) as ({selects}) select * from given) "
                f"as new on old.idempotency_key = new.idempotency_key {update}when not matched then insert ({columns}) "
                f"values ({', '.join(f'new.{name}' for name in _NAMES)})"
            )
        self._execute(statement)

    def _execute(self, statement: str) -> None:
        """Run one statement; again if another run's got in its way. Each can be repeated without harm."""
        for attempt in range(1, _TRIES + 1):
            try:
                self._warehouse.execute(statement)
                return
            except WarehouseError as error:
                if attempt == _TRIES or not _IN_THE_WAY.search(error.detail):
                    raise
                time.sleep(random.uniform(0.02, 0.1) * attempt)

    def _keys(self, keys: Iterable[str]) -> str:
        return f"idempotency_key in ({', '.join(map(self._warehouse.literal, keys))})"


def _chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), _ROWS_PER_STATEMENT):
        yield items[start : start + _ROWS_PER_STATEMENT]


def _cut(message: str) -> str:
    return message.encode("utf-8", "replace")[:_MESSAGE_BYTES].decode("utf-8", "ignore").replace("\x00", "")
