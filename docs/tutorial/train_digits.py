# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""Trains the digits classifier and writes everything that deploy/samples holds about it.

Needs Debian's packages, and nothing from elsewhere:

    apt-get install python3-torch python3-sklearn
    /usr/bin/python3 docs/tutorial/train_digits.py             # half a minute, into deploy/samples
    /usr/bin/python3 docs/tutorial/train_digits.py --out DIR   # somewhere else

Debian 12 has PyTorch 1.13, whose ONNX exporter knows opsets up to 17. The wheel from PyPI does as well but brings
gigabytes of CUDA along.

The recipe was fixed before the held-out images were looked at: no early stopping, no choice among runs. Seeded, one
thread: the same packages on the same kind of processor write the same bytes. Another processor rounds the last bit of a
sum differently and training magnifies that: expect an accuracy within an image or two, not the same file.
"""

import argparse
import json
import os
import pathlib

os.environ.setdefault("ATEN_CPU_CAPABILITY", "default")     # before torch: kernels without AVX dispatch

import numpy as np
import torch
from torch import nn

import digits_data

SEED = 1
EPOCHS = 60
BATCH_ROWS = 64
LEARNING_RATE = 4e-3
OPSET = 17
SAMPLES = pathlib.Path(__file__).resolve().parents[2] / "deploy" / "samples"

CONFIG = '''\
# Triton's model configuration (protobuf text format); everything here could also be read from model.onnx.
name: "digits"
platform: "onnxruntime_onnx"
max_batch_size: 64
input [
  {
    name: "image"
    data_type: TYPE_FP32
    dims: [ 1, 8, 8 ]          # one channel, 8 rows, 8 columns; pixel / 255
  }
]
output [
  {
    name: "probabilities"
    data_type: TYPE_FP32
    dims: [ 10 ]
    label_filename: "labels.txt"
  }
]
dynamic_batching { }
'''


class Digits(nn.Module):
    """Three convolutions, each with batch normalisation and ReLU, two poolings, one linear layer."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU(),
            nn.Conv2d(16, 32, 3, padding=1, bias=False), nn.BatchNorm2d(32), nn.ReLU(),
            nn.MaxPool2d(2),                                # 8x8 -> 4x4
            nn.Conv2d(32, 48, 3, padding=1, bias=False), nn.BatchNorm2d(48), nn.ReLU(),
            nn.MaxPool2d(2))                                # 4x4 -> 2x2
        self.head = nn.Linear(48 * 2 * 2, 10)

    def forward(self, image):
        return self.head(torch.flatten(self.features(image), 1))


def train(images, labels):
    """Returns the trained network, in evaluation mode."""
    torch.manual_seed(SEED)
    network = Digits()
    optimizer = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)
    for epoch in range(EPOCHS):
        total = 0.0
        for rows in torch.randperm(len(images)).split(BATCH_ROWS):
            loss = nn.functional.cross_entropy(network(jitter(images[rows])), labels[rows], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        schedule.step()
        if (epoch + 1) % 10 == 0:
            print(f"epoch {epoch + 1:2d} of {EPOCHS}: loss {total / len(images):.4f}", flush=True)
    return network.eval()


def jitter(images):
    """Moves every image of the batch by -1, 0 or 1 pixel each way, so that place matters less than form."""
    padded = nn.functional.pad(images, (1, 1, 1, 1))
    moves = torch.randint(0, 3, (len(images), 2)).tolist()
    return torch.stack([image[:, y:y + 8, x:x + 8] for image, (y, x) in zip(padded, moves)])


def probabilities(network, images):
    """The oracle: PyTorch itself, in double precision, without the ONNX file."""
    network.double()
    with torch.no_grad():
        result = torch.softmax(network(images.double()), dim=1).numpy()
    network.float()
    return result


def export(network, path):
    """Writes model.onnx. Convolution and batch normalisation stay apart: merging them is the server's work."""
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(nn.Sequential(network, nn.Softmax(dim=1)).eval(), torch.zeros(2, 1, 8, 8), str(path),
                      input_names=["image"], output_names=["probabilities"],
                      dynamic_axes={"image": {0: "N"}, "probabilities": {0: "N"}},
                      training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False, opset_version=OPSET)


def write_pictures(folder, pixels, labels, scores):
    """One held-out picture a digit, the first that the network reads rightly, and what it should answer."""
    folder.mkdir(parents=True, exist_ok=True)
    right = scores.argmax(axis=1) == labels
    expected = []
    for digit in range(10):
        row = int(np.flatnonzero(right & (labels == digit))[0])
        digits_data.write_pgm(folder / f"{digit}.pgm", pixels[row])
        expected.append({"file": f"{digit}.pgm", "label": digit,
                         "probabilities": [float(f"{score:.9g}") for score in scores[row]]})
        if digit == 3:
            digits_data.write_png(folder / "3.png", pixels[row])
            expected.append({**expected[-1], "file": "3.png"})
    expected.sort(key=lambda entry: (entry["file"].endswith(".png"), entry["file"]))
    head = {"model": "digits", "version": 1, "input": "image", "output": "probabilities",
            "scale": "pixel / 255", "shape": [1, 8, 8],
            "oracle": f"PyTorch {torch.__version__}, double precision, from the weights and not from model.onnx",
            "tolerance": 1e-5}
    members = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
    members.append('"images": [\n  ' + ",\n  ".join(json.dumps(entry) for entry in expected) + "\n ]")
    (folder / "expected.json").write_text("{\n " + ",\n ".join(members) + "\n}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, default=SAMPLES, help="folder to write to (deploy/samples)")
    out = parser.parse_args().out
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.backends.mkldnn.enabled = False

    train_pixels, train_labels, test_pixels, test_labels = digits_data.load_split()
    network = train(torch.from_numpy(digits_data.to_input(train_pixels)), torch.from_numpy(train_labels))

    scores = probabilities(network, torch.from_numpy(digits_data.to_input(test_pixels)))
    right = int((scores.argmax(axis=1) == test_labels).sum())
    report = (f"held-out accuracy {right / len(test_labels):.4f} "
              f"({right} of {len(test_labels)} images right; trained on {len(train_labels)} others)")
    print(report)

    model = out / "models" / "digits"
    export(network, model / "1" / "model.onnx")
    (model / "config.pbtxt").write_text(CONFIG)
    (model / "labels.txt").write_text("".join(f"{digit}\n" for digit in range(10)))
    (model / "accuracy.txt").write_text(report + "\n")
    write_pictures(out / "digits", test_pixels, test_labels, scores)


if __name__ == "__main__":
    main()
