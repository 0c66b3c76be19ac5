"use strict";
/** Charts: drawn when they come near the screen; and what their options are made of. */
{
  const { MONTHS, at, day, clock, known, each, color, FONT } = driftline.tools;

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
    const both = low.map((_, i) => i).filter((i) => low[i][1] !== null && high[i][1] !== null);
    if (!both.length) return [];
    return [hidden(low), hidden(high), {
      type: "custom", silent: true, clip: true, z: 1, data: [low[both[0]]],
      renderItem: (_, api) => {
        const runs = [];
        both.forEach((i, j) => (j && both[j - 1] === i - 1 ? runs[runs.length - 1].push(i) : runs.push([i])));
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

  const faded = (name, alpha) => echarts.color.modifyAlpha(name, alpha);

  // ---- parts of options: a group has the starts of its windows in t0 ------------------------------------------------
  /** The windows of a group on an axis, a gap where windows are missing. */
  const step = (g) => {
    const steps = g.t0.slice(1).map((t, i) => t - g.t0[i]).sort((a, b) => a - b);
    return steps.length ? steps[Math.floor(steps.length / 2)] : 0;
  };

  const points = (g, values) => {
    const usual = step(g);
    const out = [];
    g.t0.forEach((t, i) => {
      if (i && usual && t - g.t0[i - 1] > 1.6 * usual) out.push([g.t0[i - 1] + usual, null]);
      out.push([t, each(values, i)]);
    });
    return out;
  };

  const timeAxisOption = (from, to, plot) => {
    const marks = ticks(from, to, plot);
    const text = new Map(marks);
    const pad = from === to ? 720 : 0;
    return {
      type: "value", min: from - pad, max: to + pad, splitLine: { show: false }, axisLine: { show: true, onZero: false, lineStyle: { color: color("line") } },
      axisTick: { show: true, customValues: marks.map(([t]) => t), lineStyle: { color: color("line") } },
      axisLabel: { ...axisLabel(), customValues: marks.map(([t]) => t), formatter: (t) => text.get(t) || "" },
    };
  };

  const axes = (width, gs, write, more = {}) => {
    const first = Math.min(...gs.map((g) => g.t0[0]));
    const to = Math.max(...gs.map((g) => g.t0[g.t0.length - 1]));
    const axis = timeAxisOption(first, to, width - 70);
    const half = step(gs[0]) / 2;
    return {
      grid: { left: 54, right: 14, top: 12, bottom: 26 },
      xAxis: { ...axis, min: axis.min - half, max: axis.max + half },
      yAxis: valueAxis((x) => write(x), { scale: true, ...more }),
    };
  };

  /** A tooltip of all that is at one moment: `lines` says it, or null. */
  const momentTip = (lines) => ({
    ...tooltip(), trigger: "axis", axisPointer: { type: "line", lineStyle: { color: color("axis") } }, formatter: lines,
  });

  /** Stretches of time in alert. */
  const areas = (alerts) => ({
    silent: true,
    data: alerts.map((a) => [
      { xAxis: a[7], itemStyle: { color: faded(color(a[9] === "critical" ? "mark-critical" : "mark-warn"), 0.13) } },
      { xAxis: Math.max(a[8], a[7] + 1) },
    ]),
  });

  /** The values of windows in alert. */
  const hits = (alerts, g, y) => {
    const marked = (grade) => g.t0.map((t, i) => [t, y[i]]).filter(([t, v]) => known(v) && alerts.some((a) => a[9] === grade && t >= a[7] && t <= a[8]));
    return [["warn", "circle"], ["critical", "triangle"]].map(([grade, symbol]) => ({
      type: "scatter", symbol, symbolSize: grade === "critical" ? 8 : 6, z: 7, silent: true, itemStyle: { color: color(`mark-${grade}`), borderColor: color("card"), borderWidth: 1 },
      data: marked(grade),
    }));
  };

  /** A line of values that are final, and what is not final as hollow points. */
  const realized = (g, y, name, width, z) => {
    const final = points(g, y.map((v, i) => (g.m[i] ? v : null)));
    const touches = (i) => !g.m[i] || (i > 0 && !g.m[i - 1]) || (i + 1 < y.length && !g.m[i + 1]);
    const open = points(g, y.map((v, i) => (touches(i) ? v : null)));
    const mature = new Set(g.t0.filter((_, i) => g.m[i]));
    const dots = y.filter(known).length < 3;
    return [
      { type: "line", data: final, showSymbol: dots, symbolSize: 5, z, lineStyle: { color: color(name), width }, itemStyle: { color: color(name) } },
      {
        type: "line", data: open.map((p) => ({ value: p, symbol: mature.has(p[0]) ? "none" : "circle" })), showSymbol: true, showAllSymbol: true, symbolSize: width > 1.8 ? 6 : 5,
        z, silent: true, lineStyle: { color: color(name), width: 1, type: "dotted" }, itemStyle: { color: color("card"), borderColor: color(name), borderWidth: 1.5 },
      },
    ];
  };

  /** Stretches of windows whose labels are not final. */
  const hatched = (g) => {
    const half = step(g) / 2 || 720;
    const runs = [];
    g.m.forEach((m, i) => {
      if (m) return;
      if (runs.length && runs[runs.length - 1][2] === i - 1) Object.assign(runs[runs.length - 1], { 1: g.t0[i] + half, 2: i });
      else runs.push([g.t0[i] - half, g.t0[i] + half, i]);
    });
    return { type: "line", data: [], silent: true, markArea: { silent: true, itemStyle: { color: hatch() }, data: runs.map(([a, b]) => [{ xAxis: a }, { xAxis: b }]) } };
  };

  /** A line of values of which every one is final. */
  const plainLine = (g, y, more = {}) => ({
    type: "line", data: points(g, y), showSymbol: g.t0.length < 3, symbolSize: 5, z: 4, lineStyle: { color: color("current"), width: 1.8 }, itemStyle: { color: color("current") }, ...more,
  });
  /** A line of zero or of a limit across the chart. */
  const levelLine = (y, name, style, label = { show: false }) => ({
    silent: true, symbol: "none", label, lineStyle: { color: color(name), ...style }, data: [{ yAxis: y }],
  });

  Object.assign(driftline.tools, {
    charts, chart, renew, forget, tooltip, axisLabel, valueAxis, ticks, bandSeries, faded, step, points, timeAxisOption, axes, momentTip, areas, hits, realized, hatched,
    plainLine, levelLine,
  });
}
