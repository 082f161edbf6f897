/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Reductions, arg-reductions and softmax: axes, keepdims, empty sets, special values. */

#include "tests/unit/runtime/cpu/reference/run_kernel.h"

static void test_axes_and_keepdims(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(2, 3), 1, 2, 3, 4, 5, 6);
    check(&(Run){ .op = "ReduceSum",
                  .src = { &x, &I64(SHAPE(1), 0) },
                  .dst = { F32(SHAPE(1, 3), 5, 7, 9) } });
    check(&(Run){ .op = "ReduceSum",
                  .attributes = { INT("keepdims", 0) },
                  .src = { &x, &I64(SHAPE(1), -1) },
                  .dst = { F32(SHAPE(2), 6, 15) } });
    check(&(Run){ .op = "ReduceMean",
                  .attributes = { INT("keepdims", 0) },
                  .src = { &x },
                  .dst = { F32(SHAPE_SCALAR, 3.5f) } });
    check_fails(&(Run){ .op = "ReduceSum",
                        .src = { &x, &I64(SHAPE(1), 2) },
                        .dst = { F32(SHAPE(1, 3), 0, 0, 0) } },
                STATUS_INVALID_ARGUMENT, "2");
}

static void test_outer_and_inner_axes_together(void **state) {
    (void)state;
    check(&(Run){ .op = "ReduceMax",
                  .attributes = { INT("keepdims", 0) },
                  .src = { &I32(SHAPE(2, 2, 2), 1, 2, 3, 4, 5, 6, 7, -8), &I64(SHAPE(2), 0, 2) },
                  .dst = { I32(SHAPE(2), 6, 7) } });
}

static void test_no_axes_mean_all_or_none(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(2), -3, 4);
    check(&(Run){ .op = "ReduceSum",
                  .attributes = { INT("noop_with_empty_axes", 1) },
                  .src = { &x, &EMPTY(DTYPE_I64, SHAPE(0)) },
                  .dst = { F32(SHAPE(2), -3, 4) } });
    check(&(Run){ .op = "ReduceSum",
                  .src = { &x, &EMPTY(DTYPE_I64, SHAPE(0)) },
                  .dst = { F32(SHAPE(1), 1) } });
}

static void test_empty_sets(void **state) {
    (void)state;
    Tensor x = EMPTY(DTYPE_F32, SHAPE(1, 0)), axis = I64(SHAPE(1), 1);
    check(&(Run){ .op = "ReduceSum", .src = { &x, &axis }, .dst = { F32(SHAPE(1, 1), 0) } });
    check(&(Run){ .op = "ReduceProd", .src = { &x, &axis }, .dst = { F32(SHAPE(1, 1), 1) } });
    check(
        &(Run){ .op = "ReduceMax", .src = { &x, &axis }, .dst = { F32(SHAPE(1, 1), -INFINITY) } });
    check(&(Run){ .op = "ReduceMin", .src = { &x, &axis }, .dst = { F32(SHAPE(1, 1), INFINITY) } });
    check(&(Run){ .op = "ReduceMean", .src = { &x, &axis }, .dst = { F32(SHAPE(1, 1), NAN) } });
    check(&(Run){
        .op = "ReduceLogSumExp", .src = { &x, &axis }, .dst = { F32(SHAPE(1, 1), -INFINITY) } });
    Tensor whole = EMPTY(DTYPE_I8, SHAPE(0)), huge = EMPTY(DTYPE_U64, SHAPE(0));
    check(&(Run){ .op = "ReduceMax", .src = { &whole }, .dst = { I8(SHAPE(1), INT8_MIN) } });
    check(&(Run){ .op = "ReduceMin", .src = { &huge }, .dst = { U64(SHAPE(1), UINT64_MAX) } });
}

static void test_nan_wins(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(3), 1, NAN, 2);
    check(&(Run){ .op = "ReduceMax", .src = { &x }, .dst = { F32(SHAPE(1), NAN) } });
    check(&(Run){ .op = "ReduceMin", .src = { &x }, .dst = { F32(SHAPE(1), NAN) } });
}

