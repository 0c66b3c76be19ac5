"use strict";
(async () => {
  /** What stands packed in an element of the page (`packed` in __init__.py). */
  const unpacked = (id) => {
    const bytes = Uint8Array.from(atob(document.getElementById(id).textContent), (c) => c.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip")));
  };
  if (typeof DecompressionStream === "undefined") {
    document.getElementById("not-unpacked").hidden = false;
    return;
  }
  // Texts of the data go into the page as text nodes and canvas labels only, never as markup.
  const [data, library] = await Promise.all([unpacked("data").json(), unpacked("library").text()]);
  // It runs as any script of the page does, allowed by the hash of its text.
  const script = document.createElement("script");
  script.textContent = library;
  document.head.append(script);
  const root = document.documentElement;
  const SCALE = 10000;
  const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
  const BASELINES = { reference: "the reference", previous: "the window before", trailing: "the trailing windows", seasonal: "the same season earlier" };
  const KINDS = {
    null: "NULL", nan: "NaN", negative_infinity: "−∞", positive_infinity: "+∞", beyond_top: "beyond the top", unseen: "not in the reference",
  };
  const RATES = ["missing", "NaN", "infinite", "unseen", "out of range"];
  const RATE_METRICS = ["null_rate", "nan_rate", "infinite_rate", "unseen_rate", "out_of_range_rate"];

  // ---- words and numbers (the same rules as numbers.py) ------------------------------------------------------------
  const digits = (x) => {
    if (x >= 99.95) return Math.round(x).toLocaleString("en-US");
    if (x < 0.01) return String(Number(x.toFixed(2 - Math.floor(Math.log10(x)))));
    const places = x >= 9.995 ? 1 : x >= 0.9995 ? 2 : x >= 0.09995 ? 3 : 4;
    return String(Number(x.toFixed(places)));
  };
  const number = (value) => {
    if (value === null || value === undefined || !Number.isFinite(value)) return "–";
    const sign = value < 0 ? "−" : "";
    const x = Math.abs(value);
    if (x === 0) return "0";
    if (x < 1e-6 || x >= 1e15) return sign + x.toExponential(1).replace("e+", "e").replace("e-", "e−");
    if (x >= 99999.5) {
      for (const [limit, size, unit] of [[999.5e9, 1e12, "T"], [999.5e6, 1e9, "B"], [999.5e3, 1e6, "M"], [0, 1e3, "k"]]) {
        if (x >= limit) return sign + digits(x / size) + unit;
      }
    }
    return sign + digits(x);
  };
  const whole = (x) => (Math.abs(x) < 1e6 ? Math.round(x).toLocaleString("en-US") : number(x));
  const percent = (share) => {
    if (share === null || share === undefined || !Number.isFinite(share)) return "–";
    const sign = share < 0 ? "−" : "";
    const x = Math.abs(share) * 100;
    if (x === 0) return "0%";
    if (x < 0.0001) return share < 0 ? ">−0.0001%" : "<0.0001%";
    if (x < 0.01) return sign + String(Number(x.toFixed(1 - Math.floor(Math.log10(x))))) + "%";
    return sign + (x < 1 ? String(Number(x.toFixed(2))) : x < 99.95 ? String(Number(x.toFixed(1))) : Math.round(x).toLocaleString("en-US")) + "%";
  };
  const plural = (count, word) => `${whole(count)} ${word}${count === 1 ? "" : "s"}`;
  const at = (minute) => new Date(minute * 60000);
  const two = (x) => String(x).padStart(2, "0");
  const day = (d, year = true) => `${d.getUTCDate()} ${MONTHS[d.getUTCMonth()]}${year ? ` ${d.getUTCFullYear()}` : ""}`;
  const clock = (d) => `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}`;
  const span = (t0, t1, period) => {
    const start = at(t0);
    const end = at(t1);
    const midnight = (d) => d.getUTCHours() === 0 && d.getUTCMinutes() === 0;
    if (t1 <= t0) return day(start);
    if (period === "hour" || !midnight(start) || !midnight(end)) {
      return t1 - t0 === 60 ? `${day(start)}, ${clock(start)}` : `${day(start)}, ${clock(start)} – ${day(end)}, ${clock(end)}`;
    }
    const last = at(t1 - 1440);
    if (last <= start) return day(start);
    if (start.getUTCDate() === 1 && end.getUTCDate() === 1) {
      const first = `${MONTHS[start.getUTCMonth()]} ${start.getUTCFullYear()}`;
      const final = `${MONTHS[last.getUTCMonth()]} ${last.getUTCFullYear()}`;
      return first === final ? first : `${first} – ${final}`;
    }
    return `${day(start, start.getUTCFullYear() !== last.getUTCFullYear())} – ${day(last)}`;
  };
  const key = (...parts) => JSON.stringify(parts);
  const clip = (text, size) => (text.length > size ? `${text.slice(0, size - 1)}…` : text);
  const named = (text) => (text === "" ? "(empty)" : text.replace(/\s+/g, " "));

  // ---- elements ----------------------------------------------------------------------------------------------------
  const el = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) if (value !== null) node.setAttribute(name, value);
    node.append(...children);
    return node;
  };
  const tip = (head, ...lines) => {
    const box = el("div", { class: "tip" }, el("b", {}, head));
    for (const line of lines) if (line) box.append(el("span", {}, line));
    return box;
  };
  const fill = (select, options, value) => {
    select.replaceChildren(...options.map(([v, text]) => {
      const option = el("option", {}, text);
      option.value = v;
      return option;
    }));
    if (options.some(([v]) => v === value)) select.value = value;
    select.closest("label").hidden = options.length < 2;
  };
  const color = (name) => getComputedStyle(root).getPropertyValue(`--${name}`).trim();
  const narrow = () => window.innerWidth <= 620;
  const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif";
  let pen = null;
  const textWidth = (text, size = 12) => {
    pen = pen || document.createElement("canvas").getContext("2d");
    pen.font = `${size}px ${FONT}`;
    return pen.measureText(text).width;
  };

  /** A text of the data as a label on a canvas, cut to a width. The library keeps the widths of texts as properties of a
   *  plain object, so a column called __proto__ would change every object of the page: such names get an invisible mark. */
  const canvasLabel = (text, width) => {
    let shown = text;
    if (textWidth(text) > width) {
      let low = 1;
      let high = text.length;
      while (low < high) {
        const middle = Math.ceil((low + high) / 2);
        if (textWidth(`${text.slice(0, middle)}…`) <= width) low = middle; else high = middle - 1;
      }
      shown = `${text.slice(0, low)}…`;
    }
    return shown in Object.prototype ? `\u2060${shown}` : shown;
  };

  // ---- charts: drawn when they come near the screen ----------------------------------------------------------------
  const charts = new Map();
  const watcher = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const item = charts.get(entry.target);
      if (!item) continue;
      item.near = entry.isIntersecting;
      if (item.near && item.stale) draw(item);
    }
  }, { rootMargin: "500px" });
  const sizes = new ResizeObserver((entries) => {
    for (const entry of entries) {
      const item = charts.get(entry.target);
      if (!item || !item.chart) continue;
      const width = Math.round(entry.contentRect.width);
      if (width && width !== item.width) {
        item.width = width;
        if (item.near) draw(item); else item.stale = true;
      }
    }
  });
  const draw = (item) => {
    item.stale = false;
    if (!item.box.isConnected || !item.box.clientWidth) { item.stale = true; return; }
    if (!item.chart) {
      item.chart = echarts.init(item.box, null, { renderer: "canvas" });
      item.width = Math.round(item.box.clientWidth);
      if (item.onCreate) item.onCreate(item.chart);
    } else if (item.chart.getWidth() !== item.box.clientWidth || item.chart.getHeight() !== item.box.clientHeight) {
      item.chart.resize();
    }
    const option = item.make();
    // Parts are replaced, the tooltip stays: a chart that is cleared would lose it.
    item.chart.setOption({ animation: false, textStyle: { fontFamily: FONT }, ...(option || { series: [] }) }, { replaceMerge: ["series", "xAxis", "yAxis", "grid"] });
    if (option && item.onDrawn) item.onDrawn();
    item.box.dataset.drawn = option ? "yes" : "empty";
  };
  /** Register a chart: `make` returns its option, or null for an empty one. */
  const chart = (box, make, onCreate) => {
    const item = { box, make, onCreate, chart: null, stale: true, near: false, width: 0 };
    charts.set(box, item);
    watcher.observe(box);
    sizes.observe(box);
    return item;
  };
  const renew = (item) => {
    if (item.near) draw(item); else item.stale = true;
  };
  const forget = (box) => {
    for (const part of box.querySelectorAll(".chart")) {
      const item = charts.get(part);
      if (!item) continue;
      watcher.unobserve(part);
      sizes.unobserve(part);
      if (item.chart) item.chart.dispose();
      charts.delete(part);
    }
  };

  const tooltip = () => ({
    confine: true, backgroundColor: color("card"), borderColor: color("line"), borderWidth: 1, padding: [8, 11],
    textStyle: { color: color("ink"), fontSize: 13, fontFamily: FONT }, extraCssText: "box-shadow:0 4px 18px rgba(0,0,0,.14);border-radius:8px",
  });
  const axisLabel = () => ({ color: color("axis"), fontSize: 11.5, hideOverlap: true });
  const valueAxis = (format, more = {}) => ({
    type: "value", axisLabel: { ...axisLabel(), formatter: format }, axisLine: { show: false }, axisTick: { show: false },
    splitLine: { lineStyle: { color: color("grid") } }, splitNumber: 4, ...more,
  });
  const timeAxis = (from, to, width) => {
    // Ticks at round dates, as many as fit; the axis is the wall clock of the monitor.
    const days = (to - from) / 1440;
    const room = Math.max(2, Math.floor(width / 74));
    const label = (t, first) => {
      const d = at(t);
      if (days <= 4) return first || d.getUTCHours() === 0 ? day(d, false) : clock(d);
      if (days > 150) return MONTHS[d.getUTCMonth()] + (first || d.getUTCMonth() === 0 ? ` ${d.getUTCFullYear()}` : "");
      return day(d, first);
    };
    return { days, room, label };
  };
  const ticks = (from, to, width) => {
    const { days, room, label } = timeAxis(from, to, width);
    const out = [];
    if (days > 150) {
      const first = at(from);
      const months = days / 30.4;
      const step = [1, 2, 3, 4, 6, 12, 24, 60].find((s) => months / s <= room) || 120;
      for (let m = first.getUTCFullYear() * 12 + first.getUTCMonth(); ; m += 1) {
        const t = Date.UTC(Math.floor(m / 12), m % 12, 1) / 60000;
        if (t > to) break;
        if (t >= from && m % step === 0) out.push(t);
      }
    } else {
      const hours = (to - from) / 60;
      const step = [1, 2, 3, 6, 12, 24, 48, 72, 168, 336, 672].find((s) => hours / s <= room && (days <= 4 || s >= 24)) || 1344;
      const grid = Math.min(step, 24) * 60;
      for (let t = Math.ceil(from / grid) * grid; t <= to; t += step * 60) out.push(t);
      if (!out.length) out.push(from);
    }
    return out.map((t, i) => [t, label(t, i === 0)]);
  };

  /** A band between two lines of points: two unseen lines make room for it on the axis, one shape per unbroken run. */
  const bandSeries = (low, high, fillColor, opacity) => {
    const hidden = (data) => ({ type: "line", data, showSymbol: false, silent: true, lineStyle: { opacity: 0 }, itemStyle: { opacity: 0 } });
    const known = low.map((_, i) => i).filter((i) => low[i][1] !== null && high[i][1] !== null);
    if (!known.length) return [];
    return [hidden(low), hidden(high), {
      type: "custom", silent: true, clip: true, z: 1, data: [low[known[0]]],
      renderItem: (_, api) => {
        const runs = [];
        known.forEach((i, j) => (j && known[j - 1] === i - 1 ? runs[runs.length - 1].push(i) : runs.push([i])));
        return {
          type: "group",
          children: runs.map((run) => ({
            type: "polygon", shape: { points: [...run.map((i) => api.coord(low[i])), ...run.slice().reverse().map((i) => api.coord(high[i]))] },
            style: { fill: fillColor, opacity },
          })),
        };
      },
    }];
  };

  const Panels = driftlinePanels({
    el, tip, fill, color, chart, renew, forget, tooltip, valueAxis, bandSeries, number, percent, whole, plural, span, day, clock, at, key, clip, named,
  });

  // ---- one monitor -------------------------------------------------------------------------------------------------
  class Monitor {
    constructor(section, payload) {
      this.section = section;
      this.m = payload;
      this.period = payload.period;
      this.columns = payload.columns;
      this.slices = new Map(payload.slices.map((s) => [JSON.stringify(s.k), s]));
      for (const s of payload.slices) s.filled = s.psi.some((x) => x !== null);
      this.dropped = new Set((payload.dropped || []).map((k) => JSON.stringify(k)));
      this.bins = new Map(payload.bins || []);
      this.reference = new Map((payload.reference || []).map(([k, d]) => [JSON.stringify(k), new Map(d)]));
      this.latest = new Map((payload.latest || []).map(([k, d]) => [JSON.stringify(k), new Map(d)]));
      this.history = new Map((payload.history || []).map((h) => [JSON.stringify(h.k), { ...h, d: new Map(h.d) }]));
      const base = payload.slices[0] ? payload.slices[0].k : payload.business && payload.business[0] ? [...payload.business[0].k, "reference"] : null;
      const quality = payload.quality && payload.quality[0] ? [...payload.quality[0].k, "reference"] : null;
      this.panels = new Panels(this);
      const [version, segment, value, size, baseline] = base || quality || [...(this.panels.grains()[0] || ["all", "all", "all", 1]), "reference"];
      this.state = { version, segment, value, size, baseline, metric: "psi", rows: "25", order: "latest", span: "", column: 0, window: 0 };
      this.ready();
    }

    slot(name) { return this.section.querySelector(`[data-slot="${name}"]`); }
    control(name) { return this.section.querySelector(`select[data-control="${name}"]`); }
    slice() {
      const s = this.state;
      const slice = this.slices.get(key(s.version, s.segment, s.value, s.size, s.baseline));
      return slice && slice.filled ? slice : null;
    }

    name(c) {
      const [name, role] = this.columns[c];
      const twice = this.columns.filter(([n]) => n === name).length > 1;
      return named(name) + (twice ? ` (${role})` : "");
    }

    windowsText(size) { return `${size} ${this.period}${size === 1 ? "" : "s"}`; }

    ready() {
      const grains = [...this.m.slices.map((s) => s.k), ...(this.m.business || []).map((b) => b.k), ...(this.m.quality || []).map((q) => q.k), ...this.panels.grains()];
      const unique = (list) => [...new Map(list.map((x) => [JSON.stringify(x), x])).values()];
      const total = (a, b) => (a === "all" ? -1 : b === "all" ? 1 : a < b ? -1 : a > b ? 1 : 0);
      const sizes = unique(grains.map((k) => k[3])).sort((a, b) => a - b);
      const versions = unique(grains.map((k) => k[0])).sort(total);
      const segments = unique(grains.map((k) => [k[1], k[2]])).sort((a, b) => total(a[0], b[0]) || total(a[1], b[1]));
      const baselines = unique(this.m.slices.map((s) => s.k[4]));
      const set = (name, options, value) => {
        const select = this.control(name);
        if (select) fill(select, options, value);
        return options.length > 1;
      };
      const any = [
        set("size", sizes.map((s) => [String(s), this.windowsText(s)]), String(this.state.size)),
        set("version", versions.map((v) => [v, v === "all" ? "all versions" : clip(named(v), 60)]), this.state.version),
        set("segment", segments.map(([s, v]) => [key(s, v), s === "all" ? "all rows" : clip(`${named(s)} = ${named(v)}`, 60)]), key(this.state.segment, this.state.value)),
        set("baseline", baselines.map((b) => [b, BASELINES[b] || b]), this.state.baseline),
      ].some(Boolean);
      this.section.querySelector("form.controls").hidden = !any;
      this.section.querySelector("form.controls").addEventListener("submit", (e) => e.preventDefault());
      for (const select of this.section.querySelectorAll("select[data-control]")) {
        select.addEventListener("change", () => this.changed(select.dataset.control, select.value));
      }
      if (this.slot("heat")) {
        this.heat = chart(this.slot("heat"), () => this.drawHeat(), (c) => this.heatEvents(c));
        this.heat.onDrawn = () => this.frame();
        this.histogram = chart(this.slot("detail-histogram"), () => this.drawDetail());
        this.trend = chart(this.slot("detail-trend"), () => this.drawTrend());
        const ks = this.m.slices.some((s) => s.ks.some((x) => x !== null));
        if (!ks) [...this.control("metric").options].find((o) => o.value === "ks").remove();
        this.sliceChanged();
      }
      this.panels.show();
      this.businessCharts();
      this.qualityTable();
    }

    changed(name, value) {
      const s = this.state;
      if (this.panels.changed(name, value)) return;
      if (name === "size") s.size = Number(value);
      else if (name === "segment") [s.segment, s.value] = JSON.parse(value);
      else if (name === "column" || name === "window") s[name] = Number(value);
      else s[name] = value;
      if (["size", "version", "segment", "baseline"].includes(name)) {
        if (this.heat) this.sliceChanged();
        if (name !== "baseline") { this.panels.show(); this.businessCharts(); this.qualityTable(); }
      } else if (name === "column" || name === "window") this.selected();
      else if (name === "metric") { this.heatChanged(); this.selected(); } else this.heatChanged();
    }

    // -- the heat map ----------------------------------------------------------------------------------------------
    lastWindow(slice) {
      for (let i = slice.n.length - 1; i >= 0; i -= 1) if (slice.n[i]) return i;
      return slice.n.length - 1;
    }

    cell(slice, c, w, metric = this.state.metric) {
      const i = c * slice.t0.length + w;
      const by = metric === "ks" ? "ks" : "psi";
      const value = slice[by][i];
      if (value === null) return null;
      const noise = slice[by === "ks" ? "kn" : "pn"][i] || 0;
      return { value: value / SCALE, noise: noise / SCALE, beyond: value > noise };
    }

    /** Columns in order: those beyond their noise first, then by size. */
    order(slice, how = this.state.order, metric = this.state.metric) {
      const width = slice.t0.length;
      const last = this.lastWindow(slice);
      const list = this.columns.map((_, c) => {
        let score = 0;
        let seen = false;
        const from = how === "latest" ? last : 0;
        const to = how === "latest" ? last + 1 : width;
        for (let w = from; w < to; w += 1) {
          const x = this.cell(slice, c, w, metric);
          if (!x) continue;
          seen = true;
          const size = metric === "ratio" ? x.value / (x.noise || 1e-4) : x.value;
          if (how === "latest") score = x.beyond ? size + 1e6 : size;
          else if (x.beyond) score += size;
        }
        return { c, score, seen };
      }).filter((x) => x.seen || this.hasColumn(slice, x.c));
      if (how === "name") list.sort((a, b) => (this.name(a.c) < this.name(b.c) ? -1 : 1));
      else list.sort((a, b) => b.seen - a.seen || b.score - a.score || a.c - b.c);
      return list.map((x) => x.c);
    }

    hasColumn(slice, c) {
      const width = slice.t0.length;
      for (let w = 0; w < width; w += 1) if (slice.psi[c * width + w] !== null) return true;
      return false;
    }

    levels(metric = this.state.metric) {
      if (metric === "ratio") return [2, 5, 10, 20];
      const [warn, critical] = this.m.thresholds[metric];
      return [warn, critical, 2 * critical, 4 * critical];
    }

    /** Which of the seven colours: 0 and 1 are within noise. */
    shade(x, levels, metric) {
      if (!x.beyond) return metric !== "ratio" && x.value >= levels[0] ? 1 : 0;
      const size = metric === "ratio" ? x.value / (x.noise || 1e-4) : x.value;
      let i = 0;
      while (i < 4 && size >= levels[i]) i += 1;
      return 2 + i;
    }

    sliceChanged() {
      const slice = this.slice();
      const note = this.slot("heat-note");
      note.hidden = Boolean(slice);
      for (const part of ["detail", "worst"]) this.section.querySelector(`[data-part="${part}"]`).hidden = !slice;
      this.slot("heat").hidden = !slice;
      this.slot("heat-mark").hidden = true;
      this.slot("legend").hidden = !slice;
      if (!slice) {
        const s = this.state;
        note.textContent = this.dropped.has(key(s.version, s.segment, s.value, s.size, s.baseline))
          ? "This combination was left out to keep the page small; it is in driftline_drift."
          : this.slices.has(key(s.version, s.segment, s.value, s.size, s.baseline)) ? "No distance could be computed here; the reasons are listed below."
          : "There is no complete window for this combination of version, segment, window and baseline.";
        return;
      }
      const total = this.columns.length;
      const rows = total > 25 ? [["25", "first 25"], ...(total > 60 ? [["60", "first 60"]] : []), ["all", `all ${total}`]] : [["all", `all ${total}`]];
      if (!rows.some(([v]) => v === this.state.rows)) this.state.rows = rows[0][0];
      fill(this.control("rows"), rows, this.state.rows);
      const width = slice.t0.length;
      const fits = Math.floor((this.section.clientWidth - (narrow() ? 130 : 220)) / (narrow() ? 4 : 2));
      const spans = [365, 180, 90, 60, 30].filter((x) => x < width);
      this.state.span = width <= fits ? "all" : String(spans.find((x) => x <= fits) || 30);
      fill(this.control("span"), [["all", `all ${width} windows`], ...spans.map((x) => [String(x), `last ${x}`])], this.state.span);
      const last = this.lastWindow(slice);
      this.state.window = last;
      const ranked = this.order(slice, "latest", "psi");
      this.state.column = ranked[0];
      fill(this.control("column"), [...this.columns.keys()].sort((a, b) => (this.name(a) < this.name(b) ? -1 : 1)).map((c) => [String(c), clip(this.name(c), 60)]), String(this.state.column));
      fill(this.control("window"), [...slice.t0.keys()].reverse().map((w) => [String(w), span(slice.t0[w], slice.t1[w], this.period)]), String(last));
      this.heatChanged();
      this.selected();
    }

    heatChanged() {
      const slice = this.slice();
      if (!slice) return;
      const order = this.order(slice);
      this.shown = this.state.rows === "all" ? order : order.slice(0, Number(this.state.rows));
      this.from = this.state.span === "all" ? 0 : Math.max(0, slice.t0.length - Number(this.state.span));
      const row = this.shown.length > 60 ? 15 : 20;
      this.slot("heat").style.height = `${Math.max(90, this.shown.length * row + 34)}px`;
      this.legend();
      const worst = this.shown[0];
      const x = worst === undefined ? null : this.cell(slice, worst, this.lastWindow(slice));
      this.slot("heat").setAttribute("aria-label",
        `Heat map of ${this.metricName()} against ${BASELINES[this.state.baseline] || this.state.baseline}: ${plural(this.shown.length, "column")} over ${plural(slice.t0.length - this.from, "window")}.`
        + (x ? ` First row: ${this.name(worst)}, ${number(x.value)} in the latest window.` : "") + " The values can be read below by column and window.");
      renew(this.heat);
    }

    metricName() { return { psi: "PSI", ks: "KS", ratio: "PSI over its noise" }[this.state.metric]; }

    legend() {
      const metric = this.state.metric;
      const levels = this.levels();
      const muted = el("div", { class: "swatches muted-scale" });
      const scale = el("div", { class: "swatches" });
      const add = (box, shade, ...text) => {
        const swatch = el("i");
        swatch.style.background = color(`h${shade}`);
        box.append(el("span", {}, swatch, el("span", { class: box === scale ? "edge" : "flat" }, ...text)));
      };
      add(muted, 0, "within noise");
      if (metric !== "ratio") add(muted, 1, `≥ ${number(levels[0])}, in noise`);
      const meaning = metric === "ratio" ? [] : ["warn", "critical"];
      add(scale, 2, metric === "ratio" ? "1×" : "0");
      levels.forEach((x, i) => add(scale, 3 + i, metric === "ratio" ? `${number(x)}×` : number(x), ...(meaning[i] ? [el("b", {}, meaning[i])] : [])));
      this.slot("legend").replaceChildren(muted, scale);
      this.slot("legend").setAttribute("aria-hidden", "true");
    }

    drawHeat() {
      const slice = this.slice();
      if (!slice) return null;
      const metric = this.state.metric;
      const levels = this.levels();
      const width = slice.t0.length - this.from;
      this.width = width;
      const cells = [];
      this.shown.forEach((c, y) => {
        for (let x = 0; x < width; x += 1) {
          const v = this.cell(slice, c, x + this.from, metric);
          if (v) cells.push([x, y, this.shade(v, levels, metric)]);
        }
      });
      const names = this.shown.map((c) => this.name(c));
      const left = Math.ceil(Math.min(narrow() ? 104 : 190, Math.max(40, ...names.map((x) => textWidth(x) + 4)))) + 12;
      const labels = names.map((x) => canvasLabel(x, left - 12));
      const plot = this.slot("heat").clientWidth - left - 12;
      const marks = this.windowTicks(slice, this.from, plot);
      const gap = plot / width > 7 ? 1 : 0;
      return {
        grid: { left, right: 12, top: 4, bottom: 28 },
        tooltip: {
          ...tooltip(),
          formatter: (p) => (p.seriesType === "heatmap" ? this.cellTip(slice, this.shown[p.value[1]], p.value[0] + this.from) : null),
        },
        xAxis: {
          type: "category", data: slice.t0.slice(this.from).map((_, i) => i), axisLine: { show: false }, axisTick: { show: false }, splitArea: { show: false },
          axisLabel: { ...axisLabel(), interval: (i) => marks.has(i), formatter: (i) => marks.get(Number(i)) || "" },
        },
        yAxis: {
          type: "category", inverse: true, data: names.map((_, i) => i), axisLine: { show: false }, axisTick: { show: false },
          axisLabel: { color: color("ink"), fontSize: 12, interval: 0, formatter: (i) => labels[Number(i)] },
        },
        visualMap: { show: false, type: "piecewise", dimension: 2, seriesIndex: 0, pieces: [0, 1, 2, 3, 4, 5, 6].map((v) => ({ value: v, color: color(`h${v}`) })) },
        series: [
          {
            type: "heatmap", data: cells, progressive: 0, itemStyle: { borderWidth: gap, borderColor: color("card") },
            emphasis: { disabled: cells.length > 20000, itemStyle: { borderColor: color("ink"), borderWidth: 1.5 } },
          },
        ],
      };
    }

    /** Frame the selected cell: an element over the canvas, so that a selection does not draw thousands of cells again. */
    frame() {
      const mark = this.slot("heat-mark");
      const y = this.shown.indexOf(this.state.column);
      const x = this.state.window - this.from;
      mark.hidden = !this.heat.chart || y < 0 || x < 0;
      if (mark.hidden) return;
      const at = (i, j) => this.heat.chart.convertToPixel({ gridIndex: 0 }, [i, j]);
      const [left, top] = at(x, y);
      const [first] = at(0, 0);
      const [last, bottom] = at(this.width - 1, this.shown.length - 1);
      const wide = Math.max(5, this.width > 1 ? (last - first) / (this.width - 1) : 24);
      const high = this.shown.length > 1 ? (bottom - at(0, 0)[1]) / (this.shown.length - 1) : 20;
      Object.assign(mark.style, { left: `${left - wide / 2 - 1}px`, top: `${top - high / 2 - 1}px`, width: `${wide + 2}px`, height: `${high + 2}px` });
    }

    windowTicks(slice, from, plot) {
      // Labels at the windows in which a round date falls.
      const starts = slice.t0.slice(from);
      const out = new Map();
      if (!starts.length) return out;
      let i = 0;
      const end = starts[starts.length - 1];
      for (const [t, text] of ticks(starts[0], end, plot)) {
        while (i < starts.length - 1 && starts[i] < t) i += 1;
        if (!out.has(i)) out.set(i, text);
      }
      return out;
    }

    cellTip(slice, c, w) {
      const psi = this.cell(slice, c, w, "psi");
      const ks = this.cell(slice, c, w, "ks");
      const line = (label, x) => x && `${label} ${number(x.value)}, noise ${number(x.noise)}${x.beyond ? "" : " (within)"}`;
      return tip(this.name(c), span(slice.t0[w], slice.t1[w], this.period), line("PSI", psi), line("KS", ks), plural(slice.n[w], "row"));
    }

    heatEvents(c) {
      c.on("click", (p) => {
        if (p.seriesType !== "heatmap") return;
        this.state.column = this.shown[p.value[1]];
        this.state.window = p.value[0] + this.from;
        this.control("column").value = String(this.state.column);
        this.control("window").value = String(this.state.window);
        this.selected();
      });
      const done = () => {
        if (!root.dataset.firstHeatMap) {
          root.dataset.firstHeatMap = String(Math.round(performance.now()));
          performance.mark("driftline-first-heat-map");
        }
        c.off("finished", done);
      };
      c.on("finished", done);
    }

    // -- histograms ------------------------------------------------------------------------------------------------
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
        bins: layout.map((b, i) => ({ kind: b[0], label: b[1], lower: b[2], upper: b[3], now: current[i] / total, was: base ? reference[i] / base : 0, rows: current[i] })),
      };
    }

    binName(b) {
      if (b.kind === "category") return named(b.label);
      if (b.kind === "rest") return `${b.label} more`;
      if (b.kind !== "range" && b.kind !== "under") return KINDS[b.kind] || b.kind;
      if (b.lower === null && b.upper === null) return "all values";
      if (b.upper === null) return `> ${number(b.lower)}`;
      if (b.lower === null) return `${b.kind === "under" ? "<" : "≤"} ${number(b.upper)}`;
      if (b.lower === b.upper) return `= ${number(b.upper)}`;
      return `${number(b.lower)} – ${number(b.upper)}`;
    }

    histogramOption(found, c, small) {
      const categorical = this.columns[c][2] === "categorical";
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
      const full = bins.map((b) => (b ? this.binName(b) : ""));
      const width = Math.ceil(Math.min(small || narrow() ? 96 : 150, Math.max(30, ...full.map((x) => textWidth(x) + 2)))) + 10;
      const names = full.map((x) => canvasLabel(x, categorical ? width - 10 : 200));
      const label = {
        ...axisLabel(), interval: categorical || !small ? 0 : "auto", hideOverlap: !categorical, formatter: (i) => names[Number(i)],
      };
      const category = { type: "category", data: bins.map((_, i) => i), axisTick: { show: false }, axisLine: { lineStyle: { color: color("line") } } };
      const splits = small ? 3 : 4;
      const tall = bins.length > 5 && !categorical;
      const category2 = categorical
        ? { ...category, inverse: true, axisLabel: label }
        : { ...category, axisLabel: { ...label, rotate: tall ? 45 : 0, interval: small ? Math.max(0, Math.ceil(bins.length / (narrow() ? 12 : 9)) - 1) : narrow() ? Math.max(0, Math.ceil(bins.length / 12) - 1) : 0 } };
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
            const between = (b.kind === "range" || b.kind === "under") && b.lower !== b.upper && b.lower !== null && b.upper !== null;
            const range = between ? `over ${number(b.lower)}, ${b.kind === "under" ? "under" : "up to"} ${number(b.upper)}` : this.binName(b);
            return tip(b.kind === "rest" ? `${b.label} more categories` : range, `this window ${percent(b.now)} (${number(b.rows)})`, `reference ${percent(b.was)}`);
          },
        },
        xAxis: categorical ? shares : category2,
        yAxis: categorical ? category2 : shares,
        series: [
          bar("reference", "was", { color: color("reference"), borderRadius: 1 }),
          bar("this window", "now", { color: echarts.color.modifyAlpha(color("current"), 0.42), borderColor: color("current"), borderWidth: 1.5, borderRadius: 1 }),
        ],
      };
    }

    histogramLabel(found, c, when) {
      const moved = [...found.bins].sort((a, b) => Math.abs(b.now - b.was) - Math.abs(a.now - a.was)).slice(0, 2);
      return `Histogram of ${this.name(c)}, ${when}, over the reference. Largest differences: `
        + moved.map((b) => `${this.binName(b)} ${percent(b.now)} against ${percent(b.was)}`).join("; ");
    }

    selected() {
      const slice = this.slice();
      if (!slice) return;
      const { column, window: w } = this.state;
      const when = span(slice.t0[w], slice.t1[w], this.period);
      const psi = this.cell(slice, column, w, "psi");
      const ks = this.cell(slice, column, w, "ks");
      const told = (label, x) => (x ? `${label} ${number(x.value)} (${x.beyond ? `noise ${number(x.noise)}` : `within its noise of ${number(x.noise)}`})` : `${label} not computed`);
      const facts = [this.columns[column][1], when, told("PSI", psi), ...(ks ? [told("KS", ks)] : []), `${plural(slice.n[w], "row")} against ${whole(slice.m)}`];
      this.slot("detail-facts").replaceChildren(...facts.map((x) => el("span", {}, x)));
      this.slot("trend-name").textContent = this.metricName();
      this.found = this.counts(slice, column, w);
      const note = this.slot("detail-note");
      note.hidden = !this.found.why;
      note.textContent = this.found.why || "";
      this.slot("detail-histogram").hidden = Boolean(this.found.why);
      this.slot("detail-histogram").setAttribute("aria-label", this.found.why || this.histogramLabel(this.found, column, when));
      renew(this.histogram);
      renew(this.trend);
      if (this.heat.chart && !this.heat.stale) this.frame();
      this.worstCards(slice);
    }

    drawDetail() {
      return this.found && !this.found.why ? this.histogramOption(this.found, this.state.column, false) : null;
    }

    drawTrend() {
      const slice = this.slice();
      if (!slice) return null;
      const { column: c, metric } = this.state;
      const values = [];
      const noise = [];
      slice.t0.forEach((t, w) => {
        const x = this.cell(slice, c, w, metric);
        const size = x ? (metric === "ratio" ? (x.noise ? x.value / x.noise : null) : x.value) : null;
        values.push([t, size, w]);
        noise.push([t, x ? (metric === "ratio" ? 1 : x.noise) : null]);
      });
      const levels = metric === "ratio" ? [] : this.levels().slice(0, 2);
      const top = Math.max(0, ...values.map((v) => v[1] || 0));
      const [name] = this.columns[c];
      const alerts = this.marks("drift", slice.k).filter((a) => a[2] === name && a[11] === this.state.baseline && (metric === "ks" ? a[1].startsWith("ks") : a[1] === "psi"));
      const box = this.slot("detail-trend");
      box.setAttribute("aria-label", `${this.metricName()} of ${this.name(c)} over ${plural(slice.t0.length, "window")}, highest ${number(top)}${alerts.length ? `, ${plural(alerts.length, "alert")} marked` : ""}.`);
      const from = slice.t0[0];
      const to = slice.t0[slice.t0.length - 1];
      return {
        grid: { left: 44, right: 54, top: 10, bottom: 26 },
        tooltip: {
          ...tooltip(), trigger: "axis", axisPointer: { type: "line", lineStyle: { color: color("axis") } },
          formatter: (list) => this.cellTip(slice, c, list[0].data[2] === undefined ? list[0].dataIndex : list[0].data[2]),
        },
        xAxis: this.timeAxisOption(from, to, box.clientWidth - 98),
        yAxis: valueAxis((x) => number(x), { min: 0, max: (e) => (levels.length && e.max > levels[0] * 0.5 && e.max < levels[1] ? levels[1] * 1.1 : null) }),
        series: [
          {
            type: "line", data: values, showSymbol: values.length < 3, symbolSize: 5, lineStyle: { color: color("current"), width: 2 }, itemStyle: { color: color("current") },
            markLine: {
              silent: true, symbol: "none", lineStyle: { type: "dotted", width: 1.5 },
              label: { position: "end", fontSize: 11.5, formatter: (p) => (p.dataIndex === 0 ? "warn" : "critical") },
              data: levels.map((x, i) => ({ yAxis: x, lineStyle: { color: color(i ? "mark-critical" : "mark-warn") }, label: { color: color(i ? "critical" : "warn") } })),
            },
            markArea: this.areas(alerts, slice.t1),
          },
          { type: "line", data: noise, showSymbol: false, silent: true, lineStyle: { color: color("noise"), width: 1.5, type: "dashed" } },
          {
            type: "line", data: [], silent: true,
            markLine: { silent: true, symbol: "none", label: { show: false }, lineStyle: { color: color("ink"), width: 1, type: "solid" }, data: [{ xAxis: slice.t0[this.state.window] }] },
          },
        ],
      };
    }

    timeAxisOption(from, to, plot) {
      const marks = ticks(from, to, plot);
      const text = new Map(marks);
      const pad = from === to ? 720 : 0;
      return {
        type: "value", min: from - pad, max: to + pad, splitLine: { show: false }, axisLine: { show: true, onZero: false, lineStyle: { color: color("line") } },
        axisTick: { show: true, customValues: marks.map(([t]) => t), lineStyle: { color: color("line") } },
        axisLabel: { ...axisLabel(), customValues: marks.map(([t]) => t), formatter: (t) => text.get(t) || "" },
      };
    }

    /** Alerts of a family in the grain of a slice. */
    marks(family, [version, segment, value, size]) {
      return this.m.alerts.filter((a) => a[0] === family && a[3] === version && a[4] === segment && a[5] === value && a[6] === size && a[7] !== null);
    }

    areas(alerts) {
      return {
        silent: true,
        data: alerts.map((a) => [
          { xAxis: a[7], itemStyle: { color: echarts.color.modifyAlpha(color(a[9] === "critical" ? "mark-critical" : "mark-warn"), 0.13) } },
          { xAxis: Math.max(a[8], a[7] + 1) },
        ]),
      };
    }

    worstCards(slice) {
      const box = this.slot("worst");
      const last = this.lastWindow(slice);
      const when = span(slice.t0[last], slice.t1[last], this.period);
      const list = this.order(slice, "latest", "psi").filter((c) => c !== this.state.column && this.cell(slice, c, last, "psi")).slice(0, 6);
      const id = key(slice.k, list);
      if (this.cardsOf === id) return;
      this.cardsOf = id;
      forget(box);
      box.replaceChildren();
      this.section.querySelector('[data-part="worst"]').hidden = !list.length;
      for (const c of list) {
        const found = this.counts(slice, c, last);
        const x = this.cell(slice, c, last, "psi");
        const button = el("button", { type: "button" }, this.name(c));
        button.addEventListener("click", () => {
          this.state.column = c;
          this.state.window = last;
          this.control("column").value = String(c);
          this.control("window").value = String(last);
          this.selected();
          this.section.querySelector('[data-part="detail"]').scrollIntoView({ block: "start" });
          this.control("column").focus({ preventScroll: true });
        });
        const facts = el("p", { class: "facts" }, el("span", {}, `PSI ${number(x.value)}`), el("span", {}, x.beyond ? `${number(x.value / (x.noise || 1e-4))}× its noise` : "within its noise"));
        const canvas = el("div", { class: "chart", role: "img", "aria-label": found.why || this.histogramLabel(found, c, when) });
        box.append(el("div", { class: "card" }, el("h4", {}, button), facts, found.why ? el("p", { class: "notice" }, found.why) : canvas));
        if (!found.why) chart(canvas, () => this.histogramOption(found, c, true));
      }
    }

    // -- business metrics ------------------------------------------------------------------------------------------
    businessCharts() {
      const box = this.slot("business");
      if (!box) return;
      const s = this.state;
      const all = this.m.business.filter((b) => b.k[1] === s.segment && b.k[2] === s.value && b.k[3] === s.size);
      forget(box);
      box.replaceChildren();
      const metrics = [...new Set(all.map((b) => b.metric))];
      for (const metric of metrics) {
        const main = all.find((b) => b.metric === metric && b.k[0] === s.version);
        const others = s.version === "all" ? all.filter((b) => b.metric === metric && b.k[0] !== "all") : [];
        if (!main && !others.length) continue;
        this.businessCard(box, metric, main || null, others);
      }
      if (!box.children.length) box.append(el("p", { class: "notice" }, "There is no complete window for this combination of version, segment and window."));
    }

    businessCard(box, metric, main, others) {
      const write = (x) => ((main || others[0]).share ? percent(x) : number(x));
      const last = main && main.y.length ? main.y[main.y.length - 1] : null;
      const canvas = el("div", { class: "chart", role: "img" });
      const keys = el("span", { class: "keys" });
      const lines = [...(main ? [[main, "current", main.k[0] === "all" ? "all versions" : named(main.k[0])]] : []),
        ...others.slice(0, 5).map((b, i) => [b, ["o2", "o3", "o4", "o5", "o6"][i], named(b.k[0])])];
      if (lines.length > 1) {
        for (const [, name, text] of lines) {
          const k = el("span", { class: "key" }, clip(text, 40));
          k.style.setProperty("--k", `var(--${name})`);
          k.classList.add("series");
          keys.append(k);
        }
      }
      const facts = el("p", { class: "facts" }, el("span", {}, main ? `${write(last)}, ${span(main.t0[main.t0.length - 1], main.t1[main.t1.length - 1], this.period)}` : ""));
      if (others.length > 5) facts.append(el("span", {}, `${others.length - 5} more versions in the drop-down`));
      const alerts = main ? this.marks("business", main.k).filter((a) => a[2] === metric || a[1] === metric) : [];
      const open = alerts.filter((a) => a[10] !== "resolved").length;
      canvas.setAttribute("aria-label", `${named(metric)} over time${main ? `, latest value ${write(last)}` : ""}${others.length ? `, by version: ${others.map((b) => `${named(b.k[0])} ${write(b.y[b.y.length - 1])}`).join(", ")}` : ""}. ${alerts.length ? `${plural(alerts.length, "alert")} marked, ${open} open.` : "No alert."}`);
      box.append(el("div", { class: "card" }, el("h4", {}, named(metric)), facts, keys, canvas));
      chart(canvas, () => this.businessOption(main, lines, alerts, write, canvas));
    }

    businessOption(main, lines, alerts, write, canvas) {
      const first = Math.min(...lines.map(([b]) => b.t0[0]));
      const to = Math.max(...lines.map(([b]) => b.t0[b.t0.length - 1]));
      const steps = lines[0][0].t0.slice(1).map((t, i) => t - lines[0][0].t0[i]).sort((a, b) => a - b);
      const step = steps.length ? steps[Math.floor(steps.length / 2)] : 0;
      const points = (b, values) => {
        // A missing window is a gap, not a line across it.
        const out = [];
        b.t0.forEach((t, i) => {
          if (i && step && t - b.t0[i - 1] > 1.6 * step) out.push([b.t0[i - 1] + step, null]);
          out.push([t, values[i]]);
        });
        return out;
      };
      const negative = lines.some(([b]) => b.y.some((y) => y !== null && y < 0));
      const series = [];
      if (main) {
        const edge = (side) => main.y.map((_, i) => (main.mean[i] === null || main.dev[i] === null ? null : main.mean[i] + side * 2 * main.dev[i]));
        series.push(...bandSeries(points(main, edge(-1)), points(main, edge(1)), color("noise"), 0.2));
        series.push({ type: "line", data: points(main, main.ref), showSymbol: false, silent: true, lineStyle: { color: color("noise"), width: 1.5, type: "dashed" } });
      }
      lines.slice().reverse().forEach(([b, name]) => series.push({
        type: "line", data: points(b, b.y), showSymbol: b.t0.length < 3, symbolSize: 5, z: b === main ? 4 : 3,
        lineStyle: { color: color(name), width: b === main ? 2 : 1.6 }, itemStyle: { color: color(name) }, markArea: b === main ? this.areas(alerts) : undefined,
      }));
      const hits = (severity) => (main ? main.t0.map((t, i) => [t, main.y[i]]).filter(([t, y]) => y !== null && alerts.some((a) => a[9] === severity && t >= a[7] && t <= a[8])) : []);
      for (const [severity, symbol] of [["warn", "circle"], ["critical", "triangle"]]) {
        series.push({ type: "scatter", data: hits(severity), symbol, symbolSize: severity === "critical" ? 8 : 6, z: 6, silent: true, itemStyle: { color: color(`mark-${severity}`), borderColor: color("card"), borderWidth: 1 } });
      }
      const index = new Map((main || lines[0][0]).t0.map((t, i) => [t, i]));
      return {
        grid: { left: 50, right: 12, top: 12, bottom: 26 },
        tooltip: {
          ...tooltip(), trigger: "axis", axisPointer: { type: "line", lineStyle: { color: color("axis") } },
          formatter: (list) => {
            const t = list[0].axisValue;
            const i = index.get(t);
            const b = main || lines[0][0];
            const when = i === undefined ? day(at(t)) : span(b.t0[i], b.t1[i], this.period);
            const rows = lines.map(([x, , text]) => {
              const j = x.t0.indexOf(t);
              return j < 0 ? "" : `${lines.length > 1 ? `${text}: ` : ""}${write(x.y[j])} (${plural(x.n[j], "row")})`;
            });
            const usual = main && i !== undefined && main.mean[i] !== null ? `usual ${write(main.mean[i])} ± ${write(2 * (main.dev[i] || 0))}` : "";
            const hit = alerts.find((a) => t >= a[7] && t <= a[8]);
            return tip(when, ...rows, usual, main && i !== undefined && main.ref[i] !== null ? `reference ${write(main.ref[i])}` : "", hit ? `${hit[9] === "critical" ? "critical alert" : "warning"} (${hit[10]})` : "");
          },
        },
        xAxis: this.timeAxisOption(first, to, canvas.clientWidth - 62),
        yAxis: valueAxis((x) => write(x), { scale: true, min: (e) => (negative || e.min >= 0 ? null : 0) }),
        series,
      };
    }

    // -- data quality ----------------------------------------------------------------------------------------------
    qualityTable(all = false) {
      const box = this.slot("quality");
      if (!box) return;
      const s = this.state;
      const group = this.m.quality.find((q) => JSON.stringify(q.k) === key(s.version, s.segment, s.value, s.size));
      const more = this.slot("quality-more");
      const hint = this.slot("quality-hint");
      more.hidden = true;
      if (!group) {
        hint.textContent = "";
        box.replaceChildren(el("p", { class: "notice" }, "The quality of this combination of version, segment and window is not part of the page."));
        return;
      }
      const alerts = this.m.alerts.filter((a) => a[0] === "quality" && a[10] !== "resolved" && a[3] === s.version && a[4] === s.segment && a[5] === s.value && a[6] === s.size);
      const flag = (name, metric) => alerts.filter((a) => a[2] === name && a[1] === metric).map((a) => a[9]).sort()[0] || null;
      const used = RATES.map((_, i) => i).filter((i) => group.rows.some((r) => r[3][i] || r[4][i]));
      const unused = RATES.filter((_, i) => !used.includes(i) && group.rows.some((r) => r[3][i] !== null));
      const ranges = [0, 1, 2].filter((i) => group.rows.some((r) => r[5][i] !== null));
      const score = (r) => used.reduce((x, i) => Math.max(x, flag(r[0], RATE_METRICS[i]) ? 10 : 0, Math.abs((r[3][i] || 0) - (r[4][i] || 0))), 0);
      const rows = [...group.rows].sort((a, b) => score(b) - score(a) || (a[0] < b[0] ? -1 : 1));
      hint.textContent = `${span(group.t0, group.t1, this.period)}: share of rows, in grey the reference's where it differs.${unused.length ? ` In no column: ${unused.join(", ")}.` : ""}${alerts.length ? " Alerts are marked." : ""}`;
      const head = el("tr", {}, el("th", { scope: "col" }, "Column"), el("th", { scope: "col", class: "num" }, "Rows"),
        ...used.map((i) => el("th", { scope: "col", class: "num" }, RATES[i][0].toUpperCase() + RATES[i].slice(1))),
        ...ranges.map((i) => el("th", { scope: "col", class: "num" }, ["Minimum", "Mean", "Maximum"][i])));
      const body = el("tbody");
      for (const r of all ? rows : rows.slice(0, 12)) {
        const line = el("tr", {}, el("th", { scope: "row", title: r[0] }, named(r[0])), el("td", { class: "num" }, whole(r[2])));
        for (const i of used) {
          const severity = flag(r[0], RATE_METRICS[i]);
          const cell = el("td", { class: `num${severity ? ` flag ${severity}` : ""}` }, percent(r[3][i]));
          if (r[3][i] !== null && r[4][i] !== null && percent(r[4][i]) !== percent(r[3][i])) cell.append(el("span", { class: "was" }, percent(r[4][i])));
          if (severity) cell.append(el("span", { class: "was" }, severity === "critical" ? "critical" : "warning"));
          line.append(cell);
        }
        for (const i of ranges) line.append(el("td", { class: "num" }, number(r[5][i])));
        body.append(line);
      }
      box.replaceChildren(el("table", {}, el("thead", {}, head), body));
      if (!all && rows.length > 12) {
        more.hidden = false;
        more.textContent = `Show all ${rows.length} columns`;
        more.onclick = () => this.qualityTable(true);
      }
    }
  }

  // ---- light and dark ----------------------------------------------------------------------------------------------
  const monitors = [];
  const repaint = () => {
    for (const monitor of monitors) if (monitor.heat && monitor.slice()) monitor.legend();
    for (const item of charts.values()) if (item.chart) renew(item);
  };
  const button = document.getElementById("theme");
  const NAMES = { auto: "automatic", light: "light", dark: "dark" };
  const remembered = () => { try { return localStorage.getItem("driftline-theme"); } catch { return null; } };
  const setTheme = (theme) => {
    root.dataset.theme = NAMES[theme] ? theme : "auto";
    document.getElementById("theme-text").textContent = `Theme: ${NAMES[root.dataset.theme]}`;
    try { localStorage.setItem("driftline-theme", root.dataset.theme); } catch { /* a file may not be allowed to store */ }
    repaint();
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const order = dark ? ["auto", "light", "dark"] : ["auto", "dark", "light"];
    setTheme(order[(order.indexOf(root.dataset.theme) + 1) % 3]);
  });
  setTheme(remembered() || "auto");
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);

  for (const section of document.querySelectorAll(".monitor[data-monitor]")) {
    const payload = data.monitors[Number(section.dataset.monitor)];
    if (section.querySelector("form.controls")) monitors.push(new Monitor(section, payload));
  }
  globalThis.driftline = Object.freeze({ number, percent, span });
  root.dataset.ready = "yes";
})();
