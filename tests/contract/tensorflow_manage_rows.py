# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""TensorFlow Serving's changes while it runs: reference tensorflow_serving.md 1.2, 1.3, 4, 4.1; and its signatures."""

from rows import Rest, Rpc, rows_of
from tensorflow_rows import floats

from tensorflow_serving.apis import get_model_metadata_pb2


def listed(*models, metrics=()):
    """models: (name, labels[, platform[, path]])"""
    configs = []
    for name, labels, *more in models:
        platform, path = (list(more) + ["tensorflow", f"{{folder}}/{name}"][len(more):])[:2]
        policy = "model_version_policy { specific { versions: 1 versions: 2 } }" if name == "many" else ""
        text = " ".join(f'version_labels {{ key: "{label}" value: {version} }}' for label, version in labels.items())
        configs.append(f'config {{ name: "{name}" base_path: "{path}" model_platform: "{platform}" {policy} {text} }}')
    names = " ".join(f'metric_names: "{name}"' for name in metrics)
    return Rpc("HandleReloadConfigRequest", f"config {{ model_config_list {{ {' '.join(configs)} }} }} {names}".rstrip())


def by_label(label):
    return Rpc("Predict", f'model_spec {{ name: "many" version_label: "{label}" }} inputs {{ key: "x" value {{ {floats(2)} }} }}')


def predict(name):
    return Rpc("Predict", f'model_spec {{ name: "{name}" }} inputs {{ key: "x" value {{ {floats(2)} }} }}')


LABELS = {"stable": 1, "canary": 2}
HALF, MANY = ("half", {}), ("many", LABELS)
REFUSED = rows_of(
    "4 lists that are refused",
    ("a custom config", Rpc("HandleReloadConfigRequest", 'config { custom_model_config { type_url: "x" } }'), "FAILED_PRECONDITION", ""),
    ("a relative path", listed(("half", {}, "tensorflow", "models/half")), "INVALID_ARGUMENT", "models/half"),
    ("a name twice", listed(HALF, HALF), "INVALID_ARGUMENT", "half"),
    ("an unknown platform", listed(("half", {}, "caffe")), "INVALID_ARGUMENT", "caffe"),
    ("no platform", listed(("half", {}, "")), "OK", "",
     {"differs": "INVALID_ARGUMENT; there is one platform here, so it need not be named"}),
    ("no name", listed(("", {}, "tensorflow", "/tmp")), "INVALID_ARGUMENT", ""),
    ("a log of requests", Rpc("HandleReloadConfigRequest", 'config { model_config_list { config { name: "half" base_path: "/tmp" '
                              'model_platform: "tensorflow" logging_config { sampling_config { sampling_rate: 1 } } } } }'),
     "INVALID_ARGUMENT", "logging_config"),
    ("not protobuf", Rpc("HandleReloadConfigRequest", b"\xff\xff\xff"), "INVALID_ARGUMENT", ""),
    on="listed", changes=True) + rows_of(
    "4 lists that are refused",
    ("where models are found in a folder", listed(HALF), "FAILED_PRECONDITION", "",
     {"differs": "there are no folders of models; where they are, a list is nobody's"}),
)
RELOAD = rows_of(
    "4 HandleReloadConfigRequest",
    ("an empty config changes nothing", Rpc("HandleReloadConfigRequest", "config { }"), "OK", "status { }"),
    ("the same list", listed(HALF, MANY), "OK", "status { }"),
    ("still there", predict("half"), "OK", 'model_spec { name: "half" version { value: 1 } }'),
    ("how much a metric rose", listed(HALF, MANY, metrics=[":tensorflow:serving:nope"]), "OK",
     lambda reply: [(metric.name, metric.int64_value_increase) for metric in reply.metric] == [(":tensorflow:serving:nope", 0)]),
    ("a model more", listed(HALF, MANY, ("any", {}), metrics=["/tensorflow/cc/saved_model/load_attempt_count"]), "OK",
     lambda reply: [(metric.name, metric.int64_value_increase) for metric in reply.metric] ==
     [("/tensorflow/cc/saved_model/load_attempt_count", 1)]),
    ("is served when the call is answered", predict("any"), "OK", 'model_spec { name: "any" }'),
    ("a model less", listed(HALF, MANY), "OK", "status { }"),
    ("is not found", predict("any"), "NOT_FOUND", "Servable not found for request: Latest(any)"),
    ("and its versions have ended", Rpc("GetModelStatus", 'model_spec { name: "any" }'), "OK",
     lambda reply: reply.model_version_status[0].state in (40, 50) and reply.model_version_status[0].status.error_code == 0),
    ("labels are moved", listed(HALF, ("many", {"stable": 2, "canary": 2})), "OK", "status { }"),
    ("at once", by_label("stable"), "OK", "model_spec { version { value: 2 } }"),
    ("a label is gone when the list has it not", listed(HALF, ("many", {"stable": 1})), "OK", "status { }"),
    ("and is not known", by_label("canary"), "INVALID_ARGUMENT", "Unrecognized servable version label: canary"),
    ("a label on a version that is not there", listed(HALF, ("many", {"stable": 9})), "FAILED_PRECONDITION",
     "Request to assign label to version 9 of model many, which is not currently available for inference"),
    ("leaves the labels as they were", by_label("stable"), "OK", "model_spec { version { value: 1 } }"),
    ("a model that cannot be loaded", listed(HALF, ("many", {"stable": 1}), ("broken", {})), "UNKNOWN",
     "1 servable(s) did not become available: {{{name: broken version: 1} due to error: "),
    ("touches no other", predict("half"), "OK", 'model_spec { name: "half" }',
     {"differs": "labels and models of a reload that failed are not applied; ours are, model by model"}),
    ("a label of a version that the same list loads", listed(HALF, MANY, ("column", {"new": 1})), "OK", "status { }",
     {"differs": "FAILED_PRECONDITION: labels are looked at before the loads"}),
    ("as at first", listed(HALF, MANY), "OK", "status { }"),
    on="listed", changes=True)

