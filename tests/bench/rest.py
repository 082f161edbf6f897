#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""REST measured: rest.py BUILD CACHE [ROUNDS].

Reading floats against Debian's RapidJSON (SAX into an array, its default flags, which are not exact), and calls of 1x784 and
1x224x224x3 floats as JSON and as binary tensors, against nothing but libevent with the same bytes, and against gRPC. Peers
alternate; h2load is the client. Last line: RESULT json_parse_ratio= json_calls_ratio= binary_calls_ratio=, each the median over
rounds: of texts with %.9g floats, and of 1x784 floats a call.
"""

import json
import os
import pathlib
import random
import re
import statistics
import struct
import subprocess
import sys
import tempfile
import urllib.request

ROOT = pathlib.Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/e2e"))

from grpcio_support import Server, add_model, die_with_parent, field  # noqa: E402
from http_support import http_port, model, node, port  # noqa: E402

FLOATS = 150528


def output_of(*command):
    return subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True).stdout


# --- reading ---

def build_peer(cache):
    source, binary = ROOT / "tests/bench/bench_rapidjson.cc", cache / "bench_rapidjson"
    output_of("g++", "-O3", "-o", binary, source)
    return binary


def parse_ratios(build, cache, folder, rounds):
    chance, ratios = random.Random(1), {}
    values = [struct.unpack("<f", struct.pack("<f", chance.random()))[0] for _ in range(FLOATS)]
    texts = {"%.9g": [f"{v:.9g}" for v in values], "%.17g": [f"{v:.17g}" for v in values],
             "%.6g": [f"{v:.6g}" for v in values], "bytes": [str(int(v * 256)) for v in values]}
    peer = build_peer(cache)
    for name, numbers in texts.items():
        path = folder / "floats.json"
        path.write_text(f"[{','.join(numbers)}]")
        found = []
        for _ in range(rounds):
            (ours, sum_ours), (theirs, sum_theirs) = (output_of(tool, path, 15).split()
                                                      for tool in (build / "tests/bench/bench_json", peer))
            if sum_ours != sum_theirs:
                sys.exit(f"{name}: {sum_ours} and {sum_theirs}")
            found.append((int(theirs) / int(ours), int(ours)))
        ratios[name] = statistics.median(ratio for ratio, _ in found)
        print(f"read {name:6s} {min(ns for _, ns in found) / FLOATS:5.2f} ns a number, {ratios[name]:.2f} times RapidJSON")
    return ratios["%.9g"]


# --- calls ---

def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load(pid, url, body, count, *flags):
    """(requests a second, CPU us a request)"""
    before = cpu_seconds(pid)
    said = output_of("h2load", "-n", count, "-c", "4", "-d", body, *flags, url)
    if f"{count} succeeded" not in said:
        sys.exit(said)
    return float(re.search(r"finished in .*?, ([\d.]+) req/s", said)[1]), (cpu_seconds(pid) - before) / count * 1e6


class Echo:
    def __init__(self, build, reply):
        self.process = subprocess.Popen([str(build / "tests/bench/http_echo"), str(reply)], stdout=subprocess.PIPE, text=True,
                                        preexec_fn=die_with_parent)
        self.port = int(self.process.stdout.readline())

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def requests(values, shape):
    """kind: (path, headers, body)"""
    raw = struct.pack(f"<{len(values)}f", *values)
    head = json.dumps({"inputs": [{"name": "x", "shape": shape, "datatype": "FP32", "parameters": {"binary_data_size": len(raw)}}],
                       "parameters": {"binary_data_output": True}}).encode()
    tensor = field(1, "x") + field(2, "FP32") + b"".join(field(3, size) for size in shape)
    message = field(1, "copy") + field(5, tensor) + field(7, raw)
    text = "[" + ",".join(f"{v:.9g}" for v in values) + "]"
    return {"json": ("/v1/models/copy:predict", {}, f'{{"instances":[{text}]}}'.encode()),
            "binary": ("/v2/models/copy/infer", {"Inference-Header-Content-Length": str(len(head))}, head + raw),
            "grpc": ("/inference.GRPCInferenceService/ModelInfer", {"content-type": "application/grpc", "te": "trailers"},
                     b"\0" + struct.pack(">I", len(message)) + message)}


def call_ratios(build, folder, rounds):
    add_model(folder / "models", "copy", model(node("Relu", ["x"], "y") + port(11, "x", ["N", "M"]) + port(12, "y", ["N", "M"])))
    server = Server(str(build / "server/inferd"), f"--model-repository={folder / 'models'}", "--http-port=0",
                    "--http-address=127.0.0.1")
    ratios, pid = {}, server.process.pid
    for floats, count in ((784, 8000), (FLOATS, 100)):
        values = [random.Random(2).random() for _ in range(floats)]
        for kind, (path, headers, body) in requests(values, [1, floats]).items():
            file = folder / "body"
            file.write_bytes(body)
            flags = [part for pair in headers.items() for part in ("-H", f"{pair[0]}: {pair[1]}")]
            if kind == "grpc":
                rates = [load(pid, f"http://127.0.0.1:{server.port}{path}", file, count, *flags) for _ in range(rounds)]
                print(f"call {floats:6d} {kind:6s} {statistics.median(r[0] for r in rates):9.0f}/s "
                      f"{statistics.median(r[1] for r in rates):8.1f} us CPU")
                continue
            url = f"http://127.0.0.1:{http_port(server)}{path}"
            with urllib.request.urlopen(urllib.request.Request(url, body, headers)) as reply:
                (folder / "reply").write_bytes(reply.read())
            echo = Echo(build, folder / "reply")
            found = [(load(pid, url, file, count, "--h1", *flags),
                      load(echo.process.pid, f"http://127.0.0.1:{echo.port}/", file, count, "--h1", *flags)) for _ in range(rounds)]
            echo.stop()
            ratio = statistics.median(ours[0] / bare[0] for ours, bare in found)
            ratios.setdefault(kind, ratio)
            print(f"call {floats:6d} {kind:6s} {statistics.median(o[0] for o, _ in found):9.0f}/s "
                  f"{statistics.median(o[1] for o, _ in found):8.1f} us CPU, {ratio:.2f} of bare libevent "
                  f"({statistics.median(b[0] for _, b in found):.0f}/s, {statistics.median(b[1] for _, b in found):.1f} us)")
    server.stop()
    return ratios


def main():
    build, cache, rounds = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 5
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        parse = parse_ratios(build, cache, pathlib.Path(folder), rounds)
        calls = call_ratios(build, pathlib.Path(folder), rounds)
    print(f"RESULT json_parse_ratio={parse:.2f} json_calls_ratio={calls['json']:.2f} binary_calls_ratio={calls['binary']:.2f}")


if __name__ == "__main__":
    main()
