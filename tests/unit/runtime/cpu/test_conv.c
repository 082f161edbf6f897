/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Conv against loops written from the ONNX text, in double, over a table of shapes, in both
 * layouts, with every epilogue step, sliced and unsliced, and from several threads at once.
 *
 * Tolerance: a float sum of K products in any order differs from the exact one by at most K * 2^-24
 * * sum |x * w|; with K <= 4608 here and errors that mostly cancel, 2^-18 * sum |x * w| is far
 * above what is seen and far below a wrong tap. Steps have slopes of at most 2 and add errors of a
 * few 1e-6 of their own.
 */

#include "runtime/base/size.h"
#include "runtime/base/thread.h"
#include "runtime/cpu/kernel_types.h"
#include "tests/support/check.h"
#include "tests/support/kernel_case.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct ConvCase {
    const char *name;
    Shape src, weights, dst;
    int64_t groups;
    int64_t strides[3], dilations[3], pads[6]; /* 0 strides: attribute left out */
    const char *auto_pad;
    bool bias, weights_computed;
} ConvCase;

static const ConvCase cases[] = {
    { .name = "1x1",
      .src = { 4, { 1, 64, 8, 8 } },
      .weights = { 4, { 32, 64, 1, 1 } },
      .dst = { 4, { 1, 32, 8, 8 } },
      .bias = true },
    { .name = "3x3 padded",
      .src = { 4, { 2, 16, 9, 11 } },
      .weights = { 4, { 24, 16, 3, 3 } },
      .dst = { 4, { 2, 24, 9, 11 } },
      .pads = { 1, 1, 1, 1 },
      .bias = true },
    { .name = "7x7 stride 2, 3 channels",
      .src = { 4, { 1, 3, 31, 29 } },
      .weights = { 4, { 16, 3, 7, 7 } },
      .dst = { 4, { 1, 16, 16, 15 } },
      .strides = { 2, 2 },
      .pads = { 3, 3, 3, 3 } },
    { .name = "odd channels, uneven pads",
      .src = { 4, { 3, 5, 7, 6 } },
      .weights = { 4, { 7, 5, 3, 2 } },
      .dst = { 4, { 3, 7, 6, 8 } },
      .pads = { 0, 2, 1, 1 },
      .bias = true },
    { .name = "depthwise",
      .src = { 4, { 1, 20, 14, 14 } },
      .weights = { 4, { 20, 1, 3, 3 } },
      .dst = { 4, { 1, 20, 14, 14 } },
      .groups = 20,
      .pads = { 1, 1, 1, 1 },
      .bias = true },
    { .name = "depthwise, two a channel, stride 2",
      .src = { 4, { 2, 6, 9, 9 } },
      .weights = { 4, { 12, 1, 3, 3 } },
      .dst = { 4, { 2, 12, 4, 4 } },
      .groups = 6,
      .strides = { 2, 2 } },
    { .name = "4 groups",
      .src = { 4, { 2, 16, 6, 6 } },
      .weights = { 4, { 8, 4, 3, 3 } },
      .dst = { 4, { 2, 8, 6, 6 } },
      .groups = 4,
      .pads = { 1, 1, 1, 1 } },
    { .name = "dilated",
      .src = { 4, { 1, 8, 13, 13 } },
      .weights = { 4, { 8, 8, 3, 3 } },
      .dst = { 4, { 1, 8, 13, 13 } },
      .dilations = { 2, 2 },
      .pads = { 2, 2, 2, 2 },
      .bias = true },
    { .name = "SAME_UPPER, stride 2",
      .src = { 4, { 1, 4, 8, 8 } },
      .weights = { 4, { 6, 4, 3, 3 } },
      .dst = { 4, { 1, 6, 4, 4 } },
      .strides = { 2, 2 },
      .auto_pad = "SAME_UPPER" },
    { .name = "SAME_LOWER, stride 2",
      .src = { 4, { 1, 4, 8, 8 } },
      .weights = { 4, { 6, 4, 3, 3 } },
      .dst = { 4, { 1, 6, 4, 4 } },
      .strides = { 2, 2 },
      .auto_pad = "SAME_LOWER" },
    { .name = "VALID, window stops early",
      .src = { 4, { 1, 4, 8, 9 } },
      .weights = { 4, { 6, 4, 3, 3 } },
      .dst = { 4, { 1, 6, 3, 4 } },
      .strides = { 2, 2 },
      .auto_pad = "VALID" },
    { .name = "1-D",
      .src = { 3, { 2, 10, 37 } },
      .weights = { 3, { 12, 10, 5 } },
      .dst = { 3, { 2, 12, 19 } },
      .strides = { 2 },
      .pads = { 2, 2 },
      .bias = true },
    { .name = "3-D",
      .src = { 5, { 1, 4, 5, 6, 7 } },
      .weights = { 5, { 6, 4, 3, 2, 3 } },
      .dst = { 5, { 1, 6, 5, 5, 4 } },
      .strides = { 1, 1, 2 },
      .pads = { 1, 0, 1, 1, 0, 1 },
      .bias = true },
    { .name = "one pixel",
      .src = { 4, { 2, 33, 1, 1 } },
      .weights = { 4, { 17, 33, 1, 1 } },
      .dst = { 4, { 2, 17, 1, 1 } },
      .bias = true },
    { .name = "computed weights",
      .src = { 4, { 1, 8, 6, 6 } },
      .weights = { 4, { 10, 8, 3, 3 } },
      .dst = { 4, { 1, 10, 4, 4 } },
      .bias = true,
      .weights_computed = true },
    { .name = "one input channel",
      .src = { 4, { 1, 1, 8, 8 } },
      .weights = { 4, { 16, 1, 3, 3 } },
      .dst = { 4, { 1, 16, 8, 8 } },
      .pads = { 1, 1, 1, 1 },
      .bias = true },
    { .name = "large enough to slice",
      .src = { 4, { 1, 64, 28, 28 } },
      .weights = { 4, { 64, 64, 3, 3 } },
      .dst = { 4, { 1, 64, 28, 28 } },
      .pads = { 1, 1, 1, 1 },
      .bias = true },
    { .name = "sliced, stride 2",
      .src = { 4, { 2, 64, 28, 28 } },
      .weights = { 4, { 128, 64, 3, 3 } },
      .dst = { 4, { 2, 128, 14, 14 } },
      .strides = { 2, 2 },
      .pads = { 1, 1, 1, 1 } },
    { .name = "sliced 1x1, deep",
      .src = { 4, { 1, 512, 14, 14 } },
      .weights = { 4, { 256, 512, 1, 1 } },
      .dst = { 4, { 1, 256, 14, 14 } },
      .bias = true },
};

