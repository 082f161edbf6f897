/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Our own fast kernels against loops written from the ONNX text, in double: pools, elementwise,
 * broadcasting, Softmax, BatchNormalization, Concat, Transpose, Reorder, in both layouts, alone and
 * with a pool.
 *
 * Tolerance: where nothing is summed or approximated results are equal. exp is good to 2 ulp, so
 * 1e-6 relative leaves room for what is built on it; erf 5e-7 absolute; sums as in test_conv.
 */

#include "runtime/base/size.h"
#include "runtime/cpu/kernel_types.h"
#include "tests/support/check.h"
#include "tests/support/kernel_case.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void check_near(double got, double want, double tolerance, const char *what, size_t index) {
    if (!(fabs(got - want) <= tolerance * (1 + fabs(want))))
        fail_msg("%s: element %zu: got %.9g, want %.9g", what, index, got, want);
}

typedef struct PoolCase {
    Shape src, dst;
    int64_t kernel[3], strides[3], dilations[3], pads[6];
    const char *auto_pad;
    bool include_padding, ceil_mode;
} PoolCase;

static const PoolCase pools[] = {
    { .src = { 4, { 1, 64, 11, 11 } },
      .dst = { 4, { 1, 64, 6, 6 } },
      .kernel = { 3, 3 },
      .strides = { 2, 2 },
      .pads = { 1, 1, 1, 1 } },
    { .src = { 4, { 2, 5, 8, 8 } },
      .dst = { 4, { 2, 5, 4, 4 } },
      .kernel = { 2, 2 },
      .strides = { 2, 2 } },
    { .src = { 4, { 3, 17, 7, 9 } },
      .dst = { 4, { 3, 17, 7, 9 } },
      .kernel = { 3, 2 },
      .strides = { 1, 1 },
      .auto_pad = "SAME_UPPER" },
    { .src = { 4, { 1, 3, 7, 9 } },
      .dst = { 4, { 1, 3, 4, 5 } },
      .kernel = { 2, 3 },
      .strides = { 2, 2 },
      .auto_pad = "SAME_LOWER",
      .include_padding = true },
    { .src = { 4, { 1, 20, 5, 5 } },
      .dst = { 4, { 1, 20, 5, 5 } },
      .kernel = { 3, 3 },
      .strides = { 1, 1 },
      .pads = { 1, 1, 1, 1 },
      .include_padding = true },
    { .src = { 4, { 1, 4, 6, 6 } },
      .dst = { 4, { 1, 4, 3, 3 } },
      .kernel = { 3, 3 },
      .strides = { 2, 2 },
      .ceil_mode = true }, /* the last window hangs over */
    { .src = { 4, { 1, 4, 6, 6 } },
      .dst = { 4, { 1, 4, 3, 3 } },
      .kernel = { 3, 3 },
      .strides = { 2, 2 },
      .include_padding = true,
      .ceil_mode = true },
    { .src = { 4, { 1, 6, 9, 9 } },
      .dst = { 4, { 1, 6, 5, 5 } },
      .kernel = { 3, 3 },
      .strides = { 1, 1 },
      .dilations = { 2, 2 } },
    { .src = { 3, { 2, 10, 21 } }, .dst = { 3, { 2, 10, 10 } }, .kernel = { 3 }, .strides = { 2 } },
    { .src = { 5, { 1, 7, 4, 5, 6 } },
      .dst = { 5, { 1, 7, 3, 4, 3 } },
      .kernel = { 2, 2, 2 },
      .strides = { 1, 1, 2 } },
    { .src = { 4, { 4, 1, 8, 8 } },
      .dst = { 4, { 4, 1, 4, 4 } },
      .kernel = { 2, 2 },
      .strides = { 2, 2 } },
};

