/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Convolution, pooling, normalisation and matrix products, with values small enough to be worked
 * out by hand. */

#include "tests/unit/runtime/cpu/reference/run_kernel.h"

static void test_conv_pads_and_strides(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(1, 1, 3, 3), 1, 2, 3, 4, 5, 6, 7, 8, 9),
           ones = F32(SHAPE(1, 1, 2, 2), 1, 1, 1, 1);
    check(&(Run){
        .op = "Conv", .src = { &x, &ones }, .dst = { F32(SHAPE(1, 1, 2, 2), 12, 16, 24, 28) } });
    check(&(Run){ .op = "Conv",
                  .attributes = { INTS("pads", 1, 1, 0, 0), INTS("strides", 2, 2) },
                  .src = { &x, &ones, &F32(SHAPE(1), 100) },
                  .dst = { F32(SHAPE(1, 1, 2, 2), 101, 105, 111, 128) } });
    check(&(Run){ .op = "Conv",
                  .attributes = { STRING("auto_pad", "SAME_LOWER") },
                  .src = { &x, &ones },
                  .dst = { F32(SHAPE(1, 1, 3, 3), 1, 3, 5, 5, 12, 16, 11, 24, 28) } });
}

static void test_conv_of_one_and_three_dims(void **state) {
    (void)state;
    check(&(Run){ .op = "Conv", /* dilated */
                  .attributes = { INTS("dilations", 2) },
                  .src = { &F64(SHAPE(1, 1, 5), 1, 2, 3, 4, 5), &F64(SHAPE(1, 1, 2), 1, -1) },
                  .dst = { F64(SHAPE(1, 1, 3), -2, -2, -2) } });
    check(&(Run){ .op = "Conv",
                  .src = { &F32(SHAPE(1, 1, 2, 2, 2), 1, 2, 3, 4, 5, 6, 7, 8),
                           &F32(SHAPE(1, 1, 2, 2, 2), 1, 0, 0, 0, 0, 0, 0, 10) },
                  .dst = { F32(SHAPE(1, 1, 1, 1, 1), 81) } });
}

static void test_conv_in_groups(void **state) {
    (void)state;
    check(&(Run){
        .op = "Conv",
        .attributes = { INT("group", 2) },
        .src = { &F32(SHAPE(1, 2, 1, 2), 1, 2, 3, 4), &F32(SHAPE(4, 1, 1, 1), 1, 10, 100, 1000) },
        .dst = { F32(SHAPE(1, 4, 1, 2), 1, 2, 10, 20, 300, 400, 3000, 4000) } });
    check_fails(&(Run){ .op = "Conv",
                        .attributes = { INT("group", 0) },
                        .src = { &F32(SHAPE(1, 1, 1), 1), &F32(SHAPE(1, 1, 1), 1) },
                        .dst = { F32(SHAPE(1, 1, 1), 0) } },
                STATUS_INVALID_ARGUMENT, "0 groups");
}

static void test_conv_in_half_precision(void **state) {
    (void)state;
    check(&(Run){ .op = "Conv",
                  .src = { &F16(SHAPE(1, 1, 2), 0x3C00, 0x4000), &F16(SHAPE(1, 1, 1), 0x4000) },
                  .dst = { F16(SHAPE(1, 1, 2), 0x4000, 0x4400) } });
}

static void test_windows_refuse_hostile_attributes(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(1, 1, 2), 1, 2), dst = F32(SHAPE(1, 1, 2), 0, 0);
    check_fails(&(Run){ .op = "MaxPool",
                        .attributes = { INTS("kernel_shape", 1), INTS("strides", 0) },
                        .src = { &x },
                        .dst = { dst } },
                STATUS_INVALID_ARGUMENT, "strides: expected 1");
    check_fails(&(Run){ .op = "MaxPool",
                        .attributes = { INTS("kernel_shape", INT32_MAX) },
                        .src = { &x },
                        .dst = { dst } },
                STATUS_INVALID_ARGUMENT, "got 2147483647");
    check_fails(&(Run){ .op = "MaxPool",
                        .attributes = { INTS("kernel_shape", 1 << 27), INTS("pads", 0, 1 << 27) },
                        .src = { &x },
                        .dst = { F32(SHAPE(1, 1, 3), 0, 0, 0) } },
                STATUS_INVALID_ARGUMENT, "too large");
    check_fails(&(Run){ .op = "MaxPool", .src = { &x }, .dst = { dst } }, STATUS_INVALID_ARGUMENT,
                "kernel_shape");
}

