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

/* The shortest of the two or three candidates. Bounds and v in quarters of a unit of 10^k. */
static Shortest choose(uint64_t lower, uint64_t v, uint64_t upper, int k) {
    uint64_t s = v / 4;
    if (s >= 10) {
        uint64_t tens = s / 10;
        bool down = lower <= 40 * tens, up = 40 * tens + 40 <= upper;
        if (down != up)
            return (Shortest){ tens + up, k + 1 };
    }
    bool down = lower <= 4 * s, up = 4 * s + 4 <= upper;
    if (down != up)
        return (Shortest){ s + up, k };
    uint64_t middle = 4 * s + 2;
    bool round_up = v > middle || (v == middle && (s & 1));
    return (Shortest){ s + round_up, k };
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

static inline char *put_digits(char *at, uint64_t value, int count) {
    for (int i = count; i-- > 0; value /= 10)
        at[i] = (char)('0' + value % 10);
    return at + count;
}

static int digit_count(uint64_t value) {
    int count = 1;
    for (; value >= 10; value /= 10)
        count++;
    return count;
}

static char *put_text(char *at, const char *text) {
    size_t length = strlen(text);
    memcpy(at, text, length);
    return at + length;
}

/* d.ddde+xx */
static char *put_scientific(char *at, uint64_t digits, int count, int point) {
    char text[24];
    put_digits(text, digits, count);
    *at++ = text[0];
    if (count > 1) {
        *at++ = '.';
        memcpy(at, text + 1, (size_t)count - 1);
        at += count - 1;
    }
    *at++ = 'e';
    int exponent = point - 1;
    *at++ = exponent < 0 ? '-' : '+';
    exponent = exponent < 0 ? -exponent : exponent;
    return put_digits(at, (uint64_t)exponent, exponent >= 100 ? 3 : 2);
}

/* 0.<digits> * 10^point; plain while that is not much longer. */
static char *put_shortest(char *at, Shortest value) {
    enum { PLAIN_LEAST = -4, PLAIN_MOST = 16 };
    while (value.digits % 10 == 0) {
        value.digits /= 10;
        value.exponent++;
    }
    int count = digit_count(value.digits), point = count + value.exponent;
    if (point <= PLAIN_LEAST || point > PLAIN_MOST)
        return put_scientific(at, value.digits, count, point);
    if (point <= 0) {
        at = put_text(at, "0.");
        memset(at, '0', (size_t)-point);
        return put_digits(at - point, value.digits, count);
    }
    if (point >= count) {
        at = put_digits(at, value.digits, count);
        memset(at, '0', (size_t)(point - count));
        return put_text(at + (point - count), ".0");
    }
    char text[24];
    put_digits(text, value.digits, count);
    memcpy(at, text, (size_t)point);
    at[point] = '.';
    memcpy(at + point + 1, text + point, (size_t)(count - point));
    return at + count + 1;
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
    return put_digits(at, value, digit_count(value));
}

char *decimal_write_i64(char *at, int64_t value) {
    if (value >= 0)
        return decimal_write_u64(at, (uint64_t)value);
    *at++ = '-';
    return decimal_write_u64(at, 0 - (uint64_t)value);
}
