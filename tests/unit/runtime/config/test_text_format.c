/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Protobuf text format: the whole grammar once, errors with their place, and text that means harm.
 */

#include "runtime/config/text_format.h"

#include "inference/model_config.pb-c.h"
#include "tensorflow/core/protobuf/struct.pb-c.h"

#include <math.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { BUDGET_BYTES = 64 << 20 };

static Arena *arena;

static int set_up(void **state) {
    (void)state;
    Status status = arena_new(4096, BUDGET_BYTES, &arena);
    return status_is_ok(&status) ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    arena_free(arena);
    return 0;
}

static const Inference__ModelConfig *parse(const char *text, const TextMessage **ret_message) {
    TextMessage *message = NULL;
    Status status = text_format_parse(text, strlen(text), &inference__model_config__descriptor,
                                      arena, &message);
    assert_string_equal(status.message, "");
    if (ret_message)
        *ret_message = message;
    return (const Inference__ModelConfig *)text_message_root(message);
}

static Status parse_wrong(const char *text, size_t length) {
    TextMessage *message = NULL;
    Status status =
        text_format_parse(text, length, &inference__model_config__descriptor, arena, &message);
    assert_null(message);
    return status;
}

static void test_every_way_to_write_a_field(void **state) {
    (void)state;
    const Inference__ModelConfig *config = parse(
        "# a comment\n"
        "name: \"a\" 'b' # joined over comments\n \"\\x63\\144\\u00e9\\n\";\n"
        "max_batch_size: 0x10,\n"
        "input [ { name: 'x' dims: [ 1, -1 ] dims: 3 }, < name: 'y' data_type: TYPE_FP32 > ]\n"
        "input: { name: \"z\" data_type: 2 optional: true is_shape_tensor: 0 reshape: < shape: [] "
        "> }\n"
        "version_policy { latest { num_versions: 010 } }\n"
        "parameters { key: \"k\" value: { string_value: \"v\" } }\n"
        "parameters: { key: \"l\" }\n",
        NULL);
    assert_string_equal(config->name, "abcd\xC3\xA9\n");
    assert_int_equal(config->max_batch_size, 16);
    assert_int_equal(config->n_input, 3);
    assert_int_equal(config->input[0]->n_dims, 3);
    assert_int_equal(config->input[0]->dims[1], -1);
    assert_int_equal(config->input[0]->dims[2], 3);
    assert_int_equal(config->input[1]->data_type, INFERENCE__DATA_TYPE__TYPE_FP32);
    assert_int_equal(config->input[2]->data_type, INFERENCE__DATA_TYPE__TYPE_UINT8);
    assert_true(config->input[2]->optional);
    assert_non_null(config->input[2]->reshape);
    assert_int_equal(config->version_policy->policy_choice_case,
                     INFERENCE__MODEL_VERSION_POLICY__POLICY_CHOICE_LATEST);
    assert_int_equal(config->version_policy->latest->num_versions, 8);
    assert_int_equal(config->n_parameters, 2);
    assert_string_equal(config->parameters[0]->value->string_value, "v");
    assert_string_equal(config->parameters[1]->key, "l");
    assert_string_equal(config->backend, "");
}

static void test_floats_take_inf_and_nan(void **state) {
    (void)state;
    const Inference__ModelConfig *config =
        parse("model_metrics { metric_control { histogram_options { buckets: [ 1, .5, 2.5e-3f, "
              "-inf, nan, Infinity ] } } }",
              NULL);
    const Inference__ModelMetrics__MetricControl *control =
        config->model_metrics->metric_control[0];
    const double *buckets = control->histogram_options->buckets;
    assert_int_equal(control->histogram_options->n_buckets, 6);
    assert_true(buckets[0] == 1 && buckets[1] == 0.5 && buckets[2] == 2.5e-3);
    assert_true(isinf(buckets[3]) && buckets[3] < 0 && isnan(buckets[4]) && isinf(buckets[5]));
}

static void test_positions_by_path(void **state) {
    (void)state;
    const TextMessage *message;
    parse("max_batch_size: 0\n  input { name: 'x' }\n  input {\n    dims: [ 1,\n 2 ]\n  }",
          &message);
    TextPosition position = text_message_position(message, "max_batch_size");
    assert_int_equal(position.line, 1);
    assert_int_equal(position.column, 1);
    position = text_message_position(message, "input[1].dims[1]");
    assert_int_equal(position.line, 5);
    assert_int_equal(position.column, 2);
    assert_int_equal(text_message_position(message, "input[0].dims").line, 0);
    assert_int_equal(text_message_position(message, "name").line, 0);
    Status status = text_message_error(message, "input[1].name", "is missing");
    assert_string_equal(status.message,
                        "3:3: input[1].name: is missing"); /* at the nearest that was given */
}

