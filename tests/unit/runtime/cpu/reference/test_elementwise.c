/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Elementwise reference kernels: broadcasting, types, special values. */

#include "tests/unit/runtime/cpu/reference/run_kernel.h"

static void test_same_shapes_add(void **state) {
    (void)state;
    check(&(Run){ .op = "Add",
                  .src = { &F32(SHAPE(2, 2), 1, 2, 3, 4), &F32(SHAPE(2, 2), 10, 20, 30, 40) },
                  .dst = { F32(SHAPE(2, 2), 11, 22, 33, 44) } });
}

static void test_both_sides_broadcast(void **state) {
    (void)state;
    check(&(Run){
        .op = "Sub",
        .src = { &I32(SHAPE(2, 1, 2), 1, 2, 3, 4), &I32(SHAPE(3, 1), 10, 20, 30) },
        .dst = { I32(SHAPE(2, 3, 2), -9, -8, -19, -18, -29, -28, -7, -6, -17, -16, -27, -26) } });
}

static void test_middle_dim_broadcasts_against_scalar_and_row(void **state) {
    (void)state;
    check(&(Run){ .op = "Mul",
                  .src = { &I64(SHAPE(2, 2, 2), 1, 2, 3, 4, 5, 6, 7, 8),
                           &I64(SHAPE(2, 1, 2), 1, 10, 100, 1000) },
                  .dst = { I64(SHAPE(2, 2, 2), 1, 20, 3, 40, 500, 6000, 700, 8000) } });
    check(&(Run){ .op = "Mul",
                  .src = { &I64(SHAPE_SCALAR, 2), &I64(SHAPE(3), 1, 2, 3) },
                  .dst = { I64(SHAPE(3), 2, 4, 6) } });
}

static void test_empty_operands_give_empty_results(void **state) {
    (void)state;
    check(&(Run){ .op = "Add",
                  .src = { &EMPTY(DTYPE_F32, SHAPE(0, 2)), &F32(SHAPE(1, 2), 1, 2) },
                  .dst = { EMPTY(DTYPE_F32, SHAPE(0, 2)) } });
}

static void test_operands_that_do_not_fit_are_refused(void **state) {
    (void)state;
    check_fails(&(Run){ .op = "Add",
                        .src = { &F32(SHAPE(3), 1, 2, 3), &F32(SHAPE(2), 1, 2) },
                        .dst = { F32(SHAPE(3), 0, 0, 0) } },
                STATUS_INVALID_ARGUMENT, "[2] does not broadcast to [3]");
    check_fails(
        &(Run){ .op = "Abs", .src = { &F32(SHAPE(1), 1) }, .dst = { F32(SHAPE(3), 0, 0, 0) } },
        STATUS_INVALID_ARGUMENT, "expected shape [1], got [3]");
    check_fails(&(Run){ .op = "Add",
                        .src = { &F32(SHAPE(1), 1), &I64(SHAPE(1), 1) },
                        .dst = { F32(SHAPE(1), 0) } },
                STATUS_INVALID_ARGUMENT, "expected float32, got int64");
    check_fails(&(Run){ .op = "Add", .src = { &F32(SHAPE(1), 1) }, .dst = { F32(SHAPE(1), 0) } },
                STATUS_INVALID_ARGUMENT, "input 1 is missing");
    check_fails(&(Run){ .op = "Add",
                        .src = { &BOOL(SHAPE(1), 1), &BOOL(SHAPE(1), 1) },
                        .dst = { BOOL(SHAPE(1), 0) } },
                STATUS_UNIMPLEMENTED, "no kernel for bool");
}

static void test_half_precision_goes_through_float(void **state) {
    (void)state;
    check(&(Run){ .op = "Add", /* 1.5 + 2.25 = 3.75 */
                  .src = { &F16(SHAPE(2), 0x3E00, 0x3C00), &F16(SHAPE(1), 0x4080) },
                  .dst = { F16(SHAPE(2), 0x4380, 0x4280) } });
    check(&(Run){
        .op = "Neg", .src = { &BF16(SHAPE(1), 0x3F80) }, .dst = { BF16(SHAPE(1), 0xBF80) } });
    check(&(Run){ .op = "Less",
                  .src = { &F16(SHAPE(2), 0x3C00, 0x4000), &F16(SHAPE_SCALAR, 0x3E00) },
                  .dst = { BOOL(SHAPE(2), 1, 0) } });
}

static void test_integer_division_never_traps(void **state) {
    (void)state;
    check(&(Run){ .op = "Div",
                  .src = { &I32(SHAPE(4), 7, -7, 5, INT32_MIN), &I32(SHAPE(4), 2, 2, 0, -1) },
                  .dst = { I32(SHAPE(4), 3, -3, 0, INT32_MIN) } });
    check(&(Run){ .op = "Mod",
                  .src = { &I64(SHAPE(4), -4, 7, 5, INT64_MIN), &I64(SHAPE(4), 3, -3, 0, -1) },
                  .dst = { I64(SHAPE(4), 2, -2, 0, 0) } });
}

