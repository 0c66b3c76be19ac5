"""`driftline check --compare`: is one version of the model better than another?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

from driftline.alerts import known_monitors
from driftline.errors import DriftlineError
from driftline.text import number, printable
from driftline.warehouse import Row, Warehouse

BETTER, WORSE, NOT_WORSE, UNKNOWN = "better", "worse", "not worse", "not yet known"
# What the table says where nothing but more rows is missing.
_CHANCE = "the difference may be chance"
_OPPOSITE = {BETTER: WORSE, WORSE: BETTER}
_NEEDED = {
    *("monitor", "model_version", "champion_version", "span", "family", "metric", "window_start", "window_end"),
    *("segment", "is_complete", "is_mature", "anytime_lower", "anytime_p_value", "verdict", "reason"),
}


def counted_in(family: str, metric: str) -> str:
    """What the numbers of rows of a metric count: a ranking metric has one value for each request's list."""
    return "lists" if family == "performance" and metric in ("hit_rate", "ndcg", "mrr") else "rows"


@dataclass(frozen=True)
class MetricVerdict:
    """One metric of two versions, over all periods in which both had rows. ``verdict`` is that of this metric alone."""

    family: str
    metric: str
    verdict: str
    reason: str | None
    value: float | None
    champion_value: float | None
    difference: float | None
    lower: float | None
    upper: float | None
    p_value: float | None
    higher_is_better: bool
    rows: int
    champion_rows: int
    rows_needed: int | None
    window_start: datetime
    window_end: datetime

    @property
    def is_decidable(self) -> bool:
        """Whether only chance stands in the way of a verdict, and not what is missing or wrong."""
        return self.verdict != UNKNOWN or self.reason == _CHANCE

    def is_not_worse_by(self, margin: float) -> bool:
        """Whether it is ruled out that the challenger is worse by more than this share of the champion's value."""
        if not self.is_decidable or self.lower is None or self.upper is None or self.champion_value is None:
            return False
        worst = self.lower if self.higher_is_better else -self.upper
        return worst >= -margin * abs(self.champion_value)

    def line(self, challenger: str, width: int) -> str:
        text = f"{self.verdict:<13}  {self.metric:<{width}}  {number(self.value)} against {number(self.champion_value)}"
        if self.difference is not None:
            text += f", difference {self.difference:+.4g}"
        if self.lower is not None and self.upper is not None:
            text += f" ({self.lower:.4g} to {self.upper:.4g})"
        if self.reason:
            text += f"; {self.reason}"
        if self.rows_needed and self.is_decidable:
            text += (
                f"; about {self.rows_needed:,} more {counted_in(self.family, self.metric)} of {challenger} would tell"
            )
        return printable(text)


@dataclass(frozen=True)
class MonitorComparison:
    """What one monitor says. ``verdict`` is that of all its metrics together, ``explanation`` says why."""

    monitor: str
    verdict: str
    explanation: str
    metrics: tuple[MetricVerdict, ...]
    sample_ratio: float | None
    expected_ratio: float | None
    split: str


@dataclass(frozen=True)
class ComparisonResult:
    challenger: str
    champion: str
    once: bool
    monitors: tuple[MonitorComparison, ...]

    @property
    def verdict(self) -> str:
        """Of all monitors: worse if one is, otherwise the least that is known of any."""
        verdicts = {monitor.verdict for monitor in self.monitors}
        return next(verdict for verdict in (WORSE, UNKNOWN, NOT_WORSE, BETTER) if verdict in verdicts)

    @property
    def passed(self) -> bool:
        return self.verdict in (BETTER, NOT_WORSE)

    def to_dict(self) -> dict[str, Any]:
        return {
            "challenger": self.challenger,
            "champion": self.champion,
            "verdict": self.verdict,
            "once": self.once,
            "monitors": [asdict(monitor) for monitor in self.monitors],
        }

    def lines(self) -> list[str]:
        lines = []
        for of in self.monitors:
            first = of.metrics[0]
            days = f"{first.window_start:%Y-%m-%d} to {first.window_end:%Y-%m-%d}"
            split = "" if of.sample_ratio is None else f", {of.sample_ratio:.1%} of the rows (split: {of.split})"
            lines.append(printable(f"{of.monitor}: {self.challenger} against {self.champion}, {days}{split}"))
            width = max(len(metric.metric) for metric in of.metrics)
            lines += [f"  {metric.line(self.challenger, width)}" for metric in of.metrics]
            lines.append(printable(f"  {of.verdict}: {of.explanation}"))
        lines.append(printable(f"{self.challenger} against {self.champion}: {self.verdict}"))
        return lines


