"use strict";
/** Concept drift: how much of a change each column gives to its own distribution, and how much to the relation. */
driftline.section("concept", (tools) => {
  const {
    Component, fill, svg, drawing, scale, table, withNote, facts, number, percent, plural, key, named, known, inPoints, signed, when, GRAIN, stamp,
  } = tools;

  const targetWords = (task, target) => {
    const binary = task === "binary";
    return {
      label: [binary ? "label rate" : "mean label", binary ? percent : number, binary ? inPoints : number],
      calibration: ["mean of prediction less label", binary ? percent : number, binary ? inPoints : number],
      loss: [{ binary: "mean squared error", regression: "mean absolute error", multiclass: "share of wrong classes" }[task] || "mean loss",
        task === "multiclass" ? percent : number, task === "multiclass" ? inPoints : number],
    }[target];
  };

  /** What a change of the target is made of, column by column (EFFECTS in concept.py): the most telling first. */
  const partsOf = (rows, target) => rows.filter((r) => r[2][target]).map(([name, role, effects]) => {
    const [change, shares, sharesNoise, rates, ratesNoise, shift, shiftNoise, p] = effects[target];
    const beyond = (x, noise) => known(x) && known(noise) && Math.abs(x) > noise;
    const relation = known(shift) && known(shiftNoise) ? shift > shiftNoise : beyond(rates, ratesNoise);
    const size = known(shift) ? shift / (shiftNoise || 1e-9) : Math.abs(rates || 0) / (ratesNoise || 1e-9);
    return { name, role, change, shares, rates, shift, shiftNoise, ratesNoise, p, relation, inputs: beyond(shares, sharesNoise), size };
  }).sort((a, b) => b.relation - a.relation || b.size - a.size || (a.name < b.name ? -1 : 1));

  class Concept extends Component {
    constructor(...given) {
      super(...given);
      this.groups = new Map(this.m.concept.map((g) => [JSON.stringify(g.k), g]));
      this.control("concept-target", (target) => { this.target = target; this.show(); });
    }

    show(all = false) {
      const s = this.chosen;
      const g = this.groups.get(key(s.version, s.segment, s.value, s.size));
      if (!this.with(Boolean(g), "concept-note", "There is nothing on this combination of version, segment and window.")) return;
      const targets = ["label", "calibration", "loss"].filter((t) => g.means[t]);
      if (!targets.includes(this.target)) [this.target] = targets;
      const target = this.target;
      fill(this.control("concept-target"), targets.map((t) => [t, targetWords(this.m.task, t)[0]]), target);
      const [what, write, apart] = targetWords(this.m.task, target);
      const rows = partsOf(g.rows, target);
      const [mean, was] = g.means[target];
      const moved = rows.filter((r) => r.relation);
      const change = rows.length ? rows[0].change : null;
      this.slot("concept-facts").replaceChildren(...facts([
        when(g, null, this.period),
        `${what} ${write(mean)}, ${write(was)} in the reference (${signed(change, apart)})`,
        moved.length ? `the relation to ${moved.length} of ${plural(rows.length, "column")} moved beyond its noise` : `the relation to none of ${plural(rows.length, "column")} moved beyond its noise`,
        `${plural(g.n, "row")} with a label`,
      ]));
      const ends = rows.flatMap((r) => [Math.max(0, r.shares) + Math.max(0, r.rates), Math.min(0, r.shares) + Math.min(0, r.rates)]);
      const most = Math.max(1e-12, ...ends.map(Math.abs));
      const x = scale(-most, most);
      const bars = (r) => {
        const out = [svg("line", { class: "zero", x1: x(0), x2: x(0), y1: 0, y2: 18 })];
        const from = { 1: 0, "-1": 0 };
        for (const [value, name] of [[r.shares, "inputs"], [r.rates, "relation"]]) {
          if (!value) continue;
          const side = Math.sign(value);
          const start = from[side];
          from[side] += value;
          const [a, b] = [x(start), x(from[side])];
          out.push(svg("rect", { class: name, x: Math.min(a, b), width: Math.max(0.5, Math.abs(b - a)), y: 4, height: 10 }));
        }
        return drawing(18, ...out);
      };
      const tested = rows.some((r) => known(r.shift));
      const head = [{ text: "Column" }, { text: "Its part in the change" }, { text: "Inputs moved", num: 1 }, { text: "Relation moved", num: 1 },
        ...(tested ? [{ text: "Shift given the value", num: 1 }, { text: "p-value", num: 1 }] : []), { text: "Beyond noise" }];
      const shown = all ? rows : rows.slice(0, 12);
      this.slot("concept-table").replaceChildren(table(head, shown.map((r) => {
        const marks = [r.relation ? "relation" : "", r.inputs ? "inputs" : ""].filter(Boolean);
        return [
          named(r.name), [bars(r), "bar-cell"], [signed(r.shares, apart), r.inputs ? "strong" : ""], [signed(r.rates, apart), r.relation ? "strong" : ""],
          ...(tested ? [withNote(apart(r.shift), known(r.shiftNoise) ? `noise ${apart(r.shiftNoise).replace(" points", "")}` : ""), known(r.p) ? (r.p < 0.0001 ? "<0.0001" : number(r.p)) : "–"] : []),
          [marks.join(" and ") || "–", r.relation ? "verdict moved" : marks.length ? "" : "muted"],
        ];
      })));
      this.more("concept-more", all || rows.length <= 12, `Show all ${rows.length} columns`, () => this.show(true));
    }
  }

  const TARGETS = ["label", "calibration", "loss"];
  const EFFECTS = ["change", "shares_effect", "shares_noise", "rates_effect", "rates_noise", "shift", "shift_noise", "p_value"];
  const tables = (data) => [{
    name: "columns",
    head: [...GRAIN, "window_start", "window_end", "column_name", "column_role", "reason",
      ...TARGETS.flatMap((t) => [`${t}_mean`, `reference_${t}_mean`, ...EFFECTS.map((e) => `${t}_${e}`)])],
    rows: data.concept.flatMap((g) => g.rows.map(([name, role, effects, reason]) => [
      ...g.k, stamp(g.t0), stamp(g.t1), name, role, reason || null,
      ...TARGETS.flatMap((t) => (effects[t] ? [...g.means[t], ...effects[t]] : Array(EFFECTS.length + 2).fill(null))),
    ])),
  }];

  return { grains: (data) => (data.concept || []).map((g) => g.k), mount: (...given) => new Concept(...given), partsOf, tables };
});
