"use strict";
/** Drift of each column in each window, as a heat map. */
driftline.section("heat", (tools) => {
  const {
    Component, BASELINES, el, fill, color, chart, renew, tooltip, axisLabel, ticks, textWidth, canvasLabel, narrow, number, plural, span, GRAIN, SCALE, stamp, known,
  } = tools;

  /** Labels at the windows in which a round date falls. */
  const windowTicks = (starts, plot) => {
    const out = new Map();
    if (!starts.length) return out;
    let i = 0;
    const end = starts[starts.length - 1];
    for (const [t, text] of ticks(starts[0], end, plot)) {
      while (i < starts.length - 1 && starts[i] < t) i += 1;
      if (!out.has(i)) out.set(i, text);
    }
    return out;
  };

  /** `names` from the top, `cells` as [window, name, colour], `starts` of the windows, the width there is. */
  const option = ({ names, cells, starts, width, slim, tipOf }) => {
    const left = Math.ceil(Math.min(slim ? 104 : 190, Math.max(40, ...names.map((x) => textWidth(x) + 4)))) + 12;
    const labels = names.map((x) => canvasLabel(x, left - 12));
    const plot = width - left - 12;
    const marks = windowTicks(starts, plot);
    const gap = plot / starts.length > 7 ? 1 : 0;
    return {
      grid: { left, right: 12, top: 4, bottom: 28 },
      tooltip: { ...tooltip(), formatter: (p) => (p.seriesType === "heatmap" ? tipOf(p.value[1], p.value[0]) : null) },
      xAxis: {
        type: "category", data: starts.map((_, i) => i), axisLine: { show: false }, axisTick: { show: false }, splitArea: { show: false },
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
  };

  class Heat extends Component {
    constructor(...given) {
      super(...given);
      this.grid = this.monitor.grid;
      this.dropped = new Set((this.m.dropped || []).map((k) => JSON.stringify(k)));
      Object.assign(this.chosen, { metric: "psi", rows: "25", order: "latest", span: "", column: 0, window: 0 });
      for (const name of ["rows", "order", "span"]) this.control(name, (value) => { this.chosen[name] = value; this.changed(); });
      this.control("metric", (value) => { this.chosen.metric = value; this.changed(); this.monitor.tell("cell"); });
      if (!this.grid.all.some((s) => s.ks.some((x) => x !== null))) [...this.control("metric").options].find((o) => o.value === "ks").remove();
      this.chart = chart(this.slot("heat"), () => this.draw(), (c) => this.events(c));
      this.chart.onDrawn = () => this.frame();
      this.slot("heat-box").addEventListener("keydown", (e) => this.key(e));
      this.monitor.on("baseline", () => this.show());
      this.monitor.on("cell", () => { if (this.chart.chart && !this.chart.stale) this.frame(); });
      this.monitor.on("theme", () => { if (this.grid.slice()) this.legend(); });
    }

    /** Another slice: its worst column in its latest window is selected. */
    show() {
      const slice = this.grid.slice();
      const note = this.slot("heat-note");
      note.hidden = Boolean(slice);
      this.slot("heat").hidden = !slice;
      this.slot("heat-mark").hidden = true;
      this.slot("legend").hidden = !slice;
      if (!slice) {
        note.textContent = this.dropped.has(this.grid.key)
          ? "This combination was left out to keep the page small; it is in driftline_drift."
          : this.grid.slices.has(this.grid.key) ? "No distance could be computed here; the reasons are listed below."
          : "There is no complete window for this combination of version, segment, window and baseline.";
        return;
      }
      const total = this.grid.columns.length;
      const rows = total > 25 ? [["25", "first 25"], ...(total > 60 ? [["60", "first 60"]] : []), ["all", `all ${total}`]] : [["all", `all ${total}`]];
      if (!rows.some(([v]) => v === this.chosen.rows)) this.chosen.rows = rows[0][0];
      fill(this.control("rows"), rows, this.chosen.rows);
      const width = slice.t0.length;
      const fits = Math.floor((this.monitor.section.clientWidth - (narrow() ? 130 : 220)) / (narrow() ? 4 : 2));
      const spans = [365, 180, 90, 60, 30].filter((x) => x < width);
      this.chosen.span = width <= fits ? "all" : String(spans.find((x) => x <= fits) || 30);
      fill(this.control("span"), [["all", `all ${width} windows`], ...spans.map((x) => [String(x), `last ${x}`])], this.chosen.span);
      this.chosen.window = this.grid.lastWindow(slice);
      [this.chosen.column] = this.grid.order(slice, "latest", "psi");
      this.changed();
    }

    changed() {
      const slice = this.grid.slice();
      if (!slice) return;
      const order = this.grid.order(slice);
      this.shown = this.chosen.rows === "all" ? order : order.slice(0, Number(this.chosen.rows));
      this.from = this.chosen.span === "all" ? 0 : Math.max(0, slice.t0.length - Number(this.chosen.span));
      const row = this.shown.length > 60 ? 15 : 20;
      this.slot("heat").style.height = `${Math.max(90, this.shown.length * row + 34)}px`;
      this.legend();
      const worst = this.shown[0];
      const x = worst === undefined ? null : this.grid.cell(slice, worst, this.grid.lastWindow(slice));
      this.slot("heat").setAttribute("aria-label",
        `Heat map of ${this.grid.metricName()} against ${BASELINES[this.chosen.baseline] || this.chosen.baseline}: ${plural(this.shown.length, "column")} over ${plural(slice.t0.length - this.from, "window")}.`
        + (x ? ` First row: ${this.grid.name(worst)}, ${number(x.value)} in the latest window.` : "") + " The values can be read below by column and window.");
      renew(this.chart);
    }

    legend() {
      const metric = this.chosen.metric;
      const levels = this.grid.levels();
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

    draw() {
      const slice = this.grid.slice();
      if (!slice) return null;
      const { metric } = this.chosen;
      const levels = this.grid.levels();
      this.width = slice.t0.length - this.from;
      const cells = [];
      this.shown.forEach((c, y) => {
        for (let x = 0; x < this.width; x += 1) {
          const v = this.grid.cell(slice, c, x + this.from, metric);
          if (v) cells.push([x, y, this.grid.shade(v, levels, metric)]);
        }
      });
      return option({
        names: this.shown.map((c) => this.grid.name(c)), cells, starts: slice.t0.slice(this.from), width: this.slot("heat").clientWidth, slim: narrow(),
        tipOf: (y, x) => this.grid.cellTip(slice, this.shown[y], x + this.from),
      });
    }

    /** Frame the selected cell: an element over the canvas, so that a selection does not draw thousands of cells again. */
    frame() {
      const mark = this.slot("heat-mark");
      const y = this.shown.indexOf(this.chosen.column);
      const x = this.chosen.window - this.from;
      mark.hidden = !this.chart.chart || y < 0 || x < 0;
      if (mark.hidden) return;
      const at = (i, j) => this.chart.chart.convertToPixel({ gridIndex: 0 }, [i, j]);
      const [left, top] = at(x, y);
      const [first] = at(0, 0);
      const [last, bottom] = at(this.width - 1, this.shown.length - 1);
      const wide = Math.max(5, this.width > 1 ? (last - first) / (this.width - 1) : 24);
      const high = this.shown.length > 1 ? (bottom - at(0, 0)[1]) / (this.shown.length - 1) : 20;
      Object.assign(mark.style, { left: `${left - wide / 2 - 1}px`, top: `${top - high / 2 - 1}px`, width: `${wide + 2}px`, height: `${high + 2}px` });
    }

    /** A cell chosen by keyboard; what is chosen is said aloud. */
    key(e) {
      const slice = this.grid.slice();
      if (!slice || e.altKey || e.ctrlKey || e.metaKey || !this.shown.length) return;
      if (e.key === "Enter") {
        this.control("column").focus();
        return;
      }
      const last = slice.t0.length - 1;
      const move = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0], Home: [0, -last], End: [0, last], PageUp: [-10, 0], PageDown: [10, 0] }[e.key];
      if (!move) return;
      e.preventDefault();
      const within = (x, from, to) => Math.min(to, Math.max(from, x));
      const row = within(Math.max(0, this.shown.indexOf(this.chosen.column)) + move[0], 0, this.shown.length - 1);
      this.chosen.column = this.shown[row];
      this.chosen.window = within(Math.max(this.from, this.chosen.window) + move[1], this.from, last);
      this.monitor.tell("cell");
      const { column: c, window: w } = this.chosen;
      const x = this.grid.cell(slice, c, w);
      const told = x ? `${this.grid.metricName()} ${number(x.value)}, ${x.beyond ? "beyond" : "within"} its noise of ${number(x.noise)}` : "not computed";
      this.slot("heat-told").textContent = `${this.grid.name(c)}, ${span(slice.t0[w], slice.t1[w], this.m.period)}: ${told}`;
      if (!this.slot("heat-mark").hidden) this.slot("heat-mark").scrollIntoView({ block: "nearest" });
    }

    events(c) {
      c.on("click", (p) => {
        if (p.seriesType !== "heatmap") return;
        this.chosen.column = this.shown[p.value[1]];
        this.chosen.window = p.value[0] + this.from;
        this.monitor.tell("cell");
      });
      const done = () => {
        const { dataset } = document.documentElement;
        if (!dataset.firstHeatMap) {
          dataset.firstHeatMap = String(Math.round(performance.now()));
          performance.mark("driftline-first-heat-map");
        }
        c.off("finished", done);
      };
      c.on("finished", done);
    }
  }

  const tables = (data) => {
    const cells = ({ k, t0, t1, n, ...s }) => data.columns.flatMap((column, c) => t0.flatMap((t, w) => {
      const [psi, noise, ks, ksNoise] = ["psi", "pn", "ks", "kn"].map((name) => s[name][c * t0.length + w]).map((x) => (known(x) ? x / SCALE : null));
      return known(psi) || known(ks) ? [[...k, ...column, stamp(t), stamp(t1[w]), n[w], psi, noise, ks, ksNoise]] : [];
    }));
    return [{
      name: "distances",
      head: [...GRAIN, "baseline", "column_name", "column_role", "column_kind", "window_start", "window_end", "row_count", "psi", "psi_noise", "ks_lower", "ks_noise"],
      rows: data.slices.flatMap(cells),
    }];
  };

  return { grains: (data) => data.slices.map((s) => s.k), mount: (...given) => new Heat(...given), option, tables };
});
