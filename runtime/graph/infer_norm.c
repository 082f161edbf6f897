/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Normalisations over trailing dims, groups of channels or given axes: the result has the shape of
 * input 0. Source: ONNX LayerNormalization 17, RMSNormalization 23, GroupNormalization 21,
 * MeanVarianceNormalization 13.
 */

#include "runtime/graph/infer.h"

#include "runtime/base/size.h"

#include <inttypes.h>

Status infer_layer_normalization(InferCall *call) {
    const InferPort *x = &call->inputs[0];
    int64_t stash = node_get_int(call->node, "stash_type", DTYPE_F32);
    DType dtype;
    size_t axis;
    TRY(infer_same_dtype(call, 0, 3, &dtype));
    if (stash <= 0 || stash >= DTYPE_COUNT || !(TYPES_FLOAT & DTYPE_BIT(stash)))
        return status_error(STATUS_INVALID_ARGUMENT,
                            "stash_type: expected a float type, got %" PRId64, stash);
    Shape mean = x->shape;
    if (mean.rank != SHAPE_UNRANKED) {
        TRY(shape_axis(node_get_int(call->node, "axis", -1), mean.rank, &axis));
        for (size_t i = axis; i < (size_t)mean.rank; i++)
            mean.dims[i] = 1;
        TRY(infer_check_broadcast_to(call, 1, &x->shape));
        TRY(infer_check_broadcast_to(call, 2, &x->shape));
    }
    infer_set_output(call, 0, dtype, &x->shape);
    infer_set_output(call, 1, (DType)stash, &mean);
    infer_set_output(call, 2, (DType)stash, &mean);
    return status_ok();
}

Status infer_rms_normalization(InferCall *call) {
    const InferPort *x = &call->inputs[0];
    size_t axis;
    TRY(infer_check_types(call, 1, TYPES_FLOAT));
    if (x->shape.rank != SHAPE_UNRANKED)
        TRY(shape_axis(node_get_int(call->node, "axis", -1), x->shape.rank, &axis));
    TRY(infer_check_broadcast_to(call, 1, &x->shape));
    infer_set_output(call, 0, call->inputs[1].dtype, &x->shape);
    return status_ok();
}

/* One element a channel, or one a group: the form of opset 18. */
static Status check_group_operand(const InferCall *call, size_t index, int64_t channels,
                                  int64_t groups) {
    const Shape *shape = &call->inputs[index].shape;
    if (shape->rank == SHAPE_UNRANKED || channels == DIM_UNKNOWN)
        return status_ok();
    if (shape->rank == 1 &&
        (shape->dims[0] == DIM_UNKNOWN || shape->dims[0] == channels || shape->dims[0] == groups))
        return status_ok();
    return status_error(STATUS_INVALID_ARGUMENT, "input %zu: expected shape [%" PRId64 "], got %s",
                        index, channels, SHAPE_TEXT(shape));
}

Status infer_group_normalization(InferCall *call) {
    const Shape *x = &call->inputs[0].shape;
    int64_t groups = node_get_int(call->node, "num_groups", 0);
    DType dtype;
    TRY(infer_same_dtype(call, 0, 3, &dtype));
    if (groups < 1)
        return status_error(STATUS_INVALID_ARGUMENT, "num_groups: expected 1 or more, got %" PRId64,
                            groups);
    if (x->rank != SHAPE_UNRANKED) {
        if (x->rank < 2)
            return status_error(STATUS_INVALID_ARGUMENT, "input 0: expected [N,C,...], got %s",
                                SHAPE_TEXT(x));
        if (x->dims[1] != DIM_UNKNOWN && x->dims[1] % groups != 0)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "num_groups: %" PRId64 " does not divide the channels of %s",
                                groups, SHAPE_TEXT(x));
        TRY(check_group_operand(call, 1, x->dims[1], groups));
        TRY(check_group_operand(call, 2, x->dims[1], groups));
    }
    infer_set_output(call, 0, dtype, x);
    return status_ok();
}

Status infer_mean_variance_normalization(InferCall *call) {
    static const int64_t usual[] = { 0, 2, 3 };
    const Shape *x = &call->inputs[0].shape;
    size_t count, axis;
    const int64_t *axes = node_get_ints(call->node, "axes", &count);
    count = axes ? count : ARRAY_LENGTH(usual);
    for (size_t i = 0; i < count && x->rank != SHAPE_UNRANKED; i++)
        TRY(shape_axis(axes ? axes[i] : usual[i], x->rank, &axis));
    return infer_same(call);
}
