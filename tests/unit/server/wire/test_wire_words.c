/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* The small parts of both protocols, from tables: versions, model specs, parameters, text, lists of
 * names, pieces. */

#include "runtime/base/clock.h"
#include "runtime/base/size.h"
#include "server/wire/wire_bind.h"
#include "server/wire/wire_model_spec.h"
#include "server/wire/wire_parameter.h"
#include "server/wire/wire_version.h"
#include "tests/support/wire_case.h"

#include "tensorflow_serving/apis/model.pb-c.h"

#include <stdio.h>

static void test_versions(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t number; /* 0: none; -1: refused */
        const char *details;
    } rows[] = {
        { "", 0, NULL },
        { "1", 1, NULL },
        { "007", 7, NULL },
        { "1700000000000000001", 1700000000000000001, NULL }, /* nanoseconds since 1970 */
        { "9223372036854775807", INT64_MAX, NULL },
        { "0000000000000000000000001", 1, NULL },
        { "9223372036854775808", -1, "out of range" },
        { "99999999999999999999999999", -1, "out of range" },
        { "0", -1, "zero" },
        { "-1", -1, "not a number" },
        { "+1", -1, "not a number" },
        { " 1", -1, "not a number" },
        { "1 ", -1, "not a number" },
        { "0x1", -1, "not a number" },
        { "latest", -1, "not a number" },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        VersionChoice choice = { 0 };
        Status status = wire_version_parse(text_view(rows[i].text), &choice);
        if (rows[i].number >= 0) {
            check_ok(status);
            assert_int_equal(choice.has_number, rows[i].number > 0);
            assert_true(choice.number == rows[i].number);
            continue;
        }
        char text[256];
        snprintf(text, sizeof text,
                 "failed to get model version from specified version string '%s' (details: %s), "
                 "version should be an "
                 "integral value > 0",
                 rows[i].text, rows[i].details);
        assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
        assert_string_equal(status.message, text);
    }
}

static void test_words_for_versions_that_cannot_be_had(void **state) {
    (void)state;
    static const struct {
        StatusCode found;
        int64_t number;
        StatusCode code;
        const char *text;
    } rows[] = {
        { STATUS_NOT_FOUND, 0, STATUS_NOT_FOUND, "Request for unknown model: 'm' is not found" },
        { STATUS_NOT_FOUND, 3, STATUS_NOT_FOUND,
          "Request for unknown model: 'm' version 3 is not found" },
        { STATUS_FAILED_PRECONDITION, 0, STATUS_NOT_FOUND,
          "Request for unknown model: 'm' has no available versions" },
        { STATUS_FAILED_PRECONDITION, 3, STATUS_UNAVAILABLE,
          "Request for unknown model: 'm' version 3 is not at ready state" },
        { STATUS_INTERNAL, 3, STATUS_INTERNAL, "found" },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        Status found = status_error(rows[i].found, "found");
        VersionChoice choice = { .has_number = rows[i].number > 0, .number = rows[i].number };
        Status status = wire_version_error(&found, text_view("m"), &choice);
        assert_int_equal(status.code, rows[i].code);
        assert_string_equal(status.message, rows[i].text);
    }
}

static Status decode_spec(Bytes *message, Arena *arena, ModelSpec *ret_spec) {
    Pieces *pieces = pieces_new(message->data, message->count, 1, message->count);
    bytes_free(message);
    *ret_spec = (ModelSpec){ 0 };
    Status status = model_spec_decode(span_reader_of(&pieces->spans), arena, ret_spec);
    pieces_free(pieces);
    return status;
}

static void test_model_specs(void **state) {
    (void)state;
    AUTO(arena_free) Arena *arena = case_arena_new();
    Bytes message = { 0 }, version = { 0 };
    ModelSpec spec;
    bytes_text(&message, 1, "m");
    bytes_text(&message, 3, "other");
    bytes_number(&version, 1, (uint64_t)-5);
    bytes_message(&message, 2, &version);
    check_ok(decode_spec(&message, arena, &spec));
    check_ok(model_spec_check(&spec));
    assert_true(text_equal(spec.name, text_view("m")) &&
                text_equal(spec.signature, text_view("other")));
    assert_true(spec.version.has_number && spec.version.number == -5 &&
                spec.version.label.length == 0);

    bytes_text(&message, 2, ""); /* an Int64Value of 0, then a label: the last of a oneof holds */
    bytes_text(&message, 4, "stable");
    check_ok(decode_spec(&message, arena, &spec));
    assert_true(!spec.version.has_number && text_equal(spec.version.label, text_view("stable")));
    assert_string_equal(model_spec_check(&spec).message, "ModelSpec has no name specified.");

    bytes_text(&message, 4, "stable");
    bytes_text(&message, 2, "");
    check_ok(decode_spec(&message, arena, &spec));
    assert_true(spec.version.has_number && spec.version.number == 0 &&
                spec.version.label.length == 0);

    assert_string_equal(model_spec_check(&(ModelSpec){ 0 }).message, "Missing ModelSpec");
    bytes_field(&message, 1, "a\0b", 3);
    assert_string_equal(decode_spec(&message, arena, &spec).message,
                        "model_spec.name is not valid UTF-8 text without NUL");
    bytes_text(&message, 2, "\x08");
    assert_string_equal(decode_spec(&message, arena, &spec).message, "malformed ModelSpec message");
}

