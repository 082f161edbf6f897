/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * list_plans MODEL.onnx ...: compiles each for device cuda, under simulation, for one row and for
 * eight, and runs nothing. The simulated cuDNN writes what convolutions were planned
 * (INFERD_SIM_PLANS). Dims that are open besides the first are set to 64.
 */

#include "runtime/base/size.h"
#include "runtime/device/device_open.h"
#include "runtime/exec/executor_internal.h"
#include "runtime/onnx/onnx_import.h"
#include "tests/cuda/sim_client.h"

#include <stdio.h>

enum { OPEN_DIM = 64, INPUTS_MAX = 32 };

static Status compile_rows(Executor *executor, int64_t rows) {
    Shape shapes[INPUTS_MAX];
    if (executor_input_count(executor) > INPUTS_MAX)
        return status_error(STATUS_UNIMPLEMENTED, "more than %d inputs", INPUTS_MAX);
    for (size_t i = 0; i < executor_input_count(executor); i++) {
        shapes[i] = executor_input(executor, i)->shape;
        for (int32_t k = 0; k < shapes[i].rank; k++)
            if (shapes[i].dims[k] == DIM_UNKNOWN)
                shapes[i].dims[k] = k == 0 ? rows : OPEN_DIM;
    }
    ExecutorPlan *plan;
    TRY(executor_get_plan(executor, shapes, &plan));
    plan_unref(&plan->base);
    return status_ok();
}

static void *read_file(const char *path, size_t *ret_length) {
    FILE *file = fopen(path, "r");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        return NULL;
    long length = ftell(file);
    rewind(file);
    void *bytes = length > 0 ? aligned_memory_new((size_t)length) : NULL;
    *ret_length = bytes ? fread(bytes, 1, (size_t)length, file) : 0;
    fclose(file);
    return bytes;
}

static Status compile_model(Device *device, const char *path) {
    size_t length;
    void *bytes = read_file(path, &length);
    if (!bytes)
        return status_error(STATUS_NOT_FOUND, "cannot be read");
    Graph *graph;
    TRY(onnx_import(bytes, length, NULL, &graph));
    ExecutorOptions options = { .device = device, .optimise = true };
    AUTO(executor_free) Executor *executor = NULL;
    TRY(executor_new(graph, &options, &executor));
    TRY(compile_rows(executor, 1));
    return compile_rows(executor, 8);
}

int main(int argc, char **argv) {
    sim_client_start();
    Device *device;
    const char *note;
    DeviceHost host = { .abi = DEVICE_ABI, .struct_bytes = sizeof host };
    Status status = device_open("cuda", &host, &device, &note);
    for (int i = 1; i < argc && status_is_ok(&status); i++) {
        status = compile_model(device, argv[i]);
        if (!status_is_ok(&status))
            fprintf(stderr, "list_plans: %s: %s\n", argv[i], status.message);
    }
    if (!status_is_ok(&status))
        return EXIT_FAILURE;
    device_close(device);
    printf("list_plans: %d models compiled\n", argc - 1);
    return EXIT_SUCCESS;
}
