"""The state on ClickHouse and on Spark against the best SQL written there by hand, and against one scan."""

from __future__ import annotations

import json
import subprocess

from common import BENCH, CACHE, REPOSITORY, Failed, Line, Options, million, ratio_line, say
from data import parquet

ENGINES = {"clickhouse": "ClickHouse", "spark": "Spark"}


def measure(options: Options) -> list[Line]:
    lines: list[Line] = []
    for engine in ENGINES:
        try:
            lines += _measure(options, engine)
        except Failed as problem:
            say(str(problem))
            lines.append(Line(engine, note=f"could not be measured: {str(problem).splitlines()[-1]}"))
    return lines


def _measure(options: Options, engine: str) -> list[Line]:
    """Each engine is asked in its own environment, by a process of its own."""
    environment = REPOSITORY / ".venv-engines" / engine
    python = environment / "bin" / "python"
    if not (environment / ".done").exists():
        raise Failed(f"its environment is not there: make .venv-engines/{engine}/.done")
    say(f"{ENGINES[engine]}, {million(options.rows)}")
    command = [python, BENCH / "engine_state.py", engine, parquet(CACHE, options.rows), str(options.times(3))]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        raise Failed((result.stderr + result.stdout)[-2000:])
    found = json.loads(result.stdout.splitlines()[-1])
    later = [(state, hand) for state, hand, _ in found["rounds"]]
    scans = [(state, scan) for state, _, scan in found["rounds"]]
    fastest = tuple(min(one) for one in zip(*found["rounds"], strict=True))
    note = f"{fastest[0]:.1f} s / {fastest[1]:.1f} s ({', '.join(found['by_hand'])}), scan {fastest[2]:.2f} s"
    name = f"{ENGINES[engine]}: state"
    return [
        ratio_line(f"{name} / hand-written, {million(options.rows)}", later, target=1.5, note=note),
        ratio_line("   the same, first build (learns the bins)", [(found["first"], hand) for _, hand in later]),
        ratio_line(f"{name} / scan, {million(options.rows)}", scans),
    ]
