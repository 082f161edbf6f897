/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Rows of normalisation, of attention scores and of recurrent cells, for the auto-vectoriser; see
 * vector_loops.c for how and why. Sums run in 16 partial sums added in a fixed order, so a row's
 * bits depend on the row alone.
 *
 * Thread: any; no state.
 */

#include "runtime/cpu/vector_nn.h"

#include "runtime/cpu/vector_loops.h"
#include "runtime/cpu/vector_math.h"

extern const VectorNn VECTOR_NN;
void VECTOR_GEMM(const SmallGemm *gemm);

/* Sum of (x - mean)^2: two passes over a row in the nearest cache, so that nothing cancels. */
INLINE float row_squares(const float *src, size_t count, float mean) {
    float partial[LANES] = { 0 };
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        for (size_t lane = 0; lane < LANES; lane++) {
            float x = src[i + lane] - mean;
            partial[lane] += x * x;
        }
    for (size_t lane = 0; i + lane < count; lane++) {
        float x = src[i + lane] - mean;
        partial[lane] += x * x;
    }
    return add_lanes(partial);
}

static void normalize(float *dst, const float *src, const float *scale, const float *shift,
                      size_t count, float epsilon, bool centred, float ret_moments[2]) {
    float mean = centred ? row_sum(src, count) / (float)count : 0.0f;
    float factor = 1.0f / sqrtf(row_squares(src, count, mean) / (float)count + epsilon);
    if (shift)
        for (size_t i = 0; i < count; i++)
            dst[i] = (src[i] - mean) * factor * scale[i] + shift[i];
    else
        for (size_t i = 0; i < count; i++)
            dst[i] = (src[i] - mean) * factor * scale[i];
    ret_moments[0] = mean;
    ret_moments[1] = factor;
}

static float attend(float *row, const float *mask, size_t count, float factor) {
    if (mask)
        for (size_t i = 0; i < count; i++)
            row[i] = row[i] * factor + mask[i];
    else
        for (size_t i = 0; i < count; i++)
            row[i] = row[i] * factor;
    float peak = row_max(row, count);
    for (size_t i = 0; i < count; i++)
        row[i] = exp_f(row[i] - peak);
    return row_sum(row, count);
}

/* e^-x, so bounded that products of three stay finite: sigmoid(x) = 1 / (1 + it), off by 1e-11. */
INLINE float decay_f(float x) {
    return exp_f(-(x < -25.0f ? -25.0f : x));
}

/* sigmoid(gate) * tanh(x) by one division, 1e-7 absolute. */
INLINE float gated_tanh_f(float gate, float x) {
    float a = decay_f(gate), b = decay_f(2.0f * x);
    return (1.0f - b) / ((1.0f + a) * (1.0f + b));
}

static void lstm_cell(float *restrict h, float *restrict c, const float *restrict gates,
                      const float *restrict peephole, size_t count) {
    const float *i_gate = gates, *o_gate = gates + count, *f_gate = gates + 2 * count,
                *c_gate = gates + 3 * count;
    if (!peephole) {
        for (size_t k = 0; k < count; k++) {
            float cell = c[k] / (1.0f + decay_f(f_gate[k])) + gated_tanh_f(i_gate[k], c_gate[k]);
            c[k] = cell;
            h[k] = gated_tanh_f(o_gate[k], cell);
        }
        return;
    }
    const float *i_peep = peephole, *o_peep = peephole + count, *f_peep = peephole + 2 * count;
    for (size_t k = 0; k < count; k++) {
        float input = sigmoid_f(i_gate[k] + i_peep[k] * c[k]);
        float cell = sigmoid_f(f_gate[k] + f_peep[k] * c[k]) * c[k] + input * tanh_f(c_gate[k]);
        c[k] = cell;
        h[k] = sigmoid_f(o_gate[k] + o_peep[k] * cell) * tanh_f(cell);
    }
}

static void gru_cell(float *restrict h, const float *restrict from_input,
                     const float *restrict from_state, size_t count) {
    const float *x = from_input, *y = from_state;
    for (size_t k = 0; k < count; k++) {
        float z = sigmoid_f(x[k] + y[k]);
        float r = sigmoid_f(x[count + k] + y[count + k]);
        float fresh = tanh_f(x[2 * count + k] + r * y[2 * count + k]);
        h[k] = (1.0f - z) * fresh + z * h[k];
    }
}

#define FROM(name, type)                                                                           \
    static void name(float *dst, const void *src, size_t count) {                                  \
        const type *from = src;                                                                    \
        for (size_t i = 0; i < count; i++)                                                         \
            dst[i] = (float)from[i];                                                               \
    }

