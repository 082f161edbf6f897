/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* TensorProto by TensorFlow's rules, from messages written by hand. */

#include "server/wire/tensorflow_tensor.h"

#include "runtime/base/size.h"
#include "tests/support/wire_case.h"
#include "tests/unit/server/wire/tensorflow_types.h"

#include <stdio.h>
#include <stdlib.h>

static const StringView ALIAS = { "x", 1 };

/* The items of the typed field as varints or fixed values, each under a key of its own or all in
 * one. */
static void add_typed(Bytes *message, const TypeCase *type, const unsigned char *elements,
                      bool packed) {
    Bytes inside = { 0 };
    size_t item = type->bytes / type->items;
    if (type->kind == BLOB) {
        bytes_field(message, type->field, elements, 3);
        return;
    }
    for (size_t i = 0; i < 3 * type->items; i++) {
        uint64_t value = 0;
        memcpy(&value, elements + i * item, item);
        if (type->kind == FIXED && packed)
            bytes_add(&inside, elements + i * item, item);
        else if (type->kind == FIXED)
            bytes_fixed(message, type->field, elements + i * item, item);
        else if (packed)
            bytes_varint(&inside, value);
        else
            bytes_number(message, type->field, value);
    }
    if (packed)
        bytes_field(message, type->field, inside.data, inside.count);
    bytes_free(&inside);
}

static Bytes head(uint32_t number, const int64_t *dims, size_t rank) {
    Bytes message = { 0 }, shape = { 0 };
    for (size_t i = 0; i < rank; i++) {
        Bytes dim = { 0 };
        bytes_number(&dim, 1, (uint64_t)dims[i]);
        bytes_text(&dim, 2, "a name"); /* ignored */
        bytes_message(&shape, 2, &dim);
    }
    bytes_number(&message, 1, number);
    bytes_message(&message, 2, &shape);
    return message;
}

/* Decodes in two pieces; frees message. The tensor lives in arena. */
static Status decode(Bytes *message, Arena *arena, WireTensor *ret_tensor) {
    Pieces *pieces = pieces_new(message->data, message->count, message->count / 2, message->count);
    bytes_free(message);
    Status status =
        tensorflow_tensor_decode(span_reader_of(&pieces->spans), ALIAS, arena, ret_tensor);
    if (status_is_ok(&status) && ret_tensor->payload.bytes > 0) { /* outlive the pieces */
        void *copy = arena_alloc(arena, ret_tensor->payload.bytes);
        assert_non_null(copy);
        spans_copy(&ret_tensor->payload, 0, ret_tensor->payload.bytes, copy);
        check_ok(wire_payload_of(copy, ret_tensor->payload.bytes, arena, &ret_tensor->payload));
    }
    pieces_free(pieces);
    return status;
}

static void check_refused(Bytes *message, const char *text) {
    AUTO(arena_free) Arena *arena = case_arena_new();
    WireTensor tensor;
    Status status = decode(message, arena, &tensor);
    assert_string_equal(status.message, text);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
}

static void test_every_type_in_every_form(void **state) {
    (void)state;
    static const int64_t dims[] = { 3 };
    for (size_t i = 0; i < ARRAY_LENGTH(TYPES); i++) {
        for (int form = 0; form < 3; form++) { /* tensor_content, packed, not packed */
            AUTO(arena_free) Arena *arena = case_arena_new();
            unsigned char elements[48], expected[48];
            make_elements(&TYPES[i], elements);
            Bytes message = head(TYPES[i].number, dims, 1);
            if (form == 0)
                bytes_field(&message, 4, elements, 3 * TYPES[i].bytes);
            else
                add_typed(&message, &TYPES[i], elements, form == 1);
            WireTensor tensor;
            check_ok(decode(&message, arena, &tensor));
            assert_int_equal(tensor.dtype, TYPES[i].dtype);
            assert_true(tensor.has_data);
            size_t bytes = make_expected(&TYPES[i], elements, expected);
            if (tensor.payload.bytes != bytes ||
                memcmp(tensor.payload.items[0].data, expected, bytes) != 0)
                fail_msg("type %u form %d", TYPES[i].number, form);
        }
    }
}

