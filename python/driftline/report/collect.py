"""Asks every section about every monitor: a view each for the templates, and the numbers that the browser draws."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from driftline.health import Health

from . import numbers as n
from . import words
from .glance import glance
from .section import Source, View
from .sections import SECTIONS
from .sections.alerts import Alerts, Counts
from .sections.drift import Drift
from .shapes import Limits
from .warehouse import Row, Warehouse


def views(
    warehouse: Warehouse, limits: Limits, health: Sequence[Health] = (), moment: datetime | None = None
) -> list[View]:
    """``moment`` is that of the page, in UTC."""
    described = {r["monitor"]: r for r in warehouse.monitors()}
    labels = warehouse.labels()
    surveys = {section: section.survey(warehouse) for section in SECTIONS}
    fares = {one.monitor: one for one in health}
    names = sorted({*described, *(name for found in surveys.values() for name in found), *fares})
    found = [view(name, described.get(name, {}), surveys[Alerts].get(name, Counts()), warehouse) for name in names]
    found.sort(key=lambda v: (-v.critical, -v.warn, v.name))
    # Those with drift to show share the room: it is what takes most of it.
    source = Source(warehouse, limits, names, 1 / max(1, len(surveys[Drift])))
    for i, v in enumerate(found):
        v.index = i
        v.health = fares.get(v.name)
        v.labels = labels.get(v.name, {})
        for section in SECTIONS:
            one = section(source, v)
            one.shown = one.read(surveys[section].get(v.name))
            v.sections.append(one)
            if (one.shown or one.note) and one.statements:
                v.origins[one.id] = one.source
        v.payload |= {
            "name": v.name,
            "source": v.origins,
            "period": v.period,
            "task": v.task,
            "words": words_of(v.metrics),
        }
        glance(v, n.as_datetime(described.get(v.name, {}).get("as_of")), n.as_datetime(moment))
        if v.health is not None and v.health.problem:
            v.sentence.insert(0, f"{v.health.problem[0].upper()}{v.health.problem[1:]}.")
    return found


def view(name: str, about: Row, counts: Counts, warehouse: Warehouse) -> View:
    return View(
        name=name,
        period=n.as_text(about.get("period")) or "day",
        timezone=n.as_text(about.get("timezone")),
        owner=n.as_text(about.get("owner")),
        task=n.as_text(about.get("task")),
        source=n.as_text(about.get("relation_name")),
        reference=n.reference(about),
        tells_incidents=warehouse.tells_incidents,
        critical=counts.told["critical"],
        warn=counts.told["warn"],
        resolved=counts.told["resolved"],
    )


def words_of(metrics: set[str]) -> dict[str, list[object]]:
    """Words of the metrics that the page shows: label, which way is better, whether it is a share."""
    found = {name: words.metric(name) for name in sorted(metrics)}
    return {name: [m.label, m.better, int(m.share)] for name, m in found.items()}
