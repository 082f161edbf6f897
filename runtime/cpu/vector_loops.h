/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The inner loops of our own kernels. vector_loops.c is plain C for the auto-vectoriser; it is
 * compiled once per instruction set, each time into its own table (per-function target attributes
 * ran 1.6x slower: helpers are not inlined into them), and vector_loops() gives the best table for
 * this machine.
 *
 * dst may be src (same start) everywhere but in transpose and the pooling loops.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Loops of quantised tensors: runtime/cpu/vector_bytes.h. */
typedef struct VectorBytes VectorBytes;
/* Loops of normalisation, attention and recurrent cells: runtime/cpu/vector_nn.h. */
typedef struct VectorNn VectorNn;

typedef enum UnaryLoop {
    UNARY_RELU,
    UNARY_LEAKY_RELU, /* alpha: slope below 0 */
    UNARY_CLIP,       /* max(alpha, min(beta, x)) */
    UNARY_SIGMOID,
    UNARY_TANH,
    UNARY_HARD_SIGMOID, /* max(0, min(1, alpha * x + beta)) */
    UNARY_HARD_SWISH,
    UNARY_SWISH, /* x * sigmoid(alpha * x) */
    UNARY_GELU,  /* erf form */
    UNARY_GELU_TANH,
    UNARY_LINEAR, /* alpha * x + beta */
    UNARY_ERF,
    UNARY_EXP,
    UNARY_SQRT,
    UNARY_RECIPROCAL,
    UNARY_NEG,
    UNARY_ABS,
    UNARY_COUNT
} UnaryLoop;

typedef enum BinaryLoop { BINARY_ADD, BINARY_SUB, BINARY_MUL, BINARY_DIV, BINARY_COUNT } BinaryLoop;

typedef void (*UnaryFn)(float *dst, const float *src, size_t count, float alpha, float beta);
/* a and b advance, or stand still: a scalar. */
typedef void (*BinaryFn)(float *dst, const float *a, const float *b, size_t count);

typedef struct VectorLoops {
    const char *name;
    UnaryFn unary[UNARY_COUNT];
    BinaryFn binary[BINARY_COUNT];       /* both advance */
    BinaryFn binary_right[BINARY_COUNT]; /* b[0] for all */
    BinaryFn binary_left[BINARY_COUNT];  /* a[0] for all */
    /* dst = src * scale + shift, all of count items. */
    void (*scale_shift)(float *dst, const float *src, const float *scale, const float *shift,
                        size_t count);
    /* Rounded to the nearest bfloat16, ties to even; NaN stays NaN. */
    void (*to_bf16)(uint16_t *dst, const float *src, size_t count);
    /* Over one row: exp(x - max) / sum, or x - max - log(sum). */
    void (*softmax)(float *dst, const float *src, size_t count, bool logarithm);
    /* Sum of count items, in 16 partial sums. */
    float (*sum)(const float *src, size_t count);
    float (*max)(const float *src, size_t count);
    /* dst[c] += src[c] */
    void (*accumulate)(float *dst, const float *src, size_t count);
    /* dst[c] = max(dst[c], src[c]) */
    void (*max_into)(float *dst, const float *src, size_t count);
    /* src [rows, columns] with src_step floats a row -> dst [columns, rows] with dst_step floats a
     * row. */
    void (*transpose)(float *dst, size_t dst_step, const float *src, size_t src_step, size_t rows,
                      size_t columns);
    /* dst[c] = max (or sum * factor) of taps[0][c] ... taps[tap_count - 1][c]; tap_count > 0. */
    void (*pool_max)(float *dst, const float *const *taps, size_t tap_count, size_t channels);
    void (*pool_sum)(float *dst, const float *const *taps, size_t tap_count, size_t channels,
                     float factor);
    const VectorNn *nn;
    const VectorBytes *bytes;
} VectorLoops;

/* Thread: any. */
const VectorLoops *vector_loops(void);
/* All tables that this machine can run, the plain one first; for tests. */
const VectorLoops *const *vector_loops_all(size_t *ret_count);
