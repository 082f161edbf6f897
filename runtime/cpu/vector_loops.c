/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Inner loops for the auto-vectoriser, compiled once per instruction set with VECTOR_TABLE naming
 * the table that the copy exports (see meson.build). Written so that the compiler may vectorise
 * under plain IEEE rules: no reassociation, reductions run in 16 partial sums that are added in a
 * fixed order, selects instead of branches.
 *
 * Thread: any; no state.
 */

#include "runtime/cpu/vector_loops.h"

#include "runtime/cpu/vector_math.h"

extern const VectorLoops VECTOR_TABLE;
extern const VectorNn VECTOR_NN;
extern const VectorBytes VECTOR_BYTES;

#define VECTOR_TEXT_(name) #name
#define VECTOR_TEXT(name)  VECTOR_TEXT_(name)
#define UNARY(name, expression)                                                                    \
    static void name(float *dst, const float *src, size_t count, float alpha, float beta) {        \
        (void)alpha;                                                                               \
        (void)beta;                                                                                \
        for (size_t i = 0; i < count; i++) {                                                       \
            float x = src[i];                                                                      \
            dst[i] = (expression);                                                                 \
        }                                                                                          \
    }

UNARY(relu, at_least(x, 0.0f))
UNARY(leaky_relu, x < 0.0f ? alpha * x : x)
UNARY(clip, at_most(at_least(x, alpha), beta))
UNARY(sigmoid, sigmoid_f(x))
UNARY(tangent, tanh_f(x))
UNARY(hard_sigmoid, at_most(at_least(alpha *x + beta, 0.0f), 1.0f))
UNARY(hard_swish, x *at_most(at_least(x *(1.0f / 6.0f) + 0.5f, 0.0f), 1.0f))
UNARY(swish, x *sigmoid_f(alpha *x))
UNARY(gelu, 0.5f * x * (1.0f + erf_f(x * 0.707106781f)))
UNARY(gelu_by_tanh, gelu_tanh_f(x))
UNARY(linear, alpha *x + beta)
UNARY(error_function, erf_f(x))
UNARY(exponential, exp_f(x))
UNARY(square_root, sqrtf(x))
UNARY(reciprocal, 1.0f / x)
UNARY(negative, -x)
UNARY(absolute, fabsf(x))

#define BINARY(name, operator)                                                                     \
    static void name(float *dst, const float *a, const float *b, size_t count) {                   \
        for (size_t i = 0; i < count; i++)                                                         \
            dst[i] = a[i] operator b[i];                                                           \
    }                                                                                              \
    static void name##_right(float *dst, const float *a, const float *b, size_t count) {           \
        const float right = b[0];                                                                  \
        for (size_t i = 0; i < count; i++)                                                         \
            dst[i] = a[i] operator right;                                                          \
    }                                                                                              \
    static void name##_left(float *dst, const float *a, const float *b, size_t count) {            \
        const float left = a[0];                                                                   \
        for (size_t i = 0; i < count; i++)                                                         \
            dst[i] = left operator b[i];                                                           \
    }

BINARY(add, +)
BINARY(sub, -)
BINARY(mul, *)
BINARY(quotient, /)

static void scale_shift(float *dst, const float *src, const float *scale, const float *shift,
                        size_t count) {
    for (size_t i = 0; i < count; i++)
        dst[i] = src[i] * scale[i] + shift[i];
}

static void to_bf16(uint16_t *dst, const float *src, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = bits_of(src[i]);
        uint32_t rounded = bits + 0x7fffu + (bits >> 16 & 1);
        rounded = (bits & 0x7fffffffu) > 0x7f800000u ? bits | 0x400000u : rounded;
        dst[i] = (uint16_t)(rounded >> 16);
    }
}

static void softmax(float *dst, const float *src, size_t count, bool logarithm) {
    float peak = row_max(src, count);
    if (logarithm) {
        float total = 0;
        float tile[256];
        for (size_t begin = 0; begin < count; begin += 256) {
            size_t length = count - begin < 256 ? count - begin : 256;
            for (size_t i = 0; i < length; i++)
                tile[i] = exp_f(src[begin + i] - peak);
            total += row_sum(tile, length);
        }
        float down = logf(total);
        for (size_t i = 0; i < count; i++)
            dst[i] = src[i] - peak - down;
        return;
    }
    for (size_t i = 0; i < count; i++)
        dst[i] = exp_f(src[i] - peak);
    float share = 1.0f / row_sum(dst, count);
    for (size_t i = 0; i < count; i++)
        dst[i] = dst[i] * share;
}

