"""How many rows of results a declaration makes in one period: the rule, which docs/measures.md prints as a table.

Counted is a period in which every version and every segment value has rows, enough of them for the shortest windows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from driftline.declarations import Declaration

BASELINES = 4
LENGTHS = {"hour": 3, "day": 3, "week": 3, "month": 3}
CHAMPIONS = 2

# Whose rows: of what, in the table of the docs.
TOTAL, VERSION, VALUE, BOTH = "total", "version", "value", "both"
SEGMENT, SEGMENT_OF_VERSION, PAIR, PAIR_OF_VALUE = "segment", "segment of version", "pair", "pair of value"
PAIR_OF_CROSS = "pair of cross"
CROSS = "cross"
EVERY = (TOTAL, VERSION, VALUE, CROSS)


@dataclass(frozen=True)
class Rule:
    """Rows of a table: a sum of products of the numbers in ``SYMBOLS``, for each of some groups."""

    table: str
    family: str
    groups: tuple[str, ...]
    rows: str
    whose: str = "each"
    needs: str = ""


RULES = (
    Rule("driftline_drift", "drift", EVERY, "C × D × B"),
    Rule("driftline_quality", "quality", EVERY, "C × D"),
    Rule("driftline_concept", "concept", EVERY, "F × D", needs="labels, a task"),
    Rule("driftline_performance", "performance", EVERY, "P × D", needs="labels, a task"),
    Rule("driftline_business", "business", EVERY, "M × D"),
    Rule(
        "driftline_fairness",
        "fairness",
        (VALUE, BOTH),
        "4 × D",
        "each value of a segment",
        "labels, a binary task, segments",
    ),
    Rule(
        "driftline_fairness",
        "fairness",
        (SEGMENT, SEGMENT_OF_VERSION),
        "8 × D",
        "each segment",
        "labels, a binary task, segments",
    ),
    Rule(
        "driftline_comparisons",
        "comparisons",
        (PAIR, PAIR_OF_VALUE),
        "S × L + S",
        "each pair of versions, in total and in each value of a segment",
        "versions",
    ),
    Rule("driftline_comparisons", "comparisons", (PAIR,), "L + 1", "each pair of versions", "versions"),
    Rule(
        "driftline_comparisons",
        "comparisons",
        (PAIR, PAIR_OF_CROSS),
        "W × D",
        "each pair of versions, in total; in each value of a segment where `detail` has crosses",
        "versions",
    ),
    Rule("driftline_changes", "trend", (TOTAL,), "M + R + C + 5 × N + 2 × K", "the total; at most: what varies"),
    Rule("driftline_arrivals", "", (TOTAL, VALUE), "D", "the total and each value of a segment"),
)

SYMBOLS = {
    "C": "columns (features, prediction, label; of class probabilities each)",
    "F": "features and predictions",
    "N": "columns that are numbers",
    "K": "columns that are categories",
    "L": "lengths of `driftline_windows`",
    "D": "those of them that a group has: all in total and where `detail` names it, else 1",
    "B": "baselines: all in total and where `detail` names it, else 1",
    "M": "business metrics",
    "P": "rows of performance (below)",
    "R": "those of them that known labels give",
    "S": "metrics that are compared by the sums of periods, business metrics among them",
    "W": "those that are compared by whole windows",
}


@dataclass(frozen=True)
class Metrics:
    """How many metrics a task has: of all rows, of each class, estimated without labels, compared between versions."""

    of_all: int = 0
    of_class: int = 0
    estimated: int = 0
    compared_sums: int = 0
    compared_windows: int = 0


METRICS = {
    # From the catalogue: make docs
    "binary": Metrics(of_all=21, estimated=8, compared_sums=8, compared_windows=2),
    "multiclass": Metrics(of_all=6, of_class=4, estimated=1, compared_sums=2),
    "regression": Metrics(of_all=7, estimated=1, compared_sums=3),
    "ranking": Metrics(of_all=3, compared_sums=3),
    "multiclass by class": Metrics(of_all=4, of_class=3, compared_sums=1),
    # End of the catalogue
}


@dataclass(frozen=True)
class ResultRows:
    """Of one monitor: table → rows per period. ``values`` says how many values were reckoned with; None: one."""

    monitor: str
    period: str
    tables: Mapping[str, int]
    values: Mapping[str, int | None] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.tables.values())

    def line(self) -> str:
        tables = ", ".join(f"{name.removeprefix('driftline_')} {rows:,}" for name, rows in self.tables.items())
        known = [f"{number} of {name}" for name, number in self.values.items() if number is not None]
        unknown = [name for name, number in self.values.items() if number is None]
        notes = [f"values: {', '.join(known)}"] if known else []
        notes += [f"for one value of {', '.join(unknown)}: how many there are is not known"] if unknown else []
        return f"monitor '{self.monitor}': {self.total:,} rows of results per {self.period} ({tables})" + "".join(
            f"; {note}" for note in notes
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "monitor": self.monitor,
            "period": self.period,
            "rows": self.total,
            "tables": dict(self.tables),
            "values": dict(self.values),
        }


def counted_columns(declaration: Declaration) -> list[str]:
    """The columns whose numbers of values the rule asks for: version, segments, and classes that nobody has named."""
    given = declaration.arguments
    names = [str(given["model_version"])] if given.get("model_version") is not None else []
    names += [str(name) for name in given.get("segments") or ()]
    label = declaration.label
    if given.get("task") == "multiclass" and label is not None and not isinstance(given.get("prediction"), Mapping):
        names.append(label.column)
    return list(dict.fromkeys(names))


def result_rows(
    declaration: Declaration,
    values: Mapping[str, int | None],
    windows: Mapping[str, Sequence[int]] | None = None,
    champions: int | None = None,
) -> ResultRows:
    """``values``: how many values the columns of ``counted_columns`` have, None where that is not known."""
    given = declaration.arguments
    period = str(given.get("period") or "day")
    lengths = len(set((windows or {}).get(period) or range(LENGTHS.get(period, 3))))
    numbers = _numbers(declaration, values)
    groups = _groups(declaration, values, CHAMPIONS if champions is None else champions)
    wanted = given.get("families")
    tables: dict[str, int] = {}
    for rule in RULES:
        left_out = rule.family and isinstance(wanted, (list, tuple)) and rule.family not in wanted
        if left_out or not _is_declared(rule, declaration):
            continue
        for group in rule.groups:
            count, in_detail = groups[group]
            baselines = len(given.get("baselines") or range(BASELINES))
            numbers.update({"L": lengths, "D": lengths if in_detail else 1, "B": baselines if in_detail else 1})
            tables[rule.table] = tables.get(rule.table, 0) + count * _worked_out(rule.rows, numbers)
    return ResultRows(
        declaration.monitor,
        period,
        {table: rows for table, rows in tables.items() if rows},
        {name: values.get(name) for name in counted_columns(declaration)},
    )


def _is_declared(rule: Rule, declaration: Declaration) -> bool:
    given = declaration.arguments
    task = given.get("task") or "none"
    has = {
        "labels": declaration.label is not None,
        "a task": task != "none",
        "a binary task": task == "binary" and given.get("prediction") is not None,
        "segments": bool(given.get("segments")),
        "versions": given.get("model_version") is not None,
    }
    return all(has[need] for need in rule.needs.split(", ") if need)


def _groups(declaration: Declaration, values: Mapping[str, int | None], champions: int) -> dict[str, tuple[int, bool]]:
    """Group → how many of it there are, and whether they are in detail."""
    given = declaration.arguments
    detail = given.get("detail") or "total"
    asked = {detail} if isinstance(detail, str) else set(detail)
    version, segments = given.get("model_version"), [str(name) for name in given.get("segments") or ()]
    versions = 0 if version is None else values.get(str(version)) or 1
    of_segments = sum(values.get(name) or 1 for name in segments)
    # Each version is held against those that were there before it, so many at most.
    pairs = sum(min(earlier, champions) for earlier in range(versions))
    both = "all" in asked
    are_shown = both or "crosses" in asked
    return {
        TOTAL: (1, True),
        VERSION: (versions, both or "versions" in asked),
        VALUE: (of_segments, both or "segments" in asked),
        BOTH: (versions * of_segments, both),
        CROSS: (versions * of_segments * are_shown, both),
        SEGMENT: (len(segments), both or "segments" in asked),
        SEGMENT_OF_VERSION: (versions * len(segments), both),
        PAIR: (pairs, both or "versions" in asked),
        PAIR_OF_VALUE: (pairs * of_segments, both),
        PAIR_OF_CROSS: (pairs * of_segments * are_shown, both),
    }


def _numbers(declaration: Declaration, values: Mapping[str, int | None]) -> dict[str, int]:
    given, label = declaration.arguments, declaration.label
    task = str(given.get("task") or "none")
    prediction = given.get("prediction")
    predictions = len(prediction) if isinstance(prediction, Mapping) else int(prediction is not None)
    numeric, categorical = len(given.get("numeric") or ()), len(given.get("categorical") or ())
    of_label = int(label is not None)
    features = numeric + categorical
    by_class = task == "multiclass" and not isinstance(prediction, Mapping)
    metrics = METRICS.get("multiclass by class" if by_class else task, Metrics())
    ranking = METRICS["ranking"] if given.get("ranking") is not None else Metrics()
    classes = (values.get(label.column if label else "") or 1) if by_class else predictions
    realized = (metrics.of_all + metrics.of_class * classes + ranking.of_all) * of_label
    business = len(given.get("business_metrics") or ())
    sums = (metrics.compared_sums + ranking.compared_sums) * of_label + business
    return {
        "C": features + predictions + of_label,
        "F": features + predictions,
        "N": numeric + predictions + (of_label if task == "regression" else 0),
        "K": categorical + (0 if task == "regression" else of_label),
        "M": business,
        "P": realized + 2 * metrics.estimated * of_label,
        "R": realized,
        "S": sums,
        "W": metrics.compared_windows * of_label,
    }


def _worked_out(formula: str, numbers: Mapping[str, int]) -> int:
    total = 0
    for term in formula.split(" + "):
        product = 1
        for factor in term.split(" × "):
            product *= int(factor) if factor.isdigit() else numbers[factor]
        total += product
    return total


def table() -> Iterator[str]:
    """Lines of the table in docs/measures.md."""
    yield "| table | rows | of | where there are |"
    yield "|---|---|---|---|"
    for rule in RULES:
        yield f"| `{rule.table}` | {rule.rows} | {rule.whose} | {rule.needs} |"
    yield ""
    yield from (f"- {symbol}: {meaning}" for symbol, meaning in SYMBOLS.items())
    yield ""
    yield "| task | rows of performance of a window |"
    yield "|---|---|"
    for task, metrics in METRICS.items():
        parts = [f"{metrics.of_all} metrics"]
        parts += [f"{metrics.of_class} of each class"] if metrics.of_class else []
        parts += [f"2 for each of {metrics.estimated} that are estimated too"] if metrics.estimated else []
        yield f"| {task} | {', '.join(parts)} |"
