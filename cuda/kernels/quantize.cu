/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Between floats and 8-bit integers by a scale and a zero point, one for all or one an entry of an
 * axis. The quotient has
 * the float's own precision, half rounds to even; what does not fit is the nearest end. zero may be
 * NULL: 0.
 */

#include "cuda/kernels/common.cuh"

template <typename From, typename To>
__global__ void quantize(To *dst, const From *src, const From *scale, const To *zero,
                         const __grid_constant__ QuantizeArgs args) {
    for (uint32_t i = first_index(); i < args.count; i += index_step()) {
        uint32_t at = i / args.inner % args.axis;
        float x = rintf(to_float(from_float<From>(to_float(src[i]) / to_float(scale[at]))));
        x += zero ? static_cast<float>(zero[at]) : 0.0f;
        x = fminf(fmaxf(x, static_cast<float>(args.low)), static_cast<float>(args.high));
        dst[i] = static_cast<To>(static_cast<int32_t>(x));
    }
}

template <typename From, typename To>
__global__ void dequantize(To *dst, const From *src, const To *scale, const From *zero,
                           const __grid_constant__ QuantizeArgs args) {
    for (uint32_t i = first_index(); i < args.count; i += index_step()) {
        uint32_t at = i / args.inner % args.axis;
        int32_t x = static_cast<int32_t>(src[i]) - (zero ? static_cast<int32_t>(zero[at]) : 0);
        dst[i] = from_float<To>(static_cast<float>(x) * to_float(scale[at]));
    }
}

KERNELS_C const void *kernel_quantize(DType from, DType to) {
    static const void *const table[FLOAT_TYPES][2] = {
        { address_of(quantize<float, uint8_t>), address_of(quantize<float, int8_t>) },
        { address_of(quantize<half_t, uint8_t>), address_of(quantize<half_t, int8_t>) },
        { address_of(quantize<bfloat_t, uint8_t>), address_of(quantize<bfloat_t, int8_t>) },
    };
    int row = float_column(from), column = to == DTYPE_U8 ? 0 : to == DTYPE_I8 ? 1 : -1;
    return row < 0 || column < 0 ? nullptr : table[row][column];
}

KERNELS_C const void *kernel_dequantize(DType from, DType to) {
    static const void *const table[3][FLOAT_TYPES] = {
        { address_of(dequantize<uint8_t, float>), address_of(dequantize<uint8_t, half_t>),
          address_of(dequantize<uint8_t, bfloat_t>) },
        { address_of(dequantize<int8_t, float>), address_of(dequantize<int8_t, half_t>),
          address_of(dequantize<int8_t, bfloat_t>) },
        { address_of(dequantize<int32_t, float>), address_of(dequantize<int32_t, half_t>),
          address_of(dequantize<int32_t, bfloat_t>) },
    };
    int row = from == DTYPE_U8 ? 0 : from == DTYPE_I8 ? 1 : from == DTYPE_I32 ? 2 : -1;
    int column = float_column(to);
    return row < 0 || column < 0 ? nullptr : table[row][column];
}
