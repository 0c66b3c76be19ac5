"""driftline_answers: what people said to incidents, beside driftline_notifications. Only ever added to.

driftline_accepted goes with it: for each answer that calls something expected or a false alarm, how far the series of
its incident had gone by then. The judge reads both; an answer that was taken back counts no more, with all it widened.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from driftline.alerting.ledger import Ledger
from driftline.errors import DriftlineError, WarehouseError
from driftline.warehouse import Warehouse

TABLE, ACCEPTED = "driftline_answers", "driftline_accepted"
ACK, SNOOZE, EXPECTED, FALSE_ALARM, REVOKE = "ack", "snooze", "expected", "false_alarm", "revoke"
SILENCING = (EXPECTED, FALSE_ALARM)

_NOTE_BYTES = 4000
# What every engine can hold in one value; of more members the first are named.
_MEMBERS_BYTES = 60_000
_MEMBERS_AT_ONCE = 500
_UPSERTS = ("duckdb", "postgres", "sqlite")

SERIES = (
    "model_version", "segment", "segment_value", "window_periods", "family", "metric", "column_name", "baseline",
)  # fmt: skip


_WHOLE, _FINER = ("psi", "ks_lower"), ("mean_shift", "spread_ratio", "class_change")


@dataclass(frozen=True)
class Answer:
    """One row. Times are UTC by the warehouse's clock.

    answer      ack, snooze, expected, false_alarm; revoke takes back the answer in ``revokes``
    severity    of the incident when it was answered: what becomes critical during a snooze is told
    alert_ids   the incident's alerts when it was answered, comma separated
    data_until  the end of its last window then: what is accepted is what comes after
    """

    answer_id: str
    incident_id: str
    monitor: str
    answer: str
    revokes: str | None = None
    until: datetime | None = None
    note: str | None = None
    answered_by: str = ""
    answered_at: datetime = datetime.min
    alert_ids: str | None = None
    data_until: datetime | None = None
    severity: str | None = None

    @property
    def silences(self) -> bool:
        """Whether nobody is told of the incident any more."""
        return self.answer in SILENCING

    @property
    def members(self) -> frozenset[str]:
        return frozenset(part for part in (self.alert_ids or "").split(",") if part)

    def snoozes(self, now: datetime) -> bool:
        """Whether it is still asleep; ``now`` is UTC without a zone."""
        return self.answer == SNOOZE and self.until is not None and now < self.until


_KINDS = {
    "until": "timestamp", "answered_at": "timestamp", "data_until": "timestamp", "note": "note", "alert_ids": "members",
    "window_periods": "integer", "accepted_from": "timestamp", "accepted_effect": "number",
    "accepted_difference": "number",
}  # fmt: skip
_COLUMNS = tuple(field.name for field in fields(Answer))
_ACCEPTED = (
    "answer_id", "incident_id", "monitor", *SERIES, "accepted_from", "compare", "accepted_effect",
    "accepted_difference", "way",
)  # fmt: skip


def standing(answers: Iterable[Answer]) -> dict[str, Answer]:
    """The answer that counts, by incident: the last one that was not taken back."""
    return {incident_id: given[-1] for incident_id, given in kept(answers).items()}


def kept(answers: Iterable[Answer]) -> dict[str, list[Answer]]:
    """The answers that were not taken back, by incident, in their order."""
    given = sorted(answers, key=lambda answer: (answer.answered_at, answer.answer_id))
    revoked = {answer.revokes for answer in given if answer.answer == REVOKE}
    found: dict[str, list[Answer]] = defaultdict(list)
    for answer in given:
        if answer.answer != REVOKE and answer.answer_id not in revoked:
            found[answer.incident_id].append(answer)
    return dict(found)


class Answers:
    """Reads driftline_answers and adds to it."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._clock = Ledger(warehouse)
        self.relation = warehouse.sibling("driftline_alerts", TABLE)
        self.accepted = warehouse.sibling("driftline_alerts", ACCEPTED)

    def now(self) -> datetime:
        """The warehouse's clock, UTC without a zone."""
        return self._clock.now()

    def exists(self) -> bool:
        return self._warehouse.sibling_exists("driftline_alerts", TABLE)

    def read(self) -> list[Answer]:
        """All that was ever answered; nothing where nobody has answered yet."""
        if not self.exists():
            return []
        return [
            Answer(**{name: row[name] for name in _COLUMNS if row.get(name) is not None})
            for row in self._warehouse.query(f"select {', '.join(_COLUMNS)} from {self.relation}")
        ]

    def create(self) -> None:
        """Create what is missing. Raises WarehouseError."""
        try:
            self._create(TABLE, self.relation, _COLUMNS, "answer_id")
            self._create(ACCEPTED, self.accepted, _ACCEPTED, "")
        except WarehouseError as error:
            raise WarehouseError(
                f"{self.relation} cannot be created: {error.detail}",
                "Nothing was recorded. Let this user create tables in that schema.",
            ) from error

    def _create(self, table: str, relation: str, names: Sequence[str], key: str) -> None:
        warehouse = self._warehouse
        types = {
            "text": warehouse.text_type(1000),
            "note": warehouse.text_type(_NOTE_BYTES),
            "members": warehouse.text_type(_MEMBERS_BYTES),
            "integer": warehouse.integer_type,
            "number": warehouse.number_type,
            "timestamp": warehouse.timestamp_type,
        }
        of = {name: types[_KINDS.get(name, "text")] for name in names}
        if warehouse.sibling_exists("driftline_alerts", table):
            for name in (name for name in names if name not in self._columns(relation)):
                try:
                    warehouse.execute(f"alter table {relation} add column {name} {of[name]}")
                except WarehouseError:
                    # Another person may have added it just now.
                    if name not in self._columns(relation):
                        raise
            return
        columns = ", ".join(f"{name} {kind}" for name, kind in of.items())
        unique = f", primary key ({key})" if key and warehouse.dialect in _UPSERTS else ""
        try:
            warehouse.execute(f"create table if not exists {relation} ({columns}{unique})")
        except WarehouseError as error:
            # Another person may have created it just now. The table itself is asked: dbt's list of them is older.
            try:
                warehouse.columns(relation)
            except WarehouseError:
                raise error from None

    def _columns(self, relation: str) -> set[str]:
        return {column.name.lower() for column in self._warehouse.columns(relation)}

    def record(self, answer: Answer, alert_ids: Sequence[str] = ()) -> int:
        """Add an answer. Returns how many series it widens. Raises WarehouseError.

        What it accepts is written before it, so that it never counts without: rows of an answer that there is not mean
        nothing.
        """
        self.create()
        widened = self._accept(answer, alert_ids) if answer.silences else 0
        warehouse = self._warehouse
        values = [getattr(answer, name) for name in _COLUMNS]
        warehouse.execute(
            f"insert into {self.relation} ({', '.join(_COLUMNS)}) values ({', '.join(map(warehouse.literal, values))})"
        )
        return widened

    def _accept(self, answer: Answer, alert_ids: Sequence[str]) -> int:
        """Note how far each series of the incident has gone, up and down: the largest effect that was judged a breach.

        And by what it was compared, where that was always the same; the plain difference is good for any.
        """
        warehouse = self._warehouse
        relations = warehouse.relations()
        alerts, judgements = relations.get("driftline_alerts"), relations.get("driftline_int_judgements")
        if alerts is None or judgements is None or answer.data_until is None:
            return 0
        literal = warehouse.literal
        same = " and ".join(f"j.{name} = a.{name}" for name in ("monitor", *SERIES) if name != "metric")
        # The finer measures of a column that its alert spoke for (decision 34).
        whole, finer = (", ".join(map(literal, names)) for names in (_WHOLE, _FINER))
        same += f" and (j.metric = a.metric or j.family = 'drift' and a.metric in ({whole}) and j.metric in ({finer}))"
        series = ", ".join(f"{'j' if name == 'metric' else 'a'}.{name}" for name in SERIES)
        way = "case when j.value < case when j.compare = 'value' then 0 else j.expected end then 'down' else 'up' end"
        for start in range(0, len(alert_ids), _MEMBERS_AT_ONCE):
            ids = ", ".join(map(literal, alert_ids[start : start + _MEMBERS_AT_ONCE]))
            warehouse.execute(
                f"insert into {self.accepted} ({', '.join(_ACCEPTED)}) "
                f"select {literal(answer.answer_id)}, {literal(answer.incident_id)}, "
                f"coalesce(a.known_as, a.monitor), {series}, {literal(answer.data_until)}, "
                "case when min(j.compare) = max(j.compare) then max(j.compare) end, max(j.effect), "
                f"max(case when j.compare = 'value' then abs(j.value) else abs(j.value - j.expected) end), {way} "
                f"from {alerts} as a join {judgements} as j on {same} "
                "and j.window_start >= a.first_window_start and j.window_end <= a.last_window_end "
                f"where j.is_breach and a.alert_id in ({ids}) "
                f"group by coalesce(a.known_as, a.monitor), {series}, {way}"
            )
        (row,) = warehouse.query(
            f"select count(*) as series from (select distinct monitor, {', '.join(SERIES)} from {self.accepted} "
            f"where answer_id = {literal(answer.answer_id)}) as widened"
        )
        return int(row["series"])


def make_answer(
    incident_id: str, monitor: str, kind: str, by: str, at: datetime, alert_ids: Iterable[str] = (), **more: Any
) -> Answer:
    """An answer as it is recorded: texts cut to what the table holds."""
    note = more.pop("note", None)
    members = ""
    for alert_id in alert_ids:
        if len(members) + len(alert_id) + 1 > _MEMBERS_BYTES:
            break
        members += ("," if members else "") + alert_id
    return Answer(
        uuid.uuid4().hex, incident_id, monitor, kind, note=_cut(note, _NOTE_BYTES) if note else None,
        answered_by=_cut(by, 1000), answered_at=at, alert_ids=members or None, **more,
    )  # fmt: skip


def _cut(text: str, most: int) -> str:
    return text.encode("utf-8", "replace")[:most].decode("utf-8", "ignore").replace("\x00", "")


def revocable(answers: Iterable[Answer], incident_id: str) -> Answer:
    """The answer that a revocation takes back. Raises DriftlineError."""
    found = standing(answers).get(incident_id)
    if found is None:
        raise DriftlineError(
            f"There is no answer to {incident_id} that could be taken back.",
            "'driftline incidents' lists what was said.",
        )
    return found
