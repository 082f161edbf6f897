# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""Trains the classic two-layer network Linear(10, 20) - Linear(20, 10) and keeps it twice, as versions 1 and 2.

    apt-get install python3-torch
    /usr/bin/python3 docs/tutorial/train_two_layer.py             # a few seconds, into deploy/samples
    /usr/bin/python3 docs/tutorial/train_two_layer.py --out DIR   # somewhere else

Adam and mean squared error, as in the classic example; no activation between the layers. The classic example learns
noise; here the ten numbers are to come out in reverse order, so that anybody can see how good an answer is. Version 1 is
the network after a short training and is visibly wrong; version 2 is the same network trained on until it is right.
That is what a roll-over from one to the other, and a rollback, look like from outside.

Seeded, one thread: the same packages on the same kind of processor write the same bytes.
"""

import argparse
import json
import os
import pathlib

os.environ.setdefault("ATEN_CPU_CAPABILITY", "default")     # before torch: kernels without AVX dispatch

import numpy as np
import torch
from torch import nn

SEED = 1
BATCH_ROWS = 64
LEARNING_RATE = 1e-2
STEPS_OF_VERSION = {1: 30, 2: 1500}     # counted from the start
OPSET = 17
SAMPLES = pathlib.Path(__file__).resolve().parents[2] / "deploy" / "samples"

CONFIG = '''\
# Both versions are served, so that clients can name either; one that names none gets version 2.
# For a rollback, put `specific { versions: [ 1 ] }` in place of `all { }`.
name: "two_layer"
platform: "onnxruntime_onnx"
max_batch_size: 64
input [
  {
    name: "x"
    data_type: TYPE_FP32
    dims: [ 10 ]
  }
]
output [
  {
    name: "y"
    data_type: TYPE_FP32
    dims: [ 10 ]
  }
]
version_policy: { all { } }
dynamic_batching { }
'''


def export(network, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(network, torch.zeros(2, 10), str(path), input_names=["x"], output_names=["y"],
                      dynamic_axes={"x": {0: "N"}, "y": {0: "N"}}, opset_version=OPSET)


def answer(network, x):
    """The oracle: two matrix products in NumPy, in double precision, without PyTorch's forward or the ONNX file."""
    first, second = ([p.detach().numpy().astype(np.float64) for p in (layer.weight, layer.bias)] for layer in network)
    return (x.astype(np.float64) @ first[0].T + first[1]) @ second[0].T + second[1]


def write_expected(folder, x, versions):
    """The fixed input, also as x.npy for the command line, and each version's answer to it."""
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "x.npy", x)
    head = {"model": "two_layer", "input": "x", "output": "y", "shape": [10],
            "oracle": "NumPy, double precision, from the weights and not from model.onnx", "tolerance": 1e-5,
            "x": [float(value) for value in x[0]]}
    members = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
    members.append('"versions": [\n  ' + ",\n  ".join(json.dumps(entry) for entry in versions) + "\n ]")
    (folder / "expected.json").write_text("{\n " + ",\n ".join(members) + "\n}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, default=SAMPLES, help="folder to write to (deploy/samples)")
    out = parser.parse_args().out
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(SEED)

    network = nn.Sequential(nn.Linear(10, 20), nn.Linear(20, 10))
    optimizer = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE)
    mean_squared_error = nn.MSELoss()
    held_out = torch.randn(1000, 10)
    x = np.arange(1, 11, dtype=np.float32)[None, :] / np.float32(8)     # eighths: exact in binary

    model, done, versions, report = out / "models" / "two_layer", 0, [], ""
    for version, steps in STEPS_OF_VERSION.items():
        for _ in range(done, steps):
            batch = torch.randn(BATCH_ROWS, 10)
            loss = mean_squared_error(network(batch), batch.flip(1))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        done = steps
        with torch.no_grad():
            error = mean_squared_error(network(held_out), held_out.flip(1)).item()
        report += f"version {version}: mean squared error {error:.3g} on 1000 held-out rows after {steps} steps\n"
        export(network, model / str(version) / "model.onnx")
        versions.append({"version": version, "y": [float(f"{value:.9g}") for value in answer(network, x)[0]]})

    print(report, end="")
    (model / "config.pbtxt").write_text(CONFIG)
    (model / "accuracy.txt").write_text(report)
    write_expected(out / "two_layer", x, versions)


if __name__ == "__main__":
    main()
