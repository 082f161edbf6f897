/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Models with bodies, from a file to the answer: what bodies read of the graphs around them, what
 * is carried from turn to turn, and every way in which a body can be wrong. Each model runs with
 * passes and without.
 */

#include "runtime/base/size.h"
#include "tests/support/file_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* if c: x + w else: -x, where x and w are the outer graph's */
static FileCase branches(void) {
    FileCase file = file_case_open();
    WireWriter *writer = &file.writer;
    onnx_put_tensor(writer, 5, "w", DTYPE_F32, FILE_TWO, 1, (float[]){ 10, 20 }, 8);
    size_t node = onnx_open_node(writer, "If", "c", "y");
    OpenBody body = onnx_open_body(writer, "then_branch");
    onnx_put_node(writer, "Add", "h w", "t");
    onnx_put_port(writer, FILE_OUTPUT, "t", DTYPE_F32, FILE_OPEN, 1);
    onnx_close_body(writer, body);
    body = onnx_open_body(writer, "else_branch");
    onnx_put_node(writer, "Neg", "h", "e");
    onnx_put_port(writer, FILE_OUTPUT, "e", DTYPE_F32, FILE_OPEN, 1);
    onnx_close_body(writer, body);
    wire_close(writer, node);
    onnx_put_node(writer, "Identity", "x", "h"); /* behind its user in the file */
    onnx_put_port(writer, FILE_INPUT, "c", DTYPE_BOOL, FILE_SCALAR, 0);
    onnx_put_port(writer, FILE_INPUT, "x", DTYPE_F32, FILE_OPEN, 1);
    onnx_put_port(writer, FILE_OUTPUT, "y", DTYPE_F32, FILE_OPEN, 1);
    return file;
}

static void test_if_takes_the_branch_that_the_condition_says(void **state) {
    FileCase file = branches();
    float x[] = { 1, 2 };
    uint8_t yes = 1, no = 0;
    FILE_CASE_RUN(*state, &file, ((Tensor[]){ file_flag(&yes), file_floats(x, 2) }), 11, 22);
    FILE_CASE_RUN(*state, &file, ((Tensor[]){ file_flag(&no), file_floats(x, 2) }), -1, -2);
    wire_writer_deinit(&file.writer);
}

static void test_if_runs_although_the_other_branch_cannot_take_the_shapes(void **state) {
    FileCase file = branches();
    float x[] = { 1, 2, 3 };
    uint8_t no = 0, yes = 1;
    FILE_CASE_RUN(*state, &file, ((Tensor[]){ file_flag(&no), file_floats(x, 3) }), -1, -2, -3);
    file_case_refused(*state, &file, (Tensor[]){ file_flag(&yes), file_floats(x, 3) }, 0, "Add");
}

/* The branch's result is a view of what its last step writes: of another shape. */
static void test_a_branch_may_end_in_a_view(void **state) {
    FileCase file = file_case_open();
    WireWriter *writer = &file.writer;
    size_t node = onnx_open_node(writer, "If", "c", "t");
    for (int side = 0; side < 2; side++) {
        OpenBody body = onnx_open_body(writer, side ? "else_branch" : "then_branch");
        onnx_put_node(writer, side ? "Relu" : "Neg", "x", "h");
        size_t flatten = onnx_open_node(writer, "Flatten", "h", "f");
        onnx_put_attr_int(writer, "axis", 0);
        wire_close(writer, flatten);
        onnx_put_port(writer, FILE_OUTPUT, "f", DTYPE_F32, NULL, -1);
        onnx_close_body(writer, body);
    }
    wire_close(writer, node);
    onnx_put_node(writer, "Shape", "t", "s");
    onnx_put_port(writer, FILE_INPUT, "c", DTYPE_BOOL, FILE_SCALAR, 0);
    onnx_put_port(writer, FILE_INPUT, "x", DTYPE_F32, FILE_OPEN, 1);
    onnx_put_port(writer, FILE_OUTPUT, "t", DTYPE_F32, NULL, -1);
    onnx_put_port(writer, FILE_OUTPUT, "s", DTYPE_I64, NULL, -1);
    float x[] = { 1, 2, 3 };
    uint8_t yes = 1;
    FILE_CASE_RUN(*state, &file, ((Tensor[]){ file_flag(&yes), file_floats(x, 3) }), -1, -2, -3, 1,
                  3);
    wire_writer_deinit(writer);
}