static void test_an_answer_s_model_spec(void **state) {
    (void)state;
    unsigned char data[64];
    StringView name = text_view("m"), signature = text_view("serving_default");
    size_t bytes = model_spec_bytes(name, 1234567, signature);
    assert_int_equal(model_spec_put(data, name, 1234567, signature) - data, bytes);
    Tensorflow__Serving__ModelSpec *spec =
        tensorflow__serving__model_spec__unpack(NULL, bytes, data);
    assert_non_null(spec);
    assert_string_equal(spec->name, "m");
    assert_string_equal(spec->signature_name, "serving_default");
    assert_int_equal(spec->version->value, 1234567);
    tensorflow__serving__model_spec__free_unpacked(spec, NULL);
}

static void test_choices_as_text(void **state) {
    (void)state;
    char buffer[CHOICE_TEXT_BYTES], name[201] = { 0 };
    VersionChoice latest = { 0 }, third = { .has_number = true, .number = 3 },
                  label = { .label = text_view("canary") };
    assert_string_equal(version_choice_format(text_view("m"), &latest, buffer), "Latest(m)");
    assert_string_equal(version_choice_format(text_view("m"), &third, buffer), "Specific(m, 3)");
    assert_string_equal(version_choice_format(text_view("m"), &label, buffer), "Label(m, canary)");
    memset(name, 'a', 99);
    memcpy(name + 99, "\xC3\xA9\xC3\xA9", 4); /* a character across the cut is left out whole */
    version_choice_format(text_view(name), &latest, buffer);
    assert_int_equal(strlen(buffer), strlen("Latest()") + 99);
    assert_true(wire_text_is_valid(buffer, strlen(buffer)));
}

/* One map entry; the value is written by hand. */
static Status check_parameter(const char *key, ParameterPlace place, Bytes *value,
                              WireInfer *infer) {
    AUTO(arena_free) Arena *arena = case_arena_new();
    Bytes entry = { 0 };
    bytes_text(&entry, 1, key);
    bytes_message(&entry, 2, value);
    Pieces *pieces = pieces_new(entry.data, entry.count, 2, 5);
    bytes_free(&entry);
    WireTensor input = { 0 };
    WireOutputOption output = { 0 };
    ParameterTarget target = { .infer = infer, .input = &input };
    if (place == PARAMETER_OF_OUTPUT)
        target = (ParameterTarget){ .output = &output };
    Status status = wire_parameter_check(span_reader_of(&pieces->spans), arena, place, &target);
    pieces_free(pieces);
    return status;
}

