/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* One model: how a version does, what goes in and out, trying it, its network, and which version a label means. */

import * as api from "./api.js";
import * as charts from "./charts.js";
import { card, element, pill, table } from "./dom.js";
import { network } from "./graph.js";
import { modelLink } from "./overview.js";
import { tryit } from "./tryit.js";

const dims = (shape) => `[${(shape || []).map((dim) => (dim < 0 ? "any" : dim)).join(", ")}]`;

function chartsTab(history, name, version) {
  const pictures = charts.all();
  const wanted = (key) => (version ? key === `${name}/${version}` : key.slice(0, key.lastIndexOf("/")) === name);
  return {
    node: element("div", { class: "grid" }, pictures.map((picture) => picture.node)),
    draw: () => { for (const picture of pictures) picture.draw(history.points(wanted)); },
  };
}

function portsTab(name, version) {
  const node = element("div", {}, "…");
  const refresh = async () => {
    const [metadata, config] = await Promise.all([api.metadata(name, version), api.config(name, version).catch(() => null)]);
    const ports = (title, list) => card(title, table(title, [
      ["Name", (port) => element("code", {}, port.name)], ["Type", (port) => port.datatype], ["Shape", (port) => dims(port.shape)],
    ], list));
    node.replaceChildren(element("div", { class: "columns" }, ports("Inputs", metadata.inputs), ports("Outputs", metadata.outputs)),
      card("Settings", config ? element("pre", { tabindex: 0 }, JSON.stringify(config, null, 2)) : "You may not see these."));
  };
  return { node, refresh };
}

/* Rollback: a label, and the version it is to mean. */
function labelForm(name, versions, about, changed) {
  if (!about.allowed.label)
    return element("p", { class: "quiet" }, "Labels are fixed on this server: start it with --allow-label-changes, or with a model list and --allow-reload.");
  const ready = versions.filter((row) => row.state === "READY");
  const label = element("input", { id: "label", required: true, pattern: "[^/:]+", list: "labels", value: Object.keys(about.labels)[0] || "stable" });
  const choice = element("select", { id: "label-version" }, ready.map((row) => element("option", { value: row.version }, row.version)),
    element("option", { value: "0" }, "no version: remove the label"));
  const said = element("p", { role: "status" });
  const submit = async (event) => {
    event.preventDefault();
    said.className = "";
    said.textContent = "…";
    try {
      await api.setLabel(name, label.value, Number(choice.value));
      said.textContent = choice.value === "0" ? `'${label.value}' is gone.` : `'${label.value}' is version ${choice.value} now.`;
      await changed();
    } catch (error) {
      said.className = "bad";
      said.textContent = error.message;
    }
  };
  return element("div", {}, element("form", { class: "row", onsubmit: submit },
    element("label", { for: "label" }, "Label", label),
    element("datalist", { id: "labels" }, Object.keys(about.labels).map((text) => element("option", { value: text }))),
    element("label", { for: "label-version" }, "Version", choice), element("button", {}, "Move label")), said);
}

function versionsTab(name) {
  const list = element("div", {}, "…"), form = element("div", {});
  let formed = false;
  const refresh = async () => {
    const [index, about] = await Promise.all([api.index(), api.about(name)]);
    const rows = index.filter((row) => row.name === name);
    const labels = (version) => Object.entries(about.labels).filter(([, number]) => String(number) === version).map(([label]) => label);
    list.replaceChildren(table("Versions", [
      ["Version", (row) => element("a", { href: modelLink(name, row.version) }, row.version || "–")],
      ["State", (row) => pill(row.state || "UNAVAILABLE")],
      ["Labels", (row) => labels(row.version).map((label) => [element("code", {}, label), " "])],
      ["Reason", (row) => row.reason || ""],
    ], rows));
    if (!formed) form.replaceChildren(labelForm(name, rows, about, refresh));
    formed = true;
  };
  return { node: element("div", {}, card("Versions", list), card("Labels", form)), refresh };
}

const TABS = {
  charts: ["Charts", chartsTab], ports: ["Inputs and outputs", (history, name, version) => portsTab(name, version)],
  try: ["Try it", (history, name, version) => tryit(name, version)],
  network: ["Network", (history, name, version) => network(name, version)],
  versions: ["Versions and labels", (history, name) => versionsTab(name)],
};

export function model(history, name, version, tab) {
  const [, make] = TABS[tab] || TABS.charts;
  const content = make(history, name, version);
  return {
    ...content,
    title: name,
    node: element("div", {},
      element("p", {}, element("a", { href: "#/" }, "← all models")),
      element("h1", {}, name, version ? ` version ${version}` : ""),
      element("nav", { class: "tabs", "aria-label": "Model" }, Object.entries(TABS).map(([key, [title]]) =>
        element("a", { href: modelLink(name, version, key), "aria-current": key === tab ? "page" : null }, title))),
      content.node),
  };
}
