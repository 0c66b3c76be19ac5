"""What the points answer, engine by engine, without the engines."""

from __future__ import annotations

import functools
import hashlib
import json
import re
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
from support.rendering import REPOSITORY, Macros, Stopped

PLAIN = Macros("another")


@pytest.mark.parametrize(
    ("declared", "kind"),
    [
        ("TIMESTAMP_NTZ(9)", "naive"),
        ("timestamp_ntz", "naive"),
        ("timestamp(6)", "naive"),
        ("timestamp without time zone", "naive"),
        ("datetime", "naive"),
        ("TIMESTAMP_TZ(9)", "zoned"),
        ("TIMESTAMP_LTZ", "zoned"),
        ("timestamptz", "zoned"),
        ("timestamp(3) with time zone", "zoned"),
        ("timestamp with local time zone", "zoned"),
        ("date", "date"),
        ("NUMBER(38,0)", "numeric"),
        ("VARIANT", "other"),
        ("array<string>", "other"),
        ("map<string, bigint>", "other"),
        ("struct<a bigint>", "other"),
    ],
)
def test_kinds_of_types_by_name(declared: str, kind: str) -> None:
    assert PLAIN("_type_kind", declared) == kind


def test_backslashes_where_they_escape() -> None:
    assert PLAIN("_escaped_literal", "it's C:\\new\nline") == "'it\\'s C:\\\\new\\nline'"
    assert Macros("duckdb")("_literal", "it's C:\\new\nline") == "'it''s C:\\new\nline'"


def test_times_become_texts_by_way_of_the_engines_own_zones() -> None:
    """An engine that has a function instead of `at time zone` says so once."""
    macros = Macros("another")
    macros.answers["_local_time"] = lambda expression, kind, timezone: f"in_zone({expression}, '{timezone}')"
    assert "at time zone" not in macros("_time_text", "seen_at", "zoned")
    assert "in_zone(seen_at, 'UTC')" in macros("_time_text", "seen_at", "zoned")


def test_the_types_of_texts_and_times_are_points() -> None:
    macros = Macros("another")
    macros.answers["_type_text"] = lambda: "varchar(65535)"
    macros.answers["_type_timestamp"] = lambda: "datetime"
    assert macros("_as_text", "x") == "cast(x as varchar(65535))"
    assert macros("_own_period", "bin").endswith(" as datetime)")
    assert " as datetime)" in macros("_period_index", "t", "week")
    assert " as datetime)" in macros("_period_at", "i", "day")
    assert macros("_state_columns")["period_start"] == "datetime"


def sorted_json(value: Any, default: Any = None, sort_keys: bool = False) -> str:
    """As dbt 2 prints it: in the order of the keys, always."""
    return json.dumps(value, sort_keys=True)


def test_hashes_do_not_hang_on_how_dbt_prints_a_mapping() -> None:
    variables = {"driftline_windows": {"week": [1], "day": [1, 7]}, "driftline_alpha": 0.01}
    declaration = {
        "arguments": dict.fromkeys(
            [
                "lookback",
                "owner",
                "formerly",
                "label_delay",
                "label_lookback",
                "min_labelled_share",
                "importances",
                "detail",
                "baselines",
                "families",
                "labels",
                "units",
                "decision_threshold",
            ]
        )
        | {"task": "none", "bins": {"z": [0.5, 1], "a": [1]}, "period": "day"},
        "label": None,
        "relation": SimpleNamespace(identifier="log"),
    }
    old, new = Macros("duckdb", variables), Macros("duckdb", variables)
    new.globals["tojson"] = sorted_json
    assert new("_rules_hash") == old("_rules_hash")
    assert new("_spec_hash", declaration) == old("_spec_hash", declaration)
    # That of results which earlier versions built: another would compute all their windows again.
    text = (REPOSITORY / "macros" / "measures" / "_settings.sql").read_text(encoding="utf-8")
    rules: dict[str, Any] = {"version": int(re.findall(r'"version": (\d+)', text)[0])}
    for name in ("distances", "metrics"):
        rules[name] = [entry["name"] for entry in old(f"_{name}")]
    left_out = ["monitors", "now", "thresholds", "language", "costs", "false_alarms_per_week", "events", "unit_values"]
    for name in old("_var_names"):
        if name.removeprefix("driftline_") not in left_out:
            rules[name] = json.dumps(variables.get(name), sort_keys=True)
    assert old("_rules_hash") == hashlib.md5(json.dumps(rules).encode()).hexdigest()


@pytest.mark.parametrize(
    ("engine", "declared", "kind"),
    [
        ("bigquery", "TIMESTAMP", "zoned"),
        ("bigquery", "DATETIME", "naive"),
        ("databricks", "timestamp", "zoned"),
        ("databricks", "timestamp_ntz", "naive"),
        ("snowflake", "TIMESTAMP_NTZ(9)", "naive"),
        ("snowflake", "TIMESTAMP_LTZ(9)", "zoned"),
        ("redshift", "timestamp without time zone", "naive"),
        ("trino", "timestamp(6) with time zone", "zoned"),
    ],
)
def test_kinds_of_types_by_engine(engine: str, declared: str, kind: str) -> None:
    assert Macros(engine)("_type_kind", declared) == kind


@pytest.mark.parametrize("engine", ["snowflake", "bigquery", "redshift", "databricks"])
def test_backslashes_by_engine(engine: str) -> None:
    assert Macros(engine)("_literal", "C:\\it's") == "'C:\\\\it\\'s'"


