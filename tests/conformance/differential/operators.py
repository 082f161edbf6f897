# SPDX-FileCopyrightText: 2026 The inferd authors
# SPDX-License-Identifier: Apache-2.0
"""One row per operator: how its shapes, types and attributes are drawn. A row is a function from Dice to Case."""

import numpy as np
from dice import ANY, BF16, F16, F32, F64, FLOATS, INTEGERS, NUMBERS, SIGNED, Case, Dice  # noqa: F401

I64 = np.int64


def ints(*values) -> np.ndarray:
    return np.array(values, I64)


def loose(dtype, relative: float = 1e-3, absolute: float = 1e-5) -> dict:
    """16-bit floats are rounded at other places."""
    if dtype == F16:
        return {"relative": 1e-2, "absolute": 1e-2}
    return {"relative": relative, "absolute": absolute}


def unary(dtypes=FLOATS, low=-3.0, high=3.0, **attributes):
    def row(d: Dice) -> Case:
        dtype = d.one(dtypes)
        chosen = {name: d.random.uniform(*span) if isinstance(span[0], float) else d.one(span)
                  for name, span in attributes.items() if d.chance(0.7)}
        return Case([d.array(d.dims(0, 4), dtype, low, high)], chosen, **loose(dtype))
    return row


def binary(dtypes=NUMBERS, low=-3.0, high=3.0, second=None, **fixed):
    def row(d: Dice) -> Case:
        dtype, dims = d.one(dtypes), d.dims(0, 4)
        a, b = (dims, d.narrowed(dims)) if d.chance(0.5) else (d.narrowed(dims), dims)
        chosen = {name: d.one(span) for name, span in fixed.items()}
        return Case([d.array(a, dtype, low, high), d.array(b, dtype, *(second or (low, high)))], chosen,
                    **loose(dtype))
    return row


def divide(d: Dice) -> Case:
    case = binary((F32, F64, np.int32, np.int64))(d)
    case.inputs[1] = np.where(case.inputs[1] == 0, np.ones_like(case.inputs[1]), case.inputs[1])
    return case


def modulo(d: Dice) -> Case:
    case = divide(d)
    is_float = case.inputs[0].dtype.kind == "f"
    case.attributes = {"fmod": 1} if is_float or d.chance(0.5) else {}
    return case


def many(dtypes=FLOATS):
    def row(d: Dice) -> Case:
        dtype, dims = d.one(dtypes), d.dims(1, 4)
        return Case([d.array(dims if i == 0 else d.narrowed(dims), dtype) for i in range(d.int(1, 4))],
                    **loose(dtype))
    return row


def prelu(d: Dice) -> Case:
    dims = d.dims(1, 4)
    return Case([d.array(dims), d.array(d.narrowed(dims))])


def clip(d: Dice) -> Case:
    dtype = d.one(FLOATS + (np.int32, np.int8))
    low, high = (d.array([], dtype, -2, 0) if d.chance(0.7) else None for _ in range(2))
    return Case([d.array(d.dims(0, 4), dtype), low, None if high is None else np.asarray(high + dtype(1))])


def where(d: Dice) -> Case:
    dtype, dims = d.one(ANY), d.dims(1, 4)
    return Case([d.array(d.narrowed(dims), np.bool_), d.array(d.narrowed(dims), dtype), d.array(dims, dtype)])


def cast(d: Dice) -> Case:
    numbers = {F32: 1, np.uint8: 2, np.int8: 3, np.int32: 6, np.int64: 7, np.bool_: 9, F16: 10, F64: 11}
    source = d.one(list(numbers))
    return Case([d.array(d.dims(0, 4), source, 0, 100)], {"to": numbers[d.one(list(numbers))]})


def softmax(d: Dice) -> Case:
    dtype, dims = d.one(FLOATS), d.dims(1, 4)
    return Case([d.array(dims, dtype, -8, 8)], {"axis": d.axis(len(dims))}, **loose(dtype))


def reduce(dtypes=FLOATS, low=-3.0, high=3.0):
    def row(d: Dice) -> Case:
        dtype, dims = d.one(dtypes), d.full_dims(1, 4)
        axes = None if d.chance(0.2) else ints(*d.axes(len(dims)))
        attributes = {"keepdims": d.int(0, 1), "noop_with_empty_axes": d.int(0, 1)}
        return Case([d.array(dims, dtype, low, high)] + ([] if axes is None else [axes]), attributes, constant=(1,),
                    **loose(dtype))
    return row


def arg(d: Dice) -> Case:
    dims = d.full_dims(1, 4)
    return Case([d.array(dims, d.one((F32, F64, np.int32, np.int8)))],
                {"axis": d.axis(len(dims)), "keepdims": d.int(0, 1), "select_last_index": d.int(0, 1)})


