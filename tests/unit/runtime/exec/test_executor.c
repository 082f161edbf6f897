/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Executors on small graphs: values, cutting into rows, plans, errors. The CPU device is the real
 * one. */

#include "runtime/exec/executor.h"

#include "runtime/base/size.h"
#include "runtime/base/thread.h"
#include "runtime/device/device_open.h"
#include "tests/support/model_builder.h"
#include "tests/support/same_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { OUTPUT_LIMIT = 64 << 20 };

typedef struct Fixture {
    Pool *pool;
    Device *device;
    OutputPool *outputs;
} Fixture;

static int set_up(void **state) {
    Fixture *fixture = calloc(1, sizeof *fixture);
    model_check(pool_new(2, &fixture->pool));
    DeviceHost host = { .abi = DEVICE_ABI, .struct_bytes = sizeof host, .pool = fixture->pool };
    const char *note;
    model_check(device_open("cpu", &host, &fixture->device, &note));
    model_check(output_pool_new(OUTPUT_LIMIT, &fixture->outputs));
    *state = fixture;
    return 0;
}

static int tear_down(void **state) {
    Fixture *fixture = *state;
    output_pool_free(fixture->outputs);
    device_close(fixture->device);
    pool_free(fixture->pool);
    free(fixture);
    return 0;
}

static Executor *new_executor(const Fixture *fixture, Graph *graph, bool optimise) {
    ExecutorOptions options = {
        .device = fixture->device, .pool = fixture->pool, .max_rows = 16, .optimise = optimise
    };
    Executor *executor;
    model_check(executor_new(graph, &options, &executor));
    return executor;
}

static OutputBlock *new_block(const Fixture *fixture) {
    OutputBlock *block;
    model_check(output_block_new(fixture->outputs, &block));
    return block;
}

static Tensor random_tensor(Shape shape, uint32_t seed) {
    Tensor tensor;
    model_check(tensor_init(&tensor, DTYPE_F32, &shape));
    for (size_t i = 0; i < tensor_elements(&tensor); i++) {
        seed = seed * 1664525u + 1013904223u;
        ((float *)tensor.data)[i] = (float)(seed >> 8) / (float)(1 << 24) - 0.5f;
    }
    return tensor;
}

static Graph *new_perceptron(void) {
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(DIM_UNKNOWN, 12));
    ValueId y = model_node(graph, "MatMul", INPUTS(x, model_random_f32(graph, SHAPE(12, 20), 1, 1)),
                           NO_ATTRIBUTES);
    y = model_node(graph, "Add", INPUTS(y, model_random_f32(graph, SHAPE(20), 1, 2)),
                   NO_ATTRIBUTES);
    y = model_node(graph, "Relu", INPUTS(y), NO_ATTRIBUTES);
    y = model_node(graph, "MatMul", INPUTS(y, model_random_f32(graph, SHAPE(20, 5), 1, 3)),
                   NO_ATTRIBUTES);
    model_output(graph, "y", model_node(graph, "Sigmoid", INPUTS(y), NO_ATTRIBUTES));
    model_finish(graph);
    return graph;
}

static void test_runs_a_graph(void **state) {
    const Fixture *fixture = *state;
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(DIM_UNKNOWN, 3));
    ValueId y =
        model_node(graph, "Add", INPUTS(x, MODEL_F32(graph, SHAPE(3), 10, 20, 30)), NO_ATTRIBUTES);
    model_output(graph, "y", model_node(graph, "Mul", INPUTS(y, x), NO_ATTRIBUTES));
    model_finish(graph);
    Executor *executor = new_executor(fixture, graph, true);
    assert_true(executor_rows_independent(executor));
    Tensor input = MODEL_TENSOR(DTYPE_F32, SHAPE(2, 3), 1, 2, 3, 4, 5, 6), output;
    OutputBlock *block = new_block(fixture);
    model_check(
        executor_run(executor, &(RunArgs){ .inputs = &input, .outputs = &output, .block = block }));
    const float expected[] = { 11, 44, 99, 56, 125, 216 };
    assert_true(shape_equal(&output.shape, &SHAPE(2, 3)));
    assert_memory_equal(output.data, expected, sizeof expected);
    output_block_unref(block);
    tensor_deinit(&input);
    executor_free(executor);
}

