/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A ConvTranspose whose windows do not overlap (kernel = stride, no padding, one group) is a matrix
 * product a pixel whose results are laid side by side: Conv 1x1 with kernel^2 times the channels,
 * then DepthToSpace. The product is what the library does best; its own transposed convolution ran
 * at 9 GFLOP/s (reference cpu_engine.md 2.3). An activation that reads the result alone moves
 * before DepthToSpace, which only moves numbers, so that it can join the Conv.
 *
 * Every result is the same sum over the input channels. Source: ONNX ConvTranspose 22,
 * DepthToSpace 13 (mode DCR). On load: it makes new weights.
 */

#include "runtime/base/size.h"
#include "runtime/graph/op_schema.h"
#include "runtime/passes/passes.h"
#include "runtime/passes/scalar_constant.h"

#include <string.h>

enum { INPUT_WEIGHTS = 1, INPUT_BIAS = 2, PLANAR_RANK = 4 };

/* Of one input, or with other inputs that are constant numbers. */
static const char *const activations[] = {
    "Clip", "HardSigmoid", "HardSwish", "LeakyRelu", "Relu", "Sigmoid", "Swish", "Tanh",
};

static bool all_are(const Node *node, const char *name, int64_t wanted) {
    size_t count = 0;
    const int64_t *values = node_get_ints(node, name, &count);
    for (size_t i = 0; i < count; i++)
        if (values[i] != wanted)
            return false;
    return true;
}

static const Tensor *constant_f32(const Graph *graph, const Node *node, uint32_t index) {
    if (index >= node->input_count || node->inputs[index] == VALUE_NONE)
        return NULL;
    const Tensor *constant = graph_value_const(graph, node->inputs[index])->constant;
    return constant && constant->dtype == DTYPE_F32 ? constant : NULL;
}

static bool pads_nothing(const Node *node) {
    size_t count = 0;
    StringView pad = node_get_string(node, "auto_pad", "NOTSET");
    bool by_hand = pad.length == 6 && memcmp(pad.data, "NOTSET", 6) == 0;
    (void)node_get_ints(node, "output_shape", &count);
    return by_hand && count == 0 && all_are(node, "pads", 0) &&
           all_are(node, "output_padding", 0) && all_are(node, "dilations", 1);
}

/* The side of the window, or 0 when the node is none of ours. */
static int64_t find_block(const Graph *graph, const Node *node) {
    if (node->removed || !node_is_op(node, "ConvTranspose") || node->epilogue_count > 0 ||
        node_get_int(node, "group", 1) != 1 || !pads_nothing(node))
        return 0;
    const Tensor *weights = constant_f32(graph, node, INPUT_WEIGHTS);
    bool has_bias = node->input_count > INPUT_BIAS && node->inputs[INPUT_BIAS] != VALUE_NONE;
    if (!weights || weights->shape.rank != PLANAR_RANK ||
        (has_bias && !constant_f32(graph, node, INPUT_BIAS)) ||
        graph_value_const(graph, node->inputs[0])->dtype != DTYPE_F32)
        return 0;
    int64_t block = weights->shape.dims[2];
    size_t strides = 0;
    (void)node_get_ints(node, "strides", &strides);
    bool side_by_side = strides == 2 ? all_are(node, "strides", block) : block == 1;
    return block == weights->shape.dims[3] && side_by_side && tensor_elements(weights) > 0 ? block
                                                                                           : 0;
}

/* [in, out, block, block] -> [block * block * out, in, 1, 1], and the bias once a tap. */
static Status make_weights(Graph *graph, const Node *node, int64_t block, ValueId ret_values[2]) {
    const Tensor *old = constant_f32(graph, node, INPUT_WEIGHTS),
                 *old_bias = constant_f32(graph, node, INPUT_BIAS);
    size_t in = (size_t)old->shape.dims[0], out = (size_t)old->shape.dims[1];
    size_t taps = (size_t)(block * block);
    Tensor *weights, *bias;
    ret_values[1] = VALUE_NONE;
    TRY(graph_add_constant_new(graph, DTYPE_F32, &SHAPE((int64_t)(taps * out), (int64_t)in, 1, 1),
                               &ret_values[0], &weights));
    const float *from = old->data;
    float *to = weights->data;
    for (size_t i = 0; i < in; i++)
        for (size_t o = 0; o < out; o++)
            for (size_t tap = 0; tap < taps; tap++)
                to[(tap * out + o) * in + i] = from[(i * out + o) * taps + tap];
    if (!old_bias)
        return status_ok();
    TRY(graph_add_constant_new(graph, DTYPE_F32, &SHAPE((int64_t)(taps * out)), &ret_values[1],
                               &bias));
    for (size_t i = 0; i < taps * out; i++)
        ((float *)bias->data)[i] = ((const float *)old_bias->data)[i % out];
    return status_ok();
}

