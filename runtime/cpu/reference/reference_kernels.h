/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Every reference kernel, once: the list below makes the prototypes here and the table in reference_table.c.
 * X(domain, operator, function behind reference_), sorted by domain and operator.
 */

#include "runtime/cpu/kernel.h"

/* clang-format off */
#define REFERENCE_KERNELS(X)                        \
    X("", "Abs", abs)                               \
    X("", "Acos", acos)                             \
    X("", "Acosh", acosh)                           \
    X("", "Add", add)                               \
    X("", "And", and)                               \
    X("", "Asin", asin)                             \
    X("", "Asinh", asinh)                           \
    X("", "Atan", atan)                             \
    X("", "Atanh", atanh)                           \
    X("", "BitShift", bit_shift)                    \
    X("", "BitwiseAnd", bitwise_and)                \
    X("", "BitwiseNot", bitwise_not)                \
    X("", "BitwiseOr", bitwise_or)                  \
    X("", "BitwiseXor", bitwise_xor)                \
    X("", "Ceil", ceil)                             \
    X("", "Celu", celu)                             \
    X("", "Clip", clip)                             \
    X("", "Cos", cos)                               \
    X("", "Cosh", cosh)                             \
    X("", "Div", div)                               \
    X("", "Elu", elu)                               \
    X("", "Equal", equal)                           \
    X("", "Erf", erf)                               \
    X("", "Exp", exp)                               \
    X("", "Floor", floor)                           \
    X("", "Gelu", gelu)                             \
    X("", "Greater", greater)                       \
    X("", "GreaterOrEqual", greater_or_equal)       \
    X("", "HardSigmoid", hard_sigmoid)              \
    X("", "HardSwish", hard_swish)                  \
    X("", "IsInf", is_inf)                          \
    X("", "IsNaN", is_nan)                          \
    X("", "LeakyRelu", leaky_relu)                  \
    X("", "Less", less)                             \
    X("", "LessOrEqual", less_or_equal)             \
    X("", "Log", log)                               \
    X("", "Max", max)                               \
    X("", "Mean", mean)                             \
    X("", "Min", min)                               \
    X("", "Mish", mish)                             \
    X("", "Mod", mod)                               \
    X("", "Mul", mul)                               \
    X("", "Neg", neg)                               \
    X("", "Not", not)                               \
    X("", "Or", or)                                 \
    X("", "PRelu", prelu)                           \
    X("", "Pow", pow)                               \
    X("", "Reciprocal", reciprocal)                 \
    X("", "Relu", relu)                             \
    X("", "Round", round)                           \
    X("", "Selu", selu)                             \
    X("", "Shrink", shrink)                         \
    X("", "Sigmoid", sigmoid)                       \
    X("", "Sign", sign)                             \
    X("", "Sin", sin)                               \
    X("", "Sinh", sinh)                             \
    X("", "Softplus", softplus)                     \
    X("", "Softsign", softsign)                     \
    X("", "Sqrt", sqrt)                             \
    X("", "Sub", sub)                               \
    X("", "Sum", sum)                               \
    X("", "Swish", swish)                           \
    X("", "Tan", tan)                               \
    X("", "Tanh", tanh)                             \
    X("", "ThresholdedRelu", thresholded_relu)      \
    X("", "Xor", xor)
/* clang-format on */

#define REFERENCE_PROTOTYPE(domain, name, function) Status reference_##function(const KernelCall *call);
REFERENCE_KERNELS(REFERENCE_PROTOTYPE)
#undef REFERENCE_PROTOTYPE
