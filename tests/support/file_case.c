/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The executor's whole way for a file in memory. One process, one thread; the CPU device is the
 * real one.
 */

#include "tests/support/file_case.h"

#include "runtime/device/device_open.h"
#include "runtime/exec/executor.h"
#include "runtime/onnx/onnx_import.h"
#include "tests/support/model_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { OUTPUTS_MAX = 4, OPSET = 16 };

const int64_t FILE_SCALAR[1], FILE_TWO[1] = { 2 }, FILE_OPEN[1] = { -1 };

typedef struct World {
    Device *device;
    OutputPool *outputs;
} World;

int file_world_new(void **state) {
    World *world = calloc(1, sizeof *world);
    DeviceHost host = { .abi = DEVICE_ABI, .struct_bytes = sizeof host };
    const char *note;
    model_check(device_open("cpu", &host, &world->device, &note));
    model_check(output_pool_new(64 << 20, &world->outputs));
    *state = world;
    return 0;
}

int file_world_free(void **state) {
    World *world = *state;
    output_pool_free(world->outputs);
    device_close(world->device);
    free(world);
    return 0;
}

FileCase file_case_open(void) {
    FileCase file = { 0 };
    file.graph = onnx_open_model(&file.writer, OPSET);
    return file;
}

static Status import(FileCase *file, Graph **ret_graph) {
    wire_close(&file->writer, file->graph);
    *ret_graph = NULL;
    Status status = onnx_import(file->writer.data, file->writer.length, NULL, ret_graph);
    if (!status_is_ok(&status))
        wire_writer_deinit(&file->writer);
    return status;
}

/* Imports a copy and runs it on floats; outputs as floats. */
static Status run_once(World *world, const FileCase *file, bool optimise, const Tensor *inputs,
                       size_t memory_limit, float *results, size_t *ret_count) {
    FileCase copy = { .graph = file->graph };
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

void file_case_run(void *world, const FileCase *file, const Tensor *inputs, size_t count,
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

void file_case_refused(void *world, FileCase *file, const Tensor *inputs, size_t memory_limit,
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

Tensor file_floats(float *items, int64_t count) {
    return (Tensor){
        .dtype = DTYPE_F32, .shape = SHAPE(count), .data = items, .bytes = (size_t)count * 4
    };
}

Tensor file_flag(uint8_t *item) {
    return (Tensor){ .dtype = DTYPE_BOOL, .shape = SHAPE_SCALAR, .data = item, .bytes = 1 };
}

Tensor file_number(int64_t *item) {
    return (Tensor){ .dtype = DTYPE_I64, .shape = SHAPE_SCALAR, .data = item, .bytes = 8 };
}
