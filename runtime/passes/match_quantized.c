/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Operators between DequantizeLinear and QuantizeLinear become operators on the quantised numbers:
 *
 *     Q(Conv(DQ(x), DQ(w), DQ(b) or b))     QLinearConv
 *     Q(Add(DQ(a), DQ(b)))                  inferd.QLinearAdd
 *     Q(MaxPool(DQ(x))) and other moves     the move alone, where both have the same scale
 *
 * A Relu or Clip before the Q is dropped where the range of the quantised type already does its
 * work. Scales and zero points are constants, one a tensor (one a channel for weights). What does
 * not fit, or runs on a device that has no exact 8-bit products, stays in float. Before constants
 * are folded, so that weights are still what the file has.
 *
 * Rounding: sums are exact integers instead of floats. Source: ONNX QLinearConv 10,
 * QuantizeLinear 25.
 */

#include "runtime/base/size.h"
#include "runtime/graph/op_schema.h"
#include "runtime/passes/passes.h"
#include "runtime/passes/scalar_constant.h"

#include <float.h>
#include <math.h>

enum { INPUT_SCALE = 1, INPUT_ZERO = 2, SCALING_INPUTS = 3 };

/* A QuantizeLinear or DequantizeLinear of one scale. */
typedef struct Scaling {
    ValueId from, scale, zero;
    float factor;
    DType dtype; /* of the quantised side */
    int64_t offset;
} Scaling;

static const char *const movers[] = { "Flatten", "MaxPool",   "Reshape",
                                      "Squeeze", "Transpose", "Unsqueeze" };

static const Tensor *constant_of(const Graph *graph, ValueId value) {
    return value == VALUE_NONE ? NULL : graph_value_const(graph, value)->constant;
}

static const Node *producer_of(const Graph *graph, ValueId value, NodeId *ret_id) {
    *ret_id = value == VALUE_NONE ? NODE_NONE : graph_value_const(graph, value)->producer;
    return *ret_id == NODE_NONE ? NULL : graph_node_const(graph, *ret_id);
}

static bool is_scaling(const Node *node, const char *name) {
    return node && node_is_op(node, name) && node->input_count == SCALING_INPUTS &&
           node->epilogue_count == 0 && node_get_int(node, "block_size", 0) == 0 &&
           node->inputs[INPUT_ZERO] != VALUE_NONE;
}

static bool read_scaling(const Graph *graph, const Node *node, Scaling *ret_scaling) {
    const Tensor *zero = constant_of(graph, node->inputs[INPUT_ZERO]);
    Scaling scaling = { .from = node->inputs[0],
                        .scale = node->inputs[INPUT_SCALE],
                        .zero = node->inputs[INPUT_ZERO] };
    if (!zero || (zero->dtype != DTYPE_U8 && zero->dtype != DTYPE_I8) ||
        tensor_elements(zero) != 1 || !scalar_constant(graph, scaling.scale, &scaling.factor) ||
        !(scaling.factor > 0))
        return false;
    scaling.dtype = zero->dtype;
    scaling.offset = tensor_get_int(zero, 0);
    *ret_scaling = scaling;
    return true;
}

/* value = DequantizeLinear of something with one scale */
static bool find_dequantized(const Graph *graph, ValueId value, Scaling *ret_scaling) {
    NodeId id;
    const Node *node = producer_of(graph, value, &id);
    return is_scaling(node, "DequantizeLinear") && read_scaling(graph, node, ret_scaling);
}

/* Does the quantised type cut off at least as much? Half a step either way is rounded away. */
static bool is_spare_limit(const Graph *graph, const Node *node, const Scaling *out) {
    float low = -FLT_MAX, high = FLT_MAX;
    int64_t least = out->dtype == DTYPE_U8 ? 0 : -128;
    if (node_is_op(node, "Relu"))
        low = 0;
    else if (!node_is_op(node, "Clip") || node->epilogue_count > 0)
        return false;
    else if ((node->input_count > 1 && node->inputs[1] != VALUE_NONE &&
              !scalar_constant(graph, node->inputs[1], &low)) ||
             (node->input_count > 2 && node->inputs[2] != VALUE_NONE &&
              !scalar_constant(graph, node->inputs[2], &high)))
        return false;
    float half = out->factor / 2;
    return (float)(least - out->offset) * out->factor >= low - half &&
           (float)(least + 255 - out->offset) * out->factor <= high + half;
}

