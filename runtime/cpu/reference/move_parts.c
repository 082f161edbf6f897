/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Operators that join or cut: Concat, Split, Slice, Gather. Positions come from tensors at run time
 * and are hostile: each is checked against the source before anything is read, and the part they
 * describe against dst's shape.
 */

#include "runtime/cpu/reference/element_io.h"
#include "runtime/cpu/reference/move.h"
#include "runtime/cpu/reference/reference_kernels.h"

#include <string.h>

/* Copies a block [outer, dim, inner] out of, or into, a larger dim at axis. */
typedef struct AxisCopy {
    size_t outer, inner_bytes; /* of one step along the axis */
    size_t src_dim, dst_dim;   /* whole sizes along the axis */
    size_t src_first, dst_first, count;
} AxisCopy;

static void axis_copy(const AxisCopy *copy, void *dst, const void *src) {
    if (copy->count == 0 || copy->inner_bytes == 0)
        return;
    for (size_t outer = 0; outer < copy->outer; outer++)
        memcpy((char *)dst + (outer * copy->dst_dim + copy->dst_first) * copy->inner_bytes,
               (const char *)src + (outer * copy->src_dim + copy->src_first) * copy->inner_bytes,
               copy->count * copy->inner_bytes);
}

static AxisCopy axis_copy_of(const Shape *shape, size_t axis, size_t element_bytes) {
    return (AxisCopy){ .outer = shape_product(shape, 0, axis),
                       .inner_bytes =
                           shape_product(shape, axis + 1, (size_t)shape->rank) * element_bytes };
}

/* Shape equal to whole's but for the axis, where it is dim. */
static Status check_part(const KernelCall *call, const Shape *whole, size_t axis, int64_t dim,
                         const Tensor *part) {
    Shape expected = *whole;
    expected.dims[axis] = dim;
    return call_check_shape(call, &expected, part);
}

static Status concat(const KernelCall *call) {
    size_t bytes, axis;
    int64_t total = 0;
    TRY(move_check_types(call, 0, call->node->input_count, &bytes));
    Tensor *dst = &call->dst[0];
    TRY(call_get_axis(call, 0, dst->shape.rank, &axis));
    for (size_t s = 0; s < call->node->input_count; s++) {
        const Tensor *src = call->src[s];
        if (src->shape.rank != dst->shape.rank)
            return call_shape_mismatch(call, &dst->shape, &src->shape);
        TRY(check_part(call, &dst->shape, axis, src->shape.dims[axis], src));
        if (src->shape.dims[axis] > dst->shape.dims[axis] - total)
            return call_invalid(call, "inputs are longer than output %s", SHAPE_TEXT(&dst->shape));
        total += src->shape.dims[axis];
    }
    TRY(check_part(call, &dst->shape, axis, total, dst));

    AxisCopy copy = axis_copy_of(&dst->shape, axis, bytes);
    copy.dst_dim = (size_t)total;
    for (size_t s = 0; s < call->node->input_count; s++) {
        copy.src_dim = copy.count = (size_t)call->src[s]->shape.dims[axis];
        axis_copy(&copy, dst->data, call->src[s]->data);
        copy.dst_first += copy.count;
    }
    return status_ok();
}
MOVE_KERNEL(concat)

/* The parts' sizes are what shape inference gave the results; together they must cover the source.
 */
