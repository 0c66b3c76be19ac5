"""What the report reads, as plain SQL that every engine takes.

No text of the data is ever written into a statement unless it is made of harmless characters. Engines do not agree on
how a quote or a backslash inside a literal is escaped, so a value that holds one is left out of the statement: the
statement then returns a little more, and the rows are picked here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from driftline.alerts import FAMILIES

from .numbers import as_text

Row = dict[str, Any]
Query = Callable[[str], list[Row]]

PLAIN = re.compile(r"[\w .,:/+()&-]*\Z")
# Tables that a project built by an older package does not have, or not with these columns.
NEWER = ("driftline_performance", "driftline_concept", "driftline_fairness")
GRAIN = ("model_version", "segment", "segment_value")
Grain = tuple[str, str, str]
TOTAL: Grain = ("all", "all", "all")


def grain_of(row: Row) -> Grain:
    return as_text(row["model_version"]), as_text(row["segment"]), as_text(row["segment_value"])


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
        self.known_columns: dict[str, set[str]] = {}

    def has(self, name: str) -> bool:
        return bool(self.relations.get(name))

    def rows(self, table: str, sql: str) -> list[Row]:
        """Run a statement in which {table} stands for the relation; a relation that is not there is empty."""
        if not self.has(table):
            return []
        return self.query(sql.replace("{table}", self.relations[table]))

    def columns(self, table: str) -> set[str]:
        """The columns of a table, as far as it has rows: the project may have been built by an older package."""
        if table not in self.known_columns:
            rows = self.rows(table, "select * from {table} limit 1")
            self.known_columns[table] = set(rows[0]) if rows else set()
        return self.known_columns[table]

    def pick(self, table: str, *names: str) -> list[str]:
        """Those of the columns that the table has."""
        return [name for name in names if name in self.columns(table)]

    def monitors(self) -> list[Row]:
        more = "".join(f", {name}" for name in self.pick("driftline_monitors", "task", "reference_exclude"))
        return self.rows(
            "driftline_monitors",
            "select monitor, period, timezone, owner, relation_name, reference_start, reference_end, "
            f"as_of{more} from {{table}} order by monitor",
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

    @property
    def tells_incidents(self) -> bool:
        """Whether the package in the warehouse tells incidents, and not each alert."""
        alerts = self.columns("driftline_alerts")
        return "driftline_incidents" in self.relations and (not alerts or "incident_id" in alerts)

    def incident_counts(self) -> list[Row]:
        """How many incidents each monitor has a part in."""
        incidents = self.relations.get("driftline_incidents")
        return self.rows(
            "driftline_alerts",
            "select a.monitor, i.severity, i.status, count(distinct i.incident_id) as incidents from {table} a "
            f"join {incidents} i on i.incident_id = a.incident_id group by a.monitor, i.severity, i.status",
        )

    def incidents(self, monitor: str, names: Iterable[str]) -> list[Row]:
        """The incidents a monitor has a part in."""
        alerts = self.relations.get("driftline_alerts")
        return self.rows(
            "driftline_incidents",
            f"select t.* from {{table}} t where t.incident_id in (select incident_id from {alerts} "
            f"where {one_of('monitor', [monitor], names)})",
        )

    def alerts(self, monitor: str, names: Iterable[str], status: str, limit: int) -> list[Row]:
        """In the order of alerts.read_alerts."""
        families = " ".join(f"when {literal(family)} then {place}" for place, family in enumerate(FAMILIES))
        incident = ", incident_id, is_headline" if self.tells_incidents else ""
        rows = self.rows(
            "driftline_alerts",
            "select monitor, model_version, segment, segment_value, window_periods, family, metric, column_name, "
            "baseline, severity, status, first_window_start, last_window_start, last_window_end, windows_breached, "
            f"value, expected, threshold, message, owner, alert_id{incident} from ("
            "select t.*, row_number() over (partition by monitor order by "
            f"case when severity = 'critical' then 0 else 1 end, case family {families} else {len(FAMILIES)} end, "
            "case when segment = 'all' then 0 else 1 end, "
            "last_window_start desc, windows_breached desc, alert_id) as place from {table} t "
            f"where status = {literal(status)} and {one_of('monitor', [monitor], names)}) a "
            f"where place <= {limit} order by place",
        )
        return [r for r in rows if r["monitor"] == monitor]

    def thresholds(self) -> list[Row]:
        return self.rows(
            "driftline_default_thresholds",
            "select family, metric, baseline, column_kind, warn, critical from {table} where family = 'drift'",
        )

    def waits(self, table: str, state: str) -> str:
        """A condition on rows `t` of a table: they are about a label whose window is not yet `state` (is_mature: enough
        labels are known, is_final: they had their time). What they would show is labels that have not come."""
        if state not in self.columns("driftline_int_maturity") or "column_role" not in self.columns(table):
            return "1 = 0"
        same = " and ".join(f"w.{key} = t.{key}" for key in ("monitor", *GRAIN, "window_periods", "window_start"))
        return (
            f"t.column_role = 'label' and not exists (select 1 from {self.relations['driftline_int_maturity']} w "
            f"where w.{state} and {same})"
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
        # What the judge holds an effect against; tables of an older package have its parts alone.
        noise = self.pick("driftline_drift", "psi_noise", "ks_noise")
        waits = self.waits("driftline_drift", "is_mature")
        return self.rows(
            "driftline_drift",
            f"select monitor, {keys}, column_name, column_role, column_kind, window_start, window_end, row_count, "
            f"baseline_row_count, baseline_model_version, {', '.join((*noise, 'psi_critical', 'noise_floor'))}, "
            "ks_critical, ks_noise_floor, case when waits = 1 then null else psi end as psi, "
            "case when waits = 1 then null else ks_lower end as ks_lower "
            f"from (select t.*, case when {waits} then 1 else 0 end as waits, "
            f"dense_rank() over (partition by {keys} order by window_start desc) as recency "
            "from {table} t where is_complete "
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
        wanted = ("row_count", *(f"reference_{r}" for r in rates if r != "unseen_rate"))
        waiting = (*rates, "mean", "minimum", "maximum")
        waits = self.waits("driftline_quality", "is_final")
        return self.rows(
            "driftline_quality",
            f"select {keys}, column_name, column_role, window_start, window_end, {', '.join(wanted)}, "
            f"{', '.join(f'case when waits = 1 then null else {r} end as {r}' for r in waiting)} from ("
            f"select t.*, case when {waits} then 1 else 0 end as waits, "
            f"dense_rank() over (partition by {keys} order by window_start desc) as recency "
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

    # -- the model ---------------------------------------------------------------------------------------------------

    def performance_slices(self) -> list[Row]:
        if not self.columns("driftline_performance") >= {"metric", "basis", "value", *GRAIN}:
            return []
        keys = ", ".join(("monitor", *GRAIN, "window_periods"))
        return self.rows(
            "driftline_performance",
            f"select {keys}, count(*) as rows_seen from {{table}} where is_complete group by {keys}",
        )

    def performance(
        self,
        monitor: str,
        names: Iterable[str],
        grains: Sequence[tuple[str, ...]],
        known: Sequence[tuple[str, ...]],
        sizes: Sequence[int],
        windows: int,
    ) -> list[Row]:
        """Every metric of the latest windows: what was realized, what was estimated."""
        table, keys = "driftline_performance", ", ".join((*GRAIN, "window_periods"))
        wanted = self.pick(
            table, "class_name", "is_mature", "row_count", "labelled_share", "value", "value_lower", "value_upper",
            "reference_value", "noise", "reason",
        )  # fmt: skip
        return self.rows(
            table,
            f"select monitor, {keys}, metric, basis, window_start, window_end, {', '.join(wanted)} from ("
            f"select t.*, dense_rank() over (partition by {keys} order by window_start desc) as recency "
            f"from {{table}} t where is_complete and {one_of('monitor', [monitor], names)} "
            f"and window_periods in ({', '.join(map(str, sizes))}) and {any_grain(grains, GRAIN, known)}) p "
            f"where recency <= {windows}",
        )

    def latest(
        self,
        table: str,
        monitor: str,
        names: Iterable[str],
        grains: Sequence[tuple[str, ...]],
        known: Sequence[tuple[str, ...]],
        wanted: Sequence[str],
        holding: Sequence[str],
        by: Sequence[str] = (*GRAIN, "window_periods"),
        mature: bool = True,
    ) -> list[Row]:
        """The rows of the latest complete window in which one of the `holding` columns is known, per combination of
        `by`."""
        holding = self.pick(table, *holding)
        if not holding:
            return []
        told = " or ".join(f"{c} is not null" for c in holding)
        final = "and is_mature " if mature and "is_mature" in self.columns(table) else ""
        keys = list(dict.fromkeys(("monitor", *GRAIN, "window_periods", "window_start", "window_end", *by)))
        columns = [*keys, *(c for c in self.pick(table, *wanted) if c not in keys)]
        return self.rows(
            table,
            f"select {', '.join(columns)} from (select t.*, max(case when {told} then window_start end) over "
            f"(partition by {', '.join(by)}) as latest_start from {{table}} t where is_complete {final}"
            f"and {one_of('monitor', [monitor], names)} and {any_grain(grains, GRAIN, known)}) l "
            "where window_start = latest_start",
        )

    def fairness_history(self, monitor: str, names: Iterable[str], metrics: Sequence[str], windows: int) -> list[Row]:
        """How the groups of a segment compare as a whole, over time."""
        table, keys = "driftline_fairness", "model_version, segment, window_periods"
        wanted = self.pick(table, "value_lower", "value_upper")
        return self.rows(
            table,
            f"select {', '.join(('monitor', keys, 'segment_value', 'metric', 'window_start', 'value', *wanted))} "
            f"from (select t.*, dense_rank() over (partition by {keys} order by window_start desc) as recency "
            f"from {{table}} t where is_complete and value is not null and segment_value = 'all' "
            f"and metric in ({', '.join(map(literal, metrics))}) and {one_of('monitor', [monitor], names)}) f "
            f"where recency <= {windows}",
        )

    def causes(self, monitor: str, names: Iterable[str], alerts: Sequence[str], most: int) -> list[Row]:
        """What moved the value of an alert most, in the last of its windows that has causes."""
        table = "driftline_causes"
        if not self.columns(table) >= {"alert_id", "cause_kind", "cause_name", "cause_rank"}:
            return []
        wanted = self.pick(
            table, "window_start", "cause_name", "cause_value", "contribution", "share", "description"
        )  # fmt: skip
        last = "window_start" if "window_start" in wanted else "1"
        plain = all(PLAIN.match(a) for a in alerts)
        mine = f"alert_id in ({', '.join(map(literal, alerts))})" if plain else "1 = 1"
        return self.rows(
            table,
            f"select monitor, alert_id, cause_kind, cause_rank, {', '.join(wanted)} from (select t.*, dense_rank() "
            f"over (partition by alert_id order by {last} desc) as recency from {{table}} t "
            f"where {mine} and {one_of('monitor', [monitor], names)}) c "
            f"where recency = 1 and cause_rank <= {most} order by alert_id, cause_kind, cause_rank",
        )

    def comparisons(self, monitor: str, names: Iterable[str]) -> list[Row]:
        """How versions compare at last: per pair, segment, span and metric the latest window with final labels."""
        table = "driftline_comparisons"
        if not self.columns(table) >= {"champion_version", "span", "family", "metric", "difference", *GRAIN}:
            return []
        wanted = self.pick(
            table, "value", "champion_value", "difference_lower", "difference_upper", "anytime_lower",
            "anytime_upper", "row_count", "champion_row_count", "common_periods", "rows_needed", "verdict", "reason",
            "higher_is_better",
        )  # fmt: skip
        final = "case when is_mature then 0 else 1 end, " if "is_mature" in self.columns(table) else ""
        return self.rows(
            table,
            f"select monitor, {', '.join(GRAIN)}, window_periods, champion_version, span, family, metric, "
            f"window_start, window_end, difference, {', '.join(wanted)} from (select t.*, row_number() over ("
            f"partition by {', '.join(GRAIN)}, champion_version, span, family, metric, "
            f"case when span = 'cumulative' then 0 else window_periods end order by {final}window_end desc) as place "
            f"from {{table}} t where is_complete and {one_of('monitor', [monitor], names)}) c where place = 1",
        )

    def comparison_history(self, monitor: str, names: Iterable[str], windows: int) -> list[Row]:
        """What was known of the difference of two versions at the end of each period, over all rows."""
        table = "driftline_comparisons"
        wanted = self.pick(table, "anytime_lower", "anytime_upper")
        final = "and is_mature " if "is_mature" in self.columns(table) else ""
        columns = ("monitor", *GRAIN, "champion_version", "family", "metric", "window_end", "difference", *wanted)
        return self.rows(
            table,
            f"select {', '.join(columns)} from (select t.*, dense_rank() over (partition by model_version, "
            f"champion_version order by window_end desc) as recency from {{table}} t where is_complete {final}"
            f"and span = 'cumulative' and segment = 'all' and difference is not null "
            f"and {one_of('monitor', [monitor], names)}) c where recency <= {windows}",
        )

    SERIES = ("monitor", *GRAIN, "window_periods", "family", "metric", "column_name")

    def changes(self, monitor: str, names: Iterable[str]) -> list[Row]:
        """Where every series stands: its latest window that could be held against what was expected."""
        table = "driftline_changes"
        if not self.columns(table) >= {*self.SERIES, "cusum_up", "cusum_down", "cusum_limit", "change_start"}:
            return []
        wanted = self.pick(table, "direction", "level_before", "level_after", "trend", "trend_p_value")
        return self.rows(
            table,
            f"select {', '.join((*self.SERIES, 'window_start', 'window_end', 'change_start'))}, "
            f"cusum_up, cusum_down, cusum_limit, {', '.join(wanted) or '1 as nothing'} from (select t.*, row_number() "
            f"over (partition by {', '.join(self.SERIES)} order by window_start desc) as place from {{table}} t "
            f"where is_complete and cusum_limit is not null and {one_of('monitor', [monitor], names)}) c "
            "where place = 1",
        )

    def change_history(
        self, monitor: str, names: Iterable[str], metrics: Sequence[str], columns: Sequence[str], windows: int
    ) -> list[Row]:
        keys = ", ".join(self.SERIES)
        plain = all(PLAIN.match(m) for m in metrics), all(PLAIN.match(c) for c in columns)
        some = f"metric in ({', '.join(map(literal, metrics))})" if plain[0] else "1 = 1"
        some += f" and column_name in ({', '.join(map(literal, columns))})" if plain[1] else ""
        scale = ", scale" if "scale" in self.columns("driftline_changes") else ""
        return self.rows(
            "driftline_changes",
            f"select {keys}, window_start, window_end, value, expected, cusum_up, cusum_down{scale} from (select t.*, "
            f"row_number() over (partition by {keys} order by window_start desc) as place from {{table}} t "
            f"where is_complete and {some} and {one_of('monitor', [monitor], names)}) c where place <= {windows}",
        )

    def reasons(self, monitor: str, names: Iterable[str], limit: int) -> list[Row]:
        """Why measures are missing, counted; the most frequent first."""
        found: list[Row] = []
        for table, thing, baseline in (
            ("driftline_drift", "column_name", "baseline"),
            ("driftline_quality", "column_name", "'none'"),
            ("driftline_business", "metric", "'none'"),
            ("driftline_performance", "metric", "'none'"),
            ("driftline_concept", "column_name", "'none'"),
            ("driftline_fairness", "metric", "'none'"),
        ):
            if table in NEWER and not self.columns(table) >= {thing, "reason"}:
                continue
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
