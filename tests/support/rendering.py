"""The package's macros without dbt: what a point answers on an engine that need not be there.

    say = Macros("redshift")
    say("_literal", "it's")       # what the macro returns, or the text it renders

Dispatch goes as dbt does it: an engine's own answer, then that of the engine whose adapter it inherits, then the
default. Of dbt there is as little as points ask for; a macro that asks for more says so by failing.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2

from support.materializations import Materializations

REPOSITORY = Path(__file__).resolve().parents[2]
# What dbt's adapters inherit from each other.
INHERITS = {"redshift": "postgres", "databricks": "spark"}
QUOTES = {"bigquery": "`", "spark": "`", "databricks": "`"}
TYPES = {
    "string": {
        "bigquery": "string",
        "spark": "string",
        "databricks": "string",
        "trino": "varchar",
        "athena": "varchar",
    },
    "timestamp": {},
    "bigint": {"bigquery": "int64"},
    "int": {"bigquery": "int64"},
    "boolean": {},
}


class _Returned(Exception):
    def __init__(self, value: Any) -> None:
        self.value = value


class Stopped(Exception):
    """What exceptions.raise_compiler_error says."""


ENVIRONMENT = jinja2.Environment(extensions=["jinja2.ext.do", Materializations], undefined=jinja2.StrictUndefined)
MACRO = re.compile(r"{%-? macro (\w+)\(")


@functools.cache
def _files() -> dict[str, Path]:
    """The file of each macro."""
    files = sorted((REPOSITORY / "macros").rglob("*.sql"))
    return {name: path for path in files for name in MACRO.findall(path.read_text(encoding="utf-8"))}


@functools.cache
def _template(path: Path) -> Any:
    # Jinja hands out no name that begins with an underscore, so each gets a letter.
    return ENVIRONMENT.compile(MACRO.sub(r"{% macro m\1(", path.read_text(encoding="utf-8")))


def lineage(engine: str) -> list[str]:
    """The engine and those whose macros it has where it has none of its own."""
    return [engine, *lineage(INHERITS[engine])] if engine in INHERITS else [engine]


class Macros:
    def __init__(self, engine: str, variables: Mapping[str, Any] | None = None) -> None:
        self.engine = engine
        self.variables = dict(variables or {})
        self.answers: dict[str, Callable[..., Any]] = {}  # to points, of an engine that is made up
        self._macros: dict[str, Callable[..., Any]] = {}
        self.globals = ENVIRONMENT.make_globals(self._context())

    def __call__(self, name: str, *arguments: Any, **named: Any) -> Any:
        try:
            return str(self._macro(name)(*arguments, **named)).strip()
        except _Returned as returned:
            return returned.value

    def _macro(self, name: str) -> Callable[..., Any]:
        if name not in self._macros:
            module = jinja2.Template.from_code(ENVIRONMENT, _template(_files()[name]), self.globals).module
            self._macros.update({key[1:]: macro for key, macro in vars(module).items() if key.startswith("m")})
        return self._macros[name]

    def answered_by(self, point: str) -> str:
        """The engine whose answer is taken, or default."""
        return next((e for e in lineage(self.engine) if f"{e}__{point}" in _files()), "default")

    def _dispatch(self, point: str, package: str) -> Callable[..., Any]:
        if package == "dbt":
            found: Callable[..., Any] = getattr(self.globals["dbt"], point)
            return found
        if point in self.answers:
            return self.answers[point]
        return functools.partial(self, f"{self.answered_by(point)}__{point}")

    def _context(self) -> dict[str, Any]:
        def returned(value: Any = None) -> None:
            raise _Returned(value)

        def stopped(message: str) -> None:
            raise Stopped(message)

        def quoted(name: str) -> str:
            mark = QUOTES.get(self.engine, '"')
            return f"{mark}{name}{mark}"

        def var(name: str, default: Any = None) -> Any:
            return self.variables.get(name, default)

        package = _Names(lambda name: functools.partial(self, name))
        dbt = {
            f"type_{name}": functools.partial(str, types.get(self.engine, "text" if name == "string" else name))
            for name, types in TYPES.items()
        }
        dbt["concat"] = lambda parts: " || ".join(parts)
        dbt["hash"] = lambda text: f"md5({text})"
        dbt["datediff"] = lambda a, b, part: f"datediff({part}, {a}, {b})"
        dbt["dateadd"] = lambda part, n, a: f"dateadd({part}, {n}, {a})"
        return {
            "adapter": SimpleNamespace(dispatch=self._dispatch, quote=quoted, type=lambda: self.engine),
            "driftline": package,
            "dbt": SimpleNamespace(**dbt),
            "return": returned,
            "exceptions": SimpleNamespace(raise_compiler_error=stopped),
            "tojson": lambda value, default=None, sort_keys=False: json.dumps(value, sort_keys=sort_keys),
            "fromjson": json.loads,
            "local_md5": lambda text: hashlib.md5(text.encode()).hexdigest(),
            "var": var,
            "execute": False,
            "target": SimpleNamespace(type=self.engine),
        }


class _Names:
    def __init__(self, look_up: Callable[[str], Any]) -> None:
        self._look_up = look_up

    def __getattr__(self, name: str) -> Any:
        return self._look_up(name)
