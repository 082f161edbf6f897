/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Quantised products: each model twice, with the right side as a constant (the fast kernel) and as
 * an input (the plain one, which takes any). Every bit must be the same; all values, zero points at
 * both ends included, are drawn at random.
 */

#include "runtime/base/size.h"
#include "runtime/device/device_open.h"
#include "runtime/exec/executor.h"
#include "tests/support/check.h"
#include "tests/support/model_builder.h"

#include <math.h>
#include <string.h>

enum { BYTES_MAX = 70 * 160, OUTPUT_LIMIT = 1 << 22 };

static uint32_t random_state = 7;

static uint32_t random_below(uint32_t bound) {
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % bound;
}

typedef struct Case {
    bool requantizes, a_signed, b_signed, y_signed, zero_a, zero_b, by_column;
    int64_t rows, inner, columns;
} Case;

/* Drawn once, used by both models. */
typedef struct Numbers {
    double b[BYTES_MAX], b_zero[160], b_scale[160], a_zero, y_zero;
} Numbers;

static double random_byte(bool is_signed) {
    return (double)random_below(256) - (is_signed ? 128 : 0);
}

static DType byte_type(bool is_signed) {
    return is_signed ? DTYPE_I8 : DTYPE_U8;
}

static Shape zero_shape(const Case *test) {
    return test->by_column ? SHAPE(test->columns) : SHAPE_SCALAR;
}

static ValueId add_product(Graph *graph, const Case *test, const Numbers *numbers, ValueId a,
                           ValueId b) {
    size_t zeros = test->by_column ? (size_t)test->columns : 1;
    ValueId a_zero =
        model_constant(graph, byte_type(test->a_signed), SHAPE_SCALAR, &numbers->a_zero, 1);
    ValueId b_zero =
        model_constant(graph, byte_type(test->b_signed), zero_shape(test), numbers->b_zero, zeros);
    if (!test->requantizes)
        return model_node(
            graph, "MatMulInteger",
            INPUTS(a, b, test->zero_a ? a_zero : VALUE_NONE, test->zero_b ? b_zero : VALUE_NONE),
            NO_ATTRIBUTES);
    ValueId b_scale = model_constant(graph, DTYPE_F32, zero_shape(test), numbers->b_scale, zeros);
    return model_node(
        graph, "QLinearMatMul",
        INPUTS(a, MODEL_F32(graph, SHAPE_SCALAR, 0.013), a_zero, b, b_scale, b_zero,
               MODEL_F32(graph, SHAPE_SCALAR, 2.7),
               model_constant(graph, byte_type(test->y_signed), SHAPE_SCALAR, &numbers->y_zero, 1)),
        NO_ATTRIBUTES);
}

static Graph *build(const Case *test, const Numbers *numbers, bool constant) {
    Graph *graph = model_new();
    Shape b_shape = SHAPE(test->inner, test->columns);
    DType b_type = byte_type(test->b_signed);
    ValueId a = model_input(graph, "a", byte_type(test->a_signed), SHAPE(test->rows, test->inner));
    ValueId b = constant ? model_constant(graph, b_type, b_shape, numbers->b,
                                          (size_t)(test->inner * test->columns))
                         : model_input(graph, "b", b_type, b_shape);
    model_output(graph, "y", add_product(graph, test, numbers, a, b));
    model_finish(graph);
    return graph;
}

static void run(Device *device, Graph *graph, const Tensor *inputs, OutputBlock *block,
                Tensor *output) {
    Executor *executor;
    check_ok(
        executor_new(graph, &(ExecutorOptions){ .device = device, .optimise = true }, &executor));
    check_ok(
        executor_run(executor, &(RunArgs){ .inputs = inputs, .outputs = output, .block = block }));
    executor_free(executor);
}

static void draw(const Case *test, Numbers *numbers) {
    for (int64_t i = 0; i < test->inner * test->columns; i++)
        numbers->b[i] = random_byte(test->b_signed);
    for (int64_t i = 0; i < test->columns; i++) {
        numbers->b_zero[i] = random_byte(test->b_signed);
        numbers->b_scale[i] = (1 + random_below(100)) / 512.0;
    }
    numbers->a_zero = random_byte(test->a_signed);
    numbers->y_zero = random_byte(test->y_signed);
}

static void check_case(Device *device, OutputPool *pool, const Case *test) {
    static Numbers numbers;
    OutputBlock *block;
    Tensor inputs[2], fast, plain;
    draw(test, &numbers);
    check_ok(output_block_new(pool, &block));
    check_ok(tensor_init(&inputs[0], byte_type(test->a_signed), &SHAPE(test->rows, test->inner)));
    for (size_t i = 0; i < inputs[0].bytes; i++)
        ((uint8_t *)inputs[0].data)[i] = (uint8_t)random_below(256);
    inputs[1] = model_tensor(byte_type(test->b_signed), SHAPE(test->inner, test->columns),
                             numbers.b, (size_t)(test->inner * test->columns));
    run(device, build(test, &numbers, true), inputs, block, &fast);
    run(device, build(test, &numbers, false), inputs, block, &plain);
    assert_int_equal(fast.bytes, plain.bytes);
    assert_memory_equal(fast.data, plain.data, plain.bytes);
    tensor_deinit(&inputs[0]);
    tensor_deinit(&inputs[1]);
    output_block_unref(block);
}

