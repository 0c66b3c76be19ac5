"""Seconds of a monitor's run, of the best SQL written by hand for the same counts, and of a scan: one JSON object.

`python bench/engine_state.py clickhouse|spark <log.parquet> <rounds>`, in the engine's own environment:
bench/engines.py calls it. A run is that of the monitor's model alone, without dbt's start and parsing: all its
statements, the state written. By hand the counts are written to a table.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from common import PROJECT, REPOSITORY, Failed, alternate, clock, say
from data import CATEGORICAL, NUMERIC

sys.path.insert(0, str(REPOSITORY / "tests"))

Thresholds = dict[str, list[float]]


def main(name: str, file: Path, rounds: int) -> dict[str, Any]:
    engine = _engine(name)
    try:
        with tempfile.TemporaryDirectory() as folder:
            return _measure(name, engine, file, rounds, Path(folder))
    finally:
        engine.close()


def _engine(name: str) -> Any:
    if name == "clickhouse":
        from support.clickhouse import ClickHouseEngine

        return ClickHouseEngine()
    from support import spark

    # The tests' session is made for a few hundred rows: here it compiles, and shuffles, as Spark does by itself.
    for setting in ("spark.sql.codegen.wholeStage", "spark.sql.codegen.factoryMode", "spark.sql.adaptive.enabled"):
        del spark.CONFIGURATION[setting]
    spark.CONFIGURATION |= {"spark.sql.shuffle.partitions": "4", "spark.driver.extraJavaOptions": "-XX:+UseParallelGC"}
    return spark.SparkEngine()


def _measure(name: str, engine: Any, file: Path, rounds: int, folder: Path) -> dict[str, Any]:
    from pyarrow import parquet
    from support.project import Project

    project = Project(
        folder,
        engine.workspace(folder),
        models={
            "prediction_log": "{{ config(materialized='view') }} select * from {{ source('raw', 'log') }}",
            "plain": (PROJECT / "models/monitors/plain.sql").read_text(encoding="utf-8"),
        },
        vars={
            "driftline_monitors": ["plain"],
            "driftline_now": "2026-01-31",
            "bench_reference": {"start": "2026-01-01", "end": "2026-01-11"},
            # A later run reads all days again, so that counting is what is timed.
            "bench_lookback": 100,
        },
    )
    say("loading")
    project.load("log", parquet.read_table(file))
    say("building the monitor")
    first = _seconds_of_a_run(project)
    log = project.relation("log")
    thresholds = _thresholds(project)
    chosen: list[tuple[float, str, str]] = []
    for candidates in (NUMERIC_BY_HAND[name], CATEGORICAL_BY_HAND):
        timed = []
        for how, write in candidates.items():
            say(f"hand-written: {how}")
            sql = write(log, thresholds)
            timed.append((min(_create(project, name, sql) for _ in range(2)), how, sql))
            if candidates is not CATEGORICAL_BY_HAND:
                _compare(project, how)
        chosen.append(min(timed))
    scan = ", ".join([f"sum({n})" for n in NUMERIC] + [f"max({n})" for n in [*CATEGORICAL, "ts"]])
    scanned = []

    def by_hand() -> float:
        scanned.append(clock(lambda: project.sql(f"select {scan} from {log}")))
        return sum(_create(project, name, sql) for _, _, sql in chosen)

    say("the monitor against the faster ones")
    pairs = alternate(rounds, lambda: _seconds_of_a_run(project), by_hand)
    timed_scans = scanned[-len(pairs) :]
    return {
        "first": first,
        "rounds": [[state, hand, read] for (state, hand), read in zip(pairs, timed_scans, strict=True)],
        "by_hand": [how for _, how, _ in chosen],
    }


def _seconds_of_a_run(project: Any) -> float:
    outcome = project.run(["run", "--select", "prediction_log", "plain"])
    if not outcome.success:
        raise Failed(str(outcome))
    (monitor,) = (result for result in outcome.result.results if result.node.name == "plain")
    return float(monitor.execution_time)


def _create(project: Any, engine: str, sql: str) -> float:
    table = project.relation("measured")
    project.execute(f"drop table if exists {table}")
    how = {"clickhouse": "engine = MergeTree order by tuple()", "spark": "using parquet"}[engine]
    return clock(lambda: project.execute(f"create table {table} {how} as {sql}"))


def _thresholds(project: Any) -> Thresholds:
    found: Thresholds = {}
    rows = project.sql(
        f"select column_name, bin_upper from {project.relation('plain')}"
        " where record = 'bin' and bin_kind = 'range' and bin_upper is not null order by column_name, bin"
    )
    for column, upper in rows:
        found.setdefault(column, []).append(upper)
    return found


def _compare(project: Any, how: str) -> None:
    """The hand-written counts must be the monitor's."""
    ((different, alike),) = project.sql(
        f"""
        select count(case when s.row_count <> coalesce(h.row_count, 0) then 1 end), count(h.row_count)
        from (
            select column_name, cast(period_start as date) as day, bin, row_count from {project.relation("plain")}
            where record = 'count' and column_kind = 'numeric' and bin < 10000 and row_count > 0
        ) as s
        left join {project.relation("measured")} as h
            on h.column_name = s.column_name and h.day = s.day and h.bin = s.bin
        """
    )
    ((counted,),) = project.sql(f"select count(*) from {project.relation('measured')}")
    if different or not alike or alike != counted:
        raise Failed(
            f"the hand-written SQL ({how}) counts {different} bins otherwise than the state, {counted - alike} more"
        )


