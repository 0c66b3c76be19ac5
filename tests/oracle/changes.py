"""Time series of a measure, a second time: expectation, scale, trend and CUSUM by plain loops over one series.

Nothing here is shared with the SQL but the definitions of docs/measures.md. A series maps the running number of a window's
last period to its value (None: there was a window, but no value).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

ALLOWANCE, CUT, LIMIT = 0.5, 2.5, 8.0
NEWEST = 4


@dataclass(frozen=True)
class Spans:
    """All but ``size`` (periods in a window) in windows."""

    size: int
    season: int
    level: int

    @property
    def scale(self) -> int:
        return 2 * self.level

    @property
    def guard(self) -> int:
        return self.level // 4

    @property
    def memory(self) -> int:
        return self.level // 2


def spans(size: int, season: int, trailing: int) -> Spans:
    """``season`` and ``trailing`` in periods."""
    windows = math.lcm(size, season) // size
    least = max(24, trailing // size)
    return Spans(size, windows, least if windows > least else math.ceil(least / windows) * windows)


@dataclass
class Window:
    value: float | None
    expected: float | None = None
    seasonal_effect: float | None = None
    season_count: int = 0
    residual: float | None = None
    scale: float | None = None
    autocorrelation: float | None = None
    z_score: float | None = None
    trend: float | None = None
    trend_standard_error: float | None = None
    trend_p_value: float | None = None
    cusum_up: float | None = None
    cusum_down: float | None = None
    direction: str | None = None
    change_start: int | None = None
    """Index of the window the change began with."""
    change_windows: int | None = None
    level_before: float | None = None
    level_after: float | None = None
    noise: float | None = None
    ambiguous: bool = False
    """Another beginning gives the same CUSUM to within rounding."""


def normal_score(t: float, nu: float) -> float:
    """The standard normal value as far out as Student's t."""
    return float(math.copysign(stats.norm.isf(stats.t.sf(abs(t), nu)), t))


def weights_of(rows: Mapping[int, float], y: Mapping[int, float]) -> dict[int, float]:
    """A window's rows, at most ten times the mean of itself and the 24 windows before, overlapping ones too."""
    indices = sorted(rows)
    found: dict[int, float] = {}
    for place, i in enumerate(indices):
        if i in y:
            lately = [rows[k] for k in indices[max(place - 24, 0) : place + 1] if k in y]
            found[i] = min(rows[i], 10 * float(np.mean(lately)))
    return found


