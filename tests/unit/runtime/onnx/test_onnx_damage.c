/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A real model cut off at every byte and with bits flipped: an answer each time, within the limits.
 * What it proves it proves under ASan and UBSan; without them it shows that nothing crashes or
 * hangs.
 */

#include "runtime/onnx/onnx_import.h"

#include "runtime/graph/op_schema.h"
#include "tests/support/onnx_writer.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const OnnxLimits limits = {
    .graph_bytes = 4 << 20, .constant_bytes = 4 << 20, .nodes = 1000, .values = 1000, .depth = 16
};

static uint8_t *model;
static size_t model_bytes;

static int load_model(void **state) {
    (void)state;
    FILE *file = fopen(SAMPLES "/models/digits/1/model.onnx", "rb");
    if (!file)
        return -1;
    model = malloc(1 << 20);
    model_bytes = model ? fread(model, 1, 1 << 20, file) : 0;
    fclose(file);
    return model_bytes > 0 ? 0 : -1;
}

static int free_model(void **state) {
    (void)state;
    free(model);
    return 0;
}

/* Imports a copy of exactly this size, so that ASan sees one byte too far; true when it was
 * accepted. */
static bool import_copy(const uint8_t *bytes, size_t length) {
    void *copy = malloc(length > 0 ? length : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, length);
    Graph *graph = NULL;
    Status status = onnx_import(copy, length, &limits, &graph);
    if (!status_is_ok(&status)) {
        assert_null(graph);
        assert_true(status.message[0] != '\0');
        assert_true(status.code == STATUS_INVALID_ARGUMENT || status.code == STATUS_UNIMPLEMENTED ||
                    status.code == STATUS_RESOURCE_EXHAUSTED);
        free(copy);
        return false;
    }
    assert_true(arena_used_bytes(graph_arena(graph)) <= limits.graph_bytes + limits.constant_bytes);
    graph_free(graph);
    return true;
}

static void test_the_whole_model_is_accepted(void **state) {
    (void)state;
    uint8_t *copy = malloc(model_bytes);
    memcpy(copy, model, model_bytes);
    Graph *graph = NULL;
    Status status = onnx_import(copy, model_bytes, NULL, &graph);
    assert_string_equal(status.message, "");
    assert_int_equal(graph_input_count(graph), 1);
    assert_int_equal(graph_output_count(graph), 1);
    status = graph_infer(graph);
    assert_string_equal(status.message, "");
    const Value *output = graph_value(graph, graph_output(graph, 0)->value);
    assert_int_equal(output->dtype, DTYPE_F32);
    assert_int_equal(output->shape.dims[1], 10);
    graph_free(graph);
}

static void test_truncation_at_every_byte(void **state) {
    (void)state;
    size_t accepted = 0;
    for (size_t length = 0; length < model_bytes; length++)
        accepted += import_copy(model, length);
    assert_true(accepted <=
                2); /* before or after the last field, opset_import or metadata, at most */
}

static void test_flipped_bits(void **state) {
    (void)state;
    uint64_t seed = 42;
    size_t accepted = 0;
    for (int round = 0; round < 20000; round++) {
        size_t bits[8];
        size_t count = 1 + (size_t)round % 8;
        for (size_t i = 0; i < count; i++) {
            seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            /* Most of the file is weights: two of three flips go to its first and last 3 KB, where
             * the structure is. */
            uint64_t pick = seed >> 33, edge = 3072 * 8;
            bits[i] = round % 3 == 0   ? pick % (model_bytes * 8)
                      : round % 3 == 1 ? pick % edge
                                       : model_bytes * 8 - 1 - pick % edge;
            model[bits[i] / 8] ^= (uint8_t)(1 << bits[i] % 8);
        }
        accepted += import_copy(model, model_bytes);
        for (size_t i = 0; i < count; i++)
            model[bits[i] / 8] ^= (uint8_t)(1 << bits[i] % 8);
    }
    assert_true(accepted > 0); /* flips inside weights change nothing that is checked */
    assert_true(accepted < 20000);
}

/* Messages in messages, a million deep, where the reader does look: types, and attributes with
 * graphs. */
static void expect_refusal_of_nesting(uint32_t outer, uint32_t inner, const char *message) {
    enum { DEPTH = 1000000 };
    size_t capacity = (size_t)DEPTH * 6, length = 0;
    uint8_t *nest = malloc(capacity), *at = nest + capacity;
    assert_non_null(nest);
    for (int i = 0; i < DEPTH; i++) {
        at -= 6;
        at[0] = (uint8_t)((i % 2 ? outer : inner) << 3 | 2);
        for (int b = 0; b < 5; b++)
            at[1 + b] = (uint8_t)((length >> (7 * b) & 0x7F) | (b < 4 ? 0x80 : 0));
        length += 6;
    }
    WireWriter file = { 0 };
    size_t graph = onnx_open_model(&file, 13);
    size_t input = wire_open(&file, 11);
    wire_put_text(&file, 1, "x");
    wire_put_bytes(&file, 2, at, length);
    wire_close(&file, input);
    onnx_put_node(&file, "Relu", "x", "y");
    wire_close(&file, graph);
    Graph *made = NULL;
    Status status = onnx_import(file.data, file.length, NULL, &made);
    assert_null(made);
    if (!strstr(status.message, message))
        fail_msg("expected '%s', got '%s'", message, status.message);
    wire_writer_deinit(&file);
    free(nest);
}

static void test_million_deep_nesting(void **state) {
    (void)state;
    /* Sequences and optionals of what, nobody looks at: it is the next thing that is refused. */
    expect_refusal_of_nesting(4, 1, "the graph has no outputs");
    expect_refusal_of_nesting(9, 1, "the graph has no outputs");
    expect_refusal_of_nesting(
        1, 2, "dim_param is not UTF-8 text"); /* tensor, shape, dim, and then text */
}

static void test_many_small_parts_stay_within_the_limits(void **state) {
    (void)state;
    WireWriter file = { 0 };
    size_t graph = onnx_open_model(&file, 13);
    for (int i = 0; i < 300000; i++)
        wire_put_raw(&file, "\x0A\x00", 2); /* empty nodes */
    wire_close(&file, graph);
    Graph *made = NULL;
    Status status = onnx_import(file.data, file.length, NULL, &made);
    assert_string_equal(status.message, "the model has more than 262144 nodes");
    wire_writer_deinit(&file);
}

static void test_outputs_of_a_node_are_limited(void **state) {
    (void)state;
    WireWriter file = { 0 };
    size_t graph = onnx_open_model(&file, 13);
    size_t node = onnx_open_node(&file, "Split", "x", "y");
    for (int i = 0; i < 2000; i++) {
        char name[16];
        snprintf(name, sizeof name, "o%d", i);
        wire_put_text(&file, 2, name);
    }
    wire_close(&file, node);
    wire_close(&file, graph);
    Graph *made = NULL;
    Status status = onnx_import(file.data, file.length, NULL, &made);
    assert_int_equal(status.code, STATUS_RESOURCE_EXHAUSTED);
    assert_string_equal(status.message,
                        "node 'n' (Split) has 2001 outputs, at most 1024 are allowed");
    wire_writer_deinit(&file);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_whole_model_is_accepted),
        cmocka_unit_test(test_truncation_at_every_byte),
        cmocka_unit_test(test_flipped_bits),
        cmocka_unit_test(test_million_deep_nesting),
        cmocka_unit_test(test_many_small_parts_stay_within_the_limits),
        cmocka_unit_test(test_outputs_of_a_node_are_limited),
    };
    return cmocka_run_group_tests(tests, load_model, free_model);
}
