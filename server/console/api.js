/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the pages ask of the server: what any client may ask, with the token of whoever looks. Paths are relative, so the
 * console works behind a proxy's prefix. The token stays in this tab's memory.
 */

let token = "";

export function setToken(text) {
  token = text.trim();
}

export class Refused extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

async function ask(path, options = {}) {
  const headers = { ...options.headers, ...(token ? { Authorization: `Bearer ${token}` } : {}) };
  let reply;
  try {
    reply = await fetch(path, { ...options, headers, cache: "no-store", credentials: "omit" });
  } catch {
    throw new Refused(0, "The server does not answer.");
  }
  const text = await reply.text();
  if (reply.ok) return text;
  let message = text;
  try {
    message = JSON.parse(text).error || text;
  } catch { /* it is not JSON */ }
  throw new Refused(reply.status, message || `${reply.status} ${reply.statusText}`);
}

const read = async (path) => JSON.parse(await ask(path));
const write = (path, document) => ask(path, { method: "POST", body: JSON.stringify(document), headers: { "Content-Type": "application/json" } });
const modelPath = (model, version) => `v2/models/${encodeURIComponent(model)}${version ? `/versions/${version}` : ""}`;

export const server = () => read("v2");
export const ready = () => ask("readyz").then(() => true, () => false);
export const index = async () => JSON.parse(await write("v2/repository/index", {}));
export const metrics = () => ask("metrics");
export const metadata = (model, version) => read(modelPath(model, version));
export const config = (model, version) => read(`${modelPath(model, version)}/config`);
export const about = (model) => read(`console/models/${encodeURIComponent(model)}`);
export const graph = (model, version) => read(`console/models/${encodeURIComponent(model)}/versions/${version}/graph`);
export const infer = async (model, version, text) => {
  const path = `${modelPath(model, version)}/infer`;
  return JSON.parse(await ask(path, { method: "POST", body: text, headers: { "Content-Type": "application/json" } }));
};
export const setLabel = (model, label, version) =>
  write(`v2/repository/models/${encodeURIComponent(model)}/load`, { parameters: { [`label:${label}`]: version } });