/* Row r of a batch of any size is, bit for bit, what the row gives alone. */
static void test_rows_do_not_depend_on_their_batch(void **state) {
    const Fixture *fixture = *state;
    Executor *executor = new_executor(fixture, new_perceptron(), true);
    enum { ROWS = 23, WIDTH = 12, RESULTS = 5 };
    Tensor input = random_tensor(SHAPE(ROWS, WIDTH), 7), output;
    OutputBlock *block = new_block(fixture);
    float alone[ROWS][RESULTS];
    for (int64_t row = 0; row < ROWS; row++) {
        Tensor one = input;
        one.shape = SHAPE(1, WIDTH);
        one.bytes = WIDTH * sizeof(float);
        one.data = (float *)input.data + row * WIDTH;
        model_check(executor_run(executor,
                                 &(RunArgs){ .inputs = &one, .outputs = &output, .block = block }));
        memcpy(alone[row], output.data, sizeof alone[row]);
    }
    for (int64_t rows = 1; rows <= ROWS; rows++) {
        Tensor some = input;
        some.shape = SHAPE(rows, WIDTH);
        some.bytes = (size_t)rows * WIDTH * sizeof(float);
        model_check(executor_run(
            executor, &(RunArgs){ .inputs = &some, .outputs = &output, .block = block }));
        assert_int_equal(output.shape.dims[0], rows);
        assert_true(rows_are_same(output.data, alone[0], (size_t)rows * RESULTS));
    }
    output_block_unref(block);
    tensor_deinit(&input);
    executor_free(executor);
}

static void test_passes_do_not_change_answers(void **state) {
    const Fixture *fixture = *state;
    Executor *fast = new_executor(fixture, new_perceptron(), true);
    Executor *plain = new_executor(fixture, new_perceptron(), false);
    Tensor input = random_tensor(SHAPE(9, 12), 3), outputs[2];
    OutputBlock *block = new_block(fixture);
    model_check(
        executor_run(fast, &(RunArgs){ .inputs = &input, .outputs = &outputs[0], .block = block }));
    model_check(executor_run(
        plain, &(RunArgs){ .inputs = &input, .outputs = &outputs[1], .block = block }));
    assert_int_equal(outputs[0].bytes, outputs[1].bytes);
    for (size_t i = 0; i < tensor_elements(&outputs[0]); i++)
        assert_true(((float *)outputs[0].data)[i] - ((float *)outputs[1].data)[i] < 1e-6f &&
                    ((float *)outputs[1].data)[i] - ((float *)outputs[0].data)[i] <
                        1e-6f); /* another order of sums */
    output_block_unref(block);
    tensor_deinit(&input);
    executor_free(fast);
    executor_free(plain);
}

static void test_warm_up_makes_the_plans(void **state) {
    const Fixture *fixture = *state;
    Executor *executor = new_executor(fixture, new_perceptron(), true);
    assert_false(executor_is_planned(executor, &SHAPE(8, 12)));
    model_check(executor_warm(executor));
    uint64_t misses = executor_plan_counts(executor).misses;
    for (int64_t rows = 1; rows <= 16; rows++)
        assert_true(executor_is_planned(executor, &SHAPE(rows, 12)));
    assert_int_equal(executor_plan_counts(executor).misses, misses);
    assert_true(executor_bytes(executor).weights > 0);
    executor_free(executor);
}

/* [N,8,12,12] through a convolution and a product, both with weights of more than 64 KiB; the
 * convolution's are also read as they are when others are asked for. */
