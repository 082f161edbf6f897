#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""overload.py BUILD CACHE [--short] [--seconds N]: ten times what a ResNet-50 can serve, from three clients of three
priorities; the last line is `RESULT goodput= admitted_late= refuse_p99_ms=`.

Server on one core, clients on the other. Peak: a closed loop of 16, before and after. Then an open loop of ten times
that (Poisson, a deadline a call): goodput is answers in time a second over the peak; late is what was admitted and not
answered in time, by the client's clock; the server itself counts how long a refusal took, from headers to status. It
fails when health is not answered meanwhile, or memory grows.
"""

import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import threading
import time
import urllib.request

import bench

SHAPE, INPUT, MODEL = "1x3x224x224", "data", "resnet50"
TIMES, PATIENCE = 10, 16  # a call waits as long as that many take at peak
# name, priority, share of what is offered
CLASSES = [("urgent", 1, 0.04), ("normal", 0, 0.80), ("background", 3, 0.16)]
OK_SHARE, LATE_SHARE, REFUSE_MS, GROWTH_MIB, HEALTH_MS = 0.95, 0.01, 1.0, 64, 1000
DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, UNAVAILABLE = 4, 8, 14


def first_in_line(core, *command):
    """Other work on the machine is not what is measured; without the right to say so it is."""
    return bench.pinned(core, *(["nice", "-n", "-10"] if os.geteuid() == 0 else []), *command)


def client(port, seconds, outstanding, rate=None, deadline_ms=0, priority=0):
    open_loop = [f"{rate:.3f}", str(deadline_ms), str(priority)] if rate else []
    return first_in_line(bench.CLIENT_CORE, f"{bench.BUILD}/tests/bench/bench_client", f"127.0.0.1:{port}", MODEL, INPUT,
                        SHAPE, str(outstanding), "1", str(seconds), "sleep", *open_loop)


def run(command):
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def page(http):
    with urllib.request.urlopen(f"http://127.0.0.1:{http}/metrics", timeout=30) as reply:
        return reply.read().decode()


def refusals(http):
    """Upper bounds in ms and how many were at most that."""
    found = re.findall(r'^inferd_refusal_duration_seconds_bucket\{le="([^"]+)"\} (\d+)$', page(http), re.M)
    return [(float(bound) * 1e3, int(count)) for bound, count in found]


def percentile(before, after, share):
    """Within its bucket a percentile is taken to lie where an even spread would have it."""
    counts = [(bound, late - early) for (bound, late), (_, early) in zip(after, before)]
    total, low, below = counts[-1][1], 0.0, 0
    for bound, count in counts:
        if count >= share * total and count > below:
            return low + (min(bound, 1e9) - low) * (share * total - below) / (count - below)
        low, below = bound, count
    return 0.0


class Watch(threading.Thread):
    """Asks for health and looks at memory, ten times a second."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server, self.slowest_ms, self.failed, self.asked, self.resident = server, 0.0, 0, 0, []
        self.ended = threading.Event()

    def run(self):
        while not self.ended.wait(0.1):
            begun = time.monotonic()
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.server.http}/v2/health/live", timeout=5).close()
            except OSError:
                self.failed += 1
            self.asked += 1
            self.slowest_ms = max(self.slowest_ms, (time.monotonic() - begun) * 1e3)
            text = pathlib.Path(f"/proc/{self.server.process.pid}/status").read_text()
            self.resident.append(int(re.search(r"VmRSS:\s+(\d+)", text)[1]) / 1024)

    def stop(self):
        self.ended.set()
        self.join()


