// SPDX-FileCopyrightText: 2026 The inferd authors
// SPDX-License-Identifier: Apache-2.0

// digits.js TARGET PICTURE.pgm [CA.pem]: which digit is it? Asked in both protocols and over a stream. The contracts are
// read when it starts.
const fs = require("fs");
const path = require("path");
const grpc = require("@grpc/grpc-js");
const loader = require("@grpc/proto-loader");

const PROTO = process.env.INFERD_PROTO || path.join(__dirname, "../../../proto");
const load = (file, folder) =>
  grpc.loadPackageDefinition(loader.loadSync(file, { includeDirs: [folder], keepCase: true, longs: Number }));
const { inference } = load("grpc_service.proto", path.join(PROTO, "inference"));
const { serving } = load("tensorflow_serving/apis/prediction_service.proto", PROTO).tensorflow;

const [target, picture, ca] = process.argv.slice(2);
const credentials = ca ? grpc.credentials.createSsl(fs.readFileSync(ca)) : grpc.credentials.createInsecure();
// All addresses behind a name take turns; calls that find a server going away are sent again.
const options = {
  "grpc.service_config": JSON.stringify({
    loadBalancingConfig: [{ round_robin: {} }],
    methodConfig: [{
      name: [{}],
      retryPolicy: { maxAttempts: 4, initialBackoff: "0.05s", maxBackoff: "2s", backoffMultiplier: 2,
                     retryableStatusCodes: ["UNAVAILABLE"] },
    }],
  }),
};
const deadline = () => ({ deadline: Date.now() + 30000 });
const models = new inference.GRPCInferenceService(target, credentials, options);
const predictions = new serving.PredictionService(target, credentials, options);

const ask = (client, method, request) =>
  new Promise((resolve, reject) =>
    client[method](request, deadline(), (error, reply) => (error ? reject(error) : resolve(reply))));

/** The 8 x 8 pixels of a PGM as floats from 0 to 1. */
const image = Buffer.from(Float32Array.from(fs.readFileSync(picture).subarray(-64), (pixel) => pixel / 255).buffer);

const floats = (raw) => Array.from({ length: raw.length / 4 }, (_, i) => raw.readFloatLE(4 * i));

function show(way, scores) {
  const best = scores.indexOf(Math.max(...scores));
  console.log(way, best, scores[best].toFixed(4));
}

/** Open Inference Protocol: Triton's, KServe's. */
const request = {
  model_name: "digits",
  inputs: [{ name: "image", datatype: "FP32", shape: [1, 1, 8, 8] }],
  raw_input_contents: [image],
};

/** Requests go out while answers come in. */
function stream(count) {
  return new Promise((resolve, reject) => {
    const call = models.ModelStreamInfer(deadline());
    let last;
    call.on("data", (answer) => {
      if (answer.error_message) reject(new Error(answer.error_message));
      else last = answer.infer_response.raw_output_contents[0];
    });
    call.on("error", reject);
    call.on("end", () => resolve(last));
    for (let i = 0; i < count; i++) call.write(request);
    call.end();
  });
}

async function main() {
  show("inference", floats((await ask(models, "ModelInfer", request)).raw_output_contents[0]));
  const answer = await ask(predictions, "Predict", {
    model_spec: { name: "digits" },
    inputs: {
      image: { dtype: "DT_FLOAT", tensor_shape: { dim: [1, 1, 8, 8].map((size) => ({ size })) }, tensor_content: image },
    },
  });
  show("tensorflow", answer.outputs.probabilities.float_val);
  show("stream", floats(await stream(3)));
  models.close();
  predictions.close();
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