static void test_a_result_that_the_window_does_not_give_is_refused(void **state) {
    (void)state;
    check_fails(&(Run){ .op = "AveragePool", /* a planner's mistake must not read outside */
                        .attributes = { INTS("kernel_shape", 1) },
                        .src = { &F32(SHAPE(1, 1, 2), 1, 2) },
                        .dst = { F32(SHAPE(1, 1, 4), 1, 2, 0, 0) } },
                STATUS_INVALID_ARGUMENT, "expected shape [1,1,2], got [1,1,4]");
    check_fails(&(Run){ .op = "Conv",
                        .attributes = { INTS("strides", 2) },
                        .src = { &F32(SHAPE(1, 1, 3), 1, 2, 3), &F32(SHAPE(1, 1, 1), 1) },
                        .dst = { F32(SHAPE(1, 1, 3), 1, 2, 3) } },
                STATUS_INVALID_ARGUMENT, "expected shape [1,1,2], got [1,1,3]");
}

static void test_max_pool_tells_where(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(1, 1, 2, 3), 1, 5, 5, 7, 2, 3);
    check(&(Run){ .op = "MaxPool",
                  .attributes = { INTS("kernel_shape", 2, 2) },
                  .src = { &x },
                  .dst = { F32(SHAPE(1, 1, 1, 2), 7, 5), I64(SHAPE(1, 1, 1, 2), 3, 1) } });
    check(&(Run){ .op = "MaxPool",
                  .attributes = { INTS("kernel_shape", 2, 2), INT("storage_order", 1) },
                  .src = { &x },
                  .dst = { F32(SHAPE(1, 1, 1, 2), 7, 5), I64(SHAPE(1, 1, 1, 2), 1, 2) } });
    check(
        &(Run){ .op = "MaxPool", /* ceil_mode: the last window hangs over */
                .attributes = { INTS("kernel_shape", 2), INTS("strides", 2), INT("ceil_mode", 1) },
                .src = { &I8(SHAPE(1, 1, 3), -5, -6, -7) },
                .dst = { I8(SHAPE(1, 1, 2), -5, -7) } });
    check(&(Run){ .op = "MaxPool",
                  .attributes = { INTS("kernel_shape", 2) },
                  .src = { &F32(SHAPE(1, 1, 4), 1, NAN, 2, 3) },
                  .dst = { F32(SHAPE(1, 1, 3), NAN, NAN, 3) } });
}

static void test_average_pool_counts_padding_on_request(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(1, 1, 3), 2, 4, 6);
    check(&(Run){ .op = "AveragePool",
                  .attributes = { INTS("kernel_shape", 2), INTS("pads", 1, 0) },
                  .src = { &x },
                  .dst = { F32(SHAPE(1, 1, 3), 2, 3, 5) } });
    check(&(Run){
        .op = "AveragePool",
        .attributes = { INTS("kernel_shape", 2), INTS("pads", 1, 0), INT("count_include_pad", 1) },
        .src = { &x },
        .dst = { F32(SHAPE(1, 1, 3), 1, 3, 5) } });
    check(&(Run){ .op = "AveragePool", /* beyond the padding nothing counts */
                  .attributes = { INTS("kernel_shape", 2), INTS("strides", 2), INT("ceil_mode", 1),
                                  INT("count_include_pad", 1) },
                  .src = { &x },
                  .dst = { F32(SHAPE(1, 1, 2), 3, 6) } });
}

static void test_a_window_larger_than_the_source_still_counts_its_padding(void **state) {
    (void)state;
    check(&(Run){
        .op = "AveragePool",
        .attributes = { INTS("kernel_shape", 4), INTS("pads", 1, 1), INT("count_include_pad", 1) },
        .src = { &F32(SHAPE(1, 1, 2), 3, 5) },
        .dst = { F32(SHAPE(1, 1, 1), 2) } });
    check(&(Run){ .op = "MaxPool",
                  .attributes = { INTS("kernel_shape", 1 << 25), INTS("pads", 0, (1 << 25) - 1) },
                  .src = { &F32(SHAPE(1, 1, 2), 3, 5) },
                  .dst = { F32(SHAPE(1, 1, 2), 5, 5) } });
}

static void test_global_pools(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(1, 2, 2, 2), 1, 2, 3, 4, -1, -2, -3, -4);
    check(&(Run){
        .op = "GlobalAveragePool", .src = { &x }, .dst = { F32(SHAPE(1, 2, 1, 1), 2.5f, -2.5f) } });
    check(&(Run){ .op = "GlobalMaxPool", .src = { &x }, .dst = { F32(SHAPE(1, 2, 1, 1), 4, -1) } });
}

