# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""scikit-learn -> ONNX with plain operators: a scaler and a multi-layer perceptron as Gemm, Relu and Softmax.

    apt-get install python3-sklearn python3-onnx
    /usr/bin/python3 docs/tutorial/export_sklearn.py REPOSITORY      # REPOSITORY/digits_mlp/1/model.onnx

The usual converter, skl2onnx, writes operators of the ai.onnx.ml domain (Scaler, LinearClassifier, ...). inferd does not
have those yet and says so when it loads such a model. A linear model or a perceptron needs none of them: its arrays are
the weights of Gemm nodes, and a StandardScaler in front is folded into the first.
"""

import argparse
import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

HELD_OUT = 360


def to_onnx(scaler, perceptron):
    """StandardScaler and MLPClassifier (ReLU, more than two classes) -> ModelProto: x [N, features] -> probabilities."""
    if perceptron.activation != "relu" or perceptron.out_activation_ != "softmax":
        raise ValueError("only activation='relu' and more than two classes")
    weights, biases = list(perceptron.coefs_), list(perceptron.intercepts_)
    # (x - mean) / scale @ w + b  =  x @ (w / scale) + (b - mean / scale @ w)
    biases[0] = biases[0] - (scaler.mean_ / scaler.scale_) @ weights[0]
    weights[0] = weights[0] / scaler.scale_[:, None]

    nodes, initializers, value = [], [], "x"
    for layer, (weight, bias) in enumerate(zip(weights, biases)):
        for name, array in ((f"w{layer}", weight), (f"b{layer}", bias)):
            initializers.append(numpy_helper.from_array(array.astype(np.float32), name))
        nodes.append(helper.make_node("Gemm", [value, f"w{layer}", f"b{layer}"], [f"sum{layer}"]))
        value = f"sum{layer}"
        if layer + 1 < len(weights):
            nodes.append(helper.make_node("Relu", [value], [f"hidden{layer}"]))
            value = f"hidden{layer}"
    nodes.append(helper.make_node("Softmax", [value], ["probabilities"], axis=1))

    def info(name, columns):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", columns])

    graph = helper.make_graph(nodes, "mlp", [info("x", weights[0].shape[0])],
                              [info("probabilities", weights[-1].shape[1])], initializers)
    model = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])
    onnx.checker.check_model(model, full_check=True)
    return model


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("repository", type=pathlib.Path, help="model repository to write into")
    path = parser.parse_args().repository / "digits_mlp" / "1" / "model.onnx"

    digits = load_digits()
    x, labels = digits.data / 16.0, digits.target
    order = np.random.RandomState(1).permutation(len(labels))
    test, train = order[:HELD_OUT], order[HELD_OUT:]
    pipeline = make_pipeline(StandardScaler(), MLPClassifier((64,), max_iter=500, random_state=1))
    pipeline.fit(x[train], labels[train])
    print(f"held-out accuracy {pipeline.score(x[test], labels[test]):.4f} on {HELD_OUT} images")

    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(to_onnx(*(step for _, step in pipeline.steps)), str(path))
    # For comparing: what scikit-learn itself answers to the first held-out images.
    np.save(path.parents[1] / "x.npy", x[test][:8].astype(np.float32))
    np.save(path.parents[1] / "expected.npy", pipeline.predict_proba(x[test][:8]))
    print(path)


if __name__ == "__main__":
    main()
