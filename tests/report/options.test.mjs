// What the sections of the report make of data: options of charts, without a browser. Run by test_options.py.

import assert from "node:assert/strict";
import test from "node:test";

import { echarts, sections, text, tools } from "./page.mjs";

const DAY = 1440;
const days = (...numbers) => numbers.map((n) => 21_000_000 - (21_000_000 % DAY) + n * DAY);
const [DAY0] = days(0);
const of = (name) => sections.get(name);
const lines = (option) => option.series.filter((s) => s.type === "line" && s.data.length && s.lineStyle.opacity !== 0);
const bands = (option) => option.series.filter((s) => s.type === "custom");
const tip = (option, axisValue, more = {}) => text(option.tooltip.formatter([{ axisValue, ...more }]) ?? "nothing");
const alert = (from, to, severity = "warn", family = "performance") => [family, "roc_auc", "all", "all", "all", "all", 1, from, to, severity, "open", "reference"];

/** The library takes the option, and draws something of it. */
const drawn = (option) => {
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width: 640, height: 300 });
  // A pattern is an image, which only a browser has.
  const series = option.series.map((s) => (s.markArea?.itemStyle?.color?.image ? { ...s, markArea: undefined } : s));
  try {
    chart.setOption({ animation: false, ...option, series, tooltip: undefined });
    assert.ok((chart.renderToSVGString().match(/<path/g) || []).length > 1);
  } finally {
    chart.dispose(); // or it keeps the process alive
  }
};

const group = (more = {}) => ({ k: ["all", "all", "all", 1], t0: days(0, 1, 2, 5, 6), t1: days(1, 2, 3, 6, 7), n: [9, 9, 9, 9, 9], l: [1, 1, 1, 0.5, 0], m: [1, 1, 1, 1, 0], ...more });
const series = (more = {}) => ({ x: "roc_auc", c: "all", y: [0.8, 0.79, 0.7, 0.71, 0.72], ref: 0.8, at: 3, noise: 0.02, ...more });
const performance = (more = {}) => of("performance").option({ g: group(), s: series(), lines: [], alerts: [], write: tools.number, period: "day", width: 600, ...more });

test("every section that is drawn registers itself", () => {
  assert.deepEqual([...sections.keys()], ["performance", "estimate", "versions", "heat", "detail", "concept", "fairness", "business", "changes", "quality"]);
  for (const [id, section] of sections) assert.equal(typeof section.mount, "function", id);
});

test("missing windows are a gap in the line", () => {
  const final = lines(performance())[1].data;
  assert.deepEqual(final.map(([t, y]) => [(t - DAY0) / DAY, y]), [[0, 0.8], [1, 0.79], [2, 0.7], [3, null], [5, 0.71], [6, null]]);
  drawn(performance());
});

test("what is not final is hollow, and its time hatched", () => {
  const option = performance();
  const open = lines(option).find((s) => s.data.some((p) => p.symbol === "circle"));
  assert.deepEqual(open.data.filter((p) => p.symbol === "circle" && p.value[1] !== null).map((p) => p.value), [[days(6)[0], 0.72]]);
  const [[from, to]] = option.series.find((s) => s.markArea && s.data.length === 0).markArea.data;
  assert.deepEqual([from.xAxis, to.xAxis].map((t) => (t - DAY0) / DAY), [5.5, 6.5]);
  const both = performance({ g: group({ m: [1, 1, 0, 1, 0] }) }).series.find((s) => s.markArea && s.data.length === 0).markArea.data;
  assert.deepEqual(both.length, 2);
  const together = performance({ g: group({ m: [1, 1, 1, 0, 0] }) }).series.find((s) => s.markArea && s.data.length === 0).markArea.data;
  assert.deepEqual(together.map((ends) => ends.map((e) => (e.xAxis - DAY0) / DAY)), [[4.5, 6.5]]);
  assert.match(tip(option, days(6)[0]), /0\.72, not final\|reference 0\.8\|9 rows, 0% with a label, labels not final/);
});

test("bins have their rows and shares, and one empty on both sides is left out", () => {
  const bins = [
    { kind: "range", label: "", lower: null, upper: 2, now: 0.25, was: 0.5, rows: 1, held: 200 }, { kind: "under", label: "", lower: 2, upper: 5, now: 0.75, was: 0.25, rows: 3, held: 100 },
    { kind: "range", label: "", lower: 5, upper: 5, now: 0, was: 0.25, rows: 0, held: 100 }, { kind: "unseen", label: "", lower: null, upper: null, now: 0, was: 0, rows: 0, held: 0 },
  ];
  assert.deepEqual(of("detail").binRows({ bins }).map((row) => row.map(text).join(" ")), [
    "≤ 2 200 |50% 1 |25% −25", "over 2, under 5 100 |25% 3 |75% +50", "= 5 100 |25% 0 |0% −25",
  ]);
});