/* Conv and DepthToSpace in place of the node; gives the latter. */
static Status rewrite(Graph *graph, NodeId id, int64_t block, NodeId *ret_mover) {
    static const Attribute dense[] = { { .name = "group", .kind = ATTRIBUTE_INT, .i = 1 } };
    const Node node = *graph_node_const(graph, id);
    ValueId inputs[3] = { node.inputs[0] }, deep, wide;
    TRY(make_weights(graph, &node, block, &inputs[INPUT_WEIGHTS]));
    Attribute *moves = arena_calloc(graph_arena(graph), 1, sizeof *moves);
    if (!moves)
        return arena_exhausted(graph_arena(graph));
    *moves = (Attribute){ .name = "blocksize", .kind = ATTRIBUTE_INT, .i = block };
    const Value result = *graph_value_const(graph, node.outputs[0]);
    Shape shape = SHAPE(DIM_UNKNOWN, DIM_UNKNOWN, DIM_UNKNOWN, DIM_UNKNOWN);
    TRY(graph_add_value(graph, NULL, DTYPE_F32, &shape, &deep));
    TRY(graph_add_value(graph, NULL, DTYPE_F32, &result.shape, &wide));
    NodeSpec conv = { .op = op_schema_find("", "Conv"),
                      .name = node.name,
                      .inputs = inputs,
                      .outputs = &deep,
                      .attributes = dense,
                      .input_count = inputs[INPUT_BIAS] == VALUE_NONE ? 2 : 3,
                      .output_count = 1,
                      .attribute_count = ARRAY_LENGTH(dense) };
    NodeSpec mover = { .op = op_schema_find("", "DepthToSpace"),
                       .name = node.name,
                       .inputs = &deep,
                       .outputs = &wide,
                       .attributes = moves,
                       .input_count = 1,
                       .output_count = 1,
                       .attribute_count = 1 };
    TRY(graph_add_node(graph, &conv, NULL));
    TRY(graph_add_node(graph, &mover, ret_mover));
    graph_replace_value(graph, node.outputs[0], wide);
    graph_remove_node(graph, id);
    return status_ok();
}

static bool is_activation(const Graph *graph, const Node *node) {
    float number;
    bool known = false;
    for (size_t i = 0; i < ARRAY_LENGTH(activations); i++)
        known |= node_is_op(node, activations[i]);
    for (uint32_t i = 1; known && i < node->input_count; i++)
        known = node->inputs[i] == VALUE_NONE || scalar_constant(graph, node->inputs[i], &number);
    return known && node->epilogue_count == 0;
}

/* Swaps the mover with the activation behind it, as often as there is one. */
static void move_behind(Graph *graph, NodeId mover) {
    for (;;) {
        ValueId wide = graph_node_const(graph, mover)->outputs[0];
        ValueId deep = graph_node_const(graph, mover)->inputs[0];
        NodeId user = graph_single_user(graph, wide);
        if (user == NODE_NONE || !is_activation(graph, graph_node_const(graph, user)))
            return;
        ValueId active = graph_node_const(graph, user)->outputs[0];
        graph_replace_value(graph, active, wide);
        graph_set_input(graph, user, 0, deep);
        graph_set_input(graph, mover, 0, active);
        graph_value(graph, active)->shape = graph_value_const(graph, deep)->shape;
    }
}

Status pass_rewrite_conv_transpose(Graph *graph, const PassContext *context) {
    (void)context;
    size_t count = graph_node_count(graph);
    for (NodeId id = 0; id < count; id++) {
        NodeId mover;
        int64_t block = find_block(graph, graph_node_const(graph, id));
        if (block == 0)
            continue;
        TRY(rewrite(graph, id, block, &mover));
        move_behind(graph, mover);
    }
    return graph_sort(graph);
}
