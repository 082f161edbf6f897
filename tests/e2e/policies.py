#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""policies.py INFERD MESSAGES: scheduling policies as clients see them, over gRPC and REST: the response cache,
ragged batches, reshape, TensorFlow Serving's batching parameters, sequences."""

import json
import hashlib
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import urllib.request

import grpc
import numpy as np

BINARY, MESSAGES = sys.argv[1:3]
sys.path.insert(0, MESSAGES)
sys.path.insert(0, str(pathlib.Path(__file__).parent))

import grpc_service_pb2 as inference  # noqa: E402
from grpcio_support import Server, add_model, field  # noqa: E402
from http_support import (  # noqa: E402
    INT32, INT64, STRING, ask, half_plus_two, http_port, integers, model, node, number, port, scalar)

TYPES = {"float32": "FP32", "int32": "INT32", "int64": "INT64"}


def request_of(name, parameters=None, **inputs):
    """A ModelInferRequest with raw contents."""
    request = inference.ModelInferRequest(model_name=name)
    for key, value in (parameters or {}).items():
        kind = "bool_param" if isinstance(value, bool) else "int64_param" if isinstance(value, int) else "string_param"
        setattr(request.parameters[key], kind, value)
    for key, array in inputs.items():
        request.inputs.add(name=key, datatype=TYPES[array.dtype.name], shape=array.shape)
        request.raw_input_contents.append(array.tobytes())
    return request


def arrays_of(response):
    names = {text: name for name, text in TYPES.items()}
    return {output.name: np.frombuffer(raw, names[output.datatype]).reshape(output.shape)
            for output, raw in zip(response.outputs, response.raw_output_contents)}


def floats(*rows):
    return np.asarray(rows, np.float32)


def age(folder):
    """What was changed long ago need not settle."""
    for path, _, names in os.walk(folder, topdown=False):
        for name in [*names, ""]:
            os.utime(os.path.join(path, name), (1e9, 1e9))


