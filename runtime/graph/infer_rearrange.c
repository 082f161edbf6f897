/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Operators that move blocks of elements, or look at matrices and sequences as a whole. Source:
 * ONNX DepthToSpace 13, SpaceToDepth 13, CenterCropPad 18, Trilu 14, EyeLike 22, CumSum 14, CumProd
 * 26, ReverseSequence 10, Det 22.
 */

#include "runtime/graph/infer.h"

#include "runtime/base/size.h"

#include <inttypes.h>
#include <string.h>

static const int64_t BLOCK_MAX = 1 << 20; /* its square is far from overflow */

static Status check_image(const Node *node, const Shape *x, int64_t *ret_block) {
    int64_t block = node_get_int(node, "blocksize", 0);
    if (block < 1 || block > BLOCK_MAX)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "blocksize: expected 1 to %" PRId64 ", got %" PRId64, BLOCK_MAX, block);
    if (x->rank != SHAPE_UNRANKED && x->rank != 4)
        return status_error(STATUS_INVALID_ARGUMENT, "input 0: expected [N,C,H,W], got shape %s",
                            SHAPE_TEXT(x));
    *ret_block = block;
    return status_ok();
}

static Status multiply_dim(Shape *y, size_t axis, int64_t factor) {
    if (y->dims[axis] != DIM_UNKNOWN &&
        __builtin_mul_overflow(y->dims[axis], factor, &y->dims[axis]))
        return status_error(STATUS_INVALID_ARGUMENT, "axis %zu becomes too long", axis);
    return status_ok();
}

static Status divide_dim(Shape *y, size_t axis, int64_t divisor) {
    if (y->dims[axis] == DIM_UNKNOWN)
        return status_ok();
    if (y->dims[axis] % divisor != 0)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "axis %zu: %" PRId64 " is not divided by %" PRId64, axis, y->dims[axis],
                            divisor);
    y->dims[axis] /= divisor;
    return status_ok();
}

Status infer_depth_to_space(InferCall *call) {
    Shape y = call->inputs[0].shape;
    StringView mode = node_get_string(call->node, "mode", "DCR");
    int64_t block;
    TRY(check_image(call->node, &y, &block));
    if (mode.length != 3 || (memcmp(mode.data, "DCR", 3) != 0 && memcmp(mode.data, "CRD", 3) != 0))
        return status_error(STATUS_INVALID_ARGUMENT, "mode: expected DCR or CRD, got '%.*s'",
                            (int)MIN_OF(mode.length, (size_t)40), mode.data);
    if (y.rank == 4) {
        TRY(divide_dim(&y, 1, block * block));
        TRY(multiply_dim(&y, 2, block));
        TRY(multiply_dim(&y, 3, block));
    }
    infer_set_output(call, 0, call->inputs[0].dtype, &y);
    return status_ok();
}

Status infer_space_to_depth(InferCall *call) {
    Shape y = call->inputs[0].shape;
    int64_t block;
    TRY(check_image(call->node, &y, &block));
    if (y.rank == 4) {
        TRY(multiply_dim(&y, 1, block * block));
        TRY(divide_dim(&y, 2, block));
        TRY(divide_dim(&y, 3, block));
    }
    infer_set_output(call, 0, call->inputs[0].dtype, &y);
    return status_ok();
}

Status infer_center_crop_pad(InferCall *call) {
    const InferPort *x = &call->inputs[0];
    IntList wanted, axes = { 0 };
    bool marks[SHAPE_MAX_RANK];
    TRY(infer_int_list(call, 1, SHAPE_MAX_RANK, &wanted));
    if (x->shape.rank == SHAPE_UNRANKED) {
        infer_set_output(call, 0, x->dtype, &SHAPE_UNKNOWN);
        return status_ok();
    }
    const int64_t *given = node_get_ints(call->node, "axes", &axes.count);
    if (!given)
        axes.count = (size_t)x->shape.rank;
    if (axes.count > SHAPE_MAX_RANK || (wanted.count_known && wanted.count != axes.count))
        return status_error(STATUS_INVALID_ARGUMENT, "input 1: expected %zu dims, got %zu",
                            axes.count, wanted.count);
    for (size_t i = 0; i < axes.count; i++)
        axes.items[i] = given ? given[i] : (int64_t)i;
    TRY(infer_mark_axes(&axes, x->shape.rank, marks));
    Shape y = x->shape;
    for (size_t i = 0; i < axes.count; i++) {
        int64_t dim = wanted.known ? wanted.items[i] : DIM_UNKNOWN;
        if (wanted.known && dim < 0)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "wanted dim %zu: expected 0 or more, got %" PRId64, i, dim);
        y.dims[axes.items[i]] = dim;
    }
    infer_set_output(call, 0, x->dtype, &y);
    return status_ok();
}

