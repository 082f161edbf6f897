/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Compress, NonZero and OneHot. The first two count before they write: how much there will be only
 * the data tell, and the output is made then.
 *
 * Source: ONNX Compress 11, NonZero 13, OneHot 11. Thread: any that runs kernels.
 */

#include "runtime/cpu/reference/element_io.h"
#include "runtime/cpu/reference/move.h"
#include "runtime/cpu/reference/reference_kernels.h"

#include <string.h>

/* x seen as [outer, dim, inner]; without an axis as [1, all, 1]. */
typedef struct Slices {
    size_t outer, dim, inner_bytes;
} Slices;

static Status compress_shape(const KernelCall *call, const Tensor *x, size_t bytes, size_t kept,
                             Slices *slices, Shape *ret_shape) {
    if (!node_find_attribute(call->node, "axis")) {
        *slices = (Slices){ .outer = 1, .dim = tensor_elements(x), .inner_bytes = bytes };
        *ret_shape = SHAPE((int64_t)kept);
        return status_ok();
    }
    size_t axis;
    TRY(call_get_axis(call, 0, x->shape.rank, &axis));
    *slices = (Slices){ .outer = shape_product(&x->shape, 0, axis),
                        .dim = (size_t)x->shape.dims[axis],
                        .inner_bytes =
                            shape_product(&x->shape, axis + 1, (size_t)x->shape.rank) * bytes };
    *ret_shape = x->shape;
    ret_shape->dims[axis] = (int64_t)kept;
    return status_ok();
}

Status reference_compress(const KernelCall *call) {
    const Tensor *x, *condition;
    Slices slices;
    Shape shape;
    size_t kept = 0, last = 0;
    TRY(call_get_src(call, 0, &x));
    TRY(call_get_src(call, 1, &condition));
    TRY(call_check_dtype(call, DTYPE_BOOL, condition));
    size_t bytes = dtype_bytes(x->dtype), count = tensor_elements(condition);
    if (!bytes)
        return call_lacks_dtype(call, x->dtype);
    const uint8_t *keeps = condition->data;
    for (size_t i = 0; i < count; i++) {
        kept += keeps[i] != 0;
        last = keeps[i] ? i + 1 : last;
    }
    TRY(compress_shape(call, x, bytes, kept, &slices, &shape));
    if (last > slices.dim)
        return call_invalid(call, "condition %zu is true, but there are only %zu slices", last - 1,
                            slices.dim);
    TRY(call->output_new(call, 0, x->dtype, &shape));
    char *to = call->dst[0].data;
    for (size_t outer = 0; outer < slices.outer && slices.inner_bytes > 0; outer++)
        for (size_t i = 0; i < last; i++) {
            if (!keeps[i])
                continue;
            memcpy(to, (const char *)x->data + (outer * slices.dim + i) * slices.inner_bytes,
                   slices.inner_bytes);
            to += slices.inner_bytes;
        }
    return status_ok();
}

/* Calls with the positions of what is not 0, in order, when dst is there; counts always. */
static size_t non_zero_walk(const Tensor *x, int64_t *dst, size_t found_count) {
    const ElementIo *io = element_io_find(x->dtype);
    double values[ELEMENT_CHUNK];
    int64_t position[SHAPE_MAX_RANK] = { 0 };
    size_t count = tensor_elements(x), found = 0;
    for (size_t i = 0; i < count; i++) {
        if (i % ELEMENT_CHUNK == 0)
            io->load_f64(x->data, i, 1, MIN_OF((size_t)ELEMENT_CHUNK, count - i), values);
        bool is_set = values[i % ELEMENT_CHUNK] != 0.0;
        for (int32_t d = 0; is_set && dst && d < x->shape.rank; d++)
            dst[(size_t)d * found_count + found] = position[d];
        found += is_set;
        for (int32_t d = x->shape.rank - 1; d >= 0; d--) {
            if (++position[d] < x->shape.dims[d])
                break;
            position[d] = 0;
        }
    }
    return found;
}

