/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Elements chosen by other elements, which come from requests: an index is counted from the end
 * when it is negative, and clamped when it is out of range, so that no request can read or write
 * where it should not. (On the CPU such a request is refused; a device cannot say so without a
 * synchronisation.) Triangles and running sums beside them.
 */

#include "cuda/kernels/common.cuh"

template <typename I> __device__ inline uint32_t bounded(I index, uint32_t length) {
    int64_t at = static_cast<int64_t>(index);
    at += at < 0 ? static_cast<int64_t>(length) : 0;
    return at < 0 ? 0 : at >= static_cast<int64_t>(length) ? length - 1 : static_cast<uint32_t>(at);
}

template <int N, typename I>
__global__ void gather(typename Item<N>::type *dst, const typename Item<N>::type *src,
                       const I *indices, const __grid_constant__ GatherArgs args) {
    for (uint32_t i = first_index(); i < args.count; i += index_step()) {
        uint32_t inner = i % args.inner, rest = i / args.inner;
        uint32_t at = bounded(indices[rest % args.indices], args.axis);
        uint32_t outer = rest / args.indices;
        dst[i] = src[(outer * args.axis + at) * args.inner + inner];
    }
}

__device__ inline int32_t walk_offset(const Walk1 &walk, uint32_t index) {
    int32_t from = walk.src_start;
    for (int32_t dim = walk.rank - 1; dim >= 0; dim--) {
        uint32_t next = index / walk.dims[dim];
        from += static_cast<int32_t>(index - next * walk.dims[dim]) * walk.src[dim];
        index = next;
    }
    return from;
}

template <int N, typename I>
__global__ void gather_elements(typename Item<N>::type *dst, const typename Item<N>::type *src,
                                const I *indices, const __grid_constant__ GatherElementsArgs args) {
    for (uint32_t i = first_index(); i < args.walk.count; i += index_step()) {
        int32_t at = static_cast<int32_t>(bounded(indices[i], args.axis));
        dst[i] = src[walk_offset(args.walk, i) + at * args.axis_stride];
    }
}

/* dst holds the data already; of equal targets any one wins, as ONNX allows. */
template <int N, typename I>
__global__ void scatter_elements(typename Item<N>::type *dst, const typename Item<N>::type *updates,
                                 const I *indices,
                                 const __grid_constant__ GatherElementsArgs args) {
    for (uint32_t i = first_index(); i < args.walk.count; i += index_step()) {
        int32_t at = static_cast<int32_t>(bounded(indices[i], args.axis));
        dst[walk_offset(args.walk, i) + at * args.axis_stride] = updates[i];
    }
}

__device__ inline int32_t tuple_offset(const int64_t *indices, uint32_t tuple,
                                       const GatherNdArgs &args) {
    int32_t offset = static_cast<int32_t>(tuple / args.tuples_per_batch) *
                     static_cast<int32_t>(args.batch_stride);
    for (int32_t k = 0; k < args.depth; k++)
        offset += static_cast<int32_t>(bounded(
                      indices[tuple * static_cast<uint32_t>(args.depth) + static_cast<uint32_t>(k)],
                      args.dims[k])) *
                  args.strides[k];
    return offset;
}

template <int N>
__global__ void gather_nd(typename Item<N>::type *dst, const typename Item<N>::type *src,
                          const int64_t *indices, const __grid_constant__ GatherNdArgs args) {
    for (uint32_t i = first_index(); i < args.count; i += index_step())
        dst[i] =
            src[tuple_offset(indices, i / args.inner, args) + static_cast<int32_t>(i % args.inner)];
}

template <int N>
__global__ void scatter_nd(typename Item<N>::type *dst, const typename Item<N>::type *updates,
                           const int64_t *indices, const __grid_constant__ GatherNdArgs args) {
    for (uint32_t i = first_index(); i < args.count; i += index_step())
        dst[tuple_offset(indices, i / args.inner, args) + static_cast<int32_t>(i % args.inner)] =
            updates[i];
}

template <int N>
__global__ void trilu(typename Item<N>::type *dst, const typename Item<N>::type *src,
                      uint32_t count, uint32_t rows, uint32_t columns, int32_t diagonal,
                      int32_t upper) {
    for (uint32_t i = first_index(); i < count; i += index_step()) {
        int32_t column = static_cast<int32_t>(i % columns);
        int32_t row = static_cast<int32_t>(i / columns % rows);
        bool keep = upper ? column >= row + diagonal : column <= row + diagonal;
        dst[i] = keep ? src[i] : static_cast<typename Item<N>::type>(0);
    }
}