static double pool_at(const PoolCase *row, const float *plane, size_t pixel, bool average) {
    int64_t at[3] = { 0 }, size[3] = { 1, 1, 1 }, taps = 1;
    int32_t spatial = row->src.rank - 2;
    for (int32_t i = spatial; i-- > 0;) {
        at[i] = (int64_t)(pixel % (size_t)row->dst.dims[i + 2]);
        pixel /= (size_t)row->dst.dims[i + 2];
        size[i] = row->kernel[i];
        taps *= row->kernel[i];
    }
    double best = -INFINITY, sum = 0, inside = 0, padded = 0;
    for (int64_t tap = 0; tap < taps; tap++) {
        int64_t k[3] = { tap / size[2] / size[1], tap / size[2] % size[1], tap % size[2] },
                index = 0;
        bool in = true, in_padding = true;
        for (int32_t i = 0; i < spatial; i++) {
            int64_t dilation = row->dilations[i] ? row->dilations[i] : 1, begin = row->pads[i],
                    end = row->pads[i + spatial];
            if (row->auto_pad) {
                int64_t total = (row->dst.dims[i + 2] - 1) * row->strides[i] +
                                (row->kernel[i] - 1) * dilation + 1 - row->src.dims[i + 2];
                total = total > 0 ? total : 0;
                begin = strcmp(row->auto_pad, "SAME_UPPER") == 0 ? total / 2 : total - total / 2;
                end = total - begin;
            }
            int64_t x = at[i] * row->strides[i] - begin + k[i] * dilation;
            in = in && x >= 0 && x < row->src.dims[i + 2];
            in_padding = in_padding && x < row->src.dims[i + 2] + end;
            index = index * row->src.dims[i + 2] + x;
        }
        padded += in_padding;
        if (!in)
            continue;
        inside++;
        best = plane[index] > best ? plane[index] : best;
        sum += plane[index];
    }
    return average ? sum / (row->include_padding ? padded : inside) : best;
}

static void test_pools_equal_the_loops(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(pools) * 8; i++) {
        const PoolCase *row = &pools[i / 8];
        bool average = i & 1;
        Layout from = i & 2 ? LAYOUT_CHANNELS_LAST : LAYOUT_PLAIN,
               to = i & 4 ? LAYOUT_CHANNELS_LAST : LAYOUT_PLAIN;
        size_t spatial = (size_t)row->src.rank - 2;
        KernelCase test;
        case_start(&test, average ? "AveragePool" : "MaxPool");
        test.pool = i & 8 ? case_pool : NULL;
        case_input(&test, row->src, from, false, 1);
        case_ints(&test, "kernel_shape", row->kernel, spatial);
        case_ints(&test, "strides", row->strides, spatial);
        if (row->dilations[0])
            case_ints(&test, "dilations", row->dilations, spatial);
        if (row->auto_pad)
            case_string(&test, "auto_pad", row->auto_pad);
        else
            case_ints(&test, "pads", row->pads, 2 * spatial);
        case_int(&test, "ceil_mode", row->ceil_mode);
        if (average)
            case_int(&test, "count_include_pad", row->include_padding);
        case_prepare(&test, &pool_kernel_type, row->dst, to);
        case_run(&test);
        size_t src_pixels = shape_product(&row->src, 2, (size_t)row->src.rank);
        size_t dst_pixels = shape_product(&row->dst, 2, (size_t)row->dst.rank);
        for (size_t k = 0; k < test.result_count; k++)
            check_near(test.result[k],
                       pool_at(row, test.inputs[0].data + k / dst_pixels * src_pixels,
                               k % dst_pixels, average),
                       average ? 1e-6 : 0, "pool", k);
        case_end(&test);
    }
}

static void test_global_pools_equal_the_loops(void **state) {
    (void)state;
    static const Shape shapes[] = { { 4, { 2, 37, 7, 7 } },
                                    { 4, { 1, 3, 33, 5 } },
                                    { 3, { 2, 16, 19 } },
                                    { 5, { 1, 5, 2, 3, 4 } },
                                    { 4, { 3, 8, 1, 1 } } };
    static const char *const ops[] = { "GlobalAveragePool", "GlobalMaxPool", "ReduceMean" };
    for (size_t i = 0; i < ARRAY_LENGTH(shapes) * 6; i++) {
        const Shape *src = &shapes[i / 6];
        size_t op = i % 3, pixels = shape_product(src, 2, (size_t)src->rank);
        KernelCase test;
        case_start(&test, ops[op]);
        case_input(&test, *src, i % 6 >= 3 ? LAYOUT_CHANNELS_LAST : LAYOUT_PLAIN, false, 1);
        int64_t axes[] = { -1, 2, 3 };
        if (op == 2)
            case_int_input(&test, axes, (size_t)src->rank - 2);
        Shape dst = *src;
        for (int32_t k = 2; k < dst.rank; k++)
            dst.dims[k] = 1;
        case_prepare(&test, &global_pool_kernel_type, dst,
                     i % 2 ? LAYOUT_CHANNELS_LAST : LAYOUT_PLAIN);
        case_run(&test);
        for (size_t k = 0; k < test.result_count; k++) {
            double sum = 0, best = -INFINITY;
            for (size_t p = 0; p < pixels; p++) {
                double x = test.inputs[0].data[k * pixels + p];
                sum += x;
                best = x > best ? x : best;
            }
            check_near(test.result[k], op == 1 ? best : sum / (double)pixels, 1e-6, ops[op], k);
        }
        case_end(&test);
    }
}

