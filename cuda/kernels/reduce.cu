/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Reductions over any axes, by strides: a block a result where much is reduced, a thread a result
 * where little is. Narrow floats are summed in f32; whole numbers in their own type.
 */

#include "cuda/kernels/common.cuh"

template <typename T> struct Acc { using type = T; };
template <> struct Acc<half_t> { using type = float; };
template <> struct Acc<bfloat_t> { using type = float; };
template <typename T> __device__ inline typename Acc<T>::type load_acc(T x) {
    return x;
}
template <> __device__ inline float load_acc(half_t x) {
    return __half2float(x);
}
template <> __device__ inline float load_acc(bfloat_t x) {
    return __bfloat162float(x);
}
template <typename T> __device__ inline T store_acc(typename Acc<T>::type x) {
    return x;
}
template <> __device__ inline half_t store_acc<half_t>(float x) {
    return __float2half_rn(x);
}
template <> __device__ inline bfloat_t store_acc<bfloat_t>(float x) {
    return __float2bfloat16_rn(x);
}

template <typename A> __device__ inline A lowest() {
    return sizeof(A) == 8 ? static_cast<A>(INT64_MIN) : static_cast<A>(INT32_MIN);
}
template <> __device__ inline float lowest<float>() {
    return -INFINITY;
}
template <typename A> __device__ inline A highest() {
    return sizeof(A) == 8 ? static_cast<A>(INT64_MAX) : static_cast<A>(INT32_MAX);
}
template <> __device__ inline float highest<float>() {
    return INFINITY;
}
__device__ inline float root(float x) {
    return sqrtf(x);
}
template <typename A> __device__ inline A root(A x) {
    return static_cast<A>(sqrt(static_cast<double>(x)));
}
__device__ inline float logarithm(float x) {
    return logf(x);
}
template <typename A> __device__ inline A logarithm(A x) {
    return static_cast<A>(log(static_cast<double>(x)));
}

/* start; what an element adds; how two parts join; what the whole becomes. */
#define REDUCE_FUNCTION(name, begin, element, joined, result)                                      \
    struct Reduce_##name {                                                                         \
        template <typename A> static __device__ A start() {                                        \
            return begin;                                                                          \
        }                                                                                          \
        template <typename A> static __device__ A add(A sum, A x) {                                \
            return join(sum, static_cast<A>(element));                                             \
        }                                                                                          \
        template <typename A> static __device__ A join(A a, A b) {                                 \
            return static_cast<A>(joined);                                                         \
        }                                                                                          \
        template <typename A> static __device__ A finish(A sum, uint32_t n) {                      \
            (void)n;                                                                               \
            return static_cast<A>(result);                                                         \
        }                                                                                          \
    };

REDUCE_FUNCTION(L1, A(0), x < A(0) ? -x : x, a + b, sum)
REDUCE_FUNCTION(L2, A(0), x *x, a + b, root(sum))
REDUCE_FUNCTION(LOG_SUM, A(0), x, a + b, logarithm(sum))
REDUCE_FUNCTION(MAX, lowest<A>(), x, a != a || a > b ? a : b, sum)
REDUCE_FUNCTION(MEAN, A(0), x, a + b, sum / static_cast<A>(n))
REDUCE_FUNCTION(MIN, highest<A>(), x, a != a || a < b ? a : b, sum)
REDUCE_FUNCTION(PROD, A(1), x, a *b, sum)
REDUCE_FUNCTION(SUM, A(0), x, a + b, sum)
REDUCE_FUNCTION(SUM_SQUARE, A(0), x *x, a + b, sum)

__device__ inline uint32_t walked(uint32_t index, int32_t rank, const uint32_t *dims,
                                  const int32_t *strides) {
    int32_t offset = 0;
    for (int32_t dim = rank - 1; dim >= 0; dim--) {
        uint32_t next = index / dims[dim];
        offset += static_cast<int32_t>(index - next * dims[dim]) * strides[dim];
        index = next;
    }
    return static_cast<uint32_t>(offset);
}
__device__ inline uint32_t kept_at(const ReduceArgs &args, uint32_t index) {
    return walked(index, args.kept_rank, args.kept_dims, args.kept_strides);
}
__device__ inline uint32_t reduced_at(const ReduceArgs &args, uint32_t index) {
    return walked(index, args.reduced_rank, args.reduced_dims, args.reduced_strides);
}

template <typename F, typename T>
__global__ void reduce_column(T *dst, const T *src, const __grid_constant__ ReduceArgs args) {
    using A = typename Acc<T>::type;
    for (uint32_t i = first_index(); i < args.kept; i += index_step()) {
        uint32_t base = kept_at(args, i);
        A sum = F::template start<A>();
        for (uint32_t k = 0; k < args.reduced; k++)
            sum = F::template add<A>(sum, load_acc(src[base + reduced_at(args, k)]));
        dst[i] = store_acc<T>(F::template finish<A>(sum, args.reduced));
    }
}

