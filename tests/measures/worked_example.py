"""The example of docs/measures: few rows, whose distances and metrics can be worked out on paper.

Two days of reference with 100 rows each, and a window of one day with 100 rows.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

# How many rows of a day have each value, or each pair of prediction and label.
PRICES = {5.0: (25, 10), 15.0: (25, 20), 25.0: (25, 30), 35.0: (25, 40)}
KINDS = {"card": (50, 30), "cash": (30, 30), "transfer": (20, 40)}
SCORES = {(0.8, 1): (40, 30), (0.8, 0): (10, 20), (0.3, 1): (10, 10), (0.3, 0): (40, 40)}
AMOUNTS = {(10.0, 10.0): (50, 40), (20.0, 22.0): (50, 40), (30.0, 20.0): (0, 20)}
# Lists of four by the place of the only relevant item.
LISTS = {1: (15, 10), 3: (10, 10), 4: (0, 5)}
CLASSES = {("a", "a"): (40, 30), ("a", "b"): (10, 20), ("b", "a"): (10, 10), ("b", "b"): (40, 40)}
# What is wrong with values: missing, no number, infinite, beyond what was there, never seen.
STOCKS = {1.0: (49, 40), 9.0: (49, 40), 20.0: (0, 9), None: (2, 8), math.nan: (0, 2), math.inf: (0, 1)}
CHANNELS = {"web": (60, 50), "app": (40, 40), "kiosk": (0, 10)}
# By score and label, as in SCORES: whose rows they are, and which version served them. The new one came with the window.
REGIONS = {
    (0.8, 1): {"north": (20, 18), "south": (20, 12)},
    (0.8, 0): {"north": (5, 12), "south": (5, 8)},
    (0.3, 1): {"north": (5, 2), "south": (5, 8)},
    (0.3, 0): {"north": (20, 18), "south": (20, 22)},
}
VERSIONS = {
    (0.8, 1): {"old": (40, 20), "new": (0, 10)},
    (0.8, 0): {"old": (10, 10), "new": (0, 10)},
    (0.3, 1): {"old": (10, 5), "new": (0, 5)},
    (0.3, 0): {"old": (40, 15), "new": (0, 25)},
}
# Four weeks before the window, day by day: visits of a shop, and how many of them buy, from Monday to Friday and at the
# weekend. In the window one shop is silent.
SALES_DAYS = 28
VISITS, BOUGHT = 100, {"weekday": 22, "weekend": 18}
WINDOW_VISITS, WINDOW_BOUGHT = {"north": 80, "south": 0}, 16
# Week by week, each of 100 visits: how many buy, by turns. For the last weeks fewer do. The oldest weeks are as many as it
# takes that nothing in the newest ones is of a shorter history.
WEEKS_BEFORE, WEEKS_SINCE = 94, 6
BY_TURNS = {"before": (48, 52), "since": (41, 45)}

TIME = "relation=source('raw', '{table}'), timestamp='at'"
REFERENCE = "reference={'start': '2025-01-01', 'end': '2025-01-03'}"
MONITORS = {
    "example_inputs": ("inputs", "numeric=['price'], categorical=['kind'], bins={'price': [10, 20, 30]}, families=['drift']"),
    "example_binary": ("inputs", "prediction='score', label='bought', task='binary', families=['performance']"),
    "example_multiclass": ("inputs", "prediction='chosen', label='right', task='multiclass', families=['performance']"),
    "example_regression": ("inputs", "prediction='forecast', label='amount', task='regression', families=['performance']"),
    "example_ranking": (
        "lists",
        "label='relevant', task='regression', ranking={'request': 'request', 'position': 'place', 'k': 3}, families=['performance']",
    ),
    "example_quality": ("inputs", "numeric=['stock'], categorical=['channel'], families=['quality']"),
    "example_sales": (
        "sales",
        "segments=['shop'], business_metrics={'orders': {'sum': 'bought'},"
        " 'conversion': {'numerator': 'bought', 'denominator': '1'}}, families=['business']",
    ),
    "example_weeks": (
        "weeks",
        "period='week', reference={'start': '2023-01-30', 'end': '2023-03-27'},"
        " business_metrics={'weekly_orders': {'sum': 'bought'}}, families=['business', 'trend']",
    ),
    "example_fairness": (
        "inputs", "prediction='score', label='bought', task='binary', segments=['region'], families=['fairness']",
    ),
    "example_concept": (
        "inputs", "categorical=['kind'], prediction='score', label='bought', task='binary', families=['concept']",
    ),
    "example_versions": (
        "inputs",
        "model_version='version', prediction='score', label='bought', task='binary', families=['comparisons'],"
        " business_metrics={'conversion': {'numerator': 'bought', 'denominator': '1'}}",
    ),
}  # fmt: skip


def _column(counts: dict[Any, tuple[int, int]], day: int) -> list[Any]:
    return [value for value, of_day in counts.items() for _ in range(of_day[0 if day < 2 else 1])]


def rows() -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {name: [] for name in (
        "at", "price", "kind", "score", "bought", "forecast", "amount", "chosen", "right", "stock", "channel", "region",
        "version",
    )}  # fmt: skip
    for day in range(3):
        found["at"] += [dt.datetime(2025, 1, 1 + day, row // 60, row % 60) for row in range(100)]
        found["price"] += _column(PRICES, day)
        found["kind"] += _column(KINDS, day)
        for (first, second), counts in (
            (("score", "bought"), SCORES), (("forecast", "amount"), AMOUNTS), (("chosen", "right"), CLASSES),
        ):  # fmt: skip
            pairs = _column(counts, day)
            found[first] += [pair[0] for pair in pairs]
            found[second] += [pair[1] for pair in pairs]
        found["stock"] += _column(STOCKS, day)
        found["channel"] += _column(CHANNELS, day)
        for name, of_pairs in (("region", REGIONS), ("version", VERSIONS)):
            found[name] += [value for pair in SCORES for value in _column(of_pairs[pair], day)]
    return found


def sales() -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {"at": [], "shop": [], "bought": []}
    for back in range(SALES_DAYS, -1, -1):
        midnight = dt.datetime(2025, 1, 3) - dt.timedelta(days=back)
        bought = BOUGHT["weekend" if midnight.weekday() > 4 else "weekday"] if back else WINDOW_BOUGHT
        for shop, of_window in WINDOW_VISITS.items():
            for number in range(VISITS if back else of_window):
                found["at"].append(midnight + dt.timedelta(minutes=number))
                found["shop"].append(shop)
                found["bought"].append(int(number < bought))
    return found


def weeks() -> dict[str, list[Any]]:
    """The last week is the last that is over in the others' window."""
    found: dict[str, list[Any]] = {"at": [], "bought": []}
    count = WEEKS_BEFORE + WEEKS_SINCE
    for week in range(count):
        monday = dt.datetime(2024, 12, 23) - dt.timedelta(weeks=count - 1 - week)
        bought = BY_TURNS["before" if week < WEEKS_BEFORE else "since"][week % 2]
        for number in range(VISITS):
            found["at"].append(monday + dt.timedelta(hours=number))
            found["bought"].append(int(number < bought))
    return found


def lists() -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {"at": [], "request": [], "place": [], "relevant": []}
    for day in range(3):
        for number, relevant in enumerate(_column(LISTS, day)):
            for place in range(1, 5):
                found["at"].append(dt.datetime(2025, 1, 1 + day, number % 24, number // 24))
                found["request"].append(100 * day + number)
                found["place"].append(place)
                found["relevant"].append(int(place == relevant))
    return found


def models() -> dict[str, str]:
    return {
        f"monitors/{name}": "{{ driftline.monitor("
        + ", ".join([TIME.format(table=table), *([] if "reference=" in more else [REFERENCE]), more])
        + ") }}"
        for name, (table, more) in MONITORS.items()
    }
