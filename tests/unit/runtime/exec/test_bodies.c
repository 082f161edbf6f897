/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Models with bodies, from a file to the answer: what bodies read of the graphs around them, what
 * is carried from turn to turn, and every way in which a body can be wrong. Each model runs with
 * passes and without.
 */

#include "runtime/base/size.h"
#include "runtime/device/device_open.h"
#include "runtime/exec/executor.h"
#include "runtime/graph/op_schema.h"
#include "runtime/onnx/onnx_import.h"
#include "tests/support/model_builder.h"
#include "tests/support/onnx_writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { INPUT = 11, OUTPUT = 12, OUTPUTS_MAX = 4, OPSET = 16 };

static const int64_t SCALAR[1], TWO[] = { 2 }, OPEN[] = { -1 };

typedef struct World {
    Device *device;
    OutputPool *outputs;
} World;

static int set_up(void **state) {
    World *world = calloc(1, sizeof *world);
    DeviceHost host = { .abi = DEVICE_ABI, .struct_bytes = sizeof host };
    const char *note;
    model_check(device_open("cpu", &host, &world->device, &note));
    model_check(output_pool_new(64 << 20, &world->outputs));
    *state = world;
    return 0;
}

static int tear_down(void **state) {
    World *world = *state;
    output_pool_free(world->outputs);
    device_close(world->device);
    free(world);
    return 0;
}

typedef struct File {
    WireWriter writer;
    size_t graph;
} File;

static File open_file(void) {
    File file = { 0 };
    file.graph = onnx_open_model(&file.writer, OPSET);
    return file;
}

static Status import(File *file, Graph **ret_graph) {
    wire_close(&file->writer, file->graph);
    *ret_graph = NULL;
    Status status = onnx_import(file->writer.data, file->writer.length, NULL, ret_graph);
    if (!status_is_ok(&status))
        wire_writer_deinit(&file->writer);
    return status;
}

/* Imports a copy and runs it on floats; outputs as floats. */
static Status run_once(World *world, const File *file, bool optimise, const Tensor *inputs,
                       size_t memory_limit, float *results, size_t *ret_count) {
    File copy = { .graph = file->graph };
    wire_put_raw(&copy.writer, file->writer.data, file->writer.length);
    AUTO(graph_free) Graph *graph = NULL;
    TRY(import(&copy, &graph));
    ExecutorOptions options = { .device = world->device,
                                .optimise = optimise,
                                .run_memory_limit_bytes = memory_limit };
    AUTO(executor_free) Executor *executor = NULL;
    TRY(executor_new(graph, &options, &executor));
    (void)TAKE(graph);
    AUTO(output_block_unref) OutputBlock *block = NULL;
    TRY(output_block_new(world->outputs, &block));
    Tensor outputs[OUTPUTS_MAX];
    TRY(executor_run(executor, &(RunArgs){ .inputs = inputs, .outputs = outputs, .block = block }));
    *ret_count = 0;
    for (size_t i = 0; i < executor_output_count(executor); i++)
        for (size_t k = 0; k < tensor_elements(&outputs[i]); k++)
            results[(*ret_count)++] = (float)tensor_get_float(&outputs[i], k);
    return status_ok();
}

static void check_run(World *world, File *file, const Tensor *inputs, size_t count,
                      const float *expected) {
    for (int optimise = 0; optimise < 2; optimise++) {
        float results[64];
        size_t got = 0;
        Status status = run_once(world, file, optimise, inputs, 0, results, &got);
        assert_string_equal(status.message, "");
        assert_int_equal(got, count);
        for (size_t i = 0; i < count; i++)
            assert_true(results[i] == expected[i]);
    }
}

#define CHECK_RUN(world, file, inputs, ...)                                                        \
    check_run(world, file, inputs, sizeof((float[]){ __VA_ARGS__ }) / sizeof(float),               \
              (const float[]){ __VA_ARGS__ })

