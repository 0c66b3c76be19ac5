"""Where the numbers of a section come from: the files that its buttons save say what its statements find."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import pytest
from driftline.report import Limits, build_report, numbers
from driftline.report.sections import SECTIONS
from driftline.report.shapes import scaled
from driftline.report.warehouse import laid_out
from report import node, synthetic
from report.test_page import payload

Row = dict[str, Any]
GRAIN = ("model_version", "segment", "segment_value")
GROUP = (*GRAIN, "window_periods")


class Source:
    """One monitor of a page: its files as the browser writes them, and its statements, run."""

    def __init__(self, con: Any, data: Row, files: dict[str, list[list[str]]]) -> None:
        self.con, self.data, self.name = con, data, data["name"]
        self.files = {id: {name: rows(text) for name, text in tables} for id, tables in files.items()}

    def statements(self, section: str) -> list[list[Row]]:
        found = []
        for _, sql in self.data["source"][section]["sql"]:
            cursor = self.con.cursor().execute(sql)
            names = [d[0] for d in cursor.description]
            all_rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
            found.append([r for r in all_rows if r["monitor"] == self.name])
        return found

    def of(self, section: str, *columns: str) -> list[Row]:
        """What the statements with these columns find."""
        found = [row for rows in self.statements(section) if rows and set(columns) <= set(rows[0]) for row in rows]
        assert found, (section, columns)
        return found


def rows(text: str) -> list[dict[str, str]]:
    assert text.endswith("\r\n") and "\r\n\r\n" not in text
    return list(csv.DictReader(io.StringIO(text, newline="")))


def written(value: Any) -> str:
    """As the file has it."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def digits(count: int) -> Callable[[Any], Any]:
    return lambda value: numbers.short(numbers.as_float(value), count)


def number(text: str) -> float | None:
    return float(text) if text else None


def same(
    found: list[dict[str, str]], wanted: list[Row], keys: tuple[str, ...], **measures: Callable[[Any], Any]
) -> None:
    """Each row of the file is one of the statement's with the same numbers, and each of the statement's is in the file."""

    def key(row: Row) -> tuple[str, ...]:
        return tuple(written(row[k]) for k in keys)

    by_key = {key(r): r for r in wanted}
    assert len(by_key) == len(wanted) and found
    assert Counter(map(key, found)) == Counter(list(by_key))
    for row in found:
        for name, write in measures.items():
            assert number(row[name]) == write(by_key[key(row)][name]), (name, row, by_key[key(row)])
    for name in measures:
        assert any(row[name] for row in found), f"{name} is nowhere known"


def present(found: list[dict[str, str]], expected: list[Row], *by: str) -> list[Row]:
    """The rows of the combinations that the page has room for."""
    there = {tuple(r[k] for k in by) for r in found}
    return [r for r in expected if tuple(written(r[k]) for k in by) in there]


@pytest.fixture(scope="module")
def source(pages: Any) -> Source:
    return sources(pages("small").con, pages("small").html)["recommendations"]


def sources(con: Any, html: str) -> dict[str, Source]:
    monitors = payload(html)["monitors"]
    done = node.run("tables.mjs", given=json.dumps(monitors))
    assert done.returncode == 0, done.stderr[-4000:]
    files = json.loads(done.stdout)
    return {data["name"]: Source(con, data, one) for data, one in zip(monitors, files, strict=True)}


def test_every_section_with_numbers_has_them_here(source: Source) -> None:
    assert set(source.files) == {s.id for s in SECTIONS} - {"controls"}
    for section, tables in source.files.items():
        assert tables, section
        assert all(found and len(set(map(len, found))) == 1 for found in tables.values()), section
        assert source.data["source"][section]["sql"], section


def test_statements_are_what_was_asked(pages: Any) -> None:
    """Each is one of those that the page is made of, laid out; with the schema, and nothing else of the connection."""
    page = pages("small")
    asked = set(map(laid_out, page.statements))
    for monitor in payload(page.html)["monitors"]:
        for section in monitor["source"].values():
            for table, sql in section["sql"]:
                assert sql in asked and f'"main"."{table}"' in sql and "\n" in sql
                assert len(re.findall("(?i)password|secret|token|://", sql)) == 0


