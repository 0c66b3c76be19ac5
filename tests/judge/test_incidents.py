"""What has one cause is one incident: planted facts, ids that stay, and one culprit among thousands that moved."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pandas as pd
import pytest
from judge.metrics import ALERTS, INCIDENTS, Row, day, judge, make_chain, row
from scipy import stats
from support import Chain
from support.engines import DuckDBWorkspace

OVERRIDES: list[Row] = [
    {"family": "business", "baseline": "trailing", "segments": "each"},
    {"family": "performance", "metric": "roc_auc", "segments": "each"},
    {"family": "freshness", "segments": "each"},
    {"metric": "psi", "segments": "each"},
]
EVENTS: list[Row] = [
    {"event": 'It\'s a "sale"; --', "first_day": "2024-03-11", "last_day": "2024-03-17", "monitor": "campaign"},
    {"event": "sale", "first_day": "2024-03-11", "last_day": "2024-03-17", "monitor": "campaign that stays"},
    {"event": "holiday", "first_day": "2024-03-21", "moves": "conversion", "monitor": "holiday"},
    {"event": "everywhere", "first_day": "2024-04-20", "moves": "nothing that moves"},
]
SHARED = {"two on one feed": "feed", "the other on that feed": "feed", "one on another feed": "elsewhere"}


@pytest.fixture(scope="module")
def chain(make_module_project: Any) -> Chain:
    return make_chain(make_module_project, OVERRIDES, full_refresh=False, events=EVENTS)


def psi(number: int, column: str, value: float, **fields: Any) -> Row:
    return row(number, column_name=column, value=value, **fields)


def rate(number: int, column: str, value: float, **fields: Any) -> Row:
    return row(
        number,
        column_name=column,
        family="quality",
        metric="null_rate",
        value=value,
        expected=0.0,
        noise=0.01,
        **fields,
    )


def conversion(number: int, value: float, metric: str = "conversion", **fields: Any) -> Row:
    return row(
        number, family="business", metric=metric, column_name="all", column_role="business", column_kind="measure",
        baseline="trailing", value=value, expected=1.0, noise=0.05, **fields,
    )  # fmt: skip


def auc(number: int, value: float, **fields: Any) -> Row:
    return row(
        number, family="performance", metric="roc_auc", column_name="all", column_role="performance",
        column_kind="performance", value=value, expected=0.8, noise=0.01, **fields,
    )  # fmt: skip


def unequal(number: int, value: float, **fields: Any) -> Row:
    return row(
        number, family="fairness", metric="equal_opportunity_difference", column_name="all", segment="own_tier",
        column_role="fairness", column_kind="fairness", value=value, expected=0.05, noise=0.01, **fields,
    )  # fmt: skip


def silent(number: int, periods: float, **fields: Any) -> Row:
    return row(
        number, family="freshness", metric="missing_periods", column_name="all", column_role="freshness",
        column_kind="freshness", baseline="none", value=periods, expected=None, noise=0.1, **fields,
    )  # fmt: skip


def planted(days: int = 60) -> list[Row]:
    """Histories, one monitor for each story."""
    found: list[Row] = []
    for d in range(days):
        name = "one column"  # psi, null rate and unseen rate of one column, from day 20 for good
        broken = d >= 20
        found += [psi(d, "price", 0.6 if broken else 0.0, monitor=name), psi(d, "age", 0.0, monitor=name)]
        found += [rate(d, "price", 0.3 if broken else 0.0, monitor=name)]
        name = "two columns"  # both go missing, ten days apart
        found += [rate(d, "price", 0.3 if d >= 20 else 0.0, monitor=name)]
        found += [rate(d, "age", 0.3 if d >= 30 else 0.0, monitor=name)]
        name = "mild and far out"  # inputs move one after the other; the last one breaks
        found += [
            psi(d, "first", 0.15 if d >= 10 else 0.0, monitor=name),
            psi(d, "second", 0.15 if d >= 20 else 0.0, monitor=name),
            psi(d, "broken", 0.9 if d >= 40 else 0.0, monitor=name),
            # It has been moving for long: no news.
            psi(d, "worse", 0.0 if d < 12 else 0.15 if d < 45 else 0.9, monitor=name),
        ]
        name = "total and part"  # the same metric in total and in its only segment
        value = 0.3 if 20 <= d < 25 else 1.0
        found += [conversion(d, value, monitor=name)]
        found += [conversion(d, value, monitor=name, segment="shop", segment_value="A")]
        name = "inputs and model"  # what decides is what the model is worth
        found += [psi(d, "item_price", 0.6 if d >= 20 else 0.0, monitor=name)]
        found += [unequal(d, 0.4 if d >= 20 else 0.05, monitor=name)]
        found += [auc(d, 0.6 if d >= 20 else 0.8, monitor=name)]
        name = "returns"  # over for a day and back: the same; over for three weeks: another
        found += [rate(d, "price", 0.3 if d in (10, 11, 15, 16, 40, 41) else 0.0, monitor=name)]
        name = "joins late"  # a fortnight and more after the others: news, however mild; so is a metric while rows fail
        found += [psi(d, "first", 0.15 if d >= 5 else 0.0, monitor=name)]
        found += [psi(d, "soon", 0.15 if d >= 15 else 0.0, monitor=name)]
        found += [psi(d, "late", 0.15 if d >= 40 else 0.0, monitor=name)]
        name = "fewer rows"  # what begins while they fail to come comes from that
        found += [silent(d, 2.0 if 20 <= d < 30 else 0.0, monitor=name)]
        found += [conversion(d, 0.3 if 25 <= d < 30 else 1.0, metric="revenue", monitor=name)]
        found += [conversion(d, 0.3 if d >= 45 else 1.0, metric="visits", monitor=name)]
        name = "campaign"  # a week of it, from day 10 to 16; in the next one it does not stop
        found += [conversion(d, 2.0 if 10 <= d <= 16 else 1.0, monitor=name)]
        found += [conversion(d, 2.0 if 10 <= d <= 30 else 1.0, metric="orders", monitor=name + " that stays")]
        name = "holiday"  # the holiday moves the conversion, and nobody said so of the prices
        found += [conversion(d, 0.4 if d == 20 else 1.0, monitor=name)]
        found += [psi(d, "price", 0.9 if d == 40 else 0.0, monitor=name)]
        for name in SHARED:
            found += [silent(d, 2.0 if d >= 50 else 0.0, monitor=name)]
        name = "shops"  # each stops on its own
        for number, shop in enumerate("ABC"):
            stops = d >= 20 + 10 * number
            found += [silent(d, 2.0 if stops else 0.0, monitor=name, segment="shop", segment_value=shop)]
    return found


def rows_of(chain: Chain, table: str) -> list[dict[str, Any]]:
    frame = chain.frame(f"select * from {chain.workspace.relation(table)}")
    return [{k: None if pd.isna(v) else v for k, v in each.items()} for each in frame.to_dict("records")]


def incidents(chain: Chain) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    table = rows_of(chain, "driftline_incidents")
    for incident in sorted(table, key=lambda i: (i["first_window_start"], i["incident_id"])):
        found[incident["monitor"]].append(incident)
    return found


def members(chain: Chain) -> dict[str, str]:
    """alert → incident"""
    return {alert["alert_id"]: alert["incident_id"] for alert in rows_of(chain, "driftline_alerts")}


def test_one_cause_is_one_incident(chain: Chain) -> None:
    judge(chain, planted(), relations={name: SHARED.get(name, name) for name in {r["monitor"] for r in planted()}})
    found = incidents(chain)

    (only,) = found["one column"]
    assert (
        only["headline"]
        == "Price is missing in 30 % of the rows, usually in none, since 2024-03-21 (40 days), far beyond chance"
    )
    assert (only["alerts"], only["columns_moved"], only["also"], only["is_common"]) == (2, 1, None, False)
    # What is missing explains the distribution, not the other way round; and it is no drift alone.
    assert (only["metric"], only["column_name"], only["severity"]) == ("null_rate", "price", "critical")
    assert only["first_window_start"] == day(20) and only["opened_at"] == day(21) and only["status"] == "open"

    assert [i["column_name"] for i in found["two columns"]] == ["price", "age"]

    common, broken = found["mild and far out"]
    assert common["headline"].startswith(
        "3 of 3 columns of mild and far out are distributed differently, since 2024-03-11"
    )
    assert (common["alerts"], common["columns_moved"], common["is_common"]) == (3, 3, True)
    assert common["severity"] == broken["severity"] == "warn", "inputs alone warn"
    assert (broken["column_name"], broken["alerts"], broken["first_window_start"]) == ("broken", 1, day(40))

    assert [i["columns_moved"] for i in found["joins late"]] == [2, 1]
    assert [(i["family"], i["also"]) for i in found["fewer rows"]] == [("freshness", "revenue"), ("business", None)]

    (part,) = found["total and part"]
    assert (part["alerts"], part["status"], part["family"]) == (2, "resolved", "business")
    alert = next(a for a in rows_of(chain, "driftline_alerts") if a["alert_id"] == part["headline_alert_id"])
    assert alert["is_headline"] and alert["is_total"] and alert["incident_id"] == part["incident_id"]

    (both,) = found["inputs and model"]
    # What else moved stands there in words, not by the names of columns and measures.
    assert (both["metric"], both["severity"], both["also"], both["columns_moved"]) == (
        "roc_auc",
        "critical",
        "The share of the positives that is found, item price",
        1,
    )
    moved = chain.sql(
        "select distinct s.moved from driftline_int_sentences as s join driftline_alerts as a on a.alert_id = s.alert_id "
        "where s.language = 'ja' and a.monitor = 'inputs and model' order by 1"
    )
    assert {text for (text,) in moved} == {"item price", "正例が見つけられる割合", "モデルの順位づけの精度（AUC）"}
    assert both["evidence"].startswith("roc_auc 0.6 against 0.8")

    first, second = found["returns"]
    assert (first["alerts"], first["first_window_start"], first["status"]) == (2, day(10), "resolved")
    assert (second["alerts"], second["first_window_start"], second["status"]) == (1, day(40), "resolved")

    assert found["inputs and model"][0]["headline"].endswith("; 2 other things moved with it")
    (feed,) = found["the other on that feed"] + found["two on one feed"]
    assert feed["headline"].endswith("; 2 monitors are affected")
    assert (feed["monitors"], feed["alerts"], feed["severity"]) == (2, 2, "critical")
    assert len(found["one on another feed"]) == 1

    assert [i["first_window_start"] for i in found["shops"]] == [day(20), day(30), day(40)]

    (sale,) = found["campaign"]
    assert (sale["status"], sale["event"], sale["open_alerts"]) == ("resolved", EVENTS[0]["event"], 0)
    (stays,) = found["campaign that stays"]
    assert (stays["status"], stays["event"]) == ("resolved", None)
    told = [(i["metric"], i["status"], i["event"]) for i in found["holiday"]]
    assert told == [("conversion", "resolved", "holiday"), ("psi", "resolved", None)]

    alerts = rows_of(chain, "driftline_alerts")
    assert {a["incident_id"] for a in alerts} == {i["incident_id"] for each in found.values() for i in each}
    assert sum(a["is_headline"] for a in alerts) == sum(map(len, found.values()))


def test_what_is_told_of_several_failing_monitors_is_one(chain: Chain) -> None:
    """Where a run fails for all, their data are not the cause."""
    judge(chain, planted(15), then=())
    workspace = chain.workspace
    columns = "monitor, alert_id, status, first_failed, last_failed, failed_runs, last_success, resolved_at, owner"
    for name, first in [("a", "2024-03-20 06:00:01"), ("b", "2024-03-20 06:10:44"), ("c", "2024-03-22 06:00:00")]:
        workspace.execute(
            f"insert into {workspace.relation('driftline_int_operation')} ({columns}) values "
            f"('{name}', 'operation-{name}', 'open', '{first}', '2024-03-23 06:00:00', 4, null, null, null)"
        )
    chain.run(*[name for name in INCIDENTS if name != "driftline_int_standing_out"])
    failing = [i for i in rows_of(chain, "driftline_incidents") if i["family"] == "operation"]
    assert sorted((i["monitors"], i["severity"]) for i in failing) == [(1, "critical"), (2, "critical")]


def test_an_answer_to_what_became_part_counts_where_it_covers_all(chain: Chain) -> None:
    """As the command line has it (driftline.incidents.answered)."""
    judge(chain, planted(15), then=INCIDENTS)
    workspace = chain.workspace
    open_ones: dict[str, list[str]] = defaultdict(list)
    for alert in rows_of(chain, "driftline_alerts"):
        if alert["status"] == "open":
            open_ones[alert["incident_id"]].append(alert["alert_id"])
    incident_id, ids = next((i, ids) for i, ids in open_ones.items() if len(ids) > 1 and i in ids)
    part = next(alert_id for alert_id in ids if alert_id != incident_id)

    def answer(answer_id: str, to: str, kind: str, minute: int, about: list[str]) -> dict[str, Any]:
        workspace.execute(
            f"insert into {workspace.relation('driftline_int_answers')} "
            "(answer_id, incident_id, monitor, answer, answered_by, answered_at, alert_ids) values "
            f"('{answer_id}', '{to}', 'm', '{kind}', 'ann', '2024-04-01 12:{minute:02}:00', '{','.join(about)}')"
        )
        chain.run("driftline_incidents")
        incidents = {i["incident_id"]: i for i in rows_of(chain, "driftline_incidents")}
        assert [i for i in incidents.values() if i["answer"]] in ([], [incidents[incident_id]])
        return incidents[incident_id]

    try:
        assert answer("1", part, "expected", 1, [part])["status"] == "open"
        assert answer("2", part, "expected", 2, ["x", *ids])["status"] == "expected"
        assert answer("3", incident_id, "ack", 3, ids)["status"] == "acknowledged"
        assert answer("4", part, "false_alarm", 2, ids)["status"] == "acknowledged", "the last one counts"
    finally:
        workspace.execute(f"delete from {workspace.relation('driftline_int_answers')}")
    # An alert that went on in another: its id is among that one's earlier ones.
    workspace.execute(
        f"update {workspace.relation('driftline_int_episodes')} set earlier_ids = 'was,{'w' * 32}' "
        f"where alert_id = '{part}'"
    )
    chain.run("driftline_int_alerts")
    try:
        assert answer("5", "w" * 32, "expected", 1, ids)["status"] == "expected"
    finally:
        workspace.execute(f"delete from {workspace.relation('driftline_int_answers')}")


def test_a_cause_is_told_once(chain: Chain) -> None:
    """The later of two incidents of one time refers to the one before, in each language; another time tells it anew."""
    judge(chain, planted(60))
    workspace = chain.workspace
    incidents = sorted(rows_of(chain, "driftline_incidents"), key=lambda i: (i["opened_at"], i["incident_id"]))
    still = [i for i in incidents if i["status"] == "open" and i["last_window_end"] > i["first_window_start"]]
    ended = [i for i in incidents if i["status"] == "resolved"]
    first, second, over = next(
        (a, b, c)
        for n, a in enumerate(still)
        for b in still[n + 1 :]
        for c in ended
        if b["first_window_start"] < a["last_window_end"]
        and a["first_window_start"] < b["last_window_end"]
        and c["last_window_end"] <= min(a["first_window_start"], b["first_window_start"])
    )
    words = workspace.relation("driftline_int_cause_words")
    for incident, key in ((first, "k"), (second, "k"), (over, "k")):
        for language in ("en", "ja"):
            workspace.execute(
                f"insert into {words} (alert_id, language, cause, cause_key) values "
                f"('{incident['headline_alert_id']}', '{language}', 'cause of {incident['incident_id']}', '{key}')"
            )
    try:
        chain.run("driftline_int_incident_sentences", "driftline_incidents")
        told = {
            (row["incident_id"], row["language"]): row for row in rows_of(chain, "driftline_int_incident_sentences")
        }
        for language, words_of in (("en", "the same as told of: {}"), ("ja", "次のインシデントと同じです：{}")):
            headline = told[first["incident_id"], language]["headline"]
            assert told[second["incident_id"], language]["cause"] == words_of.format(headline)
            for alone in (first, over):
                assert told[alone["incident_id"], language]["cause"] == f"cause of {alone['incident_id']}"
        causes = {i["incident_id"]: i["cause"] for i in rows_of(chain, "driftline_incidents") if i["cause"]}
        assert causes == {
            i: told[i, "en"]["cause"] for i in (first["incident_id"], second["incident_id"], over["incident_id"])
        }
    finally:
        workspace.execute(f"delete from {words}")


def test_of_many_columns_one_is_told_by_its_numbers(chain: Chain) -> None:
    """That many are distributed differently helps nobody: one whose average moved says from what to what, and it is the
    one that moved beyond the others, where one did."""
    rows = [
        psi(d, name, (3.0 if name == "unit_cost" else 0.3) if d >= 20 else 0.0, monitor="crowd")
        for d in range(30)
        for name in ("a", "b", "c", "d", "e", "f", "g", "unit_cost")
    ]
    judge(chain, rows)

    def told(*means: tuple[str, float | None, float]) -> tuple[str, str]:
        workspace = chain.workspace
        table = workspace.relation("driftline_drift")
        for name, mean, before in means:
            workspace.execute(
                f"insert into {table} (monitor, model_version, segment, segment_value, window_periods, window_start, "
                "column_name, baseline, mean, baseline_mean) values ('crowd', 'all', 'all', 'all', 1, "
                f"'{day(29)}', '{name}', 'reference', {'null' if mean is None else mean}, {before})"
            )
        chain.run("driftline_int_statements", "driftline_int_sentences", "driftline_int_incident_sentences")
        workspace.execute(f"delete from {table}")
        found = chain.sql("select language, headline from driftline_int_incident_sentences order by language")
        assert [language for language, _ in found] == ["en", "ja"]
        return found[0][1], found[1][1]

    many = "8 of 8 columns of crowd are distributed differently, since 2024-03-21"
    many_ja = "2024年3月21日から、crowdの8列のうち8列の分布が基準期間と異なっています"
    assert told() == (f"{many}; most of all unit cost", f"{many_ja}。なかでもunit costの変化が目立ちます")
    assert told(("a", 3.0, 4.0), ("unit_cost", 12.5, 10.0)) == (
        f"{many}; most of all, unit cost is higher on average: 12.5 instead of 10",
        f"{many_ja}。なかでも、unit costの平均が10から12.5に上がっています",
    )
    assert told(("a", 3.0, 4.0), ("unit_cost", None, 10.0)) == (
        f"{many}; most of all unit cost; for one, a is lower on average: 3 instead of 4",
        f"{many_ja}。なかでもunit costの変化が目立ちます。例えば、aの平均が4から3に下がっています",
    )


def test_ids_stay_while_histories_grow(chain: Chain) -> None:
    """An alert stays in its incident, and an incident keeps its id, run after run and when run twice."""
    for table in ("driftline_int_episodes", "driftline_int_incident_members"):
        chain.workspace.execute(f"delete from {chain.workspace.relation(table)}")
    told: dict[str, str] = {}
    for days in (12, 13, 18, 22, 31, 31, 42, 43, 60):
        judge(chain, planted(days), then=ALERTS)
        now = members(chain)
        assert {alert: now.get(alert) for alert in told} == told
        assert set(now.values()) <= set(now), "an incident goes by one of its alerts"
        told = now
    # A row that comes late begins the story earlier; what was told goes on under its id.
    late = planted()
    for r in late:
        if (r["monitor"], r["column_name"], r["window_start"]) == ("two columns", "price", day(19)):
            r["value"] = 0.3
    judge(chain, late, then=ALERTS)
    now = members(chain)
    assert {alert: now.get(alert) for alert in told} == told
    judge(chain, late, then=ALERTS)
    assert members(chain) == now


COLUMNS, INSTALLATIONS, CORRELATION, BREAK, BEYOND = 2000, 20, 0.6, 4.0, 4.0


def test_the_culprit_among_thousands_is_named(chain: Chain, capsys: pytest.CaptureFixture[str]) -> None:
    """Series that share a factor, one break of all of them, and one that moves beyond: it is named, others are not.

    Sizes are in standard deviations of one series. What a correction of each series alone (e-values, e-BH) tells is
    printed beside it: it names all of them, or where nothing is shared loses some.
    """
    if not isinstance(chain.workspace, DuckDBWorkspace):
        pytest.skip("figures, not SQL: on Postgres it would take minutes")
    rng = np.random.default_rng(28)
    rows, culprits, alone = [], {}, []
    for number in range(INSTALLATIONS):
        common = rng.normal()
        values = BREAK + np.sqrt(CORRELATION) * common + np.sqrt(1 - CORRELATION) * rng.normal(size=COLUMNS)
        culprit = int(rng.integers(COLUMNS))
        values[culprit] += BEYOND
        name = f"fleet {number}"
        culprits[name] = f"c{culprit}"
        alone.append(e_bh(values, BREAK))
        rows += [psi(d, f"c{c}", 0.0, monitor=name) for d in range(1) for c in range(3)]
        # As an effect: a distance that grows as the shift, told from half a standard deviation on.
        rows += [psi(1, f"c{c}", max(float(v), 0.0) / 2, monitor=name) for c, v in enumerate(values)]
    judge(chain, rows, then=INCIDENTS)
    found = incidents(chain)
    named = others = 0
    for name, culprit in culprits.items():
        assert len(found[name]) == 1, "one break is one incident"
        standing = (found[name][0]["stands_out"] or "").split(", ")
        named += culprit in standing
        others += len([column for column in standing if column and column != culprit])
    independent = rng.normal(size=COLUMNS)
    independent[:50] += 4.0
    lost = 1 - np.mean(e_bh(independent, 4.0)[:50])
    with capsys.disabled():
        print(
            f"\n{COLUMNS} series, correlation {CORRELATION}: culprit named {named} of {INSTALLATIONS}, others "
            f"{others / INSTALLATIONS:.2f} each; e-BH at 0.05 names {np.mean([a.sum() for a in alone]):.0f} each, "
            f"and without a shared part loses {lost:.0%} of 50 drifts of 4 sigma"
        )
    assert named >= 0.95 * INSTALLATIONS
    assert others < 0.5 * INSTALLATIONS


def e_bh(values: np.ndarray, alternative: float, level: float = 0.05) -> np.ndarray:
    """Which are rejected by the e-value Benjamini-Hochberg procedure (Wang and Ramdas 2022), with the likelihood ratio
    of the true shift against none as e-value: the best case for it."""
    e = stats.norm.pdf(values, alternative) / stats.norm.pdf(values)
    order = np.argsort(-e)
    passed = np.nonzero(np.arange(1, len(e) + 1) * e[order] >= len(e) / level)[0]
    found = np.zeros(len(e), bool)
    if len(passed):
        found[order[: passed[-1] + 1]] = True
    return found
