"""A message in words, without any markup: each channel puts it into its own, and escapes it there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from driftline.alerting.catalogue import Catalogue
from driftline.alerting.facts import Cause, Facts
from driftline.alerting.notification import Message, Notification
from driftline.alerts import OPERATION, Alert
from driftline.incidents import Incident
from driftline.text import monitor_anchor, number, printable

_NOTHING = Facts()
_EXPOSURES = 4


@dataclass(frozen=True)
class Item:
    """One incident. ``evidence`` is what the headline rests on, ``facts`` are label and text."""

    severity: str
    is_open: bool
    label: str
    headline: str
    facts: tuple[tuple[str, str], ...]
    evidence: str = ""

    @property
    def line(self) -> str:
        return f"{self.label}: {self.headline}"


@dataclass(frozen=True)
class Words:
    """A message as people read it."""

    language: str
    title: str
    severity: str
    items: tuple[Item, ...]
    more: str
    still_open: str
    open_lines: tuple[str, ...]
    link: str | None
    link_text: str
    footer: str

    def plain(self) -> str:
        """All of it as plain text."""
        parts = [self.title]
        for item in self.items:
            under = [item.evidence] if item.evidence else []
            under += [f"{label}: {text}" for label, text in item.facts]
            parts.append("\n".join([item.line, *(f"  {line}" for line in under)]))
        if self.more:
            parts.append(self.more)
        if self.still_open:
            parts.append("\n".join([self.still_open, *(f"  {line}" for line in self.open_lines)]))
        if self.link:
            parts.append(f"{self.link_text}: {self.link}")
        return "\n\n".join(parts) + "\n"


def report_link(report_url: str | None, monitor: str | None) -> str | None:
    """The report, at a monitor's section."""
    if report_url is None or monitor is None:
        return report_url
    return f"{report_url.partition('#')[0]}#{monitor_anchor(monitor)}"


def compose(
    message: Message, words: Catalogue, facts: Facts, report_url: str | None = None, at_most: int | None = None
) -> Words:
    """Put a message into words; of its alerts the worst ``at_most``."""
    shown = message.notifications[:at_most]
    left = len(message.notifications) - len(shown)
    still_open = message.still_open
    return Words(
        language=words.language,
        title=_title(message, words),
        severity=_severity(message),
        items=tuple(_item(n, words, facts) for n in shown),
        more=words("more", count=left) if left else "",
        still_open=words("still_open", count=len(still_open)) if still_open else "",
        open_lines=tuple(
            f"{printable(alert.monitor)}: {headline(alert, words, facts)} ({words(f'severity.{alert.severity}')})"
            for alert in still_open[: at_most or 20]
        ),
        link=report_link(report_url, message.monitor),
        link_text=words("link"),
        footer=words("footer"),
    )


def _severity(message: Message) -> str:
    """critical, warn, or resolved where nothing in it is open."""
    open_ones = [n.severity for n in message.notifications if n.is_open] + [a.severity for a in message.still_open]
    if not open_ones:
        return "resolved"
    return "critical" if "critical" in open_ones else "warn"


def _title(message: Message, words: Catalogue) -> str:
    kinds = {"critical": 0, "warn": 0, "reminder": 0, "ended": 0}
    for notification in message.notifications:
        if not notification.is_open:
            kinds["ended"] += 1
        elif notification.entry.event == "reminder":
            kinds["reminder"] += 1
        else:
            kinds[notification.severity] += 1
    counts = words("count.and").join(words.count(f"count.{kind}", n) for kind, n in kinds.items() if n)
    if message.kind == "digest":
        return words("title.digest", counts=counts) if counts else words("title.digest.nothing")
    if message.monitor is None:
        return words("title.several", counts=counts)
    return words("title.alerts", monitor=message.monitor, counts=counts)


def _item(notification: Notification, words: Catalogue, facts: Facts) -> Item:
    event = words(f"event.{notification.entry.event}")
    alert = notification.alert
    if alert is None:
        text = words("headline.withdrawn", message=notification.entry.message)
        return Item("warn", False, event, text, ())
    label = event
    if alert.is_open and notification.entry.event != "escalated":
        label = words("count.and").join((event, words(f"severity.{alert.severity}")))
    said = headline(alert, words, facts)
    incident = alert.incident
    if incident is None or not incident.headline:
        return Item(alert.severity, alert.is_open, label, said, _facts(alert, words, facts))
    beside = _facts_of_incident(alert, incident, words, facts)
    return Item(alert.severity, alert.is_open, label, said, beside, incident.basis)


