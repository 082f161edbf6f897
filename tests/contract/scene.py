# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""The servers that rows are asked of, their models, and the asking."""

import http.client
import json
import pathlib
import struct

import grpc
from google.protobuf import text_format

import grpc_service_pb2 as inference
from tensorflow.core.framework import types_pb2
from tensorflow_serving.apis import (classification_pb2, get_model_metadata_pb2, get_model_status_pb2, inference_pb2,
                                     model_management_pb2, predict_pb2, regression_pb2)

from grpcio_support import Server, add_model, field, identity_model
from http_support import FLOAT, INT64, STRING, http_port, model, node, port, scalar
from rows import Part, Rest, Rpc, Stream, json_matches, message_matches

SERVING = "tensorflow.serving."
METHODS = {
    "Predict": (SERVING + "PredictionService", predict_pb2.PredictRequest, predict_pb2.PredictResponse),
    "Classify": (SERVING + "PredictionService", classification_pb2.ClassificationRequest,
                 classification_pb2.ClassificationResponse),
    "Regress": (SERVING + "PredictionService", regression_pb2.RegressionRequest, regression_pb2.RegressionResponse),
    "MultiInference": (SERVING + "PredictionService", inference_pb2.MultiInferenceRequest,
                       inference_pb2.MultiInferenceResponse),
    "GetModelMetadata": (SERVING + "PredictionService", get_model_metadata_pb2.GetModelMetadataRequest,
                         get_model_metadata_pb2.GetModelMetadataResponse),
    "GetModelStatus": (SERVING + "ModelService", get_model_status_pb2.GetModelStatusRequest,
                       get_model_status_pb2.GetModelStatusResponse),
    "HandleReloadConfigRequest": (SERVING + "ModelService", model_management_pb2.ReloadConfigRequest,
                                  model_management_pb2.ReloadConfigResponse),
}
for name in ("ServerLive", "ServerReady", "ModelReady", "ServerMetadata", "ModelMetadata", "ModelInfer", "ModelConfig",
             "ModelStatistics", "RepositoryIndex", "RepositoryModelLoad", "RepositoryModelUnload", "TraceSetting",
             "LogSettings", "SystemSharedMemoryStatus", "SystemSharedMemoryRegister", "SystemSharedMemoryUnregister",
             "CudaSharedMemoryStatus", "CudaSharedMemoryRegister", "CudaSharedMemoryUnregister"):
    METHODS[name] = ("inference.GRPCInferenceService", getattr(inference, name + "Request"),
                     getattr(inference, name + "Response"))

# --- models ---

ELEMENTS = {"FLOAT": 1, "UINT8": 2, "INT8": 3, "UINT16": 4, "INT16": 5, "INT32": 6, "INT64": 7, "STRING": 8, "BOOL": 9,
            "HALF": 10, "DOUBLE": 11, "UINT32": 12, "UINT64": 13, "BFLOAT16": 16}
CAST_TO_FLOAT = field(5, field(1, "to") + field(3, FLOAT) + field(20, 2))


def plus(constant, dims=("N",)):
    """y = x / 2 + constant"""
    return model(node("Mul", ["x", "a"], "m") + node("Add", ["m", "b"], "y") + scalar("a", 0.5) +
                 scalar("b", constant) + port(11, "x", dims) + port(12, "y", dims))


