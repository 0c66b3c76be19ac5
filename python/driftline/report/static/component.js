"use strict";
/** What a section's component is: made by `mount(box, data, monitor)` for the panel of its id, shown again by `show()`
 *  whenever another version, segment or window size is chosen. `option(data)` gives a chart's option from data alone. */
{
  const { inPoints, number, percent } = driftline.tools;

  class Component {
    constructor(box, data, monitor) {
      this.box = box;
      this.m = data; // all that is known of the monitor
      this.monitor = monitor;
      this.period = data.period;
      this.chosen = monitor.state;
    }

    slot(name) { return this.monitor.slot(name); }

    /** A drop-down; with `changed` it is listened to. */
    control(name, changed) {
      const select = this.monitor.section.querySelector(`select[data-control="${name}"]`);
      if (changed) select.addEventListener("change", () => changed(select.value));
      return select;
    }

    word(metric) { return Object.hasOwn(this.m.words, metric) ? this.m.words[metric] : [metric.replace(/_/g, " "), 0, 0]; }
    write(metric) { return this.word(metric)[2] ? percent : number; }
    difference(metric) { return this.word(metric)[2] ? inPoints : number; }

    /** Whether a metric of the business is a share of whole rows. */
    isShare(metric) { return (this.m.business || []).some((b) => b.metric === metric && b.share); }

    /** Alerts of a family about the measure and class chosen under performance. */
    alertsOf(family, g) {
      const { measure, class: c } = this.chosen;
      return this.monitor.marks(family, g.k).filter((a) => a[1] === measure && (a[2] === c || (a[2] === "" && c === "all")));
    }

    /** Show the panel, or the note that says why it is empty. */
    with(found, note, why) {
      this.slot(note).hidden = found;
      for (const part of this.box.querySelectorAll("[data-with]")) part.hidden = !found;
      if (!found) this.slot(note).textContent = why;
      return found;
    }

    /** A button under a table that shows all of it. */
    more(name, hidden, text, all) {
      const button = this.slot(name);
      button.hidden = hidden;
      button.textContent = text;
      button.onclick = all;
    }
  }

  driftline.tools.Component = Component;
  /** Register a section: what `define` makes of the tools. */
  driftline.section = (id, define) => driftline.sections.set(id, define(driftline.tools));
}
