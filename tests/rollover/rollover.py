#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""rollover.py BUILD [--short] [PART ...]: change under load; the last line is `RESULT requests= failed= mixed= swaps= kills=`.

restarts  one server after the other on one inherited socket, SIGTERM to the old one as soon as the new one is ready,
          under a closed loop of calls without a retry policy (gRPC itself still sends again what a connection that was
          told to go away has never put on the wire; with that off too, about one call in 10 hand-overs is lost in the client)
swaps     versions come by rename and go again (roll-backs), every answer checked against the version that it names
kills     SIGKILL at random points to whoever publishes or to the server; what is served afterwards must be a version
          that was published whole

--short: a tenth of it. It fails when anything failed, was mixed or half published.
"""

import hashlib
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

REQUESTS, SWAPS, KILLS, RESTARTS = 1000000, 1000, 1000, 100
CHUNK, FILLER = 256, 4000  # bytes written at a time; a model is a few chunks long


# --- a model that tells its version ---

def varint(value):
    out = bytearray()
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out) + bytes((value,))


def number(field, value):
    return varint(field << 3) + varint(value)


def text(field, value):
    value = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(value)) + value


def port_of_graph(name):
    dims = text(1, text(2, "N")) + text(1, number(1, 4))
    return text(1, name) + text(2, text(1, number(1, 1) + text(2, dims)))


def model(version):
    """y = x + 1000 * version, with a text in it that makes it some chunks long."""
    constant = number(2, 1) + text(8, "c") + text(9, struct.pack("<f", 1000.0 * version))
    node = text(1, "x") + text(1, "c") + text(2, "y") + text(4, "Add")
    graph = text(1, node) + text(2, "g") + text(5, constant) + text(11, port_of_graph("x")) + text(12, port_of_graph("y"))
    return number(1, 8) + text(6, "t" * FILLER) + text(7, graph) + text(8, number(2, 13))


def write_slowly(path, data):
    with open(path, "wb", buffering=0) as file:
        for at in range(0, len(data), CHUNK):
            file.write(data[at:at + CHUNK])
        os.fsync(file.fileno())


def publish_by_rename(folder, version):
    staging = folder.parent.parent / f"staging-{version}"
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir()
    write_slowly(staging / "model.onnx", model(version))
    staging.rename(folder / str(version))


def publish_in_place(folder, version):
    """The files first, then the list of their digests."""
    place = folder / str(version)
    place.mkdir(exist_ok=True)
    write_slowly(place / "model.onnx", model(version))
    digest = hashlib.sha256(model(version)).hexdigest()
    write_slowly(place / "manifest.new", f"{digest}  model.onnx\n".encode())
    (place / "manifest.new").rename(place / "manifest.sha256")


def is_whole(folder, version):
    path = folder / str(version) / "model.onnx"
    return path.exists() and path.read_bytes() == model(version)


# --- servers and clients ---

class Server:
    """On a socket of ours, which it inherits."""

    def __init__(self, build, repository, listening, wait=True):
        def inherit():
            os.dup2(listening.fileno(), 3)
            os.set_inheritable(3, True)  # where it was 3 already
        self.lines, self.ready = [], threading.Event()
        command = f"LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=grpc exec {build}/server/inferd --model-repository={repository}"
        self.process = subprocess.Popen(
            ["sh", "-c", f"{command} --file-system-poll-wait-seconds=1 --grpc-address=127.0.0.1 --metrics-port=-1"],
            stderr=subprocess.PIPE, text=True, preexec_fn=inherit, close_fds=False)
        threading.Thread(target=self.read, daemon=True).start()
        if wait and not self.ready.wait(60):
            raise SystemExit("the server did not start:\n" + "".join(self.lines))

    def read(self):
        for line in self.process.stderr:
            self.lines.append(line)
            if "event=ready" in line:
                self.ready.set()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(120) != 0:
            raise SystemExit(f"a server ended with {self.process.returncode}:\n" + "".join(self.lines[-20:]))

    def kill(self):
        self.process.kill()
        self.process.wait()


class Client:
    def __init__(self, build, port, outstanding, connections, calls):
        self.process = subprocess.Popen(
            [f"{build}/tests/rollover/rollover_client", f"127.0.0.1:{port}", str(outstanding), str(connections), str(calls)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.version, self.result, self.changed = 0, None, threading.Condition()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            with self.changed:
                if line.startswith("version "):
                    self.version = int(line.split()[1])
                else:
                    self.result = json.loads(line)
                self.changed.notify_all()

    def wait_version(self, version):
        with self.changed:
            return self.changed.wait_for(lambda: self.version == version or self.result, 60) and self.version == version

    def end(self):
        self.process.stdin.close()
        self.process.wait(300)
        self.reader.join()
        return self.result


def listen():
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(4096)
    return listening, listening.getsockname()[1]


def add(totals, result, name):
    for key in ("requests", "failed", "mixed"):
        totals[key] += result[key]
    print(f"{name}: {result['requests']} requests, {result['failed']} failed, {result['mixed']} mixed"
          + (f" (first: {result['first_error']})" if result["failed"] else ""), flush=True)


# --- the three parts ---

def restarts(build, folder, totals, scale):
    listening, port = listen()
    publish_by_rename(folder, 1)
    server, count, longest = Server(build, folder.parent, listening), 0, 0.0
    client = Client(build, port, 32, 4, REQUESTS // scale)
    while client.process.poll() is None:
        fresh, begun = Server(build, folder.parent, listening), time.monotonic()
        server.stop()
        longest, count, server = max(longest, time.monotonic() - begun), count + 1, fresh
        if count >= RESTARTS // scale:
            client.process.wait(600)
    result = client.end()
    server.stop()
    add(totals, result, f"restarts: {count} hand-overs, the slowest {longest:.2f} s")
    return count > 0


def swaps(build, folder, totals, scale):
    listening, port = listen()
    publish_by_rename(folder, 1)
    publish_by_rename(folder, 2)
    aside = folder.parent.parent / "aside"
    server, done = Server(build, folder.parent, listening), 0
    client = Client(build, port, 8, 2, 0)
    client.wait_version(2)
    while done < SWAPS // scale:
        version = done % 2 + 1  # back to 1, then 2 again
        if version == 1:
            (folder / "2").rename(aside)
        else:
            aside.rename(folder / "2")
        if not client.wait_version(version):
            print(f"version {version} was not served within a minute", flush=True)
            totals["failed"] += 1
            break
        done += 1
    result = client.end()
    server.stop()
    totals["swaps"] = done
    add(totals, result, f"swaps: {done}")


def publish_child(folder, version, in_place):
    child = os.fork()
    if child == 0:
        try:
            (publish_in_place if in_place else publish_by_rename)(folder, version)
        finally:
            os._exit(0)
    return child


def ask(build, port, totals, folder):
    """What is served now; counts it as mixed when that was never published whole."""
    client = Client(build, port, 1, 1, 1)
    result = client.end()
    totals["requests"] += result["requests"]
    totals["mixed"] += result["mixed"]
    if not result["failed"] and not is_whole(folder, client.version):
        print(f"version {client.version} is served and was not published whole", flush=True)
        totals["mixed"] += 1
    return not result["failed"]


def answers_again(build, port, totals, folder):
    """A half version that is the newest is refused, and without it the last whole one is served."""
    newest = max(int(path.name) for path in folder.iterdir())
    if is_whole(folder, newest):
        return False
    shutil.rmtree(folder / str(newest))
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if ask(build, port, totals, folder):
            return True
        time.sleep(0.2)
    return False


def kills(build, folder, totals, scale):
    listening, port = listen()
    chance = random.Random(7)
    publish_by_rename(folder, 1)
    server, done, version = Server(build, folder.parent, listening), 0, 1
    while done < KILLS // scale:
        version += 1
        child = publish_child(folder, version, in_place=version % 2 == 0)
        if done % 2 == 0:  # the publisher
            time.sleep(chance.uniform(0, 0.004))
            os.kill(child, signal.SIGKILL)
        else:
            time.sleep(chance.uniform(0, 0.04))
            server.kill()
            server = Server(build, folder.parent, listening, wait=False)
        os.waitpid(child, 0)
        done += 1
        if done % 5 == 0:
            if not server.ready.wait(60) or not (ask(build, port, totals, folder) or
                                                 answers_again(build, port, totals, folder)):
                print("no answer after a kill:\n" + "".join(server.lines[-5:]), flush=True)
                totals["failed"] += 1
            whole = [int(path.name) for path in folder.iterdir() if is_whole(folder, int(path.name))]
            for path in list(folder.iterdir()):  # the last whole one stays
                if int(path.name) < version - 6 and int(path.name) != max(whole, default=0):
                    shutil.rmtree(path, ignore_errors=True)
            if not any(is_whole(folder, int(path.name)) for path in folder.iterdir()):
                version += 1
                publish_by_rename(folder, version)
    server.kill()
    totals["kills"] = done
    print(f"kills: {done}, {totals['mixed']} half published so far", flush=True)


PARTS = {"restarts": restarts, "swaps": swaps, "kills": kills}


def main(build, *arguments):
    scale = 10 if "--short" in arguments else 1
    totals = {"requests": 0, "failed": 0, "mixed": 0, "swaps": 0, "kills": 0}
    for name in [name for name in arguments if name in PARTS] or PARTS:
        with tempfile.TemporaryDirectory() as place:
            folder = pathlib.Path(place) / "models" / "m"
            folder.mkdir(parents=True)
            PARTS[name](build, folder, totals, scale)
    print("RESULT " + " ".join(f"{key}={value}" for key, value in totals.items()))
    return 1 if totals["failed"] or totals["mixed"] else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    sys.exit(main(*sys.argv[1:]))
