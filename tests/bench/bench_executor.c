/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The bare executor: a model file, run in a loop on one thread on inputs of random floats. Prints
 * one line of JSON. What the server takes more than this is the price of serving.
 *
 * bench_executor FILE.onnx ROWS SECONDS
 */

#include "clients/load/histogram.h"
#include "runtime/base/clock.h"
#include "runtime/device/device_open.h"
#include "runtime/exec/executor.h"
#include "runtime/onnx/onnx_import.h"

#include <stdio.h>
#include <stdlib.h>

static Status read_file(const char *path, void **ret_bytes, size_t *ret_length) {
    FILE *file = fopen(path, "rbe");
    if (!file)
        return status_error(STATUS_NOT_FOUND, "cannot open %s", path);
    fseek(file, 0, SEEK_END);
    long length = ftell(file);
    rewind(file);
    void *bytes = malloc((size_t)length);
    bool complete = bytes && fread(bytes, 1, (size_t)length, file) == (size_t)length;
    fclose(file);
    if (!complete) {
        free(bytes);
        return status_error(STATUS_INTERNAL, "cannot read %s", path);
    }
    *ret_bytes = bytes;
    *ret_length = (size_t)length;
    return status_ok();
}

static Status load(const char *path, const ExecutorOptions *options, Executor **ret_executor) {
    AUTO(free) void *bytes = NULL;
    size_t length;
    TRY(read_file(path, &bytes, &length));
    AUTO(graph_free) Graph *graph = NULL;
    TRY(onnx_import(bytes, length, NULL, &graph));
    bytes = NULL; /* the graph's now */
    TRY(executor_new(graph, options, ret_executor));
    graph = NULL;
    return executor_warm(*ret_executor);
}

static Status make_input(const Executor *executor, int64_t rows, Tensor *tensor) {
    const Port *port = executor_input(executor, 0);
    Shape shape = port->shape;
    for (int32_t i = 0; i < shape.rank; i++)
        if (shape.dims[i] < 0)
            shape.dims[i] = i == 0 ? rows : 16;
    TRY(tensor_init(tensor, port->dtype, &shape));
    uint32_t state = 1;
    for (size_t i = 0; port->dtype == DTYPE_F32 && i < tensor_elements(tensor); i++) {
        state = state * 1664525U + 1013904223U;
        ((float *)tensor->data)[i] = (float)(state >> 8) / 16777216.0F;
    }
    return status_ok();
}

static Status run_once(Executor *executor, const Tensor *input, Tensor *outputs, OutputPool *pool) {
    AUTO(output_block_unref) OutputBlock *block = NULL;
    TRY(output_block_new(pool, &block));
    return executor_run(executor,
                        &(RunArgs){ .inputs = input, .outputs = outputs, .block = block });
}

static Status measure(char **argv, Histogram *latency, double *ret_rows_per_s) {
    int64_t rows = atoll(argv[2]);
    AUTO(device_close) Device *device = NULL;
    AUTO(executor_free) Executor *executor = NULL;
    AUTO(output_pool_free) OutputPool *pool = NULL;
    const char *note;
    DeviceHost host = { .abi = DEVICE_ABI, .struct_bytes = sizeof host };
    TRY(device_open("cpu", &host, &device, &note));
    TRY(load(argv[1],
             &(ExecutorOptions){ .device = device, .max_rows = (size_t)rows, .optimise = true },
             &executor));
    TRY(output_pool_new((size_t)1 << 30, &pool));
    Tensor input, outputs[16];
    TRY(make_input(executor, rows, &input));

    const Clock *clock = clock_monotonic();
    uint64_t duration_ns = (uint64_t)(atof(argv[3]) * (double)NS_PER_S);
    for (uint64_t warm_ns = clock_now_ns(clock); clock_now_ns(clock) - warm_ns < duration_ns / 4;)
        TRY(run_once(executor, &input, outputs, pool));
    uint64_t start_ns = clock_now_ns(clock), now_ns = start_ns;
    while (now_ns - start_ns < duration_ns) {
        TRY(run_once(executor, &input, outputs, pool));
        uint64_t end_ns = clock_now_ns(clock);
        histogram_add(latency, end_ns - now_ns);
        now_ns = end_ns;
    }
    *ret_rows_per_s = (double)latency->total * (double)rows * 1e9 / (double)(now_ns - start_ns);
    tensor_deinit(&input);
    return status_ok();
}

int main(int argc, char **argv) {
    static Histogram latency;
    double rows_per_s = 0;
    if (argc != 4) {
        fprintf(stderr, "usage: bench_executor FILE.onnx ROWS SECONDS\n");
        return 2;
    }
    Status status = measure(argv, &latency, &rows_per_s);
    if (!status_is_ok(&status)) {
        fprintf(stderr, "bench_executor: %s: %s\n", status_code_name(status.code), status.message);
        return 1;
    }
    printf("{\"rows_per_s\": %.1f, \"p50_us\": %.2f, \"runs\": %llu}\n", rows_per_s,
           (double)histogram_percentile(&latency, 0.5) / 1e3, (unsigned long long)latency.total);
    return 0;
}