static Status check_rank_from(const Shape *x, int32_t least) {
    if (x->rank == SHAPE_UNRANKED || x->rank >= least)
        return status_ok();
    return status_error(STATUS_INVALID_ARGUMENT,
                        "input 0: expected rank %" PRId32 " or more, got shape %s", least,
                        SHAPE_TEXT(x));
}

Status infer_trilu(InferCall *call) {
    TRY(check_rank_from(&call->inputs[0].shape, 2));
    TRY(infer_check_types(call, 1, DTYPE_BIT(DTYPE_I64)));
    TRY(infer_check_scalar(call, 1));
    return infer_same(call);
}

Status infer_eye_like(InferCall *call) {
    const InferPort *x = &call->inputs[0];
    int64_t dtype = node_get_int(call->node, "dtype", x->dtype);
    uint32_t types = TYPES_NUMERIC | TYPES_BOOL;
    if (x->shape.rank != SHAPE_UNRANKED && x->shape.rank != 2)
        return status_error(STATUS_INVALID_ARGUMENT, "input 0: expected a matrix, got shape %s",
                            SHAPE_TEXT(&x->shape));
    if (dtype < 0 || dtype >= DTYPE_COUNT ||
        (dtype != DTYPE_INVALID && !(types & DTYPE_BIT(dtype))))
        return status_error(STATUS_INVALID_ARGUMENT, "dtype: %" PRId64 " is not a number type",
                            dtype);
    infer_set_output(call, 0, (DType)dtype, &x->shape);
    return status_ok();
}

Status infer_cumulative(InferCall *call) {
    const Shape *x = &call->inputs[0].shape;
    const Tensor *axis = call->inputs[1].value;
    TRY(infer_check_types(call, 1, TYPES_INDEX));
    TRY(infer_check_scalar(call, 1));
    if (axis && tensor_elements(axis) == 1 && x->rank != SHAPE_UNRANKED) {
        size_t checked;
        TRY(shape_axis(tensor_get_int(axis, 0), x->rank, &checked));
    }
    return infer_same(call);
}

Status infer_reverse_sequence(InferCall *call) {
    const Shape *x = &call->inputs[0].shape;
    int64_t batch = node_get_int(call->node, "batch_axis", 1);
    int64_t time = node_get_int(call->node, "time_axis", 0);
    if (batch < 0 || batch > 1 || time != 1 - batch)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "batch_axis and time_axis: expected 0 and 1 or 1 and 0, got %" PRId64
                            " and %" PRId64,
                            batch, time);
    TRY(check_rank_from(x, 2));
    TRY(infer_check_types(call, 1, DTYPE_BIT(DTYPE_I64)));
    TRY(infer_check_shape(call, 1,
                          &SHAPE(x->rank == SHAPE_UNRANKED ? DIM_UNKNOWN : x->dims[batch])));
    return infer_same(call);
}

Status infer_det(InferCall *call) {
    const InferPort *x = &call->inputs[0];
    Shape y = x->shape;
    TRY(check_rank_from(&y, 2));
    if (y.rank != SHAPE_UNRANKED) {
        int64_t rows = y.dims[y.rank - 2], columns = y.dims[y.rank - 1];
        if (rows != columns && rows != DIM_UNKNOWN && columns != DIM_UNKNOWN)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "input 0: expected square matrices, got shape %s", SHAPE_TEXT(&y));
        y.rank -= 2;
    }
    infer_set_output(call, 0, x->dtype, &y);
    return status_ok();
}
