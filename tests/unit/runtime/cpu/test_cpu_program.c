/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Programs of the CPU device: shapes known only at run time, their limits, nested arenas, the run's
 * heap. */

#include "runtime/cpu/run_heap.h"
#include "runtime/cpu/thread_arena.h"
#include "runtime/device/device_open.h"
#include "runtime/exec/executor.h"
#include "tests/support/model_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { RUN_LIMIT = 1 << 20 };

typedef struct Fixture {
    Device *device;
    OutputPool *pool;
    OutputBlock *block;
} Fixture;

static int set_up(void **state) {
    Fixture *fixture = calloc(1, sizeof *fixture);
    const char *note;
    DeviceHost host = { .abi = DEVICE_ABI, .struct_bytes = sizeof host };
    model_check(device_open("cpu", &host, &fixture->device, &note));
    model_check(output_pool_new(64 << 20, &fixture->pool));
    model_check(output_block_new(fixture->pool, &fixture->block));
    *state = fixture;
    return 0;
}

static int tear_down(void **state) {
    Fixture *fixture = *state;
    output_block_unref(fixture->block);
    output_pool_free(fixture->pool);
    device_close(fixture->device);
    free(fixture);
    return 0;
}

static Status run(const Fixture *fixture, Graph *graph, bool optimise, const Tensor *inputs,
                  Tensor *outputs) {
    ExecutorOptions options = { .device = fixture->device,
                                .optimise = optimise,
                                .run_memory_limit_bytes = RUN_LIMIT };
    Executor *executor;
    model_check(executor_new(graph, &options, &executor));
    Status status = executor_run(
        executor, &(RunArgs){ .inputs = inputs, .outputs = outputs, .block = fixture->block });
    executor_free(executor);
    return status;
}

/* y = Neg(Reshape(x, shape)) + 1, where shape is an input. */
static Graph *new_reshaper(void) {
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(2, 6));
    ValueId shape = model_input(graph, "shape", DTYPE_I64, SHAPE(DIM_UNKNOWN));
    ValueId y = model_node(graph, "Neg",
                           INPUTS(model_node(graph, "Reshape", INPUTS(x, shape), NO_ATTRIBUTES)),
                           NO_ATTRIBUTES);
    model_output(graph, "y",
                 model_node(graph, "Add", INPUTS(y, MODEL_F32(graph, SHAPE(1), 1)), NO_ATTRIBUTES));
    model_finish(graph);
    return graph;
}

static void test_shapes_that_inputs_decide(void **state) {
    const Fixture *fixture = *state;
    Tensor inputs[2], output;
    inputs[0] = MODEL_TENSOR(DTYPE_F32, SHAPE(2, 6), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
    inputs[1] = MODEL_TENSOR(DTYPE_I64, SHAPE(3), 3, 2, -1);
    for (int optimise = 0; optimise < 2; optimise++) {
        model_check(run(fixture, new_reshaper(), optimise, inputs, &output));
        assert_true(shape_equal(&output.shape, &SHAPE(3, 2, 2)));
        for (int i = 0; i < 12; i++)
            assert_true(((float *)output.data)[i] == 1.0f - (float)i);
    }
    ((int64_t *)inputs[1].data)[0] = 5; /* 12 elements are not [5,2,?] */
    Status status = run(fixture, new_reshaper(), true, inputs, &output);
    assert_int_equal(status.code, STATUS_INVALID_ARGUMENT);
    assert_non_null(strstr(status.message, "Reshape"));
    tensor_deinit(&inputs[0]);
    tensor_deinit(&inputs[1]);
}

static void test_the_memory_of_a_run_is_limited(void **state) {
    const Fixture *fixture = *state;
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(1));
    ValueId shape = model_input(graph, "shape", DTYPE_I64, SHAPE(2));
    ValueId large = model_node(graph, "Expand", INPUTS(x, shape), NO_ATTRIBUTES);
    model_output(
        graph, "y",
        model_node(graph, "ReduceMax", INPUTS(large), ATTRIBUTES(ATTRIBUTE_OF_INT("keepdims", 0))));
    model_finish(graph);
    Tensor inputs[2], output;
    inputs[0] = MODEL_TENSOR(DTYPE_F32, SHAPE(1), 3);
    inputs[1] = MODEL_TENSOR(DTYPE_I64, SHAPE(2), 1000, 1000);
    Status status = run(fixture, graph, true, inputs, &output);
    assert_int_equal(status.code, STATUS_RESOURCE_EXHAUSTED);
    assert_non_null(strstr(status.message, "Expand"));
    tensor_deinit(&inputs[0]);
    tensor_deinit(&inputs[1]);
}

