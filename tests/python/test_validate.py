"""`driftline validate`: every wrong declaration gets one clear message."""

from __future__ import annotations

from typing import Any

import pytest
from driftline import validate
from driftline.declarations import Declaration

RELATION = "source('raw', 'events')"

SOURCES = """
sources:
  - name: raw
    database: "{database}"
    schema: "{schema}"
    tables: [{{name: events}}, {{name: outcomes}}, {{name: missing}}, {{name: labels}}]
"""


@pytest.fixture
def events(any_shop: Any) -> Any:
    return _with_events(any_shop)


@pytest.fixture
def duck(shop: Any) -> Any:
    return _with_events(shop)


def _with_events(shop: Any) -> Any:
    workspace = shop.workspace
    (shop.folder / "models" / "sources.yml").write_text(
        SOURCES.format(database=workspace.database, schema=workspace.schema)
    )
    workspace.execute(
        f"""create table {workspace.relation("events")} (
            id integer, "At" timestamp, at_text varchar(30), day date, price double precision, amount decimal(10, 2),
            bought boolean, country varchar(30), "we""ird; --" integer, "select" integer, "größe" integer,
            score real)"""
    )
    workspace.execute(
        f"insert into {workspace.relation('events')} values "
        "(1, '2026-01-05', '2026-01-05', '2026-01-05', 1, 2, true, 'JP', 1, 1, 1, 0.5)"
    )
    workspace.execute(f"create table {workspace.relation('outcomes')} (price double precision)")
    workspace.execute(
        f"""create table {workspace.relation("labels")} (
            "Id" integer, text_id varchar(30), sold integer, verdict varchar(30), seen timestamp, seen_on date,
            seen_text varchar(30), "we""ird; --" varchar(30))"""
    )
    workspace.execute(
        f"insert into {workspace.relation('labels')} values (1, '1', 1, 'good', '2026-01-06', '2026-01-06', 'x', 'a')"
    )
    shop.variables(driftline_monitors=["shop"])
    return shop


def declare(shop: Any, name: str = "shop", relation: str = RELATION, **arguments: str) -> None:
    given = {"timestamp": "'at'", "reference": "{'start': '2026-01-01', 'end': '2026-02-01'}", **arguments}
    lines = [f"    relation = {relation}", *(f"    {key} = {value}" for key, value in given.items())]
    shop.model(name, "{{ driftline.monitor(\n" + ",\n".join(lines) + "\n) }}\n")


def findings(shop: Any, *arguments: str) -> list[tuple[str, str, str]]:
    outcome = shop.run("validate", "--json", *arguments)
    result = outcome.json
    assert outcome.code == (1 if result["errors"] else 0)
    assert all(set(finding) == {"monitor", "argument", "given", "allowed", "level"} for finding in result["findings"])
    assert all(finding["allowed"] for finding in result["findings"])
    return [(finding["argument"], finding["given"], finding["level"]) for finding in result["findings"]]


def test_a_good_declaration(events: Any) -> None:
    workspace = events.workspace
    workspace.execute(f"""update {workspace.relation("events")} set "At" = timestamp '2026-01-05 09:30:00'""")
    declare(
        events,
        timezone="'Europe/London'",
        numeric="['price', 'AMOUNT', 'bought', 'we\"ird; --', 'select', 'größe']",
        categorical="['country']",
        prediction="'score'",
        label="'bought'",
        task="'binary'",
        segments="['country']",
        weight="'amount'",
        bins="{'price': [0, 1]}",
        business_metrics="{'revenue': {'sum': 'price * amount'}, 'rate': {'numerator': "
        "'case when bought then 1 else 0 end', 'denominator': '1'}}",
    )
    outcome = events.run("validate")
    note, rows, *rest = outcome.out.splitlines()
    assert note.startswith("note: ") and "business_metrics.rate.numerator" in note and "names the label" in note
    assert rows.startswith("monitor 'shop': ") and rows.endswith("; values: 1 of country")
    assert (outcome.code, rest, outcome.err) == (0, ["1 monitor checked, no errors."], "")