class Inferd(bench.Server):
    def __enter__(self):
        self.process = subprocess.Popen(first_in_line(bench.SERVER_CORE, *self.command), text=True, stderr=subprocess.PIPE)
        self.port = self.http = None
        for line in self.process.stderr:
            found = re.search(r"event=listening (protocol=http )?port=(\d+)", line)
            if found and found[1]:
                self.http = found[2]
            elif found:
                self.port = found[2]
            if "event=ready" in line:
                break
        threading.Thread(target=self.process.stderr.read, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(60)


def early(http):
    return int(re.search(r"^inferd_refused_early_total (\d+)$", page(http), re.M)[1])


def overload(server, peak, deadline_ms, seconds):
    """Results of the clients by class; refusals' p99; what the watch saw."""
    before, early_before, watch = refusals(server.http), early(server.http), Watch(server)
    watch.start()
    clients = [(name, subprocess.Popen(client(server.port, seconds, 4096, share * TIMES * peak, deadline_ms, priority),
                                       stdout=subprocess.PIPE, text=True)) for name, priority, share in CLASSES]
    results = {name: json.loads(process.communicate()[0]) for name, process in clients}
    watch.stop()
    after = refusals(server.http)
    print(f"refused {after[-1][1] - before[-1][1]}, of them {early(server.http) - early_before} on their headers")
    return results, percentile(before, after, 0.99), watch


def report(name, result):
    codes = result["codes"]
    others = sum(codes) - codes[DEADLINE_EXCEEDED] - codes[RESOURCE_EXHAUSTED] - codes[UNAVAILABLE]
    print(f"{name:<11} {result['calls']:>6} in time, {codes[DEADLINE_EXCEEDED]} late, "
          f"{codes[RESOURCE_EXHAUSTED] + codes[UNAVAILABLE]} refused, {others + result['missed']} otherwise; "
          f"p50 {result['p50_us'] / 1e3:.0f} ms, p99 {result['p99_us'] / 1e3:.0f} ms", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("cache")
    parser.add_argument("--short", action="store_true", help="half a minute in all")
    parser.add_argument("--seconds", type=float, default=180)
    wanted = parser.parse_args()
    bench.BUILD, bench.CACHE = wanted.build, wanted.cache
    seconds, calm = (16, 5) if wanted.short else (wanted.seconds, 15)
    flags = [f"{bench.BUILD}/server/inferd", f"--model-repository={bench.resnet50()}", "--port=0", "--grpc-address=127.0.0.1",
             "--http-port=0", "--http-address=127.0.0.1", "--workers=1"]
    with Inferd("inferd", flags, "stderr") as server:
        run(client(server.port, calm / 2, 16))  # plans are made, times are learned
        peaks = [run(client(server.port, calm, 16))["calls_per_s"]]
        deadline_ms = round(1e3 * PATIENCE / peaks[0])
        print(f"peak {peaks[0]:.2f} calls a second; now {TIMES * peaks[0]:.0f} a second for {seconds:.0f} s, deadline "
              f"{deadline_ms} ms", flush=True)
        results, refuse_ms, watch = overload(server, peaks[0], deadline_ms, seconds)
        peaks.append(run(client(server.port, calm, 16))["calls_per_s"])
    for name, result in results.items():
        report(name, result)
    good = sum(result["calls_per_s"] for result in results.values())
    in_time = sum(result["calls"] for result in results.values())
    late = sum(result["codes"][DEADLINE_EXCEEDED] for result in results.values())
    settled = len(watch.resident) // 5
    growth = max(watch.resident[settled:]) - watch.resident[settled]
    goodput, admitted_late = good / statistics.mean(peaks), late / max(1, in_time + late)
    print(f"peak before {peaks[0]:.2f}, after {peaks[1]:.2f}; health asked {watch.asked} times, {watch.failed} failed, slowest "
          f"{watch.slowest_ms:.0f} ms; memory +{growth:.0f} MiB")
    print(f"RESULT goodput={goodput:.3f} admitted_late={admitted_late:.4f} refuse_p99_ms={refuse_ms:.3f}")
    healthy = watch.failed == 0 and watch.slowest_ms < HEALTH_MS and growth <= GROWTH_MIB
    held = goodput >= OK_SHARE and admitted_late <= LATE_SHARE and refuse_ms < REFUSE_MS
    if not healthy or not held:
        print("not held", file=sys.stderr)
    return 0 if healthy else 1


if __name__ == "__main__":
    sys.exit(main())
