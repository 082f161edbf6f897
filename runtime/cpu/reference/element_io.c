/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Loads and stores of every numeric element type by one table: native types by macro, narrow floats
 * through narrow_float.c, packed types by bit position. Out-of-range conversions, undefined in C,
 * are given a meaning here, so that no input can reach undefined behaviour.
 *
 * Thread: any; stateless. The caller answers for the bounds.
 */

#include "runtime/cpu/reference/element_io.h"

#include <math.h>

static int64_t f64_to_i64(double value) {
    if (isnan(value) || value < -0x1p63)
        return INT64_MIN;
    if (value >= 0x1p64)
        return -1; /* all ones: the largest of the unsigned types */
    if (value >= 0x1p63)
        return (int64_t)(uint64_t)value;
    return (int64_t)value;
}

#define SAME(value)  (value)
#define TRUTH(value) ((value) != 0)

#define LOADS(S, T)                                                                                \
    static void load_f64_##S(const void *base, size_t index, int64_t step, size_t count,           \
                             double *values) {                                                     \
        const T *src = (const T *)base + index;                                                    \
        for (size_t i = 0; i < count; i++)                                                         \
            values[i] = (double)src[(int64_t)i * step];                                            \
    }                                                                                              \
    static void load_i64_##S(const void *base, size_t index, int64_t step, size_t count,           \
                             int64_t *values) {                                                    \
        const T *src = (const T *)base + index;                                                    \
        for (size_t i = 0; i < count; i++)                                                         \
            values[i] = FROM_##S(src[(int64_t)i * step]);                                          \
    }

#define STORES(S, T, FROM_F64, FROM_INT)                                                           \
    static void store_f64_##S(void *base, size_t index, size_t count, const double *values) {      \
        T *dst = (T *)base + index;                                                                \
        for (size_t i = 0; i < count; i++)                                                         \
            dst[i] = (T)FROM_F64(values[i]);                                                       \
    }                                                                                              \
    static void store_i64_##S(void *base, size_t index, size_t count, const int64_t *values) {     \
        T *dst = (T *)base + index;                                                                \
        for (size_t i = 0; i < count; i++)                                                         \
            dst[i] = (T)FROM_INT(values[i]);                                                       \
    }                                                                                              \
    static void store_u64_##S(void *base, size_t index, size_t count, const int64_t *values) {     \
        T *dst = (T *)base + index;                                                                \
        for (size_t i = 0; i < count; i++)                                                         \
            dst[i] = (T)FROM_INT((uint64_t)values[i]);                                             \
    }

#define FROM_F32(value)  f64_to_i64((double)(value))
#define FROM_F64(value)  f64_to_i64(value)
#define FROM_U8(value)   (value)
#define FROM_I8(value)   (value)
#define FROM_U16(value)  (value)
#define FROM_I16(value)  (value)
#define FROM_U32(value)  (value)
#define FROM_I32(value)  (value)
#define FROM_U64(value)  (int64_t)(value)
#define FROM_I64(value)  (value)
#define FROM_BOOL(value) (value)

#define FLOAT_IO(S, T)   LOADS(S, T) STORES(S, T, SAME, SAME)
#define INT_IO(S, T)     LOADS(S, T) STORES(S, T, f64_to_i64, SAME)
FLOAT_IO(F32, float)
FLOAT_IO(F64, double)
INT_IO(U8, uint8_t)
INT_IO(I8, int8_t)
INT_IO(U16, uint16_t)
INT_IO(I16, int16_t)
INT_IO(U32, uint32_t)
INT_IO(I32, int32_t)
INT_IO(U64, uint64_t)
INT_IO(I64, int64_t)
LOADS(BOOL, uint8_t)
STORES(BOOL, uint8_t, TRUTH, TRUTH)

/* Types without a C type: get and put are functions on (base, index). */
#define CODED_IO(S, GET, PUT, IS_FLOAT)                                                            \
    static void load_f64_##S(const void *base, size_t index, int64_t step, size_t count,           \
                             double *values) {                                                     \
        for (size_t i = 0; i < count; i++)                                                         \
            values[i] = (double)GET(DTYPE_##S, base, index + (size_t)((int64_t)i * step));         \
    }                                                                                              \
    static void load_i64_##S(const void *base, size_t index, int64_t step, size_t count,           \
                             int64_t *values) {                                                    \
        for (size_t i = 0; i < count; i++)                                                         \
            values[i] =                                                                            \
                f64_to_i64((double)GET(DTYPE_##S, base, index + (size_t)((int64_t)i * step)));     \
    }                                                                                              \
    static void store_f64_##S(void *base, size_t index, size_t count, const double *values) {      \
        for (size_t i = 0; i < count; i++)                                                         \
            PUT(DTYPE_##S, base, index + i, values[i]);                                            \
    }                                                                                              \
    static void store_i64_##S(void *base, size_t index, size_t count, const int64_t *values) {     \
        for (size_t i = 0; i < count; i++)                                                         \
            PUT(DTYPE_##S, base, index + i,                                                        \
                IS_FLOAT ? (double)values[i] : (double)(values[i] & 15));                          \
    }                                                                                              \
    static void store_u64_##S(void *base, size_t index, size_t count, const int64_t *values) {     \
        for (size_t i = 0; i < count; i++)                                                         \
            PUT(DTYPE_##S, base, index + i,                                                        \
                IS_FLOAT ? (double)(uint64_t)values[i] : (double)(values[i] & 15));                \
    }

