"""What the report reads, as plain SQL that every engine takes.

No text of the data is ever written into a statement unless it is made of harmless characters. Engines do not agree on
how a quote or a backslash inside a literal is escaped, so a value that holds one is left out of the statement: the
statement then returns a little more, and the rows are picked here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

Row = dict[str, Any]
Query = Callable[[str], list[Row]]

PLAIN = re.compile(r"[\w .,:/+()&-]*\Z")
GRAIN = ("model_version", "segment", "segment_value")


def literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def one_of(column: str, wanted: Iterable[str], known: Iterable[str]) -> str:
    """A condition that keeps every wanted value, and as few others as plain literals allow."""
    wanted = set(wanted)
    known = set(known) | wanted
    if wanted == known:
        return "1 = 1"
    if all(PLAIN.match(v) for v in wanted):
        return f"{column} in ({', '.join(literal(v) for v in sorted(wanted))})" if wanted else "1 = 0"
    others = sorted(v for v in known - wanted if PLAIN.match(v))
    return f"{column} not in ({', '.join(literal(v) for v in others)})" if others else "1 = 1"


def equals(column: str, value: str) -> str:
    return f"{column} = {literal(value)}" if PLAIN.match(value) else "1 = 1"


def any_grain(grains: Sequence[tuple[str, ...]], columns: Sequence[str], known: Sequence[tuple[str, ...]]) -> str:
    if set(grains) >= set(known):
        return "1 = 1"
    parts = {
        " and ".join(p for p in map(equals, columns, grain) if p != "1 = 1") or "1 = 1" for grain in grains
    }  # fmt: skip
    return "1 = 1" if "1 = 1" in parts else "(" + " or ".join(f"({p})" for p in sorted(parts)) + ")"


def binned(prefix: str = "") -> str:
    """The state rows that count the values of a column into its bins."""
    return f"{prefix}column_role in ('feature', 'prediction', 'label') and {prefix}bin >= -3 and {prefix}bin <= 10002"


def counted(prefix: str = "") -> str:
    """The same, without the rows of a reference relation, which are in no window."""
    return f"{prefix}source = 'relation' and {binned(prefix)}"


class Warehouse:
    """The tables of one project, asked for no more than the page shows."""

    def __init__(self, query: Query, relations: Mapping[str, str]) -> None:
        self.query = query
        self.relations = relations

    def has(self, name: str) -> bool:
        return bool(self.relations.get(name))

    def rows(self, table: str, sql: str) -> list[Row]:
        """Run a statement in which {table} stands for the relation; a relation that is not there is empty."""
        if not self.has(table):
            return []
        return self.query(sql.replace("{table}", self.relations[table]))

    def monitors(self) -> list[Row]:
        return self.rows(
            "driftline_monitors",
            "select monitor, period, timezone, owner, relation_name, reference_start, reference_end, as_of "
            "from {table} order by monitor",
        )

    def slices(self) -> list[Row]:
        """How much drift there is to show: one row per version, segment, window size and baseline."""
        keys = ", ".join(("monitor", *GRAIN, "window_periods", "baseline"))
        return self.rows(
            "driftline_drift",
            f"select {keys}, count(distinct column_name) as columns_seen, count(distinct window_start) as windows_seen "
            f"from {{table}} where is_complete group by {keys}",
        )

    def business_slices(self) -> list[Row]:
        keys = ", ".join(("monitor", *GRAIN, "window_periods"))
        return self.rows(
            "driftline_business",
            f"select {keys}, count(*) as rows_seen, count(distinct metric) as metrics_seen from {{table}} "
            f"where is_complete group by {keys}",
        )

    def alert_counts(self) -> list[Row]:
        return self.rows(
            "driftline_alerts",
            "select monitor, severity, status, count(*) as alerts from {table} group by monitor, severity, status",
        )

    def alerts(self, monitor: str, names: Iterable[str], status: str, limit: int) -> list[Row]:
        rows = self.rows(
            "driftline_alerts",
            "select monitor, model_version, segment, segment_value, window_periods, family, metric, column_name, "
            "baseline, severity, status, first_window_start, last_window_start, last_window_end, windows_breached, "
            "value, expected, threshold, message, owner, alert_id from ("
            "select t.*, row_number() over (partition by monitor order by "
            "case when severity = 'critical' then 0 else 1 end, case when segment = 'all' then 0 else 1 end, "
            "last_window_start desc, windows_breached desc, alert_id) as place from {table} t "
            f"where status = {literal(status)} and {one_of('monitor', [monitor], names)}) a "
            f"where place <= {limit} order by place",
        )
        return [r for r in rows if r["monitor"] == monitor]

    def thresholds(self) -> list[Row]:
        return self.rows(
            "driftline_thresholds",
            "select family, metric, baseline, column_kind, warn, critical from {table} where family = 'drift'",
        )

    def drift(
        self,
        monitor: str,
        names: Iterable[str],
        chosen: Sequence[tuple[str, ...]],
        known: Sequence[tuple[str, ...]],
        sizes: Sequence[int],
        baselines: Sequence[str],
        windows: int,
    ) -> list[Row]:
        keys = ", ".join((*GRAIN, "window_periods", "baseline"))
        return self.rows(
            "driftline_drift",
            f"select monitor, {keys}, column_name, column_role, column_kind, window_start, window_end, row_count, "
            "baseline_row_count, baseline_model_version, psi, psi_critical, noise_floor, ks_lower, ks_critical, "
            f"ks_noise_floor from (select t.*, dense_rank() over (partition by {keys} order by window_start desc) as "
            "recency from {table} t where is_complete "
            f"and {one_of('monitor', [monitor], names)} and window_periods in ({', '.join(map(str, sizes))}) "
            f"and {one_of('baseline', baselines, [])} and {any_grain(chosen, GRAIN, known)}) d "
            f"where recency <= {windows}",
        )

    def bins(self, monitor: str, names: Iterable[str]) -> list[Row]:
        return self.rows(
            "driftline_bins",
            "select monitor, column_name, column_role, column_kind, bin, bin_kind, bin_label, bin_lower, bin_upper "
            f"from {{table}} where {one_of('monitor', [monitor], names)} and {binned()} "
            "order by column_name, column_role, bin",
        )

    def periods(self, monitor: str, names: Iterable[str]) -> int:
        rows = self.rows(
            "driftline_state",
            "select monitor, count(distinct period_start) as periods from {table} "
            f"where {one_of('monitor', [monitor], names)} and {counted()} group by monitor",
        )
        return max((int(r["periods"]) for r in rows if r["monitor"] == monitor), default=0)

    def history(
        self,
        monitor: str,
        names: Iterable[str],
        columns: Iterable[str],
        all_columns: Iterable[str],
        grains: Sequence[tuple[str, ...]],
        known: Sequence[tuple[str, ...]],
        periods: int,
    ) -> list[Row]:
        """Counts per period and bin of a few columns; the browser adds up the periods of a window."""
        where = f"{one_of('monitor', [monitor], names)} and {counted()}"
        return self.binned_rows(
            grains,
            known,
            lambda version, condition: (
                f"select monitor, {version} as model_version, segment, segment_value, column_name, column_role, bin, "
                f"period_start, sum(weight_sum) as weight from {{table}} where {where} "
                f"and {one_of('column_name', columns, all_columns)} and {condition} "
                f"and period_start >= (select min(period_start) from (select distinct period_start from {{table}} "
                f"where {where} order by period_start desc limit {periods}) p) "
                "group by monitor, {versions}segment, segment_value, column_name, column_role, bin, period_start"
            ),
        )

    def reference(
        self, monitor: str, names: Iterable[str], grains: Sequence[tuple[str, ...]], known: Sequence[tuple[str, ...]]
    ) -> list[Row]:
        return self.binned_rows(
            grains,
            known,
            lambda version, condition: (
                f"select monitor, {version} as model_version, segment, segment_value, column_name, column_role, bin, "
                "sum(weight_sum) as weight from {table} where in_reference "
                f"and {one_of('monitor', [monitor], names)} and {binned()} and {condition} "
                "group by monitor, {versions}segment, segment_value, column_name, column_role, bin"
            ),
        )

    def latest_counts(
        self, monitor: str, names: Iterable[str], grains: Sequence[tuple[str, ...]], known: Sequence[tuple[str, ...]]
    ) -> list[Row]:
        """The bins of every column in the latest complete window with rows, for each window size."""
        if not self.has("driftline_drift"):
            return []
        keys = ", ".join(("monitor", *GRAIN, "window_periods"))
        drift = self.relations["driftline_drift"]

        def statement(version: str, condition: str) -> str:
            total = version != "model_version"
            return (
                f"select s.monitor, {version if total else 's.model_version'} as model_version, s.segment, "
                "s.segment_value, w.window_periods, w.window_start, s.column_name, s.column_role, s.bin, "
                f"sum(s.weight_sum) as weight from {{table}} s join (select {keys}, "
                f"max(window_start) as window_start, max(window_end) as window_end from {drift} where is_complete "
                f"and row_count > 0 and {one_of('monitor', [monitor], names)} and {condition} "
                f"and {'model_version = ' + literal('all') if total else '1 = 1'} group by {keys}) w "
                "on s.monitor = w.monitor and s.segment = w.segment and s.segment_value = w.segment_value "
                f"{'' if total else 'and s.model_version = w.model_version '}"
                "and s.period_start >= w.window_start and s.period_start < w.window_end "
                f"where {counted('s.')} and {one_of('s.monitor', [monitor], names)} "
                f"group by s.monitor, {'' if total else 's.model_version, '}s.segment, s.segment_value, "
                "w.window_periods, w.window_start, s.column_name, s.column_role, s.bin"
            )

        return self.binned_rows(grains, known, statement)

    def binned_rows(
        self,
        grains: Sequence[tuple[str, ...]],
        known: Sequence[tuple[str, ...]],
        statement: Callable[[str, str], str],
    ) -> list[Row]:
        """State is kept per version; the total is the sum over all of them, so it takes a statement of its own."""
        found: list[Row] = []
        totals = [g for g in grains if g[0] == "all"]
        if totals:
            condition = any_grain(
                [g[1:] for g in totals], GRAIN[1:], list({g[1:]: None for g in known})
            )  # fmt: skip
            found += self.rows("driftline_state", statement("'all'", condition).replace("{versions}", ""))
        single = [g for g in grains if g[0] != "all"]
        if single:
            condition = any_grain(single, GRAIN, known)
            sql = statement("model_version", condition).replace("{versions}", "model_version, ")
            found += [r for r in self.rows("driftline_state", sql) if r["model_version"] != "all"]
        return found

    def quality(
        self, monitor: str, names: Iterable[str], grains: Sequence[tuple[str, ...]], known: Sequence[tuple[str, ...]]
    ) -> list[Row]:
        keys = ", ".join(("monitor", *GRAIN, "window_periods"))
        rates = ("null_rate", "nan_rate", "infinite_rate", "unseen_rate", "out_of_range_rate")
        wanted = ("row_count", *rates, *(f"reference_{r}" for r in rates if r != "unseen_rate"), "mean", "minimum",
                  "maximum")  # fmt: skip
        return self.rows(
            "driftline_quality",
            f"select {keys}, column_name, column_role, window_start, window_end, {', '.join(wanted)} from ("
            f"select t.*, dense_rank() over (partition by {keys} order by window_start desc) as recency "
            f"from {{table}} t where is_complete and row_count > 0 and {one_of('monitor', [monitor], names)} "
            f"and {any_grain(grains, GRAIN, known)}) q where recency = 1",
        )

    def business(
        self,
        monitor: str,
        names: Iterable[str],
        grains: Sequence[tuple[str, ...]],
        known: Sequence[tuple[str, ...]],
        windows: int,
    ) -> list[Row]:
        keys = ", ".join((*GRAIN, "window_periods"))
        return self.rows(
            "driftline_business",
            f"select monitor, {keys}, metric, window_start, window_end, row_count, value, numerator, denominator, "
            "reference_value, previous_value, trailing_mean, trailing_stddev, change_previous, change_reference, "
            f"z_score from (select t.*, dense_rank() over (partition by {keys}, metric order by window_start desc) "
            f"as recency from {{table}} t where is_complete and {one_of('monitor', [monitor], names)} "
            f"and {any_grain(grains, GRAIN, known)}) b where recency <= {windows} order by window_start",
        )

    def reasons(self, monitor: str, names: Iterable[str], limit: int) -> list[Row]:
        """Why measures are missing, counted; the most frequent first."""
        found: list[Row] = []
        for table, thing, baseline in (
            ("driftline_drift", "column_name", "baseline"),
            ("driftline_quality", "column_name", "'none'"),
            ("driftline_business", "metric", "'none'"),
            ("driftline_performance", "metric", "'none'"),
        ):
            rows = self.rows(
                table,
                f"select monitor, reason, {baseline} as baseline, count(*) as windows, "
                f"count(distinct {thing}) as things, min({thing}) as example, min(window_start) as first_start, "
                "max(window_start) as last_start from {table} "
                f"where is_complete and reason is not null and {one_of('monitor', [monitor], names)} "
                f"group by monitor, reason{'' if baseline.startswith(chr(39)) else ', ' + baseline} "
                f"order by count(*) desc, reason limit {limit}",
            )
            found += [r | {"family": table.removeprefix("driftline_")} for r in rows if r["monitor"] == monitor]
        return found
