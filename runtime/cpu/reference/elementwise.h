/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Elementwise kernels as tables: an operator is one row function per element type, and the driver
 * walks broadcast rows, converts narrow floats to float and back, and checks types. The macros make
 * the row functions from an expression.
 */

#include "runtime/cpu/reference/reference_util.h"

typedef struct Row {
    void *dst;
    const void *src[BROADCAST_MAX]; /* NULL: the operand was left out */
    size_t step[BROADCAST_MAX];     /* 1, or 0: the same element all along */
    size_t count;
    double alpha, beta; /* the operator's attributes */
} Row;

typedef void (*RowFn)(const Row *row);

typedef struct ElementwiseOp {
    RowFn rows[DTYPE_COUNT]; /* by type of source 0; F16, BF16 and F8* go through F32 where they
                                have no row */
    DType dst;               /* INVALID: as source 0 */
    const char *alpha_name, *beta_name; /* float attributes, or NULL */
    float alpha, beta;                  /* their defaults */
} ElementwiseOp;

/* dst[0] = op(src[0] .. src[source_count - 1]), all present and of one type. */
Status elementwise_run(const KernelCall *call, const ElementwiseOp *op, size_t source_count);
/* The same on given tensors, checked here; those behind the first may be NULL; dst may be source 0
 * itself. */
Status elementwise_apply(const KernelCall *call, const ElementwiseOp *op,
                         const Tensor *const *sources, size_t source_count, Tensor *dst);

/* Types as X(name, suffix, C type, expression). */
#define FLOAT_TYPES(X, name, expression)                                                           \
    X(name, F32, float, expression)                                                                \
    X(name, F64, double, expression)
#define SIGNED_TYPES(X, name, expression)                                                          \
    X(name, I8, int8_t, expression)                                                                \
    X(name, I16, int16_t, expression)                                                              \
    X(name, I32, int32_t, expression)                                                              \
    X(name, I64, int64_t, expression)
#define UNSIGNED_TYPES(X, name, expression)                                                        \
    X(name, U8, uint8_t, expression)                                                               \
    X(name, U16, uint16_t, expression)                                                             \
    X(name, U32, uint32_t, expression)                                                             \
    X(name, U64, uint64_t, expression)
#define INT_TYPES(X, name, expression)                                                             \
    SIGNED_TYPES(X, name, expression)                                                              \
    UNSIGNED_TYPES(X, name, expression)

#define ROW_ENTRY(name, S, T, expression) [DTYPE_##S] = name##_##S,
#define FLOAT_ROWS(name)                  FLOAT_TYPES(ROW_ENTRY, name, )
#define SIGNED_ROWS(name)                 SIGNED_TYPES(ROW_ENTRY, name, )
#define UNSIGNED_ROWS(name)               UNSIGNED_TYPES(ROW_ENTRY, name, )
#define INT_ROWS(name)                    INT_TYPES(ROW_ENTRY, name, )

/* expression in x, alpha and beta, all of type Element. */
#define UNARY_ROW_TO(name, S, T, D, expression)                                                    \
    static void name##_##S(const Row *row) {                                                       \
        typedef __attribute__((unused)) T Element;                                                 \
        const T *from = row->src[0];                                                               \
        D *to = row->dst;                                                                          \
        __attribute__((unused)) const T alpha = (T)row->alpha, beta = (T)row->beta;                \
        for (size_t i = 0; i < row->count; i++) {                                                  \
            const T x = from[i];                                                                   \
            to[i] = (D)(expression);                                                               \
        }                                                                                          \
    }
#define UNARY_ROW(name, S, T, expression)         UNARY_ROW_TO(name, S, T, T, expression)
#define UNARY_ROW_TO_BOOL(name, S, T, expression) UNARY_ROW_TO(name, S, T, uint8_t, expression)

/* expression in a and b, of type Element. */
#define BINARY_ROW_TO(name, S, T, D, expression)                                                   \
    static void name##_##S(const Row *row) {                                                       \
        typedef __attribute__((unused)) T Element;                                                 \
        const T *left = row->src[0], *right = row->src[1];                                         \
        D *to = row->dst;                                                                          \
        if (row->step[0] && row->step[1]) {                                                        \
            for (size_t i = 0; i < row->count; i++) {                                              \
                const T a = left[i], b = right[i];                                                 \
                to[i] = (D)(expression);                                                           \
            }                                                                                      \
            return;                                                                                \
        }                                                                                          \
        for (size_t i = 0; i < row->count; i++) {                                                  \
            const T a = left[i * row->step[0]], b = right[i * row->step[1]];                       \
            to[i] = (D)(expression);                                                               \
        }                                                                                          \
    }
#define BINARY_ROW(name, S, T, expression)         BINARY_ROW_TO(name, S, T, T, expression)
#define BINARY_ROW_TO_BOOL(name, S, T, expression) BINARY_ROW_TO(name, S, T, uint8_t, expression)
