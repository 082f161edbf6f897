/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One input of whole numbers or flags, and the questions whether a float is NaN or infinite.
 * Arithmetic wraps around, as on every device.
 */

#include "cuda/kernels/common.cuh"

/* types: for which the operator is defined */
#define WHOLE_FUNCTION(name, types, expression)                                                    \
    struct Whole_##name {                                                                          \
        static constexpr int TYPES = types;                                                        \
        template <typename T> static __device__ T apply(T x) {                                     \
            return static_cast<T>(expression);                                                     \
        }                                                                                          \
    };
enum { ANY_TYPE, SIGNED_TYPE, FLAG_TYPE };

WHOLE_FUNCTION(ABS, ANY_TYPE, is_negative(x) ? T(0) - x : x)
WHOLE_FUNCTION(BITWISE_NOT, ANY_TYPE, ~x)
WHOLE_FUNCTION(NEG, SIGNED_TYPE, T(0) - x)
WHOLE_FUNCTION(NOT, FLAG_TYPE, x == T(0))
WHOLE_FUNCTION(RELU, SIGNED_TYPE, is_negative(x) ? T(0) : x)
WHOLE_FUNCTION(SIGN, ANY_TYPE, x > T(0) ? T(1) : x == T(0) ? T(0) : T(0) - T(1))

template <typename F, typename T>
__global__ void whole(T *dst, const T *src, uint32_t count, float, float) {
    for (uint32_t i = first_index(); i < count; i += index_step())
        dst[i] = F::apply(src[i]);
}

template <bool INFINITE, typename T>
__global__ void float_test(bool *dst, const T *src, uint32_t count, float negative,
                           float positive) {
    for (uint32_t i = first_index(); i < count; i += index_step()) {
        float x = to_float(src[i]);
        dst[i] = INFINITE ? isinf(x) && (x < 0.0f ? negative : positive) != 0.0f : isnan(x);
    }
}

enum { WHOLE_TYPES = 5 };
static int whole_column(DType dtype) {
    switch (dtype) {
    case DTYPE_I32:
        return 0;
    case DTYPE_I64:
        return 1;
    case DTYPE_I8:
        return 2;
    case DTYPE_U8:
    case DTYPE_BOOL:
        return 3;
    case DTYPE_I16:
        return 4;
    default:
        return -1;
    }
}

/* nullptr where the operator is not defined for the type: no instance is made. */
template <typename F, typename T> inline const void *whole_address() {
    constexpr bool is_flag = sizeof(T) == 1 && T(-1) > T(0), is_signed = T(-1) < T(0);
    if constexpr ((F::TYPES == SIGNED_TYPE && !is_signed) || (F::TYPES == FLAG_TYPE && !is_flag))
        return nullptr;
    else
        return address_of(whole<F, T>);
}

KERNELS_C const void *kernel_whole(WholeOp op, DType dtype) {
#define WHOLE_ROW(name, text)                                                                      \
    { whole_address<Whole_##name, int32_t>(), whole_address<Whole_##name, int64_t>(),              \
      whole_address<Whole_##name, int8_t>(), whole_address<Whole_##name, uint8_t>(),               \
      whole_address<Whole_##name, int16_t>() },
    static const void *const table[WHOLE_COUNT][WHOLE_TYPES] = { WHOLE_OPS(WHOLE_ROW) };
    int column = whole_column(dtype);
    return column < 0 ? nullptr : table[op][column];
}

KERNELS_C const void *kernel_float_test(bool infinite, DType dtype) {
    static const void *const table[2][FLOAT_TYPES] = { FLOAT_ROW(float_test, false, ),
                                                       FLOAT_ROW(float_test, true, ) };
    int column = float_column(dtype);
    return column < 0 ? nullptr : table[infinite][column];
}