static void check_refused(World *world, File *file, const Tensor *inputs, size_t memory_limit,
                          const char *words) {
    for (int optimise = 0; optimise < 2; optimise++) {
        float results[64];
        size_t got = 0;
        Status status = run_once(world, file, optimise, inputs, memory_limit, results, &got);
        assert_false(status_is_ok(&status));
        if (!strstr(status.message, words))
            fail_msg("expected '%s', got '%s'", words, status.message);
    }
    wire_writer_deinit(&file->writer);
}

static Tensor floats(float *items, int64_t count) {
    return (Tensor){
        .dtype = DTYPE_F32, .shape = SHAPE(count), .data = items, .bytes = (size_t)count * 4
    };
}

static Tensor flag(uint8_t *item) {
    return (Tensor){ .dtype = DTYPE_BOOL, .shape = SHAPE_SCALAR, .data = item, .bytes = 1 };
}

static Tensor number(int64_t *item) {
    return (Tensor){ .dtype = DTYPE_I64, .shape = SHAPE_SCALAR, .data = item, .bytes = 8 };
}

/* if c: x + w else: -x, where x and w are the outer graph's */
static File branches(void) {
    File file = open_file();
    WireWriter *writer = &file.writer;
    onnx_put_tensor(writer, 5, "w", DTYPE_F32, TWO, 1, (float[]){ 10, 20 }, 8);
    size_t node = onnx_open_node(writer, "If", "c", "y");
    OpenBody body = onnx_open_body(writer, "then_branch");
    onnx_put_node(writer, "Add", "h w", "t");
    onnx_put_port(writer, OUTPUT, "t", DTYPE_F32, OPEN, 1);
    onnx_close_body(writer, body);
    body = onnx_open_body(writer, "else_branch");
    onnx_put_node(writer, "Neg", "h", "e");
    onnx_put_port(writer, OUTPUT, "e", DTYPE_F32, OPEN, 1);
    onnx_close_body(writer, body);
    wire_close(writer, node);
    onnx_put_node(writer, "Identity", "x", "h"); /* behind its user in the file */
    onnx_put_port(writer, INPUT, "c", DTYPE_BOOL, SCALAR, 0);
    onnx_put_port(writer, INPUT, "x", DTYPE_F32, OPEN, 1);
    onnx_put_port(writer, OUTPUT, "y", DTYPE_F32, OPEN, 1);
    return file;
}

static void test_if_takes_the_branch_that_the_condition_says(void **state) {
    File file = branches();
    float x[] = { 1, 2 };
    uint8_t yes = 1, no = 0;
    CHECK_RUN(*state, &file, ((Tensor[]){ flag(&yes), floats(x, 2) }), 11, 22);
    CHECK_RUN(*state, &file, ((Tensor[]){ flag(&no), floats(x, 2) }), -1, -2);
    wire_writer_deinit(&file.writer);
}

static void test_if_runs_although_the_other_branch_cannot_take_the_shapes(void **state) {
    File file = branches();
    float x[] = { 1, 2, 3 };
    uint8_t no = 0, yes = 1;
    CHECK_RUN(*state, &file, ((Tensor[]){ flag(&no), floats(x, 3) }), -1, -2, -3);
    check_refused(*state, &file, (Tensor[]){ flag(&yes), floats(x, 3) }, 0, "Add");
}

/* total = x; for i in range(m): total += x, stack total; beyond: what a body may name */
static File loop(const char *add, const char *outer_output) {
    File file = open_file();
    WireWriter *writer = &file.writer;
    size_t node = onnx_open_node(writer, "Loop", "m - x", "last all");
    OpenBody body = onnx_open_body(writer, "body");
    onnx_put_port(writer, INPUT, "i", DTYPE_I64, SCALAR, 0);
    onnx_put_port(writer, INPUT, "go", DTYPE_BOOL, SCALAR, 0);
    onnx_put_port(writer, INPUT, "total", DTYPE_F32, OPEN, 1);
    onnx_put_node(writer, "Identity", "go", "still");
    onnx_put_node(writer, add, "total x", "next");
    onnx_put_node(writer, "Identity", "next", "slice");
    onnx_put_port(writer, OUTPUT, "still", DTYPE_BOOL, SCALAR, 0);
    onnx_put_port(writer, OUTPUT, "next", DTYPE_F32, OPEN, 1);
    onnx_put_port(writer, OUTPUT, "slice", DTYPE_F32, OPEN, 1);
    onnx_close_body(writer, body);
    wire_close(writer, node);
    onnx_put_port(writer, INPUT, "m", DTYPE_I64, SCALAR, 0);
    onnx_put_port(writer, INPUT, "x", DTYPE_F32, OPEN, 1);
    onnx_put_port(writer, OUTPUT, outer_output, DTYPE_F32, NULL, -1);
    return file;
}

