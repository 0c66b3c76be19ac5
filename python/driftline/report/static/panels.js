"use strict";
/** The panels about the model itself. They get the tools of report.js, which stands below in the same script. */
// eslint-disable-next-line no-unused-vars
const driftlinePanels = (tools) => {
  const {
    el, tip, fill, color, chart, renew, forget, tooltip, valueAxis, bandSeries, number, percent, whole, plural, span, day, clock, at, key, clip, named,
  } = tools;
  // Rates of groups, and what holding them against one another is called; the same as in words.py.
  const DISPARITIES = { selection_rate: "demographic_parity", true_positive_rate: "equal_opportunity", precision: "predictive_parity", false_positive_rate: "equalized_odds" };
  const OTHERS = ["o2", "o3", "o5", "o6"];

  const unique = (list) => [...new Map(list.map((x) => [JSON.stringify(x), x])).values()];
  /** Index of the last window for which something is so, or -1. */
  const lastWhere = (list, holds) => {
    for (let i = list.length - 1; i >= 0; i -= 1) if (holds(list[i], i)) return i;
    return -1;
  };
  const each = (value, i) => (Array.isArray(value) ? value[i] : value === undefined ? null : value);
  const known = (x) => x !== null && x !== undefined;

  // ---- parts of tables ---------------------------------------------------------------------------------------------
  const SVG = "http://www.w3.org/2000/svg";
  const svg = (tag, attributes, ...children) => {
    const node = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  };
  const WIDE = 200;
  /** A small drawing in a table: what it says stands in the cells beside it. */
  const drawing = (height, ...parts) => svg("svg", { class: "bar", viewBox: `0 0 ${WIDE} ${height}`, "aria-hidden": "true", focusable: "false" }, ...parts);
  const scale = (min, max) => (x) => 4 + ((x - min) / (max - min || 1)) * (WIDE - 8);

  /** Cells are texts or elements; a cell of a row may be [content, class]. */
  const table = (head, rows) => el("table", {},
    el("thead", {}, el("tr", {}, ...head.map((h) => el("th", { scope: "col", class: h.num ? "num" : null }, h.text)))),
    el("tbody", {}, ...rows.map((row) => el("tr", {}, ...row.map((cell, i) => {
      const [content, more] = Array.isArray(cell) ? cell : [cell, ""];
      const classes = [head[i].num ? "num" : "", head[i].wide ? "text" : "", more].filter(Boolean).join(" ") || null;
      return i ? el("td", { class: classes }, content) : el("th", { scope: "row", class: classes, title: typeof content === "string" ? content : null }, content);
    })))));

  const withNote = (text, note) => (note ? el("span", {}, text, el("span", { class: "was" }, note)) : text);

  /** The numbers of a chart, made when somebody asks for them. */
  const numbersOf = (details, make) => {
    const box = details.querySelector(".scroll");
    box.replaceChildren(...(details.open ? [make()] : []));
    details.ontoggle = () => { if (details.open && !box.children.length) box.append(make()); };
  };

  const keyOf = (kind, text, name) => {
    const k = el("span", { class: `key ${kind}` }, text);
    if (name) k.style.setProperty("--k", `var(--${name})`);
    return k;
  };

  /** A pattern of thin lines for stretches of time whose numbers are not final. */
  const hatch = () => {
    const tile = document.createElement("canvas");
    tile.width = 7;
    tile.height = 7;
    const pen = tile.getContext("2d");
    pen.strokeStyle = color("noise");
    pen.globalAlpha = 0.5;
    pen.lineWidth = 1;
    for (const shift of [-7, 0, 7]) {
      pen.beginPath();
      pen.moveTo(shift, 7);
      pen.lineTo(shift + 7, 0);
      pen.stroke();
    }
    return { image: tile, repeat: "repeat" };
  };

  /** A difference of shares is in points, so that nobody reads it as a relative change. */
  const inPoints = (x) => {
    if (!known(x)) return "–";
    const size = Math.abs(x) * 100;
    const text = size >= 99.95 ? whole(size) : String(Number(size.toFixed(size >= 1 ? 1 : 2)));
    return `${x < 0 && text !== "0" ? "−" : ""}${text} points`;
  };
  const signed = (x, write) => (x > 0 && write(x) !== write(0) ? "+" : "") + write(x);

  class Panels {
    constructor(monitor) {
      this.monitor = monitor;
      this.m = monitor.m;
      this.period = monitor.period;
      this.groups = new Map((this.m.performance || []).map((g) => [JSON.stringify(g.k), g]));
      this.dropped = new Set((this.m.performance_dropped || []).map((k) => JSON.stringify(k)));
      this.state = { metric: "", class: "all" };
      const box = this.slot("performance");
      if (box) {
        this.performanceChart = chart(box, () => this.drawPerformance());
        const error = this.slot("estimate");
        if (error) this.errorChart = chart(error, () => this.drawError());
      }
      const by = (list) => new Map((list || []).map((g) => [JSON.stringify(g.k), g]));
      this.concepts = by(this.m.concept);
      this.fairs = by(this.m.fairness);
      this.pairs = by(this.m.versions);
      const soFar = this.slot("versions-history");
      if (soFar) this.soFarChart = chart(soFar, () => this.drawSoFar());
      const ratio = this.slot("fairness-ratio");
      if (ratio) this.ratioChart = chart(ratio, () => this.drawRatio());
    }

    slot(name) { return this.monitor.slot(name); }
    control(name) { return this.monitor.control(name); }
    part(name) { return this.monitor.section.querySelector(`[data-part="${name}"]`); }

    /** Which versions, segments and window sizes there is something to show of. */
    grains() {
      return [...[...this.groups.values(), ...this.concepts.values()].map((g) => g.k), ...[...this.fairs.values()].map((f) => [f.k[0], "all", "all", f.k[2]])];
    }

    word(metric) { return Object.hasOwn(this.m.words, metric) ? this.m.words[metric] : [metric.replace(/_/g, " "), 0, 0]; }
    write(metric) { return this.word(metric)[2] ? percent : number; }
    difference(metric) { return this.word(metric)[2] ? inPoints : number; }
    moment(t) { return day(at(t)) + (this.period === "hour" ? `, ${clock(at(t))}` : ""); }
    /** The last period before an end. */
    until(t) { return this.period === "hour" ? this.moment(t) : day(at(t - 1)); }
    when(g, i) { return i === undefined ? span(g.t0, g.t1, this.period) : span(g.t0[i], g.t1[i], this.period); }

    /** Everything again: another version, segment or window size was chosen. */
    show() {
      this.performance();
      this.versions();
      this.concept();
      this.fairness();
      this.changes();
    }

    changed(name, value) {
      const s = this.state;
      const changes = {
        "model-metric": () => { s.metric = value; this.metricChanged(); },
        "model-class": () => { s.class = value; this.metricChanged(); },
        "versions-pair": () => { s.pair = value; this.versions(); },
        "versions-span": () => { s.span = Number(value); this.versions(); },
        "versions-metric": () => { s.compared = value; this.versions(); },
        "concept-target": () => { s.target = value; this.concept(); },
        "fair-segment": () => { s.fairSegment = value; this.fairness(); },
        "fair-rate": () => { s.fairRate = value; this.fairness(); },
      };
      if (!changes[name]) return false;
      changes[name]();
      return true;
    }

    // -- performance -----------------------------------------------------------------------------------------------
    group(version = this.monitor.state.version) {
      const s = this.monitor.state;
      return this.groups.get(key(version, s.segment, s.value, s.size)) || null;
    }

    series(g = this.group()) {
      return (g && g.metrics.find((m) => m.x === this.state.metric && m.c === this.state.class)) || null;
    }

    performance() {
      if (!this.performanceChart) return;
      const g = this.group();
      const note = this.slot("performance-note");
      note.hidden = Boolean(g);
      for (const part of this.part("performance").querySelectorAll("[data-with]")) part.hidden = !g;
      if (this.part("estimate")) this.part("estimate").hidden = !g;
      if (!g) {
        const s = this.monitor.state;
        note.textContent = this.dropped.has(key(s.version, s.segment, s.value, s.size))
          ? "This combination was left out to keep the page small; it is in driftline_performance."
          : "There is no complete window for this combination of version, segment and window.";
        return;
      }
      const metrics = unique(g.metrics.map((m) => m.x));
      if (!metrics.includes(this.state.metric)) this.state.metric = metrics.includes(this.m.lead) ? this.m.lead : metrics[0];
      fill(this.control("model-metric"), metrics.map((x) => [x, this.word(x)[0]]), this.state.metric);
      this.metricChanged();
    }

    metricChanged() {
      const g = this.group();
      if (!g) return; // Nothing of this combination is shown: the choice counts for the next one.
      const classes = g.metrics.filter((m) => m.x === this.state.metric).map((m) => m.c);
      if (!classes.includes(this.state.class)) [this.state.class] = classes;
      fill(this.control("model-class"), classes.map((c) => [c, c === "all" ? "all classes" : clip(named(c), 60)]), this.state.class);
      const s = this.series();
      const versions = this.monitor.state.version === "all"
        ? [...this.groups.values()].filter((o) => o !== g && o.k[0] !== "all" && key(...o.k.slice(1)) === key(...g.k.slice(1)) && this.series(o)) : [];
      this.lines = versions.map((o) => ({ g: o, s: this.series(o) })).filter((l) => l.s.y.some(known));
      this.moreVersions = Math.max(0, this.lines.length - OTHERS.length);
      this.lines = this.lines.slice(0, OTHERS.length).map((l, i) => ({ ...l, color: OTHERS[i], text: named(l.g.k[0]) }));
      this.performanceLegend(g, s);
      this.performanceTable(g);
      this.slot("performance").setAttribute("aria-label", this.performanceLabel(g, s));
      renew(this.performanceChart);
      numbersOf(this.slot("performance-numbers"), () => this.performanceNumbers(g, s));
      this.estimate(g, s);
    }

    title() {
      const { metric, class: c } = this.state;
      return this.word(metric)[0] + (c === "all" ? "" : ` of ${named(c)}`);
    }

    value(s, i, write) {
      if (!known(s.y[i])) return "–";
      const [lo, hi] = [each(s.lo || s.y, i), each(s.hi || s.y, i)];
      return write(s.y[i]) + (write(lo) === write(hi) ? "" : ` (between ${write(lo)} and ${write(hi)})`);
    }

    interval(s, i, write) {
      if (!s.e || !known(s.e[i])) return "";
      return write(s.e[i]) + (known(s.el[i]) && known(s.eh[i]) ? ` (${write(s.el[i])} to ${write(s.eh[i])})` : "");
    }

    performanceLegend(g, s) {
      const keys = [];
      const realized = s.y.some(known);
      if (realized) keys.push(keyOf("series", this.lines.length ? (g.k[0] === "all" ? "all versions" : named(g.k[0])) : "from the labels", "current"));
      for (const line of this.lines) keys.push(keyOf("series", clip(line.text, 40), line.color));
      if (s.lo || s.hi) keys.push(keyOf("band", "the exact value is within", "current"));
      if (s.e) keys.push(keyOf("series dashed", "estimated without labels", "o4"), keyOf("band", "its interval", "o4"));
      if (known(s.ref)) keys.push(keyOf("series dotted", "reference", "noise"));
      if (realized && s.y.some((y, i) => known(y) && !g.m[i])) keys.push(keyOf("hollow", "so far, may still change", "current"));
      if (g.m.some((m) => !m)) keys.push(keyOf("hatched", "labels not final"));
      this.slot("performance-keys").replaceChildren(...keys);
      const last = lastWhere(s.y, (y, i) => known(y) && g.m[i]);
      const write = this.write(this.state.metric);
      const facts = [last >= 0 ? `${this.value(s, last, write)}, ${this.when(g, last)}` : "no window with final labels yet"];
      const guess = s.e ? lastWhere(s.e, known) : -1;
      if (guess > last) facts.push(`estimated ${this.interval(s, guess, write)}, ${this.when(g, guess)}`);
      if (this.moreVersions) facts.push(`${plural(this.moreVersions, "more version")} in the drop-down`);
      this.slot("performance-facts").replaceChildren(...facts.map((x) => el("span", {}, x)));
    }

    performanceLabel(g, s) {
      const write = this.write(this.state.metric);
      const last = lastWhere(s.y, (y, i) => known(y) && g.m[i]);
      const open = g.m.filter((m) => !m).length;
      return `${this.title()} over ${plural(g.t0.length, "window")}.`
        + (last >= 0 ? ` Latest with final labels: ${this.value(s, last, write)}, ${this.when(g, last)}.` : " No window has final labels yet.")
        + (last >= 0 && known(each(s.ref, last)) ? ` Reference ${write(each(s.ref, last))}.` : "")
        + (open ? ` ${plural(open, "window")} without final labels.` : "")
        + this.lines.map((l) => ` ${l.text}: ${write(l.s.y[lastWhere(l.s.y, known)])}.`).join("")
        + " The numbers are in the table below the chart.";
    }

    performanceNumbers(g, s) {
      const write = this.write(this.state.metric);
      const head = [{ text: "Window" }, { text: "From the labels", num: 1 }, ...(s.e ? [{ text: "Estimated", num: 1 }] : []), { text: "Reference", num: 1 },
        { text: "Rows", num: 1 }, { text: "Labels known", num: 1 }, { text: "Labels" }];
      return table(head, [...g.t0.keys()].reverse().map((i) => [
        this.when(g, i), this.value(s, i, write), ...(s.e ? [this.interval(s, i, write) || "–"] : []), write(each(s.ref, i)), whole(g.n[i]), percent(g.l[i]),
        g.m[i] ? "final" : "not final",
      ]));
    }

    /** The windows of a group on an axis, a gap where windows are missing. */
    step(g) {
      const steps = g.t0.slice(1).map((t, i) => t - g.t0[i]).sort((a, b) => a - b);
      return steps.length ? steps[Math.floor(steps.length / 2)] : 0;
    }

    points(g, values) {
      const step = this.step(g);
      const out = [];
      g.t0.forEach((t, i) => {
        if (i && step && t - g.t0[i - 1] > 1.6 * step) out.push([g.t0[i - 1] + step, null]);
        out.push([t, each(values, i)]);
      });
      return out;
    }

    /** A line of values that are final, and what is not final as hollow points. */
    realized(g, y, name, width, z) {
      const final = this.points(g, y.map((v, i) => (g.m[i] ? v : null)));
      const touches = (i) => !g.m[i] || (i > 0 && !g.m[i - 1]) || (i + 1 < y.length && !g.m[i + 1]);
      const open = this.points(g, y.map((v, i) => (touches(i) ? v : null)));
      const mature = new Set(g.t0.filter((_, i) => g.m[i]));
      const dots = y.filter(known).length < 3;
      return [
        { type: "line", data: final, showSymbol: dots, symbolSize: 5, z, lineStyle: { color: color(name), width }, itemStyle: { color: color(name) } },
        {
          type: "line", data: open.map((p) => ({ value: p, symbol: mature.has(p[0]) ? "none" : "circle" })), showSymbol: true, showAllSymbol: true, symbolSize: width > 1.8 ? 6 : 5,
          z, silent: true, lineStyle: { color: color(name), width: 1, type: "dotted" }, itemStyle: { color: color("card"), borderColor: color(name), borderWidth: 1.5 },
        },
      ];
    }

    /** Stretches of windows whose labels are not final. */
    hatched(g) {
      const half = this.step(g) / 2 || 720;
      const runs = [];
      g.m.forEach((m, i) => {
        if (m) return;
        if (runs.length && runs[runs.length - 1][2] === i - 1) Object.assign(runs[runs.length - 1], { 1: g.t0[i] + half, 2: i });
        else runs.push([g.t0[i] - half, g.t0[i] + half, i]);
      });
      return { type: "line", data: [], silent: true, markArea: { silent: true, itemStyle: { color: hatch() }, data: runs.map(([a, b]) => [{ xAxis: a }, { xAxis: b }]) } };
    }

    axes(box, gs, write, more = {}) {
      const first = Math.min(...gs.map((g) => g.t0[0]));
      const to = Math.max(...gs.map((g) => g.t0[g.t0.length - 1]));
      const axis = this.monitor.timeAxisOption(first, to, box.clientWidth - 70);
      const half = this.step(gs[0]) / 2;
      return {
        grid: { left: 54, right: 14, top: 12, bottom: 26 },
        xAxis: { ...axis, min: axis.min - half, max: axis.max + half },
        yAxis: valueAxis((x) => write(x), { scale: true, ...more }),
      };
    }

    hits(alerts, g, y) {
      return [["warn", "circle"], ["critical", "triangle"]].map(([severity, symbol]) => ({
        type: "scatter", symbol, symbolSize: severity === "critical" ? 8 : 6, z: 7, silent: true, itemStyle: { color: color(`mark-${severity}`), borderColor: color("card"), borderWidth: 1 },
        data: g.t0.map((t, i) => [t, y[i]]).filter(([t, v]) => known(v) && alerts.some((a) => a[9] === severity && t >= a[7] && t <= a[8])),
      }));
    }

    /** Alerts about the chosen metric and class. */
    alertsOf(family, g) {
      return this.monitor.marks(family, g.k).filter((a) => a[1] === this.state.metric && (a[2] === this.state.class || (a[2] === "" && this.state.class === "all")));
    }

    drawPerformance() {
      const g = this.group();
      const s = this.series();
      if (!s) return null;
      const write = this.write(this.state.metric);
      const all = [g, ...this.lines.map((l) => l.g)];
      const alerts = ["performance", "estimate"].flatMap((family) => this.alertsOf(family, g));
      const index = new Map(g.t0.map((t, i) => [t, i]));
      const bounds = s.lo || s.hi ? bandSeries(this.points(g, s.lo || s.y), this.points(g, s.hi || s.y), color("current"), 0.22) : [];
      const guess = s.e ? [...bandSeries(this.points(g, s.el), this.points(g, s.eh), color("o4"), 0.16),
        { type: "line", data: this.points(g, s.e), showSymbol: s.e.filter(known).length < 3, symbolSize: 5, z: 3, lineStyle: { color: color("o4"), width: 1.6, type: [5, 4] }, itemStyle: { color: color("o4") } }] : [];
      const reference = known(s.ref) ? [{ type: "line", data: this.points(g, s.ref), showSymbol: false, silent: true, z: 2, lineStyle: { color: color("noise"), width: 1.5, type: "dotted" } }] : [];
      return {
        ...this.axes(this.slot("performance"), all, write),
        tooltip: {
          ...tooltip(), trigger: "axis", axisPointer: { type: "line", lineStyle: { color: color("axis") } },
          formatter: (list) => {
            const t = list[0].axisValue;
            const i = index.get(t);
            if (i === undefined) return tip(this.moment(t), "no such window");
            const hit = alerts.find((a) => t >= a[7] && t <= a[8]);
            const own = this.lines.length ? `${g.k[0] === "all" ? "all versions" : named(g.k[0])}: ` : "";
            return tip(
              this.when(g, i), `${own}${this.value(s, i, write)}${g.m[i] || !known(s.y[i]) ? "" : ", not final"}`,
              ...this.lines.map((l) => {
                const j = l.g.t0.indexOf(t);
                return j < 0 || !known(l.s.y[j]) ? "" : `${l.text}: ${write(l.s.y[j])}`;
              }),
              this.interval(s, i, write) && `estimated ${this.interval(s, i, write)}`, known(each(s.ref, i)) ? `reference ${write(each(s.ref, i))}` : "",
              `${plural(g.n[i], "row")}${known(g.l[i]) ? `, ${percent(g.l[i])} with a label` : ""}${g.m[i] ? "" : ", labels not final"}`,
              hit ? `${hit[9] === "critical" ? "critical alert" : "warning"}${hit[0] === "estimate" ? " of the estimate" : ""} (${hit[10]})` : "",
            );
          },
        },
        series: [
          ...guess, ...bounds, ...reference, this.hatched(g), ...this.lines.flatMap((l) => this.realized(l.g, l.s.y, l.color, 1.6, 4)),
          ...this.realized(g, s.y, "current", 2, 5).map((x, i) => (i ? x : { ...x, markArea: this.monitor.areas(alerts) })), ...this.hits(alerts.filter((a) => a[0] === "performance"), g, s.y),
        ],
      };
    }

    /** Beyond its noise, whatever the value is between its bounds. */
    verdict(m, i) {
      const ref = each(m.ref, i);
      if (!known(ref) || !known(m.noise)) return ["", ""];
      const [lo, hi] = [each(m.lo || m.y, i), each(m.hi || m.y, i)];
      const moved = lo > ref ? lo - ref : hi < ref ? hi - ref : 0;
      if (Math.abs(moved) <= m.noise) return ["within its noise", ""];
      const good = this.word(m.x)[1] * moved;
      return good > 0 ? ["better", "better"] : good < 0 ? ["worse", "worse"] : [moved > 0 ? "higher" : "lower", "moved"];
    }

    performanceTable(g, all = false) {
      const c = this.state.class;
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
      hint.textContent = `The latest window with final labels is ${this.when(g, last)}: ${plural(g.n[last], "row")}${known(g.l[last]) ? `, ${percent(g.l[last])} of them with a label` : ""}.`
        + (estimates ? ` The last column is the estimate for ${this.when(g, guessed)}.` : "");
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
        const [text, mark] = known(y) && here ? this.verdict(m, last) : ["", ""];
        const difference = known(y) && known(ref) ? y - ref : null;
        return [
          label, write(y), write(ref),
          [signed(difference, this.difference(m.x)), mark ? "strong" : ""], here ? this.difference(m.x)(m.noise) : "–", [text || "–", mark ? `verdict ${mark}` : "muted"],
          ...(ranged ? [!known(y) ? "–" : write(lo) === write(hi) ? "exact" : `${write(lo)} and ${write(hi)}`] : []),
          ...(estimates ? [this.interval(m, guessed, write) || "–"] : []),
        ];
      });
      // What is beyond its noise is never folded away.
      const shown = all ? rows : rows.filter((row, i) => i < 12 || row.some((cell) => Array.isArray(cell) && cell[1] === "strong"));
      box.replaceChildren(table(head, shown));
      const more = this.slot("performance-more");
      more.hidden = shown.length === rows.length;
      more.textContent = `Show all ${rows.length} metrics`;
      more.onclick = () => this.performanceTable(g, true);
      this.slot("performance-why").textContent = reasons.length ? `Not computed: ${reasons.slice(0, 6).join("; ")}${reasons.length > 6 ? ` and ${reasons.length - 6} more` : ""}.` : "";
    }

    // -- the estimate against the truth ----------------------------------------------------------------------------
    estimate(g, s) {
      const part = this.part("estimate");
      if (!part) return;
      const both = s.e ? g.t0.map((_, i) => i).filter((i) => g.m[i] && known(s.y[i]) && known(s.e[i])) : [];
      part.hidden = !both.length;
      if (!both.length) return;
      const write = this.write(this.state.metric);
      const apart = this.difference(this.state.metric);
      this.errors = s.y.map((y, i) => (g.m[i] && known(y) && known(s.e[i]) ? s.e[i] - y : null));
      // The truth may lie between bounds: only what is beyond them is a miss.
      const ranged = both.filter((i) => known(s.el[i]) && known(s.eh[i]));
      this.missed = new Set(ranged.filter((i) => each(s.lo || s.y, i) > s.eh[i] || each(s.hi || s.y, i) < s.el[i]));
      const mean = (list) => list.reduce((a, b) => a + b, 0) / list.length;
      const off = both.map((i) => this.errors[i]);
      const bias = mean(off);
      const facts = [
        `${this.title()}: off by ${apart(mean(off.map(Math.abs)))} on average over ${plural(both.length, "window")} with final labels`,
        `${apart(Math.abs(bias))} too ${bias < 0 ? "low" : "high"} on the whole`,
        ...(ranged.length ? [`the truth was within the interval in ${ranged.length - this.missed.size} of ${ranged.length}`] : []),
      ];
      this.slot("estimate-facts").replaceChildren(...facts.map((x) => el("span", {}, x)));
      this.slot("estimate-keys").replaceChildren(
        keyOf("series", "estimate less truth", "current"), keyOf("band", "the interval around the estimate", "o4"), ...(this.missed.size ? [keyOf("missed", "truth outside the interval", "mark-critical")] : []),
      );
      this.slot("estimate").setAttribute("aria-label", `Error of the estimate over time. ${facts.join("; ")}.`);
      numbersOf(this.slot("estimate-numbers"), () => table(
        [{ text: "Window" }, { text: "Estimated", num: 1 }, { text: "From the labels", num: 1 }, { text: "Error", num: 1 }, { text: "Truth within the interval" }],
        both.slice().reverse().map((i) => [this.when(g, i), this.interval(s, i, write), this.value(s, i, write), apart(this.errors[i]), ranged.includes(i) ? (this.missed.has(i) ? "no" : "yes") : "–"]),
      ));
      renew(this.errorChart);
    }

    drawError() {
      const g = this.group();
      const s = this.series();
      if (!s || !s.e || !this.errors) return null;
      const write = this.write(this.state.metric);
      const apart = this.difference(this.state.metric);
      const errors = this.errors;
      const alerts = this.alertsOf("estimate_error", g);
      // The truth is in the interval where the error is between what the estimate is above its ends.
      const side = (bound) => errors.map((e, i) => (known(e) && known(bound[i]) ? s.e[i] - bound[i] : null));
      const index = new Map(g.t0.map((t, i) => [t, i]));
      const last = lastWhere(errors, known);
      const cut = { t0: g.t0.slice(0, last + 1), m: g.m };
      return {
        ...this.axes(this.slot("estimate"), [cut], (x) => apart(x).replace(" points", ""), { scale: false }),
        tooltip: {
          ...tooltip(), trigger: "axis", axisPointer: { type: "line", lineStyle: { color: color("axis") } },
          formatter: (list) => {
            const i = index.get(list[0].axisValue);
            if (i === undefined || !known(errors[i])) return null;
            return tip(this.when(g, i), `off by ${apart(errors[i])}`, `estimated ${this.interval(s, i, write)}`, `from the labels ${this.value(s, i, write)}`, this.missed.has(i) ? "outside the interval" : "", ...alerts.filter((a) => g.t0[i] >= a[7] && g.t0[i] <= a[8]).map((a) => `${a[9] === "critical" ? "critical alert" : "warning"} (${a[10]})`));
          },
        },
        series: [
          ...bandSeries(this.points(cut, side(s.eh).slice(0, last + 1)), this.points(cut, side(s.el).slice(0, last + 1)), color("o4"), 0.2),
          { type: "line", data: this.points(cut, errors.slice(0, last + 1)), showSymbol: errors.filter(known).length < 3, symbolSize: 5, z: 4, lineStyle: { color: color("current"), width: 1.8 }, itemStyle: { color: color("current") }, markArea: this.monitor.areas(alerts),
            markLine: { silent: true, symbol: "none", label: { show: false }, lineStyle: { color: color("axis"), width: 1, type: "solid" }, data: [{ yAxis: 0 }] } },
          { type: "scatter", silent: true, symbolSize: 6, z: 6, itemStyle: { color: color("mark-critical") }, data: [...this.missed].map((i) => [g.t0[i], errors[i]]) },
        ],
      };
    }

    // -- concept drift ---------------------------------------------------------------------------------------------
    targetWords(target) {
      const binary = this.m.task === "binary";
      return {
        label: [binary ? "label rate" : "mean label", binary ? percent : number, binary ? inPoints : number],
        calibration: ["mean of prediction less label", binary ? percent : number, binary ? inPoints : number],
        loss: [{ binary: "mean squared error", regression: "mean absolute error", multiclass: "share of wrong classes" }[this.m.task] || "mean loss",
          this.m.task === "multiclass" ? percent : number, this.m.task === "multiclass" ? inPoints : number],
      }[target];
    }

    concept(all = false) {
      const part = this.part("concept");
      if (!part) return;
      const s = this.monitor.state;
      const g = this.concepts.get(key(s.version, s.segment, s.value, s.size));
      const note = this.slot("concept-note");
      note.hidden = Boolean(g);
      for (const box of part.querySelectorAll("[data-with]")) box.hidden = !g;
      if (!g) {
        note.textContent = "There is nothing on this combination of version, segment and window.";
        return;
      }
      const targets = ["label", "calibration", "loss"].filter((t) => g.means[t]);
      if (!targets.includes(this.state.target)) [this.state.target] = targets;
      const target = this.state.target;
      fill(this.control("concept-target"), targets.map((t) => [t, this.targetWords(t)[0]]), target);
      const [what, write, apart] = this.targetWords(target);
      // The order of Model.EFFECTS.
      const rows = g.rows.filter((r) => r[2][target]).map(([name, role, effects]) => {
        const [change, shares, sharesNoise, rates, ratesNoise, shift, shiftNoise, p] = effects[target];
        const beyond = (x, noise) => known(x) && known(noise) && Math.abs(x) > noise;
        const relation = known(shift) && known(shiftNoise) ? shift > shiftNoise : beyond(rates, ratesNoise);
        const size = known(shift) ? shift / (shiftNoise || 1e-9) : Math.abs(rates || 0) / (ratesNoise || 1e-9);
        return { name, role, change, shares, rates, shift, shiftNoise, ratesNoise, p, relation, inputs: beyond(shares, sharesNoise), size };
      }).sort((a, b) => b.relation - a.relation || b.size - a.size || (a.name < b.name ? -1 : 1));
      const [mean, was] = g.means[target];
      const moved = rows.filter((r) => r.relation);
      const change = rows.length ? rows[0].change : null;
      this.slot("concept-facts").replaceChildren(...[
        this.when(g),
        `${what} ${write(mean)}, ${write(was)} in the reference (${signed(change, apart)})`,
        moved.length ? `the relation to ${moved.length} of ${plural(rows.length, "column")} moved beyond its noise` : `the relation to none of ${plural(rows.length, "column")} moved beyond its noise`,
        `${plural(g.n, "row")} with a label`,
      ].map((x) => el("span", {}, x)));
      const ends = rows.flatMap((r) => [Math.max(0, r.shares) + Math.max(0, r.rates), Math.min(0, r.shares) + Math.min(0, r.rates)]);
      const most = Math.max(1e-12, ...ends.map(Math.abs));
      const x = scale(-most, most);
      const bars = (r) => {
        const out = [svg("line", { class: "zero", x1: x(0), x2: x(0), y1: 0, y2: 18 })];
        const from = { 1: 0, "-1": 0 };
        for (const [value, name] of [[r.shares, "inputs"], [r.rates, "relation"]]) {
          if (!value) continue;
          const side = Math.sign(value);
          const start = from[side];
          from[side] += value;
          const [a, b] = [x(start), x(from[side])];
          out.push(svg("rect", { class: name, x: Math.min(a, b), width: Math.max(0.5, Math.abs(b - a)), y: 4, height: 10 }));
        }
        return drawing(18, ...out);
      };
      const tested = rows.some((r) => known(r.shift));
      const head = [{ text: "Column" }, { text: "Its part in the change" }, { text: "Inputs moved", num: 1 }, { text: "Relation moved", num: 1 },
        ...(tested ? [{ text: "Shift given the value", num: 1 }, { text: "p-value", num: 1 }] : []), { text: "Beyond noise" }];
      const shown = all ? rows : rows.slice(0, 12);
      this.slot("concept-table").replaceChildren(table(head, shown.map((r) => {
        const marks = [r.relation ? "relation" : "", r.inputs ? "inputs" : ""].filter(Boolean);
        return [
          named(r.name), [bars(r), "bar-cell"], [signed(r.shares, apart), r.inputs ? "strong" : ""], [signed(r.rates, apart), r.relation ? "strong" : ""],
          ...(tested ? [withNote(apart(r.shift), known(r.shiftNoise) ? `noise ${apart(r.shiftNoise).replace(" points", "")}` : ""), known(r.p) ? (r.p < 0.0001 ? "<0.0001" : number(r.p)) : "–"] : []),
          [marks.join(" and ") || "–", r.relation ? "verdict moved" : marks.length ? "" : "muted"],
        ];
      })));
      const more = this.slot("concept-more");
      more.hidden = all || rows.length <= 12;
      more.textContent = `Show all ${rows.length} columns`;
      more.onclick = () => this.concept(true);
    }

    // -- fairness --------------------------------------------------------------------------------------------------
    fairness() {
      const part = this.part("fairness");
      if (!part) return;
      const s = this.monitor.state;
      const here = [...this.fairs.values()].filter((f) => f.k[0] === s.version && f.k[2] === s.size);
      const note = this.slot("fairness-note");
      note.hidden = here.length > 0;
      for (const box of part.querySelectorAll("[data-with]")) box.hidden = !here.length;
      if (!here.length) {
        note.textContent = "There is nothing on this combination of version and window.";
        return;
      }
      const segments = here.map((f) => f.k[1]);
      if (!segments.includes(this.state.fairSegment)) this.state.fairSegment = segments.includes(s.segment) ? s.segment : segments[0];
      fill(this.control("fair-segment"), segments.map((x) => [x, clip(named(x), 60)]), this.state.fairSegment);
      const f = here.find((x) => x.k[1] === this.state.fairSegment);
      const rates = f.rates.map((r) => r.x);
      if (!rates.includes(this.state.fairRate)) [this.state.fairRate] = rates;
      fill(this.control("fair-rate"), rates.map((x) => [x, this.word(x)[0]]), this.state.fairRate);
      const rate = f.rates.find((r) => r.x === this.state.fairRate);
      const disparity = DISPARITIES[rate.x];
      const ratio = f.whole[`${disparity}_ratio`];
      const difference = f.whole[`${disparity}_difference`];
      // A high rate of false alarms is nothing to come up to.
      const held = rate.x !== "false_positive_rate";
      const top = rate.groups.filter((q) => known(q[2])).sort((a, b) => b[2] - a[2]);
      const best = (ratio && rate.groups.find((q) => q[0] === ratio.high && known(q[2]))) || top[0];
      const line = held && best ? 0.8 * best[2] : null;
      const name = this.word(rate.x)[0].toLowerCase();
      const facts = [this.when(rate)];
      if (held && ratio && known(ratio.y)) {
        const judged = ratio.hi < 0.8 ? "under four fifths, beyond its uncertainty" : ratio.y < 0.8 ? "under four fifths, within its uncertainty" : ratio.lo < 0.8 ? "four fifths or more, but not beyond doubt" : "four fifths or more";
        facts.push(`${clip(named(ratio.low), 40)} has ${percent(ratio.y)} of the ${name} of ${clip(named(ratio.high), 40)} (${percent(ratio.lo)} to ${percent(ratio.hi)}): ${judged}`);
      }
      if (difference && known(difference.y)) facts.push(`${held ? "" : "largest difference of the two error rates: "}${inPoints(difference.y)} apart (${inPoints(difference.lo).replace(" points", "")} to ${inPoints(difference.hi)})`);
      if (ratio && ratio.excluded) facts.push(`${plural(ratio.excluded, "group")} with too few rows to be held against the others`);
      this.slot("fairness-facts").replaceChildren(...facts.map((t) => el("span", {}, t)));
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
        [...this.ratio.t0.keys()].reverse().map((i) => [this.moment(this.ratio.t0[i]), percent(this.ratio.y[i]), this.between(this.ratio, i, percent)]),
      ));
      renew(this.ratioChart);
    }

    drawRatio() {
      const r = this.ratio;
      if (!r || !r.t0.length) return null;
      return {
        ...this.axes(this.slot("fairness-ratio"), [r], percent, { scale: false, min: 0, max: 1, interval: 0.2 }),
        tooltip: {
          ...tooltip(), trigger: "axis", axisPointer: { type: "line", lineStyle: { color: color("axis") } },
          formatter: (list) => {
            const i = r.t0.indexOf(list[0].axisValue);
            return i < 0 ? null : tip(this.moment(r.t0[i]), percent(r.y[i]), known(r.lo[i]) && known(r.hi[i]) ? `${percent(r.lo[i])} to ${percent(r.hi[i])}` : "");
          },
        },
        series: [
          ...bandSeries(this.points(r, r.lo), this.points(r, r.hi), color("current"), 0.16),
          { type: "line", data: this.points(r, r.y), showSymbol: r.t0.length < 3, symbolSize: 5, z: 4, lineStyle: { color: color("current"), width: 1.8 }, itemStyle: { color: color("current") },
            markLine: { silent: true, symbol: "none", label: { position: "insideStartBottom", formatter: "four fifths", color: color("critical"), fontSize: 11.5 }, lineStyle: { color: color("mark-critical"), width: 1.5, type: "dotted" }, data: [{ yAxis: 0.8 }] } },
        ],
      };
    }

    // -- versions --------------------------------------------------------------------------------------------------
    /** Label, how to write a value, how to write a difference. A business metric keeps its own name. */
    comparedWords(family, metric) {
      if (family !== "business") return [this.word(metric)[0], this.write(metric), this.difference(metric)];
      const share = (this.m.business || []).some((b) => b.metric === metric && b.share);
      return [named(metric), share ? percent : number, share ? inPoints : number];
    }

    versions() {
      const part = this.part("versions");
      if (!part) return;
      const s = this.monitor.state;
      const here = [...this.pairs.values()].filter((p) => p.k[2] === s.segment && p.k[3] === s.value);
      const note = this.slot("versions-note");
      note.hidden = here.length > 0;
      for (const box of part.querySelectorAll("[data-with]")) box.hidden = !here.length;
      if (!here.length) {
        note.textContent = "No two versions are compared in this segment here.";
        return;
      }
      const pairs = unique(here.map((p) => p.k.slice(0, 2)));
      if (!pairs.some((p) => key(...p) === this.state.pair)) this.state.pair = key(...pairs[pairs.length - 1]);
      fill(this.control("versions-pair"), pairs.map(([a, b]) => [key(a, b), `${clip(named(a), 30)} against ${clip(named(b), 30)}`]), this.state.pair);
      const of = here.filter((p) => key(...p.k.slice(0, 2)) === this.state.pair).sort((a, b) => a.k[4] - b.k[4]);
      if (!of.some((p) => p.k[4] === this.state.span)) this.state.span = of[0].k[4];
      fill(this.control("versions-span"), of.map((p) => [String(p.k[4]), p.k[4] ? `the latest ${this.monitor.windowsText(p.k[4])}` : "all rows so far"]), String(this.state.span));
      const g = of.find((p) => p.k[4] === this.state.span);
      const [challenger, champion] = g.k.map((x) => clip(named(String(x)), 30));
      const rows = g.rows.filter((r) => r[0] !== "traffic").map(([family, metric, t0, t1, value, was, difference, lo, hi, n1, n0, needed, verdict, reason, unit]) => ({ family, metric, t0, t1, value, was, difference, lo, hi, n1, n0, needed, verdict, reason, unit }));
      const traffic = g.rows.find((r) => r[0] === "traffic");
      const facts = [];
      if (rows.length) facts.push(span(Math.min(...rows.map((r) => r.t0)), Math.max(...rows.map((r) => r.t1)), this.period), `${challenger} ${plural(Math.max(...rows.map((r) => r.n1)), "row")}, ${champion} ${whole(Math.max(...rows.map((r) => r.n0)))}`);
      if (traffic) facts.push(`${percent(traffic[4])} of the rows to ${challenger}${known(traffic[5]) ? ` (meant: ${percent(traffic[5])})` : ""}: ${traffic[12]}${traffic[13] ? `, ${traffic[13]}` : ""}`);
      this.slot("versions-facts").replaceChildren(...facts.map((t) => el("span", {}, t)));
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
          ...(ends.length > 1 ? [this.until(r.t1)] : []),
        ];
      })));
      // What became known of a difference as the rows came in.
      const history = here.find((p) => p.k[4] === 0 && key(...p.k.slice(0, 2)) === this.state.pair);
      const id = (r) => `${r.family} ${r.metric}`;
      const past = new Map(Object.entries(history ? history.history : {}));
      const lines = rows.filter((r) => past.has(id(r)) && past.get(id(r)).t0.length > 1);
      const box = this.slot("versions-over-time");
      box.hidden = !lines.length;
      if (!lines.length) return;
      if (!lines.some((r) => id(r) === this.state.compared)) this.state.compared = id(lines[0]);
      const chosen = lines.find((r) => id(r) === this.state.compared);
      const [label, , apart] = this.comparedWords(chosen.family, chosen.metric);
      fill(this.control("versions-metric"), lines.map((r) => [id(r), this.comparedWords(r.family, r.metric)[0]]), this.state.compared);
      this.soFar = { ...past.get(id(chosen)), apart };
      const last = this.soFar.y.length - 1;
      const sides = known(this.soFar.lo[last]) && known(this.soFar.hi[last]) ? ` (${apart(this.soFar.lo[last])} to ${apart(this.soFar.hi[last])})` : "";
      this.slot("versions-history").setAttribute("aria-label", `Difference of ${label} between ${challenger} and ${champion} over all rows so far, at the end of each ${this.period}: ${signed(this.soFar.y[last], apart)}${sides} at last.`);
      numbersOf(this.slot("versions-numbers"), () => table(
        [{ text: "Up to" }, { text: "Difference", num: 1 }, { text: "Interval", num: 1 }],
        [...this.soFar.t0.keys()].reverse().map((i) => [this.until(this.soFar.t0[i]), signed(this.soFar.y[i], apart), this.between(this.soFar, i, apart)]),
      ));
      renew(this.soFarChart);
    }

    between(r, i, write) { return known(r.lo[i]) && known(r.hi[i]) ? `${write(r.lo[i])} to ${write(r.hi[i])}` : "–"; }

    drawSoFar() {
      const r = this.soFar;
      if (!r) return null;
      const { apart } = r;
      // The first intervals are so wide that nothing could be seen of the later ones.
      const later = r.y.flatMap((y, i) => (i >= r.y.length / 5 ? [y, r.lo[i], r.hi[i]] : [])).filter(known).map(Math.abs);
      const most = Math.max(1e-9, ...later);
      const unit = 10 ** Math.floor(Math.log10(most));
      const top = unit * [1, 2, 5, 10].find((k) => k * unit >= most * 0.999);
      return {
        ...this.axes(this.slot("versions-history"), [r], (x) => apart(x).replace(" points", ""), { scale: false, min: -top, max: top, interval: top / 2 }),
        tooltip: {
          ...tooltip(), trigger: "axis", axisPointer: { type: "line", lineStyle: { color: color("axis") } },
          formatter: (list) => {
            const i = r.t0.indexOf(list[0].axisValue);
            return i < 0 ? null : tip(`up to ${this.until(r.t0[i])}`, signed(r.y[i], apart), known(r.lo[i]) && known(r.hi[i]) ? `${apart(r.lo[i])} to ${apart(r.hi[i])}` : "");
          },
        },
        series: [
          ...bandSeries(this.points(r, r.lo), this.points(r, r.hi), color("current"), 0.16),
          { type: "line", data: this.points(r, r.y), showSymbol: r.t0.length < 3, symbolSize: 5, z: 4, lineStyle: { color: color("current"), width: 1.8 }, itemStyle: { color: color("current") },
            markLine: { silent: true, symbol: "none", label: { show: false }, lineStyle: { color: color("axis"), width: 1, type: "solid" }, data: [{ yAxis: 0 }] } },
        ],
      };
    }

    // -- changes ---------------------------------------------------------------------------------------------------
    changes() {
      const part = this.part("changes");
      if (!part) return;
      const s = this.monitor.state;
      const here = this.m.changes.filter((c) => c.k[0] === s.version && c.k[1] === s.segment && c.k[2] === s.value);
      const note = this.slot("changes-note");
      note.hidden = here.length > 0;
      note.textContent = "No change was found in this version and segment.";
      const box = this.slot("changes");
      forget(box);
      box.replaceChildren();
      this.slot("changes-keys").hidden = !here.length;
      for (const c of here.filter((x) => x.t0)) this.changeCard(box, c);
      const rest = here.filter((x) => !x.t0);
      const more = this.slot("changes-more");
      more.hidden = !rest.length;
      if (!rest.length) return;
      more.querySelector("summary").textContent = `${plural(rest.length, "more change")}`;
      numbersOf(more, () => table(
        [{ text: "Measure" }, { text: "Since" }, { text: "Expected", num: 1 }, { text: "Is", num: 1 }, { text: "" }],
        rest.map((c) => [named(c.name), this.moment(c.since), this.changeWrite(c)(c.before), this.changeWrite(c)(c.after), c.up ? "higher" : "lower"]),
      ));
    }

    changeWrite(c) {
      return c.share || (c.family === "business" && (this.m.business || []).some((b) => b.metric === c.metric && b.share)) ? percent : number;
    }

    changeCard(box, c) {
      const write = this.changeWrite(c);
      const apart = write === percent ? inPoints : number;
      const facts = [`${c.up ? "higher" : "lower"} since ${this.moment(c.since)}`];
      if (known(c.before) && known(c.after)) facts.push(`${write(c.after)} on average, ${write(c.before)} was to be expected`);
      if (known(c.trend) && known(c.p) && c.p < 0.001) facts.push(`${c.trend > 0 ? "rising" : "falling"} by ${apart(Math.abs(c.trend))} per ${this.period} of late`);
      const canvas = el("div", { class: "chart", role: "img", "aria-label": `${named(c.name)} over ${plural(c.t0.length, "window")} and what was to be expected. ${facts.join(", ")}.` });
      const edge = (side) => c.x.map((x, i) => (known(x) && known(c.s[i]) ? x + side * 2 * c.s[i] : null));
      box.append(el("div", { class: "card" }, el("h4", {}, clip(named(c.name), 80)), el("p", { class: "facts" }, ...facts.map((t) => el("span", {}, t))), canvas));
      chart(canvas, () => ({
        ...this.axes(canvas, [c], write),
        tooltip: {
          ...tooltip(), trigger: "axis", axisPointer: { type: "line", lineStyle: { color: color("axis") } },
          formatter: (list) => {
            const i = c.t0.indexOf(list[0].axisValue);
            return i < 0 ? null : tip(span(c.t0[i], c.t1[i], this.period), write(c.y[i]), known(c.x[i]) ? `expected ${write(c.x[i])}${known(c.s[i]) ? ` ± ${write(2 * c.s[i])}` : ""}` : "nothing to expect yet", known(c.c[i]) ? `CUSUM ${number(c.c[i])}, limit ${number(c.limit)}` : "");
          },
        },
        series: [
          ...bandSeries(this.points(c, edge(-1)), this.points(c, edge(1)), color("noise"), 0.2),
          { type: "line", data: this.points(c, c.x), showSymbol: false, silent: true, z: 3, lineStyle: { color: color("noise"), width: 1.5, type: "dashed" } },
          {
            type: "line", data: this.points(c, c.y), showSymbol: c.t0.length < 3, symbolSize: 5, z: 4, lineStyle: { color: color("current"), width: 1.8 }, itemStyle: { color: color("current") },
            markArea: { silent: true, itemStyle: { color: echarts.color.modifyAlpha(color("mark-warn"), 0.13) }, data: [[{ xAxis: c.since }, { xAxis: c.t0[c.t0.length - 1] + this.step(c) / 2 }]] },
          },
        ],
      }));
    }
  }
  return Panels;
};
