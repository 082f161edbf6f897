/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Kernels of transformers against the reference kernels, and their inner loops in every instruction
 * set that this machine has against loops in double.
 *
 * Tolerance: a sum of n products of numbers below 1 in f32 is off by less than n * 2^-24 of the sum
 * of magnitudes; the shapes here stay below 1e-5.
 */

#include "runtime/base/size.h"
#include "runtime/cpu/kernel_types.h"
#include "runtime/cpu/vector_loops.h"
#include "runtime/cpu/vector_nn.h"
#include "tests/support/check.h"
#include "tests/support/kernel_case.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static uint32_t random_state = 1;

static uint32_t random_below(uint32_t bound) {
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % bound;
}

static void fill(float *data, size_t count) {
    for (size_t i = 0; i < count; i++)
        data[i] = (float)random_below(2001) / 1000.0f - 1.0f;
}

enum { GEMM_ROWS = 19, GEMM_COLUMNS = 150, GEMM_INNER = 40, GEMM_STEP = 160 };

typedef struct GemmMemory {
    float a[GEMM_ROWS * GEMM_INNER], b[GEMM_INNER * GEMM_STEP];
    float start[GEMM_ROWS * GEMM_STEP], c[GEMM_ROWS * GEMM_STEP];
} GemmMemory;

static void check_gemm(const VectorNn *nn, GemmMemory *memory, const SmallGemm *sizes) {
    memcpy(memory->c, memory->start, sizeof memory->c);
    SmallGemm gemm = *sizes;
    gemm.a = memory->a;
    gemm.b = memory->b;
    gemm.c = memory->c;
    gemm.a_step = GEMM_INNER;
    gemm.b_step = gemm.c_step = GEMM_STEP;
    gemm.b_panel = nn->panel_columns;
    nn->gemm(&gemm);
    for (size_t r = 0; r < GEMM_ROWS; r++)
        for (size_t c = 0; c < GEMM_STEP; c++) {
            size_t at = r * GEMM_STEP + c;
            bool inside = r < gemm.rows && c < gemm.columns;
            double want = inside && !gemm.accumulate ? 0 : (double)memory->start[at];
            for (size_t k = 0; inside && k < gemm.inner; k++)
                want +=
                    (double)memory->a[r * GEMM_INNER + k] * (double)memory->b[k * GEMM_STEP + c];
            if (!(fabs((double)memory->c[at] - want) <= (inside ? 1e-5 : 0)))
                fail_msg("%zux%zux%zu: [%zu,%zu]: expected %g, got %g", gemm.rows, gemm.columns,
                         gemm.inner, r, c, want, (double)memory->c[at]);
        }
}

static void test_small_gemm_of_all_sizes(void **state) {
    (void)state;
    size_t count;
    const VectorLoops *const *tables = vector_loops_all(&count);
    AUTO(free) GemmMemory *memory = malloc(sizeof *memory);
    assert_non_null(memory);
    fill(memory->a, ARRAY_LENGTH(memory->a));
    fill(memory->b, ARRAY_LENGTH(memory->b));
    fill(memory->start, ARRAY_LENGTH(memory->start));
    for (size_t i = 0; i < count; i++)
        for (int round = 0; round < 200; round++)
            check_gemm(tables[i]->nn, memory,
                       &(SmallGemm){ .rows = 1 + random_below(GEMM_ROWS),
                                     .columns = 1 + random_below(GEMM_COLUMNS),
                                     .inner = random_below(GEMM_INNER + 1),
                                     .accumulate = round & 1 });
}

