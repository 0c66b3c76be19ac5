"use strict";
/** One column in detail: its bins in a window over the reference, its distance over time, and the others that moved. */
driftline.section("detail", (tools) => {
  const {
    Component, el, tip, fill, color, chart, renew, forget, tooltip, axisLabel, valueAxis, momentTip, timeAxisOption, areas, faded, textWidth, canvasLabel, narrow, facts,
    number, percent, whole, plural, span, key, clip, named, table, numbersOf, withNote, signed, inPoints, GRAIN, stamp,
  } = tools;
  const KINDS = {
    null: "NULL", nan: "NaN", negative_infinity: "−∞", positive_infinity: "+∞", beyond_top: "beyond the top", unseen: "not in the reference",
  };

  const binName = (b) => {
    if (b.kind === "category") return named(b.label);
    if (b.kind === "rest") return `${b.label} more`;
    if (b.kind !== "range" && b.kind !== "under") return KINDS[b.kind] || b.kind;
    if (b.lower === null && b.upper === null) return "all values";
    if (b.upper === null) return `> ${number(b.lower)}`;
    if (b.lower === null) return `${b.kind === "under" ? "<" : "≤"} ${number(b.upper)}`;
    if (b.lower === b.upper) return `= ${number(b.upper)}`;
    return `${number(b.lower)} – ${number(b.upper)}`;
  };

  /** A range in words that say which of its ends belongs to it. */
  const rangeName = (b) => {
    const between = (b.kind === "range" || b.kind === "under") && b.lower !== b.upper && b.lower !== null && b.upper !== null;
    return between ? `over ${number(b.lower)}, ${b.kind === "under" ? "under" : "up to"} ${number(b.upper)}` : b.kind === "rest" ? `${b.label} more categories` : binName(b);
  };

  /** The bins of `found` as rows of a table: their rows and shares. What neither side has is left out. */
  const binRows = (found) => found.bins.filter((b) => b.rows > 0 || b.held > 0).map((b) => [
    rangeName(b), withNote(`${whole(b.held)} `, percent(b.was)), withNote(`${whole(b.rows)} `, percent(b.now)), signed(b.now - b.was, inPoints).replace(" points", ""),
  ]);
  const BIN_HEAD = [{ text: "Bin" }, { text: "Reference: rows", num: 1 }, { text: "Window: rows", num: 1 }, { text: "Points apart", num: 1 }];

  /** The bins of `found` as bars over the reference's. */
  const option = ({ found, categorical, small, slim }) => {
    const inner = ["range", "under", "category", "rest"];
    // Between two values that have bins of their own there may be nothing at all.
    let values = found.bins.filter((b) => inner.includes(b.kind) && (b.kind !== "under" || b.now > 0 || b.was > 0));
    const special = found.bins.filter((b) => !inner.includes(b.kind) && (b.now > 0 || b.was > 0));
    const most = small ? Math.max(3, 7 - special.length) : 99;
    if (categorical && values.length > most) {
      const rest = values.slice(most - 1);
      const count = rest.reduce((a, b) => a + (b.kind === "rest" ? Number(b.label) : 1), 0);
      const sum = (k) => rest.reduce((a, b) => a + b[k], 0);
      values = [...values.slice(0, most - 1), { kind: "rest", label: String(count), now: sum("now"), was: sum("was"), rows: sum("rows") }];
    }
    const gap = special.length && !categorical ? [null] : [];
    const bins = [...values, ...gap, ...special];
    const full = bins.map((b) => (b ? binName(b) : ""));
    const width = Math.ceil(Math.min(small || slim ? 96 : 150, Math.max(30, ...full.map((x) => textWidth(x) + 2)))) + 10;
    const names = full.map((x) => canvasLabel(x, categorical ? width - 10 : 200));
    const label = {
      ...axisLabel(), interval: categorical || !small ? 0 : "auto", hideOverlap: !categorical, formatter: (i) => names[Number(i)],
    };
    const category = { type: "category", data: bins.map((_, i) => i), axisTick: { show: false }, axisLine: { lineStyle: { color: color("line") } } };
    const splits = small ? 3 : 4;
    const tall = bins.length > 5 && !categorical;
    const category2 = categorical
      ? { ...category, inverse: true, axisLabel: label }
      : { ...category, axisLabel: { ...label, rotate: tall ? 45 : 0, interval: small ? Math.max(0, Math.ceil(bins.length / (slim ? 12 : 9)) - 1) : slim ? Math.max(0, Math.ceil(bins.length / 12) - 1) : 0 } };
    const bottom = categorical ? 24 : tall ? Math.min(86, Math.max(...names.map((x) => textWidth(x, 11.5))) * 0.72 + 18) : 26;
    const bar = (name, field, style) => ({
      name, type: "bar", barGap: "-100%", barCategoryGap: categorical ? "28%" : "14%", data: bins.map((b) => (b ? b[field] : null)), itemStyle: style, emphasis: { disabled: true },
    });
    const shares = valueAxis((x) => percent(x), { min: 0, splitNumber: splits });
    return {
      grid: { left: categorical ? width : 44, right: categorical ? 22 : 6, top: 10, bottom },
      tooltip: {
        ...tooltip(), trigger: "axis", axisPointer: { type: "shadow" },
        formatter: (list) => {
          const b = bins[list[0].dataIndex];
          if (!b) return null;
          return tip(rangeName(b), `this window ${percent(b.now)} (${number(b.rows)})`, `reference ${percent(b.was)}`);
        },
      },
      xAxis: categorical ? shares : category2,
      yAxis: categorical ? category2 : shares,
      series: [
        bar("reference", "was", { color: color("reference"), borderRadius: 1 }),
        bar("this window", "now", { color: faded(color("current"), 0.42), borderColor: color("current"), borderWidth: 1.5, borderRadius: 1 }),
      ],
    };
  };

  /** A distance over time as [start, value, window], its noise, warn and critical, and the selected moment. With a `top`, the axis
   *  ends there: that of two columns side by side is the same. */
  const trendOption = ({ values, noise, levels, alerts, at, width, tipOf, top }) => {
    return {
      grid: { left: 44, right: 54, top: 10, bottom: 26 },
      tooltip: momentTip((list) => tipOf(list[0].data[2] === undefined ? list[0].dataIndex : list[0].data[2])),
      xAxis: timeAxisOption(values[0][0], values[values.length - 1][0], width - 98),
      yAxis: valueAxis((x) => number(x), { min: 0, ...(top ? { interval: top / 4 } : {}), max: top ? () => top : (e) => (levels.length && e.max > levels[0] * 0.5 && e.max < levels[1] ? levels[1] * 1.1 : null) }),
      series: [
        {
          type: "line", data: values, showSymbol: values.length < 3, symbolSize: 5, lineStyle: { color: color("current"), width: 2 }, itemStyle: { color: color("current") },
          markLine: {
            silent: true, symbol: "none", lineStyle: { type: "dotted", width: 1.5 },
            label: { position: "end", fontSize: 11.5, formatter: (p) => (p.dataIndex === 0 ? "warn" : "critical") },
            data: levels.map((x, i) => ({ yAxis: x, lineStyle: { color: color(i ? "mark-critical" : "mark-warn") }, label: { color: color(i ? "critical" : "warn") } })),
          },
          markArea: areas(alerts),
        },
        { type: "line", data: noise, showSymbol: false, silent: true, lineStyle: { color: color("noise"), width: 1.5, type: "dashed" } },
        {
          type: "line", data: [], silent: true,
          markLine: { silent: true, symbol: "none", label: { show: false }, lineStyle: { color: color("ink"), width: 1, type: "solid" }, data: [{ xAxis: at }] },
        },
      ],
    };
  };

  class Detail extends Component {
    constructor(...given) {
      super(...given);
      this.grid = this.monitor.grid;
      this.bins = new Map(this.m.bins || []);
      this.reference = new Map((this.m.reference || []).map(([k, d]) => [JSON.stringify(k), new Map(d)]));
      this.latest = new Map((this.m.latest || []).map(([k, d]) => [JSON.stringify(k), new Map(d)]));
      this.history = new Map((this.m.history || []).map((h) => [JSON.stringify(h.k), { ...h, d: new Map(h.d) }]));
      // The chosen column, and a second one beside it.
      this.places = ["detail", "second"].map((name) => {
        const place = { name, column: null, found: null };
        place.bars = chart(this.slot(`${name}-histogram`), () => (place.found && !place.found.why ? this.histogram(place.found, place.column, false) : null));
        place.trend = chart(this.slot(`${name}-trend`), () => (place.column === null ? null : this.drawTrend(place)));
        return place;
      });
      this.second = null;
      this.control("second", (value) => { this.second = value === "" ? null : Number(value); this.selected(); });
      for (const name of ["column", "window"]) this.control(name, (value) => { this.chosen[name] = Number(value); this.monitor.tell("cell"); });
      this.monitor.on("baseline", () => this.show());
      this.monitor.on("cell", () => this.selected());
    }

    show() {
      const slice = this.grid.slice();
      this.box.hidden = !slice;
      this.monitor.part("worst").hidden = !slice;
      if (!slice) return;
      const name = (c) => this.grid.name(c);
      fill(this.control("column"), [...this.grid.columns.keys()].sort((a, b) => (name(a) < name(b) ? -1 : 1)).map((c) => [String(c), clip(name(c), 60)]), String(this.chosen.column));
      fill(this.control("window"), [...slice.t0.keys()].reverse().map((w) => [String(w), span(slice.t0[w], slice.t1[w], this.period)]), String(this.chosen.window));
      this.selected();
    }

    selected() {
      const slice = this.grid.slice();
      if (!slice) return;
      const { column, window: w } = this.chosen;
      this.control("column").value = String(column);
      this.control("window").value = String(w);
      const when = span(slice.t0[w], slice.t1[w], this.period);
      const columns = [...this.grid.columns.keys()].filter((c) => c !== column).sort((a, b) => (this.grid.name(a) < this.grid.name(b) ? -1 : 1));
      if (!columns.includes(this.second)) this.second = null;
      fill(this.control("second"), [["", "no other column"], ...columns.map((c) => [String(c), clip(this.grid.name(c), 60)])], this.second === null ? "" : String(this.second));
      const both = this.second !== null;
      for (const figure of this.box.querySelectorAll("[data-second]")) figure.hidden = !both;
      this.slot("second-facts").hidden = !both;
      this.top = both ? this.commonTop(slice, [column, this.second]) : null;
      this.places.forEach((place, i) => this.present(place, i ? this.second : column, slice, w, when));
      this.others(slice);
    }

    /** One column in its place: what is said of it, its bins, its course. */
    present(place, column, slice, w, when) {
      place.column = column;
      if (column === null) return;
      const both = this.second !== null;
      const psi = this.grid.cell(slice, column, w, "psi");
      const ks = this.grid.cell(slice, column, w, "ks");
      const told = (label, x) => (x ? `${label} ${number(x.value)} (${x.beyond ? `noise ${number(x.noise)}` : `within its noise of ${number(x.noise)}`})` : `${label} not computed`);
      this.slot(`${place.name}-facts`).replaceChildren(...facts([
        ...(both ? [this.grid.name(column)] : []), this.grid.columns[column][1], when, told("PSI", psi), ...(ks ? [told("KS", ks)] : []), `${plural(slice.n[w], "row")} against ${whole(slice.m)}`,
      ]));
      const name = both ? `${clip(this.grid.name(column), 40)}: ` : "";
      this.slot(`${place.name}-name`).textContent = `${name}${both ? "share" : "Share"} of rows per bin`;
      this.slot(`${place.name}-trend-name`).textContent = `${name}${this.grid.metricName()} over time`;
      place.found = this.counts(slice, column, w);
      const { why } = place.found;
      this.slot(`${place.name}-note`).hidden = !why;
      this.slot(`${place.name}-note`).textContent = why || "";
      this.slot(`${place.name}-histogram`).hidden = Boolean(why);
      this.slot(`${place.name}-histogram`).setAttribute("aria-label", why || this.label(place.found, column, when));
      this.slot(`${place.name}-numbers`).hidden = Boolean(why);
      if (!why) numbersOf(this.slot(`${place.name}-numbers`), () => table(BIN_HEAD, binRows(place.found)));
      renew(place.bars);
      renew(place.trend);
    }

    /** Where an axis ends that has all values of these columns, and their noise. */
    commonTop(slice, columns) {
      const { metric } = this.chosen;
      const sizes = columns.flatMap((c) => slice.t0.flatMap((_, w) => {
        const x = this.grid.cell(slice, c, w, metric);
        return !x ? [] : metric === "ratio" ? [x.noise ? x.value / x.noise : 0, 1] : [x.value, x.noise];
      }));
      const most = Math.max(1e-4, ...sizes);
      const unit = 10 ** Math.floor(Math.log10(most));
      return [1, 1.2, 1.6, 2, 3, 4, 6, 8, 10].map((x) => Number((x * unit).toPrecision(2))).find((x) => x >= most);
    }

    /** Weights per bin of the window and of the reference, or why they are not here. */
    counts(slice, c, w) {
      const [version, segment, value, size] = slice.k;
      const layout = this.bins.get(c);
      if (!layout) return { why: "No bins are stored for this column." };
      const from = slice.t0[w];
      const to = slice.t1[w];
      let current = null;
      const now = this.latest.get(key(version, segment, value, size, from));
      if (now && now.has(c)) current = now.get(c);
      const past = this.history.get(key(version, segment, value));
      if (!current && past && past.d.has(c) && (!past.cut || from >= past.p[0])) {
        const flat = past.d.get(c);
        current = layout.map(() => 0);
        past.p.forEach((t, i) => {
          if (t >= from && t < to) layout.forEach((_, b) => { current[b] += flat[i * layout.length + b]; });
        });
      }
      if (!current) return { why: "The histogram of this window is not part of the page; earlier windows are here for the columns that moved most." };
      const sum = (list) => list.reduce((a, b) => a + b, 0);
      const held = this.reference.get(key(slice.v, segment, value)) || this.reference.get(key(version, segment, value)) || new Map();
      const reference = held.get(c) || layout.map(() => 0);
      const total = sum(current);
      const base = sum(reference);
      if (!total) return { why: "The window has no rows." };
      return {
        total, base,
        bins: layout.map((b, i) => ({ kind: b[0], label: b[1], lower: b[2], upper: b[3], now: current[i] / total, was: base ? reference[i] / base : 0, rows: current[i], held: reference[i] })),
      };
    }

    histogram(found, c, small) {
      return option({ found, categorical: this.grid.columns[c][2] === "categorical", small, slim: narrow() });
    }

    label(found, c, when) {
      const moved = [...found.bins].sort((a, b) => Math.abs(b.now - b.was) - Math.abs(a.now - a.was)).slice(0, 2);
      return `Histogram of ${this.grid.name(c)}, ${when}, over the reference. Largest differences: `
        + moved.map((b) => `${binName(b)} ${percent(b.now)} against ${percent(b.was)}`).join("; ");
    }

    drawTrend({ name: place, column: c }) {
      const slice = this.grid.slice();
      if (!slice) return null;
      const { metric } = this.chosen;
      const values = [];
      const noise = [];
      slice.t0.forEach((t, w) => {
        const x = this.grid.cell(slice, c, w, metric);
        const size = x ? (metric === "ratio" ? (x.noise ? x.value / x.noise : null) : x.value) : null;
        values.push([t, size, w]);
        noise.push([t, x ? (metric === "ratio" ? 1 : x.noise) : null]);
      });
      const levels = metric === "ratio" ? [] : this.grid.levels().slice(0, 2);
      const top = Math.max(0, ...values.map((v) => v[1] || 0));
      const [name] = this.grid.columns[c];
      const alerts = this.monitor.marks("drift", slice.k).filter((a) => a[2] === name && a[11] === this.chosen.baseline && (metric === "ks" ? a[1].startsWith("ks") : a[1] === "psi"));
      const box = this.slot(`${place}-trend`);
      box.setAttribute("aria-label", `${this.grid.metricName()} of ${this.grid.name(c)} over ${plural(slice.t0.length, "window")}, highest ${number(top)}${alerts.length ? `, ${plural(alerts.length, "alert")} marked` : ""}.`);
      return trendOption({
        values, noise, levels, alerts, at: slice.t0[this.chosen.window], width: box.clientWidth, tipOf: (w) => this.grid.cellTip(slice, c, w), top: this.top,
      });
    }

    others(slice) {
      const box = this.slot("worst");
      const last = this.grid.lastWindow(slice);
      const when = span(slice.t0[last], slice.t1[last], this.period);
      const list = this.grid.order(slice, "latest", "psi").filter((c) => c !== this.chosen.column && this.grid.cell(slice, c, last, "psi")).slice(0, 6);
      const id = key(slice.k, list);
      if (this.cardsOf === id) return;
      this.cardsOf = id;
      forget(box);
      box.replaceChildren();
      this.monitor.part("worst").hidden = !list.length;
      for (const c of list) {
        const found = this.counts(slice, c, last);
        const x = this.grid.cell(slice, c, last, "psi");
        const button = el("button", { type: "button" }, this.grid.name(c));
        button.addEventListener("click", () => {
          this.chosen.column = c;
          this.chosen.window = last;
          this.monitor.tell("cell");
          this.box.scrollIntoView({ block: "start" });
          this.control("column").focus({ preventScroll: true });
        });
        const line = el("p", { class: "facts" }, el("span", {}, `PSI ${number(x.value)}`), el("span", {}, x.beyond ? `${number(x.value / (x.noise || 1e-4))}× its noise` : "within its noise"));
        const canvas = el("div", { class: "chart", role: "img", "aria-label": found.why || this.label(found, c, when) });
        box.append(el("div", { class: "card" }, el("h4", {}, button), line, found.why ? el("p", { class: "notice" }, found.why) : canvas));
        if (!found.why) chart(canvas, () => this.histogram(found, c, true));
      }
    }
  }

  /** Counts of the bins as they are drawn: the rarest categories of a column are one. Bins without rows are left out. */
  const tables = (data) => {
    const layouts = new Map(data.bins || []);
    const counted = (before, c, weights) => weights.flatMap((weight, i) => {
      if (!weight) return [];
      const [kind, label, lower, upper, bin] = layouts.get(c)[i];
      return [[...before, ...data.columns[c].slice(0, 2), bin, kind === "under" ? "range" : kind, label || null, lower, upper, weight]];
    });
    const [version, segment, value, size] = GRAIN;
    const head = ["column_name", "column_role", "bin", "bin_kind", "bin_label", "bin_lower", "bin_upper", "weight"];
    return [
      {
        name: "latest windows", head: [version, segment, value, size, "window_start", ...head],
        rows: (data.latest || []).flatMap(([k, d]) => d.flatMap(([c, weights]) => counted([...k.slice(0, 4), stamp(k[4])], c, weights))),
      },
      {
        name: "reference", head: [version, segment, value, ...head],
        rows: (data.reference || []).flatMap(([k, d]) => d.flatMap(([c, weights]) => counted(k, c, weights))),
      },
      {
        name: "periods", head: [version, segment, value, "period_start", ...head],
        rows: (data.history || []).flatMap(({ k, p, d }) => d.flatMap(([c, flat]) => {
          const width = layouts.get(c).length;
          return p.flatMap((t, i) => counted([...k, stamp(t)], c, flat.slice(i * width, (i + 1) * width)));
        })),
      },
    ];
  };

  return { mount: (...given) => new Detail(...given), option, trendOption, binRows, tables };
});
