"""The logs of a replay, from a seed: which row there is, and when it comes to be known.

Everything is a multiple of a power of two, so that sums do not depend on their order. No row comes later than
``LATEST`` after its time and no label later than ``LABEL_DELAY``: within what every run reads again.
"""

from __future__ import annotations

import datetime as dt
import math
import random
from typing import Any

ORIGIN = dt.datetime(2024, 1, 1)
REFERENCE_DAYS = 21
# The first run: all rows and labels of the reference have been there for a while.
FIRST_DAY = 29
LATEST = 3
LABEL_DELAY = 4

Table = dict[str, list[Any]]
Row = dict[str, Any]


def clock(day: float) -> dt.datetime:
    return ORIGIN + dt.timedelta(days=day)


def _late(rng: random.Random, at: dt.datetime, longest: dt.timedelta) -> dt.datetime:
    """When a row of this time comes: four of a hundred late."""
    return at + (longest * rng.random() if rng.random() < 0.04 else dt.timedelta(0))


def _columns(rows: list[Row]) -> Table:
    return {name: [row[name] for row in rows] for name in rows[0]}


class Calendar:
    """When things happen, as places between the first run (0) and the last (1)."""

    def __init__(self, days: int) -> None:
        self.days = days

    def day(self, place: float) -> int:
        return FIRST_DAY + round(place * (self.days - FIRST_DAY))

    def within(self, day: int, place: float, length: int) -> bool:
        return 0 <= day - self.day(place) < length


def shop(days: int, seed: int, rows_a_day: int = 110) -> Table:
    """The log of most monitors: ``arrives`` and ``known_at`` tell when a row and its label are there."""
    rng, when = random.Random(f"shop {seed}"), Calendar(days)
    rows: list[Row] = []
    for day in range(days):
        if when.within(day, 0.5, 2):
            continue
        moved = when.within(day, 0.08, 8) or when.within(day, 0.62, 9)
        for _ in range(rows_a_day + rng.randrange(20) - (30 if day % 7 == 6 else 0)):
            at = clock(day) + dt.timedelta(seconds=rng.randrange(86_400))
            version = "v2" if day >= when.day(0.25) and rng.random() < 0.5 else "v1"
            # One begins and ends, another ends for good.
            markets = ["south"] * 3 + ["west"] * (day < when.day(0.35)) + [None] * (when.within(day, 0.2, 1))
            market = rng.choice(markets + ["north"] * (when.day(0.1) <= day < when.day(0.65)))
            score = rng.randrange(1, 128) + (rng.randrange(128) if market == "south" or version == "v2" else 0)
            chance = score / 256
            if when.within(day, 0.72, 9):
                chance = 1 - chance
            fewer = when.within(day, 0.4, 7) or (when.within(day, 0.85, 6) and market == "south")
            clicked = int(rng.random() < (0.2 if fewer else 0.6))
            arrives = _late(rng, at, dt.timedelta(days=LATEST))
            known_at = max(arrives, at + dt.timedelta(days=LABEL_DELAY) * rng.random())
            rows.append(
                {
                    "id": len(rows),
                    "at": at,
                    "price": _ugly(rng, rng.randrange(400) / 4 + (60 if moved else 0)),
                    "age": None if rng.random() < (0.5 if when.within(day, 0.33, 4) else 0.02) else rng.randrange(90),
                    "country": _country(rng, "XX" if day >= when.day(0.3) else "DE"),
                    "channel": rng.choice(["web", "web", "app", "shop"]) if not moved else rng.choice(["app", "web"]),
                    "score": score / 256,
                    "bought": int(rng.random() < chance),
                    "known_at": known_at if rng.random() > 0.08 else None,
                    "version": version,
                    "market": market,
                    "clicked": clicked,
                    "revenue": clicked * rng.randrange(4, 400) / 4,
                    "w": rng.choice([0.5, 1.0, 2.0]),
                    "arrives": arrives,
                }
            )
    return _columns(rows)


def _ugly(rng: random.Random, value: float) -> float | None:
    return rng.choice([None, math.nan, math.inf, -math.inf]) if rng.random() < 0.03 else value


def _country(rng: random.Random, new: str) -> str | None:
    return rng.choice(["DE", "DE", "DE", "UK", "UK", "FR", new, None if rng.random() < 0.2 else "AT"])


