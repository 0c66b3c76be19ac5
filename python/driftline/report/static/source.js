"use strict";
/** Where the numbers of a section come from: the statements that give them, and a file of those that the page carries. */
{
  const { el, at, known, plural } = driftline.tools;
  const GRAIN = ["model_version", "segment", "segment_value", "window_periods"];

  /** A moment of the monitor's wall clock, as engines write it. */
  const stamp = (minute) => (known(minute) ? at(minute).toISOString().slice(0, 19).replace("T", " ") : null);

  /** A value of a file. A text that a spreadsheet would take for a formula is kept from being one. */
  const cell = (value) => {
    if (!known(value)) return "";
    if (typeof value !== "string") return String(value);
    const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
    return /[",\r\n]/.test(text) || text !== text.trim() ? `"${text.replace(/"/g, '""')}"` : text;
  };
  const csv = ({ head, rows }) => [head, ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");

  const save = (name, text) => {
    const url = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
    const link = el("a", { href: url, download: name });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(url), 60000);
  };

  /** The numbers of a section of a monitor: its component's, or as they came with the page. */
  const tablesOf = (id, data) => {
    const drawn = driftline.sections.get(id);
    return (data.source[id].rows || (drawn && drawn.tables ? drawn.tables(data) : [])).filter((t) => t.rows.length);
  };
  const fileName = (...parts) => `${parts.join("-").replace(/[^\p{L}\p{N}_.-]+/gu, "_")}.csv`;

  const contents = (id, data, title) => {
    const tables = tablesOf(id, data);
    const buttons = tables.map((t) => {
      const one = el("button", { type: "button" }, `Save ${tables.length > 1 ? `${t.name}, ` : ""}${plural(t.rows.length, "row")}, as CSV`);
      one.addEventListener("click", () => save(fileName(data.name, title.toLowerCase(), ...(tables.length > 1 ? [t.name] : [])), csv(t)));
      return one;
    });
    const statements = data.source[id].sql;
    return [
      ...(buttons.length ? [
        el("p", { class: "saves" }, ...buttons),
        el("p", { class: "hint" }, "As the page carries them: measures to about five digits, as many versions, segments and windows as it has room for. The statements give every digit."),
      ] : []),
      ...statements.flatMap(([table, sql], i) => [
        el("h4", {}, el("code", {}, table)),
        el("pre", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Statement ${i + 1} of ${statements.length}, on ${table}` }, el("code", {}, sql)),
      ]),
    ];
  };

  /** Put them into the panels of a monitor, made when somebody asks. */
  const sources = (section, data) => {
    for (const id of Object.keys(data.source)) {
      const heading = document.getElementById(`${id}-${section.dataset.monitor}`);
      if (!heading) continue;
      const title = heading.textContent;
      const details = el("details", { class: "source", "data-source": id }, el("summary", {}, `Numbers and SQL of “${title}”`));
      details.addEventListener("toggle", () => {
        if (details.open && details.children.length === 1) details.append(...contents(id, data, title));
      });
      heading.closest(".panel").append(details);
    }
  };

  Object.assign(driftline.tools, { GRAIN, stamp, csv, tablesOf, fileName, sources });
}
