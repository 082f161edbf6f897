# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""Triton's extensions beside inference: reference open_inference_triton.md 1.4 to 1.6, 2.1, 2.4, 3.2, 3.3, 3.5."""

import json
import struct

from inference_rows import f32, get, half, infer, json_tensor, parameter, post, rest, tensor
from rows import Part, Rpc, Stream, rows_of

# --- configuration ---


def config_of(name):
    return Rpc("ModelConfig", f'name: "{name}"')


CONFIG = rows_of(
    "3.3 ModelConfig",
    ("name, platform, backend, file", config_of("half"), "OK",
     'config { name: "half" platform: "onnxruntime_onnx" backend: "onnxruntime" default_model_filename: "model.onnx" }'),
    ("the version policy that holds when none is given", config_of("half"), "OK", "config { version_policy { latest { num_versions: 1 } } }"),
    ("the version policy given", config_of("many"), "OK", lambda reply: reply.config.version_policy.WhichOneof("policy_choice") == "all"),
    ("inputs and outputs of the file", config_of("pair"), "OK",
     'config { input { name: "x" data_type: TYPE_FP32 dims: 2 } output { name: "y" data_type: TYPE_FP32 dims: 2 } }'),
    ("a model that can be batched is, up to 4, and its dims are without the batch", config_of("grid"), "OK",
     lambda reply: reply.config.max_batch_size == 4 and list(reply.config.input[0].dims) == [2, -1]),
    ("a batch size given stays", config_of("two"), "OK", "config { max_batch_size: 8 }"),
    ("a model that cannot be batched", config_of("pair"), "OK", lambda reply: reply.config.max_batch_size == 0),
    ("batches are dynamic, as large as they may be", config_of("two"), "OK",
     lambda reply: list(reply.config.dynamic_batching.preferred_batch_size) in ([8], [])),
    ("a file of labels", config_of("scores"), "OK", lambda reply: reply.config.output[0].label_filename == "labels.txt"),
    ("texts are TYPE_STRING", config_of("id_string"), "OK", lambda reply: reply.config.input[0].data_type == 13),
    ("bfloat16 is TYPE_BF16", config_of("id_bfloat16"), "OK", lambda reply: reply.config.input[0].data_type == 14),
    ("one group of instances, named after the model", config_of("half"), "OK",
     lambda reply: [(group.name, group.kind) for group in reply.config.instance_group] == [("half", 2)]),
    ("an ensemble: its steps, no backend", config_of("chain"), "OK",
     lambda reply: reply.config.platform == "ensemble" and reply.config.backend == "" and
     reply.config.ensemble_scheduling.step[0].model_name == "half"),
    ("decoupled", config_of("often"), "OK", "config { model_transaction_policy { decoupled: true } }"),
    ("sequences", config_of("turns"), "OK", "config { sequence_batching { max_sequence_idle_microseconds: 60000000 } }"),
    ("parameters", config_of("often"), "OK", 'config { parameters { key: "response_count" value { string_value: "input" } } }'),
    ("a version", Rpc("ModelConfig", 'name: "many" version: "2"'), "OK", 'config { name: "many" }'),
    ("unknown model", config_of("nope"), "NOT_FOUND", "Request for unknown model: 'nope' is not found"),
    ("unknown version", Rpc("ModelConfig", 'name: "half" version: "9"'), "NOT_FOUND", "version 9 is not found"),
    ("no number", Rpc("ModelConfig", 'name: "half" version: "x"'), "INVALID_ARGUMENT", "specified version string 'x'"),
    ("REST: names of fields as in the file, defaults printed", get("/v2/models/pair/config"), 200, Part(
        name="pair", platform="onnxruntime_onnx", max_batch_size=0, version_policy={"latest": {"num_versions": 1}},
        input=lambda rows: (rows[0]["name"], rows[0]["data_type"], rows[0]["dims"], rows[0]["format"], rows[0]["is_shape_tensor"]) ==
        ("x", "TYPE_FP32", [2], "FORMAT_NONE", False), default_model_filename="model.onnx", metric_tags={}, parameters={})),
    ("REST: 64-bit numbers are numbers", get("/v2/models/turns/config"), 200,
     Part(sequence_batching=lambda it: it["max_sequence_idle_microseconds"] == 60000000)),
    ("REST: a version", get("/v2/models/many/versions/2/config"), 200, Part(name="many")),
    ("REST: unknown model", get("/v2/models/nope/config"), 404, "Request for unknown model: 'nope' is not found"),
    ("REST: unknown version", get("/v2/models/half/versions/9/config"), 404, "version 9 is not found"),
)

