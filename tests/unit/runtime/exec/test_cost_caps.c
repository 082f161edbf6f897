/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a few bytes of a request can ask for: each operator whose result grows with the content of
 * an input, asked for far more than the run may have. One rule refuses them all, before the memory
 * is touched.
 */

#include "runtime/base/size.h"
#include "runtime/device/device_open.h"
#include "runtime/exec/executor.h"
#include "tests/support/model_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { RUN_LIMIT = 1 << 20, NMS_BOXES = 600 };

typedef struct Cap {
    const char *op;
    uint32_t fed; /* the input that a request gives; the others are constants */
    DType dtype;
    size_t count;
    double content[4];
} Cap;

static const Cap caps[] = {
    { "ConstantOfShape", 0, DTYPE_I64, 2, { 4e4, 4e4 } },
    { "Expand", 1, DTYPE_I64, 2, { 1e9, 2 } },
    { "OneHot", 1, DTYPE_I64, 1, { 1e9 } },
    { "Pad", 1, DTYPE_I64, 2, { 0, 1e9 } },
    { "Range", 1, DTYPE_I64, 0, { 1e9 } },
    { "Resize", 3, DTYPE_I64, 1, { 1e9 } },
    { "Tile", 1, DTYPE_I64, 1, { 1e9 } },
};

static ValueId vector(Graph *graph) {
    return MODEL_F32(graph, SHAPE(2), 1, 2);
}

static ValueId scalar(Graph *graph, double value) {
    return model_constant(graph, DTYPE_I64, SHAPE_SCALAR, &value, 1);
}

/* The operator with its fed input; all others are small constants. */
static ValueId add_node(Graph *graph, const Cap *cap, ValueId fed) {
    if (strcmp(cap->op, "ConstantOfShape") == 0)
        return model_node(graph, cap->op, INPUTS(fed), NO_ATTRIBUTES);
    if (strcmp(cap->op, "OneHot") == 0)
        return model_node(graph, cap->op, INPUTS(MODEL_I64(graph, 0, 1), fed, vector(graph)),
                          NO_ATTRIBUTES);
    if (strcmp(cap->op, "Range") == 0)
        return model_node(graph, cap->op, INPUTS(scalar(graph, 0), fed, scalar(graph, 1)),
                          NO_ATTRIBUTES);
    if (strcmp(cap->op, "Resize") == 0)
        return model_node(graph, cap->op, INPUTS(vector(graph), VALUE_NONE, VALUE_NONE, fed),
                          NO_ATTRIBUTES);
    return model_node(graph, cap->op, INPUTS(vector(graph), fed), NO_ATTRIBUTES);
}

static Status run(Graph *graph, const ExecutorOptions *limits, const Tensor *inputs) {
    Device *device;
    OutputPool *pool;
    OutputBlock *block;
    Executor *executor;
    Tensor output;
    const char *note;
    DeviceHost host = { .abi = DEVICE_ABI, .struct_bytes = sizeof host };
    model_check(device_open("cpu", &host, &device, &note));
    model_check(output_pool_new(64 << 20, &pool));
    model_check(output_block_new(pool, &block));
    ExecutorOptions options = *limits;
    options.device = device;
    options.optimise = true;
    model_check(executor_new(graph, &options, &executor));
    Status status =
        executor_run(executor, &(RunArgs){ .inputs = inputs, .outputs = &output, .block = block });
    executor_free(executor);
    output_block_unref(block);
    output_pool_free(pool);
    device_close(device);
    return status;
}

static void check_cap(const Cap *cap) {
    Graph *graph = model_new();
    Shape shape = cap->count > 0 ? SHAPE((int64_t)cap->count) : SHAPE_SCALAR;
    ValueId fed = model_input(graph, "fed", cap->dtype, shape);
    model_output(graph, "y", add_node(graph, cap, fed));
    model_finish(graph);
    int64_t content[4];
    for (size_t i = 0; i < ARRAY_LENGTH(content); i++)
        content[i] = (int64_t)cap->content[i];
    Tensor input = { .dtype = cap->dtype,
                     .shape = shape,
                     .data = content,
                     .bytes = MAX_OF(cap->count, (size_t)1) * sizeof content[0] };
    Status status = run(graph, &(ExecutorOptions){ .run_memory_limit_bytes = RUN_LIMIT }, &input);
    if (status.code != STATUS_RESOURCE_EXHAUSTED || !strstr(status.message, cap->op))
        fail_msg("%s: %s", cap->op, status.message);
}

static void test_results_that_data_makes_large_are_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_LENGTH(caps); i++)
        check_cap(&caps[i]);
}

/* Boxes that do not touch: every one is kept, and compared with all before it. */
static Status suppress(uint64_t limit) {
    static float boxes[NMS_BOXES * 4], scores[NMS_BOXES];
    Graph *graph = model_new();
    ValueId box_input = model_input(graph, "boxes", DTYPE_F32, SHAPE(1, NMS_BOXES, 4));
    ValueId score_input = model_input(graph, "scores", DTYPE_F32, SHAPE(1, 1, NMS_BOXES));
    model_output(graph, "y",
                 model_node(graph, "NonMaxSuppression",
                            INPUTS(box_input, score_input, MODEL_I64(graph, NMS_BOXES)),
                            NO_ATTRIBUTES));
    model_finish(graph);
    for (size_t i = 0; i < NMS_BOXES; i++) {
        float low = (float)(2 * i);
        memcpy(&boxes[4 * i], (float[]){ low, low, low + 1, low + 1 }, 4 * sizeof(float));
        scores[i] = (float)i;
    }
    Tensor inputs[] = {
        { .dtype = DTYPE_F32,
          .shape = SHAPE(1, NMS_BOXES, 4),
          .data = boxes,
          .bytes = sizeof boxes },
        { .dtype = DTYPE_F32,
          .shape = SHAPE(1, 1, NMS_BOXES),
          .data = scores,
          .bytes = sizeof scores },
    };
    return run(graph, &(ExecutorOptions){ .run_work_limit = limit }, inputs);
}

static void test_comparisons_are_counted(void **state) {
    (void)state;
    Status status = suppress(NMS_BOXES * (NMS_BOXES + 1) / 2);
    assert_string_equal(status.message, "");
    status = suppress(NMS_BOXES * (NMS_BOXES + 1) / 2 - 1);
    assert_int_equal(status.code, STATUS_RESOURCE_EXHAUSTED);
    assert_non_null(strstr(status.message, "NonMaxSuppression"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_results_that_data_makes_large_are_refused),
        cmocka_unit_test(test_comparisons_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
