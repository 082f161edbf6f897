# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""The Open Inference Protocol's contract, with Triton's extensions: reference open_inference_triton.md, chapters 1, 2, 5.3."""

import gzip
import json
import struct
import zlib

from rows import Part, Rest, Rpc, rows_of

# What no single request shows.
NOTES = [
    ("sockets", "open when all models are loaded, and a failed one ends the process; ours open at once and readiness is told"),
    ("health over gRPC", "SERVING for any name; ours tells unknown names, and Watch is there"),
    ("reflection", "none; ours describes itself"),
    ("order of outputs", "the backend's; ours is the request's where it names outputs, else the configuration's"),
    ("message limits", "2^31-1 bytes for inferences; ours is a flag, and has a budget for names and shapes"),
    ("time limits", "seen when the batcher looks; ours expire exactly, also while every worker is busy"),
    ("queues of models without dynamic batching", "have no limit; ours all have one (`--max-queue-requests`)"),
    ("metrics", "summaries, GPU's and pinned memory's families are not told; histograms of all durations always are; requests that "
                "do not fit the model count as failures with reason OTHER"),
    ("traces", "end when the process does, however large; ours stop at 1 GiB of files, drop what a slow disk does not take, and hold no "
               "tensors; OpenTelemetry is not spoken"),
]


def escape(data):
    return "".join(f"\\{byte:03o}" for byte in data)


def tensor(name, datatype, shape, contents=""):
    dims = " ".join(f"shape: {size}" for size in shape)
    return f'inputs {{ name: "{name}" datatype: "{datatype}" {dims} {contents} }}'


def infer(model, tensors, raw=(), more=""):
    """tensors: texts of tensor(); raw: bytes of raw_input_contents"""
    contents = " ".join(f'raw_input_contents: "{escape(data)}"' for data in raw)
    return Rpc("ModelInfer", f'model_name: "{model}" {" ".join(tensors)} {contents} {more}'.rstrip())


def f32(*values):
    return struct.pack(f"<{len(values)}f", *values)


def half(*values, more=""):
    return infer("half", [tensor("x", "FP32", [len(values)])], [f32(*values)], more)


def out(name, datatype, shape, data):
    dims = " ".join(f"shape: {size}" for size in shape)
    return f'outputs {{ name: "{name}" datatype: "{datatype}" {dims} }} raw_output_contents: "{escape(data)}"'


def post(path, document=None, headers=None):
    return Rest("POST", path, document, headers or {})


def get(path, headers=None):
    return Rest("GET", path, None, headers or {})


def json_tensor(name, datatype, shape, data=None, **more):
    made = {"name": name, "datatype": datatype, "shape": shape, **more}
    return made if data is None else dict(made, data=data)


def rest(model, tensors, headers=None, **more):
    return post(f"/v2/models/{model}/infer", dict(more, inputs=tensors), headers)


def rest_half(*values, **more):
    return rest("half", [json_tensor("x", "FP32", [len(values)], list(values))], **more)


def answer(*outputs):
    return Part(outputs=list(outputs))


# --- types ---

# wire name: (model's suffix, contents field, two values as text, as JSON, as bytes)
TYPES = {
    "BOOL": ("bool", "bool_contents", ("true", "false"), [True, False], b"\1\0"),
    "UINT8": ("uint8", "uint_contents", (255, 7), [255, 7], struct.pack("<2B", 255, 7)),
    "UINT16": ("uint16", "uint_contents", (65535, 7), [65535, 7], struct.pack("<2H", 65535, 7)),
    "UINT32": ("uint32", "uint_contents", (4294967295, 7), [4294967295, 7], struct.pack("<2I", 4294967295, 7)),
    "UINT64": ("uint64", "uint64_contents", ((1 << 64) - 1, 7), [(1 << 64) - 1, 7], struct.pack("<2Q", (1 << 64) - 1, 7)),
    "INT8": ("int8", "int_contents", (-128, 7), [-128, 7], struct.pack("<2b", -128, 7)),
    "INT16": ("int16", "int_contents", (-32768, 7), [-32768, 7], struct.pack("<2h", -32768, 7)),
    "INT32": ("int32", "int_contents", (-70000, 7), [-70000, 7], struct.pack("<2i", -70000, 7)),
    "INT64": ("int64", "int64_contents", (-(1 << 63), 7), [-(1 << 63), 7], struct.pack("<2q", -(1 << 63), 7)),
    "FP16": ("half", "", (), None, struct.pack("<2e", 1.5, -2)),
    "FP32": ("float", "fp32_contents", (1.5, -2.25), [1.5, -2.25], struct.pack("<2f", 1.5, -2.25)),
    "FP64": ("double", "fp64_contents", (1.5, -2.1), [1.5, -2.1], struct.pack("<2d", 1.5, -2.1)),
    "BF16": ("bfloat16", "", (), None, struct.pack("<2H", 0x3fc0, 0xc000)),
    "BYTES": ("string", "bytes_contents", ('"ab"', '""'), ["ab", ""], b"\2\0\0\0ab\0\0\0\0"),
}
SIZES = {"BOOL": 1, "UINT8": 1, "UINT16": 2, "UINT32": 4, "UINT64": 8, "INT8": 1, "INT16": 2, "INT32": 4, "INT64": 8, "FP16": 2,
         "FP32": 4, "FP64": 8, "BF16": 2}