def headline(alert: Alert, words: Catalogue, facts: Facts = _NOTHING) -> str:
    """An incident's sentence; of an alert what moved, and how much against what; or what has befallen the monitor."""
    if alert.incident is not None and alert.incident.headline:
        said = facts.sentences.get((alert.incident.incident_id, words.language))
        if said is None and words.language == facts.language:
            said = alert.incident.headline
        if said:
            return printable(said)
    if alert.family == OPERATION:
        if not alert.is_open:
            return words("headline.works")
        if alert.metric == "failed_runs":
            return words.count("headline.failed_runs", alert.windows_breached or 1)
        return words("headline.not_run" if alert.metric == "not_run" else "headline.results")
    baseline = words(f"baseline.{alert.baseline}") if words.has(f"baseline.{alert.baseline}") else alert.baseline
    values = {
        "metric": alert.metric,
        "column": alert.column_name or "all",
        "value": number(alert.value),
        "expected": number(alert.expected),
        "baseline": baseline,
    }
    if alert.family == "freshness" and alert.metric == "missing_periods":
        return words("headline.freshness", value=number(alert.value))
    if alert.family == "volume" and alert.expected is not None:
        return words("headline.volume", value=number(alert.value), expected=number(alert.expected))
    is_column = bool(alert.column_name) and alert.column_name != "all"
    if not alert.metric:
        return printable(alert.message)
    if not is_column:
        return words("headline.business" if alert.expected is not None else "headline.business.alone", **_only(
            values, ("metric", "value", "expected", "baseline") if alert.expected is not None else ("metric", "value")
        ))  # fmt: skip
    if alert.expected is not None:
        return words("headline.value", **values)
    if alert.baseline != "none":
        return words("headline.drift", **values)
    return words("headline.alone", **values)


def _only(values: dict[str, str], names: Sequence[str]) -> dict[str, str]:
    return {name: values[name] for name in names}


def _facts(alert: Alert, words: Catalogue, facts: Facts) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    if alert.family == OPERATION:
        # No windows and no threshold: the time is that of a run of dbt.
        if alert.first_window_start is not None:
            found.append((words("fact.since"), words("fact.since.utc", since=moment(alert.first_window_start))))
        found.append((words("fact.detail"), printable(alert.message)))
        if alert.owner:
            found.append((words("fact.owner"), printable(alert.owner)))
        return tuple(found)
    if alert.first_window_start is not None:
        text = words.count(
            "fact.since.text",
            alert.windows_breached or 1,
            since=moment(alert.first_window_start),
            periods=words.count("periods", alert.window_periods or 1),
        )
        found.append((words("fact.since"), text))
    if not alert.is_open and alert.last_window_end is not None:
        found.append((words("fact.until"), moment(alert.last_window_end)))
    if alert.is_open and alert.no_data_since is not None:
        found.append((words("fact.no_data"), moment(alert.no_data_since)))
    usual = ""
    if alert.expected is not None:
        # The threshold of a difference may be a share of it: the judge's own text says which, a number alone would not.
        usual = words("fact.usual.difference", noise=number(alert.noise)) if alert.noise is not None else ""
    elif alert.threshold is not None and alert.noise is not None:
        # The threshold of a critical alert is the one it is critical from; it alerts from a lower one.
        key = "fact.usual.critical" if alert.severity == "critical" else "fact.usual.text"
        usual = words(key, noise=number(alert.noise), threshold=number(alert.threshold))
    elif alert.threshold is not None:
        key = "fact.threshold.critical" if alert.severity == "critical" else "fact.threshold.text"
        usual = words(key, threshold=number(alert.threshold))
    if usual:
        found.append((words("fact.usual"), usual))
    if alert.is_worse_before:
        found.append((words("fact.peak"), number(alert.peak_value)))
    where = []
    if alert.segment != "all":
        where.append(words("fact.where.segment", segment=alert.segment, value=alert.segment_value))
    if alert.model_version != "all":
        where.append(words("fact.where.version", version=alert.model_version))
    if where:
        found.append((words("fact.where"), words("count.and").join(where)))
    causes = [_cause(c, words) for c in facts.causes.get(alert.table_id, ())]
    if causes:
        found.append((words("fact.causes"), words("count.and").join(causes)))
    business = _business(alert, words, facts)
    if business:
        found.append((words("fact.business"), business))
    found.extend(_exposures(alert, words, facts))
    if alert.owner:
        found.append((words("fact.owner"), printable(alert.owner)))
    return tuple(found)


