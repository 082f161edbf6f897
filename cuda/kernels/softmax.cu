/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Softmax and its logarithm over one axis of [outer, axis, inner]: a block a line where the axis
 * is the last, a thread a line elsewhere. Scores of attention: scale, mask, causal limit and
 * softmax in one pass over a line.
 */

#include "cuda/kernels/common.cuh"

template <bool LOG, typename T>
__global__ void softmax_row(T *dst, const T *src, const __grid_constant__ AxisArgs args) {
    __shared__ float scratch[KERNEL_ROW_BLOCK / 32];
    for (uint32_t row = blockIdx.x; row < args.outer; row += gridDim.x) {
        const T *from = src + static_cast<size_t>(row) * args.axis;
        T *to = dst + static_cast<size_t>(row) * args.axis;
        float most = -INFINITY, sum = 0;
        for (uint32_t k = threadIdx.x; k < args.axis; k += KERNEL_ROW_BLOCK)
            most = fmaxf(most, to_float(from[k]));
        most = block_fold(most, scratch, FoldMax());
        for (uint32_t k = threadIdx.x; k < args.axis; k += KERNEL_ROW_BLOCK)
            sum += expf(to_float(from[k]) - most);
        sum = block_fold(sum, scratch, FoldSum());
        float log_sum = logf(sum);
        for (uint32_t k = threadIdx.x; k < args.axis; k += KERNEL_ROW_BLOCK) {
            float x = to_float(from[k]) - most;
            to[k] = from_float<T>(LOG ? x - log_sum : expf(x) / sum);
        }
    }
}

template <bool LOG, typename T>
__global__ void softmax_column(T *dst, const T *src, const __grid_constant__ AxisArgs args) {
    for (uint32_t line = first_index(); line < args.outer * args.inner; line += index_step()) {
        uint32_t base = line / args.inner * args.axis * args.inner + line % args.inner;
        float most = -INFINITY, sum = 0;
        for (uint32_t k = 0; k < args.axis; k++)
            most = fmaxf(most, to_float(src[base + k * args.inner]));
        for (uint32_t k = 0; k < args.axis; k++)
            sum += expf(to_float(src[base + k * args.inner]) - most);
        float log_sum = logf(sum);
        for (uint32_t k = 0; k < args.axis; k++) {
            float x = to_float(src[base + k * args.inner]) - most;
            dst[base + k * args.inner] = from_float<T>(LOG ? x - log_sum : expf(x) / sum);
        }
    }
}

__device__ inline float mask_value(const uint8_t *mask, int32_t at) {
    return mask[at] ? 0.0f : -INFINITY;
}
__device__ inline float mask_value(const float *mask, int32_t at) {
    return mask[at];
}
__device__ inline float mask_value(const half_t *mask, int32_t at) {
    return to_float(mask[at]);
}
__device__ inline float mask_value(const bfloat_t *mask, int32_t at) {
    return to_float(mask[at]);
}

template <typename T, typename M>
__device__ inline float score(const T *row, const M *mask, int32_t mask_base, uint32_t k,
                              int32_t limit, const ScoresArgs &args) {
    float x = to_float(row[k]) * args.scale;
    if (args.softcap > 0.0f)
        x = args.softcap * tanhf(x / args.softcap);
    if (mask)
        x += mask_value(mask, mask_base + static_cast<int32_t>(k) * args.mask.src[3]);
    return static_cast<int32_t>(k) <= limit ? x : -INFINITY;
}

/* In place: probs is where the products q k are. A line that sees nothing is not a number, as in
 * ONNX's text. */
template <typename T, typename M>
__global__ void scores(T *probs, const M *mask, const __grid_constant__ ScoresArgs args) {
    __shared__ float scratch[KERNEL_ROW_BLOCK / 32];
    for (uint32_t row = blockIdx.x; row < args.rows; row += gridDim.x) {
        T *line = probs + static_cast<size_t>(row) * args.keys;
        uint32_t query = row % args.queries, head = row / args.queries;
        int32_t base = static_cast<int32_t>(head / args.mask.dims[1]) * args.mask.src[0] +
                       static_cast<int32_t>(head % args.mask.dims[1]) * args.mask.src[1] +
                       static_cast<int32_t>(query) * args.mask.src[2];
        int32_t limit = args.causal_past == INT32_MAX
                            ? INT32_MAX
                            : static_cast<int32_t>(query) + args.causal_past;
        float most = -INFINITY, sum = 0;
        for (uint32_t k = threadIdx.x; k < args.keys; k += KERNEL_ROW_BLOCK)
            most = fmaxf(most, score(line, mask, base, k, limit, args));
        most = block_fold(most, scratch, FoldMax());
        for (uint32_t k = threadIdx.x; k < args.keys; k += KERNEL_ROW_BLOCK)
            sum += expf(score(line, mask, base, k, limit, args) - most);
        sum = block_fold(sum, scratch, FoldSum());
        for (uint32_t k = threadIdx.x; k < args.keys; k += KERNEL_ROW_BLOCK)
            line[k] = from_float<T>(expf(score(line, mask, base, k, limit, args) - most) / sum);
    }
}

KERNELS_C const void *kernel_softmax_row(bool log, DType dtype) {
    static const void *const table[2][FLOAT_TYPES] = { FLOAT_ROW(softmax_row, false, ),
                                                       FLOAT_ROW(softmax_row, true, ) };
    int column = float_column(dtype);
    return column < 0 ? nullptr : table[log][column];
}

KERNELS_C const void *kernel_softmax_column(bool log, DType dtype) {
    static const void *const table[2][FLOAT_TYPES] = { FLOAT_ROW(softmax_column, false, ),
                                                       FLOAT_ROW(softmax_column, true, ) };
    int column = float_column(dtype);
    return column < 0 ? nullptr : table[log][column];
}

KERNELS_C const void *kernel_scores(DType dtype, bool flags) {
    static const void *const table[2][FLOAT_TYPES] = {
        { address_of(scores<float, float>), address_of(scores<half_t, half_t>),
          address_of(scores<bfloat_t, bfloat_t>) },
        { address_of(scores<float, uint8_t>), address_of(scores<half_t, uint8_t>),
          address_of(scores<bfloat_t, uint8_t>) },
    };
    int column = float_column(dtype);
    return column < 0 ? nullptr : table[flags][column];
}
