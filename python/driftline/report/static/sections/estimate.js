"use strict";
/** The estimates without labels beside what the labels said later, for the measure chosen under performance. */
driftline.section("estimate", (tools) => {
  const {
    Component, color, tip, chart, renew, momentTip, axes, points, bandSeries, areas, plainLine, levelLine, table, numbersOf, keyOf, facts, plural, lastWhere, each, known, when, severity,
    value, interval, GRAIN, stamp,
  } = tools;

  /** `errors` of the estimates of a series `s`, and the windows in which the truth was `missed`. */
  const option = ({ g, s, errors, missed, alerts, write, apart, period, width }) => {
    // The truth is in the interval where the error is between what the estimate is above its ends.
    const side = (bound) => errors.map((e, i) => (known(e) && known(bound[i]) ? s.e[i] - bound[i] : null));
    const index = new Map(g.t0.map((t, i) => [t, i]));
    const last = lastWhere(errors, known);
    const cut = { t0: g.t0.slice(0, last + 1), m: g.m };
    return {
      ...axes(width, [cut], (x) => apart(x).replace(" points", ""), { scale: false }),
      tooltip: momentTip((list) => {
        const i = index.get(list[0].axisValue);
        if (i === undefined || !known(errors[i])) return null;
        return tip(when(g, i, period), `off by ${apart(errors[i])}`, `estimated ${interval(s, i, write)}`, `from the labels ${value(s, i, write)}`, missed.has(i) ? "outside the interval" : "", ...alerts.filter((a) => g.t0[i] >= a[7] && g.t0[i] <= a[8]).map((a) => `${severity(a)} (${a[10]})`));
      }),
      series: [
        ...bandSeries(points(cut, side(s.eh).slice(0, last + 1)), points(cut, side(s.el).slice(0, last + 1)), color("o4"), 0.2),
        plainLine(cut, errors.slice(0, last + 1), {
          showSymbol: errors.filter(known).length < 3, markArea: areas(alerts), markLine: levelLine(0, "axis", { width: 1, type: "solid" }),
        }),
        { type: "scatter", silent: true, symbolSize: 6, z: 6, itemStyle: { color: color("mark-critical") }, data: [...missed].map((i) => [g.t0[i], errors[i]]) },
      ],
    };
  };

  class Estimate extends Component {
    constructor(...given) {
      super(...given);
      this.chart = chart(this.slot("estimate"), () => this.draw());
      this.monitor.on("measure", () => this.show());
    }

    show() {
      this.errors = null;
      const { g, s, title } = this.monitor.measure || {};
      const both = s && s.e ? g.t0.map((_, i) => i).filter((i) => g.m[i] && known(s.y[i]) && known(s.e[i])) : [];
      this.box.hidden = !both.length;
      if (!both.length) return;
      const write = this.write(this.chosen.measure);
      const apart = this.difference(this.chosen.measure);
      this.errors = s.y.map((y, i) => (g.m[i] && known(y) && known(s.e[i]) ? s.e[i] - y : null));
      // The truth may lie between bounds: only what is beyond them is a miss.
      const ranged = both.filter((i) => known(s.el[i]) && known(s.eh[i]));
      this.missed = new Set(ranged.filter((i) => each(s.lo || s.y, i) > s.eh[i] || each(s.hi || s.y, i) < s.el[i]));
      const mean = (list) => list.reduce((a, b) => a + b, 0) / list.length;
      const off = both.map((i) => this.errors[i]);
      const bias = mean(off);
      const told = [
        `${title}: off by ${apart(mean(off.map(Math.abs)))} on average over ${plural(both.length, "window")} with final labels`,
        `${apart(Math.abs(bias))} too ${bias < 0 ? "low" : "high"} on the whole`,
        ...(ranged.length ? [`the truth was within the interval in ${ranged.length - this.missed.size} of ${ranged.length}`] : []),
      ];
      this.slot("estimate-facts").replaceChildren(...facts(told));
      this.slot("estimate-keys").replaceChildren(
        keyOf("series", "estimate less truth", "current"), keyOf("band", "the interval around the estimate", "o4"), ...(this.missed.size ? [keyOf("missed", "truth outside the interval", "mark-critical")] : []),
      );
      this.slot("estimate").setAttribute("aria-label", `Error of the estimate over time. ${told.join("; ")}.`);
      numbersOf(this.slot("estimate-numbers"), () => table(
        [{ text: "Window" }, { text: "Estimated", num: 1 }, { text: "From the labels", num: 1 }, { text: "Error", num: 1 }, { text: "Truth within the interval" }],
        both.slice().reverse().map((i) => [when(g, i, this.period), interval(s, i, write), value(s, i, write), apart(this.errors[i]), ranged.includes(i) ? (this.missed.has(i) ? "no" : "yes") : "–"]),
      ));
      renew(this.chart);
    }

    draw() {
      if (!this.errors) return null;
      const { g, s } = this.monitor.measure;
      return option({
        g, s, errors: this.errors, missed: this.missed, alerts: this.alertsOf("estimate_error", g), write: this.write(this.chosen.measure),
        apart: this.difference(this.chosen.measure), period: this.period, width: this.slot("estimate").clientWidth,
      });
    }
  }

  /** Windows of which both are known. */
  const tables = (data) => [{
    name: "estimates",
    head: [...GRAIN, "metric", "class_name", "window_start", "window_end", "is_mature", "estimated_value", "estimated_lower", "estimated_upper", "realized_value"],
    rows: data.performance.flatMap((g) => g.metrics.flatMap((s) => g.t0.flatMap((t, i) => (s.e && known(s.e[i]) && known(s.y[i])
      ? [[...g.k, s.x, s.c, stamp(t), stamp(g.t1[i]), Boolean(g.m[i]), s.e[i], s.el[i], s.eh[i], s.y[i]]] : [])))),
  }];

  return { mount: (...given) => new Estimate(...given), option, tables };
});
