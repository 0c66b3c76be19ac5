"""Shared test harness: real engines, throw-away dbt projects, and compiled SQL that can be run again and again.

See ``README.md`` beside this file.
"""

from support.chain import Chain
from support.engines import DuckDBEngine, Engine, PostgresEngine, Workspace
from support.project import NOBODY, Project, Run

__all__ = ["NOBODY", "Chain", "DuckDBEngine", "Engine", "PostgresEngine", "Project", "Run", "Workspace"]
