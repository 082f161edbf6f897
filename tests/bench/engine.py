# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""engine.py BUILD CACHE [options]: our executor against ONNX Runtime, same files, same threads, taking turns.

A pair is a block of ours and a block of theirs, right after each other; each pair gives a ratio of the blocks' medians
(above 1: ours is faster), and the median of the ratios is told with their range. One thread is pinned to one core, two
to two. Both must give the same answer before anything is timed. What is not measured is told as nan, with the reason.
"""

import argparse
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

import numpy as np

import engine_models

HERE = pathlib.Path(__file__).resolve().parent
CORES = sorted(os.sched_getaffinity(0))[:2]
RESNET50_FLOP = 2 * 4.089e9         # convolutions and the classifier, one image
TOLERANCE = {"fp32": 1e-3, "int8": 5e-2, "bf16": 1e-1}
SIDE_MODELS = ("resnet50", "mobilenetv2", "bert", "mlp")        # callers, neighbour, load and memory are told of these


class Worker:
    """One process that has a model loaded and obeys lines; ends with the block."""

    def __init__(self, name, build, path, threads, cores=None):
        self.name = name
        engine, _, precision = name.partition(":")
        command = [f"{build}/tests/bench/bench_engine", str(path), str(threads), *([precision] if precision else [])]
        if engine != "ours":
            command = [sys.executable, str(HERE / "engine_peer.py"), engine, str(path), str(threads)]
        self.command = ["taskset", "-c", ",".join(map(str, cores or CORES[:threads])), *command]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.loaded = self.answer()
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.stderr.close()
        self.process.wait()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            lines = self.process.stderr.read().strip().splitlines()
            raise RuntimeError(f"{self.name}: {lines[-1] if lines else 'ended'}"[:300])
        return json.loads(line)

    def ask(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        return self.answer()


def write_inputs(folder, name, batch):
    arrays = engine_models.MODELS[name][1](np.random.RandomState(7), batch)
    (folder / "ports.txt").write_text("".join(",".join(map(str, array.shape)) + ";\n" for array in arrays))
    for index, array in enumerate(arrays):
        array.tofile(folder / f"{index}.bin")


def check_answers(folder, workers, kind):
    """The first output of all workers agrees within the kind's tolerance: in f32 every number, against the largest of them;
    where factors are rounded to 8 bits or so, the root mean square of the difference, against that of the answer."""
    answers = []
    for index, worker in enumerate(workers):
        worker.ask("output", folder / f"answer{index}")
        answers.append(np.fromfile(folder / f"answer{index}", dtype=np.float32))
    for worker, answer in zip(workers, answers):
        if answer.shape != answers[-1].shape:
            raise RuntimeError(f"{worker.name}: {answer.size} values, {workers[-1].name} has {answers[-1].size}")
        size = (lambda values: np.abs(values).max()) if kind == "fp32" else np.linalg.norm
        error = size(answer - answers[-1]) / (size(answers[-1]) + 1e-9)
        if not error < TOLERANCE[kind]:
            raise RuntimeError(f"{worker.name} differs from {workers[-1].name} by {error:.2g} of the answer")


def take_turns(workers, pairs, seconds, *command):
    """For each worker the list of its block results; who is first alternates."""
    results = [[] for _ in workers]
    for worker in workers:
        worker.ask(*command, seconds / 3)
    for index in range(pairs):
        order = range(len(workers))
        for at in order if index % 2 == 0 else reversed(order):
            results[at].append(workers[at].ask(*command, seconds))
    return results


def ratios_of(results, field):
    """Theirs / ours for times, so that more is faster; results are [ours, theirs]."""
    return [theirs[field] / ours[field] for ours, theirs in zip(*results)]


def median(values):
    return statistics.median(values) if values else math.nan


def geomean(values):
    values = [value for value in values if not math.isnan(value)]
    return math.exp(statistics.fmean(map(math.log, values))) if values else math.nan


def spread(ratios):
    return f"{median(ratios):6.3f} ({min(ratios):.2f} .. {max(ratios):.2f})"


class Bench:
    def __init__(self, options):
        self.options, self.results, self.notes = options, {}, []
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="inferd-bench-"))

    def path(self, name):
        return engine_models.ready(name, pathlib.Path(self.options.cache) / "engine-models")

    def worker(self, engine, name, threads, cores=None):
        return Worker(engine, self.options.build, self.path(name), threads, cores)

    def note(self, what, error):
        self.notes.append(f"{what}: not measured: {error}")

    def compare(self, name, threads, kind, engines):
        """Rows of one model: {batch: median ratio}; engines are ours and a peer."""
        ratios = {}
        with self.worker(engines[0], name, threads) as ours, self.worker(engines[1], name, threads) as theirs:
            for batch in self.options.batches:
                write_inputs(self.folder, name, batch)
                for worker in (ours, theirs):
                    worker.ask("inputs", self.folder)
                check_answers(self.folder, [ours, theirs], kind)
                first = max(worker.ask("run", 0)["median_us"] for worker in (ours, theirs)) / 1e6
                pairs = self.options.pairs if first < 1 else min(self.options.pairs, 3)
                results = take_turns([ours, theirs], pairs, self.options.seconds, "run")
                field = "cpu_us" if self.options.cpu_time and threads == 1 else "median_us"
                pair_ratios = ratios_of(results, field)
                ratios[batch] = median(pair_ratios)
                times = [median([block[field] for block in side]) / 1e3 for side in results]
                print(f"{name:<14} {threads} thr  batch {batch:>2}  {times[0]:>10.3f} ms {times[1]:>10.3f} ms   "
                      f"{spread(pair_ratios)}", flush=True)
        return ratios

    def speed(self, kind, ours="ours", peer="ort", source=None):
        """Ratios of all models of a kind: {(model, threads, batch): ratio}."""
        table = {}
        for name, row in engine_models.MODELS.items():
            if row[2] != (source or kind) or name not in self.options.models:
                continue
            for threads in self.options.threads:
                try:
                    for batch, ratio in self.compare(name, threads, kind, (ours, peer)).items():
                        table[name, threads, batch] = ratio
                except (RuntimeError, BrokenPipeError) as error:
                    self.note(f"{name}, {threads} threads ({ours} and {peer})", error)
        return table

    def two_callers(self):
        """Two callers on two cores against the best of ONNX Runtime's settings, in runs a second."""
        ratios = []
        settings = (("ort", 1, 2, "1 session, 2 callers"), ("ort", 2, 1, "1 caller, 2 threads"),
                    ("ort_2_sessions", 1, 2, "2 sessions"))
        for name in self.side_models():
            write_inputs(self.folder, name, 1)
            best = []
            for engine, threads, callers, label in settings:
                with self.worker("ours", name, 2) as ours, self.worker(engine, name, threads, CORES) as theirs:
                    for worker in (ours, theirs):
                        worker.ask("inputs", self.folder)
                    pairs = [(ours.ask("callers", 2, self.options.seconds * 2),
                              theirs.ask("callers", callers, self.options.seconds * 2))
                             for _ in range(self.options.pairs)]
                    best.append((median([a["runs_per_s"] / b["runs_per_s"] for a, b in pairs]), label))
            print(f"{name:<14} two callers  " + "   ".join(f"{ratio:.3f} ({label})" for ratio, label in best), flush=True)
            ratios.append(min(best)[0])
        return geomean(ratios)

    def neighbour(self):
        """Two threads with a busy neighbour on the second core, against one thread alone: 1 is no harm done."""
        worst = []
        for name in self.side_models():
            write_inputs(self.folder, name, 1)
            shares = {}
            busy = subprocess.Popen(["taskset", "-c", str(CORES[-1]), sys.executable, "-c", "while True: pass"])
            try:
                for engine in ("ours", "ort"):
                    with self.worker(engine, name, 2) as two, self.worker(engine, name, 1) as one:
                        for worker in (two, one):
                            worker.ask("inputs", self.folder)
                        results = take_turns([two, one], self.options.pairs, self.options.seconds, "run")
                        shares[engine] = median(ratios_of(results, "median_us"))
            finally:
                busy.kill()
                busy.wait()
            print(f"{name:<14} busy neighbour, speed of 2 threads / 1 thread: ours {shares['ours']:.3f}, "
                  f"ONNX Runtime {shares['ort']:.3f}", flush=True)
            worst.append(shares["ours"])
        return min(worst, default=math.nan)

    def load_and_memory(self):
        """From file to first answer, and peak memory with two callers, ours / theirs: less is better. With --cpu-time the
        process's CPU time stands for the time."""
        loads, memories = [], []
        for name in self.side_models():
            write_inputs(self.folder, name, 1)
            pair_loads, pair_memories = [], []
            for _ in range(min(self.options.pairs, 3)):
                took, used = [], []
                for engine, threads in (("ours", 2), ("ort", 1)):
                    with self.worker(engine, name, threads, CORES) as worker:
                        worker.ask("inputs", self.folder)
                        first_ms = worker.ask("run", 0)["median_us"] / 1e3
                        spent_ms = worker.ask("memory")["cpu_ms"] - worker.loaded["before_cpu_ms"]
                        took.append(spent_ms if self.options.cpu_time else worker.loaded["load_ms"] + first_ms)
                        worker.ask("callers", 2, self.options.seconds)
                        used.append(worker.ask("memory")["peak_kib"] - worker.loaded["before_kib"])
                pair_loads.append(took[0] / took[1])
                pair_memories.append(used[0] / used[1])
            print(f"{name:<14} load to first answer {took[0]:.0f} / {took[1]:.0f} ms = {spread(pair_loads)}   "
                  f"peak memory {used[0] // 1024} / {used[1] // 1024} MiB = {spread(pair_memories)}", flush=True)
            loads.append(median(pair_loads))
            memories.append(median(pair_memories))
        return geomean(loads), geomean(memories)

    def peak_share(self):
        """ResNet-50 at batch 1 on one thread, as a share of the core's multiply-add peak measured in between."""
        if "resnet50" not in self.options.models:
            return math.nan
        write_inputs(self.folder, "resnet50", 1)
        command = ["taskset", "-c", str(CORES[0]), f"{self.options.build}/tests/bench/bench_engine", "peak"]
        shares = []
        with self.worker("ours", "resnet50", 1) as ours:
            ours.ask("inputs", self.folder)
            for _ in range(self.options.pairs):
                peak = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["gflops"]
                run = ours.ask("run", self.options.seconds)
                shares.append(RESNET50_FLOP / run["median_us"] / 1e3 / peak)
        print(f"{'resnet50':<14} {spread(shares)} of a peak of {peak:.0f} GFLOP/s", flush=True)
        return median(shares)

    def side_models(self):
        return [name for name in SIDE_MODELS if name in self.options.models]

    def guarded(self, what, function, *fallback):
        try:
            return function()
        except (RuntimeError, BrokenPipeError) as error:
            self.note(what, error)
            return fallback if len(fallback) > 1 else fallback[0]

    def run(self):
        options, nan = self.options, math.nan
        print(f"{'model':<14}               {'inferd':>12} {'ONNX Runtime':>16}   times faster")
        fp32 = self.speed("fp32")
        int8 = self.speed("int8")
        print("precision bf16 against ONNX Runtime in f32, which has no bf16 here")
        bf16 = self.speed("bf16", ours="ours:bf16", source="fp32") if options.bf16 else {}
        for peer in options.beside if options.bf16 else []:
            if peer == "openvino":      # its default is bf16 on such CPUs
                beside = self.speed("bf16", ours="ours:bf16", peer=peer, source="fp32")
                print(f"geometric mean, our bf16 over {peer} in its default precision: {geomean(beside.values()):.3f}")
        for peer in options.beside:
            print(f"beside it: {peer}")
            beside = self.speed("fp32", peer=peer)
            print(f"geometric mean, ours over {peer}: {geomean(beside.values()):.3f}")
        if fp32:
            print("slowest against ONNX Runtime: " + ", ".join(
                f"{name} ({threads} thr, batch {batch}) {ratio:.3f}"
                for (name, threads, batch), ratio in sorted(fp32.items(), key=lambda item: item[1])[:5]))
        result = {"fp32_geomean": geomean(fp32.values()), "fp32_min": min(fp32.values(), default=nan),
                  "bf16_geomean": geomean(bf16.values()), "int8_geomean": geomean(int8.values()),
                  "two_callers": nan, "resnet50_peak_share": nan, "load_ratio": nan, "memory_ratio": nan}
        if options.sides:
            result["two_callers"] = self.guarded("two_callers", self.two_callers, nan)
            self.guarded("busy neighbour", self.neighbour, nan)
            result["resnet50_peak_share"] = self.guarded("resnet50_peak_share", self.peak_share, nan)
            result["load_ratio"], result["memory_ratio"] = self.guarded("load and memory", self.load_and_memory, nan, nan)
        for note in self.notes:
            print(note)
        print("RESULT " + " ".join(f"{name}={value:.3f}" for name, value in result.items()))