/* The bits of a row are the same in any company. */
static void test_small_gemm_rows_stand_alone(void **state) {
    (void)state;
    size_t count;
    const VectorLoops *const *tables = vector_loops_all(&count);
    AUTO(free) GemmMemory *memory = malloc(sizeof *memory);
    assert_non_null(memory);
    fill(memory->a, ARRAY_LENGTH(memory->a));
    fill(memory->b, ARRAY_LENGTH(memory->b));
    for (size_t i = 0; i < count; i++) {
        SmallGemm gemm = { .rows = GEMM_ROWS,
                           .columns = GEMM_COLUMNS,
                           .inner = GEMM_INNER,
                           .a = memory->a,
                           .a_step = GEMM_INNER,
                           .b = memory->b,
                           .b_step = GEMM_STEP,
                           .b_panel = tables[i]->nn->panel_columns,
                           .c = memory->c,
                           .c_step = GEMM_STEP };
        tables[i]->nn->gemm(&gemm);
        for (size_t r = 0; r < GEMM_ROWS; r++) {
            float alone[GEMM_COLUMNS];
            SmallGemm one = gemm;
            one.rows = 1;
            one.a += r * GEMM_INNER;
            one.c = alone;
            tables[i]->nn->gemm(&one);
            assert_memory_equal(alone, memory->c + r * GEMM_STEP, sizeof alone);
        }
    }
}

/* Rows may lie anywhere, and memory may be fetched ahead: the numbers are the same. */
static void test_small_gemm_rows_by_their_places(void **state) {
    (void)state;
    size_t count;
    const VectorLoops *const *tables = vector_loops_all(&count);
    AUTO(free) GemmMemory *memory = malloc(sizeof *memory);
    assert_non_null(memory);
    fill(memory->a, ARRAY_LENGTH(memory->a));
    fill(memory->b, ARRAY_LENGTH(memory->b));
    uint32_t a_at[GEMM_ROWS], c_at[GEMM_ROWS];
    for (uint32_t r = 0; r < GEMM_ROWS; r++) {
        a_at[r] = (GEMM_ROWS - 1 - r) * GEMM_INNER;
        c_at[r] = (r * 3 + 1) % GEMM_ROWS * GEMM_STEP;
    }
    assert_true(GEMM_ROWS % 3 != 0);
    for (size_t i = 0; i < count; i++) {
        SmallGemm gemm = { .rows = GEMM_ROWS,
                           .columns = GEMM_COLUMNS,
                           .inner = GEMM_INNER,
                           .a = memory->a,
                           .a_step = GEMM_INNER,
                           .b = memory->b,
                           .b_step = GEMM_STEP,
                           .b_panel = tables[i]->nn->panel_columns,
                           .c = memory->c,
                           .c_step = GEMM_STEP };
        tables[i]->nn->gemm(&gemm);
        gemm.a_at = a_at;
        gemm.c_at = c_at;
        gemm.c = memory->start;
        gemm.ahead = true;
        tables[i]->nn->gemm(&gemm);
        for (size_t r = 0; r < GEMM_ROWS; r++)
            assert_memory_equal(memory->start + c_at[r],
                                memory->c + (GEMM_ROWS - 1 - r) * GEMM_STEP,
                                GEMM_COLUMNS * sizeof(float));
    }
}

static void test_normalize_and_attend_in_all_instruction_sets(void **state) {
    (void)state;
    size_t table_count;
    const VectorLoops *const *tables = vector_loops_all(&table_count);
    for (size_t i = 0; i < table_count * 40; i++) {
        const VectorNn *nn = tables[i % table_count]->nn;
        size_t count = 1 + random_below(70);
        float x[70], scale[70], shift[70], y[70], moments[2];
        fill(x, count);
        fill(scale, count);
        fill(shift, count);
        bool centred = random_below(2), shifted = random_below(2);
        double mean = 0, variance = 0, sum = 0, peak = -INFINITY;
        for (size_t k = 0; k < count && centred; k++)
            mean += (double)x[k] / (double)count;
        for (size_t k = 0; k < count; k++)
            variance += ((double)x[k] - mean) * ((double)x[k] - mean) / (double)count;
        nn->normalize(y, x, scale, shifted ? shift : NULL, count, 1e-2f, centred, moments);
        for (size_t k = 0; k < count; k++) {
            double want = ((double)x[k] - mean) / sqrt(variance + 1e-2) * (double)scale[k] +
                          (shifted ? (double)shift[k] : 0);
            assert_true(fabs((double)y[k] - want) <= 1e-5);
        }
        for (size_t k = 0; k < count; k++)
            peak = fmax(peak, (double)x[k] * 3 + (shifted ? (double)shift[k] : 0));
        memcpy(y, x, sizeof y);
        double got = (double)nn->attend(y, shifted ? shift : NULL, count, 3);
        for (size_t k = 0; k < count; k++) {
            double want = exp((double)x[k] * 3 + (shifted ? (double)shift[k] : 0) - peak);
            sum += want;
            assert_true(fabs((double)y[k] - want) <= 1e-6);
        }
        assert_true(fabs(got - sum) <= 1e-5 * sum);
    }
}

