"""What Grafana and its data sources' plugins make of a dashboard's queries before a database reads them.

Written after their documentation, apart from what writes the dashboards: variables and their formats
(grafana.com/docs/grafana/latest/visualizations/dashboards/variables), macros of each plugin's query editor.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from typing import Any

Json = dict[str, Any]
Ask = Callable[[str], list[tuple[Any, ...]]]
FORMATS: dict[str, Callable[[str], str]] = {
    "sqlstring": lambda value: "'" + value.replace("'", "''") + "'",
    "singlequote": lambda value: "'" + value.replace("'", "\\'") + "'",
    "raw": lambda value: value,
}


def _utc(moment: datetime, form: str) -> str:
    return moment.replace(tzinfo=timezone.utc).strftime(form)


def _macro(plugin: str, name: str, argument: str, start: datetime, end: datetime) -> str:
    if name != "timeFilter" or plugin == "grafana-bigquery-datasource":
        raise ValueError(f"{plugin} knows no $__{name}, or not of our times")
    if plugin == "grafana-postgresql-datasource":
        low, high = (_utc(moment, "%Y-%m-%dT%H:%M:%SZ") for moment in (start, end))
        return f"{argument} BETWEEN '{low}' AND '{high}'"
    low, high = (_utc(moment, "%Y-%m-%d %H:%M:%S") for moment in (start, end))
    return f"{argument} >= TO_TIMESTAMP_NTZ('{low}') AND {argument} <= TO_TIMESTAMP_NTZ('{high}')"


def put_in(sql: str, plugin: str, chosen: dict[str, list[str]], start: datetime, end: datetime) -> str:
    """A query as the database gets it. What is left of Grafana in it fails."""
    moments = {"__from": start, "__to": end}

    def variable(match: re.Match[str]) -> str:
        name, form = match[1], match[2]
        if name in moments:
            return str(int(moments[name].replace(tzinfo=timezone.utc).timestamp() * 1000))
        return ",".join(FORMATS[form](value) for value in chosen[name])

    # The values may hold anything: macros come after the variables, as in Grafana, and must not be looked for in them.
    made = re.sub(r"\$__(\w+)\(([^)]*)\)", lambda m: _macro(plugin, m[1], m[2], start, end), sql)
    made = re.sub(r"\$\{(\w+)(?::(\w+))?\}", variable, made)
    assert "$__" not in made and "${" not in made, made
    return made


def text_of(query: str | Json) -> str:
    return query if isinstance(query, str) else str(query["rawSql"])


def choose(
    dashboard: Json, plugin: str, ask: Ask, given: dict[str, list[str]], start: datetime, end: datetime
) -> dict[str, list[str]]:
    """The variables as a dashboard opens, one after the other: all, what it was saved with, or the first value."""
    chosen = dict(given)
    for variable in dashboard["templating"]["list"]:
        name = variable["name"]
        if name in chosen or variable["type"] != "query":
            continue
        rows = ask(put_in(text_of(variable["query"]), plugin, chosen, start, end))
        options = [str(row[0]) for row in rows]
        assert options, f"{dashboard['title']}: nothing to choose for {name}"
        current = variable.get("current", {}).get("value")
        chosen[name] = options if variable["includeAll"] else [current if current in options else options[0]]
    return chosen


def panels(
    dashboard: Json, plugin: str, chosen: dict[str, list[str]], start: datetime, end: datetime
) -> Iterator[tuple[str, str]]:
    """Each panel's title and query; a repeated one once for each value."""
    for panel in dashboard["panels"]:
        repeated = panel.get("repeat")
        for value in chosen[repeated] if repeated else [None]:
            here = {**chosen, repeated: [value]} if repeated else chosen
            for target in panel["targets"]:
                yield panel["title"], put_in(target["rawSql"], plugin, here, start, end)