def typed(name, count=2):
    _, key, values, _, _ = TYPES[name]
    return "contents { " + " ".join(f"{key}: {value}" for value in values[:count]) + " }"


def binary(model, datatype, shape, data, size=None, outputs=None, **more):
    """A request with one binary tensor."""
    head = dict(more, inputs=[json_tensor("x", datatype, shape,
                                          parameters={"binary_data_size": len(data) if size is None else size})])
    if outputs is not None:
        head["outputs"] = outputs
    text = json.dumps(head).encode()
    return post(f"/v2/models/{model}/infer", text + data, {"Inference-Header-Content-Length": str(len(text))})


def binary_answer(data, datatype=None):
    """An answer whose last bytes are the tensor."""
    def same(headers, body):
        length = int(headers["Inference-Header-Content-Length"])
        head = json.loads(body[:length])["outputs"][0]
        return body[length:] == data and head["parameters"]["binary_data_size"] == len(data) and "data" not in head and \
            headers["Content-Type"] == "application/octet-stream" and (datatype is None or head["datatype"] == datatype)
    same.__doc__ = f"a JSON head and {len(data)} bytes"
    return same


def grpc_type_rows(name):
    suffix, _, values, _, data = TYPES[name]
    model = f"id_{suffix}"
    wrong_field = "fp32_contents: 1" if name != "FP32" else "int_contents: 1"
    size = SIZES.get(name)
    expected = f"Expected {2 * size}, got {2 * size - 1}" if size else "incomplete string"
    rows = [
        (f"{name}: raw bytes in and out", infer(model, [tensor("x", name, [2])], [data]), "OK", out("y", name, [2], data)),
        (f"{name}: too few raw bytes", infer(model, [tensor("x", name, [2])], [data[:-1]]), "INVALID_ARGUMENT",
         expected if size else ""),
        (f"{name}: too many raw bytes", infer(model, [tensor("x", name, [2])], [data + b"\0"]), "INVALID_ARGUMENT",
         f"Expected {2 * size}, got {2 * size + 1}" if size else ""),
        (f"{name}: no elements", infer(model, [tensor("x", name, [0])], [b""]), "OK", out("y", name, [0], b"")),
        (f"{name}: a field of another type", infer(model, [tensor("x", name, [1], f"contents {{ {wrong_field} }}")]),
         "INVALID_ARGUMENT", ""),
    ]
    if values:
        rows += [(f"{name}: typed contents, raw bytes back", infer(model, [tensor("x", name, [2], typed(name))]), "OK",
                  out("y", name, [2], data)),
                 (f"{name}: too few typed values", infer(model, [tensor("x", name, [2], typed(name, 1))]), "INVALID_ARGUMENT", "")]
    else:
        rows += [(f"{name}: no typed contents", infer(model, [tensor("x", name, [1], "contents { fp32_contents: 1 }")]),
                  "INVALID_ARGUMENT", "")]
    return rows_of("1.3 types over gRPC", *rows)


def rest_type_rows(name):
    suffix, _, values, json_values, data = TYPES[name]
    model = f"id_{suffix}"
    rows = [
        (f"{name}: binary in and out", binary(model, name, [2], data, outputs=[{"name": "y", "parameters": {"binary_data": True}}]),
         200, binary_answer(data, name)),
        (f"{name}: binary_data_size against the shape", binary(model, name, [2], data[:-1]), 400, ""),
    ]
    if json_values:
        wrong = ["a"] if name != "BYTES" else [1]
        rows += [
            (f"{name}: JSON in and out", rest(model, [json_tensor("x", name, [2], json_values)]), 200,
             answer(json_tensor("y", name, [2], json_values))),
            (f"{name}: nested JSON", rest(model, [json_tensor("x", name, [2], [[json_values[0]], [json_values[1]]])]), 200,
             answer(json_tensor("y", name, [2], json_values))),
            (f"{name}: JSON of another type", rest(model, [json_tensor("x", name, [1], wrong)]), 400, ""),
            (f"{name}: too few elements", rest(model, [json_tensor("x", name, [3], json_values)]), 400,
             "Shape does not match true shape of 'data' field", {"differs": "500; ours is 400, it is the client's mistake"}),
            (f"{name}: JSON in, binary out", rest(model, [json_tensor("x", name, [2], json_values)],
                                                  parameters={"binary_data_output": True}), 200, binary_answer(data, name)),
            (f"{name}: binary in, JSON out", binary(model, name, [2], data), 200, answer(json_tensor("y", name, [2], json_values))),
        ]
    else:
        rows.append((f"{name}: has no JSON form", rest(model, [json_tensor("x", name, [1], [1])]), 400, "binary"))
    return rows_of("2.2 types over REST", *rows)


# --- inference over gRPC ---

PQ = [tensor("p", "FP32", [1, 2]), tensor("q", "FP32", [1, 2])]
RAW = [f32(1, 2), f32(3, 4)]
SUM, DIFFERENCE = out("s", "FP32", [1, 2], f32(4, 6)), out("d", "FP32", [1, 2], f32(-2, -2))