static double sigmoid(double x) {
    return 1 / (1 + exp(-x));
}

static double want_unary(const char *op, double x) {
    static const struct {
        const char *op;
        double (*function)(double);
    } plain[] = { { "Abs", fabs },        { "Erf", erf },   { "Exp", exp },
                  { "Sigmoid", sigmoid }, { "Sqrt", sqrt }, { "Tanh", tanh } };
    for (size_t i = 0; i < ARRAY_LENGTH(plain); i++)
        if (strcmp(op, plain[i].op) == 0)
            return plain[i].function(x);
    if (strcmp(op, "Relu") == 0)
        return x > 0 ? x : 0;
    if (strcmp(op, "LeakyRelu") == 0)
        return x > 0 ? x : 0.01 * x;
    if (strcmp(op, "Neg") == 0)
        return -x;
    if (strcmp(op, "Reciprocal") == 0)
        return 1 / x;
    if (strcmp(op, "HardSigmoid") == 0)
        return fmax(0, fmin(1, 0.2 * x + 0.5));
    if (strcmp(op, "HardSwish") == 0)
        return x * fmax(0, fmin(1, x / 6 + 0.5));
    if (strcmp(op, "Swish") == 0)
        return x * sigmoid(x);
    if (strcmp(op, "Gelu") == 0)
        return 0.5 * x * (1 + erf(x / sqrt(2)));
    fail_msg("no formula for %s", op);
    return 0;
}

static void test_elementwise_operators_equal_their_formulas(void **state) {
    (void)state;
    static const char *const ops[] = { "Abs",         "Erf",       "Exp",       "Gelu",
                                       "HardSigmoid", "HardSwish", "LeakyRelu", "Neg",
                                       "Reciprocal",  "Relu",      "Sigmoid",   "Sqrt",
                                       "Swish",       "Tanh" };
    static const Shape shapes[] = {
        { 0, { 0 } }, { 1, { 1 } }, { 4, { 2, 3, 5, 7 } }, { 2, { 130, 257 } }
    };
    for (size_t i = 0; i < ARRAY_LENGTH(ops) * ARRAY_LENGTH(shapes); i++) {
        const char *op = ops[i / ARRAY_LENGTH(shapes)];
        Shape shape = shapes[i % ARRAY_LENGTH(shapes)];
        KernelCase test;
        case_start(&test, op);
        test.pool = case_pool;
        case_input(&test, shape, LAYOUT_CHANNELS_LAST, false, 5);
        for (size_t k = 0; k < case_elements(&shape); k++) {
            float *x = &test.inputs[0].data[k];
            *x = strcmp(op, "Sqrt") == 0         ? fabsf(*x)
                 : strcmp(op, "Reciprocal") == 0 ? *x + 2
                                                 : *x * 9;
        }
        case_prepare(&test, &eltwise_kernel_type, shape, LAYOUT_CHANNELS_LAST);
        case_run(&test);
        for (size_t k = 0; k < test.result_count; k++)
            check_near(test.result[k], want_unary(op, test.inputs[0].data[k]), 1e-6, op, k);
        case_end(&test);
    }
}

static void test_gelu_by_tanh(void **state) {
    (void)state;
    KernelCase test;
    case_start(&test, "Gelu");
    case_input(&test, SHAPE(1000), LAYOUT_PLAIN, false, 1);
    for (size_t i = 0; i < 1000; i++)
        test.inputs[0].data[i] *= 9;
    case_string(&test, "approximate", "tanh");
    case_prepare(&test, &eltwise_kernel_type, SHAPE(1000), LAYOUT_PLAIN);
    case_run_and_compare(&test, 1e-6);
    case_end(&test);
}

static void test_clip_takes_its_bounds_from_inputs(void **state) {
    (void)state;
    KernelCase test;
    case_start(&test, "Clip");
    case_input(&test, SHAPE(1000), LAYOUT_PLAIN, false, 1);
    size_t low = case_input(&test, SHAPE_SCALAR, LAYOUT_PLAIN, true, 2),
           high = case_input(&test, SHAPE_SCALAR, LAYOUT_PLAIN, false, 3);
    test.inputs[low].data[0] = -0.25f;
    test.inputs[high].data[0] = 0.5f;
    case_prepare(&test, &eltwise_kernel_type, SHAPE(1000), LAYOUT_PLAIN);
    case_run(&test);
    for (size_t i = 0; i < 1000; i++)
        assert_true(test.result[i] == fminf(0.5f, fmaxf(-0.25f, test.inputs[0].data[i])));
    case_end(&test);
}

