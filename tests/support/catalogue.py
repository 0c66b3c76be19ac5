"""The catalogue of metrics as Python sees it, and what is written from it: words of the report, a table of the docs.

``make docs`` writes them; tests/lint/test_catalogue.py holds them to it.
"""

from __future__ import annotations

import csv
import functools
import importlib
import re
import sys
from collections.abc import Callable, Container, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2
from driftline import result_rows

from support import tables
from support.materializations import Materializations

REPOSITORY = Path(__file__).resolve().parents[2]
WORDS = REPOSITORY / "python" / "driftline" / "report" / "words.py"
MEASURES = REPOSITORY / "docs" / "measures.md"
PAGES = REPOSITORY / "docs" / "measures"
# One page for the two that people call one thing.
SHARED_PAGES = {"psi_seen": "psi"}
ROWS = REPOSITORY / "python" / "driftline" / "result_rows.py"
THRESHOLDS = REPOSITORY / "seeds" / "driftline_default_thresholds.csv"
JUDGED_BY = REPOSITORY / "macros" / "judge" / "_default_thresholds.sql"


class _Returned(Exception):
    """What a macro returns: dbt's return() ends the macro with any value, not only with text."""


def _return(value: Any) -> None:
    raise _Returned(value)


class Package:
    """The package's macros outside dbt: enough for those that compute with plain values and texts."""

    def __init__(self) -> None:
        environment = jinja2.Environment(extensions=["jinja2.ext.do", Materializations], undefined=jinja2.Undefined)
        self._macros: dict[str, Any] = {}
        # Without a project every variable has its default.
        environment.globals.update(
            driftline=self,
            adapter=self,
            dbt=SimpleNamespace(type_int=lambda: "integer"),
            var=lambda name, default=None: default,
            **{"return": _return},
        )
        for path in sorted((REPOSITORY / "macros").rglob("*.sql")):
            text = path.read_text(encoding="utf-8").replace("{% endtest %}", "{% endmacro %}")
            # Jinja keeps to itself what begins with an underscore.
            text = re.sub(r"{%(-?) (?:macro|test) (\w+)", r"{%\1 macro macro_\2", text)
            found = vars(environment.from_string(text).module)
            self._macros.update({n.removeprefix("macro_"): m for n, m in found.items() if n.startswith("macro_")})

    def __getattr__(self, name: str) -> Any:
        if name in self._macros or "default__" + name in self._macros:
            return lambda *given, **named: self._call(name, given, named)
        raise AttributeError(name)

    def _call(self, name: str, given: Any, named: Any) -> Any:
        try:
            return str(self._macros[name](*given, **named))
        except _Returned as returned:
            return returned.args[0]

    def dispatch(self, name: str, package: str) -> Any:
        return lambda *given, **named: self._call("default__" + name, given, named)


@functools.cache
def package() -> Package:
    return Package()


def distances() -> list[dict[str, Any]]:
    return list(package()._distances())


def metrics() -> list[dict[str, Any]]:
    return list(package()._metrics())


def words() -> Iterator[str]:
    """Lines of METRICS in words.py."""
    signs = {"higher": ", 1", "lower": ", -1", "none": ""}
    entries: dict[str, dict[str, Any]] = {}
    for entry in metrics():
        entries.setdefault(entry["name"], entry)
    for name, rate in package()._fairness_rates().items():
        entries.setdefault(name, rate)
    for name, entry in entries.items():
        more = signs[entry["better"]] or (", 0" if entry.get("is_share") else "")
        more += ", True" if entry.get("is_share") else ""
        yield f'    "{name}": Metric("{entry["label"]}"{more}),'


def _one_line(text: str) -> str:
    return " ".join(text.split())


def table() -> Iterator[str]:
    """Lines of the table of metrics in docs/measures.md."""
    yield "| task | metric | better | what | without labels | between versions | source |"
    yield "|---|---|---|---|---|---|---|"
    for entry in metrics():
        better = "" if entry["better"] == "none" else entry["better"]
        what, source = _one_line(entry["description"]), _one_line(entry.get("source", ""))
        beside = " | ".join("yes" if part in entry else "" for part in ("estimate", "compared"))
        yield f"| {entry['task']} | `{entry['name']}` | {better} | {what} | {beside} | {source} |"