static void accumulate(float *dst, const float *src, size_t count) {
    for (size_t i = 0; i < count; i++)
        dst[i] += src[i];
}

static void max_into(float *dst, const float *src, size_t count) {
    for (size_t i = 0; i < count; i++)
        dst[i] = src[i] > dst[i] ? src[i] : dst[i];
}

/* Tiles of 16 x 16: each cache line that is read or written is used whole. */
static void transpose(float *restrict dst, size_t dst_step, const float *restrict src,
                      size_t src_step, size_t rows, size_t columns) {
    for (size_t row = 0; row < rows; row += LANES) {
        size_t row_end = rows - row < LANES ? rows : row + LANES;
        for (size_t column = 0; column < columns; column += LANES) {
            size_t column_end = columns - column < LANES ? columns : column + LANES;
            if (row_end - row == LANES) {
                for (size_t c = column; c < column_end; c++)
                    for (size_t lane = 0; lane < LANES; lane++)
                        dst[c * dst_step + row + lane] = src[(row + lane) * src_step + c];
                continue;
            }
            for (size_t r = row; r < row_end; r++)
                for (size_t c = column; c < column_end; c++)
                    dst[c * dst_step + r] = src[r * src_step + c];
        }
    }
}

/* Two taps a pass, dst being the accumulator: it stays in the nearest cache, and the loops
 * vectorise as they are. */
static void pool_max(float *restrict dst, const float *const *taps, size_t tap_count,
                     size_t channels) {
    memcpy(dst, taps[0], channels * sizeof *dst);
    size_t tap = 1;
    for (; tap + 1 < tap_count; tap += 2) {
        const float *restrict a = taps[tap], *restrict b = taps[tap + 1];
        for (size_t i = 0; i < channels; i++) {
            float best = a[i] > b[i] ? a[i] : b[i];
            dst[i] = best > dst[i] ? best : dst[i];
        }
    }
    if (tap < tap_count)
        max_into(dst, taps[tap], channels);
}

static void pool_sum(float *restrict dst, const float *const *taps, size_t tap_count,
                     size_t channels, float factor) {
    size_t channel = 0;
    for (; channel + LANES <= channels; channel += LANES) {
        float total[LANES] = { 0 };
        for (size_t tap = 0; tap < tap_count; tap++)
            for (size_t lane = 0; lane < LANES; lane++)
                total[lane] += taps[tap][channel + lane];
        for (size_t lane = 0; lane < LANES; lane++)
            dst[channel + lane] = total[lane] * factor;
    }
    for (; channel < channels; channel++) {
        float total = 0;
        for (size_t tap = 0; tap < tap_count; tap++)
            total += taps[tap][channel];
        dst[channel] = total * factor;
    }
}

const VectorLoops VECTOR_TABLE = {
    .name = VECTOR_TEXT(VECTOR_TABLE),
    .unary = {
        [UNARY_RELU] = relu,
        [UNARY_LEAKY_RELU] = leaky_relu,
        [UNARY_CLIP] = clip,
        [UNARY_SIGMOID] = sigmoid,
        [UNARY_TANH] = tangent,
        [UNARY_HARD_SIGMOID] = hard_sigmoid,
        [UNARY_HARD_SWISH] = hard_swish,
        [UNARY_SWISH] = swish,
        [UNARY_GELU] = gelu,
        [UNARY_GELU_TANH] = gelu_by_tanh,
        [UNARY_LINEAR] = linear,
        [UNARY_ERF] = error_function,
        [UNARY_EXP] = exponential,
        [UNARY_SQRT] = square_root,
        [UNARY_RECIPROCAL] = reciprocal,
        [UNARY_NEG] = negative,
        [UNARY_ABS] = absolute,
    },
    .binary = { [BINARY_ADD] = add, [BINARY_SUB] = sub, [BINARY_MUL] = mul, [BINARY_DIV] = quotient },
    .binary_right = { [BINARY_ADD] = add_right, [BINARY_SUB] = sub_right, [BINARY_MUL] = mul_right,
                      [BINARY_DIV] = quotient_right },
    .binary_left = { [BINARY_ADD] = add_left, [BINARY_SUB] = sub_left, [BINARY_MUL] = mul_left,
                     [BINARY_DIV] = quotient_left },
    .scale_shift = scale_shift,
    .to_bf16 = to_bf16,
    .softmax = softmax,
    .sum = row_sum,
    .max = row_max,
    .accumulate = accumulate,
    .max_into = max_into,
    .transpose = transpose,
    .pool_max = pool_max,
    .pool_sum = pool_sum,
    .nn = &VECTOR_NN,
    .bytes = &VECTOR_BYTES,
};