static const EpilogueStep steps[] = {
    { .kind = EPILOGUE_RELU },
    { .kind = EPILOGUE_LEAKY_RELU, .alpha = 0.1f },
    { .kind = EPILOGUE_CLIP, .alpha = -0.5f, .beta = 1.5f },
    { .kind = EPILOGUE_SIGMOID },
    { .kind = EPILOGUE_TANH },
    { .kind = EPILOGUE_HARD_SIGMOID, .alpha = 0.2f, .beta = 0.5f },
    { .kind = EPILOGUE_HARD_SWISH },
    { .kind = EPILOGUE_SWISH, .alpha = 1.0f },
    { .kind = EPILOGUE_GELU },
    { .kind = EPILOGUE_LINEAR, .alpha = 1.5f, .beta = -0.25f },
    { .kind = EPILOGUE_ADD },
    { .kind = EPILOGUE_MUL },
};

/* Three spatial dims; missing ones are 1 with a window of 1. */
typedef struct Loops {
    int64_t src[3], dst[3], kernel[3], stride[3], dilation[3], begin[3];
    int64_t channels, group_inputs, group_outputs, outputs;
} Loops;

static Loops loops_of(const ConvCase *row) {
    int32_t spatial = row->src.rank - 2;
    int64_t groups = row->groups ? row->groups : 1;
    Loops loops = { .channels = row->src.dims[1],
                    .group_inputs = row->weights.dims[1],
                    .group_outputs = row->weights.dims[0] / groups,
                    .outputs = row->weights.dims[0] };
    for (int32_t i = 0; i < 3; i++) {
        bool there = i < spatial;
        loops.src[i] = there ? row->src.dims[i + 2] : 1;
        loops.dst[i] = there ? row->dst.dims[i + 2] : 1;
        loops.kernel[i] = there ? row->weights.dims[i + 2] : 1;
        loops.stride[i] = there && row->strides[0] ? row->strides[i] : 1;
        loops.dilation[i] = there && row->dilations[0] ? row->dilations[i] : 1;
        int64_t total = (loops.dst[i] - 1) * loops.stride[i] +
                        (loops.kernel[i] - 1) * loops.dilation[i] + 1 - loops.src[i];
        total = total > 0 ? total : 0;
        loops.begin[i] = !there                                     ? 0
                         : !row->auto_pad                           ? row->pads[i]
                         : strcmp(row->auto_pad, "SAME_UPPER") == 0 ? total / 2
                         : strcmp(row->auto_pad, "SAME_LOWER") == 0 ? (total + 1) / 2
                                                                    : 0;
    }
    return loops;
}

