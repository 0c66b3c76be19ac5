"""When the judge speaks and when it is done: the default rule on simulated measures, against three in a row.

Windows of made-up columns against a reference of 30 days, their PSI, KS and null rate as the package defines them, and the
noise that goes with their row counts. What the rule of before (three breaches in a row, two for rates; an end with the
first window that is no breach) would have made of the same breaches is printed next to it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from judge.metrics import AFTER, JUDGE, Row, judge, row
from scipy import stats
from support import NOBODY, Engine, Project

SERIES, ALPHA, REFERENCE_DAYS, BEFORE = 40, 0.001, 30, 10
EDGES = stats.norm.ppf(np.arange(1, 20) / 20)
# What happens to a column in the window of a day: the mean, the share of NULL, and rows a day.
SCENARIOS: dict[str, tuple[int, int, Callable[[int], dict[str, float]]]] = {
    "all NULL for one day": (60, 1000, lambda d: {"nulls": 1.0 if d == 50 else 0.0}),
    "5 sigma for one day": (60, 1000, lambda d: {"mean": 5.0 if d == 50 else 0.0}),
    "1 sigma every other day": (70, 1000, lambda d: {"mean": 1.0 if d >= BEFORE and d % 2 else 0.0}),
    "1 sigma on four days of seven": (
        70,
        1000,
        lambda d: {"mean": 1.0 if d >= BEFORE and d % 7 in (0, 2, 4, 5) else 0.0},
    ),
    "0.2 sigma for good": (70, 1000, lambda d: {"mean": 0.2 if d >= BEFORE else 0.0}),
    "0.25 sigma for good": (70, 1000, lambda d: {"mean": 0.25 if d >= BEFORE else 0.0}),
    "NULL from 5 to 10 % for good": (70, 1000, lambda d: {"nulls": 0.10 if d >= BEFORE else 0.05, "usual_nulls": 0.05}),
    "nothing, 1,000 rows a day": (182, 1000, lambda d: {}),
    "nothing, 200 rows a day": (182, 200, lambda d: {}),
    "nothing, but the days differ by 0.05 sigma": (182, 1000, lambda d: {"wander": 0.05}),
    "nothing, but the days differ by 0.1 sigma": (182, 1000, lambda d: {"wander": 0.1}),
}


def measures(
    rng: np.random.Generator, rows: int, what: dict[str, float], m: int
) -> dict[str, tuple[float, float, float]]:
    """Value, expectation and noise of one window; None is nothing expected."""
    usual = what.get("usual_nulls", 0.0)
    nulls = rng.binomial(rows, what.get("nulls", usual))
    mean = what.get("mean", 0.0) + rng.normal(0, what.get("wander", 0.0))
    shares = np.diff(np.concatenate([[0], stats.norm.cdf(EDGES - mean), [1]]))
    n = rows - nulls
    counts = rng.multinomial(n, shares)
    found: dict[str, tuple[float, float, float]] = {}
    if n:
        p, q = np.full(20, 0.05), counts / n
        ks = float(np.abs(np.cumsum(q - p)).max())
        found["ks_lower"] = (ks, np.nan, float(np.sqrt(-np.log(ALPHA / 2) / 2 * (1 / n + 1 / m))))
    groups = np.append(np.diff(np.cumsum(counts)[1::2], prepend=0), nulls) / rows
    base = np.append(np.full(10, 0.1 * (1 - usual)), usual)
    some = (groups > 0) | (base > 0)
    q, p = np.maximum(groups[some], 0.5 / rows), np.maximum(base[some], 0.5 / m)
    psi = float(((q - p) * np.log(q / p)).sum())
    found["psi"] = (psi, np.nan, float((1 / rows + 1 / m) * stats.chi2.ppf(1 - ALPHA, some.sum() - 1)))
    rate, pooled = nulls / rows, (nulls + usual * m) / (rows + m)
    noise = float(stats.norm.ppf(1 - ALPHA) * np.sqrt(pooled * (1 - pooled) * (1 / rows + 1 / m)))
    found["null_rate"] = (rate, usual, noise)
    return found


def simulated() -> Iterator[Row]:
    rng = np.random.default_rng(15)
    for scenario, (days, rows, happens) in SCENARIOS.items():
        m = REFERENCE_DAYS * rows
        for number in range(SERIES):
            # What the reference's own windows exceed chance by is noise too.
            own = [
                measures(rng, rows, {**happens(0), "nulls": happens(0).get("usual_nulls", 0.0)}, m)
                for _ in range(REFERENCE_DAYS)
            ]
            excess = {
                metric: max(0.0, *(window[metric][0] - window[metric][2] for window in own))
                for metric in ("psi", "ks_lower")
            }
            for day in range(days):
                for metric, (value, expected, noise) in measures(rng, rows, happens(day), m).items():
                    yield row(
                        day, monitor=scenario, column_name=f"c{number}", metric=metric, value=value, row_count=rows,
                        noise=noise + excess.get(metric, 0.0), family="quality" if metric == "null_rate" else "drift",
                        expected=None if np.isnan(expected) else expected, baseline_row_count=m,
                    )  # fmt: skip


@pytest.fixture(scope="module")
def told(duckdb_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, dict[str, float]]]:
    """For each scenario: the columns that were told, alerts a column, the share still open; and so by the rule before."""
    folder = tmp_path_factory.mktemp("speaking")
    project = Project(
        folder,
        duckdb_engine.workspace(folder),
        models=NOBODY,
        vars={"driftline_monitors": ["nobody"], "driftline_windows": {"day": [1]}},
    )
    project.build("--select", "+driftline_alerts", "+driftline_incidents")
    chain = project.chain(select=" ".join((*JUDGE, *AFTER)))
    judge(chain, list(simulated()))
    found: dict[str, dict[str, float]] = {}
    alerts = defaultdict(list)
    for monitor, column, status in chain.sql("select monitor, column_name, status from driftline_alerts"):
        alerts[monitor].append((column, status))
    before = defaultdict(list)
    runs: dict[tuple[str, ...], int] = defaultdict(int)
    ordered = chain.sql(
        "select monitor, column_name, metric, window_start, is_breach from driftline_int_judgements order by 1, 2, 3, 4"
    )
    for place, (monitor, column, metric, _, breach) in enumerate(ordered):
        key = (monitor, column, metric)
        last = place + 1 == len(ordered) or tuple(ordered[place + 1][:3]) != key
        runs[key] = runs[key] + 1 if breach else 0
        needed = 2 if metric == "null_rate" else 3
        if breach and runs[key] == needed:
            before[monitor].append([column, "resolved"])
        if breach and runs[key] >= needed and last:
            before[monitor][-1][1] = "open"
    for scenario in SCENARIOS:
        for name, made in (("now", alerts[scenario]), ("before", before[scenario])):
            columns = {column for column, _ in made}
            found[f"{scenario}, {name}"] = {
                "told": len(columns),
                "alerts": len(made) / SERIES,
                "open": len({column for column, status in made if status == "open"}),
            }
    yield found
    project.close()


def test_what_is_told(told: dict[str, dict[str, float]], figure: Callable[[str, object], None]) -> None:
    for scenario in SCENARIOS:
        now, before = told[f"{scenario}, now"], told[f"{scenario}, before"]
        figure(
            scenario,
            f"{now['told']} of {SERIES} columns told, {now['alerts']:.2f} alerts each, {now['open']} open at the end"
            f" (three in a row: {before['told']}, {before['alerts']:.2f}, {before['open']})",
        )
    # PSI and KS of a column, or PSI and null_rate, are two alerts.
    for scenario in ("all NULL for one day", "5 sigma for one day"):
        assert told[f"{scenario}, now"] == {"told": SERIES, "alerts": 2, "open": 0}
    for scenario in ("1 sigma every other day", "1 sigma on four days of seven"):
        assert told[f"{scenario}, now"] == {"told": SERIES, "alerts": 2, "open": SERIES}
    for scenario in ("0.2 sigma for good", "0.25 sigma for good", "NULL from 5 to 10 % for good"):
        now = told[f"{scenario}, now"]
        assert now["told"] == now["open"] == SERIES
        assert now["alerts"] <= 1.6
    for scenario in ("1,000 rows a day", "200 rows a day", "but the days differ by 0.05 sigma"):
        assert told[f"nothing, {scenario}, now"]["alerts"] <= 0.05
    # Where the days themselves differ as much as the threshold, two of three windows are met by chance.
    assert told["nothing, but the days differ by 0.1 sigma, now"]["alerts"] <= 1