static void test_batch_normalization(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(2, 2), 1, 10, 3, 20), scale = F32(SHAPE(2), 2, 1),
           bias = F32(SHAPE(2), 0, 5);
    Tensor mean = F32(SHAPE(2), 1, 10), variance = F32(SHAPE(2), 4, 25);
    check(&(Run){ .op = "BatchNormalization",
                  .attributes = { FLOAT("epsilon", 0) },
                  .src = { &x, &scale, &bias, &mean, &variance },
                  .dst = { F32(SHAPE(2, 2), 0, 5, 2, 7) } });
    check(&(Run){
        .op = "BatchNormalization", /* own statistics: mean 2 and 15, variance 1 and 25 */
        .attributes = { FLOAT("epsilon", 0), INT("training_mode", 1), FLOAT("momentum", 0.5f) },
        .src = { &x, &scale, &bias, &mean, &variance },
        .dst = { F32(SHAPE(2, 2), -2, 4, 2, 6), F32(SHAPE(2), 1.5f, 12.5f),
                 F32(SHAPE(2), 2.5f, 25) } });
    check_fails(&(Run){ .op = "BatchNormalization",
                        .src = { &x, &scale, &bias, &mean, &F32(SHAPE(1), 1) },
                        .dst = { x } },
                STATUS_INVALID_ARGUMENT, "input 4 has shape [1] for 2 channels");
}

static void test_lrn_sums_neighbour_channels(void **state) {
    (void)state;
    check(&(Run){
        .op = "LRN", /* x / (1 + sum of squares of 2 channels: this and the next) */
        .attributes = { INT("size", 2), FLOAT("alpha", 2), FLOAT("beta", 1), FLOAT("bias", 1) },
        .src = { &F32(SHAPE(1, 3, 1), 1, 2, 3) },
        .dst = { F32(SHAPE(1, 3, 1), 1.0f / 6, 2.0f / 14, 3.0f / 10) },
        .tolerance = 1e-6 });
}

static void test_matmul_of_all_ranks(void **state) {
    (void)state;
    Tensor row = I32(SHAPE(2), 1, 2), square = I32(SHAPE(2, 2), 1, 2, 3, 4);
    check(&(Run){ .op = "MatMul", .src = { &row, &row }, .dst = { I32(SHAPE_SCALAR, 5) } });
    check(&(Run){ .op = "MatMul", .src = { &row, &square }, .dst = { I32(SHAPE(2), 7, 10) } });
    check(&(Run){ .op = "MatMul", .src = { &square, &row }, .dst = { I32(SHAPE(2), 5, 11) } });
    check(&(Run){ .op = "MatMul",
                  .src = { &I32(SHAPE(2, 1, 1, 2), 1, 0, 0, 1),
                           &I32(SHAPE(2, 2, 2), 1, 2, 3, 4, 5, 6, 7, 8) },
                  .dst = { I32(SHAPE(2, 2, 1, 2), 1, 2, 5, 6, 3, 4, 7, 8) } });
    check(&(Run){ .op = "MatMul", /* nothing to add up */
                  .src = { &EMPTY(DTYPE_F32, SHAPE(1, 0)), &EMPTY(DTYPE_F32, SHAPE(0, 2)) },
                  .dst = { F32(SHAPE(1, 2), 0, 0) } });
    check_fails(&(Run){ .op = "MatMul",
                        .src = { &square, &I32(SHAPE(3), 1, 2, 3) },
                        .dst = { I32(SHAPE(2), 0, 0) } },
                STATUS_INVALID_ARGUMENT, "[2,2] and [3]");
}

static void test_gemm_turns_scales_and_adds(void **state) {
    (void)state;
    Tensor a = F32(SHAPE(2, 1), 1, 2), b = F32(SHAPE(3, 2), 1, 2, 3, 4, 5, 6),
           c = F32(SHAPE(3), 10, 20, 30);
    check(&(Run){ .op = "Gemm",
                  .attributes = { INT("transA", 1), INT("transB", 1), FLOAT("alpha", 2),
                                  FLOAT("beta", 0.5f) },
                  .src = { &a, &b, &c },
                  .dst = { F32(SHAPE(1, 3), 15, 32, 49) } });
    check(&(Run){ .op = "Gemm",
                  .attributes = { INT("transA", 1), INT("transB", 1) },
                  .src = { &a, &b },
                  .dst = { F32(SHAPE(1, 3), 5, 11, 17) } });
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conv_pads_and_strides),
        cmocka_unit_test(test_conv_of_one_and_three_dims),
        cmocka_unit_test(test_conv_in_groups),
        cmocka_unit_test(test_conv_in_half_precision),
        cmocka_unit_test(test_windows_refuse_hostile_attributes),
        cmocka_unit_test(test_a_result_that_the_window_does_not_give_is_refused),
        cmocka_unit_test(test_max_pool_tells_where),
        cmocka_unit_test(test_average_pool_counts_padding_on_request),
        cmocka_unit_test(test_a_window_larger_than_the_source_still_counts_its_padding),
        cmocka_unit_test(test_global_pools),
        cmocka_unit_test(test_batch_normalization),
        cmocka_unit_test(test_lrn_sums_neighbour_channels),
        cmocka_unit_test(test_matmul_of_all_ranks),
        cmocka_unit_test(test_gemm_turns_scales_and_adds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