/* One output element before the epilogue, and the sum of the magnitudes of its terms. */
static double conv_at(const Loops *loops, const float *src, const float *weights, int64_t image,
                      int64_t output, const int64_t at[3], double *ret_magnitude) {
    double sum = 0, magnitude = 0;
    int64_t first = output / loops->group_outputs * loops->group_inputs;
    int64_t taps = loops->kernel[0] * loops->kernel[1] * loops->kernel[2];
    for (int64_t c = 0; c < loops->group_inputs; c++)
        for (int64_t tap = 0; tap < taps; tap++) {
            int64_t k[3] = { tap / loops->kernel[2] / loops->kernel[1],
                             tap / loops->kernel[2] % loops->kernel[1], tap % loops->kernel[2] };
            int64_t index = image * loops->channels + first + c;
            bool inside = true;
            for (int32_t i = 0; i < 3; i++) {
                int64_t x = at[i] * loops->stride[i] - loops->begin[i] + k[i] * loops->dilation[i];
                inside = inside && x >= 0 && x < loops->src[i];
                index = index * loops->src[i] + x;
            }
            if (!inside)
                continue;
            double product =
                (double)src[index] * weights[(output * loops->group_inputs + c) * taps + tap];
            sum += product;
            magnitude += fabs(product);
        }
    *ret_magnitude = magnitude;
    return sum;
}

static void check_result(const KernelCase *test, const ConvCase *row) {
    Loops loops = loops_of(row);
    size_t pixels = (size_t)(loops.dst[0] * loops.dst[1] * loops.dst[2]);
    /* Large ones: a few hundred elements all over. */
    size_t step = test->result_count > 20000 ? 97 : 1;
    for (size_t i = 0; i < test->result_count; i += step) {
        int64_t pixel = (int64_t)(i % pixels), output = (int64_t)(i / pixels) % loops.outputs;
        int64_t image = (int64_t)(i / pixels) / loops.outputs;
        int64_t at[3] = { pixel / loops.dst[2] / loops.dst[1], pixel / loops.dst[2] % loops.dst[1],
                          pixel % loops.dst[2] };
        double magnitude;
        double want = conv_at(&loops, test->inputs[0].data, test->inputs[1].data, image, output, at,
                              &magnitude);
        if (row->bias)
            want += test->inputs[2].data[output];
        want = case_steps(test, want, i);
        double tolerance = 2 * ldexp(magnitude, -18) + 4e-6 * (1 + fabs(want));
        if (!(fabs(test->result[i] - want) <= tolerance))
            fail_msg("%s: element %zu: got %g, want %g", row->name, i, (double)test->result[i],
                     want);
    }
}

static void start(KernelCase *test, const ConvCase *row, Layout layout) {
    case_start(test, "Conv");
    case_input(test, row->src, layout, false, 1);
    case_input(test, row->weights, LAYOUT_PLAIN, !row->weights_computed, 2);
    if (row->bias)
        case_input(test, SHAPE(row->weights.dims[0]), LAYOUT_PLAIN, !row->weights_computed, 3);
    size_t spatial = (size_t)row->src.rank - 2;
    if (row->groups)
        case_int(test, "group", row->groups);
    if (row->strides[0])
        case_ints(test, "strides", row->strides, spatial);
    if (row->dilations[0])
        case_ints(test, "dilations", row->dilations, spatial);
    if (row->auto_pad)
        case_string(test, "auto_pad", row->auto_pad);
    else
        case_ints(test, "pads", row->pads, 2 * spatial);
}

static void test_conv_equals_the_loops(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
        for (size_t layouts = 0; layouts < 4; layouts++) {
            KernelCase test;
            start(&test, &cases[i], layouts & 1 ? LAYOUT_CHANNELS_LAST : LAYOUT_PLAIN);
            case_prepare(&test, &conv_kernel_type, cases[i].dst,
                         layouts & 2 ? LAYOUT_CHANNELS_LAST : LAYOUT_PLAIN);
            case_run(&test);
            check_result(&test, &cases[i]);
            case_end(&test);
        }
}

