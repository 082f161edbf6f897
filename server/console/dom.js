/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Elements without a framework. Text only ever becomes text nodes, so nothing that a server or a model says is markup. */

const SVG = "http://www.w3.org/2000/svg";

function build(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export const element = (tag, attributes, ...children) => build(document.createElement(tag), attributes, children);
export const shape = (tag, attributes, ...children) => build(document.createElementNS(SVG, tag), attributes, children);

/** A table; columns: [title, cell(row), class], class "number" or "wide" (left out on phones). */
export function table(caption, columns, rows) {
  const kind = (column) => ({ class: column[2] });
  return element("div", { class: "scroll" }, element("table", { "aria-label": caption },
    element("thead", {}, element("tr", {}, columns.map((column) => element("th", { scope: "col", ...kind(column) }, column[0])))),
    element("tbody", {}, rows.map((row) => element("tr", {}, columns.map((column) => element("td", kind(column), column[1](row))))))));
}

export const card = (title, ...children) => element("section", { class: "card" }, title && element("h2", {}, title), ...children);

const STATES = { READY: "good", AVAILABLE: "good", LOADING: "warn", UNLOADING: "warn", START: "warn", UNAVAILABLE: "bad", END: "bad" };
export const pill = (state) => element("span", { class: `pill ${STATES[state] || "warn"}` }, state);

/** 1234567 -> "1.23 M" */
export function short(number) {
  if (!Number.isFinite(number)) return "–";
  for (const [size, unit] of [[1e9, " G"], [1e6, " M"], [1e3, " k"]])
    if (Math.abs(number) >= size) return (number / size).toPrecision(3) + unit;
  return String(Number(number.toPrecision(3)));
}

/** Seconds -> "1.20 ms" */
export function duration(seconds) {
  if (!Number.isFinite(seconds)) return "–";
  if (seconds === 0) return "0";
  for (const [size, unit] of [[1, "s"], [1e-3, "ms"], [1e-6, "µs"]])
    if (seconds >= size) return `${(seconds / size).toPrecision(3)} ${unit}`;
  return `${(seconds * 1e9).toFixed(0)} ns`;
}
