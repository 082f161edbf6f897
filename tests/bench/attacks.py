#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""attacks.py BUILD [NAME ...]: hostile clients, one after the other, each against a server of its own and beside an
honest client of constant rate. The last line is `RESULT attacks= survived= honest_p99_worst=`.

An attack is survived when the server lives, no call of the honest client fails, a new client is answered afterwards,
resident memory rose by at most 64 MiB over what the honest load takes, and is back within 32 MiB of it after the attack.
The p99 is compared with the same client's before and after the attack, in the same run: the larger of both, since the
machine may be shared. Attackers run for SECONDS in processes of their own.
"""

import json
import multiprocessing
import os
import pathlib
import random
import re
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import zlib

import wire

SECONDS, RATE, PEAK_MIB, BACK_MIB = 3.0, 150, 64, 32
INFER, LIVE = "/inference.GRPCInferenceService/ModelInfer", "/inference.GRPCInferenceService/ServerLive"
SAMPLES = "deploy/samples/models"
DESCRIPTORS = 512


# --- the server and the honest client ---

def first_in_line():
    """Other work on the machine is not what is measured; without the right to say so it is."""
    try:
        os.nice(-10)
    except OSError:
        pass


class Server:
    def __init__(self, build, *flags, descriptors=None, repository=SAMPLES):
        def prepare():
            first_in_line()
            if descriptors:
                resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
        self.build, self.lines = build, []
        self.process = subprocess.Popen(
            [f"{build}/server/inferd", f"--model-repository={repository}", "--port=0", "--grpc-address=127.0.0.1",
             "--http-port=0", "--http-address=127.0.0.1", *flags], stderr=subprocess.PIPE, text=True, errors="replace",
            preexec_fn=prepare)
        self.port = self.http = None
        for line in self.process.stderr:
            found = re.search(r"event=listening (protocol=http )?port=(\d+)", line)
            if found and found[1]:
                self.http = int(found[2])
            elif found:
                self.port = int(found[2])
            if "event=ready" in line:
                break
        threading.Thread(target=self.process.stderr.read, daemon=True).start()

    def status(self, name):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{name}:\s+(\d+)", text)[1]) / 1024

    def reset_peak(self):
        pathlib.Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def stop(self):
        """Whether it ended as it should."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(60) == 0
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return False


def honest(server, seconds):
    """p99 in ms, and how many calls failed."""
    run = subprocess.run([f"{server.build}/clients/inferctl/inferctl", "bench", "digits", "--server",
                          f"127.0.0.1:{server.port}", "--rate", str(RATE), "--duration", str(seconds), "--warm-up", "0.3",
                          "--timeout", "20", "--json"], capture_output=True, text=True, check=False,
                         preexec_fn=first_in_line)
    result = json.loads(run.stdout)
    if "latency_ms" not in result:
        return float("inf"), 1
    return result["latency_ms"]["p99"], result["failed"] + result["missed"]


# --- what attackers have in common ---

def until_end():
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        yield end


def push(connection, data):
    """Sends all of it; false: the server has had enough, which is its right."""
    try:
        connection.sendall(data)
        return True
    except OSError:
        return False


def drain(connection):
    """Throws away what has come."""
    connection.setblocking(False)
    try:
        while connection.recv(1 << 16):
            pass
    except OSError:
        pass
    connection.settimeout(10)


def flood(opening, piece, port_of, read=True):
    """One connection after the other, each full of the same piece."""
    def attack(server):
        for end in until_end():
            try:
                connection = wire.connect(port_of(server))
                connection.settimeout(2)
            except OSError:
                continue
            good = push(connection, opening)
            while good and time.monotonic() < end:
                good = push(connection, piece)
                if read:
                    drain(connection)
                    connection.settimeout(2)
            connection.close()
    return attack


def grpc_port(server):
    return server.port


def http_port(server):
    return server.http


def varint(value):
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out) + bytes((value,))


def field(number, value):
    return varint(number << 3 | 2) + varint(len(value)) + value


