/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Operators that pick or put elements by index, and those whose number of results depends on data.
 * What only the data tell stays DIM_UNKNOWN: the kernel then makes the output. Source: ONNX
 * GatherElements 13, GatherND 13, ScatterElements 18, ScatterND 18, OneHot 11, Compress 11, NonZero
 * 13, TopK 24, Unique 11.
 */

#include "runtime/graph/infer.h"

#include "runtime/base/size.h"

#include <inttypes.h>
#include <string.h>

static Status set_unranked(InferCall *call, DType dtype) {
    infer_set_output(call, 0, dtype, &SHAPE_UNKNOWN);
    return status_ok();
}

static bool dims_fit(int64_t a, int64_t b) {
    return a == b || a == DIM_UNKNOWN || b == DIM_UNKNOWN;
}

static Status check_same_rank(const InferCall *call, size_t index) {
    const Shape *x = &call->inputs[0].shape, *other = &call->inputs[index].shape;
    if (x->rank == SHAPE_UNRANKED || other->rank == SHAPE_UNRANKED || x->rank == other->rank)
        return status_ok();
    return status_error(STATUS_INVALID_ARGUMENT,
                        "input %zu: expected rank %" PRId32 " like input 0, got shape %s", index,
                        x->rank, SHAPE_TEXT(other));
}

/* Away from the axis the indices stay inside of x. */
static Status check_indices(const InferCall *call, size_t axis) {
    const Shape *x = &call->inputs[0].shape, *indices = &call->inputs[1].shape;
    for (int32_t i = 0; i < x->rank && indices->rank == x->rank; i++)
        if ((size_t)i != axis && x->dims[i] != DIM_UNKNOWN && indices->dims[i] > x->dims[i])
            return status_error(STATUS_INVALID_ARGUMENT,
                                "input 1: indices %s reach beyond axis %" PRId32 " of %s",
                                SHAPE_TEXT(indices), i, SHAPE_TEXT(x));
    return status_ok();
}

static Status check_elements(const InferCall *call) {
    const Shape *x = &call->inputs[0].shape;
    TRY(infer_check_types(call, 1, TYPES_INDEX));
    TRY(check_same_rank(call, 1));
    if (x->rank == SHAPE_UNRANKED)
        return status_ok();
    size_t axis;
    TRY(shape_axis(node_get_int(call->node, "axis", 0), x->rank, &axis));
    return check_indices(call, axis);
}

Status infer_gather_elements(InferCall *call) {
    TRY(check_elements(call));
    infer_set_output(call, 0, call->inputs[0].dtype, &call->inputs[1].shape);
    return status_ok();
}

static const char *const REDUCTIONS[] = { "none", "add", "mul", "max", "min" };

static Status check_reduction(const Node *node) {
    StringView text = node_get_string(node, "reduction", "none");
    for (size_t i = 0; i < ARRAY_LENGTH(REDUCTIONS); i++)
        if (text.length == strlen(REDUCTIONS[i]) &&
            memcmp(text.data, REDUCTIONS[i], text.length) == 0)
            return status_ok();
    return status_error(STATUS_INVALID_ARGUMENT,
                        "reduction: expected none, add, mul, max or min, got '%.*s'",
                        (int)MIN_OF(text.length, (size_t)40), text.data);
}

static Status check_updates_type(const InferCall *call) {
    DType x = call->inputs[0].dtype;
    return x == DTYPE_INVALID ? status_ok() : infer_check_types(call, 2, DTYPE_BIT(x));
}

Status infer_scatter_elements(InferCall *call) {
    TRY(check_reduction(call->node));
    TRY(check_elements(call));
    TRY(check_updates_type(call));
    TRY(infer_check_shape(call, 2, &call->inputs[1].shape));
    return infer_same(call);
}

/* Length of the index tuples, DIM_UNKNOWN if not known, that address dims [first, first + length)
 * of x. */
