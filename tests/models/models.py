# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""Run the real, trained models of table.py and compare with ONNX Runtime.

models.py RUNNER [--only TEXT] [--keep FOLDER]

Each model is written as a test in the official layout, one data set a request, with ONNX Runtime's outputs; RUNNER
(tests/conformance/differential) runs it with all passes and compares. A package that cannot be fetched is a skip.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import traceback

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper
from table import MODELS

ABSOLUTE_SHARE = 1e-4  # of the greatest magnitude of an output: what is near 0 has no relative error to speak of
ABSOLUTE_LEAST = 1e-6  # a sigmoid that is 0 in the one is 1e-7 in the other


def tensors_alone(data: bytes) -> bytes:
    """Without ZipMap, whose maps are no tensors: its input is the output, as it is in the server."""
    model = onnx.load_model_from_string(data)
    for node in [node for node in model.graph.node if node.op_type == "ZipMap"]:
        model.graph.node.remove(node)
        for output in model.graph.output:
            if output.name == node.output[0]:
                output.Clear()
                output.name = node.input[0]
    return model.SerializeToString()


def store(folder: pathlib.Path, model, data: bytes) -> None:
    target = folder / "models" / f"test_{model.name}"
    target.mkdir(parents=True)
    (target / "model.onnx").write_bytes(data)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    names = [port.name for port in session.get_inputs()]
    scales = {}
    for number, makers in enumerate(model.inputs):
        inputs = [make() for make in makers]
        outputs = session.run(None, dict(zip(names, inputs)))
        part = target / f"test_data_set_{number}"
        part.mkdir()
        for kind, arrays in (("input", inputs), ("output", outputs)):
            for index, array in enumerate(arrays):
                (part / f"{kind}_{index}.pb").write_bytes(numpy_helper.from_array(np.asarray(array)).SerializeToString())
        for index, array in enumerate(outputs):
            if np.asarray(array).dtype.kind == "f" and np.asarray(array).size:
                scales[index] = max(scales.get(index, 0.0), float(np.abs(array).max()))
    absolute = max(ABSOLUTE_SHARE * min(scales.values(), default=0.0), ABSOLUTE_LEAST)
    (target / "data.json").write_text(json.dumps({"rtol": model.relative, "atol": absolute}))


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("runner")
    parser.add_argument("--only", default="")
    parser.add_argument("--keep")
    arguments = parser.parse_args()
    onnxruntime.set_default_logger_severity(4)
    chosen = [model for model in MODELS if arguments.only in model.name]
    skipped = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(arguments.keep or temporary)
        for model in chosen:
            try:
                data = model.source()
            except (subprocess.CalledProcessError, OSError) as error:
                skipped.append(model.name)
                print(f"skipped {model.name}: {error}")
                continue
            try:
                store(folder, model, tensors_alone(data))
            except Exception:  # ONNX Runtime's own types share no base
                skipped.append(model.name)
                print(f"skipped {model.name}: ONNX Runtime: {traceback.format_exc().splitlines()[-1][:200]}")
        run = subprocess.run([arguments.runner, str(folder), "--optimised"], stdout=subprocess.PIPE, text=True, check=False)
    outcomes = dict(line.split(" ", 1) for line in run.stdout.splitlines() if line.startswith("models/"))
    agreed = 0
    for model in chosen:
        if model.name in skipped:
            continue
        outcome = outcomes.get(f"models/test_{model.name}", "says nothing")
        agreed += outcome == "pass"
        print(f"{model.name:32} {len(model.inputs)} requests  {outcome}")
    print(f"RESULT models={len(chosen)} agreed={agreed} skipped={len(skipped)}")
    return 0 if agreed and agreed + len(skipped) == len(chosen) else 1


sys.exit(main())