def test_business_metrics_of_the_label(events: Any) -> None:
    declare(
        events,
        numeric="['price']",
        label="'bought'",
        task="'binary'",
        business_metrics="{'rate': {'numerator': 'case when bought then 1 end', 'denominator': '1'},"
        " 'sold': {'sum': 'case when bought then 1 end'}, 'price': {'numerator': 'price', 'denominator': '1'}}",
    )
    found = [(argument.removeprefix("business_metrics."), level) for argument, _, level in findings(events)]
    assert found == [("rate.numerator", "note"), ("rate.numerator", "warning"), ("sold.sum", "note")]
    assert events.run("validate", "--json").json["warnings"] == 1


def test_all_at_once_one_message_each(events: Any) -> None:
    declare(
        events,
        timestamp="'at_text'",
        timezone="'Europe/Lodon'",
        reference="{'start': '2026-02-01', 'end': '2026-02-01'}",
        numeric="['price', 'prise', 'country']",
        segments="['region']",
        business_metrics="{'revenue': {'sum': 'sum(price)'}, 'x': {'sum': 'country'}}",
        weight="'(select 1)'",
    )
    found = {(argument, given.split(",")[0]) for argument, given, _ in findings(events)}
    assert ("timezone", "'Europe/Lodon'") in found
    assert ("reference", "2026-02-01 00:00:00 to 2026-02-01 00:00:00") in found
    assert any(argument == "timestamp" and given.startswith('"at_text" of type') for argument, given in found)
    assert ("numeric", '"prise"') in found
    assert any(argument == "numeric" and given.startswith('"country" of type') for argument, given in found)
    assert ("segments", '"region"') in found
    assert ("business_metrics.revenue.sum", '"sum(price)"') in found
    assert any(
        argument == "business_metrics.x.sum" and given.startswith('"country" of type') for argument, given in found
    )
    assert ("weight", '"(select 1)"') in found
    assert len(found) == 9


def test_a_line_names_monitor_argument_given_and_allowed(duck: Any) -> None:
    declare(duck, numeric="['prise']")
    outcome = duck.run("validate")
    assert outcome.code == 1
    line = outcome.out.splitlines()[0]
    assert line.startswith("monitor 'shop', argument 'numeric': given \"prise\", which is not a column of ")
    assert "; allowed: id, At, at_text" in line


def test_missing_relation(events: Any) -> None:
    declare(events, relation="source('raw', 'missing')")
    ((argument, given, level),) = findings(events)
    assert argument == "relation" and "cannot be read" in given and level == "error"


def test_relation_that_is_not_built_yet(events: Any) -> None:
    events.model("log", "select 1 as id")
    declare(events, relation="ref('log')")
    outcome = events.run("validate")
    assert outcome.code == 1 and "dbt build --select log" in outcome.out


def test_ephemeral_relation_is_a_warning(duck: Any) -> None:
    duck.model("log", "{{ config(materialized='ephemeral') }} select 1 as id")
    declare(duck, relation="ref('log')")
    outcome = duck.run("validate")
    assert outcome.code == 0 and outcome.out.startswith("warning: ")


def test_relation_by_way_of_a_variable(duck: Any) -> None:
    duck.model("other", "select 1 as id")
    duck.model(
        "shop",
        "-- depends_on: {{ ref('other') }}\n{% set events = source('raw', 'events') %}"
        "{{ driftline.monitor(events, timestamp='at', numeric=['prise']) }}",
    )
    assert [argument for argument, _, _ in findings(duck)] == ["numeric"]
    duck.model(
        "shop",
        "-- depends_on: {{ ref('other') }}\n"
        "{{ driftline.monitor([source('raw', 'events')][0], timestamp='at', numeric=['prise']) }}",
    )
    assert [(argument, level) for argument, _, level in findings(duck)] == [("relation", "warning")]


def test_reference_relation(events: Any) -> None:
    declare(events, reference="{'relation': source('raw', 'outcomes')}", numeric="['price', 'amount']")
    found = findings(events)
    assert [(argument, level) for argument, _, level in found] == [("reference", "warning"), ("reference", "error")]
    assert '"amount"' in found[0][1] and "has no rows" in found[1][1]
    events.workspace.execute(f"insert into {events.workspace.relation('outcomes')} values (1)")
    assert [level for _, _, level in findings(events)] == ["warning"]
    declare(events, reference="{'relation': source('raw', 'missing')}")
    assert [argument for argument, _, _ in findings(events)] == ["reference"]


