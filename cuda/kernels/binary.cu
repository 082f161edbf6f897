/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Two inputs with broadcasting, by strides: 0 where an operand repeats. Floats narrower than f32
 * are computed in f32. Whole numbers divide towards zero, as C does; a division by zero gives what
 * the hardware gives, never a fault.
 */

#include "cuda/kernels/common.cuh"

/* What T is computed in. */
template <typename T> struct Wide {
    using type = T;
    static __device__ T load(T x) {
        return x;
    }
    static __device__ T store(T x) {
        return x;
    }
};
template <> struct Wide<half_t> {
    using type = float;
    static __device__ float load(half_t x) {
        return __half2float(x);
    }
    static __device__ half_t store(float x) {
        return __float2half_rn(x);
    }
};
template <> struct Wide<bfloat_t> {
    using type = float;
    static __device__ float load(bfloat_t x) {
        return __bfloat162float(x);
    }
    static __device__ bfloat_t store(float x) {
        return __float2bfloat16_rn(x);
    }
};

#define BINARY_FUNCTION(family, name, expression)                                                  \
    struct family##_##name {                                                                       \
        template <typename T> static __device__ auto apply(T x, T y) {                             \
            return expression;                                                                     \
        }                                                                                          \
    };

__device__ inline float power(float x, float y) {
    return powf(x, y);
}
template <typename T> __device__ inline T power(T x, T y) {
    if (y < T(0))
        return x == T(1) ? T(1) : x == T(-1) ? (y % T(2) == T(0) ? T(1) : T(-1)) : T(0);
    T result = 1;
    for (; y > T(0); y = static_cast<T>(y >> 1), x = static_cast<T>(x * x))
        if (y & T(1))
            result = static_cast<T>(result * x);
    return result;
}
template <typename T> __device__ inline T quotient(T x, T y) {
    return y == T(0) ? T(0) : y == T(-1) ? T(0) - x : static_cast<T>(x / y);
}
__device__ inline float quotient(float x, float y) {
    return x / y;
}
/* NaN wins, as in numpy and in ONNX. */
template <typename T> __device__ inline T larger(T x, T y) {
    return x != x ? x : y != y ? y : x > y ? x : y;
}
template <typename T> __device__ inline T smaller(T x, T y) {
    return x != x ? x : y != y ? y : x < y ? x : y;
}
__device__ inline float remainder_of_a(float x, float y) {
    return fmodf(x, y);
}
template <typename T> __device__ inline T remainder_of_a(T x, T y) {
    return y == T(0) || y == T(-1) ? T(0) : static_cast<T>(x % y);
}
template <typename T> __device__ inline T remainder_of_b(T x, T y) {
    T rest = remainder_of_a(x, y);
    return rest != T(0) && is_negative(rest) != is_negative(y) ? rest + y : rest;
}

BINARY_FUNCTION(Binary, ADD, static_cast<T>(x + y))
BINARY_FUNCTION(Binary, DIV, quotient(x, y))
BINARY_FUNCTION(Binary, MAX, larger(x, y))
BINARY_FUNCTION(Binary, MIN, smaller(x, y))
BINARY_FUNCTION(Binary, MUL, static_cast<T>(x *y))
BINARY_FUNCTION(Binary, POW, power(x, y))
BINARY_FUNCTION(Binary, PRELU, static_cast<T>(x < T(0) ? x * y : x))
BINARY_FUNCTION(Binary, SUB, static_cast<T>(x - y))

BINARY_FUNCTION(Bits, AND, static_cast<T>(x &y))
BINARY_FUNCTION(Bits, FMOD, remainder_of_a(x, y))
BINARY_FUNCTION(Bits, MOD, remainder_of_b(x, y))
BINARY_FUNCTION(Bits, OR, static_cast<T>(x | y))
BINARY_FUNCTION(Bits, XOR, static_cast<T>(x ^ y))

BINARY_FUNCTION(Logic, AND, x != T(0) && y != T(0))
BINARY_FUNCTION(Compare, EQUAL, x == y)
BINARY_FUNCTION(Compare, GREATER, x > y)
BINARY_FUNCTION(Compare, GREATER_OR_EQUAL, x >= y)
BINARY_FUNCTION(Compare, LESS, x < y)
BINARY_FUNCTION(Compare, LESS_OR_EQUAL, x <= y)
BINARY_FUNCTION(Logic, OR, x != T(0) || y != T(0))
BINARY_FUNCTION(Logic, XOR, (x != T(0)) != (y != T(0)))

