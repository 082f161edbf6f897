/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What slides a window over up to three spatial dims, in either layout, by strides: pooling with
 * ONNX's ceil_mode, dilations and count_include_pad, which cuDNN's does not have; and a plain
 * convolution for what cuDNN has no plan for. A thread a result.
 */

#include "cuda/kernels/common.cuh"

struct Position {
    uint32_t batch, channel;
    int32_t at[POOL_RANK];
};

/* Channels innermost, so that neighbours in a warp read neighbours where layout is channels last.
 */
template <typename A> __device__ inline Position position(const A &args, uint32_t index) {
    Position p;
    p.channel = index % args.channels;
    index /= args.channels;
    for (int dim = POOL_RANK - 1; dim >= 0; dim--) {
        p.at[dim] = static_cast<int32_t>(index % args.out[dim]);
        index /= args.out[dim];
    }
    p.batch = index;
    return p;
}

template <typename A> __device__ inline int32_t result_offset(const A &args, const Position &p) {
    int32_t offset = static_cast<int32_t>(p.batch) * args.dst_batch +
                     static_cast<int32_t>(p.channel) * args.dst_channel;
    for (int dim = 0; dim < POOL_RANK; dim++)
        offset += p.at[dim] * args.dst_step[dim];
    return offset;
}

struct PoolMax {
    static __device__ float start() {
        return -INFINITY;
    }
    static __device__ float add(float sum, float x, float) {
        return x != x || x > sum ? x : sum;
    }
    static __device__ float finish(float sum, int32_t, float) {
        return sum;
    }
};
struct PoolAverage {
    static __device__ float start() {
        return 0;
    }
    static __device__ float add(float sum, float x, float) {
        return sum + x;
    }
    static __device__ float finish(float sum, int32_t count, float) {
        return sum / static_cast<float>(count);
    }
};
struct PoolLp {
    static __device__ float start() {
        return 0;
    }
    static __device__ float add(float sum, float x, float p) {
        return sum + (p == 2.0f ? x * x : p == 1.0f ? fabsf(x) : powf(fabsf(x), p));
    }
    static __device__ float finish(float sum, int32_t, float p) {
        return p == 2.0f ? sqrtf(sum) : p == 1.0f ? sum : powf(sum, 1.0f / p);
    }
};

/* Positions of a window's dim that count for the average: padding too, but not what ceil_mode
 * added beyond it. */
__device__ inline bool counts(const PoolArgs &args, int dim, int32_t at) {
    return at >= -args.pad_begin[dim] && at < args.in[dim] + args.pad_end[dim];
}
__device__ inline bool inside(int32_t at, int32_t length) {
    return at >= 0 && at < length;
}

template <typename F, typename T>
__global__ void pool(T *dst, const T *src, const __grid_constant__ PoolArgs args) {
    for (uint32_t i = first_index(); i < args.count; i += index_step()) {
        Position p = position(args, i);
        const T *base = src + static_cast<int32_t>(p.batch) * args.src_batch +
                        static_cast<int32_t>(p.channel) * args.src_channel;
        float sum = F::start();
        int32_t seen = 0;
        for (int32_t a = 0; a < args.kernel[0]; a++) {
            int32_t x = p.at[0] * args.stride[0] - args.pad_begin[0] + a * args.dilation[0];
            for (int32_t b = 0; b < args.kernel[1]; b++) {
                int32_t y = p.at[1] * args.stride[1] - args.pad_begin[1] + b * args.dilation[1];
                for (int32_t c = 0; c < args.kernel[2]; c++) {
                    int32_t z = p.at[2] * args.stride[2] - args.pad_begin[2] + c * args.dilation[2];
                    bool in =
                        inside(x, args.in[0]) && inside(y, args.in[1]) && inside(z, args.in[2]);
                    bool counted = counts(args, 0, x) && counts(args, 1, y) && counts(args, 2, z);
                    seen += in || (args.count_include_pad && counted);
                    if (in)
                        sum = F::add(sum,
                                     to_float(base[x * args.src_step[0] + y * args.src_step[1] +
                                                   z * args.src_step[2]]),
                                     args.p);
                }
            }
        }
        dst[result_offset(args, p)] = from_float<T>(F::finish(sum, seen, args.p));
    }
}

/* bias may be NULL. Sums in f32. */
template <typename T>
__global__ void conv(T *dst, const T *src, const T *weights, const T *bias,
                     const __grid_constant__ ConvArgs args) {
    for (uint32_t i = first_index(); i < args.count; i += index_step()) {
        Position p = position(args, i);
        uint32_t group = p.channel / args.group_out;
        const T *base = src + static_cast<int32_t>(p.batch) * args.src_batch +
                        static_cast<int32_t>(group * args.group_in) * args.src_channel;
        const T *factor = weights + static_cast<int32_t>(p.channel) * args.weight_out;
        float sum = 0;
        for (int32_t a = 0; a < args.kernel[0]; a++) {
            int32_t x = p.at[0] * args.stride[0] - args.pad_begin[0] + a * args.dilation[0];
            for (int32_t b = 0; b < args.kernel[1]; b++) {
                int32_t y = p.at[1] * args.stride[1] - args.pad_begin[1] + b * args.dilation[1];
                for (int32_t c = 0; c < args.kernel[2]; c++) {
                    int32_t z = p.at[2] * args.stride[2] - args.pad_begin[2] + c * args.dilation[2];
                    if (!inside(x, args.in[0]) || !inside(y, args.in[1]) || !inside(z, args.in[2]))
                        continue;
                    int32_t from =
                        x * args.src_step[0] + y * args.src_step[1] + z * args.src_step[2];
                    int32_t at =
                        a * args.weight_step[0] + b * args.weight_step[1] + c * args.weight_step[2];
                    for (uint32_t k = 0; k < args.group_in; k++)
                        sum += to_float(base[from + static_cast<int32_t>(k) * args.src_channel]) *
                               to_float(factor[at + static_cast<int32_t>(k) * args.weight_in]);
                }
            }
        }
        sum += bias ? to_float(bias[p.channel]) : 0.0f;
        dst[result_offset(args, p)] = from_float<T>(args.relu && sum < 0.0f ? 0.0f : sum);
    }
}

KERNELS_C const void *kernel_pool(PoolOp op, DType dtype) {
    static const void *const table[POOL_COUNT][FLOAT_TYPES] = { FLOAT_ROW(pool, PoolMax, ),
                                                                FLOAT_ROW(pool, PoolAverage, ),
                                                                FLOAT_ROW(pool, PoolLp, ) };
    int column = float_column(dtype);
    return column < 0 ? nullptr : table[op][column];
}

KERNELS_C const void *kernel_conv(DType dtype) {
    static const void *const table[FLOAT_TYPES] = FLOAT_ROW(conv, );
    int column = float_column(dtype);
    return column < 0 ? nullptr : table[column];
}