static void add_step(KernelCase *test, const ConvCase *row, EpilogueStep step, Layout layout,
                     bool channelwise) {
    if (step.kind == EPILOGUE_ADD || step.kind == EPILOGUE_MUL) {
        Shape shape = row->dst;
        for (int32_t i = 2; channelwise && i < shape.rank; i++)
            shape.dims[i] = 1;
        step.input =
            (uint32_t)case_input(test, shape, layout, false, 10 + (unsigned)test->step_count);
    }
    case_step(test, step);
}

static void test_every_step_alone_and_after_a_residual(void **state) {
    (void)state;
    static const size_t rows[] = { 0, 1, 3, 4, 5, 6, 11, 12, 13 };
    for (size_t i = 0; i < ARRAY_LENGTH(rows) * ARRAY_LENGTH(steps) * 2; i++) {
        const ConvCase *row = &cases[rows[i / ARRAY_LENGTH(steps) / 2]];
        Layout layout = i % 3 == 0 ? LAYOUT_PLAIN : LAYOUT_CHANNELS_LAST;
        KernelCase test;
        start(&test, row, layout);
        if (i % 2)
            add_step(&test, row, (EpilogueStep){ .kind = EPILOGUE_ADD }, layout, false);
        add_step(&test, row, steps[i / 2 % ARRAY_LENGTH(steps)], layout, false);
        case_prepare(&test, &conv_kernel_type, row->dst, layout);
        case_run(&test);
        check_result(&test, row);
        case_end(&test);
    }
}

static void test_long_chain_with_operands_in_the_middle(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        Layout layout = i % 2 ? LAYOUT_PLAIN : LAYOUT_CHANNELS_LAST;
        KernelCase test;
        start(&test, &cases[i], layout);
        add_step(&test, &cases[i], steps[9], layout, false);
        add_step(&test, &cases[i], steps[6], layout, false);
        add_step(&test, &cases[i], (EpilogueStep){ .kind = EPILOGUE_MUL }, layout, true);
        add_step(&test, &cases[i], (EpilogueStep){ .kind = EPILOGUE_ADD }, layout, false);
        add_step(&test, &cases[i], steps[0], layout, false);
        case_prepare(&test, &conv_kernel_type, cases[i].dst, layout);
        case_run(&test);
        check_result(&test, &cases[i]);
        case_end(&test);
    }
}

/* The memory plan may put the result where the residual was. */
static void test_residual_in_the_place_of_the_result(void **state) {
    (void)state;
    const ConvCase *row = &cases[1];
    KernelCase test;
    start(&test, row, LAYOUT_CHANNELS_LAST);
    add_step(&test, row, (EpilogueStep){ .kind = EPILOGUE_ADD }, LAYOUT_CHANNELS_LAST, false);
    add_step(&test, row, steps[0], LAYOUT_CHANNELS_LAST, false);
    case_prepare(&test, &conv_kernel_type, row->dst, LAYOUT_CHANNELS_LAST);
    case_run(&test);
    float *place = test.inputs[test.input_count - 1].tensor.data;
    case_run_into(&test, place);
    case_reorder(&row->dst, LAYOUT_PLAIN, place, test.result);
    check_result(&test, row);
    case_end(&test);
}

/* A pool with idle workers slices; the bits must not tell. */
static void test_slices_give_the_same_bits(void **state) {
    (void)state;
    AUTO(pool_free) Pool *pool = NULL;
    check_ok(pool_new(3, &pool));
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        KernelCase alone, sliced;
        start(&alone, &cases[i], LAYOUT_CHANNELS_LAST);
        add_step(&alone, &cases[i], (EpilogueStep){ .kind = EPILOGUE_ADD }, LAYOUT_CHANNELS_LAST,
                 false);
        add_step(&alone, &cases[i], steps[0], LAYOUT_CHANNELS_LAST, false);
        case_prepare(&alone, &conv_kernel_type, cases[i].dst, LAYOUT_CHANNELS_LAST);
        case_run(&alone);
        start(&sliced, &cases[i], LAYOUT_CHANNELS_LAST);
        add_step(&sliced, &cases[i], (EpilogueStep){ .kind = EPILOGUE_ADD }, LAYOUT_CHANNELS_LAST,
                 false);
        add_step(&sliced, &cases[i], steps[0], LAYOUT_CHANNELS_LAST, false);
        sliced.pool = pool;
        case_prepare(&sliced, &conv_kernel_type, cases[i].dst, LAYOUT_CHANNELS_LAST);
        for (int round = 0; round < 5; round++) {
            case_run(&sliced);
            assert_memory_equal(sliced.result, alone.result,
                                alone.result_count * sizeof *alone.result);
        }
        case_end(&alone);
        case_end(&sliced);
    }
}

