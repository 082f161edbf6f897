/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* The wire format: what is read, what is skipped, and the text of every refusal. */

#include "runtime/onnx/wire_reader.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define READER(literal) wire_reader(literal, sizeof(literal) - 1, 8)

static void test_every_wire_type_is_read(void **state) {
    (void)state;
    WireReader reader = READER("\x08\x96\x01"
                               "\x12\x02hi"
                               "\x1D\x01\x02\x03\x04"
                               "\x21\x01\0\0\0\0\0\0\x80");
    WireField field;
    Status status;
    assert_true(wire_next(&reader, &field, &status));
    assert_int_equal(field.number, 1);
    assert_int_equal(field.value, 150);
    assert_true(wire_next(&reader, &field, &status));
    assert_int_equal(field.number, 2);
    assert_int_equal(field.bytes.length, 2);
    assert_memory_equal(field.bytes.data, "hi", 2);
    assert_true(wire_next(&reader, &field, &status));
    assert_int_equal(field.value, 0x04030201);
    assert_true(wire_next(&reader, &field, &status));
    assert_true(field.value == UINT64_C(0x8000000000000001));
    assert_false(wire_next(&reader, &field, &status));
    assert_int_equal(status.code, STATUS_OK);
}

typedef struct Malformed {
    const char *bytes;
    size_t length;
    const char *message;
} Malformed;

#define MALFORMED(literal, text)                                                                   \
    { literal, sizeof(literal) - 1, text }

static const Malformed malformed[] = {
    MALFORMED("\x0B\x0C", "byte 0: field 1 has wire type 3 (a group or unknown)"),
    MALFORMED("\x0C", "byte 0: field 1 has wire type 4 (a group or unknown)"),
    MALFORMED("\x0F", "byte 0: field 1 has wire type 7 (a group or unknown)"),
    MALFORMED("\x00\x01", "byte 0: not a field's tag"),
    MALFORMED("\x88", "byte 0: not a field's tag"),
    MALFORMED("\xFF\xFF\xFF\xFF\xFF\x01", "byte 0: not a field's tag"),
    MALFORMED("\x08", "byte 1: field 1 holds a number that is cut off or over 64 bits"),
    MALFORMED("\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x02", "byte 1: field 1 holds a number"),
    MALFORMED("\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", "byte 1: field 1 holds a number"),
    MALFORMED("\x0A\x05"
              "abc",
              "byte 1: field 1 claims 5 bytes, its message has 3 left"),
    MALFORMED("\x0A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", "claims 18446744073709551615 bytes"),
    MALFORMED("\x0D\x01\x02\x03", "byte 1: field 1 needs 4 bytes, its message has 3 left"),
    MALFORMED("\x09\x01\x02\x03\x04\x05\x06\x07",
              "byte 1: field 1 needs 8 bytes, its message has 7 left"),
};

static void test_malformed_fields_are_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
        WireReader reader = wire_reader(malformed[i].bytes, malformed[i].length, 8);
        WireField field;
        Status status;
        assert_false(wire_next(&reader, &field, &status));
        assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
        assert_non_null(strstr(status.message, malformed[i].message));
    }
}

static void test_nested_length_cannot_leave_its_parent(void **state) {
    (void)state;
    WireReader reader = READER("\x0A\x03\x12\x05x"
                               "more bytes after");
    WireReader child;
    WireField field;
    Status status;
    assert_true(wire_next(&reader, &field, &status));
    status = wire_enter(&reader, &field, "part", &child);
    assert_int_equal(status.code, STATUS_OK);
    assert_false(wire_next(&child, &field, &status));
    assert_string_equal(status.message, "byte 3: field 2 claims 5 bytes, its message has 1 left");
}

static void test_depth_is_limited(void **state) {
    (void)state;
    WireReader reader = wire_reader("\x0A\x04\x0A\x02\x0A\x00", 6, 2);
    WireField field;
    Status status;
    for (int depth = 0; depth < 2; depth++) {
        assert_true(wire_next(&reader, &field, &status));
        status = wire_enter(&reader, &field, "part", &reader);
        assert_int_equal(status.code, STATUS_OK);
    }
    assert_true(wire_next(&reader, &field, &status));
    status = wire_enter(&reader, &field, "part", &reader);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    assert_string_equal(status.message, "byte 6: part is nested too deeply");
}

static void expect_scalars(WireReader reader, WireType item, const uint64_t *expected,
                           size_t count) {
    size_t seen = 0;
    WireField field;
    Status status;
    while (wire_next(&reader, &field, &status)) {
        size_t in_field;
        Status counted = wire_count_scalars(&reader, &field, item, "numbers", &in_field);
        assert_int_equal(counted.code, STATUS_OK);
        for (uint64_t value; wire_next_scalar(&field.bytes, item, &value); in_field--)
            assert_true(value == expected[seen++]);
        assert_int_equal(in_field, 0);
    }
    assert_int_equal(status.code, STATUS_OK);
    assert_int_equal(seen, count);
}