/* total = x; for i in range(m): total += x, stack total; beyond: what a body may name */
static FileCase loop(const char *add, const char *outer_output) {
    FileCase file = file_case_open();
    WireWriter *writer = &file.writer;
    size_t node = onnx_open_node(writer, "Loop", "m - x", "last all");
    OpenBody body = onnx_open_body(writer, "body");
    onnx_put_port(writer, FILE_INPUT, "i", DTYPE_I64, FILE_SCALAR, 0);
    onnx_put_port(writer, FILE_INPUT, "go", DTYPE_BOOL, FILE_SCALAR, 0);
    onnx_put_port(writer, FILE_INPUT, "total", DTYPE_F32, FILE_OPEN, 1);
    onnx_put_node(writer, "Identity", "go", "still");
    onnx_put_node(writer, add, "total x", "next");
    onnx_put_node(writer, "Identity", "next", "slice");
    onnx_put_port(writer, FILE_OUTPUT, "still", DTYPE_BOOL, FILE_SCALAR, 0);
    onnx_put_port(writer, FILE_OUTPUT, "next", DTYPE_F32, FILE_OPEN, 1);
    onnx_put_port(writer, FILE_OUTPUT, "slice", DTYPE_F32, FILE_OPEN, 1);
    onnx_close_body(writer, body);
    wire_close(writer, node);
    onnx_put_port(writer, FILE_INPUT, "m", DTYPE_I64, FILE_SCALAR, 0);
    onnx_put_port(writer, FILE_INPUT, "x", DTYPE_F32, FILE_OPEN, 1);
    onnx_put_port(writer, FILE_OUTPUT, outer_output, DTYPE_F32, NULL, -1);
    return file;
}

static void test_loop_carries_and_stacks(void **state) {
    float x[] = { 1, 2 };
    int64_t three = 3, none = 0;
    FileCase file = loop("Add", "last");
    FILE_CASE_RUN(*state, &file, ((Tensor[]){ file_number(&three), file_floats(x, 2) }), 4, 8);
    FILE_CASE_RUN(*state, &file, ((Tensor[]){ file_number(&none), file_floats(x, 2) }), 1, 2);
    wire_writer_deinit(&file.writer);
    file = loop("Add", "all");
    FILE_CASE_RUN(*state, &file, ((Tensor[]){ file_number(&three), file_floats(x, 2) }), 2, 4, 3, 6,
                  4, 8);
    wire_writer_deinit(&file.writer);
}

/* total = concat(total, x), m times: another shape every turn, more of them than are planned */
static void test_loop_carries_what_changes_its_shape(void **state) {
    FileCase file = file_case_open();
    WireWriter *writer = &file.writer;
    size_t node = onnx_open_node(writer, "Loop", "m - x", "last");
    OpenBody body = onnx_open_body(writer, "body");
    onnx_put_port(writer, FILE_INPUT, "i", DTYPE_I64, FILE_SCALAR, 0);
    onnx_put_port(writer, FILE_INPUT, "go", DTYPE_BOOL, FILE_SCALAR, 0);
    onnx_put_port(writer, FILE_INPUT, "total", DTYPE_F32, FILE_OPEN, 1);
    size_t concat = onnx_open_node(writer, "Concat", "total x", "next");
    onnx_put_attr_int(writer, "axis", 0);
    wire_close(writer, concat);
    onnx_put_port(writer, FILE_OUTPUT, "go", DTYPE_BOOL, FILE_SCALAR, 0);
    onnx_put_port(writer, FILE_OUTPUT, "next", DTYPE_F32, FILE_OPEN, 1);
    onnx_close_body(writer, body);
    wire_close(writer, node);
    onnx_put_port(writer, FILE_INPUT, "m", DTYPE_I64, FILE_SCALAR, 0);
    onnx_put_port(writer, FILE_INPUT, "x", DTYPE_F32, FILE_OPEN, 1);
    onnx_put_port(writer, FILE_OUTPUT, "last", DTYPE_F32, FILE_OPEN, 1);
    float x[] = { 7 };
    int64_t eight = 8;
    FILE_CASE_RUN(*state, &file, ((Tensor[]){ file_number(&eight), file_floats(x, 1) }), 7, 7, 7, 7,
                  7, 7, 7, 7, 7);
    int64_t endless = INT64_MAX;
    file_case_refused(*state, &file, (Tensor[]){ file_number(&endless), file_floats(x, 1) },
                      1 << 20, "limit");
}