def _interval(bounds: list[Any]) -> str:
    least, greatest = bounds
    if least is None and greatest is None:
        return "any"
    return f"{least} …" if greatest is None else f"{'…' if least is None else least} … {greatest}"


def thresholds_as_they_stand() -> Iterator[str]:
    """Rows of the seed in macros/judge/_default_thresholds.sql; what is too long for a line goes on after a comma."""
    for row in THRESHOLDS.read_text(encoding="utf-8").splitlines()[1:]:
        end = row.rindex(",", 0, 118) if len(row) > 118 else len(row)
        yield row[:end]
        if end < len(row):
            yield row[end:]


@functools.cache
def _thresholds() -> list[dict[str, str]]:
    with THRESHOLDS.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _threshold(row: dict[str, str]) -> str:
    """What a window has to reach, by a row of the seed."""
    text = f"{row['compare']} {row['direction']} {row['warn']}, critical {row['critical'] or '–'}"
    if row["or_compare"]:
        text += f"; or {row['or_compare']} {row['or_direction']} {row['or_warn']}, critical {row['or_critical'] or '–'}"
    return text + (f"; differing by over {row['least_difference']}" if row["least_difference"] else "")


def _by_default(distance: dict[str, Any]) -> str:
    """What a window has to reach; a distance may be judged under another name."""
    rows = [r for r in _thresholds() if r["family"] == "drift" and r["metric"] in distance["metrics"]]
    return "; ".join(sorted({f"`{r['metric']}` {_threshold(r)}" for r in rows})) or "not judged"


def _judged(metric: str, *families: str) -> str:
    rows = [r for r in _thresholds() if r["family"] in families and r["metric"] == metric]
    return "; ".join(sorted({_threshold(row) for row in rows})) or "–"


def _of_distance(name: str) -> Iterator[str]:
    """Lines of a distance's page: what its entries say, beside each other."""
    of_page = [one for one in distances() if SHARED_PAGES.get(one["name"], one["name"]) == name]
    yield "| | " + " | ".join(f"`{one['name']}`" for one in of_page) + " |"
    yield "|---" * (len(of_page) + 1) + "|"
    noise = [one.get("noise", one["name"] + "_noise") for one in of_page]
    for what, cells in {
        "what": [one["label"] for one in of_page],
        "definition": [one["description"] for one in of_page],
        "source": [one["source"] for one in of_page],
        "of columns that are": [", ".join(one["kinds"]) for one in of_page],
        "bounds": [_interval(one["bounds"]) for one in of_page],
        "no change": ["1" if one["name"] == "spread_ratio" else "0" for one in of_page],
        "more columns": [", ".join(f"`{c}`" for c in one.get("columns", {})) or "–" for one in of_page],
        "what chance reaches": [f"`{column}`" for column in noise],
        "what the reference's own windows reach": [f"`{f}`" if (f := one["floor"]) else "–" for one in of_page],
        "judged by default": [_by_default(one) for one in of_page],
    }.items():
        yield f"| {what} | " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
    yield ""
    yield "What chance makes of it, with sources: [Noise](../measures.md#noise)."


def _of_task(task: str) -> Iterator[str]:
    """Lines of the page of a task's metrics."""
    yield "| metric | what | better | bounds | source |"
    yield "|---|---|---|---|---|"
    for entry in metrics():
        if entry["task"] == task:
            better = "–" if entry["better"] == "none" else entry["better"]
            what, source = _one_line(entry["description"]), _one_line(entry.get("source", "")) or "–"
            yield f"| `{entry['name']}` | {what} | {better} | {_interval(entry['bounds'])} | {source} |"
    yield ""
    yield "How exact each is, and what chance makes of it: [Performance](../measures.md#performance)."


def _row(*cells: str) -> str:
    return "| " + " | ".join(_one_line(cell).replace("|", "\\|") for cell in cells) + " |"


def _head(*names: str) -> str:
    return _row(*names) + "\n" + "|---" * len(names) + "|"


def _numbers(table: str) -> dict[str, str]:
    """The columns of a result table that are numbers, but those that say which row it is: name → description."""
    return {
        column["name"]: column["description"]
        for column in tables.described()[table]["columns"]
        if column["data_type"] in ("double precision", "bigint", "integer") and column["name"] not in tables.GRAIN
    }