static void test_repeated_scalars_are_packed_or_not(void **state) {
    (void)state;
    const uint64_t numbers[] = { 1, 300, 2 };
    expect_scalars(READER("\x08\x01\x08\xAC\x02\x08\x02"), WIRE_VARINT, numbers, 3);
    expect_scalars(READER("\x0A\x04\x01\xAC\x02\x02"), WIRE_VARINT, numbers, 3);
    expect_scalars(READER("\x0A\x03\x01\xAC\x02\x0A\x00\x08\x02"), WIRE_VARINT, numbers, 3);
    const uint64_t fixed[] = { 0x04030201, 0x08070605 };
    expect_scalars(READER("\x0A\x08\x01\x02\x03\x04\x05\x06\x07\x08"), WIRE_FIXED32, fixed, 2);
    expect_scalars(READER("\x0D\x01\x02\x03\x04\x0D\x05\x06\x07\x08"), WIRE_FIXED32, fixed, 2);
}

static void test_packed_scalars_must_end_whole(void **state) {
    (void)state;
    WireReader varint = READER("\x0A\x02\x01\x80"), fixed = READER("\x0A\x03"
                                                                   "abc");
    WireField field;
    Status status;
    size_t count;
    assert_true(wire_next(&varint, &field, &status));
    status = wire_count_scalars(&varint, &field, WIRE_VARINT, "dims", &count);
    assert_string_equal(status.message, "byte 2: packed dims (field 1) ends inside a number");
    assert_true(wire_next(&fixed, &field, &status));
    status = wire_count_scalars(&fixed, &field, WIRE_FIXED64, "floats", &count);
    assert_string_equal(status.message, "byte 2: packed floats (field 1) ends inside a number");
}

static void test_wrong_wire_type_is_named(void **state) {
    (void)state;
    WireReader reader = READER("\x38\x01");
    WireField field;
    Status status;
    assert_true(wire_next(&reader, &field, &status));
    status = wire_enter(&reader, &field, "graph", &reader);
    assert_string_equal(status.message, "byte 1: graph (field 7) has wire type 0, expected 2");
}

static void test_million_deep_nesting_is_skipped(void **state) {
    (void)state;
    enum { DEPTH = 1000000 };
    size_t length = 0;
    uint8_t *bytes = malloc((size_t)DEPTH * 6), *at = bytes + (size_t)DEPTH * 6;
    assert_non_null(bytes);
    for (int i = 0; i < DEPTH; i++) { /* inside out, lengths as five-byte varints */
        at -= 6;
        at[0] = 0x0A;
        for (int b = 0; b < 5; b++)
            at[1 + b] = (uint8_t)((length >> (7 * b) & 0x7F) | (b < 4 ? 0x80 : 0));
        length += 6;
    }
    WireReader reader = wire_reader(bytes, length, 8);
    WireField field;
    Status status;
    int entered = 0;
    do {
        assert_true(wire_next(&reader, &field, &status));
        status = wire_enter(&reader, &field, "part", &reader);
    } while (status_is_ok(&status) && ++entered < DEPTH);
    assert_int_equal(entered, 8);
    assert_non_null(strstr(status.message, "nested too deeply"));
    free(bytes);
}

static void test_text_is_utf8_without_nul(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
        bool is_text;
    } cases[] = {
        { "", 0, true },
        { "abc", 3, true },
        { "\xC3\xA9", 2, true },
        { "\xE2\x82\xAC", 3, true },
        { "\xF0\x9F\x98\x80", 4, true },
        { "a\0b", 3, false },
        { "\xC3", 1, false },
        { "\xC0\x80", 2, false },
        { "\xED\xA0\x80", 3, false },
        { "\xF4\x90\x80\x80", 4, false },
        { "\x80", 1, false },
        { "\xE0\x80\x80", 3, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(
            wire_is_text((WireBytes){ (const uint8_t *)cases[i].bytes, cases[i].length }),
            cases[i].is_text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_wire_type_is_read),
        cmocka_unit_test(test_malformed_fields_are_refused),
        cmocka_unit_test(test_nested_length_cannot_leave_its_parent),
        cmocka_unit_test(test_depth_is_limited),
        cmocka_unit_test(test_repeated_scalars_are_packed_or_not),
        cmocka_unit_test(test_packed_scalars_must_end_whole),
        cmocka_unit_test(test_wrong_wire_type_is_named),
        cmocka_unit_test(test_million_deep_nesting_is_skipped),
        cmocka_unit_test(test_text_is_utf8_without_nul),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
