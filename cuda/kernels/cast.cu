/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Cast between the types a device computes with. Floats go to whole numbers towards zero; what
 * does not fit is undefined in ONNX, so nothing is promised beyond not faulting. To a flag: is it
 * not zero?
 */

#include "cuda/kernels/common.cuh"

template <typename To, typename From> struct Convert {
    static __device__ To apply(From x) {
        return static_cast<To>(x);
    }
};
template <typename From> struct Convert<bool, From> {
    static __device__ bool apply(From x) {
        return static_cast<float>(x) != 0.0f;
    }
};
template <> struct Convert<bool, int64_t> {
    static __device__ bool apply(int64_t x) {
        return x != 0;
    }
};
template <> struct Convert<bool, double> {
    static __device__ bool apply(double x) {
        return x != 0.0;
    }
};
/* Narrow floats by way of f32. */
#define CONVERT_NARROW(narrow)                                                                     \
    template <typename From> struct Convert<narrow, From> {                                        \
        static __device__ narrow apply(From x) {                                                   \
            return from_float<narrow>(static_cast<float>(x));                                      \
        }                                                                                          \
    };                                                                                             \
    template <typename To> struct Convert<To, narrow> {                                            \
        static __device__ To apply(narrow x) {                                                     \
            return Convert<To, float>::apply(to_float(x));                                         \
        }                                                                                          \
    };                                                                                             \
    template <> struct Convert<bool, narrow> {                                                     \
        static __device__ bool apply(narrow x) {                                                   \
            return to_float(x) != 0.0f;                                                            \
        }                                                                                          \
    };
CONVERT_NARROW(half_t)
CONVERT_NARROW(bfloat_t)
template <> struct Convert<half_t, bfloat_t> {
    static __device__ half_t apply(bfloat_t x) {
        return __float2half_rn(__bfloat162float(x));
    }
};
template <> struct Convert<bfloat_t, half_t> {
    static __device__ bfloat_t apply(half_t x) {
        return __float2bfloat16_rn(__half2float(x));
    }
};
/* By way of a number that all of the small type fits into; else the conversion is undefined. */
#define CONVERT_SMALL(small, from)                                                                 \
    template <> struct Convert<small, from> {                                                      \
        static __device__ small apply(from x) {                                                    \
            return static_cast<small>(static_cast<int32_t>(x));                                    \
        }                                                                                          \
    };
CONVERT_SMALL(uint8_t, float)
CONVERT_SMALL(int8_t, float)
CONVERT_SMALL(uint8_t, double)
CONVERT_SMALL(int8_t, double)

template <typename From, typename To>
__global__ void cast(To *dst, const From *src, uint32_t count, float, float) {
    for (uint32_t i = first_index(); i < count; i += index_step())
        dst[i] = Convert<To, From>::apply(src[i]);
}

/* From a type to itself is a copy. */
template <typename From, typename To> inline const void *cast_address() {
    return address_of(cast<From, To>);
}
#define CAST_NONE(type)                                                                            \
    template <> inline const void *cast_address<type, type>() {                                    \
        return nullptr;                                                                            \
    }
CAST_NONE(float)
CAST_NONE(half_t)
CAST_NONE(bfloat_t)
CAST_NONE(double)
CAST_NONE(int32_t)
CAST_NONE(int64_t)
CAST_NONE(int8_t)
CAST_NONE(uint8_t)
CAST_NONE(bool)

enum { CAST_TYPES = 9 };
static int cast_column(DType dtype) {
    static const DType columns[CAST_TYPES] = { DTYPE_F32, DTYPE_F16, DTYPE_BF16,
                                               DTYPE_F64, DTYPE_I32, DTYPE_I64,
                                               DTYPE_I8,  DTYPE_U8,  DTYPE_BOOL };
    for (int i = 0; i < CAST_TYPES; i++)
        if (columns[i] == dtype)
            return i;
    return -1;
}

KERNELS_C const void *kernel_cast(DType from, DType to) {
#define CAST_ROW(type)                                                                             \
    {                                                                                              \
        cast_address<type, float>(), cast_address<type, half_t>(), cast_address<type, bfloat_t>(), \
            cast_address<type, double>(), cast_address<type, int32_t>(),                           \
            cast_address<type, int64_t>(), cast_address<type, int8_t>(),                           \
            cast_address<type, uint8_t>(), cast_address<type, bool>()                              \
    }
    static const void *const table[CAST_TYPES][CAST_TYPES] = {
        CAST_ROW(float),  CAST_ROW(half_t),  CAST_ROW(bfloat_t),
        CAST_ROW(double), CAST_ROW(int32_t), CAST_ROW(int64_t),
        CAST_ROW(int8_t), CAST_ROW(uint8_t), CAST_ROW(bool),
    };
    int row = cast_column(from), column = cast_column(to);
    return row < 0 || column < 0 ? nullptr : table[row][column];
}
