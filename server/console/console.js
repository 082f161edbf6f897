/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Which page is shown: the part of the address behind '#'. A page is {node, draw, refresh, title}: draw when there are new
 * metrics, refresh when the server should be asked again, which is every five seconds and when the token changes.
 */

import * as api from "./api.js";
import { History } from "./metrics.js";
import { model } from "./model.js";
import { overview } from "./overview.js";

const REFRESH_MS = 5000;
const history = new History();
const main = document.getElementById("main"), problem = document.getElementById("problem");
let page = null;

function say(error) {
  problem.hidden = !error;
  if (error) problem.textContent = error.code === 401 || error.code === 403 ? `${error.message} (a token may help: top of the page)` : error.message;
}

async function refresh() {
  const shown = page;
  try {
    if (shown.refresh) await shown.refresh();
    if (shown === page) say(null);
  } catch (error) {
    if (shown === page) say(error);
  }
}

function open() {
  const [, kind, name, version, tab] = location.hash.split("/");
  page = kind === "model" && name ? model(history, decodeURIComponent(name), version, tab || "charts") : overview(history);
  document.title = page.title ? `${page.title} – inferd` : "inferd";
  main.replaceChildren(page.node);
  if (page.draw) page.draw();
  refresh();
}

async function about() {
  const health = document.getElementById("health"), ready = await api.ready();
  health.className = `pill ${ready ? "good" : "bad"}`;
  health.textContent = ready ? "ready" : "not ready";
  const server = await api.server().catch(() => null);
  document.getElementById("server").textContent = server ? `${server.name} ${server.version}` : "";
}

document.getElementById("access").addEventListener("submit", (event) => {
  event.preventDefault();
  api.setToken(document.getElementById("token").value);
  history.look();
  about();
  refresh();
});
history.listeners.add(() => page && page.draw && page.draw());
addEventListener("resize", () => page && page.draw && page.draw());
addEventListener("hashchange", () => {
  open();
  main.focus();
});
setInterval(() => {
  if (document.hidden) return;
  about();
  refresh();
}, REFRESH_MS);
open();
about();
history.start();
