/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Open Inference Protocol tensors: each datatype, raw and typed; what does not fit, and in which
 * words. */

#include "server/wire/inference_tensor.h"

#include "runtime/base/size.h"
#include "tests/support/wire_case.h"

#include <stdio.h>

typedef struct TypeCase {
    const char *name;
    DType dtype;
    uint32_t field; /* 0: raw only */
    bool is_fixed;
    size_t bytes;
} TypeCase;

static const TypeCase TYPES[] = {
    { "BOOL", DTYPE_BOOL, 1, false, 1 },  { "UINT8", DTYPE_U8, 4, false, 1 },
    { "UINT16", DTYPE_U16, 4, false, 2 }, { "UINT32", DTYPE_U32, 4, false, 4 },
    { "UINT64", DTYPE_U64, 5, false, 8 }, { "INT8", DTYPE_I8, 2, false, 1 },
    { "INT16", DTYPE_I16, 2, false, 2 },  { "INT32", DTYPE_I32, 2, false, 4 },
    { "INT64", DTYPE_I64, 3, false, 8 },  { "FP16", DTYPE_F16, 0, false, 2 },
    { "FP32", DTYPE_F32, 6, true, 4 },    { "FP64", DTYPE_F64, 7, true, 8 },
    { "BF16", DTYPE_BF16, 0, false, 2 },
};

static const StringView MODEL = { "m", 1 };

static WireTensor tensor_of(DType dtype, Shape shape) {
    return (WireTensor){ .name = { "x", 1 }, .dtype = dtype, .shape = shape };
}

typedef Status (*Decode)(SpanReader, StringView, Arena *, WireTensor *);

/* Decodes from exact memory in two pieces; frees message; the payload is moved to arena. */
static Status decode(Decode function, Bytes *message, Arena *arena, WireTensor *tensor) {
    Pieces *pieces = pieces_new(message->data, message->count, message->count / 2, message->count);
    bytes_free(message);
    Status status = function(span_reader_of(&pieces->spans), MODEL, arena, tensor);
    if (status_is_ok(&status) && tensor->payload.bytes > 0) {
        void *copy = arena_alloc(arena, tensor->payload.bytes);
        assert_non_null(copy);
        spans_copy(&tensor->payload, 0, tensor->payload.bytes, copy);
        check_ok(wire_payload_of(copy, tensor->payload.bytes, arena, &tensor->payload));
    }
    pieces_free(pieces);
    return status;
}

static void check_refused(Decode function, Bytes *message, WireTensor tensor, const char *text) {
    AUTO(arena_free) Arena *arena = case_arena_new();
    Status status = decode(function, message, arena, &tensor);
    assert_string_equal(status.message, text);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
}

static void test_names_both_ways(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(TYPES); i++) {
        assert_string_equal(inference_dtype_name(TYPES[i].dtype), TYPES[i].name);
        assert_int_equal(inference_dtype_find(text_view(TYPES[i].name)), TYPES[i].dtype);
    }
    assert_string_equal(inference_dtype_name(DTYPE_STRING), "BYTES");
    assert_int_equal(inference_dtype_find(text_view("BYTES")), DTYPE_STRING);
    assert_null(inference_dtype_name(DTYPE_C64));
    static const char *const unknown[] = { "", "fp32", "FP3", "FP322", "STRING", "TYPE_FP32" };
    for (size_t i = 0; i < ARRAY_LENGTH(unknown); i++)
        assert_int_equal(inference_dtype_find(text_view(unknown[i])), DTYPE_INVALID);
}

