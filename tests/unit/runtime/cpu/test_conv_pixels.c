/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Convolutions of small maps by their own kernel: against the reference kernel, with steps, in any
 * batch and with threads, and which ones it takes.
 *
 * Tolerance: sums of up to 640 products of numbers below 1 in float, in another order: 640 * 2^-24
 * of the sum of magnitudes at the very worst.
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

typedef struct MapCase {
    const char *name;
    Shape src, weights, dst;
    int64_t strides[2], dilations[2], pads[4]; /* 0: left out */
    bool taken;
} MapCase;

static const MapCase cases[] = {
    { .name = "3x3",
      .src = { 4, { 2, 64, 7, 7 } },
      .weights = { 4, { 128, 64, 3, 3 } },
      .dst = { 4, { 2, 128, 7, 7 } },
      .pads = { 1, 1, 1, 1 },
      .taken = true },
    { .name = "1x1, stride 2",
      .src = { 4, { 1, 512, 13, 13 } },
      .weights = { 4, { 256, 512, 1, 1 } },
      .dst = { 4, { 1, 256, 7, 7 } },
      .strides = { 2, 2 },
      .taken = true },
    { .name = "dilated, uneven pads, odd channels",
      .src = { 4, { 1, 70, 9, 8 } },
      .weights = { 4, { 128, 70, 3, 3 } },
      .dst = { 4, { 1, 128, 7, 7 } },
      .dilations = { 2, 2 },
      .pads = { 2, 1, 0, 2 },
      .taken = true },
    { .name = "several blocks, more source than weights",
      .src = { 4, { 5, 64, 15, 15 } },
      .weights = { 4, { 64, 64, 3, 3 } },
      .dst = { 4, { 5, 64, 15, 15 } },
      .pads = { 1, 1, 1, 1 },
      .taken = true },
    { .name = "few weights",
      .src = { 4, { 1, 64, 8, 8 } },
      .weights = { 4, { 64, 64, 1, 1 } },
      .dst = { 4, { 1, 64, 8, 8 } } },
    { .name = "channels that fill no panel",
      .src = { 4, { 1, 128, 8, 8 } },
      .weights = { 4, { 96, 128, 3, 3 } },
      .dst = { 4, { 1, 96, 6, 6 } } },
    { .name = "a large map",
      .src = { 4, { 1, 64, 28, 28 } },
      .weights = { 4, { 64, 64, 3, 3 } },
      .dst = { 4, { 1, 64, 28, 28 } },
      .pads = { 1, 1, 1, 1 } },
};

static bool is_wide(void) {
    return vector_loops()->nn->panel_columns == 64;
}

static void start_in(KernelCase *test, const MapCase *row, bool bias, Layout layout) {
    case_start(test, "Conv");
    case_input(test, row->src, layout, false, 1);
    case_input(test, row->weights, LAYOUT_PLAIN, true, 2);
    if (bias)
        case_input(test, SHAPE(row->weights.dims[0]), LAYOUT_PLAIN, true, 3);
    if (row->strides[0])
        case_ints(test, "strides", row->strides, 2);
    if (row->dilations[0])
        case_ints(test, "dilations", row->dilations, 2);
    case_ints(test, "pads", row->pads, 4);
}

static void start(KernelCase *test, const MapCase *row, bool bias) {
    start_in(test, row, bias, LAYOUT_CHANNELS_LAST);
}

static void prepare(KernelCase *test, const MapCase *row) {
    case_prepare(test, &conv_pixels_kernel_type, row->dst, LAYOUT_CHANNELS_LAST);
}

static void add_residual(KernelCase *test, const MapCase *row) {
    uint32_t input = (uint32_t)case_input(test, row->dst, LAYOUT_CHANNELS_LAST, false, 9);
    case_step(test, (EpilogueStep){ .kind = EPILOGUE_ADD, .input = input });
}

static void test_it_takes_small_maps_with_many_weights(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        KernelCase test;
        start(&test, &cases[i], true);
        prepare(&test, &cases[i]);
        if ((test.kernel != NULL) != (cases[i].taken && is_wide()))
            fail_msg("%s: taken: %d", cases[i].name, test.kernel != NULL);
        case_end(&test);
    }
}