/* Batching rests on this: an image's bits do not depend on how many travel with it. */
static void test_an_image_has_the_same_bits_in_any_batch(void **state) {
    (void)state;
    static const int64_t batches[] = { 1, 2, 3, 5, 8, 16, 33 };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        float *first = NULL;
        for (size_t k = 0; k < ARRAY_LENGTH(batches); k++) {
            ConvCase row = cases[i];
            row.src.dims[0] = row.dst.dims[0] = batches[k];
            KernelCase test;
            start(&test, &row, LAYOUT_CHANNELS_LAST);
            add_step(&test, &row, steps[6], LAYOUT_CHANNELS_LAST, false);
            case_prepare(&test, &conv_kernel_type, row.dst, LAYOUT_CHANNELS_LAST);
            case_run(&test);
            size_t image = test.result_count / (size_t)batches[k];
            if (!first)
                first = memcpy(calloc(image, sizeof *first), test.result, image * sizeof *first);
            else if (memcmp(first, test.result, image * sizeof *first) != 0)
                fail_msg("%s: differs in a batch of %d", row.name, (int)batches[k]);
            case_end(&test);
        }
        free(first);
    }
}

typedef struct Runner {
    const KernelCase *test;
    float *dst;
} Runner;

static void run_many(void *user) {
    const Runner *runner = user;
    for (int i = 0; i < 50; i++)
        case_run_into(runner->test, runner->dst);
}

static void test_threads_share_a_kernel(void **state) {
    (void)state;
    const ConvCase *row = &cases[1];
    enum { THREADS = 8 };
    KernelCase test;
    start(&test, row, LAYOUT_PLAIN);
    add_step(&test, row, steps[0], LAYOUT_PLAIN, false);
    case_prepare(&test, &conv_kernel_type, row->dst, LAYOUT_PLAIN);
    case_run(&test);
    Thread threads[THREADS] = { 0 };
    Runner runners[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        runners[i] = (Runner){ .test = &test, .dst = calloc(test.result_count, sizeof(float)) };
        check_ok(thread_start(&threads[i], THREAD_OTHER, "runner", run_many, &runners[i]));
    }
    for (size_t i = 0; i < THREADS; i++) {
        thread_join(&threads[i]);
        assert_memory_equal(runners[i].dst, test.result, test.result_count * sizeof(float));
        free(runners[i].dst);
    }
    case_end(&test);
}

static void test_plans_share_packed_weights(void **state) {
    (void)state;
    PackedWeights *weights;
    check_ok(packed_weights_new(&weights));
    const Shape kernel = { 4, { 64, 32, 3, 3 } };
    Tensor constant;
    check_ok(tensor_init(&constant, DTYPE_F32, &kernel));
    size_t bytes = 0;
    for (int64_t batch = 1; batch <= 32; batch *= 2) {
        KernelCase test;
        case_start(&test, "Conv");
        test.weights = weights;
        case_input(&test, SHAPE(batch, 32, 10, 10), LAYOUT_CHANNELS_LAST, false, 1);
        case_input(&test, kernel, LAYOUT_PLAIN, true, 2);
        test.inputs[1].tensor = constant;
        test.inputs[1].lent = true;
        case_prepare(&test, &conv_kernel_type, SHAPE(batch, 64, 8, 8), LAYOUT_CHANNELS_LAST);
        assert_non_null(test.kernel);
        if (batch == 1)
            bytes = packed_weights_bytes(weights);
        assert_int_equal(packed_weights_bytes(weights), bytes);
        case_end(&test);
    }
    assert_true(bytes >= constant.bytes);
    tensor_deinit(&constant);
    packed_weights_free(weights);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conv_equals_the_loops),
        cmocka_unit_test(test_every_step_alone_and_after_a_residual),
        cmocka_unit_test(test_long_chain_with_operands_in_the_middle),
        cmocka_unit_test(test_residual_in_the_place_of_the_result),
        cmocka_unit_test(test_slices_give_the_same_bits),
        cmocka_unit_test(test_an_image_has_the_same_bits_in_any_batch),
        cmocka_unit_test(test_threads_share_a_kernel),
        cmocka_unit_test(test_plans_share_packed_weights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