static Graph *new_heavy(bool reads_plain) {
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(DIM_UNKNOWN, 8, 12, 12));
    ValueId w = model_random_f32(graph, SHAPE(256, 8, 3, 3), 0.1f, 1);
    ValueId y = model_node(graph, "Conv", INPUTS(x, w), NO_ATTRIBUTES);
    y = model_node(graph, "GlobalAveragePool", INPUTS(y), NO_ATTRIBUTES);
    y = model_node(graph, "Flatten", INPUTS(y), NO_ATTRIBUTES);
    y = model_node(graph, "MatMul", INPUTS(y, model_random_f32(graph, SHAPE(256, 256), 0.1f, 2)),
                   NO_ATTRIBUTES);
    model_output(graph, "y", y);
    if (reads_plain)
        model_output(graph, "w", w);
    model_finish(graph);
    return graph;
}

static void test_weights_are_held_once(void **state) {
    const Fixture *fixture = *state;
    const size_t conv = 256 * 8 * 3 * 3 * 4, product = 256 * 256 * 4;
    for (int reads_plain = 0; reads_plain < 2; reads_plain++) {
        Executor *fast = new_executor(fixture, new_heavy(reads_plain), true);
        Executor *plain = new_executor(fixture, new_heavy(reads_plain), false);
        size_t before = executor_bytes(fast).weights;
        for (int64_t rows = 1; rows <= 5; rows += 2) {
            Tensor input = random_tensor(SHAPE(rows, 8, 12, 12), (uint32_t)rows), outputs[2][2];
            OutputBlock *block = new_block(fixture);
            Executor *const both[] = { fast, plain };
            for (int i = 0; i < 2; i++)
                model_check(executor_run(
                    both[i],
                    &(RunArgs){ .inputs = &input, .outputs = outputs[i], .block = block }));
            for (int k = 0; k <= reads_plain; k++)
                for (size_t i = 0; i < tensor_elements(&outputs[0][k]); i++)
                    assert_float_equal(((float *)outputs[0][k].data)[i],
                                       ((float *)outputs[1][k].data)[i], 1e-5);
            output_block_unref(block);
            tensor_deinit(&input);
        }
        size_t after = executor_bytes(fast).weights;
        assert_in_range(before, conv + product, conv + product + 64);
        assert_in_range(after, before + (reads_plain ? conv : 0),
                        before + (reads_plain ? conv : 0) + conv / 4); /* some formats are padded */
        executor_free(fast);
        executor_free(plain);
    }
}

/* Two blocks of Conv, Conv, Conv with the first's result added: the sum lies where its operand was,
 * unless the operand is read once more, afterwards. */
static Graph *new_residual(bool reads_again) {
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(DIM_UNKNOWN, 16, 32, 32)), y, start;
    Attribute pads = ATTRIBUTE_OF_INTS("pads", 1, 1, 1, 1);
    y = model_node(graph, "Neg", INPUTS(x), NO_ATTRIBUTES);
    for (uint32_t block = 0; block < 2; block++) {
        y = model_node(graph, "Conv",
                       INPUTS(y, model_random_f32(graph, SHAPE(16, 16, 1, 1), 0.3f, 1)),
                       NO_ATTRIBUTES);
        start = y;
        for (uint32_t i = 0; i < 2; i++)
            y = model_node(graph, "Conv",
                           INPUTS(y, model_random_f32(graph, SHAPE(16, 16, 3, 3), 0.2f, 2 + i)), 1,
                           &pads);
        y = model_node(graph, "Add", INPUTS(y, start), NO_ATTRIBUTES);
        y = model_node(graph, "Relu", INPUTS(y), NO_ATTRIBUTES);
    }
    if (reads_again)
        y = model_node(graph, "Mul", INPUTS(y, start), NO_ATTRIBUTES);
    model_output(graph, "y", model_node(graph, "GlobalAveragePool", INPUTS(y), NO_ATTRIBUTES));
    model_finish(graph);
    return graph;
}

