"""What people are told: incidents, or each alert, with what is behind it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from driftline.alerts import FAMILIES

from .. import numbers as n
from ..section import Section
from ..warehouse import GRAIN, PLAIN, Row, Warehouse, grain_of, literal
from . import incidents

# What a reader may save of each.
INCIDENT = (
    "incident_id", "headline", "severity", "status", "family", "metric", "column_name", "alerts", "columns_moved",
    "cause", "cost", "cost_unit", "opened_at", "resolved_at", "first_window_start", "last_window_end", "owner", "event",
)  # fmt: skip
ALERT = (
    "alert_id", "incident_id", "is_headline", *GRAIN, "window_periods", "family", "metric", "column_name", "baseline",
    "severity", "status", "first_window_start", "last_window_start", "last_window_end", "windows_breached", "value",
    "expected", "threshold", "message", "owner",
)  # fmt: skip
CAUSE = (
    "alert_id", "window_start", "cause_kind", "cause_rank", "cause_name", "cause_value", "contribution", "share",
    "description",
)  # fmt: skip
KINDS = {"column": "Columns", "segment": "Segments", "version": "Versions", "bin": "Values"}


@dataclass
class Counts:
    """How many alerts there are, and how many of what people are told of."""

    alerts: Counter[str] = field(default_factory=Counter)
    told: Counter[str] = field(default_factory=Counter)


class Alerts(Section):
    id = "alerts"
    panel = """
<section class="panel" aria-labelledby="alerts-{{ v.index }}">
  <h3 id="alerts-{{ v.index }}">{{ "Incidents" if v.tells_incidents else "Alerts" }}</h3>
  {% if s.has_causes %}
  <p class="hint">{{ "The bars under Evidence" if v.tells_incidents else "The bars" }} are shares of the change: what a
    column, a segment, a version or a range of values has to do with it. A share below zero worked against it.</p>
  {% endif %}
  {% if s.open %}
  <ul class="alerts">{% for i in s.open[:5] %}{% include "incident.html.j2" %}{% endfor %}</ul>
  {% if s.open | length > 5 %}
  <details><summary>{{ s.open | length - 5 }} more open</summary>
  <ul class="alerts">{% for i in s.open[5:] %}{% include "incident.html.j2" %}{% endfor %}</ul></details>
  {% endif %}
  {% elif v.is_blind %}
  <p>No {{ v.told }} is open, and that says nothing: {{ v.health.problem }}.</p>
  {% elif v.has_data %}
  <p class="muted">No {{ v.told }} is open: nothing has been beyond both its threshold and its noise for long
    enough.</p>
  {% else %}
  <p class="muted">No {{ v.told }} is open.</p>
  {% endif %}
  {% if s.judged %}
  <p class="muted">{{ s.judged }}</p>
  {% endif %}
  {% if s.over %}
  <details><summary>{{ s.over | length }} resolved</summary>
  <ul class="alerts">{% for i in s.over %}{% include "incident.html.j2" %}{% endfor %}</ul></details>
  {% endif %}