INFER = rows_of(
    "1.3 ModelInfer",
    ("name, version used and id come back", half(2, more='id: "seven"'), "OK",
     'model_name: "half" model_version: "1" id: "seven" ' + out("y", "FP32", [1], f32(3))),
    ("no id: none comes back", half(2), "OK", lambda reply: reply.id == ""),
    ("never in contents", half(2), "OK", lambda reply: not reply.outputs[0].HasField("contents")),
    ("the highest version", infer("many", [tensor("x", "FP32", [1])], [f32(2)]), "OK", 'model_version: "3" ' + out("y", "FP32", [1], f32(4))),
    *((f"version {n}", infer("many", [tensor("x", "FP32", [1])], [f32(2)], f'model_version: "{n}"'), "OK",
       f'model_version: "{n}" ' + out("y", "FP32", [1], f32(1 + n))) for n in (1, 2)),
    ("all outputs, in the configuration's order", infer("two", PQ, RAW), "OK", f"{SUM} {DIFFERENCE}"),
    ("named outputs, in the request's order", infer("two", PQ, RAW, 'outputs { name: "d" } outputs { name: "s" }'), "OK",
     f"{DIFFERENCE} {SUM}"),
    ("one output", infer("two", PQ, RAW, 'outputs { name: "d" }'), "OK", DIFFERENCE),
    ("inputs in any order", infer("two", PQ[::-1], RAW[::-1]), "OK", f"{SUM} {DIFFERENCE}"),
    ("a batch", infer("two", [tensor("p", "FP32", [2, 2]), tensor("q", "FP32", [2, 2])], [f32(1, 2, 3, 4), f32(1, 1, 1, 1)],
                      'outputs { name: "s" }'), "OK", out("s", "FP32", [2, 2], f32(2, 3, 4, 5))),
    ("NaN and infinities pass", half(float("nan"), float("inf"), float("-inf")), "OK",
     lambda reply: reply.raw_output_contents[0] == f32(float("nan"), float("inf"), float("-inf"))),
    ("a scalar", infer("one", [tensor("x", "FP32", [])], [f32(3)]), "OK", out("y", "FP32", [], f32(6))),
    ("two variable dims", infer("grid", [tensor("x", "FP32", [1, 2, 3])], [f32(*range(6))]), "OK",
     out("y", "FP32", [1, 2, 3], f32(*range(6)))),
    ("text beyond ASCII", infer("id_string", [tensor("x", "BYTES", [1])], ["\5\0\0\0".encode() + b"\xff\0\xfe\x80a"]), "OK",
     out("y", "BYTES", [1], b"\5\0\0\0\xff\0\xfe\x80a")),
    ("INT8 contents keep the low byte", infer("id_int8", [tensor("x", "INT8", [1], "contents { int_contents: 511 }")]), "OK",
     out("y", "INT8", [1], b"\xff")),
    ("UINT16 contents keep the low bytes", infer("id_uint16", [tensor("x", "UINT16", [1], "contents { uint_contents: 65537 }")]),
     "OK", out("y", "UINT16", [1], b"\1\0")),
)