static void test_a_sum_lies_where_its_operand_was(void **state) {
    const Fixture *fixture = *state;
    const size_t value = 16 * 32 * 32 * 4;
    for (int reads_again = 0; reads_again < 2; reads_again++) {
        Executor *fast = new_executor(fixture, new_residual(reads_again), true);
        Executor *plain = new_executor(fixture, new_residual(reads_again), false);
        Executor *const both[] = { fast, plain };
        for (int64_t rows = 1; rows <= 3; rows++) {
            Tensor input = random_tensor(SHAPE(rows, 16, 32, 32), (uint32_t)rows), outputs[2];
            OutputBlock *block = new_block(fixture);
            for (int i = 0; i < 2; i++)
                model_check(executor_run(
                    both[i],
                    &(RunArgs){ .inputs = &input, .outputs = &outputs[i], .block = block }));
            if (rows == 1) /* the sum, and what the last convolution reads; or one more */
                assert_in_range(executor_bytes(fast).arena, (2 + (size_t)reads_again) * value,
                                (2 + (size_t)reads_again) * value + value / 2);
            for (size_t i = 0; i < tensor_elements(&outputs[0]); i++)
                assert_float_equal(((float *)outputs[0].data)[i], ((float *)outputs[1].data)[i],
                                   1e-3);
            output_block_unref(block);
            tensor_deinit(&input);
        }
        executor_free(fast);
        executor_free(plain);
    }
}

static void check_error(Executor *executor, OutputBlock *block, Tensor *input, StatusCode code,
                        const char *message) {
    Tensor output;
    Status status =
        executor_run(executor, &(RunArgs){ .inputs = input, .outputs = &output, .block = block });
    assert_int_equal(status.code, code);
    assert_string_equal(status.message, message);
}

typedef struct Caller {
    Executor *executor;
    OutputPool *pool;
    Thread thread;
    Tensor input;
    float result[5];
} Caller;

static void call_often(void *user) {
    Caller *caller = user;
    Tensor output;
    OutputBlock *block;
    model_check(output_block_new(caller->pool, &block));
    for (int i = 0; i < 50; i++)
        model_check(executor_run(
            caller->executor,
            &(RunArgs){ .inputs = &caller->input, .outputs = &output, .block = block }));
    memcpy(caller->result, output.data, sizeof caller->result);
    output_block_unref(block);
}

static void test_threads_that_miss_together_build_once(void **state) {
    const Fixture *fixture = *state;
    enum { CALLERS = 4, ROWS = 3 };
    Executor *executor = new_executor(fixture, new_perceptron(), true);
    Caller callers[CALLERS] = { 0 };
    Tensor input = random_tensor(SHAPE(ROWS, 12), 5);
    for (int i = 0; i < CALLERS; i++) {
        callers[i] = (Caller){ .executor = executor, .pool = fixture->outputs, .input = input };
        model_check(
            thread_start(&callers[i].thread, THREAD_OTHER, "caller", call_often, &callers[i]));
    }
    for (int i = 0; i < CALLERS; i++)
        thread_join(&callers[i].thread);
    for (int i = 1; i < CALLERS; i++)
        assert_memory_equal(callers[i].result, callers[0].result, sizeof callers[0].result);
    assert_true(executor_plan_counts(executor).entries <= 2); /* pieces of one and of two rows */
    tensor_deinit(&input);
    executor_free(executor);
}

