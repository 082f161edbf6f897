/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Matrix products. Source: ONNX Gemm 13, MatMul 13 (numpy.matmul).
 */

#include "runtime/graph/einsum.h"
#include "runtime/graph/infer.h"

#include <inttypes.h>

static Status check_matrix(const InferCall *call, size_t index) {
    const Shape *shape = &call->inputs[index].shape;
    if (shape->rank == SHAPE_UNRANKED || shape->rank == 2)
        return status_ok();
    return status_error(STATUS_INVALID_ARGUMENT, "input %zu: expected a matrix, got shape %s",
                        index, SHAPE_TEXT(shape));
}

static bool dims_agree(int64_t a, int64_t b) {
    return a == b || a == DIM_UNKNOWN || b == DIM_UNKNOWN;
}

Status infer_gemm(InferCall *call) {
    const Shape *a = &call->inputs[0].shape, *b = &call->inputs[1].shape;
    bool transpose_a = node_get_int(call->node, "transA", 0) != 0,
         transpose_b = node_get_int(call->node, "transB", 0) != 0;
    DType dtype;
    TRY(infer_same_dtype(call, 0, 3, &dtype));
    TRY(check_matrix(call, 0));
    TRY(check_matrix(call, 1));
    Shape y = infer_unknown_dims(2);
    if (a->rank == 2)
        y.dims[0] = a->dims[transpose_a];
    if (b->rank == 2)
        y.dims[1] = b->dims[!transpose_b];
    if (a->rank == 2 && b->rank == 2 && !dims_agree(a->dims[!transpose_a], b->dims[transpose_b]))
        return status_error(STATUS_INVALID_ARGUMENT,
                            "shapes %s (transA %d) and %s (transB %d) cannot be multiplied",
                            SHAPE_TEXT(a), transpose_a, SHAPE_TEXT(b), transpose_b);
    TRY(infer_check_broadcast_to(call, 2, &y));
    infer_set_output(call, 0, dtype, &y);
    return status_ok();
}

/* The dims before the last two, for broadcasting. */
static Shape leading_dims(const Shape *shape) {
    Shape lead = *shape;
    lead.rank = shape->rank > 2 ? shape->rank - 2 : 0;
    return lead;
}

Status infer_matmul(InferCall *call) {
    const Shape *a = &call->inputs[0].shape, *b = &call->inputs[1].shape;
    DType dtype;
    TRY(infer_same_dtype(call, 0, 2, &dtype));
    if (a->rank == SHAPE_UNRANKED || b->rank == SHAPE_UNRANKED) {
        infer_set_output(call, 0, dtype, &SHAPE_UNKNOWN);
        return status_ok();
    }
    if (a->rank == 0 || b->rank == 0 ||
        !dims_agree(a->dims[a->rank - 1], b->dims[b->rank > 1 ? b->rank - 2 : 0]))
        return status_error(STATUS_INVALID_ARGUMENT, "shapes %s and %s cannot be multiplied",
                            SHAPE_TEXT(a), SHAPE_TEXT(b));
    Shape lead_a = leading_dims(a), lead_b = leading_dims(b), y;
    TRY(shape_broadcast(&lead_a, &lead_b, &y));
    if (a->rank > 1) /* a vector's dim is gone afterwards */
        y.dims[y.rank++] = a->dims[a->rank - 2];
    if (b->rank > 1)
        y.dims[y.rank++] = b->dims[b->rank - 1];
    infer_set_output(call, 0, dtype, &y);
    return status_ok();
}

Status infer_einsum(InferCall *call) {
    const Shape *shapes[EINSUM_TERMS_MAX] = { NULL };
    size_t count = call->node->input_count;
    DType dtype;
    bool known = true;
    TRY(infer_same_dtype(call, 0, count, &dtype));
    for (size_t i = 0; i < count; i++) {
        if (!infer_input(call, i))
            return status_error(STATUS_INVALID_ARGUMENT, "input %zu is left out", i);
        known &= call->inputs[i].shape.rank != SHAPE_UNRANKED;
        if (i < EINSUM_TERMS_MAX)
            shapes[i] = &call->inputs[i].shape;
    }
    Shape y = SHAPE_UNKNOWN;
    if (known) {
        Einsum einsum;
        TRY(einsum_parse(node_get_string(call->node, "equation", ""), shapes, count, &einsum));
        y.rank = (int32_t)einsum.output.count;
        for (size_t i = 0; i < einsum.output.count; i++)
            y.dims[i] = einsum.dims[einsum.output.labels[i]];
    }
    infer_set_output(call, 0, dtype, &y);
    return status_ok();
}
