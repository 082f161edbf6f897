/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Normalisations. A row is a block's: layer, instance, group and root-mean-square norms differ only
 * in what a row is and in which scale an element has. The mean is taken first, then the spread
 * around it, since one pass over both loses digits. Batch norm has its statistics given.
 */

#include "cuda/kernels/common.cuh"

/* mean and inverse may be NULL: where the row's statistics go, in f32. */
template <bool CENTRED, typename T>
__global__ void norm(T *dst, const T *src, const T *scale, const T *bias, float *mean,
                     float *inverse, const __grid_constant__ NormArgs args) {
    __shared__ float scratch[KERNEL_ROW_BLOCK / 32];
    for (uint32_t row = blockIdx.x; row < args.rows; row += gridDim.x) {
        size_t base = static_cast<size_t>(row) * args.width;
        float centre = 0, spread = 0;
        if (CENTRED) {
            for (uint32_t i = threadIdx.x; i < args.width; i += KERNEL_ROW_BLOCK)
                centre += to_float(src[base + i]);
            centre = block_fold(centre, scratch, FoldSum()) / static_cast<float>(args.width);
        }
        for (uint32_t i = threadIdx.x; i < args.width; i += KERNEL_ROW_BLOCK) {
            float x = to_float(src[base + i]) - centre;
            spread += x * x;
        }
        spread = block_fold(spread, scratch, FoldSum()) / static_cast<float>(args.width);
        float factor = 1.0f / sqrtf(spread + args.epsilon);
        for (uint32_t i = threadIdx.x; i < args.width; i += KERNEL_ROW_BLOCK) {
            size_t at = (base + i) / args.scale_div % args.scale_mod;
            float x = (to_float(src[base + i]) - centre) * factor;
            x = scale ? x * to_float(scale[at]) : x;
            dst[base + i] = from_float<T>(bias ? x + to_float(bias[at]) : x);
        }
        if (threadIdx.x == 0 && mean)
            mean[row] = centre;
        if (threadIdx.x == 0 && inverse)
            inverse[row] = factor;
    }
}

/* [outer, channels, inner] */
template <typename T>
__global__ void batch_norm(T *dst, const T *src, const T *scale, const T *bias, const T *mean,
                           const T *variance, const __grid_constant__ AxisArgs args,
                           float epsilon) {
    uint32_t count = args.outer * args.axis * args.inner;
    for (uint32_t i = first_index(); i < count; i += index_step()) {
        uint32_t channel = i / args.inner % args.axis;
        float factor = to_float(scale[channel]) / sqrtf(to_float(variance[channel]) + epsilon);
        dst[i] = from_float<T>((to_float(src[i]) - to_float(mean[channel])) * factor +
                               to_float(bias[channel]));
    }
}

/* Over neighbouring channels of [outer, channels, inner]. */
template <typename T>
__global__ void lrn(T *dst, const T *src, const __grid_constant__ AxisArgs args, int32_t size,
                    float alpha, float beta, float bias) {
    uint32_t count = args.outer * args.axis * args.inner;
    for (uint32_t i = first_index(); i < count; i += index_step()) {
        int32_t channel = static_cast<int32_t>(i / args.inner % args.axis);
        int32_t begin = channel - (size - 1) / 2, end = channel + size / 2;
        begin = begin < 0 ? 0 : begin;
        end = end >= static_cast<int32_t>(args.axis) ? static_cast<int32_t>(args.axis) - 1 : end;
        float sum = 0;
        for (int32_t k = begin; k <= end; k++) {
            float x = to_float(src[i + static_cast<uint32_t>(k - channel) * args.inner]);
            sum += x * x;
        }
        dst[i] = from_float<T>(to_float(src[i]) /
                               powf(bias + alpha / static_cast<float>(size) * sum, beta));
    }
}

template <typename T>
__global__ void lp_norm(T *dst, const T *src, const __grid_constant__ AxisArgs args, int32_t p) {
    for (uint32_t line = first_index(); line < args.outer * args.inner; line += index_step()) {
        uint32_t base = line / args.inner * args.axis * args.inner + line % args.inner;
        float sum = 0;
        for (uint32_t k = 0; k < args.axis; k++) {
            float x = to_float(src[base + k * args.inner]);
            sum += p == 1 ? fabsf(x) : x * x;
        }
        sum = p == 1 ? sum : sqrtf(sum);
        for (uint32_t k = 0; k < args.axis; k++) {
            float x = to_float(src[base + k * args.inner]);
            dst[base + k * args.inner] = from_float<T>(sum == 0.0f ? 0.0f : x / sum);
        }
    }
}

KERNELS_C const void *kernel_norm(bool centred, DType dtype) {
    static const void *const table[2][FLOAT_TYPES] = { FLOAT_ROW(norm, false, ),
                                                       FLOAT_ROW(norm, true, ) };
    int column = float_column(dtype);
    return column < 0 ? nullptr : table[centred][column];
}

#define NORM_FIND(name, kernel)                                                                    \
    KERNELS_C const void *name(DType dtype) {                                                      \
        static const void *const table[FLOAT_TYPES] = FLOAT_ROW(kernel, );                         \
        int column = float_column(dtype);                                                          \
        return column < 0 ? nullptr : table[column];                                               \
    }
NORM_FIND(kernel_batch_norm, batch_norm)
NORM_FIND(kernel_lrn, lrn)
NORM_FIND(kernel_lp_norm, lp_norm)
