"use strict";
/** How good the model is: one metric over time, by its labels and by estimates, and all of them in a table. */
driftline.section("performance", (tools) => {
  const {
    Component, tip, fill, color, chart, renew, momentTip, axes, points, bandSeries, areas, hits, hatched, realized, table, numbersOf, keyOf, facts,
    percent, whole, plural, key, clip, named, unique, lastWhere, each, known, signed, moment, when, severity, value, interval, GRAIN, stamp,
  } = tools;
  const OTHERS = ["o2", "o3", "o5", "o6"];

  /** Beyond its noise, whatever the value is between its bounds. `better`: 1, -1 or 0. */
  const verdict = (m, i, better) => {
    const ref = each(m.ref, i);
    if (!known(ref) || !known(m.noise)) return ["", ""];
    const [lo, hi] = [each(m.lo || m.y, i), each(m.hi || m.y, i)];
    const moved = lo > ref ? lo - ref : hi < ref ? hi - ref : 0;
    if (Math.abs(moved) <= m.noise) return ["within its noise", ""];
    const good = better * moved;
    return good > 0 ? ["better", "better"] : good < 0 ? ["worse", "worse"] : [moved > 0 ? "higher" : "lower", "moved"];
  };

  /** A series `s` of a group of windows `g`, the same of other versions in `lines`, and the alerts about it. */
  const option = ({ g, s, lines, alerts, write, period, width }) => {
    const index = new Map(g.t0.map((t, i) => [t, i]));
    const bounds = s.lo || s.hi ? bandSeries(points(g, s.lo || s.y), points(g, s.hi || s.y), color("current"), 0.22) : [];
    const guess = s.e ? [...bandSeries(points(g, s.el), points(g, s.eh), color("o4"), 0.16),
      { type: "line", data: points(g, s.e), showSymbol: s.e.filter(known).length < 3, symbolSize: 5, z: 3, lineStyle: { color: color("o4"), width: 1.6, type: [5, 4] }, itemStyle: { color: color("o4") } }] : [];
    const reference = known(s.ref) ? [{ type: "line", data: points(g, s.ref), showSymbol: false, silent: true, z: 2, lineStyle: { color: color("noise"), width: 1.5, type: "dotted" } }] : [];
    return {
      ...axes(width, [g, ...lines.map((l) => l.g)], write),
      tooltip: momentTip((list) => {
        const t = list[0].axisValue;
        const i = index.get(t);
        if (i === undefined) return tip(moment(t, period), "no such window");
        const hit = alerts.find((a) => t >= a[7] && t <= a[8]);
        const own = lines.length ? `${g.k[0] === "all" ? "all versions" : named(g.k[0])}: ` : "";
        return tip(
          when(g, i, period), `${own}${value(s, i, write)}${g.m[i] || !known(s.y[i]) ? "" : ", not final"}`,
          ...lines.map((l) => {
            const j = l.g.t0.indexOf(t);
            return j < 0 || !known(l.s.y[j]) ? "" : `${l.text}: ${write(l.s.y[j])}`;
          }),
          interval(s, i, write) && `estimated ${interval(s, i, write)}`, known(each(s.ref, i)) ? `reference ${write(each(s.ref, i))}` : "",
          `${plural(g.n[i], "row")}${known(g.l[i]) ? `, ${percent(g.l[i])} with a label` : ""}${g.m[i] ? "" : ", labels not final"}`,
          hit ? `${severity(hit)}${hit[0] === "estimate" ? " of the estimate" : ""} (${hit[10]})` : "",
        );
      }),
      series: [
        ...guess, ...bounds, ...reference, hatched(g), ...lines.flatMap((l) => realized(l.g, l.s.y, l.color, 1.6, 4)),
        ...realized(g, s.y, "current", 2, 5).map((x, i) => (i ? x : { ...x, markArea: areas(alerts) })), ...hits(alerts.filter((a) => a[0] === "performance"), g, s.y),
      ],
    };
  };

  class Performance extends Component {
    constructor(...given) {
      super(...given);
      this.groups = new Map(this.m.performance.map((g) => [JSON.stringify(g.k), g]));
      this.dropped = new Set((this.m.performance_dropped || []).map((k) => JSON.stringify(k)));
      Object.assign(this.chosen, { measure: "", class: "all" });
      for (const [name, what] of [["model-metric", "measure"], ["model-class", "class"]]) {
        this.control(name, (choice) => { this.chosen[what] = choice; this.changed(); this.monitor.tell("measure"); });
      }
      this.chart = chart(this.slot("performance"), () => this.draw());
    }

    group() {
      const s = this.chosen;
      return this.groups.get(key(s.version, s.segment, s.value, s.size)) || null;
    }

    series(g = this.group()) {
      return (g && g.metrics.find((m) => m.x === this.chosen.measure && m.c === this.chosen.class)) || null;
    }

    show() {
      const g = this.group();
      const s = this.chosen;
      const left = this.dropped.has(key(s.version, s.segment, s.value, s.size));
      this.monitor.measure = null;
      if (!this.with(Boolean(g), "performance-note", left
        ? "This combination was left out to keep the page small; it is in driftline_performance."
        : "There is no complete window for this combination of version, segment and window.")) return;
      const metrics = unique(g.metrics.map((m) => m.x));
      if (!metrics.includes(s.measure)) s.measure = metrics.includes(this.m.lead) ? this.m.lead : metrics[0];
      fill(this.control("model-metric"), metrics.map((x) => [x, this.word(x)[0]]), s.measure);
      this.changed();
    }

    changed() {
      const g = this.group();
      if (!g) return; // Nothing of this combination is shown: the choice counts for the next one.
      const classes = g.metrics.filter((m) => m.x === this.chosen.measure).map((m) => m.c);
      if (!classes.includes(this.chosen.class)) [this.chosen.class] = classes;
      fill(this.control("model-class"), classes.map((c) => [c, c === "all" ? "all classes" : clip(named(c), 60)]), this.chosen.class);
      const s = this.series();
      const versions = this.chosen.version === "all"
        ? [...this.groups.values()].filter((o) => o !== g && o.k[0] !== "all" && key(...o.k.slice(1)) === key(...g.k.slice(1)) && this.series(o)) : [];
      this.lines = versions.map((o) => ({ g: o, s: this.series(o) })).filter((l) => l.s.y.some(known));
      this.moreVersions = Math.max(0, this.lines.length - OTHERS.length);
      this.lines = this.lines.slice(0, OTHERS.length).map((l, i) => ({ ...l, color: OTHERS[i], text: named(l.g.k[0]) }));
      this.legend(g, s);
      this.table(g);
      this.slot("performance").setAttribute("aria-label", this.label(g, s));
      renew(this.chart);
      numbersOf(this.slot("performance-numbers"), () => this.numbers(g, s));
      // The estimate beside it is of the same measure.
      this.monitor.measure = { g, s, title: this.title() };
    }

    title() {
      const { measure, class: c } = this.chosen;
      return this.word(measure)[0] + (c === "all" ? "" : ` of ${named(c)}`);
    }

    legend(g, s) {
      const keys = [];
      const fromLabels = s.y.some(known);
      if (fromLabels) keys.push(keyOf("series", this.lines.length ? (g.k[0] === "all" ? "all versions" : named(g.k[0])) : "from the labels", "current"));
      for (const line of this.lines) keys.push(keyOf("series", clip(line.text, 40), line.color));
      if (s.lo || s.hi) keys.push(keyOf("band", "the exact value is within", "current"));
      if (s.e) keys.push(keyOf("series dashed", "estimated without labels", "o4"), keyOf("band", "its interval", "o4"));
      if (known(s.ref)) keys.push(keyOf("series dotted", "reference", "noise"));
      if (fromLabels && s.y.some((y, i) => known(y) && !g.m[i])) keys.push(keyOf("hollow", "so far, may still change", "current"));
      if (g.m.some((m) => !m)) keys.push(keyOf("hatched", "labels not final"));
      this.slot("performance-keys").replaceChildren(...keys);
      const last = lastWhere(s.y, (y, i) => known(y) && g.m[i]);
      const write = this.write(this.chosen.measure);
      const told = [last >= 0 ? `${value(s, last, write)}, ${when(g, last, this.period)}` : "no window with final labels yet"];
      const guess = s.e ? lastWhere(s.e, known) : -1;
      if (guess > last) told.push(`estimated ${interval(s, guess, write)}, ${when(g, guess, this.period)}`);
      if (this.moreVersions) told.push(`${plural(this.moreVersions, "more version")} in the drop-down`);
      this.slot("performance-facts").replaceChildren(...facts(told));
    }

    label(g, s) {
      const write = this.write(this.chosen.measure);
      const last = lastWhere(s.y, (y, i) => known(y) && g.m[i]);
      const open = g.m.filter((m) => !m).length;
      return `${this.title()} over ${plural(g.t0.length, "window")}.`
        + (last >= 0 ? ` Latest with final labels: ${value(s, last, write)}, ${when(g, last, this.period)}.` : " No window has final labels yet.")
        + (last >= 0 && known(each(s.ref, last)) ? ` Reference ${write(each(s.ref, last))}.` : "")
        + (open ? ` ${plural(open, "window")} without final labels.` : "")
        + this.lines.map((l) => ` ${l.text}: ${write(l.s.y[lastWhere(l.s.y, known)])}.`).join("")
        + " The numbers are in the table below the chart.";
    }

    numbers(g, s) {
      const write = this.write(this.chosen.measure);
      const head = [{ text: "Window" }, { text: "From the labels", num: 1 }, ...(s.e ? [{ text: "Estimated", num: 1 }] : []), { text: "Reference", num: 1 },
        { text: "Rows", num: 1 }, { text: "Labels known", num: 1 }, { text: "Labels" }];
      return table(head, [...g.t0.keys()].reverse().map((i) => [
        when(g, i, this.period), value(s, i, write), ...(s.e ? [interval(s, i, write) || "–"] : []), write(each(s.ref, i)), whole(g.n[i]), percent(g.l[i]),
        g.m[i] ? "final" : "not final",
      ]));
    }

    draw() {
      const g = this.group();
      const s = this.series();
      if (!s) return null;
      return option({
        g, s, lines: this.lines, alerts: ["performance", "estimate"].flatMap((family) => this.alertsOf(family, g)), write: this.write(this.chosen.measure), period: this.period,
        width: this.slot("performance").clientWidth,
      });
    }

    table(g, all = false) {
      const c = this.chosen.class;
      const list = g.metrics.filter((m) => m.c === "all" || m.c === c);
      const last = Math.max(-1, ...list.map((m) => (m.at === null ? -1 : m.at)));
      const box = this.slot("performance-table");
      const hint = this.slot("performance-hint");
      box.hidden = last < 0;
      this.slot("performance-more").hidden = true;
      if (last < 0) {
        const why = list.map((m) => m.why).find(Boolean);
        hint.textContent = `No window has final labels yet${why ? `: ${why}` : ""}.`;
        return;
      }
      const guessed = lastWhere(g.t0, (_, i) => list.some((m) => m.e && known(m.e[i])));
      const estimates = guessed > last;
      hint.textContent = `The latest window with final labels is ${when(g, last, this.period)}: ${plural(g.n[last], "row")}${known(g.l[last]) ? `, ${percent(g.l[last])} of them with a label` : ""}.`
        + (estimates ? ` The last column is the estimate for ${when(g, guessed, this.period)}.` : "");
      const ranged = list.some((m) => m.lo || m.hi);
      const head = [{ text: "Metric" }, { text: "Value", num: 1 }, { text: "Reference", num: 1 }, { text: "Difference", num: 1 }, { text: "Noise", num: 1 },
        { text: "Against the reference" }, ...(ranged ? [{ text: "Exact value between", num: 1 }] : []), ...(estimates ? [{ text: "Estimated now", num: 1 }] : [])];
      const reasons = [];
      const rows = list.map((m) => {
        const write = this.write(m.x);
        const label = this.word(m.x)[0] + (m.c === "all" ? "" : ` of ${clip(named(m.c), 40)}`);
        const ref = each(m.ref, last);
        const y = m.y[last];
        const here = m.at === last;
        if (!known(y) && m.why) reasons.push(`${label}: ${m.why}`);
        const [lo, hi] = [each(m.lo || m.y, last), each(m.hi || m.y, last)];
        const [text, mark] = known(y) && here ? verdict(m, last, this.word(m.x)[1]) : ["", ""];
        const difference = known(y) && known(ref) ? y - ref : null;
        return [
          label, write(y), write(ref),
          [signed(difference, this.difference(m.x)), mark ? "strong" : ""], here ? this.difference(m.x)(m.noise) : "–", [text || "–", mark ? `verdict ${mark}` : "muted"],
          ...(ranged ? [!known(y) ? "–" : write(lo) === write(hi) ? "exact" : `${write(lo)} and ${write(hi)}`] : []),
          ...(estimates ? [interval(m, guessed, write) || "–"] : []),
        ];
      });
      // What is beyond its noise is never folded away.
      const shown = all ? rows : rows.filter((row, i) => i < 12 || row.some((cell) => Array.isArray(cell) && cell[1] === "strong"));
      box.replaceChildren(table(head, shown));
      const more = this.slot("performance-more");
      more.hidden = shown.length === rows.length;
      more.textContent = `Show all ${rows.length} metrics`;
      more.onclick = () => this.table(g, true);
      this.slot("performance-why").textContent = reasons.length ? `Not computed: ${reasons.slice(0, 6).join("; ")}${reasons.length > 6 ? ` and ${reasons.length - 6} more` : ""}.` : "";
    }
  }

  /** Known values alone: where there is none, the reasons say why. */
  const tables = (data) => [{
    name: "values",
    head: [...GRAIN, "metric", "class_name", "basis", "window_start", "window_end", "is_mature", "value", "value_lower", "value_upper", "reference_value"],
    rows: data.performance.flatMap((g) => g.metrics.flatMap((s) => g.t0.flatMap((t, i) => {
      const keys = (basis) => [...g.k, s.x, s.c, basis, stamp(t), stamp(g.t1[i])];
      return [
        ...(known(s.y[i]) ? [[...keys("realized"), Boolean(g.m[i]), s.y[i], each(s.lo || s.y, i), each(s.hi || s.y, i), each(s.ref, i)]] : []),
        ...(s.e && known(s.e[i]) ? [[...keys("estimated"), null, s.e[i], s.el[i], s.eh[i], null]] : []),
      ];
    }))),
  }];

  return { grains: (data) => (data.performance || []).map((g) => g.k), mount: (...given) => new Performance(...given), option, verdict, tables };
});
