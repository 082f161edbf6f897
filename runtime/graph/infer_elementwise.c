/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Operators whose output follows their inputs element by element, with numpy's broadcasting where
 * there are several, and those that only look along an axis (Softmax). Source: ONNX operator
 * documents, broadcasting document.
 */

#include "runtime/graph/infer.h"

#include <inttypes.h>

Status infer_same(InferCall *call) {
    infer_set_output(call, 0, call->inputs[0].dtype, &call->inputs[0].shape);
    return status_ok();
}

Status infer_axis_same(InferCall *call) {
    const InferPort *x = &call->inputs[0];
    size_t axis;
    if (x->shape.rank != SHAPE_UNRANKED)
        TRY(shape_axis(node_get_int(call->node, "axis", -1), x->shape.rank, &axis));
    return infer_same(call);
}

Status infer_predicate(InferCall *call) {
    infer_set_output(call, 0, DTYPE_BOOL, &call->inputs[0].shape);
    return status_ok();
}

/* Shapes of inputs [first, end), broadcast together. */
static Status broadcast_inputs(const InferCall *call, size_t first, size_t end, Shape *ret_shape) {
    Shape shape = SHAPE_SCALAR;
    for (size_t i = first; i < end; i++) {
        if (!infer_input(call, i))
            return status_error(STATUS_INVALID_ARGUMENT, "input %zu is left out", i);
        TRY(shape_broadcast(&shape, &call->inputs[i].shape, &shape));
    }
    *ret_shape = shape;
    return status_ok();
}

/* Inputs that are the operator's own: a fused residual comes after them. */
static size_t own_input_count(const InferCall *call) {
    const Node *node = call->node;
    return node->input_count < node->op->max_inputs || node->op->max_inputs == ARITY_ANY
               ? node->input_count
               : node->op->max_inputs;
}

Status infer_broadcast(InferCall *call) {
    DType dtype;
    Shape shape;
    TRY(infer_same_dtype(call, 0, own_input_count(call), &dtype));
    TRY(broadcast_inputs(call, 0, own_input_count(call), &shape));
    infer_set_output(call, 0, dtype, &shape);
    return status_ok();
}

Status infer_compare(InferCall *call) {
    DType dtype;
    Shape shape;
    TRY(infer_same_dtype(call, 0, own_input_count(call), &dtype));
    TRY(broadcast_inputs(call, 0, own_input_count(call), &shape));
    infer_set_output(call, 0, DTYPE_BOOL, &shape);
    return status_ok();
}

Status infer_mod(InferCall *call) {
    const InferPort *a = &call->inputs[0];
    if (a->dtype != DTYPE_INVALID && dtype_info(a->dtype)->is_float &&
        node_get_int(call->node, "fmod", 0) == 0)
        return status_error(STATUS_INVALID_ARGUMENT, "fmod: expected 1 for %s, got 0",
                            dtype_name(a->dtype));
    return infer_broadcast(call);
}

Status infer_where(InferCall *call) {
    DType dtype;
    Shape shape;
    TRY(infer_same_dtype(call, 1, 3, &dtype));
    TRY(broadcast_inputs(call, 0, 3, &shape));
    infer_set_output(call, 0, dtype, &shape);
    return status_ok();
}

Status infer_pow(InferCall *call) {
    Shape shape;
    TRY(infer_check_types(call, 1, TYPES_NUMERIC));
    TRY(broadcast_inputs(call, 0, 2, &shape));
    infer_set_output(call, 0, call->inputs[0].dtype, &shape);
    return status_ok();
}

Status infer_prelu(InferCall *call) {
    DType dtype;
    TRY(infer_same_dtype(call, 0, 2, &dtype));
    TRY(infer_check_broadcast_to(call, 1, &call->inputs[0].shape));
    infer_set_output(call, 0, dtype, &call->inputs[0].shape);
    return status_ok();
}

Status infer_clip(InferCall *call) {
    DType dtype;
    TRY(infer_same_dtype(call, 0, 3, &dtype));
    TRY(infer_check_scalar(call, 1));
    TRY(infer_check_scalar(call, 2));
    infer_set_output(call, 0, dtype, &call->inputs[0].shape);
    return status_ok();
}

static bool is_complex(DType dtype) {
    return dtype == DTYPE_C64 || dtype == DTYPE_C128;
}

static Status set_cast(InferCall *call, DType to) {
    const InferPort *x = &call->inputs[0];
    if (is_complex(x->dtype) || is_complex(to))
        return status_error(STATUS_UNIMPLEMENTED, "casts from %s to %s are not supported",
                            dtype_name(x->dtype), dtype_name(to));
    infer_set_output(call, 0, to, &x->shape);
    return status_ok();
}

Status infer_cast(InferCall *call) {
    int64_t to = node_get_int(call->node, "to", DTYPE_INVALID);
    if (to <= DTYPE_INVALID || to >= DTYPE_COUNT)
        return status_error(STATUS_INVALID_ARGUMENT, "to: expected an element type, got %" PRId64,
                            to);
    return set_cast(call, (DType)to);
}

Status infer_cast_like(InferCall *call) {
    return set_cast(call, call->inputs[1].dtype);
}

Status infer_dropout(InferCall *call) {
    TRY(infer_check_types(call, 1, TYPES_FLOAT | TYPES_FLOAT8));
    TRY(infer_check_scalar(call, 1));
    TRY(infer_check_types(call, 2, TYPES_BOOL));
    TRY(infer_check_scalar(call, 2));
    TRY(infer_same(call));
    infer_set_output(call, 1, DTYPE_BOOL, &call->inputs[0].shape);
    return status_ok();
}
