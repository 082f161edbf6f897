# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""Plain HTTP for tests that have a server of grpcio_support with --http-port=0, and models that fit in a line."""

import json
import re
import struct
import urllib.error
import urllib.request

from grpcio_support import field

FLOAT, INT32, STRING, INT64 = 1, 6, 8, 7


def http_port(server):
    return int(re.search(r" port=(\d+)", server.wait("event=listening protocol=http")).group(1))


def ask(port, method, path, document=None, headers=None):
    """(code, document or text) of one request; document: bytes, or what becomes JSON."""
    body = document if document is None or isinstance(document, bytes) else json.dumps(document).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=body, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            code, text = reply.status, reply.read()
    except urllib.error.HTTPError as error:
        with error:
            code, text = error.code, error.read()
    try:
        return code, json.loads(text) if text else None
    except ValueError:
        return code, text


# --- ONNX by hand ---

def port(number, name, dims, element_type=FLOAT):
    """An input (11) or output (12) of a graph; dims None: of any shape."""
    shape = b"" if dims is None else field(2, b"".join(
        field(1, field(2, d) if isinstance(d, str) else field(1, d)) for d in dims))
    return field(number, field(1, name) + field(2, field(1, field(1, element_type) + shape)))


def node(op, inputs, outputs, *attributes):
    outputs = [outputs] if isinstance(outputs, str) else outputs
    return field(1, b"".join(field(1, i) for i in inputs) + b"".join(field(2, o) for o in outputs) + field(4, op) +
                 b"".join(attributes))


def scalar(name, value):
    return field(5, field(2, FLOAT) + field(8, name) + field(9, struct.pack("<f", value)))


def integers(name, *values):
    """A constant list of int64."""
    return field(5, field(1, len(values)) + field(2, INT64) + field(8, name) + field(9, struct.pack(f"<{len(values)}q", *values)))


def number(name, value):
    """An attribute of an int."""
    return field(5, field(1, name) + field(3, value) + field(20, 2))


def model(graph):
    return field(1, 8) + field(7, field(2, "g") + graph) + field(8, field(2, 13))


def half_plus_two():
    """y = x / 2 + 2 for [N, 1]."""
    return model(node("Mul", ["x", "a"], "m") + node("Add", ["m", "b"], "y") + scalar("a", 0.5) + scalar("b", 2.0) +
                 port(11, "x", ["N", 1]) + port(12, "y", ["N", 1]))