static Status split(const KernelCall *call) {
    const Tensor *src;
    size_t axis;
    TRY(call_get_src(call, 0, &src));
    TRY(call_get_axis(call, 0, src->shape.rank, &axis));
    size_t bytes = dtype_bytes(src->dtype);
    if (!bytes)
        return call_lacks_dtype(call, src->dtype);
    int64_t total = 0, dim = src->shape.dims[axis];
    const Tensor *split_tensor = call_find_src(call, 1);
    int64_t equal =
        (dim + (int64_t)call->node->output_count - 1) / (int64_t)call->node->output_count;

    AxisCopy copy = axis_copy_of(&src->shape, axis, bytes);
    copy.src_dim = (size_t)dim;
    if (split_tensor && (tensor_elements(split_tensor) != call->node->output_count ||
                         !dtype_info(split_tensor->dtype)->is_integer))
        return call_invalid(call, "%zu split sizes for %u outputs", tensor_elements(split_tensor),
                            call->node->output_count);
    for (size_t i = 0; i < call->node->output_count; i++) {
        Tensor *dst = call_find_dst(call, i);
        int64_t size = MIN_OF(equal, dim - total);
        if (split_tensor)
            size = tensor_get_int(split_tensor, i);
        if (size < 0 || size > dim - total)
            return call_invalid(call, "split sizes do not add up to %lld", (long long)dim);
        copy.src_first = (size_t)total;
        copy.dst_dim = copy.count = (size_t)size;
        total += size;
        if (!dst)
            continue;
        TRY(call_check_dtype(call, src->dtype, dst));
        TRY(check_part(call, &src->shape, axis, size, dst));
        axis_copy(&copy, dst->data, src->data);
    }
    return total == dim ? status_ok()
                        : call_invalid(call, "split sizes do not add up to %lld", (long long)dim);
}
MOVE_KERNEL(split)

typedef struct SliceSpec {
    int64_t first[SHAPE_MAX_RANK], step[SHAPE_MAX_RANK];
    Shape shape; /* of the result */
} SliceSpec;

static int64_t limit(int64_t value, int64_t low, int64_t high) {
    return value < low ? low : value > high ? high : value;
}

/* Source: ONNX Slice, 13: negative positions count from the end, then both ends are limited to the
 * dim. */
static Status slice_axis(const KernelCall *call, int64_t dim, const int64_t ends[3],
                         SliceSpec *spec, size_t axis) {
    int64_t start = ends[0], end = ends[1], step = ends[2];
    if (step == 0 || step == INT64_MIN)
        return call_invalid(call, "step must not be %lld", (long long)step);
    if (start < 0)
        start = start < -dim ? -1 : start + dim;
    if (end < 0)
        end = end < -dim ? -1 : end + dim;
    start = step > 0 ? limit(start, 0, dim) : limit(start, 0, dim - 1);
    end = step > 0 ? limit(end, 0, dim) : limit(end, -1, dim);
    int64_t span = step > 0 ? end - start : start - end, stride = step > 0 ? step : -step;
    spec->first[axis] = start;
    spec->step[axis] = step;
    spec->shape.dims[axis] = span <= 0 || dim == 0 ? 0 : (span - 1) / stride + 1;
    return status_ok();
}

static Status slice_read(const KernelCall *call, const Shape *shape, SliceSpec *spec) {
    int64_t values[5][SHAPE_MAX_RANK];
    size_t counts[5] = { 0 };
    bool seen[SHAPE_MAX_RANK] = { false };
    *spec = (SliceSpec){ .shape = *shape };
    for (size_t d = 0; d < SHAPE_MAX_RANK; d++)
        spec->step[d] = 1;
    for (size_t s = 1; s < 5; s++) {
        const Tensor *src = call_find_src(call, s);
        if (!src && s <= 2)
            return call_invalid(call, "input %zu is missing", s);
        if (src)
            TRY(call_get_ints(call, src, SHAPE_MAX_RANK, values[s], &counts[s]));
        if (src && counts[s] != counts[1])
            return call_invalid(call, "input %zu has %zu entries, starts has %zu", s, counts[s],
                                counts[1]);
    }
    if (counts[1] > (size_t)shape->rank)
        return call_invalid(call, "%zu starts for rank %d", counts[1], shape->rank);
    for (size_t i = 0; i < counts[1]; i++) {
        size_t axis = i;
        if (counts[3])
            TRY(shape_axis(values[3][i], shape->rank, &axis));
        if (seen[axis])
            return call_invalid(call, "axis %zu is given twice", axis);
        seen[axis] = true;
        const int64_t ends[3] = { values[1][i], values[2][i], counts[4] ? values[4][i] : 1 };
        TRY(slice_axis(call, shape->dims[axis], ends, spec, axis));
    }
    return status_ok();
}