static void test_loop_without_an_end_is_ended(void **state) {
    FileCase file = file_case_open();
    WireWriter *writer = &file.writer;
    size_t node = onnx_open_node(writer, "Loop", "- - x", "y");
    OpenBody body = onnx_open_body(writer, "body");
    onnx_put_port(writer, FILE_INPUT, "i", DTYPE_I64, FILE_SCALAR, 0);
    onnx_put_port(writer, FILE_INPUT, "go", DTYPE_BOOL, FILE_SCALAR, 0);
    onnx_put_port(writer, FILE_INPUT, "v", DTYPE_F32, FILE_OPEN, 1);
    onnx_put_port(writer, FILE_OUTPUT, "go", DTYPE_BOOL, FILE_SCALAR, 0);
    onnx_put_port(writer, FILE_OUTPUT, "v", DTYPE_F32, FILE_OPEN, 1);
    onnx_close_body(writer, body);
    wire_close(writer, node);
    onnx_put_port(writer, FILE_INPUT, "x", DTYPE_F32, FILE_OPEN, 1);
    onnx_put_port(writer, FILE_OUTPUT, "y", DTYPE_F32, FILE_OPEN, 1);
    float x[] = { 1 };
    file_case_refused(*state, &file, (Tensor[]){ file_floats(x, 1) }, 0, "too many bodies");
}

static void test_stacked_slices_must_be_of_one_shape(void **state) {
    FileCase file = file_case_open();
    WireWriter *writer = &file.writer;
    size_t node = onnx_open_node(writer, "Loop", "m - x", "last all");
    OpenBody body = onnx_open_body(writer, "body");
    onnx_put_port(writer, FILE_INPUT, "i", DTYPE_I64, FILE_SCALAR, 0);
    onnx_put_port(writer, FILE_INPUT, "go", DTYPE_BOOL, FILE_SCALAR, 0);
    onnx_put_port(writer, FILE_INPUT, "total", DTYPE_F32, FILE_OPEN, 1);
    size_t concat = onnx_open_node(writer, "Concat", "total x", "next");
    onnx_put_attr_int(writer, "axis", 0);
    wire_close(writer, concat);
    onnx_put_port(writer, FILE_OUTPUT, "go", DTYPE_BOOL, FILE_SCALAR, 0);
    onnx_put_port(writer, FILE_OUTPUT, "next", DTYPE_F32, FILE_OPEN, 1);
    onnx_put_port(writer, FILE_OUTPUT, "next", DTYPE_F32, FILE_OPEN, 1);
    onnx_close_body(writer, body);
    wire_close(writer, node);
    onnx_put_port(writer, FILE_INPUT, "m", DTYPE_I64, FILE_SCALAR, 0);
    onnx_put_port(writer, FILE_INPUT, "x", DTYPE_F32, FILE_OPEN, 1);
    onnx_put_port(writer, FILE_OUTPUT, "all", DTYPE_F32, NULL, -1);
    float x[] = { 7 };
    int64_t two = 2;
    file_case_refused(*state, &file, (Tensor[]){ file_number(&two), file_floats(x, 1) }, 0,
                      "turn 1 gives [3] to stack, the first gave [2]");
}

