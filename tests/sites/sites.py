"""Rows that are logged at several sites, and the models that count and merge them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from engines import world
from engines.beside_duckdb import differences
from state.states import Jinja, declare_with
from support import Project

SITES = ("tokyo", "paris", "lima")
# What says which monitor it is and when it was computed; the last two depend on the monitor's name.
LEFT_OUT = ["monitor", "computed_at", "spec_hash", "rules_hash", "alert_id", "incident_id"]


def ref(name: str) -> Jinja:
    return Jinja(f"ref('{name}')")


def merge(declared: dict[str, Any], states: dict[str, Jinja]) -> str:
    """The text of a merge; the relation and the time are the sites' affair."""
    given = {name: value for name, value in declared.items() if name not in ("relation", "timestamp")}
    listed = [{"site": site, "state": state} for site, state in states.items()]
    return declare_with({"states": listed, **given}).replace("driftline.monitor(", "driftline.merge_states(")


def models(kind: str, declared: dict[str, Any]) -> dict[str, str]:
    """A monitor at each site in the bins of the first, one of all rows in the same bins, and the merge."""
    bins = {"bins": {"relation": ref(f"{kind}_{SITES[0]}")}}
    found = {}
    for site in (*SITES, "whole"):
        relation = Jinja(f"source('raw', 'log_{site}')")
        found[f"{kind}_{site}"] = declare_with({**declared, "relation": relation, **(bins if site != SITES[0] else {})})
    found[f"{kind}_merged"] = merge(declared, {site: ref(f"{kind}_{site}") for site in SITES})
    return found


def split(rows: pd.DataFrame, seed: int) -> dict[str, pd.DataFrame]:
    """Whole sessions at one site each: a list of places that is torn apart is two lists. None at the last site."""
    rng = np.random.default_rng(seed)
    at = rng.choice([0, 1], int(rows["session"].max()) + 1, p=[0.6, 0.4])[rows["session"]]
    # Only one of the sites ever saw these.
    rows = rows.assign(country=rows["country"].where((at == 0) | (rows.index % 50 > 0), "jp"))
    parts = dict(zip(SITES, (rows[at == 0], rows[at == 1], rows.iloc[:0]), strict=True))
    return {**parts, "whole": rows}


def load(project: Any, parts: dict[str, pd.DataFrame]) -> None:
    for name, rows in parts.items():
        project.load(f"log_{name}", rows, {**world.TYPES, "session": "integer", "place": "integer"})


def unlike(project: Project, table: str, one: str, other: str, condition: str = "1 = 1") -> list[str]:
    """How the rows of two monitors differ in one table of results, or, where those are the tables, two states."""
    frames = []
    for monitor in (one, other):
        relation, where = (table, f"monitor = '{monitor}'") if table else (monitor, "1 = 1")
        found = project.frame(f"select * from {relation} where {where} and {condition}")
        assert len(found) > 0, (table, monitor)
        frames.append(found.drop(columns=LEFT_OUT, errors="ignore"))
    return differences(project, table or one, *frames)
