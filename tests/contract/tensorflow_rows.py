# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""TensorFlow Serving's contract: reference tensorflow_serving.md, chapters 1, 2 and 4.1."""

import base64
import gzip
import json
import re
import struct

from rows import Part, Rest, Rpc, rows_of

# What no single request shows.
NOTES = [
    ("port", "opens only when the first models are loaded; ours opens at once, and says NOT_SERVING until they are"),
    ("health", "the names `ModelService` and `PredictionService` are SERVING from the start; ours tell readiness, also by "
               "model, and Watch is there"),
    ("errors over gRPC", "texts are cut at 1024 characters with `...TRUNCATED`; ours are bounded at their source"),
    ("batches of unequal shapes", "the whole batch fails; ours queue beside each other"),
    ("client goes away", "the work goes on; ours leaves the queue and is not executed"),
    ("unknown flags", "reported, and the server starts; ours is an error that names the nearest flag"),
    ("missing base path", "stops the polling of every model; ours concerns that model alone"),
    ("SavedModel", "is what it serves; ours serves ONNX: the operators of docs/OPERATORS.md"),
    ("metrics", "label `model_path` is a path, ours is the model's name; request_count by REST counts status and metadata too, "
                "ours counts inferences; names of unknown models become labels there, not here; "
                "`:tensorflow:core:*` is there for sessions and graphs, ours has graph_runs and graph_run_time_usecs"),
    ("a label whose version is not there", "NOT_FOUND `Specific(M, V)`; ours names what was asked for, `Label(M, L)`"),
    ("metric_names of a reload", "give how much the first series of any metric rose; ours know four counters, all their series together"),
]


def escape(data):
    return "".join(f"\\{byte:03o}" for byte in data)


def dims(shape):
    return "tensor_shape { " + " ".join(f"dim {{ size: {size} }}" for size in shape) + " }"


def predict(model, tensors, more="", signature=""):
    """tensors: {alias: TensorProto as text}"""
    inputs = " ".join(f'inputs {{ key: "{key}" value {{ {value} }} }}' for key, value in tensors.items())
    signature = f' signature_name: "{signature}"' if signature else ""
    return Rpc("Predict", f'model_spec {{ name: "{model}"{signature} }} {inputs} {more}'.rstrip())


def floats(*values, shape=None):
    return f"dtype: DT_FLOAT {dims([len(values)] if shape is None else shape)} " + \
        " ".join(f"float_val: {value}" for value in values)


def outputs(model_text, **tensors):
    return model_text + " ".join(f'outputs {{ key: "{key}" value {{ {value} }} }}' for key, value in tensors.items())


def body(answer):
    """A body of exactly this text."""
    def same(_, data):
        return data == answer.encode()
    same.__doc__ = f"exactly {answer}"
    return same


def said(pattern):
    """For texts that name members of a map: their order is free."""
    def same(text):
        return re.search(pattern, text)
    same.__doc__ = pattern.replace("\\", "")
    return same


def rest(model, document, headers=None):
    return Rest("POST", f"/v1/models/{model}:predict", document, headers or {})


# --- 1.4: TensorProto, type by type ---

# field, two values as written, the same as bytes, one value that is zero
HALF, BF16 = (15872, 49152), (16320, 49152)  # 1.5 and -2
TYPES = {
    "FLOAT": ("float_val", (1.5, -2.0), struct.pack("<2f", 1.5, -2), "0"),
    "DOUBLE": ("double_val", (1.5, -2.25), struct.pack("<2d", 1.5, -2.25), "0"),
    "INT32": ("int_val", (70000, -7), struct.pack("<2i", 70000, -7), "0"),
    "INT16": ("int_val", (300, -7), struct.pack("<2h", 300, -7), "0"),
    "INT8": ("int_val", (100, -7), struct.pack("<2b", 100, -7), "0"),
    "UINT16": ("int_val", (65535, 7), struct.pack("<2H", 65535, 7), "0"),
    "UINT8": ("int_val", (255, 7), struct.pack("<2B", 255, 7), "0"),
    "INT64": ("int64_val", (1 << 40, -7), struct.pack("<2q", 1 << 40, -7), "0"),
    "UINT64": ("uint64_val", ((1 << 64) - 1, 7), struct.pack("<2Q", (1 << 64) - 1, 7), "0"),
    "UINT32": ("uint32_val", ((1 << 32) - 1, 7), struct.pack("<2I", (1 << 32) - 1, 7), "0"),
    "BOOL": ("bool_val", ("true", "false"), b"\1\0", "false"),
    "HALF": ("half_val", HALF, struct.pack("<2H", *HALF), "0"),
    "BFLOAT16": ("half_val", BF16, struct.pack("<2H", *BF16), "0"),
    "STRING": ("string_val", ('"ab"', '"c"'), b"\2\1abc", '""'),
}


def typed(dtype, shape, values):
    return f"dtype: DT_{dtype} {dims(shape)} " + " ".join(f"{TYPES[dtype][0]}: {value}" for value in values)


def content(dtype, shape, data):
    return f'dtype: DT_{dtype} {dims(shape)} tensor_content: "{escape(data)}"'


def type_rows(dtype):
    _, (a, b), data, zero = TYPES[dtype]
    model = f"id_{dtype.lower()}"

    def row(fact, tensor, shape, values):
        return (f"{dtype}: {fact}", predict(model, {"x": tensor}), "OK", outputs("", y=typed(dtype, shape, values)))
    return rows_of(
        "1.4 TensorProto",
        row("typed values go in and come out typed", typed(dtype, [2], [a, b]), [2], [a, b]),
        row("the last value given fills the rest", typed(dtype, [4], [a, b]), [4], [a, b, b, b]),
        row("values beyond the shape are dropped", typed(dtype, [1], [b, a]), [1], [b]),
        row("no values: zeros", typed(dtype, [3], []), [3], [zero] * 3),
        row("tensor_content holds the same values", content(dtype, [2], data), [2], [a, b]),
        row("tensor_content wins over typed values", content(dtype, [2], data) + f" {TYPES[dtype][0]}: {b}", [2], [a, b]),
        row("no elements, whatever else is given", typed(dtype, [0], [a]), [0], []),
        (f"{dtype}: tensor_content must have the shape's length", predict(model, {"x": content(dtype, [2], data[:-1])}),
         "INVALID_ARGUMENT", "tensor parsing error: x"),
    )


def wrong_dtype_rows():
    """Each type refused where another is declared, in TensorFlow's words."""
    rows = []
    names = {"FLOAT": "float", "DOUBLE": "double", "INT32": "int32", "INT64": "int64", "STRING": "string", "BOOL": "bool",
             "UINT8": "uint8", "INT8": "int8", "INT16": "int16", "UINT32": "uint32",
             "UINT64": "uint64", "HALF": "half", "BFLOAT16": "bfloat16"}
    for dtype, name in names.items():
        other = "INT32" if dtype == "FLOAT" else "FLOAT"
        rows.append((f"{name} declared, {names[other]} given",
                     predict(f"id_{dtype.lower()}", {"x": typed(other, [2], TYPES[other][1])}), "INVALID_ARGUMENT",
                     f"Expects arg[0] to be {name} but {names[other]} is provided"))
    return rows_of("4.1 wrong dtype", *rows)