/* An If in a Loop in an If, all of which read x. */
static void test_names_reach_through_every_level(void **state) {
    FileCase file = file_case_open();
    WireWriter *writer = &file.writer;
    size_t outer = onnx_open_node(writer, "If", "c", "y");
    OpenBody branch = onnx_open_body(writer, "then_branch");
    size_t node = onnx_open_node(writer, "Loop", "m - x", "sum");
    OpenBody body = onnx_open_body(writer, "body");
    onnx_put_port(writer, FILE_INPUT, "i", DTYPE_I64, FILE_SCALAR, 0);
    onnx_put_port(writer, FILE_INPUT, "go", DTYPE_BOOL, FILE_SCALAR, 0);
    onnx_put_port(writer, FILE_INPUT, "v", DTYPE_F32, FILE_OPEN, 1);
    size_t inner = onnx_open_node(writer, "If", "c", "next");
    OpenBody leaf = onnx_open_body(writer, "then_branch");
    onnx_put_node(writer, "Add", "v x", "a");
    onnx_put_port(writer, FILE_OUTPUT, "a", DTYPE_F32, FILE_OPEN, 1);
    onnx_close_body(writer, leaf);
    leaf = onnx_open_body(writer, "else_branch");
    onnx_put_port(writer, FILE_OUTPUT, "x", DTYPE_F32, FILE_OPEN,
                  1); /* an outer name as a result */
    onnx_close_body(writer, leaf);
    wire_close(writer, inner);
    onnx_put_port(writer, FILE_OUTPUT, "go", DTYPE_BOOL, FILE_SCALAR, 0);
    onnx_put_port(writer, FILE_OUTPUT, "next", DTYPE_F32, FILE_OPEN, 1);
    onnx_close_body(writer, body);
    wire_close(writer, node);
    onnx_put_port(writer, FILE_OUTPUT, "sum", DTYPE_F32, FILE_OPEN, 1);
    onnx_close_body(writer, branch);
    branch = onnx_open_body(writer, "else_branch");
    onnx_put_port(writer, FILE_OUTPUT, "x", DTYPE_F32, FILE_OPEN, 1);
    onnx_close_body(writer, branch);
    wire_close(writer, outer);
    onnx_put_port(writer, FILE_INPUT, "c", DTYPE_BOOL, FILE_SCALAR, 0);
    onnx_put_port(writer, FILE_INPUT, "m", DTYPE_I64, FILE_SCALAR, 0);
    onnx_put_port(writer, FILE_INPUT, "x", DTYPE_F32, FILE_OPEN, 1);
    onnx_put_port(writer, FILE_OUTPUT, "y", DTYPE_F32, FILE_OPEN, 1);
    float x[] = { 3 };
    int64_t four = 4;
    uint8_t yes = 1, no = 0;
    FILE_CASE_RUN(*state, &file,
                  ((Tensor[]){ file_flag(&yes), file_number(&four), file_floats(x, 1) }), 15);
    FILE_CASE_RUN(*state, &file,
                  ((Tensor[]){ file_flag(&no), file_number(&four), file_floats(x, 1) }), 3);
    wire_writer_deinit(writer);
}

/* y = If(c) with these two bodies; names of nodes' outputs are given */
static FileCase if_of(const char *op, const char *input, const char *output) {
    FileCase file = file_case_open();
    WireWriter *writer = &file.writer;
    size_t node = onnx_open_node(writer, "If", "c", "y");
    OpenBody body = onnx_open_body(writer, "then_branch");
    onnx_put_node(writer, op, input, output);
    onnx_put_port(writer, FILE_OUTPUT, output, DTYPE_F32, FILE_OPEN, 1);
    onnx_close_body(writer, body);
    body = onnx_open_body(writer, "else_branch");
    onnx_put_node(writer, "Relu", "x", "e");
    onnx_put_port(writer, FILE_OUTPUT, "e", DTYPE_F32, FILE_OPEN, 1);
    onnx_close_body(writer, body);
    wire_close(writer, node);
    onnx_put_port(writer, FILE_INPUT, "c", DTYPE_BOOL, FILE_SCALAR, 0);
    onnx_put_port(writer, FILE_INPUT, "x", DTYPE_F32, FILE_OPEN, 1);
    onnx_put_port(writer, FILE_OUTPUT, "y", DTYPE_F32, FILE_OPEN, 1);
    return file;
}

static void test_wrong_bodies_are_refused_in_words(void **state) {
    static const struct {
        const char *op, *input, *output, *words;
    } rows[] = {
        { "Relu", "nowhere", "t", "'nowhere' is defined by no node, input or initializer" },
        { "Relu", "t", "t", "cycle" },
        { "Relu", "y", "t", "cycle" },
        { "Relu", "x", "x", "'x' is defined by a node, and in a graph around it too" },
        { "Frobnicate", "x", "t", "operator 'Frobnicate'" },
        { "Not", "x", "t", "Not" },
        { "Shape", "x", "t", "output 0 is int64 in one branch and float32 in the other" },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        FileCase file = if_of(rows[i].op, rows[i].input, rows[i].output);
        float x[] = { 1, 2 };
        uint8_t yes = 1;
        file_case_refused(*state, &file, (Tensor[]){ file_flag(&yes), file_floats(x, 2) }, 0,
                          rows[i].words);
    }
}