def unary(server, path, body, compressed=0, more=(), wait=2.0):
    """One call, its end waited for; what the server sent. Bodies go out as the window allows, or not at all."""
    connection = wire.open_h2(server.port)
    connection.settimeout(wait)
    data = wire.message(body, compressed)
    out = wire.frame(wire.HEADERS, wire.END_HEADERS, 1, wire.request(path, *more))
    connection.sendall(out)
    window, room, at, got = 65535, 65535, 0, b""
    try:
        while at < len(data):
            size = min(16384, len(data) - at, window, room)
            if size > 0:
                last = at + size == len(data)
                connection.sendall(wire.frame(wire.DATA, wire.END_STREAM if last else 0, 1, data[at:at + size]))
                at, window, room = at + size, window - size, room - size
                continue
            new = connection.recv(1 << 16)
            if not new:
                break
            got += new
            window = room = 65535 - at
            for kind, _, stream, payload in wire.frames_of(got):
                if kind == wire.WINDOW and stream:
                    window += int.from_bytes(payload, "big")
                elif kind == wire.WINDOW:
                    room += int.from_bytes(payload, "big")
                elif kind == wire.RST or (kind == wire.HEADERS and at < len(data)):
                    return got
        while True:
            new = connection.recv(1 << 16)
            if not new:
                break
            got += new
            if any(kind == wire.HEADERS and flags & wire.END_STREAM for kind, flags, _, _ in wire.frames_of(got)):
                break
    except OSError:
        pass
    finally:
        connection.close()
    return got


def repeat_call(path, body, compressed=0, more=()):
    def attack(server):
        for _ in until_end():
            try:
                unary(server, path, body, compressed, more)
            except OSError:
                pass
    return attack


def post(server, path, body, headers=b""):
    try:
        connection = wire.connect(server.http)
        connection.settimeout(5)
        connection.sendall(b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n%sConnection: close\r\n\r\n" %
                           (path, len(body), headers))
        push(connection, body)
        while connection.recv(1 << 16):
            pass
        connection.close()
    except OSError:
        pass


def repeat_post(path, body, headers=b""):
    def attack(server):
        for _ in until_end():
            post(server, path, body, headers)
    return attack


# --- rows 1 to 3: models and messages ---

def hostile_models(server):
    good = pathlib.Path(f"{SAMPLES}/digits/1/model.onnx").read_bytes()
    chance = random.Random(1)
    number = 0
    for _ in until_end():
        damaged = bytearray(good)
        for _ in range(chance.randrange(1, 40)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        folder = pathlib.Path(server.repository) / f"bad{number % 20}" / "1"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "new").write_bytes(damaged[:chance.randrange(1, len(damaged))] if number % 3 == 0 else damaged)
        (folder / "new").rename(folder / "model.onnx")
        number += 1
        time.sleep(0.02)


def nested(levels):
    """Groups and messages inside each other, innermost first."""
    body = b""
    for _ in range(levels):
        body = field(5, body)
        if len(body) > 60000:
            break
    return body


# --- rows 4 and 5: floods over HTTP/2 ---