static void test_names_and_numbers_of_what_is_sent(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(TYPES); i++) {
        if (!TYPES[i].name)
            continue;
        assert_string_equal(tensorflow_dtype_name(TYPES[i].dtype), TYPES[i].name);
        assert_int_equal(tensorflow_dtype_number(TYPES[i].dtype), TYPES[i].number);
    }
    assert_string_equal(tensorflow_dtype_name(DTYPE_STRING), "string");
    assert_int_equal(tensorflow_dtype_number(DTYPE_STRING), 7);
    assert_int_equal(tensorflow_dtype_number(DTYPE_F8E8M0), 0);
    assert_string_equal(tensorflow_dtype_name(DTYPE_F8E8M0), dtype_name(DTYPE_F8E8M0));
}

static void test_the_last_value_is_repeated(void **state) {
    (void)state;
    static const int64_t dims[] = { 7 };
    for (size_t i = 0; i < ARRAY_LENGTH(TYPES); i++) {
        if (TYPES[i].kind == NIBBLE)
            continue;
        AUTO(arena_free) Arena *arena = case_arena_new();
        unsigned char elements[48];
        make_elements(&TYPES[i], elements);
        Bytes message = head(TYPES[i].number, dims, 1);
        add_typed(&message, &TYPES[i], elements, true);
        WireTensor tensor;
        check_ok(decode(&message, arena, &tensor));
        size_t bytes = TYPES[i].bytes;
        assert_int_equal(tensor.payload.bytes, 7 * bytes);
        const unsigned char *data = tensor.payload.items[0].data;
        for (size_t k = 0; k < 7; k++)
            assert_memory_equal(data + k * bytes, elements + MIN_OF(k, 2UL) * bytes, bytes);
    }
}

static void test_surplus_values_are_dropped_and_none_is_zeros(void **state) {
    (void)state;
    static const int64_t dims[] = { 2 };
    static const unsigned char zeros[32] = { 0 };
    for (size_t i = 0; i < ARRAY_LENGTH(TYPES); i++) {
        AUTO(arena_free) Arena *arena = case_arena_new();
        unsigned char elements[48];
        make_elements(&TYPES[i], elements);
        Bytes message = head(TYPES[i].number, dims, 1);
        add_typed(&message, &TYPES[i], elements, true);
        WireTensor tensor;
        check_ok(decode(&message, arena, &tensor));
        if (TYPES[i].kind != NIBBLE) {
            assert_int_equal(tensor.payload.bytes, 2 * TYPES[i].bytes);
            assert_memory_equal(tensor.payload.items[0].data, elements, 2 * TYPES[i].bytes);
        }
        message = head(TYPES[i].number, dims, 1);
        check_ok(decode(&message, arena, &tensor));
        assert_memory_equal(tensor.payload.items[0].data, zeros, tensor.payload.bytes);
    }
}

static void test_no_elements_are_accepted_with_any_content(void **state) {
    (void)state;
    static const int64_t dims[] = { 3, 0, INT64_MAX };
    AUTO(arena_free) Arena *arena = case_arena_new();
    Bytes message = head(1, dims, 3);
    bytes_text(&message, 4, "five!");
    WireTensor tensor;
    check_ok(decode(&message, arena, &tensor));
    assert_int_equal(tensor.payload.bytes, 0);
    assert_int_equal(tensor.shape.rank, 3);
}

static void test_float8_is_one_bytes_field(void **state) {
    (void)state;
    static const int64_t dims[] = { 4 };
    AUTO(arena_free) Arena *arena = case_arena_new();
    Bytes message = head(24, dims, 1);
    bytes_text(&message, 18, "abcd");
    bytes_text(&message, 18, "xy"); /* the last one counts, and its last byte is repeated */
    WireTensor tensor;
    check_ok(decode(&message, arena, &tensor));
    assert_int_equal(tensor.payload.bytes, 4);
    assert_memory_equal(tensor.payload.items[0].data, "xyyy", 4);
    message = head(24, dims, 1);
    bytes_fixed(&message, 18, "abcd", 4);
    check_refused(&message, "malformed tensor message");
}

