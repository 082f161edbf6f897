/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Schubfach: of the decimals between a float's neighbours' midpoints, one product with a power of
 * ten finds the shortest. Exact, no loops over digits, one table for both formats and for reading.
 * Small and large magnitudes are written with an exponent. Pure; any thread. Source: R. Giulietti,
 * "The Schubfach way to render doubles" (2020).
 */

#include "server/rest/decimal_write.h"

#include "runtime/json/powers_of_ten.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

typedef struct Shortest {
    uint64_t digits;
    int exponent; /* of ten */
} Shortest;

/* --- the digits --- */

static inline int floor_log2_power_of_ten(int exponent) {
    return (exponent * 1741647) >> 19;
}

/* All of the table's entries rounded up. */
static inline PowerOfTen upper_power(int q) {
    PowerOfTen power = power_of_ten(q);
    if (q > POWERS_OF_TEN_EXACT_LAST && ++power.low == 0)
        power.high++;
    return power;
}

/* Upper 64 bits of the product; the last one says whether anything below was lost. */
static inline uint64_t round_to_odd(PowerOfTen power, uint64_t value) {
    unsigned __int128 low = (unsigned __int128)power.low * value;
    unsigned __int128 high = (unsigned __int128)power.high * value + (uint64_t)(low >> 64);
    return (uint64_t)(high >> 64) | ((uint64_t)high > 1);
}

/* The shortest of the two or three candidates. Bounds and v in quarters of a unit of 10^k. Which
 * one it is changes from number to number, so nothing here is a branch. */
static inline Shortest choose(uint64_t lower, uint64_t v, uint64_t upper, int k) {
    uint64_t s = v / 4, tens = s / 10, middle = 4 * s + 2;
    bool tens_down = lower <= 40 * tens, tens_up = 40 * tens + 40 <= upper;
    bool is_tens = (s >= 10) & (tens_down != tens_up);
    bool down = lower <= 4 * s, up = 4 * s + 4 <= upper;
    bool nearer_up = (v > middle) | ((v == middle) & (bool)(s & 1));
    uint64_t ones = s + (down != up ? up : nearer_up);
    return (Shortest){ is_tens ? tens + tens_up : ones, k + is_tens };
}

/* mantissa * 2^exponent; is_power: the neighbour below is half as far as the one above. */
static Shortest shortest(uint64_t mantissa, int exponent, bool is_power) {
    bool is_odd = mantissa & 1; /* a bound itself is read as the even neighbour */
    int k = (exponent * 1262611 - (is_power ? 524031 : 0)) >> 22;
    int shift = exponent + floor_log2_power_of_ten(-k) + 1;
    PowerOfTen power = upper_power(-k);
    uint64_t four = 4 * mantissa;
    uint64_t lower = round_to_odd(power, (four - 2 + is_power) << shift);
    uint64_t v = round_to_odd(power, four << shift);
    uint64_t upper = round_to_odd(power, (four + 2) << shift);
    return choose(lower + is_odd, v, upper - is_odd, k);
}

/* --- text --- */

/* Sixteen characters, the first in the lowest byte: written at once, however many of them count,
 * and never read back from where they were written in smaller pieces. */
typedef unsigned __int128 Text16;

enum { TEXT16_BYTES = 16 };
#define TEXT16_LIMIT UINT64_C(10000000000000000) /* what has more digits goes another way */

/* Below 10^8: its eight digits, the first in the lowest byte. All are divided at once. Source: P.
 * Khuong, "How to print integers really fast" (2017). */
static inline uint64_t eight_digits(uint64_t value) {
    uint64_t fours = value / 10000 | (value % 10000) << 32;
    uint64_t top = ((fours * 10486) >> 20) & UINT64_C(0x0000007F0000007F);
    uint64_t twos = ((fours - 100 * top) << 16) + top;
    uint64_t tens = ((twos * 103) >> 10) & UINT64_C(0x000F000F000F000F);
    return tens + ((twos - 10 * tens) << 8) + UINT64_C(0x3030303030303030);
}

static int digit_count(uint64_t value) {
    static const uint64_t powers[] = {
        0,
        UINT64_C(10),
        UINT64_C(100),
        UINT64_C(1000),
        UINT64_C(10000),
        UINT64_C(100000),
        UINT64_C(1000000),
        UINT64_C(10000000),
        UINT64_C(100000000),
        UINT64_C(1000000000),
        UINT64_C(10000000000),
        UINT64_C(100000000000),
        UINT64_C(1000000000000),
        UINT64_C(10000000000000),
        UINT64_C(100000000000000),
        UINT64_C(1000000000000000),
        UINT64_C(10000000000000000),
        UINT64_C(100000000000000000),
        UINT64_C(1000000000000000000),
        UINT64_C(10000000000000000000),
    };
    int guess = ((64 - __builtin_clzll(value | 1)) * 1233) >> 12; /* log10, or one more */
    return guess + (value >= powers[guess]);
}

static inline Text16 text16_drop(Text16 text, int count) {
    return text >> (8 * count);
}