static Status tuple_length(const InferCall *call, int64_t first, int64_t *ret_length) {
    const Shape *x = &call->inputs[0].shape, *indices = &call->inputs[1].shape;
    if (indices->rank < 1)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "input 1: expected rank 1 or more, got a scalar");
    int64_t length = indices->dims[indices->rank - 1];
    if (length != DIM_UNKNOWN && (length < 1 || length > x->rank - first))
        return status_error(STATUS_INVALID_ARGUMENT,
                            "input 1: indices %s do not address dims %" PRId64 " and on of %s",
                            SHAPE_TEXT(indices), first, SHAPE_TEXT(x));
    *ret_length = length;
    return status_ok();
}

/* dims of indices without the last, then dims of x behind those that are addressed */
static Status addressed_shape(const Shape *x, const Shape *indices, int64_t behind,
                              Shape *ret_shape) {
    Shape y = SHAPE_SCALAR;
    if (indices->rank - 1 + x->rank - behind > SHAPE_MAX_RANK)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "shapes %s and %s together are above the rank limit of %d",
                            SHAPE_TEXT(x), SHAPE_TEXT(indices), SHAPE_MAX_RANK);
    for (int32_t i = 0; i < indices->rank - 1; i++)
        y.dims[y.rank++] = indices->dims[i];
    for (int64_t i = behind; i < x->rank; i++)
        y.dims[y.rank++] = x->dims[i];
    *ret_shape = y;
    return status_ok();
}

Status infer_gather_nd(InferCall *call) {
    const InferPort *x = &call->inputs[0], *indices = &call->inputs[1];
    int64_t batch = node_get_int(call->node, "batch_dims", 0), length;
    TRY(infer_check_types(call, 1, TYPES_INDEX));
    if (x->shape.rank == SHAPE_UNRANKED || indices->shape.rank == SHAPE_UNRANKED)
        return set_unranked(call, x->dtype);
    if (batch < 0 || batch >= x->shape.rank || batch >= indices->shape.rank)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "batch_dims: %" PRId64 " does not go with shapes %s and %s", batch,
                            SHAPE_TEXT(&x->shape), SHAPE_TEXT(&indices->shape));
    for (int64_t i = 0; i < batch; i++)
        if (!dims_fit(x->shape.dims[i], indices->shape.dims[i]))
            return status_error(STATUS_INVALID_ARGUMENT,
                                "batch dims of %s and indices %s are not the same",
                                SHAPE_TEXT(&x->shape), SHAPE_TEXT(&indices->shape));
    TRY(tuple_length(call, batch, &length));
    if (length == DIM_UNKNOWN)
        return set_unranked(call, x->dtype);
    Shape y;
    TRY(addressed_shape(&x->shape, &indices->shape, batch + length, &y));
    infer_set_output(call, 0, x->dtype, &y);
    return status_ok();
}

Status infer_scatter_nd(InferCall *call) {
    const Shape *x = &call->inputs[0].shape, *indices = &call->inputs[1].shape;
    TRY(check_reduction(call->node));
    TRY(infer_check_types(call, 1, TYPES_INDEX));
    TRY(check_updates_type(call));
    if (x->rank != SHAPE_UNRANKED && indices->rank != SHAPE_UNRANKED) {
        int64_t length;
        TRY(tuple_length(call, 0, &length));
        if (length != DIM_UNKNOWN) {
            Shape updates;
            TRY(addressed_shape(x, indices, length, &updates));
            TRY(infer_check_shape(call, 2, &updates));
        }
    }
    return infer_same(call);
}

/* Number in a one-element input, DIM_UNKNOWN where it has no content. */
static Status read_count(const InferCall *call, size_t index, int64_t least, int64_t *ret_count) {
    const Tensor *value = call->inputs[index].value;
    TRY(infer_check_scalar(call, index));
    *ret_count = DIM_UNKNOWN;
    if (!value || tensor_elements(value) != 1)
        return status_ok();
    double number = tensor_get_float(value, 0);
    if (!(number >= (double)least && number < 0x1p53))
        return status_error(STATUS_INVALID_ARGUMENT,
                            "input %zu: expected %" PRId64 " or more, got %g", index, least,
                            number);
    *ret_count = (int64_t)number;
    return status_ok();
}