__device__ inline void offsets(const Walk2 &walk, uint32_t index, int32_t *a, int32_t *b) {
    *a = *b = 0;
    for (int32_t dim = walk.rank - 1; dim >= 0; dim--) {
        uint32_t next = index / walk.dims[dim];
        int32_t at = static_cast<int32_t>(index - next * walk.dims[dim]);
        *a += at * walk.a[dim];
        *b += at * walk.b[dim];
        index = next;
    }
}

template <typename F, typename T>
__global__ void binary(T *dst, const T *a, const T *b, const __grid_constant__ Walk2 walk) {
    for (uint32_t i = first_index(); i < walk.count; i += index_step()) {
        int32_t from_a, from_b;
        offsets(walk, i, &from_a, &from_b);
        dst[i] = Wide<T>::store(F::apply(Wide<T>::load(a[from_a]), Wide<T>::load(b[from_b])));
    }
}

template <typename F, typename T>
__global__ void compare(bool *dst, const T *a, const T *b, const __grid_constant__ Walk2 walk) {
    for (uint32_t i = first_index(); i < walk.count; i += index_step()) {
        int32_t from_a, from_b;
        offsets(walk, i, &from_a, &from_b);
        dst[i] = F::apply(Wide<T>::load(a[from_a]), Wide<T>::load(b[from_b]));
    }
}

enum { BINARY_TYPES = 5, BITS_TYPES = 5, COMPARE_TYPES = 6 };
static int binary_column(DType dtype) {
    int column = float_column(dtype);
    return column >= 0 ? column : dtype == DTYPE_I32 ? 3 : dtype == DTYPE_I64 ? 4 : -1;
}
static int bits_column(DType dtype) {
    return dtype == DTYPE_I32   ? 0
           : dtype == DTYPE_I64 ? 1
           : dtype == DTYPE_I8  ? 2
           : dtype == DTYPE_U8  ? 3
           : dtype == DTYPE_I16 ? 4
                                : -1;
}

KERNELS_C const void *kernel_binary(BinaryOp op, DType dtype) {
#define BINARY_ROW(name, text)                                                                     \
    { address_of(binary<Binary_##name, float>), address_of(binary<Binary_##name, half_t>),         \
      address_of(binary<Binary_##name, bfloat_t>), address_of(binary<Binary_##name, int32_t>),     \
      address_of(binary<Binary_##name, int64_t>) },
    static const void *const table[BINARY_COUNT][BINARY_TYPES] = { BINARY_OPS(BINARY_ROW) };
    int column = binary_column(dtype);
    return column < 0 ? nullptr : table[op][column];
}

KERNELS_C const void *kernel_bits(BitsOp op, DType dtype) {
#define BITS_ROW(name, text)                                                                       \
    { address_of(binary<Bits_##name, int32_t>), address_of(binary<Bits_##name, int64_t>),          \
      address_of(binary<Bits_##name, int8_t>), address_of(binary<Bits_##name, uint8_t>),           \
      address_of(binary<Bits_##name, int16_t>) },
    static const void *const table[BITS_COUNT][BITS_TYPES] = { BITS_OPS(BITS_ROW) };
    static const void *const fmods[FLOAT_TYPES] = FLOAT_ROW(binary, Bits_FMOD, );
    if (op == BITS_FMOD && float_column(dtype) >= 0)
        return fmods[float_column(dtype)];
    int column = bits_column(dtype);
    return column < 0 ? nullptr : table[op][column];
}

KERNELS_C const void *kernel_compare(CompareOp op, DType dtype) {
#define COMPARE_ROW(name, text)                                                                    \
    { address_of(compare<Compare_##name, float>),    address_of(compare<Compare_##name, half_t>),  \
      address_of(compare<Compare_##name, bfloat_t>), address_of(compare<Compare_##name, int32_t>), \
      address_of(compare<Compare_##name, int64_t>),  address_of(compare<Compare_##name, uint8_t>) },
    static const void *const table[COMPARE_COUNT][COMPARE_TYPES] = { COMPARE_OPS(COMPARE_ROW) };
    int column = dtype == DTYPE_BOOL || dtype == DTYPE_U8 ? 5 : binary_column(dtype);
    return column < 0 ? nullptr : table[op][column];
}

KERNELS_C const void *kernel_logic(LogicOp op) {
#define LOGIC_ROW(name, text) address_of(compare<Logic_##name, uint8_t>),
    static const void *const table[LOGIC_COUNT] = { LOGIC_OPS(LOGIC_ROW) };
    return table[op];
}
