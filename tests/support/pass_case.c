/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/* Runs a pass on a fresh graph and compares counts and answers with those of another fresh one. */

#include "tests/support/pass_case.h"

#include "runtime/device/device_open.h"
#include "runtime/exec/output_block.h"
#include "runtime/graph/op_schema.h"
#include "tests/support/model_builder.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { PORTS_MAX = 8, OPEN_DIM = 2, FOLD_LIMIT = 1 << 20, OUTPUT_LIMIT = 1 << 24 };

size_t pass_case_count(const Graph *graph, const char *op) {
    size_t count = 0;
    for (NodeId id = 0; id < graph_node_count(graph); id++) {
        const Node *node = graph_node_const(graph, id);
        count += !node->removed && strcmp(node->op->name, op) == 0;
    }
    return count;
}

static void fill_random(Tensor *tensor, uint32_t seed) {
    float *data = tensor->data;
    for (size_t i = 0; i < tensor_elements(tensor); i++) {
        seed = seed * 1664525u + 1013904223u;
        data[i] = (float)(seed >> 8) / (float)(1 << 23) * 4 -
                  4; /* [-4, 4): both ends of hard activations */
    }
}

/* Open dims of inputs become OPEN_DIM, and all shapes follow. */
static Graph *build_bound(const PassCase *test) {
    Graph *graph = test->build();
    for (size_t i = 0; i < graph_input_count(graph); i++) {
        Shape *shape = &graph_value(graph, graph_input(graph, i)->value)->shape;
        for (int32_t dim = 0; dim < shape->rank; dim++)
            shape->dims[dim] = shape->dims[dim] == DIM_UNKNOWN ? OPEN_DIM : shape->dims[dim];
    }
    model_check(graph_infer(graph));
    return graph;
}

static void *output_memory(void *user, size_t output, const Tensor *described) {
    (void)output;
    return output_block_alloc(user, described->bytes);
}

static void keep_status(void *user, const Status *status) {
    *(Status *)user = *status;
}

/* Compiles as it is: an executor would infer again, and refuse inputs that only passes may add. */
static void run_graph(const Graph *graph, Device *device, OutputBlock *block, Tensor *outputs) {
    Tensor inputs[PORTS_MAX];
    size_t input_count = graph_input_count(graph);
    assert_true(input_count <= PORTS_MAX && graph_output_count(graph) <= PORTS_MAX);
    for (size_t i = 0; i < input_count; i++) {
        model_check(tensor_init(&inputs[i], DTYPE_F32,
                                &graph_value_const(graph, graph_input(graph, i)->value)->shape));
        fill_random(&inputs[i], (uint32_t)i + 1);
    }
    const DeviceApi *api = device->api;
    DeviceModel *model;
    Program *program;
    model_check(api->model_new(device, PRECISION_F32, &model));
    model_check(api->compile(model, graph, &program));
    ProgramIo io = {
        .inputs = inputs, .outputs = outputs, .output_memory = output_memory, .output_user = block
    };
    Status status;
    api->submit(program, &io, keep_status, &status);
    model_check(status);
    api->program_free(program);
    api->model_free(model);
    for (size_t i = 0; i < input_count; i++)
        tensor_deinit(&inputs[i]);
}

static void compare(const PassCase *test, const Tensor *before, const Tensor *after) {
    assert_true(shape_equal(&before->shape, &after->shape));
    for (size_t i = 0; i < tensor_elements(before); i++) {
        double expected = tensor_get_float(before, i), got = tensor_get_float(after, i);
        if (!(fabs(got - expected) <= test->tolerance * fmax(1, fabs(expected))))
            fail_msg("%s: element %zu: expected %g, got %g", test->name, i, expected, got);
    }
}

static void check_counts(const PassCase *test, const PassContext *context) {
    Graph *before = test->build(), *after = test->build();
    model_check(test->pass(after, context));
    for (const PassCount *count = test->counts; count->op; count++) {
        if (pass_case_count(before, count->op) != count->before ||
            pass_case_count(after, count->op) != count->after)
            fail_msg("%s: %s: %zu before, %zu after", test->name, count->op,
                     pass_case_count(before, count->op), pass_case_count(after, count->op));
    }
    graph_free(before);
    graph_free(after);
}

void pass_case_check(const PassCase *test) {
    Device *device;
    OutputPool *pool;
    OutputBlock *block;
    const char *note;
    DeviceHost host = { .abi = DEVICE_ABI, .struct_bytes = sizeof host };
    model_check(device_open("cpu", &host, &device, &note));
    model_check(output_pool_new(OUTPUT_LIMIT, &pool));
    model_check(output_block_new(pool, &block));

    PassContext context = { .device = device, .fold_limit_bytes = FOLD_LIMIT };
    check_counts(test, &context);
    Graph *before = build_bound(test), *after = build_bound(test);
    model_check(test->pass(after, &context));
    Tensor outputs[2][PORTS_MAX];
    run_graph(before, device, block, outputs[0]);
    run_graph(after, device, block, outputs[1]);
    for (size_t i = 0; i < graph_output_count(before); i++)
        compare(test, &outputs[0][i], &outputs[1][i]);
    graph_free(before);
    graph_free(after);
    output_block_unref(block);
    output_pool_free(pool);
    device_close(device);
}
