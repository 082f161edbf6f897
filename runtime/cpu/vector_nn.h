/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Inner loops of transformers and recurrent networks, compiled once per instruction set like those
 * of vector_loops.h, whose table leads here (VectorLoops.nn).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* c = a * b, or c += a * b: matrices that lie in the cache. */
typedef struct SmallGemm {
    size_t rows, columns, inner;
    const float *a; /* [rows, inner], a_step floats a row */
    size_t a_step;
    /* [inner, columns]: panel_columns of them side by side, b_step floats a row, b_panel floats to
     * the next panel. Whole vectors are read: columns must be there up to the next multiple of 16.
     */
    const float *b;
    size_t b_step, b_panel;
    float *c; /* [rows, columns], c_step floats a row; nothing beyond columns is written */
    size_t c_step;
    const uint32_t *a_at, *c_at; /* where each row begins instead, in floats; NULL: by steps */
    bool accumulate;
    bool ahead; /* panels come from far away, one behind the other: fetch while computing */
} SmallGemm;

typedef void (*SmallGemmFn)(const SmallGemm *gemm);

struct VectorNn {
    size_t panel_columns;
    /* An element is one chain of multiply-adds in the order of inner, whatever the sizes: a row's
     * bits do not depend on how many rows there are. */
    SmallGemmFn gemm;
    /* dst = rows (+ residual, laid out as dst) (then not below 0): rows of `columns` floats,
     * row_step apart, to places dst_step apart. */
    void (*store_rows)(float *dst, size_t dst_step, const float *rows, size_t row_step,
                       const float *residual, bool relu, size_t count, size_t columns);
    /* To the nearest float. */
    void (*from_i32)(float *dst, const void *src, size_t count);
    void (*from_u8)(float *dst, const void *src, size_t count);
    void (*from_i8)(float *dst, const void *src, size_t count);
    /* row += columns * factor, modulo 2^32 */
    void (*add_columns)(int32_t *row, const int32_t *columns, int32_t factor, size_t count);
    /* The sum of count bytes, or of signed ones. */
    int32_t (*sum_bytes)(const void *bytes, bool is_signed, size_t count);
    /* clamp(round(x / scale) + zero, 0, 255), ties to even */
    void (*quantize_u8)(uint8_t *dst, const float *src, float scale, float zero, size_t count);
    /* Least and greatest of the row and 0. */
    void (*range)(const float *src, size_t count, float ret_range[2]);
    /* The same bytes as the plain kernel's: clamp(round(sum * factor) + zero), in double. factors:
     * one a column, or one (factor_step 0). */
    void (*requantize)(void *dst, bool is_signed, const int32_t *sums, const float *factors,
                       size_t factor_step, int32_t zero, size_t count);
    /* (x - mean) * factor * scale + shift over one row; factor = 1 / sqrt(variance + epsilon).
     * shift may be NULL; not centred: mean is 0 (RMS). ret_moments: mean and factor. */
    void (*normalize)(float *dst, const float *src, const float *scale, const float *shift,
                      size_t count, float epsilon, bool centred, float ret_moments[2]);
    /* row = exp(row * factor + mask - max of these); gives the sum. mask may be NULL. */
    float (*attend)(float *row, const float *mask, size_t count, float factor);
    /* One step of LSTM cells with sigmoid, tanh, tanh: gates i, o, f, c of count each. c is changed
     * in place. peephole: i, o, f of count each, or NULL. */
    void (*lstm_cell)(float *h, float *c, const float *gates, const float *peephole, size_t count);
    /* One step of GRU cells with sigmoid, tanh, h changed in place: gates z, r, h of count each as
     * the input makes them, and as the state does. */
    void (*gru_cell)(float *h, const float *from_input, const float *from_state, size_t count);
};
