/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Operators that copy elements to other places: joining, cutting, repeating, picking. Source: ONNX
 * Concat 13, Split 18, Slice 13, Gather 13, Pad 25, Tile 13.
 */

#include "runtime/graph/infer.h"

#include "runtime/base/size.h"

#include <inttypes.h>
#include <string.h>

static Status set_unknown(InferCall *call, DType dtype) {
    for (size_t i = 0; i < call->node->output_count; i++)
        infer_set_output(call, i, dtype, &SHAPE_UNKNOWN);
    return status_ok();
}

/* Puts input number index, which has y's rank, beside what is in y already. */
static Status join(const InferCall *call, size_t index, size_t axis, Shape *y) {
    const Shape *x = &call->inputs[index].shape;
    bool fits = x->rank == y->rank;
    for (size_t i = 0; fits && i < (size_t)y->rank; i++) {
        int64_t *dim = &y->dims[i];
        if (i == axis) {
            if (*dim == DIM_UNKNOWN || x->dims[i] == DIM_UNKNOWN)
                *dim = DIM_UNKNOWN;
            else if (__builtin_add_overflow(*dim, x->dims[i], dim))
                return status_error(STATUS_INVALID_ARGUMENT, "axis %zu becomes too long", axis);
        } else if (*dim == DIM_UNKNOWN) {
            *dim = x->dims[i];
        } else {
            fits = x->dims[i] == *dim || x->dims[i] == DIM_UNKNOWN;
        }
    }
    if (!fits)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "input %zu: shape %s cannot be joined to %s along axis %zu", index,
                            SHAPE_TEXT(x), SHAPE_TEXT(&call->inputs[0].shape), axis);
    return status_ok();
}

Status infer_concat(InferCall *call) {
    const Attribute *attribute = node_find_attribute(call->node, "axis");
    DType dtype;
    TRY(infer_same_dtype(call, 0, call->node->input_count, &dtype));
    if (!attribute || attribute->kind != ATTRIBUTE_INT)
        return status_error(STATUS_INVALID_ARGUMENT, "attribute axis is required");
    for (size_t i = 0; i < call->node->input_count; i++) {
        if (!infer_input(call, i))
            return status_error(STATUS_INVALID_ARGUMENT, "input %zu is left out", i);
        if (call->inputs[i].shape.rank == SHAPE_UNRANKED)
            return set_unknown(call, dtype);
    }
    Shape y = call->inputs[0].shape;
    size_t axis;
    TRY(shape_axis(attribute->i, y.rank, &axis));
    for (size_t i = 1; i < call->node->input_count; i++)
        TRY(join(call, i, axis, &y));
    infer_set_output(call, 0, dtype, &y);
    return status_ok();
}

/* Sizes given by input 1, or unknown ones. */
static Status split_by_list(InferCall *call, size_t axis) {
    const InferPort *sizes = infer_input(call, 1);
    size_t count = call->node->output_count;
    Shape piece = call->inputs[0].shape;
    int64_t whole = piece.dims[axis], sum = 0;
    TRY(infer_check_types(call, 1, DTYPE_BIT(DTYPE_I64)));
    TRY(infer_check_shape(call, 1, &SHAPE((int64_t)count)));
    bool known = sizes->value && tensor_elements(sizes->value) == count;
    for (size_t i = 0; i < count; i++) {
        int64_t size = known ? tensor_get_int(sizes->value, i) : DIM_UNKNOWN;
        if (known && (size < 0 || __builtin_add_overflow(sum, size, &sum)))
            return status_error(STATUS_INVALID_ARGUMENT,
                                "piece %zu: expected 0 or more, got %" PRId64, i, size);
        piece.dims[axis] = size;
        infer_set_output(call, i, call->inputs[0].dtype, &piece);
    }
    if (known && whole != DIM_UNKNOWN && sum != whole)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "pieces of %" PRId64 " together do not make up axis %zu of %s", sum,
                            axis, SHAPE_TEXT(&call->inputs[0].shape));
    return status_ok();
}

/* As many as there are outputs; the last one may be smaller. */
static Status split_evenly(InferCall *call, size_t axis) {
    int64_t count = call->node->output_count;
    int64_t wanted = node_get_int(call->node, "num_outputs", count);
    Shape piece = call->inputs[0].shape;
    int64_t whole = piece.dims[axis];
    if (wanted != count)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "num_outputs: expected %" PRId64 " as there are outputs, got %" PRId64,
                            count, wanted);
    int64_t size = whole == DIM_UNKNOWN ? DIM_UNKNOWN : whole / count + (whole % count > 0);
    int64_t left = whole;
    for (int64_t i = 0; i < count; i++) {
        piece.dims[axis] = whole != DIM_UNKNOWN && i == count - 1 ? left : size;
        if (whole != DIM_UNKNOWN && piece.dims[axis] < 0)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "axis %zu of %s cannot be cut into %" PRId64 " pieces", axis,
                                SHAPE_TEXT(&call->inputs[0].shape), count);
        left -= size;
        infer_set_output(call, (size_t)i, call->inputs[0].dtype, &piece);
    }
    return status_ok();
}