def test_performance(source: Source) -> None:
    found = source.files["performance"]["values"]
    expected = [r for r in present(found, source.of("performance", "basis"), *GROUP) if r["value"] is not None]
    keys = (*GROUP, "metric", "class_name", "basis", "window_start", "window_end")
    for basis, more in (("realized", {"reference_value": digits(5)}), ("estimated", {})):
        same(
            [r for r in found if r["basis"] == basis], [r for r in expected if r["basis"] == basis],
            (*keys, "is_mature") if more else keys,
            value=digits(5), value_lower=digits(5), value_upper=digits(5), **more,
        )  # fmt: skip


def test_estimate(source: Source) -> None:
    found = source.files["estimate"]["estimates"]
    keys = (*GROUP, "metric", "class_name", "window_start", "window_end")
    both: dict[Any, Row] = defaultdict(dict)
    for r in source.of("estimate", "basis"):
        both[tuple(r[k] for k in keys)][r["basis"]] = r
    expected = [
        {**b["realized"], "estimated_value": b["estimated"]["value"], "realized_value": b["realized"]["value"],
         "estimated_lower": b["estimated"]["value_lower"], "estimated_upper": b["estimated"]["value_upper"]}
        for b in both.values()
        if len(b) == 2 and b["estimated"]["value"] is not None and b["realized"]["value"] is not None
    ]  # fmt: skip
    measures = ("estimated_value", "estimated_lower", "estimated_upper", "realized_value")
    same(found, present(found, expected, *GROUP), keys, **dict.fromkeys(measures, digits(5)))


def test_versions(source: Source) -> None:
    pair = ("model_version", "champion_version", "segment", "segment_value", "family", "metric")
    latest = source.files["versions"]["latest"]
    expected = source.of("versions", "span", "window_start")
    for span, keys, bounds in (
        ("cumulative", pair, ("anytime_lower", "anytime_upper")),
        ("window", (*pair, "window_periods"), ("difference_lower", "difference_upper")),
    ):
        measures = ("value", "champion_value", "difference", *bounds)
        same(
            [r for r in latest if r["span"] == span], [r for r in expected if r["span"] == span],
            (*keys, "window_start", "window_end", "verdict", "row_count", "champion_row_count"),
            **dict.fromkeys(measures, digits(5)),
        )  # fmt: skip
    over_time = [r for r in source.of("versions", "difference") if "span" not in r]
    measures = ("difference", "anytime_lower", "anytime_upper")
    same(source.files["versions"]["so far"], over_time, (*pair, "window_end"), **dict.fromkeys(measures, digits(4)))


def test_heat(source: Source) -> None:
    """Distances in ten-thousandths, each with the larger of its two noises."""

    def noise(value: float | None, *parts: float | None) -> float | None:
        return None if value is None else max(x for x in parts if x is not None)

    def cell(value: float | None) -> float | None:
        found = scaled(value)
        return None if found is None else found / 10_000

    found = source.files["heat"]["distances"]
    expected = [
        r | {"psi_noise": noise(r["psi"], r["psi_critical"], r["noise_floor"]),
             "ks_noise": noise(r["ks_lower"], r["ks_critical"], r["ks_noise_floor"])}
        for r in present(found, source.of("heat", "psi"), *GROUP, "baseline")
        if r["psi"] is not None or r["ks_lower"] is not None
    ]  # fmt: skip
    keys = (*GROUP, "baseline", "column_name", "column_role", "column_kind", "window_start", "window_end", "row_count")
    same(found, expected, keys, **dict.fromkeys(("psi", "psi_noise", "ks_lower", "ks_noise"), cell))