enum { BOOL = 1, INT64 = 2, STRING = 3, DOUBLE = 4, UINT64 = 5 };
static const struct {
    ParameterPlace place;
    const char *key;
    uint32_t kind;
    uint64_t number; /* STRING: its length */
    StatusCode code;
    const char *text;
} PARAMETERS[] = {
    { PARAMETER_OF_REQUEST, "priority", INT64, 2, STATUS_OK, "" },
    { PARAMETER_OF_REQUEST, "priority", UINT64, UINT32_MAX, STATUS_OK, "" },
    { PARAMETER_OF_REQUEST, "priority", UINT64, 1ULL + UINT32_MAX, STATUS_INVALID_ARGUMENT,
      "parameter 'priority' must be between 0 and 4294967295" },
    { PARAMETER_OF_REQUEST, "priority", INT64, UINT64_MAX, STATUS_INVALID_ARGUMENT,
      "parameter 'priority' must be between 0 and 4294967295" },
    { PARAMETER_OF_REQUEST, "priority", BOOL, 1, STATUS_INVALID_ARGUMENT,
      "parameter 'priority' must be an int64 or uint64" },
    { PARAMETER_OF_REQUEST, "timeout", INT64, 5, STATUS_OK, "" },
    { PARAMETER_OF_REQUEST, "timeout", INT64, INT64_MAX, STATUS_OK, "" },
    { PARAMETER_OF_REQUEST, "timeout", INT64, UINT64_MAX, STATUS_INVALID_ARGUMENT,
      "parameter 'timeout' must be an int64 of at least 0, in microseconds" },
    { PARAMETER_OF_REQUEST, "timeout", STRING, 1, STATUS_INVALID_ARGUMENT,
      "parameter 'timeout' must be an int64 of at least 0, in microseconds" },
    { PARAMETER_OF_REQUEST, "sequence_id", INT64, 0, STATUS_OK, "" },
    { PARAMETER_OF_REQUEST, "sequence_id", STRING, 0, STATUS_OK, "" },
    { PARAMETER_OF_REQUEST, "sequence_id", INT64, 9, STATUS_OK, "" },
    { PARAMETER_OF_REQUEST, "sequence_id", STRING, 2, STATUS_OK, "" },
    { PARAMETER_OF_REQUEST, "sequence_id", BOOL, 1, STATUS_INVALID_ARGUMENT,
      "parameter 'sequence_id' must be an int64, a uint64 or a string" },
    { PARAMETER_OF_REQUEST, "sequence_start", BOOL, 1, STATUS_OK, "" },
    { PARAMETER_OF_REQUEST, "sequence_start", INT64, 1, STATUS_INVALID_ARGUMENT,
      "parameter 'sequence_start' must be a bool" },
    { PARAMETER_OF_REQUEST, "sequence_end", BOOL, 0, STATUS_OK, "" },
    { PARAMETER_OF_REQUEST, "triton_enable_empty_final_response", BOOL, 1, STATUS_OK, "" },
    { PARAMETER_OF_REQUEST, "triton_x", BOOL, 1, STATUS_INVALID_ARGUMENT,
      "parameter keys starting with 'triton_' are reserved for internal use, as are 'headers' "
      "and "
      "'binary_data_output': got 'triton_x'" },
    { PARAMETER_OF_REQUEST, "headers", STRING, 1, STATUS_INVALID_ARGUMENT,
      "parameter keys starting with 'triton_' are reserved for internal use, as are 'headers' "
      "and "
      "'binary_data_output': got 'headers'" },
    { PARAMETER_OF_REQUEST, "triton", BOOL, 1, STATUS_OK, "" },
    { PARAMETER_OF_REQUEST, "temperature", DOUBLE, 1, STATUS_OK, "" },
    { PARAMETER_OF_INPUT, "shared_memory_region", STRING, 1, STATUS_OK, "" },
    { PARAMETER_OF_OUTPUT, "shared_memory_region", STRING, 1, STATUS_OK, "" },
    { PARAMETER_OF_OUTPUT, "shared_memory_byte_size", INT64, UINT64_MAX, STATUS_INVALID_ARGUMENT,
      "parameter 'shared_memory_byte_size' must be an int64 of at least 0" },
    { PARAMETER_OF_OUTPUT, "classification", INT64, 1, STATUS_OK, "" },
    { PARAMETER_OF_OUTPUT, "classification", STRING, 1, STATUS_INVALID_ARGUMENT,
      "parameter 'classification' must be an int64 of at least 1" },
    { PARAMETER_OF_OUTPUT, "classification", INT64, 0, STATUS_INVALID_ARGUMENT,
      "parameter 'classification' must be an int64 of at least 1" },
    { PARAMETER_OF_INPUT, "priority", BOOL, 1, STATUS_OK, "" },
    { PARAMETER_OF_OUTPUT, "binary_data", BOOL, 1, STATUS_OK, "" },
};

static void test_parameters(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(PARAMETERS); i++) {
        Bytes value = { 0 };
        if (PARAMETERS[i].kind == STRING)
            bytes_field(&value, STRING, "ab", PARAMETERS[i].number);
        else if (PARAMETERS[i].kind == DOUBLE)
            bytes_fixed(&value, DOUBLE, "12345678", 8);
        else
            bytes_number(&value, PARAMETERS[i].kind, PARAMETERS[i].number);
        WireInfer infer = { 0 };
        Status status = check_parameter(PARAMETERS[i].key, PARAMETERS[i].place, &value, &infer);
        assert_string_equal(status.message, PARAMETERS[i].text);
        assert_int_equal(status.code, PARAMETERS[i].code);
    }
}

static void test_what_parameters_set(void **state) {
    (void)state;
    WireInfer infer = { 0 };
    Bytes value = { 0 };
    bytes_number(&value, 2, 7);
    check_ok(check_parameter("priority", PARAMETER_OF_REQUEST, &value, &infer));
    assert_int_equal(infer.priority, 7);
    bytes_number(&value, 2, 250);
    check_ok(check_parameter("timeout", PARAMETER_OF_REQUEST, &value, &infer));
    assert_int_equal(infer.timeout_ns, 250000);
    bytes_number(&value, 2, INT64_MAX);
    check_ok(check_parameter("timeout", PARAMETER_OF_REQUEST, &value, &infer));
    assert_true(infer.timeout_ns == TIME_NEVER);
    bytes_number(&value, 2, 9);
    bytes_fixed(&value, 2, "\1\0\0\0\0\0\0\0", 8); /* an int64 is no fixed64: not this field */
    check_ok(check_parameter("priority", PARAMETER_OF_REQUEST, &value, &infer));
    assert_int_equal(infer.priority, 9);
}