Status infer_split(InferCall *call) {
    const InferPort *x = &call->inputs[0];
    if (x->shape.rank == SHAPE_UNRANKED)
        return set_unknown(call, x->dtype);
    size_t axis;
    TRY(shape_axis(node_get_int(call->node, "axis", 0), x->shape.rank, &axis));
    return infer_input(call, 1) ? split_by_list(call, axis) : split_evenly(call, axis);
}

/* Elements from start to end by step, clamped as Slice 13 says. */
static int64_t sliced_dim(int64_t dim, int64_t start, int64_t end, int64_t step) {
    start = start < 0 ? start + dim : start; /* dim is not negative: no overflow */
    end = end < 0 ? end + dim : end;
    int64_t most = step > 0 ? dim : dim - 1;
    start = MIN_OF(MAX_OF(start, 0), most);
    end = MIN_OF(MAX_OF(end, step > 0 ? 0 : -1), most);
    uint64_t distance = step > 0 ? (uint64_t)(end - start) : (uint64_t)(start - end);
    if (step > 0 ? end <= start : end >= start)
        return 0;
    uint64_t stride = step > 0 ? (uint64_t)step : -(uint64_t)step;
    return (int64_t)((distance - 1) / stride + 1);
}

static Status slice_axis(Shape *y, size_t axis, int64_t start, int64_t end, int64_t step) {
    if (step == 0)
        return status_error(STATUS_INVALID_ARGUMENT, "the step of axis %zu is 0", axis);
    if (y->dims[axis] != DIM_UNKNOWN)
        y->dims[axis] = sliced_dim(y->dims[axis], start, end, step);
    else if (start >= 0 && end >= 0 && step > 0 && end <= start)
        y->dims[axis] = 0;
    else if (!(start == 0 && end == INT64_MAX && step == 1)) /* else all of it, unknown as before */
        y->dims[axis] = DIM_UNKNOWN;
    return status_ok();
}

Status infer_slice(InferCall *call) {
    const InferPort *x = &call->inputs[0];
    IntList lists[4]; /* starts, ends, axes, steps */
    for (size_t i = 0; i < 4; i++)
        TRY(infer_int_list(call, i + 1, SHAPE_MAX_RANK, &lists[i]));
    IntList *starts = &lists[0], *ends = &lists[1], *axes = &lists[2], *steps = &lists[3];
    if (x->shape.rank == SHAPE_UNRANKED)
        return set_unknown(call, x->dtype);
    for (size_t i = 1; i < 4; i++)
        if (lists[i].present && lists[i].count_known && starts->count_known &&
            lists[i].count != starts->count)
            return status_error(STATUS_INVALID_ARGUMENT,
                                "input %zu: expected %zu numbers like input 1, got %zu", i + 1,
                                starts->count, lists[i].count);
    for (size_t i = 0; !axes->present && i < starts->count; i++)
        axes->items[axes->count++] = (int64_t)i;

    Shape y = x->shape;
    bool marks[SHAPE_MAX_RANK];
    bool axes_known = axes->present ? axes->known : starts->count_known;
    if (axes_known)
        TRY(infer_mark_axes(axes, y.rank, marks));
    bool known = axes_known && starts->known && ends->known && (!steps->present || steps->known);
    for (size_t i = 0; known && i < starts->count; i++)
        TRY(slice_axis(&y, (size_t)axes->items[i], starts->items[i], ends->items[i],
                       steps->present ? steps->items[i] : 1));
    for (int32_t i = 0; !known && i < y.rank; i++)
        if (!axes_known || marks[i])
            y.dims[i] = DIM_UNKNOWN;
    infer_set_output(call, 0, x->dtype, &y);
    return status_ok();
}

Status infer_gather(InferCall *call) {
    const InferPort *x = &call->inputs[0], *indices = &call->inputs[1];
    TRY(infer_check_types(call, 1, TYPES_INDEX));
    if (x->shape.rank == SHAPE_UNRANKED)
        return set_unknown(call, x->dtype);
    size_t axis;
    TRY(shape_axis(node_get_int(call->node, "axis", 0), x->shape.rank, &axis));
    if (indices->shape.rank == SHAPE_UNRANKED)
        return set_unknown(call, x->dtype);
    if (x->shape.rank - 1 + indices->shape.rank > SHAPE_MAX_RANK)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "shapes %s and %s together are above the rank limit of %d",
                            SHAPE_TEXT(&x->shape), SHAPE_TEXT(&indices->shape), SHAPE_MAX_RANK);
    Shape y = SHAPE_SCALAR;
    for (size_t i = 0; i < axis; i++)
        y.dims[y.rank++] = x->shape.dims[i];
    for (int32_t i = 0; i < indices->shape.rank; i++)
        y.dims[y.rank++] = indices->shape.dims[i];
    for (size_t i = axis + 1; i < (size_t)x->shape.rank; i++)
        y.dims[y.rank++] = x->shape.dims[i];
    infer_set_output(call, 0, x->dtype, &y);
    return status_ok();
}

