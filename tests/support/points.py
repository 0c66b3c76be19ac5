"""The points where an engine may say something differently, as macros/adapters/README.md lists them. Run it to write."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "macros" / "adapters" / "README.md"
HEAD = """# What an engine may say differently

Each point is a macro that asks `adapter.dispatch`; beside it stands `default__<point>`, the plain SQL that most engines
understand. An engine's own files in this folder, `<engine>.sql` and `<engine>_<what>.sql`, hold its overrides together:
`<engine>__<point>`, for what it must say otherwise. Nothing else in the package asks which engine it is on.

## An engine is added

1. Its file, with the table at the top of what it answers and why, each with a link to the engine's documentation. Where
   dbt's adapter inherits another's (Redshift Postgres', Databricks Spark's), each point that the other answers is answered
   too, or named with the reason in tests/lint/test_engines.py: the answer would be inherited without a word.
2. The points that must be looked at, because the default is wrong on many engines and few of them say so:
   `_literal` (backslashes), `_type_double`, `_type_text`, `_type_timestamp`, `_type_kind` (which name has a zone),
   `_is_nan`, `_local_time`, `_column_time` and `_utc_now` (`at time zone`), `_time_text` and `_number_text` (one text of
   one value everywhere), `_matches` and `_first_replaced`, `_with_medians` (in plain SQL: `_medians_by_join`),
   `_incremental_strategy`, `_enforce_contract`, `_most_bytes`.
3. All the rest is for speed, or says itself at the first build what the engine does not understand.
4. `_placement` says how the state, results and steps lie on the disk, as dbt's config (partition_by, cluster_by,
   file_format, dist, sort). dbt_project.yml and a `config` in a monitor's file, after the call, have the last word.

## How it is tested

- Where the engine can be had: a class in tests/support and an entry in tests/further_engines.py; `make test-engines`.
- Where it cannot: an entry in tests/support/compiled.py. `make test-engines ENGINE=compiled` compiles the package and
  monitors for it without a connection, parses the SQL in its dialect, and holds each function that is called to
  functions/`<engine>.csv`, which says where it is documented.
- Where something can stand for it: a class in tests/support that puts right what the stand-in does otherwise, and
  tests/engines/test_emulated.py; `make test-emulated`. It is in `EMULATED` of the Makefile, for it takes minutes.
- For all: tests/engines/test_points.py asks single points; tests/engines/test_foreign_semantics.py builds every model on
  DuckDB with `greatest` and `least` that are NULL beside NULL and with other things that DuckDB is alone with.

functions/`<engine>.csv` has for each function how many arguments it takes at least and at most (by their commas: a cast has
one; with a least and no most, any number), what it gives of NULL, what of arguments that are no good, and where that is
documented. An empty cell was not looked up, or the page does not say: so are most of Snowflake's, BigQuery's and Databricks'.

`greatest` and `least` stand where no argument is NULL, or where the answer is of no use then; else `_most`, or coalesce.

## The points

This table is written by `make docs` from the macros; `make lint` holds it.

| point | what it answers | in | overridden by |
|---|---|---|---|
"""
DISPATCH = re.compile(
    r"(?:{#((?:(?!#}).)*)#}\n)?{% macro (\w+)\([^)]*\) %}\n(?:(?!endmacro).)*?adapter\.dispatch\('\2'", re.S
)


def page() -> str:
    texts = {
        path.relative_to(ROOT / "macros").as_posix(): path.read_text(encoding="utf-8")
        for path in sorted((ROOT / "macros").rglob("*.sql"))
    }
    overrides: dict[str, list[str]] = {}
    for text in texts.values():
        for engine, point in re.findall(r"macro ([a-z]+?)__(\w+)\(", text):
            if engine != "default":
                overrides.setdefault(point, []).append(engine)
    rows = []
    for name, text in texts.items():
        for words, point in DISPATCH.findall(text):
            paragraph = re.split(r"\n *\n", words.strip())[0]
            said = re.split(r"(?<=\w)[.:;] ", re.sub(r"\s+", " ", paragraph) + " ")[0].strip().rstrip(".:")
            engines = ", ".join(sorted(overrides.get(point, []))) or "none"
            rows.append((not name.startswith("adapters/"), name, f"| `{point}` | {said} | {name} | {engines} |"))
    return HEAD + "\n".join(row for *_, row in sorted(rows)) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
