"""The page as text: what it says, what it carries, what it asks of the warehouse."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections import Counter
from datetime import date, datetime, timezone
from decimal import Decimal
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest
import sqlglot
from driftline.alerting.messages import report_link
from driftline.report import Limits, as_json, build_report, numbers, packed
from driftline.report.sections.performance import Headline
from driftline.report.warehouse import any_grain, one_of
from report import synthetic
from report.conftest import NOTES


class Outline(HTMLParser):
    """Tags, headings and visible text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[tuple[int, str]] = []
        self.text: list[str] = []
        self.inside: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.inside.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append((int(tag[1]), ""))

    def handle_endtag(self, tag: str) -> None:
        while self.inside and self.inside.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if {"script", "style"} & set(self.inside[-1:]):
            return
        self.text.append(data)
        if self.inside and re.fullmatch("h[1-6]", self.inside[-1]):
            self.headings[-1] = (self.headings[-1][0], self.headings[-1][1] + data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


def payload(html: str) -> Any:
    return json.loads(unpacked(html, "data"))


def unpacked(html: str, name: str) -> str:
    found = re.search(rf'<script type="application/gzip" id="{name}">([A-Za-z0-9+/=]+)</script>', html)
    assert found
    return gzip.decompress(base64.b64decode(found[1])).decode()


def test_nothing_is_loaded_from_anywhere(pages: Any) -> None:
    html = pages("small").html
    outline = Outline(html)
    for _, attributes in outline.tags:
        for name in ("src", "href", "action", "poster", "srcset"):
            value = attributes.get(name) or "#"
            assert value.startswith(("#", "data:")), (name, value)
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert style and "url(" not in style[1] and "@import" not in style[1]
    policy = next(a["content"] for t, a in outline.tags if t == "meta" and a.get("http-equiv"))
    assert policy and "default-src 'none'" in policy and "'unsafe-inline'; img" in policy
    assert "unsafe-inline" not in policy.split("script-src")[1].split(";")[0]


def test_says_what_is_there(pages: Any) -> None:
    words = Outline(pages("small").html).words
    for part in (
        "3 monitors,", "Generated on 2 Nov 2026, 09:30 UTC", "recommendations", "fraud_score", "item_pop_28d",
        "No alert is open.", "nothing_yet has no complete window yet", "reference 1 Jan – 14 Feb 2011", "Rows in it",
        "The latest complete window with rows is 29 May 2011 (1 day)", "No column has moved away from the reference",
        "the baseline has no rows", "resolved", *NOTES,
    ):  # fmt: skip
        assert part in words, part
    opened = pages("small").con.execute(
        "select count(*) from driftline_alerts where status = 'open' and severity = 'critical'"
    )
    assert f"{opened.fetchone()[0]} critical" in words


def test_the_head_calls_business_metrics_what_people_call_them() -> None:
    con = synthetic.tiny()
    relations = synthetic.relations() | {"driftline_int_labels": "labels"}
    con.execute(
        "create table labels as select * from (values ('recommendations', 'conversion', 'share of <b>buyers</b>'), "
        "('another', 'revenue', 'takings'), ('recommendations', 'revenue', null)) as l(monitor, name, label)"
    )
    html = build_report(synthetic.query(con), relations)
    words = Outline(html).words
    assert "In business terms: share of <b>buyers</b> " in words and " and revenue " in words
    assert "<dt>share of &lt;b&gt;buyers&lt;/b&gt;</dt>" in html and "takings" not in html
    con.close()


def test_links_lead_somewhere(pages: Any) -> None:
    for name in ("small", "hostile"):
        tags = Outline(pages(name).html).tags
        ids = [attrs["id"] for _, attrs in tags if "id" in attrs]
        assert len(ids) == len(set(ids))
        assert {attrs["href"] for _, attrs in tags if (attrs.get("href") or "").startswith("#")} <= {
            f"#{i}" for i in ids
        }
    # What the messages of `driftline alert` link to.
    link = report_link("https://example.com/r.html", "recommendations")
    assert link is not None and f'id="{link.partition("#")[2]}"' in pages("small").html


def test_headings_are_in_order(pages: Any) -> None:
    for name in ("small", "empty", "hostile"):
        levels = [level for level, _ in Outline(pages(name).html).headings]
        assert levels[0] == 1 and levels.count(1) == 1
        assert all(b <= a + 1 for a, b in pairwise(levels)), levels


def test_no_monitor_and_nothing_built() -> None:
    html = build_report(lambda sql: pytest.fail(sql), {})
    assert "No monitors yet" in Outline(html).words
    with_tables = synthetic.empty()
    assert "Nothing is monitored" in Outline(build_report(synthetic.query(with_tables), synthetic.relations())).words


@pytest.mark.parametrize("gone", sorted(synthetic.TABLES))
def test_a_table_that_is_not_there(gone: str, pages: Any) -> None:
    relations = {k: v for k, v in synthetic.relations().items() if k != gone}
    html = build_report(synthetic.query(pages("tiny").con), relations)
    assert "recommendations" in Outline(html).words


def test_texts_of_the_data_stay_texts(pages: Any) -> None:
    html = pages("hostile").html
    outline = Outline(html)
    assert Counter(t for t, _ in outline.tags)["script"] == 3
    assert not {"img", "iframe", "object"} & {t for t, _ in outline.tags}
    assert not [a for _, a in outline.tags if any(name.startswith("on") for name in a)]
    columns = {c[0] for c in payload(html)["monitors"][0]["columns"]}
    assert any("<img src=x" in c for c in columns) and any("{{7*7}}" in c for c in columns)
    assert "49" not in {v["name"] for v in payload(html)["monitors"]}
    assert "{{7*7}}" in outline.words


def test_no_text_of_the_data_becomes_sql(pages: Any) -> None:
    for statement in pages("hostile").statements:
        for part in ("pwned", "7*7", "quoted", "\\", "{", "\u2028", "<script"):
            assert part not in statement
    assert payload(pages("hostile").html)["monitors"][0]["history"]


def test_conditions() -> None:
    assert one_of("c", ["a"], ["a", "b"]) == "c in ('a')"
    assert one_of("c", ["a", "b"], ["a", "b"]) == "1 = 1"
    assert one_of("c", ["it's"], ["it's", "b", "c'"]) == "c not in ('b')"
    assert one_of("c", ["it's"], ["it's", "c'"]) == "1 = 1"
    assert one_of("c", [], ["a"]) == "1 = 0"
    known = [("all", "all", "all"), ("v1", "all", "all"), ("v'2", "all", "all")]
    columns = ("v", "s", "x")
    assert any_grain(known, columns, known) == "1 = 1"
    assert any_grain(known[1:2], columns, known) == "((v = 'v1' and s = 'all' and x = 'all'))"
    assert any_grain(known[2:], columns, known) == "((s = 'all' and x = 'all'))"


@pytest.mark.parametrize(
    "dialect", ["postgres", "snowflake", "bigquery", "redshift", "databricks", "clickhouse", "spark"]
)
def test_statements_parse_everywhere(dialect: str, pages: Any) -> None:
    for statement in {*pages("small").statements, *pages("hostile").statements}:
        for name, relation in synthetic.relations().items():
            statement = statement.replace(relation, name)
        assert '"' not in statement and "`" not in statement
        parsed = sqlglot.parse_one(statement, dialect=dialect)
        assert not list(parsed.find_all(sqlglot.exp.Command, sqlglot.exp.Anonymous))


def test_the_page_on_postgres(postgres_engine: Any, tmp_path_factory: pytest.TempPathFactory, pages: Any) -> None:
    place = postgres_engine.workspace(tmp_path_factory.mktemp("postgres"))
    for name in synthetic.TABLES:
        place.load(name, pages("small").con.cursor().sql(f"select * from {name}").to_arrow_table())
    relations = {name: place.relation(name) for name in synthetic.TABLES}

    def query(sql: str) -> list[dict[str, Any]]:
        names, rows = place.columns(sql)
        return [dict(zip(names, row, strict=True)) for row in rows]

    moment = datetime(2026, 11, 2, 9, 30, tzinfo=timezone.utc)
    html = build_report(query, relations, generated_at=moment, notes=NOTES)
    place.close()

    def comparable(page: str, relations: dict[str, str]) -> Any:
        data = payload(page)["monitors"]
        for monitor in data:  # the order of equal rows is the engine's
            for one in monitor["source"].values():
                for name, relation in relations.items():
                    one["sql"] = [[table, sql.replace(relation, name)] for table, sql in one["sql"]]
                one["rows"] = [sorted(map(json.dumps, table["rows"])) for table in one.get("rows", [])]
            for part in ("reference", "latest", "history", "quality", "alerts"):
                monitor[part] = sorted(json.dumps(x, sort_keys=True) for x in monitor.get(part, []))
                monitor[part] = [sorted(x) for x in monitor[part]]
        return data

    assert comparable(html, relations) == comparable(pages("small").html, synthetic.relations())
    assert Outline(html).headings == Outline(pages("small").html).headings


def test_histograms_hold_what_was_counted(pages: Any) -> None:
    page = pages("small")
    monitor = next(m for m in payload(page.html)["monitors"] if m["name"] == "recommendations")
    names = [c[0] for c in monitor["columns"]]
    of = {k: dict(v) for k, v in ((json.dumps(k), v) for k, v in monitor["latest"])}
    start = monitor["slices"][0]["t0"][-1]
    counted = of[json.dumps(["all", "all", "all", 1, start])][names.index("country")]
    expected = page.con.execute(
        "select sum(row_count) from driftline_state where column_name = 'country' and "
        "segment = 'all' and bin <= 10002 and period_start = ?", [numbers.as_datetime(datetime(2011, 5, 29))]
    ).fetchone()[0]  # fmt: skip
    assert sum(counted) == expected
    layout = dict(monitor["bins"])[names.index("country")]
    assert [b[0] for b in layout].count("rest") == 1  # the rarest categories are one bar
    assert {"null", "unseen", "beyond_top"} <= {b[0] for b in layout}
    history = next(h for h in monitor["history"] if h["k"] == ["all", "all", "all"])
    flat = dict(history["d"])[names.index("item_pop_28d")]
    total = page.con.execute(
        "select sum(row_count) from driftline_state where column_name = 'item_pop_28d' and segment = 'all'"
    ).fetchone()[0]
    assert sum(flat) == total
    single = dict(monitor["bins"])[names.index("cust_orders")]
    assert any(b[2] == b[3] is not None for b in single)  # a value that is a bin of its own


def test_what_is_left_out_is_said(pages: Any) -> None:
    small = Limits(
        cells=600, windows=40, histogram_columns=2, histogram_numbers=900, business_rows=200, open_alerts=2,
        resolved_alerts=1, reasons=1, quality_rows=40,
    )  # fmt: skip
    html = build_report(synthetic.query(pages("small").con), synthetic.relations(), limits=small)
    words = Outline(html).words
    for part in (
        "Heat maps and charts show the latest 30 windows, driftline_drift has the rest",
        "without a heat map here", "beyond the first 2",
        "beyond the first 1:", "Histograms of earlier windows are here for 2 columns", "see driftline_business",
    ):  # fmt: skip
        assert part in words, part
    assert len(html) < len(pages("small").html) / 1.5


def test_no_connection_details(pages: Any) -> None:
    """Where the results are stands in the statements that a reader may copy, and nowhere else."""
    html = pages("small").html
    assert '"main"."driftline' not in html
    data = payload(html)
    for monitor in data["monitors"]:
        assert '"main"."driftline' in json.dumps(monitor["source"]).replace("\\", "")
        del monitor["source"]
    assert "main" not in json.dumps(data)


def test_other_types_of_the_drivers() -> None:
    con = synthetic.tiny()
    plain = synthetic.query(con)

    def other(value: Any) -> Any:
        if isinstance(value, bool):
            return int(value)
        if isinstance(value, float):
            return Decimal(repr(value))
        if isinstance(value, datetime):
            return value.isoformat(sep=" ")
        return value

    def query(sql: str) -> list[dict[str, Any]]:
        return [{k: other(v) for k, v in row.items()} for row in plain(sql)]

    moment = datetime(2026, 11, 2, tzinfo=timezone.utc)
    assert build_report(query, synthetic.relations(), generated_at=moment) == build_report(
        plain, synthetic.relations(), generated_at=moment
    )


def test_nan_and_infinity_do_not_break_the_page() -> None:
    con = synthetic.database([synthetic.calm()])
    con.execute("update driftline_drift set psi = 'nan', ks_lower = 'inf' where window_start > '2011-06-01'")
    con.execute("update driftline_business set value = 'nan', trailing_mean = '-inf'")
    con.execute("update driftline_quality set mean = 'nan', minimum = '-inf'")
    payload(build_report(synthetic.query(con), synthetic.relations()))


def test_numbers_read_well() -> None:
    for value, text in (
        (None, "–"), (0, "0"), (0.82712, "0.827"), (0.01234, "0.0123"), (0.00012, "0.00012"), (0.00001234, "0.0000123"),
        (2e-5, "0.00002"), (6e-5, "0.00006"), (0.00999, "0.00999"), (2e-8, "2.0e−8"),
        (1.5, "1.5"), (12.345, "12.3"), (123.4, "123"), (12345.6, "12,346"), (123456, "123k"), (1234567, "1.23M"),
        (-2.5e9, "−2.5B"), (99.96, "100"), (9.996, "10"), (999.6e3, "1M"), (float("nan"), "–"),
    ):  # fmt: skip
        assert numbers.number(value) == text
    for share, text in (
        (0.164, "16.4%"),
        (0.0023, "0.23%"),
        (0, "0%"),
        (1, "100%"),
        (0.00002, "0.002%"),
        (-0.00006, "−0.006%"),
        (1e-7, "<0.0001%"),
        (-0.05, "−5%"),
    ):
        assert numbers.percent(share) == text
    for share, text in ((0.12, "+12%"), (-0.236, "−24%"), (0.0001, "±0%"), (11.5, "×12.5"), (0.021, "+2.1%")):
        assert numbers.change(share) == text
    first = datetime(2011, 11, 28)
    assert numbers.span(first, datetime(2011, 12, 5)) == "28 Nov – 4 Dec 2011"
    assert numbers.span(first, datetime(2011, 11, 29)) == "28 Nov 2011"
    assert numbers.span(datetime(2011, 11, 1), datetime(2011, 12, 1)) == "Nov 2011"
    assert numbers.span(datetime(2011, 11, 1, 5), datetime(2011, 11, 1, 6), "hour") == "1 Nov 2011, 05:00"
    assert numbers.span(datetime(2011, 12, 28), datetime(2012, 1, 4)) == "28 Dec 2011 – 3 Jan 2012"
    about = {"reference_start": "2011-09-01", "reference_end": "2011-11-05"}
    assert numbers.reference(about) == "1 Sep – 4 Nov 2011"
    about["reference_exclude"] = (
        "2011-09-05 00:00:00 to 2011-09-07 00:00:00, 2011-10-01 06:00:00 to 2011-10-02 00:00:00"
    )
    without = "5 Sep – 6 Sep 2011 and 1 Oct 2011, 06:00 – 2 Oct 2011, 00:00"
    assert numbers.reference(about) == f"1 Sep – 4 Nov 2011 without {without}"
    assert numbers.reference({"reference_start": None}) == ""
    assert numbers.as_datetime(date(2011, 5, 1)) == datetime(2011, 5, 1)
    assert numbers.as_datetime("2011-05-01T00:00:00Z") == datetime(2011, 5, 1)


def test_json_cannot_leave_its_script() -> None:
    text = packed(as_json(["</script><!--", "\u2028", "&amp;", "\ud800"]))
    found = json.loads(unpacked(f'<script type="application/gzip" id="one">{text}</script>', "one"))
    assert found == ["</script><!--", "\u2028", "&amp;", "?"]
    with pytest.raises(ValueError):
        as_json(float("nan"))


# -- the model ---------------------------------------------------------------------------------------------------------


def section(html: str, name: str) -> str:
    """The part of the page that is about one monitor."""
    parts = re.split(r'<section class="monitor"', html)
    return next(p for p in parts if f'">{name.replace("_", "_<wbr>")}</h2>' in p)


def group(html: str, monitor: str, part: str, key: list[Any]) -> Any:
    found = next(m for m in payload(html)["monitors"] if m["name"] == monitor)
    return next(g for g in found[part] if g["k"] == key)


PANELS = ("Model performance", "How far the estimate can be trusted", "Versions compared", "Concept drift", "Fairness")


def test_panels_are_there_where_there_is_something_to_show(pages: Any) -> None:
    html = pages("small").html
    shop, calm = Outline(section(html, "recommendations")), Outline(section(html, "fraud_score"))
    for title in (*PANELS, "Changes over time"):
        assert title in [text for _, text in shop.headings], title
    assert not set(PANELS) & {text for _, text in calm.headings}
    assert "None of 4 series has left what its own past lets expect." in calm.words
    models = pages("models").html
    assert "Nothing yet: labels are not final." in Outline(section(models, "too_early")).words
    assert "How far the estimate can be trusted" not in Outline(section(models, "ticket_topic")).words
    assert "Versions compared" not in Outline(models).words


def test_the_page_says_whether_the_model_is_still_good(pages: Any) -> None:
    page = pages("small")
    low, high, reference, noise = page.con.execute(
        "select value_lower, value_upper, reference_value, noise from driftline_performance where metric = 'roc_auc' "
        "and basis = 'realized' and is_mature and is_complete and model_version = 'all' and segment = 'all' "
        "and window_periods = 1 order by window_start desc limit 1"
    ).fetchone()  # fmt: skip
    assert reference - high > noise
    words = Outline(section(page.html, "recommendations")).words
    told = (
        f"ROC AUC was between {numbers.number(low)} and {numbers.number(high)} in the latest window with final labels"
    )
    assert f"{told} (23 May 2011), 0.76 in the reference: worse by more than its noise." in words
    assert "For 29 May 2011, whose labels are still to come, it is estimated at" in words


@pytest.mark.parametrize(
    ("metric", "value", "reference", "noise", "verdict"),
    [
        ("roc_auc", (0.7, 0.69, 0.71), 0.76, 0.04, "worse"),
        ("roc_auc", (0.7, 0.69, 0.73), 0.76, 0.04, "within"),  # it may be 0.73
        ("roc_auc", (0.8, 0.79, 0.81), 0.76, 0.02, "better"),
        ("roc_auc", (0.75, 0.74, 0.77), 0.76, 0.0, "within"),  # it may be the reference's
        ("log_loss", (0.5, 0.5, 0.5), 0.4, 0.05, "worse"),
        ("mae", (3.0, 3.0, 3.0), 4.0, 0.5, "better"),
        ("label_rate", (0.3, 0.3, 0.3), 0.2, 0.05, "moved"),
        ("bias", (0.3, 0.3, 0.3), None, 0.05, ""),
        ("bias", (0.3, 0.3, 0.3), 0.1, None, ""),
    ],
)
def test_verdicts(metric: str, value: tuple[float, float, float], reference: Any, noise: Any, verdict: str) -> None:
    assert Headline(metric, *value, reference, noise, "").verdict == verdict


def test_performance_holds_what_was_measured(pages: Any) -> None:
    page = pages("small")
    for key, where in (
        (["all", "all", "all", 1], "model_version = 'all' and segment = 'all' and window_periods = 1"),
        (["reco_v2", "all", "all", 7], "model_version = 'reco_v2' and segment = 'all' and window_periods = 7"),
    ):
        found = group(page.html, "recommendations", "performance", key)
        for name in ("roc_auc", "log_loss"):
            rows = page.con.execute(
                "select r.value, r.value_lower, r.value_upper, e.value, e.value_lower, e.value_upper, r.is_mature, "
                "r.row_count, r.noise, r.reference_value from driftline_performance r join driftline_performance e "
                "using (monitor, model_version, segment, segment_value, window_periods, window_start, metric, class_name) "
                f"where r.basis = 'realized' and e.basis = 'estimated' and metric = '{name}' and {where} "
                "and r.is_complete order by window_start"
            ).fetchall()  # fmt: skip
            metric = next(m for m in found["metrics"] if m["x"] == name)
            at = max(i for i, r in enumerate(rows) if r[6])
            exact = {"y": 0, "e": 3, "el": 4, "eh": 5} | ({"lo": 1, "hi": 2} if name == "roc_auc" else {})
            for part, column in exact.items():
                assert metric[part] == [None if r[column] is None else pytest.approx(r[column], rel=1e-4) for r in rows]
            assert "lo" in metric or name == "log_loss"
            assert found["m"] == [int(r[6]) for r in rows] and found["n"] == [r[7] for r in rows]
            assert metric["at"] == at and metric["noise"] == pytest.approx(rows[at][8], rel=1e-4)
            assert metric["ref"] == pytest.approx(rows[at][9])


def test_fairness_concept_versions_and_changes_hold_what_was_measured(pages: Any) -> None:
    page = pages("small")
    con, name = page.con, "recommendations"
    fair = group(page.html, name, "fairness", ["all", "segment_market", 1])
    rates = {r["x"]: {g[0]: g[2] for g in r["groups"]} for r in fair["rates"]}
    assert list(rates) == ["selection_rate", "true_positive_rate", "precision", "false_positive_rate"]
    for metric, until in (("selection_rate", "2011-05-29"), ("precision", "2011-05-23")):
        assert rates[metric] == dict(con.execute(
            "select segment_value, round(value, 7) from driftline_fairness where monitor = ? and model_version = 'all' "
            "and window_periods = 1 and metric = ? and segment_value <> 'all' and window_start = ?", [name, metric, until]
        ).fetchall()) or all(abs(v) < 1 for v in rates[metric].values())  # fmt: skip
    assert fair["whole"]["demographic_parity_ratio"]["low"] == "Rest of world"
    assert len(fair["history"]["demographic_parity_ratio"]["y"]) == 149
    concept = group(page.html, name, "concept", ["all", "all", "all", 1])
    assert numbers.from_minutes(concept["t0"]) == datetime(2011, 5, 23)  # the latest whose labels are final
    for column, _, effects, _ in concept["rows"]:
        change, shares, _, rates_effect, *_ = effects["label"]
        assert shares + rates_effect == pytest.approx(change, abs=2e-5), column
    pair = group(page.html, name, "versions", ["reco_v2", "reco_v1", "all", "all", 0])
    by_metric = {r[1]: r for r in pair["rows"]}
    assert numbers.from_minutes(by_metric["accuracy"][3]) == datetime(2011, 5, 24)
    assert numbers.from_minutes(by_metric["conversion"][3]) == datetime(2011, 5, 30)
    assert by_metric["accuracy"][12] == "better" and by_metric["log_loss"][12] == "worse"
    lower = con.execute(
        "select anytime_lower from driftline_comparisons where span = 'cumulative' and metric = 'accuracy' and "
        "segment = 'all' and window_end = '2011-05-24'"
    ).fetchone()[0]
    assert by_metric["accuracy"][7] == pytest.approx(lower, rel=1e-4)
    assert pair["history"]["performance accuracy"]["lo"][-1] == pytest.approx(lower, rel=1e-3)
    changes = next(m for m in payload(page.html)["monitors"] if m["name"] == name)["changes"]
    assert [c["name"] for c in changes] == ["ROC AUC", "conversion", "revenue", "Missing values of item_price"]
    assert all(len(c["y"]) == len(c["x"]) == len(c["t0"]) == 149 and not c["up"] for c in changes)


def test_causes_stand_in_the_alerts(pages: Any) -> None:
    html = section(pages("small").html, "recommendations")
    cards = html.split('<li class="alert ')[1:]
    with_columns = [c for c in cards if "Columns behind it" in c]
    assert with_columns and all("Segments behind it" in c for c in cards if "item_pop" in Outline(c).words)
    words = " ".join(Outline("<li ".join(cards)).words.split()).replace("_ ", "_")
    for part in ("Columns behind it item_pop_28d 70% cust_orders 35%", "Versions behind it reco_v1 70% reco_v2 35%",
                 "segment_market = United Kingdom 70%", "−7%"):  # fmt: skip
        assert part in words, part
    assert 'style="width:70%"' in with_columns[0]
    assert "Columns behind it" not in section(pages("small").html, "fraud_score")


NEW = ("performance", "concept", "fairness", "comparisons", "changes", "causes")


@pytest.mark.parametrize("name", NEW)
def test_a_table_with_fewer_columns(name: str) -> None:
    """A project that was built by another version of the package: what is not there is not shown."""
    table = f"driftline_{name}"
    grain = {"monitor", "model_version", "segment", "segment_value", "window_periods", "window_start", "window_end"}
    con = synthetic.tiny()
    columns = [r[0] for r in con.execute(
        "select column_name from information_schema.columns where table_name = ? order by ordinal_position", [table]
    ).fetchall() if r[0] not in grain | {"is_complete"}]  # fmt: skip
    for gone in (columns[::3], columns[1::3], columns[2::3], columns[len(columns) // 2 :], columns):
        fewer = f'(select * exclude ({", ".join(gone)}) from "main"."{table}")'
        html = build_report(synthetic.query(con), synthetic.relations() | {table: fewer})
        assert "recommendations" in Outline(html).words
    con.close()


def test_what_is_left_out_of_the_model_is_said(pages: Any) -> None:
    small = Limits(
        performance_rows=20_000, concept_rows=40, fairness_rows=60, comparison_rows=12, change_rows=1, cause_alerts=1
    )
    html = build_report(synthetic.query(pages("small").con), synthetic.relations(), limits=small)
    words = Outline(html).words
    for part in ("performance", "concept", "fairness", "comparisons", "changes"):
        assert f"see driftline_{part}." in words, part
    assert html.count("behind it</p>") in (3, 4)
    monitor = payload(html)["monitors"][0]
    assert monitor["performance_dropped"] and len(monitor["changes"]) == 1


def test_nan_and_infinity_in_the_model() -> None:
    con = synthetic.tiny()
    con.execute("update driftline_performance set value = 'nan', noise = 'inf' where metric <> 'accuracy'")
    con.execute("update driftline_concept set label_shares_effect = 'inf'")
    con.execute("update driftline_fairness set value_lower = '-inf', value = 'nan' where segment_value <> 'all'")
    con.execute("update driftline_comparisons set difference = 'nan'")
    con.execute("update driftline_changes set value = 'inf', level_after = 'nan'")
    con.execute("update driftline_causes set share = 'nan', contribution = 'inf'")
    payload(build_report(synthetic.query(con), synthetic.relations()))
    con.close()


def test_a_label_whose_window_is_not_final_shows_no_drift() -> None:
    """Labels that have not come are no drift: the judge waits for them, so the page does."""
    con = synthetic.database([synthetic.shop()])
    last = "select max(window_start) from driftline_drift where is_complete and row_count > 0 and window_periods = 1"
    con.execute(f"update driftline_drift set psi = 9 where column_role = 'label' and window_start = ({last})")
    con.execute(
        "create table driftline_int_maturity as select distinct monitor, model_version, segment, segment_value, "
        f"window_periods, window_start, window_start < ({last}) as is_mature, window_start < ({last}) as is_final "
        "from driftline_drift"
    )

    def html(**more: str) -> str:
        return build_report(synthetic.query(con), synthetic.relations() | more)

    assert "bought has moved most" in Outline(html()).words
    page = html(driftline_int_maturity="driftline_int_maturity")
    assert "bought has moved most" not in Outline(page).words
    monitor = next(m for m in payload(page)["monitors"] if "bought" in [c[0] for c in m["columns"]])
    place = [c[0] for c in monitor["columns"]].index("bought")
    for cells in (s for s in monitor["slices"] if s["k"] == ["all", "all", "all", 1, "reference"]):
        mine = cells["psi"][place * len(cells["t0"]) : (place + 1) * len(cells["t0"])]
        assert mine[-1] is None and mine[-2] is not None
    for group in (g for g in monitor["quality"] if g["k"] == ["all", "all", "all", 1]):
        assert [r[3][0] for r in group["rows"] if r[1] == "label"] == [None]
        assert all(r[3][0] is not None for r in group["rows"] if r[1] != "label")


def test_the_noise_on_the_page_is_that_of_the_judge() -> None:
    con = synthetic.tiny()
    con.execute("alter table driftline_drift add column psi_noise double default 0.0625")
    con.execute("alter table driftline_drift add column ks_noise double default 0.125")
    found = payload(build_report(synthetic.query(con), synthetic.relations()))["monitors"][0]["slices"][0]
    assert {x for x in found["pn"] if x is not None} == {625}
    assert {x for x in found["kn"] if x is not None} == {1250}
