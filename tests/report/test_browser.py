"""The page in a browser: that it draws, answers, fits a phone, is dark where asked, and is fast."""

from __future__ import annotations

import csv
import json
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from driftline.health import Health
from driftline.report import build_report, numbers
from report import synthetic

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("name", ["small", "models", "hostile", "empty", "large"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_everything_is_drawn_without_an_error(name: str, dark: bool, browser: Any, pages: Any) -> None:
    browser.open(pages(name).url, dark=dark)
    browser.draw_all()
    assert browser.errors() == []
    drawn = browser.colors()
    if name == "empty":
        assert not drawn
    else:
        assert len(drawn) >= 7
        for label, colors in drawn:
            assert label and colors > 8, label
    assert not browser.js(
        "return [...document.querySelectorAll('.chart:not([data-drawn=yes])')].filter((e) => e.offsetParent).length"
    )


def test_nothing_is_asked_of_the_network(browser: Any, pages: Any) -> None:
    browser.open(pages("small").url)
    browser.draw_all()
    asked = []
    for entry in browser.driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            asked.append(message["params"]["request"]["url"])
    assert [u for u in asked if not u.startswith(("data:", "about:"))] == [pages("small").url]


def test_texts_of_the_data_do_nothing(browser: Any, pages: Any) -> None:
    browser.open(pages("hostile").url)
    browser.draw_all()
    for control in (
        "size", "version", "segment", "baseline", "metric", "order", "column", "window", "second", "model-metric", "model-class",
        "versions-pair", "versions-span", "versions-metric", "concept-target", "fair-segment", "fair-rate",
    ):  # fmt: skip
        for value in [*browser.options(control)[:6], browser.options(control)[0]]:
            browser.select(control, value)
    for slot in (
        "heat", "detail-histogram", "detail-trend", "business", "worst", "performance", "estimate", "versions-history",
        "fairness-ratio", "changes",
    ):  # fmt: skip
        hover(browser, slot)
    assert browser.js("return window.pwned") is None
    assert browser.js("const all = []; for (const x in {}) all.push(x); return all") == []  # no prototype was changed
    assert browser.js("return [Object.prev, Object.next, Object.prototype.toString.next]") == [None, None, None]
    assert browser.js("return document.querySelectorAll('main img, main script, .tip img').length") == 0
    assert browser.errors() == []


def hover(browser: Any, slot: str, x: float = 0.6, y: float = 0.12, click: bool = False) -> str:
    """Move the mouse over a chart; the text of the tooltip that shows."""
    browser.show(slot)
    left, top, width, height = browser.js(
        "const c = document.querySelector(`[data-slot='${arguments[0]}'] canvas`);"
        "document.documentElement.style.scrollBehavior = 'auto'; c.scrollIntoView({block: 'center'});"
        "const r = c.getBoundingClientRect(); return [r.left, r.top, r.width, r.height]",
        slot,
    )
    browser.settle()
    for kind in ("mouseMoved", "mouseMoved", *(("mousePressed", "mouseReleased") if click else ())):
        browser.driver.execute_cdp_cmd(
            "Input.dispatchMouseEvent",
            {"type": kind, "x": left + width * x, "y": top + height * y, "button": "left" if click else "none",
             "clickCount": int(click)},
        )  # fmt: skip
    browser.settle()
    text: str = browser.js("return [...document.querySelectorAll('.tip')].map((t) => t.textContent).join(' | ')")
    return text


def test_tooltips_show_texts_as_they_are(browser: Any, pages: Any) -> None:
    browser.open(pages("hostile").url)
    browser.select("order", "name")
    seen = " ".join(hover(browser, "heat", y=y) for y in (0.1, 0.3, 0.5, 0.7))
    assert "<img src=x onerror=window.pwned=1>" in seen and "PSI" in seen and "rows" in seen
    assert browser.js("return window.pwned") is None


def test_selects_change_the_pictures(browser: Any, pages: Any) -> None:
    browser.open(pages("small").url)
    browser.draw_all()
    for control, value in (
        ("metric", "ratio"), ("metric", "ks"), ("order", "name"), ("order", "often"), ("span", "30"),
        ("size", "7"), ("version", "reco_v1"), ("baseline", "previous"),
    ):  # fmt: skip
        before = browser.picture("heat")
        browser.select(control, value)
        if control == "baseline":  # versions are held against the reference only, and the page says so
            note = browser.js("return document.querySelector('[data-slot=heat-note]').textContent")
            assert note.startswith("There is no complete window for this combination")
            browser.select("version", "all")
        assert browser.picture("heat") != before, control
    browser.select("baseline", "reference")
    browser.show("business")
    before = browser.picture("business")
    browser.select("segment", json.dumps(["segment_market", "EU"], separators=(",", ":")))
    assert browser.picture("business") != before
    browser.select("segment", json.dumps(["all", "all"], separators=(",", ":")))
    browser.show("detail-histogram")
    before = browser.picture("detail-histogram")
    browser.select("column", browser.options("column")[1])
    after = browser.picture("detail-histogram")
    assert after != before
    browser.select("window", "20")
    assert browser.picture("detail-histogram") != after
    assert browser.errors() == []


def text(browser: Any, slot: str, monitor: int = 0) -> str:
    found: str = browser.js(
        "return document.querySelector(`[data-monitor='${arguments[1]}'] [data-slot='${arguments[0]}']`).innerText",
        slot, monitor,
    )  # fmt: skip
    return found


def rows(browser: Any, slot: str, monitor: int = 0) -> list[list[str]]:
    """The cells of the rows of a table."""
    found: list[list[str]] = browser.js(
        "return [...document.querySelectorAll(`[data-monitor='${arguments[1]}'] [data-slot='${arguments[0]}'] tbody tr`)]"
        ".map((r) => [...r.children].map((c) => c.innerText.trim()))",
        slot, monitor,
    )  # fmt: skip
    return found


def test_selects_of_the_model_change_the_pictures(browser: Any, pages: Any) -> None:
    browser.open(pages("small").url)
    assert browser.js("return document.querySelector('[data-control=model-metric]').value") == "roc_auc"
    assert browser.js("return document.querySelector('[data-control=model-class]').closest('label').hidden")
    for control, value, slot in (
        ("model-metric", "log_loss", "performance"), ("model-metric", "recall", "estimate"),
        ("size", "28", "performance"), ("version", "reco_v2", "performance"), ("size", "1", "estimate"),
        ("versions-metric", "performance precision", "versions-history"), ("fair-rate", "precision", "fairness-ratio"),
    ):  # fmt: skip
        before = browser.picture(slot)
        browser.select(control, value)
        assert browser.picture(slot) != before, control
    browser.select("segment", json.dumps(["segment_market", "EU"], separators=(",", ":")))
    assert "left out to keep the page small" in text(browser, "performance-note")  # a version in a segment
    browser.select("model-metric", "log_loss")
    browser.select("version", "all")
    assert browser.js("return document.querySelector('[data-control=model-metric]').value") == "log_loss"
    assert browser.js("return document.querySelector('[data-slot=performance-note]').hidden")
    assert "No change was found in this version and segment" in text(browser, "changes-note")
    assert browser.errors() == []


def test_windows_without_final_labels_are_marked(browser: Any, pages: Any) -> None:
    page = pages("small")
    browser.open(page.url)
    assert "so far, may still change" in text(browser, "performance-keys")
    assert "labels not final" in text(browser, "performance-keys")
    browser.js("document.querySelector('[data-slot=performance-numbers]').open = true")
    browser.settle()
    table = rows(browser, "performance-numbers")
    counted = page.con.execute(
        "select is_mature, count(*) from driftline_performance where metric = 'roc_auc' and basis = 'realized' and "
        "model_version = 'all' and segment = 'all' and window_periods = 1 and is_complete group by 1"
    ).fetchall()
    assert dict(counted) == {
        True: sum(r[-1] == "final" for r in table),
        False: sum(r[-1] == "not final" for r in table),
    }
    browser.show("performance")
    hatched = browser.js(  # the share of pixels that are not the background, in strips at the top, above the lines
        "const c = document.querySelector('[data-slot=performance] canvas').getContext('2d');"
        "const share = (x) => { const all = [...new Uint32Array(c.getImageData(x, 16, 20, 8).data.buffer)];"
        "return all.filter((p) => p !== all[0]).length / all.length; };"
        "return [share(c.canvas.width - 40), share(100)]"
    )
    assert 0.1 < hatched[0] < 0.9 and hatched[1] < 0.05
    seen = hover(browser, "performance", x=0.985, y=0.5)
    assert "labels not final" in seen and "estimated" in seen and "reference 0.76" in seen


def test_the_table_of_metrics(browser: Any, pages: Any) -> None:
    page = pages("small")
    browser.open(page.url)
    value, low, high, reference, noise = page.con.execute(
        "select value, value_lower, value_upper, reference_value, noise from driftline_performance where metric = "
        "'roc_auc' and basis = 'realized' and model_version = 'all' and segment = 'all' and window_periods = 1 and "
        "window_start = '2011-05-23'"
    ).fetchone()
    table = {r[0]: r[1:] for r in rows(browser, "performance-table")}
    write = numbers.number
    assert table["ROC AUC"][:6] == [
        write(value), write(reference), write(value - reference), write(noise), "worse", f"{write(low)} and {write(high)}"
    ]  # fmt: skip
    assert table["Label rate"][2].endswith("points")
    assert "Estimated now" in text(browser, "performance-table")
    browser.select("model-metric", "accuracy")
    inside, every = page.con.execute(
        "select count(*) filter (r.value between e.value_lower and e.value_upper), count(*) from driftline_performance r "
        "join driftline_performance e using (monitor, model_version, segment, segment_value, window_periods, "
        "window_start, metric, class_name) where r.basis = 'realized' and e.basis = 'estimated' and metric = 'accuracy' "
        "and r.is_mature and r.is_complete and model_version = 'all' and segment = 'all' and window_periods = 1"
    ).fetchone()
    assert f"the truth was within the interval in {inside} of {every}" in text(browser, "estimate-facts")


def test_classes_and_other_tasks(browser: Any, pages: Any) -> None:
    browser.open(pages("models").url)
    names = browser.js("return [...document.querySelectorAll('.monitor h2')].map((h) => h.textContent)")
    topic, delivery = names.index("ticket_topic"), names.index("delivery_time")
    assert browser.options("model-metric", delivery)[:2] == ["mae", "rmse"]
    assert browser.js(f"return document.querySelectorAll('[data-control=model-metric]')[{topic}].value") == "accuracy"
    browser.select("model-metric", "recall", topic)
    assert browser.options("model-class", topic) == ["billing", "delivery", "something else"]
    before = browser.picture("performance", topic)
    browser.select("model-class", "something else", topic)
    assert browser.picture("performance", topic) != before
    assert any(r[0] == "Recall of something else" for r in rows(browser, "performance-table", topic))
    assert browser.errors() == []


def test_versions_in_words_and_bars(browser: Any, pages: Any) -> None:
    browser.open(pages("small").url)
    table = {r[0]: r for r in rows(browser, "versions-table")}
    assert table["Accuracy"][3] == "better" and table["Log loss"][3] == "worse"
    assert table["conversion"][3].startswith("not yet known") and "more rows" in table["conversion"][3]
    assert "33.4% of the rows to reco_v2 (meant: 33.3%): as expected" in text(browser, "versions-facts")
    ends = browser.js(
        "return [...document.querySelectorAll('[data-slot=versions-table] svg')].map((s) => ["
        "Number(s.querySelector('.zero').getAttribute('x1')), Number(s.querySelector('.interval').getAttribute('x1')),"
        "Number(s.querySelector('.interval').getAttribute('x2')), Number(s.querySelector('.dot').getAttribute('cx'))])"
    )
    for (zero, low, high, dot), row in zip(ends, table.values(), strict=True):
        assert low < dot < high
        assert (low < zero < high) == row[3].startswith("not yet known")
    browser.select("versions-span", "7")
    assert "not yet known" in text(browser, "versions-table")
    assert browser.errors() == []


def test_concept_and_fairness_in_bars(browser: Any, pages: Any) -> None:
    browser.open(pages("small").url)
    table = rows(browser, "concept-table")
    assert [r[0] for r in table][:2] == ["item_pop_28d", "cust_orders"] and table[0][-1] == "relation and inputs"
    bars = browser.js(
        "return [...document.querySelectorAll('[data-slot=concept-table] svg')].map((s) => ["
        "...[...s.querySelectorAll('rect')].map((r) => [r.getAttribute('class'), Number(r.getAttribute('x')),"
        "Number(r.getAttribute('width'))]), Number(s.querySelector('.zero').getAttribute('x1'))])"
    )
    totals = [sum(-w if x < zero - 0.01 else w for _, x, w in parts) for *parts, zero in bars]
    assert totals == [pytest.approx(totals[0], abs=1.1)] * 9 and totals[0] < -20  # the two parts add up to the change
    browser.select("concept-target", "loss")
    assert "mean squared error" in text(browser, "concept-facts") and len(rows(browser, "concept-table")[0]) == 5
    groups = [r[0] for r in rows(browser, "fairness-table")]
    assert sorted(groups) == ["EU", "Rest of world", "United Kingdom"] and groups[2] == "Rest of world"
    assert "under four fifths" in text(browser, "fairness-facts")
    limits, dots = browser.js(
        "const all = (part, name) => [...document.querySelectorAll(`[data-slot=fairness-table] ${part}`)]"
        ".map((e) => Number(e.getAttribute(name))); return [all('.limit', 'x1'), all('.dot', 'cx')]"
    )
    shares = [float(r[1].rstrip("%")) for r in rows(browser, "fairness-table")]
    slope = (shares[0] - shares[2]) / (dots[0] - dots[2])
    best = groups.index("United Kingdom")  # the highest of those with enough rows
    assert limits == [pytest.approx(dots[best] - 0.2 * shares[best] / slope, abs=2)] * 3
    browser.select("fair-rate", "false_positive_rate")  # there is no coming up to it
    assert not browser.js("return document.querySelector('[data-slot=fairness-table] .limit')")
    assert browser.js("return document.querySelector('[data-slot=fairness-over-time]').hidden")
    assert browser.errors() == []


def test_a_click_on_a_cell_shows_its_window(browser: Any, pages: Any) -> None:
    browser.open(pages("small").url)
    browser.draw_all()
    facts = "return document.querySelector('[data-slot=detail-facts]').textContent"
    before = browser.js(facts)
    hover(browser, "heat", x=0.5, y=0.07, click=True)
    assert browser.js(facts) != before
    name = browser.js("return document.querySelector('select[data-control=column]').selectedOptions[0].textContent")
    assert name == "item_pop_28d" and "PSI" in browser.js(facts)
    assert browser.js("return document.querySelector('[data-slot=detail-note]').hidden")


def test_two_columns_side_by_side(browser: Any, pages: Any) -> None:
    """The second one has its own bins, which are those of the database, and its course on the same axis."""
    page = pages("small")
    browser.open(page.url)
    hidden = "return [...document.querySelectorAll('[data-monitor=\"0\"] [data-second]')].map((f) => f.hidden)"
    assert browser.js(hidden) == [True, True]
    names = browser.js(
        "return Object.fromEntries([...document.querySelector('select[data-control=second]').options].map((o) => [o.text, o.value]))"
    )
    assert "item_pop_28d" not in names and names["no other column"] == ""  # it is the first already
    browser.show("detail-trend")
    alone = browser.picture("detail-trend")
    browser.select("second", names["country"])
    assert browser.js(hidden) == [False, False]
    assert browser.picture("detail-trend") != alone  # its axis is that of both
    assert browser.picture("second-histogram") and browser.picture("second-trend")
    assert text(browser, "second-facts").startswith("country") and text(browser, "detail-facts").startswith(
        "item_pop_28d"
    )
    for slot in ("detail-numbers", "second-numbers"):
        browser.js(f"document.querySelector('[data-slot={slot}]').open = true")
    browser.settle()
    found = {r[0]: r[1:] for r in rows(browser, "second-numbers")}
    [[germany, held]] = page.con.execute(
        "select sum(row_count) filter (period_start = '2011-05-29'), sum(row_count) filter (in_reference) from "
        "driftline_state join driftline_bins using (monitor, column_name, column_role, bin) where monitor = "
        "'recommendations' and column_name = 'country' and driftline_bins.bin_label = 'Germany' and segment = 'all'"
    ).fetchall()
    assert [cell.split()[0] for cell in found["Germany"][:2]] == [f"{held:,.0f}", f"{germany:,.0f}"]
    browser.select("column", names["country"])  # which cannot be beside itself
    assert browser.js(hidden) == [True, True] and "country" not in browser.options("second")
    assert browser.errors() == []


def test_a_window_that_is_not_embedded_says_so(browser: Any, pages: Any) -> None:
    browser.open(pages("large").url)
    browser.select("order", "name")
    quiet = browser.js(
        "return [...document.querySelector('select[data-control=column]').options]"
        ".find((o) => o.text === 'feature_000').value"
    )
    browser.select("column", quiet)
    assert browser.js("return document.querySelector('[data-slot=detail-note]').hidden")  # the latest window is here
    browser.select("window", "100")
    note = browser.js("return document.querySelector('[data-slot=detail-note]').textContent")
    assert "not part of the page" in note


@pytest.mark.parametrize("name", ["small", "models", "hostile", "large", "empty"])
def test_a_phone_needs_no_sideways_scrolling(name: str, browser: Any, pages: Any) -> None:
    browser.open(pages(name).url, width=390, height=844)
    browser.draw_all()
    browser.js("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    browser.settle()
    assert browser.js("return document.documentElement.scrollWidth") <= 390
    beyond = browser.js(
        "return [...document.querySelectorAll('main *')].filter((e) => e.getBoundingClientRect().right > 391 "
        "&& !e.closest('.scroll') && !e.closest('.chart')).map((e) => e.outerHTML.slice(0, 120))"
    )
    assert beyond == []
    assert browser.errors() == []


def test_dark_and_light(browser: Any, pages: Any) -> None:
    background = "return getComputedStyle(document.body).backgroundColor"
    browser.open(pages("small").url)
    browser.js("localStorage.clear()")
    browser.open(pages("small").url)
    light = browser.js(background)
    browser.open(pages("small").url, dark=True)
    dark = browser.js(background)
    assert light != dark
    browser.open(pages("small").url)
    browser.show("heat")
    browser.wait("return document.documentElement.dataset.firstHeatMap")
    picture = browser.picture("heat")
    browser.driver.find_element("id", "theme").click()
    browser.settle()
    assert browser.js(background) == dark and browser.picture("heat") != picture
    browser.open(pages("small").url)
    assert browser.js(background) == dark  # the choice is kept
    browser.js("localStorage.clear()")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["small", "models"])
def test_contrast(name: str, dark: bool, browser: Any, pages: Any) -> None:
    """Of all texts of a page of several monitors, with everything open, and of the texts in its charts."""
    browser.open(pages(name).url, dark=dark)
    browser.js("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    browser.draw_all()
    assert browser.js("return document.querySelectorAll('.monitor').length") >= 3
    weak = browser.js(CONTRAST)
    assert weak == [], weak
    texts, weak = browser.js(CHART_CONTRAST)
    assert texts > 40 and weak == [], weak


def test_contrast_of_what_runs_and_is_judged(browser: Any, pages: Any, tmp_path: Path) -> None:
    """The same of the page that says what is wrong, in every state that it has."""
    health = [
        Health("recommendations", "failed", problem="its last run failed", failed_runs=2, windows_judged=3, windows_not_judged=2,
               last_success_at=datetime(2026, 11, 1), not_judged="no noise in 2 of 5 windows"),
        Health("fraud_score", "ok", last_success_at=datetime(2026, 11, 2), windows_judged=5),
    ]  # fmt: skip
    path = tmp_path / "health.html"
    html = build_report(synthetic.query(pages("small").con), synthetic.relations(), health=health)
    path.write_text(html, encoding="utf-8")
    for dark in (False, True):
        browser.open(path.as_uri(), dark=dark)
        states = (
            "return [...new Set([...document.querySelectorAll('.operation .tile')].map((t) => t.classList[1]))].sort()"
        )
        assert {"quiet", "warn"} <= set(browser.js(states))
        weak = browser.js(CONTRAST)
        assert weak == [], weak
    assert browser.errors() == []


def test_a_cell_is_chosen_by_keyboard(browser: Any, pages: Any) -> None:
    from selenium.webdriver import ActionChains, Keys

    browser.open(pages("small").url)
    browser.show("heat")
    browser.wait("return document.documentElement.dataset.firstHeatMap")
    browser.js("document.querySelector('select[data-control=order]').focus()")

    def press(*keys: str) -> tuple[str, str]:
        ActionChains(browser.driver).send_keys(*keys).perform()
        return text(browser, "heat-told"), text(browser, "detail-facts")

    reached = []
    while len(reached) < 5 and "heat-box" not in reached:
        ActionChains(browser.driver).send_keys(Keys.TAB).perform()
        reached.append(
            browser.js("return document.activeElement.dataset.slot || document.activeElement.dataset.control")
        )
    assert reached[-1] == "heat-box"
    assert browser.js("return getComputedStyle(document.activeElement).outlineStyle") != "none"
    chosen = "return ['column', 'window'].map((c) => document.querySelector(`select[data-control=${c}]`).selectedOptions[0].text)"
    first, newest = browser.js(chosen)
    told, facts = press(Keys.ARROW_LEFT)
    assert told.startswith(f"{first}, 28 May 2011: PSI ") and "beyond its noise" in told and "28 May 2011" in facts
    told, _ = press(Keys.ARROW_DOWN)
    assert browser.js(chosen)[0] != first and told.startswith(browser.js(chosen)[0])
    assert press(Keys.END, Keys.ARROW_RIGHT)[0].split(",")[1].startswith(f" {newest}")  # there is none after the last
    press(Keys.ARROW_UP, Keys.ARROW_UP, Keys.HOME)
    assert browser.js(chosen) == [
        first,
        browser.js("return document.querySelector('select[data-control=window]').lastElementChild.text"),
    ]
    mark = browser.js(
        "const m = document.querySelector('[data-slot=heat-mark]').getBoundingClientRect();"
        "const c = document.querySelector('[data-slot=heat]').getBoundingClientRect(); return [m.top - c.top, m.left - c.left]"
    )
    assert mark[0] < 30 and mark[1] < 220  # the frame is on the first cell
    press(Keys.ENTER)
    assert browser.js("return document.activeElement.dataset.control") == "column"
    assert browser.errors() == []


def test_focus_is_seen(browser: Any, pages: Any) -> None:
    from selenium.webdriver import ActionChains, Keys

    browser.open(pages("small").url)
    reached = []
    for _ in range(30):
        ActionChains(browser.driver).send_keys(Keys.TAB).perform()
        reached.append(
            browser.js(
                "const e = document.activeElement; const s = getComputedStyle(e);"
                "return [e.tagName, s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2]"
            )
        )
    assert all(visible for _, visible in reached), reached
    assert {"A", "BUTTON", "SUMMARY", "SELECT"} <= {tag for tag, _ in reached}, reached


SHADES = """
const PARTS = [0.2126, 0.7152, 0.0722];
const shade = (c) => { const v = c.match(/[\\d.]+/g).map(Number); return v.length > 3 ? v : [...v, 1]; };
const linear = (x) => (x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
const light = ([r, g, b]) => [r, g, b].map((x) => linear(x / 255)).reduce((a, x, i) => a + x * PARTS[i], 0);
const contrast = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
"""
CONTRAST = (
    SHADES
    + """
const behind = (e) => {
  for (; e; e = e.parentElement) {
    const c = shade(getComputedStyle(e).backgroundColor);
    if (c[3] > 0.9) return c;
  }
  return [255, 255, 255, 1];
};
const weak = [];
for (const e of document.querySelectorAll("main *, header *, footer *")) {
  if (![...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()) || !e.getClientRects().length) continue;
  const ratio = contrast(shade(getComputedStyle(e).color), behind(e));
  if (ratio < 4.5) weak.push([e.textContent.trim().slice(0, 40), ratio.toFixed(2)]);
}
return weak;
"""
)
# The colours of the labels of axes and lines, and of the tooltips, against what they stand on.
CHART_CONTRAST = (
    SHADES
    + """
const paint = document.createElement("i");
document.body.append(paint);
const computed = (name) => { paint.style.color = name; return shade(getComputedStyle(paint).color); };
const card = computed("var(--card)");
const weak = [];
let texts = 0;
const look = (part, where) => {
  if (Array.isArray(part)) { part.forEach((x) => look(x, where)); return; }
  if (!part || typeof part !== "object") return;
  for (const [name, value] of Object.entries(part)) {
    if (!["axisLabel", "label", "textStyle"].includes(name) || !value) { if (name !== "data" || where.endsWith("markLine")) look(value, `${where}.${name}`); continue; }
    if (value.show === false || typeof value.color !== "string") continue;
    texts += 1;
    const ratio = contrast(computed(value.color), card);
    if (ratio < 4.5) weak.push([`${where}.${name}`, value.color, ratio.toFixed(2)]);
  }
};
for (const box of document.querySelectorAll(".chart[data-drawn=yes]")) {
  const { xAxis, yAxis, series, tooltip } = echarts.getInstanceByDom(box).getOption();
  for (const axis of [xAxis, yAxis].flat()) look({ axisLabel: axis.axisLabel }, `${box.dataset.slot} axis`);
  look(tooltip, `${box.dataset.slot} tooltip`);
  for (const one of series) if (one.markLine) look(one.markLine.data, `${box.dataset.slot}.markLine`);
}
paint.remove();
return [texts, weak];
"""
)


def test_every_control_and_picture_has_a_name(browser: Any, pages: Any) -> None:
    browser.open(pages("small").url)
    browser.draw_all()
    nameless = browser.js(
        "return [...document.querySelectorAll('select')].filter((s) => !s.labels.length).length"
        " + [...document.querySelectorAll('[role=img], [role=region], nav, section, form')]"
        ".filter((e) => !e.getAttribute('aria-label')"
        " && !document.getElementById(e.getAttribute('aria-labelledby'))).length"
        " + [...document.querySelectorAll('button')].filter((b) => !b.hidden && !b.textContent.trim()).length"
    )
    assert nameless == 0
    ids = browser.js("return [...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids))


def test_two_hundred_columns_and_a_year_in_under_a_second(
    browser: Any, pages: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    page = pages("large")
    browser.open(page.url)  # the first page warms the browser up
    times = []
    for _ in range(3):
        browser.open(page.url)
        browser.show("heat")
        times.append(int(browser.wait("return document.documentElement.dataset.firstHeatMap")))
    browser.select("rows", "all")
    everything = browser.js(
        "const t = performance.now(); const s = document.querySelector('select[data-control=rows]');"
        "s.value = '25'; s.dispatchEvent(new Event('change', {bubbles: true}));"
        "s.value = 'all'; s.dispatchEvent(new Event('change', {bubbles: true})); return performance.now() - t"
    )
    with capsys.disabled():
        print(
            f"\nreport of 200 columns x 365 days: {len(page.html) / 1e6:.1f} MB, first heat map after {min(times)} ms "
            f"(of {times}), all 200 rows redrawn in {everything:.0f} ms"
        )
    assert min(times) < 1000
    assert len(page.html) < 2e6
    assert browser.errors() == []


def test_buttons_save_what_the_section_shows(browser: Any, pages: Any, tmp_path: Path) -> None:
    """By keyboard, in files of the rows that the statements find; nothing is asked of a network for it."""
    from selenium.webdriver import ActionChains, Keys

    page = pages("small")
    browser.open(page.url)
    browser.driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    titles = browser.js(
        "return [...document.querySelectorAll('[data-monitor=\"0\"] .source > summary')].map((s) => s.textContent)"
    )
    assert len(set(titles)) == len(titles) == 12 and "Numbers and SQL of “Business metrics”" in titles
    browser.js("document.querySelector('[data-monitor=\"0\"] [data-source=business] summary').focus()")
    keys = ActionChains(browser.driver)
    keys.send_keys(Keys.ENTER).perform()
    browser.wait("return document.querySelector('[data-source=business] button')")
    shown = browser.js("return document.querySelector('[data-source=business] pre').textContent")
    assert '"main"."driftline_business"' in shown
    keys.send_keys(Keys.TAB).send_keys(Keys.ENTER).perform()
    file = tmp_path / "recommendations-business_metrics.csv"
    until = time.monotonic() + 10
    while not file.exists() and time.monotonic() < until:
        time.sleep(0.05)
    with file.open(encoding="utf-8", newline="") as lines:
        saved = list(csv.DictReader(lines))
    assert f"Save {len(saved):,} rows, as CSV" == browser.js("return document.activeElement.textContent")
    found = page.con.execute(f"select window_start, value from ({shown}) where metric = 'conversion' and model_version = 'all' "
        "and segment = 'all' and window_periods = 7 order by 1").fetchall()  # fmt: skip
    assert [(str(start), numbers.short(value, 5)) for start, value in found] == [
        (r["window_start"], float(r["value"]) if r["value"] else None) for r in saved
        if (r["metric"], r["model_version"], r["segment"], r["window_periods"]) == ("conversion", "all", "all", "7")
    ]  # fmt: skip
    assert len(found) > 100
    for name in ("heat", "detail", "alerts", "reasons", "changes"):
        browser.js(f"document.querySelector('[data-source={name}]').open = true")
        browser.wait(f"return document.querySelector('[data-source={name}] button')")
    browser.js("document.querySelector('[data-source=heat] button').click()")
    browser.wait("return true")
    assert browser.errors() == []
    asked = [json.loads(e["message"])["message"] for e in browser.driver.get_log("performance")]
    urls = [m["params"]["request"]["url"] for m in asked if m["method"] == "Network.requestWillBeSent"]
    assert [u for u in urls if u.startswith("http")] == []


def test_monitors_with_odd_gaps(browser: Any, tmp_path: Any) -> None:
    """Nothing computed, no business metrics, no state, one window only: a sentence each, never an error."""
    lone = synthetic.Monitor("one_window", [synthetic.Column("x")], periods=2, reference=1, windows=(1,), business=())
    con = synthetic.database([lone, synthetic.calm()])
    con.execute(
        "update driftline_drift set psi = null, ks_lower = null, reason = 'too few rows' where monitor = 'fraud_score'"
    )
    con.execute("delete from driftline_state where monitor = 'fraud_score'")
    path = tmp_path / "odd.html"
    path.write_text(build_report(synthetic.query(con), synthetic.relations()), encoding="utf-8")
    browser.open(path.as_uri())
    browser.draw_all()
    assert browser.errors() == []
    text = browser.js("return document.body.innerText")
    assert "No distance could be computed here" in text and "too few rows" in text


def test_the_browser_writes_numbers_like_the_page(browser: Any, pages: Any) -> None:
    browser.open(pages("empty").url)
    values = [0, 1e-7, 2e-5, 0.00012, 0.00999, 0.0123, 0.1, 0.9996, 1, 9.994, 9.996, 99.94, 99.96, 123.4, 99999.4, 99999.6, 123456,
              999.6e3, 1234567, 2.5e9, 1e13, -0.5, -1234567, 1e16]  # fmt: skip
    assert browser.js("return arguments[0].map(driftline.number)", values) == [numbers.number(v) for v in values]
    shares = [0, 1e-7, -1e-7, 0.00002, -0.00006, 0.0023, 0.164, 0.9996, 1, 12.5, -0.05, 0.0101]
    assert browser.js("return arguments[0].map(driftline.percent)", shares) == [numbers.percent(v) for v in shares]
    start = datetime(2011, 10, 1)
    for period, days in (("day", 1), ("day", 7), ("day", 31), ("day", 92), ("hour", 1 / 24), ("hour", 1), ("day", 120)):
        end = start + timedelta(days=days)
        shown = browser.js(
            "return driftline.span(...arguments)", numbers.minutes(start), numbers.minutes(end), period
        )  # fmt: skip
        assert shown == numbers.span(start, end, period)
