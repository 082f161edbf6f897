/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * CumSum and CumProd: along the axis each row is the row before it combined with a row of the
 * source, its own or, when exclusive, the one before. Integers wrap; half precision is computed in
 * float.
 *
 * Source: ONNX CumSum 14, CumProd 26. Thread: any that runs kernels.
 */

#include "runtime/cpu/reference/reference_kernels.h"
#include "runtime/cpu/reference/reference_util.h"

#include <string.h>

typedef struct CumulativeType {
    size_t bytes;
    void (*add)(void *dst, const void *before, const void *src, size_t count);
    void (*multiply)(void *dst, const void *before, const void *src, size_t count);
    void (*fill)(void *dst, size_t count, bool one);
} CumulativeType;

#define CUMULATIVE_TYPE(S, T, W)                                                                   \
    static void add_##S(void *dst, const void *before, const void *src, size_t count) {            \
        for (size_t i = 0; i < count; i++)                                                         \
            ((T *)dst)[i] = (T)((W)((const T *)before)[i] + (W)((const T *)src)[i]);               \
    }                                                                                              \
    static void multiply_##S(void *dst, const void *before, const void *src, size_t count) {       \
        for (size_t i = 0; i < count; i++)                                                         \
            ((T *)dst)[i] = (T)((W)((const T *)before)[i] * (W)((const T *)src)[i]);               \
    }                                                                                              \
    static void fill_##S(void *dst, size_t count, bool one) {                                      \
        for (size_t i = 0; i < count; i++)                                                         \
            ((T *)dst)[i] = one ? (T)1 : (T)0;                                                     \
    }
CUMULATIVE_TYPE(F32, float, float)
CUMULATIVE_TYPE(F64, double, double)
CUMULATIVE_TYPE(I32, int32_t, uint32_t)
CUMULATIVE_TYPE(U32, uint32_t, uint32_t)
CUMULATIVE_TYPE(I64, int64_t, uint64_t)
CUMULATIVE_TYPE(U64, uint64_t, uint64_t)

#define TYPE_ROW(S, T) [DTYPE_##S] = { sizeof(T), add_##S, multiply_##S, fill_##S }
static const CumulativeType TYPES[DTYPE_COUNT] = {
    TYPE_ROW(F32, float),    TYPE_ROW(F64, double),  TYPE_ROW(I32, int32_t),
    TYPE_ROW(U32, uint32_t), TYPE_ROW(I64, int64_t), TYPE_ROW(U64, uint64_t),
};

typedef struct Line {
    size_t dim, row; /* rows along the axis, elements in one */
    bool multiplies, exclusive, reverse;
} Line;

static void run_line(const CumulativeType *type, const Line *line, char *dst, const char *src) {
    size_t width = line->row * type->bytes;
    for (size_t step = 0; step < line->dim; step++) {
        size_t at = line->reverse ? line->dim - 1 - step : step;
        size_t before = line->reverse ? at + 1 : at - 1; /* of no use at step 0 */
        const char *own = src + (line->exclusive ? before : at) * width;
        if (step == 0 && line->exclusive)
            type->fill(dst + at * width, line->row, line->multiplies);
        else if (step == 0)
            memcpy(dst + at * width, own, width);
        else
            (line->multiplies ? type->multiply : type->add)(dst + at * width, dst + before * width,
                                                            own, line->row);
    }
}

static Status cumulate(const KernelCall *call, bool multiplies) {
    const Tensor *src, *axis_tensor;
    Tensor *dst;
    size_t axis, count;
    int64_t wanted;
    TRY(call_get_first(call, &src, &dst));
    TRY(call_get_src(call, 1, &axis_tensor));
    TRY(call_check_dtype(call, src->dtype, dst));
    TRY(call_check_shape(call, &src->shape, dst));
    TRY(call_get_ints(call, axis_tensor, 1, &wanted, &count));
    if (count != 1)
        return call_invalid(call, "axis is missing");
    Status status = shape_axis(wanted, src->shape.rank, &axis);
    if (!status_is_ok(&status))
        return status_prefix(&status, "%s", call->node->op->name);
    const CumulativeType *type = &TYPES[src->dtype];
    if (!type->bytes)
        return call_lacks_dtype(call, src->dtype);
    Line line = { .dim = (size_t)src->shape.dims[axis],
                  .row = shape_product(&src->shape, axis + 1, (size_t)src->shape.rank),
                  .multiplies = multiplies,
                  .exclusive = node_get_int(call->node, "exclusive", 0) != 0,
                  .reverse = node_get_int(call->node, "reverse", 0) != 0 };
    size_t lines = shape_product(&src->shape, 0, axis), bytes = line.dim * line.row * type->bytes;
    for (size_t i = 0; i < lines && bytes > 0; i++)
        run_line(type, &line, (char *)dst->data + i * bytes, (const char *)src->data + i * bytes);
    return status_ok();
}

static Status sum(const KernelCall *call) {
    return cumulate(call, false);
}

static Status product(const KernelCall *call) {
    return cumulate(call, true);
}

Status reference_cum_sum(const KernelCall *call) {
    return run_widened(call, sum);
}

Status reference_cum_prod(const KernelCall *call) {
    return run_widened(call, product);
}
