/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One input, one result of the same shape. Narrow floats are computed in f32 and rounded once.
 * alpha and beta are the operator's attributes in the order of ONNX's text; of Clip min and max,
 * of Shrink bias and lambd.
 */

#include "cuda/kernels/common.cuh"

#define UNARY_FUNCTION(name, expression)                                                           \
    struct Unary_##name {                                                                          \
        static __device__ float apply(float x, float a, float b) {                                 \
            (void)a, (void)b;                                                                      \
            return expression;                                                                     \
        }                                                                                          \
    };

__device__ inline float sigmoid(float x) {
    return 1.0f / (1.0f + expf(-x));
}
/* Without overflow for large x. */
__device__ inline float softplus(float x) {
    return fmaxf(x, 0.0f) + log1pf(expf(-fabsf(x)));
}
__device__ inline float clamp_unit(float x) {
    return x < 0.0f ? 0.0f : x > 1.0f ? 1.0f : x;
}
__device__ inline float gelu_tanh(float x) {
    return 0.5f * x * (1.0f + tanhf(0.7978845608f * (x + 0.044715f * x * x * x)));
}

UNARY_FUNCTION(ABS, fabsf(x))
UNARY_FUNCTION(ACOS, acosf(x))
UNARY_FUNCTION(ACOSH, acoshf(x))
UNARY_FUNCTION(ASIN, asinf(x))
UNARY_FUNCTION(ASINH, asinhf(x))
UNARY_FUNCTION(ATAN, atanf(x))
UNARY_FUNCTION(ATANH, atanhf(x))
UNARY_FUNCTION(CEIL, ceilf(x))
UNARY_FUNCTION(CELU, x > 0.0f ? x : a * expm1f(x / a))
UNARY_FUNCTION(CLIP, x < a ? a : (x > b ? b : x))
UNARY_FUNCTION(COS, cosf(x))
UNARY_FUNCTION(COSH, coshf(x))
UNARY_FUNCTION(ELU, x > 0.0f ? x : a * expm1f(x))
UNARY_FUNCTION(ERF, erff(x))
UNARY_FUNCTION(EXP, expf(x))
UNARY_FUNCTION(FLOOR, floorf(x))
UNARY_FUNCTION(GELU, 0.5f * x * (1.0f + erff(x * 0.7071067812f)))
UNARY_FUNCTION(GELU_TANH, gelu_tanh(x))
UNARY_FUNCTION(HARD_SIGMOID, clamp_unit(a *x + b))
UNARY_FUNCTION(HARD_SWISH, x *clamp_unit(x / 6.0f + 0.5f))
UNARY_FUNCTION(LEAKY_RELU, x < 0.0f ? a * x : x)
UNARY_FUNCTION(LOG, logf(x))
UNARY_FUNCTION(MISH, x *tanhf(softplus(x)))
UNARY_FUNCTION(NEG, -x)
UNARY_FUNCTION(RECIPROCAL, 1.0f / x)
UNARY_FUNCTION(RELU, x < 0.0f ? 0.0f : x)
UNARY_FUNCTION(ROUND, rintf(x))
UNARY_FUNCTION(SELU, x > 0.0f ? b * x : b * a * expm1f(x))
UNARY_FUNCTION(SHRINK, x<-b ? x + a : x> b ? x - a : 0.0f)
UNARY_FUNCTION(SIGMOID, sigmoid(x))
UNARY_FUNCTION(SIGN, x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : x)
UNARY_FUNCTION(SIN, sinf(x))
UNARY_FUNCTION(SINH, sinhf(x))
UNARY_FUNCTION(SOFTPLUS, softplus(x))
UNARY_FUNCTION(SOFTSIGN, x / (1.0f + fabsf(x)))
UNARY_FUNCTION(SQRT, sqrtf(x))
UNARY_FUNCTION(SWISH, x *sigmoid(a *x))
UNARY_FUNCTION(TAN, tanf(x))
UNARY_FUNCTION(TANH, tanhf(x))
UNARY_FUNCTION(THRESHOLDED_RELU, x > a ? x : 0.0f)

template <typename F, typename T>
__global__ void unary(T *dst, const T *src, uint32_t count, float a, float b) {
    for (uint32_t i = first_index(); i < count; i += index_step())
        dst[i] = from_float<T>(F::apply(to_float(src[i]), a, b));
}

KERNELS_C const void *kernel_unary(UnaryOp op, DType dtype) {
#define UNARY_ROW(name, text) FLOAT_ROW(unary, Unary_##name, ),
    static const void *const table[UNARY_COUNT][FLOAT_TYPES] = { UNARY_OPS(UNARY_ROW) };
    int column = float_column(dtype);
    return column < 0 ? nullptr : table[op][column];
}
