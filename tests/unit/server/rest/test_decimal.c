/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Numbers, both ways, against the C library: edges from literal tables, then a million random bit
 * patterns and texts from a fixed seed.
 */

#include "tests/support/check.h"

#include "runtime/base/size.h"
#include "runtime/json/decimal_read.h"
#include "server/rest/decimal_write.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RANDOM_COUNT = 300000 };

static const char *const EDGES[] = {
    "0",
    "-0",
    "0.0",
    "-0.0",
    "0e5",
    "-0.0e-5",
    "1",
    "-1",
    "0.1",
    "3.14159",
    "1e10",
    "1E+10",
    "1e-10",
    "123456789",
    "16777216",
    "16777217",
    "16777219",
    "9007199254740992",
    "9007199254740993",
    "9007199254740995",
    "18446744073709551615",
    "18446744073709551616",
    "99999999999999999999",
    "1e22",
    "1e23",
    "8.5e22",
    "1e38",
    "3.4028234e38",
    "3.4028235e38",
    "3.40282356779733661637539395458142568447e38",
    "3.40282356779733661637539395458142568448e38",
    "3.4028236e38",
    "1e39",
    "1e308",
    "1.7976931348623157e308",
    "1.7976931348623158e308",
    "1.7976931348623159e308",
    "1e309",
    "1e400",
    "1e99999999999",
    "1e-99999999999",
    "1.17549435e-38",
    "1.1754943e-38",
    "1.4e-45",
    "1e-45",
    "7.0064923216240854e-46",
    "7.00649232162408535461864791644958065640130970938257885e-46",
    "1e-46",
    "2.2250738585072014e-308",
    "2.2250738585072011e-308",
    "4.9e-324",
    "2.4e-324",
    "2.5e-324",
    "1e-342",
    "1e-400",
    "0.000000000000000000000000000000000000000000000000001",
    "1.00000005960464477539062499",
    "1.000000059604644775390625",
    "1.00000017881393432617187499",
    "1.000000178813934326171875",
    "1.00000017881393432617187501",
    "6929495644600919.5",
    "3.2378839133029012895883524125015321748630094507000e-5",
    "10000000000000000000000000000000000000000",
    "0.1000000000000000055511151231257827021181583404541015625",
};

static uint64_t seed = UINT64_C(88172645463325252);

static uint64_t next_random(void) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

/* Reads all of text as both floats and compares bits with strtof and strtod. */
static void check_read(const char *text) {
    Decimal decimal;
    const char *end = text + strlen(text);
    if (decimal_scan(text, end, &decimal) != end)
        fail_msg("%s: not scanned to its end", text);
    float f32 = decimal_to_f32(&decimal), f32_expected = strtof(text, NULL);
    double f64 = decimal_to_f64(&decimal), f64_expected = strtod(text, NULL);
    if (memcmp(&f32, &f32_expected, sizeof f32) != 0)
        fail_msg("%s: f32 %a, expected %a", text, (double)f32, (double)f32_expected);
    if (memcmp(&f64, &f64_expected, sizeof f64) != 0)
        fail_msg("%s: f64 %a, expected %a", text, f64, f64_expected);
}

static void test_edges_are_read_as_strtod_does(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(EDGES); i++)
        check_read(EDGES[i]);
}

static void test_what_is_no_json_number_is_refused(void **state) {
    (void)state;
    static const char *const texts[] = { "",     "-",  "+1",  ".5", "01",  "-01", "1.",
                                         "1.e5", "1e", "1e+", "e5", "--1", "x",   "NaN" };
    Decimal decimal;
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++)
        if (decimal_scan(texts[i], texts[i] + strlen(texts[i]), &decimal))
            fail_msg("'%s' was taken", texts[i]);
    const char *longer = "12]";
    assert_ptr_equal(decimal_scan(longer, longer + 3, &decimal), longer + 2);
}

static void test_random_texts_are_read_as_strtod_does(void **state) {
    (void)state;
    for (size_t i = 0; i < RANDOM_COUNT; i++) {
        char text[80];
        size_t length = 0, digits = 1 + next_random() % 24;
        text[length++] = (char)('1' + next_random() % 9);
        if (digits > 1 && next_random() % 2)
            text[length++] = '.';
        for (size_t k = 1; k < digits; k++)
            text[length++] = (char)('0' + next_random() % 10);
        if (text[length - 1] == '.')
            length--;
        snprintf(text + length, sizeof text - length, "e%d", (int)(next_random() % 700) - 350);
        check_read(text);
    }
}

static void test_points_between_two_floats_go_to_the_even_one(void **state) {
    (void)state;
    for (size_t i = 0; i < RANDOM_COUNT / 10; i++) {
        uint32_t bits = (uint32_t)next_random() & 0x7FFFFFFF;
        float value;
        memcpy(&value, &bits, sizeof value);
        float above = nextafterf(value, INFINITY);
        if (!isfinite(value) || !isfinite(above))
            continue;
        char text[256];
        snprintf(text, sizeof text, "%.120e", ((double)value + (double)above) / 2);
        check_read(text);
    }
}

static void check_written(const char *expected, float value) {
    char text[DECIMAL_TEXT_BYTES + 1];
    *decimal_write_f32(text, value) = '\0';
    assert_string_equal(text, expected);
}