def window(d: Dice, spatial: int, dims: list[int], kernel: list[int], is_pool: bool = False) -> dict:
    """strides, dilations and pads that leave at least one position."""
    chosen = {}
    dilations = [1] * spatial
    if d.chance(0.3):
        dilations = [d.int(1, 2) for _ in range(spatial)]
        chosen["dilations"] = dilations
    if d.chance(0.5):
        chosen["strides"] = [d.int(1, 3) for _ in range(spatial)]
    mode = d.one(("NOTSET", "NOTSET", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"))
    spans = [(kernel[i] - 1) * dilations[i] + 1 for i in range(spatial)]
    if mode != "NOTSET" and (mode == "VALID" or dilations == [1] * spatial):
        if mode == "VALID":
            for i in range(spatial):
                dims[i] = max(dims[i], spans[i])
        return chosen | {"auto_pad": mode}
    pads = [d.int(0, (spans[i % spatial] - 1) // 2 if is_pool else 2) for i in range(2 * spatial)]
    if is_pool and dilations != [1] * spatial:
        pads = [0] * (2 * spatial)  # a window of padding alone is -inf in the text, the lowest float in ONNX Runtime
    for i in range(spatial):
        dims[i] = max(dims[i], spans[i] - pads[i] - pads[i + spatial])
    return chosen | {"pads": pads} if any(pads) or d.chance(0.3) else chosen


def conv(d: Dice) -> Case:
    spatial, group = d.int(1, 3), d.one((1, 1, 1, 2, 4))
    dims, kernel = d.full_dims(spatial, spatial, 9), [d.int(1, 3) for _ in range(spatial)]
    each, out = d.int(1, 5), d.int(1, 4) * group
    if group == 4 and d.chance(0.6):
        each, out = 1, 4
    attributes = window(d, spatial, dims, kernel) | {"group": group}
    if d.chance(0.5):
        attributes["kernel_shape"] = kernel
    return Case([d.array([d.int(1, 3), each * group] + dims), d.array([out, each] + kernel)]
                + ([d.array([out])] if d.chance(0.5) else []), attributes)


def fused_conv(d: Dice) -> Case:
    case = conv(d)
    kinds = {"Relu": 0, "Sigmoid": 0, "Tanh": 0, "LeakyRelu": 1, "Clip": 2, "HardSigmoid": 2}
    name = d.one(list(kinds))
    case.attributes |= {"activation": name}
    if kinds[name]:
        case.attributes["activation_params"] = [0.1, 0.6][:kinds[name]]
    return case


def conv_transpose(d: Dice) -> Case:
    spatial, group = d.int(1, 2), d.one((1, 1, 2))
    kernel = [d.int(1, 3) for _ in range(spatial)]
    strides = [d.int(1, 3) for _ in range(spatial)]
    attributes = {"group": group, "strides": strides}
    if d.chance(0.4):
        attributes["output_padding"] = [d.int(0, s - 1) for s in strides]
    if d.chance(0.3):  # ONNX Runtime makes SAME smaller than the text where a stride passes the kernel
        attributes["auto_pad"] = d.one(("SAME_UPPER", "SAME_LOWER", "VALID"))
        if any(s > k for s, k in zip(strides, kernel)):
            attributes["auto_pad"] = "VALID"
    elif d.chance(0.5):
        attributes["pads"] = [d.int(0, (kernel[i % spatial] - 1) // 2) for i in range(2 * spatial)]
    each, out = d.int(1, 3), d.int(1, 3)
    return Case([d.array([d.int(1, 2), each * group] + d.full_dims(spatial, spatial)),
                 d.array([each * group, out] + kernel)] + ([d.array([out * group])] if d.chance(0.5) else []),
                attributes)


def pool(maximum: bool):
    def row(d: Dice) -> Case:
        spatial = d.int(1, 3)
        dims, kernel = d.full_dims(spatial, spatial, 9), [d.int(1, 3) for _ in range(spatial)]
        attributes = window(d, spatial, dims, kernel, True) | {"kernel_shape": kernel}
        if not attributes.get("auto_pad") and d.chance(0.3):
            attributes["ceil_mode"] = 1
        if not maximum and d.chance(0.4):
            attributes["count_include_pad"] = 1
        outputs = 2 if maximum and d.chance(0.3) else 1
        return Case([d.array([d.int(1, 2), d.int(1, 4)] + dims)], attributes, outputs)
    return row


def lp_pool(d: Dice) -> Case:
    case = pool(False)(d)
    case.attributes.pop("count_include_pad", None)
    case.attributes.pop("ceil_mode", None)
    case.attributes["p"] = d.int(1, 3)
    return case


def global_pool(d: Dice) -> Case:
    return Case([d.array([d.int(1, 2), d.int(1, 6)] + d.full_dims(1, 3))])


def global_lp_pool(d: Dice) -> Case:
    return Case([d.array([d.int(1, 2), d.int(1, 6)] + d.full_dims(1, 3))], {"p": d.int(1, 3)})


def lrn(d: Dice) -> Case:
    return Case([d.array([d.int(1, 2), d.int(1, 7)] + d.full_dims(2, 2))],
                {"size": d.one((1, 3, 5)), "alpha": d.random.uniform(1e-4, 0.5), "beta": d.random.uniform(0.3, 1.0),
                 "bias": d.random.uniform(0.5, 2.0)})


def batch_norm(d: Dice) -> Case:
    channels = d.int(1, 6)
    return Case([d.array([d.int(1, 3), channels] + d.full_dims(0, 3)), d.array([channels]), d.array([channels]),
                 d.array([channels]), d.array([channels], low=0.1)], {"epsilon": 1e-3})


def gemm(d: Dice) -> Case:
    m, k, n = d.int(1, 9), d.int(1, 9), d.int(1, 9)
    ta, tb = d.int(0, 1), d.int(0, 1)
    inputs = [d.array([k, m] if ta else [m, k]), d.array([n, k] if tb else [k, n])]
    if d.chance(0.7):
        inputs.append(d.array(d.one(([n], [m, n], [m, 1], [1, n], [], [1]))))
    return Case(inputs, {"transA": ta, "transB": tb, "alpha": d.random.uniform(-2, 2), "beta": d.random.uniform(-2, 2)})


def fused_gemm(d: Dice) -> Case:
    case = gemm(d)
    case.attributes["activation"] = d.one(("Relu", "Sigmoid", "Tanh", "LeakyRelu"))
    return case


def matmul_dims(d: Dice) -> tuple[list[int], list[int]]:
    m, k, n = d.int(1, 9), d.int(1, 9), d.int(1, 9)
    lead = d.full_dims(0, 2, 3)
    a, b = d.narrowed(lead) + [m, k], d.narrowed(lead) + [k, n]
    if d.chance(0.1):
        a = [k]
    elif d.chance(0.1):
        b = [k]
    return a, b


def matmul(d: Dice) -> Case:
    a, b = matmul_dims(d)
    dtype = d.one((F32, F32, F64, np.int32))
    return Case([d.array(a, dtype), d.array(b, dtype)])


def fused_matmul(d: Dice) -> Case:
    m, k, n, lead = d.int(1, 6), d.int(1, 6), d.int(1, 6), d.full_dims(0, 2, 3)
    ta, tb = d.int(0, 1), d.int(0, 1)
    return Case([d.array(lead + ([k, m] if ta else [m, k])), d.array(lead + ([n, k] if tb else [k, n]))],
                {"transA": ta, "transB": tb, "alpha": d.one((1.0, 0.5, -2.0))})


def concat(d: Dice) -> Case:
    dtype, dims = d.one(ANY), d.dims(1, 4)
    axis = d.axis(len(dims))
    arrays = []
    for _ in range(d.int(1, 4)):
        part = list(dims)
        part[axis] = d.int(0 if d.chance(0.05) else 1, 5)
        arrays.append(d.array(part, dtype))
    return Case(arrays, {"axis": axis})


def pad(d: Dice) -> Case:
    dims, mode = d.full_dims(1, 4), d.one(("constant", "reflect", "edge", "wrap"))
    low = -1 if mode == "constant" else 0
    axes = d.axes(len(dims), 1) if d.chance(0.4) else None
    count = len(dims) if axes is None else len(axes)
    widths = [min(d.int(low, 3), dims[(i % count) if axes is None else axes[i % count]] - 1) for i in range(2 * count)]
    value = d.array([]) if d.chance(0.5) else None
    return Case([d.array(dims), ints(*widths), value if mode == "constant" else None, None if axes is None else ints(*axes)],
                {"mode": mode}, constant=(1, 3))


def transpose(d: Dice) -> Case:
    dims = d.dims(0, 5)
    return Case([d.array(dims, d.one(ANY))], {"perm": d.order(len(dims))} if d.chance(0.8) and dims else {})


def constant_of_shape(d: Dice) -> Case:
    return Case([ints(*d.dims(0, 4))])


def flatten(d: Dice) -> Case:
    dims = d.dims(1, 4)
    return Case([d.array(dims, d.one(ANY))], {"axis": d.int(-len(dims), len(dims))})


def reshape(d: Dice) -> Case:
    dims = d.full_dims(1, 4)
    size = int(np.prod(dims))
    target = d.one(([-1], [size], [0] + [-1], list(reversed(dims)), [1, size, 1], dims[:1] + [-1]))
    return Case([d.array(dims, d.one(ANY)), ints(*target)], constant=(1,))


def squeeze(d: Dice) -> Case:
    dims = [1 if d.chance(0.5) else d.int(2, 4) for _ in range(d.int(1, 5))]
    ones = [i - len(dims) if d.chance(0.3) else i for i, dim in enumerate(dims) if dim == 1]
    return Case([d.array(dims, d.one(ANY))] + ([ints(*d.some(ones, 1))] if ones and d.chance(0.7) else []), constant=(1,))


def unsqueeze(d: Dice) -> Case:
    dims = d.dims(0, 3)
    rank = len(dims) + d.int(1, 2)
    axes = [i - rank if d.chance(0.3) else i for i in d.order(rank)[:rank - len(dims)]]
    return Case([d.array(dims, d.one(ANY)), ints(*axes)], constant=(1,))


def gather(d: Dice) -> Case:
    dims = d.full_dims(1, 4)
    axis = d.axis(len(dims))
    return Case([d.array(dims, d.one(ANY)), d.array(d.dims(0, 3, 4), d.one((np.int32, I64)), -dims[axis], dims[axis] - 1)],
                {"axis": axis})


def gather_elements(d: Dice) -> Case:
    dims = d.full_dims(1, 4)
    axis = d.axis(len(dims))
    index = [d.int(1, dim) for dim in dims]
    index[axis] = d.int(1, 5)
    return Case([d.array(dims, d.one(ANY)), d.array(index, I64, -dims[axis], dims[axis] - 1)], {"axis": axis})


def gather_nd(d: Dice) -> Case:
    dims = d.full_dims(1, 4, 4)
    batch = d.int(0, len(dims) - 1)
    depth = d.int(1, len(dims) - batch)
    count = d.int(1, 4)
    index = np.stack([d.array(dims[:batch] + [count], I64, -dims[batch + i], dims[batch + i] - 1) for i in range(depth)], -1)
    return Case([d.array(dims, d.one(ANY)), index], {"batch_dims": batch})


def scatter_elements(d: Dice) -> Case:
    dims, mode = d.full_dims(1, 3), d.one(("none", "add", "mul", "max", "min"))
    axis = d.axis(len(dims))
    index = [d.int(1, dim) for dim in dims]
    places = np.argsort(d.random.random(index[:axis % len(dims)] + [dims[axis]] + index[axis % len(dims) + 1:]), axis)
    picked = np.take(places, range(index[axis]), axis).astype(I64)
    return Case([d.array(dims), picked, d.array(index)], {"axis": axis, "reduction": mode})


def scatter_nd(d: Dice) -> Case:
    dims = d.full_dims(1, 3, 4)
    depth, count = d.int(1, len(dims)), d.int(1, 3)
    flat = d.order(int(np.prod(dims[:depth])))[:count]
    index = np.array([np.unravel_index(i, dims[:depth]) for i in flat], I64)
    return Case([d.array(dims), index, d.array([len(flat)] + dims[depth:])],
                {"reduction": d.one(("none", "add", "mul", "max", "min"))})


def slice_(d: Dice) -> Case:
    dims = d.full_dims(1, 4)
    axes = d.axes(len(dims), 1)
    starts, ends = ([d.int(-9, 9) for _ in axes] for _ in range(2))
    steps = [d.one((1, 1, 2, -1, -2, 3)) for _ in axes]
    if d.chance(0.2):
        # Backwards to INT64_MAX is nothing in the text, but up to the first element in ONNX Runtime.
        ends[0] = d.one((2 ** 63 - 1, -2 ** 63, 2 ** 31)) if steps[0] > 0 else -2 ** 63
    return Case([d.array(dims, d.one(ANY)), ints(*starts), ints(*ends), ints(*axes), ints(*steps)], constant=(1, 2, 3, 4))


def split(d: Dice) -> Case:
    dims = d.full_dims(1, 4)
    axis = d.axis(len(dims))
    count = d.int(1, 3)
    data = d.array(dims, d.one(ANY))
    if d.chance(0.5):
        parts = [d.int(0 if d.chance(0.1) else 1, 4) for _ in range(count)]
        dims[axis] = sum(parts)
        return Case([d.array(dims), ints(*parts)], {"axis": axis}, count, constant=(1,))
    count = min(count, dims[axis])
    while -(-dims[axis] // count) * (count - 1) >= dims[axis] and count > 1:
        count -= 1
    return Case([data], {"axis": axis, "num_outputs": count}, count)


def range_(d: Dice) -> Case:
    dtype = d.one((F32, np.int32, I64, F64))
    step = d.one((1, 2, -1, -3, 0.5)) if np.issubdtype(dtype, np.floating) else d.one((1, 2, -1, -3))
    return Case([np.array(d.int(-5, 5), dtype), np.array(d.int(-20, 20), dtype), np.array(step, dtype)])


def expand(d: Dice) -> Case:
    dims = d.full_dims(1, 4)
    return Case([d.array(d.narrowed(dims), d.one(ANY)), ints(*dims)])


def tile(d: Dice) -> Case:
    dims = d.dims(1, 4, 4)
    return Case([d.array(dims, d.one(ANY)), ints(*[d.int(0 if d.chance(0.05) else 1, 3) for _ in dims])])


def cumulative(d: Dice) -> Case:
    dims = d.full_dims(1, 4)
    return Case([d.array(dims, d.one((F32, F64, np.int32))), np.array(d.axis(len(dims)), I64)],
                {"exclusive": d.int(0, 1), "reverse": d.int(0, 1)})


def one_hot(d: Dice) -> Case:
    dims, depth = d.full_dims(1, 3), d.int(1, 6)
    return Case([d.array(dims, I64, -depth - 1, depth), np.array(depth, I64), d.array([2])],
                {"axis": d.int(-len(dims) - 1, len(dims))})


def top_k(d: Dice) -> Case:
    dims = d.full_dims(1, 4)
    axis = d.axis(len(dims))
    return Case([d.array(dims), ints(d.int(1, dims[axis]))], {"axis": axis, "largest": d.int(0, 1), "sorted": 1}, 2)


def trilu(d: Dice) -> Case:
    return Case([d.array(d.full_dims(2, 4), d.one((F32, I64))), np.array(d.int(-4, 4), I64)], {"upper": d.int(0, 1)})


def eye_like(d: Dice) -> Case:
    return Case([d.array(d.full_dims(2, 2))], {"k": d.int(-3, 3)})


def compress(d: Dice) -> Case:
    dims = d.full_dims(1, 3)
    axis = d.axis(len(dims)) if d.chance(0.7) else None
    length = int(np.prod(dims)) if axis is None else dims[axis]
    return Case([d.array(dims), d.array([d.int(1, length)], np.bool_)], {} if axis is None else {"axis": axis})


def unique(d: Dice) -> Case:
    dims = d.full_dims(1, 3)
    attributes = {"sorted": d.int(0, 1)} | ({"axis": d.axis(len(dims))} if d.chance(0.5) else {})
    return Case([d.array(dims, d.one((I64, F32, np.int8)), -2, 2).round()], attributes, 4)


def reverse_sequence(d: Dice) -> Case:
    dims, batch = d.full_dims(2, 3), d.int(0, 1)
    return Case([d.array(dims), d.array([dims[batch]], I64, 1, dims[1 - batch])], {"batch_axis": batch, "time_axis": 1 - batch})


def layer_norm(d: Dice) -> Case:
    dims = d.full_dims(1, 4)
    axis = d.axis(len(dims))
    scale = dims[axis % len(dims):]
    bias = [d.array(scale)] if d.chance(0.6) else []
    return Case([d.array(dims), d.array(scale)] + bias, {"axis": axis, "epsilon": 1e-4}, d.one((1, 1, 3)), absolute=1e-4)


def skip_layer_norm(simple: bool):
    def row(d: Dice) -> Case:
        dims = d.full_dims(3, 3)
        inputs = [d.array(dims), d.array(dims), d.array(dims[2:])]
        if not simple:
            inputs.append(d.array(dims[2:]) if d.chance(0.7) else None)
        if d.chance(0.5):
            inputs.append(d.array(dims[2:]))
        return Case(inputs, {"epsilon": 1e-3}, absolute=1e-4)
    return row


def embed_layer_norm(d: Dice) -> Case:
    batch, length, size = d.int(1, 3), d.int(1, 5), d.int(1, 8)
    def tokens(top):
        return d.array([batch, length], np.int32, 0, top)
    segments = d.chance(0.7)
    inputs = [tokens(6), tokens(1) if segments else None, d.array([7, size]), d.array([9, size]),
              d.array([2, size]) if segments else None, d.array([size]), d.array([size])]
    if d.chance(0.7):
        inputs.append(tokens(1))
        if d.chance(0.4):
            inputs.append(tokens(8))
    return Case(inputs, {"epsilon": 1e-3}, 2, absolute=1e-4)


def group_norm(d: Dice) -> Case:
    groups, each = d.int(1, 3), d.int(1, 3)
    channels = groups * each
    return Case([d.array([d.int(1, 2), channels] + d.full_dims(1, 2)), d.array([channels]), d.array([channels])],
                {"num_groups": groups, "epsilon": 1e-3}, absolute=1e-4)


def instance_norm(d: Dice) -> Case:
    channels = d.int(1, 5)
    return Case([d.array([d.int(1, 3), channels] + d.full_dims(1, 3)), d.array([channels]), d.array([channels])],
                {"epsilon": 1e-3}, absolute=1e-4)


def lp_norm(d: Dice) -> Case:
    dims = d.full_dims(1, 3)
    return Case([d.array(dims)], {"axis": d.axis(len(dims)), "p": d.int(1, 2)})


def mvn(d: Dice) -> Case:
    dims = [d.int(2, 5) for _ in range(4)]  # along 1 ONNX Runtime gives 0 / 0, the text 0
    return Case([d.array(dims)], {"axes": d.one(([0, 2, 3], [2, 3], [1], [0]))}, absolute=1e-4)


def depth_to_space(d: Dice) -> Case:
    block = d.int(1, 3)
    return Case([d.array([d.int(1, 2), block * block * d.int(1, 3)] + d.full_dims(2, 2, 4))],
                {"blocksize": block, "mode": d.one(("DCR", "CRD"))})


def space_to_depth(d: Dice) -> Case:
    block = d.int(1, 3)
    return Case([d.array([d.int(1, 2), d.int(1, 3)] + [block * d.int(1, 3) for _ in range(2)])], {"blocksize": block})


def resize(d: Dice) -> Case:
    mode = d.one(("nearest", "linear", "cubic"))
    dims = [d.int(1, 2), d.int(1, 3)] + d.full_dims(2, 2, 6)
    attributes = {"mode": mode, "coordinate_transformation_mode":
                  d.one(("half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"))}
    if mode == "nearest":
        attributes["nearest_mode"] = d.one(("round_prefer_floor", "round_prefer_ceil", "floor", "ceil"))
    if mode == "cubic" and d.chance(0.5):
        attributes |= {"exclude_outside": d.int(0, 1), "cubic_coeff_a": -0.5}
    if d.chance(0.5):
        sizes = dims[:2] + [d.int(1, 9), d.int(1, 9)]
        return Case([d.array(dims), None, None, ints(*sizes)], attributes, constant=(3,), absolute=1e-4)
    scales = np.array([1, 1, d.one((0.5, 2, 1.5, 3)), d.one((0.6, 2, 1.25, 1))], F32)
    if attributes["coordinate_transformation_mode"] == "align_corners":
        scales[2:] = 2  # where a length is no whole number the text keeps it, ONNX Runtime rounds it
    if min(dims[2] * scales[2], dims[3] * scales[3]) < 1 or all(int(n * s) == n for n, s in zip(dims, scales)):
        scales[2:] = 2  # ONNX Runtime copies where no side changes, whatever the scale says
    return Case([d.array(dims), None, scales], attributes, constant=(2,), absolute=1e-4)


def grid_sample(d: Dice) -> Case:
    n, mode = d.int(1, 2), d.one(("linear", "nearest", "cubic"))
    paddings = ("zeros", "reflection") if mode == "cubic" else ("zeros", "border", "reflection")  # cubic at a border: as the text
    return Case([d.array([n, d.int(1, 3)] + d.full_dims(2, 2)), d.array([n] + d.full_dims(2, 2) + [2], low=-1.3, high=1.3)],
                {"mode": mode, "padding_mode": d.one(paddings), "align_corners": d.int(0, 1)}, absolute=1e-3)


def roi_align(d: Dice) -> Case:
    count = d.int(1, 3)
    corners = d.array([count, 2], low=0, high=4)
    rois = np.concatenate([corners, corners + d.array([count, 2], low=0.5, high=5)], 1)
    return Case([d.array([2, d.int(1, 3), 8, 8]), rois, d.array([count], I64, 0, 1)],
                {"mode": d.one(("avg", "max")), "output_height": d.int(1, 3), "output_width": d.int(1, 3),
                 "sampling_ratio": d.int(0, 2), "spatial_scale": d.one((1.0, 0.5)),
                 "coordinate_transformation_mode": d.one(("half_pixel", "output_half_pixel"))}, absolute=1e-4)


def max_roi_pool(d: Dice) -> Case:
    count = d.int(1, 3)
    start = d.array([count, 2], I64, 0, 4).astype(F32)
    rois = np.concatenate([d.array([count, 1], I64, 0, 1).astype(F32), start, start + d.array([count, 2], I64, 0, 3)], 1)
    return Case([d.array([2, d.int(1, 3), 8, 8]), rois.astype(F32)], {"pooled_shape": [d.int(1, 3), d.int(1, 3)]})


def nms(d: Dice) -> Case:
    batch, count, classes = d.int(1, 2), d.int(1, 8), d.int(1, 3)
    corner = d.array([batch, count, 2], low=0, high=5)
    boxes = np.concatenate([corner, corner + d.array([batch, count, 2], low=0.5, high=4)], 2)
    return Case([boxes, d.array([batch, classes, count], low=0, high=1), ints(d.int(0, 5)),
                 np.array([d.random.uniform(0, 1)], F32), np.array([d.random.uniform(0, 0.5)], F32)],
                {"center_point_box": d.int(0, 1)})


def einsum(d: Dice) -> Case:
    text, letters = d.one((("ij,jk->ik", 0), ("bij,bjk->bik", 0), ("ij->ji", 0), ("ii->i", 0), ("ij,ij->", 0), ("i,j->ij", 0),
                           ("bhqd,bhkd->bhqk", 0), ("...ij,...jk->...ik", 0), ("ij->", 0), ("ijk,ik->j", 0)))
    sizes = {letter: d.int(1, 4) for letter in "bhijkqd"}
    inputs = []
    for term in text.split("->")[0].split(","):
        lead = [2] if "..." in term else []
        inputs.append(d.array(lead + [sizes[c] for c in term.replace("...", "")]))
    return Case(inputs, {"equation": text})


def recurrent(gates: int, has_cell: bool):
    def row(d: Dice) -> Case:
        steps, batch, size, hidden = d.int(1, 5), d.int(1, 3), d.int(1, 5), d.int(1, 5)
        direction = d.one(("forward", "reverse", "bidirectional"))
        ways = 2 if direction == "bidirectional" else 1
        inputs = [d.array([steps, batch, size]), d.array([ways, gates * hidden, size], low=-1, high=1),
                  d.array([ways, gates * hidden, hidden], low=-1, high=1),
                  d.array([ways, 2 * gates * hidden]) if d.chance(0.7) else None,
                  d.array([batch], np.int32, 1, steps) if d.chance(0.4) else None,
                  d.array([ways, batch, hidden]) if d.chance(0.5) else None]
        if has_cell:
            inputs += [d.array([ways, batch, hidden]) if d.chance(0.5) else None,
                       d.array([ways, 3 * hidden]) if d.chance(0.3) else None]
        attributes = {"hidden_size": hidden, "direction": direction}
        if gates == 3:
            attributes["linear_before_reset"] = d.int(0, 1)
        return Case(inputs, attributes, 3 if has_cell else 2, constant=(1, 2, 3))
    return row


def quantize(d: Dice) -> Case:
    dtype, dims = d.one((np.uint8, np.int8)), d.full_dims(1, 4)
    axis = d.axis(len(dims))
    shape = [dims[axis]] if d.chance(0.5) else []
    return Case([d.array(dims, low=-20, high=20), d.array(shape, low=0.05, high=0.3), d.array(shape, dtype, 0, 100)],
                {"axis": axis}, absolute=1.0, relative=0)


def dequantize(d: Dice) -> Case:
    dtype, dims = d.one((np.uint8, np.int8, np.int32)), d.full_dims(1, 4)
    axis = d.axis(len(dims))
    shape = [dims[axis]] if d.chance(0.5) else []
    zero = np.zeros(shape, dtype) if dtype == np.int32 else d.array(shape, dtype, 0, 100)
    return Case([d.array(dims, dtype, 0, 120), d.array(shape, low=0.05, high=0.3), zero], {"axis": axis})


def dynamic_quantize(d: Dice) -> Case:
    return Case([d.array(d.full_dims(1, 3))], {}, 3, absolute=1.01)


def matmul_integer(d: Dice) -> Case:
    a, b = matmul_dims(d)
    first, second = d.one((np.uint8, np.int8)), d.one((np.uint8, np.int8))
    zeros = [np.array(d.int(0, 100), first), np.array(d.int(0, 100), second)][:d.int(0, 2)]
    return Case([d.array(a, first, -100, 127), d.array(b, second, -100, 127)] + zeros, constant=(2, 3))


def conv_integer(d: Dice) -> Case:
    case = conv(d)
    case.inputs = [d.array(case.inputs[0].shape, np.uint8, 0, 200), d.array(case.inputs[1].shape, np.uint8, 0, 200),
                   np.array(d.int(0, 100), np.uint8), np.array(d.int(0, 100), np.uint8)][:d.int(2, 4)]
    case.constant = (2, 3)
    return case


def scale(d: Dice) -> np.ndarray:
    return d.array([], low=0.02, high=0.1)


def qlinear_matmul(d: Dice) -> Case:
    m, k, n = d.int(1, 9), d.int(1, 9), d.int(1, 9)
    kind = d.one((np.uint8, np.int8))
    def zero():
        return d.array([], kind, 0, 100)
    return Case([d.array([m, k], kind, 0, 120), scale(d), zero(), d.array([k, n], kind, 0, 120), scale(d), zero(),
                 scale(d), zero()], absolute=1.0, constant=(1, 2, 3, 4, 5, 6, 7))


def qlinear_conv(d: Dice) -> Case:
    case = conv(d)
    x, w = case.inputs[:2]
    kind = d.one((np.uint8, np.int8))
    weight = np.int8 if kind == np.int8 else d.one((np.uint8, np.int8))
    wide = d.chance(0.4)
    count = [w.shape[0]] if wide else []
    case.inputs = [d.array(x.shape, kind, 0, 120), scale(d), d.array([], kind, 0, 100), d.array(w.shape, weight, -60, 60),
                   d.array(count, low=0.02, high=0.1), np.zeros(count, weight), scale(d), d.array([], kind, 0, 100)]
    if d.chance(0.5):
        case.inputs.append(d.array([w.shape[0]], np.int32, -500, 500))
    case.constant = tuple(range(1, 9))
    case.absolute = 1.0
    return case


def qlinear(count: int, **attributes):
    """count operands with scale and zero point, then those of the result."""
    def row(d: Dice) -> Case:
        kind, dims = d.one((np.uint8, np.int8)), d.full_dims(2, 4)
        inputs = []
        for i in range(count):
            inputs += [d.array(dims if i == 0 else d.narrowed(dims), kind, 0, 120), scale(d), d.array([], kind, 0, 100)]
        return Case(inputs + [scale(d), d.array([], kind, 0, 100)], {name: d.one(span) for name, span in attributes.items()},
                    absolute=1.0, constant=tuple(i for i in range(3 * count + 2) if i % 3))
    return row


def qlinear_pool(last: bool = True):
    def row(d: Dice) -> Case:
        case = qlinear(1)(d)
        case.inputs[0] = d.array([d.int(1, 2), d.int(1, 4)] + d.full_dims(2, 2), case.inputs[0].dtype.type, 0, 120)
        case.attributes["channels_last"] = d.int(0, 1)
        return case
    return row


def qlinear_average_pool(d: Dice) -> Case:
    case = qlinear_pool()(d)
    dims, kernel = list(case.inputs[0].shape[1:3] if case.attributes["channels_last"] else case.inputs[0].shape[2:]), [2, 1]
    case.attributes |= {"kernel_shape": [min(k, n) for k, n in zip(kernel, dims)], "strides": [1, 1]}
    return case


def qlinear_concat(d: Dice) -> Case:
    kind, dims = d.one((np.uint8, np.int8)), d.full_dims(2, 4)
    axis = d.axis(len(dims))
    inputs = [scale(d), d.array([], kind, 0, 100)]
    for _ in range(d.int(1, 3)):
        dims[axis] = d.int(1, 4)
        inputs += [d.array(dims, kind, 0, 120), scale(d), d.array([], kind, 0, 100)]
    return Case(inputs, {"axis": axis}, absolute=1.0, constant=tuple(i for i in range(len(inputs)) if i < 2 or i % 3 != 2))


def qlinear_where(d: Dice) -> Case:
    case = qlinear(2)(d)
    case.inputs[3] = d.array(case.inputs[0].shape, case.inputs[3].dtype.type, 0, 120)
    case.inputs.insert(0, d.array(case.inputs[0].shape, np.bool_))
    case.constant = (2, 3, 5, 6, 7, 8)
    return case


def matmul_integer_to_float(d: Dice) -> Case:
    m, k, n = d.int(1, 9), d.int(1, 9), d.int(1, 9)
    wide = [n] if d.chance(0.5) else []
    second = d.one((np.uint8, np.int8))
    return Case([d.array([m, k], np.uint8, 0, 200), d.array([k, n], second, 0, 120), scale(d), d.array(wide, low=0.02, high=0.1),
                 d.array([], np.uint8, 0, 100), d.array(wide, second, 0, 100) if d.chance(0.7) else None,
                 d.array([n]) if d.chance(0.5) else None])


def dynamic_quantize_matmul(d: Dice) -> Case:
    m, k, n = d.int(1, 9), d.int(1, 9), d.int(1, 9)
    wide = [n] if d.chance(0.5) else []
    second = d.one((np.uint8, np.int8))
    return Case([d.array([m, k]), d.array([k, n], second, 0, 120), d.array(wide, low=0.02, high=0.1),
                 d.array(wide, second, 0, 100) if d.chance(0.7) else None, d.array([n]) if d.chance(0.5) else None],
                absolute=0.05, constant=(1, 2, 3, 4))


def matmul_nbits(d: Dice) -> Case:
    bits, block = d.one((4, 4, 8)), d.one((16, 32))
    m, k, n = d.int(1, 5), d.one((16, 32, 48, 64, 40)), d.int(1, 8)
    blocks = -(-k // block)
    zeros = d.array([n * (-(-blocks * bits // 8))], np.uint8, 0, 255) if d.chance(0.5) else None
    inputs = [d.array([m, k]), d.array([n, blocks, block * bits // 8], np.uint8, 0, 255),
              d.array([n * blocks], low=0.01, high=0.1), zeros]
    if d.chance(0.3):
        inputs += [None, d.array([n])]
    return Case(inputs, {"K": k, "N": n, "bits": bits, "block_size": block}, constant=(1, 2, 3, 5), relative=5e-3, absolute=5e-3)


def standard_attention(d: Dice) -> Case:
    batch, heads, share, queries, keys, size = d.int(1, 2), d.int(1, 2), d.int(1, 2), d.int(1, 4), d.int(1, 5), d.int(1, 4)
    if d.chance(0.5):
        inputs = [d.array([batch, heads * share, queries, size])] + [d.array([batch, heads, keys, size]) for _ in range(2)]
        attributes = {}
    else:
        inputs = [d.array([batch, queries, heads * share * size])] + [d.array([batch, keys, heads * size]) for _ in range(2)]
        attributes = {"q_num_heads": heads * share, "kv_num_heads": heads}
    if d.chance(0.5):
        inputs.append(d.array([queries, keys]) if d.chance(0.5) else d.array([batch, 1, queries, keys]))
    elif d.chance(0.3):
        attributes["is_causal"] = 1
    if d.chance(0.3):
        attributes["softcap"] = 2.0
    return Case(inputs, attributes, absolute=1e-4)


def packed_attention(d: Dice) -> Case:
    batch, heads, length, size, width = d.int(1, 2), d.int(1, 3), d.int(1, 5), d.int(1, 4), d.int(1, 6)
    inputs = [d.array([batch, length, width]), d.array([width, 3 * heads * size]), d.array([3 * heads * size])]
    past = d.int(1, 3) if d.chance(0.3) else 0
    mask = d.one((None, "rows", "lengths", "cube"))
    if mask == "rows" or (past and mask):
        inputs.append(np.maximum(d.array([batch, past + length], np.int32, 0, 1), np.eye(1, past + length, dtype=np.int32)))
    elif mask == "lengths":
        inputs.append(d.array([batch], np.int32, 1, length))
    elif mask == "cube":
        inputs.append(np.maximum(d.array([batch, length, length], np.int32, 0, 1), np.eye(length, dtype=np.int32)))
    else:
        inputs.append(None)
    if past:
        inputs.append(d.array([2, batch, heads, past, size]))
    return Case(inputs, {"num_heads": heads, "unidirectional": d.int(0, 1) if not mask else 0},
                2 if past else 1, absolute=1e-3, constant=(1, 2))


def multi_head_attention(d: Dice) -> Case:
    batch, heads, queries, keys, size = d.int(1, 2), d.int(1, 3), d.int(1, 4), d.int(1, 5), d.one((4, 8))
    hidden = heads * size
    form = d.one(("apart", "apart", "crossed", "packed"))
    if form == "packed":
        inputs = [d.array([batch, queries, heads, 3, size]), None, None]
        keys = queries
    elif form == "crossed":
        inputs = [d.array([batch, queries, hidden])] + [d.array([batch, heads, keys, size]) for _ in range(2)]
    else:
        inputs = [d.array([batch, queries, hidden])] + [d.array([batch, keys, hidden]) for _ in range(2)]
    inputs.append(d.array([3 * hidden]) if d.chance(0.4) and form == "apart" else None)
    past = d.int(1, 3) if d.chance(0.4) and form == "apart" else 0
    total = past + keys
    inputs.append(np.maximum(d.array([batch, total], np.int32, 0, 1), np.eye(1, total, dtype=np.int32)) if d.chance(0.3) else None)
    inputs.append(d.array([d.one((1, batch)), d.one((1, heads)), queries, total]) if d.chance(0.3) else None)
    if past:
        inputs += [d.array([batch, heads, past, size]) for _ in range(2)]
    return Case(inputs, {"num_heads": heads}, 3 if past else 1, absolute=1e-3, constant=(3,))


def rotary(contributed: bool):
    def row(d: Dice) -> Case:
        batch, heads, length, half = d.int(1, 2), d.int(1, 3), d.int(1, 4), d.int(1, 4)
        x = d.array([batch, length, heads * half * 2]) if d.chance(0.5) else d.array([batch, heads, length, half * 2])
        cos, sin = d.array([9, half]), d.array([9, half])
        positions = d.array([batch, length], I64, 0, 8)
        attributes = {"interleaved": d.int(0, 1)} | ({"num_heads": heads} if x.ndim == 3 else {})
        if not contributed:
            return Case([x, cos, sin, positions], attributes)
        if d.chance(0.3):
            positions = ints(d.int(0, 4))
        return Case([x, positions, cos, sin], attributes)
    return row


def signal_window(d: Dice) -> Case:
    return Case([np.array(d.int(2, 12), I64)], {"periodic": d.int(0, 1)})  # of 1: ONNX Runtime gives 0 / 0


def dft(d: Dice) -> Case:
    dims = [d.int(1, 2), d.int(1, 9), d.int(1, 2)]
    return Case([d.array(dims), None, np.array(1, I64)], {"onesided": d.int(0, 1) if dims[2] == 1 else 0}, constant=(2,),
                absolute=1e-4)


def loss(weighted: bool = True):
    def row(d: Dice) -> Case:
        batch, classes, rest = d.int(1, 3), d.int(2, 5), d.full_dims(0, 2, 3)
        inputs = [d.array([batch, classes] + rest), d.array([batch] + rest, I64, 0, classes - 1)]
        if d.chance(0.5):
            inputs.append(d.array([classes], low=0.1, high=2))
        return Case(inputs, {"reduction": d.one(("none", "mean", "sum"))} | ({"ignore_index": 1} if d.chance(0.3) else {}))
    return row


def det(d: Dice) -> Case:
    size = d.int(1, 4)
    return Case([d.array(d.full_dims(0, 2) + [size, size])], absolute=1e-3)


def affine_grid(d: Dice) -> Case:
    # A side of 1 with align_corners is -1 in the text, 0 in ONNX Runtime.
    return Case([d.array([2, 2, 3]), ints(2, 3, d.int(2, 4), d.int(2, 4))], {"align_corners": d.int(0, 1)}, constant=(1,))


def col2im(d: Dice) -> Case:
    block, image = [d.int(1, 3), d.int(1, 3)], [d.int(3, 5), d.int(3, 5)]
    spots = (image[0] - block[0] + 1) * (image[1] - block[1] + 1)
    return Case([d.array([1, 2 * block[0] * block[1], spots]), ints(*image), ints(*block)], constant=(1, 2))


def center_crop_pad(d: Dice) -> Case:
    dims = d.full_dims(1, 3)
    return Case([d.array(dims), ints(*[d.int(1, 6) for _ in dims])], constant=(1,))


def max_unpool(d: Dice) -> Case:
    n, c, h, w = 1, d.int(1, 2), d.int(1, 3), d.int(1, 3)
    base = np.arange(n * c).reshape(n, c, 1, 1) * (4 * h * w)
    places = (np.arange(h).reshape(1, 1, h, 1) * 2 * 2 * w + np.arange(w) * 2 + base).astype(I64)
    return Case([d.array([n, c, h, w]), places], {"kernel_shape": [2, 2], "strides": [2, 2]})


def bits(d: Dice) -> Case:
    return binary((np.uint8, np.int32, I64), 0, 100)(d)


def shift(d: Dice) -> Case:
    return binary((np.uint8, np.uint32), 0, 100, (0, 7), direction=("LEFT", "RIGHT"))(d)


def non_zero(d: Dice) -> Case:
    return Case([d.array(d.dims(1, 4), d.one((F32, I64, np.bool_)), -1, 1)])  # of a scalar the text wants [0,N], not [1,N]


def power(d: Dice) -> Case:
    case = binary((F32, F64), 0.1, 3, (-2, 3))(d)
    return case


def scaler(d: Dice) -> Case:
    width = d.int(1, 5)
    return Case([d.array([d.int(1, 4), width])], {"offset": [0.5] * width, "scale": [2.0] * width})


def linear_classifier(d: Dice) -> Case:
    width, classes = d.int(1, 5), d.int(2, 4)
    return Case([d.array([d.int(1, 4), width])],
                {"coefficients": list(d.array([classes * width]).astype(float)), "intercepts": [0.1] * classes,
                 "classlabels_ints": list(range(classes)), "post_transform": d.one(("NONE", "SOFTMAX", "LOGISTIC"))}, 2)


def linear_regressor(d: Dice) -> Case:
    width, targets = d.int(1, 5), d.int(1, 3)
    return Case([d.array([d.int(1, 4), width])],
                {"coefficients": list(d.array([targets * width]).astype(float)), "intercepts": [0.1] * targets, "targets": targets})


def normalizer(d: Dice) -> Case:
    return Case([d.array(d.full_dims(2, 2))], {"norm": d.one(("MAX", "L1", "L2"))})


def tree_regressor(d: Dice) -> Case:
    """Full trees of depth 2."""
    trees, width = d.int(1, 4), d.int(1, 4)
    a = {key: [] for key in ("treeids", "nodeids", "featureids", "values", "modes", "truenodeids", "falsenodeids")}
    t = {key: [] for key in ("treeids", "nodeids", "ids", "weights")}
    mode = d.one(("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GT", "BRANCH_GTE"))
    for tree in range(trees):
        for node in range(7):
            leaf = node >= 3
            for key, value in zip(a, (tree, node, 0 if leaf else d.int(0, width - 1), 0.0 if leaf else d.random.uniform(-2, 2),
                                      "LEAF" if leaf else mode, 0 if leaf else 2 * node + 1, 0 if leaf else 2 * node + 2)):
                a[key].append(value)
            if leaf:
                for key, value in zip(t, (tree, node, 0, d.random.uniform(-1, 1))):
                    t[key].append(value)
    return Case([d.array([d.int(1, 9), width])], {"nodes_" + key: value for key, value in a.items()}
                | {"target_" + key: value for key, value in t.items()}
                | {"n_targets": 1, "aggregate_function": d.one(("SUM", "AVERAGE", "MIN", "MAX"))})


ALPHA = (0.1, 2.0)

# (domain, operator) -> row
ROWS = {("", name): row for name, row in {
    "Abs": unary(NUMBERS), "Acos": unary((F32,), -1, 1), "Acosh": unary((F32,), 1, 5), "Add": binary(),
    "AffineGrid": affine_grid, "And": binary((np.bool_,)), "ArgMax": arg, "ArgMin": arg, "Asin": unary((F32,), -1, 1),
    "Asinh": unary((F32,)), "Atan": unary((F32,)), "Atanh": unary((F32,), -0.9, 0.9), "Attention": standard_attention,
    "AveragePool": pool(False), "BatchNormalization": batch_norm, "BitShift": shift, "BitwiseAnd": bits,
    "BitwiseNot": unary((np.uint8, np.int32), 0, 100), "BitwiseOr": bits, "BitwiseXor": bits,
    "BlackmanWindow": signal_window, "Cast": cast, "Ceil": unary(), "Celu": unary((F32,), alpha=ALPHA),
    "CenterCropPad": center_crop_pad, "Clip": clip, "Col2Im": col2im, "Compress": compress, "Concat": concat,
    "ConstantOfShape": constant_of_shape, "Conv": conv, "ConvInteger": conv_integer, "ConvTranspose": conv_transpose,
    "Cos": unary((F32, F64)), "Cosh": unary((F32,)), "CumSum": cumulative, "DFT": dft, "DepthToSpace": depth_to_space,
    "DequantizeLinear": dequantize, "Det": det, "Div": divide, "DynamicQuantizeLinear": dynamic_quantize, "Einsum": einsum,
    "Elu": unary(FLOATS, alpha=ALPHA), "Equal": binary((F32, np.int32, I64, np.bool_)), "Erf": unary((F32,)), "Exp": unary(),
    "Expand": expand, "EyeLike": eye_like, "Flatten": flatten, "Floor": unary(), "GRU": recurrent(3, False), "Gather": gather,
    "GatherElements": gather_elements, "GatherND": gather_nd, "Gelu": unary((F32,), approximate=("none", "tanh")), "Gemm": gemm,
    "GlobalAveragePool": global_pool, "GlobalLpPool": global_lp_pool, "GlobalMaxPool": global_pool, "Greater": binary(),
    "GreaterOrEqual": binary(), "GridSample": grid_sample, "GroupNormalization": group_norm,
    "HammingWindow": signal_window, "HannWindow": signal_window,
    "HardSigmoid": unary((F32,), alpha=ALPHA, beta=(0.0, 1.0)), "HardSwish": unary((F32,)), "Hardmax": softmax,
    "Identity": unary(ANY), "InstanceNormalization": instance_norm, "IsInf": unary((F32, F64)), "IsNaN": unary(FLOATS),
    "LRN": lrn, "LSTM": recurrent(4, True), "LayerNormalization": layer_norm, "LeakyRelu": unary(FLOATS, alpha=ALPHA),
    "Less": binary(), "LessOrEqual": binary(), "Log": unary(FLOATS, 0.1), "LogSoftmax": softmax, "LpNormalization": lp_norm,
    "LpPool": lp_pool, "MatMul": matmul, "MatMulInteger": matmul_integer, "Max": many(NUMBERS), "MaxPool": pool(True),
    "MaxRoiPool": max_roi_pool, "MaxUnpool": max_unpool, "Mean": many((F32,)), "MeanVarianceNormalization": mvn,
    "Min": many(NUMBERS), "Mish": unary((F32,)), "Mod": modulo, "Mul": binary(), "Neg": unary(NUMBERS),
    "NegativeLogLikelihoodLoss": loss(), "NonMaxSuppression": nms, "NonZero": non_zero,
    "Not": unary((np.bool_,)), "OneHot": one_hot, "Or": binary((np.bool_,)), "PRelu": prelu, "Pad": pad, "Pow": power,
    "QLinearConv": qlinear_conv, "QLinearMatMul": qlinear_matmul, "QuantizeLinear": quantize, "RNN": recurrent(1, False),
    "Range": range_, "Reciprocal": unary(FLOATS, 0.2), "ReduceL1": reduce(), "ReduceL2": reduce(),
    "ReduceLogSum": reduce((F32,), 0.1), "ReduceLogSumExp": reduce((F32,)), "ReduceMax": reduce(NUMBERS),
    "ReduceMean": reduce(), "ReduceMin": reduce(NUMBERS), "ReduceProd": reduce((F32,), 0.5, 1.5), "ReduceSum": reduce(NUMBERS),
    "ReduceSumSquare": reduce(), "Relu": unary(), "Reshape": reshape, "Resize": resize, "ReverseSequence": reverse_sequence,
    "RMSNormalization": layer_norm, "RoiAlign": roi_align, "RotaryEmbedding": rotary(False), "Round": unary(),
    "ScatterElements": scatter_elements, "ScatterND": scatter_nd, "Selu": unary((F32,)), "Shape": unary(ANY),
    "Shrink": unary((F32,), bias=ALPHA, lambd=ALPHA), "Sigmoid": unary((F32, F64)), "Sign": unary(NUMBERS), "Sin": unary((F32, F64)),
    "Sinh": unary((F32,)), "Size": unary(ANY), "Slice": slice_, "Softmax": softmax, "SoftmaxCrossEntropyLoss": loss(),
    "Softplus": unary((F32,)), "Softsign": unary((F32,)), "SpaceToDepth": space_to_depth, "Split": split,
    "Sqrt": unary(FLOATS, 0), "Squeeze": squeeze, "Sub": binary(), "Sum": many(), "Swish": unary((F32,), alpha=ALPHA),
    "Tan": unary((F32,), -1, 1), "Tanh": unary((F32, F64)), "ThresholdedRelu": unary((F32,), alpha=ALPHA), "Tile": tile,
    "TopK": top_k, "Transpose": transpose, "Trilu": trilu, "Unique": unique, "Unsqueeze": unsqueeze, "Where": where,
    "Xor": binary((np.bool_,)),
}.items()}
ROWS |= {("ai.onnx.ml", name): row for name, row in {
    "LinearClassifier": linear_classifier, "LinearRegressor": linear_regressor, "Normalizer": normalizer, "Scaler": scaler,
    "TreeEnsembleRegressor": tree_regressor,
}.items()}
ROWS |= {("com.microsoft", name): row for name, row in {
    "Attention": packed_attention, "BiasGelu": lambda d: (lambda n: Case([d.array(d.full_dims(0, 2) + [n]), d.array([n])]))(d.int(1, 8)),
    "DynamicQuantizeMatMul": dynamic_quantize_matmul, "EmbedLayerNormalization": embed_layer_norm,
    "FastGelu": unary((F32,)), "FusedConv": fused_conv, "FusedGemm": fused_gemm, "FusedMatMul": fused_matmul,
    "Gelu": unary((F32,)), "MatMulIntegerToFloat": matmul_integer_to_float, "MatMulNBits": matmul_nbits,
    "MultiHeadAttention": multi_head_attention, "QLinearAdd": qlinear(2), "QLinearAveragePool": qlinear_average_pool,
    "QLinearConcat": qlinear_concat, "QLinearGlobalAveragePool": qlinear_pool(), "QLinearLeakyRelu": qlinear(1, alpha=(0.1, 0.3)),
    "QLinearMul": qlinear(2), "QLinearReduceMean": qlinear(1, axes=([1], [-1], [0, 1]), keepdims=(0, 1)),
    "QLinearSigmoid": qlinear(1), "QLinearSoftmax": qlinear(1, axis=(-1, 1), opset=(13,)), "QLinearWhere": qlinear_where,
    "QuickGelu": unary((F32,), alpha=ALPHA), "RotaryEmbedding": rotary(True),
    "SkipLayerNormalization": skip_layer_norm(False), "SkipSimplifiedLayerNormalization": skip_layer_norm(True),
}.items()}