def numbers(text):
    return [int(part) for part in text.split(",")]


def main():
    parser = argparse.ArgumentParser(prog="./dev bench engine", description=__doc__)
    parser.add_argument("build")
    parser.add_argument("cache")
    parser.add_argument("--quick", action="store_true", help="fewer models, batches and pairs")
    parser.add_argument("--models", type=lambda text: text.split(","), default=list(engine_models.MODELS))
    parser.add_argument("--batches", type=numbers, default=[1, 8, 32])
    parser.add_argument("--threads", type=numbers, default=[1, 2])
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.3, help="of a block")
    parser.add_argument("--cpu-time", action="store_true",
                        help="one thread: compare the calling thread's CPU time (for a machine that others use)")
    parser.add_argument("--no-bf16", dest="bf16", action="store_false", help="f32 and int8 alone")
    parser.add_argument("--no-sides", dest="sides", action="store_false", help="speed alone")
    parser.add_argument("--beside", type=lambda text: text.split(","), default=[],
                        help="other runtimes too: openvino, openvino_f32")
    options = parser.parse_args()
    if options.quick:
        options.models = [name for name in options.models if name in ("mobilenetv2", "mlp", "trees", "resnet50")]
        options.batches, options.threads, options.pairs = [1, 8], [1], 3
    if len(CORES) < 2:
        print("only one core: two threads share it")
    Bench(options).run()


if __name__ == "__main__":
    main()
