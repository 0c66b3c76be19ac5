"use strict";
/** Measures that have left what their own past lets expect: charts of the clearest, the others in a table. */
driftline.section("changes", (tools) => {
  const {
    Component, el, tip, color, chart, forget, momentTip, axes, points, step, bandSeries, faded, plainLine, table, numbersOf, facts,
    number, percent, plural, clip, named, known, inPoints, moment, when, GRAIN, stamp,
  } = tools;

  const edge = (c, side) => c.x.map((x, i) => (known(x) && known(c.s[i]) ? x + side * 2 * c.s[i] : null));

  /** A change `c`: its values, what was expected, and the stretch since it began. */
  const option = ({ c, write, period, width }) => ({
    ...axes(width, [c], write),
    tooltip: momentTip((list) => {
      const i = c.t0.indexOf(list[0].axisValue);
      return i < 0 ? null : tip(when(c, i, period), write(c.y[i]), known(c.x[i]) ? `expected ${write(c.x[i])}${known(c.s[i]) ? ` ± ${write(2 * c.s[i])}` : ""}` : "nothing to expect yet", known(c.c[i]) ? `CUSUM ${number(c.c[i])}, limit ${number(c.limit)}` : "");
    }),
    series: [
      ...bandSeries(points(c, edge(c, -1)), points(c, edge(c, 1)), color("noise"), 0.2),
      { type: "line", data: points(c, c.x), showSymbol: false, silent: true, z: 3, lineStyle: { color: color("noise"), width: 1.5, type: "dashed" } },
      plainLine(c, c.y, {
        markArea: { silent: true, itemStyle: { color: faded(color("mark-warn"), 0.13) }, data: [[{ xAxis: c.since }, { xAxis: c.t0[c.t0.length - 1] + step(c) / 2 }]] },
      }),
    ],
  });

  class Changes extends Component {
    show() {
      const s = this.chosen;
      const here = this.m.changes.filter((c) => c.k[0] === s.version && c.k[1] === s.segment && c.k[2] === s.value);
      const note = this.slot("changes-note");
      note.hidden = here.length > 0;
      note.textContent = "No change was found in this version and segment.";
      const box = this.slot("changes");
      forget(box);
      box.replaceChildren();
      this.slot("changes-keys").hidden = !here.length;
      for (const c of here.filter((x) => x.t0)) this.card(box, c);
      const rest = here.filter((x) => !x.t0);
      const more = this.slot("changes-more");
      more.hidden = !rest.length;
      if (!rest.length) return;
      more.querySelector("summary").textContent = `${plural(rest.length, "more change")}`;
      numbersOf(more, () => table(
        [{ text: "Measure" }, { text: "Since" }, { text: "Expected", num: 1 }, { text: "Is", num: 1 }, { text: "" }],
        rest.map((c) => [named(c.name), moment(c.since, this.period), this.writes(c)(c.before), this.writes(c)(c.after), c.up ? "higher" : "lower"]),
      ));
    }

    writes(c) { return c.share || (c.family === "business" && this.isShare(c.metric)) ? percent : number; }

    card(box, c) {
      const write = this.writes(c);
      const apart = write === percent ? inPoints : number;
      const told = [`${c.up ? "higher" : "lower"} since ${moment(c.since, this.period)}`];
      if (known(c.before) && known(c.after)) told.push(`${write(c.after)} on average, ${write(c.before)} was to be expected`);
      if (known(c.trend) && known(c.p) && c.p < 0.001) told.push(`${c.trend > 0 ? "rising" : "falling"} by ${apart(Math.abs(c.trend))} per ${this.period} of late`);
      const canvas = el("div", { class: "chart", role: "img", "aria-label": `${named(c.name)} over ${plural(c.t0.length, "window")} and what was to be expected. ${told.join(", ")}.` });
      box.append(el("div", { class: "card" }, el("h4", {}, clip(named(c.name), 80)), el("p", { class: "facts" }, ...facts(told)), canvas));
      chart(canvas, () => option({ c, write, period: this.period, width: canvas.clientWidth }));
    }
  }

  const tables = (data) => [
    {
      name: "changes", head: [...GRAIN, "family", "metric", "column_name", "change_start", "level_before", "level_after", "trend", "trend_p_value", "cusum_limit"],
      rows: data.changes.map((c) => [...c.k, c.family, c.metric, c.column, stamp(c.since), c.before, c.after, c.trend, c.p, c.limit]),
    },
    {
      name: "over time", head: [...GRAIN, "family", "metric", "column_name", "window_start", "window_end", "value", "expected", "scale"],
      rows: data.changes.flatMap((c) => (c.t0 || []).map((t, i) => [...c.k, c.family, c.metric, c.column, stamp(t), stamp(c.t1[i]), c.y[i], c.x[i], c.s[i]])),
    },
  ];

  return { mount: (...given) => new Changes(...given), option, tables };
});