/* A block of KERNEL_ROW_BLOCK threads a result. */
template <typename F, typename T>
__global__ void reduce_row(T *dst, const T *src, const __grid_constant__ ReduceArgs args) {
    using A = typename Acc<T>::type;
    __shared__ A parts[KERNEL_ROW_BLOCK];
    for (uint32_t i = blockIdx.x; i < args.kept; i += gridDim.x) {
        uint32_t base = kept_at(args, i);
        A sum = F::template start<A>();
        for (uint32_t k = threadIdx.x; k < args.reduced; k += KERNEL_ROW_BLOCK)
            sum = F::template add<A>(sum, load_acc(src[base + reduced_at(args, k)]));
        parts[threadIdx.x] = sum;
        __syncthreads();
        for (uint32_t step = KERNEL_ROW_BLOCK / 2; step > 0; step /= 2) {
            if (threadIdx.x < step)
                parts[threadIdx.x] =
                    F::template join<A>(parts[threadIdx.x], parts[threadIdx.x + step]);
            __syncthreads();
        }
        if (threadIdx.x == 0)
            dst[i] = store_acc<T>(F::template finish<A>(parts[0], args.reduced));
        __syncthreads(); /* parts[0] is read before the next result writes it */
    }
}

/* log(sum(exp(x))) needs the largest first. */
template <typename T>
__global__ void log_sum_exp_column(T *dst, const T *src, const __grid_constant__ ReduceArgs args) {
    for (uint32_t i = first_index(); i < args.kept; i += index_step()) {
        uint32_t base = kept_at(args, i);
        float most = -INFINITY, sum = 0;
        for (uint32_t k = 0; k < args.reduced; k++)
            most = fmaxf(most, to_float(src[base + reduced_at(args, k)]));
        float shift = isinf(most) ? 0.0f : most;
        for (uint32_t k = 0; k < args.reduced; k++)
            sum += expf(to_float(src[base + reduced_at(args, k)]) - shift);
        dst[i] = from_float<T>(logf(sum) + shift);
    }
}

template <typename T>
__global__ void log_sum_exp_row(T *dst, const T *src, const __grid_constant__ ReduceArgs args) {
    __shared__ float scratch[KERNEL_ROW_BLOCK / 32];
    for (uint32_t i = blockIdx.x; i < args.kept; i += gridDim.x) {
        uint32_t base = kept_at(args, i);
        float most = -INFINITY, sum = 0;
        for (uint32_t k = threadIdx.x; k < args.reduced; k += KERNEL_ROW_BLOCK)
            most = fmaxf(most, to_float(src[base + reduced_at(args, k)]));
        most = block_fold(most, scratch, FoldMax());
        float shift = isinf(most) ? 0.0f : most;
        for (uint32_t k = threadIdx.x; k < args.reduced; k += KERNEL_ROW_BLOCK)
            sum += expf(to_float(src[base + reduced_at(args, k)]) - shift);
        sum = block_fold(sum, scratch, FoldSum());
        if (threadIdx.x == 0)
            dst[i] = from_float<T>(logf(sum) + shift);
    }
}

#define REDUCE_TYPES(kernel, name)                                                                 \
    {                                                                                              \
        address_of(kernel<Reduce_##name, float>), address_of(kernel<Reduce_##name, half_t>),       \
            address_of(kernel<Reduce_##name, bfloat_t>),                                           \
            address_of(kernel<Reduce_##name, int32_t>), address_of(kernel<Reduce_##name, int64_t>) \
    }
#define REDUCE_SUMS(kernel, of_exp)                                                                \
    {                                                                                              \
        REDUCE_TYPES(kernel, L1), REDUCE_TYPES(kernel, L2), REDUCE_TYPES(kernel, LOG_SUM),         \
            { address_of(of_exp<float>), address_of(of_exp<half_t>), address_of(of_exp<bfloat_t>), \
              nullptr, nullptr },                                                                  \
            REDUCE_TYPES(kernel, MAX), REDUCE_TYPES(kernel, MEAN), REDUCE_TYPES(kernel, MIN),      \
            REDUCE_TYPES(kernel, PROD), REDUCE_TYPES(kernel, SUM),                                 \
            REDUCE_TYPES(kernel, SUM_SQUARE)                                                       \
    }
static int reduce_column_of(DType dtype) {
    int column = float_column(dtype);
    return column >= 0 ? column : dtype == DTYPE_I32 ? 3 : dtype == DTYPE_I64 ? 4 : -1;
}

KERNELS_C const void *kernel_reduce_row(ReduceOp op, DType dtype) {
    static const void *const table[REDUCE_COUNT][5] = REDUCE_SUMS(reduce_row, log_sum_exp_row);
    int column = reduce_column_of(dtype);
    return column < 0 ? nullptr : table[op][column];
}

KERNELS_C const void *kernel_reduce_column(ReduceOp op, DType dtype) {
    static const void *const table[REDUCE_COUNT][5] =
        REDUCE_SUMS(reduce_column, log_sum_exp_column);
    int column = reduce_column_of(dtype);
    return column < 0 ? nullptr : table[op][column];
}
