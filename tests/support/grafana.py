"""Grafana's dashboards under integrations/grafana/, for three kinds of data source out of one description: ``make docs``.

What they show, query by query, is in grafana_panels.py. A query is written there once, as SQL that PostgreSQL, Snowflake and
BigQuery read alike, with marks where they differ:

    {driftline_alerts}      the relation, in the schema that the dashboard's variable names
    {at:window_start}       a time as Grafana reads it: a wall clock without zone is UTC to it
    {within:window_start}   whether a time lies in the time range of the dashboard
    {day:opened_at}         the day of a time
    {monitor}               what is chosen in the variable: its values as literals, divided by commas
    {number:window}         the same of a number
    "Since"                 a name to be shown, quoted as the engine quotes names
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDER = REPOSITORY / "integrations" / "grafana"
# Of the JSON that is written: Grafana 11.6 reads it, and newer ones bring older dashboards up to date themselves.
SCHEMA_VERSION = 41
WIDTH = 24

Json = dict[str, Any]


@dataclass(frozen=True)
class Source:
    """A kind of data source: the plugin, and what is said differently to it."""

    name: str
    plugin: str
    time: str
    within: str
    day: str
    # How a chosen value becomes a literal: an apostrophe doubled, or behind a backslash.
    literal: str
    quote: str
    formats: dict[str, str | int]
    # What a series is called: PostgreSQL's plugin does by itself what others are told to do.
    series: str | None
    schemas: str | None
    relation: str = "{quote}${{schema:raw}}{quote}.{name}"

    def sql(self, text: str) -> str:
        """A query of the description in this engine's words."""
        made = re.sub(r'"([^"]+)"', rf"{self.quote}\1{self.quote}", text.strip())
        made = re.sub(r"\{at:([\w.]+)\}", lambda m: self.time.format(m[1]), made)
        made = re.sub(r"\{within:([\w.]+)\}", lambda m: self.within.format(m[1]), made)
        made = re.sub(r"\{day:([\w.]+)\}", lambda m: self.day.format(m[1]), made)
        made = re.sub(r"\{number:(\w+)\}", r"${\1:raw}", made)
        made = re.sub(r"\{(driftline_\w+)\}", lambda m: self.relation.format(quote=self.quote, name=m[1]), made)
        return re.sub(r"(?<!\$)\{(\w+)\}", rf"${{\1:{self.literal}}}", made)

    def target(self, sql: str, form: str) -> Json:
        return {
            "refId": "A", "datasource": self.reference, "rawSql": self.sql(sql), "format": self.formats[form],
            "rawQuery": True, "editorMode": "code",
        }  # fmt: skip

    @property
    def reference(self) -> Json:
        return {"type": self.plugin, "uid": "${datasource}"}


