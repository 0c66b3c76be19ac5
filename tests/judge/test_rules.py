"""Which windows breach: the seed's thresholds, what a project may override, noise and enough rows."""

from __future__ import annotations

from typing import Any

import pytest
from judge.metrics import Row, judge, make_chain, row
from support import Chain

OVERRIDES: list[Row] = [
    {"monitor": "looser", "metric": "psi", "warn": 0.3, "critical": 0.6},
    {"monitor": "one_column", "metric": "psi", "column_name": "country", "warn": 0.3, "critical": 0.6},
    {"monitor": "segments", "metric": "psi", "segment": "country", "warn": 0.2},
    {"monitor": "segments", "metric": "psi", "segment": "country", "segment_value": "DE", "warn": 0.4, "critical": 0.5},
    {"monitor": "versions", "family": "drift", "model_version": "v2"},
    {"monitor": "each", "metric": "psi", "segments": "each", "versions": "each", "windows": "each"},
    {"monitor": "off", "enabled": False},
    {"monitor": "off_but_one", "enabled": False},
    {"monitor": "off_but_one", "metric": "psi", "column_name": "country", "enabled": True},
    {"monitor": "new_measure", "metric": "js_distance", "warn": 0.125, "critical": 0.25},
    {"monitor": "season", "metric": "conversion", "baseline": "seasonal", "warn": 0.125},
    {"monitor": "falls", "metric": "conversion", "direction": "below", "warn": 0.25, "critical": 0.5},
    {"monitor": "plain_value", "metric": "null_rate", "compare": "value", "warn": 0.5, "critical": 0.75},
    {"monitor": "few_rows", "metric": "psi", "min_rows": 10},
    {"monitor": "last_counts", "metric": "psi", "warn": 0.9, "critical": 0.95},
    {"monitor": "last_counts", "metric": "psi", "min_rows": 5},
    {"monitor": "only_critical", "metric": "js_distance", "critical": 0.5},
    {"monitor": "mean", "metric": "mean", "compare": "relative", "direction": "both", "warn": 0.25},
    {"monitor": "by_difference", "metric": "null_rate", "warn": 0.125},
    {"monitor": "errors", "metric": "brier", "compare": "errors", "warn": 0.5, "critical": 1.0},
    {"monitor": "odds", "metric": "precision", "compare": "odds", "direction": "both", "warn": 1.0},
    {"monitor": "both_bounds", "metric": "conversion", "warn": 0.125, "least_difference": 12},
    {"monitor": "seven_tenths", "metric": "accuracy", "over_noise": 0.7},
    {"monitor": "three_noises", "metric": "conversion", "warn": 0.125, "critical": 9, "over_noise": 3},
    {"monitor": 'it\'s "odd"; -- é', "metric": "psi", "column_name": "a'b", "warn": 0.5, "critical": 0.75},
]


def psi(*values: float, **fields: Any) -> list[Row]:
    return [row(number, value=value, **fields) for number, value in enumerate(values)]


def business(*values: float | None, **fields: Any) -> list[Row]:
    common = {
        "family": "business", "metric": "conversion", "column_name": "all", "column_kind": "measure",
        "column_role": "business", "baseline": "trailing", "baseline_row_count": None, "expected": 64.0, **fields,
    }  # fmt: skip
    return [row(number, value=value, **common) for number, value in enumerate(values)]


def rate(metric: str, *values: float, **fields: Any) -> list[Row]:
    return [row(n, value=v, family="quality", metric=metric, **fields) for n, v in enumerate(values)]


def quality(metric: str, *values: float, **fields: Any) -> list[Row]:
    """Of a model."""
    common = {"family": "performance", "column_name": "all", "column_kind": "performance", "column_role": "performance"}
    return [row(n, value=v, metric=metric, **{**common, **fields}) for n, v in enumerate(values)]