ERRORS = rows_of(
    "1.5 errors of ModelInfer",
    ("unknown model", infer("nope", [], []), "NOT_FOUND", "Request for unknown model: 'nope' is not found"),
    ("no name", infer("", [], []), "NOT_FOUND", ""),
    ("unknown version", half(2, more='model_version: "3"'), "NOT_FOUND", "Request for unknown model: 'half' version 3 is not found"),
    ("a version that is no number", half(2, more='model_version: "one"'), "INVALID_ARGUMENT",
     "failed to get model version from specified version string 'one'"),
    ("version 0", half(2, more='model_version: "0"'), "INVALID_ARGUMENT", "version should be an integral value > 0"),
    ("a negative version", half(2, more='model_version: "-1"'), "INVALID_ARGUMENT", "version should be an integral value > 0"),
    ("no version is ready", infer("broken", [], []), "NOT_FOUND", "Request for unknown model: 'broken' has no available versions"),
    ("a version that is not ready", infer("broken", [], [], 'model_version: "1"'), "UNAVAILABLE",
     "'broken' version 1 is not at ready state"),
    ("another datatype", infer("half", [tensor("x", "INT32", [1])], [f32(2)]), "INVALID_ARGUMENT",
     "inference input 'x' data-type is 'INT32', but model 'half' expects 'FP32'"),
    ("an unknown datatype", infer("half", [tensor("x", "FP33", [1])], [f32(2)]), "INVALID_ARGUMENT", "FP33"),
    ("another shape", infer("two", [tensor("p", "FP32", [1, 3]), PQ[1]], [f32(1, 2, 3), f32(3, 4)]), "INVALID_ARGUMENT",
     "unexpected shape for input 'p' for model 'two'. Expected [-1,2], got [1,3]"),
    ("another rank", infer("two", [tensor("p", "FP32", [2]), PQ[1]], [f32(1, 2), f32(3, 4)]), "INVALID_ARGUMENT",
     "unexpected shape for input 'p' for model 'two'. Expected [-1,2], got [2]"),
    ("a fixed dimension", infer("pair", [tensor("x", "FP32", [3])], [f32(1, 2, 3)]), "INVALID_ARGUMENT",
     "unexpected shape for input 'x' for model 'pair'. Expected [2], got [3]"),
    ("a negative dimension", infer("half", [tensor("x", "FP32", [-1])], [f32(2)]), "INVALID_ARGUMENT", ""),
    ("too few inputs", infer("two", PQ[:1], RAW[:1]), "INVALID_ARGUMENT",
     "expected 2 inputs but got 1 inputs for model 'two'. Got input(s) ['p'], but missing required input(s) ['q']. "
     "Please provide all required input(s)."),
    ("no inputs", infer("half", []), "INVALID_ARGUMENT", "expected 1 inputs but got 0 inputs for model 'half'"),
    ("too many inputs", infer("half", [tensor("x", "FP32", [1]), tensor("z", "FP32", [1])], [f32(1), f32(1)]), "INVALID_ARGUMENT", ""),
    ("unknown input", infer("half", [tensor("z", "FP32", [1])], [f32(2)]), "INVALID_ARGUMENT",
     "unexpected inference input 'z' for model 'half'"),
    ("unknown output", half(2, more='outputs { name: "z" }'), "INVALID_ARGUMENT", "unexpected inference output 'z'"),
    ("an input twice", infer("two", [PQ[0], PQ[0]], RAW), "INVALID_ARGUMENT", "input 'p' already exists in request"),
    ("an output twice", half(2, more='outputs { name: "y" } outputs { name: "y" }'), "INVALID_ARGUMENT", "'y' already exists in request"),
    ("a batch too large", infer("two", [tensor("p", "FP32", [9, 2]), tensor("q", "FP32", [9, 2])], [f32(*[1] * 18)] * 2),
     "INVALID_ARGUMENT", "inference request batch-size must be <= 8 for 'two'"),
    ("unequal batches", infer("two", [tensor("p", "FP32", [2, 2]), PQ[1]], [f32(1, 2, 3, 4), f32(3, 4)]), "INVALID_ARGUMENT",
     "input 'q' batch size does not match other inputs for 'two'"),
    ("raw and typed data", infer("two", [tensor("p", "FP32", [1, 2], "contents { fp32_contents: [1, 2] }"), PQ[1]], RAW),
     "INVALID_ARGUMENT", "contents field must not be specified when using raw_input_contents for 'p' for model 'two'"),
    ("no data", infer("half", [tensor("x", "FP32", [1])]), "INVALID_ARGUMENT", ""),
    ("data for one of two", infer("two", PQ, RAW[:1]), "INVALID_ARGUMENT", ""),
    ("more raw data than inputs", infer("half", [tensor("x", "FP32", [1])], [f32(2), f32(2)]), "INVALID_ARGUMENT", "",
     {"differs": "what is too much is ignored; no client sends it, so it is a mistake"}),
    ("typed data of another field", infer("half", [tensor("x", "FP32", [1], "contents { int_contents: 1 }")]), "INVALID_ARGUMENT", ""),
    ("BYTES: a length that is cut", infer("id_string", [tensor("x", "BYTES", [1])], [b"\2\0"]), "INVALID_ARGUMENT",
     "incomplete string length indicator"),
    ("BYTES: a text that is cut", infer("id_string", [tensor("x", "BYTES", [1])], [b"\5\0\0\0ab"]), "INVALID_ARGUMENT", "incomplete string"),
    ("BYTES: more elements than the shape", infer("id_string", [tensor("x", "BYTES", [1])], [b"\1\0\0\0a\1\0\0\0b"]), "INVALID_ARGUMENT",
     "unexpected number of string elements"),
    ("BYTES: fewer elements", infer("id_string", [tensor("x", "BYTES", [3])], [b"\1\0\0\0a\1\0\0\0b"]), "INVALID_ARGUMENT",
     "expected 3 string"),
    ("not protobuf", Rpc("ModelInfer", b"\xff\xff\xff"), "INVALID_ARGUMENT", ""),
    ("a shape beyond int64", infer("any", [tensor("x", "FP32", [1 << 62, 4])], [f32(1)]), "INVALID_ARGUMENT", ""),
)


def parameter(key, kind, value):
    return f'parameters {{ key: "{key}" value {{ {kind}_param: {value} }} }}'


PARAMETERS = rows_of(
    "1.3 request parameters",
    *((f"{key} as {kind}", half(2, more=parameter(key, kind, value)), "OK", out("y", "FP32", [1], f32(3)))
      for key, kind, value in (("priority", "int64", 1), ("priority", "uint64", 1), ("timeout", "int64", 5000000),
                               ("mine", "string", '"x"'), ("mine", "bool", "true"), ("mine", "int64", 7), ("mine", "double", 1.5))),
    *((f"{key} as {kind}", half(2, more=parameter(key, kind, value)), "INVALID_ARGUMENT", key)
      for key, kind, value in (("priority", "string", '"1"'), ("priority", "bool", "true"), ("priority", "int64", -1),
                               ("timeout", "string", '"1"'), ("timeout", "bool", "true"))),
    ("keys of triton_ are reserved", half(2, more=parameter("triton_x", "int64", 1)), "INVALID_ARGUMENT",
     "parameter keys starting with 'triton_' are reserved"),
    ("sequence_id 0 is none", half(2, more=parameter("sequence_id", "int64", 0)), "OK", ""),
    ("an empty sequence_id is none", half(2, more=parameter("sequence_id", "string", '""')), "OK", ""),
)

# --- control over gRPC ---

