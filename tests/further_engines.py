"""Engines beyond DuckDB and Postgres: where each is found, and what `make test-engines` asks of it.

Each has an environment of its own (constraints/engine-<name>.in) in which DuckDB is too, to hold it against. The tests
named here run there with the fixture `engine` giving that engine; all others are left alone.
"""

from __future__ import annotations

import importlib
from typing import Any

# The class of tests/support of each engine.
CLASSES = {
    "clickhouse": "support.clickhouse:ClickHouseEngine",
    "spark": "support.spark:SparkEngine",
    # Emulated: DuckDB and Postgres stand for them.
    "snowflake": "support.snowflake:SnowflakeEngine",
    "redshift": "support.redshift:RedshiftEngine",
    # No engine: what adapters make of the package for engines that are not there.
    "compiled": "support.compiled:Compiled",
}

# Modules, by their place under tests/.
ASKED = {
    "compiled": [
        "engines/test_compiled.py",
    ],
    "clickhouse": [
        "engines/test_clickhouse.py",
        "engines/test_further_cases.py",
        "engines/test_many_columns.py",
        "harness/test_support.py",
    ],
    "spark": [
        "engines/test_further_states.py",
        "engines/test_spark.py",
        "engines/test_spark_sites.py",
    ],
    "snowflake": [
        "engines/test_emulated.py",
    ],
    "redshift": [
        "engines/test_emulated.py",
    ],
}

# Tests of these modules that an engine is not asked, and why: {engine: {"<module>::<test>": reason}}.
NOT_ASKED: dict[str, dict[str, str]] = {
    "compiled": {},
    "clickhouse": {
        "harness/test_support.py::test_contract_types_reach_the_chain": "its types have other names, which dbt compares",
    },
    "spark": {},
    "snowflake": {},
    "redshift": {},
}

# Modules that ask the same at greater length, once a week (`make test-weekly-clickhouse`).
WEEKLY = {
    "clickhouse": ["engines/test_further_cases.py", "engines/test_many_columns.py"],
}


def engine(name: str) -> Any:
    module, _, made = CLASSES[name].partition(":")
    return getattr(importlib.import_module(module), made)()
