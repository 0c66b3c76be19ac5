// The files that the page's buttons save, of payloads on standard input. Run by test_source.py.

import { readFileSync } from "node:fs";

import { tools } from "./page.mjs";

const files = (data) => Object.fromEntries(Object.keys(data.source).map((id) => [id, tools.tablesOf(id, data).map((table) => [table.name, tools.csv(table)])]));
console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(files)));