static void test_mod_takes_sign_of_divisor_or_dividend(void **state) {
    (void)state;
    check(&(Run){ .op = "Mod",
                  .attributes = { INT("fmod", 1) },
                  .src = { &F32(SHAPE(2), -4.5f, 5), &F32(SHAPE(2), 3, -3) },
                  .dst = { F32(SHAPE(2), -1.5f, 2) } });
    check(&(Run){ .op = "Mod",
                  .attributes = { INT("fmod", 1) },
                  .src = { &I32(SHAPE(2), -4, 5), &I32(SHAPE(2), 3, -3) },
                  .dst = { I32(SHAPE(2), -1, 2) } });
}

static void test_variadic_min_max_sum_mean(void **state) {
    (void)state;
    Tensor a = F32(SHAPE(2, 1), 1, 5), b = F32(SHAPE(2), 3, NAN), c = F32(SHAPE_SCALAR, 2);
    check(
        &(Run){ .op = "Max", .src = { &a, &b, &c }, .dst = { F32(SHAPE(2, 2), 3, NAN, 5, NAN) } });
    check(
        &(Run){ .op = "Min", .src = { &a, &b, &c }, .dst = { F32(SHAPE(2, 2), 1, NAN, 2, NAN) } });
    check(&(Run){ .op = "Sum", .src = { &a, &a, &c }, .dst = { F32(SHAPE(2, 1), 4, 12) } });
    check(&(Run){ .op = "Mean", .src = { &a, &c }, .dst = { F32(SHAPE(2, 1), 1.5f, 3.5f) } });
    check(&(Run){ .op = "Sum", .src = { &c }, .dst = { F32(SHAPE_SCALAR, 2) } });
}

static void test_pow_keeps_the_type_of_the_base(void **state) {
    (void)state;
    check(&(Run){ .op = "Pow",
                  .src = { &I64(SHAPE(3), 2, -3, 10), &I64(SHAPE(3), 10, 3, -1) },
                  .dst = { I64(SHAPE(3), 1024, -27, 0) } });
    check(&(Run){ .op = "Pow",
                  .src = { &F32(SHAPE(2), 2, 9), &I32(SHAPE(1), 2) },
                  .dst = { F32(SHAPE(2), 4, 81) } });
    check(&(Run){ .op = "Pow",
                  .src = { &I32(SHAPE(2), 4, 9), &F32(SHAPE_SCALAR, 0.5f) },
                  .dst = { I32(SHAPE(2), 2, 3) } });
}

static void test_clip_with_and_without_bounds(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(4), -5, 0, 5, NAN), low = F32(SHAPE_SCALAR, -1),
           high = F32(SHAPE_SCALAR, 2);
    check(&(Run){
        .op = "Clip", .src = { &x, &low, &high }, .dst = { F32(SHAPE(4), -1, 0, 2, NAN) } });
    check(&(Run){
        .op = "Clip", .src = { &x, NULL, &high }, .dst = { F32(SHAPE(4), -5, 0, 2, NAN) } });
    check(&(Run){ .op = "Clip", .src = { &x }, .dst = { F32(SHAPE(4), -5, 0, 5, NAN) } });
    check(&(Run){
        .op = "Clip", .src = { &x, &high, &low }, .dst = { F32(SHAPE(4), -1, -1, -1, NAN) } });
    check_fails(&(Run){ .op = "Clip", .src = { &x, &x }, .dst = { x } }, STATUS_INVALID_ARGUMENT,
                "scalars");
}

static void test_round_is_half_to_even(void **state) {
    (void)state;
    check(&(Run){ .op = "Round",
                  .src = { &F32(SHAPE(5), 0.5f, 1.5f, 2.5f, -0.5f, -2.7f) },
                  .dst = { F32(SHAPE(5), 0, 2, 2, -0.0f, -3) } });
}