class Case(unittest.TestCase):
    """A server for the class: MODELS is {name: (content, config)}."""
    MODELS, FLAGS = {}, []

    @staticmethod
    def add(folder):
        """More files."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        for name, (content, config) in cls.MODELS.items():
            add_model(cls.folder.name, name, content, config)
        cls.add(cls.folder.name)
        age(cls.folder.name)
        cls.server = Server(BINARY, "--http-port=0", "--http-address=127.0.0.1", f"--model-repository={cls.folder.name}",
                            *cls.FLAGS)
        cls.http = http_port(cls.server)
        cls.channel = grpc.insecure_channel(cls.server.target)
        cls.method = cls.channel.unary_unary("/inference.GRPCInferenceService/ModelInfer",
                                             request_serializer=inference.ModelInferRequest.SerializeToString,
                                             response_deserializer=inference.ModelInferResponse.FromString)

    @classmethod
    def tearDownClass(cls):
        cls.channel.close()
        cls.server.stop()
        cls.folder.cleanup()

    def infer(self, name, parameters=None, **inputs):
        return arrays_of(self.method(request_of(name, parameters, **inputs), timeout=60))

    def refused(self, code, text, name, parameters=None, **inputs):
        with self.assertRaises(grpc.RpcError) as caught:
            self.infer(name, parameters, **inputs)
        got = caught.exception.code().name, caught.exception.details()
        self.assertTrue(got[0] == code and text in got[1], got)

    def statistics(self, name):
        return ask(self.http, "GET", f"/v2/models/{name}/stats")[1]["model_stats"][0]

    def metric(self, name, model):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http}/metrics", timeout=60) as reply:
            for line in reply.read().decode().splitlines():
                if line.startswith(f"{name}{{") and f'model="{model}"' in line or line.startswith(f"{name} "):
                    return float(line.rsplit(" ", 1)[1])
        raise AssertionError(f"no {name} of {model}")

    def config_fails(self, content, config, text):
        """--check says so of a model with that config."""
        with tempfile.TemporaryDirectory() as folder:
            add_model(folder, "m", content, config)
            age(folder)
            done = subprocess.run([BINARY, "--check", f"--model-repository={folder}"], capture_output=True, text=True,
                                  timeout=60, check=False)
            self.assertNotEqual(done.returncode, 0, done.stdout)
            self.assertIn(text, done.stdout)


CACHED = "max_batch_size: 8 response_cache { enable: true }"


class ResponseCache(Case):
    MODELS = {
        "half": (half_plus_two(), CACHED),
        "plain": (half_plus_two(), "max_batch_size: 8"),
        "whole": (b"", "platform: 'ensemble' max_batch_size: 8 response_cache { enable: true } "
                       "input { name: 'i' data_type: TYPE_FP32 dims: 1 } output { name: 'o' data_type: TYPE_FP32 dims: 1 } "
                       "ensemble_scheduling { step { model_name: 'plain' model_version: -1 "
                       "input_map { key: 'x' value: 'i' } output_map { key: 'y' value: 'o' } } }"),
    }
    FLAGS = ["--cache-config=local,size=1M"]

    def counts(self, name):
        stats = self.statistics(name)
        times = stats["inference_stats"]
        return {"inferences": stats["inference_count"], "executions": stats["execution_count"],
                **{key: times[key]["count"] for key in times}}

    def test_a_hit_is_a_success_and_no_inference(self):
        before = self.counts("half")
        for _ in range(3):
            self.assertEqual(self.infer("half", x=floats([1], [3]))["y"].tolist(), [[2.5], [3.5]])
        self.infer("half", x=floats([1]))  # another shape
        grown = {key: value - before[key] for key, value in self.counts("half").items()}
        self.assertEqual(grown, {"inferences": 3, "executions": 2, "success": 4, "fail": 0, "queue": 4, "compute_input": 2,
                                 "compute_infer": 2, "compute_output": 2, "cache_hit": 2, "cache_miss": 2})
        self.assertGreater(self.statistics("half")["inference_stats"]["cache_hit"]["ns"], 0)
        self.assertEqual(self.metric("nv_cache_num_hits_per_model", "half"), self.counts("half")["cache_hit"])
        self.assertEqual(self.metric("nv_cache_num_misses_per_model", "half"), self.counts("half")["cache_miss"])
        self.assertEqual(self.metric("nv_inference_count", "half"), self.counts("half")["inferences"])
        self.assertGreater(self.metric("inferd_cache_entries", ""), 0)
        self.assertEqual(self.metric("inferd_cache_limit_bytes", ""), 1 << 20)

    def test_protocols_and_ids_share_answers(self):
        self.infer("half", x=floats([11]))
        before = self.counts("half")["cache_hit"]
        self.assertEqual(self.infer("half", {"mine": "no"}, x=floats([11]))["y"].tolist(), [[7.5]])
        answer = ask(self.http, "POST", "/v1/models/half:predict", {"instances": [[11]]})
        self.assertEqual(answer, (200, {"predictions": [[7.5]]}))
        answer = ask(self.http, "POST", "/v2/models/half/infer", {"id": "a", "inputs": [
            {"name": "x", "shape": [1, 1], "datatype": "FP32", "data": [11]}]})
        self.assertEqual((answer[1]["id"], answer[1]["outputs"][0]["data"]), ("a", [7.5]))
        self.assertEqual(self.counts("half")["cache_hit"] - before, 3)

    def test_failures_touch_nothing_else(self):
        before = self.counts("half")
        self.refused("INVALID_ARGUMENT", "x", "half", x=floats([1, 2]))
        grown = {key: value - before[key] for key, value in self.counts("half").items() if value != before[key]}
        self.assertEqual(grown, {"fail": 1})

    def test_a_model_that_does_not_ask_has_none(self):
        for _ in range(2):
            self.infer("plain", x=floats([1]))
        self.assertEqual((self.counts("plain")["cache_hit"], self.counts("plain")["cache_miss"]), (0, 0))

    def test_an_ensemble_may_have_one(self):
        for _ in range(2):
            self.assertEqual(self.infer("whole", i=floats([5]))["o"].tolist(), [[4.5]])
        counts = self.counts("whole")
        self.assertEqual((counts["cache_hit"], counts["cache_miss"], counts["executions"]), (1, 1, 1))

    def test_long_requests_and_many_of_them(self):
        rng = np.random.default_rng(1)
        batches = [rng.random((8, 1), np.float32) for _ in range(50)]
        for batch in batches * 2:
            np.testing.assert_allclose(self.infer("half", x=batch)["y"], batch / 2 + 2)
        self.assertLessEqual(self.metric("inferd_cache_bytes", ""), 1 << 20)

    def test_conflicts_are_named(self):
        self.config_fails(half_plus_two(), "max_batch_size: 1 response_cache { enable: true } sequence_batching { }",
                          "conflicts with sequence_batching")


# What each request's values sum up to (y), and twice each (z), of requests laid end to end.
RAGGED = model(
    integers("first", 0) + integers("axis", 0) + integers("one", 1) + integers("zero", 0) + integers("last", -1) +
    integers("all", 1 << 40) + field(5, field(1, 1) + field(2, 1) + field(8, "nothing") + field(9, b"\0\0\0\0")) +
    node("CumSum", ["x", "axis"], "sums") + node("Concat", ["nothing", "sums"], "with_zero", number("axis", 0)) +
    node("Gather", ["with_zero", "ends"], "edges") + node("Slice", ["edges", "one", "all"], "upper") +
    node("Slice", ["edges", "zero", "last"], "lower") + node("Sub", ["upper", "lower"], "y") + node("Add", ["x", "x"], "z") +
    port(11, "x", ["T"]) + port(11, "ends", ["E"], INT32) + port(12, "y", ["B"]) + port(12, "z", ["T"]))
RAGGED_CONFIG = """max_batch_size: 8
input { name: 'x' data_type: TYPE_FP32 dims: -1 allow_ragged_batch: true }
batch_input { kind: BATCH_ACCUMULATED_ELEMENT_COUNT_WITH_ZERO target_name: 'ends' data_type: TYPE_INT32 source_input: 'x' }
output { name: 'y' data_type: TYPE_FP32 dims: 1 reshape { } }
output { name: 'z' data_type: TYPE_FP32 dims: -1 }
batch_output { target_name: 'z' kind: BATCH_SCATTER_WITH_INPUT_SHAPE source_input: 'x' }
model_warmup { name: 'w' batch_size: 1 inputs { key: 'x' value { data_type: TYPE_FP32 dims: 5 zero_data: true } } }
dynamic_batching { preferred_batch_size: 4 max_queue_delay_microseconds: 60000000 }
"""


class Ragged(Case):
    MODELS = {"ragged": (RAGGED, RAGGED_CONFIG)}

    def test_rows_of_any_length_share_a_batch(self):
        rows = [floats([1]), floats([2, 3]), floats([4, 5, 6]), np.zeros((1, 0), np.float32)]
        before = self.statistics("ragged")["execution_count"]
        futures = [self.method.future(request_of("ragged", x=row), timeout=60) for row in rows]
        for row, future in zip(rows, futures):
            got = arrays_of(future.result())
            self.assertEqual(got["y"].tolist(), [[row.sum()]])
            self.assertEqual(got["z"].tolist(), (2 * row).tolist())
        self.assertEqual(self.statistics("ragged")["execution_count"] - before, 1)

    def test_clients_do_not_see_what_is_computed(self):
        document = ask(self.http, "GET", "/v2/models/ragged")[1]
        self.assertEqual([(tensor["name"], tensor["shape"]) for tensor in document["inputs"]], [("x", ["-1", "-1"])]
                         if isinstance(document["inputs"][0]["shape"][0], str) else [("x", [-1, -1])])

    def test_what_a_model_cannot_mean_is_refused(self):
        half = ("max_batch_size: 8 input { name: 'x' data_type: TYPE_FP32 dims: 1 allow_ragged_batch: true } "
                "output { name: 'y' data_type: TYPE_FP32 dims: 1 }")
        self.config_fails(half_plus_two(), half, "allow_ragged_batch wants a model whose input has shape [-1], this one's has")
        self.config_fails(RAGGED, RAGGED_CONFIG.replace("'ends'", "'begins'"), "unexpected inference input 'begins'")
        self.config_fails(RAGGED, RAGGED_CONFIG.replace("source_input: 'x'", "source_input: 'n'", 1),
                          "source_input 'n' is not among the inputs")


RESHAPED = """max_batch_size: 8
input { name: 'x' data_type: TYPE_FP32 dims: [1, 1, 1] reshape { shape: 1 } }
output { name: 'y' data_type: TYPE_FP32 dims: [1, 1] reshape { shape: 1 } }
"""


class Reshape(Case):
    MODELS = {"half": (half_plus_two(), RESHAPED),
              "whole": (b"", "platform: 'ensemble' max_batch_size: 8 input { name: 'i' data_type: TYPE_FP32 dims: [1, 1, 1] } "
                             "output { name: 'o' data_type: TYPE_FP32 dims: [1, 1] } ensemble_scheduling { step { "
                             "model_name: 'half' model_version: -1 input_map { key: 'x' value: 'i' } "
                             "output_map { key: 'y' value: 'o' } } }")}

    def test_clients_have_their_shape_and_the_model_its_own(self):
        for name, given, made in (("half", "x", "y"), ("whole", "i", "o")):
            got = self.infer(name, **{given: floats([[[2]]], [[[4]]])})[made]
            self.assertEqual(got.tolist(), [[[3]], [[4]]])
        self.refused("INVALID_ARGUMENT", "unexpected shape for input 'x'", "half", x=floats([2]))

    def test_counts_must_agree(self):
        self.config_fails(half_plus_two(), RESHAPED.replace("[1, 1, 1]", "[1, 2]"), "must have as many elements as dims")


def optional_config(more="optional: true"):
    return (f"max_batch_size: 0 input {{ name: 'x' data_type: TYPE_FP32 dims: [-1] }} "
            f"input {{ name: 'a' data_type: TYPE_FP32 dims: [1] {more} }} output {{ name: 'y' data_type: TYPE_FP32 dims: [-1] }}")


# x plus a, which has a default.
DEFAULTED = model(node("Add", ["x", "a"], "y") + port(11, "x", ["N"]) + port(11, "a", [1]) + port(12, "y", ["N"]) +
                  field(5, field(1, 1) + field(2, 1) + field(8, "a") + field(9, b"\0\0\x20\x41")))


class Optional(Case):
    MODELS = {
        "defaulted": (DEFAULTED, optional_config()),
        "whole": (b"", "platform: 'ensemble' input { name: 'i' data_type: TYPE_FP32 dims: -1 } "
                       "output { name: 'o' data_type: TYPE_FP32 dims: -1 } ensemble_scheduling { step { "
                       "model_name: 'defaulted' model_version: -1 input_map { key: 'x' value: 'i' } "
                       "output_map { key: 'y' value: 'o' } } }"),
    }

    def test_what_is_left_out_has_its_default(self):
        values = np.asarray([1, 2], np.float32)
        self.assertEqual(self.infer("defaulted", x=values)["y"].tolist(), [11, 12])
        self.assertEqual(self.infer("defaulted", x=values, a=np.asarray([5], np.float32))["y"].tolist(), [6, 7])
        self.assertEqual(self.infer("whole", i=values)["o"].tolist(), [11, 12])
        answer = ask(self.http, "POST", "/v1/models/defaulted:predict", {"inputs": {"x": [1, 2]}})
        self.assertEqual(answer, (200, {"outputs": [11, 12]}))
        self.refused("INVALID_ARGUMENT", "expected number of inputs between 1 and 2 but got 0", "defaulted")
        self.refused("INVALID_ARGUMENT", "unexpected shape for input 'a'", "defaulted", x=values, a=values)

    def test_without_the_word_it_is_a_constant(self):
        self.config_fails(DEFAULTED, optional_config(""), "configuration expects 2 inputs, model provides 1")
        self.config_fails(DEFAULTED, optional_config().replace("max_batch_size: 0", "max_batch_size: 2"),
                          "optional wants max_batch_size 0 for an ONNX model")


# Each row and the sum of all: what runs together shows.
SUMMED = model(node("ReduceSum", ["x", "axes"], "s") + node("Add", ["x", "s"], "y") + integers("axes", 0) +
               port(11, "x", ["N", 1]) + port(12, "y", ["N", 1]))
TWICE = model(node("Add", ["x", "x"], "y") + port(11, "x", ["N", "M"]) + port(12, "y", ["N", "M"]))


class BatchingFile(Case):
    """TensorFlow Serving's batching parameters."""
    MODELS = {"summed": (SUMMED, ""), "twice": (TWICE, "")}
    TEXT = ""

    @classmethod
    def setUpClass(cls):
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.write(cls.TEXT)
            file.flush()
            cls.FLAGS = ["--enable_batching", f"--batching_parameters_file={file.name}"]
            super().setUpClass()


