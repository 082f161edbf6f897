#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""extensions.py INFERD MESSAGES: what Triton has beside the standard, over gRPC and REST: classification, shared memory,
model configuration, trace and log settings.

`double` gives 2x for [N,4] and has labels; `words` gives its texts back; `flags` its bools.
"""

import json
import mmap
import os
import pathlib
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import unittest

import grpc
import numpy as np

BINARY, MESSAGES = sys.argv[1:3]
sys.path.insert(0, MESSAGES)
sys.path.insert(0, str(pathlib.Path(__file__).parent))

import grpc_service_pb2 as inference  # noqa: E402
from grpcio_support import Server, add_model  # noqa: E402
from http_support import STRING, ask, http_port, model, node, port, scalar  # noqa: E402

BOOL = 9
MODELS = {
    "double": model(node("Mul", ["x", "a"], "y") + scalar("a", 2.0) + port(11, "x", ["N", 4]) + port(12, "y", ["N", 4])),
    "words": model(node("Identity", ["w"], "v") + port(11, "w", ["N"], STRING) + port(12, "v", ["N"], STRING)),
    "flags": model(node("Identity", ["b"], "c") + port(11, "b", ["N"], BOOL) + port(12, "c", ["N"], BOOL)),
}


def region(request, name, offset, size):
    request.parameters["shared_memory_region"].string_param = name
    request.parameters["shared_memory_byte_size"].int64_param = size
    if offset:
        request.parameters["shared_memory_offset"].int64_param = offset


class Shared:
    """POSIX shared memory of this process's making."""

    def __init__(self, size):
        self.key = f"/inferd-test-{os.getpid()}-{id(self)}"
        self.file = os.open(f"/dev/shm{self.key}", os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        os.ftruncate(self.file, size)
        self.memory = mmap.mmap(self.file, size)

    def close(self):
        self.memory.close()
        os.close(self.file)
        os.unlink(f"/dev/shm{self.key}")


class Case(unittest.TestCase):
    flags = []

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        for name, content in MODELS.items():
            add_model(cls.folder.name, name, content)
        pathlib.Path(cls.folder.name, "double/labels.txt").write_text("n\ne\ns\nw\n")
        pathlib.Path(cls.folder.name, "double/config.pbtxt").write_text(
            'max_batch_size: 8 parameters { key: "device" value { string_value: "cpu" } }')
        cls.server = Server(BINARY, "--http-port=0", "--http-address=127.0.0.1", f"--model-repository={cls.folder.name}",
                            *cls.flags)
        cls.http = http_port(cls.server)
        cls.channel = grpc.insecure_channel(cls.server.target)

    @classmethod
    def tearDownClass(cls):
        cls.channel.close()
        cls.server.stop()
        cls.folder.cleanup()

    def call(self, method, **fields):
        request = getattr(inference, f"{method}Request")(**fields)
        path = f"/inference.GRPCInferenceService/{method}"
        response = getattr(inference, f"{method}Response")
        return self.channel.unary_unary(path, request_serializer=type(request).SerializeToString,
                                        response_deserializer=response.FromString)(request, timeout=60)

    def infer(self, request):
        return self.channel.unary_unary("/inference.GRPCInferenceService/ModelInfer",
                                        request_serializer=type(request).SerializeToString,
                                        response_deserializer=inference.ModelInferResponse.FromString)(request, timeout=60)

    def refused(self, code, text, function, *arguments, **named):
        with self.assertRaises(grpc.RpcError) as caught:
            function(*arguments, **named)
        got = caught.exception.code().name, caught.exception.details()
        self.assertTrue(got[0] == code and text in got[1], got)


def double_request(values):
    values = np.asarray(values, np.float32)
    request = inference.ModelInferRequest(model_name="double")
    request.inputs.add(name="x", datatype="FP32", shape=values.shape)
    request.raw_input_contents.append(values.tobytes())
    return request


def texts_of(raw):
    out = []
    while raw:
        length, = struct.unpack("<I", raw[:4])
        out.append(raw[4:4 + length].decode())
        raw = raw[4 + length:]
    return out


class Classification(Case):
    def test_best_first_with_labels(self):
        request = double_request([[1, 4, 2, 3], [0.5, -1, 0.5, 0]])
        request.outputs.add(name="y").parameters["classification"].int64_param = 3
        answer = self.infer(request)
        self.assertEqual((answer.outputs[0].datatype, list(answer.outputs[0].shape)), ("BYTES", [2, 3]))
        self.assertEqual(texts_of(answer.raw_output_contents[0]),
                         ["8.000000:1:e", "6.000000:3:w", "4.000000:2:s", "1.000000:0:n", "1.000000:2:s", "0.000000:3:w"])

    def test_more_classes_than_values_and_nan(self):
        request = double_request([[float("nan"), 4, float("-inf"), 3]])
        request.outputs.add(name="y").parameters["classification"].int64_param = 99
        texts = texts_of(self.infer(request).raw_output_contents[0])
        self.assertEqual([text.split(":")[1] for text in texts], ["1", "3", "2", "0"])

    def test_rest(self):
        head = {"inputs": [{"name": "x", "shape": [1, 4], "datatype": "FP32", "data": [1, 4, 2, 3]}],
                "outputs": [{"name": "y", "parameters": {"classification": 2}}]}
        code, answer = ask(self.http, "POST", "/v2/models/double/infer", head)
        self.assertEqual((code, answer["outputs"]), (200, [{"name": "y", "datatype": "BYTES", "shape": [1, 2],
                                                            "data": ["8.000000:1:e", "6.000000:3:w"]}]))

    def test_texts_have_no_classes(self):
        request = inference.ModelInferRequest(model_name="words")
        request.inputs.add(name="w", datatype="BYTES", shape=[1]).contents.bytes_contents.append(b"a")
        request.outputs.add(name="v").parameters["classification"].int64_param = 1
        self.refused("INVALID_ARGUMENT", "unsupported type 'BYTES'", self.infer, request)


class SharedMemory(Case):
    flags = ["--allow-client-shm=true"]

    def setUp(self):
        self.shared = Shared(8192)
        self.addCleanup(self.shared.close)
        self.addCleanup(self.call, "SystemSharedMemoryUnregister")

    def register(self, name, size=8192, offset=0, key=None):
        self.call("SystemSharedMemoryRegister", name=name, key=key or self.shared.key, offset=offset, byte_size=size)

    def test_inputs_and_outputs_in_a_region(self):
        self.register("r", 4096, 4096 - 256)
        values = np.arange(8, dtype=np.float32).reshape(2, 4)
        self.shared.memory[4096 - 256:4096 - 256 + 32] = values.tobytes()
        request = inference.ModelInferRequest(model_name="double")
        region(request.inputs.add(name="x", datatype="FP32", shape=[2, 4]), "r", 0, 32)
        region(request.outputs.add(name="y"), "r", 64, 40)
        answer = self.infer(request)
        self.assertEqual((list(answer.outputs[0].shape), list(answer.raw_output_contents)), ([2, 4], [b""]))
        got = np.frombuffer(self.shared.memory[4096 - 192:4096 - 160], np.float32)
        np.testing.assert_array_equal(got, 2 * values.ravel())

    def test_texts_and_flags(self):
        self.register("r")
        raw = b"".join(struct.pack("<I", len(text)) + text for text in (b"one", b"", b"three"))
        self.shared.memory[:len(raw)] = raw
        request = inference.ModelInferRequest(model_name="words")
        region(request.inputs.add(name="w", datatype="BYTES", shape=[3]), "r", 0, len(raw))
        region(request.outputs.add(name="v"), "r", 100, 100)
        self.infer(request)
        self.assertEqual(self.shared.memory[100:100 + len(raw)], raw)
        self.shared.memory[:4] = bytes([0, 7, 1, 0])
        request = inference.ModelInferRequest(model_name="flags")
        region(request.inputs.add(name="b", datatype="BOOL", shape=[4]), "r", 0, 4)
        self.assertEqual(self.infer(request).raw_output_contents[0], bytes([0, 1, 1, 0]))

    def test_status_and_mistakes(self):
        self.register("r", 100, 8)
        got = self.call("SystemSharedMemoryStatus").regions["r"]
        self.assertEqual((got.name, got.key, got.offset, got.byte_size), ("r", self.shared.key, 8, 100))
        self.assertEqual(ask(self.http, "GET", "/v2/systemsharedmemory/status"),
                         (200, [{"name": "r", "key": self.shared.key, "offset": 8, "byte_size": 100}]))
        for code, text, arguments in [
            ("ALREADY_EXISTS", "shared memory region 'r' already in manager", ("r", 100)),
            ("INVALID_ARGUMENT", "Unable to open shared memory region: '/nope-inferd'", ("s", 100, 0, "/nope-inferd")),
            ("INVALID_ARGUMENT", "invalid key", ("s", 100, 0, "/a/b")),
            ("INVALID_ARGUMENT", "the memory is shorter", ("s", 8193)),
            ("INVALID_ARGUMENT", "the memory is shorter", ("s", 8192, 1)),
            ("INVALID_ARGUMENT", "invalid size or offset", ("s", (1 << 64) - 1, 9)),
            ("INVALID_ARGUMENT", "reserved", ("triton_python_backend_shm_region_1", 10)),
        ]:
            self.refused(code, text, self.register, *arguments)
        self.refused("NOT_FOUND", "Unable to find shared memory region: 'x'", self.call, "SystemSharedMemoryStatus", name="x")
        for code, text, name, offset, size in [
            ("NOT_FOUND", "Unable to find shared memory region: 'x'", "x", 0, 16),
            ("INVALID_ARGUMENT", "Invalid offset for shared memory region: 'r'", "r", 101, 16),
            ("INVALID_ARGUMENT", "Invalid offset + byte size for shared memory region: 'r'", "r", 90, 16),
            ("INVALID_ARGUMENT", "input byte size mismatch for input 'x'", "r", 0, 15),
        ]:
            request = inference.ModelInferRequest(model_name="double")
            region(request.inputs.add(name="x", datatype="FP32", shape=[1, 4]), name, offset, size)
            self.refused(code, text, self.infer, request)
        request = double_request([[1, 2, 3, 4]])
        region(request.outputs.add(name="y"), "r", 0, 15)
        self.refused("INTERNAL", "shared memory size specified with the request for output 'y' (15 bytes) should be at "
                     "least 16 bytes to hold the results", self.infer, request)
        request = double_request([[1, 2, 3, 4]])
        request.outputs.add(name="y").parameters["shared_memory_region"].string_param = "r"
        self.refused("INVALID_ARGUMENT", "'shared_memory_byte_size' must be specified", self.infer, request)
        os.ftruncate(self.shared.file, 50) # a client that makes it shorter
        request = inference.ModelInferRequest(model_name="double")
        region(request.inputs.add(name="x", datatype="FP32", shape=[1, 4]), "r", 48, 16)
        self.refused("INVALID_ARGUMENT", "Invalid offset + byte size", self.infer, request)
        os.ftruncate(self.shared.file, 8192)
        self.call("SystemSharedMemoryUnregister", name="r")
        self.assertEqual(len(self.call("SystemSharedMemoryStatus").regions), 0)

    def test_rest(self):
        body = {"key": self.shared.key, "offset": 0, "byte_size": 64}
        self.assertEqual(ask(self.http, "POST", "/v2/systemsharedmemory/region/a%20b/register", body), (200, None))
        self.shared.memory[:16] = np.array([1, 2, 3, 4], np.float32).tobytes()
        shared = {"shared_memory_region": "a b", "shared_memory_byte_size": 16}
        head = {"inputs": [{"name": "x", "shape": [1, 4], "datatype": "FP32", "parameters": shared}],
                "outputs": [{"name": "y", "parameters": dict(shared, shared_memory_offset=32)}]}
        code, answer = ask(self.http, "POST", "/v2/models/double/infer", head)
        self.assertEqual((code, answer["outputs"][0]["parameters"]["shared_memory_region"]), (200, "a b"))
        np.testing.assert_array_equal(np.frombuffer(self.shared.memory[32:48], np.float32), [2, 4, 6, 8])
        self.assertEqual(ask(self.http, "GET", "/v2/systemsharedmemory/region/nope/status")[0], 404)
        self.assertEqual(ask(self.http, "POST", "/v2/systemsharedmemory/region/a%20b/unregister"), (200, None))
        self.assertEqual(ask(self.http, "GET", "/v2/systemsharedmemory/status"), (200, []))
        self.assertEqual(ask(self.http, "POST", "/v2/systemsharedmemory/region/a/register", b"[")[0], 400)
        self.assertEqual(ask(self.http, "GET", "/v2/cudasharedmemory/status"), (200, []))

    def test_cuda_is_not_here(self):
        self.refused("UNIMPLEMENTED", "no GPU", self.call, "CudaSharedMemoryRegister", name="c", byte_size=8)
        self.assertEqual(len(self.call("CudaSharedMemoryStatus").regions), 0)


class Settings(Case):
    def test_shared_memory_is_off(self):
        text = "Client shared memory is disabled. Start the server with '--allow-client-shm=true' to enable."
        for method in ("SystemSharedMemoryRegister", "SystemSharedMemoryStatus", "SystemSharedMemoryUnregister",
                       "CudaSharedMemoryRegister", "CudaSharedMemoryStatus"):
            self.refused("UNIMPLEMENTED", text, self.call, method, name="r")
        request = inference.ModelInferRequest(model_name="double")
        region(request.inputs.add(name="x", datatype="FP32", shape=[1, 4]), "r", 0, 16)
        self.refused("UNIMPLEMENTED", text, self.infer, request)
        self.assertEqual(ask(self.http, "GET", "/v2/systemsharedmemory/status"), (501, {"error": text}))

    def test_model_config(self):
        config = self.call("ModelConfig", name="double").config
        self.assertEqual((config.name, config.max_batch_size, config.platform), ("double", 8, "onnxruntime_onnx"))
        self.assertEqual([(port.name, list(port.dims)) for port in config.input], [("x", [4])])
        code, document = ask(self.http, "GET", "/v2/models/double/config")
        self.assertEqual((code, document["name"], document["input"][0]["dims"]), (200, "double", [4]))
        self.assertEqual(document["parameters"], {"device": {"string_value": "cpu"}})
        self.assertEqual(ask(self.http, "GET", "/v2/models/double/versions/1/config"), (code, document))
        self.refused("NOT_FOUND", "Request for unknown model: 'nope' is not found", self.call, "ModelConfig", name="nope")

    def test_log_settings(self):
        got = self.call("LogSettings").settings
        self.assertEqual((got["log_info"].bool_param, got["log_verbose_level"].uint32_param, got["log_format"].string_param),
                         (True, 0, "default"))
        settings = {"log_verbose_level": inference.LogSettingsRequest.SettingValue(uint32_param=1)}
        self.assertEqual(self.call("LogSettings", settings=settings).settings["log_verbose_level"].uint32_param, 1)
        self.assertEqual(ask(self.http, "POST", "/v2/logging", {"log_verbose_level": 0, "log_format": "ISO8601"})[1],
                         {"log_file": "", "log_info": True, "log_warning": True, "log_error": True, "log_verbose_level": 0,
                          "log_format": "ISO8601"})
        wrong = {"log_info": inference.LogSettingsRequest.SettingValue(string_param="x")}
        self.refused("INVALID_ARGUMENT", "'log_info' to be a bool", self.call, "LogSettings", settings=wrong)
        for body, code in (({"log_file": "x"}, 501), ({"nope": 1}, 400), ({"log_format": "x"}, 400), ([], 400)):
            self.assertEqual(ask(self.http, "POST", "/v2/logging", body)[0], code, body)
        self.assertEqual(ask(self.http, "GET", "/v2/logging")[1]["log_format"], "ISO8601")

    def test_traces_are_lines_of_the_log(self):
        value = inference.TraceSettingRequest.SettingValue
        settings = {"trace_level": value(value=["TIMESTAMPS"]), "trace_rate": value(value=["1"]),
                    "trace_count": value(value=["2"])}
        got = self.call("TraceSetting", settings=settings, model_name="double").settings
        self.assertEqual((list(got["trace_level"].value), list(got["trace_rate"].value)), (["TIMESTAMPS"], ["1"]))
        for i in range(3):
            request = double_request([[1, 2, 3, 4]])
            request.id = f"request-{i}"
            self.infer(request)
        for i in range(2):
            self.assertIn("model=\"double\"", self.server.wait(f'request_id="request-{i}"'))
        self.assertEqual(list(self.call("TraceSetting", model_name="double").settings["trace_count"].value), ["0"])
        self.assertEqual(ask(self.http, "GET", "/v2/trace/setting")[1]["trace_level"], ["OFF"])
        code, document = ask(self.http, "POST", "/v2/models/double/trace/setting", {"trace_level": None, "trace_count": "5"})
        self.assertEqual((code, document["trace_level"], document["trace_count"]), (200, ["OFF"], "5"))
        for key, values, code in (("trace_level", ["X"], "INVALID_ARGUMENT"), ("trace_rate", ["0"], "INVALID_ARGUMENT"),
                                  ("nope", ["1"], "INVALID_ARGUMENT"), ("trace_file", ["/x"], "UNIMPLEMENTED")):
            self.refused(code, "", self.call, "TraceSetting", settings={key: value(value=values)})
        self.refused("NOT_FOUND", "unknown model", self.call, "TraceSetting", model_name="nope")

    def test_extensions_are_told(self):
        names = list(self.call("ServerMetadata").extensions)
        for name in ("classification", "model_configuration", "statistics", "system_shared_memory", "trace", "logging"):
            self.assertIn(name, names)


class Counted:
    """A way to a server that counts what comes back."""

    def __init__(self, port):
        self.bytes = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.target = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.server = socket.create_connection(("127.0.0.1", port))
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def accept(self):
        client, _ = self.listener.accept()
        self.listener.close()
        threading.Thread(target=self.carry, args=(client, self.server), daemon=True).start()
        self.carry(self.server, client, lambda data: setattr(self, "bytes", self.bytes + len(data)))

    def carry(self, source, target, tell=lambda data: None):
        try:
            while data := source.recv(1 << 16):
                tell(data)
                target.sendall(data)
        except OSError:
            pass  # the other side is gone
        for end in (source, target):
            end.close()


class Compression(Case):
    flags = ["--grpc-infer-response-compression-level=high"]

    def back(self, encodings=None):
        """The bytes that come back for a text of 200,000."""
        counted = Counted(self.server.port)
        options = [] if encodings is None else [("grpc.compression_enabled_algorithms_bitset", encodings)]
        request = inference.ModelInferRequest(model_name="words")
        request.inputs.add(name="w", datatype="BYTES", shape=[1])
        request.raw_input_contents.append(struct.pack("<I", 200000) + b"a" * 200000)
        with grpc.insecure_channel(counted.target, options=options) as channel:
            infer = channel.unary_unary("/inference.GRPCInferenceService/ModelInfer",
                                        request_serializer=inference.ModelInferRequest.SerializeToString,
                                        response_deserializer=inference.ModelInferResponse.FromString)
            self.assertEqual(infer(request, timeout=60).raw_output_contents[0], request.raw_input_contents[0])
        counted.thread.join(60)
        return counted.bytes

    def test_replies_are_compressed_for_those_who_take_it(self):
        self.assertLess(self.back(), 20000)
        self.assertGreater(self.back(encodings=1), 200000)  # identity alone


class TraceFiles(unittest.TestCase):
    """Traces on disk, by the flags of the start."""

    def traces(self, folder, *flags, requests):
        """{name of a file: its traces}, after so many requests, every third one of which fails."""
        folder = pathlib.Path(folder)
        add_model(folder / "models", "double", MODELS["double"])
        target = folder / "traces/trace.json"
        target.parent.mkdir()
        target.write_text("old")
        server = Server(BINARY, f"--model-repository={folder / 'models'}", f"--trace-config=triton,file={target}",
                        "--trace-config", "level=TIMESTAMPS", *(f"--trace-config={flag}" for flag in flags))
        with grpc.insecure_channel(server.target) as channel:
            infer = channel.unary_unary("/inference.GRPCInferenceService/ModelInfer",
                                        request_serializer=inference.ModelInferRequest.SerializeToString)
            for i in range(requests):
                request = double_request([[1, 2, 3, 4]] if i % 3 < 2 else [1, 2])
                request.id = f'"{i}"\\'
                try:
                    infer(request, timeout=60)
                except grpc.RpcError:
                    self.assertEqual(i % 3, 2)
            settings = channel.unary_unary("/inference.GRPCInferenceService/TraceSetting",
                                           response_deserializer=inference.TraceSettingResponse.FromString)(b"", timeout=60)
        self.assertEqual(list(settings.settings["trace_file"].value), [str(target)])
        server.stop()
        return {path.name: json.loads(path.read_text()) for path in target.parent.iterdir() if path.read_text() != "old"}

    def test_one_file_for_all(self):
        with tempfile.TemporaryDirectory() as folder:
            files = self.traces(folder, "rate=1", requests=3)
        self.assertEqual(list(files), ["trace.json"])
        first = files["trace.json"][0]
        self.assertEqual(first, {"id": 1, "model_name": "double", "model_version": 1, "request_id": '"0"\\'})
        stamps = files["trace.json"][1]
        self.assertEqual((stamps["id"], [stamp["name"] for stamp in stamps["timestamps"]]), (
            1, ["REQUEST_START", "QUEUE_START", "COMPUTE_START", "COMPUTE_INPUT_END", "COMPUTE_OUTPUT_START", "COMPUTE_END",
                "INFER_RESPONSE_COMPLETE", "REQUEST_END"]))
        times = [stamp["ns"] for stamp in stamps["timestamps"]]
        self.assertEqual(times, sorted(times))
        self.assertEqual([stamp["name"] for stamp in files["trace.json"][5]["timestamps"]], ["REQUEST_START", "REQUEST_END"])

    def test_a_file_for_so_many_traces(self):
        with tempfile.TemporaryDirectory() as folder:
            files = self.traces(folder, "rate=2", "triton,log-frequency=3", requests=14)
        self.assertEqual({name: [entry["id"] for entry in entries if "model_name" in entry] for name, entries in files.items()},
                         {"trace.json.0": [1, 2, 3], "trace.json.1": [4, 5, 6], "trace.json.2": [7]})

    def test_so_many_traces_and_no_more(self):
        with tempfile.TemporaryDirectory() as folder:
            files = self.traces(folder, "rate=1", "count=2", requests=5)
        self.assertEqual({name: len(entries) for name, entries in files.items()}, {"trace.json.0": 4})

    def test_what_cannot_be_is_refused_at_the_start(self):
        for flag, text in (("triton,file=/nowhere/x.json", "trace file '/nowhere/x.json'"), ("level=ALL", "level=OFF"),
                           ("rate=0", "rate="), ("mode=opentelemetry", "OpenTelemetry is not supported"), ("x=1", "expected")):
            ended = subprocess.run([BINARY, "--port=0", "/tmp", f"--trace-config={flag}"], capture_output=True, text=True,
                                   timeout=60)
            self.assertEqual(ended.returncode != 0, True, flag)
            self.assertIn(text, ended.stderr + ended.stdout)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
