/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Scan: a body for each slice of its inputs along one axis each, forwards or backwards, with values
 * carried from turn to turn; what a turn gives beyond them is a slice of a result, along an axis of
 * its own. The number of turns is known before the first, so results get their memory after it.
 *
 * Source: ONNX Scan 25 (8, with its batch dim, is upgraded at import).
 */

#include "runtime/cpu/reference/reference_kernels.h"
#include "runtime/cpu/reference/turns.h"

#include <string.h>

/* One input or result that is cut or put together by slices. */
typedef struct Sliced {
    const Tensor *whole;
    size_t axis;
    bool backwards;
    size_t outer, row_bytes; /* the whole is outer * length rows; a slice is outer of them */
} Sliced;

typedef struct Scan {
    Turn turn;
    size_t carried, scanned, stacked;
    int64_t length, count;
    TurnMemory *other;
    Sliced *inputs, *outputs;
    char **slices; /* memory of the inputs' slices that are not in one piece */
} Scan;

static int64_t item_or(const int64_t *items, size_t count, size_t index, int64_t fallback) {
    return index < count ? items[index] : fallback;
}

static Status set_sliced(const Scan *scan, const Tensor *whole, int64_t axis, bool backwards,
                         Sliced *sliced) {
    const KernelCall *call = scan->turn.call;
    *sliced = (Sliced){ .whole = whole, .backwards = backwards };
    Status status = shape_axis(axis, whole->shape.rank, &sliced->axis);
    if (!status_is_ok(&status))
        return status_prefix(&status, "Scan");
    if (dtype_is_packed(whole->dtype) || dtype_is_list(whole->dtype))
        return call_lacks_dtype(call, whole->dtype);
    sliced->outer = shape_product(&whole->shape, 0, sliced->axis);
    sliced->row_bytes = shape_product(&whole->shape, sliced->axis + 1, (size_t)whole->shape.rank) *
                        dtype_bytes(whole->dtype);
    return status_ok();
}

static Shape without_axis(const Shape *shape, size_t axis) {
    Shape slice = { .rank = shape->rank - 1 };
    for (int32_t i = 0, to = 0; i < shape->rank; i++)
        if ((size_t)i != axis)
            slice.dims[to++] = shape->dims[i];
    return slice;
}

static Status init_input(Scan *scan, size_t index) {
    const KernelCall *call = scan->turn.call;
    size_t axis_count, direction_count;
    const int64_t *axes = node_get_ints(call->node, "scan_input_axes", &axis_count);
    const int64_t *directions =
        node_get_ints(call->node, "scan_input_directions", &direction_count);
    const Tensor *whole;
    Sliced *sliced = &scan->inputs[index];
    TRY(call_get_src(call, scan->carried + index, &whole));
    TRY(set_sliced(scan, whole, item_or(axes, axis_count, index, 0),
                   item_or(directions, direction_count, index, 0) != 0, sliced));
    int64_t length = whole->shape.dims[sliced->axis];
    if (index > 0 && length != scan->length)
        return call_invalid(call, "input %zu has %lld slices, others have %lld",
                            scan->carried + index, (long long)length, (long long)scan->length);
    scan->length = length;
    Shape shape = without_axis(&whole->shape, sliced->axis);
    Tensor *slice = &scan->turn.inputs[scan->carried + index];
    *slice = (Tensor){ .dtype = whole->dtype,
                       .shape = shape,
                       .bytes = sliced->outer * sliced->row_bytes };
    scan->slices[index] = NULL;
    return sliced->outer > 1 ? turns_array(call, slice->bytes, 1, &scan->slices[index])
                             : status_ok();
}

static Status scan_init(Scan *scan, const KernelCall *call) {
    size_t own = node_own_inputs(call->node);
    int64_t scanned = node_get_int(call->node, "num_scan_inputs", 0);
    if (scanned < 1 || (uint64_t)scanned > own)
        return call_invalid(call, "num_scan_inputs is %lld, expected 1 to %zu", (long long)scanned,
                            own);
    *scan = (Scan){ .scanned = (size_t)scanned, .carried = own - (size_t)scanned };
    TRY(turn_init(&scan->turn, call, "body", own));
    if (scan->turn.output_count < scan->carried ||
        scan->turn.output_count < call->node->output_count)
        return call_invalid(call, "the body has %zu outputs", scan->turn.output_count);
    scan->stacked = scan->turn.output_count - scan->carried;
    TRY(turns_array(call, scan->carried, sizeof *scan->other, &scan->other));
    TRY(turns_array(call, scan->scanned, sizeof *scan->inputs, &scan->inputs));
    TRY(turns_array(call, scan->scanned, sizeof *scan->slices, &scan->slices));
    TRY(turns_array(call, scan->stacked, sizeof *scan->outputs, &scan->outputs));
    for (size_t i = 0; i < scan->carried; i++) {
        const Tensor *src;
        TRY(call_get_src(call, i, &src));
        scan->turn.inputs[i] = *src;
    }
    for (size_t i = 0; i < scan->scanned; i++)
        TRY(init_input(scan, i));
    return status_ok();
}

static size_t position(const Scan *scan, const Sliced *sliced) {
    return (size_t)(sliced->backwards ? scan->length - 1 - scan->count : scan->count);
}