static void nest(WireWriter *writer, int depth) {
    char name[16];
    snprintf(name, sizeof name, "v%d", depth);
    if (depth == 0) {
        onnx_put_node(writer, "Relu", "x", name);
    } else {
        size_t node = onnx_open_node(writer, "If", "c", name);
        for (int side = 0; side < 2; side++) {
            OpenBody body = onnx_open_body(writer, side ? "then_branch" : "else_branch");
            char inner[16] = "x";
            if (side == 0)
                nest(writer, depth - 1);
            if (side == 0)
                snprintf(inner, sizeof inner, "v%d", depth - 1);
            onnx_put_port(writer, FILE_OUTPUT, inner, DTYPE_F32, FILE_OPEN, 1);
            onnx_close_body(writer, body);
        }
        wire_close(writer, node);
    }
}

static void test_bodies_nest_to_a_limit(void **state) {
    float x[] = { -5 };
    uint8_t no = 0;
    for (int depth = 8; depth < 10; depth++) {
        FileCase file = file_case_open();
        nest(&file.writer, depth);
        onnx_put_node(&file.writer, "Identity", depth == 8 ? "v8" : "v9", "y");
        onnx_put_port(&file.writer, FILE_INPUT, "c", DTYPE_BOOL, FILE_SCALAR, 0);
        onnx_put_port(&file.writer, FILE_INPUT, "x", DTYPE_F32, FILE_OPEN, 1);
        onnx_put_port(&file.writer, FILE_OUTPUT, "y", DTYPE_F32, FILE_OPEN, 1);
        const Tensor inputs[] = { file_flag(&no), file_floats(x, 1) };
        if (depth == 8) {
            FILE_CASE_RUN(*state, &file, inputs, 0);
            wire_writer_deinit(&file.writer);
        } else {
            file_case_refused(*state, &file, inputs, 0, "bodies are nested deeper than 8");
        }
    }
}

static void test_a_constant_condition_leaves_no_if(void **state) {
    (void)state;
    FileCase file = branches();
    /* the condition as an initializer: an input with a value is a constant */
    onnx_put_tensor(&file.writer, 5, "c", DTYPE_BOOL, FILE_SCALAR, 0, (uint8_t[]){ 1 }, 1);
    float x[] = { 1, 2 };
    FILE_CASE_RUN(*state, &file, ((Tensor[]){ file_floats(x, 2) }), 11, 22);
    wire_writer_deinit(&file.writer);
}

static void test_a_body_with_wrong_ports_is_refused(void **state) {
    FileCase file = file_case_open();
    WireWriter *writer = &file.writer;
    size_t node = onnx_open_node(writer, "Loop", "m - x", "y");
    OpenBody body = onnx_open_body(writer, "body");
    onnx_put_port(writer, FILE_INPUT, "i", DTYPE_I64, FILE_SCALAR, 0);
    onnx_put_port(writer, FILE_OUTPUT, "i", DTYPE_I64, FILE_SCALAR, 0);
    onnx_close_body(writer, body);
    wire_close(writer, node);
    onnx_put_port(writer, FILE_INPUT, "m", DTYPE_I64, FILE_SCALAR, 0);
    onnx_put_port(writer, FILE_INPUT, "x", DTYPE_F32, FILE_OPEN, 1);
    onnx_put_port(writer, FILE_OUTPUT, "y", DTYPE_F32, FILE_OPEN, 1);
    float x[] = { 1 };
    int64_t one = 1;
    file_case_refused(*state, &file, (Tensor[]){ file_number(&one), file_floats(x, 1) }, 0,
                      "body 'body' has 1 inputs, expected 3");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_if_takes_the_branch_that_the_condition_says),
        cmocka_unit_test(test_if_runs_although_the_other_branch_cannot_take_the_shapes),
        cmocka_unit_test(test_a_branch_may_end_in_a_view),
        cmocka_unit_test(test_loop_carries_and_stacks),
        cmocka_unit_test(test_loop_carries_what_changes_its_shape),
        cmocka_unit_test(test_loop_without_an_end_is_ended),
        cmocka_unit_test(test_stacked_slices_must_be_of_one_shape),
        cmocka_unit_test(test_names_reach_through_every_level),
        cmocka_unit_test(test_wrong_bodies_are_refused_in_words),
        cmocka_unit_test(test_bodies_nest_to_a_limit),
        cmocka_unit_test(test_a_constant_condition_leaves_no_if),
        cmocka_unit_test(test_a_body_with_wrong_ports_is_refused),
    };
    return cmocka_run_group_tests(tests, file_world_new, file_world_free);
}
