/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Operators that make shapes or only change them: the bytes stay, or all come from one value. Where
 * the wanted shape is an input that is not known yet, its length still gives the rank. Source: ONNX
 * Reshape 25, Squeeze 25, Expand 13, Shape 25, Range 27 and kin.
 */

#include "runtime/graph/infer.h"

#include "runtime/base/size.h"

#include <inttypes.h>
#include <math.h>

Status infer_flatten(InferCall *call) {
    const InferPort *x = &call->inputs[0];
    Shape y = infer_unknown_dims(2);
    if (x->shape.rank != SHAPE_UNRANKED) {
        int64_t axis = node_get_int(call->node, "axis", 1), rank = x->shape.rank;
        if (axis < -rank || axis > rank)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "axis %" PRId64 " is outside of rank %" PRId64, axis, rank);
        size_t split = (size_t)(axis < 0 ? axis + rank : axis);
        TRY(infer_product(&x->shape, 0, split, &y.dims[0]));
        TRY(infer_product(&x->shape, split, (size_t)rank, &y.dims[1]));
    }
    infer_set_output(call, 0, x->dtype, &y);
    return status_ok();
}

/* Wanted dims with 0 replaced by the input's dim. copied[i]: it was. ret_rest: index of -1. */
static Status copy_wanted(const InferCall *call, const IntList *wanted, Shape *y, bool *copied,
                          size_t *ret_rest) {
    const Shape *x = &call->inputs[0].shape;
    bool allow_zero = node_get_int(call->node, "allowzero", 0) != 0;
    *ret_rest = INDEX_NONE;
    for (size_t i = 0; i < wanted->count; i++) {
        y->dims[i] = wanted->items[i];
        copied[i] = wanted->items[i] == 0 && !allow_zero;
        if (copied[i] && x->rank != SHAPE_UNRANKED && i >= (size_t)x->rank)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "dim %zu is to be copied from shape %s, which has none", i,
                                SHAPE_TEXT(x));
        if (copied[i])
            y->dims[i] = x->rank == SHAPE_UNRANKED ? DIM_UNKNOWN : x->dims[i];
        else if (wanted->items[i] == -1 && *ret_rest == INDEX_NONE)
            *ret_rest = i;
        else if (wanted->items[i] < 0)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "wanted dim %zu: expected 0 or more, or -1 once, got %" PRId64, i,
                                wanted->items[i]);
    }
    return status_ok();
}

/* Fills y's -1, or checks that both shapes hold as many elements. A dim that is copied stands on
 * both sides and cancels out: where it is unknown, and where it is 0 beside a -1. */
static Status settle_rest(const Shape *x, Shape *y, const bool *copied, size_t rest) {
    Shape left = { 0 }, right = { 0 };
    for (int32_t i = 0; i < x->rank; i++)
        if (!(i < y->rank && copied[i] && (x->dims[i] == DIM_UNKNOWN || rest != INDEX_NONE)))
            left.dims[left.rank++] = x->dims[i];
    for (int32_t i = 0; i < y->rank; i++)
        if (!(copied[i] && (y->dims[i] == DIM_UNKNOWN || rest != INDEX_NONE)) && (size_t)i != rest)
            right.dims[right.rank++] = y->dims[i];
    int64_t have, made;
    TRY(infer_product(&left, 0, (size_t)left.rank, &have));
    TRY(infer_product(&right, 0, (size_t)right.rank, &made));
    if (have == DIM_UNKNOWN || made == DIM_UNKNOWN)
        return status_ok();
    bool fits = rest == INDEX_NONE ? have == made : made > 0 ? have % made == 0 : false;
    if (!fits)
        return status_error(STATUS_INVALID_ARGUMENT, "shape %s cannot be reshaped to %s",
                            SHAPE_TEXT(x), SHAPE_TEXT(y));
    if (rest != INDEX_NONE)
        y->dims[rest] = have / made;
    return status_ok();
}

Status infer_reshape(InferCall *call) {
    const InferPort *x = &call->inputs[0];
    IntList wanted;
    TRY(infer_int_list(call, 1, SHAPE_MAX_RANK, &wanted));
    Shape y = wanted.count_known ? infer_unknown_dims((int32_t)wanted.count) : SHAPE_UNKNOWN;
    if (wanted.known) {
        bool copied[SHAPE_MAX_RANK] = { 0 };
        size_t rest;
        TRY(copy_wanted(call, &wanted, &y, copied, &rest));
        if (x->shape.rank != SHAPE_UNRANKED)
            TRY(settle_rest(&x->shape, &y, copied, rest));
    }
    infer_set_output(call, 0, x->dtype, &y);
    return status_ok();
}

