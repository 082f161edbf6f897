/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Texts to tensors: each row of the table is fed whole, then byte by byte, with the same result.
 * Then what an attacker would send: depth, length and never an end, in bounded memory.
 */

#include "tests/support/check.h"

#include "runtime/base/size.h"
#include "runtime/tensor/tensor.h"
#include "server/rest/json_tensor.h"

#include <math.h>
#include <string.h>

enum { ARENA_BYTES = 1 << 20 };

typedef struct Row {
    DType dtype;
    const char *text;
    const char *wrong; /* part of the message; NULL: it is right */
    Shape shape;
    double values[6];
    size_t used; /* 0: all of it */
} Row;

static const Row ROWS[] = {
    { DTYPE_F32, "[2.0,3.0,4.0]", NULL, SHAPE(3), { 2, 3, 4 }, 0 },
    { DTYPE_F32, " [ [ 1 , 2 ] , [ 3 , 4.5e0 ] ] ", NULL, SHAPE(2, 2), { 1, 2, 3, 4.5 }, 30 },
    { DTYPE_F32, "7", NULL, SHAPE_SCALAR, { 7 }, 0 },
    { DTYPE_F64, "[[[0.1]]]", NULL, SHAPE(1, 1, 1), { 0.1 }, 0 },
    { DTYPE_F32, "[]", NULL, SHAPE(0), { 0 }, 0 },
    { DTYPE_F32, "[[],[]]", NULL, SHAPE(2, 0), { 0 }, 0 },
    { DTYPE_F32, "[Infinity,-Infinity,Inf]", NULL, SHAPE(3), { INFINITY, -INFINITY, INFINITY }, 0 },
    { DTYPE_F32, "[1e60,-1e60,1e-60]", NULL, SHAPE(3), { INFINITY, -INFINITY, 0 }, 0 },
    { DTYPE_I8, "[-128,127]", NULL, SHAPE(2), { -128, 127 }, 0 },
    { DTYPE_U8, "[255]", NULL, SHAPE(1), { 255 }, 0 },
    { DTYPE_I64, "[-9223372036854775808]", NULL, SHAPE(1), { -0x1p63 }, 0 },
    { DTYPE_U64, "[18446744073709551615]", NULL, SHAPE(1), { 0x1p64 }, 0 },
    { DTYPE_BOOL, "[true,false]", NULL, SHAPE(2), { 1, 0 }, 0 },
    { DTYPE_F32, "[1,2],3", NULL, SHAPE(2), { 1, 2 }, 5 },
    { DTYPE_F32, "[[[[[[[[1]]]]]]]]", NULL, SHAPE(1, 1, 1, 1, 1, 1, 1, 1), { 1 }, 0 },
    { DTYPE_F32, "[[[[[[[[[1]]]]]]]]]", "more than 8 dimensions", { 0 }, { 0 }, 0 },
    { DTYPE_F32,
      "[\"x\"]",
      "JSON Value: \"x\" Type: String is not of expected type",
      { 0 },
      { 0 },
      0 },
    { DTYPE_F32, "[true]", "Type: Boolean is not of", { 0 }, { 0 }, 0 },
    { DTYPE_F32, "[null]", "Type: Null is not of", { 0 }, { 0 }, 0 },
    { DTYPE_F32, "[{\"b64\":\"YQ==\"}]", "Type: Object is not of", { 0 }, { 0 }, 0 },
    { DTYPE_I32, "[1.0]", "JSON Value: 1.0 Type: Number is not of", { 0 }, { 0 }, 0 },
    { DTYPE_I32, "[2147483648]", "JSON Value: 2147483648", { 0 }, { 0 }, 0 },
    { DTYPE_U8, "[-1]", "JSON Value: -1", { 0 }, { 0 }, 0 },
    { DTYPE_I8, "[128]", "JSON Value: 128", { 0 }, { 0 }, 0 },
    { DTYPE_I32, "[NaN]", "NaN", { 0 }, { 0 }, 0 },
    { DTYPE_BOOL, "[1]", "Type: Number", { 0 }, { 0 }, 0 },
    { DTYPE_F32,
      "[[1,2],[3]]",
      "unexpected size: 1 at level: 1 expected size: 2",
      { 0 },
      { 0 },
      0 },
    { DTYPE_F32, "[[1],[]]", "unexpected size: 0", { 0 }, { 0 }, 0 },
    { DTYPE_F32, "[[],[1]]", "unexpected size: 1", { 0 }, { 0 }, 0 },
    { DTYPE_F32, "[1,[1]]", "unexpected level", { 0 }, { 0 }, 0 },
    { DTYPE_F32, "[[1],1]", "unexpected level", { 0 }, { 0 }, 0 },
    { DTYPE_F32, "[1,]", "Invalid value", { 0 }, { 0 }, 0 },
    { DTYPE_F32, "[,1]", "Invalid value", { 0 }, { 0 }, 0 },
    { DTYPE_F32, "[1 2]", "Missing a comma or ]", { 0 }, { 0 }, 0 },
    { DTYPE_F32, "[01]", "Invalid value", { 0 }, { 0 }, 0 },
    { DTYPE_F32, "[1.]", "Invalid value", { 0 }, { 0 }, 0 },
    { DTYPE_F32, "[1", "Invalid value", { 0 }, { 0 }, 0 },
    { DTYPE_F32, "", "The document is empty", { 0 }, { 0 }, 0 },
    { DTYPE_F32, "]", "Invalid value", { 0 }, { 0 }, 0 },
    { DTYPE_F32, "[nul]", "Invalid value", { 0 }, { 0 }, 0 },
};

