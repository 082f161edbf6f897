#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""soak.py INFERD [--seconds=N]: mixed traffic over both protocols, cancelled calls, a version swapped every second and one
hostile request in a hundred, for N seconds (default 180; a release: 3600). Every answer is compared with what its
version gives. Memory, descriptors and threads are looked at every second; the slope of memory is that of a line through
the second half of the run. The last line is `RESULT seconds= requests= wrong= failed= hostile= cancelled= swaps=
rss_slope_mib_h= rss_growth_mib= fds= threads=`, the last two the most above what the first quarter needed.

It passes when nothing was wrong or failed, descriptors and threads stayed within a few of where they began, and memory
grew by less than 8 MiB over the second half.
"""

import pathlib
import random
import socket
import struct
import sys
import threading
import time

import grpc

from scene import GRPC_REQUEST, Repository, Server

GRPC_CLIENTS, REST_CLIENTS, HOSTILE_SHARE = 2, 2, 100


class Counts:
    def __init__(self):
        self.lock = threading.Lock()
        self.requests = self.wrong = self.failed = self.hostile = self.cancelled = self.swaps = 0

    def add(self, **more):
        with self.lock:
            for name, value in more.items():
                setattr(self, name, getattr(self, name) + value)


def hostile_bytes(draw):
    """Something that no honest client sends, and whether it goes to the HTTP port."""
    digits = b"[" * draw.randrange(1, 5000)
    kinds = [
        (True, b"POST /v2/models/m/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n" + digits),
        (True, b"POST /v2/models/m/infer HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(digits) + digits),
        (True, b"GET /v2/models/%2e%2e%2f%2e%2e/ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
        (True, b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: x\r\n\r\nffffffffffffffff\r\n"),
        (True, draw.randbytes(draw.randrange(1, 2000))),
        (False, draw.randbytes(draw.randrange(1, 2000))),
        (False, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + draw.randbytes(draw.randrange(1, 500))),
        (False, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + struct.pack(">I", 0x00FFFFFF)[:3] + bytes(6)),
    ]
    return draw.choice(kinds)


def attack(server, draw, counts):
    is_http, data = hostile_bytes(draw)
    try:
        with socket.create_connection(("127.0.0.1", server.http if is_http else server.port), 2) as connection:
            connection.settimeout(0.2)
            connection.sendall(data)
            connection.recv(1024)
    except OSError:
        pass
    counts.add(hostile=1)


def attack_call(server, draw, counts):
    """A well-formed call with a damaged message: an error, and no more."""
    message = bytearray(GRPC_REQUEST)
    for _ in range(draw.randrange(1, 6)):
        message[draw.randrange(len(message))] = draw.randrange(256)
    try:
        server.infer(bytes(message), timeout=5)
    except grpc.RpcError:
        pass
    counts.add(hostile=1)


def cancel(server, counts):
    call = server.infer.future(GRPC_REQUEST, timeout=10)
    call.cancel()
    counts.add(cancelled=1)


def client(server, seed, over_grpc, counts, end):
    draw = random.Random(seed)
    view = Viewer(server)
    while time.monotonic() < end:
        if draw.randrange(HOSTILE_SHARE) == 0:
            draw.choice([attack, attack_call])(server, draw, counts)
        elif over_grpc and draw.randrange(50) == 0:
            cancel(server, counts)
        else:
            answer = server.ask_grpc() if over_grpc else view.ask_rest()
            counts.add(requests=1, wrong=answer == -1, failed=answer == 0)


class Viewer(Server):
    """Another client of a server: a connection of its own."""

    def __init__(self, server):  # pylint: disable=super-init-not-called
        self.http, self.rest = server.http, None


def swapper(repository, counts, end):
    while time.monotonic() < end - 1:
        repository.publish()
        counts.add(swaps=1)
        time.sleep(1)


def sample(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    number = {line.split(":")[0]: line.split()[1] for line in status.splitlines() if ":" in line and line.split()[1:]}
    return int(number["VmRSS"]) / 1024, len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir())), int(number["Threads"])


def slope(samples):
    """MiB an hour of a line through (seconds, MiB)."""
    n = len(samples)
    if n < 3:
        return 0.0
    mean_t, mean_m = sum(t for t, _ in samples) / n, sum(m for _, m in samples) / n
    spread = sum((t - mean_t) ** 2 for t, _ in samples)
    return 3600 * sum((t - mean_t) * (m - mean_m) for t, m in samples) / spread


def main():
    seconds = next((int(a.split("=")[1]) for a in sys.argv[2:] if a.startswith("--seconds=")), 180)
    repository, counts = Repository(), Counts()
    repository.publish()
    server = Server(sys.argv[1], repository, "--repository-poll-secs=1")
    assert server.wait_answer(), "".join(server.lines)
    begin, end = time.monotonic(), time.monotonic() + seconds
    threads = [threading.Thread(target=client, args=(server, i, i < GRPC_CLIENTS, counts, end))
               for i in range(GRPC_CLIENTS + REST_CLIENTS)]
    threads.append(threading.Thread(target=swapper, args=(repository, counts, end)))
    for thread in threads:
        thread.start()
    memory, descriptors, thread_counts = [], [], []
    while time.monotonic() < end and server.process.poll() is None:
        time.sleep(1)
        rss, fds, count = sample(server.process.pid)
        memory.append((time.monotonic() - begin, rss))
        descriptors.append(fds)
        thread_counts.append(count)
    for thread in threads:
        thread.join()
    alive = server.wait_answer()
    code = server.stop()
    repository.remove()
    late = memory[len(memory) // 2:]
    growth = max(m for _, m in late) - late[0][1]
    early = max(1, len(descriptors) // 4)
    fds = max(descriptors[early:], default=0) - max(descriptors[:early])
    many = max(thread_counts[early:], default=0) - max(thread_counts[:early])
    print(f"RESULT seconds={seconds} requests={counts.requests} wrong={counts.wrong} failed={counts.failed} "
          f"hostile={counts.hostile} cancelled={counts.cancelled} swaps={counts.swaps} "
          f"rss_slope_mib_h={slope(late):.1f} rss_growth_mib={growth:.1f} fds={fds} threads={many}")
    good = alive and code == 0 and not counts.wrong and not counts.failed and growth < 8 and fds < 30 and many < 5
    if not good:
        print(f"alive={alive} exit={code}")
        print("".join(server.lines[-20:]))
    print(f"{int(good)} passed, {int(not good)} failed, 0 skipped")
    sys.exit(0 if good else 1)


main()
