"""Row expressions: one scalar expression, and nothing else."""

from __future__ import annotations

import pytest
from driftline.expressions import can_end_in_null, names, problem_of

COLUMNS = ["bought", "Revenue", "we ird", "payload", "l", "ts"]
DIALECTS = ["duckdb", "postgres", "snowflake", "bigquery", "redshift", "databricks", "spark", "clickhouse", "trino"]

GOOD = [
    "bought",
    "1",
    "REVENUE",
    "revenue * 1.2 - coalesce(bought, 0)",
    "case when bought = 1 then revenue else 0 end",
    "cast(bought as integer)",
    "bought in (1, 2)",
    "payload.price",
    "(bought)",
    "greatest(bought, 0)",
    "extract(hour from ts)",
    "not bought = 1",
]

BAD = {
    "bought; drop table x": "statement",
    "bought;": "statement",
    "drop table x": "statement",
    "delete from x": "statement",
    "bought, revenue": "syntax",
    "(bought, revenue)": "more than one value",
    "sum(bought)": "an aggregate",
    "1 + count(*)": "an aggregate",
    "sum(bought) over ()": "a window function",
    "row_number() over (order by ts)": "a window function",
    "(select 1)": "a subquery",
    "bought in (select 1)": "a subquery",
    "exists (select 1)": "a subquery",
    "bought union all select 1": "a subquery",
    "select 1": "a subquery",
    "*": "a star",
    "bought as b": "an alias",
    "bought -- x": "a comment",
    "bought /* x */": "a comment",
    "1) from x --": "syntax",
    "bought from x": "syntax",
    "case when bought": "syntax",
    "'open": "syntax",
    "": "nothing",
    "   ": "nothing",
    "-- x": "nothing",
    "bougth": "a column the relation does not have: bougth",
    "other.bought": "a column the relation does not have: other.bought",
    "bought + nope": "a column the relation does not have: nope",
}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("expression", GOOD)
def test_good(expression: str, dialect: str) -> None:
    assert problem_of(expression, COLUMNS, dialect) is None


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("expression", BAD)
def test_bad(expression: str, dialect: str) -> None:
    problem = problem_of(expression, COLUMNS, dialect)
    assert problem is not None
    assert BAD[expression] in problem


def test_each_dialect_reads_its_own_quotes() -> None:
    assert problem_of('"we ird" + 1', COLUMNS, "duckdb") is None
    assert problem_of("`we ird` + 1", COLUMNS, "bigquery") is None
    assert problem_of("list_sum(list_transform(l, lambda x: x + 1))", COLUMNS, "duckdb") is None


def test_a_dialect_sqlglot_does_not_know() -> None:
    assert problem_of("bought + 1", COLUMNS, "dbase") is None
    assert problem_of("sum(bought)", COLUMNS, "dbase") == "an aggregate"


def test_nested_beyond_reason() -> None:
    assert problem_of("(" * 3000 + "1" + ")" * 3000, COLUMNS, "duckdb") is not None


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_an_expression_counts(dialect: str) -> None:
    for naming in ("bought", "BOUGHT * 2", "case when bought = 1 then 1 else 0 end", "payload.bought"):
        assert names(naming, "Bought", dialect), naming
    for other in ("'bought'", "revenue", "bought_at", "1"):
        assert not names(other, "bought", dialect), other
    assert can_end_in_null("(case when bought = 1 then 1 end)", dialect)
    assert not can_end_in_null("case when bought = 1 then 1 else 0 end", dialect)
    assert not can_end_in_null("coalesce(case when bought = 1 then 1 end, 0)", dialect)
