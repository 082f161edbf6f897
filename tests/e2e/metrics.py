#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""Metrics and statistics against a client's own count: metrics.py INFERD [REQUESTS].

A seeded mix of requests, by gRPC and by REST, of both protocols: good ones of one to four rows, some that do not fit the
model, unknown models and versions, unreadable bodies, clients that go away while they wait, and requests whose time is over
while they wait; requests whose answer is in the response cache, or about to be; a model whose every third batch fails; an
ensemble. The client counts what it was told; ModelStatistics and /metrics must say the same, exactly. What waits does so in a
model that collects a batch for an hour. The last line is `RESULT requests= failed_requests= differences=`.

Afterwards: the page is what Prometheus can read (promtool, where it is installed), no name from a client is in it, and the
ports and paths of both servers tell it or do not.
"""

import collections
import json
import pathlib
import random
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request

import grpc

from grpcio_support import Server, add_model, field, identity_model, parse

FLOAT, WINDOW, WAITING = 1, 64, 50
SLOW = """max_batch_size: 1000
dynamic_batching { preferred_batch_size: 1000 max_queue_delay_microseconds: 3600000000
  default_queue_policy { allow_timeout_override: true default_timeout_microseconds: 3600000000 } }
"""
INFER, PREDICT = "/inference.GRPCInferenceService/ModelInfer", "/tensorflow.serving.PredictionService/Predict"
FAIL_REASONS = ("REJECTED", "CANCELED", "BACKEND", "OTHER")


def check(condition, what):
    if not condition:
        raise AssertionError(what)


# --- requests ---

def infer_bytes(model, rows, width=2, version="", timeout_us=0, number=1.5):
    tensor = (field(1, "x") + field(2, "FP32") + field(3, rows) + field(3, width))
    parameters = field(4, field(1, "timeout") + field(2, field(2, timeout_us))) if timeout_us else b""
    return (field(1, model) + field(2, version) + parameters + field(5, tensor) +
            field(7, struct.pack("<f", number) * (rows * width)))


def predict_bytes(model, rows, dtype=FLOAT):
    shape = field(2, field(1, rows)) + field(2, field(1, 2))
    tensor = field(1, dtype) + field(2, shape) + field(4, struct.pack("<f", 1.5) * (rows * 2))
    return field(1, field(1, model)) + field(2, field(1, "x") + field(2, tensor))


def post(path, body):
    return f"POST {path} HTTP/1.1\r\nHost: t\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def rest_predict(model, rows, number=1.5):
    return post(f"/v1/models/{model}:predict", json.dumps({"instances": [[number] * 2] * rows}))


def rest_infer(model, rows, width=2, timeout_us=0):
    parameters = {"timeout": timeout_us} if timeout_us else {}
    return post(f"/v2/models/{model}/infer", json.dumps(
        {"parameters": parameters, "inputs": [{"name": "x", "datatype": "FP32", "shape": [rows, width],
                                               "data": [1.5] * (rows * width)}]}))


# --- clients ---

class Tally:
    """What this client was told: by whatever key, and how many rows of which model it had answered."""

    def __init__(self):
        self.lock = threading.Lock()
        self.counts = collections.Counter()

    def add(self, *keys):
        with self.lock:
            for key in keys:
                self.counts[key] += 1

    def add_rows(self, model, rows):
        with self.lock:
            self.counts["rows", model] += rows


class GrpcClient:
    def __init__(self, target, tally):
        self.channel = grpc.insecure_channel(target)
        self.methods = {path: self.channel.unary_unary(path) for path in (INFER, PREDICT)}
        self.tally, self.room = tally, threading.Semaphore(WINDOW)

    def ask(self, path, body, model, rows=0, hit=False):
        """model None: no version of it is known to the server; hit: the answer is in the cache."""
        def done(call):
            self.record(path, call.code().name, model, rows, hit)
            self.room.release()
        self.room.acquire()
        self.methods[path].future(body).add_done_callback(done)

    def record(self, path, code, model, rows, hit):
        self.tally.add(("call", code))
        self.tally.add(("status", model or "", code)) if path == PREDICT else None
        if model:
            self.tally.add(("success", model) if code == "OK" else ("fail", model))
        if code == "INTERNAL":
            self.tally.add(("reason", model, "BACKEND"))
        if code == "OK":
            self.tally.add(("hit" if hit else "run", model))
            self.tally.add_rows(model, 0 if hit else rows)

    def wait(self):
        for _ in range(WINDOW):
            self.room.acquire()
        for _ in range(WINDOW):
            self.room.release()


class RestClient:
    """Keep-alive, a batch of requests pipelined at a time."""

    def __init__(self, port, tally):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.file = self.socket.makefile("rb")
        self.tally, self.waiting = tally, []

    def ask(self, request, api, model, rows=0):
        self.waiting.append((request, api, model, rows))
        if len(self.waiting) == 16:
            self.flush()

    def flush(self):
        self.socket.sendall(b"".join(request for request, *_ in self.waiting))
        for _, api, model, rows in self.waiting:
            code = int(self.file.readline().split()[1])
            length = 0
            while (line := self.file.readline()) != b"\r\n":
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            self.file.read(length)
            self.record(code, api, model, rows)
        self.waiting = []

    def record(self, code, api, model, rows):
        self.tally.add(("http", str(code)))
        if api == "predict":
            name = {200: "OK", 400: "INVALID_ARGUMENT", 404: "NOT_FOUND"}[code]
            self.tally.add(("status", model or "", name))
        if model:
            self.tally.add(("success", model) if code == 200 else ("fail", model))
        if code == 200:
            self.tally.add(("run", model))
            self.tally.add_rows(model, rows)


# --- the server's side ---

def page_of(port, path="/metrics"):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as reply:
        check(reply.headers["Content-Type"].startswith("text/plain; version=0.0.4"), reply.headers["Content-Type"])
        return reply.read().decode()


def series_of(page):
    """{(name, frozenset of labels): value}"""
    found = {}
    for line in page.splitlines():
        if line.startswith("#"):
            continue
        match = re.fullmatch(r'([a-zA-Z_:]\w*(?::\w+)*)(?:\{(.*)\})? (\S+)', line)
        check(match, f"not a series: {line}")
        labels = re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', match[2] or "")
        key = (match[1], frozenset(labels))
        check(key not in found, f"told twice: {line}")
        found[key] = float(match[3])
    return found


def value(series, name, **labels):
    return series.get((name, frozenset(labels.items())), 0)


class Scene:
    def __init__(self, binary, repository):
        self.server = Server(binary, f"--model-repository={repository}", "--http-port=0", "--http-address=127.0.0.1",
                             "--metrics-port=0", "--max-live-calls=100000", "--cache-config=local,size=64M")
        self.http = int(re.search(r" port=(\d+)", self.server.wait("protocol=http"))[1])
        self.metrics = int(re.search(r" port=(\d+)", self.server.wait("protocol=metrics"))[1])
        self.tally = Tally()
        self.grpc = GrpcClient(self.server.target, self.tally)
        self.rest = RestClient(self.http, self.tally)
        self.scrapes = 0

    def series(self):
        self.scrapes += 1
        return series_of(page_of(self.metrics))

    def wait_pending(self, count):
        """Until so many requests wait in `slow`; there is nothing here that could tell us."""
        for _ in range(3000):
            if value(self.series(), "nv_inference_pending_request_count", model="slow", version="1") == count:
                return
        raise AssertionError(f"never {count} requests waiting")

    def statistics(self, model):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http}/v2/models/{model}/stats") as reply:
            self.tally.add(("http", "200"))
            return json.load(reply)["model_stats"][0]


def cancel_some(scene):
    """Clients of both transports that go away while they wait."""
    calls = [scene.grpc.methods[INFER].future(infer_bytes("slow", 1)) for _ in range(WAITING)]
    sockets = [socket.create_connection(("127.0.0.1", scene.http)) for _ in range(5)]
    for client in sockets:
        client.sendall(rest_infer("slow", 1))
    scene.wait_pending(WAITING + len(sockets))
    for call in calls:
        call.cancel()
        scene.tally.add(("call", "CANCELLED"), ("fail", "slow"), ("reason", "slow", "CANCELED"))
    for client in sockets:
        client.close()
        scene.tally.add(("http", "499"), ("fail", "slow"), ("reason", "slow", "CANCELED"))
    scene.wait_pending(0)


def expire_some(scene):
    """Their own time is over while they wait; the server says so."""
    for _ in range(WAITING):
        scene.grpc.ask(INFER, infer_bytes("slow", 1, timeout_us=2000), "slow")
        scene.tally.add(("reason", "slow", "REJECTED"))
    scene.grpc.wait()


KEPT = 20  # answers that are in the cache before the mix begins


def fill_cache(scene):
    for number in range(KEPT):
        scene.grpc.ask(INFER, infer_bytes("cached", 2, number=number), "cached", 2)
    scene.grpc.wait()


def ask_more(scene, chance, which, index, rows):
    """What has a model of its own: the cache, failures of the engine, an ensemble."""
    kept = chance.randrange(KEPT)
    if which == 0:
        scene.grpc.ask(INFER, infer_bytes("cached", 2, number=kept), "cached", 2, hit=True)
    elif which == 1:
        scene.grpc.ask(INFER, infer_bytes("cached", rows, number=1000 + index), "cached", rows)
    elif which == 2:
        scene.grpc.ask(INFER, infer_bytes("flaky", 1), "flaky", 1)
    else:
        scene.grpc.ask(INFER, infer_bytes("whole", rows), "whole", rows)


MORE_WEIGHTS = [10, 3, 5, 5]
GRPC_KINDS = [
    (40, INFER, infer_bytes, {}, True), (40, PREDICT, predict_bytes, {}, True),
    (3, INFER, infer_bytes, {"width": 3}, False), (3, PREDICT, predict_bytes, {"dtype": 3}, False),
]
REST_KINDS = [(20, "infer", rest_infer, {}), (20, "predict", rest_predict, {}),
              (2, "infer", rest_infer, {"width": 3}), (2, "predict", rest_predict, {"number": "text"})]


def run_mix(scene, count):
    chance = random.Random(20261125)
    weights = [kind[0] for kind in GRPC_KINDS] + [kind[0] for kind in REST_KINDS] + [2, 2, 2, 2, 1]
    others = len(weights)
    weights += MORE_WEIGHTS
    for index in range(count):
        which = chance.choices(range(len(weights)), weights)[0]
        rows = chance.randint(1, 4)
        if which < 4:
            _, path, make, extra, good = GRPC_KINDS[which]
            scene.grpc.ask(path, make("good", rows, **extra), "good", rows)
            if not good:
                scene.tally.add(("reason", "good", "OTHER"))
        elif which < 8:
            _, api, make, extra = REST_KINDS[which - 4]
            scene.rest.ask(make("good", rows, **extra), api, "good", rows)
            if extra:
                scene.tally.add(("reason", "good", "OTHER"))
        elif which >= others:
            ask_more(scene, chance, which - others, index, rows)
        elif which == 8:
            scene.grpc.ask(PREDICT, predict_bytes(f"stranger{index}", rows), None)
        elif which == 9:
            scene.grpc.ask(INFER, infer_bytes("good", rows, version="7"), None)
        elif which == 10:
            scene.rest.ask(rest_predict(f"stranger{index}", rows), "predict", None)
        elif which == 11:
            scene.rest.ask(post("/v2/models/good/infer", "[1, 2"), "infer", None)
        else:
            scene.grpc.ask(INFER, b"\xff\xff\xff", None)
        if index % 1000 == 500:
            scene.rest.flush()
            cancel_some(scene)
            expire_some(scene)
    scene.rest.flush()
    scene.grpc.wait()


# --- the comparison ---

def compare_model(scene, series, model):
    told = scene.tally.counts
    stats, version = scene.statistics(model), {"model": model, "version": "1"}
    times = stats["inference_stats"]
    success, failed = told["success", model], told["fail", model]
    rows, hits, runs = told["rows", model], told["hit", model], told["run", model]
    batches = {int(row["batch_size"]): row for row in stats["batch_stats"]}
    same = [
        ("success", times["success"]["count"], success), ("fail", times["fail"]["count"], failed),
        ("queue", times["queue"]["count"], success),
        *((name, times[name]["count"], runs) for name in ("compute_input", "compute_infer", "compute_output")),
        ("cache_hit", times["cache_hit"]["count"], hits),
        ("cache_miss", times["cache_miss"]["count"], runs if model == "cached" else 0),
        ("nv hits", value(series, "nv_cache_num_hits_per_model", **version), hits),
        ("nv misses", value(series, "nv_cache_num_misses_per_model", **version), runs if model == "cached" else 0),
        ("inference_count", stats["inference_count"], rows),
        ("rows of batches", sum(size * row["compute_infer"]["count"] for size, row in batches.items()), rows),
        ("batches", sum(row["compute_infer"]["count"] for row in batches.values()), stats["execution_count"]),
        ("nv success", value(series, "nv_inference_request_success", **version), success),
        ("nv count", value(series, "nv_inference_count", **version), rows),
        ("nv exec count", value(series, "nv_inference_exec_count", **version), stats["execution_count"]),
        ("nv duration", value(series, "nv_inference_request_duration_us", **version), times["success"]["ns"] // 1000),
        ("nv queue", value(series, "nv_inference_queue_duration_us", **version), times["queue"]["ns"] // 1000),
        ("histogram", value(series, "inferd_request_duration_seconds_count", **version), success),
        ("+Inf", value(series, "inferd_request_duration_seconds_bucket", le="+Inf", **version), success),
        ("batch rows", value(series, "inferd_batch_rows_sum", **version), rows),
        ("pending", value(series, "nv_inference_pending_request_count", **version), 0),
        *((reason, value(series, "nv_inference_request_failure", reason=reason, **version), told["reason", model, reason])
          for reason in FAIL_REASONS),
    ]
    for name, ours, theirs in same:
        check(ours == theirs, f"{model}: {name}: the server says {ours}, the client {theirs}")
    parts = sum(times[name]["ns"] for name in ("queue", "compute_input", "compute_infer", "compute_output"))
    check(parts <= times["success"]["ns"], f"{model}: the parts take {parts} ns of {times['success']['ns']}")
    check(success == 0 or stats["last_inference"] > 1.7e12, "last_inference")


def compare_server(scene, series):
    """Everything but the scrapes went by the main ports."""
    told = scene.tally.counts
    for labels, name, prefix in ((("code",), "inferd_calls_total", "call"),
                                 (("model_name", "status"), ":tensorflow:serving:request_count", "status")):
        ours = {tuple(dict(key[1])[label] for label in labels): v for key, v in series.items() if key[0] == name}
        theirs = {key[1:]: count for key, count in told.items() if key[0] == prefix}
        check(ours == theirs, f"{name}: the server says {ours}, the client {theirs}")
    requests = {dict(key[1])["code"]: v for key, v in series.items() if key[0] == "inferd_http_requests_total"}
    theirs = {key[1]: count for key, count in told.items() if key[0] == "http"}
    theirs["200"] += scene.scrapes - 1  # this one was not yet answered when it was written
    check(requests == theirs, f"requests over HTTP: the server says {requests}, the client {theirs}")
    predicts = sum(v for key, v in series.items() if key[0] == ":tensorflow:serving:request_latency_count")
    check(predicts == told["status", "good", "OK"], f"request_latency: {predicts} of {told['status', 'good', 'OK']}")


def check_page(page):
    check("stranger" not in page, "a client's name is a label")
    if not shutil.which("promtool"):
        print("skipped promtool: it is not installed (apt install prometheus)")
        return
    tool = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, text=True, timeout=60)
    check(tool.returncode in (0, 3), f"promtool: {tool.returncode} {tool.stdout}{tool.stderr}")
    # 3: it would have named metrics differently. Triton's and TensorFlow Serving's names are what they are.
    ours = [line for line in tool.stdout.splitlines() if not re.match(r"(nv_|:tensorflow:)", line)]
    check(not ours, f"promtool about our own names: {ours}")


def check_paths(binary, repository):
    """Who tells where: by default, without metrics, and as a monitoring file says."""
    def codes(paths, *flags, name=binary):
        server = Server(name, f"--model-repository={repository}", "--http-port=0", "--http-address=127.0.0.1", *flags)
        port = int(re.search(r" port=(\d+)", server.wait("protocol=http"))[1])
        found = []
        for path in paths:
            try:
                found.append(urllib.request.urlopen(f"http://127.0.0.1:{port}{path}").status)
            except urllib.error.HTTPError as error:
                found.append(error.code)
        server.stop()
        return found
    paths = ["/metrics", "/monitoring/prometheus/metrics", "/here"]
    check(codes(paths) == [200, 200, 404], "by default")
    check(codes(paths, "--allow-metrics=false") == [404, 404, 404], "--allow-metrics=false")
    for text, wanted in (("prometheus_config { enable: true path: '/here' }", [200, 404, 200]),
                         ("prometheus_config { enable: true }", [200, 200, 404]),
                         ("prometheus_config { }", [200, 404, 404])):
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.write(text)
            file.flush()
            check(codes(paths, f"--monitoring-config-file={file.name}") == wanted, text)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def masked(data):
    crc = crc32c(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def check_warmup(binary):
    """Two recorded requests are replayed before a version is there, and an execution is timed."""
    with tempfile.TemporaryDirectory() as repository:
        add_model(repository, "warm", identity_model(FLOAT))
        record = field(6, field(1, predict_bytes("warm", 2)))
        length = struct.pack("<Q", len(record))
        folder = pathlib.Path(repository, "warm/1/assets.extra")
        folder.mkdir()
        (folder / "tf_serving_warmup_requests").write_bytes((length + masked(length) + record + masked(record)) * 2)
        server = Server(binary, f"--model-repository={repository}", "--http-port=0", "--http-address=127.0.0.1")
        port = re.search(r" port=(\d+)", server.wait("protocol=http"))[1]
        with grpc.insecure_channel(server.target) as channel:
            channel.unary_unary(PREDICT)(predict_bytes("warm", 1), timeout=60)
        page = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics").read().decode()
        server.stop()
    for line in (':tensorflow:serving:model_warmup_records_read{model_path="warm",status="OK"} 2',
                 ':tensorflow:serving:model_warmup_latency_count{model_path="warm",status="OK"} 1',
                 ":tensorflow:core:graph_runs 1"):
        check(line + "\n" in page, f"{line} is not on the page")
    check(":tensorflow:core:graph_run_time_usecs 0\n" not in page, "no time was spent")


def main():
    binary, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 10000
    with tempfile.TemporaryDirectory() as repository:
        add_model(repository, "good", identity_model(FLOAT), GOOD)
        add_model(repository, "slow", identity_model(FLOAT), SLOW)
        add_model(repository, "cached", identity_model(FLOAT), GOOD + "response_cache { enable: true }")
        add_model(repository, "flaky", b"", FLAKY)
        add_model(repository, "whole", b"", WHOLE)
        scene = Scene(binary, repository)
        fill_cache(scene)
        run_mix(scene, count)
        series = scene.series()
        page = page_of(scene.metrics)
        for model in ("good", "slow", "cached", "flaky", "whole"):
            compare_model(scene, series, model)
            scene.tally.counts["http", "200"] -= 1  # statistics, asked for after the page
        compare_server(scene, series)
        check_page(page)
        scene.grpc.channel.close()
        scene.rest.socket.close()
        scene.server.stop()
        check_paths(binary, repository)
    check_warmup(binary)
    total = sum(count for key, count in scene.tally.counts.items() if key[0] in ("call", "http"))
    print(f"{total} requests counted alike")
    failed = sum(count for key, count in scene.tally.counts.items() if key[0] == "call" and key[1] != "OK" or
                 key[0] == "http" and key[1] != "200")
    print(f"RESULT requests={total} failed_requests={failed} differences=0")


GOOD = """max_batch_size: 8
input { name: "x" data_type: TYPE_FP32 dims: 2 }
output { name: "y" data_type: TYPE_FP32 dims: 2 }
dynamic_batching { }
"""

FLAKY = """backend: "identity" max_batch_size: 1
input { name: "x" data_type: TYPE_FP32 dims: 2 }
output { name: "y" data_type: TYPE_FP32 dims: 2 }
parameters { key: "fail_every" value { string_value: "3" } }
"""
WHOLE = """platform: "ensemble" max_batch_size: 8
input { name: "x" data_type: TYPE_FP32 dims: 2 }
output { name: "z" data_type: TYPE_FP32 dims: 2 }
ensemble_scheduling { step { model_name: "good" model_version: -1 input_map { key: "x" value: "x" }
  output_map { key: "y" value: "z" } } }
"""

if __name__ == "__main__":
    main()