MODELS = {
    "half": plus(2.0),
    "any": plus(2.0, None),
    "two": model(node("Add", ["p", "q"], "s") + node("Sub", ["p", "q"], "d") + port(11, "p", ["N", 2]) +
                 port(11, "q", ["N", 2]) + port(12, "s", ["N", 2]) + port(12, "d", ["N", 2])),
    "one": model(node("Mul", ["x", "a"], "y") + scalar("a", 2.0) + port(11, "x", []) + port(12, "y", [])),
    "column": plus(2.0, ("N", 1)),
    "scores": model(node("Mul", ["x", "a"], "p") + scalar("a", 2.0) + port(11, "x", ["N", 3]) + port(12, "p", ["N", 3])),
    "mixed": model(node("Cast", ["i"], "f", CAST_TO_FLOAT) + node("Add", ["x", "f"], "outputs") +
                   port(11, "x", ["N"]) + port(11, "i", ["N"], INT64) + port(12, "outputs", ["N"])),
    "words": model(node("Identity", ["w"], "classes") + port(11, "w", ["N", 2], STRING) +
                   port(12, "classes", ["N", 2], STRING)),
    "texts_bytes": model(node("Identity", ["x"], "y_bytes") + port(11, "x", ["N"], STRING) +
                         port(12, "y_bytes", ["N"], STRING)),
    "pair": model(node("Identity", ["x"], "y") + port(11, "x", [2]) + port(12, "y", [2])),
    "grid": model(node("Identity", ["x"], "y") + port(11, "x", ["N", 2, "M"]) + port(12, "y", ["N", 2, "M"])),
    "broken": b"\x08\x08not a model",
    **{f"id_{name.lower()}": identity_model(element, 1) for name, element in ELEMENTS.items()},
}
CONFIGS = {
    "scores": 'output { name: "p" data_type: TYPE_FP32 dims: 3 label_filename: "labels.txt" }\n'
              'input { name: "x" data_type: TYPE_FP32 dims: 3 } max_batch_size: 8\n',
    "two": "max_batch_size: 8\n",
    "tiny": "max_batch_size: 2\n",
}
VERSIONED = 'version_policy { all { } }\n'
# Models without a file: the test engine's, and an ensemble.
IDENTITY = 'backend: "identity" input { name: "x" data_type: TYPE_INT32 dims: [ -1 ] } ' \
    'output { name: "y" data_type: TYPE_INT32 dims: [ -1 ] } '
ENGINES = {
    "often": IDENTITY + 'model_transaction_policy { decoupled: true } '
             'parameters { key: "response_count" value { string_value: "input" } }',
    "turns": IDENTITY.replace("-1", "1") + 'max_batch_size: 4 sequence_batching { max_sequence_idle_microseconds: 60000000 '
             'control_input { name: "START" control { kind: CONTROL_SEQUENCE_START int32_false_true: [ 0, 1 ] } } }',
    "chain": 'platform: "ensemble" input { name: "x" data_type: TYPE_FP32 dims: [ -1 ] } output { name: "y" data_type: TYPE_FP32 '
             'dims: [ -1 ] } ensemble_scheduling { step { model_name: "half" model_version: -1 input_map { key: "x" value: "x" } '
             'output_map { key: "y" value: "y" } } }',
}


def make_repository(folder):
    for name, bytes_ in MODELS.items():
        add_model(folder, name, bytes_, CONFIGS.get(name, ""))
    add_model(folder, "tiny", plus(2.0), CONFIGS["tiny"])
    (pathlib.Path(folder) / "scores" / "labels.txt").write_text("low\nmiddle\nhigh\n")
    for number in (1, 2, 3):
        path = pathlib.Path(folder) / "many" / str(number)
        path.mkdir(parents=True)
        (path / "model.onnx").write_bytes(plus(float(number)))
    (pathlib.Path(folder) / "many" / "config.pbtxt").write_text(VERSIONED)
    for name, config in ENGINES.items():
        path = pathlib.Path(folder) / name / "1"
        path.mkdir(parents=True)
        (path.parent / "config.pbtxt").write_text(config)


# --- servers ---

LISTED = """model_config_list {
  config { name: "half" base_path: "%(folder)s/half" model_platform: "tensorflow" }
  config { name: "many" base_path: "%(folder)s/many" model_platform: "tensorflow"
           model_version_policy { specific { versions: 1 versions: 2 } }
           version_labels { key: "stable" value: 1 } version_labels { key: "canary" value: 2 } }
}
"""
# Flags beside the ports. {folder}: the repository; {list}: a file with LISTED.
SERVERS = {
    "main": ["--model-repository={folder}"],
    "cors": ["--model-repository={folder}", "--rest-api-enable-cors-support"],
    "listed": ["--model-config-file={list}", "--allow-version-labels-for-unavailable-models"],
    "explicit": ["--model-repository={folder}", "--model-control-mode=explicit", "--load-model=half", "--load-model=scores",
                 "--load-model=many"],
    "shared": ["--model-repository={folder}", "--allow-client-shm=true"],
}


