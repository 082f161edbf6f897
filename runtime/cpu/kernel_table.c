/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The fast kernels, in the order in which a node is offered to them, and what they would like of
 * the passes. A promise made here (a step that is fused, a layout that is taken) must hold for
 * every shape that a node may turn out to have: reference kernels know plain layout only.
 */

#include "runtime/cpu/kernel_types.h"

#include "runtime/base/size.h"
#include "runtime/cpu/kernel_util.h"

static const KernelType *const rows[] = {
    &conv_pixels_kernel_type,    &conv_kernel_type,
    &matmul_kernel_type,         &pool_kernel_type,
    &global_pool_kernel_type,    &eltwise_kernel_type,
    &binary_kernel_type,         &softmax_kernel_type,
    &batch_norm_kernel_type,     &concat_kernel_type,
    &transpose_kernel_type,      &reorder_kernel_type,
    &trees_kernel_type,          &layer_norm_kernel_type,
    &attention_kernel_type,      &split_kernel_type,
    &resize_kernel_type,         &depth_to_space_kernel_type,
    &recurrent_kernel_type,      &cast_kernel_type,
    &matmul_integer_kernel_type, &dynamic_quantize_kernel_type,
    &qlinear_kernel_type,        &qlinear_conv_kernel_type,
};

const KernelType *const *kernel_table(size_t *ret_count) {
    *ret_count = ARRAY_LENGTH(rows);
    return rows;
}

/* What is promised for an operator in f32 (the quantised ones: in 8 bits). */
typedef struct PromiseRow {
    const char *name;           /* of ai.onnx or inferd */
    bool fuses;                 /* every epilogue step */
    bool prefers_channels_last; /* is much faster so; others just go along */
    bool (*takes_channels_last)(const KernelBuild *build); /* NULL: never */
} PromiseRow;

static const PromiseRow promises[] = {
    { .name = "Abs", .takes_channels_last = eltwise_takes },
    { .name = "Add", .takes_channels_last = binary_takes },
    { .name = "AveragePool", .prefers_channels_last = true, .takes_channels_last = pool_takes },
    { .name = "BatchNormalization", .takes_channels_last = batch_norm_takes },
    { .name = "Clip", .takes_channels_last = eltwise_takes },
    { .name = "Concat", .takes_channels_last = concat_takes },
    { .name = "Conv",
      .fuses = true,
      .prefers_channels_last = true,
      .takes_channels_last = conv_takes },
    { .name = "DepthToSpace", .takes_channels_last = depth_to_space_takes },
    { .name = "DequantizeLinear", .takes_channels_last = qlinear_takes },
    { .name = "Div", .takes_channels_last = binary_takes },
    { .name = "Erf", .takes_channels_last = eltwise_takes },
    { .name = "Exp", .takes_channels_last = eltwise_takes },
    { .name = "Gelu", .takes_channels_last = eltwise_takes },
    { .name = "Gemm", .fuses = true },
    { .name = "GlobalAveragePool", .takes_channels_last = global_pool_takes_channels_last },
    { .name = "GlobalMaxPool", .takes_channels_last = global_pool_takes_channels_last },
    { .name = "HardSigmoid", .takes_channels_last = eltwise_takes },
    { .name = "HardSwish", .takes_channels_last = eltwise_takes },
    { .name = "LeakyRelu", .takes_channels_last = eltwise_takes },
    { .name = "LogSoftmax", .takes_channels_last = softmax_takes_channels_last },
    { .name = "MatMul", .fuses = true },
    { .name = "MaxPool", .prefers_channels_last = true, .takes_channels_last = pool_takes },
    { .name = "Mul", .takes_channels_last = binary_takes },
    { .name = "Neg", .takes_channels_last = eltwise_takes },
    { .name = "QLinearAdd", .takes_channels_last = qlinear_takes },
    { .name = "QLinearConv",
      .prefers_channels_last = true,
      .takes_channels_last = qlinear_conv_takes },
    { .name = "QuantizeLinear", .takes_channels_last = qlinear_takes },
    { .name = "Reciprocal", .takes_channels_last = eltwise_takes },
    { .name = "ReduceMean", .takes_channels_last = global_pool_takes_channels_last },
    { .name = "Relu", .takes_channels_last = eltwise_takes },
    { .name = "Resize", .takes_channels_last = resize_takes },
    { .name = "Sigmoid", .takes_channels_last = eltwise_takes },
    { .name = "Softmax", .takes_channels_last = softmax_takes_channels_last },
    { .name = "Split", .takes_channels_last = split_takes },
    { .name = "Sqrt", .takes_channels_last = eltwise_takes },
    { .name = "Sub", .takes_channels_last = binary_takes },
    { .name = "Swish", .takes_channels_last = eltwise_takes },
    { .name = "Tanh", .takes_channels_last = eltwise_takes },
};

static const PromiseRow *promise_find(const Node *node) {
    for (size_t i = 0; i < ARRAY_LENGTH(promises); i++)
        if (node_is(node, "", promises[i].name) || node_is(node, "inferd", promises[i].name))
            return &promises[i];
    return NULL;
}

/* Shapes of the node's first ports: known, and with something in them. */
static bool is_concrete(const Graph *graph, ValueId id) {
    const Value *value = graph_value_const(graph, id);
    return shape_is_known(&value->shape) &&
           shape_product(&value->shape, 0, (size_t)value->shape.rank) > 0;
}

/* A chain may begin with an elementwise node when its fast kernel is sure to take it. */
static bool begins_chain(const Graph *graph, const Node *node, const PromiseRow *promise) {
    KernelBuild build = { .graph = graph, .node = node };
    bool elementwise = promise->takes_channels_last == eltwise_takes ||
                       promise->takes_channels_last == binary_takes;
    return elementwise && node->inputs[0] != VALUE_NONE && is_concrete(graph, node->inputs[0]) &&
           is_concrete(graph, node->outputs[0]) && promise->takes_channels_last(&build);
}

bool cpu_fuses(const Graph *graph, NodeId id, EpilogueKind step) {
    const Node *node = graph_node_const(graph, id);
    const PromiseRow *promise = promise_find(node);
    (void)step; /* all kinds: what oneDNN does not take, fused_steps does */
    return promise && node->output_count > 0 && node->outputs[0] != VALUE_NONE &&
           graph_value_const(graph, node->outputs[0])->dtype == DTYPE_F32 &&
           (promise->fuses || begins_chain(graph, node, promise));
}

bool cpu_supports_layout(const Graph *graph, NodeId id, Layout layout) {
    if (layout == LAYOUT_PLAIN)
        return true;
    const Node *node = graph_node_const(graph, id);
    const PromiseRow *promise = promise_find(node);
    KernelBuild build = { .graph = graph, .node = node };
    return promise && promise->takes_channels_last && node->input_count > 0 &&
           node->inputs[0] != VALUE_NONE && node->output_count > 0 &&
           node->outputs[0] != VALUE_NONE && is_concrete(graph, node->inputs[0]) &&
           is_concrete(graph, node->outputs[0]) && promise->takes_channels_last(&build);
}

Layout cpu_preferred_layout(const Graph *graph, NodeId id) {
    const Node *node = graph_node_const(graph, id);
    const PromiseRow *promise = promise_find(node);
    if (!promise || !promise->prefers_channels_last ||
        !cpu_supports_layout(graph, id, LAYOUT_CHANNELS_LAST))
        return LAYOUT_PLAIN;
    int32_t rank = graph_value_const(graph, node->inputs[0])->shape.rank;
    return rank == 4 ? LAYOUT_CHANNELS_LAST : LAYOUT_PLAIN;
}