static void test_errors_name_their_place(void **state) {
    (void)state;
    static const struct {
        const char *text, *message;
    } rows[] = {
        { "name: 'x'\nmax_batchsize: 1",
          "2:1: ModelConfig has no field 'max_batchsize'; did you mean 'max_batch_size'?" },
        { "batch_size: 1",
          "1:1: ModelConfig has no field 'batch_size'; did you mean 'max_batch_size'?" },
        { "zzzzzzzzzzzzzzzz: 1", "1:1: ModelConfig has no field 'zzzzzzzzzzzzzzzz'" },
        { "name 'x'", "1:6: expected ':' after field 'name', got a string" },
        { "name: x", "1:7: field 'name' wants a string in quotes, got 'x'" },
        { "name: 'x", "1:7: string is not closed" },
        { "name: 'x\n'", "1:7: string is not closed" },
        { "name: 'x\\", "1:7: string is not closed" },
        { "name: '\\q'", "1:8: unknown escape in string" },
        { "name: '\\777'", "1:8: octal escape is out of range" },
        { "name: '\\ud800'", "1:8: escape \\u does not name a character" },
        { "name: '\\xff'", "1:7: field 'name' wants UTF-8 text without NUL" },
        { "name: 'a\\0b'", "1:7: field 'name' wants UTF-8 text without NUL" },
        { "name: 'a' name: 'b'", "1:11: field 'name' was given before, at 1:1" },
        { "dynamic_batching {} sequence_batching {}",
          "1:21: field 'sequence_batching' excludes 'dynamic_batching', given at 1:1" },
        { "max_batch_size: 2147483648",
          "1:17: field 'max_batch_size' wants a whole number of 32 bits, got '2147483648'" },
        { "max_batch_size: 99999999999999999999999999",
          "1:17: field 'max_batch_size' wants a whole number of 32 bits, got "
          "'99999999999999999999999999'" },
        { "max_batch_size: 1.5",
          "1:17: field 'max_batch_size' wants a whole number of 32 bits, got '1.5'" },
        { "max_batch_size: [ 1 ]", "1:17: field 'max_batch_size' takes one value, not a list" },
        { "input { data_type: FP32 }",
          "1:20: field 'data_type' has no value 'FP32'; did you mean TYPE_FP32?" },
        { "input { data_type: 77 }", "1:20: field 'data_type' has no value with the number 77" },
        { "input { optional: yes }", "1:19: field 'optional' wants true or false, got 'yes'" },
        { "input { dims: [ 1 2 ] }",
          "1:19: expected ',' or ']' in the list of field 'dims', got '2'" },
        { "input { dims: [ 1,",
          "1:19: field 'dims' wants a whole number of 64 bits, got end of file" },
        { "input: 3", "1:8: field 'input' is a message and wants '{', got '3'" },
        { "input {\n name: 'x'", "2:11: field 'input' of line 1 is not closed with '}'" },
        { "input < name: 'x' }", "1:19: expected a field name or a closing bracket, got '}'" },
        { "}", "1:1: expected a field name, got '}'" },
        { "name: 'x' @", "1:11: unexpected '@'" },
        { "\xE2\x82\xAC", "1:1: unexpected byte 0xE2" },
        { "[a.b/c] { }", "1:1: extensions and expanded Any are not supported" },
        { "version_policy { latest { num_versions: -1 } }",
          "1:42: field 'num_versions' wants a whole number from 0 to 2^32 - 1, got a minus before "
          "'1'" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        Status status = parse_wrong(rows[i].text, strlen(rows[i].text));
        assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
        assert_string_equal(status.message, rows[i].message);
    }
}

static void test_deep_nesting_ends_at_the_limit(void **state) {
    (void)state;
    /* StructuredValue recurses: list_value holds values, which hold list_value. */
    static const char step[] = "list_value{values{";
    size_t steps = 200000, length = steps * (sizeof step - 1);
    char *text = malloc(length);
    for (size_t i = 0; i < steps; i++)
        memcpy(text + i * (sizeof step - 1), step, sizeof step - 1);
    TextMessage *message = NULL;
    Status status =
        text_format_parse(text, length, &tensorflow__structured_value__descriptor, arena, &message);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(status.message, "nested deeper than 32"));
    free(text);
}

static void test_a_million_brackets_are_an_error(void **state) {
    (void)state;
    size_t length = 1000000;
    char *text = malloc(length);
    static const char openers[] = "{<[\"\\'#-:";
    for (size_t i = 0; i < sizeof openers - 1; i++) {
        memset(text, openers[i], length);
        TextMessage *message = NULL;
        Status status =
            text_format_parse(text, length, &inference__model_config__descriptor, arena, &message);
        assert_true(openers[i] == '#' || status.code == STATUS_INVALID_ARGUMENT);
    }
    free(text);
}

static void test_large_text_and_budget_are_bounded(void **state) {
    (void)state;
    size_t length = 5 << 20;
    char *text = malloc(length);
    memset(text, ' ', length);
    assert_int_equal(parse_wrong(text, length).code, STATUS_INVALID_ARGUMENT);
    /* Short fields that cost much more in memory than in text. */
    static const char step[] = "input{}";
    length = 500000 * (sizeof step - 1);
    for (size_t i = 0; i < 500000; i++)
        memcpy(text + i * (sizeof step - 1), step, sizeof step - 1);
    assert_int_equal(parse_wrong(text, length).code, STATUS_RESOURCE_EXHAUSTED);
    free(text);
}

static void test_every_truncation_is_handled(void **state) {
    (void)state;
    static const char text[] =
        "name: 'm' input [ { name: \"x\\x41\" dims: [ 1, -2 ] reshape < shape: 3 > } ] "
        "parameters { key: 'a' value { string_value: \"b\" } } # end";
    for (size_t length = 0; length < sizeof text; length++) {
        char *copy = malloc(length + 1); /* exact size, so that a read beyond the end is seen */
        memcpy(copy, text, length);
        TextMessage *message = NULL;
        Status status =
            text_format_parse(copy, length, &inference__model_config__descriptor, arena, &message);
        assert_true(status.code == STATUS_OK || status.code == STATUS_INVALID_ARGUMENT);
        free(copy);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_way_to_write_a_field, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_floats_take_inf_and_nan, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_positions_by_path, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_errors_name_their_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_deep_nesting_ends_at_the_limit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_million_brackets_are_an_error, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_large_text_and_budget_are_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_every_truncation_is_handled, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