# --- load and unload ---


def load(name, *parameters, repository=""):
    text = " ".join(f'parameters {{ key: "{key}" value {{ {kind}_param: {value} }} }}' for key, kind, value in parameters)
    where = f'repository_name: "{repository}" ' if repository else ""
    return Rpc("RepositoryModelLoad", f'{where}model_name: "{name}" {text}'.rstrip())


def unload(name, *parameters, repository=""):
    return Rpc("RepositoryModelUnload", load(name, *parameters, repository=repository).request)


def index_row(name, state):
    def check(reply):
        return [(m.version, m.state) for m in reply.models if m.name == name] == state
    return check


NOT_EXPLICIT = "explicit model load / unload is not allowed if polling is enabled"
PAIR_CONFIG = json.dumps({"name": "pair", "backend": "onnxruntime", "parameters": {"mine": {"string_value": "over"}}})
CONTROL = rows_of(
    "1.5 load and unload where models are not loaded by request",
    ("load", load("half"), "UNAVAILABLE", NOT_EXPLICIT),
    ("unload", unload("half"), "UNAVAILABLE", NOT_EXPLICIT),
    ("REST: load", post("/v2/repository/models/half/load"), 503, NOT_EXPLICIT),
    ("REST: unload", post("/v2/repository/models/half/unload"), 503, NOT_EXPLICIT),
) + rows_of(
    "1.5 load and unload: mistakes",
    ("a repository's name", load("half", repository="r"), "UNIMPLEMENTED", "'repository_name' specification is not supported"),
    ("unload with a repository's name", unload("half", repository="r"), "UNIMPLEMENTED", "'repository_name' specification is not supported"),
    ("an unknown parameter", load("half", ("x", "string", '"y"')), "INVALID_ARGUMENT", "unrecognized load parameter 'x'."),
    ("an unknown parameter of unload", unload("half", ("x", "string", '"y"')), "INVALID_ARGUMENT", "unrecognized unload parameter 'x'."),
    ("unload_dependents is a bool", unload("half", ("unload_dependents", "string", '"y"')), "INVALID_ARGUMENT", "must be a bool"),
    *((f"the name '{name}'", load(name), "INVALID_ARGUMENT", "") for name in ("", "..", "a/b", ".")),
    ("config is a string", load("half", ("config", "bool", "true")), "INVALID_ARGUMENT", "config"),
    ("config is JSON", load("half", ("config", "string", '"x"')), "INVALID_ARGUMENT", ""),
    ("an unknown field of config", load("half", ("config", "string", json.dumps('{"nope": 1}'))), "INVALID_ARGUMENT", "nope"),
    ("a file is bytes", load("half", ("file:1/model.onnx", "string", '"x"')), "INVALID_ARGUMENT", "bytes"),
    ("files want a config", load("half", ("file:1/model.onnx", "bytes", '"x"')), "INVALID_ARGUMENT",
     "failed to load 'half', override model directory requires override model config"),
    ("a file outside the model", load("half", ("config", "string", json.dumps(PAIR_CONFIG)), ("file:../x", "bytes", '"x"')),
     "INVALID_ARGUMENT", ""),
    ("not in the repository", load("nope"), "INTERNAL", "failed to load 'nope', failed to poll from model repository"),
    ("a load that fails", load("broken"), "INVALID_ARGUMENT", "load failed for model 'broken': version 1 is at UNAVAILABLE state: "),
    ("unload of what is not known", unload("nope"), "OK", ""),
    ("REST: not in the repository", post("/v2/repository/models/nope/load"), 500,
     "failed to load 'nope', failed to poll from model repository"),
    ("REST: a load that fails", post("/v2/repository/models/broken/load"), 400, "load failed for model 'broken'"),
    ("REST: a repository's name", post("/v2/repository/r/models/half/load"), 501, "'repository_name' specification is not supported"),
    ("REST: an unknown parameter", post("/v2/repository/models/half/load", {"parameters": {"x": "y"}}), 400,
     "unrecognized load parameter 'x'."),
    ("REST: not JSON", post("/v2/repository/models/half/load", "x"), 400, "failed to parse the request JSON buffer"),
    ("REST: a broken file", post("/v2/repository/models/half/load", {"parameters": {"config": PAIR_CONFIG, "file:1/model.onnx": "!"}}),
     400, ""),
    on="explicit") + rows_of(
    "3.5 load and unload",
    ("what was not asked for is listed without a state", Rpc("RepositoryIndex", ""), "OK", index_row("pair", [("", "")])),
    ("and not found", infer("pair", [tensor("x", "FP32", [2])], [f32(1, 2)]), "NOT_FOUND", "'pair' has no available versions"),
    ("a load", load("pair"), "OK", ""),
    ("it serves", infer("pair", [tensor("x", "FP32", [2])], [f32(1, 2)]), "OK", ""),
    ("a load again, with nothing new", load("pair"), "OK", ""),
    ("a load with a config", load("pair", ("config", "string", json.dumps(PAIR_CONFIG))), "OK", ""),
    ("is served with it", config_of("pair"), "OK", 'config { parameters { key: "mine" value { string_value: "over" } } }'),
    ("a load brings back the file's", load("pair"), "OK", ""),
    ("as it was", config_of("pair"), "OK", lambda reply: "mine" not in reply.config.parameters),
    ("an ensemble brings what it needs", load("chain"), "OK", ""),
    ("and serves", infer("chain", [tensor("x", "FP32", [1])], [f32(2)]), "OK", 'model_name: "chain"'),
    ("an unload", unload("pair"), "OK", ""),
    ("REST: a load", post("/v2/repository/models/grid/load"), 200, ""),
    ("REST: it is ready", get("/v2/models/grid/ready"), 200, ""),
    ("REST: an unload", post("/v2/repository/models/grid/unload", {"parameters": {"unload_dependents": False}}), 200, ""),
    ("a label alone, set at once", load("many", ("label:stable", "int64", 2)), "OK", "",
     {"differs": "unrecognized load parameter; ours moves a version's label, which is a rollback in one call"}),
    ("a label on a version that is not there", load("many", ("label:stable", "int64", 9)), "FAILED_PRECONDITION",
     "Request to assign label to version 9 of model many, which is not currently available for inference",
     {"differs": "there are no labels; the text is TensorFlow Serving's"}),
    on="explicit", changes=True)

