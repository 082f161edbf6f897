# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""What the tests with Python's grpcio share: the server as a child, a few bytes of protobuf by hand, tiny ONNX models."""

import ctypes
import os
import pathlib
import re
import signal
import subprocess
import threading

PR_SET_PDEATHSIG = 1
WAIT_SECONDS = 60
REPORT = re.compile(r"ERROR: (Address|Leak)Sanitizer|runtime error:|WARNING: ThreadSanitizer|Assertion `")


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Server:
    """The real binary on a port that the kernel picks; stop() wants exit status 0 and a log without reports."""

    def __init__(self, binary, *flags):
        self.lines = []
        self.changed = threading.Condition()
        self.ended = False
        command = os.environ.get("INFERD_WRAP", "").split() + [binary, "--port=0", "--grpc-address=127.0.0.1", *flags]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, errors="replace",
                                        preexec_fn=die_with_parent)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.port = int(re.search(r" port=(\d+)", self.wait("event=listening")).group(1))
        self.target = f"127.0.0.1:{self.port}"
        self.wait("event=ready")

    def _read(self):
        for line in self.process.stderr:
            with self.changed:
                self.lines.append(line)
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def wait(self, text):
        """The first line with the text."""
        def found():
            return self.ended or any(text in line for line in self.lines)
        with self.changed:
            self.changed.wait_for(found, WAIT_SECONDS)
            for line in self.lines:
                if text in line:
                    return line
            raise AssertionError(f"no {text} in the log:\n" + "".join(self.lines[-50:]))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(WAIT_SECONDS)
        self.reader.join(WAIT_SECONDS)
        self.process.stderr.close()
        log = "".join(self.lines)
        if code != 0 or REPORT.search(log):
            raise AssertionError(f"the server ended with {code}:\n{log[-6000:]}")


# --- protobuf by hand ---


def varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, str):
        value = value.encode()
    return varint(number << 3 | 2) + varint(len(value)) + value


def parse(data):
    """{field number: [values]} of one message; only varints and bytes."""
    fields, at = {}, 0

    def read_varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(data):
        key = read_varint()
        value = read_varint()
        if key & 7 == 2:
            value, at = data[at:at + value], at + value
        elif key & 7 != 0:
            raise ValueError(f"wire type {key & 7}")
        fields.setdefault(key >> 3, []).append(value)
    return fields


def identity_model(element_type, rank=2):
    """ONNX: y = Identity(x) for one element type, all dimensions open."""
    def port(name):
        dims = b"".join(field(1, field(2, f"d{i}")) for i in range(rank))
        return field(1, name) + field(2, field(1, field(1, element_type) + field(2, dims)))
    node = field(1, "x") + field(2, "y") + field(3, "same") + field(4, "Identity")
    graph = field(1, node) + field(2, "identity") + field(11, port("x")) + field(12, port("y"))
    return field(1, 8) + field(7, graph) + field(8, field(2, 13))


def add_model(repository, name, model, config=""):
    folder = pathlib.Path(repository) / name / "1"
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(model)
    if config:
        (folder.parent / "config.pbtxt").write_text(config)