static void test_bools_that_are_neither(void **state) {
    (void)state;
    static const int64_t dims[] = { 600 };
    unsigned char bools[600] = { 0 };
    bools[599] = 2;
    Bytes message = head(10, dims, 1);
    bytes_field(&message, 4, bools, sizeof bools);
    check_refused(&message, "tensor parsing error: x: a bool in tensor_content is neither 0 nor 1");
    AUTO(arena_free) Arena *arena = case_arena_new();
    message = head(10, dims, 0);
    bytes_number(&message, 11, 512); /* whose low byte is 0 */
    WireTensor tensor;
    check_ok(decode(&message, arena, &tensor));
    assert_int_equal(*(const unsigned char *)tensor.payload.items[0].data, 1);
}

static void check_strings(const WireTensor *tensor, size_t count, const char *const *texts) {
    assert_int_equal(tensor->dtype, DTYPE_STRING);
    assert_int_equal(tensor->payload.bytes, count * sizeof(StringView));
    const StringView *views = tensor->payload.items[0].data;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(views[i].length, strlen(texts[i]));
        assert_true(text_equal(views[i], text_view(texts[i])));
    }
}

static void test_strings_typed_repeated_and_as_content(void **state) {
    (void)state;
    static const int64_t dims[] = { 3 };
    AUTO(arena_free) Arena *arena = case_arena_new();
    Bytes message = head(7, dims, 1);
    bytes_text(&message, 8, "");
    bytes_text(&message, 8, "b\xFF");
    WireTensor tensor;
    check_ok(decode(&message, arena, &tensor));
    check_strings(&tensor, 3, (const char *[]){ "", "b\xFF", "b\xFF" });
    assert_true(tensor.text_bytes >= 2);

    message = head(7, dims, 1);
    bytes_field(&message, 4,
                "\x01\x00\x02"
                "abc",
                6);
    check_ok(decode(&message, arena, &tensor));
    check_strings(&tensor, 3, (const char *[]){ "a", "", "bc" });

    message = head(7, dims, 1);
    check_ok(decode(&message, arena, &tensor));
    check_strings(&tensor, 3, (const char *[]){ "", "", "" });
}

static void test_string_content_that_lies(void **state) {
    (void)state;
    static const struct {
        int64_t elements;
        const char *content;
        size_t count;
        const char *text;
    } rows[] = {
        { 3, "\x01\x00", 2, "string content is shorter than its element count" },
        { INT64_MAX, "\x01\x00", 2, "string content is shorter than its element count" },
        { 2, "\x80\x80", 2, "malformed string lengths" },
        { 2,
          "\x01\x02"
          "ab",
          4, "string lengths exceed the content" },
        { 1,
          "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"
          "a",
          11, "string lengths exceed the content" },
        { 2,
          "\x01\x01"
          "abc",
          5, "bytes are left after the last string" },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        Bytes message = head(7, &rows[i].elements, 1);
        bytes_field(&message, 4, rows[i].content, rows[i].count);
        char text[128];
        snprintf(text, sizeof text, "tensor parsing error: x: %s", rows[i].text);
        check_refused(&message, text);
    }
}

static void test_shapes_and_types_that_are_refused(void **state) {
    (void)state;
    static const struct {
        uint32_t number;
        size_t rank;
        int64_t dims[9];
        const char *text;
    } rows[] = {
        { 1, 9, { 1, 1, 1, 1, 1, 1, 1, 1, 1 }, "more than 8 dimensions" },
        { 1, 2, { 2, -1 }, "a dimension is negative" },
        { 1, 1, { INT64_MIN }, "a dimension is negative" },
        { 1, 2, { INT64_MAX, 3 }, "the number of elements overflows" },
        { 1, 3, { 1LL << 32, 1LL << 31, 1 }, "the number of elements overflows" },
        { 0, 0, { 0 }, "its dtype is not set or not supported" },
        { 20, 0, { 0 }, "its dtype is not set or not supported" },
        { 21, 0, { 0 }, "its dtype is not set or not supported" },
        { 27, 0, { 0 }, "its dtype is not set or not supported" },
        { 33, 0, { 0 }, "its dtype is not set or not supported" },
        { 101, 0, { 0 }, "its dtype is not set or not supported" },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        Bytes message = head(rows[i].number, rows[i].dims, rows[i].rank);
        char text[128];
        snprintf(text, sizeof text, "tensor parsing error: x: %s", rows[i].text);
        check_refused(&message, text);
    }
}