SHAPES = rows_of(
    "1.4 shapes",
    ("no shape is a scalar", predict("one", {"x": "dtype: DT_FLOAT float_val: 3"}), "OK",
     outputs("", y="dtype: DT_FLOAT tensor_shape { } float_val: 6")),
    ("unknown_rank is ignored", predict("one", {"x": "dtype: DT_FLOAT float_val: 3 tensor_shape { unknown_rank: true }"}),
     "OK", outputs("", y="dtype: DT_FLOAT float_val: 6")),
    ("dimension names are ignored",
     predict("half", {"x": 'dtype: DT_FLOAT float_val: 2 tensor_shape { dim { size: 1 name: "batch" } }'}), "OK",
     outputs("", y=floats(3.0))),
    ("a negative dimension", predict("half", {"x": "dtype: DT_FLOAT tensor_shape { dim { size: -1 } }"}),
     "INVALID_ARGUMENT", "tensor parsing error: x"),
    ("a rank of 255", predict("any", {"x": "dtype: DT_FLOAT float_val: 1 " + dims([1] * 255)}), "INVALID_ARGUMENT",
     "tensor parsing error: x"),
    ("an element count beyond int64", predict("any", {"x": "dtype: DT_FLOAT float_val: 1 " + dims([1 << 40, 1 << 40])}),
     "INVALID_ARGUMENT", "tensor parsing error: x"),
    ("an element count beyond memory is refused before it is allocated",
     predict("any", {"x": "dtype: DT_FLOAT float_val: 1 " + dims([1 << 40])}), "RESOURCE_EXHAUSTED", "",
     {"differs": "the process is killed or the allocation throws; ours has a budget a request"}),
    ("DT_INVALID", predict("half", {"x": "float_val: 1"}), "INVALID_ARGUMENT", "tensor parsing error: x"),
    ("a dtype that does not exist", Rpc("Predict", b"\n\6\n\4half\x12\x0b\n\1x\x12\6\x08\x63\x2a\2\0\0"), "INVALID_ARGUMENT",
     "tensor parsing error: x"),
    ("BOOL bytes are 0 or 1", predict("id_bool", {"x": content("BOOL", [2], b"\1\2")}), "INVALID_ARGUMENT",
     "tensor parsing error: x"),
    ("STRING content with slack", predict("id_string", {"x": content("STRING", [2], b"\2\1abcd")}), "INVALID_ARGUMENT",
     "tensor parsing error: x"),
    ("packed and unpacked repeated fields are the same",
     Rpc("Predict", b"\n\6\n\4half\x12\x17\n\1x\x12\x12\x08\1\x12\4\x12\2\x08\2\x2d\0\0\0\x40\x2d\0\0\x80\x40"), "OK",
     outputs("", y=floats(3.0, 4.0))),
    ("of equal keys the last counts",
     Rpc("Predict", 'model_spec { name: "half" } inputs { key: "x" value { dtype: DT_INT32 } } inputs { key: "x" value { ' + floats(2) + ' } }'), "OK", outputs("", y=floats(3.0))),
    ("a declared shape is not enforced: [2] into [N,1]", predict("any", {"x": floats(2, 4)}), "OK",
     outputs("", y=floats(3.0, 4.0))),
    ("what the operators cannot take is their error",
     predict("two", {"p": floats(1, 2, 3, shape=[1, 3]), "q": floats(1, 2, shape=[1, 2])}), "INVALID_ARGUMENT", ""),
    ("a version_number means nothing", predict("half", {"x": floats(2) + " version_number: 7"}), "OK",
     outputs("", y=floats(3.0))),
    ("RESOURCE tensors are refused", predict("half", {"x": "dtype: DT_RESOURCE " + dims([1])}), "INVALID_ARGUMENT", ""),
    ("VARIANT tensors are refused", predict("half", {"x": "dtype: DT_VARIANT " + dims([1])}), "INVALID_ARGUMENT", ""),
    ("COMPLEX64 is read, and is not float", predict("half", {"x": "dtype: DT_COMPLEX64 scomplex_val: 1 scomplex_val: 2 " + dims([1])}),
     "INVALID_ARGUMENT", "", {"differs": "`Expects arg[0] to be float but complex64 is provided`; ONNX models have no complex "
                              "inputs, so the type is refused when it is read"}),
)

PREDICT = rows_of(
    "1.5 Predict",
    ("model_spec of the answer: name, version used, signature", predict("half", {"x": floats(2)}), "OK",
     'model_spec { name: "half" version { value: 1 } signature_name: "serving_default" }'),
    ("an explicit signature", predict("half", {"x": floats(2)}, signature="serving_default"), "OK",
     'model_spec { signature_name: "serving_default" }'),
    ("the highest version serves", predict("many", {"x": floats(2)}), "OK",
     'model_spec { version { value: 3 } } ' + outputs("", y=floats(4.0))),
    *((f"version {number} exactly", Rpc("Predict", f'model_spec {{ name: "many" version {{ value: {number} }} }} '
                                        f'inputs {{ key: "x" value {{ {floats(2)} }} }}'), "OK",
       f'model_spec {{ version {{ value: {number} }} }} ' + outputs("", y=floats(1.0 + number))) for number in (1, 2)),
    ("all outputs by default", predict("two", {"p": floats(1, 2, shape=[1, 2]), "q": floats(3, 4, shape=[1, 2])}), "OK",
     outputs("", s=floats(4, 6, shape=[1, 2]), d=floats(-2, -2, shape=[1, 2]))),
    ("output_filter", predict("two", {"p": floats(1, 2, shape=[1, 2]), "q": floats(3, 4, shape=[1, 2])},
                              'output_filter: "d"'), "OK", lambda answer: list(answer.outputs) == ["d"]),
    ("output_filter in any order", predict("two", {"p": floats(1, 2, shape=[1, 2]), "q": floats(3, 4, shape=[1, 2])},
                                           'output_filter: "d" output_filter: "s"'), "OK",
     lambda answer: sorted(answer.outputs) == ["d", "s"]),
    ("client_id is ignored", predict("half", {"x": floats(2)}, 'client_id: "me"'), "OK", outputs("", y=floats(3.0))),
    ("request_options are ignored", predict("half", {"x": floats(2)}, "request_options { max_cache_length: 4 }"), "OK",
     outputs("", y=floats(3.0))),
    ("predict_streamed_options are ignored", predict("half", {"x": floats(2)}, "predict_streamed_options { request_state: SPLIT }"),
     "OK", outputs("", y=floats(3.0))),
    ("NaN and infinities pass", predict("half", {"x": floats("nan", "inf", "-inf")}), "OK",
     outputs("", y=floats("nan", "inf", "-inf"))),
    ("a batch larger than the default size", predict("half", {"x": floats(*[2] * 500)}), "OK",
     outputs("", y=floats(*[3.0] * 500))),
    ("a reply above 4 MiB is sent; the client's own limit is its own",
     predict("half", {"x": "dtype: DT_FLOAT float_val: 2 " + dims([2000000])}), "OK",
     lambda answer: len(answer.outputs["y"].float_val) == 2000000),
)

