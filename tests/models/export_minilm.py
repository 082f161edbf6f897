# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""all-MiniLM-L6-v2 as ONNX from its safetensors: a BERT encoder, mean pooling, vectors of length 1."""

import json
import struct

import numpy as np
from onnx import TensorProto, helper, numpy_helper

LAYERS, HEADS, WIDTH = 6, 12, 384


class Builder:
    def __init__(self, weights: dict):
        self.weights, self.nodes, self.constants = weights, [], []

    def constant(self, value) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, op: str, *inputs, **attributes) -> str:
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [name], **attributes))
        return name

    def linear(self, x: str, name: str) -> str:
        product = self.node("MatMul", x, self.constant(self.weights[name + ".weight"].T))
        return self.node("Add", product, self.constant(self.weights[name + ".bias"]))

    def norm(self, x: str, name: str) -> str:
        return self.node("LayerNormalization", x, self.constant(self.weights[name + ".weight"]),
                         self.constant(self.weights[name + ".bias"]), axis=-1, epsilon=1e-12)

    def heads(self, x: str) -> str:
        split = self.node("Reshape", x, self.constant(np.array([0, 0, HEADS, WIDTH // HEADS])))
        return self.node("Transpose", split, perm=[0, 2, 1, 3])

    def scalar(self, value: float) -> str:
        return self.constant(np.array(value, np.float32))

    def attention(self, x: str, hidden: str, name: str) -> str:
        query, key, value = (self.heads(self.linear(x, f"{name}.self.{part}")) for part in ("query", "key", "value"))
        scores = self.node("MatMul", query, self.node("Transpose", key, perm=[0, 1, 3, 2]))
        scores = self.node("Add", self.node("Div", scores, self.scalar((WIDTH / HEADS) ** 0.5)), hidden)
        mixed = self.node("Transpose", self.node("MatMul", self.node("Softmax", scores, axis=-1), value), perm=[0, 2, 1, 3])
        joined = self.node("Reshape", mixed, self.constant(np.array([0, 0, WIDTH])))
        return self.norm(self.node("Add", self.linear(joined, f"{name}.output.dense"), x), f"{name}.output.LayerNorm")

    def feed_forward(self, x: str, name: str) -> str:
        wide = self.linear(x, f"{name}.intermediate.dense")
        share = self.node("Add", self.node("Erf", self.node("Div", wide, self.scalar(2 ** 0.5))), self.scalar(1))
        gelu = self.node("Mul", self.node("Mul", wide, share), self.scalar(0.5))
        return self.norm(self.node("Add", self.linear(gelu, f"{name}.output.dense"), x), f"{name}.output.LayerNorm")


def read_safetensors(data: bytes) -> dict:
    length = struct.unpack("<Q", data[:8])[0]
    header, base = json.loads(data[8:8 + length]), 8 + length
    return {name: np.frombuffer(data[base + at["data_offsets"][0]:base + at["data_offsets"][1]], np.float32).reshape(at["shape"])
            for name, at in header.items() if at.get("dtype") == "F32"}


def build(data: bytes) -> bytes:
    b = Builder(read_safetensors(data))
    embed = "embeddings."
    ids, mask = "input_ids", "attention_mask"
    length = b.node("Slice", b.node("Shape", ids), b.constant(np.array([1])), b.constant(np.array([2])))
    positions = b.node("Slice", b.constant(b.weights[embed + "position_embeddings.weight"]), b.constant(np.array([0])), length,
                       b.constant(np.array([0])))
    words = b.node("Gather", b.constant(b.weights[embed + "word_embeddings.weight"]), ids)
    kind = b.constant(b.weights[embed + "token_type_embeddings.weight"][0])
    x = b.norm(b.node("Add", b.node("Add", words, positions), kind), embed + "LayerNorm")
    seen = b.node("Cast", mask, to=TensorProto.FLOAT)
    far = b.node("Unsqueeze", seen, b.constant(np.array([1, 2])))
    hidden = b.node("Mul", b.node("Sub", b.scalar(1), far), b.scalar(-10000))
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}"
        x = b.feed_forward(b.attention(x, hidden, name + ".attention"), name)
    weights = b.node("Unsqueeze", seen, b.constant(np.array([2])))
    total = b.node("ReduceSum", b.node("Mul", x, weights), b.constant(np.array([1])), keepdims=0)
    mean = b.node("Div", total, b.node("ReduceSum", weights, b.constant(np.array([1])), keepdims=0))
    b.nodes.append(helper.make_node("LpNormalization", [mean], ["sentence_embedding"], axis=-1, p=2))
    graph = helper.make_graph(
        b.nodes, "all-MiniLM-L6-v2",
        [helper.make_tensor_value_info(name, TensorProto.INT64, ["n", "t"]) for name in (ids, mask)],
        [helper.make_tensor_value_info("sentence_embedding", TensorProto.FLOAT, ["n", WIDTH])], b.constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()
