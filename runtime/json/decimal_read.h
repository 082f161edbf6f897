/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * JSON numbers, exactly: the nearest float, ties to even, as strtod gives it, several times as
 * fast.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Longer ones are refused: nobody writes them, and a gigabyte of digits is an attack. */
enum { DECIMAL_LENGTH_MAX = 4096, DECIMAL_DIGITS_MAX = 19, DECIMAL_EXPONENT_CAP = 100000 };

typedef struct Decimal {
    uint64_t digits;  /* the first 19 that count */
    int32_t exponent; /* of ten */
    bool negative;
    bool is_integer; /* no fraction, no exponent */
    bool is_cut;     /* there are more digits */
    const char *begin, *end;
} Decimal;

/* decimal_read.c: the first 19 digits that count, and the exponent that goes with them. */
void decimal_cut_digits(const char *at, const char *end, int64_t exponent, Decimal *decimal);

/* --- scanning: here, because it is the inner loop of JSON tensors --- */

static inline bool decimal_is_digit(char character) {
    return (unsigned char)(character - '0') < 10;
}

/* Up to eight digits at once, however many there are: what follows them is shifted out, so that
 * their count costs no branch. Little-endian; eight bytes are readable. */
static inline unsigned decimal_eight_digits(const char *at, uint32_t *ret_value) {
    uint64_t chunk;
    memcpy(&chunk, at, sizeof chunk);
    uint64_t low = chunk - UINT64_C(0x3030303030303030);
    /* The first byte that is no digit is marked; a borrow or carry reaches only those behind it. */
    uint64_t others = ((chunk + UINT64_C(0x4646464646464646)) | low) & UINT64_C(0x8080808080808080);
    unsigned count = others ? (unsigned)__builtin_ctzll(others) / 8 : 8;
    low = count ? low << (64 - 8 * count) : 0;
    low = low * 10 + (low >> 8);
    const uint64_t mask = UINT64_C(0x000000FF000000FF);
    *ret_value = (uint32_t)(((low & mask) * UINT64_C(0x000F424000000064) +
                             ((low >> 16) & mask) * UINT64_C(0x0000271000000001)) >>
                            32);
    return count;
}

static inline const char *decimal_scan_digits(const char *at, const char *end, uint64_t *digits) {
    static const uint32_t powers[] = {
        1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000
    };
    while (end - at >= 8) {
        uint32_t value;
        unsigned count = decimal_eight_digits(at, &value);
        *digits = *digits * powers[count] + value;
        if (count < 8)
            return at + count;
        at += 8; /* not count: what is read next need not wait for it */
    }
    for (; at < end && decimal_is_digit(*at); at++)
        *digits = *digits * 10 + (uint64_t)(*at - '0');
    return at;
}

static inline const char *decimal_scan_exponent(const char *at, const char *end,
                                                int64_t *exponent) {
    bool negative = at < end && *at == '-';
    int64_t value = 0;
    at += at < end && (*at == '-' || *at == '+');
    if (at == end || !decimal_is_digit(*at))
        return NULL;
    for (; at < end && decimal_is_digit(*at); at++)
        if (value < DECIMAL_EXPONENT_CAP)
            value = value * 10 + (*at - '0');
    *exponent += negative ? -value : value;
    return at;
}

/* JSON's grammar. Returns where the number ends, NULL if there is none at `at`. */
static inline const char *decimal_scan(const char *at, const char *end, Decimal *ret_decimal) {
    const char *begin = at;
    bool negative = at < end && *at == '-';
    at += negative;
    const char *first = at;
    if (at == end || !decimal_is_digit(*at))
        return NULL;
    uint64_t digits = 0;
    int64_t exponent = 0;
    if (*at == '0') {
        at++;
        if (at < end && decimal_is_digit(*at))
            return NULL;
    } else {
        at = decimal_scan_digits(at, end, &digits);
    }
    ptrdiff_t count = at - first;
    bool is_integer = true;
    if (at < end && *at == '.') {
        const char *fraction = ++at;
        at = decimal_scan_digits(at, end, &digits);
        if (at == fraction)
            return NULL;
        is_integer = false;
        exponent = fraction - at;
        count += at - fraction;
    }
    int64_t written = 0;
    if (at < end && (*at == 'e' || *at == 'E')) {
        at = decimal_scan_exponent(at + 1, end, &written);
        if (!at)
            return NULL;
        is_integer = false;
        exponent += written;
    }
    ret_decimal->digits = digits;
    ret_decimal->exponent = (int32_t)exponent;
    ret_decimal->negative = negative;
    ret_decimal->is_integer = is_integer;
    ret_decimal->is_cut = false;
    ret_decimal->begin = begin;
    ret_decimal->end = at;
    if (__builtin_expect(count > DECIMAL_DIGITS_MAX, 0))
        decimal_cut_digits(first, at, written, ret_decimal);
    return at;
}

/* --- values --- */

/* Too large: infinity; too small: zero. */
float decimal_to_f32_slow(const Decimal *decimal);
static inline float decimal_to_f32(const Decimal *decimal) {
    static const double exact[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
    int32_t power = decimal->exponent;
    if (decimal->digits > UINT64_C(1) << 53 || power < -22 || power > 22 || decimal->is_cut)
        return decimal_to_f32_slow(decimal);
    double value = (double)decimal->digits; /* Clinger: both are exact, so one operation rounds */
    value = power < 0 ? value / exact[-power] : value * exact[power];
    /* Rounding once more gives the nearest float unless the first rounding met, or crossed, the
     * middle between two: its 29 bits below a float's are then those of the middle, or next to. All
     * these are normal floats. */
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    if (__builtin_expect(((bits + 1 - (UINT64_C(1) << 28)) & ((UINT64_C(1) << 29) - 1)) <= 2, 0))
        return decimal_to_f32_slow(decimal);
    return (float)(decimal->negative ? -value : value);
}
double decimal_to_f64(const Decimal *decimal);
/* false when it is not an integer or does not fit. */
bool decimal_to_i64(const Decimal *decimal, int64_t *ret_value);
bool decimal_to_u64(const Decimal *decimal, uint64_t *ret_value);
