/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What an answer depends on. A transformer over token numbers, a perceptron and an LSTM, alone and
 * in batches, on one thread and on three: with `deterministic` every bit is the same, on every
 * instruction set; without it rows_are_same has the bound. And lengths that vary cost nothing once
 * they were seen: no plan is built twice, and no more are kept than the cache holds.
 */

#include "runtime/base/size.h"
#include "runtime/device/device_open.h"
#include "runtime/exec/executor.h"
#include "tests/support/check.h"
#include "tests/support/model_builder.h"
#include "tests/support/same_rows.h"

enum {
    VOCABULARY = 50,
    WIDTH = 48,
    HEADS = 3,
    LENGTH_MAX = 32,
    BATCH = 7,
    STEPS = 9,
    OUTPUT_LIMIT = 1 << 24,
};

static ValueId with(Graph *graph, const char *op, ValueId a, ValueId b) {
    return model_node(graph, op, INPUTS(a, b), NO_ATTRIBUTES);
}

static ValueId linear(Graph *graph, ValueId x, int64_t in, int64_t out, uint32_t seed) {
    ValueId y = with(graph, "MatMul", x, model_random_f32(graph, SHAPE(in, out), 0.3f, seed));
    return with(graph, "Add", y, model_random_f32(graph, SHAPE(out), 0.3f, seed + 1));
}

static ValueId norm(Graph *graph, ValueId x) {
    ValueId axes = MODEL_I64(graph, -1), two = MODEL_F32(graph, SHAPE_SCALAR, 2);
    ValueId c = with(graph, "Sub", x, with(graph, "ReduceMean", x, axes));
    ValueId v = with(graph, "ReduceMean", with(graph, "Pow", c, two), axes);
    v = with(graph, "Add", v, MODEL_F32(graph, SHAPE_SCALAR, 1e-5));
    ValueId y = with(graph, "Div", c, model_node(graph, "Sqrt", INPUTS(v), NO_ATTRIBUTES));
    return with(graph, "Mul", y, model_random_f32(graph, SHAPE(WIDTH), 1, 3));
}

static ValueId heads(Graph *graph, ValueId x, int64_t a, int64_t b, int64_t c, int64_t d) {
    x = with(graph, "Reshape", x, MODEL_I64(graph, 0, 0, HEADS, WIDTH / HEADS));
    return model_node(graph, "Transpose", INPUTS(x),
                      ATTRIBUTES(ATTRIBUTE_OF_INTS("perm", a, b, c, d)));
}

static ValueId attention(Graph *graph, ValueId x) {
    ValueId q = heads(graph, linear(graph, x, WIDTH, WIDTH, 10), 0, 2, 1, 3);
    ValueId k = heads(graph, linear(graph, x, WIDTH, WIDTH, 20), 0, 2, 3, 1);
    ValueId v = heads(graph, linear(graph, x, WIDTH, WIDTH, 30), 0, 2, 1, 3);
    ValueId scores =
        with(graph, "Div", with(graph, "MatMul", q, k), MODEL_F32(graph, SHAPE_SCALAR, 4));
    ValueId p = model_node(graph, "Softmax", INPUTS(scores), NO_ATTRIBUTES);
    ValueId o = model_node(graph, "Transpose", INPUTS(with(graph, "MatMul", p, v)),
                           ATTRIBUTES(ATTRIBUTE_OF_INTS("perm", 0, 2, 1, 3)));
    o = with(graph, "Reshape", o, MODEL_I64(graph, 0, 0, WIDTH));
    return linear(graph, o, WIDTH, WIDTH, 40);
}

static Graph *transformer(void) {
    Graph *graph = model_new();
    ValueId ids = model_input(graph, "ids", DTYPE_I64, SHAPE(DIM_UNKNOWN, DIM_UNKNOWN));
    ValueId x = with(graph, "Gather", model_random_f32(graph, SHAPE(VOCABULARY, WIDTH), 1, 1), ids);
    x = norm(graph, with(graph, "Add", x, attention(graph, x)));
    ValueId y =
        model_node(graph, "Gelu", INPUTS(linear(graph, x, WIDTH, 2 * WIDTH, 50)), NO_ATTRIBUTES);
    x = norm(graph, with(graph, "Add", linear(graph, y, 2 * WIDTH, WIDTH, 60), x));
    model_output(graph, "y", x);
    model_finish(graph);
    return graph;
}

static Graph *perceptron(void) {
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(DIM_UNKNOWN, LENGTH_MAX));
    x = model_node(graph, "Relu", INPUTS(linear(graph, x, LENGTH_MAX, 300, 1)), NO_ATTRIBUTES);
    model_output(graph, "y", linear(graph, x, 300, 10, 2));
    model_finish(graph);
    return graph;
}

static Graph *lstm(void) {
    Graph *graph = model_new();
    ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(DIM_UNKNOWN, STEPS, LENGTH_MAX));
    ValueId w = model_random_f32(graph, SHAPE(1, 4 * WIDTH, LENGTH_MAX), 0.3f, 1);
    ValueId r = model_random_f32(graph, SHAPE(1, 4 * WIDTH, WIDTH), 0.3f, 2);
    model_output(graph, "y",
                 model_node(graph, "LSTM", INPUTS(x, w, r),
                            ATTRIBUTES(ATTRIBUTE_OF_INT("hidden_size", WIDTH),
                                       ATTRIBUTE_OF_INT("layout", 1))));
    model_finish(graph);
    return graph;
}

typedef struct World {
    Pool *pool;
    Device *device, *alone; /* three threads, and one */
    OutputPool *outputs;
} World;