@pytest.mark.parametrize(
    ("name", "moment"), [("reference", ()), ("latest windows", ("window_periods", "window_start")), ("periods", ("period_start",))]
)  # fmt: skip
def test_detail(name: str, moment: tuple[str, ...], source: Source) -> None:
    """Counts by the number of the bin; the rarest categories are one, so their counts are what is left of the column."""
    found = source.files["detail"][name]
    keys = (*GRAIN, *moment, "column_name", "column_role")
    expected = [
        r for r in source.of("detail", "weight") if all(k in r for k in moment)
        and len({"window_start", "period_start"} & set(r)) == len({"window_start", "period_start"} & set(moment))
    ]  # fmt: skip
    expected = present(found, expected, *keys)
    counted: dict[Any, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for r in expected:
        counted[tuple(written(r[k]) for k in keys)][written(r["bin"])] += float(r["weight"])
    for r in found:
        if r["bin"]:
            assert float(r["weight"]) == pytest.approx(counted[tuple(r[k] for k in keys)][r["bin"]])
        else:
            assert r["bin_kind"] == "rest"
    shown: dict[Any, float] = defaultdict(float)
    for r in found:
        shown[tuple(r[k] for k in keys)] += float(r["weight"])
    assert shown == {place: pytest.approx(sum(bins.values())) for place, bins in counted.items()}
    assert any(r["bin_kind"] == "rest" for r in found)
    described = {(r["column_name"], written(r["bin"])): r for r in source.of("detail", "bin_kind")}
    for r in (r for r in found if r["bin_kind"] == "category"):
        assert r["bin_label"] == described[r["column_name"], r["bin"]]["bin_label"]


def test_concept(source: Source) -> None:
    found = source.files["concept"]["columns"]
    expected = present(found, source.of("concept", "label_change"), *GROUP)
    effects = [f"{t}_{e}" for t in ("label", "loss") for e in ("change", "shares_effect", "rates_effect", "shift")]
    means = [f"{p}{t}_mean" for t in ("label", "loss") for p in ("", "reference_")]
    same(
        found, expected, (*GROUP, "window_start", "window_end", "column_name", "column_role"),
        **dict.fromkeys((e for e in effects if e in expected[0]), digits(4)),
        **dict.fromkeys((m for m in means if m in expected[0]), digits(5)),
    )  # fmt: skip


def test_fairness(source: Source) -> None:
    measures = ("value", "value_lower", "value_upper")
    found = source.files["fairness"]["groups"]
    expected = present(found, [r for r in source.of("fairness", "window_end") if r["segment"] != "all"], "model_version", "segment", "window_periods")  # fmt: skip
    keys = (*GROUP, "metric", "window_start", "window_end")
    same(
        [r for r in found if r["segment_value"] != "all"], [r for r in expected if r["segment_value"] != "all"],
        (*keys, "row_count"), **dict.fromkeys((*measures, "reference_value"), digits(5)),
    )  # fmt: skip
    same(
        [r for r in found if r["segment_value"] == "all"], [r for r in expected if r["segment_value"] == "all"],
        (*keys, "highest_group", "lowest_group"), **dict.fromkeys(measures, digits(5)),
    )  # fmt: skip
    over_time = [r for r in source.of("fairness", "value") if "window_end" not in r]
    later = source.files["fairness"]["over time"]
    same(
        later, present(later, over_time, "model_version", "segment", "window_periods"), keys[:-1],
        **dict.fromkeys(measures, digits(4)),
    )  # fmt: skip


def test_business(source: Source) -> None:
    found = source.files["business"]["values"]
    measures = ("value", "reference_value", "trailing_mean", "trailing_stddev")
    keys = (*GROUP, "metric", "window_start", "window_end", "row_count")
    same(found, present(found, source.of("business", "value"), *GROUP), keys, **dict.fromkeys(measures, digits(5)))


def test_changes(source: Source) -> None:
    series = (*GROUP, "family", "metric", "column_name")
    found = source.files["changes"]["changes"]
    standing = [
        r for r in source.of("changes", "change_start") if max(r["cusum_up"] or 0, r["cusum_down"] or 0) > r["cusum_limit"]
    ]  # fmt: skip
    same(found, standing, (*series, "change_start"), level_before=digits(5), level_after=digits(5), trend=digits(4))
    later = source.files["changes"]["over time"]
    over_time = present(later, source.of("changes", "expected"), *series)
    same(later, over_time, (*series, "window_start", "window_end"), value=digits(5), expected=digits(5))


def test_quality(source: Source) -> None:
    found = source.files["quality"]["columns"]
    measures = ("null_rate", "unseen_rate", "minimum", "mean", "maximum")
    keys = (*GROUP, "window_start", "window_end", "column_name", "row_count")
    same(found, present(found, source.of("quality", "null_rate"), *GROUP), keys, **dict.fromkeys(measures, digits(6)))


def test_alerts_and_causes(source: Source) -> None:
    found = source.files["alerts"]
    same(
        found["alerts"], source.of("alerts", "message"),
        ("alert_id", *GROUP, "family", "metric", "column_name", "baseline", "severity", "status", "first_window_start", "message"),
        value=float, threshold=float,
    )  # fmt: skip
    keys = ("alert_id", "cause_kind", "cause_rank", "cause_name", "cause_value", "description")
    same(found["causes"], source.of("alerts", "contribution"), keys, share=numbers.as_float)


def test_reasons(source: Source) -> None:
    found = source.files["reasons"]["reasons"]
    same(found, source.of("reasons", "things"), ("reason", "baseline", "windows", "things", "example", "first_start"))


def test_incidents() -> None:
    con = synthetic.tiny()
    con.execute("alter table driftline_alerts add column incident_id varchar")
    con.execute("alter table driftline_alerts add column is_headline boolean default true")
    con.execute("update driftline_alerts set incident_id = 'i1'")
    con.execute(
        "create table driftline_incidents as select 'i1' as incident_id, 'recommendations' as monitor, 'it, \"moved\"' as "
        "headline, 'warn' as severity, 'open' as status, 'drift' as family, 3 as alerts, 'e' as evidence, null as owner, "
        "null as stands_out, null as also, null as cause, 2.5 as cost, '£' as cost_unit, null as event, null as "
        "answer_note, timestamp '2011-05-01' as first_window_start, null as resolved_at, timestamp '2011-05-02' as "
        "last_window_end"
    )
    relations = synthetic.relations() | {"driftline_incidents": '"main"."driftline_incidents"'}
    html = build_report(synthetic.query(con), relations)
    one = sources(con, html)["recommendations"]
    [incident] = one.files["alerts"]["incidents"]
    assert incident["headline"] == 'it, "moved"' and incident["cost"] == "2.5" and incident["owner"] == ""
    assert {r["is_headline"] for r in one.files["alerts"]["alerts"]} == {"true"}
    [expected] = one.of("alerts", "headline")
    assert incident["first_window_start"] == str(expected["first_window_start"])
    con.close()


def test_what_the_page_leaves_out_is_not_in_its_files(pages: Any) -> None:
    con = pages("small").con
    small = Limits(cells=600, windows=40, histogram_columns=2, histogram_numbers=900, performance_rows=2_000)
    one = sources(con, build_report(synthetic.query(con), synthetic.relations(), limits=small))["recommendations"]
    found = one.files["heat"]["distances"]
    assert len({r["window_start"] for r in found}) <= 40
    assert len(present(found, one.of("heat", "psi"), *GROUP, "column_name", "window_start", "baseline")) == len(found)


def test_a_file_holds_no_formula(pages: Any) -> None:
    """A spreadsheet that opens a file runs nothing of the data's texts, and every text is in one cell."""
    con = pages("hostile").con
    for one in sources(con, pages("hostile").html).values():
        for tables in one.files.values():
            for found in tables.values():
                for row in found:
                    assert None not in row and None not in row.values()
                    for value in row.values():
                        assert not value.startswith(("=", "+", "@", "\t", "\r")) and (
                            value[:1] != "-" or number(value) is not None
                        )
    names = {r["column_name"] for r in one.files["heat"]["distances"]} if "heat" in one.files else set()
    assert any("<img" in name for name in names)
    program = node.run("cells.mjs")
    assert json.loads(program.stdout) == [
        "a,b",
        "1,'=1+1",
        '-2,"\'-a ""quoted"", text"',
        'true,"two\nlines"',
        ',"x "',
    ], program.stderr


def test_statements_in_lines() -> None:
    assert laid_out(
        "select a from (select b from t where c = 'x from y and z') q where d and e order by a limit 3"
    ) == ("select a\nfrom (select b\nfrom t\nwhere c = 'x from y and z') q\nwhere d and e\norder by a\nlimit 3")
    assert laid_out('select row_number() over (order by a) from "b from c"') == (
        'select row_number() over (order by a)\nfrom "b from c"'
    )