static const char *const PAD_MODES[] = { "constant", "reflect", "edge", "wrap" };

static Status check_pad_mode(const Node *node) {
    StringView mode = node_get_string(node, "mode", "constant");
    for (size_t i = 0; i < ARRAY_LENGTH(PAD_MODES); i++)
        if (mode.length == strlen(PAD_MODES[i]) &&
            memcmp(mode.data, PAD_MODES[i], mode.length) == 0)
            return status_ok();
    return status_error(STATUS_INVALID_ARGUMENT,
                        "mode: expected constant, reflect, edge or wrap, got '%.*s'",
                        (int)MIN_OF(mode.length, (size_t)40), mode.data);
}

static Status pad_axis(Shape *y, size_t axis, int64_t begin, int64_t end) {
    int64_t dim = y->dims[axis], sum;
    if (dim == DIM_UNKNOWN)
        return status_ok();
    if (__builtin_add_overflow(dim, begin, &sum) || __builtin_add_overflow(sum, end, &sum) ||
        sum < 0)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "axis %zu: %" PRId64 " cannot be padded by %" PRId64 " and %" PRId64,
                            axis, dim, begin, end);
    y->dims[axis] = sum;
    return status_ok();
}

Status infer_pad(InferCall *call) {
    const InferPort *x = &call->inputs[0];
    IntList pads, axes;
    TRY(check_pad_mode(call->node));
    TRY(infer_int_list(call, 1, INT_LIST_MAX, &pads));
    TRY(infer_int_list(call, 3, SHAPE_MAX_RANK, &axes));
    TRY(infer_check_scalar(call, 2));
    if (infer_input(call, 2) && x->dtype != DTYPE_INVALID)
        TRY(infer_check_types(call, 2, DTYPE_BIT(x->dtype)));
    if (x->shape.rank == SHAPE_UNRANKED)
        return set_unknown(call, x->dtype);
    Shape y = infer_unknown_dims(x->shape.rank);
    size_t padded = axes.present ? axes.count : (size_t)y.rank;
    if (pads.count_known && (!axes.present || axes.count_known) && pads.count != 2 * padded)
        return status_error(STATUS_INVALID_ARGUMENT, "input 1: expected %zu pads, got %zu",
                            2 * padded, pads.count);
    if (pads.known && (!axes.present || axes.known)) {
        bool marks[SHAPE_MAX_RANK];
        y = x->shape;
        for (size_t i = 0; !axes.present && i < padded; i++)
            axes.items[axes.count++] = (int64_t)i;
        TRY(infer_mark_axes(&axes, y.rank, marks));
        for (size_t i = 0; i < padded; i++)
            TRY(pad_axis(&y, (size_t)axes.items[i], pads.items[i], pads.items[i + padded]));
    }
    infer_set_output(call, 0, x->dtype, &y);
    return status_ok();
}

Status infer_tile(InferCall *call) {
    const InferPort *x = &call->inputs[0];
    IntList repeats;
    TRY(infer_int_list(call, 1, SHAPE_MAX_RANK, &repeats));
    if (x->shape.rank == SHAPE_UNRANKED)
        return set_unknown(call, x->dtype);
    if (repeats.count_known && repeats.count != (size_t)x->shape.rank)
        return status_error(STATUS_INVALID_ARGUMENT,
                            "input 1: expected %" PRId32 " repeats, got %zu", x->shape.rank,
                            repeats.count);
    Shape y = infer_unknown_dims(x->shape.rank);
    for (size_t i = 0; repeats.known && i < repeats.count; i++) {
        int64_t dim = x->shape.dims[i];
        if (repeats.items[i] < 0 ||
            (dim != DIM_UNKNOWN && __builtin_mul_overflow(dim, repeats.items[i], &dim)))
            return status_error(STATUS_INVALID_ARGUMENT,
                                "axis %zu of %s cannot be repeated %" PRId64 " times", i,
                                SHAPE_TEXT(&x->shape), repeats.items[i]);
        y.dims[i] = repeats.items[i] == 0 ? 0 : repeats.items[i] == 1 ? x->shape.dims[i] : dim;
    }
    infer_set_output(call, 0, x->dtype, &y);
    return status_ok();
}
