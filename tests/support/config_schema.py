"""The JSON Schema of driftline.yml, by which editors check it, from the models that read it. Run it to write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from driftline.alerting.config import schema

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "python" / "driftline" / "alerting" / "schema" / "config.v1.json"


def page() -> str:
    return _written(schema(), 0) + "\n"


def _written(value: Any, depth: int) -> str:
    """A key's type and description stand in one line."""
    line = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict) or not any(isinstance(inner, dict) for inner in value.values()) or len(line) <= 120:
        return line
    inner = [f"{' ' * (depth + 2)}{json.dumps(key)}: {_written(one, depth + 2)}" for key, one in value.items()]
    return "{\n" + ",\n".join(inner) + "\n" + " " * depth + "}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
