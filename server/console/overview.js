/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* The first page: every version of every model with its state and why, and how the server does as a whole. */

import * as api from "./api.js";
import * as charts from "./charts.js";
import { card, duration, element, pill, short, table } from "./dom.js";

export const modelLink = (name, version, tab = "charts") => `#/model/${encodeURIComponent(name)}/${version || ""}/${tab}`;

export function overview(history) {
  const models = element("div", {}, "…"), filter = element("input", { type: "search", id: "filter" });
  const facts = element("p", { class: "quiet" });
  const pictures = charts.all();
  let rows = [];

  const show = () => {
    const wanted = rows.filter((row) => row.name.includes(filter.value));
    const now = (row) => history.points((key) => key === `${row.name}/${row.version}`).pop() || {};
    models.replaceChildren(wanted.length === 0 ? "No models." : table("Models", [
      ["Model", (row) => element("a", { href: modelLink(row.name, row.version) }, row.name)],
      ["Version", (row) => row.version || "–", "number"],
      ["State", (row) => pill(row.state || "UNAVAILABLE")],
      ["Req/s", (row) => short(now(row).rate), "number"],
      ["p99", (row) => duration(now(row).p99), "number wide"],
      ["Waiting", (row) => short(now(row).queued), "number wide"],
      ["Reason", (row) => row.reason || ""],
    ], wanted));
  };
  const draw = () => {
    const points = history.points(), last = points[points.length - 1];
    for (const picture of pictures) picture.draw(points);
    facts.textContent = history.error ? `No charts: ${history.error.message}`
      : last ? `${short(last.memory / 2 ** 20)} MiB of memory, ${last.cpu.toFixed(2)} cores busy` : "";
    if (rows.length > 0 && !models.contains(document.activeElement)) show();
  };
  const refresh = async () => {
    rows = await api.index();
    show();
  };
  filter.addEventListener("input", show);
  return {
    node: element("div", {}, element("h1", {}, "Models"),
      card(null, element("form", { class: "row", onsubmit: (event) => event.preventDefault() },
        element("label", { for: "filter" }, "Filter by name", filter)), models),
      element("h2", {}, "The server"), facts, element("div", { class: "grid" }, pictures.map((picture) => picture.node))),
    draw, refresh,
  };
}
