"""Row expressions: one scalar SQL expression over the columns of a row, in the dialect of the warehouse."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlglot import Dialect, exp
from sqlglot.errors import SqlglotError

_NOT_SCALAR: tuple[tuple[type[Any], str], ...] = (
    (exp.Query, "a subquery"),
    (exp.Window, "a window function"),
    (exp.AggFunc, "an aggregate"),
    (exp.Filter, "an aggregate"),
    (exp.WithinGroup, "an aggregate"),
    (exp.UDTF, "a function that returns rows"),
    (exp.Explode, "a function that returns rows"),
    (exp.Star, "a star"),
    (exp.Columns, "a star"),
    (exp.Placeholder, "a placeholder"),
    (exp.Parameter, "a parameter"),
    (exp.Tuple, "more than one value"),
    (exp.Alias, "an alias"),
    (exp.Semicolon, "a semicolon"),
    (exp.Command, "a statement"),
    (exp.DDL, "a statement"),
    (exp.DML, "a statement"),
)


def problem_of(expression: str, columns: Iterable[str], dialect: str) -> str | None:
    """Why an expression cannot be used, in words that follow "which has"; None if it can.

    columns  names of the columns of the relation; matched without regard to case
    """
    try:
        reader = Dialect.get_or_raise(dialect)
    except ValueError:
        reader = Dialect.get_or_raise(None)
    try:
        tokens = list(reader.tokenize(expression))
        parsed = [tree for tree in reader.parse(expression) if tree is not None]
    except (SqlglotError, RecursionError) as error:
        return f"an error in its syntax: {_first_line(error)}"
    if not parsed:
        return "nothing in it"
    if len(parsed) > 1 or _ends_with_semicolon(tokens, expression):
        return "more than one statement"
    if any(token.comments for token in tokens):
        return "a comment"
    tree = parsed[0]
    for node in tree.walk():
        for kind, name in _NOT_SCALAR:
            if isinstance(node, kind):
                return name
    if not isinstance(tree, exp.Condition):
        return f"a statement ({tree.key})"
    known = {name.lower() for name in columns}
    local = {arg.name.lower() for function in tree.find_all(exp.Lambda) for arg in function.expressions}
    unknown = sorted(
        {
            column.sql(dialect=dialect)
            for column in tree.find_all(exp.Column)
            # A dotted name is a field of a struct column if its first part is a column.
            if column.parts[0].name.lower() not in known | local
        }
    )
    if unknown:
        return f"a column the relation does not have: {', '.join(unknown)}"
    return None


def names(expression: str, column: str, dialect: str) -> bool:
    """Whether an expression that can be used names a column; matched without regard to case."""
    tree = _parsed(expression, dialect)
    found = tree.find_all(exp.Column) if tree is not None else ()
    return any(part.name.lower() == column.lower() for node in found for part in node.parts)


def can_end_in_null(expression: str, dialect: str) -> bool:
    """Whether an expression is a CASE that gives NULL where none of its branches applies."""
    tree = _parsed(expression, dialect)
    while isinstance(tree, exp.Paren):
        tree = tree.this
    return isinstance(tree, exp.Case) and tree.args.get("default") is None


def _parsed(expression: str, dialect: str) -> Any:
    try:
        reader = Dialect.get_or_raise(dialect)
    except ValueError:
        reader = Dialect.get_or_raise(None)
    try:
        return next(iter(reader.parse(expression)), None)
    except (SqlglotError, RecursionError):
        return None


def _ends_with_semicolon(tokens: list[Any], expression: str) -> bool:
    return any(token.text == ";" and expression[token.start : token.end + 1] == ";" for token in tokens)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].strip()