static Arena *arena;

static JsonTensor begin(DType dtype) {
    arena_reset(arena);
    JsonTensor tensor;
    json_tensor_init(&tensor,
                     &(JsonTensorOptions){ .dtype = dtype, .arena = arena, .type_name = "that" });
    return tensor;
}

/* In pieces of that many bytes; ret_used: all together. */
static Status feed(JsonTensor *tensor, const char *text, size_t piece, size_t *ret_used) {
    size_t length = strlen(text), at = 0;
    do {
        size_t bytes = MIN_OF(piece, length - at), used;
        TRY(json_tensor_feed(tensor, text + at, bytes, at + bytes == length, &used));
        at += used;
        if (used < bytes)
            break;
    } while (at < length && !tensor->is_done);
    *ret_used = at;
    return status_ok();
}

static double value_at(const JsonTensor *tensor, size_t index) {
    Tensor view = { .dtype = tensor->options.dtype,
                    .shape = { .rank = 1, .dims = { (int64_t)tensor->count } },
                    .data = tensor->data };
    if (view.dtype == DTYPE_U64)
        return (double)((const uint64_t *)(const void *)tensor->data)[index];
    if (view.dtype == DTYPE_F32 || view.dtype == DTYPE_F64)
        return tensor_get_float(&view, index);
    return (double)tensor_get_int(&view, index);
}

static void check_row(const Row *row, size_t piece) {
    AUTO(json_tensor_deinit) JsonTensor tensor = begin(row->dtype);
    size_t used = 0;
    Status status = feed(&tensor, row->text, piece, &used);
    if (row->wrong) {
        if (status.code != STATUS_INVALID_ARGUMENT || !strstr(status.message, row->wrong))
            fail_msg("'%s' by %zu: expected '%s', got '%s'", row->text, piece, row->wrong,
                     status.message);
        return;
    }
    Shape shape;
    json_tensor_shape(&tensor, &shape);
    if (!status_is_ok(&status) || !tensor.is_done || !shape_equal(&shape, &row->shape))
        fail_msg("'%s' by %zu: %s, shape %s", row->text, piece, status.message, SHAPE_TEXT(&shape));
    if (piece > 1)
        assert_int_equal(used, row->used ? row->used : strlen(row->text));
    for (size_t i = 0; i < tensor.count; i++)
        if (row->dtype == DTYPE_F32 ? (float)value_at(&tensor, i) != (float)row->values[i]
                                    : value_at(&tensor, i) != row->values[i])
            fail_msg("'%s' by %zu: element %zu is %g", row->text, piece, i, value_at(&tensor, i));
}

static void test_rows_give_what_they_say(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(ROWS); i++)
        for (size_t piece = 1; piece <= 1024; piece *= piece < 4 ? 2 : 256)
            check_row(&ROWS[i], piece);
}

static void test_nan_is_read(void **state) {
    (void)state;
    AUTO(json_tensor_deinit) JsonTensor tensor = begin(DTYPE_F32);
    size_t used;
    check_ok(feed(&tensor, "[NaN]", 100, &used));
    assert_true(isnan(value_at(&tensor, 0)));
}

static void test_strings_are_unescaped(void **state) {
    (void)state;
    static const char text[] = "[\"a\\n\\u00e4\\ud83d\\ude00\\\"\", {\"b64\": \"AAEC/w==\"}, \"\"]";
    static const char first[] = "a\n\xc3\xa4\xf0\x9f\x98\x80\"", second[] = { 0, 1, 2, (char)0xff };
    for (size_t piece = 1; piece < 200; piece += 7) {
        AUTO(json_tensor_deinit) JsonTensor tensor = begin(DTYPE_STRING);
        size_t used;
        check_ok(feed(&tensor, text, piece, &used));
        assert_int_equal(tensor.count, 3);
        const StringView *views = (const StringView *)(const void *)tensor.data;
        assert_int_equal(views[0].length, sizeof first - 1);
        assert_memory_equal(views[0].data, first, sizeof first - 1);
        assert_int_equal(views[1].length, sizeof second);
        assert_memory_equal(views[1].data, second, sizeof second);
        assert_int_equal(views[2].length, 0);
    }
}