# --- shared memory ---

DISABLED = "Client shared memory is disabled. Start the server with '--allow-client-shm=true' to enable."
SHARED_NAMES = [("SystemSharedMemoryStatus", ""), ("SystemSharedMemoryRegister", 'name: "r" key: "/k" byte_size: 8'),
                ("SystemSharedMemoryUnregister", 'name: "r"')]
REGION = parameter("shared_memory_region", "string", '"nope"') + " " + parameter("shared_memory_byte_size", "int64", 4)
SHARED = rows_of(
    "1.5 shared memory, switched off",
    *((name, Rpc(name, text), "UNIMPLEMENTED", DISABLED) for name, text in SHARED_NAMES),
    ("REST: status", get("/v2/systemsharedmemory/status"), 501, DISABLED),
    ("REST: register", post("/v2/systemsharedmemory/region/r/register", {"key": "/k", "offset": 0, "byte_size": 8}), 501, DISABLED),
    ("REST: unregister", post("/v2/systemsharedmemory/region/r/unregister"), 501, DISABLED),
    ("an input from it", infer("half", [tensor("x", "FP32", [1], REGION)]), "UNIMPLEMENTED", DISABLED),
) + rows_of(
    "1.5 shared memory",
    ("no regions", Rpc("SystemSharedMemoryStatus", ""), "OK", lambda reply: len(reply.regions) == 0),
    ("status of an unknown region", Rpc("SystemSharedMemoryStatus", 'name: "nope"'), "NOT_FOUND",
     "Unable to find shared memory region: 'nope'"),
    ("a key that is not there", Rpc("SystemSharedMemoryRegister", 'name: "r" key: "/inferd-contract-nope" byte_size: 8'), "INVALID_ARGUMENT",
     "failed to register shared memory region 'r': Unable to open shared memory region: '/inferd-contract-nope'"),
    ("a reserved name", Rpc("SystemSharedMemoryRegister", 'name: "triton_python_backend_shm_region_1" key: "/k" byte_size: 8'),
     "INVALID_ARGUMENT", "triton_python_backend_shm_region_"),
    ("unregister all", Rpc("SystemSharedMemoryUnregister", ""), "OK", ""),
    ("unregister what is not there", Rpc("SystemSharedMemoryUnregister", 'name: "nope"'), "OK", ""),
    ("an input from an unknown region", infer("half", [tensor("x", "FP32", [1], REGION)]), "NOT_FOUND",
     "Unable to find shared memory region: 'nope'"),
    ("an output into an unknown region", half(2, more='outputs { name: "y" ' + REGION + " }"), "NOT_FOUND",
     "Unable to find shared memory region: 'nope'"),
    ("an input's region beside its contents", infer("half", [tensor("x", "FP32", [1], REGION + " contents { fp32_contents: 2 }")]),
     "INVALID_ARGUMENT", ""),
    ("an output's region beside classification", half(2, more='outputs { name: "y" ' + REGION + " " + parameter("classification", "int64", 1) +
                                                      " }"), "INVALID_ARGUMENT", ""),
    ("a region without a size", infer("half", [tensor("x", "FP32", [1], parameter("shared_memory_region", "string", '"r"'))]),
     "INVALID_ARGUMENT", "shared_memory_byte_size"),
    ("REST: no regions", get("/v2/systemsharedmemory/status"), 200, []),
    ("REST: status of an unknown region", get("/v2/systemsharedmemory/region/nope/status"), 404, "'nope'"),
    ("REST: a key that is not there", post("/v2/systemsharedmemory/region/r/register", {"key": "/nope", "offset": 0, "byte_size": 8}), 400,
     "Unable to open shared memory region: '/nope'"),
    ("REST: unregister all", post("/v2/systemsharedmemory/unregister"), 200, ""),
    on="shared")

