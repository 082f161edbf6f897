/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Elements to and from places given by offsets. With no reduction elements are moved as bytes and
 * the last of equal offsets stays; reductions go one by one through element_io, each step rounded
 * to the type.
 *
 * Source: ONNX ScatterElements 18, ScatterND 18. Thread: any that runs kernels.
 */

#include "runtime/cpu/reference/offsets.h"

#include "runtime/cpu/reference/element_io.h"

#include <math.h>
#include <string.h>

typedef struct Bytes16 {
    uint64_t low, high;
} Bytes16;

#define FOR_WIDTH(bytes, RUN)                                                                      \
    do {                                                                                           \
        if ((bytes) == 1)                                                                          \
            RUN(uint8_t);                                                                          \
        else if ((bytes) == 2)                                                                     \
            RUN(uint16_t);                                                                         \
        else if ((bytes) == 4)                                                                     \
            RUN(uint32_t);                                                                         \
        else if ((bytes) == 8)                                                                     \
            RUN(uint64_t);                                                                         \
        else                                                                                       \
            RUN(Bytes16);                                                                          \
    } while (0)

void gather_offsets(void *dst, const void *src, const int64_t *offsets, size_t count,
                    size_t bytes) {
#define RUN(T)                                                                                     \
    for (size_t i = 0; i < count; i++)                                                             \
    ((T *)dst)[i] = ((const T *)src)[offsets[i]]
    FOR_WIDTH(bytes, RUN);
#undef RUN
}

void scatter_offsets(void *dst, const void *src, const int64_t *offsets, size_t count,
                     size_t bytes) {
#define RUN(T)                                                                                     \
    for (size_t i = 0; i < count; i++)                                                             \
    ((T *)dst)[offsets[i]] = ((const T *)src)[i]
    FOR_WIDTH(bytes, RUN);
#undef RUN
}

Status offsets_check(const KernelCall *call, int64_t dim, int64_t *index) {
    if (*index < -dim || *index >= dim)
        return call_invalid(call, "index %lld is out of range [%lld,%lld)", (long long)*index,
                            (long long)-dim, (long long)dim);
    *index += *index < 0 ? dim : 0;
    return status_ok();
}

static const char *const REDUCTIONS[] = { "none", "add", "mul", "max", "min" };

Status reduction_read(const KernelCall *call, Reduction *ret_reduction) {
    StringView text = node_get_string(call->node, "reduction", "none");
    for (size_t i = 0; i < ARRAY_LENGTH(REDUCTIONS); i++)
        if (strlen(REDUCTIONS[i]) == text.length &&
            memcmp(REDUCTIONS[i], text.data, text.length) == 0) {
            *ret_reduction = (Reduction)i;
            return status_ok();
        }
    return call_invalid(call, "reduction '%.*s' is none of none, add, mul, max, min",
                        (int)MIN_OF(text.length, 64u), text.data);
}

static double reduce_float(Reduction reduction, double a, double b) {
    if (reduction == REDUCE_ADD)
        return a + b;
    if (reduction == REDUCE_MUL)
        return a * b;
    if (isnan(a) || isnan(b))
        return (double)NAN;
    return reduction == REDUCE_MAX ? MAX_OF(a, b) : MIN_OF(a, b);
}

static int64_t reduce_int(Reduction reduction, int64_t a, int64_t b, int64_t flip) {
    if (reduction == REDUCE_ADD)
        return (int64_t)((uint64_t)a + (uint64_t)b);
    if (reduction == REDUCE_MUL)
        return (int64_t)((uint64_t)a * (uint64_t)b);
    bool keeps = reduction == REDUCE_MAX ? (a ^ flip) >= (b ^ flip) : (a ^ flip) <= (b ^ flip);
    return keeps ? a : b;
}

void reduce_offsets(Reduction reduction, Tensor *dst, const Tensor *updates, size_t first,
                    const int64_t *offsets, size_t count) {
    const ElementIo *io = element_io_find(dst->dtype);
    int64_t flip = dst->dtype == DTYPE_U64 ? INT64_MIN : 0, whole[2];
    double values[2];
    for (size_t i = 0; i < count; i++) {
        size_t at = (size_t)offsets[i];
        if (dtype_info(dst->dtype)->is_float) {
            io->load_f64(dst->data, at, 1, 1, &values[0]);
            io->load_f64(updates->data, first + i, 1, 1, &values[1]);
            values[0] = reduce_float(reduction, values[0], values[1]);
            io->store_f64(dst->data, at, 1, values);
        } else {
            io->load_i64(dst->data, at, 1, 1, &whole[0]);
            io->load_i64(updates->data, first + i, 1, 1, &whole[1]);
            whole[0] = reduce_int(reduction, whole[0], whole[1], flip);
            io->store_i64(dst->data, at, 1, whole);
        }
    }
}

Status reduction_check(const KernelCall *call, Reduction reduction, DType dtype) {
    if (reduction != REDUCE_NONE && (!element_io_find(dtype) || dtype_is_packed(dtype)))
        return call_lacks_dtype(call, dtype);
    return status_ok();
}