def rapid_reset(connections, read=True):
    def one(server):
        block = wire.request(LIVE)
        for end in until_end():
            try:
                connection = wire.open_h2(server.port)
            except OSError:
                continue
            connection.settimeout(2)
            stream, good = 1, True
            while good and time.monotonic() < end and stream < 1 << 30:
                data = bytearray()
                for _ in range(200):
                    data += wire.frame(wire.HEADERS, wire.END_HEADERS, stream, block)
                    data += wire.frame(wire.RST, 0, stream, b"\0\0\0\x08")
                    stream += 2
                good = push(connection, data)
                if read:
                    drain(connection)
                    connection.settimeout(2)
            connection.close()

    def attack(server):
        threads = [threading.Thread(target=one, args=(server,)) for _ in range(connections)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return attack


def stream_flood(server):
    """Streams that stay open without a body, past the limit, settings never acknowledged."""
    for end in until_end():
        try:
            connection = wire.open_h2(server.port, acknowledge=False)
        except OSError:
            continue
        connection.settimeout(2)
        stream, good = 1, True
        block = wire.request(INFER)
        while good and time.monotonic() < end and stream < 40000:
            data = b"".join(wire.frame(wire.HEADERS, wire.END_HEADERS, stream + 2 * i, block) for i in range(100))
            stream += 200
            good = push(connection, data)
            drain(connection)
            connection.settimeout(2)
        connection.close()


def header_flood(total, piece):
    def attack(server):
        for end in until_end():
            try:
                connection = wire.open_h2(server.port)
            except OSError:
                continue
            connection.settimeout(2)
            block = wire.request(LIVE) + b"\x00" + wire.integer(1, 7, 0) + b"x" + wire.integer(total, 7, 0)
            good = push(connection, wire.frame(wire.HEADERS, 0, 1, block))
            sent = 0
            while good and sent < total and time.monotonic() < end:
                good = push(connection, wire.frame(wire.CONTINUATION, 0, 1, b"a" * piece) * max(1, 65536 // (piece + 9)))
                sent += piece * max(1, 65536 // (piece + 9))
                drain(connection)
                connection.settimeout(2)
            connection.close()
    return attack


def empty_data(server):
    block = wire.frame(wire.HEADERS, wire.END_HEADERS, 1, wire.request(INFER))
    flood(wire.PREFACE + wire.frame(wire.SETTINGS) + wire.frame(wire.SETTINGS, wire.ACK) + block,
          wire.frame(wire.DATA, 0, 1) * 1000, grpc_port)(server)


def cancels(server):
    """Whole requests that are cancelled at once."""
    tensor = pathlib.Path(SAMPLES)  # any body: most are gone before it is read
    body = wire.message(field(1, b"digits") + field(7, b"\0" * 256))
    assert tensor
    for end in until_end():
        try:
            connection = wire.open_h2(server.port)
        except OSError:
            continue
        connection.settimeout(2)
        stream, good = 1, True
        while good and time.monotonic() < end:
            data = bytearray()
            for _ in range(50):
                data += wire.frame(wire.HEADERS, wire.END_HEADERS, stream, wire.request(INFER))
                data += wire.frame(wire.DATA, wire.END_STREAM, stream, body)
                data += wire.frame(wire.RST, 0, stream, b"\0\0\0\x08")
                stream += 2
            good = push(connection, data)
            drain(connection)
            connection.settimeout(2)
        connection.close()


# --- rows 6 to 9: connections ---

def hold(count, opening, port_of, trickle=b"", every=0.25):
    """Many connections that say little or nothing."""
    def attack(server):
        resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
        held = []
        for end in until_end():
            while len(held) < count and time.monotonic() < end:
                try:
                    connection = wire.connect(port_of(server), 1)
                    push(connection, opening)
                    held.append(connection)
                except OSError:
                    break
            for connection in held if trickle else ():
                push(connection, trickle)
            time.sleep(every)
        for connection in held:
            connection.close()
    return attack


def descriptor_storm(server):
    hold(5 * DESCRIPTORS, b"", grpc_port)(server)


def closed_window(server):
    """Asks for large answers and never opens the window: raw frames, initial window 0."""
    tensor = field(1, b"x") + field(2, b"FP32") + b"\x18\x01\x18\x80\x80\x10"
    body = field(1, b"identity_any") + field(5, tensor) + field(7, b"\0" * (4 << 18))
    held = []
    for _ in until_end():
        if len(held) < 64:
            try:
                connection = wire.open_h2(server.port, settings=wire.setting(4, 0))
                connection.settimeout(5)
                connection.sendall(wire.frame(wire.HEADERS, wire.END_HEADERS, 1, wire.request(INFER)))
                data = wire.message(body)
                for at in range(0, 65535 - 16384, 16384):
                    connection.sendall(wire.frame(wire.DATA, 0, 1, data[at:at + 16384]))
                held.append(connection)
            except OSError:
                pass
        time.sleep(0.02)
    for connection in held:
        connection.close()


def unread_replies(server):
    """Over HTTP: asks on and on and never reads."""
    ask = b"GET /v2/models/digits HTTP/1.1\r\nHost: x\r\n\r\n"
    held = []
    for _ in until_end():
        if len(held) < 50:
            try:
                connection = wire.connect(server.http)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                connection.setblocking(False)
                held.append(connection)
            except OSError:
                pass
        for connection in held:
            try:
                connection.send(ask * 50)
            except OSError:
                pass
        time.sleep(0.01)
    for connection in held:
        connection.close()


def poisons(server):
    """Bad streams; a good one on the same connection must be answered."""
    bad = [("x", "a" * 9000), ("x-bin", "!"), ("te", "nothing"), ("grpc-timeout", "zzz"), ("X-UPPER", "1"),
           ("content-type", "text/html"), ("grpc-encoding", "lzma"), ("x", "a" * 20000)]
    lost = rounds = 0
    for _ in until_end():
        connection = wire.open_h2(server.port)
        connection.settimeout(5)
        got = b""
        try:
            while not any(kind == wire.SETTINGS and flags & wire.ACK for kind, flags, _, _ in wire.frames_of(got)):
                got += connection.recv(1 << 16)
            pair = bad[rounds % len(bad)]
            connection.sendall(wire.frame(wire.HEADERS, wire.END_HEADERS, 1, wire.request(INFER, pair)[:16000]
                                          if len(pair[1]) < 16000 else wire.request(INFER)))
            connection.sendall(wire.frame(wire.HEADERS, wire.END_HEADERS, 3, wire.request(LIVE)) +
                               wire.frame(wire.DATA, wire.END_STREAM, 3, wire.message()))
            while not any(stream == 3 and kind == wire.DATA for kind, _, stream, _ in wire.frames_of(got)):
                new = connection.recv(1 << 16)
                if not new:
                    raise OSError("closed")
                got += new
        except OSError:
            lost += 1
        rounds += 1
        connection.close()
        time.sleep(0.005)
    if lost:
        print(f"   {lost} of {rounds} good streams were lost beside a bad one")
        sys.exit(1)


# --- over HTTP/1.1 ---

def chunks(server):
    flood(b"POST /v2/models/digits/infer HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n" * 2000,
          http_port)(server)


def pipelined(server):
    flood(b"", b"GET /v2/health/live HTTP/1.1\r\nHost: x\r\n\r\n" * 500, http_port)(server)


def noise(port_of):
    def attack(server):
        chance = random.Random(3)
        for _ in until_end():
            try:
                connection = wire.connect(port_of(server))
                connection.settimeout(1)
                push(connection, (wire.PREFACE if chance.random() < 0.5 else b"") + chance.randbytes(4000))
                connection.close()
            except OSError:
                pass
    return attack


def json_array(text, count):
    return b'{"inputs":[{"name":"image","datatype":"FP32","shape":[1,1,8,8],"data":[' + text * count + b"]}]}"


def gzip(body):
    maker = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(maker.compress(body) for _ in range(256)) + maker.flush()


MIB = b"\0" * (1 << 20)
HTTP_HEAD = b"POST /v2/models/digits/infer HTTP/1.1\r\nHost: x\r\n"
FIRST = wire.PREFACE + wire.frame(wire.SETTINGS) + wire.frame(wire.SETTINGS, wire.ACK)
REST_PATH = b"/v2/models/digits/infer"

# name, row of the table in the reference, attack
ATTACKS = [
    ("hostile_models", 1, hostile_models),
    ("nesting_protobuf", 2, repeat_call(INFER, nested(100000))),
    ("nesting_groups", 2, repeat_call(INFER, b"\x2b" * 200000)),
    ("nesting_json", 2, repeat_post(REST_PATH, b"[" * 1000000)),
    ("nesting_json_objects", 2, repeat_post(REST_PATH, b'{"a":' * 200000)),
    ("empty_inputs", 3, repeat_call(INFER, field(1, b"digits") + b"\x2a\0" * 500000)),
    ("empty_parameters", 3, repeat_call(INFER, field(1, b"digits") + b"\x22\0" * 300000)),
    ("typed_varints", 3, repeat_call(INFER, field(1, b"digits") + field(5, field(1, b"image") + field(2, b"FP32") +
                                                                    field(5, field(3, b"\x01" * 1000000))))),
    ("gzip_bomb", 3, repeat_call(INFER, gzip(MIB), 1, (("grpc-encoding", "gzip"),))),
    ("gzip_bomb_http", 3, repeat_post(REST_PATH, gzip(MIB), b"Content-Encoding: gzip\r\n")),
    ("long_json_array", 3, repeat_post(REST_PATH, json_array(b"0,", 2000000))),
    ("long_json_number", 3, repeat_post(REST_PATH, json_array(b"9" * 2000000, 1))),
    ("rapid_reset", 4, rapid_reset(1)),
    ("rapid_reset_unread", 4, rapid_reset(1, read=False)),
    ("rapid_reset_many", 4, rapid_reset(20)),
    ("cancels", 4, cancels),
    ("open_streams", 4, stream_flood),
    ("one_long_header", 5, header_flood(16 << 20, 16384)),
    ("continuations", 5, header_flood(1 << 20, 1)),
    ("pings", 5, flood(FIRST, wire.frame(wire.PING, 0, 0, b"12345678") * 1000, grpc_port)),
    ("settings", 5, flood(FIRST, wire.frame(wire.SETTINGS, 0, 0, wire.setting(4, 65535)) * 1000, grpc_port)),
    ("empty_data", 5, empty_data),
    ("window_updates", 5, flood(FIRST, wire.frame(wire.WINDOW, 0, 0, b"\0\0\0\x01") * 1000, grpc_port)),
    ("http_headers", 5, flood(b"GET /v2 HTTP/1.1\r\n", b"X-A: " + b"b" * 1000 + b"\r\n", http_port)),
    ("http_chunks", 5, chunks),
    ("http_pipelined", 5, pipelined),
    ("descriptor_storm", 6, descriptor_storm),
    ("poisoned_streams", 7, poisons),
    ("silent", 8, hold(2000, b"", grpc_port)),
    ("silent_http", 8, hold(2000, b"", http_port)),
    ("slow_preface", 8, hold(500, b"PRI", grpc_port, b" ")),
    ("slow_heads", 8, hold(500, b"GET /v2 HTTP/1.1\r\nX-A: ", http_port, b"b")),
    ("slow_bodies", 8, hold(500, HTTP_HEAD + b"Content-Length: 1000000\r\n\r\n", http_port, b" ")),
    ("closed_windows", 8, closed_window),
    ("unread_replies", 8, unread_replies),
    ("idle", 9, hold(3000, FIRST, grpc_port)),
    ("idle_http", 9, hold(2000, b"GET /v2/health/live HTTP/1.1\r\nHost: x\r\n\r\n", http_port)),
    ("noise", 8, noise(grpc_port)),
    ("noise_http", 8, noise(http_port)),
]


def wait_back(server, base):
    """Resident memory once the attack is over, MiB above the base; given a few seconds to fall."""
    end = time.monotonic() + 6
    while server.status("VmRSS") - base > BACK_MIB and time.monotonic() < end:
        time.sleep(0.2)
    return server.status("VmRSS") - base


def run_one(build, name, attack):
    """(why it was not survived, or None; ratio of p99s)"""
    with tempfile.TemporaryDirectory() as folder:
        repository, flags = SAMPLES, ["--grpc-handshake-timeout=5000"]
        if name == "hostile_models":
            repository = f"{folder}/models"
            shutil.copytree(SAMPLES, repository)
            flags += ["--file-system-poll-wait-seconds=1"]
        server = Server(build, *flags, descriptors=DESCRIPTORS if name == "descriptor_storm" else None,
                        repository=repository)
        server.repository = repository
        before, failed_before = honest(server, 2)
        base = server.status("VmRSS")
        server.reset_peak()
        attacker = multiprocessing.Process(target=attack, args=(server,))
        attacker.start()
        during, failed = honest(server, SECONDS - 0.5)
        attacker.join(SECONDS * 4)
        late = attacker.is_alive()
        if late:
            attacker.kill()
        attacker.join()
        alive = server.process.poll() is None
        peak, back = (server.status("VmHWM") - base, wait_back(server, base)) if alive else (0, 0)
        after, failed_after = honest(server, 1.5) if alive else (float("inf"), 1)
        ratio = during / max(before, after)
        reasons = [text for bad, text in (
            (not alive, "the server ended"), (failed, f"{failed} honest calls failed"),
            (failed_before or failed_after, "honest calls failed before or after"), (attacker.exitcode, "the attacker saw harm"),
            (peak > PEAK_MIB, f"memory rose by {peak:.0f} MiB"), (back > BACK_MIB, f"{back:.0f} MiB stayed")) if bad]
        if alive and not server.stop():
            reasons.append("it did not end in order")
        print(f"{name:<22} p99 {before:6.2f} / {during:6.2f} / {after:6.2f} ms  ratio {ratio:5.2f}  "
              f"memory +{peak:.0f}, then +{back:.0f} MiB  {'survived' if not reasons else '; '.join(reasons)}", flush=True)
        return not reasons, ratio


def main(build, *names):
    multiprocessing.set_start_method("fork")
    print(subprocess.run([f"{build}/server/inferd", "--version"], capture_output=True, text=True, check=True).stdout, end="")
    print(f"honest client: {RATE} calls a second; p99 before / during / after the attack")
    results = [run_one(build, name, attack) for name, _, attack in ATTACKS if not names or name in names]
    ratios = [ratio for _, ratio in results]
    print(f"median ratio {statistics.median(ratios):.2f}")
    print(f"RESULT attacks={len(results)} survived={sum(good for good, _ in results)} honest_p99_worst={max(ratios):.2f}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
