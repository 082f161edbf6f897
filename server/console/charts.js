/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Lines over the last minutes, as SVG that takes its colours from the page. The numbers stand beside the title, so that a
 * chart says the same to who cannot see it. */

import { duration, element, shape, short } from "./dom.js";

const HEIGHT = 144, LEFT = 52, RIGHT = 6, TOP = 8, BOTTOM = 18, MINUTE_MS = 60000;

/* 0.034 -> 0.05: the end of the axis */
function above(value) {
  if (!(value > 0)) return 1;
  const size = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].find((factor) => factor * size >= value) * size;
}

function line(points, name, x, y) {
  let text = "", drawing = false;
  for (const point of points) {
    const value = point[name];
    if (Number.isFinite(value)) text += `${drawing ? "L" : "M"}${x(point.time).toFixed(1)} ${y(value).toFixed(1)}`;
    drawing = Number.isFinite(value);
  }
  return text;
}

/** series: [[field of a point, label]] */
export function chart(title, series, format = short) {
  const picture = shape("svg", { "aria-hidden": "true" });
  const keys = element("span", {});
  const node = element("figure", { class: "chart card" },
    element("figcaption", {}, element("span", { class: "title" }, title), keys), picture);
  const draw = (points) => {
    const width = Math.max(picture.clientWidth, 200);
    picture.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    const last = points[points.length - 1];
    keys.replaceChildren(...series.map(([name, label], i) => element("span", { class: `key s${i}` },
      `${label} ${last ? format(last[name]) : "–"}`)));
    const values = points.flatMap((point) => series.map(([name]) => point[name])).filter(Number.isFinite);
    const most = above(Math.max(0, ...values)), now = last ? last.time : 0;
    const minutes = Math.max(1, Math.ceil(points.length > 0 ? (now - points[0].time) / MINUTE_MS : 1));
    const x = (time) => LEFT + (width - LEFT - RIGHT) * (1 - (now - time) / (minutes * MINUTE_MS));
    const y = (value) => HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value / most);
    const text = (left, top, anchor, words) => shape("text", { x: left, y: top, "text-anchor": anchor }, words);
    picture.replaceChildren(
      ...[0, 0.5, 1].map((share) => shape("path", { class: "axis", d: `M${LEFT} ${y(share * most)}H${width - RIGHT}` })),
      ...[0, 0.5, 1].map((share) => text(LEFT - 6, y(share * most) + 4, "end", format(share * most))),
      text(LEFT, HEIGHT - 4, "start", `${minutes} min ago`), text(width - RIGHT, HEIGHT - 4, "end", "now"),
      ...series.map(([name], i) => shape("path", { class: `s${i}`, d: line(points, name, x, y) })));
  };
  draw([]);
  return { node, draw };
}

export const all = () => [
  chart("Requests per second", [["rate", "good"]]),
  chart("Latency", [["p50", "p50"], ["p95", "p95"], ["p99", "p99"]], duration),
  chart("Waiting requests", [["queued", "queue"]]),
  chart("Rows per batch", [["rows", "mean"], ["rows95", "p95"]]),
  chart("Errors per second", [["errors", "failed"]]),
];