CONTROL = rows_of(
    "1.1 metadata and health over gRPC",
    ("ServerLive", Rpc("ServerLive", ""), "OK", "live: true"),
    ("ServerReady: no, one model could not be loaded", Rpc("ServerReady", ""), "OK", lambda reply: not reply.ready),
    ("ModelReady", Rpc("ModelReady", 'name: "half"'), "OK", "ready: true"),
    ("ModelReady of a version", Rpc("ModelReady", 'name: "many" version: "2"'), "OK", "ready: true"),
    ("ModelReady of an unknown model", Rpc("ModelReady", 'name: "nope"'), "NOT_FOUND", "'nope' is not found"),
    ("ModelReady of an unknown version", Rpc("ModelReady", 'name: "half" version: "9"'), "NOT_FOUND", "version 9 is not found"),
    ("ModelReady of a model that could not be loaded", Rpc("ModelReady", 'name: "broken"'), "OK", lambda reply: not reply.ready),
    ("ModelReady of no number", Rpc("ModelReady", 'name: "half" version: "x"'), "INVALID_ARGUMENT", "specified version string 'x'"),
    ("ServerMetadata", Rpc("ServerMetadata", ""), "OK", lambda reply: reply.name == "inferd" and reply.version != "" and
     "statistics" in reply.extensions),
    ("ModelMetadata", Rpc("ModelMetadata", 'name: "two"'), "OK", 'name: "two" versions: "1" platform: "onnxruntime_onnx" ' +
     " ".join(f'{kind} {{ name: "{n}" datatype: "FP32" shape: [-1, 2] }}' for kind, names in (("inputs", "pq"), ("outputs", "sd"))
              for n in names)),
    ("ModelMetadata: all versions", Rpc("ModelMetadata", 'name: "many"'), "OK", lambda reply: sorted(reply.versions) == ["1", "2", "3"]),
    ("ModelMetadata of a version", Rpc("ModelMetadata", 'name: "many" version: "2"'), "OK", 'versions: "2"'),
    ("ModelMetadata: fixed dims", Rpc("ModelMetadata", 'name: "pair"'), "OK",
     'inputs { name: "x" datatype: "FP32" shape: 2 } outputs { name: "y" datatype: "FP32" shape: 2 }'),
    ("ModelMetadata: text is BYTES", Rpc("ModelMetadata", 'name: "id_string"'), "OK", 'inputs { name: "x" datatype: "BYTES" shape: -1 }'),
    ("ModelMetadata of an unknown model", Rpc("ModelMetadata", 'name: "nope"'), "NOT_FOUND", "'nope' is not found"),
    ("ModelMetadata of an unknown version", Rpc("ModelMetadata", 'name: "half" version: "9"'), "NOT_FOUND", "version 9 is not found"),
    ("ModelMetadata of no number", Rpc("ModelMetadata", 'name: "half" version: "x"'), "INVALID_ARGUMENT", "specified version string 'x'"),
)

STATISTICS = rows_of(
    "5.3 ModelStatistics",
    ("one model", Rpc("ModelStatistics", 'name: "two"'), "OK", 'model_stats { name: "two" version: "1" inference_stats { } }'),
    ("all versions of it", Rpc("ModelStatistics", 'name: "many"'), "OK",
     lambda reply: [stats.version for stats in reply.model_stats] == ["1", "2", "3"]),
    ("a version", Rpc("ModelStatistics", 'name: "many" version: "2"'), "OK", 'model_stats { name: "many" version: "2" }'),
    ("all models", Rpc("ModelStatistics", ""), "OK", lambda reply: {"half", "two"} <= {stats.name for stats in reply.model_stats}),
    ("a model never asked: all zero", Rpc("ModelStatistics", 'name: "tiny" version: "1"'), "OK",
     lambda reply: reply.model_stats[0].inference_stats.cache_hit.count == 0),
    ("unknown model", Rpc("ModelStatistics", 'name: "nope"'), "INVALID_ARGUMENT", "requested model 'nope' is not available"),
    ("unknown version", Rpc("ModelStatistics", 'name: "half" version: "9"'), "INVALID_ARGUMENT",
     "requested model version is not available for model 'half'"),
    ("no number", Rpc("ModelStatistics", 'name: "half" version: "x"'), "INVALID_ARGUMENT", "specified version string 'x'"),
    ("REST: one model", get("/v2/models/two/stats"), 200, Part(model_stats=lambda rows: rows[0]["name"] == "two" and
                                                                isinstance(rows[0]["inference_count"], int))),
    ("REST: a version", get("/v2/models/many/versions/2/stats"), 200, Part(model_stats=lambda rows: [r["version"] for r in rows] == ["2"])),
    ("REST: all models", get("/v2/models/stats"), 200, Part(model_stats=lambda rows: len(rows) > 10)),
    ("REST: all fields of a duration", get("/v2/models/pair/stats"), 200, Part(model_stats=lambda rows: rows[0]["inference_stats"].keys() == {
        "success", "fail", "queue", "compute_input", "compute_infer", "compute_output", "cache_hit", "cache_miss"})),
    ("REST: unknown model", get("/v2/models/nope/stats"), 400, "requested model 'nope' is not available"),
    ("REST: unknown version", get("/v2/models/half/versions/9/stats"), 400, "requested model version is not available for model 'half'"),
)

