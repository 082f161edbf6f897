/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Three ways, from the fastest to the one that is always right: Clinger's (both parts are exact in
 * the type, so one operation rounds once), Lemire's (a 64 x 128 bit product decides nearly every
 * case), and the C library. More than 19 digits are cut; when the cut number and the next one give
 * the same float, so does everything between them. Reads its input and constant tables only; any
 * thread. Source: W. Clinger, "How to read floating point numbers accurately" (1990); D. Lemire,
 * "Number parsing at a gigabyte per second" (2021); N. Mushtak, D. Lemire, "Fast number parsing
 * without fallback" (2022).
 */

#include "runtime/json/decimal_read.h"

#include "runtime/json/powers_of_ten.h"

#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* --- scanning --- */

/* The first 19 digits that count, and the exponent that goes with them. */
void decimal_cut_digits(const char *at, const char *end, int64_t exponent, Decimal *decimal) {
    uint64_t digits = 0;
    int kept = 0;
    bool fraction = false;
    for (; at < end && (decimal_is_digit(*at) || *at == '.'); at++) {
        if (*at == '.') {
            fraction = true;
            continue;
        }
        bool keep = kept < DECIMAL_DIGITS_MAX;
        if (keep)
            digits = digits * 10 + (uint64_t)(*at - '0');
        kept += keep && digits > 0; /* leading zeros do not count */
        exponent += (fraction ? -1 : 0) + (keep ? 0 : 1);
        decimal->is_cut = decimal->is_cut || (!keep && *at != '0');
    }
    decimal->digits = digits;
    decimal->exponent = (int32_t)exponent;
}

/* --- to binary --- */

/* What differs between the two formats; numbers of the papers above. */
typedef struct FloatFormat {
    int mantissa_bits, exponent_least, exponent_infinite;
    int even_first, even_last; /* powers of ten for which a product may be exactly between two */
    int power_first, power_last;
} FloatFormat;

static const FloatFormat F32 = { 23, -127, 0xFF, -17, 10, -64, 38 };
static const FloatFormat F64 = { 52, -1023, 0x7FF, -4, 23, -342, 308 };

/* Exponent and mantissa as IEEE 754 lays them out, without the sign. digits is not 0. */
static inline __attribute__((always_inline)) uint64_t binary_of(uint64_t digits, int32_t power,
                                                                const FloatFormat *format) {
    if (power < format->power_first)
        return 0;
    uint64_t infinite = (uint64_t)format->exponent_infinite << format->mantissa_bits;
    if (power > format->power_last)
        return infinite;
    int zeros = __builtin_clzll(digits);
    digits <<= zeros;
    PowerOfTen ten = power_of_ten(power);
    unsigned __int128 product = (unsigned __int128)digits * ten.high;
    uint64_t high = (uint64_t)(product >> 64), low = (uint64_t)product;
    uint64_t precision = UINT64_MAX >> (format->mantissa_bits + 3);
    if ((high & precision) == precision) {
        uint64_t more = (uint64_t)(((unsigned __int128)digits * ten.low) >> 64);
        low += more;
        high += more > low;
    }
    int upper = (int)(high >> 63);
    int shift = upper + 64 - format->mantissa_bits - 3;
    uint64_t mantissa = high >> shift;
    int exponent = ((217706 * power) >> 16) + 63 + upper - zeros - format->exponent_least;
    if (exponent <= 0) { /* subnormal */
        if (exponent <= -63)
            return 0;
        mantissa >>= 1 - exponent;
        return (mantissa + (mantissa & 1)) >> 1; /* a carry makes it the least normal number */
    }
    bool maybe_between = low <= 1 && power >= format->even_first && power <= format->even_last;
    if (maybe_between && (mantissa & 3) == 1 && mantissa << shift == high)
        mantissa &= ~UINT64_C(1);
    mantissa = (mantissa + (mantissa & 1)) >> 1;
    if (mantissa >= UINT64_C(2) << format->mantissa_bits) {
        mantissa = UINT64_C(1) << format->mantissa_bits;
        exponent++;
    }
    mantissa &= ~(UINT64_C(1) << format->mantissa_bits);
    if (exponent >= format->exponent_infinite)
        return infinite;
    return (uint64_t)exponent << format->mantissa_bits | mantissa;
}

/* The C library's, in the C locale whatever the process has. */
static locale_t c_locale;

static void make_locale(void) {
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

static uint64_t binary_by_library(const Decimal *decimal, const FloatFormat *format) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, make_locale);
    char text[DECIMAL_LENGTH_MAX + 1];
    size_t length = (size_t)(decimal->end - decimal->begin) - decimal->negative;
    if (length > DECIMAL_LENGTH_MAX)
        length = DECIMAL_LENGTH_MAX;
    memcpy(text, decimal->begin + decimal->negative, length);
    text[length] = '\0';
    if (format == &F32) {
        float value = strtof_l(text, NULL, c_locale);
        uint32_t bits;
        memcpy(&bits, &value, sizeof bits);
        return bits;
    }
    double value = strtod_l(text, NULL, c_locale);
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline __attribute__((always_inline)) uint64_t binary(const Decimal *decimal,
                                                             const FloatFormat *format) {
    if (decimal->digits == 0)
        return 0;
    uint64_t bits = binary_of(decimal->digits, decimal->exponent, format);
    if (decimal->is_cut && bits != binary_of(decimal->digits + 1, decimal->exponent, format))
        return binary_by_library(decimal, format);
    return bits;
}

float decimal_to_f32_slow(const Decimal *decimal) {
    uint32_t bits = (uint32_t)binary(decimal, &F32);
    float value;
    memcpy(&value, &bits, sizeof value);
    return decimal->negative ? -value : value;
}

double decimal_to_f64(const Decimal *decimal) {
    static const double exact[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
    int32_t power = decimal->exponent;
    double value;
    if (decimal->digits <= UINT64_C(1) << 53 && power >= -22 && power <= 22 && !decimal->is_cut) {
        value = (double)decimal->digits;
        value = power < 0 ? value / exact[-power] : value * exact[power];
    } else {
        uint64_t bits = binary(decimal, &F64);
        memcpy(&value, &bits, sizeof value);
    }
    return decimal->negative ? -value : value;
}

/* --- integers --- */

/* The magnitude, if there is one of 64 bits. */
static bool magnitude(const Decimal *decimal, uint64_t *ret_value) {
    if (!decimal->is_integer)
        return false;
    uint64_t value = 0;
    for (const char *at = decimal->begin + decimal->negative; at < decimal->end; at++)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*at - '0'), &value))
            return false;
    *ret_value = value;
    return true;
}

bool decimal_to_i64(const Decimal *decimal, int64_t *ret_value) {
    uint64_t value;
    if (!magnitude(decimal, &value) || value > (uint64_t)INT64_MAX + decimal->negative)
        return false;
    *ret_value = (int64_t)(decimal->negative ? 0 - value : value);
    return true;
}

bool decimal_to_u64(const Decimal *decimal, uint64_t *ret_value) {
    uint64_t value;
    if (!magnitude(decimal, &value) || (decimal->negative && value != 0))
        return false;
    *ret_value = value;
    return true;
}