def _beside(table: str, left_out: Container[str] = ()) -> Iterator[str]:
    yield ""
    yield _head("column", "what")
    yield from (_row(f"`{name}`", what) for name, what in _numbers(table).items() if name not in left_out)


def _of_quality() -> Iterator[str]:
    columns, rates = _numbers("driftline_quality"), package()._quality_rates()
    yield _head("rate", "what", "of columns that are", "what chance reaches", "judged by default")
    for name, of in rates.items():
        kinds, noise = of["kind"] or "numeric, categorical", f"`{name}_noise`"
        yield _row(f"`{name}`", columns[name], kinds, noise, _judged(name, "quality"))
    yield from _beside(
        "driftline_quality",
        {name for name in columns if any(name in (r, f"reference_{r}", f"{r}_noise") for r in rates)},
    )


def _of_arrivals() -> Iterator[str]:
    yield _head("column", "what", "judged by default")
    for name, what in _numbers("driftline_arrivals").items():
        yield _row(f"`{name}`", what, _judged(name, "freshness", "volume"))


def _of_business() -> Iterator[str]:
    yield _head("a metric against", "judged by default")
    for row in _thresholds():
        if row["family"] == "business":
            yield _row(row["baseline"], _threshold(row))
    yield from _beside("driftline_business")


def _of_fairness() -> Iterator[str]:
    disparities = package()._disparities()
    yield _head("rate of a group", "what", "enters", "none where there are")
    for name, rate in package()._fairness_rates().items():
        enters = ", ".join(f"`{disparity}`" for disparity, of in disparities.items() if name in of)
        yield _row(f"`{name}`", rate["description"], enters, rate["nothing"])
    yield ""
    yield _head("disparity of a segment", "of", "parity", "judged by default")
    for disparity, rates in disparities.items():
        for kind, parity in {"difference": "0", "ratio": "1"}.items():
            name = f"{disparity}_{kind}"
            yield _row(f"`{name}`", ", ".join(f"`{rate}`" for rate in rates), parity, _judged(name, "fairness"))
    yield from _beside("driftline_fairness")


def _of_concept() -> Iterator[str]:
    columns = _numbers("driftline_concept")
    yield _head("measure", "what", "what chance reaches", "judged by default")
    for name, what in columns.items():
        if not (name.startswith("reference_") or name.endswith(("_noise", "_standard_error"))):
            # The mean at unchanged shares is off by what the rates did.
            noise = name.replace("_mean_standardized", "_rates").removesuffix("_effect") + "_noise"
            yield _row(f"`{name}`", what, f"`{noise}`" if noise in columns else "–", _judged(name, "concept"))


def _of_estimates() -> Iterator[str]:
    yield _head("task", "metric", "what", "better", "judged by default")
    for entry in metrics():
        if "estimate" in entry:
            better = "–" if entry["better"] == "none" else entry["better"]
            name = entry["name"]
            yield _row(entry["task"], f"`{name}`", entry["description"], better, _judged(name, "estimate"))
    yield ""
    yield "Rows of `driftline_performance` whose `basis` is `estimated`, or `estimate_error`."
    yield from _beside("driftline_performance")


def _of_comparisons() -> Iterator[str]:
    yield _head("family", "metric", "by", "judged by default")
    by = {"sums": "sums of the periods: windows and cumulative", "windows": "whole windows"}
    for entry in metrics():
        if "compared" in entry:
            family, name = f"performance, {entry['task']}", entry["name"]
            yield _row(family, f"`{name}`", by[entry["compared"]], _judged(name, "comparison"))
    yield _row("business", "each", by["sums"], _judged("any", "comparison"))
    yield _row("traffic", "`sample_ratio`", by["sums"], _judged("sample_ratio", "comparison"))
    yield from _beside("driftline_comparisons")


def _of_changes() -> Iterator[str]:
    yield _head("series of", "metric", "judged by default")
    for row in _thresholds():
        if row["family"] == "trend":
            of = {"measure": "a business metric", "performance": "performance"}.get(
                row["column_kind"], f"a {row['column_kind']} column"
            )
            metric = row["metric"].removeprefix("performance_")
            yield _row(of, metric if metric == "any" else f"`{metric}`", _threshold(row) if row["warn"] else "–")
    yield from _beside("driftline_changes")