# --- signatures ---


def signatures(name, check):
    def look(reply):
        found = get_model_metadata_pb2.SignatureDefMap()
        reply.metadata["signature_def"].Unpack(found)
        return check(found.signature_def)
    return Rpc("GetModelMetadata", f'model_spec {{ name: "{name}" }} metadata_field: "signature_def"'), "OK", look


CLASSIFY, REGRESS = "tensorflow/serving/classify", "tensorflow/serving/regress"
SIGNATURES = rows_of(
    "1.5 signatures",
    ("serving_default and those that fit", *signatures("column", lambda found: set(found) == {"serving_default", CLASSIFY, REGRESS})),
    ("rows of several are scores, no values", *signatures("scores", lambda found: set(found) == {"serving_default", CLASSIFY})),
    ("texts are classes", *signatures("words", lambda found: set(found) == {"serving_default", CLASSIFY} and
                                      set(found[CLASSIFY].outputs) == {"classes"})),
    ("integers are neither", *signatures("id_int32", lambda found: set(found) == {"serving_default"})),
    ("tensors of serving_default are the model's", *signatures("half", lambda found: (
        found["serving_default"].method_name, list(found["serving_default"].inputs), list(found["serving_default"].outputs),
        found["serving_default"].inputs["x"].dtype) == ("tensorflow/serving/predict", ["x"], ["y"], 1))),
    ("Classify takes serialized Examples", *signatures("scores", lambda found: (
        found[CLASSIFY].method_name, list(found[CLASSIFY].inputs), found[CLASSIFY].inputs["inputs"].dtype) ==
        (CLASSIFY, ["inputs"], 7))),
    ("and gives classes and scores", *signatures("scores", lambda found: {
        key: (value.dtype, [dim.size for dim in value.tensor_shape.dim]) for key, value in found[CLASSIFY].outputs.items()} ==
        {"classes": (7, [-1, 3]), "scores": (1, [-1, 3])})),
    ("Regress gives a value a row", *signatures("column", lambda found: {
        key: (value.dtype, len(value.tensor_shape.dim)) for key, value in found[REGRESS].outputs.items()} == {"outputs": (1, 1)})),
    ("an unknown rank is told", *signatures("any", lambda found: found["serving_default"].inputs["x"].tensor_shape.unknown_rank)),
)

ROWS = REFUSED + RELOAD + SIGNATURES