static void test_results_are_those_of_the_reference(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases) && is_wide(); i++)
        for (size_t bias = 0; bias < 2 && cases[i].taken; bias++) {
            KernelCase test, plain;
            start(&test, &cases[i], bias);
            prepare(&test, &cases[i]);
            case_run(&test);
            start_in(&plain, &cases[i], bias, LAYOUT_PLAIN);
            case_prepare(&plain, &conv_pixels_kernel_type, cases[i].dst, LAYOUT_PLAIN);
            assert_null(plain.kernel);
            float *want = malloc(test.result_count * sizeof *want);
            assert_non_null(want);
            case_reference(&plain, want);
            for (size_t at = 0; at < test.result_count; at++)
                if (!(fabsf(test.result[at] - want[at]) <= 1e-4f * (1 + fabsf(want[at]))))
                    fail_msg("%s: element %zu: expected %g, got %g", cases[i].name, at,
                             (double)want[at], (double)test.result[at]);
            free(want);
            case_end(&plain);
            case_end(&test);
        }
}

/* What the steps make of a result is worked out from the result without any. */
static void test_steps_while_storing_and_after(void **state) {
    (void)state;
    static const struct {
        bool residual, relu, last;
    } mixes[] = { { true, true, false },
                  { true, false, true },
                  { false, true, true },
                  { true, true, true },
                  { false, false, true } };
    for (size_t i = 0; i < ARRAY_LENGTH(mixes) && is_wide(); i++) {
        const MapCase *row = &cases[i % 4];
        KernelCase bare, test;
        start(&bare, row, true);
        prepare(&bare, row);
        case_run(&bare);
        start(&test, row, true);
        if (mixes[i].residual)
            add_residual(&test, row);
        if (mixes[i].relu)
            case_step(&test, (EpilogueStep){ .kind = EPILOGUE_RELU });
        if (mixes[i].last)
            case_step(&test, (EpilogueStep){ .kind = EPILOGUE_LINEAR, .alpha = 2, .beta = 0.5f });
        prepare(&test, row);
        assert_int_equal(test.kernel->in_place_input, mixes[i].residual ? 3 : UINT32_MAX);
        case_run(&test);
        for (size_t at = 0; at < test.result_count; at++) {
            float want = bare.result[at];
            want += mixes[i].residual ? test.inputs[3].data[at] : 0;
            want = mixes[i].relu && !(want > 0) ? 0 : want;
            want = mixes[i].last ? 2 * want + 0.5f : want;
            assert_true(test.result[at] == want);
        }
        if (mixes[i].residual) { /* the memory plan may put the result there */
            float *place = test.inputs[3].tensor.data, *want = malloc(test.result_count * 4);
            memcpy(want, test.result, test.result_count * sizeof *want);
            case_run_into(&test, place);
            case_reorder(&row->dst, LAYOUT_PLAIN, place, test.result);
            assert_memory_equal(test.result, want, test.result_count * sizeof *want);
            free(want);
        }
        case_end(&test);
        case_end(&bare);
    }
}

static void test_bits_depend_on_neither_batch_nor_threads(void **state) {
    (void)state;
    static const int64_t batches[] = { 1, 2, 5, 8, 33 };
    for (size_t i = 0; i < 4 * ARRAY_LENGTH(batches) && is_wide(); i++) {
        MapCase row = cases[i / ARRAY_LENGTH(batches)], one = row;
        row.src.dims[0] = row.dst.dims[0] = batches[i % ARRAY_LENGTH(batches)];
        one.src.dims[0] = one.dst.dims[0] = 1;
        KernelCase alone, test;
        start(&alone, &one, true);
        prepare(&alone, &one);
        case_run(&alone);
        start(&test, &row, true);
        test.pool = case_pool;
        prepare(&test, &row);
        case_run(&test);
        assert_memory_equal(test.result, alone.result, alone.result_count * sizeof(float));
        case_end(&test);
        case_end(&alone);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_takes_small_maps_with_many_weights),
        cmocka_unit_test(test_results_are_those_of_the_reference),
        cmocka_unit_test(test_steps_while_storing_and_after),
        cmocka_unit_test(test_bits_depend_on_neither_batch_nor_threads),
    };
    return cmocka_run_group_tests(tests, case_start_pool, case_end_pool);
}
