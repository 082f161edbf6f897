/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Activation functions: one expression each in x, alpha and beta, with the attributes' names and
 * defaults from the ONNX text. Written so that large |x| neither overflows nor loses NaN.
 */

#include "runtime/cpu/reference/elementwise.h"
#include "runtime/cpu/reference/reference_kernels.h"

#include <tgmath.h>

/* Keeps NaN, unlike fmin and fmax. */
#define LIMIT(value, low, high) ((value) < (low) ? (low) : (value) > (high) ? (high) : (value))
#define SIGMOID(x)              ((x) >= 0 ? 1 / (1 + exp(-(x))) : exp(x) / (1 + exp(x)))
#define SOFTPLUS(x)             ((x) > 0 ? (x) + log1p(exp(-(x))) : log1p(exp(x)))

#define ACTIVATION(name, expression, ...)                                                          \
    FLOAT_TYPES(UNARY_ROW, name, expression)                                                       \
    static const ElementwiseOp name##_op = { .rows = { FLOAT_ROWS(name) }, __VA_ARGS__ };          \
    Status reference_##name(const KernelCall *call) {                                              \
        return elementwise_run(call, &name##_op, 1);                                               \
    }

ACTIVATION(celu, x > 0 ? x : alpha * expm1(x / alpha), .alpha_name = "alpha", .alpha = 1.0f)
ACTIVATION(elu, x < 0 ? alpha * expm1(x) : x, .alpha_name = "alpha", .alpha = 1.0f)
ACTIVATION(hard_sigmoid, LIMIT(alpha *x + beta, 0, 1), .alpha_name = "alpha", .alpha = 0.2f,
           .beta_name = "beta", .beta = 0.5f)
ACTIVATION(hard_swish, x *LIMIT(x / 6 + beta, 0, 1), .beta = 0.5f)
ACTIVATION(leaky_relu, x < 0 ? alpha * x : x, .alpha_name = "alpha", .alpha = 0.01f)
ACTIVATION(mish, x *tanh(SOFTPLUS(x)), )
ACTIVATION(selu, x > 0 ? beta * x : beta * alpha * expm1(x), .alpha_name = "alpha",
           .alpha = 1.67326319217681884766f, .beta_name = "gamma",
           .beta = 1.05070102214813232421875f)
ACTIVATION(shrink,
           x<-alpha ? x + beta : x> alpha ? x - beta
           : x == x                       ? 0
                                          : x,
           .alpha_name = "lambd", .alpha = 0.5f, .beta_name = "bias", .beta = 0.0f)
ACTIVATION(sigmoid, SIGMOID(x), )
ACTIVATION(softplus, SOFTPLUS(x), )
ACTIVATION(softsign, x / (1 + fabs(x)), )
ACTIVATION(swish, x *SIGMOID(alpha *x), .alpha_name = "alpha", .alpha = 1.0f)
ACTIVATION(thresholded_relu, x > alpha ? x : x == x ? 0 : x, .alpha_name = "alpha", .alpha = 1.0f)

FLOAT_TYPES(UNARY_ROW, relu, x < 0 ? 0 : x)
SIGNED_TYPES(UNARY_ROW, relu, x < 0 ? 0 : x)
static const ElementwiseOp RELU = { .rows = { FLOAT_ROWS(relu) SIGNED_ROWS(relu) } };

FLOAT_TYPES(UNARY_ROW, gelu_erf, x / 2 * (1 + erf(x * (Element)0.70710678118654752440)))
FLOAT_TYPES(UNARY_ROW, gelu_tanh,
            x / 2 *
                (1 + tanh((Element)0.79788456080286535588 * (x + (Element)0.044715 * x * x * x))))
static const ElementwiseOp GELU_ERF = { .rows = { FLOAT_ROWS(gelu_erf) } };
static const ElementwiseOp GELU_TANH = { .rows = { FLOAT_ROWS(gelu_tanh) } };

FLOAT_TYPES(BINARY_ROW, prelu, a < 0 ? a * b : a)
BINARY_ROW(prelu, I32, int32_t, a < 0 ? (uint32_t)a * (uint32_t)b : (uint32_t)a)
BINARY_ROW(prelu, I64, int64_t, a < 0 ? (uint64_t)a * (uint64_t)b : (uint64_t)a)
BINARY_ROW(prelu, U32, uint32_t, (a + 0 * b))
BINARY_ROW(prelu, U64, uint64_t, (a + 0 * b))
static const ElementwiseOp PRELU = {
    .rows = { FLOAT_ROWS(prelu)[DTYPE_I32] = prelu_I32, [DTYPE_I64] = prelu_I64,
              [DTYPE_U32] = prelu_U32, [DTYPE_U64] = prelu_U64 }
};

Status reference_relu(const KernelCall *call) {
    return elementwise_run(call, &RELU, 1);
}

Status reference_gelu(const KernelCall *call) {
    StringView form = node_get_string(call->node, "approximate", "none");
    bool is_tanh = form.length == 4 && form.data[0] == 't';
    return elementwise_run(call, is_tanh ? &GELU_TANH : &GELU_ERF, 1);
}

Status reference_prelu(const KernelCall *call) {
    return elementwise_run(call, &PRELU, 2);
}