test("two columns side by side have one axis", () => {
  const given = { values: [[DAY0, 0.3, 0], [days(1)[0], 0.1, 1]], noise: [[DAY0, 0.1], [days(1)[0], 0.1]], levels: [0.1, 0.25], alerts: [], at: DAY0, width: 500, tipOf: () => null };
  const { trendOption } = of("detail");
  const together = trendOption({ ...given, top: 0.8 }).yAxis;
  assert.deepEqual([together.min, together.max({ max: 0.3 }), together.interval], [0, 0.8, 0.2]);
  assert.deepEqual([trendOption(given).yAxis.max({ max: 0.2 }), trendOption(given).yAxis.interval], [0.275, undefined]);
  drawn(trendOption({ ...given, top: 0.8 }));
});

test("alerts mark their windows, each grade by its own sign", () => {
  const option = performance({ alerts: [alert(days(1)[0], days(2)[0]), alert(days(5)[0], days(5)[0], "critical")] });
  const [warn, critical] = option.series.filter((s) => s.type === "scatter");
  assert.deepEqual([warn.symbol, warn.data.length, critical.symbol, critical.data], ["circle", 2, "triangle", [[days(5)[0], 0.71]]]);
  assert.match(tip(option, days(5)[0]), /critical alert \(open\)/);
  assert.match(tip(option, days(1)[0]), /warning \(open\)/);
});

test("bounds and estimates are bands only where both ends are known", () => {
  const e = [0.8, 0.8, 0.8, 0.8, 0.8];
  const guessed = performance({ s: series({ e, el: [0.7, 0.7, null, 0.7, 0.7], eh: [0.9, 0.9, 0.9, 0.9, 0.9] }) });
  assert.equal(bands(guessed).length, 1);
  const { children } = bands(guessed)[0].renderItem(null, { coord: (p) => p });
  assert.deepEqual(children.map((c) => c.shape.points.length / 2), [2, 2]);
  assert.equal(bands(performance()).length, 0);
  assert.match(tip(guessed, days(0)[0]), /estimated 0\.8 \(0\.7 to 0\.9\)/);
  drawn(guessed);
});

test("a verdict looks at the bounds, and at which way is better", () => {
  const { verdict } = of("performance");
  const at = (y, more, better = 1) => verdict({ y: [y], ref: 0.8, noise: 0.02, ...more }, 0, better)[0];
  assert.equal(at(0.79), "within its noise");
  assert.equal(at(0.7), "worse");
  assert.equal(at(0.7, {}, -1), "better");
  assert.equal(at(0.7, {}, 0), "lower");
  assert.equal(at(0.7, { lo: [0.6], hi: [0.81] }), "within its noise");
  assert.equal(at(0.7, { ref: null }), "");
});

test("an estimate is drawn by its error, with the misses", () => {
  const s = series({ e: [0.81, 0.8, 0.79, 0.7, 0.7], el: [0.8, 0.7, 0.75, 0.6, 0.6], eh: [0.82, 0.9, 0.8, 0.8, 0.8] });
  const errors = [0.01, 0.01, 0.09, -0.01, null];
  const option = of("estimate").option({ g: group(), s, errors, missed: new Set([2]), alerts: [], write: tools.number, apart: tools.number, period: "day", width: 600 });
  assert.deepEqual(option.series.find((x) => x.type === "scatter").data, [[days(2)[0], 0.09]]);
  assert.deepEqual(lines(option)[0].data.at(-1), [days(5)[0], -0.01]);
  assert.match(tip(option, days(2)[0]), /off by 0\.09\|.*outside the interval/);
  assert.equal(tip(option, days(6)[0]), "nothing");
  drawn(option);
});

test("a difference of versions keeps an axis around zero that its later intervals fit", () => {
  const r = { t0: days(0, 1, 2, 3, 4, 5), y: [0.5, 0.03, 0.03, 0.03, 0.03, 0.03], lo: [-9, -0.01, 0, 0.01, 0.01, 0.01], hi: [9, 0.07, 0.06, 0.05, 0.05, 0.05] };
  const option = of("versions").option({ r, apart: tools.inPoints, period: "day", width: 600 });
  assert.deepEqual([option.yAxis.min, option.yAxis.max], [-0.1, 0.1]);
  assert.match(tip(option, days(5)[0]), /^up to .*\|\+3 points\|1 points to 5 points$/);
  drawn(option);
});

test("groups are held against four fifths", () => {
  const option = of("fairness").option({ r: { t0: days(0, 1), y: [0.7, 0.9], lo: [0.6, 0.8], hi: [0.8, 1] }, period: "day", width: 600 });
  assert.equal(lines(option)[0].markLine.data[0].yAxis, 0.8);
  assert.deepEqual([option.yAxis.min, option.yAxis.max], [0, 1]);
  drawn(option);
});

