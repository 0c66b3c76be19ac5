"use strict";
/** Groups of a segment against each other: a rate of each, and over time the lowest as a share of the highest. */
driftline.section("fairness", (tools) => {
  const {
    Component, tip, fill, color, chart, renew, momentTip, axes, points, bandSeries, plainLine, levelLine, svg, drawing, scale, table, numbersOf, keyOf, facts,
    percent, whole, plural, clip, named, known, inPoints, moment, when, between, stamp,
  } = tools;
  // Rates of groups, and what holding them against one another is called; the same as in words.py.
  const DISPARITIES = { selection_rate: "demographic_parity", true_positive_rate: "equal_opportunity", precision: "predictive_parity", false_positive_rate: "equalized_odds" };

  /** A ratio `r` over time with its bounds, against four fifths. */
  const option = ({ r, period, width }) => ({
    ...axes(width, [r], percent, { scale: false, min: 0, max: 1, interval: 0.2 }),
    tooltip: momentTip((list) => {
      const i = r.t0.indexOf(list[0].axisValue);
      return i < 0 ? null : tip(moment(r.t0[i], period), percent(r.y[i]), known(r.lo[i]) && known(r.hi[i]) ? between(r, i, percent) : "");
    }),
    series: [
      ...bandSeries(points(r, r.lo), points(r, r.hi), color("current"), 0.16),
      plainLine(r, r.y, {
        markLine: levelLine(0.8, "mark-critical", { width: 1.5, type: "dotted" }, { position: "insideStartBottom", formatter: "four fifths", color: color("critical"), fontSize: 11.5 }),
      }),
    ],
  });

  class Fairness extends Component {
    constructor(...given) {
      super(...given);
      this.control("fair-segment", (segment) => { this.segment = segment; this.show(); });
      this.control("fair-rate", (rate) => { this.rate = rate; this.show(); });
      this.chart = chart(this.slot("fairness-ratio"), () => (this.ratio && this.ratio.t0.length
        ? option({ r: this.ratio, period: this.period, width: this.slot("fairness-ratio").clientWidth }) : null));
    }

    show() {
      const s = this.chosen;
      const here = this.m.fairness.filter((f) => f.k[0] === s.version && f.k[2] === s.size);
      if (!this.with(here.length > 0, "fairness-note", "There is nothing on this combination of version and window.")) return;
      const segments = here.map((f) => f.k[1]);
      if (!segments.includes(this.segment)) this.segment = segments.includes(s.segment) ? s.segment : segments[0];
      fill(this.control("fair-segment"), segments.map((x) => [x, clip(named(x), 60)]), this.segment);
      const f = here.find((x) => x.k[1] === this.segment);
      const rates = f.rates.map((r) => r.x);
      if (!rates.includes(this.rate)) [this.rate] = rates;
      fill(this.control("fair-rate"), rates.map((x) => [x, this.word(x)[0]]), this.rate);
      const rate = f.rates.find((r) => r.x === this.rate);
      const disparity = DISPARITIES[rate.x];
      const ratio = f.whole[`${disparity}_ratio`];
      const difference = f.whole[`${disparity}_difference`];
      // A high rate of false alarms is nothing to come up to.
      const held = rate.x !== "false_positive_rate";
      const top = rate.groups.filter((q) => known(q[2])).sort((a, b) => b[2] - a[2]);
      const best = (ratio && rate.groups.find((q) => q[0] === ratio.high && known(q[2]))) || top[0];
      const line = held && best ? 0.8 * best[2] : null;
      const name = this.word(rate.x)[0].toLowerCase();
      const told = [when(rate, null, this.period)];
      if (held && ratio && known(ratio.y)) {
        const judged = ratio.hi < 0.8 ? "under four fifths, beyond its uncertainty" : ratio.y < 0.8 ? "under four fifths, within its uncertainty" : ratio.lo < 0.8 ? "four fifths or more, but not beyond doubt" : "four fifths or more";
        told.push(`${clip(named(ratio.low), 40)} has ${percent(ratio.y)} of the ${name} of ${clip(named(ratio.high), 40)} (${percent(ratio.lo)} to ${percent(ratio.hi)}): ${judged}`);
      }
      if (difference && known(difference.y)) told.push(`${held ? "" : "largest difference of the two error rates: "}${inPoints(difference.y)} apart (${inPoints(difference.lo).replace(" points", "")} to ${inPoints(difference.hi)})`);
      if (ratio && ratio.excluded) told.push(`${plural(ratio.excluded, "group")} with too few rows to be held against the others`);
      this.slot("fairness-facts").replaceChildren(...facts(told));
      const ends = rate.groups.flatMap((q) => q.slice(2, 6)).filter(known).concat(known(line) ? [line] : []);
      const x = scale(Math.max(0, Math.min(...ends)) * 0.9, Math.min(1, Math.max(...ends) * 1.05));
      const mark = (q) => {
        const out = [];
        if (known(line)) out.push(svg("line", { class: "limit", x1: x(line), x2: x(line), y1: 0, y2: 22 }));
        if (known(q[5])) out.push(svg("line", { class: "was", x1: x(q[5]), x2: x(q[5]), y1: 5, y2: 17 }));
        if (known(q[3]) && known(q[4])) out.push(svg("line", { class: "interval", x1: x(q[3]), x2: x(q[4]), y1: 11, y2: 11 }));
        if (known(q[2])) out.push(svg("circle", { class: "dot", cx: x(q[2]), cy: 11, r: 4 }));
        return drawing(22, ...out);
      };
      const head = [{ text: "Group" }, { text: this.word(rate.x)[0], num: 1 }, { text: "" }, { text: "Interval", num: 1 }, ...(held ? [{ text: "Of the highest", num: 1 }] : []), { text: "Reference", num: 1 }, { text: "Rows", num: 1 }];
      const order = [...rate.groups].sort((a, b) => (b[2] ?? -1) - (a[2] ?? -1) || (a[0] < b[0] ? -1 : 1));
      this.slot("fairness-table").replaceChildren(table(head, order.map((q) => {
        const of = held && best && known(q[2]) && best[2] ? q[2] / best[2] : null;
        return [
          named(q[0]), percent(q[2]), [mark(q), "bar-cell"], known(q[3]) && known(q[4]) ? `${percent(q[3])} to ${percent(q[4])}` : q[6] || "–",
          ...(held ? [[known(of) ? percent(of) : "–", known(of) && of < 0.8 ? "strong" : ""]] : []), percent(q[5]), whole(q[1]),
        ];
      })));
      const keys = [keyOf("missed", "value", "current"), keyOf("series", "its interval", "current"), keyOf("tick", "reference", "noise")];
      if (known(line)) keys.push(keyOf("tick", "four fifths of the highest", "mark-critical"));
      this.slot("fairness-keys").replaceChildren(...keys);
      this.ratio = held && f.history[`${disparity}_ratio`];
      const box = this.slot("fairness-over-time");
      box.hidden = !this.ratio || this.ratio.t0.length < 2;
      if (box.hidden) return;
      const under = this.ratio.y.filter((y) => y < 0.8).length;
      this.slot("fairness-ratio-title").textContent = `Lowest ${name} as a share of the highest, over time`;
      this.slot("fairness-ratio").setAttribute("aria-label", `Lowest ${name} as a share of the highest, over ${plural(this.ratio.y.length, "window")}: under four fifths in ${under}, ${percent(this.ratio.y[this.ratio.y.length - 1])} in the latest.`);
      numbersOf(this.slot("fairness-numbers"), () => table(
        [{ text: "Window from" }, { text: "Lowest of the highest", num: 1 }, { text: "Interval", num: 1 }],
        [...this.ratio.t0.keys()].reverse().map((i) => [moment(this.ratio.t0[i], this.period), percent(this.ratio.y[i]), between(this.ratio, i, percent)]),
      ));
      renew(this.chart);
    }
  }

  const tables = (data) => [
    {
      name: "groups",
      head: ["model_version", "segment", "segment_value", "window_periods", "metric", "window_start", "window_end", "row_count", "value", "value_lower", "value_upper",
        "reference_value", "reason", "highest_group", "lowest_group", "excluded_group_count"],
      rows: data.fairness.flatMap(({ k: [version, segment, size], rates, whole: both }) => [
        ...rates.flatMap((r) => r.groups.map(([group, n, y, lo, hi, ref, reason]) => [version, segment, group, size, r.x, stamp(r.t0), stamp(r.t1), n, y, lo, hi, ref, reason || null, null, null, null])),
        ...Object.entries(both).map(([metric, w]) => [
          version, segment, "all", size, metric, stamp(w.t0), stamp(w.t1), null, w.y, w.lo, w.hi, w.ref, null, w.high || null, w.low || null, w.excluded,
        ]),
      ]),
    },
    {
      name: "over time", head: ["model_version", "segment", "segment_value", "window_periods", "metric", "window_start", "value", "value_lower", "value_upper"],
      rows: data.fairness.flatMap(({ k: [version, segment, size], history }) => Object.entries(history)
        .flatMap(([metric, r]) => r.t0.map((t, i) => [version, segment, "all", size, metric, stamp(t), r.y[i], r.lo[i], r.hi[i]]))),
    },
  ];

  return { grains: (data) => (data.fairness || []).map((f) => [f.k[0], "all", "all", f.k[2]]), mount: (...given) => new Fairness(...given), option, tables };
});
