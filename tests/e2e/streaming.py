#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""streaming.py INFERD MESSAGES: ModelStreamInfer: order, failures in the stream, decoupled models, half-close, cancel.

`half` is y = x / 2 + 2; `slow` gives its input back after a while; `many` gives it back as often as its first value says;
`tick` does so ten times a second, for one request at a time.
"""

import json
import http.client
import pathlib
import queue
import signal
import socket
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
from http_support import ask, half_plus_two, http_port  # noqa: E402

IDENTITY = """backend: "identity"
input { name: "x" data_type: TYPE_%s dims: [ -1 ] }
output { name: "y" data_type: TYPE_%s dims: [ -1 ] }
"""


def add_identity(folder, name, dtype, config):
    path = pathlib.Path(folder, name, "1")
    path.mkdir(parents=True)
    (path.parent / "config.pbtxt").write_text(IDENTITY % (dtype, dtype) + config)


def request(model, values, dtype="FP32", id="", **parameters):
    kind = {"FP32": np.float32, "INT32": np.int32}[dtype]
    values = np.asarray(values, kind)
    made = inference.ModelInferRequest(model_name=model, id=id)
    made.inputs.add(name="x", datatype=dtype, shape=values.shape)
    made.raw_input_contents.append(values.tobytes())
    for key, value in parameters.items():
        made.parameters[key].bool_param = value
    return made


def half(value, id=""):
    return request("half", [[value]], id=id)


def values_of(answer, kind=np.float32):
    return np.frombuffer(answer.infer_response.raw_output_contents[0], kind).tolist()


def is_final(answer):
    parameter = answer.infer_response.parameters["triton_final_response"]
    assert parameter.WhichOneof("parameter_choice") == "bool_param"
    return parameter.bool_param


class Stream(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        add_model(cls.folder.name, "half", half_plus_two())
        add_identity(cls.folder.name, "slow", "FP32", 'parameters { key: "execute_delay_ms" value { string_value: "300" } }')
        add_identity(cls.folder.name, "many", "INT32", 'model_transaction_policy { decoupled: true } parameters { key: '
                     '"response_count" value { string_value: "input" } }')
        add_identity(cls.folder.name, "tick", "INT32", 'model_transaction_policy { decoupled: true } instance_group { count: 1 '
                     'kind: KIND_CPU } parameters { key: "response_count" value { string_value: "input" } } '
                     'parameters { key: "execute_delay_ms" value { string_value: "100" } }')
        cls.server = Server(BINARY, "--http-port=0", "--http-address=127.0.0.1", f"--model-repository={cls.folder.name}")
        cls.http = http_port(cls.server)
        cls.channel = grpc.insecure_channel(cls.server.target)

    @classmethod
    def tearDownClass(cls):
        cls.channel.close()
        cls.server.stop()
        cls.folder.cleanup()

    def stream(self, requests, timeout=60, metadata=None):
        path = "/inference.GRPCInferenceService/ModelStreamInfer"
        call = self.channel.stream_stream(path, request_serializer=inference.ModelInferRequest.SerializeToString,
                                          response_deserializer=inference.ModelStreamInferResponse.FromString)
        return call(iter(requests), timeout=timeout, metadata=metadata)

    def test_answers_come_in_order(self):
        answers = list(self.stream(half(i, str(i)) for i in range(1000)))
        self.assertEqual([answer.infer_response.id for answer in answers], [str(i) for i in range(1000)])
        self.assertEqual([values_of(answer) for answer in answers], [[i / 2 + 2] for i in range(1000)])
        self.assertTrue(all(is_final(answer) and not answer.error_message for answer in answers))

    def test_a_fast_request_waits_for_a_slow_one(self):
        answers = list(self.stream([request("slow", [1.0], id="slow"), half(2, "fast"), half(4, "last")]))
        self.assertEqual([answer.infer_response.id for answer in answers], ["slow", "fast", "last"])

    def test_large_messages(self):
        values = np.arange(1 << 18, dtype=np.float32)
        answers = list(self.stream([request("half", values.reshape(-1, 1)[:4], id="a")] +
                                   [request("slow", values, id="b")]))
        self.assertEqual(values_of(answers[1]), values.tolist())

    def test_failures_are_answers(self):
        requests = [half(2, "1"), request("nope", [1.0], id="2"), request("half", [1.0, 2.0, 3.0], id="3"), half(4, "4")]
        answers = list(self.stream(requests))
        self.assertEqual([answer.infer_response.id for answer in answers], ["1", "2", "3", "4"])
        self.assertIn("unknown model: 'nope' is not found", answers[1].error_message)
        self.assertIn("unexpected shape for input 'x'", answers[2].error_message)
        self.assertEqual((answers[1].infer_response.model_name, len(answers[1].infer_response.outputs)), ("", 0))
        self.assertEqual((values_of(answers[0]), values_of(answers[3])), ([3.0], [4.0]))

    def test_failures_end_the_stream_for_those_who_want_it(self):
        answers = self.stream([request("nope", [1.0])], metadata=(("triton_grpc_error", "true"),))
        with self.assertRaises(grpc.RpcError) as caught:
            list(answers)
        self.assertEqual(caught.exception.code().name, "NOT_FOUND")

    def test_decoupled(self):
        answers = list(self.stream([request("many", [3], "INT32", "a")]))
        self.assertEqual([values_of(answer, np.int32) for answer in answers], [[3]] * 3)
        self.assertEqual([is_final(answer) for answer in answers], [False] * 3)
        answers = list(self.stream([request("many", [n], "INT32", str(n), triton_enable_empty_final_response=True)
                                    for n in (2, 0, 1)]))
        seen = {}
        for answer in answers:
            seen.setdefault(answer.infer_response.id, []).append((len(answer.infer_response.outputs), is_final(answer)))
        self.assertEqual(seen, {"2": [(1, False), (1, False), (0, True)], "0": [(0, True)], "1": [(1, False), (0, True)]})
        self.assertEqual(answers[-1].infer_response.model_name, "many")

    def test_decoupled_models_have_no_unary_call(self):
        path = "/inference.GRPCInferenceService/ModelInfer"
        with self.assertRaises(grpc.RpcError) as caught:
            self.channel.unary_unary(path, request_serializer=inference.ModelInferRequest.SerializeToString)(
                request("many", [1], "INT32"), timeout=60)
        self.assertEqual((caught.exception.code().name, caught.exception.details()), (
            "UNIMPLEMENTED", "ModelInfer RPC doesn't support models with decoupled transaction policy"))

    def test_many_responses(self):
        answers = list(self.stream([request("many", [5000], "INT32")]))
        self.assertEqual(len(answers), 5000)

    def test_a_client_that_waits_for_each_answer(self):
        todo = queue.Queue()
        todo.put(half(0))
        answers = self.stream(iter(todo.get, None))
        for i in range(50):
            self.assertEqual(values_of(next(answers)), [i / 2 + 2])
            todo.put(half(i + 1) if i < 49 else None)
        self.assertEqual(list(answers), [])

    def test_an_empty_stream(self):
        self.assertEqual(list(self.stream([])), [])

    def test_cancelled_streams_leave_nothing_behind(self):
        for _ in range(20):
            hold = threading.Event()

            def requests():
                for i in range(30):
                    yield request("slow", [float(i)])
                hold.wait(60)
            answers = self.stream(requests())
            answers.cancel()
            hold.set()
            with self.assertRaises(grpc.RpcError):
                list(answers)
        self.assertEqual(values_of(next(self.stream([half(2)]))), [3.0])

    def test_a_server_that_stops_answers_what_it_has(self):
        server = Server(BINARY, f"--model-repository={self.folder.name}")
        hold = queue.Queue()
        with grpc.insecure_channel(server.target) as channel:
            answers = channel.stream_stream("/inference.GRPCInferenceService/ModelStreamInfer",
                                            request_serializer=inference.ModelInferRequest.SerializeToString,
                                            response_deserializer=inference.ModelStreamInferResponse.FromString)(
                iter(hold.get, None), timeout=60)
            hold.put(request("tick", [8], "INT32"))
            next(answers)
            server.process.send_signal(signal.SIGTERM)
            with self.assertRaises(grpc.RpcError) as caught:
                for count, _ in enumerate(answers, 2):
                    pass
            hold.put(None)
        self.assertEqual((count, caught.exception.code().name, caught.exception.details()),
                         (8, "UNAVAILABLE", "the server is shutting down"))
        server.stop()

    def test_compressed_messages(self):
        path = "/inference.GRPCInferenceService/ModelStreamInfer"
        call = self.channel.stream_stream(path, request_serializer=inference.ModelInferRequest.SerializeToString,
                                          response_deserializer=inference.ModelStreamInferResponse.FromString)
        values = np.zeros(100000, np.float32)
        answers = list(call(iter([request("slow", values), half(6)]), timeout=60, compression=grpc.Compression.Gzip))
        self.assertEqual((len(values_of(answers[0])), values_of(answers[1])), (100000, [5.0]))

    def test_generate(self):
        half_one = {"model_name": "half", "model_version": "1"}
        for path, document, code, expected in [
            ("half", {"x": 2}, 200, {**half_one, "y": 3.0}),
            ("half/versions/1", {"id": "7", "x": [2.0, 4.0], "parameters": {"free": "word"}}, 200,
             {"id": "7", **half_one, "y": [3.0, 4.0]}),
            ("half", {"parameters": {"x": [6]}, "temperature": 0.5}, 200, {**half_one, "y": 5.0}),
            ("many", {"x": 1}, 200, {"model_name": "many", "model_version": "1", "y": 1}),
            ("half", {"x": [[2]]}, 400, "can not convert input 'x' to tensor with proper shape"),
            ("half", {"y": 2}, 400, "expected 1 inputs but got 0 inputs"),
            ("half", {"x": 1, "triton_x": 1}, 400, "reserved"),
            ("half", {"x": "text"}, 400, "not of expected type"),
            ("half", {"x": 1, "z": {}}, 400, "must be a bool, a number or a string"),
            ("half", {"x": 1, "parameters": {"x": 2}}, 400, "already exists"),
            ("half", [], 400, "expected an object"), ("half", b"{", 400, "failed to parse"), ("half", b"", 400, "empty"),
            ("nope", {"x": 1}, 404, "unknown model: 'nope' is not found"),
        ]:
            got_code, got = ask(self.http, "POST", f"/v2/models/{path}/generate", document)
            same = expected in got["error"] if isinstance(expected, str) else got == expected
            self.assertTrue(got_code == code and same, (document, got_code, got))
        self.assertEqual(ask(self.http, "POST", "/v2/models/many/generate", {"x": 3})[0], 500)

    def test_generate_stream(self):
        def events(path, document):
            code, body = ask(self.http, "POST", f"/v2/models/{path}/generate_stream", document)
            self.assertEqual(code, 200, body)
            parts = body.decode().split("\n\n")
            self.assertEqual(parts.pop(), "")
            return [json.loads(part.removeprefix("data: ")) for part in parts]
        many = {"model_name": "many", "model_version": "1", "y": 3}
        self.assertEqual(events("many", {"x": 3}), [many] * 3)
        self.assertEqual(events("half", {"x": 2}), [{"model_name": "half", "model_version": "1", "y": 3.0}])
        code, got = ask(self.http, "POST", "/v2/models/nope/generate_stream", {"x": 1})
        self.assertEqual((code, "unknown model" in got["error"]), (404, True))

    def test_events_come_as_they_are_made_and_a_client_that_goes_cancels(self):
        for version in ("1.1", "1.0"):
            peer = socket.create_connection(("127.0.0.1", self.http), timeout=60)
            body = b'{"x": 1000}'  # 100 seconds
            peer.sendall(b"POST /v2/models/tick/generate_stream HTTP/%s\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" %
                         (version.encode(), len(body), body))
            answer = http.client.HTTPResponse(peer, method="POST")
            answer.begin()
            self.assertEqual((answer.status, answer.headers["Content-Type"], answer.headers["Transfer-Encoding"],
                              answer.headers["Content-Length"]),
                             (200, "text/event-stream; charset=utf-8", "chunked" if version == "1.1" else None, None))
            self.assertEqual(json.loads(answer.readline().removeprefix(b"data: ")),
                             {"model_name": "tick", "model_version": "1", "y": 1000})
            self.assertEqual(answer.readline(), b"\n")
            answer.close()
            peer.close()
            # The only instance is free long before the 100 seconds are over.
            self.assertEqual(ask(self.http, "POST", "/v2/models/tick/generate", {"x": 1})[0], 200)

    def test_a_connection_goes_on_after_events(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.http, timeout=60)
        for count in (3, 0, 1):
            connection.request("POST", "/v2/models/many/generate_stream", json.dumps({"x": count}))
            answer = connection.getresponse()
            self.assertEqual((answer.status, answer.read().count(b"data: ")), (200, count))
        connection.close()

    def test_decoupled_models_have_no_infer_over_http(self):
        document = {"inputs": [{"name": "x", "shape": [1], "datatype": "INT32", "data": [1]}]}
        self.assertEqual(ask(self.http, "POST", "/v2/models/many/infer", document), (
            501, {"error": "HTTP end point doesn't support models with decoupled transaction policy"}))

    def test_malformed_messages_are_answered(self):
        path = "/inference.GRPCInferenceService/ModelStreamInfer"
        call = self.channel.stream_stream(path, response_deserializer=inference.ModelStreamInferResponse.FromString)
        answers = list(call(iter([b"\xff\xff", b"", half(2).SerializeToString()]), timeout=60))
        self.assertIn("malformed", answers[0].error_message)
        self.assertTrue(answers[1].error_message)
        self.assertEqual(values_of(answers[2]), [3.0])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