P, Q = floats(1, 2, shape=[1, 2]), floats(3, 4, shape=[1, 2])
ERRORS = rows_of(
    "4.1 errors of Predict",
    ("no model_spec", Rpc("Predict", ""), "INVALID_ARGUMENT", "Missing ModelSpec"),
    ("no name", predict("", {"x": floats(2)}), "INVALID_ARGUMENT", "ModelSpec has no name specified."),
    ("unknown model", predict("nope", {"x": floats(2)}), "NOT_FOUND", "Servable not found for request: Latest(nope)"),
    ("unknown version", Rpc("Predict", 'model_spec { name: "half" version { value: 7 } }'), "NOT_FOUND",
     "Servable not found for request: Specific(half, 7)"),
    ("a negative version", Rpc("Predict", 'model_spec { name: "half" version { value: -7 } }'), "NOT_FOUND",
     "Servable not found for request: Specific(half, -7)"),
    ("a model that could not be loaded", predict("broken", {"x": floats(2)}), "NOT_FOUND",
     "Servable not found for request: Latest(broken)"),
    ("unknown label", Rpc("Predict", 'model_spec { name: "half" version_label: "nope" }'), "INVALID_ARGUMENT",
     "Unrecognized servable version label: nope"),
    ("unknown signature", predict("half", {"x": floats(2)}, signature="other"), "FAILED_PRECONDITION",
     'Serving signature key "other" not found.'),
    ("too few inputs", predict("two", {"p": P}), "INVALID_ARGUMENT",
     "input size does not match signature: 1!=2 len({p}) != len({p,q}). Sent extra: {}. Missing but required: {q}."),
    ("too many inputs", predict("half", {"x": floats(2), "z": floats(2)}), "INVALID_ARGUMENT",
     said(r"input size does not match signature: 2!=1 len\({(x,z|z,x)}\) != len\({x}\). Sent extra: {z}. "
          r"Missing but required: {}.")),
    ("no inputs", predict("half", {}), "INVALID_ARGUMENT", "input size does not match signature: 0!=1"),
    ("a wrong name", predict("half", {"z": floats(2)}), "INVALID_ARGUMENT",
     "Signature input alias: x(feed name: x:0) not found in request and no default value provided."),
    ("a wrong name lists what was sent", predict("two", {"p": P, "z": Q}), "INVALID_ARGUMENT", said(r"request has {(p,z|z,p)}")),
    ("output_filter: unknown", predict("half", {"x": floats(2)}, 'output_filter: "z"'), "INVALID_ARGUMENT",
     "output tensor alias not found in signature: z Outputs expected to be in the set {y}."),
    ("output_filter: twice", predict("half", {"x": floats(2)}, 'output_filter: "y" output_filter: "y"'), "INVALID_ARGUMENT",
     "duplicate output tensor alias: y"),
    ("output_filter: an input is no output", predict("half", {"x": floats(2)}, 'output_filter: "x"'), "INVALID_ARGUMENT",
     "output tensor alias not found in signature: x"),
    ("batching: a scalar", predict("half", {"x": "dtype: DT_FLOAT float_val: 2"}), "INVALID_ARGUMENT",
     "Batching Run() input tensors must have at least one dimension"),
    ("batching: unequal first dimensions", predict("two", {"p": P, "q": floats(1, 2, 3, 4, shape=[2, 2])}), "INVALID_ARGUMENT",
     "Batching Run() input tensors must have equal 0th-dimension size"),
    ("batching: a task too large", predict("tiny", {"x": floats(1, 2, 3)}), "INVALID_ARGUMENT",
     "Task size 3 is larger than maximum input batch size 2"),
    ("a request that is not protobuf", Rpc("Predict", b"\xff\xff\xff"), "INVALID_ARGUMENT", ""),
    ("a name that is not UTF-8", Rpc("Predict", b"\n\4\n\2\xff\xfe"), "INVALID_ARGUMENT", ""),
)

# --- Classify, Regress, MultiInference ---


def feature(name, value):
    values = value if isinstance(value, list) else [value]
    kind = "float_list" if isinstance(values[0], float) else "int64_list" if isinstance(values[0], int) else "bytes_list"
    items = " ".join(f"value: {json.dumps(item)}" for item in values)
    return f'feature {{ key: "{name}" value {{ {kind} {{ {items} }} }} }}'


def example(**features):
    return "features { " + " ".join(feature(name, value) for name, value in features.items()) + " }"


def ask_examples(method, model, *examples, context="", spec=""):
    items = " ".join(f"examples {{ {one} }}" for one in examples)
    kind = f"example_list_with_context {{ {items} context {{ {context} }} }}" if context else f"example_list {{ {items} }}"
    return Rpc(method, f'model_spec {{ name: "{model}" {spec} }} input {{ {kind} }}')


def classes(*scores, labels=None):
    labels = labels or [""] * len(scores)
    return "classifications { " + " ".join(f'classes {{ label: "{label}" score: {score} }}'
                                           for label, score in zip(labels, scores)) + " }"


def multi(model, *tasks, examples=None):
    items = " ".join(f'tasks {{ model_spec {{ name: "{name}" signature_name: "{signature}" }} method_name: "{method}" }}'
                     for name, signature, method in tasks)
    inputs = " ".join(f"examples {{ {one} }}" for one in (examples if examples is not None else [example(x=2.0)]))
    return Rpc("MultiInference", f"{items} input {{ example_list {{ {inputs} }} }}")