NUMBERS: dict[str, str | int] = {"time_series": 0, "table": 1}
# dbt's Snowflake names are upper case in the catalogue.
CATALOGUE = (
    "select table_schema from information_schema.tables where lower(table_name) = 'driftline_monitors' order by 1"
)
SOURCES = (
    Source(
        name="postgres", plugin="grafana-postgresql-datasource", time="{}", within="$__timeFilter({})",
        day="date_trunc('day', {})", literal="sqlstring", quote='"',
        formats={"time_series": "time_series", "table": "table"}, series=None, schemas=CATALOGUE,
    ),
    Source(
        name="snowflake", plugin="grafana-snowflake-datasource", time="{}", within="$__timeFilter({})",
        day="date_trunc('day', {})", literal="sqlstring", quote='"', formats=NUMBERS,
        series="${__field.labels.metric}", schemas=CATALOGUE,
    ),
    # Our times are DATETIME there. The plugin's own filter compares with a text in UTC, which no DATETIME is read from.
    Source(
        name="bigquery", plugin="grafana-bigquery-datasource", time="timestamp({})",
        within="{} between datetime(timestamp_millis(${{__from}})) and datetime(timestamp_millis(${{__to}}))",
        day="timestamp(datetime_trunc({}, day))", literal="singlequote", quote="`", formats=NUMBERS,
        series="${__field.labels.metric}", schemas=None,
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Variable:
    """What a person chooses on top of a dashboard. Until somebody does: of several values all, else ``first``, if it is there."""

    name: str
    label: str
    sql: str
    several: bool = False
    first: str | None = None

    def json(self, source: Source) -> Json:
        text = source.sql(self.sql)
        query: str | Json = (
            text if source.name == "postgres" else {**source.target(self.sql, "table"), "refId": self.name}
        )
        chosen: Json = {}
        if self.several:
            chosen = {"current": {"selected": True, "text": ["All"], "value": ["$__all"]}}
        elif self.first:
            chosen = {"current": {"selected": True, "text": self.first, "value": self.first}}
        return {
            "type": "query", "name": self.name, "label": self.label, "datasource": source.reference, "query": query,
            "refresh": 2, "sort": 0, "multi": self.several, "includeAll": self.several, **chosen,
        }  # fmt: skip


def _before(source: Source) -> list[Json]:
    """The variables that every dashboard begins with: whose data, and where the tables are."""
    data: Json = {
        "type": "datasource",
        "name": "datasource",
        "label": "Data source",
        "query": source.plugin,
        "refresh": 1,
    }
    if source.schemas:
        return [data, Variable("schema", "Schema", source.schemas).json(source)]
    chosen = {"selected": True, "text": "monitoring", "value": "monitoring"}
    return [data, {"type": "textbox", "name": "schema", "label": "Data set", "query": "monitoring", "current": chosen}]


@dataclass(frozen=True)
class Panel:
    """``kind``: Grafana's type of panel. ``fields``: what holds for all columns; ``named``: for one, by its name."""

    title: str
    description: str
    kind: str
    sql: str
    width: int
    height: int = 8
    form: str = "table"
    fields: Json | None = None
    options: Json | None = None
    named: dict[str, Json] | None = None
    repeat: str | None = None

    def json(self, source: Source, number: int, x: int, y: int) -> Json:
        defaults = json.loads(json.dumps(self.fields or {}))
        if self.form == "time_series" and source.series and '"metric"' in self.sql:
            defaults["displayName"] = source.series
        overrides = [
            {
                "matcher": {"id": "byName", "options": name},
                "properties": [{"id": key, "value": value} for key, value in properties.items()],
            }
            for name, properties in (self.named or {}).items()
        ]
        repeated = {"repeat": self.repeat, "repeatDirection": "h", "maxPerRow": 2} if self.repeat else {}
        return {
            "id": number, "type": self.kind, "title": self.title, "description": self.description,
            "gridPos": {"x": x, "y": y, "w": self.width, "h": self.height}, "datasource": source.reference, **repeated,
            "targets": [source.target(self.sql, self.form)],
            "fieldConfig": {"defaults": defaults, "overrides": overrides}, "options": self.options or {},
        }  # fmt: skip


@dataclass(frozen=True)
class Dashboard:
    """``rows``: panels side by side. ``refresh`` is no more often than results change."""

    name: str
    title: str
    description: str
    variables: tuple[Variable, ...]
    rows: tuple[tuple[Panel, ...], ...]
    since: str = "now-90d"

    def json(self, source: Source) -> Json:
        panels, y = [], 0
        for row in self.rows:
            x = 0
            for panel in row:
                panels.append(panel.json(source, len(panels) + 1, x, y))
                x += panel.width
            y += max(panel.height for panel in row)
        link = {
            "title": "driftline", "type": "dashboards", "tags": ["driftline"], "asDropdown": True, "icon": "external link",
            "tooltip": "", "targetBlank": False, "includeVars": True, "keepTime": True,
        }  # fmt: skip
        return {
            "uid": f"driftline-{self.name}", "title": self.title, "description": self.description,
            "tags": ["driftline"], "schemaVersion": SCHEMA_VERSION, "editable": True, "graphTooltip": 1, "refresh": "15m",
            # Windows are wall clocks of their monitor, shown as they are.
            "timezone": "utc", "time": {"from": self.since, "to": "now"},
            "templating": {"list": [*_before(source), *(one.json(source) for one in self.variables)]},
            "annotations": {"list": []}, "links": [link], "panels": panels,
        }  # fmt: skip


def files() -> dict[Path, str]:
    """Every file of integrations/grafana/ as it should be."""
    from support import grafana_panels

    found: dict[Path, str] = {}
    for source in SOURCES:
        for dashboard in grafana_panels.DASHBOARDS:
            text = json.dumps(dashboard.json(source), indent=2, ensure_ascii=False) + "\n"
            found[FOLDER / source.name / f"{dashboard.name}.json"] = text
    return found


def write(say: Callable[[str], object] = lambda text: print(text, file=sys.stderr)) -> None:
    for path, text in files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        say(str(path.relative_to(REPOSITORY)))


if __name__ == "__main__":
    sys.path.insert(0, str(REPOSITORY / "tests"))
    write()
