/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Reductions over axes. Without axes all of them are reduced, unless noop_with_empty_axes says
 * none. Source: ONNX ReduceSum 13, ReduceMean 18, ReduceMax 20, ArgMax 13.
 */

#include "runtime/graph/infer.h"

#include "runtime/base/size.h"

/* shape without the marked axes, or with 1 in their place */
static Shape reduced_shape(const Shape *shape, const bool *marks, bool keep) {
    Shape y = SHAPE_SCALAR;
    for (int32_t i = 0; i < shape->rank; i++) {
        if (!marks[i])
            y.dims[y.rank++] = shape->dims[i];
        else if (keep)
            y.dims[y.rank++] = 1;
    }
    return y;
}

Status infer_reduce(InferCall *call) {
    const InferPort *x = &call->inputs[0];
    bool keep = node_get_int(call->node, "keepdims", 1) != 0;
    bool none_if_empty = node_get_int(call->node, "noop_with_empty_axes", 0) != 0;
    IntList axes;
    bool marks[SHAPE_MAX_RANK];
    TRY(infer_int_list(call, 1, SHAPE_MAX_RANK, &axes));
    bool empty = !axes.present || (axes.count_known && axes.count == 0);
    Shape y = SHAPE_UNKNOWN;
    if (empty && none_if_empty) {
        y = x->shape;
    } else if (empty && !keep) {
        y = SHAPE_SCALAR;
    } else if (x->shape.rank == SHAPE_UNRANKED) {
        y = SHAPE_UNKNOWN;
    } else if (empty || axes.known) {
        TRY(infer_mark_axes(&axes, x->shape.rank, marks));
        for (size_t i = 0; i < SHAPE_MAX_RANK; i++)
            marks[i] |= empty;
        y = reduced_shape(&x->shape, marks, keep);
    } else if (keep) {
        y = infer_unknown_dims(x->shape.rank);
    } else if (axes.count_known && axes.count <= (size_t)x->shape.rank) {
        y = infer_unknown_dims(x->shape.rank - (int32_t)axes.count);
    }
    infer_set_output(call, 0, x->dtype, &y);
    return status_ok();
}

Status infer_arg(InferCall *call) {
    const Shape *x = &call->inputs[0].shape;
    Shape y = SHAPE_UNKNOWN;
    if (x->rank != SHAPE_UNRANKED) {
        bool marks[SHAPE_MAX_RANK] = { 0 };
        size_t axis;
        TRY(shape_axis(node_get_int(call->node, "axis", 0), x->rank, &axis));
        if (x->dims[axis] == 0)
            return status_error(STATUS_INVALID_ARGUMENT, "axis %zu of shape %s has no elements",
                                axis, SHAPE_TEXT(x));
        marks[axis] = true;
        y = reduced_shape(x, marks, node_get_int(call->node, "keepdims", 1) != 0);
    }
    infer_set_output(call, 0, DTYPE_I64, &y);
    return status_ok();
}
