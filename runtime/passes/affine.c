/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * New weights for linear nodes. Products are made in double and rounded once. The old weights stay
 * where they are: they belong to the model file's bytes.
 *
 * Thread: loader. Fails only when memory is out.
 */

#include "runtime/passes/affine.h"

#include "runtime/base/size.h"
#include "runtime/graph/op_schema.h"

#include <string.h>

enum { INPUT_WEIGHTS = 1, INPUT_BIAS = 2 };

static const Tensor *constant_input(const Graph *graph, const Node *node, uint32_t index) {
    if (index >= node->input_count || node->inputs[index] == VALUE_NONE)
        return NULL;
    return graph_value_const(graph, node->inputs[index])->constant;
}

static bool has_input(const Node *node, uint32_t index) {
    return index < node->input_count && node->inputs[index] != VALUE_NONE;
}

static bool is_op(const Node *node, const char *name) {
    return node->op->domain[0] == '\0' && strcmp(node->op->name, name) == 0;
}

static bool gemm_transposes_b(const Node *node) {
    return is_op(node, "Gemm") && node_get_int(node, "transB", 0) != 0;
}

/* Which axis of the weights is the channel. */
static int32_t weights_axis(const Node *node) {
    return is_op(node, "Conv") || gemm_transposes_b(node) ? 0 : 1;
}

bool affine_find(const Graph *graph, NodeId id, Affine *ret_affine) {
    const Node *node = graph_node_const(graph, id);
    bool transposed = is_op(node, "ConvTranspose") && node_get_int(node, "group", 1) == 1;
    bool conv = is_op(node, "Conv") || transposed, gemm = is_op(node, "Gemm"),
         matmul = is_op(node, "MatMul");
    if (node->removed || !(conv || gemm || matmul) || node->epilogue_count > 0)
        return false;
    const Tensor *weights = constant_input(graph, node, INPUT_WEIGHTS),
                 *bias = constant_input(graph, node, INPUT_BIAS);
    if (!weights || weights->dtype != DTYPE_F32 || weights->shape.rank < 2 ||
        (!conv && weights->shape.rank != 2))
        return false;
    if (gemm && (node_get_float(node, "alpha", 1) != 1 || node_get_float(node, "beta", 1) != 1))
        return false;
    size_t channels = (size_t)weights->shape.dims[weights_axis(node)];
    if (has_input(node, INPUT_BIAS) &&
        (matmul || !bias || bias->dtype != DTYPE_F32 || tensor_elements(bias) != channels))
        return false; /* a C of another shape than one row */
    *ret_affine = (Affine){ .node = id, .channels = channels, .takes_shift = !matmul };
    ret_affine->channel_axis = conv ? 1 - weights->shape.rank : -1;
    return channels > 0;
}

static bool all_ones(const double *scale, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (scale[i] != 1)
            return false;
    return true;
}

static Status scale_weights(Graph *graph, const Affine *affine, const double *scale) {
    if (all_ones(scale, affine->channels))
        return status_ok();
    const Node *node = graph_node_const(graph, affine->node);
    const Tensor *old = constant_input(graph, node, INPUT_WEIGHTS);
    size_t axis = (size_t)weights_axis(node);
    size_t inner = shape_product(&old->shape, axis + 1, (size_t)old->shape.rank),
           outer = shape_product(&old->shape, 0, axis);
    ValueId value;
    Tensor *weights;
    TRY(graph_add_constant_new(graph, DTYPE_F32, &old->shape, &value, &weights));
    const float *from = old->data;
    float *to = weights->data;
    if (inner == 1)
        for (size_t row = 0; row < outer; row++, from += affine->channels, to += affine->channels)
            for (size_t i = 0; i < affine->channels; i++)
                to[i] = (float)(from[i] * scale[i]);
    else
        for (size_t row = 0; row < outer * affine->channels; row++, from += inner, to += inner)
            for (size_t i = 0; i < inner; i++)
                to[i] = (float)(from[i] * scale[row % affine->channels]);
    graph_set_input(graph, affine->node, INPUT_WEIGHTS, value);
    return status_ok();
}

static Status set_bias(Graph *graph, const Affine *affine, const double *scale,
                       const double *shift) {
    const Node *node = graph_node_const(graph, affine->node);
    const Tensor *old = constant_input(graph, node, INPUT_BIAS);
    if (!old && !shift)
        return status_ok();
    ValueId inputs[INPUT_BIAS + 1] = { node->inputs[0], node->inputs[INPUT_WEIGHTS] };
    Tensor *bias;
    TRY(graph_add_constant_new(graph, DTYPE_F32, &SHAPE((int64_t)affine->channels),
                               &inputs[INPUT_BIAS], &bias));
    float *to = bias->data;
    for (size_t i = 0; i < affine->channels; i++)
        to[i] = (float)((old ? ((const float *)old->data)[i] * scale[i] : 0.0) +
                        (shift ? shift[i] : 0.0));
    return graph_set_inputs(graph, affine->node, inputs, INPUT_BIAS + 1);
}

Status affine_apply(Graph *graph, const Affine *affine, const double *scale, const double *shift) {
    TRY(scale_weights(graph, affine, scale));
    return set_bias(graph, affine, scale, affine->takes_shift ? shift : NULL);
}

bool affine_operand(const Affine *affine, int32_t rank, const Tensor *constant,
                    double *ret_numbers) {
    size_t count = tensor_elements(constant);
    if (constant->dtype != DTYPE_F32 || constant->shape.rank > rank ||
        (count != 1 && count != affine->channels))
        return false;
    int32_t axis = constant->shape.rank + affine->channel_axis;
    if (count > 1 && (axis < 0 || (size_t)constant->shape.dims[axis] != count))
        return false;
    for (size_t i = 0; i < affine->channels; i++)
        ret_numbers[i] = ((const float *)constant->data)[count == 1 ? 0 : i];
    return true;
}