static void test_softmax_along_each_axis(void **state) {
    (void)state;
    static const Shape shapes[] = {
        { 2, { 3, 10 } }, { 4, { 2, 21, 5, 4 } }, { 1, { 1000 } }, { 3, { 4, 3, 33 } }
    };
    for (size_t i = 0; i < ARRAY_LENGTH(shapes); i++)
        for (int64_t axis = -shapes[i].rank; axis < shapes[i].rank; axis++)
            for (size_t mode = 0; mode < 4; mode++) {
                const Shape *shape = &shapes[i];
                size_t at = (size_t)(axis < 0 ? axis + shape->rank : axis);
                bool logarithm = mode & 1;
                Layout layout = mode & 2 ? LAYOUT_CHANNELS_LAST : LAYOUT_PLAIN;
                if (layout == LAYOUT_CHANNELS_LAST && shape->rank >= 3 && at != 1)
                    continue;
                KernelCase test;
                case_start(&test, logarithm ? "LogSoftmax" : "Softmax");
                test.pool = case_pool;
                case_input(&test, *shape, layout, false, 3);
                for (size_t k = 0; k < case_elements(shape); k++)
                    test.inputs[0].data[k] *= 20;
                case_int(&test, "axis", axis);
                case_prepare(&test, &softmax_kernel_type, *shape, layout);
                case_run(&test);
                size_t inner = shape_product(shape, at + 1, (size_t)shape->rank),
                       length = (size_t)shape->dims[at];
                for (size_t k = 0; k < test.result_count; k++) {
                    const float *row =
                        test.inputs[0].data + k / (inner * length) * inner * length + k % inner;
                    double peak = -INFINITY, sum = 0;
                    for (size_t j = 0; j < length; j++)
                        peak = fmax(peak, row[j * inner]);
                    for (size_t j = 0; j < length; j++)
                        sum += exp(row[j * inner] - peak);
                    double x = test.inputs[0].data[k] - peak;
                    check_near(test.result[k], logarithm ? x - log(sum) : exp(x) / sum, 1e-6,
                               "softmax", k);
                }
                case_end(&test);
            }
}

static void test_batch_normalization(void **state) {
    (void)state;
    static const Shape shapes[] = { { 4, { 2, 19, 5, 4 } }, { 2, { 6, 33 } }, { 3, { 2, 4, 9 } } };
    for (size_t i = 0; i < ARRAY_LENGTH(shapes) * 2; i++) {
        const Shape *shape = &shapes[i / 2];
        Layout layout = i % 2 ? LAYOUT_CHANNELS_LAST : LAYOUT_PLAIN;
        KernelCase test;
        case_start(&test, "BatchNormalization");
        case_input(&test, *shape, layout, false, 1);
        for (unsigned k = 0; k < 4; k++)
            case_input(&test, SHAPE(shape->dims[1]), LAYOUT_PLAIN, true, 2 + k);
        for (int64_t k = 0; k < shape->dims[1]; k++)
            test.inputs[4].data[k] = fabsf(test.inputs[4].data[k]) + 0.5f;
        case_float(&test, "epsilon", 1e-3f);
        case_prepare(&test, &batch_norm_kernel_type, *shape, layout);
        case_run(&test);
        size_t pixels = shape_product(shape, 2, (size_t)shape->rank);
        for (size_t k = 0; k < test.result_count; k++) {
            size_t c = k / pixels % (size_t)shape->dims[1];
            double want = (test.inputs[0].data[k] - test.inputs[3].data[c]) /
                              sqrt(test.inputs[4].data[c] + 1e-3) * test.inputs[1].data[c] +
                          test.inputs[2].data[c];
            check_near(test.result[k], want, 1e-6, "batch norm", k);
        }
        case_end(&test);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pools_equal_the_loops),
        cmocka_unit_test(test_global_pools_equal_the_loops),
        cmocka_unit_test(test_elementwise_operators_equal_their_formulas),
        cmocka_unit_test(test_gelu_by_tanh),
        cmocka_unit_test(test_clip_takes_its_bounds_from_inputs),
        cmocka_unit_test(test_softmax_along_each_axis),
        cmocka_unit_test(test_batch_normalization),
    };
    return cmocka_run_group_tests(tests, case_start_pool, case_end_pool);
}
