/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * BatchNormalization with constant statistics is y = scale' * x + shift' per channel. After a Conv
 * (or Gemm) that nobody else reads it goes into that node's weights; elsewhere it becomes Mul and
 * Add with one number a channel, which later passes and elementwise kernels know.
 *
 * Rounding: weights are multiplied in double and rounded once, instead of the result.
 * Source: ONNX BatchNormalization 15. In training mode, or with other types than float32, the node
 * stays.
 */

#include "runtime/base/size.h"
#include "runtime/graph/op_schema.h"
#include "runtime/passes/affine.h"
#include "runtime/passes/passes.h"

#include <math.h>
#include <string.h>

enum { BN_X, BN_SCALE, BN_BIAS, BN_MEAN, BN_VAR, BN_INPUTS };

static bool is_foldable(const Graph *graph, const Node *node) {
    if (node->removed || node->op->domain[0] != '\0' ||
        strcmp(node->op->name, "BatchNormalization") != 0 || node->input_count != BN_INPUTS ||
        node_get_int(node, "training_mode", 0) != 0 || node->outputs[0] == VALUE_NONE)
        return false;
    for (uint32_t i = 1; i < node->output_count; i++)
        if (node->outputs[i] != VALUE_NONE && graph_use_count(graph, node->outputs[i]) > 0)
            return false;
    const Value *x = graph_value_const(graph, node->inputs[BN_X]);
    if (x->dtype != DTYPE_F32 || x->shape.rank < 2)
        return false;
    size_t channels = 0;
    for (uint32_t i = BN_SCALE; i < BN_INPUTS; i++) {
        const Tensor *constant = graph_value_const(graph, node->inputs[i])->constant;
        if (!constant || constant->dtype != DTYPE_F32 || constant->shape.rank != 1)
            return false;
        if (i > BN_SCALE && tensor_elements(constant) != channels)
            return false;
        channels = tensor_elements(constant);
    }
    return channels > 0;
}

/* scale and shift, count each, in one array. */
static double *make_factors(const Graph *graph, const Node *node, size_t *ret_count) {
    const float *inputs[BN_INPUTS] = { NULL };
    for (uint32_t i = BN_SCALE; i < BN_INPUTS; i++)
        inputs[i] = graph_value_const(graph, node->inputs[i])->constant->data;
    size_t count = tensor_elements(graph_value_const(graph, node->inputs[BN_SCALE])->constant);
    double *scale = calloc(count, 2 * sizeof *scale), *shift = scale + count;
    if (!scale)
        return NULL;
    double epsilon = node_get_float(node, "epsilon", 1e-5f);
    for (size_t i = 0; i < count; i++) {
        scale[i] = inputs[BN_SCALE][i] / sqrt(inputs[BN_VAR][i] + epsilon);
        shift[i] = inputs[BN_BIAS][i] - inputs[BN_MEAN][i] * scale[i];
    }
    *ret_count = count;
    return scale;
}

static Status add_per_channel(Graph *graph, const char *op, ValueId x, const double *numbers,
                              size_t count, ValueId *ret_value) {
    const Value value = *graph_value_const(graph, x);
    Shape shape = { .rank = value.shape.rank - 1 };
    for (int32_t i = 0; i < shape.rank; i++)
        shape.dims[i] = i == 0 ? (int64_t)count : 1;
    ValueId constant, result;
    Tensor *tensor;
    TRY(graph_add_constant_new(graph, DTYPE_F32, &shape, &constant, &tensor));
    for (size_t i = 0; i < count; i++)
        ((float *)tensor->data)[i] = (float)numbers[i];
    TRY(graph_add_value(graph, NULL, value.dtype, &value.shape, &result));
    NodeSpec spec = { .op = op_schema_find("", op),
                      .name = "",
                      .inputs = (ValueId[]){ x, constant },
                      .outputs = &result,
                      .input_count = 2,
                      .output_count = 1 };
    TRY(graph_add_node(graph, &spec, NULL));
    *ret_value = result;
    return status_ok();
}

static Status fold_one(Graph *graph, NodeId id) {
    const Node node = *graph_node_const(graph, id);
    size_t count;
    AUTO(free) double *scale = make_factors(graph, &node, &count);
    if (!scale)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "fuse_batch_norm: out of memory");
    ValueId x = node.inputs[BN_X], result = x;
    NodeId producer = graph_value_const(graph, x)->producer;
    Affine affine;
    if (producer != NODE_NONE && graph_single_user(graph, x) == id &&
        affine_find(graph, producer, &affine) && affine.takes_shift && affine.channels == count &&
        affine.channel_axis == 1 - graph_value_const(graph, x)->shape.rank) {
        TRY(affine_apply(graph, &affine, scale, scale + count));
    } else {
        TRY(add_per_channel(graph, "Mul", x, scale, count, &result));
        TRY(add_per_channel(graph, "Add", result, scale + count, count, &result));
    }
    graph_replace_value(graph, node.outputs[0], result);
    graph_remove_node(graph, id);
    return status_ok();
}

Status pass_fuse_batch_norm(Graph *graph, const PassContext *context) {
    (void)context;
    size_t count = graph_node_count(graph);
    for (NodeId id = 0; id < count; id++)
        if (is_foldable(graph, graph_node_const(graph, id)))
            TRY(fold_one(graph, id));
    return graph_sort(graph);
}
