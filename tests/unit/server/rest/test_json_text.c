/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* The walk over a text (json_reader), what is written (json_writer), and Base64 between them. */

#include "tests/support/check.h"

#include "runtime/base/size.h"
#include "runtime/json/base64.h"
#include "runtime/json/json_reader.h"
#include "server/rest/json_writer.h"

#include <string.h>

static Arena *arena;

static void test_skipping_accepts_json_and_nothing_else(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t used; /* 0: refused */
    } rows[] = {
        { "{}", 2 },
        { "[]", 2 },
        { " [1,2 , {\"a\" : [true,false,null]}] x", 34 },
        { "\"a\\\"b\"", 6 },
        { "-1.5e+3", 7 },
        { "NaN", 3 },
        { "{\"a\":{\"b\":{}}}", 14 },
        { "", 0 },
        { "{", 0 },
        { "[", 0 },
        { "[1,]", 0 },
        { "{\"a\"}", 0 },
        { "{\"a\":}", 0 },
        { "{\"a\":1,}", 0 },
        { "{a:1}", 0 },
        { "[1}", 0 },
        { "\"open", 0 },
        { "tru", 0 },
        { "01", 0 },
        { "}", 0 },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        JsonReader reader = json_reader_of(rows[i].text, strlen(rows[i].text));
        bool good = json_skip(&reader, NULL);
        size_t used = good ? (size_t)(reader.at - reader.begin) : 0;
        if (used != rows[i].used)
            fail_msg("'%s': used %zu", rows[i].text, used);
    }
}

static void test_depth_is_limited(void **state) {
    (void)state;
    enum { LEVELS = 1000000 };
    char *text = malloc(LEVELS);
    assert_non_null(text);
    memset(text, '[', LEVELS);
    JsonReader reader = json_reader_of(text, LEVELS);
    assert_false(json_skip(&reader, NULL));
    assert_string_equal(reader.mistake, "Nesting is too deep.");
    assert_true(reader.at - reader.begin == JSON_DEPTH_MAX);
    free(text);
}

static void test_members_are_walked(void **state) {
    (void)state;
    static const char text[] = "{\"a\":1,\"b\":[2,3],\"\\u0063\":{\"d\":4}}";
    JsonReader reader = json_reader_of(text, sizeof text - 1);
    StringView key;
    int64_t sum = 0, value;
    char keys[8] = "";
    assert_int_equal(json_peek(&reader), JSON_KIND_OBJECT);
    assert_true(json_open(&reader));
    while (json_next_member(&reader, arena, &key)) {
        strncat(keys, key.data, 1);
        if (json_peek(&reader) == JSON_KIND_NUMBER) {
            assert_true(json_read_int(&reader, &value));
            sum += value;
        } else if (json_peek(&reader) == JSON_KIND_ARRAY) {
            json_open(&reader);
            while (json_next_element(&reader) && json_read_int(&reader, &value))
                sum += value;
        } else {
            assert_true(json_skip(&reader, NULL));
        }
    }
    assert_null(reader.mistake);
    assert_string_equal(keys, "abc");
    assert_int_equal(sum, 6);
}

static void test_tensors_are_written(void **state) {
    (void)state;
    float floats[] = { 1, 2.5F, -3, 4 };
    int64_t integers[] = { INT64_MIN, 7 };
    uint8_t bools[] = { 1, 0 };
    StringView texts[] = { { "a\"\\\n\x01", 5 }, { "", 0 } };
    const struct {
        Tensor tensor;
        JsonTensorStyle style;
        const char *expected;
    } rows[] = {
        { { .dtype = DTYPE_F32, .shape = SHAPE(2, 2), .data = floats },
          { 0 },
          "[[1.0,2.5],[-3.0,4.0]]" },
        { { .dtype = DTYPE_F32, .shape = SHAPE(2, 2), .data = floats },
          { .is_flat = true },
          "[1.0,2.5,-3.0,4.0]" },
        { { .dtype = DTYPE_F32, .shape = SHAPE_SCALAR, .data = floats }, { 0 }, "1.0" },
        { { .dtype = DTYPE_F32, .shape = SHAPE(0), .data = NULL }, { 0 }, "[]" },
        { { .dtype = DTYPE_F32, .shape = SHAPE(2, 0), .data = NULL }, { 0 }, "[[],[]]" },
        { { .dtype = DTYPE_I64, .shape = SHAPE(2), .data = integers },
          { 0 },
          "[-9223372036854775808,7]" },
        { { .dtype = DTYPE_BOOL, .shape = SHAPE(2), .data = bools }, { 0 }, "[true,false]" },
        { { .dtype = DTYPE_STRING, .shape = SHAPE(2), .data = texts },
          { 0 },
          "[\"a\\\"\\\\\\n\\u0001\",\"\"]" },
        { { .dtype = DTYPE_STRING, .shape = SHAPE(2), .data = texts },
          { .is_base64 = true },
          "[{\"b64\":\"YSJcCgE=\"},{\"b64\":\"\"}]" },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        JsonWriter writer = { 0 };
        json_put_tensor(&writer, &rows[i].tensor, rows[i].style);
        assert_false(writer.failed);
        if (writer.length != strlen(rows[i].expected) ||
            memcmp(writer.data, rows[i].expected, writer.length) != 0)
            fail_msg("row %zu: %.*s", i, (int)writer.length, writer.data);
        json_writer_deinit(&writer);
    }
}

static void test_base64_goes_both_ways(void **state) {
    (void)state;
    char bytes[256], text[400], back[400];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 37);
    for (size_t length = 0; length <= sizeof bytes; length++) {
        size_t got;
        base64_encode(bytes, length, text);
        assert_true(base64_decode(text, base64_text_bytes(length), back, &got));
        assert_int_equal(got, length);
        assert_memory_equal(back, bytes, length);
    }
    static const char *const wrong[] = { "A", "A=", "A===", "AB=", "AB C", "A?==", "AB==CD==" };
    size_t got;
    for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++)
        if (base64_decode(wrong[i], strlen(wrong[i]), back, &got))
            fail_msg("%s was taken", wrong[i]);
    assert_false(base64_decode("AB", 2, back, &got)); /* bits left over */
}

static int make_arena(void **state) {
    (void)state;
    check_ok(arena_new(1024, 1 << 20, &arena));
    return 0;
}

static int free_arena(void **state) {
    (void)state;
    arena_free(arena);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_skipping_accepts_json_and_nothing_else),
        cmocka_unit_test(test_depth_is_limited),
        cmocka_unit_test(test_members_are_walked),
        cmocka_unit_test(test_tensors_are_written),
        cmocka_unit_test(test_base64_goes_both_ways),
    };
    return cmocka_run_group_tests(tests, make_arena, free_arena);
}
