#!/usr/bin/python3
# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""mutants.py BUILD [NAME ...]: plants one bug at a time in the plugin and runs the test that must see it. A mutant of a kernel
is compiled to PTX, one of host code is compiled and linked into a plugin of its own; nothing of the tree is changed.

Last line: mutants= mutants_caught=. A text that is not there exactly once is an error: the mutant has rotted.
"""

import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

LIMIT_S = 90

# name, file, text, what it becomes, test
MUTANTS = [
    ("unary writes one too many", "kernels/unary.cu", "i < count;", "i <= count;", "kernel_cases"),
    ("copy walks with the wrong strides", "kernels/move.cu", "to += at * walk.dst[dim]", "to += at * walk.src[dim]", "kernel_cases"),
    ("turn reads the tile unturned", "kernels/move.cu", "tile[threadIdx.x][i];", "tile[i][threadIdx.x];", "kernel_cases"),
    ("turn without its barrier", "kernels/move.cu", "    __syncthreads();\n    column", "    column", "kernel_cases"),
    ("gather forgets negative indices", "kernels/index.cu", "at += at < 0 ? static_cast<int64_t>(length) : 0;", "", "kernel_cases"),
    ("fold without its second barrier", "kernels/common.cuh", "scratch[threadIdx.x >> 5] = value;\n    __syncthreads();",
     "scratch[threadIdx.x >> 5] = value;", "kernel_cases"),
    ("fold of half a warp", "kernels/common.cuh", "int step = 16;", "int step = 8;", "kernel_cases"),
    ("fold reads what one warp wrote", "kernels/common.cuh", "(threadIdx.x & 31) == 0", "threadIdx.x == 0", "kernel_cases"),
    ("a thread returns before the barrier", "kernels/norm.cu", "        float centre = 0, spread = 0;",
     "        float centre = 0, spread = 0;\n        if (threadIdx.x == 5) return;", "kernel_cases"),
    ("tree without its barrier", "kernels/reduce.cu", "parts[threadIdx.x + step]);\n            __syncthreads();",
     "parts[threadIdx.x + step]);", "kernel_cases"),
    ("minimum lets NaN and order slip", "kernels/binary.cu", "x < y ? x : y;", "x < y ? y : x;", "kernel_cases"),
    ("weights are leaked", "weights.c", "            (void)cudaFree(weight->address);\n        free(weight);", "            (void)0;\n        free(weight);", "faults"),
    ("weights are freed twice", "weights.c", "            (void)cudaFree(weight->address);\n        free(weight);",
     "            (void)(cudaFree(weight->address), cudaFree(weight->address));\n        free(weight);", "faults"),
    ("compute does not wait for the copy in", "lane.c", "    TRY_CUDA(cudaStreamWaitEvent(lane->compute, slot->copied, 0));\n", "", "kernel_cases"),
    ("copy out does not wait for compute", "lane.c", "    TRY_CUDA(cudaStreamWaitEvent(lane->out, slot->computed, 0));\n", "", "kernel_cases"),
    ("outputs are read before the event", "lane.c", "cudaError_t error = cudaEventSynchronize(slot->done);", "cudaError_t error = cudaSuccess;",
     "kernel_cases"),
    ("kernels get host pointers", "lane.c", ".inputs = slot->device_in.data,", ".inputs = slot->pinned_in.data,", "kernel_cases"),
    ("half of the outputs come back", "lane.c", "                                 program->output_bytes, cudaMemcpyDeviceToHost",
     "                                 program->output_bytes / 2, cudaMemcpyDeviceToHost", "kernel_cases"),
    ("copies on the default stream", "lane.c", "cudaMemcpyHostToDevice, lane->in));", "cudaMemcpyHostToDevice, 0));", "kernel_cases"),
    ("a value's memory is used again too early", "program.c", ".last = lifetime->last", ".last = lifetime->first", "serving"),
    ("values lie where cuBLAS does not want them", "program.c", "return (bytes + DEVICE_ALIGNMENT - 1) & ~(size_t)(DEVICE_ALIGNMENT - 1);",
     "return bytes;", "kernel_cases"),
    ("no workspace for products", "ops_product.c",
     "program->workspace_bytes = MAX_OF(program->workspace_bytes, step->gemm.workspace_bytes);", "(void)program;", "kernel_cases"),
    ("engines that compile at run time", "conv_plan.c",
     "CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION)\n            return false;", "CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION)\n            continue;", "faults"),
    ("engines that round f32", "conv_plan.c", "!plan->spec.tensor_cores)\n            return false;", "!plan->spec.tensor_cores)\n            continue;",
     "faults"),
    ("a lost device stays healthy", "lane.c", "        cuda_device_note(lane->device, &status);\n", "", "faults"),
]


class Workshop:
    def __init__(self, build, folder):
        self.build, self.folder = build.resolve(), folder
        self.commands = {entry["file"]: entry for entry in json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))
                         if "libinferd_cuda" in entry["output"]}
        link = subprocess.run(["ninja", "-C", str(build), "-t", "commands", "cuda/libinferd_cuda.so"], capture_output=True, text=True,
                              check=True).stdout.splitlines()
        self.link = link[-1]
        self.ptx_commands = {re.search(r"-o (\S+\.ptx)", line).group(1): line for line in subprocess.run(
            ["ninja", "-C", str(build), "-t", "commands", "tests/cuda/kernel_cases", *[f"cuda/{p.name}" for p in (build / "cuda").glob("*.ptx")]],
            capture_output=True, text=True, check=True).stdout.splitlines() if re.search(r"-o (\S+\.ptx)", line)}

    def plugin_with(self, name):
        """The plugin with one object of this source compiled anew."""
        for file, entry in self.commands.items():
            if file.endswith("/cuda/" + name):
                command, old = entry["command"], entry["output"]
                source = file
                break
        new = self.folder / "mutant.o"
        command = command.replace(f"-c {source}", f"-c {self.folder / 'cuda' / name}").replace(f"-o {old}", f"-o {new}")
        subprocess.run(command, shell=True, cwd=self.build, check=True, capture_output=True)
        link = self.link.replace(old, str(new)).replace("-o cuda/libinferd_cuda.so", f"-o {self.folder / 'plugin' / 'libinferd_cuda.so'}")
        subprocess.run(link, shell=True, cwd=self.build, check=True, capture_output=True)

    def texts_with(self, name):
        """PTX of the kernels that the file is part of."""
        for path, command in self.ptx_commands.items():
            stem = pathlib.Path(path).stem
            source = f"kernels/{stem}.cu"
            if name != source and not (name.endswith(".cuh") and stem in ("softmax", "norm", "reduce")):
                continue
            words = shlex.split(command)
            words[words.index("-o") + 1] = str(self.folder / "ptx" / f"{stem}.ptx")
            words = [str(self.folder / "cuda" / source) if word.endswith(source) else word for word in words]
            words.insert(1, f"-I{self.folder}")
            subprocess.run(words, cwd=self.build, check=True, capture_output=True)


def run_test(name, build, folder):
    texts = ":".join(str(path) for path in sorted((folder / "ptx").glob("*.ptx")))
    libraries = build.resolve() / "tests" / "cuda"
    environment = dict(os.environ, LD_LIBRARY_PATH=str(libraries), INFERD_SIM_PTX=texts, INFERD_PLUGINS=str(folder / "plugin"),
                       INFERD_WRAP=str(pathlib.Path("tests/cuda/with_gpu").resolve()))
    command = {"kernel_cases": [str(build / "tests/cuda/kernel_cases")], "serving": [str(build / "tests/e2e/e2e_serving")],
               "faults": ["/usr/bin/python3", "tests/cuda/faults.py", str(build), str(libraries), texts]}[name]
    if name == "faults":
        del environment["LD_LIBRARY_PATH"]
    try:
        return subprocess.run(command, env=environment, capture_output=True, timeout=LIMIT_S, check=False).returncode
    except subprocess.TimeoutExpired:
        return -1


def plant(folder, name, text, becomes):
    path = folder / "cuda" / name
    content = path.read_text(encoding="utf-8")
    if content.count(text) != 1:
        raise SystemExit(f"mutants: {name} has {content.count(text)} of: {text}")
    path.write_text(content.replace(text, becomes), encoding="utf-8")


def try_mutant(build, mutant):
    label, name, text, becomes, test = mutant
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        shutil.copytree("cuda", folder / "cuda")
        (folder / "plugin").mkdir()
        (folder / "ptx").mkdir()
        for path in (build / "cuda").glob("*.ptx"):
            shutil.copy(path, folder / "ptx")
        shutil.copy(build / "cuda" / "libinferd_cuda.so", folder / "plugin")
        plant(folder, name, text, becomes)
        shop = Workshop(build, folder)
        shop.texts_with(name) if name.startswith("kernels/") else shop.plugin_with(name)
        code = run_test(test, build, folder)
    print(f"{'caught ' if code else 'MISSED '} {label} ({name}): {test} ends with {code}", flush=True)
    return code != 0


def check_unchanged(build, tests):
    """The same harness without a mutant: it must pass, or what it catches means nothing."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        for name in ("plugin", "ptx"):
            (folder / name).mkdir()
        for path in (build / "cuda").glob("*.ptx"):
            shutil.copy(path, folder / "ptx")
        shutil.copy(build / "cuda" / "libinferd_cuda.so", folder / "plugin")
        for test in sorted(tests):
            code = run_test(test, build, folder)
            if code:
                raise SystemExit(f"mutants: {test} ends with {code} without any mutant")


def main():
    os.chdir(pathlib.Path(__file__).resolve().parents[2])
    build, wanted = pathlib.Path(sys.argv[1]), sys.argv[2:]
    chosen = [mutant for mutant in MUTANTS if not wanted or mutant[0] in wanted]
    check_unchanged(build, {mutant[4] for mutant in chosen})
    caught = sum(try_mutant(build, mutant) for mutant in chosen)
    print(f"mutants={len(chosen)} mutants_caught={caught}")
    return 0 if caught == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
