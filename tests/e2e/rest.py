#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""REST against the real binary: rest.py INFERD. Tables of requests with the code and text or document they must give,
then what tables cannot say: pipelining, binary tensors, codings, limits, slow and vanished peers, and the drain.

Two models are written here, in a few bytes of protobuf: `default` is y = 0.5 x + 2 on floats of any shape (TensorFlow
Serving's half_plus_two), `two` gives the sum and difference of two [N,2] inputs.
"""

import gzip
import http.client
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
import zlib

FLOAT = 1


# --- models ---

def varint(value):
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def port(number, name, dims):
    shape = b"" if dims is None else field(2, b"".join(
        field(1, field(2, d) if isinstance(d, str) else field(1, d)) for d in dims))
    return field(number, field(1, name) + field(2, field(1, field(1, FLOAT) + shape)))


def node(op, inputs, output):
    return field(1, b"".join(field(1, i) for i in inputs) + field(2, output) + field(4, op))


def scalar(name, value):
    return field(5, field(2, FLOAT) + field(8, name) + field(9, struct.pack("<f", value)))


def model(graph):
    return field(1, 8) + field(7, field(2, "g") + graph) + field(8, field(2, 13))


MODELS = {
    "default": model(node("Mul", ["x", "a"], "m") + node("Add", ["m", "b"], "y") + scalar("a", 0.5) + scalar("b", 2.0) +
                     port(11, "x", None) + port(12, "y", None)),
    "two": model(node("Add", ["p", "q"], "s") + node("Sub", ["p", "q"], "d") + port(11, "p", ["N", 2]) +
                 port(11, "q", ["N", 2]) + port(12, "s", ["N", 2]) + port(12, "d", ["N", 2])),
}


# --- the server ---

class Server:
    def __init__(self, binary, folder, *flags):
        self.log = []
        self.process = subprocess.Popen(
            os.environ.get("INFERD_WRAP", "").split() +
            [binary, "--port=0", "--grpc-address=127.0.0.1", "--http-port=0", "--http-address=127.0.0.1",
             f"--model-repository={folder}", *flags], stderr=subprocess.PIPE, text=True)
        self.port = None
        for line in self.process.stderr:
            self.log.append(line)
            match = re.search(r"event=listening protocol=http port=(\d+)", line)
            self.port = int(match[1]) if match else self.port
            if "event=ready" in line:
                break
        check(self.port, "".join(self.log))
        self.reader = threading.Thread(target=lambda: self.log.extend(self.process.stderr))
        self.reader.start()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.end()

    def end(self):
        code = self.process.wait(60)
        self.reader.join()
        text = "".join(self.log)
        check(code == 0 and "Sanitizer" not in text and "runtime error" not in text, f"exit {code}\n{text}")


def check(condition, message):
    if not condition:
        raise AssertionError(message)


def ask(server, method, path, body=None, headers=None):
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}{path}", data=body, method=method,
                                     headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            return reply.status, reply.headers, reply.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def connect(server):
    return socket.create_connection(("127.0.0.1", server.port), 60)


def read_reply(stream):
    """One reply of a keep-alive connection: (code, headers, body)."""
    code = int(stream.readline().split()[1])
    headers = http.client.parse_headers(stream)
    return code, headers, stream.read(int(headers.get("Content-Length", 0)))


# --- tables ---

PREDICT = "/v1/models/default:predict"
INFER = "/v2/models/two/infer"
P = {"name": "p", "shape": [1, 2], "datatype": "FP32", "data": [1, 2]}
Q = {"name": "q", "shape": [1, 2], "datatype": "FP32", "data": [[3, 4]]}
SUM = {"name": "s", "datatype": "FP32", "shape": [1, 2], "data": [4.0, 6.0]}
DIFFERENCE = {"name": "d", "datatype": "FP32", "shape": [1, 2], "data": [-2.0, -2.0]}


def two(**changes):
    return json.dumps({"inputs": [dict(P, **changes), Q]})


# method, path, body, code, document (dict, list) or part of the text
ROWS = [
    # TensorFlow Serving's golden examples that an ONNX model can serve
    ("POST", PREDICT, '{"instances":[2.0,3.0,4.0]}', 200, {"predictions": [3.0, 3.5, 4.0]}),
    ("POST", PREDICT, '{"inputs":[2.0,3.0,4.0]}', 200, {"outputs": [3.0, 3.5, 4.0]}),
    ("POST", PREDICT, '{"inputs":{"x":[2,3,4]}}', 200, {"outputs": [3.0, 3.5, 4.0]}),
    ("POST", PREDICT, '{"instances":[[1.0,2.0],[3.0,4.0]]}', 200, {"predictions": [[2.5, 3.0], [3.5, 4.0]]}),
    ("POST", PREDICT, '{"instances":["x"]}', 400, "not of expected type: float"),
    ("POST", PREDICT, '{"instances":[[1,2],[3]]}', 400, "Expecting tensor size"),
    ("POST", PREDICT, '{"instances":[1,[1]]}', 400, "Expecting shape"),
    ("POST", PREDICT, "", 400, "JSON Parse error: The document is empty"),
    ("POST", PREDICT, "instances = [1]", 400, "JSON Parse error: Invalid value"),
    ("POST", "/v1/models/default/labels/nope:predict", '{"instances":[1]}', 400, "Unrecognized servable version label"),
    ("POST", "/v1/models/nope:predict", '{"instances":[1]}', 404,
     {"error": "Servable not found for request: Latest(nope)"}),
    # rows and columns
    ("POST", PREDICT, '{"instances":[{"x":1},{"x":2}]}', 200, {"predictions": [2.5, 3.0]}),
    ("POST", PREDICT, '{"inputs":4}', 400, "at least one dimension"), # the model is batched
    ("POST", PREDICT, '{"signature_name":"serving_default","instances":[0]}', 200, {"predictions": [2.0]}),
    ("POST", PREDICT, '{"instances":[1]} and more', 200, {"predictions": [2.5]}),
    ("POST", PREDICT, '{"instances":[1],"x":{"y":[1,{}]}}', 200, {"predictions": [2.5]}),
    ("POST", PREDICT, '{"signature_name":"other","instances":[0]}', 400,
     'Serving signature name: "other" not found in signature def'),
    ("POST", PREDICT, '{"signature_name":7,"instances":[0]}', 400, "must be a string"),
    ("POST", PREDICT, '{"instances":[1],"inputs":[1]}', 400, "only one of"),
    ("POST", PREDICT, '{}', 400, "Missing 'inputs' or 'instances' key"),
    ("POST", PREDICT, '{"instances":[]}', 400, "empty"),
    ("POST", PREDICT, '{"instances":7}', 400, "to be an array"),
    ("POST", PREDICT, '[1]', 400, "should be a JSON object"),
    ("POST", PREDICT, '{"instances":[1]', 400, "JSON Parse error: Missing a comma or } after an object member"),
    ("POST", PREDICT, '{"instances":[{"x":1},{"y":2}]}', 400, "does not have named input"),
    ("POST", PREDICT, '{"instances":[{"x":1},{}]}', 400, "does not have named input: x"),
    ("POST", "/v1/models/nope:predict", "instances = [1]", 400, "JSON Parse error"),
    ("POST", "/v1/models/two:predict", '{"instances":[{"p":[1,2],"q":[3,4]},{"q":[1,1],"p":[1,1]}]}', 200,
     {"predictions": [{"s": [4.0, 6.0], "d": [-2.0, -2.0]}, {"s": [2.0, 2.0], "d": [0.0, 0.0]}]}),
    ("POST", "/v1/models/two:predict", '{"inputs":{"p":[[1,2]],"q":[[3,4]],"r":0}}', 200,
     {"outputs": {"s": [[4.0, 6.0]], "d": [[-2.0, -2.0]]}}),
    ("POST", "/v1/models/two:predict", '{"inputs":{"p":[[1,2]]}}', 400, "Missing named input: q"),
    ("POST", "/v1/models/two:predict", '{"instances":[1]}', 400, "plain list"),
    ("POST", "/v1/models/two/versions/9:predict", '{"instances":[1]}', 404, "Specific(two, 9)"),
    ("POST", "/v1/models/two/versions/99999999999999999999:predict", '{"instances":[1]}', 400, "numeric"),
    ("POST", PREDICT, '{"instances":' + "[" * 1000000, 400, "more than 8 dimensions"),
    ("POST", PREDICT, '{"x":' + "[" * 1000000, 400, "Nesting is too deep"),
    ("POST", PREDICT, '{"instances":[' + "7" * 1000000 + "]}", 400, "Number too long"),
    ("GET", "/v1/models", None, 200, {"models": [{"name": "default"}, {"name": "two"}]}),
    ("GET", "/v1/models/two", None, 200, {"model_version_status": [
        {"version": "1", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}]}),
    ("GET", "/v1/models/two/versions/2", None, 404, "Could not find version 2 of model two"),
    ("GET", "/v1/models/nope", None, 404, "Could not find any versions of model nope"),
    ("GET", "/v1/models/two/metadata", None, 200,
     '"metadata":{"signature_def":{"signature_def":{"serving_default":{"inputs":{"p":'),
    ("GET", PREDICT, None, 400, "Malformed request: GET " + PREDICT),
    ("PUT", "/v1/models/two", "{}", 400, "Malformed request: PUT /v1/models/two"),
    # the Open Inference Protocol
    ("GET", "/v2", None, 200, '"name":"inferd"'),
    ("GET", "/v2/health/live", None, 200, {"live": True}),
    ("GET", "/v2/health/ready", None, 200, {"ready": True}),
    ("GET", "/v2/models", None, 200, {"models": ["default", "two"]}),
    ("GET", "/v2/models/two", None, 200, {
        "name": "two", "versions": ["1"], "platform": "onnxruntime_onnx",
        "inputs": [{"name": n, "datatype": "FP32", "shape": [-1, 2]} for n in "pq"],
        "outputs": [{"name": n, "datatype": "FP32", "shape": [-1, 2]} for n in "sd"]}),
    ("GET", "/v2/models/nope", None, 404, {"error": "Request for unknown model: 'nope' is not found"}),
    ("GET", "/v2/models/two/versions/1/ready", None, 200, {"ready": True}),
    ("GET", "/v2/models/nope/ready", None, 404, "unknown model"),
    ("GET", "/v2/models/two/stats", None, 200, '"model_stats":[{"name":"two"'),
    ("POST", "/v2/repository/index", None, 200, [{"name": n, "version": "1", "state": "READY"} for n in
                                                 ("default", "two")]),
    ("POST", "/v2/repository/index", '{"ready":true}', 200, '"state":"READY"'),
    ("GET", "/v2/nope", None, 404, {"error": "Not Found"}),
    ("POST", "/v2/health/live", "", 405, {"error": "Method Not Allowed"}),
    ("GET", "/v3", None, 404, {"error": "Not Found"}),
    ("POST", INFER, two(), 200, {"model_name": "two", "model_version": "1", "outputs": [SUM, DIFFERENCE]}),
    ("POST", INFER, json.dumps({"id": "7", "inputs": [P, Q], "outputs": [{"name": "s"}]}), 200,
     {"id": "7", "model_name": "two", "model_version": "1", "outputs": [SUM]}),
    ("POST", INFER, '{"inputs":[{"data":[1,2],"datatype":"FP32","shape":[1,2],"name":"p"},' + json.dumps(Q) + "]}", 200,
     '"data":[4.0,6.0]'),
    ("POST", INFER, two(shape=[2, 2]), 400, "Unable to parse 'data': Shape does not match true shape of 'data' field"),
    ("POST", INFER, two(datatype="INT32"), 400, "data-type is 'INT32', but model 'two' expects 'FP32'"),
    ("POST", INFER, two(datatype="FP16"), 400, "only supported with binary data"),
    ("POST", INFER, two(datatype="X"), 400, "unknown datatype 'X'"),
    ("POST", INFER, two(name="x"), 400, "input"),
    ("POST", INFER, two(data=["a", "b"]), 400, "not of expected type: FP32"),
    ("POST", INFER, json.dumps({"inputs": [P, P]}), 400, "input 'p' already exists in request"),
    ("POST", INFER, json.dumps({"inputs": [P, Q], "parameters": {"triton_x": 1}}), 400, "reserved"),
    ("POST", INFER, json.dumps({"inputs": [P, Q], "parameters": {"timeout": "x"}}), 400, "timeout"),
    ("POST", INFER, json.dumps({"inputs": [P, Q], "outputs": [{"name": "z"}]}), 400, "unexpected inference output"),
    ("POST", INFER, "", 400, "failed to parse the request JSON buffer: The document is empty"),
    ("POST", INFER, "{", 400, "failed to parse the request JSON buffer: Missing a name for object member"),
    ("POST", INFER, "{}", 400, "Unable to parse 'inputs'"),
    ("POST", "/v2/models/nope/infer", two(), 404, "unknown model: 'nope' is not found"),
    ("POST", "/v2/models/two/versions/4/infer", two(), 404, "version 4 is not found"),
]


def test_tables(server):
    for method, path, body, code, expected in ROWS:
        got_code, headers, got = ask(server, method, path, body.encode() if body is not None else None)
        text = got.decode()
        document = json.loads(text) if text else None
        said = document["error"] if got_code >= 400 and text else text
        same = expected in said if isinstance(expected, str) else document == expected
        check(got_code == code and same, f"{method} {path} {str(body)[:80]}: {got_code} {text[:400]}")
        check(not text or headers["Content-Type"] == "application/json", path)


def test_head_options_and_cors(server):
    code, headers, body = ask(server, "HEAD", "/v2")
    check(code == 200 and int(headers["Content-Length"]) > 0 and body == b"", "HEAD")
    check(ask(server, "OPTIONS", PREDICT, headers={"Origin": "http://a"})[0] == 200, "preflight")
    check(ask(server, "OPTIONS", PREDICT)[0] == 400, "preflight without origin")
    check(ask(server, "OPTIONS", "/v2")[0] == 200, "OPTIONS")
    check("Access-Control-Allow-Origin" not in headers, "CORS unasked")


def binary_request(binary_output):
    head = {"inputs": [dict(name="p", shape=[1, 2], datatype="FP32", parameters={"binary_data_size": 8}),
                       dict(name="q", shape=[1, 2], datatype="FP32", data=[3, 4])],
            "outputs": [{"name": "d"}, {"name": "s", "parameters": {"binary_data": binary_output}}]}
    text = json.dumps(head).encode()
    return text, {"Inference-Header-Content-Length": str(len(text))}


def test_binary_tensors(server):
    text, headers = binary_request(True)
    code, reply, body = ask(server, "POST", INFER, text + struct.pack("<2f", 1, 2), headers)
    check(code == 200 and reply["Content-Type"] == "application/octet-stream", body)
    length = int(reply["Inference-Header-Content-Length"])
    document = json.loads(body[:length])
    check(document["outputs"] == [DIFFERENCE, {"name": "s", "datatype": "FP32", "shape": [1, 2],
                                               "parameters": {"binary_data_size": 8}}], document)
    check(struct.unpack("<2f", body[length:]) == (4, 6), "binary data")
    for tail in (b"", b"1234567", b"123456789"):
        check(ask(server, "POST", INFER, text + tail, headers)[0] == 400, f"{len(tail)} bytes of 8")
    for length in ("x", "-1", "999999", "", "1e3", "99999999999999999999"):
        code, _, body = ask(server, "POST", INFER, text, {"Inference-Header-Content-Length": length})
        check(code == 400, f"header length {length}: {code} {body}")
    code, _, body = ask(server, "POST", INFER, b"12345678", {"Inference-Header-Content-Length": "0"})
    check(code == 400 and b"1 input" in body, body)


def test_long_tensors(server):
    values = [i / 7 for i in range(150528)]
    code, _, body = ask(server, "POST", PREDICT, json.dumps({"instances": [values]}).encode())
    check(code == 200, body[:200])
    got = json.loads(body)["predictions"][0]
    as_float = lambda v: struct.unpack("<f", struct.pack("<f", v))[0]
    half = lambda v: as_float(as_float(v) * 0.5)
    check(all(as_float(g) == as_float(half(v) + 2) for g, v in zip(got, values)) and len(got) == len(values), "values")


def test_codings(server):
    values = list(range(5000))
    plain = json.dumps({"instances": [values]}).encode()
    expected = ask(server, "POST", PREDICT, plain)[2]
    raw = zlib.compressobj(wbits=-15)
    for name, body in (("gzip", gzip.compress(plain)), ("deflate", zlib.compress(plain)),
                       ("deflate", raw.compress(plain) + raw.flush())):
        check(ask(server, "POST", PREDICT, body, {"Content-Encoding": name})[2] == expected, name)
        check(ask(server, "POST", PREDICT, body[:-9], {"Content-Encoding": name})[0] == 400, f"{name}, cut")
    code, headers, body = ask(server, "POST", PREDICT, plain, {"Accept-Encoding": "gzip;q=0.9, br"})
    check(headers["Content-Encoding"] == "gzip" and gzip.decompress(body) == expected, "gzip reply")
    code, headers, body = ask(server, "POST", PREDICT, plain, {"Accept-Encoding": "deflate"})
    check(headers["Content-Encoding"] == "deflate" and zlib.decompress(body) == expected, "deflate reply")
    check(ask(server, "POST", PREDICT, plain, {"Content-Encoding": "br"})[0] == 415, "br")
    bomb = gzip.compress(b" " * (5 << 20))
    check(ask(server, "POST", PREDICT, bomb, {"Content-Encoding": "gzip"})[0] == 400, "bomb")


def test_pipelining_and_keep_alive(server):
    one = b'{"instances":[%d]}'
    requests = b""
    for i in range(200):
        body = one % i
        requests += b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (PREDICT.encode(), len(body), body)
        requests += b"GET /v2/health/live HTTP/1.1\r\nHost: x\r\n\r\n"
    with connect(server) as peer, peer.makefile("rb") as stream:
        threading.Thread(target=peer.sendall, args=(requests,)).start()
        for i in range(200):
            check(json.loads(read_reply(stream)[2]) == {"predictions": [i * 0.5 + 2]}, f"reply {i}")
            check(read_reply(stream)[0] == 200, "probe")


def test_pieces(server):
    """A request byte by byte, chunked, with Expect: 100-continue."""
    body = b'{"instances":[1,2]}'
    head = b"POST %s HTTP/1.1\r\nHost: x\r\n" % PREDICT.encode()
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    with connect(server) as peer, peer.makefile("rb") as stream:
        for byte in head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks:
            peer.sendall(bytes([byte]))
        check(json.loads(read_reply(stream)[2]) == {"predictions": [2.5, 3.0]}, "chunks")
        peer.sendall(head + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body))
        check(stream.readline().startswith(b"HTTP/1.1 100") and stream.readline() == b"\r\n", "continue")
        peer.sendall(body)
        check(read_reply(stream)[0] == 200, "after continue")


# What is sent, the code that must come back; the connection is then closed.
MALFORMED = [
    (b"nonsense\r\n\r\n", 400),
    (b"GET /v2 HTTP/1.1\r\n\r\n", 400),
    (b"GET /v2 HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    (b"GET /%s HTTP/1.1\r\nHost: a\r\n\r\n" % (b"a" * 20000), 414),
    (b"GET /v2 HTTP/1.1\r\nHost: a\r\nX: %s\r\n\r\n" % (b"a" * 100000), 431),
    (b"POST /v2/models/two/infer HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n", 413),
    (b"POST /v2/models/two/infer HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    (b"POST /v2/models/two/infer HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", 400),
    (b"POST /v2/models/two/infer HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n", 400),
    (b"POST /v2/models/two/infer HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400),
    (b"POST /v2/models/two/infer HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" +
     (b"10000\r\n" + b" " * 65536 + b"\r\n") * 80, 413),
    (b"POST /v2/models/two/infer HTTP/1.1\r\nHost: a\r\nExpect: magic\r\nContent-Length: 5\r\n\r\n", 417),
]


def test_malformed_requests(server):
    for request, code in MALFORMED:
        with connect(server) as peer, peer.makefile("rb") as stream:
            try:
                peer.sendall(request)
            except (BrokenPipeError, ConnectionResetError):
                pass # it had seen enough
            got = read_reply(stream)
            check(got[0] == code, f"{request[:90]}: {got}")
            check(got[0] in (400, 417) or "error" in json.loads(got[2]), got)


def test_gone_peers_cost_nothing(server):
    """Connections cut at every place of a request; the server answers the next one."""
    body = json.dumps({"instances": [list(range(20000))]}).encode()
    request = b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (PREDICT.encode(), len(body), body)
    for cut in (1, 20, 60, 100, len(request) // 2, len(request) - 1, len(request)):
        for linger in (False, True):
            with connect(server) as peer:
                if linger: # a reset instead of an orderly close
                    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                peer.sendall(request[:cut])
    check(ask(server, "POST", PREDICT, body)[0] == 200, "after them")


def test_many_at_once(server):
    failures = []

    def client():
        with connect(server) as peer, peer.makefile("rb") as stream:
            for i in range(100):
                body = b'{"instances":[[%d,1]]}' % i
                peer.sendall(b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" %
                             (PREDICT.encode(), len(body), body))
                if json.loads(read_reply(stream)[2]) != {"predictions": [[i * 0.5 + 2, 2.5]]}:
                    failures.append(i)

    threads = [threading.Thread(target=client) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(not failures, failures)


def test_curl(server):
    curl = shutil.which("curl")
    if not curl:
        print("skipped rest/curl: there is no curl")
        return
    body = json.dumps({"instances": [list(range(100000))]})
    got = subprocess.run([curl, "-s", "--compressed", "-d", "@-", f"http://127.0.0.1:{server.port}{PREDICT}"],
                         input=body.encode(), capture_output=True, check=True).stdout
    check(json.loads(got)["predictions"][0][-1] == 99999 * 0.5 + 2, got[:200])


class SlowPeers:
    """One stops in the middle of a head, one in the middle of a body; opened early, asked about late."""

    def __init__(self, server):
        self.peers = [connect(server), connect(server)]
        self.peers[0].sendall(b"GET /v2 HTTP/1.1\r\nHost: x")
        self.peers[1].sendall(b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{" % PREDICT.encode())

    def check_ended(self):
        for peer in self.peers:
            with peer, peer.makefile("rb") as stream:
                check(read_reply(stream)[0] == 408, "a peer that stops is told so")


def test_drain(server):
    """An idle connection is closed, one with a request in progress is answered first, then all ends."""
    body = json.dumps({"instances": [list(range(30000))]}).encode()
    request = b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (PREDICT.encode(), len(body), body)
    with connect(server) as idle, connect(server) as busy, idle.makefile("rb") as idle_in, busy.makefile("rb") as busy_in:
        idle.sendall(b"GET /v2/health/ready HTTP/1.1\r\nHost: x\r\n\r\n")
        check(read_reply(idle_in)[0] == 200, "ready")
        busy.sendall(request[:-1])
        server.process.send_signal(signal.SIGTERM)
        check(idle_in.read() == b"", "an idle connection is closed")
        busy.sendall(request[-1:])
        code, headers, _ = read_reply(busy_in)
        check(code == 200 and headers["Connection"] == "close", headers)
    server.end()


def main():
    with tempfile.TemporaryDirectory() as folder:
        for name, content in MODELS.items():
            os.makedirs(f"{folder}/{name}/1")
            with open(f"{folder}/{name}/1/model.onnx", "wb") as file:
                file.write(content)
            os.utime(f"{folder}/{name}/1", (time.time() - 60,) * 2)
        server = Server(sys.argv[1], folder, "--http-max-input-size=4M")
        try:
            slow = SlowPeers(server)
            for test in (test_tables, test_head_options_and_cors, test_binary_tensors, test_long_tensors, test_codings,
                         test_pipelining_and_keep_alive, test_pieces, test_malformed_requests,
                         test_gone_peers_cost_nothing, test_many_at_once, test_curl):
                test(server)
                print("ok", test.__name__)
            slow.check_ended()
            test_drain(server)
        finally:
            server.process.kill()
            server.process.wait()


main()