def label(**changes: str) -> str:
    parts = {"relation": "source('raw', 'labels')", "key": "'id'", "label": "'sold'", "known_at": "'seen'", **changes}
    return "{" + ", ".join(f"'{name}': {text}" for name, text in parts.items() if text) + "}"


def test_labels_elsewhere(events: Any) -> None:
    common = {"prediction": "'score'", "task": "'binary'", "label_delay": "3", "min_labelled_share": "0.5"}
    for given in (
        label(),
        label(known_at="'seen_on'"),
        label(known_at=""),
        label(relation="", key="", label="'bought'", known_at="'At'"),
    ):
        declare(events, label=given, **common)
        assert findings(events) == []
    declare(events, label=label(label="'verdict'"), positive_label="'good'", **common)
    assert findings(events) == []
    declare(events, label=label(), numeric="['price']", importances="{'price': 0.5}", task="'regression'")
    assert findings(events) == []


def test_what_is_wrong_with_labels_elsewhere(events: Any) -> None:
    def found(given: str, **more: str) -> set[tuple[str, str]]:
        declare(events, label=given, **{"task": "'binary'", **more})
        return {(argument, given.split(",")[0]) for argument, given, _ in findings(events)}

    assert found(label(label="'nope'", known_at="'never'")) == {
        ("label.label", '"nope"'),
        ("label.known_at", '"never"'),
    }
    assert found(label(key="'text_id'")) == {("label.key", '"text_id"')}
    assert found(label(key="'country'")) == {("label.key", '"country"')}
    ((argument, given),) = found(label(key="'we\"ird; --'"))
    assert argument == "label.key" and given.startswith('"we"ird; --" of type') and "labels" in given
    ((argument, given),) = found(label(known_at="'seen_text'"))
    assert argument == "label.known_at" and given.startswith('"seen_text" of type')
    ((argument, given),) = found(label(label="'verdict'"), task="'regression'")
    assert argument == "label.label" and given.startswith('"verdict" of type')
    assert {argument for argument, _ in found(label(relation="source('raw', 'missing')"))} == {"label.relation"}
    assert found(label(relation="", key="", label="'nope'", known_at="'at_text'")) >= {("label", '"nope"')}
    assert {argument for argument, _ in found(label(relation="", key="", label="'bought'", known_at="'at_text'"))} == {
        "label.known_at"
    }


def test_labels_that_cannot_be_followed(duck: Any) -> None:
    declare(duck, label=label(relation="[source('raw', 'labels')][0]"))
    assert [(argument, level) for argument, _, level in findings(duck)] == [("label.relation", "warning")]


def test_a_label_by_way_of_a_variable(duck: Any) -> None:
    duck.model(
        "shop",
        "{% set labels = source('raw', 'labels') %}{{ driftline.monitor(source('raw', 'events'), timestamp='at', "
        "reference={'start': '2026-01-01', 'end': '2026-02-01'}, label={'relation': labels, 'key': 'id', 'label': 'nope'}) }}",
    )
    assert [(argument, level) for argument, _, level in findings(duck)] == [("label.label", "error")]


def test_what_counts_as_positive(events: Any) -> None:
    declare(events, label="'country'", prediction="'at_text'", task="'binary'")
    found = [(argument, given) for argument, given, _ in findings(events)]
    assert [argument for argument, _ in found] == ["positive_label"] * 2
    assert found[0][1].startswith("none, for a prediction of type") and found[1][1].startswith(
        "none, for a label of type"
    )
    declare(events, label=label(label="'verdict'"), prediction="'score'", task="'binary'")
    ((argument, given, _),) = findings(events)
    assert argument == "positive_label" and given.startswith("none, for a label of type")
    # A value that no label has makes all labels negative.
    declare(events, label=label(label="'verdict'"), prediction="'score'", task="'binary'", positive_label="'Good'")
    assert findings(events) == [("positive_label", '"Good", which no label is', "warning")]
    declare(
        events, label="'country'", prediction="'score'", task="'binary'", positive_label='"x\'; drop table events; --"'
    )
    ((argument, given, level),) = findings(events)
    assert argument == "positive_label" and "drop table" in given and level == "warning"
    declare(events, label="'country'", task="'multiclass'", prediction="'at_text'")
    assert findings(events) == []


