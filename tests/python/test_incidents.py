"""Incidents: what people are told, and what they answer."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import driftline
import duckdb
import pytest
import yaml
from driftline.alerts import Alert
from driftline.answers import Answer, standing
from driftline.incidents import Incident, answered, find_incident, short_ids
from driftline.text import width, wrap

LONG = "The price of what was sold is distributed differently: on average 31 euros instead of 25, since 2026-03-01"


def started(shop: Any, *monitors: str) -> Any:
    shop.build(*(monitors or ("shop",)))
    shop.upgrade()
    return shop


# --- telling ---------------------------------------------------------------------------------------------------------


def test_one_incident_is_told_once_whatever_joins_it(any_shop: Any) -> None:
    started(any_shop).incident("a", ["a", {"alert_id": "b", "column_name": "b"}])
    assert any_shop.told() == [("a", "opened")]
    any_shop.incident("a", ["a", "b", "c"])
    assert any_shop.told() == []
    any_shop.incident("a", ["c", "a", "b"], severity="critical")
    assert any_shop.told() == [("a", "escalated")]
    any_shop.incident("a", ["a", "b", "c"], severity="critical", status="resolved")
    assert any_shop.told() == [("a", "resolved")]
    assert any_shop.told() == []
    assert [row[:2] for row in any_shop.ledger()] == [("a", "warn"), ("a", "critical"), ("a", "resolved")]


def test_the_console_fits_80_columns(shop: Any) -> None:
    started(shop).incident("a", headline=LONG, evidence="psi 0.31, noise 0.01, threshold 0.25; " * 3, owner="ann")
    lines = shop.run("alert").out.splitlines()
    assert lines[0].startswith("OPENED     warn      shop: The price of what was sold")
    assert max(map(width, lines)) <= 80 and all(line.startswith(" " * 21) for line in lines[1:])
    assert any("noise 0.01" in line for line in lines) and lines[-1].strip() == "owner ann"
    assert "\x1b" not in shop.run("incidents").out


def test_json_has_the_incident_and_its_headline(any_shop: Any) -> None:
    started(any_shop).incident("a", [{"alert_id": "b", "metric": "ks"}, "a"], severity="critical", also="amount")
    (line,) = any_shop.run("alert", "--json").lines
    assert (line["alert_id"], line["alert"]["alert_id"], line["alert"]["metric"]) == ("a", "b", "ks")
    incident = line["incident"]
    assert (incident["incident_id"], incident["also"], sorted(incident["alert_ids"])) == ("a", "amount", ["a", "b"])
    assert line["message"] == incident["headline"]


def test_an_alert_in_no_incident_is_one_of_its_own(shop: Any) -> None:
    started(shop).incident("a")
    shop.alert("z", message="alone", column_name="z")
    assert sorted(shop.told()) == [("a", "opened"), ("z", "opened")]
    assert len(shop.run("incidents", "--json").json["incidents"]) == 2


def test_a_table_of_another_version(shop: Any) -> None:
    started(shop).incident("a", severity="terrible")
    outcome = shop.run("incidents")
    assert outcome.code == 2 and "severity 'terrible'" in outcome.err


# --- an older package in the warehouse -------------------------------------------------------------------------------


def test_without_the_table_alerts_are_incidents(any_shop: Any) -> None:
    any_shop.build("shop")
    any_shop.alert("abc123")
    any_shop.alert("def456", column_name="other", status="resolved")
    lines = any_shop.run("incidents").out.splitlines()
    assert lines[1].startswith("abc123  warn      2026-03-01  shop: psi of price")
    assert any_shop.told() == [("abc123", "opened")]
    assert any_shop.run("incidents", "ack", "abc", "--by", "ann").out.startswith("abc123: acknowledged by ann\n")
    outcome = any_shop.run("check")
    assert outcome.code == 1
    assert outcome.out.splitlines()[1] == "  warn      shop: psi of price is 0.31, over 0.25 (acknowledged by ann)"


# --- upgrading -------------------------------------------------------------------------------------------------------


def test_upgrading_tells_nothing_again(any_shop: Any) -> None:
    any_shop.build("shop")
    for name in "abc":
        any_shop.alert(name, column_name=name)
    any_shop.alert("d", column_name="d", status="resolved")
    assert len(any_shop.told()) == 3
    any_shop.upgrade()
    any_shop.incident("a", [{"alert_id": name, "column_name": name} for name in "abc"])
    any_shop.incident("d", [{"alert_id": "d", "column_name": "d"}], status="resolved")
    assert any_shop.told() == [] and any_shop.told() == []
    folded = any_shop.ledger("alert_id, state, event, outcome, detail")
    assert [row for row in folded if row[2] == "folded"] == [
        (name, "resolved", "folded", "skipped", "part of incident a") for name in "bc"
    ]
    any_shop.incident("a", [{"alert_id": name, "column_name": name} for name in "abc"], status="resolved")
    assert any_shop.told() == [("a", "resolved")]
    assert any_shop.told() == []


def test_an_incident_goes_on_under_the_worst_that_was_told(shop: Any) -> None:
    shop.build("shop")
    shop.alert("a", column_name="a", status="open")
    shop.alert("b", column_name="b", severity="critical")
    assert len(shop.told()) == 2
    shop.alert("a", column_name="a", status="resolved")
    assert shop.told() == [("a", "resolved")]
    shop.upgrade()
    members = [{"alert_id": "b", "column_name": "b"}, {"alert_id": "a", "column_name": "a", "status": "resolved"}]
    shop.incident("a", members, severity="critical")
    assert shop.told() == []
    shop.incident("a", members, severity="critical", status="resolved")
    assert shop.told() == [("b", "resolved")]


def test_upgrading_and_a_full_refresh_at_once(shop: Any) -> None:
    shop.build("shop")
    shop.alert("old a", column_name="a")
    shop.alert("old b", column_name="b")
    assert len(shop.told()) == 2
    shop.drop("old a")
    shop.drop("old b")
    shop.upgrade()
    shop.incident("a", [{"alert_id": "a", "column_name": "a"}, {"alert_id": "b", "column_name": "b"}])
    assert shop.told() == []


def test_incidents_that_become_one(shop: Any) -> None:
    started(shop).incident("a")
    shop.incident("b", [{"alert_id": "b", "column_name": "b"}])
    assert len(shop.told()) == 2
    shop.workspace.execute("delete from driftline_incidents")
    shop.incident("a", ["a", {"alert_id": "b", "column_name": "b"}], earlier_ids="b")
    assert shop.told() == [] and shop.told() == []
    shop.workspace.execute("delete from driftline_incidents")
    shop.workspace.execute("delete from driftline_alerts")
    assert shop.told() == [("a", "withdrawn")]


# --- answers ---------------------------------------------------------------------------------------------------------


def test_answers_are_recorded_and_count_at_once(any_shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    started(any_shop).incident("abcdef12", ["abcdef12", "b"], severity="critical")
    monkeypatch.setenv("DRIFTLINE_USER", "ann")
    note = "it's '); drop table x; -- \\ 日本"
    outcome = any_shop.run("incidents", "ack", "abc", "--note", note)
    assert outcome.code == 0 and outcome.out.startswith("abcdef: acknowledged by ann\n")
    columns = "incident_id, monitor, answer, note, answered_by, alert_ids, data_until, severity"
    assert any_shop.answers(columns) == [
        ("abcdef12", "shop", "ack", note, "ann", "abcdef12,b", datetime(2026, 3, 3), "critical")
    ]
    (incident,) = any_shop.run("incidents", "--json").json["incidents"]
    assert (incident["status"], incident["answered_by"], incident["answer_note"]) == ("acknowledged", "ann", note)
    outcome = any_shop.run("check")
    assert outcome.code == 1 and "acknowledged by ann" in outcome.out
    any_shop.run("incidents", "false-alarm", "abcd", "--note", "a test", "--by", "bob")
    outcome = any_shop.run("check")
    assert outcome.code == 0
    assert outcome.out == "No open incidents (1 monitor; 1 expected or a false alarm).\n"
    result = any_shop.run("check", "--json").json
    assert (result["open"], result["alerts"], result["incidents"]) == (0, [], [])
    # Taken back one by one.
    assert "'false alarm' was taken back by ann" in any_shop.run("incidents", "reopen", "abcd").out
    assert any_shop.run("check").code == 1
    assert "'acknowledged' was taken back" in any_shop.run("incidents", "revoke", "abcd").out
    assert any_shop.run("incidents", "--json").json["incidents"][0]["status"] == "open"
    outcome = any_shop.run("incidents", "revoke", "abcd")
    assert outcome.code == 2 and "no answer" in outcome.err
    assert [row[1] for row in any_shop.answers()] == ["ack", "false_alarm", "revoke", "revoke"]


def configure(shop: Any, **parts: Any) -> None:
    (shop.folder / "driftline.yml").write_text(yaml.safe_dump(parts))


def test_an_acknowledged_incident_is_not_repeated(shop: Any) -> None:
    configure(shop, channels={"console": {"type": "console", "remind_every": "0.001s"}})
    started(shop).incident("a")
    assert shop.told() == [("a", "opened")]
    assert shop.told() == [("a", "reminder")]
    assert shop.run("incidents", "ack", "a", "--by", "ann").code == 0
    assert shop.told() == []
    shop.incident("a", severity="critical")
    assert shop.told() == [("a", "escalated")]
    assert shop.told() == []
    shop.incident("a", severity="critical", status="resolved")
    assert shop.told() == [("a", "resolved")]


def wake(shop: Any) -> None:
    """Let the snoozes end."""
    shop.workspace.execute(
        f"update {shop.workspace.relation('driftline_answers')} set until = answered_at where answer = 'snooze'"
    )


def test_a_snooze_and_what_comes_after(any_shop: Any) -> None:
    started(any_shop).incident("a")
    any_shop.incident("b", [{"alert_id": "b", "column_name": "b"}])
    any_shop.incident("c", [{"alert_id": "c", "column_name": "c"}])
    any_shop.run("incidents", "snooze", "a", "--until", "2d")
    assert sorted(any_shop.told()) == [("b", "opened"), ("c", "opened")]
    for name in "bc":
        outcome = any_shop.run("incidents", "snooze", name, "--until", "2999-12-31", "--note", "sale")
        assert "snoozed until 3000-01-01 00:00 UTC" in outcome.out
    assert any_shop.told() == []
    assert "waiting: 1 (snoozed until" in any_shop.run("alert").err
    assert any_shop.run("check").code == 1
    # It becomes critical meanwhile; another ends.
    any_shop.incident("b", [{"alert_id": "b", "column_name": "b"}], severity="critical")
    assert any_shop.told() == [("b", "escalated")]
    assert any_shop.told() == []
    any_shop.incident("d", [{"alert_id": "d", "column_name": "d"}])
    any_shop.run("incidents", "snooze", "d", "--until", "1h")
    any_shop.incident("d", [{"alert_id": "d", "column_name": "d"}], status="resolved")
    assert any_shop.told() == []
    wake(any_shop)
    # What was not told is new; what was told before is repeated, though the channel has no reminders; each once.
    assert sorted(any_shop.told()) == [("a", "opened"), ("c", "reminder")]
    # That it became critical was told while the snooze lasted.
    relation = any_shop.workspace.relation("driftline_answers")
    any_shop.workspace.execute(f"update {relation} set until = {later(any_shop)} where incident_id = 'b'")
    assert any_shop.told() == [("b", "reminder")]
    assert any_shop.told() == []


def later(shop: Any) -> str:
    """Just after the last of what was told."""
    relation = shop.workspace.relation("driftline_notifications")
    return f"(select max(sent_at) + interval '1 millisecond' from {relation})"


def test_what_is_expected_is_not_told_and_its_end_is_recorded(any_shop: Any) -> None:
    started(any_shop).incident("a")
    any_shop.incident("b", [{"alert_id": "b", "column_name": "b"}])
    assert len(any_shop.told()) == 2
    any_shop.run("incidents", "resolve", "a", "--expected", "campaign", "--by", "ann")
    any_shop.run("incidents", "false-alarm", "b", "--note", "a test", "--by", "ann")
    any_shop.incident("a", severity="critical")
    assert any_shop.told() == []
    any_shop.incident("a", severity="critical", status="resolved")
    any_shop.workspace.execute(
        f"delete from {any_shop.workspace.relation('driftline_incidents')} where incident_id = 'b'"
    )
    any_shop.drop("b")
    assert any_shop.told() == [] and any_shop.told() == []
    ended = [row for row in any_shop.ledger("alert_id, event, outcome, detail") if row[1] in ("resolved", "withdrawn")]
    assert sorted(ended) == [
        ("a", "resolved", "skipped", "answered as expected by ann"),
        ("b", "withdrawn", "skipped", "answered as false alarm by ann"),
    ]
    # If it opens again after that, it is another matter.
    any_shop.incident("a", severity="warn")
    assert any_shop.told() == [("a", "reopened")]


def test_what_the_calendar_explains_is_not_told(any_shop: Any) -> None:
    """With and without a ledger of answers; what goes on after the event is told."""
    started(any_shop).incident("a", event="spring sale", status="expected")
    any_shop.incident("b")
    assert any_shop.told() == [("b", "opened")]
    listed = " ".join(any_shop.run("incidents", "--all").out.split())
    assert "expected:" in listed and "spring" in listed
    any_shop.run("incidents", "ack", "b", "--by", "ann")
    any_shop.incident("a", event="spring sale", status="resolved")
    assert any_shop.told() == []
    any_shop.incident("a", event=None, status="open")
    assert any_shop.told() == [("a", "opened")], "nobody had been told of it"


def test_what_was_taken_back_is_told_again(shop: Any) -> None:
    started(shop).incident("a")
    shop.run("incidents", "resolve", "a", "--expected", "campaign")
    assert shop.told() == []
    shop.run("incidents", "revoke", "a")
    assert shop.told() == [("a", "opened")]


def test_actions_obey_answers(shop: Any) -> None:
    once = {"command": ["true"], "per": "incident"}
    configure(shop, actions={"each": {"command": ["true"]}, "once": once})
    started(shop)
    for name in "abcd":
        shop.incident(name, [{"alert_id": f"{name}{n}", "column_name": f"{name}{n}"} for n in (1, 2)])
    shop.run("incidents", "ack", "a")
    shop.run("incidents", "snooze", "b", "--until", "3d")
    shop.run("incidents", "resolve", "c", "--expected", "x")
    assert shop.run("alert").code == 0

    def starts() -> set[tuple[str, ...]]:
        return set(
            shop.workspace.sql(
                "select channel, alert_id, message_key from driftline_notifications where channel like 'action:%' "
                "and outcome = 'succeeded'"
            )
        )

    found = starts()
    assert {row[:2] for row in found} == {
        (f"action:{a}", f"{i}{n}") for a in ("each", "once") for i in "ad" for n in (1, 2)
    }
    assert len({row[2] for row in found if row[0] == "action:once"}) == 2
    assert len({row[2] for row in found if row[0] == "action:each"}) == 4
    # What joins an incident later does not start it again; per alert it does.
    shop.incident("a", [{"alert_id": f"a{n}", "column_name": f"a{n}"} for n in (1, 2, 3)])
    assert shop.run("alert").code == 0
    assert {row[:2] for row in starts() - found} == {("action:each", "a3")}


def test_three_answer_at_once(any_shop: Any) -> None:
    """In processes of their own. A DuckDB file has one of them at a time: the others wait."""
    started(any_shop).incident("a")
    workspace, root = any_shop.workspace, str(Path(driftline.__file__).parents[1])
    if workspace.engine == "duckdb":
        workspace.close()
    command = [sys.executable, "-m", "driftline", "incidents", "ack", "a", "--project-dir", ".", "--profiles-dir", "."]
    running = [
        subprocess.Popen(
            [*command, "--by", name], cwd=any_shop.folder, env={**os.environ, "PYTHONPATH": root}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for name in ("ann", "bob", "eve")
    ]  # fmt: skip
    ends = [(*process.communicate(timeout=120), process.returncode) for process in running]
    if workspace.engine == "duckdb":
        workspace.connection = duckdb.connect(str(workspace.path))
    assert [end[2] for end in ends] == [0, 0, 0], ends
    assert sorted(any_shop.answers("answered_by")) == [("ann",), ("bob",), ("eve",)]


def test_what_is_accepted_is_what_was_reached(any_shop: Any) -> None:
    started(any_shop).incident("a", [{"alert_id": "a", "column_name": "price"}, {"alert_id": "b", "column_name": "b"}])
    execute, relation = any_shop.workspace.execute, any_shop.workspace.relation
    series = "model_version, segment, segment_value, window_periods, family, metric, column_name, baseline"
    execute(
        f"create table {relation('driftline_int_judgements')} as select monitor, {series}, "
        "first_window_start as window_start, last_window_end as window_end, 0.4 as effect, true as is_breach, "
        "'difference' as compare, 0.3 as value, 0.1 as expected "
        f"from {relation('driftline_alerts')}"
    )
    execute(f"insert into {relation('driftline_int_judgements')} select monitor, {series}, window_start, window_end, "
            f"0.9, false, compare, value, expected from {relation('driftline_int_judgements')}")  # fmt: skip
    outcome = any_shop.run("incidents", "resolve", "a", "--expected", "campaign")
    assert "2 series of it alert only beyond what was reached" in outcome.out
    accepted = any_shop.workspace.sql(
        f"select incident_id, monitor, column_name, accepted_from, compare, accepted_effect, accepted_difference "
        f"from {relation('driftline_accepted')} order by column_name"
    )
    until = datetime(2026, 3, 3)
    assert [(*row[:5], float(row[5]), round(float(row[6]), 9)) for row in accepted] == [
        ("a", "shop", "b", until, "difference", 0.4, 0.2), ("a", "shop", "price", until, "difference", 0.4, 0.2)
    ]  # fmt: skip
    assert any_shop.run("incidents", "ack", "a").out.count("\n") == 2
    # A table of before directions were recorded gets the column; its rows count for both.
    ways = f"select way from {relation('driftline_accepted')} order by way is null, way"
    assert any_shop.workspace.sql(ways) == [("up",), ("up",)]
    execute(f"alter table {relation('driftline_accepted')} drop column way")
    execute(f"update {relation('driftline_int_judgements')} set value = 0.0")
    assert any_shop.run("incidents", "resolve", "a", "--expected", "campaign").code == 0
    assert any_shop.workspace.sql(ways) == [("down",), ("down",), (None,), (None,)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ack", "zz"), "No incident begins with 'zz'; open: abc1"),
        (("ack", "abc"), "2 incidents begin with 'abc': abc1"),
        (("ack", ""), "No incident begins with ''"),
        (("snooze", "abc1", "--until", "soon"), "--until: given 'soon'; allowed: a day such as 2026-12-31"),
        (("snooze", "abc1", "--until", "2020-01-01"), "--until: given '2020-01-01', which is over"),
        (("snooze", "abc1", "--until", "99999999d"), "--until: given '99999999d'"),
        (("snooze", "abc1"), "Missing option '--until'"),
        (("resolve", "abc1"), "Missing option '--expected'"),
        (("false-alarm", "abc1", "--note", " "), "The note is empty."),
        (("ack", "over"), "Incident over99 is over"),
    ],
)
def test_one_clear_message(arguments: tuple[str, ...], said: str, shop: Any) -> None:
    started(shop).incident("abc1aaaaaa", [{"alert_id": "abc1aaaaaa"}])
    shop.incident("abc2bbbbbb", [{"alert_id": "abc2bbbbbb", "column_name": "b"}])
    shop.incident("over999999", [{"alert_id": "over999999", "column_name": "c"}], status="resolved")
    outcome = shop.run("incidents", *arguments)
    assert outcome.code == 2 and said in outcome.err and outcome.out == ""
    assert shop.workspace.sql(
        "select count(*) from information_schema.tables where table_name = 'driftline_answers'"
    ) == [(0,)]


def test_options_after_the_answer_too(shop: Any, capsys: Any) -> None:
    from driftline.cli import run

    started(shop).incident("abc")
    folder = str(shop.folder)
    assert run(["incidents", "ack", "abc", "--project-dir", folder, "--profiles-dir", folder, "--by", "ann"]) == 0
    assert shop.answers() == [("abc", "ack", "ann")]


def test_secrets_in_a_note_are_masked(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", "hush-hush-1")
    started(shop).incident("a")
    shop.run("incidents", "ack", "a", "--note", "see hush-hush-1")
    assert shop.answers("note") == [("see ***",)]


# --- the list --------------------------------------------------------------------------------------------------------


def test_the_list_fits_80_columns(any_shop: Any) -> None:
    started(any_shop, "shop", "other")
    any_shop.incident("abcdef0001", [{"alert_id": "abcdef0001"}], headline=LONG, owner="the team that owns prices")
    japanese = "推薦の価格は先週から上がっており、購入率は 3.2 % から 1.1 % に下がりました。"
    any_shop.incident("abcdef0002", [{"alert_id": "abcdef0002", "column_name": "b"}], headline=japanese,
                      severity="critical", monitor="other")  # fmt: skip
    any_shop.incident("over000000", [{"alert_id": "over000000", "column_name": "c"}], status="resolved")
    any_shop.run("incidents", "snooze", "abcdef0001", "--until", "2999-01-01", "--by", "ann", "--note", "until then")
    lines = any_shop.run("incidents").out.splitlines()
    assert lines[0].split() == ["id", "severity", "since", "what", "status"]
    assert lines[1].startswith("abcdef0002  critical  2026-03-01  other: 推薦の")
    assert max(map(width, lines)) <= 80
    assert "over00" not in "\n".join(lines)
    assert "\nover00 " in any_shop.run("incidents", "--all").out
    assert "other:" not in any_shop.run("incidents", "--monitor", "shop").out
    outcome = any_shop.run("incidents", "--monitor", "shpo")
    assert outcome.code == 2 and "'shpo'" in outcome.err
    any_shop.workspace.execute(f"delete from {any_shop.workspace.relation('driftline_incidents')}")
    any_shop.workspace.execute(f"delete from {any_shop.workspace.relation('driftline_alerts')}")
    assert any_shop.run("incidents").out == "No open incidents.\n"


def test_check_says_it_in_sentences(any_shop: Any) -> None:
    started(any_shop, "shop", "other")
    any_shop.incident(
        "a", [{"alert_id": "a", "severity": "warn"}, {"alert_id": "b"}], severity="critical", headline=LONG
    )
    outcome = any_shop.run("check", "--severity", "critical")
    assert outcome.code == 1
    lines = outcome.out.splitlines()
    assert lines[0] == "1 open incident of severity critical (in 1 of 2 monitors):"
    assert lines[1].startswith("  critical  shop: The price of what was sold")
    assert lines[-1] == "              psi of price is 0.31, over 0.25" and max(map(width, lines)) <= 80
    result = any_shop.run("check", "--severity", "critical", "--json").json
    assert [alert["alert_id"] for alert in result["alerts"]] == ["b"] and result["critical"] == 1
    assert result["incidents"][0]["incident_id"] == "a"
    assert any_shop.run("check", "--monitor", "other").code == 0
    any_shop.incident("a", ["a", {"alert_id": "b", "monitor": "other"}], monitors=2)
    outcome = any_shop.run("check", "--monitor", "other")
    assert outcome.code == 1 and "shop, other: " in outcome.out


def test_what_is_behind_it_and_what_it_cost_stand_beside_it(any_shop: Any) -> None:
    started(any_shop)
    cause = "of country, Germany moved most"
    any_shop.incident("a", headline="Price rose", cause=cause, cost=1234.5, cost_unit="GBP", owner="ann")
    for command in ("check", "incidents"):
        said = " ".join(any_shop.run(command).out.replace(" open\n", "\n").split())
        assert cause in said and "cost 1,234" in said and "GBP" in said, said
        assert said.index("Price rose") < said.index(cause) < said.index("cost 1,234") < said.index("ann")
    # What the headline has said is not said again.
    any_shop.incident("a", headline=f"Country moved; {cause}; 2 monitors are affected", cause=cause)
    assert " ".join(any_shop.run("check").out.split()).count("moved most") == 1


def test_metrics_count_incidents(shop: Any) -> None:
    pytest.importorskip("prometheus_client")
    started(shop).incident("a", ["a", "b"])
    shop.incident("c", [{"alert_id": "c", "column_name": "c"}])
    shop.run("incidents", "resolve", "c", "--expected", "x")
    shop.workspace.execute("drop table driftline_metrics")
    series = "model_version, segment, segment_value, family, metric, column_name, baseline"
    shop.workspace.execute(
        "create table driftline_metrics as select monitor, window_periods, first_window_start as window_start, "
        f"last_window_end as window_end, value, true as is_complete, {series} from driftline_alerts"
    )
    shop.workspace.execute("alter table driftline_monitors add column timezone varchar")
    shop.workspace.execute("alter table driftline_monitors add column period varchar")
    out = shop.run("metrics").out
    assert 'driftline_open_incidents{monitor="shop",severity="warn"} 1.0' in out
    assert 'driftline_open_incidents{monitor="shop",severity="critical"} 0.0' in out
    assert 'driftline_open_alerts{monitor="shop",severity="warn"} 3.0' in out


# --- parts -----------------------------------------------------------------------------------------------------------

AT = datetime(2026, 3, 1)


def given(answer_id: str, answer: str = "ack", hours: int = 0, **more: Any) -> Answer:
    return Answer(answer_id, more.pop("incident", "a"), "shop", answer, answered_at=AT + timedelta(hours=hours), **more)


def test_the_last_answer_that_was_not_taken_back_counts() -> None:
    first, second = given("1"), given("2", "expected", 1)
    assert standing([second, first])["a"] == second
    assert standing([first, second, given("3", "revoke", 2, revokes="2")])["a"] == first
    assert standing([first, given("3", "revoke", 2, revokes="1")]) == {}


def test_an_answer_to_what_became_part_counts_where_it_covers_all() -> None:
    members = tuple(Alert(name, "shop", "warn", "open", "m") for name in "ab")
    whole = Incident("a", "shop", "warn", "open", "s", members=members, earlier_ids="b")
    part = given("1", "expected", incident="b", alert_ids="b")
    assert answered(whole, {"b": [part]}).status == "open"
    assert answered(whole, {"b": [given("1", "expected", incident="b", alert_ids="a,b")]}).status == "expected"
    # What was an incident of its own is an alert of this one.
    whole = Incident("a", "shop", "warn", "open", "s", members=members)
    assert answered(whole, {"b": [given("1", "expected", incident="b", alert_ids="a,b")]}).status == "expected"
    assert answered(whole, None) == whole


def test_short_ids_tell_apart() -> None:
    many = [Incident(name, "shop", "warn", "open") for name in ("abcdefgh1", "abcdefgh2", "operation-1234567", "xyz")]
    shorts = short_ids(many)
    assert shorts == {"abcdefgh1": "abcdefgh1", "abcdefgh2": "abcdefgh2", "operation-1234567": "123456", "xyz": "xyz"}
    for incident in many:
        assert find_incident(many, shorts[incident.incident_id]) == incident
        assert find_incident(many, incident.incident_id) == incident


def test_texts_are_wrapped_by_their_width() -> None:
    assert wrap("one two three", 7) == ["one two", "three"]
    assert wrap("x" * 9, 4) == ["xxxx", "xxxx", "x"]
    assert wrap("日本語です。", 5) == ["日本", "語で", "す。"]
    assert wrap("", 5) == [""]