CLASSIFY_NAME, REGRESS_NAME = "tensorflow/serving/classify", "tensorflow/serving/regress"
EXAMPLES = rows_of(
    "1.5 Classify and Regress",
    ("one value an example", ask_examples("Regress", "column", example(x=80.0)), "OK",
     "result { regressions { value: 42 } }"),
    ("an answer an example, in order", ask_examples("Regress", "column", example(x=2.0), example(x=4.0)), "OK",
     "result { regressions { value: 3 } regressions { value: 4 } }"),
    ("model_spec of the answer", ask_examples("Regress", "column", example(x=2.0)), "OK",
     'model_spec { name: "column" version { value: 1 } }'),
    ("a context is part of every example", ask_examples("Regress", "column", "", example(x=4.0), context=example(x=2.0)), "OK",
     "result { regressions { value: 3 } regressions { value: 4 } }"),
    ("scores without labels", ask_examples("Classify", "column", example(x=20.0)), "OK",
     f"result {{ {classes(12.0)} }}"),
    ("labels of a file", ask_examples("Classify", "scores", example(x=[1.0, 2.5, 3.0])), "OK",
     f"result {{ {classes(2.0, 5.0, 6.0, labels=['low', 'middle', 'high'])} }}"),
    ("classes without scores", ask_examples("Classify", "words", example(w=["a", "b"])), "OK",
     f"result {{ {classes(0, 0, labels=['a', 'b'])} }}"),
    ("several features, two types", ask_examples("Regress", "mixed", example(x=1.5, i=2)), "OK",
     "result { regressions { value: 3.5 } }"),
    ("an unknown feature is ignored", ask_examples("Regress", "column", example(x=2.0, z=1.0)), "OK",
     "result { regressions { value: 3 } }"),
    ("empty input", ask_examples("Classify", "column"), "INVALID_ARGUMENT", "Input is empty."),
    ("no input at all", Rpc("Regress", 'model_spec { name: "column" }'), "INVALID_ARGUMENT", "Input is empty."),
    ("a feature is missing", ask_examples("Classify", "column", example(z=1.0)), "INVALID_ARGUMENT",
     "Feature: x (data type: float) is required but could not be found."),
    ("a feature is missing in the second", ask_examples("Regress", "column", example(x=1.0), ""), "INVALID_ARGUMENT",
     "Feature: x (data type: float) is required but could not be found."),
    ("int64 for float", ask_examples("Regress", "column", example(x=2)), "OK", "result { regressions { value: 3 } }",
     {"differs": "`Data types don't match. Expected type: float`; ours takes what clients of REST cannot help sending"}),
    ("bytes for float", ask_examples("Regress", "column", example(x="2")), "INVALID_ARGUMENT",
     "Data types don't match. Expected type: float"),
    ("float for int64", ask_examples("Regress", "mixed", example(x=1.0, i=1.5)), "INVALID_ARGUMENT",
     "Data types don't match. Expected type: int64"),
    ("too many values", ask_examples("Regress", "column", example(x=[1.0, 2.0])), "INVALID_ARGUMENT",
     "Number of values != expected"),
    ("too few values", ask_examples("Classify", "scores", example(x=[1.0, 2.0])), "INVALID_ARGUMENT",
     "Number of values != expected"),
    *((f"{method}: unknown signature", ask_examples(method, "column", example(x=1.0), spec='signature_name: "other"'),
       "INVALID_ARGUMENT", "No signature was found with the name: other") for method in ("Classify", "Regress")),
    *((f"{method}: unknown model", ask_examples(method, "nope", example(x=1.0)), "NOT_FOUND",
       "Servable not found for request: Latest(nope)") for method in ("Classify", "Regress")),
    *((f"{method}: unknown version", ask_examples(method, "column", example(x=1.0), spec="version { value: 9 }"), "NOT_FOUND",
       "Servable not found for request: Specific(column, 9)") for method in ("Classify", "Regress")),
    *((f"{method}: unknown label", ask_examples(method, "column", example(x=1.0), spec='version_label: "z"'),
       "INVALID_ARGUMENT", "Unrecognized servable version label: z") for method in ("Classify", "Regress")),
    *((f"{method}: no model_spec", Rpc(method, "input { example_list { } }"), "INVALID_ARGUMENT", "Missing ModelSpec")
      for method in ("Classify", "Regress")),
    *((f"{method}: no name", ask_examples(method, "", example(x=1.0)), "INVALID_ARGUMENT", "ModelSpec has no name specified.")
      for method in ("Classify", "Regress")),
    ("Regress wants one value a row", ask_examples("Regress", "scores", example(x=[1.0, 2.0, 3.0])), "INVALID_ARGUMENT",
     "Expected regression signature outputs"),
)

MULTI = rows_of(
    "1.5 MultiInference",
    ("a task, a result", multi("column", ("column", "", REGRESS_NAME)), "OK",
     "results { regression_result { regressions { value: 3 } } }"),
    ("results in order of tasks", multi("column", ("column", REGRESS_NAME, REGRESS_NAME), ("column", CLASSIFY_NAME, CLASSIFY_NAME)),
     "OK", f"results {{ regression_result {{ regressions {{ value: 3 }} }} }} results {{ classification_result {{ {classes(3.0)} }} }}"),
    ("model_spec of each result", multi("column", ("column", "", CLASSIFY_NAME)), "OK",
     'results { model_spec { name: "column" version { value: 1 } } }'),
    ("another model", multi("column", ("column", "", REGRESS_NAME), ("half", "", CLASSIFY_NAME)), "INVALID_ARGUMENT",
     "All ModelSpecs in a MultiInferenceRequest must access the same model name."),
    ("a signature twice", multi("column", ("column", "", REGRESS_NAME), ("column", "", REGRESS_NAME)), "INVALID_ARGUMENT",
     "Duplicate evaluation of signature: serving_default"),
    ("another method", multi("column", ("column", "", "tensorflow/serving/predict")), "UNIMPLEMENTED",
     "Unsupported signature method_name: tensorflow/serving/predict"),
    ("unknown signature", multi("column", ("column", "other", REGRESS_NAME)), "INVALID_ARGUMENT",
     "Requested signature not found in model graph: other"),
    ("unknown model", multi("nope", ("nope", "", REGRESS_NAME)), "NOT_FOUND", "Servable not found for request: Latest(nope)"),
    ("no tasks", multi("column"), "INVALID_ARGUMENT", ""),
    ("empty input", multi("column", ("column", "", REGRESS_NAME), examples=[]), "INVALID_ARGUMENT", "Input is empty."),
)

# --- metadata, status, reload ---

