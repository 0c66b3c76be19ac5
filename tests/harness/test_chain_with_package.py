"""A chain of the package's own models gives what the build gave, and follows the data it is given."""

from __future__ import annotations

import numpy as np
import pandas as pd

MONITOR = """{{ driftline.monitor(
    relation=source('raw', 'log'), timestamp='ts', reference={'start': '2020-01-01', 'end': '2020-01-20'},
    numeric=['x'], categorical=['c']
) }}"""
DRIFT = """
    select column_name, baseline, window_periods, window_start, row_count, psi, ks_lower, wasserstein
    from driftline_drift order by 1, 2, 3, 4"""
LOOKED_AT = "+driftline_drift"


def log(seed: int, rows: int = 3000) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    seconds = rng.integers(0, 30 * 86400, rows)
    return pd.DataFrame(
        {
            "ts": pd.Timestamp("2020-01-01") + pd.to_timedelta(seconds, unit="s"),
            "x": rng.normal(size=rows),
            "c": rng.choice(list("abc"), rows),
        }
    )


def same(one: list[tuple], other: list[tuple]) -> bool:
    if [row[:5] for row in one] != [row[:5] for row in other]:
        return False
    # Not to the last bit: DuckDB adds up in several threads, in no fixed order.
    measures = [np.array([row[5:] for row in rows], dtype=float) for rows in (one, other)]
    return np.allclose(*measures, rtol=1e-9, atol=1e-12, equal_nan=True)


def test_chain_equals_build(make_project):
    variables = {"driftline_monitors": ["watched"], "driftline_now": "2020-02-01"}
    project = make_project(models={"watched": MONITOR}, tables={"log": log(1)}, vars=variables)
    project.build("--select", LOOKED_AT)
    built = project.sql(DRIFT)
    assert built
    chain = project.chain(select=LOOKED_AT)
    chain.run()
    assert same(chain.sql(DRIFT), built)
    chain.load("log", log(2))
    chain.run()
    assert not same(chain.sql(DRIFT), built)
    chain.load("log", log(1))
    chain.run()
    assert same(chain.sql(DRIFT), built)
    chain.close()
