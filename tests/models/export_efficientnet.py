# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""EfficientNet-Lite0 as ONNX from its weights, as PyTorch would export it: Conv, BatchNormalization and Clip unfolded."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

STRIDE_2 = (1, 3, 5, 11)  # blocks whose depthwise convolution halves the image


class Builder:
    def __init__(self, weights: dict):
        self.weights, self.nodes, self.constants = weights, [], {}

    def constant(self, name: str, value) -> str:
        self.constants.setdefault(name, numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, op: str, *inputs, **attributes) -> str:
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [name], **attributes))
        return name

    def conv(self, x: str, name: str, norm: str, stride: int = 1, active: bool = True) -> str:
        weight = self.weights[name + ".weight"]
        group = weight.shape[0] if weight.shape[1] == 1 else 1
        x = self.node("Conv", x, self.constant(name, weight), kernel_shape=weight.shape[2:], strides=[stride, stride],
                      group=group, auto_pad="SAME_UPPER")
        parts = [self.constant(f"{norm}.{part}", self.weights[f"{norm}.{part}"])
                 for part in ("weight", "bias", "running_mean", "running_var")]
        x = self.node("BatchNormalization", x, *parts, epsilon=1e-3)
        if not active:
            return x
        return self.node("Clip", x, self.constant("low", np.float32(0).reshape(())), self.constant("high", np.float32(6).reshape(())))

    def block(self, x: str, index: int) -> str:
        name, entry = f"_blocks.{index}", x
        stride = 2 if index in STRIDE_2 else 1
        if name + "._expand_conv.weight" in self.weights:
            x = self.conv(x, name + "._expand_conv", name + "._bn0")
        x = self.conv(x, name + "._depthwise_conv", name + "._bn1", stride)
        x = self.conv(x, name + "._project_conv", name + "._bn2", active=False)
        wide_in = self.weights[f"{name}._expand_conv.weight"].shape[1] if index else 32
        same = stride == 1 and wide_in == self.weights[name + "._project_conv.weight"].shape[0]
        return self.node("Add", x, entry) if same else x


def build(weights: dict) -> bytes:
    b = Builder(weights)
    x = b.conv("image", "_conv_stem", "_bn0", 2)
    for index in range(16):
        x = b.block(x, index)
    x = b.node("Flatten", b.node("GlobalAveragePool", b.conv(x, "_conv_head", "_bn1")))
    b.nodes.append(helper.make_node("Gemm", [x, b.constant("_fc.weight", weights["_fc.weight"]),
                                             b.constant("_fc.bias", weights["_fc.bias"])], ["logits"], transB=1))
    graph = helper.make_graph(
        b.nodes, "efficientnet_lite0", [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, "h", "w"])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 1000])], list(b.constants.values()))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()