REPOSITORY = rows_of(
    "3.5 the repository's index",
    ("all models", Rpc("RepositoryIndex", ""), "OK", lambda reply: {"half", "broken"} <= {model.name for model in reply.models}),
    ("a row a version", Rpc("RepositoryIndex", ""), "OK",
     lambda reply: sorted(m.version for m in reply.models if m.name == "many") == ["1", "2", "3"]),
    ("READY", Rpc("RepositoryIndex", ""), "OK", lambda reply: [m.state for m in reply.models if m.name == "half"] == ["READY"]),
    ("UNAVAILABLE, and why", Rpc("RepositoryIndex", ""), "OK",
     lambda reply: [(m.state, m.reason != "") for m in reply.models if m.name == "broken"] == [("UNAVAILABLE", True)]),
    ("ready alone", Rpc("RepositoryIndex", "ready: true"), "OK",
     lambda reply: {m.state for m in reply.models} == {"READY"} and "broken" not in {m.name for m in reply.models}),
    ("REST", post("/v2/repository/index"), 200, lambda _, data: {"name": "half", "version": "1", "state": "READY"} in
     [{k: m[k] for k in ("name", "version", "state")} for m in json.loads(data)]),
    ("REST: ready alone", post("/v2/repository/index", {"ready": True}), 200,
     lambda _, data: {m["state"] for m in json.loads(data)} == {"READY"}),
    ("REST: an empty object", post("/v2/repository/index", {}), 200, lambda _, data: len(json.loads(data)) > 10),
    ("REST: not JSON", post("/v2/repository/index", "x"), 400, "failed to parse the request JSON buffer"),
)

# --- REST ---


def not_allowed(method, path):
    return (f"{method} {path}", Rest(method, path, None), 405, {"error": "Method Not Allowed"})


def not_found(method, path):
    return (f"{method} {path}", Rest(method, path, None), 404, {"error": "Not Found"})


TOLD = {"differs": "no body; ours has the one of the protocol's text, which KServe's clients parse"}
ROUTES = rows_of(
    "2.1 routes",
    ("server metadata", get("/v2"), 200, Part(name="inferd", version=lambda v: v, extensions=lambda v: "binary_tensor_data" in v)),
    ("server metadata, with a slash", get("/v2/"), 200, Part(name="inferd")),
    ("live", get("/v2/health/live"), 200, {"live": True}, TOLD),
    ("ready: not with a model that could not be loaded", get("/v2/health/ready"), 400, {"ready": False}, TOLD),
    ("ready", get("/v2/health/ready"), 200, {"ready": True}, dict(TOLD, on="listed")),
    ("model metadata", get("/v2/models/pair"), 200, {
        "name": "pair", "versions": ["1"], "platform": "onnxruntime_onnx",
        "inputs": [{"name": "x", "datatype": "FP32", "shape": [2]}], "outputs": [{"name": "y", "datatype": "FP32", "shape": [2]}]}),
    ("model metadata of a version", get("/v2/models/many/versions/2"), 200, Part(versions=["2"])),
    ("model ready", get("/v2/models/half/ready"), 200, {"ready": True}, TOLD),
    ("a version ready", get("/v2/models/many/versions/2/ready"), 200, {"ready": True}, TOLD),
    ("model not ready", get("/v2/models/broken/ready"), 400, "Model version not ready"),
    ("unknown model ready", get("/v2/models/nope/ready"), 404, "Request for unknown model: 'nope' is not found"),
    ("unknown version ready", get("/v2/models/half/versions/9/ready"), 404, "version 9 is not found"),
    ("unknown model", get("/v2/models/nope"), 404, {"error": "Request for unknown model: 'nope' is not found"}),
    ("unknown version", get("/v2/models/half/versions/9"), 404, "Request for unknown model: 'half' version 9 is not found"),
    ("a name in percent-encoding", get("/v2/models/h%61lf"), 200, Part(name="half"),
     {"differs": "the path is matched as sent, so names that need quoting are never found"}),
    ("a listing", get("/v2/models"), 200, Part(models=lambda names: "half" in names),
     {"differs": "404; KServe and MLServer list, and users ask for it"}),
    ("HEAD", Rest("HEAD", "/v2"), 200, b"", {"differs": "405; proxies probe with it"}),
    ("OPTIONS", Rest("OPTIONS", "/v2"), 200, lambda headers, _: "GET" in headers["Allow"], {"differs": "405; browsers ask first"}),
    ("live for Kubernetes", get("/livez"), 200, b"", {"differs": "404; the name that probes use"}),
    ("the console", get("/"), 200, "<!doctype html>", {"differs": "404; a page for people, off with --console=false"}),
    ("metrics on this port too", get("/metrics"), 200, "nv_inference_request_success", {"differs": "404 here, on port 8002 alone"}),
    *(not_allowed(method, path) for method, path in (
        ("POST", "/v2"), ("POST", "/v2/health/live"), ("POST", "/v2/health/ready"), ("PUT", "/v2/models/half"),
        ("GET", "/v2/models/half/infer"), ("GET", "/v2/repository/index"), ("POST", "/v2/models/half/ready"),
        ("POST", "/v2/models/half/stats"), ("DELETE", "/v2/models/half/versions/1"))),
    *(not_found(method, path) for method, path in (
        ("GET", "/v3"), ("GET", "/v2/nope"), ("GET", "/v2/health"), ("GET", "/v2/models/half/nope"),
        ("GET", "/v2/models/half/versions"), ("GET", "/v2/models/half/versions/x"), ("GET", "/v2/models/half/versions/1/nope"),
        ("POST", "/v2/models/half/versions/x/infer"), ("GET", "/v2/repository"), ("GET", "/v2/models//ready"))),
)

