/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Inner loops of quantised tensors, compiled once per instruction set like those of vector_loops.h,
 * whose table leads here (VectorLoops.bytes). Each comes for u8 and for i8: is_signed tells.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* sum = round(a * a_factor + b * b_factor + term) + zero, saturated: term has taken the operands'
 * zero points off already. */
typedef struct ByteSum {
    float a_factor, b_factor, term;
    int32_t zero;
} ByteSum;

struct VectorBytes {
    /* round(src / scale) + zero, saturated; halves to even */
    void (*quantize[2])(void *dst, const float *src, size_t count, float scale, int32_t zero);
    /* (src - zero) * scale */
    void (*dequantize[2])(float *dst, const void *src, size_t count, float scale, int32_t zero);
    void (*add[2])(void *dst, const void *a, const void *b, size_t count, const ByteSum *sum);
    /* dst[c] = max of taps[0][c] ... taps[tap_count - 1][c]; tap_count > 0 */
    void (*pool_max[2])(void *dst, const void *const *taps, size_t tap_count, size_t channels);
};
