/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Comparisons and boolean operators; the result is BOOL. NaN compares unequal to everything. Equal
 * takes strings and booleans too.
 */

#include "runtime/cpu/reference/elementwise.h"
#include "runtime/cpu/reference/reference_kernels.h"

#include <string.h>

static bool views_equal(StringView a, StringView b) {
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

#define COMPARISON(name, expression)                                                               \
    FLOAT_TYPES(BINARY_ROW_TO_BOOL, name, expression)                                              \
    INT_TYPES(BINARY_ROW_TO_BOOL, name, expression)                                                \
    static const ElementwiseOp name##_op = { .rows = { FLOAT_ROWS(name) INT_ROWS(name) },          \
                                             .dst = DTYPE_BOOL };                                  \
    Status reference_##name(const KernelCall *call) {                                              \
        return elementwise_run(call, &name##_op, 2);                                               \
    }
COMPARISON(less, a < b)
COMPARISON(less_or_equal, a <= b)
COMPARISON(greater, a > b)
COMPARISON(greater_or_equal, a >= b)

FLOAT_TYPES(BINARY_ROW_TO_BOOL, equal, a == b)
INT_TYPES(BINARY_ROW_TO_BOOL, equal, a == b)
BINARY_ROW(equal, BOOL, uint8_t, a == b)
BINARY_ROW_TO_BOOL(equal, STRING, StringView, views_equal(a, b))
static const ElementwiseOp EQUAL = {
    .rows = { FLOAT_ROWS(equal) INT_ROWS(equal)[DTYPE_BOOL] = equal_BOOL, [DTYPE_STRING] =
                                                                              equal_STRING },
    .dst = DTYPE_BOOL,
};

Status reference_equal(const KernelCall *call) {
    return elementwise_run(call, &EQUAL, 2);
}

#define LOGICAL(name, expression)                                                                  \
    BINARY_ROW(name, BOOL, uint8_t, expression)                                                    \
    static const ElementwiseOp name##_op = { .rows = { [DTYPE_BOOL] = name##_BOOL },               \
                                             .dst = DTYPE_BOOL };                                  \
    Status reference_##name(const KernelCall *call) {                                              \
        return elementwise_run(call, &name##_op, 2);                                               \
    }
LOGICAL(and, a &b)
LOGICAL(or, a | b)
LOGICAL(xor, a ^ b)