static void test_every_type_raw_and_typed(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(TYPES); i++) {
        for (int form = 0; form < 3; form++) { /* raw, packed, not packed */
            if (form > 0 && TYPES[i].field == 0)
                continue;
            AUTO(arena_free) Arena *arena = case_arena_new();
            size_t bytes = TYPES[i].bytes;
            unsigned char elements[24];
            for (size_t k = 0; k < 3 * bytes; k++)
                elements[k] = (unsigned char)(TYPES[i].dtype == DTYPE_BOOL ? k != 1 : 71 * k + 200);
            Bytes message = { 0 }, inside = { 0 };
            for (size_t k = 0; k < 3; k++) {
                uint64_t value = 0;
                memcpy(&value, elements + k * bytes, bytes);
                if (form == 1 && TYPES[i].is_fixed)
                    bytes_add(&inside, elements + k * bytes, bytes);
                else if (form == 1)
                    bytes_varint(&inside, value);
                else if (form == 2 && TYPES[i].is_fixed)
                    bytes_fixed(&message, TYPES[i].field, elements + k * bytes, bytes);
                else if (form == 2)
                    bytes_number(&message, TYPES[i].field, value);
            }
            if (form == 0)
                bytes_add(&message, elements, 3 * bytes);
            if (form == 1)
                bytes_message(&message, TYPES[i].field, &inside);
            WireTensor tensor = tensor_of(TYPES[i].dtype, SHAPE(3));
            check_ok(decode(form == 0 ? inference_raw_decode : inference_contents_decode, &message,
                            arena, &tensor));
            assert_true(tensor.has_data);
            if (tensor.payload.bytes != 3 * bytes ||
                memcmp(tensor.payload.items[0].data, elements, 3 * bytes) != 0)
                fail_msg("%s form %d", TYPES[i].name, form);
        }
    }
}

static void test_small_integers_are_narrowed_to_their_low_bytes(void **state) {
    (void)state;
    AUTO(arena_free) Arena *arena = case_arena_new();
    Bytes message = { 0 };
    bytes_number(&message, 2, (uint64_t)-1);
    bytes_number(&message, 2, 0x1234);
    WireTensor tensor = tensor_of(DTYPE_I8, SHAPE(2));
    check_ok(decode(inference_contents_decode, &message, arena, &tensor));
    assert_memory_equal(tensor.payload.items[0].data, "\xFF\x34", 2);
}

static void test_bools_are_made_0_or_1(void **state) {
    (void)state;
    AUTO(arena_free) Arena *arena = case_arena_new();
    Bytes message = { 0 };
    bytes_add(&message, "\x00\x01\x02\xFF", 4);
    WireTensor tensor = tensor_of(DTYPE_BOOL, SHAPE(4));
    check_ok(decode(inference_raw_decode, &message, arena, &tensor));
    assert_memory_equal(tensor.payload.items[0].data, "\x00\x01\x01\x01", 4);
    bytes_number(&message, 1, 256);
    tensor = tensor_of(DTYPE_BOOL, SHAPE(1));
    check_ok(decode(inference_contents_decode, &message, arena, &tensor));
    assert_memory_equal(tensor.payload.items[0].data, "\x01", 1);
}

static void test_strings_raw_and_typed(void **state) {
    (void)state;
    for (int form = 0; form < 2; form++) {
        AUTO(arena_free) Arena *arena = case_arena_new();
        Bytes message = { 0 };
        if (form == 0)
            bytes_add(&message, "\x02\0\0\0a\0\0\0\0\0\x01\0\0\0\xFF", 15);
        else {
            bytes_field(&message, 8, "a\0", 2);
            bytes_field(&message, 8, "", 0);
            bytes_field(&message, 8, "\xFF", 1);
        }
        WireTensor tensor = tensor_of(DTYPE_STRING, SHAPE(3, 1));
        check_ok(decode(form == 0 ? inference_raw_decode : inference_contents_decode, &message,
                        arena, &tensor));
        assert_int_equal(tensor.payload.bytes, 3 * sizeof(StringView));
        const StringView *views = tensor.payload.items[0].data;
        assert_true(text_equal(views[0], (StringView){ "a\0", 2 }));
        assert_int_equal(views[1].length, 0);
        assert_true(text_equal(views[2], (StringView){ "\xFF", 1 }));
        assert_true(tensor.text_bytes >= 3);
    }
}