typedef struct NormCase {
    Shape src, scale, shift; /* shift of rank SHAPE_UNRANKED: none */
    int64_t axis;
    bool taken;
} NormCase;

static const NormCase norms[] = {
    { { 3, { 2, 5, 768 } }, { 1, { 768 } }, { 1, { 768 } }, -1, true },
    { { 3, { 2, 5, 33 } }, { 2, { 1, 33 } }, { SHAPE_UNRANKED, { 0 } }, 2, true },
    { { 3, { 4, 6, 7 } }, { 2, { 6, 7 } }, { 2, { 6, 7 } }, 1, true },
    { { 2, { 300, 40 } }, { 1, { 40 } }, { 1, { 40 } }, -1, true },
    { { 3, { 4, 6, 7 } }, { 1, { 7 } }, { 2, { 6, 7 } }, 1, false }, /* broadcast inside the row */
    { { 3, { 1, 6, 7 } }, { 3, { 6, 1, 1 } }, { SHAPE_UNRANKED, { 0 } }, -1, false },
};

static void test_norms_equal_the_reference(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(norms) * 2; i++) {
        const NormCase *row = &norms[i / 2];
        KernelCase test;
        case_start(&test, i % 2 ? "RMSNormalization" : "LayerNormalization");
        test.pool = case_pool;
        case_input(&test, row->src, LAYOUT_PLAIN, false, 1);
        case_input(&test, row->scale, LAYOUT_PLAIN, true, 2);
        if (row->shift.rank != SHAPE_UNRANKED && i % 2 == 0)
            case_input(&test, row->shift, LAYOUT_PLAIN, true, 3);
        case_int(&test, "axis", row->axis);
        case_float(&test, "epsilon", 1e-5f);
        case_prepare(&test, &layer_norm_kernel_type, row->src, LAYOUT_PLAIN);
        assert_int_equal(test.kernel != NULL, row->taken);
        if (row->taken)
            case_run_and_compare(&test, 1e-5);
        case_end(&test);
    }
}

typedef struct AttentionCase {
    int64_t batch, heads, groups, queries, keys, size, value_size;
    Shape mask; /* SHAPE_UNRANKED: none */
    bool packed, is_causal;
} AttentionCase;

static const AttentionCase attentions[] = {
    { 2, 12, 12, 128, 128, 64, 64, { 4, { 2, 1, 1, 128 } }, true, false },
    { 1, 4, 4, 7, 7, 32, 32, { 4, { 1, 4, 7, 7 } }, true, true },
    { 3, 2, 2, 5, 70, 24, 40, { 2, { 5, 70 } }, false, false },
    { 1, 8, 2, 33, 33, 64, 64, { SHAPE_UNRANKED, { 0 } }, true, true },
    { 2, 4, 1, 1, 65, 16, 16, { 3, { 1, 1, 65 } }, false, false },
    { 1, 1, 1, 300, 513, 8, 100, { SHAPE_UNRANKED, { 0 } }, false, true },
    { 1, 1, 1, 1, 1, 1, 1, { SHAPE_UNRANKED, { 0 } }, true, false },
};