PLUS = json_tensor("y", "FP32", [1], [3.0])
X = [json_tensor("x", "FP32", [1], [2])]
INFER_PATH = "/v2/models/half/infer"
JSON = rows_of(
    "2.2 inference in JSON",
    ("name, version, outputs", rest_half(2), 200, {"model_name": "half", "model_version": "1", "outputs": [PLUS]}),
    ("id", rest_half(2, id="seven"), 200, Part(id="seven")),
    ("key order: id first", rest_half(2, id="seven"), 200, b'{"id":"seven","model_name":"half","model_version":"1","outputs":['),
    ("a version", post("/v2/models/many/versions/2/infer", {"inputs": [json_tensor("x", "FP32", [1], [2])]}), 200,
     Part(model_version="2", outputs=[PLUS])),
    ("the highest version", rest("many", [json_tensor("x", "FP32", [1], [2])]), 200, Part(model_version="3")),
    ("answers are flat", rest("two", [json_tensor("p", "FP32", [1, 2], [[1, 2]]), json_tensor("q", "FP32", [1, 2], [3, 4])],
                              outputs=[{"name": "s"}]), 200, answer(json_tensor("s", "FP32", [1, 2], [4.0, 6.0]))),
    ("named outputs, in the request's order",
     rest("two", [json_tensor("p", "FP32", [1, 2], [1, 2]), json_tensor("q", "FP32", [1, 2], [3, 4])],
          outputs=[{"name": "d"}, {"name": "s"}]), 200, Part(outputs=lambda rows: [r["name"] for r in rows] == ["d", "s"])),
    ("unknown top-level keys are ignored", rest_half(2, extra={"a": 1}), 200, answer(PLUS)),
    ("unknown keys of a tensor are ignored", rest("half", [json_tensor("x", "FP32", [1], [2], extra=1)]), 200, answer(PLUS)),
    ("data before the type", post(INFER_PATH, '{"inputs":[{"data":[2],"shape":[1],"datatype":"FP32","name":"x"}]}'), 200, answer(PLUS)),
    ("NaN and infinities", post(INFER_PATH, '{"inputs":[{"name":"x","shape":[3],"datatype":"FP32","data":[NaN,Infinity,-Infinity]}]}'), 200,
     b'"data":[NaN,Infinity,-Infinity]'),
    ("parameters", rest_half(2, parameters={"priority": 1, "timeout": 5000000, "mine": "x"}), 200, answer(PLUS)),
    ("the type of the request is not looked at", rest("half", [json_tensor("x", "FP32", [1], [2])], {"Content-Type": "text/plain"}), 200,
     answer(PLUS)),
    ("replies are application/json", rest_half(2), 200, lambda headers, _: headers["Content-Type"] == "application/json" and
     "Inference-Header-Content-Length" not in headers),
    ("an empty body", post(INFER_PATH, ""), 400, "failed to parse the request JSON buffer: The document is empty"),
    ("not JSON", post(INFER_PATH, "x"), 400, "failed to parse the request JSON buffer"),
    ("JSON that ends early", post(INFER_PATH, '{"inputs":[{"name":"x","sh'), 400, "failed to parse the request JSON buffer"),
    ("not an object", post(INFER_PATH, "[]"), 400, ""),
    ("no inputs", post(INFER_PATH, "{}"), 400, "Unable to parse 'inputs'"),
    ("inputs that are no list", post(INFER_PATH, {"inputs": {}}), 400, ""),
    ("nesting beyond 100", post(INFER_PATH, '{"a":' + "[" * 101 + "]" * 101 + "}"), 400, ""),
    ("a million levels", post(INFER_PATH, '{"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":' + "[" * 1000000), 400, ""),
    *((f"a tensor without {key}", rest("half", [{k: v for k, v in json_tensor("x", "FP32", [1], [2]).items() if k != key}]), 400, "")
      for key in ("name", "datatype", "shape", "data")),
    ("a negative dimension", rest("half", [json_tensor("x", "FP32", [-1], [2])]), 400, ""),
    ("unknown model", rest("nope", X), 404, "Request for unknown model: 'nope' is not found"),
    ("unknown version", post("/v2/models/half/versions/9/infer", {"inputs": X}), 404, "version 9 is not found"),
    ("a model that could not be loaded", rest("broken", X), 404, "'broken' has no available versions"),
    ("another datatype", rest("half", [json_tensor("x", "INT32", [1], [2])]), 400,
     "inference input 'x' data-type is 'INT32', but model 'half' expects 'FP32'"),
    ("an unknown datatype", rest("half", [json_tensor("x", "FP33", [1], [2])]), 400, "FP33"),
    ("unknown input", rest("half", [json_tensor("z", "FP32", [1], [2])]), 400, "unexpected inference input 'z' for model 'half'"),
    ("unknown output", rest_half(2, outputs=[{"name": "z"}]), 400, "unexpected inference output 'z'"),
    ("an input twice", rest("half", [json_tensor("x", "FP32", [1], [2])] * 2), 400, "input 'x' already exists in request"),
    ("too few inputs", rest("two", [json_tensor("p", "FP32", [1, 2], [1, 2])]), 400,
     "expected 2 inputs but got 1 inputs for model 'two'"),
    ("another shape", rest("pair", [json_tensor("x", "FP32", [3], [1, 2, 3])]), 400,
     "unexpected shape for input 'x' for model 'pair'. Expected [2], got [3]"),
    ("a batch too large", rest("two", [json_tensor(n, "FP32", [9, 2], [1] * 18) for n in "pq"]), 400,
     "inference request batch-size must be <= 8 for 'two'"),
    ("keys of triton_ are reserved", rest_half(2, parameters={"triton_x": 1}), 400, "parameter keys starting with 'triton_' are reserved"),
    ("timeout as text", rest_half(2, parameters={"timeout": "x"}), 400, "timeout"),
    ("priority below 0", rest_half(2, parameters={"priority": -1}), 400, "priority"),
)

