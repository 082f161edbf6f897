/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * TensorScatter, which writes new rows into a copy of a cache, and BitCast. Both move bytes.
 *
 * Thread: any that runs kernels. Source: ONNX TensorScatter 24, BitCast 26.
 */

#include "runtime/cpu/reference/move.h"
#include "runtime/cpu/reference/reference_kernels.h"

#include <string.h>

/* Blocks before the axis, positions along it, bytes of one. */
typedef struct Scatter {
    size_t outer, capacity, count, row_bytes, outer_a_sample;
    bool circular;
} Scatter;

static Status scatter_open(const KernelCall *call, const Tensor *cache, const Tensor *update,
                           size_t bytes, Scatter *scatter) {
    size_t axis;
    StringView mode = node_get_string(call->node, "mode", "linear");
    TRY(call_get_axis(call, -2, cache->shape.rank, &axis));
    Shape expected = cache->shape;
    if (axis == 0 || update->shape.rank != expected.rank ||
        update->shape.dims[axis] > expected.dims[axis])
        return call_invalid(call, "%s cannot be written along axis %zu of %s",
                            SHAPE_TEXT(&update->shape), axis, SHAPE_TEXT(&cache->shape));
    expected.dims[axis] = update->shape.dims[axis];
    TRY(call_check_shape(call, &expected, update));
    *scatter = (Scatter){ .outer = shape_product(&cache->shape, 0, axis),
                          .capacity = (size_t)cache->shape.dims[axis],
                          .count = (size_t)update->shape.dims[axis],
                          .outer_a_sample = shape_product(&cache->shape, 1, axis),
                          .circular = mode.length == 8 && memcmp(mode.data, "circular", 8) == 0 };
    scatter->row_bytes = bytes * shape_product(&cache->shape, axis + 1, (size_t)cache->shape.rank);
    if (!scatter->circular && (mode.length != 6 || memcmp(mode.data, "linear", 6) != 0))
        return call_invalid(call, "mode: expected linear or circular, got '%.*s'",
                            (int)MIN_OF(mode.length, (size_t)40), mode.data);
    return status_ok();
}

/* Where a sample's first row goes: 0 to capacity - 1 when circular, else so that all fit. */
static Status find_start(const KernelCall *call, const Scatter *scatter, const Tensor *starts,
                         size_t sample, size_t *ret_start) {
    int64_t start = starts ? tensor_get_int(starts, sample) : 0, capacity;
    capacity = (int64_t)scatter->capacity;
    if (scatter->circular && capacity > 0)
        start = (start % capacity + capacity) % capacity;
    else if (start < 0 || start > capacity - (int64_t)scatter->count)
        return call_invalid(call, "%zu rows do not fit at %lld of %lld", scatter->count,
                            (long long)start, (long long)capacity);
    *ret_start = (size_t)start;
    return status_ok();
}

static Status tensor_scatter(const KernelCall *call) {
    const Tensor *cache, *update, *starts = call_find_src(call, 2);
    Tensor *dst;
    Scatter scatter;
    size_t bytes, start;
    TRY(call_get_first(call, &cache, &dst));
    TRY(call_get_src(call, 1, &update));
    TRY(move_check_types(call, 0, 2, &bytes));
    TRY(call_check_shape(call, &cache->shape, dst));
    TRY(scatter_open(call, cache, update, bytes, &scatter));
    if (starts) {
        TRY(call_check_shape(call, &SHAPE(cache->shape.dims[0]), starts));
        if (!dtype_info(starts->dtype)->is_integer)
            return call_lacks_dtype(call, starts->dtype);
    }
    if (cache->bytes > 0)
        memcpy(dst->data, cache->data, cache->bytes);
    for (size_t o = 0; update->bytes > 0 && o < scatter.outer; o++) {
        TRY(find_start(call, &scatter, starts, o / scatter.outer_a_sample, &start));
        for (size_t i = 0; i < scatter.count; i++)
            memcpy((char *)dst->data +
                       (o * scatter.capacity + (start + i) % scatter.capacity) * scatter.row_bytes,
                   (const char *)update->data + (o * scatter.count + i) * scatter.row_bytes,
                   scatter.row_bytes);
    }
    return status_ok();
}
MOVE_KERNEL(tensor_scatter)

Status reference_bit_cast(const KernelCall *call) {
    const Tensor *src;
    Tensor *dst;
    TRY(call_get_first(call, &src, &dst));
    TRY(call_check_shape(call, &src->shape, dst));
    if (src->dtype == DTYPE_STRING || dst->dtype == DTYPE_STRING ||
        dtype_info(src->dtype)->bits != dtype_info(dst->dtype)->bits)
        return call_invalid(call, "%s cannot be read as %s", dtype_name(src->dtype),
                            dtype_name(dst->dtype));
    if (src->bytes > 0)
        memcpy(dst->data, src->data, src->bytes);
    uint8_t *flags = dst->data;
    for (size_t i = 0; dst->dtype == DTYPE_BOOL && i < src->bytes; i++)
        flags[i] = flags[i] != 0; /* a bool in memory is 0 or 1 */
    return status_ok();
}
