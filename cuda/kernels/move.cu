/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Elements moved without being looked at, by their size: transposes, slices, concatenation and
 * expansion are one strided copy; the exchange of two dims goes through shared memory, so that both
 * sides are read and written in whole lines; padding; choice by a flag.
 */

#include "cuda/kernels/common.cuh"

template <int N>
__global__ void copy(typename Item<N>::type *dst, const typename Item<N>::type *src,
                     const __grid_constant__ Walk1 walk) {
    for (uint32_t i = first_index(); i < walk.count; i += index_step()) {
        int32_t from = walk.src_start, to = walk.dst_start;
        uint32_t index = i;
        for (int32_t dim = walk.rank - 1; dim >= 0; dim--) {
            uint32_t next = index / walk.dims[dim];
            int32_t at = static_cast<int32_t>(index - next * walk.dims[dim]);
            from += at * walk.src[dim];
            to += at * walk.dst[dim];
            index = next;
        }
        dst[to] = src[from];
    }
}

enum { TURN_TILE = 32, TURN_ROWS = 8 };

/* One tile a block of (TURN_TILE, TURN_ROWS) threads; z is the batch. A column more than the tile
 * keeps the columns of shared memory in different banks. */
template <int N>
__global__ void turn(typename Item<N>::type *dst, const typename Item<N>::type *src, uint32_t rows,
                     uint32_t columns) {
    __shared__ typename Item<N>::type tile[TURN_TILE][TURN_TILE + 1];
    size_t base = static_cast<size_t>(blockIdx.z) * rows * columns;
    uint32_t column = blockIdx.x * TURN_TILE + threadIdx.x, row = blockIdx.y * TURN_TILE;
    for (uint32_t i = threadIdx.y; i < TURN_TILE; i += TURN_ROWS)
        if (row + i < rows && column < columns)
            tile[i][threadIdx.x] = src[base + static_cast<size_t>(row + i) * columns + column];
    __syncthreads();
    column = blockIdx.x * TURN_TILE;
    row += threadIdx.x;
    for (uint32_t i = threadIdx.y; i < TURN_TILE; i += TURN_ROWS)
        if (column + i < columns && row < rows)
            dst[base + static_cast<size_t>(column + i) * rows + row] = tile[threadIdx.x][i];
}

/* Where `at` comes from in a dim of `length`, or -1: the constant. */
__device__ inline int32_t pad_source(PadMode mode, int32_t at, int32_t length) {
    if (at >= 0 && at < length)
        return at;
    if (mode == PAD_CONSTANT)
        return -1;
    if (mode == PAD_EDGE)
        return at < 0 ? 0 : length - 1;
    if (mode == PAD_WRAP) {
        at %= length;
        return at < 0 ? at + length : at;
    }
    int32_t period = 2 * length - 2;
    if (period <= 0)
        return 0;
    at %= period;
    at = at < 0 ? at + period : at;
    return at < length ? at : period - at;
}

template <int N>
__global__ void pad(typename Item<N>::type *dst, const typename Item<N>::type *src,
                    const __grid_constant__ PadArgs args) {
    for (uint32_t i = first_index(); i < args.count; i += index_step()) {
        int32_t from = 0;
        bool inside = true;
        uint32_t index = i;
        for (int32_t dim = args.rank - 1; dim >= 0; dim--) {
            uint32_t next = index / args.dims[dim];
            int32_t at = static_cast<int32_t>(index - next * args.dims[dim]);
            at = pad_source(args.mode, at - args.begin[dim], args.in[dim]);
            inside = inside && at >= 0;
            from += at * args.src[dim];
            index = next;
        }
        dst[i] = inside ? src[from] : static_cast<typename Item<N>::type>(args.value);
    }
}

template <int N>
__global__ void where(typename Item<N>::type *dst, const uint8_t *flags,
                      const typename Item<N>::type *a, const typename Item<N>::type *b,
                      const __grid_constant__ Walk3 walk) {
    for (uint32_t i = first_index(); i < walk.count; i += index_step()) {
        int32_t of_flags = 0, of_a = 0, of_b = 0;
        uint32_t index = i;
        for (int32_t dim = walk.rank - 1; dim >= 0; dim--) {
            uint32_t next = index / walk.dims[dim];
            int32_t at = static_cast<int32_t>(index - next * walk.dims[dim]);
            of_flags += at * walk.a[dim];
            of_a += at * walk.b[dim];
            of_b += at * walk.c[dim];
            index = next;
        }
        dst[i] = flags[of_flags] ? a[of_a] : b[of_b];
    }
}

#define ITEM_FIND(name, kernel)                                                                    \
    KERNELS_C const void *name(size_t item_bytes) {                                                \
        static const void *const table[] = ITEM_ROW(kernel, );                                     \
        int column = item_column(item_bytes);                                                      \
        return column < 0 ? nullptr : table[column];                                               \
    }
ITEM_FIND(kernel_copy, copy)
ITEM_FIND(kernel_turn, turn)
ITEM_FIND(kernel_pad, pad)
ITEM_FIND(kernel_where, where)
