/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Element types: the table is whole, and the 16-bit conversions are exact and round to nearest
 * even. */

#include "runtime/tensor/dtype.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static float float_of(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void test_every_type_has_a_name_and_bits(void **state) {
    (void)state;
    for (int dtype = DTYPE_INVALID + 1; dtype < DTYPE_COUNT; dtype++) {
        assert_non_null(dtype_info((DType)dtype)->name);
        assert_true(dtype_info((DType)dtype)->bits > 0);
    }
    assert_string_equal(dtype_name((DType)-1), "invalid");
    assert_string_equal(dtype_name((DType)1000), "invalid");
    assert_int_equal(dtype_bytes(DTYPE_C128), 16);
    assert_int_equal(dtype_bytes(DTYPE_U4), 0);
    assert_int_equal(dtype_bytes(DTYPE_STRING), sizeof(StringView));
}

static void test_every_f16_survives_the_round_trip(void **state) {
    (void)state;
    for (uint32_t bits = 0; bits <= 0xFFFF; bits++) {
        float value = f16_to_f32((uint16_t)bits);
        bool is_nan = (bits & 0x7C00) == 0x7C00 && (bits & 0x3FF);
        assert_int_equal(is_nan, isnan(value) != 0);
        if (is_nan)
            assert_true(isnan(f16_to_f32(f32_to_f16(value))));
        else
            assert_int_equal(f32_to_f16(value), bits);
    }
}

/* Half-way between each two neighbours goes to the even one; just beside it to the nearer one. */
static void test_f16_rounds_to_nearest_even(void **state) {
    (void)state;
    for (uint32_t bits = 0; bits < 0x7C00; bits++) {
        double low = f16_to_f32((uint16_t)bits);
        double high = bits == 0x7BFF ? 65536 : f16_to_f32((uint16_t)(bits + 1));
        float middle = (float)((low + high) / 2); /* exact: one bit more than float16 has */
        assert_int_equal(f32_to_f16(middle), bits + (bits & 1));
        assert_int_equal(f32_to_f16(nextafterf(middle, 0)), bits);
        assert_int_equal(f32_to_f16(nextafterf(middle, INFINITY)), bits + 1);
        assert_int_equal(f32_to_f16(-middle), 0x8000 | (bits + (bits & 1)));
    }
}

static void test_f16_special_values(void **state) {
    (void)state;
    static const struct {
        float value;
        uint16_t bits;
    } cases[] = {
        { 0.0f, 0 },           { -0.0f, 0x8000 },    { 1.0f, 0x3C00 },     { 65504.0f, 0x7BFF },
        { 65519.99f, 0x7BFF }, { 65520.0f, 0x7C00 }, { 1e30f, 0x7C00 },    { -INFINITY, 0xFC00 },
        { 0x1p-24f, 1 },       { 0x1p-25f, 0 },      { 0x1.8p-25f, 1 },    { 0x1p-26f, 0 },
        { 0x1p-149f, 0 },      { 0x1p-14f, 0x400 },  { 2.0f / 3, 0x3955 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(f32_to_f16(cases[i].value), cases[i].bits);
}

static void test_bf16_rounds_to_nearest_even_and_keeps_nan(void **state) {
    (void)state;
    for (uint32_t bits = 0; bits <= 0xFFFF; bits++) {
        float value = bf16_to_f32((uint16_t)bits);
        if (isnan(value))
            assert_true(isnan(bf16_to_f32(f32_to_bf16(value))));
        else
            assert_int_equal(f32_to_bf16(value), bits);
    }
    assert_int_equal(f32_to_bf16(float_of(0x3F808000)), 0x3F80);
    assert_int_equal(f32_to_bf16(float_of(0x3F818000)), 0x3F82);
    assert_int_equal(f32_to_bf16(float_of(0x3F808001)), 0x3F81);
    assert_int_equal(f32_to_bf16(float_of(0x7F7FFFFF)), 0x7F80);
    assert_true(isnan(
        bf16_to_f32(f32_to_bf16(float_of(0x7F800001))))); /* a payload in the lower half alone */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_type_has_a_name_and_bits),
        cmocka_unit_test(test_every_f16_survives_the_round_trip),
        cmocka_unit_test(test_f16_rounds_to_nearest_even),
        cmocka_unit_test(test_f16_special_values),
        cmocka_unit_test(test_bf16_rounds_to_nearest_even_and_keeps_nan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
