"""Freshness from its definition, in plain loops: how likely a silence was, and how many periods in it miss their rows.

``filled`` says of each period whether it had rows, from the first with rows on; ``counts`` whether anything came at all
(always, for a total). A period's slot is its hour of the week or its weekday; weeks and months have one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

STRATA = (1, 2, 4, 8)
FIRST_OUTAGE = 3  # so many slots in a row that always had rows, and have none, are an outage


@dataclass
class Silence:
    periods: int
    missing: float
    noise: float


@dataclass
class _Known:
    """What was known at the end of a period with rows."""

    always: dict[int, tuple[int, int]]
    never: tuple[int, int]
    counted: int
    filled: int
    longest: int


def silences(
    filled: Sequence[bool], counts: Sequence[bool], season: int, first_index: int = 0, alpha: float = 0.001
) -> list[Silence]:
    slots = [(first_index + i) % season for i in range(len(filled))]

    def memory(usable: Sequence[bool], slot: int, until: int) -> tuple[int, int]:
        """How often a slot was seen before a period, and how often with rows."""
        same = [i for i in range(until) if slots[i] == slot and usable[i]]
        return len(same), sum(filled[i] for i in same)

    last = [0] * len(filled)
    for i, has in enumerate(filled):
        last[i] = i if has else last[i - 1]
    usable = list(counts)
    for begin in sorted(set(last)):
        run = [i for i in range(len(filled)) if last[i] == begin and not filled[i] and counts[i]]
        known = [memory(counts, slots[i], begin + 1) for i in run]
        surprises = sum(seen > FIRST_OUTAGE and rows == seen for seen, rows in known)
        possible = sum(seen == 0 or rows > 0 for seen, rows in known)
        if surprises >= FIRST_OUTAGE and 2 * surprises >= possible:
            for i in run:
                usable[i] = False

    always = {s: [0, 0] for s in STRATA}
    never, counted, rows_so_far, longest = [0, 0], 0, 0, 0
    known_at: dict[int, _Known] = {}
    for i, has in enumerate(filled):
        if usable[i]:
            seen, rows = memory(usable, slots[i], i)
            counted += 1
            longest = max(longest, i - last[i])
            if seen and rows == seen:
                stratum = always[max(s for s in STRATA if s <= seen)]
                stratum[0] += 1
                stratum[1] += not has
            elif seen and rows == 0:
                never[0] += 1
                never[1] += not has
        if has:
            rows_so_far += 1
            known_at[i] = _Known(
                {s: (n, k) for s, (n, k) in always.items()}, (never[0], never[1]), counted, rows_so_far, longest
            )

    found, missing, log_chance = [], 0.0, 0.0
    for i, has in enumerate(filled):
        if has:
            missing = log_chance = 0.0
            found.append(Silence(0, 0.0, 0.0))
            continue
        known = known_at[last[i]]
        if counts[i]:
            seen, rows = memory(usable, slots[i], last[i] + 1)
            chance = _chance(known, seen, rows, season, alpha)
            missing += 1 - chance
            log_chance += math.log(chance)
        periods = i - last[i]
        early = (known.longest > 0 and known.counted < 4 * season and periods <= season + 2 * known.longest) or (
            known.filled < 3 and periods <= 4.5 * season
        )
        noise = missing * max(math.log(alpha) / log_chance, 1.0 if early else 0.0) if log_chance else 0.0
        found.append(Silence(periods, missing, noise))
    return found


def _chance(known: _Known, seen: int, rows: int, season: int, alpha: float) -> float:
    """Of a period to have no rows."""
    if seen == 0:
        return float(alpha ** (1 / (1.5 * season)))
    if rows == 0:
        return (known.never[1] + 9) / (known.never[0] + 10)
    if rows < seen:
        return (seen - rows + 1) / (seen + 2)
    if not any(k for _, k in known.always.values()):
        n = sum(n for n, _ in known.always.values())
        return 1 / 9 / ((n + 1) * (n + 2))
    n, k = known.always[max(s for s in STRATA if s <= seen)]
    return (k + 1) / (n + 2)