</section>
"""

    @classmethod
    def survey(cls, warehouse: Warehouse) -> dict[str, Any]:
        found: dict[str, Counts] = defaultdict(Counts)
        for r in warehouse.rows(
            "driftline_alerts",
            "select monitor, severity, status, count(*) as alerts from {table} group by monitor, severity, status",
        ):
            key = "resolved" if r["status"] == "resolved" else n.as_text(r["severity"])
            found[r["monitor"]].alerts[key] += n.as_int(r["alerts"])
        if not warehouse.tells_incidents:
            return {name: Counts(counts.alerts, counts.alerts) for name, counts in found.items()}
        for r in warehouse.rows(
            "driftline_alerts",
            "select a.monitor, i.severity, i.status, count(distinct i.incident_id) as incidents from {table} a "
            f"join {warehouse.relations['driftline_incidents']} i on i.incident_id = a.incident_id "
            "group by a.monitor, i.severity, i.status",
        ):
            key = n.as_text(r["severity"]) if r["status"] in incidents.OPEN else "resolved"
            found[r["monitor"]].told[key] += n.as_int(r["incidents"])
        return dict(found)

    def read(self, known: Any) -> bool:
        v, counts = self.view, known or Counts()
        everything = {"open": counts.alerts["critical"] + counts.alerts["warn"], "resolved": counts.alerts["resolved"]}
        for status, limit in (("open", self.limits.open_alerts), ("resolved", self.limits.resolved_alerts)):
            shown = self.alerts(status, limit)
            v.alerts += shown
            if len(shown) < everything[status]:
                self.left_out(
                    f"{n.plural(everything[status] - len(shown), f'{status} alert')} beyond the first {len(shown)}: "
                    "see driftline_alerts."
                )
        known_incidents = self.incidents() if v.tells_incidents else []
        self.tabulate("incidents", known_incidents, INCIDENT)
        self.tabulate("alerts", v.alerts, ALERT)
        self.has_causes = self.causes(v.alerts)
        told = incidents.of_alerts(known_incidents, v.alerts)
        self.open = [one for one in told if one["status"] == "open"]
        self.over = [one for one in told if one["status"] != "open"]
        v.payload["alerts"] = [mark(a) for a in v.alerts]
        return True

    @property
    def judged(self) -> str:
        """How much of it could be judged, and why not the rest."""
        one = self.view.health
        if one is None or not one.windows:
            return ""
        if not one.windows_not_judged:
            return f"All {n.plural(one.windows, 'window')} could be judged."
        return f"{one.windows_judged:,} of {n.plural(one.windows, 'window')} could be judged; {one.not_judged}."

    def incidents(self) -> list[Row]:
        """The incidents that the monitor has a part in."""
        alerts = self.w.relations.get("driftline_alerts")
        return self.asked(
            "driftline_incidents",
            f"select t.* from {{table}} t where t.incident_id in (select incident_id from {alerts} where {self.mine})",
        )

    def alerts(self, status: str, limit: int) -> list[Row]:
        """In the order of alerts.read_alerts."""
        families = " ".join(f"when {literal(family)} then {place}" for place, family in enumerate(FAMILIES))
        incident = ", incident_id, is_headline" if self.view.tells_incidents else ""
        rows = self.rows(
            "driftline_alerts",
            "select monitor, model_version, segment, segment_value, window_periods, family, metric, column_name, "
            "baseline, severity, status, first_window_start, last_window_start, last_window_end, windows_breached, "
            f"value, expected, threshold, message, owner, alert_id{incident} from ("
            "select t.*, row_number() over (partition by monitor order by "
            f"case when severity = 'critical' then 0 else 1 end, case family {families} else {len(FAMILIES)} end, "
            "case when segment = 'all' then 0 else 1 end, "
            "last_window_start desc, windows_breached desc, alert_id) as place from {table} t "
            f"where status = {literal(status)} and {self.mine}) a where place <= {limit} order by place",
        )
        for r in rows:
            r["severity"] = "critical" if r["severity"] == "critical" else "warn"
            r["since"] = n.moment(n.as_datetime(r["first_window_start"]))
            r["until"] = n.moment(n.as_datetime(r["last_window_end"] or r["last_window_start"]))
            of = "" if r["column_name"] in (None, "all") else f" of {r['column_name']}"
            r["message"] = n.as_text(r["message"]) or (
                f"{r['metric']}{of} is {n.number(n.as_float(r['value']))}, "
                f"the threshold {n.number(n.as_float(r['threshold']))}."
            )
            size = n.as_int(r["window_periods"])
            scope = [f"version {r['model_version']}"] if r["model_version"] != "all" else []
            scope += [f"{r['segment']} = {r['segment_value']}"] if r["segment"] != "all" else []
            scope += [f"windows of {n.windows(size, self.view.period)}"] if size != 1 else []
            r["scope"] = scope
            r["causes"] = []
        return rows

    def causes(self, alerts: list[Row]) -> bool:
        """Give each alert the columns, segments and values that moved it most, with bars."""
        wanted = {n.as_text(a["alert_id"]): a for a in alerts[: self.limits.cause_alerts]}
        if not wanted:
            return False
        found: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
        rows = [r for r in self.cause_rows(sorted(wanted)) if r["alert_id"] in wanted]
        for r in rows:
            found[r["alert_id"]][n.as_text(r["cause_kind"])].append(r)
        self.tabulate("causes", rows, CAUSE)
        for alert, kinds in found.items():
            wanted[alert]["causes"] = [
                {"title": KINDS.get(kind, kind), "bars": bars(kind, kinds[kind])}
                for kind in (*KINDS, *sorted(set(kinds) - set(KINDS))) if kind in kinds
            ]  # fmt: skip
        return bool(found)

    def cause_rows(self, alerts: Sequence[str]) -> list[Row]:
        """What moved the value of an alert most, in the last of its windows that has causes."""
        table = "driftline_causes"
        if not self.w.columns(table) >= {"alert_id", "cause_kind", "cause_name", "cause_rank"}:
            return []
        wanted = self.w.pick(
            table, "window_start", "cause_name", "cause_value", "contribution", "share", "description"
        )  # fmt: skip
        last = "window_start" if "window_start" in wanted else "1"
        plain = all(PLAIN.match(a) for a in alerts)
        chosen = f"alert_id in ({', '.join(map(literal, alerts))})" if plain else "1 = 1"
        return self.rows(
            table,
            f"select monitor, alert_id, cause_kind, cause_rank, {', '.join(wanted)} from (select t.*, dense_rank() "
            f"over (partition by alert_id order by {last} desc) as recency from {{table}} t "
            f"where {chosen} and {self.mine}) c where recency = 1 and cause_rank <= {self.limits.causes} "
            "order by alert_id, cause_kind, cause_rank",
        )


def mark(alert: Row) -> list[Any]:
    """An alert as the charts need it."""
    start = n.as_datetime(alert["first_window_start"])
    last = n.as_datetime(alert["last_window_start"])
    return [
        n.as_text(alert["family"]), n.as_text(alert["metric"]), n.as_text(alert["column_name"]),
        *grain_of(alert), n.as_int(alert["window_periods"]), n.minutes(start) if start else None,
        n.minutes(last) if last else None, alert["severity"], alert["status"], n.as_text(alert["baseline"]),
    ]  # fmt: skip


def bars(kind: str, rows: list[Row]) -> list[Row]:
    """The rows of one kind of cause: a name, what it says, and the length of its bar."""
    sizes = [n.as_float(r.get("contribution")) for r in rows]
    shares = [n.as_float(r.get("share")) for r in rows]
    # A bar is as long as the share of the whole; without shares, as the contribution next to the largest.
    largest = max((abs(s) for s in sizes if s is not None), default=0.0) or 1.0
    out = []
    for r, size, share in zip(rows, sizes, shares, strict=True):
        name, value = n.as_text(r.get("cause_name")), n.as_text(r.get("cause_value"))
        if kind == "segment":
            name = f"{name} = {value}"
        elif kind != "column":
            name = value or "(empty)"
        length = abs(share) if share is not None else abs(size or 0) / largest
        out.append({
            "name": name, "length": f"{min(1.0, length) * 100:.0f}", "against": (share if share is not None else 1) < 0,
            "share": f"{share:.0%}".replace("-", n.MINUS) if share is not None else n.number(size),
            "description": n.as_text(r.get("description")),
        })  # fmt: skip
    return out