test("a change is marked from its beginning on", () => {
  const c = { t0: days(0, 1, 2), t1: days(1, 2, 3), y: [1, 1, 3], x: [1, 1, 1], s: [0.1, null, 0.1], c: [0, 0, 6], since: days(2)[0], limit: 5 };
  const option = of("changes").option({ c, write: tools.number, period: "day", width: 600 });
  const { markArea } = lines(option).at(-1);
  assert.deepEqual(markArea.data[0].map((e) => (e.xAxis - DAY0) / DAY), [2, 2.5]);
  assert.match(tip(option, days(2)[0]), /\|3\|expected 1 ± 0\.2\|CUSUM 6, limit 5$/);
  assert.equal(bands(option)[0].renderItem(null, { coord: (p) => p }).children.length, 2);
  drawn(option);
});

test("a business metric has what is usual, its reference and its versions", () => {
  const one = (y) => ({ k: ["all", "all", "all", 1], t0: days(0, 1, 2), t1: days(1, 2, 3), n: [5, 5, 5], y, mean: [null, 2, 2], dev: [null, 0.5, 0.5], ref: [2, 2, 2] });
  const main = one([2, 2, 5]);
  const option = of("business").option({
    main, lines: [[main, "current", "all versions"], [one([1, 1, 1]), "o2", "v1"]], alerts: [alert(days(2)[0], days(2)[0])], write: tools.number, period: "day", width: 600,
  });
  assert.equal(lines(option).length, 3);
  assert.match(tip(option, days(2)[0]), /all versions: 5 \(5 rows\)\|v1: 1 \(5 rows\)\|usual 2 ± 1\|reference 2\|warning \(open\)/);
  assert.equal(option.yAxis.min({ min: -0.4 }), 0); // a line above zero keeps its axis there
  drawn(option);
});

test("the heat map names its columns and cuts what is too long", () => {
  const names = ["item_price", "a".repeat(60), "__proto__"];
  const option = of("heat").option({ names, cells: [[0, 0, 6], [1, 1, 0]], starts: days(0, 1), width: 600, slim: false, tipOf: (y, x) => new Node() });
  const label = option.yAxis.axisLabel.formatter;
  assert.equal(label(0), "item_price");
  assert.match(label(1), /^a{20,26}…$/);
  assert.notEqual(label(2), "__proto__");
  assert.deepEqual(option.visualMap.pieces.map((p) => p.value), [0, 1, 2, 3, 4, 5, 6]);
  drawn(option);
});

test("a histogram folds rare categories and leaves a gap before special values", () => {
  const bin = (kind, label, now, was = now, more = {}) => ({ kind, label, lower: null, upper: null, now, was, rows: now * 100, ...more });
  const categories = Array.from({ length: 12 }, (_, i) => bin("category", `c${i}`, (12 - i) / 78));
  const small = of("detail").option({ found: { bins: [...categories, bin("null", "", 0.1)] }, categorical: true, small: true, slim: false });
  const { data } = small.yAxis;
  const named = data.map((_, i) => small.yAxis.axisLabel.formatter(i));
  assert.deepEqual(named, ["c0", "c1", "c2", "c3", "c4", "7 more", "NULL"]);
  assert.ok(Math.abs(small.series[1].data[5] - 28 / 78) < 1e-12);
  const ranges = [bin("range", "", 0.5, 0.4, { upper: 1 }), bin("range", "", 0.4, 0.5, { lower: 1, upper: 2 }), bin("unseen", "", 0.1, 0)];
  const numeric = of("detail").option({ found: { bins: ranges }, categorical: false, small: false, slim: false });
  assert.deepEqual(numeric.series[1].data, [0.5, 0.4, null, 0.1]);
  assert.match(text(numeric.tooltip.formatter([{ dataIndex: 1 }])), /^over 1, up to 2\|this window 40% \(40\)\|reference 50%$/);
  drawn(small);
  drawn(numeric);
});

test("a distance over time stands against warn and critical", () => {
  const values = days(0, 1, 2).map((t, i) => [t, [0.05, 0.18, 0.3][i], i]);
  const option = of("detail").trendOption({ values, noise: values.map(([t]) => [t, 0.02]), levels: [0.1, 0.25], alerts: [], at: days(2)[0], width: 600, tipOf: () => new Node() });
  assert.deepEqual(option.series[0].markLine.data.map((l) => l.yAxis), [0.1, 0.25]);
  assert.equal(option.series[2].markLine.data[0].xAxis, days(2)[0]);
  assert.equal(option.yAxis.max({ max: 0.2 }), 0.25 * 1.1);
  assert.equal(option.yAxis.max({ max: 0.02 }), null);
  drawn(option);
});

test("columns behind a change: a moved relation before moved inputs", () => {
  const effects = (shares, rates) => ({ label: [shares + rates, shares, 0.01, rates, 0.01, null, null, null] });
  const rows = [["calm", "feature", effects(0, 0)], ["inputs", "feature", effects(0.2, 0)], ["relation", "feature", effects(0, -0.02)], ["loss_only", "feature", {}],
    ["unknown", "feature", { label: [0.5, 0, 0.01, 0.5, null, null, null, null] }]];
  const parts = of("concept").partsOf(rows, "label");
  assert.deepEqual(parts.map((p) => [p.name, p.relation, p.inputs]), [["relation", true, false], ["unknown", false, false], ["calm", false, false], ["inputs", false, true]]);
});