static void test_integers_are_written_whole(void **state) {
    (void)state;
    for (size_t i = 0; i < RANDOM_COUNT; i++) {
        uint64_t value = next_random() >> next_random() % 64;
        if (i % 3 == 0) /* zeros within */
            value = value / 1000000000 * 1000000000 + next_random() % 1000;
        char text[DECIMAL_TEXT_BYTES + 1], expected[32];
        *decimal_write_u64(text, value) = '\0';
        snprintf(expected, sizeof expected, "%llu", (unsigned long long)value);
        assert_string_equal(text, expected);
        *decimal_write_i64(text, (int64_t)(0 - value)) = '\0';
        snprintf(expected, sizeof expected, "%lld", (long long)(0 - value));
        assert_string_equal(text, expected);
    }
}

static void test_floats_are_written_short(void **state) {
    (void)state;
    check_written("3.0", 3.0F);
    check_written("-2.5", -2.5F);
    check_written("0.1", 0.1F);
    check_written("0.0", 0.0F);
    check_written("-0.0", -0.0F);
    check_written("16777216.0", 16777216.0F);
    check_written("1e+30", 1e30F);
    check_written("1e-07", 1e-7F);
    check_written("1e-45", 0x1p-149F);
    check_written("3.4028235e+38", 3.4028235e38F);
    check_written("NaN", NAN);
    check_written("Infinity", INFINITY);
    check_written("-Infinity", -INFINITY);
}

/* No shorter precision of printf's reads back. */
static void check_shortest(const char *text, double value, bool is_f32) {
    size_t digits = 0, zeros = 0;
    for (const char *at = text; *at && *at != 'e'; at++) {
        if (*at < '0' || *at > '9' || (digits == 0 && *at == '0'))
            continue;
        digits++;
        zeros = *at == '0' ? zeros + 1 : 0;
    }
    digits -= zeros;
    for (int precision = 0; precision + 1 < (int)digits; precision++) {
        char shorter[64];
        snprintf(shorter, sizeof shorter, "%.*e", precision, value);
        bool same =
            is_f32 ? (double)strtof(shorter, NULL) == value : strtod(shorter, NULL) == value;
        if (same)
            fail_msg("%s was written, %s would do", text, shorter);
    }
}

static void test_random_floats_come_back_and_are_shortest(void **state) {
    (void)state;
    for (size_t i = 0; i < RANDOM_COUNT; i++) {
        uint64_t bits = next_random();
        float f32, f32_back;
        double f64, f64_back;
        memcpy(&f32, &bits, sizeof f32);
        memcpy(&f64, &bits, sizeof f64);
        char text[DECIMAL_TEXT_BYTES + 1];
        if (isfinite(f32)) {
            *decimal_write_f32(text, f32) = '\0';
            f32_back = strtof(text, NULL);
            assert_memory_equal(&f32, &f32_back, sizeof f32);
            check_read(text);
            if (i % 8 == 0)
                check_shortest(text, (double)f32, true);
        }
        if (isfinite(f64)) {
            *decimal_write_f64(text, f64) = '\0';
            f64_back = strtod(text, NULL);
            assert_memory_equal(&f64, &f64_back, sizeof f64);
            check_read(text);
            if (i % 8 == 0)
                check_shortest(text, f64, false);
        }
    }
}

static void test_integers_fit_or_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool is_i64, is_u64;
    } rows[] = { { "0", true, true },
                 { "-1", true, false },
                 { "-0", true, true },
                 { "9223372036854775807", true, true },
                 { "9223372036854775808", false, true },
                 { "-9223372036854775808", true, false },
                 { "-9223372036854775809", false, false },
                 { "18446744073709551615", false, true },
                 { "18446744073709551616", false, false },
                 { "1.0", false, false },
                 { "1e3", false, false } };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        Decimal decimal;
        int64_t number;
        uint64_t magnitude;
        const char *end = rows[i].text + strlen(rows[i].text);
        assert_ptr_equal(decimal_scan(rows[i].text, end, &decimal), end);
        if (decimal_to_i64(&decimal, &number) != rows[i].is_i64 ||
            decimal_to_u64(&decimal, &magnitude) != rows[i].is_u64)
            fail_msg("%s", rows[i].text);
        if (rows[i].is_i64)
            assert_true(number == strtoll(rows[i].text, NULL, 10));
        char text[DECIMAL_TEXT_BYTES + 1];
        *decimal_write_i64(text, rows[i].is_i64 ? number : INT64_MIN) = '\0';
        if (rows[i].is_i64 && strcmp(rows[i].text, "-0") != 0)
            assert_string_equal(text, rows[i].text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edges_are_read_as_strtod_does),
        cmocka_unit_test(test_what_is_no_json_number_is_refused),
        cmocka_unit_test(test_random_texts_are_read_as_strtod_does),
        cmocka_unit_test(test_points_between_two_floats_go_to_the_even_one),
        cmocka_unit_test(test_integers_are_written_whole),
        cmocka_unit_test(test_floats_are_written_short),
        cmocka_unit_test(test_random_floats_come_back_and_are_shortest),
        cmocka_unit_test(test_integers_fit_or_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
