// The page's script in node: what its files make of data, without a browser. DRIFTLINE_SCRIPTS names them, the library first.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import vm from "node:vm";

const [library, ...scripts] = JSON.parse(process.env.DRIFTLINE_SCRIPTS);
// Before there is anything that looks like a browser: the library then draws without one.
export const echarts = createRequire(import.meta.url)(library);
export const text = (node) => (typeof node === "string" ? node : node.children.map(text).join("|"));
class Node {
  children = [];
  setAttribute() {}
  append(...more) { this.children.push(...more); }
  getContext() { return { measureText: (shown) => ({ width: 7 * shown.length }), beginPath() {}, moveTo() {}, lineTo() {}, stroke() {} }; }
}
class Watcher { observe() {} unobserve() {} }
Object.assign(globalThis, {
  echarts,
  IntersectionObserver: Watcher,
  ResizeObserver: Watcher,
  document: { documentElement: {}, createElement: () => new Node() },
  window: { innerWidth: 1280 },
  getComputedStyle: () => ({ getPropertyValue: () => "#336699" }),
});
export const { sections, tools } = vm.runInThisContext(`${scripts.map((file) => readFileSync(file, "utf8")).join("\n")};driftline`);