@pytest.mark.parametrize("engine", ["snowflake", "bigquery", "databricks", "trino", "athena"])
def test_no_time_zone_operator_where_there_is_none(engine: str) -> None:
    say = Macros(engine)
    said = [say("_utc_now"), say("_time_text", "t", "zoned")]
    said += [say(p, "t", kind, "Asia/Tokyo") for p in ("_local_time", "_column_time") for kind in ("naive", "zoned")]
    assert [text for text in said if "at time zone" in text] == []
    assert all("Asia/Tokyo" in text for text in said[2:])


def test_contracts_are_enforced_where_their_types_are_types() -> None:
    enforced = {engine: Macros(engine)("_enforce_contract") for engine in ("duckdb", "postgres", "snowflake")}
    others = [
        Macros(engine)("_enforce_contract") for engine in ("bigquery", "redshift", "databricks", "trino", "athena")
    ]
    assert set(enforced.values()) == {True} and set(others) == {False}


def test_what_is_no_number_is_spelled_as_everywhere() -> None:
    """By an exact type of 38 digits, as on engines whose own text of a double has exponents."""
    sql = PLAIN("_number_text_by", "x", "double", "decimal(38, 18)", "1e18")
    values = "'nan'::double, 'inf'::double, '-inf'::double, 0.1, 1e-5, -2.50, 20000000.0, 0.0"
    rows = duckdb.sql(f"select {sql} from (select unnest([{values}]) as x) as v").fetchall()
    assert [row[0] for row in rows] == ["NaN", "Infinity", "-Infinity", "0.1", "0.00001", "-2.5", "20000000", "0"]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 8, 20, 1000])
@pytest.mark.parametrize("asked", [1, 2, 3, 40])
def test_quantiles_in_plain_sql_are_the_quantiles(count: int, asked: int) -> None:
    """Of many rows and of fewer than there are edges, by passes of one column and of several."""
    columns = [SimpleNamespace(no=1, bins=7), SimpleNamespace(no=2, bins=4), SimpleNamespace(no=9, bins=asked)]
    log = "select i * i % 97 / 8e0 as v1, case when i % 3 = 0 then i end as v2, exp(i % 13) as v9"
    log += f" from range({count}) as t (i)"
    for per_pass in (1, 2, 32):
        plain = Macros("another")
        plain.answers["_columns_per_pass"] = functools.partial(int, per_pass)
        found = duckdb.sql(f"select * from ({plain('_reference_quantiles', columns, log)}) order by 1, 2").fetchall()
        expected = [
            (
                column.no,
                edge,
                duckdb.sql(f"select quantile_cont(v{column.no}, {edge / column.bins}) from ({log})").fetchall(),
            )
            for column in columns
            for edge in range(column.bins + 1)
            if count
        ]
        assert [row[:2] for row in found] == [row[:2] for row in expected]
        for (_, _, value), (_, _, exact) in zip(found, expected, strict=True):
            assert value == pytest.approx(float(exact[0][0]), rel=1e-12)


def test_shares_of_nothing_have_one_decimal() -> None:
    """Two telling digits of the smaller share that is one; where neither is, 0.0 and not 0.0000000."""
    pairs = {("0e0", "0e0"): 1, ("null", "0e0"): 1, ("null", "null"): 1, ("0.21", "0e0"): 1, ("0.004", "null"): 2}
    for (one, other), places in pairs.items():
        one, other = (f"cast({x} as double)" for x in (one, other))
        assert duckdb.sql(f"select {PLAIN('_decimals_of_shares', one, other)}").fetchall() == [(places,)]


@pytest.mark.parametrize(
    ("engine", "longest", "unit"),
    [
        ("snowflake", 246, "characters"),
        ("bigquery", 1015, "bytes"),
        ("redshift", 127, "bytes"),
        ("athena", 225, "bytes"),
    ],
)
def test_a_name_is_refused_beyond_what_the_engine_takes(engine: str, longest: int, unit: str) -> None:
    """Not beyond what it takes less what dbt adds: a letter of two bytes is two where bytes are counted."""
    letter = "é" if unit == "characters" else "w"
    for name in (letter * longest, letter * (longest + 1), "é" * (longest // 2 + 1)):
        macros = Macros(engine)
        macros.globals["this"] = SimpleNamespace(identifier=name)
        length = len(name) if unit == "characters" else len(name.encode())
        if length <= longest:
            assert macros("_check_identifier", "shop") == ""
            continue
        with pytest.raises(
            Stopped, match=rf"'shop', argument 'name of the file': given .*{length} {unit} long; allowed: .*{longest}"
        ):
            macros("_check_identifier", "shop")


def test_snowflake_calls_whole_numbers_of_a_result_fixed() -> None:
    macros = Macros("snowflake")
    found = {
        name: macros("_type_kind", macros("_type_of_result", name)) for name in ("FIXED", "REAL", "BOOLEAN", "TEXT")
    }
    assert found == {"FIXED": "numeric", "REAL": "numeric", "BOOLEAN": "boolean", "TEXT": "text"}


def test_spark_takes_the_thrift_servers_names_of_types() -> None:
    macros = Macros("spark")
    names = ("BIGINT_TYPE", "DOUBLE_TYPE", "BOOLEAN_TYPE", "STRING_TYPE", "TIMESTAMP_TYPE", "DATE_TYPE", "bigint")
    found = [macros("_type_kind", macros("_type_of_result", name)) for name in names]
    assert found == ["integer", "numeric", "boolean", "text", "zoned", "date", "integer"]