# Marks: . no breach, w warns, c critical, ? could not be judged, - is not looked at.
CASES: dict[str, tuple[str, list[Row], str]] = {
    "thresholds must be exceeded": ("plain", psi(0.0, 0.1, 0.100001, 0.25, 0.250001), "..wwc"),
    "and so must the noise": ("plain", [*psi(0.5, noise=0.5), row(1, value=0.5, noise=0.499)], ".c"),
    "noise that is not known": ("plain", psi(0.5, noise=None), "?"),
    "too few rows": ("plain", [row(n, value=0.5, row_count=c) for n, c in enumerate([0, 99, 100])], "??c"),
    "too few in the baseline": (
        "plain",
        [row(n, value=0.5, baseline_row_count=c) for n, c in enumerate([99, 100])],
        "?c",
    ),
    "an incomplete window": ("plain", psi(9.0, is_complete=False), "-"),
    "a measure that is missing": ("plain", [row(0, value=None)], "-"),
    "another baseline": ("plain", psi(9.0, baseline="previous"), "-"),
    "a segment": ("plain", psi(9.0, segment="country", segment_value="DE"), "-"),
    "a version": ("plain", psi(9.0, model_version="v1"), "-"),
    "a longer window": ("plain", psi(9.0, window_periods=7), "-"),
    "ks of numbers": ("plain", psi(0.08, 0.081, 0.21, metric="ks_lower"), ".wc"),
    "ks of categories": ("plain", psi(0.5, metric="ks_lower", column_kind="categorical"), "-"),
    "a measure without threshold": ("plain", psi(0.9, metric="js_distance"), "-"),
    "rates by their difference": ("plain", rate("null_rate", 0.125, 0.14, 0.1875, 0.25, expected=0.125), "..wc"),
    "a rate that falls": ("plain", rate("null_rate", 0.42, 0.39, 0.0, expected=0.5), ".ww"),
    "a small rate that doubles or halves": ("plain", rate("null_rate", 0.014, 0.016, 0.006, expected=0.01), ".ww"),
    "a rate by almost nothing": ("plain", rate("null_rate", 0.001, 0.003, expected=0.0), ".w"),
    "a rate by its difference alone": ("by_difference", rate("null_rate", 0.0, 0.41, 0.6, expected=0.4), "..c"),
    "values that fall out of range less often": ("plain", rate("out_of_range_rate", 0.0, 0.07, expected=0.1), ".."),
    "errors at a high level": ("plain", quality("accuracy", 0.932, 0.928, 0.885, expected=0.944), ".wc"),
    "errors at a low level": ("plain", quality("accuracy", 0.655, 0.645, 0.595, expected=0.70), ".wc"),
    "errors next to none": ("plain", quality("accuracy", 0.99, 0.985, expected=1.0), ".w"),
    "fewer errors": ("plain", quality("accuracy", 0.99, expected=0.944), "."),
    "errors under their noise": ("plain", quality("accuracy", 0.92, 0.92, expected=0.944, noise=0.04), ".."),
    "errors over seven tenths of it": ("seven_tenths", quality("accuracy", 0.92, expected=0.944, noise=0.034), "w"),
    "errors of a kind of one's own": ("errors", quality("brier", 0.12, 0.16, 0.21, expected=0.1), ".wc"),
    "odds of one's own": ("odds", quality("precision", 0.65, 0.75, 0.3, expected=0.5), ".ww"),
    "odds of what is no rate": ("odds", quality("precision", 1.5, expected=0.5), "?"),
    "by share and by difference": ("both_bounds", business(64, 70, 75, 80, noise=0.0), "...w"),
    "by share and by noise": ("three_noises", business(90, 95, noise=10.0), ".w"),
    "a rate under its noise": ("plain", rate("null_rate", 0.25, expected=0.125, noise=0.2), "."),
    "a rate with nothing expected": ("plain", rate("null_rate", 0.25), "?"),
    "unseen in categories": ("plain", rate("unseen_rate", 0.5, expected=0.0, column_kind="categorical"), "c"),
    "unseen in numbers": ("plain", rate("unseen_rate", 0.5, expected=0.0), "-"),
    "business both ways": ("plain", business(64, 76, 77, 51, 97, 31), "..wwcc"),
    "business and its noise": ("plain", business(90, noise=26.0), "."),
    "business with nothing before": ("plain", business(90, expected=None), "?"),
    "business after zero": ("plain", business(90, 0, expected=0.0), "c?"),
    "business below zero": ("plain", business(-90.0, -64.0, expected=-64.0), "w."),
    "business against the season": ("plain", business(90, baseline="seasonal"), "-"),
    "looser thresholds": ("looser", psi(0.3, 0.4, 0.7), ".wc"),
    "one column": ("one_column", psi(0.29, 0.31, 0.7, column_name="country"), ".wc"),
    "and not another": ("one_column", psi(0.29), "c"),
    "segments once they are named": ("segments", psi(0.15, 0.22, 0.3, segment="country", segment_value="UK"), ".wc"),
    "one segment of them": ("segments", psi(0.3, 0.41, 0.6, segment="country", segment_value="DE"), ".wc"),
    "their total": ("segments", psi(0.15), "w"),
    "another segment": ("segments", psi(9.0, segment="channel", segment_value="DE"), "-"),
    "a version once it is named": ("versions", psi(0.15, 0.3, model_version="v2"), "wc"),
    "and no other": ("versions", psi(9.0, model_version="v1"), "-"),
    "each segment": ("each", psi(0.3, segment="any", segment_value="thing"), "c"),
    "each version": ("each", psi(0.3, model_version="v9"), "c"),
    "each length": ("each", psi(0.3, window_periods=7), "c"),
    "switched off": ("off", [*psi(9.0), *rate("null_rate", 1.0, expected=0.0), *business(999.0)], "---"),
    "off but one": ("off_but_one", psi(9.0, column_name="country"), "c"),
    "off but one, another": ("off_but_one", psi(9.0), "-"),
    "a measure of one's own": ("new_measure", psi(0.125, 0.2, 0.5, metric="js_distance", noise=None), ".wc"),
    "a measure of one's own over its noise": ("new_measure", psi(0.2, metric="js_distance", noise=0.3), "."),
    "the season": ("season", business(64, 71, 73, baseline="seasonal", noise=None), "..w"),
    "only what falls": ("falls", business(999, 49, 47, 31), "..wc"),
    "a plain value": ("plain_value", rate("null_rate", 0.4, 0.6, 0.9, expected=0.4), ".wc"),
    "fewer rows": ("few_rows", [row(n, value=0.5, row_count=c) for n, c in enumerate([9, 10])], "?c"),
    "each field by the last that names it": (
        "last_counts",
        [row(n, value=v, row_count=c) for n, (v, c) in enumerate([(0.92, 4), (0.92, 5), (0.2, 5)])],
        "?w.",
    ),
    "only critical": ("only_critical", psi(0.4, 0.6, metric="js_distance"), ".c"),
    "the mean by its change": ("mean", psi(4.0, 4.9, 5.25, 2.75, metric="mean", expected=4.0, noise=None), "..ww"),
    "what is judged in its place": (
        "judged",
        [row(n, value=v, judged_value=j) for n, (v, j) in enumerate([(0.5, 0.05), (0.05, 0.5), (0.5, None)])],
        ".cc",
    ),
    "odd names": ('it\'s "odd"; -- é', psi(0.4, 0.6, column_name="a'b"), ".w"),
}