static void test_activations_at_known_points(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(3), -1, 0, 2);
    const struct {
        const char *op;
        Tensor result;
    } rows[] = {
        { "Relu", F32(SHAPE(3), 0, 0, 2) },
        { "LeakyRelu", F32(SHAPE(3), -0.01f, 0, 2) },
        { "Sigmoid", F32(SHAPE(3), 0.26894142f, 0.5f, 0.88079708f) },
        { "HardSigmoid", F32(SHAPE(3), 0.3f, 0.5f, 0.9f) },
        { "HardSwish", F32(SHAPE(3), -1.0f / 3, 0, 5.0f / 3) },
        { "Elu", F32(SHAPE(3), -0.63212056f, 0, 2) },
        { "Selu", F32(SHAPE(3), -1.11133074f, 0, 2.10140199f) },
        { "Celu", F32(SHAPE(3), -0.63212056f, 0, 2) },
        { "Softplus", F32(SHAPE(3), 0.31326169f, 0.69314718f, 2.12692801f) },
        { "Softsign", F32(SHAPE(3), -0.5f, 0, 2.0f / 3) },
        { "Mish", F32(SHAPE(3), -0.30340146f, 0, 1.94395896f) },
        { "Gelu", F32(SHAPE(3), -0.15865525f, 0, 1.95449974f) },
        { "Swish", F32(SHAPE(3), -0.26894142f, 0, 1.76159416f) },
        { "ThresholdedRelu", F32(SHAPE(3), 0, 0, 2) },
        { "Shrink", F32(SHAPE(3), -1, 0, 2) },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        check(&(Run){
            .op = rows[i].op, .src = { &x }, .dst = { rows[i].result }, .tolerance = 1e-6 });
}

static void test_large_arguments_do_not_overflow(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(2), -1000, 1000);
    check(&(Run){ .op = "Sigmoid", .src = { &x }, .dst = { F32(SHAPE(2), 0, 1) } });
    check(&(Run){ .op = "Softplus", .src = { &x }, .dst = { F32(SHAPE(2), 0, 1000) } });
    check(&(Run){
        .op = "Mish", .src = { &x }, .dst = { F32(SHAPE(2), 0, 1000) }, .tolerance = 1e-6 });
}

static void test_comparisons_and_logic(void **state) {
    (void)state;
    check(&(Run){ .op = "GreaterOrEqual",
                  .src = { &U64(SHAPE(2), UINT64_MAX, 1), &U64(SHAPE_SCALAR, 2) },
                  .dst = { BOOL(SHAPE(2), 1, 0) } });
    check(&(Run){ .op = "Equal",
                  .src = { &STRINGS(SHAPE(2), TEXT("ab"), TEXT("")),
                           &STRINGS(SHAPE(2), TEXT("ab"), TEXT("c")) },
                  .dst = { BOOL(SHAPE(2), 1, 0) } });
    check(&(Run){ .op = "Xor",
                  .src = { &BOOL(SHAPE(2), 1, 0), &BOOL(SHAPE(1), 1) },
                  .dst = { BOOL(SHAPE(2), 0, 1) } });
    check(&(Run){ .op = "Not", .src = { &BOOL(SHAPE(2), 1, 0) }, .dst = { BOOL(SHAPE(2), 0, 1) } });
}

static void test_isinf_honours_the_wanted_signs(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(3), -INFINITY, INFINITY, NAN);
    check(&(Run){ .op = "IsInf", .src = { &x }, .dst = { BOOL(SHAPE(3), 1, 1, 0) } });
    check(&(Run){ .op = "IsInf",
                  .attributes = { INT("detect_negative", 0) },
                  .src = { &x },
                  .dst = { BOOL(SHAPE(3), 0, 1, 0) } });
    check(&(Run){ .op = "IsNaN", .src = { &x }, .dst = { BOOL(SHAPE(3), 0, 0, 1) } });
}

static void test_shifts_beyond_the_width_give_zero(void **state) {
    (void)state;
    check(&(Run){ .op = "BitShift",
                  .attributes = { STRING("direction", "LEFT") },
                  .src = { &U8(SHAPE(3), 16, 1, 3), &U8(SHAPE(3), 1, 200, 7) },
                  .dst = { U8(SHAPE(3), 32, 0, 128) } });
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_shapes_add),
        cmocka_unit_test(test_both_sides_broadcast),
        cmocka_unit_test(test_middle_dim_broadcasts_against_scalar_and_row),
        cmocka_unit_test(test_empty_operands_give_empty_results),
        cmocka_unit_test(test_operands_that_do_not_fit_are_refused),
        cmocka_unit_test(test_half_precision_goes_through_float),
        cmocka_unit_test(test_integer_division_never_traps),
        cmocka_unit_test(test_mod_takes_sign_of_divisor_or_dividend),
        cmocka_unit_test(test_variadic_min_max_sum_mean),
        cmocka_unit_test(test_pow_keeps_the_type_of_the_base),
        cmocka_unit_test(test_clip_with_and_without_bounds),
        cmocka_unit_test(test_round_is_half_to_even),
        cmocka_unit_test(test_activations_at_known_points),
        cmocka_unit_test(test_large_arguments_do_not_overflow),
        cmocka_unit_test(test_comparisons_and_logic),
        cmocka_unit_test(test_isinf_honours_the_wanted_signs),
        cmocka_unit_test(test_shifts_beyond_the_width_give_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