def compare(
    warehouse: Warehouse,
    challenger: str,
    champion: str,
    monitors: Sequence[str] = (),
    metrics: Sequence[str] = (),
    *,
    once: bool = False,
    margin: float | None = None,
    until: date | None = None,
) -> ComparisonResult:
    """Hold one version against another, in every monitor that has both (or in the given ones).

    ``once`` takes the narrower intervals of a single look, ``margin`` also accepts a challenger that is not worse by
    more than this share, ``until`` looks no further than that day. Raises DriftlineError, also for a name that does not
    exist.
    """
    relation = warehouse.relation("driftline_comparisons")
    known = known_monitors(warehouse)
    unknown = [name for name in monitors if name not in known]
    if unknown:
        raise DriftlineError(
            f"No monitor {', '.join(map(repr, unknown))} has been built; there is: {', '.join(known) or 'none'}.",
            "Check the name, the variable driftline_monitors, and that 'dbt build' has run.",
        )
    a, b = warehouse.literal(challenger), warehouse.literal(champion)
    rows = warehouse.query(
        f"select * from {relation} where span = 'cumulative' and segment = 'all' and "
        f"((model_version = {a} and champion_version = {b}) or (model_version = {b} and champion_version = {a}))"
    )
    if rows and not rows[0].keys() >= _NEEDED:
        raise DriftlineError(
            f"{relation} has no column {', '.join(sorted(_NEEDED - rows[0].keys()))}.",
            "It was built by another version of the package: run 'dbt deps' and 'dbt build'.",
        )
    rows = [row for row in rows if not monitors or row["monitor"] in monitors]
    missing = sorted(set(monitors) - {row["monitor"] for row in rows})
    if missing or not rows:
        raise _no_such_pair(warehouse, challenger, champion, missing or list(known))
    if until is not None:
        rows = [row for row in rows if row["window_end"].date() <= until]
        if not rows:
            raise DriftlineError(
                f"No period in which {challenger!r} and {champion!r} both had rows ended by {until}.",
                "Give a later day with --until.",
            )
    there = sorted({row["metric"] for row in rows if row["family"] != "traffic"})
    unknown = [name for name in metrics if name not in there]
    if unknown:
        raise DriftlineError(
            f"No metric {', '.join(map(repr, unknown))} of {challenger!r} and {champion!r}; "
            f"there is: {', '.join(there) or 'none'}.",
            "Check the name. Metrics that cannot be added up over periods, such as roc_auc, are compared window by "
            "window, in driftline_comparisons only.",
        )
    rows = [row for row in rows if not metrics or row["metric"] in metrics or row["family"] == "traffic"]
    level = 1 - float(warehouse.variable("driftline_confidence") or 0.95)
    names = sorted({row["monitor"] for row in rows if row["family"] != "traffic"})
    if not names:
        raise DriftlineError(
            f"{challenger!r} and {champion!r} have rows in the same periods, but no metric.",
            "Declare business_metrics, or a prediction and a label.",
        )
    of_monitor = [
        _of_monitor(name, [row for row in rows if row["monitor"] == name], challenger, once, margin, level)
        for name in names
    ]
    return ComparisonResult(challenger, champion, once, tuple(of_monitor))


def _no_such_pair(warehouse: Warehouse, challenger: str, champion: str, monitors: Sequence[str]) -> DriftlineError:
    listed = ", ".join(warehouse.literal(name) for name in monitors)
    found = warehouse.query(
        f"select distinct monitor, model_version from {warehouse.relation('driftline_int_version_rows')} "
        f"where monitor in ({listed})"
    ) if monitors else []  # fmt: skip
    versions = {name: sorted(str(r["model_version"]) for r in found if r["monitor"] == name) for name in monitors}
    there = "; ".join(f"{name}: {', '.join(of) or 'none'}" for name, of in sorted(versions.items()))
    unknown = [v for v in (challenger, champion) if not any(v in of for of in versions.values())]
    if unknown:
        return DriftlineError(
            f"No version {', '.join(map(repr, unknown))} has rows; there is: {there or 'none'}.",
            "Check the name. Versions are the values of the column declared as model_version.",
        )
    return DriftlineError(
        f"{challenger!r} and {champion!r} are not compared in {', '.join(sorted(monitors))}; there is: {there}.",
        "Two versions are compared where they have rows in the same periods; the variable driftline_champions says "
        "with how many others each one is.",
    )