class One:
    """One server, its channel, and a connection a thread at most."""

    def __init__(self, binary, flags):
        self.server = Server(binary, "--http-port=0", "--http-address=127.0.0.1", *flags)
        self.port = http_port(self.server)
        self.channel = grpc.insecure_channel(self.server.target, options=[("grpc.max_receive_message_length", -1)])

    def stop(self):
        self.channel.close()
        self.server.stop()


class Scene:
    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder
        listed = pathlib.Path(folder) / "models.config"
        listed.write_text(LISTED % {"folder": folder})
        self.names = {"folder": folder, "list": str(listed)}
        self.servers = {name: One(binary, [flag.format(**self.names) for flag in flags])
                        for name, flags in SERVERS.items()}

    def stop(self):
        for server in self.servers.values():
            server.stop()

    def run(self, row):
        """None, or what is wrong."""
        try:
            server = self.servers[row.on]
            wrong = {Rpc: self.rpc, Rest: self.rest, Stream: self.stream}[type(row.ask)](server, row)
        except Exception as error:  # a row that cannot be asked is a failed row
            wrong = f"{type(error).__name__}: {error}"
        return wrong and f"{row.section}: {row.fact}: {row.ask.show()[:160]}: {wrong}"

    def rpc(self, server, row):
        service, request_type, response_type = METHODS[row.ask.method]
        request = row.ask.request
        if isinstance(request, str):
            request = text_format.Parse(request.replace("{folder}", str(self.folder)), request_type())
        data = request if isinstance(request, bytes) else request.SerializeToString()
        method = server.channel.unary_unary(f"/{service}/{row.ask.method}")
        try:
            answer = response_type.FromString(method(data, timeout=row.ask.timeout, metadata=row.ask.metadata))
            code, text = "OK", text_format.MessageToString(answer, as_one_line=True)
        except grpc.RpcError as error:
            answer, code, text = None, error.code().name, error.details()
        if code != row.code:
            return f"expected {row.code}, got {code} {text[:300]}"
        if callable(row.want):
            same = row.want(answer if code == "OK" else text)
        elif code != "OK":
            same = row.want in text
        else:
            same = message_matches(text_format.Parse(row.want, response_type()), answer)
        return "" if same else f"expected {show(row.want)}, got {text[:300]}"

    def stream(self, server, row):
        method = server.channel.stream_stream("/inference.GRPCInferenceService/ModelStreamInfer",
                                              request_serializer=inference.ModelInferRequest.SerializeToString,
                                              response_deserializer=inference.ModelStreamInferResponse.FromString)
        requests = [text_format.Parse(request, inference.ModelInferRequest()) for request in row.ask.requests]
        answers, code, text = [], "OK", ""
        try:
            for answer in method(iter(requests), timeout=60, metadata=row.ask.metadata):
                answers.append(answer)
        except grpc.RpcError as error:
            code, text = error.code().name, error.details()
        if code != row.code:
            return f"expected {row.code}, got {code} {text[:300]}"
        same = row.want(answers) if callable(row.want) else row.want in text
        return "" if same else f"expected {show(row.want)}, got {text} {str(answers)[:300]}"

    def rest(self, server, row):
        ask, body = row.ask, row.ask.body
        if body is not None and not isinstance(body, bytes):
            body = (body if isinstance(body, str) else json.dumps(body)).encode()
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        connection.request(ask.method, ask.path, body, ask.headers)
        reply = connection.getresponse()
        data = reply.read()
        connection.close()
        shown = data[:300].decode(errors="replace")
        if reply.status != row.code:
            return f"expected {row.code}, got {reply.status} {shown}"
        if callable(row.want):
            same = row.want(reply.headers, data)
        elif isinstance(row.want, (Part, dict, list)):
            same = json_matches(row.want, json.loads(data))
        elif isinstance(row.want, str) and row.code >= 400 and row.want:
            same = row.want in json.loads(data)["error"]
        else:
            same = (row.want.encode() if isinstance(row.want, str) else row.want) in data
        return "" if same else f"expected {show(row.want)}, got {shown}"


def show(want):
    return getattr(want, "__doc__", None) or "something else" if callable(want) else str(want)[:300]
