# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""rows.py BUILD CACHE [model ...]: does an answer depend on its company? Of every model of ./dev bench engine.

Eight rows at once on two threads, the first three of them, and some alone on one thread. With `deterministic: true` they
agree in every bit; without it they differ by at most BOUND of the largest number of the answer. Ends in a RESULT line
and fails where that is not so.
"""

import pathlib
import sys
import tempfile

import numpy as np

import engine
import engine_models

BATCH, TOGETHER, ALONE = 8, 3, (0, 2, 7)
BOUND = 1e-5


def ask(folder, worker, arrays):
    """The first output for these inputs, a row a row."""
    (folder / "ports.txt").write_text("".join(",".join(map(str, array.shape)) + ";\n" for array in arrays))
    for index, array in enumerate(arrays):
        np.ascontiguousarray(array).tofile(folder / f"{index}.bin")
    worker.ask("inputs", folder)
    worker.ask("output", folder / "answer")
    return np.fromfile(folder / "answer", dtype=np.float32).reshape(len(arrays[0]), -1)


def differences(folder, build, path, name, mode):
    """How many numbers differ, and by how much of the largest."""
    arrays = engine_models.MODELS[name][1](np.random.RandomState(7), BATCH)
    with engine.Worker(f"ours{mode}", build, path, 2) as two, engine.Worker(f"ours{mode}", build, path, 1) as one:
        whole = ask(folder, two, arrays)
        parts = [(whole[:TOGETHER], ask(folder, two, [array[:TOGETHER] for array in arrays]))]
        parts += [(whole[row:row + 1], ask(folder, one, [array[row:row + 1] for array in arrays])) for row in ALONE]
    count = sum(int((left.view(np.uint32) != right.view(np.uint32)).sum()) for left, right in parts)
    worst = max(float(np.abs(left - right).max()) for left, right in parts)
    return count, worst / (float(np.abs(whole).max()) + 1e-9)


def main():
    build, cache, *names = sys.argv[1:]
    folder = pathlib.Path(tempfile.mkdtemp(prefix="inferd-rows-"))
    failed, worst, exact = [], 0.0, 0
    for name in names or engine_models.MODELS:
        path = engine_models.ready(name, pathlib.Path(cache) / "engine-models")
        fixed, _ = differences(folder, build, path, name, ":deterministic")
        free, error = differences(folder, build, path, name, "")
        print(f"{name:<14} deterministic: {fixed} numbers differ   as it comes: {free} differ, "
              f"by {error:.2g} of the largest at most", flush=True)
        if fixed or not error <= BOUND:
            failed.append(name)
        worst, exact = max(worst, error), exact + (free == 0)
    print(f"RESULT models={len(names or engine_models.MODELS)} failed={len(failed)} worst={worst:.2g} same_bits_anyway={exact}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
