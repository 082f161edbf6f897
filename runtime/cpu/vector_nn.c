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

INLINE float add_lanes(float partial[static LANES]) {
    for (size_t width = LANES / 2; width > 0; width /= 2)
        for (size_t lane = 0; lane < width; lane++)
            partial[lane] += partial[lane + width];
    return partial[0];
}

INLINE float row_sum(const float *src, size_t count) {
    float partial[LANES] = { 0 };
    size_t i = 0;
    for (; i + LANES <= count; i += LANES)
        for (size_t lane = 0; lane < LANES; lane++)
            partial[lane] += src[i + lane];
    for (size_t lane = 0; i + lane < count; lane++)
        partial[lane] += src[i + lane];
    return add_lanes(partial);
}

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

/* The pragma keeps gcc from unrolling the lanes into scalar code before it vectorises. */
INLINE float row_max(const float *src, size_t count) {
    float partial[LANES];
    for (size_t lane = 0; lane < LANES; lane++)
        partial[lane] = -INFINITY;
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) {
#pragma GCC unroll 1
        for (size_t lane = 0; lane < LANES; lane++)
            partial[lane] = src[i + lane] > partial[lane] ? src[i + lane] : partial[lane];
    }
    for (size_t lane = 0; i + lane < count; lane++)
        partial[lane] = src[i + lane] > partial[lane] ? src[i + lane] : partial[lane];
    for (size_t width = LANES / 2; width > 0; width /= 2)
        for (size_t lane = 0; lane < width; lane++)
            partial[lane] =
                partial[lane + width] > partial[lane] ? partial[lane + width] : partial[lane];
    return partial[0];
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

static void lstm_cell(float *restrict h, float *restrict c, const float *restrict gates,
                      const float *restrict peephole, size_t count) {
    const float *i_gate = gates, *o_gate = gates + count, *f_gate = gates + 2 * count,
                *c_gate = gates + 3 * count;
    if (!peephole) {
        for (size_t k = 0; k < count; k++) {
            float cell = sigmoid_f(f_gate[k]) * c[k] + sigmoid_f(i_gate[k]) * tanh_f(c_gate[k]);
            c[k] = cell;
            h[k] = sigmoid_f(o_gate[k]) * tanh_f(cell);
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

#if defined(__AVX512F__)
enum { PANEL = 64 };
#elif defined(__AVX2__)
enum { PANEL = 32 };
#else
enum { PANEL = 16 };
#endif

const VectorNn VECTOR_NN = {
    .panel_columns = PANEL,
    .gemm = VECTOR_GEMM,
    .normalize = normalize,
    .attend = attend,
    .lstm_cell = lstm_cell,
    .gru_cell = gru_cell,
};
