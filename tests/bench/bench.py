#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""bench.py rpc|serve BUILD CACHE [BUNDLED]: paired benchmarks; the last line is `RESULT name=value ...`.

BUNDLED is a build on the other gRPC core: then rpc measures that one too, under names that begin with bundled_. The
client is BUILD's for both.

The machine is shared and noisy, so nothing absolute is claimed. Server on one core, client on another; A and B are
measured alternately in one run, each pair gives a ratio, and the median of the ratios is told with their range. The
client polls without sleeping: over loopback a server pays for waking a client that sleeps (an interrupt to another
core), which it does for none on another machine. A lone core is told, since then client and server share it.
"""

import json
import os
import statistics
import subprocess
import sys

BUILD = CACHE = BUNDLED = None
SERVER_CORE, CLIENT_CORE = "0", "1"
ECHO_METHOD = "/inference.GRPCInferenceService/ModelInfer"


def has_own_cores():
    """Server and client each have a core."""
    return {int(SERVER_CORE), int(CLIENT_CORE)} <= os.sched_getaffinity(0)


def pinned(core, *command):
    return ["taskset", "-c", core, *command] if has_own_cores() else list(command)


def cpu_seconds(pid):
    """CPU time of all threads, user and system, from the scheduler's own nanosecond count."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat", encoding="ascii") as file:
            total += int(file.read().split()[0])
    return total / 1e9


class Server:
    """A server on SERVER_CORE; gives its port; ends with the block."""

    def __init__(self, name, command, pipe):
        self.name, self.command, self.pipe = name, command, pipe

    def __enter__(self):
        self.process = subprocess.Popen(pinned(SERVER_CORE, *self.command), text=True, **{self.pipe: subprocess.PIPE})
        stream = getattr(self.process, self.pipe)
        self.port, ready = None, self.name == "echo"
        while not (self.port and ready):
            line = stream.readline()
            if not line:
                raise SystemExit(f"{self.name} ended before it served")
            if "event=listening" in line and " port=" in line:
                self.port = line.split(" port=")[1].split()[0]
            elif line.startswith("port "):
                self.port = line.split()[1]
            ready = ready or "event=ready" in line
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.communicate()

    def measure(self, model, tensor, shape, outstanding, connections, seconds):
        before = cpu_seconds(self.process.pid)
        client = subprocess.run(
            pinned(CLIENT_CORE, f"{BUILD}/tests/bench/bench_client", f"127.0.0.1:{self.port}", model, tensor, shape,
                   str(outstanding), str(connections), str(seconds), "poll" if has_own_cores() else "sleep"),
            check=True, capture_output=True, text=True)
        result = json.loads(client.stdout)
        # The warm-up is a quarter of the measured time, and its calls cost CPU too.
        result["cpu_us"] = (cpu_seconds(self.process.pid) - before) * 1e6 / (result["calls"] * 1.25)
        return result


def echo(build=""):
    poller = ["env", "GRPC_EXPERIMENTS=-event_engine_listener"] if build == BUNDLED else []  # as inferd has it
    return Server("echo", [*poller, f"{build or BUILD}/tests/bench/echo_server", ECHO_METHOD], "stdout")


def inferd(repository, *flags, build=None):
    return Server("inferd", [f"{build or BUILD}/server/inferd", f"--model-repository={repository}", "--port=0", "--workers=1",
                             *flags], "stderr")


def executor(model, rows, seconds):
    run = subprocess.run(pinned(SERVER_CORE, f"{BUILD}/tests/bench/bench_executor", model, str(rows), str(seconds)),
                         check=True, capture_output=True, text=True)
    return json.loads(run.stdout)


def spread(ratios):
    return f"{statistics.median(ratios):.3f}  ({min(ratios):.3f} .. {max(ratios):.3f}, {len(ratios)} pairs)"


def compare(a, b, pairs, *arguments):
    """Ratios a / b of calls per second and of CPU a call, measured alternately; who goes first alternates too."""
    calls, cpu, last = [], [], {}
    for index in range(pairs):
        for server in (a, b) if index % 2 == 0 else (b, a):
            last[server.name] = server.measure(*arguments)
        calls.append(last[a.name]["calls_per_s"] / last[b.name]["calls_per_s"])
        cpu.append(last[a.name]["cpu_us"] / last[b.name]["cpu_us"])
    return calls, cpu, last


def core_of(build):
    text = subprocess.run([f"{build}/server/inferd", "--version"], check=True, capture_output=True, text=True).stdout
    return text.splitlines()[1]


