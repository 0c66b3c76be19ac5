"""What the points answer, engine by engine, without the engines."""

from __future__ import annotations

import hashlib
import json
import re
from types import SimpleNamespace
from typing import Any

import pytest
from support.rendering import REPOSITORY, Macros

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
