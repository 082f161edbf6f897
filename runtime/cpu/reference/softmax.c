/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Softmax, LogSoftmax and Hardmax along one axis. The largest element is subtracted first, so that
 * no exponential overflows. Half precision is computed in float.
 */

#include "runtime/cpu/reference/reference_kernels.h"
#include "runtime/cpu/reference/reference_util.h"

#include <tgmath.h>

typedef struct AxisWalk {
    size_t outer, count, inner; /* elements before, along and behind the axis */
} AxisWalk;

/* One row: count elements, step apart. */
typedef void (*AxisFn)(void *dst, const void *src, size_t count, size_t step);

#define SOFTMAX(S, T)                                                                              \
    static T largest_##S(const T *x, size_t count, size_t step) {                                  \
        T best = x[0];                                                                             \
        for (size_t i = 1; i < count; i++)                                                         \
            best = x[i * step] > best || x[i * step] != x[i * step] ? x[i * step] : best;          \
        return best;                                                                               \
    }                                                                                              \
    static void softmax_##S(void *dst, const void *src, size_t count, size_t step) {               \
        const T *x = src;                                                                          \
        T *y = dst, sum = 0, best = largest_##S(x, count, step);                                   \
        for (size_t i = 0; i < count; i++)                                                         \
            sum += y[i * step] = exp(x[i * step] - best);                                          \
        for (size_t i = 0; i < count; i++)                                                         \
            y[i * step] /= sum;                                                                    \
    }                                                                                              \
    static void log_softmax_##S(void *dst, const void *src, size_t count, size_t step) {           \
        const T *x = src;                                                                          \
        T *y = dst, sum = 0, best = largest_##S(x, count, step);                                   \
        for (size_t i = 0; i < count; i++)                                                         \
            sum += exp(x[i * step] - best);                                                        \
        sum = log(sum);                                                                            \
        for (size_t i = 0; i < count; i++)                                                         \
            y[i * step] = x[i * step] - best - sum;                                                \
    }                                                                                              \
    static void hardmax_##S(void *dst, const void *src, size_t count, size_t step) {               \
        const T *x = src, best = largest_##S(x, count, step);                                      \
        T *y = dst;                                                                                \
        bool is_first = true;                                                                      \
        for (size_t i = 0; i < count; i++) {                                                       \
            y[i * step] = is_first && x[i * step] == best ? 1 : 0;                                 \
            is_first &= y[i * step] == 0;                                                          \
        }                                                                                          \
    }
SOFTMAX(F32, float)
SOFTMAX(F64, double)

static Status run_axis(const KernelCall *call, AxisFn run_f32, AxisFn run_f64) {
    const Tensor *src;
    Tensor *dst;
    size_t axis;
    TRY(call_get_first(call, &src, &dst));
    TRY(call_get_axis(call, -1, src->shape.rank, &axis));
    TRY(call_check_shape(call, &src->shape, dst));
    TRY(call_check_dtype(call, src->dtype, dst));
    if (src->dtype != DTYPE_F32 && src->dtype != DTYPE_F64)
        return call_lacks_dtype(call, src->dtype);
    if (src->bytes == 0)
        return status_ok();
    AxisFn run = src->dtype == DTYPE_F32 ? run_f32 : run_f64;
    size_t bytes = dtype_bytes(src->dtype);
    AxisWalk walk = { .outer = shape_product(&src->shape, 0, axis),
                      .count = (size_t)src->shape.dims[axis],
                      .inner = shape_product(&src->shape, axis + 1, (size_t)src->shape.rank) };
    for (size_t outer = 0; outer < walk.outer; outer++)
        for (size_t inner = 0; inner < walk.inner; inner++) {
            size_t offset = (outer * walk.count * walk.inner + inner) * bytes;
            run((char *)dst->data + offset, (const char *)src->data + offset, walk.count,
                walk.inner);
        }
    return status_ok();
}

#define AXIS_KERNEL(name)                                                                          \
    static Status name(const KernelCall *call) {                                                   \
        return run_axis(call, name##_F32, name##_F64);                                             \
    }                                                                                              \
    Status reference_##name(const KernelCall *call) {                                              \
        return run_widened(call, name);                                                            \
    }
AXIS_KERNEL(softmax)
AXIS_KERNEL(log_softmax)
AXIS_KERNEL(hardmax)
