/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What all kernels share: narrow floats as f32, the walk from a linear index to offsets, sums over
 * a block, and the tables that turn a DType into a column of instances.
 */

#include "cuda/kernels/kernels.h"

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <stdint.h>

using half_t = __half;
using bfloat_t = __nv_bfloat16;

__device__ inline float to_float(float x) {
    return x;
}
__device__ inline float to_float(half_t x) {
    return __half2float(x);
}
__device__ inline float to_float(bfloat_t x) {
    return __bfloat162float(x);
}
template <typename T> __device__ inline T from_float(float x);
template <> __device__ inline float from_float<float>(float x) {
    return x;
}
template <> __device__ inline half_t from_float<half_t>(float x) {
    return __float2half_rn(x);
}
template <> __device__ inline bfloat_t from_float<bfloat_t>(float x) {
    return __float2bfloat16_rn(x);
}

/* The first index of a thread and its step, so that any grid does all the work. */
__device__ inline uint32_t first_index() {
    return blockIdx.x * blockDim.x + threadIdx.x;
}
__device__ inline uint32_t index_step() {
    return gridDim.x * blockDim.x;
}

/* Memory of size N bytes an element, moved without looking at it. */
template <int N> struct Item;
template <> struct Item<1> { using type = uint8_t; };
template <> struct Item<2> { using type = uint16_t; };
template <> struct Item<4> { using type = uint32_t; };
template <> struct Item<8> { using type = uint64_t; };

/* Of an unsigned number the compiler would call the question pointless. */
template <typename T> __device__ inline bool is_negative(T x) {
    if constexpr (T(-1) < T(0))
        return x < T(0);
    return false;
}

/* Folds a value over the block's threads; every thread gets the result. scratch: one a warp. */
template <typename F> __device__ inline float block_fold(float value, float *scratch, F fold) {
    for (int step = 16; step > 0; step >>= 1)
        value = fold(value, __shfl_xor_sync(0xffffffffu, value, step));
    __syncthreads(); /* what the last fold left may still be read */
    if ((threadIdx.x & 31) == 0)
        scratch[threadIdx.x >> 5] = value;
    __syncthreads();
    value = scratch[0];
    for (uint32_t warp = 1; warp < blockDim.x / 32; warp++)
        value = fold(value, scratch[warp]);
    return value;
}

struct FoldSum {
    __device__ float operator()(float a, float b) const {
        return a + b;
    }
};
struct FoldMax {
    __device__ float operator()(float a, float b) const {
        return a != a || a > b ? a : b;
    }
};

enum { FLOAT_TYPES = 3 };
/* f32, f16, bf16; others have no column. */
inline int float_column(DType dtype) {
    return dtype == DTYPE_F32 ? 0 : dtype == DTYPE_F16 ? 1 : dtype == DTYPE_BF16 ? 2 : -1;
}
inline int item_column(size_t bytes) {
    return bytes == 1 ? 0 : bytes == 2 ? 1 : bytes == 4 ? 2 : bytes == 8 ? 3 : -1;
}
template <typename F> inline const void *address_of(F *kernel) {
    return reinterpret_cast<const void *>(kernel);
}
#define FLOAT_ROW(kernel, ...)                                                                     \
    {                                                                                              \
        address_of(kernel<__VA_ARGS__ float>), address_of(kernel<__VA_ARGS__ half_t>),             \
            address_of(kernel<__VA_ARGS__ bfloat_t>)                                               \
    }
#define ITEM_ROW(kernel, ...)                                                                      \
    {                                                                                              \
        address_of(kernel<1 __VA_ARGS__>), address_of(kernel<2 __VA_ARGS__>),                      \
            address_of(kernel<4 __VA_ARGS__>), address_of(kernel<8 __VA_ARGS__>)                   \
    }
