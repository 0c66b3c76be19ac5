"""dbt's tag for materializations, for those who read the package's macros without dbt: what stands in it is left out."""

from __future__ import annotations

from typing import Any, ClassVar

from jinja2 import nodes
from jinja2.ext import Extension


class Materializations(Extension):
    tags: ClassVar[set[str]] = {"materialization"}

    def parse(self, parser: Any) -> list[nodes.Node]:
        while parser.stream.current.type != "block_end":
            next(parser.stream)
        parser.parse_statements(("name:endmaterialization",), drop_needle=True)
        return []