def bench_core(results, prefix, build):
    seconds, pairs = 1.2, 7
    with inferd("deploy/samples/bench", build=build) as server, echo(build) as bare:
        print(f"{core_of(build)}\n{'16 floats':<34} inferd/s     bare/s   ratio of calls per second")
        for outstanding in (1, 8, 64):
            worst = None
            for connections in (1, 8) if outstanding > 1 else (1,):
                ratios, cpu, last = compare(server, bare, pairs, "identity", "x", "1x16", outstanding, connections,
                                            seconds)
                label = f"{outstanding} outstanding, {connections} connection{'s' if connections > 1 else ''}"
                print(f"{label:<34} {last['inferd']['calls_per_s']:>8.0f}  {last['echo']['calls_per_s']:>9.0f}   "
                      f"{spread(ratios)}   CPU a call {spread(cpu)}", flush=True)
                calls, used = statistics.median(ratios), statistics.median(cpu)
                worst = (min(calls, worst[0]), max(used, worst[1])) if worst else (calls, used)
            results[f"{prefix}calls_ratio_{outstanding}"] = worst[0]
            if outstanding == 64:
                results[f"{prefix}cpu_ratio_64"] = worst[1]
        for name, shape, outstanding in (("1mib", "1x262144", 4), ("16mib", "1x4194304", 2)):
            ratios, _, last = compare(server, bare, pairs, "identity_any", "x", shape, outstanding, 1, seconds * 1.5)
            print(f"{name + ' tensors, ' + str(outstanding) + ' outstanding':<34} {last['inferd']['calls_per_s']:>8.1f}  "
                  f"{last['echo']['calls_per_s']:>9.1f}   {spread(ratios)}", flush=True)
            results[f"{prefix}bytes_ratio_{name}"] = statistics.median(ratios)


def bench_rpc():
    results = {}
    bench_core(results, "", BUILD)
    if BUNDLED:
        bench_core(results, "bundled_", BUNDLED)
    return results


def resnet50():
    """A ResNet-50 of random weights, made once into the cache."""
    folder = f"{CACHE}/bench-models"
    if not os.path.exists(f"{folder}/resnet50/1/model.onnx"):
        subprocess.run(["/usr/bin/python3", "deploy/samples/make_bench_models.py", "--resnet50", folder], check=True)
    return folder


def serve_model(results, name, model_file, repository, tensor, shape, batch, outstanding, seconds, pairs):
    """Throughput at saturation against the bare executor; latency of one caller against echo + executor."""
    batched = shape.replace("1x", f"{batch}x", 1)
    with inferd(repository) as server, echo() as bare:
        throughput, latency = [], []
        for _ in range(pairs):
            served = server.measure(name, tensor, batched, outstanding, 1, seconds)
            alone = executor(model_file, batch, seconds)
            throughput.append(served["calls_per_s"] * batch / alone["rows_per_s"])
        for _ in range(pairs):
            served = server.measure(name, tensor, shape, 1, 1, seconds)
            bare_run = bare.measure(name, tensor, shape, 1, 1, seconds)
            alone = executor(model_file, 1, seconds)
            latency.append(served["p50_us"] / (bare_run["p50_us"] + alone["p50_us"]))
    print(f"{name:<10} throughput / bare executor  {spread(throughput)}   p50 / (echo + executor)  {spread(latency)}",
          flush=True)
    results[f"{name}_throughput"] = statistics.median(throughput)
    results[f"{name}_p50_ratio"] = statistics.median(latency)


def bench_serve():
    results = {}
    serve_model(results, "digits", "deploy/samples/models/digits/1/model.onnx", "deploy/samples/models", "image", "1x1x8x8",
                64, 8, 1.5, 7)
    folder = resnet50()
    serve_model(results, "resnet50", f"{folder}/resnet50/1/model.onnx", folder, "data", "1x3x224x224", 1, 4, 4, 5)
    return results


def main(which, build, cache, bundled=None):
    global BUILD, CACHE, BUNDLED
    BUILD, CACHE, BUNDLED = build, cache, bundled
    if not has_own_cores():
        print("only one core: client and server share it, so ratios lean towards 1")
    results = {"rpc": bench_rpc, "serve": bench_serve}[which]()
    print("RESULT " + " ".join(f"{name}={value:.3f}" for name, value in results.items()))


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5) or sys.argv[1] not in ("rpc", "serve"):
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
