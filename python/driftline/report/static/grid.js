"use strict";
/** Columns and windows that drift is shown of: what the heat map and the detail of a column both look at. */
{
  const { key, named, plural, number, span, tip } = driftline.tools;
  const SCALE = 10000;
  const BASELINES = { reference: "the reference", previous: "the window before", trailing: "the trailing windows", seasonal: "the same season earlier" };

  class Grid {
    constructor(payload, chosen) {
      this.chosen = chosen;
      this.period = payload.period;
      this.columns = payload.columns;
      this.thresholds = payload.thresholds;
      this.all = payload.slices;
      this.slices = new Map(payload.slices.map((s) => [JSON.stringify(s.k), s]));
      for (const s of payload.slices) s.filled = s.psi.some((x) => x !== null);
    }

    get key() {
      const s = this.chosen;
      return key(s.version, s.segment, s.value, s.size, s.baseline);
    }

    slice() {
      const slice = this.slices.get(this.key);
      return slice && slice.filled ? slice : null;
    }

    name(c) {
      const [name, role] = this.columns[c];
      const twice = this.columns.filter(([n]) => n === name).length > 1;
      return named(name) + (twice ? ` (${role})` : "");
    }

    metricName() { return { psi: "PSI", ks: "KS", ratio: "PSI over its noise" }[this.chosen.metric]; }

    lastWindow(slice) {
      for (let i = slice.n.length - 1; i >= 0; i -= 1) if (slice.n[i]) return i;
      return slice.n.length - 1;
    }

    cell(slice, c, w, metric = this.chosen.metric) {
      const i = c * slice.t0.length + w;
      const by = metric === "ks" ? "ks" : "psi";
      const value = slice[by][i];
      if (value === null) return null;
      const noise = slice[by === "ks" ? "kn" : "pn"][i] || 0;
      return { value: value / SCALE, noise: noise / SCALE, beyond: value > noise };
    }

    /** Columns in order: those beyond their noise first, then by size. */
    order(slice, how = this.chosen.order, metric = this.chosen.metric) {
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

    levels(metric = this.chosen.metric) {
      if (metric === "ratio") return [2, 5, 10, 20];
      const [warn, critical] = this.thresholds[metric];
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

    cellTip(slice, c, w) {
      const line = (label, x) => x && `${label} ${number(x.value)}, noise ${number(x.noise)}${x.beyond ? "" : " (within)"}`;
      return tip(
        this.name(c), span(slice.t0[w], slice.t1[w], this.period), line("PSI", this.cell(slice, c, w, "psi")), line("KS", this.cell(slice, c, w, "ks")),
        plural(slice.n[w], "row"),
      );
    }
  }

  Object.assign(driftline.tools, { Grid, SCALE, BASELINES });
}