METADATA = rows_of(
    "1.5 GetModelMetadata",
    ("the signature", Rpc("GetModelMetadata", 'model_spec { name: "half" } metadata_field: "signature_def"'), "OK",
     lambda answer: list(answer.metadata) == ["signature_def"] and answer.metadata["signature_def"].type_url ==
     "type.googleapis.com/tensorflow.serving.SignatureDefMap"),
    ("name and version alone", Rpc("GetModelMetadata", 'model_spec { name: "many" } metadata_field: "signature_def"'), "OK",
     lambda answer: answer.model_spec.version.value == 3 and answer.model_spec.signature_name == ""),
    ("by version", Rpc("GetModelMetadata", 'model_spec { name: "many" version { value: 2 } } metadata_field: "signature_def"'), "OK",
     "model_spec { version { value: 2 } }"),
    ("no field", Rpc("GetModelMetadata", 'model_spec { name: "half" }'), "INVALID_ARGUMENT",
     "must specify at least one metadata_field"),
    ("another field", Rpc("GetModelMetadata", 'model_spec { name: "half" } metadata_field: "weights"'), "INVALID_ARGUMENT",
     "Metadata field weights is not supported"),
    ("another field beside it", Rpc("GetModelMetadata", 'model_spec { name: "half" } metadata_field: "signature_def" '
                                    'metadata_field: "weights"'), "INVALID_ARGUMENT", "Metadata field weights is not supported"),
    ("no model_spec", Rpc("GetModelMetadata", 'metadata_field: "signature_def"'), "INVALID_ARGUMENT", "Missing ModelSpec"),
    ("unknown model", Rpc("GetModelMetadata", 'model_spec { name: "nope" } metadata_field: "signature_def"'), "NOT_FOUND",
     "Servable not found for request: Latest(nope)"),
    ("unknown version", Rpc("GetModelMetadata", 'model_spec { name: "half" version { value: 4 } } metadata_field: "signature_def"'),
     "NOT_FOUND", "Servable not found for request: Specific(half, 4)"),
)

AVAILABLE = "state: AVAILABLE status { }"
STATUS = rows_of(
    "1.5 GetModelStatus",
    ("one version", Rpc("GetModelStatus", 'model_spec { name: "half" }'), "OK",
     f"model_version_status {{ version: 1 {AVAILABLE} }}"),
    ("all versions, descending", Rpc("GetModelStatus", 'model_spec { name: "many" }'), "OK",
     " ".join(f"model_version_status {{ version: {number} {AVAILABLE} }}" for number in (3, 2, 1))),
    ("a version", Rpc("GetModelStatus", 'model_spec { name: "many" version { value: 2 } }'), "OK",
     f"model_version_status {{ version: 2 {AVAILABLE} }}"),
    ("a label is ignored", Rpc("GetModelStatus", 'model_spec { name: "many" version_label: "nope" }'), "OK",
     lambda answer: len(answer.model_version_status) == 3),
    ("a failed load: END, and why", Rpc("GetModelStatus", 'model_spec { name: "broken" }'), "OK",
     lambda answer: answer.model_version_status[0].state == 50 and answer.model_version_status[0].status.error_code != 0 and
     answer.model_version_status[0].status.error_message != ""),
    ("unknown model", Rpc("GetModelStatus", 'model_spec { name: "nope" }'), "NOT_FOUND",
     "Could not find any versions of model nope"),
    ("unknown version", Rpc("GetModelStatus", 'model_spec { name: "half" version { value: 5 } }'), "NOT_FOUND",
     "Could not find version 5 of model half"),
    ("no model_spec", Rpc("GetModelStatus", ""), "INVALID_ARGUMENT", "Missing ModelSpec"),
    ("no name", Rpc("GetModelStatus", "model_spec { }"), "INVALID_ARGUMENT", "ModelSpec has no name specified."),
)

# --- REST: paths ---

HALF_BODY = {"instances": [2.0, 3.0, 4.0]}
GOOD = {"predictions": [3.0, 3.5, 4.0]}


def at(method, path, document=None, headers=None):
    return Rest(method, path, document, headers or {})


def malformed(method, path, document=None):
    shown = path if path.isascii() else "its path"
    return (f"{method} {shown[:60]}", at(method, path, document), 400, f"Malformed request: {method} {path}")


PATHS = rows_of(
    "2 paths",
    ("predict", at("POST", "/v1/models/half:predict", HALF_BODY), 200, GOOD),
    ("predict of a version", at("POST", "/v1/models/many/versions/2:predict", {"instances": [2.0]}), 200, {"predictions": [3.0]}),
    ("fixed parts in any case", at("POST", "/V1/Models/half:predict", HALF_BODY), 200, GOOD),
    ("fixed parts in any case, with a version", at("POST", "/v1/MODELS/many/Versions/1:predict", {"instances": [2.0]}), 200,
     {"predictions": [2.0]}),
    ("the verb in lower case only", at("POST", "/v1/models/half:Predict", HALF_BODY), 400, "Malformed request: POST"),
    ("names are percent-decoded", at("POST", "/v1/models/h%61lf:predict", HALF_BODY), 200, GOOD),
    ("a name in percent-encoding that is not there", at("POST", "/v1/models/%6eope:predict", HALF_BODY), 404, "Latest(nope)"),
    ("a version beyond int64", at("POST", "/v1/models/half/versions/9223372036854775808:predict", HALF_BODY), 400, ""),
    ("a version of letters", at("POST", "/v1/models/half/versions/one:predict", HALF_BODY), 400, "Malformed request: POST"),
    malformed("GET", "/v1/models/half:predict"), malformed("PUT", "/v1/models/half:predict", "{}"),
    malformed("DELETE", "/v1/models/half"), malformed("POST", "/v1/models/half", "{}"),
    malformed("POST", "/v1/models/half:explain", "{}"), malformed("GET", "/v1/models/half/versions"),
    malformed("GET", "/v1/models/half/versions/"), malformed("GET", "/v1/models/half/metadata/x"),
    malformed("POST", "/v1/models/half/metadata", "{}"), malformed("GET", "/v1"), malformed("GET", "/v1/other"),
    malformed("POST", "/v1/models/half/labels/:predict", "{}"), malformed("POST", "/v1/models/:predict", "{}"),
    malformed("PATCH", "/v1/models/half", "{}"), malformed("GET", "/v1/models/half/labels"),
    malformed("POST", "/v1/models/half/versions/1/labels/a:predict", "{}"),
    ("outside /v1: not found", at("GET", "/v0/models/half"), 404, "Not Found",
     {"differs": "the HTTP library's plain page; ours is JSON, as every other error"}),
    ("a query is not part of the path", at("POST", "/v1/models/half:predict?x=y", HALF_BODY), 200, GOOD,
     {"differs": "the query is matched as part of the path: 400; ours ignores it"}),
    ("a query on a status", at("GET", "/v1/models/half?x=y"), 200, Part(),
     {"differs": "the query becomes part of the model's name: 404; ours ignores it"}),
    ("GET /v1/models lists", at("GET", "/v1/models"), 200, lambda _, data: {"name": "half"} in json.loads(data)["models"],
     {"differs": "400 `Missing model name in request.`; users ask for a listing"}),
    ("HEAD is GET without a body", at("HEAD", "/v1/models/half"), 200, "", {"differs": "400 Malformed request"}),
    ("the request's type is not looked at", at("POST", "/v1/models/half:predict", HALF_BODY, {"Content-Type": "text/html"}), 200,
     GOOD),
    ("replies are application/json", at("POST", "/v1/models/half:predict", HALF_BODY), 200,
     lambda headers, _: headers["Content-Type"] == "application/json"),
    ("errors are application/json", at("POST", "/v1/models/nope:predict", HALF_BODY), 404,
     lambda headers, _: headers["Content-Type"] == "application/json"),
    ("a gzip body", at("POST", "/v1/models/half:predict", gzip.compress(json.dumps(HALF_BODY).encode(), mtime=0),
                       {"Content-Encoding": "gzip"}), 200, GOOD),
    ("a broken gzip body", at("POST", "/v1/models/half:predict", b"\x1f\x8bnot gzip", {"Content-Encoding": "gzip"}), 400, ""),
    ("replies are compressed when asked for", at("POST", "/v1/models/any:predict", {"instances": [[1.0] * 1000]},
                                                 {"Accept-Encoding": "gzip"}), 200,
     lambda headers, data: headers["Content-Encoding"] == "gzip" and len(gzip.decompress(data)) > 1000,
     {"differs": "replies are never compressed; a client that asks can take it"}),
    ("a preflight with an http origin", at("OPTIONS", "/v1/models/half:predict", None, {"Origin": "http://a.example"}), 200, b""),
    ("a preflight with an https origin", at("OPTIONS", "/v1/models/half", None, {"Origin": "https://a.example"}), 200, b""),
    ("a preflight without an origin", at("OPTIONS", "/v1/models/half"), 400, b""),
    ("a preflight of another scheme", at("OPTIONS", "/v1/models/half", None, {"Origin": "file://a"}), 400, b""),
    ("no CORS headers unless asked for", at("GET", "/v1/models/half"), 200,
     lambda headers, _: "Access-Control-Allow-Origin" not in headers),
    ("CORS headers when the flag is set", at("GET", "/v1/models/half"), 200,
     lambda headers, _: (headers["Access-Control-Allow-Origin"], headers["Access-Control-Allow-Methods"],
                         headers["Access-Control-Allow-Headers"]) == ("*", "POST, GET", "Content-Type"), {"on": "cors"}),
    ("CORS headers on errors too", at("GET", "/v1/models/nope"), 404,
     lambda headers, _: headers["Access-Control-Allow-Origin"] == "*", {"on": "cors"}),
)

