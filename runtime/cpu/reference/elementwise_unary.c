/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Operators of one element: rounding, roots, exponentials, trigonometry, predicates. One line each:
 * the expression in x, written from the ONNX text; <tgmath.h> picks the float or the double
 * function by the type of x.
 *
 * Choices the text leaves open: Neg and Abs of the smallest integer wrap; Sign of NaN is NaN.
 */

#include "runtime/cpu/reference/elementwise.h"
#include "runtime/cpu/reference/reference_kernels.h"

#include <stdlib.h>
#include <tgmath.h>

#define FLOAT_UNARY(name, expression)                                                              \
    FLOAT_TYPES(UNARY_ROW, name, expression)                                                       \
    static const ElementwiseOp name##_op = { .rows = { FLOAT_ROWS(name) } };                       \
    Status reference_##name(const KernelCall *call) {                                              \
        return elementwise_run(call, &name##_op, 1);                                               \
    }

FLOAT_UNARY(acos, acos(x))
FLOAT_UNARY(acosh, acosh(x))
FLOAT_UNARY(asin, asin(x))
FLOAT_UNARY(asinh, asinh(x))
FLOAT_UNARY(atan, atan(x))
FLOAT_UNARY(atanh, atanh(x))
FLOAT_UNARY(ceil, ceil(x))
FLOAT_UNARY(cos, cos(x))
FLOAT_UNARY(cosh, cosh(x))
FLOAT_UNARY(exp, exp(x))
FLOAT_UNARY(floor, floor(x))
FLOAT_UNARY(log, log(x))
FLOAT_UNARY(reciprocal, 1 / x)
FLOAT_UNARY(round, rint(x)) /* half to even: the default rounding mode */
FLOAT_UNARY(sin, sin(x))
FLOAT_UNARY(sinh, sinh(x))
FLOAT_UNARY(sqrt, sqrt(x))
FLOAT_UNARY(tan, tan(x))
FLOAT_UNARY(tanh, tanh(x))

FLOAT_TYPES(UNARY_ROW, abs, fabs(x))
SIGNED_TYPES(UNARY_ROW, abs, x < 0 ? -(uint64_t)x : (uint64_t)x)
UNSIGNED_TYPES(UNARY_ROW, abs, x)
static const ElementwiseOp ABS = { .rows = { FLOAT_ROWS(abs) INT_ROWS(abs) } };

FLOAT_TYPES(UNARY_ROW, neg, -x)
SIGNED_TYPES(UNARY_ROW, neg, -(uint64_t)x)
static const ElementwiseOp NEG = { .rows = { FLOAT_ROWS(neg) SIGNED_ROWS(neg) } };

FLOAT_TYPES(UNARY_ROW, sign, x > 0 ? 1 : x < 0 ? -1 : x)
SIGNED_TYPES(UNARY_ROW, sign, (x > 0) - (x < 0))
UNSIGNED_TYPES(UNARY_ROW, sign, x > 0)
static const ElementwiseOp SIGN = { .rows = { FLOAT_ROWS(sign) INT_ROWS(sign) } };

FLOAT_TYPES(UNARY_ROW, erf, erf(x))
INT_TYPES(UNARY_ROW, erf, erf((double)x))
static const ElementwiseOp ERF = { .rows = { FLOAT_ROWS(erf) INT_ROWS(erf) } };

INT_TYPES(UNARY_ROW, bitwise_not, ~x)
static const ElementwiseOp BITWISE_NOT = { .rows = { INT_ROWS(bitwise_not) } };

UNARY_ROW(logical_not, BOOL, uint8_t, !x)
static const ElementwiseOp LOGICAL_NOT = { .rows = { [DTYPE_BOOL] = logical_not_BOOL } };

FLOAT_TYPES(UNARY_ROW_TO_BOOL, is_nan, x != x)
static const ElementwiseOp IS_NAN = { .rows = { FLOAT_ROWS(is_nan) }, .dst = DTYPE_BOOL };

/* The attributes are integers: each of the four answers is an operator of its own. */
FLOAT_TYPES(UNARY_ROW_TO_BOOL, is_inf_any, isinf(x) != 0)
FLOAT_TYPES(UNARY_ROW_TO_BOOL, is_inf_positive, isinf(x) && x > 0)
FLOAT_TYPES(UNARY_ROW_TO_BOOL, is_inf_negative, isinf(x) && x < 0)
FLOAT_TYPES(UNARY_ROW_TO_BOOL, is_inf_none, x != x && 0)
static const ElementwiseOp IS_INF[2][2] = {
    [0][0] = { .rows = { FLOAT_ROWS(is_inf_none) }, .dst = DTYPE_BOOL },
    [0][1] = { .rows = { FLOAT_ROWS(is_inf_positive) }, .dst = DTYPE_BOOL },
    [1][0] = { .rows = { FLOAT_ROWS(is_inf_negative) }, .dst = DTYPE_BOOL },
    [1][1] = { .rows = { FLOAT_ROWS(is_inf_any) }, .dst = DTYPE_BOOL },
};

Status reference_abs(const KernelCall *call) {
    return elementwise_run(call, &ABS, 1);
}

Status reference_neg(const KernelCall *call) {
    return elementwise_run(call, &NEG, 1);
}

Status reference_sign(const KernelCall *call) {
    return elementwise_run(call, &SIGN, 1);
}

Status reference_erf(const KernelCall *call) {
    return elementwise_run(call, &ERF, 1);
}

Status reference_bitwise_not(const KernelCall *call) {
    return elementwise_run(call, &BITWISE_NOT, 1);
}

Status reference_not(const KernelCall *call) {
    return elementwise_run(call, &LOGICAL_NOT, 1);
}

Status reference_is_nan(const KernelCall *call) {
    return elementwise_run(call, &IS_NAN, 1);
}

Status reference_is_inf(const KernelCall *call) {
    bool negative = node_get_int(call->node, "detect_negative", 1) != 0;
    bool positive = node_get_int(call->node, "detect_positive", 1) != 0;
    return elementwise_run(call, &IS_INF[negative][positive], 1);
}
