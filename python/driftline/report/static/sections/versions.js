"use strict";
/** Versions against each other: every difference with its interval, and one over all rows so far. */
driftline.section("versions", (tools) => {
  const {
    Component, el, tip, fill, color, chart, renew, momentTip, axes, points, bandSeries, plainLine, levelLine, svg, WIDE, drawing, scale, table, numbersOf, facts,
    number, percent, whole, plural, span, key, clip, named, unique, known, inPoints, signed, until, between, windowsText, stamp,
  } = tools;

  /** A difference `r` over all rows so far, written by `apart`. */
  const option = ({ r, apart, period, width }) => {
    // The first intervals are so wide that nothing could be seen of the later ones.
    const later = r.y.flatMap((y, i) => (i >= r.y.length / 5 ? [y, r.lo[i], r.hi[i]] : [])).filter(known).map(Math.abs);
    const most = Math.max(1e-9, ...later);
    const unit = 10 ** Math.floor(Math.log10(most));
    const top = unit * [1, 2, 5, 10].find((k) => k * unit >= most * 0.999);
    return {
      ...axes(width, [r], (x) => apart(x).replace(" points", ""), { scale: false, min: -top, max: top, interval: top / 2 }),
      tooltip: momentTip((list) => {
        const i = r.t0.indexOf(list[0].axisValue);
        return i < 0 ? null : tip(`up to ${until(r.t0[i], period)}`, signed(r.y[i], apart), known(r.lo[i]) && known(r.hi[i]) ? between(r, i, apart) : "");
      }),
      series: [
        ...bandSeries(points(r, r.lo), points(r, r.hi), color("current"), 0.16),
        plainLine(r, r.y, { markLine: levelLine(0, "axis", { width: 1, type: "solid" }) }),
      ],
    };
  };

  class Versions extends Component {
    constructor(...given) {
      super(...given);
      this.control("versions-pair", (pair) => { this.pair = pair; this.show(); });
      this.control("versions-span", (size) => { this.span = Number(size); this.show(); });
      this.control("versions-metric", (id) => { this.compared = id; this.show(); });
      this.chart = chart(this.slot("versions-history"), () => (this.soFar
        ? option({ r: this.soFar, apart: this.soFar.apart, period: this.period, width: this.slot("versions-history").clientWidth }) : null));
    }

    /** Label, how to write a value, how to write a difference. A business metric keeps its own name. */
    comparedWords(family, metric) {
      if (family !== "business") return [this.word(metric)[0], this.write(metric), this.difference(metric)];
      const share = this.isShare(metric);
      return [named(metric), share ? percent : number, share ? inPoints : number];
    }

    show() {
      const s = this.chosen;
      const here = this.m.versions.filter((p) => p.k[2] === s.segment && p.k[3] === s.value);
      if (!this.with(here.length > 0, "versions-note", "No two versions are compared in this segment here.")) return;
      const pairs = unique(here.map((p) => p.k.slice(0, 2)));
      if (!pairs.some((p) => key(...p) === this.pair)) this.pair = key(...pairs[pairs.length - 1]);
      fill(this.control("versions-pair"), pairs.map(([a, b]) => [key(a, b), `${clip(named(a), 30)} against ${clip(named(b), 30)}`]), this.pair);
      const of = here.filter((p) => key(...p.k.slice(0, 2)) === this.pair).sort((a, b) => a.k[4] - b.k[4]);
      if (!of.some((p) => p.k[4] === this.span)) this.span = of[0].k[4];
      fill(this.control("versions-span"), of.map((p) => [String(p.k[4]), p.k[4] ? `the latest ${windowsText(p.k[4], this.period)}` : "all rows so far"]), String(this.span));
      const g = of.find((p) => p.k[4] === this.span);
      const [challenger, champion] = g.k.map((x) => clip(named(String(x)), 30));
      const rows = g.rows.filter((r) => r[0] !== "traffic").map(([family, metric, t0, t1, value, was, difference, lo, hi, n1, n0, needed, verdict, reason, unit]) => ({ family, metric, t0, t1, value, was, difference, lo, hi, n1, n0, needed, verdict, reason, unit }));
      const traffic = g.rows.find((r) => r[0] === "traffic");
      const told = [];
      if (rows.length) told.push(span(Math.min(...rows.map((r) => r.t0)), Math.max(...rows.map((r) => r.t1)), this.period), `${challenger} ${plural(Math.max(...rows.map((r) => r.n1)), "row")}, ${champion} ${whole(Math.max(...rows.map((r) => r.n0)))}`);
      if (traffic) told.push(`${percent(traffic[4])} of the rows to ${challenger}${known(traffic[5]) ? ` (meant: ${percent(traffic[5])})` : ""}: ${traffic[12]}${traffic[13] ? `, ${traffic[13]}` : ""}`);
      this.slot("versions-facts").replaceChildren(...facts(told));
      const mark = (r) => {
        const out = [svg("line", { class: "zero", x1: WIDE / 2, x2: WIDE / 2, y1: 0, y2: 22 })];
        if (known(r.difference)) {
          const most = Math.max(1e-12, ...[r.difference, r.lo, r.hi].filter(known).map(Math.abs));
          const x = scale(-most, most);
          if (known(r.lo) && known(r.hi)) out.push(svg("line", { class: "interval", x1: x(r.lo), x2: x(r.hi), y1: 11, y2: 11 }));
          out.push(svg("circle", { class: "dot", cx: x(r.difference), cy: 11, r: 4 }));
        }
        const box = drawing(22, ...out);
        if (["better", "worse"].includes(r.verdict)) box.classList.add(r.verdict);
        return box;
      };
      const ends = unique(rows.map((r) => r.t1));
      const head = [{ text: "Metric" }, { text: "Difference", num: 1 }, { text: "" }, { text: "Verdict" }, { text: "Interval", num: 1 }, { text: challenger, num: 1 }, { text: champion, num: 1 },
        ...(ends.length > 1 ? [{ text: "Up to" }] : [])];
      this.slot("versions-table").replaceChildren(table(head, rows.map((r) => {
        const [label, write, apart] = this.comparedWords(r.family, r.metric);
        const decided = ["better", "worse"].includes(r.verdict);
        const verdict = el("span", {}, el("span", { class: decided ? "" : "open" }, r.verdict || "–"));
        const more = [r.reason, !decided && r.needed ? `about ${number(Number(r.needed.toPrecision(2)))} more ${r.unit} would tell` : ""].filter(Boolean).join("; ");
        if (more) verdict.append(el("span", { class: "detail" }, more));
        return [
          label, signed(r.difference, apart), [mark(r), "bar-cell"], [verdict, `text verdict ${decided ? r.verdict : "none"}`],
          known(r.lo) && known(r.hi) ? `${signed(r.lo, apart).replace(" points", "")} to ${signed(r.hi, apart)}` : "–", write(r.value), write(r.was),
          ...(ends.length > 1 ? [until(r.t1, this.period)] : []),
        ];
      })));
      // What became known of a difference as the rows came in.
      const history = here.find((p) => p.k[4] === 0 && key(...p.k.slice(0, 2)) === this.pair);
      const id = (r) => `${r.family} ${r.metric}`;
      const past = new Map(Object.entries(history ? history.history : {}));
      const lines = rows.filter((r) => past.has(id(r)) && past.get(id(r)).t0.length > 1);
      const box = this.slot("versions-over-time");
      box.hidden = !lines.length;
      if (!lines.length) return;
      if (!lines.some((r) => id(r) === this.compared)) this.compared = id(lines[0]);
      const chosen = lines.find((r) => id(r) === this.compared);
      const [label, , apart] = this.comparedWords(chosen.family, chosen.metric);
      fill(this.control("versions-metric"), lines.map((r) => [id(r), this.comparedWords(r.family, r.metric)[0]]), this.compared);
      this.soFar = { ...past.get(id(chosen)), apart };
      const last = this.soFar.y.length - 1;
      const sides = known(this.soFar.lo[last]) && known(this.soFar.hi[last]) ? ` (${apart(this.soFar.lo[last])} to ${apart(this.soFar.hi[last])})` : "";
      this.slot("versions-history").setAttribute("aria-label", `Difference of ${label} between ${challenger} and ${champion} over all rows so far, at the end of each ${this.period}: ${signed(this.soFar.y[last], apart)}${sides} at last.`);
      numbersOf(this.slot("versions-numbers"), () => table(
        [{ text: "Up to" }, { text: "Difference", num: 1 }, { text: "Interval", num: 1 }],
        [...this.soFar.t0.keys()].reverse().map((i) => [until(this.soFar.t0[i], this.period), signed(this.soFar.y[i], apart), between(this.soFar, i, apart)]),
      ));
      renew(this.chart);
    }
  }

  const tables = (data) => {
    const pair = ([version, champion, segment, value]) => [version, champion, segment, value];
    const keys = ["model_version", "champion_version", "segment", "segment_value"];
    return [
      {
        name: "latest",
        head: [...keys, "span", "window_periods", "family", "metric", "window_start", "window_end", "value", "champion_value", "difference", "difference_lower", "difference_upper",
          "anytime_lower", "anytime_upper", "row_count", "champion_row_count", "rows_needed", "verdict", "reason"],
        rows: data.versions.flatMap((g) => g.rows.map(([family, metric, t0, t1, mine, theirs, difference, low, high, ...more]) => [
          ...pair(g.k), ...(g.k[4] ? ["window", g.k[4]] : ["cumulative", null]), family, metric, stamp(t0), stamp(t1), mine, theirs, difference,
          ...(g.k[4] ? [low, high, null, null] : [null, null, low, high]), ...more.slice(0, 5),
        ])),
      },
      {
        name: "so far", head: [...keys, "family", "metric", "window_end", "difference", "anytime_lower", "anytime_upper"],
        rows: data.versions.flatMap((g) => Object.entries(g.history).flatMap(([id, r]) => r.t0.map((t, i) => [
          ...pair(g.k), id.slice(0, id.indexOf(" ")), id.slice(id.indexOf(" ") + 1), stamp(t), r.y[i], r.lo[i], r.hi[i],
        ]))),
      },
    ];
  };

  return { mount: (...given) => new Versions(...given), option, tables };
});
