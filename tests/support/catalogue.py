"""The catalogue of metrics as Python sees it, and what is written from it: words of the report, a table of the docs.

``make docs`` writes them; tests/lint/test_catalogue.py holds them to it.
"""

from __future__ import annotations

import csv
import functools
import importlib
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2
from driftline import result_rows

from support.materializations import Materializations

REPOSITORY = Path(__file__).resolve().parents[2]
WORDS = REPOSITORY / "python" / "driftline" / "report" / "words.py"
MEASURES = REPOSITORY / "docs" / "measures.md"
PAGES = REPOSITORY / "docs" / "measures"
# One page for the two that people call one thing.
SHARED_PAGES = {"psi_seen": "psi"}
ROWS = REPOSITORY / "python" / "driftline" / "result_rows.py"


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


def _by_default(distance: dict[str, Any]) -> str:
    """What a window has to reach, by the seed; a distance may be judged under another name."""
    with (REPOSITORY / "seeds" / "driftline_default_thresholds.csv").open(encoding="utf-8") as file:
        rows = [r for r in csv.DictReader(file) if r["family"] == "drift" and r["metric"] in distance["metrics"]]
    told = {
        f"`{r['metric']}` {r['compare']} {r['direction']} {r['warn']}, critical {r['critical'] or '–'}" for r in rows
    }
    return "; ".join(sorted(told)) or "not judged"


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
_IN_PAGES = "<!-- From the catalogue: make docs -->", "<!-- End of the catalogue -->"
for _name in {SHARED_PAGES.get(one["name"], one["name"]) for one in distances()}:
    _PARTS[PAGES / f"{_name}.md"] = [(functools.partial(_of_distance, _name), *_IN_PAGES)]
for _name in {one["task"] for one in metrics()}:
    _PARTS[PAGES / f"{_name}.md"] = [(functools.partial(_of_task, _name), *_IN_PAGES)]
WRITTEN = tuple(_PARTS)


if __name__ == "__main__":
    for changed in WRITTEN:
        changed.write_text(written(changed), encoding="utf-8")
        importlib.reload(result_rows)
        print(changed.relative_to(REPOSITORY), file=sys.stderr)