def outcomes(log: Table, seed: int) -> Table:
    """Labels in a relation of their own; some are corrected a little later, before they are final."""
    rng = random.Random(f"outcomes {seed}")
    rows: list[Row] = []
    for key, at, bought, known_at in zip(log["id"], log["at"], log["bought"], log["known_at"], strict=True):
        if known_at is None:
            continue
        rows.append({"id": key, "bought": bought, "known_at": known_at, "arrives": known_at})
        if rng.random() < 0.03:
            final = known_at + (at + dt.timedelta(days=LABEL_DELAY) - known_at) * rng.random()
            if final > known_at:
                rows.append({"id": key, "bought": 1 - bought, "known_at": final, "arrives": final})
    return _columns(rows)


def training(seed: int) -> Table:
    """A reference of its own: what the model was trained on, before the log begins."""
    rng = random.Random(f"training {seed}")
    rows = [
        {
            "at": ORIGIN - dt.timedelta(days=60) + dt.timedelta(minutes=40 * number),
            "price": _ugly(rng, rng.randrange(400) / 4),
            "country": _country(rng, "DE"),
        }
        for number in range(2000)
    ]
    return _columns(rows)


def clicks(first: int, days: int, seed: int) -> Table:
    """An hourly log of a few days; on one of them half the columns' values are elsewhere, for some hours nothing comes."""
    rng = random.Random(f"clicks {seed}")
    rows: list[Row] = []
    for hour in range(24 * days):
        moved = 24 * 6 <= hour < 24 * 6 + 9
        if 24 * 8 + 3 <= hour < 24 * 8 + 7:
            continue
        for _ in range(24 + rng.randrange(6)):
            at = clock(first) + dt.timedelta(hours=hour, seconds=rng.randrange(3600))
            rows.append(
                {
                    "at": at,
                    "ms": rng.randrange(1000) / 8 + (90 if moved else 0),
                    "page": rng.choice(["home", "home", "item", "cart"]),
                    "arrives": _late(rng, at, dt.timedelta(hours=20)),
                }
            )
    return _columns(rows)


def shipments(days: int, seed: int) -> Table:
    """Regression, by the week: what a delivery was thought to cost, and what it did."""
    rng, when = random.Random(f"shipments {seed}"), Calendar(days)
    rows: list[Row] = []
    for day in range(days):
        for _ in range(20):
            at = clock(day) + dt.timedelta(seconds=rng.randrange(86_400))
            weight = rng.randrange(400) / 16
            cost = weight * 2 + rng.randrange(-64, 65) / 16 + (9 if when.within(day, 0.45, 21) else 0)
            rows.append(
                {
                    "at": at,
                    "weight": weight,
                    "forecast": weight * 2 + rng.randrange(-32, 33) / 16,
                    "cost": cost if rng.random() > 0.05 else None,
                    "arrives": _late(rng, at, dt.timedelta(days=LATEST)),
                }
            )
    return _columns(rows)


def tickets(days: int, seed: int) -> Table:
    """Three classes with their probabilities, which are wrong for a while."""
    rng, when = random.Random(f"tickets {seed}"), Calendar(days)
    rows: list[Row] = []
    for day in range(days):
        wrong = when.within(day, 0.2, 8)
        for _ in range(100):
            at = clock(day) + dt.timedelta(seconds=rng.randrange(86_400))
            first = rng.randrange(1, 200)
            second = rng.randrange(1, 255 - first)
            shares = [first, second, 256 - first - second]
            rows.append(
                {
                    "at": at,
                    "words": rng.randrange(300),
                    "p_bill": shares[0] / 256,
                    "p_bug": shares[1] / 256,
                    "p_ask": shares[2] / 256,
                    "topic": rng.choices(["bill", "bug", "ask"], shares[::-1] if wrong else shares)[0],
                    "arrives": _late(rng, at, dt.timedelta(days=LATEST)),
                }
            )
    return _columns(rows)


def all_tables(days: int, clicks_from: int, seed: int) -> dict[str, Table]:
    log = shop(days, seed)
    return {
        "log": log,
        "outcomes": outcomes(log, seed),
        "training": training(seed),
        "click_log": clicks(clicks_from, days - clicks_from, seed),
        "shipment_log": shipments(days, seed),
        "ticket_log": tickets(days, seed),
    }