static Shape heads_shape(const AttentionCase *row, int64_t heads, int64_t positions, int64_t size) {
    return row->packed ? SHAPE(row->batch, positions, heads * size)
                       : SHAPE(row->batch, heads, positions, size);
}

/* Every third number of the mask is so low that its key is out. */
static void make_mask(CaseInput *mask) {
    for (size_t i = 0; i < case_elements(&mask->shape); i += 3)
        mask->data[i] = -3e38f;
}

static void start_attention(KernelCase *test, const AttentionCase *row, Pool *pool) {
    case_start(test, "Attention");
    test->pool = pool;
    case_input(test, heads_shape(row, row->heads, row->queries, row->size), LAYOUT_PLAIN, false, 1);
    case_input(test, heads_shape(row, row->groups, row->keys, row->size), LAYOUT_PLAIN, false, 2);
    case_input(test, heads_shape(row, row->groups, row->keys, row->value_size), LAYOUT_PLAIN, false,
               3);
    if (row->mask.rank != SHAPE_UNRANKED)
        make_mask(&test->inputs[case_input(test, row->mask, LAYOUT_PLAIN, false, 4)]);
    if (row->packed) {
        case_int(test, "q_num_heads", row->heads);
        case_int(test, "kv_num_heads", row->groups);
    }
    case_int(test, "is_causal", row->is_causal);
    case_prepare(test, &attention_kernel_type,
                 heads_shape(row, row->heads, row->queries, row->value_size), LAYOUT_PLAIN);
    assert_non_null(test->kernel);
}

static void test_attention_equals_the_reference(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(attentions) * 2; i++) {
        KernelCase test;
        start_attention(&test, &attentions[i / 2], i % 2 ? case_pool : NULL);
        case_run_and_compare(&test, 1e-5);
        case_end(&test);
    }
}

/* Alone on one thread or cut over several: the same bits. */
static void test_attention_does_not_depend_on_threads(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(attentions); i++) {
        KernelCase one, several;
        start_attention(&one, &attentions[i], NULL);
        start_attention(&several, &attentions[i], case_pool);
        case_run(&one);
        case_run(&several);
        assert_memory_equal(one.result, several.result, one.result_count * sizeof *one.result);
        case_end(&one);
        case_end(&several);
    }
}

typedef struct RecurrentCase {
    const char *op, *direction;
    int64_t steps, batch, inputs, hidden;
    bool batch_first, with_bias, with_states, with_peephole, linear_before_reset;
} RecurrentCase;

static const RecurrentCase recurrents[] = {
    { "LSTM", "forward", 30, 1, 128, 256, false, true, false, false, false },
    { "LSTM", "bidirectional", 7, 19, 5, 33, false, true, true, true, false },
    { "LSTM", "reverse", 20, 3, 40, 64, true, false, true, false, false },
    { "LSTM", "forward", 1, 1, 1, 1, false, false, false, false, false },
    { "GRU", "forward", 30, 2, 64, 96, false, true, false, false, true },
    { "GRU", "bidirectional", 9, 17, 6, 35, true, true, true, false, true },
    { "GRU", "reverse", 40, 20, 16, 40, false, true, true, false, false },
    { "GRU", "forward", 5, 4, 3, 8, true, false, false, false, false },
};