static Status slice(const KernelCall *call) {
    size_t bytes;
    SliceSpec spec;
    int64_t src_strides[SHAPE_MAX_RANK], dst_strides[SHAPE_MAX_RANK], first = 0;
    TRY(move_check_source(call, &bytes));
    const Tensor *src = call->src[0];
    Tensor *dst = &call->dst[0];
    TRY(slice_read(call, &src->shape, &spec));
    TRY(call_check_shape(call, &spec.shape, dst));
    if (tensor_elements(dst) == 0)
        return status_ok();

    shape_strides(&src->shape, src_strides);
    shape_strides(&dst->shape, dst_strides);
    StridedCopy copy = { .rank = src->shape.rank };
    for (int32_t d = 0; d < copy.rank; d++) {
        copy.dims[d] = spec.shape.dims[d];
        /* The step of a single element may be huge: it is never taken. */
        copy.src_strides[d] = spec.shape.dims[d] > 1 ? src_strides[d] * spec.step[d] : 0;
        copy.dst_strides[d] = dst_strides[d];
        first += spec.first[d] * src_strides[d];
    }
    strided_copy(&copy, dst->data, (const char *)src->data + (size_t)first * bytes, bytes);
    return status_ok();
}
MOVE_KERNEL(slice)

/* dst = src dims with the axis replaced by the dims of the indices. */
static Status gather_shape(const KernelCall *call, const Shape *src, const Shape *indices,
                           size_t axis, Shape *ret_shape) {
    int64_t dims[2 * SHAPE_MAX_RANK];
    size_t rank = 0;
    for (size_t d = 0; d < axis; d++)
        dims[rank++] = src->dims[d];
    for (int32_t d = 0; d < indices->rank; d++)
        dims[rank++] = indices->dims[d];
    for (int32_t d = (int32_t)axis + 1; d < src->rank; d++)
        dims[rank++] = src->dims[d];
    Status status = shape_make(dims, rank, ret_shape);
    return status_is_ok(&status) ? status : status_prefix(&status, "%s", call->node->op->name);
}

static Status gather(const KernelCall *call) {
    size_t bytes, axis;
    const Tensor *indices;
    Shape expected;
    int64_t chunk[ELEMENT_CHUNK];
    TRY(move_check_source(call, &bytes));
    TRY(call_get_src(call, 1, &indices));
    const Tensor *src = call->src[0];
    Tensor *dst = &call->dst[0];
    TRY(call_get_axis(call, 0, src->shape.rank, &axis));
    TRY(gather_shape(call, &src->shape, &indices->shape, axis, &expected));
    TRY(call_check_shape(call, &expected, dst));
    if (!dtype_info(indices->dtype)->is_integer)
        return call_invalid(call, "indices must be integers, not %s", dtype_name(indices->dtype));

    int64_t dim = src->shape.dims[axis];
    size_t count = tensor_elements(indices);
    AxisCopy copy = axis_copy_of(&src->shape, axis, bytes);
    copy.src_dim = (size_t)dim;
    copy.dst_dim = count;
    copy.count = 1;
    for (size_t i = 0; i < count; i++) {
        if (i % ELEMENT_CHUNK == 0)
            element_io_find(indices->dtype)
                ->load_i64(indices->data, i, 1, MIN_OF((size_t)ELEMENT_CHUNK, count - i), chunk);
        int64_t index = chunk[i % ELEMENT_CHUNK];
        if (index < -dim || index >= dim)
            return call_invalid(call, "index %lld is out of range [%lld,%lld)", (long long)index,
                                (long long)-dim, (long long)dim);
        copy.src_first = (size_t)(index < 0 ? index + dim : index);
        copy.dst_first = i;
        axis_copy(&copy, dst->data, src->data);
    }
    return status_ok();
}
MOVE_KERNEL(gather)
