"""What stands at the head of a monitor, fed by what its sections have to tell."""

from __future__ import annotations

from datetime import datetime

from . import numbers as n
from .section import View
from .shapes import Tile, last_filled
from .warehouse import Row


def glance(v: View, as_of: datetime | None, now: datetime | None = None) -> None:
    opened = v.critical + v.warn
    build(v, now)
    if not v.has_data:
        judged(v)
        v.sentence = [
            f"{v.name} has no complete window yet: there were no rows to measure, or the first "
            f"{v.period} is not over. The report fills once a build has read a complete {v.period}."
        ]
        v.tiles = [Tile(f"Open {v.told}s", str(opened), state=v.status), Tile("Latest window", "none complete yet")]
        return
    open_ones(v, opened)
    telling = sorted((s for s in v.sections if s.told_at), key=lambda s: s.told_at)
    windows, size = next((found for s in telling if (found := s.windows())), (None, 1))
    if windows is not None:
        latest(v, windows, as_of)
        fresh(v, windows, as_of)
    judged(v)
    for section in telling:
        told = section.tell(size)
        v.tiles += told.tiles
        v.figures += told.figures
        v.sentence += told.sentences


def open_ones(v: View, opened: int) -> None:
    critical, warn = n.plural(v.critical, f"critical {v.told}"), n.plural(v.warn, "warning")
    v.tiles.append(
        Tile(
            f"Open {v.told}s", str(opened),
            [f"{v.critical} critical", f"{v.warn} " + ("warning" if v.warn == 1 else "warnings")] if opened
            else [f"{n.whole(v.resolved)} resolved" if v.resolved else "none so far"],
            v.status,
        )
    )  # fmt: skip
    both = f"{critical if v.critical else ''}{' and ' if v.critical and v.warn else ''}{warn if v.warn else ''}"
    v.sentence.append(
        f"{both[0].upper() + both[1:] if both[0].isalpha() else both} {'is' if opened == 1 else 'are'} open."
        if opened
        else f"No {v.told} is open."
    )


def latest(v: View, windows: Row, as_of: datetime | None) -> None:
    """The latest complete window with rows, and how many there usually are."""
    at = last_filled(windows["n"])
    start, end = n.from_minutes(windows["t0"][at]), n.from_minutes(windows["t1"][at])
    size = windows["k"][3]
    v.latest = n.span(start, end, v.period)
    v.rows = n.whole(windows["n"][at])
    length = n.windows(size, v.period)
    missing = len(windows["n"]) - 1 - at
    details = [f"complete, {length}"]
    if missing:
        details = [f"no rows in the {n.plural(missing, 'window')} since"]
    v.tiles.append(Tile("Latest window", v.latest, details, "warn" if missing else "", wide=True))
    usual = sorted(x for x in windows["n"][max(0, at - 28) : at] if x)
    rows = Tile("Rows in it", v.rows)
    if usual:
        middle = usual[len(usual) // 2]
        rows.details = [f"usually {n.whole(middle)}"]
    v.tiles.append(rows)
    v.sentence.append(
        f"The latest complete window with rows is {v.latest} ({length}): {n.plural(windows['n'][at], 'row')}."
        + (f" The {n.plural(missing, 'window')} since then had none." if missing else "")
    )
    if as_of is not None and not missing and end is not None:
        behind = (as_of - end) / max((end - start) / size, n.ONE_MINUTE) if start else 0
        if behind > 3:
            v.sentence.append(
                f"No complete {v.period} followed until the run of {n.moment(as_of)}: does data still arrive?"
            )


# -- whether it runs, how fresh it is, how much was judged -------------------------------------------------------------


def build(v: View, now: datetime | None) -> None:
    """When it was last read, and its results last computed, without an error. Times are UTC."""
    one = v.health
    if one is None or not one.status:
        return
    read, computed = n.as_datetime(one.last_success_at), n.as_datetime(one.results_computed_at)
    if read is None:
        v.operation.append(Tile("Last read without an error", "never", state="warn"))
        return
    details = [f"{n.ago(now - read)} before this page"] if now is not None and now >= read else []
    if computed is not None:
        details.append(f"results of {n.utc(computed)}" + (", older than that" if one.results_older_than_state else ""))
    if one.failed_runs:
        details.append(f"{n.plural(one.failed_runs, 'run')} failed since")
    fine = one.status == "ok" and not one.results_older_than_state and not one.failed_runs
    v.operation.append(Tile("Last read without an error", n.utc(read), details, "quiet" if fine else "warn", wide=True))


def fresh(v: View, windows: Row, as_of: datetime | None) -> None:
    """Until when there are rows, and how many periods were over without any when they were read."""
    at = last_filled(windows["n"])
    start, end = n.from_minutes(windows["t0"][at]), n.from_minutes(windows["t1"][at])
    period = (end - start) / windows["k"][3]
    if v.health is None or as_of is None or not windows["n"][at] or period < n.ONE_MINUTE:
        return
    late = max(len(windows["n"]) - 1 - at, int((as_of - end) / period))
    missing = n.plural(late, v.period) + " without rows" if late else f"no {v.period} was missing"
    details = [f"{missing} at the run of {n.moment(as_of)}"]
    whole_days = period.seconds == 0 and end.hour == end.minute == 0
    label, until = ("Rows until the end of", n.day(end - n.ONE_MINUTE)) if whole_days else ("Rows until", n.moment(end))
    v.operation.append(Tile(label, until, details, "warn" if late else "quiet"))


def judged(v: View) -> None:
    """How many windows were, and where it stands why the others were not."""
    one = v.health
    if one is None or not one.windows:
        return
    state = "warn" if not one.windows_judged else "" if one.windows_not_judged else "quiet"
    why = (
        (f"#not-judged-{v.index}", f"{n.plural(one.windows_not_judged, 'window')} not: why")
        if one.not_judged and v.has_data
        else None
    )
    v.operation.append(Tile("Windows judged", f"{one.windows_judged:,} of {one.windows:,}", [], state, link=why))