/* The last count digits, at most 16. */
static inline Text16 text16_of(uint64_t value, int count) {
    enum { BLOCK = 100000000, BLOCK_DIGITS = 8 };
    uint64_t high = value / BLOCK, low = eight_digits(value % BLOCK);
    if (count <= BLOCK_DIGITS + 1) { /* as of every float of 32 bits */
        Text16 all = (Text16)low << 8 | (uint64_t)('0' + high);
        return text16_drop(all, BLOCK_DIGITS + 1 - count);
    }
    return text16_drop((Text16)low << 64 | eight_digits(high), TEXT16_BYTES - count);
}

static inline void text16_put(char *at, Text16 text) {
    memcpy(at, &text, sizeof text);
}

static inline char *put_digits_few(char *at, uint64_t value) {
    int count = digit_count(value);
    text16_put(at, text16_of(value, count));
    return at + count;
}

/* Any number of digits. */
static inline char *put_digits(char *at, uint64_t value) {
    if (value >= TEXT16_LIMIT) {
        at = put_digits_few(at, value / TEXT16_LIMIT);
        text16_put(at, text16_of(value % TEXT16_LIMIT, TEXT16_BYTES));
        return at + TEXT16_BYTES;
    }
    return put_digits_few(at, value);
}

static char *put_text(char *at, const char *text) {
    size_t length = strlen(text);
    memcpy(at, text, length);
    return at + length;
}

/* e+xx */
static char *put_exponent(char *at, int exponent) {
    *at++ = 'e';
    *at++ = exponent < 0 ? '-' : '+';
    exponent = exponent < 0 ? -exponent : exponent;
    if (exponent >= 100)
        *at++ = (char)('0' + exponent / 100);
    *at++ = (char)('0' + exponent / 10 % 10);
    *at++ = (char)('0' + exponent % 10);
    return at;
}

/* A point behind the first `whole` of count digits, which are more. */
static inline char *put_split(char *at, uint64_t value, int count, int whole) {
    if (value < TEXT16_LIMIT) {
        Text16 text = text16_of(value, count);
        text16_put(at, text);
        at[whole] = '.';
        text16_put(at + whole + 1, text16_drop(text, whole));
        return at + count + 1;
    }
    char digits[DECIMAL_TEXT_BYTES];
    put_digits(digits, value);
    memcpy(at, digits, (size_t)whole);
    at[whole] = '.';
    memcpy(at + whole + 1, digits + whole, (size_t)(count - whole));
    return at + count + 1;
}

/* 0.<digits> * 10^point; plain while that is not much longer. */
static char *put_shortest(char *at, Shortest value) {
    enum { PLAIN_LEAST = -4, PLAIN_MOST = 16 };
    static const char small[8] = "0.000000";
    while (value.digits % 10 == 0) {
        value.digits /= 10;
        value.exponent++;
    }
    int count = digit_count(value.digits), point = count + value.exponent;
    if (point <= PLAIN_LEAST || point > PLAIN_MOST) {
        at = count > 1 ? put_split(at, value.digits, count, 1) : put_digits(at, value.digits);
        return put_exponent(at, point - 1);
    }
    if (point <= 0) {
        memcpy(at, small, sizeof small);
        return put_digits(at + 2 - point, value.digits);
    }
    if (point < count)
        return put_split(at, value.digits, count, point);
    at = put_digits(at, value.digits);
    memset(at, '0', (size_t)(point - count));
    return put_text(at + (point - count), ".0");
}

char *decimal_write_f32(char *at, float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint64_t mantissa = bits & 0x7FFFFF;
    int exponent = (int)(bits >> 23 & 0xFF);
    if (exponent == 0xFF && mantissa)
        return put_text(at, "NaN");
    if (bits >> 31)
        *at++ = '-';
    if (exponent == 0xFF)
        return put_text(at, "Infinity");
    if (exponent == 0 && mantissa == 0)
        return put_text(at, "0.0");
    if (exponent == 0)
        return put_shortest(at, shortest(mantissa, -149, false));
    return put_shortest(
        at, shortest(mantissa | 0x800000, exponent - 150, mantissa == 0 && exponent > 1));
}

char *decimal_write_f64(char *at, double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint64_t mantissa = bits & (UINT64_MAX >> 12);
    int exponent = (int)(bits >> 52 & 0x7FF);
    if (exponent == 0x7FF && mantissa)
        return put_text(at, "NaN");
    if (bits >> 63)
        *at++ = '-';
    if (exponent == 0x7FF)
        return put_text(at, "Infinity");
    if (exponent == 0 && mantissa == 0)
        return put_text(at, "0.0");
    if (exponent == 0)
        return put_shortest(at, shortest(mantissa, -1074, false));
    return put_shortest(
        at, shortest(mantissa | UINT64_C(1) << 52, exponent - 1075, mantissa == 0 && exponent > 1));
}

char *decimal_write_u64(char *at, uint64_t value) {
    return put_digits(at, value);
}

char *decimal_write_i64(char *at, int64_t value) {
    if (value >= 0)
        return decimal_write_u64(at, (uint64_t)value);
    *at++ = '-';
    return decimal_write_u64(at, 0 - (uint64_t)value);
}