HEAD = json.dumps({"inputs": [json_tensor("x", "FP32", [1], parameters={"binary_data_size": 4})]}).encode()


def with_length(body, length, path=INFER_PATH):
    return post(path, body, {"Inference-Header-Content-Length": str(length)})


COMPRESSED = json.dumps({"inputs": [json_tensor("x", "FP32", [1], [2])]}).encode()
LONG = [json_tensor("x", "FP32", [1, 1000], [2] * 1000)]
BINARY = rows_of(
    "2.3 binary tensors and compression",
    ("one of two inputs binary", with_length(*(lambda text: (text + f32(1, 2), len(text)))(json.dumps({"inputs": [
        json_tensor("p", "FP32", [1, 2], parameters={"binary_data_size": 8}), json_tensor("q", "FP32", [1, 2], [3, 4])],
        "outputs": [{"name": "s"}]}).encode()), path="/v2/models/two/infer"), 200, answer(json_tensor("s", "FP32", [1, 2], [4.0, 6.0]))),
    ("both binary, in order", with_length(*(lambda text: (text + f32(1, 2) + f32(3, 4), len(text)))(json.dumps({"inputs": [
        json_tensor(n, "FP32", [1, 2], parameters={"binary_data_size": 8}) for n in "pq"], "outputs": [{"name": "d"}]}).encode()),
        path="/v2/models/two/infer"), 200, answer(json_tensor("d", "FP32", [1, 2], [-2.0, -2.0]))),
    ("an output that says no", binary("half", "FP32", [1], f32(2), outputs=[{"name": "y", "parameters": {"binary_data": False}}],
                                      parameters={"binary_data_output": True}), 200, answer(PLUS)),
    ("an output that says yes", rest_half(2, outputs=[{"name": "y", "parameters": {"binary_data": True}}]), 200, binary_answer(f32(3))),
    ("bytes are missing", with_length(HEAD + b"123", len(HEAD)), 400, ""),
    ("bytes are left over", with_length(HEAD + b"12345", len(HEAD)), 400, ""),
    ("binary data without the header", post(INFER_PATH, HEAD + b"1234"), 400, ""),
    *((f"a header length of {length}", with_length(HEAD + b"1234", length), 400, "") for length in ("x", "-1", "999999", "1e3", "")),
    ("binary_data_size that is no number", with_length(*(lambda text: (text, len(text)))(json.dumps({"inputs": [json_tensor(
        "x", "FP32", [1], parameters={"binary_data_size": "4"})]}).encode())), 400, ""),
    ("data beside binary_data_size", with_length(*(lambda text: (text + f32(2), len(text)))(json.dumps({"inputs": [json_tensor(
        "x", "FP32", [1], [2], parameters={"binary_data_size": 4})]}).encode())), 400, ""),
    ("a raw request", with_length(f32(1, 2), 0, path="/v2/models/pair/infer"), 200, binary_answer(f32(1, 2))),
    ("a raw request with one variable dim, batch 1", with_length(f32(1, 2, 3, 4), 0, path="/v2/models/grid/infer"), 200,
     lambda headers, body: json.loads(body[:int(headers["Inference-Header-Content-Length"])])["outputs"][0]["shape"] == [1, 2, 2]),
    ("a raw request for two inputs", with_length(f32(1, 2), 0, path="/v2/models/two/infer"), 400, ""),
    ("a raw request of a wrong length", with_length(b"123", 0, path="/v2/models/pair/infer"), 400, ""),
    ("a gzip body", post(INFER_PATH, gzip.compress(COMPRESSED, mtime=0), {"Content-Encoding": "gzip"}), 200, answer(PLUS)),
    ("a deflate body", post(INFER_PATH, zlib.compress(COMPRESSED), {"Content-Encoding": "deflate"}), 200, answer(PLUS)),
    ("a broken body", post(INFER_PATH, b"\x1f\x8bx", {"Content-Encoding": "gzip"}), 400, ""),
    ("another coding", post(INFER_PATH, COMPRESSED, {"Content-Encoding": "br"}), 415, "",
     {"differs": "400; ours says which media are supported by the code"}),
    ("a gzip reply", rest("any", LONG, {"Accept-Encoding": "gzip"}), 200,
     lambda headers, data: headers["Content-Encoding"] == "gzip" and json.loads(gzip.decompress(data))["model_name"] == "any"),
    ("a deflate reply", rest("any", LONG, {"Accept-Encoding": "deflate"}), 200,
     lambda headers, data: headers["Content-Encoding"] == "deflate" and json.loads(zlib.decompress(data))["model_name"] == "any"),
    ("the coding liked best", rest("any", LONG, {"Accept-Encoding": "gzip;q=0.1, deflate;q=0.9"}), 200,
     lambda headers, _: headers["Content-Encoding"] == "deflate"),
    ("identity when nothing else is wanted", rest("any", LONG, {"Accept-Encoding": "identity"}), 200,
     lambda headers, _: "Content-Encoding" not in headers),
    ("a coding nobody has", rest("any", LONG, {"Accept-Encoding": "br"}), 200, lambda headers, _: "Content-Encoding" not in headers),
)

ROWS = [row for name in TYPES for row in grpc_type_rows(name)] + [row for name in TYPES for row in rest_type_rows(name)] + INFER + \
    ERRORS + PARAMETERS + CONTROL + STATISTICS + REPOSITORY + ROUTES + JSON + BINARY