static double get_half(DType dtype, const void *base, size_t index) {
    uint16_t code = ((const uint16_t *)base)[index];
    return (double)(dtype == DTYPE_F16 ? f16_to_f32(code) : bf16_to_f32(code));
}

static void put_half(DType dtype, void *base, size_t index, double value) {
    ((uint16_t *)base)[index] = narrow_encode(narrow_format_find(dtype), value, false);
}

static double get_f8(DType dtype, const void *base, size_t index) {
    return narrow_decode(narrow_format_find(dtype), ((const uint8_t *)base)[index]);
}

static void put_f8(DType dtype, void *base, size_t index, double value) {
    ((uint8_t *)base)[index] = (uint8_t)narrow_encode(narrow_format_find(dtype), value, true);
}

static double get_e8m0(DType dtype, const void *base, size_t index) {
    (void)dtype;
    return e8m0_decode(((const uint8_t *)base)[index]);
}

static void put_e8m0(DType dtype, void *base, size_t index, double value) {
    (void)dtype;
    ((uint8_t *)base)[index] = e8m0_encode(value, E8M0_UP, true);
}

static unsigned get_bits(unsigned bits, const void *base, size_t index) {
    unsigned per_byte = 8 / bits;
    return ((const uint8_t *)base)[index / per_byte] >> (index % per_byte * bits) &
           ((1u << bits) - 1);
}

static void put_bits(unsigned bits, void *base, size_t index, unsigned code) {
    unsigned per_byte = 8 / bits;
    unsigned shift = (unsigned)(index % per_byte) * bits, mask = ((1u << bits) - 1) << shift;
    uint8_t *byte = (uint8_t *)base + index / per_byte;
    *byte = (uint8_t)((*byte & ~mask) | (code << shift & mask));
}

static double get_packed(DType dtype, const void *base, size_t index) {
    const DTypeInfo *info = dtype_info(dtype);
    int code = (int)get_bits(info->bits, base, index);
    int sign = 1 << (info->bits - 1);
    return info->is_signed && code & sign ? code - 2 * sign : code;
}

static void put_packed(DType dtype, void *base, size_t index, double value) {
    put_bits(dtype_info(dtype)->bits, base, index, (unsigned)f64_to_i64(value));
}

static double get_f4(DType dtype, const void *base, size_t index) {
    return narrow_decode(narrow_format_find(dtype), (uint16_t)get_bits(4, base, index));
}

static void put_f4(DType dtype, void *base, size_t index, double value) {
    put_bits(4, base, index, narrow_encode(narrow_format_find(dtype), value, true));
}

CODED_IO(F16, get_half, put_half, true)
CODED_IO(BF16, get_half, put_half, true)
CODED_IO(F8E4M3FN, get_f8, put_f8, true)
CODED_IO(F8E4M3FNUZ, get_f8, put_f8, true)
CODED_IO(F8E5M2, get_f8, put_f8, true)
CODED_IO(F8E5M2FNUZ, get_f8, put_f8, true)
CODED_IO(F8E8M0, get_e8m0, put_e8m0, true)
CODED_IO(F4E2M1, get_f4, put_f4, true)
CODED_IO(U4, get_packed, put_packed, false)
CODED_IO(I4, get_packed, put_packed, false)
CODED_IO(U2, get_packed, put_packed, false)
CODED_IO(I2, get_packed, put_packed, false)

#define ROW(S)                                                                                     \
    [DTYPE_##S] = { load_f64_##S, load_i64_##S, store_f64_##S, store_i64_##S, store_u64_##S }
static const ElementIo TABLE[DTYPE_COUNT] = {
    ROW(F32),    ROW(F64),      ROW(U8),         ROW(I8),     ROW(U16),        ROW(I16),
    ROW(U32),    ROW(I32),      ROW(U64),        ROW(I64),    ROW(BOOL),       ROW(F16),
    ROW(BF16),   ROW(F8E4M3FN), ROW(F8E4M3FNUZ), ROW(F8E5M2), ROW(F8E5M2FNUZ), ROW(F8E8M0),
    ROW(F4E2M1), ROW(U4),       ROW(I4),         ROW(U2),     ROW(I2),
};

const ElementIo *element_io_find(DType dtype) {
    if ((unsigned)dtype >= DTYPE_COUNT || !TABLE[dtype].load_f64)
        return NULL;
    return &TABLE[dtype];
}