/* Known shape after an unknown one: planned memory, checked when the run comes to it. */
static void test_known_values_after_unknown_ones(void **state) {
    const Fixture *fixture = *state;
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(2));
    ValueId shape = model_input(graph, "shape", DTYPE_I64, SHAPE(1));
    ValueId y = model_node(graph, "Expand", INPUTS(x, shape), NO_ATTRIBUTES);
    y = model_node(graph, "Reshape", INPUTS(y, MODEL_I64(graph, 1, 2)), NO_ATTRIBUTES);
    y = model_node(graph, "MatMul", INPUTS(y, MODEL_F32(graph, SHAPE(2, 1), 10, 1)), NO_ATTRIBUTES);
    model_output(graph, "y", model_node(graph, "Relu", INPUTS(y), NO_ATTRIBUTES));
    model_finish(graph);
    Tensor inputs[2], output;
    inputs[0] = MODEL_TENSOR(DTYPE_F32, SHAPE(2), 3, 4);
    inputs[1] = MODEL_TENSOR(DTYPE_I64, SHAPE(1), 2);
    model_check(run(fixture, graph, true, inputs, &output));
    assert_true(shape_equal(&output.shape, &SHAPE(1, 1)));
    assert_true(*(float *)output.data == 34.0f);
    tensor_deinit(&inputs[0]);
    tensor_deinit(&inputs[1]);
}

static void test_strings_leave_in_one_piece(void **state) {
    const Fixture *fixture = *state;
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_STRING, SHAPE(2, 1));
    model_output(graph, "y", model_node(graph, "Transpose", INPUTS(x), NO_ATTRIBUTES));
    model_output(graph, "same", x);
    model_finish(graph);
    char text[] = "onetwelve";
    StringView views[2] = { { text, 3 }, { text + 3, 6 } };
    Tensor input = { .dtype = DTYPE_STRING,
                     .shape = SHAPE(2, 1),
                     .data = views,
                     .bytes = sizeof views },
           outputs[2];
    model_check(run(fixture, graph, true, &input, outputs));
    memset(text, 'x', sizeof text); /* the caller's characters are not lent beyond the run */
    for (int i = 0; i < 2; i++) {
        const StringView *got = outputs[i].data;
        assert_int_equal(got[0].length, 3);
        assert_memory_equal(got[0].data, "one", 3);
        assert_memory_equal(got[1].data, "twelve", 6);
    }
}

static void test_arenas_nest_and_are_kept(void **state) {
    (void)state;
    void *outer = thread_arena_acquire(1000);
    void *inner = thread_arena_acquire(1000);
    assert_ptr_not_equal(outer, inner);
    assert_int_equal((uintptr_t)inner % TENSOR_ALIGNMENT, 0);
    thread_arena_release(inner);
    thread_arena_release(outer);
    assert_ptr_equal(thread_arena_acquire(500), outer);
    thread_arena_release(outer);
}

static void test_the_heap_counts(void **state) {
    (void)state;
    RunHeap heap = { .limit_bytes = 1000 };
    assert_non_null(run_heap_alloc(&heap, 500));
    assert_null(run_heap_alloc(&heap, 500)); /* headers count */
    assert_non_null(run_heap_alloc(&heap, 0));
    assert_null(run_heap_alloc(&heap, SIZE_MAX));
    run_heap_free(&heap);
    assert_non_null(run_heap_alloc(&heap, 900));
    run_heap_free(&heap);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes_that_inputs_decide),
        cmocka_unit_test(test_the_memory_of_a_run_is_limited),
        cmocka_unit_test(test_known_values_after_unknown_ones),
        cmocka_unit_test(test_strings_leave_in_one_piece),
        cmocka_unit_test(test_arenas_nest_and_are_kept),
        cmocka_unit_test(test_the_heap_counts),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
