"use strict";
/** Quality of the data in the latest window, column by column. */
driftline.section("quality", (tools) => {
  const { Component, el, key, named, number, percent, span, whole, GRAIN, stamp } = tools;
  const RATES = ["missing", "NaN", "infinite", "unseen", "out of range"];
  const RATE_METRICS = ["null_rate", "nan_rate", "infinite_rate", "unseen_rate", "out_of_range_rate"];

  class Quality extends Component {
    show(all = false) {
      const box = this.slot("quality");
      const s = this.chosen;
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
        more.onclick = () => this.show(true);
      }
    }
  }

  const tables = (data) => [{
    name: "columns",
    head: [...GRAIN, "window_start", "window_end", "column_name", "row_count", ...RATE_METRICS, ...RATE_METRICS.filter((x) => x !== "unseen_rate").map((x) => `reference_${x}`),
      "minimum", "mean", "maximum"],
    // Unseen values are those that the reference does not have.
    rows: data.quality.flatMap((g) => g.rows.map(([name, , n, rates, was, range]) => [
      ...g.k, stamp(g.t0), stamp(g.t1), name, n, ...rates, ...was.filter((_, i) => RATE_METRICS[i] !== "unseen_rate"), ...range,
    ])),
  }];

  return { grains: (data) => (data.quality || []).map((q) => q.k), mount: (...given) => new Quality(...given), tables };
});
