"""The speed measurements: `make bench`, or `python bench/run.py --help`. What the figures mean: bench/README.md."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Callable

import by_hand
import cli
import daily
import end_to_end
import engines
import fleet
import no_monitor
import postgres
import postgres_demo
import results
import state
import wide
from common import Failed, Line, Options, say

MEASUREMENTS: dict[str, Callable[[Options], list[Line]]] = {
    "state": state.measure,
    "postgres": postgres.measure,
    "postgres-demo": postgres_demo.measure,
    "engines": engines.measure,
    "nannyml": end_to_end.measure,
    "by-hand": by_hand.measure,
    "daily": daily.measure,
    "no-monitor": no_monitor.measure,
    "fleet": fleet.measure,
    "wide": wide.measure,
    "results": results.measure,
    "cli": cli.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures driftline's speed, as ratios taken side by side.")
    parser.add_argument("--only", action="append", choices=MEASUREMENTS, help="this measurement alone (repeatable)")
    parser.add_argument(
        "--large", action="store_true", help="20 million rows, ten years of days, a hundred monitors (2.5 GB of disk)"
    )
    parser.add_argument("--quick", action="store_true", help="a smoke test: 200,000 rows, two rounds")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 4, help="DuckDB's threads (default: all)")
    parser.add_argument("--rounds", type=int, help="rounds of every measurement")
    given = parser.parse_args()
    options = Options(quick=given.quick, large=given.large, threads=given.threads, rounds=given.rounds)

    before = _load()
    lines: list[Line] = []
    for name in given.only or MEASUREMENTS:
        try:
            lines += MEASUREMENTS[name](options)
        except Failed as problem:
            say(str(problem))
            lines.append(Line(name, note=f"could not be measured: {str(problem).splitlines()[0]}"))
        except Exception as problem:
            traceback.print_exc()
            lines.append(Line(name, note=f"could not be measured: {problem!r}"[:200]))
    print(f"\n{os.cpu_count()} processors, {options.threads} DuckDB threads, load {before} at the start, {_load()} now")
    if options.quick:
        print("A smoke test: the targets are meant for 2 million rows and more.")
    print(table(lines))


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


def table(lines: list[Line]) -> str:
    head = ("what", "median", "min–max", "fastest", "target", "")
    rows = [head, *(_cells(line) for line in lines)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(head))]
    written = []
    for number, row in enumerate(rows):
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:5], widths[1:5], strict=True)]
        note = f"  ({lines[number - 1].note})" if number and lines[number - 1].note else ""
        written.append("  ".join([*cells, row[5].ljust(widths[5])]).rstrip() + note)
    written.insert(1, "─" * (sum(widths) + 2 * len(widths) - 2))
    return "\n".join(written)


def _cells(line: Line) -> tuple[str, str, str, str, str, str]:
    if not line.values:
        return line.what, "–", "", "", "", ""
    unit = f" {line.unit}" if line.unit else ""
    several = len(line.values) > 1
    verdict = {True: "met", False: "NOT MET", None: "no target"}[line.met]
    return (
        line.what,
        f"{line.median:.2f}{unit}",
        f"{min(line.values):.2f}–{max(line.values):.2f}" if several else "",
        f"{line.fastest:.2f}" if line.fastest is not None else "",
        f"{'<' if line.strict else '≤'} {line.target:g}{unit}" if line.target is not None else "",
        verdict if line.is_sound else "could not be measured: nothing is 0 or less",
    )


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    main()