# -------------------------------------------------------------------------------------------------------- hand-written


def _cases(name: str, uppers: list[float]) -> str:
    whens = " ".join(f"when {name} <= {upper!r}D then {place}" for place, upper in enumerate(uppers))
    return f"case when {name} is null then -3 {whens} else {len(uppers)} end"


def _rounded_down(name: str, uppers: list[float]) -> str:
    """ClickHouse's search in sorted ends. What it finds contains its lower end, a bin its upper one: so signs turn."""
    places = {-upper: place for place, upper in reversed(list(enumerate(uppers)))}
    ends = ", ".join(["-inf", *(repr(end) for end in places)])
    bins = ", ".join(str(place) for place in [len(uppers), *places.values()])
    found = f"transform(roundDown(-assumeNotNull({name}), [{ends}]), [{ends}], [{bins}])"
    return f"if({name} is null, -3, {found})"


def _grouped(bin_of: Callable[[str, list[float]], str]) -> Callable[[str, Thresholds], str]:
    """A GROUP BY per column."""

    def write(log: str, thresholds: Thresholds) -> str:
        return " union all ".join(
            f"select '{name}' as column_name, day, bin, count(*) as row_count, sum(value) as value_sum from ("
            f"select cast(ts as date) as day, {bin_of(name, uppers)} as bin, {name} as value from {log}) as r"
            f" group by day, bin"
            for name, uppers in thresholds.items()
        )

    return write


def by_array_join(log: str, thresholds: Thresholds) -> str:
    """One pass: a row for each column of a row."""
    values = ", ".join(f"('{name}', {_rounded_down(name, uppers)}, {name})" for name, uppers in thresholds.items())
    return (
        "select t.1 as column_name, day, t.2 as bin, count(*) as row_count, sum(t.3) as value_sum from ("
        f"select cast(ts as date) as day, arrayJoin([{values}]) as t from {log}) as r group by column_name, day, bin"
    )


def by_stack(log: str, thresholds: Thresholds) -> str:
    """One pass: a row for each column of a row."""
    values = ", ".join(f"'{name}', {_cases(name, uppers)}, {name}" for name, uppers in thresholds.items())
    return (
        "select column_name, day, bin, count(*) as row_count, sum(value) as value_sum from ("
        f"select cast(ts as date) as day, stack({len(thresholds)}, {values}) as (column_name, bin, value) from {log})"
        " as r group by column_name, day, bin"
    )


def by_group(log: str, thresholds: Thresholds) -> str:
    return " union all ".join(
        f"select '{name}' as column_name, cast(ts as date) as day, {name} as category, count(*) as row_count"
        f" from {log} group by cast(ts as date), {name}"
        for name in CATEGORICAL
    )


def by_grouping_sets(log: str, thresholds: Thresholds) -> str:
    sets = ", ".join(f"(day, {name})" for name in CATEGORICAL)
    names = ", ".join(CATEGORICAL)
    rows = f"(select cast(ts as date) as day, {names} from {log}) as r"
    return f"select day, {names}, count(*) as row_count from {rows} group by grouping sets ({sets})"


NUMERIC_BY_HAND: dict[str, dict[str, Callable[[str, Thresholds], str]]] = {
    "clickhouse": {"roundDown": _grouped(_rounded_down), "arrayJoin": by_array_join},
    "spark": {"case": _grouped(_cases), "stack": by_stack},
}
CATEGORICAL_BY_HAND: dict[str, Callable[[str, Thresholds], str]] = {
    "group by": by_group,
    "grouping sets": by_grouping_sets,
}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))))