def describe(
    series: Mapping[int, float | None], s: Spans, rows: Mapping[int, float] | None = None
) -> dict[int, Window]:
    """``rows``: how many a window's value is the mean of; None for what is no mean: then all windows count alike."""
    indices = sorted(series)
    first = indices[0]
    windows = {i: Window(series[i]) for i in indices}
    y = {i: v for i, v in series.items() if v is not None}
    weight = weights_of({i: rows[i] for i in indices}, y) if rows is not None else dict.fromkeys(y, 1.0)

    def mean(values: Mapping[int, float], of: list[int]) -> float:
        return float(np.average([values[k] for k in of], weights=[weight[k] for k in of]))

    def back(i: int, count: int, start: int = 1) -> list[int]:
        """The windows ``start`` … ``count`` before a window, the newest first; those of its phase."""
        return [i - k * s.size for k in range(start, count + 1)]

    from_season: dict[int, float] = {}
    left = (s.season - 1) // 2
    if s.season > 1:
        for i in y:
            around = [i + k * s.size for k in range(-left, s.season - left)]
            there = [k for k in around if k in y]
            if around[0] >= first and len(there) >= s.season / 2:
                from_season[i] = y[i] - mean(y, there)

    # How far a mean over windows lies from the truth goes with one over the sum of their weights.
    adjusted: dict[int, float] = {}
    effects: dict[int, tuple[float, float]] = {}
    for i in indices:
        same = [i - k * s.season * s.size for k in range(1, 9)]
        known = [k for k in same if k in from_season] if s.season > 1 else []
        windows[i].season_count = len(known)
        effects[i] = (mean(from_season, known), 1 / sum(weight[k] for k in known)) if len(known) >= 2 else (0.0, 0.0)
        if i in y:
            adjusted[i] = y[i] - effects[i][0]

    errors: dict[int, float] = {}
    factors: dict[int, float] = {}
    for i in indices:
        guarded = [k for k in back(i, s.level + s.guard, s.guard + 1) if k in adjusted]
        near = [k for k in back(i, s.level) if k in adjusted]
        used = guarded if len(guarded) >= 5 else near
        if len(used) < 5:
            continue
        w, level = windows[i], mean(adjusted, used)
        w.expected = level + effects[i][0]
        if effects[i][1]:
            w.seasonal_effect = effects[i][0]
        all_of_level = sum(weight[k] for k in used)
        own = weight.get(i, all_of_level / len(used))
        factors[i] = math.sqrt(1 + own / all_of_level + own * effects[i][1])
        if i in y:
            w.residual = y[i] - w.expected
            if abs(w.residual) <= 1e-10 * max(abs(y[i]), abs(level)):
                w.residual = 0.0
            errors[i] = w.residual / factors[i] * math.sqrt(weight[i])

    # What the errors of the newest windows say together, were they independent: as much as one of them.
    together: dict[int, float] = {}
    for i in errors:
        newest = [errors[k] for k in back(i, s.guard - 1, 0) if k in errors]
        if len(newest) >= s.guard / 2:
            together[i] = sum(newest) / math.sqrt(len(newest))

    scores: dict[int, float] = {}
    for i in indices:
        w = windows[i]
        stretch = [k for k in back(i, s.scale + s.guard, s.guard + 1) if k in errors]
        factor = math.nan
        if len(stretch) >= 8:
            sd = math.sqrt(np.mean([errors[k] ** 2 for k in stretch]))
            pairs = [(errors[k], errors[k - s.size]) for k in stretch if k - s.size in errors]
            rho = 0.0
            squares = sum(a * a + b * b for a, b in pairs) / 2
            if pairs and squares > 0:
                rho = sum(a * b for a, b in pairs) / squares
                rho += (1 + 4 * max(rho, 0.0)) / len(pairs)
            sums = [together[k] for k in stretch if k in together]
            if sums and sd > 0:
                # Sums of an autoregressive series scatter (1 + ρ) / (1 - ρ) times as much: solved for ρ.
                excess = float(np.mean(np.square(sums))) / sd**2
                rho = max(rho, (excess - 1) / (excess + 1))
            w.autocorrelation = rho = min(max(rho, 0.0), 0.95)
            factor = math.sqrt((1 + rho) / (1 - rho))
            if i in factors and sd > 0:
                usual = float(np.mean([weight[k] for k in stretch]))
                w.scale = sd * factors[i] / math.sqrt(min(weight.get(i, usual), usual))
                if w.residual is not None:
                    w.z_score = normal_score(w.residual / (w.scale * factor), len(stretch))
                    scores[i] = min(max(w.z_score, -CUT), CUT)
        recent = [k for k in back(i, s.level - 1, 0) if k in adjusted]
        if len(recent) >= 8 and len(stretch) >= 8:
            values = [adjusted[k] for k in recent]
            fit = stats.linregress(recent, values)
            varies = np.std(values) > 1e-10 * abs(np.mean(values))  # else it is rounding
            w.trend = float(fit.slope) if varies else 0.0
            w.trend_standard_error = float(fit.stderr) * factor if varies else 0.0
            if w.trend == 0:
                w.trend_p_value = 1.0
            elif w.trend_standard_error > 0:
                w.trend_p_value = float(2 * stats.t.sf(abs(w.trend) / w.trend_standard_error, len(recent) - 2))

    for i in scores:
        w = windows[i]
        # Every stretch of windows that ends here, the shortest first.
        stretch, sums = [], []
        for k in back(i, s.memory - 1, 0):
            if k in scores:
                stretch.append(k)
                total = sum(scores[j] for j in stretch)
                sums.append((total - ALLOWANCE * len(stretch), -total - ALLOWANCE * len(stretch)))
        up, down = max(a for a, _ in sums), max(b for _, b in sums)
        w.cusum_up, w.cusum_down = max(up, 0.0), max(down, 0.0)
        best = max(up, down)
        assert w.scale is not None and w.autocorrelation is not None
        one = w.scale * math.sqrt((1 + w.autocorrelation) / (1 - w.autocorrelation))
        if best <= 0:
            w.level_before = w.level_after = w.expected
            w.noise = one * (ALLOWANCE + LIMIT)
            w.ambiguous = best > -1e-4
            continue
        side = 0 if up >= down else 1
        w.direction = ("up", "down")[side]
        place = next(n for n, pair in enumerate(sums) if pair[side] == best)
        others = [pair[side] for n, pair in enumerate(sums) if n != place] + [sums[place][1 - side], 0.0]
        w.ambiguous = best - max(others) < 1e-4
        count = place + 1
        w.change_start, w.change_windows = stretch[place], count
        known = [windows[k] for k in stretch[:count]]
        w.level_before = float(np.mean([x.expected for x in known if x.expected is not None]))
        shift = float(np.mean([x.residual for x in known if x.residual is not None]))
        # Over is what the newest windows, as many as make an alarm at least, no longer show.
        newest = [windows[k].residual for k in sorted(scores) if k <= i and (i - k) % s.size == 0][-NEWEST:]
        side_of = 1 - 2 * side
        lasting = side_of * float(np.mean([r for r in newest if r is not None])) - side_of * shift / 2
        w.ambiguous = w.ambiguous or abs(lasting) < 1e-9 * abs(shift)
        w.level_after = w.level_before + (shift if lasting > 0 else 0.0)
        if shift * (1 - 2 * side) > 0:
            w.noise = abs(shift) * (ALLOWANCE * count + LIMIT) / (ALLOWANCE * count + best)
    return windows