Status reference_non_zero(const KernelCall *call) {
    const Tensor *x;
    TRY(call_get_src(call, 0, &x));
    if (!element_io_find(x->dtype))
        return call_lacks_dtype(call, x->dtype);
    size_t found = non_zero_walk(x, NULL, 0);
    TRY(call->output_new(call, 0, DTYPE_I64, &SHAPE(x->shape.rank, (int64_t)found)));
    if (found > 0 && x->shape.rank > 0)
        (void)non_zero_walk(x, call->dst[0].data, found);
    return status_ok();
}

/* dst as [outer, depth, inner], with the indices as [outer, inner]. */
typedef struct OneHot {
    size_t outer, inner;
    int64_t depth;
} OneHot;

static Status one_hot_read(const KernelCall *call, const Tensor *indices, const Tensor *dst,
                           OneHot *one_hot) {
    const Tensor *depth;
    size_t axis;
    TRY(call_get_src(call, 1, &depth));
    if (tensor_elements(depth) != 1 || !element_io_find(depth->dtype))
        return call_invalid(call, "depth must be one number");
    double number = tensor_get_float(depth, 0);
    if (!(number >= 1.0 && number < 0x1p53))
        return call_invalid(call, "depth %g is out of range", number);
    TRY(call_get_axis(call, -1, indices->shape.rank + 1, &axis));
    if (indices->shape.rank >= SHAPE_MAX_RANK)
        return call_invalid(call, "rank of %s is too high", SHAPE_TEXT(&indices->shape));
    Shape expected = { .rank = indices->shape.rank + 1 };
    for (size_t d = 0; d < (size_t)expected.rank; d++)
        expected.dims[d] = d == axis ? (int64_t)number : indices->shape.dims[d - (d > axis)];
    TRY(call_check_shape(call, &expected, dst));
    one_hot->depth = (int64_t)number;
    one_hot->outer = shape_product(&expected, 0, axis);
    one_hot->inner = shape_product(&expected, axis + 1, (size_t)expected.rank);
    return status_ok();
}

static void one_hot_row(const OneHot *one_hot, const int64_t *indices, size_t first, size_t count,
                        char *dst, const char *on, size_t bytes) {
    for (size_t i = 0; i < count; i++) {
        int64_t index = indices[i];
        if (index < -one_hot->depth || index >= one_hot->depth)
            continue;
        index += index < 0 ? one_hot->depth : 0;
        size_t outer = (first + i) / one_hot->inner, inner = (first + i) % one_hot->inner;
        size_t at = (outer * (size_t)one_hot->depth + (size_t)index) * one_hot->inner + inner;
        memcpy(dst + at * bytes, on, bytes);
    }
}

static Status one_hot(const KernelCall *call) {
    size_t bytes;
    const Tensor *indices;
    OneHot one_hot;
    int64_t chunk[ELEMENT_CHUNK];
    TRY(move_check_types(call, 2, 1, &bytes));
    TRY(call_get_src(call, 0, &indices));
    const Tensor *values = call->src[2];
    Tensor *dst = &call->dst[0];
    const ElementIo *io = element_io_find(indices->dtype);
    if (!io)
        return call_lacks_dtype(call, indices->dtype);
    if (tensor_elements(values) != 2)
        return call_invalid(call, "values must be [off,on], got shape %s",
                            SHAPE_TEXT(&values->shape));
    TRY(one_hot_read(call, indices, dst, &one_hot));
    size_t total = tensor_elements(dst), count = tensor_elements(indices);
    for (size_t i = 0; i < total; i++)
        memcpy((char *)dst->data + i * bytes, values->data, bytes);
    for (size_t i = 0; i < count; i += ELEMENT_CHUNK) {
        size_t part = MIN_OF((size_t)ELEMENT_CHUNK, count - i);
        io->load_i64(indices->data, i, 1, part, chunk);
        one_hot_row(&one_hot, chunk, i, part, dst->data, (const char *)values->data + bytes, bytes);
    }
    return status_ok();
}
MOVE_KERNEL(one_hot)
