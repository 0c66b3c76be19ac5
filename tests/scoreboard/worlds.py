"""Five logs of a year that are made up, and what was done to them: the facts that people should be told of.

Days are numbered from 0 (2024-01-01) to 364; the first 60 are the reference and nothing happens in them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

START, DAYS, REFERENCE = dt.date(2024, 1, 1), 365, 60
NOW = START + dt.timedelta(days=DAYS)
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
SHOPS = [f"shop_{number}" for number in range(1, 9)]
QUIET_NUMBERS = [f"n{number}" for number in range(1, 11)]
QUIET_CLASSES = [f"c{number}" for number in range(1, 6)]


@dataclass(frozen=True)
class Fact:
    """What was done to a log, and how a message would name it.

    ``names`` are columns, metrics or families; a trend's metric is that of what it is the trend of, ``monitor`` stands
    for data that stop. ``effects`` is what follows from it as well: not enough to name it, but no false alarm either.
    """

    what: str
    monitors: tuple[str, ...]
    first: int
    last: int | None
    names: frozenset[str]
    effects: frozenset[str] = frozenset()
    segment_value: str | None = None
    delay: int = 0
    """Days until the labels are known."""
    within: int = 14

    @property
    def name(self) -> str:
        return f"{self.monitors[0]}: {self.what}"


MODEL = frozenset({"performance", "concept", "estimate_error"})
MONEY = frozenset({"extras", "revenue"})


def _fact(what: str, monitors: str, days: tuple[int, int | None], names: str, effects: str = "", **more: Any) -> Fact:
    return Fact(what, tuple(monitors.split()), *days, frozenset(names.split()), frozenset(effects.split()), **more)


FACTS = [
    _fact("campaign week, 60 % more bookings", "bookings", (95, 101), "revenue row_count"),
    _fact("30 % of a column NULL, for good", "bookings", (140, None), "loyalty_points"),
    _fact("prices 15 % up, for good", "bookings", (190, None), "price revenue", "score"),
    _fact("the model goes stale, labels 30 days late", "bookings", (230, None),
          "performance concept estimate_error", "cancelled fairness", delay=30),
    _fact("holiday week, a third of the rows", "bookings", (350, 356), "revenue row_count"),
    _fact("a surcharge is introduced, for good", "transport", (110, None), "surcharge", "total takings"),
    _fact("a zone gets another name, for good", "transport", (170, None), "zone"),
    _fact("a sensor is out for a day", "transport", (205, 205), "distance"),
    _fact("the feed stops for three days", "transport", (240, 242), "missing_periods", "row_count takings"),
    _fact("5 % negative distances, for a month", "transport", (280, 309), "distance"),
    _fact("version B converts 10 % worse", "experiment", (60, None), "comparison conversion", within=90),
    _fact("a split of 55/45 where 50/50 is meant", "experiment", (260, None), "comparison arm"),
    _fact("all shops' baskets and visits move half a deviation", "fleet visits", (150, None),
          "basket items discount weight load_time pages session", "takings score"),
    _fact("one shop's delivery moves two deviations", "fleet", (250, None), "delivery", segment_value="shop_5"),
    _fact("one shop falls silent", "fleet", (325, None), "missing_periods", "row_count takings", segment_value="shop_8"),
]  # fmt: skip


def _days_of_rows(rng: np.random.Generator, usual: Floats) -> npt.NDArray[np.int64]:
    """The day of each row, given how many are usual on each day."""
    # Real counts vary more than chance makes them.
    counts = rng.poisson(usual * rng.gamma(400, 1 / 400, DAYS))
    return np.repeat(np.arange(DAYS), counts)


def _week(day: npt.NDArray[np.int64], size: float) -> Floats:
    shape = np.array([0.0, -0.5, -0.4, 0.0, 0.4, 1.0, -0.5])
    return np.asarray(size * shape[day % 7])


def _year(day: npt.NDArray[np.int64], size: float) -> Floats:
    """High summer is the top, and the reference lies in winter."""
    return np.asarray(size * np.cos(2 * np.pi * (day - 200) / 365))


def _times(rng: np.random.Generator, day: npt.NDArray[np.int64]) -> pa.Array:
    seconds = day * 86400 + rng.integers(0, 86400, len(day))
    return pa.array(np.datetime64(START.isoformat(), "s") + seconds.astype("timedelta64[s]"))


def _table(columns: Mapping[str, Any]) -> pa.Table:
    return pa.table(
        {name: values if isinstance(values, pa.Array) else pa.array(values) for name, values in columns.items()}
    )


def _without(values: Any, missing: Flags) -> pa.Array:
    return pa.array(values, mask=missing)


def _logistic(value: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-value)))


def _during(day: npt.NDArray[np.int64], what: str) -> Flags:
    fact = next(fact for fact in FACTS if what in fact.what)
    return np.asarray((day >= fact.first) & (day <= (DAYS if fact.last is None else fact.last)))


def bookings(rng: np.random.Generator) -> dict[str, pa.Table]:
    every = np.arange(DAYS)
    usual = 220 * (1 + _week(every, 0.25)) * (1 + _year(every, 0.2))
    usual = usual * np.where(_during(every, "campaign"), 1.6, 1) * np.where(_during(every, "holiday"), 1 / 3, 1)
    day = _days_of_rows(rng, usual)
    n = len(day)
    country = rng.choice(["GB", "DE", "FR", "ES", "IT", "NL"], n, p=[0.35, 0.2, 0.15, 0.12, 0.1, 0.08])
    channel = rng.choice(["web", "app", "agent", "phone"], n, p=[0.5, 0.3, 0.15, 0.05])
    season = _year(day, 1.0)
    lead = np.exp(rng.normal(3.0 + 0.05 * season, 0.8))
    nights = 1 + rng.poisson(2.0, n)
    price = 120 * np.exp(rng.normal(0.03 * season + _week(day, 0.03), 0.4)) * np.where(_during(day, "prices"), 1.15, 1)
    points = rng.gamma(2, 300, n)
    # The model is right until it goes stale: then early bookers keep what they booked and late ones do not.
    logit = -1.2 + 1.1 * (np.log(lead) - 3) + 0.8 * (channel == "agent") - 0.5 * (channel == "app")
    truth = np.where(_during(day, "stale"), -1.0 - 0.2 * (np.log(lead) - 3) + 0.3 * (channel == "phone"), logit)
    extras = rng.random(n) < _logistic(-1.1 + 0.08 * season + 0.3 * (channel == "app"))
    key = np.arange(n)
    log = _table({
        "booking_id": key, "booked_at": _times(rng, day), "price": np.round(price, 2), "lead_days": np.round(lead),
        "nights": nights, "country": country, "channel": channel, "score": _logistic(logit), "extras": extras.astype(int),
        "loyalty_points": _without(np.round(points), _during(day, "column NULL") & (rng.random(n) < 0.3)),
    })  # fmt: skip
    known = day + np.minimum(30, 1 + rng.integers(0, 30, n))
    labels = _table({
        "booking_id": key, "cancelled": (rng.random(n) < _logistic(truth)).astype(int),
        "known_at": pa.array(np.datetime64(START.isoformat(), "s") + (known * 86400).astype("timedelta64[s]")),
    })  # fmt: skip
    return {"booking_log": log, "cancellations": labels}


def transport(rng: np.random.Generator) -> dict[str, pa.Table]:
    every = np.arange(DAYS)
    usual = 240 * (1 + _week(every, 0.2)) * (1 + _year(every, 0.05)) * np.where(_during(every, "feed stops"), 0, 1)
    day = _days_of_rows(rng, usual)
    n = len(day)
    zone = rng.choice(
        [f"zone {number:02}" for number in range(1, 13)], n, p=np.array([18, 14, 12, 11, 9, 8, 7, 6, 5, 4, 3, 3]) / 100
    )
    zone = np.where(_during(day, "zone gets") & (zone == "zone 03"), "zone 03 north", zone)
    km = np.exp(rng.normal(1.2, 0.6, n))
    minutes = km * 3 * np.exp(rng.normal(0.2, 0.3, n)) + 2
    fare = 3 + 1.6 * km + 0.3 * minutes + rng.normal(0, 0.5, n)
    surcharge = np.where(rng.random(n) < 0.3, 1.0, 0.0)
    surcharge = np.where(_during(day, "surcharge") & (rng.random(n) < 0.6), 2.5, surcharge)
    km = np.where(_during(day, "negative") & (rng.random(n) < 0.05), -km, km)
    return {"trips": _table({
        "started_at": _times(rng, day), "fare": np.round(fare, 2), "surcharge": surcharge,
        "total": np.round(fare + surcharge, 2), "duration": np.round(minutes, 1), "zone": zone,
        "distance": _without(np.round(km, 2), _during(day, "sensor")),
        "payment": rng.choice(["card", "cash", "account"], n, p=[0.7, 0.2, 0.1]), "riders": 1 + rng.poisson(0.5, n),
    })}  # fmt: skip


def experiment(rng: np.random.Generator) -> dict[str, pa.Table]:
    every = np.arange(DAYS)
    day = _days_of_rows(rng, 300 * (1 + _week(every, 0.2)))
    n = len(day)
    share = np.where(day < REFERENCE, 0.0, np.where(_during(day, "split"), 0.45, 0.5))
    arm = np.where(rng.random(n) < share, "B", "A")
    rate = np.where(arm == "B", 0.18, 0.20)
    return {"experiment_log": _table({
        "shown_at": _times(rng, day), "arm": arm, "converted": (rng.random(n) < rate).astype(int),
        "age_days": np.round(rng.gamma(2, 40, n)), "device": rng.choice(["phone", "desktop", "tablet"], n, p=[0.6, 0.3, 0.1]),
    })}  # fmt: skip


def fleet(rng: np.random.Generator) -> dict[str, pa.Table]:
    every = np.arange(DAYS)
    day = _days_of_rows(rng, 360 * (1 + _week(every, 0.15)))
    shop = rng.choice(SHOPS, len(day))
    stays = ~(_during(day, "silent") & (shop == "shop_8"))
    day, shop = day[stays], shop[stays]
    n = len(day)
    moved = np.where(_during(day, "all shops"), 0.5, 0.0)
    odd = np.where(_during(day, "one shop's delivery") & (shop == "shop_5"), 2.0, 0.0)
    drawn = {
        name: rng.normal(0, 1, n) for name in ("basket", "items", "discount", "weight", "load_time", "pages", "session")
    }
    basket = np.exp(3.5 + 0.5 * (drawn["basket"] + moved))
    return {"fleet_log": _table({
        "at": _times(rng, day), "shop": shop, "basket": np.round(basket, 2), "delivery": 3 + rng.normal(0, 1, n) + odd,
        **{name: 10 + 2 * (drawn[name] + moved) for name in ("items", "discount", "weight", "load_time", "pages", "session")},
    })}  # fmt: skip


def quiet(rng: np.random.Generator) -> dict[str, pa.Table]:
    every = np.arange(DAYS)
    day = _days_of_rows(rng, 330 * (1 + _week(every, 0.2)))
    n = len(day)
    columns: dict[str, Any] = {}
    for name in QUIET_NUMBERS:
        of_the_day = rng.normal(0, 0.05, DAYS) + _week(every, 0.05)
        columns[name] = rng.normal(of_the_day[day], 1)
    for place, name in enumerate(QUIET_CLASSES):
        shares = 0.6 ** np.arange(4 + place)
        columns[name] = rng.choice([f"v{value}" for value in range(4 + place)], n, p=shares / shares.sum())
    logit = (
        -1.0
        + 0.8 * columns["n1"]
        + 0.5 * columns["n2"]
        - 0.5 * (columns["c1"] == "v0")
        + rng.normal(0, 0.05, DAYS)[day]
    )
    bought = rng.random(n) < _logistic(logit)
    return {"quiet_log": _table({
        "at": _times(rng, day), **columns, "score": _logistic(logit), "bought": bought.astype(int),
        "amount": np.round(np.where(bought, np.exp(3 + 0.5 * rng.normal(0, 1, n)), 0), 2),
    })}  # fmt: skip


def tables(seed: int = 10) -> dict[str, pa.Table]:
    """All logs. Each world has numbers of its own, so that a change to one leaves the others as they are."""
    made: dict[str, pa.Table] = {}
    for place, world in enumerate((bookings, transport, experiment, fleet, quiet)):
        made.update(world(np.random.default_rng([seed, place])))
    return made


_REFERENCE = f"reference={{'start': '{START}', 'end': '{START + dt.timedelta(days=REFERENCE)}'}}"
MONITORS = {
    "bookings": f"""{{{{ driftline.monitor(
        relation=source('raw', 'booking_log'), timestamp='booked_at', {_REFERENCE},
        numeric=['price', 'lead_days', 'nights', 'loyalty_points'], categorical=['country', 'channel'],
        prediction='score', task='binary', label_delay=30,
        label={{'relation': source('raw', 'cancellations'), 'key': 'booking_id', 'label': 'cancelled', 'known_at': 'known_at'}},
        business_metrics={{'extras': {{'numerator': 'extras', 'denominator': '1'}}, 'revenue': {{'sum': 'price'}}}},
        labels={{'extras': 'Extras booked', 'lead_days': 'Days before arrival'}}, units={{'price': '£', 'revenue': '£'}},
        owner='bookings team') }}}}""",
    "transport": f"""{{{{ driftline.monitor(
        relation=source('raw', 'trips'), timestamp='started_at', {_REFERENCE},
        numeric=['fare', 'surcharge', 'total', 'distance', 'duration', 'riders'], categorical=['zone', 'payment'],
        business_metrics={{'takings': {{'sum': 'total'}}}}, units={{'distance': 'km', 'takings': '$', 'fare': '$'}}) }}}}""",
    "experiment": f"""{{{{ driftline.monitor(
        relation=source('raw', 'experiment_log'), timestamp='shown_at', {_REFERENCE},
        numeric=['age_days'], categorical=['device'], model_version='arm',
        business_metrics={{'conversion': {{'numerator': 'converted', 'denominator': '1'}}}}) }}}}""",
    "fleet": f"""{{{{ driftline.monitor(
        relation=source('raw', 'fleet_log'), timestamp='at', {_REFERENCE},
        numeric=['basket', 'items', 'discount', 'weight', 'delivery'], segments=['shop'],
        business_metrics={{'takings': {{'sum': 'basket'}}}}) }}}}""",
    "visits": f"""{{{{ driftline.monitor(
        relation=source('raw', 'fleet_log'), timestamp='at', {_REFERENCE},
        numeric=['load_time', 'pages', 'session']) }}}}""",
    "quiet": f"""{{{{ driftline.monitor(
        relation=source('raw', 'quiet_log'), timestamp='at', {_REFERENCE},
        numeric={QUIET_NUMBERS}, categorical={QUIET_CLASSES}, prediction='score', label='bought', task='binary',
        business_metrics={{'conversion': {{'numerator': 'bought', 'denominator': '1'}}, 'amount': {{'sum': 'amount'}}}}) }}}}""",
}  # fmt: skip
VARS: dict[str, Any] = {
    "driftline_monitors": list(MONITORS),
    "driftline_now": f"{NOW}",
    "driftline_traffic": {"experiment": {"A": 0.5, "B": 0.5}},
    # Each shop is judged by itself.
    "driftline_thresholds": [{"monitor": "fleet", "family": "drift", "segment": "shop"}],
}
