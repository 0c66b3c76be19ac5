"""A project that has the package and no monitor: what a build takes beyond reading the project."""

from __future__ import annotations

from common import Line, Options, duckdb_project, ratio_line, remove_database, say


def measure(options: Options) -> list[Line]:
    nothing = "(select 1 as nothing) as nothing"
    project, database = duckdb_project("no_monitor", options, bench_log=nothing, driftline_monitors=[])
    pairs, times = [], []
    for number in range(options.times(3)):
        say(f"dbt parse and dbt build of no monitor, round {number + 1}")
        remove_database(database)
        parse = project.run("parse", "--no-partial-parse")
        build = project.run("build", "--no-partial-parse")
        pairs.append((build - parse, parse))
        times.append(f"build {build:.1f} s, parse {parse:.1f} s")
    return [ratio_line("no monitor: (dbt build - dbt parse) / dbt parse", pairs, target=0.5, note="; ".join(times))]
