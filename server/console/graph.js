/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The network as it is run, drawn from top to bottom: a row is how far a node is from the inputs, within a row nodes stand below
 * those they read from. The bar in a node is its share of the time. Below the picture the same as a table, slowest first.
 */

import * as api from "./api.js";
import { card, duration, element, shape, table } from "./dom.js";

const WIDTH = 168, HEIGHT = 44, GAP_X = 18, GAP_Y = 30, EDGE = 12, SKIP = 8, DRAWN_MAX = 3000;

/* Answer -> nodes with what they read from: ports are nodes too. */
function connect(graph) {
  const makers = new Map(), nodes = [];
  const put = (node) => {
    node.id = nodes.length;
    nodes.push(node);
    return node;
  };
  for (const port of graph.inputs) makers.set(port.value, put({ kind: "port", op: port.name, label: `${port.datatype} ${port.shape}`, from: [], us: 0 }));
  for (const one of graph.nodes) {
    const node = put({ kind: "node", op: one.op, name: one.name, kernel: one.kernel, us: one.us, fused: one.fused,
      label: one.outputs[0] ? one.outputs[0].shape : "", from: [] });
    node.from = one.inputs.map((value) => makers.get(value)).filter(Boolean);
    for (const output of one.outputs) makers.set(output.value, node);
  }
  for (const port of graph.outputs)
    put({ kind: "port", op: port.name, label: `${port.datatype} ${port.shape}`, us: 0, from: [makers.get(port.value)].filter(Boolean) });
  return nodes;
}

/* Rows by longest way from an input, columns by the mean of those above. */
function place(nodes) {
  const rows = [];
  for (const node of nodes) {
    node.row = Math.max(-1, ...node.from.map((one) => one.row)) + 1;
    (rows[node.row] ||= []).push(node);
  }
  for (const row of rows) {
    for (const node of row) node.wish = node.from.length ? node.from.reduce((sum, one) => sum + one.x, 0) / node.from.length : 0;
    row.sort((a, b) => a.wish - b.wish || a.id - b.id);
    const shift = row.reduce((sum, node, i) => sum + node.wish - i * (WIDTH + GAP_X), 0) / row.length;
    row.forEach((node, i) => { node.x = shift + i * (WIDTH + GAP_X); });
  }
  const left = Math.min(...nodes.map((node) => node.x));
  for (const node of nodes) {
    node.x += EDGE - left;
    node.y = EDGE + node.row * (HEIGHT + GAP_Y);
  }
  return { width: Math.max(...nodes.map((node) => node.x)) + WIDTH + EDGE + 6 * SKIP, height: EDGE * 2 + rows.length * (HEIGHT + GAP_Y) - GAP_Y };
}

const cut = (text, length) => (text.length > length ? `${text.slice(0, length - 1)}…` : text);
const share = (node, total) => (total > 0 ? node.us / total : 0);

function drawNode(node, total, choose) {
  const part = share(node, total);
  const words = `${node.op}${node.name ? ` ${node.name}` : ""}, ${node.label}${node.kind === "node" ? `, ${duration(node.us / 1e6)}` : ""}`;
  const group = shape("g", { class: node.kind, transform: `translate(${node.x} ${node.y})`, tabindex: -1, role: "img", "aria-label": words },
    shape("rect", { class: "box", width: WIDTH, height: HEIGHT, rx: 5 }),
    shape("rect", { class: "heat", y: HEIGHT - 5, height: 5, width: Math.round(WIDTH * Math.min(1, part * 4)), opacity: 0.4 + 0.6 * Math.min(1, part * 4) }),
    shape("text", { x: 8, y: 17 }, cut(node.op, node.kind === "node" ? 15 : 22)),
    node.kind === "node" && shape("text", { x: WIDTH - 8, y: 17, "text-anchor": "end", class: "small" }, node.kernel ? duration(node.us / 1e6) : "view"),
    shape("text", { x: 8, y: 32, class: "small" }, cut(node.label, 28)),
    shape("title", {}, words));
  group.addEventListener("click", () => choose(node));
  group.addEventListener("focus", () => choose(node, false));
  return group;
}