# --- settings ---

TRACE_DEFAULTS = {"trace_level": ["OFF"], "trace_rate": "1000", "trace_count": "-1", "log_frequency": "0", "trace_file": "",
                  "trace_mode": "triton"}


def settings(key, *values):
    return f'settings {{ key: "{key}" value {{ {" ".join(f"value: {json.dumps(value)}" for value in values)} }} }}'


def log_setting(key, kind, value):
    return Rpc("LogSettings", f'settings {{ key: "{key}" value {{ {kind}_param: {value} }} }}')


def is_value(key, *values):
    def check(reply):
        return list(reply.settings[key].value) == list(values)
    return check


SETTINGS = rows_of(
    "1.6 trace settings",
    *((f"{key} at first", Rpc("TraceSetting", ""), "OK", is_value(key, *(value if isinstance(value, list) else [value])))
      for key, value in TRACE_DEFAULTS.items()),
    ("of a model: as for all", Rpc("TraceSetting", 'model_name: "half"'), "OK", is_value("trace_rate", "1000")),
    ("REST", get("/v2/trace/setting"), 200, TRACE_DEFAULTS),
    ("REST: of a model", get("/v2/models/half/trace/setting"), 200, TRACE_DEFAULTS),
    ("of an unknown model", Rpc("TraceSetting", 'model_name: "nope"'), "NOT_FOUND", "unknown model : 'nope' is not found"),
    ("REST: of an unknown model", get("/v2/models/nope/trace/setting"), 404, "unknown model : 'nope' is not found"),
    *((f"{key} = {value}", Rpc("TraceSetting", settings(key, value)), "INVALID_ARGUMENT", "")
      for key, value in (("trace_level", "ALL"), ("trace_rate", "0"), ("trace_rate", "x"), ("trace_count", "-2"),
                         ("log_frequency", "-1"), ("nope", "1"))),
    ("an unknown setting is named", Rpc("TraceSetting", settings("nope", "1")), "INVALID_ARGUMENT", "Unknown trace setting 'nope'"),
    ("the file is read-only", Rpc("TraceSetting", settings("trace_file", "/x")), "UNIMPLEMENTED",
     "trace file location can not be updated through network protocol"),
    ("the mode is read-only", Rpc("TraceSetting", settings("trace_mode", "triton")), "UNIMPLEMENTED", ""),
    ("REST: an unknown setting", post("/v2/trace/setting", {"nope": "1"}), 400, "Unknown trace setting 'nope'"),
    ("REST: not JSON", post("/v2/trace/setting", "x"), 400, "failed to parse the request JSON buffer"),
) + rows_of(
    "1.6 trace settings, changed",
    ("a model's own", Rpc("TraceSetting", 'model_name: "pair" ' + settings("trace_rate", "7")), "OK", is_value("trace_rate", "7")),
    ("others keep theirs", Rpc("TraceSetting", 'model_name: "half"'), "OK", is_value("trace_rate", "1000")),
    ("all levels", Rpc("TraceSetting", 'model_name: "pair" ' + settings("trace_level", "TIMESTAMPS", "TENSORS")), "OK",
     is_value("trace_level", "TIMESTAMPS", "TENSORS"),
     {"differs": "TENSORS writes what tensors hold; ours writes none of it, so that a trace holds nobody's data"}),
    ("one mistake changes nothing", Rpc("TraceSetting", 'model_name: "pair" ' + settings("trace_rate", "9") + settings("nope", "1")),
     "INVALID_ARGUMENT", ""),
    ("as before", Rpc("TraceSetting", 'model_name: "pair"'), "OK", is_value("trace_rate", "7")),
    ("no value: the one for all", Rpc("TraceSetting", 'model_name: "pair" ' + settings("trace_rate") + settings("trace_level")), "OK",
     lambda reply: is_value("trace_rate", "1000")(reply) and is_value("trace_level", "OFF")(reply)),
    ("REST: null is no value", post("/v2/models/pair/trace/setting", {"trace_rate": None}), 200, Part(trace_rate="1000")),
    changes=True) + rows_of(
    "1.6 log settings",
    ("at first", Rpc("LogSettings", ""), "OK", 'settings { key: "log_info" value { bool_param: true } } '
     'settings { key: "log_warning" value { bool_param: true } } settings { key: "log_error" value { bool_param: true } } '
     'settings { key: "log_verbose_level" value { uint32_param: 0 } } settings { key: "log_format" value { string_param: "default" } }'),
    ("REST", get("/v2/logging"), 200, {"log_file": "", "log_info": True, "log_warning": True, "log_error": True, "log_verbose_level": 0,
                                       "log_format": "default"}),
    ("log_info is a bool", log_setting("log_info", "string", '"x"'), "INVALID_ARGUMENT", "expect 'log_info' to be a bool"),
    ("log_verbose_level is a number", log_setting("log_verbose_level", "bool", "true"), "INVALID_ARGUMENT", "log_verbose_level"),
    ("log_format is one of two", log_setting("log_format", "string", '"x"'), "INVALID_ARGUMENT", "log_format"),
    ("log_file is read-only", log_setting("log_file", "string", '"/x"'), "UNIMPLEMENTED", ""),
    ("an unknown setting", log_setting("nope", "bool", "true"), "INVALID_ARGUMENT", "nope"),
    ("REST: an unknown setting", post("/v2/logging", {"nope": True}), 400, "nope"),
    ("REST: of another kind", post("/v2/logging", {"log_info": "x"}), 400, "log_info"),
)