class AllowedSizes(BatchingFile):
    TEXT = "max_batch_size { value: 8 } allowed_batch_sizes: [4, 8]"

    def test_batches_are_filled_up_with_the_first_row(self):
        self.assertEqual(self.infer("summed", x=floats([1]))["y"].tolist(), [[5]])
        self.assertEqual(self.infer("summed", x=floats([1], [2]))["y"].tolist(), [[6], [7]])
        self.assertEqual(self.infer("summed", x=floats([1], [2], [3], [4], [5]))["y"].tolist(), [[19], [20], [21], [22], [23]])
        self.assertEqual(self.statistics("summed")["inference_count"], 8)


class PaddedInputs(BatchingFile):
    TEXT = "max_batch_size { value: 2 } batch_timeout_micros { value: 60000000 } pad_variable_length_inputs: true"

    def test_rows_are_as_long_as_the_longest(self):
        futures = [self.method.future(request_of("twice", x=row), timeout=60) for row in (floats([1, 2]), floats([3, 4, 5]))]
        self.assertEqual([arrays_of(future.result())["y"].tolist() for future in futures], [[[2, 4, 2]], [[6, 8, 10]]])


class Splitting(BatchingFile):
    TEXT = ("max_batch_size { value: 8 } max_execution_batch_size { value: 4 } enable_large_batch_splitting { value: true } "
            "max_enqueued_batches { value: 100 }")

    def test_a_large_request_runs_in_parts(self):
        self.assertEqual(self.infer("summed", x=np.ones((8, 1), np.float32))["y"].tolist(), [[5]] * 8)
        answer = ask(self.http, "POST", "/v1/models/summed:predict", {"instances": [[1]] * 6})
        self.assertEqual(answer, (200, {"predictions": [[5]] * 4 + [[3]] * 2}))
        code, document = ask(self.http, "POST", "/v1/models/summed:predict", {"instances": [[1]] * 9})
        self.assertEqual(code, 400)
        self.assertIn("Task size 9 is larger than maximum input batch size 8", document["error"])
        self.assertEqual(self.statistics("summed")["inference_stats"]["success"]["count"], 2)
        self.assertEqual(self.statistics("summed")["inference_count"], 14)


