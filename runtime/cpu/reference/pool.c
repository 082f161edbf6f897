/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Pooling over any number of spatial dims. As in conv.c a result plane is built tap by tap in rows:
 * MaxPool keeps the larger element (and where it came from), the averages add and divide at the
 * end. The first of equal elements wins, NaN wins over numbers. The global pools are averages and
 * maxima over the whole plane.
 *
 * Source: ONNX MaxPool 22, AveragePool 22. Half precision is computed in float.
 */

#include "runtime/cpu/reference/reference_kernels.h"
#include "runtime/cpu/reference/window_rows.h"

#include <math.h>
#include <string.h>

typedef struct PoolType {
    size_t bytes;
    void (*fill)(void *dst, size_t count); /* with what every element beats */
    /* indices may be NULL; src_index is that of src[0] */
    void (*keep_larger)(void *dst, int64_t *indices, const void *src, const WindowRow *row);
} PoolType;

#define POOL_TYPE(S, T, LOWEST)                                                                    \
    static void fill_##S(void *dst, size_t count) {                                                \
        for (size_t i = 0; i < count; i++)                                                         \
            ((T *)dst)[i] = LOWEST;                                                                \
    }                                                                                              \
    static void keep_larger_##S(void *dst, int64_t *indices, const void *src,                      \
                                const WindowRow *row) {                                            \
        T *to = (T *)dst + row->dst;                                                               \
        const T *from = (const T *)src + row->src;                                                 \
        for (size_t i = 0; i < row->count; i++) {                                                  \
            const T x = from[(int64_t)i * row->step];                                              \
            bool wins = x > to[i] || (x != x && to[i] == to[i]);                                   \
            if (indices && (wins || indices[row->dst + i] < 0))                                    \
                indices[row->dst + i] = (int64_t)row->src + (int64_t)i * row->step;                \
            to[i] = wins ? x : to[i];                                                              \
        }                                                                                          \
    }
POOL_TYPE(F32, float, -INFINITY)
POOL_TYPE(F64, double, -(double)INFINITY)
POOL_TYPE(I8, int8_t, INT8_MIN)
POOL_TYPE(U8, uint8_t, 0)

static const PoolType TYPES[DTYPE_COUNT] = {
    [DTYPE_F32] = { sizeof(float), fill_F32, keep_larger_F32 },
    [DTYPE_F64] = { sizeof(double), fill_F64, keep_larger_F64 },
    [DTYPE_I8] = { sizeof(int8_t), fill_I8, keep_larger_I8 },
    [DTYPE_U8] = { sizeof(uint8_t), fill_U8, keep_larger_U8 },
};

typedef struct PoolCall {
    const Tensor *src;
    Tensor *dst;
    size_t planes;
} PoolCall;

static Status pool_open(const KernelCall *call, PoolCall *pool) {
    TRY(call_get_first(call, &pool->src, &pool->dst));
    TRY(call_check_dtype(call, pool->src->dtype, pool->dst));
    const Shape *src = &pool->src->shape, *dst = &pool->dst->shape;
    if (src->rank < 2 || dst->rank != src->rank || src->dims[0] != dst->dims[0] ||
        src->dims[1] != dst->dims[1])
        return call_shape_mismatch(call, src, dst);
    pool->planes = shape_product(src, 0, 2);
    return status_ok();
}

static void max_plane(const WindowPlane *plane, const PoolType *type, void *dst, int64_t *indices,
                      const void *src) {
    int64_t tap[WINDOW_MAX_RANK] = { 0 };
    type->fill(dst, plane->out_count);
    for (size_t i = 0; indices && i < plane->out_count; i++)
        indices[i] = -1;
    do {
        WindowRow row;
        WindowRows rows = window_rows_begin(plane, tap);
        while (window_rows_next(&rows, &row))
            type->keep_larger(dst, indices, src, &row);
    } while (window_next_tap(plane, tap));
}

/* Positions in a plane to positions in the tensor; column-major storage counts the first spatial
 * dim fastest. */
static void finish_indices(const Shape *src, bool is_column_major, size_t plane, int64_t *indices,
                           size_t count) {
    int64_t plane_size = (int64_t)shape_product(src, 2, (size_t)src->rank);
    for (size_t i = 0; i < count; i++) {
        int64_t rest = MAX_OF(indices[i], 0), index = rest, stride = plane_size;
        if (is_column_major)
            index = 0;
        for (int32_t d = src->rank - 1; is_column_major && d >= 2; d--) {
            stride /= src->dims[d];
            index += rest % src->dims[d] * stride;
            rest /= src->dims[d];
        }
        indices[i] = (int64_t)plane * plane_size + index;
    }
}

static Status max_pool(const KernelCall *call) {
    PoolCall pool;
    WindowPlane plane;
    TRY(pool_open(call, &pool));
    const PoolType *type = &TYPES[pool.src->dtype];
    if (!type->bytes)
        return call_lacks_dtype(call, pool.src->dtype);
    TRY(window_plane_init(&plane, call, &pool.src->shape, &pool.dst->shape, NULL));
    Tensor *indices = call_find_dst(call, 1);
    if (indices) {
        TRY(call_check_dtype(call, DTYPE_I64, indices));
        TRY(call_check_shape(call, &pool.dst->shape, indices));
    }
    bool is_column_major = node_get_int(call->node, "storage_order", 0) != 0;
    if (tensor_elements(pool.dst) == 0)
        return status_ok();
    for (size_t p = 0; p < pool.planes; p++) {
        int64_t *plane_indices = indices ? (int64_t *)indices->data + p * plane.out_count : NULL;
        max_plane(&plane, type, (char *)pool.dst->data + p * plane.out_count * type->bytes,
                  plane_indices, (const char *)pool.src->data + p * plane.in_count * type->bytes);
        if (indices)
            finish_indices(&pool.src->shape, is_column_major, p, plane_indices, plane.out_count);
    }
    return status_ok();
}