# --- classification ---


def texts(*values):
    return b"".join(struct.pack("<I", len(value)) + value.encode() for value in values)


def classes(rows, count, model="scores", output="p", datatype="FP32", more=""):
    data = f32(*(value for row in rows for value in row))
    return infer(model, [tensor("x", datatype, [len(rows), len(rows[0])])], [data],
                 f'outputs {{ name: "{output}" {parameter("classification", "int64", count)} {more} }}')


def best(*values, shape):
    def check(reply):
        output = reply.outputs[0]
        return (output.datatype, list(output.shape), reply.raw_output_contents[0]) == ("BYTES", shape, texts(*values))
    return check


CLASSIFICATION = rows_of(
    "1.3 classification",
    ("the best of each row, with labels", classes([[1, 4, 2]], 1), "OK", best("8.000000:1:middle", shape=[1, 1])),
    ("in order", classes([[1, 4, 2]], 3), "OK", best("8.000000:1:middle", "4.000000:2:high", "2.000000:0:low", shape=[1, 3])),
    ("more than there are: all", classes([[1, 4, 2]], 9), "OK", best("8.000000:1:middle", "4.000000:2:high", "2.000000:0:low", shape=[1, 3])),
    ("row by row", classes([[1, 4, 2], [3, 2, 1]], 1), "OK", best("8.000000:1:middle", "6.000000:0:low", shape=[2, 1])),
    ("without labels", infer("pair", [tensor("x", "FP32", [2])], [f32(1, 2)], 'outputs { name: "y" ' +
                             parameter("classification", "int64", 1) + " }"), "OK", best("2.000000:1", shape=[1])),
    ("integers are plain", infer("id_int32", [tensor("x", "INT32", [2])], [struct.pack("<2i", 5, 7)], 'outputs { name: "y" ' +
                                 parameter("classification", "int64", 1) + " }"), "OK",
     lambda reply: reply.raw_output_contents[0] in (texts("7:1"), texts("5:0", "7:0"))),
    ("0", classes([[1, 4, 2]], 0), "INVALID_ARGUMENT", "classification"),
    ("below 0", classes([[1, 4, 2]], -1), "INVALID_ARGUMENT", "classification"),
    ("of another kind", infer("pair", [tensor("x", "FP32", [2])], [f32(1, 2)], 'outputs { name: "y" ' +
                              parameter("classification", "string", '"1"') + " }"), "INVALID_ARGUMENT", "classification"),
    ("of texts", infer("id_string", [tensor("x", "BYTES", [1])], [texts("a")], 'outputs { name: "y" ' +
                       parameter("classification", "int64", 1) + " }"), "INVALID_ARGUMENT", ""),
    ("REST", rest("scores", [json_tensor("x", "FP32", [1, 3], [1, 4, 2])], outputs=[{"name": "p", "parameters": {"classification": 1}}]), 200,
     Part(outputs=[{"name": "p", "datatype": "BYTES", "shape": [1, 1], "data": ["8.000000:1:middle"]}])),
    ("REST: 0", rest("scores", [json_tensor("x", "FP32", [1, 3], [1, 4, 2])], outputs=[{"name": "p", "parameters": {"classification": 0}}]),
     400, "classification"),
)

