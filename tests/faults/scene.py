# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""A server in trouble: one model whose versions alternate between two sample models, asked over both protocols. Whatever
happens to the server, an answer must be the one that its version gives, or no answer."""

import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import struct
import subprocess
import tempfile
import threading
import time

import grpc

SAMPLES = pathlib.Path("deploy/samples/models/two_layer")
EXPECTED = json.loads(pathlib.Path("deploy/samples/two_layer/expected.json").read_text())
X = EXPECTED["x"]


def varint(value):
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out) + bytes((value,))


def field(number, value):
    return varint(number << 3 | 2) + varint(len(value)) + value


def fields(data):
    """(number, bytes) of each length-delimited field; others are skipped."""
    at = 0
    while at < len(data):
        key, at = number_at(data, at)
        value, at = number_at(data, at)
        if key & 7 == 2:
            yield key >> 3, data[at:at + value]
            at += value


def number_at(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at, value, shift = at + 1, value | (byte & 127) << shift, shift + 7
        if byte < 128:
            return value, at


GRPC_REQUEST = field(1, b"m") + field(5, field(1, b"x") + field(2, b"FP32") + field(3, b"\x01\x0a")) + field(
    7, struct.pack("<10f", *X))
REST_REQUEST = json.dumps({"inputs": [{"name": "x", "datatype": "FP32", "shape": [1, 10], "data": X}]})


def is_right(version, values):
    """Does the version give that? Odd ones are the first sample, even ones the second."""
    wanted = EXPECTED["versions"][(version + 1) % 2]["y"]
    return len(values) == 10 and all(abs(a - b) < 1e-4 for a, b in zip(values, wanted))


class Repository:
    """Versions arrive by rename, and leave so."""

    def __init__(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="inferd-faults-"))
        self.path, self.stage = self.root / "models", self.root / "stage"
        (self.path / "m").mkdir(parents=True)
        self.stage.mkdir()
        shutil.copy(SAMPLES / "config.pbtxt", self.path / "m")
        text = (self.path / "m/config.pbtxt").read_text()
        (self.path / "m/config.pbtxt").write_text(re.sub(r'name: *"two_layer"', 'name: "m"', text))
        self.newest = 0

    def publish(self, keep=2):
        self.newest += 1
        new = self.stage / str(self.newest)
        shutil.copytree(SAMPLES / str(1 + (self.newest + 1) % 2), new)
        new.rename(self.path / "m" / str(self.newest))
        old = self.newest - keep
        if old > 0 and (self.path / "m" / str(old)).exists():
            gone = self.stage / f"old-{old}"
            (self.path / "m" / str(old)).rename(gone)
            shutil.rmtree(gone)

    def remove(self):
        shutil.rmtree(self.root, ignore_errors=True)


class Server:
    def __init__(self, program, repository, *flags, env=None, wait=30):
        self.lines, self.ready = [], threading.Event()
        self.process = subprocess.Popen(
            [program, f"--model-repository={repository.path}", "--port=0", "--grpc-address=127.0.0.1", "--http-port=0",
             "--http-address=127.0.0.1", *flags], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
            errors="replace", env={**os.environ, **(env or {})})
        self.port = self.http = None
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        self.ready.wait(wait)
        self.channel = grpc.insecure_channel(f"127.0.0.1:{self.port}") if self.port else None
        self.infer = self.channel and self.channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")
        self.rest = None

    def read(self):
        for line in self.process.stderr:
            found = re.search(r"event=listening (protocol=http )?port=(\d+)", line)
            if found and found[1]:
                self.http = int(found[2])
            elif found:
                self.port = int(found[2])
            self.lines = self.lines[-200:] + [line]
            if "event=ready" in line:
                self.ready.set()
        self.ready.set()

    def ask_grpc(self, timeout=10):
        """The version that answered rightly; 0: no answer; -1: a wrong one."""
        try:
            reply = self.infer(GRPC_REQUEST, timeout=timeout)
        except grpc.RpcError:
            return 0
        found = dict(fields(reply))
        try:
            version, values = int(found[2]), struct.unpack("<10f", found[6])
        except (KeyError, ValueError, struct.error):
            return -1
        return version if is_right(version, values) else -1

    def ask_rest(self, timeout=10):
        try:
            if not self.rest:
                self.rest = http.client.HTTPConnection("127.0.0.1", self.http, timeout=timeout)
            self.rest.request("POST", "/v2/models/m/infer", REST_REQUEST)
            reply = self.rest.getresponse()
            body = reply.read()
        except (OSError, http.client.HTTPException):
            self.rest = None
            return 0
        if reply.status != 200:
            return 0
        try:
            document = json.loads(body)
            version, values = int(document["model_version"]), document["outputs"][0]["data"]
        except (KeyError, ValueError, IndexError):
            return -1
        return version if is_right(version, values) else -1

    def wait_answer(self, version=None, seconds=10):
        """Until both protocols answer, from that version if one is named."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            answers = (self.ask_grpc(), self.ask_rest())
            if all(a > 0 and version in (None, a) for a in answers):
                return True
            if -1 in answers or self.process.poll() is not None:
                return False
            time.sleep(0.01)
        return False

    def stop(self, seconds=30):
        """The exit status; None: it had to be killed."""
        if self.channel:
            self.channel.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None
