"""What people are told of the demo shop as its weeks arrive: built and told on Mondays, on the rows there are by then.

The other table (test_scoreboard.py) is of one build, in which it is known afterwards what belongs together. Here each
message counts that was really sent. `make told` takes every Monday, which is 58 builds; DRIFTLINE_ARRIVING_WEEKS makes
the steps longer.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import yaml
from driftline.cli import run
from support import Engine, Project
from support.project import REPOSITORY

DEMO = REPOSITORY / "demo"
# Mondays: the first after the reference, and the first after all.
FIRST, LAST = dt.date(2010, 11, 8), dt.date(2011, 12, 12)
STEP = dt.timedelta(weeks=int(os.environ.get("DRIFTLINE_ARRIVING_WEEKS", "1")))


@dataclass(frozen=True)
class Fact:
    """What is known to be in the demo's data (demo/data/SOURCE.md), and the columns, metrics or families that name it."""

    what: str
    names: frozenset[str]
    begins: dt.date
    told_by: dt.date


def _fact(what: str, begins: str, told_by: str, names: str) -> Fact:
    return Fact(what, frozenset(names.split()), dt.date.fromisoformat(begins), dt.date.fromisoformat(told_by))


FACTS = [
    _fact("what sells changes with the season", "2010-11-01", "2010-11-15", "item_pop_28d"),
    _fact("customers have a longer history each week", "2010-11-01", "2011-06-01",
          "cust_orders cust_distinct_items own_purchases days_since_own cust_recency_days segment_tier"),
    _fact("the shop is closed for a week", "2010-12-27", "2011-01-10", "missing_periods row_count"),
    _fact("best sellers have no price", "2010-11-29", "2010-12-20", "item_price"),
    _fact("what a score means has changed", "2011-06-01", "2011-12-12", "concept performance estimate_error"),
    _fact("other countries order", "2010-11-01", "2011-12-12", "country segment_market"),
]  # fmt: skip


@dataclass(frozen=True)
class Message:
    """One as it was sent, and which columns, metrics and families its incident was made of then."""

    day: dt.date
    event: str
    incident: str
    text: str
    names: frozenset[str]

    def tells(self, fact: Fact) -> bool:
        return fact.begins <= self.day <= fact.told_by + STEP and bool(self.names & fact.names)


@pytest.fixture(scope="module")
def sent(duckdb_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> list[Message]:
    folder = tmp_path_factory.mktemp("arriving")
    (folder / "data").mkdir()
    project = Project(
        folder,
        duckdb_engine.workspace(folder),
        files={str(path.relative_to(DEMO)): path.read_text(encoding="utf-8") for path in _files()},
        vars={**_settings()["vars"], "demo_data": str(folder / "data")},
        config={"macro-paths": ["macros"]},
    )
    # The demo's own macros are dispatched by its name.
    macro = folder / "macros" / "shop_file.sql"
    macro.write_text(macro.read_text(encoding="utf-8").replace("driftline_demo", project.name), encoding="utf-8")
    found: list[Message] = []
    day = FIRST
    while day <= LAST:
        _let_arrive(folder / "data", day)
        project.set_vars(driftline_now=str(day))
        project.build()
        found += _tell(project, day)
        day += STEP
    project.close()
    return found


def _settings() -> Any:
    return yaml.safe_load((DEMO / "dbt_project.yml").read_text(encoding="utf-8"))


def _files() -> Iterable[Path]:
    return [path for part in ("models", "macros") for path in sorted((DEMO / part).rglob("*")) if path.is_file()]


def _let_arrive(folder: Path, day: dt.date) -> None:
    for name in ("reco_log", "shadow_log"):
        log = pq.read_table(DEMO / "data" / f"{name}.parquet")
        arrived = log.filter(pc.less(log["ts"], dt.datetime.combine(day, dt.time())))
        pq.write_table(arrived, folder / f"{name}.parquet")


def _tell(project: Project, day: dt.date) -> list[Message]:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = run(["alert", "--json", "--project-dir", str(project.path), "--profiles-dir", str(project.path)])
    assert code == 0, out.getvalue()
    found = []
    for line in out.getvalue().splitlines():
        one = json.loads(line)
        members = project.sql(
            "select family, metric, column_name, segment from driftline_alerts where incident_id ="
            f" '{one['incident']['incident_id']}' and is_total"
        )
        names = frozenset(name for member in members for name in member) | {one["incident"]["family"]}
        found.append(Message(day, one["event"], one["alert_id"], one["message"], names))
    return found


def test_the_table(sent: list[Message], figure: Callable[[str, object], None]) -> None:
    opened = [message for message in sent if message.event == "opened"]
    lines = [f"{fact.what:<45} {_when(fact, opened)}" for fact in FACTS]
    lines += [f"{message.day} {message.event:<9} {message.text}" for message in sent]
    weeks = (LAST - FIRST).days / 7
    lines.append(f"{len(sent)} messages in {weeks:.0f} weeks, {len(opened)} of them that something has begun")
    figure("the demo shop as its weeks arrive", "\n" + "\n".join(lines))


def _when(fact: Fact, opened: list[Message]) -> str:
    days = [message.day for message in opened if message.tells(fact)]
    return f"told on {min(days)}" if days else "NOT TOLD"


def test_every_fact_is_told(sent: list[Message]) -> None:
    lost = [fact.what for fact in FACTS if not any(message.tells(fact) for message in sent)]
    assert not lost


def test_nothing_is_told_twice(sent: list[Message]) -> None:
    told = [(message.incident, message.event) for message in sent if message.event == "opened"]
    assert len(told) == len(set(told))


def test_messages_are_few(sent: list[Message]) -> None:
    """A year of two monitors: of what began, at most one message in three weeks."""
    assert 0 < sum(message.event == "opened" for message in sent) <= (LAST - FIRST).days / 21