/* The node that makes what is quantised, spare limits looked through; nobody else reads any of it.
 * NODE_NONE: there is none. */
static NodeId find_operator(const Graph *graph, NodeId quantize, const Scaling *out) {
    NodeId user = quantize, id;
    ValueId value = out->from;
    for (;;) {
        const Node *node = producer_of(graph, value, &id);
        if (!node || graph_single_user(graph, value) != user)
            return NODE_NONE;
        if (!is_spare_limit(graph, node, out))
            return node->epilogue_count > 0 || node->output_count != 1 ? NODE_NONE : id;
        user = id;
        value = node->inputs[0];
    }
}

/* Puts a node in place of the QuantizeLinear; what it read is dropped once nobody reads it. */
static Status replace(Graph *graph, NodeId quantize, NodeSpec *spec) {
    ValueId result = graph_node_const(graph, quantize)->outputs[0];
    graph_remove_node(graph, quantize);
    spec->outputs = &result;
    spec->output_count = 1;
    return graph_add_node(graph, spec, NULL);
}

/* w = DequantizeLinear of constant i8 weights, one scale or one an output channel. */
static const Node *find_weights(const Graph *graph, ValueId value) {
    NodeId id;
    const Node *node = producer_of(graph, value, &id);
    if (!is_scaling(node, "DequantizeLinear"))
        return NULL;
    const Tensor *weights = constant_of(graph, node->inputs[0]),
                 *scales = constant_of(graph, node->inputs[INPUT_SCALE]),
                 *zeros = constant_of(graph, node->inputs[INPUT_ZERO]);
    if (!weights || !scales || !zeros || weights->dtype != DTYPE_I8 || zeros->dtype != DTYPE_I8 ||
        scales->dtype != DTYPE_F32 || weights->shape.rank < 3)
        return NULL;
    size_t count = tensor_elements(scales);
    bool by_channel = scales->shape.rank == 1 && node_get_int(node, "axis", 1) == 0 &&
                      count == (size_t)weights->shape.dims[0];
    for (size_t i = 0; i < tensor_elements(zeros); i++)
        if (tensor_get_int(zeros, i) != 0)
            return NULL;
    return count == 1 || by_channel ? node : NULL;
}

/* The bias in units of x_scale * w_scale, as i32; VALUE_NONE for none. false: it cannot be. */
static Status make_bias(Graph *graph, ValueId bias, const Scaling *x, const Node *weights,
                        bool *ret_possible, ValueId *ret_bias) {
    *ret_bias = VALUE_NONE;
    *ret_possible = true;
    if (bias == VALUE_NONE)
        return status_ok();
    NodeId id;
    const Node *node = producer_of(graph, bias, &id);
    const Tensor *scales = constant_of(graph, weights->inputs[INPUT_SCALE]);
    const Tensor *own = NULL, *numbers = constant_of(graph, bias);
    if (node && node_is_op(node, "DequantizeLinear") && node->input_count >= 2) {
        numbers = constant_of(graph, node->inputs[0]);
        own = constant_of(graph, node->inputs[INPUT_SCALE]);
        const Tensor *zero =
            node->input_count > 2 ? constant_of(graph, node->inputs[INPUT_ZERO]) : NULL;
        for (size_t i = 0; zero && i < tensor_elements(zero); i++)
            *ret_possible = *ret_possible && tensor_get_int(zero, i) == 0;
    }
    *ret_possible = *ret_possible && numbers && numbers->shape.rank == 1 &&
                    numbers->dtype == (own ? DTYPE_I32 : DTYPE_F32);
    if (!*ret_possible)
        return status_ok();
    Tensor *made;
    size_t count = tensor_elements(numbers), scale_count = tensor_elements(scales);
    TRY(graph_add_constant_new(graph, DTYPE_I32, &numbers->shape, ret_bias, &made));
    for (size_t i = 0; i < count; i++) {
        double step = (double)x->factor * tensor_get_float(scales, scale_count > 1 ? i : 0);
        double value = tensor_get_float(numbers, i);
        if (own)
            value = (double)tensor_get_int(numbers, i) *
                    tensor_get_float(own, tensor_elements(own) > 1 ? i : 0);
        value = fmax(fmin(rint(value / step), INT32_MAX), INT32_MIN);
        ((int32_t *)made->data)[i] = (int32_t)value;
    }
    return status_ok();
}