Status reference_max_pool(const KernelCall *call) {
    return run_widened(call, max_pool);
}

/* Sums first, then one division by the taps of each window. */
#define AVERAGE_PLANE(S, T)                                                                        \
    static void sum_plane_##S(const WindowPlane *plane, void *dst, const void *src) {              \
        int64_t tap[WINDOW_MAX_RANK] = { 0 };                                                      \
        memset(dst, 0, plane->out_count * sizeof(T));                                              \
        do {                                                                                       \
            WindowRow row;                                                                         \
            WindowRows rows = window_rows_begin(plane, tap);                                       \
            while (window_rows_next(&rows, &row))                                                  \
                for (size_t i = 0; i < row.count; i++)                                             \
                    ((T *)dst)[row.dst + i] +=                                                     \
                        ((const T *)src)[row.src + (size_t)((int64_t)i * row.step)];               \
        } while (window_next_tap(plane, tap));                                                     \
    }                                                                                              \
    static void divide_plane_##S(const WindowPlane *plane, void *dst, bool with_padding) {         \
        int64_t position[WINDOW_MAX_RANK] = { 0 };                                                 \
        for (size_t i = 0; i < plane->out_count; i++) {                                            \
            int64_t count = window_count(plane, position, with_padding);                           \
            if (count > 0)                                                                         \
                ((T *)dst)[i] /= (T)count;                                                         \
            for (size_t d = plane->window.rank; d-- > 0 && ++position[d] == plane->window.out[d];) \
                position[d] = 0;                                                                   \
        }                                                                                          \
    }
AVERAGE_PLANE(F32, float)
AVERAGE_PLANE(F64, double)

static Status average_pool(const KernelCall *call) {
    PoolCall pool;
    WindowPlane plane;
    TRY(pool_open(call, &pool));
    bool is_f32 = pool.src->dtype == DTYPE_F32;
    if (!is_f32 && pool.src->dtype != DTYPE_F64)
        return call_lacks_dtype(call, pool.src->dtype);
    TRY(window_plane_init(&plane, call, &pool.src->shape, &pool.dst->shape, NULL));
    bool with_padding = node_get_int(call->node, "count_include_pad", 0) != 0;
    size_t bytes = dtype_bytes(pool.src->dtype);
    if (tensor_elements(pool.dst) == 0)
        return status_ok();
    for (size_t p = 0; p < pool.planes; p++) {
        void *dst = (char *)pool.dst->data + p * plane.out_count * bytes;
        const void *src = (const char *)pool.src->data + p * plane.in_count * bytes;
        (is_f32 ? sum_plane_F32 : sum_plane_F64)(&plane, dst, src);
        (is_f32 ? divide_plane_F32 : divide_plane_F64)(&plane, dst, with_padding);
    }
    return status_ok();
}

Status reference_average_pool(const KernelCall *call) {
    return run_widened(call, average_pool);
}

static Status global_open(const KernelCall *call, PoolCall *pool, size_t *ret_count) {
    TRY(pool_open(call, pool));
    if (tensor_elements(pool->dst) != pool->planes)
        return call_invalid(call, "expected one element a plane, got %s",
                            SHAPE_TEXT(&pool->dst->shape));
    *ret_count = shape_product(&pool->src->shape, 2, (size_t)pool->src->shape.rank);
    return status_ok();
}

static Status global_max_pool(const KernelCall *call) {
    PoolCall pool;
    size_t count;
    TRY(global_open(call, &pool, &count));
    const PoolType *type = &TYPES[pool.src->dtype];
    if (!type->bytes)
        return call_lacks_dtype(call, pool.src->dtype);
    for (size_t p = 0; p < pool.planes; p++) {
        void *dst = (char *)pool.dst->data + p * type->bytes;
        type->fill(dst, 1);
        for (size_t i = 0; i < count; i++)
            type->keep_larger(dst, NULL, pool.src->data,
                              &(WindowRow){ .src = p * count + i, .count = 1, .step = 1 });
    }
    return status_ok();
}

Status reference_global_max_pool(const KernelCall *call) {
    return run_widened(call, global_max_pool);
}

static Status global_average_pool(const KernelCall *call) {
    PoolCall pool;
    size_t count;
    TRY(global_open(call, &pool, &count));
    bool is_f32 = pool.src->dtype == DTYPE_F32;
    if (!is_f32 && pool.src->dtype != DTYPE_F64)
        return call_lacks_dtype(call, pool.src->dtype);
    for (size_t p = 0; p < pool.planes; p++) {
        double sum = 0.0;
        for (size_t i = p * count; i < (p + 1) * count; i++)
            sum += is_f32 ? (double)((const float *)pool.src->data)[i]
                          : ((const double *)pool.src->data)[i];
        if (is_f32)
            ((float *)pool.dst->data)[p] = (float)(sum / (double)count);
        else
            ((double *)pool.dst->data)[p] = sum / (double)count;
    }
    return status_ok();
}

Status reference_global_average_pool(const KernelCall *call) {
    return run_widened(call, global_average_pool);
}
