// What the page writes of numbers and spans on standard input. Run by test_numbers.py.

import { readFileSync } from "node:fs";

import { tools } from "./page.mjs";

const given = JSON.parse(readFileSync(0, "utf8"));
// JSON has no NaN and no infinity.
const values = given.values.map((x) => (x === null ? null : Number(x)));
const written = Object.fromEntries(["number", "percent", "whole"].map((kind) => [kind, values.map((x) => tools[kind](x))]));
console.log(JSON.stringify({
  ...written, plural: values.map((x) => tools.plural(x, "row")), span: given.spans.map((span) => tools.span(...span)),
}));