static Status match_conv(Graph *graph, NodeId quantize, const Scaling *out, const Node *conv) {
    Scaling x;
    const Node *weights = find_weights(graph, conv->inputs[1]);
    bool possible;
    ValueId bias;
    if (!weights || !find_dequantized(graph, conv->inputs[0], &x))
        return status_ok();
    const Node node = *conv, held = *weights; /* adding values may move both */
    TRY(make_bias(graph, node.input_count > 2 ? node.inputs[2] : VALUE_NONE, &x, &held, &possible,
                  &bias));
    if (!possible)
        return status_ok();
    const ValueId inputs[] = { x.from,
                               x.scale,
                               x.zero,
                               held.inputs[0],
                               held.inputs[INPUT_SCALE],
                               held.inputs[INPUT_ZERO],
                               out->scale,
                               out->zero,
                               bias };
    NodeSpec spec = { .op = op_schema_find("", "QLinearConv"),
                      .name = node.name,
                      .inputs = inputs,
                      .attributes = node.attributes,
                      .input_count = ARRAY_LENGTH(inputs) - (bias == VALUE_NONE),
                      .attribute_count = node.attribute_count };
    return replace(graph, quantize, &spec);
}

static Status match_add(Graph *graph, NodeId quantize, const Scaling *out, const Node *add) {
    Scaling a, b;
    if (!find_dequantized(graph, add->inputs[0], &a) ||
        !find_dequantized(graph, add->inputs[1], &b) || a.dtype != out->dtype ||
        b.dtype != out->dtype)
        return status_ok();
    const ValueId inputs[] = { a.from,  a.scale, a.zero,     b.from,
                               b.scale, b.zero,  out->scale, out->zero };
    NodeSpec spec = { .op = op_schema_find("inferd", "QLinearAdd"),
                      .name = add->name,
                      .inputs = inputs,
                      .input_count = ARRAY_LENGTH(inputs) };
    return replace(graph, quantize, &spec);
}

static Status match_mover(Graph *graph, NodeId quantize, const Scaling *out, const Node *mover) {
    Scaling x;
    bool known = false;
    for (size_t i = 0; i < ARRAY_LENGTH(movers); i++)
        known |= node_is_op(mover, movers[i]);
    if (!known || !find_dequantized(graph, mover->inputs[0], &x) || x.factor != out->factor ||
        x.offset != out->offset || x.dtype != out->dtype || mover->input_count > 2)
        return status_ok();
    const ValueId inputs[] = { x.from, mover->input_count > 1 ? mover->inputs[1] : VALUE_NONE };
    NodeSpec spec = { .op = mover->op,
                      .name = mover->name,
                      .inputs = inputs,
                      .attributes = mover->attributes,
                      .input_count = mover->input_count,
                      .attribute_count = mover->attribute_count };
    return replace(graph, quantize, &spec);
}

static Status match_one(Graph *graph, NodeId quantize) {
    Scaling out;
    const Node *node = graph_node_const(graph, quantize);
    if (node->removed || !is_scaling(node, "QuantizeLinear") || !read_scaling(graph, node, &out))
        return status_ok();
    NodeId id = find_operator(graph, quantize, &out);
    if (id == NODE_NONE)
        return status_ok();
    const Node *inner = graph_node_const(graph, id);
    if (node_is_op(inner, "Conv"))
        return match_conv(graph, quantize, &out, inner);
    if (node_is_op(inner, "Add"))
        return match_add(graph, quantize, &out, inner);
    return match_mover(graph, quantize, &out, inner);
}

Status pass_match_quantized(Graph *graph, const PassContext *context) {
    const DeviceApi *device = context->device->api;
    if (!device->multiplies_bytes || !device->multiplies_bytes(context->device))
        return status_ok();
    size_t count = graph_node_count(graph);
    for (NodeId id = 0; id < count; id++)
        TRY(match_one(graph, id));
    return graph_sort(graph);
}