static void test_raw_strings_that_lie(void **state) {
    (void)state;
    static const struct {
        int64_t elements;
        const char *bytes;
        size_t count;
        const char *text;
    } rows[] = {
        { 1, "\x01\0\0", 3,
          "incomplete string length indicator for inference input 'x', expecting 4 bytes but only "
          "3 bytes available" },
        { 1, "\x05\0\0\0abcd", 8,
          "incomplete string data for inference input 'x', expecting string of length 5 but only 4 "
          "bytes available" },
        { 1, "\xFF\xFF\xFF\xFF", 4,
          "incomplete string data for inference input 'x', expecting string of length 4294967295 "
          "but only 0 bytes available" },
        { 1, "\0\0\0\0\0\0\0\0", 8,
          "unexpected number of string elements 2 for inference input 'x', expecting 1" },
        { 0, "\0\0\0\0", 4,
          "unexpected number of string elements 1 for inference input 'x', expecting 0" },
        { 3, "\0\0\0\0\0\0\0\0", 8, "expected 3 string elements for inference input 'x', got 2" },
        { 1LL << 56, "", 0,
          "expected 72057594037927936 string elements for inference input 'x', got 0" },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        Bytes message = { 0 };
        bytes_add(&message, rows[i].bytes, rows[i].count);
        check_refused(inference_raw_decode, &message,
                      tensor_of(DTYPE_STRING, SHAPE(rows[i].elements)), rows[i].text);
    }
}

static void test_counts_that_are_not_the_shape_s(void **state) {
    (void)state;
    Bytes message = { 0 };
    bytes_add(&message, "1234567", 7);
    check_refused(inference_raw_decode, &message, tensor_of(DTYPE_F32, SHAPE(2)),
                  "input byte size mismatch for input 'x' for model 'm'. Expected 8, got 7");
    check_refused(inference_raw_decode, &message, tensor_of(DTYPE_F32, SHAPE_SCALAR),
                  "input byte size mismatch for input 'x' for model 'm'. Expected 4, got 0");
    bytes_number(&message, 3, 1);
    check_refused(inference_contents_decode, &message, tensor_of(DTYPE_I64, SHAPE(2)),
                  "input element size mismatch for input 'x' for model 'm'. Expected 2, got 1");
    check_refused(inference_contents_decode, &message, tensor_of(DTYPE_F16, SHAPE(2)),
                  "input element size mismatch for input 'x' for model 'm'. Expected 2, got 0");
    check_refused(inference_raw_decode, &message, tensor_of(DTYPE_U8, SHAPE(1LL << 32, 1LL << 32)),
                  "the shape [4294967296,4294967296] of input 'x' overflows");
    check_refused(inference_raw_decode, &message, tensor_of(DTYPE_F64, SHAPE(INT64_MAX)),
                  "the shape [9223372036854775807] of input 'x' overflows");
    check_refused(inference_contents_decode, &message,
                  tensor_of(DTYPE_U8, SHAPE(1LL << 32, 1LL << 32)),
                  "the shape [4294967296,4294967296] of input 'x' overflows");
    bytes_text(&message, 6, "12345"); /* not whole floats */
    check_refused(inference_contents_decode, &message, tensor_of(DTYPE_F32, SHAPE(1)),
                  "malformed tensor message");
    bytes_fixed(&message, 2, "1234", 4); /* an int32 as fixed */
    check_refused(inference_contents_decode, &message, tensor_of(DTYPE_I32, SHAPE(1)),
                  "malformed tensor message");
}

