#!/usr/bin/env python3
"""Started by an alert: retrain the recommender's scorer, hold it against the champion, promote it if it is better.

Reads the alert as `driftline alert` writes it, as JSON on standard input. An offline replay over the demo's log:

    before CUT        rows of the champion, with what was bought: the new model learns from these alone
    from CUT to END   later rows of the champion: the new model scores the very same ones, in shadow

What was bought is on the invoice that made the request, so the label of a row is known as soon as the row is.

Exit code 0 if it could be decided, whichever way; 1 if not. The champion stays unless the new one is better.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import duckdb

HERE = Path(__file__).resolve().parent
LOG = HERE.parent / "data" / "reco_log.parquet"
TARGET = HERE / "target"
CHAMPION, CHALLENGER = "reco_v1", "retrained"
# Eight months to learn from. END is the day on which reco_v1 got no more traffic.
CUT, END = "2011-05-02", "2011-10-03"
MONITOR = "model_comparison"
# The score is to be a probability. Metrics of a decision at 0.5 say little where one item in five is bought.
METRIC = "log_loss"

FEATURES = (
    "cf_affinity", "own_purchases", "days_since_own", "item_pop_28d", "item_price", "cust_orders",
    "cust_recency_days", "cust_distinct_items",
)  # fmt: skip
STEPS = 12


def solve(matrix: list[list[float]], right: list[float]) -> list[float]:
    """The solution of a system of linear equations, by elimination."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    size = len(rows)
    for i in range(size):
        pivot = max(range(i, size), key=lambda r: abs(rows[r][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [value / rows[i][i] for value in rows[i]]
        for r in range(size):
            if r != i:
                factor = rows[r][i]
                rows[r] = [a - factor * b for a, b in zip(rows[r], rows[i], strict=True)]
    return [row[-1] for row in rows]


def fit(database: duckdb.DuckDBPyConnection) -> list[float]:
    """Logistic regression of y on x0, x1 ... of the table `train`, by Newton's method. The warehouse makes the sums."""
    names = [f"x{i}" for i in range(len(FEATURES) + 1)]
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i:]]
    weights = [0.0] * len(names)
    for _ in range(STEPS):
        sums = [f"sum((y - p) * {a})" for a in names] + [f"sum(p * (1 - p) * {a} * {b})" for a, b in pairs]
        found = database.execute(
            f"select {', '.join(sums)} from (select *, {probability(weights)} as p from train)"
        ).fetchone()
        assert found is not None
        gradient, curvature = found[: len(names)], dict(zip(pairs, found[len(names) :], strict=True))
        step = solve([[curvature[min(a, b), max(a, b)] for b in names] for a in names], list(gradient))
        weights = [w + s for w, s in zip(weights, step, strict=True)]
        if max(map(abs, step)) < 1e-9:
            break
    return weights


def probability(weights: Sequence[float]) -> str:
    return f"1 / (1 + exp(-({' + '.join(f'({w!r}) * x{i}' for i, w in enumerate(weights))})))"


def retrain(path: Path, shuffled: bool) -> tuple[dict[str, object], int, int]:
    """Learn from the rows before the cut, write the table `shadow_scores` of those after it.

    Returns the model and how many rows there were before and after.
    """
    with duckdb.connect(str(path)) as database:
        # The same sums in the same order, so that the same model comes out every time.
        database.execute("set threads = 1")
        logs = ", ".join(f"ln(1 + {name}) as {name}" for name in FEATURES)
        database.execute(
            f"create temp table rows_of_champion as select prediction_id, ts as served_at, score, label, {logs}, "
            "ts < cast($cut as timestamp) as is_past from read_parquet($log) "
            "where model_version = $champion and ts < cast($until as timestamp)",
            {"log": str(LOG), "champion": CHAMPION, "cut": CUT, "until": END},
        )
        # Mean and spread, too, are those of the past.
        spreads = ", ".join(f"avg({name}), stddev({name})" for name in FEATURES)
        found = database.execute(f"select {spreads} from rows_of_champion where is_past").fetchone()
        assert found is not None
        means, deviations = found[::2], found[1::2]
        scaled = ", ".join(
            f"({name} - ({mean!r})) / {deviation!r} as x{i}"
            for i, (name, mean, deviation) in enumerate(zip(FEATURES, means, deviations, strict=True), start=1)
        )
        database.execute(f"create temp table prepared as select *, 1.0 as x0, {scaled} from rows_of_champion")
        # With labels of other rows there is nothing to learn: what such a model is worth shows that the gate holds.
        number = "row_number() over (order by {})"
        own, other = (
            number.format("prediction_id"),
            number.format("hash(prediction_id)" if shuffled else "prediction_id"),
        )
        database.execute(
            f"create temp table train as select a.*, b.label as y from "
            f"(select *, {own} as place from prepared where is_past) as a "
            f"join (select label, {other} as place from prepared where is_past) as b using (place)"
        )
        weights = fit(database)
        later = "from prepared where not is_past"
        database.execute(
            "create or replace table shadow_scores as select prediction_id, served_at, "
            f"'{CHAMPION}' as model_version, cast(score as double) as score, label {later} "
            f"union all select prediction_id, served_at, '{CHALLENGER}', {probability(weights)}, label {later}"
        )
        learnt, scored = (
            database.execute(f"select count(*) from prepared where {which}").fetchone()[0]
            for which in ("is_past", "not is_past")
        )
    slopes = [weight / deviation for weight, deviation in zip(weights[1:], deviations, strict=True)]
    model = {
        "probability": "1 / (1 + exp(-(intercept + sum of weight * ln(1 + feature))))",
        "intercept": weights[0] - sum(slope * mean for slope, mean in zip(slopes, means, strict=True)),
        "weights": dict(zip(FEATURES, slopes, strict=True)),
        "trained_before": CUT,
    }
    return model, learnt, scored


def run(program: str, *arguments: str) -> tuple[int, str]:
    """Run a program that is installed beside this Python; its exit code and what it said."""
    found = subprocess.run(
        [str(Path(sys.executable).with_name(program)), *arguments, "--project-dir", ".", "--profiles-dir", "."],
        cwd=HERE, capture_output=True, text=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return found.returncode, (found.stdout + found.stderr).strip()


def write_whole(path: Path, content: object) -> None:
    """So that who reads it sees the old champion or the new one, never half of a file."""
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    beside.replace(path)


def main() -> int:
    options = argparse.ArgumentParser(description="Retrain, compare, promote; the alert comes on standard input.")
    options.add_argument("--shuffle-labels", action="store_true", help="learn nonsense, to see that it is not promoted")
    shuffled = options.parse_args().shuffle_labels
    message = json.load(sys.stdin)
    alerts = [notification["alert"] for notification in message["notifications"]]
    for alert in alerts:
        print(f"Alert: {alert['severity']}: {alert['message']}", flush=True)

    TARGET.mkdir(exist_ok=True)
    model, learnt, scored = retrain(TARGET / "retrain.duckdb", shuffled)
    print(f"Retrained: on {learnt:,} rows of {CHAMPION} before {CUT}{', labels shuffled' if shuffled else ''}.")
    print(f"Scored in shadow: {scored:,} rows from {CUT} to {END}, by {CHAMPION} and by {CHALLENGER}.", flush=True)

    # From the start: the scores of an earlier retraining are gone, and what was counted of them must go as well.
    build = ["build", "--full-refresh"]
    for command in [build] if (HERE / "dbt_packages").exists() else [["deps"], build]:
        code, text = run("dbt", "--quiet", *command)
        if code != 0:
            print(f"Not promoted: dbt {command[0]} failed.\n{text}")
            return 1
    code, text = run("driftline", "check", "--compare", CHALLENGER, CHAMPION, "--monitor", MONITOR, "--metric", METRIC)
    print(f"Compared:\n{text}")
    if code == 0:
        because = [alert["alert_id"] for alert in alerts]
        # The model itself, not the name of a file that the next retraining would write over.
        champion = {"model_version": CHALLENGER, "replaces": CHAMPION, "because_of": because, "model": model}
        write_whole(TARGET / "champion.json", champion)
        print(f"Promoted: {CHALLENGER} takes the place of {CHAMPION} (champion.json).")
        return 0
    why = "not shown to be better" if code == 1 else "not compared"
    print(f"Not promoted, champion.json stays as it is: {CHALLENGER} was {why} (driftline check exited with {code}).")
    return 0 if code == 1 else 1


if __name__ == "__main__":
    sys.exit(main())
