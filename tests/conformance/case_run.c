/* SPDX-FileCopyrightText: 2026 The inferd authors */
/* SPDX-License-Identifier: Apache-2.0 */

/*
 * One test of the official data: import, run on every data set, compare. Memory is left to the end
 * of the process, which exists for this one test.
 */

#include "tests/conformance/case_run.h"

#include "runtime/base/size.h"
#include "runtime/device/device_open.h"
#include "runtime/exec/executor.h"
#include "runtime/onnx/onnx_import.h"
#include "tests/conformance/case_compare.h"
#include "tests/conformance/case_data.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

enum { PORTS_MAX = 64, OUTPUT_LIMIT_BYTES = 1 << 30 };

typedef struct Case {
    const char *root, *name;
    Device *device;
    OutputPool *outputs;
    const char *device_name;   /* NULL: the CPU */
    bool compares, runs_plain; /* runs_plain: without passes too */
} Case;

static Status load_model(const Case *test, bool optimise, Executor **ret_executor) {
    char path[PATH_MAX];
    case_model_path(test->root, test->name, path);
    size_t length;
    void *bytes = case_read_file(path, &length);
    if (!bytes)
        return status_error(STATUS_NOT_FOUND, "the model cannot be read");
    Graph *graph;
    TRY(onnx_import(bytes, length, NULL, &graph));
    ExecutorOptions options = { .device = test->device, .optimise = optimise };
    return executor_new(graph, &options, ret_executor);
}

/* arange(n) / n in the shape of the input. */
static Status ramp(const Port *port, Tensor *ret_tensor) {
    Shape shape = port->shape;
    for (int32_t i = 0; i < shape.rank; i++)
        shape.dims[i] = shape.dims[i] == DIM_UNKNOWN ? 1 : shape.dims[i];
    TRY(tensor_init(ret_tensor, DTYPE_F32, &shape));
    size_t count = tensor_elements(ret_tensor);
    for (size_t i = 0; i < count; i++)
        ((float *)ret_tensor->data)[i] = (float)((double)i / (double)count);
    return status_ok();
}

static Status read_inputs(const Case *test, const Executor *executor, size_t set, Tensor *inputs) {
    for (size_t i = 0; i < executor_input_count(executor); i++) {
        if (case_is_light(test->name)) {
            TRY(ramp(executor_input(executor, i), &inputs[i]));
            continue;
        }
        char path[PATH_MAX];
        void *bytes;
        case_tensor_path(test->root, test->name, set, "input", i, path);
        TRY(case_read_tensor(path, executor_input(executor, i)->dtype, &inputs[i], &bytes));
    }
    return status_ok();
}

static Status compare_outputs(const Case *test, const Executor *executor, size_t set,
                              const Tensor *outputs) {
    double relative, absolute;
    case_tolerances(test->root, test->name, &relative, &absolute);
    for (size_t i = 0; i < executor_output_count(executor); i++) {
        char path[PATH_MAX];
        void *bytes;
        Tensor expected;
        case_tensor_path(test->root, test->name, set, "output", i, path);
        TRY(case_read_tensor(path, outputs[i].dtype, &expected, &bytes));
        Status status = case_compare(&expected, &outputs[i], relative, absolute);
        if (!status_is_ok(&status))
            return status_prefix(&status, "output '%s'", executor_output(executor, i)->name);
    }
    return status_ok();
}

static Status run_set(const Case *test, Executor *executor, size_t set) {
    Tensor inputs[PORTS_MAX], outputs[PORTS_MAX];
    if (executor_input_count(executor) > PORTS_MAX || executor_output_count(executor) > PORTS_MAX)
        return status_error(STATUS_UNIMPLEMENTED, "more than %d inputs or outputs", PORTS_MAX);
    TRY(read_inputs(test, executor, set, inputs));
    OutputBlock *block;
    TRY(output_block_new(test->outputs, &block));
    TRY(executor_run(executor, &(RunArgs){ .inputs = inputs, .outputs = outputs, .block = block }));
    return test->compares ? compare_outputs(test, executor, set, outputs) : status_ok();
}

static Status run_sets(const Case *test, bool optimise) {
    AUTO(executor_free) Executor *executor = NULL;
    TRY(load_model(test, optimise, &executor));
    char path[PATH_MAX];
    for (size_t set = 0;; set++) {
        case_tensor_path(test->root, test->name, set, "output", 0, path);
        if (set > 0 && (case_is_light(test->name) || !case_file_exists(path)))
            return status_ok();
        TRY(run_set(test, executor, set));
    }
}

static Status run_case(Case *test) {
    const char *note;
    DeviceHost host = { .abi = DEVICE_ABI, .struct_bytes = sizeof host };
    TRY(device_open(test->device_name ? test->device_name : "cpu", &host, &test->device, &note));
    TRY(output_pool_new(OUTPUT_LIMIT_BYTES, &test->outputs));
    TRY(run_sets(test, true));
    if (!test->runs_plain)
        return status_ok();
    Status status = run_sets(test, false);
    return status_prefix(&status, "without passes");
}

Status case_run(const char *root, const char *name) {
    return run_case(&(Case){
        .root = root, .name = name, .compares = true, .runs_plain = !case_is_light(name) });
}

Status case_run_optimised(const char *root, const char *name) {
    return run_case(&(Case){ .root = root, .name = name, .compares = true });
}

Status case_run_only(const char *root, const char *name) {
    return run_case(&(Case){ .root = root, .name = name, .runs_plain = true });
}

Status case_run_on(const char *device_name, const char *root, const char *name) {
    Case test = { .root = root, .name = name, .device_name = device_name, .compares = true };
    Status status = run_case(&test);
    device_close(test.device);
    return status;
}