# --- REST: predict bodies ---


def half(document):
    return rest("half", document)


BODIES = rows_of(
    "2.1 predict bodies",
    ("rows", half('{"instances":[2.0,3.0,4.0]}'), 200, body('{"predictions":[3.0,3.5,4.0]}')),
    ("a column", half('{"inputs":[2.0,3.0,4.0]}'), 200, body('{"outputs":[3.0,3.5,4.0]}')),
    ("a named column", half({"inputs": {"x": [2, 3, 4]}}), 200, {"outputs": [3.0, 3.5, 4.0]}),
    ("named rows", half({"instances": [{"x": 2}, {"x": 3}]}), 200, {"predictions": [3.0, 3.5]}),
    ("nested rows", rest("any", {"instances": [[1.0, 2.0], [3.0, 4.0]]}), 200, {"predictions": [[2.5, 3.0], [3.5, 4.0]]}),
    ("a scalar column", rest("one", {"inputs": 3}), 200, {"outputs": 6.0}),
    ("several outputs: objects", rest("two", {"instances": [{"p": [1, 2], "q": [3, 4]}]}), 200,
     {"predictions": [{"s": [4.0, 6.0], "d": [-2.0, -2.0]}]}),
    ("several outputs: columns", rest("two", {"inputs": {"p": [[1, 2]], "q": [[3, 4]]}}), 200,
     {"outputs": {"s": [[4.0, 6.0]], "d": [[-2.0, -2.0]]}}),
    ("columns: unknown keys are ignored", rest("two", {"inputs": {"p": [[1, 2]], "q": [[3, 4]], "r": [9]}}), 200,
     Part(outputs=Part())),
    ("rows: unknown keys are not", rest("two", {"instances": [{"p": [1, 2], "q": [3, 4], "r": 9}]}), 400, ""),
    ("other top-level keys are ignored", half({"instances": [2], "parameters": {"a": [1]}}), 200, {"predictions": [3.0]}),
    ("signature_name", half({"signature_name": "serving_default", "instances": [2]}), 200, {"predictions": [3.0]}),
    ("signature_name after the rows", half('{"instances":[2],"signature_name":"serving_default"}'), 200, {"predictions": [3.0]}),
    ("unknown signature", half({"signature_name": "other", "instances": [2]}), 400,
     'Serving signature name: "other" not found in signature def'),
    ("signature_name must be text", half({"signature_name": 1, "instances": [2]}), 400, "must be a string"),
    ("an empty body", half(""), 400, "JSON Parse error: The document is empty"),
    ("not JSON", half("instances = [1]"), 400, "JSON Parse error: Invalid value"),
    ("JSON that ends early", half('{"instances":[1'), 400, "JSON Parse error"),
    ("not an object", half([1]), 400, "should be a JSON object"),
    ("a text", half('"x"'), 400, ""),
    ("both forms", half({"instances": [1], "inputs": [1]}), 400, "only one of"),
    ("neither form", half({"x": 1}), 400, "Missing 'inputs' or 'instances' key"),
    ("rows that are no list", half({"instances": {"x": 1}}), 400, "to be an array"),
    ("no rows", half({"instances": []}), 400, "empty"),
    ("a column of no elements", half({"inputs": []}), 200, {"outputs": []}),
    ("ragged", rest("any", {"instances": [[1, 2], [3]]}), 400, "Expecting tensor size"),
    ("a list beside a number", half({"instances": [1, [1]]}), 400, "Expecting shape"),
    ("a number beside a list", rest("any", {"instances": [[1], 1]}), 400, ""),
    ("several inputs want objects", rest("two", {"instances": [1]}), 400, "plain list"),
    ("an input is missing in a row", rest("two", {"instances": [{"p": [1, 2]}]}), 400, "does not have named input: q"),
    ("an input is missing in the second row", rest("two", {"instances": [{"p": [1, 2], "q": [1, 2]}, {"p": [1, 2]}]}), 400,
     "does not have named input: q"),
    ("an input is missing in columns", rest("two", {"inputs": {"p": [[1, 2]]}}), 400, "Missing named input: q"),
    ("several inputs want an object of columns", rest("two", {"inputs": [1]}), 400, ""),
    ("text behind the value is ignored", half('{"instances":[2]} and more'), 200, {"predictions": [3.0]}),
    ("white space", half(' \t\r\n{ "instances" : [ 2 , 3 ] }'), 200, {"predictions": [3.0, 3.5]}),
    ("syntax is checked before the model", rest("nope", "{"), 400, "JSON Parse error"),
    ("the model before the signature", rest("nope", {"signature_name": "z", "instances": [1]}), 404, "Latest(nope)"),
    ("nesting beyond any tensor", half('{"instances":' + "[" * 100000), 400, "",
     {"differs": "the parser recurses and the stack overflows (CVE-2025-0649); ours reads with a bounded depth"}),
    ("a task too large", rest("tiny", {"instances": [1, 2, 3]}), 400, "Task size 3 is larger than maximum input batch size 2"),
    ("unequal first dimensions", rest("two", {"inputs": {"p": [[1, 2]], "q": [[1, 2], [3, 4]]}}), 400,
     "equal 0th-dimension size"),
    ("output names that end in _bytes are base64", rest("texts_bytes", {"instances": ["ab"]}), 200,
     {"predictions": [{"b64": base64.b64encode(b"ab").decode()}]}),
    ("the same, in columns", rest("texts_bytes", {"inputs": ["ab", "c"]}), 200,
     {"outputs": [{"b64": "YWI="}, {"b64": "Yw=="}]}),
)

