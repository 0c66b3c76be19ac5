"""What is declared during a replay, and what happens to it step by step."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from replay.rows import FIRST_DAY, LABEL_DELAY, LATEST, REFERENCE_DAYS, clock
from state.states import declare, source

REFERENCE = {"start": clock(0).date().isoformat(), "end": clock(REFERENCE_DAYS).date().isoformat()}
COMMON: dict[str, Any] = {"timestamp": "at", "reference": REFERENCE, "lookback": LATEST}
BINARY: dict[str, Any] = {**COMMON, "prediction": "score", "task": "binary", "label_delay": LABEL_DELAY}


@dataclass
class Declared:
    """What the project says at the moment."""

    models: dict[str, str] = field(default_factory=dict)
    vars: dict[str, Any] = field(default_factory=dict)

    def monitor(self, name: str, relation: str, **arguments: Any) -> None:
        self.models[name] = declare(relation, **arguments)
        self._list()

    def remove(self, name: str) -> None:
        del self.models[name]
        self._list()

    def _list(self) -> None:
        self.vars["driftline_monitors"] = list(self.models)


@dataclass
class Step:
    """``day``: the clock. ``ends``: how the run ends; a killed one may have come through before it was hit."""

    day: float
    what: str
    change: Callable[[Declared], None] | None = None
    tables: tuple[str, ...] = ()
    """Statements on the sources, before the run."""
    arguments: tuple[str, ...] = ()
    ends: Literal["well", "fails", "killed"] = "well"
    runs: int = 1
    erases: bool = False
    compared: bool = False


def shop(declared: Declared, **more: Any) -> None:
    arguments: dict[str, Any] = {
        "numeric": ["price", "age"],
        "categorical": ["country"],
        "label": {"label": "bought", "known_at": "known_at"},
        "model_version": "version",
        "segments": ["market"],
        "business_metrics": {
            "clicks": {"numerator": "clicked", "denominator": "1"},
            "revenue": {"sum": "revenue"},
            "sold": {"numerator": "bought", "denominator": "1"},
        },
        "importances": {"price": 3, "country": 1},
        "owner": "the shop",
    }
    declared.monitor("shop", "log", **{**BINARY, **arguments, **more})


def tickets(**more: Any) -> dict[str, Any]:
    probabilities = {"bill": "p_bill", "bug": "p_bug", "ask": "p_ask"}
    return {**COMMON, "numeric": ["words"], "prediction": probabilities, "label": "topic", "task": "multiclass", **more}


def leaving(declared: Declared) -> None:
    declared.monitor("leaving", "log", categorical=["channel"], segments=["version"], **COMMON)


def at_first(declared: Declared) -> None:
    declared.vars.update(
        driftline_windows={"hour": [1, 24], "day": [1, 7], "week": [1, 4]},
        driftline_trailing={"hour": 48, "day": 14, "week": 8},
        driftline_season={"hour": 24, "day": 7, "week": 4},
        driftline_fairness_min_rows=30,
        driftline_comparison_min_rows=60,
        driftline_thresholds=[
            {"metric": "psi", "warn": 0.12, "critical": 0.6, "min_rows": 60},
            {
                "monitor": "shop",
                "family": "business",
                "segment": "market",
                "warn": 0.3,
                "critical": 0.9,
                "min_rows": 20,
            },
            {"metric": "accuracy", "warn": 0.1, "min_rows": 60},
        ],
    )
    shop(declared)
    declared.monitor(
        "weighed", "log", timezone="Europe/London", numeric=["age"], categorical=["channel"], weight="w",
        label={"relation": source("outcomes"), "key": "id", "label": "bought", "known_at": "known_at"},
        business_metrics={"basket": {"sum": "revenue"}}, **BINARY,
    )  # fmt: skip
    trained = {**COMMON, "reference": {"relation": source("training")}}
    declared.monitor("trained", "log", numeric=["price"], categorical=["country"], **trained)
    declared.monitor("tickets", "ticket_log", **tickets())
    leaving(declared)
    weekly = {**COMMON, "period": "week", "lookback": 1}
    declared.monitor(
        "shipments",
        "shipment_log",
        numeric=["weight"],
        prediction="forecast",
        label="cost",
        task="regression",
        **weekly,
    )


def with_hours(first: int) -> Callable[[Declared], None]:
    def change(declared: Declared) -> None:
        span = {"start": clock(first).date().isoformat(), "end": clock(first + 3).date().isoformat()}
        hourly = {**COMMON, "period": "hour", "reference": span, "lookback": 20}
        declared.monitor("clicks", "click_log", numeric=["ms"], categorical=["page"], **hourly)

    return change


def another_declaration(declared: Declared) -> None:
    shop(declared, numeric=["price"], categorical=["country", "channel"], bins=12, detail=["segments"])


def only_detail(declared: Declared) -> None:
    shop(declared, numeric=["price"], categorical=["country", "channel"], bins=12, detail=["versions"])


def other_thresholds(declared: Declared) -> None:
    rows = declared.vars["driftline_thresholds"]
    declared.vars["driftline_thresholds"] = [
        *rows,
        {"metric": "psi", "column_name": "price", "warn": 0.3, "critical": 0.9},
        {"monitor": "weighed", "metric": "psi", "windows": "each"},
        {"monitor": "trained", "metric": "ks_lower", "warn": 0.05},
    ]


def renamed_and_removed(declared: Declared) -> None:
    declared.remove("leaving")
    declared.remove("tickets")
    declared.monitor("letters", "ticket_log", **tickets(formerly="tickets"))


def other_alpha(declared: Declared) -> None:
    declared.vars["driftline_alpha"] = 0.01


def other_windows(declared: Declared) -> None:
    declared.vars["driftline_windows"] = {"hour": [1, 24], "day": [1, 7, 14], "week": [1, 4]}


def together(*changes: Callable[[Declared], None]) -> Callable[[Declared], None]:
    def change(declared: Declared) -> None:
        for one in changes:
            one(declared)

    return change


HIDDEN = ("alter table shipment_log rename column weight to grams",)
BACK = ("alter table shipment_log rename column grams to weight",)
SHORT_DAYS = 80
SHORT_HOURS_FROM = 66


def short() -> list[Step]:
    """Fifty days in eleven steps."""
    return [
        Step(FIRST_DAY, "the first run", at_first),
        Step(33.5, "killed at noon", ends="killed"),
        Step(38, "another declaration, rows erased", another_declaration, erases=True),
        Step(42, "a monitor fails", tables=HIDDEN, ends="fails"),
        Step(47, "it works again", tables=BACK, compared=True),
        Step(51, "one removed, one renamed, other thresholds", together(renamed_and_removed, other_thresholds)),
        Step(
            57, "one monitor and what stands on it, but one of the result tables", erases=True,
            arguments=("--select", "shop+", "--exclude", "driftline_drift"),
        ),
        Step(
            70, "nobody ran for a week; another alpha, one more monitor, killed",
            together(other_alpha, with_hours(SHORT_HOURS_FROM)), ends="killed",
        ),
        Step(74, "other windows, run twice", other_windows, runs=2),
        Step(77.25, "other detail, everything anew", only_detail, arguments=("--full-refresh",)),
        Step(80, "the last", compared=True),
    ]  # fmt: skip


LONG_DAYS = 366
LONG_HOURS_FROM = 352


def come_back(declared: Declared) -> None:
    leaving(declared)
    shop(declared)


def long(seed: int) -> list[Step]:
    """A year: mostly by the week, twice day by day; at random some runs are killed, left out, at noon, run twice."""
    rng = random.Random(f"long {seed}")
    steps = [Step(FIRST_DAY, "the first run", at_first)]
    special: dict[int, dict[str, Any]] = {
        50: {"what": "another declaration", "change": another_declaration},
        71: {"what": "a monitor fails", "tables": HIDDEN, "ends": "fails"},
        78: {"what": "it fails again", "ends": "fails"},
        85: {"what": "it works again", "tables": BACK},
        113: {"what": "one removed, one renamed", "change": renamed_and_removed},
        127: {"what": "after some days one by one", "compared": True},
        141: {"what": "other thresholds", "change": other_thresholds},
        155: {"what": "one monitor and what stands on it", "arguments": ("--select", "shop+")},
        162: {"what": "all but one of the result tables", "arguments": ("--exclude", "driftline_drift")},
        169: {"what": "all but the episodes", "arguments": ("--exclude", "driftline_int_episodes")},
        190: {"what": "another alpha", "change": other_alpha},
        211: {"what": "everything anew", "arguments": ("--full-refresh",)},
        225: {"what": "the monitors alone", "arguments": ("--select", "+driftline_bins")},
        239: {"what": "other windows", "change": other_windows},
        253: {"what": "other detail", "change": only_detail},
        260: {"what": "before the clock is put back"},
        281: {"what": "a monitor that was removed is back, the first declaration again", "change": come_back},
        302: {"what": "one result table for itself", "arguments": ("--select", "driftline_performance")},
        358: {"what": "one monitor more, by the hour", "change": with_hours(LONG_HOURS_FROM)},
    }  # fmt: skip
    days = [
        *range(36, 121, 7),
        *range(120, 127),
        *range(127, 260, 7),
        *range(260, 352, 14),
        *range(352, 366, 2),
        LONG_DAYS,
    ]
    for day in sorted({*days, *special}):
        step = Step(day, "a week" if day - steps[-1].day > 2 else "a day or two")
        if day in special:
            step = Step(day, **special[day])
        elif rng.random() < 0.08:
            continue
        elif rng.random() < 0.2:
            step.ends, step.what = "killed", "killed"
        elif rng.random() < 0.05:
            step.runs, step.what = 2, "run twice"
        if step.ends == "well" and rng.random() < 0.2:
            step.erases = True
        steps.append(step)
        if day == 260:
            # All of it is read again: what was known then, and what one build at that clock knows.
            steps.append(Step(248.5, "the clock is put back", compared=True))
    for step in steps[1:-1]:
        if step.day == round(step.day) and rng.random() < 0.15:
            step.day += 0.5
    steps[-1] = Step(LONG_DAYS, "the last", compared=True)
    return steps