@pytest.fixture(scope="module")
def chain(make_module_project: Any) -> Chain:
    """All cases at once; what belongs to which is told by the day, a month for each case."""
    chain = make_chain(make_module_project, OVERRIDES)
    rows = []
    for number, (monitor, case, _) in enumerate(CASES.values()):
        for one in case:
            first = (one["window_start"] - row()["window_start"]).days
            moved = row(first + 31 * number, window_periods=one["window_periods"])
            rows.append(
                {**one, "monitor": monitor, "window_start": moved["window_start"], "window_end": moved["window_end"]}
            )
    judge(chain, rows, then=())
    return chain


@pytest.mark.parametrize("name", CASES)
def test_what_breaches(chain: Chain, name: str) -> None:
    number = list(CASES).index(name)
    monitor, case, marks = CASES[name]
    low, high = row(31 * number)["window_start"], row(31 * number + 31)["window_start"]
    judged = chain.sql(
        "select window_start, family, is_breach, is_critical, not_judged from driftline_int_judgements"
        f" where monitor = '{monitor.replace(chr(39), chr(39) * 2)}'"
        f" and window_start >= timestamp '{low}' and window_start < timestamp '{high}'"
    )
    found = {}
    for start, family, breach, critical, reason in judged:
        assert breach or not critical
        found[start, family] = "?" if reason else "c" if critical else "w" if breach else "."
    assert len(found) == len(judged)
    got = "".join(
        found.get(
            (row((one["window_start"] - row()["window_start"]).days + 31 * number)["window_start"], one["family"]), "-"
        )
        for one in case
    )
    assert got == marks


def test_why_a_window_could_not_be_judged(chain: Chain) -> None:
    reasons = {reason for (reason,) in chain.sql("select distinct not_judged from driftline_int_judgements") if reason}
    assert reasons == {
        "fewer than 100 rows",
        "fewer than 10 rows",
        "fewer than 5 rows",
        "fewer than 100 rows in the baseline",
        "nothing to compare with",
        "its noise is not known yet",
    }
