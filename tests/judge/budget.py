"""The judge's rule under a budget of false alarms, in numpy: what chance makes of many years of many series.

Differences are in standard deviations of chance, thresholds are next to nothing, so that noise alone governs. Where
``docs/decisions/0032`` has a closed form, ``openings`` has the Markov chain it approximates.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

ALPHA, REFERENCE_WINDOWS = 0.001, 30
A_WEEK = {"hour": 168.0, "day": 7.0, "week": 1.0, "month": 12 / 365.25 * 7}
# Breaches, among windows; quiet ones that end an alert.
OPENING = {"hour": (3, 5, 5), "day": (2, 3, 3), "week": (1, 1, 1), "month": (1, 1, 1)}


@dataclass(frozen=True)
class Kind:
    """How series of one kind are judged."""

    period: str = "day"
    sides: int = 2
    opening: tuple[int, int, int] | None = None

    @property
    def rule(self) -> tuple[int, int, int]:
        return self.opening or OPENING[self.period]

    def rate(self, series: Any, budget: float = 1.0) -> Any:
        """Alarms a window that each of so many series may make."""
        return budget / 0.9 / np.maximum(series, 20) / A_WEEK[self.period]

    def chance(self, rate: Any) -> Any:
        """Of a breach, for so many alarms a window."""
        k, m, end = self.rule
        m = min(m, (k - 1) * end + 1)
        base = (rate / comb(m - 1, k - 1)) ** (1 / k)
        return np.minimum(base * (1 + (1 + (m - k) * (k + 1) / k) / k * base), 0.25)


def factors(kind: Kind, series: Any, inside: Floats, budget: float = 1.0) -> tuple[Floats, Floats]:
    """What the noise is multiplied by, to breach and to open alone.

    ``inside``: series × windows of the reference (none: how its days differ is not known), in standard deviations.
    """
    z_alpha = stats.norm.isf(ALPHA / 2)
    rate = kind.rate(series, budget)
    found = []
    for tail in (kind.chance(rate) / kind.sides, rate / 20 / kind.sides):
        plain = stats.norm.isf(tail) / z_alpha
        n = inside.shape[-1]
        if n < 14:
            found.append(np.maximum(plain, 1.0) + np.zeros(inside.shape[:-1]))
            continue
        square = (inside**2).mean(axis=-1)
        wide = np.sqrt(square * (1 + 1 / n)) * stats.t.isf(tail, n) / z_alpha
        found.append(np.where(square > 1 + stats.norm.isf(0.1) * np.sqrt(2 / n), wide, plain))
    return found[0], found[1]


def judged(kind: Kind, x: Floats, factor: Floats, alone: Floats) -> tuple[Flags, Flags, Flags]:
    """Which windows breach, which open an alert by themselves, and which are quiet."""
    z_alpha = stats.norm.isf(ALPHA / 2)
    effect = np.abs(x) if kind.sides == 2 else x
    breach = effect > np.maximum(factor * z_alpha, 0)
    far = effect > np.maximum(1.5 * np.maximum(factor, 1), alone) * z_alpha
    quiet = ~breach & ((effect <= 0.5 * np.minimum(factor, 1) * factor * z_alpha) | (effect <= 0))
    return breach, breach & far, quiet


def alarms(kind: Kind, breach: Flags, far: Flags, quiet: Flags) -> Flags:
    """The windows that open an alert; windows are the last axis."""
    k, m, end = kind.rule
    shape, windows = breach.shape[:-1], breach.shape[-1]
    is_open, in_a_row = np.zeros(shape, bool), np.zeros(shape, int)
    recent = np.zeros((*shape, m), bool)
    opened = np.zeros(breach.shape, bool)
    for at in range(windows):
        recent = np.concatenate([recent[..., 1:], breach[..., at : at + 1]], axis=-1)
        opens = ~is_open & breach[..., at] & (far[..., at] | (recent.sum(axis=-1) >= k))
        opened[..., at] = opens
        is_open |= opens
        in_a_row = np.where(quiet[..., at], in_a_row + 1, 0)
        over = in_a_row >= end
        is_open &= ~over
        in_a_row[over] = 0
        recent[over] = False
    return opened


def openings(kind: Kind, p: float, quiet: float) -> float:
    """Openings a window where windows breach with the chance p and are quiet with another: the chain solved."""
    k, m, end = kind.rule
    start = (False, (False,) * (m - 1), 0)
    states, at, steps = {start: 0}, [start], []
    for state in at:
        is_open, recent, row = state
        for event, chance in (("breach", p), ("hovers", 1 - p - quiet), ("quiet", quiet)):
            opens = not is_open and event == "breach" and sum(recent) + 1 >= k
            in_a_row = row + 1 if event == "quiet" else 0
            then = (is_open or opens, (*recent, event == "breach")[1:] if m > 1 else (), in_a_row)
            if then[0]:
                then = (True, start[1], in_a_row)
            if in_a_row >= end:
                then = start
            if then not in states:
                states[then] = len(states)
                at.append(then)
            steps.append((states[state], states[then], chance, opens))
    flow, opened = np.zeros((len(at), len(at))), np.zeros(len(at))
    for here, there, chance, opens in steps:
        flow[here, there] += chance
        opened[here] += chance * opens
    stays = np.linalg.lstsq(
        np.vstack([flow.T - np.eye(len(at)), np.ones(len(at))]), np.r_[np.zeros(len(at)), 1.0], rcond=None
    )[0]
    return float(stays @ opened)


def years(
    rng: np.random.Generator, kind: Kind, series: int, count: int, correlation: float = 0.0, wander: float = 0.0,
    known: bool = True,
) -> Floats:  # fmt: skip
    """False alarms a week in each of so many years of an installation. ``wander``: days differ by so much more."""
    windows = round(A_WEEK[kind.period] * 365.25 / 7)
    found = []
    for _ in range(count):
        x = rng.standard_normal((series, REFERENCE_WINDOWS + windows), dtype=np.float32)
        if correlation:
            common = rng.standard_normal(REFERENCE_WINDOWS + windows, dtype=np.float32)
            x = np.sqrt(correlation) * common + np.sqrt(1 - correlation) * x
        if wander:
            x = x + wander * rng.standard_normal(x.shape, dtype=np.float32)
        inside = x[:, : REFERENCE_WINDOWS if known else 0]
        factor, alone = factors(kind, series, inside)
        marks = judged(kind, x[:, REFERENCE_WINDOWS:], factor[:, None], alone[:, None])
        found.append(alarms(kind, *marks).sum() / windows * A_WEEK[kind.period])
    return np.array(found)


def business_years(rng: np.random.Generator, series: int, count: int) -> Floats:
    """The same of business metrics of normal days: the noise of medians, of few degrees of freedom (decision 19)."""
    kind = Kind(opening=(1, 1, 2))
    nu = 2 + 28 / 3
    rate = kind.rate(series)
    z_alpha, z = stats.norm.isf(ALPHA / 2), stats.norm.isf(kind.chance(rate) / 2)
    factor = stats.t.isf(stats.norm.sf(z), nu) / stats.t.isf(stats.norm.sf(z_alpha), nu)
    found = []
    for _ in range(count):
        x = rng.standard_normal((series, 84 + 365))
        before = np.lib.stride_tricks.sliding_window_view(x, 28, axis=1)[:, :-1]
        apart = x[:, 28:] - np.median(before, axis=-1)
        off = np.lib.stride_tricks.sliding_window_view(np.abs(apart), 56, axis=1)[:, :-1]
        noise = 1.4826 * np.median(off, axis=-1) * stats.t.isf(ALPHA / 2, 2 + 56 / 6)
        ratio = np.abs(apart[:, 56:]) / noise
        breach = ratio > factor
        quiet = ratio <= 0.5 * min(factor, 1) * factor
        found.append(alarms(kind, breach, breach, quiet).sum() / 365 * 7)
    return np.array(found)