FROM(from_i32, int32_t)
FROM(from_u8, uint8_t)
FROM(from_i8, int8_t)

static void add_columns(int32_t *row, const int32_t *columns, int32_t factor, size_t count) {
    for (size_t i = 0; i < count; i++)
        row[i] = (int32_t)((uint32_t)row[i] + (uint32_t)columns[i] * (uint32_t)factor);
}

static int32_t sum_bytes(const void *bytes, bool is_signed, size_t count) {
    const uint8_t *plain = bytes;
    const int8_t *with_sign = bytes;
    int32_t sum = 0;
    if (is_signed)
        for (size_t i = 0; i < count; i++)
            sum += with_sign[i];
    else
        for (size_t i = 0; i < count; i++)
            sum += plain[i];
    return sum;
}

static void quantize_u8(uint8_t *dst, const float *src, float scale, float zero, size_t count) {
    for (size_t i = 0; i < count; i++) {
        float x = rintf(src[i] / scale) + zero;
        x = x > 0.0f ? x : 0.0f;
        dst[i] = (uint8_t)(x < 255.0f ? x : 255.0f);
    }
}

static void range(const float *src, size_t count, float ret_range[2]) {
    float low[LANES] = { 0 }, high[LANES] = { 0 };
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
#pragma GCC unroll 1
        for (size_t lane = 0; lane < LANES; lane++) {
            low[lane] = src[i + lane] < low[lane] ? src[i + lane] : low[lane];
            high[lane] = src[i + lane] > high[lane] ? src[i + lane] : high[lane];
        }
    }
    for (size_t lane = 0; i < count; i++) {
        low[lane] = src[i] < low[lane] ? src[i] : low[lane];
        high[lane] = src[i] > high[lane] ? src[i] : high[lane];
    }
    for (size_t lane = 1; lane < LANES; lane++) {
        low[0] = low[lane] < low[0] ? low[lane] : low[0];
        high[0] = high[lane] > high[0] ? high[lane] : high[0];
    }
    ret_range[0] = low[0];
    ret_range[1] = high[0];
}

INLINE double requantized(int32_t sum, float factor, int32_t zero, double low, double high) {
    double x = rint((double)sum * (double)factor) + (double)zero;
    x = x > low ? x : low;
    return x < high ? x : high;
}

static void requantize(void *dst, bool is_signed, const int32_t *sums, const float *factors,
                       size_t factor_step, int32_t zero, size_t count) {
    uint8_t *plain = dst;
    int8_t *with_sign = dst;
    if (is_signed)
        for (size_t i = 0; i < count; i++)
            with_sign[i] = (int8_t)requantized(sums[i], factors[i * factor_step], zero, -128, 127);
    else
        for (size_t i = 0; i < count; i++)
            plain[i] = (uint8_t)requantized(sums[i], factors[i * factor_step], zero, 0, 255);
}

#if defined(__AVX512F__)
enum { PANEL = 64 };
#elif defined(__AVX2__)
enum { PANEL = 32 };
#else
enum { PANEL = 16 };
#endif

INLINE void store_row(float *dst, const float *row, const float *residual, bool relu,
                      size_t columns) {
    for (size_t i = 0; i < columns; i++) {
        float x = residual ? row[i] + residual[i] : row[i];
        dst[i] = relu ? at_least(x, 0.0f) : x;
    }
}

static void store_rows(float *dst, size_t dst_step, const float *rows, size_t row_step,
                       const float *residual, bool relu, size_t count, size_t columns) {
    for (size_t i = 0; i < count; i++, dst += dst_step, rows += row_step)
        if (residual && relu)
            store_row(dst, rows, residual + i * dst_step, true, columns);
        else if (residual)
            store_row(dst, rows, residual + i * dst_step, false, columns);
        else
            store_row(dst, rows, NULL, relu, columns);
}

const VectorNn VECTOR_NN = {
    .panel_columns = PANEL,
    .gemm = VECTOR_GEMM,
    .store_rows = store_rows,
    .normalize = normalize,
    .attend = attend,
    .lstm_cell = lstm_cell,
    .gru_cell = gru_cell,
    .from_i32 = from_i32,
    .from_u8 = from_u8,
    .from_i8 = from_i8,
    .add_columns = add_columns,
    .sum_bytes = sum_bytes,
    .quantize_u8 = quantize_u8,
    .range = range,
    .requantize = requantize,
};
