/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Resize of the last two of four dims, in either layout, by strides. Source: ONNX Resize 19; modes
 * that crop, antialias or exclude what is outside stay on the CPU.
 */

#include "cuda/kernels/common.cuh"

__device__ inline float source_at(const ResizeArgs &args, int dim, uint32_t x) {
    float scale = args.scale[dim];
    float out = static_cast<float>(args.out[2 + dim]), in = static_cast<float>(args.in[2 + dim]);
    float at = static_cast<float>(x);
    switch (args.coordinate) {
    case RESIZE_ALIGN_CORNERS:
        return out == 1.0f ? 0.0f : at * (in - 1.0f) / (out - 1.0f);
    case RESIZE_ASYMMETRIC:
        return at / scale;
    case RESIZE_PYTORCH_HALF_PIXEL:
        return args.out[2 + dim] > 1 ? (at + 0.5f) / scale - 0.5f : 0.0f;
    default:
        return (at + 0.5f) / scale - 0.5f;
    }
}

__device__ inline int32_t nearest(ResizeRound round, float at) {
    switch (round) {
    case RESIZE_FLOOR:
        return static_cast<int32_t>(floorf(at));
    case RESIZE_CEIL:
        return static_cast<int32_t>(ceilf(at));
    case RESIZE_ROUND_PREFER_CEIL:
        return static_cast<int32_t>(floorf(at + 0.5f));
    default:
        return static_cast<int32_t>(ceilf(at - 0.5f));
    }
}

__device__ inline int32_t clamped(int32_t at, int32_t length) {
    return at < 0 ? 0 : at >= length ? length - 1 : at;
}

/* Up to four neighbours of a coordinate and their weights. */
struct Taps {
    int32_t at[4];
    float weight[4];
    int count;
};

__device__ inline Taps taps(const ResizeArgs &args, int dim, uint32_t x) {
    Taps t = {};
    int32_t length = args.in[2 + dim];
    float at = source_at(args, dim, x);
    if (args.mode == RESIZE_NEAREST) {
        t.count = 1;
        t.at[0] = clamped(nearest(args.round, at), length);
        t.weight[0] = 1.0f;
        return t;
    }
    float below = floorf(at), part = at - below;
    int32_t base = static_cast<int32_t>(below);
    if (args.mode == RESIZE_LINEAR) {
        t.count = 2;
        t.at[0] = clamped(base, length);
        t.at[1] = clamped(base + 1, length);
        t.weight[0] = 1.0f - part;
        t.weight[1] = part;
        return t;
    }
    t.count = 4;
    float a = args.cubic, rest = 1.0f - part, far = part + 1.0f, beyond = 2.0f - part;
    t.weight[0] = ((a * far - 5.0f * a) * far + 8.0f * a) * far - 4.0f * a;
    t.weight[1] = ((a + 2.0f) * part - (a + 3.0f)) * part * part + 1.0f;
    t.weight[2] = ((a + 2.0f) * rest - (a + 3.0f)) * rest * rest + 1.0f;
    t.weight[3] = ((a * beyond - 5.0f * a) * beyond + 8.0f * a) * beyond - 4.0f * a;
    for (int k = 0; k < 4; k++)
        t.at[k] = clamped(base - 1 + k, length);
    return t;
}

/* src is [a, b, h, w] by strides, dst the same dims in a row. */
template <typename T>
__global__ void resize(T *dst, const T *src, const __grid_constant__ ResizeArgs args,
                       const __grid_constant__ Walk1 walk) {
    for (uint32_t i = first_index(); i < args.count; i += index_step()) {
        uint32_t index = i, at[4];
        for (int dim = 3; dim >= 0; dim--) {
            at[dim] = index % args.out[dim];
            index /= args.out[dim];
        }
        Taps rows = taps(args, 0, at[2]), columns = taps(args, 1, at[3]);
        const T *base = src + static_cast<int32_t>(at[0]) * args.src[0] +
                        static_cast<int32_t>(at[1]) * args.src[1];
        float sum = 0;
        for (int r = 0; r < rows.count; r++) {
            float line = 0;
            for (int c = 0; c < columns.count; c++)
                line += columns.weight[c] *
                        to_float(base[rows.at[r] * args.src[2] + columns.at[c] * args.src[3]]);
            sum += rows.weight[r] * line;
        }
        int32_t to = 0;
        for (int dim = 0; dim < 4; dim++)
            to += static_cast<int32_t>(at[dim]) * walk.dst[dim];
        dst[to] = from_float<T>(sum);
    }
}

KERNELS_C const void *kernel_resize(DType dtype) {
    static const void *const table[FLOAT_TYPES] = FLOAT_ROW(resize, );
    int column = float_column(dtype);
    return column < 0 ? nullptr : table[column];
}
