/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * An inference by hand: a request in the Open Inference Protocol's JSON, filled in with zeros or with a picture that is dropped
 * here. The picture is scaled to the input's size and sent as grey or colour, planes or pixels, as the input's shape says.
 */

import * as api from "./api.js";
import { card, duration, element, short } from "./dom.js";

const SHOWN = 4096, PREFILLED = 20000;

const known = (shape) => shape.map((dim) => (dim < 0 ? 1 : dim));
const count = (shape) => shape.reduce((product, dim) => product * dim, 1);
const zero = (datatype) => (datatype === "BYTES" ? "" : datatype === "BOOL" ? false : 0);

function example(metadata) {
  const inputs = metadata.inputs.map((port) => {
    const shape = known(port.shape);
    const data = count(shape) <= PREFILLED ? Array(count(shape)).fill(zero(port.datatype)) : [];
    return { name: port.name, shape, datatype: port.datatype, data };
  });
  return { inputs };
}

/* Indented, but data on one line. */
function format(request) {
  const inputs = request.inputs.map(({ data, ...rest }) =>
    `    ${JSON.stringify(rest).slice(0, -1).replaceAll('":', '": ').replaceAll(',"', ', "')},\n      "data": ${JSON.stringify(data).replaceAll(",", ", ")}}`);
  return `{\n  "inputs": [\n${inputs.join(",\n")}\n  ]\n}`;
}

/** Where a picture fits: {port, channels, height, width, planes}, or null. A size that is open is the picture's own, up to 640. */
function pictureInput(metadata) {
  for (const port of metadata.inputs) {
    const shape = port.shape;
    if (!/^(FP32|FP64|UINT8)$/.test(port.datatype) || shape.length < 3 || shape.length > 4) continue;
    const [a, b, c] = shape.slice(-3);
    if (a === 1 || a === 3) return { port, channels: a, height: b, width: c, planes: true };
    if (c === 1 || c === 3) return { port, channels: c, height: a, width: b, planes: false };
  }
  return null;
}

/* Pixels of a canvas -> the tensor's numbers. */
function pixels(canvas, target, scale) {
  const { width, height } = canvas, step = width * height;
  const rgba = canvas.getContext("2d").getImageData(0, 0, width, height).data, data = new Array(step * target.channels);
  for (let i = 0; i < step; i++) {
    const [r, g, b] = [rgba[4 * i], rgba[4 * i + 1], rgba[4 * i + 2]];
    const parts = target.channels === 3 ? [r, g, b] : [Math.round(0.299 * r + 0.587 * g + 0.114 * b)];
    parts.forEach((part, channel) => { data[target.planes ? channel * step + i : i * target.channels + channel] = part / scale; });
  }
  return data;
}

async function drawPicture(file, canvas, target) {
  const picture = await createImageBitmap(file);
  canvas.width = target.width > 0 ? target.width : Math.min(picture.width, 640);
  canvas.height = target.height > 0 ? target.height : Math.min(picture.height, 640);
  const pen = canvas.getContext("2d");
  pen.imageSmoothingQuality = "high";
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
}

function pictureForm(metadata, fill) {
  const target = pictureInput(metadata);
  if (!target) return null;
  const canvas = element("canvas", { width: 8, height: 8, role: "img", "aria-label": "The picture as it is sent" });
  const file = element("input", { type: "file", accept: "image/*", id: "picture" });
  const scale = element("select", { id: "scale" }, element("option", { value: "255" }, "0 to 1"), element("option", { value: "1" }, "0 to 255"));
  if (target.port.datatype === "UINT8") scale.value = "1";
  const said = element("span", { role: "status" });
  const take = async (picture) => {
    try {
      await drawPicture(picture, canvas, target);
      const tail = target.planes ? [target.channels, canvas.height, canvas.width] : [canvas.height, canvas.width, target.channels];
      fill(target.port, target.port.shape.length === 4 ? [1, ...tail] : tail, pixels(canvas, target, Number(scale.value)));
      said.textContent = `${picture.name}, ${canvas.width} by ${canvas.height}`;
    } catch {
      said.textContent = "That is no picture that this browser can read.";
    }
  };
  file.addEventListener("change", () => file.files[0] && take(file.files[0]));
  scale.addEventListener("change", () => file.files[0] && take(file.files[0]));
  const area = element("div", { class: "drop" }, canvas,
    element("label", { class: "field", for: "picture" }, `A picture for '${target.port.name}': choose one or drop it here`, file),
    element("label", { class: "field", for: "scale" }, "Values from", scale), said);
  const over = (is) => (event) => {
    event.preventDefault();
    area.classList.toggle("over", is);
  };
  area.addEventListener("dragover", over(true));
  area.addEventListener("dragleave", over(false));
  area.addEventListener("drop", (event) => {
    over(false)(event);
    if (event.dataTransfer.files[0]) take(event.dataTransfer.files[0]);
  });
  return area;
}

/* The five largest of what looks like scores. */
function bars(output) {
  const size = output.shape[output.shape.length - 1];
  if (!/^FP/.test(output.datatype) || output.data.length !== size || size < 2 || size > 100000) return null;
  const order = output.data.map((value, i) => [value, i]).sort((a, b) => b[0] - a[0]).slice(0, 5);
  const most = Math.max(...output.data.map(Math.abs), 1e-9);
  return element("div", { class: "bars" }, order.map(([value, i]) => [element("span", {}, `#${i}`),
    element("meter", { min: 0, max: most, value: Math.max(value, 0), "aria-label": `entry ${i}` }), element("span", {}, short(value))]));
}

function answer(reply, seconds) {
  return [element("p", { class: "quiet" }, `${reply.model_name} version ${reply.model_version} answered in ${duration(seconds)}, network included.`),
    ...reply.outputs.map((output) => card(`${output.name} ${output.datatype} [${output.shape.join(", ")}]`, bars(output),
      element("pre", { tabindex: 0 }, JSON.stringify(output.data.slice(0, SHOWN)) + (output.data.length > SHOWN ? " …" : ""))))];
}

export function tryit(name, version) {
  const text = element("textarea", { id: "request", spellcheck: "false", required: true });
  const result = element("div", { "aria-live": "polite" }), send = element("button", {}, "Send"), pictures = element("div", {});
  const submit = async (event) => {
    event.preventDefault();
    send.disabled = true;
    const begin = performance.now();
    try {
      const reply = await api.infer(name, version, text.value);
      result.replaceChildren(...answer(reply, (performance.now() - begin) / 1000));
    } catch (error) {
      result.replaceChildren(element("p", { class: "problem" }, error.message));
    }
    send.disabled = false;
  };
  let filled = false;
  const refresh = async () => {
    if (filled) return;
    const metadata = await api.metadata(name, version), request = example(metadata);
    text.value = format(request);
    filled = true;
    const form = pictureForm(metadata, (port, shape, data) => {
      const input = request.inputs.find((one) => one.name === port.name);
      Object.assign(input, { shape, data });
      text.value = format(request);
    });
    pictures.replaceChildren(...(form ? [form] : []));
  };
  return {
    node: element("div", { class: "columns" },
      card("Request", element("form", { onsubmit: submit }, pictures,
        element("label", { for: "request", class: "quiet" }, "JSON of the Open Inference Protocol"), text, send)),
      element("div", {}, result)),
    refresh,
  };
}