static int set_up(void **state) {
    World *world = calloc(1, sizeof *world);
    const char *note;
    DeviceHost host = { .abi = DEVICE_ABI, .struct_bytes = sizeof host };
    check_ok(device_open("cpu", &host, &world->alone, &note));
    check_ok(pool_new(3, &world->pool));
    host.pool = world->pool;
    check_ok(device_open("cpu", &host, &world->device, &note));
    check_ok(output_pool_new(OUTPUT_LIMIT, &world->outputs));
    *state = world;
    return 0;
}

static int tear_down(void **state) {
    World *world = *state;
    output_pool_free(world->outputs);
    device_close(world->device);
    device_close(world->alone);
    pool_free(world->pool);
    free(world);
    return 0;
}

static Executor *load(const World *world, Graph *graph, bool threads, bool deterministic) {
    ExecutorOptions options = { .device = threads ? world->device : world->alone,
                                .pool = threads ? world->pool : NULL,
                                .max_rows = BATCH,
                                .optimise = true,
                                .deterministic = deterministic };
    Executor *executor;
    check_ok(executor_new(graph, &options, &executor));
    assert_true(executor_rows_independent(executor));
    return executor;
}

static Tensor make_input(DType dtype, Shape shape) {
    Tensor tensor;
    uint32_t number = 5;
    check_ok(tensor_init(&tensor, dtype, &shape));
    for (size_t i = 0; i < tensor_elements(&tensor); i++) {
        number = number * 1664525u + 1013904223u;
        if (dtype == DTYPE_I64)
            ((int64_t *)tensor.data)[i] = (number >> 8) % VOCABULARY;
        else
            ((float *)tensor.data)[i] = (float)(number >> 8) / (float)(1 << 23) - 1;
    }
    return tensor;
}

/* Rows [first, first + rows) of the input; the result is the caller's (free). */
static float *answer(const World *world, Executor *executor, const Tensor *input, size_t first,
                     size_t rows, size_t *ret_row_floats) {
    OutputBlock *block;
    Tensor part = *input, output;
    size_t row_bytes = input->bytes / (size_t)input->shape.dims[0];
    part.shape.dims[0] = (int64_t)rows;
    part.bytes = rows * row_bytes;
    part.data = (char *)input->data + first * row_bytes;
    check_ok(output_block_new(world->outputs, &block));
    check_ok(
        executor_run(executor, &(RunArgs){ .inputs = &part, .outputs = &output, .block = block }));
    float *copy = malloc(output.bytes);
    assert_non_null(copy);
    memcpy(copy, output.data, output.bytes);
    *ret_row_floats = output.bytes / sizeof(float) / rows;
    output_block_unref(block);
    return copy;
}

typedef struct Model {
    const char *name;
    Graph *(*build)(void);
    DType dtype;
    Shape input;
} Model;

static const Model models[] = {
    { "transformer", transformer, DTYPE_I64, { 2, { BATCH, 21 } } },
    { "perceptron", perceptron, DTYPE_F32, { 2, { BATCH, LENGTH_MAX } } },
    { "lstm", lstm, DTYPE_F32, { 3, { BATCH, STEPS, LENGTH_MAX } } },
};

/* Against the whole batch on one thread: each row alone, and a part of the batch, on three. */
static void check_model(const World *world, const Model *model, bool deterministic) {
    static const struct {
        size_t first, rows;
    } parts[] = { { 0, BATCH }, { 0, 1 }, { 3, 1 }, { 1, 5 }, { 6, 1 } };
    Executor *one = load(world, model->build(), false, deterministic),
             *several = load(world, model->build(), true, deterministic);
    Tensor input = make_input(model->dtype, model->input);
    size_t row;
    AUTO(free) float *whole = answer(world, one, &input, 0, BATCH, &row);
    for (size_t i = 0; i < ARRAY_LENGTH(parts); i++) {
        AUTO(free)
        float *part = answer(world, several, &input, parts[i].first, parts[i].rows, &row);
        const float *same = whole + parts[i].first * row;
        bool equal = deterministic ? memcmp(part, same, parts[i].rows * row * sizeof *part) == 0
                                   : rows_are_same(part, same, parts[i].rows * row);
        if (!equal)
            fail_msg("%s: rows %zu to %zu differ", model->name, parts[i].first,
                     parts[i].first + parts[i].rows - 1);
    }
    tensor_deinit(&input);
    executor_free(one);
    executor_free(several);
}

static void test_deterministic_bits(void **state) {
    for (size_t i = 0; i < ARRAY_LENGTH(models); i++)
        check_model(*state, &models[i], true);
}

static void test_the_bound_without_it(void **state) {
    for (size_t i = 0; i < ARRAY_LENGTH(models); i++)
        check_model(*state, &models[i], false);
}

static void test_lengths_are_planned_once(void **state) {
    const World *world = *state;
    Executor *executor = load(world, transformer(), false, false);
    uint64_t misses = 0;
    for (int round = 0; round < 3; round++) {
        for (int64_t length = 1; length <= LENGTH_MAX; length++) {
            Tensor input = make_input(DTYPE_I64, SHAPE(1, length));
            size_t row;
            free(answer(world, executor, &input, 0, 1, &row));
            tensor_deinit(&input);
        }
        PlanCacheCounts counts = executor_plan_counts(executor);
        assert_int_equal(counts.entries, LENGTH_MAX);
        assert_int_equal(counts.evictions, 0);
        if (round > 0)
            assert_int_equal(counts.misses, misses);
        misses = counts.misses;
    }
    executor_free(executor);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deterministic_bits),
        cmocka_unit_test(test_the_bound_without_it),
        cmocka_unit_test(test_lengths_are_planned_once),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
