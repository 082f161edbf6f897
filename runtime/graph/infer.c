/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the inference functions share: reading ports and short integer lists, and the checks that
 * many operators make. At load much is unknown, so every check passes what it cannot judge yet: the
 * same function runs again when a plan is made, and then nothing is unknown. Pure functions, any
 * thread.
 */

#include "runtime/graph/infer.h"

#include "runtime/base/size.h"

#include <stdio.h>

const InferPort *infer_input(const InferCall *call, size_t index) {
    return index < call->node->input_count && call->inputs[index].present ? &call->inputs[index]
                                                                          : NULL;
}

void infer_set_output(InferCall *call, size_t index, DType dtype, const Shape *shape) {
    if (index >= call->node->output_count || !call->outputs[index].present)
        return;
    call->outputs[index].dtype = dtype;
    call->outputs[index].shape = *shape;
}

Status infer_check_types(const InferCall *call, size_t index, uint32_t types) {
    const InferPort *port = infer_input(call, index);
    if (!port || port->dtype == DTYPE_INVALID ||
        (!dtype_is_list(port->dtype) && types & DTYPE_BIT(port->dtype)))
        return status_ok();
    char text[160] = "";
    size_t at = 0;
    for (int dtype = DTYPE_INVALID + 1; dtype < DTYPE_COUNT; dtype++) {
        size_t left = sizeof text - at;
        if (!(types & DTYPE_BIT(dtype)))
            continue;
        int wrote = snprintf(text + at, left, "%s%s", at ? ", " : "", dtype_name((DType)dtype));
        at += MIN_OF((size_t)wrote, left - 1);
    }
    return status_error(STATUS_INVALID_ARGUMENT, "input %zu: expected one of %s, got %s", index,
                        text, dtype_name(port->dtype));
}

Status infer_same_dtype(const InferCall *call, size_t first, size_t end, DType *ret_dtype) {
    DType dtype = DTYPE_INVALID;
    size_t from = first;
    for (size_t i = first; i < end; i++) {
        const InferPort *port = infer_input(call, i);
        if (!port || port->dtype == DTYPE_INVALID)
            continue;
        if (dtype == DTYPE_INVALID) {
            dtype = port->dtype;
            from = i;
        } else if (port->dtype != dtype) {
            return status_error(STATUS_INVALID_ARGUMENT,
                                "input %zu: expected %s like input %zu, got %s", i,
                                dtype_name(dtype), from, dtype_name(port->dtype));
        }
    }
    *ret_dtype = dtype;
    return status_ok();
}

Status infer_check_scalar(const InferCall *call, size_t index) {
    const InferPort *port = infer_input(call, index);
    if (!port || port->shape.rank <= 0)
        return status_ok();
    if (port->shape.rank == 1 && (port->shape.dims[0] == 1 || port->shape.dims[0] == DIM_UNKNOWN))
        return status_ok();
    return status_error(STATUS_INVALID_ARGUMENT, "input %zu: expected a scalar, got shape %s",
                        index, SHAPE_TEXT(&port->shape));
}

Status infer_check_shape(const InferCall *call, size_t index, const Shape *expected) {
    const InferPort *port = infer_input(call, index);
    if (!port || port->shape.rank == SHAPE_UNRANKED || expected->rank == SHAPE_UNRANKED)
        return status_ok();
    bool fits = port->shape.rank == expected->rank;
    for (int32_t i = 0; fits && i < expected->rank; i++)
        fits = port->shape.dims[i] == expected->dims[i] || port->shape.dims[i] == DIM_UNKNOWN ||
               expected->dims[i] == DIM_UNKNOWN;
    if (fits)
        return status_ok();
    return status_error(STATUS_INVALID_ARGUMENT, "input %zu: expected shape %s, got %s", index,
                        SHAPE_TEXT(expected), SHAPE_TEXT(&port->shape));
}

Status infer_check_broadcast_to(const InferCall *call, size_t index, const Shape *target) {
    const InferPort *port = infer_input(call, index);
    if (!port || port->shape.rank == SHAPE_UNRANKED || target->rank == SHAPE_UNRANKED)
        return status_ok();
    int32_t shift = target->rank - port->shape.rank;
    bool fits = shift >= 0;
    for (int32_t i = 0; fits && i < port->shape.rank; i++) {
        int64_t dim = port->shape.dims[i], wanted = target->dims[i + shift];
        fits = dim == 1 || dim == wanted || dim == DIM_UNKNOWN || wanted == DIM_UNKNOWN;
    }
    if (fits)
        return status_ok();
    return status_error(STATUS_INVALID_ARGUMENT, "input %zu: shape %s cannot be broadcast to %s",
                        index, SHAPE_TEXT(&port->shape), SHAPE_TEXT(target));
}

Status infer_int_list(const InferCall *call, size_t index, size_t most, IntList *ret_list) {
    IntList list = { 0 };
    const InferPort *port = infer_input(call, index);
    list.present = port != NULL;
    if (port) {
        TRY(infer_check_types(call, index, TYPES_INDEX));
        list.count_known = shape_is_known(&port->shape);
        list.count = list.count_known && port->shape.rank > 0 ? (size_t)port->shape.dims[0]
                                                              : list.count_known;
        if (port->shape.rank > 1 || (list.count_known && list.count > most))
            return status_error(STATUS_INVALID_ARGUMENT,
                                "input %zu: expected a list of at most %zu integers, got shape %s",
                                index, most, SHAPE_TEXT(&port->shape));
        list.known = port->value && list.count_known && tensor_elements(port->value) == list.count;
        for (size_t i = 0; list.known && i < list.count; i++)
            list.items[i] = tensor_get_int(port->value, i);
    }
    *ret_list = list;
    return status_ok();
}

Status infer_mark_axes(IntList *axes, int32_t rank, bool marks[static SHAPE_MAX_RANK]) {
    for (size_t i = 0; i < SHAPE_MAX_RANK; i++)
        marks[i] = false;
    for (size_t i = 0; i < axes->count; i++) {
        size_t axis;
        TRY(shape_axis(axes->items[i], rank, &axis));
        if (marks[axis])
            return status_error(STATUS_INVALID_ARGUMENT, "axis %zu is given twice", axis);
        marks[axis] = true;
        axes->items[i] = (int64_t)axis;
    }
    return status_ok();
}

Status infer_product(const Shape *shape, size_t begin, size_t end, int64_t *ret_product) {
    Shape part = { 0 };
    bool unknown = false;
    for (size_t i = begin; i < end; i++) {
        if (shape->dims[i] == DIM_UNKNOWN)
            unknown = true;
        else
            part.dims[part.rank++] = shape->dims[i];
    }
    size_t elements;
    if (!shape_elements(&part, &elements))
        return status_error(STATUS_INVALID_ARGUMENT, "dims %zu to %zu of %s are too large together",
                            begin, end, SHAPE_TEXT(shape));
    *ret_product = unknown && elements > 0 ? DIM_UNKNOWN : (int64_t)elements;
    return status_ok();
}

Shape infer_unknown_dims(int32_t rank) {
    Shape shape = { .rank = rank };
    for (int32_t i = 0; i < rank; i++)
        shape.dims[i] = DIM_UNKNOWN;
    return shape;
}
