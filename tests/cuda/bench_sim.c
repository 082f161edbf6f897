/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * bench_sim MODEL.onnx ...: what a warm batch of one row asks of the driver, counted under
 * simulation: allocations, waits, copies beyond one in an input and one out an output, launches and
 * products. Nothing here is a time. Dims that are open besides the first are set to 16.
 *
 * Last line: RESULT allocations_per_batch= syncs_per_batch= copies_per_batch=, of the worst model.
 */

#include "runtime/base/size.h"
#include "runtime/device/device_open.h"
#include "runtime/exec/executor.h"
#include "runtime/onnx/onnx_import.h"
#include "tests/cuda/sim_client.h"

#include <stdio.h>
#include <stdlib.h>

enum { OPEN_DIM = 16, PORTS_MAX = 32, WARM_BATCHES = 2, BATCHES = 2, OUTPUT_LIMIT = 1 << 28 };

typedef struct Counts {
    uint64_t allocations, waits, copies, launches, products, convolutions, bytes_in, bytes_out;
} Counts;

static Counts count_now(void) {
    return (Counts){
        .allocations = sim_client_counted("cudaMalloc") + sim_client_counted("cudaHostAlloc"),
        .waits = sim_client_counted("cudaEventSynchronize") +
                 sim_client_counted("cudaStreamSynchronize"),
        .copies = sim_client_counted("copies_in") + sim_client_counted("copies_out") +
                  sim_client_counted("copies_in_pageable"),
        .launches = sim_client_counted("cudaLaunchKernel"),
        .products = sim_client_counted("cublasLtMatmul"),
        .convolutions = sim_client_counted("cudnnBackendExecute"),
        .bytes_in = sim_client_counted("bytes_in"),
        .bytes_out = sim_client_counted("bytes_out"),
    };
}

static Status read_model(const char *path, Graph **ret_graph) {
    FILE *file = fopen(path, "r");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        return status_error(STATUS_NOT_FOUND, "cannot be read");
    long length = ftell(file);
    rewind(file);
    void *bytes = aligned_memory_new((size_t)MAX_OF(length, 1L));
    size_t got = bytes ? fread(bytes, 1, (size_t)length, file) : 0;
    fclose(file);
    return onnx_import(bytes, got, NULL, ret_graph);
}

static Status make_inputs(const Executor *executor, Tensor *inputs) {
    if (executor_input_count(executor) > PORTS_MAX || executor_output_count(executor) > PORTS_MAX)
        return status_error(STATUS_UNIMPLEMENTED, "more than %d ports", PORTS_MAX);
    for (size_t i = 0; i < executor_input_count(executor); i++) {
        Shape shape = executor_input(executor, i)->shape;
        for (int32_t k = 0; k < shape.rank; k++)
            if (shape.dims[k] == DIM_UNKNOWN)
                shape.dims[k] = k == 0 ? 1 : OPEN_DIM;
        TRY(tensor_init(&inputs[i], executor_input(executor, i)->dtype, &shape));
    }
    return status_ok();
}

static Status run_batches(Executor *executor, const Tensor *inputs, int count) {
    AUTO(output_pool_free) OutputPool *pool = NULL;
    TRY(output_pool_new(OUTPUT_LIMIT, &pool));
    for (int i = 0; i < count; i++) {
        Tensor outputs[PORTS_MAX];
        AUTO(output_block_unref) OutputBlock *block = NULL;
        TRY(output_block_new(pool, &block));
        TRY(executor_run(executor,
                         &(RunArgs){ .inputs = inputs, .outputs = outputs, .block = block }));
    }
    return status_ok();
}

static void add_worst(const char *path, const Counts *before, const Counts *after, size_t ports,
                      Counts *worst) {
    uint64_t copies = (after->copies - before->copies + BATCHES - 1) / BATCHES;
    Counts each = { .allocations =
                        (after->allocations - before->allocations + BATCHES - 1) / BATCHES,
                    .waits = (after->waits - before->waits + BATCHES - 1) / BATCHES,
                    .copies = copies > ports ? copies - ports : 0 };
    printf(
        "%s: a batch: %llu allocations, %llu waits, %llu copies (%zu ports), %llu bytes in, %llu "
        "out, %llu kernels, %llu products, %llu convolutions\n",
        path, (unsigned long long)each.allocations, (unsigned long long)each.waits,
        (unsigned long long)copies, ports,
        (unsigned long long)(after->bytes_in - before->bytes_in) / BATCHES,
        (unsigned long long)(after->bytes_out - before->bytes_out) / BATCHES,
        (unsigned long long)(after->launches - before->launches) / BATCHES,
        (unsigned long long)(after->products - before->products) / BATCHES,
        (unsigned long long)(after->convolutions - before->convolutions) / BATCHES);
    worst->allocations = MAX_OF(worst->allocations, each.allocations);
    worst->waits = MAX_OF(worst->waits, each.waits);
    worst->copies = MAX_OF(worst->copies, each.copies);
}

static Status count_model(Device *device, const char *path, Counts *worst) {
    Graph *graph;
    TRY(read_model(path, &graph));
    ExecutorOptions options = { .device = device, .optimise = true };
    AUTO(executor_free) Executor *executor = NULL;
    TRY(executor_new(graph, &options, &executor));
    Tensor inputs[PORTS_MAX];
    TRY(make_inputs(executor, inputs));
    TRY(run_batches(executor, inputs, WARM_BATCHES));
    Counts before = count_now();
    TRY(run_batches(executor, inputs, BATCHES));
    Counts after = count_now();
    add_worst(path, &before, &after,
              executor_input_count(executor) + executor_output_count(executor), worst);
    for (size_t i = 0; i < executor_input_count(executor); i++)
        tensor_deinit(&inputs[i]);
    return status_ok();
}

int main(int argc, char **argv) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    sim_client_start();
    Device *device;
    const char *note;
    DeviceHost host = { .abi = DEVICE_ABI, .struct_bytes = sizeof host };
    Status status = device_open("cuda", &host, &device, &note);
    Counts worst = { 0 };
    for (int i = 1; i < argc && status_is_ok(&status); i++) {
        status = count_model(device, argv[i], &worst);
        if (!status_is_ok(&status))
            fprintf(stderr, "bench_sim: %s: %s\n", argv[i], status.message);
    }
    if (!status_is_ok(&status))
        return EXIT_FAILURE;
    device_close(device);
    printf("RESULT allocations_per_batch=%llu syncs_per_batch=%llu copies_per_batch=%llu\n",
           (unsigned long long)worst.allocations, (unsigned long long)worst.waits,
           (unsigned long long)worst.copies);
    return EXIT_SUCCESS;
}