static void test_resources_and_variants_are_refused(void **state) {
    (void)state;
    for (uint32_t field = 14; field <= 15; field++) {
        Bytes message = head(1, NULL, 0);
        bytes_text(&message, field, "");
        check_refused(&message,
                      "tensor parsing error: x: resource and variant tensors are not supported");
    }
}

static void test_content_of_the_wrong_size(void **state) {
    (void)state;
    static const int64_t two[] = { 2 }, huge[] = { INT64_MAX };
    Bytes message = head(1, two, 1);
    bytes_text(&message, 4, "seven b");
    check_refused(
        &message,
        "tensor parsing error: x: tensor_content has 7 bytes, float of shape [2] wants 8");
    message = head(18, huge, 1); /* whose bytes overflow size_t */
    bytes_text(&message, 4, "0123456789abcdef");
    check_refused(&message,
                  "tensor parsing error: x: tensor_content has 16 bytes, complex128 of shape "
                  "[9223372036854775807] wants 18446744073709551615");
}

static void test_a_small_message_cannot_ask_for_much_memory(void **state) {
    (void)state;
    static const int64_t dims[] = { CASE_ARENA_BYTES };
    AUTO(arena_free) Arena *arena = case_arena_new();
    Bytes message = head(1, dims, 1);
    bytes_fixed(&message, 5, "\0\0\x80\x3F", 4);
    WireTensor tensor;
    Status status = decode(&message, arena, &tensor);
    assert_int_equal(status.code, STATUS_RESOURCE_EXHAUSTED);
    assert_true(arena_used_bytes(arena) <= CASE_ARENA_BYTES);
}

static void test_short_payloads_are_copied_and_long_ones_are_not(void **state) {
    (void)state;
    static unsigned char data[WIRE_COPY_BYTES + 4];
    for (size_t extra = 0; extra <= 4; extra += 4) {
        AUTO(arena_free) Arena *arena = case_arena_new();
        int64_t dims[] = { (int64_t)(WIRE_COPY_BYTES + extra) / 4 };
        Bytes message = head(1, dims, 1);
        bytes_field(&message, 4, data, WIRE_COPY_BYTES + extra);
        Pieces *pieces = pieces_new(message.data, message.count, 1000, 3000);
        WireTensor tensor;
        check_ok(tensorflow_tensor_decode(span_reader_of(&pieces->spans), ALIAS, arena, &tensor));
        assert_int_equal(tensor.payload.count, extra ? 3 : 1);
        assert_int_equal(tensor.payload.items[tensor.payload.count - 1].data ==
                             pieces->items[2].data,
                         extra != 0);
        pieces_free(pieces);
        bytes_free(&message);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_type_in_every_form),
        cmocka_unit_test(test_names_and_numbers_of_what_is_sent),
        cmocka_unit_test(test_the_last_value_is_repeated),
        cmocka_unit_test(test_surplus_values_are_dropped_and_none_is_zeros),
        cmocka_unit_test(test_no_elements_are_accepted_with_any_content),
        cmocka_unit_test(test_float8_is_one_bytes_field),
        cmocka_unit_test(test_bools_that_are_neither),
        cmocka_unit_test(test_strings_typed_repeated_and_as_content),
        cmocka_unit_test(test_string_content_that_lies),
        cmocka_unit_test(test_shapes_and_types_that_are_refused),
        cmocka_unit_test(test_resources_and_variants_are_refused),
        cmocka_unit_test(test_content_of_the_wrong_size),
        cmocka_unit_test(test_a_small_message_cannot_ask_for_much_memory),
        cmocka_unit_test(test_short_payloads_are_copied_and_long_ones_are_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