Status infer_one_hot(InferCall *call) {
    const InferPort *indices = &call->inputs[0], *values = &call->inputs[2];
    int64_t depth;
    TRY(infer_check_types(call, 1, TYPES_NUMERIC));
    TRY(read_count(call, 1, 1, &depth));
    TRY(infer_check_shape(call, 2, &SHAPE(2)));
    if (indices->shape.rank == SHAPE_UNRANKED)
        return set_unranked(call, values->dtype);
    size_t axis;
    TRY(shape_axis(node_get_int(call->node, "axis", -1), indices->shape.rank + 1, &axis));
    if (indices->shape.rank >= SHAPE_MAX_RANK)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "one more dim than %s is above the rank limit of %d",
                            SHAPE_TEXT(&indices->shape), SHAPE_MAX_RANK);
    Shape y = { .rank = indices->shape.rank + 1 };
    for (size_t i = 0; i < (size_t)y.rank; i++)
        y.dims[i] = i == axis ? depth : indices->shape.dims[i - (i > axis)];
    infer_set_output(call, 0, values->dtype, &y);
    return status_ok();
}

Status infer_compress(InferCall *call) {
    const InferPort *x = &call->inputs[0];
    const Attribute *attribute = node_find_attribute(call->node, "axis");
    TRY(infer_check_types(call, 1, TYPES_BOOL));
    TRY(infer_check_shape(call, 1, &SHAPE(DIM_UNKNOWN)));
    Shape y = SHAPE(DIM_UNKNOWN);
    if (attribute && x->shape.rank == SHAPE_UNRANKED)
        return set_unranked(call, x->dtype);
    if (attribute) {
        size_t axis;
        TRY(shape_axis(node_get_int(call->node, "axis", 0), x->shape.rank, &axis));
        y = x->shape;
        y.dims[axis] = DIM_UNKNOWN;
    }
    infer_set_output(call, 0, x->dtype, &y);
    return status_ok();
}

Status infer_non_zero(InferCall *call) {
    const Shape *x = &call->inputs[0].shape;
    infer_set_output(call, 0, DTYPE_I64,
                     &SHAPE(x->rank == SHAPE_UNRANKED ? DIM_UNKNOWN : x->rank, DIM_UNKNOWN));
    return status_ok();
}

Status infer_top_k(InferCall *call) {
    const InferPort *x = &call->inputs[0];
    int64_t k;
    TRY(infer_check_types(call, 1, TYPES_INDEX));
    TRY(read_count(call, 1, 0, &k));
    Shape y = x->shape;
    if (y.rank != SHAPE_UNRANKED) {
        size_t axis;
        TRY(shape_axis(node_get_int(call->node, "axis", -1), y.rank, &axis));
        if (k != DIM_UNKNOWN && y.dims[axis] != DIM_UNKNOWN && k > y.dims[axis])
            return status_error(STATUS_INVALID_ARGUMENT,
                                "input 1: %" PRId64 " are more than axis %zu of %s has", k, axis,
                                SHAPE_TEXT(&y));
        y.dims[axis] = k;
    }
    infer_set_output(call, 0, x->dtype, &y);
    infer_set_output(call, 1, DTYPE_I64, &y);
    return status_ok();
}

Status infer_unique(InferCall *call) {
    const InferPort *x = &call->inputs[0];
    Shape y = SHAPE(DIM_UNKNOWN);
    if (node_find_attribute(call->node, "axis")) {
        y = x->shape;
        if (y.rank != SHAPE_UNRANKED) {
            size_t axis;
            TRY(shape_axis(node_get_int(call->node, "axis", 0), y.rank, &axis));
            y.dims[axis] = DIM_UNKNOWN;
        }
    }
    infer_set_output(call, 0, x->dtype, &y);
    for (size_t i = 1; i < 4; i++)
        infer_set_output(call, i, DTYPE_I64, &SHAPE(DIM_UNKNOWN));
    return status_ok();
}
