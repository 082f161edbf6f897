#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""faults.py BUILD LIBRARIES PTX: the server on a simulated GPU that fails: no device, no memory while a model loads, and a
device lost on the n-th call while requests come; and one that does not, with three orders of its streams. It must say what is wrong, keep nothing, and end in order (exit 0: the
simulation found no violation and no leak)."""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

BUILD, LIBRARIES, PTX = sys.argv[1:4]
SAMPLES = pathlib.Path("deploy/samples")
X = json.loads((SAMPLES / "two_layer" / "expected.json").read_text(encoding="utf-8"))
LIMIT_S = 20
wrong = []


class Server:
    """The real binary; its log is read all the time."""

    def __init__(self, **simulation):
        environment = dict(os.environ, LD_LIBRARY_PATH=LIBRARIES, INFERD_SIM_PTX=PTX)
        environment.update({f"INFERD_SIM_{name}": str(value) for name, value in simulation.items()})
        self.process = subprocess.Popen(
            [f"{BUILD}/server/inferd", f"--model-repository={SAMPLES}/models", "--grpc-address=127.0.0.1", "--port=0", "--http-port=0",
             "--backend-directory=" + os.environ.get("INFERD_PLUGINS", f"{BUILD}/cuda")], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.lines, self.changed = [], threading.Condition()
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            with self.changed:
                self.lines.append(line)
                self.changed.notify_all()
        with self.changed:
            self.lines.append(None)
            self.changed.notify_all()

    def wait(self, pattern):
        deadline, seen = time.monotonic() + LIMIT_S, 0
        with self.changed:
            while True:
                for line in self.lines[seen:]:
                    if line is None:
                        return None
                    found = re.search(pattern, line)
                    if found:
                        return found
                seen = len(self.lines)
                if not self.changed.wait(deadline - time.monotonic()):
                    return None

    def get(self, path, document=None):
        port = self.wait(r"event=listening protocol=http.* port=(\d+)").group(1)
        data = json.dumps(document).encode() if document else None
        try:
            with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=data), timeout=LIMIT_S) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def ask(self):
        code, text = self.get("/v1/models/two_layer:predict", {"inputs": [X["x"]]})
        return code, json.loads(text) if text else None

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self.reader.join()
        return code


def expect(name, what, fact):
    if not fact:
        wrong.append(f"{name}: {what}")


def is_answer(reply):
    code, document = reply
    if code != 200:
        return False
    return max(abs(a - b) for a, b in zip(document["outputs"][0], X["versions"][-1]["y"])) < X["tolerance"]


def finish(name, server):
    code = server.stop()
    expect(name, f"ends with {code}: " + "".join(line for line in server.lines[-6:] if line), code == 0)


def nothing_wrong(seed):
    name = f"seed {seed}"
    server = Server(SEED=seed)
    server.wait("event=ready ")
    expect(name, "not on the GPU", server.wait(r"event=device note=.*cuda: found"))
    expect(name, "a wrong answer", all(is_answer(server.ask()) for _ in range(5)))
    finish(name, server)


def without_a_device():
    server = Server(DEVICES=0)
    expect("no device", "the log does not say why", server.wait(r"event=device note=.*cpu: .*cudaGetDeviceCount"))
    server.wait('version_available model="two_layer" version=2')
    reply = server.ask()
    expect("no device", f"no answer from the CPU: {reply}", is_answer(reply))
    finish("no device", server)


def no_memory_at_load(call):
    name = f"no memory at cudaMalloc {call}"
    server = Server(FAIL=f"cudaMalloc:{call}")
    expect(name, "no model says so", server.wait(r"event=version_failed .*RESOURCE_EXHAUSTED"))
    server.wait("event=ready ")
    expect(name, "not alive", server.get("/livez")[0] == 200)
    finish(name, server)


def lost_while_serving(call, number):
    name = f"lost at {call} {number}"
    server = Server(FAIL=f"{call}:{number}:lost")
    server.wait("event=ready ")
    ready = server.get("/readyz")[0]
    replies = [server.ask() for _ in range(40)]
    last = replies[-1]
    expect(name, f"ready at first: {ready}; answers before it is lost: {replies[0]}", ready == 200 and is_answer(replies[0]))
    expect(name, "a wrong answer", all(is_answer(reply) for reply in replies if reply[0] == 200))
    expect(name, f"still {last[0]}", last[0] == 503 and "cuda" in json.dumps(last[1]))
    expect(name, "still ready", server.get("/readyz")[0] != 200)
    expect(name, "not alive", server.get("/livez")[0] == 200)
    finish(name, server)


def main():
    os.chdir(pathlib.Path(__file__).resolve().parents[2])
    for seed in (1, 2, 3):
        nothing_wrong(seed)
    without_a_device()
    for call in (1, 2, 5, 9):
        no_memory_at_load(call)
    # warm-up and loading make the first calls; these fall among the requests
    lost_while_serving("cublasLtMatmul", 60)
    lost_while_serving("cudaEventSynchronize", 45)
    lost_while_serving("cudaMemcpyAsync", 130)
    print("\n".join(wrong))
    print(f"faults=11 wrong={len(wrong)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
