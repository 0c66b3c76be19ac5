"use strict";
/** Elements and texts on canvases. Texts of the data go into the page as text nodes and canvas labels only, never as markup. */
{
  const el = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) if (value !== null) node.setAttribute(name, value);
    node.append(...children);
    return node;
  };
  const tip = (head, ...lines) => {
    const box = el("div", { class: "tip" }, el("b", {}, head));
    for (const line of lines) if (line) box.append(el("span", {}, line));
    return box;
  };
  const fill = (select, options, value) => {
    select.replaceChildren(...options.map(([v, text]) => {
      const option = el("option", {}, text);
      option.value = v;
      return option;
    }));
    if (options.some(([v]) => v === value)) select.value = value;
    select.closest("label").hidden = options.length < 2;
  };
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const narrow = () => window.innerWidth <= 620;
  const FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif";
  let pen = null;
  const textWidth = (text, size = 12) => {
    pen = pen || document.createElement("canvas").getContext("2d");
    pen.font = `${size}px ${FONT}`;
    return pen.measureText(text).width;
  };

  /** A text of the data as a label on a canvas, cut to a width. The library keeps the widths of texts as properties of a
   *  plain object, so a column called __proto__ would change every object of the page: such names get an invisible mark. */
  const canvasLabel = (text, width) => {
    let shown = text;
    if (textWidth(text) > width) {
      let low = 1;
      let high = text.length;
      while (low < high) {
        const middle = Math.ceil((low + high) / 2);
        if (textWidth(`${text.slice(0, middle)}…`) <= width) low = middle; else high = middle - 1;
      }
      shown = `${text.slice(0, low)}…`;
    }
    return shown in Object.prototype ? `\u2060${shown}` : shown;
  };

  // ---- parts of tables ---------------------------------------------------------------------------------------------
  const SVG = "http://www.w3.org/2000/svg";
  const svg = (tag, attributes, ...children) => {
    const node = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  };
  const WIDE = 200;
  /** A small drawing in a table: what it says stands in the cells beside it. */
  const drawing = (height, ...parts) => svg("svg", { class: "bar", viewBox: `0 0 ${WIDE} ${height}`, "aria-hidden": "true", focusable: "false" }, ...parts);
  const scale = (min, max) => (x) => 4 + ((x - min) / (max - min || 1)) * (WIDE - 8);

  /** Cells are texts or elements; a cell of a row may be [content, class]. */
  const table = (head, rows) => el("table", {},
    el("thead", {}, el("tr", {}, ...head.map((h) => el("th", { scope: "col", class: h.num ? "num" : null }, h.text)))),
    el("tbody", {}, ...rows.map((row) => el("tr", {}, ...row.map((cell, i) => {
      const [content, more] = Array.isArray(cell) ? cell : [cell, ""];
      const classes = [head[i].num ? "num" : "", head[i].wide ? "text" : "", more].filter(Boolean).join(" ") || null;
      return i ? el("td", { class: classes }, content) : el("th", { scope: "row", class: classes, title: typeof content === "string" ? content : null }, content);
    })))));

  const withNote = (text, note) => (note ? el("span", {}, text, el("span", { class: "was" }, note)) : text);

  /** The numbers of a chart, made when somebody asks for them. */
  const numbersOf = (details, make) => {
    const box = details.querySelector(".scroll");
    box.replaceChildren(...(details.open ? [make()] : []));
    details.ontoggle = () => { if (details.open && !box.children.length) box.append(make()); };
  };

  const keyOf = (kind, text, name) => {
    const k = el("span", { class: `key ${kind}` }, text);
    if (name) k.style.setProperty("--k", `var(--${name})`);
    return k;
  };

  /** Facts, one beside the other. */
  const facts = (texts) => texts.map((text) => el("span", {}, text));

  Object.assign(driftline.tools, {
    el, tip, fill, color, narrow, FONT, textWidth, canvasLabel, svg, WIDE, drawing, scale, table, withNote, numbersOf, keyOf, facts,
  });
}
