// SPDX-FileCopyrightText: 2026 The inferd authors
// SPDX-License-Identifier: Apache-2.0

// @grpc/grpc-js with contracts loaded at run time: grpc_js.js GRPC_PORT PROTO.
const grpc = require("@grpc/grpc-js");
const loader = require("@grpc/proto-loader");
const assert = require("assert");

const [port, proto] = process.argv.slice(2);
const load = (file, folder) =>
  grpc.loadPackageDefinition(loader.loadSync(file, { includeDirs: [folder], keepCase: true, longs: Number }));
const address = `127.0.0.1:${port}`;
const credentials = grpc.credentials.createInsecure();
const inference = new (load("grpc_service.proto", `${proto}/inference`).inference.GRPCInferenceService)(address, credentials);
const serving = load("tensorflow_serving/apis/prediction_service.proto", proto).tensorflow.serving;
const prediction = new serving.PredictionService(address, credentials);

const ask = (client, method, request) =>
  new Promise((resolve, reject) =>
    client[method](request, { deadline: Date.now() + 20000 }, (error, reply) => (error ? reject(error) : resolve(reply))));
const ints = (value) => Buffer.from(new Int32Array(16).map((_, i) => value(i)).buffer);

async function main() {
  assert((await ask(inference, "ServerReady", {})).ready);
  const shape = [1, 16];
  const reply = await ask(inference, "ModelInfer", {
    model_name: "simple",
    inputs: [{ name: "INPUT0", datatype: "INT32", shape }, { name: "INPUT1", datatype: "INT32", shape }],
    raw_input_contents: [ints((i) => i), ints(() => 3)],
  });
  assert.deepStrictEqual(reply.outputs.map((output) => output.name), ["OUTPUT0", "OUTPUT1"]);
  assert(reply.raw_output_contents[0].equals(ints((i) => i + 3)));
  console.log("ok   ModelInfer");

  const answer = await ask(prediction, "Predict", {
    model_spec: { name: "default" },
    inputs: { x: { dtype: "DT_FLOAT", tensor_shape: { dim: [{ size: 1 }] }, float_val: [2] } },
  });
  assert.deepStrictEqual(answer.outputs.y.float_val, [3]);
  console.log("ok   Predict");

  await assert.rejects(ask(inference, "ModelInfer", { model_name: "nope" }), (error) => error.code === grpc.status.NOT_FOUND);
  console.log("ok   NOT_FOUND");
}

main().then(() => process.exit(0), (error) => { console.error(error); process.exit(1); });
