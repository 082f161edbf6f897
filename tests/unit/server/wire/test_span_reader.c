/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* The walk over the wire format: every type, every boundary, every lie about a length. */

#include "server/wire/span_reader.h"

#include "runtime/base/size.h"
#include "tests/support/wire_case.h"

static void test_varints_from_a_table(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t count;
        bool valid;
        uint64_t value;
    } rows[] = {
        { "\x00", 1, true, 0 },
        { "\x7F", 1, true, 127 },
        { "\x80\x01", 2, true, 128 },
        { "\x80\x00", 2, true, 0 }, /* longer than needed is allowed */
        { "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 10, true, UINT64_MAX },
        { "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F", 10, true,
          UINT64_MAX }, /* bits beyond 64 fall away */
        { "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x80\x01", 11, false, 0 },
        { "\x80", 1, false, 0 },
        { "", 0, false, 0 },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        Pieces *pieces = pieces_new(rows[i].bytes, rows[i].count, 1, 2);
        SpanReader reader = span_reader_of(&pieces->spans);
        uint64_t value = 0;
        assert_int_equal(span_reader_varint(&reader, &value), rows[i].valid);
        if (rows[i].valid) {
            assert_int_equal(value, rows[i].value);
            assert_int_equal(reader.left, 0);
        }
        pieces_free(pieces);
    }
}

static void test_malformed_fields_from_a_table(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t count;
    } rows[] = {
        { "\x0B", 1 },                     /* group */
        { "\x0C", 1 },                     /* end of a group */
        { "\x0E\x01", 2 },                 /* type 6 */
        { "\x0F\x01", 2 },                 /* type 7 */
        { "\x00\x01", 2 },                 /* field 0 */
        { "\x80\x80\x80\x80\x10\x01", 6 }, /* field 2^29 */
        { "\x08", 1 },                     /* no value */
        { "\x09\x01\x02\x03\x04\x05\x06\x07", 8 },
        { "\x0D\x01\x02\x03", 4 },
        { "\x0A\x02\x01", 3 }, /* one byte less than said */
        { "\x0A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01\x00", 12 },
        { "\x0A\x80", 2 },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        Pieces *pieces = pieces_new(rows[i].bytes, rows[i].count, rows[i].count, 0);
        SpanReader reader = span_reader_of(&pieces->spans);
        WireField field;
        if (span_reader_next(&reader, &field) != WIRE_MALFORMED)
            fail_msg("row %zu was accepted", i);
        pieces_free(pieces);
    }
}

static void test_every_type_survives_every_cut(void **state) {
    (void)state;
    Bytes bytes = { 0 };
    uint32_t four = 0x04030201;
    uint64_t eight = 0x0807060504030201;
    bytes_number(&bytes, 1, 300);
    bytes_fixed(&bytes, 2, &four, 4);
    bytes_fixed(&bytes, 536870911, &eight, 8);
    bytes_text(&bytes, 4, "hello");
    bytes_text(&bytes, 5, "");
    for (size_t first = 0; first <= bytes.count; first++) {
        for (size_t second = first; second <= bytes.count; second++) {
            Pieces *pieces = pieces_new(bytes.data, bytes.count, first, second);
            SpanReader reader = span_reader_of(&pieces->spans);
            WireField field;
            char text[5];
            assert_int_equal(span_reader_next(&reader, &field), WIRE_FIELD);
            assert_true(field.number == 1 && field.type == WIRE_VARINT && field.scalar == 300);
            assert_int_equal(span_reader_next(&reader, &field), WIRE_FIELD);
            assert_true(field.number == 2 && field.type == WIRE_FIXED32 && field.scalar == four);
            assert_int_equal(span_reader_next(&reader, &field), WIRE_FIELD);
            assert_true(field.number == 536870911 && field.type == WIRE_FIXED64 &&
                        field.scalar == eight);
            assert_int_equal(span_reader_next(&reader, &field), WIRE_FIELD);
            assert_true(field.number == 4 && field.type == WIRE_BYTES && field.bytes.left == 5);
            assert_true(span_reader_copy(&field.bytes, 5, text));
            assert_memory_equal(text, "hello", 5);
            assert_int_equal(span_reader_next(&reader, &field), WIRE_FIELD);
            assert_true(field.number == 5 && field.bytes.left == 0);
            assert_int_equal(span_reader_next(&reader, &field), WIRE_END);
            pieces_free(pieces);
        }
    }
    bytes_free(&bytes);
}

static void test_a_sub_reader_ends_with_its_part(void **state) {
    (void)state;
    Pieces *pieces = pieces_new("abcdefgh", 8, 3, 5);
    SpanReader reader = span_reader_of(&pieces->spans), part, none;
    char text[8];
    assert_true(span_reader_copy(&reader, 1, NULL));
    assert_true(span_reader_sub(&reader, 5, &part));
    assert_false(span_reader_sub(&reader, 3, &none));
    assert_int_equal(reader.left, 2);
    assert_int_equal(span_reader_piece_count(part), 3); /* bc de f */
    Span spans[3];
    span_reader_pieces(part, spans);
    assert_memory_equal(spans[0].data, "bc", 2);
    assert_memory_equal(spans[1].data, "de", 2);
    assert_memory_equal(spans[2].data, "f", 1);
    assert_int_equal(spans[0].bytes + spans[1].bytes + spans[2].bytes, 5);
    assert_false(span_reader_copy(&part, 6, text));
    assert_true(span_reader_copy(&part, 5, text));
    assert_memory_equal(text, "bcdef", 5);
    assert_int_equal(span_reader_piece_count(part), 0);
    assert_true(span_reader_copy(&reader, 2, text));
    assert_memory_equal(text, "gh", 2);
    pieces_free(pieces);
}

static void test_an_empty_message_has_no_fields(void **state) {
    (void)state;
    Spans none = { 0 };
    SpanReader reader = span_reader_of(&none);
    WireField field;
    assert_int_equal(span_reader_next(&reader, &field), WIRE_END);
    assert_int_equal(span_reader_piece_count(reader), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_varints_from_a_table),
        cmocka_unit_test(test_malformed_fields_from_a_table),
        cmocka_unit_test(test_every_type_survives_every_cut),
        cmocka_unit_test(test_a_sub_reader_ends_with_its_part),
        cmocka_unit_test(test_an_empty_message_has_no_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