Status infer_squeeze(InferCall *call) {
    const InferPort *x = &call->inputs[0];
    IntList axes;
    bool marks[SHAPE_MAX_RANK];
    TRY(infer_int_list(call, 1, SHAPE_MAX_RANK, &axes));
    Shape y = SHAPE_UNKNOWN;
    bool decidable = axes.present ? axes.known : shape_is_known(&x->shape);
    if (x->shape.rank != SHAPE_UNRANKED && decidable) {
        TRY(infer_mark_axes(&axes, x->shape.rank, marks));
        y = SHAPE_SCALAR;
        for (int32_t i = 0; i < x->shape.rank; i++) {
            int64_t dim = x->shape.dims[i];
            bool gone = axes.present ? marks[i] : dim == 1;
            if (gone && dim != 1 && dim != DIM_UNKNOWN)
                return status_error(STATUS_INVALID_ARGUMENT,
                                    "axis %" PRId32 " of shape %s is %" PRId64
                                    ", only 1 can be squeezed",
                                    i, SHAPE_TEXT(&x->shape), dim);
            if (!gone)
                y.dims[y.rank++] = dim;
        }
    } else if (x->shape.rank != SHAPE_UNRANKED && axes.present && axes.count_known &&
               axes.count <= (size_t)x->shape.rank) {
        y = infer_unknown_dims(x->shape.rank - (int32_t)axes.count);
    }
    infer_set_output(call, 0, x->dtype, &y);
    return status_ok();
}

Status infer_unsqueeze(InferCall *call) {
    const InferPort *x = &call->inputs[0];
    IntList axes;
    bool marks[SHAPE_MAX_RANK];
    TRY(infer_int_list(call, 1, SHAPE_MAX_RANK, &axes));
    if (x->shape.rank == SHAPE_UNRANKED || !axes.count_known) {
        infer_set_output(call, 0, x->dtype, &SHAPE_UNKNOWN);
        return status_ok();
    }
    if ((size_t)x->shape.rank + axes.count > SHAPE_MAX_RANK)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "%zu more dims for shape %s are above the limit of %d", axes.count,
                            SHAPE_TEXT(&x->shape), SHAPE_MAX_RANK);
    Shape y = infer_unknown_dims(x->shape.rank + (int32_t)axes.count);
    if (axes.known) {
        TRY(infer_mark_axes(&axes, y.rank, marks));
        for (int32_t i = 0, from = 0; i < y.rank; i++)
            y.dims[i] = marks[i] ? 1 : x->shape.dims[from++];
    }
    infer_set_output(call, 0, x->dtype, &y);
    return status_ok();
}

Status infer_transpose(InferCall *call) {
    const InferPort *x = &call->inputs[0];
    size_t count;
    const int64_t *perm = node_get_ints(call->node, "perm", &count);
    if (x->shape.rank == SHAPE_UNRANKED) {
        infer_set_output(call, 0, x->dtype, &SHAPE_UNKNOWN);
        return status_ok();
    }
    if (perm && count != (size_t)x->shape.rank)
        return status_error(STATUS_INVALID_ARGUMENT, "perm: expected %" PRId32 " axes, got %zu",
                            x->shape.rank, count);
    IntList axes = { .count = perm ? count : 0 };
    bool marks[SHAPE_MAX_RANK];
    for (size_t i = 0; i < axes.count; i++)
        axes.items[i] = perm[i];
    TRY(infer_mark_axes(&axes, x->shape.rank, marks));
    Shape y = { .rank = x->shape.rank };
    for (int32_t i = 0; i < y.rank; i++)
        y.dims[i] = x->shape.dims[perm ? axes.items[i] : y.rank - 1 - i];
    infer_set_output(call, 0, x->dtype, &y);
    return status_ok();
}

/* Dims given by an input, 0 or more each; unknown ones where it has no content yet. */
static Status read_shape(const IntList *list, Shape *ret_shape) {
    *ret_shape = list->count_known ? infer_unknown_dims((int32_t)list->count) : SHAPE_UNKNOWN;
    for (size_t i = 0; list->known && i < list->count; i++) {
        if (list->items[i] < 0)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "wanted dim %zu: expected 0 or more, got %" PRId64, i,
                                list->items[i]);
        ret_shape->dims[i] = list->items[i];
    }
    return status_ok();
}

Status infer_constant_of_shape(InferCall *call) {
    const Attribute *value = node_find_attribute(call->node, "value");
    DType dtype = DTYPE_F32;
    if (value) {
        size_t elements;
        if (value->kind != ATTRIBUTE_TENSOR || !shape_elements(&value->tensor->shape, &elements) ||
            elements != 1)
            return status_error(STATUS_INVALID_ARGUMENT, "value: expected a tensor of one element");
        dtype = value->tensor->dtype;
    }
    IntList wanted;
    Shape y;
    TRY(infer_int_list(call, 0, SHAPE_MAX_RANK, &wanted));
    TRY(read_shape(&wanted, &y));
    infer_set_output(call, 0, dtype, &y);
    return status_ok();
}

Status infer_expand(InferCall *call) {
    const InferPort *x = &call->inputs[0];
    IntList wanted;
    Shape target, y;
    TRY(infer_int_list(call, 1, SHAPE_MAX_RANK, &wanted));
    TRY(read_shape(&wanted, &target));
    if (wanted.known || x->shape.rank == SHAPE_UNRANKED || target.rank == SHAPE_UNRANKED)
        TRY(shape_broadcast(&x->shape, &target, &y));
    else
        y = infer_unknown_dims(MAX_OF(x->shape.rank, target.rank));
    infer_set_output(call, 0, x->dtype, &y);
    return status_ok();
}