static void test_loop_carries_and_stacks(void **state) {
    float x[] = { 1, 2 };
    int64_t three = 3, none = 0;
    File file = loop("Add", "last");
    CHECK_RUN(*state, &file, ((Tensor[]){ number(&three), floats(x, 2) }), 4, 8);
    CHECK_RUN(*state, &file, ((Tensor[]){ number(&none), floats(x, 2) }), 1, 2);
    wire_writer_deinit(&file.writer);
    file = loop("Add", "all");
    CHECK_RUN(*state, &file, ((Tensor[]){ number(&three), floats(x, 2) }), 2, 4, 3, 6, 4, 8);
    wire_writer_deinit(&file.writer);
}

/* total = concat(total, x), m times: another shape every turn, more of them than are planned */
static void test_loop_carries_what_changes_its_shape(void **state) {
    File file = open_file();
    WireWriter *writer = &file.writer;
    size_t node = onnx_open_node(writer, "Loop", "m - x", "last");
    OpenBody body = onnx_open_body(writer, "body");
    onnx_put_port(writer, INPUT, "i", DTYPE_I64, SCALAR, 0);
    onnx_put_port(writer, INPUT, "go", DTYPE_BOOL, SCALAR, 0);
    onnx_put_port(writer, INPUT, "total", DTYPE_F32, OPEN, 1);
    size_t concat = onnx_open_node(writer, "Concat", "total x", "next");
    onnx_put_attr_int(writer, "axis", 0);
    wire_close(writer, concat);
    onnx_put_port(writer, OUTPUT, "go", DTYPE_BOOL, SCALAR, 0);
    onnx_put_port(writer, OUTPUT, "next", DTYPE_F32, OPEN, 1);
    onnx_close_body(writer, body);
    wire_close(writer, node);
    onnx_put_port(writer, INPUT, "m", DTYPE_I64, SCALAR, 0);
    onnx_put_port(writer, INPUT, "x", DTYPE_F32, OPEN, 1);
    onnx_put_port(writer, OUTPUT, "last", DTYPE_F32, OPEN, 1);
    float x[] = { 7 };
    int64_t eight = 8;
    CHECK_RUN(*state, &file, ((Tensor[]){ number(&eight), floats(x, 1) }), 7, 7, 7, 7, 7, 7, 7, 7,
              7);
    int64_t endless = INT64_MAX;
    check_refused(*state, &file, (Tensor[]){ number(&endless), floats(x, 1) }, 1 << 20, "limit");
}

static void test_loop_without_an_end_is_ended(void **state) {
    File file = open_file();
    WireWriter *writer = &file.writer;
    size_t node = onnx_open_node(writer, "Loop", "- - x", "y");
    OpenBody body = onnx_open_body(writer, "body");
    onnx_put_port(writer, INPUT, "i", DTYPE_I64, SCALAR, 0);
    onnx_put_port(writer, INPUT, "go", DTYPE_BOOL, SCALAR, 0);
    onnx_put_port(writer, INPUT, "v", DTYPE_F32, OPEN, 1);
    onnx_put_port(writer, OUTPUT, "go", DTYPE_BOOL, SCALAR, 0);
    onnx_put_port(writer, OUTPUT, "v", DTYPE_F32, OPEN, 1);
    onnx_close_body(writer, body);
    wire_close(writer, node);
    onnx_put_port(writer, INPUT, "x", DTYPE_F32, OPEN, 1);
    onnx_put_port(writer, OUTPUT, "y", DTYPE_F32, OPEN, 1);
    float x[] = { 1 };
    check_refused(*state, &file, (Tensor[]){ floats(x, 1) }, 0, "too many bodies");
}

