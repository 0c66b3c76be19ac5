"""The drift of a Parquet log's columns, day by day, written by hand in polars; prints what it took as JSON.

Reference quantiles make the bins of a number, its values those of a text; rows are counted by day and bin; of the
shares come PSI, Jensen-Shannon, Kolmogorov-Smirnov and Wasserstein. Nothing is kept for the next day.

Arguments: the file, the numeric and the categorical columns, the reference's end (exclusive).
"""

from __future__ import annotations

import datetime as dt
import json
import sys
import time

import polars as pl

BINS = 20


def main() -> None:
    file, numeric, categorical, end = sys.argv[1:]
    started = time.perf_counter()
    until = dt.datetime.fromisoformat(end)
    log = pl.scan_parquet(file).with_columns(pl.col("ts").dt.truncate("1d").alias("day"))
    reference = log.filter(pl.col("ts") < until)
    numbers, texts = numeric.split(","), categorical.split(",")
    quantiles = reference.select(
        pl.col(name).quantile(k / BINS).alias(f"{name}|{k}") for name in numbers for k in range(1, BINS)
    ).collect()
    row = quantiles.row(0, named=True)
    edges = {name: sorted({row[f"{name}|{k}"] for k in range(1, BINS)}) for name in numbers}
    plans = []
    for name in [*numbers, *texts]:
        is_number = name in edges
        bin_of = pl.col(name)
        if is_number:
            # NULL stays NULL, a bin of its own.
            bin_of = pl.col(name).cut(edges[name], labels=[f"{k:05}" for k in range(len(edges[name]) + 1)])
        value = [pl.col(name).alias("x")] if is_number else []
        total = [pl.col("x").sum().alias("total")] if is_number else []
        plans.append(
            log.select("day", (pl.col("ts") < until).alias("in_reference"), bin_of.cast(pl.String).alias("bin"), *value)
            .group_by("day", "in_reference", "bin")
            .agg(pl.len().alias("n"), *total)
        )
    counted = pl.collect_all(plans)
    values = sum(
        measures(counts, name in edges).height for name, counts in zip([*numbers, *texts], counted, strict=True)
    )
    print(json.dumps({"seconds": time.perf_counter() - started, "values": values, "version": pl.__version__}))


def measures(counts: pl.DataFrame, is_number: bool) -> pl.DataFrame:
    """Per day the measures of the column whose rows are counted by day and bin."""
    sums = [pl.col("n").sum().alias("n_reference")]
    if is_number:
        sums.append((pl.col("total").sum() / pl.col("n").sum()).alias("centre"))
    reference = counts.filter(pl.col("in_reference")).group_by("bin").agg(sums)
    days = counts.group_by("day", "bin").agg(pl.col("n").sum())
    grid = days.select("day").unique().join(days.select("bin").unique(), how="cross")
    both = (
        grid.join(days, on=["day", "bin"], how="left", nulls_equal=True)
        .join(reference, on="bin", how="left", nulls_equal=True)
        .with_columns(pl.col("n").fill_null(0), pl.col("n_reference").fill_null(0))
        .sort("day", "bin", nulls_last=True)
        .with_columns(
            (pl.col("n_reference") / pl.col("n_reference").sum().over("day")).alias("p"),
            (pl.col("n") / pl.col("n").sum().over("day")).alias("q"),
            # Half a row in the place of none.
            (pl.max_horizontal(pl.col("n_reference"), 0.5) / pl.col("n_reference").sum().over("day")).alias("p_psi"),
            (pl.max_horizontal(pl.col("n"), 0.5) / pl.col("n").sum().over("day")).alias("q_psi"),
        )
        .with_columns(((pl.col("p") + pl.col("q")) / 2).alias("m"))
    )
    # The distances between cumulative shares leave NULLs out.
    both = both.with_columns((_among_values("n_reference") - _among_values("n")).alias("apart"))
    both = both.with_columns(pl.col("apart").cum_sum().abs().over("day").alias("gap"))
    of_numbers = []
    if is_number:
        centre = pl.when(pl.col("bin").is_not_null()).then(pl.col("centre"))
        width = (centre.shift(-1) - centre).over("day").fill_null(0)
        both = both.with_columns((pl.col("gap") * width).alias("moved"))
        of_numbers = [pl.col("gap").max().alias("ks"), pl.col("moved").sum().alias("wasserstein")]
    return both.group_by("day").agg(
        ((pl.col("q_psi") - pl.col("p_psi")) * (pl.col("q_psi") / pl.col("p_psi")).log()).sum().alias("psi"),
        (_part("p") + _part("q")).sum().clip(lower_bound=0).truediv(2).sqrt().alias("js_distance"),
        *of_numbers,
    )


def _among_values(count: str) -> pl.Expr:
    """A bin's share of the rows that have a value."""
    rows = pl.when(pl.col("bin").is_not_null()).then(pl.col(count)).otherwise(0)
    return rows / rows.sum().over("day")


def _part(side: str) -> pl.Expr:
    share = pl.col(side)
    return pl.when(share > 0).then(share * (share / pl.col("m")).log(2)).otherwise(0)


if __name__ == "__main__":
    main()