static void test_bad_strings_are_refused(void **state) {
    (void)state;
    static const char *const texts[] = { "[\"\\x\"]",          "[\"\\u12\"]",
                                         "[\"\\ud800\"]",      "[\"\\udc00\"]",
                                         "[\"\xff\"]",         "[\"\xc0\x80\"]",
                                         "[\"a\nb\"]",         "[\"open]",
                                         "[{\"b64\":\"?\"}]",  "[{\"b64\":\"YQ==\",\"c\":1}]",
                                         "[{\"c\":\"YQ==\"}]", "[{}]",
                                         "[{\"b64\":1}]" };
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        AUTO(json_tensor_deinit) JsonTensor tensor = begin(DTYPE_STRING);
        size_t used;
        Status status = feed(&tensor, texts[i], 1000, &used);
        if (status.code != STATUS_INVALID_ARGUMENT)
            fail_msg("%s: %s", texts[i], status.message);
    }
}

static void test_rows_apart_must_agree(void **state) {
    (void)state;
    AUTO(json_tensor_deinit) JsonTensor tensor = begin(DTYPE_F32);
    size_t used;
    check_ok(feed(&tensor, "[1,2]", 100, &used));
    json_tensor_next(&tensor);
    check_ok(feed(&tensor, "[3,4]", 100, &used));
    assert_int_equal(tensor.counts[0], 2);
    assert_int_equal(tensor.count, 4);
    json_tensor_next(&tensor);
    Status status = feed(&tensor, "[3]", 100, &used);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
}

/* The same piece again and again, until it is refused; how many bytes that took. */
static size_t feed_forever(DType dtype, const char *first, char character, size_t limit,
                           Status *ret_status) {
    enum { PIECE_BYTES = 65536 };
    static char piece[PIECE_BYTES];
    memset(piece, character, sizeof piece);
    if (character == ',')
        for (size_t i = 0; i < sizeof piece; i += 2)
            piece[i] = '1';
    AUTO(json_tensor_deinit) JsonTensor tensor = begin(dtype);
    size_t used, together = 0;
    *ret_status = json_tensor_feed(&tensor, first, strlen(first), false, &used);
    while (status_is_ok(ret_status) && together < limit) {
        *ret_status = json_tensor_feed(&tensor, piece, sizeof piece, false, &used);
        together += sizeof piece;
    }
    assert_true(arena_used_bytes(arena) <= ARENA_BYTES);
    assert_true(tensor.token_capacity <= 1 << 20);
    return together;
}

static void test_a_million_levels_fail_at_the_ninth(void **state) {
    (void)state;
    Status status;
    size_t bytes = feed_forever(DTYPE_F32, "", '[', 1 << 20, &status);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    assert_true(bytes <= 65536);
}

static void test_a_gigabyte_of_digits_is_refused_early(void **state) {
    (void)state;
    Status status;
    size_t bytes = feed_forever(DTYPE_F32, "[", '7', (size_t)1 << 30, &status);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(status.message, "Number too long"));
    assert_true(bytes <= 65536);
}

static void test_numbers_without_end_stop_at_the_budget(void **state) {
    (void)state;
    Status status;
    size_t bytes = feed_forever(DTYPE_F32, "[", ',', (size_t)1 << 30, &status);
    assert_int_equal(status.code, STATUS_RESOURCE_EXHAUSTED);
    assert_true(bytes <= 4 * (size_t)ARENA_BYTES);
}

static void test_blanks_without_end_cost_nothing(void **state) {
    (void)state;
    Status status;
    (void)feed_forever(DTYPE_F32, "[", ' ', (size_t)64 << 20, &status);
    check_ok(status);
    assert_true(arena_used_bytes(arena) < 4096);
}

static int make_arena(void **state) {
    (void)state;
    check_ok(arena_new(1024, ARENA_BYTES, &arena));
    return 0;
}

static int free_arena(void **state) {
    (void)state;
    arena_free(arena);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_give_what_they_say),
        cmocka_unit_test(test_nan_is_read),
        cmocka_unit_test(test_strings_are_unescaped),
        cmocka_unit_test(test_bad_strings_are_refused),
        cmocka_unit_test(test_rows_apart_must_agree),
        cmocka_unit_test(test_a_million_levels_fail_at_the_ninth),
        cmocka_unit_test(test_a_gigabyte_of_digits_is_refused_early),
        cmocka_unit_test(test_numbers_without_end_stop_at_the_budget),
        cmocka_unit_test(test_blanks_without_end_cost_nothing),
    };
    return cmocka_run_group_tests(tests, make_arena, free_arena);
}