# --- generate ---


def generate(model, document, verb="generate"):
    return post(f"/v2/models/{model}/{verb}", document)


HALF = {"model_name": "half", "model_version": "1"}
EVENT = b'data: {"model_name":"half","model_version":"1","y":3.0}\n\n'
GENERATE = rows_of(
    "2.4 generate",
    ("a value", generate("half", {"x": 2}), 200, {**HALF, "y": 3.0}),
    ("a list", generate("half", {"x": [2, 4]}), 200, {**HALF, "y": [3.0, 4.0]}),
    ("id", generate("half", {"id": "7", "x": 2}), 200, {"id": "7", **HALF, "y": 3.0}),
    ("an input among parameters", generate("half", {"parameters": {"x": 2}}), 200, {**HALF, "y": 3.0}),
    ("other keys are parameters", generate("half", {"x": 2, "temperature": 0.5, "stop": "no", "parameters": {"k": True}}), 200,
     {**HALF, "y": 3.0}),
    ("a version", generate("many/versions/2", {"x": 2}), 200, {"model_name": "many", "model_version": "2", "y": 3.0}),
    ("the innermost open dimension takes what is left", generate("grid", {"x": [1, 2, 3, 4]}), 200,
     Part(y=lambda values: values == [1.0, 2.0, 3.0, 4.0])),
    ("what does not divide", generate("grid", {"x": [1, 2, 3]}), 400, "The schema can not convert input 'x' to tensor with proper shape"),
    ("nested lists", generate("half", {"x": [[2]]}), 400, "The schema can not convert input 'x' to tensor with proper shape"),
    ("texts", generate("id_string", {"x": "a"}), 200, Part(y="a")),
    ("an input is missing", generate("half", {"y": 2}), 400, "expected 1 inputs but got 0 inputs"),
    ("an input twice", generate("half", {"x": 2, "parameters": {"x": 2}}), 400, "'x' already exists in request"),
    ("a reserved parameter", generate("half", {"x": 2, "triton_x": 1}), 400, "reserved"),
    ("an object as a parameter", generate("half", {"x": 2, "z": {}}), 400, ""),
    ("an empty body", generate("half", ""), 400, "failed to parse the request JSON buffer"),
    ("not JSON", generate("half", "x"), 400, "failed to parse the request JSON buffer"),
    ("not an object", generate("half", [1]), 400, ""),
    ("unknown model", generate("nope", {"x": 2}), 404, "Request for unknown model: 'nope' is not found"),
    ("a decoupled model with one response", generate("often", {"x": 1}), 200, Part(y=1)),
    ("a decoupled model with two", generate("often", {"x": 2}), 500, "generate expects model to produce exactly 1 response"),
    ("a decoupled model with none", generate("often", {"x": 0}), 500, "generate expects model to produce exactly 1 response"),
    ("events", generate("half", {"x": 2}, "generate_stream"), 200, lambda headers, data: data == EVENT and
     headers["Content-Type"] == "text/event-stream; charset=utf-8"),
    ("an event a response", generate("often", {"x": 3}, "generate_stream"), 200, lambda _, data: data.count(b"data: {") == 3),
    ("no responses, no events", generate("often", {"x": 0}, "generate_stream"), 200, lambda _, data: data == b""),
    ("events come in chunks, as they are made", generate("half", {"x": 2}, "generate_stream"), 200,
     lambda headers, _: headers["Transfer-Encoding"] == "chunked"),
    ("a failure of the first: its code", generate("nope", {"x": 2}, "generate_stream"), 404, "'nope' is not found"),
    ("a failure before the model", generate("half", {"x": "a"}, "generate_stream"), 400, ""),
    ("infer of a decoupled model", post("/v2/models/often/infer", {"inputs": [json_tensor("x", "INT32", [1], [1])]}), 501,
     "HTTP end point doesn't support models with decoupled transaction policy"),
    ("GET", get("/v2/models/half/generate"), 405, {"error": "Method Not Allowed"}),
)

