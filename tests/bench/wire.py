# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""HTTP/2 by hand, as far as an attacker needs it: frames, and header blocks without Huffman codes or a table."""

import socket
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST, SETTINGS, PING, GOAWAY, WINDOW, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
END_STREAM, ACK, END_HEADERS = 1, 1, 4


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes((kind, flags)) + struct.pack(">I", stream) + payload


def integer(value, bits, first):
    most = (1 << bits) - 1
    if value < most:
        return bytes((first | value,))
    out, value = bytearray((first | most,)), value - most
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out) + bytes((value,))


def header(name, value):
    name, value = (x if isinstance(x, bytes) else x.encode() for x in (name, value))
    return b"\x00" + integer(len(name), 7, 0) + name + integer(len(value), 7, 0) + value


def request(path, *more):
    return b"".join(header(*pair) for pair in (
        (":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "x"), ("te", "trailers"),
        ("content-type", "application/grpc"), *more))


def message(body=b"", compressed=0):
    return struct.pack(">BI", compressed, len(body)) + body


def connect(port, timeout=10):
    made = socket.create_connection(("127.0.0.1", port), timeout)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def open_h2(port, settings=b"", acknowledge=True, timeout=10):
    """A connection behind its preface; by default the server's settings are acknowledged."""
    made = connect(port, timeout)
    made.sendall(PREFACE + frame(SETTINGS, payload=settings))
    if acknowledge:
        made.sendall(frame(SETTINGS, ACK))
    return made


def setting(number, value):
    return struct.pack(">HI", number, value)


def frames_of(data):
    """(kind, flags, stream, payload) of each whole frame."""
    at = 0
    while at + 9 <= len(data):
        length = int.from_bytes(data[at:at + 3], "big")
        if at + 9 + length > len(data):
            return
        yield data[at + 3], data[at + 4], int.from_bytes(data[at + 5:at + 9], "big"), data[at + 9:at + 9 + length]
        at += 9 + length