# Families of measures that have a page for all of them: what its head says, its table, and where its rules are told.
FAMILIES: dict[str, tuple[Callable[[], Iterator[str]], str, str]] = {
    "quality": (_of_quality, "driftline_quality", "[Noise](../measures.md#noise)"),
    "arrivals": (_of_arrivals, "driftline_arrivals", "[Freshness and volume](../measures.md#freshness-and-volume)"),
    "business": (_of_business, "driftline_business", "[Business metrics](../measures.md#business-metrics)"),
    "changes": (_of_changes, "driftline_changes", "[Time series](../measures.md#time-series)"),
    "fairness": (_of_fairness, "driftline_fairness", "[Fairness](../measures.md#fairness)"),
    "concept": (_of_concept, "driftline_concept", "[Concept drift](../measures.md#concept-drift)"),
    "estimates": (_of_estimates, "driftline_performance", "[Performance](../measures.md#performance)"),
    "comparisons": (
        _of_comparisons, "driftline_comparisons", "[Champion and challenger](../measures.md#champion-and-challenger)",
    ),
}  # fmt: skip


def _of_family(name: str) -> Iterator[str]:
    """Lines of the page of a family of measures."""
    lines, table, more = FAMILIES[name]
    yield from lines()
    yield ""
    yield f"The rules: {more}. Every column: [{table}](../tables.md#{table})."


def counts() -> Iterator[str]:
    """Lines of METRICS in result_rows.py: how many metrics each task has."""
    of: dict[str, list[dict[str, Any]]] = {}
    for entry in metrics():
        of.setdefault(entry["task"], []).append(entry)
    of["multiclass by class"] = [entry for entry in of["multiclass"] if "where" not in entry]
    # Besides, one class against the rest has a ROC AUC of its probability.
    of_class = {
        "multiclass": len(package()._class_metrics()) + 1,
        "multiclass by class": len(package()._class_metrics()),
    }
    for task, entries in of.items():
        numbers = {
            "of_all": len(entries),
            "of_class": of_class.get(task, 0),
            "estimated": sum("estimate" in entry for entry in entries if task != "multiclass by class"),
            "compared_sums": sum(entry.get("compared") == "sums" for entry in entries),
            "compared_windows": sum(entry.get("compared") == "windows" for entry in entries),
        }
        yield f'    "{task}": Metrics({", ".join(f"{name}={number}" for name, number in numbers.items() if number)}),'


def written(path: Path) -> str:
    """The file with what stands between its markers written anew."""
    text = path.read_text(encoding="utf-8")
    for lines, first, last in _PARTS[path]:
        before, rest = text.split(first + "\n")
        text = "\n".join([before + first, *lines(), last + rest.split(last)[1]])
    return text


_IN_PYTHON = "    # From the catalogue: make docs", "    # End of the catalogue"
_PARTS: dict[Path, list[tuple[Callable[[], Iterator[str]], str, str]]] = {
    WORDS: [(words, *_IN_PYTHON)],
    ROWS: [(counts, *_IN_PYTHON)],
    MEASURES: [
        (table, "<!-- From the catalogue: make docs -->", "<!-- End of the catalogue -->"),
        (result_rows.table, "<!-- From result_rows.py: make docs -->", "<!-- End of result_rows.py -->"),
    ],
}
_PARTS[JUDGED_BY] = [(thresholds_as_they_stand, "{# From the seed: make docs #}", "{# End of the seed #}")]
_IN_PAGES = "<!-- From the catalogue: make docs -->", "<!-- End of the catalogue -->"
for _name in {SHARED_PAGES.get(one["name"], one["name"]) for one in distances()}:
    _PARTS[PAGES / f"{_name}.md"] = [(functools.partial(_of_distance, _name), *_IN_PAGES)]
for _name in {one["task"] for one in metrics()}:
    _PARTS[PAGES / f"{_name}.md"] = [(functools.partial(_of_task, _name), *_IN_PAGES)]
for _name in FAMILIES:
    _PARTS[PAGES / f"{_name}.md"] = [(functools.partial(_of_family, _name), *_IN_PAGES)]
WRITTEN = tuple(_PARTS)


if __name__ == "__main__":
    for changed in WRITTEN:
        changed.write_text(written(changed), encoding="utf-8")
        importlib.reload(result_rows)
        print(changed.relative_to(REPOSITORY), file=sys.stderr)