static void test_constant_right_sides_give_the_same_bits(void **state) {
    (void)state;
    Device *device;
    OutputPool *pool;
    const char *note;
    DeviceHost host = { .abi = DEVICE_ABI, .struct_bytes = sizeof host };
    check_ok(device_open("cpu", &host, &device, &note));
    check_ok(output_pool_new(OUTPUT_LIMIT, &pool));
    for (uint32_t i = 0; i < 128; i++)
        check_case(device, pool,
                   &(Case){ .requantizes = i & 1,
                            .a_signed = i & 2,
                            .b_signed = i & 4,
                            .y_signed = i & 8,
                            .zero_a = i & 16,
                            .zero_b = i & 32,
                            .by_column = i & 64,
                            .rows = 1 + random_below(40),
                            .inner = 1 + random_below(70),
                            .columns = 1 + random_below(160) });
    output_pool_free(pool);
    device_close(device);
}

/* Integers to floats, both ends and what no float holds exactly included. */
static void test_casts_are_to_the_nearest(void **state) {
    (void)state;
    static const double numbers[] = { -2147483648.0, 2147483647, 16777217, 16777219,
                                      -33554435,     0,          -1,       255,
                                      127,           -128 };
    static const DType types[] = { DTYPE_I32, DTYPE_U8, DTYPE_I8 };
    static const size_t firsts[] = { 0, 7, 8 }, counts[] = { 10, 1, 2 }; /* those that fit */
    Device *device;
    OutputPool *pool;
    const char *note;
    DeviceHost host = { .abi = DEVICE_ABI, .struct_bytes = sizeof host };
    check_ok(device_open("cpu", &host, &device, &note));
    check_ok(output_pool_new(OUTPUT_LIMIT, &pool));
    for (size_t i = 0; i < ARRAY_LENGTH(types); i++) {
        OutputBlock *block;
        Tensor output, input = model_tensor(types[i], SHAPE((int64_t)counts[i]),
                                            numbers + firsts[i], counts[i]);
        Graph *graph = model_new();
        ValueId x = model_input(graph, "x", types[i], SHAPE((int64_t)counts[i]));
        model_output(
            graph, "y",
            model_node(graph, "Cast", INPUTS(x), ATTRIBUTES(ATTRIBUTE_OF_INT("to", DTYPE_F32))));
        model_finish(graph);
        check_ok(output_block_new(pool, &block));
        run(device, graph, &input, block, &output);
        for (size_t k = 0; k < counts[i]; k++)
            assert_true(((float *)output.data)[k] == (float)numbers[firsts[i] + k]);
        tensor_deinit(&input);
        output_block_unref(block);
    }
    output_pool_free(pool);
    device_close(device);
}

static void test_dynamic_quantisation_gives_the_same_bytes(void **state) {
    (void)state;
    /* Ranges on one side of 0, around it, and of nothing at all. */
    static const struct {
        float low, high;
    } ranges[] = { { -3, 5 }, { 1, 9 }, { -7, -2 }, { 0, 0 }, { -1e-3f, 1e3f } };
    Device *device;
    OutputPool *pool;
    const char *note;
    DeviceHost host = { .abi = DEVICE_ABI, .struct_bytes = sizeof host };
    check_ok(device_open("cpu", &host, &device, &note));
    check_ok(output_pool_new(OUTPUT_LIMIT, &pool));
    for (size_t i = 0; i < ARRAY_LENGTH(ranges); i++) {
        OutputBlock *block;
        Tensor input, outputs[3];
        Graph *graph = model_new();
        ValueId x = model_input(graph, "x", DTYPE_F32, SHAPE(37, 5)), parts[3] = { 0 };
        model_node_outputs(graph, "DynamicQuantizeLinear", INPUTS(x), NO_ATTRIBUTES, 3, parts);
        model_output(graph, "y", parts[0]);
        model_output(graph, "scale", parts[1]);
        model_output(graph, "zero", parts[2]);
        model_finish(graph);
        check_ok(output_block_new(pool, &block));
        check_ok(tensor_init(&input, DTYPE_F32, &SHAPE(37, 5)));
        float *data = input.data, low = 0, high = 0;
        for (size_t k = 0; k < 37 * 5; k++) {
            data[k] = ranges[i].low +
                      (ranges[i].high - ranges[i].low) * (float)random_below(1000) / 1000.0f;
            low = data[k] < low ? data[k] : low;
            high = data[k] > high ? data[k] : high;
        }
        run(device, graph, &input, block, outputs);
        float scale = (low < high ? high - low : 1.0f) / 255.0f;
        double zero = rint((double)(0.0f - low / scale));
        assert_true(*(float *)outputs[1].data == scale);
        assert_true((double)*(uint8_t *)outputs[2].data == fmin(255, fmax(0, zero)));
        for (size_t k = 0; k < 37 * 5; k++)
            assert_true((double)((uint8_t *)outputs[0].data)[k] ==
                        fmin(255, fmax(0, rint((double)(data[k] / scale)) + zero)));
        tensor_deinit(&input);
        output_block_unref(block);
    }
    output_pool_free(pool);
    device_close(device);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_constant_right_sides_give_the_same_bits),
        cmocka_unit_test(test_casts_are_to_the_nearest),
        cmocka_unit_test(test_dynamic_quantisation_gives_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
