"""NannyML's answer to the same question, run by the interpreter of its own environment.

Arguments: the Parquet file, the numeric columns, the categorical columns (comma-separated), the end of the reference.
Prints one line of JSON: seconds for reading, for the calculator (fit and calculate) and the number of values computed.
"""

from __future__ import annotations

import json
import sys
import time

import nannyml
import pandas as pd


def main() -> None:
    path, numeric, categorical, reference_end = sys.argv[1:]
    columns = [*numeric.split(","), *categorical.split(",")]

    started = time.perf_counter()
    log = pd.read_parquet(path, columns=["ts", *columns])
    is_reference = log["ts"] < pd.Timestamp(reference_end)
    reference, analysis = log[is_reference], log[~is_reference]
    read = time.perf_counter() - started

    started = time.perf_counter()
    calculator = nannyml.UnivariateDriftCalculator(
        column_names=columns,
        treat_as_categorical=categorical.split(","),
        timestamp_column_name="ts",
        chunk_period="D",
        continuous_methods=["jensen_shannon", "kolmogorov_smirnov", "wasserstein", "hellinger"],
        categorical_methods=["jensen_shannon", "chi2", "hellinger", "l_infinity"],
    )
    # Fitting computes the reference's own chunks as well: with the analysis' chunks that makes all days.
    calculator.fit(reference)
    results = calculator.calculate(analysis)
    calculated = time.perf_counter() - started

    frame = results.to_df()
    values = sum(1 for name in frame.columns if name[-1] == "value") * len(frame)
    answer = {"version": nannyml.__version__, "read": read, "calculator": calculated}
    print(json.dumps({**answer, "chunks": len(frame), "values": values}))


if __name__ == "__main__":
    main()
