#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""failures.py INFERD PRELOAD [--points=N]: every n-th allocation and system call of the server's own code fails, in
start, load, inference, version swap and drain. N: at most so many points a phase, spread evenly (default: all).

A point is good when the server neither crashes nor hangs nor answers wrongly, ends as it should (start and load may be
refused, with a reason), answers rightly afterwards, and leaves no more memory behind than without the fault. The last
line is `RESULT points= crashes= hangs= wrong= leaks=`.
"""

import errno
import mmap
import os
import struct
import subprocess
import sys
import tempfile
import time

from scene import Repository, Server

KINDS = {"memory": 1, "calls": 2}
ERRORS = [errno.EIO, errno.EMFILE, errno.EINTR, errno.ENOMEM, errno.EACCES]


class Control:
    """The words that the preloaded library reads and writes."""
    NAMES = ["armed", "count", "fail_at", "failed", "error", "live"]

    def __init__(self):
        self.file = tempfile.NamedTemporaryFile(prefix="inferd-control-")
        self.file.write(bytes(4096))
        self.file.flush()
        self.memory = mmap.mmap(self.file.fileno(), 4096)
        self.env = {"FAIL_CONTROL": self.file.name}

    def __getitem__(self, name):
        return struct.unpack_from("<I", self.memory, 4 * self.NAMES.index(name))[0]

    def __setitem__(self, name, value):
        struct.pack_into("<I", self.memory, 4 * self.NAMES.index(name), value)

    def arm(self, kind, fail_at):
        self["armed"] = 0
        self["count"] = self["failed"] = 0
        self["error"] = ERRORS[fail_at % len(ERRORS)]
        self["fail_at"] = fail_at
        self["armed"] = KINDS[kind]

    def disarm(self):
        self["armed"] = 0
        return self["count"]


class Tally:
    def __init__(self):
        self.points = self.crashes = self.hangs = self.wrong = self.leaks = 0

    def bad(self, what, where):
        setattr(self, what, getattr(self, what) + 1)
        print(f"{what}: {where}", flush=True)


def spread(total, most):
    """1 to total, or so many of them."""
    if not most or most >= total:
        return list(range(1, total + 1))
    return sorted({1 + i * total // most for i in range(most)})


# --- start and load: the program's dry run, once a point ---

def check_once(program, repository, control, kind, fail_at):
    control["live"] = 0
    control.arm(kind, fail_at)
    try:
        run = subprocess.run([program, "--check", "--sandbox=off", f"--model-repository={repository.path}"],
                             env={**os.environ, **control.env, "LD_PRELOAD": PRELOAD}, capture_output=True, text=True,
                             errors="replace", timeout=60, check=False)
    except subprocess.TimeoutExpired:
        return None, "", 0, 0
    return run.returncode, run.stdout + run.stderr, control.disarm(), control["live"]


def fail_start(program, kind, points, tally):
    repository, control = Repository(), Control()
    repository.publish()
    code, text, total, live = check_once(program, repository, control, kind, 0)
    assert code == 0, text
    for n in spread(total, points):
        where = f"start, {kind} {n} of {total}"
        code, text, _, left = check_once(program, repository, control, kind, n)
        tally.points += 1
        if code is None:
            tally.bad("hangs", where)
        elif code not in (0, 1, 2) or (code and not text.strip()):
            tally.bad("crashes", f"{where}: exit {code}: {text[-300:]}")
        elif left > live:
            tally.bad("leaks", f"{where}: {left - live} blocks")
    repository.remove()
    return total


# --- a server that lives through many faults ---

def serve(program, control, repository):
    server = Server(program, repository, "--sandbox=off", "--repository-poll-secs=1", "--exit-timeout-secs=5",
                    env={**control.env, "LD_PRELOAD": PRELOAD})
    assert server.wait_answer(), "".join(server.lines)
    return server


def infer(server, _):
    return [server.ask_grpc(), server.ask_rest()]


def swap(server, repository):
    """Publishes a version and asks until it answers, for a while: it may have failed to load."""
    repository.publish()
    answers, end = [], time.monotonic() + 0.4
    while time.monotonic() < end and (not answers or answers[-1] != repository.newest):
        answers += [server.ask_rest()]
    return answers


def fail_serving(program, kind, phase, points, tally):
    repository, control = Repository(), Control()
    repository.publish()
    server = serve(program, control, repository)
    for _ in range(5):
        phase(server, repository)
    total = 0
    for _ in range(3):
        control.arm(kind, 0)
        phase(server, repository)
        total = max(total, control.disarm())
    for n in spread(total, points):
        where = f"{phase.__name__}, {kind} {n} of {total}"
        control.arm(kind, n)
        answers = phase(server, repository)
        control.disarm()
        tally.points += 1
        if -1 in answers:
            tally.bad("wrong", where)
        if server.process.poll() is not None:
            tally.bad("crashes", f"{where}: exit {server.process.returncode}: {''.join(server.lines[-3:])}")
            server = serve(program, control, repository)
        elif not server.wait_answer(seconds=20):
            tally.bad("hangs", f"{where}: no answer afterwards: {''.join(server.lines[-3:])}")
            server.stop()
            server = serve(program, control, repository)
    if server.stop() != 0:
        tally.bad("crashes", f"{phase.__name__}, {kind}: the end")
    repository.remove()
    return total


def fail_drain(program, kind, points, tally):
    repository, control = Repository(), Control()
    repository.publish()
    total, live = 0, None
    for n in [0] + spread(200, points or 40):
        if n > total and n:
            break
        control["live"] = 0
        server = serve(program, control, repository)
        control.arm(kind, n)
        code = server.stop()
        made = control.disarm()
        total = made if n == 0 else total
        where = f"drain, {kind} {n} of {total}"
        live = control["live"] if live is None else live
        tally.points += n > 0
        if code is None:
            tally.bad("hangs", where)
        elif code != 0:
            tally.bad("crashes", f"{where}: exit {code}: {''.join(server.lines[-3:])}")
        elif control["live"] > live:
            tally.bad("leaks", f"{where}: {control['live'] - live} blocks")
    repository.remove()
    return total


def main():
    program = sys.argv[1]
    points = next((int(a.split("=")[1]) for a in sys.argv[3:] if a.startswith("--points=")), 0)
    tally = Tally()
    for kind in KINDS:
        print(f"start, {kind}: {fail_start(program, kind, points, tally)} calls", flush=True)
        for phase in (infer, swap):
            print(f"{phase.__name__}, {kind}: {fail_serving(program, kind, phase, points, tally)} calls", flush=True)
        print(f"drain, {kind}: {fail_drain(program, kind, points and max(1, points // 8), tally)} calls", flush=True)
    print(f"RESULT points={tally.points} crashes={tally.crashes} hangs={tally.hangs} wrong={tally.wrong} "
          f"leaks={tally.leaks}")
    bad = tally.crashes + tally.hangs + tally.wrong + tally.leaks
    print(f"{int(not bad)} passed, {int(bool(bad))} failed, 0 skipped")
    sys.exit(1 if bad else 0)


PRELOAD = os.path.abspath(sys.argv[2]) if len(sys.argv) > 2 else ""
main()