static void test_stacked_slices_must_be_of_one_shape(void **state) {
    File file = open_file();
    WireWriter *writer = &file.writer;
    size_t node = onnx_open_node(writer, "Loop", "m - x", "last all");
    OpenBody body = onnx_open_body(writer, "body");
    onnx_put_port(writer, INPUT, "i", DTYPE_I64, SCALAR, 0);
    onnx_put_port(writer, INPUT, "go", DTYPE_BOOL, SCALAR, 0);
    onnx_put_port(writer, INPUT, "total", DTYPE_F32, OPEN, 1);
    size_t concat = onnx_open_node(writer, "Concat", "total x", "next");
    onnx_put_attr_int(writer, "axis", 0);
    wire_close(writer, concat);
    onnx_put_port(writer, OUTPUT, "go", DTYPE_BOOL, SCALAR, 0);
    onnx_put_port(writer, OUTPUT, "next", DTYPE_F32, OPEN, 1);
    onnx_put_port(writer, OUTPUT, "next", DTYPE_F32, OPEN, 1);
    onnx_close_body(writer, body);
    wire_close(writer, node);
    onnx_put_port(writer, INPUT, "m", DTYPE_I64, SCALAR, 0);
    onnx_put_port(writer, INPUT, "x", DTYPE_F32, OPEN, 1);
    onnx_put_port(writer, OUTPUT, "all", DTYPE_F32, NULL, -1);
    float x[] = { 7 };
    int64_t two = 2;
    check_refused(*state, &file, (Tensor[]){ number(&two), floats(x, 1) }, 0,
                  "turn 1 gives [3] to stack, the first gave [2]");
}

/* An If in a Loop in an If, all of which read x. */
static void test_names_reach_through_every_level(void **state) {
    File file = open_file();
    WireWriter *writer = &file.writer;
    size_t outer = onnx_open_node(writer, "If", "c", "y");
    OpenBody branch = onnx_open_body(writer, "then_branch");
    size_t node = onnx_open_node(writer, "Loop", "m - x", "sum");
    OpenBody body = onnx_open_body(writer, "body");
    onnx_put_port(writer, INPUT, "i", DTYPE_I64, SCALAR, 0);
    onnx_put_port(writer, INPUT, "go", DTYPE_BOOL, SCALAR, 0);
    onnx_put_port(writer, INPUT, "v", DTYPE_F32, OPEN, 1);
    size_t inner = onnx_open_node(writer, "If", "c", "next");
    OpenBody leaf = onnx_open_body(writer, "then_branch");
    onnx_put_node(writer, "Add", "v x", "a");
    onnx_put_port(writer, OUTPUT, "a", DTYPE_F32, OPEN, 1);
    onnx_close_body(writer, leaf);
    leaf = onnx_open_body(writer, "else_branch");
    onnx_put_port(writer, OUTPUT, "x", DTYPE_F32, OPEN, 1); /* an outer name as a result */
    onnx_close_body(writer, leaf);
    wire_close(writer, inner);
    onnx_put_port(writer, OUTPUT, "go", DTYPE_BOOL, SCALAR, 0);
    onnx_put_port(writer, OUTPUT, "next", DTYPE_F32, OPEN, 1);
    onnx_close_body(writer, body);
    wire_close(writer, node);
    onnx_put_port(writer, OUTPUT, "sum", DTYPE_F32, OPEN, 1);
    onnx_close_body(writer, branch);
    branch = onnx_open_body(writer, "else_branch");
    onnx_put_port(writer, OUTPUT, "x", DTYPE_F32, OPEN, 1);
    onnx_close_body(writer, branch);
    wire_close(writer, outer);
    onnx_put_port(writer, INPUT, "c", DTYPE_BOOL, SCALAR, 0);
    onnx_put_port(writer, INPUT, "m", DTYPE_I64, SCALAR, 0);
    onnx_put_port(writer, INPUT, "x", DTYPE_F32, OPEN, 1);
    onnx_put_port(writer, OUTPUT, "y", DTYPE_F32, OPEN, 1);
    float x[] = { 3 };
    int64_t four = 4;
    uint8_t yes = 1, no = 0;
    CHECK_RUN(*state, &file, ((Tensor[]){ flag(&yes), number(&four), floats(x, 1) }), 15);
    CHECK_RUN(*state, &file, ((Tensor[]){ flag(&no), number(&four), floats(x, 1) }), 3);
    wire_writer_deinit(writer);
}

