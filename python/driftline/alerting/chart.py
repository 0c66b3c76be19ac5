"""A small line chart as PNG, by matplotlib where it is installed."""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from datetime import datetime


def draw(points: Sequence[tuple[datetime, float]], level: float | None, since: datetime | None) -> bytes | None:
    """The course of a value, with the level it is held against, and shaded from where it breached.

    None where there is nothing to draw or nothing to draw it with. There are no texts of the data in it: fonts do not
    have every script, and what it shows is said beside it.
    """
    if len(points) < 2:
        return None
    try:
        # Building its font cache, once per machine, is not worth a word.
        logging.getLogger("matplotlib").setLevel(logging.ERROR)
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
        from matplotlib.figure import Figure
    except ImportError:
        return None
    figure = Figure(figsize=(7.4, 2.4), dpi=160, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    times = [at for at, _ in points]
    axes.plot(times, [value for _, value in points], color="#1f5fa8", linewidth=1.6)  # type: ignore[arg-type]
    axes.plot(times[-1:], [points[-1][1]], marker="o", markersize=4, color="#1f5fa8")  # type: ignore[arg-type]
    if level is not None:
        axes.axhline(level, color="#5c5c58", linewidth=1, linestyle=(0, (4, 3)))
    if since is not None and since <= times[-1]:
        axes.axvspan(max(since, times[0]), times[-1], color="#b3261e", alpha=0.1, linewidth=0)  # type: ignore[arg-type]
    locator = AutoDateLocator(minticks=3, maxticks=7)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes.tick_params(labelsize=8, colors="#5c5c58")
    axes.margins(x=0.01)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()
