#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""management.py INFERD MESSAGES: what clients may change: models loaded and unloaded, files and configs brought along,
labels moved, the list of models sent anew.

A model named `n` answers x + n, so that an answer says which version gave it.
"""

import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import grpc

BINARY, MESSAGES = sys.argv[1:3]
sys.path.insert(0, MESSAGES)
sys.path.insert(0, str(pathlib.Path(__file__).parent))

import grpc_service_pb2 as inference  # noqa: E402
from tensorflow_serving.apis import model_management_pb2, predict_pb2  # noqa: E402
from grpcio_support import Server  # noqa: E402
from http_support import ask, http_port, model, node, port, scalar  # noqa: E402


def plus(number):
    return model(node("Add", ["x", "n"], "y") + scalar("n", float(number)) + port(11, "x", ["N"]) + port(12, "y", ["N"]))


def add_version(folder, name, version, number):
    path = pathlib.Path(folder, name, str(version))
    path.mkdir(parents=True)
    (path / "model.onnx").write_bytes(plus(number) if number is not None else b"no model")
    old = time.time() - 60 # complete: nothing has changed for long
    for each in (path / "model.onnx", path, path.parent):
        os.utime(each, (old, old))


def value(**kind):
    return inference.ModelRepositoryParameter(**kind)


class Client:
    def __init__(self, server):
        self.channel = grpc.insecure_channel(server.target)

    def call(self, path, request, response):
        return self.channel.unary_unary(path, request_serializer=type(request).SerializeToString,
                                        response_deserializer=response.FromString)(request, timeout=60)

    def ask(self, method, request):
        response = getattr(inference, f"{method}Response")
        return self.call(f"/inference.GRPCInferenceService/{method}", request, response)

    def load(self, name, **parameters):
        request = inference.RepositoryModelLoadRequest(model_name=name)
        for key, parameter in parameters.items():
            request.parameters[key].CopyFrom(parameter)
        return self.ask("RepositoryModelLoad", request)

    def load_with(self, name, parameters):
        return self.load(name, **parameters)

    def unload(self, name, **parameters):
        request = inference.RepositoryModelUnloadRequest(model_name=name)
        for key, parameter in parameters.items():
            request.parameters[key].CopyFrom(parameter)
        return self.ask("RepositoryModelUnload", request)

    def index(self):
        rows = self.ask("RepositoryIndex", inference.RepositoryIndexRequest()).models
        return [(row.name, row.version, row.state, row.reason) for row in rows]

    def predict(self, name, label="", version=0):
        """What the model adds, and the version that did."""
        request = predict_pb2.PredictRequest()
        request.model_spec.name = name
        if label:
            request.model_spec.version_label = label
        if version:
            request.model_spec.version.value = version
        tensor = request.inputs["x"]
        tensor.dtype = 1
        tensor.tensor_shape.dim.add().size = 1
        tensor.float_val.append(0.0)
        answer = self.call("/tensorflow.serving.PredictionService/Predict", request, predict_pb2.PredictResponse)
        return answer.outputs["y"].float_val[0], answer.model_spec.version.value

    def reload(self, *models, metric_names=()):
        request = model_management_pb2.ReloadConfigRequest(metric_names=metric_names)
        for name, path, labels in models:
            config = request.config.model_config_list.config.add(name=name, base_path=path, model_platform="onnx")
            config.model_version_policy.all.SetInParent()
            for label, version in labels.items():
                config.version_labels[label] = version
        return self.call("/tensorflow.serving.ModelService/HandleReloadConfigRequest", request,
                         model_management_pb2.ReloadConfigResponse)

    def await_gone(self, name):
        end = time.monotonic() + 30
        while time.monotonic() < end:
            try:
                self.predict(name)
            except grpc.RpcError as error:
                return error.details()
        raise AssertionError(f"{name} is still there")


class Case(unittest.TestCase):
    def start(self, *flags):
        self.server = Server(BINARY, "--http-port=0", "--http-address=127.0.0.1", *flags)
        self.addCleanup(self.server.stop)
        self.client = Client(self.server)
        self.addCleanup(self.client.channel.close)
        self.http = http_port(self.server)
        return self.client

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def refused(self, code, text, function, *arguments, **named):
        with self.assertRaises(grpc.RpcError) as caught:
            function(*arguments, **named)
        got = caught.exception.code().name, caught.exception.details()
        self.assertTrue(got[0] == code and text in got[1], got)


class Explicit(Case):
    def start_explicit(self, *flags):
        return self.start(f"--model-repository={self.folder}", "--model-control-mode=explicit", *flags)

    def test_nothing_is_loaded_unasked(self):
        add_version(self.folder, "a", 1, 1)
        client = self.start_explicit()
        self.assertEqual(client.index(), [("a", "", "", "")])
        self.refused("NOT_FOUND", "Servable not found for request: Latest(a)", client.predict, "a")
        self.assertEqual(ask(self.http, "GET", "/v2/health/ready")[0], 200)
        client.load("a")
        self.assertEqual(client.predict("a"), (1.0, 1))
        self.assertEqual(client.index(), [("a", "1", "READY", "")])
        client.unload("a")
        client.await_gone("a")
        self.assertEqual(client.index()[0][3], "unloaded")
        client.load("a")
        self.assertEqual(client.predict("a"), (1.0, 1))

    def test_load_model_flags_choose_what_is_there_at_start(self):
        add_version(self.folder, "a", 1, 1)
        add_version(self.folder, "b", 1, 2)
        client = self.start_explicit("--load-model=b")
        self.assertEqual(client.predict("b"), (2.0, 1))
        self.refused("NOT_FOUND", "Servable", client.predict, "a")

    def add_ensembles(self):
        """`outer` asks `inner`, which asks `a`; nothing else is in the repository but `b`."""
        add_version(self.folder, "a", 1, 1)
        add_version(self.folder, "b", 1, 2)
        for name, step in (("inner", "a"), ("outer", "inner")):
            path = pathlib.Path(self.folder, name)
            (path / "1").mkdir(parents=True)
            (path / "config.pbtxt").write_text(
                'platform: "ensemble" input { name: "x" data_type: TYPE_FP32 dims: [ -1 ] } output { name: "y" data_type: TYPE_FP32 '
                f'dims: [ -1 ] }} ensemble_scheduling {{ step {{ model_name: "{step}" model_version: -1 input_map {{ key: "x" '
                'value: "x" } output_map { key: "y" value: "y" } } }')

    def ready(self):
        return [row[0] for row in self.client.index() if row[2] == "READY"]

    def test_an_ensemble_brings_its_steps_and_takes_them_along_if_told_to(self):
        self.add_ensembles()
        client = self.start_explicit()
        client.load("outer")
        self.assertEqual((client.predict("outer"), self.ready()), ((1.0, 1), ["a", "inner", "outer"]))
        client.unload("outer")
        client.await_gone("outer")
        self.assertEqual(self.ready(), ["a", "inner"])
        client.load("outer")
        client.unload("outer", unload_dependents=value(bool_param=True))
        for name in ("a", "inner", "outer"):
            client.await_gone(name)
        client.load("b")
        self.assertEqual(self.ready(), ["b"])

    def test_what_is_loaded_at_start_brings_its_steps(self):
        self.add_ensembles()
        client = self.start_explicit("--load-model=outer")
        self.assertEqual((client.predict("outer"), self.ready()), ((1.0, 1), ["a", "inner", "outer"]))

    def test_a_config_by_name_stands_in(self):
        for name in ("a", "b"):
            add_version(self.folder, name, 1, 1)
        configs = pathlib.Path(self.folder, "a/configs")
        configs.mkdir()
        (configs / "small.pbtxt").write_text("max_batch_size: 2\n")
        for name in ("a", "b"):
            pathlib.Path(self.folder, name, "config.pbtxt").write_text("max_batch_size: 7\n")
        client = self.start_explicit("--load-model=*", "--model-config-name=small")
        sizes = [client.ask("ModelConfig", inference.ModelConfigRequest(name=name)).config.max_batch_size for name in ("a", "b")]
        self.assertEqual(sizes, [2, 7])

    def test_the_log_goes_to_a_file(self):
        add_version(self.folder, "a", 1, 1)
        log = pathlib.Path(tempfile.mkdtemp(), "log")
        self.addCleanup(shutil.rmtree, log.parent)
        log.write_text("before\n")
        ended = subprocess.run([BINARY, "--check", f"--model-repository={self.folder}", f"--log-file={log}"], capture_output=True,
                               text=True, timeout=60)
        text = log.read_text()
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        self.assertTrue(text.startswith("before\n") and "event=version_available" in text, text)

    def test_star_loads_all(self):
        add_version(self.folder, "a", 1, 1)
        add_version(self.folder, "b", 1, 2)
        client = self.start_explicit("--load-model=*")
        self.assertEqual((client.predict("a"), client.predict("b")), ((1.0, 1), (2.0, 1)))

    def test_changes_on_disk_wait_for_a_load(self):
        add_version(self.folder, "a", 1, 1)
        client = self.start_explicit("--load-model=a")
        add_version(self.folder, "a", 2, 2)
        add_version(self.folder, "b", 1, 5)
        client.load("b")
        self.assertEqual(client.predict("a"), (1.0, 1))
        client.load("a")
        self.assertEqual(client.predict("a"), (2.0, 2))

    def test_a_failed_load_says_why_and_keeps_what_serves(self):
        add_version(self.folder, "a", 1, 1)
        client = self.start_explicit("--load-model=a")
        add_version(self.folder, "a", 2, None)
        self.refused("INVALID_ARGUMENT", "load failed for model 'a': version 2 is at UNAVAILABLE state: ", client.load, "a")
        self.assertEqual(client.predict("a"), (1.0, 1))
        shutil.rmtree(f"{self.folder}/a/2")
        add_version(self.folder, "a", 2, 7)
        client.load("a")
        self.assertEqual(client.predict("a"), (7.0, 2))

    def test_mistakes(self):
        add_version(self.folder, "a", 1, 1)
        client = self.start_explicit()
        self.refused("INTERNAL", "failed to load 'nope', failed to poll from model repository", client.load, "nope")
        for name in ("", "..", "a/b", ".hidden", "x" * 300):
            self.refused("INVALID_ARGUMENT", "is not a directory's name", client.load, name)
        self.refused("INVALID_ARGUMENT", "unrecognized load parameter 'x'.", client.load, "a", x=value(bool_param=True))
        self.refused("INVALID_ARGUMENT", "'config' must be a string", client.load, "a", config=value(int64_param=1))
        self.refused("INVALID_ARGUMENT", "requires override model config", client.load_with, "a",
                     {"file:1/model.onnx": value(bytes_param=plus(1))})
        self.refused("UNAVAILABLE", "not allowed if polling is enabled", client.load, "a",
                     base_path=value(string_param="/tmp"))
        request = inference.RepositoryModelLoadRequest(repository_name="r", model_name="a")
        self.refused("UNIMPLEMENTED", "'repository_name' specification is not supported", client.ask,
                     "RepositoryModelLoad", request)
        client.unload("nope") # as Triton has it
        os.mkdir(f"{self.folder}/empty")
        pathlib.Path(self.folder, "empty/config.pbtxt").write_text("")
        self.refused("INVALID_ARGUMENT", "at least one version must be available", client.load, "empty")

    def test_config_override(self):
        add_version(self.folder, "a", 1, 1)
        add_version(self.folder, "a", 2, 2)
        client = self.start_explicit("--load-model=a")
        config = {"version_policy": {"specific": {"versions": ["1"]}}, "max_batch_size": 3,
                  "parameters": {"device": {"string_value": "cpu"}}, "input": [{"name": "x", "data_type": "type_fp32",
                                                                               "dims": [-1]}][:0]}
        client.load("a", config=value(string_param=json.dumps(config)))
        self.assertEqual(client.predict("a"), (1.0, 1))
        client.load("a")
        self.assertEqual(client.predict("a"), (2.0, 2))
        for text, words in (("{", "failed to parse the config override"), ('{"nope":1}', "'nope' is not a field"),
                            ('{"max_batch_size":"x"}', "another kind"), ('{"max_batch_size":-1}', "load failed"),
                            ('{"version_policy":{"latest":' + "{" * 50, "failed to parse"), ("[]", "failed to parse"),
                            ('{} {}', "failed to parse")):
            self.refused("INVALID_ARGUMENT", words, client.load, "a", config=value(string_param=text))

    def test_files_override(self):
        add_version(self.folder, "a", 1, 1)
        client = self.start_explicit("--load-model=a")
        files = {"config": value(string_param="{}"), "file:5/model.onnx": value(bytes_param=plus(50))}
        client.load_with("a", files)
        self.assertEqual(client.predict("a"), (50.0, 5))
        self.refused("NOT_FOUND", "Specific(a, 1)", client.predict, "a", version=1)
        for path in ("../x", "/etc/x", "1/../../x", "1//x", "", "1/2/3/4/5", "./1", "1/" + "x" * 300):
            bad = {"config": value(string_param="{}"), f"file:{path}": value(bytes_param=b"x")}
            self.refused("INVALID_ARGUMENT", "beneath the model's directory", client.load_with, "a", bad)
        self.assertEqual(client.predict("a"), (50.0, 5))
        client.load("a")
        self.assertEqual(client.predict("a"), (1.0, 1))

    def test_override_files_do_not_stay(self):
        add_version(self.folder, "a", 1, 1)
        place = os.path.join(self.folder, "place")
        os.mkdir(place)
        os.environ["TMPDIR"] = place
        try:
            client = self.start_explicit()
        finally:
            del os.environ["TMPDIR"]
        files = {"config": value(string_param="{}"), "file:5/model.onnx": value(bytes_param=plus(50))}
        client.load_with("a", files)
        self.assertEqual(os.listdir(place), [])
        files["file:5/model.onnx"] = value(bytes_param=b"no model")
        self.refused("INVALID_ARGUMENT", "load failed", client.load_with, "a", files)
        self.assertEqual(os.listdir(place), [])
        self.assertEqual(client.predict("a"), (50.0, 5))

    def test_rest(self):
        add_version(self.folder, "a", 1, 1)
        add_version(self.folder, "a", 2, 2)
        client = self.start_explicit()
        load, unload = "/v2/repository/models/a/load", "/v2/repository/models/a/unload"
        self.assertEqual(ask(self.http, "POST", load), (200, None))
        self.assertEqual(client.predict("a"), (2.0, 2))
        config = json.dumps({"version_policy": {"all": {}}})
        self.assertEqual(ask(self.http, "POST", load, {"parameters": {"config": config, "label:stable": 1}}), (200, None))
        self.assertEqual(client.predict("a", label="stable"), (1.0, 1))
        files = {"config": "{}", "file:9/model.onnx": base64.b64encode(plus(90)).decode()}
        self.assertEqual(ask(self.http, "POST", load, {"parameters": files}), (200, None))
        self.assertEqual(client.predict("a"), (90.0, 9))
        for document, code, text in [
            ({"parameters": {"x": 1}}, 400, "unrecognized load parameter 'x'."),
            ({"parameters": {"config": 1}}, 400, "must be a string"),
            ({"parameters": {"config": "{}", "file:1/m": "!"}}, 400, "base64"),
            ({"parameters": {"file:1/m": 7}}, 400, "must be"),
            ([], 400, "failed to parse"), (b"{", 400, "failed to parse"),
        ]:
            got_code, got = ask(self.http, "POST", load, document)
            self.assertTrue(got_code == code and text in got["error"], (document, got_code, got))
        self.assertEqual(ask(self.http, "POST", "/v2/repository/models/nope/load")[0], 500)
        self.assertEqual(ask(self.http, "POST", unload, {"parameters": {"unload_dependents": True}}), (200, None))
        client.await_gone("a")
        self.assertEqual(ask(self.http, "POST", "/v2/repository/index", {"ready": True}), (200, []))


class Labels(Case):
    def test_a_rollback_is_one_call(self):
        for number in (1, 2, 3):
            add_version(self.folder, "a", number, number)
        pathlib.Path(self.folder, "a/config.pbtxt").write_text("version_policy { all {} }")
        client = self.start(f"--model-repository={self.folder}", "--allow-label-changes")
        self.refused("INVALID_ARGUMENT", "Unrecognized servable version label: stable", client.predict, "a", "stable")
        client.load_with("a", {"label:stable": value(int64_param=3), "label:canary": value(int64_param=2)})
        self.assertEqual((client.predict("a", "stable")[1], client.predict("a", "canary")[1]), (3, 2))
        client.load_with("a", {"label:stable": value(int64_param=1)})
        self.assertEqual((client.predict("a", "stable")[1], client.predict("a", "canary")[1]), (1, 2))
        self.refused("FAILED_PRECONDITION", "Request to assign label to version 9 of model a, which is not currently "
                     "available", client.load_with, "a", {"label:stable": value(int64_param=9),
                                                          "label:canary": value(int64_param=3)})
        self.assertEqual((client.predict("a", "stable")[1], client.predict("a", "canary")[1]), (1, 2))
        client.load_with("a", {"label:canary": value(int64_param=0)})
        self.refused("INVALID_ARGUMENT", "label: canary", client.predict, "a", "canary")
        self.refused("NOT_FOUND", "no model 'nope'", client.load_with, "nope", {"label:stable": value(int64_param=1)})
        self.refused("UNAVAILABLE", "not allowed if polling is enabled", client.load, "a")
        self.refused("UNAVAILABLE", "not allowed if polling is enabled", client.unload, "a")

    def test_labels_stay_put_unless_allowed(self):
        add_version(self.folder, "a", 1, 1)
        client = self.start(f"--model-repository={self.folder}")
        self.refused("UNAVAILABLE", "not allowed", client.load_with, "a", {"label:stable": value(int64_param=1)})


class CommandLine(Case):
    """inferctl, the command line for people."""

    def run_inferctl(self, *words):
        done = subprocess.run([pathlib.Path(MESSAGES).parent.parent / "clients/inferctl/inferctl", *words,
                               f"--server={self.server.target}"], capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout + done.stderr

    def test_load_label_unload(self):
        for number in (1, 2):
            add_version(self.folder, "a", number, number)
        client = self.start(f"--model-repository={self.folder}", "--model-control-mode=explicit")
        config = json.dumps({"version_policy": {"all": {}}})
        self.assertEqual(self.run_inferctl("load", "a", "stable=2", f"--config={config}"), (0, "a loaded\n"))
        self.assertEqual(client.predict("a", "stable")[1], 2)
        self.assertEqual(self.run_inferctl("label", "a", "stable=1", "old=1"), (0, "a labelled\n"))
        self.assertEqual((client.predict("a", "stable")[1], client.predict("a", "old")[1]), (1, 1))
        self.assertEqual(self.run_inferctl("label", "a", "old="), (0, "a labelled\n"))
        self.refused("INVALID_ARGUMENT", "label: old", client.predict, "a", "old")
        for words, text in ((("label", "a"), "wants LABEL=VERSION"), (("label", "a", "x"), "is not LABEL=VERSION"),
                            (("label", "a", "x=9"), "not currently available"), (("load", "nope"), "failed to load 'nope'"),
                            (("unload", "a", "b"), "one word too many")):
            code, got = self.run_inferctl(*words)
            self.assertTrue(code != 0 and text in got, got)
        self.assertEqual(self.run_inferctl("unload", "a"), (0, "a unloading\n"))
        client.await_gone("a")


class List(Case):
    """Models served by path, as TensorFlow Serving does it."""

    def test_one_model_is_added_and_removed_without_the_list(self):
        add_version(self.folder, "a", 1, 1)
        add_version(self.folder, "b", 1, 2)
        client = self.start("--model-name=a", f"--model-base-path={self.folder}/a")
        client.load("b", base_path=value(string_param=f"{self.folder}/b"))
        self.assertEqual((client.predict("a"), client.predict("b")), ((1.0, 1), (2.0, 1)))
        client.unload("a")
        client.await_gone("a")
        self.assertEqual(client.predict("b"), (2.0, 1))
        self.refused("INVALID_ARGUMENT", "load failed for model 'c'", client.load, "c",
                     base_path=value(string_param=f"{self.folder}/nope"))
        self.assertEqual(client.predict("b"), (2.0, 1))

    def test_labels_of_a_version_that_the_same_call_loads(self):
        add_version(self.folder, "a", 1, 1)
        client = self.start("--model-name=z", f"--model-base-path={self.folder}/a")
        client.load_with("m", {"base_path": value(string_param=f"{self.folder}/a"),
                               "label:stable": value(int64_param=1)})
        self.assertEqual(client.predict("m", "stable"), (1.0, 1))

    def test_new_labels_may_be_set_ahead_where_that_is_allowed(self):
        add_version(self.folder, "a", 1, 1)
        client = self.start("--model-name=a", f"--model-base-path={self.folder}/a",
                            "--allow-version-labels-for-unavailable-models")
        client.reload(("a", f"{self.folder}/a", {"stable": 1, "next": 2}))
        self.refused("NOT_FOUND", "Label(a, next)", client.predict, "a", label="next")
        self.refused("FAILED_PRECONDITION", "assign label to version 2", client.reload, ("a", f"{self.folder}/a", {"stable": 2}))
        self.assertEqual(client.predict("a", label="stable"), (1.0, 1))

    def test_a_list_replaces_the_list(self):
        for name, number in (("a", 1), ("b", 2)):
            for version in (1, 2):
                add_version(self.folder, name, version, number * 10 + version)
        a, b = f"{self.folder}/a", f"{self.folder}/b"
        client = self.start("--model-name=a", f"--model-base-path={a}")
        answer = client.reload(("a", a, {"stable": 1}), ("b", b, {"canary": 2}), metric_names=["x"])
        self.assertEqual((answer.status.error_code, answer.metric[0].name), (0, "x"))
        self.assertEqual(client.predict("a", "stable"), (11.0, 1)) # loaded by the call that set the label
        self.assertEqual((client.predict("b", "canary"), client.predict("b")), ((22.0, 2), (22.0, 2)))
        client.reload(("a", a, {"stable": 2}), ("b", b, {"canary": 2}))
        self.assertEqual(client.predict("a", "stable"), (12.0, 2))
        self.refused("FAILED_PRECONDITION", "Request to assign label to version 7 of model a", client.reload,
                     ("a", a, {"stable": 7}), ("b", b, {"canary": 1}))
        self.assertEqual((client.predict("a", "stable")[1], client.predict("b", "canary")[1]), (2, 1)) # models are apart
        client.reload() # an empty config changes nothing
        self.assertEqual(client.predict("a")[1], 2)
        client.reload(("b", b, {}))
        client.await_gone("a")
        self.assertEqual(client.predict("b")[1], 2)

    def test_a_broken_model_in_a_list_touches_no_other(self):
        add_version(self.folder, "a", 1, 1)
        add_version(self.folder, "bad", 1, None)
        add_version(self.folder, "c", 1, 3)
        client = self.start("--model-name=a", f"--model-base-path={self.folder}/a", "--max-num-load-retries=0")
        self.refused("UNKNOWN", "1 servable(s) did not become available: {{{name: bad version: 1} due to error: ",
                     client.reload, *[(name, f"{self.folder}/{name}", {}) for name in ("a", "bad", "c")])
        self.assertEqual((client.predict("a")[0], client.predict("c")[0]), (1.0, 3.0))
        self.refused("UNKNOWN", "name: gone", client.reload, ("gone", f"{self.folder}/gone", {}),
                     ("c", f"{self.folder}/c", {}))
        self.assertEqual(client.predict("c")[0], 3.0)

    def test_lists_that_are_refused(self):
        add_version(self.folder, "a", 1, 1)
        client = self.start("--model-name=a", f"--model-base-path={self.folder}/a")
        self.refused("INVALID_ARGUMENT", "expected an absolute path", client.reload, ("b", "relative", {}))
        self.refused("INVALID_ARGUMENT", "is there twice", client.reload, ("b", "/x", {}), ("b", "/y", {}))
        request = model_management_pb2.ReloadConfigRequest()
        request.config.custom_model_config.type_url = "x"
        self.refused("FAILED_PRECONDITION", "custom_model_config", client.call,
                     "/tensorflow.serving.ModelService/HandleReloadConfigRequest", request,
                     model_management_pb2.ReloadConfigResponse)
        self.assertEqual(client.predict("a"), (1.0, 1))

    def test_the_file_is_read_again(self):
        for name, number in (("a", 1), ("b", 2)):
            add_version(self.folder, name, 1, number)
        path = pathlib.Path(self.folder, "models.config")

        def write(*names):
            path.write_text("model_config_list { %s }" % " ".join(
                f'config {{ name: "{name}" base_path: "{self.folder}/{name}" model_platform: "onnx" }}' for name in names))
        write("a")
        client = self.start(f"--model-config-file={path}", "--model-config-file-poll-wait-seconds=1")
        self.assertEqual(client.predict("a"), (1.0, 1))
        write("b")
        self.server.wait("event=model_list_applied models=1")
        self.assertEqual(client.predict("b"), (2.0, 1))
        client.await_gone("a")
        path.write_text("nonsense")
        self.server.wait("event=model_list_refused")
        self.assertEqual(client.predict("b"), (2.0, 1))

    def test_repositories_have_no_list(self):
        add_version(self.folder, "a", 1, 1)
        client = self.start(f"--model-repository={self.folder}")
        self.refused("FAILED_PRECONDITION", "the list of models cannot be changed", client.reload, ("b", "/x", {}))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
