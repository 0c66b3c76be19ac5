"""Texts of the data as Jinja, YAML and comments hold them."""

from __future__ import annotations

import re

from driftline.text import printable


def quoted(text: str) -> str:
    """A text as Jinja, and YAML where it needs no more, has it: in single quotes where nothing must be escaped."""
    if re.search(r"['\\]", text) or not text.isprintable():
        # In double quotes both languages read the same escapes.
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return '"' + "".join(c if c.isprintable() else _escape(c) for c in escaped) + '"'
    return f"'{text}'"


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"


def in_comment(text: object) -> str:
    """A text that cannot end a comment of Jinja, nor begin another, nor turn a line."""
    return re.sub(r"([{#])(?=[{%#}])", r"\1 ", printable(text))


def count(number: int, thing: str, things: str | None = None) -> str:
    """`1 row`, `1,234 rows`."""
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"
