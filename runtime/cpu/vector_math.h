/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Functions of one float, and sums and maxima of a row, for the loops that are compiled once per
 * instruction set: branch-free, so that they vectorise once they are inlined.
 *
 * exp: 2^n * polynomial after Cody-Waite reduction, 2 ulp; below -87.3 the result is 0, above 88.7
 * infinity. erf: odd polynomial below 1, 1 - polynomial * exp(-x^2) above, 4e-7 absolute. NaN stays
 * NaN in all of them.
 */

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LANES  16
#define INLINE static inline __attribute__((always_inline))

INLINE float float_of(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

INLINE uint32_t bits_of(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

INLINE float exp_f(float x) {
    float bounded = x < -87.3f ? -87.3f : x;
    bounded = bounded > 88.72f ? 88.72f : bounded;
    /* Adding 1.5 * 2^23 rounds to an integer that then stands in the low bits. */
    const float magic = 12582912.0f;
    float shifted = bounded * 1.44269504f + magic;
    float n = shifted - magic;
    float r = bounded - n * 0.693359375f;
    r = r - n * -2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    /* n reaches 128, one more than an exponent holds: two factors. */
    int32_t whole = (int32_t)(bits_of(shifted) - bits_of(magic));
    int32_t half = whole >> 1;
    float result =
        p * float_of((uint32_t)(half + 127) << 23) * float_of((uint32_t)(whole - half + 127) << 23);
    result = x > 88.722839f ? INFINITY : result;
    result = x < -87.3f ? 0.0f : result;
    return x != x ? x : result;
}

INLINE float sigmoid_f(float x) {
    return 1.0f / (1.0f + exp_f(-x));
}

INLINE float tanh_f(float x) {
    float a = fabsf(x);
    float s = x * x;
    /* Near 0 the quotient below loses its low bits. */
    float small = -5.70498872745e-3f;
    small = small * s + 2.06390887954e-2f;
    small = small * s - 5.37397155531e-2f;
    small = small * s + 1.33314422036e-1f;
    small = small * s - 3.33332819422e-1f;
    small = small * s * x + x;
    float large = copysignf(1.0f - 2.0f / (exp_f(2.0f * a) + 1.0f), x);
    float result = a < 0.625f ? small : large;
    return x != x ? x : result;
}

INLINE float erf_f(float x) {
    float a = fabsf(x);
    float s = x * x;
    /* |x| < 1: Taylor with 11 terms (error below 1e-8 there). */
    float small = 1.0f / 76204800.0f;
    small = small * s - 1.0f / 6894720.0f;
    small = small * s + 1.0f / 685440.0f;
    small = small * s - 1.0f / 75600.0f;
    small = small * s + 1.0f / 9360.0f;
    small = small * s - 1.0f / 1320.0f;
    small = small * s + 1.0f / 216.0f;
    small = small * s - 1.0f / 42.0f;
    small = small * s + 0.1f;
    small = small * s - 1.0f / 3.0f;
    small = (small * s + 1.0f) * 1.128379167f * x;
    /* Abramowitz and Stegun 7.1.26: 1.5e-7 absolute. */
    float t = 1.0f / (1.0f + 0.3275911f * a);
    float p = 1.061405429f;
    p = p * t - 1.453152027f;
    p = p * t + 1.421413741f;
    p = p * t - 0.284496736f;
    p = p * t + 0.254829592f;
    float large = copysignf(1.0f - p * t * exp_f(-s), x);
    float result = a < 1.0f ? small : large;
    return x != x ? x : result;
}

/* max and min that keep a NaN of x. */
INLINE float at_least(float x, float low) {
    return x < low ? low : x;
}

INLINE float at_most(float x, float high) {
    return x > high ? high : x;
}

INLINE float gelu_tanh_f(float x) {
    return 0.5f * x * (1.0f + tanh_f(0.797884561f * (x + 0.044715f * x * x * x)));
}

/* --- a row, in LANES partial results --- */

INLINE float add_lanes(float partial[static LANES]) {
    for (size_t width = LANES / 2; width > 0; width /= 2)
        for (size_t lane = 0; lane < width; lane++)
            partial[lane] += partial[lane + width];
    return partial[0];
}

INLINE float row_sum(const float *src, size_t count) {
    float partial[LANES] = { 0 };
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        for (size_t lane = 0; lane < LANES; lane++)
            partial[lane] += src[i + lane];
    for (size_t lane = 0; i + lane < count; lane++)
        partial[lane] += src[i + lane];
    return add_lanes(partial);
}

/* The pragma keeps gcc from unrolling the lanes into scalar code before it vectorises. */
INLINE float row_max(const float *src, size_t count) {
    float partial[LANES];
    for (size_t lane = 0; lane < LANES; lane++)
        partial[lane] = -INFINITY;
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
#pragma GCC unroll 1
        for (size_t lane = 0; lane < LANES; lane++)
            partial[lane] = src[i + lane] > partial[lane] ? src[i + lane] : partial[lane];
    }
    for (size_t lane = 0; i + lane < count; lane++)
        partial[lane] = src[i + lane] > partial[lane] ? src[i + lane] : partial[lane];
    for (size_t width = LANES / 2; width > 0; width /= 2)
        for (size_t lane = 0; lane < width; lane++)
            partial[lane] =
                partial[lane + width] > partial[lane] ? partial[lane + width] : partial[lane];
    return partial[0];
}