# --- streams ---


def message(value, id="", model="half", more=""):
    return infer(model, [tensor("x", "FP32", [1])], [f32(value)], f'id: "{id}" {more}').request


def count_message(count, id="", more=""):
    return infer("often", [tensor("x", "INT32", [1])], [struct.pack("<i", count)], f'id: "{id}" {more}').request


def ids(answers):
    return [answer.infer_response.id for answer in answers]


def finals(answers):
    return [answer.infer_response.parameters["triton_final_response"].bool_param for answer in answers]


WANTS_FINAL = parameter("triton_enable_empty_final_response", "bool", "true")
STREAMS = rows_of(
    "1.4 ModelStreamInfer",
    ("an answer a request, in order", Stream([message(i, str(i)) for i in range(5)]), "OK", lambda answers: ids(answers) == list("01234")),
    ("the answer is ModelInfer's", Stream([message(2)]), "OK",
     lambda answers: answers[0].infer_response.raw_output_contents[0] == f32(3) and answers[0].error_message == ""),
    ("each is final", Stream([message(2), message(4)]), "OK", lambda answers: finals(answers) == [True, True]),
    ("no requests, no answers", Stream([]), "OK", lambda answers: answers == []),
    ("a failure is an answer with the id alone", Stream([message(2, "1", "nope"), message(4, "2")]), "OK",
     lambda answers: ids(answers) == ["1", "2"] and "unknown model: 'nope' is not found" in answers[0].error_message and
     answers[0].infer_response.model_name == "" and answers[1].error_message == ""),
    ("a failure ends the stream for those who say so", Stream([message(2, "1", "nope")], (("triton_grpc_error", "true"),)), "NOT_FOUND",
     "unknown model: 'nope' is not found"),
    ("decoupled: so many answers", Stream([count_message(3, "a")]), "OK", lambda answers: ids(answers) == ["a"] * 3),
    ("decoupled: none is final", Stream([count_message(2)]), "OK", lambda answers: finals(answers) == [False, False]),
    ("decoupled: an empty one ends them, when asked for", Stream([count_message(2, "a", WANTS_FINAL)]), "OK",
     lambda answers: finals(answers) == [False, False, True] and len(answers[2].infer_response.outputs) == 0 and
     (answers[2].infer_response.id, answers[2].infer_response.model_name) == ("a", "often")),
    ("decoupled: no answers", Stream([count_message(0)]), "OK", lambda answers: answers == []),
    ("decoupled: no answers, and the empty one", Stream([count_message(0, "z", WANTS_FINAL)]), "OK", lambda answers: ids(answers) == ["z"]),
    ("ModelInfer of a decoupled model", Rpc("ModelInfer", count_message(1)), "UNIMPLEMENTED",
     "ModelInfer RPC doesn't support models with decoupled transaction policy"),
)

