/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * JSON numbers, exactly: the nearest float, ties to even, as strtod gives it, several times as
 * fast.
 */

#include <stdbool.h>
#include <stdint.h>

/* Longer ones are refused: nobody writes them, and a gigabyte of digits is an attack. */
enum { DECIMAL_LENGTH_MAX = 4096 };

typedef struct Decimal {
    uint64_t digits;  /* the first 19 that count */
    int32_t exponent; /* of ten */
    bool negative;
    bool is_integer; /* no fraction, no exponent */
    bool is_cut;     /* there are more digits */
    const char *begin, *end;
} Decimal;

/* JSON's grammar. Returns where the number ends, NULL if there is none at `at`. */
const char *decimal_scan(const char *at, const char *end, Decimal *ret_decimal);

/* Too large: infinity; too small: zero. */
float decimal_to_f32(const Decimal *decimal);
double decimal_to_f64(const Decimal *decimal);
/* false when it is not an integer or does not fit. */
bool decimal_to_i64(const Decimal *decimal, int64_t *ret_value);
bool decimal_to_u64(const Decimal *decimal, uint64_t *ret_value);