def test_a_predicted_number_that_is_text(events: Any) -> None:
    declare(events, label="'price'", prediction="'country'", task="'regression'")
    ((argument, given, _),) = findings(events)
    assert argument == "prediction" and given.startswith('"country" of type')


def test_ranking(events: Any) -> None:
    common = {"label": "'bought'", "task": "'binary'"}
    declare(events, **common, ranking="{'request': 'country', 'position': 'amount', 'k': 3}")
    assert findings(events) == []
    declare(events, **common, ranking="{'request': 'nope', 'position': 'country'}")
    found = findings(events)
    assert [argument for argument, _, _ in found] == ["ranking.request", "ranking.position"]
    assert found[1][1].startswith('"country" of type')


def test_a_reference_relation_without_labels(events: Any) -> None:
    workspace = events.workspace
    workspace.execute(f"insert into {workspace.relation('outcomes')} values (1)")
    declare(events, reference="{'relation': source('raw', 'outcomes')}", label=label(), task="'binary'")
    ((argument, given, level),) = findings(events)
    assert (argument, level) == ("reference", "warning")
    assert 'neither the label "sold" nor its key "id"' in given
    workspace.execute(f"create table {workspace.relation('missing')} (id integer)")
    workspace.execute(f"insert into {workspace.relation('missing')} values (1)")
    declare(events, reference="{'relation': source('raw', 'missing')}", label=label(), task="'binary'")
    assert findings(events) == []


def test_empty_reference(events: Any) -> None:
    declare(events, reference="{'start': '2025-01-01', 'end': '2025-02-01'}")
    ((argument, given, _),) = findings(events)
    assert argument == "reference" and "has no rows" in given
    declare(events, timestamp="'day'", reference="{'start': '2025-01-01', 'end': '2025-02-01'}")
    assert len(findings(events)) == 1
    declare(events, timestamp="'day'")
    assert findings(events) == []


def test_dates_that_are_not_in_the_calendar(duck: Any) -> None:
    declare(duck, reference="{'start': '2026-02-30', 'end': '2026-13-01'}")
    ((argument, given, _),) = findings(duck)
    assert (argument, given) == ("reference", "2026-02-30 to 2026-13-01")


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "/etc/localtime", "UTC\x00", "x" * 5000])
def test_time_zones_that_are_none(duck: Any, name: str) -> None:
    escaped = name.replace("\x00", "\\x00")
    declare(duck, timezone=f"'{escaped}'")
    assert [argument for argument, _, _ in findings(duck)] == ["timezone"]


def test_midnights_of_another_zone_are_a_warning(events: Any) -> None:
    """2026-01-05 00:00 of UTC is the evening of the 4th in New York."""
    declare(events, timestamp='"at"', numeric="['price']", timezone="'America/New_York'")
    outcome = events.run("validate")
    assert outcome.code == 0
    assert (
        "warning: monitor 'shop', argument 'timezone': given 'America/New_York' with \"At\", which holds midnights only: "
        "taken as UTC, 2026-01-05 00:00 is 2026-01-04 19:00 there; allowed: times with their hours"
    ) in outcome.out
    for changes in ({"timezone": "'UTC'"}, {"period": "'hour'"}, {"timestamp": '"day"'}):
        declare(events, **{"timestamp": '"at"', "numeric": "['price']", "timezone": "'America/New_York'", **changes})
        assert "midnights" not in events.run("validate").out
    table = events.workspace.relation("events")
    events.workspace.execute(f"insert into {table} (\"At\") values ('2026-01-05 00:00:01')")
    declare(events, timestamp='"at"', numeric="['price']", timezone="'America/New_York'")
    assert "midnights" not in events.run("validate").out


