"use strict";
/** The page's script: these files and those of sections/ in one, in the order of `scripts` in
 *  __init__.py. What a file gives to others it puts into `driftline.tools`; a section puts itself into `driftline.sections`. */
const driftline = { tools: {}, sections: new Map() };
{
  // ---- words and numbers -------------------------------------------------------------------------------------------
  // The same rules as numbers.py, which says why there are two; tests/report/test_numbers.py holds them together.
  const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
  /** The power of ten of the first digit; a logarithm may miss it by one. */
  const decade = (x) => Number(x.toExponential().split("e")[1]);
  /** A positive number without places; a half upwards. */
  const rounded = (x) => Number(x.toFixed(0)).toLocaleString("en-US");
  const digits = (x) => {
    if (x >= 99.95) return rounded(x);
    if (x < 0.01) return String(Number(x.toFixed(2 - decade(x))));
    const places = x >= 9.995 ? 1 : x >= 0.9995 ? 2 : x >= 0.09995 ? 3 : 4;
    return String(Number(x.toFixed(places)));
  };
  const number = (value) => {
    if (value === null || value === undefined || !Number.isFinite(value)) return "–";
    const sign = value < 0 ? "−" : "";
    const x = Math.abs(value);
    if (x === 0) return "0";
    if (x < 1e-6 || x >= 1e15) return sign + x.toExponential(1).replace("e+", "e").replace("e-", "e−");
    if (x >= 99999.5) {
      for (const [limit, size, unit] of [[999.5e9, 1e12, "T"], [999.5e6, 1e9, "B"], [999.5e3, 1e6, "M"], [0, 1e3, "k"]]) {
        if (x >= limit) return sign + digits(x / size) + unit;
      }
    }
    return sign + digits(x);
  };
  const whole = (value) => {
    if (value === null || value === undefined || !Number.isFinite(value)) return "–";
    if (Math.abs(value) >= 1e6) return number(value);
    const text = rounded(Math.abs(value));
    return (value < 0 && text !== "0" ? "−" : "") + text;
  };
  const percent = (share) => {
    if (share === null || share === undefined || !Number.isFinite(share * 100)) return "–";
    const sign = share < 0 ? "−" : "";
    const x = Math.abs(share) * 100;
    if (x === 0) return "0%";
    if (x < 0.0001) return share < 0 ? ">−0.0001%" : "<0.0001%";
    if (x < 0.01) return sign + String(Number(x.toFixed(1 - decade(x)))) + "%";
    if (x >= 1e6) return `${sign}${number(x)}%`;
    return sign + (x < 1 ? String(Number(x.toFixed(2))) : x < 99.95 ? String(Number(x.toFixed(1))) : rounded(x)) + "%";
  };
  const plural = (count, word) => `${whole(count)} ${word}${count === 1 ? "" : "s"}`;
  const at = (minute) => new Date(minute * 60000);
  const two = (x) => String(x).padStart(2, "0");
  const day = (d, year = true) => `${d.getUTCDate()} ${MONTHS[d.getUTCMonth()]}${year ? ` ${d.getUTCFullYear()}` : ""}`;
  const clock = (d) => `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}`;
  const span = (t0, t1, period) => {
    const start = at(t0);
    const end = at(t1);
    const midnight = (d) => d.getUTCHours() === 0 && d.getUTCMinutes() === 0;
    if (t1 <= t0) return day(start) + (midnight(start) ? "" : `, ${clock(start)}`);
    if (period === "hour" || !midnight(start) || !midnight(end)) {
      return t1 - t0 === 60 ? `${day(start)}, ${clock(start)}` : `${day(start)}, ${clock(start)} – ${day(end)}, ${clock(end)}`;
    }
    const last = at(t1 - 1440);
    if (last <= start) return day(start);
    if (start.getUTCDate() === 1 && end.getUTCDate() === 1) {
      const first = `${MONTHS[start.getUTCMonth()]} ${start.getUTCFullYear()}`;
      const final = `${MONTHS[last.getUTCMonth()]} ${last.getUTCFullYear()}`;
      return first === final ? first : `${first} – ${final}`;
    }
    return `${day(start, start.getUTCFullYear() !== last.getUTCFullYear())} – ${day(last)}`;
  };
  const key = (...parts) => JSON.stringify(parts);
  const clip = (text, size) => (text.length > size ? `${text.slice(0, size - 1)}…` : text);
  const named = (text) => (text === "" ? "(empty)" : text.replace(/\s+/g, " "));

  const unique = (list) => [...new Map(list.map((x) => [JSON.stringify(x), x])).values()];
  /** Index of the last window for which something is so, or -1. */
  const lastWhere = (list, holds) => {
    for (let i = list.length - 1; i >= 0; i -= 1) if (holds(list[i], i)) return i;
    return -1;
  };
  const each = (value, i) => (Array.isArray(value) ? value[i] : value === undefined ? null : value);
  const known = (x) => x !== null && x !== undefined;

  /** A difference of shares is in points, so that nobody reads it as a relative change. */
  const inPoints = (x) => {
    if (!known(x)) return "–";
    const size = Math.abs(x) * 100;
    const text = size >= 99.95 ? whole(size) : String(Number(size.toFixed(size >= 1 ? 1 : 2)));
    return `${x < 0 && text !== "0" ? "−" : ""}${text} points`;
  };
  const signed = (x, write) => (x > 0 && write(x) !== write(0) ? "+" : "") + write(x);

  const moment = (t, period) => day(at(t)) + (period === "hour" ? `, ${clock(at(t))}` : "");
  /** The last period before an end. */
  const until = (t, period) => (period === "hour" ? moment(t, period) : day(at(t - 1)));
  /** Which window: of a group with one, or of its list of them. */
  const when = (g, i, period) => (i === null ? span(g.t0, g.t1, period) : span(g.t0[i], g.t1[i], period));
  const windowsText = (size, period) => `${size} ${period}${size === 1 ? "" : "s"}`;
  const value = (s, i, write) => {
    if (!known(s.y[i])) return "–";
    const [lo, hi] = [each(s.lo || s.y, i), each(s.hi || s.y, i)];
    return write(s.y[i]) + (write(lo) === write(hi) ? "" : ` (between ${write(lo)} and ${write(hi)})`);
  };

  const interval = (s, i, write) => {
    if (!s.e || !known(s.e[i])) return "";
    return write(s.e[i]) + (known(s.el[i]) && known(s.eh[i]) ? ` (${write(s.el[i])} to ${write(s.eh[i])})` : "");
  };

  const between = (r, i, write) => (known(r.lo[i]) && known(r.hi[i]) ? `${write(r.lo[i])} to ${write(r.hi[i])}` : "–");
  const severity = (alert) => (alert[9] === "critical" ? "critical alert" : "warning");

  Object.assign(driftline.tools, {
    MONTHS, number, whole, percent, plural, at, day, clock, span, key, clip, named, unique, lastWhere, each, known, inPoints, signed,
    moment, until, when, windowsText, value, interval, between, severity,
  });
}