static void cut_slices(Scan *scan) {
    for (size_t i = 0; i < scan->scanned; i++) {
        const Sliced *sliced = &scan->inputs[i];
        Tensor *slice = &scan->turn.inputs[scan->carried + i];
        size_t step = (size_t)scan->length * sliced->row_bytes;
        const char *from = sliced->whole->data;
        if (slice->bytes == 0)
            continue;
        from += position(scan, sliced) * sliced->row_bytes;
        slice->data = (void *)(uintptr_t)from;
        if (sliced->outer <= 1)
            continue;
        slice->data = scan->slices[i];
        for (size_t k = 0; k < sliced->outer; k++)
            memcpy(scan->slices[i] + k * sliced->row_bytes, from + k * step, sliced->row_bytes);
    }
}

/* The shape of a result whose slices are of that shape. */
static Status make_result(Scan *scan, size_t index, DType dtype, const Shape *slice) {
    const KernelCall *call = scan->turn.call;
    size_t output = scan->carried + index, axis, axis_count, direction_count;
    const int64_t *axes = node_get_ints(call->node, "scan_output_axes", &axis_count);
    const int64_t *directions =
        node_get_ints(call->node, "scan_output_directions", &direction_count);
    if (slice->rank == SHAPE_MAX_RANK)
        return call_invalid(call, "slices of shape %s are of too high a rank to be stacked",
                            SHAPE_TEXT(slice));
    Status status = shape_axis(item_or(axes, axis_count, index, 0), slice->rank + 1, &axis);
    if (!status_is_ok(&status))
        return status_prefix(&status, "Scan");
    Shape shape = { .rank = slice->rank + 1 };
    for (int32_t i = 0, from = 0; i < shape.rank; i++)
        shape.dims[i] = (size_t)i == axis ? scan->length : slice->dims[from++];
    TRY(call->output_new(call, output, dtype, &shape));
    return set_sliced(scan, &call->dst[output], (int64_t)axis,
                      item_or(directions, direction_count, index, 0) != 0, &scan->outputs[index]);
}

static Status put_slice(Scan *scan, size_t index) {
    const KernelCall *call = scan->turn.call;
    size_t output = scan->carried + index;
    const Tensor *slice = &scan->turn.outputs[output];
    if (output >= call->node->output_count || call->node->outputs[output] == VALUE_NONE)
        return status_ok();
    if (scan->count == 0)
        TRY(make_result(scan, index, slice->dtype, &slice->shape));
    const Sliced *sliced = &scan->outputs[index];
    Shape expected = without_axis(&sliced->whole->shape, sliced->axis);
    if (!shape_equal(&expected, &slice->shape) || slice->dtype != sliced->whole->dtype)
        return call_invalid(call, "turn %lld gives a slice of %s, the first gave %s",
                            (long long)scan->count, SHAPE_TEXT(&slice->shape),
                            SHAPE_TEXT(&expected));
    size_t step = (size_t)scan->length * sliced->row_bytes;
    size_t at = position(scan, sliced) * sliced->row_bytes;
    for (size_t k = 0; slice->bytes > 0 && k < sliced->outer; k++)
        memcpy((char *)sliced->whole->data + k * step + at,
               (const char *)slice->data + k * sliced->row_bytes, sliced->row_bytes);
    if (slice->dtype == DTYPE_STRING) /* the characters stay where they are */
        scan->turn.memory[output] = (TurnMemory){ 0 };
    return status_ok();
}

static Status scan_turn(Scan *scan) {
    cut_slices(scan);
    TRY(turn_run(&scan->turn));
    for (size_t i = 0; i < scan->stacked; i++)
        TRY(put_slice(scan, i));
    for (size_t i = 0; i < scan->carried; i++) {
        scan->turn.inputs[i] = scan->turn.outputs[i];
        TurnMemory written = scan->turn.memory[i];
        scan->turn.memory[i] = scan->other[i];
        scan->other[i] = written;
    }
    scan->count++;
    return status_ok();
}

/* No slices: results are empty, of the shape that inference knows. */
static Status empty_results(Scan *scan) {
    for (size_t i = 0; i < scan->stacked; i++) {
        size_t output = scan->carried + i;
        const Graph *body = scan->turn.body;
        const Value *value = graph_value_const(body, graph_output(body, output)->value);
        if (output >= scan->turn.call->node->output_count ||
            scan->turn.call->node->outputs[output] == VALUE_NONE)
            continue;
        Shape slice = value->shape.rank == SHAPE_UNRANKED ? SHAPE_SCALAR : value->shape;
        for (int32_t k = 0; k < slice.rank; k++)
            slice.dims[k] = slice.dims[k] == DIM_UNKNOWN ? 0 : slice.dims[k];
        TRY(make_result(scan, i, value->dtype, &slice));
    }
    return status_ok();
}

Status reference_scan(const KernelCall *call) {
    Scan scan;
    TRY(scan_init(&scan, call));
    if (scan.length == 0)
        TRY(empty_results(&scan));
    while (scan.count < scan.length) {
        Status status = scan_turn(&scan);
        if (!status_is_ok(&status))
            return status_prefix(&status, "turn %lld", (long long)scan.count);
    }
    for (size_t i = 0; i < scan.carried; i++)
        TRY(turns_output(call, i, &scan.turn.inputs[i]));
    return status_ok();
}