static void test_threads_that_miss_different_shapes_build_side_by_side(void **state) {
    const Fixture *fixture = *state;
    enum { CALLERS = 4 };
    Executor *executor = new_executor(fixture, new_heavy(false), true);
    Caller callers[CALLERS] = { 0 };
    for (int i = 0; i < CALLERS; i++) { /* the same first row in each */
        callers[i] = (Caller){ .executor = executor,
                               .pool = fixture->outputs,
                               .input = random_tensor(SHAPE(1 << i, 8, 12, 12), 5) };
        model_check(
            thread_start(&callers[i].thread, THREAD_OTHER, "caller", call_often, &callers[i]));
    }
    for (int i = 0; i < CALLERS; i++)
        thread_join(&callers[i].thread);
    for (int i = 0; i < CALLERS; i++) {
        for (int k = 0; k < 5; k++)
            assert_float_equal(callers[i].result[k], callers[0].result[k], 1e-5);
        tensor_deinit(&callers[i].input);
    }
    executor_free(executor);
}

static void test_errors_name_the_input_and_both_sides(void **state) {
    const Fixture *fixture = *state;
    Executor *executor = new_executor(fixture, new_perceptron(), true);
    OutputBlock *block = new_block(fixture);
    Tensor wrong_shape = random_tensor(SHAPE(2, 13), 1);
    check_error(executor, block, &wrong_shape, STATUS_INVALID_ARGUMENT,
                "input 'x': expected [?,12], got [2,13]");
    Tensor wrong_type = MODEL_TENSOR(DTYPE_I64, SHAPE(1, 1), 3);
    check_error(executor, block, &wrong_type, STATUS_INVALID_ARGUMENT,
                "input 'x': expected float32, got int64");
    Tensor lying = random_tensor(SHAPE(2, 12), 1);
    lying.bytes -= 4;
    check_error(executor, block, &lying, STATUS_INVALID_ARGUMENT,
                "input 'x': 92 bytes are not [2,12] of float32");
    tensor_deinit(&wrong_shape);
    tensor_deinit(&wrong_type);
    tensor_deinit(&lying);
    output_block_unref(block);
    executor_free(executor);
}

static void test_stop_ends_a_run(void **state) {
    const Fixture *fixture = *state;
    Executor *executor = new_executor(fixture, new_perceptron(), true);
    OutputBlock *block = new_block(fixture);
    Tensor input = random_tensor(SHAPE(1, 12), 1), output;
    _Atomic bool stop = true;
    Status status = executor_run(
        executor,
        &(RunArgs){ .inputs = &input, .outputs = &output, .block = block, .stop = &stop });
    assert_int_equal(status.code, STATUS_CANCELLED);
    tensor_deinit(&input);
    output_block_unref(block);
    executor_free(executor);
}

static void test_output_memory_is_limited(void **state) {
    const Fixture *fixture = *state;
    Executor *executor = new_executor(fixture, new_perceptron(), true);
    OutputPool *tiny;
    model_check(output_pool_new(256, &tiny));
    OutputBlock *block;
    model_check(output_block_new(tiny, &block));
    Tensor input = random_tensor(SHAPE(64, 12), 1), output;
    Status status =
        executor_run(executor, &(RunArgs){ .inputs = &input, .outputs = &output, .block = block });
    assert_int_equal(status.code, STATUS_RESOURCE_EXHAUSTED);
    tensor_deinit(&input);
    output_block_unref(block);
    output_pool_free(tiny);
    executor_free(executor);
}