def accumulator(id_type):
    """OUT = (STATE unless START) + IN, where READY; OUT is the next STATE; ID is CORRID."""
    return model(
        node("Sub", ["one", "START"], "goes_on") + node("Mul", ["STATE", "goes_on"], "past") + node("Add", ["past", "IN"], "sum") +
        node("Mul", ["sum", "READY"], "OUT") + node("Identity", ["OUT"], "STATE_OUT") + node("Identity", ["CORRID"], "ID") +
        node("Identity", ["END"], "ENDS") + scalar("one", 1.0) +
        b"".join(port(11, name, ["N", 1]) for name in ("IN", "STATE", "START", "READY", "END")) + port(11, "CORRID", ["N", 1], id_type) +
        port(12, "OUT", ["N", 1]) + port(12, "ENDS", ["N", 1]) + port(12, "ID", ["N", 1], id_type) + port(12, "STATE_OUT", ["N", 1]))


def accumulator_config(strategy, id_type):
    def control(name, kind, more="fp32_false_true: [0, 1]"):
        return f"control_input {{ name: '{name}' control {{ kind: CONTROL_SEQUENCE_{kind} {more} }} }} "
    return (f"max_batch_size: 4 input {{ name: 'IN' data_type: TYPE_FP32 dims: 1 }} "
            f"output {{ name: 'OUT' data_type: TYPE_FP32 dims: 1 }} output {{ name: 'ID' data_type: {id_type} dims: 1 }} "
            f"output {{ name: 'ENDS' data_type: TYPE_FP32 dims: 1 }} "
            f"sequence_batching {{ max_sequence_idle_microseconds: 60000000 {strategy} " + control("START", "START") +
            control("READY", "READY") + control("END", "END") + control("CORRID", "CORRID", f"data_type: {id_type}") +
            f"state {{ input_name: 'STATE' output_name: 'STATE_OUT' data_type: TYPE_FP32 dims: 1 }} }}")


