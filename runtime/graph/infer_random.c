/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Random operators: shape from an attribute or an input, type from `dtype`. Source: ONNX
 * RandomUniform 22, RandomUniformLike 22, Bernoulli 22, Multinomial 22 and kin.
 */

#include "runtime/graph/infer.h"

#include <inttypes.h>

static Status dtype_of(const InferCall *call, DType fallback, uint32_t types, DType *ret_dtype) {
    int64_t dtype = node_get_int(call->node, "dtype", fallback);
    if (dtype == DTYPE_INVALID && fallback == DTYPE_INVALID) { /* not known yet */
        *ret_dtype = DTYPE_INVALID;
        return status_ok();
    }
    if (dtype <= DTYPE_INVALID || dtype >= DTYPE_COUNT || !(types & DTYPE_BIT(dtype)))
        return status_error(STATUS_INVALID_ARGUMENT,
                            "dtype: %" PRId64 " is no type that this operator makes", dtype);
    *ret_dtype = (DType)dtype;
    return status_ok();
}

Status infer_random(InferCall *call) {
    size_t count;
    const int64_t *dims = node_get_ints(call->node, "shape", &count);
    DType dtype;
    Shape shape;
    TRY(dtype_of(call, DTYPE_F32, TYPES_FLOAT, &dtype));
    if (!dims)
        return status_error(STATUS_INVALID_ARGUMENT, "shape: expected a list of dims, got none");
    TRY(shape_make(dims, count, &shape));
    if (!shape_is_known(&shape))
        return status_error(STATUS_INVALID_ARGUMENT, "shape: expected dims of 0 or more, got %s",
                            SHAPE_TEXT(&shape));
    infer_set_output(call, 0, dtype, &shape);
    return status_ok();
}

Status infer_random_like(InferCall *call) {
    DType dtype;
    TRY(dtype_of(call, call->inputs[0].dtype, TYPES_FLOAT, &dtype));
    infer_set_output(call, 0, dtype, &call->inputs[0].shape);
    return status_ok();
}

Status infer_bernoulli(InferCall *call) {
    DType dtype;
    TRY(dtype_of(call, call->inputs[0].dtype, TYPES_NUMERIC | TYPES_BOOL, &dtype));
    infer_set_output(call, 0, dtype, &call->inputs[0].shape);
    return status_ok();
}

Status infer_multinomial(InferCall *call) {
    const Shape *x = &call->inputs[0].shape;
    int64_t samples = node_get_int(call->node, "sample_size", 1);
    DType dtype;
    TRY(dtype_of(call, DTYPE_I32, TYPES_INDEX, &dtype));
    if (samples < 0)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "sample_size: expected 0 or more, got %" PRId64, samples);
    if (x->rank != SHAPE_UNRANKED && x->rank != 2)
        return status_error(STATUS_INVALID_ARGUMENT, "input 0: expected [batch,classes], got %s",
                            SHAPE_TEXT(x));
    int64_t batch = x->rank == 2 ? x->dims[0] : DIM_UNKNOWN;
    infer_set_output(call, 0, dtype, &SHAPE(batch, samples));
    return status_ok();
}