def _facts_of_incident(alert: Alert, incident: Incident, words: Catalogue, facts: Facts) -> tuple[tuple[str, str], ...]:
    """What stands beside the sentence. It has said what, from what to what, and where."""
    found: list[tuple[str, str]] = []

    def add(fact: str, text: str | None) -> None:
        if text:
            found.append((words(f"fact.{fact}"), printable(text)))

    if incident.since is not None:
        since = moment(incident.since)
        # The time of a broken monitor is that of a run of dbt.
        add("since", words("fact.since.utc", since=since) if alert.family == OPERATION else since)
    if not incident.is_open and incident.last_window_end is not None and alert.family != OPERATION:
        add("until", moment(incident.last_window_end))
    if incident.is_open and incident.no_data_since is not None:
        add("no_data", moment(incident.no_data_since))
    add("also", incident.also)
    add("stands_out", incident.stands_out)
    causes = words("count.and").join(_cause(c, words) for c in facts.causes.get(alert.table_id, ()))
    # The table's own text is in the project's language.
    own = incident.cause if words.language == facts.language else None
    add("causes", own or facts.cause_words.get((alert.table_id, words.language)) or causes)
    if incident.cost is not None:
        add("cost", f"{number(incident.cost)} {incident.cost_unit or ''}".strip())
    add("business", _business(alert, words, facts))
    found.extend(_exposures(alert, words, facts))
    add("owner", incident.owner)
    if incident.answer is not None and words.has(f"answer.{incident.answer}"):
        said = words(f"answer.{incident.answer}", by=incident.answered_by or "?")
        add("answer", f"{said}: {incident.answer_note}" if incident.answer_note else said)
    return tuple(found)


def _business(alert: Alert, words: Catalogue, facts: Facts) -> str:
    return words("count.and").join(
        words("fact.business.alone", metric=b.metric, value=number(b.value))
        if b.change_reference is None
        else words(
            "fact.business.text", metric=b.metric, value=number(b.value), change=_percent(b.change_reference, sign="+")
        )
        for b in facts.business.get(alert.table_id, ())
    )


def _exposures(alert: Alert, words: Catalogue, facts: Facts) -> list[tuple[str, str]]:
    """Where its results are looked at, and who uses what it watches; of many the first few."""
    there = facts.exposures.get(alert.monitor)
    found = []
    for fact, exposures in [("seen_on", there.seen_on), ("used_by", there.used_by)] if there else []:
        named = [f"{printable(one.label)} ({one.url})" if one.url else printable(one.label) for one in exposures]
        if len(named) > _EXPOSURES:
            named = [*named[:_EXPOSURES], "…"]
        if named:
            found.append((words(f"fact.{fact}"), words("count.and").join(named)))
    return found


def moment(at: datetime) -> str:
    """A day, and the time where it is not midnight."""
    return at.strftime("%Y-%m-%d") if (at.hour, at.minute) == (0, 0) else at.strftime("%Y-%m-%d %H:%M")


def _cause(cause: Cause, words: Catalogue) -> str:
    share = _percent(cause.share)
    if cause.kind == "bin":
        return words("fact.causes.bin", column=cause.column_name, value=cause.bin, share=share)
    if cause.column_name and cause.column_name != "all":
        return words("fact.causes.column", column=cause.column_name, share=share)
    return words("fact.causes.segment", segment=cause.segment, value=cause.segment_value, share=share)


def _percent(share: float | None, sign: str = "") -> str:
    return "-" if share is None else f"{100 * share:{sign}.0f} %"
