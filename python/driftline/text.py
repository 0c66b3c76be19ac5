"""Values of the data made fit for a terminal and for JSON."""

from __future__ import annotations

import json
import math
from datetime import date, datetime
from typing import Any


def printable(text: object) -> str:
    """One line without control characters: text of the data must not steer the terminal."""
    return "".join(c if c.isprintable() else " " if c in "\n\r\t" else f"\\x{ord(c):02x}" for c in str(text))


def number(value: float | None) -> str:
    """Four significant digits; a dash where there is no value."""
    if value is None or math.isnan(value):
        return "-"
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"


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
    return json.dumps(_plain(value), ensure_ascii=False, allow_nan=False, indent=indent, default=str)
