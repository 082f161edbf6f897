# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""Makes the models that the benchmarks run. Needs Debian's python3-onnx and python3-numpy.

    /usr/bin/python3 deploy/samples/make_bench_models.py                   # the identity models, beside this script
    /usr/bin/python3 deploy/samples/make_bench_models.py --resnet50 DIR    # DIR/resnet50/1/model.onnx, 102 MB

identity      x FLOAT [N, 16] -> y: the smallest useful call, so that what is measured is the server
identity_any  x FLOAT [N, K] -> y: the same with tensors of any size
resnet50      data FLOAT [N, 3, 224, 224] -> logits [N, 1000]: ResNet-50 (v1.5: the 3x3 convolution has the stride),
              written as PyTorch exports it, Conv and BatchNormalization apart. The weights are random (seeded), so the
              answers mean nothing; they are scaled so that values neither vanish nor explode on the way.

The identity models are committed; ResNet-50 never is: its users keep it in a cache folder.
"""

import argparse
import os
import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SEED = 1
OPSET = 17
IR_VERSION = 8
RESNET50_STAGES = ((3, 64, 1), (4, 128, 2), (6, 256, 2), (3, 512, 2))   # blocks, inner channels, stride of the first
EXPANSION = 4                                                           # a block ends in 4 x its inner channels

CONFIG = '''\
name: "%s"
platform: "onnxruntime_onnx"
max_batch_size: %d
input [
  {
    name: "%s"
    data_type: TYPE_FP32
    dims: [ %s ]
  }
]
output [
  {
    name: "%s"
    data_type: TYPE_FP32
    dims: [ %s ]
  }
]
'''


def save(folder, name, graph, config):
    """Writes folder/name/1/model.onnx, moved into place when whole, and folder/name/config.pbtxt."""
    model = helper.make_model(graph, producer_name="make_bench_models.py", ir_version=IR_VERSION,
                              opset_imports=[helper.make_opsetid("", OPSET)])
    onnx.checker.check_model(model, full_check=True)
    path = folder / name / "1" / "model.onnx"
    path.parent.mkdir(parents=True, exist_ok=True)
    data = model.SerializeToString(deterministic=True)
    part = path.with_suffix(".part")
    part.write_bytes(data)
    os.replace(part, path)
    (folder / name / "config.pbtxt").write_text(config)
    print(f"{path}: {len(data)} bytes")


def make_identity(folder, name, columns, config):
    def value(value_name):
        return helper.make_tensor_value_info(value_name, TensorProto.FLOAT, ["N", columns])

    save(folder, name, helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], name, [value("x")],
                                         [value("y")]), config)


class Network:
    """Appends nodes and seeded weights; every method returns the name of its output and the number of channels."""

    def __init__(self):
        self.nodes, self.weights = [], []
        self.random = np.random.RandomState(SEED)       # its stream is frozen: the same weights in every NumPy

    def node(self, operator, inputs, output=None, **attributes):
        output = output or f"{operator}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [output], name=f"/{operator}_{len(self.nodes)}",
                                           **attributes))
        return output

    def weight(self, name, values):
        self.weights.append(numpy_helper.from_array(values.astype(np.float32), name))
        return name

    def normal(self, shape, deviation):
        return self.random.standard_normal(shape) * deviation

    def conv_norm(self, name, x, channels, size, stride=1, gain=1.0):
        """Conv without bias and BatchNormalization; x and the result are (value, channels)."""
        value, before = x
        weight = self.weight(f"{name}.conv.weight",
                             self.normal((channels, before, size, size), np.sqrt(2.0 / (before * size * size))))
        pad = size // 2
        value = self.node("Conv", [value, weight], dilations=[1, 1], group=1, kernel_shape=[size, size],
                          pads=[pad] * 4, strides=[stride, stride])
        uniform = self.random.uniform
        # Not 1, 0, 0, 1: folding these into the convolution wrongly must show.
        norm = [self.weight(f"{name}.norm.weight", gain * uniform(0.9, 1.1, channels)),
                self.weight(f"{name}.norm.bias", uniform(-0.1, 0.1, channels)),
                self.weight(f"{name}.norm.running_mean", uniform(-0.1, 0.1, channels)),
                self.weight(f"{name}.norm.running_var", uniform(0.9, 1.1, channels))]
        return self.node("BatchNormalization", [value, *norm], epsilon=1e-5, momentum=0.9), channels

    def relu(self, x):
        return self.node("Relu", [x[0]]), x[1]

    def block(self, name, x, inner, stride):
        """1x1, 3x3, 1x1 and a way around, which is a 1x1 convolution where the shape changes."""
        y = self.relu(self.conv_norm(f"{name}.1", x, inner, 1))
        y = self.relu(self.conv_norm(f"{name}.2", y, inner, 3, stride))
        # A sum of two has twice the variance: the gains keep 16 sums in a row at about one size.
        y = self.conv_norm(f"{name}.3", y, inner * EXPANSION, 1, gain=0.25)
        if x[1] != y[1]:
            x = self.conv_norm(f"{name}.around", x, inner * EXPANSION, 1, stride, gain=0.7)
        return self.relu((self.node("Add", [y[0], x[0]]), y[1]))


def make_resnet50(folder):
    network = Network()
    x = network.relu(network.conv_norm("stem", ("data", 3), 64, 7, 2))
    x = network.node("MaxPool", [x[0]], ceil_mode=0, kernel_shape=[3, 3], pads=[1] * 4, strides=[2, 2]), x[1]
    for stage, (blocks, inner, stride) in enumerate(RESNET50_STAGES, 1):
        for block in range(blocks):
            x = network.block(f"stage{stage}.{block}", x, inner, stride if block == 0 else 1)
    value = network.node("Flatten", [network.node("GlobalAveragePool", [x[0]])], axis=1)
    network.node("Gemm", [value, network.weight("head.weight", network.normal((1000, x[1]), np.sqrt(1.0 / x[1]))),
                          network.weight("head.bias", network.normal(1000, 0.01))],
                 "logits", alpha=1.0, beta=1.0, transB=1)
    inputs = [helper.make_tensor_value_info("data", TensorProto.FLOAT, ["N", 3, 224, 224])]
    outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 1000])]
    save(folder, "resnet50", helper.make_graph(network.nodes, "resnet50", inputs, outputs, network.weights),
         CONFIG % ("resnet50", 32, "data", "3, 224, 224", "logits", "1000") + "dynamic_batching { }\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent / "bench",
                        help="folder for the identity models (deploy/samples/bench)")
    parser.add_argument("--resnet50", type=pathlib.Path, metavar="DIR", help="make ResNet-50 in DIR, and nothing else")
    arguments = parser.parse_args()
    if arguments.resnet50:
        make_resnet50(arguments.resnet50)
        return
    make_identity(arguments.out, "identity", 16,
                  CONFIG % ("identity", 64, "x", "16", "y", "16") + "dynamic_batching { }\n")
    # Rows of large tensors are not worth gathering: no batching, so both dims are the client's own.
    make_identity(arguments.out, "identity_any", "K", CONFIG % ("identity_any", 0, "x", "-1, -1", "y", "-1, -1"))


if __name__ == "__main__":
    main()
