/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Rows of floats: random numbers of every length, sign and form, with and without blanks, are what
 * the C library reads, and a row stops where its first mistake is, wherever that falls in a block.
 */

#include "tests/support/check.h"

#include "runtime/base/size.h"
#include "runtime/json/decimal_row.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBERS = 300, ROWS = 3000, NUMBER_BYTES = 48 };

static uint64_t seed = 1;

static unsigned chance(unsigned below) {
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    return (unsigned)(seed >> 33) % below;
}

static size_t put_digits(char *at, unsigned count, bool first_counts) {
    for (unsigned i = 0; i < count; i++)
        at[i] = (char)('0' + (i == 0 && first_counts && count > 1 ? 1 + chance(9) : chance(10)));
    return count;
}

/* A number as JSON may have it. */
static size_t put_number(char *at) {
    static const unsigned wholes[] = { 1, 1, 1, 2, 3, 5, 8, 12, 16, 20 };
    static const unsigned fractions[] = { 0, 1, 2, 6, 7, 8, 9, 12, 14, 15, 16, 17 };
    char *begin = at;
    if (chance(4) == 0)
        *at++ = '-';
    at += put_digits(at, wholes[chance(ARRAY_LENGTH(wholes))], true);
    unsigned fraction = fractions[chance(ARRAY_LENGTH(fractions))];
    if (fraction > 0)
        *at++ = '.';
    at += put_digits(at, fraction, false);
    if (chance(10) == 0)
        at += snprintf(at, 8, "e%d", (int)chance(90) - 45);
    return (size_t)(at - begin);
}

/* Exactly as long as its text: what lies behind must not be read. */
static char *copy_text(const char *text, size_t length) {
    char *copy = malloc(length);
    assert_non_null(copy);
    memcpy(copy, text, length);
    return copy;
}

static size_t make_row(char *text, float *values, unsigned blanks) {
    char *at = text;
    for (size_t i = 0; i < NUMBERS; i++) {
        char *begin = at;
        at += put_number(at);
        *at = '\0';
        values[i] = strtof(begin, NULL);
        if (chance(50) < blanks)
            *at++ = ' ';
        *at++ = i + 1 < NUMBERS ? ',' : ']';
        while (chance(50) < blanks)
            *at++ = "\n \t"[chance(3)];
    }
    return (size_t)(at - text);
}

static void test_rows_are_what_the_library_reads(void **state) {
    (void)state;
    static char text[NUMBERS * NUMBER_BYTES];
    static float values[NUMBERS], read[NUMBERS];
    for (unsigned row = 0; row < ROWS; row++) {
        size_t length = make_row(text, values, row % 3 == 0 ? 0 : row % 3 == 1 ? 1 : 30);
        char *copy = copy_text(text, length);
        float *dst = read;
        bool ended;
        const char *behind =
            decimal_row_f32(copy, copy, copy + length, &dst, read + NUMBERS, &ended);
        assert_true(ended && *behind == ']');
        assert_int_equal(dst - read, NUMBERS);
        assert_memory_equal(read, values, sizeof values);
        free(copy);
    }
}

static void test_a_row_stops_where_there_is_no_room(void **state) {
    (void)state;
    static const char text[] = "1.5,2.5,3.5,4.5,5.5,6.5,7.5,8.5,9.5,10.5,11.5,12.5,13.5,14.5,15.5,"
                               "16.5,17.5,18.5,19.5,20.5]";
    for (size_t room = 0; room < 20; room++) {
        float read[20], *dst = read;
        bool ended;
        const char *end = text + sizeof text - 1;
        const char *at = decimal_row_f32(text, text, end, &dst, read + room, &ended);
        assert_int_equal(dst - read, room);
        assert_false(ended);
        assert_true(strtof(at, NULL) == (float)room + 1.5F);
    }
}

static void test_a_row_stops_in_front_of_what_is_no_number(void **state) {
    (void)state;
    static const char *const wrong[] = {
        "",    "-",   ".5",  "5.",    "-.5", "1.2.3", "01", "-01", "00",  "1e",
        "1e+", "+1",  "1-2", "0x10",  "1,,", "\"1\"", "[1", "1f",  "1..", "0123456789012345",
        "1:2", "NaN", "1 2", "1234/", "-1-",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
        for (size_t before = 0; before < 40; before++) {
            char text[256];
            size_t at = 0;
            for (size_t k = 0; k < before; k++)
                at += (size_t)snprintf(text + at, 8, "%zu,", k % 10);
            size_t length = at + (size_t)snprintf(text + at, sizeof text - at,
                                                  "%s,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,"
                                                  "3,4,5,6,7,8,9,0,1,2,3,4]",
                                                  wrong[i]);
            char *copy = copy_text(text, length);
            float read[128], *dst = read;
            bool ended;
            const char *stop = decimal_row_f32(copy, copy, copy + length, &dst, read + 128, &ended);
            size_t more = strcmp(wrong[i], "1,,") == 0; /* the first of it is right */
            assert_false(ended);
            assert_int_equal(dst - read, before + more);
            assert_int_equal(stop - copy, at + 2 * more);
            free(copy);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_what_the_library_reads),
        cmocka_unit_test(test_a_row_stops_where_there_is_no_room),
        cmocka_unit_test(test_a_row_stops_in_front_of_what_is_no_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