# --- REST: numbers, type by type ---

JSON_NAMES = {"FLOAT": "float", "DOUBLE": "double", "INT32": "int32", "INT16": "int16", "INT8": "int8", "UINT8": "uint8",
              "UINT16": "uint16", "UINT32": "uint32", "INT64": "int64", "UINT64": "uint64", "BOOL": "bool", "STRING": "string"}


def number_rows(dtype, good, bad, name=None):
    """good: (fact, JSON text of the rows, JSON text of the answer's)"""
    model = f"id_{dtype.lower()}"
    rows = [(f"{dtype}: {fact}", rest(model, '{"instances":[%s]}' % given), 200, body('{"predictions":[%s]}' % answer), *more)
            for fact, given, answer, *more in good]
    rows += [(f"{dtype}: {fact}", rest(model, '{"instances":[%s]}' % given), 400, text) for fact, given, text in bad]
    return rows_of("2.1 numbers", *rows)


def integer_rows(dtype, least, most):
    wrong = f"not of expected type: {JSON_NAMES[dtype]}"
    return number_rows(dtype, [("its least", str(least), str(least)), ("its greatest", str(most), str(most)),
                               ("minus zero", "-0", "0")],
                       [("a fraction", "1.0", wrong), ("an exponent", "1e2", wrong), ("a text", '"1"', wrong),
                        ("a truth", "true", wrong), ("null", "null", wrong), ("above its greatest", str(most + 1), ""),
                        ("below its least", str(least - 1), "")])


REAL = [("a fraction", "1.5,-0.25", "1.5,-0.25"), ("an integer", "3,-7", "3.0,-7.0"), ("an exponent", "1e3,25E-2", "1000.0,0.25"),
        ("NaN", "NaN", "NaN"), ("infinities", "Infinity,-Infinity", "Infinity,-Infinity"),
        ("beyond range: infinite", "1e999,-1e999", "Infinity,-Infinity"), ("below range: zero", "1e-999", "0.0"),
        ("minus zero keeps its sign", "-0.0", "-0.0")]
SHORTEST = "6 significant digits where they round-trip, else 9 or 17; ours are the fewest that round-trip"


def real_bad(name):
    return [(what, given, f"not of expected type: {name}") for what, given in
            (("a text", '"1"'), ("a truth", "false"), ("null", "null"))]


NUMBERS = (
    number_rows("FLOAT", REAL + [("digits are the shortest that round-trip", "0.1,0.333333343267", "0.1,0.33333334")], real_bad("float")) +
    number_rows("DOUBLE", REAL + [("digits are the shortest that round-trip", "0.1,0.1234567890123456", "0.1,0.1234567890123456")],
                real_bad("double")) +
    integer_rows("INT32", -(1 << 31), (1 << 31) - 1) + integer_rows("UINT8", 0, 255) +
    integer_rows("INT64", -(1 << 63), (1 << 63) - 1) + integer_rows("UINT32", 0, (1 << 32) - 1) +
    integer_rows("UINT64", 0, (1 << 64) - 1) + integer_rows("INT16", -(1 << 15), (1 << 15) - 1) +
    integer_rows("INT8", -128, 127) +
    number_rows("BOOL", [("both values", "true,false", "true,false")],
                [("a number", "1", "not of expected type: bool"), ("a text", '"true"', "not of expected type: bool"),
                 ("null", "null", "not of expected type: bool")]) +
    number_rows("STRING", [("a text", '"ab","c"', '"ab","c"'), ("an empty text", '""', '""'),
                           ("base64", '{"b64":"YWI="}', '"ab"'), ("escapes", '"\\u0041\\n\\""', '"A\\n\\""'),
                           ("beyond ASCII", '"\u00e4\\u20ac\\ud83d\\ude00"', '"\u00e4\u20ac\U0001f600"'.encode().decode())],
                [("a number", "1", "not of expected type: string"), ("broken base64", '{"b64":"!"}', "base64"),
                 ("another key", '{"b65":"YQ=="}', "")]) +
    rows_of("2.1 numbers", *((f"{dtype}: has no JSON form", rest(f"id_{dtype.lower()}", {"instances": [1]}), 501,
                              "is not supported") for dtype in ("UINT16", "HALF", "BFLOAT16")))
)
for row in NUMBERS:
    if row.code == 400 and ("its greatest" in row.fact or "its least" in row.fact) and row.fact.startswith(("INT8:", "INT16:")):
        row.differs = "the range is not checked and the value is cut; ours refuses what does not fit"
    elif "shortest" in row.fact:
        row.differs = SHORTEST

# --- REST: classify, regress, metadata, status, errors ---


def classify(model, document, verb="classify"):
    return Rest("POST", f"/v1/models/{model}:{verb}", document)


