"""What a statement of an engine calls."""

from __future__ import annotations

import re
from typing import Any

# Words before a bracket that are no functions.
NO_FUNCTIONS = """
all and any array as between by case cross distinct else except exclude exists filter from grouping
having in interval into is join lateral left like not null numeric on or order outer over partition
range right rows select sets then union unnest using values when where window with within group
rlike cte decimal number varchar timestamp char inner full asc desc numbers double text string
struct limit offset end div
"""
WORDS = frozenset(NO_FUNCTIONS.split())


def calls(engine: str, sql: str) -> list[tuple[str, int]]:
    """The words that an opening bracket follows at once, and how many arguments stand in it."""
    import sqlglot
    from sqlglot.tokens import TokenType

    opening, closing = (TokenType.L_PAREN, TokenType.L_BRACKET), (TokenType.R_PAREN, TokenType.R_BRACKET)
    found: list[tuple[str, int]] = []
    declared: set[str] = set()
    open_calls: list[list[Any]] = []  # what is open: [name or none, commas, whether it is empty]
    tokens = sqlglot.tokenize(sql, dialect=engine)
    for at, token in enumerate(tokens):
        if token.token_type in closing:
            name, commas, empty = open_calls.pop()
            if name:
                found.append((name, 0 if empty else commas + 1))
        if open_calls:
            open_calls[-1][1] += token.token_type == TokenType.COMMA
            open_calls[-1][2] &= token.token_type in closing
        if token.token_type in opening:
            before = tokens[at - 1] if at and token.token_type == TokenType.L_PAREN else None
            is_word = before is not None and before.token_type not in (TokenType.STRING, TokenType.IDENTIFIER)
            word = before.text.lower() if is_word and re.fullmatch(r"[A-Za-z_]\w*", before.text) else None
            open_calls.append([word, 0, True])
            if word and at > 1 and tokens[at - 2].text.lower() == "as":
                declared.add(word)  # the columns of an alias: as t (a, b)
    return [(name, count) for name, count in found if name not in WORDS | declared]


def functions(engine: str, sql: str) -> set[str]:
    return {name for name, _ in calls(engine, sql)}
