# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""engine_peer.py RUNTIME FILE.onnx THREADS: another runtime behind the lines that bench_engine obeys.

RUNTIME is ort, ort_2_sessions, openvino or openvino_f32 (openvino without a name of a type takes its default, which is
bf16 where the CPU has it). Results go to memory bound beforehand, so that the runtime itself is timed and not Python.
"""

import json
import pathlib
import sys
import threading
import time

import numpy as np


def kib(field):
    for line in pathlib.Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(field):
            return int(line.split()[1])
    return 0


class Ort:
    """One session, or one for each caller."""

    def __init__(self, path, threads, sessions=1):
        options = self.library.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.graph_optimization_level = self.library.GraphOptimizationLevel.ORT_ENABLE_ALL
        self.sessions = [self.library.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
                         for _ in range(sessions)]
        self.types = [port.type for port in self.sessions[0].get_inputs()]
        self.names = [port.name for port in self.sessions[0].get_inputs()]

    @classmethod
    def prepare(cls):
        import onnxruntime
        onnxruntime.set_default_logger_severity(3)
        cls.library = onnxruntime

    TYPES = {"tensor(float)": np.float32, "tensor(int64)": np.int64, "tensor(int32)": np.int32, "tensor(bool)": np.bool_,
             "tensor(double)": np.float64, "tensor(uint8)": np.uint8}

    def dtype(self, index):
        return self.TYPES[self.types[index]]

    def bind(self, arrays):
        self.values = [self.library.OrtValue.ortvalue_from_numpy(array) for array in arrays]
        shapes = [output.shape for output in self.sessions[0].run(None, dict(zip(self.names, arrays)))]
        names = [output.name for output in self.sessions[0].get_outputs()]
        dtypes = [self.TYPES[output.type] for output in self.sessions[0].get_outputs()]

        def runner(session):
            binding = session.io_binding()
            for name, value in zip(self.names, self.values):
                binding.bind_ortvalue_input(name, value)
            outputs = [self.library.OrtValue.ortvalue_from_shape_and_type(shape, dtype)
                       for shape, dtype in zip(shapes, dtypes)]
            for name, value in zip(names, outputs):
                binding.bind_ortvalue_output(name, value)
            inner, bound = session._sess, binding._iobinding
            return lambda: inner.run_with_iobinding(bound, None), lambda: outputs[0].numpy()
        return runner

    def caller(self, index, runner):
        return runner(self.sessions[index % len(self.sessions)])


class Openvino:
    def __init__(self, path, threads, precision=None):
        settings = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY"}
        if precision:
            settings["INFERENCE_PRECISION_HINT"] = precision
        self.model = self.library.Core().compile_model(str(path), "CPU", settings)

    @classmethod
    def prepare(cls):
        import openvino
        cls.library = openvino

    def dtype(self, index):
        return self.model.input(index).get_element_type().to_dtype()

    def bind(self, arrays):
        def runner(model):
            request = model.create_infer_request()
            for index, array in enumerate(arrays):
                request.set_input_tensor(index, self.library.Tensor(array, shared_memory=True))
            def run():
                request.start_async()
                request.wait()
            return run, lambda: request.get_output_tensor(0).data
        return runner

    def caller(self, index, runner):
        return runner(self.model)


RUNTIMES = {
    "ort": (Ort, lambda path, threads: Ort(path, threads)),
    "ort_2_sessions": (Ort, lambda path, threads: Ort(path, threads, sessions=2)),
    "openvino": (Openvino, lambda path, threads: Openvino(path, threads)),
    "openvino_f32": (Openvino, lambda path, threads: Openvino(path, threads, "f32")),
}


class Worker:
    def __init__(self, runtime, path, threads):
        runtimes = RUNTIMES[runtime]
        runtimes[0].prepare()
        before, before_cpu, begin = kib("VmRSS"), time.process_time(), time.perf_counter()
        self.runtime = runtimes[1](path, threads)
        self.runner, self.arrays, self.callers = None, [], []
        self.answer({"load_ms": (time.perf_counter() - begin) * 1e3, "before_kib": before,
                     "before_cpu_ms": before_cpu * 1e3})

    @staticmethod
    def answer(values):
        print(json.dumps(values), flush=True)

    def inputs(self, folder):
        lines = (pathlib.Path(folder) / "ports.txt").read_text(encoding="ascii").split("\n")
        self.arrays = []
        for index, line in enumerate(line for line in lines if line.endswith(";")):
            shape = [int(dim) for dim in line.rstrip(";").split(",") if dim]
            self.arrays.append(np.fromfile(pathlib.Path(folder) / f"{index}.bin",
                                           dtype=self.runtime.dtype(index)).reshape(shape))
        self.runner = self.runtime.bind(self.arrays)
        self.callers = [self.runtime.caller(0, self.runner)]
        self.answer({})

    def run(self, seconds):
        self.measure(1, float(seconds))

    def measure(self, count, seconds):
        while len(self.callers) < count:
            self.callers.append(self.runtime.caller(len(self.callers), self.runner))
        samples, rates, cpu = [[] for _ in range(count)], [0.0] * count, [0.0] * count

        def loop(index):
            call, clock, times = self.callers[index][0], time.perf_counter, samples[index]
            begin_cpu, begin = time.thread_time(), clock()
            now = begin
            while True:
                call()
                end = clock()
                times.append(end - now)
                now = end
                if now - begin >= seconds:
                    break
            rates[index] = len(times) / (now - begin)
            cpu[index] = (time.thread_time() - begin_cpu) / len(times)
        others = [threading.Thread(target=loop, args=(index,)) for index in range(1, count)]
        for thread in others:
            thread.start()
        loop(0)
        for thread in others:
            thread.join()
        times = sorted(samples[0])
        self.answer({"runs": len(times), "min_us": times[0] * 1e6, "median_us": times[len(times) // 2] * 1e6,
                     "cpu_us": cpu[0] * 1e6, "runs_per_s": sum(rates)})

    def output(self, path):
        self.callers[0][0]()
        np.ascontiguousarray(self.callers[0][1]()).tofile(path)
        self.answer({})

    def memory(self):
        self.answer({"peak_kib": kib("VmHWM"), "cpu_ms": time.process_time() * 1e3})

    def serve(self):
        for line in sys.stdin:
            word, _, rest = line.strip().partition(" ")
            if word == "inputs":
                self.inputs(rest)
            elif word == "run":
                self.run(rest)
            elif word == "callers":
                count, seconds = rest.split()
                self.measure(int(count), float(seconds))
            elif word == "output":
                self.output(rest)
            elif word == "memory":
                self.memory()


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in RUNTIMES:
        raise SystemExit(__doc__)
    Worker(sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])).serve()