def _of_monitor(
    monitor: str, rows: list[Row], challenger: str, once: bool, margin: float | None, level: float
) -> MonitorComparison:
    found = [_verdict(row, challenger, once, level) for row in _latest(rows) if row["family"] != "traffic"]
    found.sort(key=lambda v: (v.family, v.metric))
    verdict, explanation = _together(found, level, margin)
    ratio = expected = None
    split = UNKNOWN
    for row in _latest(row for row in rows if row["family"] == "traffic"):
        ratio, expected, split = _finite(row["value"]), _finite(row["champion_value"]), row["verdict"]
        if row["model_version"] != challenger:
            ratio, expected = (None if share is None else 1 - share for share in (ratio, expected))
        if row["reason"]:
            split += f": {row['reason']}"
    return MonitorComparison(monitor, verdict, explanation, tuple(found), ratio, expected, split)


def _latest(rows: Iterable[Row]) -> list[Row]:
    """Of each metric the last row that is complete and mature; where there is none, the last."""
    last: dict[tuple[str, str], Row] = {}
    for row in sorted(rows, key=lambda r: (bool(r["is_complete"] and r["is_mature"]), r["window_end"])):
        last[row["family"], row["metric"]] = row
    return list(last.values())


def _verdict(row: Row, challenger: str, once: bool, level: float) -> MetricVerdict:
    kind = "difference" if once else "anytime"
    verdict, reason, rows_needed = row["verdict"], row["reason"], row["rows_needed"]
    p_value = _finite(row["p_value" if once else "anytime_p_value"])
    lower, upper, difference = (_finite(row[name]) for name in (f"{kind}_lower", f"{kind}_upper", "difference"))
    if once and verdict == UNKNOWN and reason == _CHANCE and p_value is not None and p_value < level:
        is_up = lower is not None and upper is not None and lower + upper > 0
        verdict, reason, rows_needed = BETTER if is_up == bool(row["higher_is_better"]) else WORSE, None, 0
    made = MetricVerdict(
        row["family"],
        row["metric"],
        verdict,
        reason,
        _finite(row["value"]),
        _finite(row["champion_value"]),
        difference,
        lower,
        upper,
        p_value,
        bool(row["higher_is_better"]),
        int(row["row_count"]),
        int(row["champion_row_count"]),
        None if rows_needed is None else int(rows_needed),
        row["window_start"],
        row["window_end"],
    )
    return made if row["model_version"] == challenger else _turned(made)


def _turned(of: MetricVerdict) -> MetricVerdict:
    """The same with the two versions' parts exchanged."""
    needed = of.rows_needed
    if needed is not None and of.rows:
        needed = math.ceil(needed * of.champion_rows / of.rows)
    return replace(
        of,
        verdict=_OPPOSITE.get(of.verdict, of.verdict),
        value=of.champion_value,
        champion_value=of.value,
        difference=None if of.difference is None else -of.difference,
        lower=None if of.upper is None else -of.upper,
        upper=None if of.lower is None else -of.lower,
        rows=of.champion_rows,
        champion_rows=of.rows,
        rows_needed=needed,
    )


def _together(found: Sequence[MetricVerdict], level: float, margin: float | None) -> tuple[str, str]:
    """One verdict of several metrics. Worse in any is worse. Better has to hold though the best of several was picked
    (Bonferroni); not worse has to hold for all.
    """
    worse = [v.metric for v in found if v.verdict == WORSE]
    if worse:
        return WORSE, f"worse in {', '.join(worse)}"
    better = [v for v in found if v.verdict == BETTER]
    clear = [v.metric for v in better if v.p_value is not None and v.p_value < level / len(found)]
    if clear:
        return BETTER, f"better in {', '.join(clear)}, worse in none"
    if margin is not None and all(v.is_not_worse_by(margin) for v in found):
        return NOT_WORSE, f"worse by more than {margin:.3g} of the champion's value in none"
    if better:
        return UNKNOWN, (
            f"better in {', '.join(v.metric for v in better)}, which one of {len(found)} metrics may be by chance; "
            "name the metric that decides with --metric"
        )
    return UNKNOWN, "no metric tells them apart yet"


def _finite(value: Any) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)