template <typename T> struct Sum { using type = T; };
template <> struct Sum<half_t> { using type = float; };
template <> struct Sum<bfloat_t> { using type = float; };
template <typename T> __device__ inline typename Sum<T>::type widen(T x) {
    return x;
}
template <> __device__ inline float widen(half_t x) {
    return __half2float(x);
}
template <> __device__ inline float widen(bfloat_t x) {
    return __bfloat162float(x);
}
template <typename T> __device__ inline T narrow(typename Sum<T>::type x) {
    return x;
}
template <> __device__ inline half_t narrow<half_t>(float x) {
    return __float2half_rn(x);
}
template <> __device__ inline bfloat_t narrow<bfloat_t>(float x) {
    return __float2bfloat16_rn(x);
}

/* A thread a line: lines are many and short in what is served. */
template <typename T>
__global__ void cumsum(T *dst, const T *src, const __grid_constant__ AxisArgs args,
                       int32_t exclusive, int32_t reverse) {
    for (uint32_t line = first_index(); line < args.outer * args.inner; line += index_step()) {
        uint32_t base = line / args.inner * args.axis * args.inner + line % args.inner;
        typename Sum<T>::type sum = 0;
        for (uint32_t k = 0; k < args.axis; k++) {
            uint32_t at = base + (reverse ? args.axis - 1 - k : k) * args.inner;
            typename Sum<T>::type x = widen(src[at]);
            dst[at] = narrow<T>(exclusive ? sum : sum + x);
            sum += x;
        }
    }
}

template <bool MAX, typename T>
__global__ void arg(int64_t *dst, const T *src, const __grid_constant__ AxisArgs args,
                    int32_t last) {
    for (uint32_t line = first_index(); line < args.outer * args.inner; line += index_step()) {
        uint32_t base = line / args.inner * args.axis * args.inner + line % args.inner;
        uint32_t found = 0;
        typename Sum<T>::type best = widen(src[base]);
        for (uint32_t k = 1; k < args.axis; k++) {
            typename Sum<T>::type x = widen(src[base + k * args.inner]);
            bool better = MAX ? x > best : x < best;
            if (better || (last && x == best)) {
                best = x;
                found = k;
            }
        }
        dst[line] = static_cast<int64_t>(found);
    }
}

#define COMMA ,
#define INDEX_FIND(name, kernel)                                                                   \
    KERNELS_C const void *name(size_t item_bytes, DType index) {                                   \
        static const void *const table[2][4] = { ITEM_ROW(kernel, COMMA int32_t),                  \
                                                 ITEM_ROW(kernel, COMMA int64_t) };                \
        int column = item_column(item_bytes);                                                      \
        int row = index == DTYPE_I32 ? 0 : index == DTYPE_I64 ? 1 : -1;                            \
        return column < 0 || row < 0 ? nullptr : table[row][column];                               \
    }
INDEX_FIND(kernel_gather, gather)
INDEX_FIND(kernel_gather_elements, gather_elements)
INDEX_FIND(kernel_scatter_elements, scatter_elements)

#define ITEM_FIND(name, kernel)                                                                    \
    KERNELS_C const void *name(size_t item_bytes) {                                                \
        static const void *const table[] = ITEM_ROW(kernel, );                                     \
        int column = item_column(item_bytes);                                                      \
        return column < 0 ? nullptr : table[column];                                               \
    }
ITEM_FIND(kernel_gather_nd, gather_nd)
ITEM_FIND(kernel_scatter_nd, scatter_nd)
ITEM_FIND(kernel_trilu, trilu)

#define LINE_ROW(kernel, ...)                                                                      \
    {                                                                                              \
        address_of(kernel<__VA_ARGS__ float>), address_of(kernel<__VA_ARGS__ half_t>),             \
            address_of(kernel<__VA_ARGS__ bfloat_t>), address_of(kernel<__VA_ARGS__ int32_t>),     \
            address_of(kernel<__VA_ARGS__ int64_t>)                                                \
    }
static int line_column(DType dtype) {
    int column = float_column(dtype);
    return column >= 0 ? column : dtype == DTYPE_I32 ? 3 : dtype == DTYPE_I64 ? 4 : -1;
}

KERNELS_C const void *kernel_cumsum(DType dtype) {
    static const void *const table[] = LINE_ROW(cumsum, );
    int column = line_column(dtype);
    return column < 0 ? nullptr : table[column];
}

KERNELS_C const void *kernel_arg(bool max, DType dtype) {
    static const void *const table[2][5] = { LINE_ROW(arg, false, ), LINE_ROW(arg, true, ) };
    int column = line_column(dtype);
    return column < 0 ? nullptr : table[max][column];
}
