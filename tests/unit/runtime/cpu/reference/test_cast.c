/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Cast between numbers, narrow floats, packed integers and text, against the tables of the ONNX
 * text. */

#include "tests/unit/runtime/cpu/reference/run_kernel.h"

#define CODES(type, dims, ...) TENSOR_OF(type, uint8_t, dims, __VA_ARGS__)

static void test_floats_truncate_to_integers(void **state) {
    (void)state;
    check(&(Run){ .op = "Cast",
                  .src = { &F32(SHAPE(4), 1.9f, -1.9f, 0, 100) },
                  .dst = { I32(SHAPE(4), 1, -1, 0, 100) } });
    check(&(Run){
        .op = "Cast", .src = { &F32(SHAPE(3), 0, NAN, -2) }, .dst = { BOOL(SHAPE(3), 0, 1, 1) } });
}

static void test_integers_discard_high_bits(void **state) {
    (void)state;
    check(&(Run){
        .op = "Cast", .src = { &I32(SHAPE(2), 200, -1) }, .dst = { I8(SHAPE(2), -56, -1) } });
    check(&(Run){
        .op = "Cast", .src = { &U64(SHAPE(1), UINT64_MAX) }, .dst = { F32(SHAPE(1), 0x1p64f) } });
    check(&(Run){
        .op = "Cast", .src = { &I32(SHAPE(3), 7, -8, 9) }, .dst = { I4(SHAPE(3), 0x87, 0x09) } });
}

static void test_half_precision_rounds_to_nearest_even(void **state) {
    (void)state;
    check(&(Run){ .op = "Cast", /* 1 + 2^-11 is a tie; just above it is not */
                  .src = { &F64(SHAPE(3), 1.00048828125, 1.0004882812500002, 1e9) },
                  .dst = { F16(SHAPE(3), 0x3C00, 0x3C01, 0x7C00) } });
    check(&(Run){
        .op = "Cast", .src = { &F32(SHAPE(1), -2.5f) }, .dst = { BF16(SHAPE(1), 0xC020) } });
}

static void test_8_bit_floats_saturate_or_not(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(5), 1, 449, 1e6f, INFINITY, -1e6f);
    check(&(Run){ .op = "Cast",
                  .src = { &x },
                  .dst = { CODES(DTYPE_F8E4M3FN, SHAPE(5), 0x38, 0x7E, 0x7E, 0x7E, 0xFE) } });
    Tensor dst = CODES(DTYPE_F8E4M3FN, SHAPE(5), 0x38, 0x7E, 0x7F, 0x7F, 0xFF);
    check(&(Run){
        .op = "Cast", .attributes = { INT("saturate", 0) }, .src = { &x }, .dst = { dst } });
    check(&(Run){ .op = "Cast",
                  .src = { &F32(SHAPE(3), INFINITY, 1e9f, 1) },
                  .dst = { CODES(DTYPE_F8E5M2, SHAPE(3), 0x7B, 0x7B, 0x3C) } });
    check(&(Run){ .op = "Cast",
                  .attributes = { INT("saturate", 0) },
                  .src = { &F32(SHAPE(2), INFINITY, 1e9f) },
                  .dst = { CODES(DTYPE_F8E5M2, SHAPE(2), 0x7C, 0x7C) } });
    check(&(Run){ .op = "Cast", /* no negative zero */
                  .src = { &F32(SHAPE(2), -0.0f, NAN) },
                  .dst = { CODES(DTYPE_F8E4M3FNUZ, SHAPE(2), 0x00, 0x80) } });
}

static void test_8_bit_floats_widen_exactly(void **state) {
    (void)state;
    check(&(Run){ .op = "Cast", /* smallest subnormal 2^-9, largest 448, NaN */
                  .src = { &CODES(DTYPE_F8E4M3FN, SHAPE(3), 0x01, 0x7E, 0x7F) },
                  .dst = { F32(SHAPE(3), 0x1p-9f, 448, NAN) } });
    check(&(Run){ .op = "Cast",
                  .src = { &CODES(DTYPE_F8E8M0, SHAPE(2), 127, 0xFF) },
                  .dst = { F32(SHAPE(2), 1, NAN) } });
    check(&(Run){ .op = "Cast", /* 6 and -0.5, low nibble first */
                  .src = { &CODES(DTYPE_F4E2M1, SHAPE(2), 0x97) },
                  .dst = { F32(SHAPE(2), 6, -0.5f) } });
}

static void test_e8m0_rounds_as_asked(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(1), 2.5f);
    check(&(Run){ .op = "Cast", .src = { &x }, .dst = { CODES(DTYPE_F8E8M0, SHAPE(1), 129) } });
    check(&(Run){ .op = "Cast",
                  .attributes = { STRING("round_mode", "down") },
                  .src = { &x },
                  .dst = { CODES(DTYPE_F8E8M0, SHAPE(1), 128) } });
}

static void test_numbers_become_text_and_back(void **state) {
    (void)state;
    Tensor x = F32(SHAPE(6), 0.1f, 100, -2.5f, 1e20f, INFINITY, NAN);
    Tensor text = STRINGS(SHAPE(6), TEXT("0.1"), TEXT("100.0"), TEXT("-2.5"), TEXT("1e+20"),
                          TEXT("INF"), TEXT("NaN"));
    check(&(Run){ .op = "Cast", .src = { &x }, .dst = { text } });
    check(&(Run){ .op = "Cast", .src = { &text }, .dst = { x } });
    check(&(Run){ .op = "Cast",
                  .src = { &STRINGS(SHAPE(3), TEXT(" 7 "), TEXT("-3.9"), TEXT("1e2")) },
                  .dst = { I64(SHAPE(3), 7, -3, 100) } });
}

static void test_text_that_is_no_number_is_refused(void **state) {
    (void)state;
    check_fails(&(Run){ .op = "Cast",
                        .src = { &STRINGS(SHAPE(2), TEXT("1"), TEXT("one")) },
                        .dst = { F32(SHAPE(2), 0, 0) } },
                STATUS_INVALID_ARGUMENT, "element 1, 'one'");
    check_fails(&(Run){ .op = "Cast",
                        .src = { &STRINGS(SHAPE(1), TEXT("")) },
                        .dst = { F32(SHAPE(1), 0) } },
                STATUS_INVALID_ARGUMENT, "is not a number");
    check_fails(&(Run){ .op = "Cast",
                        .src = { &EMPTY(DTYPE_C64, SHAPE(0)) },
                        .dst = { EMPTY(DTYPE_F32, SHAPE(0)) } },
                STATUS_UNIMPLEMENTED, "complex64");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_floats_truncate_to_integers),
        cmocka_unit_test(test_integers_discard_high_bits),
        cmocka_unit_test(test_half_precision_rounds_to_nearest_even),
        cmocka_unit_test(test_8_bit_floats_saturate_or_not),
        cmocka_unit_test(test_8_bit_floats_widen_exactly),
        cmocka_unit_test(test_e8m0_rounds_as_asked),
        cmocka_unit_test(test_numbers_become_text_and_back),
        cmocka_unit_test(test_text_that_is_no_number_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