static void test_other_folds(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(2), 3, 4), big = F32(SHAPE(2), 1000, 1000);
    check(
        &(Run){ .op = "ReduceL1", .src = { &F32(SHAPE(2), -3, 4) }, .dst = { F32(SHAPE(1), 7) } });
    check(&(Run){ .op = "ReduceL2", .src = { &x }, .dst = { F32(SHAPE(1), 5) } });
    check(&(Run){ .op = "ReduceSumSquare", .src = { &x }, .dst = { F32(SHAPE(1), 25) } });
    check(&(Run){ .op = "ReduceLogSum",
                  .src = { &x },
                  .dst = { F32(SHAPE(1), 1.94591015f) },
                  .tolerance = 1e-6 });
    check(&(Run){ .op = "ReduceLogSumExp",
                  .src = { &big },
                  .dst = { F32(SHAPE(1), 1000.69314718f) },
                  .tolerance = 1e-6 });
    check(&(Run){
        .op = "ReduceMean", .src = { &I32(SHAPE(2), -3, 0) }, .dst = { I32(SHAPE(1), -1) } });
    check(&(Run){ .op = "ReduceMax",
                  .src = { &U64(SHAPE(2), UINT64_MAX, 1) },
                  .dst = { U64(SHAPE(1), UINT64_MAX) } });
}

static void test_rows_longer_than_a_chunk(void **state) {
    (void)state;
    static uint8_t ones[3 * 700];
    memset(ones, 1, sizeof ones);
    Tensor x = { .dtype = DTYPE_BOOL, .shape = SHAPE(700, 3), .data = ones, .bytes = sizeof ones };
    Tensor as_bytes = x;
    as_bytes.dtype = DTYPE_U8;
    check(&(Run){ .op = "ReduceSum",
                  .src = { &as_bytes, &I64(SHAPE(1), 0) },
                  .dst = { U8(SHAPE(1, 3), 188, 188, 188) } });
    ones[3 * 699 + 1] = 0;
    check(&(Run){ .op = "ReduceMin",
                  .src = { &x, &I64(SHAPE(1), 0) },
                  .dst = { BOOL(SHAPE(1, 3), 1, 0, 1) } });
}

static void test_arg_max_takes_first_or_last(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(2, 3), 2, 2, 1, 0, 3, 3);
    check(&(Run){ .op = "ArgMax",
                  .attributes = { INT("axis", 1) },
                  .src = { &x },
                  .dst = { I64(SHAPE(2, 1), 0, 1) } });
    check(
        &(Run){ .op = "ArgMax",
                .attributes = { INT("axis", -1), INT("select_last_index", 1), INT("keepdims", 0) },
                .src = { &x },
                .dst = { I64(SHAPE(2), 1, 2) } });
    check(&(Run){ .op = "ArgMin", .src = { &x }, .dst = { I64(SHAPE(1, 3), 1, 0, 0) } });
    check(
        &(Run){ .op = "ArgMin", .src = { &U8(SHAPE(3), 9, 3, 200) }, .dst = { I64(SHAPE(1), 1) } });
    check(&(Run){
        .op = "ArgMax", .src = { &F32(SHAPE(4), 1, NAN, 5, NAN) }, .dst = { I64(SHAPE(1), 1) } });
}

static void test_softmax_along_an_axis(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(2, 2), 0, 1000, 0, 1000);
    check(&(Run){ .op = "Softmax",
                  .attributes = { INT("axis", 0) },
                  .src = { &x },
                  .dst = { F32(SHAPE(2, 2), 0.5f, 0.5f, 0.5f, 0.5f) } });
    check(&(Run){ .op = "Softmax", .src = { &x }, .dst = { F32(SHAPE(2, 2), 0, 1, 0, 1) } });
    check(&(Run){
        .op = "LogSoftmax", .src = { &x }, .dst = { F32(SHAPE(2, 2), -1000, 0, -1000, 0) } });
    check(&(Run){
        .op = "Hardmax", .src = { &F32(SHAPE(3), 1, 2, 2) }, .dst = { F32(SHAPE(3), 0, 1, 0) } });
    check(&(Run){ .op = "Softmax",
                  .src = { &F16(SHAPE(2), 0, 0) },
                  .dst = { F16(SHAPE(2), 0x3800, 0x3800) } });
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_axes_and_keepdims),
        cmocka_unit_test(test_outer_and_inner_axes_together),
        cmocka_unit_test(test_no_axes_mean_all_or_none),
        cmocka_unit_test(test_empty_sets),
        cmocka_unit_test(test_nan_wins),
        cmocka_unit_test(test_other_folds),
        cmocka_unit_test(test_rows_longer_than_a_chunk),
        cmocka_unit_test(test_arg_max_takes_first_or_last),
        cmocka_unit_test(test_softmax_along_an_axis),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
