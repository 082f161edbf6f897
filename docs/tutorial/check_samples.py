# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""Runs the committed sample models with other people's engines and compares with expected.json.

It needs ONNX Runtime or the onnx package's reference evaluator (onnx 1.13 and newer), and uses both if both are there;
with scikit-learn it also measures the accuracy on all held-out images again:

    venv="${XDG_CACHE_HOME:-$HOME/.cache}/inferd/check-venv"
    /usr/bin/python3 -m venv "$venv" && "$venv/bin/pip" install onnxruntime onnx scikit-learn
    "$venv/bin/python" docs/tutorial/check_samples.py            # or --samples DIR

Exit status 0 if all agree, 1 if anything differs, 2 if there is no engine to check with.
"""

import argparse
import json
import pathlib
import re
import sys

import numpy as np

import digits_data

SAMPLES = pathlib.Path(__file__).resolve().parents[2] / "deploy" / "samples"
READERS = {".pgm": digits_data.read_pgm, ".png": digits_data.read_png}


def find_engines():
    """Returns {name: function from the path of a model to a function from {input: array} to the first output}."""
    engines = {}
    try:
        import onnxruntime

        def load_onnxruntime(path):
            session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
            return lambda inputs: session.run(None, inputs)[0]

        engines[f"onnxruntime {onnxruntime.__version__}"] = load_onnxruntime
    except ImportError as error:
        print(f"skip: onnxruntime ({error})")
    try:
        import onnx
        from onnx.reference import ReferenceEvaluator

        def load_reference(path):
            onnx.checker.check_model(str(path), full_check=True)
            evaluator = ReferenceEvaluator(str(path))
            return lambda inputs: evaluator.run(None, inputs)[0]

        engines[f"onnx reference {onnx.__version__}"] = load_reference
    except ImportError as error:
        print(f"skip: onnx reference evaluator ({error})")
    return engines


class Report:
    """Prints a line a check and remembers whether any failed."""

    def __init__(self):
        self.passed = self.failed = 0

    def say(self, is_right, text):
        self.passed += is_right
        self.failed += not is_right
        print(f"{'ok  ' if is_right else 'FAIL'} {text}")

    def compare(self, text, actual, expected, tolerance):
        actual, expected = np.asarray(actual, np.float64), np.asarray(expected, np.float64)
        if actual.shape != expected.shape:
            self.say(False, f"{text}: shape {actual.shape}, expected {expected.shape}")
            return
        worst = float(np.abs(actual - expected).max())      # NaN compares false, so it fails
        self.say(worst <= tolerance, f"{text}: off by at most {worst:.1e} (allowed {tolerance:.0e})")


def check_digits(samples, engine, load, report):
    """Every picture, and all pictures in one batch."""
    expected = json.loads((samples / "digits" / "expected.json").read_text())
    run = load(samples / "models" / "digits" / str(expected["version"]) / "model.onnx")
    pixels = []
    for entry in expected["images"]:
        path = samples / "digits" / entry["file"]
        pixels.append(READERS[path.suffix](path))
    images = digits_data.to_input(np.stack(pixels))
    wanted = np.array([entry["probabilities"] for entry in expected["images"]])
    labels = np.array([entry["label"] for entry in expected["images"]])

    alone = np.concatenate([run({expected["input"]: images[row:row + 1]}) for row in range(len(images))])
    together = run({expected["input"]: images})
    report.compare(f"digits one by one, {engine}", alone, wanted, expected["tolerance"])
    report.compare(f"digits in one batch, {engine}", together, wanted, expected["tolerance"])
    right = int((alone.argmax(axis=1) == labels).sum())
    report.say(right == len(labels), f"digits labels, {engine}: {right} of {len(labels)} right")
    check_accuracy(samples, engine, run, expected["input"], report)


def check_accuracy(samples, engine, run, name, report):
    """All held-out images, against the count in accuracy.txt."""
    try:
        _, _, pixels, labels = digits_data.load_split()
    except ImportError as error:
        print(f"skip: held-out accuracy ({error})")
        return
    told = (samples / "models" / "digits" / "accuracy.txt").read_text()
    wanted = tuple(int(count) for count in re.search(r"\((\d+) of (\d+) images right", told).groups())
    scores = run({name: digits_data.to_input(pixels)})
    measured = (int((scores.argmax(axis=1) == labels).sum()), len(labels))
    report.say(measured == wanted, f"digits held-out accuracy, {engine}: {measured[0]} of {measured[1]} right")


def check_two_layer(samples, engine, load, report):
    expected = json.loads((samples / "two_layer" / "expected.json").read_text())
    x = np.load(samples / "two_layer" / "x.npy")
    report.say(x.tolist() == [expected["x"]], "two_layer: x.npy is the x of expected.json")
    for entry in expected["versions"]:
        run = load(samples / "models" / "two_layer" / str(entry["version"]) / "model.onnx")
        report.compare(f"two_layer version {entry['version']}, {engine}", run({expected["input"]: x}), [entry["y"]],
                       expected["tolerance"])


def check_bench(samples, engine, load, report):
    """The identity models give back what they get, bit for bit."""
    for name, shapes in (("identity", [(1, 16), (5, 16)]), ("identity_any", [(1, 1), (1, 262144), (3, 7)])):
        run = load(samples / "bench" / name / "1" / "model.onnx")
        rows = [np.random.RandomState(1).standard_normal(shape).astype(np.float32) for shape in shapes]
        report.say(all(run({"x": x}).tobytes() == x.tobytes() for x in rows), f"{name}, {engine}: {shapes}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=pathlib.Path, default=SAMPLES, help="folder to check (deploy/samples)")
    samples = parser.parse_args().samples
    engines = find_engines()
    if not engines:
        print("nothing to check with: install onnxruntime or onnx 1.13 or newer (the head of this file says how)")
        return 2
    report = Report()
    for engine, load in engines.items():
        for check in (check_digits, check_two_layer, check_bench):
            check(samples, engine, load, report)
    print(f"{report.passed} passed, {report.failed} failed")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
