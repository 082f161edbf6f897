/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The last minutes of the server as its metrics page told them. A sample is {time, versions: Map "model/version" -> counts};
 * rates and percentiles are differences of two samples.
 */

import * as api from "./api.js";

const EVERY_MS = 2000, KEPT = 150; /* five minutes */
const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

const unescape = (text) => text.replace(/\\(.)/g, (_, character) => (character === "n" ? "\n" : character));

const blank = () => ({ good: 0, bad: 0, queued: 0, latency: new Map(), rows: new Map(), rowSum: 0, batches: 0 });
const add = (map, key, value) => map.set(key, (map.get(key) || 0) + value);

/* Metric -> what of a version's counts it is. */
const TAKEN = {
  nv_inference_request_success: (counts, value) => { counts.good += value; },
  nv_inference_request_failure: (counts, value) => { counts.bad += value; },
  inferd_queue_requests: (counts, value) => { counts.queued += value; },
  inferd_request_duration_seconds_bucket: (counts, value, labels) => add(counts.latency, Number(labels.le.replace("+Inf", "Infinity")), value),
  inferd_batch_rows_bucket: (counts, value, labels) => add(counts.rows, Number(labels.le.replace("+Inf", "Infinity")), value),
  inferd_batch_rows_sum: (counts, value) => { counts.rowSum += value; },
  inferd_batch_rows_count: (counts, value) => { counts.batches += value; },
};

export function parse(text, time) {
  const sample = { time, versions: new Map(), memory: NaN, cpu: NaN };
  for (const line of text.split("\n")) {
    const found = LINE.exec(line);
    if (!found) continue;
    if (found[1] === "process_resident_memory_bytes") sample.memory = Number(found[3]);
    if (found[1] === "process_cpu_seconds_total") sample.cpu = Number(found[3]);
    const take = TAKEN[found[1]];
    if (!take || !found[2]) continue;
    const labels = {};
    for (const [, name, value] of found[2].matchAll(LABEL)) labels[name] = unescape(value);
    if (labels.model === undefined || labels.version === undefined) continue;
    const key = `${labels.model}/${labels.version}`;
    if (!sample.versions.has(key)) sample.versions.set(key, blank());
    take(sample.versions.get(key), Number(found[3]), labels);
  }
  return sample;
}

/* The counts of the versions that `wanted` takes, added up. */
function together(sample, wanted) {
  const sum = blank();
  for (const [key, counts] of sample.versions) {
    if (!wanted(key)) continue;
    for (const name of ["good", "bad", "queued", "rowSum", "batches"]) sum[name] += counts[name];
    for (const name of ["latency", "rows"]) for (const [bound, value] of counts[name]) add(sum[name], bound, value);
  }
  return sum;
}

/** The value below which a share of what came between two cumulative histograms lies; NaN: nothing came. */
export function quantile(before, after, share) {
  const bounds = [...after.keys()].sort((a, b) => a - b);
  const grown = bounds.map((bound) => after.get(bound) - (before.get(bound) || 0));
  const all = grown[grown.length - 1];
  if (!(all > 0)) return NaN;
  const at = grown.findIndex((count) => count >= share * all);
  const low = at > 0 ? bounds[at - 1] : 0, below = at > 0 ? grown[at - 1] : 0;
  if (!Number.isFinite(bounds[at])) return low;
  return low + (bounds[at] - low) * ((share * all - below) / (grown[at] - below));
}

/* Two samples -> the points of all charts. Counts that fell mean that the version was loaded anew. */
function point(old, now, wanted) {
  const a = together(old, wanted), b = together(now, wanted);
  const seconds = (now.time - old.time) / 1000, rate = (name) => Math.max(0, b[name] - a[name]) / seconds;
  return {
    time: now.time, rate: rate("good"), errors: rate("bad"), queued: b.queued,
    rows: b.batches > a.batches ? (b.rowSum - a.rowSum) / (b.batches - a.batches) : NaN,
    rows95: Math.ceil(quantile(a.rows, b.rows, 0.95)),
    p50: quantile(a.latency, b.latency, 0.5), p95: quantile(a.latency, b.latency, 0.95), p99: quantile(a.latency, b.latency, 0.99),
    cpu: (now.cpu - old.cpu) / seconds, memory: now.memory,
  };
}

export class History {
  constructor() {
    this.samples = [];
    this.error = null;
    this.listeners = new Set();
  }

  async look() {
    try {
      this.samples.push(parse(await api.metrics(), performance.now()));
      if (this.samples.length > KEPT) this.samples.shift();
      this.error = null;
    } catch (error) {
      this.error = error;
    }
    for (const listener of this.listeners) listener();
  }

  start() {
    const turn = async () => {
      if (!document.hidden) await this.look();
      setTimeout(turn, EVERY_MS);
    };
    turn();
  }

  /** wanted: takes "model/version" */
  points(wanted = () => true) {
    const points = [];
    for (let i = 1; i < this.samples.length; i++) points.push(point(this.samples[i - 1], this.samples[i], wanted));
    return points;
  }
}