class Sequences(Case):
    """A model with all four controls and a state that the server keeps."""
    MODELS = {
        "direct": (accumulator(INT64), accumulator_config("direct { }", "TYPE_INT64")),
        "oldest": (accumulator(INT64), accumulator_config("oldest { max_candidate_sequences: 2 }", "TYPE_INT64")),
        "named": (accumulator(STRING), accumulator_config("direct { }", "TYPE_STRING")),
        "short": (accumulator(INT64), accumulator_config("direct { }", "TYPE_INT64").replace("60000000", "1")),
    }

    def step(self, name, sequence, value, start=False, end=False):
        got = self.infer(name, {"sequence_id": sequence, "sequence_start": start, "sequence_end": end}, IN=floats([value]))
        self.assertEqual(got["ENDS"].tolist(), [[float(end)]])
        return got["OUT"].item(), got["ID"].item()

    def test_each_sequence_has_a_state_of_its_own(self):
        for name in ("direct", "oldest"):
            steps = [self.step(name, 7, 1, start=True), self.step(name, 9, 100, start=True), self.step(name, 7, 2),
                     self.step(name, 9, 200, end=True), self.step(name, 7, 3, end=True)]
            self.assertEqual(steps, [(1, 7), (100, 9), (3, 7), (300, 9), (6, 7)])
            self.assertEqual(self.step(name, 7, 5, start=True, end=True), (5, 7))  # the old state is forgotten
            self.refused("INVALID_ARGUMENT", "must specify the START flag on the first request of the sequence", name,
                         {"sequence_id": 7}, IN=floats([1]))

    def test_sequences_share_batches_and_wait_for_slots(self):
        for name, slots in (("direct", 4), ("oldest", 2)):
            count = slots + 3
            for sequence in range(1, slots + 1):
                self.step(name, sequence, sequence, start=True)
            late = [self.method.future(request_of(name, {"sequence_id": sequence, "sequence_start": True, "sequence_end": True},
                                                  IN=floats([sequence])), timeout=60) for sequence in range(slots + 1, count)]
            for sequence in range(1, slots + 1):
                self.assertEqual(self.step(name, sequence, 10, end=True), (sequence + 10, sequence))
            self.assertEqual([arrays_of(future.result())["OUT"].item() for future in late], list(range(slots + 1, count)))

    def test_ids_may_be_texts(self):
        request = request_of("named", {"sequence_id": "a b", "sequence_start": True}, IN=floats([1]))
        response = self.method(request, timeout=60)
        raw = dict(zip((output.name for output in response.outputs), response.raw_output_contents))
        self.assertEqual(raw["ID"], b"\x03\0\0\0a b")

    def test_an_idle_sequence_ends(self):
        self.step("short", 3, 1, start=True)
        for _ in range(3000):
            try:
                self.step("short", 3, 1)
            except grpc.RpcError as error:
                self.assertIn("must specify the START flag", error.details())
                return
        self.fail("it never ended")

    def test_what_a_sequence_is_not_for(self):
        self.refused("INVALID_ARGUMENT", "must specify batch-size 1", "direct", {"sequence_id": 5, "sequence_start": True},
                     IN=floats([1], [2]))
        self.refused("INVALID_ARGUMENT", "non-zero or non-empty correlation ID", "direct", IN=floats([1]))
        config = accumulator_config("direct { } iterative_sequence: true", "TYPE_INT64")
        self.config_fails(accumulator(INT64), config, "iterative sequences are not supported: only a backend of Triton's can ask")
        self.config_fails(accumulator(INT64), accumulator_config("direct { }", "TYPE_FP32"), "data_type of CONTROL_SEQUENCE_CORRID")
        self.config_fails(accumulator(STRING), accumulator_config("direct { }", "TYPE_INT64"), "expects datatype int64 for input 'CORRID'")