static void test_contents_of_another_type(void **state) {
    (void)state;
    static const struct {
        DType dtype;
        uint32_t field;
        const char *given, *expected;
    } rows[] = {
        { DTYPE_F32, 7, "FP64", "FP32" },   { DTYPE_I64, 2, "INT32", "INT64" },
        { DTYPE_U8, 2, "INT32", "UINT8" },  { DTYPE_F16, 6, "FP32", "FP16" },
        { DTYPE_BF16, 8, "BYTES", "BF16" }, { DTYPE_STRING, 1, "BOOL", "BYTES" },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        char text[200];
        snprintf(text, sizeof text,
                 "unexpected explicit tensor data for input tensor 'x' for model 'm' of type '%s', "
                 "expected datatype '%s'",
                 rows[i].given, rows[i].expected);
        Bytes message = { 0 };
        bytes_text(&message, rows[i].field, "");
        check_refused(inference_contents_decode, &message, tensor_of(rows[i].dtype, SHAPE(1)),
                      text);
    }
}

static void test_nothing_is_fine_where_nothing_is_wanted(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(TYPES); i++) {
        AUTO(arena_free) Arena *arena = case_arena_new();
        Bytes message = { 0 };
        WireTensor tensor = tensor_of(TYPES[i].dtype, SHAPE(4, 0));
        check_ok(decode(inference_raw_decode, &message, arena, &tensor));
        assert_true(tensor.has_data && tensor.payload.bytes == 0);
        tensor = tensor_of(TYPES[i].dtype, SHAPE(0));
        check_ok(decode(inference_contents_decode, &message, arena, &tensor));
        assert_true(tensor.has_data && tensor.payload.bytes == 0);
    }
}

static void test_raw_answers(void **state) {
    (void)state;
    AUTO(output_pool_free) OutputPool *pool = NULL;
    check_ok(output_pool_new(1 << 20, &pool));
    AUTO(output_block_unref) OutputBlock *block = NULL;
    check_ok(output_block_new(pool, &block));
    unsigned char *data = output_block_alloc(block, WIRE_COPY_BYTES + 1);
    assert_non_null(data);
    memset(data, 7, WIRE_COPY_BYTES + 1);
    for (size_t bytes = WIRE_COPY_BYTES; bytes <= WIRE_COPY_BYTES + 1; bytes++) {
        AUTO(arena_free) Arena *arena = case_arena_new();
        WireReply reply;
        wire_reply_init(&reply, arena);
        Tensor tensor = {
            .dtype = DTYPE_U8, .shape = SHAPE((int64_t)bytes), .data = data, .bytes = bytes
        };
        check_ok(inference_raw_put(&tensor, block, &reply));
        assert_int_equal(inference_raw_bytes(&tensor), bytes);
        assert_int_equal(reply.bytes, bytes);
        assert_int_equal(reply.pieces[0].block == block, bytes > WIRE_COPY_BYTES);
        assert_int_equal(reply.pieces[0].data == data, bytes > WIRE_COPY_BYTES);
    }
    AUTO(arena_free) Arena *arena = case_arena_new();
    WireReply reply;
    wire_reply_init(&reply, arena);
    StringView views[] = { { "ab", 2 }, { NULL, 0 } };
    Tensor strings = {
        .dtype = DTYPE_STRING, .shape = SHAPE(2), .data = views, .bytes = sizeof views
    };
    check_ok(inference_raw_put(&strings, block, &reply));
    Bytes flat = case_flatten(&reply);
    assert_int_equal(flat.count, inference_raw_bytes(&strings));
    assert_memory_equal(flat.data, "\x02\0\0\0ab\0\0\0\0", 10);
    bytes_free(&flat);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_both_ways),
        cmocka_unit_test(test_every_type_raw_and_typed),
        cmocka_unit_test(test_small_integers_are_narrowed_to_their_low_bytes),
        cmocka_unit_test(test_bools_are_made_0_or_1),
        cmocka_unit_test(test_strings_raw_and_typed),
        cmocka_unit_test(test_raw_strings_that_lie),
        cmocka_unit_test(test_counts_that_are_not_the_shape_s),
        cmocka_unit_test(test_contents_of_another_type),
        cmocka_unit_test(test_nothing_is_fine_where_nothing_is_wanted),
        cmocka_unit_test(test_raw_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
