/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Sequences and optionals. What a list holds is known when it is computed, not before: the shape of
 * a list is never told, and of an element only where the list is there to be looked at (at run
 * time). Everything else is checked by the kernels, which must look anyway.
 *
 * Source: ONNX Sequence* 11 to 17, SplitToSequence 11 to 24, ConcatFromSequence 11, Optional* 15 to
 * 18, OptionalGetElement and OptionalHasElement 15 to 18.
 */

#include "runtime/graph/infer.h"

static Status check_dtype(const InferCall *call, size_t index, DType dtype) {
    const InferPort *port = infer_input(call, index);
    if (!port || port->dtype == DTYPE_INVALID || port->dtype == dtype)
        return status_ok();
    return status_error(STATUS_INVALID_ARGUMENT, "input %zu: expected a %s, got %s", index,
                        dtype_name(dtype), dtype_name(port->dtype));
}

static Status check_tensor(const InferCall *call, size_t index) {
    const InferPort *port = infer_input(call, index);
    if (!port || !dtype_is_list(port->dtype))
        return status_ok();
    return status_error(STATUS_INVALID_ARGUMENT, "input %zu: expected a tensor, got %s", index,
                        dtype_name(port->dtype));
}

static Status gives(InferCall *call, DType dtype) {
    infer_set_output(call, 0, dtype, &SHAPE_UNKNOWN);
    return status_ok();
}

Status infer_sequence_empty(InferCall *call) {
    return gives(call, DTYPE_SEQUENCE);
}

Status infer_sequence_construct(InferCall *call) {
    for (size_t i = 0; i < call->node->input_count; i++)
        TRY(check_tensor(call, i));
    return gives(call, DTYPE_SEQUENCE);
}

Status infer_sequence_insert(InferCall *call) {
    TRY(check_dtype(call, 0, DTYPE_SEQUENCE));
    TRY(check_tensor(call, 1));
    TRY(infer_check_types(call, 2, TYPES_INDEX));
    TRY(infer_check_scalar(call, 2));
    return gives(call, DTYPE_SEQUENCE);
}

Status infer_sequence_erase(InferCall *call) {
    TRY(check_dtype(call, 0, DTYPE_SEQUENCE));
    TRY(infer_check_types(call, 1, TYPES_INDEX));
    TRY(infer_check_scalar(call, 1));
    return gives(call, DTYPE_SEQUENCE);
}

Status infer_sequence_at(InferCall *call) {
    TRY(check_dtype(call, 0, DTYPE_SEQUENCE));
    TRY(infer_check_types(call, 1, TYPES_INDEX));
    TRY(infer_check_scalar(call, 1));
    return gives(call, DTYPE_INVALID);
}

Status infer_sequence_length(InferCall *call) {
    TRY(check_dtype(call, 0, DTYPE_SEQUENCE));
    infer_set_output(call, 0, DTYPE_I64, &SHAPE_SCALAR);
    return status_ok();
}

Status infer_split_to_sequence(InferCall *call) {
    TRY(check_tensor(call, 0));
    TRY(infer_check_types(call, 1, TYPES_INDEX));
    const InferPort *port = infer_input(call, 0);
    size_t axis;
    if (port && port->shape.rank != SHAPE_UNRANKED)
        TRY(shape_axis(node_get_int(call->node, "axis", 0), port->shape.rank, &axis));
    return gives(call, DTYPE_SEQUENCE);
}

Status infer_concat_from_sequence(InferCall *call) {
    TRY(check_dtype(call, 0, DTYPE_SEQUENCE));
    if (!node_find_attribute(call->node, "axis"))
        return status_error(STATUS_INVALID_ARGUMENT, "attribute 'axis' is missing");
    return gives(call, DTYPE_INVALID);
}

/* Inputs beyond the first are sequences or tensors. */
Status infer_sequence_map(InferCall *call) {
    TRY(check_dtype(call, 0, DTYPE_SEQUENCE));
    for (size_t i = 0; i < call->node->output_count; i++)
        infer_set_output(call, i, DTYPE_SEQUENCE, &SHAPE_UNKNOWN);
    return status_ok();
}

Status infer_optional(InferCall *call) {
    return gives(call, DTYPE_OPTIONAL);
}

/* Of a tensor or sequence: itself. */
Status infer_optional_get_element(InferCall *call) {
    const InferPort *port = infer_input(call, 0);
    if (!port || port->dtype == DTYPE_OPTIONAL || port->dtype == DTYPE_INVALID)
        return gives(call, DTYPE_INVALID);
    infer_set_output(call, 0, port->dtype,
                     dtype_is_list(port->dtype) ? &SHAPE_UNKNOWN : &port->shape);
    return status_ok();
}

Status infer_optional_has_element(InferCall *call) {
    infer_set_output(call, 0, DTYPE_BOOL, &SHAPE_SCALAR);
    return status_ok();
}