class BatchingBeside(Case):
    """A batching file in the version's folder."""
    MODELS = {"summed": (SUMMED, ""), "alone": (SUMMED, "")}
    FLAGS = ["--enable_batching", "--enable_per_model_batching_parameters"]

    @staticmethod
    def add(folder):
        pathlib.Path(folder, "summed/1/batching_params.pbtxt").write_text("max_batch_size { value: 4 } allowed_batch_sizes: 4")

    def test_each_model_has_its_own(self):
        self.assertEqual(self.infer("summed", x=floats([1]))["y"].tolist(), [[5]])
        self.assertEqual(self.infer("alone", x=floats([1]))["y"].tolist(), [[2]])


class Checksums(Case):
    MODELS = {"half": (half_plus_two(), "model_repository_agents { agents { name: 'checksum' parameters { "
                                        f"key: 'MD5:1/model.onnx' value: '{hashlib.md5(half_plus_two()).hexdigest()}' }} }} }}")}

    def test_what_was_copied_badly_is_not_loaded(self):
        self.assertEqual(self.infer("half", x=floats([2]))["y"].tolist(), [[3]])
        config = re.sub("value: '.", "value: 'g", self.MODELS["half"][1])
        self.config_fails(half_plus_two(), config, "expected 32 hex digits")
        self.config_fails(half_plus_two() + field(2, ""), self.MODELS["half"][1], "Mismatched MD5 hash for file 1/model.onnx, expect: ")


