"use strict";
/** The metrics of the business over time, each with what is usual and what the reference had. */
driftline.section("business", (tools) => {
  const {
    Component, el, tip, color, chart, forget, valueAxis, momentTip, timeAxisOption, points, bandSeries, areas, hits, number, percent, plural, at, day, span, clip, named,
    when, severity, GRAIN, stamp,
  } = tools;

  /** `lines` as [series, colour, text], the first of them `main` where there is one, and the alerts about that. */
  const option = ({ main, lines, alerts, write, period, width }) => {
    const first = Math.min(...lines.map(([b]) => b.t0[0]));
    const to = Math.max(...lines.map(([b]) => b.t0[b.t0.length - 1]));
    const negative = lines.some(([b]) => b.y.some((y) => y !== null && y < 0));
    const series = [];
    if (main) {
      const edge = (side) => main.y.map((_, i) => (main.mean[i] === null || main.dev[i] === null ? null : main.mean[i] + side * 2 * main.dev[i]));
      series.push(...bandSeries(points(main, edge(-1)), points(main, edge(1)), color("noise"), 0.2));
      series.push({ type: "line", data: points(main, main.ref), showSymbol: false, silent: true, lineStyle: { color: color("noise"), width: 1.5, type: "dashed" } });
    }
    lines.slice().reverse().forEach(([b, name]) => series.push({
      type: "line", data: points(b, b.y), showSymbol: b.t0.length < 3, symbolSize: 5, z: b === main ? 4 : 3,
      lineStyle: { color: color(name), width: b === main ? 2 : 1.6 }, itemStyle: { color: color(name) }, markArea: b === main ? areas(alerts) : undefined,
    }));
    if (main) series.push(...hits(alerts, main, main.y).map((x) => ({ ...x, z: 6 })));
    const index = new Map((main || lines[0][0]).t0.map((t, i) => [t, i]));
    return {
      grid: { left: 50, right: 12, top: 12, bottom: 26 },
      tooltip: momentTip((list) => {
        const t = list[0].axisValue;
        const i = index.get(t);
        const b = main || lines[0][0];
        const told = i === undefined ? day(at(t)) : when(b, i, period);
        const rows = lines.map(([x, , text]) => {
          const j = x.t0.indexOf(t);
          return j < 0 ? "" : `${lines.length > 1 ? `${text}: ` : ""}${write(x.y[j])} (${plural(x.n[j], "row")})`;
        });
        const usual = main && i !== undefined && main.mean[i] !== null ? `usual ${write(main.mean[i])} ± ${write(2 * (main.dev[i] || 0))}` : "";
        const hit = alerts.find((a) => t >= a[7] && t <= a[8]);
        return tip(told, ...rows, usual, main && i !== undefined && main.ref[i] !== null ? `reference ${write(main.ref[i])}` : "", hit ? `${severity(hit)} (${hit[10]})` : "");
      }),
      xAxis: timeAxisOption(first, to, width - 62),
      yAxis: valueAxis((x) => write(x), { scale: true, min: (e) => (negative || e.min >= 0 ? null : 0) }),
      series,
    };
  };

  class Business extends Component {
    show() {
      const box = this.slot("business");
      const s = this.chosen;
      const all = this.m.business.filter((b) => b.k[1] === s.segment && b.k[2] === s.value && b.k[3] === s.size);
      forget(box);
      box.replaceChildren();
      const metrics = [...new Set(all.map((b) => b.metric))];
      for (const metric of metrics) {
        const main = all.find((b) => b.metric === metric && b.k[0] === s.version);
        const others = s.version === "all" ? all.filter((b) => b.metric === metric && b.k[0] !== "all") : [];
        if (!main && !others.length) continue;
        this.card(box, metric, main || null, others);
      }
      if (!box.children.length) box.append(el("p", { class: "notice" }, "There is no complete window for this combination of version, segment and window."));
    }

    card(box, metric, main, others) {
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
      const alerts = main ? this.monitor.marks("business", main.k).filter((a) => a[2] === metric || a[1] === metric) : [];
      const open = alerts.filter((a) => a[10] !== "resolved").length;
      canvas.setAttribute("aria-label", `${named(metric)} over time${main ? `, latest value ${write(last)}` : ""}${others.length ? `, by version: ${others.map((b) => `${named(b.k[0])} ${write(b.y[b.y.length - 1])}`).join(", ")}` : ""}. ${alerts.length ? `${plural(alerts.length, "alert")} marked, ${open} open.` : "No alert."}`);
      box.append(el("div", { class: "card" }, el("h4", {}, named(metric)), facts, keys, canvas));
      chart(canvas, () => option({ main, lines, alerts, write, period: this.period, width: canvas.clientWidth }));
    }
  }

  const tables = (data) => [{
    name: "values", head: [...GRAIN, "metric", "window_start", "window_end", "row_count", "value", "reference_value", "trailing_mean", "trailing_stddev"],
    rows: data.business.flatMap((b) => b.t0.map((t, i) => [...b.k, b.metric, stamp(t), stamp(b.t1[i]), b.n[i], b.y[i], b.ref[i], b.mean[i], b.dev[i]])),
  }];

  return { grains: (data) => (data.business || []).map((b) => b.k), mount: (...given) => new Business(...given), option, tables };
});