/* y = If(c) with these two bodies; names of nodes' outputs are given */
static File if_of(const char *op, const char *input, const char *output) {
    File file = open_file();
    WireWriter *writer = &file.writer;
    size_t node = onnx_open_node(writer, "If", "c", "y");
    OpenBody body = onnx_open_body(writer, "then_branch");
    onnx_put_node(writer, op, input, output);
    onnx_put_port(writer, OUTPUT, output, DTYPE_F32, OPEN, 1);
    onnx_close_body(writer, body);
    body = onnx_open_body(writer, "else_branch");
    onnx_put_node(writer, "Relu", "x", "e");
    onnx_put_port(writer, OUTPUT, "e", DTYPE_F32, OPEN, 1);
    onnx_close_body(writer, body);
    wire_close(writer, node);
    onnx_put_port(writer, INPUT, "c", DTYPE_BOOL, SCALAR, 0);
    onnx_put_port(writer, INPUT, "x", DTYPE_F32, OPEN, 1);
    onnx_put_port(writer, OUTPUT, "y", DTYPE_F32, OPEN, 1);
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
        File file = if_of(rows[i].op, rows[i].input, rows[i].output);
        float x[] = { 1, 2 };
        uint8_t yes = 1;
        check_refused(*state, &file, (Tensor[]){ flag(&yes), floats(x, 2) }, 0, rows[i].words);
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
            onnx_put_port(writer, OUTPUT, inner, DTYPE_F32, OPEN, 1);
            onnx_close_body(writer, body);
        }
        wire_close(writer, node);
    }
}

static void test_bodies_nest_to_a_limit(void **state) {
    float x[] = { -5 };
    uint8_t no = 0;
    for (int depth = 8; depth < 10; depth++) {
        File file = open_file();
        nest(&file.writer, depth);
        onnx_put_node(&file.writer, "Identity", depth == 8 ? "v8" : "v9", "y");
        onnx_put_port(&file.writer, INPUT, "c", DTYPE_BOOL, SCALAR, 0);
        onnx_put_port(&file.writer, INPUT, "x", DTYPE_F32, OPEN, 1);
        onnx_put_port(&file.writer, OUTPUT, "y", DTYPE_F32, OPEN, 1);
        const Tensor inputs[] = { flag(&no), floats(x, 1) };
        if (depth == 8) {
            CHECK_RUN(*state, &file, inputs, 0);
            wire_writer_deinit(&file.writer);
        } else {
            check_refused(*state, &file, inputs, 0, "bodies are nested deeper than 8");
        }
    }
}

static void test_a_constant_condition_leaves_no_if(void **state) {
    (void)state;
    File file = branches();
    /* the condition as an initializer: an input with a value is a constant */
    onnx_put_tensor(&file.writer, 5, "c", DTYPE_BOOL, SCALAR, 0, (uint8_t[]){ 1 }, 1);
    float x[] = { 1, 2 };
    CHECK_RUN(*state, &file, ((Tensor[]){ floats(x, 2) }), 11, 22);
    wire_writer_deinit(&file.writer);
}

static void test_a_body_with_wrong_ports_is_refused(void **state) {
    File file = open_file();
    WireWriter *writer = &file.writer;
    size_t node = onnx_open_node(writer, "Loop", "m - x", "y");
    OpenBody body = onnx_open_body(writer, "body");
    onnx_put_port(writer, INPUT, "i", DTYPE_I64, SCALAR, 0);
    onnx_put_port(writer, OUTPUT, "i", DTYPE_I64, SCALAR, 0);
    onnx_close_body(writer, body);
    wire_close(writer, node);
    onnx_put_port(writer, INPUT, "m", DTYPE_I64, SCALAR, 0);
    onnx_put_port(writer, INPUT, "x", DTYPE_F32, OPEN, 1);
    onnx_put_port(writer, OUTPUT, "y", DTYPE_F32, OPEN, 1);
    float x[] = { 1 };
    int64_t one = 1;
    check_refused(*state, &file, (Tensor[]){ number(&one), floats(x, 1) }, 0,
                  "body 'body' has 1 inputs, expected 3");
}