# --- sequences ---


def turn(sequence, *flags, rows=1, kind="int64", id=""):
    more = f'id: "{id}" ' + parameter("sequence_id", kind, sequence) + " ".join(parameter(flag, "bool", "true") for flag in flags)
    return infer("turns", [tensor("x", "INT32", [rows, 1])], [struct.pack("<i", 5) * rows], more)


SEQUENCES = rows_of(
    "3.5 sequences",
    ("the first without its flag", turn(901), "INVALID_ARGUMENT",
     "inference request for sequence 901 to model 'turns' must specify the START flag on the first request of the sequence"),
    ("none at all", infer("turns", [tensor("x", "INT32", [1, 1])], [struct.pack("<i", 5)]), "INVALID_ARGUMENT", "must specify"),
    ("more than one row", turn(902, "sequence_start", rows=2), "INVALID_ARGUMENT",
     "must specify batch-size 1 due to requirements of sequence batcher"),
    ("sequence_id of another kind", turn("true", kind="bool"), "INVALID_ARGUMENT", "sequence_id"),
) + rows_of(
    "3.5 sequences, one after the other",
    ("the first", turn(911, "sequence_start"), "OK", 'model_name: "turns"'),
    ("the next", turn(911), "OK", 'model_name: "turns"'),
    ("the last", turn(911, "sequence_end"), "OK", 'model_name: "turns"'),
    ("after the last", turn(911), "INVALID_ARGUMENT", "must specify the START flag"),
    ("one alone", turn(912, "sequence_start", "sequence_end"), "OK", 'model_name: "turns"'),
    ("named by a text", turn('"a"', "sequence_start", "sequence_end", kind="string"), "OK", 'model_name: "turns"'),
    ("begun anew", turn(913, "sequence_start"), "OK", 'model_name: "turns"'),
    ("and again, which ends the first", turn(913, "sequence_start"), "OK", 'model_name: "turns"'),
    ("over HTTP", post("/v2/models/turns/infer", {"inputs": [json_tensor("x", "INT32", [1, 1], [5])], "parameters": {
        "sequence_id": 914, "sequence_start": True, "sequence_end": True}}), 200, Part(model_name="turns")),
    ("over HTTP without its flag", post("/v2/models/turns/infer", {"inputs": [json_tensor("x", "INT32", [1, 1], [5])], "parameters": {
        "sequence_id": 915}}), 400, "must specify the START flag"),
    changes=True)

ROWS = CONFIG + CONTROL + SHARED + SETTINGS + CLASSIFICATION + GENERATE + STREAMS + SEQUENCES
