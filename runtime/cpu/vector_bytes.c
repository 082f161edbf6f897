/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Loops over quantised tensors in plain C, made once for each instruction set (meson.build). Limits
 * are applied before the zero point is added and while the number is a float, so that no conversion
 * can overflow; NaN becomes the lower limit.
 *
 * Thread: any.
 */

#include "runtime/cpu/vector_bytes.h"
#include "runtime/cpu/vector_loops.h"

#include <math.h>

/* In tiles through int32: the compiler vectorises both halves, not the whole. */
enum { TILE = 512 };

#define BYTE_LOOPS(T, name, low, high)                                                             \
    static void store_##name(T *restrict dst, const float *restrict values, size_t count,          \
                             int32_t zero) {                                                       \
        int32_t rounded[TILE];                                                                     \
        const float least = (float)((low)-zero), most = (float)((high)-zero);                      \
        for (size_t i = 0; i < count; i++) {                                                       \
            float value = rintf(values[i]);                                                        \
            value = value > least ? value : least;                                                 \
            value = value < most ? value : most;                                                   \
            rounded[i] = (int32_t)value + zero;                                                    \
        }                                                                                          \
        for (size_t i = 0; i < count; i++)                                                         \
            dst[i] = (T)rounded[i];                                                                \
    }                                                                                              \
    static void quantize_##name(void *dst, const float *src, size_t count, float scale,            \
                                int32_t zero) {                                                    \
        float values[TILE];                                                                        \
        for (size_t at = 0; at < count; at += TILE) {                                              \
            size_t part = count - at < TILE ? count - at : TILE;                                   \
            for (size_t i = 0; i < part; i++)                                                      \
                values[i] = src[at + i] / scale;                                                   \
            store_##name((T *)dst + at, values, part, zero);                                       \
        }                                                                                          \
    }                                                                                              \
    static void dequantize_##name(float *restrict dst, const void *src, size_t count, float scale, \
                                  int32_t zero) {                                                  \
        const T *restrict from = src;                                                              \
        for (size_t i = 0; i < count; i++)                                                         \
            dst[i] = (float)((int32_t)from[i] - zero) * scale;                                     \
    }                                                                                              \
    static void add_##name(void *dst, const void *a, const void *b, size_t count,                  \
                           const ByteSum *sum) {                                                   \
        float values[TILE];                                                                        \
        const ByteSum s = *sum;                                                                    \
        for (size_t at = 0; at < count; at += TILE) {                                              \
            const T *left = (const T *)a + at, *right = (const T *)b + at;                         \
            size_t part = count - at < TILE ? count - at : TILE;                                   \
            for (size_t i = 0; i < part; i++)                                                      \
                values[i] = (float)left[i] * s.a_factor + (float)right[i] * s.b_factor + s.term;   \
            store_##name((T *)dst + at, values, part, s.zero);                                     \
        }                                                                                          \
    }                                                                                              \
    static void pool_max_##name(void *dst, const void *const *taps, size_t tap_count,              \
                                size_t channels) {                                                 \
        T *restrict to = dst;                                                                      \
        const T *first = taps[0];                                                                  \
        for (size_t i = 0; i < channels; i++)                                                      \
            to[i] = first[i];                                                                      \
        for (size_t tap = 1; tap < tap_count; tap++) {                                             \
            const T *restrict from = taps[tap];                                                    \
            for (size_t i = 0; i < channels; i++)                                                  \
                to[i] = from[i] > to[i] ? from[i] : to[i];                                         \
        }                                                                                          \
    }

BYTE_LOOPS(uint8_t, u8, 0, 255)
BYTE_LOOPS(int8_t, i8, -128, 127)

extern const VectorBytes VECTOR_BYTES;
const VectorBytes VECTOR_BYTES = {
    .quantize = { quantize_u8, quantize_i8 },
    .dequantize = { dequantize_u8, dequantize_i8 },
    .add = { add_u8, add_i8 },
    .pool_max = { pool_max_u8, pool_max_i8 },
};