/* y = op(inputs) after s = SequenceConstruct(x, x); z is a scalar int64 input */
static File sequence(const char *op, const char *inputs) {
    File file = open_file();
    WireWriter *writer = &file.writer;
    onnx_put_node(writer, "SequenceConstruct", "x x", "s");
    onnx_put_node(writer, "SequenceEmpty", "", "none");
    size_t node = onnx_open_node(writer, op, inputs, "y");
    onnx_put_attr_int(writer, "axis", 0);
    wire_close(writer, node);
    onnx_put_port(writer, INPUT, "x", DTYPE_F32, OPEN, 1);
    onnx_put_port(writer, INPUT, "z", DTYPE_I64, SCALAR, 0);
    onnx_put_port(writer, OUTPUT, "y", DTYPE_F32, NULL, -1);
    return file;
}

static void test_sequences_share_and_join(void **state) {
    float x[] = { 1, 2 };
    int64_t z = -1;
    const Tensor inputs[] = { floats(x, 2), number(&z) };
    File file = sequence("ConcatFromSequence", "s");
    CHECK_RUN(*state, &file, inputs, 1, 2, 1, 2);
    wire_writer_deinit(&file.writer);
    file = sequence("SequenceAt", "s z");
    CHECK_RUN(*state, &file, inputs, 1, 2);
    wire_writer_deinit(&file.writer);
}

static void test_wrong_lists_are_refused_in_words(void **state) {
    static const struct {
        const char *op, *inputs, *words;
        int64_t z;
    } rows[] = {
        { "SequenceAt", "s z", "position 2 is outside of a sequence of 2", 2 },
        { "SequenceAt", "s z", "position -3 is outside of a sequence of 2", -3 },
        { "SequenceAt", "none z", "position 0 is outside of a sequence of 0", 0 },
        { "SequenceAt", "s z", "outside", INT64_MIN },
        { "SequenceAt", "x z", "expected a sequence, got float32", 0 },
        { "ConcatFromSequence", "none", "the sequence is empty", 0 },
        { "SequenceConstruct", "x z", "a sequence of float32 cannot hold int64", 0 },
        { "SequenceConstruct", "s", "expected a tensor, got sequence", 0 },
        { "SequenceInsert", "s z", "a sequence of float32 cannot hold int64", 0 },
        { "SequenceErase", "none", "outside of a sequence of 0", 0 },
        { "Relu", "s", "input 0: expected", 0 },
        { "Shape", "s", "expected a tensor, got sequence", 0 },
        { "SplitToSequence", "x z", "parts of length -4", -4 },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        File file = sequence(rows[i].op, rows[i].inputs);
        float x[] = { 1, 2 };
        int64_t z = rows[i].z;
        check_refused(*state, &file, (Tensor[]){ floats(x, 2), number(&z) }, 0, rows[i].words);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_if_takes_the_branch_that_the_condition_says),
        cmocka_unit_test(test_if_runs_although_the_other_branch_cannot_take_the_shapes),
        cmocka_unit_test(test_loop_carries_and_stacks),
        cmocka_unit_test(test_loop_carries_what_changes_its_shape),
        cmocka_unit_test(test_loop_without_an_end_is_ended),
        cmocka_unit_test(test_stacked_slices_must_be_of_one_shape),
        cmocka_unit_test(test_names_reach_through_every_level),
        cmocka_unit_test(test_wrong_bodies_are_refused_in_words),
        cmocka_unit_test(test_bodies_nest_to_a_limit),
        cmocka_unit_test(test_a_constant_condition_leaves_no_if),
        cmocka_unit_test(test_sequences_share_and_join),
        cmocka_unit_test(test_wrong_lists_are_refused_in_words),
        cmocka_unit_test(test_a_body_with_wrong_ports_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
