#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""classify.py INFERD MESSAGES: Classify, Regress and MultiInference over gRPC and REST.

`half` is y = x / 2 + 2 on [N,1]; `scores` scales [N,3] and has labels; `mixed` sums a float and an integer feature;
`words` gives its texts back as classes.
"""

import pathlib
import struct
import sys
import tempfile
import unittest

import grpc

BINARY, MESSAGES = sys.argv[1:3]
sys.path.insert(0, MESSAGES)
sys.path.insert(0, str(pathlib.Path(__file__).parent))

from tensorflow_serving.apis import classification_pb2, inference_pb2, regression_pb2  # noqa: E402
from grpcio_support import Server, add_model, field  # noqa: E402
from http_support import FLOAT, INT64, STRING, ask, half_plus_two, http_port, model, node, port, scalar  # noqa: E402

CAST_TO_FLOAT = field(5, field(1, "to") + field(3, FLOAT) + field(20, 2))
MODELS = {
    "half": half_plus_two(),
    "scores": model(node("Mul", ["x", "a"], "p") + scalar("a", 2.0) + port(11, "x", ["N", 3]) + port(12, "p", ["N", 3])),
    "mixed": model(node("Cast", ["i"], "f", CAST_TO_FLOAT) + node("Add", ["x", "f"], "outputs") +
                   port(11, "x", ["N"]) + port(11, "i", ["N"], INT64) + port(12, "outputs", ["N"])),
    "words": model(node("Identity", ["w"], "classes") + port(11, "w", ["N", 2], STRING) +
                   port(12, "classes", ["N", 2], STRING)),
}


def call(channel, method, request, response):
    path = f"/tensorflow.serving.PredictionService/{method}"
    return channel.unary_unary(path, request_serializer=type(request).SerializeToString,
                               response_deserializer=response.FromString)(request, timeout=60)


def add_example(where, **features):
    for name, values in features.items():
        feature = where.features.feature[name]
        values = values if isinstance(values, list) else [values]
        if isinstance(values[0], float):
            feature.float_list.value.extend(values)
        elif isinstance(values[0], int):
            feature.int64_list.value.extend(values)
        else:
            feature.bytes_list.value.extend(v.encode() for v in values)


def classification(name, *examples, signature=""):
    request = classification_pb2.ClassificationRequest()
    request.model_spec.name = name
    request.model_spec.signature_name = signature
    for example in examples:
        add_example(request.input.example_list.examples.add(), **example)
    return request


def regression(name, *examples):
    request = regression_pb2.RegressionRequest()
    request.model_spec.name = name
    for example in examples:
        add_example(request.input.example_list.examples.add(), **example)
    return request


# request, code, part of the text
MISTAKES = [
    (classification("half"), "INVALID_ARGUMENT", "Input is empty."),
    (classification("half", {"y": 1.0}), "INVALID_ARGUMENT",
     "Feature: x (data type: float) is required but could not be found."),
    (classification("half", {"x": 1.0}, {"y": 1.0}), "INVALID_ARGUMENT", "Feature: x"),
    (classification("half", {"x": "text"}), "INVALID_ARGUMENT", "Data types don't match. Expected type: float"),
    (classification("half", {"x": [1.0, 2.0]}), "INVALID_ARGUMENT", "Number of values != expected"),
    (classification("scores", {"x": [1.0, 2.0, 3.0]}, {"x": [1.0]}), "INVALID_ARGUMENT", "Number of values != expected"),
    (classification("half", {"x": 1.0}, signature="other"), "INVALID_ARGUMENT",
     "No signature was found with the name: other"),
    (classification("nope", {"x": 1.0}), "NOT_FOUND", "Servable not found for request: Latest(nope)"),
    (classification("", {"x": 1.0}), "INVALID_ARGUMENT", "ModelSpec has no name specified."),
    (classification_pb2.ClassificationRequest(), "INVALID_ARGUMENT", "Missing ModelSpec"),
    (classification("mixed", {"x": 1.0, "i": 1.5}), "INVALID_ARGUMENT", "Expected type: int64"),
]

# path, body, code, document or part of the error
REST = [
    ("half:regress", {"examples": [{"x": 80.0}]}, 200, {"results": [42.0]}),
    ("half:classify", {"examples": [{"x": 20.0}]}, 200, {"results": [[["", 12.0]]]}),
    ("half:classify", {"signature_name": "tensorflow/serving/classify", "examples": [{"x": 2}]}, 200,
     {"results": [[["", 3.0]]]}),
    ("half/versions/1:regress", {"examples": [{"x": [2.0]}, {"x": 4.0}]}, 200, {"results": [3.0, 4.0]}),
    ("half:regress", {"context": {"x": 2.0}, "examples": [{}, {"x": 4.0}]}, 200, {"results": [3.0, 4.0]}),
    ("scores:classify", {"examples": [{"x": [1.0, 2.5, 3]}]}, 200,
     {"results": [[["low", 2.0], ["middle", 5.0], ["high", 6.0]]]}),
    ("mixed:regress", {"examples": [{"x": 1.5, "i": 2}, {"x": 0.5, "i": True}]}, 200, {"results": [3.5, 1.5]}),
    ("words:classify", {"examples": [{"w": ["a", {"b64": "YsO8"}]}]}, 200, {"results": [[["a", 0.0], ["b\u00fc", 0.0]]]}),
    ("half:regress", {"examples": [{"x": None}]}, 400, "flat list of values of one type"),
    ("half:regress", {"examples": [{"x": [[1.0]]}]}, 400, "flat list of values of one type"),
    ("half:regress", {"examples": [{"x": [1.0, "a"]}]}, 400, "flat list of values of one type"),
    ("half:regress", {"examples": [{"x": 1 << 63}]}, 400, "out of range"),
    ("half:regress", {"examples": []}, 400, "Input is empty."),
    ("half:regress", {"examples": {}}, 400, "to be an array"),
    ("half:regress", {"examples": [1]}, 400, "Example must be JSON object"),
    ("half:regress", {}, 400, "key 'examples' is expected"),
    ("half:regress", [], 400, "should be a JSON object"),
    ("half:regress", b"", 400, "JSON Parse error: The document is empty"),
    ("half:regress", b'{"examples":[{"x":1.0}', 400, "JSON Parse error"),
    ("half:regress", {"signature_name": "s", "examples": [{"x": 1.0}]}, 400, "No signature was found with the name: s"),
    ("half:regress", {"examples": [{"x": {"b64": "!"}}]}, 400, "base64"),
    ("scores:regress", {"examples": [{"x": [1.0, 2.0, 3.0]}]}, 400, "Expected regression signature outputs"),
    ("nope:regress", {"examples": [{"x": 1.0}]}, 404, "Servable not found for request: Latest(nope)"),
    ("half/labels/nope:classify", {"examples": [{"x": 1.0}]}, 400, "Unrecognized servable version label: nope"),
]


class Classify(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        for name, content in MODELS.items():
            add_model(cls.folder.name, name, content)
        pathlib.Path(cls.folder.name, "scores/labels.txt").write_text("low\nmiddle\nhigh\n")
        cls.server = Server(BINARY, "--http-port=0", "--http-address=127.0.0.1", f"--model-repository={cls.folder.name}")
        cls.http = http_port(cls.server)
        cls.channel = grpc.insecure_channel(cls.server.target)

    @classmethod
    def tearDownClass(cls):
        cls.channel.close()
        cls.server.stop()
        cls.folder.cleanup()

    def test_classify_names_classes_by_labels(self):
        answer = call(self.channel, "Classify", classification("scores", {"x": [1.0, 2.0, 3.0]}, {"x": [0.0, 0.5, 4.0]}),
                      classification_pb2.ClassificationResponse)
        got = [[(c.label, c.score) for c in row.classes] for row in answer.result.classifications]
        self.assertEqual(got, [[("low", 2.0), ("middle", 4.0), ("high", 6.0)],
                               [("low", 0.0), ("middle", 1.0), ("high", 8.0)]])
        self.assertEqual((answer.model_spec.name, answer.model_spec.version.value, answer.model_spec.signature_name),
                         ("scores", 1, "serving_default"))

    def test_regress_takes_floats_and_integers(self):
        request = regression("half", {"x": 2.0}, {"x": 4}, {"other": "ignored", "x": -4.0})
        answer = call(self.channel, "Regress", request, regression_pb2.RegressionResponse)
        self.assertEqual([r.value for r in answer.result.regressions], [3.0, 4.0, 0.0])

    def test_context_is_part_of_every_example(self):
        request = regression_pb2.RegressionRequest()
        request.model_spec.name = "mixed"
        listed = request.input.example_list_with_context
        add_example(listed.context, i=7, x=1.0)
        add_example(listed.examples.add(), x=0.5)
        add_example(listed.examples.add(), i=-1)
        answer = call(self.channel, "Regress", request, regression_pb2.RegressionResponse)
        self.assertEqual([r.value for r in answer.result.regressions], [7.5, 0.0])

    def test_unpacked_values_are_read(self):
        value = field(1, field(1, field(1, "x") + field(2, field(2, b"\x0d" + struct.pack("<f", 6.0)))))
        raw = field(1, field(1, "half")) + field(2, field(1, field(1, field(1, value[2:]))))
        path = "/tensorflow.serving.PredictionService/Regress"
        answer = regression_pb2.RegressionResponse.FromString(self.channel.unary_unary(path)(raw, timeout=60))
        self.assertEqual(answer.result.regressions[0].value, 5.0)

    def test_multi_inference_is_one_run_for_several_tasks(self):
        request = inference_pb2.MultiInferenceRequest()
        for method in ("classify", "regress"):
            task = request.tasks.add(method_name=f"tensorflow/serving/{method}")
            task.model_spec.name = "half"
            task.model_spec.signature_name = "" if method == "classify" else "tensorflow/serving/regress"
        add_example(request.input.example_list.examples.add(), x=2.0)
        answer = call(self.channel, "MultiInference", request, inference_pb2.MultiInferenceResponse)
        first, second = answer.results
        self.assertEqual(first.classification_result.classifications[0].classes[0].score, 3.0)
        self.assertEqual(second.regression_result.regressions[0].value, 3.0)
        self.assertEqual((first.model_spec.version.value, first.model_spec.signature_name), (1, "serving_default"))

    def test_multi_inference_mistakes(self):
        def ask_multi(*tasks):
            request = inference_pb2.MultiInferenceRequest()
            for name, signature, method in tasks:
                task = request.tasks.add(method_name=f"tensorflow/serving/{method}")
                task.model_spec.name, task.model_spec.signature_name = name, signature
            add_example(request.input.example_list.examples.add(), x=2.0)
            with self.assertRaises(grpc.RpcError) as caught:
                call(self.channel, "MultiInference", request, inference_pb2.MultiInferenceResponse)
            return caught.exception.code().name, caught.exception.details()
        for tasks, code, text in [
            ((("half", "", "classify"), ("scores", "x", "classify")), "INVALID_ARGUMENT", "same model name"),
            ((("half", "", "classify"), ("half", "serving_default", "regress")), "INVALID_ARGUMENT",
             "Duplicate evaluation of signature: serving_default"),
            ((("half", "", "predict"),), "UNIMPLEMENTED", "Unsupported signature method_name: tensorflow/serving/predict"),
            ((("half", "s", "regress"),), "INVALID_ARGUMENT", "Requested signature not found in model graph: s"),
            ((), "INVALID_ARGUMENT", "no tasks"),
        ]:
            got = ask_multi(*tasks)
            self.assertTrue(got[0] == code and text in got[1], got)

    def test_mistakes(self):
        for request, code, text in MISTAKES:
            with self.assertRaises(grpc.RpcError) as caught:
                call(self.channel, "Classify", request, classification_pb2.ClassificationResponse)
            got = caught.exception.code().name, caught.exception.details()
            self.assertTrue(got[0] == code and text in got[1], (got, code, text))

    def test_cut_and_damaged_messages_are_refused(self):
        whole = classification("scores", {"x": [1.0, 2.0, 3.0]}).SerializeToString()
        path = "/tensorflow.serving.PredictionService/Classify"
        for cut in range(len(whole)):
            for damaged in (whole[:cut], whole[:cut] + bytes([whole[cut] ^ 0x80]) + whole[cut + 1:]):
                try:
                    self.channel.unary_unary(path)(damaged, timeout=60)
                except grpc.RpcError as error:
                    self.assertIn(error.code().name, ("INVALID_ARGUMENT", "NOT_FOUND"))

    def test_rest(self):
        for path, document, code, expected in REST:
            got_code, got = ask(self.http, "POST", f"/v1/models/{path}", document)
            same = expected in got["error"] if isinstance(expected, str) else got == expected
            self.assertTrue(got_code == code and same, (path, document, got_code, got))

    def test_many_rows_over_rest(self):
        rows = [{"x": i + 0.5} for i in range(4)]
        self.assertEqual(ask(self.http, "POST", "/v1/models/half:regress", {"examples": rows}),
                         (200, {"results": [(i + 0.5) / 2 + 2 for i in range(4)]}))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