/* Inputs, constants, a value twice, and a view as outputs: none of them is written in place. */
static void test_odd_outputs(void **state) {
    const Fixture *fixture = *state;
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(2, 3));
    ValueId y = model_node(graph, "Neg", INPUTS(x), NO_ATTRIBUTES);
    model_output(graph, "input", x);
    model_output(graph, "constant", MODEL_F32(graph, SHAPE(2), 7, 8));
    model_output(graph, "first", y);
    model_output(graph, "second", y);
    model_output(graph, "view",
                 model_node(graph, "Reshape", INPUTS(y, MODEL_I64(graph, 3, 2)), NO_ATTRIBUTES));
    model_finish(graph);
    Executor *executor = new_executor(fixture, graph, true);
    Tensor input = MODEL_TENSOR(DTYPE_F32, SHAPE(2, 3), 1, 2, 3, 4, 5, 6), outputs[5];
    OutputBlock *block = new_block(fixture);
    model_check(
        executor_run(executor, &(RunArgs){ .inputs = &input, .outputs = outputs, .block = block }));
    const float negative[] = { -1, -2, -3, -4, -5, -6 }, constant[] = { 7, 8 };
    assert_memory_equal(outputs[0].data, input.data, sizeof negative);
    assert_memory_equal(outputs[1].data, constant, sizeof constant);
    for (size_t i = 2; i < 5; i++)
        assert_memory_equal(outputs[i].data, negative, sizeof negative);
    assert_true(shape_equal(&outputs[4].shape, &SHAPE(3, 2)));
    for (size_t i = 0; i < 5; i++)
        for (size_t k = 0; k < i; k++)
            assert_ptr_not_equal(outputs[i].data, outputs[k].data);
    output_block_unref(block);
    tensor_deinit(&input);
    executor_free(executor);
}

/* An input that lives in the block is itself the output; one that does not is copied. */
static void test_a_passed_input_needs_no_copy(void **state) {
    const Fixture *fixture = *state;
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(2));
    model_output(graph, "y", model_node(graph, "Identity", INPUTS(x), NO_ATTRIBUTES));
    model_finish(graph);
    Executor *executor = new_executor(fixture, graph, true);
    assert_true(executor_passes_input(executor, 0));
    OutputBlock *block = new_block(fixture);
    Tensor input = { .dtype = DTYPE_F32, .shape = SHAPE(2), .bytes = 8 }, output;
    input.data = memcpy(output_block_alloc(block, 8), (float[]){ 1, 2 }, 8);
    RunArgs args = { .inputs = &input, .outputs = &output, .block = block };
    model_check(executor_run(executor, &args));
    assert_ptr_not_equal(output.data, input.data);
    assert_memory_equal(output.data, input.data, 8);
    args.held_inputs = 1;
    model_check(executor_run(executor, &args));
    assert_ptr_equal(output.data, input.data);
    output_block_unref(block);
    executor_free(executor);
}

static void test_a_failed_new_leaves_the_graph(void **state) {
    const Fixture *fixture = *state;
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(1, 2));
    ValueId y = model_node(graph, "Neg", INPUTS(x), NO_ATTRIBUTES);
    model_output(graph, "y", y);
    model_finish(graph);
    OpSchema unknown = *op_schema_find("", "Neg");
    unknown.name = "Negligible";
    graph_node(graph, 0)->op = &unknown;
    ExecutorOptions options = { .device = fixture->device, .optimise = true };
    Executor *executor = NULL;
    Status status = executor_new(graph, &options, &executor);
    assert_int_equal(status.code, STATUS_UNIMPLEMENTED);
    assert_non_null(strstr(status.message, "Negligible"));
    assert_int_equal(graph_node_count(graph), 1);
    graph_free(graph);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs_a_graph),
        cmocka_unit_test(test_rows_do_not_depend_on_their_batch),
        cmocka_unit_test(test_passes_do_not_change_answers),
        cmocka_unit_test(test_weights_are_held_once),
        cmocka_unit_test(test_a_sum_lies_where_its_operand_was),
        cmocka_unit_test(test_warm_up_makes_the_plans),
        cmocka_unit_test(test_threads_that_miss_together_build_once),
        cmocka_unit_test(test_threads_that_miss_different_shapes_build_side_by_side),
        cmocka_unit_test(test_errors_name_the_input_and_both_sides),
        cmocka_unit_test(test_stop_ends_a_run),
        cmocka_unit_test(test_output_memory_is_limited),
        cmocka_unit_test(test_odd_outputs),
        cmocka_unit_test(test_a_passed_input_needs_no_copy),
        cmocka_unit_test(test_a_failed_new_leaves_the_graph),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
