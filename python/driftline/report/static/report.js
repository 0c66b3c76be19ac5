"use strict";
/** Unpacks the page, makes the monitors, and lets each section show itself. */
(async () => {
  const { Grid, BASELINES, charts, clip, fill, key, named, number, percent, renew, sources, span, unique, windowsText } = driftline.tools;
  /** What stands packed in an element of the page (`packed` in __init__.py). */
  const unpacked = (id) => {
    const bytes = Uint8Array.from(atob(document.getElementById(id).textContent), (c) => c.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip")));
  };
  if (typeof DecompressionStream === "undefined") {
    document.getElementById("not-unpacked").hidden = false;
    return;
  }
  const [data, library] = await Promise.all([unpacked("data").json(), unpacked("library").text()]);
  // It runs as any script of the page does, allowed by the hash of its text.
  const script = document.createElement("script");
  script.textContent = library;
  document.head.append(script);
  const root = document.documentElement;

  /** One monitor: what is chosen for all its sections, and the sections. */
  class Monitor {
    constructor(section, payload) {
      this.section = section;
      this.m = payload;
      this.listeners = [];
      const there = [...driftline.sections].map(([id, one]) => [one, this.part(id)]).filter(([, box]) => box);
      const grains = there.flatMap(([one]) => (one.grains ? one.grains(payload) : []));
      const first = payload.slices.length ? payload.slices[0].k : grains[0] || ["all", "all", "all", 1];
      const [version, segment, value, size, baseline = "reference"] = first;
      this.state = { version, segment, value, size, baseline };
      this.grid = new Grid(payload, this.state);
      this.controls(grains);
      this.components = there.map(([one, box]) => one.mount(box, payload, this));
      this.show();
    }

    slot(name) { return this.section.querySelector(`[data-slot="${name}"]`); }
    part(name) { return this.section.querySelector(`[data-part="${name}"]`); }

    /** Sections tell each other what was chosen in them. */
    on(event, told) { this.listeners.push([event, told]); }
    tell(event) { for (const [name, told] of this.listeners) if (name === event) told(); }

    show() { for (const component of this.components) component.show(); }

    /** Alerts of a family in the grain of a slice. */
    marks(family, [version, segment, value, size]) {
      return this.m.alerts.filter((a) => a[0] === family && a[3] === version && a[4] === segment && a[5] === value && a[6] === size && a[7] !== null);
    }

    /** What is chosen for all sections at once. */
    controls(grains) {
      const s = this.state;
      const total = (a, b) => (a === "all" ? -1 : b === "all" ? 1 : a < b ? -1 : a > b ? 1 : 0);
      const sizes = unique(grains.map((k) => k[3])).sort((a, b) => a - b);
      const versions = unique(grains.map((k) => k[0])).sort(total);
      const segments = unique(grains.map((k) => [k[1], k[2]])).sort((a, b) => total(a[0], b[0]) || total(a[1], b[1]));
      const baselines = unique(this.m.slices.map((slice) => slice.k[4]));
      const form = this.section.querySelector("form.controls");
      const set = (name, options, chosen, changed) => {
        const select = form.querySelector(`select[data-control="${name}"]`);
        fill(select, options, chosen);
        select.addEventListener("change", () => changed(select.value));
        return options.length > 1;
      };
      const any = [
        set("size", sizes.map((x) => [String(x), windowsText(x, this.m.period)]), String(s.size), (x) => { s.size = Number(x); this.show(); }),
        set("version", versions.map((v) => [v, v === "all" ? "all versions" : clip(named(v), 60)]), s.version, (x) => { s.version = x; this.show(); }),
        set("segment", segments.map(([name, v]) => [key(name, v), name === "all" ? "all rows" : clip(`${named(name)} = ${named(v)}`, 60)]), key(s.segment, s.value),
          (x) => { [s.segment, s.value] = JSON.parse(x); this.show(); }),
        set("baseline", baselines.map((b) => [b, BASELINES[b] || b]), s.baseline, (x) => { s.baseline = x; this.tell("baseline"); }),
      ].some(Boolean);
      form.hidden = !any;
      form.addEventListener("submit", (e) => e.preventDefault());
    }
  }

  // ---- light and dark ----------------------------------------------------------------------------------------------
  const monitors = [];
  const repaint = () => {
    for (const monitor of monitors) monitor.tell("theme");
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
    sources(section, payload);
    if (section.querySelector("form.controls")) monitors.push(new Monitor(section, payload));
  }
  Object.assign(driftline, { number, percent, span });
  root.dataset.ready = "yes";
})();
