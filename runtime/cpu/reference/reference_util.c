/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What the reference kernels share. Everything here assumes hostile calls: a tensor that should be
 * there may be missing, shapes may not fit each other. The checks end in INVALID_ARGUMENT; the
 * walks that follow them need none.
 *
 * Thread: any that runs kernels; scratch is the calling thread's, one piece a kernel.
 */

#include "runtime/cpu/reference/reference_util.h"

#include "runtime/cpu/reference/element_io.h"

#include <string.h>

const Tensor *call_find_src(const KernelCall *call, size_t index) {
    return index < call->node->input_count ? call->src[index] : NULL;
}

Status call_get_src(const KernelCall *call, size_t index, const Tensor **ret_src) {
    const Tensor *src = call_find_src(call, index);
    if (!src)
        return call_invalid(call, "input %zu is missing", index);
    *ret_src = src;
    return status_ok();
}

Tensor *call_find_dst(const KernelCall *call, size_t index) {
    if (index >= call->node->output_count || call->dst[index].dtype == DTYPE_INVALID)
        return NULL;
    return &call->dst[index];
}

Status call_get_first(const KernelCall *call, const Tensor **ret_src, Tensor **ret_dst) {
    Tensor *dst = call_find_dst(call, 0);
    if (!dst)
        return call_invalid(call, "output 0 is missing");
    TRY(call_get_src(call, 0, ret_src));
    *ret_dst = dst;
    return status_ok();
}

Status call_lacks_dtype(const KernelCall *call, DType dtype) {
    return status_error(STATUS_UNIMPLEMENTED, "%s: no kernel for %s", call->node->op->name,
                        dtype_name(dtype));
}

Status call_shape_mismatch(const KernelCall *call, const Shape *expected, const Shape *got) {
    return call_invalid(call, "expected shape %s, got %s", SHAPE_TEXT(expected), SHAPE_TEXT(got));
}

Status call_check_shape(const KernelCall *call, const Shape *expected, const Tensor *tensor) {
    if (!shape_equal(expected, &tensor->shape))
        return call_shape_mismatch(call, expected, &tensor->shape);
    return status_ok();
}

Status call_check_dtype(const KernelCall *call, DType expected, const Tensor *tensor) {
    if (tensor->dtype != expected)
        return call_invalid(call, "expected %s, got %s", dtype_name(expected),
                            dtype_name(tensor->dtype));
    return status_ok();
}

Status call_invalid(const KernelCall *call, const char *format, ...) {
    va_list args;
    va_start(args, format);
    Status status = status_error_v(STATUS_INVALID_ARGUMENT, format, args);
    va_end(args);
    return status_prefix(&status, "%s", call->node->op->name);
}

Status call_get_ints(const KernelCall *call, const Tensor *tensor, size_t max, int64_t *values,
                     size_t *ret_count) {
    size_t count = tensor_elements(tensor);
    if (!dtype_info(tensor->dtype)->is_integer)
        return call_invalid(call, "expected integers, got %s", dtype_name(tensor->dtype));
    if (count > max)
        return call_invalid(call, "expected at most %zu integers, got %zu", max, count);
    element_io_find(tensor->dtype)->load_i64(tensor->data, 0, 1, count, values);
    *ret_count = count;
    return status_ok();
}

Status call_get_axis(const KernelCall *call, int64_t fallback, int32_t rank, size_t *ret_axis) {
    Status status = shape_axis(node_get_int(call->node, "axis", fallback), rank, ret_axis);
    return status_is_ok(&status) ? status : status_prefix(&status, "%s", call->node->op->name);
}

Status call_spend(const KernelCall *call, uint64_t work) {
    if (!call->work_left)
        return status_ok();
    if (work > *call->work_left)
        return status_error(STATUS_RESOURCE_EXHAUSTED,
                            "%s: the request causes more comparisons than one may",
                            call->node->op->name);
    *call->work_left -= work;
    return status_ok();
}

Status call_get_scratch(const KernelCall *call, size_t bytes, void **ret_memory) {
    void *memory = thread_scratch(bytes ? bytes : 1);
    if (!memory)
        return status_error(STATUS_RESOURCE_EXHAUSTED, "%s: no memory for %zu bytes of scratch",
                            call->node->op->name, bytes);
    *ret_memory = memory;
    return status_ok();
}

bool dtype_is_packed(DType dtype) {
    uint8_t bits = dtype_info(dtype)->bits;
    return bits == 4 || bits == 2;
}

bool dtype_is_narrow_float(DType dtype) {
    return narrow_format_find(dtype) != NULL || dtype == DTYPE_F8E8M0;
}

/* Strides of source when read in the shape of dst: 0 along broadcast dims. */
static bool broadcast_strides(const Shape *source, const Shape *dst,
                              int64_t strides[static SHAPE_MAX_RANK]) {
    int64_t own[SHAPE_MAX_RANK];
    if (source->rank > dst->rank)
        return false;
    shape_strides(source, own);
    for (int32_t d = 0; d < dst->rank; d++) {
        int32_t s = d - (dst->rank - source->rank);
        strides[d] = 0;
        if (s < 0 || (source->dims[s] == 1 && dst->dims[d] != 1))
            continue;
        if (source->dims[s] != dst->dims[d])
            return false;
        strides[d] = own[s];
    }
    return true;
}

/* Can dim d + 1 of dst be walked as part of the merged dim before it? */
static bool broadcast_merges(const Broadcast *walk, int64_t strides[][SHAPE_MAX_RANK], int32_t d,
                             int64_t dim) {
    for (size_t s = 0; s < walk->source_count; s++)
        if (walk->strides[s][walk->rank - 1] != strides[s][d] * dim)
            return false;
    return true;
}