EXAMPLE_BODIES = rows_of(
    "2.2 classify and regress",
    ("regress", classify("column", {"examples": [{"x": 80.0}]}, "regress"), 200, body('{"results":[42.0]}')),
    ("classify", classify("column", {"examples": [{"x": 20.0}]}), 200, body('{"results":[[["",12.0]]]}')),
    ("labels", classify("scores", {"examples": [{"x": [1.0, 2.5, 3.0]}]}), 200,
     {"results": [[["low", 2.0], ["middle", 5.0], ["high", 6.0]]]}),
    ("several examples", classify("column", {"examples": [{"x": 2.0}, {"x": [4.0]}]}, "regress"), 200, {"results": [3.0, 4.0]}),
    ("a context", classify("column", {"context": {"x": 2.0}, "examples": [{}, {"x": 4.0}]}, "regress"), 200,
     {"results": [3.0, 4.0]}),
    ("integers, truths and fractions", classify("mixed", {"examples": [{"x": 1.5, "i": 2}, {"x": 0.5, "i": True}]}, "regress"), 200,
     {"results": [3.5, 1.5]}),
    ("texts and base64", classify("words", {"examples": [{"w": ["a", {"b64": "Yg=="}]}]}), 200,
     {"results": [[["a", 0.0], ["b", 0.0]]]}),
    ("an integer for a float feature", classify("column", {"examples": [{"x": 2}]}, "regress"), 200, {"results": [3.0]},
     {"differs": "`2` becomes int64 and fails: clients must write `2.0`; ours takes any number where a float is wanted"}),
    ("null", classify("column", {"examples": [{"x": None}]}, "regress"), 400, ""),
    ("nested lists", classify("column", {"examples": [{"x": [[1.0]]}]}, "regress"), 400, ""),
    ("mixed kinds", classify("column", {"examples": [{"x": [1.0, "a"]}]}, "regress"), 400, ""),
    ("beyond int64", classify("column", {"examples": [{"x": 1 << 64}]}, "regress"), 400, ""),
    ("no examples", classify("column", {"examples": []}, "regress"), 400, "Input is empty."),
    ("examples that are no list", classify("column", {"examples": {}}, "regress"), 400, "to be an array"),
    ("an example that is no object", classify("column", {"examples": [1]}, "regress"), 400, "Example must be JSON object"),
    ("no key examples", classify("column", {}, "regress"), 400, "key 'examples' is expected"),
    ("not JSON", classify("column", "x", "regress"), 400, "JSON Parse error"),
    ("an empty body", classify("column", ""), 400, "JSON Parse error: The document is empty"),
    ("unknown signature", classify("column", {"signature_name": "s", "examples": [{"x": 1.0}]}), 400,
     "No signature was found with the name: s"),
    ("unknown model", classify("nope", {"examples": [{"x": 1.0}]}), 404, "Servable not found for request: Latest(nope)"),
    ("unknown version", classify("column/versions/9", {"examples": [{"x": 1.0}]}, "regress"), 404, "Specific(column, 9)"),
    ("unknown label", classify("column/labels/z", {"examples": [{"x": 1.0}]}), 400, "Unrecognized servable version label: z"),
    ("more than one value a row", classify("scores", {"examples": [{"x": [1.0, 2.0, 3.0]}]}, "regress"), 400,
     "Expected regression signature outputs"),
    ("a feature is missing", classify("column", {"examples": [{"z": 1.0}]}), 400, "is required but could not be found."),
)

OK = {"error_code": "OK", "error_message": ""}
REST_STATUS = rows_of(
    "2.3 status and metadata",
    ("status", at("GET", "/v1/models/half"), 200,
     body('{"model_version_status":[{"version":"1","state":"AVAILABLE","status":{"error_code":"OK","error_message":""}}]}')),
    ("versions, descending", at("GET", "/v1/models/many"), 200,
     {"model_version_status": [{"version": str(n), "state": "AVAILABLE", "status": OK} for n in (3, 2, 1)]}),
    ("a version", at("GET", "/v1/models/many/versions/2"), 200,
     {"model_version_status": [{"version": "2", "state": "AVAILABLE", "status": OK}]}),
    ("a label is ignored", at("GET", "/v1/models/many/labels/nope"), 200,
     Part(model_version_status=lambda rows: len(rows) == 3)),
    ("unknown model", at("GET", "/v1/models/nope"), 404, "Could not find any versions of model nope"),
    ("unknown version", at("GET", "/v1/models/half/versions/5"), 404, "Could not find version 5 of model half"),
    ("a failed load", at("GET", "/v1/models/broken"), 200, Part(
        model_version_status=lambda rows: rows[0]["state"] == "END" and rows[0]["status"]["error_code"] != "OK")),
    ("metadata: model_spec", at("GET", "/v1/models/many/metadata"), 200,
     Part(model_spec={"name": "many", "signature_name": "", "version": "3"})),
    ("metadata: doubly nested, all fields", at("GET", "/v1/models/half/metadata"), 200, Part(metadata={"signature_def": {
        "signature_def": Part(serving_default=Part(
            inputs={"x": Part(dtype="DT_FLOAT", tensor_shape={"dim": [{"size": "-1", "name": ""}], "unknown_rank": False})},
            outputs=Part(), method_name="tensorflow/serving/predict", defaults={}))}})),
    ("metadata of a version", at("GET", "/v1/models/many/versions/1/metadata"), 200, Part(model_spec=Part(version="1"))),
    ("metadata: unknown model", at("GET", "/v1/models/nope/metadata"), 404, "Servable not found for request: Latest(nope)"),
    ("metadata: unknown version", at("GET", "/v1/models/half/versions/4/metadata"), 404, "Specific(half, 4)"),
    ("metadata: unknown label", at("GET", "/v1/models/half/labels/z/metadata"), 400, "Unrecognized servable version label: z"),
    ("predict: unknown label", at("POST", "/v1/models/half/labels/nope:predict", {"instances": [1]}), 400,
     "Unrecognized servable version label: nope"),
    ("predict: unknown model", rest("nope", {"instances": [1]}), 404,
     body('{"error":"Servable not found for request: Latest(nope)"}')),
    ("predict: unknown version", at("POST", "/v1/models/half/versions/7:predict", {"instances": [1]}), 404, "Specific(half, 7)"),
    ("predict: a model that could not be loaded", rest("broken", {"instances": [1]}), 404, "Latest(broken)"),
)

LABELS = rows_of(
    "1.5 labels",
    ("a label is its version", Rpc("Predict", 'model_spec { name: "many" version_label: "stable" } '
                                   f'inputs {{ key: "x" value {{ {floats(2)} }} }}'), "OK", outputs("", y=floats(2.0))),
    ("the answer has the version, not the label", Rpc("Predict", 'model_spec { name: "many" version_label: "canary" } '
                                                      f'inputs {{ key: "x" value {{ {floats(2)} }} }}'), "OK",
     lambda answer: answer.model_spec.version.value == 2 and answer.model_spec.version_label == ""),
    ("REST", at("POST", "/v1/models/many/labels/stable:predict", {"instances": [2]}), 200, {"predictions": [2.0]}),
    ("metadata by label", Rpc("GetModelMetadata", 'model_spec { name: "many" version_label: "stable" } '
                              'metadata_field: "signature_def"'), "OK", "model_spec { version { value: 1 } }"),
    ("metadata by label, REST", at("GET", "/v1/models/many/labels/canary/metadata"), 200, Part(model_spec=Part(version="2"))),
    ("specific versions alone are served", Rpc("Predict", 'model_spec { name: "many" version { value: 3 } }'), "NOT_FOUND",
     "Specific(many, 3)"),
    ("the latest of those", Rpc("Predict", f'model_spec {{ name: "many" }} inputs {{ key: "x" value {{ {floats(2)} }} }}'), "OK",
     "model_spec { version { value: 2 } }"),
    on="listed")

ROWS = [row for dtype in TYPES for row in type_rows(dtype)] + wrong_dtype_rows() + SHAPES + PREDICT + ERRORS + EXAMPLES + \
    MULTI + METADATA + STATUS + PATHS + BODIES + NUMBERS + EXAMPLE_BODIES + REST_STATUS + LABELS
