"""Values of the data made fit for a terminal, for JSON and for links."""

from __future__ import annotations

import json
import math
import os
import re
import unicodedata
from datetime import date, datetime
from typing import Any, TextIO

# What must not begin a line.
_CLOSING = "、。，．）」』】：；！？ー％"
# What steers a terminal or turns the order of what stands on a line: control characters, and marks of direction.
STEERING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def printable(text: object) -> str:
    """One line without control characters: text of the data must not steer the terminal."""
    return "".join(c if c.isprintable() else " " if c in "\n\r\t" else f"\\x{ord(c):02x}" for c in str(text))


def monitor_anchor(monitor: str) -> str:
    """Where a monitor's section is in the report: an element's id that a link can name as it stands."""
    return "monitor-" + re.sub(r"[^A-Za-z0-9_-]", lambda found: f".{ord(found[0]):x}.", monitor)


def number(value: float | None) -> str:
    """Four telling digits, thousands separated; a dash where there is no value. The judge has the same rule."""
    if value is None or math.isnan(value):
        return "-"
    size = abs(value)
    if size < 1e-290:
        return "0"
    if math.isinf(value):
        return f"{value:g}"
    if 999.95 <= size < 1e15:
        return f"{value:,.0f}"
    if 9.9995e-7 <= size < 999.95:
        decimals = 3 - math.floor(math.log10(size * 1.000005))
        return f"{value:.{decimals}f}".rstrip("0").rstrip(".")
    mantissa, exponent = f"{value:.3e}".split("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value


def to_json(value: Any, indent: int | None = None) -> str:
    """Strict JSON: times in ISO 8601, numbers that are not finite as null."""
    text = json.dumps(_plain(value), ensure_ascii=False, allow_nan=False, indent=indent, default=str)
    # Of JSON's own escapes the terminal needs a few more.
    return STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def width(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return sum(_cells(character) for character in text)


def _cells(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def wrap(text: object, columns: int) -> list[str]:
    """A text in lines of so many columns of a terminal: broken at spaces, between wide letters, or where it must be."""
    lines, line, used = [], "", 0
    for piece in _pieces(printable(text)):
        size = width(piece)
        if used + size > columns and line.strip():
            lines.append(line.rstrip())
            line, used = "", 0
        if piece.isspace() and not line:
            continue
        while size > columns:
            part = _fitting(piece, columns)
            lines.append(part)
            piece = piece[len(part) :]
            size = width(piece)
        line += piece
        used += size
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def _pieces(text: str) -> list[str]:
    """Words, spaces, and wide letters with the mark that must not begin a line."""
    found: list[str] = []
    for character in text:
        wide, space = _cells(character) == 2, character.isspace()
        in_a_word = not wide and not space and bool(found) and not found[-1].isspace() and _cells(found[-1][-1]) != 2
        if in_a_word or (found and character in _CLOSING):
            found[-1] += character
        else:
            found.append(character)
    return found


def _fitting(text: str, columns: int) -> str:
    used = 0
    for place, character in enumerate(text):
        used += _cells(character)
        if used > columns:
            return text[: max(place, 1)]
    return text


_COLOURS = {"critical": "31;1", "warn": "33", "resolved": "32"}
COLUMNS = 80


def paint(text: str, severity: str) -> str:
    """A text in the colour of a severity, for a terminal."""
    return f"\x1b[{_COLOURS[severity]}m{text}\x1b[0m"


def has_colours(stream: TextIO) -> bool:
    """Whether colours are wanted there: on a terminal, unless NO_COLOR is set (https://no-color.org)."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and stream.isatty()