static void test_text_is_utf_8_without_nul(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t length;
        bool valid;
    } rows[] = {
        { "", 0, true },
        { "a", 1, true },
        { "\0", 1, false },
        { "\xC3\xA9", 2, true },
        { "\xE2\x82\xAC", 3, true },
        { "\xF0\x9F\x98\x80", 4, true },
        { "\xF4\x8F\xBF\xBF", 4, true },
        { "\xF4\x90\x80\x80", 4, false }, /* beyond U+10FFFF */
        { "\xF5\x80\x80\x80", 4, false },
        { "\xC0\x80", 2, false }, /* NUL, overlong */
        { "\xC1\xBF", 2, false },
        { "\xE0\x9F\xBF", 3, false },
        { "\xF0\x8F\xBF\xBF", 4, false },
        { "\xED\xA0\x80", 3, false }, /* surrogate */
        { "\xED\x9F\xBF", 3, true },
        { "\x80", 1, false },
        { "\xC3", 1, false },
        { "\xE2\x82", 2, false },
        { "\xF0\x9F\x98", 3, false },
        { "\xC3\xC3", 2, false },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        if (wire_text_is_valid(rows[i].text, rows[i].length) != rows[i].valid)
            fail_msg("row %zu", i);
}

static void test_a_list_of_names_is_cut_between_characters(void **state) {
    (void)state;
    NameList list = { 0 };
    name_list_add(&list, text_view("a"), ",");
    name_list_add(&list, text_view("b"), ",");
    assert_string_equal(list.text, "a,b");
    for (size_t i = 0; i < 200; i++) {
        name_list_add(&list, text_view("\xE2\x82\xAC"), ",");
        assert_true(strlen(list.text) < sizeof list.text);
        assert_true(wire_text_is_valid(list.text, strlen(list.text)));
    }
    assert_string_equal(list.text + strlen(list.text) - 3, "...");
}

static void test_shapes_as_triton_says_them(void **state) {
    (void)state;
    assert_string_equal(WIRE_SHAPE_TEXT(&SHAPE(DIM_UNKNOWN, 16)), "[-1,16]");
    assert_string_equal(WIRE_SHAPE_TEXT(&SHAPE_SCALAR), "[]");
}

static void test_short_pieces_are_copied_and_long_ones_lent(void **state) {
    (void)state;
    AUTO(arena_free) Arena *arena = case_arena_new();
    static char data[WIRE_COPY_BYTES + 1];
    OutputBlock *block = (OutputBlock *)(void *)data; /* only carried along */
    WireReply reply;
    wire_reply_init(&reply, arena);
    check_ok(wire_reply_add(&reply, data, WIRE_COPY_BYTES, block));
    check_ok(wire_reply_add(&reply, data, WIRE_COPY_BYTES + 1, block));
    check_ok(wire_reply_add(&reply, data, WIRE_COPY_BYTES + 1, NULL));
    check_ok(wire_reply_add(&reply, data, 0, block));
    size_t lent = 0, bytes = 0;
    for (size_t i = 0; i < reply.count; i++) {
        lent += reply.pieces[i].block != NULL;
        assert_int_equal(reply.pieces[i].data == data, reply.pieces[i].block != NULL);
        bytes += reply.pieces[i].bytes;
    }
    assert_int_equal(lent, 1);
    assert_int_equal(bytes, reply.bytes);
    for (int i = 0; i < 100; i++) /* grows beyond its first room */
        check_ok(wire_reply_add(&reply, data, WIRE_COPY_BYTES + 1, block));
    assert_true(reply.count > 100);
    Status full = status_ok();
    for (int i = 0; i < 1000 && status_is_ok(&full); i++)
        full = wire_reply_add(&reply, data, WIRE_COPY_BYTES, NULL);
    assert_int_equal(full.code, STATUS_RESOURCE_EXHAUSTED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_versions),
        cmocka_unit_test(test_words_for_versions_that_cannot_be_had),
        cmocka_unit_test(test_model_specs),
        cmocka_unit_test(test_an_answer_s_model_spec),
        cmocka_unit_test(test_choices_as_text),
        cmocka_unit_test(test_parameters),
        cmocka_unit_test(test_what_parameters_set),
        cmocka_unit_test(test_text_is_utf_8_without_nul),
        cmocka_unit_test(test_a_list_of_names_is_cut_between_characters),
        cmocka_unit_test(test_shapes_as_triton_says_them),
        cmocka_unit_test(test_short_pieces_are_copied_and_long_ones_lent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
