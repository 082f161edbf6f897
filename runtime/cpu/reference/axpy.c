/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The inner loop of convolution and matrix products for each type. It is written so that the
 * compiler vectorises the case of neighbouring elements. Thread: any.
 */

#include "runtime/cpu/reference/axpy.h"

#define AXPY(S, T, W)                                                                              \
    static void axpy_##S(void *dst, const void *factor, const void *src, int64_t step,             \
                         size_t count) {                                                           \
        const W scale = (W) * (const T *)factor;                                                   \
        T *to = dst;                                                                               \
        const T *from = src;                                                                       \
        if (step == 1) {                                                                           \
            for (size_t i = 0; i < count; i++)                                                     \
                to[i] = (T)((W)to[i] + scale * (W)from[i]);                                        \
            return;                                                                                \
        }                                                                                          \
        for (size_t i = 0; i < count; i++)                                                         \
            to[i] = (T)((W)to[i] + scale * (W)from[(int64_t)i * step]);                            \
    }
AXPY(F32, float, float)
AXPY(F64, double, double)
AXPY(I32, int32_t, uint32_t)
AXPY(U32, uint32_t, uint32_t)
AXPY(I64, int64_t, uint64_t)
AXPY(U64, uint64_t, uint64_t)

static const AxpyFn TABLE[DTYPE_COUNT] = {
    [DTYPE_F32] = axpy_F32, [DTYPE_F64] = axpy_F64, [DTYPE_I32] = axpy_I32,
    [DTYPE_U32] = axpy_U32, [DTYPE_I64] = axpy_I64, [DTYPE_U64] = axpy_U64,
};

AxpyFn axpy_find(DType dtype) {
    return (unsigned)dtype < DTYPE_COUNT ? TABLE[dtype] : NULL;
}