/* What skips rows goes around them on the right. */
const drawEdge = (from, to) => {
  const [x1, y1, x2, y2] = [from.x + WIDTH / 2, from.y + HEIGHT, to.x + WIDTH / 2, to.y];
  const rows = to.row - from.row, aside = rows > 1 ? (WIDTH / 2 + SKIP * Math.min(rows, 6)) / 0.75 : 0;
  const bend = rows > 1 ? (y2 - y1) / 4 : Math.min(40, (y2 - y1) / 2);
  return shape("path", { class: "edge", d: `M${x1} ${y1}C${x1 + aside} ${y1 + bend} ${x2 + aside} ${y2 - bend} ${x2} ${y2}` });
};

/* Arrow keys walk along edges and rows; one node at a time is in the tab order. */
function walk(nodes, groups, choose) {
  const next = (node, key) => {
    if (key === "ArrowUp") return node.from[0];
    if (key === "ArrowDown") return nodes.find((one) => one.from.includes(node));
    const row = nodes.filter((one) => one.row === node.row).sort((a, b) => a.x - b.x);
    return row[row.indexOf(node) + (key === "ArrowRight" ? 1 : -1)];
  };
  return (event) => {
    const at = groups.indexOf(event.target.closest("g"));
    if (at < 0 || !event.key.startsWith("Arrow")) return;
    event.preventDefault();
    const node = next(nodes[at], event.key);
    if (node) choose(node);
  };
}

function picture(nodes, total) {
  const size = place(nodes), said = element("p", { class: "quiet", role: "status" }, "Arrow keys walk through the network.");
  let groups = [];
  const choose = (node, focus = true) => {
    for (const group of groups) {
      group.classList.remove("chosen");
      group.setAttribute("tabindex", -1);
    }
    groups[node.id].classList.add("chosen");
    groups[node.id].setAttribute("tabindex", 0);
    if (focus) groups[node.id].focus();
    said.textContent = [node.op, node.name, node.label, node.kind === "node" && node.kernel && `kernel ${node.kernel}`,
      node.fused > 0 && `with ${node.fused} more fused`, node.kind === "node" && `${duration(node.us / 1e6)}, ${(100 * share(node, total)).toFixed(1)} %`]
      .filter(Boolean).join(" · ");
  };
  groups = nodes.map((node) => drawNode(node, total, choose));
  if (groups[0]) groups[0].setAttribute("tabindex", 0);
  const svg = shape("svg", { width: size.width, height: size.height, viewBox: `0 0 ${size.width} ${size.height}`, role: "group", "aria-label": "The network" },
    nodes.flatMap((node) => node.from.map((from) => drawEdge(from, node))), groups);
  svg.addEventListener("keydown", walk(nodes, groups, choose));
  return element("div", {}, said, element("div", { class: "network" }, svg));
}

export function network(name, version) {
  const node = element("div", {}, "Measuring …");
  const measure = async () => {
    try {
      const graph = await api.graph(name, version), nodes = connect(graph);
      const slowest = nodes.filter((one) => one.kernel).sort((a, b) => b.us - a.us);
      node.replaceChildren(
        element("form", { class: "row gap", onsubmit: (event) => { event.preventDefault(); measure(); } },
          element("button", {}, "Measure again"), element("span", {}, `${graph.nodes.length} operators, ${duration(graph.total_us / 1e6)} for one row of zeros on one worker and those that are idle.`)),
        card("Network", nodes.length > DRAWN_MAX ? `${nodes.length} operators are too many to draw.` : picture(nodes, graph.total_us)),
        card("Slowest first", table("Operators by time", [
          ["Operator", (one) => one.op], ["Name", (one) => one.name || "", "wide"], ["Kernel", (one) => one.kernel || ""], ["Result", (one) => one.label, "wide"],
          ["Time", (one) => duration(one.us / 1e6), "number"], ["Share", (one) => `${(100 * share(one, graph.total_us)).toFixed(1)} %`, "number"],
        ], slowest.slice(0, 100))));
    } catch (error) {
      node.replaceChildren(element("p", { class: "problem" }, error.message));
    }
  };
  let measured = false;
  const refresh = async () => {
    if (!measured) await measure();
    measured = true;
  };
  return { node, refresh };
}