class NoCache(Case):
    MODELS = {"half": (half_plus_two(), CACHED)}

    def test_a_model_that_asks_is_told(self):
        self.assertIn('model="half"', self.server.wait("event=cache_is_off"))
        for _ in range(2):
            self.infer("half", x=floats([1]))
        self.assertEqual(self.statistics("half")["inference_stats"]["cache_miss"]["count"], 0)


class SmallCache(Case):
    """Requests that are hashed on a worker, answers that do not fit side by side."""
    MODELS = {"twice": (model(node("Add", ["x", "x"], "y") + port(11, "x", ["N", "M"]) + port(12, "y", ["N", "M"])), CACHED)}
    FLAGS = ["--response-cache-byte-size=1000000"]

    def test_the_newest_answers_stay(self):
        batches = [np.full((2, 50000), i, np.float32) for i in range(5)]  # 400 KB each
        for batch in batches:
            self.assertEqual(self.infer("twice", x=batch)["y"][1, -1], 2 * batch[0, 0])
        hits = []
        for i in (4, 3, 0):
            before = self.statistics("twice")["inference_stats"]["cache_hit"]["count"]
            self.assertEqual(self.infer("twice", x=batches[i])["y"][1, -1], 2 * i)
            hits.append(self.statistics("twice")["inference_stats"]["cache_hit"]["count"] - before)
        self.assertEqual(hits, [1, 1, 0])
        self.assertLessEqual(self.metric("inferd_cache_bytes", ""), 1000000)
        self.assertGreater(self.metric("inferd_cache_evictions_total", ""), 2)


class ScarceMemory(Case):
    """What the cache keeps does not keep requests out: it goes when memory is scarce."""
    MODELS = {"wide": (model(node("Tile", ["x", "r"], "y") + field(5, field(1, 2) + field(2, 7) + field(7, 1) + field(
        7, 1000000) + field(8, "r")) + port(11, "x", ["N", 1]) + port(12, "y", ["N", "M"])), CACHED)}
    FLAGS = ["--cache-config=local,size=4G", "--memory-limit-bytes=600M"]

    def test_it_is_emptied(self):
        for i in range(1, 300):
            request = request_of("wide", x=floats([i]))
            request.outputs.add(name="y").parameters["classification"].int64_param = 1  # a short reply
            try:
                self.assertEqual(self.method(request, timeout=60).outputs[0].shape, [1, 1])
            except grpc.RpcError as error:  # until main looks again
                self.assertEqual(error.code(), grpc.StatusCode.RESOURCE_EXHAUSTED)
            if self.metric("inferd_cache_entries", "") < self.metric("nv_cache_num_misses_per_model", "wide"):
                break
        else:
            self.fail("it was never emptied")
        self.server.wait("event=memory level=fine")
        self.method(request, timeout=60)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
