"""The report: one self-contained HTML page, drawn from the result tables.

`build_report` asks the warehouse through the function it is given, aggregates there, and returns the page as text. The
page opens without a network. Its statements name the relations they read; it carries nothing else of the connection.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from importlib.resources import files
from typing import Any

from jinja2 import ChoiceLoader, DictLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from driftline.health import Health
from driftline.text import monitor_anchor

from . import numbers
from .collect import views as collect
from .section import View
from .sections import SECTIONS
from .shapes import Limits
from .warehouse import Query, Warehouse

__all__ = ["Limits", "build_report"]


def build_report(
    query: Query,
    relations: Mapping[str, str],
    *,
    title: str | None = None,
    generated_at: datetime | None = None,
    notes: Sequence[str] = (),
    limits: Limits | None = None,
    health: Sequence[Health] = (),
) -> str:
    """The page as text; write it as UTF-8.

    `query` runs a statement and returns its rows as dictionaries with lower-case keys. `relations` maps a table's name,
    such as `driftline_drift`, to the relation as the engine quotes it; a table that is not in it counts as empty.
    `notes` are printed at the foot of the page, such as where the data comes from. `health` says how the monitors fare;
    without it nothing is said of that.
    """
    problems = [one for one in health if one.problem]
    moment = generated_at or datetime.now(timezone.utc)
    views = collect(Warehouse(query, relations), limits or Limits(), health, moment)
    zone = "" if moment.tzinfo is None else f" {moment:%Z}"
    library, script = asset("echarts.min.js"), "\n".join(map(asset, scripts()))
    page = environment().get_template("report.html.j2")
    html = page.render(
        title=title or "Drift and model monitoring",
        generated=f"{numbers.day(moment)}, {moment:%H:%M}{zone}",
        summary=summary(views, problems),
        problems=problems,
        views=views,
        notes=list(notes),
        style=Markup(asset("report.css")),
        library=packed(library),
        script=Markup(script),
        policy=policy(library, script),
        payload=packed(as_json({"monitors": [v.payload for v in views]})),
    )
    return html.encode("utf-8", "replace").decode("utf-8")


def environment() -> Environment:
    made = Environment(
        loader=ChoiceLoader(
            [PackageLoader(__name__, "templates"), DictLoader({f"{s.id}.panel": s.panel for s in SECTIONS})]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["anchor"] = monitor_anchor
    made.filters["breakable"] = breakable
    return made


def breakable(name: str) -> Markup:
    """A name that may go on in the next line after an underscore."""
    return Markup("_<wbr>").join(name.split("_"))


def asset(name: str) -> str:
    """A file of ours, to be put between tags: it must not hold what ends a script or a style."""
    text = (files(__name__) / "static" / name).read_text(encoding="utf-8")
    if "</script" in text.lower() or "</style" in text.lower() or "<!--" in text:
        raise ValueError(f"{name} cannot be embedded in a page")
    return text


def scripts() -> list[str]:
    """The files of the page's script, in the order in which one builds on the other: tools, the components of the
    sections that are drawn, start."""
    drawn = {file.name for file in (files(__name__) / "static" / "sections").iterdir()}
    named = (f"{section.__module__.rpartition('.')[2]}.js" for section in SECTIONS)
    components = [f"sections/{name}" for name in named if name in drawn]
    return ["numbers.js", "elements.js", "charts.js", "grid.js", "component.js", "source.js", *components, "report.js"]


def policy(*texts: str) -> str:
    """Only the two scripts of this page may run, and nothing may be loaded."""
    hashes = (base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in texts)
    allowed = " ".join(f"'sha256-{h}'" for h in hashes)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )


def as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def packed(text: str) -> Markup:
    """A text as gzip in base64, which the page unpacks: a third of its size, and nothing in it can end a script."""
    return Markup(base64.b64encode(gzip.compress(text.encode("utf-8", "replace"), mtime=0)).decode())


def summary(views: Sequence[View], problems: Sequence[Health] = ()) -> str:
    if not views:
        return "No monitor is declared yet."
    watched = numbers.plural(len(views), "monitor")
    critical, warn = sum(v.critical for v in views), sum(v.warn for v in views)
    unknown = sum(not one.speaks for one in problems)
    if not critical + warn:
        blind = f", but nothing can be said of {unknown} of them" if unknown else ""
        return f"{watched}, no open {views[0].told}{blind}."
    parts = [numbers.plural(critical, f"critical {views[0].told}")] if critical else []
    parts += [numbers.plural(warn, "warning")] if warn else []
    where = sum(1 for v in views if v.critical + v.warn)
    return f"{watched}, {numbers.listed(parts)} open" + (f" in {where} of them." if len(views) > 1 else ".")