def test_expressions_that_only_the_warehouse_refuses(events: Any) -> None:
    declare(events, business_metrics="{'x': {'sum': 'no_such_function(price)'}}", weight="'price + amount'")
    assert [argument for argument, _, _ in findings(events)] == ["business_metrics.x.sum"]


def test_nothing_hostile_runs(events: Any) -> None:
    relation = events.workspace.relation("events")
    hostile = [
        f"1; drop table {relation}",
        f"1) from {relation}; drop table {relation}; --",
        "1 as x, (select 1)",
        "price)) -- ",
    ]
    metrics = ", ".join(f"'m{n}': {{'sum': {text!r}}}" for n, text in enumerate(hostile))
    declare(events, numeric="['x\"; drop table events; --', \"y' or 1=1\"]", business_metrics="{" + metrics + "}")
    assert len(findings(events)) == 2 + len(hostile)
    assert events.workspace.sql(f"select count(*) from {relation}") == [(1,)]


def test_listed_and_unlisted(duck: Any) -> None:
    duck.variables(driftline_monitors=["gone"])
    declare(duck)
    assert {(argument, given.split(",")[0]) for argument, given, _ in findings(duck)} == {
        ("driftline_monitors", "'gone'"),
        ("driftline_monitors", "a list without 'shop'"),
    }
    assert duck.run("validate", "--vars", "{driftline_monitors: [shop]}").code == 0


def test_select(duck: Any) -> None:
    duck.variables(driftline_monitors=["shop", "second"])
    declare(duck)
    declare(duck, "second", numeric="['prise']")
    assert duck.run("validate", "--select", "shop").code == 0
    assert duck.run("validate", "--select", "second").code == 1
    outcome = duck.run("validate", "--select", "third")
    assert outcome.code == 2 and "there is: second, shop" in outcome.err


def test_the_list_is_no_list(duck: Any) -> None:
    duck.variables(driftline_monitors="shop")
    declare(duck)
    outcome = duck.run("validate")
    assert outcome.code == 2 and "as a list" in outcome.err


def test_what_the_macro_itself_refuses(duck: Any) -> None:
    declare(duck, period="'fortnight'")
    outcome = duck.run("validate", "--json")
    assert outcome.code == 1
    assert outcome.json["findings"] == [
        {
            "monitor": "shop",
            "argument": "period",
            "given": '"fortnight"',
            "allowed": "hour, day, week, month",
            "level": "error",
        }
    ]


def test_a_list_that_dbt_cannot_resolve(duck: Any) -> None:
    models = duck.folder / "dbt_packages" / "driftline" / "models"
    (models / "driftline_state.sql").write_text(
        "{% for name in var('driftline_monitors') %}select * from {{ ref('shop', name) }}{% endfor %}"
    )
    duck.variables(driftline_monitors=["gone"])
    ((argument, given, _),) = findings(duck)
    assert argument == "driftline_monitors" and "'gone'" in given


def test_a_project_that_does_not_parse(duck: Any) -> None:
    duck.model("broken", "{{ ref( }}")
    outcome = duck.run("validate")
    assert outcome.code == 2 and "dbt parse" in outcome.err


def test_no_monitors(duck: Any) -> None:
    duck.variables()
    outcome = duck.run("validate")
    assert (outcome.code, outcome.out) == (0, "0 monitors checked, no errors.\n")


def test_what_a_merge_and_given_bins_leave_to_the_run() -> None:
    """States of sites have no columns to look at, and the name of a relation with bins is no column of the log."""

    def check(**arguments: Any) -> validate._Check:
        given = {"reference": {"start": "2026-01-01", "end": "2026-02-01"}, **arguments}
        return validate._Check(None, Declaration("merged", "models/merged.sql", given, None, None, None))  # type: ignore[arg-type]

    assert list(check(states=[{"site": "tokyo", "state": "tokyo"}]).findings()) == []
    assert [found.argument for found in check(states=[], timezone="Mars").findings()] == ["timezone"]
    assert [found.argument for found in check().findings()] == ["relation"]
    assert [name for argument, name, _ in check(bins={"relation": "tokyo"})._declared() if argument == "bins"] == []
    assert [name for argument, name, _ in check(bins={"price": [1]})._declared() if argument == "bins"] == ["price"]
