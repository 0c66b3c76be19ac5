"""Declarations nobody thought of: each works, or is refused by the name of its argument. `make fuzz` has 2,000 of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fuzz.fuzzing import fuzz
from support import Engine


def test_sixty_declarations(duckdb_engine: Engine, tmp_path: Path, figure: Callable[[str, object], None]) -> None:
    workspace = duckdb_engine.workspace(tmp_path)
    outcome = fuzz(workspace, tmp_path / "project", range(60))
    workspace.close()
    figure("fuzz", str(outcome))
    assert not outcome.failures, "\n\n".join(f"{name}: {text}" for name, text in outcome.failures.items())
    assert len(outcome.built) >= 15 and len(outcome.refused) >= 15