static void broadcast_add_dim(Broadcast *walk, int64_t strides[][SHAPE_MAX_RANK], int32_t d,
                              int64_t dim) {
    if (dim == 1)
        return;
    if (walk->rank > 0 && broadcast_merges(walk, strides, d, dim))
        walk->dims[walk->rank - 1] *= dim;
    else
        walk->dims[walk->rank++] = dim;
    for (size_t s = 0; s < walk->source_count; s++)
        walk->strides[s][walk->rank - 1] = strides[s][d];
}

Status broadcast_init(Broadcast *walk, const KernelCall *call, const Tensor *const *sources,
                      size_t source_count, const Shape *dst) {
    int64_t strides[BROADCAST_MAX][SHAPE_MAX_RANK] = { 0 };
    *walk = (Broadcast){ .source_count = source_count };
    for (size_t s = 0; s < source_count; s++)
        if (sources[s] && !broadcast_strides(&sources[s]->shape, dst, strides[s]))
            return call_invalid(call, "shape %s does not broadcast to %s",
                                SHAPE_TEXT(&sources[s]->shape), SHAPE_TEXT(dst));
    for (int32_t d = 0; d < dst->rank; d++)
        broadcast_add_dim(walk, strides, d, dst->dims[d]);
    if (walk->rank == 0)
        walk->dims[walk->rank++] = 1;

    int32_t last = walk->rank - 1;
    walk->row_count = (size_t)walk->dims[last];
    for (size_t s = 0; s < source_count; s++)
        walk->step[s] = (size_t)walk->strides[s][last];
    walk->rows_left = walk->row_count ? 1 : 0;
    for (int32_t d = 0; d < last; d++)
        walk->rows_left *= (size_t)walk->dims[d];
    walk->index[last] = -1; /* before the first row */
    return status_ok();
}

bool broadcast_next(Broadcast *walk) {
    int32_t last = walk->rank - 1;
    if (walk->rows_left == 0)
        return false;
    walk->rows_left--;
    if (walk->index[last] < 0) {
        walk->index[last] = 0;
        return true;
    }
    walk->dst += walk->row_count;
    for (int32_t d = last - 1; d >= 0; d--) {
        bool wraps = ++walk->index[d] == walk->dims[d];
        for (size_t s = 0; s < walk->source_count; s++)
            walk->src[s] += (size_t)(walk->strides[s][d] * (wraps ? 1 - walk->dims[d] : 1));
        if (!wraps)
            break;
        walk->index[d] = 0;
    }
    return true;
}

typedef struct Bytes16 {
    uint64_t low, high;
} Bytes16;

#define COPY_ROW(T)                                                                                \
    do {                                                                                           \
        T *to = dst;                                                                               \
        const T *from = src;                                                                       \
        for (int64_t i = 0; i < count; i++)                                                        \
            to[i * dst_step] = from[i * src_step];                                                 \
    } while (0)

static void copy_row(void *dst, int64_t dst_step, const void *src, int64_t src_step, int64_t count,
                     size_t bytes) {
    if (dst_step == 1 && src_step == 1)
        memcpy(dst, src, (size_t)count * bytes);
    else if (bytes == 1)
        COPY_ROW(uint8_t);
    else if (bytes == 2)
        COPY_ROW(uint16_t);
    else if (bytes == 4)
        COPY_ROW(uint32_t);
    else if (bytes == 8)
        COPY_ROW(uint64_t);
    else
        COPY_ROW(Bytes16);
}

/* Merges neighbours that both sides walk alike and drops dims of 1; false when there is nothing to
 * copy. */
static bool copy_simplify(const StridedCopy *copy, StridedCopy *ret_copy) {
    StridedCopy out = { .rank = 0 };
    for (int32_t d = 0; d < copy->rank; d++) {
        if (copy->dims[d] == 0)
            return false;
        if (copy->dims[d] == 1)
            continue;
        int32_t top = out.rank - 1;
        if (top >= 0 && out.src_strides[top] == copy->src_strides[d] * copy->dims[d] &&
            out.dst_strides[top] == copy->dst_strides[d] * copy->dims[d])
            out.dims[top] *= copy->dims[d];
        else
            out.dims[top = out.rank++] = copy->dims[d];
        out.src_strides[top] = copy->src_strides[d];
        out.dst_strides[top] = copy->dst_strides[d];
    }
    if (out.rank == 0)
        out = (StridedCopy){ .rank = 1, .dims = { 1 }, .src_strides = { 1 }, .dst_strides = { 1 } };
    *ret_copy = out;
    return true;
}

void strided_copy(const StridedCopy *copy, void *dst, const void *src, size_t element_bytes) {
    StridedCopy plan;
    int64_t index[COPY_MAX_RANK] = { 0 }, from = 0, to = 0, bytes = (int64_t)element_bytes;
    if (!copy_simplify(copy, &plan))
        return;
    int32_t last = plan.rank - 1, d;
    do {
        copy_row((char *)dst + to * bytes, plan.dst_strides[last], (const char *)src + from * bytes,
                 plan.src_strides[last], plan.dims[last], element_bytes);
        for (d = last - 1; d >= 0; d--) {
            from += plan.src_strides[d];
            to += plan.dst_strides[d];
            if (++index[d] < plan.dims[d])
                break;
            from -= plan.src_strides[d] * plan.dims[d];
            to -= plan.dst_strides[d] * plan.dims[d];
            index[d] = 0;
        }
    } while (d >= 0);
}
