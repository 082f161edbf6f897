/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Elements of any numeric type as double or int64, a chunk at a time: the way for kernels whose
 * speed does not matter to have every type without a loop for each. Floats are exact as double,
 * integers as int64 (uint64 by bit pattern).
 */

#include "runtime/tensor/dtype.h"

enum { ELEMENT_CHUNK = 256 }; /* what kernels load at a time */

typedef struct ElementIo {
    /* step in elements between one and the next; may be 0 or negative */
    void (*load_f64)(const void *base, size_t index, int64_t step, size_t count, double *values);
    void (*load_i64)(const void *base, size_t index, int64_t step, size_t count, int64_t *values);
    /* Contiguous from index. Float to integer truncates and wraps (NaN as INT64_MIN); narrow floats
     * saturate where they have no infinity. Integers wrap. */
    void (*store_f64)(void *base, size_t index, size_t count, const double *values);
    void (*store_i64)(void *base, size_t index, size_t count, const int64_t *values);
    void (*store_u64)(void *base, size_t index, size_t count,
                      const int64_t *values); /* values are uint64 */
} ElementIo;

/* NULL for strings, complex numbers and INVALID. */
const ElementIo *element_io_find(DType dtype);

/* A float of at most 16 bits; see narrow_float.c. */
typedef struct NarrowFormat {
    uint8_t exponent_bits, mantissa_bits;
    int16_t bias;
    uint16_t max_code;  /* largest finite, without sign */
    uint16_t inf_code;  /* 0: has none */
    uint16_t nan_code;  /* 0: has none */
    bool unsigned_zero; /* the "uz" formats: no negative zero, its code is the NaN */
} NarrowFormat;

/* NULL for other types. F8E8M0 is not one of them: it has no sign and no zero. */
const NarrowFormat *narrow_format_find(DType dtype);
double narrow_decode(const NarrowFormat *format, uint16_t code);
/* Round to nearest even. @saturate  overflow gives the largest finite instead of infinity or NaN */
uint16_t narrow_encode(const NarrowFormat *format, double value, bool saturate);

typedef enum E8m0Round { E8M0_UP, E8M0_DOWN, E8M0_NEAREST } E8m0Round;
double e8m0_decode(uint8_t code);
uint8_t e8m0_encode(double value, E8m0Round round, bool saturate);
