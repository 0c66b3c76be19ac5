// How values become cells of a file. Run by test_source.py.

import { tools } from "./page.mjs";

const rows = [[1, "=1+1"], [-2, '-a "quoted", text'], [true, "two\nlines"], [null, "x "]];
console.log(JSON.stringify(tools.csv({ head: ["a", "b"], rows }).split("\r\n").slice(0, -1)));