/* An attribute that holds the whole content of a Constant. */
static const struct {
    const char *name;
    AttributeKind kind;
    DType dtype; /* INVALID: the tensor's own */
    bool is_list;
} CONSTANT_FORMS[] = {
    { "value", ATTRIBUTE_TENSOR, DTYPE_INVALID, false },
    { "value_float", ATTRIBUTE_FLOAT, DTYPE_F32, false },
    { "value_floats", ATTRIBUTE_FLOATS, DTYPE_F32, true },
    { "value_int", ATTRIBUTE_INT, DTYPE_I64, false },
    { "value_ints", ATTRIBUTE_INTS, DTYPE_I64, true },
    { "value_string", ATTRIBUTE_STRING, DTYPE_STRING, false },
    { "value_strings", ATTRIBUTE_STRINGS, DTYPE_STRING, true },
};

Status infer_constant(InferCall *call) {
    for (size_t i = 0; i < ARRAY_LENGTH(CONSTANT_FORMS); i++) {
        const Attribute *value = node_find_attribute(call->node, CONSTANT_FORMS[i].name);
        if (!value || value->kind != CONSTANT_FORMS[i].kind)
            continue;
        if (value->kind == ATTRIBUTE_TENSOR)
            infer_set_output(call, 0, value->tensor->dtype, &value->tensor->shape);
        else
            infer_set_output(call, 0, CONSTANT_FORMS[i].dtype,
                             CONSTANT_FORMS[i].is_list ? &SHAPE((int64_t)value->count)
                                                       : &SHAPE_SCALAR);
        return status_ok();
    }
    return status_error(
        STATUS_INVALID_ARGUMENT,
        "expected one of the attributes value, value_float, value_int, ..., got none");
}

Status infer_shape(InferCall *call) {
    const Shape *x = &call->inputs[0].shape;
    Shape y = SHAPE(DIM_UNKNOWN);
    if (x->rank != SHAPE_UNRANKED) {
        int64_t rank = x->rank;
        int64_t start = node_get_int(call->node, "start", 0),
                end = node_get_int(call->node, "end", rank);
        start = MIN_OF(MAX_OF(start < 0 ? start + rank : start, 0), rank);
        end = MIN_OF(MAX_OF(end < 0 ? end + rank : end, 0), rank);
        y.dims[0] = MAX_OF(end - start, 0);
    }
    infer_set_output(call, 0, DTYPE_I64, &y);
    return status_ok();
}

Status infer_size(InferCall *call) {
    infer_set_output(call, 0, DTYPE_I64, &SHAPE_SCALAR);
    return status_ok();
}

static Status count_floats(double start, double limit, double delta, int64_t *ret_count) {
    double count = ceil((limit - start) / delta);
    if (isnan(count) || count > 0x1p60)
        return status_error(STATUS_INVALID_ARGUMENT, "a range from %g to %g by %g has no length",
                            start, limit, delta);
    *ret_count = count > 0 ? (int64_t)count : 0;
    return status_ok();
}

static Status count_integers(int64_t start, int64_t limit, int64_t delta, int64_t *ret_count) {
    *ret_count = 0;
    if (delta > 0 ? start >= limit : start <= limit)
        return status_ok();
    uint64_t distance =
        delta > 0 ? (uint64_t)limit - (uint64_t)start : (uint64_t)start - (uint64_t)limit;
    uint64_t step = delta > 0 ? (uint64_t)delta : -(uint64_t)delta;
    uint64_t count = (distance - 1) / step + 1;
    if (count > INT64_MAX)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "a range from %" PRId64 " to %" PRId64 " by %" PRId64 " is too long",
                            start, limit, delta);
    *ret_count = (int64_t)count;
    return status_ok();
}

Status infer_range(InferCall *call) {
    DType dtype;
    Shape y = SHAPE(DIM_UNKNOWN);
    bool known = true;
    TRY(infer_same_dtype(call, 0, 3, &dtype));
    for (size_t i = 0; i < 3; i++) {
        TRY(infer_check_scalar(call, i));
        const Tensor *value = call->inputs[i].value;
        known &= value && tensor_elements(value) == 1;
    }
    if (known) {
        const Tensor *start = call->inputs[0].value, *limit = call->inputs[1].value,
                     *delta = call->inputs[2].value;
        if (tensor_get_float(delta, 0) == 0)
            return status_error(STATUS_INVALID_ARGUMENT, "input 2: expected a step other than 0");
        if (dtype_info(dtype)->is_float)
            TRY(count_floats(tensor_get_float(start, 0), tensor_get_float(limit, 0),
                             tensor_get_float(delta, 0), &y.dims[0]));
        else
            TRY(count_integers(tensor_get_int(start, 0), tensor_get_int(limit, 0),
                               tensor_get_int(delta, 0), &y.dims[0]));
    }
    infer_set_output(call, 0, dtype, &y);
    return status_ok();
}