/* X, W, R, B, lengths, h, c, P as the operator has them. */
static void recurrent_inputs(KernelCase *test, const RecurrentCase *row) {
    bool is_lstm = strcmp(row->op, "LSTM") == 0;
    int64_t directions = strcmp(row->direction, "bidirectional") == 0 ? 2 : 1,
            width = (is_lstm ? 4 : 3) * row->hidden;
    Shape state = row->batch_first ? SHAPE(row->batch, directions, row->hidden)
                                   : SHAPE(directions, row->batch, row->hidden);
    case_input(test,
               row->batch_first ? SHAPE(row->batch, row->steps, row->inputs)
                                : SHAPE(row->steps, row->batch, row->inputs),
               LAYOUT_PLAIN, false, 1);
    case_input(test, SHAPE(directions, width, row->inputs), LAYOUT_PLAIN, true, 2);
    case_input(test, SHAPE(directions, width, row->hidden), LAYOUT_PLAIN, true, 3);
    for (size_t k = 0; k < case_elements(&test->inputs[2].shape); k++)
        test->inputs[2].data[k] *= 0.1f; /* states that do not saturate */
    if (row->with_bias)
        case_input(test, SHAPE(directions, 2 * width), LAYOUT_PLAIN, true, 4);
    else
        case_no_input(test);
    case_no_input(test);
    if (!row->with_states)
        return;
    case_input(test, state, LAYOUT_PLAIN, false, 5);
    if (is_lstm)
        case_input(test, state, LAYOUT_PLAIN, false, 6);
    if (row->with_peephole)
        case_input(test, SHAPE(directions, 3 * row->hidden), LAYOUT_PLAIN, true, 7);
}

static void start_recurrent(KernelCase *test, const RecurrentCase *row, Pool *pool) {
    int64_t directions = strcmp(row->direction, "bidirectional") == 0 ? 2 : 1;
    case_start(test, row->op);
    test->pool = pool;
    recurrent_inputs(test, row);
    case_string(test, "direction", row->direction);
    case_int(test, "hidden_size", row->hidden);
    case_int(test, "layout", row->batch_first);
    case_int(test, "linear_before_reset", row->linear_before_reset);
    case_prepare(test, &recurrent_kernel_type,
                 row->batch_first ? SHAPE(row->batch, row->steps, directions, row->hidden)
                                  : SHAPE(row->steps, directions, row->batch, row->hidden),
                 LAYOUT_PLAIN);
    assert_non_null(test->kernel);
}

static void test_recurrent_cells_equal_the_reference(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(recurrents) * 2; i++) {
        KernelCase test;
        start_recurrent(&test, &recurrents[i / 2], i % 2 ? case_pool : NULL);
        case_run_and_compare(&test, 1e-5);
        case_end(&test);
    }
}

/* A sequence has the same bits alone on one thread and in a batch that is cut over several. */
static void test_recurrent_sequences_stand_alone(void **state) {
    (void)state;
    RecurrentCase row = { "LSTM", "forward", 25, 21, 10, 48, true, true, false, false, false };
    KernelCase all, one;
    start_recurrent(&all, &row, case_pool);
    case_run(&all);
    size_t sequence = (size_t)(row.steps * row.hidden), inputs = (size_t)(row.steps * row.inputs);
    for (size_t b = 0; b < 21; b++) {
        row.batch = 1;
        case_start(&one, row.op);
        recurrent_inputs(&one, &row);
        memcpy(one.inputs[0].data, all.inputs[0].data + b * inputs, inputs * sizeof(float));
        case_int(&one, "hidden_size", row.hidden);
        case_int(&one, "layout", 1);
        case_prepare(&one, &recurrent_kernel_type, SHAPE(1, row.steps, 1, row.hidden),
                     LAYOUT_PLAIN);
        case_run(&one);
        assert_memory_equal(one.result, all.result + b * sequence, sequence * sizeof(float));
        case_end(&one);
    }
    case_end(&all);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_gemm_of_all_sizes),
        cmocka_unit_test(test_small_gemm_rows_stand_alone),
        cmocka_unit_test(test_small_gemm_rows_by_their_places),
        cmocka_unit_test(test_normalize_and_attend_in_all_instruction_sets),
        cmocka_unit_test(test_norms_equal_the_reference),
        cmocka_unit_test(test_attention_equals_the_reference),
        cmocka_unit_test(test_attention_does_not_depend_on_threads),
        cmocka_unit_test(test_recurrent_cells_equal_the_reference),
        cmocka_unit_test(test_recurrent_sequences_stand_alone),
    };
    return cmocka_run_group_tests(tests, case_start_pool, case_end_pool);
}
